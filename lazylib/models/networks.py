"""Two-layer networks, and the variant in which only the first layer is trained."""

from dataclasses import dataclass

import numpy as np

from lazylib import _checks
from lazylib.models.activations import Activation, activation
from lazylib.models.model import Model


@dataclass(frozen=True, eq=False, repr=False)
class TwoLayer(Model):
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
        _checks.whole("d", self.d)
        _checks.whole("m", self.m)
        object.__setattr__(self, "activation", activation(self.activation))
        object.__setattr__(self, "scale", _checks.number("scale", self.scale, above=0))

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
        _checks.generator("rng", rng)
        tau = np.asarray(_checks.positive("tau", tau))
        batch = [_checks.whole("batch", size) for size in np.atleast_1d(batch)]
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
        _checks.last_axis("w", w, self.n_parameters, f"m = {self.m} neurons in dimension {self.d}")
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

    def positions(self, w):
        """|bⱼ| aⱼ, of shape (..., m, d): where Figures 1 and 5 draw the neurons."""
        a, b = self.unpack(w)
        return np.abs(b)[..., None] * a

    def _predict(self, w, x):
        a, b, z = self._preactivations(w, x)
        return self.scale * np.vecmat(b, self.activation.value(z))

    def _jvp(self, w, x, v):
        a, b, z = self._preactivations(w, x)
        va, vb = self.unpack(v)
        h, slope = self.activation.both(z)
        slope = slope * (va @ x.swapaxes(-1, -2))
        return self.scale * (np.vecmat(vb, h) + np.vecmat(b, slope))

    def _vjp(self, w, x):
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

    def _jacobian(self, w, x):
        a, b, z = self._preactivations(w, x)
        slope = (b[..., None] * self.activation.derivative(z)).swapaxes(-1, -2)
        by_a = slope[..., None] * x[..., None, :]
        by_b = self.activation.value(z).swapaxes(-1, -2)
        by_a = by_a.reshape(*by_a.shape[:-2], -1)
        return self.scale * np.concatenate([by_a, by_b], axis=-1)

    def _preactivations(self, w, x):
        a, b = self.unpack(w)
        return a, b, a @ x.swapaxes(-1, -2)


@dataclass(frozen=True, eq=False, repr=False)
class FirstLayer(Model):
    """A two-layer network whose output weights ``b``, of shape (m,), are not trained: w is a.

    A fixed b bounds the second derivative of f everywhere, and with it L_Df (Theorem 3.2).
    """

    model: TwoLayer
    b: np.ndarray

    def __post_init__(self):
        object.__setattr__(self, "b", _checks.array("b", self.b, ndim=1))
        if self.b.shape != (self.model.m,):
            raise ValueError(f"b must have shape ({self.model.m},), got {self.b.shape}")

    @property
    def n_parameters(self):
        """Number of parameters, p = md."""
        return self.model.m * self.model.d

    @property
    def d(self):
        """Input dimension."""
        return self.model.d

    def positions(self, w):
        """|bⱼ| aⱼ, of shape (..., m, d)."""
        return self.model.positions(self._whole(w))

    def _predict(self, w, x):
        return self.model._predict(self._whole(w), x)

    def _jvp(self, w, x, v):
        return self.model._jvp(self._whole(w), x, self._whole(v, 0 * self.b))

    def _vjp(self, w, x):
        f, pullback = self.model._vjp(self._whole(w), x)
        return f, lambda r: pullback(r)[..., : self.n_parameters]

    def _jacobian(self, w, x):
        return self.model._jacobian(self._whole(w), x)[..., : self.n_parameters]

    def _whole(self, w, b=None):
        b = self.b if b is None else b
        _checks.last_axis("w", w, self.n_parameters, "the first layer's weights")
        return np.concatenate([w, np.broadcast_to(b, (*w.shape[:-1], len(b)))], axis=-1)
