"""What a listing changes: series and events as COPY text, and which of them are new or other than stored."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b

from shared.copy_text import NULL, copied, copied_json, copied_texts
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
    venue_updated_at: str  # not part of the content: venues touch it without changing anything


@dataclass
class Known:
    """The hashes of what is stored, and which of it is open: all that a sync keeps in memory."""

    hashes: dict[str, bytes]
    open_ids: set[str] = field(default_factory=set)
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
    content = "\t".join(
        (
            event.platform,
            copied(event.external_id),
            copied(f"{event.platform}:{event.series_external_id}" if event.series_external_id else None),
            copied(event.title),
            copied(event.subtitle),
            copied(event.description),
            copied(event.category),
            copied_texts(event.tags),
            copied(event.mutually_exclusive),
            copied(event.exhaustive),
            "closed" if event.closed else "open",
            copied(event.starts_at),
            copied(event.closes_at),
            copied(event.volume),
            copied(event.volume_24h),
            copied(event.liquidity),
            copied(event.open_interest),
            copied(event.fee_type_override),
            copied(event.fee_multiplier_override),
            copied(event.game_id),
        )
    )
    return _row(f"{event.platform}:{event.external_id}", content, copied(event.venue_updated_at))


def series_row(series: Series) -> Row:
    content = "\t".join(
        (
            series.platform,
            copied(series.external_id),
            copied(series.title),
            copied(series.category),
            copied_texts(series.tags),
            copied(series.frequency),
            copied(series.fee_type),
            copied(series.fee_multiplier),
            copied_json(series.settlement_sources),
        )
    )
    return _row(f"{series.platform}:{series.external_id}", content, copied(series.venue_updated_at))


def series_of(events: Sequence[Event]) -> list[Series]:
    """The series that came nested in events, each once."""
    return list({series.external_id: series for event in events for series in event.series}.values())


def copy_line(row: Row, received_at: str) -> str:
    digest = f"\\\\x{row.content_hash.hex()}"
    return f"{copied(row.row_id)}\t{row.content}\t{digest}\t{row.venue_updated_at or NULL}\t{received_at}\n"


def _row(row_id: str, content: str, venue_updated_at: str) -> Row:
    digest = blake2b(content.encode(), digest_size=HASH_BYTES).digest()
    return Row(row_id, content, digest, venue_updated_at)
