"""The answer of `critical`: frozen data, as JSON, as rows and as a page. Imports language and show."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gradcalc.errors import ExitCode
from gradcalc.language.typeset import latex
from gradcalc.show import page as pages
from gradcalc.show.answer import SCHEMA, Answer, jsonable, number
from gradcalc.truth.kinds import said

Range = tuple[float, float]


@dataclass(frozen=True, slots=True)
class CriticalPoint:
    """A point that is proved.

    Attributes:
        at: the proved digits of each variable; `floats` the doubles nearest to them.
        value: of the formula, as digits and as a double; None of roots.
        kind: `minimum`, `maximum`, `saddle`, `degenerate` or `kink`; `root` of a system.
        index: how many negative eigenvalues the Hessian has, where that is proved.
        multipliers: of the constraints left = right or left <= right that hold with equality, by their text: with them
            f + the sum of multiplier*(left - right) has the gradient 0; left >= right counts as right <= left.
        optimal: whether those of inequalities have the signs of a minimum (Karush, Kuhn, Tucker).
        on_face: whether it lies on the boundary of the box.
    """

    at: Mapping[str, str]
    floats: Mapping[str, float]
    value: str | None
    value_float: float | None
    kind: str
    index: int | None = None
    proved: bool = True
    on_face: bool = False
    multipliers: Mapping[str, str] = field(default_factory=dict)
    optimal: bool | None = None

    def to_dict(self) -> dict[str, Any]:
        """The JSON form."""
        return {
            "at": dict(self.at),
            "value": self.value,
            "kind": self.kind,
            **({"index": self.index} if self.index is not None else {}),
            "proved": self.proved,
            **({"on_face": True} if self.on_face else {}),
            **({"multipliers": dict(self.multipliers)} if self.multipliers else {}),
            **({"kkt": self.optimal} if self.optimal is not None else {}),
        }


@dataclass(frozen=True, slots=True)
class Unsettled:
    """A box of which it is not known whether it holds further points, and why."""

    box: Mapping[str, Range]
    reason: str


@dataclass(frozen=True, slots=True)
class Flat:
    """A box all of whose points are critical, as the function is constant there, or are roots; and its value."""

    box: Mapping[str, Range]
    value: str | None

    def to_dict(self) -> dict[str, Any]:
        """The JSON form."""
        return {"box": {name: list(ends) for name, ends in self.box.items()}, "value": self.value}


@dataclass(frozen=True, slots=True)
class Extreme:
    """The least or the greatest value over the closed box, between two numbers; and where it is taken."""

    low: str
    high: str
    at: tuple[Mapping[str, str], ...]
    proved: bool = True

    def to_dict(self) -> dict[str, Any]:
        """The JSON form."""
        at = dict(self.at[0]) if self.at else {}
        return {"low": self.low, "high": self.high, "at": at, "points": [dict(each) for each in self.at]}


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a part of the formula has a pole, a jump or no value: inside a box."""

    kind: str
    part: str
    box: Mapping[str, Range]


@dataclass(frozen=True, slots=True, repr=False)
class Critical(Answer):
    """All critical points of a formula in a box, or all roots of a system, and whether that is proved to be all.

    Attributes:
        task: `critical` or `roots`.
        complete: whether it is proved that there are no others.
        unsettled: boxes in which there may be others.
        flat: boxes of which all points are critical, or roots.
        spots: where the formula has poles, jumps or no value.
        nowhere: whether it is proved to have no value in all of the box.
        rests_on: what the proof assumes.
        searched: the finite box that is proved to hold all points, where sides are infinite.
        sides: the box as doubles.
        equations: what is 0 at each root, or along the constraints that are equations or may hold as such.
    """

    expression: str
    text: str
    task: str
    variables: tuple[str, ...]
    box: Mapping[str, tuple[float | str, float | str]]
    points: tuple[CriticalPoint, ...]
    complete: bool
    unsettled: tuple[Unsettled, ...]
    rests_on: tuple[str, ...]
    flat: tuple[Flat, ...] = ()
    spots: tuple[Spot, ...] = ()
    global_minimum: Extreme | None = None
    global_maximum: Extreme | None = None
    asked: tuple[str, ...] = ()
    constraints: tuple[str, ...] = ()
    nowhere: bool = False
    looked: int = 0
    interrupted: bool = False
    reason: str = ""
    searched: Mapping[str, Range] = field(default_factory=dict)
    sides: Mapping[str, Range] = field(default_factory=dict)
    equations: tuple[str, ...] = ()
    let: Mapping[str, Any] = field(default_factory=dict)
    digits: int | None = None

    @property
    def is_complete(self) -> bool:
        """Whether all that was asked is answered."""
        extremes = {"least": self.global_minimum, "greatest": self.global_maximum}
        return self.complete and all(extremes[each] is not None for each in self.asked)

    @property
    def exit_code(self) -> ExitCode:
        """130 where it was interrupted, 3 where nothing has a value, 1 where it is not complete, else 0."""
        if self.interrupted:
            return ExitCode.INTERRUPTED
        if self.nowhere:
            return ExitCode.UNDEFINED
        return ExitCode.DONE if self.is_complete else ExitCode.NO

    def to_dict(self) -> dict[str, Any]:
        """The answer as JSON-ready data."""
        return {
            "schema": SCHEMA,
            "command": "critical",
            "expression": self.expression,
            "task": self.task,
            "variables": list(self.variables),
            "box": {name: [_end(end) for end in ends] for name, ends in self.box.items()},
            **({"searched": {name: list(ends) for name, ends in self.searched.items()}} if self.searched else {}),
            "let": jsonable(dict(self.let)),
            **({"subject_to": list(self.constraints)} if self.constraints else {}),
            "points": [point.to_dict() for point in self.points],
            "complete": self.complete,
            "unsettled": [{name: list(ends) for name, ends in each.box.items()} for each in self.unsettled],
            "reasons": [each.reason for each in self.unsettled],
            **({"flat": [each.to_dict() for each in self.flat]} if self.flat else {}),
            "places": [
                {"kind": each.kind, "part": each.part, "box": {name: list(ends) for name, ends in each.box.items()}}
                for each in self.spots
            ],
            "global_minimum": self.global_minimum.to_dict() if self.global_minimum else None,
            "global_maximum": self.global_maximum.to_dict() if self.global_maximum else None,
            "boxes": self.looked,
            **({"reason": self.reason} if self.reason else {}),
            "rests_on": list(self.rests_on),
        }

    def records(self) -> Iterator[Sequence[object]]:
        """A row for each point, the titles first."""
        titles = (f"{name}_" if name in self.variables else name for name in ("value", "kind", "index", "on_face"))
        yield *self.variables, *titles
        for point in self.points:
            index = "" if point.index is None else point.index
            yield *point.at.values(), point.value or "", point.kind, index, int(point.on_face)

    # -- the page

    @property
    def _noun(self) -> str:
        return "root" if self.task == "roots" else "critical point" if self.constraints else "critical point"

    @property
    def verdict(self) -> str:
        """What is proved of the box, in a sentence."""
        if self.nowhere:
            return "nothing has a value in the box"
        count = len(self.points)
        noun = self._noun if count == 1 else f"{self._noun}s"
        head = f"{count:,} {noun}, proved" if count else f"no {self._noun}"
        if self.complete:
            other = "other " if count else ""
            return f"{head}; complete: no {other}{self._noun} in the box"
        boxes, flat = len(self.unsettled), len(self.flat)
        parts = [f"{boxes:,} {'box' if boxes == 1 else 'boxes'}"] if boxes else []
        parts += [f"{flat:,} {'part' if flat == 1 else 'parts'} of nothing but {self._noun}s"] if flat else []
        left = f"complete except for {' and '.join(parts)}" if parts else "incomplete"
        return f"{head if count else f'no {self._noun} found'}; {left}"

    def page(self) -> pages.Page:
        """The answer as people see it: the verdict, a table of points, what was not settled, what it rests on."""
        blocks = pages.question(self.expression, latex, self.let)
        sides = ", ".join(f"{name} = {_shown(a)}:{_shown(b)}" for name, (a, b) in self.box.items())
        blocks.append(pages.Heading((pages.Text("in ", "label"), pages.Formula(sides))))
        blocks += [pages.fact("subject to", pages.Formula(each)) for each in self.constraints]
        blocks.append(pages.line(pages.Text(self.verdict, "good" if self.complete else "doubt")))
        if self.points:
            blocks.append(self._table())
        for word, extreme in (("least", self.global_minimum), ("greatest", self.global_maximum)):
            if extreme is not None:
                blocks += _extreme_lines(word, extreme)
        blocks.append(pages.Remarks(tuple(self._remarks())))
        blocks.append(pages.fact("rests on", "; ".join(self.rests_on)))
        return pages.Page("critical", tuple(blocks))

    def _table(self) -> pages.Table:
        """The points, with what is known of each."""
        shown = _short if self.digits is None else str
        faces = any(point.on_face for point in self.points)
        valued = any(point.value is not None for point in self.points)
        marks = list(dict.fromkeys(name for point in self.points for name in point.multipliers))
        columns = [
            *map(pages.Column, self.variables), *([pages.Column("value")] if valued else []),
            *(pages.Column(f"λ {name}", "number") for name in marks),
            *([pages.Column("kind", "word")] if self.task != "roots" else []),
            *([pages.Column("face", "word")] if faces else []),
        ]  # fmt: skip
        rows = []
        for point in self.points:
            multipliers = [shown(point.multipliers[name]) if name in point.multipliers else "" for name in marks]
            rows.append((
                *map(shown, point.at.values()), *([shown(point.value or "")] if valued else []), *multipliers,
                *([_kind(point)] if self.task != "roots" else []),
                *(["on a face" if point.on_face else ""] if faces else []),
            ))  # fmt: skip
        return pages.Table(tuple(columns), tuple(rows))

    def _remarks(self) -> Iterator[pages.Remark]:
        if self.reason:
            yield pages.Remark("why", self.reason)
        if self.searched:
            yield pages.Remark("far out", f"no critical point outside {_box_text(self.searched)}: proved by the slopes")
        for each in self.unsettled[:_LISTED]:
            yield pages.Remark("not settled", f"{_box_text(each.box)}: {each.reason}")
        more: dict[str, list[Unsettled]] = {}
        for each in self.unsettled[_LISTED:]:
            more.setdefault(each.reason, []).append(each)
        for reason, rest in more.items():
            around = _box_text(_hull([each.box for each in rest]))
            yield pages.Remark("not settled", f"{len(rest):,} more in {around}: {reason}; --json has each")
        for part in self.flat:
            value = "0" if part.value is None else pages.short_text(part.value)
            yield pages.Remark("flat", f"{_box_text(part.box)}: all {self._noun}s, as the formula is {value} there")
        for spot in self.spots:
            yield pages.Remark(spot.kind, f"{spot.part} in {_box_text(spot.box)}")


def _end(end: float | str) -> float | str | None:
    return end if isinstance(end, str) else number(end)


def _shown(end: float | str) -> str:
    return end if isinstance(end, str) else pages.number_text(end)


def _short(text: str) -> str:
    """A number as the double nearest to it is written; where only its decimals are known to be 0, how small it is."""
    if text.startswith("0.") and not text.strip("0."):
        return f"0 ± 5e-{len(text) - 1}"
    return pages.short_text(text)


def _kind(point: CriticalPoint) -> str:
    """The kind of a point for people, with the index of a saddle."""
    return f"saddle of index {point.index}" if point.kind == "saddle" and point.index else said(point.kind)


def _hull(boxes: Sequence[Mapping[str, Range]]) -> Mapping[str, Range]:
    """The least box around some."""
    return {name: (min(box[name][0] for box in boxes), max(box[name][1] for box in boxes)) for name in boxes[0]}


_LISTED = 30
"""So many boxes that are not settled are listed, the others counted."""


def _box_text(box: Mapping[str, Range]) -> str:
    return ", ".join(f"{name} = {low:.6g}:{high:.6g}" for name, (low, high) in box.items())


def _extreme_lines(word: str, extreme: Extreme) -> Iterator[pages.Block]:
    """The least or the greatest value, and where."""
    yield pages.fact(f"{word} value", pages.strong(between(extreme)), pages.Text("   proved", "good"))
    for at in extreme.at:
        where = ", ".join(f"{name} = {pages.short_text(text)}" for name, text in at.items())
        yield pages.fact("  at", pages.Formula(where))


def between(extreme: Extreme) -> str:
    """An extreme value as its bounds tell it."""
    if extreme.low == extreme.high:
        return pages.short_text(extreme.low)
    return f"between {extreme.low} and {extreme.high}"
