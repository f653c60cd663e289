"""A wheel for the browser without the names that none of its files asks for: `pruned(wheel)`.

Each name that a WebAssembly library exports becomes an entry of a table, which Pyodide walks for every further library
that it loads: of FLINT's 14,000 names the 42 files of python-flint's wheel import 3,500. Only lists of exports are
changed, and FLINT's own tests are left out; code, data and licences stay as they are. Standard library only.
"""

import io
import zipfile
from collections.abc import Iterator

_IMPORTS, _EXPORTS = 2, 7
"""The numbers of these sections in a WebAssembly module (WebAssembly Core Specification, 5.5)."""
_MOMENT = (1980, 1, 1, 0, 0, 0)


def number(data: bytes, at: int) -> tuple[int, int]:
    """An unsigned number in LEB128, and where it ends."""
    found = shift = 0
    while True:
        byte = data[at]
        found |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:
            return found, at


def written(value: int) -> bytes:
    """A number in LEB128."""
    found = bytearray()
    while value > 127:
        found.append(value & 127 | 128)
        value >>= 7
    return bytes([*found, value])


def _text(data: bytes, at: int) -> tuple[bytes, int]:
    size, at = number(data, at)
    return data[at : at + size], at + size


def sections(module: bytes) -> Iterator[tuple[int, bytes]]:
    """The kind and the content of each section."""
    at = 8
    while at < len(module):
        kind = module[at]
        size, at = number(module, at + 1)
        yield kind, module[at : at + size]
        at += size


def imported(module: bytes) -> Iterator[bytes]:
    """The names that a module imports."""
    for kind, data in sections(module):
        if kind == _IMPORTS:
            count, at = number(data, 0)
            for _ in range(count):
                _, at = _text(data, at)
                name, at = _text(data, at)
                yield name
                at = _described(data, at)


def _described(data: bytes, at: int) -> int:
    """Where the description of an import ends."""
    kind, at = data[at], at + 1
    if kind == 3:  # a global: its type, and whether it changes
        return at + 2
    if kind in (1, 4):  # a table or a tag: one byte before the rest
        at += 1
    if kind in (0, 4):  # a function or a tag: the index of its type
        return number(data, at)[1]
    has_most, (_, at) = data[at] & 1, number(data, at + 1)
    return number(data, at)[1] if has_most else at


def exporting(module: bytes, wanted: frozenset[bytes]) -> bytes:
    """A module that exports of its names those that are wanted, and what loaders call."""
    found = bytearray(module[:8])
    for kind, data in sections(module):
        if kind == _EXPORTS:
            count, at = number(data, 0)
            kept = []
            for _ in range(count):
                begin = at
                name, at = _text(data, at)
                _, at = number(data, at + 1)
                if name in wanted or name.startswith(b"__wasm_"):
                    kept.append(data[begin:at])
            data = written(len(kept)) + b"".join(kept)
        found += bytes([kind]) + written(len(data)) + data
    return bytes(found)


def pruned(wheel: bytes) -> bytes:
    """The wheel, its shared libraries without the names that no other file of it imports; the same bytes each time."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(wheel)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        files = {name: old.read(name) for name in old.namelist() if not name.startswith("flint/test/")}
        wanted = frozenset(name for path, data in files.items() if path.endswith(".so") for name in imported(data))
        for path, data in files.items():
            is_library = path.endswith(".so") and ".libs/" in path
            new.writestr(
                zipfile.ZipInfo(path, _MOMENT), exporting(data, wanted) if is_library else data, zipfile.ZIP_DEFLATED
            )
    return out.getvalue()
