"""Bytes of answers, kept until their moment has passed or the room is full."""

from collections import OrderedDict
from collections.abc import Callable
from threading import Lock

BYTES_MAX = 320_000_000  # what one sync of a world of 80,000 markets reads


class Pages:
    """Least recently used first out; a page is valid for one tick of its listing's clock."""

    def __init__(self, bytes_max: int = BYTES_MAX) -> None:
        self._bytes_max = bytes_max
        self._held: OrderedDict[str, tuple[float, bytes]] = OrderedDict()
        self._bytes = 0
        self._lock = Lock()

    def get(self, key: str, moment: float, build: Callable[[], bytes]) -> bytes:
        with self._lock:
            found = self._held.get(key)
            if found is not None and found[0] == moment:
                self._held.move_to_end(key)
                return found[1]
        body = build()
        with self._lock:
            self._drop(key)
            if len(body) <= self._bytes_max:
                self._held[key] = (moment, body)
                self._bytes += len(body)
            while self._bytes > self._bytes_max:
                self._drop(next(iter(self._held)))
        return body

    def holds(self, key: str, moment: float) -> bool:
        found = self._held.get(key)
        return found is not None and found[0] == moment

    def _drop(self, key: str) -> None:
        found = self._held.pop(key, None)
        if found is not None:
            self._bytes -= len(found[1])

    def clear(self) -> None:
        with self._lock:
            self._held.clear()
            self._bytes = 0

    @property
    def bytes_held(self) -> int:
        return self._bytes
