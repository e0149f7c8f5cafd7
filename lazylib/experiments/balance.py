"""How far each layer moves, against the width, for the rules by which weights are drawn."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from lazylib import _checks
from lazylib.data import Dataset, nth_draw
from lazylib.models import TwoLayer
from lazylib.trainers import gradient_flow

#: The standard deviations of the two layers and the factor α, for d inputs and m neurons.
RULES = {
    "PyTorch": lambda d, m: ((3 * d) ** -0.5, (3 * m) ** -0.5, 1.0),
    "Keras": lambda d, m: ((2 / (d + m)) ** 0.5, (2 / (m + 1)) ** 0.5, 1.0),
    "NTK": lambda d, m: (1.0, 1.0, (d * m) ** -0.5),
    "μP": lambda d, m: (d**-0.5, 1.0, 1 / m),
    "He": lambda d, m: ((2 / d) ** 0.5, (2 / m) ** 0.5, 1.0),
}
#: The rule whose scales the reader chooses.
YOURS = "yours"
#: Dimension and number of points.
D, N = 5, 20


@dataclass(frozen=True)
class Balance:
    """Mean relative displacements after training.

    Attributes
    ----------
    widths : ndarray of shape (k,)
    moved : dict of str to ndarray of shape (3, k)
        By rule: ‖a − a₀‖/‖a₀‖, ‖b − b₀‖/‖b₀‖ and ‖w − w₀‖/‖w₀‖.

    Examples
    --------
    >>> import numpy as np
    >>> from lazylib.experiments import Balance
    >>> balance = Balance(widths=np.array([4, 8]), moved={"NTK": np.array([[0.4, 0.2]] * 3)})
    >>> first_layer, second_layer, both = balance.moved["NTK"]
    >>> print(both[1] / both[0])  # half as far with twice the neurons
    0.5
    """

    widths: np.ndarray
    moved: dict


def balance(labels=1.0, tau=0.3, ratio=1.0, draws=3, narrow=16, wide=512):
    """Train two-layer ReLU networks in dimension 5 with 20 points, for every rule and width.

    The weights are normal, and doubled, with the standard deviations of `RULES`; for the rule
    "yours" these are the same for every width, and α = 1.

    Parameters
    ----------
    labels : float
        Factor on the teacher's labels. As the others, from 0.001 to 1000.
    tau, ratio : float
        Of "yours": τ = √(s_a s_b) and s_a/s_b.
    draws : int
        Over which displacements are averaged.
    narrow, wide : int
        The first width, an even number, and the largest: they double from one to the next.

    Returns
    -------
    Balance

    Examples
    --------
    >>> from lazylib.experiments import balance
    >>> found = balance(draws=1, narrow=64, wide=128)
    >>> print(found.widths, *found.moved)
    [ 64 128] PyTorch Keras NTK μP He yours
    >>> both = found.moved["yours"][2]
    >>> print(both[1] < 0.6 * both[0])  # α = 1: lazier with the width
    True
    """
    labels, tau, ratio = (
        _checks.number(name, value, least=1e-3, most=1e3)
        for name, value in (("labels", labels), ("tau", tau), ("ratio", ratio))
    )
    draws = _checks.whole("draws", draws, most=1000)
    narrow = _checks.whole("narrow", narrow, least=2, most=2**14)
    wide = _checks.whole("wide", wide, least=narrow, most=2**14)
    if narrow % 2:
        raise ValueError(f"narrow must be even, got {narrow}")
    widths = tuple(narrow * 2**k for k in range((wide // narrow).bit_length()))
    yours = {YOURS: lambda d, m: (tau * ratio**0.5, tau / ratio**0.5, 1.0)}
    moved = _of_libraries(labels, draws, widths) | _moved(yours, labels, draws, widths)
    return Balance(np.array(widths), moved)


@lru_cache(maxsize=32, typed=True)
def _of_libraries(labels, draws, widths):
    return _moved(RULES, labels, draws, widths)


def _moved(rules, labels, draws, widths):
    """Displacements, of shape (3, k), by rule: all rules and draws of a width are one batch."""
    samples = [nth_draw(k, D, N)[1] for k in range(draws)]
    x, y = np.stack([data.x for data in samples]), np.stack([data.y for data in samples])
    options = {"t_max": 1e9, "accuracy": 0.1, "tolerance": 1e-3, "max_steps": 300, "record": 2}
    moved = np.empty((len(rules), 3, len(widths)))
    for k, m in enumerate(widths):
        net = TwoLayer(D, m)
        scales = np.array([rule(D, m) for rule in rules.values()])
        s_a, s_b, alpha = (column[:, None, None] for column in scales.T)
        a, b = net.unpack(np.stack([net.init(nth_draw(j, D, N)[2]) for j in range(draws)]))
        w0 = net.pack(s_a[..., None] * a, s_b * b)
        # F_α(w) = R(αf(w))/α² is R(f(w)) for the labels y/α
        data = Dataset(np.broadcast_to(x, (len(rules), *x.shape)), labels * y / alpha)
        w = gradient_flow(net, data, w0, **options).w[-1]
        moved[:, :, k] = layer_displacements(net, w, w0).mean(axis=-1).T
    return dict(zip(rules, moved, strict=True))


def layer_displacements(model, w, w0):
    """Relative displacement of the first layer, of the second, and of both; shape (3, ...).

    Parameters
    ----------
    model : TwoLayer
    w, w0 : ndarray of shape (..., p)

    Returns
    -------
    ndarray of shape (3, ...)
        ‖a − a₀‖/‖a₀‖, ‖b − b₀‖/‖b₀‖ and ‖w − w₀‖/‖w₀‖.
    """
    (a, b), (a0, b0) = model.unpack(w - w0), model.unpack(w0)
    sizes = [((a**2).sum((-2, -1)), (b**2).sum(-1)) for a, b in ((a, b), (a0, b0))]
    (by_a, by_b), (size_a, size_b) = sizes
    return np.sqrt([by_a / size_a, by_b / size_b, (by_a + by_b) / (size_a + size_b)])
