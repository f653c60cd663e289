"""Jacobians of arrays of formulas: every entry, the rank and the condition beside 60 digits of SymPy and mpmath."""

import itertools
import json
import math
import pickle
from typing import Any

import mpmath
import pytest
import sympy

import gradcalc
from gradcalc import GradcalcError
from gradcalc.truth.questions.jacobian import Jacobian, jacobian

r, t, p, x, y, z, a, b, c = sympy.symbols("r t p x y z a b c", real=True)
sin, cos, exp, log, sqrt = sympy.sin, sympy.cos, sympy.exp, sympy.log, sympy.sqrt
M = sympy.Matrix


def soft(*terms: Any) -> Any:
    return M([exp(term) for term in terms]) / sum(exp(term) for term in terms)


SQUARE = M([[x, 2, y], [3, y, z], [x * y, 1, z**2]])
TEXT_SQUARE = "[[x, 2, y], [3, y, z], [x*y, 1, z^2]]"
HILBERT = M(9, 9, lambda i, j: sympy.Rational(1, i + j + 1))
TEXT_HILBERT = str([[f"1/{i + j + 1}" for j in range(9)] for i in range(9)]).replace("'", "")
NINE = sympy.symbols("v0:9", real=True)
TEXT_NINE = str([f"v{i}" for i in range(9)]).replace("'", "")

CASES: dict[str, tuple[Any, dict[Any, Any]]] = {
    "[r*cos(t), r*sin(t)]": (M([r * cos(t), r * sin(t)]), {r: 2, t: 1}),
    "[r*cos(t), r*sin(t)] + 0*r": (M([r * cos(t), r * sin(t)]), {r: 0, t: 1}),
    "[r*sin(t)*cos(p), r*sin(t)*sin(p), r*cos(t)]": (
        M([r * sin(t) * cos(p), r * sin(t) * sin(p), r * cos(t)]), {r: 3, t: 1, p: 2}),
    "[r*cos(p)*sin(t), r*sin(p)*sin(t), r*cos(t)]": (
        M([r * sin(t) * cos(p), r * sin(t) * sin(p), r * cos(t)]), {r: 3, t: 0, p: 2}),
    "[r*cos(t), r*sin(t), z]": (M([r * cos(t), r * sin(t), z]), {r: 5, t: 2, z: 1}),
    "[sqrt(x^2 + y^2), atan2(y, x)]": (M([sqrt(x**2 + y**2), sympy.atan(y / x)]), {x: 3, y: 4}),
    "[cos(a) + cos(a + b), sin(a) + sin(a + b)]": (M([cos(a) + cos(a + b), sin(a) + sin(a + b)]), {a: 1, b: 2}),
    "[2*cos(a) + cos(a + b), 2*sin(a) + sin(a + b)]": (
        M([2 * cos(a) + cos(a + b), 2 * sin(a) + sin(a + b)]), {a: 1, b: 0}),
    "[2*cos(a) - cos(a + b), 2*sin(a) - sin(a + b)]": (
        M([2 * cos(a) - cos(a + b), 2 * sin(a) - sin(a + b)]), {a: 1, b: sympy.pi}),
    "[3*cos(a) + 2*cos(a + b) + cos(a + b + c), 3*sin(a) + 2*sin(a + b) + sin(a + b + c)]": (
        M([3 * cos(a) + 2 * cos(a + b) + cos(a + b + c), 3 * sin(a) + 2 * sin(a + b) + sin(a + b + c)]),
        {a: 1, b: 2, c: 1}),
    "[-4*a/100 + 10^4*b*c, 4*a/100 - 10^4*b*c - 3*10^7*b^2, 3*10^7*b^2]": (
        M([-a / 25 + 10**4 * b * c, a / 25 - 10**4 * b * c - 3 * 10**7 * b**2, 3 * 10**7 * b**2]),
        {a: 1, b: sympy.Rational(1, 2**15), c: 2}),
    "[-a*b, a*b - c, c*exp(-a)]": (M([-a * b, a * b - c, c * exp(-a)]), {a: 1, b: 2, c: 3}),
    "softmax([x, y, z])": (soft(x, y, z), {x: 1, y: 2, z: 4}),
    "softmax([x*y, y, z, 1])": (soft(x * y, y, z, 1), {x: 1, y: 2, z: 4}),
    "exp([x, y])/sum(exp([x, y]))": (soft(x, y), {x: 1, y: 2}),
    f"det({TEXT_SQUARE})": (M([SQUARE.det()]), {x: 1, y: 2, z: 3}),
    f"inv({TEXT_SQUARE})": (M(list(SQUARE.inv())), {x: 1, y: 2, z: 3}),
    f"{TEXT_SQUARE} @ [x, y, z]": (SQUARE * M([x, y, z]), {x: 1, y: 2, z: 3}),
    "cross([x, y, z], [y, z, 1])": (M([x, y, z]).cross(M([y, z, 1])), {x: 1, y: 2, z: 3}),
    "cross([x, y, z], [2, 4, 6])": (M([x, y, z]).cross(M([2, 4, 6])), {x: 1, y: 2, z: 3}),
    "outer([x, y], [y, z])": (M([x * y, x * z, y * y, y * z]), {x: 1, y: 2, z: 3}),
    "[x, y, z]/norm([x, y, z])": (M([x, y, z]) / sqrt(x**2 + y**2 + z**2), {x: 1, y: 2, z: 3}),
    "[x, y]/sqrt(x^2 + y^2)": (M([x, y]) / sqrt(x**2 + y**2), {x: 3, y: 4}),
    "[x*y, sin(x*y), exp(x*y)]": (M([x * y, sin(x * y), exp(x * y)]), {x: 1, y: 2}),
    "[erf(x + 2*y), 3*erf(x + 2*y)]": (M([sympy.erf(x + 2 * y), 3 * sympy.erf(x + 2 * y)]), {x: 1, y: 2}),
    "[sin(x + y)^2, cos(x + y)^2]": (M([sin(x + y) ** 2, cos(x + y) ** 2]), {x: 1, y: 2}),
    "[cosh(x - y), sinh(x - y)]": (M([sympy.cosh(x - y), sympy.sinh(x - y)]), {x: 1, y: 2}),
    "[sin(2*x)*y, sin(x)*cos(x)*y]": (M([sin(2 * x) * y, sin(x) * cos(x) * y]), {x: 1, y: 2}),
    "[x + y, x*y, x^2 + y^2]": (M([x + y, x * y, x**2 + y**2]), {x: 1, y: 2}),
    "[x + y, (x + y)^2]": (M([x + y, (x + y) ** 2]), {x: 1, y: 2}),
    "[x^2, y^2]": (M([x**2, y**2]), {x: 0, y: 2}),
    "[x^3, y^3] + 1": (M([x**3 + 1, y**3 + 1]), {x: 0, y: 0}),
    "x*y*z": (M([x * y * z]), {x: 1, y: 2, z: 3}),
    "[x]": (M([x]), {x: 1}),
    "[x, 2*x, x^2]": (M([x, 2 * x, x**2]), {x: 3}),
    "[gamma(x), lgamma(y)]": (M([sympy.gamma(x), sympy.loggamma(y)]), {x: 3, y: 4}),
    "[besselj(0, x), x*log(y)]": (M([sympy.besselj(0, x), x * log(y)]), {x: 3, y: 4}),
    "[tan(x)/y, tanh(x*y)]": (M([sympy.tan(x) / y, sympy.tanh(x * y)]), {x: 1, y: 2}),
    "[x + y/10^17, x]": (M([x + y / 10**17, x]), {x: 1, y: 2}),
    "[exp(20*x)*y, exp(20*x)*(y + 1)]": (M([exp(20 * x) * y, exp(20 * x) * (y + 1)]), {x: 20, y: 2}),
    f"{TEXT_HILBERT} @ {TEXT_NINE}": (HILBERT * M(NINE), dict.fromkeys(NINE, 1)),
    f"{TEXT_HILBERT} @ sin({TEXT_NINE})": (HILBERT * M(NINE).applyfunc(sin), dict.fromkeys(NINE, 1)),
    "curl([x*y*z, x^2*y, z*sin(y)], x, y, z)": (
        M([z * cos(y), x * y, 2 * x * y - x * z]), {x: 1, y: 2, z: 3}),
    "gradient(x^2*y^3 + sin(x*z), x, y, z)": (
        M([2 * x * y**3 + z * cos(x * z), 3 * x**2 * y**2, x * cos(x * z)]), {x: 1, y: 2, z: 3}),
}  # fmt: skip


def exact(expression: Any) -> Any:
    """The number of an expression, to 60 digits."""
    return mpmath.mpf(str(sympy.N(expression, 60, maxn=500)))


def asked(text: str, at: dict[Any, Any]) -> Jacobian:
    return jacobian(text, {str(name): str(value) for name, value in at.items()}, symbolic=False, digits=40)


@pytest.mark.parametrize("text", CASES)
def test_every_entry_the_rank_and_the_condition_are_right(text: str) -> None:
    formulas, at = CASES[text]
    found = asked(text, at).points[0]
    symbols = list(at)
    right = formulas.jacobian(symbols)
    with mpmath.workdps(60):
        numbers = mpmath.matrix(right.rows, right.cols)
        for i, j in itertools.product(range(right.rows), range(right.cols)):
            numbers[i, j] = exact(right[i, j].subs(at))
            proof = found.entry(i, j).certified
            if proof is None:  # a number that is 0, of which balls show bounds alone
                assert abs(numbers[i, j]) < 1e-50 and found.entry(i, j).verdict == "unverified"
            else:
                size = max(abs(numbers[i, j]), mpmath.mpf(10) ** -400)
                assert abs(mpmath.mpf(proof.value) - numbers[i, j]) <= mpmath.mpf(10) ** -38 * size
        for value, formula in zip(found.value, formulas, strict=True):
            assert value.certified is None or math.isclose(
                float(value.certified.value), exact(formula.subs(at)), rel_tol=1e-15
            )
        singular = mpmath.svd_r(numbers, compute_uv=False)
        rank = sum(each > mpmath.mpf(10) ** -45 * singular[0] for each in singular)
        assert found.rank == found.rank_at_least == rank
        if rank < min(numbers.rows, numbers.cols):
            assert found.condition == math.inf
        else:
            assert found.condition == pytest.approx(float(singular[0] / singular[len(singular) - 1]), rel=1e-9)


def test_columns_are_in_the_order_of_the_point_and_arrays_are_flattened() -> None:
    found = jacobian("[x[0]*y, A[1, 0]*x[1]]", {"y": 2, "x": [3, 4], "A": [[1, 2], [5, 6]]}, symbolic=False)
    assert found.columns == ("y", "x[0]", "x[1]", "A[0,0]", "A[0,1]", "A[1,0]", "A[1,1]")
    assert found.jacobian == [[3, 2, 0, 0, 0, 0, 0], [0, 0, 5, 0, 0, 4, 0]]
    assert jacobian("[x*y, x]", {"x": 1, "y": 2}, wrt="y,x", symbolic=False).jacobian == [[1, 2], [0, 1]]


def test_rows_of_a_matrix_are_named_one_by_one() -> None:
    found = jacobian("[[x, y], [x*y, 1]]", {"x": 2, "y": 3}, symbolic=False)
    assert found.rows == ["f[0,0]", "f[0,1]", "f[1,0]", "f[1,1]"]
    assert found.value == [2, 3, 6, 1] and found.jacobian == [[1, 0], [0, 1], [3, 2], [0, 0]]
    assert found.to_dict()["structural_zeros"] == 4


def test_without_a_point_there_are_formulas() -> None:
    found = jacobian("[r*cos(t), 7*r]", symbolic=False)
    assert found.formulas == [["cos(t)", "-r*sin(t)"], ["7", "0"]] and found.points == ()
    assert jacobian("[r*cos(t), r]", wrt="t", symbolic=False).columns == ("t",)
    assert jacobian("[a*x, b]", let={"a": 3}, symbolic=False).to_dict()["formulas"] == [["3", "0"], ["0", "1"]]


def test_formulas_are_short_and_where_they_hold_is_told() -> None:
    found = jacobian("[sqrt(x)*y, abs(y), x*sin(y)^2 + x*cos(y)^2]", symbolic_timeout=60)
    body = found.to_dict()
    assert body["formulas"] == [["y/(2*sqrt(x))", "sqrt(x)"], ["0", "sign(y)"], ["1", "0"]]
    assert body["domain"] == ["x >= 0", "", ""] and body["domains"][0] == ["x > 0", "x >= 0"]
    assert body["kinks"] == [[], ["y = 0"], []] and body["points"] == []
    told = str(found.page())
    assert "f[0] is defined where x >= 0" in told and "df[0]/dx holds where x > 0" in told
    assert "f[1] has perhaps a kink or a jump where y = 0" in told
    assert jacobian("[log(-x^2 - 1), x]", symbolic=False).exit_code == 3


def test_a_value_without_a_name_is_for_the_one_variable() -> None:
    assert jacobian("[x, x^2]", 3, symbolic=False).jacobian == [[1], [6]]
    assert len(jacobian("[x, x^2]", "x=0:1:0.25", symbolic=False).points) == 5


def test_sympys_formulas_stand_beside_the_numbers() -> None:
    found = jacobian("[x^2*y, sin(x)]", {"x": 1, "y": 2}, symbolic_timeout=60)
    assert found.symbolic_status == "done" and found.verdict == "agrees"
    assert found.to_dict()["formulas"] == [["2*x*y", "x**2"], ["cos(x)", "0"]]
    assert found.to_dict()["points"][0]["symbolic_jacobian"][1][1] == {"formula": "0", "value": "0"}


def test_a_matrix_of_sympy_is_an_array_of_formulas() -> None:
    found = jacobian(M([x * y, sin(x)]), {"x": 1, "y": 2}, symbolic=False)
    assert found.shape == (2,) and found.jacobian == [[2, 1], [math.cos(1), 0]]
    assert jacobian(M([[x, y], [1, x]]), {"x": 1, "y": 2}, symbolic=False).rows[2] == "f[1,0]"
    assert jacobian(x * y, {"x": 1, "y": 2}, symbolic=False).rows == ["f"]


@pytest.mark.parametrize(
    ("text", "at", "verdicts", "rows"),
    [
        ("[abs(x), x]", {"x": 0}, [["kink"], ["agrees"]], {"f[0]"}),
        ("[x, floor(x)]", {"x": 1}, [["agrees"], ["jump"]], {"f[1]"}),
        ("[sqrt(x), y]", {"x": 0, "y": 1}, [["infinite", "agrees"], ["agrees", "agrees"]], {"f[0]"}),
        ("[log(x), y]", {"x": -1, "y": 1}, [["undefined", "undefined"], ["agrees", "agrees"]], {"f[0]"}),
        ("inv([[x, 2], [x, 2]])[0]", {"x": 1}, [["undefined"], ["undefined"]], {"f[0]", "f[1]"}),
    ],
)
def test_kinks_and_what_is_undefined_are_told_of_their_row(
    text: str, at: dict[str, float], verdicts: list[list[str]], rows: set[str]
) -> None:
    found = jacobian(text, at, symbolic=False)
    body = found.to_dict()["points"][0]
    assert body["verdicts"] == verdicts and {note["row"] for note in body["notes"]} == rows
    assert body["rank"] is None and body["condition"] is None and body["rank_at_least"] == 0
    assert found.exit_code == (3 if found.verdict == "undefined" else 0)


def test_what_no_identity_settles_is_undecided_and_never_claimed() -> None:
    angles = jacobian("[x, y]*(atan(2) + atan(1/2) - pi/2)", {"x": 1, "y": 2}, symbolic=False)
    assert angles.points[0].rank is None and angles.points[0].rank_at_least == 0
    assert angles.points[0].condition is None
    singular = jacobian("[x*y, 2*x*y]", {"x": 1, "y": 2}, symbolic=False, certify=False).points[0]
    assert singular.rank is None and singular.condition is None
    measured = jacobian("[cbrt(x)**3, 0*y]", {"x": 0, "y": 2}, symbolic=False).points[0]
    assert measured.verdict == "agrees" and measured.rank is None and measured.condition is None
    unproved = jacobian("[x, 2*x]", {"x": 1}, symbolic=False, certify=False).points[0]
    assert unproved.rank is None and unproved.condition == 1.0


def test_the_condition_is_that_of_the_true_matrix_where_floats_lose_it() -> None:
    found = jacobian("[(1 - cos(x))/x^2, y]", {"x": 1e-8, "y": 1}, symbolic=False).points[0]
    assert found.verdict == "inaccurate" and found.condition == pytest.approx(12e8, rel=1e-6)
    assert jacobian("[exp(x), y]", {"x": 1000, "y": 1}, symbolic=False).points[0].condition is None
    assert jacobian("[exp(x)]", {"x": 1000}, symbolic=False).points[0].condition == 1.0


REFUSED = {
    "[x, [y]]": "different shapes",
    "[]": "at least one element",
    "[x, y][2:]": "an array without elements",
    "[x, w]": "no value for w",
    "[x, y": "never closed",
    "[x > 0, y]": "a condition stands where a number is needed",
}


@pytest.mark.parametrize("text", REFUSED)
def test_what_is_no_array_of_formulas_is_refused_with_a_hint(text: str) -> None:
    with pytest.raises(GradcalcError, match=REFUSED[text]) as caught:
        jacobian(text, {"x": 1, "y": 2}, symbolic=False)
    assert caught.value.hint


def test_bound_names_are_not_differentiated_for() -> None:
    with pytest.raises(GradcalcError, match="bound by"):
        jacobian("[a*x]", let={"a": 2}, wrt="a", symbolic=False)


def test_a_sparse_jacobian_of_a_hundred_rows() -> None:
    text = "[" + ", ".join(f"x[{i}]^2*sin(x[{(i + 1) % 100}]) + x[{(i + 7) % 100}]" for i in range(100)) + "]"
    found = jacobian(text, {"x": [i / 100 + 0.3 for i in range(100)]}, symbolic=False)
    assert found.points[0].rank == 100 and found.to_dict()["structural_zeros"] == 9_700
    assert len(found.to_dict()["points"][0]["jacobian"]) == 100


def test_a_huge_jacobian_is_given_as_coordinates() -> None:
    text = "[" + ", ".join(f"x[{i}]*x[{i + 1}]" for i in range(1_100)) + "]"
    body = jacobian(text, {"x": [1] * 1_101}, symbolic=False).to_dict()["points"][0]
    assert body["jacobian"]["format"] == "coo" and body["jacobian"]["values"] == [1.0] * 2_200
    assert body["jacobian"]["rows"][:4] == [0, 0, 1, 1] and body["jacobian"]["columns"][:4] == [0, 1, 1, 2]
    assert body["rank"] == 1_100


def test_the_answer_is_data_that_pickles_and_shows_itself() -> None:
    found = gradcalc.jacobian("[x*y, abs(x)]", at=[{"x": 0, "y": 1}, {"x": 1, "y": 2}], symbolic=False)
    assert isinstance(found, Jacobian) and pickle.loads(pickle.dumps(found)) == found
    assert json.loads(json.dumps(found.to_dict()))["points"][1]["jacobian"] == [[2.0, 1.0], [1.0, 0.0]]
    assert "df[1]/dx" in found._repr_html_() and "df[0]/dx 1" in repr(found)
    head, *rows = found.records()
    assert head[:6] == ("x", "y", "f[0]", "f[1]", "df[0]/dx", "df[0]/dy") and rows[1][2:8] == (2, 1, 2, 1, 1, 0)
    assert (0, "df[1]/dx", "verdict", "kink") in list(found.long_records())
    with pytest.raises(AttributeError, match="2 points"):
        _ = found.jacobian


def test_several_points_of_a_small_matrix_are_rows_of_one_table() -> None:
    found = jacobian("[x*y, abs(x)]", [{"x": 0, "y": 1}, {"x": 1, "y": 2}], symbolic=False)
    (table,) = [block for block in found.page().blocks if hasattr(block, "columns")]
    assert [column.title for column in table.columns][:8] == [
        "x", "y", "f[0]", "f[1]", "df[0]/dx", "df[0]/dy", "df[1]/dx", "df[1]/dy",
    ]  # fmt: skip
    assert table.rows[1][:-1] == ("1", "2", "2", "1", "2", "1", "1", "0", "17", "2", "5.82843")
    assert "kink df[1]/dx at x = 0, y = 1" in found.drawn("markdown").replace("\\", "")


def test_latex_has_the_matrices() -> None:
    assert jacobian("[x*y, 2*x]", {"x": 1, "y": 3}, symbolic=False).drawn("latex").splitlines()[2:4] == [
        r"f\big|_{x = 1, y = 3} &= \begin{bmatrix} 3 \\ 2 \end{bmatrix} \\",
        r"J\big|_{x = 1, y = 3} &= \begin{bmatrix} 3 & 1 \\ 2 & 0 \end{bmatrix}",
    ]
