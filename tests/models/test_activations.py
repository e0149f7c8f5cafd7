"""Activations, their derivatives, and what is said of them."""

import mpmath
import numpy as np
import pytest
from helpers import derivative, seeded

from lazylib import Activation, TwoLayer, softplus
from lazylib.models.activations import ACTIVATIONS, activation, relu, tanh

EVERY = {**ACTIVATIONS, "sharp softplus": softplus(10.0)}
each = pytest.mark.parametrize("sigma", EVERY.values(), ids=EVERY)
GRID = np.linspace(-6, 6, 121) + 0.013  # no point at the kink of the ReLU

EXACT = {
    "relu": lambda z: max(z, 0),
    "softplus": lambda z: mpmath.log(1 + mpmath.exp(z)),
    "tanh": mpmath.tanh,
    "erf": mpmath.erf,
    "gelu": lambda z: z * mpmath.ncdf(z),
    "sharp softplus": lambda z: mpmath.log(1 + mpmath.exp(10 * z)) / 10,
}


@pytest.mark.parametrize("name", EVERY)
def test_value_and_derivative_to_the_last_digits(name):
    """σ and σ′ against mpmath in 40 digits."""
    z = np.array([-30.0, -5.5, -1.25, -1e-3, 1e-9, 0.7, 2.0, 8.0, 30.0])
    with mpmath.workdps(40):
        values = [float(EXACT[name](mpmath.mpf(v))) for v in z]
        slopes = [float(mpmath.diff(EXACT[name], mpmath.mpf(v))) for v in z]
    assert np.abs(EVERY[name].value(z) - values).max() < 2e-15 * np.abs(values).max()
    assert np.abs(EVERY[name].derivative(z) - slopes).max() < 2e-15


@each
def test_derivative_is_that_of_the_value(sigma):
    numerical = derivative(sigma.value, GRID, 1.0)
    assert np.abs(sigma.derivative(GRID) - numerical).max() < 1e-8


@each
@pytest.mark.parametrize("in_place", [False, True])
def test_both_returns_value_and_derivative(sigma, in_place):
    z = seeded(0).normal(size=(3, 4, 5))
    used = z.copy()
    value, slope = sigma.both(used, out=used if in_place else None)
    assert in_place or np.array_equal(used, z)
    assert np.allclose(value, sigma.value(z), rtol=1e-15, atol=0)
    assert np.array_equal(slope, sigma.derivative(z))


@each
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_precision_stays(sigma, dtype):
    z = GRID.astype(dtype)
    assert sigma.value(z).dtype == sigma.derivative(z).dtype == dtype
    assert {part.dtype for part in sigma.both(z)} == {np.dtype(dtype)}


@each
def test_degree_is_that_of_homogeneity(sigma):
    """σ(λz) = λ^q σ(z) for λ > 0, or no such q."""
    ratio = sigma.value(3 * GRID) / np.where(GRID > 0, sigma.value(GRID), 1)
    if sigma.degree is None:
        assert np.ptp(np.log(ratio[GRID > 0])) > 0.1
    else:
        assert np.allclose(sigma.value(3 * GRID), 3**sigma.degree * sigma.value(GRID), rtol=1e-15)


@each
def test_a_finite_curvature_means_that_the_derivative_is_lipschitz(sigma):
    """Assumption 3.1: difference quotients of σ′ stay bounded as their step shrinks."""
    z = np.linspace(-1, 1, 2001)
    coarse, fine = (
        np.abs(np.diff(sigma.derivative(scale * z))).max() / scale for scale in (1, 1e-3)
    )
    assert (fine < 2 * coarse + 1e-9) == np.isfinite(sigma.max_curvature)


def test_relu_at_its_kink():
    """σ′(0) = 0, as documented."""
    value, slope = ACTIVATIONS["relu"].both(np.array([-1.0, 0.0, 2.0]))
    assert value.tolist() == [0, 0, 2] and slope.tolist() == [0, 0, 1]


@pytest.mark.parametrize("s", [0.5, 1, 20, 1e3])
def test_softplus_lies_between_relu_and_relu_plus_log_2_over_s(s):
    z = np.concatenate([np.linspace(-3, 3, 61), [-1e4, 1e4]])
    gap = softplus(s).value(z) - np.maximum(z, 0)
    assert gap.min() > -1e-15 and gap[30] == gap.max() == pytest.approx(np.log(2) / s, rel=1e-15)
    assert gap[-2:].tolist() == [0, 0] and softplus(s).derivative(z)[-2:].tolist() == [0, 1]


def test_softplus_does_not_overflow_on_the_way():
    """log(1 + exp(s z))/s is about z for large z, also where s z is out of range."""
    with np.errstate(over="ignore"):
        assert softplus(20).value(np.array([1e308, -1e308])).tolist() == [1e308, 0]


def test_the_relu_is_known_by_its_function_not_by_its_name():
    assert TwoLayer(2, 3).activation == relu
    fake = Activation("relu", tanh.value, tanh.derivative, degree=1, max_slope=1.0)
    assert fake != relu and fake.value is not relu.value


def test_activation_by_name_or_as_it_is():
    for name, sigma in ACTIVATIONS.items():
        assert activation(name) is sigma is TwoLayer(2, 3, name).activation
        assert sigma.name.startswith(name)
    sharp = softplus(7)
    assert activation(sharp) is sharp and sharp.name == "softplus(sharpness=7)"


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: activation("ReLU"), ValueError, "activation must be one of 'relu', 'softplus'"),
        (lambda: activation(np.tanh), TypeError, "activation must be a word"),
        (lambda: activation(["relu"]), TypeError, "activation must be a word"),
        (lambda: softplus(0), ValueError, "sharpness must be > 0"),
        (lambda: softplus(np.inf), ValueError, "sharpness must be finite"),
        (lambda: softplus("10"), TypeError, "sharpness must be an array of real numbers"),
        (lambda: Activation(3, np.sin, np.cos), TypeError, "name must be a str, got 3"),
        (lambda: Activation("sin", 3, np.cos), TypeError, "value must be a function, got 3"),
        (lambda: Activation("sin", np.sin, None), TypeError, "derivative must be a function"),
        (lambda: Activation("sin", np.sin, np.cos, 0), ValueError, "degree must be at least 1"),
        (lambda: Activation("sin", np.sin, np.cos, 1.5), TypeError, "degree must be an integer"),
        (lambda: Activation("sin", np.sin, np.cos, None, 0), ValueError, "max_slope must be > 0"),
        (
            lambda: Activation("sin", np.sin, np.cos, max_curvature=np.nan),
            ValueError,
            "max_curvature must be finite",
        ),
        (
            lambda: Activation("sin", np.sin, np.cos, max_slope=[1]),
            ValueError,
            "max_slope must have 0 axes",
        ),
    ],
)
def test_bad_activations_are_named(call, error, message):
    with pytest.raises(error, match=message):
        call()
