"""What every panel does, whatever it shows: states, refusals, faults."""

import ipywidgets
import numpy as np
import pytest

from lazylib import Interrupted, Run
from lazylib.widgets import explore_neurons
from lazylib.widgets.panel import Canvas, Explorer, animate


@pytest.fixture(scope="module")
def panel():
    return explore_neurons()


@pytest.mark.parametrize(
    "values",
    [{"tau": 1.0, "m": "x"}, {"tau": 1.0, "m": 10**6}, {"tau": 1.0, "doubling": None}, {"n": 1}],
    ids=str,
)
def test_a_state_is_set_wholly_or_not_at_all(panel, values):
    before, words, picture = panel.state, panel.words, panel.picture
    with pytest.raises(ValueError, match=rf"state\['{list(values)[-1]}'\]"):
        panel.state = values
    assert (panel.state, panel.words, panel.picture) == (before, words, picture)


def small(show):
    """Return a panel of one slider whose value 3 is refused and 4 breaks the computation."""

    def compute(k):
        if k == 3:
            raise ValueError("k must not be 3")
        if k == 4:
            raise RuntimeError("lost")
        if k == 5:
            raise Interrupted(
                Run(np.zeros(1), np.zeros((1, 1)), np.zeros(1), None, "interrupted", 0)
            )
        return k

    canvas = Canvas(2, 1, lambda figure: animate({"line": figure.subplots().plot([], [])[0]}))
    slider = ipywidgets.IntSlider(value=1, min=0, max=9)
    return Explorer(canvas, {"k": slider}, {}, compute, show, [[slider]])


def shown(panel):
    return panel.children[-2].layout.visibility == "visible"


def test_what_is_refused_is_answered_in_words_and_the_old_picture_goes():
    panel = small(lambda result, **_: f"k is {result}")
    assert panel.words == "k is 1" and shown(panel)
    panel.state = {"k": 3}
    assert panel.words == "Not possible: k must not be 3." and not shown(panel)
    panel.state = {"k": 7}
    assert panel.words == "k is 7" and shown(panel)


def test_an_interrupt_leaves_no_old_picture_and_goes_on():
    panel = small(lambda result, **_: f"k is {result}")
    with pytest.raises(Interrupted):
        panel.state = {"k": 5}
    assert panel.words.startswith("Interrupted") and not shown(panel)


def test_a_fault_is_shown_as_a_fault_and_raised():
    panel = small(lambda result, **_: len(result) if result == 6 else f"k is {result}")
    with pytest.raises(RuntimeError, match="lost"):
        panel.state = {"k": 4}
    assert "a fault of the notebook, not of your settings: RuntimeError: lost" in panel.words
    with pytest.raises(TypeError, match="has no len"):
        panel.state = {"k": 6}
    assert "a fault of the notebook" in panel.words and not shown(panel)
