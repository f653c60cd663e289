"""Proof files: what `critical` writes holds, and what files do not carry is refused."""

import json
from pathlib import Path

import pytest

from gradcalc import critical, verify
from gradcalc.errors import FileError, UsageError


@pytest.mark.parametrize(
    ("text", "box", "roots", "count"),
    [
        ("(x^2 + y - 11)^2 + (x + y^2 - 7)^2", "x=-5:5,y=-5:5", False, 9),
        ("[x^2 + y^2 - 4, x*y - 1]", "x=-3:3,y=-3:3", True, 4),
        ("gamma(x) + x^2", "x=0.5:3", False, 1),
        ("exp(-x)*sin(4x)", "x=0:4", False, 5),
        ("x^2 - 2", "x=-4:4", True, 2),
        ("x^2 + y^2 + z^2 + sin(x*y*z)", "x=-1:1,y=-1:2,z=-2:1", False, 1),
    ],
)
def test_what_is_written_holds(text: str, box: str, roots: bool, count: int, tmp_path: Path) -> None:
    made = critical(text, box=box, roots=roots, proof=tmp_path / "p.json")
    assert made.complete and len(made.points) == count
    found = verify(tmp_path / "p.json")
    assert (found.verdict, found.reason) == ("holds", None)
    assert f" {count} {'root' if roots else 'critical point'}" in (found.claim or "")


def test_a_zero_beside_the_box_is_none_of_its_points(tmp_path: Path) -> None:
    made = critical("(x - 2.00000001)^2 + x*y + y^2", box="x=-1:2,y=-2:1", proof=tmp_path / "p.json")
    assert made.complete
    assert verify(tmp_path / "p.json").verdict == "holds"
    assert len(json.loads((tmp_path / "p.json").read_text())["points"]) == len(made.points)


@pytest.mark.parametrize(
    ("text", "more", "said"),
    [
        ("abs(x - 1) + x^2/4", {}, "a kink"),
        ("x^4", {}, "held alone"),
        ("x^3", {}, "degenerate"),
        ("cos(x)", {"box": "x=1:pi"}, "on a face"),
        ("(x - sqrt(2))^4", {}, "not complete"),
        ("x^2 + 1/(x - 1)", {}, "a pole"),
        ("x^2 + log(x + 1)", {}, "a part without a value"),
        ("x^2", {"least": True}, "extreme values"),
        ("x*y", {"subject_to": "x + y = 1", "box": "x=-2:2,y=-2:2"}, "constraints"),
        ("x^2", {"box": "x=-inf:inf"}, "infinite"),
    ],
)
def test_what_files_do_not_carry_is_refused(text: str, more: dict[str, object], said: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=said):
        critical(text, **({"box": "x=-2:2"} | more), proof=tmp_path / "p.json")  # type: ignore[arg-type]
    assert not (tmp_path / "p.json").exists()


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
     ("x^3*y - x*y + y^2", "x=-2:1,y=0:1", None), ("x^2 + (y - 3/8)^2", "x=-1:1,y=3/8:1", {"x": 0, "y": 0.375})],
)  # fmt: skip
def test_points_on_a_face_are_carried_where_their_numbers_are_short(
    text: str, box: str, places: dict[str, float] | None, tmp_path: Path
) -> None:
    made = critical(text, box=box, proof=tmp_path / "p.json")
    found = verify(tmp_path / "p.json")
    assert (found.verdict, found.reason) == ("holds", None)
    faces = [point.floats for point in made.points if point.on_face]
    assert places is None or places in faces
    proof = json.loads((tmp_path / "p.json").read_text())
    for k, point in enumerate(proof["claim"]["points"]):
        if point.get("on_face"):
            changed = json.loads(json.dumps(proof))
            changed["points"][k]["exact"][0] = "1e-9"
            (tmp_path / "q.json").write_text(json.dumps(changed))
            assert verify(tmp_path / "q.json").verdict == "rejected"
            changed = json.loads(json.dumps(proof))
            changed["claim"]["points"][k].pop("on_face")
            (tmp_path / "q.json").write_text(json.dumps(changed))
            assert verify(tmp_path / "q.json").verdict == "rejected"
