"""Gram matrices, filled tile by tile, so that little memory is needed beyond the result."""

import numpy as np

from lazylib import _checks

# Tiles (rows and columns) of elementwise work that fit the cache, and of matrix products; entries
# of a block of neurons.
_SMALL_TILE, _LARGE_TILE, _BLOCK = 128, 2048, 2**20


def _inputs(x, y):
    """Check two sets of inputs; say whether they are one and the same."""
    x = _checks.array("x", x, ndim=2)
    if y is None:
        return x, x, True
    y = _checks.array("y", y, ndim=2)
    _checks.last_axis("y", y, x.shape[-1], "inputs as wide as x")
    return x, y, False


def _gram(tile, lead, sizes, same, size, dtype, count):
    """Fill ``count`` matrices from ``tile(rows, cols)``, one half only if they are symmetric."""
    out = np.empty((count, *lead, *sizes), dtype)
    for i in range(0, sizes[0], size):
        for j in range(i if same else 0, sizes[1], size):
            rows, cols = slice(i, i + size), slice(j, j + size)
            for matrix, values in zip(out, tile(rows, cols), strict=True):
                matrix[..., rows, cols] = values
                if same and i != j:
                    matrix[..., cols, rows] = values.swapaxes(-1, -2)
    return out
