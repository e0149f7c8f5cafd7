"""Sphinx's settings for `make site`: built and read without a network."""

import json
import os
import re
from html import escape
from importlib.metadata import version as installed

from docutils import nodes
from docutils.parsers.rst import directives
from latex2mathml.converter import convert
from sphinx.util.docutils import SphinxDirective

from tools import record_players  # with the root of the repository on the path

project = "Lazy training, live"
author = "The lazy-training-notebooks authors"
project_copyright = "the authors; prose and notebooks CC BY 4.0, code BSD 3-Clause"
version = release = installed("lazy-training-notebooks")
language = "en"

extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.autosummary", "sphinx.ext.napoleon"]
templates_path = ["_templates"]
exclude_patterns = ["_*", "**/.*"]
nitpicky = False

nb_execution_mode = "off"
nb_merge_streams = True
nb_ipywidgets_js = {}  # the panels are painted by the collection's own module
myst_enable_extensions = ["amsmath", "colon_fence", "deflist", "dollarmath", "html_image"]
myst_heading_anchors = 3
suppress_warnings = ["myst.header", "ref.python"]

autodoc_member_order = "bysource"
autodoc_typehints = "none"
napoleon_google_docstring = False
napoleon_use_ivar = True
napoleon_use_rtype = False
napoleon_preprocess_types = False

html_theme = "furo"
html_title = project
html_static_path = ["_static"]
html_favicon = "_static/icon.svg"
html_css_files = ["site.css"]
html_js_files = ["painter.js", "players.js"]
html_copy_source = False
html_show_sphinx = False
html_theme_options = {"navigation_with_keys": True, "top_of_page_buttons": []}
html_math_renderer = "mathml"


def _mathml(tex, display):
    kind = "block" if display else "inline"
    return convert(tex.replace(r"\!", ""), display=kind)


def inline_math(self, node):
    """Write a formula in the running text."""
    self.body.append(_mathml(node.astext(), display=False))
    raise nodes.SkipNode


def displayed_math(self, node):
    """Write a formula on lines of its own."""
    label = escape(node.astext(), quote=True)
    self.body.append(f'<div class="math" tabindex="0" role="group" aria-label="{label}">')
    self.body.append(_mathml(node.astext(), display=True) + "</div>")
    raise nodes.SkipNode


def spell_out(app, what, name, thing, options, lines):
    """Take bars, as in |b|a, and single stars, as in *shape, for what they are; examples stay."""

    def spell(part):
        return part if part[:2] == "``" else re.sub(r"\||\*(?=\w[^*]*$)", r"\\\g<0>", part)

    for i, line in enumerate(lines):
        if not line.lstrip().startswith((">>> ", "... ")):
            lines[i] = "".join(map(spell, re.split("(``.*?``)", line)))


def skip_aliases(app, what, name, thing, skipped, options):
    """Leave out a named tuple's fields: its docstring has said what they are."""
    return (getattr(thing, "__doc__", None) or "").startswith("Alias for field number") or None


class View(SphinxDirective):
    """A view of a panel: a link that opens it on these pages, the line that sets it, its words."""

    required_arguments = 3  # the notebook, the panel, the query of the address
    option_spec = {"says": directives.unchanged_required}
    has_content = True

    def run(self):
        page, panel, query = self.arguments
        address = f"../notebooks/{page}.html#{panel}?{escape(query)}"
        state = str(record_players.state_of(panel, query)).replace("'", '"')
        line = f"panel.state = {state}"
        words = nodes.container(classes=["lazylib-view"])
        self.state.nested_parse(self.content, self.content_offset, words)
        html = f'<p><a href="{address}">open this view</a> <code>{escape(line)}</code>'
        html += f" “… {escape(self.options['says'])} …”</p>"
        return [words, nodes.raw("", html, format="html")]


def setup(app):
    """Formulas become MathML, which browsers draw themselves."""
    app.add_html_math_renderer("mathml", (inline_math, None), (displayed_math, None))
    app.add_directive("view", View)
    app.connect("autodoc-process-docstring", spell_out)
    app.connect("autodoc-skip-member", skip_aliases)
    if repository := os.environ.get("GITHUB_REPOSITORY"):  # the workflow's own, or a fork's
        binder = f"https://mybinder.org/v2/gh/{repository}/HEAD?urlpath=lab/tree/notebooks/"
        app.add_js_file(None, body=f"window.lazylibBinder = {json.dumps(binder)};")
