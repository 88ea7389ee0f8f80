"""A model's stored forecasts with the book, the rules and the fees of their moment, and how their markets ended."""

from typing import Any
from uuid import UUID

import jiter
from sqlalchemy import Connection, RowMapping, text

from services.arena.domain.counterfactual import Past
from services.arena.domain.decisions import Decision
from services.arena.domain.stakes import NoBet, Undecided
from shared.trading.books import Book, Ladder
from shared.trading.fees import UnreadableTerms, fee_terms
from shared.trading.fill import Rules, venue_rules

# The facts of the market as they were known at the decision; newer ones where no version reaches so far back. A Kalshi
# market's fee stands with its series and its event, which keep no versions.
_PASTS = text("""
SELECT s.session_id, s.portfolio_id, s.market_no, m.market_id, m.platform, s.completed_at, s.final_position,
    s.probability, s.confidence_score, s.max_price, s.reasoning_summary, s.yes_bid, s.yes_ask, s.quoted_at,
    s.book::text AS book, a.close_time, coalesce(v.tick_size, m.tick_size) AS tick_size,
    coalesce(v.price_bands, m.price_bands)::text AS price_bands, coalesce(v.min_size, m.min_size) AS min_size,
    CASE WHEN m.platform = 'kalshi' THEN jsonb_strip_nulls(jsonb_build_object(
        'fee_type', coalesce(e.fee_type_override, r.fee_type),
        'multiplier', coalesce(e.fee_multiplier_override, r.fee_multiplier),
        'waived_until', coalesce(v.fee, m.fee) ->> 'waived_until'))
        ELSE CASE WHEN v.market_no IS NULL THEN m.fee ELSE v.fee END END::text AS fee,
    CASE WHEN w.market_no IS NOT NULL THEN w.result WHEN m.status = 'final' THEN m.outcome END AS result,
    CASE WHEN w.market_no IS NOT NULL THEN w.payout_yes WHEN m.status = 'final' AND m.outcome <> 'void'
        THEN m.payout_yes END AS payout_yes,
    coalesce(f.recorded_at, m.settled_at, m.updated_at) AS settled_at
FROM betting_sessions s JOIN arena_events a USING (event_id) JOIN markets m ON m.market_no = s.market_no
LEFT JOIN events e ON e.event_id = m.event_id LEFT JOIN series r ON r.series_id = e.series_id
LEFT JOIN LATERAL (SELECT * FROM market_versions o WHERE o.market_no = s.market_no AND o.valid_from <= s.completed_at
    AND o.valid_to > s.completed_at ORDER BY o.valid_from DESC LIMIT 1) v ON true
LEFT JOIN LATERAL (SELECT * FROM market_settlements o WHERE o.market_no = s.market_no
    ORDER BY o.version DESC LIMIT 1) w ON true
LEFT JOIN market_settlements f ON f.market_no = s.market_no AND f.version = 1
WHERE s.portfolio_id = :portfolio_id AND s.status = 'completed' ORDER BY s.completed_at, s.session_id
""")
# What the sessions' signals came to.
_ACTUAL = text("""
SELECT count(t.trade_id) AS bets, coalesce(sum(t.cost + t.fee), 0) AS invested, coalesce(sum(t.fee), 0) AS fees
FROM betting_sessions s JOIN decisions d ON d.signal_id = s.signal_id JOIN trades t USING (decision_id)
WHERE s.portfolio_id = :portfolio_id AND s.status = 'completed'
""")
_ACCOUNT = text("""
SELECT a.external_id AS model, p.portfolio_id, p.initial_balance, p.current_balance, p.strategy_config::text AS config,
    p.current_balance + p.liquidation_value - p.owed AS account_value, p.realized_pnl
FROM ai_models a JOIN portfolios p USING (portfolio_id) WHERE a.model_id = :model_id
""")


def pasts(connection: Connection, portfolio_id: int) -> list[Past]:
    """In the order of the decisions."""
    return [_past(row) for row in connection.execute(_PASTS, {"portfolio_id": portfolio_id}).mappings()]


def account_of(connection: Connection, model_id: UUID) -> RowMapping | None:
    """The model's portfolio; none before it has one."""
    return connection.execute(_ACCOUNT, {"model_id": model_id}).mappings().first()


def really_bet(connection: Connection, portfolio_id: int) -> RowMapping:
    return connection.execute(_ACTUAL, {"portfolio_id": portfolio_id}).mappings().one()


def _past(row: RowMapping) -> Past:
    decision = Decision(
        row["final_position"], row["probability"], row["confidence_score"], row["reasoning_summary"], row["max_price"]
    )
    position = Undecided(
        row["session_id"],
        row["portfolio_id"],
        row["market_no"],
        decision,
        row["yes_bid"],
        row["yes_ask"],
        row["close_time"],
    )
    shown = _read(row["book"])
    book = None
    if shown is not None:
        book = Book(Ladder.of(shown["bids"], "highest"), Ladder.of(shown["asks"], "lowest"), row["quoted_at"])
    settled_at = row["settled_at"] if row["result"] is not None else None
    return Past(
        position, row["market_id"], row["completed_at"], book, _rules(row), row["result"], row["payout_yes"], settled_at
    )


def _rules(row: RowMapping) -> Rules | NoBet:
    try:
        fees = fee_terms(row["platform"], _read(row["fee"]), row["completed_at"])
    except UnreadableTerms:
        return NoBet("fees_unknown")
    try:
        return venue_rules(
            row["platform"],
            fees,
            tick_size=row["tick_size"],
            price_bands=_read(row["price_bands"]),
            min_size=row["min_size"],
        )
    except UnreadableTerms:
        return NoBet("tick_unknown")


def _read(written: str | None) -> Any:
    """Numbers with all their digits; whole ones as Decimals too, which fee terms take either way."""
    return None if written is None else jiter.from_json(written.encode(), float_mode="decimal")
