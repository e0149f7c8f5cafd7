"""Theorem 3.2 and its lemmas: distances under their bounds, rates against α."""

import numpy as np

from lazylib.plots.style import FAINT, FOURTH, INK, NEGATIVE, POSITIVE, THIRD

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


def describe_theorem(result, i):
    """Say in words what the theorem promises for α number i, and what happened."""
    alpha, theorem = result.alpha[i], result.theorem
    promised = "promises this bound" if alpha > theorem.threshold else "promises nothing yet"
    _, bound = result.lemma_bounds(i)
    slopes = ", ".join(f"{slope:.2f}" for slope, _ in result.slopes(at_least=99))
    kept = "holds" if result.keeps_bound[i] else "is broken"
    return (
        f"At α = {alpha:.3g} the theorem {promised}: it speaks beyond α = {theorem.threshold:.3g}; "
        f"the bound {kept}. Displacement {result.suprema[0, i]:.2g}; the network stays within "
        f"{result.gap[:, i].max():.1g} of its tangent model, where Lemma A.1 allows {bound:.1g}. "
        f"Slopes over α from 100 to 1,000: {slopes}."
    )


def theorem_panels(figure):
    """Make the three panels: distance to f*, gap to the tangent model, rates."""
    axes = figure.subplots(1, 3)
    figure.subplots_adjust(left=0.06, right=0.985, top=0.92, bottom=0.31, wspace=0.29)
    makers = (
        distance_artists,
        gap_artists,
        rates_artists,
    )
    return axes, [make(ax) for make, ax in zip(makers, axes, strict=True)]


def fill_theorem(axes, artists, result, i):
    """Fill the three panels for α number i."""
    size, theorem = np.linalg.norm(result.data.y), result.theorem
    lemma, gap_bound = result.lemma_bounds(i)
    tangent = np.linalg.norm(result.tangent_y[:, i] - result.data.y, axis=-1)
    bound, alpha = theorem.bound(result.times, result.alpha[i]), result.alpha[i]
    curves = [v / size for v in (result.distance[:, i], tangent, lemma, bound)]
    set_distance(axes[0], artists[0], result.times, *curves, alpha > theorem.threshold)
    set_gap(axes[1], artists[1], result.times, result.gap[:, i], gap_bound)
    rates = result.alpha, result.suprema, theorem.threshold, alpha
    set_rates(axes[2], artists[2], *rates)
