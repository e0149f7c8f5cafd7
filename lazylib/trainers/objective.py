"""The scaled objective F_α of Eq. (5) for a batch of runs, with its gradient and its sharpness."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from lazylib import _checks
from lazylib._vectors import length, reuse_memory
from lazylib.data import Dataset
from lazylib.losses import Loss, quadratic
from lazylib.models.activations import relu
from lazylib.models.model import Model
from lazylib.models.networks import TwoLayer
from lazylib.models.wrappers import Scaled
from lazylib.trainers.run import check_interrupt

# Runs are computed together as long as σ(z) of all of them, in bytes, stays in a usual cache.
_CACHE = 1_500_000


# Steps to difference gradients with, relative to the parameters.
_SHORT = {kind: np.finfo(kind).eps ** 0.45 for kind in "fd"}


# A start whose loss is only rounding is refused beyond so many times R(0).
_HIDDEN = 1e6


# Up to so many σ(z), calls of NumPy take longer than what they compute.
_SMALL = 10_000


@dataclass
class Objective:
    """F_α(w) = R(αf(w))/α² for runs on one axis: ``w`` has shape (runs, p).

    Attributes
    ----------
    model : Scaled
        αf, with one α a run.
    loss : Loss
    x, y : ndarray of shape (n, d) and (n,), or (runs, n, d) and (runs, n)
    single : bool
        Whether there is one run and neither model nor data have an axis for it: the formulas then
        go without, in half the time for small networks.
    """

    model: Scaled
    loss: Loss
    x: np.ndarray
    y: np.ndarray
    single: bool = False

    def at(self, index):
        """The objective of the chosen runs."""
        model = self.model.at(self.model.alpha.shape, index)
        x = self.x if self.x.ndim == 2 else self.x[index]
        y = self.y if self.y.ndim == 1 else self.y[index]
        return Objective(model, self.loss, x, y)

    def value(self, w):
        """R(αf(w)), of shape (runs,)."""
        check_interrupt()
        return self.loss._value(self.model._predict(w, self.x), self.y)

    def values(self, w):
        """R(αf(w)) of many states, of shape (states, runs) for ``w`` of shape (states, runs, p)."""
        # a quarter of what fits the cache: for more, memory would have to be asked of the system
        size = max(1, self._together // (4 * len(self.model.alpha)))
        chunks = [w[i : i + size] for i in range(0, len(w), size)]
        return np.concatenate([self.value(chunk) for chunk in chunks])

    def gradient(self, w):
        """R(αf(w)), of shape (runs,), and ∇F_α(w) = (1/α) Df_wᵀ ∇R(αf(w)), of shape (runs, p)."""
        g, gradient = self.forward_backward(w)
        return self.loss._value(g, self.y), gradient

    def forward_backward(self, w):
        """αf(w), of shape (runs, n), and ∇F_α(w), of shape (runs, p)."""
        check_interrupt()
        if self._fused:
            return self._fused(w)
        if self.single:
            g, gradient = self._forward_backward(self._vjp(w[0]), self.model.alpha[0])
            return g[None], gradient[None]
        if self._parts:
            done = [part.forward_backward(w[runs]) for runs, part in self._parts]
            return tuple(np.concatenate(column) for column in zip(*done, strict=True))
        return self._forward_backward(self.model.model._vjp(w, self.x), self.model.alpha[:, None])

    def _forward_backward(self, vjp, alpha):
        f, pullback = vjp
        g = alpha * f
        return g, pullback(self.loss._gradient(g, self.y) / alpha)

    @cached_property
    def _fused(self):
        """`forward_backward` of one small two-layer ReLU network in half the time, or None."""
        net, loss, x, y = self.model.model, self.loss, self.x, self.y
        if not self.single or type(net) is not TwoLayer or net.activation is not relu:
            return None
        if loss.of_margin or net.m * len(x) > _SMALL:
            return None
        m, d, split, transposed = net.m, net.d, net.m * net.d, x.T
        factor = net.scale * self.model.alpha.item()
        share = len(x) * self.model.alpha.item() / net.scale
        h, rx, by_a = (np.empty(shape, x.dtype) for shape in ((m, len(x)), x.shape, (m, d)))
        zero = np.zeros((), x.dtype)  # as an array: NumPy need not convert it each time

        def forward_backward(w):
            out, b = np.empty_like(w), w[0, split:]
            w[0, :split].reshape(m, d).dot(transposed, h)
            np.maximum(h, zero, out=h)
            g = b.dot(h)
            g *= factor
            r = loss.slope(g - y) / share
            h.dot(r, out[0, split:])
            np.multiply(r[:, None], x, out=rx)
            np.sign(h, out=h).dot(rx, by_a)  # σ′(z) = sign σ(z)
            np.multiply(b[:, None], by_a, out=out[0, :split].reshape(m, d))
            return g[None], out

        return forward_backward

    @cached_property
    def _vjp(self):
        return self.model.model._vjp_at(self.x)

    @cached_property
    def _together(self):
        """How many runs are computed together."""
        n, d = self.x.shape[-2:]
        neurons = self.model.n_parameters / (d + 1)
        return max(1, int(_CACHE / (n * neurons * self.x.itemsize)))

    @cached_property
    def _parts(self):
        """Runs that are computed together, as pairs (slice, objective); none if all of them are."""
        runs, size = len(self.model.alpha), self._together
        parts = [slice(i, i + size) for i in range(0, runs, size)]
        return [(part, self.at(part)) for part in parts] if len(parts) > 1 else []

    def zero_loss(self):
        """R(0), the loss of the zero predictor, of shape (runs,)."""
        zero = self.loss._value(np.zeros_like(self.y), self.y)
        return np.broadcast_to(zero, self.model.alpha.shape)

    def start(self, w, tolerance):
        """The start of runs that end at ``tolerance`` · R(0).

        Returns
        -------
        value, gradient
            As from `gradient`.
        target : ndarray of shape (runs,)
            The loss to end at. If R(0) = 0, it is what rounding makes of the loss.

        Raises
        ------
        ValueError
            If the loss is beyond floating point, or only rounding.
        """
        # without a period, so that the neurons of a doubled network do not change in pairs
        sizes = 1 + 8 * np.finfo(w.dtype).eps * np.cos(np.arange(w.shape[-1]) ** 2)
        with np.errstate(all="ignore"):
            value, gradient = self.gradient(w)
            zero, rounding = self.zero_loss(), np.abs(self.value(w * sizes.astype(w.dtype)) - value)
            known = [value, np.vecdot(gradient, gradient), np.vecdot(w, w), rounding]
        if not np.isfinite(zero).all():
            raise ValueError("data has labels so large that the loss is beyond floating point")
        if not np.isfinite(known).all():
            raise ValueError("w0 is so large that the loss is beyond floating point")
        if ((rounding > 0.1 * value) & (value > _HIDDEN * zero) & (zero > 0)).any():
            raise ValueError("w0 is so large that the loss is all rounding")
        return value, gradient, np.where(zero > 0, tolerance * zero, 2 * rounding)

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
        size = length(w)[:, None]
        short = _SHORT[w.dtype.char] * (size + (size == 0))
        product = self.forward_backward(w + short * vector)[1]
        product -= gradient
        product /= short
        return product

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
        return length(vector), vector


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
        return self.gradient(w)[0]

    def values(self, w):
        """R(αf(w)) of many states, of shape (states, runs)."""
        return np.stack([self.value(state) for state in w])

    def gradient(self, w):
        """R(αf(w)), of shape (runs,), and ∇F_α(w), of shape (runs, p)."""
        check_interrupt()
        compute = getattr(self.exact, "_loss_and_gradient", self.exact.loss_and_gradient)
        if len(w) == 1:  # without an axis for runs, in three quarters of the time
            value, gradient = compute(self._single, w[0])
            return np.asarray(value)[None], gradient[None] / self._single.alpha**2
        value, gradient = compute(self.model, w)
        return value, gradient / self.model.alpha[:, None] ** 2

    @cached_property
    def _single(self):
        """αf of the first run."""
        return self.model.at(self.model.alpha.shape, 0)

    forward_backward = gradient

    def zero_loss(self):
        """R(0), of shape (runs,)."""
        return np.full(self.model.alpha.shape, self.exact.zero_loss())

    start = Objective.start
    hessian_product = Objective.hessian_product
    sharpness = Objective.sharpness


def unit(vector):
    """Vectors of length 1 with the directions of ``vector``; 0 stays 0."""
    size = length(vector)
    return vector / (size + (size == 0))[:, None]


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
    _checks.instance("model", model, Model)
    exact = hasattr(data, "loss_and_gradient") and not isinstance(data, type)
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
        shapes |= _data_shapes(model, data, loss)
    lead = _checks.broadcastable(**shapes)
    if 0 in lead:
        raise ValueError(f"w0 must hold at least one run, got the leading shape {lead}")

    def spread(array, axes):
        tail = array.shape[array.ndim - axes :]
        return np.broadcast_to(array, (*lead, *tail)).reshape(-1, *tail).astype(w0.dtype)

    scaled, w0 = Scaled(model.at(lead, slice(None)), spread(alpha, 0)), spread(w0, 1)
    reuse_memory(4 * w0.nbytes)  # a step of the flow has four of them in one array
    if exact:
        reuse_memory(8 * model.n_parameters**2 / model.d)  # a vector for each pair of neurons
        return lead, w0, ExactObjective(scaled, data), None

    def objective(x, y):
        if x is None:
            return None
        x = x.astype(w0.dtype) if x.ndim == 2 else spread(x, 2)
        # as its transpose lies in memory: the product with the weights reads it that way
        x = np.ascontiguousarray(x.swapaxes(-1, -2)).swapaxes(-1, -2)
        y = y.astype(w0.dtype) if y.ndim == 1 else spread(y, 1)
        reuse_memory(max(x.nbytes, x.shape[-2] * model.n_parameters / model.d * x.itemsize))
        return Objective(scaled, loss, x, y, single=lead == ())

    return lead, w0, objective(data.x, data.y), objective(data.x_test, data.y_test)


def _data_shapes(model, data, loss):
    """Check that the data suit model and loss; return their leading shapes by name."""
    shapes = {}
    for part in ("", "_test"):
        x, y = getattr(data, "x" + part), getattr(data, "y" + part)
        if x is None:
            continue
        _checks.last_axis(f"data.x{part}", x, model.d, "this model's inputs")
        loss.check_labels(y, f"data.y{part}")
        shapes |= {f"data.x{part}": x.shape[:-2], f"data.y{part}": y.shape[:-1]}
    return shapes
