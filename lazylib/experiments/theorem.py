"""The smooth networks on which Theorem 3.2 is measured."""

import numpy as np

from lazylib.data import Dataset, teacher
from lazylib.losses import log_cosh, quadratic
from lazylib.models.networks import FirstLayer, TwoLayer
from lazylib.models.wrappers import Centered
from lazylib.theory.comparison import compare

#: The α that are trained together, so that the slider only shows stored runs.
ALPHAS = np.logspace(0, 3, 13)


_LOSSES = {"quadratic, κ = 1": quadratic, "log-cosh, κ = 4": log_cosh(0.25)}


def smooth_network(n, start, layers, seed, activation="tanh", m=100, d=5):
    """Return a smooth network that is 0 at w₀, with w₀ and a sample of a teacher.

    Parameters
    ----------
    n : int
        Training points.
    start : {"f − f(w₀)", "doubling"}
        How the network becomes 0 at w₀.
    layers : {"both", "first"}
        Which layers are trained.
    seed : int
    """
    rng = np.random.default_rng(seed)
    data = Dataset.from_teacher(rng, teacher(rng, d), n)
    model = TwoLayer(d, m, activation=activation, scale=1 / np.sqrt(m))
    w0 = model.init(rng, doubling=start == "doubling")
    if layers == "first":
        a, b = model.unpack(w0)
        model, w0 = FirstLayer(model, b), a.reshape(-1)
    return (model if start == "doubling" else Centered(model, w0)), w0, data


def sweep(n, start, layers, loss, seed):
    """Train `smooth_network` for all `ALPHAS`, beside its tangent model."""
    model, w0, data = smooth_network(n, start, layers, seed)
    return compare(model, w0, data, ALPHAS, loss=_LOSSES[loss], frames=40, accuracy=1e-13)
