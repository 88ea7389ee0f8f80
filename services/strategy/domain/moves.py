"""How prices moved: over a look-back against their own volatility before and in it, and the largest step in it."""

from bisect import bisect_right
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from services.strategy.domain.columns import Flags, Singles
from services.strategy.domain.history import GAP_MINUTES_MAX, LOGITS, SCALE, Prices, Span, scaled
from services.strategy.domain.pool import Pool
from services.strategy.domain.rhythm import BY_MINUTE_MAX, COLLECTIONS_MIN

BASE_LOOKBACKS = 3  # so much longer than the look-back is the time before it, with which it is compared
JUMP_STEPS = 30  # of which a jump is the largest
JUMP_STEPS_MIN = JUMP_STEPS // 3  # that must be known


@dataclass(frozen=True, slots=True)
class Moves:
    """Over one look-back, of the log-odds; nan where there is no past."""

    move: Singles  # of the log-odds
    points: Singles  # of the price
    z: Singles  # the move in units of the volatility in the look-back: how straight it went
    roughness: Singles  # mean square step in the look-back against that of the time before


@dataclass(frozen=True, slots=True)
class Jumps:
    """The largest step of the price in a look-back; nan where there is no past."""

    step: Singles
    z: Singles  # against the other steps around it
    lead: Singles  # how much larger than the second largest it is
    before: Singles  # the price from which it came
    away: Singles  # how far the price still is from there, in the direction of the step
    since: npt.NDArray[np.int16]  # minutes since it happened


def moves_over(pool: Pool, minutes: int) -> Moves:
    return pool.once(("moves", minutes), lambda: _moves(pool, minutes))


def jumps_over(pool: Pool, minutes: int) -> Jumps:
    return pool.once(("jumps", minutes), lambda: _jumps(pool, minutes))


@dataclass(frozen=True, slots=True)
class _Past:
    """Prices as each collection of all markets left them: between two of them most prices are not known to stand."""

    rows: list[Prices]  # oldest first, the present one last
    ago: list[int]  # minutes since then
    start: int  # the row that stood when the look-back began; what stands before it is the base

    @property
    def steps(self) -> int:
        return len(self.rows) - 1 - self.start

    def based_on(self, count: int) -> "_Past":
        """With so many rows at most before the look-back."""
        first = max(self.start - max(count, 0), 0)
        return _Past(self.rows[first:], self.ago[first:], self.start - first)


def _past(pool: Pool, minutes: int) -> _Past | None:
    """None where the past is not known well enough for anybody."""
    if pool.minutes is None and pool.hours is None:
        raise ValueError("the past is not loaded for this rule: say Rule(…, history=True)")
    span, each = (pool.minutes, 1) if minutes <= BY_MINUTE_MAX else (pool.hours, 60)
    periods = -(-minutes // each)
    if span is None or periods >= len(span.closes):
        return None
    present = int(pool.now // (60 * each)) - span.first
    start = present - periods
    if not _told(span, start, present, GAP_MINUTES_MAX // each + 1):
        return None
    told = np.flatnonzero(span.heard).tolist()
    begin = bisect_right(told, start) - 1
    if begin < 0:
        told, begin = [start, *told], 0
    return _Past(
        [*[span.closes[row] for row in told], scaled(pool.mid)], [*[(present - row) * each for row in told], 0], begin
    )


def _told(span: Span, start: int, present: int, gap_max: int) -> bool:
    """Whether the collection went on without long gaps from that row to the present."""
    if start < 0 or start >= len(span.heard):
        return False
    heard = np.flatnonzero(span.heard[start:]) + start
    if len(heard) < COLLECTIONS_MIN:
        return False
    return int(np.diff(np.concatenate(([start - 1], heard, [present]))).max()) <= gap_max


def _moves(pool: Pool, minutes: int) -> Moves:
    past = _past(pool, minutes)
    count = len(pool)
    if past is None:
        unknown = np.full(count, np.nan, dtype=np.float32)
        return Moves(unknown, unknown, unknown, unknown)
    steps = past.steps
    past = past.based_on(BASE_LOOKBACKS * steps)
    before, _ = _squares(past.rows[: past.start + 1], count)
    known = _known_steps(past.rows[: past.start + 1], count)
    squares, move = _squares(past.rows[past.start :], count)
    first, last = past.rows[past.start].astype(np.float32), past.rows[-1].astype(np.float32)
    z = np.divide(move, np.sqrt(squares), out=np.zeros(count, np.float32), where=squares > 0)
    z[np.isnan(move)] = np.nan
    usual = np.divide(before, known, out=np.full(count, np.nan, np.float32), where=known >= steps)
    roughness = np.divide(squares / steps, usual, out=np.full(count, np.nan, np.float32), where=usual > 0)
    return Moves(move, (last - first) / np.float32(SCALE), z, roughness)


def _squares(rows: list[Prices], count: int) -> tuple[Singles, Singles]:
    """The sum of the squared steps of the log-odds, where there are steps, and the way from the first to the last."""
    squares, previous = np.zeros(count, np.float32), LOGITS[rows[0]]
    start = previous
    for row in rows[1:]:
        here = LOGITS[row]
        step = np.nan_to_num(here - previous, copy=False, nan=0.0)
        squares += step * step
        previous = here
    return squares, previous - start


def _known_steps(rows: list[Prices], count: int) -> Singles:
    known = np.zeros(count, np.float32)
    for row in rows[:-1]:
        known += row > 0
    return known


def _jumps(pool: Pool, minutes: int) -> Jumps:
    count = len(pool)
    past = _past(pool, minutes)
    since = np.zeros(count, np.int16)
    if past is None:
        unknown = np.full(count, np.nan, dtype=np.float32)
        return Jumps(unknown, unknown, unknown, unknown, unknown, since)
    past = past.based_on(JUMP_STEPS - past.steps)
    largest, before, second = (np.zeros(count, np.float32) for _ in range(3))
    squares, known = np.zeros(count, np.float32), np.zeros(count, np.float32)
    previous = past.rows[0].astype(np.float32)
    for place, row in enumerate(past.rows[1:], 1):
        here = row.astype(np.float32)
        there: Flags = (here > 0) & (previous > 0)
        step = np.where(there, here - previous, np.float32(0))
        size, most = np.abs(step), np.abs(largest)
        squares += step * step
        known += there
        larger = (size > most) & (place > past.start)
        np.maximum(second, np.where(larger, most, size), out=second)
        np.copyto(largest, step, where=larger)
        np.copyto(before, previous, where=larger)
        np.copyto(since, np.int16(past.ago[place]), where=larger)
        previous = here
    others = np.sqrt(np.maximum(squares - largest * largest, 0) / np.maximum(known - 1, 1))
    one_tick = np.nan_to_num(pool.columns.tick * SCALE, nan=SCALE / 100).astype(np.float32)
    z = np.where(known >= JUMP_STEPS_MIN, largest / np.maximum(others, one_tick), np.nan).astype(np.float32)
    lead = (np.abs(largest) / np.maximum(second, one_tick)).astype(np.float32)
    away = ((previous - before) * np.sign(largest) / np.float32(SCALE)).astype(np.float32)
    return Jumps(largest / np.float32(SCALE), z, lead, before / np.float32(SCALE), away, since)
