"""What the page of one portfolio reads of its mind: what it passed over, what it forecast, how it was configured."""

from datetime import datetime
from typing import Any

import jiter
from sqlalchemy import Connection, text

Row = dict[str, Any]

# By the cycles of late, because generations are found by portfolio and cycle; else the newest there is.
_GENERATION = """
SELECT g.markets_considered, g.markets_matched, g.signals_generated, g.abstentions::text AS abstentions, g.created_at
FROM signal_generations g {which} ORDER BY g.generation_id DESC LIMIT 1
"""
_OF_LATE = text(
    _GENERATION.format(
        which="JOIN (SELECT cycle_id FROM trading_cycles ORDER BY started_at DESC LIMIT 30) c USING (cycle_id) "
        "WHERE g.portfolio_id = :portfolio_id"
    )
)
_NEWEST = text(_GENERATION.format(which="WHERE g.portfolio_id = :portfolio_id"))
_LAST_RUN = text("""
SELECT s.status, s.error, s.started_at FROM (SELECT cycle_id, started_at FROM trading_cycles
    ORDER BY started_at DESC LIMIT 30) c JOIN cycle_steps s USING (cycle_id)
WHERE s.portfolio_id = :portfolio_id ORDER BY c.started_at DESC, s.status = 'failed' DESC LIMIT 1
""")
_CHANGES = text("""
SELECT change_id, what, before::text AS before, after::text AS after, reason, changed_at FROM portfolio_changes
WHERE portfolio_id = :portfolio_id ORDER BY change_id DESC LIMIT :limit
""")
_OVERRIDES = text("""
SELECT config_key, override_value::text AS value, reason, applied_by, applied_at, expires_at,
    portfolio_id IS NULL AS everywhere
FROM config_overrides
WHERE withdrawn_at IS NULL AND applied_at <= :now AND expires_at > :now
    AND (portfolio_id IS NULL OR portfolio_id = :portfolio_id)
ORDER BY portfolio_id NULLS FIRST, override_id LIMIT :limit
""")
_BREAKERS = text("""
SELECT breaker_type, reason, triggered_at, portfolio_id IS NULL AS everywhere FROM circuit_breaker_events
WHERE resolved_at IS NULL AND (portfolio_id IS NULL OR portfolio_id = :portfolio_id) ORDER BY triggered_at
""")
# A forecast that came after the venue's result is none.
_OF_MODEL = text("""
SELECT s.probability, m.outcome = 'yes' AS happened FROM betting_sessions s JOIN markets m USING (market_no)
WHERE s.portfolio_id = :portfolio_id AND s.status = 'completed' AND s.probability IS NOT NULL
    AND m.status = 'final' AND m.outcome IN ('yes', 'no') AND s.completed_at < coalesce(m.settled_at, 'infinity')
""")
# Of a rule's many signals for a market the first one counts, which knew least.
_OF_RULE = text("""
SELECT f.probability, f.happened FROM (
    SELECT DISTINCT ON (d.market_no) coalesce(s.probability, a.probability) AS probability,
        coalesce(s.created_at, a.created_at) AS created_at, m.settled_at, m.outcome = 'yes' AS happened
    FROM decisions d JOIN markets m USING (market_no) LEFT JOIN trading_signals s ON s.signal_id = d.signal_id
    LEFT JOIN signal_archives a ON a.signal_id = d.signal_id
    WHERE d.portfolio_id = :portfolio_id AND m.status = 'final' AND m.outcome IN ('yes', 'no')
        AND coalesce(s.probability, a.probability) IS NOT NULL
    ORDER BY d.market_no, d.decision_id
) f WHERE f.created_at < coalesce(f.settled_at, 'infinity')
""")


def last_generation(connection: Connection, portfolio_id: int) -> Row | None:
    """What the strategy made of the markets when it was last asked."""
    which = {"portfolio_id": portfolio_id}
    found = connection.execute(_OF_LATE, which).mappings().first()
    if found is None:
        found = connection.execute(_NEWEST, which).mappings().first()
    return None if found is None else {**found, "abstentions": _read(found["abstentions"])}


def failed_run(connection: Connection, portfolio_id: int) -> Row | None:
    """When and why its newest cycle failed for it; none where it did not."""
    found = connection.execute(_LAST_RUN, {"portfolio_id": portfolio_id}).mappings().first()
    return dict(found) if found is not None and found["status"] == "failed" else None


def changes(connection: Connection, portfolio_id: int, limit: int) -> list[Row]:
    rows = connection.execute(_CHANGES, {"portfolio_id": portfolio_id, "limit": limit}).mappings()
    return [{**row, "before": _read(row["before"]), "after": _read(row["after"])} for row in rows]


def standing_overrides(connection: Connection, portfolio_id: int, now: datetime, limit: int) -> list[Row]:
    values = {"portfolio_id": portfolio_id, "now": now, "limit": limit}
    return [{**row, "value": _read(row["value"])} for row in connection.execute(_OVERRIDES, values).mappings()]


def open_breakers(connection: Connection, portfolio_id: int) -> list[Row]:
    return [dict(row) for row in connection.execute(_BREAKERS, {"portfolio_id": portfolio_id}).mappings()]


def graded_forecasts(connection: Connection, portfolio_id: int, *, of_model: bool) -> list[tuple[Any, bool]]:
    """Probabilities of yes with whether yes came; of settled markets alone."""
    query = _OF_MODEL if of_model else _OF_RULE
    return [(row.probability, row.happened) for row in connection.execute(query, {"portfolio_id": portfolio_id})]


def _read(written: str | None) -> Any:
    return None if written is None else jiter.from_json(written.encode(), float_mode="decimal")
