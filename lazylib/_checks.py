"""The one place where arguments are validated: errors name the argument and what was expected."""

import operator
from collections.abc import Collection

import numpy as np


def positive(name, value):
    """Return ``value`` as a float, or a float array, whose entries are all finite and > 0."""
    array = finite(name, value)
    if not (array > 0).all():
        raise ValueError(f"{name} must be > 0, got {_shown(array)}")
    return array if array.ndim else float(array)


def number(name, value, zero=False):
    """Return ``value`` as one finite float that is > 0, or >= 0 with ``zero``."""
    array = finite(name, value)
    if array.ndim:
        raise TypeError(f"{name} must be one number, got {_shown(array)}")
    if array < 0 or (array == 0 and not zero):
        raise ValueError(f"{name} must be {'>=' if zero else '>'} 0, got {_shown(array)}")
    return float(array)


def whole(name, value, minimum=1):
    """Return ``value`` as an int that is at least ``minimum``."""
    try:
        number = None if isinstance(value, (bool, np.bool_)) else operator.index(value)
    except TypeError:
        number = None
    if number is None:
        raise TypeError(f"{name} must be an integer, got {_shown(value)}")
    if number < minimum:
        raise ValueError(f"{name} must be at least {minimum}, got {number}")
    return number


def finite(name, value, ndim=None):
    """Return ``value`` as an array of real, finite floats with at least ``ndim`` axes.

    float32 and float64 keep their precision; whole numbers become float64.
    """
    try:
        array = np.asarray(value)
        kind = array.dtype.kind
    except ValueError:  # rows of different lengths
        kind = "O"
    if kind not in "iuf":
        raise TypeError(f"{name} must be an array of real numbers, got {_shown(value)}")
    if array.dtype not in (np.float32, np.float64):
        array = array.astype(np.float64)
    if not np.isfinite(array).all():
        raise ValueError(f"{name} must be finite, got NaN or infinity")
    if ndim is not None and array.ndim < ndim:
        raise ValueError(f"{name} must have at least {ndim} axes, got shape {array.shape}")
    return array


def increasing(name, value):
    """Return ``value`` as one increasing list of numbers ≥ 0."""
    array = finite(name, value, ndim=1)
    if array.ndim != 1 or array.size == 0 or (np.diff(array) <= 0).any() or array[0] < 0:
        raise ValueError(f"{name} must be one increasing list of {name} >= 0")
    return array


def last_axis(name, array, size, meaning):
    """Raise a ``ValueError`` unless the last axis of ``array`` has length ``size``."""
    if array.ndim == 0 or array.shape[-1] != size:
        raise ValueError(f"{name} must have shape (..., {size}) for {meaning}, got {array.shape}")


def one_of(name, value, options: Collection[str]):
    """Return ``value`` if it is one of ``options``."""
    if not isinstance(value, str):
        raise TypeError(f"{name} must be a word, got {_shown(value)}")
    if value not in options:
        raise ValueError(f"{name} must be one of {', '.join(map(repr, options))}, got {value!r}")
    return value


def generator(name, value):
    """Return ``value`` if it is a ``numpy.random.Generator``."""
    if not isinstance(value, np.random.Generator):
        raise TypeError(f"{name} must be a numpy.random.Generator, got {value!r}")
    return value


def instance(name, value, kind):
    """Return ``value`` if it is a ``kind``."""
    if not isinstance(value, kind):
        raise TypeError(f"{name} must be a {kind.__name__}, got {_shown(value)}")
    return value


def broadcastable(**shapes):
    """Return the common shape of named shapes, or say which of them do not fit together."""
    try:
        return np.broadcast_shapes(*shapes.values())
    except ValueError as error:
        named = ", ".join(f"{name} {shape}" for name, shape in shapes.items())
        raise ValueError(f"these leading (batch) shapes do not fit together: {named}") from error


def _shown(value):
    text = repr(value.tolist() if isinstance(value, np.ndarray) else value)
    return text if len(text) <= 60 else text[:57] + "..."
