"""Kernels: from finite width to the limit (Figure 4), and what they make of data on the circle."""

from lazylib.experiments.predictors import train_four
from lazylib.experiments.realizations import draw_realizations
from lazylib.plots.kernels import fill_kernels, fill_predictors, kernel_panels, predictor_panels
from lazylib.widgets import panel


def explore_kernels(m=20, d=10, seed=0):
    """Return the panel of Figure 4: kernels of m random neurons, and their limit.

    Parameters
    ----------
    m, d : int
        Width, up to 1000, and dimension of the sphere, 2 to 100.
    seed : int

    Returns
    -------
    Explorer
    """
    controls = {
        "m": panel.log_slider("width m", m, 1, 1000, whole=True),
        "d": panel.whole_slider("dimension d", d, 2, 100),
        "seed": panel.seed("draw no.", seed),
    }
    figure = 12.8, 4.2, kernel_panels
    words = "Kernels of finite width"
    return panel.Explorer(words, controls, figure, draw_realizations, fill_kernels, views=("d",))


def explore_predictors(
    tau=1.0, alpha=1.0, t=1e3, m=50, n=8, seed=2, labels="teacher", biases=False
):
    """Return the panel of four predictors: network, tangent model, and two kernels, at equal t.

    Parameters
    ----------
    tau, alpha, t : float
        From 0.03 to 3, from 0.1 to 100, and from 0.01 to 1000.
    m, n : int
        Neurons, an even number up to 400, and training points, 2 to 40.
    seed : int
        Of the initial weights.
    labels : {"teacher", "cos 3 theta"}
        What is learnt.
    biases : bool
        Whether neurons have them, by a last coordinate of x that is always 1 (footnote 4).

    Returns
    -------
    Explorer
    """
    controls = {
        "tau": panel.log_slider("τ", tau, 0.03, 3),
        "alpha": panel.log_slider("α", alpha, 0.1, 100),
        "t": panel.log_slider("time t", t, 0.01, 1000),
        "m": panel.whole_slider("neurons m", m, 2, 400, even=True),
        "n": panel.whole_slider("points n", n, 2, 40),
        "seed": panel.seed("weights no.", seed),
        "labels": panel.choice("labels", labels, ["teacher", "cos 3 theta"]),
        "biases": panel.check("biases", biases),
    }
    figure = 12.0, 4.8, predictor_panels
    words = "Four predictors at equal time"
    return panel.Explorer(words, controls, figure, train_four, fill_predictors, views=("t",))
