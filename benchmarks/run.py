"""Run the benchmarks, each in a process of its own, and print what they measured.

make bench
make bench ARGS="import_time training_step"    # only these
make bench ARGS="--output bench.txt"           # into a file as well
"""

import argparse
import os
import platform
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

HERE = Path(__file__).resolve().parent
SHARED = {"run", "measure", "peers", "authors"}
NAMES = sorted(path.stem for path in HERE.glob("*.py") if path.stem not in SHARED)


def processor():
    """Return the name of the processor, as far as the system tells."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        return next(line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def main():
    """Run what was asked for; the exit code is 1 if one of them failed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of: {', '.join(NAMES)}")
    parser.add_argument("--output", type=Path, metavar="FILE", help="write the report here too")
    options = parser.parse_args()
    if unknown := set(options.names) - set(NAMES):
        parser.error(f"no benchmark is called {', '.join(sorted(unknown))}; there are {NAMES}")

    packages = ", ".join(f"{name} {version(name)}" for name in ("numpy", "jax", "torch"))
    report = [f"{processor()}, Python {platform.python_version()}, {packages}\n"]
    print(report[0], flush=True)
    failed = []
    for name in options.names or NAMES:
        command = [sys.executable, str(HERE / f"{name}.py")]
        environment = os.environ | {"PYTHONUNBUFFERED": "1", "PYTHONIOENCODING": "utf-8"}
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, encoding="utf-8", env=environment
        ) as child:
            for line in child.stdout:
                print(line, end="", flush=True)
                report.append(line)
        if child.returncode:
            failed.append(name)
        report.append("\n")
        print()
    if failed:
        report.append(f"failed: {', '.join(failed)}\n")
        print(report[-1])
    if options.output:
        options.output.write_text("".join(report), encoding="utf-8")
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main())
