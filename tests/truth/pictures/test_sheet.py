"""The web page of a formula: what it says without its script, and in a browser what moves. Tests `report` of Python."""

import json
import os
import pickle
import re
import shutil
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

import gradcalc
from gradcalc.errors import UsageError
from gradcalc.truth.pictures.sheet import WebPage
from tests import ROOT
from tests.browser import CHROMIUM, NO_BROWSER, Browser, Page, browser

TWO = "x^2*sin(y) + x/y"
LONG = " + ".join(f"sin({k}*x + y)*exp(-x/{k})" if k % 2 else f"log({k} + x^2)/(y + {k})" for k in range(1, 34))
"""A formula of about 200 nodes."""


def made(text: str, **at: Any) -> WebPage:
    return gradcalc.report(text, at=at, symbolic=False)


class Reader(HTMLParser):
    """The text that a reader sees, the elements with their attributes; what is a script apart."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.script = ""
        self.inside = ""
        self.feed(html)
        self.text = " ".join(" ".join(self.words).split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self.inside = tag if tag in ("script", "style") else ""

    def handle_endtag(self, tag: str) -> None:
        self.inside = ""

    def handle_data(self, data: str) -> None:
        if self.inside == "script":
            self.script += data
        elif not self.inside:
            self.words.append(data)

    def all(self, tag: str, **attributes: str) -> list[dict[str, str | None]]:
        return [each for name, each in self.tags if name == tag and attributes.items() <= each.items()]


def test_all_is_read_without_the_script() -> None:
    page = made(TWO, x=1, y=2)
    reader = Reader(page.html)
    for part in ("1.4092974268256817", "17 digits right", "2.318594853651363", "-0.6661468365471424", "indefinite"):
        assert part in reader.text
    for part in (
        "v7 = v5 + v6",
        "∂v2: cos(v2) = -0.416147",
        "product rule",
        "put together",
        "the tape's derivative: proved",
    ):
        assert part in reader.text
    assert [each["id"] for each in reader.all("h2")] == ["gradient", "plot", "hessian", "tape", "graph", "steps"]
    assert "<mfrac><mrow><mi>x</mi></mrow><mrow><mi>y</mi></mrow></mfrac>" in page.html
    assert len(reader.all("input", type="range")) == 2
    assert all("disabled" in each for each in reader.all("input"))
    assert "data-selftest" not in reader.all("html")[0]


def test_the_page_asks_for_nothing() -> None:
    html = made(TWO, x=1, y=2).html
    reader = Reader(html)
    assert not re.search(r"""(src|href)=["'](?!#|data:,)""", html)
    assert not re.search(r"https?:|@import|url\((?!#)|fetch|XMLHttp|import\(|eval\(", html)
    assert reader.all("link") == [{"rel": "icon", "href": "data:,"}]


def test_the_page_is_well_formed_for_readers_with_other_means() -> None:
    reader = Reader(made("x[0]*A[0,1] + x[1]", x=[1, 2], A=[[1, 2], [3, 4]]).html)
    ids = [each["id"] for _, each in reader.tags if "id" in each]
    assert len(set(ids)) == len(ids)
    labels = {each["for"] for each in reader.all("label")}
    assert all(each["id"] in labels or each.get("aria-label") for each in reader.all("input"))
    assert all(each.get("aria-label") for tag, each in reader.tags if each.get("role") in ("img", "region"))
    assert all(each.get("tabindex") == "0" for _, each in reader.tags if each.get("role") == "region")
    assert all(each.get("scope") for each in reader.all("th"))
    assert reader.all("html")[0]["lang"] == "en"
    assert len(reader.all("main")) == len(reader.all("h1")) == len(reader.all("title")) == 1
    assert {each["href"] for each in reader.all("a")} <= {f"#{each}" for each in ids}


def test_two_hundred_nodes_take_a_hundred_and_fifty_kilobytes() -> None:
    page = made(LONG, x=1, y=2)
    assert 190 <= page.trace.size <= 240
    html = page.html
    assert len(html.encode()) <= 150_000
    assert page.moves
    assert "more steps: gradcalc steps EXPR --wrt x" in html
    assert "nodes are folded" in html


def test_a_very_long_formula_stands_still_and_is_folded() -> None:
    page = gradcalc.report(" + ".join(f"sin({k}*x)*y" for k in range(1, 700)), at={"x": 1, "y": 2}, symbolic=False)
    html = page.html
    assert len(html.encode()) <= 150_000
    assert not page.moves and "too long for a page that moves" in html
    assert "nodes between are folded; gradcalc tape shows all" in html


def test_what_is_left_out_is_said() -> None:
    text = Reader(made("sum(x^2)", x=list(range(14))).html).text
    assert "The first 12 of 14 variables have a slider." in text and "Of 12 variables the first 6." in text
    assert "gradcalc steps shows those of the other variables." in text


def test_a_function_that_javascript_lacks_is_named() -> None:
    page = made("besselj(2, x)*Si(y)", x=1, y=2)
    reader = Reader(page.html)
    assert page.lacking == ("besselj", "Si")
    assert "The numbers are those of the point: besselj, Si are not available in JavaScript." in reader.text
    assert not reader.script and reader.all("html", **{"data-selftest": "none"})
    assert "0.184" in reader.text
    assert made("besselj(0, 1)*x", x=1).moves


@pytest.mark.parametrize(
    ("text", "at", "words"),
    [
        ("2 + 3", {}, "The formula has no variables: nothing moves."),
        ("log(x)", {"x": -1}, "Where the formula has no value it has no derivative."),
        ("abs(x)", {"x": 0}, "kink"),
        ("exp(x)", {"x": 800}, "inf"),
        ("sum(x^2)", {"x": [1, 2, 3]}, "x[2]"),
        ("where(x > 0, log(x), x)", {"x": -1}, "not taken"),
    ],
)
def test_other_points(text: str, at: Any, words: str) -> None:
    page = made(text, **at)
    assert words in Reader(page.html).text
    assert page.exit_code == (3 if text == "log(x)" else 0)


@pytest.mark.parametrize(
    ("text", "at", "pieces"),
    [
        ("tan(x)", 1.0, 2),
        ("floor(2*x)", 1.25, 5),
        ("x*floor(y) + 1/(x - y)", 0.5, 2),
        ("abs(x)", 1.0, 1),
        ("log(x)", 1.0, 1),
    ],
)
def test_no_line_is_drawn_across_a_jump_or_a_pole(text: str, at: float, pieces: int) -> None:
    curve = (
        made(text, x=at, **({"y": 1.25} if "y" in text else {})).html.partition('class="f" d="')[2].partition('"')[0]
    )
    assert curve.count("M") == pieces


@pytest.mark.parametrize(
    ("text", "at", "shown"),
    [
        (TWO, {"x": 1, "y": 2}, True),
        ("sin(40*x*y) + x", {"x": 3, "y": 2}, True),
        ("x*y", {"x": 1.7e308, "y": 5e-324}, True),
        ("floor(x) + 0*y", {"x": 0.5, "y": 1}, False),
        ("x - x + y - y", {"x": 1, "y": 2}, False),
        ("x*y*z", {"x": 1, "y": 2, "z": 3}, False),
        ("x^2", {"x": 1}, False),
    ],
)
def test_two_variables_have_lines_of_equal_height_and_the_point(text: str, at: Any, shown: bool) -> None:
    html = made(text, **at).html
    found = html.partition('class="plot map"')[2].partition("</figure>")[0]
    assert bool(found) == shown == ("Lines of equal height, the higher" in Reader(html).text)
    assert len(found) < 30_000
    if text == TWO:  # in the middle of both sliders; the line through it, where x^2*sin(y) + x/y is 0.8, is left of it
        assert '<circle r="4" cx="201.0" cy="100.0"/>' in found and ">0.8</text>" in found


def test_no_line_of_equal_height_crosses_a_jump() -> None:
    html = made("x + 9*floor(y)", x=1, y=1.5).html  # over y from 0 to 3: between its jumps lines go straight up
    paths = re.findall(r'class="level" style="[^"]*" d="([^"]*)"', html)
    lines = [line for path in paths for line in path.split("M") if line]
    assert lines
    for line in lines:
        places = [tuple(map(float, place.split())) for place in line.split("L")]
        assert max(x for x, _ in places) - min(x for x, _ in places) < 1


def test_hostile_names_are_text() -> None:
    name = "</script><script>alert(1)</script>"
    page = gradcalc.report(f"`{name}`^2", at={name: 3}, symbolic=False)
    reader = Reader(page.html)
    assert reader.all("script") == [{}]
    assert "alert" not in reader.script
    assert name in reader.text


def test_one_point_is_asked_for() -> None:
    with pytest.raises(UsageError, match="a page is of one point, and 2 are given"):
        gradcalc.report("x^2", at=[{"x": 1}, {"x": 2}])  # type: ignore[arg-type]


def test_the_answer_is_data_too(tmp_path: Path) -> None:
    page = made("x*sin(x)", x=2)
    data = json.loads(json.dumps(page.to_dict()))
    assert data["command"] == "report" and data["moves"] and data["lacking"] == []
    assert data["points"][0]["hessian"] == [[pytest.approx(-2.6508885)]]
    assert [node["name"] for node in data["nodes"]] == ["v1", "v2", "v3"]
    assert data["derivations"][0]["proved"] and data["derivations"][0]["wrt"] == ["x"]
    assert pickle.loads(pickle.dumps(page)).html == page.html
    assert "v3 = v1*v2" in page.drawn("markdown")
    page.save(tmp_path / "page.html")
    assert (tmp_path / "page.html").read_text(encoding="utf-8") == page.html


# -- in a browser ------------------------------------------------------------------------------------------------------

needs_browser = pytest.mark.skipif(not CHROMIUM, reason=NO_BROWSER)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browser() as found:
        yield found


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A page of two variables, by its address."""
    path = tmp_path_factory.mktemp("pages") / "two.html"
    made(TWO, x=1, y=2).save(path)
    return path.as_uri()


def told(page: Page, what: str) -> str:
    found = page.do(f"document.querySelector({json.dumps(what)}).textContent")
    assert isinstance(found, str)
    return found


@needs_browser
def test_sliders_move_all_numbers_by_keys(chromium: Browser, two: str) -> None:
    page = Page(chromium).open(two)
    assert page.do("document.documentElement.dataset.selftest") == "ok"
    assert "proved numbers as they were proved" in told(page, "#state")
    before = page.do(
        "[...document.querySelectorAll('[data-v], .f, .tangent')].map(e => e.textContent + e.getAttribute('d'))"
    )
    page.do("document.getElementById('s0').focus()")
    page.press("ArrowRight", 10)
    page.do("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    x = float(page.do("document.getElementById('s0').value"))
    assert x == pytest.approx(1.2) and page.do("document.getElementById('n0').valueAsNumber") == x
    value, dx, dy = (float(page.do(f"document.querySelectorAll('{what} [data-p=\"0\"]')[{k}].textContent")) for what, k in
                     ((".value", 0), ("table", 0), ("table", 1)))  # fmt: skip
    own = gradcalc.differentiate(TWO, at={"x": x, "y": 2}, symbolic=False)
    assert (value, dx, dy) == pytest.approx((own.value, own.gradient["x"], own.gradient["y"]), rel=1e-14)
    after = page.do(
        "[...document.querySelectorAll('[data-v], .f, .tangent')].map(e => e.textContent + e.getAttribute('d'))"
    )
    assert sum(a != b for a, b in zip(before, after, strict=True)) >= 18
    low, high = (float(page.do(f"document.getElementById('s0').{end}")) for end in ("min", "max"))
    dot = page.do("(c => [c.getAttribute('cx'), c.getAttribute('cy')])(document.querySelector('.map circle'))")
    assert [float(each) for each in dot] == [pytest.approx(52 + 298 * (x - low) / (high - low), abs=0.06), 100.0]
    assert "not proved" in told(page, "#state") and page.do("'moved' in document.documentElement.dataset")
    page.do("document.getElementById('reset').focus()")
    page.press("Enter")
    page.do("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    assert before == page.do(
        "[...document.querySelectorAll('[data-v], .f, .tangent')].map(e => e.textContent + e.getAttribute('d'))"
    )
    assert [each["request"]["url"] for each in page.seen("Network.requestWillBeSent")] == [two]
    assert not page.said()


@needs_browser
@pytest.mark.parametrize(
    "by", ["Math.sin = x => x", "const own = Math.sin; Math.sin = x => own(x) + 1e-9", "Math.cos = () => NaN"]
)
def test_a_page_that_computes_wrong_says_so(chromium: Browser, two: str, by: str) -> None:
    page = Page(chromium, before=by).open(two)
    assert page.do("document.documentElement.dataset.selftest") == "failed"
    assert "does not compute the numbers that were proved" in told(page, "#state")
    red, green, _ = map(int, re.findall(r"\d+", page.do("getComputedStyle(document.getElementById('state')).color")))
    assert red > 2 * green
    assert not page.said()


@needs_browser
@pytest.mark.parametrize(
    ("text", "at", "check"),
    [
        ("log(x)", {"x": -1}, "ok"), ("abs(x)*floor(y)", {"x": 0, "y": 1}, "ok"), ("exp(x)", {"x": 800}, "ok"),
        ("x^2", {"x": 1e300}, "ok"), ("sum(x^2)*erf(x[1])/gamma(x[0])", {"x": [1.5, 2, 3]}, "ok"), ("1/x", {"x": 0}, "ok"),
        ("besselj(0, x)", {"x": 1}, "none"), ("2 + 3", {}, "none"), ("`<b>&`*`class`", {"<b>&": 2, "class": 1}, "ok"),
        ("(1 - cos(x))/x^2", {"x": 1e-8}, "ok"),
    ],
)  # fmt: skip
def test_no_page_has_a_word_on_the_console(chromium: Browser, tmp_path: Path, text: str, at: Any, check: str) -> None:
    path = tmp_path / "page.html"
    gradcalc.report(text, at=at, symbolic=False).save(path)
    page = Page(chromium).open(path.as_uri())
    assert page.do("document.documentElement.dataset.selftest") == check
    for end in ("Home", "End"):
        if page.do("!!document.getElementById('s0')"):
            page.do("document.getElementById('s0').focus()")
            page.press(end)
    assert not page.said()
    assert len(page.seen("Network.requestWillBeSent")) == 1


@needs_browser
def test_an_undefined_point_and_a_kink_are_told_on_the_way(chromium: Browser, tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    gradcalc.report("log(x) + abs(x - 2)", at={"x": 1}, symbolic=False).save(path)
    page = Page(chromium).open(path.as_uri())
    page.do("document.getElementById('s0').focus()")
    page.press("Home")
    assert "The formula has no value here." in told(page, "#state") and "undefined" in told(page, ".value")
    page.press("End")
    assert "on its kink" in told(page, "#state") and "0.693147" in told(page, ".value")


@needs_browser
def test_moved_curves_are_not_drawn_across_either(chromium: Browser, tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    gradcalc.report("tan(x)*floor(2*y)", at={"x": 1, "y": 1.2}, symbolic=False).save(path)
    page = Page(chromium).open(path.as_uri())
    page.do("document.getElementById('s0').focus()")
    page.press("ArrowRight")
    curves = page.do("[...document.querySelectorAll('.f')].map(each => each.getAttribute('d').split('M').length - 1)")
    assert curves == [2, 5]


AXE = next(
    (path for path in (ROOT / "node_modules/axe-core/axe.min.js", Path(os.environ.get("AXE", "-"))) if path.is_file()),
    None,
)


@needs_browser
@pytest.mark.skipif(AXE is None, reason="axe-core is not installed: npm install axe-core, or AXE=axe.min.js")
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(chromium: Browser, two: str, scheme: str) -> None:
    assert AXE is not None
    page = Page(chromium)
    page.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
    page.open(two)
    page.do(AXE.read_text(encoding="utf-8") + ";0")
    for _ in range(2):
        assert page.do("axe.run().then(found => found.violations.map(each => [each.id, each.impact]))") == []
        page.do("document.getElementById('s0').focus()")
        page.press("ArrowRight")


def test_the_browser_is_looked_for_by_name() -> None:
    assert CHROMIUM is None or shutil.which(CHROMIUM)
