"""The client against servers that drip, stall, lie and break off; nothing of a key is ever said."""

import json
import socket
import threading
import time
from collections.abc import Iterator
from decimal import Decimal

import pytest

from services.arena.clients.chat import Providers, request_body
from services.arena.domain.completions import CallFailure, Completion, Endpoint, Message, Question
from tests.arena.wire_double import STREAM, Writing, running_wire, whole

KEY = "key-of-the-test"


@pytest.fixture
def providers() -> Iterator[Providers]:
    providers = Providers()
    yield providers
    providers.close()


def event(content: str = "", finish: str | None = None) -> bytes:
    choice = {"index": 0, "delta": {"content": content}, "finish_reason": finish}
    return b"data: " + json.dumps({"id": "g", "model": "m/1-2026", "choices": [choice]}).encode() + b"\n\n"


def writes(*parts: bytes, pause: float = 0.0) -> Writing:
    def write(taken: socket.socket, asked: bytes) -> None:
        for part in parts:
            taken.sendall(part)
            time.sleep(pause)

    return write


def stalls(data: bytes) -> Writing:
    def write(taken: socket.socket, asked: bytes) -> None:
        taken.sendall(data)
        time.sleep(3)

    return write


def test_pieces_are_handed_on_while_the_answer_is_on_its_way(providers: Providers) -> None:
    heard: list[tuple[str, str]] = []
    first = threading.Event()

    def write(taken: socket.socket, asked: bytes) -> None:
        taken.sendall(STREAM + b'data: {"choices":[{"delta":{"reasoning":"hm "}}]}\n\n' + event("I say "))
        first.wait(5)  # the second half leaves when the first one was heard
        taken.sendall(event("YES", "stop") + b"data: [DONE]\n\n")

    def on_piece(text: str, kind: str) -> None:
        heard.append((text, kind))
        if kind == "answer":
            first.set()

    with running_wire(write) as wire:
        answer = providers.stream(wire.question(), on_piece)

    assert isinstance(answer, Completion)
    assert heard == [("hm ", "reasoning"), ("I say ", "answer"), ("YES", "answer")]
    assert (answer.text, answer.thoughts, answer.model_version) == ("I say YES", "hm ", "m/1-2026")
    assert answer.first_token_ms is not None and answer.first_token_ms <= answer.latency_ms


@pytest.mark.parametrize(
    "drip",
    [
        pytest.param((STREAM, b": still here\n\n"), id="comments"),
        pytest.param((STREAM, b"x"), id="one line without an end"),
        pytest.param((b"HTTP/1.1 200 OK\r\n", b"x-more: y\r\n"), id="headers"),
        pytest.param((STREAM, b" "), id="blanks"),
        pytest.param((b"HTTP/1.1 500 Bad\r\n\r\n", b"x"), id="an error's body"),
    ],
)
def test_a_server_that_drips_does_not_hold_us_beyond_our_time(providers: Providers, drip: tuple[bytes, bytes]) -> None:
    first, again = drip
    with running_wire(writes(first, *[again] * 60, pause=0.05)) as wire:
        began = time.monotonic()
        failure = providers.stream(wire.question(seconds=0.5), lambda *_: None)

    assert isinstance(failure, CallFailure)
    assert failure.code == "timed_out"
    assert time.monotonic() - began < 1.5


def test_a_server_that_falls_silent_after_words_may_have_charged(providers: Providers) -> None:
    with running_wire(stalls(STREAM + event("I lean"))) as wire:
        began = time.monotonic()
        failure = providers.stream(wire.question(seconds=0.5), lambda *_: None)

    assert isinstance(failure, CallFailure)
    assert (failure.code, failure.said, failure.free) == ("timed_out", "I lean", False)
    assert time.monotonic() - began < 1.5


def test_an_answer_that_is_complete_does_not_wait_for_the_server_to_hang_up(providers: Providers) -> None:
    done = STREAM + event("hi", "stop") + b"data: [DONE]\n\n"
    with running_wire(stalls(done)) as wire:
        began = time.monotonic()
        answer = providers.stream(wire.question(), lambda *_: None)

    assert isinstance(answer, Completion)
    assert time.monotonic() - began < 1.5


def test_a_plain_answer_to_a_request_for_a_stream_is_read(providers: Providers) -> None:
    body = {"id": "c", "model": "m", "choices": [{"message": {"content": "plain"}, "finish_reason": "stop"}]}
    heard: list[str] = []
    with running_wire(writes(whole("200 OK", json.dumps(body).encode()))) as wire:
        answer = providers.stream(wire.question(), lambda text, kind: heard.append(text))

    assert isinstance(answer, Completion)
    assert heard == ["plain"]


@pytest.mark.parametrize(
    ("writing", "code", "free"),
    [
        (writes(whole("402 Payment Required", b'{"error":{"message":"no"}}')), "no_credit", True),
        (writes(whole("429 Slow", b"{}", "retry-after: 7")), "rate_limited", True),
        (writes(whole("401 No", b"<html>")), "refused_by_provider", True),
        (writes(whole("503 Busy", b"")), "provider_failed", True),
        (writes(whole("302 Elsewhere", b"", "location: http://127.0.0.1:1/")), "refused_by_provider", True),
        (writes(b""), "broken_off", False),
        (writes(b"nonsense\r\n\r\n"), "broken_off", False),
        (writes(STREAM), "broken_off", False),
        (writes(STREAM + event("I lean")), "broken_off", False),
        (writes(whole("200 OK", b"<html>hello</html>")), "unreadable_answer", False),
        (writes(whole("200 OK", b"")), "broken_off", False),
        (writes(b"HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n" + event("half")), "broken_off", False),
    ],
)
def test_what_goes_wrong_is_a_value(providers: Providers, writing: Writing, code: str, free: bool) -> None:
    with running_wire(writing) as wire:
        failure = providers.stream(wire.question(), lambda *_: None)

    assert isinstance(failure, CallFailure)
    assert (failure.code, failure.free) == (code, free)
    assert failure.detail and KEY not in failure.detail


def test_a_refusal_says_when_to_come_back(providers: Providers) -> None:
    with running_wire(writes(whole("429 Slow", b"{}", "retry-after: 7"))) as wire:
        failure = providers.complete(wire.question())

    assert isinstance(failure, CallFailure)
    assert (failure.retry_after_seconds, failure.http_status) == (7, 429)


def test_an_error_that_never_ends_does_not_fill_the_memory(providers: Providers) -> None:
    def write(taken: socket.socket, asked: bytes) -> None:
        taken.sendall(b"HTTP/1.1 500 Bad\r\n\r\n")
        while True:
            taken.sendall(b"x" * 1_000_000)

    with running_wire(write) as wire:
        failure = providers.complete(wire.question(seconds=30))

    assert isinstance(failure, CallFailure)
    assert failure.latency_ms < 20_000


def test_nobody_at_the_address_costs_nothing(providers: Providers) -> None:
    question = Question(Endpoint("http://127.0.0.1:1/v1", KEY), "m", [Message("user", "hi")], 10, 2)

    failure = providers.complete(question)

    assert isinstance(failure, CallFailure)
    assert (failure.code, failure.free) == ("unreachable", True)


@pytest.mark.parametrize("address", ["ftp://x/v1", "http://[::1", "nonsense", "http://host:notaport/v1", "http:///v1"])
def test_an_address_that_is_none_is_unreachable(providers: Providers, address: str) -> None:
    failure = providers.complete(Question(Endpoint(address, KEY), "m", [Message("user", "hi")], 10, 2))

    assert isinstance(failure, CallFailure)
    assert failure.code == "unreachable"


@pytest.mark.parametrize("key", ["two\nlines", "schlüssel", " padded ", ""])
def test_a_key_that_no_header_can_carry_is_not_sent_and_not_shown(providers: Providers, key: str) -> None:
    with running_wire(writes(whole("200 OK", b"{}"))) as wire:
        failure = providers.complete(wire.question(key=key))
        asked = list(wire.requests)

    assert isinstance(failure, CallFailure)
    assert failure.code == "unreachable"
    assert not key or key not in failure.detail
    assert asked == []


def test_the_key_goes_into_its_header_and_nothing_of_the_environment_does(
    providers: Providers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "from-the-environment")
    monkeypatch.setenv("OPENAI_ORG_ID", "org-of-the-environment")
    with running_wire(writes(STREAM + event("hi", "stop"))) as wire:
        providers.stream(wire.question(), lambda *_: None)
        providers.stream(wire.question(key=None), lambda *_: None)
        with_key, without = wire.requests

    assert f"authorization: bearer {KEY}".encode() in with_key.lower()
    assert b"authorization" not in without.lower()
    assert b"of-the-environment" not in with_key + without


def test_a_connection_is_used_again(providers: Providers) -> None:
    stream = event("hi", "stop") + b"data: [DONE]\n\n"
    chunked = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n" % (len(stream), stream)
    with running_wire(writes(chunked)) as wire:
        wire.keeps = True
        for _ in range(3):
            assert isinstance(providers.stream(wire.question(), lambda *_: None), Completion)
        connections = wire.connections

    assert connections == 1


def test_who_hears_may_fail_and_the_next_call_goes_on(providers: Providers) -> None:
    def fail(text: str, kind: str) -> None:
        raise LookupError(text)

    with running_wire(writes(STREAM + event("hi", "stop"))) as wire:
        with pytest.raises(LookupError):
            providers.stream(wire.question(), fail)
        answer = providers.stream(wire.question(), lambda *_: None)

    assert isinstance(answer, Completion)


def test_many_threads_share_the_providers(providers: Providers) -> None:
    answers: list[object] = []
    with running_wire(writes(STREAM + event("hi", "stop"))) as wire:
        threads = [
            threading.Thread(target=lambda: answers.append(providers.stream(wire.question(), lambda *_: None)))
            for _ in range(20)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert len(answers) == 20
    assert all(isinstance(answer, Completion) for answer in answers)


def test_a_simulated_provider_is_known_by_its_header(providers: Providers) -> None:
    head = STREAM.replace(b"\r\n\r\n", b"\r\nx-simulated: yes\r\n\r\n")
    with running_wire(writes(head + event("hi", "stop"))) as wire:
        answer = providers.stream(wire.question(), lambda *_: None)
    with running_wire(writes(whole("402 No", b"{}", "x-simulated: yes"))) as wire:
        failure = providers.stream(wire.question(), lambda *_: None)

    assert answer.simulated and failure.simulated


def test_models_are_listed_with_their_prices(providers: Providers) -> None:
    body = b'{"data":[{"id":"a/b","pricing":{"prompt":"0.0000025","completion":"0.00001"}},{"id":"c"}]}'
    with running_wire(writes(whole("200 OK", body))) as wire:
        listed = providers.listed_models(Endpoint(wire.address, KEY), 5)
    with running_wire(writes(whole("404 None", b"{}"))) as wire:
        refused = providers.listed_models(Endpoint(wire.address, KEY), 5)

    assert isinstance(listed, list)
    assert [(each.model, each.prompt_price) for each in listed] == [("a/b", Decimal("2.5")), ("c", None)]
    assert isinstance(refused, CallFailure)
    assert refused.http_status == 404


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("https://openrouter.ai/api/v1", {"max_tokens", "stream_options", "extra_body"}),
        ("http://127.0.0.1:8090/v1", {"max_tokens", "stream_options", "extra_body"}),
        ("https://api.openai.com/v1", {"max_completion_tokens", "stream_options"}),
        ("https://api.perplexity.ai", {"max_tokens"}),
        ("https://notopenai.com/v1", {"max_tokens", "stream_options", "extra_body"}),
    ],
)
def test_a_provider_is_asked_in_words_that_it_knows(address: str, words: set[str]) -> None:
    question = Question(Endpoint(address, None), "m", [Message("user", "hi")], 10, 2)

    assert request_body(question, streamed=True).keys() - {"model", "messages", "stream"} == words
