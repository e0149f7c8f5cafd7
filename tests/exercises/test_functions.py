"""Functions that readers write: the right ones pass, each mistake gets its very own hint."""

import numpy as np
import pytest

import lazylib as lazy
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


def step(w, f, df, y, alpha, step, scale=1.0):
    return w - scale * step / alpha * df.T @ (alpha * f - y) / len(y)


DESCENT_STEP = [  # Eq. (5), discretized Eq. (6)
    (lambda w, f, df, y, alpha, h: w - h / alpha * df.T @ (alpha * f - y) / len(y), "Right."),
    (lambda *case: step(*case)[:, None], "Right."),
    (lambda *case: step(*case, scale=-1), "wrong sign"),
    (lambda *case: step(*case, scale=len(case[3])), "where is 1/n"),
    (lambda *case: step(*case, scale=2), "the factor ½"),
    (lambda w, f, df, y, a, h: w - h / a * df.T @ (f - y) / len(y), "its residual"),
    (lambda *case: step(*case, scale=case[4]), "gives back one α"),
    (lambda *case: step(*case, scale=case[4] ** 2), "divides by α²."),
    (lambda *case: step(*case, scale=1 / case[4]), "αf changes by α Df_w"),
    (lambda *case: step(*case) - case[0], "that is the step"),
    (lambda w, f, df, y, a, h: w - h / a * df @ (a * f - y) / len(y), "raises ValueError"),
]


def projected(df, v):
    return df @ np.linalg.lstsq(df, v)[0]


TANGENT_END = [
    (lambda df, f, y, alpha: alpha * f + projected(df, y - alpha * f), "Right."),
    (lambda df, f, y, alpha: y, "can a plane reach them"),
    (lambda df, f, y, alpha: df @ df.T @ y, "no projection"),
    (lambda df, f, y, alpha: projected(df, y), "goes through αf(w₀)"),
    (lambda df, f, y, alpha: f + projected(df, y - f), "αf, not f"),
    (lambda df, f, y, alpha: projected(df, y - alpha * f), "what comes on top"),
    (lambda df, f, y, alpha: alpha * f + projected(df, y), "fits ỹ, not y"),
    (lambda df, f, y, alpha: np.linalg.lstsq(df, (y - alpha * f) / alpha)[0], "parameters"),
    (lambda df, f, y, alpha: np.linalg.lstsq(df, y), "numbers are expected"),
]


def eq_4(x, y):
    return [k[0, 0] for k in lazy.limit_kernels(x[None], y[None])]


def by_angle(x, y, degrees=False, swapped=False):
    lengths = np.linalg.norm(x) * np.linalg.norm(y)
    phi = np.arccos(x @ y / lengths)
    rest, cos, sin = np.pi - (np.degrees(phi) if degrees else phi), np.cos(phi), np.sin(phi)
    by_b = rest * sin + cos if swapped else rest * cos + sin
    return (x @ y * rest + lengths * by_b) / (2 * np.pi)


KERNEL_OF_TWO = [
    (lambda x, y: sum(eq_4(x, y)), "Right."),
    (lambda x, y: [[sum(eq_4(x, y))]], "Right."),
    (lambda x, y: eq_4(x, y)[0], "that is k(a)"),
    (lambda x, y: eq_4(x, y)[1], "that is k(b)"),
    (lambda x, y: sum(eq_4(x / np.linalg.norm(x), y / np.linalg.norm(y))), "the lengths"),
    (lambda x, y: 2 * np.pi * sum(eq_4(x, y)), "divides by 2π."),
    (lambda x, y: 2 * sum(eq_4(x, y)), "not by π"),
    (lambda x, y: np.pi * sum(eq_4(x, y)), "not by 2."),
    (lambda x, y: eq_4(x, y)[0] + eq_4(x, y)[1] / len(x), "cancels the d"),
    (lambda x, y: by_angle(x, y, degrees=True), "φ is in radians"),
    (lambda x, y: by_angle(x, y, swapped=True), "changed places"),
]


def singular(df, k=-1):
    return np.linalg.svd(df, compute_uv=False)[k]


THEOREM_RADIUS = [  # M of Theorem 3.2
    (lambda df, bend, k: singular(df) ** 3 / (32 * k**1.5 * norm(df) * bend), "Right."),
    (lambda df, bend, k: 32 * k**1.5 * norm(df) * bend / singular(df) ** 3, "wrong way round"),
    (lambda df, bend, k: singular(df) ** 3 / (32 * norm(df) * bend), "where does κ stand"),
    (lambda df, bend, k: singular(df) ** 3 / (32 * k * norm(df) * bend), "κ has a power"),
    (lambda df, bend, k: singular(df) ** 3 / (32 * k**0.5 * norm(df) * bend), "before the bound"),
    (lambda df, bend, k: singular(df) / (32 * k**1.5 * norm(df) * bend), "σ_min has a power"),
    (lambda df, bend, k: singular(df) ** 2 / (32 * k**1.5 * norm(df) * bend), "that power"),
    (lambda df, bend, k: singular(df) ** 3 / (k**1.5 * norm(df) * bend), "a plain number"),
    (
        lambda df, bend, k: singular(df) ** 3 / (32 * k**1.5 * np.linalg.norm(df) * bend),
        "not Frobenius",
    ),
    (lambda df, bend, k: norm(df) ** 2 / (32 * k**1.5 * bend), "σ_min is the smallest"),
    (lambda df, bend, k: singular(df) ** 3 / (32 * k**1.5 * norm(df)), "where does L_Df stand"),
]


def neurons(a, c, value=lambda phi: np.sin(phi) + (np.pi - phi) * np.cos(phi)):
    lengths = np.linalg.norm(a) * np.linalg.norm(c)
    return lengths * value(np.arccos(a @ c / lengths)) / (2 * np.pi * len(a))


NEURON_PRODUCT = [  # the arc-cosine kernel of order 1, between neurons
    (neurons, "Right."),
    (lambda a, c: neurons(a, c) * len(a), "where does d stand"),
    (lambda a, c: neurons(a, c) * 2 * np.pi, "full angle"),
    (lambda a, c: neurons(a, c) * 2, "half of the circle"),
    (lambda a, c: neurons(a / np.linalg.norm(a), c / np.linalg.norm(c)), "the lengths"),
    (
        lambda a, c: neurons(
            a, c, lambda p: np.sin(np.degrees(p)) + (np.pi - np.degrees(p)) * np.cos(np.degrees(p))
        ),
        "radians",
    ),
    (lambda a, c: neurons(a, c, lambda p: (np.pi - p) * np.cos(p)), "sin φ"),
    (lambda a, c: neurons(a, c, lambda p: np.sin(p) - p * np.cos(p)), "π − φ, not φ"),
    (lambda a, c: neurons(a, c, lambda p: (np.pi - p) * np.cos(p) - np.sin(p)), "the sign"),
]


def largest(K):
    return np.linalg.eigvalsh(K)[-1]


LARGEST_STEP = [  # stable up to 2/λ_max of the Hessian K/n of a quadratic loss
    (lambda K: 2 * len(K) / largest(K), "Right."),
    (lambda K: 2 / largest(K), "a mean over the n points"),
    (lambda K: len(K) / largest(K), "how much larger"),
    (lambda K: 4 * len(K) / largest(K), "beyond that it diverges"),
    (lambda K: 2 * len(K) / np.linalg.eigvalsh(K)[0], "unstable first"),
    (lambda K: 2 * len(K) / np.trace(K), "sum of all eigenvalues"),
    (lambda K: 2 * len(K) / np.linalg.norm(K), "Frobenius"),
    (lambda K: largest(K) / (2 * len(K)), "wrong way round"),
]


def left(f0, f, step):
    return np.linalg.norm(f - f0 - step) / np.linalg.norm(f - f0)


def both(f0, f, step):
    return np.linalg.norm(step) / np.linalg.norm(f - f0)


EXPLAINED_PART = [  # as `laziness_report` has it
    (lambda *case: 1 - left(*case) ** 2, "Right."),
    (lambda *case: left(*case) ** 2, "that is left"),
    (lambda *case: 1 - left(*case), "squares of lengths"),
    (lambda *case: both(*case) ** 2, "explains less"),
    (both, "leave over"),
    (lambda f0, f, step: 1 - left(0 * f0, f, step) ** 2, "what of f(w₀)"),
    (lambda f0, f, s: 1 - np.sum((f - f0 - s) ** 2) / np.sum(f**2), "relative to the change"),
    (lambda f0, f, s: 1 - np.sum((f - f0 - s) ** 2) / np.sum(s**2), "which of the two"),
    (lambda f0, f, s: ((f - f0) @ s) ** 2 / ((s @ s) * np.sum((f - f0) ** 2)), "an angle"),
    (lambda f0, f, s: 1 - np.var(f - f0 - s) / np.var(f - f0), "no mean comes off"),
]
TABLE = {
    "descent_step": DESCENT_STEP,
    "tangent_end": TANGENT_END,
    "kernel_of_two": KERNEL_OF_TWO,
    "theorem_radius": THEOREM_RADIUS,
    "rule_of_thumb": RULE_OF_THUMB,
    "error_over_constant": ERROR_OVER_CONSTANT,
    "neuron_product": NEURON_PRODUCT,
    "largest_step": LARGEST_STEP,
    "explained_part": EXPLAINED_PART,
}
ROWS = [(check, *row) for check, rows in TABLE.items() for row in rows]


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
        (lambda *_: "much", "expected"),
        (lambda *_: np.nan, "finite"),
        (lambda *_: (1, [2, 3]), "expected"),
        (lambda *_: {}, "expected"),
        (lambda *_: print, "expected"),
        (lambda *_: 1j, "expected"),
        (lambda *_: np.ones((2, 3, 4)), "expected"),
        (lambda *_: 1e9, "Not yet"),
        (type("Odd", (), {}), "raises TypeError"),
    ],
)
@pytest.mark.parametrize("check", TABLE)
def test_whatever_the_function_does_the_check_answers_in_words(check, written, says, capsys):
    getattr(exercises, check)(written)
    (line,) = capsys.readouterr().out.splitlines()
    assert says in line and line.startswith(("Not yet: ", "Your turn"))


@pytest.mark.parametrize(
    ("written", "says"),
    [
        (lambda *_: "much", "a number is expected"),
        (lambda *_: (1, [2, 3]), "a number is expected"),
        (lambda *_: 1e9, "too large"),
    ],
)
@pytest.mark.parametrize("check", ["rule_of_thumb", "error_over_constant", "explained_part"])
def test_where_a_number_is_due_that_is_said_and_on_which_side_it_lies(check, written, says, capsys):
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
