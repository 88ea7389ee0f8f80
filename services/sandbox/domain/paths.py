"""Brownian paths that can be read at any moment without a past: sums of tents with hashed heights."""

import numpy as np

from services.sandbox.domain.chance import Floats, Ints, normals

LEVELS = 20  # the grid of a path has 2**20 steps: five seconds in a life of sixty days
GRID = 2**LEVELS

_SCALES = np.exp2(np.arange(LEVELS, dtype=np.float64))
_HEIGHTS = 0.5 / np.sqrt(_SCALES)
_LEVELS = np.arange(1, LEVELS + 1)


def path_values(seed: int, path: Ints, generation: Ints, at: Floats) -> Floats:
    """W(at) for `at` in [0, 1]; W(0) = 0, W(1) is standard normal.

    The construction is Lévy's and Ciesielski's: each level adds tents half as wide. Time is floored to the grid, where
    the sum is exactly Brownian; between grid points a linear piece would tell in which direction the path goes next.
    """
    at = np.floor(np.clip(at, 0.0, 1.0) * GRID) / GRID
    end = normals(seed, path, generation, 0, 0)
    scaled = at[:, None] * _SCALES
    cell = np.floor(scaled)
    tent = 1.0 - np.abs(2.0 * (scaled - cell) - 1.0)
    height = normals(seed, path[:, None], generation[:, None], _LEVELS, cell.astype(np.int64))
    result: Floats = at * end + (height * tent) @ _HEIGHTS
    return result
