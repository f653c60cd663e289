"""Derivatives as formulas, without a point: which form is shown, that it is the derivative, where; and `written`."""

import json
import pickle
from decimal import Decimal
from pathlib import Path

import pytest

from gradcalc import ExpressionError, UsageError, diff, differentiate, taylor
from gradcalc.language.parse import parse
from gradcalc.settings import Limits
from gradcalc.truth.calculator import asked
from gradcalc.truth.questions.formulas import in_words
from gradcalc.truth.second_opinion import Entry, Opinion

CORPUS = Path(__file__).parents[2].joinpath("corpora/feynman.jsonl").read_text().splitlines()
FORMULAS = [json.loads(line) for line in CORPUS]


def right(text: str, point: dict[str, float], truth: str) -> bool:
    """Whether a formula has a value that is known to 40 digits."""
    known = parse(text).variables
    at = {name: value for name, value in point.items() if name in known}
    certified = differentiate(text, at or [{}], wrt=[], symbolic=False, digits=30).points[0].value.certified
    assert certified is not None
    return abs(Decimal(certified.value) - Decimal(truth)) <= abs(Decimal(truth)) * Decimal("1e-14") + Decimal("1e-30")


@pytest.mark.parametrize("row", FORMULAS, ids=lambda row: str(row["id"]))
def test_our_own_formulas_of_physics_are_the_derivatives(row: dict[str, object]) -> None:
    check(row, symbolic=False)


@pytest.mark.parametrize("row", FORMULAS[::6], ids=lambda row: str(row["id"]))
def test_formulas_of_physics_are_the_derivatives(row: dict[str, object]) -> None:
    check(row, symbolic=True)


def check(row: dict[str, object], symbolic: bool) -> None:
    names, points = row["vars"], row["points"]
    assert isinstance(names, list) and isinstance(points, list)
    found = differentiate(row["expr"], wrt=names, symbolic=symbolic).formulas
    assert list(found) == names
    for name, text in found.items():
        assert text is not None
        assert right(text, points[0]["x"], points[0]["grad"][names.index(name)]), text


@pytest.mark.parametrize(
    ("text", "name", "formula", "where"),
    [
        ("x^2", "x", "2*x", ""),
        ("x^2*sin(3x)/(x + 1)", "x", None, "x != -1"),
        ("sin(x)^2 + cos(x)^2", "x", "0", ""),
        ("x^2*exp(x)", "x", "x*(x + 2)*exp(x)", ""),
        ("log(abs(x))", "x", "sign(x)/Abs(x)", "x != 0"),
        ("sqrt(x)", "x", "1/(2*sqrt(x))", "x > 0"),
        ("0.1*x^2", "x", "0.2*x", ""),
        ("1.38e-23*T^2", "T", "2.76e-23*T", ""),
        ("6e23*x*y", "y", "6e23*x", ""),
        ("sign(x)*x^2", "x", "2*x*sign(x)", ""),
        ("Shi(x)", "x", "sinh(x)/x", "x != 0"),
        ("elliptic_e(x)*y", "x", "y*(elliptic_e(x) - elliptic_k(x))/(2*x)", "x < 1 and x != 0"),
    ],
)
def test_the_shortest_form_and_where_it_holds(text: str, name: str, formula: str | None, where: str) -> None:
    report = differentiate(text)
    assert report.written is not None and report.points == () and report.exit_code == 0
    entry = report.written.entry(name)
    assert entry.source == "SymPy" and entry.where == where
    assert formula in (None, entry.text)


@pytest.mark.parametrize(
    ("text", "formula"),
    [
        ("x*norm_cdf(x) + norm_pdf(x)", "norm_cdf(x)"),
        ("log(x^2 - 1)", "2*x/(x**2 - 1)"),
        ("tanh(x)/x", "(x*sech(x)**2 - tanh(x))/x**2"),
        ("gamma(x)^2", "2*gamma(x)**2*digamma(x)"),
        ("floor(x)*x^2", "2*x*floor(x)"),
    ],
)
def test_our_own_forms_are_tidy(text: str, formula: str) -> None:
    assert differentiate(text, symbolic=False).formulas["x"] == formula


def told(expression: str, *answers: str, forms: tuple[str, ...] = ()) -> str | None:
    """What is shown of a derivative of which SymPy has given formulas, right or wrong."""
    formula = asked(expression, [], None, {}, 1, Limits())

    def entry(text: str) -> Entry:
        read = parse(text)
        return Entry(read.graph, read.output, text, "")

    opinion = Opinion("done", "", {("x",): entry(answers[0])}, "", {("x",): [entry(form) for form in forms]})
    return in_words(formula, opinion).entry("x").text


@pytest.mark.parametrize(
    ("expression", "wrong"),
    [
        ("x^3", "3*x"),
        ("x^2", "2*abs(x)"),
        ("sqrt(x^2)", "1"),
        ("x^2", "2*sqrt(x)^2"),
        ("x^3/3", "x**3/x"),
        ("sin(x)", "cos(x) + floor(x/200)"),
        ("x^2", "2*x + 1e-15"),
        ("x^2", "where(x == 1, 3, 2*x)"),
    ],
)
def test_a_form_that_differs_anywhere_we_look_is_not_shown(expression: str, wrong: str) -> None:
    own = told(expression, wrong)
    assert own is not None and own != wrong
    assert told(expression, wrong, forms=(own,)) == own
    assert told(expression, own, forms=(wrong,)) == own


def test_of_forms_that_hold_the_shortest_is_shown() -> None:
    assert told("x^3", "x*x + 2*x**2", forms=("3*x**2", "3*x**2 + 0", "2*x")) == "3*x**2"


def test_the_json_of_formulas() -> None:
    found = differentiate("x^2*y", order=2).to_dict()
    assert json.loads(json.dumps(found)) == found
    assert found["formulas"] == {"x": "2*x*y", "y": "x**2"} and found["points"] == []
    assert found["hessian_formulas"] == [["2*y", "2*x"], ["2*x", "0"]]
    kinked = differentiate("abs(x)/y", symbolic=False).to_dict()
    assert (kinked["domain"], kinked["domains"], kinked["kinks"]) == (
        "y != 0",
        {"x": "y != 0", "y": "y != 0"},
        ["x = 0"],
    )


def test_every_medium_shows_them() -> None:
    report = differentiate("sqrt(x)*abs(y)", order=2)
    assert pickle.loads(pickle.dumps(report)) == report
    assert list(report.records())[:2] == [
        ("derivative", "formula", "where", "source"),
        ("df/dx", "Abs(y)/(2*sqrt(x))", "x > 0", "SymPy"),
    ]
    for medium in ("terminal", "markdown", "html"):
        page = report.drawn(medium)
        assert "x" in page and "perhaps a kink or a jump where" in page
    assert r"\frac{\partial^{2} f}{\partial x \partial y}" in report.drawn("latex")


def test_variables_are_those_asked_for_in_that_order() -> None:
    assert list(differentiate("x*y*z", symbolic=False).formulas) == ["x", "y", "z"]
    assert differentiate("x*y*z", wrt="z,x,w", symbolic=False).formulas == {"z": "x*y", "x": "y*z", "w": "0"}
    assert differentiate("a*x", let={"a": 3}, symbolic=False).formulas == {"x": "3"}
    assert differentiate("x*e", wrt="e", symbolic=False).formulas == {"e": "x"}
    assert differentiate("x*X", wrt="X", symbolic=False).formulas == {"X": "x"}
    with pytest.raises(UsageError, match="does not contain X"):
        differentiate("x^2", wrt="X", symbolic=False)


def test_a_formula_of_constants_has_a_value_instead() -> None:
    report = differentiate("2 + pi", symbolic=False)
    assert report.value == pytest.approx(5.141592653589793) and report.formulas == {}
    assert "no variables" in report.drawn("terminal")


def test_a_formula_without_a_value_anywhere_says_so() -> None:
    report = differentiate("x + log(-1)", symbolic=False)
    assert report.exit_code == 3 and "no value at any point" in report.drawn("terminal")


@pytest.mark.parametrize("text", ["sum(x^2)", "x[0]^2", "A @ x", "x.T", "norm(x)", "max(x)", "dot(x, y)", "mean(2*x)"])
def test_an_array_needs_a_point(text: str) -> None:
    with pytest.raises(ExpressionError, match="is an array is not known without a point") as caught:
        differentiate(text)
    assert str(caught.value.hint).endswith("[1, 2, 3]}")


def test_names_bound_to_formulas_are_put_in_their_places() -> None:
    report = differentiate("g*x", let={"g": "x^2 + h", "h": "y*n", "n": 3})
    assert report.formulas == {"x": "3*x**2 + 3*y", "y": "3*x"} and report.let == {"g": "x^2 + h", "h": "y*n", "n": 3}
    at = {"x": 2, "y": 5}
    assert differentiate("g*x", at, let={"g": "x^2 + y"}, symbolic=False).gradient == {"x": 17.0, "y": 2.0}
    assert diff("g", "x,x", let={"g": "x^3"}, symbolic=False).formula == "6*x"
    assert taylor("g", {"x": 0}, let={"g": "exp(x)"}).points[0].coefficients[1].value.value == 1.0
    with pytest.raises(UsageError, match="g is bound by"):
        differentiate("g", let={"g": "x"}, wrt="g")


def test_arrays_of_scalars_and_bound_ones_need_none() -> None:
    assert differentiate("norm([x, y])^2", symbolic=False).formulas.keys() == {"x", "y"}
    assert differentiate("sum(w*x)", let={"w": [1, 2]}, symbolic=False).formulas == {"x": "3"}


def test_a_formula_too_long_to_be_read_is_said_to_be() -> None:
    report = differentiate("prod(i=1..400, x + i)", symbolic=False)
    assert report.formulas == {"x": None}
    assert "too long to be read" in report.drawn("terminal")
