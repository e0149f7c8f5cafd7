"""A step of gradient descent against the same step in PyTorch and JAX, and the machine's peak."""

import os
import subprocess
import sys
import time

import measure  # isort: skip (it must come before NumPy)

import numpy as np
import peers
from threadpoolctl import threadpool_info

from lazylib import Dataset, TwoLayer, gradient_descent, quadratic, teacher
from lazylib.trainers.objective import batch

# d, n, m, runs, steps
SETTINGS = [(2, 15, 20, 1, 3000), (2, 200, 200, 1, 1000), (100, 1000, 50, 1, 100)]
SETTINGS += [(100, 1000, 50, 10, 12)]
STEP, ROUNDS = 1e-3, 7
COLUMNS = ["PyTorch by hand", "PyTorch autograd", "JAX autodiff", "JAX by hand", "JAX tuned"]


def problem(d, n, m, runs, dtype):
    """Return a network, data and initial weights; a batch has data of its own in each run."""
    draw = [np.random.default_rng([2024, run]) for run in range(runs)]
    sets = [Dataset.from_teacher(rng, teacher(rng, d), n) for rng in draw]
    net = TwoLayer(d, m)
    w0 = np.stack([net.init(rng, doubling=False) for rng in draw]).astype(dtype)
    x, y = (np.stack([getattr(one, name) for one in sets]).astype(dtype) for name in "xy")
    return (net, Dataset(x, y), w0) if runs > 1 else (net, Dataset(x[0], y[0]), w0[0])


def our_step(net, data, w0, steps):
    """Return the function that takes the steps of `gradient_descent`, and nothing else."""
    _, start, objective, _ = batch(net, data, w0, 1.0, quadratic)

    def run():
        w = start.copy()
        for _ in range(steps):
            _, gradient = objective.forward_backward(w)
            w -= STEP * gradient
        return net.unpack(w.reshape(w0.shape))

    return run


def contestants(d, n, m, runs, steps, dtype):
    """Return all contestants by kind, each checked to have taken the same steps."""
    net, data, w0 = problem(d, n, m, runs, dtype)
    a, b = (part.copy() for part in net.unpack(w0))
    kinds = {"ours": [our_step(net, data, w0, steps)]}
    kinds |= peers.torch_peers(data.x, data.y, a, b, STEP, steps)
    kinds |= peers.jax_peers(data.x, data.y, a, b, STEP, steps)
    tolerance = 1e-11 if dtype == "float64" else 2e-4
    for kind, functions in kinds.items():
        for function in functions:
            for ours, theirs in zip(kinds["ours"][0](), function(), strict=True):
                error = np.abs(theirs - ours).max() / np.abs(ours).max()
                assert error < tolerance and theirs.dtype == dtype, (kind, error)
    return kinds


def peak(dtype, size=2000):
    """Return the floating-point operations a second of a large matrix product."""
    left, right = np.random.default_rng(0).standard_normal((2, size, size)).astype(dtype)
    times = []
    for _ in range(5):
        start = time.process_time()
        left @ right
        times.append(time.process_time() - start)
    return 2 * size**3 / min(times)


def row(d, n, m, runs, steps, dtype):
    """Measure one setting and return its line of the table."""
    kinds = contestants(d, n, m, runs, steps, dtype)
    flat = {(kind, i): run for kind, functions in kinds.items() for i, run in enumerate(functions)}
    times = measure.in_turns(flat, ROUNDS)
    best = {k: times[measure.fastest(times, [(k, i) for i in range(len(kinds[k]))])] for k in kinds}
    ours = float(np.median(best["ours"])) / steps / runs
    share = 4 * n * m * d / ours / peak(dtype)
    name = f"d={d} n={n} m={m}" + (f", {runs} runs" if runs > 1 else "")
    cells = [measure.ratio(best[kind], best["ours"]) for kind in COLUMNS]
    return [name, dtype, f"{ours * 1e6:.1f}", *cells, f"{share:.0%}" if d > 2 else ""]


def trainer(steps=20_000):
    """Say how many microseconds a step of `gradient_descent` takes, checks and frames included."""
    net, data, w0 = problem(*SETTINGS[0][:4], "float64")
    fixed = {"step": STEP, "n_steps": steps, "tolerance": 0}
    kinds = {"bare": our_step(net, data, w0, steps)}
    kinds["given step"] = lambda: gradient_descent(net, data, w0, **fixed)
    kinds["auto step"] = lambda: gradient_descent(net, data, w0, **fixed | {"step": "auto"})
    times = measure.in_turns(kinds, 5)
    return ", ".join(f"{kind} {np.median(t) / steps * 1e6:.1f}" for kind, t in times.items())


def main():
    """Print the table for the matrix products that this process has."""
    measure.pin()
    blas = [lib.get("architecture", "?") for lib in threadpool_info() if "openblas" in str(lib)]
    print(f"A training step. NumPy's matrix products: {' '.join(blas) or 'not by'} OpenBLAS.")
    print("CPU time of others / ours, median (range of the rounds); above 1, ours is faster.")
    rows = [["setting", "precision", "ours, µs", *COLUMNS, "of peak"]]
    rows += [row(*setting, dtype) for setting in SETTINGS for dtype in ("float64", "float32")]
    measure.table(rows)
    print(f"gradient_descent with its checks and 100 frames, n=15 m=20, µs a step: {trainer()}")


if __name__ == "__main__":
    # OpenBLAS goes by the processor, unless the environment chooses for it: then both are shown.
    own = {name: value for name, value in os.environ.items() if not name.startswith("OPENBLAS_")}
    if "OPENBLAS_CORETYPE" in os.environ:
        subprocess.run([sys.executable, __file__], env=own, check=True)
        print(f"\nWith OPENBLAS_CORETYPE={os.environ['OPENBLAS_CORETYPE']}, as set here:")
    main()
