"""Put a badge into the README that opens notebook 00 on Binder: ``badge.py OWNER/NAME``.

Run by the workflow "badge" on GitHub, or by whoever publishes a copy of the repository elsewhere.
"""

import re
import sys
from pathlib import Path

README = Path(__file__).parents[1] / "README.md"
START = "lab%2Ftree%2Fnotebooks%2F00-start-here.ipynb"
BADGE = "[![Open on Binder](https://mybinder.org/badge_logo.svg)]"


def with_badge(text, repository):
    """Return the README's text with the badge for a repository on GitHub below its title."""
    if not re.fullmatch(r"[\w.-]+/[\w.-]+", repository):
        raise SystemExit(f"Say which repository on GitHub: OWNER/NAME, got {repository!r}.")
    line = f"{BADGE}(https://mybinder.org/v2/gh/{repository}/HEAD?urlpath={START})"
    title, rest = text.split("\n\n", 1)
    if rest.startswith(BADGE):
        rest = rest.split("\n\n", 1)[1]
    return "\n\n".join([title, line, rest])


if __name__ == "__main__":
    changed = with_badge(README.read_text(encoding="utf-8"), " ".join(sys.argv[1:]))
    README.write_text(changed, encoding="utf-8")
