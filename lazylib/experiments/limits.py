"""What ends laziness (notebook 08): time, large steps, few bits, noise in the labels.

Each function trains one draw, on settings that lie well inside of the lazy regime but for the one
thing that a slider moves.
"""

from typing import NamedTuple

import numpy as np

from lazylib import _checks
from lazylib.data import Dataset, nth_draw
from lazylib.experiments.theorem import smooth_network
from lazylib.kernels import tangent_kernel
from lazylib.losses import logistic
from lazylib.models import TwoLayer
from lazylib.theory import LAZY_BELOW, displacement
from lazylib.trainers import gradient_flow


class TimeRun(NamedTuple):
    """A classifier of the logistic loss, for a long time.

    Attributes
    ----------
    alpha : float
    times, displacement, loss : ndarray of shape (frames,)
    leaves : float
        Decimal logarithm of the time at which the displacement reaches 0.1; beyond the last
        frame it goes on as over the last three decades, in proportion to log t.
    """

    alpha: float
    times: np.ndarray
    displacement: np.ndarray
    loss: np.ndarray
    leaves: float


def train_classifier(alpha=10.0, seed=0, decades=10):
    """Follow the gradient flow of the logistic loss to t = 10^``decades``: Section 3 with μ = 0.

    Parameters
    ----------
    alpha : float
    seed : int
        Of `smooth_network`; the labels are the signs of its teacher's.
    decades : int
        At least 4.

    Returns
    -------
    TimeRun
    """
    model, w0, data = smooth_network(4, "f − f(w₀)", "first", seed)
    signs = Dataset(data.x, np.where(data.y > 0, 1.0, -1.0))
    times = np.geomspace(1, 10 ** _checks.whole("decades", decades, least=4), 10 * decades + 1)
    options = {"t_max": times[-1], "times": times, "tolerance": 0, "accuracy": 1e-4}
    run = gradient_flow(model, signs, w0, alpha=alpha, loss=logistic, **options)
    moved = displacement(run.w, w0)
    if moved[-1] >= LAZY_BELOW:
        leaves = np.interp(LAZY_BELOW, moved, np.log10(times))
    else:
        leaves = decades + (LAZY_BELOW - moved[-1]) / (moved[-1] - moved[-31]) * 3
    return TimeRun(float(alpha), times, moved, run.train_loss, float(leaves))


#: Steps that the panel of gradient descent shows.
STEPS = 150


class StepsRun(NamedTuple):
    """Gradient descent with one step size, step by step, until it ends or diverges.

    Attributes
    ----------
    factor : float
        step · λ_max at the start, where λ_max is the largest eigenvalue of K/n.
    loss : ndarray of shape (steps,)
        Training loss relative to the zero predictor's.
    sharpness : ndarray of shape (steps,)
        step · λ_max of the tangent kernel at that step.
    displacement : ndarray of shape (steps,)
    test_error : float
        Relative to the zero predictor's; infinite if it diverged.
    """

    factor: float
    loss: np.ndarray
    sharpness: np.ndarray
    displacement: np.ndarray
    test_error: float

    @property
    def diverged(self):
        """Whether the loss went beyond all bounds."""
        return self.test_error == np.inf


def descend_with_step(factor=2.5, seed=0, activation="relu", m=200, n_steps=STEPS):
    """Take gradient steps of size ``factor``/λ_max from a lazy start.

    A quadratic loss is stable up to 2: the flow of Eq. (6) says nothing of larger steps.

    Parameters
    ----------
    factor : float
    seed : int
        The draw of `nth_draw`, with d = 5 and n = 10.
    activation, m
        As in `TwoLayer`, which has the factor 1/√m here.
    n_steps : int

    Returns
    -------
    StepsRun

    Examples
    --------
    >>> from lazylib.experiments import descend_with_step
    >>> run = descend_with_step(factor=2.5)
    >>> print(run.sharpness[0].round(6), run.sharpness[-1] < 2)  # it ends where the step is stable
    2.5 True
    """
    factor = _checks.number("factor", factor, above=0)
    _, data, rng = nth_draw(_checks.whole("seed", seed, least=0), 5, 10, 200)
    net = TwoLayer(5, m, activation=activation, scale=_checks.whole("m", m) ** -0.5)
    w = w0 = net.init(rng)
    step, rows = None, []
    for _ in range(_checks.whole("n_steps", n_steps) + 1):
        largest = np.linalg.eigvalsh(tangent_kernel(net, w, data.x))[-1] / data.n
        step = factor / largest if step is None else step
        f, pullback = net.vjp(w, data.x)
        loss = np.mean((f - data.y) ** 2) / np.mean(data.y**2)
        rows.append((loss, step * largest, displacement(w, w0)))
        if loss > 1e6:  # beyond this no run came back
            return StepsRun(factor, *np.array(rows).T, np.inf)
        w = w - step * pullback(f - data.y) / data.n
    test = np.mean((net.predict(w, data.x_test) - data.y_test) ** 2) / np.mean(data.y_test**2)
    return StepsRun(factor, *np.array(rows).T, float(test))


def keep_bits(w, bits):
    """Round each number to ``bits`` significant binary digits (Section 2.1, network compression).

    Parameters
    ----------
    w : ndarray
    bits : int or ndarray of int
        Broadcasts against ``w``; float64 has 53, float32 24, float16 11, bfloat16 8.

    Examples
    --------
    >>> import numpy as np
    >>> from lazylib.experiments import keep_bits
    >>> keep_bits(np.array(11.0), bits=[1, 2, 3, 4])  # 11 is 1011 in binary digits
    array([ 8., 12., 12., 11.])
    """
    w, given = _checks.array("w", w), bits
    bits = _checks.array("bits", given, nonempty=True)
    if np.asarray(given).dtype.kind not in "iu" or bits.min() < 1 or bits.max() > 53:
        raise ValueError(f"bits must be integers from 1 to 53, got {_checks.shown(given)}")
    _checks.broadcastable(w=w.shape, bits=bits.shape)
    mantissa, exponent = np.frexp(w)
    scale = 2.0**bits
    return _checks.computed(
        "w, rounded", lambda: np.ldexp(np.round(mantissa * scale) / scale, exponent)
    )


class BitsRun(NamedTuple):
    """Trained weights, rounded.

    Attributes
    ----------
    tau, displacement : float
    bits : ndarray of shape (k,)
    errors : ndarray of shape (k,)
        Test error with so many bits, relative to the zero predictor's.
    exact : float
        The same, not rounded.
    """

    tau: float
    displacement: float
    bits: np.ndarray
    errors: np.ndarray
    exact: float

    @property
    def foreseen(self):
        """log₂ of 1/displacement: smaller changes of w than its bits show are rounded away."""
        return float(-np.log2(self.displacement))

    @property
    def needed(self):
        """The fewest bits from which on the error is at most 0.1 above that of exact weights."""
        return int(self.bits[self.errors > self.exact + 0.1].max(initial=0)) + 1


def train_and_round(tau=1.0, seed=0):
    """Train from N(0, τ²) with doubling (d = 10, m = 50, n = 100), and round the weights.

    Parameters
    ----------
    tau : float
    seed : int
        The draw of `nth_draw`.

    Returns
    -------
    BitsRun
    """
    tau = _checks.number("tau", tau, above=0)
    _, data, rng = nth_draw(_checks.whole("seed", seed, least=0), 10, 100, 1000)
    net, bits = TwoLayer(10, 50), np.arange(1, 25)
    w0 = net.init(rng, tau=tau)
    run = gradient_flow(net, data, w0, t_max=1e3 / tau, tolerance=1e-4, record=2)
    w = np.concatenate([keep_bits(run.w[-1], bits[:, None]), run.w[-1:]])
    errors = np.mean((net.predict(w, data.x_test) - data.y_test) ** 2, axis=-1)
    errors /= np.mean(data.y_test**2)
    moved = float(displacement(run.w[-1], w0))
    return BitsRun(tau, moved, bits, errors[:-1], float(errors[-1]))


class NoiseRun(NamedTuple):
    """Training on noisy labels, judged by clean ones.

    Attributes
    ----------
    noise : float
    times, train_error, test_error, displacement : ndarray of shape (frames,)
        Errors relative to the zero predictor's.
    """

    noise: float
    times: np.ndarray
    train_error: np.ndarray
    test_error: np.ndarray
    displacement: np.ndarray

    @property
    def best(self):
        """The frame with the least test error: where to stop."""
        return int(self.test_error.argmin())


def train_on_noise(noise=1.0, tau=1.0, seed=0):
    """Train from N(0, τ²) with doubling (d = 10, m = 50, n = 100) on labels with Gaussian noise.

    Parameters
    ----------
    noise : float
        Standard deviation of the noise, relative to the labels' root mean square.
    tau : float
    seed : int
        The draw of `nth_draw`; with another ``noise``, the same noise is rescaled.

    Returns
    -------
    NoiseRun
    """
    noise, tau = _checks.number("noise", noise, least=0), _checks.number("tau", tau, above=0)
    _, data, rng = nth_draw(_checks.whole("seed", seed, least=0), 10, 100, 1000)
    net = TwoLayer(10, 50)
    w0 = net.init(rng, tau=tau)
    size = noise * np.sqrt(np.mean(data.y**2))
    noisy = Dataset(data.x, data.y + size * rng.standard_normal(data.n), data.x_test, data.y_test)
    times = np.append(0, np.geomspace(1e-2, 1e4, 91)) / tau**2
    run = gradient_flow(net, noisy, w0, t_max=times[-1], times=times, tolerance=1e-5)
    moved = displacement(run.w, w0)
    return NoiseRun(noise, run.times, run.train_error, run.test_error, moved)
