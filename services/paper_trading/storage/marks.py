"""What held markets are quoted at, and the marks of positions and portfolios that follow from it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

from shared.copy_text import copied_row
from shared.database import copy_rows, fetch_all

# A final market is not asked for a price: it is about to be paid.
_HELD = text("""
SELECT m.market_no, m.market_id FROM markets m
WHERE m.status <> 'final' AND m.market_no IN (
    SELECT market_no FROM portfolio_positions WHERE status = 'open' GROUP BY market_no)
ORDER BY m.market_no
""")
# The lock lets one pass after the other write marks; nothing else does.
_STAGE = text("""
SELECT pg_advisory_xact_lock(hashtext('position_marks'));
CREATE TEMP TABLE IF NOT EXISTS asked_markets (market_no integer, answered boolean) ON COMMIT DELETE ROWS;
CREATE TEMP TABLE IF NOT EXISTS moved_marks (market_no integer) ON COMMIT DELETE ROWS;
CREATE TEMP TABLE IF NOT EXISTS marked_portfolios (portfolio_id integer, traded boolean) ON COMMIT DELETE ROWS
""")
_KEEP_MOVED = text("""
WITH asked AS MATERIALIZED (
    SELECT a.market_no, a.answered, m.quoted_at, CASE WHEN a.answered THEN m.yes_bid ELSE k.yes_bid END AS yes_bid,
        CASE WHEN a.answered THEN m.yes_ask ELSE k.yes_ask END AS yes_ask,
        k.market_no IS NULL OR k.unanswered = a.answered
            OR a.answered AND (k.yes_bid, k.yes_ask) IS DISTINCT FROM (m.yes_bid, m.yes_ask) AS moved
    FROM asked_markets a JOIN markets m USING (market_no) LEFT JOIN market_marks k USING (market_no)
), kept AS (
    INSERT INTO market_marks (market_no, yes_bid, yes_ask, unanswered, marked_at)
    SELECT market_no, yes_bid, yes_ask, NOT answered, :now FROM asked WHERE moved
    ON CONFLICT (market_no) DO UPDATE SET yes_bid = excluded.yes_bid, yes_ask = excluded.yes_ask,
        unanswered = excluded.unanswered, marked_at = excluded.marked_at
    RETURNING market_no
), noted AS (
    INSERT INTO moved_marks SELECT market_no FROM kept
)
SELECT count(*) FILTER (WHERE moved) AS moved, min(quoted_at) AS oldest FROM asked
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
WITH quoted AS (
    SELECT o.position_id, o.portfolio_id, o.quantity, o.cost, o.liquidation_value, o.mark_bid, o.mark_mid,
        CASE WHEN k.unanswered THEN NULL WHEN o.outcome = 'yes' THEN k.yes_bid ELSE 1 - k.yes_ask END AS bid,
        round(CASE o.outcome WHEN 'yes' THEN (k.yes_bid + k.yes_ask) / 2
            ELSE 1 - (k.yes_bid + k.yes_ask) / 2 END, 6) AS mid
    FROM portfolio_positions o JOIN marked_portfolios l USING (portfolio_id) JOIN market_marks k USING (market_no)
    WHERE o.status = 'open' AND {which}
), marked AS (
    UPDATE portfolio_positions p SET mark_bid = coalesce(q.bid, q.mark_bid),
        mark_mid = CASE WHEN q.bid IS NULL THEN q.mark_mid ELSE q.mid END, mark_stale = q.bid IS NULL,
        marked_at = CASE WHEN q.bid IS NULL THEN p.marked_at ELSE :now END,
        liquidation_value = coalesce(round(q.quantity * q.bid, 8), q.liquidation_value),
        unrealized_pnl = coalesce(round(q.quantity * q.bid, 8), q.liquidation_value) - q.cost
    FROM quoted q
    WHERE p.position_id = q.position_id AND (p.mark_stale <> (q.bid IS NULL) OR q.bid IS NOT NULL
        AND (p.mark_bid, p.mark_mid, p.liquidation_value) IS DISTINCT FROM (q.bid, q.mid, round(q.quantity * q.bid, 8)))
    RETURNING p.portfolio_id, p.liquidation_value - q.liquidation_value AS change
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
_OF_MOVED = "o.market_no IN (SELECT market_no FROM moved_marks)"
_OF_TRADED = "(l.traded OR o.market_no IN (SELECT market_no FROM moved_marks))"
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
class Marked:
    """What a pass did."""

    moved: int = 0  # markets
    portfolios: int = 0
    positions: int = 0  # open ones
    updated: int = 0  # positions whose mark changed
    stale: int = 0  # positions that keep a mark which nobody bids now
    oldest_quote: datetime | None = None  # of a held market


def held_markets(connection: Connection) -> list[HeldMarket]:
    """Markets in which any portfolio has an open position, and which are not final."""
    return fetch_all(connection, HeldMarket, _HELD)


def write_marks(connection: Connection, answered: Mapping[int, bool], now: datetime) -> Marked:
    """Takes the stored quotes of these markets over into positions and portfolios; a market that was asked for and not
    answered keeps its mark. Where nothing moved and nobody traded, positions are not even read."""
    connection.execute(_STAGE)
    copy_rows(connection, "asked_markets", ("market_no", "answered"), _lines(answered.items()))
    quotes = connection.execute(_KEEP_MOVED, {"now": now}).one()
    connection.execute(_LOCK_PORTFOLIOS)
    traded = _some_traded(connection)
    which = _OF_TRADED if traded else _OF_MOVED if quotes.moved else "false"
    mark = _MARK.format(which=which, answered="true" if all(answered.values()) else _SOME_ANSWERED)
    totals = connection.execute(text(mark), {"now": now}).one()
    stale = connection.execute(_REMEMBER).scalar_one()
    return Marked(quotes.moved, totals.portfolios, int(totals.positions), int(totals.marked), stale, quotes.oldest)


def newest_update(connection: Connection) -> datetime | None:
    """When prices were last taken over into a portfolio that holds something."""
    newest: datetime | None = connection.execute(_NEWEST).scalar()
    return newest


def _some_traded(connection: Connection) -> bool:
    return bool(connection.execute(text("SELECT bool_or(traded) FROM marked_portfolios")).scalar())


def _lines(answered: Iterable[tuple[int, bool]]) -> list[str]:
    return [copied_row(pair) for pair in answered]
