"""The end of a descent is proved: existence, the only critical point in a box, its kind; beside the least value."""

import pytest

import gradcalc
from gradcalc.errors import ExitCode, UsageError


def test_the_end_is_proved_and_compared() -> None:
    found = gradcalc.descend(
        "(1 - x)^2 + 100(y - x^2)^2", at={"x": -1.2, "y": 1}, certify=True, box="y=-2:2,x=-2:2"
    ).certificate
    assert found is not None and found.kind == "minimum" and found.index == 0 and found.is_extreme
    assert (
        all(low < 1 < high for low, high in found.box.values()) and found.distance is not None and found.distance < 1e-8
    )


def test_a_minimum_that_is_not_the_least_is_told() -> None:
    made = gradcalc.descend("x^4 - 3x^2 + x", at={"x": 2}, certify=True, box=("x=-3:3",))
    assert made.certificate is not None and made.certificate.is_extreme is False and made.exit_code == ExitCode.DONE
    assert made.certificate.at["x"].startswith("1.130901122")
    body = made.to_dict()["certificate"]
    assert body["proved"] and body["kind"] == "minimum" and set(body["unique_in"]) == {"x"}
    assert "it is not the least value in the box" in made.drawn("terminal")


def test_of_an_ascent_it_is_a_maximum() -> None:
    found = gradcalc.descend("x*exp(-x)", at={"x": 0}, maximize=True, certify=True, box="x=-1:5").certificate
    assert found is not None and found.kind == "maximum" and found.is_extreme
    assert found.value == "0.3678794411714423216" and found.at == {"x": "1.000000000000000000"}


@pytest.mark.parametrize("text", ["abs(x)", "(x - 1)^4"])
def test_what_is_not_proved_is_told(text: str) -> None:
    made = gradcalc.descend(text, at={"x": 2}, certify=True)
    assert made.certificate is not None and not made.certificate.is_proved and made.exit_code == ExitCode.NO


def test_a_box_alone_is_refused() -> None:
    with pytest.raises(UsageError, match="--certify|certify"):
        gradcalc.descend("x^2", at={"x": 2}, box="x=-1:1")
