"""Gradient descent, SGD and the gradient flow: what they compute, and the runs they return."""

import re
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from helpers import problem, relative, seeded, slope

from lazylib import (
    Dataset,
    Scaled,
    Tangent,
    TwoLayer,
    gradient_descent,
    gradient_flow,
    log_cosh,
    logistic,
    quadratic,
    sgd,
    softplus,
    sphere,
    teacher,
)
from lazylib.trainers.objective import batch

TEACHER = teacher(seeded(100), 2)


def descend(model, data, w0, **options):
    return gradient_descent(model, data, w0, **{"n_steps": 60, "step": 0.05, **options})


def flow(model, data, w0, **options):
    return gradient_flow(model, data, w0, **{"t_max": 3.0, **options})


def sample(model, data, w0, **options):
    test = (data.x_test, TEACHER(data.x_test))
    defaults = {"n_steps": 40, "step": 0.05, "batch_size": 9, "test": test}
    return sgd(model, TEACHER, w0, **{"rng": seeded(7), **defaults, **options})


each_trainer = pytest.mark.parametrize("train", [descend, flow, sample])


def jumps(model, run):
    """Return the lengths, over all neurons, of the moves from frame to frame."""
    places = model.positions(run.w).reshape(len(run), -1)
    return np.linalg.norm(np.diff(places, axis=0), axis=-1)


# --- what a Run holds ----------------------------------------------------------------------------


@each_trainer
@pytest.mark.parametrize("lead", [(), (3,), (2, 3)], ids=str)
def test_a_run_has_the_shape_of_its_runs(train, lead):
    """Frames come first, then the runs' leading axes; α, w₀ and the data broadcast."""
    net, data, w0 = problem(m=8)
    starts = w0 * seeded(0).uniform(0.5, 1, (*lead, 1))
    alpha = 2.0 if lead == () else np.linspace(1, 2, 3)
    run = train(net, data, starts, alpha=alpha, record=10)
    frames = len(run)
    assert 2 <= frames <= 10
    assert run.w.shape == (frames, *lead, net.n_parameters)
    assert run.times.shape == run.train_loss.shape == run.test_loss.shape == (frames, *lead)
    assert np.array_equal(run.w[0], starts)
    assert (run.times[0] == 0).all() and (np.diff(run.times, axis=0) > 0).all()
    assert np.shape(run.status) == lead and (lead != () or type(run.status) is str)
    # the losses are those of the frames: R(αf), not F_α
    predicted = np.asarray(alpha)[..., None] * net.predict(run.w, data.x_test)
    y_test = TEACHER(data.x_test) if train is sample else data.y_test
    assert relative(quadratic.value(predicted, y_test), run.test_loss) < 1e-12
    if train is not sample:
        predicted = np.asarray(alpha)[..., None] * net.predict(run.w, data.x)
        assert relative(quadratic.value(predicted, data.y), run.train_loss) < 1e-12


@each_trainer
def test_the_initial_weights_are_left_alone(train):
    net, data, w0 = problem(m=8)
    kept = w0.copy()
    run = train(net, data, w0)
    run.w[0] += 1
    assert np.array_equal(w0, kept)


def test_a_run_without_test_data_has_no_test_loss():
    net, data, w0 = problem(m=8, n_test=0)
    assert descend(net, data, w0).test_loss is None
    assert flow(net, data, w0).test_loss is None
    assert sgd(net, TEACHER, w0, rng=seeded(0), n_steps=3).test_loss is None


@each_trainer
def test_time_is_step_times_number_of_steps(train):
    """Design: the same time for every trainer and every α."""
    net, data, w0 = problem(m=8)
    run = train(net, data, w0, alpha=3.0)
    assert run.times[-1] == pytest.approx({descend: 3.0, flow: 3.0, sample: 2.0}[train], rel=1e-13)
    if train is not flow:
        numbers = run.times / 0.05
        assert np.abs(numbers - np.round(numbers)).max() < 1e-9
        assert run.n_steps == round(numbers[-1])


def test_flow_counts_its_gradients():
    """``n_steps`` of a flow: each gradient costs as much as a step of gradient descent."""
    calls = []
    counted = replace(quadratic, slope=lambda r: calls.append(1) or r)
    net, data, w0 = problem()
    run = gradient_flow(net, data, w0, t_max=20, loss=counted)
    assert run.n_steps == len(calls)


@pytest.mark.parametrize("tau", [0.1, 2.0])
@pytest.mark.parametrize("seed", [0, 1])
def test_frames_of_the_flow_move_evenly(tau, seed):
    """The neurons of Figures 1(a) and 1(b): no frame jumps much further than the others."""
    net, data, w0 = problem(tau=tau, seed=seed)
    run = gradient_flow(net, data, w0, t_max=500)
    moved = jumps(net, run)
    assert len(run) == 100 and moved.max() <= 1.6 * moved.mean()


@pytest.mark.parametrize("tau", [0.1, 2.0])
@pytest.mark.parametrize("seed", [0, 1])
def test_frames_of_gradient_descent_are_as_even_as_its_steps(tau, seed):
    """With the note's step of 0.005, whose first steps are the largest at τ = 2."""
    net, data, w0 = problem(tau=tau, seed=seed)
    run = gradient_descent(net, data, w0, step=0.005, n_steps=10_000)
    first = gradient_descent(net, data, w0, step=0.005, n_steps=10)
    moved = jumps(net, run)
    assert 60 <= len(run) <= 100
    assert moved.max() <= max(1.6 * moved.mean(), 1.001 * jumps(net, first).max())
    assert tau == 2.0 or moved.max() <= 1.6 * moved.mean()


@each_trainer
@pytest.mark.parametrize("loss", [quadratic, log_cosh()], ids=lambda loss: loss.name)
def test_single_precision_stays_and_agrees(train, loss):
    net, data, w0 = problem(m=8, activation="gelu")
    single, double = (train(net, data, w0.astype(kind), loss=loss) for kind in ("f4", "f8"))
    assert {v.dtype for v in (single.w, single.train_loss, single.test_loss)} == {np.dtype("f4")}
    assert double.w.dtype == np.float64
    tolerance = 0.01 if train is flow else 2e-5  # the flow's own accuracy decides there
    assert single.train_loss[-1] == pytest.approx(double.train_loss[-1], rel=tolerance)
    assert single.test_loss[-1] == pytest.approx(double.test_loss[-1], rel=tolerance)
    assert np.abs(single.w[-1] - double.w[-1]).max() < tolerance * np.abs(w0).max()


# --- how runs end --------------------------------------------------------------------------------


@pytest.mark.parametrize("train", [descend, flow])
def test_a_run_converges_below_its_tolerance(train):
    net, data, w0 = problem(tau=2.0, n=6)
    zero = 0.5 * np.mean(data.y**2)
    for tolerance in (1e-3, 1e-6):
        length = {"t_max": 1e4} if train is flow else {"n_steps": 9000, "step": "auto"}
        run = train(net, data, w0, tolerance=tolerance, **length)
        assert run.status == "converged"
        assert run.train_loss[-1] <= tolerance * zero
        assert train is flow or run.train_loss[-2] > tolerance * zero
    assert run.n_steps < 9000


def test_without_a_tolerance_all_steps_are_taken():
    net, data, w0 = problem(tau=2.0, n=3)
    run = descend(net, data, w0, n_steps=3000, tolerance=0)
    assert run.n_steps == 3000 and run.status == "converged"
    assert run.train_loss[-1] < 1e-20


@each_trainer
def test_a_short_run_is_still_falling(train):
    net, data, w0 = problem(tau=0.5)
    assert train(net, data, w0).status == "still falling"


@pytest.mark.parametrize("train", [descend, sample])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("step", [3.0, 100.0, 1e6])
def test_a_step_too_large_diverges_and_nothing_is_nan(train, dtype, step):
    """Design: a run never hands out NaN silently."""
    net, data, w0 = problem(tau=2.0)
    run = train(net, data, w0.astype(dtype), step=step, n_steps=2000)
    assert run.status == "diverged" and run.n_steps < 2000
    for array in (run.w, run.times, run.train_loss, run.test_loss):
        assert np.isfinite(array).all()
    assert np.array_equal(run.w[0], w0.astype(dtype))


@pytest.mark.parametrize("excess", [0.99, 1.01])
def test_the_border_of_stability_is_two_over_the_sharpness(excess):
    """Design: step·λ_max/n < 2; just above it the loss of an affine model only grows."""
    net, data, w0 = problem()
    kernel = net.jacobian(w0, data.x) @ net.jacobian(w0, data.x).T
    step = excess * 2 / np.linalg.eigvalsh(kernel / data.n)[-1]
    run = gradient_descent(Tangent(net, w0), data, w0, step=step, n_steps=1000)
    assert run.status == ("diverged" if excess > 1 else "still falling")
    assert np.isfinite(run.w).all()


@pytest.mark.parametrize("d", [2, 100])
@pytest.mark.parametrize("alpha", [1.0, 100.0])
def test_automatic_steps_are_stable_from_the_active_to_the_lazy_regime(d, alpha):
    """The 17 values of τ between 10^−2.2 and 10 of Figure 1(c), as one batch."""
    net, data, w0 = problem(n=15 if d == 2 else 60, m=20, d=d)
    tau = 10 ** np.linspace(-2.2, 1, 17)
    run = gradient_descent(
        net, data, tau[:, None] * w0, alpha=alpha, n_steps=1500 if d == 2 else 150
    )
    zero = 0.5 * np.mean(data.y**2)
    assert set(run.status) <= {"converged", "still falling"}
    assert (run.train_loss < zero * (1 + 1e-9)).all()
    assert (run.train_loss[-1, tau > 0.1] < 0.2 * zero).all()


# --- runs are independent ------------------------------------------------------------------------


def same_end(run, index, single, tolerance=1e-12):
    """Hold one run of a batch against the same run alone: where, when and how it ended."""
    assert run.status[index] == single.status
    assert run.times[-1][index] == pytest.approx(single.times[-1], rel=1e-12)
    assert relative(run.w[-1][index], single.w[-1]) < tolerance
    assert run.train_loss[-1][index] == pytest.approx(single.train_loss[-1], rel=1e-9, abs=1e-20)


@pytest.mark.parametrize("step", ["auto", 0.02, "own"])
@pytest.mark.parametrize("own_data", [False, True], ids=["shared data", "own data"])
def test_a_batch_of_descents_is_its_runs(step, own_data):
    """Each run has its α, its step and its data, and ends at its own time."""
    net, data, w0 = problem(m=8, n=6, activation="softplus")
    tau, alpha = np.array([[0.5], [1.0], [2.0]]), np.array([1.0, 4.0])
    if own_data:
        data = Dataset(sphere(seeded(5), 12, 2).reshape(2, 6, 2), np.stack([data.y, -2 * data.y]))
    steps = np.array([0.02, 0.05]) if step == "own" else step
    options = {"n_steps": 700, "tolerance": 0.3}
    run = gradient_descent(net, data, tau[:, None] * w0, alpha=alpha, step=steps, **options)
    assert run.w.shape[1:-1] == (3, 2)
    assert len(np.unique(run.times[-1])) > 2 and "converged" in run.status
    for i, j in np.ndindex(3, 2):
        own = Dataset(data.x[j], data.y[j]) if own_data else data
        alone = partial(gradient_descent, net, own, tau[i] * w0, alpha=alpha[j])
        same_end(run, (i, j), alone(step=steps[j] if step == "own" else step, **options))


def test_a_diverging_run_takes_no_other_with_it():
    net, data, w0 = problem(m=8)
    steps = np.array([0.05, 1e4, 0.02])
    run = descend(net, data, np.stack([w0] * 3), step=steps)
    assert run.status.tolist() == ["still falling", "diverged", "still falling"]
    assert np.isfinite(run.w).all()
    for index in (0, 2):
        same_end(run, index, descend(net, data, w0, step=steps[index]))


def test_the_last_frame_is_the_end_of_every_run():
    """A run with large steps ends early at a late time; the others go on."""
    net, data, w0 = problem(tau=2.0, n=4)
    steps = np.array([0.05, 0.0005])
    starts = np.stack([w0] * 2)
    run = descend(net, data, starts, step=steps, n_steps=300, tolerance=0.01, record=5)
    assert run.status.tolist() == ["converged", "still falling"]
    assert run.times[-1, 0] > run.times[-1, 1] == pytest.approx(0.15)
    same_end(run, 1, descend(net, data, w0, step=0.0005, n_steps=300, tolerance=0.01))


def test_large_runs_of_a_batch_are_single_runs():
    net, data, w0 = problem(n=1500, m=200, d=4, n_test=0)
    tau, alpha = np.array([[0.1], [0.3], [1.0]]), np.array([1.0, 2.0, 3.0])
    run = descend(net, data, tau * w0, alpha=alpha, step=0.01, n_steps=15)
    for index in range(3):
        alone = descend(net, data, tau[index] * w0, alpha=alpha[index], step=0.01, n_steps=15)
        same_end(run, index, alone)


def test_a_batch_of_tangent_models_is_its_runs():
    net, data, w0 = problem(m=8)
    starts = np.array([[0.5], [1.0], [2.0]]) * w0
    run = descend(Scaled(Tangent(net, starts), [1.0, 2.0, 3.0]), data, starts)
    for index, alpha in enumerate([1.0, 2.0, 3.0]):
        model = Scaled(Tangent(net, starts[index]), alpha)
        same_end(run, index, descend(model, data, starts[index]))


def test_a_batch_of_flows_is_its_runs_to_the_flow_s_accuracy():
    """Runs share the stages of a step, so they agree as closely as the method is exact."""
    net, data, w0 = problem(activation="softplus")
    tau, options = np.array([[0.3], [1.0], [3.0]]), {"t_max": 10, "times": [0, 1, 10.0]}
    run = gradient_flow(net, data, tau * w0, accuracy=1e-4, **options)
    for index in range(3):
        alone = gradient_flow(net, data, tau[index] * w0, accuracy=1e-4, **options)
        moved = np.linalg.norm(alone.w[-1] - alone.w[0])
        assert np.abs(run.w[:, index] - alone.w).max() < 1e-3 * moved


# --- what they compute ---------------------------------------------------------------------------


@pytest.mark.parametrize("loss", [quadratic, log_cosh()], ids=lambda loss: loss.name)
def test_one_step_is_minus_the_gradient_of_f_alpha(loss):
    """w₁ = w₀ − step · (1/α) Dfᵀ ∇R(αf) (Eqs. (5) and (6)), from the Jacobian."""
    net, data, w0 = problem(m=8, doubling=False)
    run = descend(net, data, w0, alpha=5.0, step=0.3, n_steps=1, loss=loss)
    residual = 5 * net.predict(w0, data.x) - data.y
    gradient = net.jacobian(w0, data.x).T @ loss.slope(residual) / (15 * 5)
    assert relative(run.w[-1] - w0, -0.3 * gradient) < 1e-12


@pytest.mark.parametrize("alpha", [1.0, 1000.0])
def test_descent_on_a_tangent_model_in_closed_form(alpha):
    """αT_f(w_k) = y + (1 − step·K/n)ᵏ(αf(w₀) − y), the same for every α as f(w₀) = 0."""
    net, data, w0 = problem()
    model = Tangent(net, w0)
    run = gradient_descent(model, data, w0, alpha=alpha, step=0.1, n_steps=500, tolerance=0)
    jacobian = net.jacobian(w0, data.x)
    one = np.eye(data.n) - 0.1 / data.n * jacobian @ jacobian.T
    for t, w in zip(run.times, run.w, strict=True):
        exact = data.y - np.linalg.matrix_power(one, round(t / 0.1)) @ data.y
        assert np.abs(alpha * model.predict(w, data.x) - exact).max() < 1e-11


def test_a_scaled_tangent_model_trains_as_figure_3_says():
    """Scaled(T_f, α) at α = 1 is T_f at α, but for the factor 1/α² of Eq. (5) in time."""
    net, data, w0 = problem(m=8)
    model = Tangent(net, w0)
    inside = descend(Scaled(model, 4.0), data, w0, step=0.05 / 16)
    outside = descend(model, data, w0, alpha=4.0, step=0.05)
    twice = descend(Scaled(Scaled(model, 2.0), 2.0), data, w0, step=0.05 / 16)
    assert relative(inside.w[-1], outside.w[-1]) < 1e-13
    assert np.array_equal(inside.w, twice.w)


@pytest.mark.parametrize("factor", [4.0, 0.125, 3.3])
@pytest.mark.parametrize("train", ["given steps", "automatic steps", "flow"])
def test_scaling_the_weights_is_scaling_the_model(train, factor):
    """Section 4.2.1: λw₀ with α = 1 trains as w₀ with α = λ², with t(α=1) = t(F_α)/α.

    Bit for bit when λ is a power of 2.
    """
    net, data, w0 = problem(tau=0.3)
    alpha = factor**2
    trainer, by_weights, by_alpha = {
        "given steps": (descend, {"step": 0.05 / alpha}, {"step": 0.05}),
        "automatic steps": (descend, {"step": "auto"}, {"step": "auto"}),
        "flow": (flow, {"t_max": 20 / alpha}, {"t_max": 20}),
    }[train]
    if trainer is descend:
        by_weights, by_alpha = ({**each, "n_steps": 400} for each in (by_weights, by_alpha))
    first = trainer(net, data, factor * w0, **by_weights)
    second = trainer(net, data, w0, alpha=alpha, **by_alpha)
    if np.log2(factor) % 1 == 0:
        assert np.array_equal(first.w / factor, second.w)
        assert np.array_equal(first.times * alpha, second.times)
    assert relative(first.w / factor, second.w) < 1e-10
    assert relative(first.times * alpha, second.times) < 1e-10
    assert relative(first.train_loss, second.train_loss) < 1e-10
    assert first.status == second.status


def test_descent_drifts_from_the_balance_of_each_neuron_by_its_step():
    """facts: bⱼ² − ‖aⱼ‖² is conserved by the flow, and by gradient descent up to O(step)."""
    net, data, w0 = problem(tau=0.3)
    steps, drift = np.array([0.1, 0.05, 0.025]), []
    for step in steps:
        run = descend(net, data, w0, step=step, n_steps=round(20 / step), tolerance=0)
        a, b = net.unpack(run.w)
        balance = b**2 - (a**2).sum(axis=-1)
        drift.append(np.abs(balance - balance[0]).max())
    assert slope(steps, drift) == pytest.approx(1, abs=0.1)


def test_small_steps_tend_to_the_flow():
    """With order 1, on a smooth model, for α ≠ 1: both live in the same time."""
    net, data, w0 = problem(tau=0.5, activation=softplus(5))
    exact = flow(net, data, w0, alpha=2.0, times=[3.0], accuracy=1e-7).w[0]
    steps = np.array([0.1, 0.05, 0.025])
    ends = [descend(net, data, w0, alpha=2.0, step=h, n_steps=round(3 / h)).w[-1] for h in steps]
    gaps = [np.abs(w - exact).max() for w in ends]
    assert slope(steps, gaps) == pytest.approx(1, abs=0.05) and gaps[-1] < 0.01


def test_training_finds_the_teacher_in_the_active_regime():
    """Figures 1(a) and 1(b): small weights travel and learn, large ones stay and fit."""
    net, data, w0 = problem(n_test=200, n=40)
    active, lazy = (gradient_flow(net, data, tau * w0, t_max=2000) for tau in (0.05, 3.0))
    zero = 0.5 * np.mean(data.y_test**2)
    assert active.test_loss[-1] < 0.01 * zero
    assert np.linalg.norm(active.w[-1] - active.w[0]) > 2 * np.linalg.norm(active.w[0])
    assert np.linalg.norm(lazy.w[-1] - lazy.w[0]) < 0.05 * np.linalg.norm(lazy.w[0])


# --- SGD -----------------------------------------------------------------------------------------


def test_each_sample_is_used_once():
    """Figure 6(b): fresh batches, uniform on the sphere, of the size asked for."""
    seen = []

    def watched(x):
        seen.append(x)
        return TEACHER(x)

    net, _, w0 = problem()
    sgd(net, watched, w0, rng=seeded(0), n_steps=30, batch_size=11)
    assert len(seen) >= 31 and {x.shape for x in seen} == {(11, 2)}
    points = np.concatenate(seen)
    assert np.abs(np.linalg.norm(points, axis=-1) - 1).max() < 1e-14
    assert len(np.unique(points, axis=0)) == len(points)


def test_the_generator_decides_the_samples():
    net, data, w0 = problem()
    first, again, other = (sample(net, data, w0, rng=seeded(seed)) for seed in (1, 1, 2))
    assert np.array_equal(first.w, again.w) and np.array_equal(first.train_loss, again.train_loss)
    assert np.abs(first.w[-1] - other.w[-1]).max() > 1e-3


@pytest.mark.parametrize("step", ["auto", 0.05])
def test_runs_share_their_samples(step):
    """Common random numbers: a run in a batch sees what it sees alone."""
    net, data, w0 = problem()
    starts = np.array([[0.1], [1.0], [1.0]]) * w0
    run = sample(net, data, starts, step=step)
    assert np.array_equal(run.w[:, 1], run.w[:, 2])
    for index in (0, 1):
        same_end(run, index, sample(net, data, starts[index], step=step))


def test_sgd_follows_the_flow_on_a_large_sample():
    """facts: at equal t, and the closer the larger its batches."""
    net, _, w0 = problem(m=10)
    large = Dataset.from_teacher(seeded(0), TEACHER, 20_000)
    exact = gradient_flow(net, large, w0, t_max=5.0, times=[5.0], accuracy=1e-4)
    gaps = []
    for size in (4, 64, 1024):
        ends = [
            sgd(net, TEACHER, w0, rng=seeded(seed), n_steps=250, batch_size=size, step=0.02)
            for seed in range(4)
        ]
        gaps.append(np.mean([np.linalg.norm(run.w[-1] - exact.w[-1]) for run in ends]))
    assert gaps[0] > 2 * gaps[1] and gaps[1] > 1.5 * gaps[2]
    assert gaps[2] < 0.01 * np.linalg.norm(exact.w[-1] - w0)


def test_sgd_reports_the_loss_of_each_batch_before_it_was_used():
    net, data, w0 = problem()
    run = sample(net, data, w0, alpha=2.0)
    rng = seeded(7)
    batches = [sphere(rng, 9, 2) for _ in range(42)][1:]  # the first one is held out
    for t, w, loss in zip(run.times, run.w, run.train_loss, strict=True):
        x = batches[round(t / 0.05)]
        assert loss == pytest.approx(quadratic.value(2 * net.predict(w, x), TEACHER(x)), rel=1e-12)


@pytest.mark.parametrize("with_test", [True, False], ids=["test samples", "none"])
def test_the_status_of_sgd_does_not_depend_on_the_last_batch(with_test):
    """A settled run has converged although the loss of a batch of 5 goes up and down by half."""
    net, data, w0 = problem(m=2, n_test=500)
    test = (data.x_test, TEACHER(data.x_test)) if with_test else None
    options = {"batch_size": 5, "step": 0.002, "n_steps": 4000, "test": test}
    settled = sample(net, data, w0, **{**options, "step": 0.02}).w[-1]
    for seed in range(5):
        run = sample(net, data, settled, **{**options, "n_steps": 100}, rng=seeded(seed))
        assert run.status == "converged"
        assert run.train_loss.max() > 1.5 * run.train_loss.min()
    assert sample(net, data, w0, **{**options, "n_steps": 500}).status == "still falling"


def test_the_status_of_sgd_is_read_off_the_test_samples():
    """Labels of the opposite sign: the better the fit, the worse than zero is the test loss."""
    net, data, w0 = problem()
    opposite = (data.x_test, -TEACHER(data.x_test))
    options = {"batch_size": 200, "n_steps": 20, "step": 0.02}
    assert sample(net, data, w0, **options).status == "still falling"
    assert sample(net, data, w0, **options, test=opposite).status == "diverged"


def test_sgd_s_automatic_steps_are_stable_in_100_dimensions():
    """Figure 6(b)'s setting, from the active to the lazy regime."""
    net, true = TwoLayer(100, 20), teacher(seeded(1), 100)
    w0 = net.init(seeded(2), tau=[0.01, 0.1, 1.0, 8.0])
    x = sphere(seeded(3), 300, 100)
    run = sgd(net, true, w0, rng=seeded(4), n_steps=150, batch_size=40, test=(x, true(x)))
    assert set(run.status) <= {"converged", "still falling"}
    assert (run.test_loss[-1] < 0.8 * run.test_loss[0]).all()


# --- times and bad input -------------------------------------------------------------------------


def test_the_flow_stops_at_its_time_and_keeps_the_times_asked_for():
    net, data, w0 = problem(activation="softplus")
    run = flow(net, data, w0, t_max=2.0, record=7)
    assert len(run) == 7 and run.times[-1] == pytest.approx(2.0, rel=1e-12)
    asked = flow(net, data, w0, t_max=2.0, times=run.times)
    assert np.array_equal(asked.w, run.w) and np.array_equal(asked.times, run.times)


@pytest.mark.parametrize("method", ["RKC", "DOP853"])
def test_a_flow_cut_by_max_steps_says_so(method):
    net, data, w0 = problem()
    options = {"t_max": 500, "max_steps": 3, "method": method}
    run = gradient_flow(net, data, w0, **options)
    assert run.status == "out of steps" and 0 < run.times[-1] < 500
    with pytest.warns(RuntimeWarning, match=r"max_steps = 3 ended the flow before t = \[ *1\. 500"):
        run = gradient_flow(net, data, w0, times=[1e-9, 1, 500], **options)
    assert run.status == "out of steps" and run.times[0] == 1e-9


@pytest.mark.parametrize("record", [2, 3, 17])
@each_trainer
def test_at_most_so_many_frames_are_kept(train, record):
    net, data, w0 = problem(m=8)
    assert 2 <= len(train(net, data, w0, record=record)) <= record


NET, DATA, W0 = problem()
OTHER = TwoLayer(3, 20)
BAD = {
    "step 0": (descend, {"step": 0}, ValueError, "step must be > 0"),
    "step word": (descend, {"step": "big"}, ValueError, "step must be one of 'auto', got 'big'"),
    "step NaN": (sample, {"step": np.nan}, ValueError, "step must be finite"),
    "steps": (
        descend,
        {"step": np.ones(3)},
        ValueError,
        "step has shape (3,), but the runs have shape ()",
    ),
    "no steps": (descend, {"n_steps": 0}, ValueError, "n_steps must be at least 1"),
    "half steps": (sample, {"n_steps": 1.5}, TypeError, "n_steps must be an integer"),
    "one frame": (descend, {"record": 1}, ValueError, "record must be at least 2"),
    "frames": (flow, {"record": "all"}, TypeError, "record must be an integer"),
    "alpha": (flow, {"alpha": -1.0}, ValueError, "alpha must be > 0"),
    "alpha NaN": (sample, {"alpha": np.nan}, ValueError, "alpha must be finite"),
    "loss": (descend, {"loss": "quadratic"}, TypeError, "loss must be a Loss"),
    "tolerance": (descend, {"tolerance": -1e-9}, ValueError, "tolerance must be >= 0"),
    "tolerance 2": (descend, {"tolerance": 2}, ValueError, "tolerance must be <= 1"),
    "tolerance 1": (flow, {"tolerance": 1}, ValueError, "tolerance must be <= 1"),
    "tolerance NaN": (flow, {"tolerance": np.nan}, ValueError, "tolerance must be finite"),
    "tolerance word": (
        flow,
        {"tolerance": "none"},
        TypeError,
        "tolerance must be an array of real",
    ),
    "t_max": (flow, {"t_max": 0}, ValueError, "t_max must be > 0"),
    "t_maxs": (flow, {"t_max": [1, 2]}, TypeError, "t_max must be one number"),
    "accuracy": (flow, {"accuracy": -0.1}, ValueError, "accuracy must be >= 1e-14"),
    "accuracies": (flow, {"accuracy": 1e-100}, ValueError, "accuracy must be >= 1e-14"),
    "accuracy 2": (flow, {"accuracy": 2}, ValueError, "accuracy must be <= 1"),
    "max_steps": (flow, {"max_steps": 0}, ValueError, "max_steps must be at least 1"),
    "method": (flow, {"method": "Radau"}, ValueError, "method must be one of 'RKC', 'DOP853'"),
    "watch word": (flow, {"watch": "all"}, TypeError, "watch must be a function"),
    "watch": (flow, {"method": "DOP853", "watch": print}, ValueError, "watch is for the method"),
    "times fall": (flow, {"times": [1, 0.5]}, ValueError, "times must be one increasing list"),
    "no times": (flow, {"times": []}, ValueError, "times must be one increasing list"),
    "early times": (flow, {"times": [-1, 1]}, ValueError, "times must be one increasing list"),
    "seed": (sample, {"rng": 7}, TypeError, "rng must be a numpy.random.Generator"),
    "batch size": (sample, {"batch_size": 0}, ValueError, "batch_size must be at least 1"),
    "test word": (sample, {"test": "data"}, TypeError, "test must be a pair (x, y)"),
    "test": (
        sample,
        {"test": (DATA.x, DATA.y[1:])},
        ValueError,
        "y_test must have shape (..., 15)",
    ),
}


@pytest.mark.parametrize(("train", "options", "error", "message"), BAD.values(), ids=BAD)
def test_bad_options_are_named(train, options, error, message):
    with pytest.raises(error, match=re.escape(message)):
        train(NET, DATA, W0, **options)


@pytest.mark.parametrize(
    ("model", "data", "w0", "error", "message"),
    [
        (NET, "data", W0, TypeError, "data must be a Dataset"),
        (DATA, NET, W0, TypeError, "model must be a Model"),
        (TwoLayer, DATA, W0, TypeError, "model must be a Model"),
        (NET, DATA, W0[1:], ValueError, "w0 must have shape (..., 60)"),
        (NET, DATA, W0 * np.inf, ValueError, "w0 must be finite"),
        (OTHER, DATA, OTHER.init(seeded(0)), ValueError, "data.x must have shape (..., 3)"),
        (NET, DATA, np.empty((0, 60)), ValueError, "w0 must hold at least one run"),
    ],
)
def test_arguments_that_do_not_fit_are_named(model, data, w0, error, message):
    for train in (descend, flow):
        with pytest.raises(error, match=re.escape(message)):
            train(model, data, w0)


@pytest.mark.parametrize(
    ("teacher", "error", "message"),
    [
        (lambda x: np.ones(3), ValueError, "teacher must return shape (9,)"),
        (lambda x: 1.0, ValueError, "teacher must return shape (9,)"),
        (lambda x: 1j * x[:, 0], TypeError, "teacher(x) must be an array of real numbers"),
        (lambda x: np.nan * x[:, 0], ValueError, "teacher(x) must be finite"),
        ("teacher", TypeError, "teacher must be a function"),
    ],
)
def test_a_teacher_that_returns_something_else_is_named(teacher, error, message):
    with pytest.raises(error, match=re.escape(message)):
        sgd(NET, teacher, W0, rng=seeded(0), n_steps=3, batch_size=9)


@pytest.mark.parametrize("train", [descend, flow])
def test_logistic_labels_other_than_one_are_refused(train):
    with pytest.raises(ValueError, match="data.y must hold labels .1 or −1 for the logistic loss"):
        train(NET, Dataset(DATA.x, DATA.y), W0, loss=logistic)
    signs = Dataset(DATA.x, np.sign(DATA.y - DATA.y.mean()))
    assert train(NET, signs, W0, loss=logistic).status == "still falling"


def test_inputs_of_each_run_with_one_test_set():
    x = seeded(0).normal(size=(3, 6, 2))
    data = Dataset(x, x[..., 0], DATA.x_test, DATA.y_test)
    for train in (descend, flow):
        run = train(NET, data, W0)
        assert run.test_loss.shape == run.times.shape == (len(run), 3)
        assert run.zero_test_loss.shape == (3,)


# --- statuses at every scale ---------------------------------------------------------------------


@each_trainer
@pytest.mark.parametrize("steps", [1, 5])
def test_a_run_that_has_hardly_begun_is_still_falling(train, steps):
    """One step, or a few tiny ones: .996 of R(0) is no end."""
    options = {"t_max": 1e-4} if train is flow else {"n_steps": steps, "step": 1e-4}
    run = train(NET, DATA, W0, **options)
    assert train is sample or 0.99 < run.train_error[-1] < 1
    assert run.status == "still falling"


@pytest.mark.parametrize("alpha", [1e-8, 1.0, 1e8])
@pytest.mark.parametrize("labels", [1e-150, 1e-20, 1.0, 1e20, 1e90])
def test_statuses_do_not_depend_on_the_units(alpha, labels):
    """αf with w of size √(y/α) is one and the same problem at every scale."""
    data, scale = Dataset(DATA.x, labels * DATA.y), np.sqrt(labels / alpha)
    for t, expected in ((3e-3, "still falling"), (2e4, "converged")):
        time = t * alpha / labels
        options = {"alpha": alpha, "t_max": time, "tolerance": 1e-4}
        assert gradient_flow(NET, data, scale * W0, **options).status == expected
    options = {"alpha": alpha, "step": 1e4 * alpha / labels, "n_steps": 50}
    assert gradient_descent(NET, data, scale * W0, **options).status == "diverged"


@pytest.mark.parametrize(
    ("dtype", "alpha"), [("float32", 1e7), ("float64", 1e14), ("float64", 1e16)]
)
@pytest.mark.parametrize("train", [descend, flow])
def test_steps_lost_to_rounding_stall(train, dtype, alpha):
    options = {"t_max": 100} if train is flow else {"n_steps": 300, "step": "auto"}
    run = train(NET, DATA, W0.astype(dtype), alpha=alpha, **options)
    assert run.status == "stalled" and run.train_error[-1] > 1e-3


def test_a_step_too_small_for_its_precision_is_refused_or_stalls():
    with pytest.raises(ValueError, match="step must be > 0 and finite in float32"):
        descend(NET, DATA, W0.astype("f4"), step=1e-50)
    assert descend(NET, DATA, W0, step=1e-50).status == "stalled"


@pytest.mark.parametrize("doubling", [True, False])
@pytest.mark.parametrize("size", [1e20, -1e40, 1e60, -1e100, 1e160])
@pytest.mark.parametrize("train", [descend, flow])
def test_enormous_weights_have_their_true_loss_or_are_refused(train, size, doubling):
    """αf(w₀) = 0 by the doubling trick is rounding of another size than the labels."""
    w0 = size * problem(doubling=doubling)[2]
    options = {"max_steps": 50} if train is flow else {"step": "auto"}
    if doubling or abs(size) > 1e50:
        with pytest.raises(ValueError, match="w0 is so large that the loss is"):
            train(NET, DATA, w0, **options)
        return
    run = train(NET, DATA, w0, **options)
    f = NET.predict(w0 / abs(size), DATA.x)
    assert run.train_loss[0] == pytest.approx(0.5 * np.mean(f**2) * size**4, rel=1e-9)
    assert run.status in ("still falling", "out of steps", "diverged")


@pytest.mark.parametrize("options", [{}, {"method": "DOP853"}, None])
def test_labels_of_zero_are_fitted_by_the_doubling_trick(options):
    data = Dataset(DATA.x, 0 * DATA.y)
    run = descend(NET, data, W0) if options is None else flow(NET, data, W0, **options)
    assert run.status == "converged" and run.times[-1] == 0


def test_a_flow_to_many_digits_has_a_limit_of_steps():
    """From weights of 10²⁰, 10⁴⁰ steps of the explicit method would be needed."""
    w0 = 1e20 * problem(doubling=False)[2]
    run = gradient_flow(NET, DATA, w0, t_max=1, method="DOP853", max_steps=50)
    assert run.status in ("out of steps", "stalled") and run.n_steps < 1500


def test_a_run_that_has_been_fitted_stands_still_while_its_batch_goes_on():
    net, _, w0 = problem(activation=softplus(3), m=8)
    data = Dataset(DATA.x, np.stack([0 * DATA.y, DATA.y]))
    run = flow(net, data, w0, method="DOP853", t_max=2, accuracy=1e-6)
    assert run.status.tolist() == ["converged", "still falling"]
    alone = flow(net, DATA, w0, method="DOP853", t_max=2, accuracy=1e-6)
    assert relative(run.w[-1, 1], alone.w[-1]) < 1e-5
    assert np.array_equal(run.w[-1, 0], w0) and run.times[-1, 1] == 2


@pytest.mark.parametrize("activation", ["relu", "tanh"])
@pytest.mark.parametrize("alpha", [0.3, 1.0])
def test_one_small_network_takes_the_same_steps_as_in_a_batch(activation, alpha):
    """The formulas without the axis of the runs, fused for the ReLU, against the general ones."""
    net, data, w0 = problem(activation=activation, scale=0.7, doubling=False)
    for loss in (quadratic, log_cosh()):
        single = batch(net, data, w0, alpha, loss)[2]
        general = batch(net, data, w0[None], alpha, loss)[2]
        assert single.single and not general.single
        pairs = zip(single.gradient(w0[None]), general.gradient(w0[None]), strict=True)
        for ours, theirs in pairs:
            assert relative(ours, theirs) < 1e-13
