"""How lazy a run was: how far its parameters and its tangent kernel moved, and how it ended."""

import numpy as np

from lazylib import checks
from lazylib.kernels import tangent_kernel

#: A run still falls if, over the last tenth of its steps, its loss dropped by more than both: this
#: part of itself, and this part of the zero predictor's loss.
STILL_FALLING = (0.01, 0.002)


def displacement(w, w0):
    """Relative displacement ‖w − w₀‖/‖w₀‖ of parameters of shape (..., p); shape (...)."""
    w, w0 = checks.finite("w", w, ndim=1), checks.finite("w0", w0, ndim=1)
    checks.broadcastable(w=w.shape, w0=w0.shape)
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


def sign_flips(model, w, w0):
    """Number of neurons whose output weight bⱼ changed sign; shape (...)."""
    return (np.sign(model.unpack(w)[1]) != np.sign(model.unpack(w0)[1])).sum(axis=-1)


def feature_angle(model, w, teacher):
    """Mean angle, in degrees, between the neurons and those of a teacher that they serve.

    Each neuron is held against the nearest of the teacher's directions with an output weight of
    its sign (90° if there is none), and counts by its mass |bⱼ|‖aⱼ‖. Around 80° in dimension 100
    is chance; 0° means that the features have been found.

    Parameters
    ----------
    model : TwoLayer
    w : ndarray of shape (..., p)
    teacher : Teacher

    Returns
    -------
    ndarray of shape (...)
    """
    a, b = model.unpack(w)
    norms = np.linalg.norm(a, axis=-1)
    cosines = (a / norms[..., None]) @ (teacher.a / np.linalg.norm(teacher.a, axis=-1)[:, None]).T
    same_sign = np.sign(b)[..., None] == np.sign(teacher.b)
    angles = np.where(same_sign, np.degrees(np.arccos(np.clip(cosines, -1, 1))), 90.0)
    mass = np.abs(b) * norms
    return (angles.min(axis=-1) * mass).sum(axis=-1) / mass.sum(axis=-1)


def regime(displacement):
    """The regime in a word: "lazy" below a relative displacement of 0.1, "active" above 1.

    The borders are a convention of this collection: the note draws no line, but its lazy runs
    (Figures 1(b), 5(b), 5(c)) stay below 0.1 and its active ones (1(a)) exceed 1.
    """
    value = float(displacement)
    return "lazy" if value < 0.1 else "active" if value > 1 else "in between"


def convergence_status(loss, loss_before, zero_loss):
    """Say how runs ended that did not reach their tolerance.

    Parameters
    ----------
    loss, loss_before : ndarray of shape (...)
        R at the end and at nine tenths of the steps.
    zero_loss : ndarray of shape (...)
        R(0), the loss of the zero predictor.

    Returns
    -------
    ndarray of str
        "diverged", "still falling" (the loss dropped by more than `STILL_FALLING` says), or
        "converged": the loss has settled.
    """
    drop, (of_itself, of_zero) = loss_before - loss, STILL_FALLING
    falling = (drop > of_itself * loss_before) & (drop > of_zero * zero_loss)
    status = np.where(falling, "still falling", "converged")
    return np.where(np.isfinite(loss), status, "diverged")
