"""Answers as the documentation shows them."""

from typing import Any

EVENT: dict[str, Any] = {
    "event_id": "kalshi:KXHIGHNY-26JUL19",
    "platform": "kalshi",
    "external_id": "KXHIGHNY-26JUL19",
    "series_id": "kalshi:KXHIGHNY",
    "title": "Highest temperature in NYC on Jul 19, 2026?",
    "subtitle": "On Jul 19, 2026",
    "category": "climate and weather",
    "tags": [],
    "status": "open",
    "mutually_exclusive": True,
    "exhaustive": None,
    "starts_at": None,
    "closes_at": "2026-07-20T03:59:00+00:00",
    "volume": None,
    "volume_24h": None,
    "liquidity": None,
    "open_interest": None,
    "game_id": None,
    "updated_at": "2026-07-18T09:30:40.045105+00:00",
    "markets": 6,
}
SERIES: dict[str, Any] = {
    "series_id": "kalshi:KXHIGHNY",
    "platform": "kalshi",
    "external_id": "KXHIGHNY",
    "title": "Highest temperature in NYC",
    "category": "climate and weather",
    "tags": ["Daily temperature"],
    "frequency": "daily",
    "fee_type": "quadratic",
    "fee_multiplier": 1,
    "settlement_sources": ["NWS Climatological Report"],
    "updated_at": "2026-07-18T09:30:40.045105+00:00",
}
EVENTS: dict[str, Any] = {"events": [EVENT], "cursor": "WyJrYWxzaGk6S1hISUdITlktMjZKVUwxOSJd"}
ALL_SERIES: dict[str, Any] = {"series": [SERIES], "cursor": None}
PROGRESS: dict[str, Any] = {
    "seen": 21971,
    "new": 120,
    "changed": 812,
    "unchanged": 21039,
    "repeated": 0,
    "left": 95,
    "settled": 0,
    "rejected": {},
    "rejected_examples": {},
    "filtered": {},
    "pages": 220,
    "bytes_read": 61000000,
    "seconds": 44.1,
    "rows_per_second": 498,
    "error": None,
}
SYNC: dict[str, Any] = {
    "sync_id": "e5159f23-6acb-4148-b7c3-386f276cb7ec",
    "status": "success",
    "started_at": "2026-11-21T04:48:07.109Z",
    "finished_at": "2026-11-21T04:48:51.240Z",
    "platforms": {"polymarket": PROGRESS, "kalshi": PROGRESS},
}
