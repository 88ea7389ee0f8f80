"""The commands that the launcher gives and what it says about them, against a real HTTP server."""

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import StringIO
from threading import Thread
from typing import Any

import pytest
import requests

from shared.launcher.collection import Step, Terminal, collect, progress_line, summary_line

RUNNING = {"running": {"platforms": {"kalshi": {"seen": 1_200}, "polymarket": {"seen": 300}}}, "last": None}
DONE = {
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


@contextmanager
def service(answer: Any, status: int = 200, seconds: float = 0.0) -> Iterator[Step]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            time.sleep(seconds)
            self._answer(answer, status)

        def do_GET(self) -> None:
            self._answer(RUNNING, 200)

        def _answer(self, body: Any, status: int) -> None:
            content = body if isinstance(body, bytes) else json.dumps(body).encode()
            self.send_response(status)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}"
        yield Step("markets", f"{address}/export", f"{address}/sync")
        server.shutdown()


@pytest.fixture
def thread() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as thread:
        yield thread


def test_a_collection_shows_its_progress_and_ends_in_a_line(thread: ThreadPoolExecutor) -> None:
    shown: list[str] = []

    with service(DONE, seconds=0.8) as step, requests.Session() as session:
        line = collect(step, session, thread, shown.append)

    assert shown[0].startswith("markets: kalshi 1,200   polymarket 300")
    assert line == (
        "markets: partial; kalshi failed after 0: VenueDown: no answer; "
        "polymarket 2,000 seen (1,500 new, 480 unchanged, 20 rejected) in 1.5 s"
    )


def test_a_refused_command_says_why(thread: ThreadPoolExecutor) -> None:
    with service({"detail": "A sync is running already."}, status=409) as step, requests.Session() as session:
        line = collect(step, session, thread, lambda _: None)

    assert line == "markets: not collected: A sync is running already."


def test_a_service_that_is_away_or_talks_nonsense_does_not_end_the_collecting(thread: ThreadPoolExecutor) -> None:
    with service(b"<html>") as nonsense, requests.Session() as session:
        line = collect(nonsense, session, thread, lambda _: None)
    with requests.Session() as session:
        nobody = collect(nonsense, session, thread, lambda _: None)

    assert line == "markets: not collected: JSONDecodeError; the next try follows."
    assert nobody == "markets: not collected: ConnectionError; the next try follows."


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
