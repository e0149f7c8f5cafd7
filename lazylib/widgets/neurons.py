"""Neurons in the plane: from active to lazy training with the sliders τ and α (Figures 1 and 5)."""

from lazylib.experiments.plane import FRAMES, train_in_plane
from lazylib.plots.plane import fill_plane, plane_panels
from lazylib.widgets.panel import Explorer, check, log_slider, seed, whole_slider


def explore_neurons(
    tau=0.1, alpha=1.0, m=20, n=15, doubling=True, twin=False, weights=2, teacher=25, frame=None
):
    """Return the slider panel of notebook 01: drag τ from active to lazy, and play the training.

    Parameters
    ----------
    tau, alpha : float
        From 0.01 to 10, and from 0.1 to 100.
    m, n : int
        Numbers of neurons and of training points, up to 200.
    doubling : bool
        Whether the initial network is 0 (Section 2.1); then m is even.
    twin : bool
        Whether to overlay the neurons of the run with (1, ατ²) (Section 4.2.1).
    weights, teacher : int
        Seeds.
    frame : int, optional
        0 to 99; by default the last.

    Returns
    -------
    Explorer

    Examples
    --------
    >>> from lazylib.widgets import explore_neurons
    >>> panel = explore_neurons(tau=2)
    >>> panel.words[:13]
    'Lazy training'
    >>> panel.state = {"tau": 0.1, "frame": 0}  # as a lecturer prepares a view
    >>> panel.words[:25]
    'Active training, at t = 0'
    """
    controls = {
        "tau": log_slider("τ", tau, 0.01, 10),
        "alpha": log_slider("α", alpha, 0.1, 100),
        "m": whole_slider("neurons m", m, 1, 200, even_with="doubling"),
        "n": whole_slider("points n", n, 2, 200),
        "doubling": check("doubling trick", doubling),
        "twin": check("overlay (1, ατ²)", twin),
        "weights": seed("weights no.", weights),
        "teacher": seed("teacher no.", teacher),
    }
    return Explorer(
        "Neurons in the plane",
        controls,
        (12.4, 4.7, plane_panels),
        train_in_plane,
        fill_plane,
        times=lambda result: result.run.times,
        frames=FRAMES,
        frame=frame,
        ahead=True,
    )
