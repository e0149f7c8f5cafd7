"""A notebook is read in one go: at most 1,200 words, formulas and code not counted."""

import json
import re
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "notebooks"
NAMES = ["00-start-here", "01-two-regimes", "02-tangent-model", "03-kernels"]
NAMES += ["04-lazy-theorem", "07-population-loss", "08-what-breaks-laziness"]
NO_WORDS = r"\$\$.*?\$\$|\$[^$]*\$|`[^`]*`|\]\([^)]*\)|<[^>]+>"


@pytest.mark.parametrize("name", NAMES)
def test_the_notebook_has_at_most_1200_words(name):
    cells = json.loads((FOLDER / f"{name}.ipynb").read_text(encoding="utf-8"))["cells"]
    prose = "\n".join("".join(c["source"]) for c in cells if c["cell_type"] == "markdown")
    prose = re.sub(NO_WORDS, " ", prose, flags=re.DOTALL)
    assert len(re.findall(r"[^\W\d_][\w’'-]*", prose)) <= 1200
