"""What a training run leaves behind, and the choice of the frames that are kept of it."""

import contextlib
import contextvars
import os
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
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
        "converged", "still falling", "diverged" or "interrupted".
    n_steps : int
        Number of steps taken.
    """

    times: np.ndarray
    w: np.ndarray
    train_loss: np.ndarray
    test_loss: np.ndarray | None
    status: str | np.ndarray
    n_steps: int

    def __len__(self):
        return len(self.w)


class Recorder:
    """Keeps at most ``count`` frames of a path whose length is not known beforehand.

    Frames are stored at steps of the path's length. When four times as many as asked for are
    stored, the step grows to half of what is then due and one frame a step is kept; in the end,
    those nearest to equal steps are chosen. So an animation moves evenly, whatever the speed of
    training was.
    """

    def __init__(self, count, positions):
        self.count = count
        self.positions = positions
        self.frames = []  # (time, w, train loss, test loss), and apart, the length of the path
        self.lengths = []
        self.gap = 0.0  # all lengths are relative to the neurons' first distance from the origin

    def offer(self, times, w, train_loss, test, last=False):
        """Store the state of the runs as a frame, if they have moved enough or it is the last.

        ``w`` has shape (runs, p), ``times`` and ``train_loss`` have shape (runs,); ``test`` is the
        objective on the test data, or None. Arrays are copied.
        """
        position = self.positions(w).reshape(len(w), -1)
        if not self.frames:
            self.size = np.linalg.norm(position, axis=-1) + np.finfo(float).tiny
            self.last, self.travelled = position, 0.0
        moved = (np.linalg.norm(position - self.last, axis=-1) / self.size).sum()
        later = last and (times > self.frames[-1][0]).any()
        if self.frames and moved <= self.gap and not later:
            return
        self.last, self.travelled = position, self.travelled + moved
        test_loss = None if test is None else test.value(w)
        frame = (times, w, train_loss, test_loss)
        self.frames.append(tuple(None if v is None else v.copy() for v in frame))
        self.lengths.append(self.travelled)
        if len(self.frames) >= 4 * self.count and not last:
            self.gap = self.lengths[-1] / (2 * self.count)
            _, kept = np.unique(np.floor_divide(self.lengths, self.gap), return_index=True)
            self.frames = [self.frames[i] for i in kept]
            self.lengths = [self.lengths[i] for i in kept]

    def run(self, lead, status, n_steps):
        """The chosen frames as a `Run` whose runs have the leading shape ``lead``."""
        lengths = np.array(self.lengths)
        even = np.linspace(0, lengths[-1], self.count)
        middles = (lengths[1:] + lengths[:-1]) / 2
        chosen = np.unique([0, *np.searchsorted(middles, even)[1:-1], len(lengths) - 1])
        times, w, train, test = (
            None if column[0] is None else np.stack(column)
            for column in zip(*(self.frames[i] for i in chosen), strict=True)
        )

        def shaped(v):
            return None if v is None else v.reshape(len(chosen), *lead, *v.shape[2:])

        status = np.asarray(status).reshape(lead)
        status = str(status) if lead == () else status
        return Run(shaped(times), shaped(w), shaped(train), shaped(test), status, n_steps)


@contextlib.contextmanager
def until_interrupted():
    """Let a KeyboardInterrupt end a loop, not the run: what was computed is kept."""
    with contextlib.suppress(KeyboardInterrupt):
        yield


_quiet = contextvars.ContextVar("quiet", default=False)


@contextlib.contextmanager
def quiet():
    """Show no progress bars of single runs: they are a part of something longer."""
    token = _quiet.set(True)
    try:
        yield
    finally:
        _quiet.reset(token)


def progress_bar(total, unit="step", **options):
    """A bar that appears when training takes more than two seconds, if tqdm is installed.

    The environment variable TQDM_DISABLE hides it, in notebooks too.
    """
    if _quiet.get():
        return _Silent()
    try:
        from tqdm.auto import tqdm
    except ImportError:
        return _Silent()
    off = bool(os.environ.get("TQDM_DISABLE"))
    return tqdm(total=total, delay=2, leave=False, unit=unit, disable=off, **options)


class _Silent(contextlib.nullcontext):
    n = 0

    def __enter__(self):
        return self

    def update(self, steps):
        pass


#: A run still falls if, over the last tenth of its steps, its loss dropped by more than both: this
#: part of itself, and this part of the zero predictor's loss.
STILL_FALLING = (0.01, 0.002)


def convergence_status(loss, loss_before, zero_loss):
    """Say how runs ended that did not reach their tolerance.

    Parameters
    ----------
    loss, loss_before : ndarray of shape (...)
        R at the end and at nine tenths of the steps.
    zero_loss : ndarray of shape (...)
        R(0), the loss of the zero predictor.

    Returns
    -------
    ndarray of str
        "diverged", "still falling" (the loss dropped by more than `STILL_FALLING` says), or
        "converged": the loss has settled. A loss that rises above the zero predictor's diverges:
        no stationary point lies there, since smaller output weights would lower the loss.
    """
    drop, (of_itself, of_zero) = loss_before - loss, STILL_FALLING
    falling = (drop > of_itself * loss_before) & (drop > of_zero * zero_loss)
    rising = (loss > zero_loss) & (-drop > of_zero * zero_loss)
    status = np.where(falling, "still falling", "converged")
    return np.where(rising | ~np.isfinite(loss), "diverged", status)
