"""Exercises: their own solutions are right, likely mistakes get their own hint."""

import numpy as np
import pytest

from lazylib import exercises
from lazylib.widgets import explore_neurons


def test_an_unanswered_exercise_says_so_and_raises_nothing(capsys):
    exercises.equivalent_alpha(None)
    exercises.shifted_labels(..., 2.0, np.ones(3), np.ones(3))
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


def test_in_between_leads_from_either_side(capsys):
    panel = explore_neurons()
    for tau, says in ((0.1, "which way is lazy"), (2.0, "go back"), (0.4, "Right")):
        panel.state = {"tau": tau}
        exercises.in_between(panel)
        assert says in capsys.readouterr().out
    panel._compute = lambda **_: 1 / 0
    with pytest.raises(ZeroDivisionError):
        panel.state = {"m": 22}
    exercises.in_between(panel)
    assert "shows an error" in capsys.readouterr().out


def test_notebook_02_accepts_its_solutions_and_hints_at_mistakes(capsys):
    """Theorem 3.2's rate, the labels of Section 2.1."""
    rng = np.random.default_rng(0)
    y, start = rng.standard_normal(3), rng.standard_normal(3)
    for answer, says in ((10, "Right"), (100, "1/√α"), (10**0.5, "1/α²"), (0.1, "wrong way")):
        exercises.ten_times_closer(answer)
        assert says in capsys.readouterr().out
    for answer, says in (
        (y - 5 * start, "Right"),
        (y, "does not predict 0"),
        (y - start, "αf"),
        (y + 5 * start, "sign"),
    ):
        exercises.shifted_labels(answer, 5, start, y)
        assert says in capsys.readouterr().out


def test_notebook_03_accepts_its_solutions_and_hints_at_mistakes(capsys):
    """The rate 1/√m, the diagonal of Eq. (4), the number of harmonics."""
    for check, answers in (
        (exercises.width_for_half_the_error, {4: "Right", 2: "1/m", 2**0.5: "solve", 0.25: "way"}),
        (
            exercises.kernel_on_the_diagonal,
            {0.5: "Right", 0.01: "1/√m", 0.25: "both", 50: "τ²", 5: "squared", 0.005: "mean"},
        ),
        (
            exercises.samples_for_degree_two,
            {5150: "Right", 5049: "alone", 100: "1", 101: "0 and 1", 5: "three dimensions"},
        ),
    ):
        for answer, says in answers.items():
            check(answer)
            assert says in capsys.readouterr().out
        check(None)
        assert "Your turn" in capsys.readouterr().out


def test_the_answers_of_notebook_03_are_the_library_s():
    """What the checks expect is what the package computes."""
    import lazylib as lz

    x = lz.sphere(np.random.default_rng(1), 1, 7)
    limit = 50 * sum(lz.limit_kernels(x, mean_b2=0.01, mean_a2=0.07))
    assert limit[0, 0] == pytest.approx(0.5, rel=1e-14)
    assert lz.multiplicities(100, 2).sum() == 5150
