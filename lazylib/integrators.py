"""Paths of gradient flows: the steps that an integrator took, frames between them, SciPy's methods.

The integrator of our own, for any model, stands in `lazylib.rkc`.
"""

import numpy as np

from lazylib.recording import until_interrupted
from lazylib.rkc import ENDS

# Power iterations for the scale of what is too small to matter.
_POWER = 5


class Paths(list):
    """Keeps the accepted steps (t, w, velocity) of each run; hands them on to another watch."""

    def __init__(self, runs, watch=None):
        super().__init__([] for _ in range(runs))
        self.watch = watch or (lambda *state: False)

    def __call__(self, runs, t, w, velocity):
        """Store the steps; return what the other watch says."""
        for run, *state in zip(runs, t, w, velocity, strict=True):
            self[run].append(state)
        return self.watch(runs, t, w, velocity)


def integrate_smooth(objective, w0, *, method, t_max, accuracy, tolerance, times):
    """Follow w′ = −∇F_α(w) with an integrator of SciPy, for smooth models and many digits.

    All runs are one system, with a common step, for u = α(w − w₀): as α grows, u stays of order 1
    and no digits cancel. The solver stops at each of ``times``, if given: nothing is interpolated
    there. It goes on until all runs are below their ``tolerance``.

    Returns
    -------
    paths : list of list
        The steps (t, w, velocity) of each run.
    ended, count
        As from `lazylib.rkc.integrate`.
    """
    from scipy import integrate as scipy_integrate  # here, so that `import lazylib` need not wait

    stops = [] if times is None else times[(times > 0) & (times < t_max)]
    alpha, target = objective.model.alpha[:, None], tolerance * objective.zero_loss()

    def flow(u):
        w = w0 + u.reshape(w0.shape) / alpha
        value, gradient = objective.gradient(w)
        return w, value, -gradient

    def velocity(t, u):
        return (alpha * flow(u)[2]).ravel()

    t, u, step, count = 0.0, np.zeros(w0.size), None, _POWER + 1
    w, value, v = flow(u)
    paths = [[(t, *pair)] for pair in zip(w, v, strict=True)]
    sharpness, _ = objective.sharpness(w0, -v, v, _POWER)
    # below what a parameter moves on the fastest time scale, on average, errors are absolute
    smallest = np.sqrt(np.mean((alpha * v) ** 2, axis=-1)) / np.maximum(sharpness, 1e-300)
    smallest = np.maximum(accuracy * smallest, 1e-300).repeat(w0.shape[-1])
    ended = np.full(len(w0), "interrupted", dtype="<U13")
    with until_interrupted(), np.errstate(over="ignore", invalid="ignore"):
        for stop in [*stops, t_max]:
            options = {"first_step": None if step is None else min(step, stop - t)}
            options |= {"rtol": accuracy, "atol": smallest}
            solver = getattr(scipy_integrate, method)(velocity, t, u, stop, **options)
            while solver.status == "running" and not (value <= target).all():
                solver.step()
                t, u = solver.t, solver.y
                w, value, v = flow(u)
                for path, *pair in zip(paths, w, v, strict=True):
                    path.append((t, *pair))
            # the last step before a stop is cut short, and says nothing about the next one
            step = max(step or 0.0, solver.step_size or 0.0) or None
            count += solver.nfev
            if solver.status != "finished":
                break
        ends = [value <= target, np.full(len(w0), solver.status == "failed")]
        ended = np.select(ends, ENDS[:2], ENDS[2])
    return paths, ended, count


def path_frames(path, positions, count, times=None):
    """Choose frames of one run: at given ``times``, or ``count`` of them at equal path lengths.

    Between the steps of the integrator the path is the cubic through their ends with the right
    velocities. Returns times of shape (frames,) and parameters of shape (frames, p).
    """
    t, w, v = (np.array(column) for column in zip(*path, strict=True))
    if times is None:
        fine = [np.linspace(*ends, 16, endpoint=False) for ends in zip(t[:-1], t[1:], strict=True)]
        fine = np.concatenate([*fine, t[-1:]])
        place = positions(_hermite(fine, t, w, v)).reshape(len(fine), -1)
        length = np.append(0, np.linalg.norm(np.diff(place, axis=0), axis=-1).cumsum())
        times = np.interp(np.linspace(0, length[-1], count), length, fine)
    times = np.minimum(times, t[-1])
    return times, _hermite(times, t, w, v)


def _hermite(times, t, w, v):
    if len(t) == 1:
        return np.repeat(w, len(times), axis=0)
    i = np.clip(np.searchsorted(t, times, side="right") - 1, 0, len(t) - 2)
    h = (t[i + 1] - t[i])[:, None]
    u = (times - t[i])[:, None] / h
    by_value = (1 + 2 * u) * (1 - u) ** 2 * w[i] + u**2 * (3 - 2 * u) * w[i + 1]
    by_velocity = h * u * (1 - u) * ((1 - u) * v[i] - u * v[i + 1])
    return (by_value + by_velocity).astype(w.dtype)
