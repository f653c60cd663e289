"""Sums of functions of different variables: their points are all ways to take one of each part."""

import pytest

import gradcalc
from gradcalc.truth.critical.answer import Critical

TANG = "+".join(f"(x{k}^4 - 16x{k}^2 + 5x{k})/2" for k in range(1, 5))


def kinds(found: Critical) -> list[tuple[str, int | None]]:
    assert found.complete
    return sorted(((point.kind, point.index) for point in found.points), key=str)


def test_points_of_a_sum_are_all_pairs() -> None:
    found = gradcalc.critical(TANG, box=",".join(f"x{k}=-5:5" for k in range(1, 5)))
    assert found.complete and len(found.points) == 3**4 and found.looked < 1_000
    counted = [sum(point.index == number for point in found.points) for number in range(5)]
    assert counted == [16, 32, 24, 8, 1]  # of each variable two minima and a maximum: (2 + t)^4
    assert found.points[0].floats["x1"] == pytest.approx(-2.903534027771177, rel=1e-15)
    assert found.points[0].value_float == pytest.approx(4 * -39.16616570377142, rel=1e-15)


@pytest.mark.parametrize("text, box, expected", [
    ("sin(x)^3 + y^2", "x=-4:4,y=-1:1",
     [("degenerate", None)] * 3 + [("minimum", 0), ("saddle", 1)]),  # x: -pi, 0, pi; -pi/2; pi/2
    ("2*(x^4 - y^4)/3 - z", "x=-1:1,y=-1:1,z=0:1", []),
    ("2*(x^4 - y^4)/3 - z^2", "x=-1:1,y=-1:1,z=-1:1", [("saddle", None)]),
    ("abs(x) + y^3 - 3y", "x=-1:1,y=-2:2", [("kink", None), ("kink", None)]),
    ("abs(x)^2 + abs(y)^3", "x=-1:1,y=-1:1", [("minimum", None)]),
    ("x^3 + y^2", "x=-1:1,y=0:1", [("degenerate", None)]),
    ("x^2 + sqrt(y)", "x=-1:1,y=-2:-1", []),
])  # fmt: skip
def test_kinds_of_sums(text: str, box: str, expected: list[tuple[str, int | None]]) -> None:
    assert kinds(gradcalc.critical(text, box=box)) == expected


def test_a_zero_of_a_part_on_a_face_is_on_a_face() -> None:
    (point,) = gradcalc.critical("x^2 + y^4", box="x=0:1,y=-1:1").points
    assert point.on_face and point.at == {"x": "0", "y": "0"} and point.value == "0"


def test_systems_fall_apart_where_equations_share_no_unknown() -> None:
    found = gradcalc.critical("[x^2 - 2, y^2 - 3 + z, z - y]", box="x=-3:3,y=-3:3,z=-5:5", roots=True)
    assert found.complete and len(found.points) == 4
    assert {round(point.floats["y"], 9) for point in found.points} == {1.302775638, -2.302775638}
    line = gradcalc.critical("[x^2 - 1, x - 1, y + z]", box="x=-3:3,y=-3:3,z=-3:3", roots=True)
    assert not line.complete
    few = "[u^2 - 1, v^2 - 4, x^2 - 1, x - 1, y + z]"  # of parts that are square alone nothing is lost
    assert not gradcalc.critical(few, box="u=-3:3,v=-3:3,x=-3:3,y=-3:3,z=-3:3", roots=True, max_seconds=1).complete


def test_what_is_not_known_of_a_part_is_told_of_all() -> None:
    found = gradcalc.critical("relu(x) + y^2", box="x=-2:3,y=-1:1")
    assert not found.complete and not found.points
    assert min(each.box["x"][0] for each in found.unsettled) == -2
    assert all(each.box["x"][1] - each.box["x"][0] <= 0.25 and each.box["y"][0] == 0 for each in found.unsettled)
    (flat,) = gradcalc.critical("relu(x) + relu(y)", box="x=-2:3,y=-1:1").flat
    assert flat.box == {"x": (-2, 0), "y": (-1, 0)} and flat.value == "0"
