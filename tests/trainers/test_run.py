"""The frames that are kept of a run: few, even, and never without the two ends."""

import builtins
import pickle

import numpy as np
import pytest
from helpers import problem, quick
from hypothesis import given
from hypothesis import strategies as st

from lazylib import Interrupted, Run, gradient_descent, gradient_flow
from lazylib.trainers import status
from lazylib.trainers.run import Recorder, progress


def record(path, count):
    """Offer each state of ``path``, of shape (steps, runs, p), at its number as the time."""
    recorder = Recorder(count, lambda w: w, path[0])
    for step, w in enumerate(path):
        recorder.offer(np.full((1, len(w)), float(step)), w[None], w.sum(axis=-1)[None])
    return Run(*recorder.frames(), None, np.full(path.shape[1], "converged"), len(path) - 1)


def line(lengths):
    """Return the path of one run that goes along a line to these distances."""
    return np.array([1.0, 0.0]) + np.outer(lengths, [0.6, 0.8])[:, None, :]


SPEEDS = {
    "slowing down": 1 - np.exp(-np.linspace(0, 12, 5001)),
    "speeding up": np.expm1(np.linspace(0, 6, 5001)),
    "constant": np.linspace(0, 3, 5001),
    "with a rest": np.interp(np.arange(5001), [0, 1000, 4000, 5000], [0, 1, 1, 2]),
}


@pytest.mark.parametrize("lengths", SPEEDS.values(), ids=SPEEDS)
@pytest.mark.parametrize("count", [2, 3, 10, 100])
def test_frames_are_even_in_length_whatever_the_speed(lengths, count):
    run = record(line(lengths), count)
    jumps = np.linalg.norm(np.diff(run.w[:, 0], axis=0), axis=-1)
    assert len(run) <= count and len(run) >= 0.7 * count
    assert jumps.max() <= 1.6 * jumps.mean()


@quick
@given(st.lists(st.floats(0, 10), min_size=1, max_size=60), st.integers(2, 8))
def test_the_ends_are_always_kept_and_times_increase(moves, count):
    path = line(np.cumsum(moves))
    run = record(path, count)
    assert len(run) <= count
    assert np.array_equal(run.w[0], path[0]) and np.array_equal(run.w[-1], path[-1])
    assert run.times[0] == 0 and run.times[-1] == len(path) - 1
    assert (np.diff(run.times[:, 0]) > 0).all()
    assert np.array_equal(run.w[:, 0], path[run.times[:, 0].astype(int), 0])
    assert np.array_equal(run.train_loss, run.w.sum(axis=-1))


def test_frames_hold_copies():
    recorder = Recorder(5, np.copy, np.ones((2, 3)))
    w, times, loss = np.ones((1, 2, 3)), np.zeros((1, 2)), np.array([[7.0, 8.0]])
    for _ in range(2):
        recorder.offer(times, w, loss)
        for array in (w, times, loss):
            array += 1
    times, w, loss = recorder.frames()
    assert w.tolist() == [[[1] * 3] * 2, [[2] * 3] * 2]
    assert times.tolist() == [[0, 0], [1, 1]] and loss.tolist() == [[7, 8], [8, 9]]


@pytest.mark.parametrize("size", [1, 7, 5001])
def test_points_may_be_offered_many_at_a_time(size):
    path = line(SPEEDS["slowing down"])
    recorder, times = Recorder(10, lambda w: w, path[0]), np.arange(5001.0)[:, None]
    for i in range(0, 5001, size):
        recorder.offer(times[i : i + size], path[i : i + size])
    times, w = recorder.frames()
    assert times[0, 0] == 0 and times[-1, 0] == 5000 and len(times) == 10
    jumps = np.linalg.norm(np.diff(w[:, 0], axis=0), axis=-1)
    assert jumps.max() <= 1.6 * jumps.mean()


def test_no_more_points_are_stored_than_eight_for_a_frame():
    recorder = Recorder(5, lambda w: w, np.ones((1, 2)))
    for step, w in enumerate(line(SPEEDS["speeding up"])):
        recorder.offer(np.full((1, 1), float(step)), w[None])
        assert sum(len(points[0]) for points in recorder.points) <= 40


def test_the_end_is_kept_when_another_run_of_the_batch_is_ahead_in_time():
    """A run with small steps goes on after one with large steps has ended at a later time."""
    times, w = np.array([[0.0, 0.0]]), np.ones((1, 2, 1))
    recorder = Recorder(2, lambda w: w, w[0])
    for step in range(100):
        recorder.offer(times, w)
        times, w = times + [100 * (step == 0), 1], w + [[step == 0], [0.01 * (step < 40)]]
    recorder.offer(times, w)
    chosen, kept = recorder.frames()
    assert chosen[-1].tolist() == [100, 100] and np.array_equal(kept[-1], w[0])


@pytest.mark.parametrize("steps", range(1, 80))
def test_the_end_is_kept_whenever_it_comes(steps):
    """Thinning out the frames, when there are too many, must not drop the last one."""
    lengths = np.append(np.arange(steps), steps - 0.9)  # the end is too near to be kept for itself
    assert record(line(lengths), 3).times[-1, 0] == steps


def test_a_run_that_never_moves_has_a_first_and_a_last_frame():
    run = record(line(np.zeros(50)), 10)
    assert run.times[:, 0].tolist() == [0, 49] and np.array_equal(run.w[0], run.w[1])


# --- Run -----------------------------------------------------------------------------------------


def test_a_run_says_what_it_is_in_a_line_and_pickles():
    net, data, w0 = problem()
    run = gradient_descent(net, data, w0, n_steps=20)
    assert len(repr(run)) < 100 and run.status in repr(run)
    again = pickle.loads(pickle.dumps(run))
    assert np.array_equal(again.w, run.w) and again.status == run.status
    caught = pickle.loads(pickle.dumps(Interrupted(run)))
    assert np.array_equal(caught.run.w, run.w) and "sys.last_value.run" in str(caught)


@pytest.mark.parametrize("lead", [(), (2, 3)], ids=str)
def test_errors_are_losses_relative_to_the_zero_predictor_s(lead):
    net, data, w0 = problem()
    run = gradient_flow(net, data, w0 * np.ones((*lead, 1)), t_max=1, record=3)
    assert np.allclose(run.train_error, run.train_loss / (0.5 * np.mean(data.y**2)), rtol=1e-14)
    assert np.allclose(run.test_error, run.test_loss / (0.5 * np.mean(data.y_test**2)), rtol=1e-14)
    assert np.shape(run.zero_loss) == lead and np.allclose(run.train_error[0], 1)


def test_a_run_checks_its_shapes():
    state = np.zeros((2, 3))
    with pytest.raises(ValueError, match="times must have shape"):
        Run(np.zeros(3), state, np.zeros(2), None, "converged", 1)
    with pytest.raises(ValueError, match="status must have shape"):
        Run(np.zeros(2), state, np.zeros(2), None, ["converged"], 1)


# --- how runs end --------------------------------------------------------------------------------


CASES = {  # (loss, at nine tenths, at the start) in units of R(0)
    (0.500, 0.500, 1): "converged",
    (0.500, 0.510, 1): "converged",  # by less than 3 % of itself, and of its whole fall
    (0.500, 0.520, 1): "still falling",
    (0.010, 0.0110, 1): "still falling",
    (0.0019, 0.1, 1): "converged",  # below the tolerance
    (0.996, 0.9964, 1): "still falling",  # one step: it has hardly begun
    (0.949, 0.954, 1): "still falling",  # 5,000 tiny ones
    (0.600, 0.500, 1): "converged",  # it rises, but stays below R(0)
    (1.010, 1.000, 1): "converged",
    (1.300, 1.200, 1): "diverged",
    (1.300, 1.300, 1): "diverged",  # above where it started
    (1.300, 1.310, 9): "converged",
    (1.200, 1.300, 9): "still falling",
    (1e200, 1e100, 1): "diverged",
    (np.inf, 1.0, 1): "diverged",
    (np.nan, 1.0, 1): "diverged",
}


@pytest.mark.parametrize("unit", [1.0, 7.0, 1e-150, 1e90])
def test_status_reads_the_curve_on_log_axes(unit):
    loss, before, start = unit * np.array(list(CASES)).T
    with np.errstate(over="ignore"):
        found = status(loss, before, np.full(len(loss), unit), start)
    assert found.tolist() == list(CASES.values())


def test_steps_that_are_lost_stall_a_loss_that_would_fall():
    """What the gradient promises counts, where the steps show nothing."""
    options = {"lost": True, "start": 1.0}
    assert status(0.5, 0.5, 1.0, promised=0.1, **options) == "stalled"
    assert status(0.5, 0.5, 1.0, promised=1e-20, **options) == "converged"
    assert status(1.0, 1.0, 1.0, promised=1e-20, **options) == "stalled"  # it has not begun
    assert status(1.0, 1.0, 1.0, promised=0.0, **options) == "converged"  # nothing moves it


# --- progress ------------------------------------------------------------------------------------


def test_progress_bar_does_without_tqdm(monkeypatch):
    def no_tqdm(name, *rest):
        if name.startswith("tqdm"):
            raise ImportError(name)
        return original(name, *rest)

    original = builtins.__import__
    monkeypatch.setattr(builtins, "__import__", no_tqdm)
    with progress() as done:
        done(0.3)


def test_progress_bar_counts_and_stays_silent_for_short_runs(capsys):
    with progress() as done:
        done(0.4)
        done(1.0)
    captured = capsys.readouterr()
    assert captured.out == captured.err == ""
