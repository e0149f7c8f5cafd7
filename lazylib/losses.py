"""Smooth losses R(g) = (1/n) Σᵢ ℓ(gᵢ, yᵢ), with the constants of Assumption 3.1."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from lazylib import _checks


@dataclass(frozen=True)
class Loss:
    """A loss ℓ(g, y) averaged over the samples: φ(g − y), or φ(g y) for labels y = ±1.

    Attributes
    ----------
    name : str
    phi, slope : callable
        φ and its derivative φ′, elementwise.
    mu, nu : float
        Bounds μ ≤ φ″ ≤ ν. In ℝⁿ with the Euclidean norm, R is (μ/n)-strongly convex and its
        gradient is (ν/n)-Lipschitz (Assumption 3.1); the condition number is κ = ν/μ.
    of_margin : bool, default False
        Whether φ is applied to the margin g y rather than to the residual g − y.
    """

    name: str
    phi: Callable
    slope: Callable
    mu: float
    nu: float
    of_margin: bool = False

    @property
    def condition_number(self):
        """κ = ν/μ of Theorem 3.2; infinite without strong convexity."""
        return self.nu / self.mu if self.mu else np.inf

    def value(self, g, y):
        """R(g) for predictions ``g`` and labels ``y`` of shape (..., n); shape (...)."""
        return self.phi(g * y if self.of_margin else g - y).mean(axis=-1)

    def zero(self, y):
        """R(0), the loss of the predictor that is 0 everywhere, for labels ``y``; shape (...)."""
        y = _checks.array("y", y, ndim=1, nonempty=True)
        with np.errstate(all="ignore"):
            return _checks.in_range("R(0)", self.value(np.zeros_like(y), y))

    def gradient(self, g, y):
        """∇R(g), of shape (..., n), in ℝⁿ with the Euclidean inner product."""
        slope = y * self.slope(g * y) if self.of_margin else self.slope(g - y)
        return slope / g.shape[-1]


#: R(g) = (1/2n) Σᵢ (gᵢ − yᵢ)², the loss of all experiments of Section 5; κ = 1.
quadratic = Loss("quadratic", lambda r: 0.5 * r * r, lambda r: r, mu=1.0, nu=1.0)


def log_cosh(mu=0.1):
    """φ(r) = μ r²/2 + (1 − μ) log cosh r: quadratic near 0, μ-curved far away; κ = 1/μ.

    Parameters
    ----------
    mu : float
        Strong convexity per sample, in (0, 1]; 1 gives the quadratic loss.
    """
    mu = _checks.number("mu", mu, above=0)
    if mu > 1:
        raise ValueError(f"mu must be at most 1, got {mu}")

    def phi(r):
        # log cosh r, without overflow where r is large and without cancellation where it is small
        size = np.abs(r)
        near = np.log1p(2 * np.sinh(0.5 * np.minimum(size, 1)) ** 2)
        far = size + np.log1p(np.exp(-2 * size)) - math.log(2)
        return 0.5 * mu * r * r + (1 - mu) * np.where(size < 1, near, far)

    def slope(r):
        return mu * r + (1 - mu) * np.tanh(r)

    return Loss(f"log-cosh (μ = {mu:g})", phi, slope, mu=mu, nu=1.0)


def _log_one_plus_exp_minus(z):
    return np.logaddexp(0, -z)


def _minus_sigmoid_of_minus(z):
    # exact where it is tiny: 1 − tanh would lose all digits
    return -np.exp(-np.logaddexp(0, z))


#: ℓ(g, y) = log(1 + exp(−g y)) for labels y = ±1: convex, but μ = 0, and no predictor attains
#: inf R = 0. It is outside Assumption 3.1.
logistic = Loss(
    "logistic", _log_one_plus_exp_minus, _minus_sigmoid_of_minus, mu=0.0, nu=0.25, of_margin=True
)
