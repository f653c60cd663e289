"""Paths to be drawn over the function that they minimise, as data. Imports nothing."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]


@dataclass(frozen=True, slots=True)
class Path:
    """One path from a start.

    Attributes:
        name, label: in few words, and what a legend says of it.
        steps, points, values: numbers of steps `(n,)`, points `(n, variables)`, values `(n,)`.
        end, value: where it ended, and what the function is there.
        end_name: what that is: `end` or `best`.
        ran_away: its last points are not worth seeing.
    """

    name: str
    label: str
    steps: "Array"
    points: "Array"
    values: "Array"
    end: Sequence[float]
    value: float
    end_name: str = "end"
    ran_away: bool = False


@dataclass(frozen=True, slots=True)
class Picture:
    """Paths from the same start, the function they go over, and the bounds of each variable where there are any."""

    title: str
    subtitle: str
    names: Sequence[str]
    paths: Sequence[Path]
    surface: Callable[[Sequence[float]], float]
    bounds: Sequence[tuple[float, float]] = ()
