"""The authors' training protocol against ours on the note's experiments: same data, one thread.

python benchmarks/experiments.py                            # all parts, on a few cells of each
python benchmarks/experiments.py generalization --draws 10 --every 1     # the whole of Figure 1(c)
python benchmarks/experiments.py width processes            # only these

Times are CPU time of one process (other programs do not count), but for "processes". The whole
grids take the authors' protocol more than an hour; so by default a few cells are measured, and what
is printed is the ratio on these. The authors' loop is ours, with all work in place.
"""

# ruff: noqa: E402
import os

for library in ("OPENBLAS", "OMP", "MKL"):  # they look when they are loaded
    os.environ[f"{library}_NUM_THREADS"] = "1"
os.environ["TQDM_DISABLE"] = "1"

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np

from lazylib.data import sphere
from lazylib.experiments import (
    GENERALIZATION,
    UNDERPARAMETERIZED,
    WIDTH,
    generalization,
    load,
    run,
    width,
)
from lazylib.experiments.draws import nth_draw
from lazylib.models import Scaled, TwoLayer
from lazylib.population import Population
from lazylib.trainers import sgd
from lazylib.widgets.population import still_falling

DATA = Path(__file__).resolve().parents[1] / "notebooks" / "data"


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
        """Take one step."""
        np.matmul(self.a, x.T, out=self.z)
        np.greater(self.z, 0, out=self.mask)
        np.copyto(self.on, self.mask)
        self.z *= self.on
        residual = self.alpha * (self.b @ self.z) - y
        residual *= self.step / (self.alpha * len(y))
        grad_b = self.z @ residual
        self.on *= residual
        np.matmul(self.on, x, out=self.grad)
        self.grad *= self.b[:, None]
        self.a -= self.grad
        self.b -= grad_b


def timed(function, *arguments, **options):
    start = time.process_time()
    result = function(*arguments, **options)
    return result, time.process_time() - start


def authors_generalization(settings, draw, tau):
    """10,000 steps of min(10, 0.1/τ²); tested at every tenth, which flatters it."""
    _, data, rng = nth_draw(draw, *(settings[name] for name in ("d", "n", "n_test")))
    net = TwoLayer(settings["d"], settings["m"])
    step = min(settings["largest_step"], settings["step_tau2"] / tau**2)
    loop = Loop(net, net.init(rng, tau), settings["n"], 1.0, step)
    zero, best = np.mean(data.y_test**2), np.inf
    for number in range(settings["steps"]):
        loop(data.x, data.y)
        if number % 10 == 9:
            error = np.mean((net.predict(loop.w, data.x_test) - data.y_test) ** 2) / zero
            best = min(best, error)
    return best, error


def report_generalization(draws, every):
    settings, stored = GENERALIZATION.scales["full"], load(DATA / "generalization.jsonl")
    tau = settings["grid"]["tau"][2::every]
    spread = stored.values["best"].std(axis=0, ddof=1) / np.sqrt(stored.values["best"].shape[0])
    spread_end = stored.values["end"].std(axis=0, ddof=1) / np.sqrt(stored.values["end"].shape[0])
    totals, gaps, gaps_end = np.zeros(3), [], []
    print("ours: the best stop only, with accuracy 0.05; and both curves as the figure has them")
    print("    τ     authors best, end     ours best, end    seconds: authors, best only, both")
    for value in tau:
        theirs, ours, both, seconds = [], [], [], np.zeros(3)
        for draw in range(draws):
            generalization.setting(draw, *(settings[k] for k in ("d", "m", "n", "n_test")))
            result, time_theirs = timed(authors_generalization, settings, draw, value)
            quick = settings | {"to_end": False, "accuracy": 0.05}
            cut, time_cut = timed(generalization.cell, quick, draw=draw, tau=value)
            whole, time_both = timed(generalization.cell, settings, draw=draw, tau=value)
            theirs.append(result)
            ours.append(cut["best"])
            both.append(whole["end"])
            seconds += time_theirs, time_cut, time_both
        totals += seconds
        k = settings["grid"]["tau"].index(value)
        best, end = np.mean(theirs, axis=0)
        gaps.append((np.mean(ours) - best) / spread[k])
        gaps_end.append((np.mean(both) - end) / spread_end[k])
        line = f"{value:8.4f}  {best:.4f} {end:.4f}      {np.mean(ours):.4f} {np.mean(both):.4f}   "
        print(line, "  ".join(f"{s:6.2f}" for s in seconds), flush=True)
    print(f"on {len(tau)} of 33 τ × {draws} of 10 draws, authors' time over ours:", end=" ")
    print(f"{totals[0] / totals[1]:.1f} for the best stop, {totals[0] / totals[2]:.1f} for both")
    print("differences in standard errors of the curve: ", end="")
    print(f"best stop {np.abs(gaps).max():.2f}, end {np.abs(gaps_end).max():.2f} at most")


def authors_width(settings, draw, scaling, m):
    """25,000 steps of 5/m or 100/m; the exact population error at the end."""
    target, data, rng = nth_draw(draw, settings["d"], settings["n"])
    net, alpha = TwoLayer(settings["d"], m), width.ALPHA[scaling](m)
    step = settings["t_max times m"][scaling] / m / 25_000
    loop = Loop(net, net.init(rng, settings["tau"]), settings["n"], alpha, step)
    for _ in range(25_000):
        loop(data.x, data.y)
    population = Population(target)
    return population.loss(Scaled(net, alpha), loop.w) / population.zero_loss()


def report_width(draws, widths):
    settings, stored = WIDTH.scales["full"], load(DATA / "width.jsonl")
    spread = stored.values["end"].std(axis=0, ddof=1) / np.sqrt(stored.values["end"].shape[0])
    totals, gaps = np.zeros(2), []
    print("scaling    m   authors    ours    standard error   seconds: authors, ours")
    for row, scaling in enumerate(settings["grid"]["scaling"]):
        for m in widths:
            pairs, seconds = [], np.zeros(2)
            for draw in range(draws):
                theirs, time_theirs = timed(authors_width, settings, draw, scaling, m)
                ours, time_ours = timed(width.cell, settings, draw=draw, scaling=scaling, m=m)
                pairs.append((theirs, ours["end"]))
                seconds += time_theirs, time_ours
            totals += seconds
            (theirs, ours), error = np.mean(pairs, 0), spread[row, settings["grid"]["m"].index(m)]
            gaps.append((ours - theirs) / error)
            print(f"{scaling:6} {m:5}   {theirs:.4f}   {ours:.4f}   {error:.4f}", end="          ")
            print("  ".join(f"{s:6.2f}" for s in seconds), flush=True)
    print(f"authors' time over ours: {totals[0] / totals[1]:.1f};", end=" ")
    print(f"differences in standard errors of the curve: {np.abs(gaps).max():.2f} at most")


def authors_underparameterized(settings, draw, tau):
    """Fresh samples for each τ; steps of min(0.05/τ², 15), as large as ours are on average."""
    target, _, rng = nth_draw(draw, settings["d"])
    for_weights, for_samples, _ = rng.spawn(3)
    net, size = TwoLayer(settings["d"], settings["m"]), settings["batch_size"]
    step = min(0.05 / tau**2, 15)
    loop = Loop(net, net.init(for_weights, tau), size, 1.0, step)
    for _ in range(settings["steps"]):
        x = sphere(for_samples, size, settings["d"])
        loop(x, target(x))
    population = Population(target)
    return population.loss(net, loop.w) / population.zero_loss(), step * settings["steps"]


def ours_underparameterized(settings, draw):
    """All τ share each fresh batch; steps follow the sharpness."""
    target, _, rng = nth_draw(draw, settings["d"])
    for_weights, for_samples, _ = rng.spawn(3)
    net, population = TwoLayer(settings["d"], settings["m"]), Population(target)
    w0 = net.init(for_weights, np.array(settings["tau"]))
    options = {name: settings[name] for name in ("batch_size",)}
    run = sgd(net, target, w0, rng=for_samples, n_steps=settings["steps"], record=2, **options)
    return population.loss(net, run.w[-1]) / population.zero_loss(), run.times[-1]


def report_underparameterized(draws, steps):
    settings, stored = UNDERPARAMETERIZED.scales["full"], load(DATA / "underparameterized.jsonl")
    whole, settings = settings["steps"], settings | {"steps": steps}
    totals, gaps = np.zeros(2), []
    for draw in range(draws):
        (ours, _), seconds = timed(ours_underparameterized, settings, draw)
        totals[1] += seconds
        theirs = []
        for tau in settings["tau"]:
            (error, _), seconds = timed(authors_underparameterized, settings, draw, tau)
            totals[0] += seconds
            theirs.append(error)
        gaps.append(ours - theirs)
    print(
        f"{steps} steps, {len(settings['tau'])} τ, {draws} draws: authors {totals[0]:.1f} s, ours"
    )
    print(f"{totals[1]:.1f} s; authors' time over ours: {totals[0] / totals[1]:.2f}")
    if steps == whole:
        spread = stored.values["exact"].std(axis=0, ddof=1) / np.sqrt(len(stored.values["exact"]))
        settled = ~still_falling(stored)
        units = np.abs(np.mean(gaps, axis=0))[settled] / spread[settled]
        print("differences where the loss had settled, in standard errors:", np.round(units, 2))


def report_processes(jobs=(1, 2)):
    """Wall time of the same cells with one process and with two."""
    settings = GENERALIZATION.scales["full"]
    grid = {"draw": [0, 1, 2, 3], "tau": settings["grid"]["tau"][::4]}
    part = GENERALIZATION._replace(scales={"full": settings | {"grid": grid}})
    seconds = []
    for number in jobs:
        with tempfile.TemporaryDirectory() as folder:
            start = time.perf_counter()
            run(part, folder=folder, n_jobs=number)
            seconds.append(time.perf_counter() - start)
    print(f"{len(grid['draw']) * len(grid['tau'])} cells of Figure 1(c): one process", end=" ")
    print(
        f"{seconds[0]:.1f} s, two {seconds[1]:.1f} s: {seconds[0] / seconds[1]:.2f} times as fast"
    )


def main():
    parts = ["generalization", "width", "underparameterized", "processes"]
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of: {', '.join(parts)}")
    parser.add_argument("--draws", type=int, default=1, help="draws of each cell (1)")
    parser.add_argument("--every", type=int, default=6, help="take every so many-th τ (6)")
    parser.add_argument("--widths", type=int, nargs="+", default=[8, 32, 128], metavar="M")
    parser.add_argument("--steps", type=int, default=2000, help="of SGD (2000; the note: 20000)")
    chosen = parser.parse_args()
    if unknown := set(chosen.parts) - set(parts):
        parser.error(f"no part is called {', '.join(sorted(unknown))}; there are {parts}")
    reports = {
        "generalization": lambda: report_generalization(chosen.draws, chosen.every),
        "width": lambda: report_width(chosen.draws, chosen.widths),
        "underparameterized": lambda: report_underparameterized(chosen.draws, chosen.steps),
        "processes": report_processes,
    }
    for part in chosen.parts or parts:
        print(f"-- {part}")
        reports[part]()


if __name__ == "__main__":
    main()
