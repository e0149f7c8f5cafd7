"""How lazy a run was: how far its parameters and its tangent kernel moved, and how it ended."""

import numpy as np

from lazylib import _checks
from lazylib.kernels.tangent import tangent_kernel


def displacement(w, w0):
    """Relative displacement ‖w − w₀‖/‖w₀‖ of parameters of shape (..., p); shape (...)."""
    w, w0 = _checks.array("w", w, ndim=1), _checks.array("w0", w0, ndim=1)
    _checks.broadcastable(w=w.shape, w0=w0.shape)
    return np.linalg.norm(w - w0, axis=-1) / np.linalg.norm(w0, axis=-1)


def kernel_change(model, w, w0, x):
    """Relative change ‖K_w − K_{w₀}‖/‖K_{w₀}‖ (Frobenius) of the tangent kernel on ``x``.

    The tangent kernel is K_w = Df_w Df_wᵀ, Eq. (3) at w. It stands still in the lazy regime.

    Parameters
    ----------
    model : a model of `lazylib.models`
    w, w0 : ndarray of shape (..., p)
    x : ndarray of shape (n, d)

    Returns
    -------
    ndarray of shape (...)
    """
    kernel0 = tangent_kernel(model, w0, x)
    change = tangent_kernel(model, w, x) - kernel0
    return np.linalg.norm(change, axis=(-2, -1)) / np.linalg.norm(kernel0, axis=(-2, -1))


def jacobian_change(model, w, w0, x):
    """Relative change ‖Df_w − Df_{w₀}‖/‖Df_{w₀}‖ (operator norm) of the differential on ``x``.

    Parameters and result as for `kernel_change`. Eq. (7) foretells it.
    """
    jacobian0 = model.jacobian(w0, x)
    change = model.jacobian(w, x) - jacobian0
    return np.linalg.norm(change, 2, axis=(-2, -1)) / np.linalg.norm(jacobian0, 2, axis=(-2, -1))


def sign_flips(model, w, w0):
    """Number of neurons whose output weight bⱼ changed sign; shape (...)."""
    return (np.sign(model.unpack(w)[1]) != np.sign(model.unpack(w0)[1])).sum(axis=-1)


def neuron_angles(model, w, teacher):
    """Angle in degrees of each neuron to the nearest neuron of a teacher with its sign.

    A neuron whose sign the teacher does not have stands at 90°.

    Parameters
    ----------
    model : TwoLayer
    w : ndarray of shape (..., p)
    teacher : Teacher

    Returns
    -------
    ndarray of shape (..., m)
    """
    a, b = model.unpack(w)
    ours = a / np.linalg.norm(a, axis=-1, keepdims=True)
    theirs = teacher.a / np.linalg.norm(teacher.a, axis=-1, keepdims=True)
    angles = np.degrees(np.arccos(np.clip(ours @ theirs.T, -1, 1)))
    same_sign = np.sign(b)[..., None] == np.sign(teacher.b)
    any_sign = same_sign.any(axis=-1)
    return np.where(any_sign, np.where(same_sign, angles, 180.0).min(axis=-1), 90.0)


def feature_angle(model, w, teacher):
    """Mean of `neuron_angles`, each neuron counting by its mass |bⱼ|‖aⱼ‖; shape (...).

    0° means that the teacher's features have been found. By chance alone, it is a little below 90°
    in dimension 100, where random directions are nearly orthogonal.
    """
    mass = np.linalg.norm(model.positions(w), axis=-1)
    return (neuron_angles(model, w, teacher) * mass).sum(axis=-1) / mass.sum(axis=-1)


def regime(displacement):
    """The regime in a word: "lazy" below a relative displacement of 0.1, "active" above 1.

    The borders are a convention of this collection: the note draws no line, but its lazy runs
    (Figures 1(b) and 5, with doubling) stay below 0.1 and its active ones (1(a)) exceed 1.
    """
    value = _checks.number("displacement", displacement, least=0)
    return "lazy" if value < 0.1 else "active" if value > 1 else "in between"


def power_law(x, y):
    """Fit y ∝ xˢ by least squares in the logarithms; returns s and its standard error.

    Parameters
    ----------
    x, y : ndarray of shape (k,)
        Positive, with k ≥ 3.
    """
    x, y = np.log(_checks.positive("x", x)), np.log(_checks.positive("y", y))
    centred = x - x.mean()
    slope = centred @ y / (centred @ centred)
    residual = y - y.mean() - slope * centred
    return float(slope), float(np.sqrt(residual @ residual / (len(x) - 2) / (centred @ centred)))
