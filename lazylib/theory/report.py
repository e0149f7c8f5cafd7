"""Is a network lazy, and how lazy was its training: a report, before and after, for any model.

What needs a kernel matrix is computed from one while it is small; beyond that, from products with
the kernel alone, K v = Df (Dfᵀ v), by the Lanczos method and by random probes.
"""

import itertools
import json
from dataclasses import dataclass, field, replace
from html import escape
from pathlib import Path

import numpy as np

from lazylib import _checks
from lazylib._vectors import norm
from lazylib.data import Dataset
from lazylib.kernels.tangent import tangent_kernel
from lazylib.losses import quadratic
from lazylib.models.model import Model
from lazylib.models.module import from_module
from lazylib.theory.laziness import displacement, one_run, regime
from lazylib.trainers.run import progress

# Lanczos steps for the labels and for a norm; random probes for traces.
_STEPS, _FEW, _PROBES = 40, 10, 12

# The part of the training loss that is left when the kernel flow counts as done.
_LEFT = 0.01

#: What each number is called in print, and what it says.
NAMES = {
    "ratio": ("Eq. (7), left side / right side", "lazy where far below 1"),
    "bend": ("its sharper form: foretold change of Df", "trust it where the two differ"),
    "displacement": ("foretold displacement |w* - w0|/|w0|", "of the tangent model's best fit"),
    "fitted": ("part of the labels that it fits", "of the square of y - f(w0)"),
    "lambda_max": ("largest eigenvalue of the kernel", "that of Eq. (3) at w0"),
    "sigma_min": ("smallest singular value of Df", "0: some labels cannot be fitted"),
    "effective_rank": ("effective rank of the kernel", "(sum of eigenvalues)^2/sum of squares"),
    "alignment": ("alignment of kernel and labels", "y'Ky/(|y|^2 |K|), between 0 and 1"),
    "flow_time": ("time of the kernel flow", "until 1 % of the training loss is left"),
    "moved": ("displacement |w - w0|/|w0|", "below 0.1 lazy, above 1 active"),
    "kernel_change": ("relative change of the kernel", "0: it stood still"),
    "explained": ("explained by the linearisation", "part of the change of f on the data"),
    "explained_test": ("the same on the test data", ""),
    "train_error": ("training error of the network", "relative to the zero predictor"),
    "test_error": ("test error of the network", "relative to the zero predictor"),
    "tangent_error": ("test error of its linearisation", "at the same parameters"),
    "kernel_error": ("test error of the kernel of w0", "trained to the end"),
}

_LOSS = (
    "Labels are targets of the quadratic loss here; a network trained with another loss, such as "
    "cross-entropy, goes to other outputs."
)
_HOW = (
    "How w was reached is not known: Adam, momentum, weight decay, large steps or batch norm in "
    "training mode are not the gradient flow of Eq. (6), and with them a large displacement need "
    "not mean that features were learnt."
)


@dataclass(frozen=True, eq=False, repr=False)
class LazinessReport:
    """What `laziness_report` found; it prints as text, and shows as a table in a notebook.

    Attributes
    ----------
    model, data, w0, alpha
        What it is about.
    before : dict of float
        What is known before training; the names are those of `NAMES`.
    half : dict of float
        The same on every other input.
    after : dict of float
        What is known of parameters w after, or during, training; empty without them.
    layers : dict of float
        Relative displacement of each parameter of a module, by name; infinite if it started at 0.
    errors : dict of float
        Standard errors of the numbers that random probes have estimated.
    unknown : tuple of str
        What this report cannot tell.
    """

    model: Model
    data: Dataset
    w0: np.ndarray
    alpha: float
    before: dict
    half: dict
    after: dict = field(default_factory=dict)
    layers: dict = field(default_factory=dict)
    errors: dict = field(default_factory=dict)
    unknown: tuple = ()

    @property
    def verdict(self):
        """The regime in words: foretold, and after training as measured."""
        said = f"Foretold: {regime(self.before['displacement'])}"
        if self.after:
            said += f". Measured: {regime(self.after['moved'])}"
        return said + f", by the displacement, at α = {self.alpha:g}."

    def rows(self):
        """List name, value, value on half of the inputs (or None), and meaning, as text."""
        rows = []
        for part, half in ((self.before, self.half), (self.after, {})):
            for name in filter(part.__contains__, NAMES):
                value = part[name]
                said = _said(value) + (f" ± {self.errors[name]:.1g}" if name in self.errors else "")
                rows.append((NAMES[name][0], said, _said(half.get(name)), NAMES[name][1]))
        moved = sorted(self.layers.items(), key=lambda item: -item[1])
        rows += [(f"displacement of {name}", _said(value), "", "") for name, value in moved]
        return rows

    def __repr__(self):
        """Say everything, one number a line."""
        outputs = _outputs(self.model)
        size = f"{self.data.n // outputs} inputs" + (f" × {outputs} outputs" if outputs > 1 else "")
        lines = [f"{self.verdict} {self.model.n_parameters} parameters, {size}."]
        lines.append(f"{'':42}{'all inputs':>16}{'half of them':>14}")
        lines += [f"{a:42}{b:>16}{c:>14}  {d}".rstrip() for a, b, c, d in self.rows()]
        return "\n".join(
            [*lines, "What this report cannot tell:", *(f"- {u}" for u in self.unknown)]
        )

    def _repr_html_(self):
        head = "<tr><th></th><th>all inputs</th><th>half of them</th><th></th></tr>"
        cell = '<td style="text-align: left">'
        cells = ["".join(f"{cell}{escape(part)}</td>" for part in row) for row in self.rows()]
        table = f"<table>{head}{''.join(f'<tr>{row}</tr>' for row in cells)}</table>"
        unknown = "".join(f"<li>{escape(said)}</li>" for said in self.unknown)
        return f"<p>{escape(self.verdict)}</p>{table}<p>It cannot tell:</p><ul>{unknown}</ul>"

    def save(self, path):
        """Write all numbers as JSON; what is infinite becomes null."""
        names = ("alpha", "before", "half", "after", "layers", "errors", "unknown")
        content = {"verdict": self.verdict, "parameters": self.model.n_parameters, "n": self.data.n}
        content |= {name: getattr(self, name) for name in names}
        Path(path).write_text(json.dumps(_finite(content), indent=1) + "\n", encoding="utf-8")


def laziness_report(model, data, w0, w=None, *, alpha=1.0, dense=1000, rng=None):
    """Say how lazy training from w₀ will be, and how lazy it was if it led to w.

    Parameters
    ----------
    model : a model of `lazylib.models`
        `from_module` makes one of any PyTorch module.
    data : Dataset
        With test data, test errors are reported too.
    w0 : ndarray of shape (p,)
    w : ndarray of shape (p,), optional
        Parameters after, or during, training.
    alpha : float, default 1
    dense : int, default 1000
        Up to so many predictions the kernel is a matrix and all numbers are exact; beyond it, only
        products with it are used, and memory grows as that of a gradient.
    rng : numpy.random.Generator, optional
        Draws the probes; by default always the same ones.

    Returns
    -------
    LazinessReport

    Raises
    ------
    TypeError, ValueError
        For arguments that do not fit; the message names the argument.
    """
    _checks.instance("data", data, Dataset)
    w0, x, _ = one_run(model, w0, data.x)
    alpha, dense = _checks.number("alpha", alpha, above=0), _checks.whole("dense", dense)
    rng = np.random.default_rng(0) if rng is None else _checks.generator("rng", rng)
    if not w0.any():
        raise ValueError("w0 must not be 0: a displacement is relative to it")
    if data.n <= dense:
        w0 = w0.astype(float)  # small eigenvalues need the digits
    if w is not None:
        w = model._parameters("w", _checks.array("w", w, exactly=1)).astype(w0.dtype)
    half, after, layers = _half(model, data), {}, {}
    with progress(desc="laziness report") as done:
        count, most = itertools.count(1), 2 * (_FEW + _STEPS + _PROBES)

        def tick():
            done(min(1.0, next(count) / most))

        at = _Start(model, data, w0, alpha, dense, rng, tick)
        fewer = _Start(model, half, w0, alpha, dense, rng, tick).before if half.n < data.n else {}
        known = f"All numbers but test errors are about {data.n // _outputs(model)} inputs only."
        unknown = [*at.unknown, _LOSS, known]
        if w is not None:
            after, layers = at.after(w), _layers(model, w, w0)
            unknown.append(_HOW)
    found = at.before, fewer, after, layers, at.errors
    return LazinessReport(model, data, w0, alpha, *found, tuple(unknown))


def before(module, x, y, x_test=None, y_test=None, *, alpha=1.0, **options):
    """Look at a PyTorch module before it is trained; `after` looks again.

    Parameters
    ----------
    module : torch.nn.Module
        It is copied, and never changed.
    x, y, x_test, y_test
        Arrays or tensors as it takes and returns them, or classes: see `TorchModel.dataset`.
    alpha, **options
        As in `laziness_report`.

    Returns
    -------
    LazinessReport

    Examples
    --------
    >>> import torch, lazylib as lazy
    >>> module = torch.nn.Linear(2, 1)
    >>> x, y = torch.randn(20, 2), torch.randn(20, 1)
    >>> snapshot = lazy.before(module, x, y)
    >>> for _ in range(10):
    ...     loss = ((module(x) - y) ** 2).mean()
    ...     loss.backward()
    ...     with torch.no_grad():
    ...         for w in module.parameters():
    ...             w -= 0.1 * w.grad
    >>> print(lazy.after(snapshot, module))
    """
    model = from_module(module, np.shape(x)[1:])
    data = model.dataset(x, y, x_test, y_test)
    return laziness_report(model, data, model.w0, alpha=alpha, **options)


def after(snapshot, module, **options):
    """Report on a module that was trained, in whatever way, since `before` looked at it.

    Parameters
    ----------
    snapshot : LazinessReport
        From `before`.
    module : torch.nn.Module
        The same module, or another state of it.
    **options
        As in `laziness_report`.

    Returns
    -------
    LazinessReport
    """
    _checks.instance("snapshot", snapshot, LazinessReport)
    model = _checks.offers("snapshot.model", snapshot.model, "read", "constants_change")
    w = model.read(module)
    moved = model.constants_change(module, snapshot.data.x)
    report = laziness_report(model, snapshot.data, snapshot.w0, w, alpha=snapshot.alpha, **options)
    if not moved:
        return report
    said = (
        f"Buffers or frozen parameters changed, and with them the outputs, by {moved:.0%} of what "
        "they are: all numbers are with the old ones."
    )
    return replace(report, unknown=(said, *report.unknown))


class _Start:
    """A model at w₀ on its data: the kernel there, as a matrix or by its products."""

    def __init__(self, model, data, w0, alpha, dense, rng, tick):
        self.model, self.data, self.w0, self.alpha, self.tick = model, data, w0, alpha, tick
        self.dense, self.errors, self.unknown = data.n <= dense, {}, []
        f0, self.pullback = model._vjp(w0, data.x)
        self.residual = data.y - alpha * f0
        if self.dense:
            self.kernel = tangent_kernel(model, w0, data.x)
            values, vectors = np.linalg.eigh(self.kernel)
            values = np.where(values > len(values) * _eps(values) * values[-1], values, 0)
        else:
            self.probes = rng.choice([-1.0, 1.0], size=(_PROBES, data.n)).astype(w0.dtype)
            self.images = np.stack([self.product(probe) for probe in self.probes])
            values, vectors = lanczos(self.product, self.residual, _STEPS)
            self.unknown.append(
                f"There are more than {dense} predictions: the smallest singular value is not "
                f"known, the best fit is that of {_STEPS} conjugate gradients, and ± are standard "
                f"errors of {_PROBES} random probes."
            )
        self.before = self._before(values, vectors)

    def product(self, v):
        """K v."""
        self.tick()
        return self.model._jvp(self.w0, self.data.x, self.pullback(v))

    def _before(self, values, vectors):
        """All that is known before training, from (some) eigenvalues and vectors of the kernel."""
        y, n = self.data.y, self.data.n
        parts = vectors.T @ self.residual
        seen = values > 0
        goal = float(norm(self.residual)) ** 2
        coefficients = vectors[:, seen] @ (parts[seen] / values[seen])
        step = self.pullback(coefficients.astype(self.w0.dtype)) / self.alpha
        self.fit = self.w0 + step
        moved, distance = float(norm(step)), float(norm(parts[seen]))
        steep = np.sqrt(max(values.max(), 0))
        bend = self._change_of_df() / steep if moved and steep else 0.0
        # Eq. (7): distance/(α ‖Df‖²/L), with L = bend ‖Df‖/moved
        ratio = distance * bend / (self.alpha * steep * moved) if bend else 0.0
        found = {"ratio": ratio, "bend": bend, "displacement": moved / float(norm(self.w0))}
        found |= {"fitted": distance**2 / goal if goal else 1.0, "lambda_max": values.max()}
        if self.dense:
            found["sigma_min"] = np.sqrt(values.min())
            trace, squares = np.trace(self.kernel), (self.kernel**2).sum()
        else:
            traces, squares = (np.vecdot(v, self.images) for v in (self.probes, self.images))
            trace, squares, error = _squared_ratio(traces, squares)
            self.errors["effective_rank"] = error
        found["effective_rank"] = trace**2 / squares if squares else 0.0
        slope = float(norm(self.pullback(y.astype(self.w0.dtype)))) ** 2
        size = float(norm(y)) ** 2 * np.sqrt(squares)
        found["alignment"] = slope / size if size else 0.0
        missed = max(goal - float(parts @ parts), 0.0)
        time = _flow_time(values, parts, missed, n)
        found["flow_time"] = time if self.dense or time < np.inf else np.nan
        return {name: float(value) for name, value in found.items()}

    def _change_of_df(self):
        """‖Df − Df_{w₀}‖ at the tangent model's fit, an operator norm."""
        model, x = self.model, self.data.x
        there = model._vjp(self.fit, x)[1]

        def product(v):
            self.tick()
            change = there(v) - self.pullback(v)
            return model._jvp(self.fit, x, change) - model._jvp(self.w0, x, change)

        start = self.residual if self.residual.any() else np.ones_like(self.residual)
        return np.sqrt(max(lanczos(product, start, _FEW)[0].max(), 0))

    def after(self, w):
        """All that is known of parameters w after training."""
        model, data, alpha = self.model, self.data, self.alpha
        found = {"moved": float(displacement(w, self.w0)), "kernel_change": self._kernel_change(w)}
        pairs = [("", data.x, data.y)]
        pairs += [] if data.x_test is None else [("_test", data.x_test, data.y_test)]
        for suffix, x, y in pairs:
            f0, f = (alpha * model._predict(v, x) for v in (self.w0, w))
            linear = alpha * model._jvp(self.w0, x, w - self.w0)
            change, zero = float(norm(f - f0)), quadratic.zero(y)
            # where nothing changed, there is nothing to explain
            left = float(norm(f - f0 - linear)) / change if change else np.nan
            found["explained" + suffix] = 1 - left**2
            if zero:
                found["test_error" if suffix else "train_error"] = quadratic.value(f, y) / zero
            if zero and suffix:
                kernel = f0 + alpha * model._jvp(self.w0, x, self.fit - self.w0)
                found["tangent_error"] = quadratic.value(f0 + linear, y) / zero
                found["kernel_error"] = quadratic.value(kernel, y) / zero
        return {name: float(value) for name, value in found.items()}

    def _kernel_change(self, w):
        if self.dense:
            size = float(np.linalg.norm(self.kernel))
            change = tangent_kernel(self.model, w, self.data.x) - self.kernel
            return float(np.linalg.norm(change)) / size if size else np.nan
        pullback = self.model._vjp(w, self.data.x)[1]
        images = [self.model._jvp(w, self.data.x, pullback(v)) for v in self.probes]
        changes, sizes = (np.vecdot(v, v) for v in (np.stack(images) - self.images, self.images))
        value = np.sqrt(changes.mean() / sizes.mean())
        spread = (changes - value**2 * sizes).std(ddof=1) / np.sqrt(len(sizes)) / sizes.mean()
        self.errors["kernel_change"] = float(spread / (2 * value)) if value else 0.0
        return float(value)


def lanczos(product, start, steps):
    """Ritz values and vectors of a symmetric operator, from ``start``, with orthogonal vectors.

    Parameters
    ----------
    product : callable
        v ↦ K v, for v of shape (n,).
    start : ndarray of shape (n,)
        Not 0.
    steps : int
        Most products.

    Returns
    -------
    values : ndarray of shape (k,)
    vectors : ndarray of shape (n, k)
        Orthonormal; ``start`` lies in their span.
    """
    size = norm(start)
    if not size:
        return np.zeros(1, start.dtype), np.zeros((len(start), 1), start.dtype)
    basis, diagonal, beside = [start / size], [], []
    for _ in range(min(steps, len(start))):
        v = product(basis[-1])
        diagonal.append(float(basis[-1] @ v))
        for _ in range(2):  # once leaves what rounding has left
            for u in basis:
                v = v - (u @ v) * u
        size = float(norm(v))
        scale = max(map(abs, diagonal))
        if len(diagonal) == min(steps, len(start)) or size <= 100 * _eps(v) * scale:
            break
        beside.append(size)
        basis.append(v / size)
    k = len(diagonal)
    matrix = np.diag(diagonal) + np.diag(beside[: k - 1], 1) + np.diag(beside[: k - 1], -1)
    values, rotation = np.linalg.eigh(matrix)
    values[values <= k * _eps(start) * max(values[-1], 0)] = 0
    return values, np.stack(basis[:k], axis=1) @ rotation.astype(start.dtype)


def _flow_time(values, parts, missed, n):
    """When kernel flow with these eigenvalues has left `_LEFT` of its loss, or infinity."""
    goal = _LEFT * (float(parts @ parts) + missed)
    live = values > 0
    values, squares = values[live].astype(float) / n, parts[live].astype(float) ** 2
    never = missed + float(parts[~live] @ parts[~live])

    from scipy.optimize import brentq  # here, so that `import lazylib` need not wait for SciPy

    def left(log_t):
        return never + (squares * np.exp(-2 * np.exp(log_t) * values)).sum() - goal

    if not goal:
        return 0.0
    if never >= goal or not len(values):
        return np.inf
    ends = np.log(0.5e-3 / values.max()), np.log(50 / values.min())
    return float(np.exp(brentq(left, *ends)))


def _squared_ratio(traces, squares):
    """Means of both, and the standard error of (mean trace)²/(mean square) over the probes."""
    trace, square, n = traces.mean(), squares.mean(), len(traces)
    without = (traces.sum() - traces) ** 2 / (squares.sum() - squares) / (n - 1)  # a jackknife
    return trace, square, float(np.sqrt((n - 1) * without.var()))


def _outputs(model):
    return getattr(model, "outputs", 1)


def _half(model, data):
    """Every other input, with all its outputs."""
    chosen = np.arange(data.n) // _outputs(model) % 2 == 0
    return Dataset(data.x[chosen], data.y[chosen])


def _layers(model, w, w0):
    """Relative displacement of each part that a model names."""
    moved = {}
    for name, part in getattr(model, "layers", {}).items():
        size, way = float(norm(w0[part])), float(norm((w - w0)[part]))
        moved[name] = way / size if size else (np.inf if way else 0.0)
    return moved


def _eps(array):
    return np.finfo(array.dtype).eps


def _said(value):
    if value is None:
        return ""
    if np.isnan(value):
        return "-"
    return "never" if value == np.inf else f"{value:.3g}"


def _finite(value):
    if isinstance(value, dict):
        return {name: _finite(each) for name, each in value.items()}
    return None if isinstance(value, float) and not np.isfinite(value) else value
