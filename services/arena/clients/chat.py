"""Models over OpenAI-compatible chat completions: one request, no retry, each piece handed on as it arrives."""

# The openai package carries the request and its errors; its answer we read ourselves, line by line: building its own
# object for each of 200 chunks takes ten times the CPU (docs/decisions/0018-models-are-strangers.md).

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from services.arena.clients.parse_chat import BODY_BYTES_MAX, AnswerReader, concluded, read_listed
from services.arena.clients.spoken import Kind, Piece
from services.arena.domain.completions import CallFailure, Completion, Endpoint, ListedModel, Question

if TYPE_CHECKING:
    from ssl import SSLContext

    from openai import OpenAI

    from services.arena.clients.wire import Exchange, Request

OnPiece = Callable[[str, Kind], None]


class Providers:
    """One client for each endpoint, shared by all threads."""

    def __init__(self) -> None:
        self._clients: dict[Endpoint, OpenAI] = {}
        self._context: SSLContext | None = None
        self._lock = threading.Lock()

    def stream(self, question: Question, on_piece: OnPiece) -> Completion | CallFailure:
        return self._asked(question, on_piece, streamed=True)

    def complete(self, question: Question) -> Completion | CallFailure:
        return self._asked(question, lambda text, kind: None, streamed=False)

    def listed_models(self, endpoint: Endpoint, seconds: float) -> list[ListedModel] | CallFailure:
        began = time.monotonic()
        body = bytearray()

        def collect(data: bytes) -> bool:
            body.extend(data)
            return len(body) <= BODY_BYTES_MAX

        went = self._exchange(endpoint, lambda client: client.models.with_streaming_response.list(), seconds, collect)
        if went.failure is not None:
            return replace(went.failure, simulated=went.simulated, latency_ms=_ms_since(began))
        listed = read_listed(bytes(body))
        if listed is None:
            detail = "the provider's list of models cannot be read"
            return CallFailure("unreadable_answer", detail, simulated=went.simulated, latency_ms=_ms_since(began))
        return listed

    def close(self) -> None:
        with self._lock:
            for client in self._clients.values():
                client.close()
            self._clients.clear()

    def _asked(self, question: Question, on_piece: OnPiece, *, streamed: bool) -> Completion | CallFailure:
        began = time.monotonic()
        reader = AnswerReader()
        first_token_ms: int | None = None

        def hand_on(pieces: list[Piece]) -> None:
            nonlocal first_token_ms
            for text, kind in pieces:
                if first_token_ms is None:
                    first_token_ms = _ms_since(began)
                on_piece(text, kind)

        def take(data: bytes) -> bool:
            hand_on(reader.feed(data))
            return not reader.ended and reader.spoken.problem is None

        went = self._exchange(
            question.endpoint,
            lambda client: client.chat.completions.with_streaming_response.create(
                **request_body(question, streamed=streamed)
            ),
            question.seconds,
            take,
        )
        if went.failure is None:
            hand_on(reader.end())
        elif not reader.complete:
            said, usage = reader.spoken.text, reader.spoken.usage
            return replace(went.failure, said=said, usage=usage, simulated=went.simulated, latency_ms=_ms_since(began))
        return concluded(
            reader,
            simulated=went.simulated,
            latency_ms=_ms_since(began),
            first_token_ms=first_token_ms,
            key=question.endpoint.api_key,
        )

    def _exchange(
        self, endpoint: Endpoint, request: "Request", seconds: float, take: Callable[[bytes], bool]
    ) -> "Exchange":
        from services.arena.clients import wire

        if (wrong := _unusable(endpoint)) is not None:
            return wire.Exchange(False, CallFailure("unreachable", wrong))
        with self._lock:
            client = self._clients.get(endpoint)
            if client is None:
                self._context = self._context or wire.trusted()
                client = self._clients[endpoint] = wire.opened(endpoint.base_url, endpoint.api_key, self._context)
        return wire.exchange(endpoint, client, request, seconds, take)


def request_body(question: Question, *, streamed: bool) -> dict[str, Any]:
    """Words beyond the common ones only where the provider knows them: OpenAI refuses an unknown one, and its newer
    models the old name of the bound of tokens."""
    host = urlsplit(question.endpoint.base_url).hostname or ""
    of_openai, of_perplexity = (host == name or host.endswith(f".{name}") for name in ("openai.com", "perplexity.ai"))
    body: dict[str, Any] = {
        "model": question.model,
        "messages": [{"role": message.role, "content": message.content} for message in question.messages],
        "max_completion_tokens" if of_openai else "max_tokens": question.tokens_max,
        "stream": streamed,
    }
    if question.user is not None and not of_perplexity:
        body["user"] = question.user
    if streamed and not of_perplexity:
        body["stream_options"] = {"include_usage": True}
    if not of_openai and not of_perplexity:
        body["extra_body"] = {"usage": {"include": True}}
    return body


def _unusable(endpoint: Endpoint) -> str | None:
    """What no request could be made of, said without the key."""
    key = endpoint.api_key
    if key is not None and not (key.isascii() and key.isprintable() and key.strip() == key and key):
        return "the key holds characters that no header can carry"
    try:
        parts = urlsplit(endpoint.base_url)
        parts.port  # noqa: B018
    except ValueError:
        return "the address of the provider cannot be read"
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return "the address of the provider must begin with http:// or https:// and name a host"
    return None


def _ms_since(began: float) -> int:
    return int((time.monotonic() - began) * 1000)
