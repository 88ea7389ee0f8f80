"""The world's fixed frame: series, and slots in which one event follows another for ever."""

from dataclasses import dataclass

import numpy as np

from services.sandbox.domain.catalogue import KINDS, TEMPLATES, Template
from services.sandbox.domain.chance import Flags, Floats, Ints, uniforms

EPOCH = 1_735_689_600  # 2025-01-01: generation 0 of each slot begins in its first life
POLYMARKET, KALSHI = 0, 1
SINGLE, EXCLUSIVE, LADDER, UPDOWN = range(4)
EVENT_SIZE_MEAN = 5
LEGS_MAX = 16
SLOTS_MAX = 2**15
MARKETS_MAX = 100_000

POLYMARKET_SHARE = 0.55
TWIN_SHARE = 0.10  # of the one-question slots: the same question stands on the other venue too
AUGMENTED_SHARE = 0.12  # of Polymarket's exclusive sets: an "Other" and two unnamed placeholders at the end
OPEN_SET_SHARE = 0.10  # of Kalshi's exclusive sets: possibly no market ends yes


@dataclass(frozen=True, slots=True)
class Series:
    number: int
    venue: int
    template: Template
    subject: str
    life: int  # seconds, of its events
    ticker: str

    @property
    def kind(self) -> int:
        return KINDS.index(self.template.kind)


@dataclass(frozen=True, slots=True)
class World:
    """One entry per slot in each array; `first` is the offset of a slot's markets in a list of all markets."""

    seed: int
    series: tuple[Series, ...]
    series_of: Ints
    venue: Ints
    kind: Ints
    size: Ints  # listed markets, placeholders included
    legs: Ints  # markets that can end yes
    life: Ints
    phase: Ints
    path: Ints  # slots with one path ask one question
    twin: Ints  # the slot on the other venue that asks the same, -1: none
    augmented: Flags
    open_set: Flags
    first: Ints

    @property
    def slots(self) -> int:
        return len(self.life)

    @property
    def markets(self) -> int:
        return int(self.size.sum())

    def slots_of(self, venue: int) -> Ints:
        return np.flatnonzero(self.venue == venue)


def build_world(seed: int, markets: int) -> World:
    count = max(4, markets // EVENT_SIZE_MEAN)
    series = _series(seed, max(12, min(60, count // 2), markets // 200))
    slot = np.arange(count)
    series_of, twin = _places(seed, series, slot)
    venue = np.array([item.venue for item in series])[series_of]
    kind = np.array([item.kind for item in series])[series_of]
    path = np.where((twin >= 0) & (twin < slot), twin, slot)
    named = np.array([bool(item.template.legs) for item in series])[series_of] & (kind == EXCLUSIVE)
    augmented = named & (venue == POLYMARKET) & (uniforms(seed, slot, 11) < AUGMENTED_SHARE)
    legs = np.minimum(_fitted(seed, kind, markets), _legs_possible(series)[series_of])
    size = legs + np.where(augmented, 2, 0)
    life = _lives(seed, series, series_of, path)
    return World(
        seed=seed,
        series=series,
        series_of=series_of,
        venue=venue,
        kind=kind,
        size=size,
        legs=legs,
        life=life,
        phase=(uniforms(seed, path, 13) * life).astype(np.int64),
        path=path,
        twin=twin,
        augmented=augmented,
        open_set=(kind == EXCLUSIVE) & (venue == KALSHI) & (uniforms(seed, slot, 12) < OPEN_SET_SHARE),
        first=np.concatenate(([0], np.cumsum(size)[:-1])),
    )


def _series(seed: int, count: int) -> tuple[Series, ...]:
    """Templates in turn; a subject is used up before it comes again with a number."""
    found = []
    for number in range(count):
        template = TEMPLATES[number % len(TEMPLATES)]
        turn = number // len(TEMPLATES)
        subject = template.subjects[turn % len(template.subjects)]
        again = turn // len(template.subjects)
        u, v = uniforms(seed, number, [1, 2])
        life = int(template.life_min * (template.life_max / template.life_min) ** u)
        venue = POLYMARKET if v < POLYMARKET_SHARE else KALSHI
        letters = "".join(word[:3] for word in subject.upper().replace("-", " ").split())[:6]
        ticker = f"KX{template.key}{letters}{again or ''}"
        name = f"{subject} {again + 1}" if again else subject
        found.append(Series(number, venue, template, name, life, ticker))
    return tuple(found)


def _places(seed: int, series: tuple[Series, ...], slot: Ints) -> tuple[Ints, Ints]:
    """The series of each slot, and which slots are twins: neighbours of one template on both venues."""
    by_venue = [[item.number for item in series if item.venue == venue] for venue in (POLYMARKET, KALSHI)]
    if not all(by_venue):
        by_venue = [[item.number for item in series]] * 2
    wanted = np.where(uniforms(seed, slot, 3) < POLYMARKET_SHARE, POLYMARKET, KALSHI)
    pick = uniforms(seed, slot, 4)
    series_of = np.array(
        [by_venue[venue][int(u * len(by_venue[venue]))] for venue, u in zip(wanted, pick, strict=True)], dtype=np.int64
    )
    twin = np.full(len(slot), -1, dtype=np.int64)
    partners: dict[str, list[int]] = {}
    for item in series:
        if item.venue == KALSHI and item.template.kind in ("single", "updown"):
            partners.setdefault(item.template.key, []).append(item.number)
    chance = uniforms(seed, slot, 5)
    for here in range(len(slot) - 1):
        own = series[series_of[here]]
        there = partners.get(own.template.key)
        if own.venue == POLYMARKET and there and twin[here] < 0 and chance[here] < TWIN_SHARE * 4:
            series_of[here + 1] = there[int(pick[here + 1] * len(there))]
            twin[here], twin[here + 1] = here + 1, here
    return series_of, twin


def _fitted(seed: int, kind: Ints, markets: int) -> Ints:
    """Legs of each event, with a mean that brings the whole world near the wanted number of markets."""
    slot = np.arange(len(kind))
    u = uniforms(seed, slot, 6)
    alone = (kind == SINGLE) | (kind == UPDOWN)
    several = np.count_nonzero(~alone)
    if not several:
        return np.ones(len(kind), dtype=np.int64)
    mean = (markets - np.count_nonzero(alone)) / several
    return np.where(alone, 1, np.clip(3 + (2 * u * (mean - 3)).round(), 3, LEGS_MAX)).astype(np.int64)


def _legs_possible(series: tuple[Series, ...]) -> Ints:
    """A set of named legs has as many as there are names."""
    bounded = [
        len(item.template.legs) if item.template.kind == "exclusive" and item.template.legs else LEGS_MAX
        for item in series
    ]
    return np.array(bounded, dtype=np.int64)


def _lives(seed: int, series: tuple[Series, ...], series_of: Ints, path: Ints) -> Ints:
    """Lives of a series differ a little; twins live exactly as long as each other."""
    own = np.array([item.life for item in series], dtype=np.float64)[series_of]
    life: Floats = own[np.arange(len(path))]
    stretch = 0.9 + 0.2 * uniforms(seed, path, 7)
    result: Ints = np.maximum(180, life[path] * stretch).astype(np.int64)
    return result
