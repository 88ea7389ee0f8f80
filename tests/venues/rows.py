"""Good rows as the venues send them, with the small changes that a test is about."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any


class _Absent:
    def __repr__(self) -> str:  # the same in every process: tests are named by it
        return "ABSENT"


ABSENT = _Absent()

YES_TOKEN = "71" * 38 + "1"
NO_TOKEN = "82" * 39  # 78 digits, the longest there are
CONDITION = "0x" + "ab" * 32


def changed(row: dict[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """The row with other values; ABSENT takes the key away."""
    merged = {**row, **changes}
    return {name: value for name, value in merged.items() if value is not ABSENT}


def gamma_market(**changes: Any) -> dict[str, Any]:
    row = {
        "id": "5001",
        "question": "Will the harbour freeze before March?",
        "conditionId": CONDITION,
        "slug": "will-the-harbour-freeze-before-march",
        "description": "Yes if the harbour master reports ice from shore to shore.",
        "outcomes": '["Yes", "No"]',
        "outcomePrices": '["0.405", "0.595"]',
        "clobTokenIds": f'["{YES_TOKEN}", "{NO_TOKEN}"]',
        "version": "v1",
        "volume": "12345.678901",
        "volumeNum": 12345.68,
        "liquidity": "900.5",
        "volume24hr": 321,
        "active": True,
        "closed": False,
        "acceptingOrders": True,
        "enableOrderBook": True,
        "bestBid": "0.4",
        "bestAsk": "0.41",
        "lastTradePrice": "0.4",
        "orderPriceMinTickSize": "0.01",
        "orderMinSize": 5,
        "startDate": "2026-10-01T09:00:00.123456Z",
        "endDate": "2027-03-01T00:00:00Z",
        "updatedAt": "2026-11-20T08:30:00Z",
        "groupItemTitle": "Before March",
        "groupItemThreshold": "2",
        "negRisk": False,
        "negRiskOther": False,
        "umaResolutionStatuses": "[]",
        "feesEnabled": True,
        "feeType": "weather_fees",
        "feeSchedule": {"exponent": 1, "rate": "0.05", "takerOnly": True, "rebateRate": "0.25"},
        "secondsDelay": 0,
        "events": [{"id": "700", "slug": "harbour-ice"}],
    }
    return changed(row, changes)


def resolved_gamma_market(**changes: Any) -> dict[str, Any]:
    end = {
        "closed": True,
        "outcomePrices": '["1", "0"]',
        "umaResolutionStatus": "resolved",
        "umaEndDate": "2026-11-02T10:00:00Z",
        "closedTime": "2026-11-02 10:00:00+00",
    }
    return gamma_market(**{**end, **changes})


def gamma_event(**changes: Any) -> dict[str, Any]:
    row = {
        "id": "700",
        "title": "Harbour ice",
        "description": "All about ice.",
        "active": True,
        "closed": False,
        "negRisk": False,
        "startDate": "2026-10-01T09:00:00Z",
        "endDate": "2027-03-01T00:00:00Z",
        "updatedAt": "2026-11-20T08:30:00Z",
        "volume": 12345.5,
        "volume24hr": 321,
        "liquidity": 900,
        "openInterest": 40,
        "tags": [
            {"id": "9", "slug": "harbours", "label": "Harbours"},
            {"id": "84", "slug": "Weather", "label": "Weather"},
            {"id": "1", "slug": "world", "label": "World"},
        ],
        "series": [{"id": "35", "title": "Ice", "recurrence": "yearly"}],
    }
    return changed(row, changes)


def clob_book(token: str = YES_TOKEN, changes: Mapping[str, Any] = MappingProxyType({})) -> dict[str, Any]:
    row = {
        "market": CONDITION,
        "asset_id": token,
        "timestamp": "1795160000123",
        "bids": [{"price": "0.01", "size": "500"}, {"price": "0.4", "size": "30.5"}],
        "asks": [{"price": "0.99", "size": "700"}, {"price": "0.41", "size": "12"}],
        "min_order_size": "5",
        "tick_size": "0.01",
        "neg_risk": False,
        "last_trade_price": "0.405",
    }
    return changed(row, changes)


def data_trade(**changes: Any) -> dict[str, Any]:
    row = {
        "proxy_wallet": "0xAB00000000000000000000000000000000000001",
        "side": "BUY",
        "token_id": YES_TOKEN,
        "condition_id": CONDITION,
        "size": 22.84,
        "price": 0.52,
        "timestamp": 1795160000,
        "outcome": "Yes",
        "outcome_index": 0,
        "transaction_hash": "0x01",
    }
    return changed(row, changes)


def kalshi_market(**changes: Any) -> dict[str, Any]:
    row = {
        "ticker": "KXICE-27-MAR",
        "event_ticker": "KXICE-27",
        "market_type": "binary",
        "status": "active",
        "title": "Will the **harbour** freeze?",
        "yes_sub_title": "Before March",
        "no_sub_title": "Before March",
        "rules_primary": "Yes if it freezes.",
        "rules_secondary": "",
        "result": "",
        "yes_bid_dollars": "0.4000",
        "yes_bid_size_fp": "30.50",
        "yes_ask_dollars": "0.4100",
        "yes_ask_size_fp": "12.00",
        "no_bid_dollars": "0.5900",
        "no_ask_dollars": "0.6000",
        "last_price_dollars": "0.4000",
        "volume_fp": "1234.56",
        "volume_24h_fp": "12.00",
        "open_interest_fp": "99.01",
        "notional_value_dollars": "1.0000",
        "price_level_structure": "linear_cent",
        "price_ranges": [{"start": "0.0000", "end": "1.0000", "step": "0.0100"}],
        "strike_type": "less",
        "cap_strike": 80,
        "open_time": "2026-10-01T09:00:00Z",
        "close_time": "2027-03-01T04:59:00Z",
        "expected_expiration_time": "2027-03-01T14:00:00Z",
        "updated_time": "2026-11-20T08:30:00.801802Z",
        "settlement_timer_seconds": 3600,
    }
    return changed(row, changes)


def finalized_kalshi_market(**changes: Any) -> dict[str, Any]:
    end = {
        "status": "finalized",
        "result": "yes",
        "settlement_value_dollars": "1.0000",
        "settlement_ts": "2026-11-02T10:00:00Z",
        "yes_bid_dollars": "0.0000",
        "yes_bid_size_fp": "0.00",
        "yes_ask_dollars": "1.0000",
        "yes_ask_size_fp": "0.00",
    }
    return kalshi_market(**{**end, **changes})


def kalshi_event(**changes: Any) -> dict[str, Any]:
    row = {
        "event_ticker": "KXICE-27",
        "series_ticker": "KXICE",
        "title": "When will the **harbour** freeze?",
        "sub_title": "This winter",
        "category": "Climate and Weather",
        "mutually_exclusive": True,
        "collateral_return_type": "MECNET",
        "strike_date": "2027-03-01T04:59:00Z",
        "strike_period": "",
        "last_updated_ts": "0001-01-01T00:00:00Z",
    }
    return changed(row, changes)


def kalshi_series(**changes: Any) -> dict[str, Any]:
    row = {
        "ticker": "KXICE",
        "title": "Harbour ice",
        "category": "Climate and Weather",
        "tags": ["Ice"],
        "frequency": "annual",
        "fee_type": "quadratic",
        "fee_multiplier": 1,
        "settlement_sources": [{"name": "Harbour master", "url": "https://harbour.example"}],
        "last_updated_ts": "2026-08-19T15:45:47.523967Z",
    }
    return changed(row, changes)


def kalshi_book(**changes: Any) -> dict[str, Any]:
    book = {"yes_dollars": [["0.0100", "500.00"], ["0.4000", "30.50"]], "no_dollars": [["0.5900", "12.00"]]}
    return changed({"ticker": "KXICE-27-MAR", "orderbook_fp": book}, changes)


def kalshi_trade(**changes: Any) -> dict[str, Any]:
    row = {
        "trade_id": "t-1",
        "ticker": "KXICE-27-MAR",
        "count_fp": "49.00",
        "yes_price_dollars": "0.9100",
        "no_price_dollars": "0.0900",
        "taker_outcome_side": "yes",
        "taker_side": "yes",
        "created_time": "2026-11-07T10:02:03.545289Z",
        "is_block_trade": False,
    }
    return changed(row, changes)
