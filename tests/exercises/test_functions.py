"""Functions that readers write: the right ones pass, each mistake gets its very own hint."""

import numpy as np
import pytest

from lazylib import exercises


def norm(df):
    return np.linalg.norm(df, 2)


RULE_OF_THUMB = [  # Eq. (7): ‖T_f(w*) − f(w₀)‖ over ‖Df‖²/L_Df
    (lambda df, f, y, bend: np.linalg.norm(y - f) / (norm(df) ** 2 / bend), "Right."),
    (lambda df, f, y, bend: [[np.linalg.norm(y - f) / (norm(df) ** 2 / bend)]], "Right."),
    (lambda df, f, y, bend: norm(df) ** 2 / bend / np.linalg.norm(y - f), "wrong way round"),
    (lambda df, f, y, bend: np.linalg.norm(y - f) / (np.sum(df**2) / bend), "operator norm"),
    (lambda df, f, y, bend: np.linalg.norm(y - f) / (norm(df) / bend), "square of ‖Df‖"),
    (lambda df, f, y, bend: np.linalg.norm(y) / (norm(df) ** 2 / bend), "what of f(w₀)"),
    (lambda df, f, y, bend: np.linalg.norm(y + f) / (norm(df) ** 2 / bend), "which sign"),
    (lambda df, f, y, bend: np.linalg.norm(y - f) / norm(df) ** 2, "where does L_Df stand"),
    (lambda df, f, y, bend: np.linalg.norm(y - f) / (norm(df) ** 2 * bend), "L_Df divides"),
    (lambda df, f, y, bend: (np.linalg.norm(y - f) * bend / norm(df) ** 2) ** 2, "not squares"),
]
ERROR_OVER_CONSTANT = [
    (lambda f, y: np.mean((f - y) ** 2) / np.mean((y - y.mean()) ** 2), "Right."),
    (lambda f, y: np.mean((f - y) ** 2) / np.mean(y**2), "not the best"),
    (lambda f, y: np.mean((f - y) ** 2) / 2 / np.var(y), "factor ½"),
    (lambda f, y: np.var(y) / np.mean((f - y) ** 2), "wrong way round"),
    (lambda f, y: (np.mean((f - y) ** 2) / np.var(y)) ** 0.5, "no root"),
    (lambda f, y: np.mean((f - y) ** 2) / np.var(y, ddof=1), "n − 1"),
    (lambda f, y: np.mean((f - y) ** 2), "relative to what"),
    (lambda f, y: np.mean((f - y) ** 2) / np.std(y), "a square too"),
]
ROWS = [("rule_of_thumb", *row) for row in RULE_OF_THUMB]
ROWS += [("error_over_constant", *row) for row in ERROR_OVER_CONSTANT]


@pytest.mark.parametrize(("check", "written", "says"), ROWS)
def test_each_function_gets_its_very_hint(check, written, says, capsys):
    getattr(exercises, check)(written)
    (line,) = capsys.readouterr().out.splitlines()
    assert says in line and line.startswith("Right." if says == "Right." else "Not yet: ")


@pytest.mark.parametrize(
    ("written", "says"),
    [
        (None, "Your turn"),
        (lambda *_: None, "Your turn"),
        (3.0, "a function is expected, got 3.0"),
        (lambda: 1, "raises TypeError"),
        (lambda *_: 1 / 0, "raises ZeroDivisionError: division by zero"),
        (lambda *_: "much", "a number is expected"),
        (lambda *_: np.nan, "finite"),
        (lambda *_: (1, [2, 3]), "a number is expected"),
        (lambda *_: 1e9, "too large"),
    ],
)
@pytest.mark.parametrize("check", ["rule_of_thumb", "error_over_constant"])
def test_whatever_the_function_does_the_check_answers_in_words(check, written, says, capsys):
    getattr(exercises, check)(written)
    (line,) = capsys.readouterr().out.splitlines()
    assert says in line


def test_a_function_gets_copies_and_may_return_an_array(capsys):
    x = np.arange(3.0)

    def double(x):
        x *= 2
        return x

    for wrong, says in ((double, "Right."), (lambda x: x, "once"), (lambda x: x[:2], "shape")):
        exercises.function(wrong, lambda x: 2 * x, [(x,), (x + 1,)], [(lambda x: x, "once")])
        assert says in capsys.readouterr().out
    assert x.tolist() == [0, 1, 2]
