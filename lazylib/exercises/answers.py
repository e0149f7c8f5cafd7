"""What all checks share: an answer gets "right", or a hint that leads one step on."""

import copy
import functools
from decimal import Decimal
from fractions import Fraction

import numpy as np

from lazylib import _checks


class Wrong(Exception):
    """What is wrong with an answer, in words."""


def say(verdict):
    """Print a verdict: None is right, anything else is the hint to give.

    Examples
    --------
    >>> from lazylib import exercises
    >>> exercises.say("which way is lazy?")
    Not yet: which way is lazy?
    """
    print("Right." if verdict is None else f"Not yet: {verdict}")


def unanswered(*answers):
    """Say so, and return True, if an answer is still the ``None`` or ``...`` of the exercise.

    Examples
    --------
    >>> from lazylib import exercises
    >>> exercises.unanswered(0.5)
    False
    """
    missing = any(answer is None or answer is ... for answer in answers)
    if missing:
        print("Your turn: put your answer in place of None.")
    return missing


def judged(judge):
    """Make the check of a function that is content with an answer, or raises what is `Wrong`."""

    @functools.wraps(judge)
    def check(answer):
        if unanswered(answer):
            return
        try:
            judge(answer)
        except Wrong as wrong:
            say(str(wrong))
        else:
            say(None)

    return check


def number(answer, expected, hints=(), within=0.05, see="the text above"):
    """Return None if ``answer`` is within a relative ``within`` of ``expected``, else a hint.

    Parameters
    ----------
    answer, expected : float
        An answer may be a word such as "1/10".
    hints : list of (float, str)
        Hints for likely mistakes: the wrong value, and what to think of. Slips that happen
        everywhere, such as a wrong sign, are known.
    within : float
    see : str
        Where to look, if the answer is none of these.

    Examples
    --------
    >>> from lazylib import exercises
    >>> exercises.number("1/4", 4)
    'the right size, the wrong way round: its inverse is asked for.'
    """
    try:
        value = numbers(answer, "a number is")
        if value.size != 1:
            raise Wrong(f"a number is expected, got {_checks.shown(answer)}.")
    except Wrong as wrong:
        return str(wrong)
    value = value.item()

    def close(target):
        return abs(value - target) <= within * max(abs(target), 1e-12)

    otherwise = f"too {'large' if value > expected else 'small'}; what does {see} say?"
    hints = [*hints, *slips(expected)]
    if within < 1e-2:
        hints += [(expected + 1, "one too many."), (expected - 1, "one too few.")]
    return _verdict(close, expected, hints, otherwise)


def slips(right):
    """List what common slips make of the right number or array, and what to think of."""
    right = np.asarray(right, float)
    with np.errstate(all="ignore"):
        found = [
            (-right, "the right size, the wrong sign."),
            (1 / right, "the right size, the wrong way round: its inverse is asked for."),
            (right / 2, "a factor of 2 is missing."),
            (right * 2, "a factor of 2 is too much."),
            (right**2, "that is the square; take its root."),
            (np.sqrt(right), "that is the root; take its square."),
            (right / np.pi, "a factor of π is missing."),
            (right * np.pi, "a factor of π is too much."),
            (np.degrees(right), "that is in degrees; radians are asked for."),
            (np.radians(right), "that is in radians; degrees are asked for."),
        ]
    if right.ndim:
        found += [
            (right * right.shape[-1], "a mean is asked for: where is 1/n?"),
            (right / right.shape[-1], "that is divided by n once too often."),
            (right[..., ::-1], "the right numbers in reversed order."),
            (right.swapaxes(-1, -right.ndim), "the right numbers, but transposed."),
        ]
    return found


def _verdict(close, expected, hints, otherwise):
    """None if the answer is close to what is expected, else the hint for what it is close to."""
    if close(expected):
        return None
    return next((hint for wrong, hint in hints if close(wrong)), otherwise)


def numbers(answer, what, like=()):
    """Return an answer as an array of finite numbers, or raise a `Wrong` that says ``what`` is due.

    A row or a column is a vector, if ``like`` is the shape of one.
    """
    try:
        if isinstance(answer, str):
            answer = Fraction(answer.replace(" ", ""))
        value = np.asarray(float(answer) if isinstance(answer, (Fraction, Decimal)) else answer)
        value = value.astype(float) if value.dtype.kind in "iuf" else None
    except Exception:  # whatever the answer is, a check answers in words
        value = None
    if value is None:
        raise Wrong(f"{what} expected, got {_checks.shown(answer)}.")
    if not np.isfinite(value).all():
        raise Wrong(f"the number{'s' * bool(like)} must be finite.")
    return value.reshape(-1) if len(like) == 1 and value.ndim == 2 and 1 in value.shape else value


def called(answer, case):
    """Return what a reader's function makes of copies of its arguments; a `Wrong` if it raises."""
    if not callable(answer):
        raise Wrong(f"a function is expected, got {_checks.shown(answer)}.")
    try:
        with np.errstate(all="ignore"):
            return answer(*copy.deepcopy(case))
    except Exception as error:  # the reader's own
        raise Wrong(f"your function raises {type(error).__name__}: {error}.") from None


def vector(answer, expected, hints=(), within=1e-6):
    """Return None if ``answer`` is the array ``expected``, else a hint.

    Parameters
    ----------
    answer, expected : array
    hints : list of (array, str)
        Hints for likely mistakes: the wrong array, and what to think of.
    within : float
        Largest difference allowed, relative to the largest entry expected.

    Examples
    --------
    >>> from lazylib import exercises
    >>> exercises.vector([3, 2, 1], [1, 2, 3])
    'the right numbers in reversed order.'
    """
    try:
        value = numbers(answer, "numbers are", np.shape(expected))
    except Wrong as wrong:
        return str(wrong)

    def close(target):
        same = value.shape == np.shape(target)
        return same and np.abs(value - target).max(initial=0) <= within * np.abs(expected).max()

    otherwise = "the shape is right, the values are not."
    if value.shape != np.shape(expected):
        otherwise = f"an array of shape {np.shape(expected)} is expected, got {value.shape}."
    return _verdict(close, expected, [*hints, *slips(expected)], otherwise)


def function(answer, expected, cases, mistakes=(), within=1e-6):
    """Say whether a reader's function gives what ``expected`` gives, in every case.

    Parameters
    ----------
    answer, expected : callable
        ``expected`` returns a number or an array.
    cases : list of tuple
        The arguments; the reader's function gets copies of them.
    mistakes : list of (callable, str)
        Hints for likely mistakes: the wrong function, and what to think of.
    within : float
        As for `number` and `vector`.

    Examples
    --------
    >>> from lazylib import exercises
    >>> exercises.function(lambda x: x, lambda x: x / 2, [(3.0,), (5.0,)])
    Not yet: a factor of 2 is too much.
    """
    if unanswered(answer):
        return None
    for case in cases:
        try:
            value = called(answer, case)
        except Wrong as wrong:
            return say(str(wrong))
        if unanswered(value):
            return None
        right = expected(*case)
        hints = [(wrong(*case), hint) for wrong, hint in mistakes]
        verdict = (vector if np.ndim(right) else number)(value, right, hints, within)
        if verdict is not None:
            return say(verdict)
    return say(None)
