"""What the kernels of Eq. (4) can see: their Mercer spectrum on the unit sphere of ℝᵈ, by degree.

A function of the cosine, k(x, y) = κ(x·y), has the spherical harmonics as eigenfunctions when x is
uniform on the sphere: all of degree k share one eigenvalue λ_k (Funk–Hecke). For the arc-cosine
kernels λ_k is the square of the coefficient μ_k of the activation itself, and those follow from
each other by one division: nothing is integrated and nothing cancels, at any degree, in any
dimension.
"""

from math import comb

import numpy as np

from lazylib import _checks


def multiplicities(d, max_degree):
    """Number N(d, k) of independent spherical harmonics of degrees k = 0 … ``max_degree``.

    Parameters
    ----------
    d : int
        Dimension of the space, at least 2.
    max_degree : int

    Returns
    -------
    ndarray of shape (max_degree + 1,)
    """
    d, k = _checked(d, max_degree)
    # homogeneous polynomials of degree k, less those that are ‖x‖² times one of degree k − 2
    counts = [comb(j + d - 1, j) - (comb(j + d - 3, j - 2) if j > 1 else 0) for j in k.tolist()]
    return np.array(counts, dtype=float)


def zonal(d, max_degree, t):
    """Legendre polynomials P_k(t) of ℝᵈ, with P_k(1) = 1: the zonal harmonics of x·y = t.

    Parameters
    ----------
    d, max_degree : int
        As in `multiplicities`.
    t : ndarray of shape (...)
        Cosines, in [−1, 1].

    Returns
    -------
    ndarray of shape (max_degree + 1, ...)
    """
    d, k = _checked(d, max_degree)
    t = _checks.array("t", t)
    values = np.empty((len(k), *t.shape))
    values[0], values[1:2] = 1, t
    for j in range(2, len(k)):
        values[j] = (2 * j + d - 4) * t * values[j - 1] - (j - 1) * values[j - 2]
        values[j] /= j + d - 3
    return values


def relu_coefficients(d, max_degree, order=1):
    """Coefficients μ_k in σ(a·x) = Σ_k μ_k N(d, k) P_k(a·x), for unit vectors.

    Parameters
    ----------
    d, max_degree : int
        As in `multiplicities`.
    order : {0, 1}, default 1
        σ is the ReLU for 1, its derivative, the step function, for 0.

    Returns
    -------
    ndarray of shape (max_degree + 1,)
        Beyond degree 1 those of odd degree are 0 for the ReLU, those of even degree for the step.
    """
    d, k = _checked(d, max_degree)
    if _checks.whole("order", order, least=0) > 1:
        raise ValueError(f"order must be 0 or 1, got {order}")
    # c = Γ(d/2)/(√π Γ((d−1)/2)), the density of t = a·x at 0: 1/π in the plane, 1/2 in space
    even = np.arange(2 + d % 2, d, 2)
    c = (0.5 if d % 2 else 1 / np.pi) * np.prod(even / (even - 1))
    mu = np.zeros(len(k) + 2)
    if order == 1:
        mu[:2] = c / (d - 1), 1 / (2 * d)
        for j in range(0, len(k), 2):
            mu[j + 2] = -mu[j] * (j - 1) / (j + d + 1)
    else:
        mu[:2] = 1 / 2, c / (d - 1)
        for j in range(1, len(k), 2):
            mu[j + 2] = -mu[j] * j / (j + d)
    return mu[: len(k)]


def limit_spectrum(d, max_degree, *, mean_b2=1.0, mean_a2=None):
    """Eigenvalues of k⁽ᵃ⁾ and k⁽ᵇ⁾ of Eq. (4) for x uniform on the unit sphere, by degree.

    Parameters
    ----------
    d, max_degree : int
        As in `multiplicities`.
    mean_b2, mean_a2 : float
        As in `lazylib.limit_kernels`.

    Returns
    -------
    by_a, by_b : ndarray of shape (max_degree + 1,)
        Each counts N(d, k) times; the tangent kernel has their sum. The eigenvalues of a Gram
        matrix of n points, divided by n, tend to them.
    """
    d, k = _checked(d, max_degree)
    mean_b2 = _checks.number("mean_b2", mean_b2, above=0)
    mean_a2 = d if mean_a2 is None else _checks.number("mean_a2", mean_a2, above=0)
    step = relu_coefficients(d, max_degree + 1, order=0) ** 2
    # k⁽ᵃ⁾ is t times the kernel of the step, and t P_k = ((k+d−2) P_{k+1} + k P_{k−1})/(2k+d−2)
    by_a = np.r_[step[1], (k[1:] + d - 2) * step[2:] + k[1:] * step[:-2]]
    by_a[1:] /= 2 * k[1:] + d - 2
    return mean_b2 * by_a, mean_a2 * relu_coefficients(d, max_degree) ** 2


def teacher_energy(teacher, max_degree):
    """Mean square, over the sphere, of each degree's part of a teacher network.

    Parameters
    ----------
    teacher : Teacher
        With input weights of norm 1.
    max_degree : int

    Returns
    -------
    ndarray of shape (max_degree + 1,)
        The sum over all degrees is E[teacher(x)²].
    """
    d = teacher.a.shape[-1]
    pairs = zonal(d, max_degree, np.clip(teacher.a @ teacher.a.T, -1, 1))
    strength = multiplicities(d, max_degree) * relu_coefficients(d, max_degree) ** 2
    return strength * (teacher.b @ pairs @ teacher.b)


def unseen_energy(teacher, max_degree, x, coefficients, spectrum):
    """Mean square, by degree, of teacher − g, where g(x) = Σᵢ cᵢ k(x, xᵢ) is a kernel's prediction.

    Parameters
    ----------
    teacher, max_degree
        As in `teacher_energy`.
    x : ndarray of shape (n, d)
        The samples xᵢ, on the unit sphere.
    coefficients : ndarray of shape (n,)
        c, for example those of `lazylib.KernelFlow`.
    spectrum : ndarray of shape (max_degree + 1,)
        The kernel's eigenvalues.

    Returns
    -------
    ndarray of shape (max_degree + 1,)
    """
    d = teacher.a.shape[-1]
    centres = np.concatenate([teacher.a, x])
    pairs = zonal(d, max_degree, np.clip(centres @ centres.T, -1, 1))
    # both are sums of zonal functions: the teacher's around its neurons, g's around the samples
    by_neuron = relu_coefficients(d, max_degree)[:, None] * teacher.b
    weights = np.concatenate([by_neuron, -spectrum[:, None] * coefficients], axis=1)
    squares = (weights[:, None, :] @ pairs @ weights[:, :, None])[:, 0, 0]
    return multiplicities(d, max_degree) * squares


def _checked(d, max_degree):
    k = np.arange(_checks.whole("max_degree", max_degree, least=0) + 1)
    return _checks.whole("d", d, least=2), k
