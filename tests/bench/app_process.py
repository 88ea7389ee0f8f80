"""An ASGI app under the uvicorn of the product, in a process of its own, until its standard input ends."""

import os
import signal
import sys
import threading
from importlib import import_module

from starlette.types import ASGIApp, Receive, Scope, Send

from shared.launcher.programs import serve

BODY_BYTES = "BENCH_BODY_BYTES"
MADE = ("bare_app", "feed_app")  # functions that make an app


def bare_app() -> ASGIApp:
    """Answers everything with the same prebuilt bytes, as many as the environment says."""
    body = b"[" + b"1," * (int(os.environ[BODY_BYTES]) // 2 - 1) + b"1]"
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            await send({"type": "http.response.body", "body": body})

    return app


def main() -> None:
    module, _, name = sys.argv[1].partition(":")
    made = getattr(import_module(module), name)
    app: ASGIApp = made() if name in MADE else made
    threading.Thread(target=_end_with_input, daemon=True).start()
    serve(app, "127.0.0.1", int(sys.argv[2]))


def _end_with_input() -> None:
    sys.stdin.read()
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    main()
