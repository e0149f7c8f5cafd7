"""What all checks share: an answer gets "right", or a hint that leads one step on."""

import copy

import numpy as np

from lazylib import _checks


def say(verdict):
    """Print a verdict: None is right, anything else is the hint to give."""
    print("Right." if verdict is None else f"Not yet: {verdict}")


def unanswered(*answers):
    """Say so, and return True, if an answer is still the ``None`` or ``...`` of the exercise."""
    missing = any(answer is None or answer is ... for answer in answers)
    if missing:
        print("Your turn: put your answer in place of None.")
    return missing


def number(answer, expected, hints=(), within=0.05):
    """Return None if ``answer`` is within a relative ``within`` of ``expected``, else a hint.

    Parameters
    ----------
    answer, expected : float
    hints : list of (float, str)
        Hints for likely mistakes: the wrong value, and what to think of.
    within : float
    """
    value = _floats(answer)
    if value is None or value.size != 1:
        return f"a number is expected, got {_checks.shown(answer)}."
    value = value.item()
    if not np.isfinite(value):
        return "the number must be finite."

    def close(target):
        return abs(value - target) <= within * max(abs(target), 1e-12)

    otherwise = "too large." if value > expected else "too small."
    return _verdict(close, expected, hints, otherwise)


def _verdict(close, expected, hints, otherwise):
    """None if the answer is close to what is expected, else the hint for what it is close to."""
    if close(expected):
        return None
    return next((hint for wrong, hint in hints if close(wrong)), otherwise)


def _floats(answer):
    """The answer as an array of real numbers, or None if it is none."""
    try:
        value = np.asarray(answer)
        return value.astype(float) if value.dtype.kind in "iuf" else None
    except Exception:  # whatever the answer is, a check answers in words
        return None


def vector(answer, expected, hints=(), within=1e-6):
    """Return None if ``answer`` is the array ``expected``, else a hint.

    Parameters
    ----------
    answer, expected : array
    hints : list of (array, str)
        Hints for likely mistakes: the wrong array, and what to think of.
    within : float
        Largest difference allowed, relative to the largest entry expected.
    """
    value = _floats(answer)
    if value is None:
        return f"numbers are expected, got {_checks.shown(answer)}."
    if value.ndim == 2 and 1 in value.shape and np.ndim(expected) == 1:
        value = value.reshape(-1)  # a row or a column
    if value.shape != np.shape(expected):
        return f"an array of shape {np.shape(expected)} is expected, got {value.shape}."

    if not np.isfinite(value).all():
        return "the numbers must be finite."

    def close(target):
        return np.abs(value - target).max() <= within * np.abs(expected).max()

    return _verdict(close, expected, hints, "the shape is right, the values are not.")


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
    """
    if unanswered(answer):
        return None
    if not callable(answer):
        return say(f"a function is expected, got {_checks.shown(answer)}.")
    for case in cases:
        try:
            with np.errstate(all="ignore"):
                value = answer(*copy.deepcopy(case))
        except Exception as error:  # the reader's own
            return say(f"your function raises {type(error).__name__}: {error}.")
        if unanswered(value):
            return None
        right = expected(*case)
        hints = [(wrong(*case), hint) for wrong, hint in mistakes]
        verdict = (vector if np.ndim(right) else number)(value, right, hints, within)
        if verdict is not None:
            return say(verdict)
    return say(None)


def choice(answer, right, hints):
    """Say whether ``answer`` is the ``right`` word; ``hints`` holds one for each of the others."""
    if not unanswered(answer):
        options = ", ".join(map(repr, sorted([right, *hints])))
        word = answer if isinstance(answer, str) else None
        say(None if word == right else hints.get(word, f"choose one of {options}."))
