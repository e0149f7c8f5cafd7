"""Gradient flows of smooth models to many digits, with the integrators of SciPy."""

import numpy as np

from lazylib.trainers.rkc import ENDS
from lazylib.trainers.run import until_interrupted

# Power iterations for the scale of what is too small to matter.
_POWER = 5


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
