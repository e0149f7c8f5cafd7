"""The laziness report, where its numbers are known, and with and without a kernel matrix."""

import json

import numpy as np
import pytest
from helpers import problem, relative, seeded

from lazylib import (
    Centered,
    Dataset,
    KernelFlow,
    Scaled,
    Tangent,
    criterion,
    displacement,
    gradient_flow,
    kernel_change,
    laziness_report,
    tangent_kernel,
)
from lazylib.plots import laziness
from lazylib.theory.report import NAMES, lanczos


def trained(alpha=1.0, **options):
    net, data, w0 = problem(n=12, m=30, d=4, **options)
    run = gradient_flow(net, data, w0, alpha=alpha, t_max=300, record=2)
    return net, data, w0, run.w[-1]


def test_before_training_the_report_says_what_criterion_and_spectrum_say():
    net, data, w0, _ = trained(tau=0.7, doubling=False)
    for alpha in (0.5, 20.0):
        found = laziness_report(net, data, w0, alpha=alpha).before
        foretold = criterion(net, w0, data, alpha=alpha)
        for name in ("ratio", "bend", "displacement"):
            assert found[name] == pytest.approx(getattr(foretold, name), rel=1e-6), name
        values = np.linalg.eigvalsh(tangent_kernel(net, w0, data.x))
        assert found["lambda_max"] == pytest.approx(values[-1], rel=1e-12)
        assert found["sigma_min"] == pytest.approx(np.sqrt(values[0]), rel=1e-6)
        assert found["effective_rank"] == pytest.approx(values.sum() ** 2 / (values**2).sum())
        assert found["fitted"] == pytest.approx(1)


def test_the_kernel_flow_has_left_one_percent_of_the_loss_at_its_time():
    net, data, w0, _ = trained(tau=0.7)
    kernel = tangent_kernel(net, w0, data.x)
    time = laziness_report(net, data, w0).before["flow_time"]
    left = np.square(KernelFlow(kernel, data.y).predict(time) - data.y).sum()
    assert left == pytest.approx(0.01 * np.square(data.y).sum(), rel=1e-6)


def test_alignment_is_one_for_labels_along_a_kernel_of_rank_one():
    net, data, w0 = problem(n=5, m=4)
    same = Dataset(np.repeat(data.x[:1], 5, axis=0), np.ones(5))  # five times one point
    found = laziness_report(net, same, w0).before
    assert found["alignment"] == pytest.approx(1)
    assert found["effective_rank"] == pytest.approx(1)
    other = Dataset(same.x, [1, -1, 0, 0, 0])  # labels that no function has
    found = laziness_report(net, other, w0).before
    assert found["alignment"] == pytest.approx(0, abs=1e-12)
    assert (found["sigma_min"], found["flow_time"]) == (0, np.inf)
    assert found["fitted"] == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("dense", [1000, 3], ids=["matrix", "products"])
def test_a_linear_model_is_lazy_however_far_it_goes(dense):
    net, data, w0 = problem(n=12, m=10)
    straight = Tangent(net, w0)
    report = laziness_report(straight, data, w0, w0 + seeded(1).normal(size=w0.size), dense=dense)
    assert report.after["kernel_change"] == 0
    assert report.after["explained"] == report.after["explained_test"] == pytest.approx(1)
    assert report.before["ratio"] == report.before["bend"] == 0
    assert report.after["test_error"] == pytest.approx(report.after["tangent_error"])


def test_large_alpha_is_lazy_and_network_tangent_model_and_kernel_are_one():
    net, data, w0, w = trained(alpha=1e5)
    after = laziness_report(net, data, w0, w, alpha=1e5).after
    assert after["moved"] < 1e-4 and after["kernel_change"] < 1e-3
    assert after["explained"] == pytest.approx(1, abs=1e-6)
    assert after["tangent_error"] == pytest.approx(after["test_error"], rel=1e-3)
    assert after["kernel_error"] == pytest.approx(after["test_error"], rel=0.05)


def test_small_initial_weights_are_active():
    net, data, w0, w = trained(tau=0.05)
    report = laziness_report(net, data, w0, w)
    assert report.verdict.startswith("Foretold: active. Measured: active")
    assert report.after["kernel_change"] > 1 and report.after["explained"] < 0.5


def test_after_no_step_nothing_has_moved_and_there_is_nothing_to_explain():
    net, data, w0, _ = trained()
    after = laziness_report(net, data, w0, w0).after
    assert after["moved"] == after["kernel_change"] == 0
    assert np.isnan(after["explained"])
    assert "explained by the linearisation                           -" in str(
        laziness_report(net, data, w0, w0)
    )


def test_doubled_networks_start_as_the_zero_predictor():
    net, data, w0 = problem(n=12, m=30, d=4)
    report = laziness_report(net, data, w0, w0)
    assert report.after["train_error"] == pytest.approx(1, rel=1e-12)
    assert report.after["test_error"] == pytest.approx(1, rel=1e-12)


def test_after_training_the_report_says_what_the_measures_of_laziness_say():
    net, data, w0, w = trained(tau=0.5)
    after = laziness_report(net, data, w0, w).after
    assert after["moved"] == pytest.approx(displacement(w, w0))
    assert after["kernel_change"] == pytest.approx(kernel_change(net, w, w0, data.x))
    kernel = tangent_kernel(net, w0, data.x_test, data.x)
    flow = KernelFlow(tangent_kernel(net, w0, data.x), data.y)
    error = np.square(flow.predict(np.inf, kernel) - data.y_test).sum() / (data.y_test**2).sum()
    assert after["kernel_error"] == pytest.approx(error, rel=1e-6)


def test_products_find_what_the_matrix_finds():
    net, data, w0, w = trained(tau=0.5, doubling=False)
    exact, few = (laziness_report(net, data, w0, w, dense=size) for size in (1000, 3))
    for name in ("ratio", "bend", "displacement", "fitted", "lambda_max", "alignment", "flow_time"):
        bound = {"bend": 1e-2, "ratio": 1e-2, "alignment": 0.5}.get(name, 1e-6)
        assert few.before[name] == pytest.approx(exact.before[name], rel=bound), name
    for found, truth in ((few.before, exact.before), (few.after, exact.after)):
        for name in found.keys() & few.errors.keys():
            assert abs(found[name] - truth[name]) < 4 * few.errors[name], name
    assert few.after["kernel_error"] == pytest.approx(exact.after["kernel_error"], rel=1e-6)
    assert "sigma_min" not in few.before and "not known" in few.unknown[0]


def test_lanczos_diagonalizes_and_stops_where_there_is_nothing_more():
    a = seeded(0).normal(size=(9, 4))
    kernel = a @ a.T
    values, vectors = lanczos(lambda v: kernel @ v, seeded(1).normal(size=9), 40)
    assert relative(vectors.T @ vectors, np.eye(len(values))) < 1e-12
    assert np.sort(values)[-4:] == pytest.approx(np.linalg.eigvalsh(kernel)[-4:])
    assert len(values) <= 6
    few, _ = lanczos(lambda v: kernel @ v, seeded(1).normal(size=9), 2)
    assert len(few) == 2 and few[-1] <= values[-1]


def test_the_report_is_text_a_table_a_figure_and_json(tmp_path):
    net, data, w0, w = trained(tau=0.5)
    report = laziness_report(Centered(net, w0), data, w0, w)
    assert {*report.before, *report.after} <= {*NAMES}
    for shown in (str(report), report._repr_html_()):
        for said in ("Foretold: ", "cannot tell", "Adam", "half of them", "about 12 inputs only"):
            assert said in shown
    names = [name for name, *_ in report.rows()]
    assert names == [name for name, _ in NAMES.values()], "in this order"
    report.save(tmp_path / "report.json")
    stored = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    assert stored["before"]["ratio"] == report.before["ratio"]
    assert stored["after"].keys() == report.after.keys() and stored["n"] == 12
    figure = laziness(report)
    assert [ax.get_title() for ax in figure.axes] == ["lazy  ←    →  active", "Errors"]


def test_the_numbers_on_half_of_the_inputs_are_those_of_a_report_on_them():
    net, data, w0, _ = trained()
    half = laziness_report(net, Dataset(data.x[::2], data.y[::2]), w0)
    assert laziness_report(net, data, w0).half == half.before


def test_arguments_that_do_not_fit_are_refused():
    net, data, w0 = problem(n=4, m=4)
    for change, said in (
        ({"model": 3}, "model must be"),
        ({"data": data.x}, "data must be"),
        ({"w0": 0 * w0}, "w0 must not be 0"),
        ({"w": w0[:-1]}, "w must have shape"),
        ({"alpha": 0}, "alpha must be > 0"),
        ({"dense": 0}, "dense must be at least 1"),
        ({"rng": 3}, "rng must be"),
        ({"model": Scaled(net, np.ones(2))}, "model must be that of one run"),
    ):
        with pytest.raises((TypeError, ValueError), match=said):
            laziness_report(**{"model": net, "data": data, "w0": w0} | change)
