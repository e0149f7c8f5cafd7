"""The tangent model: a stretched surface and its plane (Figure 2), and SGD on both (Figure 3)."""

from dataclasses import dataclass

import ipywidgets
import numpy as np

from lazylib import plots
from lazylib import plots_kernels as panels
from lazylib.activations import softplus
from lazylib.data import Dataset, sphere
from lazylib.data import teacher as draw_teacher
from lazylib.flows import kernel_flow
from lazylib.laziness import displacement
from lazylib.models import TwoLayer
from lazylib.trainers import gradient_flow
from lazylib.widgets.panel import Canvas, Explorer, Player, animate, log_slider, whole_slider


class OneNeuron:
    """The model f(w, x) = softplus(w·x) − softplus(w₀·x): two parameters, and 0 at w₀."""

    n_parameters = 2

    def at(self, lead, index):
        """The model itself: it is the same for every run."""
        return self

    def positions(self, w):
        """Where the parameters are, to space frames evenly."""
        return w

    def predict(self, w, x):
        """f(w, x), of shape (..., n)."""
        return np.logaddexp(0, w @ x.T) - np.logaddexp(0, W0 @ x.T)

    def vjp(self, w, x):
        """f(w, x) and the pullback r ↦ Df_wᵀ r."""
        z = w @ x.T
        return self.predict(w, x), lambda r: (r * 0.5 * (1 + np.tanh(z / 2))) @ x

    def jacobian(self, w, x):
        """Df_w, of shape (n, 2), at one w."""
        return 0.5 * (1 + np.tanh(x @ w / 2))[:, None] * x


#: Three inputs in the plane and their labels, which no w of `OneNeuron` fits.
X = np.stack([np.cos([0.3, 2.2, 4.5]), np.sin([0.3, 2.2, 4.5])], axis=-1)
Y, W0 = np.array([1.7, 0.5, -0.3]), np.array([0.3, -0.2])
_T_MAX, _HALF_SIDE, _CELLS = 300.0, 1.9, 10


@dataclass(frozen=True)
class SurfaceRun:
    """The surface αf(W) with its tangent plane, and the two paths, in the space of predictors."""

    alpha: float
    surface: np.ndarray  # (k, k, 3)
    plane: np.ndarray  # (k, k, 3)
    path: np.ndarray  # (frames, 3)
    tangent_path: np.ndarray  # (frames, 3)
    moved: float  # the largest ‖w(t) − w₀‖

    @property
    def gap(self):
        """The largest distance ‖αf(w(t)) − αT_f(w̄(t))‖ over time."""
        return np.linalg.norm(self.path - self.tangent_path, axis=-1).max()


def train_on_surface(alpha):
    """Train `OneNeuron` and its tangent model on three points, by the gradient flow of F_α."""
    model, data = OneNeuron(), Dataset(X, Y)
    run = gradient_flow(model, data, W0, alpha=alpha, t_max=_T_MAX, accuracy=1e-4, tolerance=0)
    path, jacobian = alpha * model.predict(run.w, X), model.jacobian(W0, X)
    tangent_path, _ = kernel_flow(jacobian @ jacobian.T, Y, 0.0, run.times)
    basis, side = np.linalg.qr(jacobian)[0], np.linspace(-1, 1, _CELLS + 1) * _HALF_SIDE
    square = np.stack(np.meshgrid(side, side, indexing="ij"), axis=-1)
    plane = square @ basis.T
    # the parameters over which the tangent plane is this square
    w = W0 + plane @ np.linalg.pinv(jacobian).T / alpha
    surface = alpha * model.predict(w, X)
    moved = np.linalg.norm(run.w - W0, axis=-1).max()
    return SurfaceRun(alpha, surface, plane, path, tangent_path, moved)


def surface_panels(figure):
    """Make the two panels: the space of predictors, and the distance of the paths against α."""
    axes = figure.subplots(1, 2, gridspec_kw={"width_ratios": [1.35, 1]})
    figure.subplots_adjust(left=0.01, right=0.98, top=0.93, bottom=0.15, wspace=0.14)
    lines = panels.line_artists(
        axes[1],
        {
            "measured": {"color": plots.POSITIVE, "marker": ".", "markersize": 8},
            "slope −1": {"color": plots.FAINT, "linestyle": ":"},
            "now": {"color": plots.NEGATIVE, "marker": "o", "markersize": 12, "linestyle": ""},
        },
        title="How far the two paths come apart",
        xlabel="α",
        ylabel="sup ‖αf − αT‖ over time",
        xscale="log",
        yscale="log",
        xlim=(0.3, 110),
        ylim=(0.004, 4),
    )
    axes[1].legend(loc="lower left")
    alphas = np.logspace(-0.5, 2, 11)
    gaps = np.array([train_on_surface(alpha).gap for alpha in alphas])
    lines["measured"].set_data(alphas, gaps)
    lines["slope −1"].set_data(alphas, gaps[-1] * alphas[-1] / alphas)
    return [panels.space_artists(axes[0]), lines]


def draw_surface(artists, run, azimuth, elevation):
    """Fill the two panels; return what they show, in words."""
    panels.set_space(
        artists[0], azimuth, elevation, run.surface, run.plane, run.path, run.tangent_path, Y
    )
    artists[1]["now"].set_data([run.alpha], [run.gap])
    looks = "agree to the eye" if run.gap < 0.1 else "part" if run.gap > 0.4 else "come together"
    return (
        f"α = {run.alpha:.3g}: the two training paths {looks}; they are at most "
        f"{run.gap:.2g} apart, while the parameters move by up to {run.moved:.2g}."
    )


def explore_surface(alpha=1.0, azimuth=125, elevation=25):
    """Return the panel of Figure 2: stretch the surface αf(W) until it lies in its tangent plane.

    Parameters
    ----------
    alpha : float
        Initial value of the log slider.
    azimuth, elevation : int
        From where one looks, in degrees.

    Returns
    -------
    Explorer
        A box to display. ``.state`` is a dictionary of all controls, to read or to set.
    """
    settings = {"alpha": log_slider(alpha, -0.5, 2, "α")}
    views = {
        "azimuth": whole_slider(azimuth, 0, 360, "turn", step=5),
        "elevation": whole_slider(elevation, -30, 90, "tilt", step=5),
    }
    canvas = Canvas(12.0, 5.6, surface_panels)
    animate(canvas.artists[0])
    animate({"now": canvas.artists[1]["now"]})

    def show(run, azimuth, elevation, **_):
        return draw_surface(canvas.artists, run, azimuth, elevation)

    rows = [[*settings.values(), *views.values()]]
    return Explorer(canvas, settings, views, train_on_surface, show, rows)


def sgd_on_f(f, w, samples, step, alpha):
    """SGD on F_α for f (Figure 3, left); yields w₀, w₁ and so on."""
    yield w
    for x, y in samples:
        prediction, pullback = f.vjp(w, x)
        w = w - step / alpha * pullback((alpha * prediction - y) / len(y))
        yield w


def sgd_on_tangent(f, w0, samples, step, alpha):
    """SGD on F_α for the tangent model T_f (Figure 3, right); yields w₀, w₁ and so on."""
    yield (w := w0)
    for x, y in samples:
        prediction, pullback = f.vjp(w0, x)
        prediction = prediction + f.jvp(w0, x, w - w0)
        w = w - step / alpha * pullback((alpha * prediction - y) / len(y))
        yield w


#: Steps, how many of them a frame has, samples a step, neurons.
_STEPS, _STRIDE, _BATCH, _M = 240, 3, 16, 20
_DEGREES = np.linspace(-180, 180, 181)
_CIRCLE = np.stack([np.cos(np.radians(_DEGREES)), np.sin(np.radians(_DEGREES))], axis=-1)


@dataclass(frozen=True)
class SgdRun:
    """What SGD makes of f and of T_f with the same samples, frame by frame."""

    truth: np.ndarray  # (angles,)
    functions: tuple  # αf(w_k) and αT_f(w̄_k), each of shape (frames, angles)
    moved: tuple  # the displacements at the end
    samples: list


def train_by_sgd(algorithms, alpha, tau, step, doubling, smooth, seed):
    """Run both algorithms on one and the same samples, from one and the same w₀."""
    net = TwoLayer(d=2, m=_M, activation=softplus(sharpness=10) if smooth else "relu")
    truth = draw_teacher(np.random.default_rng([25, 0]), d=2)
    w0 = net.init(np.random.default_rng([2, 2]), tau=tau, doubling=doubling)
    rng = np.random.default_rng([seed, 4])
    samples = [(x, truth(x)) for x in sphere(rng, _STEPS * _BATCH, 2).reshape(-1, _BATCH, 2)]
    with np.errstate(all="ignore"):
        w, v = (
            np.stack(list(algorithm(net, w0, samples, step, alpha)))[::_STRIDE]
            for algorithm in algorithms
        )
        if not (np.isfinite(w).all() and np.isfinite(v).all()):
            raise ValueError(f"with the step {step:.3g} SGD diverges; make it smaller")
        f = alpha * net.predict(w, _CIRCLE)
        flat = alpha * (net.predict(w0, _CIRCLE) + net.jvp(w0, _CIRCLE, v - w0))
        moved = displacement(w[-1], w0), displacement(v[-1], w0)
    return SgdRun(truth(_CIRCLE), (f, flat), moved, samples)


def sgd_panels(figure):
    """Make the panels: the two functions side by side, and their distance below."""
    grid = figure.add_gridspec(2, 2, height_ratios=[1.5, 1])
    axes = [figure.add_subplot(grid[0, 0]), figure.add_subplot(grid[0, 1])]
    axes.append(figure.add_subplot(grid[1, :]))
    figure.subplots_adjust(left=0.07, right=0.98, top=0.94, bottom=0.09, wspace=0.16, hspace=0.5)
    styles = {"teacher": {"color": plots.INK, "linewidth": 5, "alpha": 0.3}}
    styles["learnt"] = {"color": plots.FOURTH, "linewidth": 3}
    styles["samples"] = {"color": plots.INK, "marker": "o", "markersize": 6, "linestyle": ""}
    artists = []
    for ax, title in zip(axes, ("SGD on f", "SGD on the tangent model"), strict=False):
        settings = {"xlim": (-180, 180), "xlabel": "angle of x (degrees)", "ylabel": "output"}
        artists.append(panels.line_artists(ax, styles, title=title, **settings))
        ax.set_xticks(np.arange(-180, 181, 90))
    axes[0].legend(loc="upper left", ncols=3)
    lines = {"all steps": {"color": plots.POSITIVE}, "now": {"color": plots.NEGATIVE}}
    lines["now"] |= {"marker": "o", "markersize": 11, "linestyle": ""}
    settings = {"yscale": "log", "xlim": (0, _STEPS), "ylim": (1e-3, 3), "xlabel": "step k"}
    title = "Distance of the predictions, relative to the teacher"
    artists.append(panels.line_artists(axes[2], lines, title=title, ylabel="distance", **settings))
    return axes, artists


def draw_sgd(axes, artists, run, frame):
    """Fill the panels; return what they show, in words."""
    size = np.sqrt(np.mean(run.truth**2))
    distances = np.sqrt(np.mean((run.functions[0] - run.functions[1]) ** 2, axis=-1)) / size
    x, y = run.samples[max(0, frame * _STRIDE - 1)]
    at = np.degrees(np.arctan2(x[:, 1], x[:, 0]))
    reach = plots.nice_limit(1.15 * max(1.0, *(np.abs(f).max() for f in run.functions)))
    for ax, lines, function in zip(axes, artists, run.functions, strict=False):
        lines["teacher"].set_data(_DEGREES, run.truth)
        lines["learnt"].set_data(_DEGREES, function[frame])
        lines["samples"].set_data(at, y)
        ax.set(ylim=(-reach, reach))
    steps = np.arange(len(distances)) * _STRIDE
    artists[2]["all steps"].set_data(steps[1:], distances[1:])
    artists[2]["now"].set_data(steps[frame : frame + 1], distances[frame : frame + 1])
    errors = [np.mean((f[frame] - run.truth) ** 2) / size**2 for f in run.functions]
    return (
        f"After {steps[frame]} steps the predictions of f and of its tangent model differ by "
        f"{distances[frame]:.2g} of the teacher; their test losses are {errors[0]:.2g} and "
        f"{errors[1]:.2g} of the zero predictor's. At the end f moved by "
        f"{run.moved[0]:.2g} ‖w₀‖, the tangent model by {run.moved[1]:.2g} ‖w₀‖."
    )


def explore_sgd(
    on_f=sgd_on_f, on_tangent=sgd_on_tangent, alpha=10**-0.7, tau=10**-0.5, step=10**-0.5
):
    """Return the panel of Figure 3: SGD on f and on T_f, side by side.

    Parameters
    ----------
    on_f, on_tangent : callable
        The two algorithms, ``(f, w0, samples, step, alpha)`` to an iterator over w₀, w₁, …
    alpha, tau, step : float
        Initial values of the log sliders.

    Returns
    -------
    Explorer
        A box to display. ``.state`` is a dictionary of all controls, to read or to set.
    """
    player = Player(_STEPS // _STRIDE + 1)
    player.frame.value = 10
    box = {"layout": {"width": "auto"}, "indent": False}
    settings = {
        "alpha": log_slider(alpha, -1, 2, "α"),
        "tau": log_slider(tau, -1, 0.5, "τ"),
        "step": log_slider(step, -2, 0.5, "step"),
        "doubling": ipywidgets.Checkbox(value=True, description="doubling trick", **box),
        "smooth": ipywidgets.Checkbox(value=False, description="smooth (softplus)", **box),
        "seed": ipywidgets.BoundedIntText(value=0, min=0, max=10**6, description="samples no."),
    }
    canvas = Canvas(12.0, 6.8, sgd_panels)
    axes, artists = canvas.artists
    for each in artists:
        animate(each)

    def compute(**values):
        return train_by_sgd((on_f, on_tangent), **values)

    def show(run, frame, **_):
        return draw_sgd(axes, artists, run, frame)

    rows = [[*settings.values()], player.row]
    return Explorer(canvas, settings, {"frame": player.frame}, compute, show, rows)
