"""Answers as the documentation shows them."""

from typing import Any

SIGNAL: dict[str, Any] = {
    "signal_id": 4711,
    "portfolio_id": 1,
    "cycle_id": "82e69343-e274-45ad-9559-ae3922a20e87",
    "market_id": "polymarket:906973",
    "action": "buy_yes",
    "amount": 100,
    "limit_price": 0.46,
    "order": "ioc",
    "confidence": 0.53,
    "probability": 0.49,
    "group_id": None,
    "reason": "Rose 6.2 points in 45 minutes, 3.1 times its own volatility, on 4.2 times the usual volume.",
    "strategy_type": "momentum",
    "created_at": "2026-11-21T04:48:07.109Z",
    "expires_at": "2026-11-21T04:58:07.109Z",
    "executed": False,
}
ANSWER: dict[str, Any] = {
    "portfolio_id": 1,
    "cycle_id": "82e69343-e274-45ad-9559-ae3922a20e87",
    "markets_considered": 1987,
    "markets_matched": 204,
    "signals_generated": 1,
    "signals": [SIGNAL],
    "abstentions": {"category_not_wanted": 1502, "move_too_small": 198, "spread_too_wide": 281},
}
SCHEMA: dict[str, Any] = {
    "title": "MomentumConfig",
    "type": "object",
    "additionalProperties": False,
    "properties": {"min_z": {"description": "Least move of the log-odds …", "default": "2.8"}},
}
PAIR: dict[str, Any] = {
    "pair_id": 1,
    "polymarket_id": "polymarket:906973",
    "polymarket_question": "Fed cuts rates by 25 bps in June 2026?",
    "kalshi_id": "kalshi:KXFED-26JUN-C25",
    "kalshi_question": "Will the Fed cut by 25 bps in June 2026?",
    "inverted": False,
    "evidence": "Both pay by the target range in the FOMC statement of 17 June; neither knows another end.",
    "proven_by": "R. Reader",
    "proven_at": "2026-11-21T04:48:07.109Z",
    "revoked_at": None,
    "revoked_why": None,
    "polymarket_status": "open",
    "kalshi_status": "open",
}
PAIRS: dict[str, Any] = {"pairs": [PAIR], "cursor": None}
SUGGESTIONS: dict[str, Any] = {
    "suggestions": [
        {
            "likeness": 0.857,
            "polymarket_id": "polymarket:906973",
            "polymarket_question": "Fed cuts rates by 25 bps in June 2026?",
            "polymarket_closes_at": "2026-06-17T00:00:00Z",
            "kalshi_id": "kalshi:KXFED-26JUN-C25",
            "kalshi_question": "Will the Fed cut by 25 bps in June 2026?",
            "kalshi_closes_at": "2026-06-17T18:00:00Z",
        }
    ],
    "cursor": None,
}
