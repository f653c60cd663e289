"""What a formula can use, as text: every op with its derivative, domain and kink.

What is said of an op is made from its entry, so that it cannot drift from what gradcalc does. Imports derive, domains,
format, tokens, answer and page.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from gradcalc.errors import UsageError
from gradcalc.graph import derive, ops
from gradcalc.graph.graph import Graph
from gradcalc.graph.ops import Op
from gradcalc.language.domains import domain_text
from gradcalc.language.format import format_node
from gradcalc.language.synonyms import function_meant
from gradcalc.language.tokens import CONSTANTS, FUNCTIONS, SPECIAL
from gradcalc.language.written import WRITTEN
from gradcalc.show import page as pages
from gradcalc.show.answer import SCHEMA, Answer

_WRITTEN_OUT = {
    "sum": "sum of an array's elements, or of a body for each value of a counter",
    "prod": "product of an array's elements, or of a body for each value of a counter",
    "mean": "mean of an array's elements",
    "dot": "inner product",
    "root": "n-th root; of degree 3 it is cbrt",
    "piecewise": "the first value whose condition holds, else the default",
    "transpose": "axes in reverse order",
    "diff": "derivative of any order of a part of the formula, also written d/dx(f) and d^2/dx^2(f)",
    "subs": "a part of the formula with something else in the place of its variables, all at once",
    "gradient": "vector of the first derivatives for the variables that are named",
    "jacobian": "matrix of the first derivatives, a row for each element of an array",
    "hessian": "matrix of the second derivatives",
    "laplacian": "sum of the second derivatives for the variables that are named",
    "divergence": "sum of the derivatives of each component of a field for its variable",
    "curl": "curl of a field in space, a vector",
    "det": "determinant, of a matrix of at most 10 rows",
    "inv": "inverse, of a matrix of at most 6 rows; undefined where the determinant is 0",
    "trace": "sum along the diagonal of a square matrix",
    "cross": "cross product of two vectors of three elements",
    "outer": "matrix of the products of each element with each other",
    "softmax": "exponentials of an array's elements over their sum",
    "zeros": "array of zeros of a shape",
    "ones": "array of ones of a shape",
    "eye": "matrix with ones on the diagonal",
    "linspace": "numbers at equal distances, both ends included; 50 unless told otherwise",
    "arange": "numbers from 0 or a start on, by 1 or a step, the end left out",
}
"""Functions that parsing writes out in ops, and what they are."""


@dataclass(frozen=True, slots=True)
class Card:
    """A function as text: how it is written, its derivative by operand, where it is defined, where it has a kink."""

    name: str
    syntax: str
    doc: str
    derivatives: tuple[tuple[str, str], ...] = ()
    domain: str = ""
    kink: str = ""
    aliases: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The JSON form: the derivatives by operand."""
        return asdict(self) | {"derivatives": dict(self.derivatives), "aliases": list(self.aliases)}

    @property
    def derivatives_text(self) -> str:
        """A line for each derivative."""
        return "\n".join(f"d/d{operand}: {text}" for operand, text in self.derivatives)

    def details(self) -> pages.Details:
        """The card on a page."""
        rows = {"derivative": self.derivatives_text, "domain": self.domain, "kink": self.kink}
        entries = {name: text for name, text in (rows | {"also": ", ".join(self.aliases)}).items() if text}
        return pages.Details(pages.line(pages.strong(self.syntax), f"   {self.doc}"), tuple(entries.items()))


@dataclass(frozen=True, slots=True, repr=False)
class Catalogue(Answer):
    """Functions and constants: the answer of `gradcalc functions`."""

    cards: tuple[Card, ...]

    def to_dict(self) -> dict[str, Any]:
        """The JSON form: a card for each function."""
        return {"schema": SCHEMA, "command": "functions", "functions": [card.to_dict() for card in self.cards]}

    def records(self) -> Iterator[tuple[object, ...]]:
        """A row for each function, the titles first."""
        yield "name", "syntax", "doc", "derivatives", "domain", "kink", "aliases"
        for card in self.cards:
            derivatives = card.derivatives_text.replace("\n", "; ")
            yield card.name, card.syntax, card.doc, derivatives, card.domain, card.kink, " ".join(card.aliases)

    def page(self) -> pages.Page:
        """One card, or the table of them all."""
        details = tuple(card.details() for card in self.cards)
        titles = ("function", "what it is", "derivative", "domain", "kink")
        rows = tuple((card.syntax, card.doc, card.derivatives_text, card.domain, card.kink) for card in self.cards)
        table = pages.Table(tuple(pages.Column(title, "word") for title in titles), rows, details=details)
        return pages.Page("functions", details if len(details) == 1 else (table,))


def catalogue(name: str | None = None) -> Catalogue:
    """All that a formula can use, or what a name means by any spelling.

    Raises:
        UsageError: there is no such function.
    """
    if name is None:
        return Catalogue(tuple(cards()))
    found = find(name)
    if found is None:
        near = function_meant(name) or next((each for each in CONSTANTS if each.lower() == name.lower()), None)
        raise UsageError(
            f"no function {name}", hint=f"gradcalc functions {near}" if near else "gradcalc functions lists all"
        )
    return Catalogue((found,))


def cards() -> list[Card]:
    """All a formula can use: ops in the order of the table, what is written out in ops, constants."""
    found = [card(op) for op in ops.TABLE.values() if not op.internal]
    found += [Card(name, SPECIAL[name], doc) for name, doc in _WRITTEN_OUT.items()]
    found += [Card(name, SPECIAL[name], written.doc, aliases=written.aliases) for name, written in WRITTEN.items()]
    return found + [Card(name, name, doc) for name, doc in ops.NAMED_CONSTANTS.items()]


def find(spelling: str) -> Card | None:
    """The card of a function or constant, by any of its spellings."""
    name = CONSTANTS.get(spelling) or FUNCTIONS.get(spelling)
    name = ops.ALIASES.get(name or "", name)
    return next((card for card in cards() if card.name == name), None)


def card(op: Op) -> Card:
    """One op as text."""
    graph = Graph()
    inputs = [graph.input(name) for name in op.operands]
    node = graph.emit(op, tuple(inputs))
    derivatives = tuple(
        (op.operands[i], format_node(graph, derive.gradient(graph, node, [inputs[i]])[0]))
        for i in range(len(inputs))
        if not op.is_condition and (op.variadic or op.rules[i] is not None)
    )
    syntax = format_node(graph, node)
    if op.variadic and syntax.endswith(")"):
        syntax = syntax[:-1] + ", ...)"
    kink = ""
    if op.kink is not None:
        operands = [graph.ref(i) for i in inputs]
        where = op.kink(graph.ref(node), *operands) if op.variadic else op.kink(*operands)
        kink = f"{format_node(graph, where.index)}: {op.at_kink}"
    return Card(op.name, syntax, op.doc, derivatives, domain_text(op), kink, op.aliases)
