"""Curves of a gradient flow, read off the ends of its steps.

Where steps are long, w between two of them is not known well enough for αf; but αf is, and R.
"""

import numpy as np

from lazylib.trainers import gradient_flow


def step_ends(model, data, w0, times, steps, **options):
    """Follow the gradient flow of one run to the last of ``times``.

    Where ReLUs switch on and off all the time, steps are short. ``steps`` holds pairs of an
    accuracy and how many steps there may be with it; then, the flow goes on with the next.

    Returns
    -------
    t, w : ndarray of shape (k,) and (k, p)
        The ends of those steps between which the ``times`` lie.

    Raises
    ------
    RuntimeError
        If with the last accuracy, too, the flow does not come to the last of ``times``.
    """
    t, w = np.zeros(1), np.array([w0], dtype=float)
    for accuracy, most in steps:
        rest = {"t_max": times[-1] - t[-1], "accuracy": accuracy, "max_steps": most}
        run, ends = _follow(model, data, w[-1], **rest, **options)
        later, reached = (np.array(column) for column in zip(*ends, strict=True))
        t, w = np.append(t, t[-1] + later[1:]), np.concatenate([w, reached[1:]])
        if run.status != "out of steps":
            after = np.searchsorted(t, times)
            near = np.unique(np.clip([after - 1, after], 0, len(t) - 1))
            return t[near], w[near]
    raise RuntimeError(f"the flow came to t = {t[-1]:g} only, of {times[-1]:g}")


def _follow(model, data, w0, **options):
    """The run, and the start and the ends (t, w) of all its steps."""
    ends = []

    def watch(runs, t, w, velocity):
        ends.append((t[0], w[0]))
        return [False]

    return gradient_flow(model, data, w0, watch=watch, record=2, **options), ends


def read_off(times, t, curves, early):
    """Curves of shape (k, c), known at ``t``, at ``times``: straight in log(``early`` + time)."""
    at, known = np.log(early + times), np.log(early + t)
    return np.stack([np.interp(at, known, curve) for curve in np.transpose(curves)], axis=-1)
