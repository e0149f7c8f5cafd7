"""Neurons in the plane: from active to lazy training with the sliders τ and α (Figures 1 and 5)."""

from dataclasses import dataclass
from functools import partial

import ipywidgets
import numpy as np

from lazylib import plots
from lazylib.data import Dataset, Teacher
from lazylib.data import teacher as draw_teacher
from lazylib.laziness import displacement, kernel_change, regime, sign_flips
from lazylib.models import TwoLayer
from lazylib.recording import Run
from lazylib.trainers import gradient_flow
from lazylib.widgets.panel import Canvas, Explorer, Player, animate, log_slider, whole_slider

#: The training time of Figures 1(a) and 1(b): 100,000 steps of 0.005.
T_MAX = 500
_FRAMES = 100
# Fine enough for the neurons that flip to be the right ones.
_ACCURACY = 0.005
_DEGREES = np.linspace(-180, 180, 241)


@dataclass(frozen=True)
class PlaneRun:
    """A network trained in the plane, with all that its picture needs."""

    net: TwoLayer
    teacher: Teacher
    data: Dataset
    alpha: float
    w0: np.ndarray
    run: Run
    twin: np.ndarray | None  # τ² times the twin's positions, of shape (frames, m, 2)


def train_in_plane(tau, alpha, m, n, doubling, twin, weights, teacher_seed):
    """Train a ReLU network in the plane to t = 500 by the gradient flow.

    Parameters
    ----------
    tau, alpha : float
    m, n : int
        Neurons and training points.
    doubling : bool
    twin : bool
        Train (1, ατ²) too, which Section 4.2.1 says moves as (τ, α) does, up to scale.
    weights, teacher_seed : int
        Seeds of the initial weights, and of the teacher and its data.
    """
    net = TwoLayer(d=2, m=m)
    true = draw_teacher(np.random.default_rng([teacher_seed, 0]), d=2)
    data = Dataset.from_teacher(np.random.default_rng([teacher_seed, 1]), true, n, n_test=200)
    w1 = net.init(np.random.default_rng([weights, 2]), tau=1.0, doubling=doubling)
    options = {"record": _FRAMES, "accuracy": _ACCURACY, "tolerance": 1e-6}
    train = partial(gradient_flow, net, data, **options)
    run = train(tau * w1, alpha=alpha, t_max=T_MAX)
    mirrored = None
    if twin:
        # With w = τv, v follows F_{ατ²}, and τ² times as fast.
        times, frame = np.unique(tau**2 * run.times, return_inverse=True)
        options = {"alpha": alpha * tau**2, "t_max": tau**2 * T_MAX, "times": times}
        mirrored = tau**2 * net.positions(train(w1, **options).w[frame])
    return PlaneRun(net, true, data, alpha, tau * w1, run, mirrored)


def relative_losses(result):
    """Training and test loss of every frame, relative to the zero predictor's."""
    data, run = result.data, result.run
    zero_train, zero_test = (0.5 * np.mean(y**2) for y in (data.y, data.y_test))
    return run.train_loss / zero_train, run.test_loss / zero_test


def describe(result, frame):
    """Say in words what one frame shows."""
    net, run, w0 = result.net, result.run, result.w0
    moved = displacement(run.w[frame], w0)
    train, test = (losses[frame] for losses in relative_losses(result))
    changed = kernel_change(net, run.w[frame], w0, result.data.x)
    status = f" ({run.status})" if frame == len(run) - 1 else ""
    return (
        f"{regime(moved).capitalize()} at t = {run.times[frame]:.3g}{status}: "
        f"displacement ‖w − w₀‖/‖w₀‖ = {moved:.2g}, kernel change {changed:.2g}, "
        f"{sign_flips(net, run.w[frame], w0)} of {net.m} neurons flipped their sign; "
        f"training loss {train:.2g} and test loss {test:.2g} of the zero predictor's."
    )


def panels(figure):
    """Make the three panels: neurons, the function on the circle, losses."""
    axes = figure.subplots(1, 3, gridspec_kw={"width_ratios": [1, 1.15, 1]})
    figure.subplots_adjust(left=0.055, right=0.99, top=0.92, bottom=0.3, wspace=0.26)
    makers = (plots.neuron_artists, plots.function_artists, plots.loss_artists)
    return axes, [make(ax) for make, ax in zip(makers, axes, strict=True)]


def draw(axes, artists, result, frame):
    """Fill the three panels with one frame of a run."""
    net, run, data = result.net, result.run, result.data
    positions = net.positions(run.w)
    b = net.unpack(run.w[frame])[1]
    twin = None if result.twin is None else result.twin[frame]
    limit = plots.plane_limit(positions)
    plots.set_neurons(axes[0], artists[0], positions[: frame + 1], b, result.teacher, limit, twin)
    angles = np.radians(_DEGREES)
    x = np.stack([np.cos(angles), np.sin(angles)], axis=-1)
    truth, at = result.teacher(x), np.degrees(np.arctan2(data.x[:, 1], data.x[:, 0]))
    learnt = result.alpha * net.predict(run.w[frame], x)
    low, high = (plots.nice_limit(1.2 * max(0.5, each)) for each in (-truth.min(), truth.max()))
    plots.set_function(axes[1], artists[1], _DEGREES, learnt, truth, at, data.y, (-low, high))
    plots.set_losses(artists[2], run.times, *relative_losses(result), frame)


def explore_neurons(tau=0.1, alpha=1.0, m=20, n=15, doubling=True, weights=2, teacher=25):
    """Return the slider panel of notebook 01: drag τ from active to lazy, and play the training.

    Parameters
    ----------
    tau, alpha : float
        Initial values of the log sliders.
    m, n : int
        Numbers of neurons and of training points.
    doubling : bool
        Whether the initial network is 0 (Section 2.1).
    weights, teacher : int
        Seeds; the buttons "new weights" and "new teacher" count them up.

    Returns
    -------
    Explorer
        A box to display. ``.state`` is a dictionary of all controls, to read or to set.
    """
    player = Player(_FRAMES)
    box = {"layout": {"width": "auto"}, "indent": False}
    settings = {
        "tau": log_slider(tau, -2, 1, "τ"),
        "alpha": log_slider(alpha, -1, 2, "α"),
        "m": whole_slider(m, 1, 200, "neurons m"),
        "n": whole_slider(n, 2, 200, "points n"),
        "doubling": ipywidgets.Checkbox(value=doubling, description="doubling trick", **box),
        "twin": ipywidgets.Checkbox(value=False, description="overlay (1, ατ²)", **box),
        "weights": ipywidgets.BoundedIntText(value=weights, min=0, max=10**6),
        "teacher_seed": ipywidgets.BoundedIntText(value=teacher, min=0, max=10**6),
    }

    def again(name, description):
        button = ipywidgets.Button(description=description, layout={"width": "auto"})
        button.on_click(lambda _: setattr(settings[name], "value", settings[name].value + 1))
        return button

    new = [again("weights", "new weights"), again("teacher_seed", "new teacher")]
    canvas = Canvas(13.5, 5.0, panels)
    axes, artists = canvas.artists
    for each in artists:
        animate(each)

    def show(result, frame, **_):
        draw(axes, artists, result, frame)
        return describe(result, frame)

    rows = [
        [settings["tau"], settings["alpha"], settings["doubling"], settings["twin"]],
        [settings["m"], settings["n"], *new],
        player.row,
    ]
    return Explorer(canvas, settings, {"frame": player.frame}, train_in_plane, show, rows)
