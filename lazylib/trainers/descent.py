"""Training: gradient descent, SGD and the gradient flow on the scaled objective F_α of Eq. (5).

All trainers share one time, t = step × number of steps: in predictor space the path obeys
d(αf)/dt = −(1/n) K_w (αf − y) for the quadratic loss, with no α in it.
"""

import numpy as np

from lazylib import _checks
from lazylib.data import Dataset, sphere
from lazylib.losses import quadratic
from lazylib.trainers.objective import Objective, batch
from lazylib.trainers.run import Recorder, convergence_status, progress_bar, until_interrupted

# Automatic steps follow the sharpness after so many steps, or when w moved by this part of itself.
_FOLLOW_STEPS, _FOLLOW_DISTANCE = 50, 0.1


_LONGEST = 0.5  # no automatic step moves w by more than this part of itself


# Power iterations for the first estimate of the sharpness, and to follow it from there.
_FIRST, _NEXT = 20, 2


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
        A KeyboardInterrupt ends the runs early, with the status "interrupted".

    Raises
    ------
    ValueError, TypeError
        For arguments that do not fit; the message names the argument.

    Examples
    --------
    >>> import numpy as np
    >>> from lazylib import Dataset, TwoLayer, gradient_descent, teacher
    >>> rng = np.random.default_rng(0)
    >>> data = Dataset.from_teacher(rng, teacher(rng, d=2), n=15)
    >>> net = TwoLayer(d=2, m=20)
    >>> run = gradient_descent(net, data, net.init(rng), n_steps=10_000)
    >>> run.status
    'converged'
    """
    lead, w, train, test = batch(model, _checks.instance("data", data, Dataset), w0, alpha, loss)
    steps = _Steps(step, lead, w.dtype, fraction=1.0)
    tolerance = _checks.number("tolerance", tolerance, least=0)
    return _descend(
        lead, w, train, train, test, lambda same: same, steps, n_steps, record, tolerance
    )


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
    """
    _checks.generator("rng", rng)
    size = _checks.whole("batch_size", batch_size)

    def samples():
        x = sphere(rng, size, model.d)
        return x, teacher(x)

    first = Dataset(*samples(), *((None, None) if test is None else test))
    lead, w, train, test = batch(model, first, w0, alpha, loss)

    def fresh(objective):
        x, y = samples()
        return Objective(objective.model, loss, x.astype(w.dtype), y.astype(w.dtype))

    steps = _Steps(step, lead, w.dtype, fraction=0.5)
    # how a run ended is not read off fresh samples, whose loss fluctuates; the first are not used
    return _descend(lead, w, train, test or train, test, fresh, steps, n_steps, record, 0.0)


def _descend(lead, w, objective, judge, test, sample, steps, n_steps, record, tolerance):
    n_steps = _checks.whole("n_steps", n_steps)
    recorder = Recorder(_checks.whole("record", record, least=2), judge.model._positions)
    zero_loss, live = judge.zero_loss(), np.arange(len(w))
    status = np.full(len(w), "interrupted", dtype="<U13")
    # all runs as of the last check; w and t are those of the live runs
    now, before, times, loss = w.copy(), w.copy(), np.zeros(len(w)), zero_loss.copy()
    t, reached, next_check = times.copy(), 0, 0
    with until_interrupted(), np.errstate(all="ignore"), progress_bar(n_steps) as bar:
        for taken in range(n_steps + 1):
            objective = sample(objective)
            g, gradient = objective.forward_backward(w)
            if taken in (next_check, n_steps):
                value = objective.loss._value(g, objective.y)
                next_check += 1 + taken // 500
                good = np.isfinite(value) & np.isfinite(w).all(axis=-1)
                now[live[good]], times[live[good]], loss[live[good]] = w[good], t[good], value[good]
                if taken <= 0.9 * n_steps:
                    before = now.copy()
                recorder.offer(times, now, loss, test)
                reached = taken
                bar.update(taken - bar.n)
                going = good & (value > tolerance * zero_loss[live])
                status[live[~going]] = np.where(good, "converged", "diverged")[~going]
                if taken == n_steps or not going.any():
                    values = (judge.value(state)[live[going]] for state in (now, before))
                    status[live[going]] = convergence_status(*values, zero_loss[live[going]])
                    break
                if not going.all():
                    objective, live = objective.at(going), live[going]
                    w, t, gradient = w[going], t[going], gradient[going]
                    steps.keep(going)
            size = steps.sizes(objective, w, gradient, taken)
            w -= size[:, None] * gradient
            t += size
    recorder.offer(times, now, loss, test, last=True)
    return recorder.run(lead, status, reached)


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
            here, slope = (np.linalg.norm(v[due], axis=-1) for v in (w, gradient))
            self.size[due] = np.where(here > 0, np.minimum(size, _LONGEST * here / slope), size)
            self.seen[due] = w[due]
        return self.size
