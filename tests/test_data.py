"""Inputs on the sphere, the teacher, and the data set."""

import dataclasses
import re

import numpy as np
import pytest
from helpers import quick, seeded
from hypothesis import given
from hypothesis import strategies as st

from lazylib import Dataset, Teacher, TwoLayer, circle, nth_draw, sphere, teacher

sizes, dimensions = st.integers(1, 30), st.integers(1, 8)


@quick
@given(sizes, dimensions)
def test_points_have_unit_norm(n, d):
    x = sphere(seeded(0), n, d)
    assert x.shape == (n, d)
    assert np.abs((x**2).sum(axis=-1) - 1).max() < 1e-15 * 4


@pytest.mark.parametrize("d", [2, 3, 10])
def test_points_are_uniform(d):
    """On the sphere, E u·x = 0, E (u·x)² = 1/d and E (u·x)⁴ = 3/(d(d + 2)) for any unit u."""
    n = 40_000
    projection = sphere(seeded(d), n, d) @ sphere(seeded(99), 3, d).T
    for power, mean in ((1, 0), (2, 1 / d), (4, 3 / (d * (d + 2)))):
        sample = projection**power
        z = (sample.mean(axis=0) - mean) / (sample.std(axis=0) / np.sqrt(n))
        assert np.abs(z).max() < 4


@quick
@given(sizes, sizes, dimensions, st.integers(0, 2**32))
def test_more_points_keep_the_first_ones(n, more, d, seed):
    """Common random numbers (design: moving n must not redraw what is there)."""
    few, many = sphere(seeded(seed), n, d), sphere(seeded(seed), n + more, d)
    assert np.array_equal(many[:n], few)


def test_teacher_has_unit_neurons_and_both_signs():
    a, b = teacher(seeded(0), d=7, m0=200)
    assert a.shape == (200, 7) and b.shape == (200,)
    assert np.abs(np.linalg.norm(a, axis=-1) - 1).max() < 1e-15
    assert set(b) == {-1.0, 1.0} and abs(b.sum()) < 4 * np.sqrt(200)
    assert teacher(seeded(0), d=2).a.shape == (3, 2)


def test_teacher_is_the_network_of_its_neurons():
    """Section 5: labels are Σⱼ bⱼ max(aⱼ·x, 0), for inputs with any leading axes."""
    true = teacher(seeded(1), d=3)
    x = seeded(2).standard_normal((2, 4, 5, 3))
    net = TwoLayer(3, 3)
    assert np.allclose(true(x), net.predict(net.pack(*true), x), rtol=0, atol=1e-14)
    by_hand = sum(b * max(float(a @ x[1, 2, 3]), 0.0) for a, b in zip(*true, strict=True))
    assert abs(true(x)[1, 2, 3] - by_hand) < 1e-14


def test_the_same_seed_draws_the_same_data_and_another_seed_does_not():
    draws = [Dataset.from_teacher(seeded(s), teacher(seeded(s), 4), 6, 5) for s in (3, 3, 4)]
    for name in ("x", "y", "x_test", "y_test"):
        first, again, other = (getattr(data, name) for data in draws)
        assert np.array_equal(first, again) and not np.isclose(first, other).any()


def test_from_teacher_labels_without_noise_and_n_moves_nothing_else():
    true = teacher(seeded(0), d=3)
    small, large = (Dataset.from_teacher(seeded(5), true, n, n_test=8) for n in (4, 9))
    assert (small.n, large.n) == (4, 9)
    assert np.array_equal(small.x_test, large.x_test)
    assert np.array_equal(large.x[:4], small.x)
    assert np.array_equal(large.y, true(large.x)) and np.array_equal(
        large.y_test, true(large.x_test)
    )
    assert not np.isin(large.x_test, large.x).any()
    assert Dataset.from_teacher(seeded(5), true, 4).x_test is None


def test_dataset_takes_runs_with_data_of_their_own():
    data = Dataset(np.zeros((5, 1, 4, 2)), np.zeros((3, 4)), np.zeros((7, 2)), np.zeros(7))
    assert data.n == 4


def test_dataset_cannot_be_changed():
    data = Dataset(np.zeros((4, 2)), np.zeros(4))
    with pytest.raises(dataclasses.FrozenInstanceError):
        data.x = np.ones((4, 2))


X, Y = np.ones((4, 2)), np.ones(4)
BAD = {
    "NaN input": ([X * np.nan, Y], ValueError, "x must be finite"),
    "infinite label": ([X, Y * np.inf], ValueError, "y must be finite"),
    "NaN test label": ([X, Y, X, Y * np.nan], ValueError, "y_test must be finite"),
    "a word": (["inputs", Y], TypeError, "x must be an array of real numbers"),
    "words": ([X, ["a", "b", "c", "d"]], TypeError, "y must be an array of real numbers"),
    "one axis": ([Y, Y], ValueError, "x must have at least 2 axes"),
    "a number": ([X, 1.0], ValueError, "y must have at least 1 axes"),
    "too few labels": ([X, Y[:3]], ValueError, "y must have shape (..., 4)"),
    "too few test labels": ([X, Y, X, Y[:3]], ValueError, "y_test must have shape (..., 4)"),
    "no inputs": ([X[:0], Y[:0]], ValueError, "x must not be empty"),
    "batches": ([np.ones((3, 4, 2)), np.ones((2, 4))], ValueError, "x (3,), y (2,)"),
    "test batches": (
        [np.ones((3, 4, 2)), Y, np.ones((2, 4, 2)), Y],
        ValueError,
        "x (3,), y (), x_test (2,)",
    ),
    "masked": ([np.ma.masked_array(X, X > 2), Y], TypeError, "x must be an array without a mask"),
    "complex": ([X, 1j * Y], TypeError, "y must be an array of real numbers"),
    "None": ([X, None], TypeError, "y must be an array of real numbers"),
    "half a test set": ([X, Y, X], ValueError, "x_test and y_test must be given together"),
    "wider test set": ([X, Y, np.ones((4, 3)), Y], ValueError, "x_test must have shape (..., 2)"),
}


@pytest.mark.parametrize(("arguments", "error", "message"), BAD.values(), ids=BAD)
def test_dataset_names_what_does_not_fit(arguments, error, message):
    with pytest.raises(error, match=re.escape(message)):
        Dataset(*arguments)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: sphere(0, 3, 2), TypeError, "rng must be a numpy.random.Generator"),
        (lambda: sphere(seeded(0), 0, 2), ValueError, "n must be at least 1"),
        (lambda: sphere(seeded(0), 3, 2.0), TypeError, "d must be an integer"),
        (lambda: teacher(seeded(0), 2, m0=0), ValueError, "m0 must be at least 1"),
        (lambda: teacher(seeded(0), "2"), TypeError, "d must be an integer"),
        (lambda: Dataset.from_teacher(None, TRUE, 3), TypeError, "rng must be a numpy"),
        (lambda: Dataset.from_teacher(seeded(0), TRUE, 0), ValueError, "n must be at least 1"),
        (lambda: Dataset.from_teacher(seeded(0), TRUE, 3, -1), ValueError, "n_test must be"),
        (lambda: Dataset.from_teacher(seeded(0), np.sin, 3), TypeError, "teacher must be a Teach"),
        (lambda: nth_draw(-1, 2), ValueError, "number must be at least 0"),
        (lambda: nth_draw([25, 0], 2), TypeError, "number must be an integer"),
        (lambda: nth_draw(0, 0), ValueError, "d must be at least 1"),
        (lambda: nth_draw(0, 2, n=None), TypeError, "n must be an integer"),
        (lambda: circle(1), ValueError, "n must be at least 2"),
        (lambda: circle(9.0), TypeError, "n must be an integer"),
        (lambda: Teacher(np.eye(2), [1.0]), ValueError, r"teacher.b must have shape \(2,\)"),
        (lambda: Teacher(np.ones(2), 1.0), ValueError, "teacher.a must have at least 2 axes"),
        (
            lambda: Teacher(np.ones((3, 2, 2)), np.ones((3, 2))),
            ValueError,
            "teacher.a must have 2 axes",
        ),
        (lambda: Teacher(np.eye(2), [1.0, np.nan]), ValueError, r"teacher.b must be finite"),
        (lambda: Teacher(None, [1.0]), TypeError, "teacher.a must be an array of real numbers"),
        (lambda: TRUE(np.ones(2)), ValueError, "x must have at least 2 axes"),
        (lambda: TRUE(np.ones((4, 3))), ValueError, r"x must have shape \(..., 2\) for the teach"),
        (lambda: TRUE([["1", "2"]]), TypeError, "x must be an array of real numbers"),
        (lambda: TRUE(np.full((1, 2), 1.7e308)), ValueError, r"teacher\(x\) is beyond the range"),
    ],
)
def test_draws_name_what_does_not_fit(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_data_and_teachers_are_copies_that_cannot_be_changed():
    x, y, a, b = np.ones((4, 2)), np.ones(4), np.eye(2), np.ones(2)
    data, true = Dataset(x, y, x, y), Teacher(a, b)
    for array in (x, y, a, b):
        array[:] = 0
    assert (data.x == 1).all() and (data.y_test == 1).all()
    assert true([[1, 1]]).tolist() == [2] and (true.d, true.m0) == (2, 2)
    for array in (data.x, data.y, data.x_test, data.y_test, true.a, true.b):
        with pytest.raises(ValueError, match="read-only"):
            array[:] = 0


def test_circle_is_drawn_once_around():
    degrees, x = circle(361)
    assert np.array_equal(degrees, np.arange(-180, 181))
    assert (
        np.abs(x[[0, 90, 180, 270, 360]] - [[-1, 0], [0, -1], [1, 0], [0, 1], [-1, 0]]).max()
        < 2e-16
    )
    assert np.abs(np.linalg.norm(x, axis=-1) - 1).max() < 3e-16


def test_nth_draw_is_the_same_every_time_and_n_moves_nothing_else():
    (true, data, rng), (again, more, other) = nth_draw(7, 3, 4, 5), nth_draw(7, 3, 9, 5)
    assert true == again and np.array_equal(more.x[:4], data.x)
    assert np.array_equal(data.x_test, more.x_test) and np.array_equal(data.y, true(data.x))
    assert rng.random() == other.random() and nth_draw(8, 3)[0] != true


TRUE = Teacher(np.eye(2), np.ones(2))


def test_zero_loss_is_half_the_mean_square_of_the_labels():
    """Design §2: R(0) = (1/2n) Σ yᵢ², for training and for test labels."""
    x = np.zeros((2, 4, 3))
    data = Dataset(x, [[1, 2, 3, 4], [0, 0, 0, 2]], x[0, :2], [6, 8])
    assert data.zero_loss.tolist() == [30 / 8, 4 / 8] and data.zero_test_loss == 100 / 4
    assert Dataset(x, data.y).zero_test_loss is None
