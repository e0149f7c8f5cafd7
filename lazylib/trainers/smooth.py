"""Gradient flows of smooth models to many digits, with SciPy's method of order 8."""

import numpy as np

from lazylib._vectors import length
from lazylib.trainers.rkc import clocks_of
from lazylib.trainers.run import progress

# Power iterations for the scale of what is too small to matter.
_POWER = 5

# How often it is seen whether one run holds the others.
_LOOKS = 10


def integrate_smooth(objective, w0, *, t_max, accuracy, tolerance, max_steps, watch, stops):
    """Follow w′ = −∇F_α(w) with DOP853, for smooth models and many digits: as `rkc.integrate`.

    All runs are one system, with a common step, for u = α(w − w₀): as α grows, u stays of order 1
    and no digits cancel. The solver stops at each of ``stops``: nothing is interpolated there. A
    run that is below its tolerance, or that is lost, stands still from then on; so does the
    sharpest of several runs, "out of steps", when at its pace ``max_steps`` will not do.
    """
    from scipy.integrate import DOP853  # here, so that `import lazylib` need not wait

    alpha = objective.model.alpha[:, None]
    value, gradient, target = objective.start(w0, tolerance)
    ended = np.where(value <= target, "converged", "").astype("<U13")
    system, clocks = _System(objective, w0, ended), clocks_of(value, target)
    watch(clocks, w0, -gradient, 1)
    sharpness, _ = objective.sharpness(w0, gradient, gradient, _POWER)
    # below what a parameter moves on the fastest time scale, on average, errors are absolute
    smallest = length(alpha * gradient) / np.sqrt(w0.shape[-1]) / np.maximum(sharpness, 1e-300)
    smallest = np.maximum(accuracy * smallest, 1e-300).repeat(w0.shape[-1])
    t, u, step, number = 0.0, np.zeros(w0.size), None, 0
    with np.errstate(all="ignore"), progress() as done:
        for stop in [*stops[(stops > 0) & (stops < t_max)], t_max]:
            solver = None
            while t < stop and number < max_steps and (ended == "").any():
                if solver is None:
                    first = None if step is None else min(step, stop - t)
                    options = {"first_step": first, "rtol": accuracy, "atol": smallest}
                    solver = DOP853(system.velocity, t, u, stop, **options)
                on, system.failed = ended == "", np.zeros(len(w0), bool)
                solver.step()
                number += 1
                if solver.status == "failed":  # those that could not be computed leave, or all do
                    ended[on & (system.failed | ~system.failed.any())] = "stuck"
                    solver = step = None
                    continue
                t, u = solver.t, solver.y
                w, value, gradient = system.state(u)
                for clock, going, loss in zip(clocks, on, value.tolist(), strict=True):
                    clock.good, clock.t, clock.value = going, t, loss
                watch(clocks, w, -gradient, system.count + 1 + _POWER)
                ended[on & (value <= target)] = "converged"
                slow = number + (t_max - t) / solver.step_size > max_steps
                if slow and number % max(1, max_steps // _LOOKS) == 0 and (ended == "").sum() > 1:
                    sharpness, _ = objective.sharpness(w, gradient, gradient, _POWER)
                    ended[np.where(ended == "", sharpness, -1).argmax()] = "out of steps"
                    solver = step = None
                done(max(t / t_max, number / max_steps))
            if solver is not None:
                # the last step before a stop is cut short, and says nothing about the next one
                step = max(step or 0.0, solver.step_size or 0.0) or None
    ended[ended == ""] = "end" if t >= t_max else "out of steps"
    return ended, system.count + 1 + _POWER


class _System:
    """The velocities of u = α(w − w₀) of all runs, 0 for those that have ended."""

    def __init__(self, objective, w0, ended):
        self.objective, self.w0, self.ended, self.count = objective, w0, ended, 0
        self.alpha = objective.model.alpha[:, None]
        self.failed = np.zeros(len(w0), bool)

    def state(self, u):
        """Parameters, R(αf) and ∇F_α."""
        self.count += 1
        w = self.w0 + u.reshape(self.w0.shape) / self.alpha
        return w, *self.objective.gradient(w)

    def velocity(self, t, u):
        """For SciPy."""
        _, value, gradient = self.state(u)
        self.failed |= ~np.isfinite(value)
        return np.where((self.ended == "")[:, None], -self.alpha * gradient, 0).ravel()
