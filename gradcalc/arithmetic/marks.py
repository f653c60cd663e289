"""What stands in place of a ball that is none: proved to be undefined, or not settled. Imports nothing."""

from typing import TYPE_CHECKING, TypeAlias, Union

if TYPE_CHECKING:
    from flint import arb


class Unknown:
    """A mark in place of a number; there are two, `UNDEFINED` and `UNDECIDED`."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return self.name


UNDEFINED = Unknown("undefined")
"""Proved to have no value."""
UNDECIDED = Unknown("undecided")
"""Not settled at this precision."""

Ball: TypeAlias = Union["arb", Unknown]
