"""The footer of a Parquet file whose bytes stand further on in a larger file. Imports nothing.

Parquet files written one after the other become one file: each footer's offsets are shifted by where its file begins,
and the row groups are listed together. Footers are Thrift structs in the compact protocol (parquet.thrift; Apache
Thrift, "Thrift Compact protocol encoding").
"""

from typing import Any

_BINARY, _LIST, _SET, _MAP, _STRUCT = 8, 9, 10, 11, 12

_COLUMN_OFFSETS: dict[int, Any] = {9: None, 10: None, 11: None, 14: None}
_OFFSETS: dict[int, Any] = {4: {1: {2: None, 3: _COLUMN_OFFSETS, 4: None, 6: None}, 5: None}}
"""The fields of FileMetaData that are offsets: row groups, their columns, the columns' pages and indexes."""


def shifted(footer: bytes, by: int) -> bytes:
    """A footer whose offsets are larger by `by` bytes; an offset of 0 means none and stays."""
    copy = _Copy(footer, by)
    copy.struct(_OFFSETS)
    return bytes(copy.made)


class _Copy:
    """A walk over a struct that copies it; recursion is as deep as Parquet's structs are nested."""

    def __init__(self, source: bytes, by: int) -> None:
        self.source, self.by, self.at, self.made = source, by, 0, bytearray()

    def take(self, count: int) -> None:
        """Copy bytes as they are."""
        self.made += self.source[self.at : self.at + count]
        self.at += count

    def read(self) -> int:
        """An unsigned number."""
        number = place = 0
        while True:
            byte = self.source[self.at]
            self.at += 1
            number |= (byte & 0x7F) << place
            place += 7
            if byte < 0x80:
                return number

    def copied(self) -> int:
        """An unsigned number, copied."""
        number = self.read()
        self.write(number)
        return number

    def write(self, number: int) -> None:
        """Append an unsigned number."""
        while number >= 0x80:
            self.made.append(number & 0x7F | 0x80)
            number >>= 7
        self.made.append(number)

    def struct(self, offsets: dict[int, Any]) -> None:
        """Copy a struct; the fields that `offsets` names hold offsets, or structs with some."""
        field = 0
        while head := self.source[self.at]:
            self.take(1)
            delta, kind = head >> 4, head & 15
            if delta:
                field += delta
            else:
                coded = self.copied()
                field = coded >> 1 ^ -(coded & 1)
            if kind > 2:  # 1 and 2 are true and false
                self.value(kind, offsets.get(field, {}))
        self.take(1)

    def value(self, kind: int, offsets: dict[int, Any] | None) -> None:
        """Copy a value; with `offsets` None it is an offset."""
        if offsets is None:
            coded = self.read()
            self.write(coded + 2 * self.by if coded else 0)
        elif kind == _BINARY:
            self.take(self.copied())
        elif kind in (_LIST, _SET):
            head = self.source[self.at]
            self.take(1)
            for _ in range(self.copied() if head >> 4 == 15 else head >> 4):
                self.value(head & 15, offsets)
        elif kind == _MAP:
            self.map()
        elif kind == _STRUCT:
            self.struct(offsets)
        elif kind in (1, 2, 3, 7):
            self.take(8 if kind == 7 else 1)
        else:
            self.copied()

    def map(self) -> None:
        """Copy a map."""
        if count := self.copied():
            kinds = self.source[self.at]
            self.take(1)
            for _ in range(count):
                self.value(kinds >> 4, {})
                self.value(kinds & 15, {})
