"""Models made from models: scaled, linearized, or shifted to start at 0."""

from dataclasses import dataclass

import numpy as np

from lazylib import _checks
from lazylib._identity import own
from lazylib.models.model import Model

# Up to so many numbers, the Jacobian of a tangent model is kept while it trains: 800 kB.
_SMALL = 100_000


class _Wrapper(Model):
    """A model made from another, which passes on `n_parameters`, `d`, `positions` and `unpack`.

    Nothing else passes through: a tangent model is not homogeneous because its network is.
    """

    @property
    def n_parameters(self):
        """Number of parameters of the model within."""
        return self.model.n_parameters

    @property
    def d(self):
        """Input dimension."""
        return self.model.d

    def _positions(self, w):
        return self.model._positions(w)

    def unpack(self, w):
        """The parameters as those of the network within, if it has layers."""
        return _checks.offers("model", self.model, "unpack").unpack(w)


@dataclass(frozen=True, eq=False, repr=False)
class Scaled(_Wrapper):
    """The model αf of Eq. (5); it also has the homogeneity of f.

    Parameters
    ----------
    model : Model
        f.
    alpha : float or array, default 1
        α > 0; an array holds one for each run, in their leading shape.

    Examples
    --------
    >>> from lazylib import Scaled, TwoLayer
    >>> net, w = TwoLayer(d=2, m=1), [1.0, 0.0, 2.0]
    >>> print(net.predict(w, [[3.0, 4.0]]), Scaled(net, 10.0).predict(w, [[3.0, 4.0]]))
    [6.] [60.]
    """

    model: Model
    alpha: float | np.ndarray = 1.0

    def __post_init__(self):
        _checks.instance("model", self.model, Model)
        own(self, alpha=_checks.positive("alpha", self.alpha))
        _checks.broadcastable(alpha=np.shape(self.alpha), model=self.model.lead)

    @property
    def homogeneity(self):
        """That of f: α does not change it."""
        return self.model.homogeneity

    @property
    def lead(self):
        """Leading shape of α and of what f holds."""
        return np.broadcast_shapes(np.shape(self.alpha), self.model.lead)

    def at(self, lead, index):
        """αf for the chosen runs."""
        alpha = np.asarray(self.alpha)
        if alpha.ndim:
            alpha = np.broadcast_to(alpha, lead).reshape(-1)[index]
        return Scaled(self.model.at(lead, index), alpha)

    def _predict(self, w, x):
        return self._column * self.model._predict(w, x)

    def _jvp(self, w, x, v):
        return self._column * self.model._jvp(w, x, v)

    def _vjp(self, w, x):
        f, pullback = self.model._vjp(w, x)
        return self._column * f, lambda r: pullback(self._column * r)

    def _jacobian(self, w, x):
        alpha = self.alpha if np.ndim(self.alpha) == 0 else self.alpha[..., None, None]
        return alpha * self.model._jacobian(w, x)

    @property
    def _column(self):
        return self.alpha if np.ndim(self.alpha) == 0 else self.alpha[..., None]


@dataclass(frozen=True, eq=False, repr=False)
class _FromStart(_Wrapper):
    """What models made from a model and its w₀ share.

    Parameters
    ----------
    model : Model
        f.
    w0 : array of shape (..., p)
        w₀; leading axes hold one for each run.
    """

    model: Model
    w0: np.ndarray

    def __post_init__(self):
        _checks.instance("model", self.model, Model)
        own(self, w0=self.model._parameters("w0", self.w0))
        _checks.broadcastable(w0=self.w0.shape[:-1], model=self.model.lead)

    @property
    def lead(self):
        """Leading shape of w₀ and of what f holds."""
        return np.broadcast_shapes(self.w0.shape[:-1], self.model.lead)

    def at(self, lead, index):
        """The model of the chosen runs."""
        w0 = self.w0
        if w0.ndim > 1:
            w0 = np.broadcast_to(w0, (*lead, w0.shape[-1])).reshape(-1, w0.shape[-1])[index]
        return type(self)(self.model.at(lead, index), w0)


class Tangent(_FromStart):
    """The tangent model T_f(w, x) = f(w₀, x) + Df_{w₀}(w − w₀) of Eq. (2), affine in w.

    Examples
    --------
    >>> from lazylib import FirstLayer, Tangent, TwoLayer
    >>> relu = FirstLayer(TwoLayer(d=1, m=1), b=[1.0])  # max(w, 0) at x = 1
    >>> tangent = Tangent(relu, w0=[1.0])
    >>> print(relu.predict([-2.0], [[1.0]]), tangent.predict([-2.0], [[1.0]]))
    [0.] [-2.]
    """

    def _predict(self, w, x):
        return self.model._predict(self.w0, x) + self.model._jvp(self.w0, x, w - self.w0)

    def _jvp(self, w, x, v):
        return self.model._jvp(self.w0, x, v)

    def _vjp(self, w, x):
        f0, pullback = self.model._vjp(self.w0, x)
        return f0 + self.model._jvp(self.w0, x, w - self.w0), pullback

    def _vjp_at(self, x):
        if self.w0.size * len(x) > _SMALL:
            return super()._vjp_at(x)
        f0, jacobian = self.model._predict(self.w0, x), self.model._jacobian(self.w0, x)
        return lambda w: (f0 + jacobian.dot(w - self.w0), lambda r: r.dot(jacobian))

    def _jacobian(self, w, x):
        return self.model._jacobian(self.w0, x)


class Centered(_FromStart):
    """The model f(w, x) − f(w₀, x), which starts at 0 without the doubling trick (Section 3).

    Examples
    --------
    >>> from lazylib import Centered, TwoLayer
    >>> net, w0 = TwoLayer(d=2, m=1), [1.0, 0.0, 2.0]
    >>> print(net.predict(w0, [[3.0, 4.0]]), Centered(net, w0).predict(w0, [[3.0, 4.0]]))
    [6.] [0.]
    """

    def _predict(self, w, x):
        return self.model._predict(w, x) - self.model._predict(self.w0, x)

    def _jvp(self, w, x, v):
        return self.model._jvp(w, x, v)

    def _vjp(self, w, x):
        f, pullback = self.model._vjp(w, x)
        return f - self.model._predict(self.w0, x), pullback

    def _jacobian(self, w, x):
        return self.model._jacobian(w, x)
