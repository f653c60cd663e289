"""Which kept columns of text are numbers, piece by piece; whole files are in test_map."""

import pyarrow as pa

from gradcalc.data.kept import as_number, number_types
from gradcalc.settings import Reading


def test_a_column_is_a_number_only_if_all_pieces_are_and_no_digit_is_lost() -> None:
    pieces = [
        [pa.array(["1", "2"]), pa.array(["9007199254740993", ""]), pa.array(["", "NA"]), pa.array(["7", "8"])],
        [pa.array(["0.5", " 4"]), pa.array(["2.5", "3"]), pa.array(["nan", None]), pa.array(["1", "08"])],
    ]
    assert number_types(pieces, ["a", "b", "c", "d"], Reading()) == {"a": pa.float64()}
    assert number_types(pieces[:1], ["a", "b", "c", "d"], Reading()) == dict.fromkeys("abd", pa.int64())


def test_reading_stops_when_all_columns_are_text() -> None:
    left = iter([[pa.array(["x"])], [pa.array(["y"])], [pa.array(["z"])]])
    assert number_types(left, ["a"], Reading()) == {} and len(list(left)) == 2


def test_numbers_are_read_as_they_are_written() -> None:
    column = pa.array(["+1,5", " 2 ", "-9", "", None])
    read = as_number(column, pa.float64(), Reading(decimal_comma=True, missing=("-9",)))
    assert read.to_pylist() == [1.5, 2.0, None, None, None]
