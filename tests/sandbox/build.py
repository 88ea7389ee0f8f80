"""Many looks at a world: random events of many generations, each at a random moment of its life."""

from dataclasses import dataclass

import numpy as np

from services.sandbox.domain.chance import Flags, Floats, Ints, uniforms
from services.sandbox.domain.occurrences import Events, Markets
from services.sandbox.domain.quotes import Quotes
from services.sandbox.domain.world import World, build_world

WORLD = build_world(seed=7, markets=3000)
GENERATIONS = 30


@dataclass(frozen=True)
class Looks:
    """One market of each of many events, so that no two looks share a path."""

    world: World
    slot: Ints
    generation: Ints
    index: Ints

    def at(self, elapsed: Floats) -> Quotes:
        """Quotes when this share of each event's life has passed."""
        rows = np.arange(len(self.slot))
        return Quotes(Markets(self.events_at(elapsed), rows, self.index))

    def events_at(self, elapsed: Floats) -> Events:
        life = self.world.life[self.slot]
        start = Events(self.world, self.slot, self.generation, np.zeros(len(self.slot))).start
        return Events(self.world, self.slot, self.generation, np.floor(start + elapsed * life))


def looks(world: World = WORLD, generations: int = GENERATIONS) -> Looks:
    own = np.flatnonzero(world.path == np.arange(world.slots))  # of twins only one: they share a path
    slot = np.repeat(own, generations)
    generation = np.tile(np.arange(generations), len(own))
    index = (uniforms(1, slot, generation) * world.legs[slot]).astype(np.int64)
    return Looks(world, slot, generation, index)


def moments(seen: Looks, low: float, high: float) -> Floats:
    result: Floats = low + (high - low) * uniforms(2, seen.slot, seen.generation)
    return result


def two_sided(quotes: Quotes) -> Flags:
    result: Flags = (quotes.bid > 0) & (quotes.ask > 0)
    return result
