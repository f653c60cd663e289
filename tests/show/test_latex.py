"""LaTeX of a report: balanced, escaped, with SymPy's typesetting where there is one; other answers as text."""

import pytest

import gradcalc
from gradcalc import differentiate
from gradcalc.language.formula import Variable
from gradcalc.show.latex import draw
from gradcalc.show.page import Column, Formula, Heading, Page, Remark, Remarks, Table, line, strong
from gradcalc.truth.quantity import Quantity, Symbolic
from gradcalc.truth.report import PointReport, Report


def made(at: dict[str, object], value: float = 1.0, names: tuple[str, ...] = ("x",), expression: str = "x") -> Report:
    entries = tuple(Quantity(value) for _ in names)
    points = (PointReport(at, Quantity(value), entries, "agrees"),)
    return Report("grad", expression, expression, tuple(map(Variable, names)), {}, "skipped", points)


def test_a_report_in_latex() -> None:
    report = differentiate("x**2*y", {"x": 1, "y": 2}, order=2, symbolic=False)
    assert draw(report.page()).splitlines() == [
        r"\begin{align*}",
        r"f &= x^{2} y \\",
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
    assert f"&= {shown}\n" in draw(made({"x": 1.0}, value).page())


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
    assert rf"\partial {shown}}}" in draw(made({}, names=(name,)).page())


def test_sympys_typesetting_is_used_where_there_is_one() -> None:
    entry = Quantity(6.0, symbolic=Symbolic("2*x", "2 x", "6"))
    points = (PointReport({"x": 3.0}, Quantity(9.0), (entry,), "agrees"),)
    report = Report("grad", "x**2", "x**2", (Variable("x"),), {}, "done", points, latex="x^{2}")
    assert r"f &= x^{2} \\" in draw(report.page())
    assert r"\frac{\partial f}{\partial x} &= 2 x = 6" in draw(report.page())


def test_arrays_are_shown_at_the_point() -> None:
    assert r"x = [1, 2]" in draw(made({"x": [1.0, 2.0]}).page())


def test_special_characters_of_the_formula_are_escaped() -> None:
    assert r"\texttt{x\_1 \& (y}" in draw(made({}, expression="x_1 & (y").page())


def test_an_answer_without_equations_is_text_and_tables() -> None:
    page = Page("test", (
        Heading(("at ", Formula("x_1 = 2"))),
        line(strong("50%"), " of {x}"),
        Table((Column("name", "word"), Column("n")), (("a\nb", "1"), ("c & d", "2"))),
        Remarks((Remark("note", "look", "x + y", (4, 5)),)),
    ))  # fmt: skip
    assert draw(page).splitlines() == [
        r"\paragraph{at $\texttt{x\_1 = 2}$}",
        "",
        r"\textbf{50\%} of \{x\}",
        "",
        r"\begin{tabular}{lr}",
        r"\hline",
        r"name & n \\",
        r"\hline",
        r"\shortstack[l]{a \\ b} & 1 \\",
        r"c \& d & 2 \\",
        r"\hline",
        r"\end{tabular}",
        "",
        r"\textbf{note:} look",
        "",
        r"\begin{verbatim}",
        "  x + y",
        "      ^",
        r"\end{verbatim}",
    ]


def test_every_special_character_is_escaped() -> None:
    assert draw(Page("test", (line("\\{}%&#$_^~<|>"),))) == (
        r"\textbackslash{}\{\}\%\&\#\$\_\textasciicircum{}\textasciitilde{}\textless{}\textbar{}\textgreater{}"
    )


def test_roots_in_a_point_are_typeset() -> None:
    assert r"x = \sqrt{2}/2" in draw(differentiate("x", {"x": "sqrt(2)/2"}, symbolic=False).page())
    assert r"x = -\sqrt{\pi}" in draw(differentiate("x", {"x": "-sqrt(pi)"}, symbolic=False).page())


def test_derivatives_of_any_order_are_written_with_powers_and_at_their_points() -> None:
    text = gradcalc.diff("x^3*y", "x:2,y", [{"x": 1, "y": 2}, {"x": "1/3", "y": 0}], symbolic=False).drawn("latex")
    name = r"\frac{\partial^{3} f}{\partial x^{2} \partial y}"
    assert text.splitlines()[1:-1] == [
        r"f &= x^{3} y \\",
        rf"{name} &= 3 \cdot \left(2 x\right) \\",
        rf"{name}\big|_{{x = 1, y = 2}} &= 6 \\",
        rf"{name}\big|_{{x = 1/3, y = 0}} &= 2",
    ]
    assert r"\frac{\partial f}{\partial x}\big|_{x = 2}" in gradcalc.diff("x^2", "x", {"x": 2}, symbolic=False).drawn(
        "latex"
    )
    hundred = gradcalc.diff("exp(sin(x))", "x:50", {"x": 1}, symbolic=False).drawn("latex")
    assert r"\frac{\partial^{50} f}{\partial x^{50}}\big|_{x = 1} &= 4.4959771897620325 \cdot 10^{42}" in hundred


def test_a_taylor_polynomial_equals_the_function_only_with_its_remainder() -> None:
    text = gradcalc.taylor("exp(x)", {"x": 0}, order=2).drawn("latex")
    assert text.splitlines()[1] == r"f &= 1 + x + 0.5 x^{2} + \mathit{remainder}"
    assert "no series" in gradcalc.taylor("abs(x)", {"x": 0}, order=2).drawn("latex")
