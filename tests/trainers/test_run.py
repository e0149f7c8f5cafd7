"""The frames that are kept of a run: few, even, and never without the two ends."""

import builtins

import numpy as np
import pytest
from helpers import quick
from hypothesis import given
from hypothesis import strategies as st

from lazylib.trainers.run import Recorder, Run, progress_bar, until_interrupted


def record(path, count, test=None):
    """Offer each state of ``path``, of shape (steps, runs, p), at its number as the time."""
    recorder = Recorder(count, positions=lambda w: w)
    for step, w in enumerate(path):
        times = np.full(len(w), float(step))
        recorder.offer(times, w, w.sum(axis=-1), test)
    recorder.offer(times, w, w.sum(axis=-1), test, last=True)
    return recorder.run((path.shape[1],), ["converged"] * path.shape[1], len(path) - 1)


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


def test_frames_hold_copies_and_the_test_loss():
    class Test:
        @staticmethod
        def value(w):
            return 10 * w[..., 0]

    recorder = Recorder(5, positions=np.copy)
    w, times, loss = np.ones((2, 3)), np.zeros(2), np.array([7.0, 8.0])
    recorder.offer(times, w, loss, Test)
    for array in (w, times, loss):
        array += 1
    recorder.offer(times, w, loss, Test)
    run = recorder.run((2, 1), ["converged", "diverged"], 1)
    assert run.w.tolist() == [[[[1] * 3]] * 2, [[[2] * 3]] * 2]
    assert run.times.tolist() == [[[0], [0]], [[1], [1]]]
    assert run.train_loss[:, :, 0].tolist() == [[7, 8], [8, 9]]
    assert run.test_loss[:, :, 0].tolist() == [[10, 10], [20, 20]]
    assert run.status.tolist() == [["converged"], ["diverged"]]
    assert record(line([0, 1]), 5).test_loss is None


def test_the_end_is_kept_when_another_run_of_the_batch_is_ahead_in_time():
    """A run with small steps goes on after one with large steps has ended at a later time."""
    recorder = Recorder(2, positions=lambda w: w)
    times, w = np.array([0.0, 0.0]), np.ones((2, 1))
    for step in range(100):
        recorder.offer(times, w, w[:, 0], None)
        times, w = times + [100 * (step == 0), 1], w + [[step == 0], [0.01 * (step < 40)]]
    recorder.offer(times, w, w[:, 0], None, last=True)
    run = recorder.run((2,), ["converged"] * 2, 100)
    assert run.times[-1].tolist() == [100, 100] and np.array_equal(run.w[-1], w)


@pytest.mark.parametrize("steps", range(1, 40))
def test_the_end_is_kept_whenever_it_comes(steps):
    """Thinning out the frames, when there are four times too many, must not drop the last one."""
    lengths = np.append(np.arange(steps), steps - 0.9)  # the end is too near to be kept for itself
    assert record(line(lengths), 3).times[-1, 0] == steps


def test_a_run_that_never_moves_has_a_first_and_a_last_frame():
    run = record(line(np.zeros(50)), 10)
    assert run.times[:, 0].tolist() == [0, 49] and np.array_equal(run.w[0], run.w[1])


def test_run_without_leading_axes():
    recorder = Recorder(3, positions=lambda w: w)
    recorder.offer(np.zeros(1), np.ones((1, 4)), np.ones(1), None)
    run = recorder.run((), ["still falling"], 0)
    assert isinstance(run, Run) and run.status == "still falling" and type(run.status) is str
    assert run.times.shape == (1,) and run.w.shape == (1, 4) and len(run) == 1


def test_until_interrupted_lets_only_the_keyboard_interrupt_pass():
    reached = []
    with until_interrupted():
        reached.append("before")
        raise KeyboardInterrupt
    reached.append("after")
    assert reached == ["before", "after"]
    with pytest.raises(ValueError, match="an error"), until_interrupted():
        raise ValueError("an error")


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
