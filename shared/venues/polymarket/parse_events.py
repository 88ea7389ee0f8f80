"""Gamma's events, series and tags: from the decoded row to a record, or to the reason why not."""

from collections.abc import Sequence
from typing import Annotated

from pydantic import Field

from shared.venues.records import Event, Rejected, Series, Tag
from shared.venues.wire import Amount, Flag, Identifier, Row, Text, Title, moment, plain, read_row, split

# The topics of the site's first row, by slug. An event's category is the first of its tags that is one of them.
TOPICS = frozenset(
    {
        "politics",
        "sports",
        "crypto",
        "finance",
        "economy",
        "tech",
        "culture",
        "pop-culture",
        "world",
        "geopolitics",
        "elections",
        "esports",
        "weather",
        "science",
        "mentions",
        "business",
    }
)


class TagRow(Row):
    id: Identifier
    slug: Identifier
    label: Text | None = None


class SeriesRow(Row):
    id: Identifier
    title: Title
    recurrence: Text | None = None
    updatedAt: str | None = None


class EventRow(Row):
    """What we read of a Gamma event; only id and title must be there. Its amounts are numbers, a market's are text."""

    id: Identifier
    title: Title
    subtitle: Text | None = None
    description: str | None = None
    active: Flag | None = None
    closed: Flag | None = None
    negRisk: Flag | None = None
    startDate: str | None = None
    startTime: str | None = None
    endDate: str | None = None
    updatedAt: str | None = None
    volume: Amount | None = None
    volume24hr: Amount | None = None
    liquidity: Amount | None = None
    openInterest: Amount | None = None
    gameId: Annotated[int, Field(strict=True)] | Text | None = None
    tags: list[TagRow] | None = None
    series: list[SeriesRow] | None = None


_read_event = EventRow.__pydantic_validator__.validate_python
_read_series = SeriesRow.__pydantic_validator__.validate_python
_read_tag = TagRow.__pydantic_validator__.validate_python


def parse_event(row: object) -> Event | Rejected:
    return read_row(
        lambda fields: _event(_read_event(fields)), row, platform="polymarket", entity="event", id_field="id"
    )


def parse_events(rows: Sequence[object]) -> tuple[tuple[Event, ...], tuple[Rejected, ...]]:
    return split(map(parse_event, rows))


def parse_series(row: object) -> Series | Rejected:
    return read_row(
        lambda fields: _series(_read_series(fields)), row, platform="polymarket", entity="series", id_field="id"
    )


def parse_tag(row: object) -> Tag | Rejected:
    return read_row(lambda fields: _tag(_read_tag(fields)), row, platform="polymarket", entity="tag", id_field="id")


def _event(row: EventRow) -> Event:
    series = tuple(_series(each) for each in row.series or ())
    tags = tuple(tag.slug for tag in row.tags or ())
    return Event(
        platform="polymarket",
        external_id=row.id,
        series_external_id=series[0].external_id if series else None,
        title=row.title,
        subtitle=row.subtitle or None,
        description=plain(row.description, "description"),
        category=category_of(tags),
        tags=tags,
        mutually_exclusive=row.negRisk,
        exhaustive=None,
        active=row.active,
        closed=row.closed,
        starts_at=moment(row.startTime, "startTime") or moment(row.startDate, "startDate"),
        closes_at=moment(row.endDate, "endDate"),
        volume=row.volume,
        volume_24h=row.volume24hr,
        liquidity=row.liquidity,
        open_interest=row.openInterest,
        game_id=None if row.gameId is None or row.gameId == "" else str(row.gameId),
        venue_updated_at=moment(row.updatedAt, "updatedAt"),
        series=series,
    )


def category_of(tags: Sequence[str]) -> str | None:
    return next((slug.lower() for slug in tags if slug.lower() in TOPICS), None)


def _series(row: SeriesRow) -> Series:
    return Series(
        platform="polymarket",
        external_id=row.id,
        title=row.title,
        category=None,
        tags=(),
        frequency=row.recurrence or None,
        fee_type=None,
        fee_multiplier=None,
        venue_updated_at=moment(row.updatedAt, "updatedAt"),
    )


def _tag(row: TagRow) -> Tag:
    return Tag(external_id=row.id, slug=row.slug, label=row.label or row.slug)
