"""The static site, as built by `make site`: links, players, and pages that everybody can read."""

import contextlib
import functools
import http.server
import json
import re
import subprocess
import sys
import threading
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

import painting
import pytest
from axe_playwright_python.sync_playwright import Axe

from lazylib import widgets
from lazylib.experiments import stored
from tools.record_players import PLAYERS, STORED, guide, positions, state_of, written

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "site/guide/notebooks.md").read_text(encoding="utf-8")
THIN = 60
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


@functools.cache
def panel_of(name):
    """The notebook's own panel, here without a browser, and the frame that it begins with."""
    panel = getattr(widgets, name)(*([stored(STORED[name])] if name in STORED else []))
    return panel, {k: v for k, v in panel.state.items() if k == "frame"}


@functools.cache
def said(name, key, frame=None):
    """What that panel says at a position of its player; at its own frame, or at another one."""
    panel, own = panel_of(name)
    panel.state = positions(name, THIN)[key] | (own if frame is None else {"frame": frame})
    return " ".join(panel.words.split())


@pytest.mark.parametrize("page, name, query, says", guide())
def test_the_guides_line_sets_the_panel_to_the_view_that_it_promises(page, name, query, says):
    assert PAGES[name] == page
    panel, _ = panel_of(name)
    panel.state = state_of(name, query)
    assert says in panel.words


def test_the_guide_has_a_view_for_each_panel_that_is_a_player():
    assert len(re.findall(r"\{view\}", GUIDE)) == len(guide())
    assert {name for _, name, _, _ in guide()} == set(PLAYERS)


@pytest.mark.browser
def test_the_guides_links_open_the_views_that_they_promise(chromium, html):
    with served(html) as address, contextlib.closing(chromium.new_page()) as page:
        page.goto(f"{address}/guide/notebooks.html")
        links = page.get_by_text("open this view").evaluate_all("all => all.map(a => a.href)")
        for link, (_, name, _, says) in zip(links, guide(), strict=True):
            page.goto("about:blank")
            page.goto(link)
            words = page.locator(f"[data-player={name}] .lazylib-words", has_text=says)
            words.wait_for(timeout=20_000)


def test_a_view_that_is_not_recorded_is_refused():
    with pytest.raises(ValueError, match="explore_surface has no alpha = '1.234'"):
        state_of("explore_surface", "alpha=1.234")
    with pytest.raises(ValueError, match="beta"):
        state_of("explore_surface", "beta=1")


def test_each_player_has_at_least_ten_positions_and_all_combinations():
    for name, axes in PLAYERS.items():
        assert max(len(axis.states) for axis in axes) >= 10, name
    assert len(positions("explore_neurons", 1)) == 61 * 2 * 2


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


def test_links_that_lead_outside_are_known_and_papers_are_among_the_related_work(html):
    links = {link for path in html.rglob("*.html") for link in Links(path).links}
    outside = {link for link in links if urlsplit(link).netloc}
    papers = {link for link in outside if link.startswith("https://arxiv.org/abs/")}
    assert outside - papers == {
        "https://github.com/google/neural-tangents",
        "https://github.com/pradyunsg/furo",  # the theme says so
        "https://playground.tensorflow.org",
    }
    related = (ROOT / "site" / "related.md").read_text(encoding="utf-8")
    assert len(papers) > 15 and [link for link in papers if link not in related] == []


def test_nothing_but_links_to_read_leads_outside(html):
    outside = re.compile(r"<(?:script|link|img|iframe)\b[^>]*?(?:src|href)=\"(?:https?:)?//", re.I)
    assert [
        str(path) for path in html.rglob("*.html") if outside.search(path.read_text("utf-8"))
    ] == []


FRAMES = ({"role": "slider", "name": "frame"}, {"role": "button", "name": "play"})


def open_player(page, address, name, key):
    """Open a player at a position, by its address."""
    axes = zip(PLAYERS[name], key.split("-"), strict=True)
    query = "&".join(f"{axis.name}={quote(list(axis.states)[int(i)])}" for axis, i in axes)
    page.goto(f"{address}/notebooks/{PAGES[name]}.html#{name}?{query}")
    player = page.locator(f"[data-player={name}]")
    player.locator("canvas").wait_for()
    return player


def wait_for_words(player, text):
    words = player.locator(".lazylib-words")
    assert words.get_attribute("aria-live") == "polite"
    player.page.wait_for_function(
        "([e, text]) => e.textContent.replace(/\\s+/g, ' ') === text",
        arg=[words.element_handle(), text],
        timeout=20_000,
    )


@pytest.mark.browser
@pytest.mark.parametrize("name", PLAYERS)
def test_a_player_says_what_the_notebooks_panel_says_and_answers_to_keys(page, address, name):
    key = list(positions(name, THIN))[-1]
    player = open_player(page, address, name, key)
    wait_for_words(player, said(name, key))
    scrub, play = (player.get_by_role(**each, exact=True) for each in FRAMES)
    if scrub.count():
        scrub.press("Home")
        wait_for_words(player, said(name, key, 0))
        play.click()
        page.wait_for_function("e => Number(e.value) > 3", arg=scrub.element_handle())
        play.evaluate("play => play.ariaPressed === 'true' && play.click()")  # not at its end
    player.locator("input[type=range]").first.press("Home")
    first = "-".join(["0", *key.split("-")[1:]])
    wait_for_words(player, said(name, first, int(scrub.input_value()) if scrub.count() else None))


@pytest.mark.parametrize("name", PLAYERS)
def test_a_player_has_recorded_the_numbers_that_the_panel_paints(html, name):
    key = list(positions(name, THIN))[-1]
    script = (html / f"_static/players/{name}/{key}.js").read_text(encoding="utf-8")
    recorded = json.loads(script.partition(", ")[2].removesuffix(");\n"))
    panel, own = panel_of(name)
    panel.state = positions(name, THIN)[key] | own
    data = json.loads(json.dumps(written(panel.picture.data())))
    assert {part: recorded[part] for part in data} == data


@pytest.mark.browser
def test_the_frame_stays_when_a_slider_moves_and_stands_in_the_address(page, address):
    page.goto(f"{address}/notebooks/01-two-regimes.html#explore_neurons?tau=0.1&frame=10")
    player = page.locator("[data-player=explore_neurons]")
    share = player.locator(".lazylib-share")
    page.wait_for_function("e => e.href.includes('frame=10')", arg=share.element_handle())
    player.locator("input[type=range]").first.press("End")
    page.wait_for_function("e => e.href.includes('tau=10&')", arg=share.element_handle())
    assert "frame=10" in share.get_attribute("href")


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
