"""A sheet: numbers, tables and pictures on one web page that needs nothing else, and follows sliders where it can.

    Sheet ──▶ HTML that is read as it is ── `sheet.css` (light, dark, paper)
       └─ a program in JavaScript, the numbers that follow it ── `sheet.js`: sliders, curves, the page's check of itself

A `Live` number is the output of the program at its slot. All text of the user's is escaped; the script holds numbers
alone. Knows no formula. Imports diagram, errors and page.
"""

import html
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from gradcalc.errors import caret_lines, visible
from gradcalc.show import diagram as diagrams
from gradcalc.show.diagram import Diagram
from gradcalc.show.page import Remark, Text

Interval = tuple[float, float]
Place = tuple[float, float]


class Live(NamedTuple):
    """A number that follows the sliders: its text now, its slot; how many digits are shown, 0 for all."""

    text: str
    slot: int | None
    precision: int = 6


class Typeset(NamedTuple):
    """A formula: its text, and its MathML, "" where it is shown as text."""

    text: str
    mathml: str = ""


class Proved(NamedTuple):
    """What was proved at the point of the sheet, and is not known elsewhere."""

    text: str
    tone: str = ""


Cell = str | Text | Live | Typeset | Proved


class Words(NamedTuple):
    """A paragraph."""

    cells: tuple[Cell, ...]
    kind: str = ""


class Grid(NamedTuple):
    """A table: a title for each column, its side, `r`, `l`, or `w` where it wraps; a label for who does not see it."""

    label: str
    titles: tuple[str, ...]
    sides: str
    rows: tuple[tuple[tuple[Cell, ...], ...], ...]


class Lines(NamedTuple):
    """Lines that keep their blanks."""

    text: str


class Fold(NamedTuple):
    """Parts that are seen when they are asked for."""

    title: str
    parts: tuple["Part", ...]
    is_open: bool = False


class Plot(NamedTuple):
    """A curve of one variable: over which numbers, which heights are in sight, its pieces; the point, its slope.

    Attributes:
        slider: the number of the slider that it is over.
        slope: where in the outputs its slope is.
    """

    name: str
    slider: int
    x: Interval
    y: Interval
    pieces: Sequence[Sequence[Place]]
    point: Place
    tangent: float
    slope: int | None


class Map(NamedTuple):
    """Lines of equal height over two variables, and the point: where the first two sliders are.

    Attributes:
        lines: each with its height, the lowest first.
    """

    names: tuple[str, str]
    x: Interval
    y: Interval
    lines: Sequence[tuple[float, Sequence[Place]]]
    point: Place


class Graph(NamedTuple):
    """A diagram; for each of its boxes and arrows, which slots its numbers have, line by line."""

    diagram: Diagram
    boxes: Mapping[str, tuple[int | None, ...]]
    arrows: tuple[int | None, ...]


Part = Words | Grid | Lines | Fold | Plot | Map | Graph | Remark


class Section(NamedTuple):
    """A part of the sheet with a heading; its name is that of its place."""

    name: str
    title: str
    parts: tuple[Part, ...]


class Slider(NamedTuple):
    """A variable: its name, its value as text and as a number, the ends of the slider."""

    name: str
    text: str
    value: float
    ends: Interval


class Check(NamedTuple):
    """What the program must come to at a point: of some slots the number, and how far off it may be."""

    at: tuple[float, ...]
    rows: tuple[tuple[int, float, float], ...]
    is_defined: bool = True


class Script(NamedTuple):
    """What moves the sheet.

    Attributes:
        program: text with the functions `values`, of which all live numbers are outputs, and `height`, the value alone.
        at: the inputs, those with a slider first.
        value, defined, kinked: slots; None where it is always defined, never on a kink.
    """

    program: str
    at: tuple[float, ...]
    value: int
    defined: int | None
    kinked: int | None
    checks: tuple[Check, ...]


@dataclass(frozen=True)
class Sheet:
    """A page.

    Attributes:
        formula: in the title.
        lead: below it.
        script: None where the sheet does not move, and `still` says why; else what has no slider, if anything.
        foot: how it was made.
    """

    formula: Typeset
    lead: tuple[Part, ...]
    sliders: tuple[Slider, ...]
    sections: tuple[Section, ...]
    script: Script | None
    still: str
    foot: str


def draw(sheet: Sheet) -> str:
    """The sheet as a document."""
    here = Path(__file__)
    moving = sheet.script is not None
    title = _text(sheet.formula.text if len(sheet.formula.text) < _TITLE else sheet.formula.text[:_TITLE] + "…")
    contents = " ".join(f'<a href="#{each.name}">{_text(each.title)}</a>' for each in sheet.sections)
    pieces = [
        "<!doctype html>",
        '<html lang="en">' if moving else '<html lang="en" data-selftest="none">',
        '<head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">',
        '<meta name="color-scheme" content="light dark">',
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">',
        f'<link rel="icon" href="data:,"><title>{title}: gradcalc</title>',
        f"<style>\n{_short(here.with_suffix('.css'))}</style></head>",
        '<body><a class="skip" href="#main">to the numbers</a>',
        '<header><p class="kicker">gradcalc report</p>',
        _wide("The formula", f'<h1><span class="unseen">Report of </span>{_formula(sheet.formula)}</h1>'),
        *map(_part, sheet.lead),
        f'<nav aria-label="Parts">{contents}</nav></header>',
        f'<div class="body">{_controls(sheet)}<main id="main">',
    ]
    for section in sheet.sections:
        pieces.append(f'<section aria-labelledby="{section.name}"><h2 id="{section.name}">{_text(section.title)}</h2>')
        pieces += map(_part, section.parts)
        pieces.append("</section>")
    pieces.append(f"</main></div><footer><p>{_text(sheet.foot)}</p></footer>")
    if sheet.script is not None:
        pieces.append(f"<script>\n{_script(sheet.script)}\n{_short(here.with_suffix('.js'))}</script>")
    return "\n".join([*pieces, "</body></html>", ""])


_TITLE = 100
_POLICY = "connect-src 'none'; font-src 'none'; frame-src 'none'; img-src data:; media-src 'none'; object-src 'none'"
"""That the page asks for nothing is held by the browser too."""


def _short(path: Path) -> str:
    """A file without its comments and indentation."""
    lines = (line.strip() for line in path.read_text(encoding="utf-8").splitlines())
    return "".join(f"{line}\n" for line in lines if line and not line.startswith(("//", "/*")))


# -- text --------------------------------------------------------------------------------------------------------------


def _text(text: str) -> str:
    return html.escape(visible(text, keep="\n"), quote=True)


def _cell(cell: Cell) -> str:
    if isinstance(cell, Live):
        if cell.slot is None:
            return _text(cell.text)
        precision = "" if cell.precision == 6 else f" data-p={cell.precision}"
        return f"<data data-v={cell.slot}{precision}>{_text(cell.text)}</data>"
    if isinstance(cell, Typeset):
        return _formula(cell)
    if isinstance(cell, str):
        return _text(cell)
    tones = [*cell.tone.split(), *(["proved"] if isinstance(cell, Proved) else [])]
    return f'<span class="{" ".join(tones)}">{_text(cell.text)}</span>' if tones else _text(cell.text)


def _formula(formula: Typeset) -> str:
    if not formula.mathml:
        return f"<code>{_text(formula.text)}</code>"
    return f"<math displaystyle=true>{formula.mathml}</math>"


def _part(part: Part) -> str:
    if isinstance(part, Words):
        kind = f' class="{part.kind}"' if part.kind else ""
        return f"<p{kind}>{''.join(map(_cell, part.cells))}</p>"
    if isinstance(part, Grid):
        return _grid(part)
    if isinstance(part, Lines):
        return f'<pre tabindex="0">{_text(part.text)}</pre>'
    if isinstance(part, Fold):
        opened, title, inner = " open" if part.is_open else "", _text(part.title), "".join(map(_part, part.parts))
        return f"<details{opened}><summary>{title}</summary>{_wide(title, inner)}</details>"
    if isinstance(part, Plot):
        return _plot(part)
    if isinstance(part, Map):
        return _map(part)
    if isinstance(part, Graph):
        return _graph(part)
    carets = Lines("\n".join(caret_lines(part.text, part.span))) if part.span else None
    return (
        f'<p class="proved note"><b>{_text(part.label)}:</b> {_text(part.message)}</p>{_part(carets) if carets else ""}'
    )


_SIDES = {"l": "", "r": " class=r", "w": " class=w"}


def _grid(grid: Grid) -> str:
    """A table; end tags that HTML does not need are left out."""
    head = "".join(
        f"<{'th scope=col' if title else 'td'}{_SIDES[side]}>{_text(title)}"
        for title, side in zip(grid.titles, grid.sides, strict=True)
    )
    rows = []
    for row in grid.rows:
        first, *others = (("".join(map(_cell, cells)), side) for cells, side in zip(row, grid.sides, strict=True))
        name = next((f' aria-label="{_text(c.text)}"' for c in row[0] if isinstance(c, Typeset)), "")
        rows.append(f"<tr><th scope=row{name}>{first[0]}" + "".join(f"<td{_SIDES[s]}>{c}" for c, s in others))
    body = "\n".join(rows)
    return _wide(_text(grid.label), f"<table><thead><tr>{head}<tbody>\n{body}</table>")


def _wide(label: str, inner: str) -> str:
    """What may be wider than the page, and then is moved, by keys too."""
    return f'<div class="wide" role="region" tabindex="0" aria-label="{label}">{inner}</div>'


# -- sliders -----------------------------------------------------------------------------------------------------------


def _controls(sheet: Sheet) -> str:
    """A slider and a field for each variable; without the script they do nothing, and are not to be touched."""
    if sheet.script is None or not sheet.sliders:
        return f'<aside aria-label="The point"><p class="still">{_text(sheet.still)}</p></aside>'
    rows = []
    for count, slider in enumerate(sheet.sliders):
        name, (low, high) = _text(slider.name), slider.ends
        ends = f'min="{low!r}" max="{high!r}" step="any" value="{slider.text}"'
        rows.append(
            f'<div class="slider"><label for="s{count}">{name}</label>'
            f'<input type="number" id="n{count}" step="any" value="{slider.text}" aria-label="{name}, as a number" '
            "disabled>"
            f'<input type="range" id="s{count}" {ends} disabled>'
            f'<span class="ends"><span>{_short_number(low)}</span><span>{_short_number(high)}</span></span></div>'
        )
    return (
        '<aside aria-label="Move the point"><form autocomplete="off">'
        + "".join(rows)
        + (f'<p class="still">{_text(sheet.still)}</p>' if sheet.still else "")
        + '<button type="button" id="reset" disabled>back to the point</button></form>'
        '<p id="state" role="status"></p>'
        '<noscript><p class="still">Without JavaScript the numbers stay at the point.</p></noscript></aside>'
    )


def _short_number(value: float) -> str:
    return f"{value + 0.0:.6g}"


# -- pictures ----------------------------------------------------------------------------------------------------------

_WIDTH, _HEIGHT, _LEFT, _RIGHT, _TOP, _BOTTOM = 360, 220, 52, 350, 10, 190
"""The picture of a curve, and where in it the curve is: `sheet.js` has the same."""


def _place(value: float, side: Interval, low: int, high: int) -> float:
    """Where in a picture a number of a side is: at `low` the first, at `high` the last."""
    return low + (value - side[0]) / (side[1] - side[0]) * (high - low)


def _plot(plot: Plot) -> str:
    """A curve over its range: ends of the axes, zero, the tangent and the point."""

    def across(x: float) -> float:
        return _place(x, plot.x, _LEFT, _RIGHT)

    def up(y: float) -> float:
        return min(max(_place(y, plot.y, _BOTTOM, _TOP), -_FAR), _FAR)

    def path(places: Sequence[Place]) -> str:
        """A line through places; those that are not told from the one before are left out."""
        seen: list[Place] = []
        for x, y in places:
            place = across(x), up(y)
            if len(seen) > 1 and math.dist(seen[-1], place) < _DOT and math.dist(seen[-2], seen[-1]) < _DOT:
                seen.pop()
            seen.append(place)
        return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in seen)

    name = _text(plot.name)
    curve = "".join(path(piece) for piece in plot.pieces if piece)
    (x, y), ends = plot.point, plot.x
    shown = math.isfinite(y) and math.isfinite(plot.tangent)
    tangent = path([(end, y + plot.tangent * (end - x)) for end in ends]) if shown else ""
    place = (f"{across(x):.1f}", f"{up(y):.1f}") if math.isfinite(y) else ("-99", "-99")
    zero = up(0.0) if plot.y[0] < 0 < plot.y[1] else -99.0
    slope = "" if plot.slope is None else f' data-d="{plot.slope}"'
    said = f"The formula over {name} from {_short_number(ends[0])} to {_short_number(ends[1])}, with its tangent"
    lines = f'<path class="tangent" d="{tangent}"/><path class="f" d="{curve}"/>'
    zero_line = f'<path class="zero" d="M{_LEFT} {zero:.1f}H{_RIGHT}"/>'
    return (
        f'<figure class="plot" data-i="{plot.slider}"{slope}>'
        + _framed(said, zero_line, lines, place, plot.x, plot.y)
        + f'<text x="{(_LEFT + _RIGHT) / 2:.0f}" y="{_BOTTOM + 18}" class="name">{name}</text></svg></figure>'
    )


def _framed(said: str, below: str, lines: str, place: tuple[str, str], x: Interval, y: Interval) -> str:
    """A picture that is not closed yet: axes with their ends, lines within them, and a dot."""
    return (
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{said}">'
        f'<path class="axes" d="M{_LEFT} {_TOP}V{_BOTTOM}H{_RIGHT}"/>{below}'
        f'<svg x="{_LEFT}" y="{_TOP}" width="{_RIGHT - _LEFT}" height="{_BOTTOM - _TOP}" '
        f'viewBox="{_LEFT} {_TOP} {_RIGHT - _LEFT} {_BOTTOM - _TOP}" class="inner">{lines}</svg>'
        f'<circle r="4" cx="{place[0]}" cy="{place[1]}"/>'
        f'<text x="{_LEFT - 6}" y="{_TOP + 9}" class="end high">{_axis(y[1])}</text>'
        f'<text x="{_LEFT - 6}" y="{_BOTTOM}" class="end low">{_axis(y[0])}</text>'
        f'<text x="{_LEFT}" y="{_BOTTOM + 18}" class="from">{_axis(x[0])}</text>'
        f'<text x="{_RIGHT}" y="{_BOTTOM + 18}" class="end to">{_axis(x[1])}</text>'
    )


def _map(map_: Map) -> str:
    """Lines of equal height, the higher the stronger; its number on its longest line, where there is room."""
    paths: dict[float, str] = {}
    longest: dict[float, Sequence[Place]] = {}
    for height, line in map_.lines:
        paths[height] = paths.get(height, "") + _smooth([_pixels(place, map_) for place in line])
        longest[height] = max(longest.get(height, ()), line, key=len)
    heights = list(paths)
    while len(heights) > 1 and sum(len(paths[height]) for height in heights) > _MAP:
        heights = heights[::2]
    pieces = []
    places: list[Place] = []
    for count, height in enumerate(heights):
        share = count / max(len(heights) - 1, 1)
        pieces.append(f'<path class="level" style="opacity:{0.3 + 0.7 * share:.2f}" d="{paths[height]}"/>')
        x, y = _pixels(longest[height][len(longest[height]) // 2], map_)
        alone = all(abs(x - u) > _ROOM[0] or abs(y - v) > _ROOM[1] for u, v in places)
        if alone and _LEFT + _ROOM[0] / 2 < x < _RIGHT - _ROOM[0] / 2 and _TOP + _ROOM[1] < y:
            places.append((x, y))
            pieces.append(f'<text class="height" x="{x:.0f}" y="{y + 3:.0f}">{_axis(height)}</text>')
    x, y = _pixels(map_.point, map_)
    first, second = map(_text, map_.names)
    said = f"Lines of equal height over {first} and {second}, and the point"
    return (
        '<figure class="plot map">'
        + _framed(said, "", "".join(pieces), (f"{x:.1f}", f"{y:.1f}"), map_.x, map_.y)
        + f'<text x="{(_LEFT + _RIGHT) / 2:.0f}" y="{_BOTTOM + 18}" class="name">{first}</text>'
        f'<text x="{_LEFT - 20}" y="{(_TOP + _BOTTOM) / 2:.0f}" class="name">{second}</text></svg></figure>'
    )


def _pixels(place: Place, map_: Map) -> Place:
    return _place(place[0], map_.x, _LEFT, _RIGHT), _place(place[1], map_.y, _BOTTOM, _TOP)


def _smooth(places: Sequence[Place]) -> str:
    """A line without the places that are no further than an eye sees from the straight one (Douglas and Peucker)."""
    kept, stack = {0, len(places) - 1}, [(0, len(places) - 1)]
    while stack:
        first, last = stack.pop()
        (a, b), (c, d) = places[first], places[last]
        length = math.hypot(c - a, d - b)
        away = [
            abs((c - a) * (y - b) - (d - b) * (x - a)) / length if length > 0.0 else math.hypot(x - a, y - b)
            for x, y in places[first + 1 : last]
        ]
        if away and max(away) > _EYE:
            middle = first + 1 + away.index(max(away))
            kept.add(middle)
            stack += [(first, middle), (middle, last)]
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in map(places.__getitem__, sorted(kept)))


_ROOM = (30, 11)
"""Pixels that a number takes."""
_EYE, _MAP = 0.35, 20_000
"""How far from a line a place may be, in pixels; characters of all lines of a map: of more every second is left out."""
_FAR, _DOT = 2_000.0, 1.5


def _axis(value: float) -> str:
    return f"{value + 0.0:.3g}"


def _graph(graph: Graph) -> str:
    """A diagram as Graphviz lays it out, drawn in the colours of the page; a tree without Graphviz."""
    if not diagrams.can_draw():
        return _part(Lines(diagrams.tree(graph.diagram)))
    layout = [line.split(" ") for line in diagrams.drawn(graph.diagram, "plain").decode().splitlines()]
    (width, height), unit = map(float, layout[0][2:4]), 72.0
    pieces: list[str] = []
    boxes = {box.name: box for box in graph.diagram.boxes}
    labels = {(arrow.start, arrow.end): [] for arrow in graph.diagram.arrows}  # type: ignore[var-annotated]
    for arrow, slot in zip(graph.diagram.arrows, graph.arrows, strict=True):
        labels[arrow.start, arrow.end].append((arrow.label, slot))
    for words in layout:
        if words[0] == "edge":
            pieces.append(_arrow(words, labels, height, unit))
    for words in layout:
        if words[0] == "node":
            x, y, w, h = (float(each) * unit for each in words[2:6])
            box = boxes[words[1].strip('"')]
            pieces.append(_box(box, graph.boxes.get(box.name, ()), (x - w / 2, height * unit - y - h / 2, w, h)))
    size = f"{width * unit + 8:.0f}", f"{height * unit + 8:.0f}"
    drawn = (
        '<svg class="graph" role="img" '
        f'aria-label="The computation graph: {len(boxes)} nodes" width="{size[0]}" height="{size[1]}" '
        f'viewBox="-4 -4 {size[0]} {size[1]}"><defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" '
        'markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0L8 4L0 8z"/></marker></defs>'
        + "".join(pieces)
        + "</svg>"
    )
    return _wide("The computation graph", drawn)


def _arrow(
    words: Sequence[str], labels: Mapping[tuple[str, str], list[tuple[str, int | None]]], height: float, unit: float
) -> str:
    """An edge of the layout: a curve, and the number on it."""
    start, end, count = words[1].strip('"'), words[2].strip('"'), int(words[3])
    numbers = [float(word) * unit for word in words[4 : 4 + 2 * count]]
    places = [f"{x:.0f} {height * unit - y:.0f}" for x, y in zip(numbers[::2], numbers[1::2], strict=True)]
    label, slot = labels[start, end].pop(0)
    drawn = f'<path class="arrow" d="M{places[0]}C{" ".join(places[1:])}"/>'
    if not label:
        return drawn
    sign, _, number = label.rpartition(" ")
    x, y = (float(word) * unit for word in words[-4:-2])
    return f'{drawn}<text class="on" x="{x:.0f}" y="{height * unit - y + 3:.0f}">{sign} {_span(number, slot)}</text>'


def _box(box: diagrams.Box, slots: Sequence[int | None], place: tuple[float, float, float, float]) -> str:
    """A node of the layout: a frame, and its lines, the last word of each a number that may move."""
    x, y, width, height = place
    text = []
    for count, line in enumerate(box.lines):
        slot = slots[count] if count < len(slots) else None
        words, _, number = line.rpartition(" ")
        shown = _text(line) if slot is None else f"{_text(words)} {_span(number, slot)}"
        down = y + height / 2 + 14 * (count - (len(box.lines) - 1) / 2) + 4
        text.append(f'<tspan x="{x + width / 2:.0f}" y="{down:.0f}">{shown}</tspan>')
    frame = f'<rect x="{x:.0f}" y="{y:.0f}" width="{width:.0f}" height="{height:.0f}" rx="4"/>'
    return f'<g class="box {box.kind}">{frame}<text>{"".join(text)}</text></g>'


def _span(number: str, slot: int | None) -> str:
    return _text(number) if slot is None else f"<tspan data-v={slot} data-p=4>{_text(number)}</tspan>"


# -- the script --------------------------------------------------------------------------------------------------------


def _script(script: Script) -> str:
    """The program and its numbers: no text of the user's is in them."""
    checks = [{"at": each.at, "rows": each.rows, "defined": each.is_defined} for each in script.checks]
    data = {
        "at": script.at, "value": script.value, "defined": script.defined, "kinked": script.kinked, "checks": checks,
    }  # fmt: skip
    return f'"use strict";\n{_dense(script.program)}\nconst DATA = {json.dumps(data, separators=(",", ":"))};'


def _dense(program: str) -> str:
    """A program that was printed, without blanks that it does not need: no text of others is in it."""
    for sign in ("=", "+", "-", "*", "/", "<", "<=", ">", ">=", "===", "!==", "&&", "||", "?", ":"):
        program = program.replace(f" {sign} ", sign)
    return program.replace(";\nconst ", ",\n")
