"""What is raised where arrays do not fit an op, as TensorFlow's errors: each is NumPy's error too. Imports nothing."""

from functools import cache
from typing import Any, ClassVar

CODES = (
    "Cancelled", "Unknown", "InvalidArgument", "DeadlineExceeded", "NotFound", "AlreadyExists", "PermissionDenied",
    "ResourceExhausted", "FailedPrecondition", "Aborted", "OutOfRange", "Unimplemented", "Internal", "Unavailable",
    "DataLoss", "Unauthenticated",
)  # fmt: skip
"""The kinds of errors, by their numbers from 1 on."""


class OpError(Exception):
    """An op cannot do what it is asked: `message` says why.

    Args:
        node_def, op: None, as there is no graph.
        message: why.
        error_code: the number of the kind of error.
    """

    code: ClassVar[int] = 2

    def __init__(self, node_def: Any = None, op: Any = None, message: Any = "", error_code: int | None = None) -> None:
        super().__init__(message)
        self.node_def, self.op, self.message = node_def, op, str(message)
        self.error_code = self.code if error_code is None else error_code

    def __str__(self) -> str:
        return self.message

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.node_def, self.op, self.message, self.error_code)


class InvalidArgumentError(OpError):
    """An op's arguments do not fit each other, or the op."""

    code = 3


class OutOfRangeError(OpError):
    """There is nothing more."""

    code = 11


def _kind(name: str, code: int) -> type[OpError]:
    text = f"TensorFlow's error of this name; nothing here raises it, and {code} is its number."
    return type(name, (OpError,), {"code": code, "__doc__": text, "__module__": __name__})


globals().update({name: _kind(name, i) for i, kind in enumerate(CODES, 1) if (name := f"{kind}Error") not in globals()})
globals()["__all__"] = ["OpError", *(f"{kind}Error" for kind in CODES)]  # type checkers read the classes above


@cache
def _both(kind: Any, other: Any) -> Any:
    """A class that is either."""

    def reduced(self: OpError) -> tuple[Any, ...]:
        return _again, (kind, other, self.message)

    return type(kind.__name__, (kind, other), {"__reduce__": reduced, "__doc__": kind.__doc__, "__module__": __name__})


def _again(kind: type[OpError], other: type[Exception], message: str) -> OpError:
    both: Any = _both
    return both(kind, other)(None, None, message)  # type: ignore[no-any-return]


def told(error: Exception, kind: type[OpError] = InvalidArgumentError) -> OpError:
    """An error as one of TensorFlow's kind besides: whoever waits for either catches it."""
    return error if isinstance(error, OpError) else _again(kind, type(error), str(error))
