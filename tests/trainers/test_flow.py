"""Frames of a path, between the steps of the integrator that made it."""

import tracemalloc

import numpy as np
import pytest
from helpers import problem, slope

from lazylib import gradient_flow
from lazylib.trainers import between

# A quarter of the unit circle at uneven times; its speed grows: the angle is t².
T = np.sqrt(np.pi / 2) * np.linspace(0, 1, 12) ** 1.5


def circle(t):
    """Return points with the angle t², and their velocities."""
    w = np.stack([np.cos(t**2), np.sin(t**2)], axis=-1)
    return w, 2 * t[:, None] * w[:, ::-1] * [-1, 1]


PATH = list(zip(T, *circle(T), strict=True))


def test_between_the_steps_the_path_goes_through_them():
    w = between(PATH, np.array([T[0], 0.3, T[4], T[-1]]))
    assert np.array_equal(w[[0, 2, 3]], [PATH[0][1], PATH[4][1], PATH[-1][1]])
    assert np.abs(w[1] - circle(np.array([0.3]))[0]).max() < 2e-4


def test_interpolation_has_order_4():
    gaps = []
    for number in (10, 20, 40, 80):
        t = np.linspace(0, 1, number + 1)
        middle = (t[1:] + t[:-1]) / 2
        w = between(list(zip(t, *circle(t), strict=True)), middle)
        gaps.append(np.abs(w - circle(middle)[0]).max())
    assert slope([10, 20, 40, 80], gaps) == pytest.approx(-4, abs=0.15)


def test_frames_are_even_along_the_neurons_path():
    """Design: the largest jump between frames is about the mean jump."""
    net, data, w0 = problem(tau=0.1)
    run = gradient_flow(net, data, w0, t_max=500, record=50)
    places = net.positions(run.w).reshape(len(run), -1)
    jumps = np.linalg.norm(np.diff(places, axis=0), axis=-1)
    assert len(run) == 50 and jumps.max() <= 1.6 * jumps.mean()


def test_a_flow_takes_little_memory_beyond_the_frames_asked_for():
    """Two frames of m = 5,000 neurons take .24 MB; with all its working arrays, 30 times that."""
    net, data, w0 = problem(n=4, m=5000, n_test=1)
    gradient_flow(net, data, w0, t_max=0.01, record=2)  # SciPy and tables are loaded
    tracemalloc.start()
    run = gradient_flow(net, data, w0, t_max=1.0, record=2)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(run) == 2 and peak <= 30 * run.w.nbytes
