"""What a command can be told: read off the dataclasses that its function takes, and from words to their values.

Each parameter of the function is a dataclass, a group of options; each field made by `gradcalc.settings.option` is one.
A bool is a flag (`--no-x` as well, where it is true by default), a tuple of texts may repeat, a sequence of texts is
names with commas between them, Literal and StrEnum are choices. Knows no library of command lines.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, dataclass, fields
from enum import StrEnum
from types import NoneType
from typing import Any, Literal, get_args, get_origin, get_type_hints

from gradcalc.errors import UsageError, did_you_mean
from gradcalc.settings import LIMITS, SHOW, Option

ARGUMENTS = "Arguments"

_FEW = 6
"""So many whole numbers are offered one by one."""


@dataclass(frozen=True)
class Parameter:
    """An option or argument: a field of a group.

    Attributes:
        group: the function's parameter that the group is handed to.
        name, kind, default: of the field; the kind is its type without None.
        said: what its dataclass says of it.
    """

    group: str
    name: str
    kind: Any
    default: Any
    said: Option

    @property
    def flags(self) -> list[str]:
        """How it is spelled, the long flag last; an argument has none."""
        return [word for word in self.said.spelling.split() if word.startswith("-")]

    @property
    def metavar(self) -> str:
        """What stands for its value in the help text."""
        if choices := self.choices:
            among = "|".join(choices)
            return f"<{among}>" if self.flags or self.default is MISSING else f"[{among}]"
        return "" if self.kind is bool else self.said.spelling.split()[-1]

    @property
    def opposite(self) -> str:
        """The flag that turns it off, if it is on by default."""
        return f"--no-{self.flags[-1][2:]}" if self.default is True else ""

    @property
    def repeats(self) -> bool:
        """Whether it may be given several times."""
        return get_origin(self.kind) is tuple

    @property
    def choices(self) -> Sequence[str]:
        """All values, where there are only a few."""
        if get_origin(self.kind) is Literal:
            return get_args(self.kind)
        return list(self.kind) if isinstance(self.kind, type) and issubclass(self.kind, StrEnum) else []

    @property
    def is_list(self) -> bool:
        """Whether it is names with commas between them."""
        return get_origin(self.kind) is Sequence

    @property
    def offered(self) -> Sequence[str]:
        """The values that a shell offers: all where there are only a few, else those that its dataclass names."""
        low, high = self.said.low, self.said.high
        if self.kind is int and low is not None and high - low < _FEW:
            return [str(number) for number in range(int(low), int(high) + 1)]
        return [str(each) for each in self.choices] or self.said.offered

    def value(self, given: Any) -> Any:
        """What was meant by a text, by several where it repeats, or by its being there."""
        if self.repeats:
            return tuple(given)
        if self.is_list:
            return self._names(given)
        if self.choices and given not in self.choices:
            error = self._wrong(f"{given!r} is not one of {', '.join(repr(str(each)) for each in self.choices)}")
            near = did_you_mean(given, self.choices)
            error.hint = near and f"{self.flags[-1]} {near}" if self.flags else near
            raise error
        if self.kind in (int, float):
            return self._number(given)
        return self.kind(given) if isinstance(self.kind, type) else given

    def _names(self, text: str) -> Sequence[str]:
        names = [name.strip().strip("`") for name in text.split(",")]
        if all(names):
            return names
        what = f"{text}: a name is empty" if any(names) else f"names no {self.metavar.lower().rstrip('s')}"
        raise UsageError(f"{self.flags[-1]} {what}", hint=f"{self.flags[-1]} x,y")

    def _number(self, text: str) -> float:
        try:
            number: float = self.kind(text)
        except ValueError:
            raise self._wrong(f"{text!r} is no {'whole ' if self.kind is int else ''}number") from None
        low, high = self.said.low, self.said.high
        if low is not None and not (low <= number <= high and number < math.inf):
            raise self._wrong(f"{number:g} is not a number from {low:g}" + (f" to {high:,}" if high < math.inf else ""))
        return number

    def _wrong(self, why: str) -> UsageError:
        return UsageError(f"invalid value for '{self.flags[-1] if self.flags else self.metavar}': {why}")

    def missing(self) -> UsageError:
        """What to say where it must be given and is not."""
        if not self.flags:
            return UsageError(f"missing argument '{self.metavar}'")
        return UsageError(f"missing option {' / '.join(repr(flag) for flag in reversed(self.flags))}")

    def help(self) -> tuple[str, str]:
        """Its row of a help text: how it is spelled, what it is for."""
        fact = self.opposite and self.flags[-1][2:]
        if self.default is MISSING:
            fact = "required"
        elif self.default not in (None, "", (), math.inf) and self.kind is not bool:
            fact = f"default: {self.default}"
        flags = " / ".join(filter(None, [", ".join(self.flags), self.opposite]))
        return f"{flags} {self.metavar}".strip(), f"{self.said.help}  [{fact}]" if fact else self.said.help


def parameters(function: Callable[..., int]) -> list[Parameter]:
    """Every option and argument of a command's function."""
    groups = {name: kind for name, kind in get_type_hints(function).items() if name != "return"}
    return [
        Parameter(group, each.name, _without_none(each.type), each.default, each.metadata["option"])
        for group, kind in groups.items() for each in fields(kind) if "option" in each.metadata
    ]  # fmt: skip


def _without_none(kind: Any) -> Any:
    """The type of a field that may be None."""
    inner = get_args(kind)
    return next(each for each in inner if each is not NoneType) if NoneType in inner else kind


def groups(function: Callable[..., int], given: Mapping[str, Any]) -> dict[str, Any]:
    """What a command's function takes, made of what was given by the names of fields."""
    values: dict[str, dict[str, Any]] = {}
    for each in parameters(function):
        group = values.setdefault(each.group, {})
        if each.name in given:
            group[each.name] = each.value(given[each.name])
        elif each.default is MISSING:
            raise each.missing()
    kinds = get_type_hints(function)
    return {name: kinds[name](**group) for name, group in values.items()}


def help_sections(known: Sequence[Parameter]) -> list[tuple[str, list[tuple[str, str]]]]:
    """The rows of a help text under their headings: arguments first, then what and where; limits last."""
    rows: dict[str, list[tuple[str, str]]] = {}
    for each in known:
        rows.setdefault(each.said.group if each.flags else ARGUMENTS, []).append(each.help())
    rows.setdefault(SHOW, []).append(("-h, --help", "Show this message and exit."))
    place = {ARGUMENTS: 0, SHOW: 2, LIMITS: 3}
    return sorted(rows.items(), key=lambda row: place.get(row[0], 1))
