"""What the pages of markets show besides prices: the markets of a search, and all that we know about one."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, text

from services.markets.domain.history import Candle, Period
from services.markets.storage.candles import UNITS
from services.markets.storage.reading import FEE
from shared.database import fetch_all

Row = dict[str, Any]

_LISTED = text("""
SELECT m.market_no, m.market_id, m.question, m.group_title, m.platform, m.status, m.outcome, m.event_id,
    e.title AS event_title, coalesce(e.category, lower(s.category)) AS category,
    m.yes_bid, m.yes_ask, m.tick_size, m.last_price, m.volume_24h, m.volume, m.volume_unit, m.liquidity, m.closes_at,
    m.quoted_at,
    (SELECT count(DISTINCT p.portfolio_id) FROM portfolio_positions p
        WHERE p.market_no = m.market_no AND p.status = 'open') AS holders,
    (SELECT array_agg(t.close ORDER BY t.opened_at) FROM market_ticks t
        WHERE t.market_no = m.market_no AND t.period = 60 AND t.opened_at >= :since) AS closes
FROM unnest(CAST(:numbers AS integer[])) WITH ORDINALITY asked (market_no, place)
JOIN markets m USING (market_no)
LEFT JOIN events e ON e.event_id = m.event_id LEFT JOIN series s ON s.series_id = e.series_id
ORDER BY asked.place
""")
_HELD = text("SELECT DISTINCT market_no FROM portfolio_positions WHERE status = 'open'")
_MARKET = text(f"""
SELECT m.market_no, m.market_id, m.platform, m.external_id, m.event_id, m.question, m.slug, m.group_title,
    m.market_type, m.condition_id, m.status, m.venue_status, m.accepting_orders, m.placeholder, m.outcome, m.payout_yes,
    m.tick_size, m.price_bands::text AS price_bands, m.min_size, ({FEE})::text AS fee, m.order_delay_seconds,
    m.opens_at, m.closes_at, m.resolves_at, m.settled_at, m.resolution_source,
    m.resolution_evidence::text AS resolution_evidence,
    m.valid_from, m.created_at,
    (SELECT r.rules FROM market_rules r WHERE r.market_no = m.market_no) AS rules,
    (SELECT array_agg(o.name ORDER BY o.side DESC) FROM market_outcomes o WHERE o.market_no = m.market_no) AS outcomes,
    e.title AS event_title, e.mutually_exclusive, e.exhaustive, coalesce(e.category, lower(s.category)) AS category,
    coalesce(e.tags, '{{}}') AS tags, s.series_id, s.title AS series_title,
    p.display_name AS venue, p.base_url AS venue_url, p.simulated
FROM markets m LEFT JOIN events e ON e.event_id = m.event_id LEFT JOIN series s ON s.series_id = e.series_id
LEFT JOIN platforms p ON p.platform = m.platform
WHERE m.market_id = :market_id
""")
_QUOTE = text("""
SELECT market_no, status, outcome, yes_bid, yes_ask, yes_bid_size, yes_ask_size, last_price, quoted_at, quote_source,
    volume, volume_24h, volume_unit, liquidity, open_interest
FROM markets WHERE market_id = :market_id
""")
_POSITIONS = text("""
SELECT h.portfolio_id, p.name, p.strategy_type, a.color, p.status AS portfolio_status, h.outcome, h.quantity,
    h.entry_price, h.cost, h.liquidation_value, h.unrealized_pnl, h.mark_stale, h.marked_at, h.opened_at
FROM portfolio_positions h JOIN portfolios p ON p.portfolio_id = h.portfolio_id
LEFT JOIN ai_models a ON a.portfolio_id = h.portfolio_id
WHERE h.market_no = :market_no AND h.status = 'open' ORDER BY h.cost DESC, h.portfolio_id LIMIT :limit
""")
_ORDERS = text("""
SELECT o.portfolio_id, p.name, p.strategy_type, a.color, o.action, o.limit_price, o.quantity, o.filled, o.ahead,
    o.placed_at, o.expires_at
FROM resting_orders o JOIN portfolios p ON p.portfolio_id = o.portfolio_id
LEFT JOIN ai_models a ON a.portfolio_id = o.portfolio_id
WHERE o.market_no = :market_no AND o.status = 'open' ORDER BY o.order_id DESC LIMIT :limit
""")
# By portfolio, because the index of trades begins with it.
_FILLS = text("""
SELECT t.trade_id, t.portfolio_id, p.name, p.strategy_type, a.color, t.action, t.quantity, t.price, t.fee, t.mid_price,
    t.execution_cost, t.executed_at
FROM portfolios p CROSS JOIN LATERAL (
    SELECT trade_id, portfolio_id, action, quantity, price, fee, mid_price, execution_cost, executed_at FROM trades
    WHERE portfolio_id = p.portfolio_id AND market_no = :market_no ORDER BY book_at DESC LIMIT :limit
) t LEFT JOIN ai_models a ON a.portfolio_id = t.portfolio_id ORDER BY t.trade_id DESC LIMIT :limit
""")
_ARENA = text("""
SELECT event_id, status, question, outcome, close_time, settlement_time FROM arena_events WHERE market_no = :market_no
""")
_STANCES = text("""
SELECT a.name, a.color, b.portfolio_id, b.session_id, b.status, b.final_position, b.probability, b.completed_at
FROM betting_sessions b JOIN ai_models a ON a.model_id = b.model_id
WHERE b.event_id = :event_id ORDER BY a.name LIMIT 40
""")
_SIBLINGS = text("""
SELECT count(*) OVER () AS total, sum(yes_bid) OVER () AS bids, sum(yes_ask) OVER () AS asks,
    count(yes_bid) OVER () AS with_bid, count(yes_ask) OVER () AS with_ask,
    market_no, market_id, question, group_title, status, outcome, placeholder, yes_bid, yes_ask, last_price, quoted_at
FROM markets WHERE event_id = :event_id
ORDER BY market_no = :market_no DESC, coalesce(yes_bid, 0) + coalesce(yes_ask, 0) DESC, market_no LIMIT :limit
""")
_BUSIEST = text("""
SELECT market_id FROM markets WHERE event_id = :event_id
ORDER BY status = 'open' DESC, volume_24h DESC NULLS LAST, market_no LIMIT 1
""")
_PAIRS = text("""
SELECT c.pair_id, c.inverted, c.evidence, c.proven_by, c.proven_at, c.revoked_at, c.revoked_why,
    m.market_id, m.question, m.platform, m.status, m.yes_bid, m.yes_ask, m.quoted_at
FROM contract_pairs c JOIN markets m
    ON m.market_no = CASE WHEN c.polymarket_no = :market_no THEN c.kalshi_no ELSE c.polymarket_no END
WHERE :market_no IN (c.polymarket_no, c.kalshi_no) ORDER BY c.revoked_at IS NOT NULL, c.pair_id DESC LIMIT 20
""")
_VERSIONS = text("""
SELECT event_id, question, group_title, status, venue_status, accepting_orders, outcome, payout_yes, tick_size,
    price_bands::text AS price_bands, min_size, fee::text AS fee, order_delay_seconds, opens_at, closes_at, resolves_at,
    settled_at, resolution_source,
    rules, valid_from, valid_to
FROM market_versions WHERE market_no = :market_no ORDER BY valid_from DESC LIMIT :limit
""")
_FACTS_NOW = text("""
SELECT event_id, question, group_title, status, venue_status, accepting_orders, outcome, payout_yes, tick_size,
    price_bands::text AS price_bands, min_size, fee::text AS fee, order_delay_seconds, opens_at, closes_at, resolves_at,
    settled_at, resolution_source,
    (SELECT r.rules FROM market_rules r WHERE r.market_no = m.market_no) AS rules, valid_from
FROM markets m WHERE market_no = :market_no
""")
# What is rolled up already: quotes since then would have to be looked for among those of all markets.
_CANDLES = text("""
WITH edge AS (SELECT date_trunc(:unit, coalesce(max(rolled_to), '-infinity'), 'UTC') AS bucket FROM tick_rolls)
SELECT opened_at, open, high, low, close, volume, source FROM market_ticks, edge
WHERE market_no = :market_no AND period = :period AND opened_at >= :since AND opened_at < :until
    AND (:period = 1 OR source = 'venue' OR opened_at < edge.bucket)
UNION ALL
SELECT opened_at, open, high, low, close, volume, source FROM market_ticks, edge
WHERE :period > 1 AND market_no = :market_no AND period = 1 AND source = 'snapshots'
    AND opened_at >= greatest(edge.bucket, :since) AND opened_at < :until
ORDER BY 1 LIMIT :limit
""")
# Hours and days begin before what they are made of.
_FIRST_TICK = text("""
SELECT min(first) FROM (
    (SELECT opened_at AS first FROM market_ticks WHERE market_no = :market_no AND period = 1 ORDER BY 1 LIMIT 1)
    UNION ALL
    (SELECT opened_at + interval '59 minutes' FROM market_ticks
        WHERE market_no = :market_no AND period = 60 ORDER BY opened_at LIMIT 1)
    UNION ALL
    (SELECT opened_at + interval '1439 minutes' FROM market_ticks
        WHERE market_no = :market_no AND period = 1440 ORDER BY opened_at LIMIT 1)
) ticks
""")


def listed_markets(connection: Connection, numbers: Sequence[int], since: datetime) -> list[Row]:
    """These markets in this order, with the hours' prices since then."""
    return _rows(connection, _LISTED, numbers=list(numbers), since=since)


def held_numbers(connection: Connection) -> list[int]:
    """The markets of which a portfolio of ours holds something."""
    return list(connection.execute(_HELD).scalars())


def market_facts(connection: Connection, market_id: str) -> Row | None:
    return _row(connection, _MARKET, market_id=market_id)


def quote_of(connection: Connection, market_id: str) -> Row | None:
    return _row(connection, _QUOTE, market_id=market_id)


def positions_in(connection: Connection, market_no: int, limit: int) -> list[Row]:
    return _rows(connection, _POSITIONS, market_no=market_no, limit=limit)


def orders_in(connection: Connection, market_no: int, limit: int) -> list[Row]:
    return _rows(connection, _ORDERS, market_no=market_no, limit=limit)


def fills_in(connection: Connection, market_no: int, limit: int) -> list[Row]:
    """Our newest trades here."""
    return _rows(connection, _FILLS, market_no=market_no, limit=limit)


def arena_event_of(connection: Connection, market_no: int) -> Row | None:
    """The event of the arena about this market, with what its models made of it."""
    event = _row(connection, _ARENA, market_no=market_no)
    return event and {**event, "stances": _rows(connection, _STANCES, event_id=event["event_id"])}


def siblings_of(connection: Connection, event_id: str, market_no: int, limit: int) -> list[Row]:
    """The markets of an event, this one first; each row has the sums over all of them."""
    return _rows(connection, _SIBLINGS, event_id=event_id, market_no=market_no, limit=limit)


def busiest_of(connection: Connection, event_id: str) -> str | None:
    found: str | None = connection.execute(_BUSIEST, {"event_id": event_id}).scalar()
    return found


def pairs_of(connection: Connection, market_no: int) -> list[Row]:
    """What somebody has proven to be the same contract on the other venue; standing pairs first."""
    return _rows(connection, _PAIRS, market_no=market_no)


def versions_of(connection: Connection, market_no: int, limit: int) -> list[Row]:
    """The facts of a market, the present ones first."""
    return [
        *_rows(connection, _FACTS_NOW, market_no=market_no),
        *_rows(connection, _VERSIONS, market_no=market_no, limit=limit),
    ]


def candles_in(
    connection: Connection, market_no: int, period: Period, since: datetime, until: datetime, limit: int
) -> list[Candle]:
    """Oldest first; minutes stand for the hour or the day that is not over."""
    bounds = {"since": since - timedelta(minutes=period - 1), "until": until}
    values = {"market_no": market_no, "period": period, "unit": UNITS[period], "limit": limit}
    return fetch_all(connection, Candle, _CANDLES, **values, **bounds)


def first_tick(connection: Connection, market_no: int) -> datetime | None:
    found: datetime | None = connection.execute(_FIRST_TICK, {"market_no": market_no}).scalar()
    return found


def _row(connection: Connection, query: Any, **values: Any) -> Row | None:
    found = connection.execute(query, values).mappings().one_or_none()
    return None if found is None else dict(found)


def _rows(connection: Connection, query: Any, **values: Any) -> list[Row]:
    return [dict(row) for row in connection.execute(query, values).mappings()]
