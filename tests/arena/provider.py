"""An independent provider of models: a real chat-completions server whose answers the test knows beforehand."""

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Said:
    """What the provider answers to one request."""

    text: str = ""
    status: int = 200
    seconds: float = 0.0  # before the first word
    pieces: int = 4
    cost: str | None = "0.001"
    usage: bool = True
    broken_off: bool = False  # no end of the stream
    headers: Mapping[str, str] = field(default_factory=dict)


def decided(position: str, probability: float | None = None, confidence: float | None = None, **more: Any) -> str:
    """A commentary and the decision in its block."""
    decision = {"position": position, "probability": probability, "confidence": confidence, "reason": "It is clear."}
    told = {name: value for name, value in (decision | more).items() if value is not None}
    return f"Ladies and gentlemen, here we go!\n\n```json\n{json.dumps(told)}\n```"


Script = Callable[[dict[str, Any], int], Said]  # the request, and how many of this model came before


class Provider:
    def __init__(self) -> None:
        self.requests: list[dict[str, Any]] = []
        self.keys: list[str | None] = []
        self.scripts: dict[str, Script] = {}
        self.otherwise: Script = lambda request, number: Said(decided("ABSTAIN", 0.5))
        self.listed: list[str] | None = None  # None: every model that anybody asks for
        self.address = ""
        self._lock = threading.Lock()

    def says(self, model: str, *answers: Said | str) -> None:
        """One after the other; the last one again and again."""
        told = [Said(each) if isinstance(each, str) else each for each in answers]
        self.scripts[model] = lambda request, number: told[min(number, len(told) - 1)]

    def asked(self, model: str) -> list[dict[str, Any]]:
        return [request for request in self.requests if request["model"] == model]

    def answer(self, request: dict[str, Any], key: str | None) -> Said:
        with self._lock:
            number = len(self.asked(request["model"]))
            self.requests.append(request)
            self.keys.append(key)
        return self.scripts.get(request["model"], self.otherwise)(request, number)


@contextmanager
def running_provider() -> Iterator[Provider]:
    provider = Provider()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (Handler,), {"provider": provider}))
    server.daemon_threads = True
    provider.address = f"http://127.0.0.1:{server.server_port}/v1"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()


class Handler(BaseHTTPRequestHandler):
    provider: Provider
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: Any) -> None:
        pass

    def do_GET(self) -> None:
        names = self.provider.listed
        if names is None:
            self._json(404, {"error": {"message": "no list here"}})
        else:
            self._json(200, {"data": [{"id": name, "pricing": PRICING} for name in names]})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        said = self.provider.answer(body, self.headers.get("authorization"))
        time.sleep(said.seconds)
        if said.status != 200:
            self._json(said.status, {"error": {"message": "not now", "code": said.status}}, said.headers)
        elif body.get("stream"):
            self._stream(body["model"], said)
        else:
            message = {"role": "assistant", "content": said.text}
            choice = {"index": 0, "message": message, "finish_reason": "stop"}
            self._json(200, {"id": "c", "model": body["model"], "choices": [choice], **_usage(said)})

    def _stream(self, model: str, said: Said) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("connection", "close")
        self.end_headers()
        self.close_connection = True
        size = -(-len(said.text) // said.pieces)
        for start in range(0, len(said.text), size):
            self._chunk(model, {"content": said.text[start : start + size]}, None)
        if said.broken_off:
            return
        self._chunk(model, {}, "stop")
        if said.usage:
            self._event({"id": "c", "model": model, "choices": [], **_usage(said)})
        self.wfile.write(b"data: [DONE]\n\n")

    def _chunk(self, model: str, delta: dict[str, Any], finish: str | None) -> None:
        choice = {"index": 0, "delta": delta, "finish_reason": finish}
        self._event({"id": "c", "model": f"{model}-2026", "object": "chat.completion.chunk", "choices": [choice]})

    def _event(self, chunk: dict[str, Any]) -> None:
        self.wfile.write(b"data: " + json.dumps(chunk).encode() + b"\n\n")
        self.wfile.flush()

    def _json(self, status: int, body: dict[str, Any], headers: Mapping[str, str] | None = None) -> None:
        payload = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(payload)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(payload)


PRICING = {"prompt": "0.000002", "completion": "0.000010"}


def _usage(said: Said) -> dict[str, Any]:
    if not said.usage:
        return {}
    usage: dict[str, Any] = {"prompt_tokens": 400, "completion_tokens": 100, "total_tokens": 500}
    return {"usage": usage if said.cost is None else usage | {"cost": float(said.cost)}}
