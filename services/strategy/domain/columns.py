"""Open markets as columns: one numpy array a fact, one row a market, sorted by the market's number."""

from dataclasses import dataclass, fields
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Array: TypeAlias = npt.NDArray[Any]
Floats: TypeAlias = npt.NDArray[np.float64]
Singles: TypeAlias = npt.NDArray[np.float32]
Ints: TypeAlias = npt.NDArray[np.int64]
Flags: TypeAlias = npt.NDArray[np.bool_]

POLYMARKET, KALSHI = 0, 1
PLATFORMS = ("polymarket", "kalshi")
NO, YES, UNSAID = 0, 1, -1  # of facts that a venue may leave out

# The type of each column as it comes from the database; hashes stand for texts.
KINDS: dict[str, str] = {
    "market_no": "i4",
    "platform": "i2",
    "event": "i8",
    "category": "i8",
    "grid": "i8",
    "place": "i4",  # among the legs of its event, -1: not said
    "exclusive": "i2",
    "exhaustive": "i2",
    "accepting": "i2",
    "placeholder": "i2",
    "order_delay": "i4",  # seconds
    "yes_bid": "f8",
    "yes_ask": "f8",
    "yes_bid_size": "f8",
    "yes_ask_size": "f8",
    "last_price": "f8",
    "volume": "f8",
    "volume_24h": "f8",
    "liquidity": "f8",
    "open_interest": "f8",
    "min_size": "f8",
    "tick": "f8",
    "fee_rate": "f8",  # Polymarket's rate, Kalshi's multiplier
    "fee_exponent": "f8",
    "fee_waived_until": "f8",
    "opened_at": "f8",
    "closes_at": "f8",
    "resolves_at": "f8",
    "quoted_at": "f8",
    "created_at": "f8",
}


@dataclass(frozen=True, slots=True)
class Columns:
    """Unknown figures are nan; moments are Unix seconds."""

    market_no: npt.NDArray[np.int32]
    platform: npt.NDArray[np.int16]
    event: Ints  # 0: of no event
    category: Ints  # 0: none
    grid: Ints
    place: npt.NDArray[np.int32]
    exclusive: npt.NDArray[np.int16]
    exhaustive: npt.NDArray[np.int16]
    accepting: npt.NDArray[np.int16]
    placeholder: npt.NDArray[np.int16]
    order_delay: npt.NDArray[np.int32]
    yes_bid: Floats
    yes_ask: Floats
    yes_bid_size: Floats
    yes_ask_size: Floats
    last_price: Floats
    volume: Floats
    volume_24h: Floats
    liquidity: Floats
    open_interest: Floats
    min_size: Floats
    tick: Floats
    fee_rate: Floats
    fee_exponent: Floats
    fee_waived_until: Floats
    opened_at: Floats
    closes_at: Floats
    resolves_at: Floats
    quoted_at: Floats
    created_at: Floats

    def __len__(self) -> int:
        return len(self.market_no)

    def take(self, rows: Array) -> "Columns":
        return Columns(**{field.name: getattr(self, field.name)[rows] for field in fields(self)})


def columns_of(**given: Any) -> Columns:
    """Columns from sequences by name, sorted by number; facts that are left out are unknown."""
    count = len(given["market_no"])
    order = np.argsort(np.asarray(given["market_no"]), kind="stable")
    found = {}
    for name, kind in KINDS.items():
        unknown = np.nan if kind == "f8" else UNSAID if name in ("place", "exclusive", "exhaustive", "accepting") else 0
        column = np.asarray(given.get(name, np.full(count, unknown)), dtype=kind)
        found[name] = np.ascontiguousarray(column[order])
    return Columns(**found)


def merged(old: Columns, changed: Columns, still_open: Array) -> tuple[Columns, Ints]:
    """The old rows with the changed ones in their places and new ones added, without those that are not open any
    more; and for each row of the result its row in `old`, -1 where it is new."""
    fresh = changed.take(np.flatnonzero(np.isin(changed.market_no, still_open)))
    kept = np.flatnonzero(np.isin(old.market_no, still_open) & ~np.isin(old.market_no, fresh.market_no))
    numbers = np.concatenate([old.market_no[kept], fresh.market_no])
    order = np.argsort(numbers, kind="stable")
    parts = {
        field.name: np.concatenate([getattr(old, field.name)[kept], getattr(fresh, field.name)])[order]
        for field in fields(old)
    }
    found = Columns(**parts)
    return found, rows_of(old.market_no, found.market_no)


def rows_of(sorted_numbers: Array, wanted: Array) -> Ints:
    """The place of each wanted number, -1 where it is not there."""
    if not len(sorted_numbers):
        return np.full(len(wanted), -1, dtype=np.int64)
    places = np.minimum(np.searchsorted(sorted_numbers, wanted), len(sorted_numbers) - 1)
    return np.where(sorted_numbers[places] == wanted, places, -1)
