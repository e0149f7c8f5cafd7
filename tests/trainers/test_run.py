"""The frames that are kept of a run: few, even, and never without the two ends."""

import builtins

import numpy as np
import pytest
from helpers import quick
from hypothesis import given
from hypothesis import strategies as st

from lazylib.trainers.run import Recorder, Run, progress_bar


def record(path, count):
    """Offer each state of ``path``, of shape (steps, runs, p), at its number as the time."""
    recorder = Recorder(count, lambda w: w, path[0])
    for step, w in enumerate(path):
        recorder.offer(np.full((1, len(w)), float(step)), w[None], w.sum(axis=-1)[None])
    times, w, loss = recorder.frames()
    status = np.array(["converged"] * path.shape[1])
    return Run(times, w, loss, None, status, len(path) - 1)


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
    w, times, loss = np.ones((1, 2, 3)), np.zeros((1, 2)), np.array([[7.0, 8.0]])
    recorder = Recorder(5, np.copy, w[0])
    recorder.offer(times, w, loss)
    for array in (w, times, loss):
        array += 1
    recorder.offer(times, w, loss)
    kept_times, kept_w, kept_loss = recorder.frames()
    assert kept_w[:, 0, 0].tolist() == [1, 2] and kept_times.tolist() == [[0, 0], [1, 1]]
    assert kept_loss.tolist() == [[7, 8], [8, 9]]


@pytest.mark.parametrize("steps", range(1, 40))
def test_the_end_is_kept_whenever_it_comes(steps):
    """Thinning out the frames, when there are four times too many, must not drop the last one."""
    lengths = np.append(np.arange(steps), steps - 0.9)  # the end is too near to be kept for itself
    assert record(line(lengths), 3).times[-1, 0] == steps


def test_a_run_that_never_moves_has_a_first_and_a_last_frame():
    run = record(line(np.zeros(50)), 10)
    assert run.times[:, 0].tolist() == [0, 49] and np.array_equal(run.w[0], run.w[1])


def test_a_run_knows_its_errors_relative_to_the_zero_predictor():
    run = Run(np.zeros(2), np.zeros((2, 3)), np.array([2.0, 1.0]), None, "converged", 1, 4.0)
    assert run.train_error.tolist() == [0.5, 0.25] and len(run) == 2
    with pytest.raises(ValueError, match=r"times must have shape \(2,\), got \(3,\)"):
        Run(np.zeros(3), np.zeros((2, 3)), np.zeros(2), None, "converged", 1)


def test_progress_bar_does_without_tqdm(monkeypatch):
    def no_tqdm(name, *rest):
        if name.startswith("tqdm"):
            raise ImportError(name)
        return original(name, *rest)

    original = builtins.__import__
    monkeypatch.setattr(builtins, "__import__", no_tqdm)
    with progress_bar(10) as bar:
        bar.update(3 - bar.n)


def test_progress_bar_counts_and_stays_silent_for_short_runs(capsys):
    with progress_bar(10) as bar:
        bar.update(4 - bar.n)
        bar.update(10 - bar.n)
    captured = capsys.readouterr()
    assert captured.out == captured.err == ""
