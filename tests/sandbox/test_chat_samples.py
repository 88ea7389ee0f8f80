"""Answers of the played models have the keys and types of captured ones, where captures lie beside the checkout."""

import gzip
import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from tests.sandbox.chats import COMPLETIONS, QUOTE, SEARCHES, body, chunks, events, open_markets, prompt, whole
from tests.sandbox.conftest import Served
from tests.sandbox.test_samples import kinds, missing, rows_with, strangers

FIXTURES = Path(__file__).resolve().parents[3] / "shared" / "data" / "llm_fixtures"
CLAUDE = "anthropic/claude-3.5-sonnet"
Row = dict[str, Any]

# What Perplexity documents since the capture of early 2026.
SEARCHES_NEWER = frozenset({"search_results", "cost", "search_context_size"})


def captured(folder: str, ending: str) -> list[Any]:
    """Every JSON value of these files, whole bodies and lines of recorded streams."""
    if not FIXTURES.is_dir():
        pytest.skip("no captured answers lie beside the checkout (shared/data/llm_fixtures)")
    found: list[Any] = []
    for file in sorted((FIXTURES / folder).iterdir()):
        if ending in file.name:
            data = gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()
            streamed = ".jsonl" in file.name or "chunks" in file.name
            lines = data.splitlines() if streamed else [data]
            found += [_unwrapped(json.loads(line)) for line in lines if line.strip()]
    return found


def _unwrapped(value: Any) -> Any:
    """Recordings wrap events as text or as JSON, and bodies as text; an event that is cut in two stays text."""
    if isinstance(value, dict) and len(value) == 1 and set(value) <= {"json", "text"}:
        return _unwrapped(next(iter(value.values())))
    if isinstance(value, str) and value.strip().startswith("{"):
        with suppress(json.JSONDecodeError):
            return json.loads(value)
    return value


def of_object(rows: list[Any], name: str) -> list[Row]:
    return [row for row in rows if isinstance(row, dict) and row.get("object") == name]


def inner(rows: list[Row], *path: str | int) -> list[Row]:
    """What stands at this place, in each of the rows that have it."""
    found: list[Any] = list(rows)
    for step in path:
        if isinstance(step, int):
            found = [row[step] for row in found if row]
        else:
            found = [row[step] for row in found if isinstance(row, dict) and row.get(step) is not None]
    return found


@pytest.fixture
def stream(models: Served) -> list[Row]:
    return chunks(events(models, COMPLETIONS, body(CLAUDE, prompt(open_markets(models, 1)[0], QUOTE))))


def test_chunks_are_shaped_as_captured_ones(stream: list[Row]) -> None:
    theirs = of_object(captured("openrouter_sdk", ".jsonl"), "chat.completion.chunk")

    for place in ((), ("choices", 0), ("choices", 0, "delta"), ("usage",)):
        own, known = inner(stream, *place), inner(theirs, *place)
        assert len(known) >= 4
        assert strangers(own, known) == [], place
        assert missing(own, known) == set(), place
    for nested in ("cost_details", "completion_tokens_details"):
        assert strangers(inner(stream, "usage", nested), inner(theirs, "usage", nested)) == []
    thought = inner(stream, "choices", 0, "delta", "reasoning_details", 0)
    assert strangers(thought, inner(theirs, "choices", 0, "delta", "reasoning_details", 0)) == []


def test_whole_answers_are_shaped_as_captured_ones(models: Served) -> None:
    theirs = of_object(captured("openrouter_sdk", ".json"), "chat.completion")
    ours = [whole(models, "openai/gpt-4o", prompt(market, QUOTE)) for market in open_markets(models, 2)]

    for place in ((), ("choices", 0), ("choices", 0, "message"), ("usage",)):
        own, known = inner(ours, *place), inner(theirs, *place)
        assert strangers(own, known) == [], place
        assert missing(own, known) - {"annotations"} == set(), place


def test_errors_are_shaped_as_captured_ones(models: Served) -> None:
    theirs = [row for row in captured("openrouter_sdk", ".json") if isinstance(row, dict) and "error" in row]
    errors = [row for row in theirs if isinstance(row["error"], dict)]
    models.post("/sandbox/faults", [{"kind": "429", "match": "/openrouter/", "count": 1}], expect=201)

    ours = models.post(COMPLETIONS, body(CLAUDE, prompt("polymarket:1")), expect=429).json()

    assert errors
    assert strangers([ours], errors) == []
    assert strangers([ours["error"]], inner(errors, "error")) == []
    assert strangers([ours["error"]["metadata"]], inner(errors, "error", "metadata")) == []


def test_searches_are_shaped_as_captured_ones(models: Served) -> None:
    theirs = [row for row in captured("perplexity", "") if isinstance(row, dict)]
    request = body("sonar", prompt("", "Question: Will it rain in Rome?"))
    ours = [models.post(SEARCHES, request).json(), *chunks(events(models, SEARCHES, request))]

    for place in ((), ("usage",), ("choices", 0), ("choices", 0, "delta")):
        own, known = inner(ours, *place), inner(theirs, *place)
        assert strangers(own, known, SEARCHES_NEWER) == [], place
        assert missing(own, known) == set(), place
    assert kinds(ours)["object"] == {"text"}
    assert {row["object"] for row in ours} == {row["object"] for row in theirs}
    assert list(rows_with(ours[0], "url", "date", "title"))
