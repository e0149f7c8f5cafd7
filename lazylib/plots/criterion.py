"""The gauge of Eq. (7), the displacement after training, and maps of both."""

import numpy as np

from lazylib.plots.colors import FAINT, FOURTH, INK, THIRD
from lazylib.plots.style import legend_below, line_artists, log_limits, put, regime_bands, written
from lazylib.theory.laziness import displacement, regime

#: Where the needles of the gauge stand.
_HEIGHTS = {"ratio": 0.5, "bend": 0.2}


def gauge_artists(ax, title="Before training: the gauge of Eq. (7)"):
    """Make the gauge, a log scale with two needles, for `set_gauge`."""
    regime_bands(ax, across=False)
    for x, text, place in ((0.05, "lazy", "right"), (0.32, "?", "center"), (2, "active", "left")):
        ax.text(x, 0.92, text, ha=place, va="top", fontsize=18, color=INK)
    needle = {"linestyle": "", "markersize": 15}
    ratio = {"marker": "v", "color": INK, "label": "Eq. (7): left side / right side"}
    bend = {"marker": "D", "color": THIRD, "label": "its sharper form: foretold change of Df"}
    for height in _HEIGHTS.values():
        ax.axhline(height, color=FAINT, linewidth=1, zorder=0)
    settings = {"xlabel": "ratio", "xscale": "log", "ylim": (0, 1), "yticks": []}
    styles = {"ratio": needle | ratio, "bend": needle | bend}
    lines = line_artists(ax, styles, title=title, **settings)
    legend_below(ax, ncols=1, markerscale=0.7)
    return lines


def set_gauge(artists, ratio, bend):
    """Move the needles of the gauge."""
    put(artists["ratio"], [ratio], [_HEIGHTS["ratio"]])
    put(artists["bend"], [bend], [_HEIGHTS["bend"]])
    values = np.array([ratio, bend])
    artists["ratio"].axes.set(xlim=log_limits(1e-5, 1e3, values / 2, values * 2))


def displacement_artists(ax, title="After training: the displacement"):
    """Make the panel of ‖w − w₀‖/‖w₀‖ against time, for `set_displacement`."""
    regime_bands(ax)
    for y, text, place in ((0.08, "lazy", "top"), (1.25, "active", "bottom")):
        ax.text(0.01, y, text, va=place, transform=ax.get_yaxis_transform(), color=INK)
    styles = {
        "foretold": {"label": "foretold: tangent model", "color": INK, "linestyle": "--"},
        "moved": {"label": "network, trained", "color": FOURTH, "linewidth": 3},
    }
    settings = {"xlabel": "training time t", "ylabel": "‖w − w₀‖ / ‖w₀‖"}
    lines = line_artists(ax, styles, title=title, xscale="log", yscale="log", **settings)
    legend_below(ax)
    return lines


def set_displacement(artists, times, moved, foretold):
    """Fill the panel of displacement; ``times`` and ``moved`` are empty before training."""
    put(artists["moved"], times[1:], moved[1:])
    ax = artists["moved"].axes
    ax.set(xlim=log_limits(1e-3, 1e4, times), ylim=log_limits(1e-4, 1e2, [foretold], moved[-1:]))
    put(artists["foretold"], ax.get_xlim(), [foretold, foretold])


def widths(axes, widths, values, name, look):
    """Draw the ratio of Eq. (7) and the displacement, ``values`` of shape (2, k), against m.

    ``look`` is one of `LOOKS`, or others' style of a line.
    """
    labels = ("ratio of Eq. (7), before training", "displacement, after training")
    for ax, curve, title in zip(axes, values, labels, strict=True):
        ax.loglog(widths, curve, markersize=8, linewidth=2.5, label=name, **look)
        ax.set(title=title, xlabel="neurons m")
    axes[0].legend()


#: What a reader can expect, before and instead of an answer.
GUESSES = ["no guess yet", "lazy", "in between", "active"]


def criterion_panels(figure):
    """Make the two panels: the gauge, and the displacement."""
    axes = figure.subplots(1, 2, gridspec_kw={"width_ratios": [1.1, 1]})
    figure.subplots_adjust(left=0.025, right=0.965, top=0.92, bottom=0.27, wspace=0.22)
    return axes, [gauge_artists(axes[0]), displacement_artists(axes[1])]


def fill_criterion(axes, artists, result, guess):
    """Fill the two panels; return what they show, and what came of a guess, in words."""
    known, run = result.criterion, result.run
    set_gauge(artists[0], known.ratio, known.bend)
    times, moved = (np.array([]), np.array([]))
    if run is not None:
        times, moved = run.times, displacement(run.w, result.w0)
    set_displacement(artists[1], times, moved, known.displacement)
    words = (
        f"Before training: Eq. (7) compares {written(known.distance)} with "
        f"{written(known.extent)}, a ratio of {written(known.ratio)}; the tangent model would move "
        f"by {written(known.displacement)} of ‖w₀‖ and change Df by {written(known.bend)} of "
        "itself. "
    )
    guessed = guess != GUESSES[0]
    if run is None:
        return words + (f"Your guess: {guess}. Now train." if guessed else "What is your guess?")
    came = regime(moved[-1])
    words += f"Training moved the weights by {written(moved[-1])} of ‖w₀‖ ({run.status}): {came}"
    verdict = "your guess was right" if came == guess else f"your guess was {guess}"
    return words + (f"; {verdict}." if guessed else ".")
