"""What a user has set elsewhere changes neither what the collection shows nor whether it works.

Each test runs the real thing in a process of its own, with settings that once broke it.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import zipfile
from importlib import metadata
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).parents[1]
FIGURE = """\
import matplotlib.pyplot as plt
plt.plot([0, 1], [0.5, 1.5])
plt.title("é")
plt.show()
print(plt.rcParams["lines.linewidth"], f"{0.5:n}")
"""


def run(*command, cwd=ROOT, environment=None, timeout=120, **options):
    """Run a command and return what it printed; its failure is ours."""
    environment = dict(environment or os.environ)
    environment.pop("PYTEST_ADDOPTS", None)  # meant for the tests that we are, not for those within
    done = subprocess.run(
        command,
        cwd=cwd,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        timeout=timeout,
        **options,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


@pytest.fixture
def hostile(tmp_path):
    """An environment of somebody who uses Jupyter, IPython and Matplotlib for other things."""
    home = tmp_path / "home"
    for folder in ("jupyter/kernels/python3", "ipython/profile_default/startup", "config"):
        (home / folder).mkdir(parents=True)
    kernel = {"argv": ["no-such-python", "{connection_file}"], "language": "python"}
    kernel["display_name"] = "mine"
    (home / "jupyter/kernels/python3/kernel.json").write_text(json.dumps(kernel))
    startup = "print('my own startup file')\nimport warnings\nwarnings.warn('mine')\n"
    (home / "ipython/profile_default/startup/00.py").write_text(startup)
    (home / "startup.py").write_text(startup)
    (home / "matplotlibrc").write_text("lines.linewidth: 9\nfigure.facecolor: red\n")
    (home / "config/jupyter_config.json").write_text('{"KernelManager": {"ip": "nonsense"}}')
    return os.environ | {
        "MPLBACKEND": "agg",
        "MATPLOTLIBRC": str(home / "matplotlibrc"),
        "MPLCONFIGDIR": str(home),
        "JUPYTER_PATH": str(home / "jupyter"),
        "JUPYTER_DATA_DIR": str(home / "jupyter"),
        "JUPYTER_CONFIG_DIR": str(home / "config"),
        "JUPYTER_CONFIG_PATH": str(home / "config"),
        "JUPYTER_PREFER_ENV_PATH": "0",
        "IPYTHONDIR": str(home / "ipython"),
        "PYTHONSTARTUP": str(home / "startup.py"),
        "PYTHONWARNINGS": "always",
        "PYTHONPATH": str(home),
        "LC_ALL": "C",
        "LC_NUMERIC": "de_DE.UTF-8",
    }


def new_notebook(path, *sources):
    cells = [
        nbformat.v4.new_code_cell(source, id=f"cell-{number}")
        for number, source in enumerate(sources)
    ]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
    return path


def test_stored_outputs_do_not_depend_on_what_a_user_has_set(tmp_path, hostile):
    """`make notebooks` stores the same bytes, figures included."""
    stored = []
    for environment in (None, hostile):
        path = new_notebook(tmp_path / "figure.ipynb", FIGURE)
        run(sys.executable, "tools/run_notebooks.py", str(path), environment=environment)
        stored.append(path.read_text(encoding="utf-8"))
    assert stored[0] == stored[1]
    figure, words = json.loads(stored[0])["cells"][0]["outputs"]
    assert "image/png" in figure["data"]
    assert words["text"] == ["1.5 0.5\n"]


def test_a_notebook_passes_its_test_whatever_a_user_has_set(hostile):
    notebook = "notebooks/00-start-here.ipynb"
    said = run(sys.executable, "-m", "pytest", "-q", notebook, environment=hostile)
    assert " passed" in said


def test_jupyterlab_starts_with_the_kernel_of_this_environment(hostile):
    module = ["jupyter_client.kernelspecapp", "list", "--json"]
    said = run(sys.executable, "tools/surroundings.py", *module, environment=hostile)
    kernel = json.loads(said[said.index("{") :])["kernelspecs"]["python3"]
    assert Path(kernel["resource_dir"]).is_relative_to(sys.prefix)


def test_a_script_made_from_a_notebook_is_a_python_file(tmp_path):
    notebooks = map(str, sorted((ROOT / "notebooks").glob("0*.ipynb")))
    run(sys.executable, "-m", "nbconvert", "--to=script", f"--output-dir={tmp_path}", *notebooks)
    made = sorted(path.name for path in tmp_path.iterdir())
    assert len(made) == 10 and all(name.endswith(".py") for name in made), made


def copy(folder, *names):
    """Copy parts of the repository to a folder."""
    folder.mkdir(parents=True)
    ignored = shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints")
    for name in names:
        source, target = ROOT / name, folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=ignored)
        else:
            shutil.copy(source, target)
    return folder


def test_all_is_well_in_a_checkout_that_cannot_be_written_to(tmp_path):
    """Exit code 0, with tests that use hypothesis and a notebook that draws."""
    if os.name == "nt":
        pytest.skip("Windows' read-only folders can be written to")
    without = []
    if os.geteuid() == 0:  # for root a file mode is no obstacle, unless it gives up that privilege
        if not (setpriv := shutil.which("setpriv")):
            pytest.skip("root can write everywhere")
        without = [setpriv, "--bounding-set=-dac_override"]
    parts = ("conftest.py", "pyproject.toml", "lazylib", "tools/surroundings.py")
    tests = ("tests/helpers.py", "tests/test_data.py")
    folder = copy(tmp_path / "checkout", *parts, *tests)
    new_notebook(folder / "figure.ipynb", FIGURE)
    run(sys.executable, ROOT / "tools/run_notebooks.py", str(folder / "figure.ipynb"))
    paths = [folder, *folder.rglob("*")]
    for path in paths:
        path.chmod(0o555 if path.is_dir() else 0o444)
    try:
        check = [sys.executable, "-c", "open('here', 'w')"]
        denied = subprocess.run([*without, *check], cwd=folder, capture_output=True, text=True)
        assert "PermissionError" in denied.stderr
        pytest_ = [sys.executable, "-m", "pytest", "-q", "tests/test_data.py", "figure.ipynb"]
        said = run(*without, *pytest_, cwd=folder)
        assert " passed" in said
        assert sorted(folder.rglob("*")) == sorted(paths[1:])
    finally:
        for path in paths:
            path.chmod(0o755)


def wheel(name, folder):
    """Pack an installed package into a wheel again, and return its line of the lock."""
    package = metadata.distribution(name)
    path = folder / f"{name}-{package.version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for file in package.files:
            if file.suffix != ".pyc" and ".." not in file.parts:
                archive.write(file.locate(), file)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return f"{name}=={package.version} \\\n    --hash=sha256:{digest}"


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """A copy of the project, named as badly as can be, whose lock holds two wheels of a folder.

    Returns
    -------
    tuple
        The folder and the environment for `make`: no network, and pip set for other uses.
    """
    if os.name == "nt" or not shutil.which("make"):
        pytest.skip("there is no make here, or it is Windows")
    base = tmp_path_factory.mktemp("small")
    parts = ("Makefile", "pyproject.toml", "README.md", "LICENSE", "LICENSE-prose")
    folder = copy(base / "Übung é 1", *parts, "lazylib", "tools")
    (base / "wheels").mkdir()
    lines = [wheel(name, base / "wheels") for name in ("flit_core", "packaging")]
    (folder / "requirements.lock").write_text("\n".join(lines) + "\n")
    (base / "pip.conf").write_text(f"[install]\nuser = true\ntarget = {base / 'target'}\n")
    (base / "evil").mkdir()
    (base / "evil/sitecustomize.py").write_text("raise SystemExit('from PYTHONPATH')")
    ours = ("PIP_", "CONDA_", "MAKE", "MFLAGS")
    environment = {k: value for k, value in os.environ.items() if not k.startswith(ours)}
    environment |= {
        "PIP_CONFIG_FILE": str(base / "pip.conf"),
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": (base / "wheels").as_uri(),
        "PIP_USER": "1",
        "PIP_TARGET": str(base / "target"),
        "PIP_PREFIX": str(base / "prefix"),
        "PIP_ROOT": str(base / "root"),
        "PIP_NO_BINARY": ":all:",
        "PIP_DRY_RUN": "1",
        "PIP_REQUIRE_VIRTUALENV": "1",
        "PIP_LOG": str(base / "log"),
        "PYTHONPATH": str(base / "evil"),
        "PYTHONHOME": str(base / "evil"),
        "LC_ALL": "C",
    }
    return folder, environment


def install(folder, environment):
    """Run `make install`, and return what it said and where its lazylib lies."""
    python = Path(sys.prefix) / "bin" / "python"
    said = run("make", "install", f"PYTHON={python}", cwd=folder, environment=environment)
    code = (
        "from importlib.util import find_spec as f; print(f('flit_core') and f('lazylib').origin)"
    )
    where = run(folder / ".venv/bin/python", "-I", "-X", "utf8", "-c", code)
    return said, Path(where.strip()).parents[1]


def test_make_install_is_not_led_astray_and_does_only_what_is_missing(small):
    """By settings for pip and Python, letters of the folder's name, and what once was true."""
    folder, environment = small
    said, place = install(folder, environment)
    assert "Setting up .venv" in said and place == folder
    assert sorted(path.name for path in folder.parent.iterdir()) == [
        "evil",
        "pip.conf",
        "wheels",
        folder.name,
    ]

    said, place = install(folder, environment)
    assert "Setting up" not in said and place == folder

    # a package is removed
    python = folder / ".venv/bin/python"
    run(python, "-I", "-X", "utf8", "-m", "pip", "uninstall", "-y", "packaging")
    said, place = install(folder, environment)
    assert "Setting up .venv" in said and place == folder

    # the link is removed
    run(python, "-I", "-X", "utf8", "-m", "pip", "uninstall", "-y", "lazy-training-notebooks")
    said, place = install(folder, environment)
    assert "Setting up" not in said and place == folder

    # the checkout is moved, and what lies at the old place is not ours
    moved = folder.with_name("moved")
    folder.rename(moved)
    said, place = install(moved, environment)
    assert "Setting up .venv" in said and place == moved
    moved.rename(folder)


def test_the_collection_loads_no_large_package_before_it_is_needed():
    """`import lazylib` waited a second for scipy.stats, which one function uses."""
    rooms = "exercises", "experiments", "plots", "theory", "widgets"
    names = "scipy", "torch", "sklearn", "dask", "pandas"
    code = f"import sys, {', '.join('lazylib.' + room for room in rooms)}\n"
    code += f"print(sorted({{name.split('.')[0] for name in sys.modules}} & {set(names)}))"
    assert run(sys.executable, "-c", code) == "[]\n"
