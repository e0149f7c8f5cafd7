"""Models, kernels and trainers behind the notebooks on lazy training.

Chizat & Bach, "A Note on Lazy Training in Supervised Differentiable Programming" (2018), is cited
by its equations, figures and theorems throughout.
"""

from lazylib.activations import Activation, softplus
from lazylib.data import Dataset, Teacher, sphere, teacher
from lazylib.flows import KernelFlow, kernel_flow
from lazylib.kernels import (
    arc_cosine,
    deep_kernels,
    limit_kernels,
    random_feature_kernels,
    tangent_kernel,
)
from lazylib.laziness import displacement, kernel_change, regime, sign_flips
from lazylib.losses import Loss, log_cosh, logistic, quadratic
from lazylib.models import Centred, Scaled, Tangent, TwoLayer
from lazylib.population import Population
from lazylib.recording import Run
from lazylib.spectrum import (
    limit_spectrum,
    multiplicities,
    relu_coefficients,
    teacher_energy,
    unseen_energy,
    zonal,
)
from lazylib.theory import FirstLayer, LazyTheorem, criterion
from lazylib.trainers import gradient_descent, gradient_flow, sgd

__version__ = "0.1.0"

__all__ = [
    "Activation",
    "Centred",
    "Dataset",
    "KernelFlow",
    "FirstLayer",
    "LazyTheorem",
    "Loss",
    "Population",
    "Run",
    "Scaled",
    "Tangent",
    "Teacher",
    "TwoLayer",
    "arc_cosine",
    "deep_kernels",
    "criterion",
    "displacement",
    "gradient_descent",
    "gradient_flow",
    "kernel_change",
    "kernel_flow",
    "limit_kernels",
    "limit_spectrum",
    "log_cosh",
    "multiplicities",
    "logistic",
    "quadratic",
    "random_feature_kernels",
    "regime",
    "relu_coefficients",
    "sgd",
    "sign_flips",
    "softplus",
    "sphere",
    "tangent_kernel",
    "teacher",
    "teacher_energy",
    "unseen_energy",
    "zonal",
]
