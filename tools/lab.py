"""JupyterLab in headless Chromium, for the browser tests and the latency benchmark."""

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
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
        _install()
        return find_chromium()
    return own if os.path.exists(own) else None


def _install():
    if sys.platform == "linux" and shutil.which("apt-get") and os.geteuid() == 0:
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        subprocess.run(["apt-get", "update", "-qq"], check=True)
        command = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium"]
        subprocess.run(command, check=True, env=environment)
    else:
        subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=True)


@contextlib.contextmanager
def jupyterlab(folder):
    """Serve a copy of the notebooks from ``folder`` (made for it); yield the server's address."""
    shutil.copytree(ROOT / "notebooks", folder / "root" / "notebooks")
    for path in folder.glob("root/notebooks/**/*.ipynb"):
        _clear_outputs(path)
    for name, values in SETTINGS.items():
        path = folder / "config/lab/user-settings/@jupyterlab" / f"{name}.jupyterlab-settings"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(values), encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    for name in ("config", "data", "runtime"):
        environment[f"JUPYTER_{name.upper()}_DIR"] = str(folder / name)
    environment["IPYTHONDIR"] = str(folder / "ipython")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", f"--port={port}"]
    command += ["--ip=127.0.0.1", "--IdentityProvider.token=", "--allow-root"]
    command += [
        "--LanguageServerManager.autodetect=False",
        f"--ServerApp.root_dir={folder / 'root'}",
    ]
    address = f"http://127.0.0.1:{port}"
    with open(folder / "jupyterlab.log", "w", encoding="utf-8") as log:
        server = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
        try:
            _wait_for(address + "/api/status", server, folder / "jupyterlab.log")
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


def run_notebook(browser, address, name):
    """Open a notebook in a page of its own, run all its cells, and return the page."""
    page = browser.new_page(viewport={"width": 1500, "height": 1100})
    page.set_default_timeout(60_000)
    page.goto(f"{address}/lab/tree/notebooks/{name}?reset")
    page.wait_for_selector(".jp-Notebook .jp-CodeCell")
    page.wait_for_selector("text='Python 3 (ipykernel) | Idle'")
    page.click("text='Run'")
    page.click("text='Run All Cells'")
    page.wait_for_function(
        """() => { const cells = [...document.querySelectorAll('.jp-CodeCell')];
        const prompt = cell => cell.querySelector('.jp-InputPrompt').innerText;
        return cells.length && cells.every(cell => /\\[\\d+\\]/.test(prompt(cell))) }""",
        timeout=120_000,
    )
    errors = page.locator(".jp-OutputArea-output[data-mime-type*='error']")
    assert errors.count() == 0, errors.first.inner_text()
    return page


class Panel:
    """A slider panel in a page: its words, its picture, its sliders."""

    def __init__(self, page, number=0):
        self.page = page
        self.words_line = page.locator(".lazylib-words").nth(number)
        self.words_line.wait_for()
        self.box = self.words_line.locator("xpath=ancestor::*[contains(@class,'widget-vbox')][1]")
        self.picture = self.box.locator("img.widget-image").first
        self.picture.scroll_into_view_if_needed()

    @property
    def words(self):
        """The line of words."""
        return self.words_line.inner_text()

    @property
    def source(self):
        """The address of the picture, which is a new one for every picture."""
        return self.picture.get_attribute("src")

    def slider(self, description):
        """The handle of the slider with that description."""
        row = self.box.locator(".widget-inline-hbox", has=self._label(description))
        return row.locator(".noUi-handle").first

    def _label(self, description):
        return self.page.locator(f"label:text-is('{description}')")

    def button(self, text):
        """A button by its text."""
        return self.box.locator(f"button:has-text('{text}')").first

    def settle(self):
        """Wait until the picture has not changed for a second: no slider has news to send."""
        for _ in range(60):
            before = self.source
            self.page.wait_for_timeout(1000)
            if self.source == before:
                return
        raise AssertionError(f"the picture keeps changing; the words say: {self.words}")

    def wait_for_words(self, containing):
        """Wait until the line of words contains a text."""
        self._wait(lambda words: containing in words, f"the words never said {containing!r}")

    def wait_for_other_words(self, before):
        """Wait until the line of words has changed."""
        self._wait(lambda words: words != before, "the words did not change")

    def _wait(self, condition, complaint):
        for _ in range(300):
            if condition(self.words):
                return
            self.page.wait_for_timeout(50)
        raise AssertionError(f"{complaint}; they say: {self.words}")
