"""Run the experiments from a shell: ``python -m lazylib.experiments --help``."""

import argparse
import sys
import time

from lazylib.experiments import GENERALIZATION, UNDERPARAMETERIZED, WIDTH, data_folder, run

EXPERIMENTS = {e.name: e for e in (GENERALIZATION, WIDTH, UNDERPARAMETERIZED)}
EPILOG = """At full scale, on two cores, generalization (Figure 1(c)) takes about 60 s, width (6(a))
140 s, underparameterized (6(b)) 180 s; at quick scale, all three together 20 s. What is finished is
kept at once: interrupt it whenever you like, and start it again to go on."""


def main(arguments=None):
    """Run what is missing of the chosen experiments; return the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m lazylib.experiments", description="Run what is missing.", epilog=EPILOG
    )
    names = ", ".join(EXPERIMENTS)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"{names}; default: all")
    parser.add_argument("--scale", choices=["full", "quick"], default="full")
    parser.add_argument("--folder", help="default: notebooks/data of the repository, or .var/quick")
    parser.add_argument("--jobs", type=int, default=-1, help="processes; default: one a core")
    chosen = parser.parse_args(arguments)
    if unknown := set(chosen.names) - set(EXPERIMENTS):
        parser.error(f"there is no {', '.join(sorted(unknown))}; there are {names}")
    if chosen.jobs == 0:
        parser.error("--jobs must not be 0: it counts processes, and -1 is one a core")
    experiments = [EXPERIMENTS[name] for name in dict.fromkeys(chosen.names or EXPERIMENTS)]
    start = time.perf_counter()
    try:
        full = chosen.folder or data_folder()
        quick = chosen.folder or full.parents[1] / ".var" / "quick"
        folder = full if chosen.scale == "full" else quick
        run(*experiments, folder=folder, scale=chosen.scale, n_jobs=chosen.jobs)
    except KeyboardInterrupt:
        print("interrupted; the finished cells are kept, the same command goes on", file=sys.stderr)
        return 130
    except (OSError, ValueError) as error:
        print(f"not possible: {error}", file=sys.stderr)
        return 1
    print(f"done in {time.perf_counter() - start:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
