"""How far each layer moves against the width, for several rules that draw the weights."""

import numpy as np

from lazylib.plots.style import FOURTH, INK, NEGATIVE, POSITIVE, THIRD, legend_below
from lazylib.theory.laziness import power_law, regime

#: Colour, line and marker of up to five curves that are to be told apart.
LOOKS = tuple(
    {"color": color, "linestyle": line, "marker": marker}
    for color, line, marker in (
        (POSITIVE, "-", "o"),
        (NEGATIVE, "--", "^"),
        (THIRD, "-.", "s"),
        (FOURTH, (0, (1, 1)), "D"),
        (INK, (0, (5, 1, 1, 1)), "*"),
    )
)
_TITLES = ("First layer: ‖a − a₀‖ / ‖a₀‖", "Second layer: ‖b − b₀‖ / ‖b₀‖", "All weights")


def balance_panels(figure, names):
    """Make three panels, for the first layer, the second and all weights; a line for each name."""
    axes = figure.subplots(1, 3, sharex=True, sharey=True)
    figure.subplots_adjust(left=0.06, right=0.99, top=0.9, bottom=0.24, wspace=0.08)
    lines = {name: [] for name in names}
    for ax, title in zip(axes, _TITLES, strict=True):
        ax.axhspan(1e-4, 0.1, color=POSITIVE, alpha=0.12, linewidth=0)
        ax.axhspan(1, 1e2, color=NEGATIVE, alpha=0.12, linewidth=0)
        for name, look in zip(names, LOOKS, strict=False):
            lines[name] += ax.plot([], [], linewidth=2.2, markersize=8, label=name, **look)
        ax.set(title=title, xlabel="neurons m", xscale="log", yscale="log")
        ax.set(xlim=(13, 620), ylim=(1e-3, 30))
        ax.set_xticks([16, 32, 64, 128, 256, 512], ["16", "32", "64", "128", "256", "512"])
        ax.minorticks_off()
    axes[0].set(ylabel="relative displacement")
    for y, text in ((0.0013, "lazy"), (15, "active")):
        axes[0].text(14.5, y, text, color=INK, fontsize=13)
    legend_below(axes[1], ncols=len(names), down=0.2)
    return axes, lines


def fill_balance(lines, result):
    """Fill the three panels with a `lazylib.experiments.Balance`; a value below 1e-3 is off."""
    for name, curves in result.moved.items():
        for line, curve in zip(lines[name], curves, strict=True):
            line.set_data(result.widths, curve)


def describe_balance(result):
    """Say in words where each rule stands at the largest width, and how fast it falls."""
    m = result.widths[-1]
    parts = []
    for name, (first, second, both) in result.moved.items():
        slope = power_law(result.widths[-4:], both[-4:])[0]
        parts.append(
            f"{name} {both[-1]:.2g} ({regime(both[-1])}; layers {first[-1]:.2g} and "
            f"{second[-1]:.2g}; slope {np.round(slope, 1) + 0.0:.1f})"
        )
    return f"Displacement at m = {m}: " + "; ".join(parts) + "."
