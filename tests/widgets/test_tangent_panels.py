"""The panels of notebook 02: a surface and its tangent plane, and SGD on both models."""

import numpy as np
import pytest

import lazylib as lz
from lazylib.experiments import algorithms, figure_2, train_on_surface
from lazylib.widgets import explore_sgd, explore_surface


@pytest.fixture(scope="module")
def surface():
    return explore_surface()


@pytest.fixture(scope="module")
def race():
    return explore_sgd()


def test_the_model_of_figure_2_is_one_softplus_neuron_that_starts_at_zero():
    """Figure 2: f(w, x) = softplus(w·x) − softplus(w₀·x)."""
    model, w0, data = figure_2()
    w = np.array([0.7, -1.1])
    expected = np.logaddexp(0, data.x @ w) - np.logaddexp(0, data.x @ w0)
    np.testing.assert_allclose(model.predict(w, data.x), expected, rtol=0, atol=1e-15)
    assert not model.predict(w0, data.x).any()


def test_the_tangent_path_ends_at_the_projection_whatever_alpha_is():
    """Section 3.1: with f(w₀) = 0 the tangent model's minimiser does not depend on α."""
    model, w0, data = figure_2()
    J = model.jacobian(w0, data.x)
    end = J @ np.linalg.lstsq(J, data.y, rcond=None)[0]
    for alpha in (0.5, 5, 50):
        run = train_on_surface(alpha)
        np.testing.assert_allclose(run.tangent_path[-1], end, atol=1e-6)


def test_the_paths_come_together_as_one_over_alpha():
    """Theorem 3.2's O(1/α), here for two parameters and three points."""
    gaps = [train_on_surface(alpha).gap for alpha in (10, 30, 90)]
    slopes = np.diff(np.log(gaps)) / np.log(3)
    np.testing.assert_allclose(slopes, -1, atol=0.05)


def test_the_surface_flattens_onto_its_tangent_plane():
    """Figure 2: over the same square, the distance is proportional to 1/α too."""
    far = [
        np.abs(run.surface - run.plane).max()
        for run in (train_on_surface(alpha) for alpha in (10, 100))
    ]
    assert far[0] / far[1] == pytest.approx(10, rel=0.1)


def test_the_surface_panel_speaks_and_turns(surface):
    """α is in the words; turning the view neither trains nor changes what they say."""
    surface.state = {"alpha": 0.5}
    assert "part" in surface.words
    surface.state = {"alpha": 50.0}
    assert "agree to the eye" in surface.words
    result, words, picture = surface.result, surface.words, surface.picture.png()
    surface.state = {"azimuth": 200, "elevation": 40}
    assert surface.result is result and surface.words == words
    assert surface.picture.png() != picture
    surface.state = {"azimuth": 125, "elevation": 25}
    assert surface.picture.png() == picture


def test_sgd_on_f_is_sgd_of_the_library():
    """Figure 3, left, against one step of gradient descent on the same batch."""
    net = lz.TwoLayer(2, 6)
    w0 = net.init(np.random.default_rng(0), doubling=False)
    x = lz.sphere(np.random.default_rng(1), 10, 2)
    data = lz.Dataset(x, np.random.default_rng(2).standard_normal(10))
    run = lz.gradient_descent(net, data, w0, step=0.1, n_steps=1, alpha=3.0)
    *_, w = algorithms.sgd_on_f(net, w0, [(data.x, data.y)], 0.1, 3.0)
    np.testing.assert_allclose(w, run.w[-1], rtol=1e-13)


def test_sgd_on_the_tangent_model_is_sgd_of_the_library():
    """Figure 3, right, against gradient descent on `Tangent` for three steps on one batch."""
    net = lz.TwoLayer(2, 6)
    w0 = net.init(np.random.default_rng(3), doubling=False)
    x = lz.sphere(np.random.default_rng(4), 10, 2)
    data = lz.Dataset(x, np.random.default_rng(5).standard_normal(10))
    run = lz.gradient_descent(lz.Tangent(net, w0), data, w0, step=0.1, n_steps=3, alpha=3.0)
    *_, w = algorithms.sgd_on_tangent(net, w0, 3 * [(data.x, data.y)], 0.1, 3.0)
    np.testing.assert_allclose(w, run.w[-1], rtol=1e-12)


@pytest.mark.parametrize("smooth", [True, False])
def test_larger_alpha_brings_the_two_algorithms_together(race, smooth):
    """Section 3: at least as 1/α for a smooth activation, slower for the ReLU.

    Doubled neurons cancel the second-order term of a smooth f: 1/α². With the ReLU T_f jumps at
    the initial kinks, where f moves its kinks over a width of order 1/α: 1/√α in the mean square.
    """
    gaps, moved = [], []
    for alpha in (10.0, 100.0):
        race.state = {"alpha": alpha, "smooth": smooth}
        f, flat = race.result.functions
        gaps.append(np.sqrt(np.mean((f[-1] - flat[-1]) ** 2)))
        moved.append(race.result.moved[0])
    assert np.log10(moved[0] / moved[1]) == pytest.approx(1, abs=0.05)
    rate = np.log10(gaps[0] / gaps[1])
    assert rate == pytest.approx(2, abs=0.1) if smooth else 0.3 < rate < 0.8


def test_the_race_runs_what_the_reader_wrote():
    """Two times the same algorithm: no distance."""
    race = explore_sgd(algorithms.sgd_on_f, algorithms.sgd_on_f)
    f, flat = race.result.functions
    w_independent = np.abs(f[-1] - f[0]).max()
    assert w_independent > 0.1
    # the second is still drawn as a tangent model: at the start they agree
    np.testing.assert_array_equal(f[0], flat[0])


def test_a_step_that_is_too_large_is_said_in_words(race):
    """SGD that diverges leaves no NaN on the screen."""
    race.state = {"tau": 3.0, "step": 3.0, "alpha": 1.0}
    assert race.words.startswith("Not possible: with the step 3 SGD diverges")
    race.state = {"tau": 0.3, "step": 0.3}
    assert race.words.startswith("After")


def test_frames_of_the_race_only_show(race):
    """At frame 0 both are αf(w₀) = 0: the test loss is the zero predictor's."""
    result = race.result
    race.state = {"frame": 0}
    assert race.result is result
    assert "After 0 steps" in race.words and "are 1 and 1 of" in race.words


def test_a_mistake_in_the_reader_s_algorithm_is_said_in_words():
    """Notebook 02 lets readers edit the algorithms: a typing error is no fault of the notebook."""

    def mistaken(f, w0, samples, step, alpha):
        yield w0
        yield w0 - stepp  # noqa: F821

    panel = explore_sgd(mistaken)
    assert "an algorithm of yours raised NameError: name 'stepp'" in panel.words


def test_the_distance_of_smooth_models_stays_on_its_axis(race):
    """Smooth, α = 100: the distance is a hundred times below that of the ReLU."""
    for smooth, doubling in ((True, True), (False, False)):
        race.state = {"alpha": 100.0, "smooth": smooth, "doubling": doubling, "tau": 0.3}
        ax = race.picture.figure.axes[2]
        low, high = ax.get_ylim()
        y = ax.lines[0].get_ydata()
        assert low <= y[y > 0].min() and y.max() <= high


@pytest.mark.parametrize(
    ("factor", "said"),
    [
        (-1.0, "the first step goes uphill: check the sign"),
        (16.0, "16 times too long: where is 1/n"),
    ],
)
def test_an_algorithm_that_diverges_by_a_wrong_sign_or_without_1_over_n_is_told_so(factor, said):
    def mistaken(f, w, samples, step, alpha):
        return algorithms.sgd_on_f(f, w, samples, factor * step, alpha)

    panel = explore_sgd(mistaken, alpha=1.0)
    assert said in panel.words
    panel.close()
