"""The schema `compat`: tables of the source documents under their own names, as views that can only be read."""

# A view over one table alone could be written through; a join with a row of no columns prevents it and costs nothing.
# Where two documents mean different rows by one name, docs/coliseum-map.md says which of them a view shows.

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

# What the arena's document calls its tables, with its columns.
ARENA = """
CREATE SCHEMA compat;

CREATE VIEW compat.events AS
SELECT e.event_id AS id,
    CASE WHEN m.platform = 'kalshi' THEN substr(m.event_id, 8) ELSE m.event_id END AS kalshi_event_id,
    CASE WHEN m.platform = 'kalshi' THEN m.external_id ELSE m.market_id END AS kalshi_market_id,
    e.title, e.question, e.current_price, e.category, CAST(NULL AS text) AS subcategory, to_jsonb(v.tags) AS tags,
    (SELECT rules FROM market_rules r WHERE r.market_no = e.market_no) AS market_context, e.status, e.selection_date,
    e.close_time, e.settlement_time, upper(e.outcome) AS outcome,
    CAST((SELECT coalesce(sum(c.viewers), 0) FROM viewer_counts c
        WHERE c.event_id = e.event_id AND c.seen_at > now() - interval '30 seconds') AS integer) AS viewers,
    jsonb_build_object('market_type', m.market_type, 'venue_status', m.venue_status, 'status', m.status,
        'condition_id', m.condition_id, 'tick_size', m.tick_size, 'min_size', m.min_size, 'fee', m.fee,
        'strike', m.strike, 'opens_at', m.opens_at, 'closes_at', m.closes_at, 'resolves_at', m.resolves_at,
        'settled_at', m.settled_at, 'volume', m.volume, 'volume_24h', m.volume_24h, 'liquidity', m.liquidity,
        'open_interest', m.open_interest, 'last_price', m.last_price) AS kalshi_data,
    e.created_at, e.updated_at
FROM arena_events e JOIN markets m USING (market_no) LEFT JOIN events v ON v.event_id = m.event_id;

CREATE VIEW compat.event_summaries AS
SELECT summary_id AS id, event_id, summary_text, relevant_data, sources_used, search_queries, agent_model, created_at
FROM event_summaries CROSS JOIN (SELECT) alone;

CREATE VIEW compat.betting_sessions AS
SELECT session_id AS id, event_id, model_id, status, final_position, bet_amount, confidence_score, reasoning_summary,
    started_at, completed_at, created_at, updated_at
FROM betting_sessions CROSS JOIN (SELECT) alone;

CREATE VIEW compat.session_messages AS
SELECT CAST(md5(session_id::text || ':' || sequence_number) AS uuid) AS id, session_id, message_type, content,
    action_type, action_amount, action_shares, action_price, sequence_number, created_at
FROM session_messages CROSS JOIN (SELECT) alone;

CREATE VIEW compat.bets AS
SELECT CAST(lpad(to_hex(t.trade_id), 32, '0') AS uuid) AS id, s.session_id, s.model_id, s.event_id,
    upper(substr(t.action, 5)) AS position, t.cost + t.fee AS amount, t.price, t.quantity AS shares,
    CASE WHEN p.status <> 'open' THEN round((p.realized_pnl + w.paid) * (w.before + t.quantity) / w.quantity, 8)
        - round((p.realized_pnl + w.paid) * w.before / w.quantity, 8) - t.cost - t.fee END AS pnl,
    coalesce(p.status <> 'open', true) AS settled,
    coalesce(p.closed_at, CASE WHEN p.position_id IS NULL THEN t.executed_at END) AS settled_at,
    t.executed_at AS created_at
FROM betting_sessions s JOIN decisions d ON d.signal_id = s.signal_id
JOIN trades t ON t.portfolio_id = s.portfolio_id AND t.market_no = s.market_no AND t.decision_id = d.decision_id
CROSS JOIN LATERAL (SELECT coalesce(
    (SELECT o.position_id FROM portfolio_positions o WHERE o.portfolio_id = t.portfolio_id
        AND o.market_no = t.market_no AND o.outcome = substr(t.action, 5) AND o.status = 'open'
        AND o.opened_at <= t.executed_at),
    (SELECT o.position_id FROM settlements z JOIN portfolio_positions o USING (position_id)
        WHERE z.portfolio_id = t.portfolio_id AND z.market_no = t.market_no AND z.version = 1
        AND z.outcome = substr(t.action, 5) AND o.opened_at <= t.executed_at),
    (SELECT o.position_id FROM portfolio_positions o WHERE o.portfolio_id = t.portfolio_id
        AND o.market_no = t.market_no AND o.outcome = substr(t.action, 5) AND o.status = 'closed'
        AND o.opened_at <= t.executed_at ORDER BY o.opened_at DESC, o.position_id DESC LIMIT 1)) AS position_id) k
LEFT JOIN portfolio_positions p ON p.position_id = k.position_id
LEFT JOIN LATERAL (SELECT sum(x.quantity) AS quantity, sum(x.cost + x.fee) AS paid,
        coalesce(sum(x.quantity) FILTER (WHERE x.trade_id < t.trade_id), 0) AS before
    FROM trades x WHERE x.portfolio_id = t.portfolio_id AND x.market_no = t.market_no AND x.action = t.action
        AND x.executed_at >= p.opened_at AND (p.closed_at IS NULL OR x.executed_at <= p.closed_at)) w
    ON p.status <> 'open';

CREATE VIEW compat.ai_models AS
WITH decided AS (
    SELECT model_id, count(*) FILTER (WHERE final_position = 'ABSTAIN') AS abstain_count FROM betting_sessions
    GROUP BY model_id
), scored AS (
    SELECT s.model_id, count(*) AS total_bets, count(*) FILTER (WHERE z.standing = 'won') AS win_count,
        count(*) FILTER (WHERE z.standing = 'lost') AS loss_count
    FROM betting_sessions s JOIN decisions d ON d.signal_id = s.signal_id
    JOIN trades t ON t.portfolio_id = s.portfolio_id AND t.market_no = s.market_no AND t.decision_id = d.decision_id
    LEFT JOIN LATERAL (SELECT x.standing FROM settlements x WHERE x.portfolio_id = t.portfolio_id
        AND x.market_no = t.market_no AND x.outcome = substr(t.action, 5) ORDER BY x.version DESC LIMIT 1) z ON true
    GROUP BY s.model_id
)
SELECT a.model_id AS id, a.external_id, a.name, a.openrouter_model, a.color, a.text_color, a.avatar,
    p.current_balance AS balance, p.initial_balance, p.realized_pnl + p.unrealized_pnl AS total_pnl,
    CAST(coalesce(c.win_count, 0) AS integer) AS win_count, CAST(coalesce(c.loss_count, 0) AS integer) AS loss_count,
    CAST(coalesce(d.abstain_count, 0) AS integer) AS abstain_count,
    CAST(coalesce(c.total_bets, 0) AS integer) AS total_bets, a.created_at, a.updated_at
FROM ai_models a LEFT JOIN portfolios p USING (portfolio_id) LEFT JOIN scored c USING (model_id)
LEFT JOIN decided d USING (model_id);

CREATE VIEW compat.settlements AS
SELECT CAST(md5(m.market_id) AS uuid) AS id, e.event_id, upper(coalesce(p.result, e.outcome)) AS outcome,
    p.evidence AS kalshi_settlement_data, n.validated, n.validation_notes,
    CAST((SELECT count(*) FROM compat.bets b WHERE b.event_id = e.event_id AND b.settled) AS integer)
        AS total_bets_settled,
    (SELECT coalesce(sum(b.pnl), 0) FROM compat.bets b WHERE b.event_id = e.event_id AND b.settled)
        AS total_pnl_distributed,
    coalesce(p.recorded_at, e.settlement_time) AS settled_at, m.market_no AS settlement_id, m.market_id,
    m.platform AS platform_id, p.payout_yes AS payout, coalesce(p.recorded_at, e.settlement_time) AS created_at
FROM markets m LEFT JOIN arena_events e ON e.market_no = m.market_no AND e.status = 'settled'
LEFT JOIN LATERAL (SELECT result, payout_yes, evidence, recorded_at FROM market_settlements p
    WHERE p.market_no = m.market_no ORDER BY version DESC LIMIT 1) p ON true
LEFT JOIN LATERAL (SELECT validated, validation_notes FROM settlement_notes n
    WHERE n.event_id = e.event_id ORDER BY n.version DESC LIMIT 1) n ON true
WHERE m.market_no IN (SELECT market_no FROM market_settlements
    UNION SELECT market_no FROM arena_events WHERE status = 'settled');

CREATE VIEW compat.daily_leaderboards AS
SELECT CAST(md5(l.portfolio_id || ':' || l.date) AS uuid) AS id, a.model_id, l.date, l.rank, l.daily_pnl, l.daily_bets,
    l.daily_wins, l.daily_losses, l.total_balance, l.total_pnl, l.total_roi, l.created_at
FROM daily_leaderboards l JOIN ai_models a USING (portfolio_id);

CREATE VIEW compat.price_history AS
SELECT CAST(md5(e.event_id::text || ':' || t.period || ':' || extract(epoch FROM t.opened_at)) AS uuid) AS id,
    e.event_id, t.period, t.opened_at AS timestamp, t.open, t.high, t.low, t.close, t.close AS price, t.volume
FROM arena_events e JOIN market_ticks t USING (market_no);
"""

# What the other documents call theirs; where several use one name, the view has the columns of all of them.
MARKETS = """
CREATE VIEW compat.platforms AS
SELECT platform AS platform_id, 'trading' AS platform_type, display_name, base_url, CAST(NULL AS text) AS websocket_url,
    CAST(NULL AS text) AS api_version, CAST(NULL AS text) AS auth_method, CAST(NULL AS jsonb) AS fees_structure,
    'active' AS status, CAST(NULL AS timestamptz) AS created_at, simulated
FROM platforms CROSS JOIN (SELECT) alone;

CREATE VIEW compat.series AS
SELECT series_id, platform AS platform_id, external_id, lower(category) AS category, CAST(NULL AS text) AS subcategory,
    title, frequency, jsonb_build_object('tags', tags, 'fee_type', fee_type, 'fee_multiplier', fee_multiplier,
        'settlement_sources', settlement_sources) AS metadata, created_at, updated_at, platform AS exchange,
    external_id AS ext_id, jsonb_build_object('fee_type', fee_type, 'fee_multiplier', fee_multiplier)
    AS platform_metadata, false AS is_deleted
FROM series CROSS JOIN (SELECT) alone;

CREATE VIEW compat.venue_events AS
SELECT v.event_id, v.platform AS platform_id, v.series_id, v.external_id, v.category,
    CAST(NULL AS text) AS subcategory, v.title, v.description, v.starts_at AS start_time, v.closes_at AS end_time,
    v.status, (SELECT jsonb_object_agg(m.market_id, m.outcome) FROM markets m
        WHERE m.event_id = v.event_id AND m.status = 'final') AS result,
    jsonb_build_object('tags', v.tags, 'mutually_exclusive', v.mutually_exclusive, 'game_id', v.game_id) AS metadata,
    v.created_at, v.updated_at, v.liquidity, v.volume, v.status = 'open' AS active, v.platform AS exchange,
    v.external_id AS ext_id, jsonb_build_object('mutually_exclusive', v.mutually_exclusive) AS platform_metadata,
    false AS is_deleted
FROM events v CROSS JOIN (SELECT) alone;

CREATE VIEW compat.markets AS
SELECT m.market_id, m.platform AS platform_id, m.event_id, m.external_id,
    CASE WHEN m.platform = 'kalshi' THEN m.external_id ELSE m.slug END AS ticker, m.question AS title, m.market_type,
    q.yes_price, 1 - q.yes_price AS no_price, m.volume, m.open_interest, m.yes_ask - m.yes_bid AS spread,
    CASE m.status WHEN 'open' THEN 'open' WHEN 'final' THEN 'settled' ELSE 'closed' END AS status,
    m.payout_yes AS settlement_value, jsonb_build_object('strike', m.strike, 'condition_id', m.condition_id,
        'fee', m.fee, 'tick_size', m.tick_size) AS metadata, m.valid_from AS created_at, m.updated_at,
    true AS row_current_ind, m.question, m.liquidity, m.platform AS exchange, m.external_id AS ext_id,
    jsonb_build_object('condition_id', m.condition_id, 'fee', m.fee) AS platform_metadata, false AS is_deleted
FROM markets m CROSS JOIN LATERAL (SELECT CASE WHEN m.yes_ask - m.yes_bid <= 0.10
    THEN (m.yes_ask + m.yes_bid) / 2 ELSE m.last_price END AS yes_price) q
UNION ALL
SELECT m.market_id, m.platform, v.event_id, m.external_id,
    CASE WHEN m.platform = 'kalshi' THEN m.external_id ELSE v.slug END, v.question, v.market_type,
    NULL, NULL, NULL, NULL, NULL,
    CASE v.status WHEN 'open' THEN 'open' WHEN 'final' THEN 'settled' ELSE 'closed' END, v.payout_yes,
    jsonb_build_object('strike', v.strike, 'condition_id', v.condition_id, 'fee', v.fee, 'tick_size', v.tick_size),
    v.valid_from, v.valid_to, false, v.question, NULL, m.platform, m.external_id,
    jsonb_build_object('condition_id', v.condition_id, 'fee', v.fee), false
FROM market_versions v JOIN markets m USING (market_no);

CREATE VIEW compat.market_outcomes AS
SELECT m.market_id, o.side, o.name, CASE WHEN m.platform = 'kalshi' THEN o.side ELSE o.token_id END
    AS execution_asset_id, m.platform AS exchange, false AS is_deleted
FROM market_outcomes o JOIN markets m USING (market_no);

CREATE VIEW compat.market_ticks AS
SELECT m.market_id, m.platform AS exchange, t.period, t.opened_at, t.open, t.high, t.low, t.close, t.volume, t.source
FROM market_ticks t JOIN markets m USING (market_no);

CREATE VIEW compat.market_snapshots AS
SELECT m.market_id, s.quoted_at AS timestamp, (s.yes_bid + s.yes_ask) / 2 AS yes_price,
    1 - (s.yes_bid + s.yes_ask) / 2 AS no_price, s.yes_bid, s.yes_ask, s.yes_bid_size, s.yes_ask_size
FROM market_snapshots s JOIN markets m USING (market_no);
"""

# Nobody writes edges yet, so there are none.
TRADING = """
CREATE VIEW compat.edges AS
SELECT CAST(NULL AS integer) AS edge_id, CAST(NULL AS text) AS market_id,
    CAST(NULL AS integer) AS probability_matrix_id, CAST(NULL AS numeric) AS expected_value,
    CAST(NULL AS numeric) AS true_win_probability, CAST(NULL AS numeric) AS market_implied_probability,
    CAST(NULL AS numeric) AS market_price, CAST(NULL AS text) AS confidence_level,
    CAST(NULL AS jsonb) AS confidence_metrics, CAST(NULL AS text) AS recommended_action,
    CAST(NULL AS timestamptz) AS created_at, true AS row_current_ind
WHERE false;

CREATE VIEW compat.portfolios AS
SELECT portfolio_id, name, strategy_type, strategy_config, frequency, status, initial_balance, current_balance,
    total_invested, liquidation_value, current_balance + liquidation_value - owed AS equity, realized_pnl,
    unrealized_pnl, realized_pnl + unrealized_pnl AS total_pnl, realized_pnl + unrealized_pnl AS total_profit_loss,
    fees_paid, open_positions, trade_count, last_price_update, created_at, updated_at
FROM portfolios CROSS JOIN (SELECT) alone;

CREATE VIEW compat.portfolio_state AS
SELECT portfolio_id, name, strategy_type, strategy_config, status, initial_balance, current_balance AS balance,
    current_balance, total_invested, total_profit_loss, total_pnl, trade_count, open_positions,
    last_price_update, greatest(updated_at, last_price_update) AS last_updated
FROM compat.portfolios CROSS JOIN (SELECT) alone;

CREATE VIEW compat.portfolio_positions AS
SELECT p.position_id AS id, p.position_id, p.portfolio_id, m.market_id, 'buy_' || p.outcome AS action,
    p.cost AS amount, p.quantity, p.entry_price, p.mark_bid AS current_price,
    p.realized_pnl + p.unrealized_pnl AS current_pnl, p.status, p.opened_at AS created_at, p.closed_at
FROM portfolio_positions p JOIN markets m USING (market_no);

CREATE VIEW compat.portfolio_history AS
SELECT (CAST(portfolio_id AS bigint) << 20) + (snapshot_date - DATE '2000-01-01') AS id, portfolio_id, snapshot_date,
    current_balance AS balance, total_invested, liquidation_value, equity, total_pnl, realized_pnl, unrealized_pnl,
    taken_at AS created_at
FROM portfolio_history CROSS JOIN (SELECT) alone;

CREATE VIEW compat.trading_signals AS
SELECT s.signal_id AS id, s.signal_id, s.portfolio_id, m.market_id, s.action, s.amount, s.quantity, s.limit_price,
    s.confidence, s.probability, s.reason, s.strategy_type, s.created_at, s.expires_at, s.executed
FROM trading_signals s JOIN markets m USING (market_no);

CREATE VIEW compat.signal_archives AS
SELECT s.signal_id AS id, s.signal_id, s.month, s.portfolio_id, m.market_id, s.action, s.amount, s.quantity,
    s.limit_price, s.confidence, s.probability, s.reason, s.strategy_type, s.created_at, s.expires_at, s.executed,
    s.archived_at
FROM signal_archives s JOIN markets m USING (market_no);

CREATE VIEW compat.positions AS
SELECT p.position_id, m.market_id, m.platform AS platform_id, p.outcome AS side, p.entry_price, p.quantity, p.fees,
    p.status, p.unrealized_pnl, p.realized_pnl, p.opened_at AS created_at,
    greatest(p.opened_at, p.marked_at, p.closed_at) AS updated_at, true AS row_current_ind, p.portfolio_id
FROM portfolio_positions p JOIN markets m USING (market_no);

CREATE VIEW compat.trades AS
SELECT t.trade_id AS id, t.trade_id, m.market_id, m.platform AS platform_id, p.position_id,
    CAST(NULL AS integer) AS edge_id, CAST(t.order_id AS text) AS order_id, split_part(t.action, '_', 1) AS side,
    t.price, t.quantity, t.fee AS fees, CASE t.action WHEN 'buy_yes' THEN g.probability - t.price
        WHEN 'buy_no' THEN 1 - g.probability - t.price END AS edge_at_execution,
    CAST(NULL AS text) AS confidence_at_execution, t.executed_at AS created_at, t.portfolio_id, t.action,
    t.cost AS amount, t.executed_at AS timestamp
FROM trades t JOIN markets m USING (market_no) JOIN decisions d USING (decision_id)
CROSS JOIN LATERAL (SELECT coalesce((SELECT s.probability FROM trading_signals s WHERE s.signal_id = d.signal_id),
    (SELECT s.probability FROM signal_archives s WHERE s.signal_id = d.signal_id)) AS probability) g
CROSS JOIN LATERAL (SELECT coalesce(
    (SELECT o.position_id FROM portfolio_positions o WHERE o.portfolio_id = t.portfolio_id
        AND o.market_no = t.market_no AND o.outcome = split_part(t.action, '_', 2) AND o.status = 'open'
        AND o.opened_at <= t.executed_at),
    (SELECT o.position_id FROM settlements z JOIN portfolio_positions o USING (position_id)
        WHERE z.portfolio_id = t.portfolio_id AND z.market_no = t.market_no AND z.version = 1
        AND z.outcome = split_part(t.action, '_', 2) AND o.opened_at <= t.executed_at),
    (SELECT o.position_id FROM portfolio_positions o WHERE o.portfolio_id = t.portfolio_id
        AND o.market_no = t.market_no AND o.outcome = split_part(t.action, '_', 2) AND o.status = 'closed'
        AND o.opened_at <= t.executed_at ORDER BY o.opened_at DESC, o.position_id DESC LIMIT 1)) AS position_id) p;

CREATE VIEW compat.account_balance AS
SELECT entry_id AS balance_id, CAST(NULL AS text) AS platform_id,
    sum(amount) OVER (PARTITION BY portfolio_id ORDER BY entry_id) AS balance, 'USD' AS currency, created_at,
    lead(entry_id) OVER (PARTITION BY portfolio_id ORDER BY entry_id) IS NULL AS row_current_ind, portfolio_id
FROM cash_entries CROSS JOIN (SELECT) alone;

CREATE VIEW compat.config_overrides AS
SELECT override_id, config_key, override_value, CASE jsonb_typeof(override_value) WHEN 'boolean' THEN 'bool'
        WHEN 'number' THEN 'float' ELSE jsonb_typeof(override_value) END AS data_type, reason, applied_by, applied_at,
    expires_at, withdrawn_at IS NULL AND expires_at > now() AS active, portfolio_id
FROM config_overrides CROSS JOIN (SELECT) alone;

CREATE VIEW compat.circuit_breaker_events AS
SELECT breaker_id AS event_id, breaker_type, triggered_at, resolved_at, trigger_value, resolution_action, notes,
    portfolio_id, reason
FROM circuit_breaker_events CROSS JOIN (SELECT) alone;

CREATE VIEW compat.system_health AS
SELECT hashtext(component) AS health_id, component, status, last_check, details, false AS alert_sent
FROM system_health CROSS JOIN (SELECT) alone;
"""


def upgrade() -> None:
    op.execute(ARENA)
    op.execute(MARKETS)
    op.execute(TRADING)


def downgrade() -> None:
    op.execute("DROP SCHEMA compat CASCADE")
