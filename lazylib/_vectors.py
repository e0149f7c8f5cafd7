"""Lengths, directions and angles of vectors on the last axis, without overflow on the way."""

import numpy as np

# Beyond this cosine, arccos loses digits and the angle is taken from the vectors themselves.
_STEEP = 0.9


def norm(v, axis=-1):
    """Euclidean length, exact to rounding for every vector that floating point can hold."""
    largest = np.abs(v).max(axis=axis, keepdims=True, initial=0)
    # a power of two scales without rounding
    scale = np.ldexp(np.ones_like(largest), np.frexp(largest)[1] - 1)
    return np.squeeze(scale * np.linalg.norm(v / scale, axis=axis, keepdims=True), axis=axis)


def unit(v):
    """Vectors of length 1 with the directions of ``v``; 0 stays 0."""
    largest = np.abs(v).max(axis=-1, keepdims=True, initial=0)
    v = np.divide(v, largest, out=np.zeros_like(v), where=largest > 0)
    return np.divide(v, norm(v)[..., None], out=v, where=largest > 0)
