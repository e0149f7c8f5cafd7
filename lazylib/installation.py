"""Says whether everything that the notebooks need is installed, and what to do if it is not."""

import re
from importlib import metadata

DISTRIBUTION = "lazy-training-notebooks"


def check_installation():
    """Print one line a problem with what to do about it, or that all is well; never raise.

    Compares what is installed with what `lazylib` requires, its extra ``lab`` included.
    """
    if problems := _problems():
        for problem in problems:
            _say("✘", "not ok:", problem)
        print("Close JupyterLab and type `make lab`, which sets up all of it; or see the README.")
    else:
        _say("✔", "ok:", "Everything is installed: the sliders of these notebooks will work.")


def _say(mark, plain, text):
    try:
        print(mark, text)
    except UnicodeEncodeError:  # a terminal with few letters, as on some Windows
        print(plain, text)


def _problems():
    try:
        wanted = metadata.requires(DISTRIBUTION)
        wanted = [line for line in wanted if not re.search(r"extra == (?![\"']lab[\"'])", line)]
    except metadata.PackageNotFoundError:
        return ["lazylib itself is not installed in this environment."]
    except Exception:  # whatever broke the records of what is installed: it is to be told, not met
        return ["lazylib's own record in this environment is damaged."]
    return [problem for line in wanted if (problem := _problem(line))]


def _problem(requirement):
    """Return what is wrong with a package, or None."""
    name = re.match(r"[\w.-]+", requirement).group()
    least = re.search(r">=\s*([\d.]+)", requirement)
    try:
        version = metadata.version(name)
        if least and _numbers(version) < _numbers(least.group(1)):
            return f"{name} {version} is too old; {least.group(1)} or later is needed."
    except metadata.PackageNotFoundError:
        return f"{name} is missing."
    except Exception:  # no version, bytes that are no text, a folder that may not be read …
        return f"{name} is damaged: the record of its installation cannot be read."
    return None


def _numbers(version):
    return [int(part) for part in re.findall(r"\d+", version)[:3]]
