"""How experiments are run, kept and read: kills, interrupts, locks, and files gone wrong."""

import json
import os
import platform
import shutil
import signal
import subprocess
import sys

import numpy as np
import pytest
from helpers import DATA, ROOT, run_and_lose_a_worker

from lazylib.experiments import (
    WIDTH,
    Experiment,
    curves,
    data_folder,
    load,
    mean_and_error,
    run,
    stored,
)
from lazylib.experiments.__main__ import main

posix = pytest.mark.skipif(os.name == "nt", reason="Windows has other signals, links and modes")


def toy(cell=None, **changed):
    """Return an experiment of eight cells that takes no time; closures reach workers by value."""

    def plain(settings, draw, m):
        return {"end": (draw + 1) / m, "calls": draw, "path": np.array([m, np.pi])}

    settings = {"n": 3, "grid": {"draw": [0, 1], "m": [2, 4, 8, 12]}} | changed
    return Experiment("toy", cell or plain, lambda settings, draw, m: m, {"full": settings})


def never(settings, draw, m):
    raise AssertionError("a cell was computed")


@pytest.fixture
def file(tmp_path):
    return tmp_path / "toy.jsonl"


@pytest.fixture
def whole(file):
    """Return the content of the finished file, made by one process."""
    run(toy(), folder=file.parent, n_jobs=1)
    return file.read_bytes()


def lines(content):
    return [json.loads(line) for line in content.splitlines()]


def test_results_stand_in_the_order_of_grid_and_cell_with_eight_digits(file, whole):
    first, *cells = lines(whole)
    assert first == {"experiment": "toy", "settings": toy().scales["full"]}
    assert [(cell["draw"], cell["m"]) for cell in cells[:5]] == [
        (0, 2),
        (0, 4),
        (0, 8),
        (0, 12),
        (1, 2),
    ]
    assert cells[3]["end"] == 0.083333333 and cells[3]["path"] == [12, 3.1415927]
    results = load(file)
    assert list(results.values) == ["end", "calls", "path"]
    assert results.values["end"].shape == (2, 4) and results.values["path"].shape == (2, 4, 2)
    assert results.values["end"][1, 2] == 0.25


def test_two_processes_give_the_same_file_as_one(file, whole):
    file.unlink()
    run(toy(), folder=file.parent, n_jobs=2)
    assert file.read_bytes() == whole


def test_where_nothing_is_missing_nothing_is_computed_or_written(file, whole):
    """So a finished folder may be read-only."""

    def state():
        return [(p, p.stat().st_mtime_ns, p.stat().st_ino) for p in (file, file.parent)]

    before = state()
    (results,) = run(toy(never), folder=file.parent, n_jobs=1)
    assert state() == before
    assert np.isfinite(results.values["end"]).all()


def test_a_folder_that_cannot_be_written_to_is_said_before_anything_is_computed(
    file, whole, capsys
):
    with pytest.raises(OSError):
        run(toy(never), folder=file / "below a file", n_jobs=1)
    assert main(["width", "--folder", str(file / "below a file")]) == 1
    said = capsys.readouterr().err
    assert said.startswith("not possible: ") and said.count("\n") == 1


@posix
def test_a_linked_file_stays_a_link_and_its_mode_stays(file, whole):
    target = file.parent / "elsewhere" / "real.jsonl"
    target.parent.mkdir()
    target.write_bytes(b"".join(whole.splitlines(keepends=True)[:4]))
    target.chmod(0o640)
    file.unlink()
    file.symlink_to(target)
    run(toy(), folder=file.parent, n_jobs=1)
    assert file.is_symlink() and target.read_bytes() == whole
    assert target.stat().st_mode & 0o777 == 0o640


def test_cells_in_the_order_they_were_finished_are_put_in_the_order_of_the_grid(file, whole):
    """A run killed just before its end leaves a complete file, in another order."""
    first, *cells = whole.splitlines(keepends=True)
    file.write_bytes(b"".join([first, *reversed(cells)]))
    run(toy(never), folder=file.parent, n_jobs=1)
    assert file.read_bytes() == whole


def test_a_torn_last_line_is_ignored_with_a_warning(file, whole):
    for torn in (whole[:-40], whole[:-1]):
        file.write_bytes(torn)
        with pytest.warns(UserWarning, match="torn last line"):
            run(toy(), folder=file.parent, n_jobs=1)
        assert file.read_bytes() == whole


def test_missing_cells_are_nan_with_a_warning_and_have_no_mean(file, whole):
    """Not a silent NaN in a curve: `mean_and_error` and `curves` refuse them."""
    kept = whole.splitlines(keepends=True)
    file.write_bytes(b"".join([*kept[:4], *kept[5:]]))
    with pytest.warns(UserWarning, match="1 cells are missing"):
        results = load(file)
    assert np.isnan(results.values["end"]).sum() == 1 and np.isnan(results.values["end"][0, 3])
    with pytest.raises(ValueError, match="values must be finite"):
        mean_and_error(results.values["end"])
    with pytest.raises(ValueError, match="values must be finite"):
        curves(results)


def test_a_file_made_with_other_settings_is_refused_with_what_differs(file, whole):
    with pytest.raises(ValueError, match="other settings: n is 3 there and 4 here"):
        run(toy(never, n=4), folder=file.parent, n_jobs=1)
    assert file.read_bytes() == whole


@pytest.mark.parametrize(
    "content, word",
    [
        (b"tau,error\n0.1,0.2\n", "line 1 is not a line of results"),
        (b"\x89PNG\r\n\x1a\n\x00\xff\n", "line 1 is not a line of results"),
        (b'{"a": 1}\n', "line 1 is not a line of results"),
        (b'{"experiment": "toy", "settings": {}}\n', "line 1 is not a line of results"),
        (b'{"experiment": "toy", "settings": {"grid": [1]}}\n', "line 1 is not a line of results"),
        (b"[" * 100_000 + b"\n", "line 1 is not a line of results"),
        (b'{"experiment": "x", "settings": {"grid": {}}}\n', "holds the experiment 'x', not 'toy'"),
    ],
)
def test_a_foreign_file_is_refused_and_left_alone(file, content, word):
    file.write_bytes(content)
    with pytest.raises(ValueError, match=word):
        run(toy(never), folder=file.parent, n_jobs=1)
    assert file.read_bytes() == content


def test_an_empty_file_is_begun_anew_and_cannot_be_loaded(file, whole):
    file.write_bytes(b"")
    with pytest.raises(ValueError, match="line 1 is not a line of results"):
        load(file)
    run(toy(), folder=file.parent, n_jobs=1)
    assert file.read_bytes() == whole


@pytest.mark.parametrize(
    "changed, why",
    [
        ({"end": None}, "has end = None, which is no finite number"),
        ({"end": True}, "has end = True, which is no finite number"),
        ({"end": "0.5"}, "has end = '0.5', which is no finite number"),
        ({"end": float("nan")}, "has end = nan, which is no finite number"),
        ({"end": float("inf")}, "has end = inf, which is no finite number"),
        ({"path": [1, True]}, "has path = .*, which is no finite number"),
        ({"path": [[1], [1, 2]]}, "has path = .*, which is no finite number"),
        ({"path": []}, "has path = .*, which is no finite number"),
        ({"path": {"a": 1}}, "has path = .*, which is no finite number"),
        ({"path": 1.0}, "differs from the cells before it in path"),
        ({"path": [1, 2, 3]}, "differs from the cells before it in path"),
        ({"more": 1}, "differs from the cells before it in more"),
        ({"end": ...}, "differs from the cells before it in end"),
        ({"draw": ...}, "is not a line of results"),
        ({"draw": 77}, "is no cell of its grid"),
        ({"draw": False}, "is no cell of its grid"),
        ({"draw": [0]}, "is no cell of its grid"),
        ({"m": 2}, "repeats a cell"),
    ],
    ids=str,
)
def test_a_line_that_does_not_fit_is_refused_by_file_and_number(file, whole, changed, why):
    """Line 3, the cell of draw 0 and m = 4; `...` is left out."""
    text = whole.splitlines(keepends=True)
    cell = {k: v for k, v in (json.loads(text[2]) | changed).items() if v is not ...}
    file.write_bytes(b"".join([*text[:2], json.dumps(cell).encode() + b"\n", *text[3:]]))
    with pytest.raises(ValueError, match=f"toy.jsonl: line 3 {why}"):
        load(file)
    with pytest.raises(ValueError, match=f"toy.jsonl: line 3 {why}"):
        run(toy(never), folder=file.parent, n_jobs=1)


@pytest.mark.parametrize(
    "line", [b"[1, 2]", b"7", b'{"draw": 0, "m"', b'{"end": 1e999}', b"[" * 10**5]
)
def test_a_line_of_another_form_is_refused_by_file_and_number(file, whole, line):
    text = whole.split(b"\n")
    file.write_bytes(b"\n".join([*text[:2], line, *text[3:]]))
    with pytest.raises(ValueError, match="toy.jsonl: line 3 is not a line of results"):
        load(file)


def test_a_number_beyond_the_range_of_floats_is_refused(file, whole):
    """JSON's 1e999 reads as infinity, and whole numbers have no limit there."""
    for number in (b"1e999", b"1" + b"0" * 400):
        file.write_bytes(whole.replace(b'"end": 0.25', b'"end": ' + number, 1))
        with pytest.raises(ValueError, match="line 3 has end = .*, which is no finite number"):
            load(file)


@pytest.mark.parametrize(
    "values", [[1, 1], [1, 1.0], [], [None], [True, False], [[1]], 3, ["a", 1e999]]
)
def test_a_grid_of_anything_but_different_numbers_and_words_is_refused(file, values):
    """Equal values would be one cell, and "missing" for ever."""
    grid = {"draw": values, "m": [2]}
    with pytest.raises(
        ValueError, match="has a grid whose draw are not different numbers or words"
    ):
        run(toy(never, grid=grid), folder=file.parent, n_jobs=1)
    file.write_text(json.dumps({"experiment": "toy", "settings": {"grid": grid}}) + "\n")
    with pytest.raises(ValueError, match="line 1 has a grid whose draw are not"):
        load(file)


@pytest.mark.parametrize("value", [np.nan, None, "much", 1j, [[1], [1, 2]], {"a": 1}])
def test_what_a_cell_finds_is_checked_before_it_is_kept(file, value):
    def odd(settings, draw, m):  # the smallest m comes last
        return {"end": value if (draw, m) == (1, 2) else 1.0}

    with pytest.raises((ValueError, TypeError)):
        run(toy(odd), folder=file.parent, n_jobs=1)
    assert len(lines(file.read_bytes())) == 8, "the cells before are kept, and only they"


def test_arguments_of_a_run_are_refused_by_name(tmp_path):
    for experiments, options, name in [
        ([toy(never)], {"n_jobs": 0}, "n_jobs"),
        ([toy(never)], {"n_jobs": 1.5}, "n_jobs"),
        ([toy(never)], {"scale": "huge"}, "scale"),
        ([toy(never)], {"scale": "quick"}, "scale"),
        (["width"], {}, "experiments"),
        ([toy(never), toy(never)], {}, "experiments"),
    ]:
        with pytest.raises((ValueError, TypeError), match=f"^{name}"):
            run(*experiments, folder=tmp_path, **options)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_an_interrupted_cell_ends_the_run_and_is_not_kept(file, whole, n_jobs):
    """Trainers raise a KeyboardInterrupt; what was finished is kept, and the run goes on later."""
    file.unlink()

    def interrupted(settings, draw, m):
        if (draw, m) == (1, 2):
            raise KeyboardInterrupt
        return toy().cell(settings, draw, m)

    with pytest.raises(KeyboardInterrupt):
        run(toy(interrupted), folder=file.parent, n_jobs=n_jobs)
    assert {"draw": 1, "m": 2}.items() not in [c.items() for c in lines(file.read_bytes())]
    assert not (file.parent / ".running").exists()
    run(toy(), folder=file.parent, n_jobs=1)
    assert file.read_bytes() == whole


def test_a_second_run_in_one_folder_is_refused_with_who_is_at_work(file):
    """Its cell starts a second one."""

    def twice(settings, draw, m):
        run(toy(never), folder=file.parent, n_jobs=1)

    with pytest.raises(BlockingIOError, match=f"process {os.getpid()} on .* is at work in"):
        run(toy(twice), folder=file.parent, n_jobs=1)
    assert not (file.parent / ".running").exists()


@posix
def test_the_lock_of_a_process_that_is_gone_is_taken_over(file, whole):
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    lock = file.parent / ".running"
    file.unlink()
    for holder in (f"{ended.pid} on another computer", "", f"1 on {platform.node()}"):
        lock.write_text(holder)
        with pytest.raises(BlockingIOError, match="if it is not, delete .*running"):
            run(toy(never), folder=file.parent, n_jobs=1)
    for holder in (f"{ended.pid} on {platform.node()}", f"{10**30} on {platform.node()}"):
        lock.write_text(holder)
        run(toy(), folder=file.parent, n_jobs=1)
        assert file.read_bytes() == whole and not lock.exists()
        file.unlink()


SCRIPT = """
import os, signal, sys, threading
from lazylib.experiments import Experiment, __main__

def cell(settings, k):
    if (sent := os.environ.get("SEND")) and k == 5:
        os.kill(os.getppid() if sys.argv[2] == "2" else os.getpid(), getattr(signal, sent))
        threading.Event().wait(300)  # a long cell
    return {"value": 1 / (k + 3)}

settings = {"grid": {"k": list(range(8))}}
experiment = Experiment("toy", cell, lambda settings, k: 1.0, {"full": settings})
__main__.EXPERIMENTS = {"toy": experiment}
# a shell's background job inherits a deaf ear for Ctrl-C
signal.signal(signal.SIGINT, signal.default_int_handler)
sys.exit(__main__.main(["toy", "--folder", sys.argv[1], "--jobs", sys.argv[2]]))
"""


def script(folder, jobs, send=""):
    """Run the script; it ends when all that hold its output have, workers included."""
    command = [sys.executable, "-c", SCRIPT, str(folder), str(jobs)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "encoding": "utf-8"}
    with subprocess.Popen(command, env=os.environ | {"SEND": send}, **pipes) as process:
        try:
            said = process.communicate(timeout=60)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
    return process.returncode, *said


@posix
def test_a_killed_run_takes_its_workers_along_and_goes_on_to_the_same_file(tmp_path):
    """kill -9 of the parent, from a cell of five minutes: all is over within seconds."""
    code, _, _ = script(tmp_path, jobs=2, send="SIGKILL")
    assert code == -signal.SIGKILL
    kept = lines((tmp_path / "toy.jsonl").read_bytes())
    assert 1 < len(kept) < 9 and 5 not in [cell["k"] for cell in kept[1:]]
    assert script(tmp_path, jobs=2)[0] == 0
    (tmp_path / "other").mkdir()
    assert script(tmp_path / "other", jobs=1)[0] == 0
    assert (tmp_path / "toy.jsonl").read_bytes() == (tmp_path / "other" / "toy.jsonl").read_bytes()


@posix
@pytest.mark.parametrize("jobs", [1, 2])
def test_ctrl_c_ends_in_a_line_of_words_and_its_own_exit_code(tmp_path, jobs):
    code, _, said = script(tmp_path, jobs, send="SIGINT")
    assert code == 130
    assert "interrupted; the finished cells are kept" in said and "Traceback" not in said
    assert not (tmp_path / ".running").exists()


def test_the_command_runs_shows_its_progress_and_does_nothing_twice(tmp_path):
    command = [sys.executable, "-m", "lazylib.experiments", "width", "--scale", "quick"]
    command += ["--folder", str(tmp_path)]
    options = {"env": os.environ | {"TQDM_DISABLE": ""}, "capture_output": True, "timeout": 300}
    done = subprocess.run(command, **options, check=True)
    assert b"cells' estimated seconds" in done.stderr and done.stdout.startswith(b"done in ")
    grid = WIDTH.scales["quick"]["grid"]
    assert load(tmp_path / "width.jsonl").values["end"].shape == tuple(map(len, grid.values()))
    assert subprocess.run(command, **options, check=True).stdout == b"done in 0 s\n"


def test_the_help_names_the_experiments_and_their_times(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["--help"])
    said = " ".join(capsys.readouterr().out.split())
    assert ended.value.code == 0 and "[NAME ...]" in said
    assert "generalization, width, underparameterized; default: all" in said
    for name, time in (("generalization", "60 s"), ("width", "140 s"), ("underparam", "180 s")):
        assert time in said.partition("At full scale")[2].partition(name)[2]


@pytest.mark.parametrize(
    "wrong", [["--jobs", "0"], ["--jobs", "many"], ["hight"], ["--scale", "x"]]
)
def test_a_wrong_command_is_refused_in_words_with_exit_code_2(wrong, capsys):
    with pytest.raises(SystemExit) as ended:
        main(wrong)
    assert ended.value.code == 2
    assert wrong[-1] in capsys.readouterr().err


def test_stored_results_are_found_from_any_folder(tmp_path, monkeypatch):
    """The packages' own repository counts, whatever the working folder is; none is made."""
    monkeypatch.chdir(tmp_path)
    assert data_folder() == ROOT / "notebooks" / "data"
    np.testing.assert_array_equal(
        stored("width").values["end"], load(DATA / "width.jsonl").values["end"]
    )
    with pytest.raises(FileNotFoundError, match="lazylib.experiments hight` makes it"):
        stored("hight")
    assert list(tmp_path.iterdir()) == []


def test_away_from_any_repository_the_command_refuses_and_makes_no_folder(tmp_path):
    """The package elsewhere, as an index installs it; in a clone, the clone's folder is used."""
    shutil.copytree(ROOT / "lazylib", tmp_path / "site" / "lazylib")
    away, clone = tmp_path / "away", tmp_path / "clone" / "notebooks"
    away.mkdir()
    clone.mkdir(parents=True)
    (clone / "00-start-here.ipynb").touch()

    def python(where, *arguments):
        environment = os.environ | {"PYTHONPATH": str(tmp_path / "site")}
        command = [sys.executable, *arguments]
        return subprocess.run(command, cwd=where, env=environment, capture_output=True, text=True)

    refused = python(away, "-m", "lazylib.experiments", "width")
    assert refused.returncode == 1 and refused.stderr.startswith("not possible: there is no repos")
    assert list(away.iterdir()) == []
    code = "from lazylib.experiments import data_folder; print(data_folder())"
    assert python(clone, "-c", code).stdout.strip() == str(clone / "data")


def test_a_dask_cluster_that_loses_a_worker_gives_the_same_file(file, whole):
    file.unlink()
    run_and_lose_a_worker(toy(), file.parent, fatal={"draw": 1, "m": 8}, workers=3)
    assert file.read_bytes() == whole
