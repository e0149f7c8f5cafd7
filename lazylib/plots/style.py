"""The style that all figures share: colors, sizes, and primitives."""

import numpy as np

#: Blue, vermilion, green and purple of Okabe & Ito, which colour-blind readers tell apart.
POSITIVE, NEGATIVE, THIRD, FOURTH = "#0072B2", "#D55E00", "#009E73", "#CC79A7"


INK, FAINT = "#222222", "#999999"


#: Sizes that can be read from the last row.
STYLE = {
    "font.size": 12,
    "axes.titlesize": 13,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "legend.frameon": False,
    "legend.fontsize": 11,
    "figure.dpi": 100,
}


def nice_limit(value):
    """The smallest of 1.25, 2, 3.2, 5, 8 times a power of ten that is at least ``value``."""
    power = 10.0 ** np.floor(np.log10(max(value, 1e-6)))
    return next(power * step for step in (1.25, 2, 3.2, 5, 8, 12.5) if power * step >= value)


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
