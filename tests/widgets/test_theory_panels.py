"""The panels of the theory notebooks, driven from code, and the exercises beside them."""

import numpy as np
import pytest

from lazylib import exercises
from lazylib.experiments.theorem import ALPHAS
from lazylib.widgets import explore_balance, explore_criterion, explore_theorem


@pytest.fixture(scope="module")
def theorem():
    return explore_theorem(n=3)


def test_the_theorem_speaks_beyond_its_threshold_only(theorem):
    """Theorem 3.2: α > ‖f*‖/M promises the bound, and then it holds."""
    threshold = theorem.result.theorem.threshold
    for alpha in ALPHAS:
        theorem.state = {"alpha": alpha}
        assert ("promises this bound" in theorem.words) == (alpha > threshold)
        assert "the bound holds" in theorem.words
    assert ALPHAS[0] < threshold < ALPHAS[-1]
    assert "Slopes over α from 100 to 1,000: −1.00, −1.00, −2.00" in theorem.words


def test_moving_alpha_shows_stored_runs(theorem):
    result, pictures = theorem.result, set()
    for alpha in (1.0, 10.0, 100.0):
        theorem.state = {"alpha": alpha}
        pictures.add(theorem.picture.png())
    assert theorem.result is result and len(pictures) == 3


def test_doubling_improves_the_middle_slope_in_the_words():
    panel = explore_theorem(n=3, start="doubling")
    assert "−1.00, −2.00, −2.00" in panel.words


def test_the_gauge_foretells_and_training_tells():
    """Eq. (7) at τ = 1, m = 50: lazy, and the tangent model's displacement to 5 %."""
    panel = explore_criterion(tau=1.0, guess="lazy")
    assert panel.result.run is None and "Your guess: lazy" in panel.words
    panel.state = {"train": True}
    moved = np.linalg.norm(panel.result.run.w[-1] - panel.result.w0)
    moved /= np.linalg.norm(panel.result.w0)
    assert moved == pytest.approx(panel.result.criterion.displacement, rel=0.05)
    assert "lazy; your guess was right" in panel.words
    panel.state = {"tau": 0.05}
    assert not panel.state["train"] and panel.result.run is None
    panel.state = {"train": True}
    assert "active; your guess was lazy" in panel.words


def test_a_guess_comes_first_and_stays_after_the_answer():
    """Nobody can be right afterwards, and nothing is guessed for the reader."""
    panel = explore_criterion()
    assert "What is your guess?" in panel.words
    panel.state = {"guess": "active", "train": True}
    run = panel.result.run
    with pytest.raises(ValueError, match="guess must stay as it was before train"):
        panel.state = {"guess": "lazy"}
    panel.state = {"train": True}
    assert panel.result.run is run, "a second press keeps the result"
    panel.state = {"guess": "lazy", "tau": 1.0, "train": True}
    assert "your guess was right" in panel.words


def test_a_state_that_says_train_trains_with_its_other_values():
    panel = explore_criterion()
    panel.state = {"train": True, "m": 200}
    assert panel.state["train"] and panel.result.run is not None
    assert len(panel.result.w0) == 200 * 6


@pytest.mark.parametrize("tau, alpha, m", [(10, 100, 200), (0.01, 0.01, 2), (10, 0.01, 200)])
def test_the_needles_and_the_foretold_displacement_are_on_their_axes(tau, alpha, m):
    panel = explore_criterion(tau=tau, alpha=alpha, m=m)
    gauge, moved = panel.picture.figure.axes
    known = panel.result.criterion
    for value, (low, high) in ((known.ratio, gauge.get_xlim()), (known.bend, gauge.get_xlim()),
                               (known.displacement, moved.get_ylim())):  # fmt: skip
        assert low < value < high


def test_every_control_of_the_gauge_changes_the_words():
    panel = explore_criterion()
    for change in ({"tau": 1.0}, {"alpha": 3.0}, {"m": 100}, {"activation": "tanh"},
                   {"doubling": False}, {"seed": 1}):  # fmt: skip
        before = panel.words
        panel.state = change
        assert panel.words != before, change


@pytest.mark.parametrize(
    "check, right, wrong",
    [
        (exercises.lemma_factor, 0.1, [10, 0.01, 1, 5]),
        (exercises.doubling_slope, -2, [-1, 2, 0]),
        (exercises.doubled_weights, 0.2, [0.4, 0.1, 3.2, 0.8]),
        (exercises.width_slope, -0.25, [0.25, -0.75, 0.75]),
    ],
)
def test_exercises_accept_the_solution_and_hint_at_mistakes(check, right, wrong, capsys):
    check(right)
    assert capsys.readouterr().out == "Right.\n"
    for answer in wrong:
        check(answer)
        assert capsys.readouterr().out.startswith("Not yet: ")
    check(None)
    assert "Your turn" in capsys.readouterr().out


def test_the_width_exercise_wants_a_trained_panel_at_the_right_settings(capsys):
    panel = explore_criterion(tau=0.1, m=20)
    for state, said in (({"train": True}, "Not yet: the displacement"), ({"m": 200}, "press"),
                        ({"train": True}, "Right."), ({"tau": 1.0}, "put τ back")):  # fmt: skip
        panel.state = state
        exercises.wide_enough(panel)
        assert said in capsys.readouterr().out


def test_the_balance_of_layers_says_what_it_draws():
    """Labels ten times smaller are α = 10: every rule moves less, and says so."""
    panel = explore_balance()
    before = panel.result.moved
    assert "PyTorch 0.04" in panel.words and "μP 1.2, active" in panel.words
    panel.state = {"labels": 0.1}
    after = panel.result.moved
    assert all((after[name] < 0.5 * before[name]).all() for name in before)
    assert "in between" in panel.words.split("μP")[1].split(";")[0]
    pictures = {panel.picture.png()}
    for change in ({"tau": 1.0}, {"ratio": 5.0}):
        words = panel.words
        panel.state = change
        assert panel.words != words
        pictures.add(panel.picture.png())
    assert len(pictures) == 3
