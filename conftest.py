"""Makes tests and notebooks quiet and steady, wherever they run; the kernels inherit it."""

import os
from importlib.util import find_spec

from tools import surroundings

surroundings.settle("tests")
os.environ["TQDM_DISABLE"] = "1"  # no progress bars in what nbval compares

if find_spec("torch") is None:  # `make test-extras` has it
    collect_ignore_glob = ["notebooks/09-*.ipynb", "notebooks/solutions/09-*.ipynb"]


def pytest_collection_modifyitems(items):
    """Begin with the browser's tests, the longest; let nbval compare what is said, not pictures."""
    items.sort(key=lambda item: item.get_closest_marker("browser") is None)
    for item in items:
        if hasattr(item.parent, "skip_compare"):  # a panel's stored page has its picture in it
            item.parent.skip_compare = {*item.parent.skip_compare, "text/html"}
