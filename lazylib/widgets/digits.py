"""One network on real data: an MLP on the digits at any α, and what its filters become."""

from lazylib.experiments.digits import FRAMES, digits_run
from lazylib.plots.digits import digits_panels, fill_digits
from lazylib.widgets.panel import Explorer, log_slider, seed


def explore_digits(alpha=1.0, draw=0, frame=None):
    """Return the slider panel of notebook 09; it needs the extra ``torch``.

    Parameters
    ----------
    alpha : float
        From 0.01 to 10,000.
    draw : int
        Number of the draw of weights and training images.
    frame : int, optional
        0 to 39; by default the last.

    Returns
    -------
    Explorer
    """
    controls = {"alpha": log_slider("α", alpha, 0.01, 1e4), "draw": seed("draw no.", draw, 999)}
    return Explorer(
        "A network on the digits",
        controls,
        (12.0, 5.2, digits_panels),
        digits_run,
        fill_digits,
        times=lambda result: result.run.times,
        frames=FRAMES,
        frame=frame,
    )
