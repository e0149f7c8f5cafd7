"""Run the experiments from a shell: ``python -m lazylib.experiments --help``."""

import argparse
import time

from lazylib.experiments import GENERALIZATION, UNDERPARAMETERIZED, WIDTH, run

EXPERIMENTS = {e.name: e for e in (GENERALIZATION, WIDTH, UNDERPARAMETERIZED)}
FOLDERS = {"full": "notebooks/data", "quick": ".var/quick"}


def main():
    """Run what is missing of the chosen experiments."""
    parser = argparse.ArgumentParser(prog="python -m lazylib.experiments", description=main.__doc__)
    parser.add_argument("names", nargs="*", choices=[[], *EXPERIMENTS], help="default: all")
    parser.add_argument("--scale", choices=FOLDERS, default="full")
    parser.add_argument("--folder", help="default: notebooks/data, or .var/quick")
    parser.add_argument("--jobs", type=int, default=-1, help="processes; default: one a core")
    chosen = parser.parse_args()
    start = time.perf_counter()
    run(
        *(EXPERIMENTS[name] for name in chosen.names or EXPERIMENTS),
        folder=chosen.folder or FOLDERS[chosen.scale],
        scale=chosen.scale,
        n_jobs=chosen.jobs,
    )
    print(f"done in {time.perf_counter() - start:.0f} s")


if __name__ == "__main__":
    main()
