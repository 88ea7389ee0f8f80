"""What lives as long as the process: the world, its ids, the boards of this moment, the pages and the faults."""

from collections.abc import Callable, Hashable
from threading import RLock
from time import time
from typing import TypeVar

from services.sandbox.domain.identity import Identity
from services.sandbox.domain.tally import Decrees
from services.sandbox.domain.world import World, build_world
from services.sandbox.faults import Faults
from services.sandbox.pages import Pages
from services.sandbox.settings import Settings

Thing = TypeVar("Thing")
KEYS_MAX = 12  # boards and selections that are kept; the oldest goes first


class Latest:
    """The newest value under each key, a few keys at a time."""

    def __init__(self) -> None:
        self._held: dict[Hashable, tuple[float, object]] = {}
        self._lock = RLock()

    def get(self, key: Hashable, moment: float, build: Callable[[], Thing]) -> Thing:
        with self._lock:
            found = self._held.get(key)
            if found is None or found[0] != moment:
                found = (moment, build())
                self._held.pop(key, None)
                self._held[key] = found
                while len(self._held) > KEYS_MAX:
                    self._held.pop(next(iter(self._held)))
            return found[1]  # type: ignore[return-value]  # what a key holds is what its callers build

    def clear(self) -> None:
        with self._lock:
            self._held.clear()


class Sandbox:
    """One world, and the clock by which it is read."""

    def __init__(self, settings: Settings, clock: Callable[[], float] = time) -> None:
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

    def _forget(self) -> None:
        self.pages.clear()
        self.boards.clear()


def _floored(now: float, quantum: int) -> float:
    return float(int(now) // quantum * quantum)
