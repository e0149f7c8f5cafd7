"""Smooth losses R(g) = (1/n) Σᵢ ℓ(gᵢ, yᵢ), with the constants of Assumption 3.1."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from lazylib import _checks
from lazylib._identity import Identity, own

__all__ = ["Loss", "log_cosh", "logistic", "quadratic"]


@dataclass(frozen=True, eq=False, repr=False)
class Loss(Identity):
    """A loss ℓ(g, y) averaged over the samples: φ(g − y), or φ(g y) for labels y = ±1.

    Predictions ``g`` have shape (..., n). Labels ``y`` have the same shape, or the last axes of it:
    nothing else broadcasts.

    Parameters
    ----------
    name : str
    phi, slope : callable
        φ and its derivative φ′, elementwise. To be compared and pickled they must be functions of
        a module, or ``functools.partial`` of such.
    mu, nu : float
        Bounds μ ≤ φ″ ≤ ν, with 0 ≤ μ ≤ ν and ν > 0. In ℝⁿ with the Euclidean norm, R is
        (μ/n)-strongly convex and its gradient is (ν/n)-Lipschitz (Assumption 3.1); the condition
        number is κ = ν/μ.
    of_margin : bool, default False
        Whether φ is applied to the margin g y rather than to the residual g − y.

    Raises
    ------
    TypeError, ValueError
        By every method, if an argument is not an array of real, finite numbers that fits, or a
        result is beyond the range of floating point.

    Examples
    --------
    >>> import numpy as np
    >>> from lazylib import Loss
    >>> square = Loss("square", np.square, lambda r: 2 * r, mu=2.0, nu=2.0)
    >>> print(square.value([3.0, 1.0], [1.0, 1.0]), square.condition_number)  # (2² + 0²)/2
    2.0 1.0
    """

    name: str
    phi: Callable
    slope: Callable
    mu: float
    nu: float
    of_margin: bool = False

    def __post_init__(self):
        _checks.instance("name", self.name, str)
        _checks.function("phi", self.phi)
        _checks.function("slope", self.slope)
        nu = _checks.number("nu", self.nu, above=0)
        mu = _checks.number("mu", self.mu, least=0, most=nu)
        own(self, mu=mu, nu=nu, of_margin=_checks.flag("of_margin", self.of_margin))

    @property
    def condition_number(self):
        """κ = ν/μ of Theorem 3.2; infinite without strong convexity."""
        return self.nu / self.mu if self.mu else np.inf

    def value(self, g, y):
        """R(g) for predictions ``g`` and labels ``y``; of shape (...)."""
        return _checks.computed("R(g)", self._mean, *self._checked(g, y))

    def gradient(self, g, y):
        """∇R(g), of shape (..., n), in ℝⁿ with the Euclidean inner product."""
        return _checks.computed("∇R(g)", self._gradient, *self._checked(g, y))

    def zero(self, y):
        """R(0), the loss of the predictor that is 0 everywhere; of shape (...)."""
        y = self.check_labels(y)
        return _checks.computed("R(0)", self._mean, np.zeros_like(y), y)

    def check_labels(self, y, name="y"):
        """Return labels ``y`` of shape (..., n) as an array, or say why the loss refuses them."""
        y = _checks.array(_checks.instance("name", name, str), y, ndim=1, nonempty=True)
        if self.of_margin and (np.abs(y) != 1).any():
            raise ValueError(f"{name} must hold labels +1 or −1 for the {self.name} loss")
        return y

    def _value(self, g, y):
        return np.add.reduce(self._each(g, y), axis=-1) / g.shape[-1]  # a third of mean's time

    def _each(self, g, y):
        return self.phi(g * y if self.of_margin else g - y)

    def _gradient(self, g, y):
        slope = y * self.slope(g * y) if self.of_margin else self.slope(g - y)
        return slope / g.shape[-1]

    def _mean(self, g, y):
        value = self._value(g, y)
        if not np.isfinite(value).all():  # the mean may be in range where the sum is not
            value = (self._each(g, y) / g.shape[-1]).sum(axis=-1)
        return value

    def _checked(self, g, y):
        g, y = _checks.array("g", g, ndim=1, nonempty=True), self.check_labels(y)
        if g.shape[max(0, g.ndim - y.ndim) :] != y.shape:
            raise ValueError(f"y must have the shape of g, {g.shape}, or its end, got {y.shape}")
        return g, y


def _half_square(r):
    return 0.5 * r * r


def _identity(r):
    return r


#: R(g) = (1/2n) Σᵢ (gᵢ − yᵢ)², the loss of all experiments of Section 5; κ = 1.
quadratic = Loss("quadratic", _half_square, _identity, mu=1.0, nu=1.0)


def _log_cosh(mu, r):
    # log cosh r, without overflow where r is large and without cancellation where it is small
    size = np.abs(r)
    near = np.log1p(2 * np.sinh(0.5 * np.minimum(size, 1)) ** 2)
    far = size + np.log1p(np.exp(-2 * size)) - math.log(2)
    return 0.5 * mu * r * r + (1 - mu) * np.where(size < 1, near, far)


def _log_cosh_slope(mu, r):
    return mu * r + (1 - mu) * np.tanh(r)


def log_cosh(mu=0.1):
    """φ(r) = μ r²/2 + (1 − μ) log cosh r: quadratic near 0, μ-curved far away; κ = 1/μ.

    Parameters
    ----------
    mu : float
        Strong convexity per sample, in (0, 1]; 1 gives the quadratic loss.

    Examples
    --------
    >>> from lazylib import log_cosh
    >>> loss = log_cosh(mu=0.25)
    >>> print(loss.condition_number, loss.gradient([100.0], [0.0]))  # far away μr + (1 − μ)
    4.0 [25.75]
    """
    mu = _checks.number("mu", mu, above=0, most=1)
    phi, slope = partial(_log_cosh, mu), partial(_log_cosh_slope, mu)
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
