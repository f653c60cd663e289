"""The examples of the README and of the site: run in this process, compared, and written anew.

A console block holds commands after `$ ` and what each prints; a block of Python is a doctest, or code that must run; the
lines of a `sh` block that begin with `gradcalc` must be commands. `python tests/test_readme.py` writes what is printed now
into all pages; read the difference.
"""

import doctest
import os
import re
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import chdir, contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
README = ROOT / "README.md"
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
BEYOND = re.compile(r"&&|;|\$\(|<|2>")
"""What only a real shell does."""


def pages() -> list[Path]:
    """The README, and the pages of the site that are written by hand."""
    found = sorted(page for page in DOCS.rglob("*.md") if not page.read_text("utf-8").startswith("<!-- Written by"))
    return [README, *found]


def blocks(language: str, page: Path = README) -> list[str]:
    """The fenced blocks of a language, in order."""
    return [body for name, body in BLOCK.findall(page.read_text(encoding="utf-8")) if name == language]


def examples(block: str) -> Iterator[tuple[str, str]]:
    """The commands of a console block, each with what it prints."""
    for piece in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
        command, _, output = piece.partition("\n")
        yield command, output


def tidy(text: str) -> str:
    """The text without spaces at the ends of lines."""
    return "\n".join(map(str.rstrip, text.splitlines())).rstrip()


@contextmanager
def _streams(given: bytes, out: Any, err: Any) -> Iterator[None]:
    """Standard input holds the bytes, the other streams go to the files; for this process and those that it starts."""
    with tempfile.TemporaryFile() as source:
        source.write(given)
        source.seek(0)
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        saved, before = [os.dup(number) for number in range(3)], (sys.stdin, sys.stdout, sys.stderr)
        for number, file in enumerate((source, out, err)):
            os.dup2(file.fileno(), number)
        sys.stdin, sys.stdout, sys.stderr = (
            open(0, encoding="utf-8", closefd=False),  # noqa: SIM115
            open(1, "w", encoding="utf-8", closefd=False),  # noqa: SIM115
            open(2, "w", encoding="utf-8", closefd=False, buffering=1),  # noqa: SIM115
        )
        try:
            yield
        finally:
            for stream in (sys.stdout, sys.stderr):
                stream.flush()
            sys.stdin, sys.stdout, sys.stderr = before
            for number, copy in enumerate(saved):
                os.dup2(copy, number)
                os.close(copy)


class Shell:
    """A directory of its own with the example data in it, and the exit code of the last command.

    `gradcalc` runs in this process, a pipe hands on its bytes; all other commands, and all that is more than a pipe, are
    bash's.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        (directory / "examples").symlink_to(ROOT / "examples")
        self.code = 0

    def run(self, command: str) -> str:
        """What a command prints, errors included."""
        with tempfile.TemporaryFile() as errors, chdir(self.directory):
            if BEYOND.search(re.sub(r"'[^']*'|\"[^\"]*\"", "", command)):
                printed = self._bash(f'gradcalc() {{ "{sys.executable}" -m gradcalc "$@"; }}\n{command}', b"", errors)
            else:
                printed = b""
                *first, last = _stages(command)
                for stage in first:
                    printed = self._stage(stage, printed, errors)
                errors.seek(0)
                printed = errors.read() + self._stage(last, printed, None)
        return printed.decode("utf-8")

    def _stage(self, stage: str, given: bytes, errors: Any) -> bytes:
        """What a stage of a pipe prints; its errors with it where there is no other place."""
        if stage.split(maxsplit=1)[0] != "gradcalc":
            return self._bash(stage, given, errors)
        from gradcalc.cli import main

        words = shlex.split(stage)[1:]
        target = words[words.index(">") + 1] if ">" in words else None
        words = _patient(words[: words.index(">")] if target else words)
        with tempfile.TemporaryFile() as out:
            with _streams(given, out, errors or out):
                self.code = int(main(words))
            out.seek(0)
            printed = out.read()
        if target:
            Path(target).write_bytes(printed)
        return b"" if target else printed

    def _bash(self, script: str, given: bytes, errors: Any) -> bytes:
        environment = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "FORCE_COLOR")}
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
        done = subprocess.run(
            ["bash", "-c", f"(exit {self.code})\n{script}"], input=given, stdout=subprocess.PIPE,
            stderr=errors or subprocess.STDOUT, env=environment, check=False, timeout=60,
        )  # fmt: skip
        self.code = done.returncode
        return done.stdout


def _patient(words: list[str]) -> list[str]:
    """The words, with time enough for SymPy on a busy machine where it takes part."""
    from gradcalc.cli.app import function_of
    from gradcalc.cli.commands import COMMANDS
    from gradcalc.cli.parameters import parameters

    flag, name = "--symbolic-timeout", words[0] if words[:1] and words[0] in COMMANDS else "grad"
    takes = words and flag not in words and any(flag in each.flags for each in parameters(function_of(name)))
    return [*words, flag, "60"] if takes else words


def _stages(command: str) -> list[str]:
    """The stages of a pipe: the text between bars that stand in no quotes."""
    parts = re.findall(r"\|\|?|(?:'[^']*'|\"(?:\\.|[^\"\\])*\"|\\.|[^|])+", command)
    return [part.strip() for part in parts if part.strip("|")]


def in_a_fresh_shell(use: Callable[[Shell], Any]) -> Any:
    """What is done with a shell whose directory is gone afterwards."""
    with tempfile.TemporaryDirectory() as directory:
        return use(Shell(Path(directory)))


class Doctests(doctest.DocTestRunner):
    """Runs the Python blocks of a page as one session; keeps what was printed where it was something else."""

    def __init__(self) -> None:
        super().__init__(optionflags=doctest.NORMALIZE_WHITESPACE)
        self.other: list[tuple[doctest.Example, str]] = []
        self.names: dict[str, Any] = {"__name__": "__main__"}
        self.ran = 0

    def block(self, text: str, page: Path) -> str:
        """Run a block; the block as it must be."""
        if ">>>" not in text:
            exec(compile(text, page.name, "exec"), self.names)
            return text
        test = doctest.DocTestParser().get_doctest(text, self.names, page.name, str(page), 0)
        test.globs = self.names
        before = len(self.other)
        self.ran += len(test.examples)
        self.run(test, clear_globs=False, out=lambda text: None)
        lines = text.splitlines(keepends=True)
        for example, printed in reversed(self.other[before:]):
            start = example.lineno + example.source.count("\n")
            lines[start : start + example.want.count("\n")] = printed.splitlines(keepends=True)
        return "".join(lines)

    def report_failure(self, out: Any, test: Any, example: doctest.Example, got: str) -> None:
        """Keep what was printed."""
        self.other.append((example, got))

    def report_unexpected_exception(self, out: Any, test: Any, example: doctest.Example, exc_info: Any) -> None:
        """Keep the exception as an example shows it."""
        kind, value, _ = exc_info
        self.other.append((example, f"Traceback (most recent call last):\n    ...\n{kind.__name__}: {value}\n"))


def _shown(command: str, printed: str) -> str:
    """A command and what it prints, as they stand in a block."""
    return "\n".join(filter(None, [f"$ {command}", tidy(printed)])) + "\n"


def rewritten(page: Path) -> str:
    """The page with what its examples print now."""
    doctests = Doctests()

    def renew(match: re.Match[str]) -> str:
        language, body = match[1], match[2]
        if language == "python":
            body = doctests.block(body, page)
        elif language == "console":
            body = in_a_fresh_shell(
                lambda shell: "\n".join(_shown(line, shell.run(line)) for line, _ in examples(body))
            )
        return f"```{language}\n{body}```"

    with chdir(ROOT):
        return BLOCK.sub(renew, page.read_text(encoding="utf-8"))
