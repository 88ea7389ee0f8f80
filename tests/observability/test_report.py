"""The report: everything that helps, no secret of anybody, and what cannot be had by name."""

import json
import os
import subprocess
import sys
import tarfile
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic

import pytest
import structlog
from sqlalchemy import text

from services.markets.app import markets_app
from services.markets.resources import Settings
from shared.database import Database
from shared.launcher import report
from shared.launcher.masking import HIDDEN, Mask
from tests.serving import serving

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
KEY_LINES = ("MIIEvQIBADANBgkqhkiG9w0BAQEFAASC", "AoIBAQDVt8Fxq3vLmXgQkP9nRzJw")
PEM = "\n".join(("-----BEGIN PRIVATE KEY-----", *KEY_LINES, "-----END PRIVATE KEY-----"))
SECRETS = {
    "COLISEUM_TOKEN": "harbour-of-the-grey-gulls",
    "OPENROUTER_API_KEY": 'or"quoted\\key-6174',
    "PERPLEXITY_API_KEY": "pw1",
    "LOGFIRE_TOKEN": "löwenzahn&co=9/8",
    "KALSHI_API_KEY_ID": "0f2c1d5e-77aa-4d10-9d41-c0ffee000001",
    "KALSHI_PRIVATE_KEY": PEM,
    "MY_MODEL_KEY": "a model of my own",
    "REDIS_URL": "redis://:r3dis-w0rd@127.0.0.1:6379/0",
}
PIECES = {
    *(value for name, value in SECRETS.items() if name not in ("KALSHI_PRIVATE_KEY", "REDIS_URL")),
    *KEY_LINES,
    "r3dis-w0rd",
    'or\\"quoted\\\\key-6174',
    "l%C3%B6wenzahn%26co%3D9%2F8",
    "l\\u00f6wenzahn&co=9/8",
}
# What is in no variable here and looks like a secret.
STRANGERS = {
    "Authorization: Bearer 9aT.kk-31": "9aT.kk-31",
    "connecting to postgres://mary:s3a-gull@db.example:5432/x": "s3a-gull",
    '{"api_key": "zz-top-77", "model": "m"}': "zz-top-77",
    "GET /x?api_key=qwertz99&limit=3": "qwertz99",
    "said sk-or-v1-0123456789abcdef to it": "sk-or-v1-0123456789abcdef",
}


def unpacked(archive: Path) -> dict[str, str]:
    """By their names within the folder of the report."""
    with tarfile.open(archive) as tar:
        read = {entry.name.partition("/")[2]: tar.extractfile(entry) for entry in tar.getmembers()}
        return {name: file.read().decode() for name, file in read.items() if file is not None}


def logs(data_dir: Path, *lines: str) -> None:
    (data_dir / "logs").mkdir(parents=True, exist_ok=True)
    (data_dir / "logs" / "markets.log").write_text("\n".join(lines) + "\n")


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """As the command does it: what is missing stands in the index."""
    before = structlog.get_config()
    structlog.configure(wrapper_class=report.SILENT)
    yield
    structlog.configure(**before)


@pytest.fixture
def environment(database_url: str, nobody_answers: None) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "DATABASE_URL": database_url, "ENVIRONMENT": "harbour"}


@pytest.fixture
def markets(database_url: str, environment: Mapping[str, str], monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A real service, which the others of this test are not."""
    with serving(markets_app(Settings(database_url=database_url))) as address:
        monkeypatch.setenv("MARKETS_URL", address)
        yield address


def test_a_report_holds_what_helps_and_says_what_it_could_not_get(
    environment: dict[str, str], markets: str, tmp_path: Path
) -> None:
    logs(tmp_path, *(f'{{"event": "line {number}"}}' for number in range(3_000)))

    archive = report.report_of(environment, tmp_path, NOW).pack(tmp_path)

    parts = unpacked(archive)
    assert archive.name == "coliseum-report-20261121T120000Z.tar.gz"
    assert next(iter(parts)) == "INDEX.txt"
    assert '"status":"ok"' in parts["services/markets.health.txt"].replace(" ", "")
    assert parts["services/markets.ready.txt"].startswith("HTTP 200")
    assert "coliseum_http_requests_total" in parts["services/markets.metrics.txt"]
    assert "services/events.health.txt" not in parts
    assert "services/events.health.txt" in parts["INDEX.txt"].split("could not be had")[1]
    assert "ConnectionRefusedError" in parts["INDEX.txt"]
    assert parts["settings.txt"].splitlines()[1] == "ENVIRONMENT=harbour"
    assert "fastapi==" in parts["versions.txt"]
    assert parts["logs/markets.log"].count("\n") == report.LOG_LINES - 1
    assert "line 2999" in parts["logs/markets.log"]
    assert all(name in parts["INDEX.txt"] for name in parts if name != "INDEX.txt")


def test_it_tells_cycles_with_their_errors_the_schedule_breakers_and_sizes(
    environment: dict[str, str], database: Database, tmp_path: Path
) -> None:
    with database.transaction() as connection:
        connection.execute(
            text("""
            INSERT INTO trading_cycles (cycle_id, kind, status, attempt, started_by, asked, portfolio_ids,
                portfolios_done, portfolios_failed, signals_generated, trades_executed, started_at, reported_at,
                failed_step, error)
            VALUES (gen_random_uuid(), 'all', 'failed', 1, 'schedule', '{}', '{1,2}', 0, 0, 0, 0, now(), now(),
                'collect_markets', 'Both venues are away.');
            INSERT INTO cycle_steps (cycle_id, step, status, started_at, counts, error)
            SELECT cycle_id, 'collect_markets', 'failed', now(), '{}', 'Both venues are away.' FROM trading_cycles;
            INSERT INTO circuit_breaker_events (breaker_type, reason, trigger_value, triggered_at)
            VALUES ('manual', 'We look into it.', '{}', now());
        """)
        )

    parts = unpacked(report.report_of(environment, tmp_path, NOW).pack(tmp_path))

    [cycle] = json.loads(parts["database/cycles.json"])
    assert (cycle["failed_step"], cycle["steps"][0]["error"]) == ("collect_markets", "Both venues are away.")
    assert [breaker["reason"] for breaker in json.loads(parts["database/breakers.json"])] == ["We look into it."]
    assert "trading_cycles" in parts["database/tables.txt"]
    [row] = [line for line in parts["database/tables.txt"].splitlines() if line.startswith("trading_cycles ")]
    assert row.split()[1:3] == ["1", "rows"]
    assert "this program is made for" in parts["database/schema.txt"]
    assert "PostgreSQL" in parts["INDEX.txt"]


def test_no_secret_of_the_environment_or_of_strangers_is_in_it(
    environment: dict[str, str], database: Database, markets: str, tmp_path: Path
) -> None:
    password = Path(tmp_path / "postgres" / "password")
    password.parent.mkdir()
    password.write_text("embedded-gull-31")
    spoken = [f"was given {value}" for value in SECRETS.values()]
    spoken += [json.dumps({"said": json.dumps({"key": value})}) for value in SECRETS.values()]
    spoken += [*PIECES, *STRANGERS, "embedded-gull-31", environment["DATABASE_URL"], "an ordinary line"]
    logs(tmp_path, *spoken)
    with database.transaction() as connection:
        job = text("INSERT INTO scheduled_jobs (job, status, runs, error) VALUES ('settlements', 'failed', 1, :error)")
        connection.execute(job, {"error": " ".join(spoken)})

    archive = report.report_of({**environment, **SECRETS}, tmp_path, NOW).pack(tmp_path)

    parts = unpacked(archive)
    dsn_password = environment["DATABASE_URL"].split("@")[0].rpartition(":")[2]
    for secret in {*PIECES, *STRANGERS.values(), "embedded-gull-31", dsn_password, environment["DATABASE_URL"]}:
        assert [name for name, body in parts.items() if secret in body] == [], secret
    assert "an ordinary line" in parts["logs/markets.log"]
    assert f"COLISEUM_TOKEN={HIDDEN}" in parts["settings.txt"]
    assert f"DATABASE_URL={HIDDEN}" in parts["settings.txt"]
    assert "settlements" in parts["database/schedule.json"]
    assert archive.stat().st_mode & 0o077 == 0


def test_secrets_of_the_process_that_runs_are_taken_out_though_nobody_here_knows_them(
    environment: dict[str, str], tmp_path: Path
) -> None:
    hold = "import fcntl, sys; file = open(sys.argv[1], 'a'); fcntl.flock(file, 2); print(flush=True); input()"
    lock = tmp_path / "run.lock"
    theirs = {**environment, "MY_PROVIDER_KEY": "only-the-runner-knows", "CYCLE_EVERY_SECONDS": "77"}
    command = [sys.executable, "-c", hold, str(lock)]
    with subprocess.Popen(command, env=theirs, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None and process.stdout.readline()
        lock.write_text(json.dumps({"pid": process.pid, "addresses": {"markets": "http://127.0.0.1:9"}}))
        logs(tmp_path, "asked with only-the-runner-knows")

        running = unpacked(report.report_of(environment, tmp_path, NOW).pack(tmp_path))

        process.kill()
    stopped = unpacked(report.report_of(environment, tmp_path, NOW).pack(tmp_path))

    assert running["logs/markets.log"].strip() == f"asked with {HIDDEN}"
    assert f"Process {process.pid} runs it" in running["state.txt"]
    assert "CYCLE_EVERY_SECONDS=77" in running["settings.txt"]
    assert stopped["state.txt"].startswith("Nothing runs")


def test_with_nothing_there_at_all_a_report_is_made_and_says_so(
    environment: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("DATABASE_URL", "COLISEUM_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "nothing"))
    monkeypatch.chdir(tmp_path)

    code = report.main(tmp_path / "no-settings")

    said = capsys.readouterr().out
    [archive] = tmp_path.glob("coliseum-report-*.tar.gz")
    parts = unpacked(archive)
    assert code == 0
    assert str(archive) in said
    assert "no database runs here, and DATABASE_URL names none" in parts["INDEX.txt"]
    assert {"state.txt", "versions.txt", "settings.txt", "machine.txt"} <= parts.keys()


def test_a_database_that_is_away_or_older_costs_only_its_own_parts(environment: dict[str, str], tmp_path: Path) -> None:
    away = {**environment, "DATABASE_URL": "postgresql://gull:s3cret-word@127.0.0.1:9/nowhere"}

    parts = unpacked(report.report_of(away, tmp_path, NOW).pack(tmp_path))

    missing = parts["INDEX.txt"].split("could not be had")[1]
    assert "database/cycles.json" in missing
    assert "Connection refused" in missing
    assert "s3cret-word" not in str(parts)
    assert "versions.txt" in parts


def test_what_is_very_long_is_cut_and_says_so(environment: dict[str, str], tmp_path: Path) -> None:
    logs(tmp_path, "the beginning", *["x" * 1_000] * 3_000, "the end")
    made = report.report_of(environment, tmp_path, NOW)

    made.add("long.txt", "too long", lambda: "ä" * report.PART_BYTES_MAX)

    assert made.parts["logs/markets.log"].endswith("the end")
    assert len(made.parts["logs/markets.log"]) < 600_000
    assert made.parts["long.txt"].endswith("(cut here: the rest is left out)")
    assert len(made.parts["long.txt"].encode()) < report.PART_BYTES_MAX + 100


@pytest.mark.parametrize(
    "piece", ["x", "x ", "a://", "-----BEGIN PRIVATE KEY-----", "MIIEvQIBADANBgkq\n", "secret=\\\\", "eyJ."]
)
def test_no_text_takes_the_mask_longer_than_its_length_deserves(piece: str) -> None:
    mask = Mask(SECRETS.values())
    text_of_a_part = piece * (1_000_000 // len(piece))

    began = monotonic()
    mask.clean(text_of_a_part)

    assert monotonic() - began < 10
