"""The full sync: platform, series and events of each venue, page by page, and a look at the events that left."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from db.schema.events import event_syncs
from services.events import storage
from services.events.domain.catalogue import Known, event_row, series_of, series_row, sort_rows
from shared.database import Database
from shared.syncs import Clock, Progress, SyncTable, run_sync
from shared.venues.records import Event, Page, Series
from shared.venues.venue import Venue

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
        _write_series(database, page.records, known_series, clock)
    for event_page in venue.event_pages():
        progress.count_page(event_page)
        known.seen.update(f"{venue.platform}:{rejected.external_id}" for rejected in event_page.rejected)
        _write_events(database, event_page, known, known_series, progress, clock)
    _record_platform(database, venue, clock)
    _look_up_left(database, venue, known, progress, clock)


def _write_series(database: Database, series: Sequence[Series], known: Known, clock: Clock) -> None:
    rows = sort_rows(map(series_row, series), known).rows
    if rows:
        with database.transaction() as connection:
            storage.write_rows(connection, "series", list(rows.values()), clock())


def _write_events(
    database: Database, page: Page[Event], known: Known, known_series: Known, progress: Progress, clock: Clock
) -> None:
    result = sort_rows(map(event_row, page.records), known)
    series = sort_rows(map(series_row, series_of(page.records)), known_series)
    progress.new += result.new
    progress.changed += result.changed
    progress.unchanged += result.unchanged
    progress.repeated += result.repeated
    if result.rows or series.rows:
        now = clock()
        with database.transaction() as connection:
            storage.write_rows(connection, "series", list(series.rows.values()), now)
            storage.write_rows(connection, "events", list(result.rows.values()), now)


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
        if rows:
            with database.transaction() as connection:
                storage.write_rows(connection, "events", list(rows.values()), clock())
