"""Rows that are read anew for each pass (`descent.columns`): a fit of them is that of rows in memory, to the bit."""

import csv
import pickle
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gradcalc
from gradcalc.data import passes
from gradcalc.errors import FileError, UsageError
from gradcalc.optimize.fit.answer import StreamedPrediction, write_residuals
from gradcalc.optimize.fit.picture import picture
from gradcalc.optimize.read import read_rows
from gradcalc.optimize.rows import Listed, Rows, Streamed
from gradcalc.settings import AS_USUAL

CURVE, START = "y ~ a*exp(-b*x) + c", {"a": 1, "b": 1, "c": 0}
CHOICE = "softplus(p*x + q) - k*(p*x + q)"
ROWS = 70_000
"""So many are summed by kernels, in three chunks."""


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """One large file and a small one: x, y, what may be null, the error of y, and a choice of 0 or 1."""
    folder = tmp_path_factory.mktemp("rows")
    found = {}
    for name, rows in (("large", ROWS), ("small", 300)):
        source = np.random.default_rng(3)
        x = np.sort(source.uniform(0.01, 5, rows)).round(6)
        y = (2 * np.exp(-x) + 0.3 + source.normal(0, 0.1, rows)).round(6)
        chosen = source.uniform(size=rows) < 1 / (1 + np.exp(2 - x))
        columns = [x.tolist(), y.tolist(), y.tolist(), source.uniform(0.1, 0.2, rows).round(6).tolist(), chosen * 1]
        for row in (5, rows // 2, rows - 1):
            columns[2][row] = ""
        path = folder / f"{name}.csv"
        with path.open("w", newline="") as file:
            csv.writer(file).writerows([["x", "y", "z", "s", "k"], *zip(*columns, strict=True)])
        found[name] = str(path)
    return found


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Chunks of a kernel's block."""
    monkeypatch.setattr(passes, "_MOST_ROWS", 1 << 15)


def both(model: str, data: str, at: Any, **settings: Any) -> tuple[dict[str, Any], dict[str, Any], int]:
    """The same fit to rows in memory and to streamed ones, as JSON, and the passes of the latter."""
    held, streamed = (gradcalc.fit(model, data, at, memory=memory, **settings).to_dict() for memory in (64, 0))
    assert held.pop("passes") == 0
    return held, streamed, streamed.pop("passes")


@pytest.mark.parametrize(
    ("model", "at", "settings"),
    [
        (CURVE, START, {"sigma": "s"}),
        ("y ~ p + q*x", None, {"weights": "1/s"}),
        (CURVE, START, {"bounds": {"c": (0.4, 1)}, "loss": "cauchy", "loss_scale": 0.1}),
        (CHOICE, {"p": 0, "q": 0}, {"nll": True, "robust": True}),
        ("z ~ a*log(x - 1) + c", {"a": 1, "c": 0}, {"undefined": "drop", "nulls": "drop"}),
    ],
)
def test_a_fit_of_streamed_rows_is_the_same_to_the_bit(
    files: dict[str, str], model: str, at: Any, settings: dict[str, Any]
) -> None:
    held, streamed, count = both(model, files["large"], at, **settings)
    assert streamed == held
    assert 5 < count < 40
    assert held["rows"] + held["dropped"] == ROWS


@pytest.mark.parametrize(
    ("model", "at", "settings"),
    [
        (CURVE, START, {"starts": 3}),
        ("y ~ a*b*exp(-x) + c", START, {}),
        ("z ~ a*exp(-b*x) + c", START, {"nulls": "drop", "fix": "b=1"}),
    ],
)
def test_so_is_that_of_few(files: dict[str, str], model: str, at: Any, settings: dict[str, Any]) -> None:
    held, streamed, _ = both(model, files["small"], at, **settings)
    assert streamed == held


@pytest.mark.parametrize(
    ("model", "settings", "told"),
    [
        ("z ~ a*x", {}, "no number in 3 rows: 6, 151, 300 (column z)"),
        ("y ~ a*sqrt(x - 1)", {}, "the model or its slope has no finite value in "),
        ("y ~ a*x", {"sigma": "-s"}, "the error of sigma is not above 0 in 300 rows: 1, 2, "),
        ("y ~ a*x", {"weights": "k - 1"}, "weights has a negative one in "),
        ("y ~ a*log(x - 9)", {"undefined": "drop"}, "in 300 rows: 1, 2, 3, 4, 5, 6, 7, 8, ..., at a = 1"),
    ],
)
def test_bad_rows_are_told_with_their_numbers(
    files: dict[str, str], model: str, settings: dict[str, Any], told: str
) -> None:
    messages = []
    for memory in (64, 0):
        with pytest.raises(gradcalc.GradcalcError) as caught:
            gradcalc.fit(model, files["small"], {"a": 1}, memory=memory, **settings)
        messages.append(str(caught.value))
    assert told in messages[0]
    assert messages[0] == messages[1]


def test_runs_in_the_order_of_a_column_need_rows_in_it_or_in_memory(tmp_path: Path, files: dict[str, str]) -> None:
    held, streamed, _ = both(CURVE, files["small"], START)
    assert held["runs"] is not None
    head, *lines = Path(files["small"]).read_text().splitlines()
    path = tmp_path / "turned.csv"
    path.write_text("\n".join([head, *reversed(lines)]) + "\n")
    turned, streamed, _ = both(CURVE, str(path), START)
    assert turned["runs"] == held["runs"]
    assert streamed["runs"] is None
    assert "not in the order of x" in streamed["notes"][0]["message"]
    assert "largest_residuals" in streamed


def test_what_follows_from_a_fit_of_streamed_rows(tmp_path: Path, files: dict[str, str]) -> None:
    held, streamed = (gradcalc.fit(CURVE, files["small"], START, memory=memory) for memory in (64, 0))
    written = []
    for name, found in (("a.csv", held), ("b.csv", pickle.loads(pickle.dumps(streamed)))):
        write_residuals(found, tmp_path / name)
        written.append((tmp_path / name).read_bytes())
    assert written[0] == written[1]
    assert written[0].count(b"\n") == 301
    assert picture(streamed) == picture(held)
    assert pickle.loads(pickle.dumps(held)) == held != streamed
    expected = held.foretelling(files["small"], AS_USUAL, 64)
    found = streamed.foretelling(files["small"], AS_USUAL, 0)
    assert isinstance(found, StreamedPrediction)
    assert list(found.records()) == list(expected.records())
    table = found.table(0.95)
    assert table.title == "the first of 300 rows: --format csv has all"
    assert table.rows == expected.table(0.95).rows[:20]
    with pytest.raises(UsageError, match="300 rows"):
        replace(streamed, predictions=found).to_dict()
    many = held.foretelling(files["large"], AS_USUAL, 0)
    assert isinstance(many, StreamedPrediction)
    parts = np.concatenate([part.value for part in held.foretold_parts(many.rows, 0.95)])
    assert np.array_equal(parts, held.predict(files["large"]).value)


def test_a_file_that_changes_between_passes_ends_the_fit(tmp_path: Path, files: dict[str, str]) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(Path(files["small"]).read_bytes())

    def lengthen(step: Any) -> None:
        with path.open("a") as file:
            file.write("1,2,3,4,1\n")

    with pytest.raises(FileError, match="was changed while it was read"):
        gradcalc.fit(CURVE, str(path), START, memory=0, callback=lengthen)


def test_streamed_rows_at_places_and_kept_ones(files: dict[str, str]) -> None:
    rows = read_rows(files["large"], lambda names: ["x", "y"], memory=0)
    assert isinstance(rows, Streamed)
    whole = rows.held()
    places = np.array([0, 7, 32_767, 32_768, ROWS - 1])
    some = rows.some(places)
    assert some.numbers.tolist() == (places + 1).tolist()
    assert some.values["x"].tolist() == whole.values["x"][places].tolist()
    which = np.random.default_rng(0).uniform(size=ROWS) < 0.4
    kept, expected = rows.kept(which).holding({"h": 2.5}), whole.kept(which)
    assert (kept.size, kept.dropped) == (expected.size, expected.dropped)
    assert kept.held().numbers.tolist() == expected.numbers.tolist()
    assert set(kept.held().values["h"].tolist()) == {2.5}
    assert isinstance(expected, Rows)


def test_rows_are_listed_few_by_few() -> None:
    found = Listed()
    for numbers in ([], [3], range(10, 30)):
        found.add(np.array(numbers, int))
    assert str(found) == "21 rows: 3, 10, 11, 12, 13, 14, 15, 16, ..."
    one = Listed()
    one.add(np.array([1_000]))
    assert str(one) == "row 1,000"
