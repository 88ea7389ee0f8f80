"""Every route asked nonsense: never a 5xx of ours, always a sentence in JSON, never a traceback."""

from typing import Any

import pytest
import requests

from services.orchestrator.routes import router
from tests.orchestrator.conftest import Desk
from tests.orchestrator.town import Town
from tests.services.test_nonsense import BODIES, VALUES

ROUTES = sorted({(method, route.path) for route in router.routes for method in route.methods})  # type: ignore[attr-defined]
OWN_BODIES: list[Any] = [
    b'{"portfolio_ids": [1, "1", null, 1e999, NaN]}',
    b'{"portfolio_ids": []}',
    b'{"portfolio_ids": [99999999999999999999]}',
    b'{"portfolio_ids": [-1]}',
    b'{"portfolio_id": 2147483648}',
    b'{"portfolio_id": "\\u0000"}',
    b'{"collect": "perhaps"}',
    b'{"unknown": true}',
]
KNOWN = {"{cycle_id}": "7d4fe8f8-96d9-4c1b-8d4a-000000000000", "{job}": "lunch"}


def faults(answer: requests.Response, asked: str) -> list[str]:
    said = answer.text
    found = [word for word in ("Traceback", "psycopg2", 'File "') if word in said]
    if answer.status_code >= 500:
        found.append(f"{answer.status_code}: {said[:200]}")
    if answer.status_code >= 400:
        body = answer.json()
        if set(body) != {"detail", "error", "facts"} or not body["detail"].strip():
            found.append("is no sentence")
    return [f"{asked[:120]}: {what}" for what in found]


def filled(path: str) -> str:
    for name, value in KNOWN.items():
        path = path.replace(name, value)
    return path


def names_of(desk: Desk, path: str) -> list[str]:
    operations = desk.get("/openapi.json")["paths"].get(path, {}).values()
    return sorted({each["name"] for spec in operations for each in spec.get("parameters", []) if each["in"] == "query"})


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_nonsense_in_parameters_is_answered_with_a_sentence(desk: Desk, town: Town, method: str, path: str) -> None:
    names = names_of(desk, path)
    starts_cycles = path == "/trading/run-all-portfolios"
    values = VALUES if not starts_cycles else VALUES[:12]

    found = [
        fault
        for name in names
        for value in values
        for fault in faults(
            desk.session.request(method, desk.url + filled(path), params={name: value}, timeout=30), f"{name}={value!r}"
        )
    ]

    assert found == []


@pytest.mark.parametrize(("method", "path"), [route for route in ROUTES if route[0] == "POST"])
def test_nonsense_in_bodies_is_answered_with_a_sentence(desk: Desk, method: str, path: str) -> None:
    headers = {"content-type": "application/json"}

    found = [
        fault
        for body in [*BODIES, *OWN_BODIES]
        for fault in faults(
            desk.session.post(desk.url + filled(path), data=body, headers=headers, timeout=30), repr(body)
        )
    ]

    assert found == []


@pytest.mark.parametrize("cycle_id", ["", "x", "%00", "..%2f..", "1", "7d4fe8f8", "null", "é"])
def test_an_id_that_cannot_be_one_is_answered_with_a_sentence(desk: Desk, cycle_id: str) -> None:
    for path in (f"/trading/cycles/{cycle_id}", f"/trading/cycles/{cycle_id}/steps"):
        answer = desk.session.get(desk.url + path, timeout=30)
        assert faults(answer, path) == []
        assert answer.status_code in (200, 404, 422)


def test_a_command_needs_the_token_by_any_method(open_desk: Any) -> None:
    desk = open_desk(coliseum_token="secret")

    refused = [
        desk.session.request(method, desk.url + filled(path), timeout=10).status_code
        for method, path in ROUTES
        if method == "POST" or path == "/trading/run-all-portfolios"
    ]
    reading = desk.get("/trading/cycles")

    assert len(refused) == 9
    assert set(refused) == {401}
    assert reading["cycles"] == []
