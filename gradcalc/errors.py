"""The exception tree and the exit codes. Imports the standard library only.

An error says what is wrong, where (a caret under the text) and what to try:

    GradcalcError
    ├── ExpressionError      the text is no expression            exit 2
    │   └── LimitError       it is one, but larger than allowed   exit 2
    ├── UsageError           a point, a binding or an option      exit 2
    │   └── MissingExtra     it needs a library of an extra       exit 2
    ├── FileError            a file could not be read             exit 4
    └── TapeError            a tape cannot answer as asked; a RuntimeError too
        ├── DetachError      a conversion would leave the tape in silence; a TypeError too
        └── NoRuleError      a function has no derivative rule; a NotImplementedError too
"""

import errno
import os
import re
import sys
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from enum import IntEnum
from functools import wraps
from importlib import import_module
from importlib.util import find_spec
from inspect import signature
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

Span = tuple[int, int]
"""Start and end of a place in a text, in characters; the end is exclusive."""


class ExitCode(IntEnum):
    """What the command's exit status says."""

    DONE = 0
    NO = 1
    USAGE = 2
    UNDEFINED = 3
    FILE = 4
    INTERRUPTED = 130


_WORST = (ExitCode.NO, ExitCode.USAGE, ExitCode.UNDEFINED, ExitCode.DONE)
"""Exit codes of many answers, worst first; any other is worse."""


def worst(codes: Iterable[int]) -> int:
    """The exit code that stands for many."""
    return min(codes, key=lambda code: _WORST.index(ExitCode(code)) if code in _WORST else -1)


class GradcalcError(Exception):
    """Base of all errors of gradcalc: a message, and where and what to try when known."""

    kind = "error"
    exit_code = ExitCode.NO

    def __init__(
        self, message: str, *, text: str | None = None, span: Span | None = None, hint: str | None = None
    ) -> None:
        super().__init__(told(message))
        self.message = told(message)
        self.text = text
        self.span = span
        self.hint = hint

    def __str__(self) -> str:
        lines = [told(self.message)]
        if self.text is not None and self.span is not None:
            lines += caret_lines(self.text, self.span)
        if self.hint:
            lines.append(f"try: {told(self.hint)}")
        return "\n".join(lines)

    def to_dict(self) -> dict[str, Any]:
        """The JSON form: kind, message, and the span and hint when there are any."""
        body: dict[str, Any] = {"kind": self.kind, "message": told(self.message)}
        if self.span is not None:
            body["span"] = list(self.span)
        if self.hint:
            body["hint"] = told(self.hint)
        return body


class ExpressionError(GradcalcError):
    """The text is no expression of the language."""

    kind = "expression"
    exit_code = ExitCode.USAGE


class LimitError(ExpressionError):
    """The expression is larger than a limit allows; the hint names the option that raises it."""

    kind = "limit"


class UsageError(GradcalcError):
    """A point, a binding or an option does not fit."""

    kind = "usage"
    exit_code = ExitCode.USAGE


class MissingExtra(UsageError):
    """A library that an extra brings is not installed; the hint is the command that installs it."""


class FileError(GradcalcError):
    """A file could not be opened, read or understood."""

    kind = "file"
    exit_code = ExitCode.FILE


def caret_lines(text: str, span: Span, width: int = 76) -> list[str]:
    """The line of `text` that holds `span`, shortened to `width` columns, and a line of carets below it."""
    start, end = span
    start = min(max(start, 0), len(text))
    line_start = text.rfind("\n", 0, start) + 1
    line_end = text.find("\n", line_start)
    line = text[line_start : len(text) if line_end < 0 else line_end]
    first = start - line_start
    last = max(first + 1, min(end - line_start, len(line)))
    low = max(0, min(first - width // 3, len(line) - width))
    high = min(len(line), low + width)
    shown = list(map(visible, line[low:high]))
    while columns("".join(shown)) > width and columns("".join(shown[: first - low])) > width // 3:
        low, shown = low + 1, shown[1:]
    while len(shown) > 1 and columns("".join(shown)) > width:
        high, shown = high - 1, shown[:-1]
    head, tail = "…" if low else "", "…" if high < len(line) else ""
    before, under = columns(head + "".join(shown[: first - low])), columns("".join(shown[first - low : last - low]))
    return ["  " + head + "".join(shown) + tail, "  " + " " * before + "^" * max(1, under)]


def columns(text: str) -> int:
    """How many columns of a terminal `text` takes."""
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


# -- what others wrote, as it can be shown -----------------------------------------------------------------------------

_UNSEEN = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)
"""Letters and marks without any ink, which Python calls printable."""
_WORD, _MESSAGE = 200, 1_000
"""Characters of one word, and of a message or a hint, at most."""


def visible(text: str, keep: str = "") -> str:
    """The text with everything that a terminal would obey, or not show, written as Python escapes it: `\\x1b`.

    Args:
        keep: what is left as it is although it is not printable, such as a newline.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(c if c in keep or c.isprintable() and not _UNSEEN.match(c) else _escaped(c) for c in text)


def _escaped(character: str) -> str:
    """A character as Python escapes it; one that `repr` shows as it is, by its number."""
    shown = repr(character)[1:-1]
    code = ord(character)
    return shown if shown != character else f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def told(text: str) -> str:
    """A message or a hint as it is shown: everything visible, long words and long messages shortened in the middle."""
    if len(text) > _WORD:
        text = re.sub(rf"\S{{{_WORD + 1},}}", lambda word: _shortened(word[0], _WORD), text)
    return visible(_shortened(text, _MESSAGE))


def _shortened(text: str, limit: int) -> str:
    """The two ends of a text that is longer."""
    if len(text) <= limit:
        return text
    tail = limit // 3
    return f"{text[: limit - tail - 1]}…{text[-tail:]}"


# -- what was meant ----------------------------------------------------------------------------------------------------


INSTEAD = {
    word: said
    for words, said in {
        "help": "gradcalc --help: or gradcalc grad --help",
        "version": "gradcalc --version",
        "minimize minimise optimize optimise argmin": 'gradcalc descend "x^2 + y^2" --at x=1,y=1',
        "maximize maximise argmax": 'gradcalc descend "3x - x^2" --at x=0 --maximize',
        "regression curve_fit regress nls": 'gradcalc fit "y ~ a*exp(-b*x)" --data d.csv --at a=1,b=1',
        "integral integrate int antiderivative quad": (
            'gradcalc diff "x^3/3" x: differentiates what you hold for the integral, as there are no integrals'
        ),
        "limit lim": 'gradcalc grad "sin(x)/x" --at x=1e-9: gives the value beside the point, as there are no limits',
        "solve nsolve fsolve roots fzero": (
            'gradcalc critical --roots "x^2 = 2" --box x=-3:3: finds all roots in a box, and proves them'
        ),
        "simplify expand factor evaluate": 'gradcalc grad "x^2" --at x=3: gives a value and its derivatives',
        "derivative derive differentiate": 'gradcalc diff "x^2*y" x',
        "gradient": 'gradcalc grad "x^2*y" --at x=1,y=2',
        "series": 'gradcalc taylor "exp(x)" --at x=0',
    }.items()
    for word in words.split()
}
"""Words that people try, as commands or as functions, and what gradcalc does instead of what it lacks."""


def did_you_mean(word: str, known: Iterable[str]) -> str | None:
    """The one known word that a word is a slip of the keyboard from, or that it is the beginning of.

    Another case or another sign between the parts is no difference; then come two letters exchanged or one of two
    equal ones, then any one letter (two from ten letters on), then a beginning. Where several are as near there is
    none.
    """
    if len(word) > 60:
        return None
    plain = _plain(word)
    found: dict[int, list[str]] = {}
    for each in dict.fromkeys(known):
        rank = _rank(plain, _plain(each))
        if rank is not None:
            found.setdefault(rank, []).append(each)
    nearest = found[min(found)] if found else []
    return nearest[0] if len(nearest) == 1 else None


def _plain(word: str) -> str:
    return word.lower().replace("_", "").replace("-", "")


def _rank(word: str, known: str) -> int | None:
    """How unlikely it is that one word was meant by another; None where it was not."""
    if word == known:
        return 0
    if len(word) > 1 and is_slip(word, known):
        return 1
    if abs(len(word) - len(known)) <= 2 < min(len(word), len(known)):
        edits = edit_distance(word, known)
        if edits == 1 or edits == 2 and min(len(word), len(known)) > 9:
            return 1 + edits
    return 4 if len(word) > 2 and known.startswith(word) else None


def is_slip(word: str, known: str) -> bool:
    """Whether two neighbouring letters changed places, or one of two equal letters is missing or too many."""
    if len(word) == len(known):
        i = next((i for i, (a, b) in enumerate(zip(word, known, strict=True)) if a != b), len(word))
        return word[i + 1 : i + 2] + word[i : i + 1] == known[i : i + 2] and word[i + 2 :] == known[i + 2 :]
    long, short = sorted((word, known), key=len, reverse=True)
    return len(long) == len(short) + 1 and any(
        long[i] == long[i + 1] and long[:i] + long[i + 1 :] == short for i in range(len(short))
    )


def edit_distance(word: str, known: str) -> int:
    """How many letters must be put in, taken out or replaced to make one word of another."""
    row = list(range(len(known) + 1))
    for i, letter in enumerate(word, start=1):
        previous, row[0] = row[0], i
        for j, other in enumerate(known, start=1):
            previous, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, previous + (letter != other))
    return row[-1]


# -- what Python is told -----------------------------------------------------------------------------------------------

_ASSIGNMENTS = re.compile(r"--(at|let|direction) ([^\s=,]+=(?:[^\s\[]|\[[^\]]*\])+)")
_OPTIONS = {
    "--max-text": "limits=Limits(text=...)", "--max-depth": "limits=Limits(depth=...)",
    "--max-nodes": "limits=Limits(nodes=...)", "--lr": "learning_rate", "--max-seconds": "seconds",
}  # fmt: skip


def in_python(text: str) -> str:
    """A message or a hint with the options of the command line as Python writes them: `at={"x": 2}` for `--at x=2`.

    A whole command stays one.
    """
    if text.startswith("gradcalc "):
        return text

    def mapping(found: re.Match[str]) -> str:
        pairs = [part.partition("=") for part in re.split(r",(?![^\[(]*[\])])", found[2])]
        written = [f'"{name}": {_python_value(value)}' for name, _, value in pairs]
        return f"{found[1]}={{{', '.join(written)}}}"

    def keyword(found: re.Match[str]) -> str:
        return _OPTIONS.get(found[0], found[0][2:].replace("-", "_"))

    text = _ASSIGNMENTS.sub(mapping, text)
    text = re.sub(r"--optimizer ([\w-]+)", r'optimizer="\1"', text)
    text = re.sub(r"--(data|wrt) ([\w.]+(?=$))", r'\1="\2"', text)
    text = re.sub(r"--epochs (\d+)", r"epochs=\1", text)
    return re.sub(r"(?<![\w-])--[a-z][a-z-]*", keyword, text)


def _python_value(text: str) -> str:
    """A value as Python writes it: numbers and lists as they are, formulas as text."""
    return text if text == "..." or re.fullmatch(r"[-+.\deE\[\], ]+", text) else f'"{text}"'


def for_python(function: Callable[P, T]) -> Callable[P, T]:
    """A function of the Python API: its errors speak Python, arguments it does not take are told with a hint."""

    @wraps(function)
    def called(*args: P.args, **settings: P.kwargs) -> T:
        known = signature(function).parameters
        if not any(each.kind is each.VAR_KEYWORD for each in known.values()):
            for name in settings:
                if name not in known:
                    near = did_you_mean(name, known)
                    raise UsageError(f"{function.__name__} takes no {name}", hint=near and f"{near}=")
        try:
            signature(function).bind(*args, **settings)
        except TypeError as error:
            raise UsageError(f"{function.__name__}: {error}") from None
        try:
            return function(*args, **settings)
        except GradcalcError as error:
            error.message = in_python(error.message)
            error.args = (error.message,)
            error.hint = in_python(error.hint) if error.hint else None
            raise

    return called


EXTRAS = {
    "llvmlite": ("llvmlite", "fast"), "scipy": ("SciPy", "fast"), "pyarrow": ("PyArrow", "data"),
    "matplotlib": ("matplotlib", "plot"), "plotext": ("plotext", "plot"),
    "pygraphviz": ("pygraphviz", "plot"), "prompt_toolkit": ("prompt_toolkit", "repl"), "h5py": ("h5py", "h5"),
    "distributed": ("Dask", "dask"), "dask": ("Dask", "dask"),
}  # fmt: skip
"""The libraries that the base does without: the name of each, and the extra that brings it."""


def only(value: Any, **arguments: Any) -> None:
    """Refuse by name each argument that is not the one value that is supported here.

    Raises:
        NotImplementedError: it has another value.
    """
    for name, given in arguments.items():
        if given is not value and not (type(given) is type(value) and given == value):
            raise NotImplementedError(f"{name}={given!r} is not supported here: only {name}={value!r} is")


def known(what: str, identifier: Any, table: Mapping[str, Any], kind: Any = Callable) -> Any:
    """What a name stands for in a table, or the given thing itself; of a class one with default arguments.

    Raises:
        ValueError: it is no name of the table, and not of the `kind`: nothing that can be called.
    """
    found = table.get(identifier, identifier) if isinstance(identifier, str) else identifier
    found = found() if isinstance(found, type) else found
    if isinstance(found, kind):
        return found
    short = [name for name in table if name.islower()]  # the other spellings of the same things
    near = did_you_mean(identifier, short or table) if isinstance(identifier, str) else None
    meant = f" Did you mean {near}?" if near else ""
    raise ValueError(f"Could not interpret {what} identifier: {identifier}.{meant} Known: {', '.join(sorted(table))}")


def installed(name: str) -> bool:
    """Whether a library of an extra is there, without importing it."""
    return find_spec(name) is not None


def library(module: str, use: str) -> Any:
    """A module of a library of an extra.

    Args:
        use: what needs it, as the error's first words: `gradcalc.compile`.

    Raises:
        MissingExtra: the library is not installed.
        UsageError: it is, but cannot be imported.
    """
    top = module.partition(".")[0]
    name, extra = EXTRAS[top]
    if not installed(top):
        hint = install_command(f'"gradcalc[{extra}]"')
        raise MissingExtra(f"{use} needs {name}, which is not installed", hint=hint)
    try:
        return import_module(module)
    except (ImportError, OSError) as error:
        if short_of_memory(error):
            raise MemoryError(str(error)) from error
        if isinstance(error, OSError) and error.errno:  # the system refuses the file: no descriptor is left
            raise
        hint = install_command(f"--force-reinstall {top}")
        raise UsageError(f"{use} needs {name}, which is installed but broken: {error}", hint=hint) from error


_NO_ROOM = re.compile(
    "failed to map segment|cannot allocate|can't allocate|unable to allocate|can't start new thread|malloc of size|"
    "realloc of size|failed to launch worker thread|out of memory|memory exhausted|bad_alloc|"
    "error return without exception|<built-in function (exec|eval|compile)> returned NULL without setting an exception",
    re.IGNORECASE,
)
"""What libraries and the system say where memory is missing, whatever they raise; the last is CPython's own parser."""


def short_of_memory(error: BaseException | None) -> bool:
    """Whether an error, or one that it came from, is for want of memory."""
    seen: list[BaseException] = []
    while error is not None and error not in seen:
        wanting = isinstance(error, OSError) and error.errno == errno.ENOMEM or _blames_python(error)
        if isinstance(error, MemoryError) or wanting or _NO_ROOM.search(str(error)):
            return True
        seen.append(error)
        error = error.__cause__ or error.__context__
    return False


def _blames_python(error: BaseException) -> bool:
    """Whether CPython's parser refuses text of Python's own library, as of a dataclass: it does for want of memory."""
    if not isinstance(error, SyntaxError) or error.filename != "<string>":
        return False
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    writer = trace.tb_frame.f_globals.get("__name__", "") if trace is not None else ""
    return writer.partition(".")[0] in sys.stdlib_module_names


def understood(error: Exception) -> GradcalcError | None:
    """Any error of an answer as one of gradcalc; None for one of the system without a file, as of writing.

    Whatever reads a file turns its errors into a FileError; here are those of a module's file.
    """
    if isinstance(error, GradcalcError):
        return error
    if short_of_memory(error):
        return GradcalcError("not enough memory for this formula")
    if isinstance(error, OSError):
        return FileError(f"{error.filename}: {error.strerror}") if error.filename is not None else None
    if isinstance(error, ModuleNotFoundError) and (name := _NEEDED.get((error.name or "").partition(".")[0])):
        return GradcalcError(f"this needs {name}, which is not here", hint=install_command(f'"{name.lower()}"'))
    return GradcalcError(f"this is a defect of gradcalc, please report it: {type(error).__name__}: {error}")


_NEEDED = {"numpy": "NumPy", "sympy": "SymPy", "flint": "python-flint"}
"""Libraries of the base install: all are there, but for a system that has none of a library, as a browser."""


def memory_limit() -> int | None:
    """The bytes of addresses that this process may have at most; None without a limit."""
    with suppress(ImportError):  # another system
        import resource

        most = resource.getrlimit(resource.RLIMIT_AS)[0]
        return None if most == resource.RLIM_INFINITY else most
    return None


def has_room(megabytes: int) -> bool:
    """Whether so many addresses are allowed."""
    limit = memory_limit()
    return limit is None or limit >= megabytes * 1_000_000


def need_room(megabytes: int, use: str) -> None:
    """Raise where fewer addresses are allowed than libraries take: with fewer they hang, or end the process."""
    limit = memory_limit()
    if limit is not None and not has_room(megabytes):
        raise GradcalcError(
            f"not enough memory: {use} needs {megabytes:,} MB of addresses, the limit is {limit // 1_000_000:,} MB",
            hint="a higher limit (ulimit -v), or none",
        )


def install_command(words: str) -> str:
    """What installs in the environment in use, also where that has no pip, as those that uv makes."""
    import shlex

    python = sys.executable or "python"
    python = f'"{python}"' if os.name == "nt" else shlex.quote(python)
    return f"{python} -m pip install {words}" if find_spec("pip") else f"uv pip install --python {python} {words}"


class TapeError(GradcalcError, RuntimeError):
    """A tape, a tensor or a variable cannot do what is asked; the message says what to do."""

    kind = "tape"


class DetachError(TapeError, TypeError):
    """A conversion to plain numbers would take a recorded value off its tape in silence."""


class NoRuleError(TapeError, NotImplementedError):
    """A function of a recorded value has no derivative rule."""
