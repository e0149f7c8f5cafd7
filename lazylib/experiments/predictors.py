"""A network, its tangent model and two kernels, learning the same data on the circle."""

from dataclasses import dataclass

import numpy as np

from lazylib.data import Dataset
from lazylib.data import teacher as draw_teacher
from lazylib.kernels.arc_cosine import limit_kernels
from lazylib.kernels.flow import KernelFlow
from lazylib.kernels.tangent import tangent_kernel
from lazylib.models.networks import TwoLayer
from lazylib.models.wrappers import Tangent
from lazylib.theory.laziness import displacement
from lazylib.trainers.flow import gradient_flow

_DEGREES = np.linspace(-180, 180, 181)


_CIRCLE = np.stack([np.cos(np.radians(_DEGREES)), np.sin(np.radians(_DEGREES))], axis=-1)


_LOG_T = (-2, 3)


_TIMES = np.logspace(*_LOG_T, 51)


@dataclass(frozen=True)
class FourPaths:
    """Four predictors on the circle at the same times, as they learn the same data."""

    data: Dataset
    truth: np.ndarray  # (angles,)
    functions: dict  # name -> (times, angles)
    moved: np.ndarray  # (times,)


def train_four(tau, alpha, m, n, seed):
    """Train network and tangent model by the gradient flow; solve both kernels' in closed form."""
    net, truth = TwoLayer(d=2, m=m), draw_teacher(np.random.default_rng([25, 0]), d=2)
    data = Dataset.from_teacher(np.random.default_rng([25, 1]), truth, n)
    w0 = net.init(np.random.default_rng([seed, 2]), tau=tau)
    options = {
        "alpha": alpha,
        "t_max": _TIMES[-1],
        "times": _TIMES,
        "tolerance": 1e-6,
        "accuracy": 0.03,
    }
    w = gradient_flow(net, data, w0, **options).w
    v = gradient_flow(Tangent(net, w0), data, w0, **options).w
    kernels = tangent_kernel(net, w0, data.x), tangent_kernel(net, w0, _CIRCLE, data.x)
    # Eq. (4) with E(b²) = τ² and E(‖a‖²) = 2τ²; a network without 1/√m has m times its kernel
    moments = {"mean_b2": tau**2, "mean_a2": 2 * tau**2}
    limits = [m * sum(limit_kernels(*pair, **moments)) for pair in ((data.x,), (_CIRCLE, data.x))]
    functions = {
        "network αf": alpha * net.predict(w, _CIRCLE),
        "tangent model": alpha * Tangent(net, w0).predict(v, _CIRCLE),
        "kernel of width m": KernelFlow(kernels[0], data.y).predict(_TIMES, kernels[1]),
        "arc-cosine kernel": KernelFlow(limits[0], data.y).predict(_TIMES, limits[1]),
    }
    return FourPaths(data, truth(_CIRCLE), functions, displacement(w, w0))
