"""Parquet: names with dots, and the footer that several pieces share. Types and nulls are those of test_arrow."""

import io
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from gradcalc.data.columns import read_columns
from gradcalc.data.formats import FORMATS
from gradcalc.data.formats.parquet import _check_pages, shifted
from gradcalc.data.map import Settings, run
from tests.data import plain, refusal, table, write


def test_a_dot_in_a_parquet_name_is_part_of_it(tmp_path: Path) -> None:
    table = pa.table({"a.b": [1], "a": [2], "s": [{"q": 3}]})
    pq.write_table(table, tmp_path / "points")
    assert plain(read_columns(tmp_path / "points", ["a", "a.b"])) == {"a": [2.0], "a.b": [1.0]}
    assert "has no column s.q" in refusal(tmp_path / "points", ["s.q"])


@pytest.mark.usefixtures("small")
def test_a_parquet_file_of_many_pieces_is_one_file_for_any_reader(tmp_path: Path) -> None:
    data = table(1000).append_column("s", pa.array([f"row {i % 7}" for i in range(1000)]))
    write(tmp_path / "in.parquet", data, row_group_size=37)
    run("x", str(tmp_path / "in.parquet"), str(tmp_path / "out.parquet"), Settings(keep=["*"]))
    file = pq.ParquetFile(tmp_path / "out.parquet")
    assert file.metadata.num_row_groups == 16
    assert [len(file.read_row_group(i)) for i in (0, 7, 15)] == [64, 64, 40]
    assert file.read().select(data.column_names).equals(data)


def test_a_footer_is_shifted_where_it_holds_offsets_and_nowhere_else() -> None:
    sink = pa.BufferOutputStream()
    pq.write_table(table(100), sink, row_group_size=30, write_page_index=True)
    data = sink.getvalue().to_pybytes()
    footer = data[-8 - int.from_bytes(data[-8:-4], "little") : -8]
    assert shifted(footer, 0) == footer
    moved = shifted(footer, 10**10)
    assert moved != footer and shifted(moved, -(10**10)) == footer
    whole = pq.read_metadata(pa.BufferReader(b"PAR1" + moved + len(moved).to_bytes(4, "little") + b"PAR1"))
    before, after = pq.read_metadata(pa.BufferReader(data)).row_group(2), whole.row_group(2)
    assert after.column(1).data_page_offset == before.column(1).data_page_offset + 10**10
    assert after.column(1).total_compressed_size == before.column(1).total_compressed_size
    assert after.column(1).statistics == before.column(1).statistics


def test_a_footer_holds_offsets_from_the_beginning_of_the_file(tmp_path: Path) -> None:
    data = table(100)
    columns = [data[name].combine_chunks() for name in data.column_names]
    writer = FORMATS["parquet"].writer(dict(zip(data.column_names, data.schema.types, strict=True)))
    with (tmp_path / "out").open("wb") as file:
        ends = [0]
        for _ in range(2):
            writer.append(columns, file)
            ends.append(file.tell())
    writer.finish(tmp_path / "out", ends)
    whole = pq.ParquetFile(tmp_path / "out")
    assert whole.metadata.num_row_groups == 2 and whole.read().equals(pa.concat_tables([data, data]))
    for place in range(3):
        before, after = (whole.metadata.row_group(i).column(place) for i in (0, 1))
        assert after.data_page_offset == before.data_page_offset + ends[1]
        assert after.dictionary_page_offset in (None, (before.dictionary_page_offset or 0) + ends[1])
        assert after.total_compressed_size == before.total_compressed_size
        assert after.statistics == before.statistics


@pytest.mark.parametrize("codec", ["none", "snappy", "gzip", "zstd"])
def test_a_page_that_claims_more_than_it_can_hold_is_not_believed(tmp_path: Path, codec: str) -> None:
    path = tmp_path / "points.parquet"
    columns = pa.table({"x": [float(i) for i in range(1000)], "y": [0.5] * 1000})
    pq.write_table(columns, path, compression=codec, use_dictionary=False)
    assert plain(read_columns(path, "y"))["y"] == [0.5] * 1000
    data = path.read_bytes()
    assert data[4:7] == b"\x15\x00\x15"  # the header of the first page: its type, then its size
    end = next(place for place in range(7, 20) if data[place] < 0x80) + 1
    claimed = data[:7] + b"\xfe\xff\xff\xff\x0f" + data[end:]  # 2 GiB less a byte, as Thrift writes it
    chunk = pq.read_metadata(path).row_group(0).column(0)
    with pytest.raises(ValueError, match=r"a page of column x claims 2,147,483,647 bytes, packed [\d,]+$"):
        _check_pages(io.BytesIO(claimed), chunk)
    _check_pages(io.BytesIO(data), chunk)


def test_pages_of_every_kind_are_believed(tmp_path: Path) -> None:
    path = tmp_path / "points.parquet"
    columns = pa.table({"x": [1.0] * 3_000_000, "y": [None, 2.0, 3.0] * 1_000_000})
    for codec, coded, version in (("snappy", True, "1.0"), ("zstd", False, "2.0"), ("gzip", True, "2.0")):
        pq.write_table(columns, path, compression=codec, use_dictionary=coded, data_page_version=version)
        assert read_columns(path, "xy", nulls="drop").rows == 2_000_000
