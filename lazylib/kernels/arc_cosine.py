"""Closed-form kernels of random ReLU networks: Eq. (4), its finite-width version, deep networks.

All functions take inputs ``x`` of shape (..., n, d), and ``y`` of shape (..., n_y, d) for the
kernel between two sets of inputs; without ``y`` they return the symmetric Gram matrix of ``x``.
"""

import numpy as np

from lazylib import _checks
from lazylib._vectors import norm
from lazylib.kernels.gram import _angular_gram, _inputs, _neuron_gram
from lazylib.models.activations import activation as find_activation

# Hidden layers of a network that is meant to be one: each costs a matrix of n² entries.
_DEEPEST = 1000


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

    Examples
    --------
    >>> from lazylib import arc_cosine
    >>> x, angles = [[1.0, 0.0]], [[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0]]  # 0°, 90° and 180°
    >>> print(arc_cosine(x, angles).round(4))  # 1/π at 90°
    [[1.     0.3183 0.    ]]
    >>> print(arc_cosine(x, angles, order=0).round(4))
    [[1.  0.5 0. ]]
    """
    order = _checks.whole("order", order, least=0, most=1)
    x, y = _inputs(x, y)
    # for order 0 only directions count; the product of two tiny lengths could underflow to 0
    length = norm if order else lambda v: np.sign(norm(v))

    def per_angle(*at):
        return _pi_times(*at)[order : order + 1]

    return _angular_gram(per_angle, x, y, (1 / np.pi,), length)[0]


def _pi_times(cosine, sine, phi):
    """π times the arc-cosine kernels of orders 0 and 1, of two unit vectors at the angle φ."""
    psi = np.pi - phi
    return psi, sine + psi * cosine


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

    Examples
    --------
    >>> from lazylib import limit_kernels
    >>> x, y = [[1.0, 0.0]], [[1.0, 0.0], [0.5, 0.75**0.5]]  # 0° and 60°
    >>> k_a, k_b = limit_kernels(x, y)
    >>> print(k_a.round(4), k_b.round(4))  # at 60°, k_a is cos 60° · (180 − 60)/360 = 1/6
    [[0.5    0.1667]] [[0.5    0.3045]]
    """
    x, y = _inputs(x, y)
    d = x.shape[-1]
    mean_b2 = _checks.number("mean_b2", mean_b2, above=0)
    mean_a2 = d if mean_a2 is None else _checks.number("mean_a2", mean_a2, above=0)

    def per_angle(cosine, sine, phi):
        order_0, order_1 = _pi_times(cosine, sine, phi)
        cosine *= order_0
        return cosine, order_1

    factors = mean_b2 / (2 * np.pi), mean_a2 / (2 * np.pi * d)
    return tuple(_angular_gram(per_angle, x, y, factors))


def deep_kernels(x, y=None, *, depth, gain=1.0):
    """Limit kernels of a fully connected ReLU network, layer by layer (Jacot et al. 2018).

    The network is h₁ = σ(A₁x), hₗ₊₁ = σ(Aₗ₊₁hₗ/√m), f = b·h_L/√m with L = ``depth`` hidden layers
    and standard normal weights, as in Section 2.2; ``depth=1`` gives Eq. (4).

    Parameters
    ----------
    x, y
        As in `arc_cosine`.
    depth : int
        Number of hidden layers, at most 1000.
    gain : float, default 1
        Factor on the output variance of each of the L + 1 layers. Each ReLU halves the variance:
        2 keeps it.

    Returns
    -------
    tuple of depth + 1 ndarrays of shape (..., n, n_y)
        What the weights of each layer add to the tangent kernel, which is the sum. The last one is
        the covariance of the network at initialisation.

    Examples
    --------
    >>> from lazylib import deep_kernels
    >>> kernels = deep_kernels([[1.0, 0.0]], depth=3)
    >>> [k.item() for k in kernels]  # each ReLU halves the variance, and each slope counts half
    [0.125, 0.125, 0.125, 0.125]
    """
    depth = _checks.whole("depth", depth, most=_DEEPEST)
    gain = _checks.number("gain", gain, above=0)
    x, y = _inputs(x, y)

    def per_angle(cosine, sine, phi):
        # covariances of the layers, and what the derivatives of the layers after them multiply
        layers, slopes, variance = [gain * cosine], [], gain
        for _ in range(depth):
            order_0, order_1 = _pi_times(cosine, sine, phi)
            slopes.append(gain / (2 * np.pi) * order_0)
            variance *= gain / 2
            layers.append(variance / np.pi * order_1)
            # the next angle from (1 − cos)/2, which keeps its digits where the angle is small
            half = np.sin(phi / 2) ** 2 - (sine - phi * cosine) / (2 * np.pi)
            phi = 2 * np.arcsin(np.sqrt(np.clip(half, 0, 1)))
            cosine, sine = np.cos(phi), np.sin(phi)
        after = 1
        for i in reversed(range(depth)):
            after = after * slopes[i]
            layers[i] = layers[i] * after
        return layers

    return tuple(_angular_gram(per_angle, x, y, (1,) * (depth + 1)))


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

    Examples
    --------
    >>> from lazylib.kernels import random_feature_kernels
    >>> k_a, k_b = random_feature_kernels(a=[[1.0, 0.0]], b=[2.0], x=[[3.0, 4.0]])
    >>> print(k_a, k_b)  # ‖x‖²b² and (a·x)²
    [[100.]] [[9.]]
    """
    a, b = _checks.neurons(a, b)
    sigma, (x, y) = find_activation(activation), _inputs(x, y, a.shape[-1])
    return tuple(_neuron_gram(a, b, x, y, sigma, total=False) / a.shape[-2])
