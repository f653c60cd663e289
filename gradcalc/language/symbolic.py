"""Graph to SymPy and back, and SymPy's derivative: the second opinion. The only module that imports SymPy.

Also imports graph, ops and errors. Both directions are one loop over finished parts, without recursion, and exact: a
decimal is the rational its text says, a hexadecimal float the rational it is. SymPy itself recurses, and evaluates what
it is given (`9**9**9`), so whoever must not hang lets `second_opinion` call this module in a process of its own.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal, localcontext
from functools import partial, reduce
from typing import Any

import sympy
from sympy import Basic, Expr, Integer, Rational, Symbol

from gradcalc.errors import GradcalcError
from gradcalc.graph import ops
from gradcalc.graph.graph import Graph
from gradcalc.graph.ops import TABLE, Constant, Op, Operand


class Unsupported(GradcalcError):
    """One side has no counterpart for what the other holds; the message names it."""

    kind = "unsupported"


# -- graph to SymPy --------------------------------------------------------------------------------------------------


def to_sympy(graph: Graph, index: int, symbols: Mapping[str, Symbol] | None = None) -> Expr:
    """The node as a SymPy expression, as SymPy evaluates it on construction.

    Args:
        symbols: the symbol of each input by name; real ones of the same name where none is given.

    Raises:
        Unsupported: SymPy refuses an op of these operands, such as a comparison of complex numbers.
    """
    given, values = symbols or {}, {}
    for i in graph.needed([index]):
        op, operands, parameter = graph.nodes[i]
        if op is ops.input_:
            name = parameter or ""
            values[i] = given[name] if name in given else real_symbol(name)
        elif op is ops.const:
            values[i] = number(parameter or "")
        else:
            values[i] = _apply(op, [values[operand] for operand in operands])
    return values[index]


def real_symbol(name: str) -> Symbol:
    """The symbol of an input: a real one, equal to any other of its name."""
    return Symbol(name, real=True)


def number(text: str) -> Expr:
    """The exact value of a constant's text: `3`, `0.1` (the rational 1/10), `0x1.8p+1` or a name such as `pi`."""
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if text.startswith("-"):
        return -number(text[1:])
    if text.lower().startswith("0x"):
        return Rational(*float.fromhex(text).as_integer_ratio())
    return Rational(text)


class _Value(Operand):
    """A SymPy expression as an operand, for the decompositions (`define=`) of the table."""

    __slots__ = ("expr",)

    def __init__(self, expr: Expr) -> None:
        self.expr = expr

    def apply(self, op: Op, operands: Sequence[Any]) -> "_Value":
        return _Value(_apply(op, [_expression(operand) for operand in operands]))


def _expression(operand: Any) -> Expr:
    """What a decomposition computes with (a value, an int, an exact constant) as an expression."""
    if isinstance(operand, _Value):
        return operand.expr
    if not isinstance(operand, Constant):
        return Integer(operand)
    if operand.op is None:
        return number(operand.text)
    return _apply(operand.op, [_expression(part) for part in operand.operands])


def _apply(op: Op, operands: Sequence[Expr]) -> Expr:
    """The op on expressions: by its own conversion, SymPy's function, or its decomposition."""
    try:
        if op in _TO_SYMPY:
            return _TO_SYMPY[op](*operands)
        if op.sympy is not None:
            return getattr(sympy, op.sympy)(*operands)
        if op.define is not None:
            return _expression(op.define(*map(_Value, operands)))
    except (TypeError, ValueError, ArithmeticError, NotImplementedError) as error:
        raise Unsupported(f"SymPy refuses {op.name}: {error}") from error
    raise Unsupported(f"{op.name} has no counterpart in SymPy")


def _where(condition: Basic, chosen: Expr, other: Expr) -> Expr:
    """A Piecewise; a chain of them is one, and a last piece without a value is left out."""
    if isinstance(other, sympy.Piecewise):
        return sympy.Piecewise((chosen, condition), *other.args)
    if other is sympy.nan:
        return sympy.Piecewise((chosen, condition))
    return sympy.Piecewise((chosen, condition), (other, True))


def _sinc_derivative(order: Expr, x: Expr) -> Expr:
    """SymPy's derivative of sinc, of an order that is a constant."""
    if not order.is_Integer:
        raise Unsupported("sinc_derivative needs a constant order")
    t = sympy.Dummy(real=True)
    return sympy.diff(sympy.sinc(t), t, order).subs(t, x)


def _polylog_derivative(order: Expr, s: Expr, x: Expr) -> Expr:
    """SymPy's derivative of polylog, of an order that is a constant."""
    if not order.is_Integer:
        raise Unsupported("polylog_derivative needs a constant order")
    t = sympy.Dummy(real=True)
    return sympy.diff(sympy.polylog(s, t), t, order).subs(t, x)


_CONSTANTS: dict[str, Expr] = {
    "pi": sympy.pi, "E": sympy.E, "tau": 2 * sympy.pi, "EulerGamma": sympy.EulerGamma, "Catalan": sympy.Catalan,
    "GoldenRatio": sympy.GoldenRatio, "nan": sympy.nan, "oo": sympy.oo, "inf": sympy.oo,
}  # fmt: skip

_TO_SYMPY: dict[Op, Callable[..., Expr]] = {
    ops.sub: lambda a, b: a - b,
    ops.neg: lambda x: -x,
    ops.div: lambda a, b: a / b,
    ops.where: _where,
    ops.sinc_derivative: _sinc_derivative,
    ops.polylog_derivative: _polylog_derivative,
    ops.hurwitz: sympy.zeta,
    ops.hyp0f1: lambda b, x: sympy.hyper((), (b,), x),
    ops.hyp2f1: lambda a, b, c, x: sympy.hyper((a, b), (c,), x),
}

# -- SymPy to graph --------------------------------------------------------------------------------------------------

Build = Callable[..., int]
Plan = tuple[Sequence[Basic], Build]
"""What an expression is made of, and what makes its node from a graph and the nodes of these parts."""


def from_sympy(expr: Basic, graph: Graph) -> int:
    """The index of the expression's node, emitted into `graph`; symbols are inputs by their names.

    Gathers quotients, differences and square roots, so that the formula reads as SymPy prints it.

    Raises:
        Unsupported: the expression holds what the table of ops lacks, such as an integral or the imaginary unit, or
            different symbols of one name (`Symbol("x")` and `Dummy("x")` or `Symbol("x", positive=True)`).
    """
    if not isinstance(expr, Basic):
        raise Unsupported(f"a {type(expr).__name__}")
    done: dict[Basic, int] = {}
    stack: list[tuple[Basic, Plan | None]] = [(expr, None)]
    while stack:
        current, plan = stack.pop()
        if current in done:
            continue
        if plan is None:
            parts, build = plan = _plan(current)
            stack.append((current, plan))
            stack.extend((part, None) for part in reversed(parts) if part not in done)
        else:
            parts, build = plan
            done[current] = build(graph, *[done[part] for part in parts])
    _check_names(part for part in done if isinstance(part, Symbol))
    return done[expr]


def _check_names(symbols: Iterable[Symbol]) -> None:
    """One name, one symbol: two that SymPy tells apart would become one variable."""
    known: dict[str, Symbol] = {}
    for symbol in symbols:
        if known.setdefault(symbol.name, symbol) != symbol:
            both = (re.sub(r", dummy_index=\d+", "", sympy.srepr(x)) for x in (known[symbol.name], symbol))
            raise Unsupported(f"two symbols are called {symbol.name}, {' and '.join(both)}: give one another name")


def _plan(expr: Basic) -> Plan:
    """How to make the node of an expression."""
    if type(expr) in _PLANS:
        return _PLANS[type(expr)](expr)
    if expr in _LEAVES:
        return (), _LEAVES[expr]
    if isinstance(expr, Symbol):
        return (), lambda graph: graph.input(expr.name)
    if isinstance(expr, Rational):
        return _plan_rational(expr)
    op = _BY_CLASS.get(type(expr))
    if op is None or not (op.variadic or len(expr.args) == len(op.operands)):
        raise Unsupported(_lacking(expr))
    return expr.args, partial(_emit, op)


def _lacking(expr: Basic) -> str:
    """Why an expression has no node."""
    name = type(expr).__name__
    if isinstance(expr, sympy.Subs):
        expr, name = expr.expr, type(expr.expr).__name__
    if isinstance(expr, sympy.Derivative):
        return f"{_our_name(expr.expr)} has no SymPy derivative"
    if expr is sympy.I:
        return "gradcalc computes with real numbers, not with the imaginary unit I"
    return f"gradcalc has no function for SymPy's {name}"


def _our_name(expr: Basic) -> str:
    """The name of a SymPy function in the table, else SymPy's."""
    op = _BY_CLASS.get(type(expr))
    return op.name if op else type(expr).__name__


def _emit(op: Op, graph: Graph, *operands: int) -> int:
    """Emit an op that takes any number of operands, or numbers and conditions where it should."""
    expected = op in (ops.and_, ops.or_, ops.not_)
    if any(graph.nodes[i].op.is_condition != expected for i in operands):
        raise Unsupported(f"{op.name} takes {'conditions' if expected else 'numbers'}")
    return graph.emit(op, operands)


def _chain(op: Op, graph: Graph, *operands: int) -> int:
    """Nested pairs of an op of two operands, from the left."""
    return reduce(partial(_emit, op, graph), operands)


def _joined(op: Op, graph: Graph, operands: Sequence[int]) -> int:
    """The op on its operands, or the only one."""
    return operands[0] if len(operands) == 1 else graph.emit(op, tuple(operands))


def _plan_rational(expr: Rational) -> Plan:
    """An integer's text, or the quotient of two; a minus stands in front."""

    def build(graph: Graph) -> int:
        try:
            index = graph.constant(str(abs(expr.p)))
            if expr.q != 1:
                index = graph.emit(ops.div, (index, graph.constant(str(expr.q))))
        except ValueError as error:
            raise Unsupported("an integer has too many digits") from error
        return graph.emit(ops.neg, (index,)) if expr.p < 0 else index

    return (), build


def _plan_float(expr: sympy.Float) -> Plan:
    """The exact hexadecimal text of a double; a decimal text for what is none."""

    def build(graph: Graph) -> int:
        size = abs(expr)
        double = float(size)
        exact = double < float("inf") and Rational(size) == Rational(*double.as_integer_ratio())
        index = graph.constant(double.hex() if exact else sympy.sstr(size, full_prec=True).rstrip("."))
        return graph.emit(ops.neg, (index,)) if expr < 0 else index

    return (), build


def _plan_add(expr: sympy.Add) -> Plan:
    """The sum of the positive terms, less each negative one."""
    positive = [term for term in expr.args if not _is_negative(term)]
    negative = [_magnitude(term) for term in expr.args if _is_negative(term)]

    def build(graph: Graph, *parts: int) -> int:
        rest = list(parts[len(positive) :])
        total = _joined(ops.add, graph, parts[: len(positive)]) if positive else graph.emit(ops.neg, (rest.pop(0),))
        return reduce(lambda left, right: graph.emit(ops.sub, (left, right)), rest, total)

    return [*positive, *negative], build


def _is_negative(term: Expr) -> bool:
    """Whether the term is printed with a minus."""
    coefficient = term.args[0] if term.is_Mul else term
    return bool(coefficient.is_Number and coefficient.is_negative)


def _magnitude(term: Expr) -> Expr:
    """A term printed with a minus, without it."""
    if not term.is_Mul:
        return -term
    coefficient, *rest = term.args
    factors = rest if coefficient is sympy.S.NegativeOne else [-coefficient, *rest]
    return factors[0] if len(factors) == 1 else sympy.Mul(*factors, evaluate=False)


def _plan_mul(expr: sympy.Mul) -> Plan:
    """The numerator over the denominator, a minus in front."""
    above: list[Expr] = []
    below: list[Expr] = []
    negative = False
    for factor in expr.args:
        if factor.is_Rational:
            negative ^= factor.p < 0
            above += [Integer(abs(factor.p))] if abs(factor.p) != 1 else []
            below += [Integer(factor.q)] if factor.q != 1 else []
        elif factor.is_Pow and factor.exp.is_Rational and factor.exp.is_negative:
            below.append(_inverse(factor))
        else:
            above.append(factor)
    above = above or [sympy.S.One]

    def build(graph: Graph, *parts: int) -> int:
        index = _joined(ops.mul, graph, parts[: len(above)])
        if below:
            index = graph.emit(ops.div, (index, _joined(ops.mul, graph, parts[len(above) :])))
        return graph.emit(ops.neg, (index,)) if negative else index

    return above + below, build


def _inverse(power: sympy.Pow) -> Expr:
    """One over a power whose exponent is a negative number."""
    exponent = -power.exp
    return power.base if exponent == 1 else sympy.Pow(power.base, exponent, evaluate=False)


def _plan_pow(expr: sympy.Pow) -> Plan:
    """One over a power, a square root, an integer power or a power."""
    base, exponent = expr.args
    if exponent.is_Rational and exponent.is_negative:
        return [_inverse(expr)], lambda graph, b: graph.emit(ops.div, (graph.constant(1), b))
    if exponent == sympy.S.Half:
        return [base], partial(_emit, ops.sqrt)
    if exponent.is_Integer and exponent < 10**15:
        return [base], lambda graph, b: _emit(ops.powi, graph, b, graph.constant(int(exponent)))
    return expr.args, partial(_emit, ops.pow)


def _plan_piecewise(expr: sympy.Piecewise) -> Plan:
    """Nested branches; the value is undefined where no piece applies."""
    pieces = [(value, condition) for value, condition in expr.args if condition is not sympy.S.false]
    default = pieces.pop()[0] if pieces and pieces[-1][1] is sympy.S.true else sympy.nan

    def build(graph: Graph, index: int, *parts: int) -> int:
        for at in range(len(parts) - 2, -1, -2):
            index = _branch(graph, parts[at + 1], parts[at], index)
        return index

    return [default, *(part for piece in pieces for part in piece)], build


def _branch(graph: Graph, condition: int, chosen: int, other: int) -> int:
    """Emit a `where`."""
    if not graph.nodes[condition].op.is_condition:
        raise Unsupported("where takes a condition")
    return graph.emit(ops.where, (condition, chosen, other))


def _plan_dirac(expr: sympy.DiracDelta) -> Plan:
    """No value where its operand is 0, else 0."""

    def build(graph: Graph, x: int) -> int:
        zero = graph.constant(0)
        return _branch(graph, _emit(ops.eq, graph, x, zero), graph.constant("nan"), zero)

    return expr.args[:1], build


def _plan_heaviside(expr: sympy.Heaviside) -> Plan:
    """A step, with its own value at 0 if that is not 1/2."""
    if expr.args[1] == sympy.S.Half:
        return expr.args[:1], partial(_emit, ops.heaviside)

    def build(graph: Graph, x: int, middle: int) -> int:
        at_zero = _emit(ops.eq, graph, x, graph.constant(0))
        return _branch(graph, at_zero, middle, _emit(ops.heaviside, graph, x))

    return expr.args, build


def _plan_polygamma(expr: sympy.polygamma) -> Plan:
    """The function of order 0 has a name of its own."""
    if expr.args[0] == 0:
        return expr.args[1:], partial(_emit, ops.digamma)
    return expr.args, partial(_emit, ops.polygamma)


def _plan_hyper(expr: sympy.hyper) -> Plan:
    """A hypergeometric function, where the table has one of so many parameters."""
    above, below, x = expr.args
    op = {(0, 1): ops.hyp0f1, (2, 1): ops.hyp2f1}.get((len(above), len(below)))
    if op is None:
        raise Unsupported(_lacking(expr))
    return (*above, *below, x), partial(_emit, op)


def _plan_li(expr: sympy.Li) -> Plan:
    """The logarithmic integral from 2."""
    return (sympy.li(expr.args[0]), sympy.li(2)), partial(_emit, ops.sub)


def _plan_zeta(expr: sympy.zeta) -> Plan:
    """Riemann's, or of two operands Hurwitz's."""
    return expr.args, partial(_emit, ops.zeta if len(expr.args) == 1 else ops.hurwitz)


def _plan_ite(expr: sympy.ITE) -> Plan:
    """A condition chosen by a condition."""

    def build(graph: Graph, test: int, yes: int, no: int) -> int:
        return _emit(
            ops.or_, graph, _emit(ops.and_, graph, test, yes), _emit(ops.and_, graph, _emit(ops.not_, graph, test), no)
        )

    return expr.args, build


def _plan_imaginary(expr: sympy.im) -> Plan:
    """Nothing, where the operand has a real value at all."""
    return expr.args, lambda graph, x: _emit(ops.mul, graph, graph.constant(0), x)


def _plan_itself(expr: Expr) -> Plan:
    """The real part of what is real."""
    return expr.args, lambda graph, x: x


_PLANS: dict[type, Callable[[Any], Plan]] = {
    sympy.Float: _plan_float,
    sympy.Add: _plan_add,
    sympy.Mul: _plan_mul,
    sympy.Pow: _plan_pow,
    sympy.And: lambda expr: (expr.args, partial(_chain, ops.and_)),
    sympy.Or: lambda expr: (expr.args, partial(_chain, ops.or_)),
    sympy.ITE: _plan_ite,
    sympy.Piecewise: _plan_piecewise,
    sympy.DiracDelta: _plan_dirac,
    sympy.Heaviside: _plan_heaviside,
    sympy.polygamma: _plan_polygamma,
    sympy.hyper: _plan_hyper,
    sympy.zeta: _plan_zeta,
    sympy.Li: _plan_li,
    sympy.frac: lambda expr: (expr.args, partial(_emit, ops.frac)),
    sympy.re: _plan_itself,
    sympy.conjugate: _plan_itself,
    sympy.im: _plan_imaginary,
}
"""Expressions that are not one op of their own parts."""

_LEAVES: dict[Basic, Build] = {
    **{_CONSTANTS[n]: lambda graph, n=n: graph.constant(n) for n in _CONSTANTS if n not in ("tau", "inf")},
    sympy.zoo: lambda graph: graph.constant("nan"),
    -sympy.oo: lambda graph: graph.emit(ops.neg, (graph.constant("oo"),)),
    sympy.S.true: lambda graph: graph.emit(ops.eq, (graph.constant(0), graph.constant(0))),
    sympy.S.false: lambda graph: graph.emit(ops.ne, (graph.constant(0), graph.constant(0))),
}
"""Expressions without parts."""

_BY_CLASS: dict[type, Op] = {
    found: op
    for op in TABLE.values()
    if op.sympy and op is not ops.same and isinstance(found := getattr(sympy, op.sympy), type)
}
"""The op of each SymPy class."""

# -- derivatives -----------------------------------------------------------------------------------------------------


def derivative(expr: Expr, symbol: Symbol) -> Expr:
    """SymPy's derivative for a real symbol, as SymPy leaves it.

    Where SymPy does not know that an operand of `Abs` or `sign` is real (`Abs(log(x))`), it would answer with real and
    imaginary parts: gradcalc's values are real, so there the chain rule is applied here.
    """
    unknown = [part for part in sympy.postorder_traversal(expr) if _hides_real(part) and part.has(symbol)]
    if not unknown:
        return sympy.diff(expr, symbol)
    names: dict[Expr, Expr] = {}
    slopes: dict[Expr, Expr] = {}

    def total(part: Expr) -> Expr:
        part = part.xreplace(names)
        return sympy.Add(sympy.diff(part, symbol), *(sympy.diff(part, name) * slopes[name] for name in slopes))

    for part in dict.fromkeys(unknown):
        (operand,) = part.args
        outer = sympy.sign(operand) if isinstance(part, sympy.Abs) else 2 * sympy.DiracDelta(operand)
        slope = outer * total(operand)
        names[part] = sympy.Dummy(real=True)
        slopes[names[part]] = slope
    result, back = total(expr), {name: part for part, name in names.items()}
    while result.has(*back):
        result = result.xreplace(back)
    return result


def with_decimals(expr: Expr) -> Expr:
    """The expression with quotients that are short decimals, and long round integers, as decimals: to be written."""
    texts = {number: _decimal(abs(number)) for number in expr.atoms(Rational)}
    return expr.xreplace({n: -Symbol(text) if n < 0 else Symbol(text) for n, text in texts.items() if text})


def _decimal(number: Rational) -> str | None:
    """The decimal that is exactly this number, of at most 17 digits; none for 1/2 and for short integers."""
    rest = number.q
    for prime in (2, 5):
        while rest % prime == 0:
            rest //= prime
    if rest != 1 or number == sympy.S.Half or number.q == 1 and number < _LONG_INTEGER:
        return None
    with localcontext(prec=_DIGITS_LIMIT):
        decimal = (Decimal(number.p) / Decimal(number.q)).normalize()
    if len(decimal.as_tuple().digits) > _DECIMAL_DIGITS:
        return None
    return str(decimal).replace("E+", "e").replace("E", "e")


_DECIMAL_DIGITS, _DIGITS_LIMIT, _LONG_INTEGER = 17, 2_000, 10**12


def without_pulses(expr: Expr) -> Expr:
    """The expression without its DiracDelta, which are 0 wherever an expression has a derivative."""
    return expr.replace(sympy.DiracDelta, lambda *_: sympy.S.Zero) if expr.has(sympy.DiracDelta) else expr


def forms(expr: Expr) -> Iterator[Expr]:
    """Other ways to write an expression, the quick ones first: factored, over one denominator, simplified.

    Equal wherever both have values; where that is may differ, so whoever shows one checks it.
    """
    size = expr.count_ops()
    if size > _FORMS_LIMIT:
        return
    yield sympy.factor_terms(expr)
    yield sympy.together(expr)
    yield sympy.factor(expr)
    if size <= _SIMPLIFY_LIMIT:
        yield sympy.simplify(expr)
        yield sympy.trigsimp(sympy.factor(expr))


_FORMS_LIMIT, _SIMPLIFY_LIMIT = 400, 80
"""Operations up to which other forms are looked for: quick ones, and by `simplify`."""


def _hides_real(expr: Basic) -> bool:
    """Whether SymPy's derivative of this part would not be real."""
    return isinstance(expr, sympy.Abs | sympy.sign) and expr.args[0].is_extended_real is None


_NAMED = {constant: Symbol(str(constant)) for constant in (sympy.EulerGamma, sympy.Catalan, sympy.GoldenRatio)}
"""Constants that SymPy writes as letters, which would be read as variables."""


def typeset(expr: Expr) -> str:
    """The expression in LaTeX, such that it is read back: names of several letters upright, elements with an index."""
    letters = {_first_sign(_typeset_symbol(symbol)) for symbol in expr.free_symbols}

    def is_taken(part: Basic) -> bool:
        head = _first_sign(str(sympy.latex(part))) if isinstance(part, sympy.Function) else ""
        return bool(letters & ({head} if head.startswith("\\") else set(head)))

    def spelled_out(part: Basic) -> Basic:
        return sympy.Function(rf"\operatorname{{{_our_name(part)}}}")(*part.args)

    expr = expr.replace(is_taken, spelled_out).xreplace(_NAMED)
    return str(sympy.latex(expr, symbol_names={symbol: _typeset_symbol(symbol) for symbol in expr.free_symbols}))


def _first_sign(latex: str) -> str:
    """The command or the letters that LaTeX begins with."""
    found = re.match(r"\\?[A-Za-z]+", latex)
    return found[0] if found else ""


def _typeset_symbol(symbol: Symbol) -> str:
    """A name or the element of an array in LaTeX; of `with_decimals` a decimal."""
    if symbol.name[0].isdecimal():
        mantissa, _, exponent = symbol.name.partition("e")
        return rf"{mantissa} \cdot 10^{{{exponent}}}" if exponent else mantissa
    match = re.fullmatch(r"(.+?)\[(.*)\]", symbol.name)
    if match is None:
        return _typeset_name(symbol.name)
    base = _typeset_name(match[1])
    return f"{{{base}}}_{{{match[2]}}}" if "_" in base else f"{base}_{{{match[2]}}}"


def _typeset_name(name: str) -> str:
    """A name in LaTeX: letters that are no Greek one are upright, or they would be seen as a product."""
    letters = re.match(r"[^\W\d_]*", name)
    first = letters[0] if letters else ""
    if len(first) < 2 or re.fullmatch(r"\\[A-Za-z]+", str(sympy.latex(Symbol(first)))):
        return str(sympy.latex(Symbol(name)))
    return str(sympy.latex(Symbol(f"x{name[len(first) :]}"))).replace("x", rf"\mathrm{{{first}}}", 1)
