"""Makes tests and notebooks quiet and steady; the notebooks' kernels inherit it."""

import os

os.environ["TQDM_DISABLE"] = "1"  # no progress bars in what nbval compares
# Two threads a small matrix product, on a busy machine, take many times as long as one.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
