"""Frames of a path, between the steps of the integrator that made it."""

import numpy as np
import pytest
from helpers import relative, slope

from lazylib.trainers.flow import path_frames

# A quarter of the unit circle at uneven times; its speed grows: the angle is t².
T = np.sqrt(np.pi / 2) * np.linspace(0, 1, 12) ** 1.5


def circle(t):
    """Return points with the angle t², and their velocities."""
    w = np.stack([np.cos(t**2), np.sin(t**2)], axis=-1)
    return w, 2 * t[:, None] * w[:, ::-1] * [-1, 1]


PATH = list(zip(T, *circle(T), strict=True))


def test_frames_at_equal_lengths_of_the_path():
    times, w = path_frames(PATH, lambda w: w, 10)
    jumps = np.linalg.norm(np.diff(w, axis=0), axis=-1)
    assert w.shape == (10, 2) and times[0] == 0 and times[-1] == T[-1]
    assert np.array_equal(w[0], PATH[0][1]) and np.array_equal(w[-1], PATH[-1][1])
    assert np.ptp(jumps) < 5e-3 * jumps.mean()
    assert np.abs(w - circle(times)[0]).max() < 2e-4


def test_frames_at_given_times_stand_still_after_the_end():
    asked = np.array([0.0, 0.3, T[4], 1.0, 2.0, 5.0])
    times, w = path_frames(PATH, None, None, asked)
    assert np.array_equal(times, np.minimum(asked, T[-1]))
    assert np.array_equal(w[2], PATH[4][1]) and np.array_equal(w[4], PATH[-1][1])
    assert np.array_equal(w[5], w[4])


def test_interpolation_has_order_4():
    gaps = []
    for number in (10, 20, 40, 80):
        t = np.linspace(0, 1, number + 1)
        middle = (t[1:] + t[:-1]) / 2
        _, w = path_frames(list(zip(t, *circle(t), strict=True)), None, None, middle)
        gaps.append(np.abs(w - circle(middle)[0]).max())
    assert slope([10, 20, 40, 80], gaps) == pytest.approx(-4, abs=0.15)


def test_a_path_of_one_state_stands_still():
    times, w = path_frames(PATH[:1], lambda w: w, 3)
    assert times.tolist() == [0, 0, 0] and relative(w, np.tile([1.0, 0.0], (3, 1))) == 0
