"""Every example of the README and of the site is run; the README, its translation, pages and links are in order.

`python tests/test_readme.py [PAGE ...]` writes what is printed now into the pages, and the lists of what there is into
docs/tape.md. How examples are run: `pages.py`.
"""

import re
import runpy
import sys
import textwrap
import tomllib
from functools import cache
from pathlib import Path
from typing import get_args

import pytest

sys.path[:0] = [str(Path(__file__).resolve().parent.parent)]  # as a script too

from tests import ROOT  # noqa: E402
from tests.pages import BLOCK, README, Doctests, Shell, blocks, examples, pages, rewritten, tidy  # noqa: E402

TAPE = ROOT / "docs" / "tape.md"
PAGES = pages()
CHINESE = ROOT / "README.zh.md"
PICTURE = ROOT / "docs" / "terminal.svg"


def named(page: Path) -> str:
    """A page's name in the list of tests."""
    return str(page.relative_to(ROOT))


def of(language: str) -> list[object]:
    """Every block of a language on any page, as the parameter of a test."""
    return [
        pytest.param(block, id=f"{named(page)}-{number}")
        for page in PAGES
        for number, block in enumerate(blocks(language, page), 1)
    ]


@pytest.mark.parametrize("block", of("console"))
def test_console_block_prints_what_the_page_says(block: str, tmp_path: Path) -> None:
    shell = Shell(tmp_path)
    assert list(examples(block)), "no command"
    for command, output in examples(block):
        assert tidy(shell.run(command)) == tidy(output), command


@pytest.mark.parametrize("page", [page for page in PAGES if blocks("python", page)], ids=named)
def test_python_blocks_print_what_the_page_says(page: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    doctests = Doctests()
    for block in blocks("python", page):
        assert doctests.block(block, page) == block
    assert not doctests.failures


@pytest.mark.parametrize("block", [each for each in of("sh") if "\ngradcalc " in f"\n{each.values[0]}"])
def test_lines_of_sh_blocks_are_commands(block: str, tmp_path: Path) -> None:
    """They may lack their files, or a library that an extra has, and are no mistakes."""
    shell = Shell(tmp_path)
    for line in block.splitlines():
        printed = shell.run(line) if line.startswith("gradcalc ") else ""
        assert shell.code != 2 or "which is not installed" in printed, printed


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


def test_pages_have_examples_of_every_command() -> None:
    from gradcalc.cli.commands import COMMANDS

    commands = [command for page in PAGES for block in blocks("console", page) for command, _ in examples(block)]
    shown = [line for page in PAGES for block in blocks("sh", page) for line in block.splitlines()]
    for name in COMMANDS:
        assert any(f"gradcalc {name}" in command for command in commands + shown), name


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


@pytest.mark.parametrize("page", [page for page in PAGES if "## Sources" in page.read_text("utf-8")], ids=named)
def test_pages_list_the_sources_that_they_name(page: Path) -> None:
    text, _, sources = page.read_text("utf-8").partition("## Sources")
    named = set(re.findall(r"([A-Z]\w+)(?: and others)?,?\s+\(?((?:19|20)\d\d)\b", text))
    listed = [" ".join(entry.split()) for entry in sources.split("\n- ")[1:]]
    for name, year in named:
        assert any(name in entry and year in entry for entry in listed), f"{name} {year} is not among the sources"
    for entry in listed:
        assert any(name in entry and year in entry for name, year in named), f"{entry} is not named"


def test_the_chinese_readme_has_the_same_examples_and_links() -> None:
    """`refresh` copies the blocks; a new one wants a place in the translation."""
    english, chinese = README.read_text("utf-8"), CHINESE.read_text("utf-8")
    assert BLOCK.findall(chinese) == BLOCK.findall(english)
    assert english.count("\n## ") == chinese.count("\n## ")
    links = [
        [target for target in re.findall(r"\]\(([^)]*)\)", BLOCK.sub("", text)) if not target.startswith("README")]
        for text in (english, chinese)
    ]
    assert links[0] == links[1]


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


@cache
def generated() -> dict[str, str]:
    """The pages of the site that the program writes, by their path within `docs`."""
    made: dict[str, str] = runpy.run_path(str(ROOT / "docs" / "generated.py"))["pages"]()
    return made


def test_the_reference_has_every_command_option_function_and_public_name() -> None:
    import gradcalc
    from gradcalc.cli.app import function_of
    from gradcalc.cli.commands import COMMANDS
    from gradcalc.cli.parameters import parameters
    from gradcalc.language.functions import cards

    for name in COMMANDS:
        page = generated()[f"reference/commands/{name}.md"]
        assert "Examples: " in page, name
        for each in parameters(function_of(name)):
            assert all(flag in page for flag in each.flags), f"{name} {each.flags}"
    for card in cards():
        assert f"\n`{card.syntax}`\n" in generated()["reference/functions.md"], card.name
    for name in gradcalc.__all__:
        assert f":: gradcalc.{name}\n" in generated()["reference/api.md"], name


def slugs(text: str) -> set[str]:
    """The anchors of a page's headings, as GitHub and MyST make them."""
    plain = BLOCK.sub("", text)
    return {
        re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")
        for heading in re.findall(r"^#+ (.*)$", plain, re.MULTILINE)
    }


@pytest.mark.parametrize("page", [*PAGES, CHINESE], ids=named)
def test_links_lead_to_files_and_headings(page: Path) -> None:
    text = BLOCK.sub("", page.read_text(encoding="utf-8"))
    made = {(ROOT / "docs" / path).resolve() for path in generated()}
    for target, anchor in re.findall(r"\]\((?!https?:)([^)#]*)#?([^)]*)\)", text):
        goal = (page.parent / target).resolve() if target else page
        assert goal.exists() or goal in made, target
        assert not anchor or anchor in slugs(goal.read_text(encoding="utf-8")), f"{target}#{anchor}"


def refresh(chosen: list[Path]) -> None:
    """Write what is printed now into the pages, and the lists into that of the tape."""
    TAPE.write_text(with_lists(TAPE.read_text("utf-8")), encoding="utf-8")
    for page in chosen:
        text = rewritten(page)
        if text != page.read_text("utf-8"):
            page.write_text(text, encoding="utf-8")
            print(f"wrote {named(page)}")
    fresh = iter(match[0] for match in BLOCK.finditer(README.read_text("utf-8")))
    CHINESE.write_text(BLOCK.sub(lambda old: next(fresh, old[0]), CHINESE.read_text("utf-8")), encoding="utf-8")


if __name__ == "__main__":
    refresh([Path(word).resolve() for word in sys.argv[1:]] or PAGES)
