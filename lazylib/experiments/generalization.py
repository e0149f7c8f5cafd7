"""Figure 1(c): the test error of a network trained from N(0, τ²), and of its tangent kernel."""

from functools import lru_cache

import numpy as np

from lazylib.experiments.draws import finished, nth_draw
from lazylib.experiments.running import Experiment
from lazylib.flows import KernelFlow
from lazylib.integrators import path_frames
from lazylib.kernels import limit_kernels, tangent_kernel
from lazylib.laziness import displacement, feature_angle
from lazylib.losses import quadratic
from lazylib.models import TwoLayer
from lazylib.trainers import gradient_flow

FULL = {
    "d": 100,
    "m": 50,
    "n": 1000,
    "n_test": 1000,
    # the end of the authors' training: 10,000 steps of min(10, 0.1/τ²)
    "steps": 10_000,
    "largest_step": 10.0,
    "step_tau2": 0.1,
    "accuracy": 0.02,
    "to_end": True,
    "grid": {
        "draw": list(range(10)),
        "tau": [float(f"{10 ** (k / 10):.4g}") for k in range(-22, 11)],
    },
}
QUICK = FULL | {
    "accuracy": 0.05,
    "grid": {"draw": [0, 1], "tau": [0.01, 0.03, 0.06, 0.1, 0.2, 0.5, 1.0, 3.0, 10.0]},
}


def cell(settings, draw, tau):
    """Train one network from N(0, τ²) and compare it with kernels on the same data.

    Returns
    -------
    dict
        Test errors R/R(0) on the test set: of the network at its ``best`` stop and at the ``end``
        of training; of its tangent kernel at the same time (``kernel_matched``), at its own best
        time (``kernel_best``) and at t = ∞ (``kernel_end``); of the limit kernel of Eq. (4) at its
        best time (``limit_best``). Times ``t_best``, ``t_end``, ``kernel_t_best``. At the best
        stop, the angle of the neurons to the teacher's (``angle``, in degrees; Section 5) and the
        relative ``displacement``. The number of ``gradients``.
    """
    net, target, data, unit, flow, K_test, levels = _setting(
        draw, *(settings[name] for name in ("d", "m", "n", "n_test"))
    )
    w0 = tau * unit
    t_max = settings["steps"] * min(settings["largest_step"], settings["step_tau2"] / tau**2)
    watch = BestStop(net, data.x_test, data.y_test, to_end=settings["to_end"])
    run = finished(
        gradient_flow(
            net, data, w0, t_max=t_max, times=[t_max], accuracy=settings["accuracy"], watch=watch
        )
    )
    zero = quadratic.value(np.zeros_like(data.y_test), data.y_test)
    # the kernel of τw₀ is τ² times that of w₀
    matched = flow.predict(tau**2 * watch.t, K_test)
    return {
        "best": watch.loss / zero,
        "t_best": watch.t,
        "end": run.test_loss[-1] / zero,
        "t_end": run.times[-1],
        "angle": feature_angle(net, watch.w, target),
        "displacement": displacement(watch.w, w0),
        "gradients": run.n_steps,
        "kernel_matched": quadratic.value(matched, data.y_test) / zero,
        "kernel_t_best": levels["t_best"] / tau**2,
        **{name: levels[name] / zero for name in ("kernel_best", "kernel_end", "limit_best")},
    }


def cost(settings, draw, tau):
    """Seconds a cell takes, about."""
    return 1.2


class BestStop:
    """Notes the best test loss of one run, as a ``watch`` of `gradient_flow`.

    It looks at each step of the integrator and at three moments within. Without ``to_end``, it
    ends the run when the best stop is certainly past: the loss is 2 % above, and t doubled since.

    Attributes
    ----------
    loss, t, w
        At the best stop so far.
    """

    def __init__(self, model, x, y, to_end=True):
        self.model, self.x, self.y, self.to_end = model, x, y, to_end
        self.loss, self.before = np.inf, None

    def __call__(self, runs, t, w, velocity):
        """See one step; say whether to end the run."""
        now = (t[0], w[0], velocity[0])
        path, self.before = [self.before, now] if self.before else [now], now
        times, frames = path_frames(path, None, None, np.linspace(path[0][0], t[0], 5)[1:])
        losses = quadratic.value(self.model.predict(frames, self.x), self.y)
        if losses.min() < self.loss:
            best = losses.argmin()
            self.loss, self.t, self.w = losses[best], times[best], frames[best]
        return not self.to_end and bool(losses[-1] > 1.02 * self.loss and t[0] > 2 * self.t)


@lru_cache(maxsize=2)
def _setting(number, d, m, n, n_test):
    """Return what all τ of one draw share: the network, its kernel and the kernels' levels."""
    target, data, rng = nth_draw(number, d, n, n_test)
    net = TwoLayer(d, m)
    w = net.init(rng)
    flow = KernelFlow(tangent_kernel(net, w, data.x), data.y)
    K_test = tangent_kernel(net, w, data.x_test, data.x)
    limit = KernelFlow(sum(limit_kernels(data.x)), data.y)
    best = flow.best_stop(K_test, data.y_test)
    levels = {
        "kernel_best": best.loss,
        "t_best": best.t,
        "kernel_end": quadratic.value(flow.predict(np.inf, K_test), data.y_test),
        "limit_best": limit.best_stop(sum(limit_kernels(data.x_test, data.x)), data.y_test).loss,
    }
    return net, target, data, w, flow, K_test, levels


GENERALIZATION = Experiment("generalization", cell, cost, {"full": FULL, "quick": QUICK})
