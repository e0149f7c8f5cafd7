"""What notebook 08 says breaks laziness, held on five draws or more."""

import numpy as np
import pytest

from lazylib import FirstLayer, TwoLayer, displacement, gradient_flow, nth_draw
from lazylib.experiments import (
    descend_with_step,
    keep_bits,
    train_and_round,
    train_classifier,
    train_on_noise,
)
from lazylib.theory import power_law

DRAWS = range(5)


def test_a_classifier_leaves_the_lazy_regime_after_decades_in_proportion_to_alpha():
    """Logistic loss: R falls as 1/t and ‖w − w₀‖ grows as log t."""
    for draw in DRAWS:
        five, ten, twenty = (train_classifier(alpha, draw) for alpha in (5, 10, 20))
        decades = (twenty.leaves - ten.leaves) / (ten.leaves - five.leaves)
        assert decades == pytest.approx(2, abs=0.06)
        late = twenty.times > 1e5
        assert power_law(twenty.times[late], twenty.loss[late])[0] == pytest.approx(-1, abs=0.01)
        growth = np.diff(twenty.displacement[[70, 80, 90, 100]])
        assert growth == pytest.approx(growth.mean(), rel=0.02)


def test_the_time_of_leaving_is_foreseen_from_what_came_before():
    """Beyond the last frame it goes on with log t: at six decades as at ten."""
    assert train_classifier(10, decades=4).leaves == pytest.approx(
        train_classifier(10).leaves, abs=0.1
    )


@pytest.mark.parametrize("activation", ["relu", "tanh"])
def test_large_steps_are_lazy_below_two_spike_above_and_diverge_far_beyond_four(activation):
    for draw in DRAWS:
        small, spike, wild = (descend_with_step(c, draw, activation) for c in (1.9, 3.0, 6.0))
        assert small.loss.max() < 1.001 and small.sharpness[-1] > 0.93 * 1.9
        assert spike.loss.max() > 10 and spike.loss[-1] < 0.01 and not spike.diverged
        assert spike.sharpness[-1] < 2 and spike.displacement[-1] > 0.2
        assert spike.displacement[-1] > 2 * small.displacement[-1]
        assert wild.diverged


def test_the_border_of_divergence_lies_around_four_by_draw():
    """For the ReLU from 3.5 to 5.5 in ten draws; ten times the width does not move it much."""
    for m in (200, 2000):
        for draw in range(10 if m == 200 else 5):
            low, high = (descend_with_step(c, draw, m=m, n_steps=60) for c in (3.5, 5.6))
            assert not low.diverged and high.diverged


def test_a_wider_network_takes_a_higher_spike():
    for draw in DRAWS:
        narrow, wide = (descend_with_step(3.0, draw, m=m).loss.max() for m in (200, 3200))
        assert wide > 3 * narrow


def test_a_step_shrinks_the_kernel_of_a_linear_pair_below_four():
    """λ′ − λ = s f²(sλ − 4)/m for f = u·v/√m, λ = (‖u‖² + ‖v‖²)/m and label 0."""
    m, rng = 50, np.random.default_rng(0)
    for factor in (1.0, 3.0, 3.9, 4.1):
        u, v = rng.standard_normal((2, m))
        f, kernel = u @ v / m**0.5, (u @ u + v @ v) / m
        step = factor / kernel
        u, v = u - step * f * v / m**0.5, v - step * f * u / m**0.5
        change = (u @ u + v @ v) / m - kernel
        assert change == pytest.approx(step * f**2 * (factor - 4) / m)


@pytest.mark.parametrize("tau, within", [(1.0, 1.5), (3.0, 1.5), (10.0, 1.5), (100.0, 1.5)])
def test_the_bits_needed_are_the_logarithm_of_the_displacement(tau, within):
    """Section 2.1: "all the training information lies in the small bits of w"."""
    for draw in DRAWS:
        run = train_and_round(tau, draw)
        assert run.needed == pytest.approx(run.foreseen, abs=within)


def test_an_active_network_lives_on_one_or_two_bits():
    assert all(train_and_round(0.1, draw).needed <= 2 for draw in DRAWS)


def test_rounding_keeps_what_the_formats_keep():
    """float32 has 24 significant bits, float16 11."""
    w = np.random.default_rng(0).standard_normal(1000)
    assert (keep_bits(w, 24) == w.astype(np.float32)).all()
    assert (keep_bits(w, 53) == w).all()
    kept = keep_bits(w, 11)
    normal = np.abs(w) > 1e-4  # below, float16 has fewer
    assert (kept == w.astype(np.float16))[normal].all()
    assert keep_bits(np.array([0.0, -3.0]), 2).tolist() == [0, -3]
    assert (keep_bits(w, np.array([[1], [53]]))[1] == w).all()


def test_noise_takes_a_network_far_and_early_stopping_does_not():
    """At the end further with noise; at the best stop not as far as without."""
    left = 0
    for draw in DRAWS:
        clean, noisy, loud = (train_on_noise(noise, seed=draw) for noise in (0, 1, 2))
        assert noisy.displacement[-1] > 2 * clean.displacement[-1]
        assert noisy.displacement[noisy.best] < clean.displacement[clean.best]
        assert loud.displacement[loud.best] < 0.02
        assert noisy.test_error[noisy.best] < 0.5 < 1 < noisy.test_error[-1]
        assert noisy.times[noisy.best] < clean.times[clean.best]
        left += loud.displacement[-1] > 0.1
    assert left == 4


OPTIONS = {"t_max": 3000, "tolerance": 1e-4, "record": 2}


def test_without_doubling_the_displacement_stands_still_at_one_over_root_m():
    """Section 4.2.2: max{1, √m α(m)}/(m α(m)) does not fall below 1/√m."""
    widths, alpha = [16, 64, 256, 1024], [10, 100]
    for draw in DRAWS:
        _, data, _ = nth_draw(draw, 5, 20)
        moved = {True: [], False: []}
        for m in widths:
            net = TwoLayer(5, m, scale=m**-0.5)
            for doubling, found in moved.items():
                w0 = net.init(np.random.default_rng(draw), doubling=doubling)
                run = gradient_flow(net, data, np.tile(w0, (2, 1)), alpha=alpha, **OPTIONS)
                found.append(displacement(run.w[-1], w0))
        doubled, plain = (np.array(moved[doubling]) for doubling in (True, False))
        assert doubled[:, 1] / doubled[:, 0] == pytest.approx([0.1] * 4, rel=0.06)
        assert plain[:, 1] / plain[:, 0] == pytest.approx([1] * 4, abs=0.06)
        assert power_law(widths, plain[:, 1])[0] == pytest.approx(-0.5, abs=0.08)


def test_a_one_homogeneous_network_from_small_weights_is_that_of_one_over_root_m():
    """Section 4.2.2: N(0, 1/m) and no factor, or N(0, 1) and 1/√m: the same, m times faster."""
    widths, m = [16, 64, 256, 1024], 64
    for draw in DRAWS:
        moved = []
        for width in widths:
            _, data, rng = nth_draw(draw, 5, 20)
            net = TwoLayer(5, width)
            a, b = net.unpack(net.init(rng, tau=width**-0.5))
            a, b = a.reshape(-1), np.sign(b)
            run = gradient_flow(FirstLayer(net, b), data, a, **OPTIONS)
            moved.append(displacement(run.w[-1], a))
            if width == m:
                scaled = FirstLayer(TwoLayer(5, m, scale=m**-0.5), b)
                other = OPTIONS | {"t_max": 3000 * m}
                other = gradient_flow(scaled, data, a * m**0.5, **other)
                assert displacement(other.w[-1], a * m**0.5) == pytest.approx(moved[-1], rel=1e-3)
        assert power_law(widths, moved)[0] == pytest.approx(-0.55, abs=0.1)
