"""The pages of the site that are written by the program: commands, functions, the Python API, the fields of the JSON.

Each is made of the texts that the program itself shows (`--help`, `gradcalc functions`, docstrings, the schema), so
what is new in these is on the site without a word here. Imports gradcalc; `conf.py` and the tests import it.
"""

import json
import re
from collections.abc import Iterator, Mapping
from inspect import getdoc, isclass
from pathlib import Path
from textwrap import dedent
from typing import Any

import gradcalc
from gradcalc.cli.app import function_of
from gradcalc.cli.commands import COMMANDS
from gradcalc.cli.parameters import help_sections, parameters
from gradcalc.language.functions import cards

DOCS = Path(__file__).resolve().parent
SCHEMA = DOCS / "schema.json"
_PAGES = 5
"""So many pages with examples are named on that of a command."""
NOTE = "<!-- Written by docs/generated.py. -->\n\n"
BLOCK = re.compile(r"^```(?:console|sh)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def pages() -> dict[str, str]:
    """Each page by its path within `docs`."""
    commands = {f"reference/commands/{name}.md": _command(name) for name in COMMANDS}
    return commands | {
        "reference/commands/index.md": _commands(),
        "reference/functions.md": _functions(),
        "reference/api.md": _api(),
        "reference/json-fields.md": _fields(),
    }


def write() -> None:
    """Write the pages that differ, so that a second build has little to do; and remove those of commands that went."""
    made = {DOCS / path: NOTE + text for path, text in pages().items()}
    for path, text in made.items():
        path.parent.mkdir(exist_ok=True)
        if not path.exists() or path.read_text("utf-8") != text:
            path.write_text(text, encoding="utf-8")
    for path in set((DOCS / "reference" / "commands").glob("*.md")) - set(made):
        path.unlink()


def _plain(text: str) -> str:
    """Text as Markdown that shows it as it is, options as code."""
    parts = re.split(r"(?<!\w)(--[a-z][\w-]*)", text)
    return "".join(
        _code(part) if place % 2 else re.sub(r"([\\`*_<>\[\]|])", r"\\\1", part) for place, part in enumerate(parts)
    )


def _code(text: str) -> str:
    """Text as code, also in a table."""
    return f"`{text}`".replace("|", "\\|") if text else ""


def _title(path: Path) -> str:
    return path.read_text("utf-8").partition("# ")[2].partition("\n")[0]


def _shown_on(name: str) -> list[Path]:
    """The pages with examples of a command, those with most of them first."""
    counts: dict[Path, int] = {}
    for page in DOCS.rglob("*.md"):
        if page.parent.name != "commands" and page.name not in ("package.md", "index.md"):
            found = len(re.findall(rf"gradcalc {name}\b", "".join(BLOCK.findall(page.read_text("utf-8")))))
            counts |= {page: found} if found else {}
    return sorted(counts, key=lambda page: (-counts[page], page))


def _help(name: str) -> Iterator[str]:
    """The paragraphs of a command's help, its examples as a block."""
    for paragraph in dedent("    " + (function_of(name).__doc__ or "")).split("\n\n"):
        first, _, rest = paragraph.strip().partition("\n")
        yield f"```sh\n{dedent(rest).rstrip()}\n```" if first == "\b" else _plain(" ".join(paragraph.split()))


def _command(name: str) -> str:
    known = parameters(function_of(name))
    usage = " ".join(["gradcalc", name, "[OPTIONS]", *(each.metavar for each in known if not each.flags)])
    parts = [f"# {name}", *_help(name), f"```text\n{usage}\n```"]
    if shown := _shown_on(name):
        links = ", ".join(f"[{_title(page)}](../../{page.relative_to(DOCS)})" for page in shown[:_PAGES])
        parts.append(f"Examples: {links}.")
    for heading, rows in help_sections(known):
        lines = [f"| {_code(spelled)} | {_plain(said)} |" for spelled, said in rows]
        parts.append("\n".join([f"## {heading}", "", "| | |", "| --- | --- |", *lines]))
    return "\n\n".join(part for part in parts if part) + "\n"


def _commands() -> str:
    rows = [f"| [`{name}`]({name}.md) | {_plain(said)} |" for name, said in COMMANDS.items()]
    return "\n".join([
        "# Commands", "", "What `gradcalc NAME --help` says, with the pages that have examples.", "",
        "| command | |", "| --- | --- |", *rows, "",
        "```{toctree}", ":hidden:", "", *COMMANDS, "```", "",
    ])  # fmt: skip


def _functions() -> str:
    parts = [
        "# Functions and constants", "What `gradcalc functions` lists: how each is written, its derivative for each "
        "operand, where it is defined, what it has at a kink, and its other names.",
    ]  # fmt: skip
    for card in cards():
        facts = [f"`d/d{operand}`: `{text}`" for operand, text in card.derivatives]
        facts += [f"{word} `{text}`" for word, text in (("domain", card.domain), ("kink", card.kink)) if text]
        facts += ["also " + ", ".join(f"`{name}`" for name in card.aliases)] if card.aliases else []
        parts.append("\n".join([f"`{card.syntax}`", f": {_plain(card.doc)}", *(f"  <br>{fact}" for fact in facts)]))
    return "\n\n".join(parts) + "\n"


def _api() -> str:
    """Functions, classes, errors of `gradcalc.__all__`, each by autodoc."""
    public = {name: getattr(gradcalc, name) for name in gradcalc.__all__}
    errors = [name for name, what in public.items() if isclass(what) and issubclass(what, Exception)]
    classes = [name for name, what in public.items() if isclass(what) and name not in errors]
    functions = [name for name in public if name not in errors + classes]
    parts = ["# The Python API", "All of `gradcalc.__all__`, from the docstrings."]
    groups = {"Functions": functions, "Classes": classes, "Errors": errors}
    kinds = ("autofunction", "autoclass", "autoexception")
    for kind, (heading, names) in zip(kinds, groups.items(), strict=True):
        parts.append(f"## {heading}")
        for name in names:
            inherited = "" if kind == "autofunction" else "   :members:\n"
            parts.append(f"```{{eval-rst}}\n.. {kind}:: gradcalc.{name}\n{inherited}```")
            assert getdoc(public[name]), name
    return "\n\n".join(parts) + "\n"


def _fields() -> str:
    """The answer of each command, field by field."""
    schema = json.loads(SCHEMA.read_text("utf-8"))
    parts = ["# The fields of the JSON", schema["description"]]
    for name, what in schema["$defs"].items():
        if "properties" not in what:
            continue
        needed = what.get("required", ())
        rows = [
            f"| {_code(field)} | {_plain(_kind(said))} | "
            f"{'; '.join(filter(None, ['' if field in needed else 'optional', said.get('description', '')]))} |"
            for field, said in what["properties"].items()
        ]
        table = ["| field | kind | |", "| --- | --- | --- |", *rows]
        parts.append("\n".join([f"## {name}", "", what.get("description", ""), "", *table]))
    return "\n\n".join(parts) + "\n"


def _kind(said: Mapping[str, Any]) -> str:
    """What a value may be, in words."""
    if "const" in said:
        return json.dumps(said["const"])
    if "enum" in said:
        return " or ".join(map(json.dumps, said["enum"]))
    if "$ref" in said:
        return str(said["$ref"]).rpartition("/")[2]
    for choice in ("anyOf", "oneOf"):
        if choice in said:
            return " or ".join(_kind(each) for each in said[choice])
    kinds = said.get("type", "anything")
    kinds = [kinds] if isinstance(kinds, str) else kinds
    if "array" in kinds and "items" in said:
        kinds = [f"list of {_kind(said['items'])}" if kind == "array" else kind for kind in kinds]
    if "object" in kinds and isinstance(said.get("additionalProperties"), dict):
        inner = f"object of {_kind(said['additionalProperties'])} by name"
        kinds = [inner if kind == "object" else kind for kind in kinds]
    return " or ".join(kinds)
