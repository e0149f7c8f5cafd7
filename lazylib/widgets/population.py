"""SGD with fresh samples, one τ at a time, beside Figure 6(b) and the noiseless flow."""

from dataclasses import dataclass
from functools import lru_cache

import ipywidgets
import numpy as np

from lazylib import plots_experiments as plots
from lazylib.experiments import UNDERPARAMETERIZED, Results, mean_and_error
from lazylib.experiments.draws import nth_draw
from lazylib.experiments.underparameterized import tangent_minimum
from lazylib.laziness import STILL_FALLING, convergence_status, displacement, regime
from lazylib.models import TwoLayer
from lazylib.plots import INK, NEGATIVE, POSITIVE, THIRD
from lazylib.population import Population
from lazylib.trainers import gradient_flow, sgd
from lazylib.widgets.panel import Canvas, Explorer, animate, log_slider

_D, _M = (UNDERPARAMETERIZED.scales["full"][name] for name in ("d", "m"))
_FRAMES = 40
_STYLES = {
    "SGD, exact": {"color": POSITIVE},
    "SGD, its batches": {"color": INK, "linestyle": ":"},
    "flow, no noise": {"color": NEGATIVE, "linestyle": "--"},
}


@dataclass(frozen=True)
class PopulationRun:
    """A run of SGD with its errors by name, and those of the noiseless flow at the same times."""

    tau: float
    times: np.ndarray
    errors: dict
    displacement: float
    status: str
    local_minimum: float


def curves(results: Results):
    """Mean and standard error over the draws of all that Figure 6(b) shows."""
    return {name: mean_and_error(values) for name, values in results.values.items()}


def still_falling(results: Results):
    """Where SGD was still falling in most draws: a bool for each τ.

    It was if the exact loss dropped by more than `lazylib.laziness.STILL_FALLING` says over the
    last tenth of the steps.
    """
    exact, before = results.values["exact"], results.values["before"]
    falling = convergence_status(exact, before, np.ones_like(exact)) == "still falling"
    return falling.mean(axis=0) > 0.5


@lru_cache(maxsize=4)
def _setting(draw):
    target, _, rng = nth_draw(draw, _D)
    for_weights, _, _ = rng.spawn(3)
    net, population = TwoLayer(_D, _M), Population(target)
    unit = net.init(for_weights)
    return net, population, unit, tangent_minimum(population, net, unit) / population.zero_loss()


def train_on_population(tau, steps, batch_size, draw):
    """Train by SGD with fresh samples, and by the flow on the exact population loss."""
    net, population, unit, local_minimum = _setting(draw)
    w0, zero, rng = tau * unit, population.zero_loss(), np.random.default_rng(draw)
    options = {"n_steps": steps, "batch_size": batch_size, "record": _FRAMES}
    run = sgd(net, population.teacher, w0, rng=rng, **options)
    moving = np.append(True, np.diff(run.times) > 0)
    times, w, batches = run.times[moving], run.w[moving], run.train_loss[moving]
    exact = population.loss(net, w) / zero
    flow = gradient_flow(net, population, w0, t_max=times[-1], times=times).train_loss / zero
    before = np.interp(0.9 * times[-1], times, exact)
    errors = {"SGD, exact": exact, "SGD, its batches": batches / zero, "flow, no noise": flow}
    status = str(convergence_status(exact[-1], before, 1.0))
    return PopulationRun(tau, times, errors, displacement(w[-1], w0), status, local_minimum)


def describe(result):
    """Say in words how a run ended."""
    exact, flow = (result.errors[name][-1] for name in ("SGD, exact", "flow, no noise"))
    drop, of_zero = STILL_FALLING
    more, both = ("more", "and") if result.status == "still falling" else ("less", "or")
    return (
        f"{regime(result.displacement).capitalize()}, {result.status}: after t = "
        f"{result.times[-1]:.3g} the population loss is {exact:.3f} of the zero predictor's; "
        f"without noise it would be {flow:.3f}, and the best tangent model has "
        f"{result.local_minimum:.3f}. Displacement {result.displacement:.2g}. Over the last tenth "
        f"of the time it fell by {more} than {drop:.0%} of itself {both} {of_zero} of the zero "
        "predictor's."
    )


def panels(figure, results):
    """Make the two panels: Figure 6(b), and losses against time."""
    axes = figure.subplots(1, 2)
    figure.subplots_adjust(left=0.06, right=0.99, top=0.92, bottom=0.13, wspace=0.2)
    box = axes[0].get_position()
    axes[0].set_position([box.x0, box.y0, box.width - 0.1, box.height])  # room for the names
    tau = np.array(results.settings["tau"])
    plots.underparameterized(axes[0], tau, curves(results), still_falling(results))
    style = {"marker": "o", "linestyle": "", "markersize": 12, "markeredgecolor": INK}
    now = {"now": axes[0].plot([], [], color=NEGATIVE, **style)[0]}
    paths = plots.path_artists(axes[1], _STYLES, "This run, against time")
    least = {"color": THIRD, "linestyle": "-.", "label": "best tangent model"}
    paths["least"] = axes[1].plot([], [], linewidth=2, **least)[0]
    axes[1].legend(loc="lower left")
    return axes, [now, paths]


def draw_panels(axes, artists, result):
    """Fill the two panels."""
    artists[0]["now"].set_data([result.tau], [result.errors["SGD, exact"][-1]])
    end = result.times[-1]
    limits = (end * 1e-4, 1.2 * end)
    artists[1]["least"].set_data(limits, [result.local_minimum] * 2)
    last = len(result.times) - 1
    plots.set_paths(axes[1], artists[1], result.times, result.errors, last, limits, (1e-4, 2))


def explore_population(results, tau=0.2, steps=1000, batch_size=200, draw=2):
    """Return the slider panel of notebook 07: SGD with fresh samples from N(0, τ²), live.

    Parameters
    ----------
    results : Results
        The stored experiment, for the curve; it took 20,000 steps.
    tau : float
    steps, batch_size : int
    draw : int
        Number of the draw of teacher and weights; 0 to 4 are those of the curve.

    Returns
    -------
    Explorer
    """
    settings = {
        "tau": log_slider(tau, -2, 1, "τ", step=0.1),
        "steps": ipywidgets.SelectionSlider(
            value=steps, options=[200, 500, 1000, 2000, 5000, 10000, 20000], description="steps"
        ),
        "batch_size": ipywidgets.SelectionSlider(
            value=batch_size, options=[10, 20, 50, 100, 200, 500], description="batch"
        ),
        "draw": ipywidgets.BoundedIntText(
            value=draw, min=0, max=999, description="draw", layout={"width": "160px"}
        ),
    }
    canvas = Canvas(14, 5.2, lambda figure: panels(figure, results))
    axes, artists = canvas.artists
    for each in artists:
        animate(each)

    def show(result, **_):
        draw_panels(axes, artists, result)
        return describe(result)

    return Explorer(canvas, settings, {}, train_on_population, show, [[*settings.values()]])
