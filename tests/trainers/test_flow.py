"""The path of the flow between the integrator's steps, its frames, and the memory they take."""

import tracemalloc

import numpy as np
import pytest
from helpers import problem, seeded, slope

from lazylib import Dataset, TwoLayer, gradient_flow
from lazylib.trainers import between

# A quarter of the unit circle at uneven times; its speed grows: the angle is t².
T = np.sqrt(np.pi / 2) * np.linspace(0, 1, 12) ** 1.5


def circle(t):
    """Return points with the angle t², and their velocities."""
    w = np.stack([np.cos(t**2), np.sin(t**2)], axis=-1)
    return w, 2 * t[:, None] * w[:, ::-1] * [-1, 1]


def test_the_path_goes_through_the_steps():
    path = list(zip(T, *circle(T), strict=True))
    assert np.array_equal(between(path, T), circle(T)[0])
    single = [(t, w.astype("f4"), v.astype("f4")) for t, w, v in path]
    assert between(single, T).dtype == np.float32


def test_interpolation_has_order_4():
    gaps = []
    for number in (10, 20, 40, 80):
        t = np.linspace(0, 1, number + 1)
        middle = (t[1:] + t[:-1]) / 2
        w = between(list(zip(t, *circle(t), strict=True)), middle)
        gaps.append(np.abs(w - circle(middle)[0]).max())
    assert slope([10, 20, 40, 80], gaps) == pytest.approx(-4, abs=0.15)


def test_frames_at_given_times_are_points_of_the_path():
    """Whatever else is asked for: the same states, on the cubic between the watched steps."""
    net, data, w0 = problem()
    steps = []

    def watch(runs, t, w, velocity):
        steps.append((t[0], w[0], velocity[0]))
        return False

    times = np.array([0.0, 0.3, 2.0, 9.99, 10.0])
    run = gradient_flow(net, data, w0, t_max=10, times=times, watch=watch)
    assert np.array_equal(run.times, times) and np.array_equal(run.w[0], w0)
    assert np.array_equal(run.w, between(steps, times))
    coarse = gradient_flow(net, data, w0, t_max=10, record=7)
    assert len(coarse) == 7 and np.array_equal(coarse.w[-1], run.w[-1])
    assert np.abs(coarse.w - between(steps, coarse.times)).max() < 1e-13


@pytest.mark.parametrize(
    "tau, m, n, seed", [(4.67, 10, 15, 33), (2.95, 50, 15, 3), (10, 60, 60, 0)]
)
def test_the_loss_of_frames_within_long_steps_falls_as_that_of_the_flow(tau, m, n, seed):
    """Eq. (6). A cubic with the velocities of stiff directions would leave the path between steps.

    From weights that are not doubled, the flow begins in those directions, and rests there early.
    """
    net, data, _ = problem(n, m, seed=25)
    w0 = net.init(seeded(seed), tau, doubling=False)
    for frames in ({"record": 100}, {"times": np.geomspace(1e-3, 500, 200)}):
        run = gradient_flow(net, data, w0, t_max=500, accuracy=0.01, **frames)
        assert (run.train_loss[1:] <= 1.01 * run.train_loss[:-1]).all()


def test_after_its_end_a_run_stands_still():
    net, data, w0 = problem(tau=2.0, n=4)
    run = gradient_flow(net, data, w0, t_max=1e4, tolerance=1e-3, times=[0, 1, 5e3, 1e4])
    assert run.status == "converged" and run.times[2] == run.times[3] < 1e4
    assert np.array_equal(run.w[2], run.w[3])


@pytest.mark.parametrize("tau", [0.01, 1.0])
@pytest.mark.parametrize("frames", [{"record": 2}, {"record": 20}, {"times": [1.0, 2.0, 20.0]}])
def test_the_peak_of_memory_is_that_of_the_frames(frames, tau):
    """20 times the frames asked for, the integrator's own arrays included: not all its steps."""
    net = TwoLayer(2, 5000)
    data = Dataset(seeded(0).normal(size=(15, 2)), seeded(1).normal(size=15))
    w0 = net.init(seeded(2), tau)
    gradient_flow(net, data, w0, t_max=1e-3, record=2)
    tracemalloc.start()
    try:
        run = gradient_flow(net, data, w0, t_max=20, **frames)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 20 * len(run) * w0.nbytes
