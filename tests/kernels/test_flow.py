"""The closed-form flow against matrix exponentials, gradient descent and neural-tangents."""

import numpy as np
import pytest
from helpers import oracle
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import expm

import lazylib as lz


def problem(seed=0, n=8, n_test=5, d=4):
    """A kernel matrix with its test rows, labels for both, and predictions at t = 0."""
    rng = np.random.default_rng(seed)
    x, x_test = rng.standard_normal((n, d)), rng.standard_normal((n_test, d))
    K, K_test = sum(lz.limit_kernels(x)), sum(lz.limit_kernels(x_test, x))
    labels = rng.standard_normal((4, max(n, n_test)))
    y, u0, y_test, u0_test = (
        row[:size] for row, size in zip(labels, (n, n, n_test, n_test), strict=True)
    )
    return K, y, u0, K_test, y_test, u0_test


def both(K, y, u0, times, K_test, u0_test):
    """Predictions on the training and on the test points."""
    flow = lz.KernelFlow(K, y, u0)
    return flow.predict(times), flow.predict(times, K_test, u0_test)


def test_the_flow_agrees_with_neural_tangents():
    """Both on training and on test points, at all times and at t = ∞, to 1e-12."""
    (y, u0), K = oracle("labels"), oracle("deep")[0, 1]
    times = np.append(oracle("times")[0], np.inf)
    u, u_test = both(K[:8, :8], y[:8], u0[:8], times, K[8:, :8], u0[8:])
    expected = oracle("flow")
    np.testing.assert_allclose(u, expected[:, :8], rtol=0, atol=1e-12)
    np.testing.assert_allclose(u_test, expected[:, 8:], rtol=0, atol=1e-12)


@pytest.mark.parametrize("t", [0.02, 1.0, 30.0])
def test_the_flow_is_a_matrix_exponential(t):
    """u′ = −(1/n)K(u − y), train and test points in one linear system, by SciPy."""
    K, y, u0, K_test, _, u0_test = problem()
    n, n_test = len(y), len(u0_test)
    rows = np.concatenate([K, K_test]) / n
    # d/dt (u, u_test, 1) is linear
    system = np.zeros((n + n_test + 1,) * 2)
    system[:-1, :n], system[:-1, -1] = -rows, rows @ y
    expected = expm(t * system) @ np.concatenate([u0, u0_test, [1.0]])
    u, u_test = both(K, y, u0, t, K_test, u0_test)
    np.testing.assert_allclose(u, expected[:n], rtol=0, atol=1e-12)
    np.testing.assert_allclose(u_test, expected[n:-1], rtol=0, atol=1e-12)


def test_both_ends_of_the_flow():
    """t = 0 is u₀; t = ∞ is the labels, and kernel interpolation of y − u₀ elsewhere."""
    K, y, u0, K_test, _, u0_test = problem(1)
    flow = lz.KernelFlow(K, y, u0)
    np.testing.assert_allclose(flow.predict(0), u0, rtol=0, atol=1e-14)
    np.testing.assert_array_equal(flow.predict(0, K_test, u0_test), u0_test)
    np.testing.assert_array_equal(flow.predict(np.inf), y)
    expected = u0_test + K_test @ np.linalg.solve(K, y - u0)
    np.testing.assert_allclose(flow.predict(np.inf, K_test, u0_test), expected, rtol=1e-11)
    very_late = flow.predict(1e12, K_test, u0_test)
    np.testing.assert_allclose(very_late, expected, rtol=1e-11)


def test_gradient_descent_on_the_tangent_model_tends_to_the_flow():
    """At equal t = step × steps the distance is proportional to the step (order 1), for any α."""
    rng = np.random.default_rng(2)
    data = lz.Dataset.from_teacher(rng, lz.teacher(rng, 3), 10, n_test=6)
    net, alpha, t = lz.TwoLayer(3, 12), 2.5, 2.0
    w0 = net.init(rng, doubling=False)
    tangent = lz.Scaled(lz.Tangent(net, w0), alpha)
    # the kernel is that of f: training time has no α in it
    K, K_test = lz.tangent_kernel(net, w0, data.x), lz.tangent_kernel(net, w0, data.x_test, data.x)
    u0, u0_test = tangent.predict(w0, data.x), tangent.predict(w0, data.x_test)
    u, u_test = both(K, data.y, u0, t, K_test, u0_test)
    errors = []
    for steps in (2000, 4000, 8000):
        run = lz.gradient_descent(
            tangent.model, data, w0, alpha=alpha, step=t / steps, n_steps=steps, tolerance=0
        )
        assert run.times[-1] == pytest.approx(t)
        on_train = tangent.predict(run.w[-1], data.x) - u
        on_test = tangent.predict(run.w[-1], data.x_test) - u_test
        errors.append([np.linalg.norm(on_train), np.linalg.norm(on_test)])
    orders = -np.diff(np.log2(errors), axis=0)
    np.testing.assert_allclose(orders, 1, atol=0.02)
    assert np.max(errors) < 0.01


def test_equal_inputs_with_different_labels_end_at_their_mean():
    """A singular K: the flow fits what K can see, and says how much it cannot."""
    x = np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    K, y = sum(lz.limit_kernels(x)), np.array([0.0, 1.0, 3.0])
    flow = lz.KernelFlow(K, y)
    assert flow.rank == 2
    assert "rank 2 of 3" in str(flow) and "22 %" in str(flow)  # √½/√10
    np.testing.assert_allclose(flow.predict(np.inf), [0.5, 0.5, 3], rtol=0, atol=1e-14)
    np.testing.assert_allclose(flow.predict(1e300, K), [0.5, 0.5, 3], rtol=0, atol=1e-14)
    assert np.isfinite(flow.predict(np.array([0, 1.0, 1e300, np.inf]), K)).all()
    assert "full rank" in str(lz.KernelFlow(K[1:, 1:], y[1:]))
    assert "all of it is fitted" in str(lz.KernelFlow(K, K @ y))


def test_a_kernel_of_low_rank_gives_the_interpolant_of_least_norm():
    """With K = ΦΦᵀ and fewer features than samples, t = ∞ is least squares, by NumPy."""
    rng = np.random.default_rng(3)
    features, others, y = rng.standard_normal((9, 4)), rng.standard_normal((5, 4)), rng.random(9)
    theta = np.linalg.lstsq(features, y, rcond=None)[0]
    u, u_test = both(features @ features.T, y, 0, np.inf, others @ features.T, 0)
    np.testing.assert_allclose(u, features @ theta, rtol=0, atol=1e-12)
    np.testing.assert_allclose(u_test, others @ theta, rtol=0, atol=1e-12)


def test_a_zero_kernel_learns_nothing():
    """K = 0 moves nowhere, not even at t = ∞, and its best stop is at once."""
    flow = lz.KernelFlow(np.zeros((2, 2)), np.ones(2), 0.25)
    assert flow.rank == 0
    np.testing.assert_array_equal(flow.predict(np.inf), [0.25, 0.25])
    assert flow.best_stop(np.zeros((1, 2)), np.ones(1)) == (0, 0.5)


def test_coefficients_give_the_predictions():
    """u(t) = u₀ + Σᵢ cᵢ(t) k(·, xᵢ), on training and on test points."""
    K, y, u0, K_test, _, u0_test = problem(4)
    flow, times = lz.KernelFlow(K, y, u0), np.array([0.1, 5.0, np.inf])
    c = flow.coefficients(times)
    np.testing.assert_allclose(u0 + c @ K, flow.predict(times), rtol=0, atol=1e-12)
    expected = flow.predict(times, K_test, u0_test)
    np.testing.assert_allclose(u0_test + c @ K_test.T, expected, rtol=0, atol=1e-12)


def test_the_best_stop_of_one_exponential():
    """With one training point, u_test = ½(1 − e^(−2t)) passes through 0.3 at t = −½ log 0.4."""
    flow = lz.KernelFlow(np.array([[2.0]]), np.array([1.0]))
    stop = flow.best_stop(np.array([[1.0]]), np.array([0.3]))
    assert stop.t == pytest.approx(-0.5 * np.log(0.4), rel=1e-6)
    assert stop.loss == pytest.approx(0, abs=1e-13)
    assert flow.best_stop(np.array([[1.0]]), np.array([-0.3])) == (0, pytest.approx(0.045))
    assert flow.best_stop(np.array([[1.0]]), np.array([0.6])) == (np.inf, pytest.approx(0.005))


@pytest.mark.parametrize("seed", range(6))
def test_no_time_is_better_than_the_best_stop(seed):
    """Against ten thousand times, 0 and ∞."""
    K, y, u0, K_test, y_test, u0_test = problem(seed)
    flow = lz.KernelFlow(K, y, u0)
    stop = flow.best_stop(K_test, y_test, u0_test)
    times = np.concatenate([[0], np.logspace(-4, 6, 10_000), [np.inf]])
    losses = 0.5 * np.mean((flow.predict(times, K_test, u0_test) - y_test) ** 2, axis=-1)
    assert stop.loss <= losses.min() * (1 + 1e-12)
    at_stop = 0.5 * np.mean((flow.predict(stop.t, K_test, u0_test) - y_test) ** 2)
    assert stop.loss == pytest.approx(at_stop, rel=1e-10)


@given(st.integers(1, 6), st.integers(1, 4), st.integers(1, 3), st.integers(0, 3))
@settings(deadline=None)
def test_batches_are_the_runs_one_by_one(n, n_test, runs, n_times):
    """Shapes: (T, runs, n) for T times, and nothing mixes."""
    rng = np.random.default_rng([n, n_test, runs, n_times])
    x, x_test = rng.standard_normal((runs, n, 3)), rng.standard_normal((n_test, 3))
    K, K_test = sum(lz.limit_kernels(x)), sum(lz.limit_kernels(x_test, x))
    y, times = rng.standard_normal((runs, n)), rng.random(n_times) if n_times else 0.7
    u, u_test = both(K, y, 0.1, times, K_test, 0.2)
    assert u.shape == (*np.shape(times), runs, n) and u_test.shape == (
        *np.shape(times),
        runs,
        n_test,
    )
    for i in range(runs):
        one, one_test = both(K[i], y[i], 0.1, times, K_test[i], 0.2)
        np.testing.assert_allclose(u[..., i, :], one, rtol=0, atol=1e-10)
        np.testing.assert_allclose(u_test[..., i, :], one_test, rtol=0, atol=1e-10)


def test_float32_kernels_are_accepted():
    """A Gram matrix rounded to float32 is not refused, and agrees to its precision."""
    K, y, u0, K_test, _, u0_test = problem(7)
    expected = both(K, y, u0, 3.0, K_test, u0_test)[1]
    low = [v.astype(np.float32) for v in (K, y, u0, K_test, u0_test)]
    got = both(low[0], low[1], low[2], 3.0, low[3], low[4])[1]
    np.testing.assert_allclose(got, expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize(
    "call, words",
    [
        (lambda K, y: lz.KernelFlow(K - 9 * np.eye(8), y), "positive semi-definite.*eigenvalue -"),
        (lambda K, y: lz.KernelFlow(np.triu(K), y), "K must be symmetric"),
        (lambda K, y: lz.KernelFlow(K[:3], y), r"K must have shape \(..., 8, 8\)"),
        (lambda K, y: lz.KernelFlow(K * np.nan, y), "K must be finite"),
        (lambda K, y: lz.KernelFlow(K, y, u0=y[:3]), "u0 must have shape"),
        (lambda K, y: lz.KernelFlow(K, y).predict(-1), "times must be numbers >= 0"),
        (lambda K, y: lz.KernelFlow(K, y).predict([1, np.nan]), "times must be finite"),
        (lambda K, y: lz.KernelFlow(K, y).predict(1, K[:, :3]), "K_test must have shape"),
        (lambda K, y: lz.KernelFlow(K, y).best_stop(K[:3], y), "y_test must have shape"),
        (lambda K, y: lz.KernelFlow(K[None], y).best_stop(K, y), "best_stop is for one run"),
        (lambda K, y: lz.KernelFlow(K, [y, y]).best_stop(K, y), r"best_stop is for one .*\(2,\)"),
        (lambda K, y: lz.KernelFlow(K, y).best_stop(K, [y, y]), "y_test must have 1 axes"),
        (lambda K, y: lz.KernelFlow(K, y).best_stop(K, 1e200 * y), "the test loss is beyond"),
        (lambda K, y: lz.KernelFlow(K, y).best_stop(K, y, [y, y]), "u0_test must have at most one"),
        (lambda K, y: lz.KernelFlow(K[:0, :0], y[:0]), "K must not be empty"),
        (lambda K, y: lz.KernelFlow(K, y).predict(1, K, y[:3]), "u0_test must have shape"),
        (
            lambda K, y: lz.KernelFlow(K, 1e308 * np.sign(y), -1e308 * np.sign(y)),
            "y − u0 is beyond",
        ),
    ],
)
def test_bad_input_is_named(call, words):
    """A wrong, singular or indefinite K gets a clear word, not NaN."""
    with pytest.raises(ValueError, match=words):
        call(*problem()[:2])


@pytest.mark.parametrize("times", ["3", None, 1j, [True], np.ma.masked_array([1.0], [True])])
def test_times_are_real_numbers(times):
    """Words, complex numbers, truth values and hidden values are refused, not converted."""
    with pytest.raises(TypeError, match="times must be an array"):
        lz.KernelFlow([[1.0]], [1.0]).predict(times)


def test_the_flow_keeps_a_copy_of_what_it_was_given():
    """Later changes of K, y and u₀ do not change its predictions; lists are taken too."""
    K, y, u0, *_ = problem()
    flow = lz.KernelFlow(K, y, u0)
    of_lists = lz.KernelFlow(K.tolist(), y.tolist(), u0.tolist())
    expected = flow.predict([0, 1.0, np.inf])
    K[:], y[:], u0[:] = 0, 0, 0
    np.testing.assert_array_equal(flow.predict([0, 1.0, np.inf]), expected)
    np.testing.assert_array_equal(of_lists.predict([0, 1.0, np.inf]), expected)


def test_what_is_printed_names_no_address():
    assert repr(lz.KernelFlow(np.eye(2), np.ones(2))) == "KernelFlow(y of shape (2,), rank=2)"
