"""What Eq. (7) foretells, beside what happened."""

import numpy as np

from lazylib.plots.colors import FAINT, FOURTH, INK, THIRD

_LOOKS = {
    "Eq. (7)": {"color": INK, "marker": "v"},
    "sharper form": {"color": FOURTH, "marker": "D"},
    "1/(mτ²) alone": {"color": THIRD, "marker": "x"},
}


def foretold(axes, results):
    """Draw forecasts against the measured change of Df, as they are and times mτ².

    Parameters
    ----------
    axes : two Axes
    results : ndarray of shape (..., 4)
        Eq. (7), its sharper form, 1/(mτ²), and the change that was measured.
    """
    runs = results.reshape(-1, 4)
    for ax, scale in zip(axes, (1.0, runs[:, 2:3]), strict=True):
        *forecasts, measured = (runs / scale).T
        for (name, look), forecast in zip(_LOOKS.items(), forecasts, strict=True):
            ax.loglog(forecast, measured, linestyle="", markersize=6, alpha=0.7, label=name, **look)
        ends = np.array([measured.min() / 2, measured.max() * 2])
        ax.plot(ends, ends, color=FAINT, label="foretold = measured")
    axes[0].set(title="As they are", xlabel="foretold, before training")
    axes[0].set(ylabel="measured ‖Df_w − Df_w₀‖ / ‖Df_w₀‖")
    axes[1].set(title="Both times mτ²", xlabel="foretold × mτ²", ylabel="measured × mτ²")
    axes[0].legend()
