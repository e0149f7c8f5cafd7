"""The slider panels: each ``explore_…()`` returns one box, which code can set and read back."""

from lazylib import _rooms
from lazylib.widgets.balance import explore_balance
from lazylib.widgets.criterion import explore_criterion
from lazylib.widgets.digits import explore_digits
from lazylib.widgets.generalization import explore_generalization
from lazylib.widgets.kernels import explore_kernels, explore_predictors
from lazylib.widgets.limits import (
    explore_bits,
    explore_clock,
    explore_noise,
    explore_steps,
    explore_time,
)
from lazylib.widgets.neurons import explore_neurons
from lazylib.widgets.panel import compare
from lazylib.widgets.population import explore_population
from lazylib.widgets.tangent import explore_sgd, explore_surface
from lazylib.widgets.theorem import explore_theorem

__all__ = _rooms.offered(vars())
