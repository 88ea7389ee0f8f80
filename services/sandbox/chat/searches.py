"""Answers of a searching model as Perplexity sends them: text with marks, the pages it read, and what it cost."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson

from services.sandbox.chat.asking import Asked
from services.sandbox.chat.rows import tokens_of
from services.sandbox.domain.chance import scalar_hash
from services.sandbox.domain.press import Page, told

TOKEN_PRICE = 0.000001  # dollars, of the prompt and of the answer
REQUEST_PRICE = 0.005
DISCONNECTED = {"message": "Upstream disconnected", "type": "server_error", "code": 502}


@dataclass(frozen=True, slots=True)
class Search:
    asked: Asked
    created: int
    number: int
    pages: list[Page]
    tokens: list[str]
    finish: str

    @property
    def head(self) -> dict[str, Any]:
        high, low = scalar_hash(self.number, 1), scalar_hash(self.number, 2)
        named = UUID(int=(high << 64) | low, version=4)
        return {"id": str(named), "model": self.asked.model, "created": self.created}

    @property
    def citations(self) -> list[str]:
        return [page.url for page in self.pages]

    @property
    def results(self) -> list[dict[str, Any]]:
        return [
            {"title": page.title, "url": page.url, "date": page.date, "last_updated": None, "snippet": page.text}
            for page in self.pages
        ]

    def usage(self, completion: int, *, cost: bool) -> dict[str, Any]:
        prompt = self.asked.prompt_tokens
        counted = {
            "prompt_tokens": prompt,
            "completion_tokens": completion,
            "total_tokens": prompt + completion,
            "search_context_size": "low",
        }
        if not cost:
            return counted
        read, written = round(prompt * TOKEN_PRICE, 9), round(completion * TOKEN_PRICE, 9)
        costs = {
            "input_tokens_cost": read,
            "output_tokens_cost": written,
            "request_cost": REQUEST_PRICE,
            "total_cost": round(read + written + REQUEST_PRICE, 9),
        }
        return {**counted, "cost": costs}


def search_of(asked: Asked, pages: list[Page], created: int, number: int) -> Search:
    tokens = tokens_of(told(pages))
    bound = asked.tokens_max or len(tokens)
    finish = "length" if len(tokens) > bound else "stop"
    return Search(asked, created, number, pages, tokens[:bound], finish)


def whole_body(search: Search, *, usage: bool) -> bytes:
    message = {"role": "assistant", "content": "".join(search.tokens)}
    body = {
        **search.head,
        "usage": search.usage(len(search.tokens), cost=True),
        "citations": search.citations,
        "search_results": search.results,
        "object": "chat.completion",
        "choices": [{"index": 0, "message": message, "finish_reason": search.finish}],
    }
    return orjson.dumps(body if usage else {name: value for name, value in body.items() if name != "usage"})


def token_events(search: Search, *, usage: bool) -> list[bytes]:
    return [_event(search, number, piece, usage=usage) for number, piece in enumerate(search.tokens, 1)]


def _event(search: Search, number: int, piece: str, *, usage: bool) -> bytes:
    counted = {"usage": search.usage(number, cost=False)} if usage else {}
    body = {
        **search.head,
        **counted,
        "citations": search.citations,
        "object": "chat.completion.chunk",
        "choices": [{"index": 0, "delta": {"role": "assistant", "content": piece}}],
    }
    return b"data: " + orjson.dumps(body) + b"\r\n\r\n"


def last_event(search: Search, *, usage: bool) -> bytes:
    """Here the pages come in full; there is no [DONE]."""
    counted = {"usage": search.usage(len(search.tokens), cost=True)} if usage else {}
    ended = {"index": 0, "delta": {"role": "assistant", "content": ""}, "finish_reason": search.finish}
    body = {
        **search.head,
        **counted,
        "citations": search.citations,
        "search_results": search.results,
        "object": "chat.completion.done",
        "choices": [ended],
    }
    return b"data: " + orjson.dumps(body) + b"\r\n\r\n"


def broken_event() -> bytes:
    return b"data: " + orjson.dumps({"error": DISCONNECTED}) + b"\r\n\r\n"
