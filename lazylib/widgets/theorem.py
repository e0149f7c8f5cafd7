"""Theorem 3.2 and its lemmas under a slider α: what is promised, and what happens."""

import ipywidgets
import numpy as np

from lazylib.experiments.theorem import ALPHAS, LOSSES, sweep
from lazylib.plots.theorem import describe_theorem, fill_theorem, theorem_panels
from lazylib.widgets.panel import Canvas, Explorer, animate, log_slider, next_draw


def explore_theorem(alpha=10.0, n=4, start="f − f(w₀)", layers="first", loss=None, seed=0):
    """Return the slider panel of notebook 04: a bound, and what it bounds, as α grows.

    Parameters
    ----------
    alpha : float
        Initial value of the log slider; it moves over stored runs.
    n : int
        Training points, 3 to 6.
    start : {"f − f(w₀)", "doubling"}
    layers : {"first", "both"}
        Which layers are trained.
    loss : {"quadratic, κ = 1", "log-cosh, κ = 4"}, optional
    seed : int
        The button "new draw" counts it up.

    Returns
    -------
    Explorer
    """
    wide = {"style": {"description_width": "initial"}, "layout": {"width": "auto"}}

    def choice(options, value, description):
        return ipywidgets.Dropdown(options=options, value=value, description=description, **wide)

    settings = {
        "n": choice([3, 4, 5, 6], n, "points n"),
        "start": choice(["f − f(w₀)", "doubling"], start, "zero at the start by"),
        "layers": choice(["first", "both"], layers, "trained layers"),
        "loss": choice(list(LOSSES), loss or next(iter(LOSSES)), "loss"),
        "seed": ipywidgets.BoundedIntText(value=seed, min=0, max=10**6),
    }
    views = {"alpha": log_slider(alpha, 0, 3, "α", step=0.25)}
    new = next_draw(settings["seed"])
    canvas = Canvas(13.5, 5.0, theorem_panels)
    axes, artists = canvas.artists
    for each in artists:
        animate(each)

    def show(result, alpha, **_):
        i = int(np.abs(np.log(ALPHAS / alpha)).argmin())
        fill_theorem(axes, artists, result, i)
        return describe_theorem(result, i)

    rows = [
        [views["alpha"], new],
        [settings["n"], settings["start"], settings["layers"], settings["loss"]],
    ]
    return Explorer(canvas, settings, views, sweep, show, rows)
