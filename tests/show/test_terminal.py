"""Tables: complete at 80 columns and when piped, nothing cut, formulas shortened only on a terminal and marked so."""

import importlib
import io
import re
from dataclasses import replace

import pytest
from rich.console import Console

from gradcalc import differentiate
from gradcalc.errors import columns
from gradcalc.language import functions
from gradcalc.language.formula import Variable
from gradcalc.show import page as pages
from gradcalc.show.terminal import View, draw
from gradcalc.truth.quantity import Quantity, Symbolic
from gradcalc.truth.report import PointReport, Report

LONG = " + ".join(f"sin({i}*x*y)" for i in range(1, 200))


def shown(report: Report, *, width: int = 80, terminal: bool = True, digits: int | None = None) -> str:
    """What a terminal of that width, or a pipe, gets to see."""
    wide = width if terminal else 1_000_000
    console = Console(width=wide, force_terminal=terminal, file=io.StringIO(), color_system=None, highlight=False)
    return draw(replace(report, digits=digits).page(), View(console))


def symbolic_report(formula: str) -> Report:
    """A report whose SymPy formula is long, without SymPy."""
    entry = Quantity(1.0, symbolic=Symbolic(formula, "", "1.0"), verdict="agrees")
    points = (PointReport({"x": 1.0}, Quantity(1.0), (entry,), "agrees"),)
    return Report("grad", formula, formula, (Variable("x"),), {}, "done", points)


HOSTILE = "x\x1b[31m\u202e\x9bred"


@pytest.mark.parametrize("terminal", [True, False])
@pytest.mark.parametrize("module", ["terminal", "markdown", "html", "latex"])
def test_what_a_terminal_obeys_is_escaped_in_every_part_of_a_page(module: str, terminal: bool) -> None:
    parts = (
        pages.Heading((HOSTILE,)),
        pages.fact(HOSTILE, pages.Formula(HOSTILE)),
        pages.Details(pages.line(HOSTILE), ((HOSTILE, HOSTILE),)),
        pages.Table((pages.Column(HOSTILE, "word"),), ((HOSTILE,), (pages.Formula(HOSTILE),)), title=HOSTILE),
        pages.Remarks((pages.Remark(HOSTILE, HOSTILE, HOSTILE, (0, 3)),)),
    )
    page = pages.Page("test", parts)
    if module == "terminal":
        console = Console(width=200, force_terminal=terminal, file=io.StringIO(), color_system=None, highlight=False)
        text = draw(page, View(console))
    else:
        text = importlib.import_module(f"gradcalc.show.{module}").draw(page)
    assert text.count("x1b") >= 9
    assert not {"\x1b", "\u202e", "\x9b"} & set(text)


REPORTS = {
    "plain": ("x**4 + y**2 + 1", {"x": 2, "y": 3}, {}),
    "inaccurate": ("(1 - cos(x))/x**2", {"x": "1e-8"}, {}),
    "kink": ("abs(x) + " + LONG, {"x": 0, "y": 1}, {}),
    "undefined": (f"{LONG} + log(x)", {"x": -1, "y": 1}, {}),
    "numeric": ("exp(x)*y", {"x": "1.234567890123", "y": 3e200}, {"numeric": True}),
    "array": ("sum(x**2)*x[0]", {"x": list(range(1, 31))}, {}),
    "many": ("sum(x**2)", {"x": list(range(1, 401))}, {}),
    "wide name": ("变量**2", {"变量": 2}, {}),
    "long name": ("a" * 100 + "**2", {"a" * 100: 2}, {}),
    "matrix": ("sum(exp(x))*x[0]", {"x": [0.1 * i for i in range(1, 13)]}, {}),
    "digits": ("sin(x)", {"x": 1}, {"digits": 200}),
}


@pytest.mark.parametrize("name", REPORTS)
@pytest.mark.parametrize("width", [80, 40])
def test_no_line_is_wider_than_the_terminal_and_none_is_cut(name: str, width: int) -> None:
    formula, at, options = REPORTS[name]
    text = shown(differentiate(formula, at, order=2, symbolic=False, **options), width=width)  # type: ignore[arg-type]
    carets = [i for i, line in enumerate(text.splitlines()) if re.fullmatch(r"\s*\^+", line)]
    for number, line in enumerate(text.splitlines()):
        assert columns(line) <= width
        if "…" in line and number + 1 not in carets:
            assert re.search(r"… \([\d,]+|…$", line), line


def test_the_main_job_at_80_columns() -> None:
    text = shown(differentiate("x**4 + y**2 + 1", {"x": 2, "y": 3}, symbolic=False))
    assert text.splitlines() == [
        "f = x**4 + y**2 + 1",
        "at x = 2, y = 3",
        "",
        "value 26   17 digits right",
        "╭──────────┬────────────┬────────┬─────────╮",
        "│ variable │ derivative │ digits │ verdict │",
        "├──────────┼────────────┼────────┼─────────┤",
        "│ x        │         32 │     17 │ agrees  │",
        "│ y        │          6 │     17 │ agrees  │",
        "╰──────────┴────────────┴────────┴─────────╯",
    ]


def test_piped_output_holds_formulas_whole_and_on_one_line() -> None:
    text = shown(symbolic_report(LONG), terminal=False)
    assert text.count(LONG) == 2
    assert "…" not in text


def test_a_terminal_shortens_a_long_formula_and_says_where_all_of_it_is() -> None:
    text = shown(symbolic_report(LONG))
    assert LONG not in text
    joined = " ".join(text.split())
    assert joined.count(f"({len(LONG):,} characters: --json has all)") == 2


def test_a_formula_that_does_not_fit_beside_numbers_wraps_whole() -> None:
    formula = " + ".join(f"sin({i}*x)" for i in range(1, 16))
    text = shown(symbolic_report(formula))
    assert formula.replace(" ", "") in "".join(text.split("f =")[1].split())
    assert "…" not in text


@pytest.mark.parametrize(("width", "columns", "left_out"), [(30, "abcd", ""), (15, "abc", "d"), (11, "ac", "d, b")])
def test_columns_that_can_be_spared_are_left_out_in_their_order_and_named(
    width: int, columns: str, left_out: str
) -> None:
    rows = tuple((f"{name}{i}", "beyond" if i else "", f"{i}", "last" if i < 2 else "") for i, name in enumerate("xyz"))
    table = pages.Table(tuple(pages.Column(title) for title in "abcd"), rows, spare=("d", "b", "e"))
    console = Console(width=width, force_terminal=True, file=io.StringIO(), color_system=None, highlight=False)
    text = draw(pages.Page("test", (table,)), View(console))
    assert "…" not in text and max(map(len, text.splitlines())) <= width
    assert [title for title in "abcd" if re.search(rf"\b{title}\b", text.split("x0")[0])] == list(columns)
    assert (f"no room for {left_out}:" in " ".join(text.split())) == bool(left_out)


def test_rows_that_say_nothing_without_a_column_are_left_out_with_it() -> None:
    table = pages.Table((pages.Column("a"), pages.Column("b")), (("1", "2"), ("", "3")))
    assert table.without(("b",)).rows == (("1",),) and table.without(()).rows == table.rows


def test_lines_of_a_tree_are_ascii_where_there_is_no_more() -> None:
    stream = io.TextIOWrapper(io.BytesIO(), "ascii")
    page = pages.Page("test", (pages.line("├─ ∂ 1: a … b"), pages.line("│  └─ c")))
    assert draw(page, View(Console(file=stream, width=80))) == "|- d 1: a ... b\n|  `- c\n"


def test_no_line_ends_in_blanks() -> None:
    report = differentiate("x**2*y", {"x": 1, "y": 2}, order=2, symbolic=False)
    assert not [line for line in shown(report, terminal=False).splitlines() if line.endswith(" ")]


def test_many_variables_are_shortened_on_a_terminal_only() -> None:
    report = differentiate("sum(x**2)", {"x": list(range(1, 401))}, symbolic=False, certify=False)
    assert "200 more: pipe the output, or --format csv" in shown(report)
    piped = shown(report, terminal=False)
    assert "more:" not in piped and "x[399]" in piped


def test_digits_are_all_shown() -> None:
    report = differentiate("sin(x)", {"x": 1}, symbolic=False, digits=50)
    proof = report.points[0].value.certified
    assert proof is not None and len(proof.value) > 50
    assert proof.value in shown(report, terminal=False, digits=50)


def test_an_undefined_value_has_no_table_and_a_caret() -> None:
    lines = shown(differentiate("1 + log(x)", {"x": -1}, symbolic=False)).splitlines()
    assert "value undefined" in lines
    assert not any("│" in line for line in lines)
    assert lines[-2:] == ["  1 + log(x)", "      ^^^^^^"]


def test_hessian_tells_matrix_eigenvalues_and_kind() -> None:
    text = shown(differentiate("x**2 + x*y + y**2", {"x": 0, "y": 0}, order=2, symbolic=False))
    assert "│ x │ 2 │ 1 │" in text
    assert "eigenvalues 1, 3" in text
    assert "the Hessian is positive definite" in text
    assert "critical point: local minimum" in text


def test_a_long_piped_table_is_laid_out_as_rich_lays_it_out(monkeypatch: pytest.MonkeyPatch) -> None:
    report = differentiate("变量*sum(exp(x))*x[0]", {"变量": 2.5, "x": [0.1 * i for i in range(1, 120)]}, order=1)
    quick = shown(report, terminal=False)
    monkeypatch.setattr("gradcalc.show.terminal._MANY", 1_000)
    slow = shown(report, terminal=False)
    assert [line.rstrip() for line in quick.splitlines()] == [line.rstrip() for line in slow.splitlines()]


def test_a_hessian_beyond_a_screenful_of_columns_is_told_by_coordinates() -> None:
    report = differentiate("sum(x[1:]*x[:-1]) + sum(x^2)", {"x": [0.5] * 50}, order=2, symbolic=False)
    lines = shown(report, terminal=False).splitlines()
    assert "Hessian 50 x 50, 148 entries not structurally zero" in lines
    rows = [[cell.strip() for cell in line.strip("│").split("│")] for line in lines if line.startswith("│")]
    assert ["row", "column", "value", "digits", "verdict"] in rows
    assert ["x[0]", "x[1]", "1", "17", "agrees"] in rows and ["x[49]", "x[49]", "2", "17", "agrees"] in rows
    assert len([row for row in rows if len(row) == 5]) == 1 + 99


def test_piped_prose_takes_80_columns_or_those_that_are_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    page = functions.catalogue().page()
    numbers = differentiate("sin(x)*y^2", {"x": "pi/4", "y": "1/3"}, symbolic=False).page()
    for width, asked in ((80, ""), (60, "60")):
        monkeypatch.setenv("COLUMNS", asked)
        view = View(Console(width=1_000_000, force_terminal=False, file=io.StringIO(), color_system=None))
        text = draw(page, view)
        assert max(map(columns, text.splitlines())) <= width
        assert "…" not in text
    monkeypatch.setenv("COLUMNS", "40")
    view = View(Console(width=1_000_000, force_terminal=False, file=io.StringIO(), color_system=None))
    text = draw(numbers, view)
    assert max(map(columns, text.splitlines()[4:])) <= 40 and "0.07856742013183861" in text


REMARK = pages.Remark(
    "kink d²f/dx² at x = 1; x = 2",
    "the slope of max(变量, x) is -12345678901234567890 from the left and 3 from the right: "
    + "no derivative " * 8
    + "there",
    " + ".join(f"变量*{i}" for i in range(60)),
    (200, 204),
)


@pytest.mark.parametrize("terminal", [True, False])
@pytest.mark.parametrize("width", [40, 60, 80])
def test_notes_wrap_with_a_hanging_indent_and_keep_their_carets(
    width: int, terminal: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "" if width == 80 else str(width))
    page = pages.Page("test", (pages.Remarks((REMARK, pages.Remark("nan", "short"))),))
    wide = width if terminal else 1_000_000
    console = Console(width=wide, force_terminal=terminal, file=io.StringIO(), color_system=None, highlight=False)
    *wrapped, line, carets, short = draw(page, View(console)).splitlines()
    assert short == "nan: short"
    assert max(map(columns, (*wrapped, line, carets))) <= width
    assert len(wrapped) > 2 and all(re.match("  [^ ]", each) for each in wrapped[1:])
    said = " ".join(map(str.strip, wrapped))
    label = REMARK.label if terminal and View(console).superscripts else REMARK.label.replace("²", "2")
    assert said == f"{label}: {REMARK.message}"
    assert all(columns(f"{each} {after.split()[0]}") > width for each, after in zip(wrapped, wrapped[1:], strict=False))
    start, end = REMARK.span or (0, 0)
    under = [
        character for place, character in zip(_places(line), line, strict=True) if carets[place : place + 1] == "^"
    ]
    assert "".join(under) == REMARK.text[start:end]


def _places(text: str) -> list[int]:
    """The column where each character begins."""
    return [columns(text[:number]) for number in range(len(text))]


def test_the_label_of_a_note_that_wraps_is_styled_alone() -> None:
    console = Console(width=20, force_terminal=True, file=io.StringIO(), color_system="standard", highlight=False)
    page = pages.Page("test", (pages.Remarks((pages.Remark("not settled df/dlonger", "a few words"),)),))
    assert draw(page, View(console)) == (
        "\x1b[1;33mnot settled\x1b[0m\n\x1b[1;33m  df/dlonger:\x1b[0m a few\n  words\n"
    )


def test_a_word_that_is_longer_than_a_line_stays_whole_in_a_pipe() -> None:
    word = "7" * 200
    page = pages.Page("test", (pages.Remarks((pages.Remark("inaccurate", f"floats give 0, it is {word} here"),)),))
    view = View(Console(width=1_000_000, force_terminal=False, file=io.StringIO(), color_system=None))
    assert draw(page, view).splitlines() == ["inaccurate: floats give 0, it is", f"  {word}", "  here"]


def test_text_of_the_user_is_no_markup() -> None:
    report = symbolic_report("[red]x[/red] + [0]")
    assert "[red]x[/red] + [0]" in shown(report)


@pytest.mark.parametrize("terminal", [True, False])
def test_the_op_table_is_complete(terminal: bool) -> None:
    width = 80 if terminal else 1_000_000
    view = View(Console(width=width, force_terminal=terminal, file=io.StringIO(), color_system=None))
    text = draw(functions.catalogue().page(), view)
    assert "…" not in text
    for card in functions.cards():
        assert card.syntax in text
    assert max(map(columns, text.splitlines())) <= width


@pytest.mark.parametrize(
    ("certified", "text"),
    [
        ("-8.333333333333333452e-10", "-8.333333333333334e-10"),
        ("24500.00000000000096", "24500"),
        ("0.05000000000000000277", "0.05"),
        ("32.00000000000000000", "32"),
        ("-3.667874584177687213e-348", "-3.6678745841776872e-348"),
        ("1.000000000000000000e+400", "1e+400"),
        ("0", "0"),
    ],
)
def test_certified_numbers_are_written_as_floats_are_where_floats_reach(certified: str, text: str) -> None:
    entry = Quantity(1.0, symbolic=Symbolic("x", "", certified), verdict="agrees")
    point = PointReport({"x": 1.0}, Quantity(1.0), (entry,), "agrees")
    report = Report("grad", "x", "x", (Variable("x"),), {}, "done", (point,))
    assert f" {text} " in shown(report, terminal=False)


def test_a_narrow_terminal_gets_a_slim_table_before_paragraphs() -> None:
    report = differentiate("sin(x)*y^2", {"x": "pi/4", "y": "1/3"})
    text = shown(report, width=80)
    assert re.search(r"df/d +derivative  SymPy", text)
    assert max(map(len, text.splitlines())) <= 80
    assert "SymPy's formula" in shown(report, width=120)


@pytest.mark.parametrize(
    ("terminal", "encoding", "name"),
    [(True, "utf-8", "d²f/dx²"), (True, "ascii", "d2f/dx2"), (False, "utf-8", "d2f/dx2")],
)
def test_a_second_derivative_has_superscripts_where_a_terminal_shows_them(
    terminal: bool, encoding: str, name: str
) -> None:
    file = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    view = View(Console(width=80, force_terminal=terminal, file=file, color_system=None))
    text = draw(differentiate("x*abs(x)", {"x": 0}, order=2, symbolic=False).page(), view)
    assert f"kink {name}: " in text
