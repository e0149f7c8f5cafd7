"""What stands around the package: pins, environments, set-up, notebooks, house rules."""

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

ROOT = Path(__file__).parents[1]
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
CONDA_NAMES = {"matplotlib": "matplotlib-base"}  # the same library without a desktop toolkit
NOTEBOOKS = sorted((ROOT / "notebooks").glob("**/[!.]*.ipynb"))
NOTEBOOKS = [path for path in NOTEBOOKS if ".ipynb_checkpoints" not in path.parts]

each_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)

needs_make = pytest.mark.skipif(
    os.name == "nt" or not shutil.which("make"), reason="there is no make here, or it is Windows"
)


def run(*command):
    """Run a command in the repository's root, and return its exit code and all it printed."""
    done = subprocess.run(
        command,
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        timeout=120,
    )
    return done.returncode, done.stdout


def tool(name):
    """Return the path of a command that the lock installs beside this Python."""
    return shutil.which(name, path=str(Path(sys.executable).parent))


def canonical(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def declared():
    """Return the direct dependencies as pyproject.toml words them, the build backend included."""
    project = PYPROJECT["project"]
    extras = sum(project["optional-dependencies"].values(), [])
    return [*PYPROJECT["build-system"]["requires"], *project["dependencies"], *extras]


def locked():
    return {canonical(name): version for name, version in re.findall(r"(?m)^(\S+)==(\S+)", LOCK)}


def environment():
    """Return the versions that environment.yml pins, by canonical name."""
    *conda, last = yaml.safe_load((ROOT / "environment.yml").read_text())["dependencies"]
    pins = [re.split("==?", line) for line in conda if line != "pip"]
    pins += [line.partition(";")[0].strip().split("==") for line in last["pip"]]
    return {canonical(name): version for name, version in pins}


def code_cells(path):
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return [c for c in cells if c["cell_type"] == "code" and "".join(c["source"]).strip()]


def project_files():
    """Return the files that are, or would be, committed."""
    if not (ROOT / ".git").exists() or not shutil.which("git"):
        pytest.skip("not a git checkout: nothing says which files are the project's")
    code, names = run("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    assert code == 0, names
    return [path for name in names.split("\0") if name and (path := ROOT / name).is_file()]


def test_the_lock_satisfies_every_declared_dependency():
    pins = locked()
    for dependency in map(Requirement, declared()):
        assert pins[canonical(dependency.name)] in dependency.specifier, str(dependency)


def test_the_lock_hashes_every_pin_and_names_no_index():
    body = [line for line in LOCK.splitlines() if not line.startswith("#")]
    entries = "\n".join(body).replace("\\\n", "").splitlines()
    pin = r"[\w.-]+==\S+( ; [^\\]*?)?( +--hash=sha256:[0-9a-f]{64})+"
    assert [entry for entry in entries if not re.fullmatch(pin, entry)] == []
    assert len(entries) == len(locked()), "a package is pinned twice"


def test_every_dependency_carries_its_reason():
    lines = (ROOT / "pyproject.toml").read_text(encoding="utf-8").splitlines()
    for dependency in declared()[len(PYPROJECT["build-system"]["requires"]) :]:
        (line,) = [line for line in lines if line.strip().startswith(f'"{dependency}",')]
        assert re.search(r'", # \S.{9,}', line), f"why {dependency}?"


def test_environment_yml_holds_the_direct_dependencies_at_the_locked_versions():
    pins = environment()
    assert pins.pop("python") in SpecifierSet(PYPROJECT["project"]["requires-python"])
    names = [canonical(Requirement(dependency).name) for dependency in declared()]
    assert pins == {CONDA_NAMES.get(name, name): locked()[name] for name in names}


def test_the_makefile_knows_the_conda_environment_by_its_name():
    name = yaml.safe_load((ROOT / "environment.yml").read_text())["name"]
    assert f",{name})" in (ROOT / "Makefile").read_text()


def test_pre_commit_runs_the_ruff_of_the_lock():
    config = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())
    (ruff,) = [repo for repo in config["repos"] if "ruff" in repo["repo"]]
    assert ruff["rev"] == "v" + locked()["ruff"]


def test_binder_gets_what_conda_gets():
    binder = ROOT / "binder" / "environment.yml"
    if not binder.is_symlink() and os.name == "nt":
        pytest.skip("git on Windows may check a symbolic link out as a text file")
    assert binder.resolve() == ROOT / "environment.yml"


def test_repo2docker_accepts_the_repository():
    if sys.platform != "linux":
        pytest.skip("repo2docker is for Linux, and pinned there only")
    code, said = run(tool("jupyter-repo2docker"), "--no-build", "--debug", ".")
    assert code == 0, said
    python = environment()["python"]
    for sign in (f"conda environment for python={python}", "binder/environment.yml", "postBuild"):
        assert sign in said


def test_the_workflow_and_the_citation_follow_their_published_schemas():
    files = {"github-workflows": ".github/workflows/ci.yml", "citation-file-format": "CITATION.cff"}
    for schema, path in files.items():
        code, said = run(tool("check-jsonschema"), "--builtin-schema", f"vendor.{schema}", path)
        assert code == 0, said


def test_actionlint_accepts_the_workflow_where_it_is_installed():
    if not (actionlint := shutil.which("actionlint")):
        pytest.skip("actionlint is not on the PATH; the schema test has read the workflow")
    code, said = run(actionlint, ".github/workflows/ci.yml")
    assert code == 0, said


def test_the_citation_names_the_software_and_the_note():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["version"] == PYPROJECT["project"]["version"]
    assert citation["license"] == PYPROJECT["project"]["license"]
    (note,) = citation["references"]
    assert note["identifiers"][0]["value"] == "arXiv:1812.07956"
    assert [author["family-names"] for author in note["authors"]] == ["Chizat", "Bach"]


def test_the_workflow_covers_the_promised_pythons_and_systems():
    workflow = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text())
    matrix = workflow["jobs"]["test"]["strategy"]["matrix"]
    assert matrix["python"] == ["3.11", "3.12", "3.13"]
    assert matrix["os"] == ["ubuntu", "macos", "windows"]


@needs_make
@pytest.mark.parametrize("target", "install lab test notebooks figures bench lint format".split())
def test_make_has_the_target_and_lists_it(target):
    code, said = run("make", "--dry-run", target)
    assert code == 0, said
    assert re.search(rf"(?m)^ +make {target} +\w", run("make")[1])


@needs_make
def test_make_lab_hands_arguments_on_and_opens_the_first_notebook():
    _, said = run("make", "--dry-run", "lab", "ARGS=--no-browser --port 8899")
    lines = said.replace("\\\n", " ").splitlines()
    (start,) = [line for line in lines if "-m jupyterlab" in line]
    assert start.endswith(" --no-browser --port 8899")
    opened = re.search(r"/lab/tree/(\S+)", start).group(1)
    assert (ROOT / opened).is_file()


def test_ruff_finds_nothing_in_modules_and_notebooks():
    for command in (["check"], ["format", "--check"]):
        code, said = run(tool("ruff"), *command, "--no-cache", ".")
        assert code == 0, said


@each_notebook
def test_the_notebook_was_run_top_to_bottom_in_one_go(path):
    cells = code_cells(path)
    assert [cell["execution_count"] for cell in cells] == list(range(1, len(cells) + 1))


@each_notebook
def test_the_notebook_stores_no_error(path):
    outputs = [output for cell in code_cells(path) for output in cell["outputs"]]
    assert [o["evalue"] for o in outputs if o["output_type"] == "error"] == []


@each_notebook
def test_the_notebook_is_short_and_light(path):
    lengths = [len("".join(cell["source"]).splitlines()) for cell in code_cells(path)]
    assert len(lengths) <= 12, "more than 12 code cells"
    assert max(lengths, default=0) <= 15, "a code cell of more than 15 lines"
    assert path.stat().st_size <= 1500 * 1024, "more than 1500 KiB"


@each_notebook
def test_the_notebook_stores_nothing_that_changes_from_run_to_run(path):
    notebook = json.loads(path.read_text(encoding="utf-8"))
    assert "version" not in notebook["metadata"].get("language_info", {})
    assert "widgets" not in notebook["metadata"]
    assert "widget-view+json" not in json.dumps(notebook["cells"]), "a widget that is gone"
    assert [c["id"] for c in notebook["cells"] if "execution" in c["metadata"]] == []


def test_every_module_is_at_most_300_lines():
    modules = sorted((ROOT / "lazylib").glob("**/*.py"))
    assert modules
    long = {m.name: n for m in modules if (n := len(m.read_text("utf-8").splitlines())) > 300}
    assert long == {}


def test_no_file_names_a_registry_host_or_a_path_of_one_machine():
    hosts = ["pyp" + "i.org", "python" + "hosted", "registry.npm" + "js", "deb.debi" + "an"]
    paths = ["/wo" + "rk/", "/ro" + "ot/", "/ho" + "me/", "/Us" + "ers/", r"C:\Us" + "ers"]
    found = [
        f"{path.relative_to(ROOT).as_posix()} names {word}"
        for path in project_files()
        for text in [path.read_bytes()]
        for word in hosts + paths
        if word.encode() in text
    ]
    assert found == []


@each_notebook
def test_the_notebooks_links_lead_to_files_that_are_there(path):
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    text = "".join("".join(c["source"]) for c in cells if c["cell_type"] == "markdown")
    for target in re.findall(r"\]\(([^)#:]+)\)", text):
        assert (path.parent / target).exists(), target
