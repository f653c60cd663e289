"""Proof files of fits: what is written holds, planted errors are rejected, and what files do not carry is refused."""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gradcalc import fit, verify
from gradcalc.errors import UsageError

Proof = dict[str, Any]


def verified(proof: Proof, tmp_path: Path) -> Any:
    (tmp_path / "q.json").write_text(json.dumps(proof))
    return verify(tmp_path / "q.json")


DATA = {"t": ["1", "2", "3", "5", "7", "10"], "v": ["109", "149", "149", "191", "213", "224"]}  # NIST's BoxBOD


@pytest.fixture(scope="module")
def fitted(tmp_path_factory: pytest.TempPathFactory) -> Proof:
    path = tmp_path_factory.mktemp("proof") / "f.json"
    fit("v ~ a*(1 - exp(-b*t))", DATA, {"a": 200, "b": 0.5}, certify=True, proof=path)
    found: Proof = json.loads(path.read_text())
    return found


def test_a_fit_holds(fitted: Proof, tmp_path: Path) -> None:
    found = verified(fitted, tmp_path)
    assert (found.verdict, found.reason) == ("holds", None)
    assert "over 6 rows has one minimum" in (found.claim or "")
    assert fitted["claim"]["parameters"]["a"]["value"].startswith("213.80940889")  # as NIST certifies it
    assert fitted["claim"]["parameters"]["b"]["standard_error"].startswith("0.10455993237")
    assert fitted["claim"]["value"].startswith("1168.00887")


@pytest.mark.parametrize("more", [{"sigma": "1 + t/10"}, {"weights": "t"}, {"absolute_sigma": True}])
def test_weighted_fits_hold(more: dict[str, Any], tmp_path: Path) -> None:
    fit("v ~ a + b*t", DATA, certify=True, proof=tmp_path / "f.json", **more)
    assert verify(tmp_path / "f.json").verdict == "holds"
    proof = json.loads((tmp_path / "f.json").read_text())
    assert verified(proof | {"sigma": None, "weights": None}, tmp_path).verdict == (
        "holds" if "absolute_sigma" in more else "rejected"
    )


def said(proof: Proof, name: str) -> dict[str, str]:
    found: dict[str, str] = proof["claim"]["parameters"][name]
    return found


def scaled(rows: list[list[str]], by: float) -> list[list[float]]:
    return [[float(x) * by for x in row] for row in rows]


PLANTED_FITS: dict[str, Callable[[Proof], object]] = {
    "a digit": lambda p: said(p, "a").update(value="213.80940889328456352"),
    "another value": lambda p: said(p, "b").update(value="0.5472375"),
    "a standard error": lambda p: said(p, "a").update(standard_error="12.354515177"),
    "the sum": lambda p: p["claim"].update(value="1168.0088767"),
    "how errors are scaled": lambda p: p["claim"].update(absolute_sigma=True),
    "the box": lambda p: p["claim"]["box"].update(a=[300, 301]),
    "a box too large": lambda p: p["claim"]["box"].update(b=[-100, 100]),
    "a number of the data": lambda p: p["rows"]["v"].__setitem__(0, "109.0000000001"),
    "a row left out": lambda p: [column.pop() for column in p["rows"].values()],
    "a column too short": lambda p: p["rows"]["v"].pop(),
    "another model": lambda p: p.update(expression="v ~ a*(1 - exp(-b*t)) + 1e-9"),
    "the opposite of a minimum": lambda p: p.update(parameters=["b", "a"]),
    "no inverse": lambda p: p["point"].update(inverse=[[0, 0], [0, 0]]),
    "a name that is none": lambda p: p.update(expression="v ~ a*(1 - exp(-b*c))"),
    "weights": lambda p: p.update(weights="t"),
}


@pytest.mark.parametrize("what", PLANTED_FITS)
def test_a_planted_error_in_a_fit_is_rejected(what: str, fitted: Proof, tmp_path: Path) -> None:
    changed = copy.deepcopy(fitted)
    PLANTED_FITS[what](changed)
    assert verified(changed, tmp_path).verdict == "rejected", what


def test_a_changed_aid_of_a_fit_proves_it_still(fitted: Proof, tmp_path: Path) -> None:
    changed = copy.deepcopy(fitted)
    changed["point"]["inverse"] = scaled(changed["point"]["inverse"], 1 + 1e-9)
    changed["point"]["wide_inverse"] = scaled(changed["point"]["wide_inverse"], 0.9)
    assert verified(changed, tmp_path).verdict == "holds"


@pytest.mark.parametrize(
    ("settings", "said"),
    [({}, "is written of what is proved"), ({"certify": True, "loss": "huber"}, "sums other than of squares"),
     ({"certify": True, "fix": ["a=200"]}, "fixed parameters"), ({"certify": True, "bounds": {"a": (0, 200)}}, "at a bound")],
)  # fmt: skip
def test_fits_that_files_do_not_carry_are_refused(settings: dict[str, Any], said: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=said):
        fit("v ~ a*(1 - exp(-b*t))", DATA, {"a": 199, "b": 0.5}, proof=tmp_path / "f.json", **settings)
    assert not (tmp_path / "f.json").exists()
