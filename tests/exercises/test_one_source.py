"""Exercises and solutions come from one source, and both are up to date."""

import nbformat
import pytest
from helpers import ROOT

from tools.cut_exercises import cut, exercises, tagged

SOLUTIONS = sorted((ROOT / "notebooks" / "solutions").glob("[!.]*.ipynb"))
each = pytest.mark.parametrize("path", SOLUTIONS, ids=lambda path: path.stem)


def read(path):
    return nbformat.read(path, as_version=4)


@each
def test_the_exercises_of_the_notebook_are_those_of_its_solutions(path):
    notebook = read(path.parents[1] / path.name)
    cells = [cell for kind in ("markdown", "code") for cell in tagged(notebook, kind)]
    assert [cell.source for cell in cells] == [*exercises(path)], "run `make exercises`"


@each
def test_as_stored_every_solution_is_right_and_no_exercise_is_answered(path):
    """And nbval holds what is stored against a new run."""
    for name, verdicts in ((path, ["Right."]), (path.parents[1] / path.name, ["Your", "Not yet"])):
        cells = tagged(read(name), "code")
        said = [out.get("text", "") for cell in cells for out in cell.outputs]
        lines = "".join(said).splitlines()
        assert len(lines) == sum(cell.source.count("exercises.") for cell in cells) > 0
        assert [line for line in lines if not line.startswith(tuple(verdicts))] == []


def test_answers_are_cut_and_checks_come_last():
    sources = ["x = 3", "my_factor = 2 * x\nexercises.check(my_factor)", "exercises.look(panel)"]
    assert cut(sources) == (
        "x = 3\nmy_factor = None\n\nexercises.check(my_factor)\nexercises.look(panel)"
    )
    function = "def my_kernel(x, y):\n    phi = x @ y\n    return phi / 2"
    sources.insert(1, f"{function}\n\n\nexercises.compare(my_kernel)")
    assert cut(sources) == (
        "x = 3\n\n\ndef my_kernel(x, y):\n    return None\n\n\nmy_factor = None\n\n"
        "exercises.compare(my_kernel)\nexercises.check(my_factor)\nexercises.look(panel)"
    )
