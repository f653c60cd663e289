"""`gradcalc verify`, and `critical --proof`: exit status 0, 1, 2 and 4."""

import json
from pathlib import Path

import pytest

from gradcalc.cli import main


def test_a_proof_is_written_and_verified(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "p.json"
    assert main(["critical", "x^3 - 3x", "--box", "x=-2:3", "--proof", str(path)]) == 0
    assert main(["verify", str(path), "--json"]) == 0
    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (told["command"], told["verdict"], told["reason"]) == ("verify", "holds", None)
    proof = json.loads(path.read_text())
    proof["claim"]["points"].pop()
    path.write_text(json.dumps(proof))
    assert main(["verify", str(path)]) == 1
    assert "the proof is rejected\n1 points are claimed, and a zero is said to be point 2" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("asked", "answer", "error"),
    [
        (["(x - sign(x))^2", "--box", "x=-2:3", "--global"], "least value", "not carried by proof files"),
        (["x^2*exp(-x^2)", "--box", "x=-inf:inf"], "3 critical points", "far out the proof is not carried"),
    ],
)
def test_an_answer_that_no_file_carries_is_shown_before_the_error(
    asked: list[str], answer: str, error: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["critical", *asked, "--proof", str(tmp_path / "p.json")]) == 2
    told = capsys.readouterr()
    assert answer in told.out and error in told.err


def test_a_box_of_which_the_file_claims_nothing_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["critical", "x^4", "--box", "x=-2:3", "--proof", str(tmp_path / "p.json")]) == 0
    assert "p.json claims nothing of x = -" in capsys.readouterr().err


def test_a_file_that_is_not_there_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify", str(tmp_path / "none.json")]) == 4
    assert "No such file" in capsys.readouterr().err
