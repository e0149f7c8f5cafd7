"""What the benchmarks share: one thread on one CPU, timing in turns, and how numbers are shown."""

import os
import statistics
import time

# Libraries read these when they are loaded: import this module before NumPy.
os.environ |= {f"{library}_NUM_THREADS": "1" for library in ("OPENBLAS", "OMP", "MKL")}


def pin():
    """Keep this process on one CPU, where the system can."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


def in_turns(contestants, rounds):
    """Time functions in turns, so that whatever disturbs the machine disturbs all of them.

    Returns
    -------
    dict of list of float
        Seconds of CPU time (other programs do not count) of each contestant in each round.
    """
    times = {name: [] for name in contestants}
    for number in range(rounds + 1):
        for name, run in contestants.items():
            start = time.process_time()
            run()
            if number:  # the first round warms up and compiles
                times[name].append(time.process_time() - start)
    return times


def fastest(times, names):
    """Return the name with the smallest median time."""
    return min(names, key=lambda name: statistics.median(times[name]))


def ratio(theirs, ours):
    """Show how many times as long as ours theirs took: the median and range over the rounds."""
    ratios = [a / b for a, b in zip(theirs, ours, strict=True)]
    return f"{statistics.median(ratios):.2f} ({min(ratios):.2f}–{max(ratios):.2f})"


def table(rows):
    """Print rows of text in columns."""
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = zip(row, widths, strict=True)
        print("  ".join(cell.ljust(width) for cell, width in cells).rstrip())
