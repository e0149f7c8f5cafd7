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
    ax.set(title=title, xlabel="α", xscale="log", yscale="log", ylim=(1e-8, 30))
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
    middle = len(alpha) * 2 // 3
    ax.annotate(f"α^{slope}", (alpha[middle], values[middle]), color="#666666", va="bottom")
