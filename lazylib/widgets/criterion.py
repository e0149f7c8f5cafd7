"""A gauge of Eq. (7): how lazy will training be? Guess, then train, then compare."""

import ipywidgets

from lazylib.experiments.criterion import ACTIVATIONS, foresee
from lazylib.plots.criterion import criterion_panels, describe_criterion, fill_criterion
from lazylib.widgets.panel import Canvas, Explorer, animate, log_slider, next_draw, whole_slider

_GUESSES = ["lazy", "in between", "active"]


def explore_criterion(tau=0.3, alpha=1.0, m=50, activation="ReLU", doubling=True, seed=0):
    """Return the slider panel of notebook 05: Eq. (7) before training, the displacement after.

    Parameters
    ----------
    tau, alpha : float
        Initial values of the log sliders.
    m : int
    activation : {"ReLU", "tanh", "softplus", "GELU"}
    doubling : bool
    seed : int
        The button "new draw" counts it up.

    Returns
    -------
    Explorer
        In its state, ``train`` says whether to train; every other control switches it off again.
    """
    box = {"layout": {"width": "auto"}, "indent": False}
    settings = {
        "activation": ipywidgets.Dropdown(
            options=list(ACTIVATIONS), value=activation, description="activation"
        ),
        "tau": log_slider(tau, -2, 1, "τ"),
        "alpha": log_slider(alpha, -2, 2, "α"),
        "m": whole_slider(m, 2, 200, "neurons m", step=2),
        "doubling": ipywidgets.Checkbox(value=doubling, description="doubling trick", **box),
        "seed": ipywidgets.BoundedIntText(value=seed, min=0, max=10**6),
        "train": ipywidgets.ToggleButton(value=False, description="train", icon="play"),
    }
    views = {"guess": ipywidgets.ToggleButtons(options=_GUESSES, description="my guess")}
    for name, control in settings.items():
        if name != "train":
            control.observe(lambda _: setattr(settings["train"], "value", False), "value")
    new = next_draw(settings["seed"])
    canvas = Canvas(13.5, 4.4, criterion_panels)
    _, artists = canvas.artists
    for each in artists:
        animate(each)

    def show(result, guess, **_):
        fill_criterion(artists, result)
        return describe_criterion(result, guess)

    rows = [
        [settings["tau"], settings["alpha"], settings["m"]],
        [settings["activation"], settings["doubling"], new],
        [views["guess"], settings["train"]],
    ]
    return Explorer(canvas, settings, views, foresee, show, rows)
