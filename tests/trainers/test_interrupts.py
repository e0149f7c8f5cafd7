"""An interrupt, at any moment of any trainer, raises `Interrupted` with the run so far."""

import _thread
import signal
import threading

import numpy as np
import pytest
from helpers import problem, relative, seeded

from lazylib import (
    Dataset,
    Interrupted,
    TwoLayer,
    gradient_descent,
    gradient_flow,
    sgd,
    softplus,
    teacher,
)
from lazylib.trainers import reporting

TEACHER = teacher(seeded(100), 2)


@pytest.fixture(autouse=True)
def heard():
    """Ctrl-C is heard, though a shell's background job begins with that signal ignored."""
    old = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, old)


class Raising(TwoLayer):
    """A network that is interrupted at its call of that number, whatever is called."""

    calls, stop = 0, 0

    def _count(self):
        Raising.calls += 1
        if Raising.calls == Raising.stop:
            raise KeyboardInterrupt

    def _predict(self, w, x):
        self._count()
        return super()._predict(w, x)

    def _vjp(self, w, x):
        self._count()
        f, pullback = super()._vjp(w, x)

        def counted(r):
            self._count()
            return pullback(r)

        return f, counted

    def positions(self, w):
        self._count()
        return super().positions(w)


def descend(net, data, w0, **options):
    return gradient_descent(net, data, w0, **{"n_steps": 12, "record": 5} | options)


def flow(net, data, w0, **options):
    return gradient_flow(net, data, w0, **{"t_max": 1, "record": 5} | options)


def at_times(net, data, w0, **options):
    return gradient_flow(net, data, w0, **{"t_max": 1, "times": [0, 0.5, 1]} | options)


def smooth(net, data, w0, **options):
    options = {"t_max": 1, "record": 5, "method": "DOP853", "accuracy": 1e-3} | options
    return gradient_flow(net, data, w0, **options)


def sample(net, data, w0, **options):
    options = {"rng": seeded(7), "n_steps": 12, "record": 5, "batch_size": 6} | options
    return sgd(net, TEACHER, w0, test=(data.x_test, data.y_test), **options)


TRAINERS = {f.__name__: f for f in (descend, flow, at_times, smooth, sample)}
each_trainer = pytest.mark.parametrize("train", TRAINERS.values(), ids=TRAINERS)


def consistent(run, w0, whole):
    """Hold an interrupted run against itself and the whole one."""
    assert np.array_equal(run.w[0], w0) and not run.times[0].any()
    assert run.w.shape[:-1] == run.times.shape == run.train_loss.shape == run.test_loss.shape
    assert np.isfinite(run.train_loss).all() and np.isfinite(run.test_loss).all()
    assert (np.diff(run.times, axis=0) >= 0).all() and 0 <= run.n_steps <= whole.n_steps
    assert (run.times[-1] <= whole.times[-1]).all()
    assert set(np.ravel(run.status)) <= {"interrupted", "converged"}


@each_trainer
def test_a_model_that_is_interrupted_at_any_of_its_calls(train):
    """Before the first frame, in looks at the curvature, in frames, in the losses at the end."""
    _, data, _ = problem(n=6, n_test=4)
    net = Raising(2, 4, activation=softplus(3))
    w0 = net.init(seeded(1))
    Raising.calls, Raising.stop = 0, 0
    whole = train(net, data, w0)
    total = Raising.calls
    assert total > 15
    moved = 0
    for number in range(1, total + 1):
        Raising.calls, Raising.stop = 0, number
        with pytest.raises(Interrupted) as caught:
            train(net, data, w0)
        consistent(caught.value.run, w0, whole)
        moved += caught.value.run.times[-1] > 0
        if caught.value.run.n_steps == 0 or number == 1:
            assert len(caught.value.run) == 1
    assert moved > total / 4
    Raising.stop = 0


@each_trainer
def test_a_batch_that_is_interrupted_at_any_of_its_calls(train):
    _, data, _ = problem(n=6, n_test=4)
    net = Raising(2, 4, activation=softplus(3))
    w0 = net.init(seeded(1), tau=[0.5, 1.0])
    Raising.calls, Raising.stop = 0, 0
    whole, total = train(net, data, w0), Raising.calls
    for number in range(1, total + 1, 3):
        Raising.calls, Raising.stop = 0, number
        with pytest.raises(Interrupted) as caught:
            train(net, data, w0)
        consistent(caught.value.run, w0, whole)
    Raising.stop = 0


LONG = {
    "descend": (descend, {"n_steps": 10**6, "tolerance": 0}),
    "flow": (flow, {"t_max": 1e9, "tolerance": 0, "accuracy": 1e-6, "max_steps": 10**6}),
    "smooth": (smooth, {"t_max": 1e9, "tolerance": 0, "accuracy": 1e-9, "max_steps": 10**6}),
    "sample": (sample, {"n_steps": 10**6}),
}


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no interval timers here")
@pytest.mark.parametrize(("train", "options"), LONG.values(), ids=LONG)
def test_signals_at_random_moments(train, options):
    """SIGINT from a timer of the CPU time spent, from the first bytecodes of the trainer on."""
    net, data, w0 = problem()
    late = 0
    for delay in np.geomspace(2e-4, 0.05, 40):
        signal.signal(signal.SIGPROF, lambda *_: _thread.interrupt_main())
        try:
            signal.setitimer(signal.ITIMER_PROF, delay)
            train(net, data, w0, **options)
            pytest.fail("the signal did not arrive")
        except Interrupted as caught:
            run = caught.run
        except KeyboardInterrupt:
            continue  # on a busy machine, before the trainer's first line
        assert run.status == "interrupted" and np.array_equal(run.w[0], w0)
        assert np.isfinite(run.train_loss).all() and (np.diff(run.times) >= 0).all()
        late += run.times[-1] > 0
    assert late > 10
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_the_handler_of_somebody_else_stays():
    net, data, w0 = problem()
    seen = []
    old = signal.signal(signal.SIGINT, lambda *_: seen.append(1))
    try:
        _thread.interrupt_main()
        descend(net, data, w0)
        assert seen == [1]
    finally:
        signal.signal(signal.SIGINT, old)


def test_trainers_work_in_threads_and_are_interrupted_there():
    _, data, _ = problem(n=6, n_test=4)
    net, results = Raising(2, 4), []
    w0 = net.init(seeded(1))

    def work():
        for Raising.stop in (0, 25):
            Raising.calls = 0
            try:
                results.append(descend(net, data, w0))
            except Interrupted as caught:
                results.append(caught.run)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    Raising.stop = 0
    assert [run.status == "interrupted" for run in results] == [False, True]


@each_trainer
def test_whoever_is_told_how_far_it_has_come_can_stop_it_from_another_thread(train):
    """A page that has a later question: the training ends within a step, with the run so far."""
    net, data, w0 = problem()
    parts, late, stop, caught = [], 0.3, threading.Event(), []

    def report(part):
        parts.append(part)
        if part > late:
            stop.set()  # as its other thread would
        if stop.is_set():
            raise KeyboardInterrupt

    def work():
        try:
            with reporting(report):
                train(net, data, w0)
        except Interrupted as interrupt:
            caught.append(interrupt.run)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    whole = train(net, data, w0)
    assert len(parts) > 1 and parts == sorted(parts) and parts[-2] <= late < parts[-1] <= 1
    assert caught[0].status == "interrupted" and 0 < caught[0].times[-1] <= whole.times[-1]
    assert caught[0].times[-1] == pytest.approx(parts[-1] * whole.times[-1])
    with reporting(parts.append):
        train(net, data, w0)
    assert parts[-1] == pytest.approx(1)


def test_the_frames_are_those_of_the_whole_run_up_to_the_interrupt():
    net, data, w0 = problem()
    calls = []

    def watch(runs, t, w, velocity):
        calls.append(t[0])
        if len(calls) == 20:
            raise KeyboardInterrupt
        return False

    with pytest.raises(Interrupted, match="sys.last_value.run") as caught:
        gradient_flow(net, data, w0, t_max=500, record=20, watch=watch)
    run = caught.value.run
    assert len(run) == 20 and run.times[-1] == calls[-1] < 500
    whole = gradient_flow(net, data, w0, t_max=500, times=[0, *run.times[1:]])
    assert relative(run.w[-1], whole.w[-1]) < 1e-12


def test_an_interrupt_leaves_alone_what_had_ended():
    net, data, w0 = problem(n=6, n_test=4)
    net = Raising(2, 20)
    data = Dataset(data.x, np.stack([0 * data.y, data.y]))  # the first is fitted from the start
    starts = np.stack([0 * w0, w0])
    for step in ("auto", 0.05):
        Raising.calls, Raising.stop = 0, 60
        with pytest.raises(Interrupted) as caught:
            descend(net, data, starts, n_steps=1000, step=step)
        run = caught.value.run
        assert run.status.tolist() == ["converged", "interrupted"]
        assert not run.w[:, 0].any() and np.array_equal(run.w[0, 1], w0)
    Raising.stop = 0
