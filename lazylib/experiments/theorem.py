"""The smooth networks on which Theorem 3.2 is measured."""

import numpy as np

from lazylib import _checks
from lazylib.data import Dataset, teacher
from lazylib.losses import log_cosh, quadratic
from lazylib.models import Centered, FirstLayer, TwoLayer
from lazylib.theory import compare

#: The α that are trained together, so that the slider only shows stored runs.
ALPHAS = np.logspace(0, 3, 13)

#: By the name in the panel: losses, ways to be 0 at w₀, layers that are trained.
LOSSES = {"quadratic": quadratic, "log-cosh": log_cosh(0.25)}  # κ = 1, and κ = 4
STARTS, LAYERS = ("f − f(w₀)", "doubling"), ("first", "both")


def smooth_network(n=4, start=STARTS[0], layers="first", seed=0, activation="tanh", m=100, d=5):
    """Return a smooth network that is 0 at w₀, with w₀ and a sample of a teacher.

    Parameters
    ----------
    n : int
        Training points.
    start : {"f − f(w₀)", "doubling"}
        How the network becomes 0 at w₀.
    layers : {"first", "both"}
        Which layers are trained.
    seed : int
    activation, m, d
        As in `TwoLayer`.

    Returns
    -------
    model : Model
    w0 : ndarray of shape (p,)
    data : Dataset

    Examples
    --------
    >>> from lazylib.experiments import smooth_network
    >>> model, w0, data = smooth_network(n=4)
    >>> model.predict(w0, data.x)
    array([0., 0., 0., 0.])
    """
    doubling = _checks.word("start", start, STARTS) == "doubling"
    rng = np.random.default_rng(_checks.seed("seed", seed))
    data = Dataset.from_teacher(rng, teacher(rng, d), n)
    model = TwoLayer(d, m, activation=activation, scale=_checks.whole("m", m) ** -0.5)
    w0 = model.init(rng, doubling=doubling)
    if _checks.word("layers", layers, LAYERS) == "first":
        a, b = model.unpack(w0)
        model, w0 = FirstLayer(model, b), a.reshape(-1)
    return (model if doubling else Centered(model, w0)), w0, data


def sweep(n=4, start=STARTS[0], layers="first", loss="quadratic", seed=0):
    """Train `smooth_network` for `ALPHAS`, beside its tangent model.

    Parameters
    ----------
    n, start, layers, seed
        As in `smooth_network`.
    loss : {"quadratic", "log-cosh"}

    Returns
    -------
    lazylib.theory.Comparison
    """
    loss = LOSSES[_checks.word("loss", loss, LOSSES)]
    network = smooth_network(n, start, layers, seed)
    # stiff problems: less of the tail, where nothing happens, and every second α
    stiff = layers == "both" and n > 4
    alphas, periods = (ALPHAS[::2], 6) if stiff else (ALPHAS, 8)
    return compare(*network, alphas, loss=loss, periods=periods, frames=40, accuracy=1e-9)
