"""Makes tests and notebooks quiet and steady, wherever they run; the kernels inherit it."""

import os

from tools import surroundings

surroundings.settle("tests")
os.environ["TQDM_DISABLE"] = "1"  # no progress bars in what nbval compares
