"""What stands around the package: pins, environments, set-up, notebooks, house rules."""

import ast
import importlib
import inspect
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from functools import cache
from pathlib import Path
from urllib.parse import parse_qs

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from tools.badge import with_badge
from tools.run_notebooks import METADATA

ROOT = Path(__file__).parents[1]
LOCKS = {path.name: path.read_text(encoding="utf-8") for path in ROOT.glob("requirements*.lock")}
each_lock = pytest.mark.parametrize("lock", ["requirements.lock", "requirements-torch.lock"])
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
CONDA_NAMES = {"matplotlib": "matplotlib-base"}  # the same library without a desktop toolkit
NOTEBOOKS = sorted((ROOT / "notebooks").glob("**/[!.]*.ipynb"))
NOTEBOOKS = [path for path in NOTEBOOKS if ".ipynb_checkpoints" not in path.parts]

each_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)

needs_make = pytest.mark.skipif(
    os.name == "nt" or not shutil.which("make"), reason="there is no make here, or it is Windows"
)


def run(*command, cwd=ROOT, **variables):
    """Run a command, by default in the repository; return its exit code and all it printed."""
    done = subprocess.run(
        command,
        cwd=cwd,
        env={**os.environ, **variables},
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


def declared(without=("torch",)):
    """Return the direct dependencies as pyproject.toml words them, the build backend included."""
    project = PYPROJECT["project"]
    extras = [d for n, d in project["optional-dependencies"].items() if n not in without]
    return [*PYPROJECT["build-system"]["requires"], *project["dependencies"], *sum(extras, [])]


def locked(lock="requirements.lock"):
    pins = re.findall(r"(?m)^(\S+)==(\S+)", LOCKS[lock])
    return {canonical(name): version for name, version in pins}


def environment():
    """Return the versions that environment.yml pins, by canonical name."""
    *conda, last = yaml.safe_load((ROOT / "environment.yml").read_text())["dependencies"]
    pins = [re.split("==?", line) for line in conda if line != "pip"]
    pins += [line.partition(";")[0].strip().split("==") for line in last["pip"]]
    return {canonical(name): version for name, version in pins}


def code_cells(path):
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return [c for c in cells if c["cell_type"] == "code" and "".join(c["source"]).strip()]


def texts(output):
    """Return what an output of a notebook says in words: streams, and data other than pictures."""
    data = {"stream": output.get("text", ""), **output.get("data", {})}
    return ["".join(part) for kind, part in data.items() if not kind.startswith("image/")]


def project_files():
    """Return the files that are, or would be, committed."""
    if not (ROOT / ".git").exists() or not shutil.which("git"):
        pytest.skip("not a git checkout: nothing says which files are the project's")
    code, names = run("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    assert code == 0, names
    return [path for name in names.split("\0") if name and (path := ROOT / name).is_file()]


@each_lock
def test_the_lock_satisfies_every_declared_dependency(lock):
    pins = locked(lock)
    without = {"requirements.lock": ["torch"], "requirements-torch.lock": ["site"]}[lock]
    for dependency in map(Requirement, declared(without)):
        assert pins[canonical(dependency.name)] in dependency.specifier, str(dependency)


@each_lock
def test_the_lock_hashes_every_pin_and_names_no_index(lock):
    body = [line for line in LOCKS[lock].splitlines() if not line.startswith("#")]
    entries = "\n".join(body).replace("\\\n", "").splitlines()
    pin = r"[\w.-]+==\S+( ; [^\\]*?)?( +--hash=sha256:[0-9a-f]{64})+"
    assert [entry for entry in entries if not re.fullmatch(pin, entry)] == []
    names = [re.sub(r"==[^; ]+|--hash.*", "", entry) for entry in entries]
    assert len(set(names)) == len(names), "a package is pinned twice for one system"


def test_both_locks_pin_one_version_but_for_what_pytorch_wants_older():
    plain, torch = locked(), locked("requirements-torch.lock")
    assert {name for name in plain.keys() & torch.keys() if plain[name] != torch[name]} == {
        "mpmath"
    }


def test_every_dependency_carries_its_reason():
    lines = (ROOT / "pyproject.toml").read_text(encoding="utf-8").splitlines()
    for dependency in declared(without=())[len(PYPROJECT["build-system"]["requires"]) :]:
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


def test_binder_gets_of_the_conda_environment_what_a_reader_needs_and_no_more():
    needed = [*PYPROJECT["build-system"]["requires"], *PYPROJECT["project"]["dependencies"]]
    needed += PYPROJECT["project"]["optional-dependencies"]["lab"]
    names = {canonical(Requirement(dependency).name) for dependency in needed}
    names = {CONDA_NAMES.get(name, name) for name in names} | {"python"}
    binder = ROOT / "binder" / "environment.yml"
    pins = [line.split("=") for line in yaml.safe_load(binder.read_text())["dependencies"][:]]
    pins = {canonical(pin[0]): pin[-1] for pin in pins if pin != ["pip"]}
    assert pins == {name: version for name, version in environment().items() if name in names}


def test_repo2docker_accepts_the_repository():
    if sys.platform != "linux":
        pytest.skip("repo2docker is for Linux, and pinned there only")
    code, said = run(tool("jupyter-repo2docker"), "--no-build", "--debug", ".")
    assert code == 0, said
    python = environment()["python"]
    for sign in (f"conda environment for python={python}", "binder/environment.yml", "postBuild"):
        assert sign in said


def test_workflows_forms_and_the_citation_follow_their_published_schemas():
    schemas = {
        "github-workflows": ".github/workflows/*.yml",
        "github-issue-forms": ".github/ISSUE_TEMPLATE/[!c]*.yml",
        "citation-file-format": "CITATION.cff",
    }
    for schema, pattern in schemas.items():
        files = [str(path.relative_to(ROOT)) for path in sorted(ROOT.glob(pattern))]
        code, said = run(tool("check-jsonschema"), "--builtin-schema", f"vendor.{schema}", *files)
        assert code == 0, said


def test_actionlint_accepts_the_workflow_where_it_is_installed():
    if not (actionlint := shutil.which("actionlint")):
        pytest.skip("actionlint is not on the PATH; the schema test has read the workflow")
    code, said = run(actionlint, *map(str, sorted(ROOT.glob(".github/workflows/*.yml"))))
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
    assert matrix["python"] == ["3.11", "3.12", "3.13", "3.14"]
    assert matrix["os"] == ["ubuntu", "macos", "windows"]


@needs_make
@pytest.mark.parametrize(
    "target",
    "install lab test test-extras notebooks exercises figures site bench lint format".split(),
)
def test_make_has_the_target_and_lists_it(target):
    code, said = run("make", "--dry-run", target)
    assert code == 0, said
    assert re.search(rf"(?m)^ +make {target} +\w", run("make")[1])


@needs_make
def test_make_lab_hands_arguments_on_and_opens_the_first_notebook():
    _, said = run("make", "--dry-run", "lab", "ARGS=--no-browser --port 8899")
    lines = said.replace("\\\n", " ").splitlines()
    (start,) = [line for line in lines if "tools/surroundings.py jupyterlab" in line]
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
    assert notebook["metadata"] == METADATA
    assert "widget-view+json" not in json.dumps(notebook["cells"]), "a widget that is gone"
    assert [c["id"] for c in notebook["cells"] if "execution" in c["metadata"]] == []
    words = [part for cell in code_cells(path) for out in cell["outputs"] for part in texts(out)]
    assert [part for part in words if re.search(r"\b0x[0-9a-fA-F]{6,}", part)] == [], "an address"


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


# The rooms of lazylib from the ground up, those of a line side by side.
HOUSE = """
    _checks _vectors _identity _rooms
    losses
    data
    models
    kernels
    trainers
    theory
    experiments
    plots
    widgets exercises
"""
FLOOR = {name: floor for floor, line in enumerate(HOUSE.split("\n")) for name in line.split()}
INTERNAL = {"_checks", "_vectors", "_identity", "_rooms"}  # the whole package may use them
FORMULAS = {
    "_predict",
    "_jvp",
    "_vjp",
    "_vjp_at",
    "_jacobian",
    "_parameters",
    "_positions",
    "_unpack",
    "_value",
    "_gradient",
    "_loss_and_gradient",
}  # of models and losses, unchecked
OUTSIDE = {"__init__", "installation"}  # the door, and a helper that stands alone


@cache
def modules():
    """Return the syntax tree of every module of lazylib, by its path inside of the package."""
    paths = sorted((ROOT / "lazylib").glob("**/*.py"))
    return {
        p.relative_to(ROOT / "lazylib"): ast.parse(p.read_text(encoding="utf-8")) for p in paths
    }


def room(module):
    return module.parts[0].removesuffix(".py")


def imports(tree):
    """Yield the dotted name of each thing in lazylib that a syntax tree imports."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        yield from (name for name in names if name.split(".")[0] == "lazylib")


def is_private(name):
    return name.startswith("_") and not name.endswith("__")


def test_every_module_is_in_a_room_of_the_house():
    assert {room(module) for module in modules()} - OUTSIDE == set(FLOOR)


def test_a_room_imports_only_from_rooms_above_it_in_the_list():
    wrong = []
    for module, tree in modules().items():
        here = room(module)
        if here in OUTSIDE:
            continue
        for name in imports(tree):
            there = (
                name.partition(".")[2].partition(".")[0] or here
            )  # `import lazylib`: its version
            if there != here and FLOOR.get(there, 99) >= FLOOR[here]:
                wrong.append(f"{module} imports {name}")
    assert wrong == []


def privates(tree):
    """Return the private names that a module defines: functions, classes, variables, attributes."""
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            names.add(node.attr)
    return {name for name in names if is_private(name)}


def test_nothing_outside_a_room_uses_its_private_names():
    """Neither by importing them nor as attributes; what several rooms define, each uses its own."""
    own = {here: set() for here in FLOOR}
    for module, tree in modules().items():
        own.setdefault(room(module), set()).update(privates(tree))
    wrong = []
    for module, tree in modules().items():
        here = room(module)
        others = set().union(*(names for there, names in own.items() if there != here))
        foreign = others - own[here] - FORMULAS
        wrong += [
            f"{module} imports {name}"
            for name in imports(tree)
            if not name.startswith(f"lazylib.{here}")
            and any(is_private(part) for part in name.split(".")[1:] if part not in INTERNAL)
        ]
        wrong += [
            f"{module} uses .{node.attr}"
            for node in ast.walk(tree)
            if isinstance(node, ast.Attribute) and node.attr in foreign
        ]
    assert wrong == []


@each_notebook
def test_the_notebook_imports_only_public_names(path):
    """A public object is imported from its room, or from lazylib."""
    source = "\n".join("".join(cell["source"]) for cell in code_cells(path))
    source = re.sub(r"(?m)^[%!].*$", "", source)
    for name in imports(ast.parse(source)):
        *place, last = name.split(".")
        assert not any(map(is_private, name.split("."))), name
        assert len(place) <= 2, f"{name} lies deeper than a room"
        if len(place) == 2 and place[1] not in OUTSIDE:
            assert last in importlib.import_module(".".join(place)).__all__, name


def test_every_function_fits_on_a_screen():
    """At most 50 lines of code: blank lines, comments and docstrings do not count."""
    long = {}
    for module, tree in modules().items():
        text = (ROOT / "lazylib" / module).read_text(encoding="utf-8").splitlines()
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef):
                lines = range(node.body[bool(ast.get_docstring(node))].lineno, node.end_lineno + 1)
                head = range(node.lineno, node.body[0].lineno)
                code = [n for n in (*head, *lines) if not re.match(r"\s*(#|$)", text[n - 1])]
                if len(code) > 50:
                    long[f"{module}: {node.name}"] = len(code)
    assert long == {}


def public_objects():
    """Return what the package and its rooms offer, by dotted name."""
    rooms = ["lazylib", *(f"lazylib.{name}" for name in FLOOR if name not in INTERNAL)]
    found = {}
    for name in [*rooms, "lazylib.installation"]:
        module = importlib.import_module(name)
        offered = getattr(module, "__all__", [n for n in vars(module) if not n.startswith("_")])
        found |= {name: module} | {f"{name}.{n}": getattr(module, n) for n in offered}
    return found


def test_every_public_object_has_a_docstring_of_its_own():
    objects = {
        name: thing
        for name, thing in public_objects().items()
        if inspect.ismodule(thing) or inspect.isclass(thing) or inspect.isfunction(thing)
        if getattr(thing, "__module__", thing.__name__).startswith("lazylib")
    }
    assert len(objects) > 60

    def bare(thing):
        text = (thing.__doc__ or "").strip()
        generated = inspect.isclass(thing) and text.startswith(f"{thing.__name__}(")
        return generated or len(text.split()) < 3

    assert [name for name, thing in objects.items() if bare(thing)] == []


def test_the_api_example_of_the_readme_runs():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    example, _ = re.findall(r"(?s)```python\n(.*?)```", readme)
    code, said = run(sys.executable, "-c", example)
    assert code == 0, said
    status, moved = said.rsplit(maxsplit=1)
    assert status in ("converged", "still falling") and 0.1 < float(moved) < 10


def test_the_readme_shows_every_room():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    rooms = {name for name in FLOOR if name not in INTERNAL}
    assert [name for name in rooms if not re.search(rf"(?m)^\| .*`{name}`.* \|", readme)] == []


def test_the_readme_names_the_pythons_of_the_workflow():
    assert "Python 3.11 to 3.14" in (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_badge_opens_notebook_00_of_the_named_repository_in_jupyterlab():
    parts = (ROOT / "README.md").read_text(encoding="utf-8").split("\n\n")
    text = "\n\n".join(part for part in parts if "/badge_logo.svg" not in part)
    once = with_badge(text, "someone/lazy-notes")
    title, badge, rest = once.split("\n\n", 2)
    assert title == "# Lazy training, live" and rest == text.split("\n\n", 1)[1]
    address = re.search(r"\]\((https://mybinder.org/v2/\S+)\)$", badge)[1]
    where, query = address.split("?")
    assert where == "https://mybinder.org/v2/gh/someone/lazy-notes/HEAD"
    [opened] = parse_qs(query)["urlpath"]
    assert (ROOT / opened.removeprefix("lab/tree/")).is_file()
    assert with_badge(once, "someone/lazy-notes") == once, "a second time changes nothing"
    for wrong in ("", "lazy-notes", "https://github.com/someone/lazy-notes"):
        with pytest.raises(SystemExit, match="OWNER/NAME"):
            with_badge(text, wrong)


@needs_make
def test_the_workflow_of_the_badge_commits_that_of_the_copy_it_runs_in_once(tmp_path):
    def git(*command, cwd=tmp_path):
        code, said = run("git", *command, cwd=cwd)
        assert code == 0, said
        return said

    workflow = yaml.safe_load((ROOT / ".github/workflows/badge.yml").read_text())
    steps = [step["run"] for step in workflow["jobs"]["badge"]["steps"] if "run" in step]
    git("init", "--quiet", "--bare", "--initial-branch=main", "origin")
    git("clone", "--quiet", str(tmp_path / "origin"), "copy")
    copy = tmp_path / "copy"
    for name in ("README.md", "Makefile", "tools/badge.py"):
        (copy / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, copy / name)
    who = ("-c", "user.name=someone", "-c", "user.email=someone@example.org")
    git("add", ".", cwd=copy)
    git(*who, "commit", "--quiet", "--message", "a copy", cwd=copy)
    git("push", "--quiet", "origin", "HEAD:main", cwd=copy)
    for repository, commits in (("a/b", 2), ("a/b", 2), ("c/d", 3)):
        for step in steps:
            code, said = run("bash", "-e", "-c", step, cwd=copy, GITHUB_REPOSITORY=repository)
            assert code == 0, said
        origin = tmp_path / "origin"
        assert f"mybinder.org/v2/gh/{repository}/HEAD" in git("show", "main:README.md", cwd=origin)
        assert len(git("log", "--oneline", "main", cwd=origin).splitlines()) == commits
