"""What training leaves behind: frames, how it ended, and what an interrupt saves of it."""

import contextlib
import contextvars
import functools
import importlib.util
import os
import signal
import threading
import time
from dataclasses import dataclass

import numpy as np

from lazylib import _checks


@dataclass(frozen=True, repr=False)
class Run:
    """A finished training run, or a batch of them, as frames from first to last.

    Attributes
    ----------
    times : ndarray of shape (frames,) or (frames, ...)
        Training time t of each frame, step × number of steps.
    w : ndarray of shape (frames, ..., p)
        Parameters. Frames are spaced so that the neurons move evenly from one to the next.
    train_loss, test_loss : ndarray of shape (frames, ...)
        R(αf) on the training and test data (``test_loss`` is None without test data).
    status : str, or ndarray of str of shape (...)
        See `status`; "stopped" by a watch, "out of steps" before t_max, or "interrupted".
    n_steps : int
        Number of steps taken, or of gradients of a flow.
    zero_loss, zero_test_loss : float, or ndarray of shape (...)
        R(0) on both data; None if unknown.

    Examples
    --------
    >>> from lazylib import Run
    >>> times, w, losses = [0.0, 9.0], [[1.0], [2.0]], [4.0, 1.0]
    >>> run = Run(times, w, losses, None, "converged", n_steps=7, zero_loss=8.0)
    >>> print(run, run.train_error)
    Run(2 frames of shape (1,), status converged) [0.5   0.125]
    """

    times: np.ndarray
    w: np.ndarray
    train_loss: np.ndarray
    test_loss: np.ndarray | None
    status: str | np.ndarray
    n_steps: int
    zero_loss: float | np.ndarray | None = None
    zero_test_loss: float | np.ndarray | None = None

    def __post_init__(self):
        shape = _checks.array("w", self.w, ndim=2).shape[:-1]
        wanted = {"w": np.shape(self.w), "times": shape, "train_loss": shape, "test_loss": shape}
        wanted |= {"zero_loss": shape[1:], "zero_test_loss": shape[1:], "status": shape[1:]}
        for name, shape in wanted.items():
            value = getattr(self, name)
            if value is None and name in ("test_loss", "zero_loss", "zero_test_loss"):
                continue
            if name == "status":
                if np.asarray(value).dtype.kind != "U":
                    raise TypeError(f"status must be in words, got {_checks.shown(value)}")
            else:  # a loss may be infinite, or unknown after an interrupt
                unknown = name in ("train_loss", "test_loss")
                value = _checks.array(name, value, finite=None if unknown else True)
            if np.shape(value) != shape:
                raise ValueError(f"{name} must have shape {shape}, got {np.shape(value)}")
            object.__setattr__(self, name, value if np.ndim(value) else getattr(self, name))
        _checks.whole("n_steps", self.n_steps, least=0, most=np.inf)

    def __len__(self):
        return len(self.w)

    def __repr__(self):
        return f"Run({len(self)} frames of shape {self.w.shape[1:]}, status {self.status!s})"

    @property
    def train_error(self):
        """Training losses relative to the zero predictor's, of shape (frames, ...)."""
        return _ratio(self.train_loss, self.zero_loss)

    @property
    def test_error(self):
        """Test losses relative to the zero predictor's, (frames, ...); None without test data."""
        return _ratio(self.test_loss, self.zero_test_loss)


def _ratio(loss, zero_loss):
    if loss is None or zero_loss is None:
        return None
    with np.errstate(all="ignore"):  # labels that are all 0
        return loss / zero_loss


#: What settles a loss: over the last tenth of the time it fell by no more than the first part of
#: itself and the second part of its whole fall; or it is below the third part of R(0).
OF_ITSELF, OF_FALL, OF_ZERO = 0.03, 0.03, 0.002


def status(loss, before, zero_loss, start=None, *, tolerance=OF_ZERO, promised=0.0, lost=False):
    """Say how runs ended, as one reads it off the curve of the loss against time on log axes.

    Parameters
    ----------
    loss, before : array of shape (...)
        R at the end and at nine tenths of the time.
    zero_loss, start : array of shape (...)
        R(0), the loss of the zero predictor, and that of the start (default R(0)).
    tolerance : float
        The part of R(0) below which a loss counts as 0.
    promised, lost : array of shape (...)
        The fall of R that the gradient promises over a tenth of the time, and whether rounding
        swallows the steps.

    Returns
    -------
    ndarray of str
        "diverged": not finite; or above R(0), and above the start or rising by `OF_ITSELF`. No
        stationary point of a network lies there: smaller output weights would lower the loss.
        "still falling": above ``tolerance`` · R(0), and over the last tenth of the time it fell by
        more than `OF_ITSELF`, or than `OF_FALL` of the whole fall: then it has hardly begun.
        "stalled": it would still fall, but the steps are lost. "converged": all others.

    Examples
    --------
    >>> from lazylib.trainers import status
    >>> print(status(loss=[0.1, 0.5, 2.0], before=[0.1, 0.9, 1.0], zero_loss=1.0))
    ['converged' 'still falling' 'diverged']
    """
    start = zero_loss if start is None else start
    losses = {"loss": loss, "before": before, "zero_loss": zero_loss, "start": start}
    losses = {name: _checks.array(name, v, finite=None) for name, v in losses.items()}
    losses["promised"] = _checks.array("promised", promised)
    if (lost := np.asarray(lost)).dtype != bool:
        raise TypeError(f"lost must be True or False, got {_checks.shown(lost)}")
    _checks.broadcastable(lost=lost.shape, **{name: v.shape for name, v in losses.items()})
    *losses, promised, lost = np.broadcast_arrays(*losses.values(), lost)
    tolerance = _checks.number("tolerance", tolerance, least=0)
    return _status(*losses, tolerance=tolerance, promised=promised, lost=lost)


def _status(loss, before, zero_loss, start=None, *, tolerance=OF_ZERO, promised=0.0, lost=False):
    """`status`, unchecked; what is NaN has diverged."""
    start = zero_loss if start is None else start
    with np.errstate(all="ignore"):
        drop = np.where(lost, promised, before - loss)
        noise = np.where(lost, 0, _ROUNDING * loss)
        falling = (drop > OF_ITSELF * before) | (drop > np.maximum(OF_FALL * (start - loss), noise))
        falling &= loss > tolerance * zero_loss
        worse = loss > (1 + OF_ITSELF) * np.minimum(start, before)
        diverged = ~np.isfinite(loss) | (worse & (loss > zero_loss))
    names = np.where(lost, "stalled", "still falling")
    return np.select([diverged, falling], ["diverged", names], "converged")


# R(0) itself is not a tolerance: a run that starts at 0 would be over.
MOST_TOLERANCE = np.nextafter(1, 0)


# What rounding makes of a loss that stands still is no fall.
_ROUNDING = 1e-12


def settled(history, zero_loss, tolerance, promised, lost, moving=False):
    """The `status` of runs, from the times and losses, of shape (runs,), of all their checks.

    Where the last step was ``moving`` the weights, a loss that stands still has not begun to fall.
    """
    t, loss = (np.array(v).reshape(len(history), -1) for v in zip(*history, strict=True))
    before = [np.interp(0.9 * a[-1], a, b) for a, b in zip(t.T, loss.T, strict=True)]
    # below this, a loss is rounding
    tolerance = max(tolerance, np.finfo(loss.dtype).eps ** 1.5)
    ends = loss[-1], np.array(before), zero_loss, loss[0]
    names = _status(*ends, tolerance=tolerance, promised=promised, lost=lost)
    early = moving & (names == "converged") & (loss[-1] > tolerance * zero_loss)
    names = np.where(early, "still falling", names)
    # where all labels are 0, what rounding leaves of the network is all that can be reached
    return np.where((zero_loss == 0) & (names == "stalled"), "converged", names)


class Recorder:
    """Chooses frames of a path whose length is not known beforehand, even in its length.

    Points are stored at steps of the length. When there are `_DENSE` times as many as asked for,
    the step grows until half of them are left; in the end, those nearest to equal steps are
    chosen. So an animation moves evenly, whatever the speed of training was.

    Parameters
    ----------
    count : int
        How many frames to choose, at most.
    positions : callable
        Where parameters of shape (..., p) lie: the model's ``positions``.
    w0 : ndarray of shape (runs, p)
        The only frame until the first point is passed.

    Attributes
    ----------
    wanted : int
        How many points of the whole path are enough.
    """

    def __init__(self, count, positions, w0):
        self.count, self.positions = count, positions
        self.wanted = _DENSE * count if count > 2 else 2
        # points, each its times, parameters, and losses if known; their lengths of the path
        self.points, self.lengths = [], np.empty(0)
        self.gap = self.travelled = 0.0  # in units of the neurons' first distance from the origin
        self.end, self.place = (np.zeros((1, len(w0))), w0[None].copy()), None

    def offer(self, *columns):
        """Pass points of the path, and copy those to keep; an interrupt here changes nothing.

        Parameters
        ----------
        times : ndarray of shape (points, runs)
        w : ndarray of shape (points, runs, p)
        loss : ndarray of shape (points, runs), optional
        """
        first = self.place is None
        if self.count == 2 and not first:  # nothing in between is asked for
            self.end = [column[-1:].copy() for column in columns]
            return
        place = self.positions(columns[1]).reshape(*columns[1].shape[:2], -1)
        if first:
            self.size = np.sqrt(np.vecdot(place[0], place[0])) + np.finfo(float).tiny
        moved = np.empty_like(place)
        np.subtract(place[1:], place[:-1], out=moved[1:])
        np.subtract(place[0], place[0] if first else self.place[0], out=moved[0])
        moved = (np.sqrt(np.vecdot(moved, moved)) / self.size).sum(axis=-1).cumsum()
        lengths = np.append(-1.0 if first else self.lengths[-1], self.travelled + moved)
        cells = np.floor_divide(lengths, self.gap) if self.gap else lengths
        kept = np.flatnonzero(cells[1:] > np.maximum.accumulate(cells[:-1]))
        self.end, self.place = [column[-1:].copy() for column in columns], place[-1:].copy()
        self.travelled = lengths[-1]
        if len(kept):
            self.points += zip(*(column[kept] for column in columns), strict=True)
            self.lengths = np.append(self.lengths, lengths[1:][kept])
        if len(self.lengths) >= self.wanted:
            self.gap = 2 * self.lengths[-1] / self.wanted
            _, kept = np.unique(np.floor_divide(self.lengths, self.gap), return_index=True)
            self.points, self.lengths = [*zip(*self._chosen(kept), strict=True)], self.lengths[kept]

    def _chosen(self, index):
        """Copies of the columns of points with these numbers."""
        chosen = zip(*(self.points[i] for i in index), strict=True)
        return [np.array(column) for column in chosen]

    def frames(self, exactly=False):
        """Times, parameters and known losses of the chosen points; some twice for ``exactly``."""
        end = self.end
        if not self.points:
            return [np.repeat(column, self.count if exactly else 1, axis=0) for column in end]
        lengths = self.lengths
        more = (end[0] > self.points[-1][0]).any()
        lengths = np.append(lengths, self.travelled) if more else lengths
        even = np.linspace(0, lengths[-1], self.count)
        chosen = np.searchsorted((lengths[1:] + lengths[:-1]) / 2, even)
        chosen[0], chosen[-1] = 0, len(lengths) - 1
        chosen = chosen if exactly else np.unique(chosen)
        stored = chosen[chosen < len(self.lengths)]
        columns = self._chosen(stored)
        after = len(chosen) - len(stored)
        return [np.concatenate([a, *[b] * after]) for a, b in zip(columns, end, strict=True)]


# So many points are stored for each frame asked for, at most.
_DENSE = 8


def finished_run(frames, lead, train, test, status, n_steps):
    """Make the `Run` whose runs have the leading shape ``lead``; losses not known are computed."""
    times, w, *known = frames
    loss = known[0] if known else losses_of(train, w)
    test_loss = None if test is None else losses_of(test, w)
    zero = [None if part is None else part.zero_loss() for part in (train, test)]

    def shaped(v, *first):
        if v is None:
            return None
        v = np.asarray(v)
        v = v.reshape((*first, *lead, *v.shape[len(first) + 1 :]))
        return v if v.ndim else v.item()

    columns = [shaped(v, len(w)) for v in (times, w, loss, test_loss)]
    return Run(*columns, shaped(status), n_steps, *map(shaped, zero))


def losses_of(objective, w):
    """R(αf) of states of shape (states, runs, p); NaN where saving is interrupted again."""
    try:
        return objective.values(w)
    except KeyboardInterrupt:
        if not _state.saving:
            raise
    return np.full(w.shape[:-1], np.nan)  # a model that raises again and again


class Interrupted(KeyboardInterrupt):
    """Training was interrupted.

    Attributes
    ----------
    run : Run
        All that was computed, with the status "interrupted".

    Examples
    --------
    >>> import numpy as np
    >>> from lazylib import Dataset, Interrupted, TwoLayer, gradient_descent
    >>> from lazylib.trainers import reporting
    >>> def stop(part):
    ...     if part >= 0.5:
    ...         raise KeyboardInterrupt
    >>> net, data = TwoLayer(d=2, m=1), Dataset(x=[[1.0, 0.0]], y=[2.0])
    >>> try:
    ...     with reporting(stop):
    ...         run = gradient_descent(net, data, np.ones(3), step=1e-3, n_steps=100)
    ... except Interrupted as interrupt:
    ...     run = interrupt.run
    >>> run.status, run.n_steps
    ('interrupted', 50)
    """

    def __init__(self, run):
        super().__init__(
            f"interrupted after {run.n_steps} steps: the run so far is in `.run` of this "
            "exception; in a notebook: `import sys; sys.last_value.run`"
        )
        self.run = run

    def __reduce__(self):
        return type(self), (self.run,)


class _State(threading.local):
    signals, saving = 0, False


_state = _State()


def check_interrupt():
    """Raise the KeyboardInterrupt that was noted; called where nothing is left half done."""
    if _state.signals and not _state.saving:
        raise KeyboardInterrupt


def _note(number, frame):
    _state.signals += 1
    if _state.signals > 2:  # the model does not return
        raise KeyboardInterrupt


def noting_interrupts(trainer):
    """Let signals wait for `check_interrupt` while ``trainer`` works in the main thread."""

    @functools.wraps(trainer)
    def noting(*arguments, **options):
        main = threading.current_thread() is threading.main_thread()
        if not main or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
            return trainer(*arguments, **options)
        signal.signal(signal.SIGINT, _note)
        try:
            run = trainer(*arguments, **options)
        finally:
            signal.signal(signal.SIGINT, signal.default_int_handler)
            noted, _state.signals = _state.signals, 0
        if noted:
            raise Interrupted(run)
        return run

    return noting


@contextlib.contextmanager
def saving(so_far):
    """Turn an interrupt into `Interrupted`, with the run that ``so_far()`` returns."""
    try:
        yield
    except KeyboardInterrupt as interrupt:
        _state.saving = True
        try:
            run = so_far()
        finally:
            _state.saving, _state.signals = False, 0
        raise Interrupted(run) from interrupt


_report = contextvars.ContextVar("report", default=None)


@contextlib.contextmanager
def reporting(report):
    """Tell ``report``, and show no progress bar, how far each training in this block has come.

    Parameters
    ----------
    report : callable
        ``report(part)`` is called, in the thread that trains, after each step of a flow and at
        least 500 times in a descent: ``part`` of the time or of the steps is done, from 0 to 1. A
        KeyboardInterrupt that it raises ends the run as any interrupt does: with `Interrupted`.

    Examples
    --------
    >>> import numpy as np
    >>> from lazylib import Dataset, TwoLayer, gradient_descent
    >>> from lazylib.trainers import reporting
    >>> net, data, parts = TwoLayer(d=2, m=1), Dataset(x=[[1.0, 0.0]], y=[2.0]), []
    >>> with reporting(parts.append):
    ...     run = gradient_descent(net, data, np.ones(3), step=1e-3, n_steps=4)
    >>> parts
    [0.0, 0.25, 0.5, 0.75, 1.0]
    """
    token = _report.set(report)
    try:
        yield
    finally:
        _report.reset(token)


@contextlib.contextmanager
def progress(**options):
    """Yield the function that is told which part is done: a bar appears after two seconds.

    The bar needs tqdm; the environment variable TQDM_DISABLE hides it, in notebooks too.
    """
    start, bars = time.time(), []

    def show(part):
        if not bars and time.time() > start + 2:
            bars.append(_bar(start, **options))
        if bars:
            bars[0].update(part - bars[0].n)

    hidden = bool(os.environ.get("TQDM_DISABLE")) or importlib.util.find_spec("tqdm") is None
    try:
        yield _report.get() or ((lambda part: None) if hidden else show)
    finally:
        for bar in bars:
            bar.close()


def _bar(start, **options):
    from tqdm.auto import tqdm  # here: in a notebook, a bar takes longer than many a training

    shape = "{desc}{percentage:3.0f}%|{bar}| {elapsed}<{remaining}"
    bar = tqdm(total=1.0, leave=False, bar_format=shape, **options)
    bar.start_t = start
    return bar
