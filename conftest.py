"""Makes tests and notebooks quiet: no progress bars in what nbval compares."""

import os

os.environ["TQDM_DISABLE"] = "1"  # inherited by the notebooks' kernels
