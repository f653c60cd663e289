"""A sheet as HTML: what is escaped, what is live, what each part becomes."""

import re

import pytest

from gradcalc.show import diagram
from gradcalc.show.diagram import Arrow, Box, Diagram
from gradcalc.show.page import Remark, Text
from gradcalc.show.sheet import (
    Check,
    Fold,
    Graph,
    Grid,
    Lines,
    Live,
    Plot,
    Proved,
    Script,
    Section,
    Sheet,
    Slider,
    Typeset,
    Words,
    draw,
)  # fmt: skip

PLOT = Plot("x", 0, (0.0, 2.0), (-1.0, 1.0), [[(0.0, -1.0), (1.0, 0.0)], [(1.5, 1.0)]], (1.0, 0.0), 1.0, 3)
BOXES = (Box("v1", ("v1 = <x>", "value 2"), "input"), Box("v2", ("v2 = v1*v1", "value 4"), "result"))
SQUARE = Diagram("x", BOXES, (Arrow("v1", "v2", "∂ 2"), Arrow("v1", "v2", "∂ 3")))


def drawn(*parts: object, script: Script | None = None) -> str:
    section = Section("one", "First <part>", parts)  # type: ignore[arg-type]
    return draw(
        Sheet(Typeset("<f>"), (), (Slider("x", "1", 1.0, (0.0, 2.0)),), (section,), script, "It is still.", "Foot")
    )


MOVING = Script("function values(x) {\nreturn x * 2;\n}\nfunction height(x) {\nreturn x * 2;\n}", (1.0,), 0, None, None,
                (Check((1.0,), ((0, 2.0, 1e-12),)),))  # fmt: skip


@pytest.mark.parametrize(
    ("part", "html"),
    [
        (
            Words(("a<b ", Text("c", "bad"), Proved("d")), "small"),
            '<p class="small">a&lt;b <span class="bad">c</span><span class="proved">d</span></p>',
        ),
        (
            Words((Live("1.5", 7), Live("2", 8, 0), Live("3", None))),
            "<p><data data-v=7>1.5</data><data data-v=8 data-p=0>2</data>3</p>",
        ),
        (
            Words((Typeset("x", "<mi>x</mi>"), Typeset("y<"))),
            "<p><math displaystyle=true><mi>x</mi></math><code>y&lt;</code></p>",
        ),
        (Lines("a\n  b"), '<pre tabindex="0">a\n  b</pre>'),
        (Remark("kink", "at 0", "abs(x)", (0, 3)), '<b>kink:</b> at 0</p><pre tabindex="0">  abs(x)\n  ^^^</pre>'),
        (
            Fold("More", (Words(("w",)),)),
            '<details><summary>More</summary><div class="wide" role="region" tabindex="0" aria-label="More"><p>w</p></div></details>',
        ),
        (
            Grid("A table", ("", "n"), "lr", ((("x",), ("1",)),)),
            "<thead><tr><td><th scope=col class=r>n<tbody>\n<tr><th scope=row>x<td class=r>1</table>",
        ),
        (PLOT, 'class="f" d="M52.0 190.0L201.0 100.0M275.5 10.0"'),
        (PLOT, 'class="tangent" d="M52.0 190.0L350.0 10.0"'),
    ],
)
def test_a_part_is_html(part: object, html: str) -> None:
    assert html in drawn(part)


def test_a_still_sheet_has_no_script_and_says_why() -> None:
    html = drawn(Words(("w",)))
    assert "<script" not in html and "It is still." in html and 'data-selftest="none"' in html and "<input" not in html
    assert "<title>&lt;f&gt;: gradcalc</title>" in html and "First &lt;part&gt;" in html


def test_a_moving_sheet_has_its_program_and_numbers() -> None:
    html = drawn(Words(("w",)), script=MOVING)
    script = html[html.index("<script>") : html.index("</script>")]
    assert "function values(x) {\nreturn x*2;\n}" in script
    assert '"checks":[{"at":[1.0],"rows":[[0,2.0,1e-12]],"defined":true}]' in script
    assert html.count("<input") == 2 and "data-selftest" not in html.partition("<body>")[0].partition("<style>")[0]


@pytest.mark.skipif(not diagram.can_draw(), reason="pygraphviz is not installed")
def test_a_graph_is_drawn_with_its_live_numbers() -> None:
    html = drawn(Graph(SQUARE, {"v1": (None, 0), "v2": (None, 1)}, (2, None)))
    assert re.findall(r"<tspan data-v=(\d) data-p=4>(\d)</tspan>", html) == [("2", "2"), ("0", "2"), ("1", "4")]
    assert html.count('class="arrow"') == 2 and "v1 = &lt;x&gt;" in html and 'class="box result"' in html


def test_without_graphviz_a_graph_is_a_tree(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(diagram, "can_draw", lambda: False)
    assert "├─ ∂ 2: v1 = &lt;x&gt;   value 2" in drawn(Graph(SQUARE, {}, (None, None)))
