"""Surroundings of the collection's own: what a user has set elsewhere changes nothing here.

``conftest.py`` and ``tools/run_notebooks.py`` call `settle` before they start kernels, and

    python tools/surroundings.py jupyterlab ...

runs a module as ``python -m`` does, in the same surroundings.
"""

import atexit
import os
import runpy
import shutil
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

# What a user's own work needs, and what here would choose other kernels, start-up files, backends,
# styles, warnings or decimal commas.
DROPPED = """
    JUPYTER_PATH JUPYTER_CONFIG_PATH JUPYTER_NO_CONFIG JUPYTER_PLATFORM_DIRS
    JUPYTERLAB_DIR JUPYTERLAB_SETTINGS_DIR JUPYTERLAB_WORKSPACES_DIR
    MPLBACKEND MATPLOTLIBRC
    PYTHONHOME PYTHONSTARTUP PYTHONWARNINGS PYTHONOPTIMIZE PYTHONBREAKPOINT PYTHONINSPECT
    LC_ALL
""".split()

KEPT = {
    "PYTHONPATH": str(ROOT),  # this very lazylib, whatever else is installed
    "PYTHONNOUSERSITE": "1",
    "PYTHONUTF8": "1",
    "LC_CTYPE": "C.UTF-8",
    "LC_NUMERIC": "C",
    "JUPYTER_PREFER_ENV_PATH": "1",  # the kernel called python3 is this Python
}


def settle(name):
    """Give this process, and all that it starts, settings and caches in ``.var/name``.

    Where the repository cannot be written to, they are in a temporary folder.
    """
    folder = _writable(ROOT / ".var" / name)
    for variable in DROPPED:
        os.environ.pop(variable, None)
    os.environ |= KEPT | {
        "JUPYTER_CONFIG_DIR": str(folder / "jupyter" / "config"),
        "JUPYTER_DATA_DIR": str(folder / "jupyter" / "data"),
        "JUPYTER_RUNTIME_DIR": str(folder / "jupyter" / "runtime"),
        "IPYTHONDIR": str(folder / "ipython"),
        "MPLCONFIGDIR": str(folder / "matplotlib"),
        "HYPOTHESIS_STORAGE_DIRECTORY": str(folder / "hypothesis"),
    }
    # Two threads a small matrix product, on a busy machine, take many times as long as one.
    for library in ("OPENBLAS", "OMP"):
        os.environ.setdefault(f"{library}_NUM_THREADS", "1")


def _writable(folder):
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return folder
    except OSError:
        folder = Path(tempfile.mkdtemp())
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        return folder


if __name__ == "__main__":
    settle("lab")
    module, *sys.argv[1:] = sys.argv[1:]
    runpy.run_module(module, run_name="__main__", alter_sys=True)
