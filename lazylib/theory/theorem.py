"""The note's statements as numbers: Theorem 3.2, Lemmas 3.3 and A.1.

Norms are those of Section 3.1 for a finite sample: Euclidean in ℝᵖ and ℝⁿ, and their operator norm.
A loss with curvature in [μ, ν] per sample is (μ/n)-strongly convex with a (ν/n)-Lipschitz gradient.
"""

from dataclasses import dataclass
from functools import singledispatch

import numpy as np

from lazylib import _checks
from lazylib._vectors import norm, unit
from lazylib.data import Dataset
from lazylib.losses import Loss, quadratic
from lazylib.models.networks import FirstLayer, TwoLayer
from lazylib.models.wrappers import Centered, Scaled, Tangent
from lazylib.theory.laziness import one_run


def estimate_lipschitz(model, w0, x, rng, starts=8, iterations=100):
    """Estimate L_Df at w₀: the largest ‖D²f(v, v′)‖ over unit vectors v and v′ of ℝᵖ.

    Maximises D²f(v, v′)·r over one vector at a time, from several random starts; second derivatives
    are central differences of the first. A ReLU is taken away from its kinks. Since maxima are
    local, this is a lower estimate; it knows nothing of other places than w₀.

    Parameters
    ----------
    model : a model of `lazylib.models`
        Of one run.
    w0 : ndarray of shape (p,)
    x : ndarray of shape (n, d)
    rng : numpy.random.Generator
        Draws the starts.

    Returns
    -------
    float
        0 where all second derivatives vanish, as for x = 0.

    Examples
    --------
    >>> import numpy as np
    >>> from lazylib import FirstLayer, TwoLayer, estimate_lipschitz
    >>> neuron = FirstLayer(TwoLayer(d=1, m=1, activation="softplus"), b=[1.0])
    >>> rng = np.random.default_rng(0)
    >>> round(estimate_lipschitz(neuron, [0.0], [[2.0]], rng), 6)  # x²/4, at w = 0
    1.0
    """
    w0, x, _ = one_run(model, w0, x)
    _checks.generator("rng", rng)
    size = np.finfo(float).eps ** (1 / 3) * (norm(w0) or 1.0)
    v, other = rng.standard_normal((2, _checks.whole("starts", starts), len(w0)))
    with np.errstate(all="ignore"):
        for _ in range(_checks.whole("iterations", iterations)):
            v, other = unit(other), unit(v)
            ahead, behind = w0 + size * v, w0 - size * v
            r = (model._jvp(ahead, x, other) - model._jvp(behind, x, other)) / (2 * size)
            values = _checks.in_range("L_Df", norm(r))
            if not values.any():
                break
            r = unit(r)
            other = model._vjp(ahead, x)[1](r) - model._vjp(behind, x)[1](r)
    return float(values.max())


def lipschitz_bound(model, w0, x, radius=0.0):
    """A proven bound of L_Df on the ball ‖w − w₀‖ ≤ ``radius``, for smooth two-layer networks.

    With B = max|bⱼ| sup|σ″| max‖xᵢ‖ and S = sup|σ′|, the second derivative along unit vectors is at
    most scale · ‖X‖ · (B + √(B² + 4S²))/2; without training b, scale · ‖X‖ · B, on any ball.
    That of αf is α times that of f, that of a tangent model 0.

    Parameters
    ----------
    model : TwoLayer or FirstLayer, or one of them within `Scaled`, `Centered` or `Tangent`
    w0 : ndarray of shape (p,)
    x : ndarray of shape (n, d)
    radius : float

    Returns
    -------
    float
        Infinite for the ReLU, whose derivative jumps.

    Raises
    ------
    ValueError
        If no bound is known for the model.

    Examples
    --------
    >>> from lazylib import FirstLayer, TwoLayer
    >>> from lazylib.theory import lipschitz_bound
    >>> smooth, relu = (FirstLayer(TwoLayer(1, 1, s), b=[1.0]) for s in ("softplus", "relu"))
    >>> print(*(lipschitz_bound(neuron, [0.0], [[2.0]]) for neuron in (smooth, relu)))  # x²/4
    1.0 inf
    """
    w0, x, _ = one_run(model, w0, x)
    return float(_bound(model, w0, x, _checks.number("radius", radius, least=0)))


@singledispatch
def _bound(model, w0, x, radius):
    raise ValueError(
        f"no bound of L_Df is known for a {type(model).__name__}: use estimate_lipschitz()"
    )


@_bound.register
def _(model: TwoLayer, w0, x, radius):
    bend = _bend(model, x, np.abs(model.unpack(w0)[1]).max() + radius)
    outer = model.scale * np.linalg.norm(x, 2)
    return _times(outer, (bend + np.hypot(bend, 2 * model.activation.max_slope)) / 2)


@_bound.register
def _(model: FirstLayer, w0, x, radius):
    net = model.model
    return _times(net.scale * np.linalg.norm(x, 2), _bend(net, x, np.abs(model.b).max()))


@_bound.register
def _(model: Scaled, w0, x, radius):
    return _times(np.max(model.alpha), _bound(model.model, w0, x, radius))


@_bound.register
def _(model: Centered, w0, x, radius):
    return _bound(model.model, w0, x, radius)


@_bound.register
def _(model: Tangent, w0, x, radius):
    return 0.0


def _bend(net, x, b):
    return _times(_times(b, norm(x).max()), net.activation.max_curvature)


def _times(a, b):
    if a == 0 or b == 0:
        return 0.0  # a ReLU's curvature is infinite: 0 · ∞ is 0
    product = float(a) * float(b)
    return product if np.inf in (a, b) else _checks.in_range("the bound of L_Df", product)


@dataclass(frozen=True, eq=False)
class LazyTheorem:
    """Theorem 3.2 for one model, initialization and sample, from what is known before training.

    Attributes
    ----------
    sigma_min, norm : float
        Smallest singular value and norm of Df_{w₀}.
    lipschitz : float
        L_Df: Lipschitz constant of Df on the ball ‖w − w₀‖ ≤ σ_min/(2 L_Df), all the proof needs.
        It may be infinite (for the ReLU), or 0 (for a tangent model).
    f0, target : ndarray of shape (n,)
        f(w₀) and f*.
    loss : Loss
        Strongly convex, with f* = y.

    Examples
    --------
    >>> from lazylib import LazyTheorem
    >>> theorem = LazyTheorem(sigma_min=1.0, norm=1.0, lipschitz=1.0, f0=[0.0], target=[2.0])
    >>> print(theorem.M, theorem.threshold, theorem.rate)  # 1/32, 2 · 32 and 1/4
    0.03125 64.0 0.25
    """

    sigma_min: float
    norm: float
    lipschitz: float
    f0: np.ndarray
    target: np.ndarray
    loss: Loss = quadratic

    def __post_init__(self):
        _strongly_convex(self.loss)
        _checks.number("sigma_min", self.sigma_min, least=0)
        _checks.number("norm", self.norm, least=self.sigma_min)
        if not (np.isscalar(self.lipschitz) and self.lipschitz == np.inf):
            _checks.number("lipschitz", self.lipschitz, least=0)
        for name in ("f0", "target"):
            value = _checks.array(name, getattr(self, name), exactly=1, nonempty=True)
            object.__setattr__(self, name, value.copy())
        _checks.same_shape(f0=self.f0, target=self.target)

    @classmethod
    def of(cls, model, w0, data, loss=quadratic, lipschitz=None):
        """Compute the constants, with the proven `lipschitz_bound` or with ``lipschitz`` given.

        They are those of the model that is given: of αf, for a `Scaled` one.
        """
        _strongly_convex(loss)
        _checks.instance("data", data, Dataset)
        w0, x, f0 = one_run(model, w0, data.x)
        singular = np.linalg.svd(model.jacobian(w0, x), compute_uv=False)
        smallest = singular[-1] if len(singular) == data.n else 0.0
        if lipschitz is None:
            lipschitz = _bound_where_needed(model, w0, x, smallest)
        else:
            lipschitz = _checks.number("lipschitz", lipschitz, above=0)
        return cls(float(smallest), float(singular[0]), float(lipschitz), f0, data.y, loss)

    @property
    def M(self):
        """σ_min³/(32 κ^{3/2} ‖Df_{w₀}‖ L_Df), which ‖f(w₀)‖ must not exceed.

        0 where Df_{w₀} is not surjective, infinite for a tangent model.
        """
        if self.sigma_min == 0 or self.lipschitz == 0:
            return np.inf if self.sigma_min else 0.0
        steep = self.sigma_min / (32 * self.loss.condition_number**1.5) * self.sigma_min / self.norm
        return _checks.in_range("M", steep * (self.sigma_min / self.lipschitz))

    @property
    def threshold(self):
        """The α = ‖f*‖/M beyond which the theorem speaks; infinite where ‖f(w₀)‖ > M."""
        if self.M == 0 or norm(self.f0) > self.M:
            return np.inf
        return float(norm(self.target) / self.M)

    @property
    def rate(self):
        """The promised rate μσ²_min/4 of convergence."""
        return self.loss.mu / len(self.target) * self.sigma_min**2 / 4

    def bound(self, times, alpha):
        """√κ ‖αf(w₀) − f*‖ exp(−μσ²_min t/4), which bounds ‖αf(w(t)) − f*‖ beyond the threshold.

        Shapes of ``times`` and ``alpha`` broadcast.
        """
        times, alpha = _times_from_0(times), np.asarray(_checks.positive("alpha", alpha))
        _checks.broadcastable(times=times.shape, alpha=alpha.shape)
        with np.errstate(all="ignore"):
            start = norm(np.multiply.outer(alpha, self.f0) - self.target)
            bound = np.sqrt(self.loss.condition_number) * start * np.exp(-self.rate * times)
        return _checks.in_range("the bound", bound)


def _strongly_convex(loss):
    _checks.instance("loss", loss, Loss)
    if loss.of_margin or loss.mu <= 0:
        raise ValueError(f"loss must be strongly convex with f* = y, got {loss.name}")


def _times_from_0(times):
    times = _checks.array("times", times)
    if (times < 0).any():
        raise ValueError("times must be >= 0")
    return times


def _bound_where_needed(model, w0, x, smallest):
    # bisection for radius · L_Df(radius) = σ_min/2
    radius, high = 0.0, 1.0
    if smallest == 0 or _bound(model, w0, x, high) == 0:
        return _bound(model, w0, x, radius)
    while high * _bound(model, w0, x, high) < smallest / 2:
        high *= 2
    for _ in range(60):
        middle = (radius + high) / 2
        inside = middle * _bound(model, w0, x, middle) < smallest / 2
        radius, high = (middle, high) if inside else (radius, middle)
    return _bound(model, w0, x, high)


def _metrics(metrics, loss):
    """Checked metrics, their least eigenvalue (at least 0), and the μ of ``loss``."""
    metrics = _checks.array("metrics", metrics, exactly=3, nonempty=True)
    _checks.last_axis("metrics", metrics, metrics.shape[-2], "symmetric matrices")
    _strongly_convex(loss)
    return metrics, max(float(np.linalg.eigvalsh(metrics).min()), 0.0), loss.mu / metrics.shape[-1]


def lemma_3_3_bound(times, start, metrics, loss, lowest=None):
    """√κ ‖y(0) − y*‖ exp(−μλt): Lemma 3.3's bound of ‖y(t) − y*‖ for y′ = −Σ(t)∇R(y).

    Parameters
    ----------
    times : ndarray of shape (frames,)
    start : float
        ‖y(0) − y*‖.
    metrics : ndarray of shape (frames, n, n)
        Σ at these times.
    loss : Loss
    lowest : float, optional
        λ ≤ all eigenvalues of Σ(t); by default the smallest one of ``metrics``.

    Examples
    --------
    >>> import numpy as np
    >>> from lazylib import quadratic
    >>> from lazylib.theory import lemma_3_3_bound
    >>> times, metrics = np.array([0.0, np.log(2)]), np.full((2, 1, 1), 3.0)
    >>> lemma_3_3_bound(times, 8.0, metrics, quadratic).round(12)  # 8 exp(−3t)
    array([8., 1.])
    """
    times, start = _times_from_0(times), _checks.number("start", start, least=0)
    metrics, measured, mu = _metrics(metrics, loss)
    lowest = measured if lowest is None else _checks.number("lowest", lowest, least=0)
    with np.errstate(all="ignore"):
        bound = np.sqrt(loss.condition_number) * start * np.exp(-mu * lowest * times)
    return _checks.in_range("the bound", bound)


def lemma_a1_bound(metrics, gradients, loss):
    """K‖Σ(0)‖^½/(λ^{3/2} μ): Lemma A.1's bound of ‖y(t) − ȳ(t)‖, where ȳ keeps the metric Σ(0).

    Parameters
    ----------
    metrics : ndarray of shape (frames, n, n)
        Σ(t), from t = 0 on.
    gradients : ndarray of shape (frames, n)
        ∇R(y(t)).
    loss : Loss

    Returns
    -------
    float
        0 where the metric stands still; infinite (no promise) where it moves and is singular.

    Examples
    --------
    >>> from lazylib import quadratic
    >>> from lazylib.theory import lemma_a1_bound
    >>> still, moving = [[[4.0]], [[4.0]]], [[[4.0]], [[5.0]]]
    >>> print(*(lemma_a1_bound(m, [[1.0], [0.8]], quadratic) for m in (still, moving)))  # 0.8/4
    0.0 0.2
    """
    metrics, lowest, mu = _metrics(metrics, loss)
    gradients = _checks.array("gradients", gradients, exactly=2)
    if gradients.shape != metrics.shape[:2]:
        raise ValueError(f"gradients must have shape {metrics.shape[:2]}, got {gradients.shape}")
    K = norm(((metrics - metrics[0]) @ gradients[..., None])[..., 0]).max()
    if K == 0 or lowest == 0:
        return np.inf if K else 0.0
    with np.errstate(all="ignore"):
        bound = K / mu * np.sqrt(np.linalg.norm(metrics[0], 2) / lowest) / lowest
    return float(_checks.in_range("the bound", bound))
