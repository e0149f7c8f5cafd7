"""Smooth losses R(g) = (1/n) Σᵢ ℓ(gᵢ, yᵢ), with the constants of Assumption 3.1."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from lazylib import checks


@dataclass(frozen=True)
class Loss:
    """A loss of the residual, ℓ(g, y) = φ(g − y), averaged over the samples.

    Attributes
    ----------
    name : str
    phi, slope : callable
        φ and its derivative φ′, elementwise.
    mu, nu : float
        Bounds μ ≤ φ″ ≤ ν. In ℝⁿ with the Euclidean norm, R is (μ/n)-strongly convex and its
        gradient is (ν/n)-Lipschitz (Assumption 3.1); the condition number is κ = ν/μ.
    """

    name: str
    phi: Callable
    slope: Callable
    mu: float
    nu: float

    @property
    def condition_number(self):
        """κ = ν/μ of Theorem 3.2."""
        return self.nu / self.mu

    def value(self, g, y):
        """R(g) for predictions ``g`` and labels ``y`` of shape (..., n); shape (...)."""
        return self.phi(g - y).mean(axis=-1)

    def gradient(self, g, y):
        """∇R(g), of shape (..., n), in ℝⁿ with the Euclidean inner product."""
        return self.slope(g - y) / g.shape[-1]


#: R(g) = (1/2n) Σᵢ (gᵢ − yᵢ)², the loss of all experiments of Section 5; κ = 1.
quadratic = Loss("quadratic", lambda r: 0.5 * r * r, lambda r: r, mu=1.0, nu=1.0)


def log_cosh(mu=0.1):
    """φ(r) = μ r²/2 + (1 − μ) log cosh r: quadratic near 0, μ-curved far away; κ = 1/μ.

    Parameters
    ----------
    mu : float
        Strong convexity per sample, in (0, 1]; 1 gives the quadratic loss.
    """
    mu = checks.positive("mu", mu)
    if mu > 1:
        raise ValueError(f"mu must be at most 1, got {mu}")

    def phi(r):
        # log cosh r, written so that it does not overflow
        return 0.5 * mu * r * r + (1 - mu) * (np.logaddexp(r, -r) - np.log(2))

    def slope(r):
        return mu * r + (1 - mu) * np.tanh(r)

    return Loss(f"log-cosh (μ = {mu:g})", phi, slope, mu=mu, nu=1.0)
