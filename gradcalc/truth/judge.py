"""Verdicts: the tape's number, its enclosure and SymPy's opinion side by side."""

import math
from collections.abc import Collection
from fractions import Fraction
from functools import partial
from typing import Any

from gradcalc.arithmetic.budget import Budget
from gradcalc.arithmetic.marks import UNDEFINED, Ball, Unknown
from gradcalc.graph.graph import Graph
from gradcalc.language import points
from gradcalc.language.formula import Formula, Point
from gradcalc.settings import OPINION_WORK, SLOPES_WORK
from gradcalc.show.page import number_text
from gradcalc.truth.finding import Finding, late_notes
from gradcalc.truth.quantity import Certified, Note, Quantity, Symbolic
from gradcalc.truth.second_opinion import Opinion

INACCURATE_BELOW = 12
"""A float with fewer right digits is called inaccurate."""
_TOLD = 8
"""Of how many numbers that are nearly 0 the bounds are told, each in a line of its own."""


class Judge:
    """Gives the numbers of one point their verdicts and collects what there is to say."""

    def __init__(
        self,
        formula: Formula,
        point: Point,
        opinion: Opinion | None,
        *,
        digits: int,
        undefined: bool,
        seconds: float,
    ) -> None:
        self.formula, self.point, self.opinion = formula, point, opinion
        self.digits, self.undefined = digits, undefined
        self.budget = Budget(OPINION_WORK, seconds)
        self.slopes = Budget(SLOPES_WORK, seconds)
        self.notes: list[Note] = []
        self._unsettled: list[tuple[str, Ball]] = []
        self.decimals = "written" if opinion and _has_inexact_decimals(formula) else "double"

    def value(self, found: Finding) -> Quantity:
        """The value itself: undefined, inaccurate, unverified or right."""
        proof = self._certified(found)
        verdict = found.verdict or self._accuracy(found, proof, None)
        return Quantity(found.value, proof, None, verdict)

    def derivative(self, key: tuple[str, ...], found: Finding) -> Quantity:
        """One derivative, of first or second order, beside SymPy's."""
        proof = self._certified(found)
        symbolic, overlap = self._symbolic(key, found)
        name = ",".join(key)
        if found.verdict:
            verdict = found.verdict
            if symbolic and symbolic.value is not None and verdict in ("kink", "jump"):
                self._note(
                    "symbolic", f"SymPy gives {float(symbolic.value):g} here, where there is no derivative", name
                )
        elif overlap is False:
            verdict = self._referee(key, found, name)
        elif found.from_slopes:
            verdict = "agrees"
            if symbolic and symbolic.value is not None and _differs(float(symbolic.value), found.value):
                message = f"SymPy gives {float(symbolic.value):g} here; the function's own slopes give {found.value:g}"
                self._note("symbolic", message, name)
        else:
            verdict = self._accuracy(found, proof, name)
        return Quantity(found.value, proof, symbolic, verdict)

    def finish(self, told: Collection[str | None]) -> list[Note]:
        """All notes; and of the numbers that could not be proved, if nothing is told of them yet."""
        silent = [(name, _bounds(ball)) for name, ball in self._unsettled if name not in told]
        tiny = {name: bounds for name, bounds in silent if bounds is not None}
        open_ = [name for name, bounds in silent if bounds is None]
        for name, (low, high) in list(tiny.items())[:_TOLD]:
            self._note("unsettled", f"between {low} and {high}, where a double can only be 0", name or None)
        if len(tiny) > _TOLD:
            self._note("unsettled", f"{len(tiny) - _TOLD} more numbers are where a double can only be 0", None)
        if open_:
            what = f"{len(open_)} numbers are" if len(open_) > 1 else "this number is"
            message = f"{what} not settled within the precision and the work allowed: there may be none"
            self._note("unsettled", message, open_[0] or None if len(open_) == 1 else None)
        self.notes.extend(late_notes(self.budget, self.slopes))
        return self.notes

    def _certified(self, found: Finding) -> Certified | None:
        if found.ball is None or found.verdict is not None:
            return None
        from gradcalc.truth.certify import certified

        return certified(found.ball, found.value, self.digits)

    def _accuracy(self, found: Finding, proof: Certified | None, name: str | None) -> str:
        if proof is None:
            if found.ball is not None:
                self._unsettled.append((name or "", found.ball))
            return "unverified"
        if proof.digits >= INACCURATE_BELOW:
            return "agrees"
        self._note("inaccurate", _inaccurate(found.value, proof), name)
        return "inaccurate"

    def _symbolic(self, key: tuple[str, ...], found: Finding) -> tuple[Symbolic | None, bool | None]:
        """SymPy's formula and value, and whether its enclosure overlaps the tape's (None: no opinion)."""
        entry = self.opinion.entries.get(key) if self.opinion is not None else None
        if entry is None:
            return None, None
        if isinstance(entry, str):
            self._note("symbolic", f"SymPy has no formula: {entry}", ",".join(key))
            return None, None
        from gradcalc.truth.certify import shown
        from gradcalc.truth.kinks import known

        if self.undefined:
            return Symbolic(entry.formula, entry.latex), None
        theirs = self._enclose(entry.graph, entry.output)
        if isinstance(theirs, Unknown):
            exists = found.verdict is None and math.isfinite(found.value) and (known(found) or found.from_slopes)
            if theirs is UNDEFINED and exists:
                self._note("symbolic", "SymPy's formula has no value here, though the derivative exists", ",".join(key))
            return Symbolic(entry.formula, entry.latex), None
        symbolic = Symbolic(entry.formula, entry.latex, shown(theirs, self.digits))
        keep = found.ball is None or self.decimals == "double"
        ours = found.ball if keep else self._enclose(self.formula.graph, found.node)
        if ours is None or isinstance(ours, Unknown):
            return symbolic, None
        return symbolic, bool(ours.overlaps(theirs))

    def _enclose(self, graph: Graph, node: int) -> Any:
        """A number in a ball, with decimals as SymPy takes them."""
        from gradcalc.truth.certify import enclose

        inputs = partial(points.bind, graph, self.point)
        return enclose(graph, inputs, [node], digits=self.digits, budget=self.budget, decimals=self.decimals)[0]

    def _referee(self, key: tuple[str, ...], found: Finding, name: str) -> str:
        """Tape and SymPy are proved to differ: the function's own slopes say who is right."""
        from gradcalc.truth.kinks import fits, known
        from gradcalc.truth.slopes import along

        names = self.formula.names
        base = self.formula.output if len(key) == 1 else self.formula.gradient[names.index(key[0])]
        variable = self.formula.inputs[names.index(key[-1])]
        inputs = partial(points.bind, self.formula.graph, self.point)
        slopes = along(self.formula.graph, base, inputs, {variable: 1}, self.slopes)
        proof, common = self._certified(found), slopes.common
        if common is not None and common.kind == "slope" and known(found) and fits(common, found.ball):
            self._note(
                "symbolic", "SymPy's derivative is wrong here: the function's own slopes agree with the tape", name
            )
            return self._accuracy(found, proof, name)
        self._note("symbolic", "tape and SymPy disagree", name)
        return "disagrees"

    def _note(self, kind: str, message: str, name: str | None) -> None:
        self.notes.append(Note(kind, message, name))


def _inaccurate(value: float, proof: Certified) -> str:
    """What to say of a float with few right digits, or with none."""
    if proof.digits == 0 and (value == 0 or not math.isfinite(value)):
        return f"floats give {number_text(value)}, it is {proof.value}"
    right = f"only {proof.digits} digits" if proof.digits else "no digit"
    return f"floats lose digits: {right} of {value!r} right; it is {proof.value}"


def _bounds(ball: Ball) -> tuple[str, str] | None:
    """Where a number is that no double shows anything of; loads flint only for one that was certified."""
    from gradcalc.arithmetic.digits import tiny_bounds

    return tiny_bounds(ball)


def _differs(theirs: float, measured: float) -> bool:
    """Whether SymPy's number is not the one that slopes settle at."""
    return not math.isclose(theirs, measured, rel_tol=1e-9, abs_tol=1e-300)


def _has_inexact_decimals(formula: Formula) -> bool:
    """Whether the formula holds a decimal that is not exactly a double."""
    graph = formula.graph
    for index in graph.needed([formula.output]):
        text = graph.nodes[index].parameter or ""
        is_number = graph.is_constant(index) and (text[:1].isdecimal() or text.startswith((".", "-")))
        if is_number and "x" not in text and set(text) & {".", "e", "E"} and not _is_double(text):
            return True
    return False


def _is_double(decimal: str) -> bool:
    """Whether a decimal is exactly a double; none has thousands of digits, or of zeros."""
    exponent = decimal.lower().partition("e")[2]
    if len(decimal) > 2_000 or abs(int(exponent or 0)) > 2_000:
        return False
    double = float(decimal)
    return math.isfinite(double) and Fraction(double) == Fraction(decimal)
