"""Neurons in the plane, functions on the circle, losses (Figures 1 and 5)."""

import numpy as np
from matplotlib.collections import LineCollection

from lazylib.experiments.plane import DEGREES
from lazylib.plots.colors import FAINT, FOURTH, INK, NEGATIVE, POSITIVE, THIRD
from lazylib.plots.style import (
    circle_artists,
    legend_below,
    log_limits,
    nice_limit,
    put,
    view,
    written,
)
from lazylib.theory.laziness import regime


def neuron_artists(ax, title="Neurons |bⱼ|aⱼ"):
    """Make the panel of Figures 1(a), 1(b) and 5: neurons in the plane, with their paths.

    Returns a dictionary of artists for `set_neurons`.
    """
    angle = np.linspace(0, 2 * np.pi, 181)
    ax.plot(np.cos(angle), np.sin(angle), color=FAINT, linewidth=1)
    rays = LineCollection([], linewidths=1, colors=INK, linestyles=":", zorder=1)
    artists = {
        "paths": ax.add_collection(LineCollection([], linewidths=1.0, alpha=0.6)),
        "teacher": ax.add_collection(LineCollection([], linewidths=2.5, colors=INK, zorder=3)),
        "rays": ax.add_collection(rays),
        "start": ax.plot([], [], ".", color=FAINT, markersize=4)[0],
        "twin": ax.plot([], [], "x", color=INK, markersize=9, zorder=5, label="_")[0],
    }
    ax.plot([], [], ".-", color=FAINT, markersize=4, linewidth=1, label="start and path")
    ax.plot([], [], color=INK, linewidth=2.5, label="teacher, its directions")
    for name, marker, color, fill, label in (
        ("positive", "^", POSITIVE, "full", "b > 0"),
        ("negative", "v", NEGATIVE, "none", "b < 0"),
    ):
        style = {"linestyle": "", "marker": marker, "color": color}
        size = {"markersize": 7, "markeredgewidth": 1.6, "fillstyle": fill}
        artists[name] = ax.plot([], [], zorder=4, **style, **size)[0]
        tip = {"markersize": 13, "markeredgewidth": 2.2, "fillstyle": "none"}
        artists["teacher " + name] = ax.plot([], [], zorder=3, **style, **tip)[0]
        ax.plot([], [], label=f"neuron, {label}", **style, **size)
    ax.set(title=title, xlabel="first coordinate", ylabel="second coordinate", aspect="equal")
    legend_below(ax)
    return artists


def set_neurons(ax, artists, positions, b, teacher, limit, twin=None):
    """Fill the panel of neurons with paths up to their last frame.

    Parameters
    ----------
    positions : ndarray of shape (frames, m, 2)
        |bⱼ|aⱼ up to the frame that is shown.
    b : ndarray of shape (m,)
        Output weights in that frame; triangles point up where b > 0, down where b < 0.
    teacher : Teacher
        Its neurons bⱼaⱼ are drawn from the origin, and their directions to the border.
    limit : float
        Half the side of the square that is shown.
    twin : ndarray of shape (m, 2), optional
        Positions to overlay as crosses.
    """
    up = b > 0
    artists["paths"].set_segments(list(positions.swapaxes(0, 1)))
    artists["paths"].set_color(np.where(up, POSITIVE, NEGATIVE))
    put(artists["start"], *positions[0].T)
    put(artists["positive"], *positions[-1, up].T)
    put(artists["negative"], *positions[-1, ~up].T)
    far = 2 * limit * teacher.a / np.linalg.norm(teacher.a, axis=-1, keepdims=True)
    for name, ends in (("teacher", teacher.a), ("rays", far)):
        segments = np.stack([0 * ends, ends], axis=1)
        if not np.array_equal(artists[name].get_segments(), segments):
            artists[name].set_segments(segments)
    put(artists["teacher positive"], *teacher.a[teacher.b > 0].T)
    put(artists["teacher negative"], *teacher.a[teacher.b < 0].T)
    put(artists["twin"], *(([], []) if twin is None else twin.T))
    view(ax, (-limit, limit), (-limit, limit))


def neurons(ax, positions, b, teacher, title):
    """Draw neurons with their paths, as in Figures 1(a), 1(b) and 5: see `set_neurons`."""
    limit = plane_limit(positions)
    set_neurons(ax, neuron_artists(ax, title), positions, b, teacher, limit)


def plane_limit(positions):
    """Half the side of a square for neurons and, unless they are tiny beside it, the teacher."""
    farthest = np.abs(positions).max()
    return nice_limit(1.05 * farthest if farthest < 0.3 else max(1.05 * farthest, 1.25))


def function_artists(ax, title="Learnt function on the circle"):
    """Make the panel of a function on the circle, for `set_function`."""
    dots = {"color": INK, "linestyle": "", "marker": "o", "markersize": 5}
    styles = {
        "teacher": {"color": INK, "linewidth": 4, "alpha": 0.35},
        "learnt": {"color": FOURTH, "label": "learnt, αf"},
        "data": dots | {"label": "training data"},
    }
    return circle_artists(ax, styles, title)


def set_function(ax, artists, degrees, learnt, teacher, data_degrees, data_y, limits):
    """Fill the panel of a function on the circle: curves against the angle, data as dots."""
    put(artists["learnt"], degrees, learnt)
    put(artists["teacher"], degrees, teacher)
    put(artists["data"], data_degrees, data_y)
    view(ax, ylim=limits)


def loss_artists(ax, title="Losses"):
    """Make the panel of training and test loss against time, for `set_losses`."""
    artists = {
        "train": ax.plot([], [], color=THIRD, linewidth=2, label="training")[0],
        "test": ax.plot([], [], color=INK, linewidth=2, linestyle="--", label="test")[0],
        "train now": ax.plot([], [], "o", color=THIRD, markersize=8)[0],
        "test now": ax.plot([], [], "s", color=INK, markersize=8)[0],
    }
    ax.set(title=title, xlabel="training time t", ylabel="R(αf) / R(0)", xscale="log", yscale="log")
    ax.set(xlim=(1e-3, 1e3), ylim=(1e-7, 10))
    legend_below(ax)
    return artists


def set_losses(artists, times, train, test, frame):
    """Fill the panel of losses (relative to the zero predictor's), with marks at one frame."""
    for name, values in (("train", train), ("test", test)):
        put(artists[name], times, values)
        put(artists[name + " now"], times[frame : frame + 1], values[frame : frame + 1])
    ax = artists["train"].axes
    view(ax, log_limits(1e-3, 1e3, times), log_limits(1e-7, 10, train, test))


def describe_plane(result, frame):
    """Say in words what kind of run it is, and what one frame shows."""
    run, moved = result.run, result.moved
    status = f" ({run.status})" if frame == len(run) - 1 else ""
    return (
        f"{regime(moved[-1]).capitalize()} training, at t = {written(run.times[frame], 3)}{status}"
        f": displacement ‖w − w₀‖/‖w₀‖ = {written(moved[frame])}, "
        f"kernel change {written(result.changed[frame])}, "
        f"{result.flipped[frame]} of {result.net.m} neurons flipped their sign; "
        f"training loss {written(run.train_error[frame])} "
        f"and test loss {written(run.test_error[frame])} of the zero predictor's."
    )


def plane_panels(figure):
    """Make the three panels: neurons, the function on the circle, losses."""
    axes = figure.subplots(1, 3, gridspec_kw={"width_ratios": [1, 1.15, 1]})
    figure.subplots_adjust(left=0.065, right=0.975, top=0.93, bottom=0.265, wspace=0.3)
    neurons = neuron_artists(axes[0], "Neurons α|bⱼ|aⱼ")
    return axes, [neurons, function_artists(axes[1]), loss_artists(axes[2])]


def fill_plane(axes, artists, result, frame):
    """Fill the three panels with one frame of a `PlaneRun`; return what they show, in words."""
    run, data, positions, truth = result.run, result.data, result.positions, result.truth
    b = result.net.unpack(run.w[frame])[1]
    twin = None if result.twin is None else result.alpha * result.twin[frame]
    limit = plane_limit(positions)
    set_neurons(axes[0], artists[0], positions[: frame + 1], b, result.teacher, limit, twin)
    learnt, last = result.learnt(frame), result.learnt(-1)
    at = np.degrees(np.arctan2(data.x[:, 1], data.x[:, 0]))
    all_three = np.concatenate([truth, last, data.y])
    limits = [nice_limit(1.2 * max(0.5, each)) for each in (-all_three.min(), all_three.max())]
    limits[0] *= -1
    set_function(axes[1], artists[1], DEGREES, learnt, truth, at, data.y, limits)
    set_losses(artists[2], run.times, run.train_error, run.test_error, frame)
    return describe_plane(result, frame)
