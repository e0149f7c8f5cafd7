"""Every row of every exercise: its answer is right, each mistake gets its very own hint."""

import re
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest

from lazylib import exercises
from lazylib.exercises import course
from lazylib.exercises.answers import slips
from lazylib.exercises.checks import NUMBERS
from lazylib.widgets import explore_neurons, explore_surface

ROWS = [(n, row[1], "Right.") for n, row in NUMBERS.items()]
ROWS += [(n, wrong, f"Not yet: {hint}") for n, row in NUMBERS.items() for wrong, hint in row[2]]


@pytest.mark.parametrize(("name", "answer", "printed"), ROWS)
def test_each_answer_prints_its_very_hint(name, answer, printed, capsys):
    getattr(exercises, name)(answer)
    assert capsys.readouterr().out == printed + "\n"


def slips_of(name):
    """Yield slips of a row that are neither its answer nor one of its own mistakes."""
    _, right, hints, *given = NUMBERS[name]
    (within,) = given or [0.05]
    for wrong, _ in slips(right):
        known = [right, *(value for value, _ in hints)]
        if np.isfinite(wrong) and all(abs(wrong / each - 1) > within for each in known):
            hint = next(h for w, h in slips(right) if abs(w - wrong) <= within * abs(w))
            yield float(wrong), f"Not yet: {hint}"


SLIPS = [(name, *slip) for name in NUMBERS for slip in slips_of(name)]


@pytest.mark.parametrize(("name", "answer", "printed"), SLIPS)
def test_a_common_slip_is_named_in_every_exercise(name, answer, printed, capsys):
    """A sign, an inverse, a factor of 2 or π, a root or a square, degrees."""
    getattr(exercises, name)(answer)
    assert capsys.readouterr().out == printed + "\n"


@pytest.mark.parametrize("name", NUMBERS)
def test_what_is_no_known_mistake_is_sent_to_the_source(name, capsys):
    """That a number is too small is no hint by itself."""
    getattr(exercises, name)(NUMBERS[name][1] + 12345678)
    (source,) = re.findall(r"\(([^()]*(?:\([^()]*\))?[^()]*)\)\.$", NUMBERS[name][0])
    assert capsys.readouterr().out == f"Not yet: too large; what does {source} say?\n"


VECTOR = np.array([1.0, -2.0, 4.0])
VECTORS = [
    (VECTOR[::-1], "the right numbers in reversed order."),
    (-VECTOR, "the right size, the wrong sign."),
    (3 * VECTOR, "a mean is asked for: where is 1/n?"),
    (VECTOR / 3, "that is divided by n once too often."),
    (VECTOR * np.pi, "a factor of π is too much."),
    (np.degrees(VECTOR), "that is in degrees; radians are asked for."),
    (VECTOR + 1, "the shape is right, the values are not."),
    (VECTOR[:2], "an array of shape (3,) is expected, got (2,)."),
    (VECTOR[None], None),
    (VECTOR[:, None], None),
]


@pytest.mark.parametrize(("answer", "hint"), VECTORS)
def test_slips_with_arrays_are_named(answer, hint):
    assert exercises.vector(answer, VECTOR) == hint


def test_a_transposed_matrix_is_named():
    right = np.arange(6.0).reshape(2, 3)
    assert exercises.vector(right.T, right) == "the right numbers, but transposed."


@pytest.mark.parametrize("answer", ["1/10", " 0.1", "1e-1", Fraction(1, 10), Decimal("0.1"), [0.1]])
def test_a_number_may_be_written_as_the_solution_prints_it(answer):
    assert exercises.number(answer, 0.1) is None


def test_a_panel_that_is_closed_or_another_one_is_told_so(capsys):
    panel = explore_surface()
    exercises.in_between(panel)
    panel = explore_neurons()
    panel.close()
    exercises.in_between(panel)
    expected = [
        "the panel of this exercise is expected.",
        "the panel is closed; run its cell again.",
    ]
    assert capsys.readouterr().out.splitlines() == [f"Not yet: {hint}" for hint in expected]


ODD = [(1, 2), [[1], [1, 2]], "x", np.nan, 1j, np.ones(5), len, object(), {}, np.array("a"), True]
ODD += [[], "", "1/0", b"3", -np.inf, 10**400, range(3), [None], np.array(None), np.ma.masked]
FUNCTIONS = ["descent_step", "tangent_end", "kernel_of_two", "theorem_radius"]
FUNCTIONS += ["rule_of_thumb", "error_over_constant", "neuron_product", "largest_step"]
FUNCTIONS += ["explained_part"]
PANELS = ["in_between", "wide_enough", "before_the_features", "below_and_falling"]
PANELS += ["lazy_but_bent"]


@pytest.mark.parametrize("answer", ODD, ids=lambda odd: type(odd).__name__)
def test_no_answer_makes_a_check_raise(answer, capsys):
    """Whatever is given, the check says in words what is expected."""
    y = np.arange(3.0)
    for name in (*NUMBERS, *FUNCTIONS, *PANELS):
        getattr(exercises, name)(answer)
    exercises.shifted_labels(answer, 2.0, y, y + 1)
    for check in course.__dict__.values():
        if getattr(check, "__module__", "") == course.__name__ and check.__name__[0] != "_":
            check(answer)
    out = capsys.readouterr().out.splitlines()
    assert len(out) == len(NUMBERS) + len(FUNCTIONS) + len(PANELS) + 1 + 5
    assert all(line.startswith("Not yet: ") for line in out)


def test_every_check_is_tried():
    names = {*NUMBERS, *FUNCTIONS, *PANELS, "shifted_labels"}
    names |= {"function", "number", "say", "unanswered", "vector"}  # what they are made of
    assert names == set(exercises.__all__)


def test_a_row_or_a_column_is_a_vector(capsys):
    y = np.arange(3.0)
    for answer in (y[None], y[:, None], y.tolist()):
        exercises.shifted_labels(answer, 2.0, np.zeros(3), y)
    exercises.doubling_slope(np.array(-2))
    assert capsys.readouterr().out == "Right.\n" * 4
