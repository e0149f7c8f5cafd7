"""The static site, as built by `make site`: links, players, and pages that everybody can read."""

import contextlib
import functools
import http.server
import re
import subprocess
import sys
import threading
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import painting
import pytest
from axe_playwright_python.sync_playwright import Axe

from lazylib import widgets
from lazylib.experiments import stored
from tools.record_players import PLAYERS, STORED, positions, state_of

ROOT = Path(__file__).parents[2]
THIN = 20
PAGES = {  # the notebook of each player; what needs PyTorch, notebook 09, stays a picture
    name: path.stem
    for path in sorted((ROOT / "notebooks").glob("0[0-8]*.ipynb"))
    for name in re.findall(r"\b(explore_\w+)\(", path.read_text(encoding="utf-8"))
}


def test_each_panel_of_a_notebook_is_a_player():
    assert set(PAGES) == set(PLAYERS)


@pytest.fixture(scope="module")
def html(tmp_path_factory):
    """The folder of a site that is whole but for the positions of its sliders."""
    out = tmp_path_factory.mktemp("site")
    command = [sys.executable, "tools/build_site.py", "--out", str(out), "--thin", str(THIN)]
    built = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert built.returncode == 0, built.stdout + built.stderr
    return out / "html"


@pytest.fixture(scope="module")
def chromium():
    with painting.chromium() as browser:
        yield browser


@contextlib.contextmanager
def served(folder):
    """Serve a folder under a path of its own, as Pages does; yield the address of the site."""

    class Handler(http.server.SimpleHTTPRequestHandler):
        def translate_path(self, path):
            return super().translate_path(path.removeprefix("/some/where"))

        def log_message(self, *args):
            pass

    handler = functools.partial(Handler, directory=folder)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/some/where"
        server.shutdown()


@pytest.fixture(scope="module", params=["served under a path", "from the folder"])
def address(request, html):
    if request.param == "from the folder":
        yield html.as_uri()
    else:
        with served(html) as where:
            yield where


@pytest.fixture
def page(chromium, address):
    """A page that refuses, and remembers, what is asked of other machines, and errors."""
    page = chromium.new_page(viewport={"width": 1280, "height": 720})
    page.wrong = []
    page.on("pageerror", lambda error: page.wrong.append(str(error)))
    page.on("request", lambda r: r.url.startswith((address, "data:")) or page.wrong.append(r.url))
    yield page
    assert page.wrong == []
    page.close()


class Links(HTMLParser):
    """The anchors of a page, and what it links to."""

    def __init__(self, path):
        super().__init__()
        self.ids, self.links = set(), []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.ids.add(attributes.get("id"))
        self.links += [attributes[k] for k in ("href", "src") if attributes.get(k)]


def test_every_address_in_the_guide_is_of_a_recorded_view():
    guide = (ROOT / "site/guide/notebooks.md").read_text(encoding="utf-8")
    views = re.findall(r"\{view\} (\S+) (\S+) (\S+)\n", guide)
    assert len(views) >= 10
    for page, panel, query in views:
        assert PAGES[panel] == page
        assert state_of(panel, query)


def test_a_view_that_is_not_recorded_is_refused():
    with pytest.raises(ValueError, match="explore_surface has no alpha = '1.234'"):
        state_of("explore_surface", "alpha=1.234")
    with pytest.raises(ValueError, match="beta"):
        state_of("explore_surface", "beta=1")


def test_each_player_has_at_least_ten_positions_and_all_combinations():
    for name, axes in PLAYERS.items():
        assert max(len(axis.states) for axis in axes) >= 10, name
    assert len(positions(PLAYERS["explore_neurons"], 1)) == 61 * 2 * 2


def test_links_and_anchors_inside_the_site_resolve(html):
    pages = {path: Links(path) for path in html.rglob("*.html")}
    assert len(pages) > 20
    lost = []
    for path, found in pages.items():
        for link in found.links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc or "?" in parts.fragment:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            anchor = unquote(parts.fragment)
            if not target.exists() or (
                anchor and target in pages and anchor not in pages[target].ids
            ):
                lost.append(f"{path.relative_to(html)}: {link}")
    assert lost == []


def test_nothing_but_links_to_read_leads_outside(html):
    outside = re.compile(r"<(?:script|link|img|iframe)\b[^>]*?(?:src|href)=\"(?:https?:)?//", re.I)
    assert [
        str(path) for path in html.rglob("*.html") if outside.search(path.read_text("utf-8"))
    ] == []


def open_player(page, address, name, hash=""):
    page.goto(f"{address}/notebooks/{PAGES[name]}.html{hash}")
    player = page.locator(f"[data-player={name}]")
    player.scroll_into_view_if_needed()
    player.locator("canvas").wait_for()
    return player


@pytest.mark.browser
@pytest.mark.parametrize("name", PLAYERS)
def test_a_player_says_the_same_as_the_notebooks_panel(page, address, name):
    results = [stored(STORED[name])] if name in STORED else []
    panel = getattr(widgets, name)(*results)
    key, state = list(positions(PLAYERS[name], THIN).items())[-1]
    panel.state = state
    values = [axis for axis in PLAYERS[name]]
    query = "&".join(
        f"{axis.name}={list(axis.states)[int(i)]}"
        for axis, i in zip(values, key.split("-"), strict=True)
    )
    player = open_player(page, address, name, f"#{name}?{query}".replace(" ", "%20"))
    words = player.locator(".lazylib-words")
    page.wait_for_function(
        "([e, text]) => e.textContent.replace(/\\s+/g, ' ') === text",
        arg=[words.element_handle(), re.sub(r"\s+", " ", panel.words)],
        timeout=20_000,
    )
    panel.close()


@pytest.mark.browser
def test_a_player_plays_is_scrubbed_and_moved_by_keys(page, address):
    player = open_player(page, address, "explore_neurons", "#explore_neurons?tau=0.1&frame=10")
    words, share = player.locator(".lazylib-words"), player.locator(".lazylib-share")
    page.wait_for_function("e => e.href.includes('frame=10')", arg=share.element_handle())
    before = words.inner_text()
    player.locator(".lazylib-controls input[type=range]").first.press("End")
    page.wait_for_function("e => e.href.includes('tau=10&')", arg=share.element_handle())
    assert "frame=10" in share.get_attribute("href"), "the frame stays when τ moves"
    assert words.inner_text() != before
    player.get_by_role("button", name=re.compile("^play", re.I)).click()
    page.wait_for_function("e => !e.href.includes('frame=10')", arg=share.element_handle())
    player.get_by_role("button", name=re.compile("^play", re.I)).click()


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["index", "notebooks/01-two-regimes", "guide/notebooks"])
def test_axe_finds_nothing_serious(page, address, name, scheme):
    page.emulate_media(color_scheme=scheme)
    page.goto(f"{address}/{name}.html")
    if name != "guide/notebooks":
        page.locator("[data-player]").first.scroll_into_view_if_needed()
        page.locator("[data-player] canvas").first.wait_for()
    found = Axe().run(page).response["violations"]
    serious = [v for v in found if v["impact"] in ("serious", "critical")]
    assert [(v["id"], [n["html"][:200] for n in v["nodes"][:3]]) for v in serious] == []
