"""The note's statements as numbers: Theorem 3.2, Lemmas 3.3 and A.1.

Norms are those of Section 3.1 for a finite sample: Euclidean in ℝᵖ and ℝⁿ, and their operator norm.
A loss with curvature in [μ, ν] per sample is (μ/n)-strongly convex with a (ν/n)-Lipschitz gradient.
"""

from dataclasses import dataclass

import numpy as np

from lazylib import _checks
from lazylib.losses import Loss, quadratic
from lazylib.models.networks import FirstLayer, TwoLayer


def estimate_lipschitz(model, w0, x, rng, starts=8, iterations=100):
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
    _checks.generator("rng", rng)
    size = np.finfo(float).eps ** (1 / 3) * np.linalg.norm(w0)
    v, other = rng.standard_normal((2, _checks.whole("starts", starts), len(w0)))
    for _ in range(_checks.whole("iterations", iterations)):
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


def lipschitz_bound(model, w0, x, radius=0.0):
    """A proven bound of L_Df on the ball ‖w − w₀‖ ≤ ``radius``, for smooth two-layer networks.

    With B = max|bⱼ| sup|σ″| max‖xᵢ‖ and S = sup|σ′|, the second derivative along unit vectors is at
    most scale · ‖X‖ · (B + √(B² + 4S²))/2; without training b, scale · ‖X‖ · B, on any ball.

    Parameters
    ----------
    model : TwoLayer or FirstLayer, or one of them `Centered`
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
    largest = np.linalg.norm(x, axis=-1).max() * net.activation.max_curvature
    outer = net.scale * np.linalg.norm(x, 2)
    if isinstance(first, FirstLayer):
        return float(outer * np.abs(first.b).max() * largest)
    bend = (np.abs(net.unpack(w0)[1]).max() + radius) * largest
    return float(outer * (bend + np.hypot(bend, 2 * net.activation.max_slope)) / 2)


def _network(model):
    while not isinstance(model, TwoLayer | FirstLayer):
        if not hasattr(model, "model"):
            raise ValueError(f"no bound of L_Df is known for {model}: use estimate_lipschitz()")
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
        """Compute the constants, with the proven `lipschitz_bound` or with ``lipschitz`` given."""
        if loss.of_margin or loss.mu <= 0:
            raise ValueError(f"loss must be strongly convex with f* = y, got {loss.name}")
        singular = np.linalg.svd(model.jacobian(w0, data.x), compute_uv=False)
        smallest = singular[-1] if len(singular) == data.n else 0.0
        if lipschitz is None:
            radius, high = 0.0, 1.0
            while high * lipschitz_bound(model, w0, data.x, high) < smallest / 2:
                high *= 2
            for _ in range(60):  # bisection for radius · L_Df(radius) = σ_min/2
                middle = (radius + high) / 2
                inside = middle * lipschitz_bound(model, w0, data.x, middle) < smallest / 2
                radius, high = (middle, high) if inside else (radius, middle)
            lipschitz = lipschitz_bound(model, w0, data.x, high)
        lipschitz = _checks.positive("lipschitz", lipschitz) if np.isfinite(lipschitz) else np.inf
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
