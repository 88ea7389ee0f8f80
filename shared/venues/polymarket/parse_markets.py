"""Gamma's markets: from the decoded row to a market, or to the reason why not."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal, NamedTuple

from shared.venues.records import FeeSchedule, Market, MarketOutcome, MarketStatus, Outcome, Quote, Rejected
from shared.venues.wire import (
    Amount,
    Flag,
    Identifier,
    Number,
    Price,
    Row,
    Text,
    Title,
    Unreadable,
    Whole,
    above_zero,
    list_in,
    moment,
    plain,
    price_in,
    read_row,
    split,
)

TOKEN_LENGTH_MAX = 78  # decimal digits of a 256-bit number
_ONE, _ZERO, _HALF = Decimal(1), Decimal(0), Decimal("0.5")
_BINARY_TYPES = frozenset({None, "", "normal", "binary"})


class FeeScheduleRow(Row):
    rate: Price
    exponent: Amount
    takerOnly: Flag


class EventReference(Row):
    id: Identifier


class MarketRow(Row):
    """What we read of a Gamma market; all but the first three may be absent."""

    id: Identifier
    question: Title
    closed: Flag
    active: Flag | None = None
    conditionId: Text | None = None
    slug: Text | None = None
    description: str | None = None
    version: Text | None = None
    marketType: Text | None = None
    outcomes: Any = None  # JSON inside a string, as the next three
    outcomePrices: Any = None
    clobTokenIds: Any = None
    umaResolutionStatuses: Any = None
    positionIds: list[Any] | None = None
    umaResolutionStatus: Text | None = None
    resolutionStatus: Text | None = None
    acceptingOrders: Flag | None = None
    enableOrderBook: Flag | None = None
    negRisk: Flag | None = None
    negRiskOther: Flag | None = None
    groupItemTitle: Text | None = None
    groupItemThreshold: Text | None = None
    line: Number | None = None
    orderPriceMinTickSize: Price | None = None
    orderMinSize: Amount | None = None
    secondsDelay: Whole | None = None
    feesEnabled: Flag | None = None
    feeType: Text | None = None
    feeSchedule: FeeScheduleRow | None = None
    bestBid: Price | None = None
    bestAsk: Price | None = None
    lastTradePrice: Price | None = None
    volume: Amount | None = None
    volumeNum: Amount | None = None
    volume24hr: Amount | None = None
    liquidity: Amount | None = None
    liquidityNum: Amount | None = None
    startDate: str | None = None
    endDate: str | None = None
    closedTime: str | None = None
    umaEndDate: str | None = None
    updatedAt: str | None = None
    events: list[EventReference] | None = None


class End(NamedTuple):
    """Where a market stands in its life, and what it pays if that is final."""

    status: MarketStatus
    outcome: Outcome | None = None
    payout_yes: Decimal | None = None


_read = MarketRow.__pydantic_validator__.validate_python


def parse_market(row: object, *, event_external_id: str | None = None) -> Market | Rejected:
    """One market. Nested in its event it does not name the event: then the caller does."""

    def build(fields: Any) -> Market:
        return _market(_read(fields), event_external_id)

    return read_row(build, row, platform="polymarket", entity="market", id_field="id")


def parse_markets(
    rows: Sequence[object], *, event_external_id: str | None = None
) -> tuple[tuple[Market, ...], tuple[Rejected, ...]]:
    return split(parse_market(row, event_external_id=event_external_id) for row in rows)


def _market(row: MarketRow, event_external_id: str | None) -> Market:
    tokens = token_ids(row)
    end = end_of(row)
    events = row.events
    volume = row.volume
    liquidity = row.liquidity
    return Market(
        platform="polymarket",
        external_id=row.id,
        event_external_id=events[0].id if events else event_external_id,
        question=row.question,
        slug=row.slug or None,
        description=plain(row.description, "description"),
        market_type=_market_type(row.marketType),
        group_title=row.groupItemTitle or None,
        outcomes=_outcomes(row, tokens),
        condition_id=row.conditionId or None,
        status=end.status,
        venue_status=row.umaResolutionStatus or row.resolutionStatus or None,
        accepting_orders=_accepting_orders(row),
        placeholder=row.negRiskOther is True or row.active is False or row.conditionId == "",
        outcome=end.outcome,
        payout_yes=end.payout_yes,
        tick_size=above_zero(row.orderPriceMinTickSize),
        price_bands=(),
        min_size=row.orderMinSize,
        fee=_fee(row),
        fee_waived_until=None,
        order_delay_seconds=row.secondsDelay,
        strike=_strike(row),
        opens_at=moment(row.startDate, "startDate"),
        closes_at=moment(row.endDate, "endDate"),
        settled_at=_settled_at(row, end),
        quote=_quote(row),
        volume=volume if volume is not None else row.volumeNum,
        volume_24h=row.volume24hr,
        volume_unit="dollars",
        liquidity=liquidity if liquidity is not None else row.liquidityNum,
        venue_updated_at=moment(row.updatedAt, "updatedAt"),
        one_of_several=row.negRisk is True,
    )


def token_ids(row: MarketRow) -> tuple[str, str] | None:
    """The tokens of outcome 0 and 1. Which field holds them is told by `version`, not by what is present."""
    if row.version == "v2":
        field, tokens = "positionIds", row.positionIds or []
    else:
        field, tokens = "clobTokenIds", list_in(row.clobTokenIds, "clobTokenIds")
    if not tokens:
        return None  # not deployed yet
    if len(tokens) != 2:
        raise Unreadable("wrong_length", field, f"`{field}` holds {len(tokens)} ids instead of 2")
    first, second = tokens
    if not (is_token_id(first) and is_token_id(second)):
        raise Unreadable("not_a_token_id", field, f"`{field}` holds something that is no token id")
    return first, second


def is_token_id(token: object) -> bool:
    """A 256-bit number in decimal digits. As text only: as a number it has gone through a float somewhere."""
    return isinstance(token, str) and token.isdigit() and token.isascii() and len(token) <= TOKEN_LENGTH_MAX


def _outcomes(row: MarketRow, tokens: tuple[str, str] | None) -> tuple[MarketOutcome, ...]:
    names = list_in(row.outcomes, "outcomes")
    if not names:
        return ()
    if len(names) != 2:
        raise Unreadable("not_binary", "outcomes", f"the market has {len(names)} outcomes instead of 2")
    yes, no = names
    if not (isinstance(yes, str) and isinstance(no, str) and plain(yes, "outcomes") and plain(no, "outcomes")):
        raise Unreadable("not_text", "outcomes", "`outcomes` holds a name that cannot be read")
    first, second = tokens or (None, None)
    return MarketOutcome("yes", yes, first), MarketOutcome("no", no, second)


def _market_type(word: str | None) -> Literal["binary", "scalar"]:
    if word in _BINARY_TYPES:
        return "binary"
    if word == "scalar":
        return "scalar"
    raise Unreadable("unknown_word", "marketType", f"`marketType` is {word!r}")


def prices_of(row: MarketRow) -> tuple[Decimal, Decimal] | None:
    """`outcomePrices`: mids while the market lives, payouts after its end; absent on placeholders."""
    prices = list_in(row.outcomePrices, "outcomePrices")
    if not prices:
        return None
    if len(prices) != 2:
        raise Unreadable("wrong_length", "outcomePrices", f"`outcomePrices` holds {len(prices)} prices instead of 2")
    return price_in(prices[0], "outcomePrices"), price_in(prices[1], "outcomePrices")


def final_payout(prices: tuple[Decimal, Decimal] | None) -> tuple[Outcome, Decimal] | None:
    """What the exact final prices 1/0, 0/1 and 0.5/0.5 pay; None for every other pair."""
    match prices:
        case (first, second) if first == _ONE and second == _ZERO:
            return "yes", _ONE
        case (first, second) if first == _ZERO and second == _ONE:
            return "no", _ZERO
        case (first, second) if first == second == _HALF:
            return "split", _HALF
    return None


def end_of(row: MarketRow) -> End:
    """The status by Gamma's word alone. Only closed, exact prices and `resolved` together are final."""
    payout = final_payout(prices_of(row))
    list_in(row.umaResolutionStatuses, "umaResolutionStatuses")
    word = row.umaResolutionStatus or (row.resolutionStatus if row.version == "v2" else None)
    if row.closed and row.umaResolutionStatus == "resolved":
        if payout is None or (row.negRisk and payout[0] == "split"):  # the operator of negRisk knows no 50/50
            return End("closed")
        return End("final", *payout)
    if word == "disputed":
        return End("disputed")
    if word is None or word == "" or word == "inactive" or (row.closed and word == "resolved"):
        return End("closed" if row.closed else "open")
    return End("proposed")  # proposed, requested, settled, and whatever word comes next


def _accepting_orders(row: MarketRow) -> bool | None:
    """A closed market may still say true."""
    if row.closed or row.enableOrderBook is False:
        return False
    return row.acceptingOrders


def _fee(row: MarketRow) -> FeeSchedule | None:
    schedule = row.feeSchedule
    if schedule is None or row.feesEnabled is False:
        return None
    return FeeSchedule(schedule.rate, schedule.exponent, schedule.takerOnly, row.feeType or None)


def _strike(row: MarketRow) -> dict[str, str]:
    strike: dict[str, str] = {}
    if row.line is not None:
        strike["line"] = str(row.line)
    if row.groupItemThreshold:
        strike["threshold"] = row.groupItemThreshold
    return strike


def _settled_at(row: MarketRow, end: End) -> datetime | None:
    closed_at = moment(row.closedTime, "closedTime")
    resolved_at = moment(row.umaEndDate, "umaEndDate")
    return (resolved_at or closed_at) if end.status == "final" else None


def _quote(row: MarketRow) -> Quote | None:
    """Best prices of outcome 0, up to five minutes old. On a closed market they are what was left over."""
    bid, ask, last = row.bestBid, row.bestAsk, above_zero(row.lastTradePrice)
    if row.closed:
        bid = ask = None
    if bid is not None and not 0 < bid < 1:
        bid = None  # 0 and 1 are never tradable: nobody quotes
    if ask is not None and not 0 < ask < 1:
        ask = None
    if bid is None and ask is None and last is None:
        return None
    return Quote(yes_bid=bid, yes_ask=ask, yes_bid_size=None, yes_ask_size=None, last_price=last)
