"""Files of claims: each line has its verdict, and one that is broken loses no other."""

from pathlib import Path

import pytest

from gradcalc.data.pairs import check_file
from gradcalc.errors import FileError

CSV = r"""formula,wrt,claim,comment
x^2,x,2*x,right
x^2,x,2*x+1,wrong

# a comment
"max(x, 1)",x,"where(x > 1, 1, 0)",quotes
max(x, 1),x,1,no quotes
x^2*y,,2*x*y,which variable
x^2*y,"x,y",2*x,mixed
x^^2,x,2*x,
e^x,x,e^x,
e^x,e,x*e^(x-1),
"sin(x)
^2",x,sin(2x),two lines
"x^2,x,2*x,never closed
x^2,x,,empty
\frac{x^2}{2},x,x,LaTeX
"""
EXPECTED = [
    (2, "proved"), (3, "refuted"), (6, "proved"), (7, "the line has 5 cells, the first line 4"),
    (8, "what the claim is derived for is not said"), (9, "proved"), (10, "an operand is missing"), (11, "proved"),
    (12, "proved"), (13, "proved"), (15, "the line is no CSV"), (16, "the line has no claim"), (17, "proved"),
]  # fmt: skip


@pytest.mark.parametrize("change", ["", "bom", "semicolons", "crlf", "gzip", "utf-16"])
def test_every_line_of_a_csv_file_is_answered_in_its_order(tmp_path: Path, change: str) -> None:
    text, path = CSV, tmp_path / ("pairs.csv.gz" if change == "gzip" else "pairs.csv")
    if change == "semicolons":
        text = "claim;formula\n2*x;x^2\n2*x+1;x^2\nwhere(x > 1, 1, 0);max(x, 1)\n"
    data = text.replace("\n", "\r\n" if change == "crlf" else "\n").encode("utf-16" if change == "utf-16" else "utf-8")
    if change == "gzip":
        import gzip

        data = gzip.compress(data)
    path.write_bytes(b"\xef\xbb\xbf" + data if change == "bom" else data)
    found = check_file(path)
    told = [(claim.line, claim.error.message if claim.error else claim.verdict) for claim in found.claims]
    expected = [(2, "proved"), (3, "refuted"), (4, "proved")] if change == "semicolons" else EXPECTED
    assert [line for line, _ in told] == [line for line, _ in expected]
    assert all(str(told_).startswith(said) for (_, told_), (_, said) in zip(told, expected, strict=True))
    assert found.exit_code == 1


def test_json_lines(tmp_path: Path) -> None:
    path = tmp_path / "pairs.jsonl"
    path.write_bytes(
        b'{"formula": "x^2", "claim": "2x", "id": 7}\nnonsense\n\n{"formula": "x^2"}\n'
        b'{"formula": "x*y", "wrt": ["x", "y"], "claim": "1"}\n[1]\n{"formula": "x\xff", "wrt": "x", "claim": "1"}\n'
        b'{"formula": "x^2", "wrt": null, "claim": "2x"}\n{"formula": 3, "claim": "1"}\n'
    )
    found = check_file(path)
    told = [(claim.line, claim.error.message[:22] if claim.error else claim.verdict) for claim in found.claims]
    assert told == [
        (1, "proved"), (2, "the line is no JSON ob"), (4, "the line has no claim"), (5, "proved"),
        (6, "the line is no JSON ob"), (7, "the formula is not UTF"), (8, "proved"), (9, "the line has no formul"),
    ]  # fmt: skip
    assert found.exit_code == 2


@pytest.mark.parametrize(
    ("text", "message"),
    [("", "no column formula"), ("a,b\n1,2\n", "no column formula"), ("formula\nx\n", "no column claim")],
)
def test_a_file_that_holds_no_claims_is_refused(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "pairs.csv"
    path.write_text(text)
    with pytest.raises(FileError, match=message):
        check_file(path)
    with pytest.raises(FileError, match="No such file"):
        check_file(tmp_path / "other.csv")
