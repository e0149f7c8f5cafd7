"""Figure 4: kernels of finitely many random neurons, on a section of the sphere."""

from dataclasses import dataclass

import numpy as np

from lazylib import _checks
from lazylib.kernels import limit_kernels, random_feature_kernels

#: Angles of the section and its points, and widths from the least to the largest.
PHI = np.linspace(0, np.pi, 61)
SECTION = np.stack([np.cos(PHI), np.sin(PHI)], axis=-1)
WIDTHS = np.array([1, 2, 5, 10, 20, 50, 100, 200, 500, 1000])


@dataclass(frozen=True)
class Realizations:
    """Kernels of width m on a section of the sphere, k⁽ᵃ⁾, k⁽ᵇ⁾ and their sum.

    Attributes
    ----------
    m : int
    kernels : ndarray of shape (3, draws, angles)
    limits : ndarray of shape (3, angles)
    """

    m: int
    kernels: np.ndarray
    limits: np.ndarray

    @property
    def error(self):
        """Root mean square of k_m − k, for the sum."""
        return np.sqrt(np.mean((self.kernels[2] - self.limits[2]) ** 2))


def draw_realizations(m=20, seed=0, draws=8):
    """Draw kernels of width m: the first m neurons of each of ``draws`` long rows.

    The weights are standard normal in ℝᵈ. On a section of the sphere a·x takes only the two
    coordinates of a in its plane, which are standard normal whatever d is; only they are drawn.

    Parameters
    ----------
    m : int
        From 1 to 1000.
    seed, draws : int

    Returns
    -------
    Realizations

    Examples
    --------
    >>> from lazylib.experiments import draw_realizations
    >>> few, many = draw_realizations(m=10), draw_realizations(m=1000)
    >>> print(3 < few.error / many.error < 30)  # about √100
    True
    """
    m, draws = _checks.whole("m", m, most=WIDTHS[-1]), _checks.whole("draws", draws)
    rng = np.random.default_rng([_checks.seed("seed", seed), 6])
    rows = draws, WIDTHS[-1]
    a, b = rng.standard_normal((*rows, 2)), rng.standard_normal(rows)
    drawn = random_feature_kernels(a[:, :m], b[:, :m], SECTION[:1], SECTION)
    k, limits = (
        np.stack([k_a, k_b, k_a + k_b])[..., 0, :]
        for k_a, k_b in (drawn, limit_kernels(SECTION[:1], SECTION))
    )
    return Realizations(m, k, limits)
