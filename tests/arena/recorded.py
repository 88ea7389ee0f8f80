"""Answers of providers that were recorded elsewhere, as the bytes that came over the wire; skipped where absent."""

import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
FIXTURES = DATA / "llm_fixtures"


def need(path: Path) -> Path:
    if not path.exists():
        pytest.skip(f"{path.name} is not beside this checkout")
    return path


def text_of(path: Path) -> str:
    data = need(path).read_bytes()
    return (gzip.decompress(data) if path.suffix == ".gz" else data).decode()


@cache
def expected() -> dict[str, dict[str, Any]]:
    """What the oracle says of each recording; empty where there is no oracle, so that its tests are not collected."""
    path = DATA / "oracles" / "llm_fixtures.json"
    if not path.exists():
        return {}
    figures: dict[str, dict[str, Any]] = json.loads(path.read_text(), parse_float=Decimal)["dev"]
    return figures


def wire_bytes(name: str) -> bytes:
    """A recording of the oracle as its server sent it: a body, or a stream of events."""
    for folder in (FIXTURES, FIXTURES / "openrouter_sdk", FIXTURES / "perplexity"):
        if (folder / name).exists():
            text = text_of(folder / name)
            return text.encode() if ".json" in name and ".jsonl" not in name else _stream(text)
    pytest.skip(f"{name} is not beside this checkout")


def _stream(text: str) -> bytes:
    """Lines of the recorder: events whole or in the pieces in which the network brought them, comments and pauses."""
    sent: list[str] = []
    pieces = ""
    for line in text.splitlines():
        item: dict[str, Any] = json.loads(line) if line.strip() else {"delay_ms": 0}
        if "text" in item:
            pieces += item["text"]
            if _is_json(pieces):
                sent.append(f"data: {pieces}\n\n")
                pieces = ""
        elif "comment" in item:
            sent.append("" if pieces else item["comment"])
        elif "delay_ms" not in item:
            sent.append(f"data: {json.dumps(item.get('json', item), ensure_ascii=False)}\n\n")
    return "".join(sent).encode()


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


@dataclass(frozen=True)
class Exchange:
    """One recorded request and its answer."""

    status: int
    asked: dict[str, Any]
    body: bytes


def exchanges(name: str) -> Iterator[Exchange]:
    for one in yaml.safe_load(text_of(FIXTURES / "openrouter" / name))["interactions"]:
        response, asked = one["response"], one["request"].get("parsed_body") or {}
        body = response.get("body", {}).get("string")
        data = json.dumps(response["parsed_body"]).encode() if body is None else body
        yield Exchange(int(response["status"]["code"]), asked, data.encode() if isinstance(data, str) else data)
