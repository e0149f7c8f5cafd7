"""PyTorch modules as models: equal to the note's network, or refused with a clear word."""

import copy
import hashlib
import re

import numpy as np
import pytest
from helpers import derivative, problem, relative, seeded

torch = pytest.importorskip("torch")

from lazylib import (  # noqa: E402 (without torch, there is nothing here)
    Centered,
    Scaled,
    Tangent,
    TwoLayer,
    from_module,
    gradient_descent,
    gradient_flow,
    kernel_change,
    tangent_kernel,
)

nn = torch.nn


class Times(nn.Module):
    """A factor times what another module returns."""

    def __init__(self, module, factor):
        super().__init__()
        self.module, self.factor = module, factor

    def forward(self, x):
        return self.factor * self.module(x)


def two_layer(net, w):
    """Return the network of Sections 2.2 and 5, written in PyTorch."""
    first, last = nn.Linear(net.d, net.m, bias=False), nn.Linear(net.m, 1, bias=False)
    a, b = net.unpack(w)
    first.weight.data, last.weight.data = torch.tensor(a), torch.tensor(b)[None]
    sigma = {"relu": nn.ReLU(), "tanh": nn.Tanh()}[net.activation.name]
    return Times(nn.Sequential(first, sigma, last), net.scale)


def small(outputs=1, *parts):
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(3, 4), *parts, nn.Tanh(), nn.Linear(4, outputs)).double()


def convolutions():
    torch.manual_seed(0)
    pool = [nn.MaxPool2d(2), nn.Flatten(), nn.Linear(12, 2)]
    norm = nn.BatchNorm2d(3).double()
    norm(torch.randn(9, 3, 4, 4, dtype=torch.double))  # statistics of its own
    net = nn.Sequential(nn.Conv2d(1, 3, 3, padding=1), norm, nn.ReLU(inplace=True), *pool)
    return net.double().eval()


def state(module):
    """Return a hash of all that a module holds, bit by bit."""
    found = hashlib.sha256()
    for name, value in [*module.named_parameters(remove_duplicate=False), *module.named_buffers()]:
        said = f"{name} {value.dtype} {value.requires_grad} {value.grad is None} {id(value)}"
        bits = value.detach().resolve_conj().reshape(-1).view(torch.uint8)
        found.update(said.encode() + bits.numpy().tobytes())
    found.update(str([(name, part.training) for name, part in module.named_modules()]).encode())
    return found.hexdigest()


@pytest.mark.parametrize("sigma", ["relu", "tanh"])
@pytest.mark.parametrize("lead", [(), (2, 3)], ids=str)
def test_the_notes_network_as_a_module_is_TwoLayer_in_all_that_a_model_does(sigma, lead):
    net = TwoLayer(3, 6, sigma, scale=0.7)
    model = from_module(two_layer(net, net.init(seeded(0))), input_shape=3)
    assert np.array_equal(model.w0, net.init(seeded(0)))
    w, v = seeded(1).normal(size=(2, *lead, net.n_parameters))
    x, r = seeded(2).normal(size=(5, 3)), seeded(3).normal(size=(4, *lead, 5))
    for of in (
        lambda m: m.predict(w, x),
        lambda m: m.jvp(w, x, v),
        lambda m: m.vjp(w, x)[0],
        lambda m: m.vjp(w, x)[1](r),
        lambda m: m.jacobian(w, x),
        lambda m: tangent_kernel(m, w, x),
        lambda m: tangent_kernel(m, w, x, x[:2]),
        lambda m: Scaled(Tangent(m, v), 3.0).predict(w, x),
        lambda m: Centered(m, v).vjp(w, x)[1](r),
        lambda m: kernel_change(m, w, v, x),
    ):
        assert relative(of(model), of(net)) < 1e-12


@pytest.mark.parametrize("train", [gradient_descent, gradient_flow])
def test_a_whole_training_run_is_that_of_TwoLayer(train):
    net, data, w0 = problem(n=8, m=6, tau=0.5)
    model = from_module(two_layer(net, w0), input_shape=2)
    # frames are even along the neurons' path, and a module has no neurons
    flow = {"t_max": 20.0, "times": np.linspace(0, 20, 9)}
    options = {"n_steps": 300, "step": 0.1} if train is gradient_descent else flow
    ours, theirs = (train(m, data, w0, alpha=2.0, **options) for m in (model, net))
    assert ours.n_steps == theirs.n_steps
    last = slice(-1, None) if train is gradient_descent else slice(None)
    # the steps of a flow follow differences of gradients, which make more of rounding
    bound = 1e-12 if train is gradient_descent else 1e-9
    for name in ("times", "w", "train_loss", "test_loss"):
        assert relative(getattr(ours, name)[last], getattr(theirs, name)[last]) < bound, name


def test_batched_training_runs_of_a_module_are_those_of_TwoLayer():
    net, data, _ = problem(n=8, m=6)
    w0 = net.init(seeded(4), tau=np.array([0.3, 1.0]))
    model = from_module(two_layer(net, w0[0]), input_shape=2)
    options = {"alpha": np.array([[1.0], [30.0]]), "n_steps": 50, "step": 0.1}
    ours, theirs = (gradient_descent(m, data, w0, **options) for m in (model, net))
    assert ours.w.shape[1:] == (2, 2, net.n_parameters)
    assert relative(ours.w[-1], theirs.w[-1]) < 1e-12


@pytest.mark.parametrize("module", [small(), small(3), convolutions()])
def test_derivatives_of_modules_against_central_differences(module):
    shape = (1, 4, 4) if isinstance(module[0], nn.Conv2d) else (3,)
    model = from_module(module, shape)
    x = model.rows(seeded(0).normal(size=(4, np.prod(shape))))
    w, v, r = model.w0, seeded(1).normal(size=model.n_parameters), seeded(2).normal(size=len(x))
    slope = derivative(lambda w: model.predict(w, x), w, v, h=1e-6)
    assert relative(model.jvp(w, x, v), slope) < 1e-7
    assert relative(model.jacobian(w, x) @ v, slope) < 1e-7
    assert model.vjp(w, x)[1](r) @ v == pytest.approx(r @ slope, rel=1e-7)
    jacobian = model.jacobian(w, x)
    assert relative(tangent_kernel(model, w, x), jacobian @ jacobian.T) < 1e-13


def test_the_kernel_is_the_same_in_blocks(monkeypatch):
    model = from_module(small(3))
    x, y = (model.rows(seeded(seed).normal(size=(4, 3))) for seed in (0, 1))
    whole = [tangent_kernel(model, model.w0, x), tangent_kernel(model, model.w0, x, y)]
    monkeypatch.setattr("lazylib.kernels.modules._BLOCK", 5 * model.n_parameters)
    monkeypatch.setattr("lazylib.models.module._AT_ONCE", 2 * model.n_parameters)
    blocks = [tangent_kernel(model, model.w0, x), tangent_kernel(model, model.w0, x, y)]
    assert max(map(relative, blocks, whole)) < 1e-13


def test_a_row_of_several_outputs_is_an_input_and_the_number_of_an_output():
    module = small(3)
    model, x = from_module(module), seeded(0).normal(size=(5, 3))
    with torch.no_grad():
        out = module(torch.tensor(x)).numpy()
    rows = model.rows(x)
    assert model.d == 4 and rows.shape == (15, 4)
    assert relative(model.predict(model.w0, rows), out.reshape(-1)) < 1e-14
    mixed = seeded(1).permutation(15)[:7]
    assert relative(model.predict(model.w0, rows[mixed]), out.reshape(-1)[mixed]) < 1e-14
    jacobian = model.jacobian(model.w0, rows)
    assert relative(model.jacobian(model.w0, rows[mixed]), jacobian[mixed]) < 1e-13
    with pytest.raises(ValueError, match="number 0 … 2 of an output"):
        model.predict(model.w0, np.full((1, 4), 0.5))


def test_classes_become_ones_and_zeros_and_tensors_are_data():
    model = from_module(small(3))
    x = torch.tensor(seeded(0).normal(size=(2, 3)))
    data = model.dataset(x, torch.tensor([2, 0]), x[:1], [[0.1, 0.2, 0.3]])
    assert data.y.tolist() == [0, 0, 1, 1, 0, 0] and data.y_test.tolist() == [0.1, 0.2, 0.3]
    assert np.array_equal(data.x, model.rows(x.numpy()))
    half = model.dataset(x.bfloat16(), torch.ones(2, 3, requires_grad=True).half())
    assert half.x.dtype == half.y.dtype == np.float32
    assert relative(half.x, data.x) < 0.01
    for y, said in ((["a", "b"], "y must be"), ([0, 3], "classes 0 … 2"), ([1], r"shape \(2, 3\)")):
        with pytest.raises((TypeError, ValueError), match=said):
            model.dataset(x, y)
    with pytest.raises(ValueError, match=r"x must have shape \(n, \*\(3,\)\)"):
        model.dataset(x[:, :2], [0, 1])
    with pytest.raises(TypeError, match="y_test"):
        model.dataset(x, [0, 1], x)


def test_parameters_have_names_and_shapes_and_can_be_read_again():
    module = small(2)
    model = from_module(module)
    assert list(model.layers) == ["0.weight", "0.bias", "2.weight", "2.bias"]
    weights = model.unpack(np.stack([model.w0, 2 * model.w0]))
    assert weights["2.weight"].shape == (2, 2, 4)
    assert np.array_equal(weights["0.bias"][0], module[0].bias.detach().numpy())
    other = copy.deepcopy(module)
    with torch.no_grad():
        other[2].bias += 1
    changed = model.read(other) - model.w0
    assert np.array_equal(np.flatnonzero(changed), np.arange(24, 26))
    with pytest.raises(ValueError, match="2.weight"):
        model.read(small(3))


class Tied(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = self.b = nn.Linear(3, 3)
        self.last = nn.Linear(3, 1)

    def forward(self, x):
        return self.last(torch.tanh(self.b(torch.tanh(self.a(x)))))


def two_that_share():
    module = Tied()
    module.b = nn.Linear(3, 3)
    module.b.weight, module.b.bias = module.a.weight, module.a.bias
    return module


def frozen():
    module = small()
    module[0].requires_grad_(False)
    return module.float()


def frozen_and_shared():
    module = two_that_share()
    return module.requires_grad_(False) and module.last.requires_grad_() and module


def frozen_and_used_twice():
    module = Tied()
    return module.a.requires_grad_(False) and module


class ByNumbers(nn.Module):
    """Has a parameter without axes, and one without numbers."""

    def __init__(self):
        super().__init__()
        self.linear, self.factor = nn.Linear(3, 1), nn.Parameter(torch.tensor(1.5))
        self.nothing = nn.Parameter(torch.zeros(0, 3))

    def forward(self, x):
        return self.factor * self.linear(x)


def attention():
    torch.manual_seed(0)
    layer = nn.TransformerEncoderLayer(4, 2, 8, batch_first=True)
    ends = nn.Linear(1, 4), nn.Linear(12, 1)
    return nn.Sequential(nn.Unflatten(1, (3, 1)), ends[0], layer, nn.Flatten(), ends[1]).eval()


class WithBuffers(nn.Module):
    """Counts its calls, and holds numbers of several kinds beside its parameters."""

    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(3, 1)
        self.register_buffer("calls", torch.zeros((), dtype=torch.long))
        self.register_buffer("shift", torch.ones(3))
        self.order = nn.Parameter(torch.tensor([2, 0, 1]), requires_grad=False)
        self.turn = nn.Parameter(torch.tensor([1j]), requires_grad=False)

    def forward(self, x):
        self.calls += 1
        return self.linear(x[:, self.order] + self.shift * (self.turn**2).real)


class InPlace(nn.Module):
    """Changes its own input, and what it has computed."""

    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(3, 1)

    def forward(self, x):
        x.mul_(2)
        return self.linear(x).mul_(2).relu_()


WORKING = {
    "plain": (small, 21),
    "a layer used twice": (Tied, 16),
    "layers that share parameters": (two_that_share, 16),
    "frozen parameters": (frozen, 5),
    "frozen parameters that are shared": (frozen_and_shared, 4),
    "a frozen layer used twice": (frozen_and_used_twice, 4),
    "parameters of any shape": (ByNumbers, 5),
    "attention": (attention, 193),
    "buffers, whole and complex numbers": (WithBuffers, 4),
    "in place": (InPlace, 4),
    "dropout in eval mode": (lambda: small(1, nn.Dropout(0.5)).eval(), 21),
    "batch norm in eval mode": (lambda: small(1, nn.BatchNorm1d(4)).eval(), 29),
    "layer norm": (lambda: small(1, nn.LayerNorm(4)), 29),
    "float32": (lambda: small().float(), 21),
    "float16": (lambda: small().half(), 21),
    "bfloat16": (lambda: small().bfloat16(), 21),
    "compiled": (lambda: torch.compile(small(), backend="eager"), 21),
    "parametrized": (lambda: nn.utils.parametrizations.weight_norm(nn.Linear(3, 1)), 5),
    "no axis for the output": (lambda: nn.Sequential(nn.Linear(3, 1), nn.Flatten(0)), 4),
}


@pytest.mark.filterwarnings("default::DeprecationWarning:torch.*")
@pytest.mark.parametrize(("make", "size"), WORKING.values(), ids=WORKING)
def test_special_modules_work_and_are_never_changed(make, size):
    module = make()
    before = state(module)
    model = from_module(module, input_shape=3)
    w, x = model.w0.astype(float), seeded(0).normal(size=(4, 3))
    assert model.n_parameters == size
    given = x.copy()
    run = gradient_descent(model, model.dataset(x, np.ones(4)), w, n_steps=5)
    assert run.train_loss[-1] < run.train_loss[0]
    assert (
        relative(tangent_kernel(model, w, x), model.jacobian(w, x) @ model.jacobian(w, x).T) < 1e-12
    )
    assert np.array_equal(x, given), "the caller's inputs were changed"
    assert state(module) == before
    dtype = next(value.dtype for value in module.parameters() if value.requires_grad)
    if dtype not in (torch.half, torch.bfloat16):  # whose rounding is coarse
        with torch.no_grad():
            there = module(torch.tensor(x, dtype=dtype)).numpy()
        assert relative(model.predict(w, x), there.reshape(-1)) < 1e-6


class Returns(nn.Module):
    def __init__(self, function):
        super().__init__()
        self.linear, self.function = nn.Linear(3, 2), function

    def forward(self, x):
        return self.function(self.linear(x), x)


def complex_parameters():
    return nn.Linear(3, 1, dtype=torch.cfloat)


def scripted():
    return torch.jit.trace(small(), torch.ones(2, 3, dtype=torch.double))


REFUSED = {
    "no module": (lambda: np.ones(3), "must be a Module"),
    "scripted": (scripted, "is scripted"),
    "complex": (complex_parameters, "must be real, but weight is complex"),
    "nothing to train": (lambda: small().requires_grad_(False), "no parameter that is trained"),
    "without numbers": (lambda: nn.Linear(3, 1, device="meta"), "on one device that holds numbers"),
    "without shapes": (lambda: nn.LazyLinear(1), "without a shape yet"),
    "dropout": (lambda: small(1, nn.Dropout(0.5)), r"dropout in training mode \(1\)"),
    "batch norm": (lambda: small(1, nn.BatchNorm1d(4)), r"batch norm in training mode \(1\)"),
    "statistics of the batch": (
        lambda: small(1, nn.BatchNorm1d(4, track_running_stats=False)).eval(),
        r"without statistics of its own \(1\)",
    ),
    "of the batch, by a function": (
        lambda: Returns(lambda f, x: nn.functional.batch_norm(f, None, None, training=True)),
        "fails on inputs of shape .*1, 3.*: ValueError: Expected more than 1 value per channel",
    ),
    "the batch": (lambda: Returns(lambda f, x: f - f.mean(0)), "depends on the other inputs"),
    "random": (lambda: Returns(lambda f, x: f + torch.rand_like(f)), "other values in every call"),
    "two results": (lambda: Returns(lambda f, x: (f, f)), "real numbers of shape .* got a tuple"),
    "one number": (lambda: Returns(lambda f, x: f.sum()), "real numbers of shape"),
    "classes": (lambda: Returns(lambda f, x: f.argmax(1)), "real numbers of shape"),
    "no function of w": (lambda: Returns(lambda f, x: x), "cannot differentiate"),
    "detached": (lambda: Returns(lambda f, x: f.detach() + f / 2), "is something detached"),
    "asks for values": (
        lambda: Returns(lambda f, x: f if f.sum().item() > 0 else 2 * f),
        "cannot differentiate",
    ),
    "other inputs": (lambda: nn.Linear(4, 1), "fails on inputs of shape"),
    "of its own precision": (lambda: Returns(lambda f, x: f @ torch.ones(2, 1)), "fails on inputs"),
}


@pytest.mark.filterwarnings("default::DeprecationWarning:torch.*")
@pytest.mark.parametrize(("make", "said"), REFUSED.values(), ids=REFUSED)
def test_what_is_no_function_of_real_parameters_is_refused_with_a_clear_word(make, said):
    module = make()
    with pytest.raises((TypeError, ValueError), match=said):
        from_module(module, input_shape=3)


def test_a_first_layer_that_is_not_linear_does_not_tell_the_shape_of_inputs():
    assert from_module(small()).input_shape == (3,)
    with pytest.raises(ValueError, match="input_shape must be given"):
        from_module(convolutions())


def test_float32_stays_float32_and_float64_parameters_compute_in_float64():
    model = from_module(small().float())
    x = seeded(0).normal(size=(4, 3))
    assert model.w0.dtype == np.float32
    for dtype in (np.float32, np.float64):
        w = model.w0.astype(dtype)
        f, pullback = model.vjp(w, x.astype(dtype))
        of = [f, pullback(f), model.jvp(w, x.astype(dtype), w), model.jacobian(w, x.astype(dtype))]
        of.append(model.predict(w, x.astype(dtype)))
        assert {array.dtype for array in of} == {np.dtype(dtype)}
        assert tangent_kernel(model, w, x.astype(dtype)).dtype == dtype


@pytest.mark.parametrize("mode", [torch.no_grad, torch.inference_mode])
def test_the_callers_modes_of_gradients_do_not_matter(mode):
    with mode():
        model = from_module(small(2))
    x = model.rows(np.ones((2, 3)))
    jacobian, pulled = model.jacobian(model.w0, x), model.vjp(model.w0, x)[1](np.ones(4))
    with mode():
        assert np.array_equal(model.jacobian(model.w0, x), jacobian)
        assert np.array_equal(model.vjp(model.w0, x)[1](np.ones(4)), pulled)


def test_looking_at_a_module_draws_no_random_numbers_of_the_callers():
    module = Returns(lambda f, x: f + torch.rand_like(f))
    before = torch.random.get_rng_state()
    with pytest.raises(ValueError, match="random"):
        from_module(module, input_shape=3)
    assert torch.equal(torch.random.get_rng_state(), before)


def test_what_becomes_of_the_module_does_not_reach_the_model():
    module = small()
    model = from_module(module)
    x = np.ones((1, 3))
    before = model.predict(model.w0, x)
    with torch.no_grad():
        module[0].weight.zero_()
    assert np.array_equal(model.predict(model.w0, x), before)


def test_an_error_names_the_extra_where_torch_is_missing(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "torch", None)
    with pytest.raises(ModuleNotFoundError, match=re.escape('pip install ".[torch]"')):
        from_module(object())
