"""Activation functions with their derivatives and their degrees of homogeneity."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from lazylib import _checks


@dataclass(frozen=True)
class Activation:
    """A scalar function σ, applied elementwise.

    Attributes
    ----------
    name : str
    value, derivative : callable
        σ and σ′; for the ReLU, σ′(0) = 0.
    degree : int or None
        q such that σ(λz) = λ^q σ(z) for every λ > 0, if there is one.
    max_slope, max_curvature : float
        sup |σ′|, and sup |σ″|, the Lipschitz constant of σ′ (Assumption 3.1); infinite if σ′ jumps.
    """

    name: str
    value: Callable
    derivative: Callable
    degree: int | None = None
    max_slope: float = np.inf
    max_curvature: float = np.inf

    @property
    def smooth(self):
        """Whether σ′ is Lipschitz."""
        return np.isfinite(self.max_curvature)

    def both(self, z):
        """Return σ(z) and σ′(z). The array ``z`` is used up: σ(z) may take its place."""
        slope = self.derivative(z)
        if self.degree == 1:  # σ(z) = σ′(z) z
            z *= slope
            return z, slope
        return self.value(z), slope


def _erf(z):
    from scipy.special import erf  # here, so that `import lazylib` need not wait for SciPy

    return erf(z)


def _normal_density(z):
    return np.exp(-0.5 * z * z) / math.sqrt(2 * math.pi)


def _normal_cumulative(z):
    return 0.5 * (1 + _erf(z / math.sqrt(2)))


def _sigmoid(z):
    return 0.5 * (1 + np.tanh(0.5 * z))


def softplus(sharpness=1.0):
    """σ(z) = log(1 + exp(s z))/s, a smooth ReLU: sharpness s → ∞ gives max(z, 0)."""
    s = _checks.number("sharpness", sharpness, above=0)
    return Activation(
        f"softplus(sharpness={s:g})",
        lambda z: np.logaddexp(0, s * z) / s,
        lambda z: _sigmoid(s * z),
        max_slope=1.0,
        max_curvature=s / 4,
    )


relu = Activation(
    "relu",
    lambda z: np.maximum(z, 0),
    lambda z: (z > 0).view(np.int8).astype(z.dtype),  # faster than from bool
    degree=1,
    max_slope=1.0,
)


tanh = Activation(
    "tanh", np.tanh, lambda z: 1 - np.tanh(z) ** 2, max_slope=1.0, max_curvature=4 / math.sqrt(27)
)


erf = Activation(
    "erf",
    _erf,
    lambda z: 2 * np.exp(-z * z) / math.sqrt(math.pi),
    max_slope=2 / math.sqrt(math.pi),
    max_curvature=math.sqrt(8 / (math.e * math.pi)),
)


gelu = Activation(
    "gelu",
    lambda z: z * _normal_cumulative(z),
    lambda z: _normal_cumulative(z) + z * _normal_density(z),
    max_slope=0.5 * (1 + math.erf(1)) + math.exp(-1) / math.sqrt(math.pi),  # at z = √2
    max_curvature=math.sqrt(2 / math.pi),  # at z = 0
)


#: The activations that a model accepts by name.
ACTIVATIONS = {"relu": relu, "softplus": softplus(), "tanh": tanh, "erf": erf, "gelu": gelu}


def activation(choice):
    """Return the activation of that name, or ``choice`` itself if it is an ``Activation``."""
    if isinstance(choice, Activation):
        return choice
    return ACTIVATIONS[_checks.word("activation", choice, ACTIVATIONS)]
