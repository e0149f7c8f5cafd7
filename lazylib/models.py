"""Parametric models f(w, x): two-layer networks, and models made from models.

Every model has ``n_parameters`` and, with ``w`` of shape (..., p) and ``x`` of shape (..., n, d),

- ``predict(w, x)``: f(w, x), of shape (..., n);
- ``jvp(w, x, v)``: the directional derivative Df_w v, of shape (..., n);
- ``vjp(w, x)``: f(w, x) and the pullback r ↦ Df_wᵀ r, of shape (..., p), as in JAX;
- ``jacobian(w, x)``: Df_w, of shape (..., n, p);
- ``at(lead, index)``: the model of the chosen runs (by number) of a batch of shape ``lead``.

Leading axes are independent runs and broadcast as in NumPy.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from lazylib import checks
from lazylib.activations import Activation, activation


@dataclass(frozen=True)
class TwoLayer:
    """The network f(w, x) = scale · Σⱼ bⱼ σ(aⱼ·x) of Sections 2.2 and 5.

    The parameters w hold a₁, …, a_m and then b: p = m(d + 1) numbers.

    Parameters
    ----------
    d, m : int
        Input dimension and width (number of neurons).
    activation : str or Activation, default "relu"
        One of "relu", "softplus", "tanh", "erf", "gelu", or e.g. ``softplus(sharpness=10)``.
    scale : float, default 1
        Factor before the sum: 1 in Section 5, 1/√m in Section 2.2, 1/m in the mean-field limit.
    """

    d: int
    m: int
    activation: str | Activation = "relu"
    scale: float = 1.0

    def __post_init__(self):
        checks.whole("d", self.d)
        checks.whole("m", self.m)
        object.__setattr__(self, "activation", activation(self.activation))
        object.__setattr__(self, "scale", checks.number("scale", self.scale))

    @property
    def n_parameters(self):
        """The number p = m(d + 1)."""
        return self.m * (self.d + 1)

    @property
    def homogeneity(self):
        """The q with f(λw, ·) = λ^q f(w, ·) for λ > 0 (Section 4.2.1), or None."""
        return None if self.activation.degree is None else self.activation.degree + 1

    def init(self, rng, tau=1.0, doubling=True, batch=()):
        """Draw initial weights from N(0, τ²), by default with the doubling trick of Section 2.1.

        Parameters
        ----------
        rng : numpy.random.Generator
        tau : float or array, default 1
            Standard deviation. An array rescales one and the same draw (common random numbers).
        doubling : bool, default True
            Repeat the first m/2 neurons with opposite output weights, so that f(w₀, ·) = 0.
        batch : int or tuple of int
            Shape of independent draws.

        Returns
        -------
        ndarray of shape (*batch, *tau.shape, p)
            Neurons are drawn one after another: in a single draw, a larger ``m`` adds neurons and
            keeps the first ones.

        Raises
        ------
        ValueError
            If ``tau`` is not > 0, or ``m`` is odd with ``doubling``.
        """
        checks.generator("rng", rng)
        tau = np.asarray(checks.positive("tau", tau))
        batch = [checks.whole("batch", size) for size in np.atleast_1d(batch)]
        if doubling and self.m % 2:
            raise ValueError(f"m must be even for the doubling trick, got {self.m}")
        drawn = rng.standard_normal((*batch, self.m // 2 if doubling else self.m, self.d + 1))
        a, b = drawn[..., :-1], drawn[..., -1]
        if doubling:
            a, b = np.concatenate([a, a], axis=-2), np.concatenate([b, -b], axis=-1)
        w = self.pack(a, b).reshape(*batch, *(1,) * tau.ndim, self.n_parameters)
        return w * tau[..., None]

    def unpack(self, w):
        """Return views of ``w``: a of shape (..., m, d) and b of shape (..., m)."""
        checks.last_axis("w", w, self.n_parameters, f"m = {self.m} neurons in dimension {self.d}")
        split = self.m * self.d
        return w[..., :split].reshape(*w.shape[:-1], self.m, self.d), w[..., split:]

    def pack(self, a, b):
        """Return w of shape (..., p) from a of shape (..., m, d) and b of shape (..., m)."""
        if a.shape[-2:] != (self.m, self.d) or b.shape != a.shape[:-1]:
            raise ValueError(
                f"a and b must have shapes (..., {self.m}, {self.d}) and (..., {self.m}), "
                f"got {a.shape} and {b.shape}"
            )
        return np.concatenate([a.reshape(*a.shape[:-2], -1), b], axis=-1)

    def at(self, lead, index):
        """The network itself: it is the same for every run."""
        return self

    def positions(self, w):
        """|bⱼ| aⱼ, of shape (..., m, d): where Figures 1 and 5 draw the neurons."""
        a, b = self.unpack(w)
        return np.abs(b)[..., None] * a

    def predict(self, w, x):
        """f(w, x), of shape (..., n)."""
        a, b, z = self._preactivations(w, x)
        return self.scale * np.vecmat(b, self.activation.value(z))

    def jvp(self, w, x, v):
        """Df_w v for a direction v of shape (..., p); of shape (..., n)."""
        a, b, z = self._preactivations(w, x)
        va, vb = self.unpack(v)
        h, slope = self.activation.both(z)
        slope = slope * (va @ x.swapaxes(-1, -2))
        return self.scale * (np.vecmat(vb, h) + np.vecmat(b, slope))

    def vjp(self, w, x):
        """f(w, x) and the pullback r ↦ Df_wᵀ r."""
        a, b, z = self._preactivations(w, x)
        h, slope = self.activation.both(z)

        def pullback(r):
            r = self.scale * r
            # σ′(z) r x: r joins the smaller of its two neighbours
            if self.d < self.m:
                by_a = slope @ (r[..., None] * x)
            else:
                by_a = (slope * r[..., None, :]) @ x
            out = np.empty((*by_a.shape[:-2], self.n_parameters), by_a.dtype)
            grad_a, grad_b = self.unpack(out)
            np.multiply(b[..., None], by_a, out=grad_a)
            np.matvec(h, r, out=grad_b)
            return out

        return self.scale * np.vecmat(b, h), pullback

    def jacobian(self, w, x):
        """Df_w, of shape (..., n, p)."""
        a, b, z = self._preactivations(w, x)
        slope = (b[..., None] * self.activation.derivative(z)).swapaxes(-1, -2)
        by_a = slope[..., None] * x[..., None, :]
        by_b = self.activation.value(z).swapaxes(-1, -2)
        by_a = by_a.reshape(*by_a.shape[:-2], -1)
        return self.scale * np.concatenate([by_a, by_b], axis=-1)

    def _preactivations(self, w, x):
        checks.last_axis("x", x, self.d, "the model's input dimension d")
        a, b = self.unpack(w)
        return a, b, a @ x.swapaxes(-1, -2)


@dataclass(frozen=True)
class Scaled:
    """The model αf of Eq. (5); ``alpha`` > 0 may be an array of the runs' leading shape."""

    model: Any
    alpha: float | np.ndarray = 1.0

    def __post_init__(self):
        object.__setattr__(self, "alpha", checks.positive("alpha", self.alpha))

    def __getattr__(self, name):
        return _delegate(self, name)

    def at(self, lead, index):
        """αf for the chosen runs."""
        alpha = self.alpha
        if np.ndim(alpha):
            alpha = np.broadcast_to(alpha, lead).reshape(-1)[index]
        return Scaled(self.model.at(lead, index), alpha)

    def predict(self, w, x):
        """αf(w, x)."""
        return self._column * self.model.predict(w, x)

    def jvp(self, w, x, v):
        """αDf_w v."""
        return self._column * self.model.jvp(w, x, v)

    def vjp(self, w, x):
        """αf(w, x) and the pullback r ↦ αDf_wᵀ r."""
        f, pullback = self.model.vjp(w, x)
        return self._column * f, lambda r: pullback(self._column * r)

    def jacobian(self, w, x):
        """αDf_w."""
        alpha = self.alpha if np.ndim(self.alpha) == 0 else self.alpha[..., None, None]
        return alpha * self.model.jacobian(w, x)

    @property
    def _column(self):
        return self.alpha if np.ndim(self.alpha) == 0 else self.alpha[..., None]


@dataclass(frozen=True)
class _FromStart:
    """What models made from a model and its w₀ share; runs may have a w₀ each."""

    model: Any
    w0: np.ndarray

    def __post_init__(self):
        object.__setattr__(self, "w0", checks.finite("w0", self.w0, ndim=1))
        checks.last_axis("w0", self.w0, self.model.n_parameters, "this model's parameters")

    def __getattr__(self, name):
        return _delegate(self, name)

    def at(self, lead, index):
        """The model of the chosen runs."""
        w0 = self.w0
        if w0.ndim > 1:
            w0 = np.broadcast_to(w0, (*lead, w0.shape[-1])).reshape(-1, w0.shape[-1])[index]
        return replace(self, model=self.model.at(lead, index), w0=w0)


class Tangent(_FromStart):
    """The tangent model T_f(w, x) = f(w₀, x) + Df_{w₀}(w − w₀) of Eq. (2)."""

    def predict(self, w, x):
        """T_f(w, x)."""
        return self.model.predict(self.w0, x) + self.model.jvp(self.w0, x, w - self.w0)

    def jvp(self, w, x, v):
        """Df_{w₀} v, whatever w."""
        return self.model.jvp(self.w0, x, v)

    def vjp(self, w, x):
        """T_f(w, x) and the pullback r ↦ Df_{w₀}ᵀ r."""
        f0, pullback = self.model.vjp(self.w0, x)
        return f0 + self.model.jvp(self.w0, x, w - self.w0), pullback

    def jacobian(self, w, x):
        """Df_{w₀}, whatever w."""
        return self.model.jacobian(self.w0, x)


class Centred(_FromStart):
    """The model f(w, x) − f(w₀, x), which starts at 0 without the doubling trick (Section 3)."""

    def predict(self, w, x):
        """f(w, x) − f(w₀, x)."""
        return self.model.predict(w, x) - self.model.predict(self.w0, x)

    def jvp(self, w, x, v):
        """Df_w v."""
        return self.model.jvp(w, x, v)

    def vjp(self, w, x):
        """f(w, x) − f(w₀, x) and the pullback r ↦ Df_wᵀ r."""
        f, pullback = self.model.vjp(w, x)
        return f - self.model.predict(self.w0, x), pullback

    def jacobian(self, w, x):
        """Df_w."""
        return self.model.jacobian(w, x)


def _delegate(outer, name):
    # only what a network has beyond the contract of a model (m, unpack, positions, …)
    if name.startswith("__") or "model" not in outer.__dict__:
        raise AttributeError(name)
    return getattr(outer.model, name)
