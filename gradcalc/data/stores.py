"""Files in object stores (`s3://`, `gs://`, `abfs://`), by the file systems of PyArrow.

    URL ──expand──▶ StoredFiles ──open──▶ ranges of bytes, no more than are asked for, of which the last are kept
    the complete file ──StoreTarget──▶ a temporary key ──copied by the store──▶ its key; the temporary one is deleted

To close a stream of PyArrow is to publish what it was given, and so is to forget it. So no stream is opened on the key
of an output, unless it is too large to be copied: then the stream of a failed upload stays open for ever, in which the
store keeps nothing that anybody can see. Imports files, errors, formats.
"""

import ctypes
import io
import os
import re
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import replace
from fnmatch import fnmatchcase
from hashlib import sha256
from pathlib import Path
from threading import Lock
from typing import IO, Any, Literal, cast
from urllib.parse import quote, unquote

from gradcalc.data.formats import suffixes, told_format
from gradcalc.data.formats.format import DAMAGE, Unread
from gradcalc.data.held import Facts
from gradcalc.data.urls import Url, parsed
from gradcalc.errors import FileError, UsageError, install_command, library
from gradcalc.files import WriteError, writing

_SYSTEMS = {
    "s3": "S3FileSystem", "gs": "GcsFileSystem", "gcs": "GcsFileSystem", "abfs": "AzureFileSystem",
    "abfss": "AzureFileSystem",
}  # fmt: skip
"""The file systems of PyArrow by the beginnings of URLs."""
_S3_FLAGS = ("anonymous", "force_virtual_addressing", "allow_bucket_creation", "allow_bucket_deletion")
_S3_OPTIONS = ("region", "scheme", "endpoint_override", "session_token", "tls_ca_file_path", *_S3_FLAGS)
_GCS_SECONDS = "30"
"""How long a request to Google is tried again: without a word it would be a quarter of an hour."""
_LEAST, _MOST, _KEPT = 1 << 16, 1 << 23, 1 << 26
"""Bytes of the least range and of the largest that is asked for at once; bytes that are kept."""
_GAP = 1 << 15
"""Bytes between two ranges that are read with them, at most."""
_AT_ONCE = 4
"""Ranges that are asked for at once."""
_FLUSHED = 1 << 26
"""Bytes of an upload that wait, at most."""
COPIED = 5 * (1 << 30)
"""Bytes that S3 copies in one go, at most; what copies in parts PyArrow has not."""


# -- what goes wrong ---------------------------------------------------------------------------------------------------

_REASONS = (
    ("ACCESS_DENIED|status 403|PERMISSION_DENIED|AuthorizationFailure|AuthorizationPermission", "access denied (403)"),
    ("INVALID_ACCESS_KEY|SIGNATURE_DOES_NOT|INVALID_CLIENT_TOKEN|UNAUTHENTICATED|AuthenticationFailed|ExpiredToken"
     "|INVALID_SIGNATURE|EXPIRED", "the credentials are not accepted"),
    ("NO_SUCH_BUCKET|specified bucket does not exist|ContainerNotFound|container does not exist",
     "there is no such bucket (404)"),
    ("RESOURCE_NOT_FOUND|NO_SUCH_KEY|NOT_FOUND|status 404|BlobNotFound|Path does not exist|No such file",
     "it is not there (404)"),
    ("curlCode: 6,|CURL error .6.|resolve host", "its host is not found"),
    ("curlCode: 28,|CURL error .28.|[Tt]imeout was reached|timed out", "it does not answer in time"),
    ("curlCode: (35|51|58|60|77),|certificate", "its certificate is not accepted"),
    ("NETWORK_CONNECTION|CURL error|curlCode|[Cc]onnection", "no connection, or it was cut"),
    ("status 5[0-9][0-9]|SLOW_DOWN|SERVICE_UNAVAILABLE|UNAVAILABLE|INTERNAL", "the store fails (5xx)"),
)  # fmt: skip
"""What stores and libraries say, and what it means."""
_CREDENTIALS = {
    "s3": "AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; ?anonymous=true for what is public",
    "g": "GOOGLE_APPLICATION_CREDENTIALS; gs://anonymous@BUCKET for what is public",
    "a": "az login, or AZURE_CLIENT_ID, AZURE_TENANT_ID and AZURE_CLIENT_SECRET",
}
"""Where credentials come from, by the beginning of the scheme."""


@contextmanager
def _told(url: Url, place: object, kind: type[FileError] = Unread) -> Iterator[None]:
    """Tell what a store says in one line, without a secret."""
    try:
        yield
    except DAMAGE as error:
        text = str(error)
        text += " (NOT_FOUND)" if isinstance(error, FileNotFoundError) else ""
        reason = next((means for says, means in _REASONS if re.search(says, text)), None)
        hint = None
        if reason and ("403" in reason or "credentials" in reason):
            hint = next(told for begin, told in _CREDENTIALS.items() if url.scheme.startswith(begin))
        said = reason or url.redacted(text.strip().partition("\n")[0]) or type(error).__name__
        words = f"cannot write {place}: {said}" if issubclass(kind, WriteError) else f"{place}: {said}"
        raise kind(words, hint=hint) from None


# -- who is asked ------------------------------------------------------------------------------------------------------


def _connected(url: Url) -> tuple[Any, str]:
    """The file system of a URL, and what it calls the path of it.

    Raises:
        UsageError: the URL is none; PyArrow is not there, or was built without this file system.
    """
    if url.scheme not in _SYSTEMS:
        raise UsageError(
            f"{url}: no such kind of place", hint="https://, s3://, gs://, abfs://, or a file that is here"
        )
    fs = library("pyarrow.fs", f"{url.scheme}://")
    try:
        kind = getattr(fs, _SYSTEMS[url.scheme])
    except (AttributeError, ImportError):
        hint = install_command("--force-reinstall pyarrow")
        words = f"{url.scheme}:// needs {_SYSTEMS[url.scheme]}, without which this PyArrow was built"
        raise UsageError(words, hint=hint) from None
    if not url.host:
        raise UsageError(f"{url}: the name of a bucket is missing", hint=f"{url.scheme}://BUCKET/NAME")
    from_uri = fs.FileSystem.from_uri
    with _told(url, url):
        if url.scheme == "s3":
            return _s3(fs, kind, url)
        return _azure(kind, url) if kind.__name__.startswith("Azure") and ":" in url.user else from_uri(_uri(url))


def _uri(url: Url) -> str:
    """The URL as PyArrow takes it: with the letters that it refuses written as %20."""
    user, _, password = url.user.partition(":")
    secret = f":{quote(unquote(password), safe='')}" if password else ""
    query = url.query
    if url.scheme.startswith("g") and "retry_limit_seconds" not in query:
        query += f"{'&' if query else ''}retry_limit_seconds={_GCS_SECONDS}"
    path = quote(unquote(url.path), safe="/")
    return f"{url.scheme}://{user}{secret}{'@' if url.user else ''}{url.host}{path}{'?' if query else ''}{query}"


def _s3(fs: Any, kind: Any, url: Url) -> tuple[Any, str]:
    """The file system of S3: as PyArrow makes it of a URL, but with few retries, and with AWS_ENDPOINT_URL."""
    options: dict[str, Any] = url.options()
    for name in options:
        if name not in _S3_OPTIONS:
            raise UsageError(f"{url}: s3:// has no option {name}", hint=f"one of {', '.join(_S3_OPTIONS)}")
    options |= {name: options[name].lower() in ("true", "1", "") for name in _S3_FLAGS if name in options}
    everywhere = (os.environ.get(name) for name in ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"))
    if endpoint := next(filter(None, (options.get("endpoint_override"), *everywhere)), None):
        scheme, colon, rest = endpoint.rpartition("://")
        options["endpoint_override"] = rest.rstrip("/")
        options |= {"scheme": scheme} if colon else {}
    elif "region" not in options:
        options["region"] = fs.resolve_s3_region(url.host)
    key, _, secret = url.user.partition(":")
    if key and secret:
        options |= {"access_key": unquote(key), "secret_key": unquote(secret)}
    return kind(**options), url.host + unquote(url.path)


def _azure(kind: Any, url: Url) -> tuple[Any, str]:
    """The file system of Azure for an account's key, which PyArrow does not take from a URL.

    Either CONTAINER:KEY@ACCOUNT.dfs.core.windows.net, or ACCOUNT:KEY@HOST/CONTAINER, as of an emulator.
    """
    user, _, key = url.user.partition(":")
    if url.host.endswith(".core.windows.net"):
        return kind(url.host.partition(".")[0], account_key=unquote(key)), user + unquote(url.path)
    scheme = "http" if url.options().get("enable_tls") == "false" else "https"
    there = {f"{part}_storage_{what}": value for part in ("blob", "dfs")
             for what, value in (("authority", url.host), ("scheme", scheme))}  # fmt: skip
    return kind(user, account_key=unquote(key), **there), unquote(url.path).lstrip("/")


# -- read --------------------------------------------------------------------------------------------------------------


class StoredFile:
    """A `Place` in a store; what is pickled is where it is and what was told of it, not what was read."""

    def __init__(self, url: Url, system: Any, key: str, facts: Facts) -> None:
        self.url, self.system, self.key, self.facts = url, system, key, facts
        self._file: Any = None
        self._windows: list[tuple[int, bytes]] = []
        self._expected: list[tuple[int, int]] = []
        self._lock = Lock()

    def __str__(self) -> str:
        return _named(self.url, self.key)

    def __reduce__(self) -> tuple[Any, ...]:
        return StoredFile, (self.url, self.system, self.key, self.facts)

    @property
    def name(self) -> str:
        """Its name without folders."""
        return self.key.rpartition("/")[2]

    @property
    def suffix(self) -> str:
        """What the name ends in."""
        return Path(self.name).suffix

    def is_at(self, system: Any, key: str) -> bool:
        """Whether this is the place of it."""
        return bool(self.key == key and self.system == system)

    def stat(self) -> Facts:
        """What the store told when it was found."""
        return self.facts

    def now(self) -> Facts:
        """What the store tells now; an error where it is gone."""
        with _told(self.url, self):
            info = self.system.get_file_info(self.key)
            if not info.is_file:
                raise FileNotFoundError("Path does not exist")
        return _facts(info)

    def open(self, mode: Literal["rb"]) -> IO[bytes]:
        """Its bytes; what is next to those that are read is read ahead."""
        return cast(IO[bytes], io.BufferedReader(_Ranges(self), _LEAST))

    def expect(self, ranges: Iterable[tuple[int, int]]) -> None:
        """Say which bytes will be read next, from the first to the one after the last: these, and no others."""
        joined: list[tuple[int, int]] = []
        for start, end in sorted(ranges):
            if joined and start <= joined[-1][1] + _GAP:
                joined[-1] = joined[-1][0], max(end, joined[-1][1])
            else:
                joined.append((start, end))
        with self._lock:
            self._expected = joined
            self._trim(0)
            if sum(end - start for start, end in joined) <= _KEPT:
                parts = [(at, min(at + _MOST, end)) for start, end in joined for at in range(start, end, _MOST)]
                parts = [part for part in parts if not self._holds(*part)]
                self._file = self._file or self._opened()
                with ThreadPoolExecutor(_AT_ONCE) as pool:
                    found = pool.map(lambda part: self._fetched(part[0], part[1] - part[0]), parts)
                    self._windows += [(start, data) for (start, _), data in zip(parts, found, strict=True)]

    def _holds(self, start: int, end: int) -> bool:
        """Whether all of a range is known."""
        return any(at <= start and end <= at + len(data) for at, data in self._windows)

    def bytes_at(self, at: int, size: int) -> bytes:
        """Some bytes from `at` on, at least one where there is one, at most `size`."""
        with self._lock:
            for start, data in reversed(self._windows):
                if start <= at < start + len(data):
                    return data[at - start : at - start + size]
            if at >= self.facts.st_size:
                return b""
            end = min(self._end(at), self.facts.st_size)
            data = self._fetched(at, end - at)
            self._trim(_KEPT - len(data))
            self._windows.append((at, data))
            return data[:size]

    def _end(self, at: int) -> int:
        """How far to read from `at` on: what is expected, or twice as far as before."""
        for start, end in self._expected:
            if start <= at < end:
                return min(end, at + max(_LEAST, min(_MOST, _KEPT // (2 * len(self._expected)))))
        for place, (start, data) in enumerate(self._windows):
            if start + len(data) == at:
                if start:
                    del self._windows[place]  # who reads on does not come back
                return at + min(2 * len(data), _MOST)
        return at + _LEAST

    def _trim(self, room: int) -> None:
        """Forget the oldest ranges, but not the small ones, which are those of heads and footers."""
        kept = sum(len(data) for _, data in self._windows)
        for window in list(self._windows):
            if kept > room and (len(window[1]) > _LEAST or kept > _KEPT // 2):
                self._windows.remove(window)
                kept -= len(window[1])

    def _fetched(self, at: int, size: int) -> bytes:
        """So many bytes, from the store."""
        self._file = self._file or self._opened()
        with _told(self.url, self):
            try:
                data = bytes(self._file.read_at(size, at))
            except OSError as error:
                if "response stream" in str(error):
                    self.now()  # a refusal in more bytes than were asked for, which PyArrow does not read
                raise
        if len(data) != size:
            raise FileError(f"{self} was changed while it was read", hint="again, when it is complete")
        return data

    def _opened(self) -> Any:
        with _told(self.url, self):
            return self.system.open_input_file(self.key)

    def forget(self) -> None:
        """Nobody reads it: only what is small is kept."""
        with self._lock:
            self._expected = []
            self._trim(0)


class _Ranges(io.RawIOBase):
    """A file in a store, from a place on."""

    def __init__(self, file: StoredFile) -> None:
        self.file, self.at = file, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        begin = {os.SEEK_SET: 0, os.SEEK_CUR: self.at, os.SEEK_END: self.file.facts.st_size}[whence]
        self.at = max(begin + offset, 0)
        return self.at

    def tell(self) -> int:
        return self.at

    def readinto(self, buffer: Any) -> int:
        data = self.file.bytes_at(self.at, len(buffer))
        buffer[: len(data)] = data
        self.at += len(data)
        return len(data)

    def close(self) -> None:
        if not self.closed:
            self.file.forget()
        super().close()


def _facts(info: Any) -> Facts:
    return Facts(int(info.size or 0), int(info.mtime_ns or 0))


def _named(url: Url, key: str) -> str:
    """A file beside that of a URL, as it may be told."""
    place = str(Url(url.scheme, url.user, url.host, "", ""))
    if not url.scheme.startswith("abfs"):
        return f"{url.scheme}://{key}"
    return f"{place}/{key.partition('/')[2] if '@' in place else key}"


# -- what a name stands for --------------------------------------------------------------------------------------------


def expand(url: Url) -> list[StoredFile]:
    """The files that a URL stands for: one, those that a pattern fits, or those of a folder; in the order of names."""
    system, key = _connected(url)
    parts = key.split("/")
    wild = next((place for place, part in enumerate(parts[1:], 1) if re.search(r"[*\[]", part)), None)
    with _told(url, url):
        if wild is None:
            info = system.get_file_info(key.rstrip("/"))
            if info.is_file and not key.endswith("/"):
                return [StoredFile(url, system, key, _facts(info))]
            found = _listed(system, key.rstrip("/"), False)
            found = [info for info in found if info.base_name[0] not in "._" and told_format(Path(info.base_name))]
            if not found:
                raise FileError(f"{url}: no data file is there", hint=f"names that end in {' '.join(suffixes())}")
        else:
            listed = _listed(system, "/".join(parts[:wild]), wild < len(parts) - 1 or "**" in parts[wild])
            found = [info for info in listed if _fits(info.path.split("/")[wild:], parts[wild:])]
            if not found:
                raise FileError(f"no file matches {url}")
    return _in_order(url, system, found)


def listed(url: Url) -> list[StoredFile]:
    """All files of a folder but the hidden ones, in the order of their names."""
    system, key = _connected(url)
    with _told(url, url):
        found = _listed(system, key.rstrip("/"), False)
    return _in_order(url, system, [info for info in found if info.base_name[0] != "."])


def _in_order(url: Url, system: Any, found: Iterable[Any]) -> list[StoredFile]:
    """What was found beside a URL, in the order of names."""
    found = sorted(found, key=lambda info: info.path.split("/"))
    return [StoredFile(url, system, info.path, _facts(info)) for info in found]


def without(url: Url, files: Iterable[StoredFile]) -> list[StoredFile]:
    """Files but the one that a URL names."""
    system, key = _connected(url)
    return [file for file in files if not file.is_at(system, key)]


def _listed(system: Any, folder: str, deep: bool) -> list[Any]:
    """The files below a folder."""
    select = library("pyarrow.fs", "a store").FileSelector(folder, recursive=deep)
    return [info for info in system.get_file_info(select) if info.is_file and info.base_name]


def _fits(parts: Sequence[str], patterns: Sequence[str]) -> bool:
    """Whether the parts of a path fit those of a pattern, as `glob` has it: ** is any folders, hidden ones are not."""
    if not patterns or not parts:
        return not patterns and not parts
    hidden = parts[0].startswith(".") and not patterns[0].startswith(".")
    if patterns[0] == "**":
        return _fits(parts, patterns[1:]) or (not hidden and _fits(parts[1:], patterns))
    return not hidden and fnmatchcase(parts[0], patterns[0]) and _fits(parts[1:], patterns[1:])


# -- written -----------------------------------------------------------------------------------------------------------


class StoreTarget:
    """An output in a store, which is asked for leave to write before any work is done.

    Raises:
        WriteError: it cannot be written.
    """

    def __init__(self, url: Url) -> None:
        self.url = url
        self.system, self.key = _connected(url)
        folder, slash, name = self.key.rpartition("/")
        if not name or not folder:
            raise WriteError(f"cannot write {url}: it names no file")
        self.temporary = f"{folder}{slash}.gradcalc-{os.getpid()}-{os.urandom(4).hex()}{Path(name).suffix[:16]}"
        with _told(url, url, WriteError):
            self.stream: Any = self.system.open_output_stream(self.temporary)

    def __str__(self) -> str:
        return str(self.url)

    @property
    def folder(self) -> Path:
        """A directory among the temporary ones of this machine, of this user alone."""
        user = getattr(os, "getuid", lambda: 0)()
        place = Path(tempfile.gettempdir(), f"gradcalc-{user}-{sha256(str(self).encode()).hexdigest()[:16]}")
        with suppress(FileNotFoundError):
            if place.is_symlink() or (hasattr(os, "getuid") and place.lstat().st_uid != user):
                raise WriteError(f"cannot write {place}: it is somebody else's", hint="TMPDIR=another directory")
        return place

    def is_among(self, paths: Iterable[object]) -> bool:
        """Whether it is one of the files that are read."""
        return any(isinstance(path, StoredFile) and path.is_at(self.system, self.key) for path in paths)

    def put(self, made: Path) -> None:
        """Upload a complete file and have the store copy it in its place."""
        if made.stat().st_size > COPIED and self.url.scheme == "s3":
            self.drop()
            self._send_at_once(made)
            return
        with _told(self.url, self, WriteError):
            _send(made, self.stream)
            self.stream.close()
            self._check(made, self.temporary)
            self.system.copy_file(self.temporary, self.key)
        with _told(self.url, f"all: {self} is complete, but beside it {self.temporary} is left", WriteError):
            self.stream = None
            self.system.delete_file(self.temporary)

    def add(self, suffix: str, data: bytes) -> None:
        """Put it there in the same way; it is made where what is unfinished is kept."""
        made = self.folder / "beside"
        with writing(made):
            made.write_bytes(data)
        with target_at(replace(self.url, path=self.url.path + suffix)) as beside:
            beside.put(made)

    def _check(self, made: Path, key: str) -> None:
        """Raise if not every byte has come."""
        size, came = made.stat().st_size, self.system.get_file_info(key).size
        if came != size:
            raise OSError(f"{came} bytes of {size} have come")

    def _send_at_once(self, made: Path) -> None:
        """Upload what S3 does not copy; its parts become one when the stream is closed: never after a failure."""
        with _told(self.url, self, WriteError):
            stream = self.system.open_output_stream(self.key)
            try:
                _send(made, stream)
            except BaseException:
                ctypes.pythonapi.Py_IncRef(ctypes.py_object(stream))
                raise
            stream.close()
            self._check(made, self.key)

    def drop(self) -> None:
        """Leave nothing in the store but what is complete."""
        if self.stream is not None:
            with suppress(*DAMAGE):
                self.stream.close()
            with suppress(*DAMAGE):
                self.system.delete_file(self.temporary)
            self.stream = None


def _send(made: Path, stream: Any) -> None:
    """Write a file to a stream, of which not more waits than memory has room for."""
    waiting = 0
    with made.open("rb") as file:
        while piece := file.read(_MOST):
            stream.write(piece)
            waiting += len(piece)
            if waiting >= _FLUSHED:
                stream.flush()
                waiting = 0


@contextmanager
def target(output: str) -> Iterator[StoreTarget]:
    """The output that a URL names, as long as it is worked for."""
    url = parsed(output)
    if url is None or url.scheme not in _SYSTEMS:
        raise UsageError(f"{url}: it can only be read", hint="-o s3://, gs:// or abfs://, or a file that is here")
    with target_at(url) as made:
        yield made


@contextmanager
def target_at(url: Url) -> Iterator[StoreTarget]:
    """The same of what is known to be of a store."""
    made = StoreTarget(url)
    try:
        yield made
    finally:
        made.drop()
