"""Paying by final results: versions of the venue's word, what each position gets by them, and what is owed back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import Connection, TextClause, text

from shared.cursors import cursor_of, key_of
from shared.database import fetch_all

# A result and its payout that say the same; see `domain/settling.py`.
_CLEAR = """CASE m.outcome WHEN 'void' THEN true WHEN 'yes' THEN m.payout_yes = 1 WHEN 'no' THEN m.payout_yes = 0
    WHEN 'split' THEN m.payout_yes IS NOT NULL WHEN 'scalar' THEN m.payout_yes IS NOT NULL ELSE false END"""
_PAYOUT = "CASE WHEN m.outcome <> 'void' THEN m.payout_yes END"
_HELD = "SELECT market_no FROM portfolio_positions WHERE status = 'open' GROUP BY market_no"
_TO_ASK = text(f"""
SELECT m.market_no, m.market_id FROM markets m
WHERE m.status <> 'final' AND m.market_no IN ({_HELD} UNION SELECT market_no FROM resting_orders WHERE status = 'open')
    OR m.market_no IN (SELECT s.market_no FROM market_settlements s
        WHERE s.rechecked_at IS NULL AND s.recorded_at <= :recheck_before)
ORDER BY m.market_no
""")
_RECHECKED = text("""
UPDATE market_settlements SET rechecked_at = :now
WHERE rechecked_at IS NULL AND recorded_at <= :recheck_before AND market_no = ANY(:market_nos)
""")
_DUE = text(f"""
SELECT m.market_no, m.market_id, {_CLEAR} AS clear FROM markets m
WHERE m.status = 'final' AND (m.market_no IN ({_HELD}) OR m.market_no IN (
    SELECT s.market_no FROM market_settlements s JOIN markets m USING (market_no)
    WHERE m.status = 'final' AND (s.result, s.payout_yes) IS DISTINCT FROM (m.outcome, {_PAYOUT}) AND NOT EXISTS (
        SELECT FROM market_settlements n WHERE n.market_no = s.market_no AND n.version > s.version)))
ORDER BY m.market_no
""")
_ORDERED = text("""
SELECT DISTINCT o.market_no FROM resting_orders o JOIN markets m USING (market_no)
WHERE o.status = 'open' AND m.status = 'final' ORDER BY o.market_no
""")
# The lock lets one settlement after the other pay; the second one finds nothing left to do.
_STAGE = text("""
SELECT pg_advisory_xact_lock(hashtext('settlements'));
CREATE TEMP TABLE IF NOT EXISTS due_markets (
    market_no integer, version integer, result text, payout_yes numeric, added boolean
) ON COMMIT DELETE ROWS;
CREATE TEMP TABLE IF NOT EXISTS due_portfolios (portfolio_id integer) ON COMMIT DELETE ROWS
""")
_VERSIONS = text(f"""
WITH said AS (
    SELECT m.market_no, m.outcome AS result, {_PAYOUT} AS payout_yes, m.resolution_source, m.resolution_evidence,
        m.settled_at
    FROM markets m WHERE m.market_no = ANY(:market_nos) AND m.status = 'final' AND {_CLEAR}
), latest AS (
    SELECT DISTINCT ON (market_no) market_no, version, result, payout_yes FROM market_settlements
    WHERE market_no = ANY(:market_nos) ORDER BY market_no, version DESC
), added AS (
    INSERT INTO market_settlements (market_no, version, result, payout_yes, source, evidence, venue_settled_at,
        recorded_at)
    SELECT s.market_no, coalesce(l.version, 0) + 1, s.result, s.payout_yes, s.resolution_source, s.resolution_evidence,
        s.settled_at, :now
    FROM said s LEFT JOIN latest l USING (market_no)
    WHERE l.version IS NULL OR (l.result, l.payout_yes) IS DISTINCT FROM (s.result, s.payout_yes)
    RETURNING market_no, version
), due AS (
    INSERT INTO due_markets
    SELECT s.market_no, coalesce(a.version, l.version), s.result, s.payout_yes, a.version IS NOT NULL
    FROM said s LEFT JOIN latest l USING (market_no) LEFT JOIN added a USING (market_no)
)
SELECT count(*) FILTER (WHERE version = 1) AS first, count(*) FILTER (WHERE version > 1) AS corrected FROM added
""")
# In the order of their numbers, as everyone locks several; positions are touched only under the lock of their owner.
_LOCK_PORTFOLIOS = """
WITH owners AS (
    SELECT p.portfolio_id FROM portfolio_positions p JOIN due_markets d USING (market_no) WHERE p.status = 'open' {more}
), locked AS (
    SELECT p.portfolio_id FROM portfolios p WHERE p.portfolio_id IN (SELECT portfolio_id FROM owners)
    ORDER BY p.portfolio_id FOR NO KEY UPDATE
)
INSERT INTO due_portfolios SELECT portfolio_id FROM locked
"""
_CORRECTED_OWNERS = """
    UNION SELECT s.portfolio_id FROM settlements s JOIN due_markets d USING (market_no) WHERE d.added AND d.version > 1
"""
_GROSS = """CASE WHEN d.result = 'void' THEN {position}.cost
    WHEN {position}.outcome = 'yes' THEN round({position}.quantity * d.payout_yes, 8)
    ELSE round({position}.quantity * (1 - d.payout_yes), 8) END"""
_STANDING = """CASE WHEN d.result NOT IN ('yes', 'no') THEN 'push' WHEN d.result = {position}.outcome THEN 'won'
    ELSE 'lost' END"""
_NUMBER = "nextval((SELECT pg_get_serial_sequence('settlements', 'settlement_id'))::regclass)"
# No position of the portfolio in this market was paid by this version before.
_NOT_PAID = """NOT EXISTS (SELECT FROM settlements e WHERE e.portfolio_id = {position}.portfolio_id
    AND e.market_no = {position}.market_no AND e.version = d.version)"""
_WRITE_SETTLEMENTS = """
INSERT INTO settlements (settlement_id, portfolio_id, market_no, position_id, version, outcome, quantity, cost, gross,
    amount, standing, settled_at)
SELECT settlement_id, portfolio_id, market_no, position_id, version, outcome, quantity, cost, gross, amount, standing,
    :now FROM paid
"""
_PAY = text(f"""
WITH paid AS MATERIALIZED (
    SELECT {_NUMBER} AS settlement_id, p.portfolio_id, p.market_no, p.position_id, d.version, p.outcome, p.quantity,
        p.cost, g.gross, g.gross AS amount, {_STANDING.format(position="p")} AS standing, p.liquidation_value,
        p.unrealized_pnl
    FROM portfolio_positions p JOIN due_markets d USING (market_no) JOIN due_portfolios USING (portfolio_id)
    CROSS JOIN LATERAL (SELECT {_GROSS.format(position="p")} AS gross) g
    WHERE p.status = 'open' AND {_NOT_PAID.format(position="p")}
), written AS ({_WRITE_SETTLEMENTS}), moved AS (
    INSERT INTO cash_entries (portfolio_id, kind, amount, settlement_id, created_at)
    SELECT portfolio_id, 'settlement', amount, settlement_id, :now FROM paid WHERE amount > 0 ORDER BY settlement_id
), closed AS (
    UPDATE portfolio_positions p SET status = 'settled', quantity = 0, cost = 0, liquidation_value = 0,
        unrealized_pnl = 0, mark_stale = false, realized_pnl = p.realized_pnl + q.gross - q.cost, closed_at = :now
    FROM paid q WHERE p.position_id = q.position_id
), renewed AS (
    UPDATE portfolios p SET current_balance = p.current_balance + s.gross, total_invested = p.total_invested - s.cost,
        liquidation_value = p.liquidation_value - s.liquidation_value,
        unrealized_pnl = p.unrealized_pnl - s.unrealized_pnl, realized_pnl = p.realized_pnl + s.gross - s.cost,
        open_positions = p.open_positions - s.positions, updated_at = :now
    FROM (SELECT portfolio_id, sum(gross) AS gross, sum(cost) AS cost, sum(liquidation_value) AS liquidation_value,
        sum(unrealized_pnl) AS unrealized_pnl, count(*) AS positions FROM paid GROUP BY portfolio_id) s
    WHERE p.portfolio_id = s.portfolio_id
)
SELECT portfolio_id, market_no, version, outcome, quantity, cost, gross, amount, standing FROM paid
""")
# What a new version takes back is owed first, and collected from what is there.
_CORRECT = text(f"""
WITH before AS (
    SELECT DISTINCT ON (s.position_id) s.portfolio_id, s.market_no, s.position_id, s.outcome, s.quantity, s.cost,
        s.gross
    FROM settlements s JOIN due_markets d USING (market_no) JOIN due_portfolios USING (portfolio_id)
    WHERE d.added AND s.version < d.version ORDER BY s.position_id, s.version DESC
), paid AS MATERIALIZED (
    SELECT {_NUMBER} AS settlement_id, b.portfolio_id, b.market_no, b.position_id, d.version, b.outcome, b.quantity,
        b.cost, g.gross, g.gross - b.gross AS amount, {_STANDING.format(position="b")} AS standing
    FROM before b JOIN due_markets d USING (market_no)
    CROSS JOIN LATERAL (SELECT {_GROSS.format(position="b")} AS gross) g
    WHERE {_NOT_PAID.format(position="b")}
), written AS ({_WRITE_SETTLEMENTS}), moved AS (
    INSERT INTO cash_entries (portfolio_id, kind, amount, settlement_id, created_at)
    SELECT portfolio_id, 'correction', amount, settlement_id, :now FROM paid WHERE amount > 0 ORDER BY settlement_id
), corrected AS (
    UPDATE portfolio_positions p SET realized_pnl = p.realized_pnl + q.amount
    FROM paid q WHERE p.position_id = q.position_id
), renewed AS (
    UPDATE portfolios p SET current_balance = p.current_balance + s.more, owed = p.owed + s.less,
        realized_pnl = p.realized_pnl + s.more - s.less, updated_at = :now
    FROM (SELECT portfolio_id, sum(greatest(amount, 0)) AS more, sum(greatest(-amount, 0)) AS less FROM paid
        GROUP BY portfolio_id) s
    WHERE p.portfolio_id = s.portfolio_id
)
SELECT portfolio_id, market_no, version, outcome, quantity, cost, gross, amount, standing FROM paid
""")
# The oldest debt first, and never more than is free.
_COLLECT = """
WITH owing AS (
    SELECT p.portfolio_id, p.current_balance - p.reserved_balance AS free FROM portfolios p
    WHERE p.owed > 0 AND p.current_balance > p.reserved_balance {which} ORDER BY p.portfolio_id FOR NO KEY UPDATE
), returned AS (
    SELECT e.settlement_id, -sum(e.amount) AS returned FROM cash_entries e JOIN owing USING (portfolio_id)
    WHERE e.kind = 'correction' AND e.amount < 0 GROUP BY e.settlement_id
), short AS (
    SELECT s.settlement_id, s.portfolio_id, o.free, -s.amount - coalesce(r.returned, 0) AS missing
    FROM settlements s JOIN owing o USING (portfolio_id) LEFT JOIN returned r USING (settlement_id) WHERE s.amount < 0
), taken AS (
    SELECT settlement_id, portfolio_id, least(missing, free - coalesce(sum(missing) OVER (PARTITION BY portfolio_id
        ORDER BY settlement_id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0)) AS amount
    FROM short WHERE missing > 0
), moved AS (
    INSERT INTO cash_entries (portfolio_id, kind, amount, settlement_id, created_at)
    SELECT portfolio_id, 'correction', -amount, settlement_id, :now FROM taken WHERE amount > 0 ORDER BY settlement_id
), renewed AS (
    UPDATE portfolios p SET current_balance = p.current_balance - t.amount, owed = p.owed - t.amount, updated_at = :now
    FROM (SELECT portfolio_id, sum(amount) AS amount FROM taken WHERE amount > 0 GROUP BY portfolio_id) t
    WHERE p.portfolio_id = t.portfolio_id
)
SELECT coalesce(sum(amount), 0) FROM taken WHERE amount > 0
"""
_STUCK = text(f"""
SELECT coalesce(json_agg(to_json(s) ORDER BY s.due_at, s.market_id), '[]')::text FROM (
    SELECT m.market_id, m.question, m.status, due.due_at, (SELECT count(*) FROM portfolio_positions p
        WHERE p.market_no = m.market_no AND p.status = 'open') AS positions
    FROM markets m JOIN unnest(CAST(:statuses AS text[]), CAST(:before AS timestamptz[])) late (status, before)
        USING (status)
    CROSS JOIN LATERAL (SELECT CASE WHEN m.status = 'final' THEN coalesce(m.settled_at, m.updated_at)
        ELSE coalesce(m.resolves_at, m.closes_at) END AS due_at) due
    WHERE due.due_at < late.before AND m.market_no IN ({_HELD})
    ORDER BY due.due_at, m.market_id LIMIT :limit) s
""")


@dataclass(frozen=True, slots=True)
class AskedMarket:
    market_no: int
    market_id: str


@dataclass(frozen=True, slots=True)
class DueMarket:
    """A final market that somebody holds, or whose result is another than the one we paid by."""

    market_no: int
    market_id: str
    clear: bool


class Payment(NamedTuple):
    """What a version of a result pays a position."""

    portfolio_id: int
    market_no: int
    version: int
    outcome: str  # the side that was held
    quantity: Decimal
    cost: Decimal
    gross: Decimal
    amount: Decimal  # gross less what earlier versions paid
    standing: str


@dataclass(frozen=True, slots=True)
class Paid:
    markets: int  # paid for the first time
    corrected: int  # whose result was corrected
    payments: Sequence[Payment]
    corrections: Sequence[Payment]
    collected: Decimal  # of what was owed


def markets_to_ask(connection: Connection, recheck_before: datetime) -> list[AskedMarket]:
    """Held or ordered and not final; and those paid a day ago."""
    return fetch_all(connection, AskedMarket, _TO_ASK, recheck_before=recheck_before)


def note_recheck(connection: Connection, market_nos: Sequence[int], recheck_before: datetime, now: datetime) -> None:
    connection.execute(_RECHECKED, {"market_nos": list(market_nos), "recheck_before": recheck_before, "now": now})


def due_markets(connection: Connection) -> list[DueMarket]:
    return fetch_all(connection, DueMarket, _DUE)


def final_markets_with_orders(connection: Connection) -> list[int]:
    return list(connection.execute(_ORDERED).scalars())


def pay_markets(connection: Connection, market_nos: Sequence[int], now: datetime) -> Paid:
    """Pays what these final markets say, once; where a venue has corrected itself, the difference."""
    connection.execute(_STAGE)
    versions = connection.execute(_VERSIONS, {"market_nos": list(market_nos), "now": now}).one()
    more = _CORRECTED_OWNERS if versions.corrected else ""
    connection.execute(text(_LOCK_PORTFOLIOS.format(more=more)))
    payments = _payments(connection, _PAY, now)
    corrections = _payments(connection, _CORRECT, now) if versions.corrected else []
    which = "AND p.portfolio_id IN (SELECT portfolio_id FROM due_portfolios)"
    collected = connection.execute(text(_COLLECT.format(which=which)), {"now": now}).scalar_one()
    return Paid(versions.first, versions.corrected, payments, corrections, collected)


def _payments(connection: Connection, query: TextClause, now: datetime) -> list[Payment]:
    return [Payment(*row) for row in connection.execute(query, {"now": now})]


def collect_debts(connection: Connection, now: datetime) -> Decimal:
    """Takes what portfolios owe from the cash that is free now."""
    collected: Decimal = connection.execute(text(_COLLECT.format(which="")), {"now": now}).scalar_one()
    return collected


def stuck_markets(connection: Connection, stuck_after: Mapping[str, timedelta], now: datetime, limit: int) -> bytes:
    """A JSON array of held markets that should have been final by now."""
    late = {"statuses": list(stuck_after), "before": [now - after for after in stuck_after.values()], "limit": limit}
    return str(connection.execute(_STUCK, late).scalar_one()).encode()


def settlements_page(
    connection: Connection, portfolio_id: int | None, cursor: str | None, limit: int
) -> tuple[bytes, str | None]:
    """Newest first, each with the venue's word and its evidence."""
    query = f"""
        SELECT to_json(o)::text AS row, settlement_id FROM (
            SELECT s.settlement_id, s.portfolio_id, m.market_id, m.question, s.position_id, s.version, s.outcome,
                v.result, trim_scale(v.payout_yes) AS payout_yes, trim_scale(s.quantity) AS quantity,
                trim_scale(s.cost) AS cost, trim_scale(s.gross) AS gross, trim_scale(s.amount) AS amount, s.standing,
                s.settled_at,
                v.source, v.venue_settled_at, v.evidence
            FROM settlements s JOIN markets m USING (market_no) JOIN market_settlements v USING (market_no, version)
            WHERE (CAST(:portfolio_id AS integer) IS NULL OR s.portfolio_id = :portfolio_id)
                {"AND s.settlement_id < :before" if cursor else ""}
            ORDER BY s.settlement_id DESC LIMIT :limit + 1) o
        ORDER BY settlement_id DESC
    """
    before = key_of(cursor, int)[0] if cursor else None
    values: dict[str, Any] = {"portfolio_id": portfolio_id, "before": before, "limit": limit}
    rows = connection.execute(text(query), values).all()
    body = ",".join([row.row for row in rows[:limit]])
    return f"[{body}]".encode(), cursor_of(rows[limit - 1].settlement_id) if len(rows) > limit else None
