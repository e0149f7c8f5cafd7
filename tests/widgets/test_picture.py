"""A picture records frames, follows them in words, and is saved as Matplotlib draws it."""

import io
import threading
from xml.etree import ElementTree

import matplotlib
import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.image import imread
from painting import decode, picture, recorded
from PIL import Image

from lazylib.plots.colors import INK, POSITIVE
from lazylib.widgets.picture import Picture, drawing
from lazylib.widgets.recorder import Recorder


def curves(ax):
    ax.set(xlim=(0, 1), ylim=(0, 1), title="A curve", xlabel=r"$\alpha^2$")
    ax.plot([0, 1], [0.2, 0.2], color=INK, zorder=3)
    return [ax.plot([], [], color=POSITIVE, animated=True, zorder=z)[0] for z in (1, 5)]


def sweep(lines, filled=None):
    """A function that fills frame k, and notes that it did."""

    def fill(k):
        if filled is not None:
            filled.append(k)
        lines[0].set_data([0, 1], [k / 10, 1])
        return f"k is {k}."

    return fill


@pytest.fixture
def shown():
    shown, lines = picture(curves)
    shown.record(sweep(lines), 5)
    return shown


@pytest.fixture
def drawn(monkeypatch):
    """Whatever is drawn from now on."""
    drawn, group = [], Recorder.group
    monkeypatch.setattr(Recorder, "group", lambda *each: drawn.append(each[1]) or group(*each))
    return drawn


def test_words_follow_the_frame(shown):
    assert (shown.frame, shown.n_frames, shown.words) == (0, 5, "k is 0.")
    shown.frame = 3
    assert shown.words == "k is 3."
    shown.frame = 99
    assert (shown.frame, shown.words) == (4, "k is 4.")
    assert recorded(shown)[0]["words"] == [f"k is {k}." for k in range(5)]


def test_the_frame_in_view_goes_first():
    shown, lines = picture(curves)
    filled, sent = [], []
    shown.observe(lambda change: sent.append((change.name, len(filled))), ["_view", "_frames"])
    assert shown.record(sweep(lines, filled), 5, first=2)
    assert filled == [2, 0, 1, 2, 3, 4] and (shown.frame, shown.words) == (2, "k is 2.")
    assert ("_view", 1) in sent and sent[-1] == ("_frames", 6)
    shown.record(sweep(lines), 2)
    assert shown.frame == 1, "it stays, as far as there are frames"


def test_a_frame_that_is_asked_for_while_the_view_is_recorded_is_kept():
    """From the browser, on another thread: it had been thrown back to the one before."""
    shown, lines = picture(curves)
    shown.record(sweep(lines), 5, first=4)
    asked = threading.Thread(target=lambda: setattr(shown, "frame", 1))
    fill = sweep(lines)

    def fill_while_a_reader_moves(k):
        if asked.ident is None:
            asked.start()
            while shown.frame != 1:
                asked.join(0.01)  # it waits for this picture to be drawn, once it has moved
        return fill(k)

    shown.record(fill_while_a_reader_moves, 5)
    asked.join()
    assert (shown.frame, shown.words) == (1, "k is 1.")


def test_a_run_that_is_abandoned_still_shows_any_frame_that_is_asked_for():
    shown, lines = picture(curves)
    filled = []
    assert not shown.record(sweep(lines, filled), 5, stop=lambda: len(filled) > 2)
    assert filled == [0, 0, 1] and not shown._frames
    shown.frame = 4
    assert filled[3:] == [4] and shown.words == "k is 4."


def test_only_what_changed_is_drawn(shown, drawn):
    fill, [ax] = sweep(shown._moving), shown.figure.axes
    shown.record(lambda k: ax.set(xlim=(0, 1)) and fill(k), 50)
    assert set(drawn) == {shown._moving[0]}
    with drawing():
        ax.set_title("Another")
    shown.record(fill, 5)
    assert drawn.count(ax) == 1 and drawn.count(shown._moving[1]) == 1


@pytest.mark.parametrize(
    "change",
    [
        lambda ax: ax.set_xlim(0, 2), lambda ax: ax.set_ylabel("y"), lambda ax: ax.text(0, 0, "x"),
        lambda ax: ax.set_xticks([0, 1]), lambda ax: ax.set_yscale("log"),
        lambda ax: ax.legend(["a"]),
        lambda ax: ax.lines[0].set_color("red"), lambda ax: ax.set_title("new"),
    ],
)  # fmt: skip
def test_a_change_of_what_stands_still_is_seen(shown, change):
    before = shown._still
    with drawing():
        change(shown.figure.axes[0])
    shown.record(sweep(shown._moving), 5)
    assert shown._still != before


def test_a_line_that_gets_the_data_it_has_is_not_drawn_again(shown, drawn):
    line = shown._moving[1]
    fill = sweep(shown._moving)
    shown.record(lambda k: line.set_data(np.array([0, 1]), [k // 3, 0]) or fill(k), 6)
    assert drawn.count(line) == 2


def test_each_frame_has_its_axes(shown, drawn):
    """Which are drawn once for the same limits."""
    [ax], fill = shown.figure.axes, sweep(shown._moving)
    shown.record(lambda k: ax.set_xlim(0, 1 + k % 2) and fill(k), 50)
    assert drawn.count(ax) == 1
    _, frames = recorded(shown)
    labels = [{look[1] for (look, *_), _ in frame[1] if look[0] == "text"} for frame in frames]
    assert ["2.0" in each for each in labels] == [False, True] * 25
    ends = [line[-1, 0] - line[0, 0] for frame in frames for _, line in frame[2]]
    assert np.isclose(ends[0], 2 * ends[1], atol=0.2), "it ends at 1 of 2"


def test_axes_that_were_do_not_heap_up(shown):
    [ax], fill = shown.figure.axes, sweep(shown._moving)
    shown.record(lambda k: ax.set_xlim(0, 1 + k) and fill(k), 40)
    assert len(shown._seen[ax]) <= 10


def test_what_moves_keeps_its_place_between_what_stands_still(shown):
    """By zorder: line 0 below the still line, line 1 above it."""
    _, [[_, group]] = decode(shown._still)
    order = [look[1] if look[0] == "slot" else stroke for (look, _, stroke), _ in group]
    assert order.index(2) < order.index("inkff") < order.index(3)


def test_settings_of_the_reader_do_not_change_the_picture(shown):
    settings = {"lines.linewidth": 9, "font.size": 30, "axes.facecolor": "red", "text.color": "red"}
    with matplotlib.rc_context(settings | {"savefig.dpi": 30, "svg.fonttype": "none"}):
        other, lines = picture(curves)
        other.record(sweep(lines), 5)
        assert other.data() == shown.data()
        assert other.png() == shown.png()
        assert matplotlib.rcParams["lines.linewidth"] == 9


def test_pictures_on_several_threads_are_what_they_are_alone(shown):
    made = []

    def work():
        other, lines = picture(curves)
        for _ in range(3):
            other.record(sweep(lines), 5)
        made.append((other.data(), other.png()))

    threads = [threading.Thread(target=work) for _ in range(3)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert made == [(shown.data(), shown.png())] * 3


def test_what_is_saved_is_the_frame_in_view(shown, tmp_path):
    shown.frame = 2
    seen = shown.png()
    assert imread(io.BytesIO(seen)).shape == (200, 300, 4)
    shown.save(tmp_path / "a.png")
    assert (tmp_path / "a.png").read_bytes() == seen
    shown.frame = 3
    assert shown.png() != seen
    assert ElementTree.fromstring(shown.svg()).tag.endswith("}svg")
    for kind, begin in (("svg", b"<?xml"), ("pdf", b"%PDF-")):
        shown.save(str(tmp_path / f"a.{kind}"))
        assert (tmp_path / f"a.{kind}").read_bytes().startswith(begin)


def test_a_gif_has_all_frames(shown, tmp_path):
    shown.save(tmp_path / "a.gif")
    with Image.open(tmp_path / "a.gif") as gif:
        assert (gif.n_frames, gif.size, gif.info["duration"]) == (5, (300, 200), 40)
        gif.seek(2)
        shown.frame = 2
        one, other = np.asarray(gif.convert("RGB")), imread(io.BytesIO(shown.png()))[..., :3]
    assert np.abs(one / 255 - other).mean() < 0.01


def test_another_ending_is_refused(shown, tmp_path):
    with pytest.raises(ValueError, match=r"path must end in \.svg, \.pdf, .*got '.*a\.bmp'"):
        shown.save(tmp_path / "a.bmp")


def test_stop_is_heard(shown):
    heard = []
    shown.on_stop(lambda: heard.append(1))
    shown._handle_custom_msg({"stop": True}, [])
    shown._handle_custom_msg({"other": True}, [])
    assert heard == [1]


def test_a_large_picture_has_larger_type_in_the_same_frame(shown):
    def type_size():
        head, _ = decode(shown._still)
        sizes = [float(look[2].split()[-1][:-2]) for look in head["looks"] if look[0] == "text"]
        return max(sizes) / head["size"][0]

    before, words, still = type_size(), shown.words, shown._still
    shown.size = "large"
    assert type_size() >= 1.2 * before and (shown.words, shown.n_frames) == (words, 5)
    shown.size = "normal"
    assert type_size() == before and shown._still == still


def test_a_picture_that_has_recorded_nothing_shows_nothing():
    with drawing():
        figure = Figure()
    assert Picture(figure, label="empty").data()["frames"] == b""


def test_columns_are_cut_where_nothing_stands():
    with drawing():
        figure = Figure(figsize=(9, 4))
        figure.subplots(2, 3)
        figure.subplots_adjust(wspace=0.5)
        figure.add_axes([0.3, 0.9, 0.2, 0.05])  # it reaches into the second column
    shown = Picture(figure)
    shown.record(lambda k: "")
    columns = decode(shown._still)[0]["columns"]
    (left, middle, one), (same, right, other) = columns
    assert left == 0 and right == 900 and middle == same
    assert {1, 4} <= set(one) and sorted(one + other) == [1, 2, 3, 4, 5, 6, 7]
