"""What readers see: markets as JSON that Postgres makes, so that a row is turned into bytes once."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, text

from shared.cursors import UnknownCursor, cursor_of, key_of

# The mid counts as the price where both sides are quoted no more than this apart; else the last trade does.
INDICATIVE_SPREAD_MAX = "0.10"

AMOUNT_DIGITS_MAX = 24

FEE = """
CASE WHEN m.platform = 'kalshi' THEN json_strip_nulls(json_build_object(
        'fee_type', coalesce(e.fee_type_override, s.fee_type),
        'multiplier', coalesce(e.fee_multiplier_override, s.fee_multiplier),
        'waived_until', m.fee ->> 'waived_until'))
    ELSE to_json(m.fee) END
"""
_SHAPE = f"""
m.market_id, m.event_id, m.platform, m.external_id, m.question,
(SELECT json_agg(o.name ORDER BY o.side DESC) FROM market_outcomes o WHERE o.market_no = m.market_no) AS outcomes,
coalesce(e.category, lower(s.category)) AS category, coalesce(e.tags, '{{}}') AS tags,
m.status, m.outcome, m.payout_yes,
trim_scale(m.yes_bid) AS yes_bid, trim_scale(m.yes_ask) AS yes_ask,
trim_scale(1 - m.yes_ask) AS no_bid, trim_scale(1 - m.yes_bid) AS no_ask,
trim_scale(m.yes_bid_size) AS yes_bid_size, trim_scale(m.yes_ask_size) AS yes_ask_size,
trim_scale(CASE WHEN m.yes_ask - m.yes_bid <= {INDICATIVE_SPREAD_MAX} THEN (m.yes_ask + m.yes_bid) / 2
    ELSE m.last_price END) AS yes_price,
trim_scale(CASE WHEN m.yes_ask - m.yes_bid <= {INDICATIVE_SPREAD_MAX} THEN 1 - (m.yes_ask + m.yes_bid) / 2
    ELSE 1 - m.last_price END) AS no_price,
trim_scale(m.last_price) AS last_price, trim_scale(m.yes_ask - m.yes_bid) AS spread,
trim_scale(m.volume) AS volume, trim_scale(m.volume_24h) AS volume_24h, m.volume_unit,
trim_scale(m.liquidity) AS liquidity, trim_scale(m.open_interest) AS open_interest,
trim_scale(m.tick_size) AS tick_size, trim_scale(m.min_size) AS min_size, {FEE} AS fee,
m.closes_at, m.settled_at, m.quoted_at, m.updated_at,
m.slug, m.group_title, m.accepting_orders, m.placeholder, m.resolves_at
"""
_JOINS = "LEFT JOIN events e ON e.event_id = m.event_id LEFT JOIN series s ON s.series_id = e.series_id"
_FROM = f"FROM markets m {_JOINS}"
# The no side is the mirror of the yes side: who bids for the one offers the other.
_MIRROR = """coalesce((SELECT '[' || string_agg('[' || (1 - (l ->> 0)::numeric) || ',' || (l ->> 1) || ']', ',') || ']'
    FROM jsonb_array_elements({levels}) l), '[]')::json"""
_BOOK = f"""
m.market_id, m.platform, m.event_id, b.quoted_at, b.venue_time,
json_build_object('bids', b.bids, 'asks', b.asks) AS yes,
json_build_object('bids', {_MIRROR.format(levels="b.asks")}, 'asks', {_MIRROR.format(levels="b.bids")}) AS no,
m.status, m.accepting_orders, trim_scale(m.tick_size) AS tick_size, m.price_bands,
trim_scale(m.min_size) AS min_size, {FEE} AS fee, m.order_delay_seconds, m.closes_at
"""


@dataclass(frozen=True, slots=True)
class MarketFilter:
    platform: str | None = None
    status: str | None = None
    event_id: str | None = None
    category: str | None = None
    tag: str | None = None
    text: str | None = None
    min_liquidity: Decimal | None = None
    min_volume: Decimal | None = None
    min_conviction: Decimal | None = None
    closes_before: datetime | None = None


@dataclass(frozen=True, slots=True)
class Order:
    """A sort key; nulls come last, and market_no makes it total."""

    column: str
    descending: bool
    kind: Callable[[str], Any]  # reads the key out of a cursor

    def read(self, key: str, cursor: str) -> Any:
        try:
            value = self.kind(key)
            if isinstance(value, Decimal) and not (value.is_finite() and abs(value.adjusted()) < AMOUNT_DIGITS_MAX):
                raise ValueError("no amount that we store")
            return value
        except (ValueError, ArithmeticError) as error:
            raise UnknownCursor(cursor=cursor[:80]) from error


ORDERS: dict[str, Order] = {
    "id": Order("m.market_no", False, int),
    "volume": Order("m.volume", True, Decimal),
    "volume_24h": Order("m.volume_24h", True, Decimal),
    "liquidity": Order("m.liquidity", True, Decimal),
    "closes_at": Order("m.closes_at", False, datetime.fromisoformat),
}

_CONDITIONS = {
    "platform": "m.platform = :platform",
    "status": "m.status = :status",
    "event_id": "m.event_id = :event_id",
    "category": "coalesce(e.category, lower(s.category)) = lower(:category)",
    "tag": "lower(:tag) = ANY(SELECT lower(t) FROM unnest(e.tags) t)",
    "text": "(m.question ILIKE :text OR m.group_title ILIKE :text OR e.title ILIKE :text)",
    "min_liquidity": "m.liquidity >= :min_liquidity",
    "min_volume": "m.volume >= :min_volume",
    "min_conviction": f"""abs(CASE WHEN m.yes_ask - m.yes_bid <= {INDICATIVE_SPREAD_MAX}
        THEN (m.yes_ask + m.yes_bid) / 2 ELSE m.last_price END - 0.5) >= :min_conviction""",
    "closes_before": "m.closes_at < :closes_before",
}


def markets_page(
    connection: Connection, which: MarketFilter, order: str, cursor: str | None, limit: int
) -> tuple[bytes, str | None]:
    """A JSON array of markets, and where the next page begins."""
    sort = ORDERS[order]
    conditions, values = _where(which)
    if cursor is not None:
        conditions.append(_after(order, sort, cursor, values))
    by = f"{sort.column} {'DESC' if sort.descending else 'ASC'} NULLS LAST, m.market_no"
    query = f"""
        SELECT to_json(shape)::text AS market, m.market_no, {sort.column}::text AS sort_key
        {_FROM} CROSS JOIN LATERAL (SELECT {_SHAPE}) shape
        {"WHERE " + " AND ".join(conditions) if conditions else ""}
        ORDER BY {"m.market_no" if order == "id" else by} LIMIT :limit + 1
    """
    rows = connection.execute(text(query), {**values, "limit": limit}).all()
    last = rows[limit - 1] if len(rows) > limit else None
    body = ",".join([row.market for row in rows[:limit]])
    return f"[{body}]".encode(), cursor_of(order, last.sort_key or "", last.market_no) if last else None


def count_markets(connection: Connection, which: MarketFilter) -> int:
    conditions, values = _where(which)
    query = f"SELECT count(*) {_FROM} WHERE {' AND '.join(conditions) or 'true'}"
    return int(connection.execute(text(query), values).scalar_one())


def market_json(connection: Connection, market_id: str) -> bytes | None:
    """One market with its rules, the evidence of its end, and the facts that were superseded."""
    query = f"""
        SELECT to_json(shape)::text FROM (
            SELECT {_SHAPE}, m.condition_id, m.market_type, m.venue_status, m.order_delay_seconds, m.price_bands,
                m.strike, m.opens_at, m.resolution_source, m.resolution_evidence, m.quote_source, m.valid_from,
                (SELECT json_agg(json_build_object('side', side, 'name', name, 'token_id', token_id) ORDER BY side DESC)
                    FROM market_outcomes o WHERE o.market_no = m.market_no) AS sides,
                (SELECT rules FROM market_rules r WHERE r.market_no = m.market_no) AS rules,
                (SELECT coalesce(json_agg(to_json(v) ORDER BY v.valid_from), '[]') FROM (
                    SELECT valid_from, valid_to, status, question, outcome, payout_yes, closes_at, tick_size,
                        resolution_source FROM market_versions WHERE market_no = m.market_no
                    ORDER BY valid_from DESC LIMIT 100) v) AS versions
            {_FROM} WHERE m.market_id = :market_id
        ) shape
    """
    found = connection.execute(text(query), {"market_id": market_id}).scalar()
    return found.encode() if found else None


def books_json(connection: Connection, market_ids: Sequence[str]) -> bytes:
    """The stored books of these markets, as they were asked for, each with what trading on it has to know."""
    query = f"""
        SELECT coalesce(json_agg(shape ORDER BY asked.place), '[]')::text
        FROM unnest(CAST(:ids AS text[])) WITH ORDINALITY asked (market_id, place)
        JOIN markets m USING (market_id) JOIN order_books b USING (market_no)
        {_JOINS} CROSS JOIN LATERAL (SELECT {_BOOK}) shape
    """
    found: str = connection.execute(text(query), {"ids": list(market_ids)}).scalar_one()
    return found.encode()


def _where(which: MarketFilter) -> tuple[list[str], dict[str, Any]]:
    values = {name: getattr(which, name) for name in _CONDITIONS if getattr(which, name) is not None}
    if "text" in values:
        escaped = values["text"].replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        values["text"] = f"%{escaped}%"
    return [_CONDITIONS[name] for name in values], values


def _after(order: str, sort: Order, cursor: str, values: dict[str, Any]) -> str:
    name, key, last_no = key_of(cursor, str, str, int)
    if name != order:
        raise UnknownCursor(cursor=cursor[:80])
    values["after_no"] = last_no
    if order == "id":
        return "m.market_no > :after_no"
    if key == "":
        return f"({sort.column} IS NULL AND m.market_no > :after_no)"
    values["after_key"] = sort.read(str(key), cursor)
    beyond = "<" if sort.descending else ">"
    return f"""({sort.column} {beyond} :after_key OR ({sort.column} = :after_key AND m.market_no > :after_no)
        OR {sort.column} IS NULL)"""
