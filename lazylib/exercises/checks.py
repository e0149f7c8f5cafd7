"""The checks behind "Check yourself", notebook by notebook."""

import numpy as np

from lazylib._vectors import unit
from lazylib.exercises.answers import Wrong, function, judged, number, say, unanswered, vector
from lazylib.experiments.criterion import Outlook
from lazylib.experiments.digits import DigitsRun
from lazylib.experiments.generalization import SpaceRun
from lazylib.experiments.plane import PlaneRun
from lazylib.experiments.underparameterized import PopulationRun
from lazylib.theory.laziness import displacement, feature_angle, regime

#: Answers that are one number: what is asked, the answer, hints for mistakes, and the relative
#: tolerance where it is not that of `number`.
NUMBERS = {
    "equivalent_alpha": (
        "Notebook 01: the α that, at τ = 1, trains like τ = 3 with α = 1 (Section 4.2.1).",
        3**2,
        [
            (3, "f is homogeneous, but not of degree 1: how does f(3w) compare with f(w)?"),
            (1 / 9, "the right factor, the wrong way round: is τ = 3 lazier or less lazy than 1?"),
            (27, "count the factors of a product bⱼ max(aⱼ·x, 0) that scale with τ."),
        ],
    ),
    "ten_times_closer": (
        "Notebook 02: the factor on α that brings the two paths ten times closer (Theorem 3.2).",
        10,
        [
            (100, "that would be right for a distance that falls as 1/√α."),
            (10**0.5, "that would be right for a distance that falls as 1/α²."),
            (0.1, "the right factor, the wrong way round."),
        ],
    ),
    "width_for_half_the_error": (
        "Notebook 03: the factor on m that halves the error of k_m (Section 2.2).",
        4,
        [
            (2, "that would be right for an error that falls as 1/m; look at the slope."),
            (2**0.5, "the error falls as 1/√m: solve 1/√(factor) = 1/2."),
            (0.25, "the right factor, the wrong way round."),
        ],
    ),
    "kernel_on_the_diagonal": (
        "Notebook 03: m = ∞ tangent kernel k(x, x), for m = 50, τ = 0.1, without 1/√m (Eq. 4).",
        0.5,
        [
            (0.01, "Section 5 has no factor 1/√m: its kernel is a sum over m neurons, not a mean."),
            (0.25, "that is one of two kernels; both layers are trained."),
            (0.005, "that is one of two kernels, and a mean over the neurons, not their sum."),
            (50, "E(b²) is τ², not 1, and so is E(‖a‖²)/d."),
            (5, "weights enter squared: τ², not τ."),
        ],
        1e-3,
    ),
    "samples_for_degree_two": (
        "Notebook 03: harmonics of degree 0, 1, 2 on the sphere of ℝ¹⁰⁰ (`lazy.multiplicities`).",
        5150,
        [
            (5049, "those are of degree 2 alone; degrees 0 and 1 are learnt before them."),
            (100, "those are of degree 1."),
            (101, "those are of degrees 0 and 1."),
            (2 * 2 + 1, "that is degree 2 in three dimensions."),
            (5151, "on the sphere ‖x‖² is the constant 1: one of these is counted twice."),
        ],
        1e-6,
    ),
    "lemma_factor": (
        "Notebook 04: the bound's factor when α grows tenfold, without doubling (Lemma A.1).",
        1 / 10,
        [
            (10, "the right factor, the wrong way round."),
            (0.01, "that would be so with doubling; here Σ changes in proportion to w − w₀."),
            (1, "K contains Σ(t) − Σ(0): how far does w move?"),
        ],
    ),
    "doubling_slope": (
        "Notebook 04: the slope of sup‖αf − αT_f‖ against α with the doubling trick (Section 2.1).",
        -2,
        [
            (-1, "the theorem promises that much; the doubling trick does better."),
            (2, "the gap shrinks as α grows."),
        ],
    ),
    "doubled_weights": (
        "Notebook 05: Eq. (7)'s ratio, first 0.8, for ReLU weights twice as large (Section 4.2.1).",
        0.8 / 4,
        [
            (0.4, "the ratio falls as λ^{−q}; which q has this network?"),
            (0.1, "that would be q = 3."),
            (3.2, "the right factor, the wrong way round: larger weights are lazier."),
            (0.8, "which of the three numbers of Eq. (7) change with the scale of w₀?"),
        ],
    ),
    "width_slope": (
        "Notebook 05: the slope of Eq. (7)'s ratio against m for α(m) = m^{−3/4} (Section 4.2.2).",
        -1 / 4,
        [
            (0.25, "the right size; does this network become lazier or less lazy?"),
            (-0.75, "that is α(m) alone; there are m terms in the sum."),
            (0.75, "the ratio is of order 1/(m α(m))."),
            (-0.5, "that is the slope for α = 1/√m."),
            (-1, "that is the slope for α = 1."),
        ],
    ),
    "clock_factor": (
        "Notebook 07: the factor on the time on the plateau when α doubles (the clock's panel).",
        4,
        [
            (2, "that would be a clock in t/α; which of the two clocks makes the curves one?"),
            (1, "on which clock? The time t is asked for."),
            (0.25, "the right factor, the wrong way round."),
            (16, "that would be a clock in t/α⁴."),
        ],
    ),
    "decades_for_alpha": (
        "Notebook 08: log₁₀ of the time at which draw 0 leaves for α = 40 (the panel of time).",
        15.4,
        [
            (18, "nearly: the displacement begins to grow as log t only after the first decades."),
            (4.5, "that is for α = 10."),
            (9, "that is for about α = 22: the decades grow as α, not as its root."),
            (10**15.4, "the number of decades is asked for, not the time."),
        ],
    ),
}


def _check(name):
    """Make the check of one row."""

    def check(answer):
        if not unanswered(answer):
            asked, expected, hints, *within = NUMBERS[name]
            see = asked[asked.rindex("(") + 1 : asked.rindex(")")]
            say(number(answer, expected, hints, *within, see=see))

    check.__name__ = check.__qualname__ = name
    check.__doc__ = NUMBERS[name][0]
    return check


equivalent_alpha = _check("equivalent_alpha")
ten_times_closer = _check("ten_times_closer")
width_for_half_the_error = _check("width_for_half_the_error")
kernel_on_the_diagonal = _check("kernel_on_the_diagonal")
samples_for_degree_two = _check("samples_for_degree_two")
lemma_factor = _check("lemma_factor")
doubling_slope = _check("doubling_slope")
clock_factor = _check("clock_factor")
decades_for_alpha = _check("decades_for_alpha")
doubled_weights = _check("doubled_weights")
width_slope = _check("width_slope")


def _shown(panel, kind):
    """Return what a panel shows, if it is of a ``kind``."""
    if not isinstance(getattr(panel, "result", ""), (kind, type(None))):
        raise Wrong("the panel of this exercise is expected.")
    if panel.comm is None:
        raise Wrong("the panel is closed; run its cell again.")
    if panel.result is None:
        raise Wrong("the panel shows an error; move its sliders back first.")
    return panel.result


@judged
def in_between(panel):
    """Notebook 01: find sliders that fit the data, and a run that is neither lazy nor active."""
    result = _shown(panel, PlaneRun)
    moved, fit = result.moved[-1], result.run.train_error[-1]
    where = f"with a displacement of {moved:.2f} this is {regime(moved)}"
    if regime(moved) != "in between":
        active = regime(moved) == "active"
        raise Wrong(where + ("; which way is lazy?" if active else " already; go back a little."))
    if fit > 1e-3:
        raise Wrong(
            f"the training loss is {fit:.1g} of the zero predictor's; it should be below 0.001."
        )


def descent_step(answer):
    """Notebook 01: a step of gradient descent on F_α (Eq. 5), from w, f(w), Df_w, y, α, step."""
    rng = np.random.default_rng(1)
    cases = [
        (rng.standard_normal(p), rng.standard_normal(n), rng.standard_normal((n, p)))
        + (rng.standard_normal(n), 3.0, 0.1)
        for n, p in ((4, 9), (7, 3))
    ]

    def new(w, f, df, y, alpha, step, sign=1.0, scale=1.0, inner=1.0):
        return w - sign * step / alpha * scale * df.T @ (inner * alpha * f - y) / len(y)

    def with_alpha(power):
        return lambda *case: new(*case, scale=case[4] ** power)

    mistakes = [
        (lambda *case: new(*case, sign=-1.0), "the right length, the wrong sign."),
        (lambda *case: new(*case, scale=len(case[3])), "R is a mean: where is 1/n?"),
        (lambda *case: new(*case, scale=2.0), "R has the factor ½, which cancels the 2."),
        (lambda *case: new(*case, inner=1 / case[4]), "the model is αf: what is its residual?"),
        (with_alpha(1), "Eq. (5) divides by α², the chain rule gives back one α."),
        (with_alpha(2), "Eq. (5) divides by α²."),
        (with_alpha(-1), "the chain rule gives back one α: αf changes by α Df_w."),
        (lambda *case: new(*case) - case[0], "that is the step; where does it lead from w?"),
    ]
    function(answer, new, cases, mistakes)


def tangent_end(answer):
    """Notebook 02: where αT_f ends, from Df_{w₀}, f(w₀), y and α (Section 2.1)."""
    rng = np.random.default_rng(2)
    cases = [
        (rng.standard_normal((n, p)), rng.standard_normal(n), rng.standard_normal(n), 3.0)
        for n, p in ((3, 2), (7, 4))
    ]

    def fit(df, y):
        return df @ np.linalg.pinv(df) @ y

    def end(df, f, y, alpha):
        return alpha * f + fit(df, y - alpha * f)

    mistakes = [
        (lambda df, f, y, alpha: y, "those are the labels; can a plane reach them?"),
        (lambda df, f, y, alpha: df @ df.T @ y, "K y is a direction, not a fit: no projection."),
        (lambda df, f, y, alpha: fit(df, y), "the plane goes through αf(w₀), not 0."),
        (lambda df, f, y, alpha: end(df, f, y, 1.0), "the model is αf, not f."),
        (
            lambda df, f, y, alpha: fit(df, y - alpha * f),
            "that is what is fitted of ỹ; what comes on top?",
        ),
        (lambda df, f, y, alpha: alpha * f + fit(df, y), "the linear part fits ỹ, not y."),
        (
            lambda df, f, y, alpha: np.linalg.pinv(df) @ (y - alpha * f) / alpha,
            "those are parameters; which predictions do they make?",
        ),
    ]
    function(answer, end, cases, mistakes)


def kernel_of_two(answer):
    """Notebook 03: k⁽ᵃ⁾ + k⁽ᵇ⁾ of Eq. (4) between two vectors of ℝᵈ, for E(b²) = 1, E(‖a‖²) = d."""
    rng = np.random.default_rng(3)
    cases = [(rng.standard_normal(d), rng.standard_normal(d)) for d in (2, 5)]

    def parts(x, y, angle=1.0, swapped=False):
        """k⁽ᵃ⁾ and k⁽ᵇ⁾."""
        lengths = np.linalg.norm(x) * np.linalg.norm(y)
        phi = np.arccos(x @ y / lengths)
        rest, sides = np.pi - angle * phi, (np.cos(phi), np.sin(phi))
        along, across = sides[::-1] if swapped else sides
        k_a, k_b = rest * np.cos(phi), rest * along + across
        return lengths * np.array([k_a, k_b]) / (2 * np.pi)

    def both(x, y, **slip):
        return parts(x, y, **slip).sum()

    mistakes = [
        (lambda x, y: parts(x, y)[0], "that is k(a); both layers are trained."),
        (lambda x, y: parts(x, y)[1], "that is k(b); both layers are trained."),
        (lambda x, y: both(unit(x), unit(y)), "what of the lengths of x and x′?"),
        (lambda x, y: 2 * np.pi * both(x, y), "Eq. (4) divides by 2π."),
        (lambda x, y: 2 * both(x, y), "Eq. (4) divides by 2π, not by π."),
        (lambda x, y: np.pi * both(x, y), "Eq. (4) divides by 2π, not by 2."),
        (lambda x, y: parts(x, y) @ [1, 1 / len(x)], "E(‖a‖²) = d cancels the d below."),
        (lambda x, y: both(x, y, angle=180 / np.pi), "φ is in radians: π − φ."),
        (lambda x, y: both(x, y, swapped=True), "sine and cosine have changed places in k(b)."),
    ]
    function(answer, both, cases, mistakes)


def shifted_labels(answer, alpha, start, y):
    """Notebook 02: the labels ỹ that the tangent model has left to fit (Section 2.1)."""
    if not unanswered(answer):
        hints = [
            (y, "at t = 0 the model does not predict 0."),
            (y - start, "the model is αf, not f."),
            (y + alpha * start, "the right quantities, the wrong sign."),
        ]
        say(vector(answer, y - alpha * start, hints))


@judged
def wide_enough(panel):
    """Notebook 05: a width m at which τ = 0.1, α = 1 gives a displacement below 0.5."""
    result = _shown(panel, Outlook)
    state = panel.state
    if not (np.isclose(state["tau"], 0.1, rtol=0.06) and np.isclose(state["alpha"], 1, rtol=0.06)):
        raise Wrong("put τ back to 0.1 and α to 1.")
    if result.run is None:
        raise Wrong("press “train”, so that there is something to measure.")
    moved = displacement(result.run.w[-1], result.w0)
    if moved >= 0.5:
        raise Wrong(f"the displacement is {moved:.2f}; which way does the gauge move?")


def theorem_radius(answer):
    """Notebook 04: a function of Df_{w₀}, L_Df and κ that returns M of Theorem 3.2."""
    rng = np.random.default_rng(4)
    cases = [(rng.standard_normal((n, p)), 0.3 * n, 1.0 + n) for n, p in ((3, 9), (5, 30))]

    def radius(df, bend, kappa, power=3, condition=1.5, proof=32, order=2, which=-1):
        sigma = np.linalg.svd(df, compute_uv=False)[which]
        return sigma**power / (proof * kappa**condition * np.linalg.norm(df, order) * bend)

    mistakes = [
        (lambda *case: 1 / radius(*case), "the right numbers, the wrong way round."),
        (lambda *case: radius(*case, condition=0), "where does κ stand?"),
        (lambda *case: radius(*case, condition=1), "κ has a power."),
        (lambda *case: radius(*case, condition=0.5), "√κ stands before the bound, not in M."),
        (lambda *case: radius(*case, power=1), "σ_min has a power."),
        (lambda *case: radius(*case, power=2), "is that power of σ_min the theorem's?"),
        (lambda *case: radius(*case, proof=1), "one factor is a plain number."),
        (lambda *case: radius(*case, order="fro"), "‖Df‖ is the operator norm, not Frobenius'."),
        (lambda *case: radius(*case, which=0), "σ_min is the smallest; NumPy sorts downwards."),
        (lambda df, bend, kappa: radius(df, 1, kappa), "where does L_Df stand?"),
    ]
    function(answer, radius, cases, mistakes)


def rule_of_thumb(answer):
    """Notebook 05: a function of Df_{w₀}, f(w₀), y and L_Df that returns Eq. (7)'s ratio."""
    rng = np.random.default_rng(5)
    cases = [
        (rng.standard_normal((n, p)), rng.standard_normal(n), rng.standard_normal(n), 0.3 * n)
        for n, p in ((4, 9), (6, 30))
    ]

    def ratio(df, start, y, bend, order=2, power=2):
        return bend * np.linalg.norm(y - start) / np.linalg.norm(df, order) ** power

    mistakes = [
        (lambda *case: 1 / ratio(*case), "the right two sides, the wrong way round."),
        (lambda *case: ratio(*case, order="fro"), "‖Df‖ is the operator norm, not Frobenius'."),
        (lambda *case: ratio(*case, power=1), "the right side holds the square of ‖Df‖."),
        (lambda df, f, y, bend: ratio(df, 0 * f, y, bend), "what of f(w₀)?"),
        (lambda df, f, y, bend: ratio(df, -f, y, bend), "a distance is between: which sign?"),
        (lambda df, f, y, bend: ratio(df, f, y, 1), "where does L_Df stand?"),
        (lambda df, f, y, bend: ratio(df, f, y, 1 / bend), "L_Df divides the right side."),
        (lambda df, f, y, bend: ratio(df, f, y, bend) ** 2, "lengths are norms, not squares."),
    ]
    function(answer, ratio, cases, mistakes)


def error_over_constant(answer):
    """Notebook 06: a function of predictions and labels, the error over the best constant's."""
    rng = np.random.default_rng(6)
    cases = [(rng.standard_normal(n), 2 + rng.standard_normal(n)) for n in (5, 20)]

    def error(f, y):
        return np.mean((f - y) ** 2) / np.var(y)

    mistakes = [
        (lambda f, y: np.mean((f - y) ** 2) / np.mean(y**2), "0 is a constant, but not the best."),
        (lambda f, y: np.mean((f - y) ** 2) / 2 / np.var(y), "both errors have the factor ½."),
        (lambda f, y: 1 / error(f, y), "the right two errors, the wrong way round."),
        (lambda f, y: error(f, y) ** 0.5, "errors are squares here; no root is taken."),
        (lambda f, y: np.mean((f - y) ** 2) / np.var(y, ddof=1), "the mean over n, not n − 1."),
        (lambda f, y: np.mean((f - y) ** 2), "relative to what?"),
        (lambda f, y: np.mean((f - y) ** 2) / np.std(y), "the constant's error is a square too."),
    ]
    function(answer, error, cases, mistakes)


@judged
def before_the_features(panel):
    """Notebook 06: beat the tangent kernel twice over, while the angle is still above 50°."""
    result = _shown(panel, SpaceRun)
    net, teacher, w = result.draw.net, result.draw.teacher, result.run.w[-1]
    angle = feature_angle(net, w, teacher)
    ratio = result.errors["test"].min() / result.errors["test, tangent kernel"].min()
    if ratio > 0.5:
        raise Wrong(
            f"the best error is {ratio:.2f} times the tangent kernel's; which way is active?"
        )
    if angle < 50:
        raise Wrong(f"the mean angle is {angle:.0f}° already; go back a little.")


def neuron_product(answer):
    """Notebook 07: a function of two neurons a, c that returns E[max(a·x, 0) max(c·x, 0)]."""
    rng = np.random.default_rng(7)
    cases = [(2 * rng.standard_normal(d), rng.standard_normal(d)) for d in (3, 8)]

    def product(a, c, near=1.0, wide=1.0, angle=1.0):
        lengths = np.linalg.norm(a) * np.linalg.norm(c)
        phi = angle * np.arccos(a @ c / lengths)
        value = near * np.sin(phi) + (wide * np.pi - phi) * np.cos(phi)
        return lengths * value / (2 * np.pi * len(a))

    mistakes = [
        (lambda a, c: len(a) * product(a, c), "x has length 1, not √d: where does d stand?"),
        (lambda a, c: 2 * np.pi * product(a, c), "one factor is the full angle, 2π."),
        (lambda a, c: 2 * product(a, c), "half of the circle, or all of it: 2π."),
        (
            lambda a, c: product(unit(a), unit(c)),
            "a neuron twice as long is twice as large: where are the lengths?",
        ),
        (lambda a, c: product(a, c, angle=180 / np.pi), "angles in radians."),
        (lambda a, c: product(a, c, near=0), "that is the product with respect to a alone: sin φ?"),
        (lambda a, c: product(a, c, wide=0), "π − φ, not φ: at φ = π there is no overlap."),
        (lambda a, c: product(a, c, near=-1), "check the sign before sin φ."),
    ]
    function(answer, product, cases, mistakes, within=1e-4)


@judged
def below_and_falling(panel):
    """Notebook 07: a run below the tangent model's minimum that is still falling."""
    result = _shown(panel, PopulationRun)
    exact = result.errors["SGD, exact"][-1]
    if exact >= result.local_minimum:
        raise Wrong(
            f"{exact:.3f} is above the best tangent model; smaller τ or more steps get below it."
        )
    if result.status != "still falling":
        raise Wrong(
            "below the best tangent model, but it has settled; use fewer steps or a larger τ."
        )


def largest_step(answer):
    """Notebook 08: a function of the kernel matrix K that returns the largest stable step."""
    rng = np.random.default_rng(8)
    roots = [rng.standard_normal((n, p)) for n, p in ((4, 9), (7, 5))]

    def step(kernel, count=None, numerator=2, which=-1):
        n = len(kernel) if count is None else count
        return numerator * n / np.linalg.eigvalsh(kernel)[which]

    mistakes = [
        (lambda K: step(K, count=1), "R is a mean over the n points: the Hessian is K/n."),
        (lambda K: step(K, numerator=1), "that one is stable; how much larger may it be?"),
        (lambda K: step(K, numerator=4), "beyond that it diverges; where does the spike begin?"),
        (lambda K: step(K, which=0), "which direction becomes unstable first?"),
        (lambda K: 2 * len(K) / np.trace(K), "the trace is the sum of all eigenvalues."),
        (
            lambda K: 2 * len(K) / np.linalg.norm(K),
            "Frobenius' norm is not the largest eigenvalue.",
        ),
        (lambda K: 1 / step(K), "the right factor, the wrong way round."),
    ]
    function(answer, step, [(root @ root.T,) for root in roots], mistakes)


@judged
def lazy_but_bent(panel):
    """Notebook 09: a run that is lazy by its displacement, though its linearisation errs more."""
    result = _shown(panel, DigitsRun)
    said = regime(float(displacement(result.run.w[-1], result.net.w0)))
    bent, test = (result.errors[name][-1] for name in ("test, its linearisation", "test"))
    if said != "lazy":
        raise Wrong(f"by its displacement this run is {said}; which way is lazy?")
    if bent - test < 0.05:
        raise Wrong(f"the two errors are {abs(bent - test):.3f} apart; go back a little.")


def explained_part(answer):
    """Notebook 09: the part of a change that is explained, from f(w₀), f(w), Df_{w₀}(w − w₀)."""
    rng = np.random.default_rng(9)
    cases = []
    for n in (4, 9):
        start, change = rng.standard_normal((2, n)) + 1
        cases.append((start, start + change, change + 0.4 * rng.standard_normal(n)))

    def size(*parts):
        return np.sum(np.square(sum(parts)))

    def part(f0, f, step):
        return 1 - size(f, -f0, -step) / size(f, -f0)

    mistakes = [
        (lambda *case: 1 - part(*case), "that is the part that is left."),
        (lambda *case: 1 - (1 - part(*case)) ** 0.5, "squares of lengths are compared here."),
        (lambda f0, f, step: size(step) / size(f, -f0), "a step twice as long explains less."),
        (lambda f0, f, step: (size(step) / size(f, -f0)) ** 0.5, "what does it leave over?"),
        (lambda f0, f, step: 1 - size(f, -step) / size(f), "what of f(w₀)?"),
        (lambda f0, f, step: 1 - size(f, -f0, -step) / size(f), "relative to the change of f."),
        (lambda f0, f, step: 1 - size(f, -f0, -step) / size(step), "of which of the two changes?"),
        (
            lambda f0, f, step: ((f - f0) @ step) ** 2 / size(step) / size(f, -f0),
            "an angle does not see that a step is too long.",
        ),
        (
            lambda f0, f, step: 1 - np.var(f - f0 - step) / np.var(f - f0),
            "no mean comes off: what all predictions share is a change, too.",
        ),
    ]
    function(answer, part, cases, mistakes)
