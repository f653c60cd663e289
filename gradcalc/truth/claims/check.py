"""`check`: is a claimed formula the derivative?

    formula --derive--> derivative ─┐ one graph
    claim ──────────────────────────┴─ balls at points, simple ones first --> disjoint: refuted, with that point
                                    '- normal form --> equal: proved, or on a part of the domain
                                    '- neither: agrees at so many points, or undecided

`proved`: equal wherever both have values, and the claim has one where the derivative has, or its `domain` is told; but
perhaps single points, without a value, that are not found. `refuted`: at a point around which the formula is defined
and smooth, the balls of derivative and claim are disjoint; and on no part of the domain that signs divide off are they
proved equal. `agrees`: equal on such a part, its `domain`, or at points that were tried. Decimals are taken as written
on both sides.
Imports equality, derivative, language and balls.
"""

import random
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby, islice
from typing import Any, Literal

from flint import arb, ctx

from gradcalc.arithmetic.balls import Balls
from gradcalc.arithmetic.budget import Budget, OutOfBudget
from gradcalc.arithmetic.digits import digits_text, nearest_double, relative_bits
from gradcalc.arithmetic.marks import UNDEFINED
from gradcalc.errors import ExitCode, GradcalcError, LimitError, UsageError, did_you_mean, for_python
from gradcalc.graph import derive, ops
from gradcalc.graph.domain import kinked
from gradcalc.graph.shapes import Shape
from gradcalc.language import points as where
from gradcalc.language.conditions import NOWHERE, defined_where
from gradcalc.language.formula import Formula, Point, Value
from gradcalc.language.parse import copied, parse
from gradcalc.language.typeset import latex
from gradcalc.settings import Dialect, Limits, limits_for
from gradcalc.show import page as pages
from gradcalc.show.answer import SCHEMA, Answer, jsonable, number
from gradcalc.truth.claims.equality import cases
from gradcalc.truth.claims.single import Told
from gradcalc.truth.claims.single import points as single_points
from gradcalc.truth.questions.derivative import read_by

Verdict = Literal["proved", "refuted", "agrees", "undecided"]

_BITS, _MORE_BITS, _SAME_BITS = 128, 640, 40
"""The precision of a first and of a second look, and how many bits of a number must be known for it to count."""
_FIRST, _ENOUGH, _BOTH = 3, 20, 8
"""At how many points a proof is begun; at how many claims are compared that are not proved; and at how many it is
looked whether a claim that is wrong somewhere is right elsewhere."""
_TRIES, _WORK = 120, 1_500_000
"""How many points are tried, and what that may cost in units of about a microsecond."""
_NODES, _PROVED_NODES = 50_000, 2_000
"""Nodes of a derivative at most, and of one that is proved."""
_ORDER = 6
_SIMPLE = (2, 1, 3, 0.5, -1, 0, -2, 1.5, 0.25, 5, -0.5, -3, 4, 0.75, 10, -0.25)
"""Numbers of which points are made first: those of a witness are short."""
_PLAIN = 5
"""How many points take them in their order, where there are several variables."""
_SCALES = ((-3, 3), (0.05, 0.95), (0.5, 4), (-0.95, 0.95), (2, 30), (-40, 40), (1, 1.5), (100, 1000), (0.001, 0.05))
"""Between which numbers the coordinates of further points lie, in turn."""
_LEAST, _LARGEST, _CONSTANTS = 20, 1e12, 20
"""Between which sizes constants of a formula have points about them, and how many such numbers there are at most."""
_EQUATION = re.compile(r"\s*(?:d/d\w+ *(?P<of>[^=]+?)|diff\((?P<f>[^=]+), *\w+\)) *= *(?P<claim>[^=]+?)\s*")
"""A claim as a book writes it: `d/dx sin(x)^2 = sin(2x)`."""
_SINGLE = "nothing jumps and no branch ends"
_BUT = ", but perhaps where the claim jumps or a branch of it ends"
_AROUND = arb((1, -100))
_SHOWN = 60
"""Of more claims than this the table leaves out those that are proved."""


@dataclass(frozen=True, slots=True)
class Witness:
    """A point where derivative and claim differ: their numbers as floats, and in as many digits as tell them apart."""

    at: Mapping[str, float]
    derivative: float
    claim: float
    digits: tuple[str, str]

    def to_dict(self) -> dict[str, Any]:
        """The JSON form."""
        return {
            "at": jsonable(dict(self.at)), "derivative": number(self.derivative), "claim": number(self.claim),
            "digits": {"derivative": self.digits[0], "claim": self.digits[1]},
        }  # fmt: skip

    def told(self, what: str = "derivative") -> str:
        """The two numbers at the point."""
        return f"at {pages.point_text(self.at)} the {what} is {self.digits[0]}, the claim {self.digits[1]}"


@dataclass(frozen=True, slots=True)
class Claim:
    """A claim and the verdict on it.

    Attributes:
        witness: where a claim that is refuted differs from the derivative.
        points: at how many points the two were found equal in interval arithmetic.
        domain: where they are equal, if that is not the whole domain of the derivative; None if it is.
        elsewhere: a point beside that domain where they differ, or None.
        why: what is to know of the verdict.
        line: of the file that it stands in.
        error: what was wrong with the line; there is no verdict then but `undecided`.
    """

    formula: str
    wrt: str
    claim: str
    verdict: Verdict
    points: int = 0
    witness: Witness | None = None
    domain: str | None = None
    elsewhere: Witness | None = None
    why: str = ""
    line: int | None = None
    error: GradcalcError | None = None

    def to_dict(self) -> dict[str, Any]:
        """The JSON form."""
        return {
            "formula": self.formula, "wrt": self.wrt, "claim": self.claim, "verdict": self.verdict,
            "witness": self.witness and self.witness.to_dict(), "points": self.points, "domain": self.domain,
            **({"elsewhere": self.elsewhere.to_dict()} if self.elsewhere else {}),
            **({"why": self.why} if self.why else {}),
            **({"line": self.line} if self.line is not None else {}),
            **({"error": self.error.to_dict()} if self.error else {}),
        }  # fmt: skip

    @property
    def told(self) -> str:
        """The verdict and what it rests on, in a line."""
        if self.error is not None:
            return f"no verdict: {self.error.message}"
        on = f" where {self.domain}" if self.domain else ""
        told = {
            "proved": f"equal by their normal forms{f'{on}; {self.why}' if on else ', wherever both have values'}",
            "refuted": (self.witness.told("derivative" if self.wrt else "value") if self.witness else "")
            + (f"; {self.why}" if self.why else ""),
            "agrees": f"equal{on}; {self.why}"
            if on
            else f"equal at {self.points} points: {self.why or 'evidence, no proof'}",
            "undecided": self.why,
        }[self.verdict]
        return f"{told}; {self.elsewhere.told()}" if self.elsewhere else told

    def record(self) -> tuple[object, ...]:
        """A row of CSV."""
        seen = self.witness or self.elsewhere
        numbers = (pages.point_text(seen.at), *seen.digits) if seen else ("", "", "")
        line = () if self.line is None else (self.line,)
        note = self.error.message if self.error else self.why
        return *line, self.formula, self.wrt, self.claim, self.verdict, self.points, self.domain or "", *numbers, note


TITLES = ("formula", "wrt", "claim", "verdict", "points", "domain", "witness", "derivative", "value", "why")
_TONES = {"proved": "strong good", "refuted": "strong bad", "agrees": "good", "undecided": "doubt"}


@dataclass(frozen=True, slots=True, repr=False)
class Claims(Answer):
    """Claims about derivatives, in the order in which they were given."""

    expression: str | None
    claims: tuple[Claim, ...]
    let: Mapping[str, Any] = field(default_factory=dict)
    require: Verdict | None = None
    interrupted: bool = False

    @property
    def exit_code(self) -> ExitCode:
        """1 if a claim is refuted, or has not the verdict that is required; else 2 if one could not be read.

        130 if it was interrupted: the claims are those that were judged by then.
        """
        return ExitCode.INTERRUPTED if self.interrupted else worst(self.claims, self.require)

    def __bool__(self) -> bool:
        """Whether no claim is refuted, and all have the verdict that is required."""
        return self.exit_code == ExitCode.DONE

    def to_dict(self) -> dict[str, Any]:
        """The answer as JSON-ready data."""
        return {
            "schema": SCHEMA, "command": "check", "expression": self.expression, "let": jsonable(dict(self.let)),
            "claims": [claim.to_dict() for claim in self.claims],
        }  # fmt: skip

    def records(self) -> Iterator[Sequence[object]]:
        """A row for each claim, the titles first."""
        yield ("line", *TITLES) if self.claims and self.claims[0].line is not None else TITLES
        yield from (claim.record() for claim in self.claims)

    def page(self) -> pages.Page:
        """The answer as people see it: of one claim lines, of several a table and their number."""
        blocks: list[pages.Block] = []
        if self.expression is not None:
            blocks += pages.question(self.expression, latex, self.let)
        if len(self.claims) == 1 and self.expression is not None:
            claim = self.claims[0]
            blocks.append(pages.fact(f"{slope(claim.wrt)} =", pages.Formula(claim.claim, "", latex), "  as claimed"))
            blocks.append(pages.line(pages.Text(claim.verdict, _TONES[claim.verdict]), f": {claim.told}"))
        else:
            shown = self.claims
            if len(shown) > _SHOWN:
                shown = tuple(claim for claim in shown if claim.verdict != "proved")
                blocks.append(pages.line(f"shown are the {len(shown):,} claims that are not proved"))
            blocks += [
                *([_table(shown, self.expression is not None)] if shown else []),
                pages.line(counted(self.claims), "; interrupted, the others were not judged" * self.interrupted),
            ]
            broken = ((f"line {claim.line}", claim.error) for claim in shown if claim.error and claim.error.span)
            blocks.append(
                pages.Remarks(
                    tuple(pages.Remark(label, each.message, each.text or "", each.span) for label, each in broken)
                )
            )
        return pages.Page("check", tuple(blocks), tuple(self._equations()))

    def _equations(self) -> Iterator[tuple[pages.Equation, ...]]:
        """Each formula with the claims about it that are not refuted."""
        right = [claim for claim in self.claims if claim.error is None and claim.verdict != "refuted"]
        for formula, claims in groupby(right, lambda claim: claim.formula):
            group = [pages.Equation((pages.Formula(formula, latex=latex),))]
            for claim in claims:
                reason = claim.verdict + (f" where {claim.domain}" if claim.domain else "")
                group.append(pages.Equation((pages.Formula(claim.claim, latex=latex),), _by(claim.wrt), reason=reason))
            yield tuple(group)


def worst(claims: Sequence[Claim], require: Verdict | None) -> ExitCode:
    """The exit code of some claims."""
    if any(fails(claim, require) for claim in claims):
        return ExitCode.NO
    return ExitCode.USAGE if any(claim.error for claim in claims) else ExitCode.DONE


def fails(claim: Claim, require: Verdict | None) -> bool:
    """Whether a claim has not the verdict that is required: `agrees` is content with a proof."""
    enough = {"proved": ("proved",), "agrees": ("proved", "agrees")}.get(require or "")
    return claim.verdict == "refuted" or enough is not None and claim.verdict not in enough and not claim.error


def counted(claims: Sequence[Claim]) -> str:
    """How many claims have which verdict."""
    counts = {verdict: sum(each.verdict == verdict and not each.error for each in claims) for verdict in _TONES}
    told = [f"{count:,} {verdict}" for verdict, count in counts.items() if count]
    broken = sum(claim.error is not None for claim in claims)
    told += [f"{broken:,} not read"] if broken else []
    return f"{len(claims):,} claim{'' if len(claims) == 1 else 's'}: {', '.join(told) or 'none'}"


_COLUMNS = (("line", "number"), ("formula", "formula"), ("for", "word"), ("claim", "formula"), ("verdict", "word"),
            ("because", "word"))  # fmt: skip


def _table(claims: Sequence[Claim], one: bool) -> pages.Table:
    """A row for each claim; of those of `one` formula, which is told above, without it."""
    unseen = [0] * (claims[0].line is None) + [1] * one

    def row(claim: Claim) -> tuple[pages.Piece, ...]:
        formula, claimed = (pages.Formula(text, latex=latex) for text in (claim.formula, claim.claim))
        verdict = pages.Text(claim.verdict, _TONES[claim.verdict])
        return str(claim.line), formula, claim.wrt, claimed, verdict, claim.told

    columns = [pages.Column(title, kind) for title, kind in _COLUMNS]  # type: ignore[arg-type]
    kept = [i for i in range(len(columns)) if i not in unseen]
    rows = tuple(tuple(whole[i] for i in kept) for whole in map(row, claims))
    return pages.Table(tuple(columns[i] for i in kept), rows)


def slope(wrt: str) -> str:
    """How a derivative is called: `d²f/dx²`."""
    if not wrt:
        return "f"
    names = _by(wrt)
    raised = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")

    def power(count: int) -> str:
        return "" if count < 2 else str(count).translate(raised)

    below = "".join(f"d{name}{power(names.count(name))}" for name in dict.fromkeys(names))
    return f"d{power(len(names))}f/{below}"


def _by(wrt: str) -> tuple[str, ...]:
    return read_by(wrt) if wrt else ()


# -- what is asked -----------------------------------------------------------------------------------------------------


@for_python
def check(
    expression: Any,
    claim: Any = None,
    wrt: str | Sequence[str] | None = None,
    *,
    grad: str | Sequence[str] | None = None,
    hessian: str | Sequence[Sequence[str]] | None = None,
    at: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None = None,
    let: Mapping[str, Any] | None = None,
    limits: Limits | None = None,
    dialect: Dialect | None = None,
) -> Claims:
    """Whether claimed formulas are the derivatives of a formula: what `gradcalc.check` does of text."""
    limits = limits_for(limits, dialect)
    by = wrt if wrt is None or isinstance(wrt, str) else ",".join(map(str, wrt))
    bound = where.to_bindings(let, limits)
    return checked(str(expression), claim, by, grad, hessian, where.to_points(at, limits), bound, limits)


def checked(
    text: str,
    claim: Any,
    wrt: str | None,
    grad: str | Sequence[str] | None,
    hessian: str | Sequence[Sequence[str]] | None,
    at: Sequence[Point],
    let: Mapping[str, Value],
    limits: Limits,
) -> Claims:
    """The same for points and values that are read already: what `check` and the command call."""
    if (claim, grad, hessian) == (None, None, None):
        said = _EQUATION.fullmatch(str(text))
        hint = '--claim "2*x", --grad "2*x, cos(y)" or --hessian "[[2, 0], [0, 1]]"'
        raise UsageError(
            "nothing is claimed", hint=f'"{said["of"] or said["f"]}" --claim "{said["claim"]}"' if said else hint
        )
    checker = Checker(let, limits, at)
    formula = checker.formula(text, wrt)
    asked: list[tuple[str, str]] = []
    if claim is not None:
        asked.append((checker.wrt_of(formula, wrt), str(claim)))
    names = list(dict.fromkeys(_by(wrt))) if wrt else list(formula.variables)
    if grad is not None:
        texts = pieces(grad) if isinstance(grad, str) else list(map(str, grad))
        _fits(len(texts), len(names), f"{len(texts)} derivatives are claimed", names)
        asked += zip(names, texts, strict=True)
    if hessian is not None:
        rows = [pieces(row) if isinstance(row, str) else list(map(str, row)) for row in (
            pieces(hessian) if isinstance(hessian, str) else hessian
        )]  # fmt: skip
        for row in rows:
            _fits(len(row), len(names), f"a row of the matrix has {len(row)} entries", names)
        _fits(len(rows), len(names), f"the matrix has {len(rows)} rows", names)
        asked += [(f"{a},{b}", rows[i][j]) for i, a in enumerate(names) for j, b in enumerate(names)]
    echoed, exactly = where.echoed(let)
    found = tuple(checker.verdict(formula, by, each) for by, each in asked)
    return Claims(formula.canonical, found, {**echoed, **exactly})


def _fits(count: int, names: int, what: str, variables: Sequence[str]) -> None:
    if count != names:
        told = f"{len(variables)} variables: {', '.join(variables)}" if variables else "no variable"
        raise UsageError(f"{what}, and the formula has {told}", hint="--wrt x,y says which are meant, and their order")


def pieces(text: str) -> list[str]:
    """What stands between the commas of a text, those in brackets left out; brackets around the whole are taken off."""
    text = text.strip()
    if text.startswith("[") and _closing(text) == len(text) - 1:
        text = text[1:-1]
    found, depth, start = [], 0, 0
    for place, letter in enumerate(text):
        depth += (letter in "([{") - (letter in ")]}")
        if letter == "," and not depth:
            found.append(text[start:place].strip())
            start = place + 1
    return [*found, text[start:].strip()]


def _closing(text: str) -> int:
    """Where the bracket is closed that a text begins with."""
    depth = 0
    for place, letter in enumerate(text):
        depth += (letter == "[") - (letter == "]")
        if not depth:
            return place
    return -1


class Checker:
    """Judges claims, one after the other, with what they have in common.

    Args:
        at: points at which claims are compared too.
    """

    def __init__(self, let: Mapping[str, Value], limits: Limits, at: Sequence[Point] = ()) -> None:
        self.let, self.limits, self.at = let, limits, at
        self._balls = {bits: Balls(bits, "written") for bits in (_BITS, _MORE_BITS)}
        self._last: tuple[Any, Formula] | None = None

    def judge(self, text: str, wrt: str | None, claim: str) -> Claim:
        """The verdict on a claim about a formula."""
        formula = self.formula(text, wrt)
        return self.verdict(formula, self.wrt_of(formula, wrt), claim)

    def formula(self, text: str, wrt: str | None) -> Formula:
        """A formula; what it is derived for is a variable of it, `e` too."""
        key = text, wrt
        if self._last is None or self._last[0] != key:
            names = [] if not wrt else [name.partition("[")[0] for name in _by(wrt)]
            shapes: dict[str, Shape] = {**dict.fromkeys(names, ()), **self._shapes}
            let = {name: value for name, value in self.let.items() if name not in names}
            made = parse(text, shapes=shapes, let=let, limits=self.limits, shaped=bool(self.at))
            for name in names:
                self._check(name, made)
            self._last = key, made
        return self._last[1]

    @property
    def _shapes(self) -> dict[str, Shape]:
        return {name: value.shape for name, value in self.at[0].items() if name} if self.at else {}

    def _check(self, name: str, formula: Formula) -> None:
        if name in self.let:
            raise UsageError(f"{name} is bound by --let, so nothing is differentiated for it")
        if name not in formula.variables and name not in formula.spans:
            near = did_you_mean(name, formula.variables)
            if near and (name.lower() == near.lower() or len(name) > 2):
                raise UsageError(
                    f"the formula does not contain {name}", text=formula.text, hint=f"did you mean {near}?"
                )

    def wrt_of(self, formula: Formula, wrt: str | None) -> str:
        """What a formula is derived for: its one variable, if nothing else is said."""
        if wrt:
            _by(wrt)
            return wrt.replace(" ", "")
        names = list(formula.variables)
        if len(names) != 1:
            told = f"variables {', '.join(names[:12])}" if names else "no variable"
            raise UsageError(f"what the claim is derived for is not said, and the formula has {told}", hint="--wrt x")
        return names[0]

    def verdict(self, formula: Formula, wrt: str, text: str) -> Claim:
        """The verdict on a claim about a formula that is read."""
        by = _by(wrt)
        if len(by) > _ORDER:
            raise LimitError(f"a claim of order {len(by)}", hint=f"orders up to {_ORDER}")
        shapes = {**dict.fromkeys(by, ()), **{name: value.shape for name, value in formula.variables.items()}}
        claim = parse(text, shapes=shapes, let=self.let, limits=self.limits, shaped=bool(self.at))
        graph = formula.graph
        node = copied(Value(claim.graph, (), (claim.output,)), graph).items[0]
        pair = _Pair(self._balls, formula, by, node, self.at)
        found = pair.verdict()
        extra = [name for name in claim.variables if name not in formula.variables and name not in by]
        why = found.get("why", "")
        if extra and found["verdict"] != "proved":
            near = did_you_mean(extra[0], [*formula.variables, *by]) if len(extra[0]) > 2 else None
            told = f"the formula does not contain {', '.join(extra)}" + (f": did you mean {near}?" if near else "")
            imaginary = (
                "; gradcalc computes with real numbers, not with the imaginary unit" if {*extra} & set("Iij") else ""
            )
            why = "; ".join(filter(None, [why, told + imaginary]))
        return Claim(formula.text.strip(), wrt, text.strip(), **{**found, "why": why})


# -- the verdict -------------------------------------------------------------------------------------------------------


@dataclass
class _Seen:
    """What was seen at points: the first where they differ, where they agree, and what had no value."""

    differ: Witness | None = None
    agree: int = 0
    no_derivative: int = 0
    no_claim: int = 0
    claim_lacks: bool = False  # on a part of the domain of the derivative


class _Pair:
    """A derivative and a claim as two nodes of a graph."""

    def __init__(
        self, balls: Mapping[int, Balls], formula: Formula, by: Sequence[str], claim: int, at: Sequence[Point]
    ) -> None:
        self.balls, self.graph, self.formula, self.claim, self.at = balls, formula.graph, formula, claim, at
        self.by, chain = by, [formula.output]
        for name in by:
            chain += derive.gradient(self.graph, chain[-1], [self.graph.input(name)])
            if len(self.graph) > _NODES:
                raise LimitError(f"the derivative takes more than {_NODES:,} nodes")
        self.derivative, self.chain = chain[-1], list(dict.fromkeys(chain[:-1])) or chain
        self.kinks = [kink for each in dict.fromkeys(chain[:-1]) if (kink := kinked(self.graph, each)) is not None]
        needed = self.graph.needed([formula.output, self.derivative, claim])
        self.inputs = {
            parameter or "": index for index in needed
            for op, _, parameter in [self.graph.nodes[index]] if op is ops.input_
        }  # fmt: skip
        self.budget = Budget(_WORK)

    def verdict(self) -> dict[str, Any]:
        """The verdict with what belongs to it: the fields of a `Claim`."""
        seen, points = _Seen(), self._points()
        self._look(points, seen, _FIRST)
        if seen.differ is None and seen.agree and self.proved():
            return self._proved(seen, points)
        if seen.differ is None:
            seen, points = replace(seen, agree=0), self._points()
            self._look(points, seen, _ENOUGH, sharp=True)
        witness = seen.differ
        for _ in range(_BOTH if witness is not None and not seen.agree else 0):
            self._look(islice(points, 1), seen, _ENOUGH)
        domain = self._part() if seen.agree else None
        if domain is not None:
            why = f"proved there{_BUT if self._jumps([self.claim]) else ''}"
            return {"verdict": "agrees", "points": seen.agree, "domain": domain, "elsewhere": witness, "why": why}
        if witness is not None:
            return {"verdict": "refuted", "witness": witness}
        if seen.agree:
            return {"verdict": "agrees", "points": seen.agree}
        return {"verdict": "undecided", "why": self._nothing(seen)}

    def _proved(self, seen: _Seen, points: Iterator[dict[str, arb]]) -> dict[str, Any]:
        """Of a claim that is equal where it has a value: whether it has one wherever the derivative has."""
        may_lack = self._may_lack()
        self._look(points if may_lack else (), seen, _BOTH)
        if seen.claim_lacks or may_lack and self._lacks():
            domain = defined_where(self.graph, [self.formula.output, self.claim]) or "the claim has a value"
            why = "proved there; elsewhere the claim has no value"
            return {"verdict": "agrees", "points": seen.agree, "domain": domain, "why": why}
        single, known = _Seen(), [self.formula.output, self.derivative]
        if self._jumps():
            self._look(islice(self._points(), _TRIES), single, _TRIES, sharp=True)
        if single.differ is None:
            zeros = list(single_points(self.graph, self.claim, known, self.inputs, self.balls[_MORE_BITS]))
            self._look(zeros, single, _TRIES + single.agree + len(zeros), sharp=True)
        if single.differ is not None or self._jumps() and not self._told().everywhere():
            return {"verdict": "agrees", "points": seen.agree, "domain": _SINGLE, "elsewhere": single.differ,
                    "why": "proved there"}  # fmt: skip
        if single.no_claim:
            domain = defined_where(self.graph, [*known, self.claim]) or "the claim has a value"
            why = "elsewhere the claim has no value"
            return {"verdict": "proved", "points": seen.agree, "domain": domain, "why": why}
        return {"verdict": "proved", "points": seen.agree}

    def _told(self) -> Told:
        return Told.of(self.graph, self.chain, self.derivative, self.claim, self.inputs, self.by)

    def _jumps(self, nodes: Sequence[int] = ()) -> bool:
        """Whether some nodes, or derivative and claim, may have values of their own at single points."""
        needed = (self.graph.nodes[index].op for index in self.graph.needed(nodes or [self.derivative, self.claim]))
        return any(op is ops.where or op.at_kink.startswith("jump") for op in needed)

    def _may_lack(self) -> bool:
        """Whether an op of the claim has a domain, or branches, of its own."""
        ours = set(self.graph.needed([self.formula.output, self.derivative]))
        needed = (self.graph.nodes[index].op for index in self.graph.needed([self.claim]) if index not in ours)
        return any(op.domain is not None and op not in (ops.div, ops.powi) or op is ops.where for op in needed)

    def _lacks(self) -> bool:
        """Whether the claim is seen to have no value around a point where the derivative has one."""
        beside = _Seen()
        self._look(self._points(), beside, _TRIES)
        return beside.claim_lacks

    def proved(self) -> bool:
        """Whether the normal forms are equal on every part of the domain."""
        found = self._cases()
        return bool(found) and all(case.equal for case in found)

    def _cases(self) -> Sequence[Any]:
        if len(self.graph.needed([self.derivative, self.claim])) > _PROVED_NODES:
            return ()
        return cases(self.graph, self.derivative, self.claim, [self.formula.output], "written")

    def _part(self) -> str | None:
        """The parts of the domain on which they are proved equal, as text; None if there are none."""
        texts, found = [], self._cases()
        for case in found if not all(case.equal for case in found) else ():
            told, lacks = self._inside(case.sides) if case.equal and case.sides else (False, False)
            if told:
                roots = [int(ops.sqrt(self.graph.ref(side)).index) for side in case.sides]
                text = defined_where(self.graph, [*roots, self.claim] if lacks else roots)
                texts += [text or "a part of the domain"] if text != NOWHERE else []
        return (texts[0] if len(texts) == 1 else " or ".join(f"({text})" for text in texts)) if texts else None

    def _inside(self, sides: Sequence[int]) -> tuple[bool, bool]:
        """Where some nodes are above 0: whether both have values at a point, and whether at one the claim lacks its."""
        told = lacks = False
        for point in self._points():
            try:
                derivative, claim, *balls = self._at(_widened(point), (self.derivative, self.claim, *sides), _BITS)
            except OutOfBudget:
                break
            if _is_number(derivative) and all(_is_number(ball) and ball > 0 for ball in balls):
                told, lacks = told or _is_number(claim), lacks or claim is UNDEFINED
        return told, lacks

    def _nothing(self, seen: _Seen) -> str:
        """Why there was nothing to compare."""
        if seen.no_claim and not seen.no_derivative:
            return f"the claim has no value at any of {seen.no_claim} points where the derivative has one"
        if seen.no_derivative and not seen.no_claim:
            return f"the derivative has no value at any of {seen.no_derivative} points that were tried"
        return "at no point that was tried have both the derivative and the claim a value"

    # -- points

    def _points(self) -> Iterator[dict[str, arb]]:
        """Points to look at: those that are given, simple ones, others of all sizes; the same each time."""
        for point in self.at:
            yield {name: value for name, value in self._given(point).items() if name in self.inputs}
        names, draw = list(self.inputs), random.Random(0)
        if not names:
            yield {}
            return
        near, others = self._near(), random.Random(1)
        for turn in range(_TRIES):
            if turn < _PLAIN or len(names) == 1 and turn < len(_SIMPLE):
                numbers = [_SIMPLE[(turn + i) % len(_SIMPLE)] for i in range(len(names))]
            elif turn % 3 == 0 and len(names) > 1:
                numbers = [draw.choice(_SIMPLE) for _ in names]
            elif turn % 4 == 1 and near:
                numbers = [others.choice(_SIMPLE) for _ in names]
                numbers[others.randrange(len(names))] = others.choice(near)
            else:
                low, high = _SCALES[(turn if len(names) == 1 else turn - turn // 3) % len(_SCALES)]
                numbers = [round(draw.uniform(low, high) * 64) / 64 for _ in names]
            yield {name: arb(x) for name, x in zip(names, numbers, strict=True)}

    def _near(self) -> Sequence[float]:
        """Numbers about the larger constants: beyond `log(x - 10^6)` begins, or a branch."""
        graph, found = self.graph, dict[float, None]()
        for index in graph.needed([self.formula.output, self.claim]):
            op, operands, parameter = graph.nodes[index]
            if op is ops.const or operands and all(graph.is_constant(each) for each in operands):
                value = self.balls[_BITS].evaluate(graph, {}, [index])[index]
                if isinstance(value, arb) and _LEAST < abs(size := float(value.mid())) < _LARGEST:
                    found |= dict.fromkeys((size + 0.5, size - 0.5, -size - 0.5, 0.5 - size, 2 * size))
        return list(found)[:_CONSTANTS]

    def _given(self, point: Point) -> dict[str, arb]:
        """The numbers of a point that was asked for; what it does not say is 1."""
        found = dict.fromkeys(self.inputs, arb(1))
        bound = where.bind(self.graph, point, self.balls[_MORE_BITS])
        return found | {name: bound[index] for name, index in self.inputs.items() if isinstance(bound.get(index), arb)}

    def _look(self, points: Iterable[dict[str, arb]], seen: _Seen, enough: int, sharp: bool = False) -> None:
        """Compare at points, until they are seen to differ, or to agree at so many; `sharp` at the points alone.

        Else each point stands for all around it, which is faster and tells small differences less.
        """
        for point in points:
            try:
                self._compare(point, seen, sharp)
            except OutOfBudget:
                return
            if seen.differ or seen.agree >= enough or seen.claim_lacks and seen.agree:
                return

    def _at(self, point: Mapping[str, arb], nodes: Sequence[int], bits: int) -> list[Any]:
        inputs = {self.inputs[name]: ball for name, ball in point.items()}
        values = self.balls[bits].evaluate(self.graph, inputs, nodes, self.budget)
        return [values[node] for node in nodes]

    def _compare(self, point: dict[str, arb], seen: _Seen, sharp: bool) -> None:
        """What is seen at one point."""
        bits = _MORE_BITS if sharp else _BITS
        nodes, around = (self.formula.output, self.derivative, self.claim), _widened(point)
        value, derivative, claim = self._at(point if sharp else around, nodes, bits)
        if not _is_number(value) or not _is_number(derivative):
            seen.no_derivative += 1
        elif not _is_number(claim):
            seen.no_claim += claim is UNDEFINED
            seen.claim_lacks = seen.claim_lacks or claim is UNDEFINED and not sharp
        elif not derivative.overlaps(claim):
            if seen.differ is None and self._is_smooth(point):
                seen.differ = self._witness(point)
        elif _is_told(derivative) and _is_told(claim):
            seen.agree += 1

    def _is_smooth(self, point: Mapping[str, arb]) -> bool:
        """Whether the formula is defined about a point, as far as it is derived, and no op of it has a kink there."""
        around = {**point, **_widened({name: point[name] for name in self.by if name in point})}
        value, *kinks = self._at(around, (self.formula.output, *self.kinks), _BITS)
        return _is_number(value) and all(isinstance(kink, arb) and kink == 0 for kink in kinks)

    def _witness(self, point: dict[str, arb]) -> Witness | None:
        """A point where the two differ, with the digits that tell them apart."""
        derivative, claim = self._at(point, (self.derivative, self.claim), _MORE_BITS)
        if not (_is_number(derivative) and _is_number(claim)) or derivative.overlaps(claim):
            return None
        texts = "", ""
        for digits in (6, 10, 14, 17, 20, 25, 30, 40, 60, 100, 180):
            texts = _digits(derivative, digits), _digits(claim, digits)
            if texts[0] != texts[1]:
                break
        at = {name: float(x) for name, x in point.items()}
        return Witness(at, _float(derivative), _float(claim), texts)


def _widened(point: Mapping[str, arb]) -> dict[str, arb]:
    """All around a point."""
    with ctx.workprec(_BITS):
        return {name: x + arb(0, _AROUND) for name, x in point.items()}


def _is_number(ball: Any) -> bool:
    return isinstance(ball, arb) and ball.is_finite()


def _is_told(ball: arb) -> bool:
    """Whether a ball tells its number, or that it is next to 0."""
    return relative_bits(ball) >= _SAME_BITS or bool(ball.abs_upper() < arb((1, -60)))


def _digits(ball: arb, digits: int) -> str:
    text = digits_text(ball, digits) or digits_text(ball.mid(), digits) or str(ball)
    return text.rstrip("0").rstrip(".") if "." in text and "e" not in text else text


def _float(ball: arb) -> float:
    found = nearest_double(ball)
    return float(ball.mid()) if found is None else found
