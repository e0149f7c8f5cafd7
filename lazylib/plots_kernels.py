"""Panels of the notebooks on the tangent model and on kernels, in the manner of `lazylib.plots`."""

import numpy as np
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.colors import to_rgb

from lazylib.plots import FAINT, FOURTH, INK, NEGATIVE, POSITIVE, THIRD

#: How far the space of predictors is shown from its origin, to the sides and upwards.
SPACE = 3.4, 2.6


def line_artists(ax, styles, **settings):
    """Make a panel of lines: ``styles`` holds a label for each, and how to draw it.

    Returns a dictionary of lines by label, still empty; ``settings`` go to ``ax.set``.
    """
    lines = {}
    for label, style in styles.items():
        lines[label] = ax.plot([], [], **({"linewidth": 2} | style), label=label)[0]
    ax.set(**settings)
    return lines


def legend_below(ax, ncols=2, down=0.16):
    """Put the legend under the panel, where it hides nothing."""
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, -down), ncols=ncols, columnspacing=1.2)


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
    artists |= line_artists(
        ax,
        {
            "path of αf": {"color": NEGATIVE, "linewidth": 3.5, "zorder": 6},
            "path of αT": {"color": INK, "linewidth": 2.5, "linestyle": (0, (3, 1.5)), "zorder": 7},
            "labels y": {
                "color": INK,
                "marker": "*",
                "markersize": 17,
                "linestyle": "",
                "zorder": 8,
            },
            "_rest": {"color": INK, "linewidth": 1.5, "linestyle": ":", "zorder": 4},
            "_ends": {"color": NEGATIVE, "marker": "o", "markersize": 9, "linestyle": ""},
            "_tangent end": {"color": INK, "marker": "s", "markersize": 7, "linestyle": ""},
        },
        title=title,
        xlim=(-SPACE[0], SPACE[0]),
        ylim=(-SPACE[1], SPACE[1]),
        aspect="equal",
        xticks=[],
        yticks=[],
    )
    for name, zorder in (("_ends", 8), ("_tangent end", 9)):
        artists[name].set_zorder(zorder)
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
    colors = np.concatenate(
        [np.tile(to_rgb(FAINT), (count, 1)), np.tile(to_rgb(POSITIVE), (count, 1))]
    )
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
        artists[name].set_data(*(points @ screen).T)


def _quads(sheet):
    """Corners of the quadrilaterals of a grid of points, of shape (count, 4, 3)."""
    corners = sheet[:-1, :-1], sheet[1:, :-1], sheet[1:, 1:], sheet[:-1, 1:]
    return np.stack(corners, axis=2).reshape(-1, 4, 3)


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
    artists["limit"] = ax.plot(degrees, limit, color=INK, linewidth=3, label="limit, m = ∞")[0]
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
    base = np.full_like(degrees, low)
    outline = np.concatenate(
        [[degrees, low + 0.2 * (high - low) * typical], [degrees, base]], axis=1
    )
    outline = np.concatenate(
        [outline[:, : len(degrees)], outline[:, : -len(degrees) - 1 : -1]], axis=1
    )
    artists["typical"].set_verts([outline.T])


#: How the four predictors of notebook 03 are told apart, by colour and by line.
PREDICTORS = {
    "network αf": {"color": FOURTH, "linewidth": 3},
    "tangent model": {"color": POSITIVE, "linewidth": 2.5},
    "kernel of width m": {"color": INK, "linestyle": "", "marker": "x", "markersize": 5},
    "arc-cosine kernel": {"color": THIRD, "linestyle": (0, (4, 1.5)), "linewidth": 2.5},
}


def predictor_artists(ax, title="Learnt functions on the circle at time t"):
    """Make the panel of four predictors on the circle, with teacher and data."""
    styles = {"teacher": {"color": INK, "linewidth": 5, "alpha": 0.3}, **PREDICTORS}
    styles["data"] = {"color": INK, "linestyle": "", "marker": "o", "markersize": 7}
    settings = {"xlabel": "angle of x (degrees)", "ylabel": "output", "xlim": (-180, 180)}
    artists = line_artists(ax, styles, title=title, **settings)
    ax.set_xticks(np.arange(-180, 181, 90))
    legend_below(ax, ncols=3)
    return artists
