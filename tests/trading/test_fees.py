"""Fees per level against real charges, the venues' own tables and what independent packages compute."""

from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from math import ceil
from typing import Any

import jiter
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.json_bytes import encoded
from shared.trading.fees import (
    KALSHI_ROUNDING_CHANGED,
    NO_FEES,
    FeeTerms,
    KalshiFees,
    PolymarketFees,
    UnreadableTerms,
    fee_terms,
    level_fee,
    terms_json,
    terms_of_json,
)
from tests.trading import build
from tests.trading.oracles import oracle

ZERO = Decimal(0)
OBSERVED = ("reference", "samples", "kalshi", "fee_observations_2026-08.json")


def charged(terms: FeeTerms, quantity: Any, price: Any, *, buying: bool = True, maker: bool = False) -> Decimal:
    return level_fee(terms, ZERO, Decimal(str(price)), Decimal(str(quantity)), buying=buying, maker=maker)[0]


def observed() -> list[tuple[str, Decimal, Decimal]]:
    """Each real charge with what the rules of August and of October say to it."""
    found = []
    for quantity, price, multiplier, _, fee in oracle(*OBSERVED)["rows"]:
        rules = [build.kalshi_terms(multiplier, at=at) for at in (build.AUGUST, build.OCTOBER)]
        found.append((fee, *(charged(terms, quantity, price) for terms in rules)))
    return found


def test_the_rule_of_august_gives_all_sixteen_real_charges() -> None:
    rows = observed()

    assert len(rows) == 16
    assert [august for _, august, _ in rows] == [Decimal(fee) for fee, _, _ in rows]


def test_the_rule_of_october_differs_from_one_of_them_by_a_ten_thousandth() -> None:
    differing = [(Decimal(fee), october) for fee, _, october in observed() if Decimal(fee) != october]

    assert differing == [(Decimal("0.064780"), Decimal("0.064680"))]


def test_the_rounding_of_kalshi_changes_with_its_date() -> None:
    stored = {"fee_type": "quadratic", "multiplier": 1}

    before = fee_terms("kalshi", stored, KALSHI_ROUNDING_CHANGED - timedelta(microseconds=1))
    after = fee_terms("kalshi", stored, KALSHI_ROUNDING_CHANGED)

    assert before == KalshiFees("quadratic", Decimal(1), Decimal("0.0001"), Decimal("0.01"))
    assert after == KalshiFees("quadratic", Decimal(1), Decimal("0.000001"), Decimal("0.0001"))


@pytest.mark.parametrize(
    ("quantity", "price", "multiplier", "fee_type", "buying", "maker", "fee", "balance"),
    [
        ("1", "0.50", "1", "quadratic", True, False, "0.0175", "-0.5175"),
        ("100", "0.20", "1", "quadratic", True, False, "1.12", "-21.12"),
        ("1", "0.01", "1", "quadratic", True, False, "0.0007", "-0.0107"),
        ("2.5", "0.333", "1", "quadratic", True, False, "0.0389", "-0.8714"),
        ("100", "0.37", "1", "quadratic", False, False, "1.6317", "35.3683"),
        ("100", "0.37", "1", "quadratic_with_maker_fees", True, True, "0.4080", "-37.4080"),
        ("10", "0.27", "0.5", "quadratic", True, False, "0.0690", "-2.7690"),
        ("100", "0.37", "1", "quadratic", True, True, "0", "-37"),
        ("100", "0.50", "1", "quadratic_with_combo_maker_fees", True, True, "0.8750", "-50.8750"),
        ("100", "0.20", "1", "flat", True, False, "1.12", "-21.12"),
    ],
)
def test_kalshi_charges_what_its_table_says(
    quantity: str, price: str, multiplier: str, fee_type: str, buying: bool, maker: bool, fee: str, balance: str
) -> None:
    terms = build.kalshi_terms(multiplier, fee_type)

    paid = charged(terms, quantity, price, buying=buying, maker=maker)

    # 2.5 contracts at 0.333 cost 0.8325, of which the table's fee of 0.0389 makes 0.8714.
    value = Decimal(quantity) * Decimal(price) * (-1 if buying else 1)
    assert (paid, value - paid) == (Decimal(fee), Decimal(balance))


def test_the_accumulator_of_an_order_gives_back_what_rounding_took() -> None:
    terms = build.kalshi_terms()

    carried, fees = ZERO, []
    for _ in range(3):
        fee, carried = level_fee(terms, carried, Decimal("0.055"), Decimal(1), buying=True)
        fees.append(fee)

    assert fees == [Decimal("0.0037"), Decimal("0.0036"), Decimal("0.0037")]
    assert carried == Decimal("0.000083")


def test_a_customer_of_a_broker_pays_whole_cents() -> None:
    cent = Decimal("0.01")
    broker = KalshiFees("quadratic", Decimal(1), Decimal("0.000001"), rebate_step=cent, balance_step=cent)

    assert charged(broker, 1, "0.055") == Decimal("0.0050")


@pytest.mark.parametrize(("quantity", "price", "fee"), [("22.84", "0.52", "0.28504"), ("7.44", "0.90", "0.03348")])
def test_polymarket_charges_what_two_live_rows_show(quantity: str, price: str, fee: str) -> None:
    assert charged(build.polymarket_terms("0.05"), quantity, price) == Decimal(fee)


@pytest.mark.parametrize(
    ("rate", "exponent", "at_half", "at_tenth"),
    [
        ("0.07", "1", "1.75", "0.63"),
        ("0.05", "1", "1.25", "0.45"),
        ("0.03", "1", "0.75", "0.27"),
        ("0.04", "1", "1", "0.36"),
        ("0.25", "2", "1.5625", "0.2025"),
        ("0", "1", "0", "0"),
    ],
)
def test_polymarket_charges_what_its_table_says(rate: str, exponent: str, at_half: str, at_tenth: str) -> None:
    terms = build.polymarket_terms(rate, exponent)

    assert charged(terms, 100, "0.50") == Decimal(at_half)
    assert charged(terms, 100, "0.10") == Decimal(at_tenth)


def test_polymarket_rounds_half_up_charges_nothing_below_its_step_and_no_maker() -> None:
    terms = build.polymarket_terms("0.05")

    assert charged(terms, 7, "0.35") == Decimal("0.07963")  # 0.079625
    assert charged(terms, "0.01", "0.01") == 0  # 0.00000495
    assert charged(terms, "0.03", "0.01") == Decimal("0.00001")  # 0.00001485
    assert charged(terms, "0.02", "0.01") == 0  # 0.0000099: smaller than the step, though it would round to it
    assert charged(terms, 100, "0.50", maker=True) == 0


def test_three_packages_compute_the_same_fees() -> None:
    kalshi, polymarket = build.kalshi_terms(at=build.AUGUST), build.polymarket_terms("0.05")

    for row in oracle("data", "oracles", "fills_and_fees.json")["fees"]:
        price, contracts = row["price"], row["contracts"]
        assert charged(kalshi, contracts, price) == row["kalshi_centicent_oracle3"]
        assert charged(polymarket, contracts, price) == row["polymarket_005_oracle3"] == row["polymarket_005_pmtrader"]


def test_a_market_without_a_fee_is_free() -> None:
    assert fee_terms("polymarket", None, build.OCTOBER) == NO_FEES
    assert charged(NO_FEES, 1_000, "0.5") == 0


def test_a_fee_is_waived_until_the_moment_that_is_told() -> None:
    stored = {"fee_type": "quadratic", "multiplier": Decimal(1), "waived_until": "2026-10-08T13:00:00+00:00"}

    waived = fee_terms("kalshi", stored, build.OCTOBER)
    later = fee_terms("kalshi", stored, build.OCTOBER + timedelta(hours=1))

    assert charged(waived, 100, "0.5") == 0
    assert charged(later, 100, "0.5") == Decimal("1.75")


@pytest.mark.parametrize(
    ("platform", "stored"),
    [
        ("kalshi", None),
        ("kalshi", {}),
        ("kalshi", {"fee_type": "quadratic"}),
        ("kalshi", {"multiplier": Decimal(1)}),
        ("kalshi", {"fee_type": "cubic", "multiplier": Decimal(1)}),
        ("kalshi", {"fee_type": "quadratic", "multiplier": "1"}),
        ("kalshi", {"fee_type": "quadratic", "multiplier": Decimal(-1)}),
        ("kalshi", {"fee_type": "quadratic", "multiplier": 1, "waived_until": "soon"}),
        ("polymarket", {}),
        ("polymarket", {"rate": Decimal("0.05")}),
        ("polymarket", {"rate": Decimal("NaN"), "exponent": 1}),
        ("polymarket", {"rate": True, "exponent": 1}),
        ("elsewhere", {"rate": Decimal("0.05"), "exponent": 1}),
    ],
)
def test_terms_that_cannot_be_read_are_no_terms(platform: str, stored: dict[str, Any] | None) -> None:
    with pytest.raises(UnreadableTerms):
        fee_terms(platform, stored, build.OCTOBER)


@pytest.mark.parametrize(
    "terms",
    [
        NO_FEES,
        build.polymarket_terms("0.25", "2"),
        build.kalshi_terms("0.5", at=build.AUGUST),
        build.kalshi_terms("1", "quadratic_with_maker_fees"),
        build.kalshi_terms("1", "flat"),
    ],
)
def test_stored_terms_charge_the_same_again(terms: FeeTerms) -> None:
    stored = jiter.from_json(encoded(terms_json(terms)), float_mode="decimal")

    again = terms_of_json(stored)

    assert again == terms
    assert charged(again, "33.33", "0.07") == charged(terms, "33.33", "0.07")


def test_stored_terms_say_when_a_fee_is_assumed() -> None:
    assert terms_json(build.kalshi_terms("1", "flat"))["charged_as"] == "quadratic"
    assert "charged_as" not in terms_json(build.kalshi_terms("1"))


@given(
    st.decimals("0.0001", "0.9999", places=4),
    st.decimals("0.01", "100000", places=2),
    st.sampled_from([build.AUGUST, build.OCTOBER]),
    st.booleans(),
    st.decimals("0", "0.000099", places=6),
)
def test_kalshi_moves_the_balance_in_whole_steps_and_keeps_nothing_but_its_fee(
    price: Decimal, quantity: Decimal, at: datetime, buying: bool, carried: Decimal
) -> None:
    terms = build.kalshi_terms(at=at)

    fee, after = level_fee(terms, carried, price, quantity, buying=buying)

    steps = ceil(
        Fraction(7, 100) * Fraction(quantity) * Fraction(price) * (1 - Fraction(price)) / Fraction(terms.fee_step)
    )
    moved = price * quantity + fee if buying else price * quantity - fee
    assert fee >= 0 and after >= 0
    assert not moved % terms.balance_step
    assert fee - (after - carried) == steps * terms.fee_step  # what rounding took is in the accumulator


def test_the_terms_of_the_two_venues_are_told_apart() -> None:
    assert isinstance(terms_of_json(terms_json(build.polymarket_terms())), PolymarketFees)
    with pytest.raises(UnreadableTerms):
        terms_of_json({"rate": Decimal(1)})
