"""The main job: a table of kinks, lost digits, several points, and what does not fit."""

import json
import math
from fractions import Fraction

import numpy as np
import pytest

import gradcalc
from gradcalc import UsageError, differentiate
from gradcalc.truth.report import ExitCode, PointReport
from tests import CORPORA

INF, NAN = math.inf, math.nan


def examine(formula: str, at: dict[str, object], **options: object) -> PointReport:
    """The report of one point, without SymPy unless asked for."""
    return differentiate(formula, at, **({"symbolic": False} | options)).points[0]


# formula, point, value, gradient, verdicts of the variables, slopes (left, right) told in notes
TABLE = [
    ("abs(x)", {"x": 0}, 0, [0], ["kink"], {"x": (-1, 1)}),
    ("relu(x)", {"x": 0}, 0, [0], ["kink"], {"x": (0, 1)}),
    ("leaky_relu(x)", {"x": 0}, 0, [0.2], ["kink"], {"x": (0.2, 1)}),
    ("max(x,y)", {"x": 1, "y": 1}, 1, [0.5, 0.5], ["kink", "kink"], {"x": (0, 1), "y": (0, 1)}),
    ("max([x,y,y])", {"x": 1, "y": 1}, 1, [1 / 3, 2 / 3], ["kink", "kink"], {"x": (0, 1), "y": (0, 1)}),
    ("sqrt(x**2)", {"x": 0}, 0, [0], ["kink"], {"x": (-1, 1)}),
    ("norm([x,y])", {"x": 0, "y": 0}, 0, [0, 0], ["kink", "kink"], {"x": (-1, 1), "y": (-1, 1)}),
    ("hypot(x,y)", {"x": 0, "y": 0}, 0, [0, 0], ["kink", "kink"], {"x": (-1, 1), "y": (-1, 1)}),
    ("where(x>0,x**2,x**3)", {"x": 0}, 0, [0], ["agrees"], {}),
    ("x*abs(x)", {"x": 0}, 0, [0], ["agrees"], {}),
    ("where(x>0,log(x),x)", {"x": -1}, -1, [1], ["agrees"], {}),
    ("where(x>0,log(x),x)", {"x": 0}, 0, [1], ["jump"], {"x": (1, None)}),
    ("where(x>0,sqrt(x),0)", {"x": -1}, 0, [0], ["agrees"], {}),
    ("where(x>0,sqrt(x),0)", {"x": 0}, 0, [0], ["kink"], {"x": (0, INF)}),
    ("sqrt(x)", {"x": 0}, 0, [INF], ["infinite"], {"x": (None, INF)}),
    ("sqrt(1-x**2)", {"x": 1}, 0, [-INF], ["infinite"], {"x": (-INF, None)}),
    ("cbrt(x)", {"x": 0}, 0, [INF], ["infinite"], {"x": (INF, INF)}),
    ("x**(2/3)", {"x": 0}, 0, [INF], ["infinite"], {"x": (None, INF)}),
    ("x**0.3", {"x": 0}, 0, [INF], ["infinite"], {"x": (None, INF)}),
    ("xlogy(x,x)", {"x": 0}, 0, [-INF], ["infinite"], {"x": (None, -INF)}),
    ("x**x", {"x": 0}, 1, [-INF], ["infinite"], {"x": (None, -INF)}),
    ("acosh(x)", {"x": 1}, 0, [INF], ["infinite"], {"x": (None, INF)}),
    ("asin(x)", {"x": 1}, math.pi / 2, [INF], ["infinite"], {"x": (INF, None)}),
    ("acos(x)", {"x": -1}, math.pi, [-INF], ["infinite"], {"x": (None, -INF)}),
    ("asec(x)", {"x": 1}, 0, [INF], ["infinite"], {"x": (None, INF)}),
    ("asech(x)", {"x": 1}, 0, [-INF], ["infinite"], {"x": (-INF, None)}),
    ("atan2(sign(x),x)", {"x": 0}, 0, [NAN], ["jump"], {"x": (None, None)}),
    ("atan2(x,x)", {"x": 0}, 0, [NAN], ["jump"], {"x": (None, None)}),
    ("atan2(floor(x),x-1)", {"x": 1}, math.pi / 2, [-1], ["jump"], {"x": (None, -1)}),
    ("log(1+heaviside(x))", {"x": 0}, math.log(1.5), [0], ["jump"], {"x": (None, None)}),
    ("(-2)**x", {"x": 2}, 4, [NAN], ["undefined"], {}),
    ("(-8)**x", {"x": 3}, -512, [NAN], ["undefined"], {}),
    ("(-2)**(x+y)", {"x": 1, "y": 1}, 4, [NAN, NAN], ["undefined", "undefined"], {}),
    ("cbrt(x)**3", {"x": 0}, 0, [1], ["agrees"], {"x": (1, 1)}),
    ("abs(x)**1.01", {"x": 0}, 0, [0], ["agrees"], {}),
    ("abs(x)**0.5", {"x": 0}, 0, [0], ["kink"], {"x": (-INF, INF)}),
    ("x**1.5", {"x": 0}, 0, [0], ["agrees"], {}),
    ("x**0", {"x": 0}, 1, [0], ["agrees"], {}),
    ("x*log(x)", {"x": 0}, NAN, [NAN], ["undefined"], {}),
    ("x**(1/3)", {"x": -8}, NAN, [NAN], ["undefined"], {}),
    ("log(x)", {"x": -1}, NAN, [NAN], ["undefined"], {}),
    ("sqrt(x)", {"x": -1}, NAN, [NAN], ["undefined"], {}),
    ("1/x", {"x": 0}, INF, [NAN], ["undefined"], {}),
    ("sin(x)/x", {"x": 0}, NAN, [NAN], ["undefined"], {}),
    ("x**y", {"x": 0, "y": 2}, 0, [0, 0], ["agrees", "agrees"], {}),
    ("x**y", {"x": -2, "y": 2}, 4, [-4, NAN], ["agrees", "undefined"], {}),
    ("x**y", {"x": 0, "y": 0}, 1, [0, -INF], ["agrees", "jump"], {"x": (0, 0), "y": (None, None)}),
    ("x**y", {"x": 0, "y": 1}, 0, [1, 0], ["agrees", "agrees"], {}),
    ("x**y", {"x": 0, "y": 0.5}, 0, [INF, 0], ["infinite", "agrees"], {"x": (None, INF)}),
    ("0**x", {"x": 2}, 0, [0], ["agrees"], {}),
    ("floor(x)", {"x": 1}, 1, [0], ["jump"], {"x": (None, 0)}),
    ("ceil(x)", {"x": 1}, 1, [0], ["jump"], {"x": (0, None)}),
    ("round(x)", {"x": 0.5}, 0, [0], ["jump"], {"x": (0, None)}),
    ("sign(x)", {"x": 0}, 0, [0], ["jump"], {"x": (None, None)}),
    ("heaviside(x)", {"x": 0}, 0.5, [0], ["jump"], {"x": (None, None)}),
    ("mod(x,1)", {"x": 1}, 0, [1], ["jump"], {"x": (None, 1)}),
    ("sinc(x)", {"x": 0}, 1, [0], ["agrees"], {}),
    ("piecewise((sin(x)/x, x != 0),(1, true))", {"x": 0}, 1, [0], ["agrees"], {}),
    ("piecewise((0, x==0),(x, true))", {"x": 0}, 0, [1], ["agrees"], {"x": (1, 1)}),
    ("piecewise((x**2, x<1),(x, true))", {"x": 1}, 1, [1], ["kink"], {"x": (2, 1)}),
    ("piecewise((x, x<1))", {"x": 2}, NAN, [NAN], ["undefined"], {}),
    ("atan2(x,y)", {"x": 0, "y": 0}, 0, [NAN, NAN], ["undefined", "undefined"], {}),
    ("min(abs(x),abs(y))", {"x": 0, "y": 0}, 0, [0, 0], ["kink", "kink"], {"x": (0, 0), "y": (0, 0)}),
    ("abs(x)+abs(y)", {"x": 0, "y": 1}, 1, [0, 1], ["kink", "agrees"], {"x": (-1, 1)}),
    ("clip(x,0,1)", {"x": 0}, 0, [0], ["kink"], {"x": (0, 1)}),
    ("clip(x,0,1)", {"x": 1}, 1, [0], ["kink"], {"x": (1, 0)}),
    ("prod([x,y,2])", {"x": 0, "y": 0}, 0, [0, 0], ["agrees", "agrees"], {}),
    ("elu(x)", {"x": 0}, 0, [1], ["agrees"], {}),
    ("abs(3*x - 1)", {"x": "1/3"}, 0, [0], ["kink"], {"x": (-3, 3)}),
    ("abs(x - 1/3)", {"x": "1/3"}, 0, [0], ["kink"], {"x": (-1, 1)}),
    ("abs(10*x - 1)", {"x": "1/10"}, 0, [0], ["kink"], {"x": (-10, 10)}),
    ("abs(x - pi/4)", {"x": "pi/4"}, 0, [0], ["kink"], {"x": (-1, 1)}),
    ("abs(sqrt(x) - 1/3)", {"x": "1/9"}, 0, [0], ["kink"], {"x": (-1.5, 1.5)}),
    ("relu(x - 2/3)", {"x": "2/3"}, 0, [0], ["kink"], {"x": (0, 1)}),
    ("max(x,1/7)", {"x": "1/7"}, 1 / 7, [0.5], ["kink"], {"x": (0, 1)}),
    ("asin(sin(x))", {"x": "pi/2"}, math.pi / 2, [0], ["kink"], {"x": (1, -1)}),
    ("acos(cos(x))", {"x": "pi"}, math.pi, [0], ["kink"], {"x": (1, -1)}),
    ("floor(3*x)", {"x": "1/3"}, 1, [0], ["jump"], {"x": (None, 0)}),
    ("ceil(7*x)", {"x": "3/7"}, 3, [0], ["jump"], {"x": (0, None)}),
    ("round(3*x)", {"x": "1/6"}, 0, [0], ["jump"], {"x": (0, None)}),
    ("floor(x/pi)", {"x": "2*pi"}, 2, [0], ["jump"], {"x": (None, 0)}),
    ("floor(sin(x))", {"x": "pi/2"}, 1, [0], ["jump"], {"x": (None, None)}),
    ("mod(x,pi)", {"x": "3*pi"}, 0, [1], ["jump"], {"x": (None, 1)}),
    ("where(x>1/3,x,2*x)", {"x": "1/3"}, 2 / 3, [2], ["jump"], {"x": (2, None)}),
    ("sqrt(x - 1/9)", {"x": "1/9"}, 0, [INF], ["infinite"], {"x": (None, INF)}),
    ("mod(x**20,2)", {"x": 0}, 0, [0], ["agrees"], {}),
    ("mod(x**21,2)", {"x": 0}, 0, [0], ["jump"], {"x": (None, 0)}),
    ("abs(x)**1.001", {"x": 0}, 0, [0], ["agrees"], {}),
    ("abs(x)**0.999", {"x": 0}, 0, [0], ["kink"], {"x": (-INF, INF)}),
    ("tan(x)", {"x": "pi/2"}, NAN, [NAN], ["undefined"], {}),
    ("1/cos(x)", {"x": "pi/2"}, NAN, [NAN], ["undefined"], {}),
    ("sec(x)", {"x": "3*pi/2"}, NAN, [NAN], ["undefined"], {}),
    ("1/sin(x)", {"x": "pi"}, NAN, [NAN], ["undefined"], {}),
    ("csc(x)", {"x": "2*pi"}, NAN, [NAN], ["undefined"], {}),
    ("cot(x)", {"x": "pi"}, NAN, [NAN], ["undefined"], {}),
    ("log(sin(x))", {"x": "pi"}, NAN, [NAN], ["undefined"], {}),
    ("tan(pi*x/180)", {"x": 90}, NAN, [NAN], ["undefined"], {}),
    ("1/(3*x - 1)", {"x": "1/3"}, INF, [NAN], ["undefined"], {}),
    ("gamma(3*x - 1)", {"x": "1/3"}, INF, [NAN], ["undefined"], {}),
    ("tan(x)", {"x": "1.5707963267948966"}, 1.633123935319537e16, [2.6670937881135714e32], ["agrees"], {}),
]  # fmt: skip


@pytest.mark.parametrize(("formula", "at", "value", "gradient", "verdicts", "slopes"), TABLE)
def test_table_of_kinks(
    formula: str, at: dict[str, object], value: float, gradient: list[float], verdicts: list[str], slopes: dict[str, tuple[float | None, float | None]]
) -> None:  # fmt: skip
    point = examine(formula, at)
    assert point.value.value == pytest.approx(value, nan_ok=True, rel=1e-15)
    assert [entry.value for entry in point.gradient] == pytest.approx(gradient, nan_ok=True, rel=1e-15)
    assert [entry.verdict for entry in point.gradient] == verdicts
    kinds = ("kink", "near_kink", "jump", "infinite", "measured")
    told = {note.variable: (note.left, note.right) for note in point.notes if note.kind in kinds}
    if "undefined" not in verdicts:
        assert told == slopes
    for entry in point.gradient:
        if entry.verdict in ("kink", "jump", "infinite", "undefined"):
            assert entry.certified is None


def test_an_infinite_derivative_is_an_answer_and_its_note_has_the_sides() -> None:
    report = differentiate("cbrt(x) + y", {"x": 0, "y": 1}, symbolic=False)
    assert (report.verdict, report.exit_code) == ("infinite", 0)
    point = report.to_dict()["points"][0]
    assert point["verdicts"] == {"x": "infinite", "y": "agrees"}
    assert (point["notes"][0]["kind"], point["notes"][0]["left"], point["notes"][0]["right"]) == ("infinite",) + (
        "inf",
    ) * 2


def test_a_second_derivative_can_be_infinite_where_the_first_is_not() -> None:
    point = examine("abs(x)**1.5", {"x": 0}, order=2)
    assert point.gradient[0].verdict == "agrees"
    assert point.verdict == "infinite"


def test_what_no_slope_settles_is_told_apart_from_a_kink() -> None:
    notes = examine("where(x==0,0,x*sin(1/x))", {"x": 0}).notes
    assert [note.kind for note in notes] == ["unsettled"]


def test_second_derivative_of_a_removable_singularity() -> None:
    for formula in ("sinc(x)", "piecewise((sin(x)/x, x != 0),(1, true))"):
        point = examine(formula, {"x": 0}, order=2)
        assert point.curvature is not None
        assert point.curvature.entries[0, 0].value == -1 / 3
        assert point.verdict == "agrees"


def test_second_derivative_at_a_corner_of_the_gradient_is_a_kink() -> None:
    point = examine("where(x>0,x**2,x**3)", {"x": 0}, order=2)
    assert point.curvature is not None
    assert point.gradient[0].verdict == "agrees"
    assert point.curvature.entries[0, 0].verdict == "kink"
    assert [(n.left, n.right) for n in point.notes] == [(0, 2)]


def test_a_kink_within_rounding_error_is_told_with_both_slopes() -> None:
    point = examine("abs(10*x - 1)", {"x": "0.1"})
    assert point.gradient[0].certified is not None
    assert point.gradient[0].certified.value.startswith("10.0000")
    near = [note for note in point.notes if note.kind == "near_kink"]
    assert [(round(n.left, 6), round(n.right, 6)) for n in near] == [(-10.0, 10.0)]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("formula", "at", "value", "slope"),
    [
        ("(1 - cos(x))/x**2", {"x": "1e-8"}, "0.4999999999999999958", "-8.333333333333333"),
        ("x - sin(x)", {"x": "1e-9"}, "1.66666666666666", "5.0000000000000006"),
        ("log(1+x)", {"x": "1e-17"}, "1.0000000000000000", "0.99999999999999999"),
        ("x**2-y**2", {"x": "1.0000000001", "y": "1"}, "2.0000001655807420", "2.0000000002"),
        ("exp(-x)", {"x": "800"}, "3.667874584177687213e-348", "-3.667874584177687213e-348"),
        ("1/(1+exp(-x))", {"x": "-1000"}, "5.075958897549456765e-435", "5.075958897549456765e-435"),
    ],
)
def test_lost_digits_are_told_and_the_right_ones_given(
    formula: str, at: dict[str, object], value: str, slope: str
) -> None:
    point = examine(formula, at)
    assert point.value.certified is not None
    assert point.gradient[0].certified is not None
    assert point.value.certified.value.startswith(value)
    assert point.value.certified.digits < 12
    assert point.gradient[0].certified.value.startswith(slope)
    assert "inaccurate" in {note.kind for note in point.notes}


def test_undefined_value_has_a_span_and_no_gradient() -> None:
    report = differentiate("1 + x*log(x)", {"x": 0}, symbolic=False)
    note = report.notes[0]
    assert (note.kind, note.span) == ("undefined", (6, 12))
    assert "xlogy" in note.message
    assert report.exit_code is ExitCode.UNDEFINED
    assert math.isnan(report.gradient["x"])


def test_undefined_without_proofs_tells_the_same() -> None:
    for formula, at in (("log(x)", {"x": -1}), ("1/x", {"x": 0}), ("log(x)", {"x": 0})):
        assert examine(formula, at, certify=False).verdict == "undefined"
    assert examine("exp(x)", {"x": 1000}, certify=False).verdict == "unverified"


def test_nan_of_floats_is_traced_to_its_place() -> None:
    point = examine("x + 1/(1+exp(-x))", {"x": -1000})
    origins = [note.span for note in point.notes if note.kind == "nan_origin"]
    assert origins == [(9, 16)]


def test_order_two_gives_the_matrix_and_what_it_means() -> None:
    report = differentiate("x**4 + y**2 + 1", {"x": 2, "y": 3}, order=2, symbolic=False)
    assert report.hessian == [[48.0, 0.0], [0.0, 2.0]]
    curvature = report.points[0].curvature
    assert curvature is not None
    assert curvature.eigenvalues == (2.0, 48.0)
    assert (curvature.definiteness, curvature.critical_point) == ("positive definite", None)


@pytest.mark.parametrize(
    ("formula", "at", "kind", "word"),
    [
        ("x**2 + y**2", {"x": 0, "y": 0}, "minimum", "positive definite"),
        ("-x**2 - y**2", {"x": 0, "y": 0}, "maximum", "negative definite"),
        ("x*y", {"x": 0, "y": 0}, "saddle", "indefinite"),
        ("x**4 + y**2", {"x": 0, "y": 0}, "degenerate", "positive semidefinite"),
        ("(x**2-2)**2", {"x": "sqrt(2)"}, "minimum", "positive definite"),
        ("(x**2-2)**2", {"x": 1.4142135623730951}, None, "positive definite"),
        ("100*(y-x^2)^2 + (1-x)^2", {"x": 1, "y": 1}, "minimum", "positive definite"),
        ("x**3", {"x": 1}, None, "positive definite"),
    ],
)
def test_critical_points(formula: str, at: dict[str, object], kind: str | None, word: str) -> None:
    curvature = examine(formula, at, order=2).curvature
    assert curvature is not None
    assert (curvature.critical_point, curvature.definiteness) == (kind, word)


def test_signs_that_cannot_be_told_are_undecided() -> None:
    curvature = examine("(x + y*EulerGamma)**2", {"x": 0, "y": 0}, order=2).curvature
    assert curvature is not None
    assert (curvature.definiteness, curvature.critical_point) == ("undecided", "undecided")


def test_linear_regression() -> None:
    let = {"x": [2.3, 1.4, 5.9, 3.6], "y": [4.8, 3.0, 12.0, 7.4]}
    report = differentiate("sum((w*x + b - y)^2)/8", {"w": 0, "b": 0}, let=let, symbolic=False)
    assert report.gradient == pytest.approx({"w": -28.17, "b": -6.8}, rel=1e-14)


def test_array_variables_answer_in_their_shape() -> None:
    report = differentiate("x.T @ x", {"x": [[0], [1], [2], [3]]}, symbolic=False)
    assert report.gradient == {"x": [[0.0], [2.0], [4.0], [6.0]]}
    assert report.flat_variables == ["x[0,0]", "x[1,0]", "x[2,0]", "x[3,0]"]
    assert report.to_dict()["points"][0]["certified"]["x"][3][0]["value"].startswith("6.000")


def test_numpy_values_and_exact_quotients() -> None:
    report = differentiate("sum(x**2)*y", {"x": np.array([1.0, 2.0]), "y": Fraction(1, 3)}, symbolic=False)
    assert report.gradient["x"] == pytest.approx([2 / 3, 4 / 3])
    assert report.points[0].gradient[2].certified is not None
    assert report.points[0].gradient[2].certified.digits == 17


def test_several_points_are_answered_in_order() -> None:
    report = differentiate("x**2", [{"x": 1}, {"x": -3}], symbolic=False)
    assert [point.gradient[0].value for point in report.points] == [2.0, -6.0]
    with pytest.raises(AttributeError, match="2 points"):
        report.value  # noqa: B018


def test_wrt_picks_and_orders() -> None:
    report = differentiate("x*y + z", {"x": 2, "y": 3, "z": 1}, wrt="y,x", symbolic=False)
    assert list(report.gradient.items()) == [("y", 2.0), ("x", 3.0)]


def test_variable_the_formula_does_not_mention() -> None:
    with pytest.raises(UsageError, match="does not contain z"):
        differentiate("x**2", {"x": 1, "z": 1})
    report = differentiate("x**2", {"x": 1, "z": 1}, wrt=["x", "z"], symbolic=False)
    assert report.gradient == {"x": 2.0, "z": 0.0}
    assert [note.message for note in report.notes] == ["the formula does not depend on z"]


@pytest.mark.parametrize(
    ("formula", "options", "message"),
    [
        ("x + y", {"at": {"x": 1}}, "no value for y"),
        ("x", {"at": {"x": float("nan")}}, "must be finite"),
        ("x", {"at": {"x": [1, [2]]}}, "differ in length"),
        ("x", {"at": {"x": None}}, "must be a number"),
        ("x", {"at": {"x": 1}, "let": {"k": 2}}, "does not contain k"),
        ("x", {"at": {"x": 1}, "let": {"x": 2}}, "both"),
        ("x", {"at": {"x": 1}, "wrt": ["x", "x"]}, "twice"),
        ("x", {"at": [{"x": 1}, {"x": [1, 2]}]}, "point 2"),
        ("x", {"at": {"x": 1}, "order": 3}, "order"),
        (42, {"at": {}}, "cannot differentiate a int"),
    ],
)
def test_what_does_not_fit_is_an_error_that_says_so(formula: object, options: dict[str, object], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        differentiate(formula, **options)  # type: ignore[arg-type]


def test_a_graph_is_differentiated_by_its_last_node() -> None:
    graph = gradcalc.Graph()
    x = graph.ref(graph.input("x"))
    assert x * x + 1 is not None
    assert differentiate(graph, {"x": 3}, symbolic=False).gradient == {"x": 6.0}
    assert differentiate(x * x, {"x": 3}, symbolic=False).gradient == {"x": 6.0}


def test_feynman_formulas_are_right_in_every_digit_claimed() -> None:
    lines = CORPORA.joinpath("feynman.jsonl").read_text(encoding="utf-8").splitlines()
    for row in map(json.loads, lines):
        for given in row["points"]:
            at = {name: repr(given["x"][name]) for name in row["vars"]}
            point = examine(row["expr"], at, order=2)
            assert point.curvature is not None
            upper = [point.curvature.entries.get((i, j)) for i in range(len(at)) for j in range(i, len(at))]
            truths = [given["value"], *given["grad"], *given["hess_upper"]]
            for entry, truth in zip([point.value, *point.gradient, *upper], truths, strict=True):
                check_claim(entry, Fraction(truth))


def check_claim(entry: object, truth: Fraction) -> None:
    """A certified value is within a unit of its last digit, and as many digits of the float are right as it says."""
    if entry is None:
        assert truth == 0
        return
    proof = entry.certified  # type: ignore[attr-defined]
    assert proof is not None
    assert abs(Fraction(proof.value) - truth) <= abs(truth) * Fraction(1, 10**18)
    error = abs(Fraction(entry.value) - truth)  # type: ignore[attr-defined]
    assert error * 10**proof.digits <= abs(truth) * (1 + Fraction(1, 10**6))
    assert proof.digits == 17 or error * 10 ** (proof.digits + 1) > abs(truth) * (1 - Fraction(1, 10**6))


@pytest.mark.parametrize("at", [[1, 2], {"x"}, ({"x": 1}, 2), np.array([1.0, 2.0]), object()])
def test_what_is_no_point_is_said_to_be_none(at: object) -> None:
    with pytest.raises(UsageError, match="at is no point"):
        differentiate("x^2", at)  # type: ignore[arg-type]


@pytest.mark.parametrize("formula", ["prod(i=1..160, x+i)", "sum(k=1..2500, sin(k*x)/k)"])
def test_sympy_is_not_asked_for_what_it_will_not_finish(formula: str) -> None:
    report = gradcalc.differentiate(formula, {"x": 0.1})
    assert report.symbolic_status == "skipped" and "too large" in report.symbolic_reason
    assert report.points[0].verdict == "agrees"
