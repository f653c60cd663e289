"""From formulas, points and ranges to a `plot`: ranges chosen, points, kinks, fixed names, what is refused."""

import pickle
from typing import Any

import pytest

import gradcalc
from gradcalc.errors import ExitCode, UsageError
from gradcalc.show.picture import Contours, Curve, Marks
from gradcalc.truth.pictures.plotting import plot


def layers(found: Any, kind: type) -> dict[str, Any]:
    """The layers of the first panel of a kind, by name."""
    return {layer.name: layer for layer in found.picture.panels[0].layers if isinstance(layer, kind)}


def test_a_point_has_its_tangent_and_its_place_on_each_curve() -> None:
    found = plot("x^3", {"x": 1}, order=2)
    assert [panel.y_label for panel in found.picture.panels] == ["f", "f′", "f″"]
    ((low, high),) = layers(found, Curve)["tangent"].pieces
    assert low[1] == pytest.approx(1 + 3 * (low[0] - 1)) and high[1] == pytest.approx(1 + 3 * (high[0] - 1))
    marked = [next(layer for layer in panel.layers if isinstance(layer, Marks)) for panel in found.picture.panels]
    assert [list(each.places) for each in marked] == [[(1.0, 1.0)], [(1.0, 3.0)], [(1.0, 6.0)]]
    assert found.to_dict()["points"][0]["gradient"] == {"x": 3.0}
    assert len(found.curves) == 3


@pytest.mark.parametrize(
    ("text", "kinks"),
    [
        ("abs(x)", [(0.0, True)]),
        ("max(x, 1)", [(1.0, True)]),
        ("where(x < 0, -x, x^2)", [(0.0, True)]),
        ("abs(x - 1/3)", [(1 / 3, True)]),
        ("abs(x - sqrt(2))", [(2**0.5, False)]),
        ("sqrt(abs(x))", [(0.0, True)]),
        ("x*abs(x)", []),
        ("cbrt(x)", []),
        ("abs(x)^1.01", []),
        ("floor(x)", []),
        ("1/x", []),
        ("x*sin(1/x)", []),
    ],
)
def test_kinks_are_marked_where_two_slopes_meet(text: str, kinks: list[tuple[float, bool]]) -> None:
    found = plot(text)
    assert [(pytest.approx(kink.at, abs=1e-5), kink.exact) for kink in found.kinks] == kinks
    assert ("kinks" in layers(found, Marks)) == bool(kinks)


def test_no_tangent_at_a_kink_and_none_without_a_value() -> None:
    found = plot("abs(x)", [{"x": 0}, {"x": 1}])
    assert len(layers(found, Curve)["tangent"].pieces) == 1
    assert found.exit_code is ExitCode.DONE
    found = plot("log(x)", [{"x": -1}, {"x": 2}])
    assert found.exit_code is ExitCode.UNDEFINED
    assert found.ranges["x"][0] <= -1


@pytest.mark.parametrize(
    ("text", "at", "low", "high"),
    [
        ("x^2", None, -3, 3),
        ("log(x)", None, -0.2, 3),
        ("asin(x)", None, -1.2, 1.2),
        ("sqrt(x - 50)", None, 40, 100),
        ("exp(-x^2/1e6)", None, -1e3, 1e3),
        ("x^2", {"x": 1}, -2, 4),
        ("x^2", {"x": 1000}, 500, 1500),
        ("5 + 0*x", None, -3, 3),
    ],
)
def test_a_range_is_chosen_where_something_is_to_be_seen(text: str, at: Any, low: float, high: float) -> None:
    found = plot(text, at).ranges["x"]
    assert low <= found[0] < found[1] <= high


def test_names_with_values_are_fixed_the_others_drawn() -> None:
    found = plot("a*x^2", {"a": 2}, range=(0, 1))
    assert (list(found.ranges), found.fixed) == (["x"], {"a": 2.0})
    assert found.curves[0].pieces[0][-1] == (1.0, 2.0)
    found = plot("x + y*z", {"x": 1, "y": 2, "z": 3}, wrt="y")
    assert (list(found.ranges), found.fixed) == (["y"], {"x": 1.0, "z": 3.0})
    found = plot("y - x^2")
    assert list(found.ranges) == ["x", "y"]
    assert isinstance(found.picture.panels[0].layers[0], Contours)
    assert list(plot("sum(x^2)", {"x": [1, 2]}).ranges) == ["x[0]", "x[1]"]


@pytest.mark.parametrize(
    ("text", "options", "message"),
    [
        ("x + y + z", {}, "one or two variables; these are 3"),
        ("5", {}, "no variable to draw it over"),
        ("x", {"range": (1, 1)}, "x from 1 to 1 is no range"),
        ("x", {"range": (0, float("inf"))}, "is no range"),
        ("x", {"range": (1, 1 + 1e-15)}, "too narrow"),
        ("x", {"range": {"y": (0, 1)}, "wrt": "x"}, "names y, which is not drawn"),
        ("x + y", {"range": (0, 1)}, "a range without a name"),
        ("x", {"range": 3}, "range is 3"),
        ("x", {"range": "x=1"}, "x=1 is no range"),
        ("x", {"order": 3}, "order is 3"),
        ("x*y", {"at": [{"x": 1, "y": 1}, {"x": 1, "y": 2}], "wrt": "x"}, "differ in y"),
    ],
)
def test_what_cannot_be_drawn_is_told(text: str, options: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        plot(text, **options)


def test_undefined_everywhere_and_unsettled_have_their_exit_codes() -> None:
    found = plot("log(-1 - x^2)")
    assert found.is_empty and found.exit_code is ExitCode.UNDEFINED
    assert "undefined everywhere" in str(found.page())
    found = plot("floor(100000*x)")
    assert found.exit_code is ExitCode.NO and found.unsettled > 0.9
    assert len(found.dots) > 100 and "could not be settled" in found.aside
    assert plot("log(-1 - x^2) + y").exit_code is ExitCode.UNDEFINED


def test_the_answer_is_data_in_every_form() -> None:
    found = plot("sign(x) + sinc(y)", {"x": 1, "y": 1})
    body = found.to_dict()
    assert (body["schema"], body["command"], body["variables"]) == (1, "plot", ["x", "y"])
    assert set(body["heights"]) == {"x", "y", "values"}
    found = pickle.loads(pickle.dumps(gradcalc.plot("1/x", {"x": 1})))
    body = found.to_dict()
    assert [curve["name"] for curve in body["curves"]] == ["f", "df"]
    assert body["curves"][0]["gaps"][0]["kind"] == "pole"
    rows = list(found.records())
    assert rows[0] == ("curve", "piece", "x", "value") and {row[0] for row in rows[1:]} == {"f", "df"}
    assert "poles near x = 0" in str(found.page())
    assert "<Plot: " in repr(found)
    assert found.drawn("markdown") and found.drawn("latex") and found.drawn("html")


def test_other_marks_are_drawn_with_it() -> None:
    lowest = Marks("critical", "minimum", [(0.0, 0.0)], "minimum")
    assert layers(plot("x^2", marks=[lowest]), Marks)["critical"] is lowest
    assert layers(plot("x^2 + y^2").with_marks(lowest), Marks)["critical"] is lowest


def test_critical_points_are_searched_and_marked_by_kind() -> None:
    found = layers(plot("x^3 - 3*x + a*y^2", {"a": 1}, critical=True), Marks)
    assert {name: list(each.places) for name, each in found.items()} == {
        "critical-minimum": [(1.0, 0.0)], "critical-saddle": [(-1.0, 0.0)]
    }  # fmt: skip
    assert list(layers(plot("x^2 + 1", critical=True), Marks)["critical-minimum"].places) == [(0.0, 1.0)]
