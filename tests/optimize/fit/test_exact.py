"""What is proved of a fit, against digits that were computed by others, and what is not."""

import pytest

import gradcalc
from benchmarks.nist import MODELS, regression


@pytest.mark.parametrize("name", ["Misra1a", "Eckerle4", "BoxBOD", "Lanczos1", "MGH17"])
def test_certified_parameters_hold_the_certified_digits(name: str) -> None:
    problem = regression(name)
    columns = {key: [repr(float(x)) for x in column] for key, column in problem.columns.items()}
    found = gradcalc.fit(f"y ~ {MODELS[name]}", columns, problem.starts[1], certify=True)
    assert (found.proved, found.exit_code) == (True, 0)
    for each in found.parameters:
        assert each.certified and each.certified_error
        assert float(each.certified.value) == pytest.approx(problem.certified[each.name], rel=1e-10)
        assert float(each.certified_error.value) == pytest.approx(problem.errors[each.name], rel=1e-10)
        low, high = found.box[each.name]
        assert low < float(each.certified.value) < high and each.certified.digits >= 15


def test_the_data_are_the_decimals_that_are_written() -> None:
    data = {"x": ["1", "2", "3", "4"], "y": ["0.1", "0.2", "0.3", "0.5"]}
    found = gradcalc.fit("y ~ a*x + b", data, certify=True, digits=30)
    a, b = found.parameters
    assert a.certified and a.certified.value == "0.130000000000000000000000000000"
    assert b.certified and b.certified.value == "-0.0500000000000000000000000000000"
    assert a.certified_error and a.certified_error.value.startswith("0.017320508075688772935274463415")
    doubles = gradcalc.fit("y ~ a*x + b", {k: list(map(float, v)) for k, v in data.items()}, certify=True, digits=30)
    other = doubles.parameters[0].certified
    assert other and other.value != a.certified.value and float(other.value) == pytest.approx(0.13, rel=1e-15)


@pytest.mark.parametrize(
    ("model", "why"),
    [("y ~ a*b*x", "do not identify"), ("y ~ abs(a)*x + abs(b - 1)*0.0001", "")],
)
def test_what_has_no_proof(model: str, why: str) -> None:
    found = gradcalc.fit(model, {"x": [1, 2, 3], "y": [1, 2, 4]}, {"a": 1, "b": 1}, certify=True)
    assert (found.proved, found.exit_code) == (False, 1)
    assert any(note.kind == "unsettled" and why in note.message for note in found.notes)


def test_a_likelihood_is_proved() -> None:
    """Poisson counts: the rate's estimate is their mean."""
    found = gradcalc.fit("exp(a) - n*a", {"n": [3, 1, 4, 1, 5]}, {"a": 0}, nll=True, certify=True, digits=25)
    (a,) = found.parameters
    assert found.proved and a.certified and a.certified.value == "1.029619417181158239921826"
    assert a.standard_error == pytest.approx(1 / 14**0.5, rel=1e-14)
