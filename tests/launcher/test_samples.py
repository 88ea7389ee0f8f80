"""The sample portfolios, made through the endpoints of the real services."""

import os
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any

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
from shared.launcher.samples import BALANCE, ENTRANTS, PORTFOLIOS, SAMPLES, main, make_samples, samples_for, say_samples
from shared.topology import OWN, STRATEGIES

NAMES = [sample.name for sample in SAMPLES]
MINUTE = 60


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
    assert say_samples(paper_trading.address, None, MINUTE)

    portfolios = paper_trading.get(PORTFOLIOS)["portfolios"]
    assert {portfolio["name"] for portfolio in portfolios} == set(NAMES)
    assert len(portfolios) == 6 + 5
    assert {portfolio["strategy_type"] for portfolio in portfolios} == set(STRATEGIES) - {"ai_model", *OWN}
    assert {portfolio["current_balance"] for portfolio in portfolios} == {BALANCE}
    entrants = {portfolio["strategy_config"].get("entrant") for portfolio in portfolios}
    assert entrants == {None, "cash", "random", "follow", "always_no", "favourite"}
    assert capsys.readouterr().out.startswith("made 11 sample portfolios of 10,000 each: Aggressive Momentum, ")


def test_made_again_they_are_there_once(paper_trading: Calls) -> None:
    make_samples(paper_trading, MINUTE)

    again = make_samples(paper_trading, MINUTE)

    assert again == []
    assert len(paper_trading.get(PORTFOLIOS)["portfolios"]) == len(SAMPLES)


def test_a_start_that_was_interrupted_is_gone_on_with(paper_trading: Calls) -> None:
    make(paper_trading, NAMES[0])
    make(paper_trading, NAMES[3])

    made = make_samples(paper_trading, MINUTE)

    assert made == [name for name in NAMES if name not in (NAMES[0], NAMES[3])]
    assert names(paper_trading) == set(NAMES)


@pytest.mark.parametrize("deed", ["renamed", "closed", "made one of their own"])
def test_what_somebody_did_is_not_undone(paper_trading: Calls, deed: str) -> None:
    if deed == "made one of their own":
        make(paper_trading, "Mine")
    else:
        make_samples(paper_trading, MINUTE)
        first = f"{PORTFOLIOS}/{paper_trading.get(PORTFOLIOS)['portfolios'][0]['portfolio_id']}"
        if deed == "closed":
            paper_trading.post(f"{first}/close")
        else:
            assert requests.patch(paper_trading.address + first, json={"name": "Mine"}, timeout=10).ok
    before = names(paper_trading)

    made = make_samples(paper_trading, MINUTE)

    assert made == []
    assert names(paper_trading) == before


def test_a_service_that_refuses_is_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    with served(FastAPI()) as nobody:
        made = say_samples(nobody, None, MINUTE)

    assert not made
    assert capsys.readouterr().out == "The sample portfolios could not be made: paper_trading said: Not Found\n"


def test_there_are_five_null_entrants() -> None:
    assert len(ENTRANTS) == 5
    assert all(entrant.strategy_type == "baseline" for entrant in ENTRANTS)


@pytest.mark.parametrize("cycle_seconds", [10, 60, 300, 600, 900, 3_600])
def test_every_sample_looks_back_far_enough_for_the_cadence_of_the_cycles(cycle_seconds: int) -> None:
    every = max(1, cycle_seconds // 60)

    for sample in samples_for(cycle_seconds):
        rule = RULES[sample.strategy_type]
        config = rule.config.model_validate(sample.strategy_config)
        assert rule.notes(config, every) == [], sample.name


def test_look_backs_stay_as_they_are_in_the_sandbox_and_are_hours_with_the_real_venues() -> None:
    sandbox, live = samples_for(MINUTE), samples_for(15 * MINUTE)

    assert sandbox == SAMPLES
    found = {sample.name: lookbacks for sample in live if (lookbacks := _lookbacks(sample.strategy_config))}
    assert found == {
        "Aggressive Momentum": [360],
        "Conservative Momentum": [360],
        "Conservative Mean Reversion": [360],
        "Hybrid": [360, 360],
        "Null: follow the market": [360],
    }


def _lookbacks(config: Mapping[str, Any]) -> list[int]:
    return [value for name, value in config.items() if name.endswith("lookback_minutes")]


@pytest.mark.parametrize(
    ("environment", "lookback"), [({}, 15), ({"CYCLE_EVERY_SECONDS": "300"}, 30), ({"LIVE": "1"}, 360)]
)
def test_in_a_container_the_cadence_is_that_of_its_environment(
    paper_trading: Calls, monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], lookback: int
) -> None:
    for name in ("LIVE", "CYCLE_EVERY_SECONDS"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {"PAPER_TRADING_URL": paper_trading.address, **environment}.items():
        monkeypatch.setenv(name, value)

    code = main()

    assert code == 0
    made = {each["name"]: each["strategy_config"] for each in paper_trading.get(PORTFOLIOS)["portfolios"]}
    assert made["Null: follow the market"]["lookback_minutes"] == lookback
    assert made["Conservative Momentum"]["lookback_minutes"] == lookback
