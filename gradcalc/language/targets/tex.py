r"""LaTeX: value, gradient and Hessian as lines of `align*`; what they have in common stands above them as t_1, t_2, ...

    graph ──▶ parts that are used again, or too long for a line ──▶ text of the language ──typeset──▶ LaTeX

All of it is what the calculator's own reader of LaTeX reads back. Nothing is computed: constants stay exact.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from gradcalc.graph import ops
from gradcalc.graph.graph import Graph
from gradcalc.language.format import format_step, quoted
from gradcalc.language.targets.program import Target, Unavailable
from gradcalc.language.targets.source import Language, Source, places
from gradcalc.language.typeset import latex

_SHORT, _LONG = 8, 160
"""Characters of a part that is written out each time, and of one that gets a line of its own."""

_LETTERS = "tuwqzabcdghklmnoprsvxy"


def _file(source: Source) -> str:
    return "\n".join(_text(source)) + "\n"


def _text(source: Source) -> Iterator[str]:
    formula = source.derived
    graph, comment = formula.graph, places(formula)
    yield from (f"% {line}".rstrip() for line in source.head())
    yield "% Needs amsmath."
    yield r"\begin{align*}"
    outputs = [index for _, index in _results(source)]
    lacking = {graph.nodes[i].op.name for i in graph.needed(outputs) if _is_unnamed(graph, i)}
    if lacking:
        raise Unavailable(_TARGET, sorted(lacking))
    names = _names(graph, list(dict.fromkeys(outputs)), [*source.variables, source.name])
    rows = [(latex(name), _written(graph, index, names, True), comment(index)) for index, name in names.items()]
    rows += [
        (label, _written(graph, index, names, False), "" if index in names else comment(index))
        for label, index in _results(source)
    ]
    for count, (left, right, said) in enumerate(rows, start=1):
        end = r" \\" if count < len(rows) else ""
        yield f"{left} &= {right}{end}" + (f" % {said}" if said else "")
    yield r"\end{align*}"


def _is_unnamed(graph: Graph, index: int) -> bool:
    """Whether no formula can name the op of a node."""
    op, operands, _ = graph.nodes[index]
    return bool(operands) and not op.operands


def _written(graph: Graph, index: int, names: Mapping[int, str], own: bool) -> str:
    """The LaTeX of a node by the names of others; `own` for the line of one that has a name itself."""
    return latex(format_step(graph, index, names, 20_000, whole=own or index not in names))


def _results(source: Source) -> Iterator[tuple[str, int]]:
    """The left side of each result, and its node; of a Hessian the upper half."""
    formula = source.derived
    function = latex(quoted(source.name))
    names = [latex(quoted(name)) for name in formula.names]
    yield function, formula.output
    if source.order:
        for name, node in zip(names, formula.gradient, strict=True):
            yield rf"\frac{{\partial {function}}}{{\partial {name}}}", node
    if source.order == 2:
        zero = formula.graph.constant(0)
        for i, first in enumerate(names):
            for j, second in enumerate(names[i:], start=i):
                below = rf"\partial {first}^2" if i == j else rf"\partial {first} \partial {second}"
                yield rf"\frac{{\partial^2 {function}}}{{{below}}}", formula.hessian.get((i, j), zero)


def _names(graph: Graph, outputs: Sequence[int], taken: Sequence[str]) -> dict[int, str]:
    """Names for the parts that are used more than once, and for those that are too long for one line."""
    letter = next(each for each in _LETTERS if not any(name.startswith(each) for name in taken))
    needed = graph.needed(outputs)
    uses = Counter(operand for index in needed for operand in set(graph.nodes[index].operands))
    uses.update(outputs)
    found: dict[int, str] = {}
    length: dict[int, int] = {}
    exact: set[int] = set()
    for index in needed:
        op, operands, parameter = graph.nodes[index]
        function = 0 if op in _SIGNS else len(op.name) + 2
        length[index] = sum(length[i] + 1 for i in operands) + function if operands else len(parameter or "")
        if op is ops.const or operands and exact.issuperset(operands):
            exact.add(index)
        elif operands and not op.is_condition and (length[index] > _LONG or uses[index] > 1 and length[index] > _SHORT):
            found[index] = f"{letter}_{len(found) + 1}"
            length[index] = len(found[index])
    return found


_SIGNS = (ops.add, ops.sub, ops.mul, ops.div, ops.neg, ops.pow, ops.powi)

_TARGET = Target(
    name="LaTeX",
    written={op: f"{op.name}({{all}})" for op in ops.TABLE.values()},
    helpers={},
    number=repr,
    truth=("1", "0"),
    line=lambda made: made.value,
    function=lambda name, parameters, lines, results: "",
)

LATEX = Language("latex", ".tex", _TARGET, _file, ("tex",), whole=True, tests=False)
