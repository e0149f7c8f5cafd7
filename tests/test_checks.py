"""Arguments are refused with the right exception and the argument's name."""

import numpy as np
import pytest
from helpers import quick
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from lazylib import _checks

NOT_REAL = ["3", None, 1j, True, object, [[1.0], [1.0, 2.0]], np.datetime64("2018-12-19")]
floats = hnp.arrays(np.float64, hnp.array_shapes(min_dims=0, max_dims=3), elements=st.floats())


@pytest.mark.parametrize("value", NOT_REAL, ids=repr)
@pytest.mark.parametrize("check", [_checks.array, _checks.positive, _checks.number])
def test_what_is_not_a_real_number_is_a_type_error(check, value):
    with pytest.raises(TypeError, match="alpha must be an array of real numbers, got"):
        check("alpha", value)


@quick
@given(floats)
def test_finite_passes_exactly_the_finite_arrays(array):
    if np.isfinite(array).all():
        assert _checks.array("x", array) is array
    else:
        with pytest.raises(ValueError, match="x must be finite, got NaN or infinity"):
            _checks.array("x", array)


@quick
@given(floats)
def test_positive_passes_exactly_the_finite_arrays_above_zero(array):
    if np.isfinite(array).all() and (array > 0).all():
        passed = _checks.positive("tau", array)
        assert np.array_equal(passed, array)
        assert isinstance(passed, np.ndarray if array.ndim else float)
    else:
        with pytest.raises(ValueError, match="tau must be (finite|> 0), got"):
            _checks.positive("tau", array)


@pytest.mark.parametrize(
    ("given_dtype", "kept"),
    [("f4", "f4"), ("f8", "f8"), ("f2", "f8"), ("i4", "f8"), ("u1", "f8")],
)
def test_finite_keeps_single_and_double_precision(given_dtype, kept):
    assert _checks.array("x", np.ones(3, given_dtype)).dtype == kept


def test_finite_asks_for_axes():
    with pytest.raises(ValueError, match=r"x must have at least 2 axes, got shape \(3,\)"):
        _checks.array("x", np.ones(3), ndim=2)


def test_number_is_one_number():
    assert _checks.number("t_max", np.float32(2), above=0) == 2.0
    assert _checks.number("tolerance", 0, least=0) == 0.0
    with pytest.raises(TypeError, match=r"t_max must be one number, got \[1.0, 2.0\]"):
        _checks.number("t_max", [1, 2], above=0)
    for value, zero, message in ((0, False, "> 0, got 0"), (-1, True, ">= 0, got -1")):
        with pytest.raises(ValueError, match=f"t_max must be {message}"):
            _checks.number("t_max", value, zero, above=0)


@pytest.mark.parametrize("value", [3, np.int8(3), np.uint64(3), np.array(3)], ids=repr)
def test_whole_takes_every_kind_of_integer(value):
    passed = _checks.whole("n", value)
    assert passed == 3 and type(passed) is int


@pytest.mark.parametrize(
    "value", [True, np.True_, 3.0, "3", None, np.array(3.5), np.array([1, 2])], ids=repr
)
def test_whole_refuses_the_rest(value):
    with pytest.raises(TypeError, match="n must be an integer, got"):
        _checks.whole("n", value)


def test_whole_has_a_least_value():
    assert _checks.whole("n", 0, least=0) == 0
    with pytest.raises(ValueError, match="n must be at least 1, got 0"):
        _checks.whole("n", 0)


def test_last_axis():
    _checks.last_axis("w", np.zeros((2, 6)), 6, "this model")
    for shape in [(6, 2), ()]:
        with pytest.raises(ValueError, match=r"w must have shape \(..., 6\) for this model, got"):
            _checks.last_axis("w", np.zeros(shape), 6, "this model")


def test_one_of():
    assert _checks.word("step", "auto", ["auto"]) == "auto"
    with pytest.raises(ValueError, match="step must be one of 'auto', 'fast', got 'slow'"):
        _checks.word("step", "slow", ["auto", "fast"])
    with pytest.raises(TypeError, match=r"step must be a word, got \['auto'\]"):
        _checks.word("step", ["auto"], {"auto": 1})


def test_generator_and_instance():
    rng = np.random.default_rng(0)
    assert _checks.generator("rng", rng) is rng
    for value in (0, np.random.RandomState(0), np.random):
        with pytest.raises(TypeError, match=r"rng must be a numpy.random.Generator, got"):
            _checks.generator("rng", value)
    with pytest.raises(TypeError, match="loss must be a list, got 'quadratic'"):
        _checks.instance("loss", "quadratic", list)


def test_broadcastable_names_every_shape():
    assert _checks.broadcastable(w0=(3, 1), alpha=(4,)) == (3, 4)
    with pytest.raises(ValueError, match=r"do not fit together: w0 \(3,\), alpha \(4,\)"):
        _checks.broadcastable(w0=(3,), alpha=(4,))


def test_messages_stay_short():
    with pytest.raises(ValueError) as error:
        _checks.positive("tau", np.linspace(-1, 1, 1000))
    assert len(str(error.value)) < 90
