"""The table of the note (site/coverage.md): complete, and every place in it is there."""

import json
import re
from pathlib import Path

import pytest
from mdit_py_plugins.anchors.index import slugify

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "site" / "coverage.md").read_text(encoding="utf-8")
ROWS = [row for row in re.findall(r"(?m)^\| (.*) \| (.*) \| (.*) \|$", PAGE) if "---" not in row[0]]
LINKS = re.findall(r"\]\(([^)#]+)(?:#([^)]+))?\)", PAGE)

# What the note numbers, and the sections with claims beside their numbered things.
NUMBERED = [f"Eq. ({k})" for k in range(1, 8)]
NUMBERED += [f"Figure {k}" for k in ("1(a)", "1(b)", "1(c)", "2", "3", "4", "5", "6(a)", "6(b)")]
NUMBERED += ["Assumption 3.1", "Theorem 3.2", "Lemma 3.3", "Theorem 3.4", "Lemma A.1", "Appendix B"]
NUMBERED += [f"Footnote {k}" for k in range(1, 8)]
SECTIONS = ["1", "1.1", "2.1", "2.2", "3.2", "3.3", "4.1", "4.2.1", "4.2.2", "6"]


def headings(path):
    """Return the anchors of the headings of a page or a notebook."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".ipynb":
        cells = json.loads(text)["cells"]
        text = "\n".join("".join(c["source"]) for c in cells if c["cell_type"] == "markdown")
    return {slugify(title) for title in re.findall(r"(?m)^#{1,3} (.*)$", text)}


@pytest.mark.parametrize("thing", NUMBERED + [f"Section {k}:" for k in SECTIONS])
def test_the_table_has_a_row_for_everything_in_the_note(thing):
    rows = [row for row in ROWS if row[0].startswith(thing)]
    assert rows
    kinds = ("interactive", "computed", "words", "function to write")
    assert all(any(kind in row[2] for kind in kinds) for row in rows)


@pytest.mark.parametrize(("target", "anchor"), sorted(set(LINKS)))
def test_every_place_in_the_table_is_there(target, anchor):
    folder = ROOT / "site" if target.endswith(".md") else ROOT
    assert anchor in headings(folder / target) | {""}
