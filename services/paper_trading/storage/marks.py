"""What held markets are quoted at, and the marks of positions and portfolios that follow from it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import Connection, text

from shared.copy_text import copied_row
from shared.database import copy_rows, fetch_all

_HELD = text("""
SELECT h.market_no, coalesce(k.market_id, (SELECT m.market_id FROM markets m WHERE m.market_no = h.market_no))
    AS market_id
FROM (SELECT market_no FROM portfolio_positions WHERE status = 'open' GROUP BY market_no) h
LEFT JOIN market_marks k USING (market_no) ORDER BY h.market_no
""")
# The lock lets one pass after the other write marks; nothing else does.
_STAGE = text("""
SELECT pg_advisory_xact_lock(hashtext('position_marks'));
CREATE TEMP TABLE IF NOT EXISTS asked_markets (
    market_no integer, market_id text, answered boolean, yes_bid numeric, yes_ask numeric
) ON COMMIT DELETE ROWS;
CREATE TEMP TABLE IF NOT EXISTS moved_marks (market_no integer) ON COMMIT DELETE ROWS;
CREATE TEMP TABLE IF NOT EXISTS marked_portfolios (portfolio_id integer, traded boolean) ON COMMIT DELETE ROWS
""")
_KEEP_MOVED = text("""
WITH asked AS MATERIALIZED (
    SELECT a.market_no, a.market_id, a.answered, CASE WHEN a.answered THEN a.yes_bid ELSE k.yes_bid END AS yes_bid,
        CASE WHEN a.answered THEN a.yes_ask ELSE k.yes_ask END AS yes_ask,
        CASE WHEN a.answered THEN NULL ELSE coalesce(k.marked_at, :now) END AS silent_since,
        k.market_no IS NULL OR k.unanswered = a.answered
            OR a.answered AND (k.yes_bid, k.yes_ask) IS DISTINCT FROM (a.yes_bid, a.yes_ask) AS moved
    FROM asked_markets a LEFT JOIN market_marks k USING (market_no)
), kept AS (
    INSERT INTO market_marks (market_no, market_id, yes_bid, yes_ask, unanswered, marked_at)
    SELECT market_no, market_id, yes_bid, yes_ask, NOT answered, :now FROM asked WHERE moved
    ON CONFLICT (market_no) DO UPDATE SET yes_bid = excluded.yes_bid, yes_ask = excluded.yes_ask,
        unanswered = excluded.unanswered, marked_at = excluded.marked_at
    RETURNING market_no
), noted AS (
    INSERT INTO moved_marks SELECT market_no FROM kept
)
SELECT count(*) FILTER (WHERE moved) AS moved, min(silent_since) AS silent_since FROM asked
""")
# In the order of their numbers, as everyone locks several; positions are touched only under the lock of their owner.
_LOCK_PORTFOLIOS = text("""
WITH held AS (
    SELECT p.portfolio_id, p.trade_count FROM portfolios p WHERE p.open_positions > 0
    ORDER BY p.portfolio_id FOR NO KEY UPDATE
)
INSERT INTO marked_portfolios
SELECT h.portfolio_id, h.trade_count IS DISTINCT FROM k.trade_count
FROM held h LEFT JOIN portfolio_marks k USING (portfolio_id)
""")
# Of a side: what somebody bids for it, and the middle where both are quoted. Without a bid the last mark stays.
_MARK = """
WITH sides AS MATERIALIZED (
    SELECT k.market_no, s.outcome, s.bid, round(s.mid, 6) AS mid
    FROM market_marks k CROSS JOIN LATERAL (VALUES
        ('yes', CASE WHEN NOT k.unanswered THEN k.yes_bid END, (k.yes_bid + k.yes_ask) / 2),
        ('no', CASE WHEN NOT k.unanswered THEN 1 - k.yes_ask END, 1 - (k.yes_bid + k.yes_ask) / 2))
        s (outcome, bid, mid)
    WHERE {markets}
), marked AS (
    UPDATE portfolio_positions p SET mark_bid = coalesce(s.bid, p.mark_bid),
        mark_mid = CASE WHEN s.bid IS NULL THEN p.mark_mid ELSE s.mid END, mark_stale = s.bid IS NULL,
        marked_at = CASE WHEN s.bid IS NULL THEN p.marked_at ELSE :now END,
        liquidation_value = coalesce(round(p.quantity * s.bid, 8), p.liquidation_value),
        unrealized_pnl = coalesce(round(p.quantity * s.bid, 8), p.liquidation_value) - p.cost
    FROM sides s, portfolio_positions o, marked_portfolios l
    WHERE p.market_no = s.market_no AND p.outcome = s.outcome AND p.status = 'open' AND o.position_id = p.position_id
        AND l.portfolio_id = p.portfolio_id {which} AND CASE WHEN s.bid IS NULL THEN NOT p.mark_stale
            ELSE p.mark_stale OR (p.mark_bid, p.mark_mid) IS DISTINCT FROM (s.bid, s.mid) END
    RETURNING p.portfolio_id, p.liquidation_value - o.liquidation_value AS change
), changes AS (
    SELECT portfolio_id, count(*) AS positions, sum(change) AS change FROM marked GROUP BY portfolio_id
), renewed AS (
    UPDATE portfolios p SET liquidation_value = p.liquidation_value + coalesce(c.change, 0),
        unrealized_pnl = p.unrealized_pnl + coalesce(c.change, 0),
        last_price_update = CASE WHEN {answered} THEN :now ELSE p.last_price_update END
    FROM marked_portfolios l LEFT JOIN changes c USING (portfolio_id)
    WHERE p.portfolio_id = l.portfolio_id
    RETURNING p.open_positions, coalesce(c.positions, 0) AS marked
)
SELECT count(*) AS portfolios, coalesce(sum(open_positions), 0) AS positions, coalesce(sum(marked), 0) AS marked
FROM renewed
"""
_MOVED = "k.market_no IN (SELECT market_no FROM moved_marks)"
_OF_TRADED = "AND (l.traded OR p.market_no IN (SELECT market_no FROM moved_marks))"
_SOME_ANSWERED = """EXISTS (SELECT FROM portfolio_positions h JOIN asked_markets a USING (market_no)
    WHERE h.portfolio_id = p.portfolio_id AND h.status = 'open' AND a.answered)"""
_REMEMBER = text("""
WITH traded AS (
    INSERT INTO portfolio_marks (portfolio_id, trade_count)
    SELECT portfolio_id, p.trade_count FROM marked_portfolios l JOIN portfolios p USING (portfolio_id) WHERE l.traded
    ON CONFLICT (portfolio_id) DO UPDATE SET trade_count = excluded.trade_count
)
SELECT count(*) FROM portfolio_positions h WHERE h.status = 'open' AND h.mark_stale AND h.market_no IN (
    SELECT k.market_no FROM market_marks k WHERE k.unanswered OR k.yes_bid IS NULL OR k.yes_ask IS NULL)
""")
_NEWEST = text("SELECT max(last_price_update) FROM portfolios WHERE open_positions > 0")


@dataclass(frozen=True, slots=True)
class HeldMarket:
    market_no: int
    market_id: str


@dataclass(frozen=True, slots=True)
class FreshQuote:
    """Of the yes side, as it was just answered; None: nobody quotes there."""

    yes_bid: Decimal | None
    yes_ask: Decimal | None


@dataclass(frozen=True, slots=True)
class Marked:
    """What a pass did."""

    moved: int = 0  # markets
    portfolios: int = 0
    positions: int = 0  # open ones
    updated: int = 0  # positions whose mark changed
    stale: int = 0  # positions that keep a mark which nobody bids now
    silent_since: datetime | None = None  # when the first of the markets that do not answer stopped doing so


def held_markets(connection: Connection) -> list[HeldMarket]:
    """Markets in which any portfolio has an open position."""
    return fetch_all(connection, HeldMarket, _HELD)


def write_marks(
    connection: Connection, held: Sequence[HeldMarket], fresh: Mapping[int, FreshQuote], now: datetime
) -> Marked:
    """Takes fresh quotes over into positions and portfolios; a held market without one keeps its mark, flagged as
    stale. Where nothing moved and nobody traded, positions are not even read."""
    connection.execute(_STAGE)
    lines = [_line(market, fresh.get(market.market_no)) for market in held]
    copy_rows(connection, "asked_markets", ("market_no", "market_id", "answered", "yes_bid", "yes_ask"), lines)
    quotes = connection.execute(_KEEP_MOVED, {"now": now}).one()
    connection.execute(_LOCK_PORTFOLIOS)
    if _some_traded(connection):
        markets, which = "true", _OF_TRADED
    else:
        markets, which = _MOVED if quotes.moved else "false", ""
    mark = _MARK.format(markets=markets, which=which, answered="true" if len(fresh) == len(held) else _SOME_ANSWERED)
    totals = connection.execute(text(mark), {"now": now}).one()
    stale = connection.execute(_REMEMBER).scalar_one()
    return Marked(
        quotes.moved, totals.portfolios, int(totals.positions), int(totals.marked), stale, quotes.silent_since
    )


def newest_update(connection: Connection) -> datetime | None:
    """When prices were last taken over into a portfolio that holds something."""
    newest: datetime | None = connection.execute(_NEWEST).scalar()
    return newest


def _some_traded(connection: Connection) -> bool:
    return bool(connection.execute(text("SELECT bool_or(traded) FROM marked_portfolios")).scalar())


def _line(market: HeldMarket, quote: FreshQuote | None) -> str:
    if quote is None:
        return copied_row((market.market_no, market.market_id, False, None, None))
    return copied_row((market.market_no, market.market_id, True, quote.yes_bid, quote.yes_ask))
