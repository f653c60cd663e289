"""The site: `sphinx-build -W docs site`. Nothing on its pages is loaded from elsewhere."""

import re
import sys
from pathlib import Path
from typing import Any

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1])]

import generated  # noqa: E402
from sphinx.domains.python import PyObject  # noqa: E402

from gradcalc import __version__  # noqa: E402
from gradcalc.show.answer import Answer  # noqa: E402

project = "gradcalc"
release = version = __version__
copyright = "the gradcalc authors, MIT licence"
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["package.md", "playground/*"]
myst_enable_extensions = ["deflist"]
myst_heading_anchors = 4
suppress_warnings = ["misc.highlighting_failure"]
language = "en"
smartquotes_action = "D"

html_theme = "furo"
html_title = "gradcalc"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_extra_path = ["schema.json"]
html_show_sourcelink = html_copy_source = False
html_theme_options = {"navigation_with_keys": False}
pygments_style, pygments_dark_style = "friendly", "github-dark"

autodoc_typehints, autodoc_typehints_format = "signature", "short"
autodoc_member_order = "bysource"
python_maximum_signature_line_length = 88
napoleon_use_ivar = True
napoleon_numpy_docstring = False

SPAN = re.compile(r"(``.+?``|`[^`]+`)", re.DOTALL)


def _as_rst(text: str) -> str:
    """A paragraph of Markdown: code in two backticks, no other mark."""
    parts = SPAN.split(text)
    for place, part in enumerate(parts):
        if place % 2:
            parts[place] = f"``{' '.join(part.strip('`').split())}``"
        else:
            parts[place] = re.sub(r"(\w)_(?!\w)", r"\1\\_", re.sub(r"([*|\\])", r"\\\1", part))
    return "".join(parts)


def docstring(app: Any, what: str, name: str, obj: Any, options: Any, lines: list[str]) -> None:
    """Docstrings are Markdown; paragraphs that are sessions of Python stay."""
    paragraphs = "\n".join(lines).split("\n\n")
    lines[:] = "\n\n".join(each if each.lstrip().startswith(">>>") else _as_rst(each) for each in paragraphs).split(
        "\n"
    )


def signature(
    app: Any, what: str, name: str, obj: Any, options: Any, told: str, returns: str
) -> tuple[str, None] | None:
    """Answers are made by functions: how they are put together is nobody's concern."""
    return ("", None) if what == "class" and issubclass(obj, Answer) else None


def playground(app: Any, error: Exception | None) -> None:
    """Assemble the playground beside the pages; where its parts cannot be had, a page says so in its place."""
    if error is None and app.builder.name == "html":
        from playground.build import place

        print(place(Path(app.outdir) / "playground"))


def setup(app: Any) -> None:
    """Write the generated pages before sources are looked for; attributes have their name."""
    for field in PyObject.doc_field_types:
        if field.name == "variable":
            field.label = "Attributes"  # Sphinx says Variables, which here are those of formulas
    app.connect("config-inited", lambda *_: generated.write())
    app.connect("autodoc-process-signature", signature)
    app.connect("autodoc-process-docstring", docstring, priority=100)
    app.connect("build-finished", playground)
