"""What all slider panels have in common: a kept figure, controls, words, and a state to set.

One figure is made once. Its artists that move are marked as animated: the rest is drawn when
limits change and kept, so that a frame costs the moving artists and a fast PNG. The picture
goes to an ``ipywidgets.Image``, which needs no front-end extension of its own.
"""

import base64
import html
import io
import threading
import time

import ipywidgets
import traitlets
from matplotlib import rc_context
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from lazylib.plots.style import STYLE


class Canvas:
    """A figure that is kept and rendered to PNG, again and again, at the cost of what moves."""

    def __init__(self, width, height, make):
        """``make(figure)`` adds axes and artists; those with ``animated=True`` move."""
        with rc_context(STYLE):
            self.figure = Figure(figsize=(width, height), dpi=100)
            self.agg = FigureCanvasAgg(self.figure)
            self.artists = make(self.figure)
        self._backgrounds = {}

    def png(self):
        """Return the figure as it is now."""
        axes = self.figure.axes
        key = tuple((*ax.get_xlim(), *ax.get_ylim(), ax.get_title()) for ax in axes)
        if key not in self._backgrounds:
            self.agg.draw()
            self._backgrounds = dict(list(self._backgrounds.items())[-20:])
            self._backgrounds[key] = self.agg.copy_from_bbox(self.figure.bbox)
        self.agg.restore_region(self._backgrounds[key])
        for ax in axes:
            for artist in sorted(_moving(ax), key=lambda artist: artist.get_zorder()):
                ax.draw_artist(artist)
        stream = io.BytesIO()
        size = self.agg.get_width_height()
        picture = Image.frombuffer("RGBA", size, self.agg.buffer_rgba()).convert("RGB")
        picture.save(stream, "PNG", compress_level=1)
        return stream.getvalue()


def animate(artists):
    """Mark artists (or dictionaries of them) as moving; returns them."""
    for artist in artists.values():
        animate(artist) if isinstance(artist, dict) else artist.set_animated(True)
    return artists


def _moving(ax):
    return (artist for artist in ax.get_children() if artist.get_animated())


class Explorer(ipywidgets.VBox):
    """Sliders, a picture and a line of words that says what the picture shows.

    Parameters
    ----------
    canvas : Canvas
    settings : dict of str to widget
        Controls whose change calls ``compute``.
    views : dict of str to widget
        Controls whose change only calls ``show``.
    compute : callable
        ``compute(**settings)`` returns a result, e.g. a training run.
    show : callable
        ``show(result, **settings, **views)`` fills the canvas' artists and returns the words.
    rows : list of list of widget
        How the controls are laid out above the picture.

    Attributes
    ----------
    state : dict
        The values of all controls. Setting it, wholly or in part, moves them all at once.
    words : str
        What the picture shows, in words.
    result
        What ``compute`` returned last.

    Notes
    -----
    A ValueError of ``compute`` becomes the line of words; the panel stays alive. Any other error is
    said to be a fault, and raised. The browser sends a slider's latest value when the kernel is
    free, so stale ones are dropped.
    """

    def __init__(self, canvas, settings, views, compute, show, rows):
        self._canvas, self._compute, self._show = canvas, compute, show
        self._settings, self._views = settings, views
        self._lock, self._held, self.result, self.words = threading.RLock(), False, None, ""
        self._picture = ipywidgets.Image(format="png", layout={"max_width": "100%"})
        self._line = ipywidgets.HTML()
        for control in settings.values():
            control.observe(lambda change: self._update(recompute=True), "value")
        for control in views.values():
            control.observe(lambda change: self._update(recompute=False), "value")
        boxes = [ipywidgets.HBox(row, layout={"flex_flow": "row wrap"}) for row in rows]
        super().__init__([*boxes, self._picture, self._line])
        self._update(recompute=True)

    @property
    def state(self):
        """The values of all controls, by name."""
        controls = self._settings | self._views
        return {name: control.value for name, control in controls.items()}

    @state.setter
    def state(self, values):
        controls = self._settings | self._views
        unknown = set(values) - set(controls)
        if unknown:
            raise ValueError(f"state has no {sorted(unknown)}; it has {sorted(controls)}")
        with self._lock:
            before, self._held = self.state, True
            try:
                for name, value in values.items():
                    _set(name, controls[name], value)
            except (ValueError, TypeError):  # wholly or not at all
                for name, value in before.items():
                    controls[name].value = value
                raise
            finally:
                self._held = False
            self._update(recompute=not set(values) <= set(self._views))

    @property
    def picture(self):
        """The picture as PNG bytes."""
        return self._picture.value

    def _repr_mimebundle_(self, **kwargs):
        # Readers without a kernel, on GitHub for one, see the picture of the stored state.
        bundle = super()._repr_mimebundle_(**kwargs)
        bundle["text/plain"] = "Sliders and their picture; run the notebook to move them."
        bundle["image/png"] = base64.b64encode(self.picture).decode()
        return bundle

    def _update(self, recompute):
        if self._held:
            return
        with self._lock:
            try:
                if recompute:
                    values = {name: control.value for name, control in self._settings.items()}
                    self.result = None
                    self.result = self._compute(**values)
            except ValueError as error:  # what was asked for is refused
                return self._say(f"Not possible: {error}.", warning=True)
            except KeyboardInterrupt:
                self._say("Interrupted: move a slider to try again.", warning=True)
                raise
            except Exception as error:
                self._say(_FAULT.format(type(error).__name__, error), warning=True)
                raise
            if self.result is None:
                return
            try:
                words = self._show(self.result, **self.state)
                self._picture.value = self._canvas.png()
            except Exception as error:
                self._say(_FAULT.format(type(error).__name__, error), warning=True)
                raise
            self._say(words)

    def _say(self, words, warning=False):
        """Show words; a picture that does not belong to them is hidden."""
        self.words = words
        self._picture.layout.visibility = "hidden" if warning else "visible"
        color = "color: #b00020;" if warning else ""
        self._line.value = (
            f'<div role="status" aria-live="polite" class="lazylib-words" '
            f'style="font-size: 115%; line-height: 1.4; {color}">'
            f"{html.escape(words)}</div>"
        )


_FAULT = "This is a fault of the notebook, not of your settings: {}: {}."


def _set(name, control, value):
    """Give a control a value; one that it does not take, or would clip, is refused by name."""
    try:
        control.value = value
    except (traitlets.TraitError, TypeError, ValueError) as error:
        raise ValueError(f"state[{name!r}] cannot be {value!r}: {error}") from error
    if control.value != value:
        limits = f"{control.min:g} to {control.max:g}" if hasattr(control, "min") else "its options"
        raise ValueError(f"state[{name!r}] must be within {limits}, got {value!r}")


def log_slider(value, low, high, description, step=0.05):
    """A slider from 10^low to 10^high in steps of 10^step, showing its number."""
    return ipywidgets.FloatLogSlider(
        value=value,
        base=10,
        min=low,
        max=high,
        step=step,
        description=description,
        readout_format=".3g",
    )


def whole_slider(value, low, high, description, step=1):
    """A slider over whole numbers."""
    return ipywidgets.IntSlider(value=value, min=low, max=high, step=step, description=description)


def next_draw(seed, description="new draw"):
    """A button that counts up the control of a seed."""
    button = ipywidgets.Button(description=description, layout={"width": "auto"})
    button.on_click(lambda _: setattr(seed, "value", seed.value + 1))
    return button


class Player:
    """Play, pause, step, scrub, speed and reset for the frames of a run; computes nothing.

    Playing moves ``frame`` from a thread of the kernel. (The play button of ipywidgets asks the
    kernel for each frame and waits for the answer: half as many frames a second.)

    Attributes
    ----------
    frame : IntSlider
        The frame that is shown: an `Explorer`'s view.
    play : ToggleButton
        Down while it plays. At the last frame, playing begins again at the first.
    row : list of widget
    """

    def __init__(self, frames):
        last = frames - 1
        small = {"layout": {"width": "auto"}}
        self.frame = ipywidgets.IntSlider(value=last, min=0, max=last, description="frame")
        self.play = ipywidgets.ToggleButton(description="play", icon="play", **small)
        self.speed = ipywidgets.Dropdown(
            options=[("¼×", 0.16), ("½×", 0.08), ("1×", 0.04), ("2×", 0.02)],
            value=0.04,
            description="speed",
            layout={"width": "150px"},
        )
        self._thread = threading.Thread()
        self.play.observe(self._start_or_stop, "value")
        back, forward, reset = (
            ipywidgets.Button(description=text, tooltip=tip, **small)
            for text, tip in (
                ("◀ step", "one frame back"),
                ("step ▶", "one frame forward"),
                ("reset", "back to the same initialisation"),
            )
        )
        back.on_click(lambda _: self._move(self.frame.value - 1))
        forward.on_click(lambda _: self._move(self.frame.value + 1))
        reset.on_click(lambda _: self._move(0))
        self.row = [self.play, back, forward, reset, self.frame, self.speed]

    def _move(self, frame):
        self.play.value = False
        self.frame.value = min(max(frame, 0), self.frame.max)

    def _start_or_stop(self, change):
        self.play.description = self.play.icon = "pause" if change["new"] else "play"
        if change["new"] and not self._thread.is_alive():
            self._thread = threading.Thread(target=self._run, daemon=True)
            self._thread.start()

    def _run(self):
        if self.frame.value == self.frame.max:
            self.frame.value = 0
        while self.play.value and self.frame.value < self.frame.max:
            due = time.monotonic() + self.speed.value
            self.frame.value += 1
            time.sleep(max(0, due - time.monotonic()))
        self.play.value = False
