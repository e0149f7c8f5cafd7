"""What every model offers, and what it takes to write one."""

import numpy as np

from lazylib import _checks
from lazylib._identity import Identity


class Model(Identity):
    """A parametric model f(w, x), for ``w`` of shape (..., p) and ``x`` of shape (..., n, d).

    Leading axes are independent runs and broadcast as in NumPy. A model of your own needs
    ``n_parameters`` and ``d``, and the formulas ``_predict``, ``_jvp``, ``_vjp`` and ``_jacobian``,
    for arrays that were checked; ``_positions`` if its parameters are not drawn as they are, and
    ``_vjp_at`` if much of ``_vjp`` stays as w moves. The public methods check their arguments and
    call these.

    Attributes
    ----------
    n_parameters : int
        p, the length of ``w``.
    d : int
        Input dimension.
    homogeneity : int or None
        The q with f(λw, ·) = λ^q f(w, ·) for every λ > 0 (Section 4.2.1), if there is one.
    lead : tuple of int
        Leading shape of the runs that the model holds something of its own for.

    Raises
    ------
    TypeError, ValueError
        By every method, if an argument is not an array of real, finite numbers of the shape asked
        for, or the result is beyond the range of floating point.

    Examples
    --------
    A model of your own, f(w, x) = w·x. Its tangent kernel is x·y, at any w:

    >>> import numpy as np
    >>> from lazylib import Model, tangent_kernel
    >>> class Linear(Model):
    ...     n_parameters = d = 2
    ...
    ...     def _predict(self, w, x):
    ...         return np.matvec(x, w)
    ...
    ...     def _jvp(self, w, x, v):
    ...         return np.matvec(x, v)
    ...
    ...     def _vjp(self, w, x):
    ...         return np.matvec(x, w), lambda r: np.vecmat(r, x)
    ...
    ...     def _jacobian(self, w, x):
    ...         return x + 0 * w[..., None, :]
    >>> tangent_kernel(Linear(), [1.0, 0.0], [[3.0, 4.0]])
    array([[25.]])
    """

    homogeneity = None
    lead = ()

    def predict(self, w, x):
        """f(w, x), of shape (..., n)."""
        return _checks.computed("f(w, x)", self._predict, *self._checked(w, x))

    def jvp(self, w, x, v):
        """Df_w v for a direction ``v`` of shape (..., p); of shape (..., n)."""
        v = self._parameters("v", v)
        w, x = self._checked(w, x, v=v.shape[:-1])
        return _checks.computed("Df_w v", self._jvp, w, x, v)

    def vjp(self, w, x):
        """f(w, x) and the pullback r ↦ Df_wᵀ r, of shape (..., p), as in JAX."""
        w, x = self._checked(w, x)
        with np.errstate(all="ignore"):
            f, unchecked = self._vjp(w, x)

        def pullback(r):
            r = _checks.array("r", r, ndim=1)
            _checks.last_axis("r", r, x.shape[-2], "one number for each input")
            _checks.broadcastable(r=r.shape[:-1], f=f.shape[:-1])
            return _checks.computed("Df_wᵀ r", unchecked, r)

        return _checks.in_range("f(w, x)", f), pullback

    def jacobian(self, w, x):
        """Df_w, of shape (..., n, p)."""
        return _checks.computed("Df_w", self._jacobian, *self._checked(w, x))

    def positions(self, w):
        """Where the parameters are drawn, and along which frames are spaced: ``w`` if not said."""
        return _checks.computed("positions(w)", self._positions, self._parameters("w", w))

    def at(self, lead, index):
        """The model of the chosen runs of a batch of shape ``lead``.

        ``index`` counts the runs in the order of a reshape to one axis: numbers, slice or mask.
        """
        return self

    def _vjp_at(self, x):
        """`_vjp` of w alone, of one run: what does not change with w may be computed once."""
        return lambda w: self._vjp(w, x)

    def _positions(self, w):
        return w

    def _checked(self, w, x, **more):
        w, x = self._parameters("w", w), _checks.array("x", x, ndim=2, nonempty=True)
        _checks.last_axis("x", x, self.d, "the model's input dimension d")
        _checks.broadcastable(w=w.shape[:-1], x=x.shape[:-2], model=self.lead, **more)
        return w, x

    def _parameters(self, name, value):
        value = _checks.array(name, value, ndim=1, nonempty=True)
        _checks.last_axis(name, value, self.n_parameters, "this model's parameters")
        return value
