"""Stakes: fixed, by the documented rule of confidence, and by Kelly."""

from decimal import Decimal

import pytest

from shared.trading.limits import Sizing
from shared.trading.reasons import ABSTENTIONS
from shared.trading.sizing import stake
from tests.trading.oracles import oracle

ZERO = Decimal(0)


def staked(
    method: str,
    balance: str = "10000",
    *,
    confidence: str | None = None,
    probability: str | None = None,
    price: str = "0.50",
    fee: str = "0",
    fraction: str = "1",
    amount: str = "100",
) -> Decimal | str:
    sizing = Sizing.model_validate({"method": method, "fraction": Decimal(fraction), "amount": Decimal(amount)})
    return stake(
        sizing,
        Decimal(balance),
        confidence=None if confidence is None else Decimal(confidence),
        probability=None if probability is None else Decimal(probability),
        price=Decimal(price),
        fee=Decimal(fee),
    )


def test_a_fixed_stake_is_its_amount_as_long_as_the_balance_holds_it() -> None:
    assert staked("fixed", amount="250.559") == Decimal("250.55")
    assert staked("fixed", "250", amount="250") == 250
    assert staked("fixed", "249.99", amount="250") == "insufficient_cash"


@pytest.mark.parametrize(
    ("balance", "confidence", "expected"),
    [
        ("100000", "0.2", Decimal(5_000)),
        ("100000", "0.8", Decimal(10_000)),  # a tenth of the balance at most
        ("100000", "0.001", Decimal(100)),  # 25: the minimum wins
        ("500", "1", Decimal(100)),  # the minimum wins over the tenth too
        ("100", "0.5", Decimal(100)),
        ("99.99", "0.5", "insufficient_cash"),
        ("1234.56", "0.37", Decimal("114.19")),  # 114.1968, rounded down
        ("100000", "0", "confidence_zero"),
        ("50", "0", "confidence_zero"),
        ("100000", None, "confidence_zero"),
    ],
)
def test_confidence_stakes_by_the_documented_rule(balance: str, confidence: str | None, expected: object) -> None:
    assert staked("confidence", balance, confidence=confidence) == expected


def test_kelly_stakes_the_fractions_that_others_computed() -> None:
    fee_rate, balance = Decimal("0.07"), Decimal(10_000)

    for row in oracle("data", "oracles", "kelly.json")["binary"]:
        for side, probability, price in (("yes", row["p"], row["yes_ask"]), ("no", 1 - row["p"], row["no_ask"])):
            for column, fee in ((f"kelly_{side}", ZERO), (f"kelly_{side}_fee007", fee_rate * price * (1 - price))):
                found = staked("kelly", probability=str(probability), price=str(price), fee=str(fee))
                wanted = min(Decimal(row[column]), Decimal("0.1")) * balance
                assert (
                    found == "kelly_not_positive" if not row[column] else abs(Decimal(found) - wanted) < Decimal("0.02")
                )


def test_kelly_stakes_a_fraction_and_at_most_a_tenth_of_the_balance() -> None:
    assert staked("kelly", probability="0.55", fraction="0.25") == 250  # (0.55 − 0.50) / 0.50 is a tenth
    assert staked("kelly", probability="0.55", fraction="0.5") == 500
    assert staked("kelly", probability="0.90", fraction="0.5") == 1_000


def test_kelly_stakes_nothing_without_an_edge_after_fees() -> None:
    assert staked("kelly", probability="0.51", fee="0.0175") == "kelly_not_positive"
    assert staked("kelly", probability="0.50") == "kelly_not_positive"
    assert staked("kelly", probability=None) == "kelly_not_positive"
    assert staked("kelly", probability="1", price="0.99", fee="0.01") == "kelly_not_positive"


def test_less_than_a_cent_is_no_stake() -> None:
    assert staked("kelly", "0.05", probability="0.55", fraction="0.25") == "insufficient_cash"


def test_each_reason_is_one_that_pages_know() -> None:
    assert {"insufficient_cash", "confidence_zero", "kelly_not_positive"} <= ABSTENTIONS
