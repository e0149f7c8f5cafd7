"""The checks behind "Check yourself": an answer gets "right", or a hint that leads one step on."""

import numpy as np

from lazylib.laziness import displacement


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


def equivalent_alpha(answer):
    """Notebook 01: the α that, at τ = 1, trains like τ = 3 with α = 1 (Section 4.2.1)."""
    if not unanswered(answer):
        hints = [
            (3, "f is homogeneous, but not of degree 1: how does f(3w) compare with f(w)?"),
            (1 / 9, "the right factor, the wrong way round: is τ = 3 lazier or less lazy than 1?"),
            (27, "count the factors of a product bⱼ max(aⱼ·x, 0) that scale with τ."),
        ]
        say(number(answer, 3**2, hints))


def tenfold_alpha(answer, displacements):
    """Notebook 01: the factor by which the displacement changes when α grows tenfold.

    ``displacements`` holds the two that were measured, at α and at 10α.
    """
    if not unanswered(answer):
        ratio = displacements[1] / displacements[0]
        hints = [
            (1 / ratio, "the right factor, the wrong way round."),
            (1.0, "the data ask for the same function: how far must w go if αf is steeper in w?"),
            (ratio**0.5, "α and τ are not the same thing: α = τ²."),
        ]
        say(number(answer, ratio, hints, within=0.2))


def in_between(panel):
    """Notebook 01: find sliders that fit the data with a displacement between 0.2 and 0.8."""
    result = panel.result
    if result is None:
        return say("the panel shows an error; move its sliders back first.")
    moved = displacement(result.run.w[-1], result.w0)
    fit = result.run.train_loss[-1] / np.mean(0.5 * result.data.y**2)
    if moved > 0.8:
        say(f"with a displacement of {moved:.2f} the neurons still travel; which way is lazy?")
    elif moved < 0.2:
        say(f"with a displacement of {moved:.2f} this is lazy already; go back a little.")
    elif fit > 1e-3:
        say(f"the training loss is {fit:.1g} of the zero predictor's; it should be below 0.001.")
    else:
        say(None)
