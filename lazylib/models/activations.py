"""Activation functions with their derivatives and their degrees of homogeneity."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from lazylib import _checks
from lazylib._identity import Identity, own


@dataclass(frozen=True, eq=False, repr=False)
class Activation(Identity):
    """A scalar function σ, applied elementwise.

    Parameters
    ----------
    name : str
    value, derivative : callable
        σ and σ′; for the ReLU, σ′(0) = 0. To be compared and pickled they must be functions of a
        module, or ``functools.partial`` of such.
    degree : int, optional
        q ≥ 1 such that σ(λz) = λ^q σ(z) for every λ > 0, if there is one.
    max_slope, max_curvature : float, default infinity
        sup |σ′|, and sup |σ″|, the Lipschitz constant of σ′ (Assumption 3.1); infinite if σ′ jumps.

    Examples
    --------
    >>> import numpy as np
    >>> from lazylib import Activation, TwoLayer
    >>> square = Activation("square", np.square, lambda z: 2 * z, degree=2)
    >>> TwoLayer(d=3, m=4, activation=square).homogeneity  # b counts once more
    3
    """

    name: str
    value: Callable
    derivative: Callable
    degree: int | None = None
    max_slope: float = np.inf
    max_curvature: float = np.inf

    def __post_init__(self):
        _checks.instance("name", self.name, str)
        _checks.function("value", self.value)
        _checks.function("derivative", self.derivative)
        if self.degree is not None:
            own(self, degree=_checks.whole("degree", self.degree))
        for name in ("max_slope", "max_curvature"):
            bound = _checks.array(name, getattr(self, name), exactly=0, finite=False)
            if not bound > 0:
                raise ValueError(f"{name} must be > 0 or infinity, got {bound:g}")
            own(self, **{name: float(bound)})

    def both(self, z, out=None):
        """Return σ(z) and σ′(z). σ(z) may be written to ``out``, which may be ``z`` itself."""
        slope = self.derivative(z)
        if self.degree == 1:  # σ(z) = σ′(z) z
            return np.multiply(slope, z, out=out), slope
        return self.value(z), slope


def _relu(z):
    return np.maximum(z, 0)


def _step(z):
    return (z > 0).view(np.int8).astype(z.dtype)  # faster than from bool


def _softplus(s, z):
    # log(1 + exp(s z))/s, without overflow of s z
    return np.maximum(z, 0) + np.log1p(np.exp(-s * np.abs(z))) / s


def _sigmoid(s, z):
    return 0.5 * (1 + np.tanh(0.5 * s * z))


def _tanh_slope(z):
    return 1 - np.tanh(z) ** 2


def _erf(z):
    from scipy.special import erf  # here, so that `import lazylib` need not wait for SciPy

    return erf(z)


def _erf_slope(z):
    return 2 * np.exp(-z * z) / math.sqrt(math.pi)


def _normal_cumulative(z):
    return 0.5 * (1 + _erf(z / math.sqrt(2)))


def _gelu(z):
    return z * _normal_cumulative(z)


def _gelu_slope(z):
    return _normal_cumulative(z) + z * np.exp(-0.5 * z * z) / math.sqrt(2 * math.pi)


def softplus(sharpness=1.0):
    """σ(z) = log(1 + exp(s z))/s, a smooth ReLU: sharpness s → ∞ gives max(z, 0).

    Examples
    --------
    >>> import numpy as np
    >>> from lazylib import softplus
    >>> softplus(sharpness=10).value(np.array([-1.0, 0.0, 1.0])).round(3)  # log(2)/10 at 0
    array([0.   , 0.069, 1.   ])
    """
    s = _checks.number("sharpness", sharpness, above=0)
    value, slope = partial(_softplus, s), partial(_sigmoid, s)
    name = f"softplus(sharpness={s:g})"
    return Activation(name, value, slope, max_slope=1.0, max_curvature=s / 4)


relu = Activation("relu", _relu, _step, degree=1, max_slope=1.0)

tanh = Activation("tanh", np.tanh, _tanh_slope, max_slope=1.0, max_curvature=4 / math.sqrt(27))

_ERF_STEEPEST, _ERF_SHARPEST = 2 / math.sqrt(math.pi), math.sqrt(8 / (math.e * math.pi))
erf = Activation("erf", _erf, _erf_slope, max_slope=_ERF_STEEPEST, max_curvature=_ERF_SHARPEST)

_GELU_STEEPEST = 0.5 * (1 + math.erf(1)) + math.exp(-1) / math.sqrt(math.pi)  # at z = √2
_GELU_SHARPEST = math.sqrt(2 / math.pi)  # at z = 0
gelu = Activation("gelu", _gelu, _gelu_slope, None, _GELU_STEEPEST, _GELU_SHARPEST)


#: The activations that a model accepts by name.
ACTIVATIONS = {"relu": relu, "softplus": softplus(), "tanh": tanh, "erf": erf, "gelu": gelu}


def activation(choice):
    """Return the activation of that name, or ``choice`` itself if it is an ``Activation``."""
    if isinstance(choice, Activation):
        return choice
    return ACTIVATIONS[_checks.word("activation", choice, ACTIVATIONS)]
