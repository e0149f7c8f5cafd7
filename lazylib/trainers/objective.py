"""The scaled objective F_α of Eq. (5) for a batch of runs, with its gradient and its sharpness."""

import sys
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from lazylib import _checks
from lazylib.data import Dataset
from lazylib.losses import Loss, quadratic
from lazylib.models.wrappers import Scaled

# Runs are computed together as long as σ(z) of all of them, in bytes, stays in a usual cache.
_CACHE = 1_500_000


# The C library of Linux hands freed memory back to the system at once, until it has seen a large
# block come and go. From then on, each step finds the memory of the last one: up to 5 times faster.
if sys.platform == "linux":
    np.empty(31 * 2**20, np.uint8)


@dataclass
class Objective:
    """F_α(w) = R(αf(w))/α² for runs on one axis: ``w`` has shape (runs, p).

    Attributes
    ----------
    model : Scaled
        αf, with one α a run.
    loss : Loss
    x, y : ndarray of shape (n, d) and (n,), or (runs, n, d) and (runs, n)
    """

    model: Scaled
    loss: Loss
    x: np.ndarray
    y: np.ndarray

    def at(self, index):
        """The objective of the chosen runs."""
        model = self.model.at(self.model.alpha.shape, index)
        x = self.x if self.x.ndim == 2 else self.x[index]
        y = self.y if self.y.ndim == 1 else self.y[index]
        return Objective(model, self.loss, x, y)

    def value(self, w):
        """R(αf(w)), of shape (runs,)."""
        return self.loss._value(self.model._predict(w, self.x), self.y)

    def gradient(self, w):
        """R(αf(w)), of shape (runs,), and ∇F_α(w) = (1/α) Df_wᵀ ∇R(αf(w)), of shape (runs, p)."""
        g, gradient = self.forward_backward(w)
        return self.loss._value(g, self.y), gradient

    def forward_backward(self, w):
        """αf(w), of shape (runs, n), and ∇F_α(w), of shape (runs, p)."""
        if self._parts:
            done = [part.forward_backward(w[runs]) for runs, part in self._parts]
            return tuple(np.concatenate(column) for column in zip(*done, strict=True))
        alpha = self.model.alpha[:, None]
        f, pullback = self.model.model._vjp(w, self.x)
        g = alpha * f
        return g, pullback(self.loss._gradient(g, self.y) / alpha)

    @cached_property
    def _parts(self):
        """Runs that are computed together, as pairs (slice, objective); none if all of them are."""
        (n, d), runs = self.x.shape[-2:], len(self.model.alpha)
        neurons = self.model.n_parameters / (d + 1)
        size = max(1, int(_CACHE / (n * neurons * self.x.itemsize)))
        parts = [slice(i, i + size) for i in range(0, runs, size)]
        return [(part, self.at(part)) for part in parts] if len(parts) > 1 else []

    def zero_loss(self):
        """R(0), the loss of the zero predictor, of shape (runs,)."""
        zero = self.loss._value(np.zeros_like(self.y), self.y)
        return np.broadcast_to(zero, self.model.alpha.shape)

    def hessian_product(self, w, gradient, vector):
        """∇²F_α(w) v, of shape (runs, p), as a difference of gradients.

        The step is so short that hardly any kink of a ReLU lies in it.

        Parameters
        ----------
        w, gradient : ndarray of shape (runs, p)
            Parameters, and ∇F_α there.
        vector : ndarray of shape (runs, p)
            Directions v, of length 1.
        """
        size = np.linalg.norm(w, axis=-1, keepdims=True)
        short = np.finfo(w.dtype).eps ** 0.45 * np.where(size > 0, size, 1)
        return (self.gradient(w + short * vector)[1] - gradient) / short

    def sharpness(self, w, gradient, vector, iterations):
        """Estimate λ, the largest |eigenvalue| of the Hessian of F_α at w, by power iterations.

        Near a minimum this is λ_max(K_w)·ν/n of the tangent kernel; steps below 2/λ are stable.
        Far from one, the residuals bend the objective too: from a small initialisation, the
        tangent kernel alone, which is then tiny, would allow steps that blow up the network.

        Parameters
        ----------
        w, gradient : ndarray of shape (runs, p)
        vector : ndarray of shape (runs, p)
            Where the iterations start: the gradient, or the vector returned by the last call.
        iterations : int

        Returns
        -------
        lam : ndarray of shape (runs,)
        vector : ndarray of shape (runs, p)
        """
        for _ in range(iterations):
            vector = self.hessian_product(w, gradient, unit(vector))
        return np.linalg.norm(vector, axis=-1), vector


@dataclass
class ExactObjective:
    """F_α(w) = R(αf(w))/α² for a loss R that knows its own gradient; interface of `Objective`."""

    model: Scaled
    exact: Any

    def at(self, index):
        """The objective of the chosen runs."""
        return ExactObjective(self.model.at(self.model.alpha.shape, index), self.exact)

    def value(self, w):
        """R(αf(w)), of shape (runs,)."""
        return self.exact.loss(self.model, w)

    def gradient(self, w):
        """R(αf(w)), of shape (runs,), and ∇F_α(w), of shape (runs, p)."""
        value, gradient = self.exact.loss_and_gradient(self.model, w)
        return value, gradient / self.model.alpha[:, None] ** 2

    def zero_loss(self):
        """R(0), of shape (runs,)."""
        return np.full(self.model.alpha.shape, self.exact.zero_loss())

    hessian_product = Objective.hessian_product
    sharpness = Objective.sharpness


def unit(vector):
    """Vectors of length 1 with the directions of ``vector``; 0 stays 0."""
    return vector / np.maximum(np.linalg.norm(vector, axis=-1, keepdims=True), 1e-30)


def batch(model, data, w0, alpha, loss):
    """Check what a trainer was given, and lay all its runs on one axis.

    Returns
    -------
    lead : tuple of int
        The runs' leading shape.
    w0 : ndarray of shape (runs, p)
    train, test : Objective
        ``test`` is None without test data.
    """
    exact = hasattr(data, "loss_and_gradient")
    if not exact:
        _checks.instance("data", data, Dataset)
    _checks.instance("loss", loss, Loss)
    w0 = _checks.array("w0", w0, ndim=1)
    _checks.last_axis("w0", w0, model.n_parameters, "this model's parameters")
    alpha = _checks.array("alpha", _checks.positive("alpha", alpha))
    shapes = {"w0": w0.shape[:-1], "alpha": alpha.shape}
    if exact:
        if loss is not quadratic:
            raise ValueError("loss must be quadratic for the exact population loss")
        w0 = w0.astype(np.float64)  # the closed form subtracts large numbers
    else:
        shapes |= {"data.x": data.x.shape[:-2], "data.y": data.y.shape[:-1]}
    lead = _checks.broadcastable(**shapes)

    def spread(array, axes):
        tail = array.shape[array.ndim - axes :]
        return np.broadcast_to(array, (*lead, *tail)).reshape(-1, *tail).astype(w0.dtype)

    scaled = Scaled(model.at(lead, slice(None)), spread(alpha, 0))
    if exact:
        return lead, spread(w0, 1), ExactObjective(scaled, data), None

    def objective(x, y):
        if x is None:
            return None
        x = x.astype(w0.dtype) if x.ndim == 2 else spread(x, 2)
        # as its transpose lies in memory: the product with the weights reads it that way
        x = np.ascontiguousarray(x.swapaxes(-1, -2)).swapaxes(-1, -2)
        y = y.astype(w0.dtype) if y.ndim == 1 else spread(y, 1)
        return Objective(scaled, loss, x, y)

    return lead, spread(w0, 1), objective(data.x, data.y), objective(data.x_test, data.y_test)
