"""The gradient flow of Eq. (6), by the integrators of this room."""

import warnings

import numpy as np

from lazylib import _checks
from lazylib._vectors import length, norm
from lazylib.losses import quadratic
from lazylib.trainers.objective import batch
from lazylib.trainers.rkc import integrate
from lazylib.trainers.run import (
    MOST_TOLERANCE,
    Recorder,
    finished_run,
    losses_of,
    noting_interrupts,
    saving,
    settled,
)
from lazylib.trainers.smooth import integrate_smooth

#: Methods with their default accuracies and most steps.
_METHODS = {"RKC": (0.02, 2000), "DOP853": (1e-10, 10_000)}


# Points that are looked at between two steps of the integrator, at most, and numbers at a time.
_FINE, _AT_ONCE = 16, 100_000


# From so many times the fastest time scale on, a step's cubic is not trusted unseen.
_LONG = 8


def between(states, times):
    """The path of one run between its steps, at ``times``: of shape (times, p).

    From step to step it is the cubic with the right ends and velocities.

    Parameters
    ----------
    states : list of tuple
        At least two steps (t, w, velocity), in order, as a ``watch`` of `gradient_flow` sees them.
    times : array of shape (times,)

    Examples
    --------
    >>> import numpy as np
    >>> from lazylib.trainers import between
    >>> states = [(0.0, [0.0], [0.0]), (1.0, [1.0], [2.0])]  # w = t²
    >>> between(states, [0.5])
    array([[0.25]])
    """
    if not isinstance(states, (list, tuple)) or len(states) < 2 or {*map(_size, states)} != {3}:
        raise TypeError(f"states must be steps (t, w, velocity), got {_checks.shown(states)}")
    for name, part, ndim in zip(
        ("t", "w", "velocity"), zip(*states, strict=True), (1, 2, 2), strict=True
    ):
        _checks.array(f"states: {name}", list(part), exactly=ndim)
    times = _checks.array("times", times, exactly=1)
    return _checks.computed("w between steps", _between, states, times)


def _size(state):
    return len(state) if isinstance(state, (list, tuple)) else 0


def _between(states, times, straight=None):
    """`between`, but on chords in the steps that are to be ``straight``, of shape (steps,)."""
    t, w, v = (np.array(column) for column in zip(*states, strict=True))
    i = np.minimum(np.searchsorted(t, times, side="right"), len(t) - 1) - 1
    h = (t[i + 1] - t[i])[:, None]
    u = (times - t[i])[:, None] / h
    r = 1 - u
    by_w, by_v = [(1 + 2 * u) * r**2, u**2 * (1 + 2 * r)], [h * u * r**2, -h * u**2 * r]
    if straight is not None:
        chord = straight[i][:, None]
        by_w = [np.where(chord, *pair) for pair in zip((r, u), by_w, strict=True)]
        by_v = [np.where(chord, 0, factor) for factor in by_v]
    out, part = np.zeros((2, len(times), w.shape[-1]), w.dtype)
    terms = (w, i, by_w[0]), (w, i + 1, by_w[1]), (v, i, by_v[0]), (v, i + 1, by_v[1])
    for rows, index, factor in terms:
        np.take(rows, index, axis=0, out=part, mode="clip")
        part *= factor
        out += part
    return out


class _Path:
    """The frames of one run, chosen while its steps pass: even ones, or those at given times."""

    def __init__(self, w0, objective, record, times):
        self.recorder = Recorder(record, objective.model._positions, w0[None])
        self.objective, self.times = objective, times
        self.states, self.chosen, self.moved, self.history = [], [], 0.0, []
        self.long = []  # of the states: whether the step to there was
        self.most = max(2, _AT_ONCE // (_FINE * len(w0)))  # steps that wait to be looked at

    def step(self, clock, w, velocity):
        """See the end of a step; the first one is the start."""
        self.states.append((clock.t, w, velocity))
        self.history.append((clock.t, clock.value))
        self.long.append(clock.stiffness > _LONG)
        if len(self.states) >= self.most:
            self.look()

    def look(self):
        """Choose frames of the steps that wait; the last of them begins the next ones."""
        states, even = self.states, self.times is None
        if even and self.recorder.place is None and states:
            self.recorder.offer(np.array([[states[0][0]]]), states[0][1][None, None])
        if len(states) < 2:
            return
        times, moved = self._even_times() if even else (self._asked_times(), 0.0)
        straight = self._straight() if times.size else None
        for some in np.array_split(times, 1 + times.size * states[0][1].size // _AT_ONCE):
            w = _between(states, some, straight)
            if even:
                self.recorder.offer(some[:, None], w[:, None])
            else:
                self.chosen += list(w)
        self.states, self.long, self.moved = states[-1:], self.long[-1:], self.moved + moved

    def _straight(self):
        """Which steps are too long for a cubic: after one or two thirds, its loss is no flow's.

        Its velocities are then those of the sharpest directions, in which the flow is long at rest.
        """
        step = np.flatnonzero(self.long[1:])
        if not step.size or (self.times is None and self.recorder.count == 2):
            return None  # none is long, or nothing in between is asked for
        t = np.array([t for t, *_ in self.states])
        third = np.diff(t)[step] / 3
        w = _between(self.states, np.concatenate([t[step] + third, t[step + 1] - third]))
        value = losses_of(self.objective, w[:, None]).reshape(2, -1)
        loss = np.array([value for _, value in self.history[-len(t) :]])
        straight = np.zeros(len(t) - 1, dtype=bool)
        straight[step] = ((value > loss[step]) | (value < loss[step + 1])).any(axis=0)
        return straight

    def _even_times(self):
        """Times within the steps, as finely as the frames need, going by the steps' chords."""
        t, w, _ = zip(*self.states, strict=True)
        chords = length(np.diff(np.array(w), axis=0)).astype(float)
        whole = self.moved + chords.sum()
        share = chords / whole if whole else chords
        number = np.clip(np.ceil(self.recorder.wanted * share), 1, _FINE).astype(int)
        first = np.repeat(number.cumsum() - number, number)
        part = (np.arange(number.sum()) - first + 1) / np.repeat(number, number)
        t = np.array(t)
        times = np.repeat(t[1:], number) - (1 - part) * np.repeat(np.diff(t), number)
        # after an interrupt, some were seen
        return times[times > self.recorder.end[0][0, 0]], chords.sum()

    def _asked_times(self):
        times = self.times[len(self.chosen) :]
        return times[: np.searchsorted(times, self.states[-1][0], side="right")]

    def frames(self):
        """Times of shape (frames, 1) and parameters of shape (frames, 1, p)."""
        self.look()
        if self.times is None or not self.states:
            return self.recorder.frames(exactly=True)
        t, w, _ = self.states[-1]
        rest = len(self.times) - len(self.chosen)  # after its end, a run stands still
        return [np.minimum(self.times, t)[:, None], np.stack([*self.chosen, *[w] * rest])[:, None]]


class _Flow:
    """All runs of a flow as far as they are known: the integrators' ``watch``."""

    def __init__(self, lead, w0, train, test, record, times, watch):
        self.lead, self.train, self.test, self.watch = lead, train, test, watch
        self.paths = [_Path(w, train.at([i]), record, times) for i, w in enumerate(w0)]
        self.count = 0

    def __call__(self, clocks, w, velocity, count):
        """Store the steps, and halt the runs that the caller's watch stops."""
        self.count = count
        for clock, *state in zip(clocks, w, velocity, strict=True):
            if clock.good:
                self.paths[clock.number].step(clock, *state)
        on = [clock.good for clock in clocks]
        if self.watch is not None and any(on):
            runs, t = np.array([(clock.number, clock.t) for clock in clocks])[on].T
            halts = np.zeros(len(clocks), bool)
            halts[on] = self.watch(runs.astype(int), t, w[on], velocity[on])
            for clock, halt in zip(clocks, halts.tolist(), strict=True):
                clock.halt = halt

    def statuses(self, ended, t_max, tolerance):
        """Say how the runs ended: an integrator knows why it stopped, not what that means."""
        ended, zero, alpha = ended.copy(), self.train.zero_loss(), self.train.model.alpha
        for run, path in enumerate(self.paths):
            if ended[run] in ("converged", "stopped"):
                continue
            _, w, velocity = path.states[-1]
            speed = norm(velocity)
            step = np.diff([t for t, _ in path.history[-2:]]).sum() * speed
            lost = ended[run] == "stuck" or step <= np.finfo(w.dtype).eps * norm(w)
            promised = 0.1 * t_max * (alpha[run] * speed) ** 2
            end = settled(path.history, zero[run], tolerance, promised, lost)[0]
            if ended[run] != "out of steps" or end in ("stalled", "diverged"):
                ended[run] = end
        return ended

    def rise(self, run):
        """The most by which the loss of a frame lies above that of the step before it, of R(0)."""
        found = []
        losses = np.reshape(run.train_loss, (len(run.train_loss), -1)).T
        for path, loss, zero in zip(self.paths, losses, self.train.zero_loss(), strict=True):
            t, value = np.transpose(path.history)
            before = value[np.searchsorted(t, path.times[: len(loss)], side="right") - 1]
            found.append(((loss - before) / zero).max() if zero else 0.0)
        return max(found)

    def run(self, status):
        """The run so far."""
        columns = zip(*(path.frames() for path in self.paths), strict=True)
        frames = [np.concatenate(column, axis=1) for column in columns]
        if all(len(path.history) < 2 for path in self.paths):
            frames = [column[:1] for column in frames]
        return finished_run(frames, self.lead, self.train, self.test, status, self.count)


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
        Between two steps, w is interpolated. With a large ``alpha`` and coarse steps that may not
        be good enough for αf: a frame whose loss lies above that of the step before is warned of.
    max_steps : int, optional
        Most steps: default 2000 for "RKC", each of 2 to 400 gradients, 10,000 for "DOP853".
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

    Examples
    --------
    >>> import numpy as np
    >>> from lazylib import Dataset, FirstLayer, TwoLayer, gradient_flow
    >>> relu = FirstLayer(TwoLayer(d=1, m=1), b=[1.0])  # max(w, 0) at x = 1
    >>> data, times = Dataset(x=[[1.0]], y=[2.0]), [0.0, np.log(2), 20.0]
    >>> options = {"t_max": 20.0, "times": times, "tolerance": 0, "method": "DOP853"}
    >>> run = gradient_flow(relu, data, [1.0], **options)
    >>> print(run.w[:, 0].round(6))  # w(t) = 2 − exp(−t)
    [1.  1.5 2. ]
    """
    method = _checks.word("method", method, _METHODS)
    if watch is not None and method != "RKC":
        raise ValueError("watch is for the method 'RKC' only")
    watch = None if watch is None else _checks.function("watch", watch)
    default, steps = _METHODS[method]
    accuracy = default if accuracy is None else accuracy
    options = {
        "t_max": _checks.number("t_max", t_max, above=0),
        "tolerance": _checks.number("tolerance", tolerance, least=0, most=MOST_TOLERANCE),
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
    if times is not None:
        _warn_of_frames(flow, run, ended, times, options["max_steps"])
    return run


def _warn_of_frames(flow, run, ended, times, max_steps):
    """Say which frames that were asked for do not show what they seem to."""
    late = times[times > run.times[-1].min()]
    if (ended == "out of steps").any() and len(late):
        said = f"max_steps = {max_steps} ended the flow before t = {late}"
        warnings.warn(said, RuntimeWarning, stacklevel=4)
    if flow.rise(run) > 0.02:
        said = "frames lie between steps too long to interpolate: take a smaller accuracy"
        warnings.warn(said, RuntimeWarning, stacklevel=4)
