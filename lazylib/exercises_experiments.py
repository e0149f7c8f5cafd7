"""The checks of notebooks 06 and 07; `lazylib.exercises` holds what all checks share."""

from lazylib.exercises import number, say, unanswered
from lazylib.laziness import feature_angle


def choice(answer, right, hints):
    """Say whether ``answer`` is the ``right`` word; ``hints`` holds one for each of the others."""
    if not unanswered(answer):
        options = ", ".join(map(repr, sorted([right, *hints])))
        say(None if answer == right else hints.get(answer, f"choose one of {options}."))


def plateau_factor(answer, small, plateau):
    """Notebook 06: how many times larger the plateau's error is than that of a small τ."""
    if not unanswered(answer):
        hints = [
            (small / plateau, "the right factor, the wrong way round."),
            (plateau - small, "a factor is asked for, not a difference."),
        ]
        say(number(answer, plateau / small, hints, within=0.1))


def plateau_level(answer):
    """Notebook 06: which kernel the plateau of the best stop equals."""
    hints = {
        "end": "at t = ∞ the kernel fits all of the data; what did the best stop leave out?",
        "limit": "that kernel has infinitely many neurons; this network has fifty.",
        "zero": "the zero predictor's error is 1 on this axis.",
    }
    choice(answer, "best", hints)


def before_the_features(panel):
    """Notebook 06: beat the tangent kernel twice over, while the angle is still above 50°."""
    result = panel.result
    if result is None:
        return say("the panel shows an error; move its sliders back first.")
    net, teacher, w = result.draw.net, result.draw.teacher, result.run.w[-1]
    angle = feature_angle(net, w, teacher)
    ratio = result.errors["test"].min() / result.errors["test, tangent kernel"].min()
    if ratio > 0.5:
        say(f"the best error is {ratio:.2f} times the tangent kernel's; which way is active?")
    elif angle < 50:
        say(f"the mean angle is {angle:.0f}° already; go back a little.")
    else:
        say(None)


def samples_for_a_tenth(answer):
    """Notebook 07: how many samples bring an estimate's error to a tenth of that of 2000."""
    if not unanswered(answer):
        hints = [
            (20_000, "that would be right if the error fell as 1/n; it falls as 1/√n."),
            (2000 * 10**0.5, "the error falls as 1/√n: solve √(n/2000) = 10."),
        ]
        say(number(answer, 200_000, hints))


def ten_times_as_long(answer):
    """Notebook 07: where SGD from τ = 8 would be after many more steps."""
    hints = {
        "global minimum": "the network hardly moves: which predictors can it reach from there?",
        "plateau": "the curve still falls a little there; what is the least it can reach?",
    }
    choice(answer, "tangent minimum", hints)


def below_and_falling(panel):
    """Notebook 07: a run below the tangent model's minimum that is still falling."""
    result = panel.result
    if result is None:
        return say("the panel shows an error; move its sliders back first.")
    exact = result.errors["SGD, exact"][-1]
    if exact >= result.local_minimum:
        say(f"{exact:.3f} is above the best tangent model; smaller τ or more steps get below it.")
    elif result.status != "still falling":
        say("below the best tangent model, but it has settled; use fewer steps or a larger τ.")
    else:
        say(None)
