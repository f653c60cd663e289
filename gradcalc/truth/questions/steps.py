"""`steps`: the derivation of a derivative, rule by rule, as a textbook writes it.

    graph of the formula ──▶ for each part that depends on the variable: its rule, with the parts' own derivatives
                             pending, d/dx(...) ──▶ the same rules with those put in ──▶ the derivative
                             the tape's own gradient ──▶ equal? by normal form, else by balls ──▶ proved

A step applies the rule of the table that the tape runs on; only sums, products, quotients and powers are written in the
order of textbooks, and every result is compared with the tape's. Imports calculator, equality, graph, language, show.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gradcalc.errors import ExitCode, LimitError, UsageError, did_you_mean, for_python
from gradcalc.graph import derive, ops
from gradcalc.graph.graph import Graph, Ref
from gradcalc.graph.ops import Op
from gradcalc.language import points
from gradcalc.language.exact import shifted
from gradcalc.language.format import format_node, format_step, quoted
from gradcalc.language.formula import Formula, Value
from gradcalc.language.parse import as_formula
from gradcalc.language.typeset import latex
from gradcalc.settings import Dialect, Limits, limits_for
from gradcalc.show import page as pages
from gradcalc.show.answer import SCHEMA, Answer, jsonable
from gradcalc.truth.claims.equality import agree, proved_equal, simplified
from gradcalc.truth.questions.rules import rule_name
from gradcalc.truth.questions.tidy import PENDING, tidied
from gradcalc.work import doing

_NODES = 2_000
"""Formulas of more parts have a derivation that nobody reads."""
MAX_ORDER = 4


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a derivation: `before` equals `after` by a rule, whose `general` form is told with it.

    Attributes:
        order: which derivative it belongs to, from 1.
        trivial: the derivative of the variable, or of a constant.
    """

    rule: str
    general: str
    before: str
    after: str
    order: int = 1
    trivial: bool = False

    def to_dict(self) -> dict[str, Any]:
        """The JSON form."""
        return {
            "rule": self.rule,
            "general": self.general,
            "before": self.before,
            "after": self.after,
            "order": self.order,
        }


@dataclass(frozen=True, slots=True, repr=False)
class Steps(Answer):
    """A derivation.

    Attributes:
        results: the derivative of each order as a formula, the one that was asked for last.
        proved: its equality with the tape's derivative is a theorem, by an exact normal form.
        agrees: at how many points the two were compared in interval arithmetic; -1 where they differ.
    """

    expression: str
    wrt: str
    steps: tuple[Step, ...]
    results: tuple[str, ...]
    proved: bool
    agrees: int
    let: Mapping[str, Any] = field(default_factory=dict)
    brief: bool = False

    @property
    def result(self) -> str:
        """The derivative that was asked for."""
        return self.results[-1]

    @property
    def exit_code(self) -> ExitCode:
        """1 where the derivation does not lead to the tape's derivative, else 0."""
        return ExitCode.NO if self.agrees < 0 else ExitCode.DONE

    def to_dict(self) -> dict[str, Any]:
        """The answer as JSON-ready data."""
        return {
            "schema": SCHEMA,
            "command": "steps",
            "expression": self.expression,
            "wrt": [self.wrt] * len(self.results),
            "let": jsonable(dict(self.let)),
            "steps": [step.to_dict() for step in self.steps],
            "result": self.result,
            "proved": self.proved,
            "points": self.agrees,
        }

    def records(self) -> Iterator[Sequence[object]]:
        """A row for each step, the titles first."""
        yield "step", "rule", "before", "after"
        for count, step in enumerate(self.steps, start=1):
            yield count, step.rule, step.before, step.after

    def page(self) -> pages.Page:
        """The answer as people see it: numbered steps, the derivative, and how it was checked."""
        blocks = pages.question(self.expression, latex, self.let)
        equations: list[tuple[pages.Equation, ...]] = []
        count = 0
        for order, result in enumerate(self.results, start=1):
            lines = []
            for step in (each for each in self.steps if each.order == order):
                count += 1
                general = "" if self.brief or not step.general else f"   {step.general}"
                heading = pages.line(pages.strong(f"{count}. {step.rule}"), pages.Text(general, "label"))
                blocks.append(pages.Details(heading, tuple(_sides(step))))
                after = pages.Formula(step.after, latex=latex)
                lines.append(pages.Equation((after,), symbol=latex(step.before), reason=step.rule))
            blocks.append(pages.fact(f"{_name(self.wrt, order)} =", pages.Formula(result, "strong", latex)))
            equations.append((*lines, pages.Equation((pages.Formula(result, latex=latex),), (self.wrt,) * order)))
        blocks.append(self._verdict())
        return pages.Page("steps", tuple(blocks), tuple(equations))

    def _verdict(self) -> pages.Line:
        if self.proved:
            return pages.line(pages.Text("equal to the tape's derivative: proved", "good"))
        if self.agrees > 0:
            return pages.line(pages.Text(f"equal to the tape's derivative at {self.agrees} points", "good"))
        words = "not equal to the tape's derivative" if self.agrees else "not compared with the tape's derivative"
        return pages.line(pages.Text(words, "strong bad" if self.agrees else "doubt"))


def _sides(step: Step) -> Iterator[tuple[str, pages.Piece]]:
    """A step in one line, or in two."""
    if len(step.before) + len(step.after) <= _WIDE:
        yield "", pages.Formula(f"{step.before} = {step.after}", latex=latex)
    else:
        yield "", pages.Formula(step.before, latex=latex)
        yield "=", pages.Formula(step.after, latex=latex)


_WIDE = 70


def _name(variable: str, order: int) -> str:
    raised = "" if order == 1 else "⁰¹²³⁴⁵⁶⁷⁸⁹"[order]
    return f"d{raised}f/d{variable}{raised}"


@for_python
def steps(
    expression: Any,
    wrt: str | None = None,
    *,
    let: Mapping[str, Any] | None = None,
    every: bool = False,
    limits: Limits | None = None,
    dialect: Dialect | None = None,
) -> Steps:
    """The derivation of a derivative, rule by rule.

    >>> gradcalc.steps("x^2*sin(x)").result
    'x*(x*cos(x) + 2*sin(x))'

    Args:
        expression: text, a `sympy.Expr`, or a `Graph` (its last node is the formula).
        wrt: what it is differentiated for: `"x"`, `"x:2"` for the second derivative; default: its one variable.
        let: values by name that are put into the formula.
        every: also the steps that go without saying: the derivative of the variable itself and of constants.
        limits: how large the formula may be; default: `Limits()`.
        dialect: how the text is written, as of `differentiate`.

    Raises:
        ExpressionError, UsageError: as `differentiate`; a variable that the formula does not have.
    """
    limits = limits_for(limits, dialect)
    return derivation(expression, wrt, points.to_bindings(let, limits), limits, every)


def derivation(
    expression: Any,
    wrt: str | None,
    let: Mapping[str, Value],
    limits: Limits,
    every: bool = False,
    shorten: bool = True,
) -> Steps:
    """The same with bindings that are already constants: what `steps` and the command call.

    Args:
        shorten: whether the result is simplified, which takes long where the formula is.
    """
    formula = as_formula(expression, {}, let, limits)
    variable, order = _asked(formula, wrt)
    graph = formula.graph
    if len(graph.needed([formula.output])) > _NODES:
        raise LimitError(f"the formula has more than {_NODES:,} parts", hint="gradcalc tape shows them with numbers")
    index = graph.input(variable)
    output, told = formula.output, list[Step]()
    tape, results = output, list[str]()
    doing("deriving")
    for count in range(1, order + 1):
        made = _Derivation(graph, index, variable, count, shorten)
        output = made.run(output)
        tape = derive.gradient(graph, tape, [index])[0]
        plain = all(step.trivial for step in made.steps)
        told += [step for step in made.steps if every or plain or not step.trivial]
        results.append(format_node(graph, output, limits.text))
    doing("proving the result")
    proved = proved_equal(graph, output, tape)
    bound, exactly = points.echoed(let)
    return Steps(
        expression=formula.canonical,
        wrt=variable,
        steps=tuple(told),
        results=tuple(results),
        proved=proved,
        agrees=agree(graph, output, tape),
        let={**bound, **exactly},
    )


def _asked(formula: Formula, wrt: str | None) -> tuple[str, int]:
    """The variable and the order."""
    names = list(formula.variables)
    if wrt is None:
        if len(names) != 1:
            raise UsageError(
                f"the formula has {len(names) or 'no'} variables: {', '.join(names)}".rstrip(": "),
                hint=f"--wrt {names[0]}" if names else "--wrt x",
            )
        return names[0], 1
    found = re.fullmatch(r"\s*([^\s:,]+)\s*(?::\s*(\d+)\s*)?", wrt)
    if found is None:
        raise UsageError(f"{wrt or 'nothing'} is no variable with an order", hint="--wrt x, or --wrt x:2")
    order = int(found[2] or 1)
    if not 1 <= order <= MAX_ORDER:
        raise UsageError(f"steps are shown of derivatives of order 1 to {MAX_ORDER}", hint=f"gradcalc diff EXPR {wrt}")
    name = found[1].strip("`")
    near = did_you_mean(name, names)
    if name not in formula.graph.inputs and near:
        raise UsageError(f"the formula does not contain {name}", text=formula.text, hint=f"did you mean {near}?")
    return name, order


# -- the steps of one derivative -------------------------------------------------------------------------------------

_Own = Callable[[list[Ref], list[Ref]], Ref]


def _quotient(u: list[Ref], d: list[Ref]) -> Ref:
    above = _product(d[0], u[1]) - _product(u[0], d[1])
    found: Ref = tidied(above.graph, above.index) / u[1] ** 2
    return found


def _reciprocal(u: list[Ref], d: list[Ref]) -> Ref:
    found: Ref = _product(Ref(u[0].graph, u[0].graph.constant(-1)), u[0], d[1]) / u[1] ** 2
    return found


def _power(u: list[Ref], d: list[Ref]) -> Ref:
    return _product(u[1], u[0] ** shifted(u[1], -1), d[0])


def _exponential(u: list[Ref], d: list[Ref]) -> Ref:
    return _product(ops.pow(u[0], u[1]), ops.log(u[0]), d[1])


def _general_power(u: list[Ref], d: list[Ref]) -> Ref:
    """By the logarithm: (u^v)' = u^v (v' log u + v u'/u)."""
    return _product(ops.pow(u[0], u[1]), _product(d[1], ops.log(u[0])) + _product(u[1], d[0]) / u[0])


def _total(terms: Sequence[Ref]) -> Ref:
    found: Ref = terms[0] if len(terms) == 1 else ops.add(*terms)
    return found


def _larger(compare: Op) -> _Own:
    """Of two operands the one that is chosen; at a tie both, each half."""

    def chosen(u: list[Ref], d: list[Ref]) -> Ref:
        found: Ref = ops.where(compare(*u), d[0], ops.where(ops.eq(*u), (d[0] + d[1]) / 2, d[1]))
        return found

    return chosen


def _product(*factors: Ref) -> Ref:
    return tidied(factors[0].graph, ops.mul(*factors).index)


def _square(u: Ref) -> Ref:
    return u if u.graph.number(u.index) == 1 else tidied(u.graph, (u**2).index)


class _Derivation:
    """The state of one derivative: which parts are told, and what each comes to."""

    def __init__(self, graph: Graph, variable: int, name: str, order: int, shorten: bool = True) -> None:
        self.graph, self.variable, self.name, self.order = graph, variable, name, order
        self.flags = bytes(graph.live([variable]).flags())
        self.shorten = shorten
        self.steps: list[Step] = []
        self.pending: dict[int, str] = {}
        self.zero, self.one, self.minus_one = (Ref(graph, graph.constant(number)) for number in (0, 1, -1))

    def run(self, output: int) -> int:
        """Tell the steps, outermost first; the derivative."""
        stack, order = [output], dict[int, None]()
        while stack:
            index = stack.pop()
            if index not in order:
                order[index] = None
                if self._is_live(index):
                    stack += reversed(self.graph.nodes[index].operands)
        for index in order:
            if not self.graph.nodes[index].op.is_condition and not self._is_told_above(index, output):
                self.steps.append(self._step(index))
        found: dict[int, Ref] = {}
        for index in self.graph.needed([output]):
            if self._is_live(index):
                found[index] = self._derived(index, lambda i: found.get(i, self.zero))
        result = found.get(output, self.zero).index
        text = format_node(self.graph, result, _LONG)
        if len([step for step in self.steps if not step.trivial]) > 1:
            self.steps.append(Step("put together", "", self.steps[0].before, text, self.order))
        shorter = simplified(self.graph, result) if self.shorten else result
        if shorter != result:
            self.steps.append(Step("simplified", "", text, format_node(self.graph, shorter, _LONG), self.order))
        return shorter

    def _is_live(self, index: int) -> bool:
        return index < len(self.flags) and bool(self.flags[index])

    def _is_told_above(self, index: int, output: int) -> bool:
        """Constants within a part that is told as a whole: exponents, factors, bases."""
        return index != output and not self._is_live(index) and not self.graph.is_leaf(index)

    def _step(self, index: int) -> Step:
        """The rule of one part, its own parts' derivatives pending."""
        op, operands, _ = self.graph.nodes[index]
        before = self._pending_text(index)
        if index == self.variable:
            return Step("power rule", "x' = 1", before, "1", self.order, trivial=True)
        if not self._is_live(index):
            return Step("constant rule", "c' = 0", before, "0", self.order, trivial=True)
        after = self._derived(index, self._pending)
        return Step(self._rule(index), _general(op, self._shape(index)), before, self._text(after.index), self.order)

    def _rule(self, index: int) -> str:
        """The name of the rule, with that of the chain where a part within is derived too."""
        op, operands, _ = self.graph.nodes[index]
        live = self._shape(index)
        name = rule_name(self.graph, index, live)
        name += _MORE.get(name, "")
        if name == "sum rule" and not all(live):
            name += ", constant rule"
        inner = any(flag and i != self.variable for i, flag in zip(operands, live, strict=True))
        return f"{name}, chain rule" if inner and op not in _WITHOUT_CHAIN else name

    def _shape(self, index: int) -> tuple[bool, ...]:
        return tuple(self._is_live(i) for i in self.graph.nodes[index].operands)

    # -- one rule

    def _derived(self, index: int, derivative: Callable[[int], Ref]) -> Ref:
        """The derivative of a part by its rule, from those of its operands, as a book writes it."""
        if index == self.variable:
            return self.one
        inner = [derivative(i).index for i in self.graph.nodes[index].operands if self._is_live(i)]
        own = self.graph.nodes[index].op not in _WITHOUT_CHAIN  # cos(u)*u': what is within comes last
        return tidied(self.graph, self._ruled(index, derivative).index, inner if own else ())

    def _ruled(self, index: int, derivative: Callable[[int], Ref]) -> Ref:
        """The same as the rule makes it."""
        graph = self.graph
        op, operands, _ = graph.nodes[index]
        refs = [Ref(graph, i) for i in operands]
        live = [self._is_live(i) and not graph.nodes[i].op.is_condition for i in operands]
        parts = [derivative(i) if flag else self.zero for i, flag in zip(operands, live, strict=True)]
        own = self._own(op, live)
        if own is not None:
            return own(refs, parts)
        terms = []
        for place, flag in enumerate(live):
            if flag:
                terms.append(self._contribution(op, index, refs, place, parts[place]))
        return _total(terms) if terms else self.zero

    def _own(self, op: Op, live: Sequence[bool]) -> _Own | None:
        """How a textbook writes a rule, where that is another order or form than the tape's."""
        if op is ops.add:
            return lambda u, d: _total([each for each in d if each.index != self.zero.index] or [self.zero])
        if op is ops.neg:
            return lambda u, d: _product(self.minus_one, d[0])
        if op is ops.sub:
            return lambda u, d: d[0] - d[1]
        if op is ops.mul:
            return lambda u, d: _total([_product(*u[:i], d[i], *u[i + 1 :]) for i, flag in enumerate(live) if flag])
        if op is ops.div:
            return _quotient if all(live) else _reciprocal if live[1] else lambda u, d: d[0] / u[1]
        if op is ops.pow and live[1]:
            return _general_power if live[0] else _exponential
        if op in (ops.pow, ops.powi):
            return _power
        if op in _CHOOSING and len(live) == 2:
            return _CHOOSING[op]
        if op is ops.sqrt:
            return lambda u, d: d[0] / (2 * ops.sqrt(u[0]))
        if op is ops.where:
            return lambda u, d: ops.where(u[0], d[1], d[2])
        return None

    def _contribution(self, op: Op, index: int, refs: list[Ref], place: int, part: Ref) -> Ref:
        """The rule of the table for one operand, the operand's derivative in place of the adjoint."""
        y = Ref(self.graph, index)
        if op.variadic:
            wanted = [i == place for i in range(len(refs))]
            found = op.rules[0](part, y, wanted, *refs)[place]  # type: ignore[misc]
        else:
            rule = op.rules[place] or derive.refuse(op)
            found = rule(part, y, *refs)
        if not isinstance(found, Ref):
            return Ref(self.graph, self.graph.constant(found))
        return Ref(self.graph, self._plain(found.index, {index, part.index, *(each.index for each in refs)}))

    def _plain(self, index: int, given: set[int]) -> int:
        """What a rule has made of what was given, in the functions of textbooks, not in those that floats need."""
        nodes, made, stack = self.graph.nodes, {each: each for each in given}, [index]
        while stack:
            op, operands, parameter = nodes[each := stack[-1]]
            missing = [i for i in operands if i not in made]
            if missing:
                stack += missing
                continue
            stack.pop()
            refs = [Ref(self.graph, made[i]) for i in operands]
            if op is ops.one_minus_square:
                made[each] = (1 - _square(refs[0])).index
            elif op is ops.hypot and len(refs) == 2:
                made[each] = ops.sqrt(_square(refs[0]) + _square(refs[1])).index
            else:
                made[each] = self.graph.emit(op, tuple(ref.index for ref in refs), parameter)
                if op in (ops.mul, ops.powi):
                    made[each] = tidied(self.graph, made[each]).index
        return made[index]

    # -- texts

    def _pending(self, index: int) -> Ref:
        """A derivative that is not yet taken: of the variable itself it is 1."""
        if index == self.variable:
            return self.one
        text = self._pending_text(index)
        placeholder = self.graph.input(f"{PENDING}{self.order} {text}")
        self.pending[placeholder] = text
        return Ref(self.graph, placeholder)

    def _pending_text(self, index: int) -> str:
        text = format_node(self.graph, index, _LONG)
        if self.name.isidentifier() and "d" not in self.graph.inputs:  # beside a variable d it is a quotient
            return f"d/d{self.name}({text})"
        return f"diff({text}, {quoted(self.name)})"

    def _text(self, index: int) -> str:
        return format_step(self.graph, index, self.pending, _LONG, whole=False)


_CHOOSING = {ops.max: _larger(ops.gt), ops.min: _larger(ops.lt)}
_LONG = 1_000_000
_MORE = {
    "exponential": " rule", "reciprocal": " (quotient rule)", "general power rule": " (logarithmic differentiation)",
}  # fmt: skip
"""What steps add to the name of a rule."""
_WITHOUT_CHAIN = frozenset((ops.add, ops.sub, ops.mul, ops.div, ops.neg, ops.where))
"""Rules that take the derivatives of their parts as they are."""


def _general(op: Op, live: tuple[bool, ...]) -> str:
    """A rule in general, u and v for what depends on the variable, a and b for what does not."""
    written = {
        ops.add: "(u + v)' = u' + v'", ops.sub: "(u - v)' = u' - v'", ops.neg: "(-u)' = -u'",
        ops.where: "piece by piece", ops.max: "the derivative of the larger", ops.min: "the derivative of the smaller",
    }  # fmt: skip
    if op in written:
        return written[op]
    graph = Graph()
    made = _Derivation(graph, graph.input("x"), "x", 0)
    names = iter(("u", "v", "w") if sum(live) < 4 else ())
    fixed = iter("abcnm")
    count = 2 if op.variadic else len(live)
    if len(live) > count:
        live = True, sum(live) > 1
    operands = []
    made_live = {}
    for flag in live[:count]:
        index = graph.input(PENDING + (next(names, "u") if flag else next(fixed, "c")))
        made_live[index] = flag
        operands.append(index)
    if op is ops.powi:
        return "(u^n)' = n*u^(n - 1)*u'"
    if op.is_condition or not any(live[:count]):
        return ""
    node = graph.emit(op, tuple(operands))
    made.flags = bytes(made_live.get(i, i == node) for i in range(len(graph)))
    derived = made._derived(node, lambda i: Ref(graph, graph.input(f"{PENDING}{graph.nodes[i].parameter}'")))
    primes = {graph.inputs[name]: name.replace(PENDING, "") for name in graph.inputs}
    right = format_step(graph, derived.index, primes, whole=False)
    return f"({format_step(graph, node, primes)})' = {right}".replace("**", "^") if len(right) < _WIDE else ""
