"""A smooth network beside its tangent model, for many α: all that Theorem 3.2 compares."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from lazylib import _checks
from lazylib.data import Dataset
from lazylib.losses import Loss, quadratic
from lazylib.models.wrappers import Tangent
from lazylib.theory.laziness import power_law
from lazylib.theory.theorem import LazyTheorem, lemma_3_3_bound, lemma_a1_bound, moving_metric
from lazylib.trainers.flow import gradient_flow


@dataclass(frozen=True)
class Comparison:
    """Gradient flows of αf and αT_f at common times; see `compare`.

    Attributes
    ----------
    times : ndarray of shape (frames,)
    alpha : ndarray of shape (k,)
    w, tangent_w : ndarray of shape (frames, k, p)
        w(t) and w̄(t).
    y, tangent_y : ndarray of shape (frames, k, n)
        αf(w(t)) and αT_f(w̄(t)).
    """

    model: Any
    w0: np.ndarray
    data: Dataset
    loss: Loss
    theorem: LazyTheorem
    times: np.ndarray
    alpha: np.ndarray
    w: np.ndarray
    tangent_w: np.ndarray
    y: np.ndarray
    tangent_y: np.ndarray

    @property
    def distance(self):
        """‖αf(w(t)) − f*‖, of shape (frames, k)."""
        return np.linalg.norm(self.y - self.data.y, axis=-1)

    @property
    def gap(self):
        """‖αf(w(t)) − αT_f(w̄(t))‖, of shape (frames, k)."""
        return np.linalg.norm(self.y - self.tangent_y, axis=-1)

    @property
    def suprema(self):
        """The largest ‖w − w₀‖, ‖αf − αT_f‖ and ‖w − w̄‖ over time, of shape (3, k)."""
        moved, apart = self.w - self.w0, self.w - self.tangent_w
        by_time = [np.linalg.norm(moved, axis=-1), self.gap, np.linalg.norm(apart, axis=-1)]
        return np.stack([values.max(axis=0) for values in by_time])

    @property
    def keeps_bound(self):
        """Whether Theorem 3.2's bound held at all times, for each α, promised or not."""
        bound = self.theorem.bound(self.times[:, None], self.alpha)
        # the integration is accurate to far better than this part of the start
        return (self.distance <= bound + 1e-7 * self.distance[0]).all(axis=0)

    def slopes(self, at_least=0.0):
        """Exponents of α in the three suprema with standard errors, over α ≥ ``at_least``."""
        far = self.alpha >= at_least
        return [power_law(self.alpha[far], values[far]) for values in self.suprema]

    def lemma_bounds(self, i):
        """Lemma 3.3's bound of the distance, (frames,), and Lemma A.1's of the gap, for α number i.

        Both are in the network's own metric Σ(t) = Df_w Df_wᵀ, with its least eigenvalue as λ.
        """
        metrics = moving_metric(self.model, self.w[:, i], self.data.x)
        gradients = self.loss.gradient(self.y[:, i], self.data.y)
        first = lemma_3_3_bound(self.times, self.distance[0, i], metrics, self.loss)
        return first, lemma_a1_bound(metrics, gradients, self.loss)


def compare(model, w0, data, alpha, *, loss=quadratic, periods=15, frames=80, accuracy=1e-11):
    """Follow the gradient flows of αf and of its tangent model, to many digits.

    Parameters
    ----------
    model : a model of `lazylib.models`
        With f(w₀) = 0, from `Centered` or the doubling trick: then α(w̄ − w₀) is the same for all α,
        and one tangent flow does for all.
    w0 : ndarray of shape (p,)
    data : Dataset
    alpha : ndarray of shape (k,)
    loss : Loss, default quadratic
    periods : float
        Time to follow, in units of n/(μσ²_min), the tangent model's slowest time scale.
    frames : int
    accuracy : float

    Returns
    -------
    Comparison
    """
    alpha = _checks.positive("alpha", _checks.array("alpha", alpha, ndim=1))
    theorem = LazyTheorem.of(model, w0, data, loss)
    if np.abs(theorem.f0).max() > 1e-12:
        raise ValueError("model must be 0 at w0: use Centered(model, w0) or the doubling trick")
    slow = 1 / (4 * theorem.rate)
    fast = data.n / theorem.norm**2
    times = np.append(0, np.geomspace(1e-2 * fast, periods * slow, frames - 1))
    options = {"t_max": times[-1], "times": times, "tolerance": 0, "loss": loss}
    options |= {"method": "DOP853", "accuracy": accuracy}
    run = gradient_flow(model, data, w0, alpha=alpha, **options)
    tangent = Tangent(model, w0)
    straight = gradient_flow(tangent, data, w0, **options).w - w0
    tangent_y = np.repeat(model.jvp(w0, data.x, straight)[:, None], len(alpha), axis=1)
    tangent_w = w0 + straight[:, None] / alpha[:, None]
    y = alpha[:, None] * model.predict(run.w, data.x)
    flows = run.w, tangent_w, y, tangent_y
    return Comparison(model, w0, data, loss, theorem, times, alpha, *flows)
