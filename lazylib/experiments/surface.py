"""Figure 2: a model of two parameters on three points, and its tangent model."""

from dataclasses import dataclass

import numpy as np

from lazylib.data import Dataset
from lazylib.kernels.flow import kernel_flow
from lazylib.trainers.flow import gradient_flow


class OneNeuron:
    """The model f(w, x) = softplus(w·x) − softplus(w₀·x): two parameters, and 0 at w₀."""

    n_parameters = 2

    def at(self, lead, index):
        """The model itself: it is the same for every run."""
        return self

    def positions(self, w):
        """Where the parameters are, to space frames evenly."""
        return w

    def predict(self, w, x):
        """f(w, x), of shape (..., n)."""
        return np.logaddexp(0, w @ x.T) - np.logaddexp(0, W0 @ x.T)

    def vjp(self, w, x):
        """f(w, x) and the pullback r ↦ Df_wᵀ r."""
        z = w @ x.T
        return self.predict(w, x), lambda r: (r * 0.5 * (1 + np.tanh(z / 2))) @ x

    def jacobian(self, w, x):
        """Df_w, of shape (n, 2), at one w."""
        return 0.5 * (1 + np.tanh(x @ w / 2))[:, None] * x


#: Three inputs in the plane and their labels, which no w of `OneNeuron` fits.
X = np.stack([np.cos([0.3, 2.2, 4.5]), np.sin([0.3, 2.2, 4.5])], axis=-1)


Y, W0 = np.array([1.7, 0.5, -0.3]), np.array([0.3, -0.2])


_T_MAX, _HALF_SIDE, _CELLS = 300.0, 1.9, 10


@dataclass(frozen=True)
class SurfaceRun:
    """The surface αf(W) with its tangent plane, and the two paths, in the space of predictors."""

    alpha: float
    surface: np.ndarray  # (k, k, 3)
    plane: np.ndarray  # (k, k, 3)
    path: np.ndarray  # (frames, 3)
    tangent_path: np.ndarray  # (frames, 3)
    moved: float  # the largest ‖w(t) − w₀‖

    @property
    def gap(self):
        """The largest distance ‖αf(w(t)) − αT_f(w̄(t))‖ over time."""
        return np.linalg.norm(self.path - self.tangent_path, axis=-1).max()


def train_on_surface(alpha):
    """Train `OneNeuron` and its tangent model on three points, by the gradient flow of F_α."""
    model, data = OneNeuron(), Dataset(X, Y)
    run = gradient_flow(model, data, W0, alpha=alpha, t_max=_T_MAX, accuracy=1e-4, tolerance=0)
    path, jacobian = alpha * model.predict(run.w, X), model.jacobian(W0, X)
    tangent_path, _ = kernel_flow(jacobian @ jacobian.T, Y, 0.0, run.times)
    basis, side = np.linalg.qr(jacobian)[0], np.linspace(-1, 1, _CELLS + 1) * _HALF_SIDE
    square = np.stack(np.meshgrid(side, side, indexing="ij"), axis=-1)
    plane = square @ basis.T
    # the parameters over which the tangent plane is this square
    w = W0 + plane @ np.linalg.pinv(jacobian).T / alpha
    surface = alpha * model.predict(w, X)
    moved = np.linalg.norm(run.w - W0, axis=-1).max()
    return SurfaceRun(alpha, surface, plane, path, tangent_path, moved)
