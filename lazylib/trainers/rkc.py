"""A stabilised explicit Runge–Kutta–Chebyshev method for gradient flows, many runs at a time.

A gradient flow is stiff but does not oscillate: its Jacobian, minus the Hessian, is symmetric. The
second-order method RKC (Sommeijer, Shampine & Verwer 1997, J. Comput. Appl. Math. 88:315) takes s
gradients a step and is stable along the negative real axis as far as about 0.65 s², so that long
steps cost the square root of what gradient descent needs. It needs no smoothness beyond that of
its error estimate, so it suits the ReLU, whose kinks make other adaptive methods crawl.

One direction is often far sharper than all others: that of the mean prediction. There the flow has
long come to rest while it still goes on elsewhere, so long steps slow it down in that direction,
which leaves its points of rest where they are, and take the stages that the others need.
"""

import math
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

import numpy as np

from lazylib._vectors import length
from lazylib.trainers.objective import unit
from lazylib.trainers.run import progress

# Stages a step at most, and of a run that even so many would not bring to its end; and the reserve
# that the estimated sharpness gets.
_MOST_STAGES, _VAIN_STAGES, _RESERVE = 400, 120, 1.2


# Power iterations before the first step and after each of the next ones. From then on the sharpness
# is followed after so many steps, when w moved by this part of itself, and when a step failed.
_FIRST, _FOLLOW_STEPS, _FOLLOW_DISTANCE = 5, 5, 0.1


# A run that a tenth of its steps has brought nowhere, so that so many times as many would not do,
# is not followed for the rest of them.
_HOPELESS = 1e12


@cache
def coefficients(s):
    """Coefficients of the s-stage RKC method of order 2: μ̃₁ and rows (μ, ν, μ̃, γ̃), j = 2 … s."""
    w0 = 1 + 2 / 13 / s**2
    # Chebyshev polynomials T_j(w0) with their first and second derivatives
    T, D, DD = np.zeros((3, s + 1))
    T[:2], D[1] = (1, w0), 1
    for j in range(2, s + 1):
        T[j] = 2 * w0 * T[j - 1] - T[j - 2]
        D[j] = 2 * T[j - 1] + 2 * w0 * D[j - 1] - D[j - 2]
        DD[j] = 4 * D[j - 1] + 2 * w0 * DD[j - 1] - DD[j - 2]
    w1 = D[s] / DD[s]
    b = np.empty(s + 1)
    b[2:] = DD[2:] / D[2:] ** 2
    b[:2] = b[2]
    mu, nu = 2 * w0 * b[2:] / b[1:-1], -b[2:] / b[:-2]
    mu_tilde = 2 * w1 * b[2:] / b[1:-1]
    gamma_tilde = -(1 - b[1:-1] * T[1:-1]) * mu_tilde
    return float(b[1] * w1), np.stack([mu, nu, mu_tilde, gamma_tilde], axis=-1).tolist()


def rkc_step(slope, w, first, h, s):
    """The change of ``w``, of shape (runs, p), in a step of size ``h`` of w′ = −slope(w).

    The change, not the new ``w``, in which a short step would be lost to rounding.

    Parameters
    ----------
    first : ndarray of shape (runs, p)
        The slope at ``w``.
    h : float or ndarray of shape (runs, 1)
    s : int
        Number of stages.
    """
    mu_1, _ = coefficients(s)
    # two changes in turns, and −h times the slopes there and at the start
    state, down = np.zeros((4, *w.shape), w.dtype), -h
    before, now, there, here = state
    np.multiply(first, down, out=here)
    np.multiply(here, mu_1, out=now)
    # in rows, however w lies in memory: only then is new.reshape(-1) the same memory as new
    flat, (point, new) = state.reshape(4, -1), np.empty((2, *w.shape), w.dtype)
    flat_new = new.reshape(-1)
    for row in _rows(s, w.dtype.char):
        np.add(w, now, out=point)
        np.multiply(slope(point), down, out=there)
        row.dot(flat, flat_new)
        before[...] = new
        before, now = now, before
    return now


@cache
def _rows(s, kind):
    """The coefficients of both changes and both slopes, in turns."""
    mu, nu, mu_tilde, gamma_tilde = np.array(coefficients(s)[1]).T
    rows = np.stack([nu, mu, mu_tilde, gamma_tilde], axis=-1)
    rows[1::2, :2] = rows[1::2, 1::-1]
    return list(rows.astype(kind))


class Sharpness(NamedTuple):
    """What is known of the Hessian H of each run: its sharpest direction, and all others.

    Attributes
    ----------
    direction : ndarray of shape (runs, p)
        The unit eigenvector e of the largest |eigenvalue|, about.
    sharpest : ndarray of shape (runs,)
        Its eigenvalue λ; 0 if that is negative, a direction in which the flow runs away.
    other : ndarray of shape (runs, p)
        The sharpest direction of the rest, H − λeeᵀ, about.
    rest : ndarray of shape (runs,)
        The norm of the rest, about.
    seen : ndarray of shape (runs, p)
        Where all this was last looked at.
    """

    direction: np.ndarray
    sharpest: np.ndarray
    other: np.ndarray
    rest: np.ndarray
    seen: np.ndarray

    def followed(self, objective, w, gradient):
        """Take one power iteration for each of the two directions.

        Returns
        -------
        sharpness : Sharpness
        count : int
            Number of gradients computed.
        """
        largest = np.maximum(self.sharpest, self.rest)
        product, size, count = _product(objective, w, gradient, self.direction, largest)
        sharpest = np.maximum(np.vecdot(self.direction, product), 0)
        residual = product - sharpest[:, None] * self.direction
        direction = product / (size + (size == 0))[:, None]
        other = self.other + residual
        other = unit(other - _along(other, direction) * direction)
        other, size, more = _product(objective, w, gradient, other, self.rest)
        rest = np.maximum(length(residual), size)
        return Sharpness(direction, sharpest, other, rest, w), count + more


def first_sharpness(objective, w, gradient):
    """Return the first `Sharpness`, from power iterations that start at the gradient, and count."""
    unknown, count = np.full(len(w), np.inf, w.dtype), 0
    result = Sharpness(unit(gradient), unknown, np.zeros_like(w), unknown, w)
    for _ in range(_FIRST):
        result, more = result.followed(objective, w, gradient)
        count += more
    return result, count


def _product(objective, w, gradient, direction, expected):
    """H·direction, its length, and a count: a difference on one side, or on both if it kinks."""
    ahead = objective.hessian_product(w, gradient, direction)
    reach = length(ahead)
    if not any(a > 2 * b for a, b in zip(reach.tolist(), expected.tolist(), strict=True)):
        return ahead, reach, 1
    behind = -objective.hessian_product(w, gradient, -direction)
    back = length(behind)
    less = reach > back
    return np.where(less[:, None], behind, ahead), np.where(less, back, reach), 2


def slowed_step(objective, w, gradient, h, bend):
    """One step from ``w``, slowed down in the sharpest direction as far as its stages need it.

    Parameters
    ----------
    w, gradient : ndarray of shape (runs, p)
    h : list of float
        A step size for each run.
    bend : Sharpness

    Returns
    -------
    w, value, gradient
        After the step.
    error : ndarray of shape (runs, p)
        RKC's estimate of the local error, and how far the slowed direction lags behind.
    s : int
        Number of stages, and of gradients.
    """
    s = _stages(max(a * b for a, b in zip(h, bend.rest.tolist(), strict=True)))
    reach, sharpest = _reach(s), bend.sharpest.tolist()
    slow = [1 - reach / max(reach, a * b) for a, b in zip(h, sharpest, strict=True)]
    slowed, direction = any(slow), bend.direction
    if slowed:
        part = _column(slow, w.dtype) * direction
        lag = [0.4 * a + 1 / b if c else 0.0 for a, b, c in zip(h, sharpest, slow, strict=True)]
    h = _column(h, w.dtype)

    def slope(w):
        gradient = objective.forward_backward(w)[1]
        if slowed:
            gradient -= _along(gradient, direction) * part
        return gradient

    first = gradient - _along(gradient, direction) * part if slowed else gradient
    change = rkc_step(slope, w, first, h, s)
    w = w + change
    value, gradient = objective.gradient(w)
    error = first + gradient
    error *= -0.4 * h
    error -= 0.8 * change
    if slowed:
        error += _along(gradient, direction) * _column(lag, w.dtype) * part
    return w, value, gradient, error, s


def _along(vector, direction):
    """Components along unit directions, as a `_column`."""
    if len(vector) == 1:
        return vector[0].dot(direction[0])
    return np.vecdot(vector, direction)[:, None]


def _column(values, dtype):
    """Numbers of the runs as a column; that of a single run as it is, which takes less time."""
    return values[0] if len(values) == 1 else np.array(values, dtype)[:, None]


@dataclass
class Clock:
    """Where a run of a flow is in time, and its step size.

    Attributes
    ----------
    number : int
        Which run it is.
    value, target : float
        Its loss, and the one to end at.
    h, shortest : float
        The size of its next step, and one with which it does not get off.
    good, halt : bool
        Whether it made the last step, and whether it is to stop there.
    t : float
    stiffness : float
        The size of its last step times the sharpness, the largest |eigenvalue| of the Hessian.
    """

    number: int
    value: float
    target: float
    h: float = np.inf
    shortest: float = 0.0
    good: bool = True
    halt: bool = False
    t: float = 0.0
    stiffness: float = 0.0

    def end(self, t_max, least):
        """How the run has ended; "" if it goes on, with a step of ``least`` or more."""
        if self.value <= self.target:
            return "converged"
        if self.h < max(1e-15 * self.t, self.shortest):
            return "stuck"
        if self.halt:
            return "stopped"
        if self.t >= t_max * (1 - 1e-12):
            return "end"
        return "out of steps" if self.h < least else ""

    def judge(self, h, value, error):
        """Accept a step of size ``h`` by its relative error, or not; choose the next size."""
        error += 0 * value  # NaN where the loss is not finite
        self.good = error <= 1
        if self.good:
            self.t, self.value = self.t + h, value
        factor = 0.8 * max(error, 1e-9) ** (-1 / 3) if error == error else 0.1
        self.h = h * min(max(factor, 0.1), 5.0)


def clocks_of(value, target):
    """The clocks of runs with these losses, and those to end at, of shape (runs,)."""
    pairs = zip(value.tolist(), target.tolist(), strict=True)
    return [Clock(number, *pair) for number, pair in enumerate(pairs)]


def integrate(objective, w0, *, t_max, accuracy, tolerance, max_steps, watch):
    """Follow w′ = −∇F_α(w) from ``w0``, of shape (runs, p), with a step size a run.

    Parameters
    ----------
    watch : callable
        ``watch(clocks, w, velocity, count)`` sees the start and the ends of all steps: the clocks
        of the runs that go on, their states, and the number of gradients so far. It may halt them.

    Returns
    -------
    ended : ndarray of str of shape (runs,)
        "converged" below ``tolerance`` · R(0), "stuck" where no step is short enough, "stopped" by
        ``watch``, "end" at ``t_max``, or "out of steps" after ``max_steps``.
    count : int
        Number of gradients computed.
    """
    ended, tiny = np.full(len(w0), "out of steps", dtype="<U13"), float(np.finfo(w0.dtype).tiny)
    clocks, gradient, bend, count = _begin(objective, w0, t_max, accuracy, tolerance, watch)
    w = start = w0
    with np.errstate(all="ignore"), progress() as done:
        for number in range(max_steps + 1):
            least = t_max / (_HOPELESS * max_steps) if 10 * number >= max_steps else 0.0
            words = [clock.end(t_max, least) for clock in clocks]
            for clock, word in zip(clocks, words, strict=True):
                ended[clock.number] = word or ended[clock.number]
            if number == max_steps or all(words):
                break
            if any(words):
                on = [not word for word in words]
                clocks = [clock for clock, going in zip(clocks, on, strict=True) if going]
                objective, w, start, gradient = objective.at(on), w[on], start[on], gradient[on]
                bend = Sharpness(*(column[on] for column in bend))
            h = [
                min(clock.h, longest, t_max - clock.t)
                for clock, longest in zip(clocks, _longest(bend, t_max / max_steps), strict=True)
            ]
            new, value, slope, error, s = slowed_step(objective, w, gradient, h, bend)
            lengths = length(np.array([error, new - start, new - bend.seen, new])).T.tolist()
            largest = np.maximum(bend.sharpest, bend.rest).tolist()
            steps = zip(clocks, h, value.tolist(), lengths, largest, strict=True)
            for clock, *step, (off, gone, _, _), sharpness in steps:
                clock.stiffness = step[0] * sharpness
                # the local error against the distance from the start
                clock.judge(*step, off / (accuracy * max(gone, tiny)))
            if not all(clock.good for clock in clocks):
                good = np.array([clock.good for clock in clocks])[:, None]
                new, slope = np.where(good, new, w), np.where(good, slope, gradient)
            w, gradient, count = new, slope, count + s
            watch(clocks, w, -gradient, count)
            if (
                number < _FIRST
                or number % _FOLLOW_STEPS == 0
                or not all(clock.good for clock in clocks)
                or any(moved >= _FOLLOW_DISTANCE * size for *_, moved, size in lengths)
            ):
                bend, looks = bend.followed(objective, w, gradient)
                count += looks
            done(max(min(clock.t for clock in clocks) / t_max, (number + 1) / max_steps))
    return ended, count


def _longest(bend, needed):
    """The longest steps that the stages bear; steps of ``needed`` length come to the end."""
    most, less = _reach(_MOST_STAGES), _reach(_VAIN_STAGES)
    return [
        (most if most >= needed * rest else less) / rest if rest else np.inf
        for rest in bend.rest.tolist()
    ]


def _begin(objective, w0, t_max, accuracy, tolerance, watch):
    """Return the clocks and gradients at the start, what is known of the Hessians, and a count."""
    value, gradient, target = objective.start(w0, tolerance)
    clocks = clocks_of(value, target)
    watch(clocks, w0, -gradient, 1)
    with np.errstate(all="ignore"):
        bend, count = first_sharpness(objective, w0, gradient)
        most = np.maximum(np.maximum(bend.sharpest, bend.rest), np.finfo(w0.dtype).tiny)
        for clock, clock.h in zip(clocks, (accuracy / most).tolist(), strict=True):
            # with such steps, a run does not get off; a curvature beyond all bounds allows none
            clock.shortest = 1e-15 * min(clock.h, t_max) if clock.h > 0 else np.inf
    return clocks, gradient, bend, count + 1


def _reach(s):
    """The h·λ that s stages bear, less a reserve."""
    return (s**2 - 1) / (1.54 * _RESERVE)


def _stages(h_sharpness):
    return max(2, math.ceil(min(_MOST_STAGES, math.sqrt(1 + 1.54 * _RESERVE * h_sharpness))))
