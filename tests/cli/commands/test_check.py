"""`gradcalc check` as typed."""

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest

from gradcalc.truth.claims.check import Checker, Claim
from tests.cli import run

PAIRS = "formula,wrt,claim\nx^2,x,2*x\nx^2,x,2*x+1\nx^^2,x,1\nx^2/2,x,sqrt(x^2)\n"


@pytest.fixture
def pairs(tmp_path: Path) -> str:
    path = tmp_path / "pairs.csv"
    path.write_text(PAIRS)
    return str(path)


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["sin(x)^2", "--claim", "sin(2x)"], 0, "proved: equal by their normal forms"),
        (["x^2", "--claim", "2x + 1e-12"], 1, "refuted: at x = 2 the derivative is 4, the claim 4.000000000001"),
        (["x^2/2", "--claim", "sqrt(x^2)"], 0, "agrees: equal where x >= 0; proved there; at x = -1 the derivative"),
        (["x^2/2", "--claim", "sqrt(x^2)", "--require", "proved"], 1, "agrees"),
        (["x^2/2", "--claim", "sqrt(x^2)", "--require", "agrees"], 0, "agrees"),
        (["x", "--claim", "nan", "--require", "agrees"], 1, "undecided"),
        (["x^2*y", "--wrt", "x,y", "--claim", "2*x"], 0, "f/dxdy = 2*x  as claimed"),
        (["x^2*y", "--grad", "2*x*y, x^3"], 1, "2 claims: 1 proved, 1 refuted"),
        (["n*x^2", "--let", "n=3", "--claim", "6x"], 0, "let n = 3"),
        (["x^2", "--claim", "2x", "--format", "github"], 0, "1 claim: 1 proved"),
        (
            ["x^2", "--claim", "3x", "--format", "github"],
            1,
            "::error title=refuted::3x as the derivative of x^2: at x = 2",
        ),
        ([r"\frac{x^2}{2}", "--claim", "x"], 0, "proved"),
        (["-x^2", "--claim", "-2x"], 0, "proved"),
    ],
)
def test_a_claim_and_its_verdict(words: list[str], code: int, said: str) -> None:
    ran = run("check", *words)
    assert ran.code == code and said in ran.out, ran


def test_a_file_as_json_is_one_document_in_its_order(pairs: str) -> None:
    ran = run("check", pairs, "--json")
    body = json.loads(ran.out)
    assert ran.code == 1 and (body["schema"], body["command"]) == (1, "check")
    assert [claim["verdict"] for claim in body["claims"]] == ["proved", "refuted", "undecided", "agrees"]
    assert body["claims"][3]["domain"] == "x >= 0" and body["claims"][2]["error"]["span"] == [2, 3]
    assert len(ran.out.splitlines()) == 6


def test_a_table_of_a_file_shows_what_could_not_be_read(pairs: str) -> None:
    ran = run("check", pairs)
    assert "4 claims: 1 proved, 1 refuted, 1 agrees, 1 not read" in ran.out
    assert "line 4: an operand is missing before ^\n  x^^2\n    ^" in ran.out


def test_annotations_of_a_workflow(pairs: str) -> None:
    lines = run("check", pairs, "--format", "github").out.splitlines()
    assert [line.rpartition("title=")[0] for line in lines[:2]] == [
        f"::error file={pairs},line=3,", f"::error file={pairs},line=4,",
    ]  # fmt: skip


def test_a_report_of_junit(pairs: str, tmp_path: Path) -> None:
    report = tmp_path / "report.xml"
    assert run("check", pairs, "--junit", str(report), "--require", "proved").code == 1
    suite = ElementTree.parse(report).getroot()
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("4", "2", "1")
    assert [[part.tag for part in case] for case in suite] == [["system-out"], ["failure"], ["error"], ["failure"]]
    assert run("check", "x", "--claim", "1", "--junit", str(tmp_path / "none" / "r.xml")).code == 4


MODEL = """
import math

def f(x, y):
    return x**2 * math.sin(y)

def grad_f(x, y):
    return 2 * x * math.sin(y), x**2 * math.cos(y)

def wrong(x, y):
    return 2 * x * math.sin(y), x**2 * math.sin(y)

def broken(x, y):
    return [0, 1][2]
"""


def test_python_functions(tmp_path: Path) -> None:
    model = tmp_path / "model.py"
    model.write_text(MODEL)
    (tmp_path / "broken.py").write_text("1/0\n")
    ran = run("check", f"{model}:f", "--claim", f"{model}:grad_f", "--box", "x=-1:1,y=0:pi")
    assert ran.code == 0 and "2 claims: 2 agrees" in ran.out and "evidence by difference quotients" in ran.out
    words = ["check", f"{model}:f", "--claim", f"{model}:wrong", "--formula", "x^2*sin(y)"]
    body = json.loads(run(*words, "--at", "x=1,y=2", "--json").out)
    assert [claim["verdict"] for claim in body["claims"]] == ["agrees", "agrees", "refuted"]
    assert body["claims"][2]["witness"]["at"] == {"x": 1.0, "y": 2.0}
    for claim, more, code, said in [
        (f"{model}:grad_g", ["--box", "x=0:1,y=0:1"], 2, "has no function grad_g"),
        (f"{model}:grad_f", [], 2, "no points are given"),
        (f"{model}:broken", ["--box", "x=0:1,y=0:1"], 2, "broken raises IndexError in line 14 of model.py: list index"),
        (f"{model}:grad_f", ["--box", "x=0:1,z=0:1"], 2, "f takes x, y, and the points have x, z"),
        (f"{model}:grad_f", ["--box", "x=0"], 2, "says not what x=0 is"),
        (f"{model}:grad_f", ["--box", "x=2:1,y=0:1"], 2, "no range"),
        (f"{tmp_path}/none.py:g", ["--box", "x=0:1"], 4, "No such file"),
        (f"{tmp_path}/broken.py:g", ["--box", "x=0:1"], 4, "ZeroDivisionError"),
        ("2*x", ["--box", "x=0:1"], 2, "the gradient of a Python function is one too"),
    ]:
        ran = run("check", f"{model}:f", "--claim", claim, *more)
        assert ran.code == code and said in ran.err, ran


@pytest.mark.parametrize("format", ["csv", "latex", "html", "markdown"])
def test_every_medium(format: str, pairs: str) -> None:
    for words in ([pairs], ["x^2*y", "--hessian", "[[2y,2x],[2x,0]]"], ["x^2", "--claim", "2x"]):
        ran = run("check", *words, "--format", format)
        assert ran.code == (1 if words == [pairs] else 0) and "proved" in ran.out


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["x^2"], 2, "nothing is claimed"),
        (["d/dx sin(x)^2 = sin(2x)"], 2, 'try: "sin(x)^2" --claim "sin(2x)"'),
        (["diff(x^3, x) = 3x^2"], 2, 'try: "x^3" --claim "3x^2"'),
        (["none.csv"], 4, "none.csv: No such file"),
        (["x^2", "--claim", "2x+*"], 2, "^"),
        (["none.csv", "--claim", "2x"], 2, "--claim is for a formula"),
        (["x", "--claim", "1", "--json", "--format", "github"], 2, "contradict each other"),
    ],
)
def test_what_is_no_question(words: list[str], code: int, said: str) -> None:
    ran = run("check", *words)
    assert ran.code == code and said in ran.err + ran.out


def test_ctrl_c_keeps_the_claims_that_are_judged(pairs: str, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = Checker.judge
    seen: list[str] = []

    def judge(self: Checker, text: str, wrt: str | None, claim: str) -> Claim:
        seen.append(text)
        if len(seen) == 2:
            raise KeyboardInterrupt
        return whole(self, text, wrt, claim)

    monkeypatch.setattr(Checker, "judge", judge)
    done = run("check", pairs)
    assert done.code == 130
    assert "1 claim: 1 proved; interrupted, the others were not judged" in done.out


def test_a_proof_file_of_claims(tmp_path: Path) -> None:
    proof = tmp_path / "c.json"
    assert run("check", "x^2*y", "--grad", "2*x*y, x^2 + 1e-12", "--proof", str(proof)).code == 1
    done = run("verify", str(proof), "--json")
    assert done.code == 0 and json.loads(done.out)["verdict"] == "holds"
    done = run("check", "max(x, y)", "--grad", "where(x > y, 1, 0), 2*y", "--proof", str(proof))
    assert f"{proof} carries 1 of 2 claims" in done.err
