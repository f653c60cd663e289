"""Names of what is made one after the other, as Keras gives them: `dense`, `dense_1`, ... Imports nothing."""

import itertools
import re
from collections.abc import Iterator
from functools import cache


class Names:
    """Numbers names by their kind, until it is cleared.

    Counting is one call in C: threads never get one number twice, and there is no lock that a fork could leave taken.
    """

    def __init__(self) -> None:
        self._counts: dict[str, Iterator[int]] = {}

    def next(self, kind: str) -> str:
        """A new name for a class: `dense` for `Dense`, then `dense_1`, ..."""
        kind = snake_case(kind)
        count = next(self._counts.setdefault(kind, itertools.count()))
        return f"{kind}_{count}" if count else kind

    def clear(self) -> None:
        """Begin again."""
        self._counts.clear()


NAMES = Names()
"""The names of this process's layers and optimizers; a forked process goes on counting, a spawned one begins anew."""


def clear_session() -> None:
    """Number the names of layers and optimizers from the start again, as Keras's `clear_session`: `dense`, `dense_1`.

    Nothing else is kept from one model to the next; weights and random numbers stay as they are.
    """
    NAMES.clear()


@cache
def snake_case(kind: str) -> str:
    """`max_pooling2d` for `MaxPooling2D`, in Keras's spelling."""
    kind = re.sub(r"\W", "", kind)
    kind = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", kind)
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", kind).lower()
