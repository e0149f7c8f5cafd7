"""How lazy a run was: how far its parameters and its tangent kernel moved, and how it ended."""

import numpy as np

from lazylib import _checks
from lazylib._vectors import angles, norm, unit
from lazylib.data import Teacher
from lazylib.kernels.tangent import tangent_kernel
from lazylib.models.model import Model


def displacement(w, w0):
    """Relative displacement ‖w − w₀‖/‖w₀‖ of parameters of shape (..., p); shape (...).

    Leading axes broadcast. At w₀ = 0 there is none: a ValueError.

    Examples
    --------
    >>> from lazylib import displacement
    >>> w0 = [3.0, 4.0]
    >>> print(displacement(w0, w0), displacement([3.0, 6.5], w0))  # 2.5/5
    0.0 0.5
    """
    w, w0 = _checks.array("w", w, ndim=1), _checks.array("w0", w0, ndim=1)
    _checks.last_axis("w", w, w0.shape[-1], f"w0 of shape {w0.shape}")
    _checks.broadcastable(w=w.shape, w0=w0.shape)
    size = norm(w0)
    if not size.all():
        raise ValueError("w0 must not be 0: a displacement is relative to it")
    with np.errstate(all="ignore"):
        return _checks.in_range("the displacement", norm(w - w0) / size)


def kernel_change(model, w, w0, x):
    """Relative change ‖K_w − K_{w₀}‖/‖K_{w₀}‖ (Frobenius) of the tangent kernel on ``x``.

    The tangent kernel is K_w = Df_w Df_wᵀ, Eq. (3) at w. It stands still in the lazy regime.

    Parameters
    ----------
    model : a model of `lazylib.models`
    w, w0 : ndarray of shape (..., p)
    x : ndarray of shape (n, d)

    Returns
    -------
    ndarray of shape (...)
        0 where both kernels are 0, as for a dead network, which gradients do not move.

    Raises
    ------
    ValueError
        If only the kernel at w₀ is 0: no change is relative to it.

    Examples
    --------
    >>> from lazylib import TwoLayer, kernel_change
    >>> neuron = TwoLayer(d=1, m=1)  # w = (a, b); at x = 1 the kernel is a² + b²
    >>> print(kernel_change(neuron, [2.0, 2.0], [1.0, 1.0], [[1.0]]))  # (8 − 2)/2
    3.0
    """
    w, w0 = _two(model, w, w0)
    return _change(lambda w: tangent_kernel(model, w, x), w, w0, "fro")


def jacobian_change(model, w, w0, x):
    """Relative change ‖Df_w − Df_{w₀}‖/‖Df_{w₀}‖ (operator norm) of the differential on ``x``.

    Parameters, result and errors as for `kernel_change`. Eq. (7) foretells it.

    Examples
    --------
    >>> from lazylib import TwoLayer
    >>> from lazylib.theory import jacobian_change
    >>> neuron = TwoLayer(d=1, m=1)  # w = (a, b); at x = 1 the differential is (b, a)
    >>> print(jacobian_change(neuron, [2.0, 2.0], [1.0, 1.0], [[1.0]]).round(12))
    1.0
    """
    w, w0 = _two(model, w, w0)
    return _change(lambda w: model.jacobian(w, x), w, w0, 2)


def _two(model, w, w0):
    _checks.instance("model", model, Model)
    w, w0 = model._parameters("w", w), model._parameters("w0", w0)
    _checks.broadcastable(w=w.shape[:-1], w0=w0.shape[:-1])
    return w, w0


def _change(matrix, w, w0, order):
    before = matrix(w0)
    change = matrix(w) - before
    scale = np.abs(before).max(axis=(-2, -1), keepdims=True, initial=0)
    dead = scale == 0
    if (dead & (change != 0)).any():
        raise ValueError("w0 must not be where the network is dead: no change is relative to 0")
    scale = np.where(dead, 1, np.ldexp(1.0, np.frexp(scale)[1]))  # rounds nothing
    with np.errstate(all="ignore"):
        moved, size = (
            np.linalg.norm(each / scale, order, axis=(-2, -1)) for each in (change, before)
        )
    return _checks.in_range("the change", moved / np.where(dead[..., 0, 0], 1, size))


def one_run(model, w0, x):
    """Check a model at one w₀ of shape (p,) on one sample (n, d); return w₀, x and f(w₀, x)."""
    _checks.instance("model", model, Model)
    w0 = model._parameters("w0", _checks.array("w0", w0, exactly=1))
    x = _checks.array("x", x, exactly=2, nonempty=True)
    f = model.predict(w0, x)
    if f.ndim != 1:
        raise ValueError(f"model must be that of one run, got one of runs of shape {f.shape[:-1]}")
    return w0, x, f


def sign_flips(model, w, w0):
    """Number of neurons whose output weight bⱼ changed sign; shape (...).

    Examples
    --------
    >>> from lazylib import TwoLayer, sign_flips
    >>> net = TwoLayer(d=1, m=2)  # w = (a₁, a₂, b₁, b₂)
    >>> print(sign_flips(net, [1.0, 1.0, 1.0, 1.0], [1.0, 1.0, 1.0, -1.0]))
    1
    """
    w, w0 = _two(model, w, w0)
    return (np.sign(model.unpack(w)[1]) != np.sign(model.unpack(w0)[1])).sum(axis=-1)


def neuron_angles(model, w, teacher):
    """Angle in degrees of each neuron to the nearest neuron of a teacher with its sign.

    A neuron whose sign the teacher does not have stands at 90°, as one without a direction does.

    Parameters
    ----------
    model : TwoLayer
    w : ndarray of shape (..., p)
    teacher : Teacher

    Returns
    -------
    ndarray of shape (..., m)

    Examples
    --------
    >>> from lazylib import Teacher, TwoLayer
    >>> from lazylib.theory import neuron_angles
    >>> net, target = TwoLayer(d=2, m=3), Teacher(a=[[1.0, 0.0]], b=[1.0])
    >>> w = net.pack(a=[[3.0, 0.0], [0.0, 1.0], [-1.0, 0.0]], b=[1.0, 1.0, -1.0])
    >>> neuron_angles(net, w, target).round(6)  # the last one has no teacher of its sign
    array([ 0., 90., 90.])
    """
    _checks.instance("model", model, Model)
    _checks.instance("teacher", teacher, Teacher)
    _checks.last_axis("teacher.a", teacher.a, model.d, "the model's input dimension d")
    a, b = model.unpack(model._parameters("w", w))
    apart = np.degrees(angles(unit(a), unit(teacher.a)))
    same_sign = np.sign(b)[..., None] == np.sign(teacher.b)
    any_sign = same_sign.any(axis=-1)
    return np.where(any_sign, np.where(same_sign, apart, 180.0).min(axis=-1), 90.0)


def feature_angle(model, w, teacher):
    """Mean of `neuron_angles`, each neuron counting by its mass |bⱼ|‖aⱼ‖; shape (...).

    0° means that the teacher's features have been found. By chance alone, it is a little below 90°
    in dimension 100, where random directions are nearly orthogonal. A network without any mass has
    no features: a ValueError.

    Examples
    --------
    >>> from lazylib import Teacher, TwoLayer
    >>> from lazylib.theory import feature_angle
    >>> net, target = TwoLayer(d=2, m=2), Teacher(a=[[1.0, 0.0]], b=[1.0])
    >>> w = net.pack(a=[[3.0, 0.0], [0.0, 1.0]], b=[1.0, 1.0])
    >>> print(feature_angle(net, w, target).round(6))  # (3 · 0° + 1 · 90°)/4
    22.5
    """
    apart = neuron_angles(model, w, teacher)
    mass = norm(model.positions(model._parameters("w", w)))
    total = mass.sum(axis=-1)
    if not total.all():
        raise ValueError("w must have a neuron that is not 0")
    return (apart * (mass / total[..., None])).sum(axis=-1)


#: The borders of the regimes.
LAZY_BELOW, ACTIVE_ABOVE = 0.1, 1.0


def regime(displacement):
    """The regime in a word: "lazy" below a relative displacement of 0.1, "active" above 1.

    The borders are a convention of this collection: the note draws no line, but its lazy runs
    (Figures 1(b) and 5, with doubling) stay below 0.1 and its active ones (1(a)) exceed 1.

    Examples
    --------
    >>> from lazylib import regime
    >>> [regime(displacement) for displacement in (0.05, 0.5, 5)]
    ['lazy', 'in between', 'active']
    """
    value = _checks.number("displacement", displacement, least=0)
    return "lazy" if value < LAZY_BELOW else "active" if value > ACTIVE_ABOVE else "in between"


def power_law(x, y):
    """Fit y ∝ xˢ by least squares in the logarithms; returns s and its standard error.

    Parameters
    ----------
    x, y : ndarray of shape (k,)
        Positive, with k ≥ 3.

    Examples
    --------
    >>> from lazylib.theory import power_law
    >>> slope, error = power_law([1.0, 10.0, 100.0], [3.0, 0.03, 0.0003])
    >>> round(slope, 6), round(error, 6)
    (-2.0, 0.0)
    """
    x, y = (
        _checks.positive(name, _checks.array(name, value, exactly=1))
        for name, value in (("x", x), ("y", y))
    )
    _checks.same_shape(x=x, y=y)
    if len(np.unique(x)) < 2 or len(x) < 3:
        raise ValueError(f"x must hold at least 3 numbers, not all the same, got {len(x)}")
    from scipy.stats import linregress  # here, so that `import lazylib` need not wait for SciPy

    fit = linregress(np.log(x), np.log(y))
    # a correlation with what is constant is none, and an error of 0
    return float(fit.slope), 0.0 if (y == y[0]).all() else float(fit.stderr)
