"""Descents as pictures: the path on filled contours, on the curve, or value against step; as a file or as text.

Imports descent and files; NumPy, and matplotlib or plotext (the extra `plot`) inside functions. The colours are
viridis and those of Okabe and Ito, which the colour-blind can tell apart.
"""

import logging
import math
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gradcalc.errors import UsageError, library
from gradcalc.files import check_writable, complete_file
from gradcalc.optimize.descent.answer import Descent

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

Surface = Callable[[Sequence[float]], float]
"""The value at a point."""

SUFFIXES = (".png", ".svg", ".pdf")

_COLOURS = ("#D55E00", "#56B4E9", "#CC79A7", "#E69F00", "#009E73", "#F0E442", "#0072B2", "#000000")
_SIGNS = "osD^vPX<"
_STYLES = ("-", "--", "-.", ":")
_LETTERS = "*o+x#%@&"
_MOST_POINTS = 2_000
"""Steps of one path that are drawn; more cannot be told apart."""
_APART = 0.012
"""A step of at least this part of the picture has a dot."""
_FINEST, _COARSEST, _SECONDS = 160, 24, 2.0
"""Points along each side of a contour plot: as many as the seconds allow."""
_WIDE = 60.0
"""Heights whose largest is so many times what a tenth of them is below are shown in logarithms."""


def check_plot(path: Path) -> None:
    """Raise, before a descent is made for it, the error that `save_plot` would end in.

    Raises:
        UsageError: a suffix that is none of `SUFFIXES`, or matplotlib is absent (MissingExtra).
        FileError: the file cannot be written.
    """
    if path.suffix.lower() not in SUFFIXES:
        shown = f"a file that ends in {path.suffix}" if path.suffix else "a file without a suffix"
        raise UsageError(f"--plot draws {', '.join(SUFFIXES)}, not {shown}", hint=f"--plot {path.stem or 'path'}.png")
    check_library("matplotlib")
    check_writable(path)


def check_library(name: str) -> None:
    """Raise MissingExtra if a library of the extra is absent."""
    library(name, "--plot")


# -- what is drawn -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Path:
    """One descent as arrays: its drawn steps `(n,)`, points `(n, variables)`, values `(n,)`."""

    descent: Descent
    steps: "Array"
    points: "Array"
    values: "Array"

    @property
    def label(self) -> str:
        """What a legend says of it."""
        return f"{self.descent.optimizer}: {self.descent.status}, {self.descent.steps:,} steps"


def _path(descent: Descent) -> _Path:
    import numpy as np

    rows = list(descent.chosen(_MOST_POINTS))
    return _Path(
        descent,
        np.array([row.number for row in rows]),
        np.array([row.at for row in rows], float).reshape(len(rows), -1),
        np.array([row.value for row in rows], float),
    )


def _window(paths: Sequence[_Path]) -> list[tuple[float, float]]:
    """The part of each variable that is worth seeing: start, end and the steps between, not what ran away."""
    count = paths[0].points.shape[1]
    found = [_interval(paths, k) for k in range(count)]
    spans = [high - low for low, high in found]
    window = []
    for (low, high), span in zip(found, spans, strict=True):
        if span <= 1e-9 * max(abs(low), abs(high)) or span == 0:
            span = max(*spans, 0.5 * abs(low)) or 1.0
            low, high = low - span / 2, high + span / 2
        window.append((low - 0.15 * span, high + 0.15 * span))
    return window


def _interval(paths: Sequence[_Path], k: int) -> tuple[float, float]:
    import numpy as np

    kept: list[float] = []
    for path in paths:
        x = path.points[:, k]
        x = x[np.isfinite(x)]
        start, end = float(x[0]), path.descent.end.at[k]
        distance = np.abs(x - end)
        near = abs(start - end)
        if path.descent.status == "diverged":
            first = abs(float(x[1]) - start) if len(x) > 1 else 0.0
            near = max(near, min(first, 3 * (max(abs(start), abs(end)) or 1.0)))
            kept += [end - near, end + near]
        else:
            near = max(near, float(np.quantile(distance, 0.8)))
        kept += [start, end, *x[distance <= 6 * near].tolist()]
    return min(kept), max(kept)


def _heights(surface: Surface, xs: "Array", ys: "Array") -> "Array":
    """The values on a grid, `(len(ys), len(xs))`."""
    import numpy as np

    with np.errstate(all="ignore"):
        return np.array([[surface((x, y)) for x in xs.tolist()] for y in ys.tolist()])


def _side(surface: Surface, point: Sequence[float]) -> int:
    """How many points along a side the time allows."""
    begin = time.perf_counter()
    surface(point)
    each = max(time.perf_counter() - begin, 1e-7)
    return max(_COARSEST, min(_FINEST, int(math.sqrt(_SECONDS / each))))


def _title(descents: Sequence[Descent]) -> tuple[str, str]:
    """The formula, shortened, and what became of it."""
    first = descents[0]
    formula = first.expression if len(first.expression) <= 64 else f"{first.expression[:63]}…"
    if len(descents) > 1:
        return formula, f"{len(descents)} optimizers from the same start"
    rate = f", lr {first.learning_rate:.3g}" if first.learning_rate is not None else ""
    return formula, f"{first.optimizer}{rate}: {first.status} after {first.steps:,} steps"


# -- as a file ---------------------------------------------------------------------------------------------------------


def save_plot(descents: Sequence[Descent], path: Path) -> None:
    """Draw descents of one formula into a file: PNG, SVG or PDF by its suffix; it is complete or not there.

    Two variables: the paths on filled contours; one: on the curve; more: value against step.

    Raises:
        UsageError, FileError: as `check_plot`.
    """
    check_plot(path)
    logging.getLogger("matplotlib").setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a glyph that the font lacks
        figure = _figure(descents, descents[0].objective.value)
        kind = path.suffix.lower().removeprefix(".")
        dates: dict[str, dict[str, Any]] = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}
        import matplotlib

        with complete_file(path) as name, matplotlib.rc_context({"svg.hashsalt": "gradcalc"}):
            figure.savefig(name, format=kind, dpi=150, metadata=dates.get(kind))


def _figure(descents: Sequence[Descent], surface: Surface) -> Any:
    from matplotlib.figure import Figure

    paths = [_path(descent) for descent in descents]
    figure = Figure(figsize=(7.5, 5.6), layout="constrained")
    axes = figure.add_subplot()
    formula, result = _title(descents)
    figure.suptitle(formula, fontsize=12, parse_math=False)
    axes.set_title(result, fontsize=10, color="#444444", parse_math=False)
    draw = {1: _draw_curve, 2: _draw_contours}.get(paths[0].points.shape[1], _draw_values)
    draw(figure, axes, paths, surface)
    handles, labels = axes.get_legend_handles_labels()
    if len(handles) > 1:
        figure.legend(handles, labels, loc="outside lower center", ncols=min(3, len(handles)), fontsize=9)
    return figure


def _draw_contours(figure: Any, axes: Any, paths: Sequence[_Path], surface: Surface) -> None:
    import numpy as np

    (left, right), (low, high) = _window(paths)
    side = _side(surface, paths[0].points[0])
    xs, ys = np.linspace(left, right, side), np.linspace(low, high, side)
    heights = np.ma.masked_invalid(_heights(surface, xs, ys))
    axes.set_facecolor("#DDDDDD")  # where the formula is undefined
    if heights.count():
        _fill(figure, axes, xs, ys, heights, [path.descent.value for path in paths])
    names = paths[0].descent.flat_variables
    axes.set(xlim=(left, right), ylim=(low, high), xlabel=names[0], ylabel=names[1])
    for path, colour, sign in _styled(paths, "white", "*"):
        halo = "black" if colour == "white" else "white"
        _draw_path(axes, path, path.points[:, 0], path.points[:, 1], colour, sign, halo)
    _draw_start(axes, *paths[0].points[0])
    _draw_bounds(axes, paths[0].descent, ((left, right), (low, high)))


def _fill(figure: Any, axes: Any, xs: "Array", ys: "Array", heights: Any, ends: Sequence[float]) -> None:
    """Filled contours with their colour bar; in logarithms above the least value where the range is large."""
    import numpy as np
    from matplotlib.colors import LogNorm
    from matplotlib.ticker import LogLocator, MaxNLocator

    base = min([float(heights.min()), *filter(math.isfinite, ends)])
    above = heights - base
    positive = above.compressed()[above.compressed() > 0]
    label, norm, levels = "value", None, MaxNLocator(14).tick_values(float(heights.min()), float(heights.max()))
    if len(positive) and positive.max() > _WIDE * np.quantile(positive, 0.1):
        least = max(float(np.quantile(positive, 0.002)), float(positive.max()) * 1e-9)
        exponents = np.arange(math.floor(2 * math.log10(least)), math.ceil(2 * math.log10(positive.max())) + 1) / 2
        levels = (10.0**exponents).tolist()
        norm = LogNorm(levels[0], levels[-1])
        if abs(base) > 0.01 * least:
            label = f"value above {base:.6g}"
        else:
            above = heights
        above = np.ma.maximum(above, levels[0] * 1e-3)
    else:
        above = heights
    extend = "min" if norm else "neither"
    filled = axes.contourf(xs, ys, above, levels=levels, norm=norm, cmap="viridis", extend=extend)
    axes.contour(xs, ys, above, levels=levels, colors="white", linewidths=0.4, alpha=0.5)
    bar = figure.colorbar(filled, ax=axes, label=label, ticks=LogLocator() if norm else None)
    bar.ax.minorticks_off()


def _draw_curve(figure: Any, axes: Any, paths: Sequence[_Path], surface: Surface) -> None:
    import numpy as np

    ((left, right),) = _window(paths)
    xs = np.linspace(left, right, 600)
    with np.errstate(all="ignore"):
        ys = np.array([surface((x,)) for x in xs.tolist()])
        low, high = _seen(paths, xs, ys)
        gap = np.abs(np.diff(ys, prepend=ys[0])) > 3 * (high - low)
    axes.plot(xs, np.where(gap, np.nan, ys), color="#0072B2", linewidth=2, zorder=1)
    axes.set(xlim=(left, right), ylim=(low, high), xlabel=paths[0].descent.flat_variables[0], ylabel="value")
    for path, colour, sign in _styled(paths, "#D55E00", "*"):
        _draw_path(axes, path, path.points[:, 0], path.values, colour, sign, None)
    _draw_start(axes, paths[0].points[0, 0], paths[0].values[0])
    _draw_bounds(axes, paths[0].descent, ((left, right),))
    axes.grid(alpha=0.3)


def _seen(paths: Sequence[_Path], xs: "Array", ys: "Array") -> tuple[float, float]:
    """The heights worth seeing: those of the steps in sight and of the curve between them, not a pole beside them."""
    import numpy as np

    points = np.concatenate([np.column_stack([p.points[:, 0], p.values]) for p in paths])
    points = points[np.isfinite(points).all(axis=1) & (points[:, 0] >= xs[0]) & (points[:, 0] <= xs[-1])]
    between = ys[np.isfinite(ys) & (xs >= points[:, 0].min()) & (xs <= points[:, 0].max())] if len(points) else ys[:0]
    heights = [*points[:, 1].tolist(), *(np.quantile(between, (0.02, 0.98)).tolist() if len(between) else ())] or [0.0]
    low, high = min(heights), max(heights)
    size = (high - low) or abs(high) or 1.0
    near = ys[np.isfinite(ys) & (ys >= low - size) & (ys <= high + size)]
    if len(near):
        low, high = min(low, float(near.min())), max(high, float(near.max()))
    return low - 0.07 * size, high + 0.07 * size


def _draw_values(figure: Any, axes: Any, paths: Sequence[_Path], surface: Surface) -> None:
    import numpy as np

    label, curves = _falls(paths)
    styles = _cycle(_STYLES, paths)
    for (path, colour, _), values, style in zip(_styled(paths, "#0072B2", "o"), curves, styles, strict=True):
        dots = "o" if len(path.steps) < 1 / _APART else None
        axes.plot(
            path.steps,
            values,
            color=colour,
            linestyle=style,
            linewidth=1.8,
            marker=dots,
            markersize=3,
            label=path.label,
        )
    ends = np.concatenate([values[np.isfinite(values) & (values > 0)] for values in curves])
    if len(ends) and ends.max() > _WIDE * ends.min():
        axes.set_yscale("log")
    axes.set(xlabel="step", ylabel=label)
    axes.grid(alpha=0.3)


def _falls(paths: Sequence[_Path]) -> tuple[str, list["Array"]]:
    """What is drawn against the steps: the values where they are positive, else their height above the least."""
    import numpy as np

    every = np.concatenate([path.values[np.isfinite(path.values)] for path in paths])
    least = float(every.min()) if len(every) else 0.0
    if least >= 0:
        return "value", [path.values for path in paths]
    return f"value above {least:.6g}", [np.where(path.values > least, path.values - least, np.nan) for path in paths]


def _styled(paths: Sequence[_Path], colour: str, sign: str) -> list[tuple[_Path, str, str]]:
    """Each path with its colour and the sign of its end; a single one has those given."""
    if len(paths) == 1:
        return [(paths[0], colour, sign)]
    return list(zip(paths, _cycle(_COLOURS, paths), _cycle(_SIGNS, paths), strict=True))


def _draw_path(axes: Any, path: _Path, xs: "Array", ys: "Array", colour: str, sign: str, halo: str | None) -> None:
    """The steps of a path, with a dot for each that can be told from the one before, and its end."""
    import numpy as np
    from matplotlib.patheffects import Normal, Stroke

    with np.errstate(all="ignore"):
        moves = [np.diff(at) / (high - low) for at, (low, high) in ((xs, axes.get_xlim()), (ys, axes.get_ylim()))]
        dots = np.flatnonzero(np.hypot(*moves) >= _APART) + 1
    effects = [Stroke(linewidth=3.2, foreground=halo), Normal()] if halo else None
    axes.plot(
        xs, ys, color=colour, linewidth=1.6 if halo else 1.0, path_effects=effects, marker="o", markersize=4.5,
        markevery=dots.tolist(), markeredgecolor="black", markeredgewidth=0.6, zorder=3,
    )  # fmt: skip
    one = sign == "*"
    label = path.label if not one else "best" if path.descent.status in ("diverged", "interrupted") else "end"
    x, y = path.descent.end.at[0], path.descent.end.at[1] if len(path.descent.end.at) > 1 else path.descent.value
    axes.plot(
        [x], [y], color="#D55E00" if one else colour, marker=sign, markersize=19 if one else 10, linestyle="none",
        markeredgecolor="white" if one and halo else "black", label=label, zorder=5,
    )  # fmt: skip


def _draw_start(axes: Any, x: float, y: float) -> None:
    axes.plot(
        [x], [y], color="white", marker="o", markersize=8, markeredgecolor="black", markeredgewidth=1.6,
        linestyle="none", label="start", zorder=6,
    )  # fmt: skip


def _draw_bounds(axes: Any, descent: Descent, window: Sequence[tuple[float, float]]) -> None:
    """The bounds that lie in sight."""
    for line, bounds, (low, high) in zip(
        (axes.axvline, axes.axhline), descent.watch.bounds or (), window, strict=False
    ):
        for bound in bounds:
            if low < bound < high:
                line(bound, color="black", linestyle="--", linewidth=1.2, zorder=2)


def _cycle(items: Sequence[str], paths: Sequence[_Path]) -> list[str]:
    return [items[i % len(items)] for i in range(len(paths))]


# -- as text -----------------------------------------------------------------------------------------------------------


def plot_text(descents: Sequence[Descent], width: int, height: int = 22) -> str:
    """Draw descents with characters: the paths of two variables, else value against step.

    Raises:
        MissingExtra: plotext is absent.
    """
    check_library("plotext")
    import plotext  # type: ignore[import-untyped]

    paths = [_path(descent) for descent in descents]
    figure = plotext.figure
    figure.clear()
    figure.theme("colorless")
    figure.plot_size(width, height)
    if paths[0].points.shape[1] == 2:
        _text_paths(figure, paths)
    else:
        _text_values(figure, paths)
    text: str = plotext.uncolorize(figure.build().string())
    return "\n".join(line.rstrip() for line in text.splitlines())


def _text_paths(figure: Any, paths: Sequence[_Path]) -> None:
    (left, right), (low, high) = _window(paths)
    for path, letter in zip(paths, _cycle(_LETTERS, paths), strict=True):
        inside = [(x, y) for x, y in path.points.tolist() if left <= x <= right and low <= y <= high]
        _text_line(figure, paths, letter, *zip(*inside, strict=True))
        end = path.descent.end.at
        figure.draw(figure.signal([end[0]], [end[1]], marker="E"))
    start = paths[0].points[0].tolist()
    figure.draw(figure.signal([start[0]], [start[1]], marker="S"))
    names = paths[0].descent.flat_variables
    figure.title(f"{_legend(paths)}S start, E end")
    figure.label(names[0], "x")
    figure.label(names[1], "y", "left")


def _text_values(figure: Any, paths: Sequence[_Path]) -> None:
    label, curves = _falls(paths)
    positive = [v for values in curves for v in values.tolist() if math.isfinite(v) and v > 0]
    log = bool(positive) and max(positive) > _WIDE * min(positive)
    for path, values, letter in zip(paths, curves, _cycle(_LETTERS, paths), strict=True):
        shown = [(n, v) for n, v in zip(path.steps.tolist(), values.tolist(), strict=True) if math.isfinite(v)]
        shown = [(n, math.log10(v)) for n, v in shown if v > 0] if log else shown
        if shown:
            _text_line(figure, paths, letter, *zip(*shown, strict=True))
    if log:
        low, high = math.floor(math.log10(min(positive))), math.ceil(math.log10(max(positive)))
        ticks = list(range(low, high + 1, max(1, (high - low) // 6)))
        figure.ruler("y", "left").ticks(ticks, [f"1e{tick}" for tick in ticks])
    last = max(path.descent.steps for path in paths)
    ticks = sorted({round(last * i / 5) for i in range(6)}) if last > 8 else list(range(last + 1))
    figure.ruler("x", "lower").ticks(ticks, [str(tick) for tick in ticks])
    figure.title(_legend(paths) + label)
    figure.label("step", "x")


def _text_line(figure: Any, paths: Sequence[_Path], letter: str, xs: Sequence[Any], ys: Sequence[Any]) -> None:
    figure.draw(figure.signal(list(xs), list(ys), marker="braille" if len(paths) == 1 else letter).lines())


def _legend(paths: Sequence[_Path]) -> str:
    """Which letter is which path, where there are several."""
    letters = zip(_cycle(_LETTERS, paths), paths, strict=True)
    return "".join(f"{letter} {path.descent.optimizer}, " for letter, path in letters) if len(paths) > 1 else ""
