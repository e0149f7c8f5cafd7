"""Neurons in the plane, functions on the circle, losses (Figures 1 and 5)."""

import numpy as np
from matplotlib.collections import LineCollection

from lazylib.plots.style import FAINT, FOURTH, INK, NEGATIVE, POSITIVE, THIRD, nice_limit
from lazylib.theory.laziness import displacement, kernel_change, regime, sign_flips


def neuron_artists(ax, title="Neurons |bⱼ|aⱼ"):
    """Make the panel of Figures 1(a), 1(b) and 5: neurons in the plane, with their paths.

    Returns a dictionary of artists for `set_neurons`.
    """
    angle = np.linspace(0, 2 * np.pi, 181)
    ax.plot(np.cos(angle), np.sin(angle), color=FAINT, linewidth=1, label="unit circle")
    artists = {
        "paths": ax.add_collection(LineCollection([], linewidths=1.0, alpha=0.6)),
        "teacher": ax.add_collection(LineCollection([], linewidths=2.5, colors=INK, zorder=3)),
        "start": ax.plot([], [], ".", color=FAINT, markersize=4)[0],
        "twin": ax.plot([], [], "x", color=INK, markersize=9, zorder=5, label="_")[0],
    }
    ax.plot([], [], ".-", color=FAINT, markersize=4, linewidth=1, label="start and path")
    ax.plot([], [], color=INK, linewidth=2.5, label="teacher's neurons")
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
    ax.legend(loc="upper center", bbox_to_anchor=(0.46, -0.16), ncols=2, columnspacing=1.0)
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
        Its neurons bⱼaⱼ are drawn from the origin.
    limit : float
        Half the side of the square that is shown.
    twin : ndarray of shape (m, 2), optional
        Positions to overlay as crosses.
    """
    up = b > 0
    artists["paths"].set_segments(list(positions.swapaxes(0, 1)))
    artists["paths"].set_color(np.where(up, POSITIVE, NEGATIVE))
    artists["start"].set_data(*positions[0].T)
    artists["positive"].set_data(*positions[-1, up].T)
    artists["negative"].set_data(*positions[-1, ~up].T)
    artists["teacher"].set_segments([[(0, 0), end] for end in teacher.a])
    artists["teacher positive"].set_data(*teacher.a[teacher.b > 0].T)
    artists["teacher negative"].set_data(*teacher.a[teacher.b < 0].T)
    artists["twin"].set_data(*(([], []) if twin is None else twin.T))
    ax.set(xlim=(-limit, limit), ylim=(-limit, limit))


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
    artists = {
        "teacher": ax.plot([], [], color=INK, linewidth=4, alpha=0.35, label="teacher")[0],
        "learnt": ax.plot([], [], color=FOURTH, linewidth=2, label="learnt, αf")[0],
        "data": ax.plot([], [], "o", color=INK, markersize=5, label="training data")[0],
    }
    ax.set(title=title, xlabel="angle of x (degrees)", ylabel="output", xlim=(-180, 180))
    ax.set_xticks(np.arange(-180, 181, 90))
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=3, columnspacing=1.2)
    return artists


def set_function(ax, artists, degrees, learnt, teacher, data_degrees, data_y, limits):
    """Fill the panel of a function on the circle: curves against the angle, data as dots."""
    artists["learnt"].set_data(degrees, learnt)
    artists["teacher"].set_data(degrees, teacher)
    artists["data"].set_data(data_degrees, data_y)
    ax.set(ylim=limits)


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
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=2)
    return artists


def set_losses(artists, times, train, test, frame):
    """Fill the panel of losses (relative to the zero predictor's), with marks at one frame."""
    for name, values in (("train", train), ("test", test)):
        artists[name].set_data(times, values)
        artists[name + " now"].set_data(times[frame : frame + 1], values[frame : frame + 1])


_DEGREES = np.linspace(-180, 180, 241)


def describe_plane(result, frame):
    """Say in words what one frame shows."""
    net, run, w0 = result.net, result.run, result.w0
    moved = displacement(run.w[frame], w0)
    train, test = result.run.train_error[frame], result.run.test_error[frame]
    changed = kernel_change(net, run.w[frame], w0, result.data.x)
    status = f" ({run.status})" if frame == len(run) - 1 else ""
    return (
        f"{regime(moved).capitalize()} at t = {run.times[frame]:.3g}{status}: "
        f"displacement ‖w − w₀‖/‖w₀‖ = {moved:.2g}, kernel change {changed:.2g}, "
        f"{sign_flips(net, run.w[frame], w0)} of {net.m} neurons flipped their sign; "
        f"training loss {train:.2g} and test loss {test:.2g} of the zero predictor's."
    )


def plane_panels(figure):
    """Make the three panels: neurons, the function on the circle, losses."""
    axes = figure.subplots(1, 3, gridspec_kw={"width_ratios": [1, 1.15, 1]})
    figure.subplots_adjust(left=0.055, right=0.99, top=0.92, bottom=0.3, wspace=0.26)
    makers = (neuron_artists, function_artists, loss_artists)
    return axes, [make(ax) for make, ax in zip(makers, axes, strict=True)]


def fill_plane(axes, artists, result, frame):
    """Fill the three panels with one frame of a run."""
    net, run, data = result.net, result.run, result.data
    positions = net.positions(run.w)
    b = net.unpack(run.w[frame])[1]
    twin = None if result.twin is None else result.twin[frame]
    limit = plane_limit(positions)
    set_neurons(axes[0], artists[0], positions[: frame + 1], b, result.teacher, limit, twin)
    angles = np.radians(_DEGREES)
    x = np.stack([np.cos(angles), np.sin(angles)], axis=-1)
    truth, at = result.teacher(x), np.degrees(np.arctan2(data.x[:, 1], data.x[:, 0]))
    learnt = result.alpha * net.predict(run.w[frame], x)
    low, high = (nice_limit(1.2 * max(0.5, each)) for each in (-truth.min(), truth.max()))
    set_function(axes[1], artists[1], _DEGREES, learnt, truth, at, data.y, (-low, high))
    set_losses(artists[2], run.times, run.train_error, run.test_error, frame)
