"""Gradient flow of the quadratic loss with a fixed kernel, in closed form.

With R(u) = (1/2n)‖u − y‖² the predictions on the training points obey u′ = −(1/n) K (u − y). One
eigendecomposition K = UΛUᵀ turns this into n separate exponentials, so that any time, t = ∞ and the
best early stop all come from it.
"""

from typing import NamedTuple

import numpy as np

from lazylib import _checks

# Points a decade of t where the best stop is looked for, before it is refined.
_A_DECADE = 40


class Stop(NamedTuple):
    """A moment of training: the time ``t`` (0 and ∞ included) and the test loss R there.

    Examples
    --------
    >>> import numpy as np
    >>> from lazylib import KernelFlow
    >>> flow = KernelFlow(np.eye(1), y=np.ones(1))  # u(t) = 1 − exp(−t)
    >>> stop = flow.best_stop(np.eye(1), y_test=np.array([0.5]))
    >>> round(stop.t, 3), round(stop.loss, 6)  # at log 2
    (0.693, 0.0)
    """

    t: float
    loss: float


class KernelFlow:
    """Kernel regression of y − u₀ on top of u₀, by gradient flow.

    Parameters
    ----------
    K : ndarray of shape (..., n, n)
        Kernel matrix of the training points: symmetric, positive semi-definite.
    y : ndarray of shape (..., n)
        Labels.
    u0 : float or ndarray of shape (..., n), default 0
        Predictions at t = 0.

    Attributes
    ----------
    eigenvalues : ndarray of shape (..., n)
        Those of K, increasing; those that rounding cannot tell from 0 are 0.
    rank : int or ndarray of shape (...)
        How many are not 0. The part of y − u₀ in the other directions is never learnt.

    Raises
    ------
    ValueError
        If K is not square and symmetric, or has a negative eigenvalue; or if shapes do not fit.

    Examples
    --------
    >>> import numpy as np
    >>> from lazylib import KernelFlow
    >>> flow = KernelFlow(np.diag([2.0, 0.0]), y=np.ones(2))
    >>> flow.predict(np.inf)
    array([1., 0.])
    >>> print(flow)
    K has rank 1 of 2: 71 % of y − u0 lies outside its range and is never fitted
    """

    @np.errstate(all="ignore")
    def __init__(self, K, y, u0=0.0):
        K = _checks.array("K", K, ndim=2, nonempty=True)
        y = _checks.array("y", y, ndim=1, nonempty=True).copy()
        n = y.shape[-1]
        if K.shape[-2:] != (n, n):
            raise ValueError(f"K must have shape (..., {n}, {n}) for y {y.shape}, got {K.shape}")
        u0 = _one_or_each("u0", u0, n)
        _checks.broadcastable(K=K.shape[:-2], y=y.shape[:-1], u0=u0.shape[:-1])
        size = np.abs(K).max(axis=(-2, -1), keepdims=True)
        rounding = 4 * n * np.finfo(K.dtype).eps
        if (np.abs(K - K.swapaxes(-1, -2)) > rounding * size).any():
            raise ValueError("K must be symmetric: a kernel between the training points")
        self.eigenvalues, self._U = np.linalg.eigh(K)
        _checks.in_range("an eigenvalue of K", self.eigenvalues)
        bound = rounding * np.abs(self.eigenvalues).max(axis=-1, keepdims=True)
        if (self.eigenvalues < -bound).any():
            raise ValueError(
                f"K must be positive semi-definite, as every kernel is; it has the eigenvalue "
                f"{self.eigenvalues.min():.3g}, and {self.eigenvalues.max():.3g} is the largest"
            )
        self.eigenvalues[self.eigenvalues <= bound] = 0
        self.n, self.y, self._residual = n, y, y - u0
        parts = _product(self._U.swapaxes(-1, -2), self._residual)
        self._parts = _checks.in_range("y − u0", parts)

    def __repr__(self):
        """Show sizes only: no address, so that what is printed is the same in every run."""
        return f"KernelFlow(y of shape {self.y.shape}, rank={self.rank})"

    def __str__(self):
        """Say what this kernel can fit."""
        rank, parts = np.min(self.rank), np.where(self.eigenvalues > 0, 0, self._parts)
        norm = np.linalg.norm(self._residual, axis=-1)
        missed = np.max(np.linalg.norm(parts, axis=-1) / np.where(norm > 0, norm, 1))
        if rank == self.n:
            return f"K has full rank {rank}: every label is fitted as t → ∞"
        if missed < 1e-8:
            return (
                f"K has rank {rank} of {self.n}, but y − u0 lies in its range: all of it is fitted"
            )
        return (
            f"K has rank {rank} of {self.n}: {100 * missed:.2g} % of y − u0 lies outside its range "
            "and is never fitted"
        )

    @property
    def rank(self):
        """Number of eigenvalues that are not 0."""
        rank = (self.eigenvalues > 0).sum(axis=-1)
        return rank if rank.ndim else int(rank)

    @np.errstate(all="ignore")
    def predict(self, times, K_test=None, u0_test=0.0):
        """Predictions u(t), on the training points or on others.

        Parameters
        ----------
        times : float or ndarray of shape (T,)
            Times t ≥ 0; ``numpy.inf`` is the interpolant (of least norm, if K is singular).
        K_test : ndarray of shape (..., n_test, n), optional
            Kernel between other points and the training points.
        u0_test : float or ndarray of shape (..., n_test), default 0
            Predictions on the other points at t = 0.

        Returns
        -------
        ndarray of shape (..., n) or (..., n_test), with a first axis T if ``times`` has one.
        """
        if K_test is None:
            # y − exp(−tK/n)(y − u₀): exact as the residual vanishes
            left = self._parts * np.exp(-self._exponents(times))
            return _checks.in_range("u(t)", self.y - _product(self._U, left))
        K_test, u0_test = self._test(K_test, u0_test)
        return _checks.in_range("u(t)", u0_test + _product(K_test, self.coefficients(times)))

    @np.errstate(all="ignore")
    def coefficients(self, times):
        """Coefficients c(t) of u(t) = u₀ + Σᵢ cᵢ k(·, xᵢ), in the shape of `predict`."""
        c = _product(self._U, self._parts * self._flow_filter(times))
        return _checks.in_range("c(t)", c)

    @np.errstate(all="ignore")
    def best_stop(self, K_test, y_test, u0_test=0.0):
        """Time at which the test loss R is least, over all t in [0, ∞], for one run.

        Parameters
        ----------
        K_test : ndarray of shape (n_test, n)
        y_test : ndarray of shape (n_test,)
        u0_test : float or ndarray of shape (n_test,), default 0

        Returns
        -------
        Stop
            With the fields ``t`` and ``loss``.
        """
        from scipy.optimize import minimize_scalar  # here, so that `import lazylib` stays fast

        if self._parts.ndim > 1:
            raise ValueError(f"best_stop is for one run, this flow has {self._parts.shape[:-1]}")
        y_test = _checks.array("y_test", y_test, exactly=1)
        K_test, u0_test = self._test(_checks.array("K_test", K_test, exactly=2), u0_test)
        _checks.last_axis("y_test", y_test, len(K_test), "one label for each row of K_test")
        if u0_test.ndim > 1:
            raise ValueError(f"u0_test must have at most one axis, got shape {u0_test.shape}")
        modes, start = (K_test @ self._U) * self._parts, u0_test - y_test
        _checks.in_range("the test loss", (np.abs(modes).sum(axis=-1) + np.abs(start)) ** 2)

        def loss(t):
            return 0.5 * ((modes @ self._flow_filter(t).T).T + start) ** 2

        active = self.eigenvalues[self.eigenvalues > 0]
        if not len(active):
            return Stop(0.0, float(loss(0.0).mean()))
        # from where nothing has moved to where everything has arrived
        ends = np.log10([1e-3 * self.n / active[-1], 40 * self.n / active[0]])
        log_t = np.linspace(*ends, int(_A_DECADE * (ends[1] - ends[0])) + 2)
        times = np.concatenate([[0.0], 10**log_t, [np.inf]])
        losses = loss(times).mean(axis=-1)
        if losses[-1] <= losses.min() * (1 + 1e-12):
            return Stop(np.inf, float(losses[-1]))  # late times differ from ∞ by rounding only
        best = int(losses.argmin())
        stop = Stop(float(times[best]), float(losses[best]))
        if 1 < best < len(times) - 2:
            found = minimize_scalar(
                lambda s: loss(10**s).mean(),
                bounds=(log_t[best - 2], log_t[best]),
                method="bounded",
                options={"xatol": 1e-9},
            )
            stop = min(stop, Stop(10 ** float(found.x), float(found.fun)), key=lambda at: at.loss)
        return stop

    def _exponents(self, times):
        times = _checks.array("times", times, finite=False).astype(float)
        if times.ndim > 1 or not (times >= 0).all():
            raise ValueError(
                f"times must be numbers >= 0, or one list of them, got {_checks.shown(times)}"
            )
        times = times.reshape(*times.shape, *(1,) * self._parts.ndim)
        zeros = np.zeros(np.broadcast_shapes(times.shape, self._parts.shape))
        # 0·∞ is 0: where K sees nothing, nothing ever moves
        seen = self.eigenvalues > 0
        return np.multiply(times, self.eigenvalues / self.n, where=seen, out=zeros)

    def _flow_filter(self, times):
        """(1 − exp(−tλ/n))/λ, and 0 where λ = 0: there the test points' kernel vanishes too."""
        filtered = -np.expm1(-self._exponents(times))
        seen = np.broadcast_to(self.eigenvalues > 0, filtered.shape)
        return np.divide(filtered, self.eigenvalues, where=seen, out=np.zeros(filtered.shape))

    def _test(self, K_test, u0_test):
        K_test = _checks.array("K_test", K_test, ndim=2, nonempty=True)
        _checks.last_axis("K_test", K_test, self.n, "the kernel between other and training points")
        u0_test = _one_or_each("u0_test", u0_test, K_test.shape[-2])
        lead = {"y": self._parts.shape[:-1], "K_test": K_test.shape[:-2]}
        _checks.broadcastable(**lead, u0_test=u0_test.shape[:-1])
        return K_test, u0_test


def _one_or_each(name, value, n):
    """Predictions at t = 0: one number, or one for each of ``n`` points."""
    value = _checks.array(name, value)
    if value.ndim:
        _checks.last_axis(name, value, n, "one prediction for each point")
    return value


def _product(matrix, vectors):
    """Each vector (on the last axis) times the matrix; one product when there is one matrix."""
    if matrix.ndim == 2:
        return vectors @ matrix.T
    return (matrix @ vectors[..., None])[..., 0]
