"""Kalshi's series, events and fee changes, and the state of the exchange."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from shared.venues.records import Event, ExchangeStatus, Rejected, Series
from shared.venues.venue import FeeChange
from shared.venues.wire import Amount, Flag, Identifier, Row, Text, Unreadable, moment, read_row, split


class SourceRow(Row):
    name: Text | None = None
    url: Text | None = None


class SeriesRow(Row):
    """A series; its lists may be null."""

    ticker: Identifier
    title: Text
    category: Text | None = None
    tags: list[Text] | None = None
    frequency: Text | None = None
    fee_type: Text | None = None
    fee_multiplier: Amount | None = None
    settlement_sources: list[SourceRow] | None = None
    last_updated_ts: str | None = None


class EventRow(Row):
    """An event; it has no status of its own, its markets have."""

    event_ticker: Identifier
    title: Text
    series_ticker: Identifier | None = None
    sub_title: Text | None = None
    category: Text | None = None
    mutually_exclusive: Flag | None = None
    strike_date: str | None = None
    fee_type_override: Text | None = None
    fee_multiplier_override: Amount | None = None
    last_updated_ts: str | None = None


class FeeChangeRow(Row):
    fee_type: Identifier
    fee_multiplier: Amount
    scheduled_ts: str


class StatusRow(Row):
    exchange_active: Flag
    trading_active: Flag
    exchange_estimated_resume_time: str | None = None


class CutoffRow(Row):
    market_settled_ts: str
    trades_created_ts: str


class Cutoff(NamedTuple):
    """Before these moments the live endpoints forget, and the historical ones remember."""

    market_settled_at: datetime
    trades_created_at: datetime


_read_series = SeriesRow.__pydantic_validator__.validate_python
_read_event = EventRow.__pydantic_validator__.validate_python
_read_change = FeeChangeRow.__pydantic_validator__.validate_python
_read_status = StatusRow.__pydantic_validator__.validate_python
_read_cutoff = CutoffRow.__pydantic_validator__.validate_python


def parse_series(row: object) -> Series | Rejected:
    return read_row(_series, row, platform="kalshi", entity="series", id_field="ticker")


def parse_event(row: object) -> Event | Rejected:
    return read_row(_event, row, platform="kalshi", entity="event", id_field="event_ticker")


def parse_events(rows: Sequence[object]) -> tuple[tuple[Event, ...], tuple[Rejected, ...]]:
    return split(map(parse_event, rows))


def parse_fee_change(row: object) -> FeeChange | Rejected:
    return read_row(_fee_change, row, platform="kalshi", entity="fee_change", id_field="id")


def parse_status(row: object) -> ExchangeStatus | Rejected:
    return read_row(_status, row, platform="kalshi", entity="exchange_status", id_field="id")


def parse_cutoff(row: object) -> Cutoff | Rejected:
    return read_row(_cutoff, row, platform="kalshi", entity="cutoff", id_field="id")


def _series(fields: Any) -> Series:
    row: SeriesRow = _read_series(fields)
    sources = [source.name or source.url for source in row.settlement_sources or ()]
    return Series(
        platform="kalshi",
        external_id=row.ticker,
        title=_title(row.title),
        category=_category(row.category),
        tags=tuple(row.tags or ()),
        frequency=row.frequency or None,
        fee_type=row.fee_type or None,
        fee_multiplier=row.fee_multiplier,
        settlement_sources=tuple(source for source in sources if source),
        venue_updated_at=moment(row.last_updated_ts, "last_updated_ts"),
    )


def _event(fields: Any) -> Event:
    row: EventRow = _read_event(fields)
    return Event(
        platform="kalshi",
        external_id=row.event_ticker,
        series_external_id=row.series_ticker,
        title=_title(row.title),
        subtitle=row.sub_title or None,
        description=None,
        category=_category(row.category),
        tags=(),
        mutually_exclusive=row.mutually_exclusive,
        exhaustive=None,  # a mutually exclusive event can end with every market at no
        active=None,
        closed=None,
        starts_at=None,
        closes_at=moment(row.strike_date, "strike_date"),
        volume=None,
        volume_24h=None,
        liquidity=None,
        open_interest=None,
        fee_type_override=row.fee_type_override or None,
        fee_multiplier_override=row.fee_multiplier_override,
        venue_updated_at=moment(row.last_updated_ts, "last_updated_ts"),
    )


def _fee_change(fields: Any) -> FeeChange:
    row: FeeChangeRow = _read_change(fields)
    return FeeChange(_required_moment(row.scheduled_ts, "scheduled_ts"), row.fee_type, row.fee_multiplier)


def _status(fields: Any) -> ExchangeStatus:
    row: StatusRow = _read_status(fields)
    return ExchangeStatus(
        platform="kalshi",
        exchange_active=row.exchange_active,
        trading_active=row.trading_active,
        resumes_at=moment(row.exchange_estimated_resume_time, "exchange_estimated_resume_time"),
    )


def _cutoff(fields: Any) -> Cutoff:
    row: CutoffRow = _read_cutoff(fields)
    return Cutoff(
        _required_moment(row.market_settled_ts, "market_settled_ts"),
        _required_moment(row.trades_created_ts, "trades_created_ts"),
    )


def effective_fee(series: Series, event: Event | None) -> tuple[str, Decimal, bool] | None:
    """Type and multiplier in force: the event's own where it states both, else the series'."""
    if event is not None and event.fee_type_override is not None and event.fee_multiplier_override is not None:
        return event.fee_type_override, event.fee_multiplier_override, True
    if series.fee_type is None or series.fee_multiplier is None:
        return None
    return series.fee_type, series.fee_multiplier, False


def _title(title: str) -> str:
    """Titles carry Markdown's `**`."""
    plain_title = title.replace("**", "").strip()
    if not plain_title:
        raise Unreadable("missing", "title", "there is no title")
    return plain_title


def _category(word: str | None) -> str | None:
    return word.lower() if word else None


def _required_moment(text: str, field: str) -> datetime:
    at = moment(text, field)
    if at is None:
        raise Unreadable("missing", field, f"`{field}` says no time")
    return at
