"""Files of claims: CSV with the columns `formula`, `wrt` and `claim`, or JSON lines with these keys; a verdict a line.

    path --> lines with their numbers --> Checker --> claims in the order of the file, one after the other

What cannot be read of a line is a claim with an error; the others are judged. `wrt` may be left out where a formula has
one variable. Further columns are for others. Imports truth and the formats of text.
"""

import csv
import json
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

from gradcalc.data.formats.format import Place, readable
from gradcalc.data.formats.text import decoded, encoding_of, lines
from gradcalc.data.source import opened
from gradcalc.data.urls import parsed, shown
from gradcalc.errors import ExpressionError, FileError, GradcalcError, UsageError, did_you_mean, for_python, understood
from gradcalc.language.formula import Value
from gradcalc.language.points import to_bindings
from gradcalc.settings import AS_USUAL, Dialect, Limits, Reading, limits_for
from gradcalc.truth.claims import check as claims
from gradcalc.truth.claims.check import Checker, Claim, Claims
from gradcalc.truth.claims.proofs import write_claims
from gradcalc.truth.claims.remainders import check_functions

_KINDS = (".csv", ".tsv", ".jsonl", ".ndjson")
_COLUMNS = ("formula", "wrt", "claim")
_DELIMITERS = ",;\t"
_HELD = 50
"""How many lines a quote may hold together."""
_EXAMPLE = '{"formula": "x^2", "wrt": "x", "claim": "2*x"}'

Line = tuple[int, "Mapping[str, str] | GradcalcError"]
"""The number of a line, and its cells by column or what is wrong with it."""


def is_file_of_pairs(word: str) -> bool:
    """Whether a word names a file of claims, there or not."""
    return shown(word).lower().removesuffix(".gz").endswith(_KINDS)


def checked_file(
    source: str, wrt: str | None, let: Mapping[str, Value], limits: Limits, how: Reading = AS_USUAL
) -> Iterator[Claim]:
    """The claims of a file with their verdicts, each as soon as it is judged.

    Raises:
        FileError: it cannot be read, or has not the columns.
    """
    checker = Checker(let, limits)
    for number, cells in _lines(source, how):
        try:
            if isinstance(cells, GradcalcError):
                raise cells
            found = checker.judge(cells["formula"], cells.get("wrt") or wrt, cells["claim"])
            yield replace(found, line=number)
        except Exception as error:
            known = understood(error)
            if known is None:
                raise
            given = cells if isinstance(cells, Mapping) else {}
            formula, by, claim = (given.get(name) or "" for name in _COLUMNS)
            yield Claim(formula, by, claim, "undecided", line=number, error=known)


@for_python
def check(
    expression: Any,
    claim: Any = None,
    wrt: str | Sequence[str] | None = None,
    *,
    grad: str | Sequence[str] | None = None,
    hessian: str | Sequence[Sequence[str]] | None = None,
    at: Any = None,
    let: Mapping[str, Any] | None = None,
    box: Mapping[str, tuple[float, float]] | None = None,
    formula: str | None = None,
    proof: str | Path | None = None,
    limits: Limits | None = None,
    dialect: Dialect | None = None,
) -> Claims:
    """Whether claimed formulas or functions are derivatives.

    >>> gradcalc.check("sin(x)^2", "sin(2x)").claims[0].verdict
    'proved'
    >>> gradcalc.check(lambda x: x**2, lambda x: 2 * x, box={"x": (0, 1)}).claims[0].verdict
    'agrees'

    Args:
        expression: the formula, as text; a file of claims (`pairs.csv`, `pairs.jsonl`); or a Python function.
        claim: its derivative for `wrt`, as is claimed; of a function its gradient, a function of the same arguments.
        wrt: what it is derived for: `"x"`, `"x,x"`, `"x:2,y"`; not needed where there is one variable. With `grad` and
            `hessian` the variables, in their order.
        grad: all first derivatives: `"2*x, cos(y)"`, or a list.
        hessian: all second derivatives: `"[[2, 0], [0, -sin(y)]]"`, or nested lists.
        at: points at which they are compared too.
        let: values by name that are put into the formula and the claim.
        box: of functions, between which numbers each argument lies.
        formula: what the function computes: its certified derivative then stands beside the claim's numbers.
        proof: the file that the proof of what is proved or refuted is written to; `gradcalc.verify` reads it.
        limits, dialect: as of `differentiate`.

    Raises:
        ExpressionError, UsageError: what is no formula; a claim for what is no variable.
        FileError: the file cannot be read, or holds no claims.
    """
    limits = limits_for(limits, dialect)
    if callable(expression) and callable(claim):
        if proof is not None:
            raise UsageError("of functions there is evidence, and no proof", hint="a formula, as text")
        return check_functions(expression, claim, at, box, formula, limits=limits)
    if isinstance(expression, Path) or isinstance(expression, str) and is_file_of_pairs(expression):
        by = wrt if wrt is None or isinstance(wrt, str) else ",".join(map(str, wrt))
        made = check_file(expression, by, to_bindings(let, limits), limits)
    else:
        made = claims.check(expression, claim, wrt, grad=grad, hessian=hessian, at=at, let=let, limits=limits)
    if proof is not None:
        write_claims(made, Path(proof), limits)
    return made


def check_file(
    path: str | Path, wrt: str | None = None, let: Mapping[str, Value] | None = None, limits: Limits | None = None
) -> Claims:
    """All claims of a file with their verdicts."""
    return Claims(None, tuple(checked_file(str(path), wrt, let or {}, limits or Limits())))


def _lines(source: str, how: Reading) -> Iterator[Line]:
    """What each line of a file says, wherever it is."""
    if parsed(source):
        with opened(source) as paths:
            for path in paths:
                yield from _read(path, how)
    else:
        yield from _read(Path(source), how)


def _read(path: Place, how: Reading) -> Iterator[Line]:
    """The lines of a file that hold something."""
    is_json = path.name.lower().removesuffix(".gz").endswith((".jsonl", ".ndjson"))
    with readable(path, "JSON lines" if is_json else "CSV"), decoded(path, encoding_of(path, how)) as text:
        numbered = (
            (number, line.removeprefix("\ufeff") if number == 1 else line) for number, line in lines(path, text)
        )
        yield from _objects(numbered) if is_json else _records(path, numbered)


def _objects(numbered: Iterable[tuple[int, str]]) -> Iterator[Line]:
    for number, line in numbered:
        if line.strip():
            yield number, _object(line.strip())


def _object(line: str) -> Mapping[str, str] | GradcalcError:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError) as error:
        return ExpressionError(f"the line is no JSON object: {error}", hint=_EXAMPLE)
    if not isinstance(found, dict):
        return ExpressionError("the line is no JSON object", hint=_EXAMPLE)
    by = found.get("wrt")
    found["wrt"] = ",".join(map(str, by)) if isinstance(by, list) else by or ""
    for name in _COLUMNS:
        if not isinstance(found.get(name), str):
            return ExpressionError(f"the line has no {name}", hint=did_you_mean(name, found) or _EXAMPLE)
    return _whole({name: found[name] for name in _COLUMNS})


def _records(path: Place, numbered: Iterable[tuple[int, str]]) -> Iterator[Line]:
    """The records of a CSV file below its titles; a record may have several lines, and is known by its first."""
    rest = iter(numbered)
    number, header = next(((n, line) for n, line in rest if line.strip()), (0, ""))
    delimiter = max(_DELIMITERS, key=header.count)
    titles = [title.strip().lower() for title in next(csv.reader([header], delimiter=delimiter), [])]
    for name in ("formula", "claim"):
        if name not in titles:
            near = did_you_mean(name, titles)
            raise FileError(
                f"{path}: no column {name}", hint=f"is {near} meant?" if near else "a first line: formula,wrt,claim"
            )
    places = {name: titles.index(name) for name in _COLUMNS if name in titles}
    for number, record in _joined(rest):
        try:
            (cells,) = csv.reader([record], delimiter=delimiter, strict=True)
        except (csv.Error, ValueError) as error:
            yield number, ExpressionError(f"the line is no CSV: {error}", hint='quotes as in "max(x, 1)"')
            continue
        yield number, _cells(cells, titles, places)


def _joined(numbered: Iterator[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    """Lines that quotes hold together as one; a quote that is not closed soon holds none."""
    waiting: deque[tuple[int, str]] = deque()
    while waiting or (waiting := deque(islice(numbered, 1))):
        number, record = waiting.popleft()
        if not record.strip() or record.startswith("#"):
            continue
        taken, whole = 0, record
        while whole.count('"') % 2 and taken < _HELD:
            if taken == len(waiting):
                waiting.extend(islice(numbered, 1))
            if taken == len(waiting):
                break
            whole, taken = whole + waiting[taken][1], taken + 1
        if whole.count('"') % 2 == 0:
            record = whole
            for _ in range(taken):
                waiting.popleft()
        yield number, record.rstrip("\r\n")


def _cells(cells: Sequence[str], titles: Sequence[str], places: Mapping[str, int]) -> Mapping[str, str] | GradcalcError:
    """The cells of a record by column."""
    if len(cells) != len(titles):
        return ExpressionError(
            f"the line has {len(cells)} cells, the first line {len(titles)}", hint='quotes around commas: "max(x, 1)"'
        )
    return _whole({name: cells[place] for name, place in places.items()})


def _whole(cells: Mapping[str, str]) -> Mapping[str, str] | GradcalcError:
    """Cells without blanks around them; what is empty or not UTF-8 is told."""
    for name, text in cells.items():
        if name != "wrt" and not text.strip():
            return ExpressionError(f"the line has no {name}")
        if any("\udc80" <= letter <= "\udcff" for letter in text):
            return ExpressionError(f"the {name} is not UTF-8 text")
    return {name: text.strip() for name, text in cells.items()}
