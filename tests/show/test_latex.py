"""LaTeX and HTML of a report: balanced, escaped, with SymPy's typesetting where there is one."""

import pytest

from gradcalc import differentiate
from gradcalc.language.formula import Variable
from gradcalc.show.latex import report_html, report_latex
from gradcalc.truth.report import PointReport, Quantity, Report, Symbolic


def made(at: dict[str, object], value: float = 1.0, names: tuple[str, ...] = ("x",), expression: str = "x") -> Report:
    entries = tuple(Quantity(value) for _ in names)
    points = (PointReport(at, Quantity(value), entries, "agrees"),)
    return Report("grad", expression, expression, tuple(map(Variable, names)), {}, "skipped", points)


def test_a_report_in_latex() -> None:
    report = differentiate("x**2*y", {"x": 1, "y": 2}, order=2, symbolic=False)
    assert report_latex(report).splitlines() == [
        r"\begin{align*}",
        r"f &= \texttt{x**2*y} \\",
        r"f\big|_{x = 1, y = 2} &= 2 \\",
        r"\frac{\partial f}{\partial x} &= 4 \\",
        r"\frac{\partial f}{\partial y} &= 1 \\",
        r"\nabla^2 f &= \begin{bmatrix} 4 & 2 \\ 2 & 0 \end{bmatrix}",
        r"\end{align*}",
    ]


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (2.0, "2"),
        (-0.5, "-0.5"),
        (1e300, r"1 \cdot 10^{300}"),
        (-2.5e-7, r"-2.5 \cdot 10^{-7}"),
        (float("nan"), r"\text{undefined}"),
        (float("inf"), r"\infty"),
        (float("-inf"), r"-\infty"),
    ],
)
def test_numbers_in_latex(value: float, shown: str) -> None:
    assert f"&= {shown}\n" in report_latex(made({"x": 1.0}, value))


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("x", "x"),
        ("alpha", r"\alpha"),
        ("x_1", "x_{1}"),
        ("rate", r"\mathit{rate}"),
        ("x[0,1]", "x_{0,1}"),
        ("beta_0", r"\beta_{0}"),
        ("a_b_c", r"a_{b\_c}"),
        ("eta_2[3]", r"\eta_{2,3}"),
    ],
)
def test_names_in_latex(name: str, shown: str) -> None:
    assert rf"\partial {shown}}}" in report_latex(made({}, names=(name,)))


def test_sympys_typesetting_is_used_where_there_is_one() -> None:
    entry = Quantity(6.0, symbolic=Symbolic("2*x", "2 x", "6"))
    points = (PointReport({"x": 3.0}, Quantity(9.0), (entry,), "agrees"),)
    report = Report("grad", "x**2", "x**2", (Variable("x"),), {}, "done", points, latex="x^{2}")
    assert r"f &= x^{2} \\" in report_latex(report)
    assert r"\frac{\partial f}{\partial x} &= 2 x = 6" in report_latex(report)


def test_arrays_are_shown_at_the_point() -> None:
    assert r"x = [1, 2]" in report_latex(made({"x": [1.0, 2.0]}))


def test_special_characters_of_the_formula_are_escaped() -> None:
    assert r"\texttt{x\_1 \& y}" in report_latex(made({}, expression="x_1 & y"))


def test_html_escapes_what_the_user_wrote() -> None:
    report = made({"<script>": 1.0}, names=("<b>",), expression="x < y & z")
    page = report_html(report)
    assert "<script>" not in page and "&lt;script&gt;" in page
    assert "<td>&lt;b&gt;</td>" in page


def test_a_notebook_shows_value_gradient_hessian_and_notes() -> None:
    report = differentiate("abs(x) + y**2", {"x": 0, "y": 3}, order=2, symbolic=False)
    page = report._repr_html_()
    assert "<td>6.0</td>" in page and "<li>kink (x): " in page
    assert "<tr><th></th><th>x</th><th>y</th></tr><tr><th>x</th>" in page
    assert page.count("<table>") == page.count("</table>") == 2
