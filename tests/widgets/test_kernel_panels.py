"""The panels of notebook 03: kernels of finite width, and four predictors at equal time."""

import numpy as np
import pytest

from lazylib.experiments import train_four
from lazylib.widgets import explore_kernels, explore_predictors


@pytest.fixture(scope="module")
def realisations():
    return explore_kernels()


@pytest.fixture(scope="module")
def predictors():
    return explore_predictors()


def test_the_error_on_show_falls_with_the_width(realisations):
    """Figure 4: within the scatter of eight draws, error · √m stays the same."""
    scaled = []
    for m in (10, 100, 1000):
        realisations.state = {"m": m}
        assert f"m = {m}:" in realisations.words
        scaled.append(realisations.result.error * np.sqrt(m))
    assert max(scaled) < 2 * min(scaled)


def test_the_dimension_moves_the_shadow_only(realisations):
    """The curves do not depend on d; the angles between random points do."""
    result = realisations.result
    realisations.state = {"d": 2}
    two, words = realisations.picture.png(), realisations.words
    realisations.state = {"d": 100}
    assert realisations.result is result
    assert realisations.picture.png() != two and "90° ± 6°" in realisations.words != words


def test_tangent_model_and_its_kernel_are_the_same_predictor():
    """Eq. (3): trained with a tolerance, and in closed form, at all times."""
    paths = train_four(tau=1.0, alpha=1.0, m=50, n=8, seed=2)
    trained, solved = paths.functions["tangent model"], paths.functions["kernel of width m"]
    assert np.abs(trained - solved).max() < 0.02 * np.abs(solved).max()


def test_lazy_networks_follow_their_kernel_and_active_ones_do_not():
    """Distance from the kernel of the same neurons at the end: small α = 100, large at τ = 0.1."""
    far = {}
    for tau, alpha in ((1.0, 100.0), (0.1, 1.0)):
        paths = train_four(tau=tau, alpha=alpha, m=50, n=8, seed=2)
        gap = paths.functions["network αf"][-1] - paths.functions["kernel of width m"][-1]
        far[alpha] = np.sqrt(np.mean(gap**2) / np.mean(paths.truth**2))
    assert far[100.0] < 0.03 and far[1.0] > 0.15


def test_wide_networks_approach_the_arc_cosine_kernel():
    """Section 2.2: the finite-m kernel's prediction tends to that of Eq. (4), over 8 draws."""

    def distance(m):
        gaps = []
        for seed in range(8):
            functions = train_four(1.0, 1.0, m, 8, seed).functions
            gap = functions["kernel of width m"] - functions["arc-cosine kernel"]
            gaps.append(np.sqrt(np.mean(gap[50] ** 2)))  # at t = 10^(1/2)
        return np.mean(gaps)

    assert distance(400) < 0.5 * distance(20)


def test_time_is_a_view(predictors):
    """One slider of t for all four: nothing is trained again."""
    result = predictors.result
    predictors.state = {"t": 1.0}
    assert predictors.result is result and "At t = 1 " in predictors.words
    predictors.state = {"tau": 0.1}
    assert predictors.result is not result


def test_an_odd_width_is_refused_and_leaves_the_panel_alive(predictors):
    with pytest.raises(ValueError, match="m must be even, from 2 to 400, got 51"):
        predictors.state = {"m": 51}
    predictors.state = {"m": 52}
    assert predictors.words.startswith("At t")
