"""Eq. (7) before training, and what happened after it."""

from dataclasses import dataclass

import numpy as np

from lazylib.data import Dataset, teacher
from lazylib.models.activations import softplus
from lazylib.models.networks import TwoLayer
from lazylib.theory.criterion import Criterion, criterion
from lazylib.trainers.flow import gradient_flow
from lazylib.trainers.run import Run

_ACTIVATIONS = {"ReLU": "relu", "tanh": "tanh", "softplus": softplus(5), "GELU": "gelu"}


@dataclass(frozen=True)
class Outlook:
    """What is known before training and, after it, what happened."""

    criterion: Criterion
    w0: np.ndarray
    run: Run | None


def foresee(activation, tau, alpha, m, doubling, seed, train):
    """Compute the criterion for a network in dimension 5 with 10 points; train it if asked to."""
    rng = np.random.default_rng([seed, 0])
    data = Dataset.from_teacher(rng, teacher(rng, 5), 10)
    net = TwoLayer(5, m, activation=_ACTIVATIONS[activation])
    w0 = net.init(np.random.default_rng([seed, 1]), tau=tau, doubling=doubling)
    run = None
    if train:
        # long enough for a start from small weights to get going
        options = {"t_max": 1e4, "accuracy": 0.05, "tolerance": 1e-4, "max_steps": 300}
        run = gradient_flow(net, data, w0, alpha=alpha, **options)
    return Outlook(criterion(net, w0, data, alpha=alpha), w0, run)
