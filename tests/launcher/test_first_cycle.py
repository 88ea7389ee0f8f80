"""What the terminal shows of the first cycle, against a real HTTP server that says what the orchestrator says."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import StringIO
from threading import Thread
from typing import Any

import pytest

from shared.launcher import first_cycle
from shared.launcher.first_cycle import Terminal, cycle_line, progress_line, show_first_cycle, summary_line

ID = "1d1f60a9-6dd1-4f0f-9d34-4d3d6d1a4a11"
RUNNING = {"running": {"platforms": {"kalshi": {"seen": 1_200}, "polymarket": {"seen": 300}}}, "last": None}
LAST = {
    "status": "partial",
    "platforms": {
        "kalshi": {"seen": 0, "error": "VenueDown: no answer"},
        "polymarket": {
            "seen": 2_000,
            "new": 1_500,
            "changed": 0,
            "unchanged": 480,
            "rejected": {"no_title": 20},
            "seconds": 1.5,
        },
    },
}

Answer = tuple[int, Any]


def cycle(step: str | None, *done: str, **more: Any) -> Answer:
    body = {
        "status": "running",
        "progress": {"step": step, "portfolios": 11, "portfolios_done": 5, "portfolios_failed": 0},
        "steps": [{"step": name, "status": "done"} for name in done],
        "signals_generated": 7,
        "trades_executed": 3,
        "failed_step": None,
        "error": None,
        "started_at": "2026-11-21T12:00:00Z",
        "finished_at": None,
    }
    return 200, {**body, **more}


ENDED = {"status": "success", "finished_at": "2026-11-21T12:00:04.500000Z"}


@contextmanager
def arena(begun: Answer, cycles: list[Answer]) -> Iterator[dict[str, str]]:
    """All services at one address; each look at the cycle meets the next of `cycles`, the last one for ever."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self._answer(begun)

        def do_GET(self) -> None:
            if self.path.endswith("/sync"):
                self._answer((200, {**RUNNING, "last": LAST}))
            else:
                self._answer(cycles.pop(0) if len(cycles) > 1 else cycles[0])

        def _answer(self, answer: Answer) -> None:
            content = json.dumps(answer[1]).encode()
            self.send_response(answer[0])
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}"
        yield dict.fromkeys(("orchestrator", "events", "markets"), address)
        server.shutdown()


class Screen(StringIO):
    """A terminal that keeps every line it ever showed."""

    def isatty(self) -> bool:
        return True

    def shown(self) -> list[str]:
        return [line.strip() for line in self.getvalue().split("\r\033[K") if line.strip()]


@pytest.fixture(autouse=True)
def _in_a_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(first_cycle, "POLL_SECONDS", 0.02)


def told(begun: Answer, cycles: list[Answer]) -> list[str]:
    screen = Screen()
    with arena(begun, cycles) as addresses:
        show_first_cycle(addresses, None, screen)
    return screen.shown()


def test_a_cycle_shows_its_progress_and_ends_in_a_line() -> None:
    lines = told(
        (202, {"cycle_id": ID}),
        [
            cycle("collect_markets", "collect_events"),
            cycle("execute", "collect_events", "collect_markets", "settle"),
            cycle(None, "collect_events", "collect_markets", **ENDED),
        ],
    )

    assert lines[0].startswith("events: partial; kalshi failed after 0: VenueDown: no answer; polymarket 2,000 seen")
    assert lines[1].startswith("markets: kalshi 1,200   polymarket [████")
    assert lines[2].startswith("markets: partial")
    assert lines[3].startswith("cycle: execute, 5 of 11 portfolios, 7 signals, 3 trades")
    assert lines[4] == ("cycle: success; 5 portfolios, 7 signals, 3 trades in 4.5 s. The next one follows by itself.")
    assert len(lines) == 5


def test_the_cycle_that_the_schedule_has_begun_is_the_first_one() -> None:
    running = {"detail": "A cycle is running already.", "error": "CycleRunning", "facts": {"cycle_id": ID}}

    lines = told((409, running), [cycle(None, **ENDED)])

    assert lines == ["cycle: success; 5 portfolios, 7 signals, 3 trades in 4.5 s. The next one follows by itself."]


def test_an_orchestrator_that_was_killed_is_waited_for() -> None:
    away = (503, {"detail": "The database cannot be reached.", "error": "DatabaseUnavailable", "facts": {}})

    lines = told((202, {"cycle_id": ID}), [away, away, cycle(None, **ENDED)])

    assert len(lines) == 1


def test_one_that_stays_away_is_said_to(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(first_cycle, "AWAY_SECONDS_MAX", 0.1)
    screen = Screen()

    show_first_cycle({"orchestrator": "http://127.0.0.1:9"}, None, screen)

    [line] = screen.shown()
    assert line.startswith("first cycle: orchestrator cannot be reached at http://127.0.0.1:9")


def test_a_refusal_is_said_in_its_own_words() -> None:
    refusal = {"detail": "This command needs the bearer token of COLISEUM_TOKEN.", "error": "Unauthorized", "facts": {}}

    lines = told((401, refusal), [cycle(None, **ENDED)])

    assert lines == ["first cycle: orchestrator said: This command needs the bearer token of COLISEUM_TOKEN."]


def test_a_cycle_that_failed_names_the_step_and_the_error() -> None:
    failed = {**ENDED, "status": "failed", "failed_step": "collect_markets", "error": "markets cannot be reached"}

    line = cycle_line(cycle(None, **failed)[1])

    assert line.startswith("cycle: failed at collect_markets: markets cannot be reached; 5 portfolios")


def test_an_earlier_sync_tells_how_much_there_is_to_see() -> None:
    last = {"platforms": {"kalshi": {"seen": 2_400}, "polymarket": {"seen": 0}}}

    line = progress_line(RUNNING | {"last": last})

    assert line == f"kalshi [{'█' * 12}{'·' * 12}] 1,200   polymarket 300"


def test_a_bar_is_never_longer_than_full() -> None:
    last = {"platforms": {"kalshi": {"seen": 600}}}

    line = progress_line({"running": {"platforms": {"kalshi": {"seen": 1_200}}}, "last": last})

    assert line == f"kalshi [{'█' * 24}] 1,200"


def test_a_venue_that_gave_nothing_is_said_to_have_given_nothing() -> None:
    answer = {"status": "success", "platforms": {"kalshi": {"seen": 0, "seconds": 0.1, "rejected": {}, "error": None}}}

    assert summary_line(answer) == "success; kalshi 0 seen (nothing to keep) in 0.1 s"


def test_where_there_is_no_terminal_only_whole_lines_are_written() -> None:
    out = StringIO()

    terminal = Terminal(out)
    terminal.show("half way")
    terminal.say("done")

    assert out.getvalue() == "done\n"
