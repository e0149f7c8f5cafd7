"""The panels of notebook 08, and the clock of notebook 07."""

import numpy as np
import pytest

from lazylib.widgets import (
    explore_bits,
    explore_clock,
    explore_noise,
    explore_steps,
    explore_time,
)


@pytest.mark.parametrize(
    "explore, states",
    [
        (explore_time, [{"alpha": 20.0}, {"decades": 2}, {"seed": 3}]),
        (explore_steps, [{"factor": 1.0}, {"factor": 6.0}, {"factor": 3.0, "seed": 1}]),
        (explore_bits, [{"tau": 10.0}, {"tau": 0.1}, {"seed": 1}]),
        (explore_noise, [{"noise": 2.0}, {"tau": 3.0}, {"seed": 1}]),
        (explore_clock, [{"clock": "t/alpha^2"}, {"m": 2}, {"seed": 1}]),
    ],
)
def test_every_control_changes_the_words_or_the_picture(explore, states):
    panel = explore()
    for change in states:
        before = panel.words, data(panel)
        panel.state = change
        assert (panel.words, data(panel)) != before
    panel.close()


def data(panel):
    lines = (line for ax in panel._axes for line in ax.lines)
    return [np.ravel(line.get_xdata()).tolist() for line in lines]


def test_what_the_panels_say_is_what_happened():
    panel = explore_steps(6.0)
    assert "diverged" in panel.words
    panel = explore_time(alpha=10.0, decades=10)
    assert "reaches 0.1 after 4.5 decades" in panel.words
    panel = explore_bits(tau=100.0)
    run, others = panel.result
    assert f"{run.needed} bits" in panel.words and len(others) == 7


def test_on_the_clock_of_alpha_squared_the_curves_end_at_one_place():
    panel = explore_clock(clock="t/alpha^2")
    ends = [line.get_xdata()[-1] for line in panel._axes[0].lines[:3]]
    assert ends == pytest.approx([100] * 3)
    panel.state = {"clock": "t"}
    ends = [line.get_xdata()[-1] for line in panel._axes[0].lines[:3]]
    assert ends == pytest.approx(list(100 * np.array([10, 20, 40]) ** 2))
