"""Inputs on the sphere, the teacher network that labels them, and the data set that holds both."""

from dataclasses import dataclass

import numpy as np

from lazylib import _checks
from lazylib._identity import Identity, own
from lazylib.losses import quadratic

__all__ = ["Dataset", "Teacher", "circle", "nth_draw", "sphere", "teacher"]


def sphere(rng, n, d):
    """Draw ``n`` points uniformly on the unit sphere of ℝᵈ.

    Points come one after another from ``rng``: with the same seed, a larger ``n`` adds points and
    keeps the first ones.

    Parameters
    ----------
    rng : numpy.random.Generator
    n, d : int
        Number of points and dimension, both at least 1.

    Returns
    -------
    ndarray of shape (n, d)

    Examples
    --------
    >>> import numpy as np
    >>> from lazylib import sphere
    >>> few, more = (sphere(np.random.default_rng(0), n, d=3) for n in (2, 4))
    >>> print(np.linalg.norm(more, axis=-1).round(12), np.allclose(few, more[:2]))
    [1. 1. 1. 1.] True
    """
    _checks.generator("rng", rng)
    gaussian = rng.standard_normal((_checks.whole("n", n), _checks.whole("d", d)))
    return gaussian / np.linalg.norm(gaussian, axis=-1, keepdims=True)


def circle(n):
    """Return ``n`` points of the unit circle, at equal angles from −180° to 180°.

    Parameters
    ----------
    n : int
        At least 2: the first and the last point are one and the same, for a closed curve.

    Returns
    -------
    degrees : ndarray of shape (n,)
    x : ndarray of shape (n, 2)
        (cos, sin) of each angle.

    Examples
    --------
    >>> from lazylib import circle
    >>> degrees, x = circle(5)
    >>> print(degrees, x[3].round(12))  # the point at 90°
    [-180.  -90.    0.   90.  180.] [0. 1.]
    """
    degrees = np.linspace(-180, 180, _checks.whole("n", n, least=2))
    radians = np.radians(degrees)
    return degrees, np.stack([np.cos(radians), np.sin(radians)], axis=-1)


@dataclass(frozen=True, eq=False, repr=False)
class Teacher(Identity):
    """The ground truth of Section 5: a small ReLU network ``teacher(x) = Σⱼ bⱼ max(aⱼ·x, 0)``.

    ``a, b = teacher`` unpacks it.

    Parameters
    ----------
    a : array of shape (m0, d)
        Input weights; drawn by `teacher`, they have length 1.
    b : array of shape (m0,)
        Output weights; drawn by `teacher`, each is +1 or −1, so that ‖bⱼaⱼ‖ = 1.

    Examples
    --------
    >>> from lazylib import Teacher
    >>> target = Teacher(a=[[1.0, 0.0], [0.0, 1.0]], b=[1.0, -1.0])
    >>> print(target([[3.0, 5.0], [3.0, -5.0]]))  # max(3, 0) − max(±5, 0)
    [-2.  3.]
    """

    a: np.ndarray
    b: np.ndarray

    def __post_init__(self):
        a, b = _checks.neurons(self.a, self.b, of="teacher.", exactly=2)
        own(self, a=a, b=b)

    def __iter__(self):
        return iter((self.a, self.b))

    @property
    def m0(self):
        """Number of neurons."""
        return self.a.shape[0]

    @property
    def d(self):
        """Input dimension."""
        return self.a.shape[1]

    def __call__(self, x):
        """Return the labels, of shape (..., n), of inputs ``x`` of shape (..., n, d)."""
        x = _checks.array("x", x, ndim=2, nonempty=True)
        _checks.last_axis("x", x, self.d, "the teacher's input dimension d")
        return _checks.computed("teacher(x)", lambda: np.maximum(x @ self.a.T, 0) @ self.b)


def teacher(rng, d, m0=3):
    """Draw a teacher of ``m0`` neurons: directions uniform on the sphere, signs ±1 (Section 5).

    Examples
    --------
    >>> import numpy as np
    >>> from lazylib import teacher
    >>> a, b = teacher(np.random.default_rng(0), d=100)
    >>> print(np.abs(b), np.linalg.norm(a, axis=-1).round(12))
    [1. 1. 1.] [1. 1. 1.]
    """
    directions = sphere(rng, _checks.whole("m0", m0), d)
    return Teacher(directions, rng.choice([-1.0, 1.0], size=m0))


@dataclass(frozen=True, eq=False, repr=False)
class Dataset(Identity):
    """Training inputs and labels, and held-out ones to measure generalisation with.

    All arrays are copied, and cannot be changed.

    Parameters
    ----------
    x, y : array of shape (..., n, d) and (..., n)
        Training data; leading axes are independent runs, each with data of its own.
    x_test, y_test : array of shape (..., n_test, d) and (..., n_test), optional
        Held-out data; one test set may serve all runs.

    Raises
    ------
    TypeError, ValueError
        If one is not an array of real, finite numbers, is empty, or does not fit the others.

    Examples
    --------
    >>> from lazylib import Dataset
    >>> data = Dataset(x=[[1.0, 0.0], [0.0, 1.0]], y=[3.0, 1.0])
    >>> print(data.n, data.zero_loss)  # R(0) = (3² + 1²)/(2 · 2)
    2 2.5
    """

    x: np.ndarray
    y: np.ndarray
    x_test: np.ndarray | None = None
    y_test: np.ndarray | None = None

    def __post_init__(self):
        if (self.x_test is None) != (self.y_test is None):
            raise ValueError("x_test and y_test must be given together")
        pairs = [("x", "y")] if self.x_test is None else [("x", "y"), ("x_test", "y_test")]
        leads = {}
        for x_name, y_name in pairs:
            x = _checks.array(x_name, getattr(self, x_name), ndim=2, nonempty=True)
            y = _checks.array(y_name, getattr(self, y_name), ndim=1, nonempty=True)
            _checks.last_axis(y_name, y, x.shape[-2], f"one label for each row of {x_name}")
            own(self, **{x_name: x, y_name: y})
            _checks.last_axis(x_name, x, self.x.shape[-1], "inputs as wide as x")
            leads |= {x_name: x.shape[:-2], y_name: y.shape[:-1]}
        _checks.broadcastable(**leads)

    @property
    def n(self):
        """Number of training points."""
        return self.x.shape[-2]

    @property
    def zero_loss(self):
        """R(0) on the training labels, for the quadratic loss; of shape (...)."""
        return quadratic.zero(self.y)

    @property
    def zero_test_loss(self):
        """R(0) on the test labels, for the quadratic loss; None without test data."""
        return None if self.y_test is None else quadratic.zero(self.y_test)

    @classmethod
    def from_teacher(cls, rng, teacher, n, n_test=0):
        """Draw ``n`` training and ``n_test`` test inputs on the sphere; label them, without noise.

        Training and test inputs have a random stream each, so changing ``n`` keeps the test set.
        """
        _checks.instance("teacher", teacher, Teacher)
        n, n_test = _checks.whole("n", n), _checks.whole("n_test", n_test, least=0)
        train, test = _checks.generator("rng", rng).spawn(2)
        x = sphere(train, n, teacher.d)
        if n_test == 0:
            return cls(x, teacher(x))
        x_test = sphere(test, n_test, teacher.d)
        return cls(x, teacher(x), x_test, teacher(x_test))


def nth_draw(number, d, n=1, n_test=0):
    """Return draw ``number`` of the setting of Section 5, the same in every experiment.

    Parameters
    ----------
    number : int
        Seeds everything; at least 0.
    d, n, n_test : int
        Input dimension, training and test inputs.

    Returns
    -------
    target : Teacher
    data : Dataset
    rng : numpy.random.Generator
        For the initial weights, and for samples drawn while training.

    Examples
    --------
    >>> import numpy as np
    >>> from lazylib import nth_draw
    >>> target, data, rng = nth_draw(2, d=100, n=5)
    >>> np.allclose(target(data.x), data.y), nth_draw(2, d=100, n=5)[1] == data
    (True, True)
    """
    number = _checks.seed("number", number)
    for_teacher, for_data, rng = np.random.default_rng(number).spawn(3)
    target = teacher(for_teacher, d)
    return target, Dataset.from_teacher(for_data, target, n, n_test), rng
