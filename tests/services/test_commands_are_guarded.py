"""Whatever acts is guarded in every service, by POST or by its older GET, and whatever reads is not."""

import os
from importlib import import_module
from typing import Any

import pytest
from fastapi import APIRouter
from fastapi.testclient import TestClient

os.environ.setdefault("DATABASE_URL", "postgresql://nobody@127.0.0.1:9/nothing")

from shared.application import create_app
from shared.commands import both, together
from shared.settings import ServiceSettings

ALIASES = {
    "services.events.app:app": {"/events/export-all-active-events-db", "/events/filter-trading-candidates-db"},
    "services.markets.app:app": {"/markets/export-all-markets-db", "/markets/export-filtered-markets-db"},
    "services.strategy.app:momentum": {"/strategy/generate-signals"},
    "services.strategy.app:arbitrage": {"/strategy/generate-signals"},
    "services.paper_trading.app:app": {
        "/paper-trading/execute-signals",
        "/paper-trading/update-prices",
        "/paper-trading/settle",
    },
    "services.orchestrator.app:app": {"/trading/run-all-portfolios"},
}
READS = {
    "services.strategy.app:arbitrage": "/strategy/contract-pairs",
    "services.paper_trading.app:app": "/paper-trading/portfolios",
}


def client(name: str) -> TestClient:
    module, _, attribute = name.partition(":")
    app: Any = getattr(import_module(module), attribute)
    return TestClient(app, base_url="http://localhost", raise_server_exceptions=False)


@pytest.mark.parametrize(("name", "path"), [(name, path) for name, paths in ALIASES.items() for path in sorted(paths)])
def test_a_command_by_get_is_refused_to_another_sites_page(name: str, path: str) -> None:
    answer = client(name).get(path, headers={"sec-fetch-site": "cross-site"})

    assert (answer.status_code, answer.json()["error"]) == (403, "CrossSite")


@pytest.mark.parametrize(("name", "path"), READS.items())
def test_a_read_beside_a_command_is_no_command(name: str, path: str) -> None:
    answer = client(name).get(path, headers={"sec-fetch-site": "cross-site"})

    assert answer.status_code != 403


def test_a_router_that_hides_its_routes_is_refused_at_the_start() -> None:
    inner, outer = APIRouter(), APIRouter()
    both(inner, "/act")(lambda: None)  # type: ignore[arg-type, return-value]
    outer.include_router(inner)

    with pytest.raises(TypeError, match="hides its routes from the gate"):
        create_app("markets", outer, ServiceSettings())
    create_app("markets", together(inner), ServiceSettings())
