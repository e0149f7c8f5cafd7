"""Theorem 3.2 and its lemmas under a slider α: what is promised, and what happens."""

from lazylib.experiments.theorem import LAYERS, LOSSES, sweep
from lazylib.plots.theorem import fill_theorem, theorem_panels
from lazylib.widgets import panel

#: Ways to be 0 at w₀, in a word.
_STARTS = {"centering": "f − f(w₀)", "doubling": "doubling"}


def explore_theorem(alpha=10.0, n=4, start="centering", layers="first", loss="quadratic", seed=0):
    """Return the slider panel of notebook 04: a bound, and what it bounds, as α grows.

    Parameters
    ----------
    alpha : float
        From 1 to 1000: the nearest of 13 stored runs is shown.
    n : int
        Training points, 3 to 6.
    start : {"centering", "doubling"}
        How the network becomes 0 at w₀.
    layers : {"first", "both"}
        Which layers are trained.
    loss : {"quadratic", "log-cosh"}
    seed : int

    Returns
    -------
    Explorer
    """
    controls = {
        "alpha": panel.log_slider("α", alpha, 1, 1000),
        "n": panel.whole_slider("points n", n, 3, 6),
        "start": panel.choice("zero at the start by", start, _STARTS),
        "layers": panel.choice("trained layers", layers, LAYERS),
        "loss": panel.choice("loss", loss, LOSSES),
        "seed": panel.seed("draw no.", seed),
    }

    def compute(start, **settings):
        return sweep(start=_STARTS[start], **settings)

    figure = 12.6, 4.8, theorem_panels
    return panel.Explorer("Theorem 3.2", controls, figure, compute, fill_theorem, views=("alpha",))
