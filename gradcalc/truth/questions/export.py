"""`export`: a formula with its derivatives as a function of another language, in a file that can test itself.

    text ──▶ Formula ──language.targets──▶ Source ──▶ the file
                └──probes──▶ points with proved values ──┘      where it is to test itself

Imports language.targets, probes, calculator.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from html import escape
from pathlib import Path
from typing import Any

from gradcalc import __version__
from gradcalc.errors import UsageError, for_python
from gradcalc.files import complete_file
from gradcalc.graph.ops import TABLE
from gradcalc.language import points
from gradcalc.language.formula import Formula, Point, Value
from gradcalc.language.targets.languages import LANGUAGES, checked_name, language_of
from gradcalc.language.targets.program import Unavailable
from gradcalc.language.targets.source import made
from gradcalc.language.typeset import latex
from gradcalc.settings import Dialect, Limits, limits_for
from gradcalc.show import page as pages
from gradcalc.show.answer import SCHEMA, Answer, jsonable
from gradcalc.truth.calculator import asked
from gradcalc.truth.questions.probes import probes

_SHOWN = 200
"""Lines of a file that a notebook shows."""


@dataclass(frozen=True, slots=True, repr=False)
class Export(Answer):
    """A function of another language.

    Attributes:
        language: as `--to` calls it; `name` of the function, `order` of its derivatives, 0 to 2.
        variables: the names of its arguments in their order, arrays element by element, row by row.
        wrt: those that it is differentiated for: the first of them.
        source: the file.
        points: where it tests itself; none if it does not.
        left: how many given points are not among them, as nothing is proved there.
    """

    expression: str
    language: str
    name: str
    order: int
    variables: tuple[str, ...]
    wrt: tuple[str, ...]
    source: str
    points: tuple[Mapping[str, float], ...] = ()
    left: int = 0
    shapes: Mapping[str, Sequence[int]] = field(default_factory=dict)
    let: Mapping[str, Any] = field(default_factory=dict)

    @property
    def aside(self) -> str:
        """What is to be known of the test."""
        if not self.left:
            return ""
        return f"{self.left} of the points are not in the test: nothing is proved there"

    def save(self, path: str | Path) -> None:
        """Write the file; it is complete or not there.

        Raises:
            FileError: it cannot be written.
        """
        with complete_file(Path(path)) as name:
            name.write_bytes(self.source.encode())

    def to_dict(self) -> dict[str, Any]:
        """The answer as JSON-ready data."""
        return {
            "schema": SCHEMA,
            "command": "export",
            "expression": self.expression,
            "language": self.language,
            "name": self.name,
            "order": self.order,
            "variables": list(self.variables),
            "wrt": list(self.wrt),
            "shapes": {name: list(shape) for name, shape in self.shapes.items()},
            "let": jsonable(dict(self.let)),
            "test": [jsonable(dict(point)) for point in self.points],
            "source": self.source,
        }

    def records(self) -> Iterator[Sequence[object]]:
        """The lines of the file."""
        yield ("line", "source")
        yield from enumerate(self.source.splitlines(), start=1)

    def page(self) -> pages.Page:
        """The file, line by line."""
        lines = [pages.line(text) for text in self.source.splitlines()]
        return pages.Page("export", (*pages.question(self.expression, latex, self.let), *lines))

    def drawn(self, medium: str) -> str:
        """The file itself; in Markdown and HTML as a block of code."""
        if medium == "terminal":
            return self.source
        if medium == "markdown":
            return f"```{self.language}\n{self.source}```\n"
        return _block(self.source) if medium == "html" else Answer.drawn(self, medium)

    def _repr_html_(self) -> str:
        lines = self.source.splitlines()
        more = [f"... {len(lines) - _SHOWN:,} more lines"] if len(lines) > _SHOWN else []
        return _block("\n".join([*lines[:_SHOWN], *more]))


def _block(source: str) -> str:
    """Code as HTML."""
    return f"<pre><code>{escape(source)}</code></pre>\n"


@for_python
def export(
    expression: Any,
    to: str,
    order: int = 1,
    name: str = "f",
    *,
    at: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None = None,
    wrt: str | Sequence[str] | None = None,
    let: Mapping[str, Any] | None = None,
    test: bool = False,
    limits: Limits | None = None,
    dialect: Dialect | None = None,
) -> Export:
    """A function of another language that gives value, gradient and Hessian.

    >>> gradcalc.export("x^2*sin(y)", "c", 2, "f").save("f.c")

    Args:
        expression: text, a `sympy.Expr`, or a `Graph` (its last node is the formula).
        to: the language: `c`, `cpp`, `cuda`, `fortran`, `julia`, `js`, `rust`, `python`, `numpy`, `r`, `octave`,
            `excel`, `latex`.
        order: 0 for the value, 1 for the gradient as well, 2 for the Hessian as well.
        name: of the function.
        at: values by variable, or a list of such points: they give the shapes of arrays, and the test takes them too.
        wrt: what it is differentiated for; these are then the first arguments.
        let: values by name that are put into the formula.
        test: whether the file is a program too that compares itself with proved values.
        limits: how large the formula may be; default: `Limits()`.
        dialect: how the text is written, as of `differentiate`.

    Raises:
        ExpressionError, UsageError: as `differentiate`; a language or a function that there is not.
    """
    limits = limits_for(limits, dialect)
    names = None if wrt is None else points.read_names(wrt)
    given, bound = points.to_points(at, limits), points.to_bindings(let, limits)
    return exported(expression, to, order, name, given, wrt=names, let=bound, test=test, limits=limits)


def exported(
    expression: Any,
    to: str,
    order: int,
    name: str,
    at: Sequence[Point],
    *,
    wrt: Sequence[str] | None,
    let: Mapping[str, Value],
    test: bool,
    limits: Limits,
) -> Export:
    """The same at points that are already constants: what `export` and the command call."""
    if order not in (0, 1, 2):
        raise UsageError(f"order is {order!r}", hint="0 for the value, 1 for the gradient, 2 for the Hessian as well")
    language = language_of(to)
    name = checked_name(language, name)
    if test and not language.tests:
        raise UsageError(f"--test: {language.target.name} is no program", hint="--to python --test")
    at = points.named(at, expression, let, limits, wrt or ())
    formula = asked(expression, at, wrt, let, order, limits)
    arguments = _arguments(formula)
    made_by = f"Made by gradcalc {__version__}: gradcalc export --to {language.word} --order {order}."
    try:
        source = made(language, formula, arguments, name, made_by)
    except Unavailable as error:
        error.hint = _hint(error.ops)
        raise
    shapes = {each.name: each.shape for each in formula.wrt if each.shape}
    bound, exactly = points.echoed(let)
    answer = Export(
        formula.canonical, language.word, name, order, tuple(arguments), tuple(formula.names), "",
        shapes=shapes, let={**bound, **exactly},
    )  # fmt: skip
    if not test:
        return replace(answer, source=language.file(source))
    found = probes(formula, arguments, at)
    source = replace(source, probes=found.points, compared=found.compared)
    tested = tuple(dict(zip(arguments, probe.at, strict=True)) for probe in found.points)
    return replace(answer, source=language.file(source), points=tested, left=found.left)


def _hint(names: Sequence[str]) -> str:
    """Which languages have functions that one lacks."""
    wanted = [TABLE[name] for name in names]
    found = [
        word
        for word, language in LANGUAGES.items()
        if all(op in language.target.written or op in language.target.by_order for op in wanted)
    ]
    return f"--to {' or '.join(found)}" if found else "a lower --order, or --let with a value for what needs it"


def _arguments(formula: Formula) -> list[str]:
    """The names of all scalars: first those that it is differentiated for, then the others as they appear."""
    names = list(formula.names)
    known = set(names)
    nodes = formula.graph.nodes
    every = [nodes[i].parameter or "" for value in formula.variables.values() for i in value.items]
    return names + [each for each in every if each not in known]
