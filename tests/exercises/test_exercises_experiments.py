"""Exercises of notebooks 06 and 07: their solutions are right, likely mistakes get a hint."""

from pathlib import Path

import pytest

from lazylib import exercises
from lazylib.experiments import load
from lazylib.widgets import explore_generalization, explore_population

DATA = Path(__file__).parents[2] / "notebooks" / "data"


@pytest.mark.parametrize(("answer", "says"), [(200_000, "Right"), (20_000, "1/√n"), (6325, "√")])
def test_samples_for_a_tenth(answer, says, capsys):
    exercises.samples_for_a_tenth(answer)
    assert says in capsys.readouterr().out


@pytest.mark.parametrize(
    ("answer", "says"),
    [("tangent minimum", "Right"), ("plateau", "least"), ("global minimum", "hardly moves")],
)
def test_ten_times_as_long(answer, says, capsys):
    exercises.ten_times_as_long(answer)
    assert says in capsys.readouterr().out


def test_before_the_features_leads_from_either_side(capsys):
    panel = explore_generalization(load(DATA / "generalization.jsonl"))
    for tau, says in ((0.1, "which way is active"), (0.01, "go back"), (10**-1.4, "Right")):
        panel.state = {"tau": tau}
        exercises.before_the_features(panel)
        assert says in capsys.readouterr().out


def test_below_and_falling_leads_from_either_side(capsys):
    panel = explore_population(load(DATA / "underparameterized.jsonl"))
    cases = ((8.0, 1000, "smaller τ"), (0.01, 2000, "settled"), (10**-0.9, 2000, "Right"))
    for tau, steps, says in cases:
        panel.state = {"tau": tau, "steps": steps}
        exercises.below_and_falling(panel)
        assert says in capsys.readouterr().out
