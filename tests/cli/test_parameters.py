"""The options of a command, read off the dataclasses of `settings` that it takes; and from words to values."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from enum import StrEnum
from inspect import signature
from typing import Any, Literal

import pytest

from gradcalc import compile, differentiate
from gradcalc.cli.parameters import groups, help_sections, parameters
from gradcalc.errors import UsageError
from gradcalc.settings import LIMITS, SHOW, DescentSettings, Limits, MapSettings, Options, option, required


class Colour(StrEnum):
    red = "red"
    blue = "blue"


@dataclass(frozen=True)
class Where:
    word: str = required("WORD", "An argument.")
    many: tuple[str, ...] = option((), "--many X", "Repeats.")
    names: Sequence[str] | None = option(None, "--names NAMES", "Commas.")
    count: int | None = option(None, "-n --count N", "A whole number.", low=1, high=9)
    plain: int = 7


@dataclass(frozen=True)
class How:
    on: bool = option(True, "--on", "On unless told otherwise.", SHOW)
    off: bool = option(False, "--off", "Off unless told otherwise.", SHOW)
    rate: float = option(0.5, "--rate R", "A number.", LIMITS, low=0)
    free: float = option(0.0, "--free R", "Any number.", LIMITS)
    colour: Colour = option(Colour.red, "--colour", "A choice.", SHOW)
    kind: Literal["a", "b"] | None = option(None, "--kind", "Another.", SHOW)


def command(where: Where, how: How) -> int:
    return len(where.word) + how.on


def taken(**given: Any) -> dict[str, Any]:
    return groups(command, {"word": "x"} | given)


def test_what_is_not_given_is_the_default_of_the_dataclass() -> None:
    assert taken() == {"where": Where("x"), "how": How()}
    assert command(**taken()) == 2


def test_words_become_values() -> None:
    made = taken(many=["a", "b"], names="a, b", count="5", on=False, rate="1e-3", colour="blue", kind="b")
    assert made["where"] == Where("x", ("a", "b"), ["a", "b"], 5)
    assert made["how"] == How(on=False, rate=1e-3, colour=Colour.blue, kind="b")
    assert type(made["how"].colour) is Colour


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"count": "x"}, "invalid value for '--count': 'x' is no whole number"),
        ({"count": "1.5"}, "invalid value for '--count': '1.5' is no whole number"),
        ({"count": "0"}, "invalid value for '--count': 0 is not a number from 1 to 9"),
        ({"count": "10"}, "invalid value for '--count': 10 is not a number from 1 to 9"),
        ({"rate": "x"}, "invalid value for '--rate': 'x' is no number"),
        ({"rate": "-1"}, "invalid value for '--rate': -1 is not a number from 0"),
        ({"rate": "nan"}, "invalid value for '--rate': nan is not a number from 0"),
        ({"rate": "inf"}, "invalid value for '--rate': inf is not a number from 0"),
        ({"colour": "green"}, "invalid value for '--colour': 'green' is not one of 'red', 'blue'"),
        ({"kind": ""}, "invalid value for '--kind': '' is not one of 'a', 'b'"),
        ({"names": "a,"}, "--names a,: a name is empty"),
        ({"names": ","}, "--names names no name"),
    ],
)
def test_a_word_that_is_no_value_is_told(given: dict[str, str], message: str) -> None:
    with pytest.raises(UsageError) as caught:
        taken(**given)
    assert caught.value.message == message


def test_a_number_without_ends_may_be_any() -> None:
    assert taken(free="-inf")["how"].free == -float("inf")


def test_what_must_be_given_is_named() -> None:
    with pytest.raises(UsageError, match="missing argument 'WORD'"):
        groups(command, {})


def test_the_help_has_arguments_first_and_limits_last() -> None:
    sections = dict(help_sections(parameters(command)))
    assert list(sections) == ["Arguments", "What and where", SHOW, LIMITS]
    assert sections["Arguments"] == [("WORD", "An argument.  [required]")]
    assert sections["What and where"][-1] == ("-n, --count N", "A whole number.")
    assert sections[SHOW] == [
        ("--on / --no-on", "On unless told otherwise.  [on]"),
        ("--off", "Off unless told otherwise."),
        ("--colour <red|blue>", "A choice.  [default: red]"),
        ("--kind <a|b>", "Another."),
        ("-h, --help", "Show this message and exit."),
    ]
    assert sections[LIMITS][0] == ("--rate R", "A number.  [default: 0.5]")


@pytest.mark.parametrize("settings", [Limits, Options, DescentSettings, MapSettings])
def test_a_default_is_within_the_ends_of_its_option(settings: Any) -> None:
    for field in fields(settings):
        said = field.metadata.get("option")
        if said and said.low is not None and field.default is not None:
            assert said.low <= field.default <= said.high


def test_the_functions_of_the_library_have_the_defaults_of_the_options() -> None:
    names = {"symbolic_timeout": "symbolic_seconds", "certify_timeout": "certify_seconds"}
    told = {names.get(each.name, each.name): each.default for each in signature(differentiate).parameters.values()}
    for field in fields(Options):
        if field.name in told and field.name != "limits":
            assert told[field.name] == field.default
    assert signature(compile).parameters["order"].default == MapSettings().order
