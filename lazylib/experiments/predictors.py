"""A network, its tangent model and two kernels, learning the same data on the circle."""

from dataclasses import dataclass

import numpy as np

from lazylib import _checks
from lazylib.data import Dataset
from lazylib.experiments.plane import CIRCLE, DEGREES, plane_setting, plane_weights
from lazylib.experiments.steps import read_off, step_ends
from lazylib.kernels import KernelFlow, limit_kernels, tangent_kernel
from lazylib.models import Tangent, TwoLayer
from lazylib.theory import displacement

#: The times at which the predictors are compared: one for each position of the panel's slider.
TIMES = np.logspace(-2, 3, 101)


@dataclass(frozen=True)
class FourPaths:
    """Four predictors on the circle at the same times, as they learn the same data.

    Attributes
    ----------
    data : Dataset
    degrees, truth : ndarray of shape (angles,)
        Points of the circle, and the teacher there.
    times, moved : ndarray of shape (times,)
        Training times, and the network's displacement.
    functions : dict of ndarray of shape (times, angles)
        By name.
    """

    data: Dataset
    degrees: np.ndarray
    truth: np.ndarray
    times: np.ndarray
    functions: dict
    moved: np.ndarray


def train_four(tau=1.0, alpha=1.0, m=50, n=8, seed=2, labels="teacher", biases=False):
    """Train network and tangent model by the gradient flow; solve both kernels' in closed form.

    Parameters
    ----------
    tau, alpha : float
    m, n : int
        Neurons and training points.
    seed : int
        Of the initial weights.
    labels : {"teacher", "cos 3 theta"}
    biases : bool
        Whether the inputs get a last coordinate that is always 1 (the note's footnote 4).

    Returns
    -------
    FourPaths
    """
    tau, alpha = _checks.scale("tau", tau), _checks.scale("alpha", alpha)
    truth, data = plane_setting(n, n_test=0)
    targets = {"teacher": truth, "cos 3 theta": lambda x: np.cos(3 * np.arctan2(x[:, 1], x[:, 0]))}
    truth, biases = targets[_checks.word("labels", labels, targets)], _checks.flag("biases", biases)
    inputs = [np.insert(x, 2, 1, axis=1) if biases else x for x in (data.x, CIRCLE)]
    data, x = Dataset(inputs[0], truth(data.x)), inputs[1]
    net = TwoLayer(d=2 + biases, m=m)
    w0 = plane_weights(net, tau, weights=_checks.seed("seed", seed))
    flat = Tangent(net, w0)
    (learnt, moved), (linear, _) = (_follow(model, data, w0, alpha, x) for model in (net, flat))
    kernels = tangent_kernel(net, w0, data.x), tangent_kernel(net, w0, x, data.x)
    # Eq. (4) with E(b²) = τ² and E(‖a‖²) = dτ²; a network without 1/√m has m times its kernel
    moments = {"mean_b2": tau**2, "mean_a2": net.d * tau**2}
    limits = [m * sum(limit_kernels(*pair, **moments)) for pair in ((data.x,), (x, data.x))]
    functions = {
        "network αf": learnt,
        "tangent model": linear,
        "kernel of width m": KernelFlow(kernels[0], data.y).predict(TIMES, kernels[1]),
        "arc-cosine kernel": KernelFlow(limits[0], data.y).predict(TIMES, limits[1]),
    }
    return FourPaths(data, DEGREES, truth(CIRCLE), TIMES, functions, moved)


def _follow(model, data, w0, alpha, x):
    """αf at ``x`` and the displacement at `TIMES`."""
    steps = [(0.03, 1200), (0.3, 10_000)]
    if w0.size * data.n > 30_000:  # coarser at last, so that no slider takes 5 s
        steps = [(0.03, 400), (0.7, 10_000)]
    t, w = step_ends(model, data, w0, TIMES, steps, alpha=alpha, tolerance=1e-6)
    curves = np.column_stack([alpha * model.predict(w, x), displacement(w, w0)])
    curves = read_off(TIMES, t, curves, early=TIMES[0])  # at first, they grow as t
    return curves[:, :-1], curves[:, -1]
