"""Neurons in the plane: the setting of Figures 1(a), 1(b) and 5, and of the circle."""

from dataclasses import dataclass
from functools import cached_property, partial

import numpy as np

from lazylib import _checks
from lazylib.data import Dataset, Teacher, circle
from lazylib.data import teacher as draw_teacher
from lazylib.models import TwoLayer
from lazylib.theory import displacement, kernel_change, sign_flips
from lazylib.trainers import Run, gradient_flow

#: The training time of Figures 1(a) and 1(b), 100,000 steps of 0.005, and the frames of a run.
T_MAX, FRAMES = 500, 100

#: Where predictors in the plane are compared: points of the circle, and their angles.
DEGREES, CIRCLE = circle(181)


def plane_setting(n=15, n_test=200, teacher=25):
    """Return the teacher in the plane of Figures 1 and 5, and a sample of it.

    Parameters
    ----------
    n, n_test : int
        Training and test points. A larger ``n`` adds points, and keeps the first ones.
    teacher : int
        Seed of the teacher and of its sample.

    Returns
    -------
    truth : Teacher
    data : Dataset

    Examples
    --------
    >>> import numpy as np
    >>> from lazylib.experiments import plane_setting
    >>> truth, data = plane_setting(n=15)
    >>> print(truth.m0, data.n, np.allclose(truth(data.x), data.y))
    3 15 True
    """
    seed = _checks.seed("teacher", teacher)
    truth = draw_teacher(np.random.default_rng([seed, 0]), d=2)
    return truth, Dataset.from_teacher(np.random.default_rng([seed, 1]), truth, n, n_test)


def plane_weights(net, tau=1.0, doubling=True, weights=2):
    """Draw the initial weights of a network in the plane: N(0, τ²), the same draw for all τ.

    Parameters
    ----------
    net : TwoLayer
    tau : float or array of shape (...)
    doubling : bool
    weights : int
        Seed.

    Returns
    -------
    ndarray of shape (..., p)

    Examples
    --------
    >>> import numpy as np
    >>> from lazylib import TwoLayer
    >>> from lazylib.experiments import plane_weights
    >>> net = TwoLayer(d=2, m=20)
    >>> np.allclose(plane_weights(net, tau=0.1), 0.1 * plane_weights(net))
    True
    """
    seed = _checks.seed("weights", weights)
    rng = np.random.default_rng([seed, 2])
    return _checks.instance("net", net, TwoLayer).init(rng, tau=tau, doubling=doubling)


@dataclass(frozen=True)
class PlaneRun:
    """A network trained in the plane, with all that its picture needs.

    Attributes
    ----------
    net, teacher, data, alpha, w0, run
    twin : ndarray of shape (frames, m, 2), or None
        τ² times the positions of the neurons trained with (1, ατ²), at the times of ``run``.
    positions : ndarray of shape (frames, m, 2)
        α |bⱼ| aⱼ: scaled as the function that they make up is, they compare with the teacher's.
    truth : ndarray of shape (points,)
        The teacher at `CIRCLE`.
    moved, changed, flipped : ndarray of shape (frames,)
        Displacement, kernel change, and how many neurons flipped their sign.
    """

    net: TwoLayer
    teacher: Teacher
    data: Dataset
    alpha: float
    w0: np.ndarray
    run: Run
    twin: np.ndarray | None

    @cached_property
    def positions(self):  # noqa: D102
        return self.alpha * self.net.positions(self.run.w)

    @cached_property
    def truth(self):  # noqa: D102
        return self.teacher(CIRCLE)

    @cached_property
    def moved(self):  # noqa: D102
        return displacement(self.run.w, self.w0)

    @cached_property
    def changed(self):  # noqa: D102
        return kernel_change(self.net, self.run.w, self.w0, self.data.x)

    @cached_property
    def flipped(self):  # noqa: D102
        return sign_flips(self.net, self.run.w, self.w0)

    def learnt(self, frame):
        """αf at `CIRCLE` in one frame, of shape (points,)."""
        return self.alpha * self.net.predict(self.run.w[frame], CIRCLE)


def train_in_plane(tau, alpha=1.0, m=20, n=15, doubling=True, twin=False, weights=2, teacher=25):
    """Train a ReLU network in the plane to t = 500 by the gradient flow.

    Parameters
    ----------
    tau, alpha : float
    m, n : int
        Neurons and training points.
    doubling : bool
    twin : bool
        Train (1, ατ²) too, which Section 4.2.1 says moves as (τ, α) does, up to scale.
    weights, teacher : int
        Seeds of the initial weights, and of the teacher and its data.

    Returns
    -------
    PlaneRun
    """
    tau, twin = _checks.scale("tau", tau), _checks.flag("twin", twin)
    alpha = _checks.scale("alpha", alpha)
    net, (truth, data) = TwoLayer(d=2, m=m), plane_setting(n, teacher=teacher)
    w1 = plane_weights(net, 1.0, doubling, weights)
    # fine enough for the neurons that flip to be the right ones
    options = {"record": FRAMES, "accuracy": 0.005, "tolerance": 1e-6}
    if m * n > 10_000:  # a long tail at large τ, in which nothing can be seen to move
        options["tolerance"] = 1e-5
    train = partial(gradient_flow, net, data, **options)
    run = train(tau * w1, alpha=alpha, t_max=T_MAX)
    mirrored = None
    if twin:
        # With w = τv, v follows F_{ατ²}, and τ² times as fast.
        times, frame = np.unique(tau**2 * run.times, return_inverse=True)
        mirror = {"alpha": alpha * tau**2, "t_max": tau**2 * T_MAX, "times": times}
        mirrored = tau**2 * net.positions(train(w1, **mirror).w[frame])
    return PlaneRun(net, truth, data, alpha, tau * w1, run, mirrored)
