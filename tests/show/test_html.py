"""HTML: well-formed, escaped, formulas typeset where their LaTeX is known; what a notebook shows."""

from html.parser import HTMLParser

import pytest

from gradcalc import descend, differentiate
from gradcalc.language.formula import Variable
from gradcalc.language.typeset import latex
from gradcalc.show.answer import Answer
from gradcalc.show.html import draw, fragment
from gradcalc.show.page import Formula, Page, line
from gradcalc.truth.quantity import Quantity
from gradcalc.truth.report import PointReport, Report


class Balance(HTMLParser):
    """Fails where a tag is closed that is not the last one open."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag not in ("br", "meta"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def read(page: str) -> str:
    """The text of HTML that is balanced."""
    parser = Balance()
    parser.feed(page)
    parser.close()
    assert parser.open == []
    return parser.text


ANSWERS: dict[str, tuple[Answer, list[str]]] = {
    "report": (
        differentiate("abs(x) + y**2", {"x": 0, "y": 3}, order=2, symbolic=False),
        ["kink df/dx:", "Hessian", "6"],
    ),
    "undefined": (differentiate("1 + log(x)", {"x": -1}, symbolic=False), ["undefined", "      ^^^^^^"]),
    "descent": (descend("x**2", {"x": 1}, learning_rate=1.1), ["diverged after", "what happened:", "forecast:"]),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_documents_and_fragments_are_balanced_and_tell_all(name: str) -> None:
    answer, facts = ANSWERS[name]
    document = draw(answer.page())
    assert document.startswith("<!doctype html>\n<html")
    assert "<title>gradcalc " in document
    for text in (read(document), read(answer._repr_html_())):
        assert all(fact in text for fact in facts)


def test_html_escapes_what_the_user_wrote() -> None:
    points = (PointReport({"<script>": 1.0}, Quantity(1.0), (Quantity(1.0),), "agrees"),)
    report = Report("grad", "x < y & z", "x < y & z", (Variable("<b>"),), {}, "skipped", points)
    page = fragment(report.page())
    assert "<script>" not in page and "&lt;script&gt;" in page
    assert ">&lt;b&gt;</td>" in page
    assert 'alttext="x &lt; y &amp; z"' in page and "x<y∧z" in read(page)


def test_a_notebook_shows_value_gradient_hessian_and_notes() -> None:
    report = differentiate("abs(x) + y**2", {"x": 0, "y": 3}, order=2, symbolic=False)
    page = report._repr_html_()
    assert ">6</td>" in page and "<b>kink df/dx:</b> " in page
    left, right = (f'<th style="text-align:{side}">' for side in ("left", "right"))
    assert f"<tr>{left}</th>{right}x</th>{right}y</th></tr>" in page
    assert page.count("<table>") == page.count("</table>") == 2


def test_formulas_are_typeset_where_their_latex_is_known() -> None:
    assert fragment(Page("test", (line(Formula("x**2", latex="x^{2}")),))) == r"<p>\(x^{2}\)</p>"
    assert fragment(Page("test", (line(Formula("x**2")),))) == "<p><code>x**2</code></p>"


def test_a_notebook_shows_the_first_of_many_and_where_the_rest_is() -> None:
    page = differentiate("sum(x**2)", {"x": list(range(300))}, symbolic=False, certify=False)._repr_html_()
    assert page.count("<tr>") == 201
    assert "100 more: to_dict() has all" in page


def test_a_formula_is_typeset_as_mathml_with_its_text() -> None:
    made = fragment(Page("test", (line(Formula("x < 1/y = z", "strong", latex)),)))
    assert made.startswith('<p><b><math displaystyle="true" alttext="x &lt; 1/y = z">')
    assert "<mfrac>" in made and "<mo>=</mo>" in made and "frac{" not in made
    known = latex.known("\\mathrm{known}")
    assert known("x") == "\\mathrm{known}" and "<mi>x</mi>" in fragment(Page("test", (line(Formula("x", "", known)),)))
    assert "<code>" in fragment(
        Page("test", (line(Formula("no formula(", "", latex), Formula("x+" * 2000 + "x", "", latex)),))
    )
