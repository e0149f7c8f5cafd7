"""Runs the cells of experiments in parallel and keeps every finished one at once, in a text file.

A file holds one experiment as lines of JSON: its settings first, then a finished cell a line. A run
that was killed goes on where it stopped, and a finished file is the same as if it had not been.
"""

import itertools
import json
import os
import platform
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np

from lazylib import _checks
from lazylib.trainers.run import progress_bar, quiet


class Experiment(NamedTuple):
    """An experiment: one function for one cell, at every point of a grid.

    Attributes
    ----------
    name : str
        Also of its file, ``name.jsonl``.
    cell : callable
        ``cell(settings, **point)`` returns a dictionary of numbers, or of lists of numbers.
    cost : callable
        ``cost(settings, **point)``: about how many seconds a cell takes.
    scales : dict
        Settings by scale, "full" and "quick". Their entry "grid" names the coordinates and lists
        the values of each; the cells are all combinations, the last coordinate moving fastest.
    """

    name: str
    cell: Callable
    cost: Callable
    scales: dict


class Results(NamedTuple):
    """A finished experiment as arrays.

    Attributes
    ----------
    settings, grid : dict
    values : dict of ndarray
        One axis for each coordinate of the grid, in order; NaN where a cell is missing. Results
        that are lists have one more axis.
    """

    settings: dict
    grid: dict
    values: dict


def run(*experiments, folder, scale="full", n_jobs=-1):
    """Run the cells that are not yet in ``folder``, the longest first; one run a folder at a time.

    Parameters
    ----------
    experiments : Experiment
    folder : path
        Where ``name.jsonl`` of each is, or will be.
    scale : {"full", "quick"}
    n_jobs : int, default -1
        Processes, as joblib counts them: -1 for one a core. Within
        ``joblib.parallel_config("dask")`` the cells run on a Dask cluster.

    Returns
    -------
    list of Results

    Raises
    ------
    ValueError
        If a file holds something else, or cells made with other settings.
    """
    import joblib  # here, so that results can be read without it

    _checks.word("scale", scale, ("full", "quick"))
    stores = [Store(Path(folder, e.name + ".jsonl"), e.name, e.scales[scale]) for e in experiments]
    tasks = [
        (experiment.cost(store.settings, **point), experiment.cell, store, point)
        for experiment, store in zip(experiments, stores, strict=True)
        for point in store.missing()
    ]
    tasks.sort(key=lambda task: -task[0])
    calls = [
        joblib.delayed(_work)(number, cell, store.settings, point)
        for number, (_, cell, store, point) in enumerate(tasks)
    ]
    # Each task is one call to a worker: what is lost with a killed one is a single cell.
    parallel = joblib.Parallel(n_jobs, return_as="generator_unordered", batch_size=1)
    total = round(sum(task[0] for task in tasks))
    bar = progress_bar(total, unit="s", desc="cells' estimated seconds")
    done = 0.0
    with bar:
        for number, record in parallel(calls):
            cost, _, store, _ = tasks[number]
            store.append(record)
            done += cost
            bar.update(round(done) - bar.n)
    for store in stores:
        store.sort()
    return [load(store.path) for store in stores]


def load(path):
    """Read a file of results; a warning says so if cells are missing.

    Returns
    -------
    Results
    """
    settings, records, _ = _read(path)
    grid = settings["grid"]
    shape = tuple(map(len, grid.values()))
    records = {_key(grid, record): record for record in records}
    if missing := int(np.prod(shape)) - len(records):
        warnings.warn(f"{path}: {missing} cells are missing", stacklevel=2)
    if not records:
        return Results(settings, grid, {})
    some = next(iter(records.values()))
    values = {}
    for name in some.keys() - grid.keys() - {"versions"}:
        values[name] = np.full((*shape, *np.shape(some[name])), np.nan)
    for index, key in zip(np.ndindex(shape), itertools.product(*grid.values()), strict=True):
        for name, array in values.items() if key in records else ():
            array[index] = records[key][name]
    return Results(settings, grid, values)


def mean_and_error(values, axis=0):
    """Mean and standard error of the mean along an axis of independent draws."""
    values = np.asarray(values)
    n = _checks.whole("number of draws", values.shape[axis], least=2)
    return values.mean(axis), values.std(axis, ddof=1) / np.sqrt(n)


class Store:
    """The file of one experiment: its settings, then the cells in the order they were finished."""

    def __init__(self, path, name, settings):
        self.path, self.settings = Path(path), _plain(settings)
        self.first = _line({"experiment": name, "settings": self.settings})
        self.records = []
        if not self.path.exists() or self.path.stat().st_size == 0:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._write()
            return
        found, self.records, torn = _read(self.path, name)
        if differences := list(_differences(found, self.settings)):
            raise ValueError(
                f"{self.path} was made with other settings: {'; '.join(differences)}. "
                "Move it away, or choose another folder."
            )
        if torn:
            self._write()

    def missing(self):
        """List the points of the grid that have no result yet."""
        grid = self.settings["grid"]
        have = {_key(grid, record) for record in self.records}
        points = itertools.product(*grid.values())
        return [dict(zip(grid, point, strict=True)) for point in points if point not in have]

    def append(self, record):
        """Add one finished cell to the file, at once."""
        self.records.append(record)
        with self.path.open("a", encoding="utf-8", newline="\n") as file:
            file.write(_line(record))

    def sort(self):
        """Put the cells in the order of the grid."""
        grid = self.settings["grid"]
        order = {point: number for number, point in enumerate(itertools.product(*grid.values()))}
        self.records.sort(key=lambda record: order[_key(grid, record)])
        self._write()

    def _write(self):
        # to a file beside it first: a kill leaves either the old or the new one
        beside = self.path.with_name(self.path.name + ".new")
        text = self.first + "".join(map(_line, self.records))
        beside.write_text(text, encoding="utf-8", newline="\n")
        os.replace(beside, self.path)


def _work(number, cell, settings, point):
    """Compute one cell in a worker; results have eight digits, the rest is chance of rounding."""
    import lazylib

    with quiet():
        result = cell(settings, **point)
    versions = f"lazylib {lazylib.__version__}, numpy {np.__version__}"
    versions += f", python {platform.python_version()}"
    return number, {**point, **_plain(result, digits=8), "versions": versions}


def _read(path, name=None):
    """Return the settings and the records of a file, and whether its last line was torn."""
    torn = False
    lines = Path(path).read_text(encoding="utf-8", errors="replace").split("\n")
    parsed = []
    for number, line in enumerate(lines, start=1):
        try:
            if line or number < len(lines):
                parsed.append(json.loads(line))
                if number == len(lines):
                    raise ValueError  # no newline at the end: it may be torn
        except ValueError:
            if number < len(lines) or number == 1:
                raise ValueError(f"{path}: line {number} is not a line of results") from None
            torn = True
            del parsed[number - 1 :]
            warnings.warn(f"{path}: its torn last line is ignored", stacklevel=4)
    first, *records = parsed
    settings = first.get("settings") if isinstance(first, dict) else None
    if not isinstance(settings, dict) or not isinstance(settings.get("grid"), dict):
        raise ValueError(
            f"{path} holds no results of an experiment: its first line has no settings"
        )
    if name is not None and first.get("experiment") != name:
        raise ValueError(f"{path} holds the experiment {first.get('experiment')!r}, not {name!r}")
    points = list(itertools.product(*settings["grid"].values()))
    for number, record in enumerate(records, start=2):
        if not isinstance(record, dict) or _key(settings["grid"], record) not in points:
            raise ValueError(f"{path}: line {number} is no cell of its own grid")
    return settings, records, torn


def _key(grid, record):
    return tuple(record.get(name) for name in grid)


def _line(record):
    return json.dumps(record, ensure_ascii=False) + "\n"


def _differences(found, asked):
    for name in sorted(found.keys() | asked.keys()):
        old, new = (settings.get(name, "nothing") for settings in (found, asked))
        if isinstance(old, dict) and isinstance(new, dict):
            yield from _differences(old, new)
        elif old != new:
            yield f"{name} is {old} there and {new} here"


def _plain(value, digits=None):
    """Turn arrays and NumPy's numbers into what JSON knows."""
    if isinstance(value, dict):
        return {str(name): _plain(entry, digits) for name, entry in value.items()}
    if isinstance(value, np.ndarray | list | tuple):
        return [_plain(entry, digits) for entry in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and digits is not None:
        return float(f"{value:.{digits}g}")
    return value


def curves(results: Results):
    """Mean and standard error over the draws of all that Figure 1(c) shows."""
    return {name: mean_and_error(values) for name, values in results.values.items()}
