"""Curves of a gradient flow, read off the ends of its steps.

Where steps are long, w between two of them is not known well enough for αf; but αf is, and R.
"""

import numpy as np

from lazylib.trainers import gradient_flow


def step_ends(model, data, w0, **options):
    """Follow the gradient flow of one run; return times (k,) and states (k, p) at all step ends."""
    steps = []

    def watch(runs, t, w, velocity):
        steps.append((t[0], w[0]))
        return [False]

    gradient_flow(model, data, w0, watch=watch, record=2, **options)
    return [np.array(column) for column in zip(*steps, strict=True)]


def read_off(times, t, curves, early):
    """Curves of shape (k, c), known at ``t``, at ``times``: straight in log(``early`` + time)."""
    at, known = np.log(early + times), np.log(early + t)
    return np.stack([np.interp(at, known, curve) for curve in np.transpose(curves)], axis=-1)
