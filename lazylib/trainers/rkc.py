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

from functools import cache
from typing import NamedTuple

import numpy as np

from lazylib.trainers.objective import unit
from lazylib.trainers.run import progress_bar, until_interrupted

# Stages a step at most, and the reserve that the estimated sharpness gets.
_MOST_STAGES, _RESERVE = 120, 1.2


# Power iterations before the first step and after each of the next ones. From then on the sharpness
# is followed after so many steps, when w moved by this part of itself, and when a step failed.
_FIRST, _FOLLOW_STEPS, _FOLLOW_DISTANCE = 5, 5, 0.1


#: How a run may end, in the order in which it is decided.
ENDS = ["converged", "diverged", "stopped"]


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
    before, now = np.zeros_like(w), mu_1 * h * v
    for mu, nu, mu_tilde, gamma_tilde in rows:
        after = mu * now + nu * before
        after += h * (mu_tilde * velocity(w + now) + gamma_tilde * v)
        before, now = now, after
    return now


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
        rest = np.maximum(np.linalg.norm(residual, axis=-1), np.linalg.norm(other, axis=-1))
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
    length = np.linalg.norm(ahead, axis=-1)
    if not (length > 2 * expected).any():
        return ahead, 1
    behind = -objective.hessian_product(w, gradient, -direction)
    return np.where((length > np.linalg.norm(behind, axis=-1))[:, None], behind, ahead), 2


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
    s = _stages((h * bend.rest).max())
    slow = 1 - np.minimum(1, _reach(s) / (h * bend.sharpest))[:, None].astype(w.dtype)
    h = h[:, None].astype(w.dtype)

    def velocity(gradient):
        return -_without(gradient, bend.direction, slow) if slow.any() else -gradient

    v = velocity(gradient)
    change = rkc_step(lambda w: velocity(objective.gradient(w)[1]), w, v, h, s)
    value, gradient = objective.gradient(w + change)
    error = 0.4 * h * (v + velocity(gradient)) - 0.8 * change
    lag = np.vecdot(gradient, bend.direction) / np.where(slow[:, 0] > 0, bend.sharpest, 1)
    return w + change, value, gradient, error + slow * lag[:, None] * bend.direction, s


def integrate(objective, w0, *, t_max, accuracy, tolerance, max_steps, watch):
    """Follow w′ = −∇F_α(w) from ``w0``, of shape (runs, p), with a step size a run.

    Parameters
    ----------
    watch : callable
        ``watch(runs, t, w, velocity)`` sees the start and every accepted step: the numbers of the
        runs that made one and their states. It returns which of them are to stop there, as a
        bool or an array of bool of shape (runs,).

    Returns
    -------
    ended : ndarray of str of shape (runs,)
        "converged" below ``tolerance`` · R(0), "stopped" at ``t_max``, after ``max_steps`` or by
        ``watch``, "diverged" or "interrupted".
    count : int
        Number of gradients computed.
    """
    ended, live = np.full(len(w0), "interrupted", dtype="<U13"), np.arange(len(w0))
    w, start, t, target = w0, w0, np.zeros(len(w0)), tolerance * objective.zero_loss()
    value, gradient = objective.gradient(w)
    halt = np.zeros(len(w), bool)
    halt[:] = watch(live, t, w, -gradient)
    bend, count = first_sharpness(objective, w, gradient)
    tiny = np.finfo(w.dtype).tiny
    h = accuracy / np.maximum(np.maximum(bend.sharpest, bend.rest), tiny)
    h = np.where(np.isfinite(h), h, -1)  # the start itself is out of bounds: it has diverged
    shortest = 1e-15 * np.minimum(h, t_max)  # with such steps, a run does not get off
    with until_interrupted(), np.errstate(all="ignore"), progress_bar(max_steps) as bar:
        for number in range(max_steps + 1):
            stopped = halt | (t >= t_max * (1 - 1e-12)) | (number == max_steps)
            stuck = h < np.maximum(1e-15 * t, shortest)
            end = np.select([value <= target, stuck, stopped], ENDS, "")
            ended[live[end != ""]] = end[end != ""]
            if not (end == "").any():
                break
            if not (end == "").all():
                on = end == ""
                objective, live, start, target = objective.at(on), live[on], start[on], target[on]
                w, gradient, t, h, value = w[on], gradient[on], t[on], h[on], value[on]
                shortest = shortest[on]
                bend = Sharpness(*(column[on] for column in bend))
            h = np.minimum(np.minimum(h, _reach(_MOST_STAGES) / bend.rest), t_max - t)
            w_new, value_new, gradient_new, error, s = slowed_step(objective, w, gradient, h, bend)
            # the local error against the distance from the start
            moved = np.maximum(np.linalg.norm(w_new - start, axis=-1), tiny)
            error = np.linalg.norm(error, axis=-1) / moved
            error = np.where(np.isfinite(error + value_new), error / accuracy, np.inf)
            good = error <= 1
            column = good[:, None]
            w, gradient = np.where(column, w_new, w), np.where(column, gradient_new, gradient)
            t, value = np.where(good, t + h, t), np.where(good, value_new, value)
            h = h * np.clip(0.8 * np.maximum(error, 1e-9) ** (-1 / 3), 0.1, 5)
            halt = np.zeros(len(live), bool)
            if good.any():
                halt[good] = watch(live[good], t[good], w[good], -gradient[good])
            moved = np.linalg.norm(w - bend.seen, axis=-1)
            due = ~good | (moved >= _FOLLOW_DISTANCE * np.linalg.norm(w, axis=-1))
            if due.any() or number < _FIRST or number % _FOLLOW_STEPS == 0:
                bend, looks = bend.followed(objective, w, gradient)
                count += looks
            count += s
            bar.update(1)
    return ended, count + 1


def _reach(s):
    """The h·λ that s stages bear, less a reserve."""
    return (s**2 - 1) / (1.54 * _RESERVE)


def _stages(h_sharpness):
    return int(np.clip(np.ceil(np.sqrt(1 + 1.54 * _RESERVE * h_sharpness)), 2, _MOST_STAGES))


def _without(vector, direction, part):
    """Vectors less a part, in [0, 1], of their component along unit directions."""
    return vector - part * np.vecdot(vector, direction)[:, None] * direction
