"""Build the static site from the stored notebooks: `make site`. Nothing is fetched or executed.

The notebooks' outputs are what the site shows; a panel becomes a player of recorded runs.
"""

import argparse
import contextlib
import functools
import http.server
import re
import shutil
import sys
from pathlib import Path

import nbformat
from PIL import Image
from sphinx.cmd.build import build_main

ROOT = Path(__file__).parent.parent
PANEL = re.compile(r"\b(explore_\w+)\(")
PLAYER = """
<div class="lazylib-player" data-player="{name}">
<img src="data:image/png;base64,{png}" alt="{words}">
</div>
"""


def with_player(cell, names):
    """Put a player, with the stored picture for as long as it loads, where a panel was stored."""
    found = PANEL.search(cell.source)
    for output in cell.get("outputs", []):
        data = output.get("data", {})
        if found and found[1] in names and "image/png" in data:
            png, words = data["image/png"].replace("\n", ""), data.get("text/plain", "")
            html = PLAYER.format(name=found[1], png=png, words=words.replace('"', "&quot;"))
            output["data"] = nbformat.from_dict({"text/html": html})


def gather(source, players):
    """Lay out what Sphinx reads: the pages of `site/`, and the notebooks with their players."""
    shutil.copytree(ROOT / "site", source)
    for path in sorted((ROOT / "notebooks").glob("**/[!.]*.ipynb")):
        notebook = nbformat.read(path, as_version=4)
        for cell in notebook.cells:
            with_player(cell, players)
            cell.source = cell.source.replace("](../site/", "](../")  # pages stand one folder up
        place = source / path.relative_to(ROOT)
        place.parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(notebook, place)


def painter(static):
    """Make a classic script of the painter: pages opened from a folder cannot import modules."""
    module = (ROOT / "lazylib" / "widgets" / "painter.js").read_text(encoding="utf-8")
    body, found, _ = module.partition("export { mount };")
    if not found:
        raise SystemExit("painter.js no longer ends with its exports")
    script = f'(() => {{\n"use strict";\n{body}\nwindow.lazylibPainter = {{ mount }};\n}})();\n'
    (static / "painter.js").write_text(script, encoding="utf-8")


def take_pictures(html):
    """Take the README's pictures of the first page, in the light and in the dark."""
    from tools.lab import find_chromium, headless_browser

    with headless_browser(find_chromium()) as browser:
        for scheme in ("light", "dark"):
            page = browser.new_page(
                viewport={"width": 1280, "height": 720},
                device_scale_factor=1.5,
                color_scheme=scheme,
            )
            page.goto((html / "index.html").as_uri())
            page.locator(".lazylib-words:not(:empty)").wait_for()
            path = ROOT / "site" / f"landing-{scheme}.png"
            page.screenshot(path=path)
            Image.open(path).quantize(256, dither=Image.Dither.NONE).save(path, optimize=True)


def main():
    """Build, and serve if asked to."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=ROOT / "_site", help="the folder to build in")
    parser.add_argument(
        "--serve", action="store_true", help="show it, at an address of this machine"
    )
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--picture", action="store_true", help="take the README's pictures of it")
    parser.add_argument("--thin", type=int, default=1, help="record one slider position in so many")
    options = parser.parse_args()
    source, html = options.out / "source", options.out / "html"
    shutil.rmtree(options.out, ignore_errors=True)
    from tools import record_players  # what Sphinx alone does not need

    gather(source, record_players.PLAYERS)
    painter(source / "_static")
    record_players.record(source / "_static" / "players", options.thin)
    if build_main(["-W", "--keep-going", "-q", "-b", "html", str(source), str(html)]):
        return 1
    print(f"The site is in {html}.")
    if options.picture:
        take_pictures(html)
    if options.serve:
        handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=html)
        with http.server.ThreadingHTTPServer(("127.0.0.1", options.port), handler) as server:
            print(f"It is shown at http://127.0.0.1:{server.server_port}/ until Ctrl-C.")
            with contextlib.suppress(KeyboardInterrupt):
                server.serve_forever()
    return 0


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    sys.exit(main())
