"""Theorem 3.4 and its clock: doubled networks leave the plateau at a time in proportion to α²."""

from typing import NamedTuple

import numpy as np

from lazylib import _checks
from lazylib.data import teacher
from lazylib.models import Centered, TwoLayer
from lazylib.theory import Population, displacement
from lazylib.trainers import gradient_flow


class Clock(NamedTuple):
    """Gradient flows of the population loss, at equal t/α².

    Attributes
    ----------
    alpha : ndarray of shape (k,)
    ticks : ndarray of shape (frames,)
        t/α².
    errors : dict of ndarray of shape (frames, k)
        R/R(0) by the way to start at 0: "doubled" and "centered".
    displacement : dict of ndarray of shape (frames, k)
    """

    alpha: np.ndarray
    ticks: np.ndarray
    errors: dict
    displacement: dict


def follow_clock(m=4, seed=3, alpha=(10, 20, 40), last=100.0, d=5):
    """Train a doubled and a centered network from N(0, 1) weights until t = ``last`` · α².

    Parameters
    ----------
    m : int
        Width, even.
    seed : int
        Draws the teacher and the weights.
    alpha : sequence of float
    last : float
    d : int

    Returns
    -------
    Clock
    """
    alpha = _checks.positive("alpha", _checks.array("alpha", alpha, exactly=1, nonempty=True))
    last, net = _checks.number("last", last, above=0), TwoLayer(d, m)
    ticks = np.append(0, np.geomspace(1e-4 * last, last, 80))
    for_teacher, for_weights = np.random.default_rng(_checks.whole("seed", seed, least=0)).spawn(2)
    population, state = Population(teacher(for_teacher, d)), for_weights.bit_generator.state
    errors, moved = {}, {}
    for name in ("doubled", "centered"):
        for_weights.bit_generator.state = state
        w0 = net.init(for_weights, doubling=name == "doubled")
        model = net if name == "doubled" else Centered(net, w0)
        runs = []
        for each in alpha:  # one by one: their times differ
            options = {"t_max": last * each**2, "times": ticks * each**2, "tolerance": 0}
            options |= {"max_steps": 6000, "accuracy": 0.01}
            runs.append(gradient_flow(model, population, w0, alpha=each, **options))
        errors[name] = np.stack([run.train_error for run in runs], axis=-1)
        moved[name] = np.stack([displacement(run.w, w0) for run in runs], axis=-1)
    return Clock(alpha, ticks, errors, moved)
