"""Every op as JavaScript, run by node beside the balls; formulas with their derivatives. Tests `program` too."""

import json
import math
import random
import shutil
import subprocess
from collections.abc import Sequence
from functools import cache
from typing import Any

import pytest

from gradcalc.arithmetic.balls import rounded
from gradcalc.arithmetic.floats import FUNCTIONS, Floats
from gradcalc.arithmetic.marks import Unknown
from gradcalc.graph import ops
from gradcalc.graph.graph import Graph
from gradcalc.graph.ops import Op
from gradcalc.language.formula import Variable
from gradcalc.language.parse import parse
from gradcalc.language.targets.javascript import JAVASCRIPT
from gradcalc.language.targets.program import Unavailable, printed

needs_node = pytest.mark.skipif(not shutil.which("node"), reason="node is not installed")

WORDS = str.split
LACKING = set(
    WORDS(
        "Chi Ci Ei Shi Si airyai airyaiprime airybi airybiprime besseli besselj besselk bessely elliptic_e elliptic_k "
        "erfcinv erfi erfinv expint fresnelc fresnels gammainc gammaincc hurwitz hyp0f1 hyp2f1 lambertw li lowergamma "
        "norm_ppf polylog polylog_derivative struve uppergamma zeta zeta_derivative"
    )
)
"""The ops that JavaScript has not; all others have a value here."""

NAMED = [op for op in ops.TABLE.values() if op.operands and op.name not in LACKING]
EDGES = (0.0, 1.0, -1.0, 0.5, -2.5, 3.0, 7.0, 1e9, -1e9, 1e-300, 171.5, -171.5, math.inf, -math.inf, math.nan)


def run(script: str) -> Any:
    """What a script of node says, as JSON in which numbers that are none are text."""
    words = "const show = x => typeof x === 'number' && !Number.isFinite(x) ? String(x) : x;\n"
    found = subprocess.run(["node", "-"], input=words + script, capture_output=True, text=True, timeout=60, check=True)
    return json.loads(found.stdout)


def number(value: Any) -> Any:
    return float(str(value).replace("Infinity", "inf")) if isinstance(value, str) else value


def literal(value: float) -> str:
    return JAVASCRIPT.number(value)


def count_of(op: Op) -> int:
    return 3 if op.variadic else len(op.operands)


def constants(op: Op) -> set[int]:
    """The operands of an op that must be constant."""
    if op.variadic or op.is_condition or op is ops.where:
        return set()
    return {i for i, rule in enumerate(op.rules) if rule is None}


def points(op: Op) -> list[list[float]]:
    """Where an op is asked: in its sample range, and at the edges of what doubles are."""
    rng = random.Random(op.name)
    ranges = [op.samples[min(i, len(op.samples) - 1)] for i in range(count_of(op))]
    inside = [[rng.uniform(*ends) if ends[0] < ends[1] else ends[0] for ends in ranges] for _ in range(12)]
    edges = [
        [ends[0] if i in constants(op) else edge if i % 2 == 0 else 2.5 for i, ends in enumerate(ranges)]
        for edge in EDGES
    ]
    return inside + ([] if op in SMALL else edges)


SMALL = (ops.beta, ops.betaln, ops.binomial, ops.gegenbauer, ops.polygamma)
"""Ops whose values at poles and for huge operands are not asked for."""


def program(op: Op, at: Sequence[float]) -> tuple[str, list[float]]:
    """A function of an op, its constant operands as at a point; and the point without them."""
    graph = Graph()
    fixed = constants(op)
    indices, inputs = [], []
    for i in range(count_of(op)):
        if i in fixed:
            indices.append(graph.constant(int(at[i]) if at[i] == int(at[i]) else at[i]))
        else:
            inputs.append(graph.input(f"x{i}"))
            is_truth = op in (ops.and_, ops.or_, ops.not_) or op is ops.where and i == 0
            indices.append(ops.gt(graph.ref(inputs[-1]), 0).index if is_truth else inputs[-1])
    text = printed(JAVASCRIPT, graph, inputs, {"f": [graph.emit(op, tuple(indices))]}).text
    return text, [x for i, x in enumerate(at) if i not in fixed]


@cache
def by_node() -> dict[str, list[Any]]:
    """The values of every op at its points, by one process."""
    script = "const found = {};\n"
    for op in NAMED:
        text, _ = program(op, points(op)[0])
        calls = [f"show(f({', '.join(map(literal, program(op, at)[1]))}))" for at in points(op)]
        script += f"found['{op.name}'] = (() => {{ {text}\nreturn [{', '.join(calls)}]; }})();\n"
    return run(script + "console.log(JSON.stringify(found));")  # type: ignore[no-any-return]


def expected(op: Op, at: Sequence[float]) -> Any:
    """The proved value, or where there is none, what the floats of gradcalc say."""
    given: list[Any] = list(at)
    if op in (ops.and_, ops.or_, ops.not_):
        given = [x > 0 for x in at]
    if op is ops.where:
        given[0] = at[0] > 0
    if op.is_condition or op is ops.where or not all(map(math.isfinite, at)):
        return FUNCTIONS[op](*given)
    value = rounded(op, tuple(given))
    return FUNCTIONS[op](*given) if isinstance(value, Unknown) or not math.isfinite(value) else value


@needs_node
@pytest.mark.parametrize("op", NAMED, ids=lambda op: op.name)
def test_an_op_has_its_proved_value(op: Op) -> None:
    for at, found in zip(points(op), by_node()[op.name], strict=True):
        value, own = number(found), expected(op, at)
        if isinstance(own, bool):
            assert value is own, at
        else:
            assert value == pytest.approx(own, rel=2e-14, abs=2e-15 if op in LOSES else 0, nan_ok=True), at


LOSES = (ops.lgamma, ops.digamma, ops.betaln, ops.hermite, ops.hermite_prob, ops.laguerre, ops.assoc_laguerre,
         ops.legendre, ops.gegenbauer, ops.chebyshevt, ops.chebyshevu, ops.mod, ops.frac)  # fmt: skip
"""Ops that lose digits near their zeros, as they do in floats."""


def test_what_javascript_lacks_is_refused_by_name() -> None:
    for name in sorted(LACKING):
        op = ops.TABLE[name]
        graph = Graph()
        x = graph.input("x")
        others = [graph.constant(int(low)) for low, _ in op.samples[:-1]]
        with pytest.raises(Unavailable, match=rf"^{name}: not available in JavaScript$") as caught:
            printed(JAVASCRIPT, graph, [x], {"f": [graph.emit(op, (*others, x))]})
        assert caught.value.ops == (name,)
    graph = parse("besselj(0, x) + Si(x)").graph
    with pytest.raises(Unavailable, match="besselj, Si"):
        printed(JAVASCRIPT, graph, list(graph.inputs.values()), {"f": [len(graph) - 1]})


FORMULAS = [
    "x^2*sin(3x)/(x+1)", "x^7/y^3 + x^-1", "where(x > 1, log(x), x*y)", "max(x, y, 1)^2", "abs(x - y)*relu(y - 1)",
    "erf(x)*gamma(y)", "binomial(5, 2)*x", "besselj(0, 1)*x", "clip(x*y, 0, 2)", "atan2(y, x) + hypot(x, y)", "x^y",
    "round(2*x)/2", "mod(-x, 0.75)", "x^70 + norm([x])", "piecewise((x, x < 1), (x^2, x < 2), (1, true))", "softplus(x)*gelu(y)", "x^0.5 + x^(1/3)",
    "sum(k=1..4, x^k/k!)", "pi*x + 2*E", "1e400*x", "lgamma(x)*digamma(y)", "norm_cdf(x - y)", "var*new", "t1*input2 + f",
]  # fmt: skip


@needs_node
def test_formulas_with_their_derivatives_are_those_of_the_floats() -> None:
    script, wanted = "const found = [];\n", []
    at = [1.25, 0.75, 1.5]
    for text in FORMULAS:
        formula = parse(text)
        formula = formula.differentiated([Variable(name) for name in formula.variables], 2)
        outputs = [formula.output, *formula.gradient, *dict.fromkeys(formula.hessian.values())]
        made = printed(JAVASCRIPT, formula.graph, formula.inputs, {"f": outputs}).text
        point = at[: len(formula.inputs)]
        script += f"found.push((() => {{ 'use strict'; {made}\n return [f({', '.join(map(literal, point))})].flat().map(show); }})());\n"
        values = Floats().evaluate(formula.graph, dict(zip(formula.inputs, point, strict=True)), outputs)
        wanted.append([values[index] for index in outputs])
    for text, values, own in zip(FORMULAS, run(script + "console.log(JSON.stringify(found));"), wanted, strict=True):
        assert [number(value) for value in values] == pytest.approx(own, rel=1e-13, abs=1e-14, nan_ok=True), text


def test_names_of_inputs_are_safe() -> None:
    graph = Graph()
    inputs = [graph.input(name) for name in ("x", "x[0,1]", "x_0_1", "class", "</script>", "v1", "été", "α", "Math")]
    made = printed(JAVASCRIPT, graph, inputs, {"f": inputs})
    assert made.parameters == ("x", "x_0_1", "x_0_1_", "class_", "input5", "input6", "input7", "input8", "Math_")
    assert "</" not in made.text


def test_whole_powers_are_products_and_routines_travel_once() -> None:
    formula = parse("x^5 + erf(x) + erf(2*x)")
    made = printed(JAVASCRIPT, formula.graph, list(formula.graph.inputs.values()), {"f": [formula.output]})
    assert made.functions["f"].splitlines()[1:4] == ["const v1 = x * x;", "const v2 = v1 * v1;", "const v3 = v2 * x;"]
    assert [text.partition("(")[0] for text in made.routines] == [
        "const _round = x => { const r = Math.round",
        "function _erf",
    ]
