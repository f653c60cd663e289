"""What a picture shows of an answer of `critical`: points by kind, boxes of which nothing is known, lines of equations.

    Critical ──▶ Marks by kind, hatched Boxes, the ranges in sight          Surface of a left side ──▶ its line of zeros

Imports critical's answer, surface and show.
"""

import math
from collections.abc import Iterator, Sequence

from gradcalc.errors import UsageError
from gradcalc.show.picture import Boxes, Contours, Interval, Layer, Marks, Place
from gradcalc.truth.critical.answer import Critical
from gradcalc.truth.pictures.surface import Surface

_MOST_NAMED = 8
"""Names that a message lists, at most."""
_MARGIN = 0.3
"""Beyond the points of an infinite side as much of their spread is in sight."""


def check_drawn(names: Sequence[str]) -> None:
    """Refuse a picture of more than two variables."""
    if len(names) > 2:
        raise UsageError(
            f"a picture is of one or two variables; these are {len(names)}: {', '.join(names[:_MOST_NAMED])}",
            hint=f"--let {names[-1]}=1 fixes one; without --plot all are searched",
        )


def sides_in_sight(found: Critical) -> dict[str, Interval]:
    """The box as it is drawn: an infinite side as far as there are points, and somewhat further."""
    sides = {}
    for name, given in found.box.items():
        low, high = found.sides.get(name, (-math.inf, math.inf))
        places = [point.floats[name] for point in found.points]
        places += [end for each in found.unsettled for end in each.box[name]]
        least, most = min(places, default=0.0), max(places, default=0.0)
        margin = max(1.0, _MARGIN * (most - least))
        endless = [isinstance(end, float) and math.isinf(end) for end in given]
        sides[name] = (
            max(low, least - margin) if endless[0] else low,
            min(high, most + margin) if endless[1] else high,
        )
    return sides


def layers_of(found: Critical) -> Iterator[Layer]:
    """What is known of the box: where nothing is, hatched; and the points by their kinds."""
    if found.unsettled:
        names = found.variables
        sides = [tuple(each.box[name] for name in names) for each in found.unsettled]
        boxes = [(side[0], side[1] if len(side) > 1 else None) for side in sides]
        yield Boxes("unsettled", boxes, "not settled")
    yield from marks_of(found, found.variables)


def marks_of(found: Critical, names: Sequence[str]) -> Iterator[Marks]:
    """The points that are proved, by their kinds, over one or two of the variables."""
    kinds: dict[str, list[Place]] = {}
    for point in found.points:
        at = [point.floats[name] for name in names]
        height = math.nan if point.value_float is None else point.value_float
        if found.task == "roots":
            height = 0.0
        kinds.setdefault(point.kind, []).append((at[0], at[1] if len(at) > 1 else height))
    for kind, places in kinds.items():
        yield Marks(f"critical-{kind}", kind, places, f"{kind} (critical)" if kind == "kink" else kind)


def zeros_of(surface: Surface, name: str, label: str, colour: int) -> Contours:
    """The line on which a function of two variables is 0."""
    grid = surface.xs.tolist(), surface.ys.tolist(), surface.heights.tolist()
    return Contours(*grid, label, name=name, levels=(0.0,), colour=colour)
