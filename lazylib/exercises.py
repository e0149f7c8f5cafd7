"""The checks behind "Check yourself": an answer gets "right", or a hint that leads one step on."""

import numpy as np


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
    try:
        value = float(answer)
    except (TypeError, ValueError):
        return f"a number is expected, got {answer!r}."
    if not np.isfinite(value):
        return "the number must be finite."

    def close(target):
        return abs(value - target) <= within * max(abs(target), 1e-12)

    if close(expected):
        return None
    for wrong, hint in hints:
        if close(wrong):
            return hint
    return "too large." if value > expected else "too small."
