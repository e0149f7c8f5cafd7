"""Parametric models f(w, x): two-layer networks, and models made from models.

`Model` says what each of them offers, and what it takes to write one.
"""

from lazylib import _rooms
from lazylib.models.activations import Activation, softplus
from lazylib.models.model import Model
from lazylib.models.module import TorchModel, from_module
from lazylib.models.networks import FirstLayer, TwoLayer
from lazylib.models.wrappers import Centered, Scaled, Tangent

__all__ = _rooms.offered(vars())
