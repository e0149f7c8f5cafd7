"""Exercises: their own solutions are right, likely mistakes get their own hint."""

import numpy as np
import pytest

from lazylib import exercises
from lazylib.widgets import explore_neurons


def test_an_unanswered_exercise_says_so_and_raises_nothing(capsys):
    exercises.equivalent_alpha(None)
    exercises.tenfold_alpha(..., np.array([1.0, 0.1]))
    assert capsys.readouterr().out.count("Your turn") == 2


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (9, "Right"),
        (8.9, "Right"),
        (3, "degree"),
        (1 / 9, "wrong way"),
        (27, "factors"),
        (20, "too large"),
        (1, "too small"),
        ("nine", "a number is expected"),
        (float("nan"), "finite"),
    ],
)
def test_equivalent_alpha(answer, says, capsys):
    exercises.equivalent_alpha(answer)
    assert says in capsys.readouterr().out


@pytest.mark.parametrize(
    ("answer", "says"), [(0.1, "Right"), (10, "wrong way"), (1, "steeper"), (0.31, "α = τ²")]
)
def test_tenfold_alpha(answer, says, capsys):
    exercises.tenfold_alpha(answer, np.array([0.02, 0.002]))
    assert says in capsys.readouterr().out


def test_in_between_leads_from_either_side(capsys):
    panel = explore_neurons()
    for tau, says in ((0.1, "which way is lazy"), (2.0, "go back"), (0.4, "Right")):
        panel.state = {"tau": tau}
        exercises.in_between(panel)
        assert says in capsys.readouterr().out
    panel.state = {"m": 21}
    exercises.in_between(panel)
    assert "shows an error" in capsys.readouterr().out
