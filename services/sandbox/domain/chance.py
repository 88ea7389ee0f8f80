"""Numbers that look random but are functions of their keys: hashes, uniforms, normals and the normal distribution."""

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Floats: TypeAlias = npt.NDArray[np.float64]
Ints: TypeAlias = npt.NDArray[np.int64]
Hashes: TypeAlias = npt.NDArray[np.uint64]
Flags: TypeAlias = npt.NDArray[np.bool_]

WORD = 2**64
GOLDEN = 0x9E3779B97F4A7C15

_GOLDEN = np.uint64(GOLDEN)
_FIRST = np.uint64(0xBF58476D1CE4E5B9)
_SECOND = np.uint64(0x94D049BB133111EB)
_S30, _S27, _S31, _S11 = np.uint64(30), np.uint64(27), np.uint64(31), np.uint64(11)
_UNIT = 2.0**-53


def _stirred(state: Hashes) -> Hashes:
    """The finaliser of splitmix64: each input bit reaches each output bit."""
    state = (state ^ (state >> _S30)) * _FIRST
    state = (state ^ (state >> _S27)) * _SECOND
    mixed: Hashes = state ^ (state >> _S31)
    return mixed


def hashes(*keys: npt.ArrayLike) -> Hashes:
    """One 64-bit hash for each tuple of keys; the keys broadcast against each other."""
    state: Hashes = np.zeros(1, dtype=np.uint64)
    for key in keys:
        part = np.atleast_1d(np.asarray(key)).astype(np.uint64)
        state = _stirred(state + _GOLDEN + part * _SECOND)
    return state


def uniforms(*keys: npt.ArrayLike) -> Floats:
    """Uniform in [0, 1)."""
    return unit(hashes(*keys))


def unit(state: Hashes) -> Floats:
    result: Floats = (state >> _S11).astype(np.float64) * _UNIT
    return result


def normals(*keys: npt.ArrayLike) -> Floats:
    """Standard normals by Box and Muller, from two words of one hash."""
    state = hashes(*keys)
    radius = np.sqrt(-2.0 * np.log1p(-unit(state)))
    result: Floats = radius * np.cos((2.0 * np.pi) * unit(_stirred(state + _GOLDEN)))
    return result


def derived(base: Hashes, salt: int) -> Hashes:
    """A further hash of things that already have one."""
    return _stirred(base + np.uint64((GOLDEN * (2 * salt + 1)) % WORD))


def drawn(base: Hashes, salt: int) -> Floats:
    """Uniform in [0, 1), for things that already have a hash."""
    return unit(derived(base, salt))


def scalar_hash(*keys: int) -> int:
    """The same hash for plain integers, without the cost of an array."""
    state = 0
    for key in keys:
        state = (state + GOLDEN + key * 0x94D049BB133111EB) % WORD
        state = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) % WORD
        state = ((state ^ (state >> 27)) * 0x94D049BB133111EB) % WORD
        state ^= state >> 31
    return state


def cumulative(x: npt.ArrayLike) -> Floats:
    """The standard normal distribution function; the error stays below 1e-7 (Abramowitz and Stegun 26.2.17)."""
    z = np.asarray(x, dtype=np.float64)
    size = np.abs(z)
    k = 1.0 / (1.0 + 0.2316419 * size)
    series = k * (0.319381530 + k * (-0.356563782 + k * (1.781477937 + k * (-1.821255978 + k * 1.330274429))))
    tail = np.exp(-0.5 * np.minimum(size, 38.0) ** 2) * 0.3989422804014327 * series
    result: Floats = np.where(z >= 0, 1.0 - tail, tail)
    return result


_A = (
    -39.69683028665376,
    220.9460984245205,
    -275.9285104469687,
    138.3577518672690,
    -30.66479806614716,
    2.506628277459239,
)
_B = (-54.47609879822406, 161.5858368580409, -155.6989798598866, 66.80131188771972, -13.28068155288572, 1.0)
_C = (
    -0.007784894002430293,
    -0.3223964580411365,
    -2.400758277161838,
    -2.549732539343734,
    4.374664141464968,
    2.938163982698783,
)
_D = (0.007784695709041462, 0.3224671290700398, 2.445134137142996, 3.754408661907416, 1.0)


def quantile(p: npt.ArrayLike) -> Floats:
    """The inverse of the standard normal distribution function (Acklam's rational approximation, 1e-9)."""
    p = np.clip(np.asarray(p, dtype=np.float64), 1e-12, 1 - 1e-12)
    low = np.minimum(p, 1 - p)
    root = np.sqrt(-2.0 * np.log(low))
    tail = np.polyval(_C, root) / np.polyval(_D, root)
    centre = p - 0.5
    square = centre * centre
    middle = centre * np.polyval(_A, square) / np.polyval(_B, square)
    result: Floats = np.where(low < 0.02425, np.where(p < 0.5, tail, -tail), middle)
    return result


_STEPS = (0xD6E8FEB86659FD93, 0xA0761D6478BD642F, 0xE7037ED1A0B428DB, 0x8EBC6AF09C88C6E3, 0x589965CC75374CC3)


def words(draw: int, first: int, count: int) -> str:
    """Hexadecimal digits that follow from a hash: sixteen for each of `count` words. For ids in texts."""
    return "".join([f"{(draw + first) * step % WORD:016x}" for step in _STEPS[:count]])
