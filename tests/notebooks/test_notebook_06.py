"""What notebook 06 says, on several draws: each test quotes the sentence that it decides."""

import numpy as np
import pytest

import lazylib as lazy
from lazylib.experiments import space_setting, stored, train_in_space
from lazylib.models import Tangent
from lazylib.theory import neuron_angles

GENERALIZATION, WIDTH = stored("generalization"), stored("width")
DRAWS = [lazy.nth_draw(k, d=100, n=1000, n_test=1000) for k in range(10)]
EQUAL = np.array([abs(teacher.b.sum()) == 3 for teacher, _, _ in DRAWS])
CONSTANT = np.array([np.var(data.y_test) / np.mean(data.y_test**2) for _, data, _ in DRAWS])


def test_the_plateau_has_two_heights_and_its_mean_describes_neither():
    """Relative to the zero predictor the plateau has two heights."""
    plateau = GENERALIZATION.values["best"][:, -1]
    assert EQUAL.sum() == 4
    assert plateau[EQUAL].max() < 0.18 < plateau.mean() < 0.29 < plateau[~EQUAL].min()


def test_relative_to_the_best_constant_all_draws_agree():
    """The plateau lies between .35 and .44, and at τ = 0.01 the error is 16 to 43 times smaller."""
    best = GENERALIZATION.values["best"]
    relative = best[:, -1] / CONSTANT
    assert 0.345 < relative.min() and relative.max() < 0.445
    factor = best[:, -1] / best[:, list(GENERALIZATION.grid["tau"]).index(0.01)]
    assert 15.5 < factor.min() and factor.max() < 43.5


def test_an_equal_sign_teacher_has_58_percent_of_its_energy_in_its_mean():
    """With equal signs 58 % of a teacher's energy is in its mean."""
    share = 1 - CONSTANT
    assert np.abs(share[EQUAL] - 0.58).max() < 0.03
    assert share[~EQUAL].max() < 0.2


def test_the_plateau_is_the_tangent_kernel_at_its_own_best_time_draw_by_draw():
    """The tangent kernel at its own best time: the plateau, draw by draw."""
    values = GENERALIZATION.values
    assert values["best"][:, -1] == pytest.approx(values["kernel_best"][:, -1], rel=0.003)


def test_at_the_smallest_tau_it_does_not_matter_when_one_stops():
    """There stopping does not matter; on the plateau the end is far worse."""
    best, end = GENERALIZATION.values["best"], GENERALIZATION.values["end"]
    assert (end[:, :3] < 1.03 * best[:, :3]).all()
    assert (end[:, -1] > 1.4 * best[:, -1]).all()


@pytest.mark.parametrize("draw", [0, 3])
def test_at_tau_a_tenth_a_run_improves_on_its_kernel_and_then_gets_worse(draw):
    """The best stop lies between t = 1200 and 1900; the end is 16 to 21 % worse."""
    result = train_in_space(0.1, draw)
    test, kernel = result.errors["test"], result.errors["test, tangent kernel"]
    best = test.argmin()
    assert 1100 < result.run.times[best] < 2100
    assert test[best] < 0.9 * kernel.min()
    assert 1.13 < test[-1] / test[best] < 1.25


@pytest.mark.parametrize("draw", [1, 2])
def test_neurons_that_turn_become_heavy(draw):
    """At the end the heavier half stands near 30°, the lighter near 55°."""
    result = train_in_space(0.01, draw)
    net, w = result.draw.net, result.run.w[-1]
    angles = neuron_angles(net, w, result.draw.teacher)
    mass = np.linalg.norm(net.positions(w), axis=-1)
    heavy = mass >= np.median(mass)
    assert angles[heavy].mean() == pytest.approx(30, abs=6)
    assert 45 < angles[~heavy].mean() < 70


def test_nothing_in_figure_6a_is_lazy():
    """At m = 512 the displacement is a half; with 1/m neurons move as before."""
    moved = WIDTH.values["displacement"]
    assert moved[:, 1, -1] == pytest.approx(0.5, abs=0.04)
    assert moved.min() > 0.4
    assert moved[:, 0].min() > 1.8 and np.ptp(moved[:, 0].mean(axis=0)[1:]) < 0.4


@pytest.mark.parametrize("draw", [1, 2])
def test_at_512_neurons_the_error_is_half_that_of_the_networks_own_tangent_model(draw):
    """The error half that of the network's own tangent model, here in its exact form."""
    teacher, data, rng = lazy.nth_draw(draw, d=100, n=1000)
    net = lazy.TwoLayer(100, 512)
    w0 = net.init(rng)
    _, pullback = net.vjp(w0, data.x)
    w = w0 + pullback(np.linalg.solve(lazy.tangent_kernel(net, w0, data.x), data.y))
    population = lazy.Population(teacher)
    own = population.loss(Tangent(net, w0), w) / population.zero_loss()
    assert WIDTH.values["end"][draw, 1, -1] == pytest.approx(own / 2, rel=0.2)


@pytest.mark.parametrize("draw", [0, 1])
def test_with_tau_1_and_alpha_1_over_m_no_width_is_lazy(draw):
    """One with 1/m in between at every width; one with 1/√m lazy from m = 128 on."""
    options = {"accuracy": 0.03, "record": 2, "max_steps": 400}
    for m, expected in ((8, 0.45), (128, 0.21)):
        _, data, rng = lazy.nth_draw(draw, d=100, n=1000)
        net = lazy.TwoLayer(100, m)
        w0 = net.init(rng)
        run = lazy.gradient_flow(net, data, w0, alpha=1 / m, t_max=125_000 / m, **options)
        assert lazy.displacement(run.w[-1], w0) == pytest.approx(expected, rel=0.25)
    run = lazy.gradient_flow(net, data, w0, alpha=m**-0.5, t_max=2.5e6 / m, **options)
    assert lazy.displacement(run.w[-1], w0) < 0.05


def test_more_data_help_the_arc_cosine_kernel_only_slowly():
    """From n = 250 to 2000 its best error falls only from .40 to .23."""
    for n, expected in ((250, 0.40), (2000, 0.23)):
        _, data, _ = lazy.nth_draw(2, d=100, n=n, n_test=1000)
        flow = lazy.KernelFlow(sum(lazy.limit_kernels(data.x)), data.y)
        best = flow.best_stop(sum(lazy.limit_kernels(data.x_test, data.x)), data.y_test)
        assert 2 * best.loss / np.var(data.y_test) == pytest.approx(expected, abs=0.006)


def test_the_setting_of_the_panels_draw_is_that_of_the_stored_one():
    """One stored level, checked."""
    shared = space_setting(2)
    level = shared.levels["kernel_best"] / shared.data.zero_test_loss
    assert level == pytest.approx(GENERALIZATION.values["kernel_best"][2, 0], rel=1e-6)
