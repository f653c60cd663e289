"""A formula on its way through each command: read once, lowered once, derived once; and the type that carries it."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sympy

import gradcalc
from gradcalc.cli import main
from gradcalc.graph import derive
from gradcalc.language import lower, parse
from gradcalc.language.formula import Variable

FORMULA = "(w*x + b - y)^2 + 0.125"
START = ("--at", "w=0.5,b=1,x=2,y=3")


@pytest.fixture
def counts(monkeypatch: pytest.MonkeyPatch) -> Iterator[Counter[str]]:
    """How often a formula, told by its `0.125`, was cut into tokens and lowered, and how often anything was derived."""
    found: Counter[str] = Counter()
    tokenize, run, sweeps = parse.tokenize, lower.Lowering.run, (derive.gradient, derive.hessian)

    def counted_tokenize(text: str, limit: int) -> Any:
        found["tokenize"] += "0.125" in text
        return tokenize(text, limit)

    def counted_run(self: lower.Lowering) -> Any:
        found["lower"] += any(node[1] == "0.125" for node in self.tree)
        return run(self)

    monkeypatch.setattr(parse, "tokenize", counted_tokenize)
    monkeypatch.setattr(lower.Lowering, "run", counted_run)
    for sweep in sweeps:

        def counted(*words: Any, sweep: Any = sweep, **options: Any) -> Any:
            found[sweep.__name__] += 1
            return sweep(*words, **options)

        monkeypatch.setattr(derive, sweep.__name__, counted)
    yield found


ONCE = {"tokenize": 1, "lower": 1, "gradient": 1}


def asked(counts: Counter[str], *words: str, code: int = 0) -> dict[str, int]:
    """The counts of a command."""
    assert main(words) == code
    return {name: count for name, count in counts.items() if count}


@pytest.mark.parametrize("formula", [FORMULA, f"-{FORMULA}", f"--{FORMULA}"])
@pytest.mark.parametrize("more", [(), ("--at", "w=1,b=1,x=1,y=1"), ("--numeric",), ("--format", "latex")])
def test_grad(counts: Counter[str], formula: str, more: tuple[str, ...]) -> None:
    assert asked(counts, "grad", formula, *START, *more, "--no-symbolic") == ONCE


def test_hessian(counts: Counter[str]) -> None:
    assert asked(counts, "hessian", FORMULA, *START, "--no-symbolic") == ONCE | {"hessian": 1}


def test_descend(counts: Counter[str]) -> None:
    words = ("descend", FORMULA, "--at", "w=0,b=0", "--let", "x=2,y=3", "--json")
    assert asked(counts, *words, "--optimizer", "bfgs", "--steps", "3") in (ONCE, ONCE | {"hessian": 1})


def test_descend_by_newton_and_its_forecast_share_a_hessian(counts: Counter[str]) -> None:
    words = ("descend", FORMULA, "--at", "w=0,b=0", "--let", "x=2,y=3", "--json")
    assert asked(counts, *words) == ONCE | {"hessian": 1}


def test_a_comparison_of_three(counts: Counter[str]) -> None:
    words = ("descend", FORMULA, "--at", "w=0,b=0", "--let", "x=2,y=3", "--json")
    assert asked(counts, *words, "--compare", "sgd,adam,newton", "--lr", "0.01") == ONCE | {"hessian": 1}


@pytest.fixture
def points(tmp_path: Path) -> str:
    path = tmp_path / "points.npz"
    np.savez(path, x=np.arange(9.0), y=2 * np.arange(9.0) + 1, e=np.zeros(9))
    return str(path)


@pytest.mark.parametrize("compare", [(), ("--compare", "sgd,adam,newton", "--lr", "0.01")])
@pytest.mark.parametrize("native", [False, True])
def test_descend_over_data(
    counts: Counter[str], points: str, compare: tuple[str, ...], native: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if native:
        monkeypatch.setattr("gradcalc.optimize.descent.objective.NATIVE", 0)
    words = ("descend", FORMULA, "--at", "w=0,b=0", "--data", points, "--json")
    assert asked(counts, *words, *compare) == ONCE | {"hessian": 1}


@pytest.mark.parametrize(("order", "more"), [("0", {}), ("1", {"gradient": 1}), ("2", {"gradient": 1, "hessian": 1})])
@pytest.mark.parametrize("rows", ["0", "5"])
def test_map_and_its_check_of_random_rows(
    counts: Counter[str], points: str, tmp_path: Path, order: str, more: dict[str, int], rows: str
) -> None:
    words = ("map", FORMULA, points, "-o", str(tmp_path / "out.npy"), "--let", "w=2,b=1")
    assert asked(counts, *words, "--order", order, "--certify-rows", rows) == {"tokenize": 1, "lower": 1} | more


def test_map_beside_a_column_with_the_name_of_a_constant(counts: Counter[str], points: str, tmp_path: Path) -> None:
    words = ("map", "e*x + 0.125", points, "-o", str(tmp_path / "out.npy"))
    assert asked(counts, *words, code=2) == {"tokenize": 1, "lower": 1}


def test_compile(counts: Counter[str]) -> None:
    gradcalc.compile(FORMULA, order=2)(w=1.0, b=2.0, x=3.0, y=4.0)
    assert counts == ONCE | {"hessian": 1}


# -- the type ----------------------------------------------------------------------------------------------------------


def test_what_is_not_asked_for_is_not_derived(counts: Counter[str]) -> None:
    formula = parse.parse("x**2*y").differentiated([Variable("x"), Variable("y")], 0)
    assert formula.outputs == [formula.output]
    assert counts["gradient"] == counts["hessian"] == 0
    assert len(formula.gradient) == 2
    assert set(formula.hessian) == {(0, 0), (0, 1), (1, 0)}
    assert formula.gradient is formula.gradient
    assert counts["gradient"] == counts["hessian"] == 1


def test_it_is_frozen_and_differentiated_is_another() -> None:
    formula = parse.parse("x**2*y")
    other = formula.differentiated([Variable("y")], 1)
    assert (formula.wrt, formula.names, other.names, other.text) == ((), [], ["y"], "x**2*y")
    with pytest.raises(AttributeError):
        formula.text = "y"  # type: ignore[misc]


def test_text_sympy_and_a_graph_make_the_same_type() -> None:
    x, y = sympy.symbols("x y")
    text = parse.as_formula("y*x**2")
    graph = parse.as_formula(text.graph)
    node = parse.as_formula(text.graph.ref(text.output))
    symbolic = parse.as_formula(y * x**2)
    assert [list(each.variables) for each in (text, graph, node, symbolic)] == [
        ["y", "x"],
        ["y", "x"],
        ["y", "x"],
        ["x", "y"],
    ]
    assert [each.canonical for each in (text, graph, node, symbolic)] == ["y*x**2", "y*x**2", "y*x**2", "x**2*y"]
