"""How far each layer moves against the width, for several rules that draw the weights."""

import numpy as np

from lazylib.plots.colors import FOURTH, INK, NEGATIVE, POSITIVE, THIRD
from lazylib.plots.style import legend_below, log_limits, put, regime_bands, view, written
from lazylib.theory.laziness import regime

#: Colour, line and marker of up to six curves that are to be told apart.
LOOKS = tuple(
    {"color": color, "linestyle": line, "marker": marker}
    for color, line, marker in (
        (POSITIVE, "-", "o"),
        (NEGATIVE, "--", "^"),
        (THIRD, "-.", "s"),
        (FOURTH, (0, (1, 1)), "D"),
        (POSITIVE, ":", "v"),
        (INK, (0, (5, 1, 1, 1)), "*"),
    )
)
_TITLES = ("First layer: ‖a − a₀‖ / ‖a₀‖", "Second layer: ‖b − b₀‖ / ‖b₀‖", "All weights")


def balance_panels(figure, names):
    """Make three panels, for the first layer, the second and all weights; a line for each name."""
    axes = figure.subplots(1, 3)  # each with its ticks: on a phone they stand below each other
    figure.subplots_adjust(left=0.065, right=0.95, top=0.92, bottom=0.27, wspace=0.22)
    lines = {name: [] for name in names}
    for ax, title in zip(axes, _TITLES, strict=True):
        regime_bands(ax)
        for name, look in zip(names, LOOKS, strict=False):
            lines[name] += ax.plot([], [], linewidth=2.2, markersize=8, label=name, **look)
        ax.set(title=title, xlabel="neurons m", yscale="log", ylim=(1e-3, 10))
    for y, text, place in ((0.08, "lazy", "top"), (1.25, "active", "bottom")):
        axes[2].text(1.01, y, text, va=place, transform=axes[2].get_yaxis_transform(), color=INK)
    axes[0].set(ylabel="relative displacement")
    legend_below(axes[1], ncols=3, down=0.17)
    return axes, lines


def fill_balance(axes, lines, result):
    """Fill the panels with a `lazylib.experiments.Balance`; return what they show, in words."""
    doublings = np.log2(result.widths)
    for name, curves in result.moved.items():
        for line, curve in zip(lines[name], curves, strict=True):
            put(line, doublings, curve)
    for ax in axes:
        view(ax, (doublings[0] - 0.3, doublings[-1] + 0.3))
        view(ax, ylim=log_limits(1e-3, 10, *result.moved.values()))
        ax.set_xticks(doublings, result.widths)
    parts = [
        f"{name} {written(both[-1])}, {regime(both[-1])} (layers {written(first[-1])} and "
        f"{written(second[-1])})"
        for name, (first, second, both) in result.moved.items()
    ]
    return f"Displacement of all weights at m = {result.widths[-1]}: " + "; ".join(parts) + "."
