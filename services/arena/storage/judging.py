"""What the board is computed from: entrants, results by event, forecasts with their outcomes, days, curves, counts."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import numpy as np
import numpy.typing as npt
from sqlalchemy import Connection, TextClause, text

from services.arena.domain.evidence import Days, Entrant, Evidence, Falls, Forecasts, Results, Tally
from shared.database import copy_out, fetch_all

# Markets of one event are one unit of chance; a market without an event is its own.
UNIT = "coalesce(m.event_id, 'market ' || m.market_no)"

_ENTRANTS = text("""
SELECT p.portfolio_id, p.name, p.strategy_type, p.strategy_config ->> 'entrant' AS null_kind, p.initial_balance,
    p.current_balance + p.liquidation_value - p.owed AS account_value, p.trade_count, a.external_id AS model,
    a.kind AS model_kind
FROM portfolios p LEFT JOIN ai_models a USING (portfolio_id) WHERE p.status <> 'closed' ORDER BY p.portfolio_id
""")
_FINISHED = """
    SELECT o.market_no FROM portfolio_positions o JOIN portfolios p USING (portfolio_id)
    WHERE o.status <> 'open' AND p.status <> 'closed' GROUP BY o.market_no
"""
_UNITS = f"""
units AS MATERIALIZED (
    SELECT m.market_no, dense_rank() OVER (ORDER BY {UNIT}) - 1 AS unit
    FROM markets m JOIN ({{which}}) w USING (market_no)
)"""
# Won is a position that brought more than its cost and all its fees; split, void and scalar results are neither.
_RESULTS = f"""
WITH {_UNITS.format(which=_FINISHED)},
pushed AS (
    SELECT position_id FROM (SELECT DISTINCT ON (position_id) position_id, standing FROM settlements
        ORDER BY position_id, version DESC) latest WHERE standing = 'push'
)
SELECT o.portfolio_id, u.unit, sum(o.realized_pnl),
    count(*) FILTER (WHERE v.position_id IS NULL AND o.realized_pnl > 0),
    count(*) FILTER (WHERE v.position_id IS NULL AND o.realized_pnl < 0),
    count(*) FILTER (WHERE v.position_id IS NOT NULL OR o.realized_pnl = 0)
FROM portfolio_positions o JOIN portfolios p USING (portfolio_id) JOIN units u USING (market_no)
LEFT JOIN pushed v USING (position_id)
WHERE o.status <> 'open' AND p.status <> 'closed' GROUP BY o.portfolio_id, u.unit ORDER BY o.portfolio_id, u.unit
"""
# A forecast that came after the venue's result is none.
GRADED = """
s.status = 'completed' AND s.probability IS NOT NULL AND m.status = 'final' AND m.outcome IN ('yes', 'no')
    AND s.completed_at < coalesce(m.settled_at, 'infinity')
"""
# The crowd is the mid of the quote that was sealed with the decision.
_FORECASTS = f"""
SELECT s.portfolio_id, dense_rank() OVER (ORDER BY {UNIT}) - 1, s.probability,
    coalesce((s.yes_bid + s.yes_ask) / 2, 'NaN'),
    CASE m.outcome WHEN 'yes' THEN 1 ELSE 0 END
FROM betting_sessions s JOIN markets m USING (market_no) JOIN portfolios p USING (portfolio_id)
WHERE p.status <> 'closed' AND {GRADED} ORDER BY s.portfolio_id, 2, s.session_id
"""
_DAYS = """
SELECT h.portfolio_id, h.snapshot_date - date '1970-01-01', h.equity
FROM portfolio_history h JOIN portfolios p USING (portfolio_id) WHERE p.status <> 'closed'
ORDER BY h.portfolio_id, h.snapshot_date
"""
# The deposit is the first peak.
_FALLS = text("""
SELECT portfolio_id, count(*) AS points, max((peak - equity) / peak) AS deepest_fall FROM (
    SELECT e.portfolio_id, e.equity, greatest(p.initial_balance,
        max(e.equity) OVER (PARTITION BY e.portfolio_id ORDER BY e.taken_at)) AS peak
    FROM equity_points e JOIN portfolios p USING (portfolio_id) WHERE p.status <> 'closed'
) points GROUP BY portfolio_id
""")
_PURCHASES = text("""
SELECT portfolio_id, count(*) AS count FROM trades WHERE action IN ('buy_yes', 'buy_no') GROUP BY portfolio_id
""")
# A model's: sessions that abstained, positions without a signal, signals that were not acted on. A rule's: markets
# that its last run left alone, and signals that were not acted on.
_ABSTENTIONS = text("""
SELECT portfolio_id, reason, sum(count)::bigint AS times FROM (
    SELECT portfolio_id, CASE WHEN final_position = 'ABSTAIN' THEN 'model_abstained' ELSE no_bet END AS reason,
        count(*) AS count
    FROM betting_sessions WHERE status = 'completed' AND (final_position = 'ABSTAIN' OR no_bet IS NOT NULL)
    GROUP BY 1, 2
    UNION ALL
    SELECT portfolio_id, outcome, count(*) FROM decisions
    WHERE outcome NOT IN ('filled', 'partial', 'resting', 'merged') GROUP BY 1, 2
    UNION ALL
    SELECT g.portfolio_id, a.key, a.value::bigint FROM signal_generations g CROSS JOIN jsonb_each_text(g.abstentions) a
    WHERE g.strategy_type <> 'ai_model'
        AND g.generation_id IN (SELECT max(generation_id) FROM signal_generations GROUP BY portfolio_id)
) counted GROUP BY 1, 2 ORDER BY 1, 3 DESC, 2
""")
_FAILURES = text("""
SELECT portfolio_id, failure AS reason, count(*) AS times FROM betting_sessions WHERE status = 'failed'
GROUP BY 1, 2 ORDER BY 1, 3 DESC, 2
""")
# An event without a gradable outcome counts as covered by whoever gave a probability.
_SESSIONS = text("""
SELECT portfolio_id, count(*) AS concluded, count(probability) FILTER (WHERE status = 'completed') AS forecasts
FROM betting_sessions WHERE status IN ('completed', 'failed') GROUP BY portfolio_id
""")
_COSTS = text("""
SELECT s.portfolio_id, sum(c.cost) AS cost FROM model_calls c JOIN betting_sessions s USING (session_id)
WHERE c.cost IS NOT NULL GROUP BY s.portfolio_id
""")

# Ranks move with payments, with markets that end (of an event on which nobody bet too), and with portfolios that come
# or go; a session alone moves none. What was written before the last board may have been committed after it was read.
_DUE = text("""
SELECT b.computed_at IS NULL OR b.computed_at <= :rested AND greatest(
        (SELECT settled_at FROM settlements ORDER BY settlement_id DESC LIMIT 1),
        (SELECT max(updated_at) FROM arena_events WHERE status = 'settled'),
        (SELECT greatest(max(created_at), max(closed_at)) FROM portfolios)) > b.computed_at - :on_its_way
FROM (SELECT max(computed_at) AS computed_at FROM standings) b
""")
RESTS = timedelta(seconds=20)
ON_ITS_WAY = timedelta(seconds=15)


def judging_due(connection: Connection, now: datetime) -> bool:
    """Whether something that moves ranks has come since the board was computed, or there is no board yet."""
    values = {"rested": now - RESTS, "on_its_way": ON_ITS_WAY}
    return bool(connection.execute(_DUE, values).scalar_one())


def evidence(connection: Connection) -> Evidence:
    """All of it; the caller's transaction sees one state of the database."""
    entrants = fetch_all(connection, Entrant, _ENTRANTS)
    sessions = {row.portfolio_id: row for row in connection.execute(_SESSIONS)}
    tally = Tally(
        purchases=_by_portfolio(connection, _PURCHASES),
        abstentions=_reasons(connection, _ABSTENTIONS),
        failures=_reasons(connection, _FAILURES),
        concluded={number: int(row.concluded) for number, row in sessions.items()},
        forecasts={number: int(row.forecasts) for number, row in sessions.items()},
        costs=_by_portfolio(connection, _COSTS),
    )
    return Evidence(
        entrants,
        results(connection),
        forecasts(connection),
        days(connection),
        falls(connection),
        tally,
        _tried(connection),
    )


def _tried(connection: Connection) -> int:
    return int(connection.execute(text("SELECT count(*) FROM portfolios")).scalar_one())


def results(connection: Connection) -> Results:
    portfolio, unit, pnl, won, lost, pushed = _columns(copy_out(connection, _RESULTS), 6)
    return Results(portfolio.astype(np.int64), unit.astype(np.int64), pnl, won, lost, pushed)


def forecasts(connection: Connection) -> Forecasts:
    portfolio, unit, probability, crowd, outcome = _columns(copy_out(connection, _FORECASTS), 5)
    return Forecasts(portfolio.astype(np.int64), unit.astype(np.int64), probability, crowd, outcome)


def days(connection: Connection) -> Days:
    portfolio, day, equity = _columns(copy_out(connection, _DAYS), 3)
    return Days(portfolio.astype(np.int64), day.astype(np.int64), equity)


def falls(connection: Connection) -> Falls:
    rows = connection.execute(_FALLS)
    return {row.portfolio_id: (int(row.points), Decimal(row.deepest_fall)) for row in rows}


def _columns(lines: Iterable[str], width: int) -> list[npt.NDArray[np.float64]]:
    rows = list(lines)
    if not rows:
        return [np.empty(0) for _ in range(width)]
    return list(np.loadtxt(rows, delimiter="\t", ndmin=2, dtype=np.float64).T)


def _by_portfolio(connection: Connection, query: TextClause) -> dict[int, Any]:
    return {row[0]: row[1] for row in connection.execute(query)}


def _reasons(connection: Connection, query: TextClause) -> dict[int, dict[str, int]]:
    found: dict[int, dict[str, int]] = {}
    for row in connection.execute(query):
        found.setdefault(row.portfolio_id, {})[row.reason] = int(row.times)
    return found


def forecasts_by_market(connection: Connection) -> list[tuple[str, int, Decimal, str]]:
    """Of every model: its external id, the market, the probability of yes and how it ended."""
    query = text(f"""
        SELECT a.external_id, s.market_no, s.probability, m.outcome
        FROM betting_sessions s JOIN ai_models a USING (model_id) JOIN markets m ON m.market_no = s.market_no
        WHERE {GRADED} ORDER BY a.external_id, s.market_no
    """)
    return [(row[0], row[1], row[2], row[3]) for row in connection.execute(query)]


def model_forecasts(connection: Connection, model_id: UUID) -> list[tuple[Decimal, str]]:
    """Graded probabilities of yes of one model, and how their markets ended."""
    query = text(f"""
        SELECT s.probability, m.outcome FROM betting_sessions s JOIN markets m USING (market_no)
        WHERE s.model_id = :model_id AND {GRADED} ORDER BY s.session_id
    """)
    return [(row[0], row[1]) for row in connection.execute(query, {"model_id": model_id})]


def external_id(connection: Connection, model_id: UUID) -> str:
    query = text("SELECT external_id FROM ai_models WHERE model_id = :model_id")
    return str(connection.execute(query, {"model_id": model_id}).scalar_one())
