"""What notebook 04 says of Theorem 3.2, held on five draws."""

from functools import cache

import numpy as np
import pytest

from lazylib import LazyTheorem, estimate_lipschitz, log_cosh
from lazylib.experiments import smooth_network, train_classifier
from lazylib.theory import compare, power_law

SEEDS = (0, 1, 3, 4, 5)  # number 2 takes as long as these together
STARTS = ("f − f(w₀)", "doubling")


@cache
def far(start, seed):
    network = smooth_network(4, start, "both", seed)
    return network, compare(*network, [10, 100, 1000], accuracy=1e-13, frames=40)


def threshold(*setting):
    return LazyTheorem.of(*smooth_network(*setting)).threshold


@pytest.mark.parametrize("start", STARTS)
@pytest.mark.parametrize("seed", SEEDS)
def test_the_logarithm_of_the_third_rate_is_not_there(start, seed):
    """Theorem 3.2: sup‖w − w̄‖ = O(log α/α²). With a logarithm, this would grow threefold."""
    _, runs = far(start, seed)
    scaled = runs.suprema[2] * runs.alpha**2
    assert scaled == pytest.approx(scaled[-1], rel=0.01)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_gap_has_an_integral_of_order_one_over_alpha(seed):
    """Last step of the proof of Theorem 3.2, where the note has O(log α/α)."""
    _, runs = far(STARTS[0], seed)
    scaled = np.trapezoid(runs.gap, runs.times, axis=0) * runs.alpha
    assert scaled == pytest.approx(scaled[-1], rel=0.03)


@pytest.mark.parametrize("seed", SEEDS)
def test_doubling_hides_the_difference_of_the_parameters_in_the_kernel_of_df(seed):
    """‖w − w̄‖ falls as α⁻², what is visible of it as α⁻³; so αf − αT_f falls as α⁻²."""
    (model, w0, data), runs = far(STARTS[1], seed)
    apart = runs.w - runs.tangent_w
    visible = np.linalg.norm(apart @ model.jacobian(w0, data.x).T, axis=-1).max(axis=0)
    slopes = [power_law(runs.alpha, values)[0] for values in (*runs.suprema, visible)]
    assert slopes == pytest.approx([-1, -2, -2, -3], abs=0.01)
    m = len(w0) // 6  # d = 5: the pairs of neurons are j and j + m/2
    a, b = apart[-1, -1, : 5 * m].reshape(2, -1), apart[-1, -1, 5 * m :].reshape(2, -1)
    assert np.linalg.norm(a[0] - a[1]) < 0.01 * np.linalg.norm(a)
    assert np.linalg.norm(b[0] + b[1]) < 0.01 * np.linalg.norm(b)


@pytest.mark.parametrize("seed", SEEDS)
def test_without_doubling_the_difference_is_visible(seed):
    (model, w0, data), runs = far(STARTS[0], seed)
    visible = (runs.w - runs.tangent_w) @ model.jacobian(w0, data.x).T
    visible = np.linalg.norm(visible, axis=-1).max(axis=0)
    assert power_law(runs.alpha, visible)[0] == pytest.approx(-2, abs=0.03)


def test_what_raises_the_threshold():
    """More points; κ = 4, by 8; both layers, by less than a third; doubling, by half either way."""
    draws = [(n, seed) for n in (3, 4, 5, 6) for seed in range(6)]
    first, doubled, both = (
        np.array([threshold(n, start, layers, seed) for n, seed in draws])
        for start, layers in ((STARTS[0], "first"), (STARTS[1], "first"), (STARTS[0], "both"))
    )
    by_points = first.reshape(4, 6)
    assert (by_points[-1] > 2 * by_points[0]).all()
    ratio = doubled / first
    assert ratio.min() == pytest.approx(0.51, abs=0.01)
    assert ratio.max() == pytest.approx(1.51, abs=0.01)
    assert (0.75 < both / first).all() and (both / first < 1.33).all()
    model, w0, data = smooth_network(4)
    quadratic = LazyTheorem.of(model, w0, data)
    other = LazyTheorem.of(model, w0, data, log_cosh(0.25))
    assert other.threshold == pytest.approx(8 * quadratic.threshold)
    assert quadratic.rate == pytest.approx(quadratic.sigma_min**2 / 4 / data.n)  # μ = 1/n
    assert other.rate == pytest.approx(quadratic.rate / 4)  # μ = 1/(4n)


def test_the_logistic_loss_leaves_the_lazy_regime_at_times_that_nobody_waits_for():
    """α = 100: 10³⁷ in draw 0, 10²⁶ to 10⁵¹ in others; α = 10: 10³ to 10⁶. Decades grow as α."""
    near, far = ([train_classifier(alpha, seed).leaves for seed in range(5)] for alpha in (10, 100))
    assert far[0] == pytest.approx(37, abs=0.5)
    assert (min(far), max(far)) == pytest.approx((26.5, 51), abs=0.5)
    assert 3 < min(near) and max(near) < 6
    for seed in range(5):
        steady = train_classifier(30, seed).leaves
        assert (far[seed] - steady) / 70 == pytest.approx((steady - near[seed]) / 20, rel=0.02)


@pytest.mark.parametrize("seed", range(6))
def test_the_formula_is_kept_at_1_and_100_and_the_bound_of_the_curvature_is_not_crude(seed):
    """In six draws it is kept at 1 and 100, broken at 0.02; curvatures .67 to .83 of the bound."""
    model, w0, data = smooth_network(4, STARTS[0], "first", seed)
    runs = compare(model, w0, data, [0.02, 1, 100], accuracy=1e-7, periods=10)
    assert runs.keeps_bound.tolist() == [False, True, True]
    found = estimate_lipschitz(model, w0, data.x, np.random.default_rng(0))
    assert 0.66 < found / LazyTheorem.of(model, w0, data).lipschitz < 0.84
    for i in (1, 2):  # λ stays above σ_min²/4: the theorem's bound is the higher line
        bound = runs.theorem.bound(runs.times, runs.alpha[i])
        assert (runs.lemma_bounds(i)[0] <= bound * (1 + 1e-9)).all()


@pytest.mark.parametrize("seed", range(1, 5))
def test_a_relu_has_the_same_rates_for_large_alpha(seed):
    """Draws 1 to 4 have these slopes from α = 100 on."""
    network = smooth_network(4, STARTS[0], "both", seed, activation="relu")
    slopes = compare(*network, np.logspace(2, 3, 4), accuracy=1e-9, frames=40).slopes()
    assert [slope for slope, _ in slopes] == pytest.approx([-1, -1, -2], abs=0.02)
