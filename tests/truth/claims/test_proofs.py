"""`verify`: a file that holds, planted errors that are rejected, and what is no proof file."""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gradcalc import check, critical, verify
from gradcalc.errors import FileError, UsageError

Proof = dict[str, Any]


@pytest.fixture(scope="module")
def proof(tmp_path_factory: pytest.TempPathFactory) -> Proof:
    path = tmp_path_factory.mktemp("proof") / "p.json"
    critical("x^3 - 3*x*y^2 + x", box="x=-2:2,y=-2:pi/2", proof=path)
    found: Proof = json.loads(path.read_text())
    return found


def verified(proof: Proof, tmp_path: Path) -> Any:
    (tmp_path / "q.json").write_text(json.dumps(proof))
    return verify(tmp_path / "q.json")


def test_a_proof_holds_and_says_what_it_proves(proof: Proof, tmp_path: Path) -> None:
    found = verified(proof, tmp_path)
    assert (found.verdict, found.reason, found.exit_code) == ("holds", None, 0)
    assert found.claim == "x**3 - 3*x*y**2 + x has these 2 critical points in x=-2.0:2.0, y=-2.0:pi/2, and no others"
    assert list(found.to_dict()) == ["schema", "command", "expression", "verdict", "claim", "rests_on", "reason"]
    assert "the proof holds" in str(found.page())


def first(proof: Proof, reason: str) -> int:
    return next(k for k, step in enumerate(proof["tree"]) if step[0] == reason)


PLANTED: dict[str, Callable[[Proof], object]] = {
    "a digit": lambda p: p["claim"]["points"][0]["at"].update(y="-0.5773502691896257745"),
    "a digit of an exact number": lambda p: p["claim"]["points"][1]["at"].update(x="1e-15"),
    "the kind": lambda p: p["claim"]["points"][0].update(kind="minimum"),
    "the index": lambda p: p["claim"]["points"][0].update(index=2),
    "the value": lambda p: p["claim"]["points"][0].update(value="0.001"),
    "the face": lambda p: p["claim"]["points"][0].update(on_face=True),
    "a point left out": lambda p: p["claim"]["points"].pop(),
    "a point and its proof left out": lambda p: (p["claim"]["points"].pop(), p["points"].pop()),
    "a point twice": lambda p: (p["claim"]["points"].append(p["claim"]["points"][0]), p["points"].append(p["points"][0])),
    "a point called another's": lambda p: p["others"].append(p["points"].pop()) or p["claim"]["points"].pop(),
    "not complete": lambda p: p["claim"].update(complete=False),
    "a piece left out": lambda p: p["tree"].pop(5),
    "the last piece left out": lambda p: p["tree"].pop(),
    "a piece too many": lambda p: p["tree"].append(["out"]),
    "a piece in a zero's box that is not there": lambda p: p["tree"].__setitem__(first(p, "out"), ["in", 0]),
    "a zero said to be excluded": lambda p: p["tree"].__setitem__(first(p, "in"), ["out"]),
    "a reason that there is not": lambda p: p["tree"].__setitem__(first(p, "out"), ["left", 0]),
    "a cut of no side": lambda p: p["tree"].__setitem__(0, ["cut", -1, 0.0]),
    "another formula": lambda p: p.update(expression="x**3 - 3*x*y**2 + 1.0001*x"),
    "another task": lambda p: p.update(task="roots"),
    "no formula": lambda p: p.update(expression="x +"),
    "another order of variables": lambda p: p.update(variables=["y", "x"]),
    "a number that is none": lambda p: p["points"][0].update(inverse=[["x", 0], [0, 1]]),
    "a number too long": lambda p: p["claim"]["points"][0]["at"].update(x="1e999999"),
    "a zero's box moved": lambda p: p["points"][0].update(box=[["1", "1.1"], ["1", "1.1"]]),
    "a part missing": lambda p: p.pop("others"),
    "a part of another kind": lambda p: p.update(claim=[]),
}  # fmt: skip


@pytest.mark.parametrize("what", PLANTED)
def test_a_planted_error_is_rejected(what: str, proof: Proof, tmp_path: Path) -> None:
    changed = copy.deepcopy(proof)
    PLANTED[what](changed)
    found = verified(changed, tmp_path)
    assert (found.verdict, found.claim, found.exit_code) == ("rejected", None, 1), what
    assert found.reason


def test_a_changed_aid_is_rejected_or_proves_the_claim_still(proof: Proof, tmp_path: Path) -> None:
    coarse = copy.deepcopy(proof)
    coarse["points"][0]["inverse"] = [[round(x, 2) for x in row] for row in coarse["points"][0]["inverse"]]
    assert verified(coarse, tmp_path).verdict == "holds"
    wrong = copy.deepcopy(proof)
    wrong["points"][0]["inverse"] = [[0, 0], [0, 0]]
    assert verified(wrong, tmp_path).verdict == "rejected"
    coarse = copy.deepcopy(proof)
    coarse["tree"] = [["out"] if step[0] == "off" else step for step in coarse["tree"]]
    assert verified(coarse, tmp_path).verdict in ("holds", "rejected")


# -- claims ------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def claims(tmp_path_factory: pytest.TempPathFactory) -> Proof:
    path = tmp_path_factory.mktemp("proof") / "c.json"
    made = check("x^2*sin(y)", grad="2*x*sin(y), x^2*cos(y) + 1e-12", proof=path)
    assert [claim.verdict for claim in made.claims] == ["proved", "refuted"]
    found: Proof = json.loads(path.read_text())
    return found


def test_claims_hold_that_are_proved_or_refuted(claims: Proof, tmp_path: Path) -> None:
    found = verified(claims, tmp_path)
    assert (found.verdict, found.reason) == ("holds", None)
    assert found.claim == (
        "2*x*sin(y) is d/d(x) of x^2*sin(y): proved; x^2*cos(y) + 1e-12 is d/d(y) of x^2*sin(y): refuted"
    )


PLANTED_CLAIMS: dict[str, Callable[[Proof], object]] = {
    "refuted called proved": lambda p: p["claims"][1].update(verdict="proved"),
    "proved called refuted": lambda p: p["claims"][0].update(verdict="refuted", witness=p["claims"][1]["witness"]),
    "another claim": lambda p: p["claims"][0].update(claim="2*x*sin(y) + 1e-30"),
    "another formula": lambda p: p["claims"][0].update(formula="x^2*sin(y) + x^9/10^9"),
    "another variable": lambda p: p["claims"][0].update(wrt="y"),
    "the claim that is right": lambda p: p["claims"][1].update(claim="x^2*cos(y)"),
    "a witness without a coordinate": lambda p: p["claims"][1]["witness"]["at"].pop("x"),
    "no witness": lambda p: p["claims"][1].update(witness=None),
    "another verdict": lambda p: p["claims"][0].update(verdict="agrees"),
    "no claims": lambda p: p.update(claims=[]),
}


@pytest.mark.parametrize("what", PLANTED_CLAIMS)
def test_a_planted_error_in_a_claim_is_rejected(what: str, claims: Proof, tmp_path: Path) -> None:
    changed = copy.deepcopy(claims)
    PLANTED_CLAIMS[what](changed)
    assert verified(changed, tmp_path).verdict == "rejected", what


def test_another_witness_may_be_one_too(claims: Proof, tmp_path: Path) -> None:
    changed = copy.deepcopy(claims)
    changed["claims"][1]["witness"]["at"] = {"x": "0.1", "y": 7}
    assert verified(changed, tmp_path).verdict == "holds"


def test_claims_that_files_do_not_carry_are_refused(tmp_path: Path) -> None:
    for formula, claim in (("max(x, 1)", "where(x > 1, 1, 0)"), ("sqrt(x^2)", "1")):
        with pytest.raises(UsageError, match="no claim is refuted, or proved by what proof files carry"):
            check(formula, claim, proof=tmp_path / "c.json")
    assert not (tmp_path / "c.json").exists()


@pytest.mark.parametrize("text", ["", "{", "[1]", '{"schema": 1}', "\xff", "[" * 100_000])
def test_what_is_no_proof_file_is_told(text: str, tmp_path: Path) -> None:
    (tmp_path / "bad.json").write_text(text, encoding="latin-1")
    with pytest.raises(FileError, match="bad.json is no proof file"):
        verify(tmp_path / "bad.json")
    with pytest.raises(FileError, match="No such file"):
        verify(tmp_path / "none.json")
