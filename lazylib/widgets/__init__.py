"""The slider panels: each ``explore_…()`` returns one box, which code can set and read back."""

from lazylib.widgets.neurons import explore_neurons

__all__ = ["explore_neurons"]
