"""Verdicts with a second opinion: agreement, SymPy wrong, tape wrong, no opinion."""

from typing import Any

import pytest

import gradcalc
from gradcalc import differentiate
from gradcalc.arithmetic.budget import Budget
from gradcalc.graph.graph import Graph
from gradcalc.language.parse import parse
from gradcalc.truth import judge
from gradcalc.truth.report import ExitCode, Report
from gradcalc.truth.second_opinion import Entry, Opinion, Worker


def notes(report: Report, kind: str) -> list[str]:
    """The messages of the notes of one kind."""
    return [note.message for note in report.notes if note.kind == kind]


def test_both_agree_and_the_formula_is_shown_with_its_value() -> None:
    report = differentiate("x**4 + y**2 + 1", {"x": 2, "y": 3}, order=2)
    assert (report.symbolic_status, report.verdict) == ("done", "agrees")
    symbolic = report.points[0].gradient[0].symbolic
    assert symbolic is not None
    assert (symbolic.formula, symbolic.latex, symbolic.value) == ("4*x**3", "4 x^{3}", "32.00000000000000000")
    assert report.latex == "x^{4} + y^{2} + 1"
    assert report.to_dict()["points"][0]["symbolic_hessian"][0][0]["formula"] == "12*x**2"


def test_decimals_are_taken_as_written_where_sympy_is_compared() -> None:
    report = differentiate("0.1*x + 0.2*x", {"x": "0.3"})
    entry = report.points[0].gradient[0]
    assert entry.verdict == "agrees"
    assert entry.symbolic is not None
    assert entry.symbolic.formula == "3/10"
    assert entry.certified is not None
    assert entry.certified.value == "0.3000000000000000167"


def test_one_decimal_whose_double_lies_below_it_is_taken_as_written() -> None:
    report = differentiate("0.3*x", {"x": 2})
    entry = report.points[0].gradient[0]
    assert entry.symbolic is not None and entry.symbolic.value == "0.3000000000000000000"
    assert entry.verdict == "agrees" and not report.notes


@pytest.mark.parametrize(("x", "digits", "verdict"), [(0.3181, 12, "agrees"), (0.0009, 11, "inaccurate")])
def test_twelve_right_digits_agree(x: float, digits: int, verdict: str) -> None:
    value = differentiate("(1000 + x) - 1000", {"x": x}, symbolic=False).points[0].value
    assert value.certified is not None and (value.certified.digits, value.verdict) == (digits, verdict)


def test_slopes_that_settle_slowly_near_what_sympy_gives_are_no_contradiction() -> None:
    report = differentiate("where(x == 0, x, x + abs(x)^1.005)", {"x": 0})
    entry = report.points[0].gradient[0]
    assert entry.symbolic is not None and entry.symbolic.value is not None
    assert 0 < entry.value - float(entry.symbolic.value) < 1e-9 and not notes(report, "symbolic")


@pytest.mark.parametrize(
    ("formula", "x"),
    [("piecewise((sin(x)/x, x != 0), (1, true))", 0), ("piecewise((0, x == 0), (x, true))", 0), ("0**x", 2)],
)
def test_where_sympy_is_wrong_or_silent_the_slopes_decide(formula: str, x: int) -> None:
    report = differentiate(formula, {"x": x}, order=2)
    assert report.verdict == "agrees"


def test_a_kink_that_sympy_gives_a_number_for_names_it() -> None:
    report = differentiate("piecewise((x**2, x < 1), (x, true))", {"x": 1})
    assert report.verdict == "kink"
    assert notes(report, "symbolic") == ["SymPy gives 1 here, where there is no derivative"]


def test_what_sympy_cannot_differentiate_is_told() -> None:
    report = differentiate("x*floor(x)", {"x": 1.5})
    assert report.symbolic_status == "unsupported"
    assert report.verdict == "agrees"


def test_a_blow_up_of_sympy_is_timed_out_and_the_tape_answers() -> None:
    report = differentiate("9**9**9 + x**2", {"x": 1}, symbolic_timeout=0.5)
    assert report.symbolic_status == "timed out"
    assert report.gradient == {"x": 2.0}


def wrong_answer(text: str) -> Opinion:
    """An answer that gives `text` for the derivative for x."""
    formula = parse(text, shapes={"x": ()})
    return Opinion("done", "", {("x",): Entry(formula.graph, formula.output, text, "")})


class Stub:
    """A job whose answer is known."""

    def __init__(self, answer: Opinion) -> None:
        self.result = lambda waiting=None: answer


def ask(monkeypatch: pytest.MonkeyPatch, formula: str, opinion: str) -> Report:
    """A report whose second opinion is `opinion`."""
    monkeypatch.setattr(Worker, "submit", lambda *args, **options: Stub(wrong_answer(opinion)))
    return differentiate(formula, {"x": 2})


def test_a_wrong_second_opinion_is_found_out_by_the_slopes(monkeypatch: pytest.MonkeyPatch) -> None:
    report = ask(monkeypatch, "x**3", "3*x**2 + 1")
    assert report.verdict == "agrees"
    assert "SymPy's derivative is wrong here" in notes(report, "symbolic")[0]


def test_a_decimal_with_millions_of_zeros_is_no_double(monkeypatch: pytest.MonkeyPatch) -> None:
    assert ask(monkeypatch, "x + x*1e-99999999", "1 + 1e-99999999").verdict == "agrees"


def test_a_wrong_tape_disagrees(monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(graph: Graph, output: int, inputs: Any) -> list[int]:
        return [(graph.ref(i) ** 2).index for i in inputs]

    monkeypatch.setattr("gradcalc.graph.derive.gradient", wrong)
    report = ask(monkeypatch, "x**3", "3*x**2")
    assert report.verdict == "disagrees"
    assert report.exit_code is ExitCode.NO
    assert notes(report, "symbolic") == ["tape and SymPy disagree"]


def test_an_opinion_in_the_last_digit_but_one_is_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    report = ask(monkeypatch, "x**3", "3*x**2*(1 + 1/10^30)")
    assert notes(report, "symbolic")


def test_a_second_opinion_without_a_value_leaves_the_proof_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    report = ask(monkeypatch, "x**3", "log(x - 2)")
    assert report.verdict == "agrees"
    assert report.points[0].gradient[0].symbolic is not None
    assert report.points[0].gradient[0].symbolic.value is None


def test_at_a_kink_nothing_is_said_of_a_formula_without_a_value() -> None:
    report = differentiate("abs(x)**0.5", {"x": 0})
    assert report.verdict == "kink"
    assert not notes(report, "symbolic")


@pytest.mark.parametrize(
    ("formula", "order", "truth"),
    [("piecewise((0, x==0), (x, true))", 1, 1.0), ("piecewise((sin(x)/x, x != 0), (1, true))", 2, -1 / 3)],
)
def test_note_names_sympy_where_measured_slopes_contradict_it(formula: str, order: int, truth: float) -> None:
    point = gradcalc.differentiate(formula, {"x": 0}, order=order).points[0]
    entry = point.curvature.entries[0, 0] if point.curvature else point.gradient[0]
    assert entry.value == pytest.approx(truth, abs=1e-12)
    assert entry.symbolic is not None
    assert entry.symbolic.value == "0"
    assert [note.variable for note in point.notes if note.kind == "symbolic"] == ["x" if order == 1 else "x,x"]


def test_note_names_sympy_where_its_formula_has_no_value() -> None:
    point = gradcalc.differentiate("0**x", {"x": 2}).points[0]
    assert point.verdict == "agrees"
    assert [note.kind for note in point.notes] == ["symbolic"]


@pytest.mark.parametrize(
    ("formula", "x", "value", "slope"),
    [
        ("exp(-exp(exp(x)))", 10, "between 0 and 1e-400", "between -1e-400 and 1e-400"),
        ("(1 + x^25) - 1", "1e-300", "between -1e-4931 and 1e-4931", None),
        ("x*(atan(x) + atan(1/x) - pi/2)", 0.75, "between -1e-493", "between -1e-493"),
    ],
)
def test_where_a_number_that_is_nearly_nothing_lies_is_told(
    formula: str, x: Any, value: str, slope: str | None
) -> None:
    report = differentiate(formula, {"x": x}, symbolic=False)
    told = {note.variable: note.message for note in report.notes if note.kind == "unsettled"}
    assert told.pop(None).startswith(value)
    assert slope is None and not told or told["x"].startswith(str(slope))
    assert report.points[0].value.certified is None and "digits right" not in str(report.page())


def test_bounds_of_many_numbers_are_told_of_some() -> None:
    formula = "(" + " + ".join(f"x[{i}]*(atan(x[{i}]) + atan(1/x[{i}]) - pi/2)" for i in range(12)) + ")"
    report = differentiate(formula, {"x": list(range(2, 14))}, symbolic=False)
    told = notes(report, "unsettled")
    assert len(told) == 9 and told[-1] == "5 more numbers are where a double can only be 0"


def test_second_derivatives_below_the_smallest_double() -> None:
    """Of exp(-x^2): (4x^2 - 2) of the value; at 1e10 that is 4e20 of it."""
    report = differentiate("exp(-x^2)", {"x": "1e10"}, order=2)
    curvature = report.points[0].curvature
    assert curvature is not None
    entry = curvature.entries[0, 0]
    assert entry.certified is not None and (entry.value, entry.certified.digits) == (0, 0)
    assert entry.verdict == "inaccurate" and entry.symbolic is not None
    assert entry.symbolic.value == entry.certified.value
    figures, _, power = entry.certified.value.partition("e")
    assert float(figures) == pytest.approx(4 * 0.7710953929116719652, rel=1e-15) and power == "-43429448190325182745"


@pytest.mark.parametrize(("formula", "x"), [("exp(-x^2)", "1e10"), ("erfc(x)", "1e10"), ("x^3", "1e-200")])
def test_sympy_agrees_about_what_floats_give_as_0(formula: str, x: str) -> None:
    slope = differentiate(formula, {"x": x}).points[0].gradient[0]
    assert slope.verdict == "inaccurate" and slope.symbolic is not None and slope.certified is not None
    assert slope.symbolic.value == slope.certified.value


def test_a_float_of_no_right_digit_is_told_as_what_floats_give() -> None:
    report = differentiate("x^3", {"x": "-1e-200"}, symbolic=False)
    assert notes(report, "inaccurate")[0].startswith("floats give 0, it is -9.99999999999999")


def test_a_clock_that_ends_the_second_opinion_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """The examination is done in time; SymPy's formula is enclosed by a budget whose clock has struck."""
    monkeypatch.setattr(judge, "Budget", lambda work, seconds: Budget(work, -1.0))
    report = differentiate("sin(x)^3", {"x": 2})
    assert [note for note in notes(report, "unsettled") if "--certify-timeout" in note]
    assert report.points[0].gradient[0].certified is not None


def test_a_clock_that_strikes_twice_is_told_once() -> None:
    report = differentiate("sin(x)^3", {"x": 2}, certify_timeout=0)
    assert len([note for note in notes(report, "unsettled") if "--certify-timeout" in note]) == 1


@pytest.mark.parametrize("formula", ["exp(-x) - exp(-x)", "erfc(x) - erfc(x)", "min(0, x*-1)*0^(x^2)"])
def test_a_difference_of_one_number_is_proved_to_be_zero(formula: str) -> None:
    value = differentiate(formula, {"x": 1e10}, symbolic=False).points[0].value
    assert value.certified is not None and (value.certified.value, value.certified.digits) == ("0", 17)
