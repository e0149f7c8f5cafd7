"""What every panel does, whatever it shows: states, refusals, faults, stale work, ends."""

import gc
import inspect
import re
import threading
import time
import weakref

import numpy as np
import pytest
from jupyter_client.manager import start_new_kernel
from panels import PANELS

from lazylib import Interrupted, Run, exercises
from lazylib.widgets import compare, explore_neurons
from lazylib.widgets.panel import Explorer, Refusal, check, log_slider, whole_slider

each_panel = pytest.mark.parametrize("explore", PANELS, ids=lambda explore: explore.__name__)


def draw(figure):
    ax = figure.subplots()
    return ax, {"line": ax.plot([], [])[0]}


def small(
    compute=lambda k, even: k, show=lambda ax, artists, result, **_: f"k is {result}", **options
):
    """Return a panel of one slider and a check box."""
    controls = {
        "k": whole_slider("number k", 1, 0, 9, even_with="even"),
        "even": check("even", False),
    }
    return Explorer("small", controls, (2, 1, draw), compute, show, **options)


def move(panel, **values):
    """Change values as a browser does."""
    panel.controls.values = panel.controls.values | values


@each_panel
def test_state_and_arguments_are_the_same_names(explore):
    panel = explore(**PANELS[explore])
    arguments = set(inspect.signature(explore).parameters) - {"results", "on_f", "on_tangent"}
    assert set(panel.state) == arguments
    again = explore(**(PANELS[explore] | panel.state))
    assert again.state == panel.state and again.words == panel.words
    for each in (panel, again):
        each.close()


@each_panel
def test_every_control_says_what_it_is_and_takes_its_whole_range(explore):
    panel = explore(**PANELS[explore])
    for each in panel.controls.spec:
        assert each["label"] and each["name"] in panel.state
        assert each["value"] == panel.state[each["name"]]
        if each["kind"] == "slider":
            assert each["options"][0] == each["low"] and each["options"][-1] <= each["high"]
            assert each["options"] == sorted(set(each["options"]))
        if each["kind"] == "choice":
            assert all(word.isascii() for word in each["options"])
    assert panel.picture.label
    panel.close()


@pytest.mark.parametrize(
    "values, said",
    [
        ({"tau": 100}, "tau must be from 0.01 to 10, got 100"),
        ({"tau": 1.0, "m": "x"}, "m must be an integer"),
        ({"tau": 1.0, "m": 10**6}, "m must be from 1 to 200, got 1000000"),
        ({"tau": 1.0, "doubling": None}, "doubling must be True or False"),
        ({"tau": True}, "tau must be"),
        ({"tau": float("nan")}, "tau must be"),
        ({"n": 1}, "n must be from 2 to 200, got 1"),
        ({"n": 20.5}, "n must be an integer"),
        ({"m": 7}, "m must be even with doubling, from 1 to 200, got 7"),
        ({"frame": 100}, "frame must be at most 99"),
    ],
    ids=str,
)
def test_a_value_out_of_range_is_refused_by_name_and_nothing_changes(panel, values, said):
    before, words, picture = panel.state, panel.words, panel.picture.png()
    with pytest.raises((ValueError, TypeError), match=said):
        panel.state = values
    assert (panel.state, panel.words, panel.picture.png()) == (before, words, picture)
    with pytest.raises((ValueError, TypeError), match=said):
        explore_neurons(**values)


@pytest.fixture(scope="module")
def panel():
    return explore_neurons()


def test_a_value_that_is_on_no_step_of_the_slider_is_kept(panel):
    """τ = 0.3 of a text is 0.3, not the step 10^−0.5 of a slider."""
    for value in (0.3, 0.123456, 0.01, 10.0):
        panel.state = {"tau": value}
        assert panel.state["tau"] == panel.result.w0.std() * 0 + value
    steps = log_slider("τ", 1.0, 0.01, 10).options
    assert {0.01, 0.03, 0.05, 0.1, 0.2, 0.3, 2, 10} <= set(steps)


def test_unknown_names_and_other_types_are_refused(panel):
    with pytest.raises(ValueError, match="temperature"):
        panel.state = {"temperature": 3}
    with pytest.raises(TypeError, match="state must be a dictionary"):
        panel.state = [("tau", 1)]


def test_what_is_refused_is_said_in_words_and_a_fault_as_a_fault():
    """A ValueError from a mistake inside is a fault, too: only a refusal says "not possible"."""

    def compute(k, even):
        if k == 3:
            raise Refusal("k must not be 3")
        if k == 4:
            raise ValueError("lost")
        return k

    panel = small(compute)
    assert panel.words == "k is 1" and not panel.picture.trouble
    panel.state = {"k": 3}
    assert panel.words == panel.picture.trouble == "Not possible: k must not be 3."
    assert panel.result is None
    with pytest.raises(ValueError, match="lost"):
        panel.state = {"k": 4}
    assert "a fault of the notebook, not of your settings: ValueError: lost" in panel.words
    panel.state = {"k": 7}
    assert panel.words == "k is 7" and not panel.picture.trouble


def test_a_fault_of_drawing_is_shown_as_a_fault():
    panel = small(show=lambda ax, artists, k, **_: len(k) if k == 6 else f"k is {k}")
    with pytest.raises(TypeError):
        panel.state = {"k": 6}
    assert "a fault of the notebook" in panel.words


def test_an_interrupt_leaves_no_old_words_and_is_raised():
    def compute(k, even):
        if k == 5:
            run = Run(np.zeros(1), np.zeros((1, 1)), np.zeros(1), None, "interrupted", 0)
            raise Interrupted(run)
        return k

    panel = small(compute)
    with pytest.raises(Interrupted):
        panel.state = {"k": 5}
    assert panel.words.startswith("Interrupted") and panel.result is None


_SLOW = """
from pathlib import Path
from lazylib.experiments import train_in_plane
from lazylib.widgets.panel import Explorer, whole_slider

def compute(k):
    while k:
        train_in_plane(0.01, 1.0, 200, 200)
        Path(STARTED).touch()

def draw(figure):
    return figure.subplots(), {}

control = whole_slider("k", 0, 0, 9)
panel = Explorer("slow", {"k": control}, (2, 1, draw), compute, lambda *_, **__: "done")
panel.controls.values = {"k": 1}  # as the browser does: beside the cells
"""


def test_an_interrupt_between_two_cells_stops_what_a_panel_computes_beside_them(tmp_path):
    """ipykernel ignores a signal while no cell runs, which is when a slider's move is computed."""
    started, said = tmp_path / "started", []

    def hear(message):
        said.append(message["content"].get("text", ""))

    manager, kernel = start_new_kernel()
    try:
        reply = kernel.execute_interactive(f"STARTED = {str(started)!r}{_SLOW}", output_hook=hear)
        assert reply["content"]["status"] == "ok", said
        while not started.exists():
            time.sleep(0.05)
        manager.interrupt_kernel()
        kernel.execute_interactive("print(panel.words)", output_hook=hear, timeout=60)
    finally:
        kernel.stop_channels()
        manager.shutdown_kernel(now=True)
    assert "Stopped. Move a control to go on." in "".join(said)


def test_values_of_the_browser_are_checked_as_those_of_code():
    panel = small()
    move(panel, k=2, even=True)
    assert panel.result == 2 and panel.words == "k is 2"
    move(panel, k=3)
    assert panel.state == {"k": 2, "even": True} and panel.result == 2


def test_the_latest_value_wins_and_stale_training_goes_no_further():
    """Of three moves during a long training, only the last is computed after it is stopped."""
    started, computed = threading.Event(), []

    def compute(k, even):
        computed.append(k)
        if k == 2:
            started.set()
            explore_training()
        return k

    panel = small(compute)
    move(panel, k=2)
    assert started.wait(30)
    for k in (3, 4, 5):
        move(panel, k=k)
    assert panel.result == 5 and panel.words == "k is 5"
    assert computed[:2] == [1, 2] and computed[-1] == 5 and 3 not in computed[:-2]


def test_what_a_slider_s_next_move_would_ask_for_is_computed_ahead():
    """A slider that moves on by as much finds its result; errors there are nobody's."""
    computed = []

    def compute(k, even):
        computed.append(k)
        if k == 7:
            raise ValueError("not seven")
        return k

    panel = small(compute, times=lambda result: [0.0, 1.0], frames=2, ahead=True)
    for values, now in (
        ({"k": 2}, [1, 2, 3]),
        ({"k": 3}, [1, 2, 3, 4]),  # 3 is there, 4 comes
        ({"k": 5}, [1, 2, 3, 4, 5, 7]),  # not that way: two steps, and two more
        ({"k": 9}, [1, 2, 3, 4, 5, 7, 9]),  # beyond it there is nothing
        ({"even": True, "k": 8}, [1, 2, 3, 4, 5, 7, 9, 8]),  # two controls are no direction
    ):
        move(panel, **values)
        assert panel.words == f"k is {values['k']}" and computed == now
    for k in (6, 4):
        panel.state = {"k": k}
    assert computed[-3:] == [8, 6, 4], "code that sets a state is no slider that moves"


def explore_training():
    """Train for minutes, if nobody stops it."""
    from lazylib.experiments import train_in_plane

    while True:
        train_in_plane(0.01, 1.0, 200, 200)


def test_stop_ends_the_work_and_says_so():
    started = threading.Event()

    def compute(k, even):
        if k == 2:
            started.set()
            explore_training()
        return k

    panel = small(compute)
    move(panel, k=2)
    assert started.wait(30) and panel.picture.busy
    panel._stop()  # as the picture's button does
    assert panel.result is None and panel.words.startswith("Stopped.")
    assert not panel.picture.busy
    move(panel, k=3)
    assert panel.words == "k is 3"


def test_a_check_waits_for_its_panel(capsys):
    """In a notebook, moves are computed beside the cells."""
    panel = explore_neurons()
    move(panel, tau=0.3, m=40)
    exercises.in_between(panel)
    said = capsys.readouterr().out
    assert "Right." in said or "Not yet" in said
    assert panel.result.net.m == 40


def test_after_close_nothing_is_left_and_nothing_can_be_set():
    before, panel = set(_live()), explore_neurons()
    run, thread_count = weakref.ref(panel.result.run), threading.active_count()
    panel.close()
    panel.close()
    with pytest.raises(RuntimeError, match="closed"):
        panel.state = {"tau": 1.0}
    with pytest.raises(RuntimeError, match="closed"):
        _ = panel.state
    assert set(_live()) == before and threading.active_count() <= thread_count
    del panel
    gc.collect()
    assert run() is None


def test_a_closed_panel_does_not_wait_for_the_collector_to_give_back_its_pixels():
    """Matplotlib's figures are circles of references: a hundred closed ones would pile up."""
    panel = explore_neurons()
    pixels = weakref.ref(panel.picture.figure.canvas.get_renderer())
    gc.disable()
    try:
        panel.close()
        assert pixels() is None and not panel.picture.figure.axes
    finally:
        gc.enable()
    with pytest.raises(RuntimeError, match="closed"):
        panel.save("closed.png")


def _live():
    from ipywidgets.widgets.widget import _instances

    return _instances


def test_a_reader_without_a_kernel_sees_picture_and_words(panel, monkeypatch):
    import IPython.display

    shown = []
    monkeypatch.setattr(IPython.display, "display", lambda data, raw: shown.append(data))
    panel._ipython_display_()
    view, stored = shown
    assert list(view) == ["application/vnd.jupyter.widget-view+json"]
    assert (
        stored["image/png"].startswith("iVBORw0KGgo") and "run the notebook" in stored["text/plain"]
    )
    assert "displacement" in stored["text/html"] and 'alt="' in stored["text/html"]


def test_two_settings_are_compared_at_one_time():
    """Training takes its time for each τ; a frame of the comparison is one t for both."""
    pair = compare(explore_neurons, {"tau": 0.1}, {"tau": 2.0})
    for frame in (0, 40, 99):
        shown = []
        for panel in pair.panels:
            panel.picture.frame = frame
            shown.append(float(re.search(r"at t = ([\d.,]+)", panel.words)[1].replace(",", "")))
        first, second = shown
        gaps = [np.diff(panel.result.run.times).max() for panel in pair.panels]
        assert abs(first - second) <= max(gaps) + 0.05 * max(shown)
    assert shown == pytest.approx(
        [pair.panels[0].result.run.times[-1], pair.panels[1].result.run.times[-1]], rel=0.01
    )
    pair.panels[1].state = {"tau": 1.0}
    assert pair.panels[1].words.split(" training")[0] in ("Lazy", "In between")
    with pytest.raises(ValueError, match="two or more"):
        compare(explore_neurons, {})
