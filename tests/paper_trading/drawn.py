"""Random markets and signals as a venue could offer them and a strategy could ask for them."""

import os
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st

from services.paper_trading.domain.accounts import Account, Limits
from services.paper_trading.domain.deciding import Ages, Signal
from services.paper_trading.domain.offers import Offer
from shared.trading.books import Action, Book, Ladder
from shared.trading.fees import FeeTerms, PolymarketFees, fee_terms, terms_json
from shared.trading.fill import venue_rules
from tests.trading.build import AUGUST, OCTOBER

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
AGES = Ages(book_max=timedelta(minutes=1), signal_max=timedelta(hours=1))
LONG = os.environ.get("FAULTS") == "long"
ACTIONS: tuple[Action, ...] = ("buy_yes", "buy_no", "sell_yes", "sell_no")
MIRRORED: Mapping[Action, Action] = {
    "buy_yes": "buy_no",
    "buy_no": "buy_yes",
    "sell_yes": "sell_no",
    "sell_no": "sell_yes",
}


def often(short: int, long: int) -> settings:
    """How many examples are tried. FAULTS=long tries many, and makes one that fails as small as it can, for minutes."""
    slow = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
    phases = [phase for phase in Phase if LONG or phase not in (Phase.shrink, Phase.explain)]
    return settings(max_examples=long if LONG else short, deadline=None, suppress_health_check=slow, phases=phases)


def hundredths(most: int) -> st.SearchStrategy[Decimal]:
    return st.integers(1, most * 100).map(lambda number: Decimal(number) / 100)


def sizes() -> st.SearchStrategy[Decimal]:
    """Of what is offered: venues show up to six digits."""
    return hundredths(500) | st.integers(1, 300_000_000).map(lambda number: Decimal(number) / 1_000_000)


@st.composite
def books(draw: st.DrawFn, tick: Decimal) -> Book:
    """Bids below asks, on the grid; a side may be empty."""
    around = draw(st.integers(1, int(1 / tick) - 1))
    steps = draw(st.lists(st.integers(-8, 8) | st.integers(1 - around, around), unique=True, min_size=1, max_size=8))
    prices = sorted(price for price in {(around + step) * tick for step in steps} if 0 < price < 1)
    cut = draw(st.integers(0, len(prices)))
    levels = [(price, draw(sizes())) for price in prices]
    return Book(Ladder(levels[:cut][::-1]), Ladder(levels[cut:]), NOW)


@st.composite
def polymarket_fees(draw: st.DrawFn) -> FeeTerms:
    rate = draw(st.sampled_from(["0", "0.02", "0.05", "0.0625", "0.25"]))
    return PolymarketFees(Decimal(rate), Decimal(draw(st.sampled_from(["1", "2"]))), None)


@st.composite
def kalshi_fees(draw: st.DrawFn) -> FeeTerms:
    kinds = ["quadratic", "quadratic_with_maker_fees", "quadratic_with_combo_maker_fees", "flat"]
    told = {"fee_type": draw(st.sampled_from(kinds)), "multiplier": Decimal(draw(st.sampled_from(["0", "0.5", "1"])))}
    return fee_terms("kalshi", told, draw(st.sampled_from([AUGUST, OCTOBER])))


@st.composite
def offers(draw: st.DrawFn, market_no: int, platform: str | None = None) -> Offer:
    platform = platform or draw(st.sampled_from(["polymarket", "kalshi"]))
    fees = draw(polymarket_fees() if platform == "polymarket" else kalshi_fees())
    tick = Decimal(draw(st.sampled_from(["0.01", "0.001"] if platform == "kalshi" else ["0.01", "0.001", "0.0001"])))
    rules = venue_rules(platform, fees, tick_size=tick)
    book = draw(books(tick))
    return Offer(market_no, f"{platform}:{market_no}", platform, "open", True, book, NOW, rules, terms_json(fees))


@st.composite
def limits_of(draw: st.DrawFn, action: Action, offer: Offer, odd: bool = True) -> Decimal:
    """A limit that takes all, or that stands at a level, or any on the grid; if odd, one that is on no grid too."""
    tick = offer.rules.grid.bands[0].step
    all_of_it = 1 - tick if action.startswith("buy") else tick
    anywhere = st.integers(1, int(1 / tick) - 1).map(lambda number: number * tick)
    choices = [st.just(all_of_it)] * 4 + [anywhere] * 2
    if levels := offer.book.levels(action):
        choices += [st.sampled_from([price for price, _ in levels])] * 3
    if odd:
        choices.append(st.just(Decimal("0.12345")))
    return draw(draw(st.sampled_from(choices)))


@st.composite
def signals(draw: st.DrawFn, offered: Sequence[Offer], first_id: int = 1, most: int = 10) -> list[Signal]:
    """Of one run of a strategy; some of them are legs of two groups."""
    made = []
    for number in range(draw(st.integers(1, most))):
        offer, action = draw(st.sampled_from(offered)), draw(st.sampled_from([*ACTIONS, "buy_yes", "buy_no"]))
        for_dollars = action.startswith("buy") and draw(st.booleans())
        made.append(
            Signal(
                signal_id=first_id + number,
                portfolio_id=1,
                market_no=offer.market_no,
                market_id=offer.market_id,
                action=action,
                amount=draw(hundredths(600)) if for_dollars else None,
                quantity=None if for_dollars else draw(hundredths(1_000)),
                limit_price=draw(limits_of(action, offer)),
                order_kind=draw(st.sampled_from(["ioc", "ioc", "limit"])),
                group_id=draw(st.sampled_from([None] * 8 + ["a", "b"])),
                created_at=NOW,
                expires_at=NOW + timedelta(hours=1),
                latest=True,
            )
        )
    return made


@st.composite
def limits(draw: st.DrawFn) -> Limits:
    return Limits(
        max_positions=draw(st.none() | st.integers(1, 3)),
        max_exposure=draw(st.none() | st.sampled_from([Decimal("0.1"), Decimal("0.5"), Decimal(1)])),
        max_position_size=draw(st.none() | hundredths(400)),
    )


@st.composite
def accounts(draw: st.DrawFn) -> Account:
    """A new portfolio with all its money in cash."""
    nothing: dict[str, Any] = dict.fromkeys(
        ("reserved", "owed", "total_invested", "liquidation_value", "realized_pnl", "fees_paid", "execution_cost"),
        Decimal(0),
    )
    cash = draw(hundredths(2_000))
    return Account(1, "Harbour", "momentum", "active", draw(limits()), cash, **nothing, open_positions=0, trade_count=0)
