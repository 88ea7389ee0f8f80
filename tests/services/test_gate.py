"""The gate before every service: hosts, other sites' pages, tokens, sizes, run ids."""

import re
from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response
from structlog.testing import capture_logs

from services.markets.storage import reading
from shared.gate import BODY_BYTES_MAX
from tests.services.conftest import Library, Serve, markets_client

SYNC = "/markets/export-all-markets-db"
FILTERED = "/markets/export-filtered-markets-db"
PRICES = "/markets/refresh-prices"
NOBODY = {"market_ids": ["polymarket:404"]}
TOKEN = "correct horse battery staple"


@pytest.fixture
def markets(library: Library) -> TestClient:
    """No test here stores anything, so all of them may share one service."""
    return library.markets


def said(answer: Response) -> tuple[int, str]:
    """Status and name of a refusal, which must be one line that ends as a sentence."""
    body = answer.json()
    assert set(body) == {"detail", "error", "facts"}
    assert re.fullmatch(r"\S[^\n]+\.", body["detail"]), body
    return answer.status_code, body["error"]


STRANGERS = ["evil.example", "localhost.evil.example", "127.0.0.1.nip.io", "", "[::2]", "10.0.0.1"]
STRANGERS += ["localhost:1@evil.example", "localhost:80:90", "localhost:x", "[::1"]
OWN = ["localhost", "LOCALHOST:8001", "127.0.0.1:99", "[::1]:8001", "markets", "events:8000"]


@pytest.mark.parametrize("host", STRANGERS)
@pytest.mark.parametrize("path", ["/markets", "/health", "/", SYNC, "/metrics", "/docs"])
def test_a_host_that_is_not_ours_is_refused(markets: TestClient, host: str, path: str) -> None:
    answer = markets.get(path, headers={"Host": host})

    assert said(answer) == (421, "UnknownHost")


@pytest.mark.parametrize("host", OWN)
def test_our_own_names_are_admitted(markets: TestClient, host: str) -> None:
    assert markets.get("/markets", headers={"Host": host}).status_code == 200


def test_more_hosts_are_admitted_when_the_operator_names_them(serve_markets: Serve, database_url: str) -> None:
    client = serve_markets(database_url, allowed_hosts=" arena.example , other.example")

    assert client.get("/markets", headers={"Host": "Arena.example:443"}).status_code == 200
    assert client.get("/markets", headers={"Host": "third.example"}).status_code == 421


FOREIGN = [
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Origin": "http://localhost:1234"},
    {"Sec-Fetch-Site": "none", "Origin": "https://evil.example"},
]


@pytest.mark.parametrize("headers", FOREIGN)
def test_another_sites_page_cannot_give_a_command(library: Library, headers: dict[str, str]) -> None:
    markets, before = library.markets, len(library.world.double.requests)

    answers = [
        markets.post(SYNC, headers=headers),
        markets.get(SYNC, headers=headers),
        markets.get(FILTERED, headers=headers),
        markets.post(PRICES, json=NOBODY, headers=headers),
    ]

    assert [said(answer) for answer in answers] == [(403, "CrossSite")] * 4
    assert len(library.world.double.requests) == before


@pytest.mark.parametrize("headers", FOREIGN)
def test_another_sites_page_may_link_to_what_only_reads(markets: TestClient, headers: dict[str, str]) -> None:
    assert markets.get("/markets", headers=headers).status_code == 200
    assert markets.get("/", headers=headers).status_code == 200


@pytest.mark.parametrize("headers", [{}, {"Sec-Fetch-Site": "same-origin", "Origin": "http://localhost"}])
def test_our_own_page_and_programs_may_give_commands(markets: TestClient, headers: dict[str, str]) -> None:
    assert markets.post(PRICES, json=NOBODY, headers=headers).status_code == 200
    assert markets.get(FILTERED, headers=headers).status_code == 200


@pytest.fixture(scope="module")
def guarded(library: Library, database_url: str) -> Iterator[TestClient]:
    with markets_client(library.world, database_url, coliseum_token=TOKEN) as client:
        yield client


WRONG = [{}, {"Authorization": "Bearer wrong"}, {"Authorization": f"Basic {TOKEN}"}, {"Authorization": f"{TOKEN}x"}]


@pytest.mark.parametrize("headers", WRONG)
def test_with_a_token_set_every_command_needs_it(
    library: Library, guarded: TestClient, headers: dict[str, str]
) -> None:
    before = len(library.world.double.requests)

    answers = [
        guarded.post(SYNC, headers=headers),
        guarded.get(SYNC, headers=headers),
        guarded.post(PRICES, json=NOBODY, headers=headers),
    ]

    assert [said(answer) for answer in answers] == [(401, "Unauthorized")] * 3
    assert len(library.world.double.requests) == before


def test_the_token_opens_commands_and_reads_need_none(guarded: TestClient) -> None:
    headers = {"Authorization": f"Bearer {TOKEN}"}

    assert guarded.post(PRICES, json=NOBODY, headers=headers).status_code == 200
    assert guarded.get(SYNC, headers=headers).status_code == 200
    assert guarded.get("/markets").status_code == 200
    assert TOKEN not in guarded.get("/health").text + guarded.get("/metrics").text + guarded.get("/").text


def pieces(count: int) -> Iterator[bytes]:
    for _ in range(count):
        yield b" " * 100_000


def test_a_body_that_is_too_large_is_refused_by_its_length(markets: TestClient) -> None:
    answer = markets.post(PRICES, content=b" " * (BODY_BYTES_MAX + 1), headers={"Content-Type": "application/json"})

    assert said(answer) == (413, "TooLarge")
    assert str(BODY_BYTES_MAX) in answer.json()["detail"]


def test_a_body_without_a_length_is_counted_as_it_arrives(markets: TestClient) -> None:
    answer = markets.post(PRICES, content=pieces(21), headers={"Content-Type": "application/json"})

    assert said(answer) == (413, "TooLarge")


def test_a_body_just_below_the_limit_is_read(markets: TestClient) -> None:
    answer = markets.post(PRICES, content=pieces(19), headers={"Content-Type": "application/json"})

    assert answer.status_code == 422


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""])
def test_a_body_has_to_be_json(markets: TestClient, content_type: str) -> None:
    answer = markets.post(PRICES, content=b'{"market_ids":["polymarket:1"]}', headers={"Content-Type": content_type})

    assert said(answer) == (415, "NotJson")


def test_a_body_without_a_length_has_to_be_json_too(markets: TestClient) -> None:
    as_text = markets.post(PRICES, content=iter([b'{"market_ids":["x:1"]}']), headers={"Content-Type": "text/plain"})
    as_nothing = markets.post(PRICES, content=iter([b'{"market_ids":["polymarket:1"]}']))

    assert said(as_text) == said(as_nothing) == (415, "NotJson")


def test_a_run_id_goes_through_and_is_made_where_there_is_none(markets: TestClient) -> None:
    given = markets.get("/markets", headers={"X-Run-Id": "day-7:cycle.3"})
    made = [markets.get("/markets").headers["x-run-id"] for _ in range(2)]

    assert given.headers["x-run-id"] == "day-7:cycle.3"
    assert all(re.fullmatch(r"[0-9a-f]{32}", each) for each in made)
    assert made[0] != made[1]


@pytest.mark.parametrize("run_id", ["", "a b", "x" * 81, "a;b", "{}", "<script>", 'a"b'])
def test_a_run_id_that_could_confuse_a_log_is_replaced(markets: TestClient, run_id: str) -> None:
    answer = markets.get("/markets", headers={"X-Run-Id": run_id})

    assert re.fullmatch(r"[0-9a-f]{32}", answer.headers["x-run-id"])


def test_every_answer_carries_a_run_id_and_is_not_to_be_sniffed(markets: TestClient) -> None:
    answers = [
        markets.get("/nowhere"),
        markets.get("/markets", headers={"Host": "evil.example"}),
        markets.post(PRICES, json={}),
        markets.get("/"),
    ]

    assert [answer.status_code for answer in answers] == [404, 421, 422, 200]
    assert all(answer.headers["x-run-id"] for answer in answers)
    assert {answer.headers["x-content-type-options"] for answer in answers} == {"nosniff"}


def test_an_address_that_does_not_exist_is_named_in_a_sentence(markets: TestClient) -> None:
    answer = markets.get("/marketz")

    assert said(answer) == (404, "HttpError")
    assert "/marketz" in answer.json()["detail"]


def test_a_method_that_is_not_offered_is_405_with_those_that_are(markets: TestClient) -> None:
    answer = markets.put("/markets")

    assert said(answer) == (405, "HttpError")
    assert answer.headers["allow"] == "GET"


def test_a_parameter_that_is_wrong_is_named_with_what_is_wrong(markets: TestClient) -> None:
    answer = markets.get("/markets", params={"limit": "many", "platform": "nowhere"})

    assert said(answer) == (422, "Invalid")
    assert len(answer.json()["facts"]["wrong"]) == 2
    assert "limit" in answer.json()["detail"]
    assert "platform" in answer.json()["detail"]


def test_no_header_lets_other_sites_read(markets: TestClient) -> None:
    answer = markets.get("/markets", headers={"Origin": "https://evil.example"})

    assert not [name for name in answer.headers if name.startswith("access-control-")]


def test_a_request_that_fails_tells_nothing_and_the_log_has_the_details(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("the secret inside")

    before = library.markets.get("/markets/polymarket:1").status_code
    monkeypatch.setattr(reading, "market_json", fail)

    with capture_logs() as lines:
        answer = library.markets.get("/markets/polymarket:1", headers={"X-Run-Id": "run-7"})

    assert said(answer) == (500, "InternalError")
    assert answer.json()["facts"] == {"run_id": "run-7"}
    assert not [word for word in ("secret", "Runtime", "Traceback", ".py") if word in answer.text]
    [line] = [line for line in lines if line["event"] == "request_failed"]
    assert (line["log_level"], line["path"], line["exc_info"]) == ("error", "/markets/polymarket:1", True)
    monkeypatch.undo()
    assert library.markets.get("/markets/polymarket:1").status_code == before == 200
