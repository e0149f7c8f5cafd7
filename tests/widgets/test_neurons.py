"""The slider panels, driven from code as a lecturer would: no browser, no front end."""

import io
import time

import numpy as np
import pytest
from PIL import Image

from lazylib import displacement
from lazylib.experiments.plane import train_in_plane
from lazylib.widgets import explore_neurons
from lazylib.widgets.panel import Canvas, animate


@pytest.fixture(scope="module")
def panel():
    return explore_neurons()


DEFAULT = explore_neurons().state


@pytest.fixture(autouse=True)
def reset(panel):
    panel.state = DEFAULT


def pixels(panel):
    return np.asarray(Image.open(io.BytesIO(panel.picture)).convert("L"), dtype=float)


def test_state_can_be_read_and_set_back(panel):
    panel.state = {"tau": 2.0, "frame": 50}
    assert panel.state == DEFAULT | {"tau": 2.0, "frame": 50}
    words, picture = panel.words, panel.picture
    panel.state = DEFAULT
    assert panel.words != words
    panel.state = {"tau": 2.0, "frame": 50}
    assert (panel.words, panel.picture) == (words, picture)


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


def test_odd_m_with_doubling_is_said_in_words_and_the_panel_stays_alive(panel):
    panel.state = {"m": 21}
    assert panel.words == "Not possible: m must be even for the doubling trick, got 21."
    panel.state = {"doubling": False}
    assert "of 21 neurons" in panel.words
    panel.state = {"m": 21, "doubling": True}
    panel.state = {"m": 20}
    assert "of 20 neurons" in panel.words


def test_unknown_state_is_refused_and_nothing_changes(panel):
    before = panel.state
    with pytest.raises(ValueError, match="temperature"):
        panel.state = {"tau": 1.0, "temperature": 3}
    assert panel.state == before


def test_new_weights_and_new_teacher_change_what_they_say(panel):
    buttons = {b.description: b for row in panel.children[:3] for b in row.children}
    result = panel.result
    buttons["new weights"].click()
    np.testing.assert_array_equal(panel.result.data.x, result.data.x)
    assert not np.array_equal(panel.result.w0, result.w0)
    buttons["new teacher"].click()
    assert not np.array_equal(panel.result.teacher.a, result.teacher.a)


def test_step_and_reset_buttons_move_the_frame(panel):
    buttons = {b.description: b for row in panel.children[:3] for b in row.children}
    w0 = panel.result.w0
    buttons["reset"].click()
    assert panel.state["frame"] == 0
    buttons["step ▶"].click()
    buttons["step ▶"].click()
    buttons["◀ step"].click()
    assert panel.state["frame"] == 1
    np.testing.assert_array_equal(panel.result.w0, w0)


def test_playing_moves_through_the_frames_until_paused(panel):
    player_row = panel.children[2].children
    play, speed = player_row[0], player_row[-1]
    speed.value = 0.02
    play.value = True  # from the last frame, so it begins again
    time.sleep(0.5)
    play.value = False
    time.sleep(0.2)
    reached = panel.state["frame"]
    assert 0 < reached < 99
    time.sleep(0.2)
    assert panel.state["frame"] == reached
    panel.state = {"frame": 95}
    play.value = True
    for _ in range(50):
        time.sleep(0.1)
        if not play.value:
            break
    assert panel.state["frame"] == 99 and not play.value


def test_readers_without_a_kernel_get_the_picture(panel):
    bundle = panel._repr_mimebundle_()
    assert bundle["image/png"].startswith("iVBORw0KGgo")
    assert "run the notebook" in bundle["text/plain"]


def test_blitted_pictures_equal_full_drawings():
    def make(figure):
        ax = figure.subplots()
        line = ax.plot([], [])[0]
        return ax, animate({"line": line})["line"]

    canvas = Canvas(4, 3, make)
    ax, line = canvas.artists
    for limit in (1, 2, 1):
        ax.set_xlim(0, limit)
        line.set_data([0, limit], [0.1, 0.9])
        blitted = np.asarray(Image.open(io.BytesIO(canvas.png())).convert("RGB"))
        line.set_animated(False)
        canvas.agg.draw()
        drawn = np.asarray(canvas.agg.buffer_rgba())[..., :3]
        line.set_animated(True)
        np.testing.assert_array_equal(blitted, drawn)
