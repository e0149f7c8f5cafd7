"""Five exercises without a published solution: checks of what an answer *does*, for a course.

Their texts stand in the guide (`site/guide/exercises.md`). No check holds an answer: each one tries
out the property that is asked for, so that any way to it is right.
"""

import numpy as np

from lazylib.data import circle
from lazylib.exercises.answers import Wrong, called, judged, numbers
from lazylib.experiments.plane import plane_setting, plane_weights
from lazylib.kernels import limit_kernels, tangent_kernel
from lazylib.models import TwoLayer
from lazylib.theory import displacement
from lazylib.trainers import gradient_flow


def _array(answer, shape, what):
    """An answer as an array of finite numbers of one shape."""
    value = numbers(answer, what, shape)
    if value.shape != shape:
        raise Wrong(f"{what} expected: finite numbers of shape {shape}, got shape {value.shape}.")
    return value


@judged
def never_learnt(labels):
    """Check labels of the 15 points of notebook 01 that the network at τ = 2 never learns.

    Parameters
    ----------
    labels : array of shape (15,)
    """
    y = _array(labels, (15,), "a label for each of the fifteen points is")
    if not y.any():
        raise Wrong("labels that are all 0 are learnt before training begins.")
    data = plane_setting(n=15)[1]
    kernel = tangent_kernel(TwoLayer(2, 20), plane_weights(TwoLayer(2, 20), 2.0), data.x)
    speed = np.linalg.norm(kernel @ y) / np.linalg.norm(y) / np.linalg.norm(kernel, 2)
    if speed > 0.99:
        raise Wrong("these are learnt first of all; look at the other end of the spectrum.")
    if speed > 1e-8:
        raise Wrong(f"the kernel still sees them: ‖K y‖/‖y‖ is {speed:.1e} of ‖K‖.")


@judged
def smallest_lazy_scale(alpha):
    """Check the smallest α at which the network of notebook 01 is lazy from τ = 0.1, within 10 %.

    Parameters
    ----------
    alpha : float
    """
    alpha = float(_array(alpha, (), "a number is"))
    if not 1e-2 <= alpha <= 1e6:
        raise Wrong("try the panel of notebook 01: which values of α does it offer?")
    net, data = TwoLayer(2, 20), plane_setting(n=15)[1]
    w0 = plane_weights(net, 0.1)
    scales = [0.9 * alpha, alpha]
    run = gradient_flow(net, data, np.stack([w0, w0]), alpha=scales, t_max=500)
    less, at = displacement(run.w[-1], w0)
    if at >= 0.1:
        raise Wrong(f"at this α the displacement is {at:.2g}: not lazy yet.")
    if less < 0.1:
        raise Wrong(f"a tenth less is lazy, too (displacement {less:.2g}).")


@judged
def doubled(double):
    """Check ``double(w, m, d)``: weights of 2m neurons with f = 0 and the same kernel but a factor.

    Parameters
    ----------
    double : callable
        Given weights of a `TwoLayer` of width m, returns those of one of width 2m.
    """
    rng = np.random.default_rng(7)
    for d, m in ((2, 3), (5, 4)):
        net, twice = TwoLayer(d, m), TwoLayer(d, 2 * m)
        w, x = net.init(rng, tau=1.0, doubling=False), rng.standard_normal((6, d))
        shape = (twice.n_parameters,)
        w2 = _array(called(double, (w, m, d)), shape, "the weights of twice as many neurons are")
        if abs(twice.predict(w2, x)).max() > 1e-12 * abs(net.predict(w, x)).max():
            raise Wrong("the network that you made is not the function 0.")
        kernel, new = tangent_kernel(net, w, x), tangent_kernel(twice, w2, x)
        factor = np.vdot(kernel, new) / np.vdot(kernel, kernel)
        if factor < 1e-12 or abs(new - factor * kernel).max() > 1e-9 * abs(new).max():
            raise Wrong("the function is 0, but its kernel is another one than before.")


@judged
def foretold(predict):
    """Check ``predict(kernel, y, t)``: the predictions of a lazy network at time t, from 0.

    Parameters
    ----------
    predict : callable
        Given an (n, n) kernel matrix, n labels and a time, returns n predictions.
    """
    rng = np.random.default_rng(11)
    for n, times in ((3, (0.0, 0.7)), (6, (5.0, 200.0))):
        root = rng.standard_normal((n, n))
        kernel, y = root @ root.T / n, rng.standard_normal(n)
        for t in times:
            f = _array(called(predict, (kernel, y, t)), (n,), "a prediction for each label is")
            if t == 0 and abs(f).max() > 1e-9:
                raise Wrong("at t = 0 nothing has been learnt.")
            step = 1e-4 * (1 + t)  # the equation that the predictions must obey
            if t == 0:
                continue
            before, after = (
                _array(called(predict, (kernel, y, t + s)), (n,), "predictions are")
                for s in (-step, step)
            )
            rate, right = (after - before) / (2 * step), -kernel @ (f - y) / n
            if abs(rate - n * right).max() < 1e-4 * abs(n * right).max():
                raise Wrong("time runs n times too fast: where is 1/n?")
            if abs(rate - right).max() > 1e-4 * max(abs(right).max(), 1e-6):
                raise Wrong(f"at t = {t:g} the predictions do not follow df/dt = −(1/n) K (f − y).")
    late = _array(called(predict, (np.eye(2), np.ones(2), 1e6)), (2,), "predictions are")
    if abs(late - 1).max() > 1e-6:
        raise Wrong("after a long time all labels should be fitted.")


@judged
def unseen(teacher):
    """Check ``teacher(x)``: a function on the circle that the kernels of Eq. (4) cannot see at all.

    Parameters
    ----------
    teacher : callable
        Given points of the circle, of shape (n, 2), returns n labels.
    """
    x = circle(720)[1][:-1]
    y = _array(called(teacher, (x,)), (len(x),), "a label for each point of the circle is")
    size = np.sqrt(np.mean(y**2))
    if size < 1e-9:
        raise Wrong("nobody can see the function 0; another one is asked for.")
    by_a, by_b = limit_kernels(x)
    for name, kernel in (("(a)", by_a), ("(b)", by_b)):
        seen = np.sqrt(np.mean((kernel @ y / len(x)) ** 2)) / size
        if seen > 1e-4 * np.linalg.norm(kernel, 2) / len(x):
            raise Wrong(f"the kernel k{name} still sees a part of it.")
