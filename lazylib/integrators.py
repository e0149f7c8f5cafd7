"""A stabilised explicit Runge–Kutta–Chebyshev method for gradient flows, many runs at a time.

A gradient flow is stiff but does not oscillate: its Jacobian, minus the Hessian, is symmetric. The
second-order method RKC (Sommeijer, Shampine & Verwer 1997, J. Comput. Appl. Math. 88:315) takes s
gradients a step and is stable along the negative real axis as far as about 0.65 s², so that long
steps cost the square root of what gradient descent needs. It needs no smoothness beyond that of
its error estimate, so it suits the ReLU, whose kinks make other adaptive methods crawl.
"""

from functools import cache

import numpy as np

from lazylib.recording import progress_bar, until_interrupted

# Stages a step at most, and the reserve that the estimated sharpness gets.
_MOST_STAGES, _RESERVE = 120, 1.2
# Power iterations for the first estimate of the sharpness, and to follow it from there.
_FIRST, _NEXT = 20, 1
_ENDS = ["converged", "diverged", "stopped"]


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
    """One step of size ``h``, of shape (runs, 1), from ``w`` where the velocity is ``v``."""
    mu_1, rows = coefficients(s)
    before, now = w, w + mu_1 * h * v
    for mu, nu, mu_tilde, gamma_tilde in rows:
        after = (1 - mu - nu) * w + mu * now + nu * before
        after += h * (mu_tilde * velocity(now) + gamma_tilde * v)
        before, now = now, after
    return now


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
    halt = np.zeros(len(w), bool) | watch(live, t, w, -gradient)
    sharpness, vector = objective.sharpness(w, gradient, _FIRST)
    tiny = np.finfo(w.dtype).tiny
    h, count = accuracy / np.maximum(sharpness, tiny), 1 + 2 * _FIRST
    h = np.where(np.isfinite(h), h, -1)  # the start itself is out of bounds: it has diverged
    with until_interrupted(), np.errstate(all="ignore"), progress_bar(max_steps) as bar:
        for number in range(max_steps + 1):
            stopped = halt | (t >= t_max * (1 - 1e-12)) | (number == max_steps)
            end = np.select([value <= target, h < 1e-15 * t, stopped], _ENDS, "")
            ended[live[end != ""]] = end[end != ""]
            if not (end == "").any():
                break
            if not (end == "").all():
                on = end == ""
                objective, live, start, target = objective.at(on), live[on], start[on], target[on]
                w, gradient, vector = w[on], gradient[on], vector[on]
                t, h, value, sharpness = t[on], h[on], value[on], sharpness[on]
            h = np.minimum(np.minimum(h, _longest_step(sharpness)), t_max - t)
            s = _stages((h * sharpness).max())
            h_column = h[:, None].astype(w.dtype)
            w_new = rkc_step(lambda w: -objective.gradient(w)[1], w, -gradient, h_column, s)  # noqa: B023
            value_new, gradient_new = objective.gradient(w_new)
            # RKC's estimate of the local error, against the distance from the start
            error = 0.8 * (w - w_new) - 0.4 * h_column * (gradient + gradient_new)
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
            sharpness, vector = objective.sharpness(w, vector, _NEXT)
            count += s + 2 * _NEXT
            bar.update(1)
    return ended, count


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


def integrate_smooth(objective, w0, *, method, t_max, accuracy, tolerance, times):
    """Follow w′ = −∇F_α(w) with an integrator of SciPy, for smooth models and many digits.

    All runs are one system, with a common step, for u = α(w − w₀): as α grows, u stays of order 1
    and no digits cancel. The solver stops at each of ``times``, if given: nothing is interpolated
    there. It goes on until all runs are below their ``tolerance``.

    Returns
    -------
    paths, ended, count
        As from `integrate`.
    """
    from scipy import integrate as scipy_integrate  # here, so that `import lazylib` need not wait

    stops = [] if times is None else times[(times > 0) & (times < t_max)]
    alpha, target = objective.model.alpha[:, None], tolerance * objective.zero_loss()

    def flow(u):
        w = w0 + u.reshape(w0.shape) / alpha
        value, gradient = objective.gradient(w)
        return w, value, -gradient

    def velocity(t, u):
        return (alpha * flow(u)[2]).ravel()

    t, u, step, count = 0.0, np.zeros(w0.size), None, 2 * _FIRST + 1
    w, value, v = flow(u)
    paths = [[(t, *pair)] for pair in zip(w, v, strict=True)]
    sharpness, _ = objective.sharpness(w0, v, _FIRST)
    # below what a parameter moves on the fastest time scale, on average, errors are absolute
    smallest = np.sqrt(np.mean((alpha * v) ** 2, axis=-1)) / np.maximum(sharpness, 1e-300)
    smallest = np.maximum(accuracy * smallest, 1e-300).repeat(w0.shape[-1])
    ended = np.full(len(w0), "interrupted", dtype="<U13")
    with until_interrupted(), np.errstate(over="ignore", invalid="ignore"):
        for stop in [*stops, t_max]:
            options = {"first_step": None if step is None else min(step, stop - t)}
            options |= {"rtol": accuracy, "atol": smallest}
            solver = getattr(scipy_integrate, method)(velocity, t, u, stop, **options)
            while solver.status == "running" and not (value <= target).all():
                solver.step()
                t, u = solver.t, solver.y
                w, value, v = flow(u)
                for path, *pair in zip(paths, w, v, strict=True):
                    path.append((t, *pair))
            # the last step before a stop is cut short, and says nothing about the next one
            step = max(step or 0.0, solver.step_size or 0.0) or None
            count += solver.nfev
            if solver.status != "finished":
                break
        ends = [value <= target, np.full(len(w0), solver.status == "failed")]
        ended = np.select(ends, _ENDS[:2], _ENDS[2])
    return paths, ended, count


def _stages(h_sharpness):
    return int(np.clip(np.ceil(np.sqrt(1 + 1.54 * _RESERVE * h_sharpness)), 2, _MOST_STAGES))


def _longest_step(sharpness):
    return (_MOST_STAGES**2 - 1) / (1.54 * _RESERVE * np.maximum(sharpness, 1e-300))


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
