"""Two lines around a training loop of PyTorch: what they say, and that they change nothing."""

import re

import numpy as np
import pytest
from helpers import ROOT

torch = pytest.importorskip("torch")

import lazylib as lazy  # noqa: E402 (without torch, there is nothing here)

nn = torch.nn


def network(outputs=3, *parts):
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(4, 20), *parts, nn.ReLU(), nn.Linear(20, outputs))


def data(outputs=3):
    """Return inputs and classes (or numbers, for one output), to train and to test."""
    torch.manual_seed(1)
    x = torch.randn(60, 4)
    y = (x[:, :outputs].argmax(1) if outputs > 1 else x[:, :1]) * 1
    return x[:40], y[:40], x[40:], y[40:]


def train(net, steps=100, rate=0.05):
    x, y, *_ = data(net[-1].out_features)
    target = nn.functional.one_hot(y, 3).float() if y.dtype == torch.long else y
    optimizer = torch.optim.SGD(net.parameters(), rate)
    for _ in range(steps):
        optimizer.zero_grad()
        ((net(x) - target) ** 2).mean().backward()
        optimizer.step()


def test_the_lines_of_the_readme_report_on_a_module(capsys):
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    (lines,) = [code for code in re.findall(r"```python\n(.*?)```", text, re.S) if "before" in code]
    assert len([line for line in lines.splitlines() if line.strip()]) <= 5
    net, (x, y, x_test, y_test) = network(), data()
    exec(lines, {"net": net, "train": train, "x": x, "y": y, "x_test": x_test, "y_test": y_test})
    said = capsys.readouterr().out
    for part in ("Foretold:", "Measured:", "40 inputs × 3 outputs", "displacement of 0.weight"):
        assert part in said


def test_before_and_after_are_a_report_on_the_model():
    net, sets = network(), data()
    snapshot = lazy.before(net, *sets)
    model = lazy.from_module(net)
    w0 = model.w0
    train(net)
    found = lazy.after(snapshot, net)
    whole = lazy.laziness_report(model, model.dataset(*sets), w0, model.read(net))
    assert found.before == whole.before == snapshot.before
    assert found.after == whole.after and found.layers == whole.layers
    weight = net[0].weight.detach().numpy()
    start = model.unpack(w0)["0.weight"]
    moved = np.linalg.norm(weight - start) / np.linalg.norm(start)
    assert found.layers["0.weight"] == pytest.approx(moved, rel=1e-5)
    assert 0 < found.after["explained"] < 1
    assert found.after["test_error"] < 1


def test_a_linear_module_trained_by_any_optimizer_is_explained_wholly():
    net = nn.Sequential(nn.Linear(4, 1))
    x, y, *_ = data(1)
    snapshot = lazy.before(net, x, y)
    optimizer = torch.optim.Adam(net.parameters(), 0.1)
    for _ in range(50):
        optimizer.zero_grad()
        ((net(x) - y) ** 2).mean().backward()
        optimizer.step()
    report = lazy.after(snapshot, net)
    assert report.after["kernel_change"] < 1e-6
    assert report.after["explained"] == pytest.approx(1, abs=1e-6)
    assert any("Adam" in said for said in report.unknown)


def test_a_module_that_was_not_trained_has_not_moved():
    net = network()
    report = lazy.after(lazy.before(net, *data()[:2]), net)
    assert report.after["moved"] == report.after["kernel_change"] == 0
    assert set(report.layers.values()) == {0.0}


def test_neither_line_changes_the_module_or_a_training_after_it():
    nets = network(), network()
    snapshot = lazy.before(nets[0], *data())
    for net in nets:
        train(net)
    lazy.after(snapshot, nets[0])
    for net in nets:
        train(net, steps=3)
    for ours, theirs in zip(nets[0].parameters(), nets[1].parameters(), strict=True):
        assert torch.equal(ours, theirs) and torch.equal(ours.grad, theirs.grad)


def test_statistics_that_moved_in_training_are_told():
    net = network(3, nn.BatchNorm1d(20))
    with pytest.raises(ValueError, match=r"module has batch norm in training mode \(1\)"):
        lazy.before(net, *data())
    net.eval()
    snapshot = lazy.before(net, *data())
    net.train()
    train(net)
    report = lazy.after(snapshot, net)
    assert net.training, "its mode was changed"
    assert re.match(r"Buffers or frozen parameters changed, .* by \d+%", report.unknown[0])


def test_another_module_is_refused():
    snapshot = lazy.before(network(), *data())
    with pytest.raises(ValueError, match="another state of the same one"):
        lazy.after(snapshot, network(2))
    with pytest.raises(TypeError, match="snapshot must be"):
        lazy.after(3, network())


def test_many_predictions_need_no_kernel_matrix():
    net, (x, y, *_) = network(), data()
    exact, few = (lazy.before(net, x, y, dense=dense) for dense in (1000, 10))
    for name in ("fitted", "lambda_max"):
        assert few.before[name] == pytest.approx(exact.before[name], rel=0.05), name
    # 40 conjugate gradients leave out what needs the weakest directions, and longest steps
    assert 0.3 < few.before["displacement"] / exact.before["displacement"] < 1
    assert "smallest singular value is not known" in str(few)
