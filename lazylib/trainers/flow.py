"""The gradient flow of Eq. (6), by the integrators of this room."""

import warnings

import numpy as np

from lazylib import _checks
from lazylib.losses import quadratic
from lazylib.trainers.objective import batch, length
from lazylib.trainers.rkc import integrate
from lazylib.trainers.run import Recorder, finished_run, noting_interrupts, saving, settled
from lazylib.trainers.smooth import integrate_smooth

#: Methods with their default accuracies and most steps.
_METHODS = {"RKC": (0.02, 2000), "DOP853": (1e-10, 20_000)}


# Points that are looked at between two steps of the integrator, at most, and numbers at a time.
_FINE, _AT_ONCE = 16, 50_000


def between(start, end, times):
    """The path between two states (t, w, velocity) of one run, at ``times``: of shape (times, p).

    It is the cubic with these ends and velocities. SciPy's `CubicHermiteSpline` is the same; to set
    one up for every step takes longer than most steps.
    """
    (t0, w0, v0), (t1, w1, v1) = start, end
    h = t1 - t0
    u = ((np.asarray(times) - t0) / h)[:, None]
    r = 1 - u
    weights = (1 + 2 * u) * r**2, u**2 * (1 + 2 * r), h * u * r**2, -h * u**2 * r
    return (np.hstack(weights) @ np.stack([w0, w1, v0, v1])).astype(w0.dtype)


class _Path:
    """The frames of one run, chosen while its steps pass: even ones, or those at given times."""

    def __init__(self, w0, model, record, times):
        self.recorder, self.times = Recorder(record, model._positions, w0[None]), times
        self.state, self.chosen, self.moved, self.history = (0.0, w0, None), [], 0.0, []

    def step(self, t, w, velocity, value):
        """See the end of a step; the first one is the start."""
        before, state = self.state, (t, w, velocity)
        if self.times is not None:
            times = self.times[len(self.chosen) :]
            times = times[: np.searchsorted(times, t, side="right")]
            if len(times):
                self.chosen += list(self._points(before, state, times))
        elif not self.history:
            self.recorder.offer(np.array([[t]]), w[None, None])
        else:
            for some in self._looked_at(before, state):
                self.recorder.offer(some[:, None], self._points(before, state, some)[:, None])
        self.state = state
        self.history.append((np.array([t]), np.array([value])))

    def _looked_at(self, before, state):
        """Times within a step, as finely as the frames need, going by the chord."""
        (t0, w0, _), (t1, w1, _) = before, state
        moved = float(length(w1 - w0))
        self.moved += moved
        wanted = self.recorder.wanted * moved / self.moved if moved else 1
        number = int(np.clip(np.ceil(wanted), 1, _FINE))
        times = np.linspace(t0, t1, number + 1)[1:]
        most = max(1, _AT_ONCE // len(w1))
        return [times[i : i + most] for i in range(0, number, most)]

    def _points(self, before, state, times):
        w = between(before, state, times) if self.history else np.tile(state[1], (len(times), 1))
        w[times == state[0]] = state[1]
        return w

    def frames(self):
        """Times of shape (frames, 1) and parameters of shape (frames, 1, p)."""
        if self.times is None:
            return self.recorder.frames(exactly=True)[:2]
        t, w, _ = self.state
        rest = len(self.times) - len(self.chosen)  # after its end, a run stands still
        return np.minimum(self.times, t)[:, None], np.stack([*self.chosen, *[w] * rest])[:, None]


class _Flow:
    """All runs of a flow as far as they are known: the integrators' ``watch``."""

    def __init__(self, lead, w0, train, test, record, times, watch):
        self.lead, self.train, self.test, self.watch = lead, train, test, watch
        model = train.model
        self.paths = [
            _Path(w, model.at(model.alpha.shape, [i]), record, times) for i, w in enumerate(w0)
        ]
        self.count = 0

    def __call__(self, runs, t, w, velocity, value, count):
        """Store the steps; return what the caller's watch says."""
        for run, *step in zip(runs, t, w, velocity, value, strict=True):
            self.paths[run].step(*step)
        self.count = count
        return False if self.watch is None else self.watch(runs, t, w, velocity)

    def statuses(self, ended, t_max, tolerance):
        """Say how the runs ended: an integrator knows why it stopped, not what that means."""
        ended, zero, alpha = ended.copy(), self.train.zero_loss(), self.train.model.alpha
        for run, path in enumerate(self.paths):
            if ended[run] not in ("end", "stuck"):
                continue
            slope = (alpha[run] * length(path.state[2])) ** 2
            h = np.diff([t for t, _ in path.history[-2:]], axis=0).sum()
            step = h * length(path.state[2])
            lost = ended[run] == "stuck" or step <= _epsilon(path) * length(path.state[1])
            options = {"promised": 0.1 * t_max * slope, "lost": lost}
            ended[run] = settled(path.history, zero[run], tolerance, **options)[0]
        return ended

    def run(self, status):
        """The run so far."""
        frames = [path.frames() for path in self.paths]
        frames = [np.concatenate(column, axis=1) for column in zip(*frames, strict=True)]
        return finished_run(frames, self.lead, self.train, self.test, status, self.count)


def _epsilon(path):
    return np.finfo(path.state[1].dtype).eps


@noting_interrupts
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
    max_steps=None,
    watch=None,
):
    """Follow the gradient flow w′(t) = −∇F_α(w(t)) of Eq. (6), on samples or the population.

    Parameters
    ----------
    model, data, w0, alpha, loss, tolerance
        As in `gradient_descent`; ``data`` may also be a loss that knows its gradient: a
        `Population`, or what has its ``loss_and_gradient(model, w)`` and ``zero_loss()``.
    t_max : float
        Training time to stop at.
    method : {"RKC", "DOP853"}, default "RKC"
        "RKC" is a stabilised explicit method of our own, for any model. The other is SciPy's of
        order 8, for smooth models and many digits.
    accuracy : float, optional
        Bound on the error of each step, relative to the displacement w − w₀ so far, in [1e-14, 1]:
        default 0.02 for "RKC", 1e-10 for "DOP853".
    record : int, default 100
        How many frames to keep, at equal steps along the neurons' path.
    times : array of shape (frames,), optional
        Increasing times of the frames, instead of ``record``. After its end, a run stands still.
    max_steps : int, optional
        Most steps: default 2000 for "RKC", each of 2 to 120 gradients, 20,000 for "DOP853".
    watch : callable, optional
        For "RKC": ``watch(runs, t, w, velocity)`` sees the numbers and the states of the runs that
        made a step, and returns which of them are to stop there.

    Returns
    -------
    Run
        Its ``n_steps`` counts gradients, each as costly as a step of gradient descent.

    Raises
    ------
    Interrupted
        A KeyboardInterrupt that has the run so far.
    ValueError, TypeError
        For arguments that do not fit; the message names the argument.
    """
    method = _checks.word("method", method, _METHODS)
    if watch is not None and method != "RKC":
        raise ValueError("watch is for the method 'RKC' only")
    watch = None if watch is None else _checks.function("watch", watch)
    default, steps = _METHODS[method]
    accuracy = default if accuracy is None else accuracy
    options = {
        "t_max": _checks.number("t_max", t_max, above=0),
        "tolerance": _checks.number("tolerance", tolerance, least=0, most=np.nextafter(1, 0)),
        "accuracy": _checks.number("accuracy", accuracy, least=1e-14, most=1),
        "max_steps": _checks.whole("max_steps", steps if max_steps is None else max_steps),
    }
    record = _checks.whole("record", record, least=2)
    times = times if times is None else _checks.increasing("times", times)
    lead, w0, train, test = batch(model, data, w0, alpha, loss)
    flow = _Flow(lead, w0, train, test, record, times, watch)
    with saving(lambda: flow.run(np.full(len(w0), "interrupted"))):
        if method == "RKC":
            ended, flow.count = integrate(train, w0, watch=flow, **options)
        else:
            stops = np.empty(0) if times is None else times
            ended, flow.count = integrate_smooth(train, w0, watch=flow, stops=stops, **options)
        run = flow.run(flow.statuses(ended, options["t_max"], options["tolerance"]))
    if times is not None and (ended == "out of steps").any():
        late = times[times > run.times[-1].min()]
        if len(late):
            said = f"max_steps = {options['max_steps']} ended the flow before t = {late}"
            warnings.warn(said, RuntimeWarning, stacklevel=3)
    return run
