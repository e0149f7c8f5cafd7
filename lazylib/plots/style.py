"""The style that all figures share: sizes, and primitives; `colors` belong to it."""

import numpy as np
from matplotlib.artist import Artist
from matplotlib.ticker import LogFormatterSciNotation, NullFormatter, ScalarFormatter
from matplotlib.transforms import ScaledTranslation

from lazylib.plots.colors import NEGATIVE, POSITIVE
from lazylib.theory.laziness import ACTIVE_ABOVE, LAZY_BELOW

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
    """The smallest of 1.25, 2, 3.2, 5, 8 times a power of ten that is at least ``value``.

    Examples
    --------
    >>> from lazylib import plots
    >>> print(plots.nice_limit(27))
    32.0
    """
    power = 10.0 ** np.floor(np.log10(max(value, 1e-6)))
    return next(power * step for step in (1.25, 2, 3.2, 5, 8, 12.5) if power * step >= value)


def log_limits(low, high, *values):
    """The limits of a logarithmic axis: ``low`` to ``high``, and whole decades to hold ``values``.

    What is not positive and finite has no place on such an axis, and counts for nothing.
    """
    values = np.concatenate([np.ravel(each) for each in values])
    values = values[np.isfinite(values) & (values > 0)]
    if values.size and values.min() < low:
        low = 10.0 ** np.floor(np.log10(values.min()))
    if values.size and values.max() > high:
        high = 10.0 ** np.ceil(np.log10(values.max()))
    return low, high


_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def written(value, digits=2):
    """Write a number as people do, on one line: 0.25, 1,000, 7.4 × 10⁻⁷."""
    value = float(value)
    if not np.isfinite(value) or value == 0:
        return "0" if value == 0 else "not a number" if np.isnan(value) else "∞"
    sign, (mantissa, exponent) = "−" * (value < 0), f"{abs(value):.{digits - 1}e}".split("e")
    exponent = int(exponent)
    if -4 < exponent < 5:
        plain = f"{float(f'{mantissa}e{exponent}'):,.{max(digits - 1 - exponent, 0)}f}"
        return sign + (plain.rstrip("0").rstrip(".") if "." in plain else plain)
    power = f"10{str(exponent).translate(_RAISED)}"
    return (
        sign + power
        if float(mantissa) == 1
        else f"{sign}{float(mantissa):g}\N{NBSP}×\N{NBSP}{power}"
    )


class _PlainPowers(LogFormatterSciNotation):
    """Ticks of a logarithmic axis in plain characters: no formula is typeset for them."""

    def __call__(self, x, pos=None):
        return super().__call__(x, pos) and written(x, 1)


class _SharedPower(ScalarFormatter):
    """Ticks of a linear axis, short: beyond thousands, their power of ten stands at its end."""

    def __init__(self):
        super().__init__(useOffset=False)
        self.set_powerlimits((-3, 3))

    def get_offset(self):
        power = super().get_offset().partition("e")[-1]  # of 1e4
        return power and f"× 10{power.translate(_RAISED)}"


def plain_ticks(figure):
    """Write the ticks of all axes short, and in plain characters, once their scales are set."""
    for ax in figure.axes:
        ax.xaxis.get_offset_text().set_horizontalalignment("center")  # beside the label
        for axis in (ax.xaxis, ax.yaxis):
            if type(axis.get_major_formatter()) is ScalarFormatter:
                axis.set_major_formatter(_SharedPower())
            if axis.get_scale() == "log":
                axis.set_major_formatter(_PlainPowers())
                axis.set_minor_formatter(NullFormatter())


def put(line, x, y):
    """Give a line its points, unless it has them: a line that stays is not drawn again."""
    x, y = np.atleast_1d(x), np.atleast_1d(y)
    old = line.get_data(orig=True)
    if not (np.array_equal(old[0], x) and np.array_equal(old[1], y)):
        line.set_data(x, y)


def view(ax, xlim=None, ylim=None):
    """Set the limits of axes, unless they have them."""
    if xlim is not None and tuple(xlim) != ax.get_xlim():
        ax.set_xlim(xlim)
    if ylim is not None and tuple(ylim) != ax.get_ylim():
        ax.set_ylim(ylim)


def regime_bands(ax, across=True):
    """Shade the ranges of the displacement in which training is lazy, and is active."""
    span = ax.axhspan if across else ax.axvspan
    for low, high, color in ((1e-30, LAZY_BELOW, POSITIVE), (ACTIVE_ABOVE, 1e30, NEGATIVE)):
        span(low, high, color=color, alpha=0.15, linewidth=0)


def animate(artists):
    """Mark artists, or lists and dictionaries of them, as those that move; returns them."""
    if isinstance(artists, Artist):
        artists.set_animated(True)
    else:
        for each in artists.values() if isinstance(artists, dict) else artists:
            animate(each)
    return artists


def line_artists(ax, styles, **settings):
    """Make a panel of lines: ``styles`` holds a name for each, and how to draw it.

    Returns a dictionary of lines by name, still empty; ``settings`` go to ``ax.set``. A name is the
    label in the legend, unless the style has one; a label that begins with "_" is not shown.
    """
    lines = {}
    for name, style in styles.items():
        lines[name] = ax.plot([], [], **({"linewidth": 2, "label": name} | style))[0]
    ax.set(**settings)
    return lines


def circle_artists(ax, styles, title):
    """Make a panel of functions on the circle, against the angle: lines as of `line_artists`."""
    settings = {"xlabel": "angle of x (degrees)", "ylabel": "output", "xlim": (-180, 180)}
    lines = line_artists(ax, styles, title=title, **settings)
    ax.set_xticks(np.arange(-180, 181, 90))
    legend_below(ax, ncols=3)
    return lines


def legend_below(ax, ncols=2, down=0.16, **options):
    """Put the legend under the panel, where it hides nothing."""
    place = {"loc": "upper center", "bbox_to_anchor": (0.5, -down), "borderaxespad": 0.2}
    ax.legend(**place, ncols=ncols, columnspacing=1.2, **options)


def refit_legend(ax):
    """Lay out anew, for larger type, a legend that stands under the panel, or now fills half of it.

    It comes close under the axis, as wide as there is room. Returns how much higher it is than what
    stood there, in inches.
    """
    old, figure = ax.get_legend(), ax.figure
    if old is None:
        return 0.0
    box, axis = old.get_window_extent(), ax.xaxis.get_tightbbox()
    under = box.y1 < ax.bbox.y0
    if not under and box.width < ax.bbox.width / 2:
        return 0.0
    down = 0 if axis is None else (axis.y0 - ax.bbox.y0) / figure.dpi
    anchor = ax.transAxes + ScaledTranslation(0, down, figure.dpi_scale_trans)
    place = {"loc": "upper center", "bbox_to_anchor": (0.5, 0), "bbox_transform": anchor}
    entries = old.legend_handles, [text.get_text() for text in old.texts]
    for ncols in range(len(old.texts), 0, -1):
        new = ax.legend(*entries, **place, ncols=ncols, borderaxespad=0.2, columnspacing=1.2)
        if new.get_window_extent().width <= 1.2 * ax.bbox.width:
            break
    return (new.get_window_extent().height - under * box.height) / figure.dpi
