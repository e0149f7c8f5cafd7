"""The tangent kernel of Eq. (3), of any model."""

import functools

import numpy as np

from lazylib import _checks
from lazylib.kernels import gram
from lazylib.models.model import Model
from lazylib.models.networks import TwoLayer
from lazylib.models.wrappers import Centered, Scaled, Tangent


def tangent_kernel(model, w, x, y=None):
    """Tangent kernel k(x, y) = Df_w(x)·Df_w(y) of Eq. (3), at any w.

    For a `TwoLayer` network, and what is made from it, the Jacobian of shape (n, p) is never
    formed: sums over blocks of neurons need about 0.2 GiB beyond the result.

    Parameters
    ----------
    model : Model
    w : ndarray of shape (..., p)
    x, y
        As in `arc_cosine`.

    Returns
    -------
    ndarray of shape (..., n, n_y)

    Raises
    ------
    ValueError, TypeError
        For arguments that do not fit, and if the kernel overflows.

    Examples
    --------
    >>> from lazylib import TwoLayer, tangent_kernel
    >>> net = TwoLayer(d=2, m=1)
    >>> w = net.pack(a=[[1.0, 0.0]], b=[2.0])
    >>> tangent_kernel(net, w, [[3.0, 4.0]])  # ‖x‖²b² + (a·x)²
    array([[109.]])
    """
    w = _checks.instance("model", model, Model)._parameters("w", w)
    x, y = gram._inputs(x, y, model.d)
    _checks.broadcastable(w=w.shape[:-1], x=x.shape[:-2], y=y.shape[:-2])
    return _kernel(model, w, x, y)


@functools.singledispatch
def _kernel(model, w, x, y):
    """Any model: by its Jacobian. Classes whose kernel can be had for less are registered below."""

    def tile(rows, cols):
        by_x = model._jacobian(w, x[..., rows, :])
        by_y = by_x if y is x and rows == cols else model._jacobian(w, y[..., cols, :])
        return [by_x @ by_y.swapaxes(-1, -2)]

    lead = np.broadcast_shapes(w.shape[:-1], x.shape[:-2], y.shape[:-2])
    dtype = np.result_type(w, x, y)
    return gram._gram(tile, lead, x, y, gram._SMALL_TILE, dtype, count=1)[0]


@_kernel.register
def _(model: TwoLayer, w, x, y):
    kernel = gram._neuron_gram(*model.unpack(w), x, y, model.activation, total=True)[0]
    return _times_square(kernel, model.scale)


@_kernel.register
def _(model: Scaled, w, x, y):
    return _times_square(_kernel(model.model, w, x, y), model.alpha)


@_kernel.register
def _(model: Tangent, w, x, y):
    kernel = _kernel(model.model, model.w0, x, y)
    lead = np.broadcast_shapes(w.shape[:-1], kernel.shape[:-2])
    return np.broadcast_to(kernel, (*lead, *kernel.shape[-2:])).copy()


@_kernel.register
def _(model: Centered, w, x, y):
    return _kernel(model.model, w, x, y)


def _times_square(kernel, factor):
    """factor² · kernel, in two steps: the square alone could leave the range; in place for one."""
    factor = np.asarray(factor)[..., None, None]
    with np.errstate(all="ignore"):
        for _ in range(2):
            kernel = np.multiply(kernel, factor, out=kernel if factor.ndim == 2 else None)
    return _checks.in_range("the kernel", kernel)
