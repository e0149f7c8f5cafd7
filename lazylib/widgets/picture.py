"""A Matplotlib figure that the browser paints, and whose frames it plays without the kernel."""

import contextlib
import io
import threading
from pathlib import Path

import anywidget
import matplotlib
import numpy as np
import traitlets
from matplotlib.animation import FFMpegWriter, PillowWriter
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.lines import Line2D

from lazylib.plots.style import STYLE, refit_legend
from lazylib.widgets.recorder import Recorder, encode

#: Matplotlib draws on one thread at a time: callbacks of widgets do not run on that of the cells.
DRAWING = threading.RLock()
RATE = 25  # frames a second at speed 1, as in painter.js
_OURS = {
    key: value
    for key, value in {**matplotlib.rcParamsDefault, **STYLE}.items()
    if not key.startswith(("backend", "interactive", "toolbar", "timezone", "savefig.directory"))
}


@contextlib.contextmanager
def drawing():
    """Hold the lock for drawing, and Matplotlib's settings at ours, whatever the reader has set."""
    with DRAWING:
        theirs = matplotlib.rcParams
        with matplotlib.rc_context({k: v for k, v in _OURS.items() if theirs[k] != v}):
            yield


class _Canvas(FigureCanvasAgg):
    def is_saving(self):
        return True  # so that axes draw what moves in its place, between what stands still


class Picture(anywidget.AnyWidget):
    """A Matplotlib figure that the browser paints; plays its frames without the kernel.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        Made within `drawing`. Those artists move for which ``get_animated()`` is true.
    **traits
        Initial values of the traits.

    Attributes
    ----------
    frame : int
        The frame in view. The browser moves it; code may, too.
    n_frames : int
        If 1, the browser shows no player.
    playing, loop : bool
    speed : float
        1 is 25 frames a second.
    words : str
        What the frame in view shows, in words: the picture's text alternative.
    label : str
        The picture's name for a screen reader.
    busy : bool
        That the next picture is being computed; said from 0.3 s on, with a button to stop it.
    progress : float
        How far that is, from 0 to 1.
    trouble : str
        A refusal or a fault, in words, in place of the picture.
    size : {"normal", "large"}
        "large" has type and lines for a projector.
    """

    # as text: anywidget keeps a widget alive for ever whose code is a path
    _esm = Path(__file__).with_name("painter.js").read_text(encoding="utf-8")
    frame = traitlets.Int(0).tag(sync=True)
    n_frames = traitlets.Int(1).tag(sync=True)
    playing = traitlets.Bool(False).tag(sync=True)
    loop = traitlets.Bool(False).tag(sync=True)
    speed = traitlets.Float(1.0).tag(sync=True)
    label = traitlets.Unicode("").tag(sync=True)
    busy = traitlets.Bool(False).tag(sync=True)
    progress = traitlets.Float(0.0).tag(sync=True)
    trouble = traitlets.Unicode("").tag(sync=True)
    size = traitlets.Enum(["normal", "large"], "normal").tag(sync=True)
    words = traitlets.Unicode("")
    _still = traitlets.Bytes(b"").tag(sync=True)
    _view = traitlets.Bytes(b"").tag(sync=True)
    _frames = traitlets.Bytes(b"").tag(sync=True)

    def __init__(self, figure, **traits):
        self.figure, self._canvas = figure, _Canvas(figure)
        self._inches = figure.get_size_inches()
        self._places = {ax: (ax.get_position(original=True), ax.get_legend()) for ax in figure.axes}
        self._moving = figure.findobj(lambda artist: artist.get_animated())
        for artist in self._moving:
            if isinstance(artist, Line2D):
                _ignore_the_same(artist)
        self._fill, self._times, self._said, self._viewed = None, None, [], None
        self._forget()
        super().__init__(**traits)

    def record(self, fill, n_frames=1, first=None, stop=None, times=None):
        """Record frames, and send them to the browser.

        The frame in view goes first and at once, the others follow in one message.

        Parameters
        ----------
        fill : callable
            ``fill(k)`` fills the moving artists for frame k and returns its words. It is kept: a
            picture to save is made with it.
        n_frames : int
        first : int, optional
            The frame in view; by default it stays.
        stop : callable, optional
            Asked between frames; True abandons the rest.
        times : sequence of str, optional
            What a screen reader says of the time of each frame.

        Returns
        -------
        bool
            Whether all frames were recorded.
        """
        self.show(fill, n_frames, first, times)
        return self.record_others(stop)

    def show(self, fill, n_frames=1, first=None, times=None):
        """Record the frame in view and send it; the arguments are those of `record`."""
        with drawing():
            self._fill, self._times, self._said = fill, times, []
            with self.hold_sync():
                self._frames, self.trouble, self.n_frames = b"", "", n_frames
                view = min(self.frame if first is None else first, n_frames - 1)
                self._send_view(view)
                if first is not None or self.frame >= n_frames:
                    self.frame = view  # else it may be another one by now, which the reader wants
                self.busy = False

    def record_others(self, stop=None):
        """Record all frames of what is shown, and send them; ``stop`` and result as of `record`."""
        with drawing():
            frames = []
            for k in range(self.n_frames if self.n_frames > 1 else 0):
                if stop is not None and stop():
                    return False
                frames.append(self._record(k))
            if frames:
                self._frames = self._encode(frames, range(self.n_frames))
                self._said = [words for *_, words in frames]
        return True

    def on_stop(self, callback):
        """Call ``callback()`` when the reader presses Stop."""
        self.on_msg(lambda widget, content, buffers: content.get("stop") and callback())

    def close(self):
        """End the picture, and let go of what was drawn, which would wait for the collector."""
        super().close()
        if self._fill is not None:
            with DRAWING:
                # texts remember what they were drawn with last
                self._fill = self._canvas.renderer = self._recorder.agg = None
                self._said, self._moving, self._parts, self._base = [], [], [], []
                self._groups, self._seen = {}, {}
                self._still = self._view = self._frames = b""
                self.figure.clear()

    def data(self):
        """Return what ``mount`` of painter.js plays without a kernel, as a dictionary."""
        frames = self._frames or self._view
        return {"static": self._still, "frames": frames, "label": self.label, "frame": self.frame}

    def png(self):
        """Return the frame in view as Matplotlib's own picture."""
        return self._print("png")

    def svg(self):
        """Return the frame in view as SVG."""
        return self._print("svg").decode()

    def save(self, path):
        """Write the frame in view to .svg, .pdf or .png, or all frames to .gif, .mp4 (ffmpeg).

        Parameters
        ----------
        path : str or path-like
            Its ending says which.

        Raises
        ------
        ValueError
            If the ending is another one.
        """
        kind = Path(path).suffix.lower().removeprefix(".")
        if kind in ("svg", "pdf", "png"):
            Path(path).write_bytes(self._print(kind))
        elif kind in ("gif", "mp4"):
            with drawing():
                writer = (PillowWriter if kind == "gif" else FFMpegWriter)(fps=RATE * self.speed)
                with writer.saving(self.figure, path, self.figure.dpi):
                    for k in range(self.n_frames):
                        self._fill(k)
                        writer.grab_frame()
        else:
            raise ValueError(f"path must end in .svg, .pdf, .png, .gif or .mp4, got {str(path)!r}")

    def _print(self, kind):
        stream, undated = io.BytesIO(), {"svg": {"Date": None}, "pdf": {"CreationDate": None}}
        with drawing():
            self._fill(self.frame)
            self.figure.savefig(stream, format=kind, metadata=undated.get(kind))
        return stream.getvalue()

    @traitlets.validate("frame")
    def _within(self, proposal):
        return min(max(proposal.value, 0), self.n_frames - 1)

    @traitlets.observe("frame")
    def _say(self, change):
        with DRAWING:
            if self._said:
                self.words = self._said[self.frame]
            elif self.frame != self._viewed and self._fill is not None:  # the run was abandoned
                with drawing():
                    self._send_view(self.frame)

    @traitlets.observe("size")
    def _resize(self, change):
        self.busy = self._fill is not None
        with drawing():
            figure, large = self.figure, self.size == "large"
            figure.set_size_inches(self._inches / (1.25 if large else 1))
            for ax, (box, legend) in self._places.items():
                ax.set_position(box)
                ax.legend_ = legend
            if large:  # larger type needs other margins
                self._lay_out()
            self._forget()
            if self._fill is not None:
                self.record(self._fill, self.n_frames, times=self._times)

    def _lay_out(self):
        """Make room for larger type: legends close under their axes, in a figure as much higher."""
        figure = self.figure
        more = max(refit_legend(ax) for ax in figure.axes)
        figure.set_figheight(figure.get_figheight() + max(more, 0))
        for ax in figure.axes:
            ax.set_in_layout(True)  # which a position takes away
        layout = ConstrainedLayoutEngine()
        layout.execute(figure)
        # the layout does not count how wide titles and labels are
        over, wide = figure.get_tightbbox(), figure.get_figwidth()
        left, right = max(0.25 - over.x0, 0) / wide, max(over.x1 + 0.25 - wide, 0) / wide
        layout.set(rect=(left, 0, 1 - left - right, 1))
        layout.execute(figure)

    def _forget(self):
        """Record all anew, for all may have changed."""
        self._recorder = Recorder(self._canvas.get_renderer())
        self._frame = [self.figure, *self.figure.axes]
        self._parts = [*self._frame, *self._moving]
        self._columns, self._groups, self._base = [], {}, []
        self._seen = {holder: {} for holder in self._frame}

    def _record(self, k):
        """Fill one frame; return its groups and its words."""
        words = self._fill(k)
        self._columns = self._columns or _columns(self.figure, self._recorder.width)
        for holder in self._frame:
            self._record_still(holder)
        for artist in self._moving:
            if artist.stale or artist not in self._groups:
                self._groups[artist] = self._recorder.group(artist)
        return [self._groups[part] for part in self._parts], words

    def _record_still(self, holder):
        """Record what stands still in the figure or an axes, if it has changed."""
        if holder in self._groups and not holder.stale:  # which what moves does not make it
            return
        seen = self._seen[holder]
        own = set(holder.get_children()) - set(self._parts) - _judged_by_look(holder)
        if len(seen) > 8 or any(child.stale for child in own):
            seen.clear()
        look = _look(holder)
        if look not in seen:
            seen[look] = self._recorder.group(holder, self._parts)
            for child in own:
                child.stale = False  # empty texts do not say so themselves
        holder.stale = False
        if self._groups.get(holder) is not seen[look]:
            self._groups[holder] = seen[look]
            for artist in self._moving:
                if (artist.axes or self.figure) is holder:
                    self._groups.pop(artist, None)

    def _send_view(self, k):
        """Record one frame and send it alone; before it, what stands still, if that is new."""
        frame = self._record(k)
        self._viewed, self.words = k, frame[-1]
        base = frame[0][: len(self._frame)]
        if [id(group) for group in base] != [id(group) for group in self._base]:
            self._base, size = base, self._recorder.get_canvas_width_height()
            self._still = encode([base], size[1], size=size, columns=self._columns)
        self._view = self._encode([frame], [k])

    def _encode(self, frames, numbers):
        groups, words = zip(*frames, strict=True)
        head = {"words": words}
        if self._times is not None:
            head["times"] = [str(self._times[k]) for k in numbers]
        return encode(groups, self._recorder.height, self._base, **head)


def _judged_by_look(holder):
    """Children of axes that `_look` judges: they are told of what does not change them, too."""
    return {holder.title, holder.xaxis, holder.yaxis} if isinstance(holder, Axes) else set()


def _look(holder):
    """Limits, title, labels, ticks and place of axes."""
    if not isinstance(holder, Axes):
        return ()
    axes = (
        (each.get_scale(), each.get_label_text(), id(each.get_major_locator()))
        for each in (holder.xaxis, holder.yaxis)
    )
    place = holder.get_position(original=True).bounds
    return *holder.get_xlim(), *holder.get_ylim(), holder.get_title(), *axes, *place


def _ignore_the_same(line):
    """Let a line ignore data that it has: else it is drawn in each frame, though it stays."""
    set_data = line.set_data

    def set_new_data(*args):
        new = args if len(args) > 1 else args[0]
        if not all(map(np.array_equal, new, line.get_data(orig=True))):
            set_data(*new)

    line.set_data = set_new_data


def _columns(figure, width):
    """From where to where, across, panels stand that have others beside them, and which these are.

    Their boxes may overlap by 4 % of the figure: legends and tick labels have room around them.
    """
    boxes = [ax.get_tightbbox().extents[[0, 2]] for ax in figure.axes]
    columns, reached = [[0, width, []]], -width
    for number in sorted(range(len(boxes)), key=lambda number: boxes[number][0]):
        left, right = boxes[number]
        if columns[-1][2] and left > reached - 0.04 * width:
            middle = (left + reached) / 2
            columns[-1][1] = round(max(middle, reached))
            columns.append([round(min(middle, left)), width, []])
        columns[-1][2].append(1 + number)
        reached = max(reached, right)
    return columns
