"""Kernels: from finite width to the limit (Figure 4), and what they make of data on the circle."""

import ipywidgets

from lazylib.experiments.predictors import train_four
from lazylib.experiments.realizations import draw_realizations
from lazylib.plots.kernels import fill_kernels, fill_predictors, kernel_panels, predictor_panels
from lazylib.widgets.panel import Canvas, Explorer, animate, log_slider, whole_slider


def explore_kernels(m=20, d=10, seed=0):
    """Return the panel of Figure 4: kernels of m random neurons, and their limit.

    Parameters
    ----------
    m, d : int
        Width, and dimension of the sphere.
    seed : int
        The button "new draw" counts it up.

    Returns
    -------
    Explorer
        A box to display. ``.state`` is a dictionary of all controls, to read or to set.
    """
    settings = {
        "m": ipywidgets.FloatLogSlider(
            value=m, base=10, min=0, max=3, step=0.1, description="width m", readout_format=".0f"
        ),
        "seed": ipywidgets.BoundedIntText(value=seed, min=0, max=10**6, description="draw no."),
    }
    views = {"d": whole_slider(d, 2, 100, "dimension d")}
    canvas = Canvas(13.5, 4.6, kernel_panels)
    axes, artists = canvas.artists
    for each in artists[:3]:
        animate(each)
    animate({"now": artists[3]["these draws"]})

    def compute(m, seed):
        return draw_realizations(round(m), seed)

    def show(found, d, **_):
        return fill_kernels(axes, artists, found, d)

    return Explorer(canvas, settings, views, compute, show, [[*settings.values(), *views.values()]])


def explore_predictors(tau=1.0, alpha=1.0, t=1e3, m=50, n=8, seed=2):
    """Return the panel of four predictors: network, tangent model, and two kernels, at equal t.

    Parameters
    ----------
    tau, alpha, t : float
        Initial values of the log sliders.
    m, n : int
        Neurons and training points.
    seed : int
        Of the initial weights.

    Returns
    -------
    Explorer
        A box to display. ``.state`` is a dictionary of all controls, to read or to set.
    """
    settings = {
        "tau": log_slider(tau, -1.5, 0.5, "τ"),
        "alpha": log_slider(alpha, -1, 2, "α"),
        "m": whole_slider(m, 2, 400, "neurons m", step=2),
        "n": whole_slider(n, 2, 40, "points n"),
        "seed": ipywidgets.BoundedIntText(value=seed, min=0, max=10**6, description="weights no."),
    }
    views = {"t": log_slider(t, -2, 3, "time t", step=0.1)}
    canvas = Canvas(13.5, 5.4, predictor_panels)
    axes, artists = canvas.artists
    for each in artists:
        animate(each)

    def show(paths, t, **_):
        return fill_predictors(axes, artists, paths, t)

    rows = [[settings["tau"], settings["alpha"], views["t"]]]
    rows.append([settings["m"], settings["n"], settings["seed"]])
    return Explorer(canvas, settings, views, train_four, show, rows)
