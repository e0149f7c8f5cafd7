"""Figure 6(b): the population loss after SGD from N(0, τ²), each sample being used once."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from lazylib import _checks
from lazylib.data import nth_draw, sphere
from lazylib.experiments.runner import Experiment, Results
from lazylib.losses import quadratic
from lazylib.models import Tangent, TwoLayer
from lazylib.theory import Population, displacement
from lazylib.trainers import gradient_flow, sgd, status

#: The middle of the grid, in equal steps of log τ.
MIDDLE = [float(f"{10 ** (k / 10):.4g}") for k in range(-10, 1)]

FULL = {
    "d": 100,
    "m": 50,
    "batch_size": 200,
    "steps": 20_000,
    "n_estimate": 2000,
    "accuracy": 0.02,
    "tau": [0.01, 0.02, 0.04, *MIDDLE, 2.0, 4.0, 8.0],
    "grid": {"draw": list(range(5))},
}
QUICK = FULL | {
    "steps": 800,
    "tau": [0.01, 0.04, 0.1, 0.2, 0.4, 1.0, 4.0],
    "grid": {"draw": [2, 3]},
}


def cell(settings, draw):
    """Train networks from all τ at once: one draw of weights, rescaled, and common samples.

    Returns
    -------
    dict
        Lists by τ. Population errors R/R(0) at the end of SGD: ``exact``, and the note's
        ``estimate`` from a sample; ``before``, the exact one at nine tenths of the steps; of the
        noiseless ``flow`` on the population loss at the same ``t``. The relative ``displacement``.
        One number: ``local_minimum``, the error at the minimum of the tangent model (Theorem 3.4),
        which does not depend on τ.
    """
    net, population, w0, early, late, for_estimate = train(settings, draw)
    target, w, times = population.teacher, late.w[-1], early.times[-1] + late.times[-1]
    zero = population.zero_loss()
    x = sphere(for_estimate, settings["n_estimate"], settings["d"])
    flow = [
        gradient_flow(net, population, start, t_max=t, record=2, accuracy=settings["accuracy"])
        for start, t in zip(w0, times, strict=True)
    ]
    return {
        "exact": population.loss(net, w) / zero,
        "before": population.loss(net, early.w[-1]) / zero,
        "estimate": quadratic.value(net.predict(w, x), target(x)) / quadratic.zero(target(x)),
        "flow": [run.train_loss[-1] / zero for run in flow],
        "t": times,
        "displacement": displacement(w, w0),
        "local_minimum": tangent_minimum(population, net, w0[-1] / settings["tau"][-1]) / zero,
    }


def train(settings, draw):
    """Run SGD from all τ: what it was given, the runs to and from nine tenths, and a generator."""
    target, _, rng = nth_draw(draw, settings["d"])
    for_weights, for_samples, for_estimate = rng.spawn(3)
    net = TwoLayer(settings["d"], settings["m"])
    w0 = net.init(for_weights, np.array(settings["tau"]))
    options = {"rng": for_samples, "batch_size": settings["batch_size"], "record": 2}
    steps = settings["steps"]
    early = sgd(net, target, w0, n_steps=steps - steps // 10, **options)
    late = sgd(net, target, early.w[-1], n_steps=steps // 10, **options)
    return net, Population(target), w0, early, late, for_estimate


def cost(settings, draw):
    """Seconds a cell takes, about."""
    return 2e-3 * settings["steps"] * len(settings["tau"]) / 17 + 15


def tangent_minimum(population, model, w0):
    """Return the least population loss R of the tangent model at ``w0``, where lazy SGD ends.

    The gradient of a quadratic loss is affine in the tangent model's parameters: conjugate
    gradients find its zero.

    Parameters
    ----------
    population : Population
    model : Model
    w0 : ndarray of shape (p,)

    Returns
    -------
    float

    Examples
    --------
    >>> from lazylib.experiments import tangent_minimum
    >>> from lazylib.theory import under_parameterized
    >>> model, w0, population, spectrum, best = under_parameterized(d=2, m=4, seed=0)
    >>> print(abs(tangent_minimum(population, model, w0) - best) < 1e-6)  # by all eigenvalues
    True
    """
    from scipy.sparse.linalg import LinearOperator, cg

    _checks.instance("population", population, Population)
    w0 = _checks.array("w0", w0, exactly=1)
    tangent = Tangent(model, w0)
    start = population.loss_and_gradient(tangent, w0)[1]

    def hessian(v):
        return population._loss_and_gradient(tangent, w0 + v)[1] - start

    operator = LinearOperator((w0.size, w0.size), matvec=hessian)
    with np.errstate(all="ignore"):
        v, failed = cg(operator, -start, rtol=1e-6, maxiter=4 * w0.size)
    if failed:
        raise ValueError(f"w0 must have a tangent model whose minimum is found in {failed} steps")
    return population.loss(tangent, w0 + _checks.in_range("the tangent model's minimum", v))


def still_falling(results):
    """Where SGD was still falling in most draws.

    It was if `lazylib.trainers.status` says so of the exact error at nine tenths of the steps and
    at the end.

    Parameters
    ----------
    results : Results
        Of `UNDERPARAMETERIZED`.

    Returns
    -------
    ndarray of bool
        One for each τ.

    Examples
    --------
    >>> from lazylib.experiments import still_falling, stored
    >>> results = stored("underparameterized")
    >>> [tau for tau, falls in zip(results.settings["tau"], still_falling(results)) if falls]
    [0.1995, 0.2512, 0.3162]
    """
    values = _checks.instance("results", results, Results).values
    ended = status(values["exact"], values["before"], 1.0)
    return (ended == "still falling").mean(axis=0) > 0.5


@dataclass(frozen=True)
class PopulationRun:
    """A run of SGD, beside the noiseless flow at the same times.

    Attributes
    ----------
    tau : float
    times : ndarray of shape (frames,)
    errors : dict of ndarray of shape (frames,)
        R/R(0) by name.
    displacement : float
    status : {"converged", "still falling", "diverged"}
    local_minimum : float
        The error at the minimum of the tangent model.
    steps, asked : int
        The steps taken, and asked for.
    """

    tau: float
    times: np.ndarray
    errors: dict
    displacement: float
    status: str
    local_minimum: float
    steps: int
    asked: int


#: Samples of a run of `train_on_population`, at most: a few seconds' work.
MOST_SAMPLES = 1_000_000


@lru_cache(maxsize=4, typed=True)
def _setting(draw):
    target, _, rng = nth_draw(draw, FULL["d"])
    net, population = TwoLayer(FULL["d"], FULL["m"]), Population(target)
    unit = net.init(rng.spawn(3)[0])
    return net, population, unit, tangent_minimum(population, net, unit) / population.zero_loss()


def train_on_population(tau=0.2, steps=1000, batch_size=200, draw=2):
    """Train by SGD with fresh samples, and by the flow on the exact population loss.

    Parameters
    ----------
    tau : float
    steps, batch_size : int
        No more steps are taken than `MOST_SAMPLES` are enough for.
    draw : int
        0 to 4 are those of Figure 6(b).

    Returns
    -------
    PopulationRun
    """
    asked, batch_size = _checks.whole("steps", steps), _checks.whole("batch_size", batch_size)
    taken = min(asked, max(1, MOST_SAMPLES // batch_size))
    tau, draw = _checks.scale("tau", tau), _checks.seed("draw", draw)
    options = {"n_steps": taken, "batch_size": batch_size, "record": 40}
    net, population, unit, local_minimum = _setting(draw)
    w0, zero, rng = tau * unit, population.zero_loss(), np.random.default_rng(draw)
    run = sgd(net, population.teacher, w0, rng=rng, **options)
    moving = np.append(True, np.diff(run.times) > 0)
    times, w, batches = run.times[moving], run.w[moving], run.train_loss[moving]
    exact = population.loss(net, w) / zero
    flow = gradient_flow(net, population, w0, t_max=times[-1], times=times).train_loss / zero
    before = np.interp(0.9 * times[-1], times, exact)
    errors = {"SGD, exact": exact, "SGD, its batches": batches / zero, "flow, no noise": flow}
    ended = "diverged" if run.status == "diverged" else str(status(exact[-1], before, 1.0))
    moved = displacement(w[-1], w0)
    return PopulationRun(tau, times, errors, moved, ended, local_minimum, taken, asked)


UNDERPARAMETERIZED = Experiment("underparameterized", cell, cost, {"full": FULL, "quick": QUICK})
