"""The slider panels, driven from code as a lecturer would: no browser, no front end."""

import io

import numpy as np
import pytest
from PIL import Image

from lazylib import displacement
from lazylib.experiments.plane import train_in_plane
from lazylib.widgets import explore_neurons


@pytest.fixture(scope="module")
def panel():
    return explore_neurons()


DEFAULT = explore_neurons().state  # of a reader who has not moved anything


@pytest.fixture(autouse=True)
def reset(panel):
    panel.state = DEFAULT


def pixels(panel):
    return np.asarray(Image.open(io.BytesIO(panel.picture.png())).convert("L"), dtype=float)


def test_state_can_be_read_and_set_back(panel):
    panel.state = {"tau": 2.0, "frame": 50}
    assert panel.state == DEFAULT | {"tau": 2.0, "frame": 50}
    words, picture = panel.words, panel.picture.png()
    panel.state = DEFAULT
    assert panel.words != words
    panel.state = {"tau": 2.0, "frame": 50}
    assert (panel.words, panel.picture.png()) == (words, picture)


def test_small_tau_is_active_and_large_tau_is_lazy_in_the_words(panel):
    """Figures 1(a) and 1(b): τ = 0.1 and τ = 2; facts: displacement 2.2–2.5 and .015–.04."""
    assert panel.words.startswith("Active")
    assert 2.0 < displacement(panel.result.run.w[-1], panel.result.w0) < 2.7
    panel.state = {"tau": 2.0}
    assert panel.words.startswith("Lazy")
    assert 0.005 < displacement(panel.result.run.w[-1], panel.result.w0) < 0.05


def test_large_alpha_is_lazy_too(panel):
    """Section 4.2.1: α acts as τ² does."""
    panel.state = {"alpha": 100.0}
    assert panel.words.startswith("Lazy")


def test_frames_go_from_the_initial_weights_to_the_trained_ones(panel):
    panel.state = {"frame": 0}
    assert "t = 0:" in panel.words and "displacement ‖w − w₀‖/‖w₀‖ = 0," in panel.words
    assert "training loss 1 " in panel.words
    first = pixels(panel)
    panel.state = {"frame": 99}
    assert np.abs(pixels(panel) - first).max() > 50


def test_moving_a_view_does_not_train_again(panel):
    result = panel.result
    panel.state = {"frame": 3}
    assert panel.result is result
    panel.state = {"tau": 0.2}
    assert panel.result is not result


def test_overlay_puts_the_twin_on_the_neurons():
    """Section 4.2.1: (τ, α) and (1, ατ²) draw the same paths after rescaling."""
    for tau, alpha in ((0.01, 0.1), (0.1, 1.0), (2.0, 3.0)):
        plane = train_in_plane(tau, alpha, 20, 15, True, True, weights=2, teacher=25)
        ours = plane.net.positions(plane.run.w)
        np.testing.assert_allclose(plane.twin, ours, atol=1e-6 * np.abs(ours).max())
        assert np.abs(ours[-1] - ours[0]).max() > 1e-3  # they did move


def test_the_regime_is_that_of_the_run_and_not_of_its_first_frame(panel):
    """At t = 0 nothing has moved, which makes no run lazy."""
    panel.state = {"frame": 0}
    assert panel.words.startswith("Active training, at t = 0:")
    panel.state = {"tau": 0.2}
    regime = panel.words.split(" training")[0]
    panel.state = {"frame": 99}
    assert panel.words.split(" training")[0] == regime


def test_every_control_changes_what_the_words_say(panel):
    for change in ({"tau": 1.0}, {"alpha": 3.0}, {"m": 30}, {"n": 40}, {"doubling": False},
                   {"weights": 3}, {"teacher": 26}, {"frame": 5}):  # fmt: skip
        before = panel.words
        panel.state = change
        assert panel.words != before, change


def test_new_weights_keep_the_data_and_a_new_teacher_changes_them(panel):
    result = panel.result
    panel.state = {"weights": 3}
    np.testing.assert_array_equal(panel.result.data.x, result.data.x)
    assert not np.array_equal(panel.result.w0, result.w0)
    panel.state = {"teacher": 26}
    assert not np.array_equal(panel.result.teacher.a, result.teacher.a)
    panel.state = {"weights": 2, "teacher": 25}
    np.testing.assert_array_equal(panel.result.w0, result.w0)


@pytest.mark.parametrize("tau, alpha", [(0.01, 0.1), (0.01, 100), (10, 0.1), (10, 100)])
@pytest.mark.parametrize("doubling", [True, False])
def test_the_axes_hold_the_data_at_every_corner(panel, tau, alpha, doubling):
    """Neurons, the function learnt, and both losses lie within the axes."""
    panel.state = {"tau": tau, "alpha": alpha, "doubling": doubling, "frame": 99}
    for ax in panel.picture.figure.axes:
        low, high = ax.get_ylim()
        for line in ax.lines:
            y = np.asarray(line.get_ydata(), dtype=float)
            if line.get_animated() and y.size:
                assert low <= y.min() and y.max() <= high, line.get_label()
