"""What the comparison of two entrants shows: who there is, their markets side by side, and their curves."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from services.arena.storage.judging import GRADED

_COMPUTED = text("SELECT max(computed_at) FROM standings")
_ENTRANTS = text("""
SELECT p.portfolio_id, p.name, p.strategy_type, p.status, a.external_id, a.color, a.twin_of
FROM portfolios p LEFT JOIN ai_models a USING (portfolio_id) ORDER BY p.status = 'closed', a.external_id IS NULL, p.name
""")
# A market in which both have done something that is over: a forecast that can be graded, or a position that ended.
# Gathered by market and not joined with itself: the planner expects hardly any rows and would compare them all.
_MARKETS = text(f"""
WITH met AS (
    SELECT s.portfolio_id, s.market_no, s.probability, (s.yes_bid + s.yes_ask) / 2 AS crowd,
        CAST(NULL AS numeric) AS pnl, CAST(NULL AS timestamptz) AS closed_at
    FROM ai_models a JOIN betting_sessions s USING (model_id) JOIN markets m USING (market_no)
    WHERE a.portfolio_id IN (:one, :other) AND {GRADED}
    UNION ALL
    SELECT portfolio_id, market_no, NULL, NULL, realized_pnl, closed_at FROM portfolio_positions
    WHERE portfolio_id IN (:one, :other) AND status <> 'open'
), both_met AS (
    SELECT market_no, max(probability) FILTER (WHERE portfolio_id = :one) AS one_said,
        max(probability) FILTER (WHERE portfolio_id = :other) AS other_said,
        max(crowd) FILTER (WHERE portfolio_id = :one) AS one_crowd,
        max(crowd) FILTER (WHERE portfolio_id = :other) AS other_crowd,
        sum(pnl) FILTER (WHERE portfolio_id = :one) AS one_pnl,
        sum(pnl) FILTER (WHERE portfolio_id = :other) AS other_pnl, max(closed_at) AS closed_at
    FROM met GROUP BY market_no HAVING bool_or(portfolio_id = :one) AND bool_or(portfolio_id = :other)
)
SELECT m.market_id, coalesce(v.question, m.question) AS question, m.outcome,
    coalesce(v.settlement_time, m.settled_at, b.closed_at) AS settled_at, v.event_id, b.one_said, b.other_said,
    b.one_crowd, b.other_crowd, b.one_pnl, b.other_pnl
FROM both_met b JOIN markets m USING (market_no) LEFT JOIN arena_events v USING (market_no)
ORDER BY 4 DESC NULLS LAST, m.market_no DESC
""")
_CURVES = text("""
SELECT DISTINCT ON (e.portfolio_id, step) e.portfolio_id, floor(extract(epoch FROM e.taken_at) / :step)::bigint AS step,
    e.equity / p.initial_balance - 1 AS growth
FROM equity_points e JOIN portfolios p USING (portfolio_id)
WHERE e.portfolio_id IN (:one, :other) AND e.taken_at >= :since ORDER BY e.portfolio_id, step, e.taken_at DESC
""")
_SPAN = text("""
SELECT min(began) AS began, max(ended) AS ended FROM (
    SELECT (SELECT min(e.taken_at) FROM equity_points e WHERE e.portfolio_id = p.portfolio_id) AS began,
        (SELECT max(e.taken_at) FROM equity_points e WHERE e.portfolio_id = p.portfolio_id) AS ended
    FROM portfolios p WHERE p.portfolio_id IN (:one, :other)
) points
""")


def board_computed_at(connection: Connection) -> datetime | None:
    found: datetime | None = connection.execute(_COMPUTED).scalar()
    return found


def everybody(connection: Connection) -> list[dict[str, Any]]:
    """Models first, closed portfolios last."""
    return [dict(row) for row in connection.execute(_ENTRANTS).mappings()]


def shared_markets(connection: Connection, one: int, other: int) -> list[dict[str, Any]]:
    """Where both took part and that are over, the newest first."""
    return [dict(row) for row in connection.execute(_MARKETS, {"one": one, "other": other}).mappings()]


def curves(
    connection: Connection, one: int, other: int, since: datetime | None, points: int
) -> dict[int, dict[int, Any]]:
    """By portfolio, the last growth known of each step, by seconds; `since` none: from the beginning."""
    pair = {"one": one, "other": other}
    span = connection.execute(_SPAN, pair).one()
    if span.began is None:
        return {}
    start = span.began if since is None else max(since, span.began)
    step = max(int((span.ended - start).total_seconds() / points), 1)
    found: dict[int, dict[int, Any]] = {}
    for row in connection.execute(_CURVES, {**pair, "since": start, "step": step}):
        found.setdefault(row.portfolio_id, {})[row.step * step] = row.growth
    return found
