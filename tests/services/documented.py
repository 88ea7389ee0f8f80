"""What the source documents call their tables and columns, and a small arena with rows for all of them."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, text

from shared.database import Database
from tests.arena.displayed import Displayed, Small, small_arena
from tests.orchestrator import build
from tests.paper_trading.ledger import NOON, Ledger

SEEDS = Path(__file__).resolve().parents[3] / "shared" / "seeds"

# Each table of coliseum-design.md, with exactly these columns.
COLISEUM = {
    "ai_models": """id external_id name openrouter_model color text_color avatar balance initial_balance total_pnl
        win_count loss_count abstain_count total_bets created_at updated_at""",
    "events": """id kalshi_event_id kalshi_market_id title question current_price category subcategory tags
        market_context status selection_date close_time settlement_time outcome viewers kalshi_data created_at
        updated_at""",
    "event_summaries": """id event_id summary_text relevant_data sources_used search_queries agent_model created_at""",
    "betting_sessions": """id event_id model_id status final_position bet_amount confidence_score reasoning_summary
        started_at completed_at created_at updated_at""",
    "session_messages": """id session_id message_type content action_type action_amount action_shares action_price
        sequence_number created_at""",
    "bets": """id session_id model_id event_id position amount price shares pnl settled settled_at created_at""",
    "daily_leaderboards": """id model_id date rank daily_pnl daily_bets daily_wins daily_losses total_balance total_pnl
        total_roi created_at""",
}
# Tables whose name more documents use: what coliseum-design.md says comes first.
SHARED = {
    "settlements": """id event_id outcome kalshi_settlement_data validated validation_notes total_bets_settled
        total_pnl_distributed settled_at""",
}
PRECOG = {
    "platforms": """platform_id platform_type display_name base_url websocket_url api_version auth_method
        fees_structure status created_at""",
    "series": """series_id platform_id external_id category subcategory title frequency metadata created_at
        updated_at""",
    "venue_events": """event_id platform_id series_id external_id category subcategory title description start_time
        end_time status result metadata created_at updated_at""",
    "markets": """market_id platform_id event_id external_id ticker title market_type yes_price no_price volume
        open_interest spread status settlement_value metadata created_at updated_at row_current_ind""",
    "edges": """edge_id market_id probability_matrix_id expected_value true_win_probability
        market_implied_probability market_price confidence_level confidence_metrics recommended_action created_at
        row_current_ind""",
    "positions": """position_id market_id platform_id side entry_price quantity fees status unrealized_pnl
        realized_pnl created_at updated_at row_current_ind""",
    "trades": """trade_id market_id platform_id position_id edge_id order_id side price quantity fees
        edge_at_execution confidence_at_execution created_at""",
    "settlements": "settlement_id market_id platform_id outcome payout created_at",
    "account_balance": "balance_id platform_id balance currency created_at row_current_ind",
    "config_overrides": """override_id config_key override_value data_type reason applied_by applied_at expires_at
        active""",
    "circuit_breaker_events": """event_id breaker_type triggered_at resolved_at trigger_value resolution_action
        notes""",
    "system_health": "health_id component status last_check details alert_sent",
}
PRESCIENT = {
    "portfolios": """portfolio_id name strategy_type strategy_config initial_balance current_balance total_invested
        total_pnl status""",
    "portfolio_state": "portfolio_id balance total_invested total_profit_loss last_updated",
    "portfolio_positions": "id portfolio_id market_id action amount entry_price current_pnl status",
    "portfolio_history": "id portfolio_id snapshot_date balance total_pnl",
    "trades": "id portfolio_id trade_id market_id amount timestamp",
    "trading_signals": "id portfolio_id market_id action amount executed",
    "signal_archives": "id portfolio_id market_id action amount executed",
    "venue_events": "event_id title liquidity active",
    "markets": "market_id event_id question yes_price no_price liquidity",
    "market_snapshots": "market_id yes_price no_price timestamp",
}
ALPHA = {
    "series": "exchange ext_id platform_metadata is_deleted",
    "venue_events": "exchange ext_id series_id platform_metadata is_deleted",
    "markets": "exchange ext_id event_id platform_metadata is_deleted",
    "market_outcomes": "market_id execution_asset_id is_deleted",
    "market_ticks": "market_id open high low close volume",
}


def documented_world(database: Database) -> Small:
    small = small_arena(database)
    _of_rules(small.displayed.ledger, small.displayed)
    return small


def _of_rules(ledger: Ledger, displayed: Displayed) -> None:
    """A rule's portfolio that holds a market of its own, and what belongs to its days."""
    portfolio_id = ledger.portfolio("Harbour", "1000")
    market_no = ledger.market(9, yes_bid=Decimal("0.50"), yes_ask=Decimal("0.54"), volume=Decimal(120), slug="ice-9")
    ledger.buy(portfolio_id, market_no, "yes", "100", "0.40", "1.25", mark="0.50")
    version = {"market_no": market_no, "question": "Will harbour 9 freeze soon?", "market_type": "binary"}
    stamps = {"facts_hash": b"", "valid_from": NOON - timedelta(days=2), "valid_to": NOON, "placeholder": False}
    displayed.insert("market_versions", {**version, **stamps, "status": "open"})
    for side, name, token in (("yes", "Yes", "771"), ("no", "No", "772")):
        displayed.insert("market_outcomes", {"market_no": market_no, "side": side, "name": name, "token_id": token})
    figures = dict.fromkeys(("total_invested", "liquidation_value", "realized_pnl", "unrealized_pnl"), Decimal(0))
    day = {"portfolio_id": portfolio_id, "snapshot_date": NOON.date(), "taken_at": NOON, "current_balance": 1000}
    more = {"equity": 1000, "total_pnl": 0, "fees_paid": 0, "open_positions": 0, "trade_count": 0}
    displayed.insert("portfolio_history", {**day, **more, **figures})
    build.breaker(displayed.database, NOON)
    displayed.ledger.write(
        """
        INSERT INTO config_overrides (config_key, override_value, reason, applied_at, expires_at)
        VALUES ('execution.max_spread', '0.08', 'wide', :now, now() + interval '1 day'),
            ('execution.max_spread', '0.05', 'wider', :now, :now + interval '1 second')
        """,
        now=NOON - timedelta(days=900),
    )
    health = {"component": "audit", "status": "healthy", "last_check": NOON, "since": NOON, "details": {}}
    displayed.insert("system_health", health)
    candle = {name: Decimal("0.4") for name in ("open", "high", "low", "close")}
    settled = ledger.one("SELECT market_no FROM arena_events WHERE status = 'settled'")["market_no"]
    displayed.insert(
        "market_ticks", {"market_no": settled, "period": 60, "opened_at": NOON, "source": "snapshots", **candle}
    )
    board = {"portfolio_id": displayed.portfolios["gpt-4o"], "date": NOON.date(), "rank": 1, "daily_bets": 1}
    counts = {"daily_wins": 1, "daily_losses": 0, "total_roi": Decimal("0.005832"), "figures": {}, "created_at": NOON}
    money = {name: Decimal("583.2") for name in ("daily_pnl", "total_balance", "total_pnl")}
    displayed.insert("daily_leaderboards", {**board, **counts, **money})


@contextmanager
def opened_shell(database: Database) -> Iterator[Connection]:
    """A session of somebody who knows the documents alone."""
    with database.connection() as connection:
        connection.execute(text("SET search_path TO compat, public"))
        yield connection
        connection.rollback()
        connection.invalidate()


def rows(shell: Connection, query: str, **values: Any) -> list[dict[str, Any]]:
    return [dict(row) for row in shell.execute(text(query), values).mappings()]


def columns_of(shell: Connection, view: str) -> list[str]:
    query = """
        SELECT column_name FROM information_schema.columns WHERE table_schema = 'compat' AND table_name = :view
        ORDER BY ordinal_position
    """
    return [row["column_name"] for row in rows(shell, query, view=view)]
