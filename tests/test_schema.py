"""The JSON of every command is what `docs/schema.json` says, and an answer whose fields differ is not."""

import json
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from gradcalc.cli.app import function_of
from gradcalc.cli.commands import COMMANDS
from gradcalc.cli.parameters import parameters
from tests import ROOT
from tests.cli import run
from tests.pages import DOCS, blocks, pages

SCHEMA = json.loads((DOCS / "schema.json").read_text("utf-8"))
DEFS = SCHEMA["$defs"]
FIELDS = {name for part in DEFS.values() for name in part.get("properties", ())}
IRIS = ["--data", str(ROOT / "examples" / "data" / "iris.csv")]

ASKED = [
    ["grad", "x^2*abs(y)", "--at", "x=1,y=0", "--direction", "x=3,y=4", "--numeric"],
    ["grad", "sum(v^2)/k", "--at", "v=[1,2]", "--let", "k=1/3", "--no-symbolic"],
    ["grad", "sqrt(x)/x + log(y)", "--at", "x=0,y=pi", "--tangent", "--no-symbolic"],
    ["grad", "1/x^2", "--no-symbolic"],
    ["grad", "x+"],
    ["grad", "--implicit", "x^2+y^2=25", "--of", "y", "--wrt", "x", "--at", "x=3,y=4", "--no-symbolic"],
    ["grad", "--implicit", "x^2+y^2+z^2=9", "--of", "z", "--wrt", "x,y", "--at", "x=1,y=2,z=2", "--no-symbolic"],
    ["hessian", "x^2*y", "--at", "x=0,y=pi"],
    ["hessian", "x^2*y", "--no-symbolic"],
    ["jacobian", "[x*y, abs(x)]", "--at", "x=0,y=2"],
    ["jacobian", "[x*y, sin(x)]", "--no-symbolic"],
    ["diff", "x^3*sin(y)", "x:2,y", "--at", "x=1,y=pi"],
    ["diff", "x^3", "x"],
    ["taylor", "sin(x)*y", "--at", "x=0,y=1", "--order", "2", "--within", "0.1"],
    ["tape", "where(x > 0, x*y, x)", "--at", "x=1,y=2", "--digits", "20"],
    ["tape", "x*sin(y)", "--at", "x=1,y=2", "--forward"],
    ["steps", "x*sin(x)"],
    ["graph", "x*sin(y)", "--at", "x=1,y=2"],
    ["export", "sum(v^2)*x", "--to", "c", "--at", "x=1,v=[1,2]", "--test"],
    ["report", "x*sin(y)", "--at", "x=1,y=2", "--no-symbolic"],
    ["check", "x^2/2", "--claim", "sqrt(x^2)"],
    ["check", "x^2/2", "--claim", "x+1"],
    ["critical", "x^4-x^2+y^4+1/(x-3)", "--box", "x=-1:4,y=-1:1", "--global"],
    ["critical", "[x^2+y^2-4, x*y-1]", "--roots", "--box", "x=-3:3,y=-3:3"],
    ["critical", "x*y", "--subject-to", "x^2+y^2=2", "--box", "x=-2:2,y=-2:2"],
    ["propagate", "V/I", "--at", "V=4.999±0.0032,I=0.0197(2)", "--samples", "1000"],
    ["propagate", "[x+y,x-y]", "--at", "x=1±0.1,y=uniform(1,2)", "--corr", "x,y=0.5", "--samples", "1000"],
    ["descend", "x^2*exp(x)", "--at", "1", "--certify"],
    ["descend", "x^2+y^2", "--at", "x=1,y=1", "--compare", "sgd,newton", "--steps", "3"],
    ["plot", "abs(x)/(x-1)", "--at", "0"],
    ["plot", "x^2*y", "--at", "x=1,y=1"],
    ["fit", "petal_width ~ a + b*petal_length", *IRIS, "--certify"],
    ["fit", "petal_width ~ a*b*petal_length", *IRIS, "--at", "a=1,b=1"],
    ["functions", "asin"],
]
"""Questions whose answers have all fields between them."""


CONTRACT = {
    "certified": "value ulps digits",
    "grad": "schema command expression variables let symbolic_status points",
    "grad point": "at value gradient symbolic certified_value certified verdicts verdict notes",
    "hessian": "flat_variables points",
    "diff": "by formula points",
    "diff point": "at value certified verdict notes",
    "jacobian point": "at value jacobian rank condition",
    "taylor point": "at coefficients polynomial remainder",
    "node": "name op text span operands value partials digits rule",
    "step": "rule before after",
    "steps": "steps result proved",
    "claim": "formula wrt claim verdict witness points",
    "critical": "points complete unsettled global_minimum rests_on",
    "critical point": "at value kind proved",
    "export": "language name variables",
    "verify": "verdict claim rests_on reason",
    "propagate": "value linear second_order monte_carlo budget linear_is_valid",
    "descend": "status at value gradient_norm steps optimizer trace",
    "parameter": "name estimate standard_error t p interval certified",
    "fit": "parameters rss residual_standard_error degrees_of_freedom r_squared aic bic correlation status proved",
    "error body": "kind message",
}
"""What may never be missing."""


def kinds(answer: Any) -> list[str]:
    """The definitions that an answer of this command may have."""
    command = answer.get("command")
    return [name for name, part in DEFS.items() if part.get("properties", {}).get("command") == {"const": command}]


def validator(answer: Any) -> Draft202012Validator:
    """What judges an answer of this command: the schema without what other commands say."""
    choices = [{"$ref": f"#/$defs/{name}"} for name in kinds(answer) or ["error"]]
    return Draft202012Validator({"$defs": DEFS, "anyOf": choices})


def places(part: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of every field of an answer; of lists the first element tells."""
    if isinstance(part, dict):
        named = bool(part) and set(part) <= FIELDS
        for name, inner in part.items():
            yield from [(*path, name)] if named else []
            yield from places(inner, (*path, name))
    elif isinstance(part, list) and part:
        yield from places(part[0], (*path, 0))


def shortened(part: Any, length: int) -> Any:
    """An answer with the first elements of each list, which is an answer of the same kind."""
    if isinstance(part, dict):
        return {name: shortened(inner, length) for name, inner in part.items()}
    return [shortened(inner, length) for inner in part[:length]] if isinstance(part, list) else part


def renamed(answer: Any, path: tuple[Any, ...]) -> Any:
    """The answer with one field misspelled."""
    changed = deepcopy(answer)
    inner = changed
    for step in path[:-1]:
        inner = inner[step]
    inner[f"{path[-1]}s"] = inner.pop(path[-1])
    return changed


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    assert all(part.get("additionalProperties") is False for part in DEFS.values() if "properties" in part)
    assert {f"#/$defs/{name}" for name in DEFS if DEFS[name].get("properties", {}).keys() & {"command", "error"}} >= {
        each["$ref"] for each in SCHEMA["anyOf"]
    }


@pytest.mark.parametrize("name", CONTRACT)
def test_what_scripts_rely_on_may_not_be_missing(name: str) -> None:
    assert set(CONTRACT[name].split()) <= set(DEFS[name]["required"])


@pytest.mark.parametrize("words", ASKED, ids=lambda words: " ".join(words)[:50])
def test_answers_are_as_the_schema_says_and_no_field_may_be_misspelled(words: list[str]) -> None:
    answer = shortened(json.loads(run(*words, "--json").out), 20)  # curves and contours have thousands
    judge = validator(answer)
    assert list(judge.iter_errors(answer)) == []
    brief = shortened(answer, 2)
    assert Draft202012Validator(SCHEMA).is_valid(brief)
    for path in places(brief):
        assert not judge.is_valid(renamed(brief, path)), path


def test_answers_of_files_and_of_many_formulas(tmp_path: Path) -> None:
    file, claims, proof, each = (tmp_path / name for name in ("d.csv", "c.csv", "p.json", "e.txt"))
    file.write_text("x\n1\n2\n")
    claims.write_text("formula,wrt,claim\nx^2,x,2x\nx+,x,1\n")
    each.write_text("x^2\nx+\n")
    run("critical", "x^3-3x", "--box", "x=-3:3", "--proof", str(proof))
    for words in (
        ["map", "x^2", str(file), "-o", str(tmp_path / "o.csv"), "--digits", "--summary", "json"],
        ["check", str(claims), "--json"],
        ["verify", str(proof), "--json"],
        ["grad", f"@{each}", "--each", "--at", "x=1", "--no-symbolic", "--json"],
    ):
        out = run(*words).out
        for text in out.splitlines() if "--each" in words else [out]:
            answer = json.loads(text)
            assert list(validator(answer).iter_errors(answer)) == [], words


def test_answers_on_the_pages() -> None:
    shown = [line for page in pages() for block in blocks("console", page) for line in block.splitlines()]
    answers = [json.loads(line) for line in shown if line.startswith('{"schema"') and line.endswith("}")]
    assert answers
    assert all(validator(answer).is_valid(answer) for answer in answers)


def test_every_command_with_json_is_in_the_schema() -> None:
    asked = [name for name in COMMANDS if any("--json" in each.flags for each in parameters(function_of(name)))]
    assert [name for name in asked if not kinds({"command": name})] == []
