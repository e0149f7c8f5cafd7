"""Says whether everything that the notebooks need is installed, and what to do if it is not."""

import re
from importlib import metadata


def check_installation():
    """Print one line a problem with what to do about it, or that all is well.

    Compares what is installed with what `lazylib` requires, its extra ``lab`` included.
    """
    problems = []
    try:
        wanted = metadata.requires("lazylib") or []
    except metadata.PackageNotFoundError:
        wanted = []
        problems.append("lazylib itself is not installed in this environment.")
    for requirement in wanted:
        if "extra ==" in requirement and not re.search(r"extra == [\"']lab[\"']", requirement):
            continue
        problems += _problem(requirement)
    for problem in problems:
        print("✘", problem)
    if problems:
        print("Close JupyterLab and type `make lab`, which sets up all of it; or see the README.")
    else:
        print("✔ Everything is installed: the sliders of these notebooks will work.")


def _problem(requirement):
    name, least = re.match(r"([\w.-]+).*?>=\s*([\d.]+)", requirement).groups()
    try:
        version = metadata.version(name)
    except metadata.PackageNotFoundError:
        return [f"{name} is missing."]
    if _numbers(version) < _numbers(least):
        return [f"{name} {version} is too old; {least} or later is needed."]
    return []


def _numbers(version):
    return [int(part) for part in re.findall(r"\d+", version)[:3]]
