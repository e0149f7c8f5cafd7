"""Losses, their gradients, and the constants that Theorem 3.2 asks for."""

import math

import mpmath
import numpy as np
import pytest
from helpers import derivative, quick, relative, seeded
from hypothesis import given
from hypothesis import strategies as st

from lazylib import log_cosh, quadratic

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
        (1.5, ValueError, "mu must be at most 1"),
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
