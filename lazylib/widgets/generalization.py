"""One run of Figure 1(c) at a time, beside the stored curve: test error and features against τ."""

from dataclasses import dataclass
from functools import lru_cache

import ipywidgets
import numpy as np

from lazylib import plots_experiments as plots
from lazylib.experiments import GENERALIZATION, Results, mean_and_error
from lazylib.experiments.generalization import setting, training_time
from lazylib.laziness import displacement, feature_angle, neuron_angles, regime
from lazylib.losses import quadratic
from lazylib.plots import INK, NEGATIVE, POSITIVE, THIRD
from lazylib.recording import Run
from lazylib.trainers import gradient_flow
from lazylib.widgets.panel import Canvas, Explorer, Player, animate, log_slider

_FRAMES = 60
_SETTINGS = GENERALIZATION.scales["full"]
_STYLES = {
    "training": {"color": THIRD, "linestyle": "-."},
    "test": {"color": POSITIVE},
    "test, tangent kernel": {"color": INK, "linestyle": "--"},
}


@dataclass(frozen=True)
class SpaceRun:
    """A network trained in dimension 100, with the errors of its frames by name."""

    draw: object  # what all τ of one draw share
    tau: float
    w0: np.ndarray
    run: Run
    errors: dict


def curves(results: Results):
    """Mean and standard error over the draws of all that Figure 1(c) shows."""
    return {name: mean_and_error(values) for name, values in results.values.items()}


@lru_cache(maxsize=4)
def _setting(number):
    return setting(number, *(_SETTINGS[name] for name in ("d", "m", "n", "n_test")))


def train_in_space(tau, draw):
    """Train the network of one draw from N(0, τ²), to the end of the authors' training."""
    shared = _setting(draw)
    data, w0 = shared.data, tau * shared.unit
    options = {"record": _FRAMES, "accuracy": 0.02, "t_max": training_time(_SETTINGS, tau)}
    run = gradient_flow(shared.net, data, w0, **options)
    zero_train, zero_test = (0.5 * np.mean(y**2) for y in (data.y, data.y_test))
    kernel = shared.flow.predict(tau**2 * run.times, shared.K_test)
    errors = {
        "training": run.train_loss / zero_train,
        "test": run.test_loss / zero_test,
        "test, tangent kernel": quadratic.value(kernel, data.y_test) / zero_test,
    }
    return SpaceRun(shared, tau, w0, run, errors)


def describe(result, frame):
    """Say in words what one frame shows."""
    run, shared = result.run, result.draw
    test, kernel = result.errors["test"], result.errors["test, tangent kernel"]
    moved = displacement(run.w[frame], result.w0)
    best = test.argmin()
    return (
        f"{regime(moved).capitalize()} at t = {run.times[frame]:.3g}: test error "
        f"{test[frame]:.3f} of the zero predictor's, of the tangent kernel at the same t "
        f"{kernel[frame]:.3f}; best {test[best]:.3f} at t = {run.times[best]:.3g}. "
        f"Training error {result.errors['training'][frame]:.1e}, displacement {moved:.2g}, mean "
        f"angle to the teacher {feature_angle(shared.net, run.w[frame], shared.teacher):.0f}°."
    )


def explore_generalization(results, tau=0.1, draw=2):
    """Return the slider panel of notebook 06: one network of Figure 1(c), trained live.

    Parameters
    ----------
    results : Results
        The stored experiment, for the curve.
    tau : float
    draw : int
        Number of the draw of teacher, data and weights; 0 to 9 are those of the curve.

    Returns
    -------
    Explorer
    """
    player = Player(_FRAMES)
    settings = {
        "tau": log_slider(tau, -2.2, 1, "τ", step=0.1),
        "draw": ipywidgets.BoundedIntText(
            value=draw, min=0, max=999, description="draw", layout={"width": "160px"}
        ),
    }
    canvas = Canvas(15.5, 5.2, lambda figure: panels(figure, results))
    axes, artists = canvas.artists
    for each in artists:
        animate(each)

    def show(result, frame, **_):
        frame = min(frame, len(result.run) - 1)
        draw_panels(axes, artists, result, frame)
        return describe(result, frame)

    rows = [[*settings.values()], player.row]
    return Explorer(canvas, settings, {"frame": player.frame}, train_in_space, show, rows)


def panels(figure, results):
    """Make the three panels: Figure 1(c), errors against time, neurons."""
    axes = figure.subplots(1, 3, gridspec_kw={"width_ratios": [1.45, 1, 1]})
    figure.subplots_adjust(left=0.05, right=0.99, top=0.92, bottom=0.13, wspace=0.25)
    box = axes[0].get_position()
    axes[0].set_position([box.x0, box.y0, box.width - 0.1, box.height])  # room for the names
    plots.generalization(axes[0], np.array(results.grid["tau"]), curves(results))
    now = {
        "best": axes[0].plot([], [], "*", color=POSITIVE, markersize=20, markeredgecolor=INK)[0],
        "now": axes[0].plot([], [], "o", color=NEGATIVE, markersize=10, markeredgecolor=INK)[0],
    }
    paths = plots.path_artists(axes[1], _STYLES, "This run, against time")
    return axes, [now, paths, plots.feature_artists(axes[2])]


def draw_panels(axes, artists, result, frame):
    """Fill the three panels with one frame of a run."""
    run, errors, shared = result.run, result.errors, result.draw
    test = errors["test"]
    artists[0]["best"].set_data([result.tau], [test[: frame + 1].min()])
    artists[0]["now"].set_data([result.tau], [test[frame]])
    end = run.times[-1]
    plots.set_paths(
        axes[1], artists[1], run.times, errors, frame, (end * 1e-5, end * 1.2), (1e-4, 2)
    )
    w = run.w[frame]
    mass = np.linalg.norm(shared.net.positions(w), axis=-1)
    angles = neuron_angles(shared.net, w, shared.teacher)
    mean = feature_angle(shared.net, w, shared.teacher)
    plots.set_features(artists[2], angles, mass / mass.sum(), shared.net.unpack(w)[1], mean)
