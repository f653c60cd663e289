"""Reports as data, and the numbers they hold (`quantity`): nesting, the JSON and CSV of the command line, exit codes."""

import json
import math
from dataclasses import replace

import pytest

from gradcalc import differentiate
from gradcalc.errors import ExitCode
from gradcalc.show import page as pages
from gradcalc.show.answer import jsonable, number
from gradcalc.truth.quantity import VERDICTS, Certified, Note, Numeric, Quantity, derivative_name, worst
from gradcalc.truth.report import Curvature, PointReport, Report, Variable, nest


def point(verdict: str, *values: float) -> PointReport:
    return PointReport({}, Quantity(1.0), tuple(Quantity(value) for value in values), verdict)


def report(*points: PointReport, variables: tuple[Variable, ...] = ()) -> Report:
    return Report("grad", "x", "x", variables, {}, "skipped", points)


def test_numbers_that_json_lacks_are_strings() -> None:
    assert [number(x) for x in (math.nan, math.inf, -math.inf, 1.5, None)] == ["nan", "inf", "-inf", 1.5, None]
    assert jsonable([[1.0, math.nan], [math.inf, 2.0]]) == [[1.0, "nan"], ["inf", 2.0]]


@pytest.mark.parametrize(
    ("items", "shape", "nested"),
    [
        ([7], (), 7),
        ([1, 2, 3], (3,), [1, 2, 3]),
        ([1, 2, 3, 4, 5, 6], (2, 3), [[1, 2, 3], [4, 5, 6]]),
        ([1, 2, 3, 4], (2, 1, 2), [[[1, 2]], [[3, 4]]]),
        ([1, 2], (2, 1), [[1], [2]]),
        ([], (0,), []),
        ([], (2, 0), [[], []]),
    ],
)
def test_flat_sequences_are_nested_in_row_major_order(items: list[int], shape: tuple[int, ...], nested: object) -> None:
    assert nest(items, shape) == nested


def test_derivatives_are_called_by_their_variables() -> None:
    assert derivative_name("x") == "df/dx"
    assert derivative_name("x,y") == "d²f/dxdy"
    assert derivative_name("A[0,1]") == "df/dA[0,1]"
    assert derivative_name("A[0,1],x[2]") == "d²f/dA[0,1]dx[2]"
    assert derivative_name("x[0],x[0]") == "d²f/dx[0]²"


def test_the_worst_verdict_wins() -> None:
    assert worst(VERDICTS) == "disagrees"
    assert worst(["agrees", "kink", "inaccurate"]) == "kink"
    assert worst([]) == "agrees"


@pytest.mark.parametrize(
    ("verdicts", "code"),
    [
        (["agrees"], ExitCode.DONE),
        (["kink", "jump", "inaccurate", "unverified"], ExitCode.DONE),
        (["agrees", "undefined"], ExitCode.UNDEFINED),
        (["undefined", "disagrees"], ExitCode.NO),
    ],
)
def test_exit_code_of_several_points(verdicts: list[str], code: ExitCode) -> None:
    made = report(*(point(verdict) for verdict in verdicts))
    assert made.exit_code is code
    assert made.verdict == worst(verdicts)


def test_gradient_by_variable_has_the_shapes_of_the_variables() -> None:
    made = report(point("agrees", 1, 2, 3, 4, 5), variables=(Variable("A", (2, 2)), Variable("y")))
    assert made.gradient == {"A": [[1, 2], [3, 4]], "y": 5}
    assert made.flat_variables == ["A[0,0]", "A[0,1]", "A[1,0]", "A[1,1]", "y"]


def test_keys_and_order_of_the_json_are_the_promise() -> None:
    body = differentiate("x**2*y", {"x": 1, "y": 2}, symbolic=False).to_dict()
    assert list(body) == ["schema", "command", "expression", "variables", "let", "symbolic_status", "points"]
    assert list(body["points"][0]) == [
        "at", "value", "gradient", "symbolic", "certified_value", "certified", "verdicts", "verdict", "notes",
    ]  # fmt: skip
    body = differentiate("x**2*y", {"x": 1, "y": 2}, symbolic=False, order=2).to_dict()
    assert body["command"] == "hessian"
    assert list(body)[-2:] == ["flat_variables", "points"]
    assert list(body["points"][0])[-7:] == [
        "hessian", "symbolic_hessian", "certified_hessian", "eigenvalues", "definiteness", "critical_point", "notes",
    ]  # fmt: skip


def test_json_holds_no_bare_nan_or_infinity() -> None:
    for formula, at in (("1/x", 0), ("sqrt(x)", 0), ("log(x)", -1), ("exp(x)", 1000), ("where(x>0,log(x),x)", 0)):
        json.dumps(differentiate(formula, {"x": at}, order=2, numeric=True, symbolic=False).to_dict(), allow_nan=False)


def test_without_sympy_nothing_claims_to_be_symbolic() -> None:
    body = differentiate("x**2 + y**2", {"x": 1, "y": 1}, order=2, symbolic=False).to_dict()
    assert body["points"][0]["symbolic_hessian"] == [[None, None], [None, None]]


def test_numeric_is_there_only_when_asked_for() -> None:
    asked = differentiate("x**2", {"x": 3}, numeric=True, symbolic=False).to_dict()["points"][0]
    assert list(asked)[6:8] == ["numeric", "verdicts"]
    assert abs(asked["numeric"]["x"]["value"] - 6) <= asked["numeric"]["x"]["error"] < 1e-8
    assert "numeric" not in differentiate("x**2", {"x": 3}, symbolic=False).to_dict()["points"][0]


def test_a_note_has_slopes_only_for_kinks_and_jumps() -> None:
    kink = Note("kink", "two slopes", "x", (0, 6), -1.0, math.inf)
    assert kink.to_dict() == {
        "kind": "kink", "variable": "x", "message": "two slopes", "span": [0, 6], "left": -1.0, "right": "inf",
    }  # fmt: skip
    assert "left" not in Note("inaccurate", "lost digits").to_dict()
    assert Note("inaccurate", "lost digits").to_dict()["span"] is None


def test_certified_and_numeric_as_json() -> None:
    assert Certified("1.5", math.inf, 0).to_dict() == {"value": "1.5", "ulps": "inf", "digits": 0}
    assert Numeric(math.nan, math.nan).to_dict() == {"value": "nan", "error": "nan"}


def test_a_hessian_of_more_than_a_thousand_variables_is_given_by_coordinates() -> None:
    made = differentiate("sum(x^2)", {"x": [1] * 1_001}, order=2, symbolic=False, certify=False)
    body = made.to_dict()["points"][0]
    assert list(body["hessian"]) == ["format", "rows", "columns", "values"]
    assert body["hessian"]["format"] == "coo"
    assert body["hessian"]["rows"] == body["hessian"]["columns"] == list(range(1_001))
    assert set(body["hessian"]["values"]) == {2.0}
    assert "eigenvalues" not in body
    assert len(json.dumps(body)) < 1_000_000


def test_absent_entries_of_a_matrix_are_zero() -> None:
    assert Curvature({(0, 0): Quantity(2.0)}, 2).matrix(lambda entry: entry.value) == [[2.0, 0.0], [0.0, 0.0]]


def test_long_form_has_one_fact_a_row() -> None:
    made = differentiate("x**2*y", [{"x": 1, "y": 2}, {"x": 2, "y": 2}], order=2, symbolic=False)
    rows = list(made.rows())
    assert rows[0] == (0, "", "value", "2.0")
    assert (0, "x", "gradient", "4.0") in rows
    assert (1, "x,y", "hessian", "4.0") in rows
    assert (1, "x", "digits", "17") in rows
    assert rows[-1] == (1, "", "verdict", "agrees")
    assert all(isinstance(value, str) for *_, value in rows)
    assert (0, "", "value", "nan") in list(differentiate("log(x)", {"x": -1}, symbolic=False).rows())


def test_csv_has_what_is_to_know_where_there_is_something() -> None:
    points = [{"x": 0, "y": 2}, {"x": 1, "y": 2}]
    head, kink, smooth = differentiate("abs(x)*y", points, symbolic=False).records()
    assert head[-2:] == ("verdict", "notes")
    assert kink[-1] == "kink df/dx: slope -2 from the left, 2 from the right: no derivative" and smooth[-1] == ""
    assert next(iter(differentiate("x*y", points, symbolic=False).records()))[-1] == "verdict"
    made = differentiate("abs(x)*y", points, symbolic=False)
    assert (0, "x", "note", "kink: slope -2 from the left, 2 from the right: no derivative") in list(made.rows())


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("formula", ["y*0 + exp(-exp(x^2))", "y + exp(-exp(x^2))"])
def test_csv_tells_the_bounds_of_what_no_double_shows(formula: str, order: int) -> None:
    made = differentiate(formula, {"x": 1e10, "y": 0}, order=order, wrt=["x"], symbolic=False)
    head, row = made.records()
    assert (
        "df/dx: between -1e-400 and 1e-400, where a double can only be 0" in dict(zip(head, row, strict=True))["notes"]
    )
    told = [value for _, name, field, value in made.rows() if name == "x" and field == "note"]
    assert told == ["not settled: between -1e-400 and 1e-400, where a double can only be 0"]


def test_the_repr_of_a_report_fits_a_screen() -> None:
    made = differentiate("sum(x^2)", {"x": [1] * 300}, symbolic=False, certify=False)
    assert repr(made).startswith("<Report: f = sum(x**2); at x = [1")
    assert len(repr(made)) < 500 and "\n" not in repr(made)
    assert "value 9" in repr(differentiate("x^2", {"x": 3}, symbolic=False))


def test_the_point_is_echoed_as_it_was_given() -> None:
    report = differentiate("x*y", {"x": "pi/2", "y": 2**53 + 1}, symbolic=False)
    assert "at x = pi/2, y = 9007199254740993" in str(report.page())
    assert r"x = \pi/2, y = 9007199254740993" in report.drawn("latex")
    point = report.to_dict()["points"][0]
    assert point["at"] == {"x": 1.5707963267948966, "y": 9007199254740993}
    assert point["at_exact"] == {"x": "pi/2"}
    assert "9007199254740993" in json.dumps(point["at"])


def test_what_is_bound_is_echoed_as_it_was_given() -> None:
    report = differentiate("n*m*x", {"x": 1}, let={"n": "1/3", "m": 2}, symbolic=False)
    assert "let n = 1/3" in str(report.page())
    body = report.to_dict()
    assert (body["let"], body["let_exact"]) == ({"n": 1 / 3, "m": 2}, {"n": "1/3"})
    assert "let_exact" not in differentiate("n*x", {"x": 1}, let={"n": 2}, symbolic=False).to_dict()


def test_what_floats_hold_is_not_told_twice() -> None:
    assert "at_exact" not in differentiate("x", {"x": 0.1}, symbolic=False).to_dict()["points"][0]
    tiny = differentiate("x", {"x": "1e-400"}, symbolic=False)
    assert tiny.to_dict()["points"][0]["at_exact"] == {"x": "1e-400"}
    assert "at x = 1e-400" in str(tiny.page())


def test_a_pole_has_no_value_in_floats_either() -> None:
    report = differentiate("tan(x)", {"x": "pi/2"}, symbolic=False)
    assert report.exit_code == 3
    assert math.isnan(report.value)
    assert "sin(x) = 0: log" in differentiate("log(sin(x))", {"x": "pi"}, symbolic=False).notes[0].message


def many_points(count: int = 100) -> Report:
    at = [{"x": i - count // 2, "y": 0.25 * i} for i in range(count)]
    return differentiate("abs(x)*sqrt(y)", at, symbolic=False)


@pytest.mark.parametrize("medium", ["terminal", "markdown", "html", "latex"])
def test_many_points_are_one_table_with_a_row_for_each(medium: str) -> None:
    made = many_points()
    tables = [block for block in made.page().blocks if isinstance(block, pages.Table)]
    assert len(tables) == 1
    assert [column.title for column in tables[0].columns] == ["x", "y", "value", "df/dx", "df/dy", "digits", "verdict"]
    rows = [tuple(map(pages.plain, row)) for row in tables[0].rows]
    assert len(rows) == 100
    assert rows[1] == ("-49", "0.25", "24.5", "-0.5", "49", "17", "agrees")
    text = made.drawn(medium)
    assert len(text.splitlines()) < 140
    for piece in ("100 points: 98 agrees, 1 infinite, 1 kink", "24.5", "infinite df/dy at x = -50, y = 0"):
        assert piece in text


def test_a_table_of_points_never_counts_digits_of_what_is_not_proved() -> None:
    rows = {verdict: digits for *_, digits, verdict in (map(pages.plain, row) for row in table_of(many_points()).rows)}
    assert rows["kink"] == rows["infinite"] == ""


def test_a_point_without_a_value_has_a_row_without_numbers() -> None:
    made = replace(differentiate("log(x)", [{"x": 1}, {"x": -1}], digits=20), digits=20)
    assert [tuple(map(pages.plain, row)) for row in table_of(made).rows] == [
        ("1", "0", "0", "1", "1.0000000000000000000", "17", "agrees"),
        ("-1", "undefined", "", "", "", "", "undefined"),
    ]
    assert "df/dx = 1/x" in str(made.page())


def test_a_note_of_many_points_is_told_once_with_the_points() -> None:
    made = differentiate("abs(x)*y^2", [{"x": 0, "y": 1} for _ in range(2)] + [{"x": 0, "y": 1}, {"x": 2, "y": 1}])
    remarks = [block for block in made.page().blocks if isinstance(block, pages.Remarks)]
    kinks = [remark.label for remark in remarks[0].items if remark.label.startswith("kink")]
    assert kinks == ["kink df/dx at x = 0, y = 1; x = 0, y = 1; x = 0, y = 1"]
    every = differentiate("abs(x)", [{"x": 0} for _ in range(50)], symbolic=False).page()
    assert [remark.label for remark in every.blocks[-1].items] == ["kink df/dx at every point"]  # type: ignore[union-attr]
    some = differentiate("abs(x)", [{"x": 0} for _ in range(50)] + [{"x": 1}], symbolic=False).page()
    assert [r.label for r in some.blocks[-1].items] == ["kink df/dx at x = 0; x = 0; x = 0; 47 more"]  # type: ignore[union-attr]
    long = differentiate("sum(abs(x))", [{"x": [0] * 40}, {"x": [1] * 40}], symbolic=False).page()
    assert {r.label.partition(" at ")[2] for r in long.blocks[-1].items} == {"point 1"}  # type: ignore[union-attr]


def test_central_differences_of_many_points_have_their_columns() -> None:
    made = differentiate("x^2", [{"x": 1}, {"x": 3}], symbolic=False, numeric=True)
    titles = [column.title for column in table_of(made).columns]
    assert titles == ["x", "value", "df/dx", "df/dx by central difference", "digits", "verdict"]
    assert pages.plain(table_of(made).rows[1][3]).startswith("6 ± ")


def test_larger_hessians_at_several_points_stay_blocks() -> None:
    page = differentiate("sum(v^2)", [{"v": [1, 2, 3, 4]}, {"v": [0, 0, 0, 0]}], order=2, symbolic=False).page()
    assert len([block for block in page.blocks if isinstance(block, pages.Matrices)]) == 2


def table_of(made: Report) -> pages.Table:
    return next(block for block in made.page().blocks if isinstance(block, pages.Table))


def test_many_eigenvalues_are_told_by_their_ends() -> None:
    few = Curvature({}, 12, eigenvalues=tuple(float(i) for i in range(12)))
    assert "eigenvalues 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11" in [str(fact) for fact in few.facts()]
    many = Curvature({}, 1_000, eigenvalues=tuple(i - 0.5 for i in range(1_000)))
    assert "eigenvalues 1,000: smallest -0.5, largest 998.5" in [str(fact) for fact in many.facts()]
    several = Curvature({}, 60, eigenvalues=tuple(i - 0.5 for i in range(60)))
    assert "eigenvalues 60: smallest -0.5, largest 58.5" in [str(fact) for fact in several.facts()]
    assert several.to_dict()["eigenvalues"] == [i - 0.5 for i in range(60)]


@pytest.mark.parametrize(
    ("formula", "at"), [("exp(-x)", 800), ("-exp(-x)", 800), ("x^2", "1e-200"), ("-x^2", "1e-200")]
)
def test_a_zero_of_floats_that_is_none_is_told_without_a_sign(formula: str, at: object) -> None:
    notes = differentiate(formula, {"x": at}, symbolic=False).notes
    messages = [note.message for note in notes if note.kind == "inaccurate"]
    assert messages
    for message in messages:
        assert message.startswith("floats give 0, it is ") and "-0" not in message.partition("e")[0]
        assert message.partition("e-")[2].isdecimal()
