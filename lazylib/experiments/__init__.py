"""What the notebooks compute: the settings of the note's figures, and three of them at full scale.

``python -m lazylib.experiments`` runs what is missing of Figures 1(c), 6(a) and 6(b) in
``notebooks/data``.
"""

from lazylib import _rooms
from lazylib.experiments.algorithms import sgd_on_f, sgd_on_tangent, train_by_sgd
from lazylib.experiments.balance import RULES, Balance, balance
from lazylib.experiments.clock import follow_clock
from lazylib.experiments.criterion import foresee
from lazylib.experiments.digits import (
    DIGITS,
    DIGITS_TANGENT,
    digits_network,
    digits_run,
    digits_setting,
    right,
    train_on_digits,
)
from lazylib.experiments.generalization import (
    GENERALIZATION,
    best_constant,
    space_setting,
    train_in_space,
)
from lazylib.experiments.limits import (
    descend_with_step,
    keep_bits,
    train_and_round,
    train_classifier,
    train_on_noise,
)
from lazylib.experiments.plane import plane_setting, plane_weights, train_in_plane
from lazylib.experiments.predictors import train_four
from lazylib.experiments.realizations import draw_realizations
from lazylib.experiments.runner import (
    Experiment,
    Results,
    curves,
    data_folder,
    load,
    mean_and_error,
    run,
    stored,
)
from lazylib.experiments.surface import figure_2, train_on_surface
from lazylib.experiments.theorem import smooth_network, sweep
from lazylib.experiments.underparameterized import (
    UNDERPARAMETERIZED,
    still_falling,
    tangent_minimum,
    train_on_population,
)
from lazylib.experiments.width import WIDTH

__all__ = _rooms.offered(vars())
