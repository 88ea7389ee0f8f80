"""Kalshi's markets: what each of its oddities becomes."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from shared.venues.kalshi.parse import deleted, parse_market, parse_markets, settle
from shared.venues.records import Market, MarketOutcome, PriceBand, Quote, Rejected, Resolution
from tests.venues.rows import ABSENT, YES_TOKEN, finalized_kalshi_market, kalshi_market


def read(**changes: object) -> Market:
    market = parse_market(kalshi_market(**changes))
    assert isinstance(market, Market), market
    return market


def test_a_market_is_read_to_the_last_digit() -> None:
    market = read()

    assert (market.external_id, market.event_external_id) == ("KXICE-27-MAR", "KXICE-27")
    assert market.question == "Will the harbour freeze?"
    assert market.quote == Quote(Decimal("0.4"), Decimal("0.41"), Decimal("30.5"), Decimal(12), Decimal("0.4"))
    assert (market.volume, market.volume_24h, market.open_interest) == (
        Decimal("1234.56"),
        Decimal(12),
        Decimal("99.01"),
    )
    assert (market.volume_unit, market.liquidity, market.fee) == ("contracts", None, None)
    assert market.strike == {"type": "less", "cap": "80"}
    assert market.resolves_at == datetime(2027, 3, 1, 14, tzinfo=UTC)
    assert market.venue_updated_at == datetime(2026, 11, 20, 8, 30, 0, 801802, tzinfo=UTC)


def test_what_the_venue_does_not_say_is_none() -> None:
    market = parse_market({"ticker": "A", "event_ticker": "E", "status": "active"})

    assert isinstance(market, Market)
    assert {market.quote, market.volume, market.tick_size, market.closes_at, market.description} == {None}
    assert market.question == "A"


def test_equal_subtitles_name_the_market_and_not_its_sides() -> None:
    same = read()
    different = read(yes_sub_title="Freezes", no_sub_title="Stays open")

    assert same.outcomes == (MarketOutcome("yes", "Yes", None), MarketOutcome("no", "No", None))
    assert same.group_title == "Before March"
    assert [outcome.name for outcome in different.outcomes] == ["Freezes", "Stays open"]


@pytest.mark.parametrize(
    ("status", "ours", "accepting"),
    [
        ("active", "open", True),
        ("inactive", "open", False),
        ("initialized", "open", False),
        ("closed", "closed", False),
        ("determined", "proposed", False),
        ("amended", "proposed", False),
        ("disputed", "disputed", False),
        ("finalized", "final", False),
        ("frozen by a word of next year", "closed", False),
    ],
)
def test_each_status_has_one_meaning(status: str, ours: str, accepting: bool) -> None:
    market = read(status=status, result="yes", settlement_value_dollars="1.0000")

    assert (market.status, market.accepting_orders, market.venue_status) == (ours, accepting, status)
    assert (market.outcome is not None) == (ours == "final")


@pytest.mark.parametrize(
    ("changes", "bid", "ask"),
    [
        ({"yes_bid_dollars": "0.0000", "yes_bid_size_fp": "0.00"}, None, "0.41"),
        ({"yes_ask_dollars": "1.0000", "yes_ask_size_fp": "0.00"}, "0.4", None),
        ({"yes_ask_dollars": "0.0000", "no_bid_dollars": "1.0000", "yes_ask_size_fp": ABSENT}, "0.4", None),
        ({"yes_bid_size_fp": "0.00"}, None, "0.41"),
        ({"yes_bid_size_fp": ABSENT, "yes_ask_size_fp": ABSENT}, "0.4", "0.41"),
        ({"yes_bid_dollars": ABSENT, "yes_bid": 40, "yes_ask_dollars": ABSENT, "yes_ask": 41}, "0.4", "0.41"),
        ({"yes_bid_dollars": "0.0555", "yes_bid": 5}, "0.0555", "0.41"),
        ({"yes_bid_dollars": ABSENT}, None, "0.41"),
    ],
)
def test_a_quote_needs_a_size_and_a_price_between_0_and_1(
    changes: dict[str, object], bid: str | None, ask: str | None
) -> None:
    quote = read(**changes).quote

    assert quote is not None
    assert (quote.yes_bid, quote.yes_ask) == (bid and Decimal(bid), ask and Decimal(ask))
    assert quote.yes_bid_size is None or quote.yes_bid is not None
    assert quote.yes_ask_size is None or quote.yes_ask is not None


def test_a_price_of_0_means_that_nobody_traded() -> None:
    quote = read(last_price_dollars="0.0000").quote

    assert quote is not None
    assert quote.last_price is None


def test_the_tick_is_the_smallest_step_of_all_bands() -> None:
    tapered = [
        {"start": "0.0000", "end": "0.1000", "step": "0.0010"},
        {"start": "0.1000", "end": "0.9000", "step": "0.0100"},
        {"start": "0.9000", "end": "1.0000", "step": "0.0010"},
    ]

    banded, plain, old = read(price_ranges=tapered), read(), read(price_ranges=ABSENT, tick_size=1)

    assert banded.tick_size == Decimal("0.001")
    assert banded.price_bands[1] == PriceBand(Decimal("0.1"), Decimal("0.9"), Decimal("0.01"))
    assert (plain.tick_size, plain.price_bands) == (Decimal("0.01"), ())
    assert old.tick_size == Decimal("0.01")


def test_whole_contracts_of_old_captures_are_contracts() -> None:
    market = read(volume_fp=ABSENT, volume=35001, open_interest_fp=ABSENT, open_interest=5)

    assert (market.volume, market.open_interest) == (Decimal(35001), Decimal(5))


def test_a_title_may_be_missing() -> None:
    assert read(title=ABSENT).question == "Before March"
    assert read(title="", yes_sub_title="", subtitle="By 2030").question == "By 2030"


def test_structured_strikes_are_kept_as_text() -> None:
    market = read(strike_type="structured", cap_strike=ABSENT, custom_strike={"tennis_competitor": "e8ad", "n": {}})

    assert market.strike == {"type": "structured", "tennis_competitor": "e8ad"}


def test_a_market_type_is_binary_unless_said() -> None:
    assert read(market_type="scalar").market_type == "scalar"
    assert read(market_type=ABSENT).market_type == "binary"


@pytest.mark.parametrize(
    ("changes", "status", "outcome", "payout", "problem"),
    [
        ({}, "final", "yes", "1", None),
        ({"result": "no", "settlement_value_dollars": "0.0000"}, "final", "no", "0", None),
        ({"settlement_value_dollars": ABSENT}, "final", "yes", "1", None),
        ({"settlement_value_dollars": ABSENT, "settlement_value": 100}, "final", "yes", "1", None),
        ({"result": "scalar", "settlement_value_dollars": "0.3750"}, "final", "scalar", "0.375", None),
        ({"result": "scalar", "settlement_value_dollars": "1.0000"}, "final", "scalar", "1", None),
        ({"result": "scalar", "settlement_value_dollars": ABSENT}, "closed", None, None, "no_value"),
        ({"result": ""}, "closed", None, None, "no_result"),
        ({"result": ABSENT}, "closed", None, None, "no_result"),
        ({"result": "void"}, "closed", None, None, "unknown_result"),
        ({"settlement_value_dollars": "0.0000"}, "closed", None, None, "value_disagrees"),
        ({"result": "no", "settlement_value_dollars": "0.5000"}, "closed", None, None, "value_disagrees"),
        ({"status": "determined"}, "proposed", None, None, None),
        ({"status": "disputed"}, "disputed", None, None, None),
        ({"status": "closed", "result": "yes"}, "closed", None, None, None),
    ],
)
def test_only_a_finalized_market_with_a_clear_value_pays(
    changes: dict[str, object], status: str, outcome: str | None, payout: str | None, problem: str | None
) -> None:
    row = finalized_kalshi_market(**changes)

    market, resolution = parse_market(row), settle(row)

    assert isinstance(market, Market)
    assert isinstance(resolution, Resolution)
    assert (market.status, market.outcome, market.payout_yes) == (status, outcome, payout and Decimal(payout))
    assert (resolution.status, resolution.outcome, resolution.problem) == (status, outcome, problem)
    assert (resolution.payout_yes, resolution.settled_at) == (market.payout_yes, market.settled_at)
    assert (market.settled_at is not None) == (status == "final")


def test_a_resolution_says_which_tier_it_is_from_and_what_was_read() -> None:
    resolution = settle(finalized_kalshi_market(), "kalshi_historical")

    assert isinstance(resolution, Resolution)
    assert resolution.source == "kalshi_historical"
    assert resolution.evidence["result"] == "yes"
    assert "rules_primary" not in resolution.evidence


def test_a_deleted_market_is_void_and_pays_nothing_of_its_own() -> None:
    gone = deleted("KXICE-27-MAR")

    assert (gone.status, gone.outcome, gone.payout_yes, gone.source) == ("final", "void", None, "kalshi_deleted")


def test_a_page_with_one_bad_row_loses_one_row() -> None:
    rows = [kalshi_market(ticker="A"), kalshi_market(ticker="B", volume_fp="abc"), 7, kalshi_market(ticker="C")]

    records, rejected = parse_markets(rows)

    assert [market.external_id for market in records] == ["A", "C"]
    assert [each.kind for each in rejected] == ["not_a_number:volume_fp", "not_an_object:market"]


BROKEN = [
    ("ticker", ABSENT, "missing:ticker"),
    ("ticker", "", "missing:ticker"),
    ("ticker", 5, "not_text:ticker"),
    ("event_ticker", ABSENT, "missing:event_ticker"),
    ("event_ticker", None, "not_text:event_ticker"),
    ("status", ABSENT, "missing:status"),
    ("status", 1, "not_text:status"),
    ("title", 5, "not_text:title"),
    ("title", "a\0b", "not_text:title"),
    ("yes_sub_title", [], "not_text:yes_sub_title"),
    ("rules_primary", {"a": 1}, "not_text:rules_primary"),
    ("rules_primary", "a\0b", "not_text:rules_primary"),
    ("market_type", "cubic", "unknown_word:market_type"),
    ("yes_bid_dollars", "abc", "not_a_number:yes_bid_dollars"),
    ("yes_bid_dollars", "", "not_a_number:yes_bid_dollars"),
    ("yes_bid_dollars", True, "not_a_number:yes_bid_dollars"),
    ("yes_bid_dollars", "7", "out_of_range:yes_bid_dollars"),
    ("yes_bid_dollars", "-0.01", "out_of_range:yes_bid_dollars"),
    ("yes_bid_dollars", YES_TOKEN, "out_of_range:yes_bid_dollars"),
    ("yes_ask_dollars", "NaN", "not_a_number:yes_ask_dollars"),
    ("yes_bid", 140, "out_of_range:yes_bid"),
    ("yes_bid", "40", "not_a_number:yes_bid"),
    ("yes_bid_size_fp", "-1", "out_of_range:yes_bid_size_fp"),
    ("yes_ask_size_fp", "many", "not_a_number:yes_ask_size_fp"),
    ("last_price_dollars", "1.01", "out_of_range:last_price_dollars"),
    ("volume_fp", "-5", "out_of_range:volume_fp"),
    ("volume", 1.5, "not_a_number:volume"),
    ("volume_24h_fp", [], "not_a_number:volume_24h_fp"),
    ("open_interest_fp", "1e40", "out_of_range:open_interest_fp"),
    ("settlement_value_dollars", "1.5", "out_of_range:settlement_value_dollars"),
    ("price_ranges", "0.01", "not_a_list:price_ranges"),
    ("price_ranges", [{"start": "0", "end": "1"}], "missing:price_ranges.step"),
    ("price_ranges", [{"start": "0", "end": "1", "step": "0"}], "out_of_range:price_ranges"),
    ("price_ranges", [{"start": "1", "end": "0", "step": "0.01"}], "out_of_range:price_ranges"),
    ("price_ranges", [{"start": "0", "end": "1", "step": "x"}], "not_a_number:price_ranges.step"),
    ("floor_strike", "high", "not_a_number:floor_strike"),
    ("custom_strike", "x", "not_an_object:custom_strike"),
    ("custom_strike", {"a": "b\0c"}, "not_text:custom_strike"),
    ("open_time", "yesterday", "not_a_time:open_time"),
    ("close_time", 1795160000, "not_text:close_time"),
    ("expected_expiration_time", "x", "not_a_time:expected_expiration_time"),
    ("settlement_ts", "x", "not_a_time:settlement_ts"),
    ("updated_time", "x", "not_a_time:updated_time"),
    ("fee_waiver_expiration_time", "x", "not_a_time:fee_waiver_expiration_time"),
]


@pytest.mark.parametrize(("field", "value", "kind"), BROKEN, ids=[f"{name}={value!r:.30}" for name, value, _ in BROKEN])
def test_a_value_that_cannot_be_read_rejects_the_row(field: str, value: object, kind: str) -> None:
    read = parse_market(kalshi_market(**{field: value}))

    assert isinstance(read, Rejected)
    assert read.kind == kind
    assert field in read.reason
