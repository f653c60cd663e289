"""What a `Plot` draws: SVG by the contract, text, notebooks."""

import re
from pathlib import Path

import pytest

import gradcalc
from gradcalc.truth.pictures.plot import Plot

pytest.importorskip("matplotlib")
pytest.importorskip("plotext")


def lines(svg: str, name: str) -> list[list[tuple[float, float]]]:
    """The lines of a group of SVG, as places."""
    start = svg.index(f'<g id="{name}">')
    path = re.search(r' d="([^"]*)"', svg[start:])
    assert path
    return [
        [(float(x), float(y)) for x, y in re.findall(r"(-?[\d.]+) (-?[\d.]+)", piece)]
        for piece in path[1].split("M ")
        if piece
    ]


def test_svg_of_one_variable(tmp_path: Path) -> None:
    found = gradcalc.plot("1/x", {"x": 1}, range={"x": (-3, 3)}, order=2)
    found.save(tmp_path / "a.svg")
    svg = (tmp_path / "a.svg").read_text()
    assert "viewBox" in svg
    for name in ("f", "df", "d2f"):
        left, right = lines(svg, name)
        assert left[-1][0] <= right[0][0]
    assert len(lines(svg, "tangent")) == 1


def test_svg_of_two_variables_and_notebooks() -> None:
    found = gradcalc.plot("x*y", {"x": 1, "y": 1})
    html = found.figure()
    assert html.startswith("<svg") and "<svg" in found._repr_html_()
    for name in ("contours", "gradient", "points"):
        assert f'<g id="{name}">' in html


def test_text_has_one_line_for_each_piece_and_names_what_is_marked() -> None:
    found: Plot = gradcalc.plot("abs(x)", {"x": 1})
    text = found.as_text(60, 24)
    assert "◆ kink" in text and "tangent at x = 1" in text
    gradcalc.plot("x*y").as_text(50, 20, ascii_only=True).encode("ascii")
