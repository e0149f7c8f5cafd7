"""One run of Figure 1(c) at a time, beside the stored curve: test error and features against τ."""

import ipywidgets

from lazylib.experiments.generalization import FRAMES, train_in_space
from lazylib.plots.generalization import (
    describe_generalization,
    fill_generalization,
    generalization_panels,
)
from lazylib.widgets.panel import Canvas, Explorer, Player, animate, log_slider


def explore_generalization(results, tau=0.1, draw=2):
    """Return the slider panel of notebook 06: one network of Figure 1(c), trained live.

    Parameters
    ----------
    results : Results
        The stored experiment, for the curve.
    tau : float
    draw : int
        Number of the draw of teacher, data and weights; 0 to 9 are those of the curve.

    Returns
    -------
    Explorer
    """
    player = Player(FRAMES)
    settings = {
        "tau": log_slider(tau, -2.2, 1, "τ", step=0.1),
        "draw": ipywidgets.BoundedIntText(
            value=draw, min=0, max=999, description="draw", layout={"width": "160px"}
        ),
    }
    canvas = Canvas(15.5, 5.2, lambda figure: generalization_panels(figure, results))
    axes, artists = canvas.artists
    for each in artists:
        animate(each)

    def show(result, frame, **_):
        frame = min(frame, len(result.run) - 1)
        fill_generalization(axes, artists, result, frame)
        return describe_generalization(result, frame)

    rows = [[*settings.values()], player.row]
    return Explorer(canvas, settings, {"frame": player.frame}, train_in_space, show, rows)
