"""The note's experiments by its authors' protocol: plain gradient descent with a fixed step.

python benchmarks/authors.py            # what is missing in benchmarks/data, on all cores (an hour)
python benchmarks/authors.py width      # only this one

It reads the steps of Figure 6(b) off notebooks/data. Settings, draws of data and of weights are
those of `lazylib.experiments`. All work is in place: on one core, NumPy takes no less for these
steps. Each cell notes its seconds of CPU time.
"""

import argparse
import time
from pathlib import Path

import measure  # isort: skip  # noqa: F401 (it must come before NumPy)

import numpy as np

from lazylib.data import nth_draw, sphere
from lazylib.experiments import GENERALIZATION, UNDERPARAMETERIZED, WIDTH, Experiment, run, stored
from lazylib.experiments.width import ALPHA
from lazylib.models import Scaled, TwoLayer
from lazylib.theory import Population

DATA = Path(__file__).resolve().parent / "data"


class Loop:
    """Gradient descent on (1/α²) (1/2n) Σ (αf(x) − y)² with a fixed step, all in place."""

    def __init__(self, net, w, n, alpha, step):
        self.alpha, self.step = alpha, step
        self.w = w.copy()
        self.a, self.b = net.unpack(self.w)
        self.z, self.on = np.empty((2, net.m, n))
        self.mask = np.empty((net.m, n), bool)
        self.grad = np.empty_like(self.a)

    def __call__(self, x, y):
        """Take one step; return the mean square error before it."""
        np.matmul(self.a, x.T, out=self.z)
        np.greater(self.z, 0, out=self.mask)
        np.copyto(self.on, self.mask)
        self.z *= self.on
        residual = self.alpha * (self.b @ self.z) - y
        error = residual @ residual / len(y)
        residual *= self.step / (self.alpha * len(y))
        grad_b = self.z @ residual
        self.on *= residual
        np.matmul(self.on, x, out=self.grad)
        self.grad *= self.b[:, None]
        self.a -= self.grad
        self.b -= grad_b
        return error


def generalization(settings, draw, tau):
    """Figure 1(c): 10,000 steps of min(10, 0.1/τ²); tested at every tenth, which flatters it."""
    _, data, rng = nth_draw(draw, *(settings[name] for name in ("d", "n", "n_test")))
    net = TwoLayer(settings["d"], settings["m"])
    step = min(settings["largest_step"], settings["step_tau2"] / tau**2)
    start = time.process_time()
    loop = Loop(net, net.init(rng, tau), settings["n"], 1.0, step)
    zero, errors, train = np.mean(data.y_test**2), [], []
    for number in range(settings["steps"]):
        train.append(loop(data.x, data.y))
        if number % 10 == 9:
            errors.append(np.mean((net.predict(loop.w, data.x_test) - data.y_test) ** 2) / zero)
    seconds = time.process_time() - start
    return {"best": min(errors), "end": errors[-1], **training(train, data.y), "seconds": seconds}


def width(settings, draw, scaling, m):
    """Figure 6(a): equal steps to the same end; 25,000 are steps of 5/m or 100/m. Exact error."""
    target, data, rng = nth_draw(draw, settings["d"], settings["n"])
    net, alpha = TwoLayer(settings["d"], m), ALPHA[scaling](m)
    step = settings["t_max times m"][scaling] / m / settings["steps"]
    start = time.process_time()
    loop = Loop(net, net.init(rng, settings["tau"]), settings["n"], alpha, step)
    train = [loop(data.x, data.y) for _ in range(settings["steps"])]
    seconds = time.process_time() - start
    population = Population(target)
    end = population.loss(Scaled(net, alpha), loop.w) / population.zero_loss()
    return {"end": end, **training(train, data.y), "seconds": seconds}


def underparameterized(settings, draw, tau):
    """Figure 6(b): one τ at a time; the fixed step is the mean of ours, for the same t."""
    target, _, rng = nth_draw(draw, settings["d"])
    for_weights, for_samples, _ = rng.spawn(3)
    net, size = TwoLayer(settings["d"], settings["m"]), settings["batch_size"]
    step = settings["step"][draw][settings["grid"]["tau"].index(tau)]
    start = time.process_time()
    loop = Loop(net, net.init(for_weights, tau), size, 1.0, step)
    population, errors = Population(target), {}
    for number in range(1, settings["steps"] + 1):
        x = sphere(for_samples, size, settings["d"])
        loop(x, target(x))
        if number in (settings["steps"] * 9 // 10, settings["steps"]):
            errors[number] = population.loss(net, loop.w) / population.zero_loss()
    before, exact = errors.values()
    seconds = time.process_time() - start
    return {"exact": exact, "before": before, "t": step * settings["steps"], "seconds": seconds}


def training(errors, y):
    """The training error relative to the zero predictor's, at the end and at nine tenths."""
    zero = np.mean(y**2)
    return {"train": errors[-1] / zero, "train_before": errors[len(errors) * 9 // 10] / zero}


def _of(experiment, *left_out, **more):
    settings = experiment.scales["full"] | more
    return {"full": {name: value for name, value in settings.items() if name not in left_out}}


def _seconds(settings, draw, m=50, **_):
    """Seconds that a cell takes, about."""
    return settings["steps"] * settings.get("n", 200) * m * 1e-8


_SGD = UNDERPARAMETERIZED.scales["full"]
_STEP = stored("underparameterized").values["t"] / _SGD["steps"]
AUTHORS = {
    "generalization": Experiment(
        "generalization", generalization, _seconds, _of(GENERALIZATION, "accuracy", "to_end")
    ),
    "width": Experiment(
        "width", width, _seconds, _of(WIDTH, "accuracy", "max_steps", steps=25_000)
    ),
    # eight times as many steps of an eighth: what changes had not converged in the step
    "width-eighth": Experiment(
        "width-eighth",
        width,
        _seconds,
        _of(
            WIDTH,
            *("accuracy", "max_steps"),
            steps=200_000,
            grid=WIDTH.scales["full"]["grid"] | {"m": [2, 4, 6, 8, 12, 24]},
        ),
    ),
    "underparameterized": Experiment(
        "underparameterized",
        underparameterized,
        _seconds,
        _of(
            UNDERPARAMETERIZED,
            *("accuracy", "tau", "n_estimate"),
            step=[[float(f"{step:.5g}") for step in row] for row in _STEP],
            grid=_SGD["grid"] | {"tau": _SGD["tau"]},
        ),
    ),
}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help=f"{', '.join(AUTHORS)}; default: all"
    )
    parser.add_argument("--jobs", type=int, default=-1, help="processes; default: one a core")
    chosen = parser.parse_args()
    if unknown := set(chosen.names) - set(AUTHORS):
        parser.error(f"there is no {', '.join(sorted(unknown))}; there are {', '.join(AUTHORS)}")
    experiments = [AUTHORS[name] for name in chosen.names or AUTHORS]
    run(*experiments, folder=DATA, n_jobs=chosen.jobs)
