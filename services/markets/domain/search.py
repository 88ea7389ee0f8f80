"""A search over all stored markets in memory: columns of what can be asked for, and which rows an asker gets."""

# A scan of the wide rows of `markets` for each search, with an order by figures that move, costs 50 to 200 ms at 80,000
# markets, and an index on such figures costs every sync. The columns here are compared and ordered only; what a page
# shows is read fresh from the rows, exactly.

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

PLATFORMS = ("polymarket", "kalshi")
STATUSES = ("open", "closed", "proposed", "disputed", "final")
RECORD = b"\x1e"  # stands between two texts, and in none of them
NARROW = 3_000  # so few rows are looked at one by one
WORDS_MAX = 8
WORDS_KEPT = 64

ALPHANUMERIC = np.array([bytes([each]).isalnum() for each in range(256)])

Rows = NDArray[np.int64]
Mask = NDArray[np.bool_]
Column = NDArray[np.float64]


@dataclass(frozen=True)
class Texts:
    """Texts in lower case, one after the other."""

    body: bytes
    count: int
    known: dict[bytes, Mask] = field(default_factory=dict)  # rows that hold a word

    @classmethod
    def of(cls, joined: str | None, count: int) -> "Texts":
        return cls((joined or "").casefold().encode(), count)

    @cached_property
    def starts(self) -> Rows:
        ends = np.flatnonzero(np.frombuffer(self.body, np.uint8) == RECORD[0]) + 1
        return np.concatenate([[0], ends, [len(self.body) + 1]]).astype(np.int64)

    def holding(self, word: bytes) -> Mask:
        """Which texts hold this word, or one that begins with it."""
        found = self.known.get(word)
        if found is None:
            found = np.zeros(self.count, bool)
            if self.count:
                at = self._places_of_one(word) if len(word) == 1 else np.fromiter(self._places(word), np.int64)
                found[np.searchsorted(self.starts, at, "right") - 1] = True
            while len(self.known) >= WORDS_KEPT:
                self.known.pop(next(islice(self.known, 1)), None)
            self.known[word] = found
        return found

    def _places_of_one(self, word: bytes) -> Rows:
        """A single letter stands in nearly every text, so all of them are looked at together."""
        body = np.frombuffer(self.body, np.uint8)
        at = np.flatnonzero(body == word[0])
        return at[~ALPHANUMERIC[body[at - 1]] | (at == 0)] if word.isalnum() else at

    def _places(self, word: bytes) -> Any:
        body, at, step = self.body, self.body.find(word), len(word)
        free = not word[:1].isalnum()
        while at >= 0:
            if free or at == 0 or not body[at - 1 : at].isalnum():
                yield at
            at = body.find(word, at + step)


@dataclass(frozen=True)
class Shelf:
    """The markets by rising number; what a venue does not say is NaN."""

    market_nos: NDArray[np.int64]
    platforms: NDArray[np.int64]  # places in PLATFORMS
    statuses: NDArray[np.int64]  # places in STATUSES
    figures: Mapping[
        str, Column
    ]  # by the name of the order: volume, volume_24h, liquidity, closes_at, price, quoted_at
    quoted: Mask  # with a bid and an ask
    events: NDArray[np.int64]  # places among the events; the last one stands for none
    texts: Texts
    event_texts: Texts
    categories: tuple[str, ...]  # of each event
    tags: tuple[str, ...]  # of each event, with spaces of their own kind between them

    @cached_property
    def categories_known(self) -> list[str]:
        return sorted({category for category in self.categories if category})

    @cached_property
    def tags_known(self) -> Mapping[str, Rows]:
        """The events of each tag."""
        found: dict[str, list[int]] = {}
        for place, joined in enumerate(self.tags):
            for tag in joined.split("\x1f") if joined else ():
                found.setdefault(tag.casefold(), []).append(place)
        return {tag: np.array(places) for tag, places in found.items()}

    @cached_property
    def tally(self) -> list[tuple[str, str, int, int, float | None]]:
        """Venue, status, markets, those with a bid and an ask, and the moment of the newest quote."""
        found = []
        for place, platform in enumerate(PLATFORMS):
            for number, status in enumerate(STATUSES):
                these = (self.platforms == place) & (self.statuses == number)
                if these.any():
                    moments = self.figures["quoted_at"][these]
                    newest = float(np.nanmax(moments)) if not np.isnan(moments).all() else None
                    found.append((platform, status, int(these.sum()), int((these & self.quoted).sum()), newest))
        return found

    def of_events(self, places: Any) -> Mask:
        """The markets of these events."""
        chosen = np.zeros(len(self.categories) + 1, bool)
        chosen[places] = True
        chosen[-1] = False
        found: Mask = chosen[self.events]
        return found


@dataclass(frozen=True, slots=True)
class Asked:
    """What a search asks for; nothing asks for nothing."""

    words: tuple[str, ...] = ()
    platform: str | None = None
    status: str | None = None
    category: str | None = None
    tag: str | None = None
    least: Mapping[str, float] = field(default_factory=dict)  # by figure
    most: Mapping[str, float] = field(default_factory=dict)
    only: Sequence[int] | None = None  # these numbers alone


@dataclass(frozen=True, slots=True)
class Order:
    figure: str
    descending: bool


ORDERS: Mapping[str, Order] = {
    "volume_24h": Order("volume_24h", True),
    "volume": Order("volume", True),
    "liquidity": Order("liquidity", True),
    "closes_at": Order("closes_at", False),
    "price": Order("price", True),
    "id": Order("id", False),
}


@dataclass(frozen=True, slots=True)
class Found:
    market_nos: list[int]
    total: int
    following: tuple[float, int] | None  # after which key the next page begins


def words_of(text: str) -> tuple[str, ...]:
    """Words, each of which has to be there; what stands in quotation marks is one."""
    parts = text.casefold().replace("“", '"').replace("”", '"').split('"')
    words = [each for at, part in enumerate(parts) for each in ([" ".join(part.split())] if at % 2 else part.split())]
    return tuple(dict.fromkeys(word for word in words if word))[:WORDS_MAX]


def matching(shelf: Shelf, asked: Asked) -> Mask:
    found = np.ones(len(shelf.market_nos), bool)
    if asked.platform is not None:
        found &= shelf.platforms == PLATFORMS.index(asked.platform)
    if asked.status is not None:
        found &= shelf.statuses == STATUSES.index(asked.status)
    if asked.category is not None:
        found &= shelf.of_events([place for place, name in enumerate(shelf.categories) if name == asked.category])
    if asked.tag is not None:
        found &= shelf.of_events(shelf.tags_known.get(asked.tag.casefold(), np.array([], np.int64)))
    for name, bound in asked.least.items():
        found &= shelf.figures[name] >= bound
    for name, bound in asked.most.items():
        found &= shelf.figures[name] <= bound
    if asked.only is not None:
        found &= np.isin(shelf.market_nos, np.array(asked.only, np.int64))
    for word in sorted(asked.words, key=len, reverse=True):  # long ones are rare, and leave little to look at
        found = _with_word(shelf, found, word.encode())
    return found


def page_of(shelf: Shelf, found: Mask, order: str, after: tuple[float, int] | None, limit: int) -> Found:
    """A page in this order; the unknown comes last, and the number makes the order total."""
    rows = np.flatnonzero(found)
    total = len(rows)
    keys = _keys(shelf, rows, ORDERS[order])
    if after is not None:
        beyond = (keys > after[0]) | ((keys == after[0]) & (shelf.market_nos[rows] > after[1]))
        rows, keys = rows[beyond], keys[beyond]
    more = len(rows) > limit
    if more:
        near = keys <= np.partition(keys, limit)[limit]
        rows, keys = rows[near], keys[near]
    by = np.lexsort((shelf.market_nos[rows], keys))[:limit]
    numbers = [int(number) for number in shelf.market_nos[rows[by]]]
    return Found(numbers, total, (float(keys[by[-1]]), numbers[-1]) if more else None)


def _with_word(shelf: Shelf, found: Mask, word: bytes) -> Mask:
    of_events = np.append(shelf.event_texts.holding(word), False)[shelf.events]
    rows = np.flatnonzero(found)
    if word in shelf.texts.known or len(rows) > NARROW:
        either: Mask = found & (shelf.texts.holding(word) | of_events)
        return either
    left = np.zeros(len(found), bool)
    left[[row for row in rows if of_events[row] or _holds(shelf.texts, int(row), word)]] = True
    return left


def _holds(texts: Texts, row: int, word: bytes) -> bool:
    record = texts.body[texts.starts[row] : texts.starts[row + 1] - 1]
    at, free = record.find(word), not word[:1].isalnum()
    while at >= 0:
        if free or at == 0 or not record[at - 1 : at].isalnum():
            return True
        at = record.find(word, at + 1)
    return False


def _keys(shelf: Shelf, rows: Rows, order: Order) -> Column:
    if order.figure == "id":
        return shelf.market_nos[rows].astype(np.float64)
    keys = shelf.figures[order.figure][rows]
    return np.nan_to_num(-keys if order.descending else keys, nan=np.inf)
