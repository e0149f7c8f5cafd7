"""Closed-form kernels of random ReLU networks: Eq. (4), its finite-width version, deep networks.

All functions take inputs ``x`` of shape (..., n, d), and ``y`` of shape (..., n_y, d) for the
kernel between two sets of inputs; without ``y`` they return the symmetric Gram matrix of ``x``.
"""

import numpy as np

from lazylib import _checks
from lazylib.kernels.gram import _BLOCK, _LARGE_TILE, _SMALL_TILE, _gram, _inputs
from lazylib.models.activations import activation as find_activation

# Beyond this cosine, arccos loses digits and the angle is taken from the vectors themselves.
_STEEP = 0.9


def arc_cosine(x, y=None, order=1):
    """Arc-cosine kernel of Cho & Saul (2009): 2 E[σ(a·x)σ(a·y)] for normal a.

    Order 1, with σ(s) = max(s, 0), is (‖x‖‖y‖/π)(sin φ + (π − φ) cos φ). Order 0, with the step
    function σ(s) = 1 for s > 0 and 0 otherwise, is (π − φ)/π. So k(x, x) is ‖x‖² or 1.

    The angle φ is 2·atan2(‖u − v‖, ‖u + v‖) of the unit vectors wherever arccos(u·v) would lose
    digits: the diagonal and opposite vectors (k = 0) are exact. A zero vector has no angle; since
    σ(0) = 0 for both orders, its row and column are 0.

    Parameters
    ----------
    x : ndarray of shape (..., n, d)
    y : ndarray of shape (..., n_y, d), default x
    order : {0, 1}, default 1

    Returns
    -------
    ndarray of shape (..., n, n_y)

    Raises
    ------
    ValueError, TypeError
        For arguments that do not fit; the message names the argument.
    """
    if _checks.whole("order", order, least=0) > 1:
        raise ValueError(f"order must be 0 or 1, got {order}")
    if order == 0:  # only directions count; the product of two tiny lengths could underflow to 0
        first, second, same = _inputs(x, y)
        x, y = _polar(first)[0], None if same else _polar(second)[0]

    def from_angle(cosine, sine, psi, norms):
        return [(norms > 0) * psi / np.pi if order == 0 else norms * (sine + psi * cosine) / np.pi]

    return _angular_gram(from_angle, x, y, count=1)[0]


def limit_kernels(x, y=None, *, mean_b2=1.0, mean_a2=None):
    """Kernels k⁽ᵃ⁾ and k⁽ᵇ⁾ of Eq. (4): the limits of the finite-m kernels as m → ∞.

    Parameters
    ----------
    x, y
        As in `arc_cosine`.
    mean_b2 : float, default 1
        E(b²).
    mean_a2 : float, default d
        E(‖a‖²), for any rotation-invariant distribution of a.

    Returns
    -------
    k_a, k_b : ndarray of shape (..., n, n_y)
        By the input and by the output weights; the tangent kernel is their sum.
    """
    by_a = _checks.number("mean_b2", mean_b2, above=0) / (2 * np.pi)
    by_b = 1 if mean_a2 is None else _checks.number("mean_a2", mean_a2, above=0) / np.shape(x)[-1]
    by_b /= 2 * np.pi

    def from_angle(cosine, sine, psi, norms):
        psi *= cosine
        return norms * (by_a * psi), norms * (by_b * (sine + psi))

    return tuple(_angular_gram(from_angle, x, y, count=2))


def deep_kernels(x, y=None, *, depth, gain=1.0):
    """Limit kernels of a fully connected ReLU network, layer by layer (Jacot et al. 2018).

    The network is h₁ = σ(A₁x), hₗ₊₁ = σ(Aₗ₊₁hₗ/√m), f = b·h_L/√m with L = ``depth`` hidden layers
    and standard normal weights, as in Section 2.2; ``depth=1`` gives Eq. (4).

    Parameters
    ----------
    x, y
        As in `arc_cosine`.
    depth : int
        Number of hidden layers.
    gain : float, default 1
        Factor on the output variance of each of the L + 1 layers. Each ReLU halves the variance:
        2 keeps it.

    Returns
    -------
    tuple of depth + 1 ndarrays of shape (..., n, n_y)
        What the weights of each layer add to the tangent kernel, which is the sum. The last one is
        the covariance of the network at initialisation.
    """
    depth = _checks.whole("depth", depth)
    # the network is linear in each layer's factor √gain
    factor = _checks.number("gain", gain, above=0) ** (depth + 1)

    def from_angle(cosine, sine, psi, norms):
        layers, phi, norms = [factor * norms * cosine], np.pi - psi, factor * norms
        for _ in range(depth):
            layers = [layer * (psi / (2 * np.pi)) for layer in layers]
            layers.append(norms * (np.sin(phi) + psi * np.cos(phi)) / (2 * np.pi))
            # the next angle from (1 − cos)/2, which keeps its digits where the angle is small
            half = np.sin(phi / 2) ** 2 - (np.sin(phi) - phi * np.cos(phi)) / (2 * np.pi)
            phi = 2 * np.arcsin(np.sqrt(np.clip(half, 0, 1)))
            psi, norms = np.pi - phi, norms / 2
        return layers

    return tuple(_angular_gram(from_angle, x, y, count=depth + 1))


def random_feature_kernels(a, b, x, y=None, *, activation="relu"):
    """Finite-m kernels of Section 2.2, for any activation and many draws at a time.

    Parameters
    ----------
    a : ndarray of shape (..., m, d)
    b : ndarray of shape (..., m)
        Weights; leading axes are independent draws.
    x, y
        As in `arc_cosine`.
    activation : str or Activation, default "relu"

    Returns
    -------
    k_a, k_b : ndarray of shape (..., n, n_y)
        k⁽ᵃ⁾ₘ = (1/m) Σⱼ (x·y) bⱼ² σ′(aⱼ·x) σ′(aⱼ·y) and k⁽ᵇ⁾ₘ = (1/m) Σⱼ σ(aⱼ·x) σ(aⱼ·y).
    """
    a, b = _checks.array("a", a, ndim=2), _checks.array("b", b, ndim=1)
    _checks.last_axis("b", b, a.shape[-2], "one output weight for each row of a")
    return tuple(
        _neuron_gram(a, b, x, y, find_activation(activation), 1 / a.shape[-2], total=False)
    )


def _neuron_gram(a, b, x, y, sigma, factor, total):
    """``factor`` times the sums over the neurons of Eq. (3): k⁽ᵃ⁾ and k⁽ᵇ⁾, or their ``total``."""
    x, y, same = _inputs(x, y)
    _checks.last_axis("x", x, a.shape[-1], "the weights' input dimension d")
    shapes = {"a": a.shape[:-2], "b": b.shape[:-1], "x": x.shape[:-2], "y": y.shape[:-2]}
    lead, m = _checks.broadcastable(**shapes), a.shape[-2]
    widest = min(_LARGE_TILE, max(x.shape[-2], y.shape[-2]))
    block = max(32, _BLOCK // (widest * max(1, int(np.prod(lead)))))

    def features(inputs, neurons):
        h, slope = sigma.both(a[..., neurons, :] @ inputs.swapaxes(-1, -2))
        return h, slope * b[..., neurons, None]

    def tile(rows, cols):
        x_tile, y_tile, k_a, k_b = x[..., rows, :], y[..., cols, :], 0, 0
        for start in range(0, m, block):
            neurons = slice(start, start + block)
            h_x, s_x = features(x_tile, neurons)
            h_y, s_y = (h_x, s_x) if same and rows == cols else features(y_tile, neurons)
            k_a += s_x.swapaxes(-1, -2) @ s_y
            k_b += h_x.swapaxes(-1, -2) @ h_y
        k_a *= factor * (x_tile @ y_tile.swapaxes(-1, -2))
        k_b *= factor
        return [k_a + k_b] if total else [k_a, k_b]

    sizes, dtype = (x.shape[-2], y.shape[-2]), np.result_type(a, b, x, y)
    return _gram(tile, lead, sizes, same, _LARGE_TILE, dtype, count=1 if total else 2)


def _angular_gram(from_angle, x, y, count):
    """Gram matrices that ``from_angle(cos φ, sin φ, π − φ, ‖x‖‖y‖)`` gives for each pair."""
    x, y, same = _inputs(x, y)
    (u, u_norm), (v, v_norm) = _polar(x), _polar(y)

    def tile(rows, cols):
        norms = u_norm[..., rows, None] * v_norm[..., None, cols]
        return from_angle(*_angles(u[..., rows, :], v[..., cols, :]), norms)

    lead = _checks.broadcastable(x=x.shape[:-2], y=y.shape[:-2])
    sizes, dtype = (x.shape[-2], y.shape[-2]), np.result_type(x, y)
    return _gram(tile, lead, sizes, same, _SMALL_TILE, dtype, count)


def _angles(u, v):
    """Return cos φ, sin φ and π − φ for the angles φ between unit vectors, in full precision."""
    cosine = u @ v.swapaxes(-1, -2)
    np.clip(cosine, -1, 1, out=cosine)
    sine = np.sqrt(1 - cosine * cosine)
    psi = np.arccos(-cosine)
    steep = np.nonzero(np.abs(cosine) > _STEEP)
    u = np.broadcast_to(u, (*cosine.shape[:-2], *u.shape[-2:]))
    v = np.broadcast_to(v, (*cosine.shape[:-2], *v.shape[-2:]))
    block = max(1, _BLOCK // u.shape[-1])
    for start in range(0, len(steep[0]), block):
        *run, i, j = pairs = tuple(index[start : start + block] for index in steep)
        first, second = u[*run, i], v[*run, j]
        plus, minus = (np.linalg.norm(s, axis=-1) for s in (first + second, first - second))
        psi[pairs] = supplement = 2 * np.arctan2(plus, minus)
        cosine[pairs], sine[pairs] = -np.cos(supplement), np.sin(supplement)
    return cosine, sine, psi


def _polar(x):
    """Unit vectors and norms, safe from overflow; a zero vector has both zero."""
    largest = np.abs(x).max(axis=-1, keepdims=True)
    x = np.divide(x, largest, out=np.zeros_like(x), where=largest > 0)
    norms = np.linalg.norm(x, axis=-1, keepdims=True)
    return np.divide(x, norms, out=x, where=norms > 0), (largest * norms)[..., 0]
