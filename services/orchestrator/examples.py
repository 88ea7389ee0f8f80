"""Answers as the documentation shows them."""

from typing import Any

CYCLE_ID = "0d3f2c58-6f2b-4a8e-9a59-0f6c3c1f9a11"
CYCLE: dict[str, Any] = {
    "status": "success",
    "cycle_id": CYCLE_ID,
    "portfolios_processed": 1,
    "results": [
        {
            "portfolio_id": 1,
            "portfolio_name": "Aggressive Momentum",
            "strategy_type": "momentum",
            "signals_generated": 5,
            "trades_executed": 3,
            "signals_skipped": 2,
            "orders_placed": 0,
            "new_balance": 9700,
            "total_pnl": 150,
            "error": None,
        }
    ],
    "failed_step": None,
    "error": None,
    "started_at": "2026-11-21T12:00:00Z",
    "finished_at": "2026-11-21T12:00:41.8Z",
}
CYCLE_ROW: dict[str, Any] = {
    "cycle_id": CYCLE_ID,
    "kind": "all",
    "portfolio_id": None,
    "status": "success",
    "started_by": "schedule",
    "attempt": 1,
    "started_at": "2026-11-21T12:00:00Z",
    "finished_at": "2026-11-21T12:00:41.8Z",
    "reported_at": "2026-11-21T12:00:41.8Z",
    "seconds": 41.8,
    "portfolios": 1,
    "portfolios_done": 1,
    "portfolios_failed": 0,
    "signals_generated": 5,
    "trades_executed": 3,
    "failed_step": None,
    "error": None,
}
SETTLE_STEP: dict[str, Any] = {
    "step": "settle",
    "status": "done",
    "started_at": "2026-11-21T12:00:38Z",
    "finished_at": "2026-11-21T12:00:38.4Z",
    "error": None,
    "counts": {"markets_checked": 12, "markets_settled": 1, "positions_settled": 2},
}
PROGRESS: dict[str, Any] = {"step": None, "portfolios": 1, "portfolios_done": 1, "portfolios_failed": 0}
CYCLE_IN_FULL: dict[str, Any] = {
    **CYCLE_ROW,
    "idempotency_key": None,
    "asked": {"kind": "all", "portfolio_ids": None, "collect": True, "due_only": True},
    "progress": PROGRESS,
    "steps": [SETTLE_STEP],
    "results": CYCLE["results"],
}
STEP_ROWS: list[dict[str, Any]] = [
    {
        "step": "signals",
        "portfolio_id": 1,
        "status": "done",
        "started_at": "2026-11-21T12:00:39Z",
        "finished_at": "2026-11-21T12:00:40Z",
        "counts": {"markets_considered": 1800, "markets_matched": 50, "signals_generated": 5},
        "error": None,
    }
]
JOB: dict[str, Any] = {
    "job": "settlements",
    "status": "done",
    "note": "2 positions were settled",
    "error": None,
    "started_at": "2026-11-21T12:05:00Z",
}
JOB_LINE: dict[str, Any] = {
    "job": "settlements",
    "does": "Pays what the venues have settled.",
    "every_seconds": 300,
    "at_seconds": 0,
    "calls": "POST paper_trading /paper-trading/settle",
    "status": "done",
    "started_at": "2026-11-21T12:05:00Z",
    "finished_at": "2026-11-21T12:05:00.4Z",
    "note": "2 positions were settled",
    "error": None,
    "runs": 12,
    "next_at": "2026-11-21T12:10:00Z",
}
SCHEDULE: dict[str, Any] = {"enabled": True, "leading": True, "jobs": [JOB_LINE]}
STATUS: dict[str, Any] = {
    "status": "healthy",
    "services": [
        {
            "service": "markets",
            "address": "http://127.0.0.1:8001",
            "version": "0.1.0",
            "error": None,
            "status": "healthy",
            "latency_ms": 3.1,
        }
    ],
    "data": {"markets": {"at": "2026-11-21T12:00:37Z", "age_seconds": 212.4}},
    "audit": None,
    "breakers": [],
    "running": None,
    "last": [CYCLE_ROW],
    "schedule": {"enabled": True, "jobs": [JOB_LINE]},
}
SUMMARY: dict[str, Any] = {
    "totals": {
        "portfolios": 1,
        "active": 1,
        "initial_balance": 10000,
        "equity": 10150,
        "total_pnl": 150,
        "fees_paid": 4.2,
        "execution_cost": 6.1,
        "open_positions": 3,
        "trade_count": 3,
    },
    "portfolios": [
        {
            "portfolio_id": 1,
            "name": "Aggressive Momentum",
            "strategy_type": "momentum",
            "status": "active",
            "frequency": "every_cycle",
            "initial_balance": 10000,
            "current_balance": 9700,
            "total_invested": 300,
            "liquidation_value": 450,
            "equity": 10150,
            "realized_pnl": -4.2,
            "unrealized_pnl": 154.2,
            "total_pnl": 150,
            "growth": 0.015,
            "fees_paid": 4.2,
            "open_positions": 3,
            "trade_count": 3,
            "last_price_update": "2026-11-21T12:00:38Z",
        }
    ],
    "cursor": None,
}
PERFORMANCE: dict[str, Any] = {
    "portfolio_id": 1,
    "portfolio_name": "Aggressive Momentum",
    "strategy_type": "momentum",
    "initial_balance": 10000,
    "equity": 10150,
    "total_pnl": 150,
    "realized_pnl": -4.2,
    "unrealized_pnl": 154.2,
    "fees_paid": 4.2,
    "execution_cost": 6.1,
    "trade_count": 3,
    "signals_decided": 5,
    "signals_traded": 3,
    "positions_won": 0,
    "positions_lost": 0,
    "positions_pushed": 0,
    "equity_points": 2,
    "win_rate": None,
    "average_pnl_per_trade": 50,
    "average_pnl_per_position": None,
    "growth": 0.015,
    "signal_execution_rate": 0.6,
    "max_drawdown": 0.002,
    "sharpe": None,
    "missing": {"win_rate": "no position has been won or lost yet", "sharpe": "needs 20 daily returns and has 0"},
}
HISTORY: dict[str, Any] = {
    "portfolio_id": 1,
    "period": "all",
    "points": [
        {
            "taken_at": "2026-11-21T12:00:41Z",
            "cycle_id": CYCLE_ID,
            "equity": 10150,
            "current_balance": 9700,
            "total_invested": 300,
            "liquidation_value": 450,
            "total_pnl": 150,
            "realized_pnl": -4.2,
            "unrealized_pnl": 154.2,
            "fees_paid": 4.2,
            "open_positions": 3,
            "trade_count": 3,
        }
    ],
}
