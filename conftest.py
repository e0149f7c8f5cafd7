"""Makes tests and notebooks quiet and steady, wherever they run; the kernels inherit it."""

import os

from tools import surroundings

surroundings.settle("tests")
os.environ["TQDM_DISABLE"] = "1"  # no progress bars in what nbval compares


def pytest_collection_modifyitems(items):
    """Leave the browser's tests for the end: they watch the clock, and like the machine quiet."""
    items.sort(key=lambda item: item.get_closest_marker("browser") is not None)
