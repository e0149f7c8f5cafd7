"""Kernels: from finite width to the limit (Figure 4), and what they make of data on the circle."""

from dataclasses import dataclass

import ipywidgets
import numpy as np

from lazylib import plots
from lazylib import plots_kernels as panels
from lazylib.data import Dataset
from lazylib.data import teacher as draw_teacher
from lazylib.flows import KernelFlow
from lazylib.kernels import limit_kernels, random_feature_kernels, tangent_kernel
from lazylib.laziness import displacement
from lazylib.models import Tangent, TwoLayer
from lazylib.trainers import gradient_flow
from lazylib.widgets.panel import Canvas, Explorer, animate, log_slider, whole_slider

#: Angles of the section, the largest width, draws that are shown.
_PHI = np.linspace(0, np.pi, 61)
_SECTION = np.stack([np.cos(_PHI), np.sin(_PHI)], axis=-1)
_M_MAX, _DRAWS = 1000, 8
_WIDTHS = np.array([1, 2, 5, 10, 20, 50, 100, 200, 500, 1000])


@dataclass(frozen=True)
class Realisations:
    """Kernels of width m on a section of the sphere, k⁽ᵃ⁾, k⁽ᵇ⁾ and their sum."""

    m: int
    kernels: np.ndarray  # (3, draws, angles)
    limits: np.ndarray  # (3, angles)

    @property
    def error(self):
        """Root mean square of k_m − k, for the sum."""
        return np.sqrt(np.mean((self.kernels[2] - self.limits[2]) ** 2))


def with_sum(k_a, k_b):
    """Return k⁽ᵃ⁾, k⁽ᵇ⁾ and their sum, at one point against the section."""
    return np.stack([k_a, k_b, k_a + k_b])[..., 0, :]


def draw_realisations(m, seed, draws=_DRAWS):
    """Draw kernels of width m: the first m neurons of each of ``draws`` long rows.

    The weights are standard normal in ℝᵈ. On a section of the sphere a·x takes only the two
    coordinates of a in its plane, which are standard normal whatever d is; only they are drawn.
    """
    rng = np.random.default_rng([seed, 6])
    a, b = rng.standard_normal((draws, _M_MAX, 2)), rng.standard_normal((draws, _M_MAX))
    kernels = random_feature_kernels(a[:, :m], b[:, :m], _SECTION[:1], _SECTION)
    return Realisations(m, with_sum(*kernels), with_sum(*limit_kernels(_SECTION[:1], _SECTION)))


def kernel_panels(figure):
    """Make the four panels: k⁽ᵃ⁾, k⁽ᵇ⁾, their sum, and the error against m."""
    axes = figure.subplots(1, 4, gridspec_kw={"width_ratios": [1, 1, 1, 1.05]})
    figure.subplots_adjust(left=0.035, right=0.99, top=0.92, bottom=0.13, wspace=0.24)
    limits = draw_realisations(1, 0).limits
    artists = [
        panels.kernel_artists(ax, title, limit, top)
        for ax, title, limit, top in zip(
            axes,
            ("k⁽ᵃ⁾: input weights", "k⁽ᵇ⁾: output weights", "their sum k"),
            limits,
            (1, 1, 2),
            strict=False,
        )
    ]
    styles = {
        "64 draws": {"color": plots.POSITIVE, "marker": ".", "markersize": 9},
        "slope −1/2": {"color": plots.FAINT, "linestyle": ":"},
        "these draws": {"color": plots.NEGATIVE, "marker": "o", "markersize": 12, "linestyle": ""},
    }
    settings = {"xscale": "log", "yscale": "log", "xlim": (0.8, 1300), "ylim": (0.01, 4)}
    lines = panels.line_artists(axes[3], styles, title="error of k", xlabel="width m", **settings)
    axes[3].legend(loc="lower left")
    errors = np.array([draw_realisations(m, 10**6, 64).error for m in _WIDTHS])
    lines["64 draws"].set_data(_WIDTHS, errors)
    middle = np.exp(np.mean(np.log(errors * np.sqrt(_WIDTHS))))
    lines["slope −1/2"].set_data(_WIDTHS, middle / np.sqrt(_WIDTHS))
    return axes, [*artists, lines]


def draw_kernels(axes, artists, found, d):
    """Fill the four panels; return what they show, in words."""
    log_density = (d - 2) * np.log(np.maximum(np.sin(_PHI), 1e-300))
    for ax, panel, kernels in zip(axes, artists, found.kernels, strict=False):
        panels.set_kernels(ax, panel, kernels, np.exp(log_density))
    artists[3]["these draws"].set_data([found.m], [found.error])
    density = np.exp(log_density)
    spread = np.degrees(np.sqrt(density @ (_PHI - np.pi / 2) ** 2 / density.sum()))
    return (
        f"Width m = {found.m}: the {found.kernels.shape[1]} realisations of k are off their limit "
        f"by {found.error:.2g} (root mean square), or {found.error * np.sqrt(found.m):.2g}/√m. "
        f"Two random points of the sphere in ℝ^{d} are at 90° ± {spread:.0f}° (shadow)."
    )


def explore_kernels(m=20, d=10, seed=0):
    """Return the panel of Figure 4: kernels of m random neurons, and their limit.

    Parameters
    ----------
    m, d : int
        Width, and dimension of the sphere.
    seed : int
        The button "new draw" counts it up.

    Returns
    -------
    Explorer
        A box to display. ``.state`` is a dictionary of all controls, to read or to set.
    """
    settings = {
        "m": ipywidgets.FloatLogSlider(
            value=m, base=10, min=0, max=3, step=0.1, description="width m", readout_format=".0f"
        ),
        "seed": ipywidgets.BoundedIntText(value=seed, min=0, max=10**6, description="draw no."),
    }
    views = {"d": whole_slider(d, 2, 100, "dimension d")}
    canvas = Canvas(13.5, 4.6, kernel_panels)
    axes, artists = canvas.artists
    for each in artists[:3]:
        animate(each)
    animate({"now": artists[3]["these draws"]})

    def compute(m, seed):
        return draw_realisations(round(m), seed)

    def show(found, d, **_):
        return draw_kernels(axes, artists, found, d)

    return Explorer(canvas, settings, views, compute, show, [[*settings.values(), *views.values()]])


_DEGREES = np.linspace(-180, 180, 181)
_CIRCLE = np.stack([np.cos(np.radians(_DEGREES)), np.sin(np.radians(_DEGREES))], axis=-1)
_LOG_T = (-2, 3)
_TIMES = np.logspace(*_LOG_T, 51)


@dataclass(frozen=True)
class FourPaths:
    """Four predictors on the circle at the same times, as they learn the same data."""

    data: Dataset
    truth: np.ndarray  # (angles,)
    functions: dict  # name -> (times, angles)
    moved: np.ndarray  # (times,)


@dataclass(frozen=True)
class Linear:
    """The tangent model of a network with f(w₀) = 0 on fixed points, its Jacobian taken once."""

    w0: np.ndarray  # (p,)
    jacobian: np.ndarray  # (n, p)

    @property
    def n_parameters(self):
        """The number p of parameters."""
        return len(self.w0)

    def at(self, lead, index):
        """The model itself: it is the same for every run."""
        return self

    def positions(self, w):
        """Where the parameters are, to space frames evenly."""
        return w

    def predict(self, w, x):
        """T_f(w) on the fixed points, whatever x."""
        return (w - self.w0) @ self.jacobian.T

    def vjp(self, w, x):
        """T_f(w) and the pullback r ↦ Df_{w₀}ᵀ r."""
        return self.predict(w, x), lambda r: r @ self.jacobian


def train_four(tau, alpha, m, n, seed):
    """Train network and tangent model by the gradient flow; solve both kernels' in closed form."""
    net, truth = TwoLayer(d=2, m=m), draw_teacher(np.random.default_rng([25, 0]), d=2)
    data = Dataset.from_teacher(np.random.default_rng([25, 1]), truth, n)
    w0 = net.init(np.random.default_rng([seed, 2]), tau=tau)
    options = {
        "alpha": alpha,
        "t_max": _TIMES[-1],
        "times": _TIMES,
        "tolerance": 1e-6,
        "accuracy": 0.03,
    }
    w = gradient_flow(net, data, w0, **options).w
    v = gradient_flow(Linear(w0, net.jacobian(w0, data.x)), data, w0, **options).w
    kernels = tangent_kernel(net, w0, data.x), tangent_kernel(net, w0, _CIRCLE, data.x)
    # Eq. (4) with E(b²) = τ² and E(‖a‖²) = 2τ²; a network without 1/√m has m times its kernel
    moments = {"mean_b2": tau**2, "mean_a2": 2 * tau**2}
    limits = [m * sum(limit_kernels(*pair, **moments)) for pair in ((data.x,), (_CIRCLE, data.x))]
    functions = {
        "network αf": alpha * net.predict(w, _CIRCLE),
        "tangent model": alpha * Tangent(net, w0).predict(v, _CIRCLE),
        "kernel of width m": KernelFlow(kernels[0], data.y).predict(_TIMES, kernels[1]),
        "arc-cosine kernel": KernelFlow(limits[0], data.y).predict(_TIMES, limits[1]),
    }
    return FourPaths(data, truth(_CIRCLE), functions, displacement(w, w0))


def four_panels(figure):
    """Make the two panels: functions on the circle, and distances from the network over time."""
    axes = figure.subplots(1, 2, gridspec_kw={"width_ratios": [1.5, 1]})
    figure.subplots_adjust(left=0.06, right=0.985, top=0.92, bottom=0.27, wspace=0.2)
    others = list(panels.PREDICTORS)[1:]
    styles = {name: panels.PREDICTORS[name] for name in others}
    styles["now"] = {"color": plots.FAINT, "linewidth": 3}
    settings = {"xscale": "log", "yscale": "log", "xlim": _TIMES[[0, -1]], "ylim": (1e-4, 3)}
    settings |= {"title": "Distance from the network αf", "xlabel": "training time t"}
    lines = panels.line_artists(axes[1], styles, ylabel="relative to the teacher", **settings)
    panels.legend_below(axes[1])
    return axes, [panels.predictor_artists(axes[0]), lines]


def draw_four(axes, artists, paths, t):
    """Fill the two panels at time t; return what they show, in words."""
    now = int(np.argmin(np.abs(np.log(_TIMES / t))))
    at = np.degrees(np.arctan2(paths.data.x[:, 1], paths.data.x[:, 0]))
    lines, size = artists[0], np.sqrt(np.mean(paths.truth**2))
    lines["teacher"].set_data(_DEGREES, paths.truth)
    lines["data"].set_data(at, paths.data.y)
    distances = {}
    for name, function in paths.functions.items():
        every = slice(None, None, 6 if name == "kernel of width m" else 1)
        lines[name].set_data(_DEGREES[every], function[now, every])
        gap = np.sqrt(np.mean((function - paths.functions["network αf"]) ** 2, axis=-1)) / size
        if name != "network αf":
            distances[name] = gap[now]
            artists[1][name].set_data(_TIMES, np.maximum(gap, 1e-9))
    reach = plots.nice_limit(1.05 * max(1, *(np.abs(f).max() for f in paths.functions.values())))
    axes[0].set(ylim=(-reach, reach))
    artists[1]["now"].set_data([_TIMES[now]] * 2, axes[1].get_ylim())
    return (
        f"At t = {_TIMES[now]:.3g} the network has moved by {paths.moved[now]:.2g} ‖w₀‖. Its "
        f"distance from the tangent model is {distances['tangent model']:.2g} of the teacher, from "
        f"the kernel of the same neurons {distances['kernel of width m']:.2g}, and from the "
        f"arc-cosine kernel {distances['arc-cosine kernel']:.2g}."
    )


def explore_predictors(tau=1.0, alpha=1.0, t=1e3, m=50, n=8, seed=2):
    """Return the panel of four predictors: network, tangent model, and two kernels, at equal t.

    Parameters
    ----------
    tau, alpha, t : float
        Initial values of the log sliders.
    m, n : int
        Neurons and training points.
    seed : int
        Of the initial weights.

    Returns
    -------
    Explorer
        A box to display. ``.state`` is a dictionary of all controls, to read or to set.
    """
    settings = {
        "tau": log_slider(tau, -1.5, 0.5, "τ"),
        "alpha": log_slider(alpha, -1, 2, "α"),
        "m": whole_slider(m, 2, 400, "neurons m", step=2),
        "n": whole_slider(n, 2, 40, "points n"),
        "seed": ipywidgets.BoundedIntText(value=seed, min=0, max=10**6, description="weights no."),
    }
    views = {"t": log_slider(t, *_LOG_T, "time t", step=0.1)}
    canvas = Canvas(13.5, 5.4, four_panels)
    axes, artists = canvas.artists
    for each in artists:
        animate(each)

    def show(paths, t, **_):
        return draw_four(axes, artists, paths, t)

    rows = [[settings["tau"], settings["alpha"], views["t"]]]
    rows.append([settings["m"], settings["n"], settings["seed"]])
    return Explorer(canvas, settings, views, train_four, show, rows)
