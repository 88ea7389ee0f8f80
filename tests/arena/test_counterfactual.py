"""Counterfactual sizing: the stored forecasts under other rules, to the cent, and what cannot be staked again."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from services.arena.app import arena_app
from services.arena.resources import Settings
from shared.database import Database
from shared.trading.reasons import ABSTENTIONS, OUTCOMES
from tests.arena.season import CASH, DAWN, Entrant, play
from tests.services.conftest import client_of, exact

AS_IT_WAS = {"method": "fixed", "amount": 1000}
ONE_DAY = timedelta(days=1)


def opened(database_url: str) -> Any:
    return client_of(arena_app(Settings(database_url=database_url, arena_enabled=False)))


def asked(arena: TestClient, *rules: dict[str, Any], **more: Any) -> dict[str, Any]:
    answer = arena.post("/models/sharp/counterfactual", json={"rules": list(rules), **more})
    assert answer.status_code == 200, answer.text
    return dict(exact(answer))


def change(database: Database, *queries: str) -> None:
    with database.transaction() as connection:
        for query in queries:
            connection.execute(text(query))


def only(database: Database, **facts: str) -> None:
    """Leaves one forecast: yes at 0.40 to 0.42 with a probability of 0.60 and a confidence of 0.8, which came true."""
    book = '{"bids": [[0.40, 1000]], "asks": [[0.42, 500], [0.43, 5000], [0.45, 5000]]}'
    told = {
        "final_position": "'YES'",
        "probability": "0.60",
        "confidence_score": "0.8",
        "yes_bid": "0.40",
        "yes_ask": "0.42",
        "book": f"'{book}'",
        **facts,
    }
    change(
        database,
        "DELETE FROM betting_sessions WHERE market_no <> 1",
        f"UPDATE betting_sessions SET {', '.join(f'{name} = {value}' for name, value in told.items())}",
        "UPDATE markets SET outcome = 'yes', payout_yes = 1 WHERE market_no = 1",
        "UPDATE market_settlements SET result = 'yes', payout_yes = 1 WHERE market_no = 1",
    )


def test_the_rule_that_was_used_comes_out_as_it_really_was(fresh_database: Database, fresh_database_url: str) -> None:
    season = play(fresh_database, [Entrant("sharp", noise=0.2)], 120)

    with opened(fresh_database_url) as arena:
        found = asked(arena, AS_IT_WAS)

    actual, [again] = found["actual"], found["counterfactual"]
    assert actual["realized_pnl"] == season.pnl["sharp"]
    for name in ("bets", "invested", "fees", "realized_pnl", "final_balance", "equity", "return"):
        assert again[name] == actual[name], name
    assert again["bets"] + again["skipped"].get("model_abstained", 0) == found["forecasts"] == 120
    assert again["won"] + again["lost"] == again["bets"]
    assert again["curve"][-1]["equity"] == again["final_balance"]
    assert len(again["placed"]) == again["bets"]


def test_each_rule_stakes_by_its_formula(fresh_database: Database, fresh_database_url: str) -> None:
    play(fresh_database, [Entrant("sharp")], 3)
    only(fresh_database)

    with opened(fresh_database_url) as arena:
        found = asked(
            arena,
            {"method": "fixed", "amount": 210},
            {"method": "confidence"},
            {"method": "kelly", "fraction": 0.1},
            {"method": "kelly", "fraction": 0.01},
            initial_balance=20_000,
        )

    fixed, confidence, kelly, small = found["counterfactual"]
    assert found["initial_balance"] == 20_000
    assert (fixed["invested"], fixed["realized_pnl"]) == (210, 290)  # 500 contracts at 0.42, each pays 1
    assert fixed["final_balance"] == 20_290 and fixed["return"] == Decimal("0.0145")
    # a tenth of the balance: 500 × 0.42 and the rest at 0.43, in whole hundredths of a contract
    assert confidence["invested"] == 210 + Decimal("4162.79") * Decimal("0.43")
    [bet] = confidence["placed"]
    assert (bet["shares"], bet["result"], bet["pnl"]) == (Decimal("4662.79"), "yes", confidence["realized_pnl"])
    # (0.60 − 0.42) / 0.58 of the balance, a tenth and a hundredth of it, in whole cents
    assert 620 < kelly["invested"] <= Decimal("620.68")
    assert 62 < small["invested"] <= Decimal("62.06")


def test_no_is_bought_with_the_probability_and_the_book_of_no(
    fresh_database: Database, fresh_database_url: str
) -> None:
    play(fresh_database, [Entrant("sharp")], 3)
    only(fresh_database, final_position="'NO'", probability="0.20")

    with opened(fresh_database_url) as arena:
        [kelly] = asked(arena, {"method": "kelly", "fraction": 0.01})["counterfactual"]

    [bet] = kelly["placed"]
    assert (bet["position"], bet["price"]) == ("NO", Decimal("0.6"))
    assert Decimal(499) < bet["amount"] <= 500  # a hundredth of (0.80 − 0.60) / 0.40 of 100,000
    assert bet["pnl"] == -bet["amount"]


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        ({"book": "NULL"}, "no_book"),
        ({"final_position": "'ABSTAIN'"}, "model_abstained"),
        ({"max_price": "0.41"}, "price_moved"),
        ({"yes_ask": "NULL"}, "no_quote"),
        ({"confidence_score": "0"}, "confidence_zero"),
    ],
)
def test_what_cannot_be_staked_has_its_reason(
    fresh_database: Database, fresh_database_url: str, facts: dict[str, str], reason: str
) -> None:
    play(fresh_database, [Entrant("sharp")], 3)
    only(fresh_database, **facts)

    with opened(fresh_database_url) as arena:
        [found] = asked(arena, {"method": "confidence"})["counterfactual"]

    assert found["skipped"] == {reason: 1}
    assert reason in ABSTENTIONS | OUTCOMES


@pytest.mark.parametrize(
    ("unknown", "reason"),
    [
        ('fee = \'{"kind": "unheard of"}\'', "fees_unknown"),
        ("tick_size = NULL", "tick_unknown"),
    ],
)
def test_terms_that_are_not_known_have_the_reason_that_a_real_bet_has(
    fresh_database: Database, fresh_database_url: str, unknown: str, reason: str
) -> None:
    play(fresh_database, [Entrant("sharp")], 3)
    only(fresh_database)
    change(fresh_database, f"UPDATE markets SET {unknown} WHERE market_no = 1")

    with opened(fresh_database_url) as arena:
        [found] = asked(arena, {"method": "confidence"})["counterfactual"]

    assert found["skipped"] == {reason: 1}
    assert reason in ABSTENTIONS
    assert (found["bets"], found["final_balance"], found["curve"]) == (0, CASH, [])


def test_money_that_is_bound_cannot_be_staked_until_it_is_paid(
    fresh_database: Database, fresh_database_url: str
) -> None:
    """Bets are an hour apart and end after six."""
    play(fresh_database, [Entrant("sharp", bets="always_no")], 30)

    with opened(fresh_database_url) as arena:
        [found] = asked(arena, {"method": "fixed", "amount": 100}, initial_balance=350)["counterfactual"]

    first = [bet["decided_at"] for bet in found["placed"]][:4]
    assert found["skipped"]["insufficient_cash"] > 0
    assert first[2] < str(DAWN + timedelta(hours=4)).replace(" ", "T") < first[3]
    assert found["won"] + found["lost"] == found["bets"] < 30


def test_a_void_gives_the_cost_back_and_what_has_not_ended_is_carried_at_cost(
    fresh_database: Database, fresh_database_url: str
) -> None:
    play(fresh_database, [Entrant("sharp", bets="always_no")], 2)
    change(
        fresh_database,
        "UPDATE market_settlements SET result = 'void', payout_yes = NULL WHERE market_no = 1",
        "UPDATE markets SET outcome = 'void', payout_yes = NULL WHERE market_no = 1",
        "DELETE FROM market_settlements WHERE market_no = 2",
        "UPDATE markets SET status = 'open', outcome = NULL, payout_yes = NULL, settled_at = NULL WHERE market_no = 2",
    )

    with opened(fresh_database_url) as arena:
        [found] = asked(arena, {"method": "fixed", "amount": 100})["counterfactual"]

    refunded, waiting = found["placed"]
    assert (refunded["result"], refunded["pnl"]) == ("void", 0)
    assert (waiting["result"], waiting["pnl"], waiting["settled_at"]) == (None, None, None)
    assert (found["pushed"], found["open"], found["bets"]) == (1, 1, 2)
    assert found["final_balance"] == CASH - waiting["amount"]
    assert found["equity"] == CASH


@pytest.mark.parametrize(
    ("limits", "reason", "bets"),
    [
        ('{"max_positions": 2}', "max_positions", 10),
        ('{"max_position_size": 50}', "max_position_size", 0),
        ('{"max_exposure": 0.0035}', "max_exposure", 15),
    ],
)
def test_the_limits_of_the_portfolio_hold_for_every_rule(
    fresh_database: Database, fresh_database_url: str, limits: str, reason: str, bets: int
) -> None:
    """Thirty bets an hour apart, each of which ends after six: of six in a row, two or three can be open."""
    play(fresh_database, [Entrant("sharp", bets="always_no")], 30)
    change(fresh_database, f"UPDATE portfolios SET strategy_config = strategy_config || CAST('{limits}' AS jsonb)")

    with opened(fresh_database_url) as arena:
        [found] = asked(arena, {"method": "fixed", "amount": 100})["counterfactual"]

    assert found["bets"] == bets
    assert found["skipped"] == {reason: 30 - bets}


def test_fees_are_those_of_the_day_of_the_decision(fresh_database: Database, fresh_database_url: str) -> None:
    """The market charges nothing now; when the model decided, it charged 0.05 × p × (1 − p)."""
    play(fresh_database, [Entrant("sharp")], 3)
    only(fresh_database)
    change(fresh_database, _VERSION)

    with opened(fresh_database_url) as arena:
        [found] = asked(arena, {"method": "fixed", "amount": 210})["counterfactual"]

    [bet] = found["placed"]
    assert bet["fee"] == round(bet["shares"] * Decimal("0.05") * Decimal("0.42") * Decimal("0.58"), 5) > 5
    assert bet["shares"] < 500
    assert found["final_balance"] == CASH - bet["amount"] + bet["shares"]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"rules": []},
        {"rules": [{"method": "martingale"}]},
        {"rules": [{"method": "fixed", "amount": -5}]},
        {"rules": [AS_IT_WAS], "initial_balance": 0},
        {"rules": [AS_IT_WAS], "more": 1},
        {"rules": [AS_IT_WAS] * 21},
    ],
)
def test_nonsense_is_refused(fresh_database: Database, fresh_database_url: str, body: dict[str, Any]) -> None:
    play(fresh_database, [Entrant("sharp")], 1)

    with opened(fresh_database_url) as arena:
        assert arena.post("/models/sharp/counterfactual", json=body).status_code == 422
        assert arena.post("/models/nobody/counterfactual", json={"rules": [AS_IT_WAS]}).status_code == 404


_VERSION = """
INSERT INTO market_versions (market_no, event_id, question, market_type, status, placeholder, tick_size, fee,
    facts_hash, valid_from, valid_to)
SELECT market_no, event_id, question, market_type, 'open', false, tick_size, '{"rate": 0.05, "exponent": 1}',
    facts_hash, valid_from - interval '1 day', valid_from + interval '1 hour' FROM markets WHERE market_no = 1
"""
