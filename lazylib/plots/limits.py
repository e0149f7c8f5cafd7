"""What ends laziness, a picture each: time, large steps, few bits, noise; and the clock of α²."""

import numpy as np

from lazylib.experiments.limits import STEPS
from lazylib.plots.colors import FAINT, FOURTH, INK, NEGATIVE, POSITIVE, THIRD
from lazylib.plots.style import legend_below, line_artists, log_limits, nice_limit, view, written
from lazylib.theory.laziness import LAZY_BELOW, regime

_ERROR, _MOVED = "error / zero predictor's", "displacement ‖w − w₀‖/‖w₀‖"
_NOW = {"linestyle": "", "marker": "o", "markersize": 12, "color": NEGATIVE}


def _two(figure, *styles):
    """Two axes side by side with room for legends below, and a panel of lines in each."""
    axes = figure.subplots(1, 2)
    figure.subplots_adjust(left=0.085, right=0.985, top=0.92, bottom=0.31, wspace=0.22)
    artists = [line_artists(ax, each) for ax, each in zip(axes, styles, strict=True)]
    for ax in axes:
        legend_below(ax)
    return axes, artists


def _border(ax):
    ax.axhline(LAZY_BELOW, color=FAINT, linewidth=1, zorder=0)
    place = {"va": "bottom", "transform": ax.get_yaxis_transform()}
    ax.text(0.01, LAZY_BELOW, "not lazy above", color=INK, **place)


def time_panels(figure):
    """Make the panels of a classifier's displacement and loss against time."""
    far = {"displacement": {"color": POSITIVE, "linewidth": 3}, "now": _NOW}
    loss = {"loss R": {"color": FOURTH, "linewidth": 3}, "∝ 1/t": {"color": INK, "linestyle": ":"}}
    axes, artists = _two(figure, far, loss)
    for ax in axes:
        ax.set(xlabel="training time t", xscale="log", xlim=(1, 1e10))
    axes[0].set(title="Logistic loss: how far", ylabel=_MOVED, ylim=(0, 0.3))
    axes[1].set(title="… and its loss", ylabel="R(αf)", yscale="log", ylim=(1e-10, 2))
    _border(axes[0])
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
    loss = {"training loss": {"color": POSITIVE, "linewidth": 3}}
    kernel = {
        "step · λ_max of the kernel now": {"color": FOURTH, "linewidth": 3},
        "displacement": {"color": THIRD, "linestyle": "--", "linewidth": 3},
    }
    axes, artists = _two(figure, loss, kernel)
    for ax in axes:
        ax.set(xlabel="steps taken", xlim=(0, STEPS))
    axes[0].set(title="Gradient descent", ylabel="training loss / zero predictor's")
    axes[0].set(yscale="log", ylim=(1e-6, 1e7))
    axes[1].set(title="Its tangent kernel, and its weights", ylim=(0, 7))
    axes[1].set(ylabel="step · λ_max, or ‖w − w₀‖/‖w₀‖")
    axes[1].axhline(2, color=FAINT, linewidth=1, zorder=0)
    axes[1].text(STEPS - 1, 2.05, "stable below 2", ha="right", color=INK)
    return axes, artists


def fill_steps(axes, artists, result):
    """Fill the panels; return what they show, in words."""
    steps = np.arange(len(result.loss))
    artists[0]["training loss"].set_data(steps, result.loss)
    artists[1]["step · λ_max of the kernel now"].set_data(steps, result.sharpness)
    artists[1]["displacement"].set_data(steps, result.displacement)
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
    errors = {
        "rounded weights": {"color": POSITIVE, "marker": "o", "linewidth": 2.5},
        "all bits": {"color": INK, "linestyle": ":"},
        "log₂ of 1/displacement": {"color": NEGATIVE, "linestyle": "--"},
    }
    needed = {
        "τ from 0.1 to 100": {"linestyle": "", "marker": "o", "color": FAINT, "markersize": 7},
        "needed = foreseen": {"color": NEGATIVE, "linestyle": "--"},
        "this run": _NOW,
    }
    axes, artists = _two(figure, errors, needed)
    axes[0].set(title="Test error of what is kept", yscale="log", ylim=(1e-3, 1e3))
    axes[0].set(xlabel="bits kept of each weight", ylabel="test " + _ERROR, xlim=(0, 25))
    axes[1].set(title="Foreseen and needed", xlabel="log₂ of 1/displacement")
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
    errors = {
        "test, clean labels": {"color": POSITIVE, "linewidth": 3},
        "training, noisy labels": {"color": FOURTH, "linestyle": "--"},
        "best stop": _NOW,
    }
    far = {"displacement": {"color": THIRD, "linewidth": 3}, "best stop": _NOW}
    axes, artists = _two(figure, errors, far)
    for ax in axes:
        ax.set(xlabel="training time t", xscale="log", xlim=(1e-2, 1e4), yscale="log")
    axes[0].set(title="Errors", ylim=(1e-4, 30), ylabel=_ERROR)
    axes[1].set(title="How far the weights went", ylim=(1e-4, 1), ylabel=_MOVED)
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
    styles = {
        f"α = {alpha}": {"color": color, "linestyle": style, "linewidth": 3}
        for alpha, color, style in ((10, POSITIVE, "-"), (20, NEGATIVE, "--"), (40, INK, ":"))
    }
    axes, artists = _two(figure, styles, styles)
    for ax, title in zip(axes, ("Doubling", "f − f(w₀)"), strict=True):
        ax.set(title=title, ylabel="population loss / zero predictor's")
        ax.set(xscale="log", ylim=(0, 1.05))
    return axes, artists


def fill_clock(axes, artists, result, clock):
    """Fill the panels against "t" or "t/alpha^2"; return what they show, in words."""
    scales = result.alpha**2 if clock == "t" else np.ones(len(result.alpha))
    most, at_one = result.ticks[-1] * scales[-1], np.abs(result.ticks - 1).argmin()
    words = []
    for ax, lines, name in zip(axes, artists, ("doubled", "centered"), strict=True):
        error, moved = result.errors[name], result.displacement[name][-1]
        for line, scale, values in zip(lines.values(), scales, error.T, strict=True):
            line.set_data(result.ticks[1:] * scale, values[1:])
        ax.set(xlabel="training time " + clock.replace("alpha^2", "α²"), xlim=(most * 1e-4, most))
        words.append(
            f"{name}, {_listed(error[at_one], 2)} at t = α², {_listed(error[-1], 2)} at "
            f"{result.ticks[-1]:g} α² with displacements {_listed(moved, 3)}"
        )
    return "Loss for α = 10, 20, 40: " + "; ".join(words) + "."


def _listed(values, digits):
    return ", ".join(f"{v:.{digits}f}" for v in values)
