"""Recorded answers of real providers are read as the oracle reads them, however the network cuts them."""

import json
from decimal import Decimal
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.arena.clients.failures import code_of, refused, wait_of
from services.arena.clients.parse_chat import AnswerReader, concluded, read_listed
from services.arena.domain.completions import CallFailure, Completion
from tests.arena.recorded import exchanges, expected, wire_bytes

SKIPPED = pytest.mark.skipif(not expected(), reason="the recorded answers are not beside this checkout")


def read(*chunks: bytes) -> Completion | CallFailure:
    reader = AnswerReader()
    for chunk in chunks:
        reader.feed(chunk)
    reader.end()
    return concluded(reader, simulated=False, latency_ms=1, first_token_ms=None)


def said(*events: Any, done: bool = True) -> Completion | CallFailure:
    stream = b"".join(b"data: " + json.dumps(event).encode() + b"\n\n" for event in events)
    return read(stream + (b"data: [DONE]\n\n" if done else b""))


def delta(finish: str | None = None, **fields: Any) -> dict[str, Any]:
    return {"id": "g", "model": "m", "choices": [{"index": 0, "delta": fields, "finish_reason": finish}]}


@SKIPPED
@pytest.mark.parametrize("name", sorted(expected()))
def test_a_recorded_answer_has_the_figures_of_the_oracle(name: str) -> None:
    figures = expected()[name]

    answer = read(wire_bytes(name))

    text = answer.text if isinstance(answer, Completion) else answer.said
    usage = answer.usage
    assert sha256(text.encode()).hexdigest()[:16] == figures["text_sha256"]
    assert (usage.prompt_tokens, usage.completion_tokens) == (figures["prompt_tokens"], figures["completion_tokens"])
    assert usage.cost == figures["cost"]
    if isinstance(answer, Completion):
        assert answer.model_version == figures["model"]
        assert len(answer.sources) == figures["citations"]
        assert figures["finish"] in (answer.finish_reason, None) or figures["finish"] == "completed"
    else:
        assert figures["chars"] == 0
        assert figures["finish"] != "stop" or figures["tool_calls"]


@SKIPPED
@pytest.mark.parametrize("size", [1, 7, 1_000])
@pytest.mark.parametrize("name", ["SQdqVfHTM78.jsonl.gz", "perplexity-citations.chunks.txt", "PPnOkuI0mSq.json"])
def test_it_does_not_matter_how_the_network_cuts_an_answer(name: str, size: int) -> None:
    whole = wire_bytes(name)

    cut = read(*(whole[start : start + size] for start in range(0, len(whole), size)))

    assert cut == read(whole)


@SKIPPED
def test_thoughts_stand_apart_from_the_answer() -> None:
    answer = read(wire_bytes("JlkjtO2qFKO.jsonl.gz"))

    assert isinstance(answer, Completion)
    assert answer.thoughts and answer.thoughts not in answer.text


@SKIPPED
@pytest.mark.parametrize(
    ("name", "code"),
    [("openrouter_stream_error.yaml", "stream_error"), ("openrouter_tool_calling.yaml", "empty_answer")],
)
def test_a_recorded_failure_keeps_what_was_used(name: str, code: str) -> None:
    [exchange] = exchanges(name)

    failure = read(exchange.body)

    assert isinstance(failure, CallFailure)
    assert failure.code == code
    assert failure.usage.prompt_tokens and failure.usage.completion_tokens


@SKIPPED
def test_recorded_refusals_say_whether_they_were_free() -> None:
    codes = [
        refused(each.status, each.body, None, None)
        for each in exchanges("openrouter_errors_raised.yaml")
        if each.status >= 400
    ]

    assert codes and all(failure.code == "rate_limited" and failure.free for failure in codes)
    assert "temporarily rate-limited" in codes[0].detail


@SKIPPED
def test_a_recorded_search_names_its_pages() -> None:
    answers = [read(each.body) for each in exchanges("openrouter_web_search_annotations.yaml")]

    assert any(isinstance(answer, Completion) and answer.sources for answer in answers)
    for answer in answers:
        assert isinstance(answer, Completion)
        assert all(source.url.startswith("https://") for source in answer.sources)


@SKIPPED
def test_every_recorded_conversation_is_read() -> None:
    names = ("openrouter_usage.yaml", "openrouter_stream_with_native_options.yaml", "simonw_prompt.yaml")
    talks = [each for name in names for each in exchanges(name) if b"canonical_slug" not in each.body]

    answers = [read(each.body) for each in talks]

    assert len(answers) == 4
    assert all(isinstance(answer, Completion) and answer.text for answer in answers)


@SKIPPED
def test_a_recorded_list_of_models_has_its_prices() -> None:
    lists = [each.body for each in exchanges("simonw_models.yaml") if b"canonical_slug" in each.body]

    [listed] = [read_listed(body) for body in lists]

    assert listed
    assert all(each.prompt_price is not None and each.prompt_price < 1_000 for each in listed)


def test_a_stream_without_an_end_is_broken_off_and_keeps_what_was_said() -> None:
    failure = said(delta(content="I say "), delta(content="YES"), done=False)

    assert isinstance(failure, CallFailure)
    assert (failure.code, failure.said, failure.free) == ("broken_off", "I say YES", False)


@pytest.mark.parametrize("end", [b"data: [DONE]", b'data: {"choices":[{"finish_reason":"stop","delta":{}}]}\n\n'])
def test_an_end_is_an_end_with_or_without_its_last_line(end: bytes) -> None:
    answer = read(b'data: {"choices":[{"delta":{"content":"hi"}}]}\n\n', end)

    assert isinstance(answer, Completion)
    assert answer.text == "hi"


def test_a_stream_broken_in_the_middle_of_an_event_is_broken_off() -> None:
    failure = read(b'data: {"choices":[{"delta":{"content":"hi"}}]}\n\ndata: {"choices":[{"del')

    assert isinstance(failure, CallFailure)
    assert failure.code == "broken_off"


def test_an_event_that_is_no_json_makes_the_answer_unreadable() -> None:
    failure = read(b'data: {"choices":[{"delta":{"content":"hi"}}]}\n\ndata: {"choices":[\n\ndata: [DONE]\n\n')

    assert isinstance(failure, CallFailure)
    assert failure.code == "unreadable_answer"


@pytest.mark.parametrize(
    ("event", "code"),
    [
        ({"error": {"code": 402, "message": "no credits"}}, "no_credit"),
        ({"error": {"code": "429", "message": "slow down"}}, "rate_limited"),
        ({"error": {"code": 502, "message": "upstream"}}, "stream_error"),
        ({"error": "plain words"}, "stream_error"),
        ({"choices": [{"error": {"code": 429, "message": "late"}, "delta": {"content": ""}}]}, "rate_limited"),
        (delta("content_filter"), "refusal"),
        (delta("stop", refusal="I cannot help with that."), "refusal"),
        (delta("length"), "cut_off"),
        (delta("stop", content=" \n"), "empty_answer"),
        (delta("error"), "stream_error"),
    ],
)
def test_an_answer_that_is_none_has_its_code(event: dict[str, Any], code: str) -> None:
    failure = said(event)

    assert isinstance(failure, CallFailure)
    assert failure.code == code


def test_an_error_after_words_may_have_been_charged() -> None:
    failure = said(delta(content="I lean"), {"error": {"code": 429, "message": "slow down"}})

    assert isinstance(failure, CallFailure)
    assert (failure.code, failure.free, failure.said) == ("stream_error", False, "I lean")


def test_an_error_in_a_body_is_read_like_one_in_a_stream() -> None:
    failure = read(b'{"error": {"code": 402, "message": "Insufficient credits"}}')

    assert isinstance(failure, CallFailure)
    assert (failure.code, failure.free) == ("no_credit", True)
    assert "Insufficient credits" in failure.detail


def test_usage_comes_in_a_chunk_without_choices() -> None:
    usage = {"prompt_tokens": 3, "completion_tokens": 5, "cost": 0.00012}

    answer = said(delta("stop", content="x"), {"choices": [], "usage": usage})

    assert isinstance(answer, Completion)
    assert answer.usage.cost == Decimal("0.00012")


@pytest.mark.parametrize(
    ("usage", "cost"),
    [
        ({"cost": {"input_tokens_cost": 0.1, "total_cost": 0.3}}, "0.3"),
        ({"cost": 0.01, "is_byok": True, "cost_details": {"upstream_inference_cost": 0.2}}, "0.21"),
        ({"cost": 0.01, "is_byok": False, "cost_details": {"upstream_inference_cost": 0.2}}, "0.01"),
        ({"cost": "0.5"}, "0.5"),
        ({"cost": -1}, None),
        ({"cost": True}, None),
        ({"cost": "dear"}, None),
        ({}, None),
    ],
)
def test_what_it_cost_is_read_in_every_form_and_never_invented(usage: dict[str, Any], cost: str | None) -> None:
    answer = said({**delta("stop", content="x"), "usage": usage})

    assert answer.usage.cost == (None if cost is None else Decimal(cost))


def test_sources_of_all_kinds_are_one_list_with_what_is_known() -> None:
    event = {
        **delta("stop", content="x [1]", annotations=[{"type": "url_citation", "url_citation": {"url": "https://c"}}]),
        "citations": ["https://a", "https://b"],
        "search_results": [{"url": "https://b", "title": "B", "date": "2026-01-02", "snippet": "words"}],
    }

    answer = said(event)

    assert isinstance(answer, Completion)
    assert [source.url for source in answer.sources] == ["https://a", "https://b", "https://c"]
    assert (answer.sources[1].title, str(answer.sources[1].published_at)) == ("B", "2026-01-02 00:00:00+00:00")


def test_what_postgres_cannot_hold_does_not_come_through() -> None:
    answer = read(b'data: {"choices":[{"delta":{"content":"a\\u0000b\\ud83d"},"finish_reason":"stop"}]}\n\n')

    assert isinstance(answer, Completion)
    assert answer.text == "ab\ufffd"


def test_an_endless_answer_is_given_up() -> None:
    reader = AnswerReader()
    event = b'data: {"choices":[{"delta":{"content":"' + b"x" * 50_000 + b'"}}]}\n\n'

    for _ in range(9):
        reader.feed(event)

    assert reader.spoken.problem is not None
    assert len(reader.spoken.text) <= 400_000


@given(st.binary(max_size=300))
def test_no_bytes_break_the_reader(data: bytes) -> None:
    assert isinstance(read(data), CallFailure | Completion)
    assert isinstance(read(b"data: " + data + b"\n\n"), CallFailure | Completion)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["choices", "delta", "message", "content", "usage", "error", "cost", "type", "object", "output"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(_JSON)
def test_no_shape_breaks_the_reader(value: Any) -> None:
    assert isinstance(said(value), CallFailure | Completion)
    assert isinstance(read(json.dumps(value).encode()), CallFailure | Completion)


@pytest.mark.parametrize(
    ("status", "code"),
    [(400, "refused_by_provider"), (401, "refused_by_provider"), (402, "no_credit"), (404, "refused_by_provider"),
     (408, "timed_out"), (429, "rate_limited"), (500, "provider_failed"), (503, "provider_failed"), (504, "timed_out")],
)  # fmt: skip
def test_a_status_means_one_thing(status: int, code: str) -> None:
    assert code_of(status) == code


def test_a_wait_is_seconds_or_a_moment_after_the_answer() -> None:
    assert wait_of("7", None) == 7
    assert wait_of("Tue, 04 Aug 2026 22:24:34 GMT", "Tue, 04 Aug 2026 22:24:24 GMT") == 10
    assert wait_of("Tue, 04 Aug 2026 22:24:34 GMT", None) is None
    assert wait_of("soon", None) is None
    assert wait_of("nan", None) is None


def test_a_key_that_a_provider_repeats_is_not_repeated_again() -> None:
    body = b'{"error": {"message": "Incorrect API key provided: sk-abcdef123456. Also secret-of-mine"}}'

    failure = refused(401, body, None, "secret-of-mine")

    assert "sk-abcdef" not in failure.detail
    assert "secret-of-mine" not in failure.detail


def test_a_list_of_models_has_prices_for_a_million_tokens() -> None:
    listed = read_listed(
        b'{"data":[{"id":"a/b","pricing":{"prompt":"0.0000025","completion":"0.00001"}},'
        b'{"id":"auto","pricing":{"prompt":"-1"}},{"id":"local"},{"name":"nobody"}]}'
    )

    assert listed is not None
    assert [(each.model, each.prompt_price, each.completion_price) for each in listed] == [
        ("a/b", Decimal("2.5"), Decimal(10)),
        ("auto", None, None),
        ("local", None, None),
    ]
    assert read_listed(b"<html>") is None
