"""The tangent model: a stretched surface and its plane (Figure 2), and SGD on both (Figure 3)."""

from lazylib import _checks
from lazylib.experiments.algorithms import STEPS, STRIDE, sgd_on_f, sgd_on_tangent, train_by_sgd
from lazylib.experiments.surface import train_on_surface
from lazylib.plots.tangent import fill_sgd, fill_surface, sgd_panels, surface_panels
from lazylib.widgets import panel


def explore_surface(alpha=1.0, azimuth=125, elevation=25):
    """Return the panel of Figure 2: stretch the surface αf(W) until it lies in its tangent plane.

    Parameters
    ----------
    alpha : float
        From 0.3 to 100.
    azimuth, elevation : int
        From where one looks, in degrees: 0 to 360, and -30 to 90.

    Returns
    -------
    Explorer
    """
    controls = {
        "alpha": panel.log_slider("α", alpha, 0.3, 100),
        "azimuth": panel.whole_slider("turn", azimuth, 0, 360, step=5),
        "elevation": panel.whole_slider("tilt", elevation, -30, 90, step=5),
    }
    return panel.Explorer(
        "Surface and tangent plane",
        controls,
        (11.6, 4.8, surface_panels),
        train_on_surface,
        fill_surface,
        views=("azimuth", "elevation"),
    )


def explore_sgd(
    on_f=sgd_on_f,
    on_tangent=sgd_on_tangent,
    alpha=0.2,
    tau=0.3,
    step=0.3,
    doubling=True,
    smooth=False,
    seed=0,
    frame=10,
):
    """Return the panel of Figure 3: SGD on f and on T_f, side by side.

    Parameters
    ----------
    on_f, on_tangent : callable
        The two algorithms, ``(f, w0, samples, step, alpha)`` to an iterator over w₀, w₁, …
    alpha, tau, step : float
        From 0.1 to 100, from 0.1 to 3, and from 0.01 to 3.
    doubling, smooth : bool
        Whether the initial network is 0; whether the ReLU is replaced by a softplus.
    seed : int
        Of the samples.
    frame : int
        0 to 80, of three steps each.

    Returns
    -------
    Explorer
    """
    _checks.function("on_f", on_f)
    _checks.function("on_tangent", on_tangent)
    controls = {
        "alpha": panel.log_slider("α", alpha, 0.1, 100),
        "tau": panel.log_slider("τ", tau, 0.1, 3),
        "step": panel.log_slider("step", step, 0.01, 3),
        "doubling": panel.check("doubling trick", doubling),
        "smooth": panel.check("smooth (softplus)", smooth),
        "seed": panel.seed("samples no.", seed),
    }

    def compute(**values):
        try:
            return train_by_sgd((on_f, on_tangent), **values)
        except ValueError as error:  # the step is too large, or an algorithm does not fit
            raise panel.Refusal(error) from error
        except Exception as error:
            if (on_f, on_tangent) == (sgd_on_f, sgd_on_tangent):
                raise
            said = f"an algorithm of yours raised {type(error).__name__}: {error}"
            raise panel.Refusal(said) from error

    return panel.Explorer(
        "SGD on f and on its tangent model",
        controls,
        (12.8, 4.5, sgd_panels),
        compute,
        fill_sgd,
        times=lambda run: range(0, STEPS + 1, STRIDE),
        frames=STEPS // STRIDE + 1,
        frame=frame,
    )
