"""Networks on real data: the sweep's settings, some of its cells, and the panel of notebook 09."""

import ast
import re
from pathlib import Path

import numpy as np
import pytest
from helpers import run_and_lose_a_worker
from panels import crowded

pytest.importorskip("torch")
pytest.importorskip("sklearn")

from lazylib import exercises  # noqa: E402
from lazylib.experiments import (  # noqa: E402 (without torch, there is nothing here)
    DIGITS,
    DIGITS_TANGENT,
    Experiment,
    digits_network,
    digits_setting,
    right,
    run,
)
from lazylib.widgets import explore_digits  # noqa: E402

FAST = DIGITS.scales["quick"] | {"n": 20, "t_max": 20.0}


@pytest.mark.parametrize("network", ["MLP", "CNN"])
def test_a_draw_has_its_own_weights_and_images_and_none_is_in_both_sets(network):
    (model, data), (other, others) = (digits_setting(network, draw) for draw in (0, 1))
    again, same = digits_setting(network, 0)
    assert np.array_equal(model.w0, again.w0) and data == same
    assert not np.array_equal(model.w0, other.w0) and data != others
    train, test = ({row.tobytes() for row in x[::10, :64]} for x in (data.x, data.x_test))
    assert len(train) + len(test) == 1797 and not train & test
    assert np.unique(data.y) == pytest.approx([-0.1, 0.9], rel=1e-6)


def test_drawing_a_network_leaves_the_callers_random_numbers_alone():
    import torch

    before = torch.random.get_rng_state()
    digits_network("MLP", 3)
    assert torch.equal(torch.random.get_rng_state(), before)


def test_at_large_alpha_a_cell_is_that_of_the_tangent_model():
    lazy = DIGITS.cell(FAST, network="MLP", draw=0, alpha=1e4)
    straight = DIGITS_TANGENT.cell(FAST, network="MLP", draw=0)
    active = DIGITS.cell(FAST, network="MLP", draw=0, alpha=0.01)
    for name in ("right", "train", "test"):
        assert lazy[name] == pytest.approx(straight[name], rel=2e-2), name
    assert lazy["displacement"] < 1e-3 < 0.1 < active["displacement"]
    assert lazy["kernel_change"] < 0.01 < active["kernel_change"]


def test_a_sweep_of_modules_on_a_cluster_that_loses_a_worker_gives_the_same_file(tmp_path):
    grid = {"network": ["MLP"], "draw": [0, 1], "alpha": [1.0, 100.0]}
    sweep = Experiment(
        "sweep", DIGITS.cell, DIGITS.cost, {"full": FAST | {"t_max": 2.0, "grid": grid}}
    )
    fatal = {"network": "MLP", "draw": 0, "alpha": 100.0}
    run_and_lose_a_worker(sweep, tmp_path, fatal, workers=2)
    found = (tmp_path / "sweep.jsonl").read_bytes()
    run(sweep, folder=tmp_path / "alone", n_jobs=1)
    assert (tmp_path / "alone" / "sweep.jsonl").read_bytes() == found


def test_right_counts_the_largest_outputs():
    _, data = digits_setting("MLP", 0)
    assert right(data.y_test, data) == 1
    assert right(-data.y_test, data) == 0  # the right one is the smallest


def test_the_panel_says_lazy_or_active_and_what_is_told_right():
    panel = explore_digits(alpha=10_000.0)
    assert panel.words.startswith("Lazy training") and "told right" in panel.words
    panel.state = {"alpha": 0.1, "frame": 0}
    assert panel.words.startswith("Active training") and "displacement 0" in panel.words


def test_large_type_has_room_in_notebook_09s_panel_too():
    panel = explore_digits()
    for size in ("normal", "large"):
        panel.picture.size = size
        assert crowded(panel.picture.figure) == [], size


def test_the_exercise_leads_from_either_side(capsys):
    panel = explore_digits()
    for alpha, said in (
        (1.0, "Not yet: by its displacement this run is in between; which way is lazy?"),
        (1000.0, "Not yet: the two errors are 0.000 apart; go back a little."),
        (15.0, "Right."),
    ):
        panel.state = {"alpha": alpha}
        exercises.lazy_but_bent(panel)
        assert capsys.readouterr().out == said + "\n"


def test_the_guides_lines_of_notebook_09_show_what_they_say():
    """Of the filters in view: a thousandth of them at α = 1000, as large as they are at α = 0.1."""
    guide = (Path(__file__).parents[2] / "site" / "guide" / "notebooks.md").read_text("utf-8")
    lines = re.findall(r"^panel\.state = (.*?)  # (.*)$", guide.partition("\n## 09")[2], re.M)
    wanted = {"a thousandth of them": (5e-4, 2e-3), "as large as the filters": (0.5, 2.0)}
    panel, found = explore_digits(), []
    for state, said in lines:
        panel.state = ast.literal_eval(state)
        net, w = panel.result.net, panel.result.run.w[-1]
        start, end = (net.unpack(each)["0.weight"][:16] for each in (net.w0, w))
        [(low, high)] = [span for words, span in wanted.items() if words in said]
        found.append(np.linalg.norm(end - start) / np.linalg.norm(start))
        assert low < found[-1] < high, said
    assert len(found) == 2
