"""One run of Figure 1(c) at a time, beside the stored curve: test error and features against τ."""

from functools import partial

from lazylib import _checks
from lazylib.experiments import Results
from lazylib.experiments.generalization import FRAMES, train_in_space
from lazylib.plots.generalization import fill_generalization, generalization_panels
from lazylib.widgets.panel import Explorer, log_slider, seed


def explore_generalization(results, tau=0.1, draw=2, frame=None):
    """Return the slider panel of notebook 06: one network of Figure 1(c), trained live.

    Parameters
    ----------
    results : Results
        The stored experiment, for the curve.
    tau : float
        From 0.006 to 10.
    draw : int
        Number of the draw of teacher, data and weights; 0 to 9 are those of the curve.
    frame : int, optional
        0 to 59; by default the last.

    Returns
    -------
    Explorer
    """
    _checks.instance("results", results, Results)
    controls = {"tau": log_slider("τ", tau, 0.006, 10), "draw": seed("draw no.", draw, 999)}
    return Explorer(
        "A network of Figure 1(c)",
        controls,
        (13.4, 4.9, partial(generalization_panels, results=results)),
        train_in_space,
        fill_generalization,
        times=lambda result: result.run.times,
        frames=FRAMES,
        frame=frame,
    )
