"""Prompts as an arena would send them, and readers of what comes back."""

import json
import re
from typing import Any

import requests

from tests.sandbox.conftest import Served

COMPLETIONS = "/openrouter/api/v1/chat/completions"
SEARCHES = "/perplexity/chat/completions"
K = "/kalshi/trade-api/v2"

QUOTE = "QUOTE\nYES: bid 0.41 dollars, ask 0.43 dollars.\nMid of YES: 0.42 dollars.\n"
RIVALS = (
    "RIVALS\n- GPT-4o took YES with 4,000.00 dollars on “Will it rain?”; it ended NO.\n- Grok-2 abstained on “x”.\n"
)
STANDING = "STANDING\nCash 900.00 dollars. Won 3, lost 1.\nPlace: 2 of 13.\n"

Chunk = dict[str, Any]


def open_markets(served: Served, count: int = 20) -> list[str]:
    """Ids of open markets of both venues."""
    kalshi = served.get(f"{K}/markets", status="open", limit=count).json()["markets"]
    gamma = served.get("/gamma/markets/keyset", limit=count, closed="false").json()["markets"]
    return [f"kalshi:{row['ticker']}" for row in kalshi] + [f"polymarket:{row['id']}" for row in gamma]


def prompt(market: str, *sections: str, system: str = "You are a forecaster.") -> list[dict[str, str]]:
    text = "\n".join([f"Market: {market}", *sections])
    return [{"role": "system", "content": system}, {"role": "user", "content": text}]


def body(model: str, messages: list[dict[str, str]], **more: Any) -> dict[str, Any]:
    return {"model": model, "messages": messages, **more}


def whole(served: Served, model: str, messages: list[dict[str, str]], **more: Any) -> dict[str, Any]:
    answer: dict[str, Any] = served.post(COMPLETIONS, body(model, messages, **more)).json()
    return answer


def said(served: Served, model: str, messages: list[dict[str, str]], **more: Any) -> str:
    text: str = whole(served, model, messages, **more)["choices"][0]["message"]["content"]
    return text


def events(served: Served, path: str, request: dict[str, Any]) -> list[str]:
    """The events of a stream as they stand in it, comments included."""
    answer = requests.post(served.url + path, json={**request, "stream": True}, timeout=30)
    assert answer.headers["content-type"].startswith("text/event-stream"), answer.text[:300]
    return [event for event in re.split(r"\r?\n\r?\n", answer.content.decode()) if event]


def chunks(stream: list[str]) -> list[Chunk]:
    data = [event.removeprefix("data: ") for event in stream if event.startswith("data: ")]
    return [json.loads(text) for text in data if text != "[DONE]"]


def spoken(stream: list[str], key: str = "content") -> str:
    return "".join(chunk["choices"][0]["delta"].get(key) or "" for chunk in chunks(stream))


def decision(text: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(text.split("```json\n")[1].split("\n```")[0])
    return found
