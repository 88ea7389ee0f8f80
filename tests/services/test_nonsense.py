"""Every route of both services, asked nonsense: never a 5xx, always a sentence in JSON, never a traceback."""

import json
from typing import Any

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response

from services.events.routes import router as events_router
from services.markets.routes import router as markets_router
from tests.services.conftest import Library

LONG = "x" * 10_000

VALUES = [
    "",
    "\x00",
    "a\x00b",
    LONG,
    "-1",
    "0",
    "1e999999",
    "-1e999999",
    "1e-999999",
    "9" * 400,
    "99999999999999999999",
    "NaN",
    "sNaN",
    "Infinity",
    "-Infinity",
    "true",
    "null",
    "[]",
    "{}",
    "0x10",
    "1_000",
    "١٢٣",
    "'; DROP TABLE markets; --",
    "' OR '1'='1",
    "%",
    "\\",
    "%s%(x)s{0}",
    ":x",
    "<script>",
    "\u202e",
    "\ufffd",
    "😀",
    "2026-13-45T99:99:99Z",
    "0001-01-01T00:00:00+14:00",
    "0001-01-01T00:00:00Z",
    "9999-12-31T23:59:59-14:00",
    "9999-12-31T23:59:59Z",
    "2026-01-01",
    "-999999999999999",
    "polymarket:1",
    "polymarket:../../etc/passwd",
    "kalshi:",
]

BODIES: list[Any] = [
    b"",
    b"{",
    b"\xff\xfe",
    b"\x00",
    b"null",
    b"[]",
    b"1",
    b'"text"',
    b"NaN",
    b"[" * 10_000,
    b'{"market_ids": NaN}',
    b'{"market_ids": 1e999999}',
    b'{"market_ids": ["\\ud800"]}',
    b'{"market_ids": ["polymarket:\\u0000"]}',
    b'{"market_ids": [null, 1, {}, []]}',
    b'{"market_ids": ["polymarket:1\\n"]}',
    b'{"\\ud800": 1, "market_ids": "x"}',
    json.dumps({"market_ids": [LONG]}).encode(),
    json.dumps({"market_ids": ["polymarket:" + "9" * 120]}).encode(),
    json.dumps({"market_ids": ["polymarket:1"], "since": "x", "until": 5, "period": "1s"}).encode(),
    json.dumps({"market_ids": ["polymarket:1"], "since": -1e300, "until": 1e300}).encode(),
    json.dumps(
        {"market_ids": ["polymarket:1"], "since": "0001-01-01T00:00:00+14:00", "until": "9999-12-31T23:59:59-14:00"}
    ).encode(),
]

# A sync that was started in earnest takes a while; nonsense for its parameters is answered before it starts.
SYNCS = {"/events/export-all-active-events-db", "/markets/export-all-markets-db"}


def routes(router: Any) -> list[tuple[str, str]]:
    """Method and path of every route, the undocumented ones too."""
    return sorted({(method, route.path) for route in router.routes for method in route.methods})


def parameters(client: TestClient, path: str) -> list[str]:
    """The names of the query parameters, as the service documents them."""
    app: Any = client.app
    found = [spec.get("parameters", []) for spec in app.openapi()["paths"].get(path, {}).values()]
    return sorted({each["name"] for parameters in found for each in parameters if each["in"] == "query"})


def faults(answer: Response, asked: str) -> list[str]:
    """What is wrong with an answer; all of it, so that one run shows everything."""
    said = answer.text
    found = [word for word in ("Traceback", "psycopg2", 'File "') if word in said]
    if answer.status_code >= 500:
        found.append(str(answer.status_code))
    if answer.status_code >= 400:
        body = answer.json()
        if set(body) != {"detail", "error", "facts"} or not body["detail"].strip() or type(body["facts"]) is not dict:
            found.append("is no sentence")
        if len(said) > 20_000:
            found.append(f"{len(said)} characters")
    return [f"{asked[:120]}: {what}" for what in found]


MARKET_ROUTES = routes(markets_router)
EVENT_ROUTES = routes(events_router)


def test_the_table_knows_the_routes() -> None:
    assert len(MARKET_ROUTES) >= 14
    assert len(EVENT_ROUTES) >= 9


@pytest.mark.parametrize(("method", "path"), MARKET_ROUTES)
def test_markets_answer_nonsense_in_parameters_with_a_sentence(library: Library, method: str, path: str) -> None:
    ask_for_nonsense(library.markets, method, path)


@pytest.mark.parametrize(("method", "path"), EVENT_ROUTES)
def test_events_answer_nonsense_in_parameters_with_a_sentence(library: Library, method: str, path: str) -> None:
    ask_for_nonsense(library.events, method, path)


def ask_for_nonsense(client: TestClient, method: str, path: str) -> None:
    names = parameters(client, path)
    if path == "/":
        names = ["text", "platform", "status", "category", "min_liquidity", "order", "cursor"]
    known = path.replace("{market_id}", "polymarket:1").replace("{event_id}", "polymarket:700")
    values = VALUES if path not in SYNCS else [value for value in VALUES if value in ("", "\x00", "NaN", "-1", LONG)]
    found = [
        fault
        for name in names
        for value in values
        for fault in faults(client.request(method, known, params={name: value}), f"?{name}={value[:40]!r}")
    ]
    assert found == []


@pytest.mark.parametrize("service", ["markets", "events"])
@pytest.mark.parametrize("value", VALUES)
def test_nonsense_in_the_address_is_answered_with_a_sentence(library: Library, service: str, value: str) -> None:
    client: TestClient = getattr(library, service)
    app: Any = client.app

    written = "".join(f"%{byte:02x}" for byte in value.encode())
    paths = [path for path in app.openapi()["paths"] if "{" in path]
    addresses = [path.split("{")[0] + written + path.split("}")[1] for path in paths]

    found = [fault for address in addresses for fault in faults(client.get(address), address)]

    assert paths
    assert found == []


@pytest.mark.parametrize("content_type", ["application/json", "text/plain", "application/x-www-form-urlencoded", None])
@pytest.mark.parametrize("path", [path for method, path in MARKET_ROUTES if method == "POST" and path not in SYNCS])
def test_nonsense_in_the_body_is_answered_with_a_sentence(
    library: Library, path: str, content_type: str | None
) -> None:
    headers = {"Content-Type": content_type} if content_type else {}

    found = [
        fault
        for body in BODIES
        for fault in faults(library.markets.post(path, content=body, headers=headers), repr(body[:120]))
    ]

    assert found == []


@pytest.mark.parametrize("service", ["markets", "events"])
def test_methods_that_nobody_offers_are_405(library: Library, service: str) -> None:
    client: TestClient = getattr(library, service)
    app: Any = client.app

    for path, spec in app.openapi()["paths"].items():
        address = path.replace("{market_id}", "polymarket:1").replace("{event_id}", "polymarket:700")
        for method in {"PUT", "DELETE", "PATCH"} - {name.upper() for name in spec}:
            answer = client.request(method, address)
            assert faults(answer, f"{method} {address}") == []
            assert answer.status_code == 405
            assert "allow" in answer.headers


def test_parameters_that_come_twice_or_that_nobody_knows_break_nothing(library: Library) -> None:
    twice = library.markets.get("/markets?limit=1&limit=x&platform=kalshi&platform=polymarket")
    unknown = library.markets.get("/markets?nobody=knows&limit=1")

    assert faults(twice, "twice") == []
    assert unknown.status_code == 200


def test_everything_is_still_there_afterwards(library: Library) -> None:
    assert len(library.markets.get("/markets", params={"limit": 1000}).json()["markets"]) == 40
    assert library.markets.get("/health").status_code == 200
