"""A server of the feed that is told to stop: with whatever sockets and streams are open, it is gone at once."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from shared.database import Database
from shared.launcher.programs import GRACE_SECONDS
from tests.arena.live import numbers, said, say
from tests.bench.apps import free_port
from tests.bench.socket_readers import connected, frames_of

CHECKOUT = Path(__file__).resolve().parents[2]
STOP_SECONDS = 3.0


@dataclass(frozen=True)
class Served:
    process: "subprocess.Popen[bytes]"
    port: int

    def stop(self) -> float:
        """Seconds until the process was gone."""
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(20)
        return time.monotonic() - began


@contextmanager
def served(database_url: str) -> Iterator[Served]:
    """As the launcher serves it, in a process of its own."""
    port = free_port()
    command = [sys.executable, "-m", "tests.bench.app_process", "tests.bench.fanout_process:feed_app", str(port)]
    variables = {**os.environ, "DATABASE_URL": database_url}
    with subprocess.Popen(
        command, cwd=CHECKOUT, env=variables, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL
    ) as process:
        try:
            _wait(port)
            yield Served(process, port)
        finally:
            process.kill()


def _wait(port: int) -> None:
    deadline = time.monotonic() + 30
    while True:
        try:
            requests.get(f"http://127.0.0.1:{port}/health", timeout=5)
            return
        except requests.ConnectionError:
            assert time.monotonic() < deadline, "the process did not start"
            time.sleep(0.05)


def test_sockets_are_told_and_the_process_is_gone(fresh_database_url: str) -> None:
    with served(fresh_database_url) as there:
        crowd = connected(there.port, "/ws", 200)
        with connect(f"ws://127.0.0.1:{there.port}/ws", compression=None) as reader:
            reader.recv(timeout=10)

            seconds = there.stop()

            with pytest.raises(ConnectionClosed) as closed:
                reader.recv(timeout=10)
        ends = [frames_of(each.recv(1 << 20), texts_only=False)[-1] for each in crowd]
        for each in crowd:
            each.close()

    assert seconds < STOP_SECONDS
    assert closed.value.rcvd is not None
    assert (closed.value.rcvd.code, closed.value.rcvd.reason[:17]) == (1001, "This server stops")
    assert {int.from_bytes(end[:2], "big") for end in ends} == {1001}


def test_streams_end_as_they_should_and_the_process_is_gone(fresh_database_url: str) -> None:
    with served(fresh_database_url) as there:
        streams = [requests.get(f"http://127.0.0.1:{there.port}/feed", stream=True, timeout=10) for _ in range(20)]

        seconds = there.stop()

        texts = [b"".join(stream.iter_content(None)) for stream in streams]  # raises where one is cut in the middle

    assert seconds < STOP_SECONDS
    assert all(text.startswith(b"id: ") and text.endswith(b"\n\n") for text in texts)


def test_those_who_do_not_read_are_not_waited_for(fresh_database_url: str, fresh_database: Database) -> None:
    with served(fresh_database_url) as there:
        stalled = connected(there.port, "/ws", 5, receive_bytes=4_096)
        with connect(f"ws://127.0.0.1:{there.port}/ws", compression=None, max_queue=None) as reader:
            reader.recv(timeout=10)
            say(fresh_database, *said(*range(120), words="x" * 60_000))  # more than the kernel holds for them
            for _ in range(120):
                reader.recv(timeout=10)

            seconds = there.stop()
        for each in stalled:
            each.close()

    assert seconds < GRACE_SECONDS


def test_readers_of_a_replica_that_stops_go_on_at_another(fresh_database_url: str, fresh_database: Database) -> None:
    with served(fresh_database_url) as first, served(fresh_database_url) as second:
        with connect(f"ws://127.0.0.1:{first.port}/ws", compression=None) as reader:
            reader.recv(timeout=10)
            say(fresh_database, *said(1, 2))
            frames = [_frame(reader.recv(timeout=10)) for _ in range(2)]
            first.stop()
        say(fresh_database, *said(3))

        address = f"ws://127.0.0.1:{second.port}/ws?since={frames[-1]['cursor']}"
        with connect(address, compression=None) as reader:
            reader.recv(timeout=10)
            say(fresh_database, *said(4))
            frames += [_frame(reader.recv(timeout=10)) for _ in range(2)]

    assert numbers(frames) == [1, 2, 3, 4]


def _frame(text: str | bytes) -> dict[str, Any]:
    frame: dict[str, Any] = json.loads(text)
    return frame
