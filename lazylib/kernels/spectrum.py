"""What the kernels of Eq. (4) can see: their Mercer spectrum on the unit sphere of ℝᵈ, by degree.

A function of the cosine, k(x, y) = κ(x·y), has the spherical harmonics as eigenfunctions when x is
uniform on the sphere: all of degree k share one eigenvalue λ_k (Funk–Hecke). For the arc-cosine
kernels λ_k is the square of the coefficient μ_k of the activation itself, and those follow from
each other by one division: nothing is integrated and nothing cancels, at any degree, in any
dimension.
"""

import numpy as np

from lazylib import _checks
from lazylib._vectors import norm, unit

# Dimensions and degrees up to which everything is done within a second.
_MOST_DIMENSIONS, _MOST_DEGREES = 10**6, 10**4

# How far a norm may be from 1, as that of vectors that were normalized in float32.
_UNIT = 1e-6


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

    Examples
    --------
    >>> from lazylib import multiplicities
    >>> print(multiplicities(2, 4), multiplicities(3, 4))  # sine and cosine; 2k + 1 in space
    [1. 2. 2. 2. 2.] [1. 3. 5. 7. 9.]
    """
    d, k = _checked(d, max_degree)
    # N(d, k) = ((2k + d − 2)/k) C(k + d − 3, k − 1), in whole numbers
    counts, binomial = [1, d], 1
    for j in k[2:].tolist():
        binomial = binomial * (j + d - 3) // (j - 1)
        counts.append((2 * j + d - 2) * binomial // j)
    try:
        return np.array(counts[: len(k)], dtype=float)
    except OverflowError:
        return _checks.in_range("N(d, k)", np.inf)


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

    Examples
    --------
    >>> from lazylib import zonal
    >>> zonal(3, 2, 0.5)  # 1, t and (3t² − 1)/2
    array([ 1.   ,  0.5  , -0.125])
    """
    d, k = _checked(d, max_degree)
    t = _checks.array("t", t)
    if (np.abs(t) > 1).any():
        raise ValueError(f"t must hold cosines, in [-1, 1], got {_checks.shown(t)}")
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

    Examples
    --------
    >>> from lazylib import relu_coefficients
    >>> print(relu_coefficients(3, 3).round(4))  # E max(t, 0) = 1/4 for t uniform in [−1, 1]
    [0.25   0.1667 0.0625 0.    ]
    """
    d, k = _checked(d, max_degree)
    order = _checks.whole("order", order, least=0, most=1)
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

    Examples
    --------
    >>> from lazylib import limit_spectrum
    >>> by_a, by_b = limit_spectrum(3, 5)
    >>> print(by_a + by_b > 0)  # beyond degree 1, odd degrees are never learnt
    [ True  True  True False  True False]
    """
    d, k = _checked(d, max_degree)
    mean_b2 = _checks.number("mean_b2", mean_b2, above=0)
    mean_a2 = d if mean_a2 is None else _checks.number("mean_a2", mean_a2, above=0)
    step = relu_coefficients(d, max_degree + 1, order=0) ** 2
    # k⁽ᵃ⁾ is t times the kernel of the step, and t P_k = ((k+d−2) P_{k+1} + k P_{k−1})/(2k+d−2)
    by_a = np.r_[step[1], (k[1:] + d - 2) * step[2:] + k[1:] * step[:-2]]
    by_a[1:] /= 2 * k[1:] + d - 2
    by_b = relu_coefficients(d, max_degree) ** 2
    with np.errstate(over="ignore"):
        return tuple(_checks.in_range("λ", v) for v in (mean_b2 * by_a, mean_a2 * by_b))


def teacher_energy(teacher, max_degree):
    """Mean square, over the sphere, of each degree's part of a teacher network.

    Parameters
    ----------
    teacher : Teacher
        A neuron whose input weights have norm s is s times the one with norm 1.
    max_degree : int

    Returns
    -------
    ndarray of shape (max_degree + 1,)
        The sum over all degrees is E[teacher(x)²].

    Examples
    --------
    >>> from lazylib import Teacher, teacher_energy
    >>> neuron = Teacher(a=[[1.0, 0.0, 0.0]], b=[1.0])
    >>> energy = teacher_energy(neuron, 200)
    >>> print(energy[:4].round(4), energy.sum().round(4))  # E max(t, 0)² = 1/6
    [0.0625 0.0833 0.0195 0.    ] 0.1667
    """
    a, b = _neurons(teacher)
    return _energy(a, relu_coefficients(a.shape[-1], max_degree)[:, None] * b)


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

    Examples
    --------
    A kernel whose section at the neuron is the neuron: half of it leaves a quarter of the energy.

    >>> from lazylib import Teacher, relu_coefficients, teacher_energy, unseen_energy
    >>> neuron, spectrum = Teacher(a=[[1.0, 0.0, 0.0]], b=[1.0]), relu_coefficients(3, 2)
    >>> left = unseen_energy(neuron, 2, neuron.a, [0.5], spectrum)
    >>> print((left / teacher_energy(neuron, 2)).round(12))
    [0.25 0.25 0.25]
    """
    a, b = _neurons(teacher)
    mu = relu_coefficients(a.shape[-1], max_degree)
    x = _checks.array("x", x, exactly=2, nonempty=True)
    _checks.last_axis("x", x, a.shape[-1], "the teacher's input dimension")
    if (np.abs(norm(x) - 1) > _UNIT).any():
        raise ValueError("x must lie on the unit sphere: divide each input by its norm")
    coefficients = _checks.array("coefficients", coefficients, exactly=1)
    _checks.last_axis("coefficients", coefficients, len(x), "one number for each input")
    spectrum = _checks.array("spectrum", spectrum, exactly=1)
    _checks.last_axis("spectrum", spectrum, len(mu), "one eigenvalue for each degree")
    # both are sums of zonal functions: the teacher's around its neurons, g's around the samples
    weights = np.concatenate([mu[:, None] * b, -spectrum[:, None] * coefficients], axis=1)
    return _energy(np.concatenate([a, unit(x)]), weights)


def _energy(centers, weights):
    """Mean squares, by degree k, of Σᵢ w_ki N(d, k) P_k(cᵢ·x), for unit vectors cᵢ."""
    d, degree = centers.shape[-1], len(weights) - 1
    pairs = zonal(d, degree, np.clip(centers @ centers.T, -1, 1))
    with np.errstate(all="ignore"):
        squares = (weights[:, None, :] @ pairs @ weights[:, :, None])[:, 0, 0]
        return _checks.in_range("the energy", multiplicities(d, degree) * squares)


def _neurons(teacher):
    """Directions of the teacher's neurons, and their output weights times their lengths."""
    _checks.offers("teacher", teacher, "a", "b")
    a, b = _checks.neurons(teacher.a, teacher.b, "teacher.", exactly=2)
    return unit(a), b * norm(a)


def _checked(d, max_degree):
    k = np.arange(_checks.whole("max_degree", max_degree, least=0, most=_MOST_DEGREES) + 1)
    return _checks.whole("d", d, least=2, most=_MOST_DIMENSIONS), k
