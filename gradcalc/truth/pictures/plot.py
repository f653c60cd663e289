"""`plot`: a formula of one variable with its derivatives and tangents, of two with its contours and gradient.

    `plotting` ──▶ curves (`curve`) | surface (`surface`), points as in `grad` ──▶ Plot ──▶ Picture, page, JSON, CSV

A Plot is data, and says what is drawn of it; `show.plot` draws. Imports curve, surface, report and show.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from gradcalc.errors import ExitCode
from gradcalc.language.typeset import latex
from gradcalc.show import page as pages
from gradcalc.show import plot as media
from gradcalc.show.answer import SCHEMA, Answer, jsonable, number
from gradcalc.show.picture import Arrows, Curve, Layer, Marks, Panel, Picture
from gradcalc.truth.pictures.curve import Gap, Interval, Place, Sampled
from gradcalc.truth.pictures.surface import Surface
from gradcalc.truth.report import PointReport

NAMES = ("f", "df", "d2f")
"""The curves of one variable, and the ids of their groups in SVG."""
_UNSETTLED = 0.02
"""More than this part of the range undecided makes a picture incomplete."""
_LISTED = 8
"""Places that a line of a page names."""


@dataclass(frozen=True, slots=True)
class Kink:
    """A point of a curve with two slopes: near `at`, as the values beside it look; measured there where `exact`."""

    at: float
    value: float
    left: float
    right: float
    exact: bool

    def to_dict(self) -> dict[str, Any]:
        """The JSON form."""
        return {
            "at": self.at, "value": self.value, "left": number(self.left), "right": number(self.right),
            "exact": self.exact,
        }  # fmt: skip


@dataclass(frozen=True, eq=False, repr=False)
class Plot(Answer):
    """A formula as it looks over a range of one or two of its variables.

    Attributes:
        ranges: from where to where, by variable.
        fixed: the values of the other variables.
        points: what is known at the points asked for.
        curves: of one variable: the function, its derivative, and for order 2 the second one.
        dots: values alone, where no line is proved.
        surface: of two variables.
        marks: what else is marked, of any kind: critical points, say; lines and boxes too.
    """

    expression: str
    text: str
    ranges: Mapping[str, Interval]
    let: Mapping[str, Any]
    fixed: Mapping[str, Any]
    points: tuple[PointReport, ...]
    curves: tuple[Sampled, ...] = ()
    kinks: tuple[Kink, ...] = ()
    dots: tuple[Place, ...] = ()
    surface: Surface | None = None
    marks: tuple[Layer, ...] = ()

    # -- what it says ------------------------------------------------------------------------------------------------

    @property
    def is_empty(self) -> bool:
        """Whether nothing was found to draw."""
        return self.surface.is_empty if self.surface else not self.curves[0].pieces and not self.dots

    @property
    def unsettled(self) -> float:
        """The part of the range, from 0 to 1, of which nothing was proved."""
        if self.surface:
            return self.surface.unsettled
        ((low, high),) = self.ranges.values()
        return sum(gap.high - gap.low for gap in self.curves[0].gaps if gap.kind == "unsettled") / (high - low)

    @property
    def exit_code(self) -> ExitCode:
        """3 where there is no value anywhere or at a point, 1 where much was not settled, else 0."""
        if self.is_empty or any(point.value.verdict == "undefined" for point in self.points):
            return ExitCode.UNDEFINED
        return ExitCode.NO if self.unsettled > _UNSETTLED else ExitCode.DONE

    @property
    def aside(self) -> str:
        """That some of it is not drawn."""
        if self.exit_code != ExitCode.NO:
            return ""
        return f"{self.unsettled:.0%} of the range could not be settled: no line is drawn there"

    def to_dict(self) -> dict[str, Any]:
        """The answer as JSON-ready data."""
        return {
            "schema": SCHEMA,
            "command": "plot",
            "expression": self.expression,
            "variables": list(self.ranges),
            "let": jsonable(dict(self.let)),
            "fixed": jsonable(dict(self.fixed)),
            "range": {name: list(side) for name, side in self.ranges.items()},
            "points": [self._point(point) for point in self.points],
            **(self._surface_dict(self.surface) if self.surface else self._curves_dict()),
            "unsettled": self.unsettled,
            "empty": self.is_empty,
        }

    def _point(self, point: PointReport) -> dict[str, Any]:
        gradient = zip(self.ranges, point.gradient, strict=True)
        return {
            "at": jsonable(dict(point.at)),
            **({"at_exact": jsonable(dict(point.exact))} if point.exact else {}),
            "value": number(point.value.value),
            "gradient": {name: number(each.value) for name, each in gradient},
            "verdict": point.verdict,
            "notes": [note.to_dict() for note in point.notes],
        }

    def _curves_dict(self) -> dict[str, Any]:
        curves = [
            {
                "name": name,
                "pieces": [[[x, number(y)] for x, y in piece] for piece in curve.pieces],
                "gaps": [gap.to_dict() for gap in curve.gaps],
                "y": list(curve.y),
            }
            for name, curve in zip(NAMES, self.curves, strict=False)
        ]
        return {
            "curves": curves,
            "kinks": [kink.to_dict() for kink in self.kinks],
            "dots": [list(d) for d in self.dots],
        }

    def _surface_dict(self, surface: Surface) -> dict[str, Any]:
        heights = [[None if math.isnan(z) else z for z in row] for row in surface.heights.tolist()]
        grid = dict(zip(self.ranges, (surface.xs.tolist(), surface.ys.tolist()), strict=True))
        arrows = zip(surface.places, surface.slopes, strict=True)
        return {
            "heights": {**grid, "values": heights},
            "gradient": [{"at": list(place), "value": list(slope)} for place, slope in arrows],
            "undefined": surface.undefined,
        }

    def records(self) -> Iterator[Sequence[object]]:
        """The places that are drawn, the titles first: of curves with their piece, of a surface its grid."""
        if self.surface:
            yield *self.ranges, "value"
            for y, row in zip(self.surface.ys.tolist(), self.surface.heights.tolist(), strict=True):
                yield from ((x, y, z) for x, z in zip(self.surface.xs.tolist(), row, strict=True))
            return
        (variable,) = self.ranges
        yield "curve", "piece", variable, "value"
        for name, curve in zip(NAMES, self.curves, strict=False):
            for count, piece in enumerate(curve.pieces):
                yield from ((name, count, x, y) for x, y in piece)

    def page(self) -> pages.Page:
        """What the picture shows, in words: the ranges, the points, where it breaks."""
        blocks = pages.question(self.expression, latex, self.let)
        if self.fixed:
            blocks.append(pages.fact("at", pages.Formula(pages.point_text(self.fixed))))
        sides = ", ".join(f"{name} from {low:.6g} to {high:.6g}" for name, (low, high) in self.ranges.items())
        blocks.append(pages.fact("range", sides))
        if self.is_empty:
            blocks.append(pages.line(pages.Text("undefined everywhere in this range", "strong bad")))
        blocks += [pages.fact(label, places) for label, places in self._breaks()]
        if self.points:
            blocks.append(self._table())
        blocks.append(pages.Remarks(tuple(note.remark(self.text) for point in self.points for note in point.notes)))
        return pages.Page("plot", tuple(blocks))

    def _breaks(self) -> Iterator[tuple[str, str]]:
        """Where the curve has gaps and kinks, a line for each kind."""
        if self.surface or not self.curves:
            return
        (variable,) = self.ranges
        gaps = self.curves[0].gaps
        for kind, label in (("jump", "jumps"), ("point", "jumps"), ("pole", "poles"), ("hole", "holes")):
            if found := [f"{gap.at:.6g}" for gap in gaps if gap.kind == kind]:
                yield label, f"near {variable} = {_listed(found)}"
        if self.kinks:
            yield "kinks", f"near {variable} = {_listed([f'{kink.at:.6g}' for kink in self.kinks])}"
        for kind, label in (("undefined", "no value"), ("unsettled", "not settled")):
            if found := [f"{gap.low:.6g} to {gap.high:.6g}" for gap in gaps if gap.kind == kind]:
                yield label, f"{variable} from {_listed(found)}"

    def _table(self) -> pages.Table:
        derived = [f"df/d{name}" for name in self.ranges]
        columns = map(pages.Column, (*self.ranges, "value", *derived))
        return pages.Table((*columns, pages.Column("verdict", "word")), tuple(map(self._row, self.points)))

    def _row(self, point: PointReport) -> tuple[pages.Piece, ...]:
        """A point in the table."""
        at = [pages.value_text(point.given.get(name, "")) for name in self.ranges]
        numbers = [pages.number_text(each.value) for each in (point.value, *point.gradient)]
        tone = "good" if point.verdict == "agrees" else "doubt"
        return *at, *numbers, pages.Text(point.verdict, tone)

    # -- what it looks like ------------------------------------------------------------------------------------------

    @cached_property
    def picture(self) -> Picture:
        """The picture as data: panels of curves and marks, or contours and arrows."""
        at = f"at {pages.point_text(self.fixed)}" if self.fixed else ""
        panels = [self._map(self.surface)] if self.surface else list(self._panels())
        return Picture(self.expression, panels, at)

    def _map(self, surface: Surface) -> Panel:
        """Contours, arrows and points."""
        layers: list[Layer] = [surface.contours(), Arrows(surface.places, surface.slopes)]
        first, second = self.ranges
        places = [(float(point.at[first]), float(point.at[second])) for point in self.points]
        if places:
            layers.append(Marks("points", "point", places, "point" if len(places) == 1 else "points"))
        return Panel([*layers, *self.marks], first, second, self.ranges[first], self.ranges[second])

    def _panels(self) -> Iterator[Panel]:
        """The function with its tangents, and each derivative below it."""
        ((variable, x),) = self.ranges.items()
        labels = ("f", "f′", "f″")
        for order, curve in enumerate(self.curves):
            layers: list[Layer] = [Curve(NAMES[order], curve.pieces, labels[order])]
            values = [self._value(point, order) for point in self.points]
            places = [
                (float(point.at[variable]), value)
                for point, value in zip(self.points, values, strict=True)
                if value is not None
            ]
            if not order:
                layers = [*layers, *self._under(curve, x), *self._over(curve)]
            if places:
                layers.append(Marks("points" if not order else f"points-{NAMES[order]}", "point", places))
            y = _extended(curve.y, [value for _, value in places])
            yield Panel(layers, variable, labels[order], x, y, share=1.0 if not order else 0.6)

    def _value(self, point: PointReport, order: int) -> float | None:
        """The value of a curve at a point, where it has one."""
        if order == 2:
            entry = point.curvature.entries.get((0, 0)) if point.curvature else None
        else:
            entry = point.gradient[0] if order else point.value
        verdicts = ("undefined", "kink", "jump", "infinite") if order else ("undefined",)
        known = entry is not None and entry.verdict not in verdicts and math.isfinite(entry.value)
        return entry.value if known and entry is not None else None

    def _under(self, curve: Sampled, x: Interval) -> Iterator[Layer]:
        """Dots where no line is proved, and the tangents."""
        if self.dots:
            yield Marks("dots", "data", self.dots, "values, no line proved")
        (variable,) = self.ranges
        lines, at = [], []
        for point in self.points:
            value, slope = self._value(point, 0), self._value(point, 1)
            if value is not None and slope is not None:
                middle = float(point.at[variable])
                lines.append([(end, value + slope * (end - middle)) for end in x])
                at.append(pages.value_text(point.given[variable]))
        if lines:
            yield Curve("tangent", lines, f"tangent at {variable} = {_listed(at)}", dashed=True)

    def _over(self, curve: Sampled) -> Iterator[Layer]:
        """Kinks, holes and values apart."""
        if self.kinks:
            yield Marks("kinks", "kink", [(kink.at, kink.value) for kink in self.kinks], "kink")
        holes = [(gap.at, self._between(curve, gap)) for gap in curve.gaps if gap.kind == "hole" and gap.at is not None]
        if holes:
            yield Marks("holes", "hole", holes, "no value")
        apart = [gap for gap in curve.gaps if gap.kind == "point"]
        places = [(gap.at, gap.value) for gap in apart if gap.at is not None and gap.value is not None]
        if places:
            yield Marks("apart", "point", places, "value apart")
        yield from self.marks

    def _between(self, curve: Sampled, gap: Gap) -> float:
        left, right = curve.near(gap.at if gap.at is not None else gap.low)
        return left + (right - left) / 2

    def with_marks(self, *marks: Marks) -> "Plot":
        """The same with more marks: the critical points of a function, say."""
        return replace(self, marks=(*self.marks, *marks))

    def with_layers(self, *layers: Layer) -> "Plot":
        """The same with more layers of any kind."""
        return replace(self, marks=(*self.marks, *layers))

    def save(self, path: str | Path) -> None:
        """Draw it into a png, svg or pdf file (the extra `plot`); the file is complete or not there.

        Raises:
            UsageError, FileError: another suffix, no matplotlib, a file that cannot be written.
        """
        media.save(self.picture, Path(path))

    def as_text(self, width: int = 80, height: int = 24, colour: bool = False, ascii_only: bool = False) -> str:
        """The picture with characters: braille, or ASCII alone."""
        return media.text(self.picture, width, height, colour, ascii_only)

    def figure(self) -> str:
        """The picture as SVG, where matplotlib is there."""
        if not media.can_draw() or self.is_empty:
            return ""
        svg = media.drawn(self.picture, "svg").decode()
        return svg[svg.index("<svg") :]


def _listed(texts: Sequence[str]) -> str:
    """A few of many."""
    more = len(texts) - _LISTED
    return ", ".join(texts[:_LISTED]) + (f" and {more:,} more" if more > 0 else "")


def _extended(y: Interval, values: Sequence[float]) -> Interval:
    """The heights in sight, with those of some values."""
    low, high = min([y[0], *values]), max([y[1], *values])
    margin = 0.06 * (high - low)
    return (low - margin if low < y[0] else low), (high + margin if high > y[1] else high)
