"""Every answer in every medium; a new medium reaches every command. Answers are those of all commands."""

import contextlib
import csv
import io
import json
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from gradcalc.cli.write import Format, dumped, dumped_in_parts, write
from gradcalc.data import map
from gradcalc.language.functions import catalogue
from gradcalc.optimize import descend
from gradcalc.optimize.descent.answer import Comparison
from gradcalc.show.answer import Answer
from gradcalc.show.page import Page
from gradcalc.truth.calculator import differentiate
from tests.cli import run


def mapped(directory: Path) -> Answer:
    (directory / "in.csv").write_text("x\n1\n-1\n")
    return map.run("log(x)", str(directory / "in.csv"), str(directory / "out.csv"))


ANSWERS: dict[str, tuple[Callable[[Path], Answer], str]] = {
    "grad": (lambda _: differentiate("abs(x) + y", {"x": 0, "y": 1}, symbolic=False), "slope -1 from the left"),
    "hessian": (lambda _: differentiate("x*y", {"x": 0, "y": 0}, order=2, symbolic=False), "saddle"),
    "descend": (lambda _: descend.descend("x**2", {"x": 1}, learning_rate=0.1), "local minimum"),
    "compare": (lambda _: Comparison((descend.descend("x**2", {"x": 1}),) * 2, (0.0, 1.0)), "least-squares by auto"),
    "map": (mapped, "rows where the formula is undefined: 1"),
    "functions": (lambda _: catalogue(), "angle of the point"),
    "function": (lambda _: catalogue("arctan2"), "angle of the point"),
}


def written(answer: Answer, shape: Format) -> str:
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        write(answer, shape)
    return out.getvalue()


@pytest.mark.parametrize("data", [{}, {"a": []}, {"a": [1]}, {"a": [1, "\x1b", {"b": [2, None]}], "c": {"d": 1.5}}])
def test_a_line_of_json_is_written_item_by_item(data: dict[str, object]) -> None:
    parts = list(dumped_in_parts(data))
    assert "".join(parts) == dumped(data) and json.loads("".join(parts)) == data
    assert len(parts) >= len(data.get("a", []))  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ANSWERS)
def test_every_answer_is_drawn_by_every_medium(name: str, tmp_path: Path) -> None:
    make, fact = ANSWERS[name]
    answer = make(tmp_path)
    for shape in Format:
        text = written(answer, shape)
        assert text.endswith("\n") and text.strip()
        if shape in (Format.table, Format.html, Format.markdown):
            assert fact in text, shape
    body = json.loads(written(answer, Format.json))
    assert list(body)[:2] == ["schema", "command"] and body["schema"] == 1
    head, *rows = csv.reader(written(answer, Format.csv).splitlines())
    assert rows and all(len(row) == len(head) for row in rows)
    assert answer._repr_html_()


@pytest.mark.parametrize("name", ANSWERS)
def test_a_new_medium_reaches_every_answer(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def draw(page: Page) -> str:
        return f"{page.title}: {len(page.blocks)} blocks"

    toy = ModuleType("gradcalc.show.toy")
    toy.draw = draw  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "gradcalc.show.toy", toy)
    monkeypatch.setattr(Format, "medium", property(lambda self: "toy"))
    answer = ANSWERS[name][0](tmp_path)
    assert written(answer, Format.markdown) == f"{answer.page().title}: {len(answer.page().blocks)} blocks\n"


COMMANDS = {
    "grad": ["grad", "x**2", "--at", "x=1", "--no-symbolic"],
    "hessian": ["hessian", "x**2", "--at", "x=1", "--no-symbolic"],
    "descend": ["descend", "x**2", "--at", "x=1"],
    "compare": ["descend", "x**2", "--at", "x=1", "--compare", "newton,bfgs"],
    "functions": ["functions", "sin"],
}


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize("shape", Format)
def test_every_command_takes_every_format(name: str, shape: Format) -> None:
    ran = run(*COMMANDS[name], "--format", shape)
    signs = {"json": '{"schema": 1, ', "html": "<!doctype html>", "latex": "\\"}
    assert ran.code == 0 and signs.get(shape, "") in ran.out


@pytest.mark.parametrize("shape", Format)
def test_the_summary_of_map_takes_every_format(shape: Format, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("x\n1\n2\n")
    words = ["map", "x**2", str(tmp_path / "in.csv"), "-o", str(tmp_path / "out.csv"), "--summary", shape]
    ran = run(*words)
    assert ran.code == 0 and "out.csv" in ran.out
    assert ("2 rows" in ran.err) is (shape is not Format.table)
