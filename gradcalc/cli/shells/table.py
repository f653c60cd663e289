"""What may stand where on a command line, read off the table of commands."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from gradcalc.cli.commands import COMMANDS, function_of
from gradcalc.cli.parameters import Parameter, parameters
from gradcalc.language.functions import cards

_FILES = frozenset(("FILE", "OUT", "IN", "DATA"))
"""The words that stand for a path in help texts."""


@dataclass(frozen=True)
class Word:
    """An option of a command.

    Attributes:
        flags: how it is spelled, `--no-x` too.
        takes: what stands for its value in help texts; empty if it takes none.
        choices: its values, or those that are offered; `is_list` if several with commas between them are one value.
        is_file: whether its value is a path.
        repeats: whether it may be given several times.
        help: what it is for.
    """

    flags: tuple[str, ...]
    takes: str
    choices: tuple[str, ...]
    is_list: bool
    is_file: bool
    repeats: bool
    help: str


@dataclass(frozen=True)
class Command:
    """A command: its options, and what its other words may be: formulas, paths, one of a few."""

    name: str
    short: str
    words: tuple[Word, ...]
    takes_formula: bool
    takes_file: bool
    choices: tuple[str, ...]

    @property
    def flags(self) -> list[str]:
        """Every option as it is spelled."""
        return [flag for word in self.words for flag in word.flags]


HELP = Word(("-h", "--help"), "", (), is_list=False, is_file=False, repeats=False, help="Show the help text and exit.")


@cache
def commands() -> tuple[Command, ...]:
    """All commands, in the order of the help text."""
    return tuple(_command(name, short, parameters(function_of(name))) for name, short in COMMANDS.items())


def _command(name: str, short: str, known: Sequence[Parameter]) -> Command:
    others = [each for each in known if not each.flags]
    stand = {each.metavar for each in others}
    words = (*(_word(each) for each in known if each.flags), HELP)
    choices = tuple(choice for each in others for choice in each.offered)
    if "[NAME]" in stand:
        choices = tuple(each.removesuffix("(") for each in functions())
    return Command(name, short, words, "EXPR" in stand, name == "check" or bool(stand & _FILES), choices)


def _word(each: Parameter) -> Word:
    flags = tuple(filter(None, (*each.flags, each.opposite)))
    takes = each.metavar
    return Word(flags, takes, tuple(each.offered), each.is_list, takes in _FILES, each.repeats, each.said.help)


@cache
def functions() -> tuple[str, ...]:
    """What can be called or named in a formula; calls end in a parenthesis."""
    return tuple(
        sorted({name + ("(" if "(" in card.syntax else "") for card in cards() for name in (card.name, *card.aliases)})
    )


def short(text: str) -> str:
    """The first sentence of a help text, as it stands beside a word."""
    sentence, dot, _ = text.partition(". ")
    return sentence if dot else text.removesuffix(".")
