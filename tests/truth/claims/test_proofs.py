"""`verify` and `points`: a file that holds, planted errors that are rejected, and what is no proof file."""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gradcalc import check, critical, verify
from gradcalc.errors import FileError, UsageError

Proof = dict[str, Any]


QUESTIONS: dict[str, dict[str, Any]] = {
    "smooth": {"expression": "x^3 - 3*x*y^2 + x", "box": "x=-2:2,y=-2:pi/2"},
    "kink": {"expression": "abs(x - 1) + x^2/4", "box": "x=-3:3"},
    "along": {"expression": "x*y + x", "box": "x=-3:3,y=-3:3", "subject_to": "x^2 + y^2 <= 2"},
    "open": {"expression": "(x - sqrt(2))^4", "box": "x=-2:2"},
    "face": {"expression": "cos(x)", "box": "x=1:pi"},
    "pole": {"expression": "x^2 + 1/(x - 1)", "box": "x=-2:2"},
    "least": {"expression": "x^2 - 2*x*y + y^3", "box": "x=0:1,y=-1:pi/2", "least": True, "greatest": True},
    "plain": {"expression": "x", "box": "x=1:3", "least": True, "greatest": True},
    "larger": {"expression": "max(x, 1 - x) - min(x + 2, 3*x + 4) + x^2/4", "box": "x=-3:3"},
    "kinks": {"expression": "abs(x) + abs(x - 1) + abs(x + 1) + abs(x - 2) + abs(x + 2)", "box": "x=-3:3", "least": True},
    "meeting": {"expression": "x^2 + y^2", "box": "x=-1:2,y=-1:2", "subject_to": ["x >= 0", "y >= 0"]},
    "endless": {"expression": "x^2 + y^2 + x*y/3 + x", "box": "x=-inf:inf,y=-inf:inf"},
}  # fmt: skip


@pytest.fixture(scope="module")
def proofs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Proof]:
    path, found = tmp_path_factory.mktemp("proof"), {}
    for name, question in QUESTIONS.items():
        critical(**question, proof=path / name)
        found[name] = json.loads((path / name).read_text())
    return found


def verified(proof: Proof, tmp_path: Path) -> Any:
    (tmp_path / "q.json").write_text(json.dumps(proof))
    return verify(tmp_path / "q.json")


@pytest.mark.parametrize("which", QUESTIONS)
def test_a_proof_holds(which: str, proofs: dict[str, Proof], tmp_path: Path) -> None:
    found = verified(proofs[which], tmp_path)
    assert (found.verdict, found.reason, found.exit_code) == ("holds", None, 0)
    assert list(found.to_dict()) == ["schema", "command", "expression", "verdict", "claim", "rests_on", "reason"]
    assert "the proof holds" in str(found.page())


def test_a_proof_says_what_it_proves(proofs: dict[str, Proof], tmp_path: Path) -> None:
    smooth, along, left = (verified(proofs[which], tmp_path).claim for which in ("smooth", "along", "open"))
    assert smooth == "x**3 - 3*x*y**2 + x has these 2 critical points in x=-2.0:2.0, y=-2.0:pi/2, and no others"
    assert along.startswith("x*y + x under x^2 + y^2 <= 2 has these 5 critical points in")
    assert left.startswith("(x - sqrt(2))**4 has no critical point in x=-2.0:2.0 outside of 1 box: x=1.41")


def first(proof: Proof, reason: str, part: int = 0) -> int:
    return next(k for k, step in enumerate(proof["parts"][part]["tree"]) if step[0] == reason)


def point(proof: Proof, k: int = 0) -> Proof:
    return proof["claim"]["points"][k]  # type: ignore[no-any-return]


def zero(proof: Proof, k: int = 0) -> Proof:
    return proof["parts"][0]["zeros"][k]  # type: ignore[no-any-return]


def put(proof: Proof, step: list[Any], at: int) -> None:
    proof["parts"][0]["tree"][at] = step


def bound(proof: Proof, which: str = "least") -> Proof:
    return proof["claim"][which]  # type: ignore[no-any-return]


def behind(proof: Proof, which: str = "least") -> Proof:
    return proof["extremes"][which]  # type: ignore[no-any-return]


def sliver(proof: Proof) -> None:
    """Move a cut, so that a piece between is in none of the halves of those that follow."""
    tree = proof["parts"][0]["tree"]
    k = max(k for k, step in enumerate(tree) if step[0] == "cut")
    tree[k] = ["out"]
    last = len(tree) - 1
    tree.pop(last)
    tree.pop(last - 1)


PLANTED: dict[str, tuple[str, Callable[[Proof], object]]] = {
    "a digit": ("smooth", lambda p: point(p)["at"].update(y="-0.5773502691896257745")),
    "a digit of an exact number": ("smooth", lambda p: point(p, 1)["at"].update(x="1e-15")),
    "a point elsewhere": ("kink", lambda p: point(p)["at"].update(x="0.99")),
    "a point that is nan": ("smooth", lambda p: point(p)["at"].update(x=float("nan"))),
    "a point that is infinite": ("smooth", lambda p: point(p)["at"].update(x="inf")),
    "a point of one more variable": ("smooth", lambda p: point(p)["at"].update(z="0")),
    "the kind": ("smooth", lambda p: point(p).update(kind="minimum")),
    "the kind of a kink": ("kink", lambda p: point(p).update(kind="minimum")),
    "the kind along": ("along", lambda p: point(p).update(kind="maximum")),
    "no kind": ("smooth", lambda p: point(p).pop("kind")),
    "the index": ("smooth", lambda p: point(p).update(index=2)),
    "an index of a kink": ("kink", lambda p: point(p).update(index=0)),
    "the value": ("smooth", lambda p: point(p).update(value="0.001")),
    "the value of a kink": ("kink", lambda p: point(p).update(value="0.2500000000000000003")),
    "no value": ("smooth", lambda p: point(p).update(value=None)),
    "not proved": ("smooth", lambda p: point(p).update(proved=False)),
    "what nobody knows": ("smooth", lambda p: point(p).update(unique=True)),
    "the face": ("smooth", lambda p: point(p).update(on_face=True)),
    "a face that is a number": ("face", lambda p: point(p).update(on_face=0.5)),
    "an index that is a truth": ("smooth", lambda p: point(p).update(index=True)),
    "not on the face": ("face", lambda p: point(p).pop("on_face")),
    "another face": ("face", lambda p: zero(p).update(exact=["3.14159265358979323"])),
    "a multiplier": ("along", lambda p: [q["multipliers"].update({k: "-" + v}) for q in p["claim"]["points"] for k, v in q.get("multipliers", {}).items()]),
    "no multiplier": ("along", lambda p: [q.pop("multipliers") for q in p["claim"]["points"] if "multipliers" in q]),
    "the signs of multipliers": ("along", lambda p: point(p).update(kkt=not point(p)["kkt"])),
    "signs of multipliers without constraints": ("smooth", lambda p: point(p).update(kkt=True)),
    "another constraint": ("along", lambda p: p.update(subject_to=["x^2 + y^2 <= 2.0000001"])),
    "an equation": ("along", lambda p: p.update(subject_to=["x^2 + y^2 = 2"])),
    "no constraint": ("along", lambda p: p.update(subject_to=[])),
    "one more constraint": ("smooth", lambda p: p.update(subject_to=["x <= 1"])),
    "a point left out": ("smooth", lambda p: p["claim"]["points"].pop()),
    "a point and its proof left out": ("smooth", lambda p: (p["claim"]["points"].pop(), p["parts"][0]["zeros"].pop())),
    "a point twice": ("smooth", lambda p: (p["claim"]["points"].append(point(p)), p["parts"][0]["zeros"].append(zero(p) | {"point": 2}))),
    "a point that is none": ("smooth", lambda p: (zero(p).update(point=None), p["claim"]["points"].pop(0), zero(p, 1).update(point=0))),
    "points of one number": ("smooth", lambda p: zero(p, 1).update(point=zero(p)["point"])),
    "a number from behind": ("smooth", lambda p: zero(p).update(point=-1 - (1 - zero(p)["point"]))),
    "a kink's point in another case": ("kink", lambda p: zero(p).update(choices=[1])),
    "a zero of no case": ("kink", lambda p: zero(p).update(choices=[])),
    "a kink set as there is no way": ("kink", lambda p: zero(p).update(choices=[2])),
    "not complete": ("smooth", lambda p: p["claim"].update(complete=False)),
    "complete after all": ("open", lambda p: p["claim"].update(complete=True)),
    "complete, no box left": ("open", lambda p: p["claim"].update(complete=True, unsettled=[])),
    "a box left that is smaller": ("open", lambda p: p["claim"]["unsettled"][0].update(x=[1.4143, 1.4144])),
    "a box left that is turned": ("open", lambda p: p["claim"]["unsettled"][0]["x"].reverse()),
    "more is claimed": ("smooth", lambda p: p["claim"].update(global_minimum="0")),
    "a part left out": ("endless", lambda p: p["parts"].pop()),
    "parts in another order": ("endless", lambda p: p["parts"].reverse()),
    "a part twice": ("kink", lambda p: p["parts"].append(p["parts"][0])),
    "a switch set twice": ("along", lambda p: put(p, ["split", 0], 1)),
    "a switch that there is not": ("kink", lambda p: put(p, ["split", 1], 0)),
    "a switch from behind": ("kink", lambda p: put(p, ["split", -1], 0)),
    "a kink not gone through": ("kink", lambda p: put(p, ["in", 0], first(p, "split"))),
    "a kink said to be excluded": ("kinks", lambda p: put(p, ["out"], first(p, "split"))),
    "a piece left out": ("smooth", lambda p: p["parts"][0]["tree"].pop(5)),
    "the last piece left out": ("smooth", lambda p: p["parts"][0]["tree"].pop()),
    "no tree": ("pole", lambda p: p["parts"][0]["tree"].clear()),
    "a piece too many": ("smooth", lambda p: p["parts"][0]["tree"].append(["out"])),
    "halves that are not looked at": ("smooth", sliver),
    "a piece in a zero's box that is not there": ("smooth", lambda p: put(p, ["in", 0], first(p, "out"))),
    "a piece in no zero's box": ("smooth", lambda p: put(p, ["in", 7], first(p, "out"))),
    "a zero said to be excluded": ("smooth", lambda p: put(p, ["out"], first(p, "in"))),
    "a zero at a kink said to be excluded": ("kink", lambda p: [put(p, ["out"], k) for k, step in enumerate(p["parts"][0]["tree"]) if step[0] == "in"]),
    "a zero along said to be excluded": ("along", lambda p: put(p, ["out"], first(p, "in"))),
    "a box left said to be excluded": ("open", lambda p: put(p, ["out"], first(p, "left"))),
    "a reason that there is not": ("smooth", lambda p: put(p, ["left", 0], first(p, "out"))),
    "an unknown reason": ("smooth", lambda p: put(p, ["gone"], first(p, "out"))),
    "a cut of no side": ("smooth", lambda p: put(p, ["cut", -1, 0.0], 0)),
    "a cut of a side too many": ("smooth", lambda p: put(p, ["cut", 2, 0.0], 0)),
    "a cut beside the box": ("smooth", lambda p: put(p, ["cut", 0, 2.5], 0)),
    "a cut at nan": ("smooth", lambda p: put(p, ["cut", 0, float("nan")], 0)),
    "another formula": ("smooth", lambda p: p.update(expression="x**3 - 3*x*y**2 + 1.0001*x")),
    "a kink that is none": ("kink", lambda p: p.update(expression="x - 1 + x**2/4")),
    "a kink elsewhere": ("kink", lambda p: p.update(expression="abs(x - 1.00000001) + x**2/4")),
    "another pole": ("pole", lambda p: p.update(expression="x**2 + 1/(x - 1)**2")),
    "another task": ("smooth", lambda p: p.update(task="roots")),
    "a task that there is not": ("smooth", lambda p: p.update(task="all")),
    "no formula": ("smooth", lambda p: p.update(expression="x +")),
    "a box without a point": ("smooth", lambda p: p["box"].update(y=[0.0, "pi/2"])),
    "a box that is turned": ("smooth", lambda p: p["box"]["x"].reverse()),
    "a box left of one more variable": ("open", lambda p: p["claim"]["unsettled"][0].update(y=[0, 1])),
    "an infinite box": ("smooth", lambda p: p["box"].update(x=[-2.0, float("inf")])),
    "another order of variables": ("smooth", lambda p: p.update(variables=["y", "x"])),
    "a number that is none": ("smooth", lambda p: zero(p).update(inverse=[["x", 0], [0, 1]])),
    "a number too long": ("smooth", lambda p: point(p)["at"].update(x="1e999999")),
    "a zero's box moved": ("smooth", lambda p: zero(p).update(box=[["1", "1.1"], ["1", "1.1"]])),
    "a zero's box that is all": ("smooth", lambda p: zero(p).update(unique=[[-2.0, 2.0], [-2.0, 2.0]])),
    "a zero's box of one side": ("smooth", lambda p: zero(p)["unique"].pop()),
    "a part missing": ("smooth", lambda p: p.pop("parts")),
    "a part of another kind": ("smooth", lambda p: p.update(claim=[])),
    "a least value that is larger": ("least", lambda p: bound(p).update(low="-0.9999999", high="-0.9999998")),
    "a low end that is larger": ("least", lambda p: bound(p).update(low="-0.99999999999999999999", high="-0.9")),
    "a high end that is smaller": ("least", lambda p: bound(p).update(low="-2", high="-1.00000000000000000001")),
    "ends that are turned": ("least", lambda p: bound(p).update(low="-0.5", high="-1.5")),
    "an end that is nan": ("least", lambda p: bound(p).update(low=float("nan"))),
    "a greatest value that is smaller": ("least", lambda p: bound(p, "greatest").update(low="3.8", high="3.8757845850")),
    "a greatest value that is larger": ("least", lambda p: bound(p, "greatest").update(low="3.87578458504", high="3.9")),
    "a least value called greatest": ("least", lambda p: (p["claim"].update(greatest=bound(p)), p["extremes"].update(greatest=behind(p)))),
    "a least value elsewhere": ("least", lambda p: bound(p)["at"][0].update(x="0.1")),
    "a least value at one more point": ("least", lambda p: bound(p)["at"].append({"x": "1", "y": "-1"})),
    "a least value at no point": ("least", lambda p: bound(p)["at"].clear()),
    "another witness": ("least", lambda p: behind(p)["witnesses"][0].__setitem__(0, "1/10")),
    "a witness beside the box": ("least", lambda p: (bound(p)["at"][0].update(y="-1.5"), behind(p)["witnesses"][0].__setitem__(1, "-3/2"))),
    "no witness": ("least", lambda p: (bound(p)["at"].clear(), behind(p)["witnesses"].clear())),
    "a least value not only there": ("least", lambda p: bound(p).update(only=False)),
    "a face left out": ("least", lambda p: behind(p)["tree"].pop()),
    "a face's zero left out": ("least", lambda p: behind(p)["zeros"].pop(0)),
    "a face's zero in another face": ("least", lambda p: behind(p)["zeros"][0].update(choices=[1, 1])),
    "no least value": ("least", lambda p: p["claim"].pop("least")),
    "nothing behind a least value": ("least", lambda p: p["extremes"].pop("least")),
    "a box left in a least value": ("least", lambda p: behind(p)["tree"].__setitem__(-1, ["left", 0])),
    "large values where they are not": ("least", lambda p: behind(p)["tree"].__setitem__(0, ["above"])),
    "a least value of another formula": ("kinks", lambda p: p.update(expression="abs(x) + abs(x - 1) + abs(x + 1) + abs(x - 2) + abs(x + 2) - 1e-9")),
    "points that meet called a minimum": ("meeting", lambda p: point(p).update(kind="saddle", index=1)),
    "a multiplier where constraints meet": ("meeting", lambda p: point(p)["multipliers"].update({"x >= 0": "1e-9"})),
    "a multiplier left out where constraints meet": ("meeting", lambda p: point(p)["multipliers"].popitem()),
    "a point that meets in one case": ("meeting", lambda p: [z.update(point=None) for z in p["parts"][0]["zeros"][1:]]),
    "a degenerate point that is none": ("smooth", lambda p: (point(p).update(kind="degenerate"), point(p).pop("index"))),
    "a radius that is smaller": ("endless", lambda p: p.update(radius=0)),
    "a radius that is none": ("endless", lambda p: p.update(radius=True)),
    "no radius": ("endless", lambda p: p.update(radius=None)),
    "another end": ("smooth", lambda p: p["box"].update(x=["-inf", 2.0])),
    "both ends the same": ("endless", lambda p: p["box"].update(x=["inf", "inf"])),
}  # fmt: skip


@pytest.mark.parametrize("what", PLANTED)
def test_a_planted_error_is_rejected(what: str, proofs: dict[str, Proof], tmp_path: Path) -> None:
    which, change = PLANTED[what]
    changed = copy.deepcopy(proofs[which])
    change(changed)
    assert json.dumps(changed) != json.dumps(proofs[which])
    found = verified(changed, tmp_path)
    assert (found.verdict, found.claim, found.exit_code) == ("rejected", None, 1), what
    assert found.reason


def test_a_name_twice_is_no_proof_file(proofs: dict[str, Proof], tmp_path: Path) -> None:
    text = json.dumps(proofs["smooth"])
    (tmp_path / "q.json").write_text(text[:-1] + ', "expression": "x"}')
    with pytest.raises(FileError, match="twice"):
        verify(tmp_path / "q.json")
    (tmp_path / "q.json").write_text(text[: len(text) // 2])
    with pytest.raises(FileError, match="no proof file"):
        verify(tmp_path / "q.json")


STILL: dict[str, Callable[[Proof], object]] = {
    "least": lambda p: bound(p).update(low="-1.1"),
    "kinks": lambda p: behind(p)["zeros"][0].update(inverse=behind(p)["zeros"][0]["wide_inverse"]),
    "endless": lambda p: p.update(radius=p["radius"] + 1),
}
"""Weaker claims, and other aids."""


def test_a_changed_aid_is_rejected_or_proves_the_claim_still(proofs: dict[str, Proof], tmp_path: Path) -> None:
    coarse = copy.deepcopy(proofs["smooth"])
    zero(coarse)["inverse"] = [[round(x, 2) for x in row] for row in zero(coarse)["inverse"]]
    assert verified(coarse, tmp_path).verdict == "holds"
    wrong = copy.deepcopy(proofs["smooth"])
    zero(wrong)["inverse"] = [[0, 0], [0, 0]]
    assert verified(wrong, tmp_path).verdict == "rejected"
    for which, change in STILL.items():
        changed = copy.deepcopy(proofs[which])
        change(changed)
        assert verified(changed, tmp_path).verdict == "holds", which
    coarse = copy.deepcopy(proofs["smooth"])
    tree = coarse["parts"][0]["tree"]
    tree[:] = [["out"] if step[0] == "off" else step for step in tree]
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


@pytest.mark.parametrize(
    "text",
    ["", "{", "[1]", '{"schema": 1}', "\xff", "[" * 100_000, "null", "NaN", "1" * 5_000, '{"proof": ["critical"]}',
     '{"proof": "critical"', '{"proof": NaN}', "\0", "#!/bin/sh"],
)  # fmt: skip
def test_what_is_no_proof_file_is_told(text: str, tmp_path: Path) -> None:
    (tmp_path / "bad.json").write_text(text, encoding="latin-1")
    with pytest.raises(FileError, match="bad.json is no proof file"):
        verify(tmp_path / "bad.json")
    for name in ("none.json", "."):
        with pytest.raises(FileError, match="No such file|Is a directory"):
            verify(tmp_path / name)


@pytest.mark.parametrize("version", [None, 1, 3, "2", True, [2]])
def test_a_file_of_another_version_is_told(version: Any, proofs: dict[str, Proof], tmp_path: Path) -> None:
    with pytest.raises(FileError, match="of another version of gradcalc"):
        verified(proofs["smooth"] | {"format": version}, tmp_path)


DEEP: Any = 0
for _ in range(500):
    DEEP = [DEEP]


@pytest.mark.parametrize("place", ["claim", "parts", "extremes", "box", "variables", "expression"])
def test_what_is_twisted_is_rejected(place: str, proofs: dict[str, Proof], tmp_path: Path) -> None:
    proof = proofs["open"]
    for twisted in (None, [], {}, 0, 1e300, "1e4000", "9" * 3_000, float("nan"), float("inf"), True, DEEP):
        if proof[place] != twisted:
            assert verified(proof | {place: twisted}, tmp_path).verdict == "rejected", twisted


# -- files that nobody wrote -------------------------------------------------------------------------------------------

MET = [
    "abs(x)", "max(x, -x) + x/2", "relu(x) - x/3", "sqrt(x^2)", "sqrt(x^2 + x^4)", "hypot(x, 0)", "x^3", "x^4/x^2", "x^2*sin(1/x)",
    "where(x > 0, x, -x)", "where(x > 0, x^2, x^3) + x^2", "floor(x) + x^2", "sign(x)*x^2", "cbrt(x)^2", "cosh(x)", "sinc(x)",
    "1/(1/(x^2 + 1))", "exp(-1/x^2)", "atan(1/x)*x", "acos(1 - x^2)", "leaky_relu(x) - x/2", "clip(x, 0, 1) - x/2", "x*tanh(x)",
    "erf(x)*x", "Si(x)*x", "abs(x)^(1/2)", "elu(x)*x", "mod(x, 2)", "cot(x + pi/2)^2", "gamma(x + 3/2)",
]  # fmt: skip
"""With a critical point, a kink, a jump or a place without a value at or near 0."""
TREES: list[list[list[Any]]] = [[["off", [[1.0]]]], [["in", 0]], [["above"]], [["split", 0], ["out"], ["out"], ["out"]]]


def forged(text: str, names: str, tree: list[list[Any]], **more: Any) -> Proof:
    claim = {"points": [], "unsettled": [], "complete": True}
    return {
        "schema": 1, "proof": "critical", "format": 2, "task": "critical", "expression": text, "variables": list(names), "let": {},
        "subject_to": [], "box": {name: [-1.0, 1.0] for name in names}, "radius": None, "claim": claim,
        "parts": [{"zeros": [], "tree": tree}], "extremes": {},
    } | more  # fmt: skip


@pytest.mark.parametrize("text", MET)
def test_that_there_is_no_critical_point_is_not_believed(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gradcalc.truth.claims.boxes._PIECES", 100)
    for tree in TREES:
        assert verified(forged(text, "x", tree), tmp_path).verdict == "rejected", tree
    assert verified(forged("x^3 + x", "x", [["out"]]), tmp_path).verdict == "holds"


@pytest.mark.parametrize(
    "text", ["x^(-2)*y^3", "y/x", "y/x^2", "(y - 1/8)^3*x^(-2)", "log(x) + y", "y + 1/x^2 - 1/x^4"]
)
def test_beside_a_pole_no_least_value_is_believed(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gradcalc.truth.claims.boxes._PIECES", 100)
    side = {name: [-1.0, 1.0] for name in "xy"}
    claim = {"points": [], "unsettled": [side], "complete": False}
    for tree in ([["above"]], [["cut", 0, 0.0], ["above"], ["above"]], [["split", 0], ["above"], ["above"], ["above"]]):
        behind = {"least": {"witnesses": [["1", "-1"]], "zeros": [], "tree": tree}}
        least = {"least": {"low": "-1", "high": "1", "at": [], "only": False}}
        proof = forged(text, "xy", [["left", 0]], claim=claim | least, extremes=behind)
        assert verified(proof, tmp_path).verdict == "rejected", tree
