"""The authors' training protocol against ours on the note's experiments: same data, one thread.

python benchmarks/experiments.py                            # all parts, times on a few cells
python benchmarks/experiments.py generalization --draws 10 --every 1     # the whole of Figure 1(c)
python benchmarks/experiments.py width processes            # only these

Times are CPU time of one process (other programs do not count), but for "processes". Whether the
curves agree is read off the whole grids, which stand in notebooks/data and, for the authors'
protocol, in benchmarks/data: benchmarks/authors.py makes these, in an hour.
"""

import argparse
import os
import tempfile
import time

import measure  # isort: skip  # noqa: F401 (it must come before NumPy)

import numpy as np
from authors import AUTHORS, DATA

from lazylib.experiments import (
    GENERALIZATION,
    UNDERPARAMETERIZED,
    WIDTH,
    load,
    mean_and_error,
    run,
    space_setting,
    stored,
)
from lazylib.experiments.underparameterized import train
from lazylib.trainers import status

os.environ["TQDM_DISABLE"] = "1"
OURS = {e.name: e for e in (GENERALIZATION, WIDTH, UNDERPARAMETERIZED)}


def timed(experiment, point, **changed):
    """Seconds of CPU time that a cell takes."""
    start = time.process_time()
    experiment.cell(experiment.scales["full"] | changed, **point)
    return time.process_time() - start


def in_turns(name, points, variants):
    """Seconds of the authors' protocol, and of variants of ours, summed over cells of the grid."""
    seconds = np.zeros(1 + len(variants))
    for point in points:
        seconds[0] += timed(AUTHORS[name], point)
        seconds[1:] += [timed(OURS[name], point, **changed) for changed in variants]
    return seconds


def differences(name, curve):
    """Ours less the authors', in standard errors, and where their training had converged.

    Returns
    -------
    gaps : ndarray
        At each point of the grid but for the draws: the difference of the means, divided by the
        standard error of the authors' mean.
    converged : ndarray of bool
        Figure 1(c): in most draws their training loss had settled, by `lazylib.trainers.status`.
        Figure 6(a): and an eighth of their step does not change the point by a third of a standard
        error, where that was tried. Figure 6(b): the loss fell by 1 % at most over the last tenth.
    """
    ours, theirs = stored(name).values, load(DATA / f"{name}.jsonl").values
    mean, error = mean_and_error(theirs[curve])
    gaps = (ours[curve].mean(axis=0) - mean) / error
    if name == "underparameterized":
        return gaps, (theirs["before"] <= 1.01 * theirs["exact"]).mean(axis=0) > 0.5
    ended = status(theirs["train"], theirs["train_before"], 1.0)
    converged = (ended == "converged").mean(axis=0) > 0.5
    if name == "width":
        finer, m = load(DATA / "width-eighth.jsonl"), WIDTH.scales["full"]["grid"]["m"]
        tried = [m.index(value) for value in finer.grid["m"]]
        change = finer.values["end"].mean(axis=0) - mean[:, tried]
        converged[:, tried] &= np.abs(change) < error[:, tried] / 3
    return gaps, converged


def report_agreement(name, *curves):
    for curve in curves:
        gaps, converged = differences(name, curve)
        gaps = np.abs(gaps)
        print(f"  {curve}: ours and theirs differ by {gaps[converged].max():.2f} standard", end=" ")
        print(
            f"errors at most (wanted: 0.33) where theirs had converged, {converged.sum()}", end=" "
        )
        print(f"of {gaps.size} points; by {gaps.max():.2f} anywhere, median {np.median(gaps):.2f}")


def report_generalization(draws, every, **_):
    settings = GENERALIZATION.scales["full"]
    taus = settings["grid"]["tau"][::every]
    theirs = both = best = 0.0
    for draw in range(draws):
        # the kernels that all τ share, which the authors' protocol does not need
        space_setting(draw, *(settings[name] for name in ("d", "m", "n", "n_test")))
        points = [{"draw": draw, "tau": tau} for tau in taus]
        seconds = in_turns("generalization", points, [{}, {"to_end": False}])
        theirs, both, best = theirs + seconds[0], both + seconds[1], best + seconds[2]
    print(f"  {len(taus)} of 33 τ × {draws} of 10 draws: authors {theirs:.1f} s;", end=" ")
    print(f"ours {both:.1f} s with both curves, {best:.1f} s to the best stop:", end=" ")
    print(f"ratios {theirs / both:.1f}, {theirs / best:.1f} (wanted: 20)")
    report_agreement("generalization", "best", "end")


def report_width(draws, widths, **_):
    grid = WIDTH.scales["full"]["grid"]
    points = [
        {"draw": draw, "scaling": scaling, "m": m}
        for draw in range(draws)
        for scaling in grid["scaling"]
        for m in widths
    ]
    theirs, ours = in_turns("width", points, [{}])
    print(f"  m = {widths}, both scalings, {draws} of 5 draws: authors {theirs:.1f} s,", end=" ")
    print(f"ours {ours:.1f} s: ratio {theirs / ours:.1f} (wanted: 5)")
    report_agreement("width", "end")


def report_underparameterized(draws, steps, **_):
    settings = UNDERPARAMETERIZED.scales["full"] | {"steps": steps}
    theirs = ours = 0.0
    for draw in range(draws):
        start = time.process_time()
        train(settings, draw)
        ours += time.process_time() - start
        points = [{"draw": draw, "tau": tau} for tau in settings["tau"]]
        theirs += sum(timed(AUTHORS["underparameterized"], p, steps=steps) for p in points)
    print(f"  {steps} steps, {len(settings['tau'])} τ, {draws} of 5 draws: authors", end=" ")
    print(f"{theirs:.1f} s, ours {ours:.1f} s: ratio {theirs / ours:.2f} (wanted: 2)")
    report_agreement("underparameterized", "exact")


def report_processes(**_):
    """Wall time of the same cells with one process and with two."""
    settings = GENERALIZATION.scales["full"]
    grid = settings["grid"] | {"tau": settings["grid"]["tau"][::2]}
    part = GENERALIZATION._replace(scales={"full": settings | {"grid": grid}})
    seconds = []
    for number in (1, 2):
        with tempfile.TemporaryDirectory() as folder:
            start = time.perf_counter()
            run(part, folder=folder, n_jobs=number)
            seconds.append(time.perf_counter() - start)
    print(f"  {len(grid['draw']) * len(grid['tau'])} cells of Figure 1(c): one process", end=" ")
    print(f"{seconds[0]:.1f} s, two {seconds[1]:.1f} s:", end=" ")
    print(f"{seconds[0] / seconds[1]:.2f} times as fast (wanted: 1.7)")


REPORTS = {
    "generalization": report_generalization,
    "width": report_width,
    "underparameterized": report_underparameterized,
    "processes": report_processes,
}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "parts", nargs="*", metavar="PART", help=f"{', '.join(REPORTS)}; default: all"
    )
    parser.add_argument("--draws", type=int, default=1, help="draws of each cell (1)")
    parser.add_argument("--every", type=int, default=6, help="take every so many-th τ (6)")
    parser.add_argument("--widths", type=int, nargs="+", default=[8, 32, 128], metavar="M")
    parser.add_argument("--steps", type=int, default=2000, help="of SGD (2000; the note: 20000)")
    chosen = vars(parser.parse_args())
    parts = chosen.pop("parts") or list(REPORTS)
    if unknown := set(parts) - set(REPORTS):
        parser.error(f"there is no {', '.join(sorted(unknown))}; there are {', '.join(REPORTS)}")
    for part in parts:
        print(f"-- {part}", flush=True)
        REPORTS[part](**chosen)


if __name__ == "__main__":
    main()
