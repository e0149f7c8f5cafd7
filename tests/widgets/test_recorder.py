"""What artists draw is noted as instructions, and sent in few bytes."""

import numpy as np
import pytest
from helpers import quick
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from painting import decode, picture, recorded

from lazylib.experiments.plane import FRAMES, train_in_plane
from lazylib.plots import colors
from lazylib.plots.plane import describe_plane, fill_plane, plane_panels
from lazylib.widgets.picture import Picture, drawing
from lazylib.widgets.recorder import ROLES, UNIT, Instruction, encode

HEIGHT = 200


def path(points, color="inkff", look=("path", "")):
    return Instruction(look, "", color, np.reshape(points, (-1, 2)))


def size(*frames):
    """Bytes after the head."""
    data = encode([[group] for group in frames], HEIGHT)
    return len(data) - 4 - int.from_bytes(data[:4], "little")


instructions = st.builds(
    lambda points, color, look: path(points, color, ("path", look)),
    st.lists(st.tuples(st.floats(-500, 500), st.floats(-500, 500)), max_size=5),
    st.sampled_from(["inkff", "#aabbcc80", ""]),
    st.sampled_from(["", "MLZ"]),
)
groups = st.lists(instructions, max_size=4)


@quick
@given(st.lists(st.tuples(groups, groups), min_size=1, max_size=4))
def test_what_is_encoded_is_decoded_within_half_a_unit(frames):
    head, decoded = decode(encode(frames, HEIGHT, words=["é"]))
    assert head["words"] == ["é"]
    for frame, got in zip(frames, decoded, strict=True):
        for group, others in zip(frame, got, strict=True):
            assert len(group) == len(others)
            for each, (pens, points) in zip(group, others, strict=True):
                assert (tuple(pens[0]), *pens[1:]) == each[:3]
                downwards = each.points * (1, -1) + (0, HEIGHT)
                assert np.abs(points - downwards).max(initial=0) <= 0.5 / UNIT


def test_a_frame_like_the_one_before_costs_three_bytes():
    """A count, a 0, and how many are as before."""
    group = [path(np.random.default_rng(i).uniform(0, 200, (50, 2))) for i in range(20)]
    assert size(group, group) == size(group) + 3


def test_the_first_frame_is_told_from_a_base():
    group, other = [path([[1, 2]])], [path([[3, 4]])]
    data = encode([[group, other]], HEIGHT, [group])
    _, [still] = decode(encode([[group]], HEIGHT))
    _, [frame] = decode(data, still)
    _, [whole] = decode(encode([[group, other]], HEIGHT))
    assert str(frame) == str(whole) and len(data) < len(encode([[group, other]], HEIGHT))


def test_of_a_path_that_grows_only_its_new_points_are_sent():
    walk = np.random.default_rng(0).uniform(-3, 3, (1000, 2)).cumsum(axis=0) + 100
    grown = size(*([path(walk[:k])] for k in range(500, 1000)))
    assert grown - size([path(walk[:500])]) <= 499 * (5 + 2)  # a header, and a byte a coordinate


def test_points_far_out_are_kept_within_bounds():
    _, [[[(_, points)]]] = decode(encode([[[path([[1e300, -1e300]])]]], HEIGHT))
    assert np.abs(points).max() < 2**20


def looks(make):
    """What the artist that ``make(ax)`` returns draws."""
    shown, artist = picture(lambda ax: _moving(make(ax)))
    shown.record(lambda k: "")
    _, [[_, _, group]] = recorded(shown)
    return [pens for pens, _ in group]


def _moving(artist):
    artist.set_animated(True)
    return artist


@pytest.mark.parametrize("name", ["INK", "FAINT", "POSITIVE", "NEGATIVE", "THIRD", "FOURTH"])
def test_colours_of_the_style_are_sent_by_role_and_others_as_they_are(name):
    color = getattr(colors, name)
    [(_, fill, stroke)] = looks(lambda ax: ax.plot([0, 1], color=color, alpha=0.4)[0])
    assert (fill, stroke) == ("", f"{name.lower()}66")
    [(_, _, stroke)] = looks(lambda ax: ax.plot([0, 1], color="#123456")[0])
    assert stroke == "#123456ff"


def contrast(one, other):
    """The contrast of two colours (WCAG 2.2, "contrast ratio")."""
    light = []
    for color in (one, other):
        rgb = np.array(to_rgb(color))
        linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
        light.append(linear @ (0.2126, 0.7152, 0.0722) + 0.05)
    return max(light) / min(light)


@pytest.mark.parametrize("role", [name for name, _ in ROLES.values() if name != "paper"])
def test_in_the_dark_words_have_contrast_4_5_and_lines_3(role):
    """WCAG 2.2, success criteria 1.4.3 and 1.4.11."""
    dark = dict(ROLES.values())
    least = 4.5 if role in ("ink", "text") else 3
    assert contrast(dark[role], dark["paper"]) >= least


def test_alpha_of_an_artist_goes_before_that_of_its_colour():
    """As in Matplotlib's own renderers: ``GraphicsContextBase.get_forced_alpha``."""
    face = {"facecolor": (1, 0, 0, 0.2), "edgecolor": "none"}
    [(_, fill, _)] = looks(lambda ax: ax.fill([0, 1, 1], [0, 0, 1], **face)[0])
    assert fill == "#ff000033"
    [(_, fill, _)] = looks(lambda ax: ax.fill([0, 1, 1], [0, 0, 1], alpha=0.4, **face)[0])
    assert fill == "#ff000066"


def test_text_is_sent_as_text_and_mathematics_as_outlines():
    [(look, fill, _)] = looks(lambda ax: ax.text(0, 0, "αf", fontsize=18, color=colors.INK))
    assert look[:3] == ["text", "αf", "normal normal 25.0px"] and fill == "inkff"
    [(look, fill, _)] = looks(lambda ax: ax.text(0, 0, r"$\alpha f$", color=colors.INK))
    assert look[0] == "path" and fill == "inkff"


@pytest.fixture(scope="module")
def plane():
    """The picture of notebook 01, and how its frames are filled."""
    with drawing():
        figure = Figure(figsize=(13.5, 5.0))
        axes, artists = plane_panels(figure)
        for each in (artist for panel in artists for artist in panel.values()):
            each.set_animated(True)
    run = train_in_plane(0.1, 1.0, 20, 15, True, False, 2, 25)

    def fill(k):
        fill_plane(axes, artists, run, k)
        return describe_plane(run, k)

    return Picture(figure), fill


def test_a_move_of_notebook_01_with_its_100_frames_is_at_most_150_kb(plane):
    shown, fill = plane
    shown.record(fill, FRAMES)
    assert FRAMES == 100
    sent = len(shown._still) + len(shown._view) + len(shown._frames)
    assert sent <= 150_000
    _, frames = recorded(shown)
    assert len(frames) == 100


def test_the_three_panels_of_notebook_01_can_stand_below_each_other(plane):
    """Though their legends reach below each other: each stands alone, and is not cut."""
    shown, fill = plane
    shown.record(fill, 1)
    columns = decode(shown.data()["static"])[0]["columns"]
    assert len(columns) == 3 and (columns[0][0], columns[-1][1]) == (0, 1350)
    assert [panels for _, _, panels in columns] == [[1], [2], [3]]
    assert columns[0][1] > columns[1][0]


def test_paths_of_notebook_01_end_where_the_neurons_are(plane):
    """What is decoded is what was filled: the last points of the paths are the marks."""
    shown, fill = plane
    shown.record(fill, FRAMES)
    _, frames = recorded(shown)
    for groups in frames[1:]:
        instructions = [each for group in groups[4:] for each in group]
        marks = [p for (look, *_), p in instructions if look[0] == "marks" and look[1] == "MLLZ"]
        ends = [p[-1] for (look, *_), p in instructions if look[0] == "path" and len(look) == 4]
        near = np.linalg.norm(np.concatenate(marks)[:, None] - np.array(ends), axis=-1).min(axis=1)
        assert np.sort(near)[:20].max() <= 0.3
