"""What readers see of the models: who they are, what they have, and how their bets ended."""

from uuid import UUID

from sqlalchemy import Connection

from services.arena.storage.reading import Page, json_of, page_of, word_after

# A result that the venue corrected counts as it stands now. Each bet looks for its own payment: joined as sets, the
# two are compared row by row, because the planner expects hardly any bets.
_COUNTS = """
decided AS (
    SELECT model_id, count(*) AS sessions, count(*) FILTER (WHERE status = 'failed') AS failed_count,
        count(*) FILTER (WHERE final_position = 'ABSTAIN') AS abstain_count
    FROM betting_sessions {which} GROUP BY model_id
), bets AS (
    SELECT s.model_id, t.portfolio_id, t.market_no, substr(t.action, 5) AS side
    FROM betting_sessions s JOIN decisions d ON d.signal_id = s.signal_id
    JOIN trades t ON t.portfolio_id = s.portfolio_id AND t.market_no = s.market_no AND t.decision_id = d.decision_id
    {which}
), scored AS (
    SELECT b.model_id, count(*) AS total_bets, count(*) FILTER (WHERE p.standing = 'won') AS win_count,
        count(*) FILTER (WHERE p.standing = 'lost') AS loss_count,
        count(*) FILTER (WHERE p.standing = 'push') AS push_count
    FROM bets b LEFT JOIN LATERAL (
        SELECT z.standing FROM settlements z WHERE z.portfolio_id = b.portfolio_id AND z.market_no = b.market_no
            AND z.outcome = b.side ORDER BY z.version DESC LIMIT 1) p ON true
    GROUP BY b.model_id
)
"""
_SHAPE = """
a.model_id AS id, a.model_id, a.external_id, a.name, a.kind, a.openrouter_model, a.base_url, a.color, a.text_color,
a.avatar, trim_scale(p.current_balance) AS balance, trim_scale(p.initial_balance) AS initial_balance,
trim_scale(p.realized_pnl + p.unrealized_pnl) AS total_pnl, trim_scale(p.realized_pnl) AS realized_pnl,
trim_scale(p.unrealized_pnl) AS unrealized_pnl,
trim_scale(p.current_balance + p.liquidation_value - p.owed) AS equity, trim_scale(p.fees_paid) AS fees_paid,
coalesce(c.win_count, 0) AS win_count, coalesce(c.loss_count, 0) AS loss_count,
coalesce(c.push_count, 0) AS push_count, coalesce(d.abstain_count, 0) AS abstain_count,
coalesce(c.total_bets, 0) AS total_bets, coalesce(d.failed_count, 0) AS failed_count,
coalesce(d.sessions, 0) AS sessions, a.enabled, a.disabled_reason, a.simulated, a.checked_at, a.sighted, a.twin_of,
(SELECT coalesce(json_agg(t.external_id ORDER BY t.external_id), '[]') FROM ai_models t
    WHERE t.twin_of = a.external_id) AS twins,
a.removed, trim_scale(a.prompt_price) AS prompt_price, trim_scale(a.completion_price) AS completion_price,
a.portfolio_id, p.status AS portfolio_status, a.created_at, a.updated_at
"""
_FROM = """
ai_models a LEFT JOIN portfolios p USING (portfolio_id) LEFT JOIN scored c USING (model_id)
LEFT JOIN decided d USING (model_id)
"""


def models_page(connection: Connection, cursor: str | None, limit: int) -> Page:
    """By their external ids."""
    values: dict[str, object] = {}
    if cursor is not None:
        values["after"] = word_after(cursor, "models")
    query = f"""
        WITH {_COUNTS.format(which="")}
        SELECT to_json(shape)::text AS body, a.external_id AS key_1
        FROM {_FROM} CROSS JOIN LATERAL (SELECT {_SHAPE}) shape
        {"WHERE a.external_id > :after" if cursor is not None else ""} ORDER BY a.external_id LIMIT :limit + 1
    """
    return page_of(connection, "models", query, values, limit)


def model_json(connection: Connection, model_id: UUID) -> bytes | None:
    query = f"""
        WITH {_COUNTS.format(which="WHERE model_id = :model_id")}
        SELECT to_json(shape)::text FROM {_FROM} CROSS JOIN LATERAL (SELECT {_SHAPE}) shape
        WHERE a.model_id = :model_id
    """
    return json_of(connection, query, model_id=model_id)
