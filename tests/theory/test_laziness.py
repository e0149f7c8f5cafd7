"""What says how lazy a run was, and how it ended."""

import re

import numpy as np
import pytest
from helpers import problem, relative, seeded, slope

from lazylib import Scaled, Tangent, TwoLayer, displacement, kernel_change, regime, sign_flips

NET = TwoLayer(3, 4, "softplus")


def test_displacement_is_relative_to_the_start():
    """‖w − w₀‖/‖w₀‖, for each run."""
    w0 = np.array([[3.0, 4.0, 0.0], [0.0, 0.0, 2.0]])
    w = np.array([[3.0, 4.0, 5.0], [0.0, 0.0, -1.0]])
    assert displacement(w, w0).tolist() == [1.0, 1.5]
    assert displacement(w[None], w0[1]).shape == (1, 2) and displacement(w0, w0).tolist() == [0, 0]


def test_kernel_change_is_that_of_the_tangent_kernel():
    """‖K_w − K_{w₀}‖/‖K_{w₀}‖ for K = Df Dfᵀ (Eq. (3)), summed entry by entry."""
    w, w0 = seeded(0).normal(size=(2, 5, NET.n_parameters))
    x = seeded(1).normal(size=(6, 3))
    change = kernel_change(NET, w, w0, x)
    assert change.shape == (5,)
    for run in (0, 4):
        after, before = (
            np.array([[u @ v for v in jacobian] for u in jacobian])
            for jacobian in (NET.jacobian(w[run], x), NET.jacobian(w0[run], x))
        )
        direct = np.sqrt(((after - before) ** 2).sum() / (before**2).sum())
        assert change[run] == pytest.approx(direct, rel=1e-12)


def test_kernel_stands_still_at_the_start_and_in_a_tangent_model():
    w, w0 = seeded(0).normal(size=(2, NET.n_parameters))
    x = seeded(1).normal(size=(6, 3))
    assert kernel_change(NET, w0, w0, x) == 0
    assert kernel_change(Tangent(NET, w0), w, w0, x) == 0
    assert kernel_change(NET, w, w0, x) > 0.1
    assert kernel_change(Scaled(NET, 7.0), w, w0, x) == pytest.approx(
        kernel_change(NET, w, w0, x), rel=1e-12
    )


def test_kernel_change_of_a_rescaled_relu_network():
    """The kernel of a 2-homogeneous network scales as λ² (Section 4.2.1)."""
    net, data, w0 = problem()
    assert kernel_change(net, 3 * w0, w0, data.x) == pytest.approx(8, rel=1e-12)


def test_kernel_change_grows_in_proportion_to_a_small_displacement():
    w0, v = seeded(2).normal(size=(2, NET.n_parameters))
    x, sizes = seeded(1).normal(size=(6, 3)), np.array([1e-5, 1e-4, 1e-3])
    changes = [kernel_change(NET, w0 + size * v, w0, x) for size in sizes]
    assert slope(sizes, changes) == pytest.approx(1, abs=0.01)


def test_sign_flips_counts_neurons():
    w0 = NET.pack(np.ones((2, 4, 3)), np.array([[1.0, -1.0, 2.0, -2.0]] * 2))
    w = NET.pack(-np.ones((2, 4, 3)), np.array([[1.0, 1.0, -2.0, -0.1], [9.0, -9.0, 9.0, -9.0]]))
    assert sign_flips(NET, w, w0).tolist() == [2, 0]
    assert sign_flips(Scaled(NET, 2.0), w[0], w0[0]) == 2


@pytest.mark.parametrize(
    ("moved", "word"),
    [
        (0.0, "lazy"),
        (0.0999, "lazy"),
        (0.1, "in between"),
        (np.float32(0.5), "in between"),
        (1.0, "in between"),
        (np.array(1.0001), "active"),
        (40, "active"),
    ],
)
def test_regime_has_its_borders_at_a_tenth_and_at_one(moved, word):
    assert regime(moved) == word


def test_displacement_of_many_frames():
    net, _, w0 = problem()
    frames = w0 * np.linspace(1, 3, 9)[:, None]
    assert relative(displacement(frames, w0), np.linspace(0, 2, 9)) < 1e-14


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: displacement([np.nan], [1.0]), ValueError, "w must be finite"),
        (lambda: displacement([1.0], "w0"), TypeError, "w0 must be an array of real numbers"),
        (lambda: displacement(np.ones(3), np.ones(4)), ValueError, "w (3,), w0 (4,)"),
        (lambda: displacement(1.0, 1.0), ValueError, "w must have at least 1 axes"),
        (
            lambda: kernel_change(NET, np.ones(15), np.ones(16), np.ones((2, 3))),
            ValueError,
            "w must",
        ),
        (
            lambda: kernel_change(NET, np.ones(16), np.ones(16), np.ones((2, 2))),
            ValueError,
            "x must",
        ),
        (lambda: sign_flips(NET, np.ones(15), np.ones(16)), ValueError, "w must have shape"),
        (lambda: regime(np.nan), ValueError, "displacement must be finite"),
        (lambda: regime(-0.1), ValueError, "displacement must be >= 0"),
        (lambda: regime("lazy"), TypeError, "displacement must be an array of real numbers"),
        (lambda: regime(np.ones(2)), TypeError, "displacement must be one number"),
    ],
)
def test_bad_arguments_are_named(call, error, message):
    with pytest.raises(error, match=re.escape(message)):
        call()
