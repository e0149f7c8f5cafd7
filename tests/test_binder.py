"""What Binder makes of the folder `binder/`, without Docker: pins, scripts, and a slow line.

Pip installs what conda would, at the same versions, for the Python that is here. JupyterLab runs
under a path and with a token, as a user without rights where the tests run as root.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from pathlib import Path
from types import SimpleNamespace

import painting
import pytest
import yaml

from benchmarks.slider_latency import slow_line
from tools.lab import ROOT, Panel, lay_out, run_notebook, serve

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(sys.platform != "linux", reason="Binder's machines run Linux"),
]
BASE, TOKEN = "/user/somebody-lazy-training/", "a1b2c3"
NEEDED = ["binder", "lazylib", "pyproject.toml", "README.md", "LICENSE", "LICENSE-prose"]
NOBODY = {"user": 65534, "group": 65534, "extra_groups": []}


def runs(python, user):
    """Return whether a user may run a Python, and it is new enough."""
    new_enough = "import sys; sys.exit(sys.version_info < (3, 11))"
    try:
        return subprocess.run([python, "-c", new_enough], cwd="/", **user).returncode == 0
    except OSError:
        return False


def install(python, folder):
    """Install the pins of `binder/environment.yml`, and what they need at the locked versions."""
    lines = yaml.safe_load((ROOT / "binder/environment.yml").read_text())["dependencies"]
    pins = [line.replace("matplotlib-base", "matplotlib").replace("=", "==") for line in lines]
    pins = [pin for pin in pins if "=" in pin and not pin.startswith("python=")]
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    (folder / "pins.txt").write_text("\n".join(re.findall(r"(?m)^\S+==\S+(?: ; [^\\\n]+)?", lock)))
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--python", python]
    command += ["install", "--quiet", "--no-compile", "--only-binary", ":all:", "--retries", "1"]
    command += ["--constraint", folder / "pins.txt", *pins]
    done = subprocess.run(command, capture_output=True, text=True, timeout=400)
    if done.returncode:
        said = f"Binder's pins could not be fetched: {done.stderr.strip().splitlines()[-1]}"
        pytest.fail(said) if os.environ.get("CI") else pytest.skip(said)


@pytest.fixture(scope="module")
def binder():
    """What a Binder has after `postBuild`: an environment, the repository, the user's home."""
    folder = Path(tempfile.mkdtemp(prefix="binder-"))  # pytest's own are closed to other users
    try:
        yield build(folder)
    finally:
        subprocess.run(["rm", "-rf", folder])


def build(folder):
    """Build it in a folder."""
    folder.chmod(0o755)
    base, user = sys.executable, {}
    if os.geteuid() == 0:
        found = [python for python in (base, "/usr/bin/python3") if runs(python, NOBODY)]
        base, user = (found[0], NOBODY) if found else (base, {})
        print(f"as a user without rights: {found or 'no, Python is out of its reach'}")
    subprocess.run([base, "-m", "venv", folder / "venv", "--without-pip"], check=True)
    python = folder / "venv/bin/python"
    subprocess.run(
        [sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "pip"], check=True
    )
    install(python, folder)
    lay_out(folder)
    for name in NEEDED:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, folder / "root" / name)
    for name in ("home", "data", "runtime", "ipython"):
        (folder / name).mkdir()
    if user:
        subprocess.run(["chown", "-R", "65534:65534", folder], check=True)
    environment = {
        "PATH": f"{folder}/venv/bin:/usr/bin:/bin",
        "HOME": str(folder / "home"),
        "LANG": "C.UTF-8",
    }
    done = subprocess.run(
        ["binder/postBuild"],
        cwd=folder / "root",
        env=environment,
        capture_output=True,
        text=True,
        **user,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return SimpleNamespace(folder=folder, environment=environment, user=user)


def test_after_post_build_the_list_of_fonts_is_there(binder):
    (fonts,) = (binder.folder / "home/.cache/matplotlib").glob("fontlist*.json")
    assert fonts.stat().st_uid == binder.user.get("user", os.geteuid())


def test_start_lends_one_thread_to_the_matrix_products(binder):
    command = ["binder/start", "printenv", "OPENBLAS_NUM_THREADS"]
    run = {"cwd": binder.folder / "root", "env": binder.environment, **binder.user}
    assert subprocess.run(command, capture_output=True, text=True, **run).stdout == "1\n"


def test_notebook_01_runs_on_it_under_a_path_with_a_token_behind_a_slow_line(binder):
    command = ["binder/start", "jupyter", "lab"]
    options = binder.user | {"cwd": binder.folder / "root"}
    base = BASE.rstrip("/")
    with serve(binder.folder, command, binder.environment, BASE, TOKEN, **options) as near:
        with pytest.raises(urllib.error.HTTPError, match="403"):
            urllib.request.urlopen(f"{near}/api/contents", timeout=30)
        with slow_line(near.removesuffix(base)) as far, painting.chromium() as browser:
            visitor = browser.new_context()
            visitor.new_page().goto(f"{far}{base}/lab?token={TOKEN}", timeout=120_000)
            known = visitor.storage_state()
            visitor.close()
            page = run_notebook(browser, far + base, "01-two-regimes.ipynb", storage_state=known)
            panel = Panel(page)
            assert panel.words.startswith("Active"), panel.words
            panel.press("τ", "ArrowRight", 26)
            panel.wait_for_words("Lazy")
            panel.settle()
            panel.press("frame", "Home")
            panel.wait_for_words("t = 0:")
            page.close()
