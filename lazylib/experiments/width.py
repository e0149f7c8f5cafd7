"""Figure 6(a): the test error at the end of training against the width m, for two scalings α(m)."""

from lazylib.data import nth_draw
from lazylib.experiments.runner import Experiment
from lazylib.models import Scaled, TwoLayer
from lazylib.theory import Population, displacement
from lazylib.trainers import gradient_flow

FULL = {
    "d": 100,
    "n": 1000,
    # By homogeneity, N(0, 1) with labels 100 times as large is the same experiment.
    "tau": 0.1,
    # the end of the authors' training: 25,000 steps of 5/m and 100/m
    "t_max times m": {"1/m": 125_000.0, "1/√m": 2_500_000.0},
    "accuracy": 0.005,
    "max_steps": 10_000,
    "grid": {
        "draw": list(range(5)),
        "scaling": ["1/m", "1/√m"],
        "m": [2, 4, 6, 8, 12, 16, 24, 32, 64, 128, 256, 512],
    },
}
QUICK = FULL | {"accuracy": 0.05, "max_steps": 1000}
QUICK["grid"] = FULL["grid"] | {"draw": [2, 3], "m": [2, 4, 8, 16, 32, 64, 128]}

ALPHA = {"1/m": lambda m: 1 / m, "1/√m": lambda m: m**-0.5}


def cell(settings, draw, scaling, m):
    """Train one network αf, α = 1/m or 1/√m, until it fits the data or its time is over.

    Two neurons that cannot fit slide along kinks in tiny steps: ``max_steps`` ends them earlier,
    when their loss has long settled.

    Returns
    -------
    dict
        The exact population error R/R(0) at the ``end``, the error ``train`` on the training data,
        ``t_end``, the relative ``displacement``, and the number of ``gradients``.
    """
    target, data, rng = nth_draw(draw, settings["d"], settings["n"])
    net, alpha = TwoLayer(settings["d"], m), ALPHA[scaling](m)
    w0 = net.init(rng, settings["tau"])
    t_max = settings["t_max times m"][scaling] / m
    options = {name: settings[name] for name in ("accuracy", "max_steps")}
    run = gradient_flow(net, data, w0, t_max=t_max, record=2, alpha=alpha, **options)
    population, w = Population(target), run.w[-1]
    return {
        "end": population.loss(Scaled(net, alpha), w) / population.zero_loss(),
        "train": run.train_error[-1],
        "t_end": run.times[-1],
        "displacement": displacement(w, w0),
        "gradients": run.n_steps,
    }


def cost(settings, draw, scaling, m):
    """Seconds a cell takes, about."""
    return 1 + m / 80


WIDTH = Experiment("width", cell, cost, {"full": FULL, "quick": QUICK})
