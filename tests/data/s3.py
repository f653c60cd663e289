"""A store like S3 on loopback, for `test_stores`: moto's server in a process of its own, told to fail now and then.

    python -m tests.data.s3     prints its port, and serves until its standard input ends

PUT /-/faults takes a list of [method, pattern of the path and query, what happens, how often], GET /-/log gives and
forgets what was asked for: [method, path, query, range, bytes of the body].
"""

import json
import logging
import re
import sys
import threading
import warnings
from collections.abc import Callable, Iterable
from typing import Any
from urllib.request import ProxyHandler, Request, build_opener

import pyarrow.fs as fs

faults: list[list[Any]] = []
log: list[list[Any]] = []
CODES = {"AccessDenied": "403 Forbidden", "NoSuchBucket": "404 Not Found", "InternalError": "500 Internal Server Error"}


def main() -> None:
    warnings.simplefilter("ignore")
    logging.disable()
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
    from werkzeug.serving import make_server

    moto = DomainDispatcherApplication(create_backend_app)

    def answer(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        if environ["PATH_INFO"].startswith("/-/"):
            return _told(environ, start)
        asked = [environ["REQUEST_METHOD"], environ["PATH_INFO"], environ["QUERY_STRING"], environ.get("HTTP_RANGE")]
        for fault in faults:
            if fault[0] == asked[0] and re.search(fault[1], f"{asked[1]}?{asked[2]}") and fault[3]:
                fault[3] -= 1
                log.append([*asked, 0])
                return _failed(fault[2], start, asked[0])
        body = b"".join(moto(environ, start))
        log.append([*asked, len(body)])
        return [body]

    server = make_server("127.0.0.1", 0, answer, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(server.server_port, flush=True)
    sys.stdin.read()


def _told(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
    start("200 OK", [])
    if environ["PATH_INFO"] == "/-/faults":
        faults[:] = json.loads(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])))
        return []
    found, log[:] = list(log), []
    return [json.dumps(found).encode()]


def _failed(what: str, start: Callable[..., Any], method: str) -> Iterable[bytes]:
    if what == "cut":
        start("206 Partial Content", [("Content-Length", "1000"), ("Content-Range", "bytes 0-999/1000")])
        return [b"x" * 500]
    start(CODES[what], [("Content-Type", "application/xml")])
    said = f"<Error><Code>{what}</Code><Message>topsecret</Message></Error>".encode()
    return [b""] if method == "HEAD" else [b'<?xml version="1.0"?>' + said]


class Store:
    """Two buckets of a store on loopback, `bucket` and `other`."""

    def __init__(self, port: int) -> None:
        self.endpoint = f"127.0.0.1:{port}"
        self.files = fs.S3FileSystem(
            access_key="AKIDEXAMPLE", secret_key="topsecretkey", endpoint_override=self.endpoint, scheme="http",
            allow_bucket_creation=True, allow_bucket_deletion=True,
        )  # fmt: skip
        for name in ("bucket", "other"):
            self.files.create_dir(name)

    def put(self, key: str, data: bytes) -> str:
        """A file, and its URL."""
        with self.files.open_output_stream(key) as stream:
            stream.write(data)
        return f"s3://{key}"

    def get(self, key: str) -> bytes:
        """What a file holds."""
        with self.files.open_input_stream(key) as stream:
            return bytes(stream.read())

    def names(self, bucket: str = "bucket") -> list[str]:
        """The keys of all files but the marks of folders."""
        found = self.files.get_file_info(fs.FileSelector(bucket, recursive=True))
        return sorted(info.path for info in found if info.is_file)

    def fail(self, *faults: tuple[str, str, str, int]) -> None:
        """Have requests fail: method, pattern of path and query, what happens, how often."""
        self._asked("faults", json.dumps(faults).encode())

    def log(self) -> list[list[Any]]:
        """What was asked for since it was last looked at: method, path, query, range, bytes of the answer."""
        return list(json.loads(self._asked("log")))

    def _asked(self, what: str, data: bytes | None = None) -> bytes:
        request = Request(f"http://{self.endpoint}/-/{what}", data, method="PUT" if data else "GET")
        with build_opener(ProxyHandler({})).open(request) as answer:
            return bytes(answer.read())


if __name__ == "__main__":
    main()
