"""What ends laziness, a panel each (notebook 08), and the clock of Theorem 3.4 (notebook 07)."""

from functools import lru_cache

from lazylib.experiments.clock import follow_clock
from lazylib.experiments.limits import (
    descend_with_step,
    train_and_round,
    train_classifier,
    train_on_noise,
)
from lazylib.plots import limits as plots
from lazylib.widgets import panel


def explore_time(alpha=10.0, decades=6, seed=0):
    """Return the panel of a classifier that leaves the lazy regime with time.

    Parameters
    ----------
    alpha : float
        From 3 to 100.
    decades : int
        Up to t = 10^``decades``, 1 to 10.
    seed : int

    Returns
    -------
    Explorer
    """
    controls = {
        "alpha": panel.log_slider("α", alpha, 3, 100),
        "decades": panel.whole_slider("decades of t", decades, 1, 10),
        "seed": panel.seed("draw no.", seed),
    }
    figure, views = (12.4, 4.9, plots.time_panels), ("decades",)
    words = "The logistic loss, and time"
    return panel.Explorer(words, controls, figure, train_classifier, plots.fill_time, views)


def explore_steps(factor=2.5, seed=0):
    """Return the panel of gradient descent with steps of ``factor``/λ_max.

    Parameters
    ----------
    factor : float
        From 1 to 6.
    seed : int

    Returns
    -------
    Explorer
    """
    controls = {
        "factor": panel.linear_slider("step · λ_max", factor, 1, 6),
        "seed": panel.seed("draw no.", seed),
    }
    figure = 12.4, 4.9, plots.steps_panels
    return panel.Explorer("Large steps", controls, figure, descend_with_step, plots.fill_steps)


def explore_bits(tau=1.0, seed=0):
    """Return the panel of the test error against the bits that are kept of the weights.

    Parameters
    ----------
    tau : float
        From 0.03 to 100.
    seed : int

    Returns
    -------
    Explorer
    """
    controls = {
        "tau": panel.log_slider("τ", tau, 0.03, 100),
        "seed": panel.seed("draw no.", seed),
    }

    def compute(tau, seed):
        return train_and_round(tau, seed), _others(seed)

    figure = 12.4, 4.9, plots.bits_panels
    return panel.Explorer("Few bits", controls, figure, compute, plots.fill_bits)


@lru_cache(maxsize=8)
def _others(seed):
    return [train_and_round(tau, seed) for tau in (0.1, 0.3, 1, 3, 10, 30, 100)]


def explore_noise(noise=1.0, tau=1.0, seed=0):
    """Return the panel of training on noisy labels, with its best stop.

    Parameters
    ----------
    noise : float
        From 0 to 3 times the labels' size.
    tau : float
        From 0.1 to 10.
    seed : int

    Returns
    -------
    Explorer
    """
    controls = {
        "noise": panel.linear_slider("noise", noise, 0, 3),
        "tau": panel.log_slider("τ", tau, 0.1, 10),
        "seed": panel.seed("draw no.", seed),
    }
    figure = 12.4, 4.9, plots.noise_panels
    return panel.Explorer("Noise in the labels", controls, figure, train_on_noise, plots.fill_noise)


def explore_clock(clock="t", m=4, seed=3):
    """Return the panel of Theorem 3.4: the population loss against t or t/α².

    Parameters
    ----------
    clock : {"t", "t/alpha^2"}
    m : int
        Width: 2 or 4.
    seed : int

    Returns
    -------
    Explorer
    """
    controls = {
        "clock": panel.choice("clock", clock, ["t", "t/alpha^2"]),
        "m": panel.whole_slider("neurons m", m, 2, 4, even=True),
        "seed": panel.seed("draw no.", seed),
    }
    figure = 12.4, 4.9, plots.clock_panels
    words = "The clock of Theorem 3.4"
    return panel.Explorer(words, controls, figure, follow_clock, plots.fill_clock, ("clock",))
