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

from lazylib.trainers.objective import length, unit
from lazylib.trainers.run import progress

# Stages a step at most, and the reserve that the estimated sharpness gets.
_MOST_STAGES, _RESERVE = 120, 1.2


# Power iterations before the first step and after each of the next ones. From then on the sharpness
# is followed after so many steps, when w moved by this part of itself, and when a step failed.
_FIRST, _FOLLOW_STEPS, _FOLLOW_DISTANCE = 5, 5, 0.1


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


def rkc_step(velocity, w, v, h, s):
    """The change of ``w`` in one step of size ``h``, of shape (runs, 1); ``v`` is its velocity.

    The change, not the new ``w``, in which a short step would be lost to rounding.
    """
    mu_1, rows = coefficients(s)
    # two changes in turns, and h times the velocities there and at the start
    state = np.zeros((4, *w.shape), w.dtype)
    before, now, there, here = state
    np.multiply(h, v, out=here)
    np.multiply(mu_1, here, out=now)
    # in rows, however w lies in memory: only then is new.reshape(-1) the same memory as new
    flat, (point, new) = state.reshape(4, -1), np.empty((2, *w.shape), w.dtype)
    flat_new = new.reshape(-1)
    for row in _rows(s, w.dtype.char):
        np.add(w, now, out=point)
        np.multiply(h, velocity(point), out=there)
        np.dot(row, flat, out=flat_new)
        before[...] = new
        before, now = now, before
    return now


@cache
def _rows(s, kind):
    """The coefficients of both changes and both velocities, in turns."""
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
        product, count = _product(objective, w, gradient, self.direction, largest)
        sharpest = np.maximum(np.vecdot(self.direction, product), 0)
        residual = product - sharpest[:, None] * self.direction
        direction = unit(product)
        other = unit(_without(self.other + residual, direction, 1))
        other, more = _product(objective, w, gradient, other, self.rest)
        rest = np.maximum(length(residual), length(other))
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
    """H·direction, and a count: by a difference on one side, or on both if a kink may lie there."""
    ahead = objective.hessian_product(w, gradient, direction)
    reach = length(ahead)
    if not np.count_nonzero(reach > 2 * expected):
        return ahead, 1
    behind = -objective.hessian_product(w, gradient, -direction)
    return np.where((reach > length(behind))[:, None], behind, ahead), 2


def slowed_step(objective, w, gradient, h, bend):
    """One step from ``w``, slowed down in the sharpest direction as far as its stages need it.

    Parameters
    ----------
    w, gradient : ndarray of shape (runs, p)
    h : ndarray of shape (runs,)
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
    s = _stages(max((h * bend.rest).tolist()))
    slow = 1 - np.minimum(1, _reach(s) / (h * bend.sharpest)).astype(w.dtype)
    h, slowed = h[:, None].astype(w.dtype), np.count_nonzero(slow)

    def slope(gradient):
        return _without(gradient, bend.direction, slow) if slowed else gradient

    first = slope(gradient)
    change = rkc_step(lambda w: slope(objective.forward_backward(w)[1]), w, first, -h, s)
    w = w + change
    value, gradient = objective.gradient(w)
    error = -0.4 * h * (first + slope(gradient)) - 0.8 * change
    if slowed:
        slow = slow / np.maximum(bend.sharpest, np.finfo(w.dtype).tiny)
        error += (slow * np.vecdot(gradient, bend.direction))[:, None] * bend.direction
    return w, value, gradient, error, s


@dataclass
class _Live:
    """The runs that are still followed; all arrays have their axis first."""

    number: np.ndarray
    start: np.ndarray
    w: np.ndarray
    t: np.ndarray
    value: np.ndarray
    gradient: np.ndarray
    h: np.ndarray
    shortest: np.ndarray
    target: np.ndarray
    halt: np.ndarray

    def at(self, index):
        """The chosen runs."""
        return _Live(*(array[index] for array in vars(self).values()))

    def accept(self, good, *new):
        """Take t, w, value and gradient of a step where they are ``good``."""
        if np.count_nonzero(good) == len(good):
            self.t, self.w, self.value, self.gradient = new
            return
        for name, there in zip(("t", "w", "value", "gradient"), new, strict=True):
            here = getattr(self, name)
            setattr(self, name, np.where(good if here.ndim == 1 else good[:, None], there, here))


def integrate(objective, w0, *, t_max, accuracy, tolerance, max_steps, watch):
    """Follow w′ = −∇F_α(w) from ``w0``, of shape (runs, p), with a step size a run.

    Parameters
    ----------
    watch : callable
        ``watch(runs, t, w, velocity, value, count)`` sees the start and every accepted step: the
        numbers of the runs that made one, their states and losses, and the number of gradients so
        far. It returns which of them are to stop there, as a bool or an array of bool (runs,).

    Returns
    -------
    ended : ndarray of str of shape (runs,)
        "converged" below ``tolerance`` · R(0), "stuck" where no step is short enough, "stopped" by
        ``watch``, "end" at ``t_max``, or "out of steps" after ``max_steps``.
    count : int
        Number of gradients computed.
    """
    ended, tiny = np.full(len(w0), "out of steps", dtype="<U13"), np.finfo(w0.dtype).tiny
    runs, bend, count = _begin(objective, w0, t_max, accuracy, tolerance, watch)
    with np.errstate(all="ignore"), progress() as done:
        for number in range(max_steps + 1):
            on = _going(runs, t_max, ended)
            going = np.count_nonzero(on)
            if number == max_steps or not going:
                break
            if going < len(on):
                objective, runs = objective.at(on), runs.at(on)
                bend = Sharpness(*(column[on] for column in bend))
            h = np.minimum(np.minimum(runs.h, _reach(_MOST_STAGES) / bend.rest), t_max - runs.t)
            w, value, gradient, error, s = slowed_step(objective, runs.w, runs.gradient, h, bend)
            count += s
            # the local error against the distance from the start; NaN where that or R is not finite
            error = length(error) / (accuracy * np.maximum(length(w - runs.start), tiny))
            good = error + 0 * value <= 1
            runs.accept(good, runs.t + h, w, value, gradient)
            factor = np.fmax(0.8 * np.maximum(error + 0 * value, 1e-9) ** (-1 / 3), 0.1)
            runs.h, accepted = h * np.minimum(factor, 5), np.count_nonzero(good)
            runs.halt = np.zeros(going, bool)
            if accepted:
                at = runs if accepted == going else runs.at(good)
                runs.halt[good] = watch(at.number, at.t, at.w, -at.gradient, at.value, count)
            due = number < _FIRST or number % _FOLLOW_STEPS == 0 or accepted < going
            if due or _moved(runs.w, bend.seen):
                bend, looks = bend.followed(objective, runs.w, runs.gradient)
                count += looks
            done(max(min(runs.t.tolist()) / t_max, (number + 1) / max_steps))
    return ended, count


def _moved(w, seen):
    """Whether a run has moved so far that its curvature is to be looked at."""
    return np.count_nonzero(length(w - seen) >= _FOLLOW_DISTANCE * length(w))


def _begin(objective, w0, t_max, accuracy, tolerance, watch):
    """Return the runs at their start, what is known of their Hessians, and a count."""
    number, t = np.arange(len(w0)), np.zeros(len(w0))
    value, gradient, target = objective.start(w0, tolerance)
    halt = np.zeros(len(w0), bool)
    halt[:] = watch(number, t, w0, -gradient, value, 1)
    with np.errstate(all="ignore"):
        bend, count = first_sharpness(objective, w0, gradient)
        most = np.maximum(np.maximum(bend.sharpest, bend.rest), np.finfo(w0.dtype).tiny)
        h = (accuracy / most).astype(float)
        # with such steps, a run does not get off; a curvature beyond all bounds allows none
        shortest = np.where(h > 0, 1e-15 * np.minimum(h, t_max), np.inf)
    runs = _Live(number, w0, w0, t, value, gradient, h, shortest, target, halt)
    return runs, bend, count + 1


def _going(runs, t_max, ended):
    """Enter how runs have ended; return which of them go on."""
    stuck = runs.h < np.maximum(1e-15 * runs.t, runs.shortest)
    ends = [runs.value <= runs.target, stuck, runs.halt, runs.t >= t_max * (1 - 1e-12)]
    over = ends[0] | ends[1] | ends[2] | ends[3]
    if np.count_nonzero(over):
        names = np.select(ends, ["converged", "stuck", "stopped", "end"], "")
        ended[runs.number[over]] = names[over]
    return ~over


def _reach(s):
    """The h·λ that s stages bear, less a reserve."""
    return (s**2 - 1) / (1.54 * _RESERVE)


def _stages(h_sharpness):
    wanted = math.sqrt(1 + 1.54 * _RESERVE * h_sharpness)
    return max(2, math.ceil(min(wanted, _MOST_STAGES)))


def _without(vector, direction, part):
    """Vectors less a part, of shape (runs,), of their component along unit directions."""
    return vector - (part * np.vecdot(vector, direction))[:, None] * direction
