"""Diagrams: text of our own, pictures by Graphviz, the same bytes each time."""

from pathlib import Path

import pytest

from gradcalc.errors import UsageError
from gradcalc.show.diagram import Arrow, Box, Diagram, dot, mermaid, save, tree

DIAGRAM = Diagram(
    'x*"y"',
    (Box("a", ("a = x", "1"), "input"), Box("b", ("b = a*a",), "bad"), Box("c", ("c = b + a",), "result")),
    (Arrow("a", "b", "2"), Arrow("a", "b", "2"), Arrow("b", "c", "1"), Arrow("a", "c")),
    "2 folded",
)


def test_dot_quotes_what_it_writes() -> None:
    text = dot(DIAGRAM)
    assert r'label="x*\"y\"\n2 folded"' in text
    assert r'"a" [label="a = x\n1", fillcolor="#dbeafe"];' in text and "color=red" in text
    assert text.count('"a" -> "b" [label="2"];') == 2 and '"a" -> "c";' in text


def test_mermaid_escapes_its_own_signs() -> None:
    text = mermaid(DIAGRAM)
    assert "title: x#42;#34;y#34; 2 folded" in text
    assert 'n1["b = a#42;a"]' in text and 'n0 -->|"2"| n1' in text and "n0 --> n2" in text


def test_a_tree_names_a_box_again_that_came_before() -> None:
    assert tree(DIAGRAM).splitlines() == [
        "2 folded",
        "c = b + a",
        "├─ 1: b = a*a  !",
        "│  ├─ 2: a = x   1",
        "│  └─ 2: a, above",
        "└─ a, above",
    ]


@pytest.mark.parametrize("suffix", [".dot", ".mmd", ".svg", ".png", ".pdf", ".html"])
def test_files_are_the_same_each_time(tmp_path: Path, suffix: str) -> None:
    if suffix not in (".dot", ".mmd"):
        pytest.importorskip("pygraphviz")
    first, second = tmp_path / f"a{suffix}", tmp_path / f"b{suffix}"
    save(DIAGRAM, first)
    save(DIAGRAM, second)
    assert first.read_bytes() == second.read_bytes() and first.stat().st_size > 100


@pytest.mark.parametrize("name", ["a.gif", "a"])
def test_other_suffixes_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match=r"\.svg"):
        save(DIAGRAM, tmp_path / name)
