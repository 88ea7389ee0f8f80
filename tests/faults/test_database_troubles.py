"""Postgres goes away, its disk is full, portfolios vanish under a cycle: nothing is half written, and on it goes."""

import os
import subprocess
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import psycopg2
import pytest
import requests

from tests.faults.honesty import History, assert_honest, assert_nothing_left, assert_whole
from tests.faults.town import MORTAL, Town
from tests.launcher.arena import wait_for

LONG = os.environ.get("FAULTS") == "long"
AWAY_SECONDS = 60 if LONG else 5
BACK_SECONDS_MAX = 30.0
FULL = """
CREATE OR REPLACE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = 'disk_full'; END $$;
CREATE TRIGGER full_disk BEFORE INSERT ON {table} FOR EACH STATEMENT EXECUTE FUNCTION full_disk();
"""
TABLES = ("trades", "cash_entries", "cycle_steps", "decisions", "trading_signals", "equity_points")
TAKEN = "SELECT count(*) FROM trades WHERE order_id IS NULL"
SMALL = 24  # megabytes
OF_A_PORTFOLIO = (
    "order_prints USING resting_orders o WHERE order_prints.order_id = o.order_id AND o.",
    *(
        f"{table} WHERE "
        for table in (
            "cash_entries", "settlements", "trades", "resting_orders", "portfolio_positions", "decisions",
            "trading_signals", "signal_generations", "portfolio_changes", "equity_points", "portfolio_history",
            "cycle_steps", "portfolio_marks", "circuit_breaker_events", "portfolios",
        )
    ),
)  # fmt: skip


def updates_of(town: Town) -> float:
    """Price updates since the service started that brought prices, be it of some markets alone."""
    text = requests.get(town.address("paper_trading") + "/metrics", timeout=10).text
    lines = [line.rsplit(" ", 1) for line in text.splitlines() if line.startswith("coliseum_price_updates_total{")]
    return sum(float(count) for name, count in lines if "failed" not in name)


def test_while_postgres_is_away_everybody_says_so_and_comes_back_alone(town: Town) -> None:
    town.good_cycle()
    before, pids, updates = History.of(town), town.pids(), updates_of(town)

    town.kill_postgres()
    gone = time.monotonic()
    wait_for(lambda: not any(town.is_healthy(name) for name in MORTAL))  # its children go a moment later
    answers = {name: requests.get(f"{town.address(name)}/health", timeout=30) for name in MORTAL}
    refused = [
        town.post("orchestrator", "/trading/run-all-portfolios"),
        town.post("paper_trading", "/paper-trading/settle"),
        town.post("paper_trading", "/paper-trading/execute-signals", portfolio_id=1),
        town.post("strategy_baseline", "/strategy/generate-signals", {"portfolio_id": 1}),
        town.post("markets", "/markets/export-all-markets-db"),
    ]
    time.sleep(max(0.0, AWAY_SECONDS - (time.monotonic() - gone)))
    town.postgres.start()
    back = town.wait_until_healthy(seconds=BACK_SECONDS_MAX)

    assert {name: answer.status_code for name, answer in answers.items()} == dict.fromkeys(MORTAL, 503)
    assert [answer.status_code for answer in refused] == [503] * len(refused)
    assert {answer.json()["error"] for answer in refused} == {"DatabaseUnavailable"}
    assert back < BACK_SECONDS_MAX
    assert town.pids() == pids, "a service ended because its database was away"
    town.good_cycle()
    wait_for(lambda: updates_of(town) > updates, BACK_SECONDS_MAX)
    wait_for(lambda: town.get("orchestrator", "/health")["schedule"]["leading"], BACK_SECONDS_MAX)
    assert before.still_stands(town)
    assert_whole(town)
    assert_nothing_left(town)


@pytest.mark.parametrize("table", TABLES if LONG else TABLES[:3])
def test_a_disk_that_is_full_leaves_nothing_half_written(town: Town, table: str) -> None:
    town.good_cycle()
    before = town.rows(TAKEN)

    town.do(FULL.format(table=table))
    try:
        answer = town.post("orchestrator", "/trading/run-all-portfolios")
        assert_whole(town)
        taken = town.rows(TAKEN)
    finally:
        town.do(f"DROP TRIGGER full_disk ON {table}")

    if answer.status_code in (200, 502):
        assert_honest(answer.json())
        assert answer.json()["status"] != "success"
    else:
        assert (answer.status_code, bool(answer.json()["detail"])) == (503, True), answer.text
    if table in ("trades", "decisions", "cash_entries"):
        assert taken == before
    town.good_cycle()
    assert_whole(town)
    assert_nothing_left(town)


@contextmanager
def small_disk() -> Iterator[Path]:
    """A real one, where any account may enter; where mounting is not permitted, the test is skipped."""
    folder = Path(tempfile.mkdtemp(prefix="coliseum-small-disk-"))
    command = ["mount", "-t", "tmpfs", "-o", f"size={SMALL}m,mode=777", "tmpfs", str(folder)]
    try:
        if subprocess.run(command, capture_output=True, check=False).returncode:
            pytest.skip("nobody may mount a small disk here")
        folder.chmod(0o777)
        try:
            yield folder
        finally:
            subprocess.run(["umount", "-l", folder], check=True)
    finally:
        folder.rmdir()


def test_a_disk_that_is_really_full_refuses_trades_until_there_is_room_again(town: Town) -> None:
    town.good_cycle()
    with small_disk() as disk:
        (disk / "space").mkdir(mode=0o700)
        os.chown(disk / "space", (town.postgres.data).stat().st_uid, -1)
        town.do(f"CREATE TABLESPACE small LOCATION '{disk / 'space'}'")
        try:
            town.do("ALTER TABLE trades SET TABLESPACE small")
            with (disk / "ballast").open("wb") as ballast:
                _fill(ballast.fileno())

            answers = [town.post("orchestrator", "/trading/run-all-portfolios") for _ in range(2)]
            assert_whole(town)
            (disk / "ballast").unlink()

            assert {answer.json().get("status") for answer in answers} != {"success"}
            town.good_cycle()
            assert_whole(town)
            assert_nothing_left(town)
        finally:
            town.do("ALTER TABLE trades SET TABLESPACE pg_default")
            town.do("CHECKPOINT")
            town.do("DROP TABLESPACE small")


def _fill(file: int) -> None:
    try:
        while True:
            os.write(file, bytes(65_536))
    except OSError:
        return  # no space left on device


def test_portfolios_that_stop_or_vanish_under_a_cycle_trouble_nobody_else(town: Town) -> None:
    town.cycle()
    doomed = {verb: town.make(f"to {verb} {time.monotonic_ns()}") for verb in ("pause", "close", "delete")}
    town.good_cycle()

    with ThreadPoolExecutor(1) as callers:
        running = callers.submit(town.cycle)
        time.sleep(0.15)
        for verb in ("pause", "close"):
            stopped = town.post("paper_trading", f"/paper-trading/portfolios/{doomed[verb]}/{verb}", {})
            assert stopped.status_code == 200, stopped.text
        wait_for(lambda: vanished(town, doomed["delete"]))
        answer = running.result()

    if "status" in answer:
        assert_honest(answer)
        named = {result["portfolio_id"]: result["error"] for result in answer["results"]}
        assert all(error is None for number, error in named.items() if number not in doomed.values()), answer
    else:  # of the two who waited for each other, Postgres chose the cycle; the next one works in any case
        assert answer["error"] == "CycleInterrupted", answer
    assert_whole(town)
    following = town.good_cycle()
    assert not set(doomed.values()) & {result["portfolio_id"] for result in following["results"]}
    assert_whole(town)


def vanished(town: Town, portfolio_id: int) -> bool:
    """Somebody deletes all its rows by hand, at once."""
    try:
        with town.session() as cursor:
            cursor.execute("BEGIN")
            cursor.execute("SELECT FROM portfolios WHERE portfolio_id = %s FOR UPDATE", (portfolio_id,))
            for which in OF_A_PORTFOLIO:
                cursor.execute(f"DELETE FROM {which}portfolio_id = %s", (portfolio_id,))
            cursor.execute("COMMIT")
    except psycopg2.errors.DeadlockDetected:
        return False
    return True
