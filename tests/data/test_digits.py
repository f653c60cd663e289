"""`map --digits`: a column of the right digits of every row, what is counted of them, and rows computed again."""

import math
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from gradcalc.data.map import Settings, run
from gradcalc.errors import UsageError
from tests.data import write

CANCELS = "(1 - cos(x))/x^2 + y"


@pytest.fixture
def source(tmp_path: Path) -> str:
    """Rows of which the second cancels, the third is on a kink of abs(y), and the last has a null."""
    table = pa.table({"x": [2.0, 1e-6, 1.0, None], "y": [0.5, 0.0, 0.0, 1.0]})
    return str(write(tmp_path / "in.parquet", table))


def test_a_column_holds_the_digits_of_every_row(source: str, tmp_path: Path) -> None:
    done = run(f"{CANCELS} + abs(y - x + 1)", source, str(tmp_path / "out.parquet"), Settings(digits=True))
    table = pq.read_table(tmp_path / "out.parquet")
    digits = table["digits"].to_pylist()
    assert table.schema.field("digits").type == pa.int8()
    assert digits[0] >= 12 and digits[1] == 0 and digits[2] == digits[3] == 0
    assert (done.kinks, done.least_digits, done.below, done.by_balls) == (1, 0, 0, 0)
    assert list(done.columns) == ["f", "df/dx", "df/dy", "digits"]
    counted = {"least_digits": 0, "below": 0, "below_rows": [], "repaired": 0, "by_balls": 0}
    assert done.to_dict()["digits"] == counted


def test_rows_below_are_counted_and_repaired(source: str, tmp_path: Path) -> None:
    asked = Settings(digits=True, digits_at_least=10)
    done = run(CANCELS, source, str(tmp_path / "out.npz"), asked)
    assert (done.below, list(done.below_rows), done.repaired) == (1, [2], 0)
    assert done.least_digits is not None and done.least_digits < 10
    before = np.load(tmp_path / "out.npz")
    repaired = Settings(digits=True, digits_at_least=10, repair=True)
    done = run(CANCELS, source, str(tmp_path / "out.npz"), repaired)
    after = np.load(tmp_path / "out.npz")
    assert (done.below, done.repaired, done.by_balls) == (1, 1, 1)
    assert done.least_digits is not None and done.least_digits >= 10
    assert after["f"][1] == 0.49999999999995833 != before["f"][1]  # 1/2 - x^2/24
    assert after["df/dx"][1] == -8.333333333332778e-08  # -x/12 + x^3/180
    assert after["f"][0] == before["f"][0]
    assert after["digits"][1] >= 15
    assert "rows with fewer right digits than asked for: 1 (row 2); repaired: 1" in str(done.page())


def test_special_functions_go_through_balls(source: str, tmp_path: Path) -> None:
    done = run("gamma(x)*y", source, str(tmp_path / "out.npy"), Settings(digits=True, undefined="nan"))
    digits = np.load(tmp_path / "out.npy")["digits"]
    assert done.by_balls == 3
    assert digits[0] >= 15 and digits[3] == 0


def test_a_row_that_is_not_finite_ends_no_other(tmp_path: Path) -> None:
    source = str(write(tmp_path / "in.parquet", pa.table({"x": [3.0, math.inf, 0.5]})))
    run("gamma(x) + x", source, str(tmp_path / "out.npy"), Settings(digits=True, undefined="nan"))
    digits = np.load(tmp_path / "out.npy")["digits"].tolist()
    assert digits[1] == 0 and min(digits[0], digits[2]) >= 14


def test_what_has_no_digits_is_not_counted(tmp_path: Path) -> None:
    source = str(write(tmp_path / "in.parquet", pa.table({"x": [-1.0, 4.0, math.nan]})))
    done = run("log(x)", source, str(tmp_path / "out.npy"), Settings(digits=True, digits_at_least=12))
    assert np.load(tmp_path / "out.npy")["digits"].tolist()[::2] == [0, 0]
    assert done.least_digits is not None and done.least_digits >= 13
    assert done.below == 0


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (Settings(repair=True), "--repair needs to know which rows"),
        (Settings(digits_at_least=3), "--digits-at-least needs the digits of every row"),
        (Settings(digits=True, names=("f", "gx", "digits")), "two columns of the output would be called digits"),
    ],
)
def test_options_that_do_not_fit_are_refused(source: str, tmp_path: Path, settings: Settings, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        run("x*y", source, str(tmp_path / "out.npz"), settings)
    assert not (tmp_path / "out.npz").exists()
