"""The tangent kernel of Eq. (3), of any model."""

import numpy as np

from lazylib import _checks
from lazylib.kernels.arc_cosine import _neuron_gram
from lazylib.kernels.gram import _SMALL_TILE, _gram, _inputs
from lazylib.models.networks import TwoLayer
from lazylib.models.wrappers import Scaled, Tangent


def tangent_kernel(model, w, x, y=None):
    """Tangent kernel k(x, y) = Df_w(x)·Df_w(y) of Eq. (3), at any w.

    For a `TwoLayer` network, and what is made from it, the Jacobian of shape (n, p) is never
    formed: sums over blocks of neurons need about 0.2 GiB beyond the result.

    Parameters
    ----------
    model : a model of `lazylib.models`, or any object with its ``jacobian``
    w : ndarray of shape (..., p)
    x, y
        As in `arc_cosine`.

    Returns
    -------
    ndarray of shape (..., n, n_y)
    """
    w = _checks.array("w", w, ndim=1)
    if isinstance(model, Scaled):
        kernel, factor = tangent_kernel(model.model, w, x, y), np.asarray(model.alpha**2)
        if factor.ndim == 0:
            kernel *= factor
            return kernel
        return factor[..., None, None] * kernel
    if isinstance(model, Tangent):
        lead = _checks.broadcastable(w=w.shape[:-1], w0=model.w0.shape[:-1])
        return tangent_kernel(model.model, np.broadcast_to(model.w0, (*lead, w.shape[-1])), x, y)
    if isinstance(model, TwoLayer):
        return _neuron_gram(*model.unpack(w), x, y, model.activation, model.scale**2, total=True)[0]
    x, y, same = _inputs(x, y)
    lead = _checks.broadcastable(w=w.shape[:-1], x=x.shape[:-2], y=y.shape[:-2])

    def tile(rows, cols):
        by_x = model.jacobian(w, x[..., rows, :])
        by_y = by_x if same and rows == cols else model.jacobian(w, y[..., cols, :])
        return [by_x @ by_y.swapaxes(-1, -2)]

    dtype = np.result_type(w, x, y)
    return _gram(tile, lead, (x.shape[-2], y.shape[-2]), same, _SMALL_TILE, dtype, count=1)[0]
