"""What ends laziness, a picture each: time, large steps, few bits, noise; and the clock of α²."""

import numpy as np

from lazylib.experiments.limits import STEPS
from lazylib.plots.style import (
    FAINT,
    FOURTH,
    INK,
    NEGATIVE,
    POSITIVE,
    THIRD,
    legend_below,
    line_artists,
    log_limits,
    nice_limit,
    view,
    written,
)
from lazylib.theory.laziness import LAZY_BELOW, regime

_ERROR, _MOVED = "error / zero predictor's", "displacement ‖w − w₀‖/‖w₀‖"
_NOW = {"linestyle": "", "marker": "o", "markersize": 12, "color": NEGATIVE}


def _two(figure, first, second):
    """Two axes side by side with room for legends below: each a (styles, settings) pair."""
    axes = figure.subplots(1, 2)
    figure.subplots_adjust(left=0.085, right=0.985, top=0.92, bottom=0.31, wspace=0.22)
    artists = []
    for ax, (styles, settings) in zip(axes, (first, second), strict=True):
        artists.append(line_artists(ax, styles, **settings))
        legend_below(ax)
    return axes, artists


def _border(ax):
    ax.axhline(LAZY_BELOW, color=FAINT, linewidth=1, zorder=0)
    place = {"va": "bottom", "transform": ax.get_yaxis_transform()}
    ax.text(0.01, LAZY_BELOW, "not lazy above", color=INK, **place)


def time_panels(figure):
    """Make the panels of a classifier's displacement and loss against time."""
    time = {"xlabel": "training time t", "xscale": "log", "xlim": (1, 1e10)}
    axes, artists = _two(
        figure,
        (
            {"displacement": {"color": POSITIVE, "linewidth": 3}, "now": _NOW},
            time | {"title": "Logistic loss: how far", "ylabel": _MOVED, "ylim": (0, 0.3)},
        ),
        (
            {"loss R": {"color": FOURTH, "linewidth": 3}, "∝ 1/t": {"color": INK, "ls": ":"}},
            time | {"title": "… and its loss", "yscale": "log", "ylim": (1e-10, 2)},
        ),
    )
    _border(axes[0])
    axes[1].set_ylabel("R(αf)")
    return axes, artists


def fill_time(axes, artists, result, decades):
    """Fill the panels up to t = 10^``decades``; return what they show, in words."""
    shown = result.times <= 1.001 * 10.0**decades
    t, moved, loss = (v[shown] for v in (result.times, result.displacement, result.loss))
    artists[0]["displacement"].set_data(t, moved)
    artists[0]["now"].set_data(t[-1:], moved[-1:])
    artists[1]["loss R"].set_data(t, loss)
    artists[1]["∝ 1/t"].set_data(t, loss[-1] * t[-1] / t)
    view(axes[0], ylim=(0, nice_limit(max(0.2, 1.05 * moved[-1]))))
    return (
        f"At t = {written(10.0**decades)} the displacement is {written(moved[-1])}: "
        f"{regime(moved[-1])}. It grows with log t, and reaches {LAZY_BELOW:g} after "
        f"{result.leaves:.1f} decades of t for α = {result.alpha:g}."
    )


def steps_panels(figure):
    """Make the panels of the loss and of step · λ_max, step by step."""
    steps = {"xlabel": "steps taken", "xlim": (0, STEPS)}
    axes, artists = _two(
        figure,
        (
            {"training loss": {"color": POSITIVE, "linewidth": 3}},
            steps | {"title": "Gradient descent", "yscale": "log", "ylim": (1e-6, 1e7)},
        ),
        (
            {
                "step · λ_max of the kernel now": {"color": FOURTH, "linewidth": 3},
                "displacement": {"color": THIRD, "linestyle": "--", "linewidth": 3},
            },
            steps
            | {
                "title": "Its tangent kernel, and its weights",
                "ylabel": "step · λ_max, or ‖w − w₀‖/‖w₀‖",
                "ylim": (0, 7),
            },
        ),
    )
    axes[0].set_ylabel("training loss / zero predictor's")
    axes[1].axhline(2, color=FAINT, linewidth=1, zorder=0)
    axes[1].text(STEPS - 1, 2.05, "stable below 2", ha="right", color=INK)
    return axes, artists


def fill_steps(axes, artists, result):
    """Fill the panels; return what they show, in words."""
    steps = np.arange(len(result.loss))
    artists[0]["training loss"].set_data(steps, result.loss)
    for line, values in zip(
        artists[1].values(), (result.sharpness, result.displacement), strict=True
    ):
        line.set_data(steps, values)
    view(axes[0], ylim=log_limits(1e-6, 1e7, result.loss))
    start = f"Steps of {result.factor:.3g}/λ_max: "
    if result.diverged:
        return start + f"after {len(steps) - 1} steps the loss is beyond all bounds: diverged."
    moved, left = result.displacement[-1], result.sharpness[-1] / result.factor
    return start + (
        f"the loss rises to {written(result.loss.max())} times the zero predictor's and ends at "
        f"{written(result.loss[-1], 1)}; λ_max ends at {left:.2f} of what it was, the displacement "
        f"at {written(moved)} ({regime(moved)}), the test error at {result.test_error:.2f}."
    )


def bits_panels(figure):
    """Make the panels of the test error against bits, and of bits needed against τ."""
    points = {"linestyle": "", "marker": "o", "color": FAINT, "markersize": 7}
    axes, artists = _two(
        figure,
        (
            {
                "rounded weights": {"color": POSITIVE, "marker": "o", "linewidth": 2.5},
                "all bits": {"color": INK, "linestyle": ":"},
                "log₂ of 1/displacement": {"color": NEGATIVE, "linestyle": "--"},
            },
            {"title": "Test error of what is kept", "yscale": "log", "ylim": (1e-3, 1e3)},
        ),
        (
            {
                "τ from 0.1 to 100": points,
                "needed = foreseen": {"color": NEGATIVE, "linestyle": "--"},
                "this run": _NOW,
            },
            {"title": "Foreseen and needed", "xlabel": "log₂ of 1/displacement"},
        ),
    )
    axes[0].set(xlabel="bits kept of each weight", ylabel="test " + _ERROR, xlim=(0, 25))
    axes[1].set(ylabel="bits needed", xlim=(-3, 21), ylim=(0, 21))
    artists[1]["needed = foreseen"].set_data([0, 21], [0, 21])
    return axes, artists


def fill_bits(axes, artists, result):
    """Fill the panels with a run and, on the right, others of its draw; return the words."""
    run, others = result
    artists[0]["rounded weights"].set_data(run.bits, run.errors)
    artists[0]["all bits"].set_data([0, 25], [run.exact] * 2)
    artists[0]["log₂ of 1/displacement"].set_data([max(run.foreseen, 0)] * 2, [1e-3, 1e3])
    points = [each.foreseen for each in others], [each.needed for each in others]
    artists[1]["τ from 0.1 to 100"].set_data(*points)
    artists[1]["this run"].set_data([run.foreseen], [run.needed])
    many = "1 bit is" if run.needed == 1 else f"{run.needed} bits are"
    return (
        f"{regime(run.displacement).capitalize()}: displacement {written(run.displacement)}, "
        f"whose log₂ foresees {max(run.foreseen, 0):.1f} bits; {many} needed to "
        f"stay within 0.1 of the test error {run.exact:.3f} of exact weights."
    )


def noise_panels(figure):
    """Make the panels of errors and displacement against time, for noisy labels."""
    time = {"xlabel": "training time t", "xscale": "log", "xlim": (1e-2, 1e4), "yscale": "log"}
    axes, artists = _two(
        figure,
        (
            {
                "test, clean labels": {"color": POSITIVE, "linewidth": 3},
                "training, noisy labels": {"color": FOURTH, "linestyle": "--"},
                "best stop": _NOW,
            },
            time | {"title": "Errors", "ylim": (1e-4, 30), "ylabel": _ERROR},
        ),
        (
            {"displacement": {"color": THIRD, "linewidth": 3}, "best stop": _NOW},
            time | {"title": "How far the weights went", "ylim": (1e-4, 1), "ylabel": _MOVED},
        ),
    )
    _border(axes[1])
    return axes, artists


def fill_noise(axes, artists, result):
    """Fill the panels; return what they show, in words."""
    t, best = result.times[1:], result.best
    artists[0]["test, clean labels"].set_data(t, result.test_error[1:])
    artists[0]["training, noisy labels"].set_data(t, result.train_error[1:])
    artists[1]["displacement"].set_data(t, result.displacement[1:])
    for lines, values in zip(artists, (result.test_error, result.displacement), strict=True):
        lines["best stop"].set_data(result.times[[best]], values[[best]])
    for ax in axes:
        view(ax, xlim=(t[0], t[-1]))
    view(axes[0], ylim=log_limits(1e-4, 30, result.train_error[1:]))
    view(axes[1], ylim=log_limits(1e-3, 1, result.displacement[1:]))
    early, late = result.displacement[[best, -1]]
    return (
        f"Noise of {result.noise:g} times the labels: stopped at t = {written(result.times[best])} "
        f"the test error is {result.test_error[best]:.2f} and the displacement {written(early)} "
        f"({regime(early)}); at the end they are {result.test_error[-1]:.2f} and {written(late)} "
        f"({regime(late)})."
    )


def clock_panels(figure):
    """Make the panels of the population loss of doubled and of centered networks."""
    styles = [
        {"color": color, "linestyle": style, "linewidth": 3}
        for color, style in ((POSITIVE, "-"), (NEGATIVE, "--"), (INK, ":"))
    ]
    clock = {"xscale": "log", "ylim": (0, 1.05), "ylabel": "population loss / zero predictor's"}
    return _two(
        figure,
        *(
            (
                {f"α = {a}": style for a, style in zip((10, 20, 40), styles, strict=True)},
                clock | {"title": title},
            )
            for title in ("Doubling", "f − f(w₀)")
        ),
    )


def fill_clock(axes, artists, result, clock):
    """Fill the panels against "t" or "t/alpha^2"; return what they show, in words."""
    for ax, lines, name in zip(axes, artists, ("doubled", "centered"), strict=True):
        for line, alpha, error in zip(
            lines.values(), result.alpha, result.errors[name].T, strict=True
        ):
            scale = alpha**2 if clock == "t" else 1
            line.set_data(result.ticks[1:] * scale, error[1:])
        most = result.ticks[-1] * (result.alpha[-1] ** 2 if clock == "t" else 1)
        ax.set(xlabel="training time " + clock.replace("alpha^2", "α²"), xlim=(most * 1e-4, most))
    words = []
    for name in ("doubled", "centered"):
        at_one = np.abs(result.ticks - 1).argmin()
        error, moved = result.errors[name], result.displacement[name][-1]
        words.append(
            f"{name}, {_listed(error[at_one], 2)} at t = α², {_listed(error[-1], 2)} at "
            f"{result.ticks[-1]:g} α² with displacements {_listed(moved, 3)}"
        )
    return "Loss for α = 10, 20, 40: " + "; ".join(words) + "."


def _listed(values, digits):
    return ", ".join(f"{v:.{digits}f}" for v in values)
