"""Eq. (7) before training, and what happened after it."""

from dataclasses import dataclass

import numpy as np

from lazylib import _checks
from lazylib.data import Dataset, teacher
from lazylib.models import TwoLayer, softplus
from lazylib.theory import Criterion, criterion
from lazylib.trainers import Run, gradient_flow

#: What can be foreseen, by the name in the panel.
ACTIVATIONS = {"ReLU": "relu", "tanh": "tanh", "softplus": softplus(5), "GELU": "gelu"}


@dataclass(frozen=True)
class Outlook:
    """What is known before training and, after it, what happened."""

    criterion: Criterion
    w0: np.ndarray
    run: Run | None


def foresee(activation="ReLU", tau=0.3, alpha=1.0, m=50, doubling=True, seed=0, train=False):
    """Compute the criterion for a network in dimension 5 with 10 points; train it if asked to.

    Parameters
    ----------
    activation : {"ReLU", "tanh", "softplus", "GELU"}
    tau, alpha : float
    m : int
    doubling : bool
    seed : int
        Of teacher, data and weights.
    train : bool

    Returns
    -------
    Outlook

    Examples
    --------
    >>> from lazylib.experiments import foresee
    >>> far, near = (foresee(alpha=alpha).criterion for alpha in (1.0, 100.0))
    >>> round(far.displacement / near.displacement, 6)  # f(w₀) = 0: the step is as 1/α
    100.0
    """
    activation = ACTIVATIONS[_checks.word("activation", activation, ACTIVATIONS)]
    tau, alpha = _checks.scale("tau", tau), _checks.scale("alpha", alpha)
    seed, train = _checks.seed("seed", seed), _checks.flag("train", train)
    rng = np.random.default_rng([seed, 0])
    data = Dataset.from_teacher(rng, teacher(rng, 5), 10)
    net = TwoLayer(5, m, activation=activation)
    w0 = net.init(np.random.default_rng([seed, 1]), tau=tau, doubling=doubling)
    # long enough for a start from small weights to get going
    options = {"t_max": 1e4, "accuracy": 0.05, "tolerance": 1e-4, "max_steps": 300}
    run = gradient_flow(net, data, w0, alpha=alpha, **options) if train else None
    return Outlook(criterion(net, w0, data, alpha=alpha), w0, run)
