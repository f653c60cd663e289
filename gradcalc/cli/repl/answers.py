"""What a session answers by itself: what it says, a formula in a few lines; and any answer as a formula for `_`."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gradcalc.show import page as pages
from gradcalc.show.answer import SCHEMA, Answer

if TYPE_CHECKING:
    from gradcalc.truth.questions.jacobian import Jacobian
    from gradcalc.truth.report import Report

_IN_A_LINE = 6
"""Derivatives that a short answer has in its line."""


def as_formula_text(answer: Answer) -> str | None:
    """What an answer says, as a formula: a number, an array of numbers, or a derivative as a formula."""
    data = answer.to_dict()
    points = data.get("points")
    if isinstance(answer, Brief) and not points:
        return str(data["expression"])
    if points and isinstance(points, list):
        point = points[-1]
        key = "value" if isinstance(answer, Brief) else _SAID.get(data["command"], "value")
        proved = key == "value" and isinstance(point.get("certified_value"), dict)
        return _certified(point) if proved else _text(point.get(key))
    for key in ("formula", "result", "formulas", "value"):
        if data.get(key) is not None:
            return _text(data[key])
    nodes = data.get("nodes")
    return _text(nodes[-1].get("value")) if nodes else None


_SAID = {"grad": "gradient", "hessian": "hessian", "jacobian": "jacobian", "taylor": "polynomial"}
"""What the answer of a command is, where that is not its value."""


def _certified(point: dict[str, Any]) -> str | None:
    """A value: what is proved of it, where the float is not exactly that."""
    proved = point["certified_value"]
    return _text(point.get("value")) if proved["digits"] == 17 else str(proved["value"])


def _text(value: Any) -> str | None:
    """Numbers and formulas, in lists, as a text of the language; of one by name, that one."""
    if isinstance(value, dict):
        items = list(value.values())
        return _text(items[0] if len(items) == 1 else items)
    if isinstance(value, list):
        texts = [_text(item) for item in value]
        return None if None in texts or not texts else f"[{', '.join(filter(None, texts))}]"
    if value is None or isinstance(value, bool) or value in ("nan", "inf", "-inf"):
        return None
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return str(int(value))
    return value if isinstance(value, str) else repr(value)


@dataclass(frozen=True, repr=False)
class Told(Answer):
    """What the session says of itself."""

    said: pages.Page

    def to_dict(self) -> dict[str, Any]:
        """The lines."""
        return {"schema": SCHEMA, "command": "repl", "lines": [str(each) for each in self.said.blocks]}

    def records(self) -> Iterator[tuple[object, ...]]:
        """A row a line."""
        yield from ((str(each),) for each in self.said.blocks)

    def page(self) -> pages.Page:
        """The page."""
        return self.said


@dataclass(frozen=True, repr=False)
class Brief(Answer):
    """The report of a formula in a few lines: the value, the derivatives, what is to be known; or an array's value."""

    report: "Report | Jacobian"
    number: int

    def to_dict(self) -> dict[str, Any]:
        """That of the report."""
        return self.report.to_dict()

    def records(self) -> Iterator[Sequence[object]]:
        """Those of the report."""
        yield from self.report.records()

    def page(self) -> pages.Page:
        """One point in lines; several as the report has them."""
        report = self.report
        if len(report.points) != 1:
            return report.page()
        if report.to_dict()["command"] == "jacobian":
            value = report.to_dict()["points"][0]["value"]
            return pages.Page("repl", (pages.fact(f"_{self.number} =", pages.strong(_text(value) or "undefined")),))
        return pages.Page("repl", tuple(self._blocks(report)))  # type: ignore[arg-type]

    def _blocks(self, report: "Report") -> Iterator[pages.Block]:
        point, digits = report.points[0], report.digits
        value = point.value.line(digits)
        yield pages.Line((pages.Text(f"_{self.number} = ", "label"), *value.pieces[1:]))
        names, gradient = report.flat_variables, point.gradient
        if gradient and point.value.verdict != "undefined":
            from gradcalc.truth.quantity import derivative_name, table

            plain = len(gradient) <= _IN_A_LINE and not digits and all(each.verdict == "agrees" for each in gradient)
            if plain:
                pairs = zip(map(derivative_name, names), gradient, strict=True)
                facts = [f"{name} = {pages.number_text(each.value)}" for name, each in pairs]
                yield pages.Line((", ".join(facts),))
            else:
                yield table(names, gradient, digits)
        notes = [note for note in point.notes if note.kind != "independent"]
        yield pages.Remarks(tuple(note.remark(report.text) for note in notes))
