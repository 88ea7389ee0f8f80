"""What the page of a controller reads: its last answers, the signals in them, and how it was when last looked at."""

from typing import Any

from sqlalchemy import Connection, text

SERVED_MAX = 500
CYCLES_LOOKED_AT = 5  # for a failure
NEWEST = 10_000  # answers of all strategies, among which those of a page are looked for

_NEWEST = "generation_id > (SELECT coalesce(max(generation_id), 0) - :newest FROM signal_generations)"

Rows = list[dict[str, Any]]


def served(connection: Connection, strategy: str) -> Rows:
    """The portfolios of a strategy with its last answer to each, if it is among the newest."""
    query = f"""
        WITH last AS (SELECT portfolio_id, max(generation_id) AS generation_id FROM signal_generations
            WHERE {_NEWEST} AND strategy_type = :strategy GROUP BY portfolio_id)
        SELECT p.portfolio_id, p.name, p.status, p.strategy_config::text AS config, p.open_positions, p.current_balance,
            g.created_at, g.markets_considered, g.markets_matched, g.signals_generated, g.abstentions
        FROM portfolios p LEFT JOIN last USING (portfolio_id) LEFT JOIN signal_generations g USING (generation_id)
        WHERE p.strategy_type = :strategy AND p.status <> 'closed' ORDER BY p.portfolio_id LIMIT :limit
    """
    return _rows(connection, query, strategy=strategy, newest=NEWEST, limit=SERVED_MAX)


def failures(connection: Connection, strategy: str) -> dict[int, str]:
    """Why the newest cycle of late failed, by portfolio, where it did."""
    query = """
        SELECT portfolio_id, error FROM (
            SELECT DISTINCT ON (s.portfolio_id) s.portfolio_id, s.status, s.error
            FROM (SELECT cycle_id, started_at FROM trading_cycles ORDER BY started_at DESC LIMIT :cycles) c
            JOIN cycle_steps s USING (cycle_id) JOIN portfolios p USING (portfolio_id)
            WHERE p.strategy_type = :strategy AND s.step = 'signals'
            ORDER BY s.portfolio_id, c.started_at DESC) newest
        WHERE status = 'failed'
    """
    rows = _rows(connection, query, strategy=strategy, cycles=CYCLES_LOOKED_AT)
    return {row["portfolio_id"]: row["error"] for row in rows}


def answers_of(connection: Connection, portfolio_id: int, limit: int) -> Rows:
    """The last answers to one portfolio, the newest first."""
    query = f"""
        SELECT generation_id, cycle_id::text AS cycle_id, markets_considered, markets_matched, signals_generated,
            abstentions, created_at
        FROM signal_generations WHERE {_NEWEST} AND portfolio_id = :portfolio_id
        ORDER BY generation_id DESC LIMIT :limit
    """
    return _rows(connection, query, portfolio_id=portfolio_id, newest=NEWEST, limit=limit)


def signals_of(connection: Connection, portfolio_id: int, limit: int) -> Rows:
    """Its last signals with what became of each; none yet: nobody has acted on it."""
    query = """
        SELECT s.signal_id, s.action, trim_scale(s.amount) AS amount, trim_scale(s.quantity) AS quantity,
            trim_scale(s.limit_price) AS limit_price, s.reason, s.created_at, m.market_id, m.question,
            d.outcome
        FROM trading_signals s JOIN markets m USING (market_no) LEFT JOIN decisions d USING (signal_id)
        WHERE s.portfolio_id = :portfolio_id ORDER BY s.signal_id DESC LIMIT :limit
    """
    return _rows(connection, query, portfolio_id=portfolio_id, limit=limit)


def health_of(connection: Connection, component: str) -> dict[str, Any] | None:
    """As the schedule of the orchestrator found it last."""
    query = "SELECT status, last_check, since, details FROM system_health WHERE component = :component"
    found = _rows(connection, query, component=component)
    return found[0] if found else None


def _rows(connection: Connection, query: str, **values: Any) -> Rows:
    return [dict(row) for row in connection.execute(text(query), values).mappings()]
