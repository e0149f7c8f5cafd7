"""The five exercises without published solutions: what each check lets pass, and what it says."""

import numpy as np
import pytest

import lazylib as lazy
from lazylib.exercises import course
from lazylib.experiments.plane import plane_setting, plane_weights

NET = lazy.TwoLayer(2, 20)
KERNEL = lazy.tangent_kernel(NET, plane_weights(NET, 2.0), plane_setting(n=15)[1].x)
VALUES, VECTORS = np.linalg.eigh(KERNEL)


def doubled(w, m, d, keep=1.0):
    a, b = lazy.TwoLayer(d, m).unpack(w)
    return np.concatenate([a.ravel(), a.ravel(), keep * b, -keep * b])


def foretold(kernel, y, t):
    values, vectors = np.linalg.eigh(kernel)
    return vectors @ ((1 - np.exp(-values * t / len(y))) * (vectors.T @ y))


def degree(k):
    return lambda x: np.cos(k * np.arctan2(x[:, 1], x[:, 0]))


ANSWERS = [
    (course.smallest_lazy_scale, None, "Your turn"),
    (course.smallest_lazy_scale, 10, "at this α the displacement is 0.46: not lazy yet."),
    (course.smallest_lazy_scale, 100, "a tenth less is lazy, too (displacement 0.059)."),
    (course.smallest_lazy_scale, [1, 2], "a number is expected"),
    (course.smallest_lazy_scale, -1, "which values of α does it offer?"),
    (course.never_learnt, VECTORS[:, 0], "Right."),
    (course.never_learnt, VECTORS[:, -1], "these are learnt first of all"),
    (course.never_learnt, VECTORS[:, 8], "the kernel still sees them"),
    (course.never_learnt, np.zeros(15), "labels that are all 0 are learnt before"),
    (course.never_learnt, [[1], [2, 3]], "a label for each of the fifteen points is expected"),
    (course.doubled, doubled, "Right."),
    (course.doubled, lambda w, m, d: np.concatenate([w, w]), "is not the function 0"),
    (course.doubled, lambda w, m, d: doubled(w, m, d, 0.0), "its kernel is another one"),
    (course.doubled, lambda w, m, d: w, "finite numbers of shape (18,)"),
    (course.doubled, lambda w: w, "your function raises TypeError"),
    (course.foretold, foretold, "Right."),
    (course.foretold, lambda k, y, t: foretold(k, y, t * len(y)), "where is 1/n?"),
    (course.foretold, lambda k, y, t: foretold(-k, y, t), "the predictions do not follow df/dt"),
    (course.foretold, lambda k, y, t: y, "at t = 0 nothing has been learnt"),
    (course.unseen, degree(3), "Right."),
    (course.unseen, degree(1), "the kernel k(a) still sees"),
    (course.unseen, degree(2), "the kernel k(a) still sees"),
    (course.unseen, degree(0.0), "the kernel k(a) still sees"),
    (course.unseen, lambda x: 0 * x[:, 0], "nobody can see the function 0"),
    (course.unseen, 7, "a function is expected"),
]


@pytest.mark.parametrize(("check", "answer", "said"), ANSWERS)
def test_a_check_of_the_course_says_what_an_answer_does(check, answer, said, capsys):
    check(answer)
    assert said in capsys.readouterr().out


def test_the_smallest_lazy_scale_is_right_within_a_tenth(capsys):
    """From some α on the check says right, until a tenth less is lazy too."""
    said = []
    for alpha in np.geomspace(30, 80, 40):
        course.smallest_lazy_scale(alpha)
        said.append(capsys.readouterr().out.startswith("Right"))
    right = np.flatnonzero(said)
    assert right.size and (np.diff(right) == 1).all()
    assert 3 <= right.size <= 6, "a tenth in α: four steps of a fortieth of log(80/30)"
