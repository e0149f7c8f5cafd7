"""Every panel that needs no PyTorch, with what it is shown here, and corners of its controls."""

import itertools

import numpy as np
from helpers import DATA

from lazylib import widgets
from lazylib.experiments import load
from lazylib.widgets.picture import drawing

PANELS = {
    widgets.explore_balance: {},
    widgets.explore_bits: {},
    widgets.explore_clock: {"m": 2},
    widgets.explore_criterion: {},
    widgets.explore_generalization: {"results": load(DATA / "generalization.jsonl")},
    widgets.explore_kernels: {},
    widgets.explore_neurons: {},
    widgets.explore_noise: {},
    widgets.explore_population: {"results": load(DATA / "underparameterized.jsonl"), "steps": 200},
    widgets.explore_predictors: {},
    widgets.explore_sgd: {},
    widgets.explore_steps: {},
    widgets.explore_surface: {},
    widgets.explore_theorem: {"n": 3},
    widgets.explore_time: {},
}


def corners(panel):
    """Return states: each slider at both ends, then all at the low and all at the high ones."""
    ends = {
        each["name"]: (each["low"], each["high"])
        for each in panel.controls.spec
        if each["kind"] == "slider" and each["name"] not in ("m", "n", "steps", "batch_size")
    }
    states = [{name: end} for name, both in ends.items() for end in both]
    return [{}, *states, *({name: both[i] for name, both in ends.items()} for i in (0, 1))]


def out_of_sight(ax):
    """Return the labels of lines that move and are, in an axes, above, below, or not there at all.

    A panel may show a window of a run's time, but what it shows of it must be seen. Lines that
    only guide the eye, "∝ …", may leave.
    """
    (x0, x1), (y0, y1) = map(sorted, (ax.get_xlim(), ax.get_ylim()))
    found = []
    for line in ax.lines:
        x, y = np.broadcast_arrays(*(np.asarray(each, float) for each in line.get_data(orig=False)))
        there = np.isfinite(x) & np.isfinite(y)
        for values, axis in ((x, ax.xaxis), (y, ax.yaxis)):
            there &= (values > 0) | (axis.get_scale() != "log")
        guides = line.get_label().startswith("∝")
        if line.get_animated() and line.get_visible() and there.any() and not guides:
            there &= (x0 <= x) & (x <= x1)
            if not there.any() or not ((y0 <= y) & (y <= y1))[there].all():
                found.append(line.get_label())
    return found


def crowded(figure, slack=3):
    """Return what overlaps in a figure, or is cut by its edge, of texts, legends and axes.

    Above and below letters, a box of text has so many dots of nothing.
    """
    with drawing():
        figure.draw_without_rendering()
        things = [thing for ax in figure.axes if ax.get_visible() for thing in _things(ax)]
    wide, high = figure.bbox.size
    found = [
        name for name, box in things if min(box.x0, box.y0, wide - box.x1, high - box.y1) < -slack
    ]
    for (name, box), (other, its) in itertools.combinations(things, 2):
        within = name.split(", ")[0] == other.split(", ")[0] and "axes" in (name + other)
        shared = box.intersection(box, its)
        if not within and shared and min(shared.width, shared.height) > slack:
            found.append(f"{name} and {other}")
    return found


def _things(ax):
    """Yield names and boxes of axes, their texts, the ticks in sight, and their legend."""
    name = ax.get_title() or ax.get_ylabel()
    yield f"{name}, axes", ax.bbox
    texts = [ax.title, *ax.texts]
    for axis in (ax.xaxis, ax.yaxis) if ax.axison else ():
        texts += [axis.label, axis.get_offset_text()]
        low, high = sorted(axis.get_view_interval())
        ticks = zip(axis.get_majorticklocs(), axis.get_majorticklabels(), strict=False)
        texts += [text for place, text in ticks if low <= place <= high]
    for text in texts:
        if text.get_visible() and text.get_text():
            yield f"{name}, {text.get_text()!r}", text.get_window_extent()
    if ax.get_legend() is not None:
        box = ax.get_legend().get_window_extent()
        yield f"{name}, legend", box.padded(-0.4 * 11 / 72 * ax.figure.dpi)  # its empty border
