"""Neurons in the plane: the setting of Figures 1(a), 1(b) and 5."""

from dataclasses import dataclass
from functools import partial

import numpy as np

from lazylib.data import Dataset, Teacher
from lazylib.data import teacher as draw_teacher
from lazylib.models.networks import TwoLayer
from lazylib.trainers.flow import gradient_flow
from lazylib.trainers.run import Run

#: The training time of Figures 1(a) and 1(b): 100,000 steps of 0.005.
T_MAX = 500


_FRAMES = 100


# Fine enough for the neurons that flip to be the right ones.
_ACCURACY = 0.005


@dataclass(frozen=True)
class PlaneRun:
    """A network trained in the plane, with all that its picture needs."""

    net: TwoLayer
    teacher: Teacher
    data: Dataset
    alpha: float
    w0: np.ndarray
    run: Run
    twin: np.ndarray | None  # τ² times the twin's positions, of shape (frames, m, 2)


def train_in_plane(tau, alpha, m, n, doubling, twin, weights, teacher_seed):
    """Train a ReLU network in the plane to t = 500 by the gradient flow.

    Parameters
    ----------
    tau, alpha : float
    m, n : int
        Neurons and training points.
    doubling : bool
    twin : bool
        Train (1, ατ²) too, which Section 4.2.1 says moves as (τ, α) does, up to scale.
    weights, teacher_seed : int
        Seeds of the initial weights, and of the teacher and its data.
    """
    net = TwoLayer(d=2, m=m)
    true = draw_teacher(np.random.default_rng([teacher_seed, 0]), d=2)
    data = Dataset.from_teacher(np.random.default_rng([teacher_seed, 1]), true, n, n_test=200)
    w1 = net.init(np.random.default_rng([weights, 2]), tau=1.0, doubling=doubling)
    options = {"record": _FRAMES, "accuracy": _ACCURACY, "tolerance": 1e-6}
    train = partial(gradient_flow, net, data, **options)
    run = train(tau * w1, alpha=alpha, t_max=T_MAX)
    mirrored = None
    if twin:
        # With w = τv, v follows F_{ατ²}, and τ² times as fast.
        times, frame = np.unique(tau**2 * run.times, return_inverse=True)
        options = {"alpha": alpha * tau**2, "t_max": tau**2 * T_MAX, "times": times}
        mirrored = tau**2 * net.positions(train(w1, **options).w[frame])
    return PlaneRun(net, true, data, alpha, tau * w1, run, mirrored)


def relative_losses(result):
    """Training and test loss of every frame, relative to the zero predictor's."""
    data, run = result.data, result.run
    zero_train, zero_test = (0.5 * np.mean(y**2) for y in (data.y, data.y_test))
    return run.train_loss / zero_train, run.test_loss / zero_test
