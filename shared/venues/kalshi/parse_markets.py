"""Kalshi's markets: from the decoded row to a market, or to the reason why not."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Literal, NamedTuple

from shared.venues.records import Market, MarketOutcome, MarketStatus, Outcome, PriceBand, Quote, Rejected
from shared.venues.wire import (
    Amount,
    Cents,
    Count,
    Identifier,
    Number,
    Price,
    Row,
    Text,
    Unreadable,
    Whole,
    above_zero,
    moment,
    plain,
    read_row,
    split,
)

_ONE = Decimal(1)
_CENT = Decimal("0.01")

# What the venue says, what it means to us, and whether orders are taken. `inactive` is a pause by the exchange.
_STATUSES: Mapping[str, tuple[MarketStatus, bool]] = {
    "active": ("open", True),
    "inactive": ("open", False),
    "initialized": ("open", False),
    "closed": ("closed", False),
    "determined": ("proposed", False),
    "amended": ("proposed", False),
    "disputed": ("disputed", False),
    "finalized": ("final", False),
}


class BandRow(Row):
    start: Price
    end: Price
    step: Price


class MarketRow(Row):
    """What we read of a market. Fields in whole cents and whole contracts are those of before March 2026."""

    ticker: Identifier
    event_ticker: Identifier
    status: Identifier
    market_type: Text | None = None
    title: Text | None = None
    subtitle: Text | None = None
    yes_sub_title: Text | None = None
    no_sub_title: Text | None = None
    rules_primary: str | None = None
    rules_secondary: str | None = None
    result: Text | None = None
    settlement_value_dollars: Price | None = None
    settlement_value: Cents | None = None
    settlement_ts: str | None = None
    yes_bid_dollars: Price | None = None
    yes_ask_dollars: Price | None = None
    yes_bid_size_fp: Amount | None = None
    yes_ask_size_fp: Amount | None = None
    last_price_dollars: Price | None = None
    yes_bid: Cents | None = None
    yes_ask: Cents | None = None
    last_price: Cents | None = None
    volume_fp: Amount | None = None
    volume_24h_fp: Amount | None = None
    open_interest_fp: Amount | None = None
    volume: Count | None = None
    volume_24h: Count | None = None
    open_interest: Count | None = None
    price_ranges: list[BandRow] | None = None
    tick_size: Cents | None = None
    strike_type: Text | None = None
    floor_strike: Number | None = None
    cap_strike: Number | None = None
    custom_strike: dict[Text, Any] | None = None
    settlement_timer_seconds: Whole | None = None
    fee_waiver_expiration_time: str | None = None
    open_time: str | None = None
    close_time: str | None = None
    expected_expiration_time: str | None = None
    updated_time: str | None = None


class End(NamedTuple):
    """Where a market stands in its life, and what it pays if that is final."""

    status: MarketStatus
    outcome: Outcome | None = None
    payout_yes: Decimal | None = None
    problem: str | None = None  # why it is not final although the venue calls it finalized


read_market_row = MarketRow.__pydantic_validator__.validate_python


def parse_market(row: object) -> Market | Rejected:
    return read_row(_market_of, row, platform="kalshi", entity="market", id_field="ticker")


def parse_markets(rows: Sequence[object]) -> tuple[tuple[Market, ...], tuple[Rejected, ...]]:
    return split(map(parse_market, rows))


def _market_of(fields: Any) -> Market:
    return _market(read_market_row(fields))


def _market(row: MarketRow) -> Market:
    end = end_of(row)
    bands = _bands(row)
    settled_at = moment(row.settlement_ts, "settlement_ts")
    return Market(
        platform="kalshi",
        external_id=row.ticker,
        event_external_id=row.event_ticker,
        question=_question(row),
        slug=None,
        description=_rules(row),
        market_type=_market_type(row.market_type),
        group_title=row.yes_sub_title or None,
        outcomes=_outcomes(row),
        condition_id=None,
        status=end.status,
        venue_status=row.status,
        accepting_orders=_STATUSES.get(row.status, ("closed", False))[1],
        placeholder=False,
        outcome=end.outcome,
        payout_yes=end.payout_yes,
        tick_size=_tick_size(row, bands),
        price_bands=bands if len(bands) > 1 else (),
        min_size=None,
        fee=None,
        fee_waived_until=moment(row.fee_waiver_expiration_time, "fee_waiver_expiration_time"),
        order_delay_seconds=None,
        strike=_strike(row),
        opens_at=moment(row.open_time, "open_time"),
        closes_at=moment(row.close_time, "close_time"),
        resolves_at=moment(row.expected_expiration_time, "expected_expiration_time"),
        settled_at=settled_at if end.status == "final" else None,
        quote=quote_of(row),
        volume=_contracts(row.volume_fp, row.volume),
        volume_24h=_contracts(row.volume_24h_fp, row.volume_24h),
        volume_unit="contracts",
        liquidity=None,
        open_interest=_contracts(row.open_interest_fp, row.open_interest),
        venue_updated_at=moment(row.updated_time, "updated_time"),
    )


def end_of(row: MarketRow) -> End:
    """The status, and for a finalized market what it pays. A status we do not know takes no orders and pays nothing."""
    status = _STATUSES.get(row.status, ("closed", False))[0]
    if status != "final":
        return End(status)
    value = row.settlement_value_dollars
    if value is None and row.settlement_value is not None:
        value = row.settlement_value * _CENT
    match row.result:
        case "yes" | "no":
            payout = _ONE if row.result == "yes" else 1 - _ONE
            if value is not None and value != payout:
                return End("closed", problem="value_disagrees")
            return End("final", "yes" if row.result == "yes" else "no", payout)
        case "scalar":
            return End("closed", problem="no_value") if value is None else End("final", "scalar", value)
        case None | "":
            return End("closed", problem="no_result")
    return End("closed", problem="unknown_result")


def quote_of(row: MarketRow) -> Quote | None:
    """Best prices of the yes side. An empty side is quoted 0 or 1 with size 0."""
    bid = _quoted(_price(row.yes_bid_dollars, row.yes_bid), row.yes_bid_size_fp)
    ask = _quoted(_price(row.yes_ask_dollars, row.yes_ask), row.yes_ask_size_fp)
    last = above_zero(_price(row.last_price_dollars, row.last_price))
    if bid is None and ask is None and last is None:
        return None
    return Quote(
        yes_bid=bid,
        yes_ask=ask,
        yes_bid_size=above_zero(row.yes_bid_size_fp) if bid is not None else None,
        yes_ask_size=above_zero(row.yes_ask_size_fp) if ask is not None else None,
        last_price=last,
    )


def _quoted(price: Decimal | None, size: Decimal | None) -> Decimal | None:
    """Captures of before March 2026 carry no size: there the price alone has to tell."""
    if price is None or not 0 < price < 1 or (size is not None and size == 0):
        return None
    return price


def _price(dollars: Decimal | None, cents: int | None) -> Decimal | None:
    if dollars is not None:
        return dollars
    return None if cents is None else cents * _CENT


def _contracts(fixed_point: Decimal | None, whole: int | None) -> Decimal | None:
    if fixed_point is not None:
        return fixed_point
    return None if whole is None else Decimal(whole)


def _question(row: MarketRow) -> str:
    """`title` is on its way out and empty where the event asks the question: then the venue's other names serve.

    Titles carry Markdown's `**`.
    """
    return (row.title or row.yes_sub_title or row.subtitle or "").replace("**", "").strip() or row.ticker


def _rules(row: MarketRow) -> str | None:
    parts = (plain(row.rules_primary, "rules_primary"), plain(row.rules_secondary, "rules_secondary"))
    return "\n\n".join(part for part in parts if part) or None


def _market_type(word: str | None) -> Literal["binary", "scalar"]:
    if word is None or word == "" or word == "binary":
        return "binary"
    if word == "scalar":
        return "scalar"
    raise Unreadable("unknown_word", "market_type", f"`market_type` is {word[:40]!r}")


def _outcomes(row: MarketRow) -> tuple[MarketOutcome, MarketOutcome]:
    """The two sub-titles are often the same words: then they name the market, not its sides."""
    yes, no = row.yes_sub_title, row.no_sub_title
    if not yes or not no or yes == no:
        yes, no = "Yes", "No"
    return MarketOutcome("yes", yes, None), MarketOutcome("no", no, None)


def _bands(row: MarketRow) -> tuple[PriceBand, ...]:
    bands = tuple([PriceBand(band.start, band.end, band.step) for band in row.price_ranges or ()])
    for band in bands:
        if band.step <= 0 or band.start >= band.end:
            raise Unreadable(
                "out_of_range",
                "price_ranges",
                f"`price_ranges` has a band from {band.start} to {band.end} by {band.step}",
            )
    return bands


def _tick_size(row: MarketRow, bands: tuple[PriceBand, ...]) -> Decimal | None:
    """The smallest step of all bands, so that it does not change whenever the quote does."""
    if bands:
        return min(band.step for band in bands)
    return row.tick_size * _CENT if row.tick_size else None


def _strike(row: MarketRow) -> dict[str, str]:
    strike: dict[str, str] = {}
    if row.strike_type:
        strike["type"] = row.strike_type
    if row.floor_strike is not None:
        strike["floor"] = str(row.floor_strike)
    if row.cap_strike is not None:
        strike["cap"] = str(row.cap_strike)
    for name, value in (row.custom_strike or {}).items():
        if isinstance(value, str) and (said := plain(value, "custom_strike")):
            strike[name] = said
    return strike
