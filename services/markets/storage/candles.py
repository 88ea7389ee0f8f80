"""Candles of the mid price: rolled up from snapshots, taken over from a venue's history, read with the open one."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, text

from shared.copy_text import copied_row
from shared.database import copy_rows
from shared.venues.records import Candle, Period

UNITS: dict[Period, str] = {1: "minute", 60: "hour", 1440: "day"}
FINER: dict[Period, Period] = {60: 1, 1440: 60}

# A batch that was received earlier can be committed later, so the last minutes are made again each time.
OVERLAP = timedelta(minutes=5)

_UPSERT = """
ON CONFLICT (market_no, period, opened_at) DO UPDATE
    SET open = excluded.open, high = excluded.high, low = excluded.low, close = excluded.close,
        volume = excluded.volume, source = excluded.source
    WHERE {which} AND (market_ticks.open, market_ticks.high, market_ticks.low, market_ticks.close,
        market_ticks.volume) IS DISTINCT FROM
        (excluded.open, excluded.high, excluded.low, excluded.close, excluded.volume)
"""
_OURS = _UPSERT.format(which="market_ticks.source = 'snapshots'")
_THEIRS = _UPSERT.format(which="true")

_ROLL_MINUTES = f"""
INSERT INTO market_ticks (market_no, period, opened_at, open, high, low, close, source)
SELECT market_no, 1, minute, (array_agg(mid ORDER BY quoted_at))[1], max(mid), min(mid),
    (array_agg(mid ORDER BY quoted_at DESC))[1], 'snapshots'
FROM (
    SELECT market_no, quoted_at, date_trunc('minute', quoted_at, 'UTC') AS minute, (yes_bid + yes_ask) / 2 AS mid
    FROM market_snapshots WHERE quoted_at >= :since AND quoted_at < :until
) quotes WHERE mid IS NOT NULL GROUP BY market_no, minute
{_OURS}
"""
_ROLL_UP = f"""
INSERT INTO market_ticks (market_no, period, opened_at, open, high, low, close, source)
SELECT market_no, :period, bucket, (array_agg(open ORDER BY opened_at))[1], max(high), min(low),
    (array_agg(close ORDER BY opened_at DESC))[1], 'snapshots'
FROM (
    SELECT market_no, opened_at, date_trunc(:unit, opened_at, 'UTC') AS bucket, open, high, low, close
    FROM market_ticks WHERE period = :finer AND opened_at >= :since AND opened_at < :until
) finer GROUP BY market_no, bucket
{_OURS}
"""
_READ = """
WITH edge AS (
    SELECT date_trunc(:unit, coalesce(max(rolled_to), '-infinity'), 'UTC') AS bucket,
        coalesce(max(rolled_to), '-infinity') AS minute FROM tick_rolls
), parts AS (
    SELECT opened_at AS at, opened_at AS bucket, open, high, low, close, volume, source
    FROM market_ticks, edge
    WHERE market_no = :market_no AND period = :period AND opened_at >= :since AND opened_at < :until
        AND (source = 'venue' OR opened_at < edge.bucket)
    UNION ALL
    SELECT opened_at, date_trunc(:unit, opened_at, 'UTC'), open, high, low, close, NULL, source
    FROM market_ticks, edge
    WHERE market_no = :market_no AND period = 1 AND source = 'snapshots'
        AND opened_at >= greatest(edge.bucket, :since) AND opened_at < least(edge.minute, :until)
    UNION ALL
    SELECT quoted_at, date_trunc(:unit, quoted_at, 'UTC'), mid, mid, mid, mid, NULL, 'snapshots'
    FROM edge, LATERAL (
        SELECT quoted_at, (yes_bid + yes_ask) / 2 AS mid FROM market_snapshots
        WHERE quoted_at >= greatest(edge.minute, :since) AND quoted_at < :until AND market_no = :market_no
    ) tail WHERE mid IS NOT NULL
)
SELECT coalesce(json_agg(json_build_object('opened_at', bucket, 'open', open, 'high', high, 'low', low,
    'close', close, 'volume', volume, 'source', source) ORDER BY bucket), '[]')::text
FROM (
    SELECT bucket, (array_agg(open ORDER BY at))[1] AS open, max(high) AS high, min(low) AS low,
        (array_agg(close ORDER BY at DESC))[1] AS close, max(volume) AS volume, max(source) AS source
    FROM parts GROUP BY bucket ORDER BY bucket LIMIT :limit
) candles
"""
_STAGE = """
CREATE TEMP TABLE IF NOT EXISTS staged_candles (
    market_no integer, opened_at timestamptz, open numeric, high numeric, low numeric, close numeric, volume numeric
) ON COMMIT DELETE ROWS
"""
_TAKE_OVER = f"""
INSERT INTO market_ticks (market_no, period, opened_at, open, high, low, close, volume, source)
SELECT DISTINCT ON (market_no, opened_at) market_no, :period, opened_at, open, high, low, close, volume, 'venue'
FROM staged_candles ORDER BY market_no, opened_at
{_THEIRS}
"""


def roll_candles(connection: Connection, now: datetime) -> None:
    """Brings minute, hour and day candles up to the last full minute, hour and day."""
    query = "SELECT coalesce((SELECT rolled_to FROM tick_rolls), (SELECT min(quoted_at) FROM market_snapshots))"
    since: datetime | None = connection.execute(text(query)).scalar()
    if since is None:
        return
    minute = _floor(now, 1)
    values = {"since": _floor(since - OVERLAP, 1), "until": minute}
    connection.execute(text(_ROLL_MINUTES), values)
    for period, finer in FINER.items():
        start, until = _floor(since - OVERLAP, period), _floor(now, period)
        if start < until:
            bounds = {"since": start, "until": until}
            connection.execute(text(_ROLL_UP), {"period": period, "finer": finer, "unit": UNITS[period], **bounds})
    connection.execute(
        text("INSERT INTO tick_rolls (one, rolled_to) VALUES (1, :to) ON CONFLICT (one) DO UPDATE SET rolled_to = :to"),
        {"to": minute},
    )


def write_venue_candles(connection: Connection, market_no: int, period: Period, candles: Sequence[Candle]) -> int:
    """A venue's own history replaces what we made of our snapshots: it saw every trade."""
    connection.execute(text(_STAGE))
    lines = [copied_row((market_no, c.opened_at, c.open, c.high, c.low, c.close, c.volume)) for c in candles]
    columns = ("market_no", "opened_at", "open", "high", "low", "close", "volume")
    copy_rows(connection, "staged_candles", columns, lines)
    return connection.execute(text(_TAKE_OVER), {"period": period}).rowcount


def price_history(
    connection: Connection, market_no: int, period: Period, since: datetime, until: datetime, limit: int
) -> bytes:
    """Candles from `since` to `until` as JSON, oldest first; the last one may still be open."""
    values = {"market_no": market_no, "period": period, "unit": UNITS[period], "limit": limit}
    bounds = {"since": _floor(since, period), "until": until}
    found: str = connection.execute(text(_READ), {**values, **bounds}).scalar_one()
    return found.encode()


def _floor(moment: datetime, period: Period) -> datetime:
    midnight = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight + (moment - midnight) // timedelta(minutes=period) * timedelta(minutes=period)
