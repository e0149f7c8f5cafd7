"""Small problems and numerical derivatives that several test files share."""

from pathlib import Path

import numpy as np
from hypothesis import settings

from lazylib import Dataset, TwoLayer, teacher

#: Hypothesis draws the same examples on every run, and does not fail a busy machine.
quick = settings(deadline=None, derandomize=True, max_examples=60)

seeded = np.random.default_rng

#: The repository, its stored results, and reference values that other programs made.
ROOT = Path(__file__).parents[1]
DATA, ORACLES = ROOT / "notebooks" / "data", ROOT / "tests" / "oracles"


def oracle(name):
    """Return the array that stands in ``tests/oracles/name.txt``."""
    lines = (ORACLES / f"{name}.txt").read_text(encoding="utf-8").splitlines()
    shape = [int(size) for size in lines[1][1:].split()]
    return np.array([row.split() for row in lines[2:]], dtype=float).reshape(shape)


def problem(n=15, m=20, d=2, tau=1.0, seed=0, n_test=20, doubling=True, **network):
    """Return a network, a data set from a teacher, and initial weights."""
    net = TwoLayer(d, m, **network)
    data = Dataset.from_teacher(seeded([seed, 1]), teacher(seeded([seed, 2]), d), n, n_test)
    return net, data, net.init(seeded([seed, 3]), tau, doubling)


def derivative(function, w, v, h=1e-5):
    """Return the central difference of ``function`` at ``w`` along ``v``."""
    return (function(w + h * v) - function(w - h * v)) / (2 * h)


def relative(a, b):
    """Return the largest difference of two arrays, relative to the largest entry of the second."""
    a, b = np.asarray(a), np.asarray(b)
    assert a.shape == b.shape, f"{a.shape} against {b.shape}"
    return np.abs(a - b).max() / np.abs(b).max()


def slope(x, y):
    """Return the exponent p of the best fit y = C xᵖ."""
    return np.polyfit(np.log(x), np.log(y), 1)[0]
