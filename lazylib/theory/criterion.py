"""How lazy training will be, from what is known before it: the criterion of Eq. (7)."""

from dataclasses import dataclass

import numpy as np

from lazylib import _checks


@dataclass(frozen=True)
class Criterion:
    """The rule of thumb of Eq. (7), from what is known before training: lazy where ratio ≪ 1.

    Attributes
    ----------
    distance : float
        ‖T_f(w*) − f(w₀)‖: how far the tangent model has to go, to its best fit of the labels.
    extent : float
        ‖Df_{w₀}‖²/L_Df: how far the linear approximation reaches.
    displacement : float
        ‖w* − w₀‖/‖w₀‖ of the tangent model: what a lazy network will show.
    bend : float
        L_Df‖w* − w₀‖/‖Df_{w₀}‖, which Eq. (7) roughly simplifies (Section 4.1): the relative
        change of Df that the tangent model's own step would cause.
    """

    distance: float
    extent: float
    displacement: float
    bend: float

    @property
    def ratio(self):
        """Left side over right side of Eq. (7)."""
        return self.distance / self.extent


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
    """
    alpha = _checks.positive("alpha", alpha)
    jacobian = model.jacobian(w0, data.x)
    eigenvalues, vectors = np.linalg.eigh(jacobian @ jacobian.T)
    reached = eigenvalues > len(eigenvalues) * np.finfo(float).eps * eigenvalues[-1]
    gap = (vectors.T @ (data.y - alpha * model.predict(w0, data.x)))[reached]
    step = (vectors[:, reached] @ (gap / eigenvalues[reached])) @ jacobian / alpha
    if lipschitz is None:
        change = model.jacobian(w0 + step, data.x) - jacobian
        change = np.sqrt(np.linalg.eigvalsh(change @ change.T)[-1])
        lipschitz = change / np.linalg.norm(step)
    extent = alpha * eigenvalues[-1] / lipschitz
    moved = np.linalg.norm(step)
    numbers = np.linalg.norm(gap), extent, moved / np.linalg.norm(w0)
    return Criterion(*map(float, numbers), bend=float(lipschitz * moved / eigenvalues[-1] ** 0.5))
