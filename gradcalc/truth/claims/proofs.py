"""`gradcalc verify`: a proof file read and checked, and what comes of it. Imports verify, language and show."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from gradcalc.errors import ExitCode, FileError, GradcalcError, for_python
from gradcalc.language.parse import as_formula
from gradcalc.settings import Limits
from gradcalc.show import page as pages
from gradcalc.show.answer import SCHEMA, Answer
from gradcalc.truth.claims.intervals import Arithmetic, Weak
from gradcalc.truth.claims.verify import Components, Jets, Zeros, evaluated

_BITS = 128
"""Of the ends of the box, which are read as formulas."""
_SHOWN = 20_000
"""Characters of a formula in a proof file, at most."""


@dataclass(frozen=True, slots=True, repr=False)
class Verified(Answer):
    """Whether a proof file holds.

    Attributes:
        verdict: `holds` or `rejected`.
        claim: what it proves, in words; None where it is rejected.
        rests_on: what the check assumes.
        reason: why it is rejected, else None.
    """

    expression: str
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
        yield self.expression, self.verdict, self.claim or "", self.reason or ""

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
    """Whether a proof file that `critical` wrote holds, checked without the search that made it.

    >>> gradcalc.verify("proof.json").verdict
    'holds'

    Args:
        path: of the file.

    Raises:
        FileError: it cannot be read, or is no proof file.
    """
    proof = _read(Path(path))
    expression = str(proof.get("expression"))
    try:
        found = _verifier(proof, limits or Limits()).run()
    except Weak as weak:
        return Verified(expression, "rejected", None, reason=str(weak))
    except GradcalcError as error:
        return Verified(expression, "rejected", None, reason=f"its formula: {error.message}")
    except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, RecursionError) as error:
        return Verified(expression, "rejected", None, reason=f"the file lacks something, or has it twisted: {error!r}")
    return Verified(expression, "holds", found.claim, found.rests_on)


def _read(path: Path) -> Mapping[str, Any]:
    try:
        proof = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise FileError(f"{path}: {error.strerror or error}") from None
    except (ValueError, RecursionError) as error:
        raise FileError(f"{path} is no proof file: {error}", hint="gradcalc critical ... --proof proof.json") from None
    if not isinstance(proof, dict) or proof.get("proof") != "critical":
        raise FileError(f"{path} is no proof file", hint="gradcalc critical ... --proof proof.json")
    return proof


def _verifier(proof: Mapping[str, Any], limits: Limits) -> Zeros:
    """The proof with its formula read into a graph, and the sides of its box as numbers."""
    names, is_gradient = list(proof["variables"]), proof["task"] == "critical"
    if len(proof["expression"]) > _SHOWN:
        raise Weak("its formula is too long")
    formula = as_formula(proof["expression"], limits=limits, array=not is_gradient)
    if set(formula.variables) - set(names) or list(proof["box"]) != names:
        raise Weak("its box is not that of the formula's variables")
    outputs = (formula.output,) if is_gradient else tuple(formula.items)
    if len(outputs) != (1 if is_gradient else len(names)):
        raise Weak("there are not as many formulas as variables")
    components = Components(formula.graph, outputs, [formula.graph.input(name) for name in names], is_gradient)
    return Zeros(components, [tuple(_end(each, limits) for each in proof["box"][name]) for name in names], proof)


def _end(given: Any, limits: Limits) -> Any:
    """An end of the box: a number as it is; of a formula such as `pi/2` two numbers around it."""
    if isinstance(given, int | float):
        value = Fraction(given)
        return value, value
    formula = as_formula(str(given), limits=limits)
    on = Arithmetic(_BITS)
    low, high = evaluated(formula.graph, [formula.output], {}, Jets(on, 0))[formula.output][()]
    return Fraction(low, 2**_BITS), Fraction(high, 2**_BITS)
