"""The Mercer spectrum against quadrature, Gram matrices and Fourier series."""

import mpmath
import numpy as np
import pytest
from scipy.special import eval_gegenbauer

import lazylib as lz
from lazylib.data import Teacher

DIMENSIONS = [2, 3, 4, 7, 10, 50]


@pytest.mark.parametrize("d", [3, 4, 7, 50])
def test_zonal_harmonics_are_normalised_gegenbauer_polynomials(d):
    """P_k = C_k^(ν)/C_k^(ν)(1) with ν = (d − 2)/2, by SciPy."""
    t, nu = np.linspace(-1, 1, 41), (d - 2) / 2
    k = np.arange(13)[:, None]
    expected = eval_gegenbauer(k, nu, t) / eval_gegenbauer(k, nu, 1.0)
    np.testing.assert_allclose(lz.zonal(d, 12, t), expected, rtol=0, atol=1e-12)


def test_zonal_harmonics_of_the_circle_are_cosines():
    """In the plane P_k(cos φ) = cos kφ."""
    phi = np.linspace(0, np.pi, 37)
    expected = np.cos(np.arange(31)[:, None] * phi)
    np.testing.assert_allclose(lz.zonal(2, 30, np.cos(phi)), expected, rtol=0, atol=1e-12)


def test_multiplicities_are_the_known_ones():
    """2 on the circle, 2k + 1 on the sphere, (k + 1)² in ℝ⁴; d and d(d + 1)/2 − 1 in any."""
    k = np.arange(1, 9)
    assert lz.multiplicities(2, 8).tolist() == [1, *[2] * 8]
    assert lz.multiplicities(3, 8)[1:].tolist() == (2 * k + 1).tolist()
    assert lz.multiplicities(4, 8)[1:].tolist() == ((k + 1) ** 2).tolist()
    assert lz.multiplicities(100, 2).tolist() == [1, 100, 5049]


def mean_over_sphere(d, function, left):
    """E[function(t)] for one coordinate t > left of a point on the sphere of ℝᵈ, in 30 digits."""
    with mpmath.workdps(30):
        c = mpmath.gamma(d / mpmath.mpf(2)) / mpmath.gamma((d - 1) / mpmath.mpf(2))
        # t = cos φ makes the weight smooth: (1 − t²)^((d−3)/2) dt = sin^(d−2) φ dφ
        last = mpmath.acos(left)
        value = mpmath.quad(
            lambda phi: function(mpmath.cos(phi), phi) * mpmath.sin(phi) ** (d - 2),
            mpmath.linspace(0, last, 5),
        )
        return float(c / mpmath.sqrt(mpmath.pi) * value)


def legendre(d, k, t):
    if d == 2:
        return mpmath.cos(k * mpmath.acos(t))
    nu = mpmath.mpf(d - 2) / 2
    return mpmath.gegenbauer(k, nu, t) / mpmath.gegenbauer(k, nu, 1)


@pytest.mark.parametrize("order", [0, 1])
@pytest.mark.parametrize("d", DIMENSIONS)
def test_coefficients_are_their_integrals(d, order):
    """Funk–Hecke: μ_k = E[σ(t) P_k(t)], integrated in 30 digits."""
    got = lz.relu_coefficients(d, 9, order)
    for k in (0, 1, 2, 3, 6, 9):
        expected = mean_over_sphere(d, lambda t, _, k=k: t**order * legendre(d, k, t), left=0)
        assert got[k] == pytest.approx(expected, rel=1e-12, abs=1e-17)


@pytest.mark.parametrize("d", DIMENSIONS)
def test_eigenvalues_are_integrals_of_the_kernels(d):
    """λ_k = E[κ(t) P_k(t)] of both kernels of Eq. (4), integrated in 30 digits."""
    by_a, by_b = lz.limit_spectrum(d, 8, mean_b2=1.3, mean_a2=0.7)

    def kappa_a(t, phi):
        return t * (mpmath.pi - phi) / (2 * mpmath.pi) * mpmath.mpf("1.3")

    def kappa_b(t, phi):
        value = mpmath.sin(phi) + (mpmath.pi - phi) * t
        return value / (2 * mpmath.pi * d) * mpmath.mpf("0.7")

    for k in (0, 1, 2, 3, 5, 8):
        for kappa, got in ((kappa_a, by_a[k]), (kappa_b, by_b[k])):
            expected = mean_over_sphere(
                d, lambda t, phi, k=k, f=kappa: f(t, phi) * legendre(d, k, t), left=-1
            )
            assert got == pytest.approx(expected, rel=1e-12, abs=1e-18)


@pytest.mark.parametrize("d", [3, 6, 10])
def test_the_trace_is_the_kernel_on_the_diagonal(d):
    """Mercer: Σ N(d, k) λ_k = κ(1) = 1/2 for each; the tail of 400 degrees falls as a power."""
    counts, limit = lz.multiplicities(d, 400), 0.5
    for spectrum, power in zip(lz.limit_spectrum(d, 400), (1, 3), strict=True):
        left = limit - np.cumsum(counts * spectrum)
        assert 0 < left[-1] < left[200] / 1.8**power


def test_the_series_is_the_kernel():
    """Mercer: Σ N(d, k) λ_k P_k(x·y) = k(x, y), in ten dimensions."""
    x = lz.sphere(np.random.default_rng(0), 20, 10)
    P, counts = lz.zonal(10, 300, np.clip(x @ x.T, -1, 1)), lz.multiplicities(10, 300)
    for spectrum, k in zip(lz.limit_spectrum(10, 300), lz.limit_kernels(x), strict=True):
        series = np.einsum("k,kij->ij", counts * spectrum, P)
        off = ~np.eye(20, dtype=bool)
        np.testing.assert_allclose(series[off], k[off], rtol=0, atol=1e-6)


def test_eigenvalues_of_a_large_gram_matrix_tend_to_the_spectrum():
    """Those of K/n come in groups of N(d, k) near λ_k: 2000 points in ℝ⁵, degrees 0, 1 and 2."""
    x = lz.sphere(np.random.default_rng(1), 2000, 5)
    values = np.linalg.eigvalsh(sum(lz.limit_kernels(x)) / 2000)[::-1]
    groups = np.split(values, np.cumsum(lz.multiplicities(5, 2)).astype(int))
    for group, expected in zip(groups, sum(lz.limit_spectrum(5, 2)), strict=False):
        assert group.mean() == pytest.approx(expected, rel=0.01)


def test_odd_degrees_beyond_one_are_seen_by_the_first_layer_only():
    """|t| is even: k⁽ᵇ⁾ is blind to odd degrees from 3 on; k⁽ᵃ⁾ = t·(odd) is blind to them too."""
    by_a, by_b = lz.limit_spectrum(6, 30)
    assert (by_a[3::2] == 0).all() and (by_b[3::2] == 0).all()
    assert (by_a[::2] > 0).all() and (by_b[::2] > 0).all() and by_a[1] > 0 and by_b[1] > 0


def test_the_energy_of_a_teacher_sums_to_its_mean_square():
    """Against the closed form E[σ(a·x)σ(a′·x)] = (sin φ + (π − φ) cos φ)/(2πd)."""
    teacher = lz.teacher(np.random.default_rng(2), 10)
    gram = lz.arc_cosine(teacher.a) / (2 * 10)
    total = teacher.b @ gram @ teacher.b
    energy = lz.teacher_energy(teacher, 400)
    assert (energy > -1e-18).all()
    assert energy.sum() == pytest.approx(total, rel=1e-6)


def test_energies_on_the_circle_are_those_of_fourier_series():
    """Degree by degree, teacher and teacher − kernel prediction, by a fast Fourier transform."""
    teacher, count, degrees = lz.teacher(np.random.default_rng(3), 2), 2**15, 12
    phi = 2 * np.pi * np.arange(count) / count
    grid = np.stack([np.cos(phi), np.sin(phi)], axis=1)
    x = lz.sphere(np.random.default_rng(4), 7, 2)
    coefficients = np.random.default_rng(5).standard_normal(7)
    k, spectrum = sum(lz.limit_kernels(grid, x)), sum(lz.limit_spectrum(2, degrees))

    def energies(values):
        modes = np.abs(np.fft.rfft(values) / count)[: degrees + 1] ** 2
        return modes * np.where(np.arange(degrees + 1) > 0, 2, 1)

    expected = energies(teacher(grid))
    np.testing.assert_allclose(lz.teacher_energy(teacher, degrees), expected, rtol=0, atol=1e-8)
    expected = energies(teacher(grid) - k @ coefficients)
    got = lz.unseen_energy(teacher, degrees, x, coefficients, spectrum)
    np.testing.assert_allclose(got, expected, rtol=0, atol=1e-8)


def test_the_energy_of_a_neuron_is_quadratic_in_its_length():
    """max(s a·x, 0) = s max(a·x, 0): lengths 2, 0 and 0.5 are output weights."""
    a = lz.teacher(np.random.default_rng(6), 4).a
    got = energy_of(a * [[2.0], [0.0], [0.5]], [1.0, -1.0, 3.0])
    np.testing.assert_allclose(got, energy_of(a, [2.0, 0, 1.5]), rtol=1e-13, atol=1e-18)


def energy_of(a, b):
    return lz.teacher_energy(Teacher(np.array(a), np.array(b)), 5)


def unseen(x=((1.0, 0.0),), coefficients=(1.0,), spectrum=(1.0, 1.0, 1.0)):
    return lz.unseen_energy(lz.teacher(np.random.default_rng(0), 2), 2, x, coefficients, spectrum)


@pytest.mark.parametrize(
    "call, error, words",
    [
        (lambda: lz.limit_spectrum(1, 3), ValueError, "d must be at least 2"),
        (lambda: lz.limit_spectrum(3, -1), ValueError, "max_degree must be at least 0"),
        (lambda: lz.limit_spectrum(3, 2, mean_b2=0), ValueError, "mean_b2 must be > 0"),
        (lambda: lz.multiplicities(3, 2.5), TypeError, "max_degree must be an integer"),
        (lambda: lz.limit_spectrum(3, 2, mean_b2=1e309), ValueError, "mean_b2 must be finite"),
        (lambda: lz.multiplicities(10**6, 300), ValueError, "beyond the range"),
        (lambda: lz.multiplicities(3, 10**9), ValueError, "max_degree must be at most"),
        (lambda: lz.zonal(3, 2, np.nan), ValueError, "t must be finite"),
        (lambda: lz.zonal(3, 2, 2), ValueError, r"t must hold cosines, in \[-1, 1\], got 2"),
        (lambda: lz.teacher_energy(None, 3), TypeError, "teacher must offer a, b"),
        (lambda: energy_of([[1.0, 0]], [np.nan]), ValueError, "teacher.b must be finite"),
        (lambda: energy_of([[1.0, 0]], [1.0, 2]), ValueError, "teacher.b must have shape"),
        (lambda: energy_of([[1e200, 0]], [1.0]), ValueError, "the energy is beyond the range"),
        (lambda: unseen(x=[[2.0, 0]]), ValueError, "x must lie on the unit sphere"),
        (lambda: unseen(x=[[1.0, 0, 0]]), ValueError, "x must have shape .* teacher's"),
        (lambda: unseen(coefficients=[1.0, 2]), ValueError, "coefficients must have shape"),
        (lambda: unseen(spectrum=[1.0, 2]), ValueError, "spectrum must have shape"),
        (lambda: lz.relu_coefficients(3, 2, order=2), ValueError, "order must be at most 1"),
    ],
)
def test_bad_input_is_named(call, error, words):
    """What is wrong is said at once, by the argument's name."""
    with pytest.raises(error, match=words):
        call()
