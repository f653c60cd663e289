"""Draws a `Picture`: as a file, png, svg or pdf; moving as gif or webp; as text for the terminal.

    Picture ──panels──▶ matplotlib ──▶ png, svg, pdf, each time the same bytes; frame by frame gif, webp
               └──────▶ plotext ──▶ braille, or ASCII

Knows no formula and computes nothing but how things look. Imports errors, files and picture; matplotlib, plotext and
NumPy (the extra `plot`) inside functions. The colours are viridis and those of Okabe and Ito, which the colour-blind
can tell apart.
"""

import io
import logging
import math
import textwrap
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from gradcalc.errors import UsageError, installed, library, visible
from gradcalc.files import check_writable, complete_file
from gradcalc.show.picture import Arrows, Band, Boxes, Contours, Curve, Interval, Layer, Marks, Panel, Picture, Place

STILL, MOVING = (".png", ".svg", ".pdf"), (".gif", ".webp")

_BLUE, _RED, _GREEN, _ORANGE, _PINK, _SKY, _YELLOW, _BLACK = range(8)
PALETTE = ("#0072B2", "#D55E00", "#009E73", "#E69F00", "#CC79A7", "#56B4E9", "#F0E442", "#000000")
_ANSI = (33, 208, 35, 214, 170, 75, 184, None)
"""The palette, and the nearest of a terminal's 256 colours that show on light and on dark."""
_COLOURS = {
    "f": _BLUE, "df": _RED, "d2f": _GREEN, "tangent": _PINK, "fit": _RED, "residuals": _BLUE, "path": _RED,
    "bounds": _BLACK,
}  # fmt: skip
"""Of curves by their names."""
_SIGNS = {
    "point": ("o", 7.0, _BLACK, True), "start": ("o", 8.0, _BLACK, False), "end": ("*", 17.0, _RED, True),
    "best": ("*", 17.0, _RED, True), "minimum": ("v", 10.0, _SKY, True), "maximum": ("^", 10.0, _ORANGE, True),
    "saddle": ("X", 10.0, _PINK, True), "degenerate": ("D", 8.0, _YELLOW, True), "kink": ("D", 7.0, _ORANGE, True),
    "root": ("o", 8.0, _GREEN, True),
    "hole": ("o", 6.0, _BLUE, False), "data": (".", 5.0, _BLACK, True),
}  # fmt: skip
"""Of marks by their kinds: the sign, its size in points, its colour, and whether it is filled."""
_LETTERS = {
    "point": "●*", "start": "SS", "end": "EE", "best": "BB", "minimum": "▼v", "maximum": "▲^", "saddle": "✗x",
    "degenerate": "◆d", "kink": "◆k", "root": "●*", "hole": "○o", "data": "•.",
}  # fmt: skip
"""The same as characters, in Unicode and in ASCII."""
_COUNTED = "s^DvPX<o"
"""Signs of ends where several paths are told apart."""
_STYLES = ("-", "--", "-.", ":")
_TITLE = 64
"""Characters of a formula in a title."""
_NARROW = 0.025
"""Hatched rectangles are at least this part of the picture wide and high."""
_APART = 0.012
"""A step of at least this part of the picture has a dot."""
_FRAMES, _REST, _FRAME_MS = 60, 15, 80
"""Frames of a moving picture at most, at the end of which it rests for some; how long each is shown."""


def check_file(path: Path, flag: str = "-o", moving: bool = False) -> None:
    """Raise, before the work is done, the error that `save` would end in.

    Args:
        flag: the option that names the file.
        moving: whether something in it grows.

    Raises:
        UsageError: a suffix that is none of `STILL` (or `MOVING`), or matplotlib is absent (MissingExtra).
        FileError: the file cannot be written.
    """
    suffixes = STILL + MOVING if moving else STILL
    if path.suffix.lower() not in suffixes:
        shown = f"a file that ends in {path.suffix}" if path.suffix else "a file without a suffix"
        raise UsageError(f"{flag} draws {', '.join(suffixes)}, not {shown}", hint=f"{flag} {path.stem or 'plot'}.png")
    library("matplotlib", flag)
    check_writable(path)


def can_draw() -> bool:
    """Whether pictures can be made: matplotlib is there."""
    return installed("matplotlib")


def save(picture: Picture, path: Path, flag: str = "-o") -> None:
    """Draw a picture into a file, in the medium of its suffix; it is complete or not there.

    Raises:
        UsageError, FileError: as `check_file`.
    """
    check_file(path, flag, moving=path.suffix.lower() in MOVING)
    suffix = path.suffix.lower().removeprefix(".")
    data = drawn(picture, suffix) if f".{suffix}" in STILL else _moving(picture, suffix)
    with complete_file(path) as name:
        name.write_bytes(data)


def drawn(picture: Picture, kind: str) -> bytes:
    """A picture as `png`, `svg` or `pdf`: the same bytes each time."""
    dates: dict[str, dict[str, Any]] = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}
    with _quietly():
        buffer = io.BytesIO()
        figure, _ = _figure(picture)
        figure.savefig(buffer, format=kind, dpi=150, metadata=dates.get(kind))
    return buffer.getvalue()


@contextmanager
def _quietly() -> Iterator[None]:
    """Matplotlib without its words, and with nothing in its files that differs from run to run."""
    library("matplotlib", "a picture")
    import matplotlib

    logging.getLogger("matplotlib").setLevel(logging.ERROR)
    with warnings.catch_warnings(), matplotlib.rc_context({"svg.hashsalt": "gradcalc"}):
        warnings.simplefilter("ignore")  # a glyph that the font lacks
        yield


# -- by matplotlib -----------------------------------------------------------------------------------------------------


def _figure(picture: Picture) -> tuple[Any, list[tuple[Any, Curve]]]:
    """The figure, and the lines of the curves that grow."""
    from matplotlib.figure import Figure

    shares = [panel.share for panel in picture.panels]
    figure = Figure(figsize=(7.5, 3.2 + 2.4 * sum(shares)), layout="constrained")
    rows = figure.subplots(len(shares), sharex=True, squeeze=False, height_ratios=shares)[:, 0]
    title = picture.title if len(picture.title) <= _TITLE else f"{picture.title[: _TITLE - 1]}…"
    figure.suptitle(visible(title), fontsize=12, parse_math=False)
    rows[0].set_title(visible(picture.subtitle), fontsize=10, color="#444444", parse_math=False)
    growing = [pair for axes, panel in zip(rows, picture.panels, strict=True) for pair in _panel(axes, panel)]
    for axes in rows[:-1]:
        axes.set_xlabel("")
    found = [axes.get_legend_handles_labels() for axes in rows]
    named = {label: handle for handles, labels in found for handle, label in zip(handles, labels, strict=True)}
    if len(named) > 1:
        columns = min(len(named), 2 if max(map(len, named)) > 24 else 4)
        figure.legend(named.values(), named, loc="outside lower center", ncols=columns, fontsize=9, frameon=False)
    return figure, growing


def _panel(axes: Any, panel: Panel) -> list[tuple[Any, Curve]]:
    """The layers of a panel on its axes; the lines that grow."""
    growing = []
    has_contours = any(isinstance(layer, Contours) and not layer.levels for layer in panel.layers)
    axes.set_xlabel(visible(panel.x_label), parse_math=False)
    axes.set_ylabel(visible(panel.y_label), parse_math=False)
    if panel.logarithmic:
        axes.set_yscale("log")
    if panel.x is not None:
        axes.set_xlim(panel.x)
    if panel.y is not None:
        axes.set_ylim(panel.y)
    if has_contours:
        _squared(axes, panel)
    else:
        axes.grid(alpha=0.3)
        axes.spines[["top", "right"]].set_visible(False)
        for line, interval in ((axes.axvline, panel.x), (axes.axhline, None if panel.logarithmic else panel.y)):
            if interval and interval[0] < 0 < interval[1]:
                line(0, color="#999999", linewidth=0.8, zorder=1)
    for layer in panel.layers:
        line = _DRAW[type(layer)](axes, layer, has_contours)
        if isinstance(layer, Curve) and layer.grows:
            growing.append((line, layer))
    return growing


def _squared(axes: Any, panel: Panel) -> None:
    """The same scale along both axes, where the ranges are nearly as long."""
    if panel.x and panel.y and 0.7 < (panel.y[1] - panel.y[0]) / (panel.x[1] - panel.x[0]) < 1.4:
        axes.set_aspect("equal")


def _colour(colour: int | None, default: int) -> str:
    return PALETTE[(default if colour is None else colour) % len(PALETTE)]


def _joined(pieces: Sequence[Sequence[Place]]) -> tuple[list[float], list[float]]:
    """All pieces as two lists, with nan between them, over which no line is drawn."""
    xs: list[float] = []
    ys: list[float] = []
    for piece in pieces:
        xs += [*(x for x, _ in piece), math.nan]
        ys += [*(y for _, y in piece), math.nan]
    return xs[:-1], ys[:-1]


def _draw_curve(axes: Any, curve: Curve, has_contours: bool) -> Any:
    from matplotlib.patheffects import Normal, Stroke

    xs, ys = _joined(curve.pieces)
    colour = _colour(curve.colour, _COLOURS.get(curve.name, _BLACK))
    style = _STYLES[(curve.colour or 0) % len(_STYLES)] if curve.name == "falls" else "--" if curve.dashed else "-"
    effects = None
    if has_contours and not curve.dashed:
        halo = "black" if curve.colour is None else "white"
        colour = "white" if curve.colour is None else colour
        effects = [Stroke(linewidth=3.2, foreground=halo), Normal()]
    (line,) = axes.plot(
        xs, ys, color=colour, linestyle=style, linewidth=1.6 if curve.dots or curve.dashed else 2.0, gid=curve.name,
        path_effects=effects, label=curve.label or None, zorder=3 if curve.dots else 2.5 if curve.dashed else 2,
        solid_capstyle="butt",
    )  # fmt: skip
    if curve.dots:
        line.set(
            marker="o",
            markersize=4.5,
            markeredgecolor="black",
            markeredgewidth=0.6,
            markevery=_apart(axes, xs, ys),
        )
    return line


def _apart(axes: Any, xs: list[float], ys: list[float]) -> list[int]:
    """Which steps can be told from the one before."""
    import numpy as np

    axes.autoscale_view()
    with np.errstate(all="ignore"):
        ends = axes.transAxes.inverted().transform(axes.transData.transform(np.column_stack([xs, ys])))
        moves = np.hypot(*np.diff(ends, axis=0).T)
    found: list[int] = (np.flatnonzero(moves >= _APART) + 1).tolist()
    return found


def _draw_band(axes: Any, band: Band, has_contours: bool) -> None:
    colour, label = _colour(band.colour, _COLOURS.get(band.name, _SKY)), band.label or None
    for piece in band.pieces:
        xs, low, high = zip(*piece, strict=True)
        axes.fill_between(xs, low, high, color=colour, alpha=0.25, linewidth=0, gid=band.name, label=label, zorder=1)
        label = None


def _draw_marks(axes: Any, marks: Marks, has_contours: bool) -> None:
    """Signs, whose edges show on any ground."""
    sign, size, colour, filled = _SIGNS[marks.kind]
    if marks.colour is not None:
        sign, size = _COUNTED[marks.colour % len(_COUNTED)], 10.0
    own = _colour(marks.colour, colour)
    dark = own == PALETTE[_BLACK]
    axes.plot(
        *_joined([[place] for place in marks.places]), linestyle="none", marker=sign, markersize=size,
        markerfacecolor=own if filled else "white", markeredgecolor=("white" if dark else "black") if filled else own,
        markeredgewidth=0.0 if marks.kind == "data" else 1.0 if filled else 1.6, gid=marks.name,
        label=marks.label or None, zorder=6 if marks.kind in ("start", "hole") else 5, clip_on=True,
    )  # fmt: skip


def _draw_contours(axes: Any, contours: Contours, has_contours: bool) -> None:
    """Filled contours with thin lines between them and a bar of their colours; grey where none is known."""
    import numpy as np
    from matplotlib.colors import LogNorm
    from matplotlib.ticker import LogLocator

    heights = np.ma.masked_invalid(np.asarray(contours.heights, float))
    if contours.levels:
        _draw_levels(axes, contours, heights)
        return
    axes.set_facecolor("#DDDDDD")
    if not heights.count():
        return
    levels, is_log = _levels(contours, heights)
    norm = LogNorm(levels[0], levels[-1]) if is_log else None
    if is_log:
        heights = np.ma.maximum(heights - (contours.base or 0.0), levels[0] * 1e-3)
    filled = axes.contourf(contours.xs, contours.ys, heights, levels=levels, norm=norm, cmap="viridis", extend="both")
    filled.set(gid="heights", rasterized=True)  # as paths they are a megabyte
    lines = axes.contour(contours.xs, contours.ys, heights, levels=levels, colors="white", linewidths=0.5, alpha=0.6)
    lines.set_gid(contours.name)
    bar = axes.figure.colorbar(filled, ax=axes, label=contours.label, ticks=LogLocator() if norm else None)
    bar.ax.minorticks_off()


def _draw_levels(axes: Any, contours: Contours, heights: Any) -> None:
    """Lines at some heights alone, which show on contours."""
    from matplotlib.patheffects import Normal, Stroke

    colour = _colour(contours.colour, _BLACK)
    if heights.count() and any(heights.min() <= level <= heights.max() for level in contours.levels):
        lines = axes.contour(contours.xs, contours.ys, heights, levels=contours.levels, colors=[colour], linewidths=2.0)
        lines.set(gid=contours.name, path_effects=[Stroke(linewidth=3.6, foreground="white"), Normal()])
        axes.plot([], [], color=colour, linewidth=2.0, label=contours.label)


def _draw_boxes(axes: Any, boxes: Boxes, has_contours: bool) -> None:
    """Hatched rectangles, none too small to be seen."""
    from matplotlib.collections import PatchCollection
    from matplotlib.patches import Rectangle

    look: dict[str, Any] = {"facecolor": "none", "edgecolor": PALETTE[_RED], "hatch": "////", "linewidth": 1.2}
    sight = axes.get_xlim(), axes.get_ylim()
    patches = []
    for x, y in boxes.boxes:
        (left, right), (bottom, top) = map(_seen, (x, y or sight[1]), sight)
        patches.append(Rectangle((left, bottom), right - left, top - bottom))
    axes.add_collection(PatchCollection(patches, **look, gid=boxes.name, zorder=4), autolim=False)
    if boxes.label and patches:
        axes.add_patch(Rectangle((math.nan, math.nan), 0, 0, label=boxes.label, **look))


def _seen(side: Interval, sight: Interval) -> Interval:
    """A side, widened where it is too narrow to be seen."""
    more = max(0.0, _NARROW * (sight[1] - sight[0]) - (side[1] - side[0])) / 2
    return side[0] - more, side[1] + more


def _levels(contours: Contours, heights: Any) -> tuple[list[float], bool]:
    """The heights of contours, and whether they are logarithmic above the base."""
    import numpy as np
    from matplotlib.ticker import MaxNLocator

    low, high = contours.sight or (float(heights.min()), float(heights.max()))
    if contours.base is not None:
        above = (heights - contours.base).compressed()
        above = above[above > 0]
        least = max(float(np.quantile(above, 0.002)), (high - contours.base) * 1e-9)
        exponents = np.arange(math.floor(2 * math.log10(least)), math.ceil(2 * math.log10(high - contours.base)) + 1)
        return (10.0 ** (exponents / 2)).tolist(), True
    if not high > low:
        size = abs(low) or 1.0
        return [low - size, low - size / 2, low + size / 2, low + size], False
    with np.errstate(all="ignore"):  # heights near the largest double
        ticks = MaxNLocator(14).tick_values(low, high)
    return [float(each) for each in ticks if math.isfinite(each)], False


def _draw_arrows(axes: Any, arrows: Arrows, has_contours: bool) -> None:
    """Arrows whose lengths grow with those of the steps, though far less, so that all can be seen."""
    import numpy as np

    if not arrows.places:
        return
    sides = [high - low for low, high in (axes.get_xlim(), axes.get_ylim())]
    steps = np.asarray(arrows.steps, float)
    longest = np.abs(steps).max() or 1.0
    sizes = np.hypot(*(steps / longest).T)
    shown = sizes > 0
    largest = float(sizes.max()) or 1.0
    lengths = 0.35 + 0.65 * (sizes[shown] / largest) ** 0.5
    places = np.asarray(arrows.places, float)[shown]
    inches = steps[shown] / longest / np.asarray(sides) * np.asarray(axes.bbox.size)
    directions = inches / np.hypot(*inches.T)[:, None] * lengths[:, None]
    quiver = axes.quiver(
        *places.T, *directions.T, angles="uv", pivot="mid", color="black", scale=18, width=0.004, headwidth=4,
        headlength=4.5, headaxislength=4, zorder=2.2, edgecolor="white", linewidth=0.4,
    )  # fmt: skip
    quiver.set_gid(arrows.name)


_DRAW: dict[type[Any], Any] = {
    Curve: _draw_curve, Band: _draw_band, Marks: _draw_marks, Contours: _draw_contours, Arrows: _draw_arrows,
    Boxes: _draw_boxes,
}  # fmt: skip


def _moving(picture: Picture, kind: str) -> bytes:
    """The picture while its curves grow: what stays is drawn once."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from PIL import Image

    with _quietly():
        figure, growing = _figure(picture)
        figure.set_dpi(100)
        canvas: Any = FigureCanvasAgg(figure)
        canvas.draw()
        figure.set_layout_engine("none")
        dots = [line.get_markevery() for line, _ in growing]
        for line, _ in growing:
            line.set_visible(False)
        canvas.draw()
        ground = canvas.copy_from_bbox(figure.bbox)
        longest = max((len(curve.pieces[0]) for _, curve in growing), default=1)
        frames = []
        for count in _counts(longest):
            canvas.restore_region(ground)
            for (line, curve), all_dots in zip(growing, dots, strict=True):
                _grow(line, curve, count, all_dots)
                line.axes.draw_artist(line)
            frames.append(Image.fromarray(_pixels(canvas)).convert("RGB"))
    buffer = io.BytesIO()
    times = [_FRAME_MS] * (len(frames) - 1) + [_FRAME_MS * _REST]
    if kind == "gif":
        palette = frames[-1].quantize(256, dither=Image.Dither.NONE)
        frames = [frame.quantize(palette=palette, dither=Image.Dither.NONE) for frame in frames]
    frames[0].save(
        buffer, format=kind.upper(), save_all=True, append_images=frames[1:], duration=times, loop=0,
        **({"lossless": True} if kind == "webp" else {}),
    )  # fmt: skip
    return buffer.getvalue()


def _pixels(canvas: Any) -> Any:
    import numpy as np

    return np.asarray(canvas.buffer_rgba()).copy()


def _counts(longest: int) -> list[int]:
    """How many places are drawn in each frame."""
    frames = min(longest, _FRAMES)
    return sorted({1 + round(k * (longest - 1) / max(1, frames - 1)) for k in range(frames)})


def _grow(line: Any, curve: Curve, count: int, dots: Sequence[int] | None) -> None:
    """Let a line end at a place."""
    line.set_markevery(None if dots is None else [k for k in dots if k < count])
    line.set_data(*_joined([curve.pieces[0][:count]]))
    line.set_visible(True)


# -- as text -----------------------------------------------------------------------------------------------------------


def text(picture: Picture, width: int, height: int = 24, colour: bool = False, ascii_only: bool = False) -> str:
    """Draw a picture with characters: lines in braille, or with ASCII alone.

    Args:
        width, height: in characters; the least is 30 by 8 for each panel.

    Raises:
        MissingExtra: plotext is absent.
    """
    library("plotext", "a picture in the terminal")
    shares = [panel.share for panel in picture.panels]
    rows = [max(8, round(height * share / sum(shares))) for share in shares]
    parts = [
        _panel_text(panel, max(30, width), lines, colour, ascii_only)
        for panel, lines in zip(picture.panels, rows, strict=True)
    ]
    return "\n".join(parts)


def _panel_text(panel: Panel, width: int, height: int, colour: bool, ascii_only: bool) -> str:
    import plotext  # type: ignore[import-untyped]

    figure = plotext.figure
    figure.clear()
    figure.theme("colorless")
    figure.plot_size(width, height)
    x, y = panel.x or _range(panel, 0), panel.y or _range(panel, 1)
    scale = _Scale(x, _log(y) if panel.logarithmic else y, panel.logarithmic)
    for layer in panel.layers:
        for places, sign, tone in _signals(layer, scale, ascii_only):
            marker = plotext.marker(sign, pixel=(tone, None, None)) if colour and tone is not None else sign
            signal = figure.signal([x for x, _ in places], [y for _, y in places], marker=marker)
            figure.draw(signal.lines() if isinstance(layer, Curve | Contours) and len(places) > 1 else signal)
    for axis, side, interval, log, most in (
        ("x", "lower", scale.x, False, max(2, width // 10)),
        ("y", "left", scale.y, panel.logarithmic, max(2, height // 4)),
    ):
        ruler = figure.ruler(axis, side)
        ruler.lim(*interval)
        ticks = _ticks(interval, most)
        ruler.ticks(ticks, [f"1e{tick:g}" if log else f"{tick:.6g}" for tick in ticks])
    figure.label(visible(panel.x_label), "x")
    found: str = figure.build().string()
    lines = textwrap.wrap(_heading(panel, ascii_only), width - 2, initial_indent="  ", subsequent_indent="  ")
    lines += (found if colour else plotext.uncolorize(found)).splitlines()
    found = "\n".join(line.rstrip() for line in lines)
    return found.translate(_ASCII) if ascii_only else found


_ASCII = str.maketrans(dict(zip("┌┐└┘┤├┬┴┼─│●▼▲✗◆○•′″", "+++++++++-|*v^xdo.'\"", strict=True)))


class _Scale:
    """What is in sight of a panel, and where a place stands in it."""

    def __init__(self, x: Interval, y: Interval, logarithmic: bool) -> None:
        self.x, self.y, self.logarithmic = x, y, logarithmic

    def place(self, place: Place) -> Place:
        """A place in the units that are drawn."""
        x, y = place
        return (x, (math.log10(y) if y > 0 else -math.inf) if self.logarithmic else y)

    def holds(self, place: Place) -> bool:
        """Whether a place is in sight."""
        return self.x[0] <= place[0] <= self.x[1] and self.y[0] <= place[1] <= self.y[1]

    def inside(self, piece: Sequence[Place]) -> Iterator[list[Place]]:
        """The parts of a line that are in sight."""
        part: list[Place] = []
        places = [self.place(each) for each in piece]
        for first, last in zip(places, places[1:] or places, strict=False):
            ends = self.clipped(first, last)
            if ends is None or part and part[-1] != ends[0]:
                if part:
                    yield part
                part = []
            if ends is not None:
                part = [*(part or [ends[0]]), ends[1]]
        if part:
            yield part

    def clipped(self, first: Place, last: Place) -> tuple[Place, Place] | None:
        """The part of a segment that is in sight: Liang and Barsky."""
        if not all(map(math.isfinite, (*first, *last))):
            return None
        low, high = 0.0, 1.0
        moves = last[0] - first[0], last[1] - first[1]
        for at, move, (least, most) in zip(first, moves, (self.x, self.y), strict=True):
            if not move:
                if not least <= at <= most:
                    return None
                continue
            enter, leave = sorted(((least - at) / move, (most - at) / move))
            low, high = max(low, enter), min(high, leave)
        if low > high:
            return None
        begin, end = ((first[0] + t * moves[0], first[1] + t * moves[1]) for t in (low, high))
        return (first if low == 0 else begin), (last if high == 1 else end)


def _signals(layer: Layer, scale: _Scale, ascii_only: bool) -> Iterator[tuple[list[Place], str, int | None]]:
    """What is drawn of a layer: places, with which sign, in which colour."""
    if isinstance(layer, Curve):
        tone = _ANSI[(_COLOURS.get(layer.name, _BLACK) if layer.colour is None else layer.colour) % len(_ANSI)]
        own = _TEXT_LINES[(layer.colour or 0) % len(_TEXT_LINES)] if layer.colour is not None else ""
        for piece in layer.pieces:
            for part in scale.inside(piece):
                yield part, own or ("." if layer.dashed else "*" if ascii_only else "braille"), tone
    elif isinstance(layer, Band):
        for strip in layer.pieces:
            for k in (1, 2):
                edge = [(each[0], each[k]) for each in strip]
                yield from ((part, ".", _ANSI[_SKY]) for part in scale.inside(edge))
    elif isinstance(layer, Marks):
        places = [each for each in map(scale.place, layer.places) if scale.holds(each)]
        tone = _ANSI[(_SIGNS[layer.kind][2] if layer.colour is None else layer.colour) % len(_ANSI)]
        if places:
            yield places, _LETTERS[layer.kind][ascii_only], tone
    elif isinstance(layer, Contours):
        own = _TEXT_LINES[(layer.colour or 0) % len(_TEXT_LINES)] if layer.levels else ""
        tone = _ANSI[(_BLUE if layer.colour is None else layer.colour) % len(_ANSI)]
        for _, line in contour_lines(layer):
            yield from ((part, own or ("." if ascii_only else "braille"), tone) for part in scale.inside(line))
    elif isinstance(layer, Boxes):
        places = [each for box in layer.boxes for each in _hatching(*box, scale) if scale.holds(each)]
        if places:
            yield places, "#" if ascii_only else "▒", _ANSI[_RED]
    else:
        for place, sign in _arrow_signs(layer, scale, ascii_only):
            yield [place], sign, _ANSI[_RED]


_TEXT_LINES = "*+x#%@&~"
"""Of curves that are told apart by their colours."""


_HATCHED = 60
"""Signs of a hatched rectangle along each axis, at most, where it fills the picture."""


def _hatching(x: Interval, y: Interval | None, scale: _Scale) -> Iterator[Place]:
    """Places of a rectangle: its middle, and more where it is large."""
    sides = [x, y or scale.y]
    parts = [
        max(1, math.ceil(_HATCHED * (side[1] - side[0]) / (sight[1] - sight[0])))
        for side, sight in zip(sides, (scale.x, scale.y), strict=True)
    ]
    columns, rows = (
        [side[0] + (side[1] - side[0]) * (k + 0.5) / min(count, _HATCHED) for k in range(min(count, _HATCHED))]
        for side, count in zip(sides, parts, strict=True)
    )
    yield from ((column, row) for column in columns for row in rows)


def contour_lines(contours: Contours) -> Iterator[tuple[float, list[Place]]]:
    """The contours as lines, each with its height, the lowest first."""
    import numpy as np

    library("matplotlib", "contours")  # which brings contourpy
    from contourpy import contour_generator

    heights = np.ma.masked_invalid(np.asarray(contours.heights, float))
    if not heights.count():
        return
    levels, log = (list(contours.levels), False) if contours.levels else _levels(contours, heights)
    above = heights - (contours.base or 0.0) if log else heights
    made = contour_generator(np.asarray(contours.xs), np.asarray(contours.ys), above)
    base = (contours.base or 0.0) if log else 0.0
    for level in levels[:: max(1, len(levels) // 9)]:
        for line in made.lines(level):
            yield base + level, [(x, y) for x, y in np.asarray(line).tolist()]


def _arrow_signs(arrows: Arrows, scale: _Scale, ascii_only: bool) -> Iterator[tuple[Place, str]]:
    """Arrows as characters: which way it goes up."""
    rose = ">/^\\</v\\" if ascii_only else "→↗↑↖←↙↓↘"
    kept = _thinned(arrows)
    for (x, y), (dx, dy) in kept:
        if not (dx or dy) or not scale.holds((x, y)):
            continue
        angle = math.atan2(dy / (scale.y[1] - scale.y[0]), dx / (scale.x[1] - scale.x[0]) * 1.6)
        eighth = round(angle / (math.pi / 4)) % 8
        yield (
            (x, y),
            rose[eighth]
            if not ascii_only
            else "><"[eighth in (3, 4, 5)]
            if eighth in (0, 1, 3, 4, 5, 7)
            else "^v"[eighth == 6],
        )


def _thinned(arrows: Arrows) -> list[tuple[Place, Place]]:
    """Every other row and column of arrows."""
    xs, ys = (sorted({place[k] for place in arrows.places}) for k in (0, 1))
    kept = set(xs[::2]), set(ys[::2])
    pairs = zip(arrows.places, arrows.steps, strict=True)
    return [(place, step) for place, step in pairs if place[0] in kept[0] and place[1] in kept[1]]


def _heading(panel: Panel, ascii_only: bool) -> str:
    """What the signs of a panel mean."""
    found = [visible(panel.y_label)] if panel.y_label else []
    for layer in panel.layers:
        if isinstance(layer, Marks) and layer.label and layer.places:
            found.append(f"{_LETTERS[layer.kind][ascii_only]} {visible(layer.label)}")
        elif isinstance(layer, Curve) and layer.label and layer.colour is not None:
            found.append(f"{_TEXT_LINES[layer.colour % len(_TEXT_LINES)]} {visible(layer.label)}")
        elif isinstance(layer, Contours) and layer.levels and layer.label:
            found.append(f"{_TEXT_LINES[(layer.colour or 0) % len(_TEXT_LINES)]} {visible(layer.label)}")
        elif isinstance(layer, Boxes) and layer.label and layer.boxes:
            found.append(f"{'#' if ascii_only else '▒'} {visible(layer.label)}")
        elif isinstance(layer, Curve) and layer.label and layer.dashed:
            found.append(f". {visible(layer.label)}")
    return ", ".join(found)


def _range(panel: Panel, k: int) -> Interval:
    """All that there is to see along an axis."""
    places = [place for layer in panel.layers for place in _places(layer)]
    found = [place[k] for place in places if math.isfinite(place[k])] or [0.0]
    if panel.logarithmic and k:
        found = [each for each in found if each > 0] or [1.0]
        return min(found), max(found) if max(found) > min(found) else 10 * min(found)
    low, high = min(found), max(found)
    size = (high - low) or abs(high) or 1.0
    return low - 0.05 * size, high + 0.05 * size


def _places(layer: Layer) -> Iterator[Place]:
    if isinstance(layer, Curve):
        yield from (place for piece in layer.pieces for place in piece)
    elif isinstance(layer, Band):
        yield from ((x, y) for piece in layer.pieces for x, low, high in piece for y in (low, high))
    elif isinstance(layer, Contours):
        yield from zip(layer.xs, layer.ys, strict=False)
        yield layer.xs[-1], layer.ys[-1]
    elif isinstance(layer, Boxes):
        yield from (place for x, y in layer.boxes if y for place in zip(x, y, strict=True))
    else:
        yield from layer.places


def _log(interval: Interval) -> Interval:
    low, high = math.log10(interval[0]), math.log10(interval[1])
    return low - 0.03 * (high - low), high + 0.03 * (high - low)


def _ticks(interval: Interval, most: int) -> list[float]:
    """Round numbers in an interval, at most so many."""
    low, high = interval
    rough = (high - low) / max(1, most)
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 5, 10, 20) if factor * power >= rough * (1 - 1e-9))
    found = [k * step for k in range(math.ceil(low / step), math.floor(high / step) + 1)]
    return found or [low, high]
