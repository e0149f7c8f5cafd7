"""The note's experiments at full scale: Figures 1(c), 6(a) and 6(b), a page each.

``python -m lazylib.experiments`` runs what is missing of them in ``notebooks/data``.
"""

from lazylib.experiments.generalization import GENERALIZATION
from lazylib.experiments.running import Experiment, Results, load, mean_and_error, run
from lazylib.experiments.underparameterized import UNDERPARAMETERIZED
from lazylib.experiments.width import WIDTH

__all__ = [
    "GENERALIZATION",
    "UNDERPARAMETERIZED",
    "WIDTH",
    "Experiment",
    "Results",
    "load",
    "mean_and_error",
    "run",
]
