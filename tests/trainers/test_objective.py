"""F_α and its gradient for a batch of runs, and the sharpness that sets step sizes."""

import re

import numpy as np
import pytest
from helpers import derivative, problem, relative, seeded

from lazylib import Dataset, Scaled, Tangent, TwoLayer, log_cosh, quadratic, softplus
from lazylib.models.activations import ACTIVATIONS
from lazylib.trainers.objective import batch

ALPHA = np.array([0.2, 1.0, 30.0])
each_loss = pytest.mark.parametrize("loss", [quadratic, log_cosh(0.3)], ids=lambda loss: loss.name)


def objective(alpha=ALPHA, loss=quadratic, own_data=False, **network):
    """Return the training objective of three runs, and weights for them."""
    net, data, w0 = problem(n=7, m=6, d=3, doubling=False, **network)
    if own_data:
        x = seeded(1).normal(size=(3, *data.x.shape))
        data = Dataset(x, seeded(2).normal(size=x.shape[:-1]))
    w = w0 + seeded(3).normal(size=(3, w0.size))
    return batch(net, data, w, alpha, loss)[2], w


@each_loss
@pytest.mark.parametrize("own_data", [False, True], ids=["shared data", "own data"])
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_gradient_is_that_of_f_alpha(name, loss, own_data):
    """Eq. (5): F_α(w) = R(αf(w))/α²; the reported value is R."""
    target, w = objective(loss=loss, own_data=own_data, activation=name)
    v = seeded(4).normal(size=w.shape)
    value, gradient = target.gradient(w)
    numerical = derivative(lambda w: target.value(w) / ALPHA**2, w, v)
    assert np.allclose((gradient * v).sum(axis=-1), numerical, rtol=1e-6, atol=0)
    assert np.allclose(value, target.value(w), rtol=1e-14)


@each_loss
def test_value_is_r_of_alpha_f(loss):
    target, w = objective(loss=loss)
    net = TwoLayer(3, 6)
    for run, alpha in enumerate(ALPHA):
        residual = alpha * net.predict(w[run], target.x) - target.y
        assert target.value(w)[run] == pytest.approx(loss.phi(residual).sum() / 7, rel=1e-13)
    assert np.allclose(target.zero_loss(), loss.phi(target.y).sum() / 7, rtol=1e-14)
    assert target.zero_loss().shape == (3,)


@pytest.mark.parametrize("own_data", [False, True], ids=["shared data", "own data"])
@pytest.mark.parametrize("index", [[2], [0, 2], np.array([False, True, True])], ids=str)
def test_at_is_the_objective_of_the_chosen_runs(own_data, index):
    target, w = objective(own_data=own_data)
    part = target.at(index)
    for whole, chosen in zip(target.gradient(w), part.gradient(w[index]), strict=True):
        assert relative(chosen, whole[index]) < 1e-13
    assert np.array_equal(part.zero_loss(), target.zero_loss()[index])


@pytest.mark.parametrize("own_data", [False, True], ids=["shared data", "own data"])
def test_large_runs_are_those_of_a_batch_computed_one_by_one(own_data):
    """However the runs are cut to fit the cache, the numbers are those of single runs."""
    net, data, _ = problem(n=1500, m=200, d=3)
    w = net.init(seeded(0), tau=[0.1, 1.0, 3.0])
    if own_data:
        data = Dataset(seeded(1).normal(size=(3, 1500, 3)), seeded(2).normal(size=(3, 1500)))
    whole = batch(Tangent(net, w[::-1] + 1), data, w, ALPHA, quadratic)[2]
    value, gradient = whole.gradient(w)
    for run in range(3):
        x, y = (data.x[run], data.y[run]) if own_data else (data.x, data.y)
        model = Scaled(Tangent(net, w[::-1][run] + 1), ALPHA[run])
        f, pullback = model.vjp(w[run], x)
        assert value[run] == pytest.approx(quadratic.value(f, y), rel=1e-12)
        alone = pullback(quadratic.gradient(f, y)) / ALPHA[run] ** 2
        assert relative(gradient[run], alone) < 1e-12


# --- sharpness -----------------------------------------------------------------------------------


def hessian_norm(target, w):
    """Return the largest |eigenvalue| of the Hessian of a single run, by central differences."""
    columns = [derivative(lambda w: target.gradient(w)[1][0], w, v[None]) for v in np.eye(w.size)]
    hessian = np.array(columns)
    assert relative(hessian, hessian.T) < 1e-6
    return np.abs(np.linalg.eigvalsh((hessian + hessian.T) / 2)).max()


@each_loss
@pytest.mark.parametrize("tau", [0.05, 0.5, 3.0])
@pytest.mark.parametrize("alpha", [0.1, 1.0, 50.0])
def test_sharpness_is_the_norm_of_the_hessian(loss, tau, alpha):
    """Within 2 %, from 20 power iterations that start at the gradient, as trainers do."""
    net, data, w0 = problem(m=10, tau=tau, activation=softplus(4), doubling=False)
    _, w, target, _ = batch(net, data, w0, alpha, loss)
    gradient = target.gradient(w)[1]
    estimate, vector = target.sharpness(w, gradient, gradient, 20)
    exact = hessian_norm(target, w)
    assert estimate[0] <= exact * (1 + 1e-6)
    assert estimate[0] == pytest.approx(exact, rel=0.02)
    # the returned vector goes on where the iterations ended
    further, _ = target.sharpness(w, gradient, vector, 30)
    assert further[0] == pytest.approx(exact, rel=2e-3)


def test_sharpness_of_a_tangent_model_is_that_of_the_kernel():
    """For the quadratic loss and an affine model it is λ_max(K)/n, whatever α and w."""
    net, data, w0 = problem()
    jacobian = net.jacobian(w0, data.x)
    exact = np.linalg.eigvalsh(jacobian @ jacobian.T / data.n)[-1]
    _, w, target, _ = batch(Tangent(net, w0), data, w0 + np.ones((3, 1)), ALPHA, quadratic)
    gradient = target.gradient(w)[1]
    estimate, _ = target.sharpness(w, gradient, gradient, 60)
    assert np.allclose(estimate, exact, rtol=1e-6)


def test_sharpness_at_zero_weights_is_finite():
    """A start at w = 0 has no scale to take differences at."""
    net, data, w0 = problem(m=10, activation="softplus")
    _, w, target, _ = batch(net, data, 0 * w0, 1.0, quadratic)
    gradient = target.gradient(w)[1]
    estimate, _ = target.sharpness(w, gradient, gradient, 40)
    assert estimate[0] == pytest.approx(hessian_norm(target, w), rel=0.02)


# --- batch ---------------------------------------------------------------------------------------


def test_batch_lays_all_runs_on_one_axis():
    net, data, w0 = problem(n_test=4)
    tau, alpha = np.array([[0.5], [1.0]]), np.array([1.0, 2.0, 3.0])
    lead, w, train, test = batch(net, data, tau * w0[None], 1.0, quadratic)
    assert lead == (2,) and w.shape == (2, w0.size) and train.x.ndim == 2
    lead, w, train, test = batch(net, data, (tau * w0)[:, None], alpha, quadratic)
    assert lead == (2, 3) and np.array_equal(w[4], w0)
    assert train.model.alpha.tolist() == [1, 2, 3, 1, 2, 3]
    assert test.value(w).shape == (6,) and test.x.shape == (4, 2)
    lead, w, train, test = batch(net, Dataset(data.x, data.y), w0, 2, quadratic)
    assert lead == () and w.shape == (1, w0.size) and test is None


def test_batch_has_the_precision_of_the_weights():
    net, data, w0 = problem()
    _, w, train, test = batch(net, data, w0.astype("float32"), ALPHA, quadratic)
    arrays = (w, train.x, train.y, test.x, train.model.alpha, *train.gradient(w))
    assert {array.dtype for array in arrays} == {np.dtype("float32")}


NET, DATA, W0 = problem()
BAD = {
    "w0 NaN": ({"w0": W0 * np.nan}, ValueError, "w0 must be finite"),
    "w0 short": ({"w0": W0[1:]}, ValueError, "w0 must have shape (..., 60)"),
    "w0 word": ({"w0": "w0"}, TypeError, "w0 must be an array of real numbers"),
    "alpha 0": ({"alpha": 0.0}, ValueError, "alpha must be > 0"),
    "alpha word": ({"alpha": "large"}, TypeError, "alpha must be an array of real numbers"),
    "shapes": (
        {"w0": np.stack([W0] * 3), "alpha": [1.0, 2.0]},
        ValueError,
        "do not fit together: w0 (3,), alpha (2,)",
    ),
    "own data": (
        {"data": Dataset(np.ones((2, 4, 2)), np.ones(4)), "alpha": ALPHA},
        ValueError,
        "alpha (3,), data.x (2,)",
    ),
    "data": ({"data": (DATA.x, DATA.y)}, TypeError, "data must be a Dataset"),
    "loss": ({"loss": "quadratic"}, TypeError, "loss must be a Loss, got 'quadratic'"),
}


@pytest.mark.parametrize(("changed", "error", "message"), BAD.values(), ids=BAD)
def test_batch_names_what_does_not_fit(changed, error, message):
    arguments = {"model": NET, "data": DATA, "w0": W0, "alpha": 1.0, "loss": quadratic}
    with pytest.raises(error, match=re.escape(message)):
        batch(**{**arguments, **changed})
