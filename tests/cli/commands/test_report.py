"""`gradcalc report`: files, media and refusals."""

from pathlib import Path

import pytest

from gradcalc.cli import main


def test_a_page_is_written_whole(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "r.html"
    words = ["report", "a*x^2", "--at", "x=2", "--let", "a=3", "--no-symbolic"]
    assert main([*words, "-o", str(path)]) == 0
    assert capsys.readouterr().out == ""
    page = path.read_text(encoding="utf-8")
    assert page.endswith("</html>\n") and "a = 3" in page
    assert main([*words, "-o", "-"]) == 0
    assert capsys.readouterr().out == page
    assert main([*words, "--json"]) == 0
    assert capsys.readouterr().out.startswith('{"schema": 1, "command": "report", "expression": "a*x**2"')


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["x^2", "--at", "x=1"], 2, "a page needs a file"),
        (["x^2", "--at", "x=1", "--at", "x=2", "-o", "-"], 2, "a page is of one point, and 2 are given"),
        (["x^2", "-o", "-"], 2, "no value for x"),
        (["[x, y]", "--at", "x=1,y=2", "-o", "-"], 2, "gradcalc jacobian"),
        (["x^2", "--at", "x=1", "-o", "nowhere/r.html"], 4, "there is no directory"),
        (["x^2", "--at", "x=1", "-o", "/dev/full"], 4, "No space left on device"),
    ],
)
def test_what_cannot_be_is_said(words: list[str], code: int, message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", *words, "--no-symbolic"] if code == 4 else ["report", *words]) == code
    assert message in capsys.readouterr().err
