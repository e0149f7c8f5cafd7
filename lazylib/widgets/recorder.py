"""What Matplotlib's artists draw, noted as instructions for a painter instead of as pixels.

An instruction is a *look* (what to draw with: JSON), a fill, a stroke, and points in pixels of the
figure. A frame is a list of groups of them: what the figure draws itself, what each of its axes
does, and each artist that moves; in the former, slots say where the latter belong.
"""

import base64
import functools
import io
import json
import math
from typing import NamedTuple

import numpy as np
from matplotlib.backend_bases import RendererBase
from matplotlib.image import imsave
from matplotlib.path import Path
from matplotlib.transforms import Affine2D, IdentityTransform

from lazylib.plots.colors import FAINT, FOURTH, INK, NEGATIVE, POSITIVE, THIRD

#: Colours are sent by name, so that a page chooses them: what a figure says, its name, in the dark.
ROLES = {
    "#ffffff": ("paper", "#111111"),
    "#000000": ("text", "#eeeeee"),
    INK.lower(): ("ink", "#e0e0e0"),
    FAINT.lower(): ("faint", "#8a8a8a"),
    POSITIVE.lower(): ("positive", "#56b4e9"),
    NEGATIVE.lower(): ("negative", "#f0803c"),
    THIRD.lower(): ("third", "#2fc79a"),
    FOURTH.lower(): ("fourth", "#e59ac0"),
}
#: Points are sent in whole sixteenths of a pixel, at most this many pixels from the corner.
UNIT, FAR = 16, 100_000
_NONE = np.empty((0, 2))
_LETTERS = bytes.maketrans(bytes((1, 2, 3, 4, 79)), b"MLQCZ")
_JOINS = {"miter": "miter", "round": "round", "bevel": "bevel"}
_CAPS = {"butt": "butt", "projecting": "square", "round": "round"}


class Instruction(NamedTuple):
    """One thing to draw: ``look`` can be JSON, ``fill`` and ``stroke`` are colours or ""."""

    look: tuple
    fill: str
    stroke: str
    points: np.ndarray


class Recorder(RendererBase):
    """A renderer that notes what it is told to draw; ``agg`` measures text for it."""

    def __init__(self, agg):
        super().__init__()
        self.agg, self.width, self.height = agg, int(agg.width), int(agg.height)
        self._pixel = agg.dpi / 72
        self.noted, self._marks = [], {}

    def group(self, artist, parts=()):
        """Return what an artist draws; slots stand for those of ``parts`` that are within it."""
        self.noted = []
        for number, part in enumerate(parts):
            if part is not artist:
                part.draw = lambda _, number=number: self._note(("slot", number), "", "", _NONE)
        try:
            artist.draw(self)
        finally:
            for part in parts:
                vars(part).pop("draw", None)
        return self.noted

    def _note(self, look, fill, stroke, points):
        self.noted.append(Instruction(look, fill, stroke, points))

    # What Matplotlib asks of a renderer (documented there)

    def flipy(self):  # noqa: D102
        return False

    def points_to_pixels(self, points):  # noqa: D102
        return points * self._pixel

    def get_canvas_width_height(self):  # noqa: D102
        return self.width, self.height

    def get_text_width_height_descent(self, s, prop, ismath):  # noqa: D102
        return self.agg.get_text_width_height_descent(s, prop, ismath)

    def get_image_magnification(self):  # noqa: D102
        return 2  # for screens with two pixels to ours

    def draw_path(self, gc, path, transform, rgbFace=None):  # noqa: D102
        fill, stroke = _fill(gc, rgbFace), _stroke(gc)
        letters, points = self._outline(path, transform, bool(fill))
        if len(points):
            look = "path", letters, self._strokes(gc), self._clip(gc)
            self._note(look, fill, stroke, points)
        if gc.get_hatch():
            self._hatch(gc, letters, points)

    def draw_markers(self, gc, marker_path, marker_trans, path, trans, rgbFace=None):  # noqa: D102
        points = trans.transform(path.vertices)
        points = points[(np.abs(points) < FAR).all(axis=1)]  # which also drops what is not a number
        mark = marker_path.vertices.tobytes(), marker_trans.get_matrix().tobytes()
        if mark not in self._marks:
            marker = marker_path.cleaned(marker_trans)
            around = np.round(marker.vertices[:-1] * (1, -1), 2)
            self._marks[mark] = _letters(marker.codes[:-1]), tuple(around.ravel().tolist())
        letters, shape = self._marks[mark]
        look = ("marks", letters, self._strokes(gc), self._clip(gc), shape)
        if len(points):
            self._note(look, _fill(gc, rgbFace), _stroke(gc), points)

    def draw_path_collection(  # noqa: D102
        self, gc, master_transform, paths, all_transforms, offsets, offset_trans, facecolors,
        edgecolors, linewidths, linestyles, antialiaseds, urls, offset_position, **kwargs,
    ):  # fmt: skip
        def cycle(values, i):
            return values[i % len(values)]

        transforms = [Affine2D(each) + master_transform for each in all_transforms]
        shifts = offset_trans.transform(offsets) if len(offsets) else [(0, 0)]
        widths, dashes = list(linewidths) or [0], list(linestyles) or [(0, None)]
        fills = [_color(each) for each in facecolors] or [""]
        strokes = [_color(each) for each in edgecolors] or [""]
        pens, clip = {}, self._clip(gc)
        for i in range(max(len(paths), len(offsets)) if len(paths) else 0):
            fill, stroke = cycle(fills, i), cycle(strokes, i) if cycle(widths, i) else ""
            pen = i % len(widths), i % len(dashes)
            if pen not in pens:
                gc.set_linewidth(cycle(widths, i))
                gc.set_dashes(*cycle(dashes, i))
                pens[pen] = self._strokes(gc)
            transform = cycle(transforms or [master_transform], i)
            letters, points = self._outline(cycle(paths, i), transform, bool(fill))
            if len(points):
                look = "path", letters, pens[pen], clip
                points = points + cycle(shifts, i)
                self._note(look, fill, stroke, points)
                if gc.get_hatch():
                    self._hatch(gc, letters, points)

    def draw_text(self, gc, x, y, s, prop, angle, ismath=False, mtext=None):  # noqa: D102
        if ismath:
            return super().draw_text(gc, x, y, s, prop, angle, ismath, mtext)
        width = self.agg.get_text_width_height_descent(s, prop, False)[0]
        size = round(self.points_to_pixels(prop.get_size_in_points()), 2)
        font = f"{prop.get_style()} {prop.get_weight()} {size}px"
        look = ("text", s, font, round(float(width), 2), round(float(angle), 2), self._clip(gc))
        self._note(look, _color(gc.get_rgb()), "", np.array([[x, y]]))

    def draw_image(self, gc, x, y, im, transform=None):  # noqa: D102
        stream = io.BytesIO()
        imsave(stream, im[::-1], format="png")
        address = "data:image/png;base64," + base64.b64encode(stream.getvalue()).decode()
        high, wide = np.array(im.shape[:2]) / self.get_image_magnification()
        look = ("image", address, float(wide), float(high), float(gc.get_alpha()), self._clip(gc))
        self._note(look, "", "", np.array([[x, y + high]]))

    # How they are noted

    def _outline(self, path, transform, filled):
        """Letters of a path (none: a line through all points), and its points in pixels."""
        if path.codes is None and not path.should_simplify:
            points = transform.transform(path.vertices)
            if np.isfinite(points).all():
                return "", points
        clip = None if filled else (-1, -1, self.width + 1, self.height + 1)
        simplify = path.should_simplify and not filled
        clean = path.cleaned(transform, remove_nans=True, clip=clip, simplify=simplify, curves=True)
        return _letters(clean.codes[:-1]), clean.vertices[:-1]

    def _strokes(self, gc):
        """Width, join, cap, dash offset and dashes of a line, in pixels."""
        offset, dashes = gc.get_dashes()
        dashes = () if dashes is None else tuple(round(d * self._pixel, 2) for d in dashes)
        width = round(gc.get_linewidth() * self._pixel, 3)
        offset = round((offset or 0) * self._pixel, 2)
        return width, _JOINS[gc.get_joinstyle()], _CAPS[gc.get_capstyle()], offset, dashes

    def _clip(self, gc):
        """A rectangle (left, top, right, bottom), letters and points of a path; or neither."""
        box = gc.get_clip_rectangle()
        if box is not None:
            left, bottom, right, top = (math.floor(each + 0.5) for each in box.extents)
            box = left, self.height - top, right, self.height - bottom
        path, transform = gc.get_clip_path()
        if path is None:
            return box, None
        letters, points = self._outline(path, transform, True)
        return box, (letters, *self._flipped(points))

    def _flipped(self, points):
        """Points as a flat list, downwards from the top, for a look."""
        return np.round(points * (1, -1) + (0, self.height), 1).ravel().tolist()

    def _hatch(self, gc, letters, points):
        """Cover an outline's box with tiles of its hatch, and clip them to the outline."""
        tile, side = gc.get_hatch_path(), 72 * self._pixel
        low, high = points.min(axis=0) // side, points.max(axis=0) // side
        box = [[0, 0], [self.width, self.height]] // np.float64(side)
        low, high = np.clip(low, *box).astype(int), np.clip(high, *box).astype(int)
        across, up = (range(low[i], high[i] + 1) for i in range(2))
        corners = [np.array([i, j]) * side for i in across for j in up]
        tiles = Path.make_compound_path(
            *(Path(tile.vertices * side + corner, tile.codes) for corner in corners)
        )
        pen = round(gc.get_hatch_linewidth() * self._pixel, 2), "miter", "butt", 0, ()
        clip = self._clip(gc)[0], (letters, *self._flipped(points))
        letters, points = self._outline(tiles, IdentityTransform(), True)
        color = _color(gc.get_hatch_color())
        self._note(("path", letters, pen, clip), color, color, points)


def _letters(codes):
    """M, L, Q, C and Z as in SVG; "" for the commonest of paths, a line through all points."""
    letters = codes.tobytes().translate(_LETTERS)
    return "" if letters == b"M" + b"L" * (len(codes) - 1) else letters.decode()


def _color(rgba):
    return _named(*rgba)


@functools.lru_cache(4096)
def _named(*rgba):
    """Role, or #rrggbb, and two hexadecimal digits of alpha."""
    red, green, blue, alpha = (round(255 * float(each)) for each in rgba)
    literal = f"#{red:02x}{green:02x}{blue:02x}"
    return f"{ROLES.get(literal, (literal,))[0]}{alpha:02x}" if alpha else ""


def _fill(gc, face):
    if face is None:
        return ""
    own = len(face) == 4 and not gc.get_forced_alpha()
    return _color((*face[:3], face[3] if own else gc.get_alpha()))


def _stroke(gc):
    return _color(gc.get_rgb()) if gc.get_linewidth() > 0 else ""


def encode(frames, height, base=(), **head):
    """Return frames as bytes: what did not change is not sent, of a path that grew only its end is.

    The first frame is told from the groups of ``base``, and every other from the one before it.

    The bytes are the length of a head (4 bytes, the least first), the head as JSON, and whole
    numbers of 7 bits a byte, the least first, an eighth bit saying that there is more:
    for each frame and group the number of its instructions, and for each instruction either 0 and
    how many are as before; or a look (1: that of before; else its place in the head + 2, and the
    places of fill and stroke), how many of the points of before are kept, how many are new, and
    these, each less its predecessor, with the sign in the last bit.
    """
    looks, colors, stream = {}, {}, []
    last = [*base, *(None for _ in frames[0][len(base) :])]
    before = [_whole(group or [], height) for group in last]
    for groups in frames:
        for i, group in enumerate(groups):
            stream.append([len(group)])
            if group is last[i]:
                stream.append([0, len(group)] if group else [])
                continue
            now = _whole(group, height)
            _encode_group(now, before[i], looks, colors, stream)
            before[i] = now
        last = groups
    head |= {"looks": list(looks), "colors": list(colors), "frames": len(frames)}
    head["groups"] = len(frames[0])
    head |= {"roles": {name: (light, dark) for light, (name, dark) in ROLES.items()}}
    text = json.dumps(head, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 4)
    return len(text).to_bytes(4, "little") + text + _seven_bits(np.concatenate(stream or [[]]))


def _whole(group, height):
    """Return instructions with their points in units and downwards, all made whole at once."""
    if not group:
        return []
    points = np.concatenate([each.points for each in group]) * (UNIT, -UNIT) + (0, height * UNIT)
    points = np.rint(np.clip(points, -FAR * UNIT, FAR * UNIT)).astype(np.int64)
    ends = np.cumsum([len(each.points) for each in group]).tolist()
    starts = [0, *ends[:-1]]
    return [(*each[:3], points[i:j]) for each, i, j in zip(group, starts, ends, strict=True)]


def _encode_group(group, old, looks, colors, stream):
    same = 0
    for j, (*pens, points) in enumerate(group):
        *pens_then, then = old[j] if j < len(old) else (None, points[:0])
        alike = pens == pens_then
        kept = _kept(points, then)
        if alike and kept == len(points) == len(then):
            same += 1
            continue
        if same:
            stream.append([0, same])
        same = 0
        if not alike:
            stream.append([looks.setdefault(pens[0], len(looks)) + 2])
            stream.append([colors.setdefault(each, len(colors)) for each in pens[1:]])
        steps = points[kept:].copy()
        steps[1:] -= points[kept:-1]
        if kept and len(steps):
            steps[0] -= points[kept - 1]
        steps = steps.ravel()
        stream.append([1, kept, len(steps) // 2] if alike else [kept, len(steps) // 2])
        stream.append((steps << 1) ^ (steps >> 63))
    if same:
        stream.append([0, same])


def _kept(points, then):
    """How many points both begin with."""
    count = min(len(points), len(then))
    differ = (points[:count] != then[:count]).any(axis=1)
    first = int(differ.argmax()) if count else 0
    return first if count and differ[first] else count


def _seven_bits(numbers):
    """Whole numbers below 2^28 as bytes of 7 bits, the least first."""
    numbers = numbers.astype(np.uint32)
    parts = (numbers[:, None] >> np.array([0, 7, 14, 21], np.uint32)) & 127
    more = numbers[:, None] >= np.array([1 << 7, 1 << 14, 1 << 21, 1 << 28], np.uint64)
    sent = np.concatenate([np.ones((len(numbers), 1), bool), more[:, :-1]], axis=1)
    return (parts + 128 * more).astype(np.uint8)[sent].tobytes()
