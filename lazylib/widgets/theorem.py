"""Theorem 3.2 and its lemmas under a slider α: what is promised, and what happens."""

import ipywidgets
import numpy as np

from lazylib import theory_plots
from lazylib.comparison import compare
from lazylib.data import Dataset, teacher
from lazylib.losses import log_cosh, quadratic
from lazylib.models import Centred, TwoLayer
from lazylib.theory import FirstLayer
from lazylib.widgets.panel import Canvas, Explorer, animate, log_slider

#: The α that are trained together, so that the slider only shows stored runs.
ALPHAS = np.logspace(0, 3, 13)
_LOSSES = {"quadratic, κ = 1": quadratic, "log-cosh, κ = 4": log_cosh(0.25)}


def smooth_network(n, start, layers, seed, activation="tanh", m=100, d=5):
    """Return a smooth network that is 0 at w₀, with w₀ and a sample of a teacher.

    Parameters
    ----------
    n : int
        Training points.
    start : {"f − f(w₀)", "doubling"}
        How the network becomes 0 at w₀.
    layers : {"both", "first"}
        Which layers are trained.
    seed : int
    """
    rng = np.random.default_rng(seed)
    data = Dataset.from_teacher(rng, teacher(rng, d), n)
    model = TwoLayer(d, m, activation=activation, scale=1 / np.sqrt(m))
    w0 = model.init(rng, doubling=start == "doubling")
    if layers == "first":
        a, b = model.unpack(w0)
        model, w0 = FirstLayer(model, b), a.reshape(-1)
    return (model if start == "doubling" else Centred(model, w0)), w0, data


def sweep(n, start, layers, loss, seed):
    """Train `smooth_network` for all `ALPHAS`, beside its tangent model."""
    model, w0, data = smooth_network(n, start, layers, seed)
    return compare(model, w0, data, ALPHAS, loss=_LOSSES[loss], frames=40, accuracy=1e-13)


def describe(result, i):
    """Say in words what the theorem promises for α number i, and what happened."""
    alpha, theorem = result.alpha[i], result.theorem
    promised = "promises this bound" if alpha > theorem.threshold else "promises nothing yet"
    _, bound = result.lemma_bounds(i)
    slopes = ", ".join(f"{slope:.2f}" for slope, _ in result.slopes(at_least=99))
    kept = "holds" if result.keeps_bound[i] else "is broken"
    return (
        f"At α = {alpha:.3g} the theorem {promised}: it speaks beyond α = {theorem.threshold:.3g}; "
        f"the bound {kept}. Displacement {result.suprema[0, i]:.2g}; the network stays within "
        f"{result.gap[:, i].max():.1g} of its tangent model, where Lemma A.1 allows {bound:.1g}. "
        f"Slopes over α from 100 to 1,000: {slopes}."
    )


def panels(figure):
    """Make the three panels: distance to f*, gap to the tangent model, rates."""
    axes = figure.subplots(1, 3)
    figure.subplots_adjust(left=0.06, right=0.985, top=0.92, bottom=0.31, wspace=0.29)
    makers = (
        theory_plots.distance_artists,
        theory_plots.gap_artists,
        theory_plots.rates_artists,
    )
    return axes, [make(ax) for make, ax in zip(makers, axes, strict=True)]


def draw(axes, artists, result, i):
    """Fill the three panels for α number i."""
    size, theorem = np.linalg.norm(result.data.y), result.theorem
    lemma, gap_bound = result.lemma_bounds(i)
    tangent = np.linalg.norm(result.tangent_y[:, i] - result.data.y, axis=-1)
    bound, alpha = theorem.bound(result.times, result.alpha[i]), result.alpha[i]
    curves = [v / size for v in (result.distance[:, i], tangent, lemma, bound)]
    theory_plots.set_distance(axes[0], artists[0], result.times, *curves, alpha > theorem.threshold)
    theory_plots.set_gap(axes[1], artists[1], result.times, result.gap[:, i], gap_bound)
    rates = result.alpha, result.suprema, theorem.threshold, alpha
    theory_plots.set_rates(axes[2], artists[2], *rates)


def explore_theorem(alpha=10.0, n=4, start="f − f(w₀)", layers="first", loss=None, seed=0):
    """Return the slider panel of notebook 04: a bound, and what it bounds, as α grows.

    Parameters
    ----------
    alpha : float
        Initial value of the log slider; it moves over stored runs.
    n : int
        Training points, 3 to 6.
    start : {"f − f(w₀)", "doubling"}
    layers : {"first", "both"}
        Which layers are trained.
    loss : {"quadratic, κ = 1", "log-cosh, κ = 4"}, optional
    seed : int
        The button "new draw" counts it up.

    Returns
    -------
    Explorer
    """
    wide = {"style": {"description_width": "initial"}, "layout": {"width": "auto"}}

    def choice(options, value, description):
        return ipywidgets.Dropdown(options=options, value=value, description=description, **wide)

    settings = {
        "n": choice([3, 4, 5, 6], n, "points n"),
        "start": choice(["f − f(w₀)", "doubling"], start, "zero at the start by"),
        "layers": choice(["first", "both"], layers, "trained layers"),
        "loss": choice(list(_LOSSES), loss or next(iter(_LOSSES)), "loss"),
        "seed": ipywidgets.BoundedIntText(value=seed, min=0, max=10**6),
    }
    views = {"alpha": log_slider(alpha, 0, 3, "α", step=0.25)}
    new = ipywidgets.Button(description="new draw", layout={"width": "auto"})
    new.on_click(lambda _: setattr(settings["seed"], "value", settings["seed"].value + 1))
    canvas = Canvas(13.5, 5.0, panels)
    axes, artists = canvas.artists
    for each in artists:
        animate(each)

    def show(result, alpha, **_):
        i = int(np.abs(np.log(ALPHAS / alpha)).argmin())
        draw(axes, artists, result, i)
        return describe(result, i)

    rows = [
        [views["alpha"], new],
        [settings["n"], settings["start"], settings["layers"], settings["loss"]],
    ]
    return Explorer(canvas, settings, views, sweep, show, rows)
