"""Constants and measures never promise what is false, and never become NaN in silence."""

import re

import numpy as np
import pytest
from helpers import problem, seeded

from lazylib.data import Dataset
from lazylib.models.networks import FirstLayer, TwoLayer
from lazylib.models.wrappers import Centered, Scaled, Tangent
from lazylib.theory import (
    Criterion,
    LazyTheorem,
    compare,
    criterion,
    displacement,
    estimate_lipschitz,
    kernel_change,
    lipschitz_bound,
    power_law,
    sign_flips,
)
from lazylib.trainers import gradient_flow

NET, DATA, W0 = problem(n=4, m=6, activation="tanh")
DEAD = np.zeros_like(W0)

STACKS = {
    "f": lambda f, w: f,
    "αf": lambda f, w: Scaled(f, 100),
    "αf − αf(w₀)": lambda f, w: Scaled(Centered(f, w), 100),
    "αf of αf": lambda f, w: Centered(Scaled(Scaled(f, 0.1), 50), w),
    "αT_f": lambda f, w: Scaled(Tangent(f, w), 100),
}


@pytest.mark.parametrize("first_layer", [False, True])
@pytest.mark.parametrize("stack", STACKS.values(), ids=STACKS)
def test_the_bound_of_L_Df_dominates_its_estimate_whatever_wraps_the_model(stack, first_layer):
    """And Theorem 3.2's constants are those of the model given: α counts (Section 3.2)."""
    split = NET.m * NET.d
    f, w = (FirstLayer(NET, W0[split:]), W0[:split]) if first_layer else (NET, W0)
    model = stack(f, w)
    estimate = estimate_lipschitz(model, w, DATA.x, seeded(0))
    # central differences of a linear function leave rounding errors, some 1e-16/1e-5
    assert estimate <= lipschitz_bound(model, w, DATA.x) + 1e-8
    assert estimate <= LazyTheorem.of(model, w, DATA).lipschitz + 1e-8


def test_a_model_without_a_known_bound_is_refused():
    from lazylib.models.model import Model

    class Line(Model):
        n_parameters, d = 2, 2

        def _predict(self, w, x):
            return w @ x.T

    with pytest.raises(ValueError, match=r"use estimate_lipschitz\(\)"):
        lipschitz_bound(Line(), np.ones(2), np.ones((3, 2)))


def test_what_is_constant_has_the_slope_0_without_error():
    assert power_law([1, 2, 3], [5, 5, 5]) == (0, 0)


def test_labels_that_are_fitted_already_give_the_ratio_0():
    """Eq. (7): nowhere to go, so that training is lazy."""
    fitted = Dataset(DATA.x, NET.predict(W0, DATA.x))
    found = criterion(NET, W0, fitted)
    assert (found.ratio, found.distance, found.displacement, found.bend) == (0, 0, 0, 0)


def test_a_dead_network_stands_still():
    assert kernel_change(NET, DEAD, DEAD, DATA.x) == 0
    assert estimate_lipschitz(NET, W0, np.zeros((3, 2)), seeded(0)) == 0
    assert LazyTheorem.of(NET, DEAD, DATA).threshold == np.inf


def test_what_is_in_range_does_not_overflow_on_the_way():
    assert displacement(np.full(3, 2e200), np.full(3, 1e200)) == pytest.approx(1, rel=1e-15)
    relu = TwoLayer(2, 6)
    assert kernel_change(relu, 1e60 * 2 * W0, 1e60 * W0, DATA.x) == pytest.approx(3, rel=1e-12)


def test_flows_that_do_not_get_to_their_end_are_not_compared(monkeypatch):
    """A flow that ran out of steps would be taken for one that had settled."""
    from lazylib.theory import comparison

    def hurried(*arguments, **options):
        return gradient_flow(*arguments, **options | {"max_steps": 3})

    monkeypatch.setattr(comparison, "gradient_flow", hurried)
    with (
        pytest.warns(RuntimeWarning, match="max_steps = 3 ended the flow"),
        pytest.raises(RuntimeError, match="did not reach the end of its time: out of steps"),
    ):
        compare(Centered(NET, W0), W0, DATA, [1.0])


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: displacement(W0, DEAD), ValueError, "w0 must not be 0"),
        (lambda: displacement(W0, W0[:1]), ValueError, "w must have shape (..., 1) for w0"),
        (lambda: kernel_change(NET, W0, DEAD, DATA.x), ValueError, "w0 must not be where"),
        (lambda: sign_flips(NET, np.nan * W0, W0), ValueError, "w must be finite"),
        (lambda: criterion(NET, W0, DATA, lipschitz=-1), ValueError, "lipschitz must be > 0"),
        (lambda: criterion(NET, DEAD, DATA), ValueError, "w0 must not be 0"),
        (lambda: criterion(NET, W0[None], DATA), ValueError, "w0 must have 1 axes"),
        (lambda: criterion(None, W0, DATA), TypeError, "model must be a Model"),
        (lambda: Criterion(1.0, np.nan, 1.0, 1.0), ValueError, "extent must be finite"),
        (
            lambda: LazyTheorem.of(NET, W0, DATA, lipschitz=np.nan),
            ValueError,
            "lipschitz must be finite",
        ),
        (lambda: LazyTheorem.of(NET, W0[1:], DATA), ValueError, "w0 must have shape"),
        (lambda: LazyTheorem(2.0, 1.0, 1.0, [0], [1]), ValueError, "norm must be >= 2"),
        (
            lambda: estimate_lipschitz(NET, W0, np.ones((3, 4, 2)), seeded(0)),
            ValueError,
            "x must have 2 axes",
        ),
        (lambda: compare(NET, DEAD, DATA, [1.0]), ValueError, "model must have a surjective Df"),
        (lambda: power_law([1, 2], [1, 2]), ValueError, "x must hold at least 3 numbers"),
        (lambda: power_law([1, 2, 3], [1, 0, 2]), ValueError, "y must be > 0"),
        (lambda: Criterion(1.0, 0.0, 1.0, 1.0).ratio, ValueError, "the ratio is beyond the range"),
    ],
)
def test_what_has_no_answer_is_refused_by_name(call, error, message):
    with pytest.raises(error, match=re.escape(message)):
        call()
