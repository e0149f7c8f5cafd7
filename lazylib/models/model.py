"""What every model offers, and what it takes to write one."""

import numpy as np

from lazylib import _checks
from lazylib._identity import Identity


class Model(Identity):
    """A parametric model f(w, x), for ``w`` of shape (..., p) and ``x`` of shape (..., n, d).

    Leading axes are independent runs and broadcast as in NumPy. A model of your own needs the two
    attributes, and the four methods with an underscore: the formulas, for arrays that were checked.
    The four public ones check their arguments and call them.

    Attributes
    ----------
    n_parameters : int
        p, the length of ``w``.
    d : int
        Input dimension.
    homogeneity : int or None
        The q with f(λw, ·) = λ^q f(w, ·) for every λ > 0 (Section 4.2.1), if there is one.
    """

    homogeneity = None

    def predict(self, w, x):
        """f(w, x), of shape (..., n)."""
        with np.errstate(all="ignore"):
            return _checks.in_range("f(w, x)", self._predict(*self._checked(w, x)))

    def jvp(self, w, x, v):
        """Df_w v for a direction ``v`` of shape (..., p); of shape (..., n)."""
        w, x = self._checked(w, x)
        v = self._parameters("v", v)
        _checks.broadcastable(w=w.shape[:-1], v=v.shape[:-1], x=x.shape[:-2])
        with np.errstate(all="ignore"):
            return _checks.in_range("Df_w v", self._jvp(w, x, v))

    def vjp(self, w, x):
        """f(w, x) and the pullback r ↦ Df_wᵀ r, of shape (..., p), as in JAX."""
        w, x = self._checked(w, x)
        with np.errstate(all="ignore"):
            f, unchecked = self._vjp(w, x)

        def pullback(r):
            r = _checks.array("r", r, ndim=1)
            _checks.last_axis("r", r, x.shape[-2], "one number for each input")
            _checks.broadcastable(r=r.shape[:-1], f=f.shape[:-1])
            with np.errstate(all="ignore"):
                return _checks.in_range("Df_wᵀ r", unchecked(r))

        return _checks.in_range("f(w, x)", f), pullback

    def jacobian(self, w, x):
        """Df_w, of shape (..., n, p)."""
        with np.errstate(all="ignore"):
            return _checks.in_range("Df_w", self._jacobian(*self._checked(w, x)))

    def positions(self, w):
        """Where the parameters are drawn, and along which frames are spaced: ``w`` itself."""
        return w

    def at(self, lead, index):
        """The model of the chosen runs (by number) of a batch of shape ``lead``."""
        return self

    def _checked(self, w, x):
        w, x = self._parameters("w", w), _checks.array("x", x, ndim=2)
        _checks.last_axis("x", x, self.d, "the model's input dimension d")
        _checks.broadcastable(w=w.shape[:-1], x=x.shape[:-2])
        return w, x

    def _parameters(self, name, value):
        value = _checks.array(name, value, ndim=1)
        _checks.last_axis(name, value, self.n_parameters, "this model's parameters")
        return value
