"""Markdown: tables whose cells hold no bar, nothing that the user wrote means anything. Also `markup`, which draws it."""

from gradcalc import differentiate
from gradcalc.show.markdown import draw
from gradcalc.show.page import Column, Formula, Page, Remark, Remarks, Table, line, strong


def test_a_report_in_markdown() -> None:
    assert draw(differentiate("x**4 + y**2 + 1", {"x": 2, "y": 3}, symbolic=False).page()).splitlines() == [
        "f = **`x**4 + y**2 + 1`**",
        "",
        "### at `x = 2, y = 3`",
        "",
        "value **26**   17 digits right",
        "",
        "| variable | derivative | digits | verdict |",
        "| --- | ---: | ---: | --- |",
        "| x | 32 | 17 | agrees |",
        "| y | 6 | 17 | agrees |",
    ]


def test_bars_stay_within_their_cells() -> None:
    row = ("a|b", Formula("x | y"), Formula("|x|", latex=r"\left|{x}\right|"))
    table = Table((Column("a", "word"), Column("b", "formula"), Column("c", "formula")), (row,))
    last = draw(Page("test", (table,))).splitlines()[-1]
    assert last == r"| a\|b | `x \| y` | $\left\vert {x}\right\vert $ |"


def test_what_the_user_wrote_is_no_markup() -> None:
    page = Page("test", (line("a*b*_c_ <b> [x](y) `z` # \\", Formula("a`b")), line(strong("x_1"))))
    assert draw(page).splitlines() == [
        r"a\*b\*\_c\_ \<b\> \[x\](y) \`z\` \# \\``a`b``", "", r"**x\_1**",
    ]  # fmt: skip


def test_lines_of_a_cell_and_places_in_a_text() -> None:
    table = Table((Column("f", "word"),), (("a\nb",),))
    page = draw(Page("test", (table, Remarks((Remark("kink", "here", "abs(x)", (0, 6)),)))))
    assert "| a<br>b |" in page
    assert page.endswith("**kink:** here\n\n```text\n  abs(x)\n  ^^^^^^\n```")
