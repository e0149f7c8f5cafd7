"""SGD with fresh samples, one τ at a time, beside Figure 6(b) and the noiseless flow."""

import ipywidgets

from lazylib.experiments.underparameterized import train_on_population
from lazylib.plots.population import describe_population, fill_population, population_panels
from lazylib.widgets.panel import Canvas, Explorer, animate, log_slider


def explore_population(results, tau=0.2, steps=1000, batch_size=200, draw=2):
    """Return the slider panel of notebook 07: SGD with fresh samples from N(0, τ²), live.

    Parameters
    ----------
    results : Results
        The stored experiment, for the curve; it took 20,000 steps.
    tau : float
    steps, batch_size : int
    draw : int
        Number of the draw of teacher and weights; 0 to 4 are those of the curve.

    Returns
    -------
    Explorer
    """
    settings = {
        "tau": log_slider(tau, -2, 1, "τ", step=0.1),
        "steps": ipywidgets.SelectionSlider(
            value=steps, options=[200, 500, 1000, 2000, 5000, 10000, 20000], description="steps"
        ),
        "batch_size": ipywidgets.SelectionSlider(
            value=batch_size, options=[10, 20, 50, 100, 200, 500], description="batch"
        ),
        "draw": ipywidgets.BoundedIntText(
            value=draw, min=0, max=999, description="draw", layout={"width": "160px"}
        ),
    }
    canvas = Canvas(14, 5.2, lambda figure: population_panels(figure, results))
    axes, artists = canvas.artists
    for each in artists:
        animate(each)

    def show(result, **_):
        fill_population(axes, artists, result)
        return describe_population(result)

    return Explorer(canvas, settings, {}, train_on_population, show, [[*settings.values()]])
