"""When a Polymarket market is over: exact prices and a second word, never a guess."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from shared.venues.polymarket.parse import settle
from shared.venues.records import Rejected, Resolution
from tests.venues.rows import ABSENT, CONDITION, NO_TOKEN, YES_TOKEN, gamma_market, resolved_gamma_market


def unconfirmed(**changes: Any) -> dict[str, Any]:
    """Closed with final prices, but Gamma never says that it is resolved."""
    return resolved_gamma_market(**{"umaResolutionStatus": ABSENT, **changes})


def data_row(first: int = 1_000_000, second: int = 0, **changes: Any) -> dict[str, Any]:
    row = {"condition_id": CONDITION, "status": "resolved", "payouts": [first, second], "was_disputed": False}
    return {**row, **changes}


def clob_row(winner: str | None = YES_TOKEN, **changes: Any) -> dict[str, Any]:
    tokens = [{"token_id": token, "price": 0, "winner": token == winner} for token in (YES_TOKEN, NO_TOKEN)]
    return {"condition_id": CONDITION, "closed": True, "is_50_50_outcome": False, "tokens": tokens, **changes}


def settled(
    gamma: dict[str, Any], data: dict[str, Any] | None = None, clob: dict[str, Any] | None = None
) -> Resolution:
    found = settle(gamma, data, clob)
    assert isinstance(found, Resolution), found
    return found


def test_gammas_own_word_is_enough() -> None:
    found = settled(resolved_gamma_market())

    assert (found.status, found.outcome, found.payout_yes, found.source) == ("final", "yes", Decimal(1), "gamma")
    assert found.settled_at == datetime(2026, 11, 2, 10, tzinfo=UTC)
    assert found.problem is None


@pytest.mark.parametrize(
    ("prices", "data", "clob", "outcome", "source"),
    [
        ('["1", "0"]', data_row(), None, "yes", "gamma+data_v2"),
        ('["0", "1"]', data_row(0, 1_000_000), None, "no", "gamma+data_v2"),
        ('["0.5", "0.5"]', data_row(500_000, 500_000), None, "split", "gamma+data_v2"),
        ('["1", "0"]', None, clob_row(), "yes", "gamma+clob"),
        ('["0", "1"]', None, clob_row(NO_TOKEN), "no", "gamma+clob"),
        ('["1", "0"]', data_row(), clob_row(), "yes", "gamma+data_v2"),
    ],
)
def test_a_second_source_confirms_what_gamma_does_not_call_resolved(
    prices: str, data: dict[str, Any] | None, clob: dict[str, Any] | None, outcome: str, source: str
) -> None:
    found = settled(unconfirmed(outcomePrices=prices), data, clob)

    assert (found.status, found.outcome, found.source) == ("final", outcome, source)
    assert found.problem is None


@pytest.mark.parametrize(
    ("data", "clob"),
    [
        (None, None),
        (data_row(status="proposed"), None),
        (data_row(payouts=None), None),
        (None, clob_row(winner=None)),
        (None, clob_row(closed=False)),
        (None, clob_row(winner="33")),
    ],
)
def test_without_a_second_word_nothing_is_paid(data: dict[str, Any] | None, clob: dict[str, Any] | None) -> None:
    found = settled(unconfirmed(), data, clob)

    assert (found.status, found.outcome, found.payout_yes, found.problem) == ("closed", None, None, "unconfirmed")


def test_two_winners_confirm_nothing() -> None:
    clob = clob_row()
    clob["tokens"][1]["winner"] = True

    assert settled(unconfirmed(), None, clob).problem == "unconfirmed"


@pytest.mark.parametrize(
    ("data", "clob"), [(data_row(0, 1_000_000), None), (data_row(500_000, 500_000), None), (None, clob_row(NO_TOKEN))]
)
@pytest.mark.parametrize("uma", ["resolved", ABSENT])
def test_sources_that_disagree_settle_nothing(
    uma: object, data: dict[str, Any] | None, clob: dict[str, Any] | None
) -> None:
    found = settled(resolved_gamma_market(umaResolutionStatus=uma), data, clob)

    assert (found.status, found.outcome, found.problem) == ("closed", None, "sources_disagree")


def test_one_source_that_agrees_does_not_outweigh_one_that_does_not() -> None:
    found = settled(unconfirmed(), data_row(), clob_row(NO_TOKEN))

    assert (found.status, found.problem) == ("closed", "sources_disagree")


@pytest.mark.parametrize(
    ("gamma", "status", "problem"),
    [
        (gamma_market(), "open", None),
        (gamma_market(umaResolutionStatus="proposed", outcomePrices='["0.5", "0.5"]'), "proposed", None),
        (gamma_market(umaResolutionStatus="disputed"), "disputed", None),
        (gamma_market(outcomePrices='["1", "0"]'), "open", None),
        (resolved_gamma_market(outcomePrices='["0.9995", "0.0005"]'), "closed", "prices_not_final"),
        (resolved_gamma_market(outcomePrices='["0", "0"]'), "closed", "prices_not_final"),
        (resolved_gamma_market(outcomePrices='["1", "1"]'), "closed", "prices_not_final"),
        (resolved_gamma_market(outcomePrices='["0.584", "0.416"]'), "closed", "prices_not_final"),
        (resolved_gamma_market(outcomePrices=ABSENT), "closed", "prices_not_final"),
        (resolved_gamma_market(outcomePrices='["0.5", "0.5"]', negRisk=True), "closed", "split_in_neg_risk"),
    ],
)
def test_even_a_confirmed_end_needs_final_prices(gamma: dict[str, Any], status: str, problem: str | None) -> None:
    found = settled(gamma, data_row())

    assert (found.status, found.outcome, found.payout_yes, found.problem) == (status, None, None, problem)


def test_the_evidence_is_what_each_source_said() -> None:
    found = settled(unconfirmed(), data_row(resolved_block=Decimal("93522484")), clob_row())

    assert found.evidence["gamma"]["outcomePrices"] == '["1", "0"]'  # type: ignore[index]
    assert "description" not in found.evidence["gamma"]  # type: ignore[operator]
    assert found.evidence["data_v2"] == {**data_row(), "resolved_block": "93522484"}
    assert found.evidence["clob"] == clob_row()


@pytest.mark.parametrize(
    "data",
    [data_row(payouts=[1]), data_row(payouts=[300_000, 300_000]), data_row(payouts=["x", 0]), data_row(status=5)],
)
def test_a_second_source_that_cannot_be_read_settles_nothing(data: dict[str, Any]) -> None:
    assert isinstance(settle(unconfirmed(), data, None), Rejected)
