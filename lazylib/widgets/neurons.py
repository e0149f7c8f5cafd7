"""Neurons in the plane: from active to lazy training with the sliders τ and α (Figures 1 and 5)."""

import ipywidgets

from lazylib.experiments.plane import FRAMES, train_in_plane
from lazylib.plots.plane import describe_plane, fill_plane, plane_panels
from lazylib.widgets.panel import (
    Canvas,
    Explorer,
    Player,
    animate,
    log_slider,
    next_draw,
    whole_slider,
)


def explore_neurons(tau=0.1, alpha=1.0, m=20, n=15, doubling=True, weights=2, teacher=25):
    """Return the slider panel of notebook 01: drag τ from active to lazy, and play the training.

    Parameters
    ----------
    tau, alpha : float
        Initial values of the log sliders.
    m, n : int
        Numbers of neurons and of training points.
    doubling : bool
        Whether the initial network is 0 (Section 2.1).
    weights, teacher : int
        Seeds; the buttons "new weights" and "new teacher" count them up.

    Returns
    -------
    Explorer
        A box to display. ``.state`` is a dictionary of all controls, to read or to set.
    """
    player = Player(FRAMES)
    box = {"layout": {"width": "auto"}, "indent": False}
    settings = {
        "tau": log_slider(tau, -2, 1, "τ"),
        "alpha": log_slider(alpha, -1, 2, "α"),
        "m": whole_slider(m, 1, 200, "neurons m"),
        "n": whole_slider(n, 2, 200, "points n"),
        "doubling": ipywidgets.Checkbox(value=doubling, description="doubling trick", **box),
        "twin": ipywidgets.Checkbox(value=False, description="overlay (1, ατ²)", **box),
        "weights": ipywidgets.BoundedIntText(value=weights, min=0, max=10**6),
        "teacher": ipywidgets.BoundedIntText(value=teacher, min=0, max=10**6),
    }

    new = [next_draw(settings[name], f"new {name}") for name in ("weights", "teacher")]
    canvas = Canvas(13.5, 5.0, plane_panels)
    axes, artists = canvas.artists
    for each in artists:
        animate(each)

    def show(result, frame, **_):
        fill_plane(axes, artists, result, frame)
        return describe_plane(result, frame)

    rows = [
        [settings["tau"], settings["alpha"], settings["doubling"], settings["twin"]],
        [settings["m"], settings["n"], *new],
        player.row,
    ]
    return Explorer(canvas, settings, {"frame": player.frame}, train_in_plane, show, rows)
