"""What imports of lazylib take beyond NumPy and Matplotlib, each time in a fresh Python."""

import statistics
import subprocess
import sys

TIMED = """
import time
import numpy, matplotlib
start = time.perf_counter()
import {module}
print(time.perf_counter() - start)
"""


def seconds(module):
    """Return the time of the import in a new Python that has NumPy and Matplotlib already."""
    command = [sys.executable, "-c", TIMED.format(module=module)]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def main(rounds=9):
    """Print medians and ranges."""
    print("imports, beyond numpy and matplotlib, median (range); wanted for lazylib: 0.3 s")
    for module in ("lazylib", "lazylib.widgets"):
        seconds(module)  # compiles what is new
        times = [seconds(module) for _ in range(rounds)]
        print(f"  {module}: {statistics.median(times):.3f} s ({min(times):.3f}–{max(times):.3f})")


if __name__ == "__main__":
    main()
