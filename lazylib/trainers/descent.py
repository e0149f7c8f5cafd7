"""Training: gradient descent, SGD and the gradient flow on the scaled objective F_α of Eq. (5).

All trainers share one time, t = step × number of steps: in predictor space the path obeys
d(αf)/dt = −(1/n) K_w (αf − y) for the quadratic loss, with no α in it.
"""

from dataclasses import replace

import numpy as np

from lazylib import _checks
from lazylib._vectors import length, norm
from lazylib.data import Dataset, sphere
from lazylib.losses import quadratic
from lazylib.models.model import Model
from lazylib.trainers.objective import Objective, batch
from lazylib.trainers.run import (
    MOST_TOLERANCE,
    Recorder,
    _status,
    finished_run,
    noting_interrupts,
    progress,
    saving,
    settled,
)

# Automatic steps follow the sharpness after so many steps, or when w moved by this part of itself.
_FOLLOW_STEPS, _FOLLOW_DISTANCE = 50, 0.1


# No automatic step moves w by more than this part of itself. One that moves it by more than the
# second part is on its way, even where the labels are so large that the loss does not show it.
_LONGEST, _MOVING = 0.5, 0.1


# Power iterations for the first estimate of the sharpness, and to follow it from there.
_FIRST, _NEXT = 20, 2


@noting_interrupts
def gradient_descent(
    model, data, w0, *, step="auto", n_steps, alpha=1.0, loss=quadratic, record=100, tolerance=1e-7
):
    """Minimise F_α(w) = R(αf(w))/α² by gradient descent (Eq. 5; Section 5).

    Runs on leading axes are independent; those that have converged leave the batch.

    Parameters
    ----------
    model : a model of `lazylib.models`
        f, not αf. ``Tangent(f, w0)`` trains the tangent model.
    data : Dataset
    w0 : ndarray of shape (..., p)
        Initial parameters; their precision is that of the whole run.
    step : "auto", float or array
        Step size on F_α. "auto" takes half of the largest stable one, n/(ν λ_max), follows the
        tangent kernel as it moves, and moves w by half of itself at most.
    n_steps : int
    alpha : float or array, default 1
    loss : Loss, default quadratic
    record : int, default 100
        How many frames to keep at most.
    tolerance : float, default 1e-7
        A run ends when its training loss is below ``tolerance`` · R(0); 0 for never.

    Returns
    -------
    Run

    Raises
    ------
    Interrupted
        A KeyboardInterrupt that has the run so far.
    ValueError, TypeError
        For arguments that do not fit; the message names the argument.

    Examples
    --------
    >>> import numpy as np
    >>> from lazylib import Dataset, TwoLayer, gradient_descent, teacher
    >>> rng = np.random.default_rng(0)
    >>> data = Dataset.from_teacher(rng, teacher(rng, d=2), n=5)
    >>> net = TwoLayer(d=2, m=20)
    >>> run = gradient_descent(net, data, net.init(rng), n_steps=10_000)
    >>> run.status
    'converged'
    """
    n_steps, record = _checks.whole("n_steps", n_steps), _checks.whole("record", record, least=2)
    tolerance = _checks.number("tolerance", tolerance, least=0, most=MOST_TOLERANCE)
    _checks.instance("model", model, Model)
    _checks.instance("data", data, Dataset)
    lead, w, train, test = batch(model, data, w0, alpha, loss)
    steps = _Steps(step, lead, w.dtype, fraction=1.0)
    return _descend(
        lead, w, train, train, test, lambda same: same, steps, n_steps, record, tolerance
    )


@noting_interrupts
def sgd(
    model,
    teacher,
    w0,
    *,
    rng,
    n_steps,
    batch_size=200,
    step="auto",
    alpha=1.0,
    loss=quadratic,
    test=None,
    record=100,
):
    """Minimise the population loss by SGD in which each sample is used once (Figure 6(b)).

    Parameters
    ----------
    model, w0, alpha, loss, record
        As in `gradient_descent`. All runs share the samples of each step.
    teacher : callable
        Labels of shape (n,) for inputs of shape (n, d), drawn uniformly on the sphere.
    rng : numpy.random.Generator
        Draws the samples.
    n_steps : int
    batch_size : int, default 200
        Fresh samples a step.
    step : "auto", float or array
        "auto" takes a quarter of the largest step stable on a batch, and follows the kernel.
    test : tuple of ndarrays (x, y), optional
        Samples to estimate the population loss with.

    Returns
    -------
    Run
        ``train_loss`` is that on the batch of the step, before it was used.

    Examples
    --------
    >>> import numpy as np
    >>> from lazylib import TwoLayer, sgd, teacher
    >>> rng = np.random.default_rng(0)
    >>> target, net = teacher(rng, d=2), TwoLayer(d=2, m=20)
    >>> run = sgd(net, target, net.init(rng), rng=rng, n_steps=200, batch_size=50)
    >>> print(run.n_steps, run.train_loss[0] > 10 * run.train_loss[-1])
    200 True
    """
    _checks.generator("rng", rng)
    _checks.instance("model", model, Model)
    _checks.function("teacher", teacher)
    n_steps, record = _checks.whole("n_steps", n_steps), _checks.whole("record", record, least=2)
    size = _checks.whole("batch_size", batch_size)

    def samples():
        x = sphere(rng, size, model.d)
        y = _checks.array("teacher(x)", teacher(x))
        if y.shape != (size,):
            raise ValueError(
                f"teacher must return shape ({size},) for {size} inputs, got {y.shape}"
            )
        return x, y

    if test is not None and (not isinstance(test, tuple | list) or len(test) != 2):
        raise TypeError(f"test must be a pair (x, y), got {_checks.shown(test)}")
    first = Dataset(*samples(), *((None, None) if test is None else test))
    lead, w, train, test = batch(model, first, w0, alpha, loss)

    def fresh(objective):
        x, y = samples()
        x, y = x.astype(w.dtype), y.astype(w.dtype)
        return Objective(objective.model, loss, x, y, single=lead == ())

    steps = _Steps(step, lead, w.dtype, fraction=0.5)
    # the first samples are not used to train
    judge = replace(train) if test is None else test
    return _descend(lead, w, train, judge, test, fresh, steps, n_steps, record, 0.0)


def _descend(lead, w, train, judge, test, sample, steps, n_steps, record, tolerance):
    """Take the steps; ``sample`` makes the objective of each, ``judge`` says how they ended."""
    runs = _Runs(lead, w, judge, test, n_steps, record, tolerance, fresh=judge is not train)
    objective, t = train, np.zeros(len(w))
    with (
        saving(lambda: runs.run(runs.status)),
        np.errstate(all="ignore"),
        progress() as done,
    ):
        runs.target = judge.start(w, tolerance)[2]
        for taken in range(n_steps + 1):
            objective = sample(objective)
            g, gradient = objective.forward_backward(w)
            if taken in (runs.due, n_steps):
                going = runs.check(taken, t, w, objective.loss._value(g, objective.y))
                done(taken / n_steps)
                if taken == n_steps or not going.any():
                    break
                if not going.all():
                    objective, w, t = objective.at(going), w[going], t[going]
                    gradient = gradient[going]
                    steps.keep(going)
            size = steps.sizes(objective, w, gradient, taken)
            w -= size[:, None] * gradient
            t += size
        ended = runs.status
        if going.any():
            step, size = norm(steps.size[:, None] * gradient), norm(w)
            lost, moving = step <= np.finfo(w.dtype).eps * size, step > _MOVING * size
            slope = (objective.model.alpha * norm(gradient)) ** 2
            ended = runs.judged(going, 0.1 * t * slope, lost, moving)
        return runs.run(ended)


class _Runs:
    """All runs as of the last check: where they are, which still go, and how the others ended."""

    def __init__(self, lead, w, judge, test, n_steps, record, tolerance, fresh):
        self.lead, self.judge, self.test, self.n_steps = lead, judge, test, n_steps
        self.fresh, self.tolerance, self.zero = fresh, tolerance, judge.zero_loss()
        self.live, self.status = np.arange(len(w)), np.full(len(w), "interrupted", dtype="<U13")
        self.w, self.t, self.loss = w.copy(), np.zeros(len(w)), self.zero.copy()
        self.recorder, self.history = Recorder(record, judge.model._positions, w), []
        self.due = self.reached = 0

    def check(self, taken, t, w, value):
        """Record the states of the live runs; return which of them go on."""
        self.due += 1 + taken // 500
        good = np.isfinite(value) & np.isfinite(w).all(axis=-1)
        index = self.live[good]
        self.w[index], self.t[index], self.loss[index] = w[good], t[good], value[good]
        loss = self.loss
        if not self.fresh:
            self.history.append((self.t.copy(), loss.copy()))
        elif not self.history and self.due > 0.9 * self.n_steps or taken == self.n_steps:
            # how a run ended is not read off fresh samples, whose loss fluctuates
            self.history.append((self.t.copy(), self.judge.value(self.w)))
        self.recorder.offer(self.t[None], self.w[None], loss[None])
        self.reached = taken
        going = good & ~(value <= self.target[self.live])
        self.status[self.live[~going]] = np.where(good, "converged", "diverged")[~going]
        if going.any() and taken < self.n_steps:
            self.live = self.live[going]
        return going

    def judged(self, going, promised, lost, moving):
        """Statuses with those of the runs that took all steps."""
        rest, ended = self.live[going], self.status.copy()
        history = [(t[rest], loss[rest]) for t, loss in self.history]
        options = {"promised": promised[going], "lost": lost[going]}
        if self.fresh:
            (_, before), (_, loss) = history[0], history[-1]
            ended[rest] = _status(loss, before, self.zero[rest], tolerance=0, **options)
        else:
            ended[rest] = settled(
                history, self.zero[rest], self.tolerance, moving=moving[going], **options
            )
        return ended

    def run(self, status):
        """The run so far."""
        frames = self.recorder.frames()
        return finished_run(frames, self.lead, self.judge, self.test, status, self.reached)


class _Steps:
    """The step sizes of the live runs: as given, or ``fraction``/sharpness, following it."""

    def __init__(self, step, lead, dtype, fraction):
        self.automatic = isinstance(step, str)
        self.fraction = fraction
        self.vector = self.size = self.seen = None
        if self.automatic:
            _checks.word("step", step, ["auto"])
        else:
            step = _checks.array("step", _checks.positive("step", step))
            if _checks.broadcastable(step=step.shape, runs=lead) != lead:
                raise ValueError(f"step has shape {step.shape}, but the runs have shape {lead}")
            self.size = np.broadcast_to(step, lead).reshape(-1).astype(dtype)
            if not ((self.size > 0) & np.isfinite(self.size)).all():
                raise ValueError(
                    f"step must be > 0 and finite in {dtype}, got {_checks.shown(step)}"
                )

    def keep(self, going):
        """Forget the runs that have left the batch."""
        if self.size is not None:
            self.size = self.size[going]
        if self.seen is not None:
            self.vector, self.seen = self.vector[going], self.seen[going]

    def sizes(self, objective, w, gradient, taken):
        """Return the sizes of the next step, of shape (runs,)."""
        if not self.automatic:
            return self.size
        if self.seen is None:
            due, count = np.full(len(w), True), _FIRST
            self.vector, self.size, self.seen = gradient.copy(), np.ones(len(w), w.dtype), w.copy()
        else:
            # each run by itself, so that it does not depend on the company it trains in
            moved, count = w - self.seen, _NEXT
            due = np.vecdot(moved, moved) > _FOLLOW_DISTANCE**2 * np.vecdot(w, w)
            due |= taken % _FOLLOW_STEPS == 0
        if due.any():
            part, state = objective.at(due), (w[due], gradient[due], self.vector[due])
            sharpness, self.vector[due] = part.sharpness(*state, count)
            size = self.fraction / np.where(sharpness > 0, sharpness, self.fraction)
            # from a small start, the sharpness does not tell what it is where the step leads
            here, slope = length(w[due]), length(gradient[due])
            self.size[due] = np.where(here > 0, np.minimum(size, _LONGEST * here / slope), size)
            self.seen[due] = w[due]
        return self.size
