"""What lives as long as the process: the world, its ids, the boards of this moment, the pages and the faults."""

from collections.abc import Callable
from threading import RLock
from typing import TypeVar

from services.sandbox.domain.identity import Identity
from services.sandbox.domain.tally import Decrees
from services.sandbox.domain.world import World, build_world
from services.sandbox.faults import Faults
from services.sandbox.pages import Page, Pages
from services.sandbox.settings import Settings

Thing = TypeVar("Thing")
Key = tuple[str, ...]  # whose it is, and what
KEYS_MAX = 16  # boards and selections that are kept; the oldest goes first


class Latest:
    """The newest value under each key, a few keys at a time."""

    def __init__(self) -> None:
        self._held: dict[Key, tuple[float, object]] = {}
        self._lock = RLock()

    def get(self, key: Key, moment: float, build: Callable[[], Thing]) -> Thing:
        with self._lock:
            found = self._held.get(key)
            if found is None or found[0] != moment:
                self._drop_past(key[0], moment)
                found = (moment, build())
                self._held[key] = found
            return found[1]  # type: ignore[return-value]  # what a key holds is what its callers build

    def _drop_past(self, family: str, moment: float) -> None:
        """A selection holds its board: one of an earlier moment would keep a whole survey of the world alive."""
        kept = {key: value for key, value in self._held.items() if key[0] != family or value[0] == moment}
        while len(kept) >= KEYS_MAX:
            kept.pop(next(iter(kept)))
        self._held = kept

    def clear(self) -> None:
        with self._lock:
            self._held.clear()


class Sandbox:
    """One world, and the clock by which it is read."""

    def __init__(self, settings: Settings, clock: Callable[[], float]) -> None:
        self.settings = settings
        self.clock = clock
        self.world: World = build_world(settings.sandbox_seed, settings.sandbox_markets)
        self.identity = Identity(self.world)
        self.faults = Faults(on_change=self._forget)
        self.pages = Pages()
        self.boards = Latest()

    @property
    def decrees(self) -> Decrees:
        return self.faults.decrees(self.clock())

    def quote_moment(self) -> float:
        """The moment of the books and of Kalshi's lists."""
        return _floored(self.clock(), self.settings.sandbox_quote_seconds)

    def list_moment(self) -> float:
        """The moment of Gamma's lists."""
        return _floored(self.clock(), self.settings.sandbox_list_seconds)

    def list_page(self, key: str, moment: float, build: Callable[[], Page]) -> Page:
        return self.pages.get(key, moment, self.settings.sandbox_list_seconds, build)

    def quote_page(self, key: str, moment: float, build: Callable[[], Page]) -> Page:
        return self.pages.get(key, moment, self.settings.sandbox_quote_seconds, build)

    def _forget(self) -> None:
        self.pages.clear()
        self.boards.clear()


def _floored(now: float, quantum: int) -> float:
    return float(int(now) // quantum * quantum)
