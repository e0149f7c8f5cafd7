"""Equality, hash, repr and pickling of models, activations, losses, teachers and data."""

import copy
import multiprocessing
import pickle
from concurrent.futures import ProcessPoolExecutor

import numpy as np
import pytest

from lazylib import (
    Activation,
    Centered,
    Dataset,
    FirstLayer,
    Scaled,
    Tangent,
    Teacher,
    TwoLayer,
    log_cosh,
    logistic,
    quadratic,
    softplus,
)
from lazylib.models.activations import ACTIVATIONS

X, Y = np.ones((3, 2)), np.ones(3)

# How to make an object, and another one that differs from it in one thing only.
MAKERS = {
    "network": (lambda: TwoLayer(2, 4, softplus(5)), lambda: TwoLayer(2, 4, softplus(6))),
    "scale": (lambda: TwoLayer(2, 4, scale=0.5), lambda: TwoLayer(2, 4)),
    "first layer": (
        lambda: FirstLayer(TwoLayer(2, 3), Y),
        lambda: FirstLayer(TwoLayer(2, 3), [1, 1, 2]),
    ),
    "scaled": (lambda: Scaled(TwoLayer(2, 1), 2), lambda: Scaled(TwoLayer(2, 1), 3)),
    "scaled for runs": (
        lambda: Scaled(TwoLayer(2, 1), [1, 2]),
        lambda: Scaled(TwoLayer(2, 1), [1, 3]),
    ),
    "tangent": (lambda: Tangent(TwoLayer(2, 1), Y), lambda: Tangent(TwoLayer(2, 1), 2 * Y)),
    "centered": (lambda: Centered(TwoLayer(2, 1), Y), lambda: Tangent(TwoLayer(2, 1), Y)),
    "softplus": (lambda: softplus(0.5), lambda: softplus(0.25)),
    "activation": (
        lambda: Activation("sin", np.sin, np.cos, max_slope=1),
        lambda: Activation("sin", np.sin, np.cos, max_slope=2),
    ),
    "loss": (lambda: log_cosh(0.2), lambda: log_cosh(0.3)),
    "teacher": (lambda: Teacher(X, Y), lambda: Teacher(X, -Y)),
    "data": (lambda: Dataset(X, Y), lambda: Dataset(X, Y, X, Y)),
    "test data": (lambda: Dataset(X, Y, X, Y), lambda: Dataset(X, Y, X, 2 * Y)),
}
each = pytest.mark.parametrize(("make", "other"), MAKERS.values(), ids=MAKERS)


@each
def test_what_is_made_twice_is_one_thing(make, other):
    one, again = make(), make()
    assert one is not again and one == again and hash(one) == hash(again)
    assert repr(one) == repr(again) and "0x" not in repr(one)
    assert one != other() and len({one, again, other()}) == 2
    assert one != 3 and one is not None


@each
def test_copies_and_pickles_are_equal_and_closed(make, other):
    one = make()
    for twin in (copy.copy(one), copy.deepcopy(one), pickle.loads(pickle.dumps(one))):
        assert twin == one and hash(twin) == hash(one) and repr(twin) == repr(one)
        arrays = [value for value in vars(twin).values() if isinstance(value, np.ndarray)]
        assert not any(array.flags.writeable for array in arrays)


def test_everything_reaches_the_workers_of_a_process_pool_and_comes_back():
    """Spawned workers share nothing: what they get is pickled, and what they return too."""
    things = [make() for make, _ in MAKERS.values()]
    things += [*ACTIVATIONS.values(), quadratic, logistic]
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=spawn) as pool:
        assert list(pool.map(copy.copy, things)) == things
        assert list(pool.map(repr, things)) == [repr(thing) for thing in things]


def test_repr_shows_fields_and_shapes():
    net = TwoLayer(2, 3, softplus(5))
    assert repr(Tangent(TwoLayer(2, 1), Y)).endswith("scale=1.0), w0=array of shape (3,))")
    assert repr(net).startswith("TwoLayer(d=2, m=3, activation=Activation(name='softplus(sharpn")
    assert repr(Dataset(X, Y)) == (
        "Dataset(x=array of shape (3, 2), y=array of shape (3,), x_test=None, y_test=None)"
    )
