"""What is planted into the quotes and known: trends, overshoots, mispriced sets and crossed venue pairs."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from services.sandbox.domain.chance import Flags, Floats, Ints, drawn
from services.sandbox.domain.occurrences import PLANT, PLANT_FROM, PLANT_LENGTH, PLANT_SIGN, PLANT_SIZE, Events
from services.sandbox.domain.paths import path_values
from services.sandbox.domain.world import EXCLUSIVE, KALSHI

NONE, TREND, OVERSHOOT, MISPRICED_SET, CROSSED = range(5)
NAMES = ("none", "trend", "overshoot", "mispriced_set", "crossed_pair")

TREND_SHARE = 0.14
OVERSHOOT_SHARE = 0.14
SET_SHARE = 0.25  # of the exclusive sets of at most SET_LEGS_MAX legs
PAIR_SHARE = 0.6  # of the events that stand on both venues
SET_LEGS_MAX = 6
TREND_LAG = 0.2  # of a life: over so much of the past the quote of a trend is averaged
TREND_POINTS = 8
DRIFT_LIFE_MIN = 1200  # seconds: shorter events have no room for a drift


@dataclass(frozen=True)
class Plantings:
    """At most one planting per event, from `opens` to `closes` of its life."""

    events: Events

    @cached_property
    def kind(self) -> Ints:
        events, world = self.events, self.events.world
        u = drawn(events.hash, PLANT)
        paired = world.twin[events.slot] >= 0
        fits = (events.kind == EXCLUSIVE) & (world.legs[events.slot] <= SET_LEGS_MAX)
        fits &= ~world.augmented[events.slot] & ~world.open_set[events.slot]
        slow = events.life >= DRIFT_LIFE_MIN
        kind = np.where(slow & (u < TREND_SHARE), TREND, NONE)
        kind = np.where(slow & (u >= TREND_SHARE) & (u < TREND_SHARE + OVERSHOOT_SHARE), OVERSHOOT, kind)
        kind = np.where(fits & (u > 1 - SET_SHARE), MISPRICED_SET, kind)
        result: Ints = np.where(paired, np.where(u < PAIR_SHARE, CROSSED, NONE), kind)
        return result

    @cached_property
    def opens(self) -> Floats:
        result: Floats = 0.1 + 0.4 * drawn(self.events.hash, PLANT_FROM)
        return result

    @cached_property
    def closes(self) -> Floats:
        result: Floats = self.opens + 0.15 + 0.2 * drawn(self.events.hash, PLANT_LENGTH)
        return result

    @cached_property
    def running(self) -> Flags:
        at = self.events.elapsed
        result: Flags = (self.kind != NONE) & (at >= self.opens) & (at < self.closes)
        return result

    @cached_property
    def weight(self) -> Floats:
        """1 when the planting begins, 0 when it has faded; sets stay mispriced to the end of their window."""
        fade = 1.0 - (self.events.elapsed - self.opens) / (self.closes - self.opens)
        return np.where(self.running, np.where(self.kind == MISPRICED_SET, 1.0, fade), 0.0)

    @cached_property
    def size(self) -> Floats:
        """In standard deviations of the path for overshoots and pairs, in dollars for sets."""
        u = drawn(self.events.hash, PLANT_SIZE)
        return np.where(
            self.kind == MISPRICED_SET, 0.03 + 0.03 * u, np.where(self.kind == CROSSED, 0.15, 0.25) + 0.2 * u
        )

    @cached_property
    def set_discount(self) -> Floats:
        """The share by which each leg of a mispriced set is too cheap: spreads and fees of all, and `size` more."""
        legs = self.events.world.legs[self.events.slot]
        result: Floats = np.where(self.kind == MISPRICED_SET, 0.07 + 0.015 * legs + self.size, 0.0) * self.weight
        return result


def quoted_paths(plantings: Plantings) -> tuple[Floats, Floats]:
    """The path as it is, and as the quotes follow it. An edge at path level keeps sets at 1 and ladders in order."""
    events = plantings.events
    world = events.world
    path = world.path[events.slot]
    true = path_values(world.seed, path, events.generation, events.elapsed)
    sign = np.where(drawn(events.hash, PLANT_SIGN) < 0.5, -1.0, 1.0)
    opposed = sign * np.where(world.venue[events.slot] == KALSHI, 1.0, -1.0)
    shift = np.where(plantings.kind == OVERSHOOT, sign, np.where(plantings.kind == CROSSED, opposed, 0.0))
    remaining = np.sqrt(1.0 - events.elapsed)
    quoted = true + shift * plantings.size * plantings.weight * remaining
    trending = np.flatnonzero(plantings.running & (plantings.kind == TREND))
    if len(trending):
        quoted[trending] = _lagging(plantings, trending)
    return true, quoted


def _lagging(plantings: Plantings, rows: Ints) -> Floats:
    """The mean of the recent path: moves are quoted bit by bit. The lag grows from 0 and is worked off at the end."""
    events = plantings.events.take(rows)
    at, opens, closes = events.elapsed, plantings.opens[rows], plantings.closes[rows]
    lag = np.minimum(np.minimum(at - opens, 2.0 * (closes - at)), TREND_LAG)
    steps = np.arange(TREND_POINTS) / (TREND_POINTS - 1)
    moments = at[:, None] - np.maximum(lag, 0.0)[:, None] * steps
    path = np.repeat(events.world.path[events.slot], TREND_POINTS)
    values = path_values(events.world.seed, path, np.repeat(events.generation, TREND_POINTS), moments.ravel())
    result: Floats = values.reshape(-1, TREND_POINTS).mean(axis=1)
    return result
