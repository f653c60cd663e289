"""Every rule of the table against SymPy's derivative of the op's SymPy form, in balls; and the table's own health.

The values of `definitions` are checked in tests/arithmetic, where floats, balls, arrays and native code read them.
"""

import dataclasses
import random
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import pytest
import sympy
from flint import arb, ctx

from gradcalc.arithmetic.balls import Balls
from gradcalc.arithmetic.digits import nearest_double
from gradcalc.arithmetic.floats import Floats
from gradcalc.graph import ops
from gradcalc.graph.derive import gradient
from gradcalc.graph.graph import Graph
from gradcalc.graph.ops import Op
from tests.graph import STATIC, VALUED, names

BALLS = Balls(256)


def point(op: Op, seed: int) -> list[Fraction]:
    """A random point of the op's samples, exact; an operand without a rule stays an integer."""
    generator = random.Random(f"{op.name} {seed}")
    return [Fraction(generator.uniform(low, high)) for low, high in op.samples]


def constant_operands(op: Op) -> list[bool]:
    return [not op.variadic and op.rules[i] is None for i in range(len(op.operands))]


def derivatives(op: Op, at: list[Fraction]) -> dict[tuple[int, ...], arb]:
    """Value, first and second derivatives in balls, by the rules; keys are the operands derived for."""
    graph = Graph()
    fixed = constant_operands(op)
    indices = [
        graph.constant(STATIC[op.name][i]) if is_fixed else graph.input(f"x{i}")
        for i, (x, is_fixed) in enumerate(zip(at, fixed, strict=True))
    ]
    output = graph.emit(op, tuple(indices))
    free = [i for i, is_fixed in enumerate(fixed) if not is_fixed]
    found: dict[tuple[int, ...], int] = {(): output}
    for i, first in zip(free, gradient(graph, output, [indices[i] for i in free]), strict=True):
        found[i,] = first
        for j, second in zip(free, gradient(graph, first, [indices[i] for i in free]), strict=True):
            found[i, j] = second
    values = BALLS.evaluate(graph, {indices[i]: arb(float(at[i])) for i in free}, found.values())
    return {key: values[index] for key, index in found.items()}


# -- the oracle: SymPy, in the branch that holds at the point --------------------------------------------------------------

COMPARISONS: dict[Op, Callable[[Any, Any], bool]] = {
    ops.lt: lambda a, b: a < b,
    ops.le: lambda a, b: a <= b,
    ops.gt: lambda a, b: a > b,
    ops.ge: lambda a, b: a >= b,
    ops.eq: lambda a, b: a == b,
    ops.ne: lambda a, b: a != b,
}


class Formula:
    """SymPy's form of an op over a point's symbols, steps and branches settled at the point."""

    def __init__(self, symbols: list[Any], at: list[Fraction]) -> None:
        self.at = dict(zip(symbols, [sympy.Rational(x.numerator, x.denominator) for x in at], strict=True))

    def number(self, expression: Any) -> Any:
        expression = sympy.sympify(expression).replace(sympy.erfcinv, lambda x: sympy.erfinv(1 - x))
        return expression.subs(self.at).evalf(50)  # SymPy has digits of erfinv alone

    def apply(self, op: Op, xs: list[Any]) -> Any:
        settled = self.settle(op, xs)
        if settled is not None:
            return settled
        if op in (ops.neg, ops.sub):
            return -xs[0] if op is ops.neg else xs[0] - xs[1]
        if op is ops.sinc_derivative:
            return sympy.sinc(xs[1]).diff(xs[1], int(xs[0]))
        if op in (ops.hyp0f1, ops.hyp2f1):
            *parameters, x = xs
            return sympy.hyper(parameters[:-1], parameters[-1:], x)
        if op is ops.hurwitz:
            return sympy.zeta(*xs)
        if op is ops.rgamma:
            return 1 / sympy.gamma(xs[0])
        if op is ops.polylog_derivative:
            return sympy.polylog(xs[1], xs[2]).diff(xs[2], int(xs[0]))
        if op is ops.struve:
            return self.struve(*xs)
        if op is ops.zeta:
            return sympy.Function("zeta_derivative")(0, xs[0])
        if op is ops.zeta_derivative:
            return sympy.Function("zeta_derivative")(xs[0], xs[1])
        if op.sympy is not None:
            return getattr(sympy, op.sympy)(*xs)
        return self.expand(op, xs)

    @staticmethod
    def struve(n: Any, x: Any) -> Any:
        """DLMF 11.2.1; SymPy has no Struve functions."""
        half = sympy.Rational(1, 2)
        series = sympy.hyper((1,), (3 * half, n + 3 * half), -(x**2) / 4)
        return (x / 2) ** (n + 1) * series / sympy.gamma(3 * half) / sympy.gamma(n + 3 * half)

    def expand(self, op: Op, xs: list[Any]) -> Any:
        assert op.define is not None, op.name
        graph = Graph()
        inputs = [graph.input(f"x{i}") for i in range(len(xs))]
        last = op.define(*map(graph.ref, inputs)).index
        forms: list[Any] = []
        for node in graph.nodes[: last + 1]:
            if node.op is ops.input_:
                forms.append(xs[len([f for f in graph.nodes[: len(forms)] if f.op is ops.input_])])
            elif node.op is ops.const:
                forms.append(sympy.sympify(node.parameter))
            else:
                forms.append(self.apply(node.op, [forms[i] for i in node.operands]))
        return forms[last]

    def settle(self, op: Op, xs: list[Any]) -> Any:
        if op in COMPARISONS:
            return COMPARISONS[op](*map(self.number, xs))
        if op in (ops.and_, ops.or_):
            return all(xs) if op is ops.and_ else any(xs)
        if op is ops.where:
            return xs[1] if xs[0] else xs[2]
        if op in (ops.max, ops.min):
            return (max if op is ops.max else min)(xs, key=self.number)
        if op in (ops.floor, ops.ceil, ops.sign, ops.heaviside):
            return sympy.sympify(int(getattr(sympy, op.sympy or "")(self.number(xs[0]))))
        if op is ops.abs:
            return xs[0] if self.number(xs[0]) > 0 else -xs[0]
        if op is ops.mod:
            return xs[0] - xs[1] * sympy.floor(self.number(xs[0] / xs[1]))
        return None


def oracle(op: Op, at: list[Fraction], keys: Any) -> dict[tuple[int, ...], str]:
    symbols = [sympy.Symbol(f"x{i}", real=True) for i in range(len(at))]
    formula = Formula(symbols, at)
    fixed = constant_operands(op)
    operands = [
        sympy.Rational(x.numerator, x.denominator) if f else s for x, f, s in zip(at, fixed, symbols, strict=True)
    ]
    form = formula.apply(op, operands)
    result = {}
    for key in keys:
        if op in (ops.zeta, ops.zeta_derivative):
            order = int(form.args[0]) + len(key)
            result[key] = zeta_derivative(order, at[-1])
        else:
            derived = form
            for i in key:
                derived = sympy.diff(derived, symbols[i])
            result[key] = str(formula.number(derived))
    return result


def zeta_derivative(order: int, x: Fraction) -> str:
    """mpmath sums the derivative's own series; SymPy has no derivative of zeta."""
    import mpmath

    with mpmath.workdps(50):
        return mpmath.nstr(mpmath.zeta(mpmath.mpf(x.numerator) / x.denominator, 1, order), 45)


def disagreements(op: Op, seed: int) -> list[tuple[int, ...]]:
    at = point(op, seed)
    balls = derivatives(op, at)
    expected = oracle(op, at, balls)
    with ctx.workprec(256):
        return [
            key
            for key, ball in balls.items()
            if not abs(ball - arb(expected[key])) < arb("1e-30") * (1 + abs(arb(expected[key])))
        ]


@pytest.mark.parametrize("op", VALUED, ids=names)
def test_rules_agree_with_sympy_in_first_and_second_order(op: Op) -> None:
    for seed in range(2):
        assert disagreements(op, seed) == []


@pytest.mark.parametrize(
    "name, rule",
    [
        ("sin", lambda g, y, x: g * ops.sin(x)),
        ("tanh", lambda g, y, x: g * (1 - y)),
        ("erf", lambda g, y, x: g * ops.exp(-x * x)),
        ("log", lambda g, y, x: g / (x + ops.exp(-50 - x))),
    ],
)
def test_a_wrong_rule_is_caught(name: str, rule: Any) -> None:
    wrong = dataclasses.replace(ops.TABLE[name], rules=(rule,))
    BALLS.functions[wrong] = BALLS.functions[ops.TABLE[name]]  # type: ignore[index]
    assert (0,) in disagreements(wrong, 0)


# -- the table ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("op", VALUED, ids=names)
def test_the_table_is_closed_under_its_rules(op: Op) -> None:
    graph = Graph()
    fixed = constant_operands(op)
    indices = [graph.constant(2) if f else graph.input(f"x{i}") for i, f in enumerate(fixed)]
    output = graph.emit(op, tuple(indices))
    free = [i for i, f in zip(indices, fixed, strict=True) if not f]
    for first in gradient(graph, output, free):
        gradient(graph, first, free)
    leaves = (ops.const, ops.input_)
    assert all(node.op in leaves or node.op is ops.TABLE[node.op.name] for node in graph.nodes)


@pytest.mark.parametrize("op", VALUED, ids=names)
def test_samples_lie_inside_the_domain(op: Op) -> None:
    with ctx.workprec(128):
        for seed in range(20):
            at = tuple(arb(float(x)) for x in point(op, seed))
            assert BALLS.is_defined(op, at) is True


@pytest.mark.parametrize("op", list(ops.TABLE.values()), ids=names)
def test_every_entry_is_whole(op: Op) -> None:
    assert op.doc
    assert op.samples == () or len(op.samples) == len(op.operands)
    assert op.internal or op.is_condition or op is ops.where or op.variadic or len(op.rules) == len(op.operands)
    assert bool(op.kink) == bool(op.at_kink)


def test_no_alias_is_the_name_of_another_op() -> None:
    aliases = [alias for op in ops.TABLE.values() for alias in op.aliases]
    assert len(aliases) == len(set(aliases))
    assert not set(aliases) & set(ops.TABLE)


def test_constants_in_rules_are_exact() -> None:
    for op in VALUED:
        graph = Graph()
        indices = [graph.constant(2) if f else graph.input(f"x{i}") for i, f in enumerate(constant_operands(op))]
        free = [i for i in indices if graph.nodes[i].op is ops.input_]
        gradient(graph, graph.emit(op, tuple(indices)), free)
        texts = [node.parameter or "" for node in graph.nodes if node.op is ops.const]
        assert all(text.lstrip("-").isdecimal() or text in ops.NAMED_CONSTANTS for text in texts), op


def test_one_entry_is_all_an_op_with_a_definition_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ops, "TABLE", dict(ops.TABLE))
    softsign = ops.op(
        "softsign",
        lambda g, y, x: g / (1 + ops.abs(x)) ** 2,
        define=lambda x: x / (1 + ops.abs(x)),
        doc="x / (1 + |x|)",
    )
    graph = Graph()
    x = graph.input("x")
    output = graph.emit(softsign, (x,))
    (slope,) = gradient(graph, output, [x])
    assert Floats().evaluate(graph, {x: -3.0}, [output, slope])[output] == -0.75
    balls = Balls(128)
    values = balls.evaluate(graph, {x: balls.constant("-3")}, [output, slope])
    assert (nearest_double(values[output]), nearest_double(values[slope])) == (-0.75, 0.0625)
