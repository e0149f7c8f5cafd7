"""Cut the exercises of each notebook from its solutions: one source for questions and answers.

In ``notebooks/solutions/NN-….ipynb`` the cells with the tag "exercise" are the questions, in words,
and the answers with their checks, in code. ``notebooks/NN-….ipynb`` has two cells with this tag:
all the questions, and all the code less the answers, which are whatever is called ``my_…``.
"""

import ast
import sys
from pathlib import Path

import nbformat

FOLDER = Path(__file__).parents[1] / "notebooks"


def cut(sources):
    """Return one cell of code without the answers, the checks at its end."""
    parts, checks = [], []
    for source in sources:
        lines = source.split("\n")
        for node in ast.parse(source).body:
            text = "\n".join(lines[node.lineno - 1 : node.end_lineno])
            if isinstance(node, ast.FunctionDef) and node.name.startswith("my_"):
                head = lines[node.lineno - 1 : node.body[0].lineno - 1]
                parts.append("\n".join(["", "", *head, "    return None", "", ""]))
            elif isinstance(node, ast.Assign) and text.startswith("my_"):
                parts.append(f"{ast.unparse(node.targets[0])} = None")
            else:
                (checks if text.startswith("exercises.") else parts).append(text)
    start = "\n".join(parts).strip("\n").replace("\n" * 5, "\n" * 3)
    gap = "\n\n\n" if start.endswith("    return None") else "\n\n"
    return start + gap * bool(start) + "\n".join(checks)


def tagged(notebook, kind):
    """Return the cells with the tag "exercise" that are of a kind, "markdown" or "code"."""
    cells = [cell for cell in notebook.cells if "exercise" in cell.metadata.get("tags", ())]
    return [cell for cell in cells if cell.cell_type == kind]


def exercises(path):
    """Return the questions and the code that the notebook of these solutions should have."""
    solutions = nbformat.read(path, as_version=4)
    questions, code = ([c.source for c in tagged(solutions, k)] for k in ("markdown", "code"))
    # links start in the folder of the solutions
    return "\n\n".join(["## Check yourself", *questions]).replace("](../", "]("), cut(code)


def main(paths):
    """Bring the notebooks up to date; say which ones have to be run."""
    for path in paths:
        target = FOLDER / path.name
        notebook = nbformat.read(target, as_version=4)
        cells = [cell for kind in ("markdown", "code") for cell in tagged(notebook, kind)]
        sources = exercises(path)
        if [cell.source for cell in cells] != [*sources]:
            for cell, source in zip(cells, sources, strict=True):
                cell.source = source
            nbformat.write(notebook, target)
            print(f"notebooks/{path.name} has new exercises: run it")


if __name__ == "__main__":
    main(map(Path, sys.argv[1:] or sorted((FOLDER / "solutions").glob("[!.]*.ipynb"))))
