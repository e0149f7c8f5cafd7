"""A smooth network beside its tangent model, for many α: all that Theorem 3.2 compares."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from lazylib import _checks
from lazylib._vectors import norm
from lazylib.data import Dataset
from lazylib.kernels.tangent import tangent_kernel
from lazylib.losses import Loss, quadratic
from lazylib.models.model import Model
from lazylib.models.wrappers import Tangent
from lazylib.theory.laziness import power_law
from lazylib.theory.theorem import LazyTheorem, lemma_3_3_bound, lemma_a1_bound
from lazylib.trainers.flow import gradient_flow


@dataclass(frozen=True, eq=False)
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

    Examples
    --------
    >>> import numpy as np
    >>> from lazylib import compare
    >>> from lazylib.experiments import smooth_network
    >>> compared = compare(*smooth_network(n=2), [1e2, 1e3, 1e4], frames=20)
    >>> [round(slope, 1) for slope, error in compared.slopes()]  # Theorem 3.2: −1, −1 and −2
    [-1.0, -1.0, -2.0]
    """

    model: Model
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

    def __post_init__(self):
        kinds = {"model": Model, "data": Dataset, "loss": Loss, "theorem": LazyTheorem}
        for name, kind in kinds.items():
            _checks.instance(name, getattr(self, name), kind)
        alpha = _checks.positive("alpha", _checks.array("alpha", self.alpha, exactly=1))
        k, p = len(alpha), self.model.n_parameters
        runs = (len(_checks.increasing("times", self.times)), k)
        shapes = {"w0": (p,), "times": runs[:1], "alpha": (k,), "w": (*runs, p)}
        shapes |= {"tangent_w": (*runs, p), "y": (*runs, self.data.n)}
        for name, shape in (shapes | {"tangent_y": shapes["y"]}).items():
            value = _checks.array(name, getattr(self, name))
            if value.shape != shape:
                raise ValueError(f"{name} must have shape {shape}, got {value.shape}")
            object.__setattr__(self, name, value.copy())

    @cached_property
    def distance(self):
        """‖αf(w(t)) − f*‖, of shape (frames, k)."""
        return norm(self.y - self.data.y)

    @cached_property
    def gap(self):
        """‖αf(w(t)) − αT_f(w̄(t))‖, of shape (frames, k)."""
        return norm(self.y - self.tangent_y)

    @cached_property
    def suprema(self):
        """The largest ‖w − w₀‖, ‖αf − αT_f‖ and ‖w − w̄‖ over time, of shape (3, k)."""
        moved, apart = self.w - self.w0, self.w - self.tangent_w
        by_time = [norm(moved), self.gap, norm(apart)]
        return np.stack([values.max(axis=0) for values in by_time])

    @cached_property
    def keeps_bound(self):
        """Whether Theorem 3.2's bound held at all times, for each α, promised or not."""
        bound = self.theorem.bound(self.times[:, None], self.alpha)
        # the integration is accurate to far better than this part of the start
        return (self.distance <= bound + 1e-7 * self.distance[0]).all(axis=0)

    def slopes(self, at_least=0.0):
        """Exponents of α in the three suprema with standard errors, over α ≥ ``at_least``."""
        far = self.alpha >= _checks.number("at_least", at_least)
        if far.sum() < 3:
            raise ValueError(f"at_least must leave 3 values of α, got {_checks.shown(at_least)}")
        return [power_law(self.alpha[far], values[far]) for values in self.suprema]

    def lemma_bounds(self, i):
        """Lemma 3.3's bound of the distance, (frames,), and Lemma A.1's of the gap, for α number i.

        Both are in the network's own metric Σ(t) = Df_w Df_wᵀ, with its least eigenvalue as λ.
        """
        return self._lemma_bounds[_checks.whole("i", i, least=0, most=len(self.alpha) - 1)]

    @cached_property
    def _lemma_bounds(self):
        metrics = tangent_kernel(self.model, self.w, self.data.x)
        gradients = self.loss.gradient(self.y, self.data.y)
        starts, loss = self.distance[0], self.loss
        return [
            (
                lemma_3_3_bound(self.times, start, metrics[:, i], loss),
                lemma_a1_bound(metrics[:, i], gradients[:, i], loss),
            )
            for i, start in enumerate(starts)
        ]


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

    Raises
    ------
    RuntimeError
        If a flow diverged or did not get to its end.

    Examples
    --------
    >>> from lazylib import compare
    >>> from lazylib.experiments import smooth_network
    >>> compared = compare(*smooth_network(n=2), [5.0, 50.0], frames=20)
    >>> print(compared.alpha > compared.theorem.threshold, compared.keeps_bound)  # promised, kept
    [False  True] [ True  True]
    """
    alpha = _checks.positive("alpha", _checks.array("alpha", alpha, exactly=1, nonempty=True))
    periods = _checks.number("periods", periods, above=0)
    frames = _checks.whole("frames", frames, least=3)
    accuracy = _checks.number("accuracy", accuracy, least=1e-14, most=1)
    theorem = LazyTheorem.of(model, w0, data, loss)
    w0 = np.array(w0, dtype=float)
    if np.abs(theorem.f0).max() > 1e-12:
        raise ValueError("model must be 0 at w0: use Centered(model, w0) or the doubling trick")
    if theorem.sigma_min == 0:
        raise ValueError("model must have a surjective Df at w0, as Theorem 3.2 does: σ_min is 0")
    slow, fast = 1 / (4 * theorem.rate), data.n / theorem.norm**2
    times = np.append(0, np.geomspace(1e-2 * fast, periods * slow, frames - 1))
    options = {"t_max": times[-1], "times": times, "tolerance": 0, "loss": loss}
    options |= {"method": "DOP853", "accuracy": accuracy}
    run = _whole(gradient_flow(model, data, w0, alpha=alpha, **options), accuracy)
    straight = _whole(gradient_flow(Tangent(model, w0), data, w0, **options), accuracy).w - w0
    tangent_y = np.repeat(model.jvp(w0, data.x, straight)[:, None], len(alpha), axis=1)
    tangent_w = w0 + straight[:, None] / alpha[:, None]
    y = alpha[:, None] * model.predict(run.w, data.x)
    flows = run.w, tangent_w, y, tangent_y
    return Comparison(model, w0, data, loss, theorem, times, alpha, *flows)


def _whole(run, accuracy):
    """Return ``run``, or say that it did not get to its end, unless nothing was left to do."""
    ended = np.isin(run.status, ["converged", "still falling"])
    fitted = run.train_loss[-1] <= accuracy * run.train_loss[0]
    if not (ended | fitted).all():
        words = ", ".join(np.unique(np.asarray(run.status)[~(ended | fitted)]))
        raise RuntimeError(f"a gradient flow did not reach the end of its time: {words}")
    return run
