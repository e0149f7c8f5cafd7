"""The gauge of Eq. (7), the displacement after training, and maps of both."""

import numpy as np

from lazylib.plots.style import FAINT, FOURTH, INK, NEGATIVE, POSITIVE, THIRD
from lazylib.plots.theorem import _BELOW
from lazylib.theory.laziness import displacement, regime


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


def describe_criterion(result, guess):
    """Say in words what the gauge shows and, after training, what came of it."""
    known = result.criterion
    words = (
        f"Before training: Eq. (7) compares {known.distance:.2g} with {known.extent:.2g}, "
        f"a ratio of {known.ratio:.1g}; the tangent model would move by "
        f"{known.displacement:.2g} of ‖w₀‖ and change Df by {known.bend:.1g} of itself. "
    )
    if result.run is None:
        return words + f"Your guess: {guess}. Press “train” to see."
    moved = displacement(result.run.w[-1], result.w0)
    verdict = "your guess was right" if regime(moved) == guess else f"you had guessed {guess}"
    ended = f"Training moved the weights by {moved:.2g} ({result.run.status})"
    return words + f"{ended}: {regime(moved)}; {verdict}."


def criterion_panels(figure):
    """Make the two panels: the gauge, and the displacement."""
    axes = figure.subplots(1, 2, gridspec_kw={"width_ratios": [1.1, 1]})
    figure.subplots_adjust(left=0.04, right=0.985, top=0.9, bottom=0.31, wspace=0.2)
    return axes, [
        gauge_artists(axes[0]),
        displacement_artists(axes[1]),
    ]


def fill_criterion(artists, result):
    """Fill the two panels."""
    known, run = result.criterion, result.run
    set_gauge(artists[0], known.ratio, known.bend)
    times, moved = (np.array([]), np.array([]))
    if run is not None:
        times, moved = run.times, displacement(run.w, result.w0)
    set_displacement(artists[1], times, moved, known.displacement)
