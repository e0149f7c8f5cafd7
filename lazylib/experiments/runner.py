"""Runs the cells of experiments in parallel and keeps every finished one at once, in a text file.

A file holds one experiment as lines of JSON: its settings first, then a finished cell a line. A run
that was killed goes on where it stopped, and a finished file is the same as if it had not been.
"""

import contextlib
import itertools
import json
import os
import platform
import shutil
import sys
import threading
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np

from lazylib import _checks
from lazylib.trainers.run import progress, reporting


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

    Examples
    --------
    >>> from lazylib.experiments import Experiment
    >>> scales = {"full": {"power": 3, "grid": {"draw": [0, 1], "x": [1, 2]}}}
    >>> def cell(settings, draw, x):
    ...     return {"value": draw + x ** settings["power"]}
    >>> powers = Experiment("powers", cell, lambda settings, draw, x: 1.0, scales)
    >>> powers.cell(powers.scales["full"], draw=1, x=2)
    {'value': 9}
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

    Examples
    --------
    >>> from lazylib.experiments import stored
    >>> results = stored("width")
    >>> print(*results.grid, results.values["end"].shape)
    draw scaling m (5, 2, 12)
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
        If a file holds something else, or cells made with other settings; if a cell returns what
        is no finite number or list of them.
    BlockingIOError
        If another run is at work in the folder.
    OSError
        If the folder cannot be written to; before anything is computed.

    Examples
    --------
    >>> import tempfile
    >>> from lazylib.experiments import Experiment, run
    >>> scales = {"full": {"grid": {"x": [1, 2, 3]}}}
    >>> squares = Experiment("squares", lambda s, x: {"y": x * x}, lambda s, x: 1.0, scales)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     (results,) = run(squares, folder=folder, n_jobs=1)
    >>> results.values["y"]
    array([1., 4., 9.])
    """
    if _checks.whole("n_jobs", n_jobs, least=-(10**6)) == 0:
        raise ValueError("n_jobs must not be 0: it counts processes, and -1 is one a core")
    for each in experiments:
        _checks.word("scale", scale, _checks.instance("experiments", each, Experiment).scales)
    folder = _checks.path("folder", folder)
    if len({each.name for each in experiments}) < len(experiments):
        raise ValueError("experiments must have different names, which are also their files'")

    def stores():
        return [Store(folder / f"{e.name}.jsonl", e.name, e.scales[scale]) for e in experiments]

    # where nothing is missing nothing is written, so that the folder may be read-only
    if any([*store.cells] != [*store.points] for store in stores()):
        with _alone(folder):
            _fill(experiments, stores(), n_jobs)
    return [load(store.path) for store in stores()]


def _fill(experiments, stores, n_jobs):
    """Run what is missing in the files, and keep it."""
    import joblib  # here, so that results can be read without it

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
    for store in stores:
        store.write()
    # Each task is one call to a worker: what is lost with a killed one is a single cell.
    options = {"return_as": "generator_unordered", "batch_size": 1}
    # joblib's own workers, not those of Dask, get a watch from their first moment on
    options |= {"initializer": _end_with_parent, "initargs": (os.getpid(),)}
    parallel = joblib.Parallel(n_jobs, **options)
    total, done = sum(task[0] for task in tasks), 0.0
    with progress(desc=f"cells' estimated seconds, {total:.0f}") as report:
        for number, record in parallel(calls):
            cost, _, store, point = tasks[number]
            store.append(record)
            done += cost
            report(done / total)
    for store in stores:
        store.write()


def load(path):
    """Read a file of results; a warning says so if cells are missing.

    Returns
    -------
    Results

    Raises
    ------
    ValueError
        If a line is none of an experiment, stands there twice, or lacks what the others have.

    Examples
    --------
    >>> from lazylib.experiments import data_folder, load
    >>> results = load(data_folder() / "width.jsonl")
    >>> results.settings["d"], results.grid["scaling"]
    (100, ['1/m', '1/√m'])
    """
    store = Store(_checks.path("path", path))
    grid = store.settings["grid"]
    if missing := len(store.missing()):
        warnings.warn(f"{path}: {missing} cells are missing", stacklevel=2)
    shape = tuple(map(len, grid.values()))
    values = {name: np.full(shape + each, np.nan) for name, each in store.shapes.items()}
    for point, record in store.cells.items():
        for name, value in _results(record, grid).items():
            values[name][store.points[point]] = value
    return Results(store.settings, grid, values)


def stored(name):
    """Load stored results, ``notebooks/data/name.jsonl``, whatever the working folder is.

    Parameters
    ----------
    name : {"generalization", "width", "underparameterized"}

    Returns
    -------
    Results

    Raises
    ------
    FileNotFoundError
        If there are none; it says how to make them.

    Examples
    --------
    >>> from lazylib.experiments import stored
    >>> error = stored("width").values["end"].mean(axis=0)  # by scaling and width
    >>> print(error[:, -1].round(2))  # R/R(0) at m = 512, for α = 1/m and α = 1/√m
    [0.02 0.1 ]
    """
    path = data_folder() / f"{_checks.instance('name', name, str)}.jsonl"
    if not path.is_file():
        made = f"`python -m lazylib.experiments {name}` makes it, if it is one of the note's"
        raise FileNotFoundError(f"there is no {path}: {made}")
    return load(path)


def data_folder():
    """Return ``notebooks/data`` of the repository: the package's own, or else that around us.

    Raises
    ------
    FileNotFoundError
        If there is no repository.

    Examples
    --------
    >>> from lazylib.experiments import data_folder
    >>> (data_folder() / "width.jsonl").is_file()
    True
    """
    package, here = Path(__file__).resolve().parents[1], Path.cwd()
    for home in (package.parent, here, *here.parents):
        if (home / "notebooks" / "00-start-here.ipynb").is_file():
            return home / "notebooks" / "data"
    raise FileNotFoundError(
        f"there is no repository with notebooks/data beside {package} or around {here}: "
        "go to a clone of it, or name a folder"
    )


def mean_and_error(values, axis=0):
    """Mean and standard error of the mean along an axis of independent draws.

    Missing cells (NaN) are refused: run them first, or leave their draws out.

    Examples
    --------
    >>> from lazylib.experiments import mean_and_error
    >>> mean, error = mean_and_error([1.0, 3.0])
    >>> print(mean, error.round(12))  # √2/√2
    2.0 1.0
    """
    values = _checks.array("values", values, ndim=1)
    axis = _checks.whole("axis", axis, least=-values.ndim, most=values.ndim - 1)
    n = values.shape[axis]
    if n < 2 or not values.size:
        raise ValueError(f"values must hold at least 2 draws on axis {axis}, got {values.shape}")
    with np.errstate(all="ignore"):
        both = values.mean(axis), values.std(axis, ddof=1) / np.sqrt(n)
    return tuple(_checks.in_range("mean or error", each) for each in both)


def curves(results):
    """Mean and standard error over the draws of all that an experiment found, by name.

    Examples
    --------
    >>> import numpy as np
    >>> from lazylib.experiments import Results, curves
    >>> grid, values = {"draw": [0, 1], "m": [8, 16]}, {"error": np.array([[1.0, 4.0], [3.0, 4.0]])}
    >>> mean, error = curves(Results({}, grid, values))["error"]
    >>> print(mean, error.round(12))  # by m
    [2. 4.] [1. 0.]
    """
    values = _checks.instance("results", results, Results).values
    return {name: mean_and_error(each) for name, each in values.items()}


class Store:
    """The file of one experiment: its settings, then the cells in the order they were finished.

    Reading it writes nothing. A line that does not fit is refused with its number.

    Parameters
    ----------
    path : path
    name : str, optional
    settings : dict, optional
        What the file must hold, or will. By default, what it holds.

    Attributes
    ----------
    settings : dict
    points : dict
        Index in the grid by point, a tuple; ``cells`` are the records that are there, likewise.
    shapes : dict
        Of the results of a cell, by name.
    """

    def __init__(self, path, name=None, settings=None):
        self.path, self.cells, self.shapes = Path(path), {}, {}
        settings = json.loads(json.dumps(settings))  # as a file has them: lists, not tuples
        if settings is None or (self.path.exists() and self.path.stat().st_size):
            self._read(name)
            if differences := list(_differences(self.settings, settings or self.settings)):
                raise ValueError(
                    f"{path} was made with other settings: {'; '.join(differences)}. "
                    "Move it away, or choose another folder."
                )
        else:
            self._start({"experiment": name, "settings": settings}, name)

    def missing(self):
        """List the points of the grid that have no result yet."""
        grid = self.settings["grid"]
        return [dict(zip(grid, p, strict=True)) for p in self.points if p not in self.cells]

    def append(self, record):
        """Add one finished cell to the file, at once."""
        try:
            self._add(record)
        except ValueError as error:
            raise ValueError(f"{self.path}: a new cell {error}") from None
        with self.path.open("a", encoding="utf-8", newline="\n") as file:
            file.write(_line(record))

    def write(self):
        """Write the file in the order of the grid, if that changes it; links and modes stay."""
        ordered = [self.cells[point] for point in self.points if point in self.cells]
        text, path = "".join(map(_line, [self.head, *ordered])), self.path.resolve()
        if not path.exists() or path.read_bytes() != text.encode():
            # to a file beside it first: a kill leaves either the old or the new one
            beside = path.with_name(path.name + ".new")
            beside.write_text(text, encoding="utf-8", newline="\n")
            if path.exists():
                shutil.copymode(path, beside)
            os.replace(beside, path)

    def _start(self, head, name):
        self.head, self.settings = head, head["settings"]
        for key, values in self.settings["grid"].items():
            fine = isinstance(values, list) and all(map(_coordinate, values))
            if not fine or not 0 < len(values) == len(set(values)):
                raise ValueError(f"has a grid whose {key} are not different numbers or words")
        if name not in (None, head["experiment"]):
            raise ValueError(f"holds the experiment {head['experiment']!r}, not {name!r}")
        grid = self.settings["grid"].values()
        indices = np.ndindex(*map(len, grid))
        self.points = dict(zip(itertools.product(*grid), indices, strict=True))

    def _add(self, record):
        grid = self.settings["grid"]
        point = tuple(record[name] for name in grid)
        if not all(map(_coordinate, point)) or point not in self.points:
            raise ValueError("is no cell of its grid")
        if point in self.cells:
            raise ValueError("repeats a cell")
        shapes = {name: value.shape for name, value in _results(record, grid).items()}
        if self.cells and shapes != self.shapes:
            different = {name for name, _ in shapes.items() ^ self.shapes.items()}
            raise ValueError(f"differs from the cells before it in {', '.join(sorted(different))}")
        self.shapes, self.cells[point] = shapes, record

    def _read(self, name):
        *lines, torn = self.path.read_text(encoding="utf-8", errors="replace").split("\n")
        for number, line in enumerate(lines or [torn], start=1):
            try:
                if number == 1:
                    self._start(json.loads(line), name)
                else:
                    self._add(json.loads(line))
            except (ValueError, TypeError, LookupError, AttributeError, RecursionError) as error:
                ours = type(error) is ValueError  # what else it is, the line has not the form
                why = error if ours else "is not a line of results"
                raise ValueError(f"{self.path}: line {number} {why}") from None
        if torn and lines:
            warnings.warn(f"{self.path}: its torn last line is ignored", stacklevel=4)


def _coordinate(value):
    return type(value) is str or _finite(value)


def _finite(value):
    return type(value) in (int, float) and abs(value) <= sys.float_info.max


def _results(record, grid):
    """Return the results of a cell as arrays, in their order, if they are numbers or lists."""
    results = {}
    for name, value in record.items():
        if name not in grid and name != "versions":
            entries = np.array(value, dtype=object)
            if not entries.size or not all(map(_finite, entries.flat)):
                raise ValueError(
                    f"has {name} = {_checks.shown(value)}, which is no finite number, nor an array"
                )
            results[name] = entries.astype(float)
    return results


def _line(record):
    return json.dumps(record, ensure_ascii=False) + "\n"


def _differences(found, asked):
    for name in sorted(found.keys() | asked.keys()):
        old, new = (settings.get(name, "nothing") for settings in (found, asked))
        if isinstance(old, dict) and isinstance(new, dict):
            yield from _differences(old, new)
        elif old != new:
            yield f"{name} is {old} there and {new} here"


def _rounded(value, digits):
    """Plain numbers and lists with so many digits, of what a cell has found."""
    if isinstance(value, list):
        return [_rounded(entry, digits) for entry in value]
    return float(f"{value:.{digits}g}") if isinstance(value, float) else value


@contextlib.contextmanager
def _alone(folder):
    """Hold a lock file that names this process; one of a process that is gone is taken over."""
    folder.mkdir(parents=True, exist_ok=True)
    lock, mine = folder / ".running", f"{os.getpid()} on {platform.node()}"
    if lock.exists() and _gone(*lock.read_text(encoding="utf-8").partition(" on ")[::2]):
        lock.unlink(missing_ok=True)
    try:
        file = os.open(lock, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o644)
    except FileExistsError:
        holder = lock.read_text(encoding="utf-8")
        raise BlockingIOError(
            f"process {holder} is at work in {folder}; if it is not, delete {lock}"
        ) from None
    try:
        with open(file, "w", encoding="utf-8") as stream:
            stream.write(mine)
        yield
    finally:
        lock.unlink(missing_ok=True)


def _gone(number, node):
    """Whether a process of this computer has ended; False where that cannot be known."""
    if os.name == "nt" or node != platform.node() or not number.isdecimal():
        return False
    try:
        os.kill(int(number), 0)  # sends nothing, but looks
    except (ProcessLookupError, OverflowError):
        return True
    except PermissionError:
        pass  # somebody else's
    return False


def _work(number, cell, settings, point):
    """Compute one cell in a worker; results have eight digits, the rest is chance of rounding."""
    import lazylib

    with reporting(lambda part: None):  # bars are for single trainings
        result = cell(settings, **point)
    versions = f"lazylib {lazylib.__version__}, numpy {np.__version__}"
    versions += f", python {platform.python_version()}"
    found = {name: _rounded(np.asarray(value).tolist(), 8) for name, value in result.items()}
    return number, {**point, **found, "versions": versions}


def _end_with_parent(parent):
    """Let this worker end within a second after its parent, in the middle of a cell too."""

    def watch():
        while os.getppid() == parent:
            time.sleep(1)
        os._exit(1)

    if os.name != "nt":  # where a process keeps the number of its parent
        threading.Thread(target=watch, daemon=True).start()
