"""The painter in a page without a kernel: it paints what Matplotlib draws, and plays it."""

import numpy as np
import pytest
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.figure import Figure
from matplotlib.patches import Circle, FancyArrowPatch, PathPatch
from matplotlib.path import Path
from painting import agg, chromium, differing, in_base64, mounted, picture, pixels, settle

from lazylib.plots.colors import FAINT, FOURTH, INK, NEGATIVE, POSITIVE, THIRD
from lazylib.widgets.picture import Picture, drawing
from lazylib.widgets.recorder import ROLES

pytestmark = pytest.mark.browser

X = np.linspace(0, 1, 200)


@pytest.fixture(scope="module")
def browser():
    with chromium() as browser:
        yield browser


def bare(ax):
    ax.set(xlim=(0, 1), ylim=(0, 1))
    ax.set_axis_off()


def lines(ax):
    ax.plot(X, 0.5 + 0.4 * np.sin(9 * X), color=POSITIVE, linewidth=3)
    ax.plot(X, X, color=INK, linewidth=2, alpha=0.5)


def dashes(ax):
    for i, dash in enumerate(("--", ":", "-.", (2, (6, 2)))):
        ax.plot([0, 1], [0.2 * i + 0.1, 0.2 * i + 0.2], color=NEGATIVE, linestyle=dash, linewidth=3)


def joins_and_caps(ax):
    for i, kind in enumerate((("miter", "butt"), ("round", "round"), ("bevel", "projecting"))):
        style = {"solid_joinstyle": kind[0], "solid_capstyle": kind[1], "linewidth": 14}
        ax.plot(
            [0.1, 0.5, 0.9], [0.3 * i + 0.1, 0.3 * i + 0.3, 0.3 * i + 0.1], color=THIRD, **style
        )


def marks(ax):
    for i, mark in enumerate("o^vsx+*"):
        fill = "none" if i % 2 else "full"
        style = {"markersize": 16, "markeredgewidth": 2, "fillstyle": fill, "linestyle": ""}
        ax.plot(0.13 * (i + 1), 0.5, marker=mark, color=FOURTH, **style)


def polygons(ax):
    ax.fill_between(X, 0.2, 0.4 + 0.1 * np.sin(9 * X), color=FAINT, alpha=0.5, linewidth=0)
    ax.fill([0.1, 0.5, 0.9], [0.5, 0.9, 0.5], facecolor="#ddccbb", edgecolor=INK, linewidth=3)


def curves(ax):
    ax.add_patch(Circle((0.5, 0.5), 0.3, facecolor=POSITIVE, edgecolor=INK, linewidth=4))
    bow = Path([(0, 0), (0.5, 1), (1, 0)], [Path.MOVETO, Path.CURVE3, Path.CURVE3])
    ax.add_patch(PathPatch(bow, facecolor="none", edgecolor=NEGATIVE, linewidth=3))


def collections(ax):
    segments = [[(0, y), (1, 1 - y)] for y in (0.1, 0.4, 0.8)]
    ax.add_collection(
        LineCollection(segments, colors=[POSITIVE, INK], linewidths=[2, 5], linestyles=["-", ":"])
    )
    squares = np.array([(0, 0), (0.2, 0), (0.2, 0.2), (0, 0.2)]) + [[[0.1, 0.1]], [[0.6, 0.5]]]
    ax.add_collection(PolyCollection(squares, facecolors=[THIRD, "#aabb0088"], edgecolors=INK))
    ax.scatter([0.2, 0.5, 0.8], [0.8, 0.5, 0.2], s=[90, 200, 400], c=[FOURTH, INK, FAINT])


def a_mesh(ax):
    ax.pcolormesh(np.arange(12).reshape(3, 4) / 12.0, edgecolors="none")
    ax.set(xlim=(0, 4), ylim=(0, 3))


def clipped(ax):
    disc = Circle((0.5, 0.5), 0.3, transform=ax.transData)
    ax.plot([0, 1], [0, 1], color=INK, linewidth=40)[0].set_clip_path(disc)
    ax.plot([-1, 2], [0.9, 0.9], color=NEGATIVE, linewidth=9)  # ends at the panel's edge


def a_hatch(ax):
    ax.axvspan(0.2, 0.7, facecolor="none", hatch="//", edgecolor=INK, linewidth=0)


def an_image(ax):
    ax.imshow(np.arange(12).reshape(3, 4), extent=(0, 1, 0, 1), aspect="auto")


def arrows(ax):
    style = {"arrowstyle": "-|>", "mutation_scale": 30, "color": INK, "linewidth": 3}
    ax.add_patch(FancyArrowPatch((0.1, 0.1), (0.9, 0.8), **style))


def mathematics(ax):
    ax.text(0.1, 0.4, r"$\|w - w_0\|^{10}$", fontsize=40, color=INK)


def gaps(ax):
    y = np.where(np.abs(X - 0.5) < 0.1, np.nan, 0.5)
    ax.plot(X, y, color=INK, linewidth=8)


_MIDDLE = (
    """[...document.querySelector("canvas").getContext("2d").getImageData(140, 90, 1, 1).data]"""
)
ALL = lines, dashes, joins_and_caps, polygons, curves, collections, a_mesh, clipped, a_hatch
ALL += an_image, arrows, gaps, marks, mathematics


@pytest.mark.parametrize("scale", [1, 2])
@pytest.mark.parametrize("draw", ALL)
def test_what_is_painted_is_what_matplotlib_draws(browser, draw, scale):
    """The share of inked pixels that differ by more than a quarter."""
    shown, _ = picture(lambda ax: (bare(ax), draw(ax)))
    shown.record(lambda k: "words")
    page = mounted(browser, shown.data(), scale=scale)
    if draw is an_image:  # it is decoded on the side
        page.wait_for_function(f"{_MIDDLE}.some((value) => value !== 255)")
    share = differing(pixels(page), agg(shown, scale))
    page.close()
    # Agg puts marks on whole pixels, and thins what is as thin as the strokes of letters
    assert share <= {marks: 0.15, mathematics: 0.06}.get(draw, 0.01)


def test_axes_with_their_ticks_are_as_sharp_as_matplotlib_s(browser):
    shown, _ = picture(lambda ax: ax.set(xticklabels=[], yticklabels=[]))
    shown.record(lambda k: "")
    page = mounted(browser, shown.data())
    assert differing(pixels(page), agg(shown)) <= 0.01
    page.close()


def ink(image):
    """The box of what is not white: left, right, top, bottom."""
    rows, columns = np.nonzero((image[..., :3] < 0.7).any(axis=-1))
    return np.array([columns.min(), columns.max(), rows.min(), rows.max()])


@pytest.mark.parametrize("angle", [0, 90, 30])
def test_text_takes_the_room_that_it_takes_in_matplotlib(browser, angle):
    """Also where another font must do."""
    style = {"rotation": angle, "fontsize": 20, "color": INK}
    shown, _ = picture(lambda ax: (bare(ax), ax.text(0.2, 0.3, "‖w − w₀‖ = 0.1", **style)))
    shown.record(lambda k: "")
    page = mounted(browser, shown.data())
    assert np.abs(ink(pixels(page)) - ink(agg(shown))).max() <= 3
    page.close()


# ---- playing


def walk(n_frames=100, **traits):
    """A picture of a mark that goes to the right."""

    def make(ax):
        bare(ax)
        return ax.plot([], [], "s", markersize=20, color=POSITIVE, animated=True)[0]

    shown, mark = picture(make, **traits)

    def fill(k):
        mark.set_data([np.linspace(0.1, 0.9, n_frames)[k]], [0.5])
        return f"The mark is at {k}."

    shown.record(fill, n_frames, times=[f"t = {k / 10}" for k in range(n_frames)])
    return shown


@pytest.fixture
def page(browser):
    page = mounted(browser, walk(label="A mark", speed=4.0).data())
    yield page
    assert not page.faults
    page.close()


def part(page, name):
    return page.locator(f".lazylib-{name}")


def frame(page):
    """The frame in view, which slider, words and picture agree on."""
    settle(page)
    at = int(part(page, "scrub").input_value())
    assert part(page, "words").inner_text() == f"The mark is at {at}."
    left, right, *_ = ink(pixels(page))
    assert abs((left + right) / 2 - (37.5 + 232.5 * (0.1 + 0.8 * at / 99))) <= 2
    return at


def test_the_picture_has_a_role_a_name_and_its_words(page):
    canvas = part(page, "canvas")
    assert (canvas.get_attribute("role"), canvas.get_attribute("aria-label")) == ("img", "A mark")
    words = page.locator(f"#{canvas.get_attribute('aria-describedby')}")
    assert words.inner_text() == "The mark is at 0."


def test_every_control_has_a_name(page):
    controls = page.locator("button:visible, input:visible, select:visible")
    assert controls.count() == 7
    assert page.get_by_role("button", name="play", pressed=False).count() == 1
    for role, name in (
        ("button", "one frame back"), ("button", "one frame forward"), ("button", "reset"),
        ("slider", "frame"), ("combobox", "speed"), ("checkbox", "loop"),
    ):  # fmt: skip
        assert page.get_by_role(role, name=name, exact=True).count() == 1, name


def test_keys_move_the_frame(page):
    part(page, "play").focus()
    for key, at in (
        ("End", 99),
        ("ArrowLeft", 98),
        ("Home", 0),
        ("ArrowLeft", 0),
        ("ArrowRight", 1),
    ):
        page.keyboard.press(key)
        assert frame(page) == at, key
    part(page, "scrub").focus()
    page.keyboard.press("ArrowRight")
    assert frame(page) == 2
    assert part(page, "scrub").get_attribute("aria-valuetext") == "frame 3 of 100, t = 0.2"


@pytest.mark.parametrize("on", ["play", "scrub"])
def test_space_plays_and_pauses(page, on):
    part(page, on).focus()
    page.keyboard.press("Space")
    page.wait_for_function("player.frame > 3")
    assert part(page, "play").get_attribute("aria-pressed") == "true"
    assert part(page, "words").get_attribute("aria-live") == "off"
    page.keyboard.press("Space")
    assert part(page, "play").get_attribute("aria-pressed") == "false"
    assert part(page, "words").get_attribute("aria-live") == "polite"
    at = frame(page)
    assert 3 < at == frame(page)


def test_playing_ends_at_the_last_frame_and_begins_anew(page):
    page.evaluate("player.frame = 95")
    part(page, "play").click()
    page.wait_for_selector(".lazylib-play[aria-pressed=false]")
    assert frame(page) == 99
    part(page, "play").click()
    page.wait_for_function("player.frame < 50")
    part(page, "reset").click()
    assert frame(page) == 0 and part(page, "play").get_attribute("aria-pressed") == "false"


def test_a_loop_goes_on_at_the_first_frame(page):
    part(page, "loop").check()
    page.evaluate("player.frame = 97")
    part(page, "play").click()
    page.wait_for_function("player.frame < 50")
    assert part(page, "play").get_attribute("aria-pressed") == "true"


def test_speed_is_in_frames_a_second(page):
    """25 of them at speed 1, whatever the screen does."""
    part(page, "speed").select_option("2")
    seconds = page.evaluate(
        """async () => {
            const begun = performance.now();
            document.querySelector(".lazylib-play").click();
            while (player.frame < 50) await new Promise(requestAnimationFrame);
            return (performance.now() - begun) / 1000;
        }"""
    )
    assert 0.95 <= seconds <= 2, "50 frames at 50 a second"


def test_another_run_is_taken_over_while_it_plays(page):
    page.evaluate("player.onframe(frame => (window.told = frame))")
    part(page, "play").click()
    page.wait_for_function("player.frame > 5")
    page.evaluate("data => player.update(data)", in_base64(walk(200).data() | {"frame": 30}))
    page.wait_for_function("player.frame > 40 && told > 40")
    assert part(page, "scrub").get_attribute("max") == "199"
    assert part(page, "play").get_attribute("aria-pressed") == "true"


def test_bytes_that_cannot_be_read_are_said_in_words(page):
    page.evaluate("player.update({ static: 'AAAA', frames: 'AAAA' })")
    assert part(page, "alert").inner_text().startswith("This picture cannot be read")


def test_after_its_end_nothing_is_heard_and_the_picture_stays(page):
    part(page, "play").click()
    page.wait_for_function("player.frame > 5")
    page.evaluate("player.dispose()")
    at = page.evaluate("player.frame")
    before = pixels(page)
    page.emulate_media(color_scheme="dark")
    part(page, "forward").click()
    settle(page)
    assert page.evaluate("player.frame") == at
    assert np.array_equal(pixels(page), before)


# ---- what else is shown


def test_a_picture_of_one_frame_has_no_player(browser):
    page = mounted(browser, walk(1).data())
    assert not part(page, "controls").is_visible()
    page.close()


def test_work_is_said_from_0_3_seconds_on(page):
    at_once, later = page.evaluate(
        """async () => {
            const over = document.querySelector(".lazylib-over"), begun = performance.now();
            player.update({ busy: true, progress: 0.4 });
            const atOnce = !over.hidden;
            while (over.hidden) await new Promise(requestAnimationFrame);
            return [atOnce, performance.now() - begun];
        }"""
    )
    assert not at_once and later >= 299
    assert part(page, "stop").is_visible()
    assert part(page, "progress").inner_text() == "computing … 40 %"
    page.evaluate("player.update({ busy: false })")
    assert not part(page, "over").is_visible()
    assert frame(page) == 0, "the picture is there still"


def test_trouble_is_said_in_place_of_the_picture(page):
    page.evaluate("player.update({ trouble: 'Not possible.' })")
    assert page.get_by_role("alert").inner_text() == "Not possible."
    assert part(page, "words").inner_text() == ""
    assert float(part(page, "canvas").evaluate("e => getComputedStyle(e).opacity")) < 0.2


THEMES = {
    "system": ("dark", ""),
    "JupyterLab": ("light", "data-jp-theme-light=false"),
    "site": ("light", "data-theme=dark"),
}


@pytest.mark.parametrize("theme", THEMES)
def test_colours_are_those_of_the_theme_and_follow_it(browser, theme):
    scheme, attribute = THEMES[theme]
    page = mounted(browser, walk().data(), scheme=scheme, attributes=attribute)
    for dark in (True, False):
        colors = {name: dim if dark else light for light, (name, dim) in ROLES.items()}
        painted = np.round(pixels(page)[..., :3] * 255).astype(int).reshape(-1, 3)
        found, counts = np.unique(painted, axis=0, return_counts=True)
        found = {f"#{r:02x}{g:02x}{b:02x}" for r, g, b in found[counts > 100]}
        assert found == {colors["positive"], colors["paper"]}
        page.emulate_media(color_scheme="light")
        page.evaluate(
            """() => { for (const [name, value] of [["jpThemeLight", "true"], ["theme", "auto"]])
                if (name in document.body.dataset) document.body.dataset[name] = value; }"""
        )
        settle(page)
    page.close()


@pytest.mark.parametrize("width", [390, 1280])
def test_all_fits_into_the_width_of_the_page(browser, width):
    page = mounted(browser, walk().data(), width=width)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    for each in page.locator("canvas, button:visible, input:visible, select:visible").all():
        box = each.bounding_box()
        assert 0 <= box["x"] and box["x"] + box["width"] <= width
    page.close()


def test_a_wider_page_or_a_sharper_screen_gets_more_pixels(browser):
    page = mounted(browser, walk().data(), width=450, scale=2)
    assert pixels(page).shape == (600, 900, 4)
    page.set_viewport_size({"width": 600, "height": 600})
    settle(page)
    assert pixels(page).shape == (800, 1200, 4)
    page.close()


def test_on_a_narrow_page_columns_of_a_figure_stand_below_each_other(browser):
    """Each as Matplotlib draws it, in the size that fits."""
    with drawing():
        figure = Figure(figsize=(6, 2))
        axes = figure.subplots(1, 2)
        figure.subplots_adjust(left=0.1, right=0.9, wspace=0.6)
        for ax, color in zip(axes, (POSITIVE, NEGATIVE), strict=True):
            bare(ax)
            ax.fill([0, 0.5, 1], [0, 1, 0], color=color)
    shown = Picture(figure)
    shown.record(lambda k: "")
    page = mounted(browser, shown.data(), width=320)
    painted, drawn = pixels(page), agg(shown)
    assert painted.shape == (400, 320, 4)
    assert differing(painted[:200, :300], drawn[:, :300]) <= 0.01
    assert differing(painted[200:, :300], drawn[:, 300:]) <= 0.01
    page.set_viewport_size({"width": 600, "height": 600})
    settle(page)
    assert differing(pixels(page), drawn) <= 0.01
    page.close()
