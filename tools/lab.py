"""JupyterLab in headless Chromium, for the browser tests and the latency benchmark."""

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
FLAGS = (
    "--no-sandbox --disable-gpu --disable-background-networking --disable-component-update "
    "--disable-sync --no-first-run"
).split()
# Cells out of sight stay in the page, so that a test finds them.
SETTINGS = {"notebook-extension/tracker": {"windowingMode": "none"}}
SETTINGS["apputils-extension/notification"] = {"fetchNews": "false", "checkForUpdates": False}


def find_chromium(install=False):
    """Return the path of a Chromium or Chrome, or None; ``install`` it if there is none."""
    for name in BROWSERS:
        if shutil.which(name):
            return shutil.which(name)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        own = playwright.chromium.executable_path
    if not os.path.exists(own) and install:
        with _one_at_a_time():
            return find_chromium() or _install()
    return own if os.path.exists(own) else None


@contextlib.contextmanager
def _one_at_a_time():
    """Let no other process install while this one does: apt-get does not wait for another."""
    with contextlib.ExitStack() as stack:
        if sys.platform == "linux":
            import fcntl

            name = Path(tempfile.gettempdir(), f"lazylib-browser-{os.getuid()}.lock")
            fcntl.flock(stack.enter_context(open(name, "w", encoding="utf-8")), fcntl.LOCK_EX)
        yield


def _install():
    """Install Chromium, and return its path."""
    if sys.platform == "linux" and shutil.which("apt-get") and os.geteuid() == 0:
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        subprocess.run(["apt-get", "update", "-qq"], check=True)
        command = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium"]
        subprocess.run(command, check=True, env=environment)
    else:
        subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=True)
    return find_chromium()


@contextlib.contextmanager
def jupyterlab(folder):
    """Serve a copy of the notebooks from ``folder`` (made for it); yield the server's address."""
    lay_out(folder)
    command = [sys.executable, "-m", "jupyterlab", "--allow-root"]
    with serve(folder, command, {**os.environ, "PYTHONPATH": str(ROOT)}) as address:
        yield address


def lay_out(folder):
    """Put the notebooks, without their outputs, and JupyterLab's settings into a folder."""
    shutil.copytree(ROOT / "notebooks", folder / "root" / "notebooks")
    for path in folder.glob("root/notebooks/**/*.ipynb"):
        _clear_outputs(path)
    for name, values in SETTINGS.items():
        path = folder / "config/lab/user-settings/@jupyterlab" / f"{name}.jupyterlab-settings"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(values), encoding="utf-8")


def write_notebook(folder, name, *cells):
    """Write a notebook of code cells beside those that a folder serves; return its name."""
    code = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None}
    cells = [code | {"id": f"cell-{i}", "source": source} for i, source in enumerate(cells)]
    kernel = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
    text = {"cells": cells, "metadata": kernel, "nbformat": 4, "nbformat_minor": 5}
    (folder / "root" / "notebooks" / name).write_text(json.dumps(text), encoding="utf-8")
    return name


@contextlib.contextmanager
def serve(folder, command, environment, base="/", token="", **options):
    """Serve what was laid out, under a path and with a token; ``options`` are those of Popen."""
    for name in ("config", "data", "runtime"):
        environment[f"JUPYTER_{name.upper()}_DIR"] = str(folder / name)
    environment["IPYTHONDIR"] = str(folder / "ipython")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [*command, "--no-browser", f"--port={port}", "--ip=127.0.0.1"]
    command += [
        f"--IdentityProvider.token={token}",
        f"--ServerApp.base_url={base}",
        f"--ServerApp.root_dir={folder / 'root'}",
        "--LanguageServerManager.autodetect=False",
    ]
    address = f"http://127.0.0.1:{port}{base}".rstrip("/")
    with open(folder / "jupyterlab.log", "w", encoding="utf-8") as log:
        server = subprocess.Popen(command, env=environment, stdout=log, stderr=log, **options)
        try:
            _wait_for(address + "/api", server, folder / "jupyterlab.log")
            yield address
        finally:
            server.terminate()
            try:
                server.wait(20)
            except subprocess.TimeoutExpired:
                server.kill()


def _clear_outputs(path):
    notebook = json.loads(path.read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            cell.update(outputs=[], execution_count=None)
    path.write_text(json.dumps(notebook), encoding="utf-8")


def _wait_for(address, server, log):
    for _ in range(300):
        if server.poll() is not None:
            break
        with contextlib.suppress(OSError):
            return urllib.request.urlopen(address, timeout=5).close()
        time.sleep(0.2)
    raise RuntimeError(f"JupyterLab did not start:\n{log.read_text(encoding='utf-8')}")


@contextlib.contextmanager
def headless_browser(chromium):
    """Yield headless Chromium."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield browser
        browser.close()


def open_notebook(browser, address, name, **options):
    """Open a notebook in a page of its own, and return the page when its kernel is there."""
    page = browser.new_page(**({"viewport": {"width": 1500, "height": 1100}} | options))
    page.set_default_timeout(60_000)
    page.goto(f"{address}/lab/tree/notebooks/{name}?reset")
    page.wait_for_selector(".jp-Notebook .jp-CodeCell")
    page.wait_for_selector("text='Python 3 (ipykernel) | Idle'")
    return page


def run_notebook(browser, address, name, **options):
    """Open a notebook in a page of its own, run all its cells, and return the page."""
    page = open_notebook(browser, address, name, **options)
    run_all(page)
    return page


def run_all(page):
    """Run all cells of the notebook in a page, and wait until they have run."""
    page.click("text='Run'")
    page.click("text='Run All Cells'")
    page.wait_for_function(
        """() => { const cells = [...document.querySelectorAll('.jp-CodeCell')];
        const prompt = cell => cell.querySelector('.jp-InputPrompt').innerText;
        return cells.length && cells.every(cell => /\\[\\d+\\]/.test(prompt(cell))) }""",
        timeout=300_000,
    )
    errors = page.locator(".jp-OutputArea-output[data-mime-type*='error']")
    assert errors.count() == 0, errors.first.inner_text()


class Panel:
    """A slider panel in a page: its words, its picture, its controls."""

    def __init__(self, page, number=0):
        self.page = page
        self.box = page.locator(".lazylib-panel").nth(number)
        self.canvas = self.box.locator("canvas")
        self.canvas.wait_for()
        self.box.scroll_into_view_if_needed()
        self.wait("the picture was never painted", lambda: self.words)

    @property
    def words(self):
        """What the panel says: the words of its picture, or why there is none."""
        return " ".join(
            self.box.locator(".lazylib-words, .lazylib-alert").all_inner_texts()
        ).strip()

    @property
    def pixels(self):
        """The picture, as an address of its pixels."""
        return self.canvas.evaluate("canvas => canvas.toDataURL()")

    def control(self, label):
        """The slider, choice, number or check box with that label."""
        return self.box.get_by_label(label, exact=True)

    def button(self, name):
        """A button by its name."""
        return self.box.get_by_role("button", name=name, exact=True)

    def press(self, label, key, times=1):
        """Focus a control and press a key so many times."""
        self.control(label).focus()
        for _ in range(times):
            self.page.keyboard.press(key)

    def place(self, label):
        """Where a slider stands, as a fraction of its range."""
        return self.control(label).evaluate("e => (e.value - e.min) / (e.max - e.min)")

    def drag(self, label, fraction, steps=8, release=True):
        """Drag a slider with the mouse, from where it is to a fraction of its range."""
        box = self.control(label).bounding_box()
        x, thumb = box["x"] + 8, box["width"] - 16
        middle, mouse = box["y"] + box["height"] / 2, self.page.mouse
        mouse.move(x + self.place(label) * thumb, middle)
        mouse.down()
        mouse.move(x + fraction * thumb, middle, steps=steps)
        if release:
            mouse.up()

    def drag_far(self, label):
        """Drag a slider by a third of its range, downwards where there is room."""
        place = self.place(label)
        self.drag(label, place - 1 / 3 if place > 0.35 else place + 1 / 3)

    def wait_for_words(self, containing):
        """Wait until the words contain a text."""
        self.wait(f"the words never said {containing!r}", lambda: containing in self.words)

    def wait_for_other(self, words=None, pixels=None):
        """Wait until words or pixels have changed."""
        if words is not None:
            self.wait("the words did not change", lambda: self.words not in ("", words))
        if pixels is not None:
            self.wait("the picture did not change", lambda: self.pixels != pixels)

    def settle(self):
        """Wait until the panel computes and plays nothing, and its picture rests for 0.5 s."""
        playing = ".lazylib-play[aria-pressed=true]"  # it also waits for frames, and stands still
        idle, before = self.box.locator(f"[aria-busy=false]:not(:has({playing}))"), None
        for _ in range(60):
            idle.wait_for()
            if self.pixels == before:
                return
            before = self.pixels
            self.page.wait_for_timeout(500)
        raise AssertionError(f"the picture keeps changing; the words say: {self.words}")

    def wait(self, complaint, condition):
        """Wait until a condition holds."""
        for _ in range(300):
            if condition():
                return
            self.page.wait_for_timeout(100)
        raise AssertionError(f"{complaint}; they say: {self.words}")
