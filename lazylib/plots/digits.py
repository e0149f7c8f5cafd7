"""Networks on the digits: the sweep over α, first-layer filters, and the panel of one run."""

import numpy as np

from lazylib.experiments.digits import right
from lazylib.experiments.runner import mean_and_error
from lazylib.plots.colors import INK, NEGATIVE, POSITIVE, THIRD
from lazylib.plots.generalization import path_artists, set_paths
from lazylib.plots.style import written
from lazylib.theory import displacement, regime

_STYLES = {
    "training": {"color": THIRD},
    "test": {"color": NEGATIVE},
    "test, its linearisation": {"color": INK, "linestyle": "--"},
}


def digits_sweep(axes, results, tangent):
    """Draw the sweep: right answers, displacement and change of the kernel against α.

    Parameters
    ----------
    axes : three Axes
    results, tangent : Results
        The stored experiments "digits" and "digits-tangent".
    """
    alpha = np.array(results.grid["alpha"])
    mean = {name: mean_and_error(values, axis=1) for name, values in results.values.items()}
    level, level_error = mean_and_error(tangent.values["right"], axis=1)
    parts = [("right", "test images told right"), ("displacement", "‖w − w₀‖ / ‖w₀‖")]
    parts.append(("kernel_change", "relative change of the kernel"))
    for ax, (name, label) in zip(axes, parts, strict=True):
        for k, network in enumerate(results.grid["network"]):
            values, error = (part[k] for part in mean[name])
            style = {"color": [NEGATIVE, POSITIVE][k], "marker": "os"[k], "capsize": 4}
            ax.errorbar(alpha, values, error, label=network, linewidth=2, markersize=8, **style)
            if name == "right":
                ax.axhline(level[k], color=style["color"], linestyle="--", linewidth=2)
                low, high = level[k] - level_error[k], level[k] + level_error[k]
                ax.axhspan(low, high, color=style["color"], alpha=0.12, linewidth=0)
        ax.axvline(1, color=INK, linestyle=":", linewidth=1)
        ax.set(
            xscale="log", xlabel="α", ylabel=label, yscale="log" if name != "right" else "linear"
        )
    axes[0].plot([], [], "--", color=INK, label="tangent model")
    axes[0].legend(loc="center left", bbox_to_anchor=(0, 0.3))


def filters(axes, rows, titles):
    """Draw images of weights, a row each, each row in gray values of its own.

    Parameters
    ----------
    axes : array of Axes, of shape (rows, columns)
    rows : list of ndarray of shape (filters, 8, 8)
    titles : list of str
    """
    for line, images, title in zip(axes, rows, titles, strict=True):
        size = np.abs(images[: len(line)]).max()
        for ax, image in zip(line, images, strict=False):
            ax.imshow(image, cmap="gray", vmin=-size, vmax=size)
            ax.set(xticks=[], yticks=[])
        line[0].set_title(title, loc="left")


def digits_panels(figure):
    """Make the panel of one run: errors against time, and the filters' change as one image."""
    axes = figure.subplots(1, 2, gridspec_kw={"width_ratios": [1.2, 1]})
    figure.subplots_adjust(left=0.08, right=0.98, top=0.9, bottom=0.32, wspace=0.2)
    paths = path_artists(axes[0], _STYLES, "Errors against time")
    image = axes[1].imshow(np.zeros((35, 35)), cmap="gray", vmin=-1, vmax=1)
    axes[1].set(xticks=[], yticks=[], title="What training has changed in 16 filters")
    size = axes[1].text(0.5, -0.05, "", transform=axes[1].transAxes, ha="center", va="top")
    return axes, [paths, image, size]


def fill_digits(axes, artists, result, frame):
    """Fill the panel with one frame of a run; return what it shows, in words."""
    run, w = result.run, result.run.w[frame]
    end = run.times[-1]
    limits = (end * 1e-4, end * 1.2), (0.05, 2)
    set_paths(axes[0], artists[0], run.times, result.errors, frame, *limits)
    weights = result.net.unpack(w)["0.weight"] - result.net.unpack(result.net.w0)["0.weight"]
    largest = np.abs(weights[:16]).max()
    artists[1].set_data(_mosaic(weights[:16] / (largest or 1)))
    artists[2].set_text(f"white and black: ±{written(largest)}")
    moved, at_end = (displacement(each, result.net.w0) for each in (w, run.w[-1]))
    told = right(result.predictions[frame], result.data)
    return (
        f"{regime(float(at_end)).capitalize()} training, at t = {written(run.times[frame])}: "
        f"{100 * told:.0f} % of the test images are told right, test error "
        f"{result.errors['test'][frame]:.2f} of the zero predictor's, that of the linearisation at "
        f"the same parameters {result.errors['test, its linearisation'][frame]:.2f}, displacement "
        f"{written(moved)}."
    )


def _mosaic(images):
    """Sixteen filters of 64 numbers, four by four, with lines of 0 between them."""
    tiles = np.zeros((4, 4, 9, 9))
    tiles[:, :, 1:, 1:] = images.reshape(4, 4, 8, 8)
    return tiles.swapaxes(1, 2).reshape(36, 36)[1:, 1:]
