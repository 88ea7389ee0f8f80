"""The full sync: platform, series and events of each venue, page by page, and a look at the events that left."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import structlog
from sqlalchemy.exc import DataError, IntegrityError

from db.schema.events import event_syncs
from services.events import storage
from services.events.domain.catalogue import Known, Row, event_row, series_of, series_row, sort_rows
from shared.database import Database
from shared.syncs import Clock, Progress, SyncTable, run_sync
from shared.venues.records import Event, Page, Series
from shared.venues.venue import Venue

log = structlog.get_logger()

SYNCS = SyncTable(event_syncs, "events")
DISPLAY_NAMES = {"polymarket": "Polymarket", "kalshi": "Kalshi"}
LEFT_AT_ONCE = 500


def sync_events(database: Database, venues: Sequence[Venue], clock: Clock) -> dict[str, Any]:
    def collect(venue: Venue, progress: Progress) -> None:
        collect_events(database, venue, progress, clock)

    return run_sync(database, SYNCS, venues, collect, clock)


def collect_events(database: Database, venue: Venue, progress: Progress, clock: Clock) -> None:
    with database.connection() as connection:
        known = storage.known_rows(connection, "events", venue.platform)
        known_series = storage.known_rows(connection, "series", venue.platform)
    for page in venue.series_pages():
        for rejection in page.rejected:
            progress.count_rejection(rejection)
        _write_series(database, page.records, known_series, progress, clock)
    for event_page in venue.event_pages():
        progress.count_page(event_page)
        known.seen.update(f"{venue.platform}:{rejected.external_id}" for rejected in event_page.rejected)
        _write_events(database, event_page, known, known_series, progress, clock)
    _record_platform(database, venue, clock)
    _look_up_left(database, venue, known, progress, clock)


def _write_series(database: Database, series: Sequence[Series], known: Known, progress: Progress, clock: Clock) -> None:
    _write(database, "series", list(sort_rows(map(series_row, series), known).rows.values()), progress, clock)


def _write_events(
    database: Database, page: Page[Event], known: Known, known_series: Known, progress: Progress, clock: Clock
) -> None:
    result = sort_rows(map(event_row, page.records), known)
    # The listing of series says more of a series than the event that it comes nested in.
    nested = [row for row in map(series_row, series_of(page.records)) if row.row_id not in known_series.seen]
    series = sort_rows(nested, known_series)
    progress.new += result.new
    progress.changed += result.changed
    progress.unchanged += result.unchanged
    progress.repeated += result.repeated
    _write(database, "series", list(series.rows.values()), progress, clock)
    refused = _write(database, "events", list(result.rows.values()), progress, clock)
    progress.new -= len(refused - known.stored)
    progress.changed -= len(refused & known.stored)


def _write(
    database: Database, entity: storage.Entity, rows: Sequence[Row], progress: Progress, clock: Clock
) -> set[str]:
    """Answers the rows that Postgres refused: each is found by halving its batch, so that it is lost alone."""
    if not rows:
        return set()
    try:
        with database.transaction() as connection:
            storage.write_rows(connection, entity, rows, clock())
    except (DataError, IntegrityError) as error:
        if len(rows) > 1:
            middle = len(rows) // 2
            first = _write(database, entity, rows[:middle], progress, clock)
            return first | _write(database, entity, rows[middle:], progress, clock)
        reason = str(error.orig).splitlines()[0]
        log.warning("row_refused_by_database", entity=entity, row_id=rows[0].row_id, reason=reason)
        platform, _, external_id = rows[0].row_id.partition(":")
        progress.count_refusal(platform, entity, external_id, reason)
        return {rows[0].row_id}
    return set()


def _record_platform(database: Database, venue: Venue, clock: Clock) -> None:
    with database.transaction() as connection:
        name = DISPLAY_NAMES[venue.platform]
        storage.record_platform(connection, venue.platform, name, venue.base_url, venue.simulated, clock())


def _look_up_left(database: Database, venue: Venue, known: Known, progress: Progress, clock: Clock) -> None:
    """Events that are open with us and not listed any more get the state that the venue has for them."""
    left = known.left_the_listing()
    progress.left += len(left)
    for start in range(0, len(left), LEFT_AT_ONCE):
        ids = [row_id.split(":", 1)[1] for row_id in left[start : start + LEFT_AT_ONCE]]
        page = venue.events(ids)
        for rejection in page.rejected:
            progress.count_rejection(rejection)
        # Kalshi's events have no status of their own: not listed among the open ones is closed.
        ended = [replace(event, closed=True) if event.closed is None else event for event in page.records]
        rows = sort_rows(map(event_row, ended), known).rows
        _write(database, "events", list(rows.values()), progress, clock)
