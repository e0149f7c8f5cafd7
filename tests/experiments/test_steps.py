"""Curves that are read off the ends of a flow's steps."""

import numpy as np
import pytest

from lazylib import Dataset, FirstLayer, TwoLayer, gradient_flow
from lazylib.experiments import train_four
from lazylib.experiments.steps import read_off, step_ends


def test_where_relus_switch_all_the_time_the_network_is_followed_to_the_end():
    """Labels that it cannot fit, large weights: 2,000 steps had left it at t = 242 of 1,000."""
    paths = train_four(tau=3.0, alpha=0.1, m=50, n=40, labels="cos 3 theta")
    late = paths.moved[paths.times > 250]
    assert len(late) > 10 and np.diff(late).min() > 0 and late[-1] > 1.3 * late[0]


def test_a_flow_that_does_not_come_to_the_end_is_an_error():
    net, data = TwoLayer(d=1, m=1), Dataset(x=[[1.0]], y=[2.0])
    times = np.array([0.1, 50.0])
    with pytest.raises(RuntimeError, match="came to t = .* only, of 50"):
        step_ends(net, data, np.ones(2), times, [(1e-3, 3), (1e-4, 3)], tolerance=0)


def test_only_the_steps_around_the_times_are_kept():
    """Two of each time; the weights grow, so the curve between two ends lies between them."""
    net, data = TwoLayer(d=1, m=1), Dataset(x=[[1.0]], y=[2.0])
    times = np.array([0.5, 3.0])
    every, _ = step_ends(
        net, data, np.ones(2), np.linspace(0.01, 3, 3000), [(1e-4, 10_000)], tolerance=0
    )
    t, w = step_ends(net, data, np.ones(2), times, [(1e-4, 10_000)], tolerance=0)
    assert len(t) == 4 < len(every) and t[0] <= 0.5 <= t[1] and t[2] <= 3.0 <= t[3]
    near = read_off(times, t, w, early=0.01)
    assert (w[[0, 2]] <= near).all() and (near <= w[[1, 3]]).all()


def test_where_steps_run_out_the_flow_goes_on_from_there():
    """w' = 2 − w for f = w: with both accuracies, w stays on 2 − exp(−t), and time goes on."""
    net, data = FirstLayer(TwoLayer(d=1, m=1), b=[1.0]), Dataset(x=[[1.0]], y=[2.0])
    times, steps = np.array([0.2, 1.0, 3.0]), [(1e-6, 20), (1e-5, 10_000)]
    t, w = step_ends(net, data, np.ones(1), times, steps, tolerance=0)
    run = gradient_flow(net, data, np.ones(1), t_max=3.0, accuracy=1e-6, max_steps=20)
    assert run.status == "out of steps" and run.times[-1] < 1 < 3 <= t[-1]
    assert (np.diff(t) > 0).all() and np.allclose(w[:, 0], 2 - np.exp(-t), atol=1e-4)
