"""What a listing changes: series and events as COPY text, and which of them are new or other than stored."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import blake2b

from shared.copy_text import Copied, copied_json, copied_row, copied_texts
from shared.venues.records import Event, Series

EVENT_COLUMNS = (
    "platform",
    "external_id",
    "series_id",
    "title",
    "subtitle",
    "description",
    "category",
    "tags",
    "mutually_exclusive",
    "exhaustive",
    "status",
    "starts_at",
    "closes_at",
    "volume",
    "volume_24h",
    "liquidity",
    "open_interest",
    "fee_type_override",
    "fee_multiplier_override",
    "game_id",
)
SERIES_COLUMNS = (
    "platform",
    "external_id",
    "title",
    "category",
    "tags",
    "frequency",
    "fee_type",
    "fee_multiplier",
    "settlement_sources",
)
HASH_BYTES = 8


@dataclass(frozen=True, slots=True)
class Row:
    """A series or an event as COPY text; it has changed when its text has."""

    row_id: str
    content: str
    content_hash: bytes
    venue_updated_at: datetime | None  # not part of the content: venues touch it without changing anything


@dataclass
class Known:
    """The hashes of what is stored, and which of it is open: all that a sync keeps in memory."""

    hashes: dict[str, bytes]
    open_ids: set[str] = field(default_factory=set)
    stored: frozenset[str] = frozenset()  # the ids that were there before this sync
    seen: set[str] = field(default_factory=set)

    def left_the_listing(self) -> list[str]:
        return sorted(self.open_ids - self.seen)


@dataclass
class Sorted:
    """What became of the rows of a page: those to write, and how many were what."""

    rows: dict[str, Row] = field(default_factory=dict)
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    repeated: int = 0


def sort_rows(rows: Iterable[Row], known: Known) -> Sorted:
    result = Sorted()
    for row in rows:
        if row.row_id in known.seen:
            result.repeated += 1
        known.seen.add(row.row_id)
        stored = known.hashes.get(row.row_id)
        if stored == row.content_hash:
            result.unchanged += 1
            continue
        result.new += stored is None
        result.changed += stored is not None
        known.hashes[row.row_id] = row.content_hash
        result.rows[row.row_id] = row
    return result


def event_row(event: Event) -> Row:
    content = copied_row(
        (
            event.platform,
            event.external_id,
            f"{event.platform}:{event.series_external_id}" if event.series_external_id else None,
            event.title,
            event.subtitle,
            event.description,
            event.category,
            copied_texts(event.tags),
            event.mutually_exclusive,
            event.exhaustive,
            "closed" if event.closed else "open",
            event.starts_at,
            event.closes_at,
            event.volume,
            event.volume_24h,
            event.liquidity,
            event.open_interest,
            event.fee_type_override,
            event.fee_multiplier_override,
            event.game_id,
        )
    )
    return _row(f"{event.platform}:{event.external_id}", content, event.venue_updated_at)


def series_row(series: Series) -> Row:
    content = copied_row(
        (
            series.platform,
            series.external_id,
            series.title,
            series.category,
            copied_texts(series.tags),
            series.frequency,
            series.fee_type,
            series.fee_multiplier,
            copied_json(series.settlement_sources),
        )
    )
    return _row(f"{series.platform}:{series.external_id}", content, series.venue_updated_at)


def series_of(events: Sequence[Event]) -> list[Series]:
    """The series that came nested in events, each once."""
    return list({series.external_id: series for event in events for series in event.series}.values())


def copy_line(row: Row, received_at: datetime) -> str:
    return copied_row((row.row_id, Copied(row.content), row.content_hash, row.venue_updated_at, received_at))


def _row(row_id: str, content: str, venue_updated_at: datetime | None) -> Row:
    digest = blake2b(content.encode(), digest_size=HASH_BYTES).digest()
    return Row(row_id, content, digest, venue_updated_at)
