"""A picture of paths: on filled contours, on the curve, or value against step; as a file or as text.

Imports files and picture; NumPy, and matplotlib or plotext (the extra `plot`) inside functions. The colours are
viridis and those of Okabe and Ito, which the colour-blind can tell apart.
"""

import logging
import math
import time
import warnings
from collections.abc import Sequence
from itertools import cycle
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Any

from gradcalc.errors import UsageError, library
from gradcalc.files import check_writable, complete_file
from gradcalc.show.picture import Path, Paths

if TYPE_CHECKING:
    from gradcalc.show.picture import Array

SUFFIXES = (".png", ".svg", ".pdf")

_COLOURS = ("#D55E00", "#56B4E9", "#CC79A7", "#E69F00", "#009E73", "#F0E442", "#0072B2", "#000000")
_SIGNS = "osD^vPX<"
_STYLES = ("-", "--", "-.", ":")
_LETTERS = "*o+x#%@&"
_TITLE = 64
"""Characters of a formula in a title."""
_APART = 0.012
"""A step of at least this part of the picture has a dot."""
_FINEST, _COARSEST, _SECONDS = 160, 24, 2.0
"""Points along each side of a contour plot: as many as the seconds allow."""
_WIDE = 60.0
"""Heights whose largest is so many times what a tenth of them is below are shown in logarithms."""

Window = list[tuple[float, float]]
"""The least and the largest value in sight, for each axis."""


def check_plot(path: FilePath) -> None:
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


# -- what is in sight --------------------------------------------------------------------------------------------------


def _window(paths: Sequence[Path]) -> Window:
    """The part of each variable that is worth seeing: start, end and the steps between, not what ran away."""
    found = [_interval(paths, k) for k in range(paths[0].points.shape[1])]
    spans = [high - low for low, high in found]
    window = []
    for (low, high), span in zip(found, spans, strict=True):
        if span <= 1e-9 * max(abs(low), abs(high)) or span == 0:
            span = max(*spans, 0.5 * abs(low)) or 1.0
            low, high = low - span / 2, high + span / 2
        window.append((low - 0.15 * span, high + 0.15 * span))
    return window


def _interval(paths: Sequence[Path], k: int) -> tuple[float, float]:
    import numpy as np

    kept: list[float] = []
    for path in paths:
        x = path.points[:, k]
        x = x[np.isfinite(x)]
        start, end = float(x[0]), path.end[k]
        distance = np.abs(x - end)
        near = abs(start - end)
        if path.ran_away:
            first = abs(float(x[1]) - start) if len(x) > 1 else 0.0
            near = max(near, min(first, 3 * (max(abs(start), abs(end)) or 1.0)))
            kept += [end - near, end + near]
        else:
            near = max(near, float(np.quantile(distance, 0.8)))
        kept += [start, end, *x[distance <= 6 * near].tolist()]
    return min(kept), max(kept)


def _heights_in_sight(paths: Sequence[Path], xs: "Array", ys: "Array") -> tuple[float, float]:
    """The heights worth seeing: those of the steps in sight and of the curve between them, not a pole beside them."""
    import numpy as np

    points = np.concatenate([np.column_stack([path.points[:, 0], path.values]) for path in paths])
    points = points[np.isfinite(points).all(axis=1) & (points[:, 0] >= xs[0]) & (points[:, 0] <= xs[-1])]
    between = ys[np.isfinite(ys) & (xs >= points[:, 0].min()) & (xs <= points[:, 0].max())] if len(points) else ys[:0]
    heights = [*points[:, 1].tolist(), *(np.quantile(between, (0.02, 0.98)).tolist() if len(between) else ())] or [0.0]
    low, high = min(heights), max(heights)
    size = (high - low) or abs(high) or 1.0
    near = ys[np.isfinite(ys) & (ys >= low - size) & (ys <= high + size)]
    if len(near):
        low, high = min(low, float(near.min())), max(high, float(near.max()))
    return low - 0.07 * size, high + 0.07 * size


def _side(picture: Paths) -> int:
    """How many points along a side of a contour plot the time allows."""
    begin = time.perf_counter()
    picture.surface(picture.paths[0].points[0])
    each = max(time.perf_counter() - begin, 1e-7)
    return max(_COARSEST, min(_FINEST, int(math.sqrt(_SECONDS / each))))


def _falls(paths: Sequence[Path]) -> tuple[str, list["Array"], Sequence[float]]:
    """What is drawn against the steps, the values or their height above the least, and its range where logarithmic."""
    import numpy as np

    label, curves = "value", [path.values for path in paths]
    least = min((float(value) for values in curves for value in values if math.isfinite(value)), default=0.0)
    if least < 0:
        label = f"value above {least:.6g}"
        curves = [np.where(values > least, values - least, np.nan) for values in curves]
    positive = [value for values in curves for value in values.tolist() if math.isfinite(value) and value > 0]
    wide = bool(positive) and max(positive) > _WIDE * min(positive)
    return label, curves, (min(positive), max(positive)) if wide else ()


# -- as a file ---------------------------------------------------------------------------------------------------------


def save_plot(picture: Paths, path: FilePath) -> None:
    """Draw a picture into a file: PNG, SVG or PDF by its suffix; it is complete or not there.

    Two variables: the paths on filled contours; one: on the curve; more: value against step.

    Raises:
        UsageError, FileError: as `check_plot`.
    """
    check_plot(path)
    logging.getLogger("matplotlib").setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a glyph that the font lacks
        figure = _figure(picture)
        kind = path.suffix.lower().removeprefix(".")
        dates: dict[str, dict[str, Any]] = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}
        import matplotlib

        with complete_file(path) as name, matplotlib.rc_context({"svg.hashsalt": "gradcalc"}):
            figure.savefig(name, format=kind, dpi=150, metadata=dates.get(kind))


def _figure(picture: Paths) -> Any:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7.5, 5.6), layout="constrained")
    axes = figure.add_subplot()
    formula = picture.title if len(picture.title) <= _TITLE else f"{picture.title[: _TITLE - 1]}…"
    figure.suptitle(formula, fontsize=12, parse_math=False)
    axes.set_title(picture.subtitle, fontsize=10, color="#444444", parse_math=False)
    {1: _draw_curve, 2: _draw_contours}.get(len(picture.names), _draw_falls)(axes, picture)
    handles, labels = axes.get_legend_handles_labels()
    if len(handles) > 1:
        figure.legend(handles, labels, loc="outside lower center", ncols=min(3, len(handles)), fontsize=9)
    return figure


def _draw_contours(axes: Any, picture: Paths) -> None:
    import numpy as np

    window, side = _window(picture.paths), _side(picture)
    xs, ys = (np.linspace(*interval, side) for interval in window)
    with np.errstate(all="ignore"):
        grid = np.array([[picture.surface((x, y)) for x in xs.tolist()] for y in ys.tolist()])
    heights = np.ma.masked_invalid(grid)
    axes.set_facecolor("#DDDDDD")  # where the formula is undefined
    if heights.count():
        _fill(axes, xs, ys, heights, [path.value for path in picture.paths])
    axes.set(xlim=window[0], ylim=window[1], xlabel=picture.names[0], ylabel=picture.names[1])
    lines = [(path.points[:, 0], path.points[:, 1], (path.end[0], path.end[1])) for path in picture.paths]
    _draw_paths(axes, picture, lines, "white")


def _fill(axes: Any, xs: "Array", ys: "Array", heights: Any, ends: Sequence[float]) -> None:
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
            label, heights = f"value above {base:.6g}", above
        heights = np.ma.maximum(heights, levels[0] * 1e-3)
    extend = "min" if norm else "neither"
    filled = axes.contourf(xs, ys, heights, levels=levels, norm=norm, cmap="viridis", extend=extend)
    axes.contour(xs, ys, heights, levels=levels, colors="white", linewidths=0.4, alpha=0.5)
    bar = axes.figure.colorbar(filled, ax=axes, label=label, ticks=LogLocator() if norm else None)
    bar.ax.minorticks_off()


def _draw_curve(axes: Any, picture: Paths) -> None:
    import numpy as np

    window = _window(picture.paths)
    xs = np.linspace(*window[0], 600)
    with np.errstate(all="ignore"):
        ys = np.array([picture.surface((x,)) for x in xs.tolist()])
        low, high = _heights_in_sight(picture.paths, xs, ys)
        gap = np.abs(np.diff(ys, prepend=ys[0])) > 3 * (high - low)
    axes.plot(xs, np.where(gap, np.nan, ys), color="#0072B2", linewidth=2, zorder=1)
    axes.set(xlim=window[0], ylim=(low, high), xlabel=picture.names[0], ylabel="value")
    axes.grid(alpha=0.3)
    lines = [(path.points[:, 0], path.values, (path.end[0], path.value)) for path in picture.paths]
    _draw_paths(axes, picture, lines, None)


def _draw_falls(axes: Any, picture: Paths) -> None:
    label, curves, logarithmic = _falls(picture.paths)
    colours = cycle(_COLOURS) if len(curves) > 1 else cycle(("#0072B2",))
    for path, values, colour, style in zip(picture.paths, curves, colours, cycle(_STYLES), strict=False):
        axes.plot(
            path.steps, values, color=colour, linestyle=style, linewidth=1.8, markersize=3, label=path.label,
            marker="o" if len(path.steps) < 1 / _APART else None,
        )  # fmt: skip
    if logarithmic:
        axes.set_yscale("log")
    axes.set(xlabel="step", ylabel=label)
    axes.grid(alpha=0.3)


def _draw_paths(axes: Any, picture: Paths, lines: Sequence[Any], single: str | None) -> None:
    """Each path with its end; `single` is the colour of the only one on contours. Then the start and the bounds."""
    one, halos = len(lines) == 1, single is not None
    for path, (xs, ys, end), colour, sign in zip(picture.paths, lines, cycle(_COLOURS), cycle(_SIGNS), strict=False):
        line = single or colour if one else colour
        halo = ("black" if line == "white" else "white") if halos else None
        _draw_steps(axes, xs, ys, line, halo)
        if one:
            _mark(axes, end, "*", 19, "#D55E00", "white" if halos else "black", path.end_name)
        else:
            _mark(axes, end, sign, 10, colour, "black", path.label)
    xs, ys, _ = lines[0]
    _mark(axes, (xs[0], ys[0]), "o", 8, "white", "black", "start", markeredgewidth=1.6, zorder=6)
    for draw, bounds, (low, high) in zip(
        (axes.axvline, axes.axhline), picture.bounds, (axes.get_xlim(), axes.get_ylim()), strict=False
    ):
        for bound in bounds:
            if low < bound < high:
                draw(bound, color="black", linestyle="--", linewidth=1.2, zorder=2)


def _draw_steps(axes: Any, xs: "Array", ys: "Array", colour: str, halo: str | None) -> None:
    """The steps of a path, with a dot for each that can be told from the one before."""
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


def _mark(
    axes: Any, at: Sequence[float], sign: str, size: int, colour: str, edge: str, label: str, **more: Any
) -> None:
    """A sign at a point, named in the legend."""
    style = {"linestyle": "none", "zorder": 5} | more
    axes.plot(
        *([x] for x in at), color=colour, marker=sign, markersize=size, markeredgecolor=edge, label=label, **style
    )


# -- as text -----------------------------------------------------------------------------------------------------------


def plot_text(picture: Paths, width: int, height: int = 22) -> str:
    """Draw a picture with characters: the paths of two variables, else value against step.

    Raises:
        MissingExtra: plotext is absent.
    """
    check_library("plotext")
    import plotext  # type: ignore[import-untyped]

    figure = plotext.figure
    figure.clear()
    figure.theme("colorless")
    figure.plot_size(width, height)
    letters = zip(cycle(_LETTERS), picture.paths, strict=False)
    legend = "".join(f"{letter} {path.name}, " for letter, path in letters) if len(picture.paths) > 1 else ""
    (_text_paths if len(picture.names) == 2 else _text_falls)(figure, picture, legend)
    text: str = plotext.uncolorize(figure.build().string())
    return "\n".join(line.rstrip() for line in text.splitlines())


def _text_paths(figure: Any, picture: Paths, legend: str) -> None:
    (left, right), (low, high) = _window(picture.paths)
    inside = ([(x, y) for x, y in p.points.tolist() if left <= x <= right and low <= y <= high] for p in picture.paths)
    _text_lines(figure, list(inside))
    for path in picture.paths:
        figure.draw(figure.signal([path.end[0]], [path.end[1]], marker="E"))
    start = picture.paths[0].points[0].tolist()
    figure.draw(figure.signal([start[0]], [start[1]], marker="S"))
    figure.title(f"{legend}S start, E end")
    figure.label(picture.names[0], "x")
    figure.label(picture.names[1], "y", "left")


def _text_falls(figure: Any, picture: Paths, legend: str) -> None:
    label, curves, logarithmic = _falls(picture.paths)
    lines = [
        [(n, v) for n, v in zip(path.steps.tolist(), values.tolist(), strict=True) if math.isfinite(v)]
        for path, values in zip(picture.paths, curves, strict=True)
    ]
    if logarithmic:
        lines = [[(n, math.log10(v)) for n, v in line if v > 0] for line in lines]
        low, high = math.floor(math.log10(logarithmic[0])), math.ceil(math.log10(logarithmic[1]))
        ticks = list(range(low, high + 1, max(1, (high - low) // 6)))
        figure.ruler("y", "left").ticks(ticks, [f"1e{tick}" for tick in ticks])
    _text_lines(figure, lines)
    last = max(int(path.steps[-1]) for path in picture.paths)
    ticks = sorted({round(last * i / 5) for i in range(6)}) if last > 8 else list(range(last + 1))
    figure.ruler("x", "lower").ticks(ticks, [str(tick) for tick in ticks])
    figure.title(legend + label)
    figure.label("step", "x")


def _text_lines(figure: Any, lines: Sequence[Sequence[tuple[float, float]]]) -> None:
    """Each line with a letter of its own; a single one finer."""
    for line, letter in zip(lines, cycle(_LETTERS), strict=False):
        if line:
            marker = letter if len(lines) > 1 else "braille"
            figure.draw(figure.signal(*map(list, zip(*line, strict=True)), marker=marker).lines())
