"""Theorem 3.4 and its clock: doubled networks leave the plateau at a time in proportion to α²."""

from typing import NamedTuple

import numpy as np

from lazylib import _checks
from lazylib.data import teacher
from lazylib.experiments.steps import read_off, step_ends
from lazylib.models import Centered, Scaled, TwoLayer
from lazylib.theory import Population, displacement


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
        curves = [_follow(model, population, w0, each, ticks) for each in alpha]
        errors[name], moved[name] = np.stack(curves, axis=-1).swapaxes(0, 1)
    return Clock(alpha, ticks, errors, moved)


def _follow(model, population, w0, alpha, ticks):
    """R/R(0) and displacement at ``ticks`` · α², of shape (frames, 2)."""
    times, options = ticks * alpha**2, {"tolerance": 0, "alpha": alpha}
    t, w = step_ends(model, population, w0, times, [(0.01, 6000)], **options)
    error = population.loss(Scaled(model, alpha), w) / population.zero_loss()
    curves = np.column_stack([error, displacement(w, w0)])
    return read_off(times, t, curves, early=np.finfo(float).tiny)
