"""Ask an environment itself whether `make install` has anything left to do.

    .venv/bin/python -I tools/installed.py requirements.lock ...

The exit code is 0 if every pin is installed and lazylib is this folder's, 3 if only the link to it
is missing or older than pyproject.toml, and anything else if the environment is to be made anew.
"""

import json
import re
import sys
from importlib import metadata
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[1]
FINE, LINK, ALL = 0, 3, 1


def holds(pin):
    """Say whether a requirement that applies here is installed."""
    requirement = Requirement(pin)
    if requirement.marker and not requirement.marker.evaluate():
        return True
    return requirement.specifier.contains(metadata.version(requirement.name), prereleases=True)


def link():
    """Return what is to be done about the link from the environment to lazylib."""
    try:
        package = metadata.distribution("lazy-training-notebooks")
    except metadata.PackageNotFoundError:
        return LINK
    source = urlsplit(json.loads(package.read_text("direct_url.json"))["url"]).path
    if Path(url2pathname(source)).resolve() != ROOT:
        return ALL  # the folder was moved or copied: paths in scripts are wrong, too
    (written,) = [file.locate() for file in package.files if file.name == "METADATA"]
    return LINK if written.stat().st_mtime < (ROOT / "pyproject.toml").stat().st_mtime else FINE


def main(files):
    """Return the exit code."""
    lines = "\n".join((ROOT / file).read_text(encoding="utf-8") for file in files)
    pins = re.findall(r"(?m)^[\w.-]+==[^\\\n]+", lines)
    try:
        return link() if all(map(holds, pins)) else ALL
    except metadata.PackageNotFoundError:
        return ALL


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
