"""Answers of upkeep as the documentation shows them."""

from typing import Any

STUCK: dict[str, Any] = {
    "market_id": "polymarket:689015",
    "question": "Will the bill become law in 2026?",
    "status": "proposed",
    "due_at": "2026-11-12T12:00:00Z",
    "positions": 3,
}
PRICES_UPDATED: dict[str, Any] = {
    "markets": 412,
    "moved": 96,
    "positions": 1310,
    "updated": 287,
    "stale": 4,
    "portfolios": 100,
    "calls": 1,
    "failed": 1,
    "failures": [{"market_id": "polymarket:906973", "reason": "no_book"}],
    "updated_at": "2026-11-21T07:05:00Z",
}
SETTLED: dict[str, Any] = {
    "markets_checked": 412,
    "markets_settled": 3,
    "markets_corrected": 0,
    "positions_settled": 14,
    "corrections": 0,
    "paid": 812.5,
    "collected": 0,
    "orders_cancelled": 1,
    "failed": 0,
    "failures": [],
    "problems": [{"market_id": "polymarket:512340", "problem": "sources_disagree"}],
    "stuck": [STUCK],
    "settled_at": "2026-11-21T07:05:00Z",
}
SETTLEMENT: dict[str, Any] = {
    "settlement_id": 9,
    "portfolio_id": 1,
    "market_id": "kalshi:KXHIGHNY-26JUL19-T80",
    "question": "Will the high in New York be above 80° on July 19?",
    "position_id": 7,
    "version": 1,
    "outcome": "yes",
    "result": "yes",
    "payout_yes": 1,
    "quantity": 100,
    "cost": 41,
    "gross": 100,
    "amount": 100,
    "standing": "won",
    "settled_at": "2026-07-20T14:05:00Z",
    "source": "kalshi",
    "venue_settled_at": "2026-07-20T14:00:02Z",
    "evidence": {"ticker": "KXHIGHNY-26JUL19-T80", "status": "finalized", "result": "yes"},
}
BREAKER: dict[str, Any] = {
    "breaker_id": 2,
    "portfolio_id": 1,
    "breaker_type": "daily_loss_limit",
    "reason": "512.40 dollars of equity are lost since 00:00 UTC, and the limit is 500.00",
    "trigger_value": {
        "loss": 512.4,
        "limit": 500,
        "equity": 9487.6,
        "equity_at_start": 10000,
        "start": "yesterday's snapshot",
    },
    "triggered_at": "2026-11-21T07:00:00Z",
    "resolved_at": None,
    "resolution_action": None,
    "notes": None,
    "open": True,
}
OVERRIDE: dict[str, Any] = {
    "override_id": 5,
    "portfolio_id": None,
    "config_key": "max_exposure",
    "value": 0.25,
    "reason": "Election night.",
    "applied_by": "operations",
    "applied_at": "2026-11-03T12:00:00Z",
    "expires_at": "2026-11-04T12:00:00Z",
    "withdrawn_at": None,
    "standing": True,
}
AUDIT: dict[str, Any] = {
    "status": "clean",
    "portfolios": 11,
    "checked": {
        "cash_entries": 2210,
        "decisions": 4120,
        "trades": 1980,
        "resting_orders": 12,
        "positions": 1310,
        "settlements": 219,
        "history": 330,
    },
    "disagreements_total": 0,
    "by_kind": {},
    "disagreements": [],
}
