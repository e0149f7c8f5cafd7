"""The clock of α²: population losses at equal t/α²."""

import numpy as np
import pytest

from lazylib import Dataset, Population, TwoLayer, gradient_flow, teacher
from lazylib.experiments import follow_clock


@pytest.mark.parametrize("seed", [3, 7])
def test_the_loss_of_a_flow_never_rises(seed):
    """Eq. (6), of two neurons, whose steps are long beside α = 40."""
    for name, errors in follow_clock(m=2, seed=seed, last=30.0).errors.items():
        assert np.diff(errors, axis=0).max() <= 1e-9, name


def test_frames_at_given_times_fall_too_where_the_path_bends_within_a_step():
    """The same two neurons at α = 40, at times that the flow does not know when it takes steps."""
    rng, weights = np.random.default_rng(3).spawn(2)
    net, population = TwoLayer(5, 2), Population(teacher(rng, 5))
    w0, times = net.init(weights, doubling=True), np.geomspace(1, 160_000, 80)
    options = {"alpha": 40, "t_max": 160_000, "times": times, "tolerance": 0, "accuracy": 0.01}
    run = gradient_flow(net, population, w0, **options)
    assert np.diff(run.train_error).max() < 0.01 and run.train_error[-1] < 0.2


def test_frames_that_cannot_be_interpolated_are_warned_of():
    """With coarse steps from large weights that are not doubled, the chord leaves the path, too."""
    rng, weights = np.random.default_rng(63).spawn(2)
    net, truth = TwoLayer(2, 4), teacher(rng, 2)
    data, w0 = Dataset.from_teacher(rng, truth, 15), net.init(weights, 5.0, doubling=False)
    options = {"alpha": 8, "t_max": 1900, "times": np.geomspace(1e-3, 1900, 300), "accuracy": 0.3}
    with pytest.warns(RuntimeWarning, match="frames lie between steps too long to interpolate"):
        run = gradient_flow(net, data, w0, **options)
    assert np.diff(run.train_error).max() > 0.1, "there is nothing to warn of"
