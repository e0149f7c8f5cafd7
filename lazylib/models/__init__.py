"""Parametric models f(w, x): two-layer networks, and models made from models.

Every model has ``n_parameters`` and, with ``w`` of shape (..., p) and ``x`` of shape (..., n, d),

- ``predict(w, x)``: f(w, x), of shape (..., n);
- ``jvp(w, x, v)``: the directional derivative Df_w v, of shape (..., n);
- ``vjp(w, x)``: f(w, x) and the pullback r ↦ Df_wᵀ r, of shape (..., p), as in JAX;
- ``jacobian(w, x)``: Df_w, of shape (..., n, p);
- ``at(lead, index)``: the model of the chosen runs (by number) of a batch of shape ``lead``.

Leading axes are independent runs and broadcast as in NumPy.
"""

from lazylib.models.activations import Activation, softplus
from lazylib.models.networks import FirstLayer, TwoLayer
from lazylib.models.wrappers import Centered, Scaled, Tangent

__all__ = ["Activation", "Centered", "FirstLayer", "Scaled", "Tangent", "TwoLayer", "softplus"]
