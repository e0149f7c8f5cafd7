"""How far each layer moves, against the width, for the rules by which libraries draw weights."""

from lazylib.experiments.balance import RULES, YOURS, balance
from lazylib.plots.balance import balance_panels, fill_balance
from lazylib.widgets import panel


def explore_balance(labels=1.0, tau=0.3, ratio=1.0):
    """Return the second panel of notebook 05: displacement of each layer against the width.

    Parameters
    ----------
    labels : float
        Factor on all labels, from 0.1 to 10.
    tau, ratio : float
        Of the curve "yours": √(s_a s_b), from 0.03 to 3, and s_a/s_b, from 0.1 to 10.

    Returns
    -------
    Explorer
    """
    controls = {
        "labels": panel.log_slider("label scale", labels, 0.1, 10),
        "tau": panel.log_slider("yours: √(s_a s_b)", tau, 0.03, 3),
        "ratio": panel.log_slider("yours: s_a / s_b", ratio, 0.1, 10),
    }
    figure = 13.0, 4.5, lambda figure: balance_panels(figure, [*RULES, YOURS])
    return panel.Explorer("The layers' balance", controls, figure, balance, fill_balance)
