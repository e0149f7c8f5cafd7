"""Claims about lazy training, measured: Theorems 3.2 and 3.4, Lemmas 3.3 and A.1, Eq. (7).

The setting, unless said otherwise: tanh networks, f − f(w₀), n = 6 points in dimension 5, m = 100.
"""

from functools import cache

import numpy as np
import pytest

from lazylib.data import Dataset, sphere, teacher
from lazylib.experiments.theorem import smooth_network
from lazylib.kernels import tangent_kernel
from lazylib.losses import log_cosh, logistic, quadratic
from lazylib.models.networks import FirstLayer, TwoLayer
from lazylib.models.wrappers import Centered, Scaled, Tangent
from lazylib.theory.comparison import compare
from lazylib.theory.criterion import criterion
from lazylib.theory.laziness import jacobian_change, power_law
from lazylib.theory.population import tangent_gram, under_parameterized
from lazylib.theory.theorem import (
    LazyTheorem,
    estimate_lipschitz,
    lemma_3_3_bound,
    lemma_a1_bound,
    lipschitz_bound,
)
from lazylib.trainers.flow import gradient_flow

ALPHAS = np.geomspace(1, 1000, 7)
SEEDS = [0, 1, 5]
each_seed = pytest.mark.parametrize("seed", SEEDS)


def setting(seed, n=6, m=100, doubling=False, first_layer=False):
    """Return a smooth model that starts at 0, its w₀ and a sample."""
    rng = np.random.default_rng(seed)
    data = Dataset.from_teacher(rng, teacher(rng, 5), n)
    net = TwoLayer(5, m, activation="tanh", scale=1 / np.sqrt(m))
    w0 = net.init(rng, doubling=doubling)
    if first_layer:
        a, b = w0[: 5 * m], w0[5 * m :]
        return Centered(FirstLayer(net, b), a), a, data
    return (net if doubling else Centered(net, w0)), w0, data


@cache
def pair(seed, doubling=False, first_layer=False, loss=quadratic, **size):
    """Train the model and its tangent model for all α, accurate to 1e-11, at common times."""
    model, w0, data = setting(seed, doubling=doubling, first_layer=first_layer, **size)
    singular = np.linalg.svd(model.jacobian(w0, data.x), compute_uv=False)
    fast, slow = data.n / singular[0] ** 2, data.n / singular[-1] ** 2 / loss.mu
    times = np.append(0, np.geomspace(1e-3 * fast, 15 * slow, 80))
    options = {"t_max": times[-1], "times": times, "alpha": ALPHAS, "loss": loss}
    options |= {"method": "DOP853", "accuracy": 1e-11, "tolerance": 0}
    tangent = Tangent(model, w0)
    return gradient_flow(model, data, w0, **options), gradient_flow(tangent, data, w0, **options)


def slopes(seed, start):
    """Slopes of the three suprema of Theorem 3.2, fitted over α from 1 to 1,000 (n = 4)."""
    model, w0, data = smooth_network(4, start, "both", seed)
    both = compare(model, w0, data, np.logspace(0, 3, 7), accuracy=1e-13, frames=40)
    return [slope for slope, _ in both.slopes()]


@each_seed
def test_theorem_3_2_slopes_are_minus_1_minus_1_minus_2(seed):
    """sup‖w − w₀‖, sup‖αf − αT_f‖ and sup‖w − w̄‖ within ±0.05 (Theorem 3.2), at 1e-13 a step."""
    assert slopes(seed, "f − f(w₀)") == pytest.approx([-1, -1, -2], abs=0.05)


@each_seed
def test_with_doubling_the_middle_slope_is_minus_2(seed):
    """The doubling trick cancels the second-order term: −1, −2, −2, within ±0.05."""
    assert slopes(seed, "doubling") == pytest.approx([-1, -2, -2], abs=0.05)


def test_with_doubling_the_second_derivative_along_the_path_vanishes():
    """Why: paired neurons move oppositely, D²f(v, v) = 0 for all v in the range of Df_{w₀}ᵀ."""
    model, w0, data = setting(0, doubling=True)
    v = model.jacobian(w0, data.x).T @ np.random.default_rng(1).standard_normal(data.n)
    bend = sum(model.jvp(w0 + s * 1e-4 * v, data.x, v) * s for s in (1, -1)) / 2e-4
    assert np.abs(bend).max() < 1e-8 * np.linalg.norm(v) ** 2
    v = np.random.default_rng(2).standard_normal(len(w0))
    bend = sum(model.jvp(w0 + s * 1e-4 * v, data.x, v) * s for s in (1, -1)) / 2e-4
    assert np.abs(bend).max() > 1e-4 * np.linalg.norm(v) ** 2


@pytest.mark.parametrize("loss", [quadratic, log_cosh(0.25)], ids=lambda loss: loss.name)
@each_seed
def test_the_bound_of_theorem_3_2_holds_at_every_time(seed, loss):
    """Beyond α = ‖f*‖/M: ‖αf(w(t)) − f*‖ ≤ √κ‖f*‖exp(−μσ²_min t/4), with a proven L_Df.

    Training the first layer at m = 200, n = 3, the threshold lies between 13 and 240. Where the
    hypothesis holds, so does ‖w − w₀‖ ≤ σ_min/(2L_Df), on which its proof rests.
    """
    key = {"seed": seed, "first_layer": True, "n": 3, "m": 200}
    model, w0, data = setting(**key)
    theorem = LazyTheorem.of(model, w0, data, loss)
    covered = ALPHAS > theorem.threshold
    assert covered.sum() >= 1
    run, _ = pair(loss=loss, **key)
    far = np.linalg.norm(ALPHAS[:, None] * model.predict(run.w, data.x) - data.y, axis=-1)
    bound = theorem.bound(run.times[:, :1], ALPHAS)
    # integration is accurate to about 1e-11 of the start
    assert (far[:, covered] <= bound[:, covered] + 1e-9 * far[0, 0]).all()
    moved = np.linalg.norm(run.w - w0, axis=-1).max(axis=0)
    assert (moved[covered] < theorem.sigma_min / (2 * theorem.lipschitz)).all()


def test_M_never_promises_what_the_run_breaks():
    """Over 12 random models, the least α whose run keeps the bound is at most the theorem's α."""
    alphas = np.geomspace(0.01, 1000, 26)
    for seed in range(12):
        model, w0, data = setting(seed, n=3, m=60, first_layer=True)
        theorem = LazyTheorem.of(model, w0, data)
        times = np.append(0, np.geomspace(0.01, 6 / theorem.rate, 40))
        options = {"times": times, "t_max": times[-1], "tolerance": 0, "accuracy": 1e-6}
        run = gradient_flow(model, data, w0, alpha=alphas, method="DOP853", **options)
        far = np.linalg.norm(alphas[:, None] * model.predict(run.w, data.x) - data.y, axis=-1)
        kept = (far <= theorem.bound(run.times, alphas[:, None].T) * (1 + 1e-4)).all(axis=0)
        assert (kept | (alphas <= theorem.threshold)).all()
        assert not kept.all(), "the runs of the smallest α should break it: else this says nothing"


@pytest.mark.parametrize("loss", [quadratic, log_cosh(0.25)], ids=lambda loss: loss.name)
@each_seed
def test_lemmas_3_3_and_a_1_hold_in_the_network_s_own_tangent_kernel(seed, loss):
    """With Σ(t) = Df_w Df_wᵀ, and λ its least eigenvalue, at every recorded time, for every α."""
    model, w0, data = setting(seed)
    lazy, tangent = pair(seed, loss=loss)
    straight = Tangent(model, w0)
    for i, alpha in enumerate(ALPHAS):
        metrics = tangent_kernel(model, lazy.w[:, i], data.x)
        y = alpha * model.predict(lazy.w[:, i], data.x)
        far = np.linalg.norm(y - data.y, axis=-1)
        bound = lemma_3_3_bound(lazy.times[:, i], far[0], metrics, loss)
        assert (far <= bound + 1e-9 * far[0]).all()
        apart = np.linalg.norm(y - alpha * straight.predict(tangent.w[:, i], data.x), axis=-1)
        assert 0 < apart.max() <= lemma_a1_bound(metrics, loss.gradient(y, data.y), loss)


def test_lemma_3_3_holds_in_a_rotating_metric():
    """y′ = −Σ(t)∇R(y) with Σ turning as fast as y moves; eigenvalues 1 and 9 throughout."""
    from scipy.integrate import solve_ivp

    loss, y_star = log_cosh(0.2), np.array([1.0, -2.0])

    def metric(t):
        c, s = np.cos(3 * t), np.sin(3 * t)
        turn = np.array([[c, -s], [s, c]])
        return turn @ np.diag([1.0, 9.0]) @ turn.T

    times = np.linspace(0, 20, 200)
    options = {"t_eval": times, "rtol": 1e-9, "atol": 1e-12}
    path = solve_ivp(
        lambda t, y: -metric(t) @ loss.gradient(y, y_star), (0, 20), [4.0, 3.0], **options
    )
    far = np.linalg.norm(path.y.T - y_star, axis=-1)
    metrics = np.stack([metric(t) for t in times])
    assert (far <= lemma_3_3_bound(times, far[0], metrics, loss, lowest=1.0)).all()


def test_curvature_agrees_with_the_full_second_derivative():
    """The maximum of D²f(v, v′)·r, found by brute force over 2,000 starts, to 1e-5."""
    net = TwoLayer(2, 2, activation="tanh")
    rng = np.random.default_rng(0)
    w0, x = net.init(rng, doubling=False), sphere(rng, 3, 2)
    size, p = 1e-4, net.n_parameters
    second = np.stack(
        [(net.jacobian(w0 + e, x) - net.jacobian(w0 - e, x)) / (2 * size) for e in size * np.eye(p)]
    )  # (p, n, p)
    v = rng.standard_normal((2000, p))
    for _ in range(300):
        v /= np.linalg.norm(v, axis=-1, keepdims=True)
        values, vectors = np.linalg.eigh(np.einsum("sp,pnq,snr->sqr", v, second, v_of(second, v)))
        v = np.where((np.abs(values).argmax(-1) == 0)[:, None], vectors[..., 0], vectors[..., -1])
    best = max(np.linalg.norm(np.einsum("p,pnq->nq", each, second), 2) for each in v[:200])
    assert estimate_lipschitz(net, w0, x, rng, starts=40) == pytest.approx(best, rel=1e-5)


def v_of(second, v):
    return np.einsum("sp,pnq->snq", v, second)


@pytest.mark.parametrize("activation", ["tanh", "softplus", "erf", "gelu"])
@pytest.mark.parametrize("first_layer", [False, True])
def test_the_proven_bound_of_L_Df_is_above_every_difference_quotient(activation, first_layer):
    """‖Df_w − Df_w′‖ ≤ L‖w − w′‖ for w, w′ in the ball; and above the local estimate."""
    rng = np.random.default_rng(0)
    net, x = TwoLayer(3, 6, activation=activation, scale=0.5), sphere(rng, 7, 3)
    w0, model = net.init(rng, doubling=False), net
    if first_layer:
        model, w0 = FirstLayer(net, w0[18:]), w0[:18]
    bound = lipschitz_bound(model, w0, x, radius=2.0)
    assert estimate_lipschitz(model, w0, x, rng) <= bound
    ends = rng.standard_normal((2, 200, len(w0)))
    ends *= 2 * rng.random((2, 200, 1)) / np.linalg.norm(ends, axis=-1, keepdims=True)
    ends[1] = ends[0] + 0.01 * (ends[1] - ends[0])
    change = np.linalg.norm(np.subtract(*model.jacobian(w0 + ends, x)), 2, axis=(-2, -1))
    assert (change <= bound * np.linalg.norm(ends[1] - ends[0], axis=-1)).all()


def test_the_relu_has_no_lipschitz_derivative_and_the_theorem_says_nothing():
    """Assumption 3.1 fails: M = 0 and the threshold is infinite (Section 4.1)."""
    rng = np.random.default_rng(0)
    data = Dataset.from_teacher(rng, teacher(rng, 5), 4)
    net = TwoLayer(5, 50)
    theorem = LazyTheorem.of(net, net.init(rng), data)
    assert theorem.M == 0 and theorem.threshold == np.inf


def test_too_few_parameters_are_outside_theorem_3_2():
    """Df_{w₀} is not surjective where p < n, nor for a network of repeated neurons."""
    rng = np.random.default_rng(0)
    data = Dataset.from_teacher(rng, teacher(rng, 2), 30)
    net = TwoLayer(2, 4, activation="tanh")
    assert LazyTheorem.of(net, net.init(rng), data).threshold == np.inf


def test_eq_7_falls_as_1_over_alpha_and_as_the_scale_to_the_minus_q():
    """The ratio ∝ 1/α for a fixed L_Df (Section 4.1); w₀ → λw₀ is α → λ^q α (Section 4.2.1)."""
    rng = np.random.default_rng(1)
    data = Dataset.from_teacher(rng, teacher(rng, 4), 8)
    net = TwoLayer(4, 20)
    w0 = net.init(rng)
    lipschitz = estimate_lipschitz(net, w0, data.x, rng)
    ratio = criterion(net, w0, data, lipschitz=lipschitz).ratio
    by_alpha = criterion(net, w0, data, lipschitz=lipschitz, alpha=16.0).ratio
    assert by_alpha == pytest.approx(ratio / 16, rel=1e-12)
    by_alpha, by_scale = criterion(net, w0, data, alpha=9.0), criterion(net, 3 * w0, data)
    assert by_scale.ratio == pytest.approx(by_alpha.ratio, rel=1e-9)
    assert by_scale.displacement == pytest.approx(by_alpha.displacement, rel=1e-9)


def test_the_sharper_form_of_eq_7_foretells_the_change_of_the_jacobian():
    """Before training, within 5 % where it foretells less than a tenth (nine networks)."""
    checked = 0
    for seed, (m, tau) in enumerate([(m, tau) for m in (10, 40, 160) for tau in (0.7, 1.5, 4)]):
        rng = np.random.default_rng(seed)
        data = Dataset.from_teacher(rng, teacher(rng, 5), 8)
        net = TwoLayer(5, m, activation="gelu")
        w0 = net.init(rng, tau=tau)
        foretold = criterion(net, w0, data)
        run = gradient_flow(net, data, w0, t_max=1e4, accuracy=0.01, record=2)
        if foretold.bend < 0.1:
            measured = jacobian_change(net, run.w[-1], w0, data.x)
            assert measured == pytest.approx(foretold.bend, rel=0.05)
            checked += 1
        # one rough simplification apart: ‖Df_{w₀}‖‖w* − w₀‖ for ‖Df_{w₀}(w* − w₀)‖
        assert foretold.ratio <= foretold.bend * (1 + 1e-12)
    assert checked >= 5


@pytest.mark.parametrize("q, activation", [(2, "relu"), (3, "squared relu")])
def test_homogeneity_is_a_scale_factor(q, activation):
    """λw₀ with α = 1, and w₀ with α = λ^q, take the same path w/λ (Section 4.2.1), to 1e-10.

    The scaled run is λ^{2q−2} times as fast; for q = 2 this is α.
    """
    from lazylib.models.activations import Activation

    if activation == "squared relu":
        activation = Activation(
            activation, lambda z: np.maximum(z, 0) ** 2, lambda z: 2 * np.maximum(z, 0), degree=2
        )
    rng = np.random.default_rng(0)
    data = Dataset.from_teacher(rng, teacher(rng, 3), 5)
    net, lam = TwoLayer(3, 8, activation=activation), 1.7
    assert net.homogeneity == q
    w0 = net.init(rng)
    options = {"method": "DOP853", "accuracy": 1e-13, "tolerance": 0}
    times = np.linspace(0, 3, 13)
    by_alpha = gradient_flow(net, data, w0, alpha=lam**q, t_max=3, times=times, **options)
    times = times * lam ** (2 - 2 * q)
    scaled = gradient_flow(net, data, lam * w0, t_max=times[-1], times=times, **options)
    np.testing.assert_allclose(scaled.w / lam, by_alpha.w, rtol=0, atol=1e-10)


def test_logistic_loss_breaks_the_statement_it_should():
    """Without strong convexity there is no f*, and sup‖w − w₀‖ is not O(1/α): it is infinite.

    On separable labels R falls as 1/t, not exponentially, and ‖αf‖ grows as log t for ever.
    """
    rng = np.random.default_rng(0)
    x = sphere(rng, 6, 5)
    data = Dataset(x, np.array([1.0, -1, 1, -1, 1, 1]))
    net = TwoLayer(5, 100, activation="tanh", scale=0.1)
    w0 = net.init(rng, doubling=False)
    model, times = Centered(net, w0), np.geomspace(1e2, 1e6, 9)
    with pytest.raises(ValueError, match="strongly convex"):
        LazyTheorem.of(model, w0, data, logistic)
    run = gradient_flow(
        model, data, w0, alpha=1e3, loss=logistic, t_max=1e6, times=times, tolerance=0
    )
    assert power_law(times, run.train_loss)[0] == pytest.approx(-1, abs=0.05)
    size = np.linalg.norm(1e3 * model.predict(run.w, data.x), axis=-1)
    growth = np.diff(size)
    assert growth[-1] == pytest.approx(growth[-2], rel=0.05) and growth[-1] > 1
    moved = np.linalg.norm(run.w - w0, axis=-1)
    assert (np.diff(moved) > 0.05 * moved[0]).all()


@pytest.mark.parametrize("d, m, seed", [(2, 2, 0), (10, 4, 1), (100, 2, 0)])
def test_theorem_3_4_lazy_training_stops_at_a_local_minimum_of_the_population_loss(d, m, seed):
    """At α = 1,000 the loss converges to that of the best tangent model, R > 0, within 0.5 %."""
    model, w0, population, eigenvalues, best = under_parameterized(d, m, seed)
    _, gradient = population.loss_and_gradient(model, w0)
    options = {"t_max": 12 / eigenvalues[0], "tolerance": 0, "max_steps": 10_000}
    run = gradient_flow(model, population, w0, alpha=1000.0, accuracy=1e-3, **options)
    assert best > 0.1 * population.zero_loss()
    assert run.train_loss[-1] == pytest.approx(best, rel=0.005)
    end = population.loss_and_gradient(Scaled(model, 1000.0), run.w[-1])[1] / 1000
    assert np.linalg.norm(end) < 1e-3 * np.linalg.norm(gradient)


def test_theorem_3_4_the_rate_becomes_independent_of_alpha():
    """d = 2, m = 2: R − R_∞ falls as exp(−2λt), λ the least eigenvalue of Df_{w₀}ᵀDf_{w₀} > 0.

    The rate is 2λ to 15 % at α = 100 and to 3 % at α = 1,000; α = 0.1 finds a loss 20 times less.
    """
    model, w0, population, eigenvalues, _ = under_parameterized(2, 2, 0)
    times = np.linspace(0, 12 / eigenvalues[0], 121)
    options = {"t_max": times[-1], "times": times, "tolerance": 0, "max_steps": 50_000}
    alphas = np.array([0.1, 100, 1000])
    run = gradient_flow(model, population, w0, alpha=alphas, accuracy=1e-5, **options)
    excess = run.train_loss - run.train_loss[-1]
    rate = np.log(excess[30, 1:] / excess[60, 1:]) / (times[60] - times[30])  # of the lazy ones
    assert rate[0] == pytest.approx(2 * eigenvalues[0], rel=0.15)
    assert rate[1] == pytest.approx(2 * eigenvalues[0], rel=0.03)
    assert run.train_loss[-1, 0] < run.train_loss[-1, 1] / 20


def test_theorem_3_4_excludes_the_doubling_trick():
    """Pairs of equal neurons halve the rank of Df at w₀, but not near it: it is not constant."""
    net = TwoLayer(3, 4)
    rng = np.random.default_rng(0)
    w0 = net.init(rng, doubling=True)
    near = w0 + 1e-3 * rng.standard_normal(w0.shape)
    spectra = [np.linalg.eigvalsh(tangent_gram(net, w)) for w in (w0, near)]
    assert [(s > 1e-12 * s[-1]).sum() for s in spectra] == [6, 12]


def test_the_smooth_method_is_as_accurate_as_asked():
    """Against the tangent flow in closed form, exp(−tK/n): 1e-8 when 1e-10 is asked for."""
    model, w0, data = setting(0)
    tangent, kernel = Tangent(model, w0), tangent_kernel(model, w0, data.x)
    times = np.linspace(0, 5, 6)
    options = {"times": times, "t_max": 5, "accuracy": 1e-10, "tolerance": 0}
    run = gradient_flow(tangent, data, w0, alpha=50.0, method="DOP853", **options)
    values, vectors = np.linalg.eigh(kernel / data.n)
    decay = np.exp(-times[:, None] * values)
    expected = data.y - (decay * (data.y @ vectors)) @ vectors.T
    np.testing.assert_allclose(50 * tangent.predict(run.w, data.x), expected, atol=1e-8)


def test_the_stabilised_flow_is_of_second_order():
    """Halving all steps divides the error by 4, ±20 %: fixed steps against a solution to 1e-12."""
    from lazylib.trainers.objective import batch
    from lazylib.trainers.rkc import rkc_step

    model, w0, data = setting(0)
    _, w, objective, _ = batch(model, data, w0, 5.0, quadratic)
    exact = gradient_flow(
        model, data, w0, alpha=5.0, t_max=8, method="DOP853", accuracy=1e-12, tolerance=0
    ).w[-1]

    def slope(w):
        return objective.gradient(w)[1].copy()

    errors = []
    for steps in (8, 16, 32, 64):
        now = w
        for _ in range(steps):
            h = np.full((1, 1), 8 / steps)
            now = now + rkc_step(slope, now, slope(now), h, s=6)
        errors.append(np.linalg.norm(now[0] - exact))
    ratios = np.array(errors[:-1]) / errors[1:]
    assert ratios[-1] == pytest.approx(4, rel=0.2) and (ratios > 3).all()
