"""The gate before sockets: our own names, our own pages, and no token to read."""

import re
import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
import requests
from structlog.testing import capture_logs
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from tests.arena.live import Live, live


@pytest.fixture(scope="module")
def there(database_url: str) -> Iterator[Live]:
    with live(database_url, coliseum_token="correct horse battery staple") as there:
        yield there


def opened(there: Live, path: str = "/ws", host: str = "127.0.0.1", **headers: str) -> tuple[int, str]:
    """The status of the answer, and the name of the problem where it is one."""
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    port = urlsplit(there.url).port
    try:
        line = socket.create_connection(("127.0.0.1", port))
        with connect(f"ws://{host}:{port}{path}", sock=line, additional_headers=given):
            return 101, ""
    except InvalidStatus as refused:
        found = re.search(rb'"error":"(\w+)"', refused.response.body or b"")
        return refused.response.status_code, found[1].decode() if found else ""


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "arena"])
def test_our_own_names_are_admitted_without_a_token(there: Live, host: str) -> None:
    assert opened(there, host=host) == (101, "")


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "10.0.0.1"])
def test_a_host_that_is_not_ours_is_refused(there: Live, host: str) -> None:
    assert opened(there, host=host) == (421, "UnknownHost")
    assert not there.hub.readers


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost:1"},
        {"Sec_Fetch_Site": "cross-site"},
    ],
)
def test_another_sites_page_cannot_read_along(there: Live, headers: dict[str, str]) -> None:
    assert opened(there, **headers) == (403, "CrossSite")
    assert not there.hub.readers


def test_our_own_page_can_read(there: Live) -> None:
    assert opened(there, Origin=there.url, Sec_Fetch_Site="same-origin") == (101, "")


def test_where_there_is_no_socket_none_is_opened(there: Live) -> None:
    assert opened(there, "/nowhere")[0] == 403


def test_sockets_are_counted_by_how_they_were_answered(there: Live) -> None:
    opened(there)
    opened(there, Origin="https://evil.example")

    text = requests.get(f"{there.url}/metrics", timeout=5).text

    assert re.search(r'coliseum_sockets_total\{route="/ws",service="arena",status="101"\} [1-9]', text)
    assert re.search(r'coliseum_sockets_total\{route="\(none\)",service="arena",status="403"\} [1-9]', text)
    assert "coliseum_feed_readers " in text


def test_a_socket_that_fails_says_nothing_of_how_we_are_built(there: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("the secret inside")

    monkeypatch.setattr("services.arena.streaming.sockets._answer", fail)
    with capture_logs() as lines:
        reader = there.read()
        reader.connection.send("{}")
        code, reason = reader.end()

    assert (code, reason) == (1011, "Something went wrong here.")
    assert [line["event"] for line in lines] == ["socket_failed"]
    monkeypatch.undo()
    assert there.read().command("ping")["type"] == "pong"
