"""The schedule as cron would run it."""

import os
import re
import shlex
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from services.orchestrator.crontab import crontab
from services.orchestrator.domain.schedule import schedule_of
from services.orchestrator.routes import router
from shared import topology
from shared.database import Database
from tests.orchestrator import build
from tests.orchestrator.conftest import NOON, Desk
from tests.orchestrator.town import Town

REPOSITORY = Path(__file__).resolve().parents[2]
FIELDS = (range(60), range(24), range(1, 32), range(1, 13), range(7))


def printed(**variables: str) -> str:
    environment = {"PATH": os.environ["PATH"], **variables}
    command = [sys.executable, "-m", "services.orchestrator.crontab"]
    answer = subprocess.run(command, cwd=REPOSITORY, env=environment, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr
    return answer.stdout


def lines_of(text: str) -> list[tuple[list[str], list[str]]]:
    """The five fields and the words of the command of each line, as the shell of cron splits them."""
    lines = [line for line in text.splitlines() if line and not line.startswith(("#", "CRON_TZ"))]
    return [(line.split(None, 5)[:5], shlex.split(line.split(None, 5)[5])) for line in lines]


def moments(field: str, possible: range) -> set[int]:
    """What one field of cron means."""
    star, _, step = field.partition("/")
    assert star == "*" or re.fullmatch(r"\d+", field), field
    return set(possible[:: int(step or 1)]) if star == "*" else {int(field)} & set(possible)


def test_every_job_has_a_line_that_cron_can_read_and_that_calls_an_address_of_ours() -> None:
    lines = lines_of(printed())

    assert len(lines) == len(schedule_of(timedelta(hours=1)))
    for fields, words in lines:
        assert all(moments(field, possible) for field, possible in zip(fields, FIELDS, strict=True))
        assert words[0] == "curl"
        assert {"--fail", "--max-time", "--request"} <= set(words)
        assert urlsplit(words[-1]).hostname == "127.0.0.1"
    calls = [words[-1].removeprefix("http://127.0.0.1") for _, words in lines]
    assert calls == [
        ":8004/trading/run-all-portfolios?due_only=true",
        ":8004/trading/schedule/reconciliation",
        ":8004/trading/schedule/health_check",
        ":8004/trading/schedule/prices",
        ":8003/paper-trading/settle",
        ":8004/trading/schedule/price_history",
        ":8004/trading/schedule/full_sync",
        ":8004/trading/schedule/clean_up",
        ":8008/admin/events/select?due_only=true",
        ":8008/admin/prices",
        ":8008/admin/settlements",
        ":8008/leaderboard/refresh",
    ]


def test_the_crontab_follows_ports_addresses_and_the_cycle() -> None:
    lines = lines_of(printed(PORT_OFFSET="100", PAPER_TRADING_URL="http://paper:1", CYCLE_EVERY_SECONDS="300"))

    assert lines[0][0] == ["*/5", "*", "*", "*", "*"]
    assert lines[0][1][-1].startswith("http://127.0.0.1:8104/")
    assert lines[4][1][-1] == "http://paper:1/paper-trading/settle"


def test_a_setting_that_cannot_be_used_is_named() -> None:
    command = [sys.executable, "-m", "services.orchestrator.crontab"]
    environment = {"PATH": os.environ["PATH"], "CYCLE_EVERY_SECONDS": "often"}
    answer = subprocess.run(command, cwd=REPOSITORY, env=environment, capture_output=True, text=True, check=False)

    assert answer.returncode == 2
    assert answer.stderr.startswith("coliseum: CYCLE_EVERY_SECONDS cannot be used:")


@pytest.mark.parametrize(
    ("seconds", "fields", "exact"),
    [
        (10, "* * * * *", False),
        (60, "* * * * *", True),
        (90, "* * * * *", False),
        (300, "*/5 * * * *", True),
        (420, "*/6 * * * *", False),
        (3_600, "0 * * * *", True),
        (4 * 3_600, "0 */4 * * *", True),
        (5 * 3_600, "0 */4 * * *", False),
        (86_400, "0 0 * * *", True),
        (7 * 86_400, "0 0 * * 1", True),
    ],
)
def test_a_pause_that_cron_cannot_say_becomes_the_nearest_and_is_said(seconds: int, fields: str, exact: bool) -> None:
    text = "\n".join(crontab(timedelta(seconds=seconds)))

    assert " ".join(lines_of(text)[0][0]) == fields
    assert ("cannot be said in a crontab" in text.split("# arena_prices")[0]) is not exact
    assert "# Every 30 s cannot be said in a crontab" in text.split("# arena_prices")[1]


def test_the_lines_do_what_they_say(desk: Desk, town: Town, addresses: str, fresh_database: Database) -> None:
    build.portfolio(fresh_database, "Harbour", NOON)
    others = {"PAPER_TRADING_URL": f"{addresses}/paper_trading", "ARENA_URL": f"{addresses}/arena"}
    text = printed(ORCHESTRATOR_URL=desk.url, **others)

    for _, words in lines_of(text):
        done = desk.session.post(words[-1], timeout=30)
        assert done.status_code == 200, done.text

    assert build.rows(fresh_database, "SELECT status FROM trading_cycles") == [{"status": "success"}]
    assert town.asked("paper_trading", "/paper-trading/settle")
    assert town.asked("arena", "/admin/events/select") and town.asked("arena", "/leaderboard/refresh")
    jobs = build.rows(fresh_database, "SELECT count(*) AS n FROM scheduled_jobs WHERE status <> 'failed'")
    assert jobs == [{"n": 6}]


def test_the_token_is_sent_where_there_is_one() -> None:
    line = next(line for line in printed().splitlines() if "run-all-portfolios" in line)
    shown = line.split(None, 5)[5].replace("curl ", "printf '%s|' ", 1)

    with_token = subprocess.run(
        ["/bin/sh", "-c", shown], env={"COLISEUM_TOKEN": "a b"}, capture_output=True, text=True, check=True
    )
    without = subprocess.run(["/bin/sh", "-c", shown], env={}, capture_output=True, text=True, check=True)

    assert "|--header|Authorization: Bearer a b|" in with_token.stdout
    assert "Authorization" not in without.stdout


def test_every_address_of_the_orchestrator_in_the_schedule_is_one_of_its_routes() -> None:
    paths = {(method, route.path) for route in router.routes for method in route.methods}  # type: ignore[attr-defined]

    for job in schedule_of(timedelta(hours=1)):
        if job.service == topology.ORCHESTRATOR.name:
            path = job.path.partition("?")[0]
            assert ("POST", path) in paths or ("POST", "/trading/schedule/{job}") in paths
            assert path.startswith(("/trading/run-all-portfolios", f"/trading/schedule/{job.name}"))
