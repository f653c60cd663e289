"""A picture as data: panels of curves, bands, marks, contours and arrows. Knows no formula and no medium.

    truth, optimize ──▶ Picture ──▶ `plot`: png, svg, pdf, moving as gif or webp; or text for the terminal

Every coordinate is a float in the units of its axis. Where a line may not be drawn, a curve has two pieces. Imports
nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass

Place = tuple[float, float]
"""Where something is: x and y."""
Interval = tuple[float, float]
"""The least and the largest number in sight."""


@dataclass(frozen=True, slots=True)
class Curve:
    """Lines through places, in order; between two pieces there is none.

    Attributes:
        name: what it is, and the id of its group in SVG: `f`, `df`, `d2f`, `tangent`, `path`, `fit`, ...
        pieces: each of one place or more.
        label: what the legend says; nothing if it is empty.
        colour: its place in the palette; None for that of its name.
        dashed: whether the line is broken, as of tangents, asymptotes and bounds.
        dots: whether each place that can be told from the one before has a dot, as the steps of a path.
        grows: whether it is drawn place by place where the picture moves.
    """

    name: str
    pieces: Sequence[Sequence[Place]]
    label: str = ""
    colour: int | None = None
    dashed: bool = False
    dots: bool = False
    grows: bool = False


@dataclass(frozen=True, slots=True)
class Band:
    """What lies between two curves, as pieces of (x, low, high): an interval of confidence, or all that is known."""

    name: str
    pieces: Sequence[Sequence[tuple[float, float, float]]]
    label: str = ""
    colour: int | None = None


@dataclass(frozen=True, slots=True)
class Marks:
    """Signs at places.

    Attributes:
        name: the id of their group in SVG: `points`, `kinks`, `critical`, `data`, ...
        kind: which sign: one of `KINDS`.
        colour: its place in the palette; None for that of its kind.
    """

    name: str
    kind: str
    places: Sequence[Place]
    label: str = ""
    colour: int | None = None


KINDS = (
    "point", "start", "end", "best", "minimum", "maximum", "saddle", "degenerate", "kink", "root", "hole", "data"
)  # fmt: skip
"""What a sign can stand for."""


@dataclass(frozen=True, slots=True)
class Boxes:
    """Hatched rectangles: a side along each axis; None for all of y."""

    name: str
    boxes: Sequence[tuple[Interval, Interval | None]]
    label: str = ""


@dataclass(frozen=True, slots=True)
class Contours:
    """Heights over a grid, drawn as filled contours with a bar of their colours.

    Attributes:
        xs, ys: the columns and rows of the grid, rising.
        heights: a row for each y; nan where no contour may pass.
        label: what stands at the bar.
        base: where the levels are logarithmic, what the heights are above; else None.
        sight: between which heights there are levels; None for all.
        levels: lines at these heights alone, without filling and bar, in a colour of the palette, with `label`.
    """

    xs: Sequence[float]
    ys: Sequence[float]
    heights: Sequence[Sequence[float]]
    label: str = "value"
    base: float | None = None
    sight: Interval | None = None
    name: str = "contours"
    levels: Sequence[float] = ()
    colour: int | None = None


@dataclass(frozen=True, slots=True)
class Arrows:
    """Arrows at places; `steps` are in the units of the axes, only how long they are to each other is drawn."""

    places: Sequence[Place]
    steps: Sequence[Place]
    label: str = ""
    name: str = "gradient"


Layer = Curve | Band | Marks | Contours | Arrows | Boxes


@dataclass(frozen=True, slots=True)
class Panel:
    """Layers over the same axes, the first at the bottom.

    Attributes:
        x, y: what is in sight; None for all of it.
        logarithmic: whether y is.
        share: how high it is beside other panels.
    """

    layers: Sequence[Layer]
    x_label: str
    y_label: str
    x: Interval | None = None
    y: Interval | None = None
    logarithmic: bool = False
    share: float = 1.0


@dataclass(frozen=True, slots=True)
class Picture:
    """Panels one below the other over the same x, and what is said above them."""

    title: str
    panels: Sequence[Panel]
    subtitle: str = ""
