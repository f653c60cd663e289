"""The equations of what may be the case: switches, faces, infinite sides."""

import math
from fractions import Fraction
from typing import Any

import pytest

from gradcalc.settings import Limits
from gradcalc.truth.claims.cases import ABOVE, BELOW, ON, Switched
from gradcalc.truth.claims.intervals import Weak
from gradcalc.truth.claims.proofs import question
from gradcalc.truth.claims.verify import COARSE, Question, is_empty


def asked(text: str, box: dict[str, Any], **more: Any) -> list[Question]:
    head = {
        "variables": list(box), "task": "critical", "let": {}, "expression": text, "subject_to": [], "box": box,
        "radius": 10,
    }  # fmt: skip
    return list(question(head | more, Limits()).parts)


def test_a_kink_that_is_met_has_a_slope_for_an_unknown() -> None:
    (made,) = asked("abs(x - 1) + x*y", {"x": [-2, 2], "y": [0, 3]})
    choices, box = made.root()
    assert choices == (None,) and len(box) == 2
    parts = made.split(choices, box, 0)
    assert [(way, len(part)) for way, part in parts] == [((BELOW,), 2), ((ON,), 3), ((ABOVE,), 2)]
    assert parts[1][1][2] == (0, 1 << COARSE.bits)
    with pytest.raises(Weak, match="set twice"):
        made.split(*parts[0], 0)


def test_all_means_are_those_of_kinks_that_do_not_multiply() -> None:
    for text, count in (("relu(abs(x) - 1) + y", 4), ("abs(x) + abs(y)", 4), ("abs(abs(x) - y) + 0.9*x", 2)):
        (made,) = asked(text, {"x": [-2, 2], "y": [-2, 2]})
        assert len(made.case((ON, ON)).system.parts) == count, text


def test_of_constraints_no_more_are_active_than_there_are_variables() -> None:
    (made,) = asked("x^2", {"x": [-2, 2]}, subject_to=["x >= 0", "x <= 1", "x >= -1"])
    choices, box = made.root()
    first = dict(made.split(choices, box, 0))
    assert list(first) == [(BELOW, None, None), (ON, None, None)]
    ((only, part),) = made.split((ON, None, None), first[ON, None, None], 1)
    assert only == (ON, BELOW, None) and len(part) == 1


def test_at_an_end_of_its_side_a_variable_is_fixed() -> None:
    (made,) = asked("x^2 - x*y", {"x": [-2, 2], "y": [0, "pi"]})
    extreme = Switched(made.graph, made.names, made.inputs, made.sides, made.outputs, extreme=True)
    choices, box = extreme.root()
    assert choices == (None, None)
    ends = extreme.split(choices, box, 1)
    assert [len(part) for _, part in ends] == [1, 2, 1]
    inside = [box[0], (1 << COARSE.bits, 2 << COARSE.bits)]
    assert [way for way, _ in extreme.split(choices, inside, 1)] == [(None, ON)]
    corner = extreme.case((BELOW, ABOVE))
    low, high = corner.system.value(COARSE, [], corner.value or 0)
    assert float(Fraction(low, 1 << COARSE.bits)) == pytest.approx(4 + 2 * math.pi, rel=1e-15)
    assert high - low < 20


def test_beyond_a_radius_a_function_is_critical_as_one_of_other_variables() -> None:
    near, low, high = asked("x^4 - 3*x", {"x": ["-inf", "inf"]})
    assert [(part.is_far, len(part.inputs)) for part in (near, low, high)] == [(False, 1), (True, 1), (True, 1)]
    for part in (low, high):
        choices, box = part.root()
        assert is_empty(part.case(choices).system, COARSE, box)
    assert len(asked("x^2 + y^2", {"x": [0, "inf"], "y": ["-inf", 1]})) == 3
    for radius in (None, 0, True, 2.5):
        with pytest.raises(Weak, match="radius"):
            asked("x^2", {"x": [0, "inf"]}, radius=radius)


def test_multipliers_of_each_ratio_are_within_reach() -> None:
    (made,) = asked("3*x", {"x": [-2, 2]}, subject_to=["x <= 1"])
    first = [COARSE.whole(1), COARSE.of(Fraction("0.31"), Fraction("0.32"))]
    for low, high, expected in (("-0.95", "-0.94", False), ("0.94", "0.95", True), ("-0.9", "-0.8", True)):
        box = [*first, COARSE.of(Fraction(low), Fraction(high))]
        assert is_empty(made.case((ON,)).system, COARSE, box) is expected, low
