"""How runs end, as one reads it off the curve of the loss: one meaning a word, at every scale."""

import numpy as np
import pytest
from helpers import DATA, problem

from lazylib import Dataset, gradient_descent, gradient_flow, softplus
from lazylib.experiments import load
from lazylib.experiments.underparameterized import still_falling
from lazylib.trainers import OF_ITSELF, OF_ZERO, status

SCALES = [1e-12, 1e-3, 1.0, 1e6, 1e100]


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize(
    ("loss", "before", "start", "word"),
    [
        (0.1, 0.1 * (1 + 2 * OF_ITSELF), 1.0, "still falling"),
        (0.1, 0.1 * (1 + 0.5 * OF_ITSELF), 1.0, "converged"),
        (0.5 * OF_ZERO, 2 * OF_ZERO, 1.0, "converged"),
        (0.996, 0.9964, 1.0, "still falling"),  # it has hardly begun
        (2.0, 1.5, 1.0, "diverged"),
        (np.nan, 1.0, 1.0, "diverged"),
    ],
)
def test_the_words_do_not_depend_on_the_scale_of_the_labels(loss, before, start, word, scale):
    assert status(scale * loss, scale * before, scale, scale * start) == word


@pytest.mark.parametrize("options", [{"max_steps": 1}, {"max_steps": 3}])
def test_a_flow_that_runs_out_of_steps_says_so(options):
    net, data, w0 = problem()
    run = gradient_flow(net, data, w0, t_max=500, record=2, **options)
    assert run.status == "out of steps" and run.times[-1] < 500


def test_frames_that_were_not_reached_are_named():
    net, data, w0 = problem()
    with pytest.warns(RuntimeWarning, match="30"):
        run = gradient_flow(net, data, w0, t_max=30, times=[30.0], accuracy=1e-5, max_steps=20)
    assert run.status == "out of steps" and run.times[-1] < 30


def test_descent_that_has_hardly_begun_is_still_falling():
    """5,000 steps of 5e-5 bring the loss to .95 of the zero predictor's: nobody calls that done."""
    net, data, w0 = problem(tau=0.1)
    run = gradient_descent(net, data, w0, step=5e-5, n_steps=5000)
    assert run.train_error[-1] > 0.5 and run.status == "still falling"


@pytest.mark.parametrize(("dtype", "alpha"), [("float32", 1e7), ("float64", 1e16)])
def test_steps_that_rounding_swallows_are_no_convergence(dtype, alpha):
    net, data, w0 = problem(activation=softplus(5), doubling=False)
    data, w0 = Dataset(data.x, data.y), w0.astype(dtype)
    for run in (
        gradient_flow(net, data, w0, t_max=100, alpha=alpha),
        gradient_descent(net, data, w0, n_steps=500, alpha=alpha),
    ):
        assert run.status in ("stalled", "diverged", "still falling") or run.train_error[-1] < 1e-6


@pytest.mark.parametrize("size", [1e20, 1e60, 1e160])
def test_starts_beyond_all_measure_do_not_converge(size):
    net, data, w0 = problem()
    for train, options in ((gradient_flow, {"t_max": 1.0}), (gradient_descent, {"n_steps": 20})):
        try:
            word = train(net, data, size * w0[::-1], **options).status
        except ValueError as error:
            word = str(error)
        assert word != "converged"


@pytest.mark.parametrize("n_steps", [3, 50])
@pytest.mark.parametrize("scale", [1e50, 1e100])
def test_descent_whose_weights_still_grow_has_not_converged(scale, n_steps):
    """Labels so large that the loss stays at R(0), to the last digit, while w grows by halves."""
    net, data, w0 = problem()
    run = gradient_descent(net, Dataset(data.x, scale * data.y), w0, n_steps=n_steps)
    assert run.train_error[-1] == 1 and run.status == "still falling"
    dead = gradient_descent(net, Dataset(data.x, scale * data.y), 0 * w0, n_steps=n_steps)
    assert dead.train_error[-1] == 1 and dead.status == "converged"


@pytest.mark.parametrize("scale", [1e10, 1e20, -1e20])
def test_a_flow_that_cannot_get_anywhere_is_not_followed_for_long(scale):
    """Its steps are 10⁻¹⁵ of the time or less: a tenth of them is enough to know."""
    net, data, w0 = problem(doubling=False)
    run = gradient_flow(net, data, scale * w0, t_max=1.0)
    assert run.status == "out of steps" and run.n_steps < 30_000


def test_a_run_that_is_too_sharp_does_not_hold_its_batch():
    """DOP853 takes all runs together: weights 300 times as large need far shorter steps."""
    net, data, w0 = problem(m=8, activation=softplus(3))
    starts, options = np.stack([w0, 300 * w0]), {"method": "DOP853", "t_max": 20, "tolerance": 0}
    alone = gradient_flow(net, data, w0, **options)
    run = gradient_flow(net, data, starts, max_steps=1000, **options)
    assert run.status[0] == alone.status != "out of steps" == run.status[1]
    assert run.times[-1, 0] == 20 > run.times[-1, 1]
    assert np.allclose(run.w[-1, 0], alone.w[-1], rtol=1e-6)


def test_labels_that_are_fitted_from_the_start_are_converged():
    """With y = 0 and doubling, the network is right before it moves."""
    net, data, w0 = problem()
    zero = Dataset(data.x, 0 * data.y)
    assert gradient_flow(net, zero, w0, t_max=1.0).status == "converged"
    assert gradient_descent(net, zero, w0, n_steps=10).status == "converged"


@pytest.mark.parametrize(
    ("name", "value"), [("tolerance", 2), ("tolerance", -1), ("accuracy", 1e-100)]
)
def test_tolerances_that_cannot_be_kept_are_refused(name, value):
    net, data, w0 = problem()
    with pytest.raises(ValueError, match=name):
        gradient_flow(net, data, w0, t_max=1.0, **{name: value})


def test_the_hatched_range_of_figure_6b_is_this_measurement():
    """Facts: SGD is still falling for τ between .20 and .32."""
    results = load(DATA / "underparameterized.jsonl")
    tau = np.array(results.settings["tau"])[still_falling(results)]
    assert tau.tolist() == [0.1995, 0.2512, 0.3162]
