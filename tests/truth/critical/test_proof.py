"""Proof files (`tree`): what `critical` writes holds, and what files do not carry is refused."""

import json
import math
from pathlib import Path

import pytest

from gradcalc import critical, verify
from gradcalc.errors import FileError


@pytest.mark.parametrize(
    ("text", "box", "roots", "count"),
    [
        ("(x^2 + y - 11)^2 + (x + y^2 - 7)^2", "x=-5:5,y=-5:5", False, 9),
        ("[x^2 + y^2 - 4, x*y - 1]", "x=-3:3,y=-3:3", True, 4),
        ("gamma(x) + x^2", "x=0.5:3", False, 1),
        ("exp(-x)*sin(4x)", "x=0:4", False, 5),
        ("x^2 - 2", "x=-4:4", True, 2),
        ("x^2 + y^2 + z^2 + sin(x*y*z)", "x=-1:1,y=-1:2,z=-2:1", False, 1),
        ("abs(x - 1) + x^2/4", "x=-3:3", False, 1),
        ("relu(x - 1) + relu(2 - x) + (x - 17/10)^2/10", "x=-3:5", False, 1),
        ("max(x^2, y^2) + x + y^2", "x=-3:3,y=-3:3", False, 1),
        ("abs(x) - 1", "x=-2:3", True, 2),
        ("x^2 + 1/(x - 1)", "x=-2:2", False, 1),
        ("1/(x - 1)^2 + tan(x) + y^2", "x=-2:2,y=-1:2", False, 1),
        ("x^2 + log(x + 1)", "x=-2:2", False, 0),
        ("x + 2 - sqrt(x + 3)", "x=-5:5", False, 1),
    ],
)
def test_what_is_written_holds(text: str, box: str, roots: bool, count: int, tmp_path: Path) -> None:
    made = critical(text, box=box, roots=roots, proof=tmp_path / "p.json")
    assert made.complete and len(made.points) == count
    found = verify(tmp_path / "p.json")
    assert (found.verdict, found.reason) == ("holds", None)
    noun = "root" if roots else "critical point"
    which = {0: f"has no {noun} in", 1: f"has this {noun} in"}.get(count, f"has these {count} {noun}s in")
    claim = found.claim or ""
    assert which in claim and claim.endswith("and no others") == bool(count)


@pytest.mark.parametrize(
    ("text", "box", "under", "count"),
    [
        ("x^2 + y^2", "x=-3:3,y=-3:3", ["x + y >= 1", "x <= 2"], 3),
        ("x + y", "x=-3:3,y=-3:3", ["x^2 + y^2 = 2"], 2),
    ],
)
def test_points_along_constraints_are_carried(
    text: str, box: str, under: list[str], count: int, tmp_path: Path
) -> None:
    made = critical(text, box=box, subject_to=under, proof=tmp_path / "p.json")
    assert made.complete and len(made.points) == count
    found = verify(tmp_path / "p.json")
    assert (found.verdict, found.reason) == ("holds", None)
    which = "this critical point" if count == 1 else f"these {count} critical points"
    assert f"under {', '.join(under)} has {which}" in (found.claim or "")


@pytest.mark.parametrize(
    ("text", "box", "claimed"),
    [
        ("(x - sqrt(2))^4", "x=-2:2", 0),
        ("x^4 + x^3", "x=-1:1", 1),
        ("x^1.5 - x", "x=-1:2", 1),
    ],
)  # fmt: skip
def test_what_cannot_be_shown_is_left_out_of_the_claim(
    text: str, box: str, claimed: int | None, tmp_path: Path
) -> None:
    made = critical(text, box=box, proof=tmp_path / "p.json")
    found = verify(tmp_path / "p.json")
    assert (found.verdict, found.reason) == ("holds", None)
    assert ("and no others outside of" if claimed else "has no critical point in") in (found.claim or "")
    assert " outside of " in (found.claim or "")
    proof = json.loads((tmp_path / "p.json").read_text())
    claim = proof["claim"]
    assert claim["complete"] is False and len(claim["points"]) == (
        claimed if claimed is not None else len(claim["points"])
    )
    for point in made.points:
        is_held = any(
            all(low <= point.floats[name] <= high for name, (low, high) in box.items()) for box in claim["unsettled"]
        )
        assert is_held or point.to_dict() in claim["points"]


def test_a_file_claims_nothing_of_kinks_that_meet_in_one_another(tmp_path: Path) -> None:
    """Products of their slopes are not all means of the pieces' gradients: 0 is one of those."""
    critical("abs(abs(x) - y) + 0.9x + 0.1y", box="x=-1:1.1,y=-1:1.2", proof=tmp_path / "p.json")
    left = verify(tmp_path / "p.json")
    assert left.verdict == "holds" and "has no critical point" in (left.claim or "")
    assert "outside of 1 box" in (left.claim or "") or "except" in (left.claim or "")
    critical("abs(abs(x) - 1)", box="x=-2:2.1", proof=tmp_path / "p.json")
    assert (verify(tmp_path / "p.json").claim or "").endswith("and no others")


def test_a_zero_beside_the_box_is_none_of_its_points(tmp_path: Path) -> None:
    made = critical("(x - 2.00000001)^2 + x*y + y^2", box="x=-1:2,y=-2:1", proof=tmp_path / "p.json")
    assert made.complete
    assert verify(tmp_path / "p.json").verdict == "holds"
    (case,) = json.loads((tmp_path / "p.json").read_text())["parts"]
    assert sum(zero["point"] is not None for zero in case["zeros"]) == len(made.points)


@pytest.mark.parametrize(
    ("text", "box", "least", "greatest"),
    [
        ("(x^2 + y - 11)^2 + (x + y^2 - 7)^2", "x=-5:5,y=-5:5", 0, 890),
        ("abs(x - 1) + x^2/4", "x=-3:3", 0.25, 6.25),
        ("sqrt(x^2 + y^2)", "x=-1:2,y=-1:1", 0, None),
        ("(x - sqrt(2))^4", "x=-2:2", 0, (2 + 2**0.5) ** 4),
        ("x + y + z", "x=0:1,y=0:pi,z=-1:1", -1, 2 + math.pi),
        ("x^2 + 1/x^2", "x=-2:3", 2, None),
    ],
)
def test_extreme_values_are_carried(text: str, box: str, least: float, greatest: float | None, tmp_path: Path) -> None:
    critical(text, box=box, least=True, greatest=greatest is not None, proof=tmp_path / "p.json")
    found = verify(tmp_path / "p.json")
    assert (found.verdict, found.reason) == ("holds", None)
    claim = json.loads((tmp_path / "p.json").read_text())["claim"]
    for name, value in (("least", least), ("greatest", greatest)):
        if value is not None:
            near = 1e-14 * max(1, abs(value))
            assert float(claim[name]["low"]) <= value + near and value - near <= float(claim[name]["high"])
            assert float(claim[name]["high"]) - float(claim[name]["low"]) <= 1e-10 * max(abs(value), 1e-9)
            assert f"its {name} value in the closed box lies from" in (found.claim or "")


@pytest.mark.parametrize(
    ("text", "more", "count"),
    [
        ("abs(x) + abs(x - 1) + abs(x + 1) + abs(x - 1/2) + abs(x + 3/2) + x/5", {}, 1),
        ("x^2 + y^2", {"subject_to": ["x >= 0", "y >= 0"], "box": "x=-1:2,y=-1:2"}, 1),
        ("x + y^2", {"subject_to": ["x >= 0", "y >= 0"], "box": "x=-1:2,y=-1:2"}, 1),
        ("(x - 1)^2 + y^2", {"subject_to": ["x <= 1"], "box": "x=-2:3,y=-2:2"}, 1),
        ("x^2", {"box": "x=-inf:inf"}, 1),
        ("x^4 - 3*x^2*y + y^4 + y", {"box": "x=-inf:inf,y=-inf:inf"}, None),
        ("1/(1 + x^2) + y^2", {"box": "x=-2:inf,y=-1:1"}, 1),
    ],
)
def test_kinks_meeting_constraints_and_infinite_sides_are_carried(
    text: str, more: dict[str, object], count: int | None, tmp_path: Path
) -> None:
    made = critical(text, **({"box": "x=-2:2"} | more), proof=tmp_path / "p.json")  # type: ignore[arg-type]
    found = verify(tmp_path / "p.json")
    assert (found.verdict, found.reason) == ("holds", None)
    claim = json.loads((tmp_path / "p.json").read_text())["claim"]
    assert claim["complete"] and len(claim["points"]) == len(made.points) == (count or len(made.points))


def test_a_file_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    with pytest.raises(FileError):
        critical("x^2", box="x=-1:2", proof=tmp_path / "none" / "p.json")


@pytest.mark.parametrize("let", [{"a": 2, "b": "pi/3"}, {"a": "0.1", "b": 1.5}, {"a": "b^2 + 1", "b": 2}])
def test_values_that_are_put_in_are_part_of_the_claim(let: dict[str, object], tmp_path: Path) -> None:
    made = critical("a*x^2 + sin(b*x)", box="x=-2:2", let=let, proof=tmp_path / "p.json")
    assert made.complete
    found = verify(tmp_path / "p.json")
    assert (found.verdict, found.reason) == ("holds", None)
    proof = json.loads((tmp_path / "p.json").read_text())
    (tmp_path / "q.json").write_text(json.dumps(proof | {"let": proof["let"] | {"b": 1.2345}}))
    assert verify(tmp_path / "q.json").verdict == "rejected"


@pytest.mark.parametrize(
    ("text", "box", "places"),
    [("x^2*(3-x)", "x=0:2.5", {"x": 0}), ("(x - 1/4)^2 + x*(y - 2)^2 + y^2/2", "x=-1:1,y=-3:4", None),
     ("x^3*y - x*y + y^2", "x=-2:1,y=0:1", None), ("x^2 + (y - 3/8)^2", "x=-1:1,y=3/8:1", {"x": 0, "y": 0.375}),
     ("cos(x) + x*0", "x=1:pi", None), ("(x^2 - 2)^2", "x=1:sqrt(2)", None), ("(x - 1/3)^2 + y^2", "x=1/3:1,y=-1:1", None)],
)  # fmt: skip
def test_points_on_a_face_are_carried_where_their_numbers_are_known(
    text: str, box: str, places: dict[str, float] | None, tmp_path: Path
) -> None:
    made = critical(text, box=box, proof=tmp_path / "p.json")
    found = verify(tmp_path / "p.json")
    assert (found.verdict, found.reason) == ("holds", None)
    faces = [point.floats for point in made.points if point.on_face]
    assert places is None or places in faces
    proof = json.loads((tmp_path / "p.json").read_text())
    for zero in proof["parts"][0]["zeros"]:
        if proof["claim"]["points"][k := zero["point"]].get("on_face"):
            changed = json.loads(json.dumps(proof))
            changed["parts"][0]["zeros"][0]["exact"] = ["1e-9", *zero["exact"][1:]]
            (tmp_path / "q.json").write_text(json.dumps(changed))
            assert verify(tmp_path / "q.json").verdict == "rejected"
            changed = json.loads(json.dumps(proof))
            changed["claim"]["points"][k].pop("on_face")
            (tmp_path / "q.json").write_text(json.dumps(changed))
            assert verify(tmp_path / "q.json").verdict == "rejected"
