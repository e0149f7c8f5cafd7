"""Models made from models: scaled, linearized, or shifted to start at 0."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from lazylib import _checks


@dataclass(frozen=True)
class Scaled:
    """The model αf of Eq. (5); ``alpha`` > 0 may be an array of the runs' leading shape."""

    model: Any
    alpha: float | np.ndarray = 1.0

    def __post_init__(self):
        object.__setattr__(self, "alpha", _checks.positive("alpha", self.alpha))

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
        object.__setattr__(self, "w0", _checks.finite("w0", self.w0, ndim=1))
        _checks.last_axis("w0", self.w0, self.model.n_parameters, "this model's parameters")

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


class Centered(_FromStart):
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
