"""Requests to the calculator, answered as the command answers them; runs in a worker of the playground.

    {"formula": "x^2", "at": "x=1", "views": ["grad", "tape"], "symbolic": false}
    {"grad": {"code": 0, "said": "", "json": "{...}", "html": "..."}, "tape": ...}

`said` is what the command writes to standard error, a caret under the formula included; `json` its line with `--json`.
"""

import io
import json
import sys
from contextlib import redirect_stderr, redirect_stdout
from typing import Any

from gradcalc.cli import main
from gradcalc.cli.write import dumped_in_parts, heard
from gradcalc.show.answer import Answer
from gradcalc.show.html import fragment
from gradcalc.show.page import Rest, small

_REST = Rest(*["the command shows all"] * 3)
_SYMBOLIC = ("grad", "hessian")
"""The commands that hear SymPy."""


def answered(request: str) -> str:
    """The answers to a request, one for each view."""
    asked = json.loads(request)
    return json.dumps({view: _view(view, asked) for view in asked["views"]})


def words(view: str, asked: dict[str, Any]) -> list[str]:
    """The words of the command line."""
    at = ["--at", asked["at"]] if asked["at"].strip() else []
    alone = ["--no-symbolic"] if view in _SYMBOLIC and not asked["symbolic"] else []
    return [view, *at, *alone, "--format", "html", "--", asked["formula"]]


def _view(view: str, asked: dict[str, Any]) -> dict[str, Any]:
    """What one command answers."""
    found: list[Answer] = []

    def listen(answer: Answer) -> Answer:
        found.append(answer)
        return answer

    said, before = io.StringIO(), sys.stdin
    sys.stdin = io.TextIOWrapper(io.BytesIO())  # a formula "-" is read from here
    try:
        with redirect_stdout(io.StringIO()), redirect_stderr(said), heard(listen):
            code = main(words(view, asked))
    finally:
        sys.stdin = before
    return {"code": int(code), "said": said.getvalue(), **(_shown(found[0]) if found else {})}


def _shown(answer: Answer) -> dict[str, Any]:
    """An answer as data and as a part of a page; a graph in Graphviz's language too."""
    shown = {"json": "".join(dumped_in_parts(answer.to_dict())), "html": fragment(small(answer.page(), _REST))}
    diagram = getattr(answer, "diagram", None)
    if diagram is not None:
        from gradcalc.show.diagram import dot

        shown["dot"] = dot(diagram)
    return shown
