"""Models, kernels and trainers behind the notebooks on lazy training.

Chizat & Bach, "A Note on Lazy Training in Supervised Differentiable Programming" (2018), is cited
by its equations, figures and theorems throughout.
"""

from lazylib.activations import Activation, softplus
from lazylib.data import Dataset, Teacher, sphere, teacher
from lazylib.laziness import displacement, kernel_change, regime, sign_flips
from lazylib.losses import Loss, log_cosh, logistic, quadratic
from lazylib.models import Centred, Scaled, Tangent, TwoLayer
from lazylib.outlook import criterion
from lazylib.population import Population
from lazylib.recording import Run
from lazylib.theory import FirstLayer, LazyTheorem, curvature
from lazylib.trainers import gradient_descent, gradient_flow, sgd

__version__ = "0.1.0"

__all__ = [
    "Activation",
    "Centred",
    "Dataset",
    "FirstLayer",
    "LazyTheorem",
    "Loss",
    "Population",
    "Run",
    "Scaled",
    "Tangent",
    "Teacher",
    "TwoLayer",
    "criterion",
    "curvature",
    "displacement",
    "gradient_descent",
    "gradient_flow",
    "kernel_change",
    "log_cosh",
    "logistic",
    "quadratic",
    "regime",
    "sgd",
    "sign_flips",
    "softplus",
    "sphere",
    "teacher",
]
