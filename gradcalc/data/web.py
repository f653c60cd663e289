"""Files of the web, read by the standard library into a file of this machine: `https://`, and `http://` of loopback.

What was cut goes on where it ended, if the server can; then it is one clear line. Imports errors.
"""

import base64
import gzip
import io
import ipaddress
import socket
import ssl
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPException, responses
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import quote, unquote
from urllib.request import HTTPRedirectHandler, ProxyHandler, Request, build_opener

from gradcalc.data.formats import told_format
from gradcalc.data.held import PIECE, Held, Spool, held
from gradcalc.data.urls import Url, parsed
from gradcalc.errors import FileError, UsageError

_TRIES, _PAUSE = 3, 0.5
"""How often what was cut is asked for, and the seconds before the second time; each later one waits twice as long."""
_TIMEOUT = 30.0
"""Seconds without a byte."""
_BUSY = (429, 500, 502, 503, 504)
"""Answers that may be others a moment later."""
_SAID = {
    401: "the password is missing, or not accepted (401)", 403: "access denied (403)", 404: "it is not there (404)",
    410: "it is no longer there (410)",
}  # fmt: skip
_SAFE = "/%:@!$&'()*+,;=?~"
_CUT = (TimeoutError, ConnectionError, EOFError, HTTPException, zlib.error, ssl.SSLError)


class _CutError(Exception):
    """An answer that is not whole; why."""


@contextmanager
def fetched(url: Url) -> Iterator[Held]:
    """A file of the web, as long as it is needed.

    Raises:
        UsageError: anybody on the way could read and change it.
        FileError: it cannot be had.
    """
    if not _is_safe(url):
        raise UsageError(f"{url}: http is read from this machine alone: others could change it", hint="https://…")
    name = url.name if told_format(Path(url.name)) else ""  # download.php says nothing of what it holds
    with held(str(url), name, lambda spool: _fetch(url, spool)) as place:
        yield place


def _is_safe(url: Url | None) -> bool:
    """Whether nobody on the way can change what comes."""
    return url is not None and (url.scheme == "https" or (url.scheme == "http" and _is_here(url.host)))


def _is_here(host: str) -> bool:
    """Whether a host is this machine."""
    name = host.rpartition(":")[0] if host.rpartition(":")[2].isdecimal() else host
    try:
        return name.lower() == "localhost" or ipaddress.ip_address(name.strip("[]")).is_loopback
    except ValueError:
        return False


class _Redirects(HTTPRedirectHandler):
    """Goes on to other addresses, but not to unsafe ones; a password stays with whom it was meant for."""

    def redirect_request(self, req: Request, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> Request | None:
        if not _is_safe(there := parsed(newurl)):
            fp.close()
            raise FileError(f"it is sent on to {there or 'nowhere'}, which is not safe to read")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _fetch(url: Url, spool: Spool) -> None:
    """Fill a file, in several tries."""
    mark = ""
    for number in range(_TRIES):
        try:
            with _asked(url, spool.size if mark else 0, mark) as answer:
                mark = _mark(answer)
                if answer.status != 206:
                    spool.clear()
                _copy(answer, spool)
                return
        except _CutError as error:
            reason = str(error)
        if number + 1 < _TRIES:
            time.sleep(_PAUSE * 2**number)
        if not mark:
            spool.clear()
    raise FileError(f"{url}: {reason}, {_TRIES} times")


def _mark(answer: Any) -> str:
    """What tells that a file is the same as before, if the server can give the rest of it; else nothing."""
    packed = answer.headers.get("Content-Encoding", "identity") != "identity"
    tag = answer.headers.get("ETag", "")
    known = answer.headers.get("Last-Modified", "") if not tag or tag.startswith("W/") else tag
    return "" if packed or answer.headers.get("Accept-Ranges") != "bytes" and answer.status != 206 else known


@contextmanager
def _asked(url: Url, start: int, mark: str) -> Iterator[Any]:
    """The answer of the server, from a byte on; what goes wrong is told without the secrets of the URL."""
    handlers: list[Any] = [_Redirects, *([ProxyHandler({})] if _is_here(url.host) else [])]
    try:
        with build_opener(*handlers).open(_request(url, start, mark), timeout=_TIMEOUT) as answer:
            yield answer
    except FileError as error:
        error.message = error.message if error.message.startswith(str(url)) else f"{url}: {error.message}"
        raise
    except HTTPError as error:
        error.close()
        if error.code in _BUSY:
            raise _CutError(f"the server answers {error.code} {responses.get(error.code, '')}") from None
        raise FileError(f"{url}: {_said(error.code)}") from None
    except URLError as error:
        raise FileError(f"{url}: {_why(error.reason)}") from None
    except _CUT as error:
        raise _CutError(_why(error)) from None
    except (ValueError, OSError) as error:
        raise FileError(f"{url}: {url.redacted(str(error))}") from None


def _request(url: Url, start: int, mark: str) -> Request:
    """What is asked for; a packed answer is not wanted."""
    host = url.host if url.host.isascii() else url.host.encode("idna").decode()
    query = f"?{quote(url.query, safe=_SAFE)}" if url.query else ""
    request = Request(f"{url.scheme}://{host}{quote(url.path, safe=_SAFE)}{query}", headers={"User-Agent": "gradcalc"})
    request.add_header("Accept-Encoding", "identity")
    if url.user:
        code = base64.b64encode(unquote(url.user).encode()).decode()
        request.add_unredirected_header("Authorization", f"Basic {code}")
    if start:
        request.add_header("Range", f"bytes={start}-")
        request.add_header("If-Range", mark)
    return request


def _copy(answer: Any, spool: Spool) -> None:
    """Copy an answer, unpacked if it is packed; an error if it ends before its end."""
    packed = answer.headers.get("Content-Encoding", "identity").lower()
    if packed not in ("identity", "", "gzip", "x-gzip"):
        raise FileError(f"it comes packed by {packed}, though nobody asked for it")
    start = answer.headers.get("Content-Range", "").removeprefix("bytes ").partition("-")[0]
    if answer.status == 206 and start != str(spool.size):
        raise FileError("the server gives another part of it than was asked for")
    counted = _Counted(answer)
    source: Any = gzip.GzipFile(fileobj=io.BufferedReader(counted)) if "gzip" in packed else counted
    while piece := source.read(PIECE):
        spool.write(piece)
    if answer.length:
        raise _CutError(f"it was cut after {counted.count:,} of {counted.count + answer.length:,} bytes")


class _Counted(io.RawIOBase):
    """An answer, and how many bytes of it have come."""

    def __init__(self, answer: Any) -> None:
        self.answer, self.count = answer, 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        count = int(self.answer.readinto(buffer))
        self.count += count
        return count


def _said(code: int) -> str:
    """What an answer of the server means."""
    sent_on = "it is sent on and on" if 300 <= code < 400 else ""
    return _SAID.get(code) or sent_on or f"the server answers {code} {responses.get(code, '')}".rstrip()


def _why(reason: Any) -> str:
    """Why there is no answer, or no whole one."""
    if isinstance(reason, socket.gaierror):
        return "its host is not found"
    if isinstance(reason, ssl.SSLCertVerificationError):
        return f"its certificate is not accepted: {reason.verify_message}"
    if isinstance(reason, TimeoutError):
        return "it does not answer in time"
    if isinstance(reason, ConnectionRefusedError):
        return "no connection: it was refused"
    if isinstance(reason, zlib.error | EOFError):
        return "what came packed is damaged, or cut"
    return "the connection was cut" if isinstance(reason, _CUT) else f"no connection: {reason}"
