"""The `picture` of descents: what is in sight, what is drawn, which files; a path that ran away ruins nothing."""

import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gradcalc.errors import FileError, UsageError, install_command
from gradcalc.optimize.descend import descend
from gradcalc.optimize.descent.answer import Descent, picture
from gradcalc.show import plot
from gradcalc.show.plot import check_plot, plot_text, save_plot

pytest.importorskip("matplotlib")
pytest.importorskip("plotext")

ROSENBROCK = "(1-x)**2 + 100*(y-x**2)**2"
START = {"x": -1.2, "y": 1}

Surface = Callable[[Sequence[float]], float]


def rosenbrock(point: Sequence[float]) -> float:
    x, y = point
    return (1 - x) ** 2 + 100 * (y - x * x) ** 2 if abs(x) < 1e60 and abs(y) < 1e60 else float("inf")


def square(point: Sequence[float]) -> float:
    return point[0] ** 2


def axes(descents: Sequence[Descent], surface: Surface) -> Any:
    return plot._figure(replace(picture(descents), surface=surface)).axes[0]


def labels(found: Any) -> list[str]:
    return list(found.get_legend_handles_labels()[1])


def test_two_variables_are_drawn_on_contours_with_start_and_end_in_sight() -> None:
    made = descend(ROSENBROCK, START, optimizer="newton")
    found = axes([made], rosenbrock)
    assert (found.get_xlabel(), found.get_ylabel()) == ("x", "y")
    assert labels(found) == ["end", "start"]
    assert found.get_xlim()[0] < -1.2 < 1 < found.get_xlim()[1] < 3
    assert found.figure.axes[1].get_yscale() == "log"
    assert found.figure.get_suptitle() == made.expression


def test_a_small_range_has_plain_levels() -> None:
    found = axes([descend("x**2 + y**2", {"x": 1, "y": 1}, learning_rate=0.4)], lambda p: p[0] ** 2 + p[1] ** 2)
    assert found.figure.axes[1].get_yscale() != "log"


def test_a_path_that_ran_away_is_drawn_where_it_began() -> None:
    made = descend(ROSENBROCK, START, learning_rate=0.01)
    assert made.status == "diverged"
    found = axes([made], rosenbrock)
    assert labels(found) == ["best", "start"]
    assert max(map(abs, (*found.get_xlim(), *found.get_ylim()))) < 20
    made = descend("x**2", {"x": 1}, learning_rate=1.1)
    found = axes([made], square)
    assert max(map(abs, found.get_xlim())) < 30
    assert found.get_ylim()[1] < 1000


def test_one_variable_is_drawn_on_its_curve() -> None:
    made = descend("x**2", {"x": 3}, learning_rate=0.3)
    found = axes([made], square)
    curve = found.lines[0].get_xydata()
    assert np.allclose(curve[:, 1], curve[:, 0] ** 2)
    assert (found.get_xlabel(), found.get_ylabel()) == ("x", "value")


def test_a_pole_beside_the_path_does_not_flatten_it() -> None:
    made = descend("1/x + x", {"x": 0.05})
    found = axes([made], lambda p: 1 / p[0] + p[0] if p[0] else float("inf"))
    assert found.get_ylim()[1] < 100


def test_where_the_formula_is_undefined_nothing_is_drawn_and_nothing_fails(tmp_path: Path) -> None:
    made = descend("log(x) + y**2", {"x": -1, "y": 1})
    save_plot(picture([made]), tmp_path / "nan.png")
    save_plot(picture([descend("log(x)", {"x": -1})]), tmp_path / "curve.png")
    assert plot_text(picture([made]), 60)


def test_more_variables_are_values_against_steps_in_logarithms() -> None:
    made = descend("sum((x - 1)**2)", {"x": [0, 0, 0]}, learning_rate=0.1, steps=50)
    found = axes([made], lambda p: 0.0)
    assert (found.get_xlabel(), found.get_ylabel(), found.get_yscale()) == ("step", "value", "log")
    below = descend("sum((x - 1)**2) - 7", {"x": [0, 0, 0]}, learning_rate=0.1, steps=50)
    assert re.fullmatch(r"value above -(7|6\.99\d+)", axes([below], lambda p: 0.0).get_ylabel())


def test_a_comparison_names_each_path_and_how_it_ended() -> None:
    made = [descend(ROSENBROCK, START, optimizer=name, steps=30) for name in ("sgd", "newton")]
    assert labels(axes(made, rosenbrock)) == [
        "sgd: finished, 30 steps",
        f"newton: converged, {made[1].steps} steps",
        "start",
    ]


def test_bounds_are_lines() -> None:
    made = descend("(x-3)**2 + y**2", {"x": 0, "y": 1}, bounds={"x": (-5, 2)})
    found = axes([made], lambda p: (p[0] - 3) ** 2 + p[1] ** 2)
    assert [2, 2] in [list(line.get_xdata()) for line in found.lines]


def test_a_slow_formula_gets_a_coarse_grid(monkeypatch: pytest.MonkeyPatch) -> None:
    one = picture([descend("x**2", {"x": 1}, learning_rate=0.3)])
    monkeypatch.setattr(plot, "_SECONDS", 0.0)
    assert plot._side(one) == plot._COARSEST
    monkeypatch.setattr(plot, "_SECONDS", 1e9)
    assert plot._side(one) == plot._FINEST


@pytest.mark.parametrize(
    ("suffix", "magic"), [(".png", b"\x89PNG"), (".svg", b"<?xml"), (".pdf", b"%PDF"), (".PNG", b"\x89PNG")]
)
def test_the_suffix_says_the_format_and_the_file_is_the_same_each_time(
    tmp_path: Path, suffix: str, magic: bytes
) -> None:
    made = descend("x**2", {"x": 1}, learning_rate=0.3)
    contents = []
    for name in ("a", "b"):
        save_plot(picture([made]), tmp_path / (name + suffix))
        contents.append((tmp_path / (name + suffix)).read_bytes())
    assert contents[0].startswith(magic)
    assert contents[0] == contents[1]
    assert len(list(tmp_path.iterdir())) == 2


def test_a_plot_that_cannot_take_its_place_leaves_no_part(tmp_path: Path) -> None:
    (tmp_path / "a.png").mkdir()
    with pytest.raises(FileError, match=r"cannot write .*a\.png: it is a directory"):
        save_plot(picture([descend("x**2", {"x": 1}, learning_rate=0.3)]), tmp_path / "a.png")
    assert [file.name for file in tmp_path.rglob("*")] == ["a.png"]


def test_a_name_that_the_font_lacks_warns_nobody(tmp_path: Path) -> None:
    save_plot(picture([descend("变量**2", {"变量": 1}, learning_rate=0.3)]), tmp_path / "name.png")


def test_what_cannot_be_drawn_is_told_with_what_can(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UsageError, match=r"\.png, \.svg, \.pdf, not a file that ends in \.jpg") as caught:
        check_plot(tmp_path / "path.jpg")
    assert caught.value.hint == "--plot path.png"
    with pytest.raises(FileError, match="there is no directory"):
        check_plot(tmp_path / "no" / "path.png")
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.setitem(sys.modules, "plotext", None)
    with pytest.raises(UsageError, match="matplotlib, which is not installed") as caught:
        check_plot(tmp_path / "path.png")
    assert caught.value.hint == install_command('"gradcalc[plot]"')
    with pytest.raises(UsageError, match="plotext"):
        plot_text(picture([descend("x**2", {"x": 1})]), 80)


def test_text_shows_the_path_of_two_variables() -> None:
    lines = plot_text(picture([descend(ROSENBROCK, START, optimizer="newton")]), 60, 18).splitlines()
    assert "S start, E end" in lines[0]
    assert sum("S" in line for line in lines[1:]) == sum("E" in line for line in lines[1:]) == 1
    assert max(map(len, lines)) <= 60
    assert len(lines) <= 18


def test_text_shows_values_against_steps_without_colours() -> None:
    made = [descend("x**2", {"x": 1}, optimizer=name, steps=40) for name in ("sgd", "adam")]
    text = plot_text(picture(made), 70)
    assert "\x1b" not in text
    assert "* sgd, o adam, value" in text
    assert re.search(r"^ *1e-\d+┤", text, re.MULTILINE)
    assert "step" in text.splitlines()[-1]


def test_a_descent_describes_its_picture_in_plain_data() -> None:
    made = descend("(x-3)**2 + y**2", {"x": 0, "y": 1}, bounds={"x": (-5, 2)}, optimizer="newton")
    drawn = picture([made])
    assert (drawn.title, drawn.names, drawn.bounds[0]) == (made.expression, ("x", "y"), (-5, 2))
    assert drawn.subtitle == f"newton: {made.status} after {made.steps} steps"
    (path,) = drawn.paths
    assert path.points.shape == (len(path.steps), 2) and path.values.shape == path.steps.shape
    assert (path.end, path.value, path.end_name, path.ran_away) == ((2.0, 0.0), made.value, "end", False)
    assert drawn.surface((1.0, 1.0)) == 5.0
    away = picture([descend("x**2", {"x": 1}, learning_rate=1.1)]).paths[0]
    assert (away.end_name, away.ran_away) == ("best", True)
