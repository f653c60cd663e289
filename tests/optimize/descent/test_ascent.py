"""Ascents: the maximum of f in numbers and words, never those of -f."""

import json
import math
import pickle
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

import gradcalc
from gradcalc.errors import UsageError
from gradcalc.optimize.descent import ascent
from gradcalc.optimize.descent.picture import picture
from tests.cli import run

FALLING = ("lower", "lowest", "no minimum", "falls towards", "still falls", "a minimum")
"""What no ascent says of its value."""


@pytest.mark.parametrize(
    ("formula", "start", "at", "value", "kind"),
    [
        ("x*exp(-x)", {"x": 0}, {"x": 1}, math.exp(-1), "maximum"),
        ("3x - x^2 - (y - 1)^2", {"x": 0, "y": 5}, {"x": 1.5, "y": 1}, 2.25, "maximum"),
        ("-abs(x - 1)", {"x": 0}, {"x": 1}, 0, "maximum at a kink"),
        ("sin(x)", {"x": 1}, {"x": math.pi / 2}, 1, "maximum"),
        ("5 - sum(v^2)", {"v": [1, 2]}, {"v": [0, 0]}, 5, "maximum"),
    ],
)
def test_the_maximum_is_found_and_told(
    formula: str, start: dict[str, object], at: dict[str, object], value: float, kind: str
) -> None:
    found = gradcalc.descend(formula, start, maximize=True)
    assert found.status == "converged" and found.kind == kind and found.exit_code == 0
    assert found.value == pytest.approx(value, abs=1e-12)
    for name, wanted in at.items():
        assert found.at[name] == pytest.approx(wanted, abs=1e-6)
    assert all(later.value >= earlier.value - 1e-12 for earlier, later in pairwise(found.watch))


@pytest.mark.parametrize("optimizer", ["sgd", "adam", "newton", "bfgs", "l-bfgs"])
def test_its_steps_are_those_of_the_descent_of_the_negative(optimizer: str) -> None:
    up = gradcalc.descend("x*exp(-x) - y^2", {"x": 0, "y": 1}, maximize=True, optimizer=optimizer, steps=20)
    down = gradcalc.descend("-(x*exp(-x) - y^2)", {"x": 0, "y": 1}, optimizer=optimizer, steps=20)
    assert [(s.at, s.value) for s in up.watch] == [(s.at, -s.value + 0.0) for s in down.watch]
    assert up.end.number == down.end.number and up.status == down.status
    assert up.eigenvalues is not None and down.eigenvalues is not None
    assert up.eigenvalues == tuple(sorted(-value for value in down.eigenvalues))


@pytest.mark.parametrize(
    ("formula", "start", "reason"),
    [
        ("x^2", 1, "no maximum: the value still grows towards inf as x grows"),
        ("log(x)", 1, "no maximum: the value still grows towards inf as x grows"),
        ("1/(1 + exp(-x))", 1, "no maximum: the value still grows towards 1 as x grows"),
        ("-1/x", 1, "no maximum: the value still grows towards 0 as x grows"),
        ("-3 - exp(x)", 1, "no maximum: the value still grows towards -3 as x falls"),
    ],
)
def test_a_value_that_grows_for_ever_is_unbounded(formula: str, start: float, reason: str) -> None:
    found = gradcalc.descend(formula, {"x": start}, maximize=True)
    assert (found.status, found.reason, found.exit_code) == ("unbounded", reason, 1)


def test_a_rate_that_is_too_large_falls() -> None:
    found = gradcalc.descend("3x - x^2", {"x": 0}, maximize=True, learning_rate=2.0)
    assert (found.status, found.reason) == ("diverged", "the value falls without bound")
    told = " ".join(note.message for note in found.notes)
    assert "plain ascent will diverge" in told and "the highest value, 0, was at step 0" in told


def test_slopes_at_a_kink_are_those_of_f() -> None:
    found = gradcalc.descend("-abs(x - 1)", {"x": 0}, maximize=True)
    note = next(note for note in found.notes if note.kind == "kink")
    assert (note.left, note.right) == (1.0, -1.0) and "turns from 1 to -1" in note.message


def test_bounds_and_data() -> None:
    assert gradcalc.descend("x", {"x": 0}, maximize=True, bounds={"x": (0, 2)}).at == {"x": 2.0}
    rows = {"x": np.array([1.0, 2.0, 6.0])}
    found = gradcalc.descend("-(a - x)^2", {"a": 0}, data=rows, maximize=True)
    assert found.at["a"] == pytest.approx(3) and found.value == pytest.approx(-14 / 3) and found.kind == "maximum"
    likely = gradcalc.descend("-log(s) - (x - m)^2/(2*s^2)", {"m": 0, "s": 1}, data=rows, maximize=True)
    assert likely.at == pytest.approx({"m": 3, "s": math.sqrt(14 / 3)})


def test_steps_that_are_called_back_are_of_f() -> None:
    seen: list[float] = []
    found = gradcalc.descend("3 - x^2", {"x": 2}, maximize=True, callback=lambda step: seen.append(step.value))
    assert seen == [step.value for step in found.watch] and seen[0] == -1


def test_every_medium_tells_f(tmp_path: Path) -> None:
    words = ("descend", "3x - x^2", "--at", "0", "--maximize")
    body = json.loads(run(*words, "--json").out)
    assert body["maximize"] is True and body["value"] == 2.25 and body["point"] == "maximum"
    assert body["trace"][0]["value"] == 0 and body["trace"][-1]["value"] == 2.25
    page = run(*words).out
    assert "sought a maximum of f" in page and "local maximum" in page and not any(word in page for word in FALLING)
    assert run(*words, "--trace", str(tmp_path / "t.csv")).code == 0
    assert (tmp_path / "t.csv").read_text().splitlines()[-1].startswith("1,2.25,")
    assert json.loads(run("descend", "x^2", "--at", "1", "--json").out)["maximize"] is False


def test_a_comparison_marks_the_highest() -> None:
    ran = run("descend", "3x - x^2", "--at", "0", "--maximize", "--compare", "sgd,newton", "--json")
    assert [each["value"] for each in json.loads(ran.out)["compare"]] == pytest.approx([2.25, 2.25])


def test_a_picture_is_over_f_and_an_ascent_pickles() -> None:
    found = gradcalc.descend("3x - x^2", {"x": 0}, maximize=True)
    layers = {layer.name: layer for layer in picture([found]).panels[0].layers}
    assert all(y == pytest.approx(3 * x - x * x) for piece in layers["f"].pieces for x, y in piece)
    assert layers["end"].places == [(1.5, 2.25)]
    assert pickle.loads(pickle.dumps(found)).value == found.value


@pytest.mark.parametrize("given", [1, "yes"])
def test_maximize_is_true_or_false(given: object) -> None:
    with pytest.raises(UsageError, match="maximize is"):
        gradcalc.descend("x", {"x": 0}, maximize=given)


def test_every_phrase_that_is_turned_is_said_by_a_descent() -> None:
    folder = Path(ascent.__file__).parent
    said = "".join(path.read_text() for path in folder.glob("*.py") if path.name != "ascent.py")
    for phrase in set(ascent.TURNED) - {"no minimum, ", "a minimum", "a maximum"}:  # f"a {kind}", another mark behind
        assert phrase in said, phrase


@pytest.mark.parametrize(
    ("message", "turned"),
    [
        ("no minimum: the value still falls below -1.5e-07 as x falls", "no maximum: the value still grows above 1.5e-07 as x falls"),
        ("no minimum: the value still falls towards -inf as x grows", "no maximum: the value still grows towards inf as x grows"),
        ("the lowest value, -2.5, was at step 3 (x = 1)", "the highest value, 2.5, was at step 3 (x = 1)"),
        ("the slope turns from -1 to 2: no derivative there", "the slope turns from 1 to -2: no derivative there"),
        ("from step 2 (x = 0), a maximum, where the value still falls", "from step 2 (x = 0), a minimum, where the value still grows"),
        ("the gradient is 0, but this is no minimum", "the gradient is 0, but this is no maximum"),
        ("newton was chosen", "newton was chosen"),
    ],
)  # fmt: skip
def test_messages_are_turned(message: str, turned: str) -> None:
    assert ascent.in_words(message) == turned
