"""The note's statements as numbers: Theorem 3.2, Lemmas 3.3 and A.1, the criterion of Eq. (7).

Norms are those of Section 3.1 for a finite sample: Euclidean in ℝᵖ and ℝⁿ, and their operator norm.
A loss with curvature in [μ, ν] per sample is (μ/n)-strongly convex with a (ν/n)-Lipschitz gradient.
"""

from dataclasses import dataclass

import numpy as np

from lazylib import checks
from lazylib.losses import Loss, quadratic
from lazylib.models import TwoLayer


@dataclass(frozen=True)
class FirstLayer:
    """A two-layer network whose output weights ``b``, of shape (m,), are not trained: w is a.

    A fixed b bounds the second derivative of f everywhere, and with it L_Df (Theorem 3.2).
    """

    model: TwoLayer
    b: np.ndarray

    def __post_init__(self):
        object.__setattr__(self, "b", checks.finite("b", self.b, ndim=1))
        if self.b.shape != (self.model.m,):
            raise ValueError(f"b must have shape ({self.model.m},), got {self.b.shape}")

    @property
    def n_parameters(self):
        """Number of parameters, p = md."""
        return self.model.m * self.model.d

    def at(self, lead, index):
        """The model itself: it is the same for every run."""
        return self

    def positions(self, w):
        """|bⱼ| aⱼ, of shape (..., m, d)."""
        return self.model.positions(self._whole(w))

    def predict(self, w, x):
        """f(w, x)."""
        return self.model.predict(self._whole(w), x)

    def jvp(self, w, x, v):
        """Df_w v."""
        return self.model.jvp(self._whole(w), x, self._whole(v, 0 * self.b))

    def vjp(self, w, x):
        """f(w, x) and the pullback r ↦ Df_wᵀ r."""
        f, pullback = self.model.vjp(self._whole(w), x)
        return f, lambda r: pullback(r)[..., : self.n_parameters]

    def jacobian(self, w, x):
        """Df_w."""
        return self.model.jacobian(self._whole(w), x)[..., : self.n_parameters]

    def _whole(self, w, b=None):
        b = self.b if b is None else b
        checks.last_axis("w", w, self.n_parameters, "the first layer's weights")
        return np.concatenate([w, np.broadcast_to(b, (*w.shape[:-1], len(b)))], axis=-1)


def curvature(model, w0, x, rng, starts=8, iterations=100):
    """Estimate L_Df at w₀: the largest ‖D²f(v, v′)‖ over unit vectors v and v′ of ℝᵖ.

    Maximises D²f(v, v′)·r over one vector at a time, from several random starts; second derivatives
    are central differences of the first. A ReLU is taken away from its kinks. Since maxima are
    local, this is a lower estimate; it knows nothing of other places than w₀.

    Parameters
    ----------
    model : a model of `lazylib.models`
    w0 : ndarray of shape (p,)
    x : ndarray of shape (n, d)
    rng : numpy.random.Generator
        Draws the starts.

    Returns
    -------
    float
    """
    checks.generator("rng", rng)
    size = np.finfo(float).eps ** (1 / 3) * np.linalg.norm(w0)
    v, other = rng.standard_normal((2, checks.whole("starts", starts), len(w0)))
    for _ in range(checks.whole("iterations", iterations)):
        v, other = other / np.linalg.norm(other, axis=-1, keepdims=True), v
        ahead, behind = w0 + size * v, w0 - size * v
        other = other / np.linalg.norm(other, axis=-1, keepdims=True)
        r = (model.jvp(ahead, x, other) - model.jvp(behind, x, other)) / (2 * size)
        values = np.linalg.norm(r, axis=-1)
        if not values.all():
            break
        r /= values[:, None]
        other = model.vjp(ahead, x)[1](r) - model.vjp(behind, x)[1](r)
    return float(values.max())


def curvature_bound(model, w0, x, radius=0.0):
    """A proven bound of L_Df on the ball ‖w − w₀‖ ≤ ``radius``, for smooth two-layer networks.

    With B = max|bⱼ| sup|σ″| max‖xᵢ‖ and S = sup|σ′|, the second derivative along unit vectors is at
    most scale · ‖X‖ · (B + √(B² + 4S²))/2; without training b, scale · ‖X‖ · B, on any ball.

    Parameters
    ----------
    model : TwoLayer or FirstLayer, or one of them `Centred`
    w0 : ndarray of shape (p,)
    x : ndarray of shape (n, d)
    radius : float

    Returns
    -------
    float
        Infinite for the ReLU, whose derivative jumps.
    """
    first = _network(model)
    net = first.model if isinstance(first, FirstLayer) else first
    largest = np.linalg.norm(x, axis=-1).max() * net.activation.curvature
    outer = net.scale * np.linalg.norm(x, 2)
    if isinstance(first, FirstLayer):
        return float(outer * np.abs(first.b).max() * largest)
    bend = (np.abs(net.unpack(w0)[1]).max() + radius) * largest
    return float(outer * (bend + np.hypot(bend, 2 * net.activation.slope)) / 2)


def _network(model):
    while not isinstance(model, TwoLayer | FirstLayer):
        if not hasattr(model, "model"):
            raise ValueError(f"no bound of L_Df is known for {model}: use curvature()")
        model = model.model
    return model


@dataclass(frozen=True)
class LazyTheorem:
    """Theorem 3.2 for one model, initialisation and sample, from what is known before training.

    Attributes
    ----------
    sigma_min, norm : float
        Smallest singular value and norm of Df_{w₀}.
    lipschitz : float
        L_Df: Lipschitz constant of Df on the ball ‖w − w₀‖ ≤ σ_min/(2 L_Df), all the proof needs.
    f0, target : ndarray of shape (n,)
        f(w₀) and f*.
    loss : Loss
    """

    sigma_min: float
    norm: float
    lipschitz: float
    f0: np.ndarray
    target: np.ndarray
    loss: Loss = quadratic

    @classmethod
    def of(cls, model, w0, data, loss=quadratic, lipschitz=None):
        """Compute the constants, with the proven `curvature_bound` or with ``lipschitz`` given."""
        if loss.of_margin or loss.mu <= 0:
            raise ValueError(f"loss must be strongly convex with f* = y, got {loss.name}")
        singular = np.linalg.svd(model.jacobian(w0, data.x), compute_uv=False)
        smallest = singular[-1] if len(singular) == data.n else 0.0
        if lipschitz is None:
            radius, high = 0.0, 1.0
            while high * curvature_bound(model, w0, data.x, high) < smallest / 2:
                high *= 2
            for _ in range(60):  # bisection for radius · L_Df(radius) = σ_min/2
                middle = (radius + high) / 2
                inside = middle * curvature_bound(model, w0, data.x, middle) < smallest / 2
                radius, high = (middle, high) if inside else (radius, middle)
            lipschitz = curvature_bound(model, w0, data.x, high)
        lipschitz = checks.positive("lipschitz", lipschitz) if np.isfinite(lipschitz) else np.inf
        f0 = model.predict(w0, data.x)
        return cls(float(smallest), float(singular[0]), lipschitz, f0, data.y, loss)

    @property
    def M(self):
        """σ_min³/(32 κ^{3/2} ‖Df_{w₀}‖ L_Df), which ‖f(w₀)‖ must not exceed."""
        kappa = self.loss.condition_number
        return self.sigma_min**3 / (32 * kappa**1.5 * self.norm * self.lipschitz)

    @property
    def threshold(self):
        """The α = ‖f*‖/M beyond which the theorem speaks; infinite where ‖f(w₀)‖ > M."""
        if self.M == 0 or np.linalg.norm(self.f0) > self.M:
            return np.inf
        return float(np.linalg.norm(self.target) / self.M)

    @property
    def rate(self):
        """The promised rate μσ²_min/4 of convergence."""
        return self.loss.mu / len(self.target) * self.sigma_min**2 / 4

    def bound(self, times, alpha):
        """√κ ‖αf(w₀) − f*‖ exp(−μσ²_min t/4), which bounds ‖αf(w(t)) − f*‖ beyond the threshold.

        Shapes of ``times`` and ``alpha`` broadcast.
        """
        start = np.linalg.norm(np.multiply.outer(alpha, self.f0) - self.target, axis=-1)
        return np.sqrt(self.loss.condition_number) * start * np.exp(-self.rate * np.asarray(times))


def moving_metric(model, w, x):
    """Σ(t) = Df_w Df_wᵀ along a path: the metric in which αf follows −∇R (Section 3.2).

    Returns an ndarray of shape (..., n, n) for ``w`` of shape (..., p).
    """
    jacobian = model.jacobian(w, x)
    return jacobian @ jacobian.swapaxes(-1, -2)


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
    """
    lowest = np.linalg.eigvalsh(metrics).min() if lowest is None else lowest
    mu = loss.mu / metrics.shape[-1]
    return np.sqrt(loss.condition_number) * start * np.exp(-mu * lowest * np.asarray(times))


def lemma_a1_bound(metrics, gradients, loss):
    """K‖Σ(0)‖^½/(λ^{3/2} μ): Lemma A.1's bound of ‖y(t) − ȳ(t)‖, where ȳ keeps the metric Σ(0).

    Parameters
    ----------
    metrics : ndarray of shape (frames, n, n)
        Σ(t), from t = 0 on.
    gradients : ndarray of shape (frames, n)
        ∇R(y(t)).
    loss : Loss
    """
    moved = (metrics - metrics[0]) @ gradients[..., None]
    K = np.linalg.norm(moved[..., 0], axis=-1).max()
    lowest = np.linalg.eigvalsh(metrics).min()
    mu = loss.mu / metrics.shape[-1]
    return float(K * np.linalg.norm(metrics[0], 2) ** 0.5 / (lowest**1.5 * mu))


@dataclass(frozen=True)
class Criterion:
    """The rule of thumb of Eq. (7), from what is known before training: lazy where ratio ≪ 1.

    Attributes
    ----------
    distance : float
        ‖T_f(w*) − f(w₀)‖: how far the tangent model has to go, to its best fit of the labels.
    extent : float
        ‖Df_{w₀}‖²/L_Df: how far the linear approximation reaches.
    displacement : float
        ‖w* − w₀‖/‖w₀‖ of the tangent model: what a lazy network will show.
    bend : float
        L_Df‖w* − w₀‖/‖Df_{w₀}‖, which Eq. (7) roughly simplifies (Section 4.1): the relative
        change of Df that the tangent model's own step would cause.
    """

    distance: float
    extent: float
    displacement: float
    bend: float

    @property
    def ratio(self):
        """Left side over right side of Eq. (7)."""
        return self.distance / self.extent


def criterion(model, w0, data, *, alpha=1.0, lipschitz=None):
    """Compute the `Criterion` of αf, for any model.

    Parameters
    ----------
    model : a model of `lazylib.models`
    w0 : ndarray of shape (p,)
    data : Dataset
    alpha : float, default 1
    lipschitz : float, optional
        L_Df. By default it is measured, as ‖Df_{w*} − Df_{w₀}‖/‖w* − w₀‖ at the tangent model's
        least-squares fit w*: the reach that counts, and meaningful for the ReLU too (Section 4.1).
    """
    alpha = checks.positive("alpha", alpha)
    jacobian = model.jacobian(w0, data.x)
    eigenvalues, vectors = np.linalg.eigh(jacobian @ jacobian.T)
    reached = eigenvalues > len(eigenvalues) * np.finfo(float).eps * eigenvalues[-1]
    gap = (vectors.T @ (data.y - alpha * model.predict(w0, data.x)))[reached]
    step = (vectors[:, reached] @ (gap / eigenvalues[reached])) @ jacobian / alpha
    if lipschitz is None:
        change = model.jacobian(w0 + step, data.x) - jacobian
        change = np.sqrt(np.linalg.eigvalsh(change @ change.T)[-1])
        lipschitz = change / np.linalg.norm(step)
    extent = alpha * eigenvalues[-1] / lipschitz
    moved = np.linalg.norm(step)
    numbers = np.linalg.norm(gap), extent, moved / np.linalg.norm(w0)
    return Criterion(*map(float, numbers), bend=float(lipschitz * moved / eigenvalues[-1] ** 0.5))
