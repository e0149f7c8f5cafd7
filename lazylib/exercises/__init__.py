"""The checks behind "Check yourself": an answer gets "right", or a hint that leads one step on."""

from lazylib import _rooms
from lazylib.exercises.answers import function, number, say, unanswered, vector
from lazylib.exercises.checks import (
    before_the_features,
    below_and_falling,
    clock_factor,
    decades_for_alpha,
    descent_step,
    doubled_weights,
    doubling_slope,
    equivalent_alpha,
    error_over_constant,
    explained_part,
    in_between,
    kernel_of_two,
    kernel_on_the_diagonal,
    largest_step,
    lazy_but_bent,
    lemma_factor,
    neuron_product,
    rule_of_thumb,
    samples_for_degree_two,
    shifted_labels,
    tangent_end,
    ten_times_closer,
    theorem_radius,
    wide_enough,
    width_for_half_the_error,
    width_slope,
)

__all__ = _rooms.offered(vars())
