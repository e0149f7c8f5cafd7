"""Arguments are refused with the right exception and the argument's name."""

from pathlib import Path

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


def test_array_asks_for_exactly_so_many_axes_or_an_entry():
    with pytest.raises(ValueError, match=r"b must have 1 axes, got shape \(2, 3\)"):
        _checks.array("b", np.ones((2, 3)), exactly=1)
    assert _checks.array("b", np.ones((0, 3))).size == 0
    with pytest.raises(ValueError, match=r"b must not be empty, got shape \(0, 3\)"):
        _checks.array("b", np.ones((0, 3)), nonempty=True)


def test_infinity_is_a_number_where_it_may_be():
    assert _checks.array("t", [1, np.inf], finite=False).tolist() == [1, np.inf]
    with pytest.raises(ValueError, match="t must be finite, got NaN"):
        _checks.array("t", [1, np.nan], finite=False)
    assert _checks.array("loss", [np.inf, np.nan], finite=None).size == 2


@pytest.mark.parametrize("value", [np.ma.masked_array([1.0]), [np.ma.masked_array([1.0])]])
def test_what_is_masked_is_refused(value):
    """NumPy would take the hidden values for data."""
    with pytest.raises(TypeError, match="x must be an array without a mask"):
        _checks.array("x", value)


def test_number_is_one_number():
    assert _checks.number("t_max", np.float32(2), above=0) == 2.0
    assert _checks.number("tolerance", 0, least=0) == 0.0
    with pytest.raises(TypeError, match=r"t_max must be one number, got \[1.0, 2.0\]"):
        _checks.number("t_max", [1, 2], above=0)
    for limit, value, message in (
        ({"above": 0}, 0, "> 0, got 0"),
        ({"least": 0}, -1, ">= 0, got -1"),
        ({"most": 1}, 2, "<= 1, got 2"),
    ):
        with pytest.raises(ValueError, match=f"t_max must be {message}"):
            _checks.number("t_max", value, **limit)


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


def test_whole_has_a_largest_value_and_seeds_have_none():
    with pytest.raises(ValueError, match="n must be at most 1000000000, got"):
        _checks.whole("n", 10**30)
    assert _checks.seed("seed", 10**30) == 10**30 and _checks.seed("seed", 0) == 0
    with pytest.raises(ValueError, match="seed must be at least 0, got -1"):
        _checks.seed("seed", -1)


def test_a_path_is_a_word_or_a_path():
    assert _checks.path("folder", "a/b") == _checks.path("folder", Path("a/b")) == Path("a/b")
    for value in (None, b"a", 3):
        with pytest.raises(TypeError, match="folder must be a path, got"):
            _checks.path("folder", value)


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


def test_flag():
    assert _checks.flag("doubling", np.True_) is True and _checks.flag("doubling", False) is False
    for value in (0, 1, None, "yes"):
        with pytest.raises(TypeError, match="doubling must be True or False, got"):
            _checks.flag("doubling", value)


def test_shape_is_an_integer_or_a_tuple_of_them():
    assert _checks.shape("batch", np.int8(3)) == (3,)
    assert _checks.shape("batch", [3, 5]) == (3, 5) and _checks.shape("batch", ()) == ()
    for value, error in (
        (0, ValueError),
        ((2, 0), ValueError),
        (None, TypeError),
        ("3", TypeError),
    ):
        with pytest.raises(error, match="batch must be"):
            _checks.shape("batch", value)


def test_same_shape_lets_nothing_broadcast():
    _checks.same_shape(g=np.ones((2, 3)), y=np.zeros((2, 3)))
    with pytest.raises(ValueError, match=r"g and y must have one shape, got \(2, 3\) and \(3,\)"):
        _checks.same_shape(g=np.ones((2, 3)), y=np.zeros(3))


def test_offers_asks_for_methods_and_refuses_classes():
    assert _checks.offers("data", [], "append", "index") == []
    with pytest.raises(TypeError, match="data must offer loss, got 3"):
        _checks.offers("data", 3, "real", "loss")
    with pytest.raises(TypeError, match="data must offer append, got"):
        _checks.offers("data", list, "append")


def test_function():
    assert _checks.function("teacher", np.sin) is np.sin
    with pytest.raises(TypeError, match="teacher must be a function, got 3"):
        _checks.function("teacher", 3)


def test_in_range_passes_exactly_what_is_finite():
    assert _checks.in_range("R", 3.0) == 3.0
    for value in (np.inf, np.array([1, np.nan])):
        with pytest.raises(ValueError, match="R is beyond the range of floating-point numbers"):
            _checks.in_range("R", value)


def test_neurons_are_two_arrays_that_fit():
    a, b = _checks.neurons([[1, 2], [3, 4]], [5, 6])
    assert a.dtype == b.dtype == np.float64
    with pytest.raises(ValueError, match=r"teacher.b must have shape \(2,\)"):
        _checks.neurons(a, b[:1], of="teacher.")
    with pytest.raises(ValueError, match="a must have 2 axes"):
        _checks.neurons(a[None], b[None], exactly=2)


class Unspeakable:
    def __repr__(self):
        raise RuntimeError


def test_shown_is_short_and_names_no_address():
    assert _checks.shown(np.float32(2)) == "np.float32(2.0)" and _checks.shown([1]) == "[1]"
    assert _checks.shown(object()) == "an object of type object"
    assert _checks.shown(Unspeakable()) == "an object of type Unspeakable"
    assert len(_checks.shown("a" * 1000)) == 60


def test_broadcastable_names_every_shape():
    assert _checks.broadcastable(w0=(3, 1), alpha=(4,)) == (3, 4)
    with pytest.raises(ValueError, match=r"do not fit together: w0 \(3,\), alpha \(4,\)"):
        _checks.broadcastable(w0=(3,), alpha=(4,))


def test_messages_stay_short():
    with pytest.raises(ValueError) as error:
        _checks.positive("tau", np.linspace(-1, 1, 1000))
    assert len(str(error.value)) < 90


def test_computed_is_finite_and_silent():
    assert _checks.computed("R", np.add, 1, 2) == 3
    with pytest.raises(ValueError, match="R is beyond the range"):
        _checks.computed("R", np.multiply, np.float64(1e200), np.float64(1e200))
