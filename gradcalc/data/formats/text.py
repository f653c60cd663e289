"""Files of text as UTF-8: unpacked, in whatever encoding they are. What CSV and JSON lines have in common."""

import codecs
import gzip
import io
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from gradcalc.data.formats.format import LINE, Place, library, opened, reading
from gradcalc.errors import FileError, UsageError
from gradcalc.settings import Reading

_GZIP = b"\x1f\x8b"
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_CHUNK = 1 << 16


def is_gzip(path: Place) -> bool:
    """Whether a file is packed."""
    with reading(path.open("rb")) as file:
        return file.read(2) == _GZIP


@contextmanager
def unpacked(path: Place) -> Iterator[Any]:
    """The file as bytes, unpacked."""
    with reading(path.open("rb")) as file:
        yield gzip.GzipFile(fileobj=file) if is_gzip(path) else file


def encoding_of(path: Place, how: Reading) -> str:
    """The encoding that is asked for; else UTF-8, or UTF-16 where a file begins with its mark."""
    if how.encoding is None:
        with unpacked(path) as file:
            return "utf-16" if file.read(2) in _UTF16 else "utf-8"
    try:
        codecs.encode("", how.encoding).decode(how.encoding)
        return codecs.lookup(how.encoding).name
    except (LookupError, ValueError, TypeError, AttributeError):
        raise UsageError(f"no such encoding: {how.encoding}", hint="--encoding latin-1, utf-16 or cp1252") from None


@contextmanager
def decoded(path: Place, encoding: str) -> Iterator[io.TextIOWrapper]:
    """The file as text, its newlines as they are; what is not UTF-8 becomes surrogates, what is no other raises."""
    errors = "surrogateescape" if encoding == "utf-8" else "strict"
    with unpacked(path) as file, reading(io.TextIOWrapper(file, encoding, errors, newline="")) as text:
        yield text


def lines(path: Place, text: io.TextIOWrapper) -> Iterator[tuple[int, str]]:
    """The lines of a text with their numbers; the first may begin with the mark of its encoding."""
    for number, line in enumerate(iter(lambda: text.readline(LINE), ""), 1):
        if len(line) == LINE:
            raise FileError(f"{path}, line {number}: longer than {LINE:,} characters")
        yield number, line


def encoding_error(path: Place, place: str, encoding: str) -> FileError:
    """The error for text that is not of its encoding; it names the first byte of the file that is not."""
    offset, decoder = 0, codecs.getincrementaldecoder(encoding)()
    with unpacked(path) as file:
        while data := file.read(_CHUNK):
            held = len(decoder.getstate()[0])
            try:
                decoder.decode(data)
            except UnicodeDecodeError as error:
                offset += error.start - held
                break
            offset += len(data)
    hint = "--encoding latin-1, or another one" if encoding == "utf-8" else "--encoding with another name"
    return FileError(f"{place}: not {encoding.upper()} (byte {offset} of the file)", hint=hint)


@contextmanager
def as_utf8(path: Place, encoding: str) -> Iterator[Any]:
    """The file as PyArrow's stream or one like it: unpacked, in UTF-8."""
    with ExitStack() as stack:
        file = stack.enter_context(reading(opened(path)))
        if is_gzip(path):
            file = stack.enter_context(reading(library("pyarrow").CompressedInputStream(file, "gzip")))
        yield file if encoding == "utf-8" else _Recoded(file, encoding)


def pass_over(source: Any, place: int) -> None:
    """Go to a place in what `as_utf8` gives, from its beginning on."""
    if hasattr(source, "seekable") and source.seekable():
        source.seek(place)
        return
    while place > 0 and (data := source.read(min(place, _CHUNK))):
        place -= len(data)


class _Recoded:
    """Bytes of another encoding as those of UTF-8, piece by piece; a UnicodeDecodeError for what is none."""

    def __init__(self, source: Any, encoding: str) -> None:
        self.source, self.decoder = source, codecs.getincrementaldecoder(encoding)()
        self.held = b""

    def read(self, size: int) -> bytes:
        """So many bytes; fewer only at the end."""
        while len(self.held) < size:
            data = self.source.read(size)
            self.held += self.decoder.decode(data, final=not data).encode()
            if not data:
                break
        found, self.held = self.held[:size], self.held[size:]
        return found
