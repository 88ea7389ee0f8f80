"""Answers to operators' commands, as /docs shows them."""

EVENT = {
    "event_id": "4b0c3c0e-2f6b-4f1e-9f0f-1f4d2f1a9b11",
    "market_id": "kalshi:KXHIGHNY-26NOV21-T58",
    "status": "approved",
    "title": "Highest temperature in New York on November 21",
    "question": "Will the high temperature in New York be above 58°?",
    "current_price": 0.43,
    "close_time": "2026-11-22T04:59:00Z",
}
SELECTED = {"selected": 1, "events": [EVENT]}
PENDING = {"events": [{**EVENT, "status": "pending"}], "cursor": None}
APPROVED = {"approved": 1, "events": [EVENT]}
PRICES = {"moved": 3}
SETTLEMENTS = {"closed": 1, "asked": 2, "settled": 1}
RESET = {
    "model_id": "0d3c4f6e-6f7a-4b7e-8f43-7b1f6a1f9a55",
    "external_id": "gpt-4o",
    "portfolio_id": 31,
    "former_portfolio_id": 12,
    "balance": 100000,
    "reset_at": "2026-11-21T12:00:00Z",
}
SIGNALS = {
    "portfolio_id": 12,
    "cycle_id": "5c1b8f9e-3f6b-4d0e-9a0f-3b0f7a4a1c22",
    "markets_considered": 5,
    "markets_matched": 1,
    "signals_generated": 1,
    "signals": [
        {
            "signal_id": 4711,
            "portfolio_id": 12,
            "cycle_id": None,
            "market_id": "kalshi:KXHIGHNY-26NOV21-T58",
            "action": "buy_yes",
            "amount": 10000,
            "quantity": None,
            "limit_price": 0.46,
            "order": "ioc",
            "confidence": 0.7,
            "probability": 0.58,
            "group_id": None,
            "reason": "The forecasts have moved two degrees since the price did.",
            "strategy_type": "ai_model",
            "created_at": "2026-11-21T12:00:00Z",
            "expires_at": "2026-11-21T12:10:00Z",
            "executed": True,
        }
    ],
    "abstentions": {"model_abstained": 3, "session_failed": 1},
}
SCHEMA = {
    "title": "ModelConfig",
    "type": "object",
    "additionalProperties": False,
    "properties": {"model": {"type": "string"}},
    "required": ["model"],
}
