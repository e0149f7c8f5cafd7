"""The space of predictors (Figure 2), and SGD on a network and its tangent model (Figure 3)."""

import numpy as np
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.colors import to_rgb

from lazylib.experiments.algorithms import STEPS, STRIDE
from lazylib.experiments.plane import DEGREES
from lazylib.experiments.surface import train_on_surface
from lazylib.plots.colors import FAINT, FOURTH, INK, NEGATIVE, POSITIVE
from lazylib.plots.style import (
    circle_artists,
    legend_below,
    line_artists,
    log_limits,
    nice_limit,
    put,
    view,
    written,
)

#: How far the space of predictors is shown from its origin, to the sides and upwards.
SPACE = 3.4, 2.6


def space_artists(ax, title="Space of predictors"):
    """Make the panel of Figure 2: predictions on three points as a space with three axes.

    Returns a dictionary of artists for `set_space`.
    """
    sheets = PolyCollection([], linewidths=0.4, closed=True)
    axes = LineCollection([], colors=INK, linewidths=1.2, zorder=1)
    artists = {"axes": ax.add_collection(axes), "sheets": ax.add_collection(sheets)}
    style = {"horizontalalignment": "center", "verticalalignment": "center", "zorder": 5}
    for i in range(3):
        artists[f"name {i}"] = ax.text(0, 0, f"f(x{'₁₂₃'[i]})", color=INK, **style)
    mark = {"linestyle": ""}
    styles = {
        "path of αf": {"color": NEGATIVE, "linewidth": 3.5, "zorder": 6},
        "path of αT": {"color": INK, "linewidth": 2.5, "linestyle": (0, (3, 1.5)), "zorder": 7},
        "labels y": mark | {"color": INK, "marker": "*", "markersize": 17, "zorder": 8},
        "_rest": {"color": INK, "linewidth": 1.5, "linestyle": ":", "zorder": 4},
        "_ends": mark | {"color": NEGATIVE, "marker": "o", "markersize": 9, "zorder": 8},
        "_tangent end": mark | {"color": INK, "marker": "s", "markersize": 7, "zorder": 9},
    }
    artists |= line_artists(ax, styles, title=title, aspect="equal", xticks=[], yticks=[])
    ax.set(xlim=(-SPACE[0], SPACE[0]), ylim=(-SPACE[1], SPACE[1]))
    ax.spines[:].set_visible(False)
    ax.plot([], [], "s", color=POSITIVE, alpha=0.6, markersize=12, label="surface αf(W)")
    ax.plot([], [], "s", color=FAINT, alpha=0.7, markersize=12, label="tangent plane")
    legend_below(ax, ncols=3, down=0.02)
    return artists


def set_space(artists, azimuth, elevation, surface, plane, path, tangent_path, y):
    """Fill the panel of Figure 2, seen from a direction given in degrees.

    Parameters
    ----------
    surface, plane : ndarray of shape (k, k, 3)
        Points of αf(W) and of the tangent plane, over the same square of parameters.
    path, tangent_path : ndarray of shape (frames, 3)
        Predictions αf(w(t)) and αT_f(w̄(t)).
    y : ndarray of shape (3,)
    """
    az, el = np.radians([azimuth, elevation])
    right = np.array([-np.sin(az), np.cos(az), 0])
    towards = np.array([np.cos(el) * np.cos(az), np.cos(el) * np.sin(az), np.sin(el)])
    screen = np.stack([right, np.cross(towards, right)], axis=-1)
    # both sheets in one list, the farthest quadrilateral first
    quads = np.concatenate([_quads(plane), _quads(surface)])
    count, order = len(quads) // 2, np.argsort((quads @ towards).mean(axis=-1))
    sides = np.cross(quads[:, 2] - quads[:, 0], quads[:, 3] - quads[:, 1])
    light = np.abs(sides @ towards) / np.maximum(np.linalg.norm(sides, axis=-1), 1e-12)
    colors = np.repeat([to_rgb(FAINT), to_rgb(POSITIVE)], count, axis=0)
    shades = 1 - (1 - colors) * (0.45 + 0.55 * light[:, None])
    opacity = np.repeat([0.55, 0.8], count)[:, None]
    artists["sheets"].set_verts((quads @ screen)[order])
    artists["sheets"].set_facecolor(np.concatenate([shades, opacity], axis=1)[order])
    artists["sheets"].set_edgecolor(np.concatenate([0.8 * colors, opacity], axis=1)[order])
    ends = 2.2 * np.eye(3)
    artists["axes"].set_segments([[-0.5 * end @ screen, end @ screen] for end in ends])
    for i, end in enumerate(ends):
        artists[f"name {i}"].set_position(1.15 * end @ screen)
    for name, points in (
        ("path of αf", path),
        ("path of αT", tangent_path),
        ("labels y", y[None]),
        ("_rest", np.stack([y, tangent_path[-1]])),
        ("_ends", path[-1:]),
        ("_tangent end", tangent_path[-1:]),
    ):
        put(artists[name], *(points @ screen).T)


def _quads(sheet):
    """Corners of the quadrilaterals of a grid of points, of shape (count, 4, 3)."""
    corners = sheet[:-1, :-1], sheet[1:, :-1], sheet[1:, 1:], sheet[:-1, 1:]
    return np.stack(corners, axis=2).reshape(-1, 4, 3)


def surface_panels(figure):
    """Make the two panels: the space of predictors, and the distance of the paths against α."""
    axes = figure.subplots(1, 2, gridspec_kw={"width_ratios": [1.35, 1]})
    figure.subplots_adjust(left=0.01, right=0.975, top=0.93, bottom=0.16, wspace=0.14)
    styles = {
        "measured": {"color": POSITIVE, "marker": ".", "markersize": 8},
        "slope −1": {"color": FAINT, "linestyle": ":"},
        "now": {"color": NEGATIVE, "marker": "o", "markersize": 12, "linestyle": ""},
    }
    lines = line_artists(axes[1], styles, title="How far the two paths come apart")
    axes[1].set(xlabel="α", xscale="log", xlim=(0.27, 110))
    axes[1].set(ylabel="sup ‖αf − αT‖ over time", yscale="log", ylim=(0.004, 4))
    axes[1].legend(loc="lower left")
    alphas = np.logspace(-0.5, 2, 11)
    gaps = np.array([train_on_surface(alpha).gap for alpha in alphas])
    put(lines["measured"], alphas, gaps)
    put(lines["slope −1"], alphas, gaps[-1] * alphas[-1] / alphas)
    return axes, [space_artists(axes[0]), {"now": lines["now"]}]


def fill_surface(axes, artists, run, azimuth, elevation):
    """Fill the two panels; return what they show, in words."""
    sheets = run.surface, run.plane
    set_space(artists[0], azimuth, elevation, *sheets, run.path, run.tangent_path, run.y)
    put(artists[1]["now"], [run.alpha], [run.gap])
    looks = "agree to the eye" if run.gap < 0.1 else "part" if run.gap > 0.4 else "come together"
    paths, zero = (run.path, run.tangent_path), np.mean(run.y**2)
    loss, flat = (written(np.mean((path[-1] - run.y) ** 2) / zero) for path in paths)
    return (
        f"α = {written(run.alpha, 3)}: the two training paths {looks}; they are at most "
        f"{written(run.gap)} apart, while the parameters move by up to {written(run.moved)}. "
        f"At the end the loss of αf is {loss} of the zero predictor's, that of αT {flat}."
    )


def sgd_panels(figure):
    """Make the three panels: the two functions side by side, and their distance."""
    axes = figure.subplots(1, 3)
    figure.subplots_adjust(left=0.06, right=0.98, top=0.92, bottom=0.225, wspace=0.3)
    styles = {"teacher": {"color": INK, "linewidth": 4, "alpha": 0.35}}
    styles["learnt"] = {"color": FOURTH, "linewidth": 2.5}
    styles["samples"] = {"color": INK, "marker": "o", "markersize": 5, "linestyle": ""}
    artists = []
    for ax, title in zip(axes, ("SGD on f", "SGD on the tangent model"), strict=False):
        artists.append(circle_artists(ax, styles, title))
    lines = {"all steps": {"color": POSITIVE}, "now": {"color": NEGATIVE}}
    lines["now"] |= {"marker": "o", "markersize": 11, "linestyle": ""}
    settings = {"yscale": "log", "xlim": (0, STEPS), "ylim": (1e-3, 3), "xlabel": "step k"}
    settings["ylabel"] = "relative to the teacher"
    artists.append(line_artists(axes[2], lines, title="Distance of the two", **settings))
    legend_below(axes[2])
    return axes, artists


def fill_sgd(axes, artists, run, frame):
    """Fill the panels; return what they show, in words."""
    size = np.sqrt(np.mean(run.truth**2))
    distances = np.sqrt(np.mean((run.functions[0] - run.functions[1]) ** 2, axis=-1)) / size
    x, y = run.samples[max(0, frame * STRIDE - 1)]
    at = np.degrees(np.arctan2(x[:, 1], x[:, 0]))
    reach = nice_limit(1.15 * max(1.0, *(np.abs(f).max() for f in run.functions)))
    for ax, lines, function in zip(axes, artists, run.functions, strict=False):
        put(lines["teacher"], DEGREES, run.truth)
        put(lines["learnt"], DEGREES, function[frame])
        put(lines["samples"], at, y)
        view(ax, ylim=(-reach, reach))
    steps = np.arange(len(distances)) * STRIDE
    put(artists[2]["all steps"], steps[1:], distances[1:])
    put(artists[2]["now"], steps[frame : frame + 1], distances[frame : frame + 1])
    view(axes[2], ylim=log_limits(1e-3, 3, distances))
    errors = [written(np.mean((f[frame] - run.truth) ** 2) / size**2) for f in run.functions]
    moved = [written(each) for each in run.moved]
    return (
        f"After {steps[frame]} steps the predictions of f and of its tangent model differ by "
        f"{written(distances[frame])} of the teacher; their test losses are {errors[0]} and "
        f"{errors[1]} of the zero predictor's. At the end f moved by {moved[0]} ‖w₀‖, the tangent "
        f"model by {moved[1]} ‖w₀‖."
    )
