"""Gram matrices, filled tile by tile, so that little memory is needed beyond the result."""

import numpy as np

from lazylib import _checks
from lazylib._vectors import cosines, norm, reuse_memory, unit

# Tiles (rows and columns) of elementwise work that fit the cache, and of matrix products; entries
# of a block of neurons.
_SMALL_TILE, _LARGE_TILE, _BLOCK = 192, 2048, 2**20


def _inputs(x, y, d=None):
    """Check two sets of inputs; without a second one, it is the first itself."""
    x = _checks.array("x", x, ndim=2, nonempty=True)
    if d is not None:
        _checks.last_axis("x", x, d, "the weights' input dimension d")
    if y is None:
        return x, x
    y = _checks.array("y", y, ndim=2, nonempty=True)
    _checks.last_axis("y", y, x.shape[-1], "inputs as wide as x")
    _checks.broadcastable(x=x.shape[:-2], y=y.shape[:-2])
    return x, y


def _gram(tile, lead, x, y, size, dtype, count):
    """Fill ``count`` matrices from ``tile(rows, cols)``, one half only if ``y`` is ``x``."""
    out = np.empty((count, *lead, x.shape[-2], y.shape[-2]), dtype)
    reuse_memory(8 * out.nbytes)  # of features and products
    for i in range(0, x.shape[-2], size):
        for j in range(i if y is x else 0, y.shape[-2], size):
            rows, cols = slice(i, i + size), slice(j, j + size)
            with np.errstate(all="ignore"):
                parts = tile(rows, cols)
            for matrix, values in zip(out, parts, strict=True):
                matrix[..., rows, cols] = _checks.in_range("the kernel", values)
                if y is x and i != j:
                    matrix[..., cols, rows] = values.swapaxes(-1, -2)
    return out


def _angular_gram(per_angle, x, y, factors=(1,), length=norm):
    """Gram matrices c‖x‖‖y‖κ(φ), for each κ of ``per_angle(cos φ, sin φ, φ)`` and its factor c."""
    u, v, by_x, by_y = unit(x), unit(y), length(x), length(y)

    def tile(rows, cols):
        parts = per_angle(*cosines(u[..., rows, :], v[..., cols, :]))
        norms = by_x[..., rows, None] * by_y[..., None, cols]  # first, so that it is symmetric
        for factor, part in zip(factors, parts, strict=True):
            part *= norms
            part *= factor
        return parts

    lead = np.broadcast_shapes(x.shape[:-2], y.shape[:-2])
    return _gram(tile, lead, x, y, _SMALL_TILE, np.result_type(x, y), len(factors))


def _neuron_gram(a, b, x, y, sigma, total):
    """Sums over the neurons of Eq. (3), m k⁽ᵃ⁾ and m k⁽ᵇ⁾, or their ``total``."""
    shapes = {"w": a.shape[:-2], "x": x.shape[:-2], "y": y.shape[:-2]}
    lead, m = _checks.broadcastable(**shapes), a.shape[-2]
    widest = min(_LARGE_TILE, max(x.shape[-2], y.shape[-2]))
    block = max(32, _BLOCK // (widest * max(1, int(np.prod(lead)))))

    def features(inputs, neurons):
        z = a[..., neurons, :] @ inputs.swapaxes(-1, -2)
        h, slope = sigma.both(z, out=z)
        return h, slope * b[..., neurons, None]

    def tile(rows, cols):
        x_tile, y_tile, k_a, k_b = x[..., rows, :], y[..., cols, :], 0, 0
        for start in range(0, m, block):
            neurons = slice(start, start + block)
            h_x, s_x = features(x_tile, neurons)
            h_y, s_y = (h_x, s_x) if y is x and rows == cols else features(y_tile, neurons)
            k_a += s_x.swapaxes(-1, -2) @ s_y
            k_b += h_x.swapaxes(-1, -2) @ h_y
        k_a *= x_tile @ y_tile.swapaxes(-1, -2)
        return [k_a + k_b] if total else [k_a, k_b]

    dtype = np.result_type(a, b, x, y)
    return _gram(tile, lead, x, y, _LARGE_TILE, dtype, count=1 if total else 2)
