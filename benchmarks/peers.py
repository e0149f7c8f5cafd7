"""The same gradient step in PyTorch and in JAX, each as fast as we could write it.

Every contestant takes ``steps`` steps on R(f) = (1/2n) Σᵢ (f(xᵢ) − yᵢ)² for the ReLU network
f(x) = Σⱼ bⱼ max(aⱼ·x, 0), from given a of shape (..., m, d) and b of shape (..., m), and returns
the new ones. A leading axis holds independent runs, with inputs of their own.
"""

import os
from functools import partial

os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"

import jax
import numpy as np
import torch

jax.config.update("jax_enable_x64", True)
torch.set_num_threads(1)


def torch_peers(x, y, a0, b0, step, steps):
    """Return the PyTorch contestants, eager: by hand and by autograd."""
    x, y, a0, b0 = map(torch.from_numpy, (x, y, a0, b0))
    xT, n = x.mT.contiguous(), x.shape[-2]
    z, gate = (torch.empty(*a0.shape[:-1], n, dtype=x.dtype) for _ in range(2))

    def step_by_hand(a, b, x, xT, y, z, gate):
        torch.matmul(a, xT, out=z)
        torch.gt(z, 0, out=gate)
        z.relu_()
        r = (torch.matmul(b.unsqueeze(-2), z).squeeze(-2) - y).div_(n)
        grad_b = torch.matmul(z, r.unsqueeze(-1)).squeeze(-1)
        gate.mul_(r.unsqueeze(-2))
        a.addcmul_(b.unsqueeze(-1), torch.matmul(gate, x), value=-step)
        b.sub_(grad_b, alpha=step)

    @torch.no_grad()
    def together():
        a, b = a0.clone(), b0.clone()
        for _ in range(steps):
            step_by_hand(a, b, x, xT, y, z, gate)
        return a.numpy(), b.numpy()

    @torch.no_grad()
    def run_by_run():
        a, b = a0.clone(), b0.clone()
        for run in zip(a, b, x, xT, y, z, gate, strict=True):
            for _ in range(steps):
                step_by_hand(*run)
        return a.numpy(), b.numpy()

    def autograd():
        a, b = (w.clone().requires_grad_() for w in (a0, b0))
        for _ in range(steps):
            f = torch.matmul(b.unsqueeze(-2), torch.relu(a @ xT)).squeeze(-2)
            loss = (f - y).square_().sum() / (2 * n)
            grad_a, grad_b = torch.autograd.grad(loss, (a, b))
            with torch.no_grad():
                a.sub_(grad_a, alpha=step)
                b.sub_(grad_b, alpha=step)
        return a.detach().numpy(), b.detach().numpy()

    by_hand = [together, run_by_run] if x.ndim == 3 else [together]
    return {"PyTorch by hand": by_hand, "PyTorch autograd": [autograd]}


def jax_peers(x, y, a0, b0, step, steps):
    """Return the JAX contestants: jit of scan; for a batch, of vmap or under lax.map."""
    n = x.shape[-2]
    relu = jax.nn.relu

    def autodiff(a, b, x, xT, y):
        def loss(a, b):
            return ((relu(x @ a.T) @ b - y) ** 2).sum() / (2 * n)

        grad_a, grad_b = jax.grad(loss, (0, 1))(a, b)
        return a - step * grad_a, b - step * grad_b

    def samples_first(a, b, x, xT, y):
        z = x @ a.T
        h = relu(z)
        r = (h @ b - y) / n
        return a - step * ((z > 0) * (r[:, None] * b)).T @ x, b - step * (h.T @ r)

    def neurons_first(a, b, x, xT, y):
        z = a @ xT
        h = relu(z)
        r = (b @ h - y) / n
        return a - step * b[:, None] * (((z > 0) * r) @ x), b - step * (h @ r)

    def transposed_weights(aT, b, x, xT, y):
        z = x @ aT
        h = relu(z)
        r = (h @ b - y) / n
        return aT - step * (xT @ ((z > 0) * (r[:, None] * b))), b - step * (r @ h)

    def scan(function, a, b, *data):
        return jax.lax.scan(lambda w, _: (function(*w, *data), None), (a, b), None, steps)[0]

    def runs(function, transposed=False):
        """Return the compiled loops over ``function``: one, or for a batch two to choose from."""
        flip = (lambda a: a.swapaxes(-1, -2)) if transposed else (lambda a: a)
        data = [jax.numpy.asarray(v) for v in (flip(a0), b0, x, x.swapaxes(-1, -2), y)]
        if x.ndim == 2:
            loops = [lambda *data: scan(function, *data)]
        else:
            loops = [
                lambda *data: scan(jax.vmap(function), *data),
                lambda *data: jax.lax.map(lambda one: scan(function, *one), data),
            ]

        def call(compiled):
            a, b = jax.block_until_ready(compiled(*data))
            return flip(np.asarray(a)), np.asarray(b)

        return [partial(call, jax.jit(loop)) for loop in loops]

    by_hand = runs(samples_first)
    # what lies how in memory makes more difference than anything else
    tuned = [*by_hand, *runs(neurons_first), *runs(transposed_weights, transposed=True)]
    return {"JAX autodiff": runs(autodiff), "JAX by hand": by_hand, "JAX tuned": tuned}
