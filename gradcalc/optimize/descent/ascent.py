"""An ascent is the descent of -f, told of f: its values and slopes with the other sign, its words the other way up.

    f --negated--> -f --descent--> Descent of -f --turned--> Descent of f, which seeks a maximum

All that a descent says stands in `TURNED`, phrase by phrase; names of variables are in none of them.
"""

import re
from collections.abc import Callable
from dataclasses import replace

from gradcalc.graph import ops
from gradcalc.language.formula import Formula
from gradcalc.optimize.descent.answer import Descent
from gradcalc.optimize.descent.watch import Step
from gradcalc.truth.quantity import Note

TURNED = {
    "no minimum: the value still falls": "no maximum: the value still grows",
    "where the value still falls": "where the value still grows",
    "it finds no lower point": "it finds no higher point",
    "no lower value was found": "no higher value was found",
    "the value is least there": "the value is greatest there",
    "nothing tells that it is a minimum": "nothing tells that it is a maximum",
    "this is no minimum": "this is no maximum",
    "no minimum, ": "no maximum, ",
    "a minimum": "a maximum",
    "a maximum": "a minimum",
    "a ridge of kinks": "a valley of kinks",
    "the lowest value": "the highest value",
    "the value falls to the end of the range": "the value grows to the end of the range",
    "the value grows without bound": "the value falls without bound",
    "the value grows": "the value falls",
    "plain descent": "plain ascent",
    "descent with": "ascent with",
}
"""What is said of a descent, and the same of an ascent; what contains another phrase stands before it."""

_PHRASE = re.compile("|".join(map(re.escape, TURNED)))
_NUMBER = r"-?(?:inf|nan|\d[\d.]*(?:e[+-]?\d+)?)"
_LIMIT = re.compile(rf"(?<=the value still grows )(towards|below) ({_NUMBER})")
_BEST = re.compile(rf"(?<=the highest value, )({_NUMBER})")
_SLOPES = re.compile(rf"(?<=the slope turns from )({_NUMBER}) to ({_NUMBER})")


def negated(formula: Formula) -> Formula:
    """The formula of -f, with f's text; the negative of a negative is what that was of."""
    graph = formula.graph
    op, operands, _ = graph.nodes[formula.output]
    graph.span = graph.spans[formula.output]
    return replace(formula, output=operands[0] if op is ops.neg else graph.emit(ops.neg, (formula.output,)))


def turned(made: Descent) -> Descent:
    """What was found of -f, told of f."""
    eigenvalues = made.eigenvalues
    return replace(
        made,
        maximize=True,
        reason=in_words(made.reason),
        end=turned_step(made.end),
        kind=made.kind and _kind(made.kind),
        eigenvalues=None if eigenvalues is None else tuple(-value + 0.0 for value in reversed(eigenvalues)),
        notes=tuple(map(_note, made.notes)),
        watch=made.watch.turned(),
    )


def turned_step(step: Step) -> Step:
    """A step of -f as one of f."""
    return replace(step, value=-step.value + 0.0)


def told_of_f(callback: Callable[[Step], object] | None) -> Callable[[Step], object] | None:
    """What is called with each step of f, for a descent of -f."""
    return None if callback is None else lambda step: callback(turned_step(step))


def in_words(message: str) -> str:
    """A message on a descent as one on an ascent."""
    message = _PHRASE.sub(lambda found: TURNED[found[0]], message)
    message = _LIMIT.sub(lambda found: f"{'above' if found[1] == 'below' else found[1]} {_minus(found[2])}", message)
    message = _BEST.sub(lambda found: _minus(found[1]), message)
    return _SLOPES.sub(lambda found: f"{_minus(found[1])} to {_minus(found[2])}", message)


def _minus(number: str) -> str:
    """The text of a number with the other sign."""
    return number if number in ("0", "nan") else number[1:] if number.startswith("-") else f"-{number}"


def _kind(kind: str) -> str:
    """What a point of -f is of f."""
    swap = {"minimum": "maximum", "maximum": "minimum"}
    return re.sub("minimum|maximum", lambda found: swap[found[0]], kind)


def _note(note: Note) -> Note:
    """A note, with the slopes of f."""
    left, right = (None if slope is None else -slope + 0.0 for slope in (note.left, note.right))
    return replace(note, message=in_words(note.message), left=left, right=right)
