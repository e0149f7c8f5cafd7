"""Lengths, directions and angles of vectors on the last axis, without overflow on the way."""

import sys

import numpy as np

# Beyond this cosine, arccos loses digits and the angle is taken from the vectors themselves, for so
# many numbers at a time.
_STEEP, _BLOCK = 0.9, 2**20


# Squares in between have lost no digits to underflow, and are no overflow.
_SQUARES = {"f": (1e-24, 1e36), "d": (1e-250, 1e300)}


def norm(v):
    """Euclidean length, exact to rounding for every vector that floating point can hold."""
    with np.errstate(over="ignore", invalid="ignore"):
        return length(v)


def length(v):
    """The `norm`, for those who ignore an overflow on the way."""
    square = np.vecdot(v, v)
    least, most = _SQUARES.get(square.dtype.char, (np.inf, 0))
    few = square.ravel().tolist() if square.size < 100 else [square.min(), square.max()]
    if few and min(few) >= least and max(few) < most:
        return np.sqrt(square)
    largest = np.abs(v).max(axis=-1, keepdims=True, initial=0)
    # a power of two scales without rounding
    scale = np.ldexp(np.ones_like(largest), np.frexp(largest)[1] - 1)
    return scale[..., 0] * np.linalg.norm(v / scale, axis=-1)


def unit(v):
    """Vectors of length 1 with the directions of ``v``; 0 stays 0."""
    size = norm(v)[..., None]
    if not np.isfinite(size).all() or size.min(initial=1) < np.finfo(size.dtype).smallest_normal:
        largest = np.abs(v).max(axis=-1, keepdims=True, initial=0)
        v = np.divide(v, largest, out=np.zeros_like(v), where=largest > 0)
        size = norm(v)[..., None]
    return v / (size + (size == 0))


def angles(u, v):
    """Angles between unit vectors of shape (..., j, d) and (..., k, d); of shape (..., j, k).

    Exact to rounding, near 0 and π too. A zero vector has no angle: π/2 stands for it.
    """
    return cosines(u, v)[2]


def cosines(u, v):
    """Return cos φ, sin φ and φ for the `angles` φ between unit vectors."""
    cosine = u @ v.swapaxes(-1, -2)
    np.clip(cosine, -1, 1, out=cosine)
    sine, phi = np.sqrt(1 - cosine * cosine), np.arccos(cosine)
    steep = np.nonzero(np.abs(cosine) > _STEEP)
    if cosine.ndim > 2:
        u, v = (np.broadcast_to(each, (*cosine.shape[:-2], *each.shape[-2:])) for each in (u, v))
    block = max(1, _BLOCK // u.shape[-1])
    for start in range(0, len(steep[0]), block):
        *run, i, j = pairs = tuple(index[start : start + block] for index in steep)
        first, second = u[*run, i], v[*run, j]
        # ‖u + v‖ = 2 cos(φ/2) and ‖u − v‖ = 2 sin(φ/2)
        plus, minus = (np.linalg.norm(s, axis=-1) for s in (first + second, first - second))
        phi[pairs] = close = 2 * np.arctan2(minus, plus)
        cosine[pairs], sine[pairs] = np.cos(close), 0.5 * plus * minus
    return cosine, sine, phi


def reuse_memory(size):
    """Let steps with arrays of ``size`` bytes find the memory of the last one.

    The C library of Linux hands freed blocks of 128 kB and more back to the system at once, until
    it has seen a larger one come and go: d = 2, n = m = 200 takes 2.5 times as long.
    """
    if sys.platform == "linux" and size > 2**14:
        np.empty(min(31 * 2**20, int(4 * size)), np.uint8)
