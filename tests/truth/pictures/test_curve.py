"""Pieces of curves: none crosses a jump, a pole or a hole; what is continuous is one piece."""

import math
from itertools import pairwise

import pytest

from gradcalc.settings import Limits
from gradcalc.truth.calculator import asked
from gradcalc.truth.pictures.curve import Sampled, function, sample


def curves(text: str, low: float = -3.0, high: float = 3.0) -> tuple[Sampled, ...]:
    """The function and its derivative over a range."""
    formula = asked(text, [], ["x"], {}, 1, Limits())
    return sample(function(formula, {}, [formula.output, *formula.gradient]), (low, high))


def ends(found: Sampled) -> list[tuple[float, float]]:
    """Where the pieces begin and end, to a millionth of the range."""
    return [(round(piece[0][0], 4), round(piece[-1][0], 4)) for piece in found.pieces]


PI = round(math.pi / 2, 4)

PIECES = [
    ("1/x", [(-3, 0), (0, 3)], ["pole"], 2),
    ("x^2", [(-3, 3)], [], 1),
    ("5 + 0*x", [(-3, 3)], [], 1),
    ("tan(x)", [(-3, -PI), (-PI, PI), (PI, 3)], ["pole", "pole"], 3),
    ("floor(x)", [(k, k + 1) for k in range(-3, 3)], ["jump"] * 5, None),
    ("sqrt(x)", [(0, 3)], ["undefined"], 1),
    ("log(x)", [(0, 3)], ["undefined"], 1),
    ("asin(x)", [(-1, 1)], ["undefined", "undefined"], 1),
    ("where(x < 0, -x, x^2)", [(-3, 0), (0, 3)], ["join"], 2),
    ("where(x < 1, 0, 1)", [(-3, 1), (1, 3)], ["jump"], 2),
    ("where(x == 1, 2, 0)", [(-3, 1), (1, 3)], ["point"], 2),
    ("abs(x)", [(-3, 3)], [], 2),
    ("sqrt(x^2)", [(-3, 3)], [], 2),
    ("cbrt(x)", [(-3, 3)], [], 2),
    ("max(x, 1)", [(-3, 3)], [], 2),
    ("x*sin(1/x)", [(-3, 0), (0, 3)], ["hole"], 2),
    ("sin(x)/x", [(-3, 0), (0, 3)], ["hole"], 2),
    ("sinc(x)", [(-3, 3)], [], 1),
    ("(x^2 - 1)/(x - 1)", [(-3, 1), (1, 3)], ["hole"], 2),
    ("gamma(x)", [(-3, -2), (-2, -1), (-1, 0), (0, 3)], ["pole"] * 3, 4),
    ("log(abs(x))", [(-3, 0), (0, 3)], ["pole"], 2),
    ("atan2(x, -1)", [(-3, 0), (0, 3)], ["jump"], 2),
    ("atan2(sin(x), cos(x))", [(-3, 3)], [], 1),
    ("atan(1/x)", [(-3, 0), (0, 3)], ["jump"], 2),
    ("sign(x)", [(-3, 0), (0, 3)], ["jump"], 2),
    ("0^x", [(0, 3)], ["undefined"], None),
    ("x^x", [(0, 3)], ["undefined"], 1),
    ("mod(x, 2)", [(-3, -2), (-2, 0), (0, 2), (2, 3)], ["jump"] * 3, None),
    ("besselj(0.5, x)", [(0, 3)], ["undefined"], 1),
    ("log(-1 - x^2)", [], ["undefined"], 0),
]


@pytest.mark.parametrize(("text", "pieces", "gaps", "slopes"), PIECES, ids=[each[0] for each in PIECES])
def test_pieces_end_where_the_function_breaks(
    text: str, pieces: list[tuple[float, float]], gaps: list[str], slopes: int | None
) -> None:
    found, derivative = curves(text)
    assert ends(found) == pieces
    assert [gap.kind for gap in found.gaps if gap.kind != "end"] == gaps
    assert slopes is None or len(derivative.pieces) == slopes
    for piece in found.pieces:
        assert all(a[0] < b[0] for a, b in pairwise(piece))
        assert all(map(math.isfinite, [y for _, y in piece]))


def test_places_lie_on_the_curve_and_near_enough() -> None:
    found, derivative = curves("sin(50*x)")
    ((*places,),) = found.pieces
    assert all(y == pytest.approx(math.sin(50 * x), abs=1e-14) for x, y in places)
    for (a, first), (b, last) in pairwise(places):
        middle = math.sin(25 * (a + b))
        steep = abs(last - first) / (b - a)  # half a pixel up, or aside where it is steep
        assert abs(middle - (first + last) / 2) < 0.003 + 0.004 * steep
    assert derivative.y[0] < -49 and derivative.y[1] > 49


def test_a_range_far_from_one_is_sampled_as_well() -> None:
    for scale in (1e-300, 1e-9, 1e9, 1e300):
        found, _ = curves("abs(x)", -scale, scale)
        assert ends(found) == [(round(-scale, 4), round(scale, 4))] and len(found.pieces[0]) > 64
    found, _ = curves("x", 1.0, 1 + 2.0**-49)
    assert found.pieces[0][-1][0] == 1 + 2.0**-49
    with pytest.raises(ValueError, match="no range"):
        curves("x", 1, 1)


def test_a_pole_does_not_flatten_the_rest() -> None:
    for text in ("1/x", "tan(x)", "1/x^2", "gamma(x)"):
        low, high = curves(text)[0].y
        assert high - low < 60, text
    assert curves("exp(x)", -9, 9)[0].y[1] > 8000  # no pole, no cut
    low, high = curves("where(x == 1, 2, 0)")[0].y
    assert high > 2 > low


def test_what_is_never_proved_is_not_drawn() -> None:
    found, _ = curves("floor(100000*x)")
    assert not found.pieces
    assert [gap.kind for gap in found.gaps] == ["unsettled"]


def test_a_value_apart_and_the_sides_of_a_gap_are_known() -> None:
    (gap,) = curves("where(x == 1, 2, 0)")[0].gaps
    assert (gap.at, gap.value, gap.to_dict()["kind"]) == (1.0, 2.0, "point")
    found = curves("sign(x)")[0]
    assert found.near(0.0) == (-1.0, 1.0)
    assert curves("sign(x)", 0.5, 1)[0].near(0.0)[1] == 1 and math.isnan(curves("sign(x)", 0.5, 1)[0].near(0.0)[0])
