"""Theorem 3.2 and its lemmas: distances under their bounds, rates against α."""

import numpy as np

from lazylib.plots.colors import FAINT, FOURTH, INK, NEGATIVE, POSITIVE, THIRD
from lazylib.plots.style import legend_below, line_artists, log_limits, put, written


def distance_artists(ax, title="Theorem 3.2 and Lemma 3.3"):
    """Make the panel of ‖αf(w(t)) − f*‖ under its bounds, for `set_distance`."""
    bound = {"color": NEGATIVE, "linewidth": 3}
    styles = {
        "promised": bound | {"label": "Theorem 3.2, promised"},
        "not promised": bound | {"label": "its formula, not promised", "linestyle": "--"},
        "Lemma 3.3": {"color": THIRD, "linewidth": 2.5, "linestyle": "-."},
        "network": {"color": FOURTH, "linewidth": 3},
        "tangent model": {"color": INK, "linestyle": ":"},
    }
    settings = {"xlabel": "training time t", "ylabel": "‖αf − f*‖ / ‖f*‖"}
    lines = line_artists(ax, styles, title=title, yscale="log", ylim=(1e-4, 3), **settings)
    legend_below(ax)
    return lines


def set_distance(ax, artists, times, curves, promised):
    """Fill the panel of distances: of network and tangent model, the lemma's and the theorem's.

    ``curves`` are these four, of shape (frames,) each; ``promised`` is a bool.
    """
    network, tangent, lemma, bound = curves
    for name, values in (("network", network), ("tangent model", tangent), ("Lemma 3.3", lemma)):
        put(artists[name], times, values)
    shown, hidden = ("promised", "not promised")[:: 1 if promised else -1]
    put(artists[shown], times, bound)
    put(artists[hidden], [], [])
    ax.set(xlim=(0, times[-1]))
    ax.set(ylim=log_limits(1e-4, 3, bound[:1], lemma[:1]))


def gap_artists(ax, title="Lemma A.1"):
    """Make the panel of ‖αf − αT_f‖ under its bound, for `set_gap`."""
    styles = {
        "Lemma A.1": {"color": NEGATIVE, "linewidth": 3, "linestyle": "--"},
        "network to tangent model": {"color": FOURTH, "linewidth": 2.5},
    }
    settings = {"xlabel": "training time t", "ylabel": "‖αf − αT_f‖", "ylim": (1e-10, 1)}
    lines = line_artists(ax, styles, title=title, xscale="log", yscale="log", **settings)
    legend_below(ax, ncols=1)
    return lines


def set_gap(ax, artists, times, gap, bound):
    """Fill the panel of the gap, of shape (frames,), with its bound, a number."""
    put(artists["network to tangent model"], times[1:], gap[1:])
    put(artists["Lemma A.1"], [times[1], times[-1]], [bound, bound])
    ax.set(xlim=(times[1], times[-1]), ylim=log_limits(1e-10, 1, gap[1:], [bound]))


_RATES = {
    "sup ‖w − w₀‖": {"marker": "o", "color": POSITIVE},
    "sup ‖αf − αT_f‖": {"marker": "s", "color": THIRD},
    "sup ‖w − w̄‖": {"marker": "D", "color": FOURTH},
}


def rates_artists(ax, title="The three rates of Theorem 3.2"):
    """Make the panel of the three suprema against α, for `set_rates`."""
    artists = line_artists(ax, {"_here": {"color": INK, "linewidth": 1.5, "linestyle": "--"}})
    band = {"color": NEGATIVE, "alpha": 0.15, "linewidth": 0, "label": "α of the theorem"}
    artists["covered"] = ax.axvspan(1, 2, **band)
    settings = {"xlabel": "α", "xscale": "log", "yscale": "log", "ylim": (1e-12, 30)}
    artists |= line_artists(ax, _RATES, title=title, **settings)
    legend_below(ax)
    return artists


def set_rates(ax, artists, alpha, suprema, threshold, here=None):
    """Fill the panel of rates: ``suprema`` of shape (3, k), one row a curve.

    A band marks the α > ``threshold``; a dashed line the α that is ``here``.
    """
    for name, values in zip(_RATES, suprema, strict=True):
        put(artists[name], alpha, values)
    artists["covered"].set_x(min(threshold, 2 * alpha[-1]))
    artists["covered"].set_width(2 * alpha[-1])
    ax.set(xlim=(alpha[0] / 1.1, alpha[-1] * 1.1), ylim=log_limits(1e-12, 30, suprema))
    put(artists["_here"], *(([], []) if here is None else ([here, here], ax.get_ylim())))


def guide(ax, alpha, start, slope):
    """Draw a thin line y ∝ α^slope through (alpha[0], start), with its slope written on it."""
    values = start * (alpha / alpha[0]) ** slope
    ax.plot(alpha, values, color=FAINT, linewidth=1, zorder=0)
    text = rf"$\propto \alpha^{{{slope}}}$"
    offset = {"xytext": (-10, 8), "textcoords": "offset points", "ha": "right"}
    ax.annotate(text, (alpha[-1], values[-1]), color=INK, **offset)


def theorem_panels(figure):
    """Make the three panels: distance to f*, gap to the tangent model, rates."""
    axes = figure.subplots(1, 3)
    figure.subplots_adjust(left=0.08, right=0.975, top=0.93, bottom=0.325, wspace=0.36)
    makers = distance_artists, gap_artists, rates_artists
    return axes, [make(ax) for make, ax in zip(makers, axes, strict=True)]


def fill_theorem(axes, artists, result, alpha):
    """Fill the three panels for the α nearest to the one given; return what they show, in words."""
    i = int(np.abs(np.log(result.alpha / alpha)).argmin())
    size, theorem, alpha = np.linalg.norm(result.data.y), result.theorem, result.alpha[i]
    lemma, gap_bound = result.lemma_bounds(i)
    tangent = np.linalg.norm(result.tangent_y[:, i] - result.data.y, axis=-1)
    bound = theorem.bound(result.times, alpha)
    curves = [v / size for v in (result.distance[:, i], tangent, lemma, bound)]
    set_distance(axes[0], artists[0], result.times, curves, alpha > theorem.threshold)
    set_gap(axes[1], artists[1], result.times, result.gap[:, i], gap_bound)
    set_rates(axes[2], artists[2], result.alpha, result.suprema, theorem.threshold, alpha)
    promised = "promises this bound" if alpha > theorem.threshold else "promises nothing yet"
    slopes = ", ".join(f"{slope:.2f}" for slope, _ in result.slopes(at_least=99))
    kept = "holds" if result.keeps_bound[i] else "is broken"
    return (
        f"At α = {written(alpha, 3)} the theorem {promised}: it speaks beyond α = "
        f"{written(theorem.threshold, 3)}; the bound {kept}. Displacement "
        f"{written(result.suprema[0, i])}; the network stays within "
        f"{written(result.gap[:, i].max())} of its tangent model, where Lemma A.1 allows "
        f"{written(gap_bound)}. Slopes over α from 100 to 1,000: {slopes.replace('-', '−')}."
    )
