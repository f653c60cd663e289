"""What is being done: said by who does it, heard by who watches. Standard library only.

A computation prints nothing. It says what it does (`doing`), and how far it has come (`counted`), whether or not
anyone listens: the command line does, on a terminal.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")


@dataclass
class Work:
    """What is being done: in words, and how many `of` something are done, of how many in all (0: nobody knows)."""

    what: str = ""
    of: str = ""
    done: int = 0
    total: int = 0


_heard: ContextVar[Work | None] = ContextVar("heard", default=None)


@contextmanager
def watched(work: Work) -> Iterator[None]:
    """Within the block, all that is said of what is done is written here."""
    token = _heard.set(work)
    try:
        yield
    finally:
        _heard.reset(token)


def doing(what: str) -> None:
    """Say what is done from now on."""
    work = _heard.get()
    if work is not None:
        work.what = what


def reached(done: int, of: str, total: int = 0) -> None:
    """Say how far it has come."""
    work = _heard.get()
    if work is not None:
        work.done, work.of, work.total = done, of, total


def counted(items: Sequence[T], of: str) -> Iterator[T]:
    """The items, each told as it is reached, if there are several."""
    for done, item in enumerate(items):
        if len(items) > 1:
            reached(done, of, len(items))
        yield item
