"""Inputs on the sphere, the teacher network that labels them, and the data set that holds both."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from lazylib import _checks
from lazylib.losses import quadratic


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
    """
    _checks.generator("rng", rng)
    gaussian = rng.standard_normal((_checks.whole("n", n), _checks.whole("d", d)))
    return gaussian / np.linalg.norm(gaussian, axis=-1, keepdims=True)


class Teacher(NamedTuple):
    """The ground truth of Section 5: a small ReLU network ``teacher(x) = Σⱼ bⱼ max(aⱼ·x, 0)``.

    Attributes
    ----------
    a : ndarray of shape (m0, d)
        Unit-norm input weights.
    b : ndarray of shape (m0,)
        Output weights, each +1 or −1, so that ‖bⱼaⱼ‖ = 1.
    """

    a: np.ndarray
    b: np.ndarray

    def __call__(self, x):
        """Return the labels, of shape (..., n), of inputs ``x`` of shape (..., n, d)."""
        return np.maximum(x @ self.a.T, 0) @ self.b


def teacher(rng, d, m0=3):
    """Draw a teacher of ``m0`` neurons: directions uniform on the sphere, signs ±1 (Section 5)."""
    directions = sphere(rng, _checks.whole("m0", m0), d)
    return Teacher(directions, rng.choice([-1.0, 1.0], size=m0))


@dataclass(frozen=True)
class Dataset:
    """Training inputs and labels, and held-out ones to measure generalisation with.

    Attributes
    ----------
    x, y : ndarray of shape (..., n, d) and (..., n)
        Training data; leading axes are independent runs, each with data of its own.
    x_test, y_test : ndarray of shape (..., n_test, d) and (..., n_test), optional
        Held-out data.

    Raises
    ------
    ValueError
        If a shape does not fit or an entry is NaN or infinite.
    """

    x: np.ndarray
    y: np.ndarray
    x_test: np.ndarray | None = None
    y_test: np.ndarray | None = None

    def __post_init__(self):
        self._check_pair("x", "y")
        if (self.x_test is None) != (self.y_test is None):
            raise ValueError("x_test and y_test must be given together")
        if self.x_test is not None:
            self._check_pair("x_test", "y_test")
            _checks.last_axis("x_test", self.x_test, self.x.shape[-1], "inputs as wide as x")

    def _check_pair(self, x_name, y_name):
        x = _checks.array(x_name, getattr(self, x_name), ndim=2)
        y = _checks.array(y_name, getattr(self, y_name), ndim=1)
        _checks.last_axis(y_name, y, x.shape[-2], f"one label for each row of {x_name}")
        if x.size == 0:
            raise ValueError(f"{x_name} must hold at least one input, got shape {x.shape}")
        _checks.broadcastable(**{x_name: x.shape[:-2], y_name: y.shape[:-1]})
        object.__setattr__(self, x_name, x)
        object.__setattr__(self, y_name, y)

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
        train, test = _checks.generator("rng", rng).spawn(2)
        d = teacher.a.shape[-1]
        x = sphere(train, n, d)
        if _checks.whole("n_test", n_test, least=0) == 0:
            return cls(x, teacher(x))
        x_test = sphere(test, n_test, d)
        return cls(x, teacher(x), x_test, teacher(x_test))

    def astype(self, dtype):
        """Return the same data in another precision (``"float32"`` or ``"float64"``)."""
        arrays = (self.x, self.y, self.x_test, self.y_test)
        return Dataset(*(None if v is None else v.astype(dtype) for v in arrays))


def nth_draw(number, d, n=1, n_test=0):
    """Return draw ``number`` of the setting of Section 5, the same in every experiment.

    Parameters
    ----------
    number : int
        Seeds everything.
    d, n, n_test : int
        Input dimension, training and test inputs.

    Returns
    -------
    target : Teacher
    data : Dataset
    rng : numpy.random.Generator
        For the initial weights, and for samples drawn while training.
    """
    for_teacher, for_data, rng = np.random.default_rng(number).spawn(3)
    target: Teacher = teacher(for_teacher, d)
    return target, Dataset.from_teacher(for_data, target, n, n_test), rng
