"""SGD with fresh samples, one τ at a time, beside Figure 6(b) and the noiseless flow."""

from functools import partial

from lazylib import _checks
from lazylib.experiments import Results
from lazylib.experiments.underparameterized import train_on_population
from lazylib.plots.population import fill_population, population_panels
from lazylib.widgets.panel import Explorer, log_slider, seed, steps_slider


def explore_population(results, tau=0.2, steps=1000, batch_size=200, draw=2):
    """Return the slider panel of notebook 07: SGD with fresh samples from N(0, τ²), live.

    Parameters
    ----------
    results : Results
        The stored experiment, for the curve; it took 20,000 steps.
    tau : float
        From 0.01 to 10.
    steps, batch_size : int
        200 to 20,000, and 10 to 500.
    draw : int
        Number of the draw of teacher and weights; 0 to 4 are those of the curve.

    Returns
    -------
    Explorer
    """
    _checks.instance("results", results, Results)
    steps_options = [200, 500, 1000, 2000, 5000, 10_000, 20_000]
    controls = {
        "tau": log_slider("τ", tau, 0.01, 10),
        "steps": steps_slider("steps", steps, steps_options),
        "batch_size": steps_slider("batch", batch_size, [10, 20, 50, 100, 200, 500]),
        "draw": seed("draw no.", draw, 999),
    }
    figure = 12.4, 4.9, partial(population_panels, results=results)
    words = "SGD with fresh samples"
    return Explorer(words, controls, figure, train_on_population, fill_population)
