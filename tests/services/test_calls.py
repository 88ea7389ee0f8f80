"""One service of ours calls another: what it says comes back exactly, and what goes wrong is a sentence."""

import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal

import pytest

from shared.calls import Calls, ServiceRefused, ServiceUnreachable

OK = b'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 15\r\n\r\n{"price": 0.10}'


@contextmanager
def answering(*replies: bytes | None) -> Iterator[tuple[str, list[bytes]]]:
    """One reply a request; None closes the connection without a word."""
    asked: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            waiting = list(replies)
            while waiting:
                connection, _ = listener.accept()
                with connection:
                    while waiting:
                        said = _request(connection)
                        if not said:
                            break
                        asked.append(said)
                        reply = waiting.pop(0)
                        if reply is None:
                            break
                        connection.sendall(reply)

        threading.Thread(target=serve, daemon=True).start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", asked


def _request(connection: socket.socket) -> bytes:
    """Head and body, which may come apart."""
    said = b""
    while part := connection.recv(65_536):
        said += part
        head, blank, body = said.partition(b"\r\n\r\n")
        length = re.search(rb"content-length: (\d+)", head.lower())
        if blank and len(body) >= (int(length[1]) if length else 0):
            break
    return said


def test_numbers_keep_their_digits_and_the_token_goes_along() -> None:
    with answering(OK) as (url, asked):
        answer = Calls("markets", url, "secret").post("/markets/books", {"limit": Decimal("0.10")})

    assert answer == {"price": Decimal("0.10")}
    assert b"Authorization: Bearer secret" in asked[0]
    assert asked[0].endswith(b'{"limit":0.1}')


def test_a_connection_that_was_just_closed_costs_one_more_try() -> None:
    with answering(OK, None, OK) as (url, asked):
        calls = Calls("markets", url)
        calls.post("/first")

        answer = calls.post("/second")

    assert answer == {"price": Decimal("0.10")}
    assert len(asked) == 3


def test_nobody_there_is_a_sentence_with_the_address() -> None:
    with pytest.raises(ServiceUnreachable, match=r"markets cannot be reached at http://127\.0\.0\.1:9") as refused:
        Calls("markets", "http://127.0.0.1:9").get("/health")

    assert refused.value.status == 503


@pytest.mark.parametrize(
    ("body", "said"), [(b'{"detail": "No."}', "markets said: No."), (b"<html>", "markets said: 500 without JSON")]
)
def test_a_refusal_is_told_in_its_own_words(body: bytes, said: str) -> None:
    reply = b"HTTP/1.1 500 Oops\r\ncontent-length: %d\r\n\r\n%s" % (len(body), body)

    with answering(reply) as (url, _), pytest.raises(ServiceRefused, match=said):
        Calls("markets", url).get("/markets")
