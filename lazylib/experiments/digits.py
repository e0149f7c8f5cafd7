"""Real data: PyTorch networks on scikit-learn's digits, against α, from active to lazy.

It needs the extra ``torch``; its stored results are read without it.
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from lazylib import _checks
from lazylib.data import Dataset
from lazylib.experiments.runner import Experiment
from lazylib.losses import quadratic
from lazylib.models import Centered, Model, Tangent, from_module
from lazylib.theory import displacement, kernel_change
from lazylib.trainers import Run, gradient_flow

FULL = {
    "n": 100,  # training images; the other 1697 are test images
    "t_max": 3000.0,
    "tolerance": 0.1,  # of the zero predictor's loss: there training ends
    "accuracy": 0.05,
    "max_steps": 20_000,
    "kernel": 20,  # training images on which the kernel's change is measured
    "grid": {
        "network": ["MLP", "CNN"],
        "draw": list(range(5)),
        "alpha": [10.0**k for k in range(-2, 5)],
    },
}
QUICK = FULL | {"t_max": 100.0}
QUICK["grid"] = FULL["grid"] | {"draw": [0, 1], "alpha": [1.0, 100.0]}


def digits_network(network, draw):
    """Return the untrained module of a draw, with PyTorch's own initialisation.

    Parameters
    ----------
    network : {"MLP", "CNN"}
        Three layers, on images laid flat; or two convolutions of stride 2 and a linear layer.
    draw : int
    """
    import torch
    from torch import nn

    _checks.word("network", network, ["MLP", "CNN"])
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(_checks.whole("draw", draw, least=0))
        if network == "MLP":
            hidden = [nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU()]
            return nn.Sequential(*hidden, nn.Linear(64, 10))
        layers = []
        for channels in ((1, 8), (8, 16)):
            layers += [nn.Conv2d(*channels, 3, stride=2, padding=1), nn.ReLU()]
        return nn.Sequential(*layers, nn.Flatten(), nn.Linear(64, 10))


def digits_setting(network, draw, n=100):
    """Return the model of a draw, and the digits, n of them to train with and the others to test.

    Pixels are between 0 and 1; a target is 0.9 for the right digit and −0.1 for the others.
    """
    from sklearn.datasets import load_digits

    module = digits_network(network, draw)
    shape = (64,) if network == "MLP" else (1, 8, 8)
    model, all_of_them = from_module(module, shape), load_digits()
    order = np.random.default_rng(draw).permutation(len(all_of_them.target))
    x = (all_of_them.data[order] / 16).astype("f").reshape(-1, *shape)
    y = (np.eye(10)[all_of_them.target[order]] - 0.1).astype("f")
    return model, model.dataset(x[:n], y[:n], x[n:], y[n:])


def train_on_digits(model, data, alpha=1.0, settings=FULL, record=40):
    """Train αf until little of the loss is left; return the run.

    Parameters
    ----------
    model : a model that has its start, ``w0``, as those of `from_module`, and `Centered`
    data : Dataset
    alpha : float, default 1
    settings : dict, optional
    record : int, default 40

    Returns
    -------
    Run
    """
    names = ("t_max", "tolerance", "accuracy", "max_steps")
    options = {name: settings[name] for name in names}
    return gradient_flow(model, data, model.w0, alpha=alpha, record=record, **options)


def right(predictions, data):
    """Return the part of the test images whose largest output is the right one; of shape (...)."""
    guess, truth = (np.reshape(v, (*v.shape[:-1], -1, 10)) for v in (predictions, data.y_test))
    return (guess.argmax(-1) == truth.argmax(-1)).mean(-1)


class DigitsRun(NamedTuple):
    """An MLP trained on the digits, at one α: predictions and errors at every frame of the run."""

    net: Model
    data: Dataset
    run: Run
    predictions: np.ndarray
    errors: dict


#: Of the panel's runs.
FRAMES = 40


def digits_run(alpha, draw):
    """Train the MLP of a draw, less its output at the start, at one α; for the panel."""
    net, data = _mlp(draw)
    model = Centered(net, net.w0)
    run = train_on_digits(model, data, alpha, record=FRAMES)
    straight = alpha * Tangent(model, net.w0).predict(run.w, data.x_test)
    linear = quadratic.value(straight, data.y_test) / data.zero_test_loss
    errors = {"training": run.train_error, "test": run.test_error}
    errors |= {"test, its linearisation": linear}
    return DigitsRun(net, data, run, model.predict(run.w, data.x_test), errors)


@lru_cache(maxsize=4)
def _mlp(draw):
    return digits_setting("MLP", draw)


def cell(settings, network, draw, alpha, tangent=False):
    """Train one network; alpha = 1 without the subtraction is PyTorch's own initialisation.

    Returns
    -------
    dict
        The part of test images that are told ``right``; ``train`` and ``test``, the errors relative
        to the zero predictor; ``t_end``; ``displacement`` and ``kernel_change``, both relative; and
        the number of ``gradients``.
    """
    import torch

    torch.set_num_threads(1)  # there is one process a core
    net, data = digits_setting(network, draw, settings["n"])
    model = Centered(net, net.w0)
    model = Tangent(model, net.w0) if tangent else model
    run = train_on_digits(model, data, alpha, settings, record=2)
    w, x = run.w[-1], data.x[: 10 * settings["kernel"]]
    found = {
        "right": right(model.predict(w, data.x_test), data),
        "train": run.train_error[-1],
        "test": run.test_error[-1],
        "t_end": run.times[-1],
        "displacement": displacement(w, net.w0),
        "kernel_change": 0.0 if tangent else kernel_change(net, w, net.w0, x),
        "gradients": run.n_steps,
    }
    return {name: float(value) for name, value in found.items()}


def tangent_cell(settings, network, draw):
    """Train one tangent model, for which α makes no difference; results as from `cell`."""
    return cell(settings, network, draw, 1.0, tangent=True)


def cost(settings, network, draw, alpha=1.0):
    """Seconds a cell takes, about."""
    return 10.0 if network == "CNN" else 5.0


def _without_alpha(settings):
    grid = {name: values for name, values in settings["grid"].items() if name != "alpha"}
    return settings | {"grid": grid}


DIGITS = Experiment("digits", cell, cost, {"full": FULL, "quick": QUICK})
DIGITS_TANGENT = Experiment(
    "digits-tangent",
    tangent_cell,
    cost,
    {"full": _without_alpha(FULL), "quick": _without_alpha(QUICK)},
)
