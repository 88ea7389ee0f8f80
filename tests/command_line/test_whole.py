"""The command line against the whole system as `make run` starts it."""

import json
import os
import re
import signal
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import requests

from shared import topology
from shared.cursors import cursor_of
from shared.database import Database
from shared.feed import forget_entries
from tests.command_line.conftest import Shell, World

pytestmark = pytest.mark.xdist_group("command line")  # one system for all of them
BEGINNING = cursor_of("1:1:", "", 0)  # behind a snapshot that sees nothing
HOSTILE = "Null \u200bevil"
OUR_COLOURS = re.compile(r"\x1b\[(?:0|1|2|31|32|33)m|\r\x1b\[K")


def documents(text: str) -> list[Any]:
    return [json.loads(line, parse_float=Decimal) for line in text.splitlines()]


def present_cursor(world: World) -> str:
    """Of the feed as it is now."""
    with requests.get(f"{world.address(topology.ARENA)}/feed", stream=True, timeout=30) as feed:
        line = next(line for line in feed.iter_lines() if line.startswith(b"id: "))
    return str(line[4:].decode())


@pytest.fixture(scope="module")
def hostile(world: World) -> int:
    """A portfolio whose name holds what nobody sees."""
    body = {"name": HOSTILE, "strategy_type": "baseline", "strategy_config": {"entrant": "random"}}
    made = world.ask("POST", topology.PAPER_TRADING, "/paper-trading/portfolios", body)
    return int(made["portfolio_id"])


@pytest.fixture(scope="module")
def ran(world: World, hostile: int, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A cycle in which it traded."""
    return Shell(tmp_path_factory.mktemp("prompt"), world.arena.variables["PORT_OFFSET"]).run("run", "--json")


def test_a_cycle_is_run_and_its_progress_told(ran: Any, hostile: int) -> None:
    *progress, end = documents(ran.stdout)

    assert ran.returncode == 0
    assert {each["type"] for each in progress} == {"progress"}
    assert progress[-1]["portfolios_done"] == progress[-1]["portfolios"]
    assert (end["type"], end["status"]) == ("end", "success")
    assert hostile in {result["portfolio_id"] for result in end["results"]}


def test_one_portfolio_is_run_alone_on_a_terminal_with_a_bar(hostile: int, shell: Shell) -> None:
    shown = shell.on_a_terminal("run", "--portfolio", str(hostile))

    assert "[" in shown
    assert "█" in shown
    assert "1 portfolio, " in shown
    assert "✓ success" in shown


def test_all_is_seen_at_a_glance(ran: Any, shell: Shell) -> None:
    said, told = shell.run("status"), shell.run("status", "--json")

    [facts] = documents(told.stdout)
    assert said.returncode == told.returncode == 0
    assert "✓ healthy  SIMULATED VENUES" in said.stdout
    assert said.stdout.count("✓ ready") == len(topology.SERVICES) == len(facts["services"])
    assert facts["status"] == "healthy"
    assert facts["last"]["status"] == "success"
    assert "the schedule is off" in said.stdout
    assert re.search(rf"^portfolios {facts['portfolios']['portfolios']} portfolios, ", said.stdout, re.M)


def test_a_service_that_is_away_is_named_and_the_code_says_so(shell: Shell) -> None:
    said = shell.run("status", STRATEGY_HYBRID_URL="http://127.0.0.1:9")

    assert said.returncode == 1
    assert re.search(r"strategy_hybrid +✗ away +— +http://127.0.0.1:9", said.stdout)
    assert "✗ something is wrong" in said.stdout


def test_portfolios_are_listed_to_the_cent(world: World, shell: Shell) -> None:
    summary = world.ask("GET", topology.ORCHESTRATOR, "/trading/portfolio-summary?limit=1000")

    said, told = shell.run("portfolios"), shell.run("portfolios", "--json")

    [listed] = documents(told.stdout)
    assert [each["portfolio_id"] for each in listed["portfolios"]] == [
        each["portfolio_id"] for each in summary["portfolios"]
    ]
    rules = [each for each in listed["portfolios"] if each["strategy_type"] != "ai_model"]  # models trade meanwhile
    assert len(rules) > 10
    for each in rules:
        assert f"${Decimal(each['equity']).quantize(Decimal('0.01')):,}" in said.stdout


def test_a_hostile_name_is_harmless_wherever_it_is_shown(hostile: int, shell: Shell) -> None:
    for command in (["portfolios"], ["portfolios", str(hostile)], ["leaderboard"], ["portfolios", "--json"]):
        shown = OUR_COLOURS.sub("", shell.on_a_terminal(*command, COLUMNS="160"))

        assert all(line.isprintable() for line in shown.replace("\r\n", "\n").split("\n")), command
        assert "evil" in shown or command == ["leaderboard"]


def test_one_portfolio_shows_what_it_holds_and_why(ran: Any, hostile: int, world: World, shell: Shell) -> None:
    path = f"/paper-trading/positions?portfolio_id={hostile}&status=open"
    held = world.ask("GET", topology.PAPER_TRADING, path)["positions"]
    decided = world.ask("GET", topology.PAPER_TRADING, f"/paper-trading/decisions?portfolio_id={hostile}")["decisions"]

    said = shell.run("portfolios", str(hostile))

    assert said.returncode == 0
    assert held and all(each["question"] in said.stdout for each in held)
    assert decided and decided[0]["reason"] in said.stdout
    assert "win rate — (no position has been won or lost yet)" in said.stdout


def test_a_portfolio_is_paused_and_resumed_with_the_reason_kept(hostile: int, world: World, shell: Shell) -> None:
    paused = shell.run("portfolios", str(hostile), "--pause", "--reason", "on holiday")
    resumed = shell.run("portfolios", str(hostile), "--resume", "--json")

    changes = world.ask("GET", topology.PAPER_TRADING, f"/paper-trading/portfolios/{hostile}/changes")["changes"]
    assert paused.stdout.endswith("is now ‖ paused.\n")
    assert documents(resumed.stdout)[0]["status"] == "active"
    assert "on holiday" in json.dumps(changes)


def test_what_a_service_refuses_is_said_in_its_words(shell: Shell) -> None:
    nobody = shell.run("portfolios", "999999")
    stranger = shell.run("run", COLISEUM_TOKEN="wrong")

    assert nobody.returncode == stranger.returncode == 1
    assert nobody.stderr.startswith("coliseum: paper_trading said: There is no portfolio")
    assert "COLISEUM_TOKEN" in stranger.stderr


def test_the_board_says_what_is_still_needed(world: World, shell: Shell) -> None:
    world.ask("POST", topology.ARENA, "/leaderboard/refresh")

    said, told = shell.run("leaderboard", "--by", "skill"), shell.run("leaderboard", "--json")

    [board] = documents(told.stdout)
    assert said.returncode == told.returncode == 0
    assert "entrants by skill" in said.stdout
    for row in board["leaderboard"]:
        assert row["rank"] is not None or f"needs {row['still_needed']} more settled events" in said.stdout


def test_what_happens_is_told_a_line_each_from_any_cursor(ran: Any, shell: Shell) -> None:
    told = shell.start("follow", "--since", BEGINNING, "--json", "--kinds", "bet,decision,message")
    said = shell.start("follow", "--since", BEGINNING)

    told.until(
        lambda typed: {"bet", "decision", "message"} <= {each["type"] for each in documents(whole(typed.output))}
    )
    said.until(lambda typed: "┆" in typed.output and "▶ buys" in typed.output and "◆" in typed.output)

    assert told.interrupt() == said.interrupt() == 0
    lines = said.output.splitlines()
    assert all(re.match(r"\d\d:\d\d:\d\d ", line) for line in lines[:-1])
    assert "goes on from here" in lines[-1]
    decided = next(each for each in documents(told.output) if each["type"] == "decision" and each["reason"])
    assert any(decided["reason"] in line for line in lines)


def whole(text: str) -> str:
    """Without a line that is still being written."""
    return text[: text.rfind("\n") + 1]


def open_breaker(world: World, reason: str, portfolio_id: int | None = None) -> int:
    body = {"reason": reason, "portfolio_id": portfolio_id}
    return int(world.ask("POST", topology.PAPER_TRADING, "/paper-trading/breakers", body)["breaker_id"])


def test_an_open_breaker_is_shown_harmlessly_and_the_code_says_so(world: World, shell: Shell) -> None:
    number = open_breaker(world, "\x1b[2J\u202estop")

    said = shell.run("status")

    world.ask("POST", topology.PAPER_TRADING, f"/paper-trading/breakers/{number}/resolve", {"notes": "seen"})
    assert said.returncode == 1
    assert "of all portfolios" in said.stdout
    assert said.stdout.count("␛[2J�stop") == 1


def test_after_a_loss_it_goes_on_behind_the_last_entry(world: World, shell: Shell) -> None:
    told = shell.start("follow", "--since", present_cursor(world), "--json", "--kinds", "breaker")
    numbers = [open_breaker(world, "before the loss", 1)]
    told.until(lambda typed: "before the loss" in typed.output)

    os.kill(world.listening(topology.ARENA), signal.SIGKILL)
    told.until(lambda typed: "the feed was lost at" in typed.complaints)
    numbers.append(open_breaker(world, "while it was away", 2))
    told.until(lambda typed: "the feed is back; it was away since" in typed.complaints)
    numbers.append(open_breaker(world, "after it", 3))
    told.until(lambda typed: "after it" in typed.output)

    for number in numbers:
        world.ask("POST", topology.PAPER_TRADING, f"/paper-trading/breakers/{number}/resolve", {"notes": "seen"})
    opened = [each["breaker_id"] for each in documents(whole(told.output)) if each["event"] == "opened"]
    assert opened == numbers


def test_a_forgotten_cursor_is_said_and_it_starts_anew(ran: Any, world: World, shell: Shell) -> None:
    database = Database(world.database_url)
    with database.transaction() as connection:
        assert forget_entries(connection, datetime.now(UTC) + timedelta(seconds=1))
    database.dispose()

    told = shell.start("follow", "--since", BEGINNING, "--json", "--kinds", "bet")

    told.until(lambda typed: "Starting anew from now" in typed.complaints)
    assert "forgotten" in told.complaints
    assert told.interrupt() == 0


def test_a_running_cycle_is_followed_and_ctrl_c_leaves_it_running(hostile: int, world: World, shell: Shell) -> None:
    database = Database(world.database_url)
    with database.transaction() as connection:  # keeps the cycle waiting for its portfolios
        connection.exec_driver_sql("LOCK TABLE portfolios IN SHARE ROW EXCLUSIVE MODE")
        first = shell.start("run", "--json").until(lambda typed: "cycle_id" in typed.output)
        cycle_id = documents(whole(first.output))[0]["cycle_id"]
        second = shell.start("run", "--portfolio", str(hostile)).until(lambda typed: cycle_id in typed.output)
        code = first.interrupt()
    database.dispose()

    assert code == 0
    assert f"the cycle goes on. 'coliseum run --follow {cycle_id}' follows it again" in first.complaints
    assert second.process.wait(60) == 0
    assert "A cycle is running already; following it" in second.output
    assert "✓ success" in second.output
    assert "No cycle is running" in shell.run("run", "--follow").stdout
    assert "✓ success" in shell.run("run", "--follow", cycle_id).stdout


def test_what_disagrees_is_named_and_the_code_says_so(hostile: int, world: World, shell: Shell) -> None:
    clean = shell.run("verify")
    database = Database(world.database_url)
    forge = "UPDATE portfolios SET current_balance = current_balance + {} WHERE portfolio_id = {}"
    with database.transaction() as connection:
        connection.exec_driver_sql(forge.format(100, hostile))

    said, told = shell.run("verify"), shell.run("verify", "--json")

    with database.transaction() as connection:
        connection.exec_driver_sql(forge.format(-100, hostile))
    database.dispose()
    assert (clean.returncode, clean.stdout.count("✓ clean")) == (0, 2)
    assert said.returncode == told.returncode == 1
    assert re.search(rf"✗ .*portfolio id {hostile}\b", said.stdout)
    assert documents(told.stdout)[0]["status"] == "disagreements"
