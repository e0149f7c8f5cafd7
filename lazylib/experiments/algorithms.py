"""Figure 3: SGD on a network and on its tangent model, with the same samples."""

import itertools
from dataclasses import dataclass

import numpy as np

from lazylib import _checks
from lazylib.data import sphere
from lazylib.experiments.plane import CIRCLE, DEGREES, plane_setting, plane_weights
from lazylib.models import TwoLayer, softplus
from lazylib.theory import displacement

#: Steps of a run, and how many of them a frame has.
STEPS, STRIDE = 240, 3


def sgd_on_f(f, w, samples, step, alpha):
    """SGD on F_α for f (Figure 3, left); yields w₀, w₁ and so on.

    Examples
    --------
    >>> import numpy as np
    >>> from lazylib import FirstLayer, TwoLayer
    >>> from lazylib.experiments import sgd_on_f
    >>> relu = FirstLayer(TwoLayer(d=1, m=1), b=[1.0])  # max(w, 0) at x = 1
    >>> samples = [(np.array([[1.0]]), np.array([-3.0]))] * 2
    >>> path = sgd_on_f(relu, np.array([1.0]), samples, step=0.5, alpha=1.0)
    >>> [w.item() for w in path]  # 1 − 0.5 · (1 + 3); there the neuron is dead
    [1.0, -1.0, -1.0]
    """
    yield w
    for x, y in samples:
        prediction, pullback = f.vjp(w, x)
        w = w - step / alpha * pullback((alpha * prediction - y) / len(y))
        yield w


def sgd_on_tangent(f, w0, samples, step, alpha):
    """SGD on F_α for the tangent model T_f (Figure 3, right); yields w₀, w₁ and so on.

    Examples
    --------
    >>> import numpy as np
    >>> from lazylib import FirstLayer, TwoLayer
    >>> from lazylib.experiments import sgd_on_tangent
    >>> relu = FirstLayer(TwoLayer(d=1, m=1), b=[1.0])  # its tangent at w₀ = 1 is w, at x = 1
    >>> samples = [(np.array([[1.0]]), np.array([-3.0]))] * 2
    >>> path = sgd_on_tangent(relu, np.array([1.0]), samples, step=0.5, alpha=1.0)
    >>> [w.item() for w in path]  # half of the way to −3 in each step
    [1.0, -1.0, -2.0]
    """
    yield (w := w0)
    for x, y in samples:
        prediction, pullback = f.vjp(w0, x)
        prediction = prediction + f.jvp(w0, x, w - w0)
        w = w - step / alpha * pullback((alpha * prediction - y) / len(y))
        yield w


@dataclass(frozen=True)
class SgdRun:
    """What SGD makes of f and of T_f with the same samples, frame by frame.

    Attributes
    ----------
    degrees, truth : ndarray of shape (angles,)
        Points of the circle, and the teacher there.
    functions : tuple of two ndarray of shape (frames, angles)
        αf(w_k) and αT_f(w̄_k).
    moved : tuple of two float
        The displacements at the end.
    samples : list of (x, y)
    """

    degrees: np.ndarray
    truth: np.ndarray
    functions: tuple
    moved: tuple
    samples: list


def train_by_sgd(
    algorithms=(sgd_on_f, sgd_on_tangent),
    alpha=10**-0.7,
    tau=10**-0.5,
    step=10**-0.5,
    doubling=True,
    smooth=False,
    seed=0,
):
    """Run both algorithms on one and the same samples, from one and the same w₀.

    Parameters
    ----------
    algorithms : pair of callables
        ``(f, w0, samples, step, alpha)`` to an iterator over w₀, w₁, … after each sample.
    alpha, tau, step : float
    doubling : bool
    smooth : bool
        Whether the ReLU is replaced by a softplus.
    seed : int
        Of the samples.

    Returns
    -------
    SgdRun

    Raises
    ------
    ValueError
        If an argument does not fit, or a run diverges.
    """
    alpha, tau = _checks.scale("alpha", alpha), _checks.scale("tau", tau)
    step, smooth = _checks.scale("step", step), _checks.flag("smooth", smooth)
    if not isinstance(algorithms, (tuple, list)) or len(algorithms) != 2:
        raise TypeError(f"algorithms must be a pair of functions, got {_checks.shown(algorithms)}")
    rng = np.random.default_rng([_checks.seed("seed", seed), 4])
    net = TwoLayer(d=2, m=20, activation=softplus(sharpness=10) if smooth else "relu")
    truth, w0 = plane_setting()[0], plane_weights(net, tau, doubling)
    samples = [(x, truth(x)) for x in sphere(rng, STEPS * 16, 2).reshape(STEPS, 16, 2)]
    on_f, on_tangent = (_checks.function("algorithms", each) for each in algorithms)
    w = _path(on_f, net, w0, samples, step, alpha)
    v = _path(on_tangent, net, w0, samples, step, alpha)
    f = alpha * net.predict(w, CIRCLE)
    flat = alpha * (net.predict(w0, CIRCLE) + net.jvp(w0, CIRCLE, v - w0))
    moved = displacement(w[-1], w0), displacement(v[-1], w0)
    return SgdRun(DEGREES, truth(CIRCLE), (f, flat), moved, samples)


def _path(algorithm, net, w0, samples, step, alpha):
    """Every `STRIDE`-th of the parameters that an algorithm yields."""
    path, far = [], 1e10 * np.abs(w0).max()
    for w in itertools.islice(algorithm(net, w0, samples, step, alpha), STEPS + 2):
        path.append(np.asarray(w))
        # before anything overflows; NaN is not below either
        if path[-1].shape == w0.shape and not np.abs(path[-1]).max() < far:
            first = next(itertools.islice(sgd_on_f(net, w0, samples, step, alpha), 1, 2))
            cause = _cause(path[1] - w0, first - w0)
            raise ValueError(f"with the step {step:.3g} SGD diverges; {cause}")
    if len(path) != STEPS + 1 or any(w.shape != w0.shape for w in path):
        raise ValueError(f"{algorithm.__name__} must yield w0 and {STEPS} steps of its shape")
    return np.stack(path)[::STRIDE]


def _cause(moved, right):
    """Why SGD diverges, as far as its first step tells, beside the right one."""
    factor = np.vdot(moved, right) / np.vdot(right, right)
    if factor < 0:
        return "the first step goes uphill: check the sign"
    if factor > 1.5:
        return f"the first step is {factor:.3g} times too long: where is 1/n, and where is α?"
    return "make it smaller"
