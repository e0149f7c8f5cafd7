"""The clock of α²: population losses at equal t/α²."""

import numpy as np
import pytest

from lazylib import Population, TwoLayer, gradient_flow, teacher
from lazylib.experiments import follow_clock


@pytest.mark.parametrize("seed", [3, 7])
def test_the_loss_of_a_flow_never_rises(seed):
    """Eq. (6), of two neurons, whose steps are long beside α = 40."""
    for name, errors in follow_clock(m=2, seed=seed, last=30.0).errors.items():
        assert np.diff(errors, axis=0).max() <= 1e-9, name


def test_frames_that_cannot_be_interpolated_are_warned_of():
    rng, weights = np.random.default_rng(3).spawn(2)
    net, population = TwoLayer(5, 2), Population(teacher(rng, 5))
    w0, times = net.init(weights, doubling=True), np.geomspace(1, 160_000, 80)
    options = {"alpha": 40, "t_max": 160_000, "times": times, "tolerance": 0, "accuracy": 0.01}
    with pytest.warns(RuntimeWarning, match="frames lie between steps too long to interpolate"):
        run = gradient_flow(net, population, w0, **options)
    assert np.diff(run.train_error).max() > 0.1, "there is nothing to warn of"
