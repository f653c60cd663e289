"""The uncertainty of every row: `map --propagate`."""

import math
from pathlib import Path
from typing import Any

import pytest

from gradcalc.data.map import Settings, run
from gradcalc.errors import GradcalcError
from gradcalc.language.points import to_value
from gradcalc.settings import Limits

ROWS = "x,sx,y,sy\n1,0.1,2,0.2\n3,0.2,4,0.1\n0,0.1,0,-1\n1,,2,0.1\n1e200,1e190,2,1e-3\n"


def mapped(
    tmp_path: Path, expression: str = "x*y", let: Any = None, **settings: Any
) -> tuple[list[str], list[list[float]]]:
    """The names of the columns and the rows of the output."""
    (tmp_path / "in.csv").write_text(ROWS)
    target = tmp_path / "out.csv"
    settings = {"order": 0} | settings
    bound = {name: to_value(name, value, Limits()) for name, value in (let or {}).items()}
    run(expression, str(tmp_path / "in.csv"), str(target), Settings(**settings), let=bound)
    head, *lines = target.read_text().splitlines()
    return head.split(","), [[float(cell) for cell in line.split(",")] for line in lines]


def test_the_linear_uncertainty_is_a_column(tmp_path: Path) -> None:
    names, rows = mapped(tmp_path, propagate=("x=sx,y=sy",))
    assert names == ["f", "u"]
    assert [row[1] for row in rows[:2]] == pytest.approx([math.sqrt(0.08), math.sqrt(0.73)], rel=1e-15)
    assert math.isnan(rows[2][1]) and rows[2][0] == 0  # its uncertainty is negative
    assert math.isnan(rows[3][0]) and math.isnan(rows[3][1])
    assert rows[4][1] == pytest.approx(math.hypot(2e190, 1e197), rel=1e-15)


def test_to_second_order_beside_derivatives(tmp_path: Path) -> None:
    names, rows = mapped(tmp_path, "x^2*y", propagate=("x=sx", "y=sy"), second_order=True, order=2)
    assert names == ["f", "df/dx", "df/dy", "d2f/dx2", "d2f/dxdy", "d2f/dy2", "u", "mean2", "u2"]
    x, sx, y, sy = 3.0, 0.2, 4.0, 0.1
    first = (2 * x * y * sx) ** 2 + (x * x * sy) ** 2
    second = first + (2 * y * sx**2) ** 2 / 2 + (2 * x * sx * sy) ** 2
    assert rows[1] == pytest.approx(
        [36, 24, 9, 8, 6, 0, math.sqrt(first), 36 + y * sx**2, math.sqrt(second)], rel=1e-14
    )


def test_numbers_parts_bindings_and_correlations(tmp_path: Path) -> None:
    _, rows = mapped(tmp_path, propagate=("x=2%,y=0.1",), corr=("x,y=0.5",))
    assert rows[1][1] == pytest.approx(math.sqrt(0.24**2 + 0.3**2 + 0.24 * 0.3), rel=1e-15)
    _, rows = mapped(tmp_path, "s*x*y", propagate=("x=s",), let={"s": 0.5})
    assert [row[1] for row in rows[:2]] == [0.5, 1.0]
    _, rows = mapped(tmp_path, "7*y", propagate=("y=`sy`",), names=("value", "size"))
    assert rows[0] == [14.0, pytest.approx(1.4)]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"propagate": ("z=sx",)}, "the formula does not contain z, which --propagate names"),
        ({"propagate": ("x",)}, "x has no value"),
        ({"propagate": ("x=",)}, "x has no uncertainty"),
        ({"propagate": ("sx",)}, "sx has no value"),
        ({"propagate": ("x=sx,x=sy",)}, "x has a value already"),
        ({"propagate": ("x=sx", "x=sy")}, "--propagate gives x twice"),
        ({"propagate": ("x=-0.1",)}, "an uncertainty is negative"),
        ({"propagate": ("x=[1,2]",)}, "an uncertainty is a number or a column"),
        ({"propagate": ("x=1+",)}, "an operand is missing after +"),
        ({"propagate": ("x=nowhere",)}, "in.csv has no column nowhere"),
        ({"propagate": ("x=sx",), "corr": ("x,y=0.5",)}, "--corr names y, which has no uncertainty"),
        ({"propagate": ("x=sx,y=sy",), "corr": ("x,y=1.5",)}, "the correlation of x and y is 1.5, which is not from -1 to 1"),
        ({"corr": ("x,y=0.5",)}, "--corr goes with --propagate"),
        ({"second_order": True}, "--second-order goes with --propagate"),
        ({"propagate": ("x=sx",), "keep": ["sx"], "names": ["f", "sx"]}, "two columns of the output would be called sx"),
    ],
)  # fmt: skip
def test_what_is_refused(tmp_path: Path, settings: dict[str, Any], message: str) -> None:
    with pytest.raises(GradcalcError) as raised:
        mapped(tmp_path, **settings)
    assert raised.value.message.endswith(message)
    assert not (tmp_path / "out.csv").exists()
