"""Kernels: closed forms, the tangent kernel of any model, gradient flow with a kernel, spectra."""

from lazylib import _rooms
from lazylib.kernels import modules as _modules  # registers its kernel
from lazylib.kernels.arc_cosine import (
    arc_cosine,
    deep_kernels,
    limit_kernels,
    random_feature_kernels,
)
from lazylib.kernels.flow import KernelFlow, Stop
from lazylib.kernels.spectrum import (
    limit_spectrum,
    multiplicities,
    relu_coefficients,
    teacher_energy,
    unseen_energy,
    zonal,
)
from lazylib.kernels.tangent import tangent_kernel

__all__ = _rooms.offered(vars())
