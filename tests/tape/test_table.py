"""`GradientTape.table`: what a tape recorded."""

import pickle

import numpy as np
import pytest

from gradcalc.errors import TapeError
from gradcalc.tape import GradientTape, Variable, constant


def test_steps_shapes_values_and_adjoints() -> None:
    w, x = Variable(np.ones((3, 2)), name="w"), constant(np.arange(6.0).reshape(2, 3))
    with GradientTape() as tape:
        y = np.sum((x @ w) ** 2, axis=0)
        z = np.mean(y)
    rows = [(row.name, row.step, row.shape) for row in tape.table().rows]
    assert rows == [
        ("v1", "w", (3, 2)),
        ("v2", "matmul(constant[2, 3], v1)", (2, 2)),
        ("v3", "powi(v2, 2)", (2, 2)),
        ("v4", "sum(v3, axis=0)", (2,)),
        ("v5", "mean(v4)", ()),
    ]
    adjoints = [row.adjoint for row in tape.table(z).rows]
    assert adjoints == ["36 … 66", "[[3, 3], [12, 12]]", "[[0.5, 0.5], [0.5, 0.5]]", "[0.5, 0.5]", "1"]
    assert np.allclose(tape.gradient(z, w), [[36, 36], [51, 51], [66, 66]])  # the tape is not used up


def test_a_step_that_the_target_does_not_depend_on_has_no_adjoint() -> None:
    x = Variable(2.0)
    with GradientTape() as tape:
        y, _ = x * x, np.sin(x)
    assert [(row.step, row.adjoint) for row in tape.table(y).rows] == [
        ("Variable", "4"), ("mul(v1, v1)", "1"), ("sin(v1)", None)
    ]  # fmt: skip


def test_it_shows_itself_and_pickles() -> None:
    x = constant([1.0, 2.0])
    with GradientTape(persistent=True) as tape:
        tape.watch(x)
        y = np.exp(x)
    tape.gradient(y, x)
    table = tape.table(y)
    assert "<table" in table._repr_html_() and "v2 = exp(v1)" in table.drawn("terminal")
    assert table.to_dict()["nodes"][0] == {
        "name": "v1", "step": "watched", "shape": [2], "dtype": "float64", "value": "[1, 2]",
        "adjoint": "[2.7183, 7.3891]",
    }  # fmt: skip
    assert list(table.records())[1][:3] == ("v1", "watched", "(2,)")
    assert pickle.loads(pickle.dumps(table)) == table


def test_an_empty_tape_and_a_used_one() -> None:
    assert "nothing recorded" in GradientTape().table().drawn("terminal")
    x = Variable(1.0)
    with GradientTape() as tape:
        y = x * x
    tape.gradient(y, x)
    with pytest.raises(TapeError, match="answered already"):
        tape.table()
