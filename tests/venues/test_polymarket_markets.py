"""Gamma's markets: what each of its oddities becomes."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from shared.venues.polymarket.parse import parse_market, parse_markets
from shared.venues.records import FeeSchedule, Market, MarketOutcome, Quote, Rejected
from tests.venues.rows import ABSENT, CONDITION, NO_TOKEN, YES_TOKEN, gamma_market, resolved_gamma_market


def read(**changes: object) -> Market:
    market = parse_market(gamma_market(**changes))
    assert isinstance(market, Market), market
    return market


def test_a_market_is_read_to_the_last_digit() -> None:
    market = read()

    assert market.external_id == "5001"
    assert market.event_external_id == "700"
    assert market.condition_id == CONDITION
    assert market.outcomes == (MarketOutcome("yes", "Yes", YES_TOKEN), MarketOutcome("no", "No", NO_TOKEN))
    assert market.quote == Quote(Decimal("0.4"), Decimal("0.41"), None, None, Decimal("0.4"))
    assert (market.volume, market.volume_24h, market.liquidity) == (
        Decimal("12345.678901"),
        Decimal(321),
        Decimal("900.5"),
    )
    assert market.opens_at == datetime(2026, 10, 1, 9, 0, 0, 123456, tzinfo=UTC)
    assert market.fee == FeeSchedule(Decimal("0.05"), Decimal(1), taker_only=True, fee_type="weather_fees")
    assert (market.status, market.outcome, market.payout_yes) == ("open", None, None)
    assert market.strike == {"threshold": "2"}


def test_what_the_venue_does_not_say_is_none() -> None:
    market = parse_market({"id": "1", "question": "Will it?", "closed": False})

    assert isinstance(market, Market)
    said = (market.volume, market.liquidity, market.tick_size, market.min_size, market.quote, market.fee)
    assert set(said) == {None}
    assert (market.closes_at, market.accepting_orders, market.condition_id, market.outcomes) == (None, None, None, ())


def test_outcome_names_may_be_anything() -> None:
    market = read(outcomes='["Over", "Under"]')

    assert [(outcome.side, outcome.name) for outcome in market.outcomes] == [("yes", "Over"), ("no", "Under")]


def test_the_version_tells_which_field_holds_the_tokens() -> None:
    v2 = read(version="v2", positionIds=["11", "22"])
    v1_with_both = read(version=ABSENT, positionIds=["11", "22"])
    v2_without = read(version="v2")

    assert [outcome.token_id for outcome in v2.outcomes] == ["11", "22"]
    assert [outcome.token_id for outcome in v1_with_both.outcomes] == [YES_TOKEN, NO_TOKEN]
    assert [outcome.token_id for outcome in v2_without.outcomes] == [None, None]


@pytest.mark.parametrize("tokens", ["[]", "", ABSENT])
def test_a_market_that_is_not_deployed_has_no_tokens(tokens: object) -> None:
    market = read(clobTokenIds=tokens)

    assert [outcome.token_id for outcome in market.outcomes] == [None, None]


@pytest.mark.parametrize(
    ("bid", "ask", "last", "expected"),
    [
        (0, 1, 0, None),
        (ABSENT, "0.41", ABSENT, Quote(None, Decimal("0.41"), None, None, None)),
        ("0.4", 1, "0.4", Quote(Decimal("0.4"), None, None, None, Decimal("0.4"))),
        (ABSENT, ABSENT, ABSENT, None),
    ],
)
def test_nobody_quotes_0_or_1(bid: object, ask: object, last: object, expected: Quote | None) -> None:
    market = read(bestBid=bid, bestAsk=ask, lastTradePrice=last)

    assert market.quote == expected


def test_a_closed_market_is_not_quoted_although_gamma_still_says_so() -> None:
    market = read(closed=True)

    assert market.quote == Quote(None, None, None, None, Decimal("0.4"))


def test_a_closed_market_takes_no_orders_although_it_says_so() -> None:
    assert read(closed=True, acceptingOrders=True, enableOrderBook=True).accepting_orders is False
    assert read(enableOrderBook=False).accepting_orders is False
    assert read(acceptingOrders=ABSENT).accepting_orders is None


@pytest.mark.parametrize(
    ("changes", "placeholder"),
    [({}, False), ({"negRiskOther": True}, True), ({"active": False}, True), ({"conditionId": ""}, True)],
)
def test_unnamed_and_catch_all_outcomes_are_placeholders(changes: dict[str, object], placeholder: bool) -> None:
    assert read(**changes).placeholder is placeholder


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({}, "open"),
        ({"umaResolutionStatus": ""}, "open"),
        ({"umaResolutionStatus": "proposed"}, "proposed"),
        ({"umaResolutionStatus": "disputed"}, "disputed"),
        ({"umaResolutionStatus": "requested"}, "proposed"),
        ({"umaResolutionStatus": "a word of next year"}, "proposed"),
        ({"umaResolutionStatus": "resolved"}, "proposed"),
        ({"umaResolutionStatus": "proposed", "outcomePrices": '["0.5", "0.5"]'}, "proposed"),
        ({"closed": True}, "closed"),
        ({"closed": True, "outcomePrices": '["1", "0"]'}, "closed"),
        ({"closed": True, "umaResolutionStatus": "resolved"}, "closed"),
        ({"closed": True, "umaResolutionStatus": "resolved", "outcomePrices": '["0.9995", "0.0005"]'}, "closed"),
        ({"closed": True, "umaResolutionStatus": "resolved", "outcomePrices": '["0", "0"]'}, "closed"),
        ({"closed": True, "umaResolutionStatus": "resolved", "outcomePrices": '["1", "1"]'}, "closed"),
        ({"closed": True, "umaResolutionStatus": "resolved", "outcomePrices": ABSENT}, "closed"),
        ({"closed": True, "umaResolutionStatus": "disputed", "outcomePrices": '["1", "0"]'}, "disputed"),
        ({"version": "v2", "resolutionStatus": "inactive"}, "open"),
        ({"version": "v2", "resolutionStatus": "active"}, "proposed"),
        ({"version": "v2", "resolutionStatus": "resolved", "closed": True, "outcomePrices": '["1", "0"]'}, "closed"),
    ],
)
def test_a_status_is_final_only_with_all_signs_together(changes: dict[str, object], status: str) -> None:
    market = read(**changes)

    assert market.status == status
    assert (market.outcome, market.payout_yes, market.settled_at) == (None, None, None)


@pytest.mark.parametrize(
    ("prices", "outcome", "payout"),
    [
        ('["1", "0"]', "yes", 1),
        ('["0", "1"]', "no", 0),
        ('["0.5", "0.5"]', "split", Decimal("0.5")),
        ("[1, 0]", "yes", 1),
    ],
)
def test_a_final_market_pays_its_exact_prices(prices: str, outcome: str, payout: Decimal | int) -> None:
    market = parse_market(resolved_gamma_market(outcomePrices=prices))

    assert isinstance(market, Market)
    assert (market.status, market.outcome, market.payout_yes) == ("final", outcome, payout)
    assert market.settled_at == datetime(2026, 11, 2, 10, tzinfo=UTC)
    assert market.venue_status == "resolved"


def test_a_split_inside_a_negrisk_event_is_not_believed() -> None:
    market = parse_market(resolved_gamma_market(outcomePrices='["0.5", "0.5"]', negRisk=True))

    assert isinstance(market, Market)
    assert (market.status, market.outcome) == ("closed", None)


@pytest.mark.parametrize(
    "changes",
    [
        {"feesEnabled": False},
        {"feeSchedule": None},
        {"feeSchedule": ABSENT},
        {"feeSchedule": ABSENT, "takerBaseFee": 1000, "makerBaseFee": 1000},
    ],
)
def test_no_schedule_means_no_fee_whatever_the_legacy_field_says(changes: dict[str, object]) -> None:
    assert read(**changes).fee is None


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2026-04-05 19:37:33+00", datetime(2026, 4, 5, 19, 37, 33, tzinfo=UTC)),
        ("2026-04-05 19:37:33+00:00:00", datetime(2026, 4, 5, 19, 37, 33, tzinfo=UTC)),
        ("2026-04-05T19:37:33Z", datetime(2026, 4, 5, 19, 37, 33, tzinfo=UTC)),
        ("2026-04-05T19:37:33.123456789Z", datetime(2026, 4, 5, 19, 37, 33, 123456, tzinfo=UTC)),
        ("2026-04-05T21:37:33+02:00", datetime(2026, 4, 5, 19, 37, 33, tzinfo=UTC)),
        ("2026-04-05", datetime(2026, 4, 5, tzinfo=UTC)),
        ("0001-01-01T00:00:00Z", None),
        ("", None),
        (None, None),
    ],
)
def test_all_forms_of_time_are_read(text: str | None, at: datetime | None) -> None:
    assert read(endDate=text).closes_at == at


def test_amounts_come_as_text_or_numbers_and_text_is_the_exact_one() -> None:
    assert read(volume="0.1", volumeNum=5).volume == Decimal("0.1")
    assert read(volume=ABSENT, volumeNum=5).volume == 5
    assert read(liquidity=ABSENT, liquidityNum=ABSENT).liquidity is None


def test_finer_ticks_survive() -> None:
    assert read(orderPriceMinTickSize="0.0025").tick_size == Decimal("0.0025")
    assert read(orderPriceMinTickSize=0).tick_size is None


def test_a_line_is_part_of_the_strike() -> None:
    assert read(line="-7.5").strike == {"line": "-7.5", "threshold": "2"}


def test_a_page_with_one_bad_row_loses_one_row() -> None:
    rows = [gamma_market(id="1"), gamma_market(id="2", volume="much"), None, gamma_market(id="3")]

    records, rejected = parse_markets(rows)

    assert [market.external_id for market in records] == ["1", "3"]
    assert [(each.external_id, each.kind) for each in rejected] == [
        ("2", "not_a_number:volume"),
        (None, "not_an_object:market"),
    ]


BROKEN = [
    ("id", ABSENT, "missing:id"),
    ("id", "", "missing:id"),
    ("id", 5001, "not_text:id"),
    ("id", None, "not_text:id"),
    ("question", ABSENT, "missing:question"),
    ("question", "", "missing:question"),
    ("question", "with\0zero", "not_text:question"),
    ("closed", ABSENT, "missing:closed"),
    ("closed", "false", "not_a_bool:closed"),
    ("closed", 0, "not_a_bool:closed"),
    ("active", "yes", "not_a_bool:active"),
    ("acceptingOrders", 1, "not_a_bool:acceptingOrders"),
    ("enableOrderBook", [], "not_a_bool:enableOrderBook"),
    ("negRisk", "true", "not_a_bool:negRisk"),
    ("negRiskOther", 2, "not_a_bool:negRiskOther"),
    ("conditionId", 7, "not_text:conditionId"),
    ("slug", ["a"], "not_text:slug"),
    ("description", {"en": "x"}, "not_text:description"),
    ("description", "with\0zero", "not_text:description"),
    ("groupItemTitle", 5, "not_text:groupItemTitle"),
    ("marketType", "cubic", "unknown_word:marketType"),
    ("outcomes", '["Yes", "No"', "not_json:outcomes"),
    ("outcomes", '{"a": 1}', "not_a_list:outcomes"),
    ("outcomes", 5, "not_a_list:outcomes"),
    ("outcomes", '["A", "B", "C"]', "not_binary:outcomes"),
    ("outcomes", '["Yes"]', "not_binary:outcomes"),
    ("outcomes", '["Yes", 5]', "not_text:outcomes"),
    ("outcomes", '["Yes", ""]', "not_text:outcomes"),
    ("outcomes", '["Yes", "a\\u0000b"]', "not_text:outcomes"),
    ("outcomes", ["Yes", "\ud800"], "not_text:outcomes"),
    ("outcomePrices", "0.5, 0.5", "not_json:outcomePrices"),
    ("outcomePrices", '["0.5"]', "wrong_length:outcomePrices"),
    ("outcomePrices", '["0.5", "cheap"]', "not_a_number:outcomePrices"),
    ("outcomePrices", '["0.5", null]', "not_a_number:outcomePrices"),
    ("outcomePrices", '["0.5", true]', "not_a_number:outcomePrices"),
    ("outcomePrices", '["NaN", "0.5"]', "not_a_number:outcomePrices"),
    ("outcomePrices", '["1.5", "0.5"]', "out_of_range:outcomePrices"),
    ("outcomePrices", '["-0.1", "1"]', "out_of_range:outcomePrices"),
    ("clobTokenIds", "nope", "not_json:clobTokenIds"),
    ("clobTokenIds", '["12"]', "wrong_length:clobTokenIds"),
    ("clobTokenIds", '["12", "0x34"]', "not_a_token_id:clobTokenIds"),
    ("clobTokenIds", "[12, 34]", "not_a_token_id:clobTokenIds"),
    ("clobTokenIds", f'["12", "{"9" * 79}"]', "not_a_token_id:clobTokenIds"),
    ("umaResolutionStatuses", "[proposed]", "not_json:umaResolutionStatuses"),
    ("umaResolutionStatus", 3, "not_text:umaResolutionStatus"),
    ("volume", "abc", "not_a_number:volume"),
    ("volume", "", "not_a_number:volume"),
    ("volume", True, "not_a_number:volume"),
    ("volume", "NaN", "not_a_number:volume"),
    ("volume", Decimal("Infinity"), "not_a_number:volume"),
    ("volume", "-1", "out_of_range:volume"),
    ("volume", "1e30", "out_of_range:volume"),
    ("volume", "1e-999999", "out_of_range:volume"),
    ("volume", [1], "not_a_number:volume"),
    ("volume24hr", {"usd": 1}, "not_a_number:volume24hr"),
    ("liquidity", "-0.01", "out_of_range:liquidity"),
    ("liquidityNum", "x", "not_a_number:liquidityNum"),
    ("bestBid", 7, "out_of_range:bestBid"),
    ("bestBid", "-0.01", "out_of_range:bestBid"),
    ("bestBid", "1e-999999", "out_of_range:bestBid"),
    ("bestBid", YES_TOKEN, "out_of_range:bestBid"),
    ("bestAsk", "1.01", "out_of_range:bestAsk"),
    ("bestAsk", False, "not_a_number:bestAsk"),
    ("lastTradePrice", "", "not_a_number:lastTradePrice"),
    ("orderPriceMinTickSize", "2", "out_of_range:orderPriceMinTickSize"),
    ("orderMinSize", -5, "out_of_range:orderMinSize"),
    ("secondsDelay", "3", "not_a_number:secondsDelay"),
    ("secondsDelay", -1, "out_of_range:secondsDelay"),
    ("line", "high", "not_a_number:line"),
    ("feeSchedule", 0.05, "not_an_object:feeSchedule"),
    ("feeSchedule", {"exponent": 1, "takerOnly": True}, "missing:feeSchedule.rate"),
    ("feeSchedule", {"exponent": 1, "rate": "x", "takerOnly": True}, "not_a_number:feeSchedule.rate"),
    ("feeSchedule", {"exponent": 1, "rate": 1000, "takerOnly": True}, "out_of_range:feeSchedule.rate"),
    ("startDate", "yesterday", "not_a_time:startDate"),
    ("endDate", "2026-13-01T00:00:00Z", "not_a_time:endDate"),
    ("endDate", 1795160000, "not_text:endDate"),
    ("endDate", "9999-12-31T23:59:59-05:00", "not_a_time:endDate"),
    ("closedTime", "soon", "not_a_time:closedTime"),
    ("umaEndDate", "soon", "not_a_time:umaEndDate"),
    ("updatedAt", "soon", "not_a_time:updatedAt"),
    ("events", "700", "not_a_list:events"),
    ("events", [{"slug": "x"}], "missing:events.id"),
    ("events", ["700"], "not_an_object:events"),
]


@pytest.mark.parametrize(("field", "value", "kind"), BROKEN, ids=[f"{name}={value!r:.30}" for name, value, _ in BROKEN])
def test_a_value_that_cannot_be_read_rejects_the_row(field: str, value: object, kind: str) -> None:
    read = parse_market(gamma_market(**{field: value}))

    assert isinstance(read, Rejected)
    assert read.kind == kind
    assert read.external_id == ("5001" if field != "id" else (value if isinstance(value, str) else None))
    assert field in read.reason
