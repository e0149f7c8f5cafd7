"""The panels of the theory notebooks: each draws what it is given on ``ax``, and computes nothing.

As in `lazylib.plots`, ``…_artists`` makes a panel's frame with empty artists; ``set_…`` fills them.
"""

import numpy as np

from lazylib.plots import FAINT, FOURTH, INK, NEGATIVE, POSITIVE, THIRD

_BELOW = {"loc": "upper center", "bbox_to_anchor": (0.5, -0.16), "columnspacing": 1.2}


def distance_artists(ax, title="Theorem 3.2 and Lemma 3.3"):
    """Make the panel of ‖αf(w(t)) − f*‖ under its bounds, for `set_distance`."""
    artists = {
        "promised": ax.plot([], [], color=NEGATIVE, linewidth=3, label="Theorem 3.2, promised")[0],
        "not promised": ax.plot(
            [], [], "--", color=NEGATIVE, linewidth=3, label="its formula, not promised"
        )[0],
        "lemma": ax.plot([], [], "-.", color=FOURTH, linewidth=2.5, label="Lemma 3.3")[0],
        "network": ax.plot([], [], color=POSITIVE, linewidth=3, label="network")[0],
        "tangent": ax.plot([], [], ":", color=INK, linewidth=2, label="tangent model")[0],
    }
    ax.set(title=title, xlabel="training time t", ylabel="‖αf − f*‖ / ‖f*‖", yscale="log")
    ax.set(ylim=(1e-4, 3))
    ax.legend(ncols=2, **_BELOW)
    return artists


def set_distance(ax, artists, times, network, tangent, lemma, bound, promised):
    """Fill the panel of distances: curves of shape (frames,); ``promised`` is a bool."""
    for name, values in (("network", network), ("tangent", tangent), ("lemma", lemma)):
        artists[name].set_data(times, values)
    shown, hidden = ("promised", "not promised")[:: 1 if promised else -1]
    artists[shown].set_data(times, bound)
    artists[hidden].set_data([], [])
    ax.set(xlim=(0, times[-1]))


def gap_artists(ax, title="Lemma A.1"):
    """Make the panel of ‖αf − αT_f‖ under its bound, for `set_gap`."""
    artists = {
        "bound": ax.plot([], [], color=NEGATIVE, linewidth=3, label="Lemma A.1")[0],
        "gap": ax.plot([], [], color=POSITIVE, linewidth=2.5, label="network to tangent model")[0],
    }
    ax.set(title=title, xlabel="training time t", ylabel="‖αf − αT_f‖", xscale="log", yscale="log")
    ax.set(ylim=(1e-10, 1))
    ax.legend(ncols=2, **_BELOW)
    return artists


def set_gap(ax, artists, times, gap, bound):
    """Fill the panel of the gap, of shape (frames,), with its bound, a number."""
    artists["gap"].set_data(times[1:], gap[1:])
    artists["bound"].set_data([times[1], times[-1]], [bound, bound])
    ax.set(xlim=(times[1], times[-1]))


_RATES = (
    ("sup ‖w − w₀‖", "o", POSITIVE),
    ("sup ‖αf − αT_f‖", "s", THIRD),
    ("sup ‖w − w̄‖", "D", FOURTH),
)


def rates_artists(ax, title="The three rates of Theorem 3.2"):
    """Make the panel of the three suprema against α, for `set_rates`."""
    artists = {"here": ax.plot([], [], color=INK, linewidth=1.5, linestyle="--", label="_")[0]}
    artists["covered"] = ax.axvspan(1, 2, color=NEGATIVE, alpha=0.15, linewidth=0)
    artists["covered"].set_label("α of the theorem")
    for name, marker, color in _RATES:
        artists[name] = ax.plot([], [], marker=marker, color=color, linewidth=2, label=name)[0]
    ax.set(title=title, xlabel="α", xscale="log", yscale="log", ylim=(1e-12, 30))
    ax.legend(ncols=2, **_BELOW)
    return artists


def set_rates(ax, artists, alpha, suprema, threshold, here=None):
    """Fill the panel of rates: ``suprema`` of shape (3, k), one row a curve.

    A band marks the α > ``threshold``; a dashed line the α that is ``here``.
    """
    for (name, _, _), values in zip(_RATES, suprema, strict=True):
        artists[name].set_data(alpha, values)
    artists["covered"].set_x(min(threshold, 2 * alpha[-1]))
    artists["covered"].set_width(2 * alpha[-1])
    artists["here"].set_data(([], []) if here is None else ([here, here], ax.get_ylim()))
    ax.set(xlim=(alpha[0] / 1.1, alpha[-1] * 1.1))


def guide(ax, alpha, start, slope):
    """Draw a thin line y ∝ α^slope through (alpha[0], start), with its slope written on it."""
    values = start * (alpha / alpha[0]) ** slope
    ax.plot(alpha, values, color=FAINT, linewidth=1, zorder=0)
    written = rf"$\propto \alpha^{{{slope}}}$"
    offset = {"xytext": (-10, 8), "textcoords": "offset points", "ha": "right"}
    ax.annotate(written, (alpha[-1], values[-1]), color=INK, **offset)


def losses_by_alpha(ax, times, losses, best, alphas, title):
    """Draw the population loss against time, one curve an α, from active (dark) to lazy.

    ``losses`` of shape (frames, k) and the level ``best`` are relative to the zero predictor's.
    """
    styles = ["-", "--", "-.", (0, (5, 1)), ":"]
    colors = [INK, POSITIVE, THIRD, NEGATIVE, FOURTH]
    for alpha, values, style, color in zip(alphas, losses.T, styles, colors, strict=False):
        ax.loglog(
            times, values, linestyle=style, color=color, linewidth=2.5, label=f"α = {alpha:g}"
        )
    ax.axhline(best, color=FAINT, linewidth=1.5, zorder=0, label="best tangent model")
    ax.set(title=title, xlabel="training time t", ylabel="population loss R / R(0)")
    ax.legend(loc="lower left")


def gauge_artists(ax, title="Before training: the gauge of Eq. (7)"):
    """Make the gauge, a log scale with two needles, for `set_gauge`."""
    artists = {}
    ax.axvspan(1e-5, 0.1, color=POSITIVE, alpha=0.15, linewidth=0)
    ax.axvspan(1, 1e3, color=NEGATIVE, alpha=0.15, linewidth=0)
    for x, text in ((1e-3, "lazy"), (0.32, "?"), (30, "active")):
        ax.text(x, 0.92, text, ha="center", va="top", fontsize=18, color=INK)
    for name, marker, height, color, label in (
        ("ratio", "v", 0.5, INK, "Eq. (7): left side / right side"),
        ("bend", "D", 0.2, FOURTH, "its sharper form: foretold change of Df"),
    ):
        ax.axhline(height, color=FAINT, linewidth=1, zorder=0)
        style = {"linestyle": "", "marker": marker, "markersize": 17, "color": color}
        artists[name] = ax.plot([], [], label=label, **style)[0]
    ax.set(title=title, xscale="log", xlim=(1e-5, 1e3), ylim=(0, 1), yticks=[])
    ax.legend(ncols=1, markerscale=0.7, **_BELOW)
    return artists


def set_gauge(artists, ratio, bend):
    """Move the needles of the gauge."""
    for name, value, height in (("ratio", ratio, 0.5), ("bend", bend, 0.2)):
        artists[name].set_data([np.clip(value, 1.2e-5, 8e2)], [height])


def displacement_artists(ax, title="After training: the displacement"):
    """Make the panel of ‖w − w₀‖/‖w₀‖ against time, for `set_displacement`."""
    ax.axhspan(1e-4, 0.1, color=POSITIVE, alpha=0.15, linewidth=0)
    ax.axhspan(1, 1e3, color=NEGATIVE, alpha=0.15, linewidth=0)
    artists = {
        "foretold": ax.plot([], [], "--", color=INK, linewidth=2, label="foretold: tangent model")[
            0
        ],
        "moved": ax.plot([], [], color=THIRD, linewidth=3, label="network, trained")[0],
    }
    ax.set(title=title, xlabel="training time t", ylabel="‖w − w₀‖ / ‖w₀‖")
    ax.set(xscale="log", yscale="log", xlim=(1e-3, 1e4), ylim=(1e-4, 1e3))
    ax.legend(ncols=2, **_BELOW)
    return artists


def set_displacement(artists, times, moved, foretold):
    """Fill the panel of displacement; ``times`` and ``moved`` are empty before training."""
    artists["moved"].set_data(times[1:], moved[1:])
    artists["foretold"].set_data([1e-3, 1e4], [foretold, foretold])


def phase_diagram(taus, widths, moved, ratio, ax=None):
    """Draw the measured displacement over (τ, m) in colours, with lines of the criterion.

    Parameters
    ----------
    taus, widths : ndarray of shape (k,) and (l,)
    moved, ratio : ndarray of shape (l, k)
        Displacement after training, and the ratio of Eq. (7) before it.
    ax : Axes, optional
        By default, those of a new figure.

    Returns
    -------
    Axes
    """
    if ax is None:
        from matplotlib import pyplot as plt  # here, so that `import lazylib` need not wait

        _, ax = plt.subplots(figsize=(8.5, 5.4))
    mesh = ax.pcolormesh(
        taus, widths, np.log10(moved), cmap="cividis", vmin=-3.5, vmax=1.5, shading="nearest"
    )
    bar = ax.figure.colorbar(mesh, ax=ax, label="displacement ‖w − w₀‖ / ‖w₀‖")
    ticks = np.arange(-3, 2)
    bar.set_ticks(ticks, labels=[f"{10.0**t:g}" for t in ticks])
    lines = ax.contour(taus, widths, ratio, [0.1, 1], colors="white", linewidths=3)
    for level, paths in zip(lines.levels, lines.allsegs, strict=True):
        for path in paths[:1]:
            above = {"xytext": (0, 26), "textcoords": "offset points", "ha": "left"}
            ax.annotate(f"Eq. (7) = {level:g}", path[path[:, 1].argmax()], rotation=25, **above)
    ax.set(xscale="log", yscale="log", xlabel="τ", ylabel="neurons m")
    return ax


def widths(axes, widths, values, name, marker):
    """Draw the ratio of Eq. (7) and the displacement, ``values`` of shape (2, k), against m."""
    labels = ("ratio of Eq. (7), before training", "displacement, after training")
    for ax, curve, title in zip(axes, values, labels, strict=True):
        ax.loglog(widths, curve, marker=marker, markersize=8, linewidth=2.5, label=name)
        ax.set(title=title, xlabel="neurons m")
    axes[0].legend()
