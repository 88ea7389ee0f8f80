"""Answers as the documentation shows them."""

from typing import Any

MARKET: dict[str, Any] = {
    "market_id": "polymarket:906973",
    "event_id": "polymarket:101772",
    "platform": "polymarket",
    "external_id": "906973",
    "question": "Will the Fed decrease interest rates by 25 bps after the June 2026 meeting?",
    "outcomes": ["Yes", "No"],
    "category": "politics",
    "tags": ["economic-policy", "fed-rates", "politics"],
    "status": "open",
    "outcome": None,
    "payout_yes": None,
    "yes_bid": 0.005,
    "yes_ask": 0.006,
    "no_bid": 0.994,
    "no_ask": 0.995,
    "yes_bid_size": 31357.09,
    "yes_ask_size": 10139.86,
    "yes_price": 0.0055,
    "no_price": 0.9945,
    "last_price": 0.006,
    "spread": 0.001,
    "volume": 5613436.78334491,
    "volume_24h": 248946.436695,
    "volume_unit": "dollars",
    "liquidity": 365215.79468,
    "open_interest": None,
    "tick_size": 0.001,
    "min_size": 5,
    "fee": {"fee_type": "economics_fees", "rate": 0.05, "exponent": 1, "taker_only": True},
    "closes_at": "2026-06-17T00:00:00+00:00",
    "settled_at": None,
    "quoted_at": "2026-05-17T06:04:25.661991+00:00",
    "updated_at": "2026-05-17T06:04:25.661991+00:00",
    "accepting_orders": True,
    "placeholder": False,
}
PROGRESS: dict[str, Any] = {
    "seen": 41234,
    "new": 310,
    "changed": 8123,
    "unchanged": 32411,
    "repeated": 2,
    "left": 190,
    "settled": 171,
    "rejected": {"not_a_number:volume": 1},
    "rejected_examples": {"not_a_number:volume": ["906973: volume is not a number"]},
    "filtered": {"liquidity_too_low": 389},
    "pages": 413,
    "bytes_read": 247000000,
    "seconds": 82.9,
    "rows_per_second": 497,
    "error": None,
}
SYNC: dict[str, Any] = {
    "sync_id": "82e69343-e274-45ad-9559-ae3922a20e87",
    "status": "success",
    "started_at": "2026-11-21T04:48:07.109Z",
    "finished_at": "2026-11-21T04:49:30.012Z",
    "platforms": {"polymarket": PROGRESS, "kalshi": {**PROGRESS, "filtered": {}, "rejected": {}}},
}
MARKETS: dict[str, Any] = {"markets": [MARKET], "cursor": "WyJpZCIsIjEwMCIsMTAwXQ"}
BOOK: dict[str, Any] = {
    "market_id": "kalshi:KXHIGHNY-26JUL19-T80",
    "quoted_at": "2026-07-19T01:02:03.456789+00:00",
    "venue_time": None,
    "yes": {"bids": [[0.3, 8.41], [0.29, 250]], "asks": [[0.31, 63.09]]},
    "no": {"bids": [[0.69, 63.09]], "asks": [[0.7, 8.41], [0.71, 250]]},
    "platform": "kalshi",
    "event_id": "kalshi:KXHIGHNY-26JUL19",
    "status": "open",
    "accepting_orders": True,
    "tick_size": 0.01,
    "price_bands": None,
    "min_size": 0.01,
    "fee": {"fee_type": "quadratic", "multiplier": 1},
    "order_delay_seconds": None,
    "closes_at": "2026-07-20T04:59:00+00:00",
}
FAILURES: list[dict[str, str]] = [{"market_id": "polymarket:1", "reason": "unknown_market"}]
TRADES: dict[str, Any] = {
    "trades": [
        {
            "market_id": "kalshi:KXHIGHNY-26JUL19-T80",
            "trade_id": "f272e06b-9a9c-4d2f-9c1e-7f6a1b2c3d4e",
            "price": 0.31,
            "size": 12.5,
            "taker_side": "yes",
            "traded_at": "2026-07-19T01:02:07.104Z",
        }
    ],
    "failures": FAILURES,
}
PRICES: dict[str, Any] = {
    "prices": [
        {
            "market_id": "polymarket:906973",
            "yes_bid": 0.005,
            "yes_ask": 0.006,
            "no_bid": 0.994,
            "no_ask": 0.995,
            "yes_bid_size": 31357.09,
            "yes_ask_size": 10139.86,
            "last_price": 0.006,
            "quoted_at": "2026-05-17T06:04:26.102Z",
        }
    ],
    "failures": FAILURES,
}
RESOLUTIONS: dict[str, Any] = {
    "resolutions": [
        {
            "market_id": "kalshi:KXHIGHNY-26JUL19-T80",
            "status": "final",
            "outcome": "no",
            "payout_yes": 0,
            "settled_at": "2026-07-20T12:01:02.614923Z",
            "source": "kalshi",
            "problem": None,
            "changed": True,
        }
    ],
    "failures": FAILURES,
}
HISTORY: dict[str, Any] = {
    "market_id": "polymarket:906973",
    "period": "1h",
    "candles": [
        {
            "opened_at": "2026-05-17T05:00:00+00:00",
            "open": 0.0055,
            "high": 0.006,
            "low": 0.005,
            "close": 0.0055,
            "volume": None,
            "source": "snapshots",
        }
    ],
}
FILLED: dict[str, Any] = {
    "filled": [{"market_id": "polymarket:906973", "candles": 168, "written": 168}],
    "failures": FAILURES,
}
