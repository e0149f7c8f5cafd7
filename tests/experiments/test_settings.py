"""The settings of the note's figures, and what is trained in them for the panels."""

import numpy as np
import pytest
from helpers import seeded

from lazylib import (
    Dataset,
    Tangent,
    TwoLayer,
    displacement,
    gradient_descent,
    nth_draw,
    random_feature_kernels,
    sphere,
    teacher,
)
from lazylib.experiments import (
    best_constant,
    draw_realizations,
    foresee,
    plane_setting,
    plane_weights,
    sgd_on_f,
    sgd_on_tangent,
    smooth_network,
    stored,
    sweep,
    train_by_sgd,
    train_four,
    train_in_plane,
    train_on_surface,
)
from lazylib.experiments.generalization import constant_error
from lazylib.experiments.realizations import SECTION


def test_the_plane_of_figure_1_is_the_same_draw_for_all_n_and_tau():
    """Common random numbers: more points keep the first ones; τ scales one draw of weights."""
    truth, data = plane_setting()
    more = plane_setting(n=200, n_test=0)[1]
    assert data.x.shape == (15, 2) and data.x_test.shape == (200, 2) and more.x_test is None
    np.testing.assert_array_equal(more.x[:15], data.x)
    np.testing.assert_array_equal(data.y, truth(data.x))
    assert not np.array_equal(plane_setting(teacher=26)[0].a, truth.a)
    net = TwoLayer(2, 20)
    w = plane_weights(net, [0.5, 2.0])
    np.testing.assert_array_equal(4 * w[0], w[1])
    np.testing.assert_array_equal(plane_weights(net), 2 * w[0])
    assert np.abs(net.predict(w, data.x)).max() < 1e-14
    assert np.abs(net.predict(plane_weights(net, doubling=False), data.x)).max() > 0.1


def test_the_plane_is_drawn_from_the_seeds_that_the_stored_numbers_have():
    """Seeds [teacher, 0], [teacher, 1] and [weights, 2], on which every number of 01 rests."""
    truth, data = plane_setting(n=4, n_test=0, teacher=7)
    ours = teacher(seeded([7, 0]), d=2)
    np.testing.assert_array_equal(truth.a, ours.a)
    np.testing.assert_array_equal(data.x, Dataset.from_teacher(seeded([7, 1]), ours, 4).x)
    net = TwoLayer(2, 6)
    np.testing.assert_array_equal(plane_weights(net, weights=3), net.init(seeded([3, 2])))


def test_training_in_the_plane_is_active_at_small_tau_and_lazy_at_large_tau():
    """Figures 1(a) and 1(b), the defaults; facts: displacement 2.2–2.5 and .015–.04."""
    active, lazy = (train_in_plane(tau) for tau in (0.1, 2.0))
    assert 2.0 < displacement(active.run.w[-1], active.w0) < 2.7
    assert 0.005 < displacement(lazy.run.w[-1], lazy.w0) < 0.05
    assert active.net.m == 20 and active.data.n == 15 and active.twin is None


def test_the_plane_of_the_section_is_enough():
    """Normal weights in ℝ¹⁰ give on a section what their two coordinates in its plane give."""
    rng = seeded(0)
    a, b = rng.standard_normal((40, 10)), rng.standard_normal(40)
    lifted = np.concatenate([SECTION, np.zeros((61, 8))], axis=1)
    whole = random_feature_kernels(a, b, lifted[:1], lifted)
    flat = random_feature_kernels(a[:, :2], b, SECTION[:1], SECTION)
    np.testing.assert_allclose(np.stack(whole), np.stack(flat), rtol=0, atol=1e-14)


def test_wider_draws_keep_their_first_neurons():
    """Common random numbers: width 20 is the mean of its two halves."""
    whole, half = (draw_realizations(m, 0).kernels for m in (20, 10))
    rng = seeded([0, 6])
    a, b = rng.standard_normal((8, 1000, 2)), rng.standard_normal((8, 1000))
    k_a, k_b = random_feature_kernels(a[:, 10:20], b[:, 10:20], SECTION[:1], SECTION)
    rest = np.stack([k_a, k_b, k_a + k_b])[..., 0, :]
    np.testing.assert_allclose(whole, (half + rest) / 2, rtol=0, atol=1e-14)


@pytest.mark.parametrize("algorithm", [sgd_on_f, sgd_on_tangent])
def test_the_algorithms_of_figure_3_are_gradient_descent_on_f_and_on_its_tangent(algorithm):
    """Three steps on one batch, against the library's own."""
    net = TwoLayer(2, 6)
    w0 = net.init(seeded(3), doubling=False)
    data = Dataset(sphere(seeded(4), 10, 2), seeded(5).standard_normal(10))
    model = net if algorithm is sgd_on_f else Tangent(net, w0)
    run = gradient_descent(model, data, w0, step=0.1, n_steps=3, alpha=3.0)
    *_, w = algorithm(net, w0, 3 * [(data.x, data.y)], 0.1, 3.0)
    np.testing.assert_allclose(w, run.w[-1], rtol=1e-12)


def test_an_algorithm_of_the_readers_own_that_yields_something_else_is_refused():
    def forgetful(f, w, samples, step, alpha):
        yield w

    def endless(f, w, samples, step, alpha):
        while True:
            yield w

    def flat(f, w, samples, step, alpha):
        return iter([0.0] * 241)

    for algorithm in (forgetful, endless, flat):
        with pytest.raises(ValueError, match="must yield w0 and 240 steps of its shape"):
            train_by_sgd((sgd_on_f, algorithm))
    with pytest.raises(TypeError, match="algorithms must be a function"):
        train_by_sgd((sgd_on_f, None))


def test_sgd_that_diverges_is_said_before_anything_overflows():
    with pytest.raises(ValueError, match="with the step 3.16 SGD diverges"):
        train_by_sgd(alpha=1.0, tau=10**0.5, step=10**0.5)


@pytest.mark.parametrize(
    "call, name",
    [
        (lambda: plane_setting(teacher=-1), "teacher"),
        (lambda: plane_setting(n=0), "n"),
        (lambda: plane_setting(n_test=-1), "n_test"),
        (lambda: plane_weights(None), "net"),
        (lambda: plane_weights(TwoLayer(2, 4), weights=0.5), "weights"),
        (lambda: plane_weights(TwoLayer(2, 4), tau=-1), "tau"),
        (lambda: plane_weights(TwoLayer(2, 4), doubling=1), "doubling"),
        (lambda: train_in_plane(-1), "tau"),
        (lambda: train_in_plane(1.0, alpha=0), "alpha"),
        (lambda: train_in_plane(1.0, m=3), "m"),
        (lambda: train_in_plane(1.0, n=2.5), "n"),
        (lambda: train_in_plane(1.0, twin=None), "twin"),
        (lambda: train_in_plane(1.0, weights=-2), "weights"),
        (lambda: train_in_plane(1.0, teacher="a"), "teacher"),
        (lambda: train_four(tau=0), "tau"),
        (lambda: train_four(seed=-1), "seed"),
        (lambda: train_four(m=0), "m"),
        (lambda: draw_realizations(0), "m"),
        (lambda: draw_realizations(1001), "m"),
        (lambda: draw_realizations(draws=0), "draws"),
        (lambda: draw_realizations(seed=None), "seed"),
        (lambda: train_by_sgd(alpha=-1), "alpha"),
        (lambda: train_by_sgd(step=np.inf), "step"),
        (lambda: train_by_sgd(smooth="yes"), "smooth"),
        (lambda: train_by_sgd(seed=-1), "seed"),
        (lambda: foresee("relu"), "activation"),
        (lambda: foresee(seed=-1), "seed"),
        (lambda: foresee(train=1), "train"),
        (lambda: smooth_network(start="zero"), "start"),
        (lambda: smooth_network(layers=None), "layers"),
        (lambda: smooth_network(m=0.5), "m"),
        (lambda: smooth_network(seed=-1), "seed"),
        (lambda: sweep(loss="hinge"), "loss"),
        (lambda: train_on_surface(0), "alpha"),
    ],
)
def test_arguments_that_do_not_fit_are_refused_by_name(call, name):
    with pytest.raises((ValueError, TypeError), match=rf"^{name}\b"):
        call()


def test_the_best_constant_of_other_results_is_refused():
    with pytest.raises(ValueError, match="results must be those of `GENERALIZATION`"):
        best_constant(stored("width"))


def test_the_best_constant_of_a_draw_is_the_mean_of_its_labels():
    """No constant has a smaller error than the labels' mean: their variance over E y²."""
    results = stored("generalization")
    constant = best_constant(results)
    for draw in (0, 2):
        y = nth_draw(draw, d=100, n=1000, n_test=1000)[1].y_test
        errors = [np.mean((y - c) ** 2) / np.mean(y**2) for c in np.linspace(-2, 2, 4001)]
        assert constant[draw] == pytest.approx(min(errors), abs=1e-4)
        assert constant_error(y) == constant[draw]
