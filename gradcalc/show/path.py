"""A path as a small SVG, for a notebook: a line, where it began and where it ended. Imports errors.

No library draws it: what `plot` draws, with contours and axes, takes matplotlib.
"""

import math
from collections.abc import Callable, Sequence

from gradcalc.errors import visible

_WIDTH, _HEIGHT, _EDGE = 360, 240, 28
_COLOUR = "#1f77b4"
_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})

Place = tuple[float, float]


def svg(places: Sequence[Place], labels: tuple[str, str], title: str) -> str:
    """A path through places; nothing where no two of them are finite and apart.

    Args:
        labels: what the axes are.
    """
    found = [(float(x), float(y)) for x, y in places if math.isfinite(x) and math.isfinite(y)]
    if len(set(found)) < 2:
        return ""
    xs, ys = _scale([x for x, _ in found], _WIDTH), _scale([y for _, y in found], _HEIGHT)
    line = _line([(xs(x), _HEIGHT - ys(y)) for x, y in found])
    head = f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{_HEIGHT}" role="img"'
    words = f"<title>{_escaped(title)}</title>{_axes(labels, found)}{line}"
    return f'{head} font-family="sans-serif" font-size="10">{words}</svg>'


def _scale(numbers: Sequence[float], size: int) -> Callable[[float], float]:
    """From numbers to pixels between the edges."""
    low, high = min(numbers), max(numbers)
    half = high / 2 - low / 2 or 1.0
    return lambda number: _EDGE + (number / 2 - low / 2) / half * (size - 2 * _EDGE)


def _line(places: Sequence[Place]) -> str:
    """The line, a ring where it began and a dot where it ended."""
    points = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    (x, y), (u, v) = places[0], places[-1]
    return (
        f'<polyline fill="none" stroke="{_COLOUR}" points="{points}"/>'
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="white" stroke="{_COLOUR}"/>'
        f'<circle cx="{u:.1f}" cy="{v:.1f}" r="3" fill="{_COLOUR}"/>'
    )


def _axes(labels: tuple[str, str], places: Sequence[Place]) -> str:
    """What the axes are, and from where to where they go."""
    ends = [(min(column), max(column)) for column in zip(*places, strict=True)]
    x, y = (f"{_escaped(label)}: {low:.4g} … {high:.4g}" for label, (low, high) in zip(labels, ends, strict=True))
    inner = f'x="{_EDGE / 2}" y="{_EDGE / 2}" width="{_WIDTH - _EDGE}" height="{_HEIGHT - _EDGE}"'
    return (
        f'<rect {inner} fill="none" stroke="#888"/><text x="{_WIDTH / 2}" y="{_HEIGHT - 3}" fill="#888" '
        f'text-anchor="middle">{x}</text><text x="10" y="{_HEIGHT / 2}" fill="#888" text-anchor="middle" '
        f'transform="rotate(-90 10 {_HEIGHT / 2})">{y}</text>'
    )


def _escaped(text: str) -> str:
    return visible(text).translate(_ESCAPES)
