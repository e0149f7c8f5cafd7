"""What notebook 01 says, on several draws: each test quotes the sentence that it decides."""

from functools import cache

import numpy as np
import pytest

import lazylib as lazy
from lazylib.experiments import plane_setting, plane_weights
from lazylib.theory import neuron_angles

NET, CROWD = lazy.TwoLayer(d=2, m=20), lazy.TwoLayer(d=2, m=200)
OPTIONS = {"accuracy": 0.01, "tolerance": 1e-7}


@cache
def trained(tau, teacher, weights, t_max=500, record=60):
    data, w0 = plane_setting(15, teacher=teacher)[1], plane_weights(NET, tau, weights=weights)
    return lazy.gradient_flow(NET, data, w0, t_max=t_max, record=record, **OPTIONS)


def draws():
    return [(teacher, weights) for teacher in range(8) for weights in range(9)]


def test_of_72_draws_the_lazy_network_was_the_worse_one_in_69_by_a_factor_of_20():
    """The lazy network was the worse one in 69, by a factor of about 20 in the median."""
    ratio = [trained(2.0, *d).test_loss[-1] / trained(0.1, *d).test_loss[-1] for d in draws()]
    assert 67 <= np.sum(np.array(ratio) > 1) <= 71
    assert 14 < np.median(ratio) < 25


def test_both_regimes_fit_to_a_hundredth_and_a_few_runs_not_to_a_thousandth():
    """Training losses fell below a hundredth in all 72; 8 and 9 had not reached a thousandth."""
    for tau, slow in ((2.0, 8), (0.1, 9)):
        left = np.array([trained(tau, *d).train_error[-1] for d in draws()])
        assert left.max() < 0.01
        assert abs(np.sum(left > 1e-3) - slow) <= 2


def test_active_weights_move_by_more_than_their_length_and_lazy_ones_hardly():
    """In the active regime the weights move by more than their initial length."""
    for tau, low, high in ((0.1, 1.0, 4.0), (2.0, 0.0, 0.1)):
        starts = [plane_weights(NET, tau, weights=weights) for _, weights in draws()]
        moved = [
            lazy.displacement(trained(tau, *d).w[-1], w0)
            for d, w0 in zip(draws(), starts, strict=True)
        ]
        assert low < min(moved) and max(moved) < high


@pytest.mark.parametrize("draw", range(6))
def test_the_larger_tau_the_earlier_the_loss_falls(draw):
    """Faster: the larger τ, the earlier the training loss falls."""
    times = [
        (run := trained(tau, draw, draw)).times[np.argmax(run.train_error < 0.01)]
        for tau in (0.1, 2.0, 10.0)
    ]
    assert times[2] < times[1] < times[0]


def test_the_test_loss_rises_up_to_tau_2_and_then_levels_off_in_most_draws():
    """The test loss gets worse up to τ ≈ 2 to 5 and then levels off in most draws."""
    loss = np.array(
        [[trained(tau, d, d).test_error[-1] for tau in (0.1, 2.0, 5.0, 10.0)] for d in range(8)]
    )
    assert (loss[:, 1] > loss[:, 0]).all()
    assert np.sum(loss[:, 3] < 1.4 * loss[:, 2]) >= 6


@pytest.mark.parametrize(("net", "n", "low", "high"), [(NET, 15, 3, 22), (CROWD, 200, 20, 75)])
def test_without_doubling_the_neurons_move_several_times_as_far(net, n, low, high):
    """3 to 20 times as far over ten draws with 20 neurons, 25 to 70 times with 200."""
    for seed in range(10 if net is NET else 5):
        data = plane_setting(n, teacher=seed)[1]
        starts = np.stack([plane_weights(net, 2.0, pairs, seed) for pairs in (True, False)])
        run = lazy.gradient_flow(net, data, starts, t_max=100, record=2, **OPTIONS)
        pairs, single = lazy.displacement(run.w[-1], starts)
        assert low < single / pairs < high


def test_from_small_weights_the_mass_gathers_at_the_teacher_and_the_small_neurons_stay():
    """In five others 38 to 73 % of the neurons gather, but these carry 65 to 97 % of the mass."""
    found = []
    for seed in range(5):
        teacher, data = plane_setting(200, teacher=seed)
        w0 = plane_weights(CROWD, 0.03, weights=seed)
        w = lazy.gradient_flow(CROWD, data, w0, t_max=100, record=2, **OPTIONS).w[-1]
        near = neuron_angles(CROWD, w, teacher) < 20
        mass = np.linalg.norm(CROWD.positions(w), axis=-1)
        found.append((near.mean(), mass[near].sum() / mass.sum()))
        assert np.mean(neuron_angles(CROWD, w0, teacher) < 20) < 0.2  # by chance
    share, mass = np.array(found).T
    assert 0.36 < share.min() and share.max() < 0.76
    assert 0.62 < mass.min() and mass.max() < 0.98


def test_two_hundred_neurons_are_in_between_at_tau_a_tenth():
    """τ = 0.1, active above, is in between now."""
    for seed in range(5):
        data, w0 = plane_setting(200, teacher=seed)[1], plane_weights(CROWD, 0.1, weights=seed)
        run = lazy.gradient_flow(CROWD, data, w0, t_max=100, record=2, **OPTIONS)
        assert lazy.regime(lazy.displacement(run.w[-1], w0)) == "in between"


@pytest.mark.parametrize("seed", range(5))
def test_the_network_climbs_cliffs_only_the_tangent_model_jumps(seed):
    """The lazy one can bend only near its kinks: halving the grid halves its largest step."""
    data, w0 = plane_setting(15, teacher=seed)[1], plane_weights(NET, 2.0, weights=seed)
    flat, steps = lazy.Tangent(NET, w0), []
    w = trained(2.0, seed, seed).w[-1]
    v = lazy.gradient_flow(flat, data, w0, t_max=500, record=2, **OPTIONS).w[-1]
    for angles in (2**16, 2**20):
        x = lazy.circle(angles + 1)[1]
        steps.append([abs(np.diff(f)).max() for f in (NET.predict(w, x), flat.predict(v, x))])
    coarse, fine = np.array(steps)
    assert fine[0] < coarse[0] / 8  # 16 times finer: continuous
    assert fine[1] > 0.9 * coarse[1]  # a jump stays


@pytest.mark.parametrize(("tau", "slopes"), [(2.0, (-1.55, -1.05)), (0.1, (-0.8, -0.5))])
def test_width_makes_training_lazier_at_a_given_scale(tau, slopes):
    """At τ = 2 the displacement falls as m^-1.1 to m^-1.5, at τ = 0.1 as m^-0.6 to m^-0.7."""
    widths = [20, 50, 100, 200]
    for seed in range(5):
        moved, data = [], plane_setting(15, teacher=seed)[1]
        for m in widths:
            net = lazy.TwoLayer(d=2, m=m)
            w0 = plane_weights(net, tau, weights=seed)
            run = lazy.gradient_flow(net, data, w0, t_max=500, record=2, accuracy=0.01)
            moved.append(lazy.displacement(run.w[-1], w0))
        assert slopes[0] < np.polyfit(np.log(widths), np.log(moved), 1)[0] < slopes[1]
