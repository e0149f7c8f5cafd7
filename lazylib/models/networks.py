"""Two-layer networks, and the variant in which only the first layer is trained."""

from dataclasses import dataclass

import numpy as np

from lazylib import _checks
from lazylib._identity import own
from lazylib.models.activations import Activation, activation
from lazylib.models.model import Model


@dataclass(frozen=True, eq=False, repr=False)
class TwoLayer(Model):
    """The network f(w, x) = scale · Σⱼ bⱼ σ(aⱼ·x) of Sections 2.2 and 5.

    The parameters w hold a₁, …, a_m and then b: p = m(d + 1) numbers. ``positions(w)`` is |bⱼ| aⱼ,
    of shape (..., m, d): where Figures 1 and 5 draw the neurons.

    Parameters
    ----------
    d, m : int
        Input dimension and width (number of neurons).
    activation : str or Activation, default "relu"
        One of "relu", "softplus", "tanh", "erf", "gelu", or e.g. ``softplus(sharpness=10)``.
    scale : float, default 1
        Factor before the sum: 1 in Section 5, 1/√m in Section 2.2, 1/m in the mean-field limit.

    Examples
    --------
    >>> from lazylib import TwoLayer
    >>> net = TwoLayer(d=2, m=2)
    >>> w = net.pack(a=[[1.0, 0.0], [0.0, 1.0]], b=[2.0, -1.0])
    >>> print(net.n_parameters, net.predict(w, [[3.0, 4.0], [3.0, -4.0]]))  # 2 · 3 − max(±4, 0)
    6 [2. 6.]
    """

    d: int
    m: int
    activation: str | Activation = "relu"
    scale: float = 1.0

    def __post_init__(self):
        own(self, d=_checks.whole("d", self.d), m=_checks.whole("m", self.m))
        own(self, activation=activation(self.activation))
        own(self, scale=_checks.number("scale", self.scale, above=0))

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
        batch = _checks.shape("batch", batch)
        if _checks.flag("doubling", doubling) and self.m % 2:
            raise ValueError(f"m must be even for the doubling trick, got {self.m}")
        drawn = rng.standard_normal((*batch, self.m // 2 if doubling else self.m, self.d + 1))
        a, b = drawn[..., :-1], drawn[..., -1]
        if doubling:
            a, b = np.concatenate([a, a], axis=-2), np.concatenate([b, -b], axis=-1)
        w = self.pack(a, b).reshape(*batch, *(1,) * tau.ndim, self.n_parameters)
        return _checks.computed("w of standard deviation tau", np.multiply, w, tau[..., None])

    def unpack(self, w):
        """Return views of ``w``: a of shape (..., m, d) and b of shape (..., m)."""
        return self._unpack(self._parameters("w", w))

    def pack(self, a, b):
        """Return w of shape (..., p) from a of shape (..., m, d) and b of shape (..., m)."""
        a, b = _checks.neurons(a, b)
        if a.shape[-2:] != (self.m, self.d):
            raise ValueError(f"a must have shape (..., {self.m}, {self.d}), got {a.shape}")
        return np.concatenate([a.reshape(*a.shape[:-2], -1), b], axis=-1)

    def _positions(self, w):
        a, b = self._unpack(w)
        return np.abs(b)[..., None] * a

    def _unpack(self, w):
        split = self.m * self.d
        return w[..., :split].reshape(*w.shape[:-1], self.m, self.d), w[..., split:]

    def _predict(self, w, x):
        a, b, z = self._preactivations(w, x)
        return self.scale * np.vecmat(b, self.activation.value(z))

    def _jvp(self, w, x, v):
        a, b, z = self._preactivations(w, x)
        va, vb = self._unpack(v)
        h, slope = self.activation.both(z, out=z)
        slope = slope * (va @ x.swapaxes(-1, -2))
        return self.scale * (np.vecmat(vb, h) + np.vecmat(b, slope))

    def _vjp(self, w, x):
        a, b, z = self._preactivations(w, x)
        h, slope = self.activation.both(z, out=z)

        def pullback(r):
            r = self.scale * r
            # σ′(z) r x: r joins the smaller of its two neighbours
            if self.d < self.m:
                by_a = slope @ (r[..., None] * x)
            else:
                by_a = (slope * r[..., None, :]) @ x
            out = np.empty((*by_a.shape[:-2], self.n_parameters), by_a.dtype)
            grad_a, grad_b = self._unpack(out)
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
        a, b = self._unpack(w)
        return a, b, a @ x.swapaxes(-1, -2)


@dataclass(frozen=True, eq=False, repr=False)
class FirstLayer(Model):
    """A two-layer network whose output weights are not trained: w holds a₁, …, a_m, p = md.

    A fixed b bounds the second derivative of f everywhere, and with it L_Df (Theorem 3.2).

    Parameters
    ----------
    model : TwoLayer
    b : array of shape (m,)
        The output weights.

    Examples
    --------
    >>> from lazylib import FirstLayer, TwoLayer
    >>> neuron = FirstLayer(TwoLayer(d=2, m=1), b=[2.0])
    >>> neuron.predict([3.0, 4.0], [[1.0, 0.0], [-1.0, 0.0]])  # 2 max(±3, 0)
    array([6., 0.])
    """

    model: TwoLayer
    b: np.ndarray

    def __post_init__(self):
        net = _checks.instance("model", self.model, TwoLayer)
        own(self, b=_checks.array("b", self.b, exactly=1))
        _checks.last_axis("b", self.b, net.m, "one output weight for each neuron")

    @property
    def n_parameters(self):
        """Number of parameters, p = md."""
        return self.model.m * self.model.d

    @property
    def d(self):
        """Input dimension."""
        return self.model.d

    @property
    def homogeneity(self):
        """The activation's degree: only the first layer is multiplied."""
        return self.model.activation.degree

    def _positions(self, w):
        return self.model._positions(self._whole(w, self.b))

    def _predict(self, w, x):
        return self.model._predict(self._whole(w, self.b), x)

    def _jvp(self, w, x, v):
        return self.model._jvp(self._whole(w, self.b), x, self._whole(v, 0 * self.b))

    def _vjp(self, w, x):
        f, pullback = self.model._vjp(self._whole(w, self.b), x)
        return f, lambda r: pullback(r)[..., : self.n_parameters]

    def _jacobian(self, w, x):
        return self.model._jacobian(self._whole(w, self.b), x)[..., : self.n_parameters]

    def _whole(self, w, b):
        whole = np.empty((*w.shape[:-1], self.model.n_parameters), w.dtype)
        whole[..., : w.shape[-1]], whole[..., w.shape[-1] :] = w, b
        return whole
