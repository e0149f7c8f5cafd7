"""One function a panel: each draws what it is given on ``ax``, and computes nothing.

A function called `…_artists` makes a panel's frame and its still empty artists; `set_…` fills them.
Figures call the two once; sliders fill the same artists again and again.
"""

import numpy as np
from matplotlib.collections import LineCollection

#: Blue, vermilion, green and purple of Okabe & Ito, which colour-blind readers tell apart.
POSITIVE, NEGATIVE, THIRD, FOURTH = "#0072B2", "#D55E00", "#009E73", "#CC79A7"
INK, FAINT = "#222222", "#999999"
#: Sizes that can be read from the last row.
STYLE = {
    "font.size": 12,
    "axes.titlesize": 13,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "legend.frameon": False,
    "legend.fontsize": 11,
    "figure.dpi": 100,
}


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


def nice_limit(value):
    """The smallest of 1.25, 2, 3.2, 5, 8 times a power of ten that is at least ``value``."""
    power = 10.0 ** np.floor(np.log10(max(value, 1e-6)))
    return next(power * step for step in (1.25, 2, 3.2, 5, 8, 12.5) if power * step >= value)
