"""A gauge of Eq. (7): how lazy will training be? Guess, then train, then compare."""

from dataclasses import dataclass

import ipywidgets
import numpy as np

from lazylib import theory_plots
from lazylib.activations import softplus
from lazylib.data import Dataset, teacher
from lazylib.laziness import displacement, regime
from lazylib.models import TwoLayer
from lazylib.outlook import Criterion, criterion
from lazylib.recording import Run
from lazylib.trainers import gradient_flow
from lazylib.widgets.panel import Canvas, Explorer, animate, log_slider, whole_slider

_ACTIVATIONS = {"ReLU": "relu", "tanh": "tanh", "softplus": softplus(5), "GELU": "gelu"}
_GUESSES = ["lazy", "in between", "active"]


@dataclass(frozen=True)
class Outlook:
    """What is known before training and, after it, what happened."""

    criterion: Criterion
    w0: np.ndarray
    run: Run | None


def foresee(activation, tau, alpha, m, doubling, seed, train):
    """Compute the criterion for a network in dimension 5 with 10 points; train it if asked to."""
    rng = np.random.default_rng([seed, 0])
    data = Dataset.from_teacher(rng, teacher(rng, 5), 10)
    net = TwoLayer(5, m, activation=_ACTIVATIONS[activation])
    w0 = net.init(np.random.default_rng([seed, 1]), tau=tau, doubling=doubling)
    run = None
    if train:
        # long enough for a start from small weights to get going
        options = {"t_max": 1e4, "accuracy": 0.05, "tolerance": 1e-4, "max_steps": 300}
        run = gradient_flow(net, data, w0, alpha=alpha, **options)
    return Outlook(criterion(net, w0, data, alpha=alpha), w0, run)


def describe(result, guess):
    """Say in words what the gauge shows and, after training, what came of it."""
    known = result.criterion
    words = (
        f"Before training: Eq. (7) compares {known.distance:.2g} with {known.extent:.2g}, "
        f"a ratio of {known.ratio:.1g}; the tangent model would move by "
        f"{known.displacement:.2g} of ‖w₀‖ and change Df by {known.bend:.1g} of itself. "
    )
    if result.run is None:
        return words + f"Your guess: {guess}. Press “train” to see."
    moved = displacement(result.run.w[-1], result.w0)
    verdict = "your guess was right" if regime(moved) == guess else f"you had guessed {guess}"
    ended = f"Training moved the weights by {moved:.2g} ({result.run.status})"
    return words + f"{ended}: {regime(moved)}; {verdict}."


def panels(figure):
    """Make the two panels: the gauge, and the displacement."""
    axes = figure.subplots(1, 2, gridspec_kw={"width_ratios": [1.1, 1]})
    figure.subplots_adjust(left=0.04, right=0.985, top=0.9, bottom=0.31, wspace=0.2)
    return axes, [
        theory_plots.gauge_artists(axes[0]),
        theory_plots.displacement_artists(axes[1]),
    ]


def draw(artists, result):
    """Fill the two panels."""
    known, run = result.criterion, result.run
    theory_plots.set_gauge(artists[0], known.ratio, known.bend)
    times, moved = (np.array([]), np.array([]))
    if run is not None:
        times, moved = run.times, displacement(run.w, result.w0)
    theory_plots.set_displacement(artists[1], times, moved, known.displacement)


def explore_outlook(tau=0.3, alpha=1.0, m=50, activation="ReLU", doubling=True, seed=0):
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
            options=list(_ACTIVATIONS), value=activation, description="activation"
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
    new = ipywidgets.Button(description="new draw", layout={"width": "auto"})
    new.on_click(lambda _: setattr(settings["seed"], "value", settings["seed"].value + 1))
    canvas = Canvas(13.5, 4.4, panels)
    _, artists = canvas.artists
    for each in artists:
        animate(each)

    def show(result, guess, **_):
        draw(artists, result)
        return describe(result, guess)

    rows = [
        [settings["tau"], settings["alpha"], settings["m"]],
        [settings["activation"], settings["doubling"], new],
        [views["guess"], settings["train"]],
    ]
    return Explorer(canvas, settings, views, foresee, show, rows)
