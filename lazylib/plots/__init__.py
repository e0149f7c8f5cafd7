"""The style, and one function a figure or panel: each draws what it is given on ``ax``.

A function called ``…_artists`` makes a panel's frame and its still empty artists; ``set_…`` fills
them. ``…_panels`` lays out the whole picture of a slider panel, ``fill_…`` fills it for one result.
"""

from lazylib import _rooms
from lazylib.plots.balance import LOOKS, balance_panels, fill_balance
from lazylib.plots.colors import FAINT, FOURTH, INK, NEGATIVE, POSITIVE, THIRD
from lazylib.plots.criterion import (
    criterion_panels,
    displacement_artists,
    fill_criterion,
    gauge_artists,
    set_displacement,
    set_gauge,
    widths,
)
from lazylib.plots.digits import digits_panels, digits_sweep, fill_digits, filters
from lazylib.plots.draws import draws
from lazylib.plots.foretold import foretold
from lazylib.plots.generalization import (
    LEVELS,
    curve,
    feature_artists,
    features,
    fill_generalization,
    generalization,
    generalization_panels,
    level,
    path_artists,
    set_features,
    set_paths,
    width,
)
from lazylib.plots.kernels import (
    PREDICTORS,
    fill_kernels,
    fill_predictors,
    kernel_artists,
    kernel_panels,
    predictor_artists,
    predictor_panels,
    set_kernels,
)
from lazylib.plots.plane import (
    describe_plane,
    fill_plane,
    function_artists,
    loss_artists,
    neuron_artists,
    neurons,
    plane_limit,
    plane_panels,
    set_function,
    set_losses,
    set_neurons,
)
from lazylib.plots.population import fill_population, population_panels, underparameterized
from lazylib.plots.report import laziness
from lazylib.plots.style import STYLE, legend_below, line_artists, nice_limit
from lazylib.plots.tangent import (
    SPACE,
    fill_sgd,
    fill_surface,
    set_space,
    sgd_panels,
    space_artists,
    surface_panels,
)
from lazylib.plots.theorem import (
    distance_artists,
    fill_theorem,
    gap_artists,
    guide,
    rates_artists,
    set_distance,
    set_gap,
    set_rates,
    theorem_panels,
)

__all__ = _rooms.offered(vars())
