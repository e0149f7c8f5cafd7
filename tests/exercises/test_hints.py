"""Every row of every exercise: its answer is right, each mistake gets its very own hint."""

import numpy as np
import pytest

from lazylib import exercises
from lazylib.exercises.checks import NUMBERS, WORDS

ROWS = [(n, row[1], "Right.") for n, row in NUMBERS.items()]
ROWS += [(n, wrong, f"Not yet: {hint}") for n, row in NUMBERS.items() for wrong, hint in row[3]]
ROWS += [(n, row[1], "Right.") for n, row in WORDS.items()]
ROWS += [(n, w, f"Not yet: {hint}") for n, row in WORDS.items() for w, hint in row[2].items()]


@pytest.mark.parametrize(("name", "answer", "printed"), ROWS)
def test_each_answer_prints_its_very_hint(name, answer, printed, capsys):
    getattr(exercises, name)(answer)
    assert capsys.readouterr().out == printed + "\n"


ODD = [(1, 2), [[1], [1, 2]], "x", np.nan, 1j, np.ones(5), len, object(), {}, np.array("a"), True]


@pytest.mark.parametrize("answer", ODD, ids=lambda odd: type(odd).__name__)
def test_no_answer_makes_a_check_raise(answer, capsys):
    """Whatever is given, the check says in words what is expected."""
    y = np.arange(3.0)
    for name in [*NUMBERS, *WORDS]:
        getattr(exercises, name)(answer)
    exercises.shifted_labels(answer, 2.0, y, y + 1)
    exercises.tangent_limit(answer, np.eye(3)[:, :2], y)
    exercises.tenfold_alpha(answer, [0.5, 0.05])
    panels = ("in_between", "wide_enough", "before_the_features", "below_and_falling")
    for name in panels:
        getattr(exercises, name)(answer)
    out = capsys.readouterr().out.splitlines()
    assert len(out) == len(NUMBERS) + len(WORDS) + 3 + len(panels)
    assert all(line.startswith("Not yet: ") for line in out)


def test_a_row_or_a_column_is_a_vector(capsys):
    y = np.arange(3.0)
    for answer in (y[None], y[:, None], y.tolist()):
        exercises.shifted_labels(answer, 2.0, np.zeros(3), y)
    exercises.doubling_slope(np.array(-2))
    assert capsys.readouterr().out == "Right.\n" * 4
