"""Figure 4: kernels of finitely many random neurons, on a section of the sphere."""

from dataclasses import dataclass

import numpy as np

from lazylib.kernels.arc_cosine import limit_kernels, random_feature_kernels

#: Angles of the section, the largest width, draws that are shown.
_PHI = np.linspace(0, np.pi, 61)


_SECTION = np.stack([np.cos(_PHI), np.sin(_PHI)], axis=-1)


_M_MAX, _DRAWS = 1000, 8


_WIDTHS = np.array([1, 2, 5, 10, 20, 50, 100, 200, 500, 1000])


@dataclass(frozen=True)
class Realizations:
    """Kernels of width m on a section of the sphere, k⁽ᵃ⁾, k⁽ᵇ⁾ and their sum."""

    m: int
    kernels: np.ndarray  # (3, draws, angles)
    limits: np.ndarray  # (3, angles)

    @property
    def error(self):
        """Root mean square of k_m − k, for the sum."""
        return np.sqrt(np.mean((self.kernels[2] - self.limits[2]) ** 2))


def with_sum(k_a, k_b):
    """Return k⁽ᵃ⁾, k⁽ᵇ⁾ and their sum, at one point against the section."""
    return np.stack([k_a, k_b, k_a + k_b])[..., 0, :]


def draw_realizations(m, seed, draws=_DRAWS):
    """Draw kernels of width m: the first m neurons of each of ``draws`` long rows.

    The weights are standard normal in ℝᵈ. On a section of the sphere a·x takes only the two
    coordinates of a in its plane, which are standard normal whatever d is; only they are drawn.
    """
    rng = np.random.default_rng([seed, 6])
    a, b = rng.standard_normal((draws, _M_MAX, 2)), rng.standard_normal((draws, _M_MAX))
    kernels = random_feature_kernels(a[:, :m], b[:, :m], _SECTION[:1], _SECTION)
    return Realizations(m, with_sum(*kernels), with_sum(*limit_kernels(_SECTION[:1], _SECTION)))
