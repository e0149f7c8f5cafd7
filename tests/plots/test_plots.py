"""Panels show what they are given."""

import numpy as np
import pytest
from matplotlib.figure import Figure

from lazylib import plots, teacher


def test_neurons_are_drawn_where_they_are_and_by_the_sign_of_b():
    """Figures 1 and 5: |bⱼ|aⱼ, told apart by the sign of bⱼ at the frame that is shown."""
    rng = np.random.default_rng(0)
    positions, b = rng.standard_normal((7, 4, 2)), np.array([1.0, -2.0, 3.0, -0.5])
    ax = Figure().subplots()
    artists = plots.neuron_artists(ax)
    true = teacher(rng, d=2)
    plots.set_neurons(ax, artists, positions, b, true, limit=3)
    np.testing.assert_array_equal(artists["positive"].get_xydata(), positions[-1, [0, 2]])
    np.testing.assert_array_equal(artists["negative"].get_xydata(), positions[-1, [1, 3]])
    np.testing.assert_array_equal(artists["start"].get_xydata(), positions[0])
    np.testing.assert_array_equal(artists["paths"].get_segments()[2], positions[:, 2])
    assert artists["positive"].get_marker() != artists["negative"].get_marker()
    assert len(artists["teacher"].get_segments()) == 3
    assert ax.get_xlabel() and ax.get_ylabel() and ax.get_legend()


def test_losses_mark_the_frame_that_is_shown():
    ax = Figure().subplots()
    artists = plots.loss_artists(ax)
    t, train, test = np.arange(1, 6), np.geomspace(1, 1e-4, 5), np.geomspace(1, 1e-2, 5)
    plots.set_losses(artists, t, train, test, frame=3)
    np.testing.assert_array_equal(artists["train now"].get_xydata(), [[4, train[3]]])
    np.testing.assert_array_equal(artists["test"].get_xydata()[:, 1], test)


@pytest.mark.parametrize("value", [1e-5, 0.0126, 0.3, 1.0, 1.26, 4.9, 79.9, 99.0])
def test_nice_limits_hold_the_value_and_waste_little(value):
    assert value <= plots.nice_limit(value) <= 1.7 * value


def test_the_plane_shows_the_teacher_unless_neurons_are_tiny_beside_it():
    assert plots.plane_limit(np.full((2, 3, 2), 0.5)) == 1.25
    assert plots.plane_limit(np.full((2, 3, 2), 0.01)) < 0.02
