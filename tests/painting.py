"""Read what a recorder wrote, and paint it in Chromium, for the tests of pictures."""

import base64
import contextlib
import io
import json
import os
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.image import imread
from scipy.ndimage import maximum_filter, minimum_filter

import lazylib.widgets
from lazylib.widgets.picture import Picture, drawing
from lazylib.widgets.recorder import UNIT
from tools.lab import find_chromium, headless_browser

PAINTER = Path(lazylib.widgets.__file__).with_name("painter.js").read_text(encoding="utf-8")


def numbers(stream):
    """Yield whole numbers of 7 bits a byte, the least first."""
    number = shift = 0
    for byte in stream:
        number |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            yield number
            number = shift = 0


def decode(data, base=()):
    """Return the head of ``encode``'s bytes, and its frames: lists of groups of instructions.

    ``base`` is the decoded frame that they begin from.
    """
    length = 4 + int.from_bytes(data[:4], "little")
    head, stream = json.loads(data[4:length]), numbers(data[length:])
    frames, before = [], [*base, *[[]] * (head["groups"] - len(base))]
    for _ in range(head["frames"]):
        before = [_decode_group(head, stream, old) for old in before]
        frames.append(before)
    assert next(stream, None) is None, "bytes are left over"
    return head, frames


def _decode_group(head, stream, old):
    group, count = [], next(stream)
    while len(group) < count:
        look = next(stream)
        if look == 0:
            same = next(stream)
            group += old[len(group) : len(group) + same]
            continue
        pens, then = old[len(group)] if len(group) < len(old) else (None, np.zeros((0, 2)))
        if look > 1:
            pens = head["looks"][look - 2], *(head["colors"][next(stream)] for _ in "fs")
        kept, new = next(stream), next(stream)
        steps = np.array([next(stream) for _ in range(2 * new)], dtype=int).reshape(-1, 2)
        steps = np.where(steps % 2, -(steps + 1) // 2, steps // 2) / UNIT
        start = then[kept - 1 : kept] if kept else np.zeros((1, 2))
        group.append((pens, np.concatenate([then[:kept], start + steps.cumsum(axis=0)])))
    return group


def recorded(picture):
    """Return head and frames of what a picture has sent; group 1 of them is that of its axes."""
    data = picture.data()
    _, [still] = decode(data["static"])
    return decode(data["frames"], still)


def picture(make, width=3.0, height=2.0, **traits):
    """Return a picture of a figure of one panel, and what ``make(ax)`` returned."""
    with drawing():
        figure = Figure(figsize=(width, height))
        made = make(figure.subplots())
    return Picture(figure, **traits), made


@contextlib.contextmanager
def chromium():
    """Yield headless Chromium; skip where there is none, but not in continuous integration."""
    path = find_chromium(install=bool(os.environ.get("CI")))
    if path is None:
        pytest.skip("there is no Chromium or Chrome; `python -m playwright install chromium`")
    with headless_browser(path) as browser:
        yield browser


def mounted(browser, data, width=300, scale=1, scheme="light", attributes=""):
    """Return a page that shows what `Picture.data` returns, without a kernel."""
    page = browser.new_page(
        viewport={"width": width, "height": 600}, device_scale_factor=scale, color_scheme=scheme
    )
    page.faults = []
    page.on("pageerror", lambda error: page.faults.append(str(error)))
    page.set_content(f"<!doctype html><meta charset=utf-8><body {attributes} style='margin:0'>")
    page.evaluate(
        """async ([source, data]) => {
            const module = new Blob([source], { type: "text/javascript" });
            const { mount } = await import(URL.createObjectURL(module));
            window.player = mount(document.body, data);
        }""",
        [PAINTER, in_base64(data)],
    )
    settle(page)
    return page


def in_base64(data):
    """Return the same with its bytes as text."""
    text = {k: base64.b64encode(v).decode() for k, v in data.items() if isinstance(v, bytes)}
    return data | text


def settle(page):
    """Wait until all is painted that was asked for."""
    page.evaluate(
        """async () => { for (let i = 0; i < 3; i++) await new Promise(requestAnimationFrame) }"""
    )


def pixels(page):
    """Return what stands on the canvas, of shape (height, width, 4), from 0 to 1."""
    address = page.evaluate("document.querySelector('canvas').toDataURL()")
    return imread(io.BytesIO(base64.b64decode(address.partition(",")[2])))


def agg(picture, scale=1):
    """Return Matplotlib's own picture of what was filled last, in the same form."""
    stream = io.BytesIO()
    with drawing():
        picture.figure.savefig(stream, dpi=picture.figure.dpi * scale)
    stream.seek(0)
    return imread(stream)


def differing(one, other, step=0.25, slack=0):
    """Return the share of those pixels that are not background in which two pictures differ.

    With ``slack``, a pixel may be what the other picture has so many pixels from there.
    """
    assert one.shape == other.shape, (one.shape, other.shape)
    inked = (np.minimum(one, other)[..., :3] < 1 - step).any(axis=-1)
    assert inked.any(), "both are empty"
    size = (2 * slack + 1, 2 * slack + 1, 1)
    low, high = minimum_filter(other, size) - step, maximum_filter(other, size) + step
    return ((one < low) | (one > high)).any(axis=-1).sum() / inked.sum()
