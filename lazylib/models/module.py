"""Any PyTorch module as a model f(w, x), with w all of its trained parameters, one after another.

PyTorch is an extra (``pip install ".[torch]"``): it is imported when a module is handed over, and
not before.
"""

import copy
import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from lazylib import _checks
from lazylib._identity import own
from lazylib.data import Dataset
from lazylib.models.model import Model

# Numbers in the gradients that are computed side by side.
_AT_ONCE = 2**22

# How far values that should be equal may be apart, relative to the largest of them.
_CLOSE = 1e-6

# Steps of differences, relative to w, one of which crosses no kink and drowns in no rounding; and
# what these may make of a difference all the same.
_SHORT, _ROUGH = (1e-9, 1e-6, 1e-4), 0.05


@dataclass(frozen=True, eq=False, repr=False)
class TorchModel(Model):
    """A module's function of its parameters; made by `from_module`.

    A module with k > 1 outputs becomes a function of one output more than it has inputs: a row of
    ``x`` is an input, laid flat, and then the number 0 … k − 1 of the output that is asked for.
    So predictions have shape (..., n) for every model, n counts pairs of an input and an output,
    and `dataset` writes them down. Neighbouring rows with the same input cost one evaluation.

    Attributes
    ----------
    net : torch.nn.Module
        A copy of the module: what becomes of the module itself does not reach it.
    input_shape : tuple of int
        Shape of one input.
    outputs : int
        k, the number of outputs.
    w0 : ndarray of shape (p,)
        The module's own parameters, in its precision (half precision becomes float32). What is
        computed is in that of w and x.
    """

    net: Any
    input_shape: tuple
    outputs: int
    w0: np.ndarray

    def __post_init__(self):
        own(self, w0=_checks.array("w0", self.w0, exactly=1, nonempty=True))

    @property
    def n_parameters(self):
        """Number of trained parameters; shared ones count once, frozen ones do not."""
        return len(self.w0)

    @property
    def d(self):
        """Numbers in a row of ``x``: an input, and which output if there are several."""
        return math.prod(self.input_shape) + (self.outputs > 1)

    @property
    def layers(self):
        """The part of w that is each trained parameter, as a slice, by the parameter's name."""
        parts, start = {}, 0
        for name, value in _trained(self.net):
            parts[name] = slice(start, start := start + value.numel())
        return parts

    def unpack(self, w):
        """Return views of ``w`` by name, each of shape ``(..., *shape)`` of the parameter."""
        w = self._parameters("w", w)
        shapes = {name: tuple(value.shape) for name, value in _trained(self.net)}
        return {n: w[..., s].reshape(*w.shape[:-1], *shapes[n]) for n, s in self.layers.items()}

    def read(self, module):
        """Return the parameters, of shape (p,), of another state of the same module."""
        found = {name: tuple(value.shape) for name, value in _trained(_plain(module))}
        wanted = {name: tuple(value.shape) for name, value in _trained(self.net)}
        if found != wanted:
            different = sorted({name for name, _ in found.items() ^ wanted.items()})
            raise ValueError(f"module must be another state of the same one; differs: {different}")
        return _checks.array("module's parameters", _flat(_plain(module)))

    def constants_change(self, module, x):
        """How much the outputs change, at w₀, with another state's buffers and frozen parameters.

        Parameters
        ----------
        module : torch.nn.Module
            Another state of the same module.
        x : ndarray of shape (n, d)

        Returns
        -------
        float
            Relative to the size of the outputs.
        """
        state = copy.deepcopy(_plain(module)).train(False)
        first, trained = _trained(self.net), _trained(state)
        with _torch().no_grad():
            for (_, old), (_, new) in zip(first, trained, strict=True):
                new.copy_(old)
        here = self.predict(self.w0, x)
        there = TorchModel(state, self.input_shape, self.outputs, self.w0).predict(self.w0, x)
        return float(np.linalg.norm(there - here) / max(np.linalg.norm(here), np.finfo(float).tiny))

    def dataset(self, x, y, x_test=None, y_test=None):
        """Lay inputs and labels out as a `Dataset`, for the quadratic loss.

        Parameters
        ----------
        x, x_test : array or tensor of shape ``(n, *input_shape)``
        y, y_test : array or tensor of shape (n, k), (n,) for one output, or n whole numbers: the
            classes 0 … k − 1, which become 1 for the right output and 0 for the others.
        """
        pairs = [self._laid_out(x, y, "")]
        if x_test is not None or y_test is not None:
            pairs.append(self._laid_out(x_test, y_test, "_test"))
        return Dataset(*(array for pair in pairs for array in pair))

    def _laid_out(self, x, y, suffix):
        x, y = (_array(f"{name}{suffix}", v) for name, v in (("x", x), ("y", y)))
        if x.ndim < 2 or x.shape[1:] != self.input_shape:
            raise ValueError(f"x{suffix} must have shape (n, *{self.input_shape}), got {x.shape}")
        n, k = len(x), self.outputs
        if k > 1 and y.shape == (n,):
            if not np.isin(y, np.arange(k)).all():
                raise ValueError(f"y{suffix} must hold classes 0 … {k - 1}, or shape (n, {k})")
            y = (y[:, None] == np.arange(k)).astype(x.dtype)
        if y.shape not in [(n, k), (n,)]:
            raise ValueError(f"y{suffix} must have shape {(n, k)}, got {y.shape}")
        return self.rows(x.reshape(n, -1)), y.reshape(-1)

    def rows(self, x):
        """Inputs of shape (n, numbers of an input) as rows, (n k, d): each with every output."""
        if self.outputs == 1:
            return x
        number = np.tile(np.arange(self.outputs, dtype=x.dtype), len(x))
        return np.column_stack([np.repeat(x, self.outputs, axis=0), number])

    def _checked(self, w, x, **more):
        w, x = super()._checked(w, x, **more)
        if self.outputs > 1 and not np.isin(x[..., -1], np.arange(self.outputs)).all():
            last = f"the number 0 … {self.outputs - 1} of an output"
            raise ValueError(f"x must have {last} in the last column: see `rows`")
        return w, x

    def _predict(self, w, x):
        def one(w, x):
            with _torch().no_grad():
                return _numpy(self._values(*self._tensors(w, x)))

        return _each(one, "(p),(n,d)->(n)", w, x)

    def _jvp(self, w, x, v):
        def one(w, x, v):
            w, *rows = self._tensors(w, x)
            v = _torch().tensor(v, dtype=w.dtype, device=w.device)
            return _numpy(_push(lambda w: self._values(w, *rows), w, v))

        return _each(one, "(p),(n,d),(p)->(n)", w, x, v)

    def _vjp(self, w, x):
        lead = np.broadcast_shapes(w.shape[:-1], x.shape[:-2])
        w, x = (np.broadcast_to(v, lead + v.shape[v.ndim - k :]) for v, k in ((w, 1), (x, 2)))
        pulls = np.empty(lead, dtype=object)
        f = np.empty((*lead, x.shape[-2]), np.result_type(w, x))
        for run in np.ndindex(lead):
            f[run], pulls[run] = self._vjp_one(w[run], x[run])

        def pullback(r):
            runs = np.broadcast_shapes(r.shape[:-1], lead)
            each = np.broadcast_to(pulls, runs)
            r = np.broadcast_to(r, (*runs, r.shape[-1]))
            out = np.empty((*runs, self.n_parameters), f.dtype)
            for run in np.ndindex(runs):
                out[run] = each[run](r[run])
            return out

        return f, pullback

    def _vjp_one(self, w, x):
        torch = _torch()
        with torch.inference_mode(False), torch.enable_grad():
            w, *inputs = self._tensors(w, x)
            f = self._values(w.requires_grad_(), *inputs)

        def pullback(r):
            r = torch.tensor(r, dtype=f.dtype, device=f.device)
            return _numpy(torch.autograd.grad(f, w, r, retain_graph=True)[0])

        return _numpy(f), pullback

    def _jacobian(self, w, x):
        torch, size = _torch(), max(1, _AT_ONCE // self.n_parameters)

        def value(named, x, output):
            return self._outputs(named, x[None])[0].gather(0, output[None])[0]

        rows = torch.func.vmap(torch.func.grad(value), (None, 0, 0))

        def one(w, x):
            dtype = np.result_type(w, x)
            w, inputs, row, output = self._tensors(w, x)
            named = self._named(w)
            out = np.empty((len(x), len(w)), dtype)
            for i in range(0, len(x), size):
                chunk = slice(i, i + size)
                # by parameter: that of the whole w would be put together twice
                for name, part in rows(named, inputs[row[chunk]], output[chunk]).items():
                    out[chunk, self.layers[name]] = _numpy(part.reshape(len(part), -1))
            return out

        return _each(one, "(p),(n,d)->(n,p)", w, x)

    def _tensors(self, w, x):
        """As tensors: w, the different inputs, and each row's input and output."""
        torch, dtype, output = _torch(), np.result_type(w, x), np.zeros(len(x), int)
        if self.outputs > 1:
            x, output = x[:, :-1], x[:, -1].astype(int)
        new = np.r_[True, (x[1:] != x[:-1]).any(axis=1)]
        device = next(value for _, value in _trained(self.net)).device
        w, x = (torch.tensor(v.astype(dtype, copy=False), device=device) for v in (w, x[new]))
        row, output = (torch.from_numpy(v).to(device) for v in (new.cumsum() - 1, output))
        return w, x.reshape(-1, *self.input_shape), row, output

    def _values(self, w, inputs, row, output):
        return self._outputs(self._named(w), inputs)[row, output]

    def _named(self, w):
        """Parameters as the module has them, by name."""
        trained = _trained(self.net)
        parts = w.split([value.numel() for _, value in trained])
        return {n: part.view(v.shape) for (n, v), part in zip(trained, parts, strict=True)}

    def _outputs(self, named, inputs):
        """The module's outputs, of shape (inputs, k)."""
        return self._call(named, inputs).reshape(len(inputs), -1)

    def _call(self, named, inputs):
        frozen, buffers = self._constants(inputs.dtype)
        # copies: a module may change its buffers and its input in place
        values = frozen | {name: value.clone() for name, value in buffers.items()}
        values |= {name: named[first] for name, first in self._names.items()}
        torch = _torch()
        # attention in plain operations: its fast forms have no second derivatives
        with torch.nn.attention.sdpa_kernel(torch.nn.attention.SDPBackend.MATH):
            call = torch.func.functional_call
            return call(self.net, values, (inputs.clone(),), tie_weights=False)

    @cached_property
    def _names(self):
        """All names of trained parameters, and the one in `layers` of each: some are shared.

        PyTorch's own handling of these (tie_weights) leaves a module changed that has two names.
        """
        first = {value: name for name, value in _trained(self.net)}
        every = _every("named_parameters", self.net)
        return {name: first[value] for name, value in every if value in first}

    def _constants(self, dtype):
        """Frozen parameters, and buffers, in that precision, by name."""
        known = self.__dict__.setdefault("_known", {})
        if dtype not in known:
            known[dtype] = [
                {
                    name: value.to(dtype) if value.is_floating_point() else value
                    for name, value in _every(kind, self.net)
                    if not value.requires_grad
                }
                for kind in ("named_parameters", "named_buffers")
            ]
        return known[dtype]


def from_module(module, input_shape=None):
    """Make a model of a PyTorch module: values, derivatives and kernels like those of any other.

    The module is copied, and never changed. Buffers and frozen parameters are constants; shared
    parameters count once. Everything is computed on the device of the parameters.

    Parameters
    ----------
    module : torch.nn.Module
        Maps inputs of shape ``(n, *input_shape)`` to (n,), (n, k) or more axes, laid flat;
        each output must depend on its own input only, and be the same in every call.
    input_shape : tuple of int, optional
        Shape of one input. By default what the first layer takes, if it is linear.

    Returns
    -------
    TorchModel
        ``model.w0`` are the module's own parameters, ``model.dataset(x, y)`` makes the data.
        ``Centered(model, model.w0)`` starts at 0.

    Raises
    ------
    ModuleNotFoundError
        Without PyTorch; it says how to install it.
    TypeError, ValueError
        For modules that are no such function of real parameters: scripted, on no device, with
        complex or uninitialised parameters, with dropout or batch norm in training mode.

    Examples
    --------
    >>> import torch, lazylib as lazy
    >>> net = torch.nn.Sequential(torch.nn.Linear(2, 8), torch.nn.Tanh(), torch.nn.Linear(8, 1))
    >>> model = lazy.from_module(net)
    >>> model.n_parameters
    33
    """
    torch, net = _torch(), _plain(module)
    _refuse(net)
    try:
        net = copy.deepcopy(net)
    except Exception as error:
        raise TypeError(f"module cannot be copied: {_first_line(error)}") from error
    shape = _input_shape(net) if input_shape is None else _checks.shape("input_shape", input_shape)
    inputs = np.random.default_rng(0).standard_normal((3, *shape))
    with torch.random.fork_rng(devices=[]):
        for few in (inputs[:1], inputs):  # some fail on a single one
            outputs = _outputs(TorchModel(net, shape, 1, _flat(net)), few)
        model = TorchModel(net, shape, outputs, _flat(net))
        _try(model, inputs.reshape(3, -1))
    return model


def _outputs(model, inputs):
    """How many outputs there are, by a call."""
    torch, w = _torch(), _trained(model.net)[0][1]
    w, inputs = (torch.tensor(v, dtype=torch.float64, device=w.device) for v in (model.w0, inputs))
    try:
        with torch.no_grad():
            out = model._call(model._named(w), inputs)
    except Exception as error:
        shown = f"module fails on inputs of shape {tuple(inputs.shape)}"
        raise TypeError(f"{shown}: {_first_line(error)}") from error
    real = isinstance(out, torch.Tensor) and out.is_floating_point()
    if not real or out.ndim == 0 or len(out) != len(inputs) or not out.numel():
        what = f"shape {tuple(out.shape)}" if hasattr(out, "shape") else f"a {type(out).__name__}"
        raise TypeError(f"module must return real numbers of shape (n, ...), got {what}")
    return out[0].numel()


def _try(model, inputs):
    """See whether each row has its own value and the derivatives of one function agree."""
    w, x = model.w0.astype(float), model.rows(inputs)
    v, r = (np.random.default_rng(1).standard_normal(size) for size in (len(w), len(x)))
    f = model.predict(w, x)
    if not _same(model.predict(w, x), f):
        raise ValueError("module gives other values in every call: is something in it random?")
    alone = np.concatenate([model.predict(w, model.rows(each[None])) for each in inputs])
    if not _same(alone, f):
        raise ValueError("module's value for an input depends on the other inputs of the batch")
    try:
        slope, jacobian, pulled = model.jvp(w, x, v), model.jacobian(w, x), model.vjp(w, x)[1](r)
    except Exception as error:
        raise TypeError(f"torch.func cannot differentiate module: {_first_line(error)}") from error
    if not (_same(slope, jacobian @ v) and _same(pulled, r @ jacobian)):
        raise ValueError("module has derivatives, forward and backward, that do not agree")
    for step in _SHORT:
        h = step * np.linalg.norm(w) / np.linalg.norm(v) + step
        change = (model.predict(w + h * v, x) - model.predict(w - h * v, x)) / (2 * h)
        if _same(change, slope, _ROUGH):
            return
    raise ValueError("module's values and derivatives do not agree: is something detached?")


def _same(a, b, within=_CLOSE):
    return np.abs(a - b).max() <= within * max(np.abs(b).max(), np.finfo(float).tiny)


def _push(function, w, v):
    """The derivative of ``function`` at ``w`` along ``v``."""
    torch = _torch()
    try:
        return torch.func.jvp(function, (w,), (v,))[1]
    except NotImplementedError:  # some operations have a backward formula only
        f, pullback = torch.func.vjp(function, w)
        return torch.func.vjp(lambda r: pullback(r)[0], torch.zeros_like(f))[1](v)[0]


def _torch():
    try:
        import torch
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            'this needs PyTorch, an extra: pip install ".[torch]" in the repository'
        ) from error
    return torch


def _plain(module):
    """The module itself, of one that was compiled."""
    torch = _torch()
    if isinstance(module, torch.jit.ScriptModule):
        raise TypeError("module is scripted: hand over the one that it was made from")
    _checks.instance("module", module, torch.nn.Module)
    return getattr(module, "_orig_mod", module)


def _trained(net):
    return [(name, value) for name, value in net.named_parameters() if value.requires_grad]


def _every(kind, net):
    """Yield values by all their names; those of a part that has two names, by one of them."""
    for path, part in net.named_modules():
        for name, value in getattr(part, kind)(recurse=False, remove_duplicate=False):
            yield f"{path}.{name}".strip("."), value


def _flat(net):
    """Its trained parameters as one array, in float32 or float64."""
    torch = _torch()
    return _numpy(torch.cat([value.detach().reshape(-1) for _, value in _trained(net)]))


def _refuse(net):
    """Say why a module is no function of a vector of real parameters, if it is none."""
    torch = _torch()
    values = [*net.named_parameters(), *net.named_buffers()]
    if lazy := [name for name, value in values if torch.nn.parameter.is_lazy(value)]:
        raise ValueError(f"module has parameters without a shape yet: run it once ({lazy[0]})")
    if not _trained(net):
        raise ValueError("module has no parameter that is trained (requires_grad)")
    for name, value in _trained(net):
        if value.is_complex():
            raise ValueError(f"module's parameters must be real, but {name} is complex")
    devices = {str(value.device) for _, value in values}
    if "meta" in devices or len(devices) > 1:
        raise ValueError(f"module must be on one device that holds numbers, got {sorted(devices)}")
    for name, part in net.named_modules():
        dropout = isinstance(part, torch.nn.modules.dropout._DropoutNd) and part.p > 0
        norm = isinstance(part, torch.nn.modules.batchnorm._BatchNorm)
        if norm and not part.track_running_stats:
            raise ValueError(f"module has batch norm without statistics of its own ({name})")
        if part.training and (dropout or norm):
            what = "dropout" if dropout else "batch norm"
            raise ValueError(f"module has {what} in training mode ({name}): call module.eval()")


def _input_shape(net):
    torch = _torch()
    first = next((part for part in net.modules() if [*part.parameters(recurse=False)]), None)
    if not isinstance(first, torch.nn.Linear):
        raise ValueError("input_shape must be given: the first layer with parameters is not linear")
    return (first.in_features,)


def _numpy(tensor):
    tensor = tensor.detach().cpu()
    exact = not tensor.is_floating_point() or tensor.dtype in (_torch().float32, _torch().float64)
    return (tensor if exact else tensor.float()).numpy()


def _array(name, value):
    """Arrays and tensors as arrays."""
    if hasattr(value, "detach"):
        value = _numpy(value)
    return _checks.array(name, value, ndim=1, nonempty=True)


def _each(formula, signature, *arrays):
    """A formula for one run, for all runs on the leading axes."""
    core = [part.count(",") + 1 for part in signature.split("->")[0].strip("()").split("),(")]
    if all(array.ndim == axes for array, axes in zip(arrays, core, strict=True)):
        return formula(*arrays)
    return np.vectorize(formula, signature=signature)(*arrays)


def _first_line(error):
    return f"{type(error).__name__}: {str(error).strip().partition(chr(10))[0]}"
