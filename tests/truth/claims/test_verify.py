"""The verifier: derivatives carried along, its operator, signs of eigenvalues."""

import re
from collections.abc import Sequence
from fractions import Fraction
from importlib import import_module
from pathlib import Path

import pytest

from gradcalc.language.formula import Formula
from gradcalc.language.parse import as_formula
from gradcalc.truth.claims.boxes import within
from gradcalc.truth.claims.derivatives import System
from gradcalc.truth.claims.intervals import Arithmetic, Weak
from gradcalc.truth.claims.verify import krawczyk


def gradient(formula: Formula, names: Sequence[str]) -> System:
    inputs = tuple(formula.graph.input(name) for name in names)
    return System(formula.graph, inputs, tuple((formula.output, k) for k in range(len(names))))


FORMULAS = {
    "x^3*y - 2*x/y": (
        (2, 3),
        [12 * 3 - Fraction(2, 3), 8 + Fraction(4, 9)],
        [[36, 12 + Fraction(2, 9)], [0, -Fraction(8, 27)]],
    ),
    "(x - y)^2*(x + 1)": ((2, 3), [-6 + 1, 6], [[6 - 4, -6 + 2], [0, 6]]),
    "x^(-2) + y^4": ((2, 1), [-Fraction(1, 4), 4], [[Fraction(6, 16), 0], [0, 12]]),
}


@pytest.mark.parametrize("text", FORMULAS)
def test_derivatives_are_those_of_calculus(text: str) -> None:
    (x, y), first, second = FORMULAS[text]
    formula, on = as_formula(text), Arithmetic(96)
    components = gradient(formula, "xy")
    box = [on.whole(x), on.whole(y)]
    for found, true in zip(components.values(on, box), first, strict=True):
        low, high = on.of(Fraction(true), Fraction(true))
        assert found[0] <= low and high <= found[1] and found[1] - found[0] < 500
    matrix = components.matrix(on, box)
    for i, j in ((0, 0), (0, 1), (1, 0), (1, 1)):
        low, high = on.of(*[Fraction(second[min(i, j)][max(i, j)])] * 2)
        assert matrix[i][j][0] <= low and high <= matrix[i][j][1]


@pytest.mark.parametrize(
    "text", ["sin(x)*exp(y)", "atan(x*y)", "log(x)^2 + sqrt(y)", "tan(x)/cosh(y)", "tanh(x)*sinh(y)", "gamma(x)*erf(y)",
             "x^y", "x^2.5", "sigmoid(x*y)", "abs(x)*y", "e^x + pi*y", "asin(x/3)", "asinh(x)/acosh(y + 1)", "hypot(x, y)",
             "max(x, y, 1)*min(x, y)"],
)  # fmt: skip
def test_derivatives_hold_those_of_balls(text: str) -> None:
    from gradcalc import differentiate

    formula, on = as_formula(text), Arithmetic(320)
    names = list(formula.variables)
    components = gradient(formula, names)
    report = differentiate(
        text, dict(zip("xy", (0.75, 1.5), strict=True)) if len(names) == 2 else {"x": 0.75}, symbolic=False
    )
    given = [Fraction(0.75), Fraction(1.5)][: len(names)]
    found = components.values(on, [on.of(value, value) for value in given])
    for (low, high), true in zip(found, report.gradient.values(), strict=True):
        assert float(Fraction(low, 2**320)) == pytest.approx(true, rel=1e-15)
        assert high - low < 2**200


def test_the_operator_proves_one_zero_and_none() -> None:
    formula, on = as_formula("x^2 - 2"), Arithmetic(96)
    components = System(formula.graph, (formula.graph.input("x"),), ((formula.output, None),))
    inverse = [[on.of(Fraction(0.35), Fraction(0.35))]]
    box = [on.of(Fraction(1.3), Fraction(1.5))]
    assert within(krawczyk(components, on, box, inverse), box, strictly=True)
    off = [on.of(Fraction(1.5), Fraction(1.6))]
    assert krawczyk(components, on, off, inverse)[0][1] < off[0][0]
    assert not within(
        krawczyk(components, on, [on.of(Fraction(-2), Fraction(2))], inverse), [on.of(Fraction(-2), Fraction(2))]
    )


@pytest.mark.parametrize("text", ["where(x > 0, x, -x)", "floor(x)", "sign(x)", "besselj(0, x)", "zeta(3, x)"])
def test_what_it_does_not_know_it_does_not_believe(text: str) -> None:
    formula, on = as_formula(text), Arithmetic(96)
    components = gradient(formula, "x")
    with pytest.raises(Weak):
        components.values(on, [on.of(Fraction(-1), Fraction(1))])


def test_the_core_is_short_and_shares_nothing_with_the_search() -> None:
    room = "gradcalc.truth.claims"
    waiting, trusted = [f"{room}.verify", f"{room}.points", f"{room}.squares", f"{room}.claimed"], set[str]()
    while waiting:
        name = waiting.pop()
        trusted.add(name)
        text = Path(import_module(name).__file__ or "").read_text(encoding="utf-8")
        found = re.findall(r"^from (gradcalc\.truth[.\w]*) import (.*)", text, re.MULTILINE)
        names = {f"{room}.{what}" if where == room else where for where, what in found}
        waiting += names - trusted
    assert {name.removeprefix(f"{room}.") for name in trusted} == {
        "verify", "derivatives", "functions", "boxes", "intervals", "series", "cases", "points", "poles", "quotients",
        "squares", "claimed",
    }  # fmt: skip
    assert len(Path(import_module(f"{room}.verify").__file__ or "").read_text(encoding="utf-8").splitlines()) <= 350
