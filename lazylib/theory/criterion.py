"""How lazy training will be, from what is known before it: the criterion of Eq. (7)."""

from dataclasses import dataclass

import numpy as np

from lazylib import _checks
from lazylib._vectors import norm
from lazylib.data import Dataset
from lazylib.theory.laziness import one_run


@dataclass(frozen=True)
class Criterion:
    """The rule of thumb of Eq. (7), from what is known before training: lazy where ratio ≪ 1.

    Attributes
    ----------
    distance : float
        ‖T_f(w*) − f(w₀)‖: how far the tangent model has to go, to its best fit of the labels.
    extent : float
        ‖Df_{w₀}‖²/L_Df: how far the linear approximation reaches; infinite where Df stands still.
    displacement : float
        ‖w* − w₀‖/‖w₀‖ of the tangent model: what a lazy network will show.
    bend : float
        L_Df‖w* − w₀‖/‖Df_{w₀}‖, which Eq. (7) roughly simplifies (Section 4.1): the relative
        change of Df that the tangent model's own step would cause.

    Examples
    --------
    >>> from lazylib.theory import Criterion
    >>> Criterion(distance=1.0, extent=8.0, displacement=0.1, bend=0.2).ratio
    0.125
    """

    distance: float
    extent: float
    displacement: float
    bend: float

    def __post_init__(self):
        for name in ("distance", "extent", "displacement", "bend"):
            value = getattr(self, name)
            if not (name == "extent" and np.isscalar(value) and value == np.inf):
                _checks.number(name, value, least=0)

    @property
    def ratio(self):
        """Left side over right side of Eq. (7); 0 where there is nowhere to go."""
        if self.distance == 0:
            return 0.0
        return float(_checks.computed("the ratio", np.divide, self.distance, self.extent))


def criterion(model, w0, data, *, alpha=1.0, lipschitz=None):
    """Compute the `Criterion` of αf, for any model.

    Parameters
    ----------
    model : a model of `lazylib.models`
    w0 : ndarray of shape (p,)
    data : Dataset
    alpha : float, default 1
    lipschitz : float, optional
        L_Df. By default it is measured, as ‖Df_{w*} − Df_{w₀}‖/‖w* − w₀‖ at the tangent model's
        least-squares fit w*: the reach that counts, and meaningful for the ReLU too (Section 4.1).

    Examples
    --------
    >>> import numpy as np
    >>> from lazylib import criterion
    >>> from lazylib.experiments import smooth_network
    >>> network = smooth_network()  # it is 0 at w₀
    >>> ratios = [criterion(*network, alpha=alpha, lipschitz=1.0).ratio for alpha in (1.0, 100.0)]
    >>> round(ratios[0] / ratios[1], 6)
    100.0
    """
    alpha = _checks.number("alpha", alpha, above=0)
    _checks.instance("data", data, Dataset)
    w0, x, f0 = one_run(model, w0, data.x)
    if lipschitz is not None:
        lipschitz = _checks.number("lipschitz", lipschitz, above=0)
    if not w0.any():
        raise ValueError("w0 must not be 0: a displacement is relative to it")
    with np.errstate(all="ignore"):
        return _criterion(model, w0, x, data.y, alpha, f0, lipschitz)


def _criterion(model, w0, x, y, alpha, f0, lipschitz):
    jacobian = model.jacobian(w0, x)
    scale, eigenvalues, vectors = _spectrum(jacobian)
    reached = eigenvalues > len(eigenvalues) * np.finfo(float).eps * eigenvalues[-1]
    gap = (vectors.T @ (y - alpha * f0))[reached]
    step = (vectors[:, reached] @ (gap / eigenvalues[reached])) @ (jacobian / scale) / scale / alpha
    moved, steep = norm(step), scale * np.sqrt(max(eigenvalues[-1], 0))
    foretold = moved / norm(w0)
    if lipschitz is None:
        size, spectrum, _ = _spectrum(model.jacobian(w0 + step, x) - jacobian)
        lipschitz = size * np.sqrt(max(spectrum[-1], 0)) / moved if moved else 0.0
    extent = alpha * steep * (steep / lipschitz) if lipschitz else 1.0
    bend = lipschitz * moved / steep if moved else 0.0
    parts = _checks.in_range("Eq. (7)", np.array([norm(gap), extent, foretold, bend])).tolist()
    return Criterion(parts[0], parts[1] if lipschitz else np.inf, *parts[2:])


def _spectrum(jacobian):
    """A power of two s, and the eigenvalues and eigenvectors of J Jᵀ/s²: no overflow on the way."""
    scale = np.ldexp(1.0, np.frexp(np.abs(jacobian).max())[1])
    scaled = jacobian / scale
    return scale, *np.linalg.eigh(scaled @ scaled.T)
