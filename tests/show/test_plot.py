"""Pictures by hand, and what the media make of them: formats, the same bytes, what is in sight, text. `picture` too."""

import re
import sys
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from gradcalc.errors import FileError, UsageError, install_command
from gradcalc.show import plot
from gradcalc.show.picture import KINDS, Arrows, Band, Boxes, Contours, Curve, Marks, Panel, Picture
from gradcalc.show.plot import check_file, drawn, save, text

pytest.importorskip("matplotlib")
pytest.importorskip("plotext")

LINE = Curve("f", [[(-1.0, -1.0), (-0.1, -9.0)], [(0.1, 9.0), (1.0, 1.0)]], "f")
FIELD = Contours([0, 1, 2], [0, 1, 2], [[0, 1, 2], [1, 2, 3], [2, 3, float("nan")]])
MANY = Picture(
    "f",
    [
        Panel(
            [
                Band("band", [[(-1.0, -2.0, 2.0), (1.0, -3.0, 3.0)]], "band"),
                LINE,
                Curve("tangent", [[(-1.0, 0.0), (1.0, 2.0)]], "tangent", dashed=True),
                *(Marks(kind, kind, [(0.5, 0.5)], kind) for kind in KINDS),
            ],
            "x",
            "f",
            (-1.0, 1.0),
            (-10.0, 10.0),
        ),
        Panel([Curve("df", [[(-1.0, 1.0), (1.0, 100.0)]], "f'")], "x", "f'", logarithmic=True, share=0.5),
    ],
    "told below",
)
OVER = [
    Band("band", [[(0.0, 0.5, 1.0), (2.0, 1.0, 1.5)]], "band"),
    Marks("minimum", "minimum", [(1.0, 1.0)], "minimum"),
    Contours([0, 1, 2], [0, 1, 2], FIELD.heights, "g = 2", name="zeros-1", levels=(2.0,), colour=1),
    Boxes("unsettled", [((0.2, 0.3), (0.4, 0.4)), ((1.5, 1.5), None)], "not settled"),
]
MAP = Picture("g", [Panel([FIELD, Arrows([(0.5, 0.5)], [(1.0, 1.0)]), *OVER], "x", "y", (0, 2), (0, 2))])
PATH = Picture(
    "h",
    [
        Panel(
            [
                Curve("path", [[(float(k), 1.0 / (k + 1)) for k in range(9)]], "way", dots=True, grows=True),
                Marks("end", "end", [(8.0, 0.1)], "end"),
            ],
            "x",
            "y",
        )
    ],
)


def group(svg: str, name: str) -> str:
    """What is in a group of SVG."""
    start = svg.index(f'<g id="{name}">')
    return svg[start : svg.index("</g>", start)]


def test_svg_has_a_group_for_each_layer_and_no_line_between_pieces() -> None:
    svg = drawn(MANY, "svg").decode()
    assert 'viewBox="' in svg
    for name in ("band", "f", "df", "tangent", *KINDS):
        assert svg.count(f'<g id="{name}">') == 1
    assert group(svg, "f").count("M ") == 2
    assert "told below" in svg
    field = drawn(MAP, "svg").decode()
    assert group(field, "contours").count("M ") > 2 and "path" in group(field, "gradient")
    assert "M " in group(field, "zeros-1") and group(field, "unsettled").count("<path") == 2


@pytest.mark.parametrize(
    ("picture", "suffix", "magic"),
    [
        (PATH, ".png", b"\x89PNG"),
        (PATH, ".pdf", b"%PDF"),
        (MAP, ".SVG", b"<?xml"),
        (PATH, ".gif", b"GIF89a"),
        (PATH, ".webp", b"RIFF"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_suffix_says_the_format_and_the_file_is_the_same_each_time(
    tmp_path: Path, picture: Picture, suffix: str, magic: bytes
) -> None:
    found = []
    for name in ("a", "b"):
        save(picture, tmp_path / (name + suffix))
        found.append((tmp_path / (name + suffix)).read_bytes())
    assert found[0].startswith(magic) and found[0] == found[1]
    assert len(list(tmp_path.iterdir())) == 2


def test_a_moving_picture_grows_step_by_step_and_rests_at_the_end() -> None:
    from PIL import Image

    with Image.open(BytesIO(plot._moving(PATH, "gif"))) as moving:
        assert moving.n_frames == 9
        dark = []
        for frame in range(9):
            moving.seek(frame)
            dark.append(sum(moving.convert("L").histogram()[:200]))
        assert dark == sorted(dark) and dark[0] < dark[-1]
        assert moving.info["duration"] > 1_000


def test_what_cannot_be_drawn_is_told_with_what_can(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UsageError, match=r"-o draws \.png, \.svg, \.pdf, not a file that ends in \.gif") as caught:
        check_file(tmp_path / "path.gif")
    assert caught.value.hint == "-o path.png"
    check_file(tmp_path / "path.gif", "--plot", moving=True)
    with pytest.raises(FileError, match="there is no directory"):
        check_file(tmp_path / "no" / "path.png")
    (tmp_path / "a.png").mkdir()
    with pytest.raises(FileError, match=r"cannot write .*a\.png: it is a directory"):
        save(PATH, tmp_path / "a.png")
    assert [file.name for file in tmp_path.rglob("*")] == ["a.png"]
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.setitem(sys.modules, "plotext", None)
    with pytest.raises(UsageError, match="matplotlib, which is not installed") as caught:
        check_file(tmp_path / "path.png")
    assert caught.value.hint == install_command('"gradcalc[plot]"')
    with pytest.raises(UsageError, match="plotext"):
        text(PATH, 80)


def test_text_draws_pieces_in_braille_and_says_what_signs_mean() -> None:
    found = text(MANY, 70, 30)
    lines = found.splitlines()
    assert max(map(len, lines)) <= 70 and len(lines) <= 34
    assert "\x1b" not in found and "\x1b[" in text(MANY, 70, 30, colour=True)
    assert "◆ kink" in found and ". tangent" in found
    assert sum("⠀" < c <= "⣿" for c in found) > 20
    assert re.search(r"^1e\d", found, re.MULTILINE)


def test_text_keeps_to_ascii_where_it_must() -> None:
    for picture in (MANY, MAP, PATH):
        text(picture, 60, 20, ascii_only=True).encode("ascii")
    assert "→" in text(MAP, 60) or "↗" in text(MAP, 60)


def test_a_line_that_leaves_the_picture_is_cut_at_its_border() -> None:
    scale = plot._Scale((0.0, 1.0), (0.0, 1.0), False)
    assert list(scale.inside([(-1.0, -1.0), (2.0, 2.0)])) == [[(0.0, 0.0), (1.0, 1.0)]]
    assert list(scale.inside([(0.5, 0.5), (0.5, 3.0), (0.7, 3.0), (0.7, 0.5)])) == [
        [(0.5, 0.5), (0.5, 1.0)],
        [(0.7, 1.0), (0.7, 0.5)],
    ]
    assert not list(scale.inside([(2.0, 2.0), (3.0, 3.0)]))
    assert list(scale.inside([(0.2, 0.3)])) == [[(0.2, 0.3), (0.2, 0.3)]]


@pytest.mark.parametrize(
    ("layers", "kind"),
    [
        ([], "png"),
        ([Curve("f", [])], "png"),
        ([Contours([0, 1], [0, 1], [[float("nan")] * 2] * 2)], "png"),
        ([Contours([0, 1], [0, 1], [[5.0] * 2] * 2)], "png"),
        ([Arrows([], [])], "png"),
        ([Arrows([(0.5, 0.5)], [(0.0, 0.0)])], "svg"),
        ([Curve("变量", [[(0.0, 1.0), (1.0, 1e300)]], "变量\n")], "svg"),
    ],
)
def test_what_is_empty_constant_or_huge_is_drawn_all_the_same(layers: Any, kind: str) -> None:
    picture = Picture("变量 $x$", [Panel(layers, "变量", "y", (0.0, 1.0), (0.0, 1.0))])
    assert drawn(picture, kind)
    assert text(picture, 20, 4)
