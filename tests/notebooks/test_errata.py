"""Slips in the note (site/errata.md): each test computes what it says, and what it should say."""

import re
from pathlib import Path

import numpy as np
import pytest
from scipy.linalg import expm

import lazylib as lazy
from lazylib.experiments import stored
from lazylib.theory import tangent_gram

PAGE = Path(__file__).parents[2] / "site" / "errata.md"
SEEDS = range(5)


def erratum(title):
    """Mark a test as the one that decides the entry of this title."""

    def mark(test):
        test.erratum = title
        return test

    return mark


def test_every_entry_of_the_page_has_its_test():
    """And every test its entry; what is not computable is listed here, with the reason."""
    tested = {test.erratum for test in globals().values() if hasattr(test, "erratum")}
    words_only = {"The units of Figure 6(b)"}  # about a program of others, which is not here
    titles = set(re.findall(r"(?m)^### (.*)$", PAGE.read_text(encoding="utf-8")))
    assert tested | words_only == titles


@erratum("The minimizer of the tangent model depends on α")
def test_the_weights_depend_on_alpha_and_the_prediction_does_not():
    for seed in SEEDS:
        rng = np.random.default_rng(seed)
        net, x = lazy.TwoLayer(d=3, m=6), lazy.sphere(rng, 5, 3)
        data, w0 = lazy.Dataset(x, rng.standard_normal(5)), net.init(rng)
        flat, ends = lazy.Tangent(net, w0), []
        for alpha in (1.0, 10.0):
            run = lazy.gradient_flow(flat, data, w0, alpha=alpha, t_max=1e5, tolerance=1e-12)
            ends.append((run.w[-1] - w0, alpha * flat.predict(run.w[-1], x)))
        assert ends[0][0] == pytest.approx(10 * ends[1][0], rel=1e-3, abs=1e-4)  # not equal
        assert ends[0][1] == pytest.approx(ends[1][1], abs=1e-4)


@erratum("Constant rank with probability one")
def test_a_smooth_function_can_change_its_rank_at_points_of_positive_measure():
    """From [0, 1], 4^-k in the middle of each of 2^(k-1) intervals is taken out: ½ is left."""
    intervals, removed = [(0.0, 1.0)], 0.0
    for k in range(1, 13):
        middles = [(a + b) / 2 for a, b in intervals]
        gap = 4.0**-k
        intervals = [
            part
            for (a, b), c in zip(intervals, middles, strict=True)
            for part in ((a, c - gap / 2), (c + gap / 2, b))
        ]
        removed += gap * len(middles)
    # f′ is a smooth bump on each gap and 0 on what is left: there the rank is 0, close by 1
    assert removed < 0.5
    assert max(b - a for a, b in intervals) < 2.0**-12  # no interior: a gap is nearer than this


@erratum("The doubling trick and Theorem 3.4")
def test_at_doubled_weights_the_rank_is_half_of_what_it_is_nearby():
    for seed in SEEDS:
        rng, net = np.random.default_rng(seed), lazy.TwoLayer(d=4, m=8)
        w0 = net.init(rng)
        near = w0 + 0.01 * rng.standard_normal(w0.shape)
        at, nearby = (np.linalg.eigvalsh(tangent_gram(net, w)) for w in (w0, near))
        # to scale (a, b) to (sa, b/s) changes nothing: d of a neuron's d + 1 directions count
        assert np.sum(at > 1e-9 * at[-1]) == net.m // 2 * net.d
        assert np.sum(nearby > 1e-9 * nearby[-1]) == net.m * net.d


@erratum("Which norm in Section 4.2.2")
def test_the_equality_is_that_of_the_hilbert_schmidt_norm():
    rng, m, x = np.random.default_rng(0), 64, lazy.sphere(np.random.default_rng(1), 20, 5)
    norms = {}
    for order in ("fro", 2):
        wide = lazy.TwoLayer(d=5, m=m, activation="tanh", scale=m**-0.5)
        one = lazy.TwoLayer(d=5, m=1, activation="tanh")
        norms[order] = [
            np.mean(np.linalg.norm(net.jacobian(w, x), order, axis=(-2, -1)) ** 2)
            for net, draws in ((wide, 200), (one, 20_000))
            for w in [net.init(rng, doubling=False, batch=draws)]
        ]
    assert norms["fro"][0] == pytest.approx(norms["fro"][1], rel=0.03)
    assert norms[2][0] < 0.9 * norms[2][1]


@erratum("The starting points in Lemma A.1")
def test_two_paths_that_start_apart_break_the_bound():
    """With Σ constant K is 0, and so is the bound; the paths are as far apart as they start."""
    start, other = np.ones(2), np.zeros(2)
    bound = 0.0  # K‖Σ(0)‖^½ / (λ^{3/2} μ)
    assert np.linalg.norm(start - other) > bound


@erratum("What Theorem 3.2 asks for, and the ReLU")
def test_the_relu_has_no_lipschitz_derivative():
    """Near a kink Df changes by as much however small the step: the quotient has no bound."""
    for activation, lipschitz in (("relu", False), ("softplus", True)):
        net, quotients = lazy.TwoLayer(d=1, m=1, activation=activation), []
        for step in (1e-1, 1e-3, 1e-5):
            w, v = np.array([step / 2, 1.0]), np.array([-step / 2, 1.0])
            change = net.jacobian(w, [[1.0]]) - net.jacobian(v, [[1.0]])
            quotients.append(np.linalg.norm(change, 2) / step)
        assert (quotients[-1] < 2) == lipschitz
        assert (quotients[-1] > 9e4) != lipschitz


@erratum("A missing t in the proof of Lemma 3.3")
def test_without_the_t_the_bound_fails_at_first_and_with_it_it_holds():
    """F̄(y(t)) ≤ exp(−2μλt) F̄(y(0)) for y′ = −Σ∇F(y), F quadratic, Σ at least λ."""
    for seed in SEEDS:
        rng = np.random.default_rng(seed)
        hessian, sigma = (
            (root := rng.standard_normal((4, 4))) @ root.T + np.eye(4) for _ in range(2)
        )
        mu, least = np.linalg.eigvalsh(hessian)[0], np.linalg.eigvalsh(sigma)[0]
        start = rng.standard_normal(4)
        for t in (0.001, 0.1, 2.0):
            y = expm(-t * sigma @ hessian) @ start
            ratio = (y @ hessian @ y) / (start @ hessian @ start)
            assert ratio <= np.exp(-2 * mu * least * t)
            if t == 0.001:
                assert ratio > np.exp(-2 * mu * least)


@erratum("A prefactor in the proof of Theorem 3.2")
def test_the_prefactor_that_gives_the_next_line_has_the_root_of_mu():
    """times ∫exp(−μσ²s/4)ds = 4/(μσ²) it must be 8κ^{3/2}/σ²."""
    nu, sigma = 0.7, 1.3
    for mu in (0.01, 0.1, 0.5):
        wanted = 8 * (nu / mu) ** 1.5 / sigma**2
        integral = 4 / (mu * sigma**2)
        assert 2 * nu * np.sqrt(nu / mu) * integral == pytest.approx(wanted)  # by Lemma 3.3
        assert 2 * nu**1.5 / mu**0.5 * integral == pytest.approx(wanted)
        assert 2 * nu**1.5 / mu * integral > 1.4 * wanted  # as it stands


@erratum("A missing transpose in the proof of Theorem 3.2")
def test_only_the_transpose_maps_predictions_to_weights():
    rng, net = np.random.default_rng(0), lazy.TwoLayer(d=3, m=5)
    x, y, w = lazy.sphere(rng, 4, 3), rng.standard_normal(4), net.init(rng, doubling=False)
    df, gradient = net.jacobian(w, x), (net.predict(w, x) - y) / 4
    with pytest.raises(ValueError, match="matmul"):
        df @ gradient
    step = lazy.gradient_descent(net, lazy.Dataset(x, y), w, step=1e-3, n_steps=1).w[-1]
    assert (w - step) / 1e-3 == pytest.approx(df.T @ gradient, abs=1e-9)


@erratum("Strong convexity in the proof of Lemma A.1")
def test_composed_with_the_root_of_sigma_the_constant_is_mu_lambda():
    mu, eigenvalues = 0.5, np.array([0.04, 1.0, 3.0])
    root = np.diag(eigenvalues**0.5)
    least = np.linalg.eigvalsh(root @ (mu * np.eye(3)) @ root)[0]
    assert least == pytest.approx(mu * eigenvalues[0])
    assert least < 0.5 * mu * eigenvalues[0] ** 0.5  # less than μ√λ


@erratum("The Hessian in Appendix B, Step 1")
def test_the_second_term_of_the_hessian_tends_to_the_radius_not_to_0():
    """For ψ⁻¹(g) = g + g² and R = ½(· − 1)² it is (1/α)·2·(α(g + g²) − 1)."""
    alpha = np.array([1e1, 1e3, 1e6])
    for g in (0.0, 0.01, 0.1):
        term = 2 / alpha * (alpha * (g + g**2) - 1)
        assert term[-1] == pytest.approx(2 * (g + g**2), abs=1e-5)
    assert abs(term[-1]) > 0.2


def flow_in_coordinates(alpha, w):
    """f = ψ⁻¹(φ(w)) with φ = sinh and ψ⁻¹(g) = g + g²/4, in one dimension; R = ½(· − 1)²."""
    g = np.sinh(w)
    residual = alpha * (g + g**2 / 4) - 1
    return -residual / alpha * (1 + g / 2) * np.cosh(w), np.cosh(w), residual / alpha * (1 + g / 2)


@erratum("The sign in Appendix B, Step 3")
def test_the_flow_goes_down_the_gradient_of_g_alpha():
    for w in (-0.2, 0.0, 0.3):
        velocity, d_phi, gradient = flow_in_coordinates(10.0, w)
        assert velocity == pytest.approx(-d_phi * gradient)
        assert velocity != pytest.approx(d_phi * gradient)


@erratum("One 1/α too many in Appendix B, Step 3")
def test_the_gradient_of_g_alpha_is_of_the_order_of_the_distance_not_of_distance_over_alpha():
    for alpha in (1e1, 1e3, 1e5):
        best = np.arcsinh(2 * (np.sqrt(1 + 1 / alpha) - 1))  # g + g²/4 = 1/α
        far = np.abs(np.sinh(0.0) - np.sinh(best))
        assert 0.9 < np.abs(flow_in_coordinates(alpha, 0.0)[2]) / far < 1.1
        assert far == pytest.approx(1 / alpha, rel=0.05)  # where the 1/α of the next line is


@erratum("The factor 1/√m")
def test_without_the_factor_the_kernel_is_m_times_as_large():
    rng, x = np.random.default_rng(0), lazy.sphere(np.random.default_rng(1), 6, 5)
    with_factor, without = lazy.TwoLayer(d=5, m=40, scale=40**-0.5), lazy.TwoLayer(d=5, m=40)
    w = without.init(rng)
    large, small = (lazy.tangent_kernel(net, w, x) for net in (without, with_factor))
    assert large == pytest.approx(40 * small, rel=1e-13)


@erratum("The kernel of Figure 1(c)")
def test_the_plateau_is_the_kernel_of_the_same_network_and_of_no_other():
    values = stored("generalization").values
    plateau, own = values["best"][:, -1], values["kernel_best"][:, -1]
    assert plateau == pytest.approx(own, rel=0.003)
    for other in ("kernel_end", "limit_best"):  # fully trained; of Eq. (4)
        assert np.abs(values[other].mean() / plateau.mean() - 1) > 0.15
