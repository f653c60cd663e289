"""The check of random rows: digits that cancellation lost, and which rows are drawn."""

import math
from functools import partial
from itertools import count
from pathlib import Path
from random import Random

import numpy as np
import pyarrow as pa
import pytest
from flint import arb, ctx

from gradcalc import compile
from gradcalc.arithmetic.balls import Balls
from gradcalc.arithmetic.budget import Budget
from gradcalc.data import check
from gradcalc.data.check import Sample, proved_digits
from gradcalc.data.map import Settings, run
from gradcalc.language.points import bind, to_value
from gradcalc.settings import Limits
from gradcalc.truth.certify import enclose
from tests.data import write


def test_balls_find_the_digits_that_cancellation_lost(tmp_path: Path) -> None:
    source = write(tmp_path / "in.parquet", pa.table({"x": np.full(50, 1e-4), "y": np.ones(50)}))
    good = run("exp(x) + y", str(source), str(tmp_path / "out.npy"), Settings(order=2)).certified
    assert good is not None and good.rows == 16 and good.worst_digits is not None and good.worst_digits >= 15
    bad = run("(1 - cos(x))/x**2", str(source), str(tmp_path / "out.npy"), Settings(certify_rows=3)).certified
    assert bad is not None and bad.rows == 3 and bad.worst_digits is not None and bad.worst_digits <= 9
    assert bad.worst_column in ("f", "df/dx")
    assert run("x", str(source), str(tmp_path / "out.npy"), Settings(certify_rows=0)).certified is None


@pytest.mark.parametrize(
    ("formula", "x", "digits"),
    [
        ("exp(-x)", 800.0, 0), ("exp(-x)", 744.5, 1), ("x^2", 1e-200, 0), ("x^2", 1e200, 0), ("x^3", 1e-107, 2),
        ("exp(x)", 710.0, 0), ("x^2", 3.0, 17), ("x - 3", 3.0, 17), ("exp(-exp(x))", 43.0, 0),
    ],
)  # fmt: skip
def test_a_zero_an_infinity_and_what_is_nearly_zero_are_no_right_digits(
    tmp_path: Path, formula: str, x: float, digits: int
) -> None:
    source = write(tmp_path / "in.parquet", pa.table({"x": [x]}))
    found = run(formula, str(source), str(tmp_path / "out.npy"), Settings(order=0)).certified
    assert found is not None and (found.worst_digits, found.unsettled) == (digits, 0)


def test_rows_on_a_kink_are_not_drawn(tmp_path: Path) -> None:
    source = write(tmp_path / "in.parquet", pa.table({"x": [0.0, 0.0, 1.0]}))
    found = run("abs(x)", str(source), str(tmp_path / "out.npy")).certified
    assert found is not None and (found.rows, found.worst_row) == (1, 3)


def test_the_sampled_rows_are_spread_over_all_and_the_same_for_a_seed() -> None:
    def drawn(seed: int, count: int = 10_000) -> list[int]:
        sample = Sample(200, seed)
        for first in range(0, count, 300):
            x = np.arange(first, min(first + 300, count), dtype=float)
            sample.add(x + 1, [x], [x])
        assert all(row == point[0] + 1 == result[0] + 1 for row, point, result in sample.rows)
        return sorted(row for row, _, _ in sample.rows)

    assert drawn(0) == drawn(0) != drawn(1)
    assert len(set(drawn(0))) == 200 and 60 <= sum(row <= 5000 for row in drawn(0)) <= 140
    assert drawn(0, 150) == list(range(1, 151))


def test_a_clock_that_ends_the_check_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ticks = count(step=20.0)
    monkeypatch.setattr(check, "Budget", lambda work, seconds: Budget(work, seconds, lambda: next(ticks)))
    source = tmp_path / "in.csv"
    source.write_text("x\n" + "1\n" * 50)
    made = run("sin(x)", str(source), str(tmp_path / "out.npy"), Settings(certify_rows=50))
    assert made.certified is not None and made.certified.late and 0 < made.certified.rows < 50
    assert "stopped by the clock" in str(made.page())


SHAPES = (
    "{}({}(x) - y)", "{}(x)/{}(y)", "{}(x*y) - {}(x)", "{}(x)^2.5*{}(y)^(-1.3)", "{}({}(x)*y)^(x/2)", "{}(x + y) - {}(y)",
)  # fmt: skip
ONES = ("sin", "tan", "exp", "tanh", "sech", "coth", "atan", "sqrt", "log", "gelu", "silu", "erfc", "cbrt", "floor")
WILD = (
    0.0,
    -0.0,
    5e-324,
    1e-310,
    1e-160,
    1e-8,
    0.5,
    1.0,
    -2.5,
    math.pi,
    18.9,
    36.7,
    -745.5,
    1e16,
    math.pi * 1e21,
    1e22,
    1e308,
)


def test_no_more_digits_are_counted_than_there_are() -> None:
    chance, exact, counted = Random(8), Balls(4000), 0
    for shape in SHAPES * 2:
        kernel = compile(shape.format(chance.choice(ONES), chance.choice(ONES)))
        graph, outputs = kernel._graph, kernel._outputs
        rows = [(chance.choice(WILD), chance.choice(WILD)) for _ in range(8)]
        batch = kernel(x=[x for x, _ in rows], y=[y for _, y in rows])
        for k, row in enumerate(rows):
            at = dict(zip("xy", row, strict=True))
            values = {name: to_value(name, x, Limits()) for name, x in at.items()}
            found = enclose(graph, partial(bind, graph, values), outputs, budget=Budget(50_000, 20))
            true = exact.evaluate(graph, {graph.input(name): arb(x) for name, x in at.items()}, outputs)
            for ball, output, double in zip(found, outputs, [batch.value[k], *batch.gradient[:, k]], strict=True):
                digits, number = proved_digits(ball, float(double)), true[output]
                if digits and isinstance(number, arb) and number.is_finite() and number.rel_accuracy_bits() > 200:
                    counted += 1
                    with ctx.workprec(4000):
                        assert abs(arb(float(double)) - number) * arb(10) ** digits <= abs(number), (shape, row)
    assert counted > 80
