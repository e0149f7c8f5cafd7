"""Figures 1(c) and 6(a), and one run of Figure 1(c) beside them."""

import numpy as np

from lazylib.experiments.generalization import best_constant, constant_error
from lazylib.experiments.runner import mean_and_error
from lazylib.plots.colors import FOURTH, INK, NEGATIVE, POSITIVE, THIRD
from lazylib.plots.style import legend_below, log_limits, put, view, written
from lazylib.theory.laziness import displacement, feature_angle, neuron_angles, regime

#: What each kernel level of Figure 1(c) is called, and how it is drawn.
LEVELS = {
    "kernel_end": ("tangent kernel,\nt = ∞", NEGATIVE, (0, (1, 1))),
    "kernel_best": ("tangent kernel,\nits best t", INK, "--"),
    "limit_best": ("arc-cosine kernel,\nits best t", THIRD, "-."),
}


def curve(ax, x, mean, error, label, color, marker="o", **style):
    """Draw a mean with its standard error as a band, on a logarithmic axis of ``x``."""
    ax.fill_between(x, mean - error, mean + error, color=color, alpha=0.2, linewidth=0)
    ax.plot(x, mean, marker, color=color, linestyle="-", label=label, markersize=5, **style)
    ax.set(xscale="log")


def level(ax, value, text, color, linestyle="--"):
    """Draw a horizontal line with its name at its right end, outside the axes."""
    ax.axhline(value, color=color, linestyle=linestyle, linewidth=1.8, zorder=1)
    ax.annotate(
        text,
        (1, value),
        (6, 0),
        xycoords=("axes fraction", "data"),
        textcoords="offset points",
        va="center",
        color=INK,
        fontsize=10.5,
    )


def generalization(ax, tau, curves, title="Figure 1(c): error of what was learnt"):
    """Draw Figure 1(c).

    Parameters
    ----------
    tau : ndarray of shape (T,)
    curves : dict
        (mean, standard error), each of shape (T,), of "best", "end", "kernel_matched" and of the
        names in `LEVELS`.
    """
    curve(ax, tau, *curves["end"], "network, at the end", FOURTH, "s")
    curve(ax, tau, *curves["best"], "network, at its best t", POSITIVE, "o")
    ax.plot(tau, curves["kernel_matched"][0], ":", color=INK, label="tangent kernel, same t")
    for name, (text, color, linestyle) in LEVELS.items():
        level(ax, curves[name][0].mean(), text, color, linestyle)
    ax.set(title=title, xlabel="size τ of the initial weights")
    # room for the legend above the highest line
    ax.set(ylabel="test error / zero predictor's", ylim=(0, 1.4 * curves["kernel_end"][0].mean()))
    ax.legend(loc="upper left")


def features(ax, tau, angle, displacement):
    """Draw the mean angle to the teacher's neurons, and the displacement, against τ."""
    curve(ax, tau, *angle, "angle", POSITIVE, "o")
    ax.set(xlabel="size τ of the initial weights", ylabel="mean angle to the teacher (degrees)")
    ax.set(ylim=(0, 95), title="Did the neurons find the features?")
    ax.yaxis.label.set_color(POSITIVE)
    twin = ax.twinx()
    twin.spines["right"].set_visible(True)
    curve(twin, tau, *displacement, "displacement", NEGATIVE, "^")
    twin.set(ylabel="displacement ‖w − w₀‖/‖w₀‖", yscale="log")
    twin.yaxis.label.set_color(NEGATIVE)


def width(ax, m, active, lazy, title="Figure 6(a): more and more neurons"):
    """Draw Figure 6(a); ``active`` and ``lazy`` are (mean, standard error) of 1/m and 1/√m."""
    curve(ax, m, *lazy, "α = 1/√m", NEGATIVE, "^")
    curve(ax, m, *active, "α = 1/m", POSITIVE, "o")
    ax.set(title=title, xlabel="neurons m", ylabel="test error / zero predictor's", ylim=(0, None))
    ax.set_xticks([2, 4, 8, 16, 32, 64, 128, 256, 512], [2, 4, 8, 16, 32, 64, 128, 256, 512])
    ax.minorticks_off()
    ax.legend()


def path_artists(ax, styles, title):
    """Make a panel of errors against time, one line a name; ``styles`` are those of ``ax.plot``."""
    artists = {}
    for name, style in styles.items():
        artists[name] = ax.plot([], [], linewidth=2, label=name, **style)[0]
        marker = {"marker": "o", "markersize": 8, "color": style["color"]}
        artists[name + " now"] = ax.plot([], [], linestyle="", **marker)[0]
    ax.set(title=title, xlabel="training time t", ylabel="error / zero predictor's")
    ax.set(xscale="log", yscale="log", xlim=(1e-3, 1e3), ylim=(1e-4, 2))
    legend_below(ax, ncols=1)
    return artists


def set_paths(ax, artists, times, values, frame, xlim, ylim):
    """Fill a panel of errors against time; ``values`` are arrays of the times' shape by name."""
    for name, path in values.items():
        put(artists[name], times, path)
        put(artists[name + " now"], times[frame : frame + 1], path[frame : frame + 1])
    view(ax, xlim, log_limits(*ylim, *values.values()))


def feature_artists(ax, title="Neurons: direction and mass"):
    """Make the panel of the neurons' angles to the teacher and of their masses."""
    style = {"linestyle": "", "markersize": 8, "alpha": 0.7, "markeredgewidth": 0}
    artists = {
        "b > 0": ax.plot([], [], "^", color=POSITIVE, label="neuron, b > 0", **style)[0],
        "b < 0": ax.plot([], [], "v", color=NEGATIVE, label="neuron, b < 0", **style)[0],
        "mean": ax.plot([], [], "--", color=INK, linewidth=2, label="mean by mass")[0],
    }
    ax.set(title=title, xlabel="angle to the teacher (degrees)", ylabel="share of the mass")
    ax.set(xlim=(0, 120), yscale="log", ylim=(1e-4, 1))
    ax.set_xticks([0, 30, 60, 90, 120])
    legend_below(ax, ncols=2)
    return artists


def set_features(artists, angles, shares, b, mean):
    """Fill the panel of angles and masses, each of shape (m,)."""
    for name, chosen in (("b > 0", b > 0), ("b < 0", b <= 0)):
        put(artists[name], angles[chosen], shares[chosen])
    ax = artists["mean"].axes
    view(ax, (0, max(120, 30 * np.ceil(angles.max() / 30))), log_limits(1e-4, 1, shares))
    put(artists["mean"], [mean, mean], ax.get_ylim())


_STYLES = {
    "training": {"color": THIRD, "linestyle": "-."},
    "test": {"color": POSITIVE},
    "test, tangent kernel": {"color": INK, "linestyle": "--"},
}


def now_artists(ax, color, marker="o", size=10):
    """Make the mark of the run on show, on the figure of the stored ones."""
    style = {"markersize": size, "markeredgecolor": INK, "clip_on": False, "zorder": 6}
    return ax.plot([], [], marker, color=color, **style)[0]


def set_now(artist, x, y, marker="o"):
    """Place such a mark; above the figure, it is a triangle at its upper edge."""
    _, high = artist.axes.get_ylim()
    artist.set_data([x], [min(y, high)])
    artist.set_marker("^" if y > high else marker)


def generalization_panels(figure, results):
    """Make the three panels: Figure 1(c), errors against time, neurons."""
    axes = figure.subplots(1, 3, gridspec_kw={"width_ratios": [1.45, 1, 1]})
    figure.subplots_adjust(left=0.055, right=0.98, top=0.93, bottom=0.31, wspace=0.28)
    box = axes[0].get_position()
    axes[0].set_position([box.x0, box.y0, box.width - 0.1, box.height])  # room for the names
    constant = best_constant(results)[:, None]
    relative = {name: mean_and_error(each / constant) for name, each in results.values.items()}
    generalization(axes[0], np.array(results.grid["tau"]), relative)
    top = 1.15 * relative["kernel_end"][0].mean()
    axes[0].set(xlim=(0.005, 13), ylim=(0, top), ylabel="test error / best constant's")
    now = {"now": now_artists(axes[0], FOURTH), "best": now_artists(axes[0], POSITIVE, "*", 18)}
    legend_below(axes[0], ncols=1)
    paths = path_artists(axes[1], _STYLES, "This run, against time")
    return axes, [now, paths, feature_artists(axes[2])]


def fill_generalization(axes, artists, result, frame):
    """Fill the three panels with one frame of a run; return what they show, in words."""
    run, errors, shared = result.run, result.errors, result.draw
    train, test, kernel = errors["training"], errors["test"], errors["test, tangent kernel"]
    relative, best = test / constant_error(shared.data.y_test), test.argmin()
    set_now(artists[0]["best"], result.tau, relative[: frame + 1].min(), "*")
    set_now(artists[0]["now"], result.tau, relative[frame])
    end, now = run.times[[-1, frame]]
    set_paths(axes[1], artists[1], run.times, errors, frame, (end * 1e-5, end * 1.2), (1e-4, 2))
    w = run.w[frame]
    mass = np.linalg.norm(shared.net.positions(w), axis=-1)
    angles = neuron_angles(shared.net, w, shared.teacher)
    mean = feature_angle(shared.net, w, shared.teacher)
    set_features(artists[2], angles, mass / mass.sum(), shared.net.unpack(w)[1], mean)
    moved, at_end = (displacement(each, result.w0) for each in (w, run.w[-1]))
    return (
        f"{regime(at_end).capitalize()} training, at t = {written(now)}. "
        f"Relative to the zero predictor: training error {written(train[frame])}, test error "
        f"{test[frame]:.3f}, the tangent kernel's at this t {kernel[frame]:.3f}. "
        f"Relative to the best constant: test error {relative[frame]:.3f}; at the run's "
        f"best stop, t = {written(run.times[best])}, it is {relative[best]:.3f}. "
        f"Displacement {written(moved)}, mean angle to the teacher {mean:.0f}°."
    )
