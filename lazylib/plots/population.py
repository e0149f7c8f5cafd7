"""Figure 6(b), and one run of SGD beside it."""

import numpy as np

from lazylib.experiments.runner import curves
from lazylib.experiments.underparameterized import MOST_SAMPLES, still_falling
from lazylib.plots.colors import FAINT, INK, NEGATIVE, POSITIVE, THIRD
from lazylib.plots.generalization import curve, level, now_artists, path_artists, set_now, set_paths
from lazylib.plots.style import legend_below, line_artists, put, written
from lazylib.theory.laziness import regime
from lazylib.trainers.run import OF_ITSELF, OF_ZERO


def underparameterized(ax, tau, curves, falling, title="Figure 6(b): error after SGD"):
    """Draw Figure 6(b).

    Parameters
    ----------
    tau : ndarray of shape (T,)
    curves : dict
        (mean, standard error) of "exact", "estimate" and "flow", each of shape (T,), and of
        "local_minimum", two numbers.
    falling : ndarray of bool of shape (T,)
        Where the loss was still falling: hatched.
    """
    curve(ax, tau, *curves["exact"], "SGD, exact error", POSITIVE, "o")
    ax.plot(tau, curves["estimate"][0], "x", color=INK, label="SGD, estimate of 2000 samples")
    ax.plot(tau, curves["flow"][0], "--", color=NEGATIVE, label="no noise: flow to the same t")
    level(ax, curves["local_minimum"][0], "best tangent\nmodel", THIRD, "-.")
    edges = np.concatenate([tau[:1], np.sqrt(tau[1:] * tau[:-1]), tau[-1:]])
    hatching = {"facecolor": "none", "hatch": "//", "edgecolor": FAINT, "linewidth": 0}
    hatching["label"] = "loss still falling"
    for left, right in np.column_stack([edges[:-1], edges[1:]])[falling]:
        ax.axvspan(left, right, **hatching)
        hatching["label"] = None  # one line of the legend is enough
    ax.set(title=title, xlabel="size τ of the initial weights")
    # room for the legend above the curves
    top = 2.2 * curves["exact"][0].max()
    ax.set(ylabel="population loss / zero predictor's", ylim=(0, top))
    ax.legend(loc="upper left", frameon=True, framealpha=1, edgecolor="none")


_STYLES = {
    "SGD, exact": {"color": POSITIVE},
    "SGD, its batches": {"color": INK, "linestyle": ":"},
    "flow, no noise": {"color": NEGATIVE, "linestyle": "--"},
}


def population_panels(figure, results):
    """Make the two panels: Figure 6(b), and losses against time."""
    axes = figure.subplots(1, 2)
    figure.subplots_adjust(left=0.075, right=0.97, top=0.93, bottom=0.28, wspace=0.24)
    box = axes[0].get_position()
    axes[0].set_position([box.x0, box.y0, box.width - 0.1, box.height])  # room for the names
    tau = np.array(results.settings["tau"])
    underparameterized(axes[0], tau, curves(results), still_falling(results))
    axes[0].set(ylim=(0, 1.7 * curves(results)["exact"][0].max()), xlim=(0.008, 13))
    legend_below(axes[0])
    now = {"now": now_artists(axes[0], POSITIVE, size=12)}
    least = {"best tangent model": {"color": THIRD, "linestyle": "-."}}
    paths = path_artists(axes[1], _STYLES, "This run, against time")
    paths["least"] = line_artists(axes[1], least)["best tangent model"]
    legend_below(axes[1])
    return axes, [now, paths]


def fill_population(axes, artists, result):
    """Fill the two panels; return what they show, in words."""
    set_now(artists[0]["now"], result.tau, result.errors["SGD, exact"][-1])
    end = result.times[-1]
    limits = (end * 1e-4, 1.2 * end)
    put(artists[1]["least"], limits, [result.local_minimum] * 2)
    last = len(result.times) - 1
    set_paths(axes[1], artists[1], result.times, result.errors, last, limits, (1e-4, 2))
    exact, flow = (result.errors[name][-1] for name in ("SGD, exact", "flow, no noise"))
    more, both = (
        ("more", "and is above") if result.status == "still falling" else ("less", "or is below")
    )
    steps = f"{result.steps:,}"
    if result.steps < result.asked:
        steps += f" (no more than {MOST_SAMPLES:,} samples; {result.asked:,} were asked for)"
    return (
        f"{regime(result.displacement).capitalize()}, {result.status}: after {steps} steps, at t = "
        f"{written(result.times[-1], 3)}, the population loss is {exact:.3f} of the zero "
        f"predictor's; without noise it would be {flow:.3f}, and the best tangent model has "
        f"{result.local_minimum:.3f}. Displacement {written(result.displacement)}. Over the last "
        f"tenth of the time it fell by {more} than {OF_ITSELF:.0%} of itself {both} {OF_ZERO} of "
        "the zero predictor's."
    )
