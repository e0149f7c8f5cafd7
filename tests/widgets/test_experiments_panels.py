"""The panels of notebooks 06 and 07, driven from code."""

from pathlib import Path

import numpy as np
import pytest

from lazylib.experiments import load
from lazylib.experiments.underparameterized import still_falling
from lazylib.widgets import explore_generalization, explore_population

DATA = Path(__file__).parents[2] / "notebooks" / "data"


@pytest.fixture(scope="module")
def generalization():
    return explore_generalization(load(DATA / "generalization.jsonl"))


@pytest.fixture(scope="module")
def population():
    return explore_population(load(DATA / "underparameterized.jsonl"))


def test_the_live_run_of_figure_1c_is_that_of_the_stored_curve(generalization):
    """Draw 2 at τ = 0.1 and 10: the best stop and the end, as the experiment has them."""
    stored = load(DATA / "generalization.jsonl")
    for tau in (0.1, 10.0):
        generalization.state = {"tau": tau, "draw": 2, "frame": 59}
        test = generalization.result.errors["test"]
        k = stored.grid["tau"].index(tau)
        assert test.min() == pytest.approx(stored.values["best"][2, k], rel=0.02)
        assert test[-1] == pytest.approx(stored.values["end"][2, k], rel=0.02)


def test_large_tau_is_lazy_and_follows_the_tangent_kernel_at_every_time(generalization):
    """Figure 1(c), large τ: the network is its tangent kernel, clock by clock."""
    generalization.state = {"tau": 10.0}
    assert generalization.words.startswith("Lazy")
    errors = generalization.result.errors
    np.testing.assert_allclose(errors["test"], errors["test, tangent kernel"], rtol=0.02)
    generalization.state = {"tau": 0.01}
    assert generalization.words.startswith("Active")


def test_frames_and_draws_change_the_words(generalization):
    generalization.state = {"tau": 0.3, "frame": 59}
    words = {generalization.words}
    result = generalization.result
    generalization.state = {"frame": 5}
    assert generalization.result is result, "a frame is no new run"
    words.add(generalization.words)
    generalization.state = {"draw": 5}
    words.add(generalization.words)
    assert len(words) == 3


def test_sgd_follows_the_flow_without_noise(population):
    """Figure 6(b): at equal t, on the exact population loss."""
    for tau in (0.1, 1.0):
        population.state = {"tau": tau, "steps": 500, "batch_size": 200}
        errors = population.result.errors
        np.testing.assert_allclose(errors["SGD, exact"], errors["flow, no noise"], atol=0.01)
    gap = abs(errors["SGD, exact"] - errors["flow, no noise"]).max()
    population.state = {"batch_size": 10}
    errors = population.result.errors
    assert abs(errors["SGD, exact"] - errors["flow, no noise"]).max() > 2 * gap


def test_lazy_sgd_stays_above_the_local_minimum_of_theorem_3_4(population):
    population.state = {"tau": 8.0, "steps": 2000, "batch_size": 200}
    result = population.result
    assert population.words.startswith("Lazy")
    assert result.errors["SGD, exact"][-1] > result.local_minimum
    population.state = {"tau": 0.05}
    assert population.result.errors["SGD, exact"][-1] < 0.1 * result.local_minimum


def test_the_hatched_range_lies_between_the_ends_and_is_measured():
    """Figure 6(b): still falling in between; not where τ is small, nor on the plateau."""
    results = load(DATA / "underparameterized.jsonl")
    falling, tau = still_falling(results), np.array(results.settings["tau"])
    assert falling.any() and not falling[tau <= 0.1].any() and not falling[tau >= 1].any()
    exact, before = (results.values[name].mean(axis=0) for name in ("exact", "before"))
    assert (before - exact)[falling].min() > 0.002


def test_a_look_takes_a_bounded_number_of_samples_and_says_so(population, monkeypatch):
    monkeypatch.setattr("lazylib.experiments.underparameterized.MOST_SAMPLES", 20_000)
    population.state = {"tau": 0.2, "steps": 500, "batch_size": 100}
    assert population.result.steps == 200 and "500 were asked for" in population.words
    population.state = {"batch_size": 10}
    assert population.result.steps == 500 and "asked for" not in population.words
