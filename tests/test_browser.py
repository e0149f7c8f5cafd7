"""A real JupyterLab in headless Chromium: the panels answer to keyboard and mouse, and end well."""

import functools
from types import SimpleNamespace

import painting
import pytest

from tools.lab import (
    Panel,
    jupyterlab,
    open_notebook,
    run_all,
    run_notebook,
    write_notebook,
)

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """JupyterLab and a browser: its address, its folder, and what opens pages."""
    folder = tmp_path_factory.mktemp("lab")
    with painting.chromium() as browser, jupyterlab(folder) as address:
        yield SimpleNamespace(folder=folder, address=address, browser=browser)


@pytest.fixture(scope="module")
def notebook(lab):
    """A function that runs a notebook in JupyterLab, once, and returns its page."""
    return functools.cache(lambda name: run_notebook(lab.browser, lab.address, name))


PAINTED = """canvas => canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height)
  .data.some(Boolean)"""
NEURONS = "from lazylib.widgets import explore_neurons\n\npanel = explore_neurons()\npanel"


def every_control_moves(panel, sliders, others=(), silent=()):
    """Move each slider by key and by mouse, each other control by key: words and picture change."""
    for label in sliders:
        for act in (lambda: panel.press(label, "ArrowLeft", 2), lambda: panel.drag_far(label)):  # noqa: B023
            words, pixels = panel.words, panel.pixels
            act()
            panel.wait_for_other(None if label in silent else words, pixels)
            panel.settle()
        assert panel.control(label).get_attribute("aria-valuetext"), label
    for label, key in others:
        words, pixels = panel.words, panel.pixels
        panel.press(label, key)
        panel.wait_for_other(None if label in silent else words, pixels)
        panel.settle()


def test_notebook_00_says_that_all_is_installed(notebook):
    page = notebook("00-start-here.ipynb")
    assert page.locator(".jp-OutputArea", has_text="✔ Everything is installed").count()
    assert page.locator(".jp-OutputArea-output img").count() == 2


def test_notebook_01_shows_both_regimes_and_plays(notebook):
    """Figures 1(a) and 1(b): τ by keyboard to lazy, by mouse back to active; then play."""
    page = notebook("01-two-regimes.ipynb")
    panel = Panel(page)
    assert panel.words.startswith("Active"), panel.words
    active = panel.pixels
    panel.press("τ", "ArrowRight", 26)  # from 0.1 to 2, twenty steps a decade
    panel.wait_for_words("Lazy")
    assert panel.control("τ, as a number").input_value() == "2"
    panel.wait_for_other(pixels=active)
    panel.drag("τ", 1 / 3)  # a third of the way from 0.01 to 10: 0.1
    panel.wait_for_words("Active")

    panel.settle()
    panel.button("reset").click()
    panel.wait_for_words("t = 0:")
    start = panel.pixels
    panel.button("play").click()
    panel.wait_for_other(pixels=start)
    panel.drag("τ", 0.3)  # to 0.08, while it plays
    panel.settle()
    assert panel.control("frame").input_value() == "99", "it plays to the end"
    panel.wait_for_words("(converged)")
    panel.button("one frame back").click()
    panel.wait(f"no step: {panel.words}", lambda: "(converged)" not in panel.words)
    assert panel.control("frame").input_value() == "98"


def test_every_control_of_notebook_01_moves_its_picture(notebook):
    panel = Panel(notebook("01-two-regimes.ipynb"))
    others = [("doubling trick", "Space"), ("weights no.", "ArrowUp"), ("teacher no.", "ArrowUp")]
    every_control_moves(panel, ("τ", "α", "neurons m", "points n", "frame"), others)
    panel.button("new weights no.").click()
    panel.wait(
        f"no new weights: {panel.words}", lambda: panel.control("weights no.").input_value() == "4"
    )


def test_a_number_that_is_on_no_step_can_be_typed_and_one_out_of_range_cannot(notebook):
    panel = Panel(notebook("01-two-regimes.ipynb"))
    box = panel.control("τ, as a number")
    for typed, kept in (("0.123", "0.123"), ("0,3", "0.3"), ("100", "0.3"), ("x", "0.3")):
        box.fill(typed)
        box.press("Enter")
        box.blur()
        panel.wait(f"{typed} is shown as {box.input_value()}", lambda: box.input_value() == kept)  # noqa: B023
    assert panel.control("τ").get_attribute("aria-valuetext") == "0.3"


def test_odd_widths_are_not_offered_with_the_doubling_trick(notebook):
    panel = Panel(notebook("01-two-regimes.ipynb"))
    panel.page.get_by_text("more", exact=True).first.click()
    panel.button("reset all").click()
    panel.wait_for_words("of 20 neurons")
    panel.press("neurons m", "ArrowRight")
    panel.wait_for_words("of 22 neurons")
    panel.press("doubling trick", "Space")
    panel.press("neurons m", "ArrowRight")
    panel.wait_for_words("of 23 neurons")
    panel.press("doubling trick", "Space")
    panel.wait_for_words("of 24 neurons")
    panel.button("copy the state").click()
    said = panel.box.locator("output")
    panel.wait("nothing to copy", lambda: "'m': 24" in said.inner_text())
    panel.button("save as").click()
    panel.wait("nothing was saved", lambda: "neurons-in-the-plane.svg" in said.inner_text())


def test_every_control_of_notebook_02_moves_its_picture(notebook):
    """Figure 2: α until the paths agree, turn and tilt; Figure 3: all sliders, and steps."""
    page = notebook("02-tangent-model.ipynb")
    surface = Panel(page, 0)
    assert "paths part" in surface.words
    surface.press("α", "ArrowRight", 20)  # to 10
    surface.wait_for_words("agree to the eye")
    every_control_moves(surface, ("α", "turn", "tilt"), silent=("turn", "tilt"))
    race = Panel(page, 1)
    every_control_moves(race, ("α", "τ", "step", "frame"), [("smooth (softplus)", "Space")])
    race.button("reset").click()
    race.wait_for_words("After 0 steps")
    race.button("one frame forward").click()
    race.wait_for_words("After 3 steps")


def test_every_control_of_notebook_03_moves_its_picture(notebook):
    """Figure 4: width and dimension; then the four predictors at any time."""
    page = notebook("03-kernels.ipynb")
    realisations = Panel(page, 0)
    assert "m = 20:" in realisations.words
    every_control_moves(realisations, ("width m", "dimension d"), [("draw no.", "ArrowUp")])
    predictors = Panel(page, 1)
    sliders = ("τ", "α", "time t", "neurons m", "points n")
    others = [("weights no.", "ArrowUp"), ("biases", "Space"), ("labels", "ArrowDown")]
    every_control_moves(predictors, sliders, others)


def test_notebook_04_moves_alpha_across_the_threshold_of_the_theorem(notebook):
    panel = Panel(notebook("04-lazy-theorem.ipynb"))
    assert "promises nothing yet" in panel.words
    panel.drag("α", 0.9)
    panel.wait_for_words("promises this bound")
    every_control_moves(panel, ("α",), [("zero at the start by", "ArrowDown")])


def test_notebook_05_asks_for_a_guess_and_keeps_it(notebook):
    panel = Panel(notebook("05-when-is-it-lazy.ipynb"))
    every_control_moves(panel, ("τ", "α", "neurons m"), [("activation", "ArrowDown")])
    train, guess = panel.button("train"), panel.control("my guess")
    assert train.is_disabled(), "a guess comes first"
    guess.select_option("lazy")
    panel.wait("train stays disabled", train.is_enabled)
    train.click()
    panel.wait_for_words("your guess was")
    assert guess.is_disabled() and train.get_attribute("aria-pressed") == "true"
    words = panel.words
    train.click()
    panel.settle()
    assert panel.words == words, "a second press keeps the result"
    panel.press("τ", "ArrowLeft")
    panel.wait_for_words("Now train.")


def test_every_control_of_notebook_06_moves_its_picture(notebook):
    """Figure 1(c): τ by keyboard to the plateau, then all the others."""
    panel = Panel(notebook("06-generalization.ipynb"))
    assert panel.words.startswith("In between"), panel.words
    panel.press("τ", "ArrowRight", 20)  # to 1
    panel.wait_for_words("Lazy")
    every_control_moves(panel, ("τ", "frame"), [("draw no.", "ArrowUp")])


def test_every_control_of_notebook_07_moves_its_picture(notebook):
    """Section 3.2's two clocks; Figure 6(b): τ, steps and batch, then the draw."""
    page = notebook("07-population-loss.ipynb")
    clock = Panel(page, 0)
    assert clock.words.startswith("Loss for α = 10, 20, 40"), clock.words
    keys = [("neurons m", "ArrowLeft"), ("clock", "ArrowDown"), ("draw no.", "ArrowUp")]
    every_control_moves(clock, (), keys, silent=("clock",))
    panel = Panel(page, 1)
    assert panel.words.startswith("Lazy, converged"), panel.words
    every_control_moves(panel, ("τ", "steps", "batch"), [("draw no.", "ArrowUp")])


def test_every_control_of_notebook_08_moves_its_picture(notebook):
    """Long times, long steps, few bits, noise: each with another draw."""
    page = notebook("08-what-breaks-laziness.ipynb")
    sliders = (("α", "decades of t"), ("step · λ_max",), ("τ",), ("noise", "τ"))
    for number, labels in enumerate(sliders):
        every_control_moves(Panel(page, number), labels, [("draw no.", "ArrowUp")])


def test_every_control_of_notebook_09_moves_its_picture(notebook):
    """From active to lazy by keyboard, then all the others."""
    pytest.importorskip("torch")
    panel = Panel(notebook("09-your-network.ipynb"))
    assert panel.words.startswith("In between"), panel.words
    panel.press("α", "ArrowRight", 40)  # to 100
    panel.wait_for_words("Lazy")
    every_control_moves(panel, ("α", "frame"), [("draw no.", "ArrowUp")])


NOTEBOOKS = (
    "01-two-regimes 02-tangent-model 03-kernels 04-lazy-theorem 05-when-is-it-lazy "
    "06-generalization 07-population-loss 08-what-breaks-laziness"
).split()


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_axe_finds_no_serious_fault_in_the_panels(notebook, name):
    axe_playwright = pytest.importorskip("axe_playwright_python.sync_playwright")
    page = notebook(f"{name}.ipynb")
    for summary in page.get_by_text("more", exact=True).all():
        summary.click()
    found = axe_playwright.Axe().run(page, context={"include": [".lazylib-panel"]}).response
    assert found["passes"]
    serious = [v for v in found["violations"] if v["impact"] in ("serious", "critical")]
    assert [(v["id"], v["nodes"][0]["html"]) for v in serious] == []


def test_two_tabs_show_one_panel(lab):
    name = write_notebook(lab.folder, "two-tabs.ipynb", NEURONS)
    first = run_notebook(lab.browser, lab.address, name)
    first.keyboard.press("Escape")
    first.locator(".jp-OutputArea-child:has(.lazylib-panel)").first.click(button="right")
    first.click("text='Create New View for Cell Output'")
    first.locator(".lazylib-panel").nth(1).wait_for()
    one, other = Panel(first, 0), Panel(first, 1)
    one.press("τ", "ArrowRight", 26)
    other.wait_for_words("Lazy")
    one.wait_for_words("Lazy")
    assert other.control("τ, as a number").input_value() == "2"
    other.press("frame", "Home")
    one.wait_for_words("t = 0:")
    first.close()


def test_a_notebook_that_was_saved_and_is_opened_again_shows_the_picture(lab):
    name = write_notebook(lab.folder, "saved.ipynb", NEURONS)
    page = run_notebook(lab.browser, lab.address, name)
    Panel(page)
    assert not page.locator(".lazylib-stored").is_visible(), "a live panel hides its stored picture"
    page.keyboard.press("Control+s")
    path = lab.folder / "root" / "notebooks" / name
    for _ in range(100):
        if "lazylib-stored" in path.read_text(encoding="utf-8"):
            break
        page.wait_for_timeout(100)
    page.click("text='Kernel'")
    page.click("text='Shut Down Kernel'")
    page.close()
    page = open_notebook(lab.browser, lab.address, name)
    stored = page.locator(".lazylib-stored")
    stored.wait_for()
    assert stored.locator("img").is_visible() and "run this cell" in stored.inner_text()
    page.wait_for_timeout(3000)
    assert not page.get_by_text("Error displaying widget").is_visible()
    assert not page.get_by_text("Loading widget").is_visible()
    page.close()


def test_running_a_cell_again_leaves_one_panel_and_no_other(lab):
    count = (
        "from ipywidgets.widgets.widget import _instances\nimport threading\n"
        "print('left:', len(_instances), threading.active_count())"
    )
    name = write_notebook(lab.folder, "again.ipynb", NEURONS, count)
    page = run_notebook(lab.browser, lab.address, name)
    left = page.locator(".jp-OutputArea-output", has_text="left:")
    before = left.inner_text()
    Panel(page).button("reset").click()
    Panel(page).button("play").click()
    run_all(page)
    page.locator(".lazylib-panel").wait_for()
    assert page.locator(".lazylib-panel").count() == 1
    Panel(page).wait(
        f"before {before}, now {left.inner_text()}", lambda: left.inner_text() == before
    )
    Panel(page).press("τ", "ArrowRight", 26)
    Panel(page).wait_for_words("Lazy")
    page.close()


def test_after_a_restart_the_panel_says_that_its_kernel_is_gone(lab):
    name = write_notebook(lab.folder, "restart.ipynb", NEURONS)
    page = run_notebook(lab.browser, lab.address, name)
    panel = Panel(page)
    panel.button("reset").click()
    panel.button("play").click()
    page.click("text='Kernel'")
    page.click("text='Restart Kernel…'")
    page.click(".jp-Dialog button:has-text('Restart')")
    panel.box.get_by_text("kernel of this panel is gone").wait_for()
    assert panel.canvas.evaluate(PAINTED), "the picture stays"
    run_all(page)
    Panel(page).press("τ", "ArrowRight", 26)
    Panel(page).wait_for_words("Lazy")
    page.close()


def test_dragging_while_it_plays_goes_on_playing_and_a_deleted_cell_plays_no_more(lab):
    page = run_notebook(
        lab.browser, lab.address, write_notebook(lab.folder, "ends.ipynb", NEURONS, "1 + 1")
    )
    faults = []
    page.on("pageerror", lambda fault: faults.append(str(fault)))
    page.evaluate("window.count = 0; addEventListener('lazylib-painted', () => window.count++)")
    panel = Panel(page)
    panel.button("reset").click()
    panel.control("loop").check()
    panel.button("play").click()
    panel.drag("τ", 0.9, steps=30)
    panel.wait_for_words("Lazy")
    before = panel.place("frame")
    panel.wait("it plays no more", lambda: panel.place("frame") != before)
    page.locator(".jp-CodeCell .jp-InputPrompt").first.click()
    page.click("text='Edit'")
    page.click("text='Delete Cell'")
    page.locator(".lazylib-panel").wait_for(state="detached")
    count = page.evaluate("window.count")
    page.wait_for_timeout(1000)
    assert count > 0 and page.evaluate("window.count") == count and not faults
    page.close()
