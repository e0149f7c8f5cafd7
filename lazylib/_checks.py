"""The one place where arguments are validated: errors name the argument and what was expected.

Public functions call these on entry, and nothing after that: inner loops trust what has passed.
"""

import operator
import os
from collections.abc import Collection
from pathlib import Path

import numpy as np


def array(name, value, ndim=0, exactly=None, nonempty=False, finite=True):
    """Return ``value`` as an array of real, finite floats with at least ``ndim`` axes.

    float32 and float64 keep their precision; whole numbers become float64. ``exactly`` asks for
    that many axes, ``nonempty`` for at least one entry; with ``finite=False``, infinity is a
    number, with ``finite=None``, NaN too.
    """
    parts = value if isinstance(value, (list, tuple)) else [value]
    if any(isinstance(part, np.ma.MaskedArray) for part in parts):
        raise TypeError(f"{name} must be an array without a mask: fill or drop what is hidden")
    try:
        array = np.asarray(value)
        kind = array.dtype.kind
    except (TypeError, ValueError):  # rows of different lengths
        kind = "O"
    if kind not in "iuf":
        raise TypeError(f"{name} must be an array of real numbers, got {shown(value)}")
    if array.dtype.char not in "fd" or not array.dtype.isnative:
        array = array.astype(np.float64)
    if finite is not None and not (np.isfinite if finite else _is_number)(array).all():
        raise ValueError(f"{name} must be finite, got NaN or infinity")
    if array.ndim < ndim:
        raise ValueError(f"{name} must have at least {ndim} axes, got shape {array.shape}")
    if exactly is not None and array.ndim != exactly:
        raise ValueError(f"{name} must have {exactly} axes, got shape {array.shape}")
    if nonempty and array.size == 0:
        raise ValueError(f"{name} must not be empty, got shape {array.shape}")
    return array


def _is_number(array):
    return ~np.isnan(array)


def positive(name, value):
    """Return ``value`` as a float, or a float array, whose entries are all finite and > 0."""
    checked = array(name, value, nonempty=True)
    if not (checked > 0).all():
        raise ValueError(f"{name} must be > 0, got {shown(checked)}")
    return checked if checked.ndim else float(checked)


def number(name, value, *, above=-np.inf, least=-np.inf, most=np.inf):
    """Return ``value`` as one finite float that is > ``above``, >= ``least`` and <= ``most``."""
    checked = array(name, value)
    if checked.ndim:
        raise TypeError(f"{name} must be one number, got {shown(checked)}")
    limits = [(checked > above, f"> {above:g}"), (checked >= least, f">= {least:g}")]
    for holds, wanted in [*limits, (checked <= most, f"<= {most:g}")]:
        if not holds:
            raise ValueError(f"{name} must be {wanted}, got {shown(checked)}")
    return float(checked)


def scale(name, value):
    """Return ``value`` as one number between 1e-9 and 1e9: a τ, α or step of an experiment."""
    return number(name, value, least=1e-9, most=1e9)


def whole(name, value, least=1, most=10**9):
    """Return ``value`` as an int that is at least ``least`` and at most ``most``."""
    try:
        no_number = isinstance(value, (bool, np.bool_, np.ma.MaskedArray))
        number = None if no_number else operator.index(value)
    except TypeError:
        number = None
    if number is None:
        raise TypeError(f"{name} must be an integer, got {shown(value)}")
    if number < least:
        raise ValueError(f"{name} must be at least {least}, got {number}")
    if number > most:
        raise ValueError(f"{name} must be at most {most}, got {number}")
    return number


def seed(name, value):
    """Return ``value`` as an int >= 0 of any size, as random generators take it."""
    return whole(name, value, least=0, most=np.inf)


def shape(name, value):
    """Return ``value``, an integer or a tuple or list of them, as a tuple of ints >= 1."""
    sizes = value if isinstance(value, (tuple, list)) else (value,)
    return tuple(whole(name, size) for size in sizes)


def flag(name, value):
    """Return ``value`` as True or False."""
    if not isinstance(value, (bool, np.bool_)):
        raise TypeError(f"{name} must be True or False, got {shown(value)}")
    return bool(value)


def increasing(name, value):
    """Return ``value`` as one increasing list of numbers ≥ 0."""
    checked = array(name, value)
    if checked.ndim != 1 or checked.size == 0 or (np.diff(checked) <= 0).any() or checked[0] < 0:
        raise ValueError(f"{name} must be one increasing list of numbers >= 0")
    return checked


def last_axis(name, array, size, meaning):
    """Raise a ``ValueError`` unless the last axis of ``array`` has length ``size``."""
    if array.ndim == 0 or array.shape[-1] != size:
        raise ValueError(f"{name} must have shape (..., {size}) for {meaning}, got {array.shape}")


def same_shape(**arrays):
    """Raise a ``ValueError`` unless two named arrays have the same shape: nothing broadcasts."""
    (first, a), (second, b) = arrays.items()
    if a.shape != b.shape:
        raise ValueError(f"{first} and {second} must have one shape, got {a.shape} and {b.shape}")


def neurons(a, b, of="", exactly=None):
    """Return the weights of neurons as arrays: ``a`` of shape (..., m, d), ``b`` of (..., m)."""
    a = array(f"{of}a", a, ndim=2, exactly=exactly, nonempty=True)
    b = array(f"{of}b", b, ndim=1)
    if b.shape != a.shape[:-1]:
        raise ValueError(
            f"{of}b must have shape {a.shape[:-1]}, one output weight for each row of {of}a, "
            f"got {b.shape}"
        )
    return a, b


def word(name, value, options: Collection[str]):
    """Return ``value`` if it is one of ``options``."""
    if not isinstance(value, str):
        raise TypeError(f"{name} must be a word, got {shown(value)}")
    if value not in options:
        raise ValueError(f"{name} must be one of {', '.join(map(repr, options))}, got {value!r}")
    return value


def path(name, value):
    """Return ``value`` as a ``Path``."""
    if not isinstance(value, (str, os.PathLike)):
        raise TypeError(f"{name} must be a path, got {shown(value)}")
    return Path(value)


def generator(name, value):
    """Return ``value`` if it is a ``numpy.random.Generator``."""
    if not isinstance(value, np.random.Generator):
        raise TypeError(f"{name} must be a numpy.random.Generator, got {shown(value)}")
    return value


def instance(name, value, kind):
    """Return ``value`` if it is a ``kind``."""
    if not isinstance(value, kind):
        raise TypeError(f"{name} must be a {kind.__name__}, got {shown(value)}")
    return value


def offers(name, value, *methods):
    """Return ``value`` if it has all the named methods or attributes; classes do not count."""
    missing = [method for method in methods if not hasattr(value, method)]
    if missing or isinstance(value, type):
        wanted = ", ".join(missing or methods)
        raise TypeError(f"{name} must offer {wanted}, got {shown(value)}")
    return value


def function(name, value):
    """Return ``value`` if it can be called."""
    if not callable(value):
        raise TypeError(f"{name} must be a function, got {shown(value)}")
    return value


def broadcastable(**shapes):
    """Return the common shape of named shapes, or say which of them do not fit together."""
    try:
        return np.broadcast_shapes(*shapes.values())
    except ValueError as error:
        named = ", ".join(f"{name} {shape}" for name, shape in shapes.items())
        raise ValueError(f"these leading (batch) shapes do not fit together: {named}") from error


def in_range(what, result):
    """Return ``result`` if it is finite: from finite input, only an overflow makes it otherwise."""
    if not np.isfinite(result).all():
        raise ValueError(f"{what} is beyond the range of floating-point numbers for this input")
    return result


def computed(what, formula, *arguments):
    """Return ``formula(*arguments)``, without warnings, if it is finite."""
    with np.errstate(all="ignore"):
        return in_range(what, formula(*arguments))


def shown(value):
    """Return ``value`` as a few words for an error message."""
    try:
        text = repr(value.tolist() if isinstance(value, np.ndarray) else value)
    except Exception:  # a repr of somebody else's that fails
        text = f"an object of type {type(value).__name__}"
    if " at 0x" in text:  # an address would make the message another one in every run
        text = f"an object of type {type(value).__name__}"
    return text if len(text) <= 60 else text[:57] + "..."
