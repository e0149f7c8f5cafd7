"""What notebook 02 says, on several draws: each test quotes the sentence that it decides."""

import difflib
import inspect
import time
import timeit

import numpy as np
import pytest

import lazylib as lazy
from lazylib.experiments import (
    plane_setting,
    plane_weights,
    sgd_on_f,
    sgd_on_tangent,
    train_on_surface,
)

SEEDS = range(5)
CIRCLE = lazy.circle(181)[1]
NET = lazy.TwoLayer(d=2, m=20)
SMOOTH = lazy.TwoLayer(d=2, m=20, activation=lazy.softplus(sharpness=10))


def samples(seed):
    teacher = plane_setting(teacher=seed)[0]
    batches = lazy.sphere(np.random.default_rng(seed), 240 * 16, 2).reshape(240, 16, 2)
    return [(x, teacher(x)) for x in batches]


def distance(f, w0, drawn, alpha):
    """Root mean square of αf(w) − αT_f(w̄) on the circle, after 240 steps on the same samples."""
    *_, w = sgd_on_f(f, w0, drawn, 0.316, alpha)
    *_, v = sgd_on_tangent(f, w0, drawn, 0.316, alpha)
    flat = f.predict(w0, CIRCLE) + f.jvp(w0, CIRCLE, v - w0)
    return alpha * np.sqrt(np.mean((f.predict(w, CIRCLE) - flat) ** 2))


def test_the_two_algorithms_differ_by_two_lines():
    """Two lines differ: the passes are taken at the initial weights, and the linear term."""
    loops = [
        inspect.getsource(algorithm).partition("    for x, y in samples:\n")[2].splitlines()
        for algorithm in (sgd_on_f, sgd_on_tangent)
    ]
    changed = [line for line in difflib.ndiff(*loops) if line[0] in "+-"]
    assert [" ".join(line.split()) for line in changed] == [
        "- prediction, pullback = f.vjp(w, x)",
        "+ prediction, pullback = f.vjp(w0, x)",
        "+ prediction = prediction + f.jvp(w0, x, w - w0)",
    ]


def test_a_step_on_the_tangent_model_costs_twice_as_much_not_an_order_more():
    """A step costs about twice as much: the same order, as Section 2.1 says."""
    net, x = lazy.TwoLayer(d=100, m=50), lazy.sphere(np.random.default_rng(0), 1000, 100)
    task = net, net.init(np.random.default_rng(1)), [(x, np.zeros(1000))] * 5, 0.1, 1
    on_f, on_tangent = (
        min(
            timeit.repeat(
                lambda a=each: list(a(*task)), timer=time.process_time, number=1, repeat=15
            )
        )
        for each in (sgd_on_f, sgd_on_tangent)
    )
    assert 1 < on_tangent / on_f < 6


def test_a_kernel_fits_no_more_than_its_rank():
    """That it is perfect nobody guarantees: of random labels a part is never fitted."""
    for seed in SEEDS:
        data, w0 = plane_setting(15, teacher=seed)[1], plane_weights(NET, weights=seed)
        values, vectors = np.linalg.eigh(lazy.tangent_kernel(NET, w0, data.x))
        lost = vectors[:, values < 1e-10 * values[-1]]
        y = np.random.default_rng(seed).standard_normal((2000, 15))
        assert 1 <= lost.shape[1] <= 4
        share = np.sum((y @ lost) ** 2, axis=1) / np.sum(y**2, axis=1)
        assert share.mean() == pytest.approx(lost.shape[1] / 15, abs=0.02)


def test_the_first_function_becomes_gaussian_and_its_covariance_is_k_b():
    """The kurtosis is 15/m; the covariance does not depend on m: it is k⁽ᵇ⁾ (Section 2.1)."""
    x = lazy.circle(9)[1][[4, 5]]
    for m in (1, 8, 64):
        net, moments = lazy.TwoLayer(d=2, m=m, scale=m**-0.5), []
        for seed in SEEDS:
            w = net.init(np.random.default_rng(seed), doubling=False, batch=20_000)
            f = net.predict(w, x)
            moments.append([np.mean(f[:, 0] ** 4), np.mean(f[:, 0] ** 2), np.mean(f.prod(axis=1))])
        fourth, variance, covariance = np.mean(moments, axis=0)
        # b standard normal, max(a·x, 0)⁴ of mean 3/2: E f⁴ = (3·3/2 + 3(m − 1)/4)/m
        assert fourth / variance**2 - 3 == pytest.approx(15 / m, rel=0.1, abs=0.1)
        assert variance == pytest.approx(0.5, rel=0.02)
        assert covariance == pytest.approx(lazy.limit_kernels(x)[1][0, 1], rel=0.03)


def test_the_surface_s_end_gets_worse_from_alpha_0_4_on():
    """The end gets worse from α = 0.4 on; the tangent model's does not depend on α."""
    runs = [train_on_surface(alpha) for alpha in (0.3, 0.4, 0.5, 1, 3, 10, 100)]
    ends = np.array([np.linalg.norm(run.path[-1] - run.y) for run in runs])
    assert ends.argmin() == 1 and (np.diff(ends[1:]) > 0).all()
    flat = [run.tangent_path[-1] for run in runs]
    assert np.ptp(flat, axis=0).max() < 1e-6
    assert runs[-2].gap / runs[-1].gap == pytest.approx(10, rel=0.05)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_larger_alpha_the_closer_but_only_slowly_for_the_relu(seed):
    """Closer as α grows, slowly for the ReLU; as 1/α² for a smooth, doubled network."""
    drawn, w0 = samples(seed), plane_weights(NET, 0.316, weights=seed)
    relu = [distance(NET, w0, drawn, alpha) for alpha in (5, 25, 125)]
    smooth = [distance(SMOOTH, w0, drawn, alpha) for alpha in (25, 100, 400)]
    assert relu[0] > relu[1] > relu[2] > relu[0] / 25
    assert np.diff(np.log(smooth)) / np.log(4) == pytest.approx(-2, abs=0.05)


@pytest.mark.parametrize("seed", SEEDS)
def test_centering_leaves_the_second_order_term_that_doubling_cancels(seed):
    """The distance falls as 1/α for the centered network, as 1/α² for the doubled one."""
    w0 = plane_weights(SMOOTH, 0.316, doubling=False, weights=seed)
    gaps = [distance(lazy.Centered(SMOOTH, w0), w0, samples(seed), a) for a in (25, 100, 400)]
    assert np.diff(np.log(gaps)) / np.log(4) == pytest.approx(-1, abs=0.05)


@pytest.mark.parametrize("net", [NET, SMOOTH], ids=["relu", "smooth"])
@pytest.mark.parametrize("seed", SEEDS)
def test_without_doubling_the_distance_grows_for_a_large_alpha(net, seed):
    """Then switch the doubling trick off: for a large α the distance grows."""
    w0 = plane_weights(net, 0.316, doubling=False, weights=seed)
    gaps = [distance(net, w0, samples(seed), alpha) for alpha in (25, 50, 100)]
    assert gaps[0] < gaps[1] < gaps[2]


@pytest.mark.parametrize("seed", SEEDS)
def test_without_doubling_the_weights_move_as_far_at_alpha_100_as_at_1(seed):
    """With doubling the distance is proportional to 1/α. Without it, it does not shrink."""
    data, alpha = plane_setting(15, teacher=seed)[1], np.array([1, 10, 100])
    for doubling, low, high in ((True, 1 / 150, 1 / 70), (False, 0.75, 1.25)):
        w0 = plane_weights(NET, doubling=doubling, weights=seed)
        starts = np.tile(w0, (3, 1))
        run = lazy.gradient_flow(NET, data, starts, alpha=alpha, t_max=300, tolerance=1e-6)
        moved = lazy.displacement(run.w[-1], w0)
        assert low < moved[2] / moved[0] < high
