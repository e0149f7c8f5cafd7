"""Exercises of notebooks 06 and 07: their solutions are right, likely mistakes get a hint."""

from pathlib import Path

import pytest

from lazylib import exercises
from lazylib.experiments import load
from lazylib.widgets import explore_generalization, explore_population

DATA = Path(__file__).parents[2] / "notebooks" / "data"


@pytest.mark.parametrize(
    ("answer", "says"), [(4, "Right"), (2, "t/α;"), (1, "which clock"), (0.25, "wrong way")]
)
def test_clock_factor(answer, says, capsys):
    exercises.clock_factor(answer)
    assert says in capsys.readouterr().out


@pytest.mark.parametrize(
    ("answer", "says"),
    [(15.4, "Right"), (15, "Right"), (18, "first decades"), (4.5, "α = 10"), (2.5e15, "decades")],
)
def test_decades_for_alpha(answer, says, capsys):
    exercises.decades_for_alpha(answer)
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
