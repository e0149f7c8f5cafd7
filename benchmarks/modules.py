"""PyTorch modules: the tangent kernel of a CNN, the laziness report, a step of the gradient flow.

The peers are the two contractions of PyTorch's tutorial on tangent kernels, and a plain training
step. The CNN has 10⁵ parameters, in float32; the digits are scikit-learn's.
"""

import subprocess
import sys
import threading
import time

import measure  # before NumPy
import numpy as np
import torch
from kernels import resident
from sklearn.datasets import load_digits
from torch import nn
from torch.func import functional_call, jacrev, jvp, vjp, vmap

from lazylib import from_module, gradient_flow, laziness_report, tangent_kernel


def network(outputs):
    """Return the module, its model, and its digits."""
    torch.manual_seed(0)
    layers = [nn.Conv2d(1, 32, 3, padding=1), nn.ReLU(), nn.Conv2d(32, 32, 3, padding=1), nn.ReLU()]
    head = [nn.MaxPool2d(2), nn.Flatten(), nn.Linear(512, 170), nn.ReLU(), nn.Linear(170, outputs)]
    module = nn.Sequential(*layers, *head)
    x = (load_digits().images[:, None] / 16).astype("f")
    return module, from_module(module, (1, 8, 8)), x


def by_jacobians(module, x):
    """Return the Jacobian contraction, as the tutorial has it."""
    params = {name: value.detach() for name, value in module.named_parameters()}
    x = torch.tensor(x)

    def one(params, x):
        return functional_call(module, params, (x[None],))[0]

    def kernel():
        first, second = (vmap(jacrev(one), (None, 0))(params, x) for _ in range(2))
        pairs = [(first[name].flatten(2), second[name].flatten(2)) for name in params]
        return torch.stack([torch.einsum("Naf,Mbf->NMab", a, b) for a, b in pairs]).sum(0)

    return kernel


def by_products(module, x):
    """Return the contraction by vector products, as the tutorial has it."""
    params = {name: value.detach() for name, value in module.named_parameters()}
    x = torch.tensor(x)

    def one(params, x):
        return functional_call(module, params, (x[None],))[0]

    def pair(x, y):
        output, pullback = vjp(lambda params: one(params, x), params)

        def column(v):
            return jvp(lambda params: one(params, y), (params,), pullback(v))[1]

        return vmap(column)(torch.eye(len(output)))

    return lambda: vmap(vmap(pair, (None, 0)), (0, None))(x, x)


def contestants(outputs, n):
    """Return ours and the tutorial's Jacobian contraction of the same kernel."""
    module, model, x = network(outputs)
    rows = model.rows(x[:n].reshape(n, -1))
    return {
        "ours": lambda: tangent_kernel(model, model.w0, rows),
        "theirs": by_jacobians(module, x[:n]),
    }


def report_memory(kind, outputs, n):
    """Print by how many MiB one call makes the memory held rise, at most."""
    contestants(outputs, 4)[kind]()
    run, done, seen = contestants(outputs, n)[kind], threading.Event(), [resident()]

    def watch():
        while not done.wait(0.001):
            seen.append(resident())

    watcher = threading.Thread(target=watch)
    watcher.start()
    run()
    done.set()
    watcher.join()
    print(max(seen) - seen[0])


def memory(*arguments):
    """Return what `report_memory` prints, from a process of its own."""
    command = [sys.executable, __file__, "--memory", *map(str, arguments)]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def kernels():
    """Measure tangent kernels of 500 predictions, and of 40 by vector products."""
    rows = [
        ["kernel of", "ours, ms", "tutorial / ours", "our MiB", "tutorial's", "products / ours"]
    ]
    for outputs, n in ((1, 500), (10, 50)):
        module, model, x = network(outputs)
        kinds = contestants(outputs, n)
        theirs = kinds["theirs"]().permute(0, 2, 1, 3).reshape(n * outputs, -1).numpy()
        assert np.abs(kinds["ours"]() - theirs).max() < 1e-4 * np.abs(theirs).max()
        times = measure.in_turns(kinds, 3)
        few = 40 // outputs
        small = model.rows(x[:few].reshape(few, -1))
        pairs = {"ours": lambda m=model, s=small: tangent_kernel(m, m.w0, s)}
        slow = measure.in_turns(pairs | {"theirs": by_products(module, x[:few])}, 2)
        rows.append([f"{n} digits × {outputs}", f"{1e3 * np.median(times['ours']):.0f}"])
        rows[-1].append(measure.ratio(times["theirs"], times["ours"]))
        rows[-1] += [f"{memory(kind, outputs, n):.0f}" for kind in ("ours", "theirs")]
        rows[-1].append(measure.ratio(slow["theirs"], slow["ours"]))
    print("Tangent kernel of a CNN with 10⁵ parameters, float32, one thread:")
    measure.table(rows)


def report():
    """Measure the report on 500 digits and ten outputs."""
    _, model, x = network(10)
    y = np.eye(10, dtype="f")[load_digits().target]
    data = model.dataset(x[:500], y[:500], x[500:], y[500:])
    start, wall = time.process_time(), time.perf_counter()
    laziness_report(model, data, model.w0, model.w0 * np.float32(1.01))
    print(
        f"Report on it, 500 digits × 10 outputs: {time.process_time() - start:.1f} s of CPU time",
        end="",
    )
    print(f", {time.perf_counter() - wall:.1f} s by the clock")


def steps():
    """Measure gradients of the flow against a plain training step."""
    module, model, x = network(10)
    y = (np.eye(10, dtype="f")[load_digits().target] - 0.1).astype("f")
    data, inputs, targets = (
        model.dataset(x[:500], y[:500]),
        torch.tensor(x[:500]),
        torch.tensor(y[:500]),
    )
    taken = {}

    def ours():
        taken["ours"] = gradient_flow(
            model, data, model.w0, t_max=100.0, max_steps=4, record=2
        ).n_steps

    def theirs():
        for _ in range(taken["ours"]):
            loss = ((module(inputs) - targets) ** 2).mean() / 2
            gradient = torch.autograd.grad(loss, list(module.parameters()))
            with torch.no_grad():
                for w, g in zip(module.parameters(), gradient, strict=True):
                    w.sub_(g, alpha=1e-3)

    times = measure.in_turns({"ours": ours, "theirs": theirs}, 3)
    longer = measure.ratio(times["ours"], times["theirs"])
    print(f"Gradient of its flow / plain PyTorch step: {longer}")


if __name__ == "__main__":
    torch.set_num_threads(1)
    measure.pin()
    if "--memory" in sys.argv:
        report_memory(sys.argv[2], *map(int, sys.argv[3:]))
    else:
        kernels()
        report()
        steps()
