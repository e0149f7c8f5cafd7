"""The exact population loss (n = ∞) of two-layer ReLU networks: no samples, in any dimension.

Inputs are uniform on the unit sphere of ℝᵈ, labels come from a ReLU teacher, the loss is quadratic.
Everything rests on one fact: networks, teachers and tangent models are sums of half-linear
functions 1(a·x > 0) u·x, whose second moments are known. With φ the angle between a and a′,

    2πd · E[1(a·x > 0) 1(a′·x > 0) x xᵀ] = (π − φ) Id + sin φ (ppᵀ − qqᵀ),

where p and q are the unit vectors along the sum and the difference of a/‖a‖ and a′/‖a′‖. For u = a
and u′ = a′ this is the arc-cosine kernel of order 1 (Cho & Saul 2009):
E[σ(a·x)σ(a′·x)] = (‖a‖‖a′‖ sin φ + (π − φ) a·a′)/(2πd).
"""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from lazylib import _checks
from lazylib._vectors import cosines, reuse_memory, unit
from lazylib.data import Teacher, teacher
from lazylib.models.activations import relu
from lazylib.models.model import Model
from lazylib.models.networks import TwoLayer
from lazylib.models.wrappers import Centered, Scaled, Tangent

# Below this, what an angle divides is rounding only; so it is beyond the reciprocal.
_TINY = 1e-16

# Parameters up to which Df_wᵀDf_w is formed within seconds.
_MOST_PARAMETERS = 2000


@dataclass(frozen=True)
class Population:
    """Inputs uniform on the unit sphere, labelled by a ReLU teacher: what n → ∞ samples tend to.

    `gradient_flow` takes it in place of a `Dataset`, for the quadratic loss: it is the setting of
    Theorem 3.4. Models may be a ReLU `TwoLayer` and what `Scaled`, `Tangent` and `Centered` make
    of it.

    Parameters
    ----------
    teacher : Teacher
        f*(x) = Σⱼ bⱼ max(aⱼ·x, 0), for aⱼ of any length; a zero aⱼ adds nothing.

    Examples
    --------
    >>> from lazylib import Population, Teacher, TwoLayer
    >>> population = Population(Teacher(a=[[1.0, 0.0, 0.0]], b=[1.0]))
    >>> print(round(population.zero_loss(), 6))  # ½ E max(t, 0)² = 1/12 for t uniform in [−1, 1]
    0.083333
    >>> print(abs(population.loss(TwoLayer(d=3, m=1), [1.0, 0.0, 0.0, 1.0])) < 1e-12)  # the teacher
    True
    """

    teacher: Teacher

    def __post_init__(self):
        given = _checks.offers("teacher", self.teacher, "a", "b")
        a, b = _checks.neurons(given.a, given.b, "teacher.", exactly=2)
        object.__setattr__(self, "teacher", Teacher(a.copy(), b.copy()))

    @property
    def d(self):
        """Input dimension."""
        return self.teacher.a.shape[-1]

    def zero_loss(self):
        """R(0) = ½ E[f*(x)²], the loss of the zero predictor."""
        a, u = self._labels()
        with np.errstate(all="ignore"):
            return _checks.in_range("R(0)", 0.5 * (u * _moments(a, a, u)).sum())

    def loss(self, model, w):
        """R(f) = ½ E[(f(w, x) − f*(x))²]; of shape (...) for ``w`` of shape (..., p)."""
        return self.loss_and_gradient(model, w)[0]

    def loss_and_gradient(self, model, w):
        """R(f(w)), of shape (...), and its gradient Df_wᵀ∇R(f(w)), of shape (..., p)."""
        w = _parameters(model, w)
        if model.d != self.d:
            raise ValueError(f"model must have the teacher's input dimension {self.d}, got {model}")
        with np.errstate(all="ignore"):
            value, gradient = self._loss_and_gradient(model, w)
        return _checks.in_range("R", value), _checks.in_range("the gradient of R", gradient)

    def _loss_and_gradient(self, model, w):
        f = _expand(model, w)
        a, u = (_join(own, label) for own, label in zip(f[:2], self._labels(), strict=True))
        u[..., f.u.shape[-2] :, :] *= -1
        reuse_memory(8 * u.nbytes)
        moments = _moments(a, a, u)
        gradient = f.pull(moments[..., : f.u.shape[-2], :])
        return 0.5 * (u * moments).sum(axis=(-2, -1)), gradient

    def _labels(self):
        return self.teacher.a, self.teacher.b[:, None] * self.teacher.a


def tangent_gram(model, w):
    """Df_wᵀDf_w in L² of the sphere, of shape (p, p): E[∇_w f(w, x) ∇_w f(w, x)ᵀ].

    Its eigenvalues are the squared singular values of Df_w for the population loss, those of the
    tangent kernel as an operator. It is for one w of a small network: p is at most 2000.

    Examples
    --------
    >>> from lazylib import TwoLayer
    >>> from lazylib.theory import tangent_gram
    >>> neuron = TwoLayer(d=1, m=1)  # w = (a, b); the gradient is (b, a) at x = 1, 0 at x = −1
    >>> tangent_gram(neuron, [1.0, 2.0]).round(12)
    array([[2. , 1. ],
           [1. , 0.5]])
    """
    w = _parameters(model, w, exactly=1)
    _checks.whole("the number of parameters", w.size, most=_MOST_PARAMETERS)
    with np.errstate(all="ignore"):
        f = _expand(model, w)
        pushed = np.stack([f.push(v) for v in np.eye(w.size)])
        gram = np.stack([f.pull(moment) for moment in _moments(f.a, f.a, pushed)], axis=-1)
    return _checks.in_range("Df_wᵀDf_w", gram)


def _parameters(model, w, exactly=None):
    """``w`` for a model, once all that can be wrong with both has been ruled out."""
    w = _checks.instance("model", model, Model)._parameters("w", w)
    # the closed form subtracts large numbers
    return _checks.array("w", w, exactly=exactly).astype(np.float64)


class _Expansion(NamedTuple):
    """f(w, x) = Σₖ 1(aₖ·x > 0) uₖ·x, with Df_w and its adjoint in the same terms.

    Attributes
    ----------
    a, u : ndarray of shape (..., k, d)
    push : callable
        v ↦ the terms u of the function Df_w v.
    pull : callable
        The adjoint: from gₖ = E[1(aₖ·x > 0) x g(x)], of shape (..., k, d), to Df_wᵀ g.
    """

    a: np.ndarray
    u: np.ndarray
    push: Callable
    pull: Callable


@functools.singledispatch
def _expand(model, w):
    """The `_Expansion` of a model, by its class, since σ(z) = 1(z > 0) z for the ReLU."""
    raise ValueError(f"the exact population loss needs a two-layer ReLU network, got {model}")


@_expand.register
def _(model: TwoLayer, w):
    sigma = model.activation
    if (sigma.value, sigma.derivative) != (relu.value, relu.derivative):
        raise ValueError(f"the exact population loss needs the ReLU, got {model}")
    a, b = model._unpack(w)

    def push(v):
        va, vb = model._unpack(v)
        return model.scale * (b[..., None] * va + vb[..., None] * a)

    def pull(moment):
        by_a = (b[..., None] * moment).reshape(*moment.shape[:-2], -1)
        return model.scale * np.concatenate([by_a, (a * moment).sum(axis=-1)], axis=-1)

    return _Expansion(a, model.scale * b[..., None] * a, push, pull)


@_expand.register
def _(model: Scaled, w):
    f, alpha = _expand(model.model, w), np.asarray(model.alpha)[..., None]
    factor = alpha[..., None]
    return _Expansion(
        f.a, factor * f.u, lambda v: factor * f.push(v), lambda moment: alpha * f.pull(moment)
    )


@_expand.register
def _(model: Tangent, w):
    f = _expand(model.model, model.w0)
    return f._replace(u=f.u + f.push(w - model.w0))


@_expand.register
def _(model: Centered, w):
    f, f0 = _expand(model.model, w), _expand(model.model, model.w0)
    k = f.u.shape[-2]
    return _Expansion(
        _join(f.a, f0.a),
        _join(f.u, -f0.u),
        lambda v: _join(f.push(v), np.zeros_like(f0.u)),
        lambda moment: f.pull(moment[..., :k, :]),
    )


def _moments(a, a_terms, u):
    """E[1(aᵢ·x > 0) x g(x)] for g(x) = Σₖ 1(aₖ·x > 0) uₖ·x and x uniform on the sphere.

    Parameters
    ----------
    a : ndarray of shape (..., j, d)
    a_terms, u : ndarray of shape (..., k, d)

    Returns
    -------
    ndarray of shape (..., j, d)
        Zero for a zero vector aᵢ, since 1(0 > 0) = 0.
    """
    e = unit(a)
    e_terms = e if a_terms is a else unit(a_terms)
    u = np.where((a_terms != 0).any(axis=-1, keepdims=True), u, 0)
    cosine, sine, phi = cosines(e, e_terms)
    # sin φ ppᵀ = ½ tan(φ/2) (e + e′)(e + e′)ᵀ, and sin φ qqᵀ = ½ cot(φ/2) (e − e′)(e − e′)ᵀ
    across, along = e @ u.swapaxes(-1, -2), (e_terms * u).sum(axis=-1)[..., None, :]
    tangent = np.divide(1 - cosine, sine, out=sine / (1 + cosine), where=cosine < 0)
    tangent = np.clip(tangent, _TINY, 1 / _TINY)
    by_sum = 0.5 * tangent * (across + along)
    by_difference = 0.5 * (across - along) / tangent
    moments = (np.pi - phi) @ u
    moments += (by_sum - by_difference).sum(axis=-1, keepdims=True) * e
    moments += (by_sum + by_difference) @ e_terms
    return moments * (a != 0).any(axis=-1, keepdims=True) / (2 * np.pi * a.shape[-1])


def _join(first, second):
    """Concatenate along the axis of terms; the leading axes broadcast."""
    if first.shape[:-2] != second.shape[:-2]:
        lead = np.broadcast_shapes(first.shape[:-2], second.shape[:-2])
        first, second = (np.broadcast_to(v, (*lead, *v.shape[-2:])) for v in (first, second))
    return np.concatenate([first, second], axis=-2)


def under_parameterized(d, m, seed):
    """Return a setting of Theorem 3.4: a small ReLU network that starts at 0, on a population.

    Parameters
    ----------
    d, m : int
        Input dimension and width, with m(d + 1) at most 2000.
    seed : int

    Returns
    -------
    model : Centered
    w0 : ndarray of shape (p,)
    population : Population
    spectrum : ndarray
        The positive eigenvalues of Df_{w₀}ᵀDf_{w₀}, ascending: the rates of the tangent flow.
    best : float
        R at the minimum of the tangent model.

    Examples
    --------
    >>> from lazylib.theory import under_parameterized
    >>> model, w0, population, spectrum, best = under_parameterized(d=2, m=4, seed=0)
    >>> print(len(w0), 0 < best < population.zero_loss())  # 12 parameters, and something is left
    12 True
    """
    rng = np.random.default_rng(_checks.seed("seed", seed))
    population, net = Population(teacher(rng, d)), TwoLayer(d, m)
    w0 = net.init(rng, doubling=False)
    model = Centered(net, w0)
    spectrum, vectors = np.linalg.eigh(tangent_gram(model, w0))
    gradient = vectors.T @ population.loss_and_gradient(model, w0)[1]
    positive = spectrum > 1e-10 * spectrum[-1]
    spectrum, gradient = spectrum[positive], gradient[positive]
    best = population.zero_loss() - 0.5 * (gradient**2 / spectrum).sum()
    return model, w0, population, spectrum, float(best)
