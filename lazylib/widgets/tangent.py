"""The tangent model: a stretched surface and its plane (Figure 2), and SGD on both (Figure 3)."""

import ipywidgets

from lazylib.experiments.algorithms import STEPS, STRIDE, sgd_on_f, sgd_on_tangent, train_by_sgd
from lazylib.experiments.surface import train_on_surface
from lazylib.plots.tangent import fill_sgd, fill_surface, sgd_panels, surface_panels
from lazylib.widgets.panel import Canvas, Explorer, Player, animate, log_slider, whole_slider


def explore_surface(alpha=1.0, azimuth=125, elevation=25):
    """Return the panel of Figure 2: stretch the surface αf(W) until it lies in its tangent plane.

    Parameters
    ----------
    alpha : float
        Initial value of the log slider.
    azimuth, elevation : int
        From where one looks, in degrees.

    Returns
    -------
    Explorer
        A box to display. ``.state`` is a dictionary of all controls, to read or to set.
    """
    settings = {"alpha": log_slider(alpha, -0.5, 2, "α")}
    views = {
        "azimuth": whole_slider(azimuth, 0, 360, "turn", step=5),
        "elevation": whole_slider(elevation, -30, 90, "tilt", step=5),
    }
    canvas = Canvas(12.0, 5.6, surface_panels)
    animate(canvas.artists[0])
    animate({"now": canvas.artists[1]["now"]})

    def show(run, azimuth, elevation, **_):
        return fill_surface(canvas.artists, run, azimuth, elevation)

    rows = [[*settings.values(), *views.values()]]
    return Explorer(canvas, settings, views, train_on_surface, show, rows)


def explore_sgd(
    on_f=sgd_on_f, on_tangent=sgd_on_tangent, alpha=10**-0.7, tau=10**-0.5, step=10**-0.5
):
    """Return the panel of Figure 3: SGD on f and on T_f, side by side.

    Parameters
    ----------
    on_f, on_tangent : callable
        The two algorithms, ``(f, w0, samples, step, alpha)`` to an iterator over w₀, w₁, …
    alpha, tau, step : float
        Initial values of the log sliders.

    Returns
    -------
    Explorer
        A box to display. ``.state`` is a dictionary of all controls, to read or to set.
    """
    player = Player(STEPS // STRIDE + 1)
    player.frame.value = 10
    box = {"layout": {"width": "auto"}, "indent": False}
    settings = {
        "alpha": log_slider(alpha, -1, 2, "α"),
        "tau": log_slider(tau, -1, 0.5, "τ"),
        "step": log_slider(step, -2, 0.5, "step"),
        "doubling": ipywidgets.Checkbox(value=True, description="doubling trick", **box),
        "smooth": ipywidgets.Checkbox(value=False, description="smooth (softplus)", **box),
        "seed": ipywidgets.BoundedIntText(value=0, min=0, max=10**6, description="samples no."),
    }
    canvas = Canvas(12.0, 6.8, sgd_panels)
    axes, artists = canvas.artists
    for each in artists:
        animate(each)

    def compute(**values):
        return train_by_sgd((on_f, on_tangent), **values)

    def show(run, frame, **_):
        return fill_sgd(axes, artists, run, frame)

    rows = [[*settings.values()], player.row]
    return Explorer(canvas, settings, {"frame": player.frame}, compute, show, rows)
