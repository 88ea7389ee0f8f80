"""Events as they come and go: a slot and a generation make one event with its markets and their timeline."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from services.sandbox.domain.chance import Flags, Floats, Hashes, Ints, drawn, hashes
from services.sandbox.domain.world import EPOCH, LEGS_MAX, World

PAST_LISTED = 2  # finished generations that lists still show; any older one answers to its id
DISPUTED_SHARE = 0.03
OPENS_AHEAD = 0.08  # of a life: so long before its opening Kalshi lists the next event

# Salts of what is drawn for an event; those of a market begin at 40.
DISPUTE, DELAY, PLANT, PLANT_FROM, PLANT_LENGTH, PLANT_SIGN, PLANT_SIZE = range(1, 8)
MISS, LADDER_SHIFT, NOMINAL_END = range(8, 11)


@dataclass(frozen=True)
class Events:
    """Rows of events, each looked at at its own moment `now` (Unix seconds)."""

    world: World
    slot: Ints
    generation: Ints
    now: Floats

    @cached_property
    def hash(self) -> Hashes:
        """Twins share it, so that both venues see one path, one timeline and one outcome."""
        return hashes(self.world.seed, 101, self.world.path[self.slot], self.generation)

    @cached_property
    def kind(self) -> Ints:
        return self.world.kind[self.slot]

    @cached_property
    def life(self) -> Ints:
        return self.world.life[self.slot]

    @cached_property
    def start(self) -> Ints:
        result: Ints = EPOCH + self.world.phase[self.slot] + self.generation * self.life
        return result

    @cached_property
    def end(self) -> Ints:
        """The moment after which the outcome is known."""
        result: Ints = self.start + self.life
        return result

    @cached_property
    def elapsed(self) -> Floats:
        """How much of its life has passed, from 0 to 1."""
        return np.clip((self.now - self.start) / self.life, 0.0, 1.0)

    @cached_property
    def disputed(self) -> Flags:
        return drawn(self.hash, DISPUTE) < DISPUTED_SHARE

    def at(self, now: npt.ArrayLike) -> "Events":
        """The same events at another moment."""
        moments = np.broadcast_to(np.asarray(now, dtype=np.float64), self.slot.shape)
        return Events(self.world, self.slot, self.generation, moments)

    def take(self, rows: Ints) -> "Events":
        return Events(self.world, self.slot[rows], self.generation[rows], self.now[rows])


@dataclass(frozen=True)
class Markets:
    """Markets of some events: for each the row of its event and its place among the event's markets."""

    events: Events
    row: Ints
    index: Ints

    def __len__(self) -> int:
        return len(self.row)

    @cached_property
    def hash(self) -> Hashes:
        """Of the venue's own market: its book, its volume, its quirks."""
        events = self.events
        return hashes(events.world.seed, 103, events.slot[self.row], events.generation[self.row], self.index)

    def draw(self, salt: int) -> Floats:
        return drawn(self.hash, salt)

    def at(self, now: npt.ArrayLike) -> "Markets":
        return Markets(self.events.at(now), self.row, self.index)

    def take(self, places: npt.NDArray[np.generic]) -> "Markets":
        return Markets(self.events, self.row[places], self.index[places])

    def narrowed(self, places: npt.NDArray[np.generic]) -> "Markets":
        """These markets and only their events."""
        rows, back = np.unique(self.row[places], return_inverse=True)
        return Markets(self.events.take(rows), back, self.index[places])

    @cached_property
    def legs(self) -> Ints:
        return self.events.world.legs[self.events.slot][self.row]

    @cached_property
    def unnamed(self) -> Flags:
        """Placeholders of an augmented set: listed, never open."""
        result: Flags = self.index >= self.legs
        return result

    @cached_property
    def catch_all(self) -> Flags:
        """The "Other" of an augmented set."""
        result: Flags = self.events.world.augmented[self.events.slot][self.row] & (self.index == self.legs - 1)
        return result


def generations(world: World, slot: Ints, now: float) -> Ints:
    result: Ints = (np.int64(np.floor(now)) - EPOCH - world.phase[slot]) // world.life[slot]
    return result


def events_of(world: World, slot: npt.ArrayLike, generation: npt.ArrayLike, now: float) -> Events:
    slots, numbers = np.broadcast_arrays(np.atleast_1d(slot).astype(np.int64), np.asarray(generation, dtype=np.int64))
    return Events(world, slots, numbers, np.full(len(slots), float(now)))


def listed_events(world: World, venue: int, now: float, past: int = PAST_LISTED) -> Events:
    """What a venue lists: the running event of each slot and the last finished ones, oldest first."""
    slot = world.slots_of(venue)
    current = generations(world, slot, now)
    slots = np.tile(slot, past + 1)
    numbers = np.concatenate([current - back for back in range(past, -1, -1)])
    kept = numbers >= 0
    events = events_of(world, slots[kept], numbers[kept], now)
    return events.take(np.lexsort((events.slot, events.start)))


def coming_events(world: World, venue: int, now: float) -> Events:
    """The next event of each slot that is already announced."""
    slot = world.slots_of(venue)
    events = events_of(world, slot, generations(world, slot, now) + 1, now)
    return events.take(np.flatnonzero(events.start - now < OPENS_AHEAD * events.life))


def markets_of(events: Events) -> Markets:
    """All markets of these events, in order."""
    size = events.world.size[events.slot]
    row = np.repeat(np.arange(len(size)), size)
    first = np.repeat(np.cumsum(size) - size, size)
    return Markets(events, row, np.arange(len(row)) - first)


def leg_grid(events: Events) -> Hashes:
    """One hash per event and possible leg, shared by twins."""
    return hashes(events.hash[:, None], 107, np.arange(LEGS_MAX))
