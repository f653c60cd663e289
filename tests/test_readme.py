"""Every example of the README and of docs is run: console blocks by the installed command, Python blocks as doctests.

`python tests/test_readme.py` writes what the commands print now into the console blocks, and the lists of what
there is into docs/tape.md.
"""

import doctest
import os
import re
import runpy
import subprocess
import sys
import tempfile
import textwrap
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest

from tests import ROOT

README = ROOT / "README.md"
TAPE = ROOT / "docs" / "tape.md"
PAGES = [README, *sorted((ROOT / "docs").glob("*.md"))]
PICTURE = ROOT / "docs" / "terminal.svg"
COMMAND = Path(sys.executable).with_name("gradcalc")
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(language: str, page: Path = README) -> list[str]:
    """The fenced blocks of a language, in order."""
    return [body for name, body in BLOCK.findall(page.read_text(encoding="utf-8")) if name == language]


def examples(block: str) -> Iterator[tuple[str, str]]:
    """The commands of a console block, each with what it prints."""
    for piece in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
        command, _, output = piece.partition("\n")
        yield command, output


class Terminal:
    """A shell in a directory of its own that knows gradcalc and the exit code of its last command."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        (directory / "examples").symlink_to(ROOT / "examples")
        self.code = 0
        self.environment = {k: v for k, v in os.environ.items() if k not in ("COLUMNS", "NO_COLOR", "FORCE_COLOR")}
        self.environment["PYTHONPATH"] = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
        self.gradcalc = f"'{COMMAND}'" if COMMAND.exists() else f"'{sys.executable}' -m gradcalc"

    def run(self, command: str) -> str:
        """What a command prints, errors included."""
        script = f'gradcalc() {{ {self.gradcalc} "$@"; }}\n(exit {self.code})\n{command}\n'
        done = subprocess.run(
            ["bash", "-c", script],
            cwd=self.directory,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=60,
        )
        self.code = done.returncode
        return done.stdout.decode("utf-8")


def tidy(text: str) -> str:
    """The text without spaces at the ends of lines."""
    return "\n".join(map(str.rstrip, text.splitlines())).rstrip()


def without_space(text: str) -> str:
    """The text without white space."""
    return "".join(text.split())


@pytest.mark.parametrize("block", blocks("console"))
def test_console_block_prints_what_the_readme_says(block: str, tmp_path: Path) -> None:
    terminal = Terminal(tmp_path)
    for command, output in examples(block):
        assert tidy(terminal.run(command)) == tidy(output), command


@pytest.mark.parametrize(
    "page", [page for page in PAGES if ">>>" in page.read_text("utf-8")], ids=lambda page: page.name
)
def test_python_blocks_print_what_the_page_says(page: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    source = "\n".join(blocks("python", page))
    test = doctest.DocTestParser().get_doctest(source, {}, page.name, str(page), 0)
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE)
    report: list[str] = []
    runner.run(test, out=report.append)
    assert test.examples
    assert not runner.failures, "".join(report)


def with_a_rule() -> dict[str, list[str]]:
    """NumPy's functions that have a rule."""
    from gradcalc.tape.rules import shapes  # noqa: F401
    from gradcalc.tape.tensor import FUNCTIONS, UFUNCS

    functions = sorted({f"{f.__module__}.{f.__name__}".removeprefix("numpy.") for f in FUNCTIONS})
    return {"Functions": functions, "Ufuncs, and methods of ufuncs": sorted(UFUNCS)}


def for_models() -> dict[str, list[str]]:
    """What models are made of and trained by."""
    from gradcalc import nn, optimize
    from gradcalc.nn import activations, initializers, losses

    public = {name: getattr(nn, name) for name in nn.__all__}
    return {
        "Layers and models": [n for n, x in public.items() if isinstance(x, type) and issubclass(x, nn.Layer)],
        "Losses (`nn.losses.get` takes each name)": sorted(losses.LOSSES),
        "Activations (by name or from `nn.activations`)": sorted(activations.ACTIVATIONS),
        "Initializers (by name or from `nn.initializers`)": sorted(initializers.INITIALIZERS),
        "Optimizers and schedules": [n for n in optimize.__all__ if n != "State"],
    }


LISTS = {"functions": with_a_rule, "models": for_models}


def with_lists(text: str) -> str:
    """The page of the tape with the lists of what there is now."""
    for name, listed in LISTS.items():
        lines = [f"{title}: {', '.join(f'`{item}`' for item in items)}." for title, items in listed().items()]
        body = "\n\n".join(textwrap.fill(line, 118, break_long_words=False, break_on_hyphens=False) for line in lines)
        marked = f"<!-- {name} -->\n{body}\n<!-- end -->"
        text = re.sub(f"<!-- {name} -->.*?<!-- end -->", lambda _, marked=marked: marked, text, flags=re.DOTALL)
    return text


def test_the_page_of_the_tape_lists_what_there_is() -> None:
    text = TAPE.read_text("utf-8")
    assert all(f"<!-- {name} -->" in text for name in LISTS)
    assert with_lists(text) == text, "python tests/test_readme.py writes it again"


def test_readme_has_examples_of_every_command() -> None:
    commands = [command for block in blocks("console") for command, _ in examples(block)]
    for name in ("grad", "hessian", "descend", "map", "functions"):
        assert any(f"gradcalc {name}" in command for command in commands), name


def test_readme_names_every_command_in_its_table() -> None:
    from gradcalc.cli.app import COMMANDS

    table = README.read_text("utf-8").partition("| command | answers |")[2].partition("\n\n")[0]
    assert sorted(re.findall(r"`(\w+)`", table)) == sorted(COMMANDS)


def test_the_page_of_proofs_has_every_word_reason_and_assumption() -> None:
    from gradcalc.arithmetic import intervals, running_errors
    from gradcalc.truth import kinds, quantity
    from gradcalc.truth.claims import check as claims
    from gradcalc.truth.critical import constraints, find

    text = (ROOT / "docs" / "proofs.md").read_text("utf-8")
    points = {*kinds._KINDS.values(), kinds.kind_by_signs((False, False, True)), "kink", "root"}
    others = {"measured", "unsettled", "complete", "holds", "rejected"}
    for word in {*quantity.VERDICTS, *get_args(claims.Verdict), *points, *others}:
        assert f"`{word}`" in text, word
    reasons = (find.SINGULAR, find.AT_KINK, find.ROUGH, find.FACE, find.LATE, find.UNPROVED, find.UNPROVED_YET)
    for reason in (*reasons, constraints.SIGN):
        assert f'"{reason}"' in text, reason
    for assumed in (intervals.RESTS_ON, running_errors.RESTS_ON):
        assert assumed in text, assumed


def test_the_page_of_proofs_lists_the_sources_that_it_names() -> None:
    text, _, sources = (ROOT / "docs" / "proofs.md").read_text("utf-8").partition("## Sources")
    named = set(re.findall(r"([A-Z]\w+)\s+\(?((?:19|20)\d\d)\b", text))
    listed = [" ".join(entry.split()) for entry in sources.split("\n- ")[1:]]
    for name, year in named:
        assert any(name in entry and year in entry for entry in listed), f"{name} {year} is not among the sources"
    for entry in listed:
        assert any(name in entry and year in entry for name, year in named), f"{entry} is not named"


def test_readme_marks_one_test_command() -> None:
    marked = re.findall(r"<!-- test command -->\n+```sh\n(.*?)\n```", README.read_text(encoding="utf-8"), re.DOTALL)
    assert len(marked) == 1
    assert "pytest" in marked[0]


def test_the_page_of_the_package_index_has_no_link_into_the_repository() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert re.findall(r"\]\((?!https?:)", (ROOT / project["readme"]).read_text("utf-8")) == []


def test_picture_shows_what_the_commands_print_now() -> None:
    draw = runpy.run_path(str(ROOT / "scripts" / "picture.py"))["draw"]
    shown, now = (
        re.findall(r"<text[^>]*>(.*?)</text>", svg, re.DOTALL) for svg in (PICTURE.read_text("utf-8"), draw())
    )
    assert shown == now, "python scripts/picture.py draws it again"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_to_files(page: Path) -> None:
    targets = re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text(encoding="utf-8"))
    assert [target for target in targets if not (page.parent / target).exists()] == []


def refresh(directory: Path) -> None:
    """Write what the commands print now into the console blocks."""

    def renew(match: re.Match[str]) -> str:
        if match[1] != "console":
            return match[0]
        terminal = Terminal(Path(tempfile.mkdtemp(dir=directory)))
        pieces = [f"$ {command}\n{tidy(terminal.run(command))}\n" for command, _ in examples(match[2])]
        return "```console\n" + "\n".join(pieces) + "```"

    TAPE.write_text(with_lists(TAPE.read_text("utf-8")), encoding="utf-8")
    README.write_text(BLOCK.sub(renew, README.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        refresh(Path(scratch))
