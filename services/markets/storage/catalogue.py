"""Markets as a sync finds and leaves them: known hashes, changed rows, superseded facts."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection, text

from services.markets.domain.catalogue import FACTS, TRADING, Changes, Known, Row
from services.markets.storage.snapshots import ensure_partition
from shared.copy_text import Copied, copied_row
from shared.database import copy_out, copy_rows

STALE_LISTING = "interval '5 minutes'"  # how old a quote of a cached listing may be
RECENTLY = "interval '1 day'"  # how long a listing may go on to show a market that is final

_QUOTE = ("yes_bid", "yes_ask", "yes_bid_size", "yes_ask_size", "last_price")
_FIGURES = ("volume", "volume_24h", "volume_unit", "liquidity", "open_interest")
_STAMPS = (
    "market_id",
    "platform",
    "external_id",
    "facts_hash",
    "content_hash",
    "venue_updated_at",
    "received_at",
    "quote_source",
)
_TRADING_STAMPS = ("market_id", "content_hash", "venue_updated_at", "received_at", "quote_source")
_STORED_FACTS = tuple(name for name in FACTS if name not in ("yes_name", "no_name", "yes_token", "no_token", "rules"))

_STAGE_WHOLE = """
CREATE TEMP TABLE IF NOT EXISTS staged_markets (
    market_id text, platform text, external_id text, facts_hash bytea, content_hash bytea,
    venue_updated_at timestamptz, received_at timestamptz, quote_source text,
    event_id text, question text, slug text, group_title text, market_type text, condition_id text, status text,
    venue_status text, accepting_orders boolean, placeholder boolean, outcome text, payout_yes numeric,
    tick_size numeric, price_bands jsonb, min_size numeric, fee jsonb, order_delay_seconds integer, strike jsonb,
    opens_at timestamptz, closes_at timestamptz, resolves_at timestamptz, settled_at timestamptz,
    yes_name text, no_name text, yes_token text, no_token text, rules text,
    yes_bid numeric, yes_ask numeric, yes_bid_size numeric, yes_ask_size numeric, last_price numeric,
    volume numeric, volume_24h numeric, volume_unit text, liquidity numeric, open_interest numeric
) ON COMMIT DELETE ROWS
"""
_STAGE_TRADING = """
CREATE TEMP TABLE IF NOT EXISTS staged_trading (
    market_id text, content_hash bytea, venue_updated_at timestamptz, received_at timestamptz, quote_source text,
    yes_bid numeric, yes_ask numeric, yes_bid_size numeric, yes_ask_size numeric, last_price numeric,
    volume numeric, volume_24h numeric, volume_unit text, liquidity numeric, open_interest numeric
) ON COMMIT DELETE ROWS
"""

# A quote from a cached listing does not replace a fresher one that was read from the book itself.
_KEEP_QUOTE = f"""(s.quote_source = 'listing' AND m.quote_source = 'book'
    AND m.quoted_at > s.received_at - {STALE_LISTING})"""
_NEW_QUOTE = ", ".join(f"{name} = CASE WHEN {_KEEP_QUOTE} THEN m.{name} ELSE s.{name} END" for name in _QUOTE)
_SET_TRADING = f"""{_NEW_QUOTE},
    quoted_at = CASE WHEN {_KEEP_QUOTE} THEN m.quoted_at ELSE s.received_at END,
    quote_source = CASE WHEN {_KEEP_QUOTE} THEN m.quote_source ELSE s.quote_source END,
    {", ".join(f"{name} = s.{name}" for name in _FIGURES)},
    content_hash = CASE WHEN {_KEEP_QUOTE} AND (m.yes_bid, m.yes_ask) IS DISTINCT FROM (s.yes_bid, s.yes_ask)
        THEN '\\x' ELSE s.content_hash END,
    venue_updated_at = s.venue_updated_at, updated_at = s.received_at"""

_APPEND_SNAPSHOTS = f"""
INSERT INTO market_snapshots (quoted_at, market_no, yes_bid, yes_ask, yes_bid_size, yes_ask_size)
SELECT s.received_at, m.market_no, s.yes_bid, s.yes_ask, s.yes_bid_size, s.yes_ask_size
FROM {{staged}} s JOIN markets m USING (market_id)
WHERE NOT {_KEEP_QUOTE} AND {{moved}}
"""
_MOVED = """(m.yes_bid, m.yes_ask, m.yes_bid_size, m.yes_ask_size)
    IS DISTINCT FROM (s.yes_bid, s.yes_ask, s.yes_bid_size, s.yes_ask_size)"""
_UPDATE_TRADING = f"UPDATE markets m SET {_SET_TRADING} FROM staged_trading s WHERE m.market_id = s.market_id"

# What is final changes only by a correction, which the resolutions bring; a cached listing cannot reopen it.
_DROP_STALE = """
DELETE FROM staged_markets s USING markets m WHERE m.market_id = s.market_id
    AND (m.facts_hash = s.facts_hash OR (m.status = 'final' AND s.status <> 'final'))
"""
# A clock that goes backwards must not lose a version, nor make two of the same moment.
_NEXT_VALID_FROM = "greatest(s.received_at, m.valid_from + interval '1 microsecond')"
_KEEP_VERSIONS = f"""
INSERT INTO market_versions (market_no, {", ".join(_STORED_FACTS)}, resolution_source, resolution_evidence,
    facts_hash, valid_from, rules, valid_to)
SELECT m.market_no, {", ".join(f"m.{name}" for name in _STORED_FACTS)}, m.resolution_source, m.resolution_evidence,
    m.facts_hash, m.valid_from, r.rules, greatest(s.received_at, m.valid_from)
FROM staged_markets s JOIN markets m USING (market_id) LEFT JOIN market_rules r ON r.market_no = m.market_no
"""
_UPDATE_WHOLE = f"""
UPDATE markets m SET {", ".join(f"{name} = s.{name}" for name in _STORED_FACTS)},
    facts_hash = s.facts_hash, valid_from = {_NEXT_VALID_FROM}, {_SET_TRADING}
FROM staged_markets s WHERE m.market_id = s.market_id
"""
_SIDES = "(VALUES ('yes', s.yes_name, s.yes_token), ('no', s.no_name, s.no_token)) o (side, name, token_id)"
_INSERT_NEW = f"""
WITH added AS (
    INSERT INTO markets (market_id, platform, external_id, {", ".join(_STORED_FACTS)}, facts_hash, valid_from,
        {", ".join(_QUOTE)}, quoted_at, quote_source, {", ".join(_FIGURES)}, content_hash, venue_updated_at,
        created_at, updated_at)
    SELECT market_id, platform, external_id, {", ".join(_STORED_FACTS)}, facts_hash, received_at,
        {", ".join(_QUOTE)}, received_at, quote_source, {", ".join(_FIGURES)}, content_hash, venue_updated_at,
        received_at, received_at
    FROM staged_markets ON CONFLICT (market_id) DO NOTHING RETURNING market_no, market_id
), outcomes AS (
    INSERT INTO market_outcomes (market_no, side, name, token_id)
    SELECT market_no, side, name, token_id
    FROM added JOIN staged_markets s USING (market_id) CROSS JOIN LATERAL {_SIDES} WHERE name IS NOT NULL
), rules AS (
    INSERT INTO market_rules (market_no, rules, updated_at)
    SELECT market_no, rules, received_at FROM added JOIN staged_markets USING (market_id) WHERE rules IS NOT NULL
)
INSERT INTO market_snapshots (quoted_at, market_no, yes_bid, yes_ask, yes_bid_size, yes_ask_size)
SELECT received_at, market_no, yes_bid, yes_ask, yes_bid_size, yes_ask_size
FROM added JOIN staged_markets USING (market_id) WHERE yes_bid IS NOT NULL OR yes_ask IS NOT NULL
"""
_WRITE_OUTCOMES = f"""
INSERT INTO market_outcomes (market_no, side, name, token_id)
SELECT m.market_no, side, name, token_id
FROM staged_markets s JOIN markets m USING (market_id)
CROSS JOIN LATERAL {_SIDES}
WHERE name IS NOT NULL
ON CONFLICT (market_no, side) DO UPDATE SET name = excluded.name, token_id = excluded.token_id
WHERE (market_outcomes.name, market_outcomes.token_id) IS DISTINCT FROM (excluded.name, excluded.token_id)
"""
_WRITE_RULES = """
INSERT INTO market_rules (market_no, rules, updated_at)
SELECT m.market_no, s.rules, s.received_at FROM staged_markets s JOIN markets m USING (market_id)
WHERE s.rules IS NOT NULL
ON CONFLICT (market_no) DO UPDATE SET rules = excluded.rules, updated_at = excluded.updated_at
WHERE market_rules.rules <> excluded.rules
"""


_DROP_OUTCOMES = """
DELETE FROM market_outcomes o USING staged_markets s JOIN markets m USING (market_id)
WHERE o.market_no = m.market_no AND s.yes_name IS NULL
"""
_DROP_RULES = """
DELETE FROM market_rules r USING staged_markets s JOIN markets m USING (market_id)
WHERE r.market_no = m.market_no AND s.rules IS NULL
"""
_FACTS_STATEMENTS = (_KEEP_VERSIONS, _UPDATE_WHOLE, _WRITE_OUTCOMES, _DROP_OUTCOMES, _WRITE_RULES, _DROP_RULES)


def known_markets(connection: Connection, platform: str) -> Known:
    """Hashes and openness of all markets of the venue that are not final, and which ones became so recently."""
    known = Known({})
    query = f"""SELECT external_id, encode(facts_hash || content_hash, 'hex'), status
        FROM markets WHERE platform = '{platform}' AND (status <> 'final' OR updated_at > now() - {RECENTLY})"""
    for line in copy_out(connection, query):
        external_id, hashes, status = line.rstrip("\n").split("\t")
        if status == "final":
            known.settled.add(external_id)
            continue
        known.hashes[external_id] = bytes.fromhex(hashes)
        if status == "open":
            known.open_ids.add(external_id)
    return known


def write_changes(connection: Connection, platform: str, changes: Changes, now: datetime) -> None:
    """All rows of a batch in a handful of statements, whatever their number."""
    lock_platform(connection, platform)
    ensure_partition(connection, now)
    if changes.trading:
        connection.execute(text(_STAGE_TRADING))
        copy_rows(
            connection, "staged_trading", (*_TRADING_STAMPS, *TRADING), map(_trading_line, changes.trading.values())
        )
        connection.execute(text(_APPEND_SNAPSHOTS.format(staged="staged_trading", moved=_MOVED)))
        connection.execute(text(_UPDATE_TRADING))
    if changes.facts:
        _stage_whole(connection, changes.facts.values())
        connection.execute(text(_DROP_STALE))
        connection.execute(text(_APPEND_SNAPSHOTS.format(staged="staged_markets", moved=_MOVED)))
        for statement in _FACTS_STATEMENTS:
            connection.execute(text(statement))
        connection.execute(text("TRUNCATE staged_markets"))
    if changes.new:
        _stage_whole(connection, changes.new.values())
        connection.execute(text(_INSERT_NEW))


def _stage_whole(connection: Connection, rows: Iterable[Row]) -> None:
    connection.execute(text(_STAGE_WHOLE))
    copy_rows(connection, "staged_markets", (*_STAMPS, *FACTS, *TRADING), map(_whole_line, rows))


def lock_platform(connection: Connection, platform: str) -> None:
    """Writers of one venue's rows take turns, so that two batches never wait for each other's rows."""
    connection.execute(text("SELECT pg_advisory_xact_lock(hashtext(:name))"), {"name": f"write:{platform}"})


def _trading_line(row: Row) -> str:
    stamps = (row.market_id, row.content_hash, row.venue_updated_at, row.received_at, row.quote_source)
    return copied_row((*stamps, Copied(row.trading)))


def _whole_line(row: Row) -> str:
    ids = (row.market_id, row.platform, row.external_id, row.facts_hash, row.content_hash)
    stamps = (row.venue_updated_at, row.received_at, row.quote_source)
    return copied_row((*ids, *stamps, Copied(row.facts), Copied(row.trading)))
