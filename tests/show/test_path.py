"""A path as SVG: its line through the corners of the picture, and what has none."""

import re
from xml.etree import ElementTree

import pytest

from gradcalc import compile, descend, differentiate
from gradcalc.show.path import svg


def line(text: str) -> list[tuple[float, float]]:
    found = ElementTree.fromstring(text).find("{*}polyline")
    assert found is not None
    return [tuple(map(float, pair.split(","))) for pair in found.attrib["points"].split()]  # type: ignore[misc]


def test_the_line_goes_from_corner_to_corner_and_up_is_up() -> None:
    made = svg([(0, 0), (1, 1), (2, 4)], ("x", "a<b"), "f & g")
    assert line(made) == [(28, 212), (180, 166), (332, 28)]
    assert "f &amp; g" in made and "a&lt;b: 0 … 4" in made


@pytest.mark.parametrize("places", [[], [(1, 1)], [(1, 1), (1, 1)], [(0, 0), (float("nan"), 1), (1, float("inf"))]])
def test_no_path_no_picture(places: list[tuple[float, float]]) -> None:
    assert svg(places, ("x", "y"), "") == ""


def test_huge_numbers_do_not_overflow() -> None:
    assert [x for x, _ in line(svg([(-1.7e308, 0), (1.7e308, 1)], ("x", "y"), ""))] == [28, 332]


def test_notebooks_show_paths_and_stay_small() -> None:
    made = descend("(1-x)^2 + 100(y-x^2)^2", at={"x": -1.2, "y": 1}, learning_rate=1e-4, steps=2000)
    shown = made._repr_html_()
    assert len(line(made.figure())) == 400 and "x: -1.2" in made.figure() and len(shown) < 20_000 and "<table" in shown
    values = descend("x^2", at={"x": 3}, learning_rate=0.1, steps=5).figure()
    assert "step: 0 … 5" in values and len(line(values)) == 6
    many = differentiate("sum(x[1:]*x[:-1])*x[0]", at={"x": [0.5] * 300}, order=2, symbolic=False, certify=False)
    assert len(many._repr_html_()) < 150_000


def test_a_kernel_shows_its_formula_typeset() -> None:
    pytest.importorskip("llvmlite")
    kernel = compile("x**2/y", order=2)
    assert re.fullmatch(r"\$f = \\frac\{.*\$ — `Kernel\(x, y; wrt x, y; order 2\)`", kernel._repr_latex_() or "")
