"""Equality, hash, repr and pickling of frozen data classes whose fields may be arrays."""

from dataclasses import fields, is_dataclass
from functools import partial

import numpy as np


class Identity:
    """Two objects of one class are equal if their fields are: arrays by content, to the last bit.

    For data classes made with ``frozen=True, eq=False, repr=False``, whose arrays are set by `own`.
    The repr names no address and shows arrays by their shape, so that what is printed is the same
    in every run. Classes that are no data classes keep Python's own equality.
    """

    def __eq__(self, other):
        """Compare all fields."""
        if type(self) is not type(other) or not is_dataclass(self):
            return NotImplemented
        return _key(self) == _key(other)

    def __hash__(self):
        """Hash all fields."""
        return hash(_key(self)) if is_dataclass(self) else object.__hash__(self)

    def __repr__(self):
        """Show all fields, arrays by their shape."""
        shown = ", ".join(f"{name}={_text(value)}" for name, value in _fields(self))
        return f"{type(self).__name__}({shown})"

    def __setstate__(self, state):
        """Restore a copy, or what was pickled: its arrays come back writable."""
        own(self, **state) if is_dataclass(self) else self.__dict__.update(state)


def own(instance, **values):
    """Set fields of a frozen data class, arrays as read-only copies of its own.

    What is compared and hashed by its arrays must not change when its caller's do.
    """
    for name, value in values.items():
        if isinstance(value, np.ndarray):
            value = value.copy()
            value.setflags(write=False)
        object.__setattr__(instance, name, value)


def _fields(value):
    names = [field.name for field in fields(value)] if is_dataclass(value) else list(vars(value))
    return [(name, getattr(value, name)) for name in names]


def _key(value):
    if isinstance(value, np.ndarray):
        return value.shape, value.dtype.str, value.tobytes()
    if isinstance(value, partial):
        return value.func, *map(_key, value.args), *sorted(value.keywords.items())
    if isinstance(value, Identity) and is_dataclass(value):
        return type(value), *(_key(field) for _, field in _fields(value))
    return value


def _text(value):
    if isinstance(value, np.ndarray) and value.ndim:
        return f"array of shape {value.shape}"
    if isinstance(value, partial):
        return _text(value.func)
    if callable(value) and not isinstance(value, Identity):
        return getattr(value, "__name__", type(value).__name__)
    return repr(value)
