"""A diagram of boxes and arrows, as data, and its media: DOT, Mermaid, a tree of text; by Graphviz a picture.

    Diagram ──▶ dot, mermaid, tree: text of ours, the same bytes each time
       └─dot──▶ Graphviz's layout (pygraphviz, the extra `plot`) ──▶ SVG, PNG, PDF; HTML with the SVG in it

Knows nothing of what it shows. Imports errors and files; pygraphviz inside a function.
"""

import html
import logging
import os
import re
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from gradcalc.errors import UsageError, installed, library, visible
from gradcalc.files import check_writable, complete_file

PICTURES = (".svg", ".png", ".pdf", ".html")
TEXTS = (".dot", ".mmd")


@dataclass(frozen=True, slots=True)
class Box:
    """A box: its name, what it says line by line, and its kind: `input`, `derived`, `result`, `bad`, `faint`, none."""

    name: str
    lines: tuple[str, ...]
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Arrow:
    """An arrow from one box to another, and what stands on it."""

    start: str
    end: str
    label: str = ""


@dataclass(frozen=True, slots=True)
class Diagram:
    """Boxes, those first that others are made from; arrows between them; a title, and a note if some are left out."""

    title: str
    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]
    note: str = ""

    @property
    def caption(self) -> str:
        """The title with the note."""
        return f"{self.title}\n{self.note}" if self.note else self.title


_COLOURS = {
    "input": "#dbeafe",
    "result": "#dcfce7",
    "bad": "#fecaca",
    "faint": "#f3f4f6",
    "derived": "#fef3c7",
    "": "#ffffff",
}


def dot(diagram: Diagram) -> str:
    """The diagram in Graphviz's language."""
    lines = [
        "digraph {",
        f"  graph [rankdir=BT, label={_quoted(diagram.caption)}, labelloc=t, fontname=Helvetica];",
        '  node [shape=box, style="rounded,filled", fontname=Helvetica, fontsize=11];',
        "  edge [fontname=Helvetica, fontsize=9];",
    ]
    for box in diagram.boxes:
        border = ", color=red" if box.kind == "bad" else ""
        text = _quoted("\n".join(box.lines))
        lines.append(f'  {_quoted(box.name)} [label={text}, fillcolor="{_COLOURS[box.kind]}"{border}];')
    for arrow in diagram.arrows:
        label = f" [label={_quoted(arrow.label)}]" if arrow.label else ""
        lines.append(f"  {_quoted(arrow.start)} -> {_quoted(arrow.end)}{label};")
    return "\n".join([*lines, "}", ""])


def _quoted(text: str) -> str:
    escaped = visible(text, keep="\n").replace("\\", "\\\\").replace('"', '\\"')
    return '"' + escaped.replace("\n", "\\n") + '"'


def mermaid(diagram: Diagram) -> str:
    """The diagram in Mermaid's language, which web pages and forges draw."""
    names = {box.name: f"n{count}" for count, box in enumerate(diagram.boxes)}
    lines = ["---", f"title: {_entities(diagram.caption.replace(chr(10), ' '))}", "---", "flowchart BT"]
    for box in diagram.boxes:
        lines.append(f'  {names[box.name]}["{"<br/>".join(map(_entities, box.lines))}"]')
        if box.kind:
            lines.append(f"  style {names[box.name]} fill:{_COLOURS[box.kind]}")
    for arrow in diagram.arrows:
        label = f'|"{_entities(arrow.label)}"|' if arrow.label else ""
        lines.append(f"  {names[arrow.start]} -->{label} {names[arrow.end]}")
    return "\n".join([*lines, ""])


def _entities(text: str) -> str:
    """Text without what Mermaid reads as its own."""
    return "".join(c if c.isalnum() or c in " .,+-=()∂/" else f"#{ord(c)};" for c in visible(text))


def tree(diagram: Diagram) -> str:
    """The diagram as text: below each box those that it is made from; a box that came before is only named."""
    below: dict[str, list[Arrow]] = {box.name: [] for box in diagram.boxes}
    for arrow in diagram.arrows:
        below[arrow.end].append(arrow)
    boxes = {box.name: box for box in diagram.boxes}
    starts = {arrow.start for arrow in diagram.arrows}
    shown: set[str] = set()
    lines = [visible(diagram.note)] if diagram.note else []
    roots = [box.name for box in diagram.boxes if box.name not in starts]
    for root in reversed(roots):
        lines += _branch(root, boxes, below, shown)
    return "\n".join([*lines, ""])


def _branch(root: str, boxes: Mapping[str, Box], below: Mapping[str, list[Arrow]], shown: set[str]) -> Iterator[str]:
    stack = [(root, "", "", "")]
    while stack:
        name, first, rest, label = stack.pop()
        on = f"{label}: " if label else ""
        if name in shown:
            yield f"{first}{on}{name}, above"
            continue
        shown.add(name)
        box = boxes[name]
        mark = "  !" if box.kind == "bad" else ""
        yield visible(f"{first}{on}{'   '.join(box.lines)}{mark}")
        arrows = below[name]
        for count, arrow in reversed(list(enumerate(arrows))):
            is_last = count == len(arrows) - 1
            corner, bar = ("└─ ", "   ") if is_last else ("├─ ", "│  ")
            stack.append((arrow.start, rest + corner, rest + bar, arrow.label))


def check_file(path: Path) -> None:
    """Raise the error that `save` would end in, before the diagram is made.

    Raises:
        UsageError: a suffix that no medium has, or pygraphviz is absent (MissingExtra).
        FileError: the file cannot be written.
    """
    suffix = path.suffix.lower()
    if suffix not in PICTURES + TEXTS:
        shown = f"a file that ends in {path.suffix}" if path.suffix else "a file without a suffix"
        raise UsageError(
            f"a graph is drawn as {', '.join(PICTURES + TEXTS)}, not as {shown}", hint=f"-o {path.stem or 'graph'}.svg"
        )
    if suffix in PICTURES:
        library("pygraphviz", f"a graph as {suffix}")
    check_writable(path)


def save(diagram: Diagram, path: Path) -> None:
    """Write the diagram in the medium of the file's suffix; the file is complete or not there."""
    check_file(path)
    suffix = path.suffix.lower()
    if suffix in TEXTS:
        data = (dot if suffix == ".dot" else mermaid)(diagram).encode()
    elif suffix == ".html":
        data = page(diagram).encode()
    else:
        data = drawn(diagram, suffix.removeprefix("."))
    with complete_file(path) as name:
        name.write_bytes(data)


def drawn(diagram: Diagram, kind: str) -> bytes:
    """The diagram as Graphviz lays it out: `svg`, `png` or `pdf`."""
    pygraphviz = library("pygraphviz", "a picture of a graph")
    logging.getLogger("pygraphviz").setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with _muted():
            data: bytes = pygraphviz.AGraph(string=dot(diagram)).draw(format=kind, prog="dot")
    return _DATE.sub(rb"\g<1>19700101000000", data)  # the same bytes each time


@contextmanager
def _muted() -> Iterator[None]:
    """What C libraries write to standard error is dropped: the wheel's fontconfig minds settings of newer ones."""
    try:
        kept = os.dup(2)
    except OSError:  # there is no standard error
        yield
        return
    try:
        with open(os.devnull, "wb") as nowhere:
            os.dup2(nowhere.fileno(), 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


_DATE = re.compile(rb"(/CreationDate \(D:)\d{14}")


def can_draw() -> bool:
    """Whether pictures can be made: pygraphviz is there."""
    return installed("pygraphviz")


def page(diagram: Diagram) -> str:
    """A web page with the picture in it."""
    svg = drawn(diagram, "svg").decode()
    picture = svg[svg.index("<svg") :]
    title = html.escape(visible(diagram.title))
    return (
        f'<!DOCTYPE html>\n<html lang="en">\n<head><meta charset="utf-8"><title>{title}</title></head>\n'
        f"<body>\n{picture}</body>\n</html>\n"
    )
