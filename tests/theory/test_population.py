"""The exact population loss (n = ∞), against Monte Carlo, quadrature and central differences."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lazylib.data import Teacher, sphere, teacher
from lazylib.losses import log_cosh
from lazylib.models.activations import Activation, relu
from lazylib.models.networks import FirstLayer, TwoLayer
from lazylib.models.wrappers import Centered, Scaled, Tangent
from lazylib.theory.population import Population, tangent_gram, under_parameterized
from lazylib.trainers.descent import gradient_descent
from lazylib.trainers.flow import gradient_flow

MODELS = {
    "network": lambda net, w0: net,
    "centred": Centered,
    "tangent": Tangent,
    "scaled tangent of centred": lambda net, w0: Scaled(Tangent(Centered(net, w0), w0), 3.0),
}
each_model = pytest.mark.parametrize("make", MODELS.values(), ids=MODELS)
each_dimension = pytest.mark.parametrize("d, m", [(1, 4), (2, 7), (3, 5), (100, 20)])


def setting(d, m, seed=0):
    rng = np.random.default_rng(seed)
    net = TwoLayer(d, m, scale=0.7)
    w0 = net.init(rng, doubling=False)
    return rng, Population(teacher(rng, d)), net, w0, w0 + 0.3 * rng.standard_normal(w0.shape)


@each_dimension
@each_model
def test_loss_agrees_with_monte_carlo(make, d, m):
    """Within 4 standard errors of the mean over 40,000 inputs."""
    rng, population, net, w0, w = setting(d, m)
    model, x = make(net, w0), sphere(rng, 40_000, d)
    sampled = 0.5 * (model.predict(w, x) - population.teacher(x)) ** 2
    z = (sampled.mean() - population.loss(model, w)) / (sampled.std() / np.sqrt(len(x)))
    assert abs(z) < 4


@each_dimension
@each_model
def test_gradient_agrees_with_central_differences(make, d, m):
    """To 1e-8 relative to ‖gradient‖, in random directions."""
    rng, population, net, w0, w = setting(d, m)
    model = make(net, w0)
    _, gradient = population.loss_and_gradient(model, w)
    for v in rng.standard_normal((3, len(w))):
        v /= np.linalg.norm(v)
        slope = (population.loss(model, w + 1e-5 * v) - population.loss(model, w - 1e-5 * v)) / 2e-5
        assert slope == pytest.approx(gradient @ v, abs=1e-8 * np.linalg.norm(gradient))


@each_model
def test_loss_on_the_circle_agrees_with_quadrature(make):
    """In the plane, 4,096 Gauss points between the kinks give 12 digits."""
    rng, population, net, w0, w = setting(2, 6, seed=3)
    model = make(net, w0)
    directions = np.concatenate([net.unpack(v)[0] for v in (w, w0)] + [population.teacher.a])
    kinks = np.arctan2(directions[:, 1], directions[:, 0])[:, None] + np.pi / 2 * np.array([-1, 1])
    edges = np.unique(np.concatenate([[0, 2 * np.pi], kinks.ravel() % (2 * np.pi)]))
    nodes, weights = np.polynomial.legendre.leggauss(12)
    half = np.diff(edges)[:, None] / 2
    angles = (edges[:-1, None] + half * (1 + nodes)).ravel()
    x = np.stack([np.cos(angles), np.sin(angles)], axis=-1)
    error = (model.predict(w, x) - population.teacher(x)) ** 2
    expected = 0.5 * (half * weights).ravel() @ error / (2 * np.pi)
    assert population.loss(model, w) == pytest.approx(expected, rel=1e-12)


@given(st.floats(0, np.pi), st.integers(2, 20), st.floats(0.01, 100))
def test_moments_of_neurons_are_the_arc_cosine_kernel(angle, d, length):
    """E[σ(a·x)σ(a′·x)] = (‖a‖‖a′‖ sin φ + (π − φ) a·a′)/(2πd), to 1e-14 of ‖a‖‖a′‖."""
    a, other = np.zeros((2, 1, d))
    a[0, 0], other[0, :2] = 1.0, (length * np.cos(angle), length * np.sin(angle))
    net, population = TwoLayer(d, 1), Population(Teacher(other, np.ones(1)))
    # with b = 0, the derivative of the loss by b is −E[σ(a·x)f*(x)]
    value = -population.loss_and_gradient(net, net.pack(a, np.zeros(1)))[1][-1]
    expected = length * (np.sin(angle) + (np.pi - angle) * np.cos(angle)) / (2 * np.pi * d)
    assert value == pytest.approx(expected, abs=1e-14 * length)


def test_a_zero_neuron_adds_nothing_and_keeps_still():
    rng, population, _, _, _ = setting(3, 2)
    net, bigger = TwoLayer(3, 2), TwoLayer(3, 3)
    a, b = rng.standard_normal((2, 3)), rng.standard_normal(2)
    w = net.pack(a, b)
    more = bigger.pack(np.append(a, np.zeros((1, 3)), axis=0), np.append(b, 5.0))
    value, gradient = population.loss_and_gradient(bigger, more)
    assert value == pytest.approx(population.loss(net, w), rel=1e-13)
    by_a, by_b = bigger.unpack(gradient)
    assert not by_a[-1].any() and by_b[-1] == 0


def test_the_teacher_itself_has_no_loss():
    """Relative to R(0), the loss is below 1e-15; so is the gradient at that minimum."""
    true = teacher(np.random.default_rng(5), 10)
    population, net = Population(true), TwoLayer(10, 3)
    value, gradient = population.loss_and_gradient(net, net.pack(*true))
    assert abs(value) < 1e-15 * population.zero_loss()
    assert np.abs(gradient).max() < 1e-15


def test_runs_on_leading_axes_are_independent():
    rng, population, net, w0, _ = setting(4, 6)
    w = rng.standard_normal((2, 3, len(w0)))
    model = Scaled(Centered(net, w0), np.array([1.0, 5.0, 20.0]))
    values, gradients = population.loss_and_gradient(model, w)
    assert values.shape == (2, 3) and gradients.shape == w.shape
    one = Scaled(Centered(net, w0), 5.0)
    value, gradient = population.loss_and_gradient(one, w[1, 1])
    assert values[1, 1] == pytest.approx(value, rel=1e-13)
    np.testing.assert_allclose(gradients[1, 1], gradient, rtol=0, atol=1e-13)


def test_tangent_gram_is_the_second_derivative_of_the_tangent_loss():
    """R(T_f(w)) is quadratic with Hessian Df_wᵀDf_w: exact to 1e-12."""
    rng, population, net, w0, _ = setting(3, 4)
    gram, tangent = tangent_gram(net, w0), Tangent(net, w0)
    np.testing.assert_allclose(gram, gram.T, atol=1e-15)
    v = rng.standard_normal(len(w0))
    ends = [population.loss(tangent, w0 + step * v) for step in (-1.0, 0.0, 1.0)]
    assert ends[0] - 2 * ends[1] + ends[2] == pytest.approx(v @ gram @ v, rel=1e-12)


def test_tangent_gram_has_rank_md_for_a_generic_network():
    """A ReLU neuron lies in the span of its derivatives by a: d directions a neuron, not d + 1."""
    _, _, net, w0, _ = setting(3, 4)
    eigenvalues = np.linalg.eigvalsh(tangent_gram(net, w0))
    assert (eigenvalues > 1e-12 * eigenvalues[-1]).sum() == 4 * 3
    doubled = net.init(np.random.default_rng(1), doubling=True)
    eigenvalues = np.linalg.eigvalsh(tangent_gram(net, doubled))
    assert (eigenvalues > 1e-12 * eigenvalues[-1]).sum() == 2 * 3


def test_the_gradient_flow_takes_a_population_in_place_of_data():
    """Our stabilised method and SciPy's of order 8 agree to 1e-3 of the path, for two α at once."""
    rng, population, _, _, _ = setting(2, 8)
    net = TwoLayer(2, 8)
    w0 = net.init(rng, tau=0.3, doubling=False)
    options = {"alpha": [1.0, 10.0], "t_max": 3.0, "times": [0.0, 1.0, 3.0]}
    ours = gradient_flow(net, population, w0, accuracy=1e-4, **options)
    exact = gradient_flow(net, population, w0, method="DOP853", accuracy=1e-7, **options)
    moved = np.linalg.norm(exact.w - w0, axis=-1).max(axis=0)
    assert (np.linalg.norm(ours.w - exact.w, axis=-1) < 1e-3 * moved).all()
    assert ours.test_loss is None
    assert ours.train_loss[0, 0] == pytest.approx(population.loss(net, w0), rel=1e-14)


def test_the_relu_is_known_by_its_function_not_by_its_name():
    """An activation that is called "relu" and is none is refused; the ReLU renamed is taken."""
    _, population, net, _, w = setting(3, 4)
    false = Activation("relu", np.tanh, lambda z: 1 - np.tanh(z) ** 2)
    with pytest.raises(ValueError, match="needs the ReLU"):
        population.loss(TwoLayer(3, 4, false), w)
    renamed = Activation("ramp", relu.value, relu.derivative)
    assert population.loss(TwoLayer(3, 4, renamed, scale=0.7), w) == population.loss(net, w)


def test_lengths_of_the_teachers_neurons_count():
    """max(s a·x, 0) = s max(a·x, 0): lengths 2 and 0 are output weights."""
    _, population, net, _, w = setting(3, 4)
    a = population.teacher.a
    by_length = Population(Teacher(a * [[2.0], [0.0], [1.0]], np.ones(3)))
    by_weight = Population(Teacher(a, np.array([2.0, 0.0, 1.0])))
    assert by_length.zero_loss() == pytest.approx(by_weight.zero_loss(), rel=1e-14)
    assert by_length.loss(net, w) == pytest.approx(by_weight.loss(net, w), rel=1e-13)


def test_later_changes_of_the_teachers_arrays_do_not_count():
    a, b = np.eye(3), np.ones(3)
    population = Population(Teacher(a, b))
    before = population.zero_loss()
    a[:], b[:] = 0, 0
    assert population.zero_loss() == before


def test_bad_input_is_named():
    population = Population(teacher(np.random.default_rng(0), 3))
    net = TwoLayer(3, 4)
    w0 = net.init(np.random.default_rng(1))
    with pytest.raises(ValueError, match="teacher.b must have shape"):
        Population(Teacher(np.ones((2, 3)), np.ones(3)))
    with pytest.raises(ValueError, match="teacher.b must be finite"):
        Population(Teacher(np.ones((1, 3)), np.array([np.nan])))
    with pytest.raises(TypeError, match="teacher must offer a, b"):
        Population(None)
    with pytest.raises(ValueError, match="needs the ReLU"):
        population.loss(TwoLayer(3, 4, activation="tanh"), w0)
    with pytest.raises(ValueError, match="teacher's input dimension"):
        population.loss(TwoLayer(4, 3), np.ones(15))
    with pytest.raises(ValueError, match="needs a two-layer ReLU network"):
        population.loss(FirstLayer(net, np.ones(4)), np.ones(12))
    with pytest.raises(TypeError, match="model must be a Model, got None"):
        population.loss(None, w0)
    with pytest.raises(ValueError, match="w must be finite"):
        population.loss(net, w0 * np.nan)
    with pytest.raises(ValueError, match="R is beyond the range"):
        population.loss(net, 1e200 * w0)
    with pytest.raises(ValueError, match="w must have 1 axes"):
        tangent_gram(net, w0[None])
    with pytest.raises(ValueError, match="number of parameters must be at most 2000"):
        under_parameterized(2, 10_000, 0)
    with pytest.raises(TypeError, match="seed must be an integer"):
        under_parameterized(2, 2, None)
    with pytest.raises(TypeError, match="data must be a Dataset"):
        gradient_descent(net, population, w0, n_steps=1)
    with pytest.raises(ValueError, match="loss must be quadratic"):
        gradient_flow(net, population, w0, t_max=1.0, loss=log_cosh(0.5))
