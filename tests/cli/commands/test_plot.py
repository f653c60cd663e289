"""`gradcalc plot`, and what a terminal can show of a picture (`here`)."""

import io
import json
import sys
from pathlib import Path

import pytest

from gradcalc.cli import here, main

pytest.importorskip("matplotlib")
pytest.importorskip("plotext")


def test_it_draws_here_or_into_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plot", "x*sin(x)", "--at", "2"]) == 0
    shown = capsys.readouterr().out
    assert "tangent at x = 2" in shown and "f = x*sin(x)" in shown and "\x1b" not in shown
    assert main(["plot", "1/x", "--range", "-1:1", "-o", str(tmp_path / "a.png")]) == 0
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")
    assert not capsys.readouterr().out


def test_json_has_the_pieces(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plot", "tan(x)", "--range", "x=-2:2", "--json", "--order", "2"]) == 0
    body = json.loads(capsys.readouterr().out)
    assert [len(curve["pieces"]) for curve in body["curves"]] == [3, 3, 3]
    assert body["range"] == {"x": [-2.0, 2.0]}


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["log(-1-x^2)"], 3, "undefined everywhere"),
        (["log(-1-x^2)", "-o", "a.png"], 3, "undefined everywhere"),
        (["floor(100000*x)"], 1, "could not be settled"),
        (["x", "-o", "a.jpg"], 2, "-o draws .png, .svg, .pdf"),
        (["x", "-o", "/nowhere/a.png"], 4, "there is no directory"),
        (["x", "--range", "0:1", "--range", "2:3"], 2, "two ranges for one variable"),
        (["x", "--range", "x=1:0"], 2, "is no range"),
        (["x", "--range", ""], 2, "nothing is no range"),
        (["x +"], 2, "^"),
        (["x*y*z"], 2, "--wrt x,y"),
    ],
)
def test_what_goes_wrong_is_told(
    words: list[str], code: int, told: str, capsys: pytest.CaptureFixture[str], tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    assert main(["plot", *words]) == code
    output = capsys.readouterr()
    assert told in output.out + output.err
    assert not list(tmp_path.iterdir())


def test_a_terminal_without_unicode_gets_ascii(monkeypatch: pytest.MonkeyPatch) -> None:
    from gradcalc.truth.pictures.plotting import plot

    picture = plot("1/x").picture
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), "ascii"))
    monkeypatch.setenv("COLUMNS", "50")
    found = here.text_here(picture)
    assert max(map(len, found.encode("ascii").splitlines())) <= 50
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), "utf-8"))
    for name, value in (("LANG", "de_DE.UTF-8"), ("LC_CTYPE", ""), ("LC_ALL", "")):
        monkeypatch.setenv(name, value)
    assert not here.text_here(picture).isascii()
    monkeypatch.setenv("LC_ALL", "C")  # where Python itself writes UTF-8
    assert here.text_here(picture) == found
