"""A gauge of Eq. (7): how lazy will training be? Guess, then train, then compare."""

from lazylib.experiments.criterion import ACTIVATIONS, foresee
from lazylib.plots.criterion import GUESSES, criterion_panels, fill_criterion
from lazylib.widgets import panel


def explore_criterion(
    tau=0.3,
    alpha=1.0,
    m=50,
    activation="ReLU",
    doubling=True,
    seed=0,
    guess=GUESSES[0],
    train=False,
):
    """Return the slider panel of notebook 05: Eq. (7) before training, the displacement after.

    Parameters
    ----------
    tau, alpha : float
        From 0.01 to 10, and from 0.01 to 100.
    m : int
        2 to 200, even with ``doubling``.
    activation : {"ReLU", "tanh", "softplus", "GELU"}
    doubling : bool
    seed : int
        Of teacher, data and weights.
    guess : {"no guess yet", "lazy", "in between", "active"}
        It cannot be changed once the network was trained.
    train : bool
        Whether to train; a change of any setting switches it off again.

    Returns
    -------
    Explorer
    """
    controls = {
        "tau": panel.log_slider("τ", tau, 0.01, 10),
        "alpha": panel.log_slider("α", alpha, 0.01, 100),
        "m": panel.whole_slider("neurons m", m, 2, 200, even_with="doubling"),
        "activation": panel.choice("activation", activation, ACTIVATIONS),
        "doubling": panel.check("doubling trick", doubling),
        "seed": panel.seed("draw no.", seed),
        "guess": panel.choice("my guess", guess, GUESSES),
        "train": panel.press("train", train, after="guess"),
    }
    figure = 12.0, 4.3, criterion_panels
    words = "The criterion of Eq. (7)"
    return panel.Explorer(words, controls, figure, foresee, fill_criterion, views=("guess",))
