"""The gradient flow of Eq. (6), by the integrators of this room."""

import numpy as np

from lazylib import _checks
from lazylib.losses import quadratic
from lazylib.trainers.objective import batch
from lazylib.trainers.rkc import integrate
from lazylib.trainers.run import Run, convergence_status
from lazylib.trainers.smooth import integrate_smooth


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


def gradient_flow(
    model,
    data,
    w0,
    *,
    t_max,
    alpha=1.0,
    loss=quadratic,
    method="RKC",
    accuracy=None,
    record=100,
    times=None,
    tolerance=1e-7,
    max_steps=2000,
    watch=None,
):
    """Follow the gradient flow w′(t) = −∇F_α(w(t)) of Eq. (6), on samples or the population.

    Parameters
    ----------
    model, data, w0, alpha, loss, tolerance
        As in `gradient_descent`; ``data`` may also be a `Population`.
    t_max : float
        Training time to stop at.
    method : {"RKC", "DOP853", "Radau"}, default "RKC"
        "RKC" is a stabilised explicit method of our own, for any model. The other two are SciPy's,
        for smooth models and many digits: explicit of order 8, and implicit for stiff problems.
    accuracy : float, optional
        Bound on the error of each step, relative to the displacement w − w₀ so far: default 0.02
        for "RKC", 1e-10 for the others.
    record : int, default 100
        How many frames to keep, at equal steps along the neurons' path.
    times : array of shape (frames,), optional
        Increasing times of the frames, instead of ``record``. After its end, a run stands still.
    max_steps : int, default 2000
        Most steps of "RKC", each of 2 to 120 gradients.
    watch : callable, optional
        For "RKC": sees each step and may end runs; see `lazylib.rkc.integrate`.

    Returns
    -------
    Run
        Its ``n_steps`` counts gradients, each as costly as a step of gradient descent.

    Raises
    ------
    ValueError, TypeError
        For arguments that do not fit; the message names the argument.
    """
    tolerance = _checks.number("tolerance", tolerance, least=0)
    options = {"t_max": _checks.number("t_max", t_max, above=0), "tolerance": tolerance}
    own = _checks.word("method", method, ("RKC", "DOP853", "Radau")) == "RKC"
    if watch is not None and not own:
        raise ValueError("watch is for the method 'RKC' only")
    default = 0.02 if own else 1e-10
    options["accuracy"] = (
        default if accuracy is None else _checks.number("accuracy", accuracy, above=0)
    )
    max_steps = _checks.whole("max_steps", max_steps)
    record = _checks.whole("record", record, least=2)
    times = times if times is None else _checks.increasing("times", times)
    lead, w0, train, test = batch(model, data, w0, alpha, loss)
    if own:
        paths = Paths(len(w0), watch)
        ended, count = integrate(train, w0, max_steps=max_steps, watch=paths, **options)
    else:
        paths, ended, count = integrate_smooth(train, w0, method=method, times=times, **options)
    frames = [path_frames(path, model._positions, record, times) for path in paths]
    t, w = (np.stack(column, axis=1) for column in zip(*frames, strict=True))
    before = np.stack([path_frames(p, None, 2, [0.9 * p[-1][0]])[1][0] for p in paths])
    settled = convergence_status(train.value(w[-1]), train.value(before), train.zero_loss())
    status = np.where(ended == "stopped", settled, ended).reshape(lead)

    def losses(objective):
        return np.stack([objective.value(frame) for frame in w]).reshape(len(w), *lead)

    return Run(
        times=t.reshape(len(w), *lead),
        w=w.reshape(len(w), *lead, -1),
        train_loss=losses(train),
        test_loss=None if test is None else losses(test),
        status=str(status) if lead == () else status,
        n_steps=count,
    )
