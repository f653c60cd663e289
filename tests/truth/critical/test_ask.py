"""Every critical point of formulas whose points are known by other means; what is not settled is told.

Through `ask` all rooms of the search are seen: `box`, `system`, `search`, `prove`, `solution`, `find`, `kinks`, `regions`,
`extreme`, `constraints`, `infinity`, `answer`.
"""

import math
import pickle
from typing import Any

import pytest

import gradcalc
from gradcalc.arithmetic.intervals import RESTS_ON
from gradcalc.errors import ExitCode, UsageError
from gradcalc.truth.critical.answer import Critical

CAMEL = "(4 - 2.1x^2 + x^4/3)*x^2 + x*y + (-4 + 4y^2)*y^2"
TANG = " + ".join(f"(x{i}^4 - 16x{i}^2 + 5x{i})/2" for i in range(1, 4))
KINDS = ("minimum", "maximum", "saddle", "degenerate", "kink")

COUNTED = [
    ("(x^2 + y - 11)^2 + (x + y^2 - 7)^2", "x=-5:5,y=-5:5", (4, 1, 4, 0, 0)),
    (CAMEL, "x=-3:3,y=-2:2", (6, 2, 7, 0, 0)),
    ("20 + x^2 - 10cos(2*pi*x) + y^2 - 10cos(2*pi*y)", "x=-1.6:1.2,y=-1.6:1.2", (9, 9, 18, 0, 0)),
    (TANG, "x1=-5:5,x2=-5:5,x3=-5:5", (8, 1, 18, 0, 0)),
    ("x^4", "x=-1:1.5", (1, 0, 0, 0, 0)), ("x^3", "x=-1:1", (0, 0, 0, 1, 0)), ("-x^6 + x^8", "x=-1:2", (2, 1, 0, 0, 0)),
    ("abs(x) + y^2", "x=-3:3,y=-2:3", (0, 0, 0, 0, 1)), ("abs(x^2 - 1)", "x=-2:2", (0, 1, 0, 0, 2)),
    ("max(x, y) + x^2 + y^2", "x=-1:1,y=-1:1", (0, 0, 0, 0, 1)), ("relu(x) + (x - 1)^2", "x=-3:3", (1, 0, 0, 0, 0)),
    ("where(x > 0, x, -x)", "x=-1:2", (0, 0, 0, 0, 1)), ("piecewise((x^2, x < 1), (x, true))", "x=-3:3", (1, 0, 0, 0, 0)),
    ("where(x > y, x - y, 2y - 2x) + x^2 + y^2/2", "x=-1:2,y=-1:1", (0, 0, 0, 0, 1)),
    ("min(x^2, (x - 1)^2)", "x=-1:2", (2, 0, 0, 0, 1)), ("sqrt((x - 1/3)^2) + y^2", "x=-1:2,y=-1:1", (0, 0, 0, 0, 1)),
    ("1/x + x", "x=-3:3", (1, 1, 0, 0, 0)), ("1/x^2 + x^2", "x=-3:3", (2, 0, 0, 0, 0)),
    ("1/(x*y) + x + y", "x=-3:3,y=-3:3", (1, 0, 0, 0, 0)), ("tan(x) - 2x", "x=-3:3", (2, 2, 0, 0, 0)),
    ("x*log(x)", "x=-1:3", (1, 0, 0, 0, 0)), ("sqrt(x)*(3 - x)", "x=-1:3", (0, 1, 0, 0, 0)),
    ("sin(1/x)", "x=0.05:1", (3, 3, 0, 0, 0)), ("exp(x)", "x=-5:5", (0, 0, 0, 0, 0)), ("erf(x) - x", "x=-3:3", (1, 1, 0, 0, 0)),
    ("x^2 - y^2", "x=-1:1,y=-1:2", (0, 0, 1, 0, 0)), ("x*y", "x=-1:1,y=-1:1", (0, 0, 1, 0, 0)),
    ("x^2*y - y^3/3 + 4y", "x=-3:3,y=-3:3", (0, 0, 2, 0, 0)),
    ("tan(x)/x", "x=-6:6", (0, 0, 0, 0, 0)), ("x*sec(x)", "x=-8:8", (2, 2, 0, 0, 0)), ("tan(x)*sin(3x)", "x=-5:5", (5, 4, 0, 0, 0)),
    ("sin(x)/x", "x=-10:10", (2, 2, 0, 0, 0)), ("(1 - cos(x))/x^2", "x=-7:7", (2, 0, 0, 0, 0)), ("x/(exp(x) - 1)", "x=-3:3", (0, 0, 0, 0, 0)),
    ("cosh(x) - x^2/2", "x=-1:2", (1, 0, 0, 0, 0)), ("sin(x)/x - sin(x)/x + x^3/x", "x=-2:3", (0, 0, 0, 0, 0)),
]  # fmt: skip


@pytest.mark.parametrize("text, box, counts", COUNTED)
def test_all_points_are_found_and_nothing_is_left(text: str, box: str, counts: tuple[int, ...]) -> None:
    found = gradcalc.critical(text, box=box, max_seconds=60)
    assert tuple(sum(point.kind == kind for point in found.points) for kind in KINDS) == counts
    assert found.complete and not found.unsettled and found.exit_code == ExitCode.DONE
    assert all(point.proved for point in found.points)


ROOTS = [
    ("x^2 - 2", "x=-4:4", [(-math.sqrt(2),), (math.sqrt(2),)]),
    ("[x^2 + y^2 - 4, x*y - 1]", "x=0:3,y=0:3", [(0.5176380902050415, 1.9318516525781366), (1.9318516525781366, 0.5176380902050415)]),
    ("cos(x) - x", "x=-10:10", [(0.7390851332151607,)]), ("[x + y + z - 6, x*y*z - 6, x - y + z - 2]", "x=0:5,y=0:5,z=0:5",
     [(1, 2, 3), (3, 2, 1)]), ("tan(x) - x", "x=0.1:10", [(4.493409457909064,), (7.725251836937707,)]),
    ("sin(x) - x", "x=-1:2", [(0,)]), ("(1 - cos(x))*x^3", "x=-1:2", [(0,)]), ("sin(x)/x", "x=-4:4", [(-math.pi,), (math.pi,)]),
]  # fmt: skip


@pytest.mark.parametrize("text, box, roots", ROOTS)
def test_all_roots_are_found(text: str, box: str, roots: list[tuple[float, ...]]) -> None:
    found = gradcalc.critical(text, box=box, roots=True, max_seconds=60)
    assert [tuple(point.floats.values()) for point in found.points] == [
        pytest.approx(root, rel=1e-14) for root in roots
    ]
    assert found.complete and {point.kind for point in found.points} <= {"root"}


EXTREMES = [
    ("x^2", "x=1:2", 1, 4), ("x*y", "x=-1:2,y=-1:1", -2, 2), ("x^4", "x=-1:1.5", 0, 5.0625), ("sqrt(x)", "x=-1:1", 0, 1),
    ("abs(x - 1/3)", "x=-1:1", 0, 4 / 3), ("(x - y)^2", "x=-1:1,y=-1:1", 0, 4), ("cos(x)", "x=0:10", -1, 1),
    ("floor(x) + x", "x=-0.5:1.5", -1.5, 2.5), ("abs(x) + y^2 + where(y >= 1/2, -3, 0)", "x=-1:1,y=-1:1", -2.75, 2), ("x + y + z", "x=0:1,y=0:2,z=0:3", 0, 6), ("1/x", "x=-1:1", None, None),
    ("x^2*y - x", "x=0:1,y=1:2", -0.25, 1), ("sqrt(x^2 + y^2)", "x=-1:1,y=-1:1", 0, math.sqrt(2)),
    ("(x^2 - 2)^2 + (y^2 - 3)^2", "x=-1:2,y=0:2", 0, 13),
]  # fmt: skip


@pytest.mark.parametrize("text, box, least, greatest", EXTREMES)
def test_the_extreme_values_over_the_closed_box(
    text: str, box: str, least: float | None, greatest: float | None
) -> None:
    found = gradcalc.critical(text, box=box, least=True, greatest=True, max_seconds=60)
    for extreme, value in ((found.global_minimum, least), (found.global_maximum, greatest)):
        if value is None:
            assert extreme is None and found.exit_code == ExitCode.NO
            continue
        assert extreme is not None and extreme.at
        low, high = float(extreme.low), float(extreme.high)
        assert low - 1e-15 * abs(value) <= value <= high + 1e-15 * abs(value)
        assert high - low <= 1e-10 * max(abs(low), abs(high)) or high - low <= 1e-20


ENDLESS = [
    ("x^4 - 2x^2", "x=-inf:inf", 3), ("(x^2 + y - 11)^2 + (x + y^2 - 7)^2", "x=-inf:inf,y=-inf:inf", 9),
    ("x^2 + sin(3x)", "x=-oo:oo", 3), ("x*exp(-x)", "x=0:inf", 1), ("x/(1 + x^2)", "x=-inf:inf", 2), ("abs(x) + x^2", "x=-inf:inf", 1),
    ("x*log(x) + y^2", "x=0:inf,y=-1:1", 1),
]  # fmt: skip


@pytest.mark.parametrize("text, box, count", ENDLESS)
def test_infinite_sides_where_slopes_keep_away_from_0(text: str, box: str, count: int) -> None:
    found = gradcalc.critical(text, box=box, max_seconds=60)
    assert len(found.points) == count and found.complete
    assert found.searched and "far out" in found.drawn("terminal")


@pytest.mark.parametrize("text", ["sin(x)", "exp(-x^2)*x^2 + sin(x)", "x - x"])
def test_infinite_sides_without_a_proof_are_refused(text: str) -> None:
    with pytest.raises(UsageError, match="no proof reaches there"):
        gradcalc.critical(text, box="x=-inf:inf")


HALF = math.sqrt(0.5)
CONSTRAINED = [
    ("x + y", "x=-2:2,y=-2:2", "x^2 + y^2 <= 1", [((-HALF, -HALF), "minimum", HALF), ((HALF, HALF), "maximum", -HALF)]),
    ("x^2 + y^2 + z^2", "x=-3:3,y=-3:3,z=-3:3", "x + y + z = 3", [((1, 1, 1), "minimum", -2)]),
    ("x*y*z", "x=0.1:3,y=0.1:3,z=0.1:3", "x + y + z = 3", [((1, 1, 1), "maximum", -1)]),
    ("(x - 2)^2 + (y - 1)^2", "x=-3:3,y=-3:3", ("y >= x^2", "x + y <= 2"), [((1, 1), "minimum", 2 / 3)]),
    ("(x - 2)^2 + (y - 2)^2", "x=-5:5,y=-5:5", ("x <= 1", "y <= 1", "x + y <= 2"), [((1, 1), "minimum", 2)]),
    ("x - y", "x=-5:5,y=-5:5", ("x <= 1", "y <= 1", "x + y <= 2"), [((1, 1), "degenerate", -1)]),
    ("x + y", "x=-5:5,y=-5:5", ("x = 1", "y = 1", "x + y <= 2"), [((1, 1), "minimum", -1)]),
    ("(x - 3)^2", "x=-5:5", ("x <= 1", "x^3 <= 1"), [((1,), "minimum", 4)]),
    ("(x - 1/2)^2 + y^2", "x=-2:2,y=-2:2", "x^2 + y^2 < 1", [((0.5, 0), "minimum", None), ((1, 0), "saddle", -0.5), ((-1, 0), "maximum", -1.5)]),
]  # fmt: skip


@pytest.mark.parametrize("text, box, constraints, points", CONSTRAINED)
def test_points_along_constraints_have_multipliers(text: str, box: str, constraints: Any, points: list[Any]) -> None:
    found = gradcalc.critical(text, box=box, subject_to=constraints, max_seconds=60)
    assert found.complete and len(found.points) == len(points)
    for point, (at, kind, multiplier) in zip(found.points, points, strict=True):
        assert tuple(point.floats.values()) == pytest.approx(at, rel=1e-14) and point.kind == kind
        first = next(iter(point.multipliers.values()), None)
        assert multiplier is None if first is None else float(first) == pytest.approx(multiplier, rel=1e-14)


_QUADRATIC = "9 - 8x - 6y - 4z + 2x^2 + 2y^2 + z^2 + 2x*y + 2x*z"
TOUCHING = [  # a multiplier is 0: what decides is the curvature off that constraint, or the sign of another multiplier
    ("(x - 1)^2 + y^2", "x=-2:3,y=-2:2", "x <= 1", (1, 0), "minimum", 0, True),
    ("(1 - x)^2 + 100(y - x^2)^2", "x=-1.6:1.6,y=-1.6:1.6", "x^2 + y^2 <= 2", (1, 1), "minimum", 0, True),
    ("(1 - x)^2 + 100(y - x^2)^2", "x=-1:1.5,y=-0.5:2.5", ("(x - 1)^3 - y + 1 <= 0", "x + y <= 2"), (1, 1), "minimum", 0, True),
    ("y^2 - (x - 1)^2", "x=0:3,y=-1:1", "x <= 1", (1, 0), "saddle", None, True),
    ("-(x - 1)^2 - y^2", "x=0:3,y=-1:1", "x >= 1", (1, 0), "maximum", None, True),
    ("x^2 - 3x*y + y^2", "x=-1:1,y=-1:1", ("x >= 0", "y >= 0"), (0, 0), "degenerate", None, True),
    (_QUADRATIC, "x=1.9:2.1,y=-1:0.5,z=-1:0.3", ("x + y + 2z <= 3", "x >= 0", "y >= 0", "z >= 0"), (2, 0, 0), "saddle", None, False),
]  # fmt: skip


@pytest.mark.parametrize("text, box, constraints, at, kind, index, optimal", TOUCHING)
def test_a_constraint_that_only_touches_does_not_hide_the_kind(
    text: str, box: str, constraints: Any, at: tuple[float, ...], kind: str, index: int | None, optimal: bool
) -> None:
    found = gradcalc.critical(text, box=box, subject_to=constraints)
    (point,) = [each for each in found.points if tuple(each.floats.values()) == at]
    assert found.complete and "0" in point.multipliers.values()
    assert (point.kind, point.index, point.optimal) == (kind, index, optimal)


SINGULAR = [
    ("x", "x^3 = y^2", [((0, 0), 0)]), ("x + y", "x*y = 0", [((0, 0), 0)]), ("x^2 + y", "x^3 >= y^2", [((9 / 16, -27 / 64), -0.10546875), ((0, 0), 0)]),
    ("x + y", "x^3 = y^2", [((0, 0), 0), ((4 / 9, -8 / 27), 4 / 27)]), ("x", ("(x - 1)^2 + y^2 <= 1", "(x + 1)^2 + y^2 <= 1"), [((0, 0), 0)]),
]  # fmt: skip


@pytest.mark.parametrize("text, constraints, points", SINGULAR)
def test_a_singular_point_of_constraints_is_told_with_its_value(text: str, constraints: Any, points: list[Any]) -> None:
    """Where the gradients of constraints depend on each other there need be no multipliers, but an extreme value."""
    found = gradcalc.critical(text, box="x=-1:1.9,y=-1:2", subject_to=constraints)
    assert found.complete and [tuple(p.floats.values()) for p in found.points] == [
        pytest.approx(at) for at, _ in points
    ]
    assert [p.value_float for p in found.points] == pytest.approx([value for _, value in points])
    assert [p.kind == "degenerate" for p in found.points] == [at == (0, 0) for at, _ in points]


def test_a_line_of_singular_points_leaves_the_answer_incomplete() -> None:
    found = gradcalc.critical("x", box="x=-1:1,y=-1:1", subject_to="(x - y)^2 = 0", max_seconds=2)
    assert not found.complete and not found.points


IRRATIONAL = [
    ("sin(x)^3", "x=2:4", [("degenerate", math.pi)]), ("(x^2 - 2)^3", "x=1:2", [("degenerate", math.sqrt(2))]),
    ("(x^2 - 2)^4", "x=-2:-1", [("minimum", -math.sqrt(2))]), ("-cos(x)^4", "x=1:2", [("maximum", math.pi / 2)]),
    ("abs(sin(x))^3", "x=2:4", [("minimum", math.pi)]), ("x^3*(x^2 - 3)^3", "x=3/2:2", [("degenerate", math.sqrt(3))]),
    ("sin(x)^3 + 1e-12*x", "x=3:3.3", None), ("(x^2 - 2.0000000001)^4", "x=1:2", None),
]  # fmt: skip


@pytest.mark.parametrize("text, box, points", IRRATIONAL)
def test_degenerate_points_at_multiples_of_pi_and_at_roots(text: str, box: str, points: Any) -> None:
    found = gradcalc.critical(text, box=box)
    if points is None:
        assert not found.complete or not any(p.kind == "degenerate" for p in found.points)
    else:
        assert found.complete
        assert [(p.kind, p.floats["x"]) for p in found.points] == [(k, pytest.approx(x, rel=1e-15)) for k, x in points]


def test_multiple_roots_at_roots_of_numbers() -> None:
    found = gradcalc.critical("(x^2 - 2)^2*(x^2 - 3)", box="x=-100:100", roots=True)  # IntervalRootFinding.jl
    assert found.complete and len(found.points) == 4
    (part,) = gradcalc.critical("relu(x^2 - 2)", "x=-2:2").flat
    assert part.box["x"] == pytest.approx((-math.sqrt(2), math.sqrt(2)), rel=1e-15)


@pytest.mark.parametrize("constraint", ["cbrt(x)^2 + y = 1", "abs(x) + y <= 1", "y >= cbrt(x)^2"])
def test_a_kink_of_a_constraint_leaves_the_answer_incomplete(constraint: str) -> None:
    """At a cusp the slopes of both signs keep away from 0, and yet the extreme point may be there."""
    found = gradcalc.critical("y", box="x=-2:2,y=-2:2", subject_to=constraint)
    assert not found.complete and any(each.box["x"][0] <= 0 <= each.box["x"][1] for each in found.unsettled)


def test_a_box_of_neighbouring_doubles_ends() -> None:
    """What has no double inside cannot be cut: it is looked at once, not for ever."""
    found = gradcalc.critical("(x - 1e8)^2", box="x=99999999.99999999:1e8", max_seconds=600)
    assert found.looked < 1_000 and (found.points or found.unsettled)


def test_a_side_longer_than_the_largest_double() -> None:
    found = gradcalc.critical("cosh(x)", box="x=-1e308:1e308")
    assert found.complete and [point.kind for point in found.points] == ["minimum"]


def test_a_point_on_a_face_is_told() -> None:
    (point,) = gradcalc.critical("sin(x)", box="x=0:pi/2").points
    assert point.on_face and point.kind == "maximum" and point.value == "1.000000000000000000"
    (inside,) = gradcalc.critical("x^2", box="x=-1:1").points
    assert not inside.on_face and "on_face" not in inside.to_dict()
    assert not gradcalc.critical("x^2", box="x=1/1000:1").points


def test_the_digits_are_proved_to_any_number() -> None:
    (point,) = gradcalc.critical("x*log(x)", box="x=0.1:3", digits=50).points
    assert point.at["x"] == "0.36787944117144232159552377016146086744581113103177"


@pytest.mark.parametrize(
    "text, box",
    [("(x - y)^2", "x=-1:1,y=-1:1"), ("floor(x) + x^2", "x=-1.5:1.5"), ("x^1.5", "x=-1:1")],
)
def test_what_is_not_settled_is_never_called_complete(text: str, box: str) -> None:
    found = gradcalc.critical(text, box=box)
    assert not found.complete and found.unsettled and found.exit_code == ExitCode.NO
    for each in found.unsettled:
        assert all(
            high - low <= (b - a) / 20
            for (low, high), (a, b) in zip(each.box.values(), found.box.values(), strict=True)
        )  # type: ignore[operator]


@pytest.mark.parametrize(
    "text, box, options",
    [
        ("cos(x)*cos(y/sqrt(2)) - (x^2 + y^2)/4000", "x=-1:1,y=1:5", {}),
        ("(x + y + 1)^2 + (x - 2*y - 2)^2 + 3", "x=-2:2,y=-2:2", {}),
        ("[x*y, x^2 + y^3 - 2]", "x=-2:1,y=-1:2", {"roots": True}),
        ("x^2 - y^2 + x^3", "x=0.5:1.5,y=-1:1", {"subject_to": "x + y^2 <= 1"}),
    ],
)  # fmt: skip
def test_a_coordinate_that_is_0_is_told_as_0(text: str, box: str, options: dict[str, Any]) -> None:
    found = gradcalc.critical(text, box, **options)
    assert found.complete and found.points
    assert all("0" in point.at.values() and "±" not in found.drawn("terminal") for point in found.points)


def test_a_degenerate_point_is_named() -> None:
    found = gradcalc.critical("x^3 - 3x*y^2", box="x=-1:1.5,y=-1:1")
    assert [point.kind for point in found.points] == ["degenerate"] and found.complete
    found = gradcalc.critical("x^2*y^2*(x - y)", box="x=-1:1.5,y=-1:1", max_seconds=1)
    assert not found.complete and any(
        all(low <= 0 <= high for low, high in each.box.values()) for each in found.unsettled
    )


def test_poles_and_parts_without_a_value_are_named() -> None:
    found = gradcalc.critical("1/(x - 1) + log(y)", box="x=0:2,y=-1:2")
    assert {(spot.kind, spot.part) for spot in found.spots} == {("pole", "1/(x - 1)"), ("no value", "log(y)")}
    assert gradcalc.critical("floor(x) + x", box="x=0.5:1.5").spots[0].kind == "jump"
    found = gradcalc.critical("sin(x)/x + x/tan(x)", box="x=-2:4")  # at 0 they only have no value
    assert {(spot.kind, spot.part) for spot in found.spots} == {
        ("no value", "sin(x)/x"),
        ("pole", "x/tan(x)"),
        ("pole", "tan(x)"),
    }
    nowhere = gradcalc.critical("log(x)", box="x=-2:-1")
    assert nowhere.nowhere and nowhere.exit_code == ExitCode.UNDEFINED


def test_when_time_is_over_it_says_so() -> None:
    found = gradcalc.critical("sin(x*y*z) + x*y*cos(z) + z", box="x=-50:50,y=-50:50,z=-50:50", max_seconds=0.2)
    assert not found.complete and "0.2 seconds" in found.reason


def test_json_of_the_contract() -> None:
    made = gradcalc.critical("x^4 - 2x^2", box={"x": (-2, 2)})
    body = made.to_dict()
    assert body["schema"] == 1 and body["command"] == "critical" and body["complete"] is True
    assert body["points"][0] == {
        "at": {"x": "-1.000000000000000000"}, "value": "-1.000000000000000000", "kind": "minimum", "index": 0, "proved": True,
    }  # fmt: skip
    assert body["unsettled"] == [] and body["global_minimum"] is None and body["rests_on"]
    assert isinstance(pickle.loads(pickle.dumps(made)), Critical) and "x = -2:2" in made._repr_html_()


REFUSED: list[tuple[str, Any, dict[str, Any], str, str]] = [
    ("x*y", None, {}, "no box is given", '"x=-10:10,y=-10:10"'), ("x*y", "x=0:1", {}, "no side for y", '"x=0:1,y=-10:10"'),
    ("x^2", "x=1:0", {}, "ends before it begins", "x=0:1"), ("x^2", "x=1:1", {}, "no inside", "fixes it"),
    ("x^2", "x=0:1,z=0:1", {}, "does not contain z", "leave z out"), ("x^2", "x=3", {}, "no pair low:high", "x=-5:5"),
    ("x^2 - 2", "x=-inf:inf", {"roots": True}, "infinite", "finite side"), ("[x, y]", "x=0:1,y=0:1", {}, "array of shape", "jacobian"),
    ("[x, y, x*y]", "x=0:1,y=0:1", {"roots": True}, "3 formulas and 2 variables", "a formula for each"), ("5", "x=0:1", {}, "constant", "x^2"),
    ("x", "x=0:1", {"subject_to": "x^2"}, "no constraint", "x^2 + y^2 = 1"), ("x", "x=0:1", {"subject_to": "0<x<1"}, "needs one", "="),
    ("x", "x=0:1", {"subject_to": "x=y"}, "no side for y", "x=0:1,y=-10:10"), ("x^2", {"x": 3}, {}, "the side of x", "(-5, 5)"), ("x^2", "x=0:1", {"digits": 0}, "digits", "1"),
]  # fmt: skip


@pytest.mark.parametrize("text, box, options, message, hint", REFUSED)
def test_what_does_not_fit_is_refused(text: str, box: Any, options: dict[str, Any], message: str, hint: str) -> None:
    with pytest.raises((UsageError, gradcalc.ExpressionError)) as caught:
        gradcalc.critical(text, box=box, **options)
    assert message in caught.value.message and hint in (caught.value.hint or "")


@pytest.mark.parametrize(
    ("text", "assumes"),
    [("x^64 - x", False), ("x^65 - x", True), ("x^(-65) + x", True), ("exp(x) - x", True), ("sqrt(x) - x^2", False)],
)
def test_what_rests_on_numpys_functions_says_so(text: str, assumes: bool) -> None:
    answer = gradcalc.critical(text, {"x": (0.5, 1.5)})
    assert (RESTS_ON in answer.rests_on) is assumes
    answer = gradcalc.critical("x + y", {"x": (0.5, 1.5), "y": (0, 1)}, subject_to=f"{text} = y", max_seconds=0.2)
    assert (RESTS_ON in answer.rests_on) is assumes
