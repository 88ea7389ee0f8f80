"""The books read again: each check is a query for rows in which what is stored is not what history says."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any, cast

from sqlalchemy import Connection, text

from services.paper_trading.domain.replaying import Event, Key, PositionLine, SettlementLine, TradeLine
from services.paper_trading.domain.settling import Result, Side
from shared.copy_text import NULL
from shared.database import copy_out

# Each check selects portfolio_id, about (jsonb: which row), stored and recomputed. {ids} limits it to portfolios.
CHECKS: dict[str, str] = {
    "cash_sum": """
        SELECT p.portfolio_id, '{}'::jsonb AS about, p.current_balance AS stored, coalesce(e.total, 0) AS recomputed
        FROM portfolios p LEFT JOIN (SELECT portfolio_id, sum(amount) AS total FROM cash_entries GROUP BY portfolio_id)
            e USING (portfolio_id)
        WHERE p.current_balance <> coalesce(e.total, 0) AND {ids}
    """,
    # A trade may move cash twice, when it makes pairs; between the two nothing is asked.
    "cash_negative": """
        SELECT p.portfolio_id, jsonb_build_object('entry_id', entry_id) AS about, balance AS stored, 0 AS recomputed
        FROM (SELECT portfolio_id, entry_id, trade_id, sum(amount) OVER after AS balance,
                lead(trade_id) OVER after AS next_trade_id FROM cash_entries
            WINDOW after AS (PARTITION BY portfolio_id ORDER BY entry_id)) p
        WHERE balance < 0 AND (trade_id IS NULL OR trade_id IS DISTINCT FROM next_trade_id) AND {ids}
    """,
    "deposits": """
        SELECT p.portfolio_id, '{}'::jsonb AS about, p.initial_balance AS stored, coalesce(e.total, 0) AS recomputed
        FROM portfolios p LEFT JOIN (SELECT portfolio_id, sum(amount) AS total FROM cash_entries
            WHERE kind = 'deposit' GROUP BY portfolio_id) e USING (portfolio_id)
        WHERE p.initial_balance <> coalesce(e.total, 0) AND {ids}
    """,
    "trade_cash": """
        SELECT p.portfolio_id, jsonb_build_object('trade_id', p.trade_id, 'kind', w.kind, 'entries', coalesce(e.n, 0))
            AS about, coalesce(e.total, 0) AS stored, w.amount AS recomputed
        FROM trades p CROSS JOIN LATERAL (VALUES
            ('trade', CASE WHEN p.action IN ('buy_yes', 'buy_no') THEN -p.cost - p.fee ELSE p.cost - p.fee END, 1),
            ('merge', p.merged, (p.merged > 0)::int)) w (kind, amount, n)
        LEFT JOIN (SELECT trade_id, portfolio_id, kind, sum(amount) AS total, count(*) AS n FROM cash_entries
            WHERE trade_id IS NOT NULL GROUP BY trade_id, portfolio_id, kind) e
            ON e.trade_id = p.trade_id AND e.kind = w.kind AND e.portfolio_id = p.portfolio_id
        WHERE (coalesce(e.total, 0), coalesce(e.n, 0)) <> (w.amount, w.n) AND {ids}
    """,
    "entry_of_another": """
        SELECT p.portfolio_id, jsonb_build_object('entry_id', p.entry_id) AS about, p.portfolio_id AS stored,
            coalesce(t.portfolio_id, s.portfolio_id) AS recomputed
        FROM cash_entries p LEFT JOIN trades t USING (trade_id) LEFT JOIN settlements s USING (settlement_id)
        WHERE p.portfolio_id <> coalesce(t.portfolio_id, s.portfolio_id) AND {ids}
    """,
    # What a correction takes back may still be owed in part; everything else is paid to the digit.
    "settlement_cash": """
        SELECT p.portfolio_id, jsonb_build_object('settlement_id', p.settlement_id) AS about,
            coalesce(e.total, 0) AS stored, p.amount AS recomputed
        FROM settlements p LEFT JOIN (SELECT settlement_id, sum(amount) AS total FROM cash_entries
            WHERE settlement_id IS NOT NULL GROUP BY settlement_id) e USING (settlement_id)
        WHERE CASE WHEN p.amount >= 0 THEN coalesce(e.total, 0) <> p.amount
            ELSE coalesce(e.total, 0) NOT BETWEEN p.amount AND 0 END AND {ids}
    """,
    "owed": """
        SELECT p.portfolio_id, '{}'::jsonb AS about, p.owed AS stored, coalesce(s.missing, 0) AS recomputed
        FROM portfolios p LEFT JOIN (
            SELECT s.portfolio_id, sum(coalesce(e.total, 0) - s.amount) AS missing
            FROM settlements s LEFT JOIN (SELECT settlement_id, sum(amount) AS total FROM cash_entries
                WHERE settlement_id IS NOT NULL GROUP BY settlement_id) e USING (settlement_id)
            WHERE s.amount < 0 GROUP BY s.portfolio_id) s USING (portfolio_id)
        WHERE p.owed <> coalesce(s.missing, 0) AND {ids}
    """,
    "trade_levels": """
        SELECT p.portfolio_id, jsonb_build_object('trade_id', p.trade_id, 'figure', f.name) AS about, f.stored,
            f.recomputed
        FROM trades p CROSS JOIN LATERAL (
            SELECT sum((l ->> 1)::numeric) AS quantity, sum((l ->> 0)::numeric * (l ->> 1)::numeric) AS cost,
                sum((l ->> 2)::numeric) AS fee FROM jsonb_array_elements(p.levels) l) l
        CROSS JOIN LATERAL (VALUES ('quantity', p.quantity, l.quantity), ('cost', p.cost, round(l.cost, 8)),
            ('fee', p.fee, l.fee)) f (name, stored, recomputed)
        WHERE f.stored IS DISTINCT FROM f.recomputed AND {ids}
    """,
    "trade_price": """
        SELECT p.portfolio_id, jsonb_build_object('trade_id', p.trade_id) AS about, p.price AS stored,
            round(p.cost / p.quantity, 6) AS recomputed
        FROM trades p WHERE abs(p.price - p.cost / p.quantity) > 0.000001 AND {ids}
    """,
    "trade_execution_cost": """
        SELECT p.portfolio_id, jsonb_build_object('trade_id', p.trade_id) AS about, p.execution_cost AS stored,
            x.cost AS recomputed
        FROM trades p CROSS JOIN LATERAL (SELECT round(CASE WHEN p.action IN ('buy_yes', 'buy_no')
            THEN p.cost + p.fee - p.mid_price * p.quantity ELSE p.mid_price * p.quantity - p.cost + p.fee END, 8)
            AS cost) x
        WHERE p.execution_cost IS DISTINCT FROM x.cost AND {ids}
    """,
    "trade_without_decision": """
        SELECT p.portfolio_id, jsonb_build_object('trade_id', p.trade_id, 'decision_id', p.decision_id) AS about,
            d.outcome AS stored, 'a decision to trade here' AS recomputed
        FROM trades p LEFT JOIN decisions d USING (decision_id) LEFT JOIN resting_orders o USING (order_id)
        WHERE ((d.portfolio_id, d.market_no) IS DISTINCT FROM (p.portfolio_id, p.market_no)
            OR d.outcome NOT IN ('filled', 'partial', 'resting')
            OR p.order_id IS NOT NULL AND (o.decision_id, o.action) IS DISTINCT FROM (p.decision_id, p.action))
            AND {ids}
    """,
    "decision_without_deed": """
        SELECT p.portfolio_id, jsonb_build_object('decision_id', p.decision_id) AS about, p.outcome AS stored,
            CASE WHEN d.trades THEN 'filled or partial' WHEN d.orders THEN 'resting' ELSE 'nothing was done' END
            AS recomputed
        FROM decisions p CROSS JOIN LATERAL (SELECT
            p.decision_id IN (SELECT decision_id FROM trades) AS trades,
            p.decision_id IN (SELECT decision_id FROM resting_orders) AS orders) d
        WHERE CASE p.outcome WHEN 'resting' THEN NOT d.orders WHEN 'filled' THEN NOT d.trades OR d.orders
            WHEN 'partial' THEN NOT d.trades OR d.orders ELSE d.trades OR d.orders END AND {ids}
    """,
    "decision_without_signal": """
        SELECT p.portfolio_id, jsonb_build_object('decision_id', p.decision_id, 'signal_id', p.signal_id) AS about,
            p.market_no AS stored, s.market_no AS recomputed
        FROM decisions p LEFT JOIN (
            SELECT signal_id, portfolio_id, market_no FROM trading_signals
            UNION ALL SELECT signal_id, portfolio_id, market_no FROM signal_archives) s USING (signal_id)
        WHERE (s.portfolio_id, s.market_no) IS DISTINCT FROM (p.portfolio_id, p.market_no) AND {ids}
    """,
    "signal_executed": """
        SELECT p.portfolio_id, jsonb_build_object('signal_id', p.signal_id) AS about, p.executed AS stored,
            coalesce(d.outcome IN ('filled', 'partial', 'resting'), false) AS recomputed
        FROM (SELECT signal_id, portfolio_id, executed FROM trading_signals
            UNION ALL SELECT signal_id, portfolio_id, executed FROM signal_archives) p
        LEFT JOIN decisions d USING (signal_id)
        WHERE p.executed <> coalesce(d.outcome IN ('filled', 'partial', 'resting'), false) AND {ids}
    """,
    "order_filled": """
        SELECT p.portfolio_id, jsonb_build_object('order_id', p.order_id, 'from', f.name) AS about, p.filled AS stored,
            f.filled AS recomputed
        FROM resting_orders p CROSS JOIN LATERAL (VALUES
            ('trades', (SELECT coalesce(sum(t.quantity), 0) FROM trades t WHERE t.portfolio_id = p.portfolio_id
                AND t.order_id = p.order_id)),
            ('prints', (SELECT coalesce(sum(m.taken), 0) FROM order_prints m WHERE m.order_id = p.order_id)))
            f (name, filled)
        WHERE p.filled <> f.filled AND {ids}
    """,
    "print_shared": """
        SELECT p.portfolio_id, jsonb_build_object('print_id', m.print_id, 'market_no', p.market_no) AS about,
            sum(m.taken) AS stored, max(m.size) AS recomputed
        FROM resting_orders p JOIN order_prints m USING (order_id) WHERE {ids}
        GROUP BY p.portfolio_id, p.market_no, m.print_id HAVING sum(m.taken) > max(m.size)
    """,
    "reserved": """
        SELECT p.portfolio_id, '{}'::jsonb AS about, p.reserved_balance AS stored, coalesce(o.total, 0) AS recomputed
        FROM portfolios p LEFT JOIN (SELECT portfolio_id, sum(reserved) AS total FROM resting_orders
            WHERE status = 'open' GROUP BY portfolio_id) o USING (portfolio_id)
        WHERE p.reserved_balance <> coalesce(o.total, 0) AND {ids}
    """,
    "portfolio_totals": """
        SELECT p.portfolio_id, jsonb_build_object('figure', f.name) AS about, f.stored, f.recomputed
        FROM portfolios p LEFT JOIN (
            SELECT portfolio_id, sum(cost) AS cost, sum(liquidation_value) AS liquidation_value,
                sum(realized_pnl) AS realized_pnl, sum(unrealized_pnl) AS unrealized_pnl, sum(fees) AS fees,
                count(*) FILTER (WHERE status = 'open') AS open
            FROM portfolio_positions GROUP BY portfolio_id) h USING (portfolio_id)
        LEFT JOIN (SELECT portfolio_id, count(*) AS trades, sum(fee) AS fees, sum(execution_cost) AS execution_cost
            FROM trades GROUP BY portfolio_id) t USING (portfolio_id)
        CROSS JOIN LATERAL (VALUES ('total_invested', p.total_invested, h.cost),
            ('liquidation_value', p.liquidation_value, h.liquidation_value),
            ('realized_pnl', p.realized_pnl, h.realized_pnl), ('unrealized_pnl', p.unrealized_pnl, h.unrealized_pnl),
            ('fees_paid', p.fees_paid, t.fees), ('fees_of_positions', p.fees_paid, h.fees),
            ('execution_cost', p.execution_cost, t.execution_cost), ('open_positions', p.open_positions, h.open),
            ('trade_count', p.trade_count, t.trades)) f (name, stored, recomputed)
        WHERE f.stored <> coalesce(f.recomputed, 0) AND {ids}
    """,
    "equity": """
        SELECT p.portfolio_id, '{}'::jsonb AS about,
            p.current_balance + p.liquidation_value - p.owed - p.initial_balance AS stored,
            p.realized_pnl + p.unrealized_pnl AS recomputed
        FROM portfolios p WHERE p.current_balance + p.liquidation_value - p.owed - p.initial_balance
            <> p.realized_pnl + p.unrealized_pnl AND {ids}
    """,
    "position_value": """
        SELECT p.portfolio_id, jsonb_build_object('position_id', p.position_id, 'figure', f.name) AS about, f.stored,
            f.recomputed
        FROM portfolio_positions p CROSS JOIN LATERAL (VALUES
            ('liquidation_value', p.liquidation_value, coalesce(round(p.quantity * p.mark_bid, 8), 0)),
            ('unrealized_pnl', p.unrealized_pnl, p.liquidation_value - p.cost)) f (name, stored, recomputed)
        WHERE f.stored <> f.recomputed AND {ids}
    """,
    # A position that was paid must stand as the newest version of the result says.
    "settlement_version": """
        SELECT p.portfolio_id, jsonb_build_object('position_id', p.position_id, 'market_no', p.market_no) AS about,
            max(p.version) AS stored, max(v.version) AS recomputed
        FROM settlements p JOIN (SELECT market_no, max(version) AS version FROM market_settlements GROUP BY market_no) v
            USING (market_no)
        WHERE {ids} GROUP BY p.portfolio_id, p.position_id, p.market_no HAVING max(p.version) <> max(v.version)
    """,
    "history": """
        SELECT p.portfolio_id, jsonb_build_object('at', p.at, 'from', p.name) AS about, p.equity - f.initial_balance
            AS stored, p.total_pnl AS recomputed
        FROM (SELECT portfolio_id, snapshot_date::text AS at, 'portfolio_history' AS name, equity, total_pnl,
                realized_pnl, unrealized_pnl FROM portfolio_history
            UNION ALL SELECT portfolio_id, taken_at::text, 'equity_points', equity, total_pnl, realized_pnl,
                unrealized_pnl FROM equity_points) p
        JOIN portfolios f USING (portfolio_id)
        WHERE (p.equity - f.initial_balance <> p.total_pnl OR p.total_pnl <> p.realized_pnl + p.unrealized_pnl)
            AND {ids}
    """,
}
_COUNTS = """
SELECT (SELECT count(*) FROM portfolios p WHERE {ids}) AS portfolios,
    (SELECT count(*) FROM cash_entries p WHERE {ids}) AS cash_entries,
    (SELECT count(*) FROM decisions p WHERE {ids}) AS decisions, (SELECT count(*) FROM trades p WHERE {ids}) AS trades,
    (SELECT count(*) FROM resting_orders p WHERE {ids}) AS resting_orders,
    (SELECT count(*) FROM portfolio_positions p WHERE {ids}) AS positions,
    (SELECT count(*) FROM settlements p WHERE {ids}) AS settlements,
    (SELECT count(*) FROM portfolio_history p WHERE {ids}) + (SELECT count(*) FROM equity_points p WHERE {ids})
        AS history
"""
# In a market all trades come before its settlements: a final market does not trade.
_EVENTS = """
SELECT p.portfolio_id, p.market_no, 0 AS kind, p.trade_id AS number, p.action AS word, p.quantity, p.cost, p.fee AS a,
    p.merged AS b, p.realized_pnl AS c, NULL AS position_id, NULL AS version, NULL AS standing, NULL AS result,
    NULL AS payout_yes
FROM trades p WHERE {ids}
UNION ALL
SELECT p.portfolio_id, p.market_no, 1, p.settlement_id, p.outcome, p.quantity, p.cost, p.gross, p.amount, NULL,
    p.position_id, p.version, p.standing, v.result, v.payout_yes
FROM settlements p LEFT JOIN market_settlements v USING (market_no, version) WHERE {ids}
ORDER BY 1, 2, 3, 4
"""
_POSITIONS = """
SELECT p.portfolio_id, p.market_no, p.position_id, p.outcome, p.quantity, p.cost, p.fees, p.realized_pnl, p.status
FROM portfolio_positions p WHERE {ids} ORDER BY p.position_id
"""


def counted(connection: Connection, portfolio_ids: Sequence[int] | None) -> dict[str, int]:
    """How much there is to check."""
    row = connection.execute(text(_COUNTS.replace("{ids}", _which(portfolio_ids)))).mappings().one()
    return {name: int(count) for name, count in row.items()}


def differing(
    connection: Connection, check: str, portfolio_ids: Sequence[int] | None, limit: int
) -> tuple[int, list[dict[str, Any]]]:
    """How many rows disagree, and the first of them."""
    query = CHECKS[check].replace("{ids}", _which(portfolio_ids))
    bounded = f"""
        SELECT portfolio_id, about, to_jsonb(stored)::text AS stored, to_jsonb(recomputed)::text AS recomputed,
            count(*) OVER () AS total
        FROM ({query}) c ORDER BY portfolio_id LIMIT {limit:d}
    """
    rows = connection.exec_driver_sql(bounded).mappings().all()
    return (rows[0]["total"] if rows else 0), [dict(row) for row in rows]


def events(connection: Connection, portfolio_ids: Sequence[int] | None) -> Iterator[Event]:
    """Trades and settlements by portfolio and market."""
    for line in copy_out(connection, _EVENTS.replace("{ids}", _which(portfolio_ids))):
        row = line.rstrip("\n").split("\t")
        key, number, word = (int(row[0]), int(row[1])), int(row[3]), row[4]
        quantity, cost, first, second = (Decimal(value) for value in row[5:9])
        if row[2] == "0":
            yield key, TradeLine(number, word, quantity, cost, first, second, Decimal(row[9]))
            continue
        result = None if row[13] == NULL else cast(Result, row[13])
        payout = None if row[14] == NULL else Decimal(row[14])
        held, outcome = (int(row[10]), int(row[11])), cast(Side, word)
        yield key, SettlementLine(number, *held, outcome, quantity, cost, first, second, row[12], result, payout)


def positions(connection: Connection, portfolio_ids: Sequence[int] | None) -> dict[Key, list[PositionLine]]:
    """Stored positions by portfolio and market, in the order in which they were opened."""
    found: dict[Key, list[PositionLine]] = {}
    for line in copy_out(connection, _POSITIONS.replace("{ids}", _which(portfolio_ids))):
        row = line.rstrip("\n").split("\t")
        quantity, cost, fees, realized = (Decimal(value) for value in row[4:8])
        position = PositionLine(int(row[2]), cast(Side, row[3]), quantity, cost, fees, realized, row[8])
        found.setdefault((int(row[0]), int(row[1])), []).append(position)
    return found


def market_ids(connection: Connection, market_nos: Sequence[int]) -> dict[int, str]:
    rows = connection.execute(
        text("SELECT market_no, market_id FROM markets WHERE market_no = ANY(:numbers)"), {"numbers": list(market_nos)}
    )
    return {row.market_no: row.market_id for row in rows}


def _which(portfolio_ids: Sequence[int] | None) -> str:
    """Whole numbers alone, so that COPY can have them too."""
    if portfolio_ids is None:
        return "true"
    return f"p.portfolio_id = ANY('{{{','.join(str(int(number)) for number in portfolio_ids)}}}'::int[])"
