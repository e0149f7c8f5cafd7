"""What the note says of training, as numbers: laziness, Eq. (7), Theorems 3.2 and 3.4."""

from lazylib import _rooms
from lazylib.theory.comparison import Comparison, compare
from lazylib.theory.criterion import Criterion, criterion
from lazylib.theory.laziness import (
    ACTIVE_ABOVE,
    LAZY_BELOW,
    displacement,
    feature_angle,
    jacobian_change,
    kernel_change,
    neuron_angles,
    power_law,
    regime,
    sign_flips,
)
from lazylib.theory.population import Population, tangent_gram, under_parameterized
from lazylib.theory.report import LazinessReport, after, before, laziness_report
from lazylib.theory.theorem import (
    LazyTheorem,
    estimate_lipschitz,
    lemma_3_3_bound,
    lemma_a1_bound,
    lipschitz_bound,
)

__all__ = _rooms.offered(vars())
