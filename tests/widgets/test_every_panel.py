"""Every panel at the corners of its controls: what it shows is seen, in the browser as in print."""

import functools
import io

import numpy as np
import pytest
from matplotlib.image import imread
from matplotlib.text import Text
from painting import chromium, differing, mounted, pixels
from panels import PANELS, corners, crowded, out_of_sight

from lazylib import widgets
from lazylib.widgets.recorder import ROLES

# Dashes and hatches begin elsewhere where Matplotlib cuts lines at the edge of axes.
_DASHES = {"explore_generalization": 0.04, "explore_neurons": 0.03, "explore_population": 0.2}
_RGB = (0.2126, 0.7152, 0.0722)
each_panel = pytest.mark.parametrize("explore", PANELS, ids=lambda explore: explore.__name__)


def test_these_are_all_panels_but_that_of_notebook_09():
    known = {name for name in widgets.__all__ if name.startswith("explore_")}
    assert {explore.__name__ for explore in PANELS} == known - {"explore_digits"}


@each_panel
def test_axes_are_named_and_hold_what_moves_at_every_corner(explore):
    panel = explore(**PANELS[explore])
    start = panel.state
    for change in corners(panel):
        panel.state = start | change
        if panel.picture.trouble or "diverged" in panel.words:
            continue  # nothing is shown, or what leaves all bounds
        for frame in {0, panel.picture.n_frames - 1}:
            panel.picture.frame = frame
            for ax in panel.picture.figure.axes:
                assert out_of_sight(ax) == [], (change, frame, ax.get_title())
        assert crowded(panel.picture.figure) == [], change
    for ax in panel.picture.figure.axes:
        if ax.name != "3d":
            assert ax.get_xlabel() or not ax.get_xticks().size, ax.get_title()
            assert ax.get_ylabel() or ax.get_title(), ax.get_xlabel()
    panel.close()


@each_panel
def test_large_type_has_room_and_takes_little_from_the_axes(explore):
    panel = explore(**PANELS[explore])
    figure, start, states = panel.picture.figure, panel.state, corners(panel)
    normal = [ax.bbox.size / ax.figure.dpi for ax in figure.axes]
    panel.picture.size = "large"
    for ax, size in zip(figure.axes, normal, strict=True):
        # the figure, at 1 : 1.25, has as many inches less
        assert (1.25 * ax.bbox.size / figure.dpi > 2 / 3 * size).all(), ax.get_title()
    for change in (states[0], *states[-2:]):
        panel.state = start | change
        assert crowded(figure) == [], change
    panel.close()


@pytest.fixture(scope="module")
def browser():
    with chromium() as browser:
        yield browser


@pytest.mark.browser
@each_panel
def test_the_browser_paints_what_matplotlib_draws(browser, explore, monkeypatch):
    """Lines, marks and areas, to a pixel, at three states; letters are measured in other tests."""
    monkeypatch.setattr(Text, "draw", lambda self, renderer: None)
    panel = explore(**PANELS[explore])
    start, states = panel.state, corners(panel)
    for change in (states[0], *states[-2:]):
        panel.state = start | change
        if not panel.picture.trouble:
            page = shown(browser, panel)
            drawn = imread(io.BytesIO(panel.picture.png()))
            most = _DASHES.get(explore.__name__, 0.01)
            assert differing(pixels(page), drawn, slack=1) <= most, change
            page.close()
    panel.close()


def shown(browser, panel, **options):
    """Return a page with what a panel shows, a dot of the figure a pixel."""
    width = int(panel.picture.figure.bbox.width)
    return mounted(browser, panel.picture.data(), width=width, **options)


def luminance(color):
    """The relative luminance of a color from 0 to 255 (WCAG 2.2)."""
    part = np.asarray(color) / 255
    return np.where(part <= 0.04045, part / 12.92, ((part + 0.055) / 1.055) ** 2.4) @ _RGB


def contrast(one, other):
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@functools.cache
def shared(explore):
    """A panel of several tests, which leave it as it is."""
    return explore(**PANELS[explore])


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
@each_panel
def test_words_stand_out_4_5_to_1_and_lines_3_to_1(browser, explore, scheme):
    """In the pixels: letters from paper and bands, lines from paper (WCAG 2.2: 1.4.3, 1.4.11)."""
    page = shown(browser, shared(explore), scheme=scheme)
    painted = np.round(pixels(page)[..., :3] * 255).astype(int) @ (1 << 16, 1 << 8, 1)
    codes, counts = np.unique(painted, return_counts=True)
    colors = codes[:, None] >> (16, 8, 0) & 255
    areas = colors[counts > 0.03 * counts.sum()]  # paper and bands, not meshes
    painted = set(map(tuple, colors.tolist()))
    roles = {
        name: tuple(bytes.fromhex((light if scheme == "light" else dark)[1:]))
        for light, (name, dark) in ROLES.items()
    }
    letters = {roles[name] for name in ("ink", "text")} & painted
    assert letters, "no letters were painted"
    for color in letters:
        assert min(contrast(color, area) for area in areas if tuple(area) != color) >= 4.5
    for name in set(roles) - {"paper"}:
        assert roles[name] not in painted or contrast(roles[name], roles["paper"]) >= 3, name
    page.close()
