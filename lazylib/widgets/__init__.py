"""The slider panels: each ``explore_…()`` returns one box, which code can set and read back."""

from lazylib.widgets.generalization import explore_generalization
from lazylib.widgets.neurons import explore_neurons
from lazylib.widgets.population import explore_population

__all__ = ["explore_generalization", "explore_neurons", "explore_population"]
