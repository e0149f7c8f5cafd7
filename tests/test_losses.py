"""Losses, their gradients, and the constants that Theorem 3.2 asks for."""

import math
import re

import mpmath
import numpy as np
import pytest
from helpers import derivative, quick, relative, seeded
from hypothesis import given
from hypothesis import strategies as st

from lazylib import Loss, log_cosh, logistic, quadratic

LOSSES = [quadratic, log_cosh(), log_cosh(0.9), log_cosh(1)]
each_loss = pytest.mark.parametrize("loss", LOSSES, ids=lambda loss: loss.name)
vectors = st.lists(st.floats(-50, 50), min_size=1, max_size=6).map(np.array)


def test_quadratic_is_half_the_mean_square():
    """R(g) = (1/2n) Σᵢ (gᵢ − yᵢ)², here 14/6."""
    assert quadratic.value(np.array([1.0, 2.0, 3.0]), np.zeros(3)) == pytest.approx(
        14 / 6, rel=1e-15
    )
    assert (quadratic.mu, quadratic.nu, quadratic.condition_number) == (1, 1, 1)


@each_loss
def test_gradient_is_the_derivative_of_the_value(loss):
    g, y, v = seeded(0).normal(scale=3, size=(3, 4, 7))
    numerical = derivative(lambda g: loss.value(g, y), g, v)
    assert relative((loss.gradient(g, y) * v).sum(axis=-1), numerical) < 1e-8
    assert loss.value(g, y).shape == (4,) and loss.gradient(g, y).shape == (4, 7)


@each_loss
def test_curvature_stays_between_mu_and_nu_and_comes_near_both(loss):
    """μ ≤ φ″ ≤ ν, by central differences of φ′."""
    r = np.linspace(-20, 20, 4001)
    curvature = derivative(loss.slope, r, 1.0, h=1e-4)
    assert loss.mu - 1e-8 < curvature.min() < loss.mu + 1e-6
    assert loss.nu - 1e-6 < curvature.max() < loss.nu + 1e-8
    assert loss.condition_number == loss.nu / loss.mu


@each_loss
@quick
@given(data=st.data())
def test_objective_is_convex_and_smooth_with_mu_and_nu_over_n(loss, data):
    """Assumption 3.1 in ℝⁿ: the gap above the tangent lies between (μ/2n)‖h‖² and (ν/2n)‖h‖²."""
    g = data.draw(vectors)
    h = seeded(len(g)).normal(scale=5, size=g.shape)
    y = np.ones_like(g)
    gap = loss.value(g + h, y) - loss.value(g, y) - loss.gradient(g, y) @ h
    square = (h @ h) / (2 * len(g))
    assert loss.mu * square * (1 - 1e-9) - 1e-9 <= gap <= loss.nu * square * (1 + 1e-9) + 1e-9


@pytest.mark.parametrize("r", [1e-12, 1e-6, 0.01, 0.5, 0.999, 1.001, 3.0, 40.0, 1e4])
def test_log_cosh_to_the_last_digits(r):
    """φ against mpmath: no cancellation near 0, where training ends, and no overflow far away."""
    mu = 0.1
    with mpmath.workdps(50):
        exact = mpmath.mpf(mu) * mpmath.mpf(r) ** 2 / 2
        exact += (1 - mpmath.mpf(mu)) * mpmath.log(mpmath.cosh(mpmath.mpf(r)))
        exact = float(exact)
    loss = log_cosh(mu)
    assert loss.phi(np.array([r, -r])) == pytest.approx([exact, exact], rel=4e-15, abs=0)
    assert (
        loss.slope(-r)
        == -loss.slope(r)
        == pytest.approx(-mu * r - (1 - mu) * math.tanh(r), rel=1e-14, abs=0)
    )


def test_log_cosh_with_mu_1_is_quadratic():
    r = np.linspace(-9, 9, 13)
    assert np.array_equal(log_cosh(1).phi(r), quadratic.phi(r))
    assert np.array_equal(log_cosh(1).slope(r), quadratic.slope(r))


@each_loss
def test_single_precision_stays(loss):
    g, y = seeded(0).normal(size=(2, 5)).astype("float32")
    assert loss.value(g, y).dtype == loss.gradient(g, y).dtype == np.float32
    assert loss.value(g, y) == pytest.approx(loss.value(*np.float64([g, y])), rel=1e-6)


@pytest.mark.parametrize(
    ("mu", "error", "message"),
    [
        (0, ValueError, "mu must be > 0"),
        (-0.1, ValueError, "mu must be > 0"),
        (1.5, ValueError, "mu must be <= 1, got 1.5"),
        (math.nan, ValueError, "mu must be finite"),
        ("0.1", TypeError, "mu must be an array of real numbers"),
        ([0.1, 0.2], TypeError, "mu must be one number"),
    ],
)
def test_log_cosh_names_a_bad_mu(mu, error, message):
    with pytest.raises(error, match=message):
        log_cosh(mu)


@each_loss
def test_zero_is_the_loss_of_the_predictor_that_is_0(loss):
    """Design §2: errors shown to a reader are relative to R(0), one for each run."""
    y = seeded(1).normal(size=(3, 7))
    assert loss.zero(y).shape == (3,)
    assert loss.zero(y) == pytest.approx(loss.phi(y).mean(axis=-1), rel=1e-15)
    assert loss.zero([3, -1]) == loss.value(np.zeros(2), np.array([3.0, -1.0]))


G = np.ones((2, 3))
LOSS_ARGUMENTS = {
    "column of labels": (G[0], G[0][:, None], ValueError, "y must have the shape of g, (3,), or"),
    "one label": (G[0], [1.0], ValueError, "y must have the shape of g, (3,), or its end"),
    "labels of other runs": (
        G,
        G[:1],
        ValueError,
        "y must have the shape of g, (2, 3), or its end",
    ),
    "more runs of labels": (G[0], G, ValueError, "y must have the shape of g, (3,), or its end"),
    "numbers": (1.0, 1.0, ValueError, "g must have at least 1 axes"),
    "nothing": (G[:, :0], G[:, :0], ValueError, "g must not be empty"),
    "None": (None, G, TypeError, "g must be an array of real numbers"),
    "words": (G[0], ["a", "b", "c"], TypeError, "y must be an array of real numbers"),
    "complex": (1j * G, G, TypeError, "g must be an array of real numbers"),
    "masked": (G, np.ma.masked_array(G, G > 2), TypeError, "y must be an array without a mask"),
    "NaN": (G * np.nan, G, ValueError, "g must be finite"),
    "infinity": (G, G * np.inf, ValueError, "y must be finite"),
}


@pytest.mark.parametrize("loss", [quadratic, log_cosh(), logistic], ids=lambda loss: loss.name)
@pytest.mark.parametrize(
    ("g", "y", "error", "message"), LOSS_ARGUMENTS.values(), ids=LOSS_ARGUMENTS
)
def test_nothing_broadcasts_and_what_is_no_array_is_named(loss, g, y, error, message):
    for call in (loss.value, loss.gradient):
        with pytest.raises(error, match=re.escape(message)):
            call(g, y)


@each_loss
def test_predictions_may_have_more_leading_axes_than_labels(loss):
    g, y = seeded(3).normal(size=(5, 2, 3)), seeded(4).normal(size=(2, 3))
    assert np.array_equal(loss.value(g, y)[4], loss.value(g[4], y))
    assert np.array_equal(loss.gradient(g, y[0])[4, 1], loss.gradient(g[4, 1], y[0]))
    assert loss.value(g.tolist(), y.tolist()).tolist() == loss.value(g, y).tolist()


@pytest.mark.parametrize("y", [[0, 1], [1, 2], [0.999, 1]])
def test_the_logistic_loss_asks_for_labels_plus_or_minus_1(y):
    """ℓ(g, y) = log(1 + exp(−g y)) is a loss for y = ±1 only; log 2 at g = 0."""
    calls = lambda: logistic.value([1, 1], y), lambda: logistic.gradient([1, 1], y)
    for call in (*calls, lambda: logistic.zero(y), lambda: logistic.check_labels(y)):
        with pytest.raises(ValueError, match="y must hold labels .1 or −1 for the logistic loss"):
            call()
    with pytest.raises(ValueError, match="data.y must hold labels"):
        logistic.check_labels(y, "data.y")
    assert np.array_equal(quadratic.check_labels(y), y)
    assert logistic.zero([1, -1]) == pytest.approx(math.log(2), rel=1e-15)


def test_the_logistic_loss_to_the_last_digits():
    """Against mpmath, from margins where the slope is −1 to those where it is tiny."""
    for margin in (-700.0, -3.0, 0.0, 1e-3, 40.0, 700.0):
        with mpmath.workdps(50):
            value = float(mpmath.log1p(mpmath.exp(-margin)))
            slope = float(-1 / (1 + mpmath.exp(margin)))
        for y in (1.0, -1.0):
            assert logistic.value([y * margin], [y]) == pytest.approx(value, rel=1e-13, abs=0)
            assert logistic.gradient([y * margin], [y]) == pytest.approx(
                [y * slope], rel=1e-13, abs=0
            )


def test_what_is_in_range_does_not_overflow_and_what_is_not_is_refused():
    """The sum of two losses of 1.1e308 is out of range, their mean is not."""
    assert quadratic.value([1.5e154, -1.5e154], [0, 0]) == pytest.approx(1.125e308, rel=1e-15)
    assert quadratic.zero([1.5e154, -1.5e154]) == pytest.approx(1.125e308, rel=1e-15)
    calls = lambda: quadratic.value([1e200], [0]), lambda: quadratic.zero([1e200])
    for call in (*calls, lambda: quadratic.gradient([1.7e308], [-1.7e308])):
        with pytest.raises(ValueError, match=r"R\(.\) is beyond the range of floating-point"):
            call()


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((3, np.abs, np.sign, 0, 1), TypeError, "name must be a str"),
        (("mine", None, np.sign, 0, 1), TypeError, "phi must be a function"),
        (("mine", np.abs, "sign", 0, 1), TypeError, "slope must be a function"),
        (("mine", np.abs, np.sign, -1, 1), ValueError, "mu must be >= 0"),
        (("mine", np.abs, np.sign, 2, 1), ValueError, "mu must be <= 1"),
        (("mine", np.abs, np.sign, 0, np.inf), ValueError, "nu must be finite"),
        (("mine", np.abs, np.sign, 0, 0), ValueError, "nu must be > 0"),
        (("mine", np.abs, np.sign, 0, 1, "yes"), TypeError, "of_margin must be True or False"),
    ],
)
def test_a_loss_names_what_does_not_fit(arguments, error, message):
    with pytest.raises(error, match=message):
        Loss(*arguments)
