"""Figure 2: a model of two parameters on three points, and its tangent model."""

from dataclasses import dataclass

import numpy as np

from lazylib import _checks
from lazylib.data import Dataset
from lazylib.kernels import KernelFlow
from lazylib.models import Centered, FirstLayer, TwoLayer
from lazylib.trainers.flow import gradient_flow

_T_MAX, _HALF_SIDE, _CELLS = 300.0, 1.9, 10


def figure_2():
    """Return the model of Figure 2: f(w, x) = softplus(w·x) − softplus(w₀·x), w and x in the plane.

    Returns
    -------
    model : Centered
        With two parameters, and 0 at w₀.
    w0 : ndarray of shape (2,)
    data : Dataset
        Three points with labels that no w fits.

    Examples
    --------
    >>> from lazylib.experiments import figure_2
    >>> model, w0, data = figure_2()
    >>> model.n_parameters, data.n, model.predict(w0, data.x)
    (2, 3, array([0., 0., 0.]))
    """
    angles, w0 = np.array([0.3, 2.2, 4.5]), np.array([0.3, -0.2])
    neuron = FirstLayer(TwoLayer(2, 1, activation="softplus"), np.ones(1))
    x = np.stack([np.cos(angles), np.sin(angles)], axis=-1)
    return Centered(neuron, w0), w0, Dataset(x, np.array([1.7, 0.5, -0.3]))


@dataclass(frozen=True)
class SurfaceRun:
    """The surface αf(W) with its tangent plane, and the two paths, in the space of predictors."""

    alpha: float
    surface: np.ndarray  # (k, k, 3)
    plane: np.ndarray  # (k, k, 3)
    path: np.ndarray  # (frames, 3)
    tangent_path: np.ndarray  # (frames, 3)
    y: np.ndarray  # (3,), the labels
    moved: float  # the largest ‖w(t) − w₀‖

    @property
    def gap(self):
        """The largest distance ‖αf(w(t)) − αT_f(w̄(t))‖ over time."""
        return np.linalg.norm(self.path - self.tangent_path, axis=-1).max()


def train_on_surface(alpha):
    """Train the model of Figure 2 and its tangent model, by the gradient flow of F_α."""
    alpha = _checks.scale("alpha", alpha)
    model, w0, data = figure_2()
    run = gradient_flow(model, data, w0, alpha=alpha, t_max=_T_MAX, accuracy=1e-4, tolerance=0)
    path, jacobian = alpha * model.predict(run.w, data.x), model.jacobian(w0, data.x)
    tangent_path = KernelFlow(jacobian @ jacobian.T, data.y).predict(run.times)
    basis, side = np.linalg.qr(jacobian)[0], np.linspace(-1, 1, _CELLS + 1) * _HALF_SIDE
    square = np.stack(np.meshgrid(side, side, indexing="ij"), axis=-1)
    plane = square @ basis.T
    # the parameters over which the tangent plane is this square
    w = w0 + plane @ np.linalg.pinv(jacobian).T / alpha
    surface = alpha * model.predict(w, data.x)
    moved = np.linalg.norm(run.w - w0, axis=-1).max()
    return SurfaceRun(alpha, surface, plane, path, tangent_path, data.y, moved)
