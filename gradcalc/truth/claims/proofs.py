"""`gradcalc verify`: a proof file read and checked, and what comes of it; and the file that `check --proof` writes.

Imports verify, language and show.
"""

import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gradcalc.errors import ExitCode, FileError, GradcalcError, UsageError, for_python
from gradcalc.files import complete_file
from gradcalc.graph import ops
from gradcalc.graph.graph import Graph, copied
from gradcalc.language.formula import Value
from gradcalc.language.parse import as_formula, parse
from gradcalc.language.parse import copied as moved
from gradcalc.language.points import to_bindings
from gradcalc.language.relation import read_constraint
from gradcalc.settings import Limits
from gradcalc.show import page as pages
from gradcalc.show.answer import SCHEMA, Answer
from gradcalc.truth.claims.boxes import number
from gradcalc.truth.claims.cases import Constraint, Switched, in_parts
from gradcalc.truth.claims.claimed import Claimed
from gradcalc.truth.claims.derivatives import Number, evaluated, from_flint, meant
from gradcalc.truth.claims.intervals import Weak
from gradcalc.truth.claims.points import AllPoints, Bound
from gradcalc.truth.claims.squares import Minimum, SumOfSquares
from gradcalc.truth.claims.verify import FINE, Points, Question
from gradcalc.truth.questions.derivative import read_by

if TYPE_CHECKING:
    from gradcalc.truth.claims.check import Claim, Claims

FORMAT = 2
"""The version of what proof files hold, to be raised whenever older ones would be misread."""
Holds = tuple[str, set[str], tuple[str, ...]]
"""What is proved, which functions were python-flint's, and what it rests on besides."""
_LONGEST = 20_000
"""Characters of a formula in a proof file, at most."""
_TOLD = 20
"""Claims that are told one by one."""


@dataclass(frozen=True, slots=True, repr=False)
class Verified(Answer):
    """Whether a proof file holds.

    Attributes:
        expression: the formula or the model; None of claims, which name theirs.
        verdict: `holds` or `rejected`.
        claim: what it proves, in words; None where it is rejected.
        rests_on: what the check assumes.
        reason: why it is rejected, else None.
    """

    expression: str | None
    verdict: str
    claim: str | None
    rests_on: tuple[str, ...] = ()
    reason: str | None = None

    @property
    def exit_code(self) -> ExitCode:
        """0 where it holds, else 1."""
        return ExitCode.DONE if self.verdict == "holds" else ExitCode.NO

    def to_dict(self) -> dict[str, Any]:
        """The answer as JSON-ready data."""
        return {
            "schema": SCHEMA, "command": "verify", "expression": self.expression, "verdict": self.verdict,
            "claim": self.claim, "rests_on": list(self.rests_on), "reason": self.reason,
        }  # fmt: skip

    def records(self) -> Iterator[Sequence[object]]:
        """One row, the titles first."""
        yield "expression", "verdict", "claim", "reason"
        yield self.expression or "", self.verdict, self.claim or "", self.reason or ""

    def page(self) -> pages.Page:
        """The verdict, and what it is about."""
        holds = self.verdict == "holds"
        verdict = pages.Text("the proof holds", "good") if holds else pages.Text("the proof is rejected", "bad")
        blocks: list[pages.Block] = [pages.line(verdict), pages.line(self.claim or self.reason or "")]
        if self.rests_on:
            blocks.append(pages.fact("rests on", "; ".join(self.rests_on)))
        return pages.Page("verify", tuple(blocks))


@for_python
def verify(path: str | Path, *, limits: Limits | None = None) -> Verified:
    """Whether a proof file that `critical`, `check` or `fit` wrote holds, checked without the search that made it.

    >>> gradcalc.verify("proof.json").verdict
    'holds'

    Args:
        path: of the file.

    Raises:
        FileError: it cannot be read, or is no proof file.
    """
    return checked(Path(path), limits or Limits())


def checked(path: Path, limits: Limits) -> Verified:
    """The same, for the command: its errors speak of options."""
    proof = _read(path)
    expression = None if proof["proof"] == "check" else str(proof.get("expression"))
    try:
        claim, flint, more = _KINDS[proof["proof"]](proof, limits)
    except Weak as weak:
        return Verified(expression, "rejected", None, reason=str(weak))
    except GradcalcError as error:
        return Verified(expression, "rejected", None, reason=f"its formula: {error.message}")
    except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, RecursionError) as error:
        return Verified(expression, "rejected", None, reason=f"the file lacks something, or has it twisted: {error!r}")
    named = (f"python-flint's {name}" for name in sorted(flint))
    return Verified(
        expression, "holds", claim, ("integers of Python", "gradcalc's reading of the formula", *more, *named)
    )


def _once(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    """An object of the file, each of its names once."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name stands twice in one object")
    return found


def _read(path: Path) -> Mapping[str, Any]:
    hint = "critical, check and fit --certify write one: --proof proof.json"
    try:
        proof = json.loads(path.read_text(encoding="utf-8"), object_pairs_hook=_once)
    except OSError as error:
        raise FileError(f"{path}: {error.strerror or error}") from None
    except (ValueError, RecursionError) as error:
        raise FileError(f"{path} is no proof file: {error}", hint=hint) from None
    if not isinstance(proof, dict) or str(proof.get("proof")) not in _KINDS:
        raise FileError(f"{path} is no proof file", hint=hint)
    if proof.get("format") != FORMAT or isinstance(proof["format"], bool):
        raise FileError(f"{path} is a proof file of another version of gradcalc", hint="write it again: --proof FILE")
    return proof


def _of_box(proof: Mapping[str, Any], limits: Limits) -> Holds:
    """All critical points, or roots, in a box; and the least and the greatest value over it."""
    asked, claim = question(proof, limits), proof["claim"]
    names, read = list(proof["variables"]), partial(constant, limits=limits)
    bounds = {name: claim[name] for name in SIGNS if name in claim}
    if claim.keys() - {"points", "unsettled", "complete", *SIGNS} or proof["extremes"].keys() != bounds.keys():
        raise Weak("something is claimed that cannot be verified")
    needs_more = any(isinstance(each, Switched) for each in asked.parts) or any(
        "exact" in zero for part in proof["parts"] for zero in part["zeros"]
    )
    (AllPoints(names, claim, read=read) if needs_more else Points(names, claim)).check(asked.parts, proof["parts"])
    questions = {name: asked.extreme(SIGNS[name]) for name in bounds}
    ends = [proof["box"][name] for name in names]
    for name, bound in bounds.items():
        Bound(questions[name], ends, bound, read, SIGNS[name]).check(proof["extremes"][name])
    flint = (from_flint(each.graph, each.case((None,) * len(each.switches)).system.nodes) for each in asked.parts)
    return _in_words(proof), set[str]().union(*flint), ()


def _in_words(proof: Mapping[str, Any]) -> str:
    """What a file of `critical` claims."""
    claim, box = proof["claim"], proof["box"]
    count, unsettled = len(claim["points"]), claim["unsettled"]
    sides = ", ".join(f"{name}={':'.join(map(str, ends))}" for name, ends in box.items())
    under = f" under {', '.join(proof['subject_to'])}" if proof["subject_to"] else ""
    noun = "root" if proof["task"] == "roots" else "critical point"
    hulls = [", ".join(f"{name}={low!r}:{high!r}" for name, (low, high) in box.items()) for box in unsettled[:3]]
    outside = f" outside of {len(unsettled)} box{'es' * (len(unsettled) > 1)}: {'; '.join(hulls)}" if hulls else ""
    which = {0: f"no {noun}", 1: f"this {noun}"}.get(count, f"these {count} {noun}s")
    told = f"{proof['expression']}{under} has {which} in {sides}{', and no others' * bool(count)}{outside}"
    for name in SIGNS:
        if name in claim:
            low, high, at, only = (claim[name][key] for key in ("low", "high", "at", "only"))
            at = "; ".join(", ".join(f"{each}={value}" for each, value in point.items()) for point in at)
            told += f"\nits {name} value in the closed box lies from {low} to {high}"
            told += f", taken at {at}{', and nowhere else' * only}" if at else ""
    return told


SIGNS = {"least": 1, "greatest": -1}
"""Extreme values by name, and whether they are the least ones of the function or of its opposite."""


@dataclass(frozen=True)
class Asked:
    """What a proof file of `critical` is about: the box in parts, one but for infinite sides."""

    parts: Sequence[Question]

    def extreme(self, sign: int) -> Switched:
        """What is asked of the least value, or with -1 of the greatest."""
        (part,) = self.parts
        if part.is_roots or isinstance(part, Switched) and part.constraints:
            raise Weak("extreme values go with neither roots nor constraints")
        (node,) = part.outputs
        outputs = (node if sign > 0 else (-part.graph.ref(node)).index,)
        return Switched(part.graph, part.names, part.inputs, part.sides, outputs, extreme=True)


def question(head: Mapping[str, Any], limits: Limits) -> Asked:
    """What a file is about.

    Raises:
        Weak: it is twisted.
    """
    names, is_roots = list(head["variables"]), head["task"] == "roots"
    let = to_bindings(dict(head["let"]), limits)
    formula = as_formula(_text(head["expression"]), let=let, limits=limits, array=is_roots)
    relations = [read_constraint(_text(text), let, limits) for text in head["subject_to"]]
    known = set(formula.variables).union(*(relation.formula.variables for relation in relations))
    if known - set(names) or list(head["box"]) != names or head["task"] not in ("roots", "critical"):
        raise Weak("its box is not that of the formula's variables")
    graph, outputs = formula.graph, tuple(formula.items) if is_roots else (formula.output,)
    if len(outputs) != (len(names) if is_roots else 1) or is_roots and relations:
        raise Weak("there are not as many formulas as variables")
    constraints = [
        Constraint(each.text, copied(each.formula.graph, [each.formula.output], graph, {})[0], each.is_equation)
        for each in relations
    ]
    inputs = tuple(graph.input(name) for name in names)
    ends = [tuple(_end(end, way, limits) for end, way in zip(head["box"][name], (-1, 1), strict=True))
            for name in names]  # fmt: skip
    parts = in_parts(graph, names, inputs, ends, outputs, constraints, is_roots, head["radius"])
    if any(low > high for part in parts for low, high in part.open_case.sides(FINE)[1]):
        raise Weak("the box has no inside")
    return Asked(parts)


def _end(given: Any, way: int, limits: Limits) -> Number | None:
    """The end of a side, None if it is infinite."""
    return None if given == way * math.inf or given in ("-inf" if way < 0 else "inf",) else constant(given, limits)


def constant(given: Any, limits: Limits) -> Number:
    """A number of the file: of JSON as it is; the value of a formula such as `pi/2`."""
    if isinstance(given, int | float):
        value = number(given)
        return lambda on: on.of(value, value)
    formula = as_formula(_text(given), limits=limits)
    nodes = meant(formula.graph, (formula.output,))
    return lambda on: evaluated(formula.graph, nodes, {}, on)[0]


def _of_fit(proof: Mapping[str, Any], limits: Limits) -> Holds:
    """The minimum of a sum of squares."""
    left, tilde, right = _text(proof["expression"]).partition("~")
    names, columns = list(proof["parameters"]), proof["rows"]
    if not tilde or proof["sigma"] and proof["weights"] or {*names} & {*columns}:
        raise Weak("its model is none")
    shapes: dict[str, Any] = dict.fromkeys([*names, *columns], ())
    graph = Graph()

    def part(text: Any) -> Any:
        formula = parse(_text(text), shapes=shapes, limits=limits, whole=True)
        if set(formula.variables) - shapes.keys():
            raise Weak("its formula names what is neither a parameter nor a column")
        return graph.ref(copied(formula.graph, [formula.output], graph, {})[0])

    residual = part(left) - part(right)
    if proof["sigma"]:
        residual = residual / part(proof["sigma"])
    if proof["weights"]:
        residual = residual * ops.sqrt(part(proof["weights"]))
    inputs = [graph.input(name) for name in columns]
    numbers = ([number(each) for each in column] for column in columns.values())
    rows = [dict(zip(inputs, row, strict=True)) for row in zip(*numbers, strict=True)]
    total = SumOfSquares.of(graph, residual.index, [graph.input(name) for name in names], rows)
    return Minimum(total, proof).run(), from_flint(graph, [residual.index]), ()


def _of_claims(proof: Mapping[str, Any], limits: Limits) -> Holds:
    """Claims that formulas are derivatives of others."""
    told, grounds = [], set[str]()
    for each in proof["claims"]:
        claimed, text = claim_of(each["formula"], each["wrt"], each["claim"], proof["let"], limits)
        if not _is_so(claimed, each):
            raise Weak(f"that {text} is {each['verdict']} is not proved")
        if each["verdict"] == "refuted":
            grounds |= from_flint(claimed.graph, claimed.nodes)
        told.append(f"{text}: {each['verdict']}")
    if not told:
        raise Weak("it claims nothing")
    text = "; ".join(told[:_TOLD]) + (f"; and {len(told) - _TOLD} more" if len(told) > _TOLD else "")
    return text, grounds, ("fractions of Python",)


def _is_so(claimed: Claimed, told: Mapping[str, Any]) -> bool:
    """Whether a claim is proved, or refuted, as is told of it."""
    if told["verdict"] == "refuted":
        at = {claimed.graph.input(name): number(value) for name, value in told["witness"]["at"].items()}
        return claimed.is_refuted(at)
    return told["verdict"] == "proved" and claimed.is_proved()


def claim_of(formula: str, wrt: str, claim: str, let: Mapping[str, Any], limits: Limits) -> tuple[Claimed, str]:
    """A claim in one graph, and what it says."""
    by = read_by(_text(wrt)) if wrt else ()
    shapes: dict[str, Any] = dict.fromkeys(by, ())
    bound = to_bindings({name: value for name, value in let.items() if name not in by}, limits)
    one = parse(_text(formula), shapes=shapes, let=bound, limits=limits, shaped=False)
    shapes |= {name: value.shape for name, value in one.variables.items()}
    other = parse(_text(claim), shapes=shapes, let=bound, limits=limits, shaped=False)
    node = moved(Value(other.graph, (), (other.output,)), one.graph).items[0]
    nodes = [one.graph.input(name) for name in by]
    return Claimed(one.graph, one.output, node, nodes), f"{claim} is d/d({wrt}) of {formula}"


def write_claims(made: "Claims", path: Path, limits: Limits) -> int:
    """Write the proof file of what is proved or refuted of some claims; how many that are.

    Raises:
        UsageError: that is none.
        FileError: the file cannot be written.
    """
    if made.let:
        raise UsageError("values of --let are not carried by proof files of claims", hint="write them into the formula")
    carried = [claim.to_dict() for claim in made.claims if _is_carried(claim, limits)]
    if not carried:
        reason = "no claim is refuted, or proved by what proof files carry"
        raise UsageError(reason, hint="docs/proofs.md says what that is; without --proof the answer stands as it is")
    kept = ("formula", "wrt", "claim", "verdict", "witness")
    claims = [{key: claim[key] for key in kept} for claim in carried]
    with complete_file(path) as target:
        head = {"schema": SCHEMA, "proof": "check", "format": FORMAT, "let": {}}
        target.write_text(json.dumps(head | {"claims": claims}) + "\n", "utf-8")
    return len(claims)


def _is_carried(claim: "Claim", limits: Limits) -> bool:
    """Whether the check of a file would find the same of a claim."""
    try:
        claimed, _ = claim_of(claim.formula, claim.wrt, claim.claim, {}, limits)
        return (claim.verdict != "refuted" or claim.witness is not None) and _is_so(claimed, claim.to_dict())
    except (Weak, GradcalcError):
        return False


def _text(given: Any) -> str:
    """The text of a formula, if it is not too long."""
    if not isinstance(given, str) or len(given) > _LONGEST:
        raise Weak("a formula is too long, or none")
    return given


_KINDS: dict[Any, Callable[[Mapping[str, Any], Limits], Holds]] = {
    "critical": _of_box, "fit": _of_fit, "check": _of_claims,
}  # fmt: skip
"""By what a file says that it proves."""
