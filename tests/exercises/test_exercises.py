"""Exercises: their own solutions are right, likely mistakes get their own hint."""

import re

import numpy as np
import pytest

from lazylib import exercises
from lazylib.widgets import explore_neurons


def test_an_unanswered_exercise_says_so_and_raises_nothing(capsys):
    exercises.equivalent_alpha(None)
    exercises.shifted_labels(..., 2.0, np.ones(3), np.ones(3))
    assert capsys.readouterr().out.count("Your turn") == 2


@pytest.mark.parametrize(
    ("answer", "printed"),
    [
        (8.9, "Right."),
        ("nine", "Not yet: a number is expected, got 'nine'."),
        (float("nan"), "Not yet: the number must be finite."),
        ([9, 9], "Not yet: a number is expected, got [9, 9]."),
        (5, "Not yet: too small; what does Section 4.2.1 say?"),
    ],
)
def test_what_is_not_quite_a_number_is_told_apart(answer, printed, capsys):
    exercises.equivalent_alpha(answer)
    assert capsys.readouterr().out == printed + "\n"


def test_in_between_leads_from_either_side(capsys):
    """Figures 1(a) and 1(b) are its two ends."""
    panel = explore_neurons()
    for tau, printed in (
        (0.1, r"Not yet: with a displacement of 2\.\d\d this is active; which way is lazy\?"),
        (2.0, r"Not yet: with a displacement of 0\.0\d this is lazy already; go back a little\."),
        (0.4, r"Right\."),
    ):
        panel.state = {"tau": tau}
        exercises.in_between(panel)
        assert re.fullmatch(printed, capsys.readouterr().out.strip())
    panel._compute = lambda **_: 1 / 0
    with pytest.raises(ZeroDivisionError):
        panel.state = {"m": 22}
    exercises.in_between(panel)
    printed = "Not yet: the panel shows an error; move its sliders back first.\n"
    assert capsys.readouterr().out == printed


Y, START = np.array([1.7, 0.5, -0.3]), np.array([0.2, -0.1, 0.3])


@pytest.mark.parametrize(
    ("answer", "printed"),
    [
        (Y - 5 * START, "Right."),
        ("0.7 1. -1.8", "Not yet: numbers are expected, got '0.7 1. -1.8'."),
        ([0.7, 1.0, -1.8], "Right."),  # as the solution prints it
        (Y, "Not yet: at t = 0 the model does not predict 0."),
        (Y - START, "Not yet: the model is αf, not f."),
        (Y + 5 * START, "Not yet: the right quantities, the wrong sign."),
        ((Y - 5 * START)[::-1], "Not yet: the right numbers in reversed order."),
        (np.zeros((3, 2)), "Not yet: an array of shape (3,) is expected, got (3, 2)."),
    ],
)
def test_shifted_labels(answer, printed, capsys):
    """Section 2.1: what αf predicts at w₀ comes off the labels."""
    exercises.shifted_labels(answer, 5, START, Y)
    assert capsys.readouterr().out == printed + "\n"


def test_the_answers_of_notebook_03_are_the_library_s():
    """What the checks expect is what the package computes."""
    import lazylib as lz

    x = lz.sphere(np.random.default_rng(1), 1, 7)
    limit = 50 * sum(lz.limit_kernels(x, mean_b2=0.01, mean_a2=0.07))
    assert limit[0, 0] == pytest.approx(0.5, rel=1e-14)
    assert lz.multiplicities(100, 2).sum() == 5150
