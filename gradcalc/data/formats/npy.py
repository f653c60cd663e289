"""The header of an NPY file, as numpy.lib.format describes it: read, and written. Imports reader.

NumPy's own functions refuse long headers, and cannot write every letter.
"""

import ast
import operator
from typing import IO, Any

from gradcalc.data.formats.reader import DAMAGE, LINE

_MAGIC = b"\x93NUMPY"


def read_header(file: IO[bytes]) -> tuple[tuple[int, ...], Any]:
    """The shape and the type of the array that comes next; a ValueError for what is none."""
    from numpy.lib.format import descr_to_dtype

    head = file.read(8)
    if head[:6] != _MAGIC or head[6] not in (1, 2, 3):
        raise ValueError("not an array of NumPy")
    size = int.from_bytes(file.read(2 if head[6] == 1 else 4), "little")
    text = file.read(min(size, LINE))
    try:
        told = ast.literal_eval(text.decode("utf-8" if head[6] == 3 else "latin-1").strip())
        return tuple(operator.index(length) for length in told["shape"]), descr_to_dtype(told["descr"])
    except (SyntaxError, *DAMAGE):
        raise ValueError("its header is damaged") from None


def header(dtype: Any, rows: int) -> bytes:
    """The header of a table; it is as long for any number of rows."""
    room = len(str(2**63)) - len(str(rows))
    body = f"{{'descr': {dtype.descr!r}, 'fortran_order': False, 'shape': ({rows},)}}{'':{room}}".encode()
    body += b" " * (-(len(body) + 13) % 64) + b"\n"
    return _MAGIC + b"\3\0" + len(body).to_bytes(4, "little") + body
