"""Figure 1(c): the test error of a network trained from N(0, τ²), and of its tangent kernel."""

import itertools
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from lazylib import _checks
from lazylib.data import Dataset, Teacher, nth_draw
from lazylib.experiments.runner import Experiment, Results
from lazylib.kernels import KernelFlow, limit_kernels, tangent_kernel
from lazylib.losses import quadratic
from lazylib.models import TwoLayer
from lazylib.theory import displacement, feature_angle
from lazylib.trainers import Run, between, gradient_flow

FULL = {
    "d": 100,
    "m": 50,
    "n": 1000,
    "n_test": 1000,
    # the end of the authors' training: 10,000 steps of min(10, 0.1/τ²)
    "steps": 10_000,
    "largest_step": 10.0,
    "step_tau2": 0.1,
    "accuracy": 0.04,
    "to_end": True,
    "grid": {"draw": [*range(10)], "tau": [float(f"{10 ** (k / 10):.4g}") for k in range(-22, 11)]},
}
QUICK = FULL | {"accuracy": 0.05}
QUICK["grid"] = {"draw": [2, 3], "tau": [0.01, 0.03, 0.06, 0.1, 0.2, 0.5, 1.0, 3.0, 10.0]}

#: Frames of a run that is trained for the panel.
FRAMES = 60


def cell(settings, draw, tau):
    """Train one network from N(0, τ²) and compare it with kernels on the same data.

    Returns
    -------
    dict
        Test errors R/R(0) on the test set: of the network at its ``best`` stop and at the ``end``
        of training; of its tangent kernel at the same time (``kernel_matched``), at its own best
        time (``kernel_best``) and at t = ∞ (``kernel_end``); of the limit kernel of Eq. (4) at its
        best time (``limit_best``). Times ``t_best``, ``t_end``, ``kernel_t_best``. At the best
        stop, the `feature_angle` (``angle``) and the relative ``displacement``. The number of
        ``gradients``.
    """
    shared = space_setting(draw, *(settings[name] for name in ("d", "m", "n", "n_test")))
    net, data, w0, t_max = shared.net, shared.data, tau * shared.unit, training_time(settings, tau)
    watch = BestStop(net, data.x_test, data.y_test, to_end=settings["to_end"])
    options = {"accuracy": settings["accuracy"], "record": 2, "watch": watch}
    run = gradient_flow(net, data, w0, t_max=t_max, **options)
    best, t_best, w_best = watch.find()
    zero = data.zero_test_loss
    # the kernel of τw₀ is τ² times that of w₀
    matched = shared.flow.predict(tau**2 * t_best, shared.K_test)
    return {
        "best": best / zero,
        "t_best": t_best,
        "end": run.test_error[-1],
        "t_end": run.times[-1],
        "angle": feature_angle(net, w_best, shared.teacher),
        "displacement": displacement(w_best, w0),
        "gradients": run.n_steps,
        "kernel_matched": quadratic.value(matched, data.y_test) / zero,
        "kernel_t_best": shared.kernel_t_best / tau**2,
        **{name: level / zero for name, level in shared.levels.items()},
    }


def training_time(settings, tau):
    """End of the authors' training: a number of steps of min(largest, c/τ²)."""
    return settings["steps"] * min(settings["largest_step"], settings["step_tau2"] / tau**2)


def cost(settings, draw, tau):
    """Seconds a cell takes, about."""
    return 0.3


class BestStop:
    """Finds the best test loss of one run, as a ``watch`` of `gradient_flow`.

    Without ``to_end``, it ends the run when the best stop is certainly past: the loss is 2 % above,
    and t doubled since.
    """

    def __init__(self, model, x, y, to_end=True):
        self.model, self.x, self.y, self.to_end = model, x, y, to_end
        self.path, self.losses = [], []

    def __call__(self, runs, t, w, velocity):
        """See one step; say whether to end the run."""
        self.path.append((t[0], w[0], velocity[0]))
        self.losses.append(self._loss(w)[0])
        best = np.argmin(self.losses)
        past = self.losses[-1] > 1.02 * self.losses[best] and t[0] > 2 * self.path[best][0]
        return past and not self.to_end

    def find(self):
        """Return the best stop, within the steps before and after it too: loss, t and w."""
        best = int(np.argmin(self.losses))
        near = self.path[max(best - 1, 0) : best + 2]
        t = np.array([time for time, _, _ in near])
        fine = np.unique([np.linspace(*ends, 9) for ends in itertools.pairwise(t)] or t)
        frames = between(near, fine) if len(near) > 1 else near[0][1][None]
        losses = self._loss(frames)
        best = losses.argmin()
        return losses[best], fine[best], frames[best]

    def _loss(self, w):
        return quadratic.value(self.model.predict(w, self.x), self.y)


@dataclass(frozen=True)
class SpaceSetting:
    """What all τ of one draw share.

    Attributes
    ----------
    teacher, data, net
    unit : ndarray of shape (p,)
        Initial weights for τ = 1.
    flow, K_test
        The gradient flow with their tangent kernel, and that kernel between test and training data.
    levels : dict
        Test losses R: ``kernel_best``, ``kernel_end`` and ``limit_best``.
    kernel_t_best : float
        The best time of ``flow``.
    """

    teacher: Teacher
    data: Dataset
    net: TwoLayer
    unit: np.ndarray
    flow: KernelFlow
    K_test: np.ndarray
    levels: dict
    kernel_t_best: float


def space_setting(draw, d=FULL["d"], m=FULL["m"], n=FULL["n"], n_test=FULL["n_test"]):
    """Return the setting of a draw of Figure 1(c): teacher, data, weights, kernels.

    Parameters
    ----------
    draw : int
        Seeds everything.
    d, m, n, n_test : int
        Input dimension, neurons, training and test points.

    Returns
    -------
    SpaceSetting

    Examples
    --------
    >>> from lazylib.experiments import space_setting
    >>> setting = space_setting(0, d=5, m=20, n=10, n_test=50)
    >>> print(setting.K_test.shape, setting.levels["kernel_best"] <= setting.levels["kernel_end"])
    (50, 10) True
    """
    sizes = {"d": d, "m": m, "n": n, "n_test": n_test}
    sizes = [_checks.whole(name, size) for name, size in sizes.items()]
    return _space_setting(_checks.seed("draw", draw), *sizes)


@lru_cache(maxsize=4)
def _space_setting(draw, d, m, n, n_test):
    teacher, data, rng = nth_draw(draw, d, n, n_test)
    net = TwoLayer(d, m)
    unit = net.init(rng)
    flow = KernelFlow(tangent_kernel(net, unit, data.x), data.y)
    K_test = tangent_kernel(net, unit, data.x_test, data.x)
    unit.flags.writeable = K_test.flags.writeable = False  # they are kept for the next call
    limit = KernelFlow(sum(limit_kernels(data.x)), data.y)
    best = flow.best_stop(K_test, data.y_test)
    levels = {
        "kernel_best": best.loss,
        "kernel_end": quadratic.value(flow.predict(np.inf, K_test), data.y_test),
        "limit_best": limit.best_stop(sum(limit_kernels(data.x_test, data.x)), data.y_test).loss,
    }
    return SpaceSetting(teacher, data, net, unit, flow, K_test, levels, best.t)


@dataclass(frozen=True)
class SpaceRun:
    """A network trained in dimension 100.

    Attributes
    ----------
    draw : SpaceSetting
        What all τ of the draw share.
    tau, w0, run
    errors : dict of ndarray of shape (frames,)
        R/R(0) by name.
    """

    draw: SpaceSetting
    tau: float
    w0: np.ndarray
    run: Run
    errors: dict


def train_in_space(tau=0.1, draw=2):
    """Train the network of one draw from N(0, τ²), to the end of the authors' training.

    Parameters
    ----------
    tau : float
    draw : int
        0 to 9 are those of Figure 1(c).

    Returns
    -------
    SpaceRun
    """
    tau, shared = _checks.scale("tau", tau), space_setting(draw)
    data, w0 = shared.data, tau * shared.unit
    options = {"record": FRAMES, "accuracy": 0.02, "t_max": training_time(FULL, tau)}
    run = gradient_flow(shared.net, data, w0, **options)
    kernel = shared.flow.predict(tau**2 * run.times, shared.K_test)
    errors = {
        "training": run.train_error,
        "test": run.test_error,
        "test, tangent kernel": quadratic.value(kernel, data.y_test) / data.zero_test_loss,
    }
    return SpaceRun(shared, tau, w0, run, errors)


def best_constant(results):
    """Return the best constant's error R/R(0) on the test data of each draw; shape (draws,).

    A teacher whose output signs are equal has a mean far from 0, and a constant predicts much of
    it: errors over the best constant's can be compared between draws, errors over R(0) cannot.

    Parameters
    ----------
    results : Results
        Of `GENERALIZATION`.

    Raises
    ------
    ValueError
        If they are another experiment's.

    Examples
    --------
    >>> from lazylib.experiments import best_constant, stored
    >>> errors = best_constant(stored("generalization"))
    >>> print(errors.shape, (errors < 1).all())  # 0 is never better
    (10,) True
    """
    settings, grid = _checks.instance("results", results, Results).settings, results.grid
    if "draw" not in grid or not {"d", "n", "n_test"} <= settings.keys():
        raise ValueError("results must be those of `GENERALIZATION`, with d, n and n_test")
    draws, sizes = grid["draw"], [settings[name] for name in ("d", "n", "n_test")]
    return np.array([constant_error(nth_draw(draw, *sizes)[1].y_test) for draw in draws])


def constant_error(y):
    """The error of the best constant for labels ``y``, over that of 0."""
    y = _checks.array("y", y, ndim=1, nonempty=True)
    return y.var(axis=-1) / (y**2).mean(axis=-1)


GENERALIZATION = Experiment("generalization", cell, cost, {"full": FULL, "quick": QUICK})
