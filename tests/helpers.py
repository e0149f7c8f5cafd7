"""Small problems and numerical derivatives that several test files share."""

import os
import signal
import warnings
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings

from lazylib import Dataset, TwoLayer, teacher
from lazylib.experiments import run

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


def run_and_lose_a_worker(experiment, folder, fatal, workers):
    """Run an experiment on Dask processes, of which the cell at ``fatal`` kills one, once."""
    once, kill = folder / "killed", getattr(signal, "SIGKILL", signal.SIGTERM)

    def cell(settings, **point):
        if point == fatal and not once.exists():
            once.touch()
            os.kill(os.getpid(), kill)
        return experiment.cell(settings, **point)

    with warnings.catch_warnings():
        warnings.simplefilter("default")  # other people's, about sockets and deprecations
        joblib, distributed = pytest.importorskip("joblib"), pytest.importorskip("distributed")
        options = {"n_workers": workers, "threads_per_worker": 1, "dashboard_address": None}
        with distributed.LocalCluster(**options) as cluster, distributed.Client(cluster) as client:
            before = client.run(os.getpid)
            with joblib.parallel_config("dask"):
                run(experiment._replace(cell=cell), folder=folder)
            client.wait_for_workers(workers, timeout=60)
            after = client.run(os.getpid)
    assert len(before) == workers and set(after.values()) != set(before.values())
