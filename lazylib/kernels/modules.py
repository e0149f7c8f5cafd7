"""The tangent kernel of PyTorch modules, with few Jacobians in memory and each made few times."""

import numpy as np

from lazylib import _checks
from lazylib.kernels.tangent import _kernel
from lazylib.models.module import TorchModel

# Numbers in a block of the Jacobian, of which two are held: at most, and where a quarter has fewer.
_BLOCK, _LEAST = 2**26, 2**21


@_kernel.register
def _(model: TorchModel, w, x, y):
    lead = np.broadcast_shapes(w.shape[:-1], x.shape[:-2], y.shape[:-2])
    out = np.empty((*lead, x.shape[-2], y.shape[-2]), np.result_type(w, x, y))
    w = np.broadcast_to(w, lead + w.shape[-1:])
    inputs, others = (np.broadcast_to(v, lead + v.shape[-2:]) for v in (x, y))
    for run in np.ndindex(lead):
        _fill(out[run], model, w[run], inputs[run], None if y is x else others[run])
    return _checks.in_range("the kernel", out)


def _fill(out, model, w, x, y):
    """One run's kernel; without ``y``, that of x with itself, of which one half is computed."""
    from torch import from_numpy  # whose products use the threads that are PyTorch's

    p = model.n_parameters
    size = max(1, min(_BLOCK // p, max(_LEAST // p, -(-len(x) // 4))))
    for i in range(0, len(x), size):
        by_x = from_numpy(model._jacobian(w, x[i : i + size]))
        for j in range(i if y is None else 0, len(x if y is None else y), size):
            same = y is None and i == j
            columns = (x if y is None else y)[j : j + size]
            by_y = by_x if same else from_numpy(model._jacobian(w, columns))
            part = (by_x @ by_y.T).numpy()
            out[i : i + size, j : j + size] = part
            if y is None and not same:
                out[j : j + size, i : i + size] = part.T
