"""An application on a real socket, in a thread, for the length of a block."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from shared.launcher.programs import server_of

START_SECONDS = 30


@contextmanager
def serving(app: Any, at: socket.socket | None = None) -> Iterator[str]:
    """The address at which it answers, under the server of the product; `at` is a bound socket known to others."""
    server = server_of(app, log_level="error")
    with at or socket.socket() as listener:
        if at is None:
            listener.bind(("127.0.0.1", 0))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        deadline = time.monotonic() + START_SECONDS
        while not server.started:
            assert time.monotonic() < deadline and thread.is_alive(), "the application did not start"
            time.sleep(0.01)
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            for told in getattr(getattr(app, "state", None), "when_told_to_stop", ()):
                told()  # as a signal would tell it
            thread.join(timeout=20)
