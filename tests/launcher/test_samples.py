"""The sample portfolios, made through the endpoints of the real services."""

import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest
import requests
import uvicorn
from fastapi import FastAPI

# Importing an app makes one from the environment; those under test get settings of their own.
os.environ.setdefault("DATABASE_URL", "postgresql://nobody@127.0.0.1:9/nothing")

from services.paper_trading.app import paper_trading_app
from services.paper_trading.resources import Settings as PaperSettings
from services.strategy.app import strategy_app
from services.strategy.domain.rules import RULES
from services.strategy.resources import Settings as StrategySettings
from shared.calls import Calls
from shared.launcher.samples import BALANCE, ENTRANTS, PORTFOLIOS, SAMPLES, make_samples, say_samples
from shared.topology import STRATEGIES

NAMES = [sample.name for sample in SAMPLES]


@contextmanager
def served(app: FastAPI) -> Iterator[str]:
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", access_log=False))
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        deadline = time.monotonic() + 30
        while not server.started:
            assert time.monotonic() < deadline, "the service did not start"
            time.sleep(0.02)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        server.should_exit = True
        thread.join(timeout=20)


@pytest.fixture
def paper_trading(fresh_database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Calls]:
    with ExitStack() as running:
        for name in RULES:
            app = strategy_app(name, StrategySettings(database_url=fresh_database_url))
            address = running.enter_context(served(app))
            monkeypatch.setenv(f"{STRATEGIES[name].name.upper()}_URL", address)
        settings = PaperSettings(database_url=fresh_database_url, price_update_seconds=0)
        calls = Calls("paper_trading", running.enter_context(served(paper_trading_app(settings))))
        yield calls
        calls.close()


def names(paper_trading: Calls) -> set[str]:
    return {portfolio["name"] for portfolio in paper_trading.get(PORTFOLIOS)["portfolios"]}


def make(paper_trading: Calls, name: str) -> int:
    made = paper_trading.post(PORTFOLIOS, {"name": name, "strategy_type": "baseline"})
    return int(made["portfolio_id"])


def test_samples_of_every_strategy_are_made_with_configurations_that_their_strategies_accept(
    paper_trading: Calls, capsys: pytest.CaptureFixture[str]
) -> None:
    assert say_samples(paper_trading.address, None)

    portfolios = paper_trading.get(PORTFOLIOS)["portfolios"]
    assert {portfolio["name"] for portfolio in portfolios} == set(NAMES)
    assert len(portfolios) == 6 + 5
    assert {portfolio["strategy_type"] for portfolio in portfolios} == set(STRATEGIES)
    assert {portfolio["current_balance"] for portfolio in portfolios} == {BALANCE}
    entrants = {portfolio["strategy_config"].get("entrant") for portfolio in portfolios}
    assert entrants == {None, "cash", "random", "follow", "always_no", "favourite"}
    assert capsys.readouterr().out.startswith("made 11 sample portfolios of 10,000 each: Aggressive Momentum, ")


def test_made_again_they_are_there_once(paper_trading: Calls) -> None:
    make_samples(paper_trading)

    again = make_samples(paper_trading)

    assert again == []
    assert len(paper_trading.get(PORTFOLIOS)["portfolios"]) == len(SAMPLES)


def test_a_start_that_was_interrupted_is_gone_on_with(paper_trading: Calls) -> None:
    make(paper_trading, NAMES[0])
    make(paper_trading, NAMES[3])

    made = make_samples(paper_trading)

    assert made == [name for name in NAMES if name not in (NAMES[0], NAMES[3])]
    assert names(paper_trading) == set(NAMES)


@pytest.mark.parametrize("deed", ["renamed", "closed", "made one of their own"])
def test_what_somebody_did_is_not_undone(paper_trading: Calls, deed: str) -> None:
    if deed == "made one of their own":
        make(paper_trading, "Mine")
    else:
        make_samples(paper_trading)
        first = f"{PORTFOLIOS}/{paper_trading.get(PORTFOLIOS)['portfolios'][0]['portfolio_id']}"
        if deed == "closed":
            paper_trading.post(f"{first}/close")
        else:
            assert requests.patch(paper_trading.address + first, json={"name": "Mine"}, timeout=10).ok
    before = names(paper_trading)

    made = make_samples(paper_trading)

    assert made == []
    assert names(paper_trading) == before


def test_a_service_that_refuses_is_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    with served(FastAPI()) as nobody:
        made = say_samples(nobody, None)

    assert not made
    assert capsys.readouterr().out == "The sample portfolios could not be made: paper_trading said: Not Found\n"


def test_there_are_five_null_entrants() -> None:
    assert len(ENTRANTS) == 5
    assert all(entrant.strategy_type == "baseline" for entrant in ENTRANTS)
