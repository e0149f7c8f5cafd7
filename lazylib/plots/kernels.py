"""Kernels on a section of the sphere (Figure 4), and four predictors on the circle."""

import numpy as np
from matplotlib.collections import LineCollection

from lazylib.experiments.plane import DEGREES
from lazylib.experiments.predictors import TIMES
from lazylib.experiments.realizations import PHI, WIDTHS, draw_realizations
from lazylib.plots.colors import FAINT, FOURTH, INK, NEGATIVE, POSITIVE, THIRD
from lazylib.plots.style import (
    circle_artists,
    legend_below,
    line_artists,
    log_limits,
    nice_limit,
    put,
    written,
)
from lazylib.theory.laziness import regime


def kernel_artists(ax, title, limit, top):
    """Make a panel of Figure 4: a kernel on a section of the sphere, against the angle φ.

    ``limit`` holds the kernel for m = ∞ at angles from 0 to 180 degrees.
    """
    degrees = np.linspace(0, 180, len(limit))
    artists = {
        "typical": ax.fill_between(degrees, 0, 0 * degrees, color=FAINT, alpha=0.35, linewidth=0),
        "draws": ax.add_collection(LineCollection([], linewidths=1.4, colors=POSITIVE, alpha=0.7)),
    }
    ax.plot([], [], color=POSITIVE, linewidth=1.4, label="draws, width m")
    ax.plot(degrees, limit, color=INK, linewidth=3, label="limit, m = ∞")
    ax.set(title=title, xlabel="angle φ (degrees)", xlim=(0, 180), ylim=(-0.35 * top, top))
    ax.set_xticks(np.arange(0, 181, 45))
    ax.legend(loc="upper right")
    return artists


def set_kernels(ax, artists, draws, typical):
    """Fill a panel of Figure 4: one line a draw, and how typical each angle is as a shadow.

    Parameters
    ----------
    draws : ndarray of shape (draws, angles)
    typical : ndarray of shape (angles,)
        Density of the angle between two random points of the sphere, its maximum 1.
    """
    degrees = np.linspace(0, 180, draws.shape[-1])
    lines = np.stack(np.broadcast_arrays(degrees, draws), axis=-1)
    artists["draws"].set_segments(lines)
    low, high = ax.get_ylim()
    above = [degrees, low + 0.2 * (high - low) * typical]
    below = [degrees[::-1], np.full_like(degrees, low)]
    artists["typical"].set_verts([np.concatenate([above, below], axis=1).T])


#: How the four predictors of notebook 03 are told apart, by colour and by line.
PREDICTORS = {
    "network αf": {"color": FOURTH, "linewidth": 3},
    "tangent model": {"color": INK, "linestyle": (0, (4, 1.5)), "linewidth": 2},
    "kernel of width m": {"color": POSITIVE, "linestyle": "", "marker": "x", "markersize": 6},
    "arc-cosine kernel": {"color": THIRD, "linestyle": "-.", "linewidth": 2.5},
}


def predictor_artists(ax, title="Learnt functions on the circle at time t"):
    """Make the panel of four predictors on the circle, with their target and the data."""
    styles = {"target": {"color": INK, "linewidth": 5, "alpha": 0.3}, **PREDICTORS}
    styles["data"] = {"color": INK, "linestyle": "", "marker": "o", "markersize": 7}
    return circle_artists(ax, styles, title)


def kernel_panels(figure):
    """Make the four panels: k⁽ᵃ⁾, k⁽ᵇ⁾, their sum, and the error against m."""
    axes = figure.subplots(1, 4, gridspec_kw={"width_ratios": [1, 1, 1, 1.05]})
    figure.subplots_adjust(left=0.045, right=0.975, top=0.92, bottom=0.135, wspace=0.3)
    limits = draw_realizations(1, 0).limits
    titles = "k⁽ᵃ⁾: input weights", "k⁽ᵇ⁾: output weights", "their sum k"
    panels = zip(axes[:3], titles, limits, (1, 1, 2), strict=True)
    artists = [kernel_artists(*panel) for panel in panels]
    styles = {
        "64 draws": {"color": POSITIVE, "marker": ".", "markersize": 9},
        "slope −1/2": {"color": FAINT, "linestyle": ":"},
        "these draws": {"color": NEGATIVE, "marker": "o", "markersize": 12, "linestyle": ""},
    }
    settings = {"xscale": "log", "yscale": "log", "xlim": (0.8, 1300), "ylim": (0.01, 4)}
    lines = line_artists(axes[3], styles, title="error of k", xlabel="width m", **settings)
    axes[3].legend(loc="lower left")
    errors = np.array([draw_realizations(m, 10**6, 64).error for m in WIDTHS])
    put(lines["64 draws"], WIDTHS, errors)
    middle = np.exp(np.mean(np.log(errors * np.sqrt(WIDTHS))))
    put(lines["slope −1/2"], WIDTHS, middle / np.sqrt(WIDTHS))
    return axes, [*artists, {"these draws": lines["these draws"]}]


def fill_kernels(axes, artists, found, d):
    """Fill the four panels; return what they show, in words."""
    density = np.exp((d - 2) * np.log(np.maximum(np.sin(PHI), 1e-300)))
    for ax, panel, kernels in zip(axes, artists, found.kernels, strict=False):
        set_kernels(ax, panel, kernels, density)
    put(artists[3]["these draws"], [found.m], [found.error])
    spread = np.degrees(np.sqrt(density @ (PHI - np.pi / 2) ** 2 / density.sum()))
    return (
        f"Width m = {found.m}: the {found.kernels.shape[1]} realisations of k are off their limit "
        f"by {written(found.error)} (root mean square), or "
        f"{written(found.error * np.sqrt(found.m))}/√m. "
        f"Two random points of the sphere in {d} dimensions are at 90° ± {spread:.0f}° (shadow)."
    )


def predictor_panels(figure):
    """Make the two panels: functions on the circle, and distances from the network over time."""
    axes = figure.subplots(1, 2, gridspec_kw={"width_ratios": [1.5, 1]})
    figure.subplots_adjust(left=0.06, right=0.97, top=0.93, bottom=0.26, wspace=0.22)
    others = list(PREDICTORS)[1:]
    styles = {name: PREDICTORS[name] for name in others}
    styles["now"] = {"color": FAINT, "linewidth": 3, "zorder": 1}
    settings = {"xscale": "log", "yscale": "log", "xlim": TIMES[[0, -1]], "ylim": (1e-4, 3)}
    settings |= {"title": "Distance from the network αf", "xlabel": "training time t"}
    lines = line_artists(axes[1], styles, ylabel="relative to the target", **settings)
    legend_below(axes[1])
    return axes, [predictor_artists(axes[0]), lines]


def fill_predictors(axes, artists, paths, t):
    """Fill the two panels at time t; return what they show, in words."""
    now = int(np.argmin(np.abs(np.log(TIMES / t))))
    at = np.degrees(np.arctan2(paths.data.x[:, 1], paths.data.x[:, 0]))
    lines, size = artists[0], np.sqrt(np.mean(paths.truth**2))
    put(lines["target"], DEGREES, paths.truth)
    put(lines["data"], at, paths.data.y)
    gaps = []
    for name, function in paths.functions.items():
        every = slice(None, None, 6 if name == "kernel of width m" else 1)
        put(lines[name], DEGREES[every], function[now, every])
        if name != "network αf":
            apart = function - paths.functions["network αf"]
            gaps.append(np.sqrt(np.mean(apart**2, axis=-1)) / size)
            # kernels agree to rounding; what is below is nothing to look at
            gaps[-1] = np.maximum(gaps[-1], 1e-6)
            put(artists[1][name], TIMES, gaps[-1])
    reach = nice_limit(1.05 * max(1, *(np.abs(f).max() for f in paths.functions.values())))
    axes[0].set(ylim=(-reach, reach))
    axes[1].set(ylim=log_limits(1e-4, 3, *gaps))
    put(artists[1]["now"], [TIMES[now]] * 2, axes[1].get_ylim())
    tangent, kernel, limit = (written(gap[now]) for gap in gaps)
    names = "network αf", "arc-cosine kernel"
    # both ends of the circle are one point
    losses = [np.mean((paths.functions[k][now] - paths.truth)[1:] ** 2) for k in names]
    zero = np.mean(paths.truth[1:] ** 2)
    learnt, by_limit = (written(loss / zero) for loss in losses)
    return (
        f"At t = {written(TIMES[now])} the network has moved by {written(paths.moved[now])} ‖w₀‖. "
        f"Its distance from the tangent model is {tangent} of the target, from the kernel of "
        f"width m {kernel}, and from the arc-cosine kernel {limit}. On the whole circle its loss "
        f"is {learnt} of the zero predictor's, the arc-cosine kernel's {by_limit}. By the end it "
        f"has moved by {written(paths.moved[-1])} ‖w₀‖: {regime(paths.moved[-1])} training."
    )
