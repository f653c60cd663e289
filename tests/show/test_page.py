"""Pages: what is kept of many rows, columns, remarks; numbers as text. Also `answer`, the base of all answers."""

import math
from collections.abc import Callable

import pytest

import gradcalc
from gradcalc.data.map import Summary
from gradcalc.language import functions
from gradcalc.show import page as pages
from gradcalc.show.answer import Answer, jsonable, number
from gradcalc.show.page import (
    Column,
    Formula,
    Line,
    Matrices,
    Page,
    Remark,
    Remarks,
    Rest,
    Table,
    line,
    number_text,
    point_text,
    short_text,
    shortened,
)

REST = Rest("rows", "remarks", "whole")


def test_what_a_terminal_obeys_is_escaped_in_the_lines_of_a_page() -> None:
    assert str(Page("test", (line("x\x1b[31m", "\u202e"), line("a")))) == "x\\x1b[31m\\u202e\na"


def table(rows: int, columns: int, series: int | None = None) -> Table:
    body = tuple(tuple(f"{i},{j}" for j in range(columns)) for i in range(rows))
    return Table(tuple(Column(str(j)) for j in range(columns)), body, series=series)


def test_the_first_of_many_are_kept_and_the_rest_is_told() -> None:
    remarks = Remarks(tuple(Remark("note", str(i)) for i in range(21)))
    matrices = Matrices("Hessian 13 x 13", (table(13, 14),), table(0, 2))
    short = shortened(Page("test", (table(201, 2), remarks, matrices, line("end"))), REST)
    rows, more, notes, others, matrix, end = short.blocks
    assert isinstance(rows, Table) and len(rows.rows) == 200
    assert isinstance(notes, Remarks) and len(notes.items) == 20
    assert [str(each) for each in (more, others, matrix, end)] == [
        "1 more: rows", "1 more notes: remarks", "Hessian 13 x 13: whole", "end",
    ]  # fmt: skip


def test_what_is_not_much_stays() -> None:
    page = Page("test", (table(200, 30), Matrices("", (table(12, 13),), table(0, 2)), Remarks(())))
    assert shortened(page, REST) == page


def test_columns_are_left_out_of_a_series_alone() -> None:
    narrow = table(2, 5, series=3).narrowed(3)
    assert [column.title for column in narrow.columns] == ["0", "1", "2", "…"]
    assert narrow.rows[1] == ("1,0", "1,1", "1,2", "…")
    assert narrow.series == 2  # the first of them, and what stands for the others
    short = shortened(Page("test", (table(1, 50, series=48), table(1, 50))), REST).blocks
    assert [len(each.columns) for each in short if isinstance(each, Table)] == [15, 50]


def test_a_page_as_plain_lines() -> None:
    assert str(Page("test", (line("a ", Formula("b")), table(1, 1), Line(("c",))))) == "a b\nc"


@pytest.mark.parametrize(
    ("value", "text"),
    [(2.0, "2"), (-0.0, "0"), (0.1, "0.1"), (1e300, "1e+300"), (math.nan, "nan"), (-math.inf, "-inf")],
)
def test_numbers_as_text(value: float, text: str) -> None:
    assert number_text(value) == text


def test_points_as_text() -> None:
    assert point_text({"x": 1.0, "A": [[1.0, 2.5]], "n": 3}) == "x = 1, A = [[1, 2.5]], n = 3"
    assert short_text("32.00000000000000000") == "32"
    assert short_text("-10^-8.556e+433") == "-10^-8.556e+433"  # whose exponent is no integer of a decimal


def test_json_of_nested_values() -> None:
    assert jsonable({"a": [1.0, [math.inf]], "b": math.nan}) == {"a": [1.0, ["inf"]], "b": "nan"}
    assert number(None) is None


def test_an_answer_without_a_page_is_none() -> None:
    class Half(Answer):
        pass

    with pytest.raises(TypeError, match="abstract"):
        Half()  # type: ignore[abstract]


NUMBERS = list(range(300))


@pytest.mark.parametrize(
    ("made", "begins", "holds"),
    [
        (lambda: gradcalc.differentiate("sum(x^2)", {"x": NUMBERS}, symbolic=False), "<Report: f = sum(x**2); at",
         "; value 8955050   17 digits right; variable x[0], derivative 0, digits 17, verdict agrees; 299 more rows>"),
        (lambda: gradcalc.differentiate("x*y", {"x": 2, "y": 3}, order=2, symbolic=False), "<Report: f = x*y; at x = 2",
         "value 6   17 digits right; variable x, derivative 3, digits 17, verdict agrees; 1 more row; Hessian 2 x 2"),
        (lambda: gradcalc.differentiate("x^2", [{"x": i} for i in NUMBERS], symbolic=False), "<Report: f = x**2; 300",
         "x 0, value 0, df/dx 0, digits 17, verdict agrees; 299 more rows>"),
        (lambda: gradcalc.diff("exp(sin(x))", "x:50", {"x": 1}, symbolic=False), "<Derivative: f = exp(sin(x)); at x",
         "d⁵⁰f/dx⁵⁰ 4.4959771897620325e+42, digits 16, verdict agrees>"),
        (lambda: gradcalc.taylor("exp(x)", {"x": 0}, order=300), "<Taylor: f = exp(x); at x = 0; order 300: 1 + x +",
         "…; power 1, coefficient 1, certified 1, digits 17; 300 more rows>"),
        (lambda: gradcalc.descend("sum((x-1)^2)", {"x": NUMBERS}), "<Descent: f = sum((x - 1)**2); optimizer",
         "; value 0; gradient norm 0; at x = [1, 1, "),
        (functions.catalogue, "<Catalogue: function ", " more rows>"),
        (lambda: functions.catalogue("sin"), "<Catalogue: sin(x)   ", ""),
        (lambda: Summary(expression="x", output="o.csv", columns=("f",) * 9_999, rows=3, undefined_rows=range(999),
                         undefined=999), "<Summary: o.csv: 3 rows, 0.0 s; rows where the formula is undefined: 999", ""),
    ],
)  # fmt: skip
def test_the_prompt_shows_any_answer_in_a_few_lines(made: Callable[[], Answer], begins: str, holds: str) -> None:
    text = repr(made())
    assert text.startswith(begins) and holds in text
    assert len(text) < 430 and "\n" not in text


def test_a_notebook_keeps_of_many_details_the_first() -> None:
    many = [pages.Details(pages.line(f"{k}."), (("", pages.Formula("x" * 10_000)),)) for k in range(12)]
    blocks = pages.small(pages.Page("steps", (*many, pages.line("end"))), pages.Rest("all", "all", "all")).blocks
    assert blocks[:8] == tuple(many[:8]) and list(map(str, blocks[8:])) == ["4 more: all", "end"]
