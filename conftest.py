"""Makes tests and notebooks quiet and steady, wherever they run; the kernels inherit it."""

import os

from tools import surroundings

surroundings.settle("tests")
os.environ["TQDM_DISABLE"] = "1"  # no progress bars in what nbval compares


def pytest_collection_modifyitems(items):
    """Leave the browser's tests for the end; let nbval compare what is said, not pictures."""
    items.sort(key=lambda item: item.get_closest_marker("browser") is not None)
    for item in items:
        if hasattr(item.parent, "skip_compare"):  # a panel's stored page has its picture in it
            item.parent.skip_compare = {*item.parent.skip_compare, "text/html"}
