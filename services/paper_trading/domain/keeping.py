"""What was made once and holds until its stamp changes, so that what is dear is not made for every reader."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

Made = TypeVar("Made")

KEPT_MAX = 4_000


class Kept:
    """The last thing made under each key. Two that make the same at once both may: the later one stays."""

    def __init__(self, most: int = KEPT_MAX) -> None:
        self.most = most
        self._made: OrderedDict[Hashable, tuple[Hashable, Any]] = OrderedDict()

    def get(self, key: Hashable, stamp: Hashable, make: Callable[[], Made]) -> Made:
        found = self._made.get(key)
        if found is not None and found[0] == stamp:
            kept: Made = found[1]
            return kept
        made = make()
        self._made[key] = (stamp, made)
        while len(self._made) > self.most:
            self._made.popitem(last=False)
        return made

    def holds(self, key: Hashable, stamp: Hashable) -> bool:
        found = self._made.get(key)
        return found is not None and found[0] == stamp
