"""Bets: the fills that sessions led to, and what became of them."""

from uuid import UUID

from sqlalchemy import Connection

from services.arena.storage.reading import Page, number_after, page_of

# The signal of a session may lie in the archive by now; decisions keep its number for good.
_PLACED = """
SELECT t.trade_id, t.portfolio_id, t.market_no, t.action, t.quantity, t.price, t.cost, t.fee, t.execution_cost,
    t.merged, t.executed_at, s.session_id, s.event_id, s.model_id, a.external_id AS model
FROM betting_sessions s JOIN ai_models a USING (model_id) JOIN decisions d ON d.signal_id = s.signal_id
JOIN trades t ON t.portfolio_id = s.portfolio_id AND t.market_no = s.market_no AND t.decision_id = d.decision_id
WHERE {which}
"""
# The position that a fill went into: the last one of its side that had been opened by then. Open ones have an index,
# settled ones are found through their payment; what was sold is looked for only where neither is there.
_POSITION = """
SELECT coalesce(
    (SELECT o.position_id FROM portfolio_positions o WHERE o.portfolio_id = b.portfolio_id
        AND o.market_no = b.market_no AND o.outcome = substr(b.action, 5) AND o.status = 'open'
        AND o.opened_at <= b.executed_at),
    (SELECT o.position_id FROM settlements z JOIN portfolio_positions o USING (position_id)
        WHERE z.portfolio_id = b.portfolio_id AND z.market_no = b.market_no AND z.version = 1
        AND z.outcome = substr(b.action, 5) AND o.opened_at <= b.executed_at),
    (SELECT o.position_id FROM portfolio_positions o WHERE o.portfolio_id = b.portfolio_id
        AND o.market_no = b.market_no AND o.outcome = substr(b.action, 5) AND o.status = 'closed'
        AND o.opened_at <= b.executed_at ORDER BY o.opened_at DESC, o.position_id DESC LIMIT 1)) AS position_id
"""
# All fills that went into that position, to share out what came back by quantity: in running sums, so that the parts
# add up to the whole to the last digit.
_FILLS = """
SELECT sum(x.quantity) AS quantity, sum(x.cost + x.fee) AS paid,
    coalesce(sum(x.quantity) FILTER (WHERE x.trade_id < b.trade_id), 0) AS before
FROM trades x WHERE x.portfolio_id = b.portfolio_id AND x.market_no = b.market_no AND x.action = b.action
    AND x.executed_at >= p.opened_at AND (p.closed_at IS NULL OR x.executed_at <= p.closed_at)
"""
_PNL = """round((p.realized_pnl + w.paid) * (w.before + b.quantity) / w.quantity, 8)
    - round((p.realized_pnl + w.paid) * w.before / w.quantity, 8) - b.cost - b.fee"""
_SHAPE = f"""
b.trade_id AS bet_id, b.session_id, b.model_id, b.model, b.event_id, upper(substr(b.action, 5)) AS position,
trim_scale(b.cost + b.fee) AS amount, trim_scale(b.price) AS price, trim_scale(b.quantity) AS shares,
trim_scale(b.fee) AS fee, trim_scale(b.execution_cost) AS execution_cost,
trim_scale(CASE WHEN p.status <> 'open' THEN {_PNL} END) AS pnl, coalesce(p.status <> 'open', true) AS settled,
CASE p.status WHEN 'open' THEN NULL WHEN 'settled' THEN 'settled' WHEN 'closed' THEN 'sold' ELSE 'merged' END AS ended,
coalesce(p.closed_at, CASE WHEN p.position_id IS NULL THEN b.executed_at END) AS settled_at,
b.executed_at AS created_at
"""
_FATE = f"""
CROSS JOIN LATERAL ({_POSITION}) k LEFT JOIN portfolio_positions p ON p.position_id = k.position_id
LEFT JOIN LATERAL ({_FILLS}) w ON p.status <> 'open' CROSS JOIN LATERAL (SELECT {_SHAPE}) shape
"""


def bets_where(which: str) -> str:
    """The bets of sessions `s` that meet this condition, as a query of rows."""
    return f"SELECT shape.* FROM ({_PLACED.format(which=which)}) b {_FATE}"


def event_bets_page(connection: Connection, event_id: UUID, cursor: str | None, limit: int) -> Page:
    """Newest first."""
    return _page(connection, "s.event_id = :number", event_id, cursor, limit)


def model_bets_page(connection: Connection, model_id: UUID, cursor: str | None, limit: int) -> Page:
    """Newest first."""
    return _page(connection, "s.model_id = :number", model_id, cursor, limit)


def _page(connection: Connection, which: str, number: UUID, cursor: str | None, limit: int) -> Page:
    """What became of a bet is looked up for the bets of the page alone."""
    values: dict[str, object] = {"number": number}
    if cursor is not None:
        values["before"] = number_after(cursor, "bets")
        which += " AND t.trade_id < :before"
    query = f"""
        SELECT to_json(shape)::text AS body, b.trade_id AS key_1 FROM (
            {_PLACED.format(which=which)} ORDER BY t.trade_id DESC LIMIT :limit + 1) b {_FATE}
        ORDER BY b.trade_id DESC
    """
    return page_of(connection, "bets", query, values, limit)
