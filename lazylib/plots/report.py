"""A laziness report as a picture: where it stands between lazy and active, and layer by layer."""

import matplotlib.pyplot as plt
import numpy as np

from lazylib import _checks
from lazylib.plots.colors import FOURTH, INK, NEGATIVE, POSITIVE
from lazylib.plots.style import regime_bands
from lazylib.theory.report import LazinessReport


def laziness(report):
    """Draw what a report says of laziness, and of test errors if it has them.

    Parameters
    ----------
    report : LazinessReport

    Returns
    -------
    matplotlib.figure.Figure
    """
    _checks.instance("report", report, LazinessReport)
    before, after = report.before, report.after
    lines = {"Eq. (7), foretold": before["ratio"], "its sharper form": before["bend"]}
    lines["displacement, foretold"] = before["displacement"]
    if after:
        lines["displacement, measured"] = after["moved"]
        lines["change of the kernel"] = after["kernel_change"]
    lines |= {f"  {name}": value for name, value in report.layers.items()}
    errors = {
        name.replace("_error", ""): after[name]
        for name in ("train_error", "test_error", "tangent_error", "kernel_error")
        if name in after
    }
    figure, axes = plt.subplots(
        1, 1 + bool(errors), figsize=(7 + 4 * bool(errors), 1.8 + 0.32 * len(lines)), squeeze=False
    )
    _gauges(axes[0, 0], lines)
    if errors:
        colors = [INK, NEGATIVE, FOURTH, POSITIVE][: len(errors)]
        axes[0, 1].barh(list(errors), list(errors.values()), color=colors)
        axes[0, 1].axvline(1, color=INK, linewidth=1)
        axes[0, 1].invert_yaxis()
        axes[0, 1].set(title="Errors", xlabel="relative to the zero predictor")
    figure.tight_layout()
    return figure


def _gauges(ax, lines):
    values = np.array(list(lines.values()))
    places = np.arange(len(values))
    regime_bands(ax, across=False)
    ax.plot(np.clip(values, 1e-4, 1e3), places, "D", color=INK, markersize=9, clip_on=False)
    ax.set_yticks(places, list(lines))
    ax.invert_yaxis()
    ax.set(xscale="log", xlim=(1e-4, 1e3), title="lazy  ←    →  active", xlabel="relative change")
