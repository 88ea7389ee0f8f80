"""Where profit came from: by hand on small histories, and on drawn ones against the ledger that trades really keep."""

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.paper_trading.domain import holdings
from services.paper_trading.domain.settling import Result, gross_of
from shared.scoring.attribution import (
    Bought,
    Event,
    Piece,
    Settled,
    Side,
    Sold,
    Terms,
    attributed,
    by_lot,
    by_moment,
    together,
)

NOON = datetime(2026, 10, 8, 12, tzinfo=UTC)
OTHER: dict[Side, Side] = {"yes": "no", "no": "yes"}
ROUNDING = Decimal("0.00000002")  # a station of the way is rounded to eight digits


def d(number: object) -> Decimal:
    return Decimal(str(number))


def bought(
    key: Hashable, quantity: object, price: object, *, mid: object = None, p: object = None, **other: object
) -> Bought:
    side: Side = "no" if other.get("side") == "no" else "yes"
    fee = d(other.get("fee", 0))
    stated = (None if mid is None else d(mid), None if p is None else d(p))
    return Bought(key, side, d(quantity), d(quantity) * d(price), fee, *stated)


def terms(realized: object, **named: object) -> Terms:
    return Terms(d(realized), **{name: d(value) for name, value in named.items()})


def test_a_purchase_that_wins_is_edge_and_execution_and_luck() -> None:
    history: list[Event] = [bought(1, 100, "0.42", mid="0.40", p="0.55", fee="1.50"), Settled("end", "yes", d(100))]

    pieces = attributed(history)

    assert by_lot(pieces) == {1: terms("56.50", edge=15, execution="-3.50", luck=45)}
    assert by_moment(pieces) == {
        1: terms("-1.50", execution="-1.50"),
        "end": terms(58, edge=15, execution=-2, luck=45),
    }


def test_a_sale_is_luck_up_to_its_mid_and_execution_below_it() -> None:
    history: list[Event] = [
        bought(1, 100, "0.42", mid="0.40", p="0.55"),
        Sold(2, "yes", d(40), proceeds=d("19.20"), fee=d("0.30"), mid=d("0.50")),
    ]

    [piece] = attributed(history)

    assert piece == Piece(1, 2, terms("2.10", edge=6, execution="-1.90", luck="-2"))


def test_a_partial_sale_takes_the_same_share_of_earlier_lots_at_average_cost() -> None:
    history: list[Event] = [
        bought("a", 30, "0.40", mid="0.40", p="0.50"),
        bought("b", 10, "0.60", mid="0.60", p="0.50"),
        Sold("s", "yes", d(20), proceeds=d(14), fee=d(0), mid=d("0.70")),
    ]

    lots = by_lot(attributed(history))

    assert lots["a"] == terms("4.50", edge="1.50", execution=0, luck=3)
    assert lots["b"] == terms("0.50", edge="-0.50", execution=0, luck=1)
    assert together(lots.values()).realized == 14 - (12 + 6) / Decimal(2)


def test_pairs_leave_at_the_mid_of_their_moment_on_either_side() -> None:
    history: list[Event] = [
        bought("yes", 50, "0.40", mid="0.38", p="0.60"),
        bought("no", 50, "0.32", side="no", mid="0.30", p="0.45", fee="0.25"),
    ]

    lots = by_lot(attributed(history))

    assert lots["yes"] == terms(15, edge=11, execution=-1, luck=5)  # leaves at 0.70
    assert lots["no"] == terms("-1.25", edge="7.50", execution="-1.25", luck="-7.50")
    assert together(lots.values()).realized == 50 - 20 - 16 - d("0.25")


def test_a_purchase_beyond_the_pairs_stays() -> None:
    history: list[Event] = [
        bought("yes", 20, "0.40", mid="0.40", p="0.50"),
        bought("no", 50, "0.50", side="no", mid="0.50", p="0.60"),
        Settled("end", "no", d(30)),
    ]

    lots = by_lot(attributed(history))

    assert lots["no"].realized == 20 * d("0.5") + 30 - 25
    assert lots["no"].luck == 20 * d("-0.1") + 30 * d("0.4")


def test_a_void_gives_the_cost_back_and_the_fee_stays_paid() -> None:
    history: list[Event] = [bought(1, 100, "0.42", mid="0.40", p="0.55", fee="1.50"), Settled("end", "yes", d(42))]

    [lot] = by_lot(attributed(history)).values()

    assert lot == terms("-1.50", edge=15, execution="-3.50", luck=-13)


def test_a_correction_is_luck_of_the_lots_that_were_settled() -> None:
    history: list[Event] = [
        bought("a", 30, "0.40", mid="0.40", p="0.50"),
        bought("b", 10, "0.40", mid="0.40"),
        Settled(1, "yes", d(40)),
        Settled(2, "yes", d(-40)),
    ]

    pieces = attributed(history)

    assert by_moment(pieces)[2] == terms(-40, luck=-30, unexplained=-10)
    assert by_lot(pieces)["a"] == terms(-12, edge=3, execution=0, luck=-15)


@pytest.mark.parametrize(
    ("mid", "p", "of_sale", "told"),
    [
        ("0.40", None, "0.70", {"execution": -3, "unexplained": 30}),
        (None, "0.55", "0.70", {"unexplained": 13, "luck": 15, "execution": -1}),
        ("0.40", "0.55", None, {"edge": 15, "execution": -2, "unexplained": 14}),
        (None, None, None, {"unexplained": 27}),
    ],
)
def test_what_is_not_known_leaves_a_gap_that_is_named_so(
    mid: str | None, p: str | None, of_sale: str | None, told: dict[str, int]
) -> None:
    sale = Sold(2, "yes", d(100), proceeds=d(69), fee=d(0), mid=None if of_sale is None else d(of_sale))

    [piece] = attributed([bought(1, 100, "0.42", mid=mid, p=p), sale])

    assert piece.terms == terms(27, **told)


def test_nothing_is_attributed_before_anything_is_realised() -> None:
    assert attributed([]) == []
    assert attributed([bought(1, 100, "0.42", mid="0.40", p="0.55")]) == []
    assert together([]) == Terms(Decimal(0))


def test_a_history_that_cannot_be_is_refused() -> None:
    sale = Sold(2, "yes", d(101), proceeds=d(50), fee=d(0))

    impossible: list[list[Event]] = [[bought(1, 100, "0.5"), sale], [sale], [Settled("end", "no", d(1))]]
    for history in impossible:
        with pytest.raises(ValueError):
            attributed(history)


@dataclass
class Ledger:
    """The same history as paper trading books it, and what it says was realised at each moment."""

    held: dict[Side, holdings.Holding | None] = field(default_factory=lambda: {"yes": None, "no": None})
    realized: dict[Hashable, Decimal] = field(default_factory=dict)
    history: list[Event] = field(default_factory=list)

    def buy(self, event: Bought) -> None:
        same, other = self.held[event.side], self.held[OTHER[event.side]]
        after = holdings.bought(
            same, other, event.quantity, event.cost, event.fee, market_no=1, outcome=event.side, now=NOON
        )
        self.held = {
            event.side: after.same,
            OTHER[event.side]: after.other if after.other and after.other.quantity else None,
        }
        self._happened(event, after.realized_pnl)

    def sell(self, event: Sold) -> None:
        held = self.held[event.side]
        assert held is not None
        after = holdings.sold(held, event.quantity, event.proceeds, event.fee)
        self.held[event.side] = after.held if after.held.quantity else None
        self._happened(event, after.realized_pnl)

    def settle(self, key: Hashable, result: Result, payout: Decimal | None) -> None:
        for side, held in self.held.items():
            if held is not None:
                gross = gross_of(result, payout, side, held.quantity, held.cost)
                self._happened(Settled((key, side), side, gross), gross - held.cost)
        self.held = {"yes": None, "no": None}

    def _happened(self, event: Event, realized: Decimal) -> None:
        self.history.append(event)
        self.realized[event.key] = realized


def decimals(low: str, high: str, places: int) -> st.SearchStrategy[Decimal]:
    return st.decimals(low, high, places=places, allow_nan=False, allow_infinity=False)


PRICES = decimals("0.001", "0.999", 6)
FEES = decimals("0", "3", 8)


@st.composite
def ledgers(draw: Callable[..., Any], known: bool) -> Ledger:
    """Buys of both sides, sales of parts, and an end or none."""
    ledger = Ledger()
    price_or_none = PRICES if known else st.none() | PRICES
    for key in range(draw(st.integers(1, 9))):
        side: Side = draw(st.sampled_from(["yes", "no"]))
        held = ledger.held[side]
        mid, fee, price = draw(price_or_none), draw(FEES), draw(PRICES)
        if held is not None and draw(st.booleans()):
            part = (held.quantity * draw(decimals("0.01", "1", 4))).quantize(Decimal("0.01"))
            if part:
                proceeds = (part * price).quantize(Decimal("0.00000001"))
                ledger.sell(Sold(key, side, part, proceeds, fee, mid))
            continue
        quantity = draw(decimals("0.01", "9000000", 2))
        cost = (quantity * price).quantize(Decimal("0.00000001"))
        ledger.buy(Bought(key, side, quantity, cost, fee, mid, draw(price_or_none)))
    result = draw(st.sampled_from([None, "yes", "no", "split", "void"]))
    if result is not None:
        payout = {"yes": Decimal(1), "no": Decimal(0), "split": Decimal("0.5"), "void": None}[result]
        ledger.settle("end", result, payout)
    return ledger


@settings(deadline=None)
@given(ledgers(known=False))
def test_the_terms_sum_to_what_the_ledger_realised_to_the_last_digit(ledger: Ledger) -> None:
    pieces = attributed(ledger.history)

    of_moments = by_moment(pieces)

    for key, realized in ledger.realized.items():
        assert of_moments.get(key, Terms(Decimal(0))).realized == realized
    for told in (*(piece.terms for piece in pieces), *of_moments.values(), *by_lot(pieces).values()):
        named = [term for term in (told.edge, told.execution, told.luck, told.unexplained) if term is not None]
        assert sum(named, Decimal(0)) == told.realized
    assert together(piece.terms for piece in pieces).realized == sum(ledger.realized.values(), Decimal(0))


@settings(deadline=None)
@given(ledgers(known=True))
def test_where_everything_is_known_each_term_is_its_formula(ledger: Ledger) -> None:
    """Of the whole history: what went out at which worth, against what was paid and stated for it."""
    edge = execution = luck = Decimal(0)
    lots: dict[Side, list[list[Decimal]]] = {"yes": [], "no": []}  # quantity left, mid, probability

    def leave(side: Side, quantity: Decimal, worth: Decimal) -> tuple[Decimal, Decimal]:
        share = quantity / sum(lot[0] for lot in lots[side])
        stated = at_mid = Decimal(0)
        for lot in lots[side]:
            stated, at_mid = stated + share * lot[0] * lot[2], at_mid + share * lot[0] * lot[1]
            lot[0] -= share * lot[0]
        lots[side] = [lot for lot in lots[side] if lot[0] > Decimal("1e-12")]
        return stated - at_mid, quantity * worth - stated

    for event in ledger.history:
        left: list[tuple[Decimal, Decimal]] = []
        if isinstance(event, Bought):
            assert event.mid is not None and event.probability is not None
            execution -= event.fee
            lots[event.side].append([event.quantity, event.mid, event.probability])
            other = OTHER[event.side]
            merged = min(event.quantity, sum((lot[0] for lot in lots[other]), Decimal(0)))
            if merged:
                left.append(leave(other, merged, 1 - event.mid))
                edge += merged * (event.probability - event.mid)
                luck -= merged * (event.probability - event.mid)
                lots[event.side][-1][0] -= merged
                lots[event.side] = [lot for lot in lots[event.side] if lot[0]]
        elif isinstance(event, Sold):
            assert event.mid is not None
            left.append(leave(event.side, event.quantity, event.mid))
        else:
            quantity = sum((lot[0] for lot in lots[event.side]), Decimal(0))
            left.append(leave(event.side, quantity, event.amount / quantity))
        edge += sum((each[0] for each in left), Decimal(0))
        luck += sum((each[1] for each in left), Decimal(0))

    told = together(piece.terms for piece in attributed(ledger.history))

    allowed = ROUNDING * 60  # as many stations as such a history has at most
    assert told.unexplained is None
    assert abs((told.edge or 0) - edge) < allowed
    assert abs((told.luck or 0) - luck) < allowed
    assert told.realized == (told.edge or 0) + (told.execution or 0) + (told.luck or 0)
