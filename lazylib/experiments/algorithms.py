"""Figure 3: SGD on a network and on its tangent model, with the same samples."""

from dataclasses import dataclass

import numpy as np

from lazylib.data import sphere
from lazylib.data import teacher as draw_teacher
from lazylib.models.activations import softplus
from lazylib.models.networks import TwoLayer
from lazylib.theory.laziness import displacement


def sgd_on_f(f, w, samples, step, alpha):
    """SGD on F_α for f (Figure 3, left); yields w₀, w₁ and so on."""
    yield w
    for x, y in samples:
        prediction, pullback = f.vjp(w, x)
        w = w - step / alpha * pullback((alpha * prediction - y) / len(y))
        yield w


def sgd_on_tangent(f, w0, samples, step, alpha):
    """SGD on F_α for the tangent model T_f (Figure 3, right); yields w₀, w₁ and so on."""
    yield (w := w0)
    for x, y in samples:
        prediction, pullback = f.vjp(w0, x)
        prediction = prediction + f.jvp(w0, x, w - w0)
        w = w - step / alpha * pullback((alpha * prediction - y) / len(y))
        yield w


#: Steps, how many of them a frame has, samples a step, neurons.
_STEPS, _STRIDE, _BATCH, _M = 240, 3, 16, 20


_DEGREES = np.linspace(-180, 180, 181)


_CIRCLE = np.stack([np.cos(np.radians(_DEGREES)), np.sin(np.radians(_DEGREES))], axis=-1)


@dataclass(frozen=True)
class SgdRun:
    """What SGD makes of f and of T_f with the same samples, frame by frame."""

    truth: np.ndarray  # (angles,)
    functions: tuple  # αf(w_k) and αT_f(w̄_k), each of shape (frames, angles)
    moved: tuple  # the displacements at the end
    samples: list


def train_by_sgd(algorithms, alpha, tau, step, doubling, smooth, seed):
    """Run both algorithms on one and the same samples, from one and the same w₀."""
    net = TwoLayer(d=2, m=_M, activation=softplus(sharpness=10) if smooth else "relu")
    truth = draw_teacher(np.random.default_rng([25, 0]), d=2)
    w0 = net.init(np.random.default_rng([2, 2]), tau=tau, doubling=doubling)
    rng = np.random.default_rng([seed, 4])
    samples = [(x, truth(x)) for x in sphere(rng, _STEPS * _BATCH, 2).reshape(-1, _BATCH, 2)]
    with np.errstate(all="ignore"):
        w, v = (
            np.stack(list(algorithm(net, w0, samples, step, alpha)))[::_STRIDE]
            for algorithm in algorithms
        )
        if not (np.isfinite(w).all() and np.isfinite(v).all()):
            raise ValueError(f"with the step {step:.3g} SGD diverges; make it smaller")
        f = alpha * net.predict(w, _CIRCLE)
        flat = alpha * (net.predict(w0, _CIRCLE) + net.jvp(w0, _CIRCLE, v - w0))
        moved = displacement(w[-1], w0), displacement(v[-1], w0)
    return SgdRun(truth(_CIRCLE), (f, flat), moved, samples)
