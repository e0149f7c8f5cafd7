"""What the experiments draw: a teacher, data and a generator for the weights, by number."""

import numpy as np

from lazylib.data import Dataset, Teacher, teacher


def nth_draw(number, d, n=1, n_test=0):
    """Return draw ``number`` of the setting of Section 5, the same in every experiment.

    Parameters
    ----------
    number : int
        Seeds everything.
    d, n, n_test : int
        Input dimension, training and test inputs.

    Returns
    -------
    target : Teacher
    data : Dataset
    rng : numpy.random.Generator
        For the initial weights, and for samples drawn while training.
    """
    for_teacher, for_data, rng = np.random.default_rng(number).spawn(3)
    target: Teacher = teacher(for_teacher, d)
    return target, Dataset.from_teacher(for_data, target, n, n_test), rng


def finished(run):
    """Return a run that was not interrupted: the results of others are not kept."""
    if np.any(run.status == "interrupted"):
        raise KeyboardInterrupt
    return run
