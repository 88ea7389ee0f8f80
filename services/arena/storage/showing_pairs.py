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
_MARKETS = text(f"""
WITH stated AS (
    SELECT s.portfolio_id, s.market_no, s.event_id, s.session_id, s.probability,
        (s.yes_bid + s.yes_ask) / 2 AS crowd, m.outcome
    FROM betting_sessions s JOIN markets m USING (market_no)
    WHERE s.portfolio_id IN (:one, :other) AND {GRADED}
), earned AS (
    SELECT portfolio_id, market_no, sum(realized_pnl) AS pnl, max(closed_at) AS closed_at FROM portfolio_positions
    WHERE portfolio_id IN (:one, :other) AND status <> 'open' GROUP BY portfolio_id, market_no
), met AS (
    SELECT portfolio_id, market_no, t.event_id, t.probability, t.crowd, e.pnl, e.closed_at
    FROM stated t FULL JOIN earned e USING (portfolio_id, market_no)
)
SELECT m.market_id, coalesce(v.question, m.question) AS question, m.outcome,
    coalesce(v.settlement_time, m.settled_at, a.closed_at, b.closed_at) AS settled_at, v.event_id,
    a.probability AS one_said, b.probability AS other_said, a.crowd AS one_crowd, b.crowd AS other_crowd,
    a.pnl AS one_pnl, b.pnl AS other_pnl
FROM met a JOIN met b ON b.market_no = a.market_no AND a.portfolio_id = :one AND b.portfolio_id = :other
JOIN markets m ON m.market_no = a.market_no LEFT JOIN arena_events v ON v.market_no = a.market_no
ORDER BY 4 DESC NULLS LAST, m.market_no DESC
""")
_CURVES = text("""
SELECT DISTINCT ON (e.portfolio_id, step) e.portfolio_id, floor(extract(epoch FROM e.taken_at) / :step)::bigint AS step,
    e.equity / p.initial_balance - 1 AS growth
FROM equity_points e JOIN portfolios p USING (portfolio_id)
WHERE e.portfolio_id IN (:one, :other) AND e.taken_at >= :since ORDER BY e.portfolio_id, step, e.taken_at DESC
""")
_BEGAN = text("""
SELECT min(began) FROM (SELECT (SELECT min(e.taken_at) FROM equity_points e WHERE e.portfolio_id = p.portfolio_id) AS began
    FROM portfolios p WHERE p.portfolio_id IN (:one, :other)) points
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
    connection: Connection, one: int, other: int, since: datetime | None, now: datetime, points: int
) -> dict[int, dict[int, Any]]:
    """By portfolio, the last growth known of each step, by seconds; `since` none: from the beginning."""
    pair = {"one": one, "other": other}
    began = connection.execute(_BEGAN, pair).scalar()
    if began is None:
        return {}
    start = began if since is None else max(since, began)
    step = max(int((now - start).total_seconds() / points), 1)
    found: dict[int, dict[int, Any]] = {}
    for row in connection.execute(_CURVES, {**pair, "since": start, "step": step}):
        found.setdefault(row.portfolio_id, {})[row.step * step] = row.growth
    return found
