"""Kernels against independent integrals, automatic differentiation and neural-tangents."""

import tracemalloc

import mpmath
import numpy as np
import pytest
from helpers import oracle
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import lazylib as lz
from lazylib import _vectors
from lazylib.kernels import gram
from lazylib.models.activations import ACTIVATIONS
from lazylib.models.model import Model

EPS = np.finfo(float).eps


def points(seed=0, n=6, d=5):
    return np.random.default_rng(seed).standard_normal((n, d))


def exact_angle(x, y):
    """The angle between two float vectors, in 40 digits."""
    x, y = (mpmath.matrix([mpmath.mpf(float(v)) for v in vector]) for vector in (x, y))
    u, v = x / mpmath.norm(x), y / mpmath.norm(y)
    return 2 * mpmath.atan2(mpmath.norm(u - v), mpmath.norm(u + v))


def gaussian_mean(order, phi):
    """2 E[σ(z)σ(z′)] for normal z, z′ with correlation cos φ, by integrating over z alone."""
    c, s = mpmath.cos(phi), mpmath.sin(phi)

    def given_z(z):
        mean = c * z
        above = mpmath.ncdf(mean / s)
        inner = above if order == 0 else mean * above + s * mpmath.npdf(mean / s)
        return z**order * inner * mpmath.npdf(z)

    return 2 * mpmath.quad(given_z, [0, 1, 2, 4, 8, 16])


@pytest.mark.parametrize("order", [0, 1])
@pytest.mark.parametrize("phi", [0.03, 0.4, 1.1, np.pi / 2, 2.3, 3.0])
def test_arc_cosine_is_the_gaussian_mean(order, phi):
    """Cho & Saul (2009): k(x, y) = 2 E[σ(a·x)σ(a·y)]; Eq. (4) is half of it."""
    x, y = np.array([[2.0, 0.0]]), 3 * np.array([[np.cos(phi), np.sin(phi)]])
    with mpmath.workdps(25):
        expected = float(gaussian_mean(order, mpmath.mpf(phi))) * 6**order
    assert lz.arc_cosine(x, y, order)[0, 0] == pytest.approx(expected, rel=1e-12, abs=1e-14)


@pytest.mark.parametrize("angle", [1e-12, 1e-8, 1e-4, 0.01, 0.3, 0.46, 1.5, 2.7, 3.14, 3.1415926])
def test_angles_keep_all_their_digits(angle):
    """Near 0 and π arccos has 8 digits only; Eq. (4) must have all, for any vectors."""
    x = points(1, 1, 3)
    other = np.linalg.qr(np.concatenate([x, points(2, 2, 3)]).T)[0][:, 1]
    y = 1.7 * (np.cos(angle) * x + np.sin(angle) * np.linalg.norm(x) * other)
    with mpmath.workdps(40):
        phi = exact_angle(x[0], y[0])
        step = (mpmath.pi - phi) / mpmath.pi
        relu = (mpmath.sin(phi) + (mpmath.pi - phi) * mpmath.cos(phi)) / mpmath.pi
    size = np.linalg.norm(x) * np.linalg.norm(y)
    assert abs(lz.arc_cosine(x, y, 0)[0, 0] - float(step)) <= 2 * EPS
    assert abs(lz.arc_cosine(x, y, 1)[0, 0] - size * float(relu)) <= 4 * EPS * size


def test_equal_opposite_and_zero_vectors_are_exact():
    """k(x, x) = ‖x‖² or 1; opposite and zero vectors share no half-space, so k = 0."""
    x = np.array([[3.0, 4.0, 0.0], [-3.0, -4.0, 0.0], [0.0, 0.0, 0.0], [6.0, 8.0, 0.0]])
    step = [[1, 0, 0, 1], [0, 1, 0, 0], [0, 0, 0, 0], [1, 0, 0, 1]]
    relu = [[25, 0, 0, 50], [0, 25, 0, 0], [0, 0, 0, 0], [50, 0, 0, 100]]
    np.testing.assert_array_equal(lz.arc_cosine(x, order=0), step)
    np.testing.assert_allclose(lz.arc_cosine(x), relu, rtol=4 * EPS, atol=0)
    k_a, k_b = lz.limit_kernels(x)
    np.testing.assert_allclose(np.diag(k_a), [12.5, 12.5, 0, 50], rtol=4 * EPS)
    np.testing.assert_allclose(np.diag(k_b), [12.5, 12.5, 0, 50], rtol=4 * EPS)
    assert k_a[0, 1] == k_b[0, 1] == 0


def test_vectors_of_any_length_do_not_overflow():
    """Only directions and the product of norms matter: lengths from 1e-200 to 1e150."""
    x = points(3, 2)
    reference = lz.arc_cosine(x[:1], x[1:])
    far = lz.arc_cosine(1e-200 * x[:1], 1e150 * x[1:])
    np.testing.assert_allclose(far * 1e50, reference, rtol=1e-13)


def test_eq_4_as_it_is_printed():
    """Eq. (4), with E(b²) = 1.7 and E(‖a‖²) = 2.9, written out with arccos."""
    x, y = points(4), points(5, 4)
    dot, norms = x @ y.T, np.outer(np.linalg.norm(x, axis=1), np.linalg.norm(y, axis=1))
    phi = np.arccos(dot / norms)
    k_a, k_b = lz.limit_kernels(x, y, mean_b2=1.7, mean_a2=2.9)
    np.testing.assert_allclose(k_a, dot * 1.7 / (2 * np.pi) * (np.pi - phi), rtol=0, atol=1e-14)
    by_b = norms * 2.9 / (2 * np.pi * 5) * ((np.pi - phi) * np.cos(phi) + np.sin(phi))
    np.testing.assert_allclose(k_b, by_b, rtol=0, atol=1e-14)


@pytest.mark.parametrize("law", ["normal", "sphere"])
def test_finite_m_kernels_have_the_limit_as_their_mean(law):
    """Section 2.2: z-scores over 2 million neurons; a constant wrong by 1 % would be seen."""
    rng, x = np.random.default_rng(6), points(7, 4, 3)
    draws, m = 200, 10_000
    if law == "normal":
        a, b, moments = rng.standard_normal((draws, m, 3)), rng.standard_normal((draws, m)), {}
    else:
        a = 2 * lz.sphere(rng, draws * m, 3).reshape(draws, m, 3)
        b, moments = rng.choice([-1.5, 1.5], (draws, m)), {"mean_b2": 2.25, "mean_a2": 4}
    finite = lz.random_feature_kernels(a, b, x)
    for k_m, k in zip(finite, lz.limit_kernels(x, **moments), strict=True):
        error = k_m.std(axis=0, ddof=1) / np.sqrt(draws)
        z = (k_m.mean(axis=0) - k) / error
        assert np.abs(z).max() < 4
        assert np.max(0.01 * np.abs(k) / error) > 6, "1 % would go unseen"


def test_the_error_at_width_m_falls_as_one_over_its_root():
    """Figure 4: the standard deviation of k_m − k is proportional to 1/√m."""
    rng, x = np.random.default_rng(8), lz.sphere(np.random.default_rng(9), 8, 10)
    widths = np.array([10, 40, 160, 640])
    errors, limit = [], sum(lz.limit_kernels(x))
    for m in widths:
        a, b = rng.standard_normal((2000, m, 10)), rng.standard_normal((2000, m))
        errors.append(np.sqrt(np.mean((sum(lz.random_feature_kernels(a, b, x)) - limit) ** 2)))
    slope = np.polyfit(np.log(widths), np.log(errors), 1)[0]
    assert slope == pytest.approx(-0.5, abs=0.01)


@pytest.mark.parametrize("activation", ["relu", "softplus", "tanh", "erf", "gelu"])
def test_random_feature_kernels_are_their_sums(activation):
    """Section 2.2, neuron by neuron, for every activation and two draws at a time."""
    rng, x, y = np.random.default_rng(10), points(11), points(12, 3)
    a, b = rng.standard_normal((2, 9, 5)), rng.standard_normal((2, 9))
    sigma = ACTIVATIONS[activation]
    z, z_y = a @ x.T, a @ y.T
    by_b = np.einsum("rmi,rmj->rij", sigma.value(z), sigma.value(z_y)) / 9
    slopes = sigma.derivative(z), sigma.derivative(z_y)
    by_a = (x @ y.T) * np.einsum("rm,rmi,rmj->rij", b**2, *slopes) / 9
    k_a, k_b = lz.random_feature_kernels(a, b, x, y, activation=activation)
    np.testing.assert_allclose(k_a, by_a, rtol=0, atol=1e-13)
    np.testing.assert_allclose(k_b, by_b, rtol=0, atol=1e-13)


def test_the_doubling_trick_leaves_the_kernel_unchanged():
    """Section 2.1: the second half repeats a and flips b; k_m sees b² only."""
    net, x = lz.TwoLayer(5, 12, scale=12**-0.5), points(13)
    w = net.init(np.random.default_rng(14))
    a, b = net.unpack(w)
    half = sum(lz.random_feature_kernels(a[:6], b[:6], x))
    np.testing.assert_allclose(lz.tangent_kernel(net, w, x), half, rtol=0, atol=1e-14)


MODELS = {
    name: lz.TwoLayer(3, 7, name, scale=0.4) for name in ("relu", "softplus", "tanh", "erf", "gelu")
}


@pytest.mark.parametrize(
    "wrap", ["network", "scaled", "scaled by run", "tangent", "centered", "foreign"]
)
@pytest.mark.parametrize("name", MODELS)
def test_the_tangent_kernel_is_jacobian_times_jacobian(name, wrap):
    """Eq. (3), for a batch of runs and every kind of model, without forming the Jacobian."""
    rng, net = np.random.default_rng(15), MODELS[name]
    w = net.init(rng, doubling=False, batch=(4,))
    model = {
        "network": net,
        "scaled": lz.Scaled(net, 3.0),
        "scaled by run": lz.Scaled(net, np.array([1.0, 2, 3, 4])),
        "tangent": lz.Scaled(lz.Tangent(net, w[0]), 2.0),
        "centered": lz.Centered(net, w[0]),
        "foreign": Foreign(net),
    }[wrap]
    x, y = points(16, 5, 3), points(17, 4, 3)
    by_x, by_y = (np.broadcast_to(model.jacobian(w, z), (4, len(z), 28)) for z in (x, y))
    for got, expected in (
        (lz.tangent_kernel(model, w, x, y), by_x @ by_y.swapaxes(-1, -2)),
        (lz.tangent_kernel(model, w, x), by_x @ by_x.swapaxes(-1, -2)),
    ):
        got = np.broadcast_to(got, expected.shape)
        np.testing.assert_allclose(got, expected, rtol=0, atol=1e-13 * np.abs(expected).max())


class Foreign(Model):
    """A model of which only the Jacobian is known."""

    def __init__(self, net):
        self.n_parameters, self.d, self._jacobian = net.n_parameters, net.d, net._jacobian


def test_runs_may_have_inputs_of_their_own():
    """Inputs of shape (runs, n, d): every kernel is that of the runs one by one."""
    rng, x, y = np.random.default_rng(18), points(19, 12, 3).reshape(2, 6, 3), points(20, 4, 3)
    x[1, 2] = -x[1, 3]
    net = MODELS["relu"]
    w = net.init(rng, doubling=False, batch=(2,))
    for one_by_one, batch in (
        ([lz.tangent_kernel(net, w[i], x[i], y) for i in (0, 1)], lz.tangent_kernel(net, w, x, y)),
        ([lz.arc_cosine(x[i]) for i in (0, 1)], lz.arc_cosine(x)),
        ([lz.limit_kernels(x[i], y)[0] for i in (0, 1)], lz.limit_kernels(x, y)[0]),
    ):
        np.testing.assert_allclose(batch, one_by_one, rtol=0, atol=1e-14)


def test_tiles_and_blocks_do_not_show(monkeypatch):
    """The same Gram matrices whatever the sizes of tiles and blocks are."""
    rng, x, y = np.random.default_rng(21), points(22, 23, 2), points(23, 9, 2)
    net = lz.TwoLayer(2, 90)
    w, foreign = net.init(rng), Foreign(net)

    def everything():
        pairs = ((x, None), (x, y), (y, x))
        yield from (lz.arc_cosine(*pair) for pair in pairs)
        yield from (lz.tangent_kernel(net, w, *pair) for pair in pairs)
        yield from (lz.tangent_kernel(foreign, w, *pair) for pair in pairs)

    whole = list(everything())
    for name, size in (("_SMALL_TILE", 4), ("_LARGE_TILE", 5), ("_BLOCK", 7)):
        monkeypatch.setattr(gram, name, size)
    monkeypatch.setattr(_vectors, "_BLOCK", 7)
    for tiled, expected in zip(everything(), whole, strict=True):
        np.testing.assert_allclose(tiled, expected, rtol=0, atol=1e-12)


def test_memory_beyond_the_result_stays_small():
    """The Jacobian of this network would take 4.8 GB."""
    x, net = points(24, 3000, 100), lz.TwoLayer(100, 2000)
    w = net.init(np.random.default_rng(25))
    tracemalloc.start()
    result = lz.tangent_kernel(lz.Scaled(net, 2.0), w, x)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak - result.nbytes < 0.25 * 2**30


@pytest.mark.parametrize("depth, index", [(1, 0), (2, 1), (3, 2), (5, 3)])
def test_deep_kernels_agree_with_neural_tangents(depth, index):
    """Jacot et al. (2018): covariance and tangent kernel of deep ReLU networks, by a peer."""
    x, (covariance, tangent) = oracle("x"), oracle("deep")[index]
    layers = lz.deep_kernels(x, depth=depth)
    np.testing.assert_allclose(layers[-1], covariance, rtol=0, atol=1e-12)
    np.testing.assert_allclose(sum(layers), tangent, rtol=0, atol=1e-12)


def test_the_tangent_kernel_agrees_with_automatic_differentiation():
    """Eq. (3) of seven given neurons, by neural-tangents."""
    weights, net = oracle("weights"), lz.TwoLayer(5, 7, scale=7**-0.5)
    w = net.pack(weights[:, :5], weights[:, 5])
    got = lz.tangent_kernel(net, w, oracle("x"))
    np.testing.assert_allclose(got, oracle("empirical"), rtol=0, atol=1e-12)


def test_one_hidden_layer_is_eq_4():
    """The recursion at depth 1 is Eq. (4), and a gain g multiplies it by g²."""
    x, y = points(26), points(27, 3)
    for pair in ((x, None), (x, y)):
        expected = np.stack(lz.limit_kernels(*pair))
        shallow = np.stack(lz.deep_kernels(*pair, depth=1))
        np.testing.assert_allclose(shallow, expected, rtol=0, atol=1e-14)
        gained = np.stack(lz.deep_kernels(*pair, depth=1, gain=2.0))
        np.testing.assert_allclose(gained, 4 * expected, rtol=0, atol=1e-13)


@pytest.mark.parametrize("angle", [1e-13, 1e-9, 1e-5, 0.01, 1.0, 3.1])
def test_deep_kernels_keep_their_digits(angle):
    """The recursion of 4 hidden layers in 40 digits, near the diagonal too."""
    x, y = np.array([[1.0, 0.0]]), np.array([[np.cos(angle), np.sin(angle)]])
    with mpmath.workdps(40):
        phi, layers, norm = exact_angle(x[0], y[0]), [mpmath.cos(angle)], mpmath.mpf(1)
        layers = [mpmath.cos(phi)]
        for _ in range(4):
            rest = mpmath.pi - phi
            cosine = (mpmath.sin(phi) + rest * mpmath.cos(phi)) / mpmath.pi
            norm /= 2
            layers = [layer * rest / (2 * mpmath.pi) for layer in layers] + [norm * cosine]
            phi = mpmath.acos(cosine)
    got = np.array(lz.deep_kernels(x, y, depth=4))[:, 0, 0]
    np.testing.assert_allclose(got, [float(v) for v in layers], rtol=8 * EPS, atol=EPS)


def test_gram_matrices_are_positive_semi_definite():
    """Every kernel is; on 60 points in the plane, some of them equal, opposite or zero."""
    x = points(28, 60, 2)
    x[:3], x[3:6], x[6] = x[10:13], -x[20:23], 0
    net = lz.TwoLayer(2, 16)
    grams = [lz.arc_cosine(x, order=0), lz.arc_cosine(x), *lz.limit_kernels(x)]
    grams += [
        *lz.deep_kernels(x, depth=3),
        lz.tangent_kernel(net, net.init(np.random.default_rng(29)), x),
    ]
    for K in grams:
        np.testing.assert_array_equal(K, K.T)
        values = np.linalg.eigvalsh(K)
        assert values[0] > -60 * EPS * values[-1]


vectors = arrays(
    np.float64,
    st.tuples(st.integers(1, 5), st.integers(1, 4)),
    elements=st.one_of(st.sampled_from([0.0, 1.0, -1.0]), st.floats(-10, 10, width=32)),
)


@given(vectors, st.sampled_from([np.float64, np.float32]), st.floats(0.1, 10))
@example(np.array([[2.0**-149]]), np.float32, 1.0)
@settings(deadline=None)
def test_identities_hold_for_any_vectors(x, dtype, factor):
    """Symmetry, the diagonal, Cauchy–Schwarz, scaling, precision; zero and equal vectors too."""
    x = x.astype(dtype)
    eps, size = np.finfo(dtype).eps, max(1e-6, float(np.abs(x).max()) ** 2 * x.shape[1])
    mirrored = np.concatenate([x, -x])
    k = lz.arc_cosine(mirrored)
    assert k.dtype == dtype and k.shape == (2 * len(x),) * 2
    np.testing.assert_array_equal(k, k.T)
    np.testing.assert_allclose(np.diag(k), (mirrored**2).sum(axis=1), rtol=8 * eps, atol=1e-30)
    assert (k >= -eps * size).all()
    assert (np.diag(k[: len(x), len(x) :]) == 0).all(), "x and −x share nothing"
    np.testing.assert_allclose(lz.arc_cosine(mirrored, mirrored), k, rtol=0, atol=8 * eps * size)
    scaled = lz.arc_cosine(dtype(factor) * x, x)
    np.testing.assert_allclose(
        scaled, dtype(factor) * k[: len(x), : len(x)], rtol=0, atol=64 * eps * size * max(1, factor)
    )
    step = lz.arc_cosine(x, order=0)
    assert ((step >= 0) & (step <= 1)).all()
    assert (np.diag(step) == (np.abs(x).max(axis=1) > 0)).all()


def test_float32_gives_the_same_to_its_precision():
    """Every kernel keeps float32, and agrees with float64 to some 1e-6."""
    x, net = lz.sphere(np.random.default_rng(32), 40, 10), lz.TwoLayer(10, 30)
    w = net.init(np.random.default_rng(33))
    low, w_low = x.astype(np.float32), w.astype(np.float32)
    for single, double in (
        (sum(lz.limit_kernels(low)), sum(lz.limit_kernels(x))),
        (sum(lz.deep_kernels(low, depth=3)), sum(lz.deep_kernels(x, depth=3))),
        (lz.tangent_kernel(net, w_low, low), lz.tangent_kernel(net, w, x)),
    ):
        assert single.dtype == np.float32
        np.testing.assert_allclose(single, double, rtol=0, atol=2e-6 * np.abs(double).max())


def test_a_small_factor_keeps_a_large_kernel_in_range():
    """α² and scale² alone would underflow to 0."""
    x, net = points(35, 4, 3), MODELS["relu"]
    w = net.init(np.random.default_rng(36), doubling=False)
    kernel = lz.tangent_kernel(net, w, x)
    far = lz.tangent_kernel(lz.Scaled(net, 1e-200), 1e140 * w, x)
    np.testing.assert_allclose(far * 1e120, kernel, rtol=1e-13)
    scaled = lz.tangent_kernel(lz.TwoLayer(3, 7, scale=0.4e-200), 1e140 * w, x)
    np.testing.assert_allclose(scaled * 1e120, kernel, rtol=1e-13)


def test_the_deepest_kernel_is_quick_and_exact():
    """With gain 2 the covariance tends to ‖x‖‖y‖ for any angle, and stays there: depth 1000."""
    x = points(37, 2, 3)
    *_, covariance = lz.deep_kernels(x, depth=1000, gain=2.0)
    norms = np.linalg.norm(x, axis=1)
    np.testing.assert_allclose(np.diag(covariance), 2 * norms**2, rtol=1e-12)
    assert covariance[0, 1] == pytest.approx(2 * norms[0] * norms[1], rel=1e-4)


def kernel_of(x, w=None):
    return lz.tangent_kernel(MODELS["relu"], np.ones(28) if w is None else w, x)


@pytest.mark.parametrize(
    "call, error, words",
    [
        (lambda x: lz.arc_cosine(x, order=2), ValueError, "order must be at most 1"),
        (lambda x: lz.arc_cosine(x[0]), ValueError, "x must have at least 2 axes"),
        (lambda x: lz.arc_cosine(x, x[:, :2]), ValueError, "y must have shape"),
        (lambda x: lz.arc_cosine(x * np.nan), ValueError, "x must be finite"),
        (lambda x: lz.arc_cosine("circle"), TypeError, "x must be an array"),
        (lambda x: lz.limit_kernels(x, mean_b2=0), ValueError, "mean_b2 must be > 0"),
        (lambda x: lz.limit_kernels(x, mean_a2=-1), ValueError, "mean_a2 must be > 0"),
        (lambda x: lz.deep_kernels(x, depth=0), ValueError, "depth must be at least 1"),
        (lambda x: lz.deep_kernels(x, depth=1.5), TypeError, "depth must be an integer"),
        (lambda x: lz.deep_kernels(x, depth=1, gain=0), ValueError, "gain must be > 0"),
        (lambda x: lz.random_feature_kernels(x, x[0], x), ValueError, "b must have shape"),
        (lambda x: lz.random_feature_kernels(x, x[:, 0], x[:, :2]), ValueError, "x must have"),
        (lambda x: lz.tangent_kernel(MODELS["relu"], x[0], x), ValueError, "w must have shape"),
        (lambda x: lz.tangent_kernel(None, x[0], x), TypeError, "model must be a Model, got None"),
        (lambda x: kernel_of(x), ValueError, "x must have shape"),
        (lambda x: kernel_of(x[:0, :3]), ValueError, "x must not be empty"),
        (lambda x: kernel_of([x[:, :3]] * 2, np.ones((3, 28))), ValueError, "do not fit"),
        (
            lambda x: kernel_of(x[:, :3], 1e200 * np.ones(28)),
            ValueError,
            "kernel is beyond the range",
        ),
        (lambda x: lz.arc_cosine(x[:0]), ValueError, "x must not be empty"),
        (lambda x: lz.arc_cosine(x, order=True), TypeError, "order must be an integer"),
        (lambda x: lz.arc_cosine(None), TypeError, "x must be an array"),
        (lambda x: lz.arc_cosine(x * 1j), TypeError, "x must be an array"),
        (lambda x: lz.arc_cosine(np.ma.masked_array(x, x > 0)), TypeError, "without a mask"),
        (lambda x: lz.arc_cosine(1e200 * x), ValueError, "the kernel is beyond the range"),
        (lambda x: lz.limit_kernels(1e200 * x), ValueError, "the kernel is beyond the range"),
        (lambda x: lz.limit_kernels(None), TypeError, "x must be an array"),
        (lambda x: lz.deep_kernels(x, depth=20_000), ValueError, "depth must be at most 1000"),
        (lambda x: lz.deep_kernels(x, depth=999, gain=1e9), ValueError, "beyond the range"),
        (
            lambda x: lz.random_feature_kernels(x, x[:, 0], 1e200 * x),
            ValueError,
            "beyond the range",
        ),
        (lambda x: lz.random_feature_kernels(x, [x[:, 0]], x), ValueError, "b must have shape"),
        (
            lambda x: lz.random_feature_kernels(x[:0], x[:0, 0], x),
            ValueError,
            "a must not be empty",
        ),
    ],
)
def test_bad_input_is_named(call, error, words):
    """What is wrong is said at once, by the argument's name."""
    with pytest.raises(error, match=words):
        call(points(34, 6, 5))
