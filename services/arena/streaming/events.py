"""Which event of the arena an entry belongs to, without a query for each."""

from collections.abc import Callable, Sequence

from services.arena.storage.event_markets import events_of_markets
from services.arena.streaming.frames import NAMES, Frame, frame_of
from shared.database import Database
from shared.feed import Entry

KNOWN_MAX = 200_000  # markets, among them those that no event is about


class Events:
    """Learns from entries that name both, and asks once for a market that it has not met. For any thread: a market
    belongs to one event for ever, so at worst two ask the same."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self._by_market: dict[str, str | None] = {}

    def frames(
        self, entries: Sequence[Entry], wanted: Callable[[str, str | None], bool] = lambda *_: True
    ) -> list[Frame]:
        event_ids = self._event_ids(entries)
        return [
            frame_of(entry, event_id)
            for entry, event_id in zip(entries, event_ids, strict=True)
            if wanted(NAMES.get(entry.kind, entry.kind), event_id)
        ]

    def _event_ids(self, entries: Sequence[Entry]) -> list[str | None]:
        known = self._by_market
        unknown = set()
        for entry in entries:
            named = entry.payload.get("event_id")
            if named is not None and entry.market_id is not None:
                known[entry.market_id] = str(named)
            elif entry.market_id is not None and entry.market_id not in known:
                unknown.add(entry.market_id)
        if unknown := unknown - known.keys():
            self._ask(unknown)
        return [_named(entry) or known.get(entry.market_id or "") for entry in entries]

    def _ask(self, market_ids: set[str]) -> None:
        with self.database.connection() as connection:
            found = events_of_markets(connection, market_ids)
        if len(self._by_market) > KNOWN_MAX:
            self._by_market.clear()
        self._by_market.update({market_id: found.get(market_id) for market_id in market_ids})


def _named(entry: Entry) -> str | None:
    named = entry.payload.get("event_id")
    return None if named is None else str(named)
