"""How markets end: what the venue said, with its evidence, and what it superseded."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, text

from shared.copy_text import copied_json, copied_row
from shared.database import copy_rows
from shared.venues.records import Resolution

_COLUMNS = ("market_id", "status", "outcome", "payout_yes", "settled_at", "resolution_source", "resolution_evidence")
_STAGE = """
CREATE TEMP TABLE IF NOT EXISTS staged_resolutions (
    market_id text, status text, outcome text, payout_yes numeric, settled_at timestamptz, resolution_source text,
    resolution_evidence jsonb
) ON COMMIT DELETE ROWS
"""
_FACTS = (
    "event_id, question, slug, group_title, market_type, condition_id, status, venue_status, accepting_orders, "
    "placeholder, outcome, payout_yes, tick_size, price_bands, min_size, fee, order_delay_seconds, strike, opens_at, "
    "closes_at, resolves_at, settled_at, resolution_source, resolution_evidence, facts_hash, valid_from"
)
# A final market changes only to another final state: that is a correction, and never a reopening.
_DIFFERS = """(m.status <> 'final' OR s.status = 'final')
    AND ((m.status, m.outcome, m.payout_yes) IS DISTINCT FROM (s.status, s.outcome, s.payout_yes)
        OR (m.status = 'final' AND m.resolution_source IS NULL))"""
_KEEP_VERSIONS = f"""
INSERT INTO market_versions (market_no, {_FACTS}, rules, valid_to)
SELECT m.market_no, {", ".join(f"m.{name}" for name in _FACTS.split(", "))}, r.rules, greatest(:now, m.valid_from)
FROM staged_resolutions s JOIN markets m USING (market_id) LEFT JOIN market_rules r ON r.market_no = m.market_no
WHERE {_DIFFERS}
"""
# The empty hash lets the next listing of this market count as a change of its facts.
_UPDATE = f"""
UPDATE markets m SET status = s.status, outcome = s.outcome, payout_yes = s.payout_yes, settled_at = s.settled_at,
    resolution_source = s.resolution_source, resolution_evidence = s.resolution_evidence,
    accepting_orders = CASE WHEN s.status = 'final' THEN false ELSE m.accepting_orders END,
    facts_hash = '\\x', content_hash = '\\x', valid_from = greatest(:now, m.valid_from + interval '1 microsecond'),
    updated_at = :now
FROM staged_resolutions s WHERE m.market_id = s.market_id AND {_DIFFERS}
RETURNING m.market_id
"""


def write_resolutions(connection: Connection, resolutions: Sequence[Resolution], now: datetime) -> list[str]:
    """Answers the ids of the markets whose state this changed."""
    connection.execute(text(_STAGE))
    copy_rows(connection, "staged_resolutions", _COLUMNS, [_line(resolution) for resolution in resolutions])
    connection.execute(text(_KEEP_VERSIONS), {"now": now})
    return list(connection.execute(text(_UPDATE), {"now": now}).scalars())


def _line(resolution: Resolution) -> str:
    market_id = f"{resolution.platform}:{resolution.external_id}"
    state = (resolution.status, resolution.outcome, resolution.payout_yes, resolution.settled_at, resolution.source)
    return copied_row((market_id, *state, copied_json(resolution.evidence)))
