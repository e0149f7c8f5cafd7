"""Each draw for itself, where their mean would describe none."""

from lazylib.plots.colors import NEGATIVE, POSITIVE
from lazylib.plots.generalization import level


def draws(ax, tau, errors, groups, constant, title="Figure 1(c), each draw"):
    """Draw an error against τ, a line for each draw, by two groups of draws.

    Parameters
    ----------
    ax : Axes
    tau : ndarray of shape (T,)
    errors : ndarray of shape (draws, T)
        R/R(0) at the best stop.
    groups : dict of str to ndarray of bool, of shape (draws,)
    constant : ndarray of shape (draws,)
        R/R(0) of the best constant: a group's mean becomes a level.
    title : str
    """
    looks = ((POSITIVE, "-", "o"), (NEGATIVE, "--", "^"))
    for (name, chosen), (color, line, marker) in zip(groups.items(), looks, strict=True):
        style = {"color": color, "linestyle": line, "marker": marker, "markersize": 4}
        lines = ax.plot(tau, errors[chosen].T, alpha=0.8, linewidth=1.3, **style)
        lines[0].set_label(name)
        level(ax, constant[chosen].mean(), "best constant,\n" + name, color, (0, (1, 1)))
    ax.set(title=title, xscale="log", xlabel="size τ of the initial weights", ylim=(0, 1))
    ax.set(ylabel="best test error / zero predictor's")
    ax.legend(loc="upper left")
