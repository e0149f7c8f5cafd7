"""Models: their derivatives, their identities, and initial weights."""

import re

import numpy as np
import pytest
from helpers import derivative, problem, quick, relative, seeded, slope
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from lazylib import Centered, FirstLayer, Scaled, Tangent, TwoLayer, softplus, sphere
from lazylib.models import Model
from lazylib.models.activations import ACTIVATIONS

NET = TwoLayer(3, 4, "gelu", scale=0.5)
W, X = np.ones(16), np.ones((5, 3))


def at_its_own_start(net, shape, seed=9):
    return Tangent(net, seeded(seed).normal(size=(*shape, net.n_parameters)))


# How models are made from a network; leads are the leading shapes that these models fit.
NESTS = {
    "network": lambda net, lead: net,
    "scaled": lambda net, lead: Scaled(net, 3.0),
    "scaled for each run": lambda net, lead: Scaled(net, seeded(8).uniform(1, 9, lead)),
    "tangent": lambda net, lead: at_its_own_start(net, ()),
    "tangent for each run": lambda net, lead: at_its_own_start(net, lead),
    "scaled tangent": lambda net, lead: Scaled(at_its_own_start(net, ()), 7.0),
    "tangent of scaled": lambda net, lead: at_its_own_start(Scaled(net, 0.3), lead),
    "scaled scaled": lambda net, lead: Scaled(Scaled(net, 5.0), seeded(7).uniform(1, 2, lead)),
    "tangent of tangent": lambda net, lead: at_its_own_start(at_its_own_start(net, ()), lead, 6),
    "centered": lambda net, lead: Centered(net, np.ones((*lead, net.n_parameters))),
    "first layer": lambda net, lead: FirstLayer(net, seeded(4).normal(size=net.m)),
    "scaled first layer": lambda net, lead: Scaled(FirstLayer(net, np.ones(net.m)), 2.0),
}
each_nest = pytest.mark.parametrize("nest", NESTS.values(), ids=NESTS)
each_lead = pytest.mark.parametrize("lead", [(), (3,), (2, 3)], ids=str)


def point(model, lead=(), n=5, seed=0, shared_x=True):
    """Return parameters, inputs and a direction where no ReLU is at its kink."""
    w, v = seeded([seed, 1]).normal(size=(2, *lead, model.n_parameters))
    x = seeded([seed, 2]).normal(size=(*(() if shared_x else lead), n, model.d))
    return w, x, v


def check_derivatives(model, w, x, v):
    """Hold jvp, vjp and the Jacobian against central differences and against each other."""
    f, pullback = model.vjp(w, x)
    r = seeded(5).normal(size=f.shape)
    forward, backward, jacobian = model.jvp(w, x, v), pullback(r), model.jacobian(w, x)
    assert relative(f, model.predict(w, x)) < 1e-14
    assert relative(forward, derivative(lambda w: model.predict(w, x), w, v)) < 1e-6
    # <r, Df v> = <Dfᵀ r, v>, for each run
    here, there = (r * forward).sum(axis=-1), (backward * v).sum(axis=-1)
    assert np.abs(here - there).max() < 1e-12 * np.abs(r * forward).sum(axis=-1).max()
    assert relative((jacobian @ v[..., None])[..., 0], forward) < 1e-13
    assert relative((r[..., None, :] @ jacobian)[..., 0, :], backward) < 1e-13


@pytest.mark.parametrize("sigma", [*ACTIVATIONS.values(), softplus(10)], ids=lambda s: s.name)
@pytest.mark.parametrize(("d", "m"), [(2, 7), (7, 2), (1, 1)])
def test_derivatives_for_every_activation_and_shape(sigma, d, m):
    model = TwoLayer(d, m, sigma, scale=0.7)
    check_derivatives(model, *point(model))


@each_nest
@each_lead
@pytest.mark.parametrize("shared_x", [True, False], ids=["shared x", "own x"])
def test_derivatives_of_models_made_from_models(nest, lead, shared_x):
    model = nest(NET, lead)
    check_derivatives(model, *point(model, lead, shared_x=shared_x))


def test_network_is_the_sum_over_its_neurons():
    """f(w, x) = scale · Σⱼ bⱼ σ(aⱼ·x) of Sections 2.2 and 5, term by term."""
    w, x, _ = point(NET)
    a, b = NET.unpack(w)
    sigma = ACTIVATIONS["gelu"].value
    by_hand = [0.5 * sum(b[j] * sigma(a[j] @ each) for j in range(4)) for each in x]
    assert np.allclose(NET.predict(w, x), by_hand, rtol=1e-14)
    assert NET.n_parameters == 4 * (3 + 1)


def test_parameters_are_one_flat_array():
    """Design: a₁, …, a_m and then b; unpack gives views, pack undoes it."""
    w = np.arange(2.0 * 16).reshape(2, 16)
    a, b = NET.unpack(w)
    assert a.shape == (2, 4, 3) and b.shape == (2, 4)
    assert np.array_equal(a[0, 1], [3, 4, 5]) and np.array_equal(b[0], [12, 13, 14, 15])
    assert np.array_equal(NET.pack(a, b), w)
    a[1, 3, 2] = b[0, 0] = -1
    assert w[1, 11] == w[0, 12] == -1


def test_positions_are_the_neurons_of_figure_1():
    w = seeded(0).normal(size=(5, 16))
    a, b = NET.unpack(w)
    for run, neuron in ((0, 0), (4, 3)):
        place = abs(b[run, neuron]) * a[run, neuron]
        assert np.array_equal(NET.positions(w)[run, neuron], place)


@each_nest
@each_lead
def test_a_batch_is_its_runs(nest, lead):
    """Design: leading axes are independent runs."""
    model = nest(NET, lead)
    w, x, v = point(model, lead, shared_x=False)
    f, pullback = model.vjp(w, x)
    together = model.predict(w, x), f, pullback(f), model.jvp(w, x, v), model.jacobian(w, x)
    for number, index in enumerate(np.ndindex(lead)):
        one = model.at(lead, [number])
        single = w[index][None], x[index][None]
        f, pullback = one.vjp(*single)
        alone = one.predict(*single), f, pullback(f), one.jvp(*single, v[index][None])
        for whole, part in zip(together, (*alone, one.jacobian(*single)), strict=True):
            assert relative(whole[index], part[0]) < 1e-12


@quick
@given(
    shapes=hnp.mutually_broadcastable_shapes(num_shapes=2, max_dims=3, max_side=3),
    d=st.integers(1, 3),
    m=st.integers(1, 4),
    n=st.integers(1, 4),
    name=st.sampled_from(sorted(NESTS)),
)
def test_leading_axes_broadcast_as_in_numpy(shapes, d, m, n, name):
    (w_lead, x_lead), lead = shapes
    model = NESTS[name](TwoLayer(d, m), ())
    w = seeded(0).normal(size=(*w_lead, model.n_parameters))
    x = seeded(1).normal(size=(*x_lead, n, d))
    f, pullback = model.vjp(w, x)
    assert f.shape == model.predict(w, x).shape == model.jvp(w, x, w).shape == (*lead, n)
    assert np.broadcast_shapes(model.jacobian(w, x).shape, (*lead, 1, 1)) == (*lead, n, w.shape[-1])
    assert pullback(f).shape == (*lead, w.shape[-1])
    full = np.broadcast_to(w, (*lead, w.shape[-1])), np.broadcast_to(x, (*lead, n, d))
    assert np.allclose(f, model.predict(*full), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_single_precision_stays(name):
    """float32 weights give float32 everywhere, the same numbers to its digits."""
    net = TwoLayer(3, 8, name, scale=0.3)
    w, x, v = point(net)
    for model in (net, Scaled(net, 3.0), Scaled(Tangent(net, np.float32(w + v)), 0.1)):
        outputs = []
        for dtype in ("float32", "float64"):
            w_, x_, v_ = (array.astype(dtype) for array in (w, x, v))
            f, pullback = model.vjp(w_, x_)
            parts = f, pullback(f), model.predict(w_, x_), model.jvp(w_, x_, v_)
            outputs.append((*parts, model.jacobian(w_, x_)))
        for single, double in zip(*outputs, strict=True):
            assert single.dtype == np.float32
            assert relative(single, double) < 1e-5


# --- homogeneity, doubling, initial weights ------------------------------------------------------


@pytest.mark.parametrize("scale", [1.0, 0.3])
@pytest.mark.parametrize("factor", [2.0**7, 2.0**-9, 3.7, 1e-3])
def test_relu_network_is_2_homogeneous(factor, scale):
    """Section 4.2.1: f(λw) = λ²f(w) and Df(λw) = λ Df(w), bit for bit if λ is a power of 2."""
    net = TwoLayer(4, 6, scale=scale)
    w, x, _ = point(net)
    assert net.homogeneity == 2
    pairs = (
        (net.predict(factor * w, x), factor**2 * net.predict(w, x)),
        (net.jacobian(factor * w, x), factor * net.jacobian(w, x)),
    )
    for scaled, expected in pairs:
        if np.log2(factor) % 1 == 0:
            assert np.array_equal(scaled, expected)
        assert relative(scaled, expected) < 1e-12


@pytest.mark.parametrize("name", [name for name in ACTIVATIONS if name != "relu"])
def test_other_networks_are_not_homogeneous(name):
    net = TwoLayer(4, 6, name)
    w, x, _ = point(net)
    assert net.homogeneity is None
    assert relative(net.predict(2 * w, x), 4 * net.predict(w, x)) > 1e-3


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_doubling_starts_at_zero_and_keeps_the_kernel(name):
    """Section 2.1: f(w₀, ·) = 0, and K is twice that of the m/2 neurons that were drawn."""
    doubled, half = TwoLayer(5, 12, name), TwoLayer(5, 6, name)
    x = sphere(seeded(0), 9, 5)
    w0 = doubled.init(seeded(1), tau=1.7)
    jacobian, drawn = doubled.jacobian(w0, x), half.jacobian(half.init(seeded(1), 1.7, False), x)
    # each neuron has its mirror image: the sum is 0 but for its own rounding
    a, b = doubled.unpack(w0)
    assert np.array_equal(a[:6], a[6:]) and np.array_equal(b[:6], -b[6:])
    terms = np.abs(b[:, None] * doubled.activation.value(a @ x.T)).sum(axis=0)
    assert (np.abs(doubled.predict(w0, x)) <= 4 * np.finfo(float).eps * terms).all()
    assert relative(jacobian @ jacobian.T, 2 * drawn @ drawn.T) < 1e-14


@pytest.mark.parametrize("doubling", [True, False])
def test_initial_weights_are_normal_with_standard_deviation_tau(doubling):
    """N(0, τ²), in mean, variance and fourth moment."""
    net = TwoLayer(9, 2000)
    a, b = net.unpack(net.init(seeded(0), tau=0.3, doubling=doubling))
    drawn = np.concatenate([a, b[:, None]], axis=-1)[: 1000 if doubling else None] / 0.3
    for power, mean in ((1, 0), (2, 1), (4, 3)):
        sample = drawn**power
        assert abs(sample.mean() - mean) < 4 * sample.std() / np.sqrt(sample.size)


@pytest.mark.parametrize("doubling", [True, False])
def test_an_array_of_tau_rescales_one_draw(doubling):
    """Common random numbers (design §2)."""
    tau = np.array([[0.1, 1.0, 2.0], [0.5, 3.0, 7.0]])
    net = TwoLayer(3, 8)
    one = net.init(seeded(4), 1.0, doubling)
    assert np.array_equal(net.init(seeded(4), tau, doubling), tau[..., None] * one)
    assert net.init(seeded(4), tau, doubling, batch=5).shape == (5, 2, 3, net.n_parameters)


@quick
@given(half=st.integers(1, 8), more=st.integers(0, 8), seed=st.integers(0, 2**32))
def test_a_larger_width_keeps_the_first_neurons(half, more, seed):
    for doubling in (True, False):
        few, many = TwoLayer(3, 2 * half), TwoLayer(3, 2 * (half + more))
        kept = half if doubling else 2 * half
        parts = (net.unpack(net.init(seeded(seed), 1.0, doubling)) for net in (few, many))
        for small, large in zip(*parts, strict=True):
            assert np.array_equal(small[:kept], large[:kept])


def test_batch_draws_are_independent_and_reproducible():
    net = TwoLayer(2, 4)
    draws = net.init(seeded(0), batch=(3, 5))
    assert draws.shape == (3, 5, net.n_parameters)
    assert np.array_equal(draws, net.init(seeded(0), batch=(3, 5)))
    flat = draws.reshape(15, -1)
    assert len(np.unique(flat[:, 0])) == 15
    # correlations between runs, over many parameters
    wide = TwoLayer(9, 2000).init(seeded(1), doubling=False, batch=4)
    assert np.abs(np.corrcoef(wide) - np.eye(4)).max() < 4 / np.sqrt(wide.shape[-1])


# --- tangent and scaled models -------------------------------------------------------------------


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_tangent_touches_the_network(name):
    """Eq. (2): T_f equals f at w₀ exactly, and to first order: the error is O(ε²)."""
    net = TwoLayer(3, 6, name)
    w0, x, v = point(net)
    tangent, sizes = Tangent(net, w0), np.array([1e-4, 3e-4, 1e-3, 3e-3])
    assert np.array_equal(tangent.predict(w0, x), net.predict(w0, x))
    gap = [np.abs(tangent.predict(w0 + e * v, x) - net.predict(w0 + e * v, x)).max() for e in sizes]
    assert slope(sizes, gap) == pytest.approx(2, abs=0.02)


def test_tangent_is_affine():
    w0, x, v = point(NET)
    tangent = Tangent(NET, w0)
    for w in (w0 + v, w0 - 100 * v):
        assert np.array_equal(tangent.jacobian(w, x), NET.jacobian(w0, x))
        assert np.array_equal(tangent.jvp(w, x, v), NET.jvp(w0, x, v))
    middle = (tangent.predict(w0 + v, x) + tangent.predict(w0 - v, x)) / 2
    assert relative(middle, NET.predict(w0, x)) < 1e-13


def test_tangent_of_a_tangent_is_itself():
    """T_f is affine: it is its own tangent model, wherever that is taken."""
    w0, x, v = point(NET)
    tangent = Tangent(NET, w0)
    again = Tangent(tangent, w0 + 3 * v)
    assert relative(again.predict(w0 - v, x), tangent.predict(w0 - v, x)) < 1e-13


def test_scaled_multiplies():
    """Eq. (5): the model αf; scales multiply."""
    w, x, _ = point(NET, (3,))
    alpha = np.array([0.1, 1.0, 1e4])
    assert np.array_equal(Scaled(NET, alpha).predict(w, x), alpha[:, None] * NET.predict(w, x))
    twice, once = Scaled(Scaled(NET, alpha), 2.0), Scaled(NET, 2 * alpha)
    assert np.array_equal(twice.predict(w, x), once.predict(w, x))
    assert np.array_equal(twice.jacobian(w, x), once.jacobian(w, x))


@pytest.mark.parametrize(
    "wrap", [lambda f: Scaled(f, 2.0), lambda f: Tangent(f, W), lambda f: Centered(f, W)]
)
def test_what_a_wrapper_offers_is_listed(wrap):
    """Design §2: a tangent model is not homogeneous because its network is."""
    relu = TwoLayer(3, 4)
    model = wrap(relu)
    assert (model.d, model.n_parameters) == (3, 16)
    assert np.array_equal(model.positions(W), relu.positions(W))
    assert model.unpack(W)[1].shape == (4,)
    for name in ("m", "init", "scale", "activation", "nonsense"):
        assert not hasattr(model, name)
    assert model.homogeneity == (2 if isinstance(model, Scaled) else None)


def test_first_layer_is_the_network_with_fixed_output_weights():
    net, b = TwoLayer(3, 4), seeded(1).normal(size=4)
    model, (a, x) = FirstLayer(net, b), seeded(2).normal(size=(2, 4, 3))
    w = a.reshape(-1)
    assert (model.n_parameters, model.d) == (12, 3)
    assert np.array_equal(model.predict(w, x), net.predict(net.pack(a, b), x))
    assert np.array_equal(model.positions(w), abs(b)[:, None] * a)
    assert model.homogeneity == 1 and FirstLayer(NET, b).homogeneity is None
    assert relative(model.predict(2 * w, x), 2 * model.predict(w, x)) < 1e-15
    with pytest.raises(TypeError, match="model must offer unpack, got FirstLayer"):
        Scaled(model, 2).unpack(w)


class Line(Model):
    """The model of a reader: f(w, x) = w·x."""

    n_parameters, d = 2, 2

    def _predict(self, w, x):
        return np.matvec(x, w)

    def _jvp(self, w, x, v):
        return np.matvec(x, v)

    def _vjp(self, w, x):
        return np.matvec(x, w), lambda r: np.vecmat(r, x)

    def _jacobian(self, w, x):
        return x


def test_a_model_of_the_readers_own_needs_two_numbers_and_four_formulas():
    model = Scaled(Line(), 3.0)
    w, x, v = point(model)
    check_derivatives(model, w, x, v)
    assert np.array_equal(model.positions(w), w) and model.homogeneity is None
    with pytest.raises(ValueError, match="x must be finite"):
        model.predict(w, x * np.nan)
    assert Line() != Line() and len({model, Scaled(model.model, 3.0)}) == 1


def test_at_chooses_runs_by_number():
    lead, alpha = (2, 3), np.arange(1.0, 4)
    w0 = seeded(0).normal(size=(2, 1, 16))
    chosen = Scaled(Tangent(NET, w0), alpha).at(lead, [0, 5])
    assert chosen.alpha.tolist() == [1, 3]
    assert np.array_equal(chosen.model.w0, w0[[0, 1], 0])
    single = Scaled(Tangent(NET, w0[0, 0]), 2.0).at(lead, [0, 5])
    assert single.alpha == 2.0 and single.model.w0.shape == (16,)


# --- bad input -----------------------------------------------------------------------------------

BAD = {
    "no neurons": (lambda: TwoLayer(2, 0), ValueError, "m must be at least 1"),
    "d as a word": (lambda: TwoLayer("2", 3), TypeError, "d must be an integer"),
    "half a neuron": (lambda: TwoLayer(2, 2.5), TypeError, "m must be an integer"),
    "scale 0": (lambda: TwoLayer(2, 2, scale=0), ValueError, "scale must be > 0"),
    "scales": (lambda: TwoLayer(2, 2, scale=[1, 2]), TypeError, "scale must be one number"),
    "activation": (lambda: TwoLayer(2, 2, "sigmoid"), ValueError, "activation must be one of"),
    "seed": (lambda: NET.init(0), TypeError, "rng must be a numpy.random.Generator"),
    "tau 0": (lambda: NET.init(seeded(0), 0.0), ValueError, "tau must be > 0"),
    "tau < 0": (lambda: NET.init(seeded(0), [1.0, -1.0]), ValueError, "tau must be > 0"),
    "tau NaN": (lambda: NET.init(seeded(0), np.nan), ValueError, "tau must be finite"),
    "tau word": (lambda: NET.init(seeded(0), "small"), TypeError, "tau must be an array of real"),
    "odd m": (
        lambda: TwoLayer(2, 3).init(seeded(0)),
        ValueError,
        "m must be even for the doubling trick, got 3",
    ),
    "batch": (lambda: NET.init(seeded(0), batch=(2, 0.5)), TypeError, "batch must be an integer"),
    "w": (lambda: NET.predict(W[1:], X), ValueError, "w must have shape (..., 16) for this"),
    "x": (lambda: NET.predict(W, X[:, 1:]), ValueError, "x must have shape (..., 3) for the model"),
    "w of vjp": (lambda: NET.vjp(W[1:], X), ValueError, "w must have shape (..., 16)"),
    "w of jvp": (lambda: NET.jvp(W[1:], X, W), ValueError, "w must have shape (..., 16)"),
    "w of jacobian": (lambda: NET.jacobian(W[1:], X), ValueError, "w must have shape (..., 16)"),
    "pack b": (lambda: NET.pack(X[:4], np.ones(3)), ValueError, "b must have shape (4,)"),
    "pack a": (lambda: NET.pack(X, np.ones(5)), ValueError, "a must have shape (..., 4, 3), got"),
    "pack None": (lambda: NET.pack(None, W[:4]), TypeError, "a must be an array of real numbers"),
    "doubling": (lambda: NET.init(seeded(0), doubling=1), TypeError, "doubling must be True or"),
    "batch of 0": (lambda: NET.init(seeded(0), batch=0), ValueError, "batch must be at least 1"),
    "no tau": (lambda: NET.init(seeded(0), []), ValueError, "tau must not be empty"),
    "huge tau": (
        lambda: NET.init(seeded(0), 1.7e308),
        ValueError,
        "w of standard deviation tau is",
    ),
    "one x": (lambda: NET.predict(W, X[0]), ValueError, "x must have at least 2 axes"),
    "no x": (lambda: NET.predict(W, X[:0]), ValueError, "x must not be empty"),
    "no w": (lambda: NET.predict(W[None][:0], X), ValueError, "w must not be empty"),
    "one number": (lambda: Tangent(NET, W).predict([1.0], X), ValueError, "w must have shape (..."),
    "batches": (
        lambda: NET.predict(np.ones((3, 16)), np.ones((2, 5, 3))),
        ValueError,
        "do not fit together: w (3,), x (2,)",
    ),
    "alphas": (
        lambda: Scaled(NET, [1.0, 2.0]).predict(np.ones((3, 16)), X),
        ValueError,
        "do not fit together: w (3,), x (), model (2,)",
    ),
    "starts": (
        lambda: Scaled(Tangent(NET, np.ones((3, 16))), [1.0, 2.0]),
        ValueError,
        "do not fit together: alpha (2,), model (3,)",
    ),
    "pullback": (lambda: NET.vjp(W, X)[1](W), ValueError, "r must have shape (..., 5)"),
    "pullback NaN": (lambda: NET.vjp(W, X)[1](X[:, 0] * np.nan), ValueError, "r must be finite"),
    "overflow": (lambda: NET.predict(1e200 * W, X), ValueError, "f(w, x) is beyond the range"),
    "no model": (lambda: Scaled(None, 2.0), TypeError, "model must be a Model, got None"),
    "a class": (lambda: Tangent(TwoLayer, W), TypeError, "model must be a Model, got"),
    "b short": (lambda: FirstLayer(NET, [1.0]), ValueError, "b must have shape (..., 4)"),
    "b deep": (lambda: FirstLayer(NET, X), ValueError, "b must have 1 axes"),
    "of what": (lambda: FirstLayer(Line(), [1.0]), TypeError, "model must be a TwoLayer"),
    "alpha 0": (lambda: Scaled(NET, 0), ValueError, "alpha must be > 0"),
    "alpha < 0": (lambda: Scaled(NET, [1.0, -2.0]), ValueError, "alpha must be > 0"),
    "alpha inf": (lambda: Scaled(NET, np.inf), ValueError, "alpha must be finite"),
    "alpha word": (lambda: Scaled(NET, "2"), TypeError, "alpha must be an array of real"),
    "w0 NaN": (lambda: Tangent(NET, W * np.nan), ValueError, "w0 must be finite"),
    "w0 short": (lambda: Tangent(NET, W[1:]), ValueError, "w0 must have shape (..., 16)"),
    "w0 number": (lambda: Tangent(NET, 1.0), ValueError, "w0 must have at least 1 axes"),
}


@pytest.mark.parametrize(("call", "error", "message"), BAD.values(), ids=BAD)
def test_bad_arguments_are_named(call, error, message):
    with pytest.raises(error, match=re.escape(message)):
        call()


NO_ARRAYS = {
    "None": (None, TypeError),
    "word": ("1", TypeError),
    "object": (object(), TypeError),
    "booleans": (np.ones(16, bool), TypeError),
    "complex": (W + 1j, TypeError),
    "masked": (np.ma.masked_array(W, W > 2), TypeError),
    "rows masked": ([np.ma.masked_array(W, W > 2)], TypeError),
    "NaN": (W * np.nan, ValueError),
    "infinity": ([np.inf] * 16, ValueError),
}


@pytest.mark.parametrize(("value", "error"), NO_ARRAYS.values(), ids=NO_ARRAYS)
@pytest.mark.parametrize("model", [NET, Scaled(NET, 2.0), Tangent(NET, W), Centered(NET, W)])
def test_every_method_refuses_what_is_no_array_by_name(model, value, error):
    calls = {
        "w": [
            lambda: model.predict(value, X),
            lambda: model.jvp(value, X, W),
            lambda: model.vjp(value, X),
            lambda: model.jacobian(value, X),
            lambda: model.positions(value),
            lambda: model.unpack(value),
        ],
        "x": [
            lambda: model.predict(W, value),
            lambda: model.jvp(W, value, W),
            lambda: model.vjp(W, value),
            lambda: model.jacobian(W, value),
        ],
        "v": [lambda: model.jvp(W, X, value)],
        "r": [lambda: model.vjp(W, X)[1](value)],
        "w0": [lambda: Tangent(model, value), lambda: Centered(model, value)],
    }
    for name, each in calls.items():
        for call in each:
            with pytest.raises(error, match=f"^{name} must be "):
                call()


@each_nest
def test_lists_are_taken_for_arrays_and_no_array_is_changed(nest):
    model = nest(NET, ())
    w, x, v = point(model)
    before = w.copy(), x.copy(), v.copy()
    calls = (
        lambda w, x, v: model.predict(w, x),
        lambda w, x, v: model.jvp(w, x, v),
        lambda w, x, v: model.jacobian(w, x),
        lambda w, x, v: model.positions(w),
    )
    lists = w.tolist(), x.tolist(), v.tolist()
    for call in calls:
        assert np.array_equal(call(*lists), call(w, x, v))
    r = [1.0, 2.0, 3.0, 4.0, 5.0]
    assert np.array_equal(model.vjp(*lists[:2])[1](r), model.vjp(w, x)[1](np.array(r)))
    assert all(np.array_equal(*pair) for pair in zip(before, (w, x, v), strict=True))


def test_models_keep_copies():
    """Later changes of the caller's arrays do not show; the model's own cannot be changed."""
    w0, b, alpha = np.ones(16), np.ones(4), np.ones(3)
    models = Tangent(NET, w0), FirstLayer(NET, b), Scaled(NET, alpha)
    texts = [(hash(model), repr(model)) for model in models]
    for array in (w0, b, alpha):
        array[:] = 7
    assert [(hash(model), repr(model)) for model in models] == texts
    for own in (models[0].w0, models[1].b, models[2].alpha):
        assert (own == 1).all()
        with pytest.raises(ValueError, match="read-only"):
            own[:] = 7


def test_sizes_may_be_any_integers():
    """An unsigned byte of 200 neurons: m (d + 1) = 600 does not wrap around."""
    net = TwoLayer(np.int8(2), np.uint8(200))
    assert type(net.d) is type(net.m) is int and net.n_parameters == 600
    assert net.init(seeded(0), batch=np.int64(2)).shape == (2, 600)


def test_the_problem_of_these_tests_is_that_of_the_note():
    """Section 5: τ-scaled normal weights, doubled, a unit-norm teacher with three neurons."""
    net, data, w0 = problem(tau=0.1)
    assert (net.d, net.m, data.n, data.x_test.shape) == (2, 20, 15, (20, 2))
    assert np.abs(net.predict(w0, data.x)).max() < 1e-16
