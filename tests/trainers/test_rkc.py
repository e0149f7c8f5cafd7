"""The stabilised integrator: its order, stability and economy, and the flow it follows."""

import numpy as np
import pytest
from helpers import problem, slope
from scipy.integrate import solve_ivp

from lazylib import Tangent, gradient_flow, log_cosh, quadratic, softplus
from lazylib.trainers.objective import batch
from lazylib.trainers.rkc import coefficients, first_sharpness, integrate, rkc_step, slowed_step

STAGES = [2, 3, 5, 12, 40, 120]


def reference(net, data, w0, times, alpha=1.0, loss=quadratic):
    """Return w at ``times`` by SciPy's method of order 8, for smooth networks."""
    objective = batch(net, data, w0, alpha, loss)[2]
    solution = solve_ivp(
        lambda t, w: -objective.gradient(w[None])[1][0],
        (0, times[-1]),
        w0,
        method="DOP853",
        t_eval=times,
        rtol=1e-10,
        atol=1e-13,
    )
    return solution.y.T


# --- one step ------------------------------------------------------------------------------------


def stability(s, z):
    """Return the factor by which a step of w′ = λw multiplies w, for z = hλ."""
    change = rkc_step(lambda w: -z[:, None] * w, np.ones((z.size, 1)), -z[:, None], 1.0, s)
    return 1 + change[:, 0]


@pytest.mark.parametrize("s", STAGES)
def test_step_agrees_with_the_exponential_to_order_2(s):
    """The stability polynomial is 1 + z + z²/2 + O(z³), with another z³ than e^z has."""
    z = -np.logspace(-3, -1, 5)
    assert slope(-z, np.abs(stability(s, z) - np.exp(z))) == pytest.approx(3, abs=0.05)


@pytest.mark.parametrize("s", STAGES)
def test_steps_are_stable_to_0_65_s_squared(s):
    """The interval that the choice of stages relies on, (s² − 1)/1.54, and hardly more."""
    edge = (s**2 - 1) / 1.54
    z = -np.linspace(0, edge, 20_001)
    factor = np.abs(stability(s, z))
    assert factor.max() <= 1 + 1e-12
    damped = (z < -3) & (z > -0.98 * edge)
    if damped.any():  # the damping of the method: 5 %
        assert factor[damped].max() < 0.957
    assert np.abs(stability(s, -np.linspace(edge, 1.4 * edge))).max() > 1


@pytest.mark.parametrize("s", [2, 5, 12])
def test_steps_have_order_2_on_a_network(s):
    net, data, w0 = problem(tau=0.5, activation=softplus(5))
    objective = batch(net, data, w0, 1.0, quadratic)[2]
    exact = reference(net, data, w0, [0, 8.0])[1]

    def downhill(w):
        return objective.gradient(w)[1]

    numbers, errors = [64, 128, 256], []
    for number in numbers:
        w, h = w0[None], np.full((1, 1), 8 / number)
        for _ in range(number):
            w = w + rkc_step(downhill, w, downhill(w), h, s)
        errors.append(np.abs(w[0] - exact).max())
    assert slope(numbers, errors) == pytest.approx(-2, abs=0.1)


def test_runs_have_steps_of_their_own():
    z = np.array([-0.3, -2.0, -7.0])
    together = rkc_step(lambda w: w, np.ones((3, 1)), np.ones((3, 1)), -z[:, None], 5)
    assert np.allclose(1 + together[:, 0], stability(5, z), rtol=1e-13)


def test_coefficients_are_plain_numbers_that_keep_single_precision():
    first, rows = coefficients(4)
    assert type(first) is float and len(rows) == 3
    w = np.ones((2, 3), "float32")
    assert rkc_step(lambda w: w, w, w, np.float32([[0.1], [0.2]]), 4).dtype == np.float32


# --- the sharpest direction, slowed down ---------------------------------------------------------


class Bowl:
    """½ Σ λₖ(wₖ − 1)² for two runs: a quadratic objective with eigenvalues of our choice."""

    def __init__(self, eigenvalues):
        self.eigenvalues = np.broadcast_to(eigenvalues, (2, len(eigenvalues)))

    def gradient(self, w):
        slope = self.eigenvalues * (w - 1)
        return 0.5 * (slope * (w - 1)).sum(axis=-1), slope

    def hessian_product(self, w, gradient, vector):
        return self.eigenvalues * vector

    def forward_backward(self, w):
        return None, self.gradient(w)[1]

    def start(self, w, tolerance):
        return *self.gradient(w), np.full(2, tolerance)


def follow(eigenvalues, t_max, accuracy=0.02):
    """Return the largest error along the flow in `Bowl`, and the number of gradients."""
    errors = []

    def watch(clocks, w, velocity, count):
        t = np.array([[clock.t] for clock in clocks])
        errors.append(np.abs(w - (1 - np.exp(-t * np.asarray(eigenvalues)))).max())

    options = {"accuracy": accuracy, "tolerance": 0, "max_steps": 10_000, "watch": watch}
    start = np.zeros((2, len(eigenvalues)))
    _, count = integrate(Bowl(eigenvalues), start, t_max=t_max, **options)
    return max(errors), count


BULK = np.geomspace(1, 1e-4, 40)


@pytest.mark.parametrize("outlier", [10.0, 100.0, 1000.0])
def test_one_sharp_direction_hardly_costs_more_and_errs_no_more(outlier):
    """Without the slowing, an outlier 100 times the bulk would cost 10 times the gradients."""
    error, count = follow(np.append(outlier, BULK), t_max=1e4)
    error_bulk, count_bulk = follow(BULK, t_max=1e4)
    assert error < 1.5 * error_bulk < 0.05
    assert count < (1.4 + 0.2 * np.log10(outlier)) * count_bulk


def test_the_slowed_flow_tends_to_the_exact_one():
    """The lag of the slowed direction is part of the error that ``accuracy`` bounds."""
    accuracies = (0.1, 0.01, 1e-3)
    errors = [follow(np.append(100.0, BULK), 1e3, accuracy)[0] for accuracy in accuracies]
    assert errors[1] < 0.3 * errors[0] and errors[2] < 0.3 * errors[1]
    assert all(error < 4 * asked for error, asked in zip(errors, accuracies, strict=True))


def test_a_step_is_slowed_only_as_far_as_its_stages_need():
    bowl, w = Bowl(np.append(100.0, BULK)), np.zeros((2, 41))
    value, gradient = bowl.gradient(w)
    bend, _ = first_sharpness(bowl, w, gradient)
    for h, slowed in ((1e-3, False), (1.0, True)):
        w_new, _, _, _, s = slowed_step(bowl, w, gradient, [h, h], bend)
        plain = w + rkc_step(lambda w: bowl.gradient(w)[1], w, gradient, h, s)
        assert s == 2
        assert np.allclose(w_new[:, 1:], plain[:, 1:], atol=1e-3)
        assert np.allclose(w_new[:, 0], plain[:, 0]) is not slowed
        assert (np.abs(w_new[:, 0]) < 1.1).all()


@pytest.mark.parametrize("tau", [0.05, 0.5, 3.0])
def test_curvature_is_that_of_the_hessian(tau):
    """Against dense eigenvalues: the sharpest direction, and the norm of what it leaves over."""
    net, data, w0 = problem(m=10, tau=tau, activation=softplus(4), doubling=False)
    objective = batch(net, data, w0, 1.0, quadratic)[2]
    gradient = objective.gradient(w0[None])[1]
    hessian = np.array(
        [objective.hessian_product(w0[None], gradient, v[None])[0] for v in np.eye(w0.size)]
    )
    values, vectors = np.linalg.eigh((hessian + hessian.T) / 2)
    assert values[-1] > -values[0]
    bend, _ = first_sharpness(objective, w0[None], gradient)
    for _ in range(60):
        bend, _ = bend.followed(objective, w0[None], gradient)
    assert bend.sharpest[0] == pytest.approx(values[-1], rel=1e-3)
    assert abs(bend.direction[0] @ vectors[:, -1]) > 0.99
    rest = max(values[-2], -values[0])
    assert bend.rest[0] == pytest.approx(rest, rel=0.05)


def test_a_direction_in_which_the_flow_runs_away_is_never_slowed():
    """At a saddle the largest |eigenvalue| may be negative; all of the curvature is then rest."""
    bowl, w = Bowl(np.array([-5.0, 1.0, 0.5])), np.zeros((2, 3))
    bend, _ = first_sharpness(bowl, w, bowl.gradient(w)[1])
    for _ in range(20):
        bend, _ = bend.followed(bowl, w, bowl.gradient(w)[1])
    assert (bend.sharpest == 0).all() and bend.rest == pytest.approx(5.0)
    with np.errstate(divide="ignore"):
        *_, error, _ = slowed_step(bowl, w, bowl.gradient(w)[1], [1e-3, 1e-3], bend)
    assert np.isfinite(error).all()


# --- the flow ------------------------------------------------------------------------------------


@pytest.mark.parametrize("tau", [0.1, 2.0])
@pytest.mark.parametrize("loss", [quadratic, log_cosh()], ids=lambda loss: loss.name)
def test_flow_tends_to_that_of_a_method_of_order_8(tau, loss):
    """A smooth network: the error, relative to ‖w − w₀‖, falls with ``accuracy``."""
    net, data, w0 = problem(tau=tau, activation=softplus(5))
    times = np.linspace(0, 40, 9)
    exact = reference(net, data, w0, times, alpha=0.5, loss=loss)
    scale = np.linalg.norm(exact[-1] - w0)
    errors = []
    for accuracy in (0.03, 3e-3, 3e-4, 3e-5):
        options = {"accuracy": accuracy, "times": times, "tolerance": 0, "loss": loss}
        run = gradient_flow(net, data, w0, alpha=0.5, t_max=40, **options)
        assert np.array_equal(run.times, times)
        errors.append(np.linalg.norm(run.w - exact, axis=-1).max() / scale)
        assert errors[-1] < 4 * accuracy
    assert errors[0] < 0.01 and errors[-1] < 1e-4
    assert all(finer < 0.6 * coarser for coarser, finer in zip(errors, errors[1:], strict=False))


@pytest.mark.parametrize("alpha", [0.3, 1.0, 100.0])
def test_tangent_flow_is_the_matrix_exponential(alpha):
    """facts: u(t) = y + exp(−tK/n)(u₀ − y) for u = αT_f, the same for every α if u₀ = 0."""
    net, data, w0 = problem(activation="relu")
    times = np.array([0.0, 0.1, 1.0, 10.0, 100.0])
    model = Tangent(net, w0)
    run = gradient_flow(
        model, data, w0, alpha=alpha, t_max=100, accuracy=1e-4, times=times, tolerance=0
    )
    jacobian = net.jacobian(w0, data.x)
    values, vectors = np.linalg.eigh(jacobian @ jacobian.T / data.n)
    decay = np.exp(-np.outer(times, values)) * (vectors.T @ -data.y)
    exact = data.y + decay @ vectors.T
    predicted = alpha * np.stack([model.predict(w, data.x) for w in run.w])
    assert np.abs(predicted - exact).max() < 1e-3 * np.abs(data.y).max()
    assert np.allclose(run.train_loss, 0.5 * ((exact - data.y) ** 2).mean(-1), rtol=1e-2, atol=1e-9)


def test_flow_conserves_the_balance_of_each_relu_neuron():
    """facts: bⱼ² − ‖aⱼ‖² stands still along the flow of a 2-homogeneous unit."""
    net, data, w0 = problem(tau=0.5)
    drift = []
    for accuracy in (0.1, 0.01, 1e-3):
        run = gradient_flow(net, data, w0, t_max=30, accuracy=accuracy)
        a, b = net.unpack(run.w)
        balance = b**2 - (a**2).sum(axis=-1)
        drift.append(np.abs(balance - balance[0]).max())
    assert drift[0] < 0.05 and drift[1] < 0.5 * drift[0] and drift[2] < 0.5 * drift[1]


@pytest.mark.parametrize("dtype, alpha", [("float64", 1e-4), ("float64", 1e9), ("float32", 3e3)])
def test_flow_gets_off_at_any_scale(dtype, alpha):
    """Steep starts, where the Hessian is indefinite, and changes that are small beside w."""
    net, data, w0 = problem()
    run = gradient_flow(net, data, w0.astype(dtype), alpha=alpha, t_max=30)
    assert run.status in ("converged", "still falling")
    assert run.train_loss[-1] < 0.05 * run.train_loss[0]


# --- starts from which there is no going on ------------------------------------------------------


def test_a_dead_network_stands_still_to_the_end():
    """At w₀ = 0 a ReLU network has no gradient: the flow is constant, not stuck."""
    net, data, w0 = problem()
    run = gradient_flow(net, data, 0 * w0, t_max=7, times=[0, 7])
    assert run.status == "converged" and run.times.tolist() == [0, 7] and not run.w.any()
    assert run.n_steps < 100
    w0[: -net.m] = 0  # output weights alone: nothing moves, whatever the rounding
    run = gradient_flow(net, data, w0, t_max=7, times=[0, 7])
    assert run.times[-1] == 7 and np.array_equal(run.w[-1], w0) and run.n_steps < 100


def test_a_step_does_not_depend_on_how_the_runs_lie_in_memory():
    """Runs that share one w₀ lie column by column: their step is that of the same rows."""
    slope = np.linspace(1, 9, 12).reshape(3, 4)
    w, h = np.linspace(0, 1, 12).reshape(3, 4), np.full((3, 1), 0.05)
    for s in (2, 3, 7):
        rows = rkc_step(lambda w: slope * w, w, slope * w, h, s)
        columns = np.asfortranarray(w)
        np.testing.assert_array_equal(
            rkc_step(lambda w: slope * w, columns, slope * columns, h, s), rows
        )


def test_the_same_runs_give_the_same_numbers_whatever_memory_held_before():
    """Several α from one w₀: bit for bit the same, with memory that others have written to."""
    net, data, w0 = problem(n=4, m=100, d=5, doubling=False)
    runs = []
    for value in (0.0, 1e300, np.nan):
        soiled = [np.full(size, value) for size in (100, 600, 2400, 9600) for _ in range(20)]
        del soiled
        runs.append(gradient_flow(net, data, w0, alpha=[0.01, 0.1, 1, 10], t_max=30))
    assert len({run.n_steps for run in runs}) == len({run.w.tobytes() for run in runs}) == 1
