"""What all slider panels have in common: controls, a picture, words, and a state to set.

A panel is declared: its controls, how its figure is made, what is computed from the controls, and
what the figure shows of it. Everything else is here. Moves of the browser are computed in a thread
that lives as long as there is work, one panel at a time; a later move ends what an earlier one
began. What code sets is computed at once, where it is set.
"""

import base64
import contextlib
import contextvars
import html
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import anywidget
import ipywidgets
import numpy as np
import traitlets
from matplotlib.figure import Figure

from lazylib import _checks
from lazylib.plots.style import animate, plain_ticks, written
from lazylib.trainers import reporting
from lazylib.widgets.picture import Picture, drawing

#: All panels work one at a time. (While one computes, the others can be drawn and played.)
WORK = threading.RLock()

# Whoever drags sees the values of a moment ago, if these were computed within so many seconds.
# From then on the panel says how far it is.
_PATIENCE = 0.25


class Refusal(ValueError):
    """What the reader asked for is not possible: said in words, and no fault."""


@dataclass(frozen=True)
class Control:
    """One control: a name to read, a first value, and the values it takes.

    Attributes
    ----------
    kind : {"slider", "choice", "check", "seed", "press"}
    label : str
    value : object
    options : list
        The positions of a slider, which also takes any number between ``low`` and ``high``; or the
        words to choose from.
    low, high : float, optional
    whole, even : bool
    even_with : str
        Name of the check box with which only even numbers are taken.
    after : str
        For a button: name of the choice that is made before, and stays when the button is pressed.
    """

    kind: str
    label: str
    value: object
    options: tuple = ()
    low: float | None = None
    high: float | None = None
    whole: bool = False
    even: bool = False
    even_with: str = ""
    after: str = ""

    def check(self, name, value):
        """Return ``value`` as this control takes it; an error names the argument and the range."""
        if self.kind in ("check", "press"):
            return _checks.flag(name, value)
        if self.kind == "choice":
            return _checks.word(name, value, self.options)
        number = _checks.whole(name, value, -sys.maxsize) if self.whole else None
        number = _checks.number(name, value) if number is None else number
        if not self.low <= number <= self.high:
            raise ValueError(f"{name} must be from {self.low:g} to {self.high:g}, got {value!r}")
        return number


#: Twenty numbers in every decade, as people write them.
_STEPS = [1, 1.1, 1.2, 1.4, 1.6, 1.8, 2, 2.2, 2.5, 2.8, 3, 3.5, 4, 4.5, 5, 5.5, 6, 7, 8, 9]


def log_slider(label, value, low, high, whole=False):
    """A slider from ``low`` to ``high``, at equal steps of the logarithm but for rounding."""
    decades = range(int(np.floor(np.log10(low))), int(np.ceil(np.log10(high))) + 1)
    steps = [float(f"{step}e{decade}") for decade in decades for step in _STEPS]
    if whole:
        steps = sorted({round(step) for step in steps})
    inner = [step for step in steps if low < step < high]
    return Control("slider", label, value, [low, *inner, high], low, high, whole)


def linear_slider(label, value, low, high, step=0.1):
    """A slider from ``low`` to ``high`` in equal steps."""
    count = round((high - low) / step)
    options = [round(low + i * step, 10) for i in range(count + 1)]
    return Control("slider", label, value, options, low, high)


def whole_slider(label, value, low, high, step=1, even=False, even_with=""):
    """A slider over whole numbers."""
    options = list(range(low, high + 1, 2 if even else step))
    return Control("slider", label, value, options, low, high, True, even, even_with)


def steps_slider(label, value, options):
    """A slider over some whole numbers; those between them can be typed."""
    return Control("slider", label, value, list(options), options[0], options[-1], whole=True)


def choice(label, value, options):
    """A list of words to choose from."""
    return Control("choice", label, value, list(options))


def check(label, value):
    """A check box."""
    return Control("check", label, value)


def seed(label, value, most=10**6):
    """The number of a draw, with a button for the next one."""
    return Control("seed", label, value, low=0, high=most, whole=True)


def press(label, value=False, after=""):
    """A button that stays down until a setting is changed."""
    return Control("press", label, value, after=after)


class Controls(anywidget.AnyWidget):
    """The controls of a panel in the browser: their values, by name."""

    # as text: anywidget keeps a widget alive for ever whose code is a path
    _esm = Path(__file__).with_name("controls.js").read_text(encoding="utf-8")
    _css = Path(__file__).with_name("controls.css").read_text(encoding="utf-8")
    label = traitlets.Unicode().tag(sync=True)
    spec = traitlets.List().tag(sync=True)
    values = traitlets.Dict().tag(sync=True)
    stored = traitlets.Unicode().tag(sync=True)  # the name of the picture that is stored for it


class _Left(BaseException):
    """The reader has gone on: what is being computed is of no use any more."""


class Explorer(ipywidgets.VBox):
    """Controls, a picture, and words that say what the picture shows.

    Parameters
    ----------
    label : str
        What a screen reader calls the panel.
    controls : dict of str to Control
        By the name of the argument. The controls not in ``views`` are settings.
    figure : tuple
        Width and height in inches, and ``make(figure)``, which returns axes and artists that move.
    compute : callable
        ``compute(**settings)`` returns a result, e.g. a training run.
    show : callable
        ``show(axes, artists, result, **views)``, with ``frame`` if there are frames, fills the
        artists and returns the words.
    views : tuple of str
        Controls that only change what is shown of a result.
    times : callable, optional
        The times of the frames of a result, if it has frames.
    frames, frame : int, optional
        How many frames there are, and which one is shown first: by default the last.
    ahead : bool
        Whether to compute, while the browser paints, what a slider's next move would ask for.

    Attributes
    ----------
    state : dict
        The values of all controls, and the frame. Setting it, wholly or in part, moves all at once.
    words : str
        What the picture shows, in words.
    result
        What ``compute`` returned last, or None after an error. Waits for what is being computed.
    picture : Picture

    Raises
    ------
    ValueError, TypeError
        Naming an argument, or a part of a state, that its control does not take.
    """

    def __init__(
        self,
        label: str,
        controls: dict[str, Control],
        figure: tuple,
        compute: Callable,
        show: Callable,
        views=(),
        times=None,
        frames=1,
        frame=None,
        ahead=False,
    ):
        self._spec, self._compute, self._show = controls, compute, show
        self._views, self._times, self._frames = views, times, frames
        self._result = self._known = self._artists = None
        self._company = [self]  # the panels that are shown at one time
        self._ahead, self._foreseen = ahead, (None, None)
        self._door, self._idle, self._held = threading.Lock(), threading.Event(), False
        self._asked = self._done = 0
        self._stopped, self._closed = False, True
        values = self._checked({name: each.value for name, each in controls.items()})
        frame = frames - 1 if frame is None else self._checked_frame(frame)
        width, height, make = figure
        with drawing():
            page = Figure(figsize=(width, height), dpi=100)
            self._axes, self._artists = make(page)
            animate(self._artists)
            plain_ticks(page)
            self.picture = Picture(page, label=label, n_frames=frames)
            self.picture.frame = frame
        spec = [{**asdict(controls[name]), "name": name, "value": values[name]} for name in values]
        self.controls = Controls(label=label, spec=spec, values=values)
        self.controls.stored = self.controls.model_id or ""
        self.controls.observe(self._moved, "values")
        self.controls.on_msg(self._told)
        self.picture.on_stop(self._stop)
        super().__init__([self.controls, self.picture])
        self.add_class("lazylib-panel")
        self._closed = False
        self._close_predecessor()
        _hear_interrupts()
        self._now()

    # The state, for code

    @property
    def state(self):
        """The values of all controls, by name, and the frame."""
        self._open()
        frame = {"frame": self.picture.frame} if self._times else {}
        return dict(self.controls.values) | frame

    @state.setter
    def state(self, values):
        self._open()
        if not isinstance(values, Mapping):
            raise TypeError(f"state must be a dictionary, got {_checks.shown(values)}")
        unknown = set(values) - set(self.state)
        if unknown:
            raise ValueError(f"state has no {sorted(unknown, key=str)}; it has {list(self.state)}")
        given = {name: value for name, value in values.items() if name != "frame"}
        frame = self.picture.frame
        if "frame" in values:
            frame = self._checked_frame(values["frame"])
        new = self._checked(self._following(self.controls.values, given))
        self._held = True
        try:
            self.controls.values, self.picture.frame = new, frame
        finally:
            self._held = False
        self._now()

    def _checked(self, values):
        """The values as the controls take them."""
        values = {name: self._spec[name].check(name, value) for name, value in values.items()}
        for name, control in self._spec.items():
            if (control.even or values.get(control.even_with)) and values[name] % 2:
                why = f" with {control.even_with}" if control.even_with else ""
                span = f"from {control.low:g} to {control.high:g}"
                raise ValueError(f"{name} must be even{why}, {span}, got {values[name]}")
        return values

    def _checked_frame(self, frame):
        return _checks.whole("frame", frame, least=0, most=self._frames - 1)

    def _following(self, old, given):
        """The values after those given were set: a button that was pressed comes up again."""
        new = dict(old) | given
        for name, control in self._spec.items():
            if control.kind != "press" or name in given or not old[name]:
                continue
            if control.after in given and given[control.after] != old[control.after]:
                raise ValueError(f"{control.after} must stay as it was before {name}")
            new[name] = all(new[each] == old[each] for each in new if each != name)
        return new

    @property
    def words(self):
        """What the picture shows, in words."""
        self._wait()
        return self.picture.trouble or self.picture.words

    @property
    def result(self):
        """What was computed last; None after an error."""
        self._wait()
        return self._result

    def save(self, path):
        """Write the picture to a file: .svg, .pdf or .png, or .gif with all its frames."""
        self._open()
        self._wait()
        self.picture.save(path)

    def close(self):
        """End the panel: its picture stays, and nothing else."""
        if getattr(self, "_closed", True):
            return
        with self._door:
            self._closed, self._asked = True, self._asked + 1
        with WORK:
            for part in (self.controls, self.picture, self):
                layout = part.layout
                super().close() if part is self else part.close()
                layout.close()
            self._result = self._known = self._axes = self._artists = None
            self._foreseen = None, None

    def _open(self):
        if self._closed:
            raise RuntimeError("this panel is closed: run its cell again")

    # Work: in the thread that asks, or in one of its own for the browser

    def _now(self):
        """Compute and show what the controls say, here."""
        with self._door:
            self._asked += 1
            ticket, self._stopped = self._asked, False
        with WORK:
            try:
                self._turn(ticket)
            finally:
                self._done = max(self._done, ticket)
        if self._done == self._asked:
            self._idle.set()

    def _moved(self, change):
        """Values have come from the browser."""
        if self._held or self._closed:
            return
        self._held = True
        try:
            self.controls.values = self._checked(self.controls.values)
        except (ValueError, TypeError):
            self.controls.values = change["old"]
            return
        finally:
            self._held = False
        with self._door:
            self._asked, self._stopped = self._asked + 1, False
            if not self._idle.is_set():
                return
            self._idle.clear()
        self._start(self._work)

    def _work(self):
        _WORKING.add(self)
        while True:
            with self._door:
                ticket = self._asked
                if self._done >= ticket or self._closed:
                    _WORKING.discard(self)
                    return self._idle.set()
            with WORK:
                try:
                    if self._done < ticket:
                        self._turn(ticket, self._ahead)
                except Exception:
                    traceback.print_exc()
                self._done = max(self._done, ticket)

    def _turn(self, ticket, ahead=False):
        """Compute if a setting has changed, and show; leave both when there is a later ticket."""
        values, start = dict(self.controls.values), time.monotonic()
        picture = self.picture

        def stale():
            return self._stopped or self._closed or ticket != self._asked

        def report(part):
            late = time.monotonic() - start > _PATIENCE
            if stale() and (late or self._stopped or self._closed):
                raise _Left
            if late and (part - picture.progress > 0.02 or part < picture.progress):
                picture.progress = float(part)  # a message each, which takes as long as a step

        def look_ahead():
            if ahead and known and not stale() and time.monotonic() - start < _PATIENCE:
                self._look_ahead(self._once_more(known, values), stale)

        views, known = {name: values.pop(name) for name in self._views}, self._known
        try:
            if known != values:
                self._known = self._result = None
                (foreseen, result), self._foreseen = self._foreseen, (None, None)
                if foreseen != values:
                    picture.progress, picture.busy = 0.0, True
                    with reporting(report):
                        result = self._compute(**values)
                self._result, self._known = result, values
                for other in self._company[:] if self._times else []:
                    if other is not self and other._result is not None and not other._closed:
                        other._record({}, stale)
            self._record(views, stale, look_ahead)
            picture.trouble = ""
        except _Left:
            if self._stopped:
                picture.trouble = "Stopped. Move a control to go on."
        except Refusal as error:
            picture.trouble = f"Not possible: {error}."
        except KeyboardInterrupt:
            picture.trouble = "Interrupted: move a control to try again."
            raise
        except Exception as error:
            said = f"{type(error).__name__}: {error}"
            picture.trouble = f"This is a fault of the notebook, not of your settings: {said}."
            raise
        finally:
            if not self._closed:
                picture.busy = False

    def _once_more(self, old, new):
        """The settings that follow if a slider moves on as it did; None if there are none."""
        moved = [name for name in new if new[name] != old[name]]
        if len(moved) != 1 or self._spec[moved[0]].kind != "slider":
            return None
        options = self._spec[moved[0]].options
        places = {value: i for i, value in enumerate(options)}
        before, now = places.get(old[moved[0]]), places.get(new[moved[0]])
        if before is None or now is None or not 0 <= 2 * now - before < len(places):
            return None
        return new | {moved[0]: options[2 * now - before]}

    def _look_ahead(self, coming, stale):
        """Compute what a slider's next move would ask for, if that is known."""
        if coming is None:
            return
        time.sleep(0.02)  # the picture goes first: threads that send it would wait for this one

        def leave(part):
            if stale():
                raise _Left

        with contextlib.suppress(_Left, Exception), reporting(leave):  # an error is for who asks
            self._foreseen = coming, self._compute(**coming)

    def _record(self, views, stale, between=lambda: None):
        result, drawn = self._result, (self._axes, self._artists)
        if self._times is None:
            return self.picture.record(lambda _: self._show(*drawn, result, **views))
        own = np.asarray(self._times(result), dtype=float)
        common = [each._times(each._result) for each in self._company if each._result is not None]
        grid = np.unique(np.concatenate(common)) if len(self._company) > 1 else own
        if len(grid) > self._frames:
            grid = grid[np.linspace(0, len(grid) - 1, self._frames).round().astype(int)]
        index = np.maximum(np.searchsorted(own, grid, side="right") - 1, 0)
        if len(self._company) == 1:
            index = np.arange(len(own))
        self.picture.show(
            lambda frame: self._show(*drawn, result, frame=int(index[frame]), **views),
            len(grid),
            times=[written(t, 3) for t in grid],
        )
        between()
        self.picture.record_others(stale)

    def _stop(self, *_):
        self._stopped = True

    def _wait(self):
        """Wait for what is being computed; an interrupt of the waiting cell stops it."""
        try:
            while not self._idle.wait(0.05):
                pass
        except KeyboardInterrupt:
            self._stop()
            raise

    # What the browser asks for, and what is stored

    def _told(self, widget, content, buffers):
        if content.get("share"):
            self.controls.send({"copy": True, "said": f"panel.state = {self.state}"})
        if content.get("save") in ("svg", "pdf", "png", "gif"):
            self.controls.send({"said": "saving …"})
            self._start(self._save_beside, content["save"])
        if content.get("size") in ("normal", "large"):
            self.picture.size = content["size"]

    def _save_beside(self, kind):
        name = f"{self.picture.label.lower().replace(' ', '-')}.{kind}"
        try:
            self.save(name)
            self.controls.send({"said": f"saved beside the notebook: {name}"})
        except OSError as error:
            self.controls.send({"said": f"not saved: {error}"})

    def _start(self, work, *arguments):
        """Do some work beside the cells; its messages answer the one that asked for it."""
        arguments = (work, *arguments)
        context = contextvars.copy_context()
        threading.Thread(target=context.run, args=arguments, daemon=True).start()

    def _ipython_display_(self):
        from IPython.display import display

        view = super()._repr_mimebundle_()
        display({name: view[name] for name in view if "widget-view" in name}, raw=True)
        display(self._stored(), raw=True)

    def _stored(self):
        """What a reader without a kernel sees: the picture, and its words."""
        words = html.escape(self.words)
        picture = base64.b64encode(self.picture.png()).decode()
        page = _STORED.format(self.controls.stored, picture, words)
        said = "Sliders and their picture; run the notebook to move them."
        return {"text/html": page, "image/png": picture, "text/plain": said}

    def _close_predecessor(self):
        """Close what an earlier run of this cell has made: nobody can see it any more."""
        cell, run = _cell()
        for other in _PANELS.get(cell, []) if cell else []:
            if other[0] != run and not other[1]._closed:
                other[1].close()
        _PANELS[cell] = [each for each in _PANELS.get(cell, []) if each[0] == run]
        if cell:
            _PANELS[cell].append((run, self))


class Comparison(ipywidgets.HBox):
    """Panels side by side; those that play show the same training time.

    Attributes
    ----------
    panels : tuple of Explorer
    """

    def __init__(self, panels):
        self.panels = tuple(panels)
        first, *others = self.panels
        for other in others if first._times else ():
            first._company += other._company
            for name in ("frame", "playing", "speed", "loop"):
                ipywidgets.jslink((first.picture, name), (other.picture, name))
        for panel in self.panels:
            panel._company = first._company if first._times else [panel]
            panel.layout.flex, panel.layout.min_width = "1 1 0", "0"
        for panel in self.panels if first._times else ():
            panel._now()
        super().__init__(self.panels)

    def _ipython_display_(self):
        from IPython.display import display

        view = super()._repr_mimebundle_()
        display({name: view[name] for name in view if "widget-view" in name}, raw=True)
        for panel in self.panels:
            display(panel._stored(), raw=True)


def compare(explore, *states):
    """Show one panel with several settings side by side, at one and the same time.

    Parameters
    ----------
    explore : callable
        One of the functions ``explore_…``, or a ``functools.partial`` of it.
    *states : dict
        Arguments of each.

    Returns
    -------
    Comparison

    Examples
    --------
    >>> from lazylib.widgets import compare, explore_kernels
    >>> comparison = compare(explore_kernels, {"m": 10}, {"m": 100})
    >>> [panel.words.partition(":")[0] for panel in comparison.panels]
    ['Width m = 10', 'Width m = 100']
    """
    _checks.function("explore", explore)
    if len(states) < 2:
        raise ValueError(f"states must be two or more, got {len(states)}")
    for state in states:
        _checks.instance("states", state, Mapping)
    return Comparison([explore(**state) for state in states])


# A trusted notebook that is opened again has a view of a panel that is gone: an error, which the
# first rule hides. A live panel hides what follows.
_STORED = """<style>
.jp-OutputArea-child:not(:has(.lazylib-panel)):has(+ .jp-OutputArea-child .lazylib-stored)
{{ display: none; }}
</style><div class="lazylib-stored" data-lazylib="{0}">
<img src="data:image/png;base64,{1}" alt="{2}" style="max-width: 100%">
<p>{2} <em>(Stored picture: run this cell to move the controls.)</em></p></div>"""

# By cell, and those that compute beside the cells.
_PANELS, _WORKING = {}, set()


def _shell():
    """IPython's shell, or None."""
    ipython = sys.modules.get("IPython")
    return ipython.get_ipython() if ipython else None


def _cell():
    """The identity of the notebook cell that runs, and of this run of it; None elsewhere."""
    parent = getattr(_shell(), "parent_header", None) or {}
    return parent.get("metadata", {}).get("cellId"), parent.get("header", {}).get("msg_id")


def _hear_interrupts():
    """Let an interrupt between two cells, which ipykernel ignores, stop the panels' work."""
    kernel = getattr(_shell(), "kernel", None)
    if getattr(kernel, "saved_sigint_handler", None) is signal.SIG_IGN:
        kernel.saved_sigint_handler = _stop_all


def _stop_all(*_):
    for panel in list(_WORKING):
        panel._stop()
