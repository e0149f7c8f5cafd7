"""The displacement of each layer, by the rule that draws the weights."""

import numpy as np
import pytest

import lazylib as lazy
from lazylib.experiments import RULES, balance
from lazylib.experiments.balance import layer_displacements


def test_layer_displacements_are_those_of_the_blocks_of_w():
    net, rng = lazy.TwoLayer(3, 4), np.random.default_rng(0)
    w0, w = rng.standard_normal((2, 5, net.n_parameters))
    first, second, both = layer_displacements(net, w, w0)
    assert first.shape == (5,)
    assert first == pytest.approx(lazy.displacement(w[:, :12], w0[:, :12]))
    assert second == pytest.approx(lazy.displacement(w[:, 12:], w0[:, 12:]))
    assert both == pytest.approx(lazy.displacement(w, w0))


@pytest.mark.parametrize("rule", RULES)
def test_training_all_rules_side_by_side_is_training_each_on_its_own_f_alpha(rule):
    """Labels y/α stand for the factor α of F_α (Eq. 5)."""
    m = 32
    net, (s_a, s_b, alpha) = lazy.TwoLayer(5, m), RULES[rule](5, m)
    _, data, rng = lazy.nth_draw(0, d=5, n=20)
    a, b = net.unpack(net.init(rng))
    w0 = net.pack(s_a * a, s_b * b)
    options = {"alpha": alpha, "t_max": 1e9, "accuracy": 0.05}
    found = balance(draws=1, narrow=m, wide=m).moved[rule][:, 0]
    # at its own end, and at a later one, to which weights still move by some percent
    for tolerance, near in ((1e-3, 0.02), (1e-4, 0.07 if rule == "He" else 0.05)):
        run = lazy.gradient_flow(net, data, w0, tolerance=tolerance, **options)
        assert found == pytest.approx(layer_displacements(net, run.w[-1], w0), rel=near)


@pytest.mark.parametrize("rule", RULES)
def test_a_rules_standard_deviations_keep_the_network_of_order_one_or_less(rule):
    """‖f(w₀, x)‖ of networks that are not doubled does not grow with the width."""
    sizes = [
        s_a * s_b * alpha * m**0.5 for m in (64, 4096) for s_a, s_b, alpha in [RULES[rule](5, m)]
    ]
    assert sizes[1] <= 1.01 * sizes[0] < 1


def test_your_scales_reach_the_network_and_a_label_scale_every_rule():
    base = balance(wide=16, draws=1).moved
    other = balance(tau=3.0, wide=16, draws=1).moved
    small = balance(labels=0.1, wide=16, draws=1).moved
    assert (other["yours"] < 0.1 * base["yours"]).all()
    for name, layers in base.items():
        assert (small[name] < 0.5 * layers).all(), name
        if name != "yours":
            assert other[name] == pytest.approx(layers)


def test_scales_must_be_positive():
    for wrong in ({"labels": 0}, {"tau": -1.0}, {"ratio": 0}, {"draws": 0}, {"narrow": 3}):
        with pytest.raises(ValueError, match=next(iter(wrong))):
            balance(**wrong)
