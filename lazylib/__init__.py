"""Models, kernels and trainers behind the notebooks on lazy training.

Rooms, from the ground up; each imports only from those before it:

- ``data``, ``losses``: inputs on the sphere, the teacher that labels them, the losses;
- ``models``: two-layer networks, and models made from models (scaled, tangent, centered);
- ``kernels``: arc-cosine and tangent kernels, kernel gradient flow in closed form, spectra;
- ``trainers``: gradient descent, SGD, gradient flow, and ``Run``, what training leaves behind;
- ``theory``: measures of laziness, the criterion, Theorem 3.2, the exact population loss;
- ``experiments``, ``plots``, ``widgets``, ``exercises``: what the notebooks need around them.

What is listed here is imported from ``lazylib`` itself, the rest from its room.

Chizat & Bach, "A Note on Lazy Training in Supervised Differentiable Programming" (2018), is cited
by its equations, figures and theorems throughout.
"""

from lazylib import _rooms
from lazylib.data import Dataset, Teacher, circle, nth_draw, sphere, teacher
from lazylib.kernels import (
    KernelFlow,
    arc_cosine,
    deep_kernels,
    limit_kernels,
    limit_spectrum,
    multiplicities,
    random_feature_kernels,
    relu_coefficients,
    tangent_kernel,
    teacher_energy,
    unseen_energy,
    zonal,
)
from lazylib.losses import Loss, log_cosh, logistic, quadratic
from lazylib.models import (
    Activation,
    Centered,
    FirstLayer,
    Model,
    Scaled,
    Tangent,
    TorchModel,
    TwoLayer,
    from_module,
    softplus,
)
from lazylib.theory import (
    LazinessReport,
    LazyTheorem,
    Population,
    after,
    before,
    compare,
    criterion,
    displacement,
    estimate_lipschitz,
    kernel_change,
    laziness_report,
    regime,
    sign_flips,
)
from lazylib.trainers import Interrupted, Run, gradient_descent, gradient_flow, sgd

__version__ = "0.1.0"

__all__ = _rooms.offered(vars())
