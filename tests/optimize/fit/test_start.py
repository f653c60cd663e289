"""Where a fit begins: by the data's scale without a start; at several places, which are told."""

import numpy as np
import pytest

import gradcalc
from benchmarks.nist import MODELS, regression


@pytest.mark.parametrize("name", ["BoxBOD", "Rat42", "Eckerle4", "Gauss2"])
def test_a_start_is_found(name: str) -> None:
    problem = regression(name)
    found = gradcalc.fit(f"y ~ {MODELS[name]}", problem.columns)
    assert found.rss == pytest.approx(problem.squares, rel=1e-8)
    assert any(note.kind == "start" and "none was given" in note.message for note in found.notes)


def test_starts_that_end_elsewhere_are_told() -> None:
    x = np.linspace(0, 6, 25)
    data = {"x": x, "y": np.sin(2 * x) + 0.01 * np.cos(9 * x)}
    one = gradcalc.fit("y ~ sin(w*x) + c", data, {"w": 0.5, "c": 0})
    many = gradcalc.fit("y ~ sin(w*x) + c", data, {"w": 0.5, "c": 0}, bounds={"w": (0.1, 4)}, starts=6)
    assert one.value > 1
    assert many.at["w"] == pytest.approx(2, rel=1e-2)
    count, same, others = many.starts
    assert count == 6 and same + len(others) == 6 and others
    assert any(note.kind == "starts" for note in many.notes)
    again = gradcalc.fit("y ~ sin(w*x) + c", data, {"w": 0.5, "c": 0}, bounds={"w": (0.1, 4)}, starts=6)
    assert again.to_dict() == many.to_dict()


def test_many_rows_begin_with_some_of_them() -> None:
    x = np.linspace(0, 5, 12_000)
    data = {"x": x, "y": 2 * np.exp(-0.7 * x) + 0.3 + 0.01 * np.sin(1e4 * x)}
    found = gradcalc.fit("y ~ a*exp(-b*x) + c", data)
    assert found.status == "converged" and found.rows == 12_000
    assert [found.at[name] for name in "abc"] == pytest.approx([2, 0.7, 0.3], abs=2e-3)
