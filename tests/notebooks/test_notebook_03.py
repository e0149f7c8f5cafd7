"""What notebook 03 says, on several draws: each test quotes the sentence that it decides."""

from functools import cache

import numpy as np
import pytest

import lazylib as lazy
from lazylib.experiments import train_four

SEEDS = range(5)


@cache
def gaps(tau, m, seed):
    """Distances of the tangent model and the arc-cosine kernel from the network, over time."""
    paths = train_four(tau=tau, m=m, seed=seed)
    network, size = paths.functions["network αf"], np.sqrt(np.mean(paths.truth**2))
    names = "tangent model", "arc-cosine kernel", "kernel of width m"
    return [np.sqrt(np.mean((paths.functions[n] - network) ** 2, axis=-1)) / size for n in names]


def test_at_tau_a_tenth_the_network_ends_nearer_to_the_arc_cosine_kernel():
    """It follows its tangent model up to t ≈ 1, leaves it, and ends nearer to the other."""
    for seed in SEEDS:
        tangent, limit, _ = gaps(0.1, 50, seed)
        assert tangent[20] < 0.05  # t = 1
        assert limit[-1] < 0.8 * tangent[-1] and tangent[-1] > 0.15


def test_at_tau_1_the_tangent_model_is_the_nearest_and_the_kernel_the_same_thing():
    """Lazy: the tangent model and the kernel of the same neurons lie on each other."""
    for seed in SEEDS:
        tangent, limit, own = gaps(1.0, 50, seed)
        assert tangent[-1] < limit[-1]
        assert own[-1] == pytest.approx(tangent[-1], abs=0.01)


def test_a_wider_network_comes_nearer_to_the_arc_cosine_kernel():
    """The arc-cosine kernel comes closer as m grows."""
    for seed in SEEDS:
        assert gaps(1.0, 200, seed)[1][-1] < 0.9 * gaps(1.0, 50, seed)[1][-1]


def test_another_unit_of_the_weights_changes_the_clock_and_nothing_else():
    """With w = sv the kernel is multiplied by s², and s drops out of ‖Df‖²/L_Df (Section 4.2.2)."""
    rng = np.random.default_rng(0)
    net = lazy.TwoLayer(d=3, m=8, activation="tanh")
    w0, x, y = net.init(rng), lazy.sphere(rng, 6, 3), rng.standard_normal(6)
    one = lazy.KernelFlow(lazy.tangent_kernel(net, w0, x), y)
    away = w0 + 1e-3 * rng.standard_normal(w0.shape)

    def jacobian(v, s):  # of v ↦ f(sv), by central differences: no chain rule put in by hand
        steps = 1e-5 / s * np.eye(len(v))
        up, down = (net.predict(s * (v + sign * steps), x) for sign in (1, -1))
        return ((up - down) / (2e-5 / s)).T

    ratios = []
    for s in (0.1, 1.0, 10.0):
        df, near = jacobian(w0 / s, s), jacobian(away / s, s)
        other = lazy.KernelFlow(df @ df.T, y)
        assert other.predict(2.0 / s**2) == pytest.approx(one.predict(2.0), rel=1e-5)
        bend = np.linalg.norm(near - df, 2) / np.linalg.norm((away - w0) / s)
        ratios.append(np.linalg.norm(df, 2) ** 2 / bend)
    assert ratios == pytest.approx([ratios[0]] * 3, rel=1e-4)


def with_constant(x):
    return np.insert(x, x.shape[-1], 1.0, axis=-1)


@pytest.mark.parametrize("bias", [False, True])
def test_a_constant_coordinate_ends_the_blindness_of_the_kernel_to_odd_degrees(bias):
    """A constant last coordinate adds biases (footnote 4): all eigenvalues are positive."""
    x = lazy.circle(257)[1][:-1]
    kernel = sum(lazy.limit_kernels(with_constant(x) if bias else x))
    eigenvalues = np.fft.rfft(kernel[0]).real[:10] / 256
    assert (eigenvalues[[0, 1, 2, 4, 6, 8]] > 1e-3).all()
    odd = eigenvalues[[3, 5, 7, 9]]
    assert (odd > 5e-4).all() if bias else np.abs(odd).max() < 1e-15


@pytest.mark.parametrize("tau", [0.1, 1.0])
def test_the_blindness_is_every_network_s_trained_or_not(tau):
    """Without biases f(x) − f(−x) is linear in x for every ReLU network, trained or not."""
    x_test = lazy.circle(121)[1][:-1]
    for seed in SEEDS:
        rng = np.random.default_rng(seed)
        angle = rng.uniform(-np.pi, np.pi, 40)
        x = np.stack([np.cos(angle), np.sin(angle)], axis=-1)
        target = np.cos(3 * np.arctan2(*x_test.T[::-1]))
        for inputs, reach in ((lambda z: z, None), (with_constant, 0.1)):
            data = lazy.Dataset(inputs(x), np.cos(3 * angle), inputs(x_test), target)
            net = lazy.TwoLayer(d=data.x.shape[-1], m=100)
            options = {"t_max": 100 if reach is None else 1000, "record": 20, "accuracy": 0.03}
            run = lazy.gradient_flow(net, data, net.init(rng, tau=tau), **options)
            if reach is None:
                assert run.test_error.min() > 0.999  # never better than 0
                f = net.predict(run.w[-1], x_test)
                odd = f - np.roll(f, 60)
                assert odd == pytest.approx(x_test @ np.linalg.lstsq(x_test, odd)[0], abs=1e-9)
            else:
                assert run.test_error.min() < reach


@pytest.mark.parametrize("tau", [0.1, 1.0])
def test_of_the_four_none_is_better_than_0_at_cos_3_theta_until_there_are_biases(tau):
    """None of the four ever has a smaller loss than the function 0; a twentieth with biases."""
    for seed in SEEDS:
        blind, seeing = (
            train_four(tau, 1.0, 50, 40, seed, "cos 3 theta", bias) for bias in (False, True)
        )
        truth = blind.truth[1:]  # both ends of the circle are one point

        def losses(f, truth=truth):
            return np.mean((f[:, 1:] - truth) ** 2, axis=-1) / np.mean(truth**2)

        assert all(losses(f).min() > 1 - 1e-9 for f in blind.functions.values())
        assert losses(seeing.functions["network αf"])[-1] < 0.05


def missing(seed, n, d=5):
    """The part of each degree that kernel regression misses, for a teacher and a sample."""
    teacher = lazy.teacher(np.random.default_rng(10 + seed), d)
    x = lazy.sphere(np.random.default_rng(20 + seed), n, d)
    c = lazy.KernelFlow(sum(lazy.limit_kernels(x)), teacher(x)).coefficients(np.inf)
    spectrum = sum(lazy.limit_spectrum(d, 4))
    left = lazy.unseen_energy(teacher, 4, x, c, spectrum)
    return left[[1, 2, 4]] / lazy.teacher_energy(teacher, 4)[[1, 2, 4]]


@pytest.mark.parametrize("seed", SEEDS)
def test_a_degree_is_missed_until_n_is_about_the_number_of_functions_up_to_it(seed):
    """5 for degree 1, 14 more for degree 2, 55 more for degree 4; learnt from there on."""
    assert lazy.multiplicities(5, 4)[[0, 1, 2, 4]].tolist() == [1, 5, 14, 55]
    few, some, many = (missing(seed, n) for n in (8, 64, 512))
    assert few[1] > 0.45 and few[2] > 0.9  # 8 samples: degrees 2 and 4 unseen
    assert some[0] < 0.01 and some[1] < 0.08 and some[2] > 0.5  # 64: half of degree 4 unseen
    assert many[2] < 0.06


@pytest.mark.parametrize("d", [5, 10])
def test_biases_that_the_teacher_does_not_have_cost_samples(d):
    """From 512 samples the error is 1.2 to 2 times as large; with 16 in ℝ¹⁰ the two are alike."""
    for seed in range(6):
        teacher = lazy.teacher(np.random.default_rng(10 + seed), d)
        x, x_test = (lazy.sphere(np.random.default_rng(s + seed), 512, d) for s in (20, 90))
        for n, low, high in ((512, 1.1, 2.1), (16, 0.7, 2.0)):
            errors = []
            for inputs in (lambda z: z, with_constant):
                kernels = [
                    sum(lazy.limit_kernels(inputs(z), inputs(x[:n]))) for z in (x[:n], x_test)
                ]
                f = lazy.KernelFlow(kernels[0], teacher(x[:n])).predict(np.inf, kernels[1])
                errors.append(np.mean((f - teacher(x_test)) ** 2))
            assert low < errors[1] / errors[0] < high
