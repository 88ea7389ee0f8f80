"""What runs in a process of its own: forked from a parent that has imported everything already."""

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import FrameType
from typing import Any

import structlog
import uvicorn
from starlette.types import ASGIApp

from shared.logs import configure_logs

log = structlog.get_logger()

GRACE_SECONDS = 2  # for requests that are under way when a service is told to stop
# Longer than our own services and browsers let a connection rest, so that it is not closed under a request.
KEEP_ALIVE_SECONDS = 127
COMMAND_BYTES_MAX = 65_536  # of a message that the reader of a socket sends
# What a server imports when it starts to serve: imported by the parent, it is there once for all children.
SERVING = (
    "anyio._backends._asyncio",
    "psycopg2.extras",
    "uvicorn.lifespan.on",
    "uvicorn.loops.uvloop",
    "shared.lines",
)
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass(frozen=True, slots=True)
class Program:
    name: str
    run: Callable[[], None]  # in the child; the process ends when it returns
    address: str | None = None  # of a service, which answers /health there
    in_terminal: bool = False  # writes where the parent writes instead of into a log
    again: bool = True  # whether it starts again when it has ended


def prepare_to_serve() -> None:
    for name in SERVING:
        import_module(name)


def serve(app: ASGIApp, host: str, port: int) -> None:
    server_of(app, host=host, port=port).run()


def server_of(app: ASGIApp, **where: Any) -> uvicorn.Server:
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        http="shared.lines:HttpProtocol",
        ws="shared.lines:SocketProtocol",
        ws_max_size=COMMAND_BYTES_MAX,
        ws_per_message_deflate=False,  # a frame is the same bytes for every reader
        **where,
    )
    return _Server(config)


class _Server(uvicorn.Server):
    """Says to an app that wants to know it (`app.state.when_told_to_stop`) that the process was told to stop: while
    requests are still waited for, so that those who wait in one can be answered. The lifespan ends only after them."""

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        super().handle_exit(sig, frame)
        if (state := getattr(self.config.app, "state", None)) is not None:
            state.stopping = True  # for whoever asks /ready
            for told in getattr(state, "when_told_to_stop", ()):
                told()


class Lifeline:
    """A pipe that only the parent can write to: its end is the end of the parent, even by kill -9."""

    def __init__(self) -> None:
        self._read, self._write = os.pipe()

    def hold(self) -> None:
        os.close(self._write)
        threading.Thread(target=self._end_with_parent, name="lifeline", daemon=True).start()

    def _end_with_parent(self) -> None:
        os.read(self._read, 1)
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(GRACE_SECONDS + 1)
        os._exit(1)

    def close(self) -> None:
        os.close(self._read)
        os.close(self._write)


def fork(program: Program, log_file: Path, lifeline: Lifeline, close: Sequence[int] = ()) -> int:
    """The child's process id. `close` are files of the parent that a child must not keep open, such as its lock.

    The caller has blocked the signals: the child lets them in once it does not handle them as its parent does.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if pid == 0:
        _be(program, log_file, lifeline, close)
    return pid


def _be(program: Program, log_file: Path, lifeline: Lifeline, close: Sequence[int]) -> None:
    """The wall around a child: whatever happens in it, it never returns into the parent's code."""
    code = 1
    try:
        configure_logs(program.name)
        os.setsid()  # a Ctrl-C in the terminal is the parent's business
        for number in SIGNALS:
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
        for descriptor in close:
            os.close(descriptor)
        lifeline.hold()
        if not program.in_terminal:
            _write_into(log_file)
        program.run()
        code = 0
    except Exception as error:
        log.exception("program_failed")
        sys.stderr.write(f"{type(error).__name__}: {error}\n")  # for people, and for the parent's own message
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _write_into(log_file: Path) -> None:
    for target, flags in (("/dev/null", os.O_RDONLY), (str(log_file), os.O_WRONLY | os.O_CREAT | os.O_APPEND)):
        descriptor = os.open(target, flags, 0o644)
        for standard in (0,) if target == "/dev/null" else (1, 2):
            os.dup2(descriptor, standard)
        os.close(descriptor)
