"""A notebook is read in one go: at most 1,200 words, formulas and code not counted."""

import json
import re
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "notebooks"
PATHS = sorted(FOLDER.glob("[!.]*.ipynb"))
NO_WORDS = r"\$\$.*?\$\$|\$[^$]*\$|`[^`]*`|\]\([^)]*\)|<[^>]+>"


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_the_notebook_has_at_most_1200_words(path):
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    prose = "\n".join("".join(c["source"]) for c in cells if c["cell_type"] == "markdown")
    prose = re.sub(NO_WORDS, " ", prose, flags=re.DOTALL)
    assert len(re.findall(r"[^\W\d_][\w’'-]*", prose)) <= 1200


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_the_notebook_leads_to_the_one_before_and_the_next(path):
    first, number = json.loads(path.read_text(encoding="utf-8"))["cells"][0], PATHS.index(path)
    for neighbor in (PATHS[max(number - 1, 0)], PATHS[min(number + 1, len(PATHS) - 1)]):
        assert neighbor == path or f"]({neighbor.name})" in "".join(first["source"])


@pytest.mark.parametrize("path", PATHS[1:], ids=lambda path: path.stem)
def test_the_first_page_lists_the_notebook(path):
    assert f"]({path.name})" in (FOLDER / "00-start-here.ipynb").read_text(encoding="utf-8")
