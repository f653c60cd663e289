"""`gradcalc check`: is a claimed formula the derivative?"""

import functools
import gc
import math
import re
import sys
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from gradcalc.cli import options as o
from gradcalc.cli.write import Format, dumped, write
from gradcalc.errors import FileError, UsageError, did_you_mean
from gradcalc.files import check_writable, complete_file
from gradcalc.settings import SHOW, Limits, Reading, option, required

if TYPE_CHECKING:
    from gradcalc.truth.claims.check import Claim, Claims


class Medium(StrEnum):
    """The media of all commands, and annotations of a workflow on GitHub."""

    table = "table"
    json = "json"
    csv = "csv"
    latex = "latex"
    html = "html"
    markdown = "markdown"
    github = "github"


@dataclass(frozen=True)
class Question:
    """A formula and what is claimed of its derivatives."""

    expression: str = required(
        "EXPR", "The formula; - or @FILE reads it. Or a file of claims: CSV with the columns formula, wrt, claim, or "
        "JSON lines. Or a Python function: model.py:f.",
    )  # fmt: skip
    claim: str | None = option(None, "--claim TEXT", "What the derivative is claimed to be; of a Python function one.")
    grad: str | None = option(None, "--grad LIST", 'All first derivatives as claimed: "2*x, cos(y)".')
    hessian: str | None = option(None, "--hessian MATRIX", 'All second derivatives as claimed: "[[2, 0], [0, 1]]".')
    wrt: str | None = option(None, "--wrt BY", "What the claim is derived for: x, x,y or x:2. Default: one variable.")
    at: tuple[str, ...] = option((), o.AT)
    let: tuple[str, ...] = option((), o.LET)
    formula: str | None = option(None, "--formula EXPR", "What a Python function computes: the derivative is its.")
    box: str | None = option(None, "--box RANGES", "Where a Python function is looked at: x=-1:1,y=0:2.")


@dataclass(frozen=True)
class Wanted:
    """What is enough, and where it is told."""

    require: Literal["proved", "agrees"] | None = option(
        None, "--require", "Exit code 1 where a claim is not at least this; default: where one is refuted."
    )
    junit: str | None = option(None, "--junit FILE", "Write a report as JUnit's XML, a test for each claim.", SHOW)
    proof: str | None = option(
        None,
        "--proof FILE",
        "Write what is needed to believe what is proved or refuted; gradcalc verify FILE checks that.",
    )
    format: Medium | None = option(None, o.FORMAT)
    json: bool = option(False, o.JSON)
    quiet: bool = option(False, o.QUIET)


def check(question: Question, wanted: Wanted, how: Reading, limits: Limits) -> int:
    """Is this the derivative? Proved, refuted at a point, agreed at so many points, or undecided.

    \b
    gradcalc check "sin(x)^2" --claim "sin(2x)"
    gradcalc check "x^2*y" --claim "2*x" --wrt x,y
    gradcalc check "x^2*y" --grad "2*x*y, x^2"
    gradcalc check pairs.csv --require proved --junit report.xml
    gradcalc check model.py:f --claim model.py:grad_f --box x=0:2
    """
    from gradcalc.data.pairs import is_file_of_pairs
    from gradcalc.data.urls import shown

    shape, name = None, shown(question.expression)
    if wanted.format is not Medium.github:
        shape = o.shape_of(Format(wanted.format.value) if wanted.format else None, wanted.json)
    if wanted.json and shape is None:
        raise UsageError("--json and --format github contradict each other", hint="--format github")
    if wanted.junit is not None:
        check_writable(Path(wanted.junit))
    if wanted.proof is not None:
        check_writable(Path(wanted.proof))
    if is_file_of_pairs(question.expression):
        made = _of_file(question, shape, how, limits)
    else:
        is_function = _FUNCTION.fullmatch(question.expression) is not None
        made = (_of_functions if is_function else _of_text)(question, how, limits)
    made = replace(made, require=wanted.require)
    try:
        if shape is None:
            print(*_annotations(made, name), sep="\n")
        elif shape is not Format.json or not is_file_of_pairs(question.expression):
            write(made, shape)
        sys.stdout.flush()
    finally:  # a pipe that is closed takes no file with it
        if wanted.junit is not None:
            _report(made, Path(wanted.junit), name)
        if wanted.proof is not None:
            _prove(made, Path(wanted.proof), limits)
    return made.exit_code


def _prove(made: "Claims", path: Path, limits: Limits) -> None:
    """The proof file; what it does not carry of several claims is told."""
    from gradcalc.truth.claims.proofs import write_claims

    carried = write_claims(made, path, limits)
    if carried < len(made.claims):
        print(f"{path} carries {carried:,} of {len(made.claims):,} claims", file=sys.stderr)


def _of_text(question: Question, how: Reading, limits: Limits) -> "Claims":
    """The claims about a formula."""
    from gradcalc.truth.claims.check import checked

    limits = o.read_limits(question.expression, limits)
    text = o.read_expression(question.expression, limits)
    at, let = o.read_all_points(question.at, limits, how), o.read_bindings(question.let, limits)
    return checked(text, question.claim, question.wrt, question.grad, question.hessian, at, let, limits)


_FUNCTION = re.compile(r"(.+\.py):([^\W\d]\w*)")
"""A function in a file of Python."""


def _of_functions(question: Question, how: Reading, limits: Limits) -> "Claims":
    """The claim that a Python function is the gradient of another."""
    from gradcalc.arithmetic.floats import Floats
    from gradcalc.language.points import nested
    from gradcalc.truth.claims.remainders import check_functions

    if question.claim is None or not _FUNCTION.fullmatch(question.claim):
        raise UsageError("the gradient of a Python function is one too", hint="--claim model.py:grad_f")
    function, gradient = _loaded(question.expression), _loaded(question.claim)
    floats = Floats()
    at = [
        {name: nested(value, floats) for name, value in point.items()}
        for point in o.read_all_points(question.at, limits, how)
    ]
    box = _read_box(question.box, limits) if question.box else None
    return check_functions(function, gradient, at, box, question.formula, (question.expression, question.claim), limits)


def _loaded(word: str) -> Callable[..., Any]:
    """A function of a file of Python, which is run for that."""
    from importlib.util import module_from_spec, spec_from_file_location

    found = _FUNCTION.fullmatch(word)
    assert found is not None
    path, name = Path(found[1]), found[2]
    if not path.is_file():
        raise FileError(f"{path}: No such file or directory")
    key = f"gradcalc checks {path.resolve()}"
    if key not in sys.modules:
        spec = spec_from_file_location(key, path)
        assert spec is not None and spec.loader is not None
        module = sys.modules[key] = module_from_spec(spec)
        sys.path.insert(0, str(path.resolve().parent))
        try:
            spec.loader.exec_module(module)
        except Exception as error:
            del sys.modules[key]
            raise FileError(f"{path} cannot be run: {type(error).__name__}: {error}") from error
        finally:
            del sys.path[0]
    function: Callable[..., Any] | None = getattr(sys.modules[key], name, None)
    if not callable(function):
        near = did_you_mean(name, [each for each, value in vars(sys.modules[key]).items() if callable(value)])
        raise UsageError(f"{path} has no function {name}", hint=f"{path}:{near}" if near else None)
    return _guarded(function, word)


def _guarded(function: Callable[..., Any], word: str) -> Callable[..., Any]:
    """A function whose errors are those of its file; an ArithmeticError or a ValueError says that it has no value."""

    @functools.wraps(function)
    def called(*positional: Any, **named: Any) -> Any:
        try:
            return function(*positional, **named)
        except (ArithmeticError, ValueError):
            raise
        except Exception as error:
            line = traceback.extract_tb(error.__traceback__)[-1]
            where = f" in line {line.lineno} of {Path(line.filename).name}" if line.name != "called" else ""
            raise UsageError(f"{word} raises {type(error).__name__}{where}: {error}") from error

    return called


def _read_box(text: str, limits: Limits) -> dict[str, tuple[float, float]]:
    """The sides of a box: `x=-1:1,y=0:pi`."""
    from gradcalc.arithmetic.floats import Floats
    from gradcalc.language.parse import parse_value
    from gradcalc.language.points import numbers

    found: dict[str, tuple[float, float]] = {}
    for part in text.split(","):
        name, equals, sides = part.partition("=")
        low, colon, high = sides.partition(":")
        if not (equals and colon and name.strip().isidentifier()) or name.strip() in found:
            raise UsageError(f"--box {text} says not what {part.strip() or 'a side'} is", hint="--box x=-1:1,y=0:2")
        ends = [float(numbers(parse_value(end, limits), Floats())[0]) for end in (low, high)]
        if not (-math.inf < ends[0] <= ends[1] < math.inf):
            raise UsageError(f"{sides} is no range from a number to a larger one", hint="--box x=-1:1")
        found[name.strip()] = ends[0], ends[1]
    return found


def _of_file(question: Question, shape: Format | None, how: Reading, limits: Limits) -> "Claims":
    """The claims of a file; as JSON each is written as soon as it is judged."""
    from gradcalc.data.pairs import checked_file
    from gradcalc.data.urls import shown
    from gradcalc.truth.claims.check import Claims

    for flag, given in {"--claim": question.claim, "--grad": question.grad, "--hessian": question.hessian}.items():
        if given is not None:
            raise UsageError(
                f"{flag} is for a formula, and {shown(question.expression)} is a file", hint="its column claim"
            )
    gc.enable()  # `cli.run` turns it off for one answer
    gc.freeze()
    let = o.read_bindings(question.let, limits)
    found = checked_file(question.expression, question.wrt, let, limits, how)
    if shape is Format.json:
        return Claims(None, tuple(_streamed(found, shown(question.expression))))
    judged: list[Claim] = []
    try:
        judged.extend(found)
    except KeyboardInterrupt:
        return Claims(None, tuple(judged), interrupted=True)
    return Claims(None, tuple(judged))


def _streamed(claims: "Iterator[Claim]", name: str) -> "Iterator[Claim]":
    """Claims, each written as JSON before the next is judged; all together are one document."""
    print(dumped({"schema": 1, "command": "check", "expression": None, "file": name})[:-1] + ', "claims": [', end="")
    separator = "\n"
    try:
        for claim in claims:
            print(separator + dumped(claim.to_dict()), end="", flush=True)
            separator = ",\n"
            yield claim
    finally:
        if not isinstance(sys.exc_info()[1], OSError):
            print("\n]}")


def _annotations(made: "Claims", name: str) -> "Iterator[str]":
    """What GitHub shows beside the lines of a file: errors of claims that fail, warnings of what is not settled."""
    from gradcalc.truth.claims.check import counted, fails

    for claim in made.claims:
        level = "error" if fails(claim, made.require) or claim.error else (
            "warning" if claim.verdict == "undecided" else None
        )  # fmt: skip
        if level is not None:
            place = "" if claim.line is None else f"file={_escaped(name, ':,')},line={claim.line},"
            message = f"{claim.claim} as the derivative of {claim.formula}: {claim.told}" if claim.claim else claim.told
            yield f"::{level} {place}title={claim.verdict}::{_escaped(message)}"
    yield counted(made.claims)


def _escaped(text: str, also: str = "") -> str:
    """A text as a command of a workflow holds it."""
    for letter in "%\r\n" + also:
        text = text.replace(letter, f"%{ord(letter):02X}")
    return text


def _report(made: "Claims", path: Path, name: str) -> None:
    """A report as JUnit writes it."""
    from xml.etree import ElementTree as xml

    from gradcalc.truth.claims.check import fails

    failed = [fails(claim, made.require) for claim in made.claims]
    broken = [claim.error is not None for claim in made.claims]
    suite = xml.Element(
        "testsuite", name=_printable(name), tests=str(len(failed)), failures=str(sum(failed)), errors=str(sum(broken)),
    )  # fmt: skip
    for claim, fail, bad in zip(made.claims, failed, broken, strict=True):
        case = xml.SubElement(
            suite, "testcase", classname="gradcalc.check",
            name=_printable(f"{claim.claim} is d/d({claim.wrt}) of {claim.formula}"),
        )  # fmt: skip
        if claim.line is not None:
            case.set("file", _printable(name))
            case.set("line", str(claim.line))
        if fail or bad:
            xml.SubElement(case, "error" if bad else "failure", type=claim.verdict, message=_printable(claim.told))
        else:
            xml.SubElement(case, "system-out").text = _printable(f"{claim.verdict}: {claim.told}")
    with complete_file(path) as file:
        xml.ElementTree(suite).write(file, encoding="utf-8", xml_declaration=True)


def _printable(text: str) -> str:
    """A text without what no XML may hold."""
    return "".join(c if c.isprintable() or c in "\t\n" else f"\\x{ord(c):02x}" for c in text)
