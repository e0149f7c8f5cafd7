"""Gram matrices against neural-tangents and JAX, the tangent kernel against torch.func.

neural-tangents does not import on current JAX: `make bench` leaves it out and compares with the
same formulas, compiled by JAX. To include it, run this file with the Python that
tests/oracles/README.md sets up (and there, torch is left out). `--plot` draws how cost grows.
"""

import os
import subprocess
import sys
import threading
import types
from pathlib import Path

import measure  # isort: skip (it must come before NumPy)

os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np  # noqa: E402

from lazylib import TwoLayer, limit_kernels, tangent_kernel  # noqa: E402

ROUNDS, MIB = 9, 2**20


def jax_gram(x):
    """Return the function that computes k⁽ᵃ⁾ + k⁽ᵇ⁾ of Eq. (4), compiled by JAX."""
    import jax
    import jax.numpy as jnp

    @jax.jit
    def gram(x):
        norms = jnp.linalg.norm(x, axis=1)
        product = norms[:, None] * norms
        dot = x @ x.T
        cosine = jnp.clip(dot / product, -1, 1)
        rest = jnp.pi - jnp.arccos(cosine)
        return (2 * dot * rest + product * jnp.sqrt(1 - cosine**2)) / (2 * jnp.pi)

    on_device = jnp.asarray(x)
    return lambda: gram(on_device).block_until_ready()


def neural_tangents_gram(x):
    """Return its compiled tangent kernel of Dense–ReLU–Dense, times d, or None without it."""
    # it asks for tf2jax, and is not needed for what is computed here
    sys.modules["neural_tangents.experimental"] = types.ModuleType("experimental")
    try:
        import jax
        from neural_tangents import stax
    except ImportError:
        return None
    kernel = stax.serial(stax.Dense(512), stax.Relu(), stax.Dense(1))[2]
    compiled, on_device = (
        jax.jit(lambda x: x.shape[1] * kernel(x, None, "ntk")),
        jax.numpy.asarray(x),
    )
    return lambda: compiled(on_device).block_until_ready()


def grams(n=2000, d=100):
    """Measure the Gram matrix of Eq. (4), in both precisions."""
    import jax

    jax.config.update("jax_enable_x64", True)
    print(f"Gram matrix of Eq. (4), n = {n}, d = {d}; CPU time of others / ours, one thread:")
    rows = [["precision", "ours, ms", "JAX, compiled", "neural-tangents", "largest difference"]]
    for dtype in ("float64", "float32"):
        x = np.random.default_rng(0).standard_normal((n, d)).astype(dtype)
        kinds = {"ours": lambda x=x: sum(limit_kernels(x)), "jax": jax_gram(x)}
        kinds |= {"nt": run} if (run := neural_tangents_gram(x)) else {}
        off = ~np.eye(n, dtype=bool)
        ours = kinds["ours"]()
        gaps = [np.abs(np.asarray(run()) - ours)[off].max() / ours.max() for run in kinds.values()]
        times = measure.in_turns(kinds, ROUNDS)
        other = measure.ratio(times["nt"], times["ours"]) if "nt" in times else "not installed"
        cells = [
            f"{np.median(times['ours']) * 1e3:.0f}",
            measure.ratio(times["jax"], times["ours"]),
        ]
        rows.append([dtype, *cells, other, f"{max(gaps):.0e}"])
    measure.table(rows)


def torch_contraction(net, w, x):
    """Return the function that forms per-sample gradients by torch.func, and multiplies them."""
    import torch

    torch.set_num_threads(1)
    a, b = (torch.from_numpy(part.copy()) for part in net.unpack(w))
    points = torch.from_numpy(x)

    def f(a, b, point):
        return b @ torch.relu(a @ point)

    def kernel():
        by_a, by_b = torch.func.vmap(torch.func.jacrev(f, (0, 1)), (None, None, 0))(a, b, points)
        by_a = by_a.reshape(len(x), -1)
        return (by_a @ by_a.T + by_b @ by_b.T).numpy()

    return kernel


def network(n, m=10_000, d=100):
    """Return a wide network, weights and inputs."""
    net, rng = TwoLayer(d, m), np.random.default_rng(0)
    return net, net.init(rng), rng.standard_normal((n, d))


def peak_memory(kind, n):
    """Return the MiB that one call needs beyond its result, in a process of its own."""
    if not Path("/proc/self/statm").exists():
        return float("nan")
    command = [sys.executable, __file__, "--memory", kind, str(n)]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def resident():
    """Return the MiB of memory that this process holds now (Linux)."""
    pages = int(Path("/proc/self/statm").read_text(encoding="utf-8").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / MIB


def report_memory(kind, n):
    """Print by how many MiB the memory held rises in one call, less the result."""
    net, w, x = network(n)
    run = {
        "tangent": lambda: tangent_kernel(net, w, x),
        "gram": lambda: limit_kernels(x)[0],
        "torch": lambda: torch_contraction(net, w, x)(),
    }[kind]
    if kind == "torch":
        torch_contraction(TwoLayer(2, 2), np.ones(6), np.ones((2, 2)))()
    done, seen = threading.Event(), [resident()]

    def watch():
        while not done.wait(0.001):
            seen.append(resident())

    watcher = threading.Thread(target=watch)
    watcher.start()
    matrix = run()
    done.set()
    watcher.join()
    results = matrix.nbytes * (2 if kind == "gram" else 1)
    print(max(0.0, max(seen) - seen[0] - results / MIB))


def tangents(n=200):
    """Measure the tangent kernel of a wide network, with the memory that each way needs."""
    try:
        import torch  # noqa: F401
    except ImportError:
        return print("tangent kernel: skipped, there is no torch here")
    net, w, x = network(n)
    kinds = {"ours": lambda: tangent_kernel(net, w, x), "torch": torch_contraction(net, w, x)}
    gap = np.abs(kinds["torch"]() - (ours := kinds["ours"]())).max() / ours.max()
    assert gap < 1e-12, gap
    times = measure.in_turns(kinds, 3)
    print(f"Tangent kernel of TwoLayer, n = {n}, d = 100, m = 10000, float64, one thread:")
    rows = [["ours, ms", "torch.func / ours", "our memory, MiB", "torch's, MiB"]]
    rows.append(
        [f"{np.median(times['ours']) * 1e3:.0f}", measure.ratio(times["torch"], times["ours"])]
    )
    rows[1] += [f"{peak_memory(kind, n):.0f}" for kind in ("tangent", "torch")]
    return measure.table(rows)


def growth(sizes=(500, 1000, 2000, 4000, 8000)):
    """Return CPU seconds and MiB beyond the result, for each n and both kernels."""
    costs = {}
    for n in sizes:
        net, w, x = network(n)
        kinds = {"gram": lambda x=x: limit_kernels(x)}
        kinds["tangent"] = lambda net=net, w=w, x=x: tangent_kernel(net, w, x)
        times = measure.in_turns(kinds, 3 if n <= 1000 else 1)
        costs[n] = {kind: (min(times[kind]), peak_memory(kind, n)) for kind in kinds}
    return costs


def plot(costs, path):
    """Draw how time and memory grow."""
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(1, 2, figsize=(11, 4.6))
    for kind, marker, label in (
        ("gram", "o", "limit_kernels, d = 100"),
        ("tangent", "s", "tangent_kernel, d = 100, m = 10 000"),
    ):
        sizes = [n for n in costs if kind in costs[n]]
        for ax, part in zip(axes, (0, 1), strict=True):
            ax.loglog(sizes, [costs[n][kind][part] for n in sizes], marker=marker, label=label)
    matrix = [n * n * 8 / MIB for n in costs]
    axes[1].loglog(list(costs), matrix, "k:", label="one n × n matrix")
    axes[0].loglog(list(costs), [costs[500]["gram"][0] * (n / 500) ** 2 for n in costs], "k:")
    axes[0].set(xlabel="n", ylabel="CPU time (s), one thread; dotted: n²", title="Time")
    axes[1].set(xlabel="n", ylabel="MiB beyond the result", title="Memory", ylim=(1, None))
    axes[1].legend()
    for ax in axes:
        ax.set_xticks(list(costs), labels=list(costs))
        ax.minorticks_off()
    figure.tight_layout()
    figure.savefig(path, dpi=100)


def main():
    """Print the tables; with --plot, draw how the cost grows."""
    measure.pin()
    grams()
    tangents()
    costs = growth() if "--plot" in sys.argv else growth((500, 1000, 2000))
    print("How cost grows: CPU seconds and MiB beyond the result")
    rows = [["n", "limit_kernels", "tangent_kernel (m = 10000)"]]
    for n, cost in costs.items():
        cells = (f"{s:.2f} s, {mib:.0f} MiB" for s, mib in cost.values())
        rows.append([str(n), *cells])
    measure.table(rows)
    if "--plot" in sys.argv:
        plot(costs, Path(__file__).with_suffix(".png"))


if __name__ == "__main__":
    if "--memory" in sys.argv:
        report_memory(sys.argv[-2], int(sys.argv[-1]))
    else:
        main()
