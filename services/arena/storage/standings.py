"""SQL of the board: standings as they were computed, money as it is now, and one row a portfolio and day."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import orjson
from sqlalchemy import Connection, text

from shared.json_bytes import encoded

_REPLACE = text("""
WITH judged AS (
    SELECT portfolio_id, figures
    FROM unnest(CAST(:ids AS integer[]), CAST(:figures AS text[])) j (portfolio_id, figures)
), gone AS (
    DELETE FROM standings WHERE portfolio_id NOT IN (SELECT portfolio_id FROM judged)
)
INSERT INTO standings (portfolio_id, figures, computed_at) SELECT portfolio_id, figures::jsonb, :now FROM judged
ON CONFLICT (portfolio_id) DO UPDATE SET figures = EXCLUDED.figures, computed_at = EXCLUDED.computed_at
""")
# Won is a position that brought more than its cost and all its fees, as in the other figures.
_OF_DAY = """
bought AS (
    SELECT portfolio_id, count(*) AS bets FROM trades
    WHERE action IN ('buy_yes', 'buy_no') AND executed_at >= :starts AND executed_at < :ends GROUP BY portfolio_id
), over AS (
    SELECT o.portfolio_id, count(*) FILTER (WHERE o.realized_pnl > 0) AS wins,
        count(*) FILTER (WHERE o.realized_pnl < 0) AS losses
    FROM portfolio_positions o LEFT JOIN LATERAL (SELECT standing FROM settlements z
        WHERE z.position_id = o.position_id ORDER BY z.version DESC LIMIT 1) last ON true
    WHERE o.status <> 'open' AND o.closed_at >= :starts AND o.closed_at < :ends
        AND last.standing IS DISTINCT FROM 'push'
    GROUP BY o.portfolio_id
)"""
# The day begins with what the last one ended with, so that the days of a portfolio add up to its whole result.
_WRITE_DAY = text(f"""
WITH {_OF_DAY}
INSERT INTO daily_leaderboards (portfolio_id, date, rank, daily_pnl, daily_bets, daily_wins, daily_losses,
    total_balance, total_pnl, total_roi, figures, created_at)
SELECT p.portfolio_id, :day, CAST(s.figures ->> 'rank' AS integer), e.equity - coalesce(d.total_balance, h.equity,
    p.initial_balance), coalesce(b.bets, 0), coalesce(v.wins, 0), coalesce(v.losses, 0), e.equity,
    e.equity - p.initial_balance, round((e.equity - p.initial_balance) / p.initial_balance, 8),
    jsonb_build_object('cash', trim_scale(p.current_balance), 'tier', s.figures #> '{{boards,return,tier}}',
        'standing', s.figures #> '{{boards,return,standing}}',
        'settled_events', s.figures #> '{{boards,return,settled_events}}', 'brier', s.figures -> 'brier',
        'skill', s.figures #> '{{skill,mean}}', 'sharpe', s.figures -> 'sharpe',
        'max_drawdown', s.figures -> 'max_drawdown'), :now
FROM portfolios p CROSS JOIN LATERAL (SELECT p.current_balance + p.liquidation_value - p.owed AS equity) e
LEFT JOIN standings s USING (portfolio_id) LEFT JOIN bought b USING (portfolio_id) LEFT JOIN over v USING (portfolio_id)
LEFT JOIN LATERAL (SELECT total_balance FROM daily_leaderboards o WHERE o.portfolio_id = p.portfolio_id
    AND o.date < :day ORDER BY o.date DESC LIMIT 1) d ON true
LEFT JOIN LATERAL (SELECT equity FROM portfolio_history o WHERE o.portfolio_id = p.portfolio_id
    AND o.snapshot_date < :day ORDER BY o.snapshot_date DESC LIMIT 1) h ON true
WHERE p.status <> 'closed'
ON CONFLICT (date, portfolio_id) DO UPDATE SET rank = EXCLUDED.rank, daily_pnl = EXCLUDED.daily_pnl,
    daily_bets = EXCLUDED.daily_bets, daily_wins = EXCLUDED.daily_wins, daily_losses = EXCLUDED.daily_losses,
    total_balance = EXCLUDED.total_balance, total_pnl = EXCLUDED.total_pnl, total_roi = EXCLUDED.total_roi,
    figures = EXCLUDED.figures, created_at = EXCLUDED.created_at
""")
# What happened between the last look at a day and its end.
_COMPLETE_DAY = text(f"""
WITH {_OF_DAY}
UPDATE daily_leaderboards d SET daily_bets = coalesce(b.bets, 0), daily_wins = coalesce(v.wins, 0),
    daily_losses = coalesce(v.losses, 0),
    daily_pnl = d.daily_pnl + coalesce(h.equity, d.total_balance) - d.total_balance,
    total_balance = coalesce(h.equity, d.total_balance), total_pnl = coalesce(h.total_pnl, d.total_pnl),
    total_roi = round(coalesce(h.total_pnl, d.total_pnl) / p.initial_balance, 8)
FROM portfolios p LEFT JOIN bought b USING (portfolio_id) LEFT JOIN over v USING (portfolio_id)
LEFT JOIN portfolio_history h ON h.portfolio_id = p.portfolio_id AND h.snapshot_date = :day
WHERE d.date = :day AND p.portfolio_id = d.portfolio_id AND (h.taken_at IS NULL OR h.taken_at >= d.created_at)
""")
_DAY_SHAPE = """
d.rank, to_char(d.date, 'YYYY-MM-DD') AS date, d.portfolio_id, p.name, p.strategy_type, a.model_id,
a.external_id AS model, a.avatar, a.color, trim_scale(d.daily_pnl) AS daily_pnl, d.daily_bets, d.daily_wins,
d.daily_losses, trim_scale(d.total_balance) AS total_balance, trim_scale(d.total_pnl) AS total_pnl,
trim_scale(d.total_roi) AS total_roi, d.figures, d.created_at
"""
RANKLESS = 2**31 - 1  # behind everybody who has a rank


def replace_standings(connection: Connection, judged: Mapping[int, Mapping[str, Any]], now: datetime) -> None:
    """All of them in one statement; who is not judged any more has none."""
    figures = [encoded(each).decode() for each in judged.values()]
    connection.execute(_REPLACE, {"ids": list(judged), "figures": figures, "now": now})


def stored_standings(connection: Connection) -> dict[int, tuple[dict[str, Any], datetime]]:
    rows = connection.execute(text("SELECT portfolio_id, figures::text AS figures, computed_at FROM standings"))
    return {row.portfolio_id: (orjson.loads(row.figures), row.computed_at) for row in rows}


def write_day(connection: Connection, day: date, starts: datetime, ends: datetime, now: datetime) -> int:
    values = {"day": day, "starts": starts, "ends": ends, "now": now}
    return connection.execute(_WRITE_DAY, values).rowcount


def complete_day(connection: Connection, day: date, starts: datetime, ends: datetime) -> None:
    """By the last snapshot of the day, where it is newer than the row."""
    connection.execute(_COMPLETE_DAY, {"day": day, "starts": starts, "ends": ends})


def days_page(
    connection: Connection, first: date, last: date, after: tuple[date, int, int] | None, limit: int
) -> tuple[bytes, tuple[date, int, int] | None]:
    """The newest day first, in each of them by rank; and the key of the last row where there are more."""
    behind = "(-(d.date - date '1970-01-01'), coalesce(d.rank, :rankless), d.portfolio_id)"
    passed = f"AND {behind} > (-(CAST(:after_day AS date) - date '1970-01-01'), :after_rank, :after_id)"
    query = f"""
        SELECT to_json(shape)::text AS body, d.date, coalesce(d.rank, :rankless) AS rank, d.portfolio_id
        FROM daily_leaderboards d JOIN portfolios p USING (portfolio_id) LEFT JOIN ai_models a USING (portfolio_id)
        CROSS JOIN LATERAL (SELECT {_DAY_SHAPE}) shape
        WHERE d.date BETWEEN :first AND :last {passed if after else ""}
        ORDER BY d.date DESC, coalesce(d.rank, :rankless), d.portfolio_id LIMIT :limit + 1
    """
    values: dict[str, Any] = {"first": first, "last": last, "limit": limit, "rankless": RANKLESS}
    if after is not None:
        values |= dict(zip(("after_day", "after_rank", "after_id"), after, strict=True))
    rows = connection.execute(text(query), values).all()
    key = (rows[limit - 1].date, rows[limit - 1].rank, rows[limit - 1].portfolio_id) if len(rows) > limit else None
    return f"[{','.join([row.body for row in rows[:limit]])}]".encode(), key
