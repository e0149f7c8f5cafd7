"""A real JupyterLab in headless Chromium: the panels answer to keyboard and mouse."""

import functools
import os
import re

import pytest

from tools.lab import Panel, find_chromium, headless_browser, jupyterlab, run_notebook

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def notebook(tmp_path_factory):
    """A function that runs a notebook in JupyterLab, once, and returns its page."""
    ci = bool(os.environ.get("CI"))
    chromium = find_chromium(install=ci)
    if chromium is None:
        pytest.skip("there is no Chromium or Chrome; `python -m playwright install chromium`")
    folder = tmp_path_factory.mktemp("lab")
    with jupyterlab(folder) as address, headless_browser(chromium) as browser:
        yield functools.cache(lambda name: run_notebook(browser, address, name))


def press(panel, description, key, times):
    """Focus a slider and press a key so many times."""
    panel.slider(description).focus()
    for _ in range(times):
        panel.page.keyboard.press(key)


def drag(panel, description, fraction):
    """Drag a slider's handle with the mouse to a fraction of its range."""
    handle = panel.slider(description)
    base = handle.locator("xpath=ancestor::*[contains(@class,'noUi-base')]").bounding_box()
    start = handle.bounding_box()
    mouse = panel.page.mouse
    mouse.move(start["x"] + start["width"] / 2, start["y"] + start["height"] / 2)
    mouse.down()
    mouse.move(base["x"] + fraction * base["width"], start["y"] + start["height"] / 2, steps=8)
    mouse.up()


def frame_time(words):
    """The time t that the words give."""
    return float(re.search(r"t = ([\d.e+-]+)[: (]", words).group(1))


def test_notebook_01_shows_both_regimes_and_plays(notebook):
    """Figures 1(a) and 1(b): τ by keyboard to lazy, by mouse back to active; then play."""
    page = notebook("01-two-regimes.ipynb")
    panel = Panel(page)
    assert panel.words.startswith("Active"), panel.words
    active = panel.source
    press(panel, "τ", "ArrowRight", 26)  # 26 steps of 10^0.05: τ = 2
    panel.wait_for_words("Lazy")
    lazy = panel.source
    assert lazy != active
    drag(panel, "τ", 1 / 3)  # a third of the way from 0.01 to 10: τ = 0.1
    panel.wait_for_words("Active")
    assert panel.source != lazy

    panel.settle()
    panel.button("reset").click()
    panel.wait_for_words("t = 0:")
    start = panel.source
    panel.button("play").click()
    page.wait_for_timeout(1500)
    panel.button("pause").click()
    page.wait_for_timeout(500)
    paused, source = frame_time(panel.words), panel.source
    assert 0 < paused and source != start
    page.wait_for_timeout(500)
    assert panel.source == source, "pausing did not stop the animation"
    panel.button("step ▶").click()
    page.wait_for_timeout(500)
    assert frame_time(panel.words) > paused


def test_notebook_00_says_that_all_is_installed(notebook):
    page = notebook("00-start-here.ipynb")
    assert page.locator(".jp-OutputArea", has_text="✔ Everything is installed").count()
    assert page.locator(".jp-OutputArea-output img").count() == 2


def test_every_slider_of_notebook_01_changes_the_words(notebook):
    panel = Panel(notebook("01-two-regimes.ipynb"))
    for name, key in (("τ", "ArrowRight"), ("α", "ArrowRight"), ("frame", "ArrowLeft")):
        before = panel.words
        press(panel, name, key, 3)
        panel.wait_for_other_words(before)
    press(panel, "neurons m", "ArrowRight", 1)
    panel.wait_for_words("m must be even")  # an error is said, and the panel lives on
    press(panel, "neurons m", "ArrowRight", 1)
    panel.wait_for_words("of 22 neurons")
    before = panel.words
    press(panel, "points n", "ArrowRight", 5)
    panel.wait_for_other_words(before)


def every_slider_changes(panel, names, pictures_only=()):
    """Move each slider by keyboard; the picture changes, and so do the words but for some."""
    for name in names:
        words, picture = panel.words, panel.source
        press(panel, name, "ArrowLeft", 3)
        if name not in pictures_only:
            panel.wait_for_other_words(words)
        for _ in range(100):
            if panel.source != picture:
                break
            panel.page.wait_for_timeout(50)
        assert panel.source != picture, name
        panel.settle()


def test_every_slider_of_notebook_02_moves_its_picture(notebook):
    """Figure 2: α until the paths agree, turn and tilt; Figure 3: all sliders, and play."""
    page = notebook("02-tangent-model.ipynb")
    surface = Panel(page, 0)
    assert "paths part" in surface.words
    press(surface, "α", "ArrowRight", 20)  # 20 steps of 10^0.05: α = 10
    surface.wait_for_words("agree to the eye")
    every_slider_changes(surface, ("α", "turn", "tilt"), pictures_only=("turn", "tilt"))
    race = Panel(page, 1)
    every_slider_changes(race, ("α", "τ", "step", "frame"))
    race.settle()
    race.button("reset").click()
    race.wait_for_words("After 0 steps")
    race.button("step ▶").click()
    race.wait_for_words("After 3 steps")


def test_every_slider_of_notebook_03_moves_its_picture(notebook):
    """Figure 4: width and dimension; then the four predictors at any time."""
    page = notebook("03-kernels.ipynb")
    realisations = Panel(page, 0)
    assert "m = 20:" in realisations.words
    every_slider_changes(realisations, ("width m", "dimension d"))
    predictors = Panel(page, 1)
    every_slider_changes(predictors, ("τ", "α", "time t", "neurons m", "points n"))


def test_notebook_04_moves_alpha_across_the_threshold_of_the_theorem(notebook):
    panel = Panel(notebook("04-lazy-theorem.ipynb"))
    assert "promises nothing yet" in panel.words
    before = panel.source
    press(panel, "α", "ArrowRight", 4)
    panel.wait_for_words("promises this bound")
    assert panel.source != before


def test_every_slider_of_notebook_05_changes_the_words_and_training_answers(notebook):
    panel = Panel(notebook("05-when-is-it-lazy.ipynb"))
    for name in ("τ", "α", "neurons m"):
        before = panel.words
        press(panel, name, "ArrowRight", 2)
        panel.wait_for_other_words(before)
        panel.settle()
    panel.button("train").click()
    panel.wait_for_words("your guess was right")


def test_every_slider_of_notebook_06_changes_the_words(notebook):
    """Figure 1(c): τ by keyboard to the plateau, then the frame and the draw."""
    panel = Panel(notebook("06-generalization.ipynb"))
    assert panel.words.startswith("In between"), panel.words
    press(panel, "τ", "ArrowRight", 10)  # 10 steps of 10^0.1: τ = 1
    panel.wait_for_words("Lazy")
    picture = panel.source
    before = panel.words
    press(panel, "frame", "ArrowLeft", 10)
    panel.wait_for_other_words(before)
    assert panel.source != picture
    before = panel.words
    panel.box.locator("input[type=number]").first.fill("5")
    panel.page.keyboard.press("Enter")
    panel.wait_for_other_words(before)


def test_every_slider_of_notebook_07_changes_the_words(notebook):
    """Figure 6(b): τ, steps and batch by keyboard, then the draw."""
    panel = Panel(notebook("07-population-loss.ipynb"))
    assert panel.words.startswith("Lazy, converged"), panel.words
    for name, key, times in (
        ("τ", "ArrowLeft", 10),
        ("steps", "ArrowLeft", 1),
        ("batch", "ArrowLeft", 2),
    ):
        before, picture = panel.words, panel.source
        press(panel, name, key, times)
        panel.wait_for_other_words(before)
        assert panel.source != picture
    panel.wait_for_words("Active")
    before = panel.words
    panel.box.locator("input[type=number]").first.fill("5")
    panel.page.keyboard.press("Enter")
    panel.wait_for_other_words(before)
