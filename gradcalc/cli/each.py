"""`--each`: a formula a line, all answered in one process, each as soon as it is read.

    lines of @file or - --> (number, text) --> Asked --> Answer --> stream (table, json, markdown)
                                    '-- error, an answer of its line --'  '--> gathered (csv, html, latex)

A line is a formula, or a JSON object with its own `at`, `let` and `wrt`. Knows no command: who calls says how one
formula is answered.
"""

import gc
import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import product
from typing import Any, Protocol

from gradcalc.cli import options as o
from gradcalc.cli.progress import clear
from gradcalc.cli.write import Format, dumped, write
from gradcalc.errors import (
    ExitCode,
    ExpressionError,
    FileError,
    GradcalcError,
    LimitError,
    UsageError,
    did_you_mean,
    understood,
    worst,
)
from gradcalc.language.formula import UNNAMED, Point
from gradcalc.language.parse import as_formula
from gradcalc.language.points import read_names, read_values, to_bindings, to_points
from gradcalc.settings import Limits
from gradcalc.show import page as pages
from gradcalc.show.answer import Answer
from gradcalc.work import reached

_EXAMPLE = '{"formula": "x*y", "at": {"x": 1, "y": 2}}'
_KEYS = ("formula", "at", "let", "wrt")
"""What the object of a line may say; `expression`, as answers call it, is the formula too."""


def answer_each(
    asked: o.Asked, lines: "Iterator[tuple[int, str | GradcalcError]]", ask: Callable[[o.Asked], Answer], sink: "Sink"
) -> int:
    """Answer every line; the worst exit code.

    Args:
        asked: what is common to all lines: points, bound values, names.
        ask: answers one formula.
        sink: where answers go.
    """
    gc.enable()  # `cli.run` turns it off for one answer
    gc.freeze()
    codes = {ExitCode.DONE}
    try:
        for number, line in lines:
            text = line if isinstance(line, str) else ""
            reached(number - 1, "line")
            try:
                if isinstance(line, GradcalcError):
                    raise line
                one = _read(line, asked)
                made = ask(one)
                sink.answer(number, one.text, made)
                codes.add(ExitCode(made.exit_code))
            except BrokenPipeError:
                raise
            except Exception as error:
                known = understood(error)
                if known is None:
                    raise
                sink.error(number, text, known)
                codes.add(known.exit_code)
    finally:
        if not isinstance(sys.exc_info()[1], OSError):
            sink.finish()
    return worst(codes)


# -- lines -------------------------------------------------------------------------------------------------------------


def read_lines(word: str, limit: int) -> Iterator[tuple[int, str | GradcalcError]]:
    """The lines of `-` or `@file` that are no comment, with their numbers; one that cannot be read is an error."""
    if word != "-" and not word.startswith("@"):
        raise UsageError(
            "--each reads a formula a line, from a file or from standard input", hint="@formulas.txt, or -"
        )
    most, number = 4 * limit + 2, 0
    with o.opened(word) as source:
        while data := _next(source, most):
            number += 1
            if len(data) >= most:
                yield number, LimitError(f"the line is longer than {limit:,} characters", hint="--max-text")
                continue
            try:
                text = data.decode("utf-8-sig" if number == 1 else "utf-8").strip()
            except UnicodeDecodeError as error:
                bad = f"byte {error.start} is {data[error.start]:#x}"
                yield number, ExpressionError(f"the line is not UTF-8 text: {bad}")
                continue
            if not text.startswith("{"):
                text = text.partition("#")[0].rstrip()
            if text:
                yield number, text


def _next(source: Any, most: int) -> bytes:
    """The next line; of one that is too long what is too much already, the rest of it skipped."""
    try:
        data: bytes = source.readline(most)
        rest = data
        while len(rest) >= most and not rest.endswith(b"\n"):
            rest = source.readline(most)
    except OSError as error:
        raise FileError(f"the formulas cannot be read: {error.strerror or error}") from None
    return data


def _read(line: str, common: o.Asked) -> o.Asked:
    """What a line asks: its own points, values and names before those that all lines have in common."""
    entry: Mapping[str, Any] = _object(line, common.limits) if line.startswith('{"') else {"formula": line}
    text, limits = entry["formula"], common.limits
    bound = to_bindings(_bound(entry.get("let"), limits), limits)
    let = {**common.let, **bound}
    wrt = read_names(entry["wrt"]) if "wrt" in entry else common.wrt
    own = to_points(entry["at"], limits) if "at" in entry else [{}]
    shapes = {name: value.shape for point in (*common.at[:1], *own[:1]) for name, value in point.items() if name}
    given = bool(common.at or "at" in entry)
    formula = as_formula(text, {**dict.fromkeys(wrt or (), ()), **shapes}, let, limits, given, common.array)
    used = {*formula.variables, *(wrt or ()), UNNAMED}
    shared = _distinct([{name: point[name] for name in point if name in used} for point in common.at or [{}]])
    at = [{**first, **second} for first, second in product(shared, own)]
    let = {name: value for name, value in let.items() if name in bound or name in formula.spans}
    return o.Asked(formula if given else text, text, at if given else [], let, wrt, limits, common.array)


def _distinct(points: Sequence[Point]) -> list[Point]:
    """Points without those that are there already, as a grid has over names that a formula does not contain."""
    found = {tuple((name, id(value)) for name, value in point.items()): point for point in points}
    return list(found.values())


def _object(line: str, limits: Limits) -> Mapping[str, Any]:
    """The JSON object of a line."""
    try:
        entry = json.loads(line, object_pairs_hook=_unique)
    except (ValueError, RecursionError) as error:
        raise ExpressionError(
            f"the line is no JSON object: {error}", hint='{"formula": "x*y", "at": {"x": 1}}'
        ) from None
    if "expression" in entry and "formula" not in entry:
        entry["formula"] = entry.pop("expression")
    for key in entry:
        if key not in _KEYS:
            near = did_you_mean(key, _KEYS) or ", ".join(_KEYS)
            raise UsageError(f"a line has no {key}", hint=near)
    if not isinstance(entry.get("formula"), str):
        raise UsageError("the line has no formula", hint=_EXAMPLE)
    if len(entry["formula"]) > limits.text:
        raise LimitError(f"the formula is longer than {limits.text:,} characters", hint="--max-text raises the limit")
    return {key: value for key, value in entry.items() if value is not None}


def _unique(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    """A JSON object whose names occur once each."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name has two values")
    return found


def _bound(given: Any, limits: Limits) -> Any:
    """The values that a line binds, given as an object or as the text of `--let`."""
    return read_values(given, limits) if isinstance(given, str) else given


# -- where answers go --------------------------------------------------------------------------------------------------


class Sink(Protocol):
    """Where the answers of lines go."""

    def answer(self, number: int, text: str, made: Answer) -> None:
        """The answer of a line."""

    def error(self, number: int, text: str, error: GradcalcError) -> None:
        """What was wrong with a line."""

    def finish(self) -> None:
        """All lines are answered, or no more are."""


def sink_for(shape: Format, long: bool, quiet: bool) -> Sink:
    """What writes answers in a medium."""
    if shape is Format.csv:
        return _Rows(long)
    return _Whole(shape) if shape in (Format.html, Format.latex) else _Stream(shape, quiet)


class _Stream:
    """Each answer as soon as it is there: a line of JSON, or one page after the other."""

    def __init__(self, shape: Format, quiet: bool) -> None:
        self.shape, self.quiet, self.several = shape, quiet, False

    def answer(self, number: int, text: str, made: Answer) -> None:
        if self.shape is Format.json:
            print(dumped({**made.to_dict(), "line": number}), flush=True)
            return
        if self.several:
            print()
        self.several = True
        write(made, self.shape)
        sys.stdout.flush()
        if made.aside and not self.quiet:
            print(f"line {number}: {made.aside}", file=sys.stderr)

    def error(self, number: int, text: str, error: GradcalcError) -> None:
        if self.shape is Format.json:
            print(dumped({"error": error.to_dict(), "line": number}), flush=True)
        else:
            clear()
            print(f"error in line {number}: {error}", file=sys.stderr)

    def finish(self) -> None:
        pass


class _Rows:
    """CSV: one table whose columns are those of all answers, written when all are known."""

    def __init__(self, long: bool) -> None:
        self.long = long
        self.rows: list[dict[str, object]] = []

    def answer(self, number: int, text: str, made: Answer) -> None:
        titles, *rows = made.long_records() if self.long else made.records()
        names = [f"{title}_" if title in ("line", "formula", "error") else str(title) for title in titles]
        for row in rows:
            self.rows.append({"line": number, "formula": text, **dict(zip(names, row, strict=True))})

    def error(self, number: int, text: str, error: GradcalcError) -> None:
        self.rows.append({"line": number, "formula": text, "error": error.message})

    def finish(self) -> None:
        import csv

        titles = dict.fromkeys(["line", "formula", *(title for row in self.rows for title in row if title != "error")])
        if any("error" in row for row in self.rows):
            titles["error"] = None
        out = csv.DictWriter(sys.stdout, list(titles), restval="", lineterminator="\n")
        out.writeheader()
        out.writerows(self.rows)


class _Whole:
    """One page of all answers, for media whose page is a document."""

    def __init__(self, shape: Format) -> None:
        self.shape = shape
        self.blocks: list[pages.Block] = []
        self.equations: list[tuple[pages.Equation, ...]] = []

    def answer(self, number: int, text: str, made: Answer) -> None:
        page = made.page()
        self.blocks += page.blocks
        self.equations += page.equations

    def error(self, number: int, text: str, error: GradcalcError) -> None:
        self.blocks.append(pages.Remarks((pages.Remark(f"error in line {number}", error.message, text),)))
        print(f"error in line {number}: {error}", file=sys.stderr)

    def finish(self) -> None:
        from importlib import import_module

        page = pages.Page("formulas", tuple(self.blocks), tuple(self.equations))
        print(import_module(f"gradcalc.show.{self.shape.medium}").draw(page).removesuffix("\n"))
