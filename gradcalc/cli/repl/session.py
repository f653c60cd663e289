"""A session: lines in, answers out. Knows no terminal: answers go through `write`, errors are raised.

A line is a definition, a `:word` of the session, or what the command line answers. `gradcalc grad f --order ...` and
`grad f ...` here are the same words; the session puts its definitions (`--let`), its values (`--at`) and what was set
before them, and hands them to the table of commands.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from gradcalc.cli.app import WITHOUT_POINT, invoke
from gradcalc.cli.commands import COMMANDS, function_of
from gradcalc.cli.parameters import Parameter, parameters
from gradcalc.cli.repl import lines
from gradcalc.cli.repl.answers import Brief, Told, as_formula_text
from gradcalc.cli.write import Format, heard, write
from gradcalc.errors import ExitCode, FileError, GradcalcError, UsageError, did_you_mean
from gradcalc.settings import Limits
from gradcalc.show import page as pages
from gradcalc.show.answer import Answer

if TYPE_CHECKING:
    from gradcalc.cli.repl.names import Names, Needed

_FIRST = re.compile(r"\s*([a-z]+)(?=\s|$)")
_PRIMES = re.compile(r"\s*([^\W\d]\w*)(['\u2032\u2019]+)\s*")
_MARK = "# gradcalc session"
_LOADS = 10
"""How deep files may load each other."""


class Reply(NamedTuple):
    """What came of a line beside what was written: an exit code, and whether the session is left."""

    code: int = ExitCode.DONE
    leaves: bool = False


class Session:
    """Definitions, answers and options, from line to line."""

    def __init__(self) -> None:
        self.limits = Limits()
        self.options: dict[str, str | None] = {}
        self.answers: list[Answer | str] = []
        self._names: Names | None = None
        self._loading = 0

    @property
    def names(self) -> "Names":
        """The names of the session; what reads formulas is imported on first use."""
        if self._names is None:
            from gradcalc.cli.repl.names import Names

            self._names = Names(self.answer_text, self.limits)
        return self._names

    @property
    def shape(self) -> Format:
        """How answers are shown, as far as that was set."""
        return Format.json if "--json" in self.options else Format(self.options.get("--format") or Format.table)

    # -- lines

    def run(self, line: str) -> Reply:
        """Answer a line; the answer is written.

        Raises:
            GradcalcError: something is wrong with it; the session stays as it was.
        """
        try:
            return self._run_line(line)
        except GradcalcError as error:
            error.hint = _as_here(error.hint) if error.hint else None
            raise

    def _run_line(self, line: str) -> Reply:
        line = line.strip()
        if not line or line.startswith("#"):
            return Reply()
        if line.startswith(":"):
            return self._word(line)
        word = _FIRST.match(line)
        name = word[1] if word else ""
        if name in COMMANDS and not lines.defined(line):
            return Reply(self._command(name, line[len(name) :]))
        if line in _BARE and line not in self.names.entries:
            return self._word(f":{line}")
        if what := lines.defined(line):
            return self._define(what, line)
        return Reply(self._formula(line))

    def _define(self, what: lines.Defined, line: str) -> Reply:
        """Take up one definition, or several values with commas between them."""
        if what.name in COMMANDS:
            raise UsageError(f"{what.name} is a command", hint=f"another name, such as {what.name}_")
        parts = [] if what.parameters else lines.pieces(line)
        if len(parts) > 1 and all(lines.defined(line[a:b]) for a, b in parts):
            for a, b in parts:
                self._define(lines.defined(line[a:b]), line[a:b])  # type: ignore[arg-type]
            return Reply()
        hidden = self.names.hides(what.name) if what.name not in self.names.entries else ""
        entry = self.names.define(what, line)
        head = f"{what.name}({', '.join(what.parameters)})" if what.parameters else what.name
        note = f"   (no longer the {hidden} {what.name})" if hidden else ""
        self._say(pages.Line((pages.Text(f"{head} = ", "label"), pages.Formula(entry.text, "strong"), note)))
        return Reply()

    def _say(self, *blocks: pages.Block) -> None:
        if self.shape in (Format.table, Format.markdown, Format.html):
            write(Told(pages.Page("repl", blocks)), self.shape)

    # -- commands

    def _formula(self, line: str) -> int:
        """A formula alone, with options perhaps: `grad`, shown short; an array of formulas is a `jacobian`."""
        if primes := _PRIMES.fullmatch(line):
            name, order = primes[1], len(primes[2])
            by = self.names.variables(name, 1) if self.names.is_formula(name) else ()
            if len(by) == 1:
                return self._command("diff", f"{name} {by[0]}:{order}")
        known = parameters(function_of("grad"))
        said = lines.words(line, known)
        if not said.others:
            raise UsageError("there is no formula", hint="x^2 + y")
        needed = self.names.needed(said.others[0]) if not {"--from", "--implicit"} & set(said.options) else None
        name = "jacobian" if needed is not None and needed.formula.shape else "grad"
        plain = not said.options and self.shape is Format.table
        short = plain and needed is not None and not needed.missing and (name == "grad" or not needed.at)
        return self._ask(
            name, said, known if name == "grad" else parameters(function_of(name)), plain=True, short=short
        )

    def _command(self, name: str, rest: str) -> int:
        """A command of the table."""
        if name == "repl":
            raise UsageError("this is the repl", hint=":help")
        known = parameters(function_of(name))
        return self._ask(name, lines.words(rest, known), known)

    def _ask(
        self, name: str, said: lines.Words, known: Sequence[Parameter], plain: bool = False, short: bool = False
    ) -> int:
        """Run a command on the words that are meant by those that were said.

        Args:
            plain: whether it is a formula alone, whose answer is its value; `short` whether that is all to be shown.
        """
        if "--help" in said.options:
            return invoke([name, "--help"])
        if "-" in said.others or "--data" in said.options and "-" in said.options:
            raise UsageError("standard input is where these lines come from", hint="@FILE reads a file")
        takes = {flag for each in known for flag in each.flags}
        others, options = list(said.others), [*said.options]
        needed = None
        place = next((i for i, each in enumerate(e for e in known if not e.flags) if each.name == "expression"), None)
        if place is not None and place < len(others) and not others[place].startswith("@"):
            needed = self._needed(name, others[place], options)
            if needed is not None:
                others[place] = needed.written.text
                options = self._bound(name, needed, options, takes)
            else:
                options += self._by_words(others[place], options, takes)
        options += self._set(known, options, short)
        options += self._variable(said.others, known, options)
        minus = [each for each in others if each.startswith("-")]
        words = [name, *options, *(["--"] if minus else []), *others]
        return self._run(words, needed, plain, short)

    def _needed(self, name: str, text: str, options: Sequence[str]) -> "Needed | None":
        """What a formula needs; None where the command reads its text in another way."""
        if "--from" in options or any(each.startswith("--from=") for each in options):
            return None
        alone = text.strip()
        try:
            return self.names.needed(self.names.text_of(alone) if self.names.stands_for_formula(alone) else text)
        except GradcalcError:
            if name in ("grad", "hessian", "jacobian", "diff", "taylor", "tape", "steps", "graph", "descend", "map"):
                raise
            return None

    def _bound(self, name: str, needed: "Needed", options: list[str], takes: set[str]) -> list[str]:
        """The options with the definitions and values that the formula needs, where they say nothing else."""
        let = {each: text for each, text in needed.let.items() if not _says(options, "--let", each)}
        at = {each: text for each, text in needed.at.items() if not _says(options, "--let", each)}
        if "--box" in options:  # what has no side stays as it is
            let |= {each: text for each, text in at.items() if not _says(options, "--box", each)}
        missing = [each for each in needed.missing if not _says(options, "--let", each)]
        if "--let" in takes:
            options = [*options, *(word for each, text in let.items() for word in ("--let", f"{each}={text}"))]
        if "--at" in takes:
            return self._placed(name, at, missing, options)
        return options

    def _placed(self, name: str, at: dict[str, str], missing: Sequence[str], options: list[str]) -> list[str]:
        """The options with the values of variables: where no point is given, and in each that is."""
        given = [i + 1 for i, word in enumerate(options[:-1]) if word == "--at"]
        if not given:
            wanted = at and (not missing or name not in WITHOUT_POINT)
            return [*options, "--at", _joined(at)] if wanted else options
        return [_filled(word, at, missing) if i in given else word for i, word in enumerate(options)]

    def _by_words(self, text: str, options: Sequence[str], takes: set[str]) -> list[str]:
        """The definitions whose names are words of a text that is no formula by itself."""
        let, at = self.names.words_of(text)
        found = [f"{each}={value}" for each, value in let.items() if not _says(options, "--let", each)]
        words = [word for each in found for word in ("--let", each)] if "--let" in takes else []
        if "--at" in takes and at and "--at" not in options:
            words += ["--at", _joined(at)]
        return words

    def _variable(self, others: Sequence[str], known: Sequence[Parameter], options: Sequence[str]) -> list[str]:
        """What a function of one variable is derived for, where a command takes one and is not told."""
        entry = self.names.entries.get(others[0].strip()) if others else None
        takes = any(each.name == "wrt" and each.kind is str for each in known) and "--wrt" not in options
        return ["--wrt", entry.parameters[0]] if takes and entry and len(entry.parameters) == 1 else []

    def _set(self, known: Sequence[Parameter], options: Sequence[str], short: bool) -> list[str]:
        """The options that were set and that the command has, where it is not told otherwise."""
        found: list[str] = ["--no-symbolic"] if short else []
        said = {word.partition("=")[0] for word in options}
        for flag, value in self.options.items():
            each = next((each for each in known if flag in (*each.flags, each.opposite)), None)
            if each is None or said & {*each.flags, each.opposite} or flag in found:
                continue
            if (each.kind is bool) != (value is None):  # another option of the same name
                continue
            if flag in ("--format", "--json") and said & {"--format", "--json", "--csv-long"}:
                continue
            found += [flag] if value is None else [flag, value]
        return found

    def _run(self, words: list[str], needed: "Needed | None", plain: bool, short: bool) -> int:
        """Hand the words to the table of commands; what it answers is kept."""
        kept: list[Answer | str] = []

        def listen(answer: Answer) -> Answer:
            brief = Brief(answer, len(self.answers) + 1)  # type: ignore[arg-type]
            kept.append(brief if plain else answer)
            return brief if short else answer

        try:
            with heard(listen):
                return invoke(words)
        except GradcalcError as error:
            if needed is not None and error.text == needed.written.text and error.span:
                error.text, error.span = needed.written.typed, needed.written.place(error.span)
            raise
        finally:
            if kept:
                closed = short and needed is not None and not needed.formula.spans
                self.answers.append(f"({needed.written.text})" if closed and needed is not None else kept[-1])

    # -- answers

    def answer_text(self, name: str) -> str:
        """An answer as a formula: `_` is the last, `_1` the first.

        Raises:
            UsageError: there is none, or it is no formula.
        """
        number = int(name[1:] or len(self.answers))
        if not 1 <= number <= len(self.answers):
            raise UsageError(f"{name}: there is no answer yet" if not self.answers else f"there is no answer {name}",
                             hint=f"_1 to _{len(self.answers)}" if self.answers else "x^2 first")  # fmt: skip
        known = self.answers[number - 1]
        if not isinstance(known, str):
            text = as_formula_text(known)
            if text is None:
                raise UsageError(f"the answer {name} is no number and no formula", hint="the name of a formula")
            known = self.answers[number - 1] = text
        return known

    # -- words of the session

    def _word(self, line: str) -> Reply:
        """`:help` and its like."""
        word, _, rest = line[1:].strip().partition(" ")
        if word not in WORDS:
            near = did_you_mean(word, WORDS)
            raise UsageError(f"no such word: :{word}", hint=f":{near}" if near else ":help")
        return WORDS[word].action(self, rest.strip())

    def help(self, rest: str) -> Reply:
        """What one can type, or what a word means."""
        if rest in self.names.entries:
            self._say(_entry_line(self, rest))
        elif rest in COMMANDS:
            invoke([rest, "--help"])
        elif rest:
            return Reply(invoke(["functions", rest]))
        else:
            words = [(f":{name} {word.takes}".rstrip(), word.what) for name, word in WORDS.items()]
            commands = [(name, what) for name, what in COMMANDS.items() if name != "repl"]
            tables = {"What to type": _TYPED, "Commands, with their options of a shell": commands, "Words": words}
            self._say(*(pages.Details(pages.line(head), tuple(rows)) for head, rows in tables.items()))
        return Reply()

    def set(self, rest: str) -> Reply:
        """An option for all that follows."""
        name, _, value = rest.partition(" ")
        if not name:
            shown = [f"{flag[2:]} {value}" if value else flag[2:] for flag, value in self.options.items()]
            self._say(pages.line("; ".join(shown) or "nothing is set"))
            return Reply()
        flag = f"--{name.lstrip('-')}"
        each = _options().get(flag)
        if each is None or each.name in ("at", "let", "wrt", "output"):
            near = did_you_mean(name, [other[2:] for other in _options()])
            raise UsageError(f"no option {name}", hint=f":set {near}" if near else ":set digits 30")
        value = value.strip()
        for spelled in (*each.flags, each.opposite):
            self.options.pop(spelled, None)
        if value in ("default", "") and each.kind is not bool:
            return Reply()
        if each.kind is bool:
            if value not in ("", "on", "off", "default"):
                raise UsageError(f"{name} is on or off, not {value}", hint=f":set {name} off")
            spelled = flag if value != "off" else each.opposite if flag != each.opposite else each.flags[-1]
            if value != "default" and spelled:
                self.options[spelled] = None
            return Reply()
        each.value([value] if each.repeats else value)
        self.options[flag] = value
        return Reply()

    def forget(self, rest: str) -> Reply:
        """Take definitions back."""
        for name in rest.replace(",", " ").split():
            self.names.forget(name)
        return Reply()

    def show_names(self, rest: str) -> Reply:
        """What is defined."""
        entries = [_entry_line(self, name) for name in self.names.entries]
        self._say(*(entries or [pages.line("nothing is defined")]))
        return Reply()

    def save(self, rest: str) -> Reply:
        """Write the definitions and options as lines that `:load` reads."""
        from gradcalc.files import complete_file

        if not rest:
            raise UsageError(":save needs a file", hint=":save session.txt")
        path = Path(rest).expanduser()
        try:
            if path.exists() and path.is_file() and not path.read_bytes().startswith(_MARK.encode()):
                raise FileError(f"{rest} is there, and is no session of gradcalc", hint=":save another file")
            with complete_file(path) as place:
                place.write_text("\n".join([_MARK, *self._saved(), ""]), encoding="utf-8")
        except OSError as error:
            raise FileError(f"{rest}: {error.strerror or error}") from None
        return Reply()

    def _saved(self) -> Iterator[str]:
        for flag, value in self.options.items():
            yield f":set {flag[2:]}{'' if value is None else ' ' + value}"
        for name, entry in self.names.entries.items():
            yield f"{_head(name, entry.parameters)} = {entry.text}"

    def load(self, rest: str) -> Reply:
        """Run the lines of a file."""
        if not rest:
            raise UsageError(":load needs a file", hint=":load session.txt")
        if self._loading == _LOADS:
            raise UsageError(f"{rest} is loaded by a file that it loads", hint="a file that loads no other")
        try:
            text = Path(rest).expanduser().read_text(encoding="utf-8-sig")
        except OSError as error:
            raise FileError(f"{rest}: {error.strerror or error}") from None
        except ValueError:
            raise FileError(f"{rest} is not UTF-8 text") from None
        self._loading += 1
        try:
            return self._loaded(rest, text)
        finally:
            self._loading -= 1

    def _loaded(self, path: str, text: str) -> Reply:
        code = int(ExitCode.DONE)
        for number, line in enumerate(text.splitlines(), start=1):
            try:
                reply = self.run(line)
            except GradcalcError as error:
                error.message = f"{path}, line {number}: {error.message}"
                raise
            code = reply.code or code
            if reply.leaves:
                break
        return Reply(code)

    def quit(self, rest: str) -> Reply:
        """Leave."""
        return Reply(leaves=True)


@dataclass(frozen=True)
class Word:
    """A word of the session: what it takes, what it does."""

    takes: str
    what: str
    action: Callable[[Session, str], Reply]


WORDS = {
    "help": Word("[NAME]", "This; or what a function, a command or a name is.", Session.help),
    "names": Word("", "What is defined.", Session.show_names),
    "forget": Word("NAME", "Take a definition back.", Session.forget),
    "set": Word("OPTION VALUE", "An option for all that follows: :set digits 30, :set format json.", Session.set),
    "save": Word("FILE", "Write definitions and options to a file.", Session.save),
    "load": Word("FILE", "Run the lines of a file.", Session.load),
    "quit": Word("", "Leave; so do exit and Ctrl-D.", Session.quit),
    "exit": Word("", "Leave.", Session.quit),
}
"""The words of the session."""

_BARE = ("help", "quit", "exit")

_TYPED = (
    ("f = x^2 sin(y)", "A formula gets a name; g(t) = t^2 says of which variable."),
    ("x = 1, y = pi/4", "Values of variables: where formulas are asked about."),
    ("f + x", "Any formula: its value and gradient, or both as formulas."),
    ("f', f''(2), g(x + 1)", "Derivatives of a formula of one variable; a formula with something else put in."),
    ("_, _1", "The last answer, the first."),
    ("grad f --wrt x", "A command with its options."),
)


def _options() -> dict[str, Parameter]:
    """Every option of every command by its flags; where two have the same, that of the first command is meant."""
    known = [each for name in COMMANDS if name != "repl" for each in parameters(function_of(name))]
    return {flag: each for each in reversed(known) for flag in (*each.flags, each.opposite) if flag.startswith("--")}


def _says(options: Sequence[str], flag: str, name: str) -> bool:
    """Whether an option gives a meaning to a name."""
    texts = [options[i + 1] for i, word in enumerate(options[:-1]) if word == flag]
    parts = [text[a:b] for text in texts for a, b in lines.pieces(text)]
    return any((what := lines.defined(part)) is not None and what.name == name for part in parts)


def _filled(point: str, at: dict[str, str], missing: Sequence[str]) -> str:
    """A point of `--at` with the values of the session for what it does not name."""
    text = point.strip()
    one = missing if len(missing) == 1 else list(at) if len(at) == 1 and not missing else ()
    if "=" not in text and one and not text.startswith("@"):
        text = f"{one[0]}={text}"
    if text.startswith("@") or "=" not in text:
        return text
    named = {what.name for a, b in lines.pieces(text) if (what := lines.defined(text[a:b]))}
    others = {name: value for name, value in at.items() if name not in named}
    return f"{_joined(others)},{text}" if others else text


def _joined(values: dict[str, str]) -> str:
    return ",".join(f"{name}={text}" for name, text in values.items())


def _head(name: str, arguments: Sequence[str]) -> str:
    return f"{name}({', '.join(arguments)})" if arguments else name


def _entry_line(session: Session, name: str) -> pages.Line:
    entry = session.names.entries[name]
    return pages.Line((pages.Text(f"{_head(name, entry.parameters)} = ", "label"), pages.Formula(entry.text)))


_SHELL = re.compile(r"^--at (?=[^\W\d])|\bgradcalc (?=[a-z]+ )")


def _as_here(hint: str) -> str:
    """A hint of the command line as a line of the session: `--at x=...` alone is a definition here."""
    return _SHELL.sub("", hint)
