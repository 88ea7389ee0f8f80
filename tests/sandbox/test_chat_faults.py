"""Misbehaviour of the providers of models, each kind seen from outside, and that it ends."""

import json
import time
from itertools import pairwise
from typing import Any

import pytest
import requests

from services.sandbox.settings import Settings
from tests.sandbox.chats import (
    COMPLETIONS,
    QUOTE,
    SEARCHES,
    body,
    chunks,
    decision,
    events,
    open_markets,
    prompt,
    said,
    spoken,
    whole,
)
from tests.sandbox.conftest import Served, serving

CLAUDE, GPT = "anthropic/claude-3.5-sonnet", "openai/gpt-4o"


def order(served: Served, **fault: Any) -> None:
    served.post("/sandbox/faults", [fault], expect=201)


@pytest.fixture
def messages(models: Served) -> list[dict[str, str]]:
    return prompt(open_markets(models, 1)[0], QUOTE)


@pytest.mark.parametrize(
    ("kind", "status"), [("402", 402), ("429", 429), ("status_500", 500), ("status_503", 503), ("venue_down", 503)]
)
def test_refusals_come_in_the_words_of_the_provider_and_end(
    models: Served, messages: list[dict[str, str]], kind: str, status: int
) -> None:
    order(models, kind=kind, match="/openrouter/", count=1, retry_after=3)

    refused = models.post(COMPLETIONS, body(GPT, messages, stream=True), expect=status)

    assert refused.headers["x-simulated"]
    assert refused.headers["retry-after"] == "3"
    if kind != "venue_down":
        assert refused.json()["error"]["code"] == status
    models.post(COMPLETIONS, body(GPT, messages))


def test_half_of_the_requests_can_fail(models: Served, messages: list[dict[str, str]]) -> None:
    order(models, kind="status_503", match="/chat/completions", share=0.5)

    answers = [requests.post(models.url + COMPLETIONS, json=body(GPT, messages), timeout=9) for _ in range(8)]

    assert [answer.status_code for answer in answers].count(503) == 4


def test_a_provider_can_be_down_while_the_other_one_works(models: Served, messages: list[dict[str, str]]) -> None:
    order(models, kind="venue_down", venue="openrouter")

    models.get("/openrouter/api/v1/models", expect=503)
    models.post(SEARCHES, body("sonar", messages))
    models.get("/clob/time")


def test_faults_of_answers_strike_answers_alone_and_those_of_books_no_models(
    models: Served, messages: list[dict[str, str]]
) -> None:
    def seen() -> dict[str, int]:
        return {fault["kind"]: fault["seen"] for fault in models.get("/sandbox/faults").json()["faults"]}

    order(models, kind="stall", delay=0.01)
    order(models, kind="no_book")

    models.get("/openrouter/api/v1/models")
    before = seen()
    models.get("/clob/book", expect=404)
    models.post(COMPLETIONS, body(GPT, messages))

    assert before == {"stall": 0, "no_book": 0}
    assert seen() == {"stall": 1, "no_book": 1}


def test_a_refusal_is_a_message_of_its_own_or_just_said(models: Served, messages: list[dict[str, str]]) -> None:
    order(models, kind="refusal", count=3)

    apart = whole(models, GPT, messages)["choices"][0]["message"]
    stream = events(models, COMPLETIONS, body(GPT, messages))
    plain = said(models, CLAUDE, messages)

    assert apart["content"] is None
    assert apart["refusal"] == spoken(stream, "refusal")
    assert "can't" in apart["refusal"]
    assert "can't" in plain
    assert "```json" in said(models, CLAUDE, messages)


def test_a_decision_can_be_malformed_in_several_ways_and_its_repair_is_not(models: Served) -> None:
    markets = open_markets(models, 10)
    order(models, kind="malformed_decision", count=len(markets))
    texts = [said(models, CLAUDE, prompt(market, QUOTE)) for market in markets]

    kinds = {_wrong(text) for text in texts}
    asked = prompt(markets[0], QUOTE)
    repair = [*asked, {"role": "assistant", "content": texts[0]}, {"role": "user", "content": "Not readable."}]
    repaired = json.loads(said(models, CLAUDE, repair))

    assert None not in kinds
    assert len(kinds) >= 3
    assert repaired == decision(said(models, CLAUDE, asked))


def _wrong(text: str) -> str | None:
    try:
        decided = decision(text)
    except ValueError:
        return "no JSON"
    if decided["position"] not in ("YES", "NO", "ABSTAIN"):
        return "position"
    if not isinstance(decided["probability"], float):
        return "no number"
    return None if 0 <= decided["probability"] <= 1 else "out of bounds"


@pytest.mark.parametrize("path", [COMPLETIONS, SEARCHES])
def test_a_stream_can_end_without_its_end(models: Served, messages: list[dict[str, str]], path: str) -> None:
    request = body("sonar" if path == SEARCHES else GPT, messages)
    sound = events(models, path, request)
    order(models, kind="cut_stream", match=path, count=1)

    cut = events(models, path, request)

    assert spoken(cut) and spoken(sound).startswith(spoken(cut))
    assert len(spoken(cut)) < 0.8 * len(spoken(sound))
    assert not any(chunk["choices"][0].get("finish_reason") for chunk in chunks(cut))
    assert "data: [DONE]" not in cut
    assert events(models, path, request) == sound


def test_a_whole_answer_can_be_cut_too(models: Served, messages: list[dict[str, str]]) -> None:
    for kind in ("cut_stream", "cut_json"):
        order(models, kind=kind, match=COMPLETIONS, count=1)
        with pytest.raises(requests.exceptions.JSONDecodeError):
            whole(models, GPT, messages)


def test_bytes_of_a_stream_can_be_cut_within_an_event(models: Served, messages: list[dict[str, str]]) -> None:
    order(models, kind="cut_json", match=COMPLETIONS, count=1)

    stream = events(models, COMPLETIONS, body(GPT, messages))

    with pytest.raises(json.JSONDecodeError):
        chunks(stream)


def test_an_error_can_come_within_a_stream(models: Served, messages: list[dict[str, str]]) -> None:
    order(models, kind="stream_error", match=COMPLETIONS, count=2)

    stream = events(models, COMPLETIONS, body(GPT, messages))
    last = chunks(stream)[-1]
    plain = whole(models, GPT, messages)

    assert last["error"] == {"code": 502, "message": "Provider disconnected"}
    assert last["usage"]["completion_tokens"] > 0
    assert plain["error"]["code"] == 502
    assert "choices" not in plain


def test_an_answer_can_say_nothing_of_its_usage(models: Served, messages: list[dict[str, str]]) -> None:
    order(models, kind="no_usage", count=4)

    answers = [whole(models, GPT, messages), models.post(SEARCHES, body("sonar", messages)).json()]
    streams = [events(models, COMPLETIONS, body(GPT, messages)), events(models, SEARCHES, body("sonar", messages))]

    assert not any("usage" in answer for answer in answers)
    assert not any("usage" in chunk for stream in streams for chunk in chunks(stream))
    assert streams[0][-1] == "data: [DONE]"


def test_a_stream_can_fall_silent_in_the_middle(models: Served, messages: list[dict[str, str]]) -> None:
    order(models, kind="stall", delay=0.4, count=1)
    began = time.perf_counter()

    with requests.post(
        models.url + COMPLETIONS, json=body(GPT, messages, stream=True), stream=True, timeout=9
    ) as answer:
        moments = [time.perf_counter() - began for line in answer.iter_lines() if line.startswith(b"data:")]

    assert max(after - before for before, after in pairwise(moments)) > 0.3
    assert moments[0] < 0.3


def test_latency_and_timeouts_work_here_too(models: Served, messages: list[dict[str, str]]) -> None:
    order(models, kind="latency", match=COMPLETIONS, delay=0.4, count=1)
    began = time.perf_counter()
    events(models, COMPLETIONS, body(GPT, messages))
    late = time.perf_counter() - began
    order(models, kind="timeout", match=COMPLETIONS, delay=0.2, count=1)

    with pytest.raises((requests.exceptions.ChunkedEncodingError, requests.exceptions.ConnectionError)):
        requests.post(models.url + COMPLETIONS, json=body(GPT, messages), timeout=5)

    assert late > 0.35


def test_tokens_come_at_the_rate_that_is_set() -> None:
    with serving(Settings(sandbox_markets=100, sandbox_tokens_a_second=200)) as served:
        request = body(GPT, prompt(open_markets(served, 1)[0], QUOTE), stream=True, max_tokens=110)
        began = time.perf_counter()
        with requests.post(served.url + COMPLETIONS, json=request, stream=True, timeout=9) as answer:
            moments = [time.perf_counter() - began for data in answer.iter_content(None) if b"data:" in data]
        whole_began = time.perf_counter()
        whole(served, GPT, request["messages"], max_tokens=110)
        waited = time.perf_counter() - whole_began

    rate = 110 / (moments[-1] - 0.4)
    assert moments[0] > 0.4
    assert 120 < rate < 260  # 220 by the model's own pace
    assert 5 < len(moments) < 30  # several tokens in one write
    assert waited > 0.8
