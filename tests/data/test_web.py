"""Files of the web, against a server on loopback; they are `held` in a file while they are read."""

import gzip
import json
import os
import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

import gradcalc
from gradcalc.data import web
from gradcalc.data.columns import read_columns
from gradcalc.data.held import Held
from gradcalc.data.map import Settings, run
from gradcalc.data.points import read_points
from gradcalc.data.source import opened
from gradcalc.errors import FileError, UsageError
from gradcalc.settings import Limits
from tests.cli import run as cli
from tests.data import plain, table, write

CSV = b"x,y\n1,2\n3,4\n"
LONG = b"x,y\n" + b"1,2\n" * 5000


class Site(BaseHTTPRequestHandler):
    """Answers by the name that is asked for."""

    protocol_version = "HTTP/1.1"
    files: dict[str, bytes] = {}
    asked: list[tuple[str, dict[str, str]]] = []
    failures = 0

    def do_GET(self) -> None:
        name = self.path.partition("?")[0].lstrip("/")
        type(self).asked.append((self.path, dict(self.headers)))
        getattr(self, f"give_{name.partition('.')[0]}", self.give_file)(name)

    def give(self, code: int, body: bytes = b"", length: int | None = None, **headers: str) -> None:
        self.send_response(code)
        for title, value in headers.items():
            self.send_header(title.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        self.end_headers()
        self.wfile.write(body)
        if length is not None:
            self.close_connection = True

    def give_file(self, name: str) -> None:
        self.give(200, self.files[name]) if name in self.files else self.give(404)

    def give_cut(self, name: str) -> None:
        """Half of it, as often as asked for; the rest for who asks for that alone."""
        start = int(self.headers.get("Range", "bytes=0-")[6:-1])
        marks = {"ETag": '"1"', "Accept_Ranges": "bytes"}
        if type(self).failures:
            type(self).failures -= 1
            self.give(200, LONG[:7000], len(LONG), **marks)
        elif start and self.headers["If-Range"] == '"1"':
            self.give(206, LONG[start:], Content_Range=f"bytes {start}-{len(LONG) - 1}/{len(LONG)}", **marks)
        else:
            self.give(200, LONG, **marks)

    def give_broken(self, name: str) -> None:
        self.give(200, LONG[:7000], len(LONG))

    def give_packed(self, name: str) -> None:
        self.give(200, gzip.compress(CSV), Content_Encoding="gzip")

    def give_brotli(self, name: str) -> None:
        self.give(200, b"\0", Content_Encoding="br")

    def give_damaged(self, name: str) -> None:
        self.give(200, gzip.compress(LONG)[:30], Content_Encoding="gzip")

    def give_secret(self, name: str) -> None:
        self.give(200, CSV) if self.headers.get("Authorization") == "Basic bWU6dG9wc2VjcmV0" else self.give(401)

    def give_sent(self, name: str) -> None:
        self.give(302, Location="/there.csv?token=topsecret")

    def give_unsafe(self, name: str) -> None:
        self.give(302, Location="http://example.com/x.csv?token=topsecret")

    def give_local(self, name: str) -> None:
        self.give(302, Location="file:///etc/passwd")

    def give_round(self, name: str) -> None:
        self.give(301, Location="/round.csv")

    def give_forbidden(self, name: str) -> None:
        self.give(403)

    def give_busy(self, name: str) -> None:
        self.give(503)

    def give_teapot(self, name: str) -> None:
        self.give(418)

    def give_slow(self, name: str) -> None:
        time.sleep(0.5)

    def give_pieces(self, name: str) -> None:
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for piece in (CSV[:5], CSV[5:], b""):
            self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))

    def log_message(self, *words: Any) -> None:
        pass


@pytest.fixture(scope="module")
def server() -> Iterator[ThreadingHTTPServer]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Site) as made:
        threading.Thread(target=made.serve_forever, args=(0.01,), daemon=True).start()
        yield made
        made.shutdown()


@pytest.fixture
def site(server: ThreadingHTTPServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[str]:
    """The address of the server; nothing is left in the temporary directory."""
    monkeypatch.setattr(Site, "files", {"x.csv": CSV, "there.csv": CSV, "download.php": CSV, "my file.csv": CSV})
    monkeypatch.setattr(Site, "asked", [])
    monkeypatch.setattr(Site, "failures", 0)
    monkeypatch.setattr(web, "_PAUSE", 0.001)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    yield f"http://127.0.0.1:{server.server_port}"
    assert not [name for name in os.listdir(tmp_path) if name.startswith("gradcalc-")]


@pytest.mark.parametrize(
    "name", ["x.csv", "x.csv?token=topsecret", "download.php?id=3", "packed.csv", "sent.csv", "pieces.csv", "x.csv#top"]
)
def test_a_file_of_the_web_is_read(site: str, name: str) -> None:
    with opened(f"{site}/{name}") as (path,):
        assert plain(read_columns(path, "xy")) == {"x": [1.0, 3.0], "y": [2.0, 4.0]}
        assert isinstance(path, Held)
        assert str(path) == f"{site}/{name.partition('?')[0].partition('#')[0]}"
        assert os.path.exists(path)
    assert not os.path.exists(path)
    assert len(read_points(f"{site}/{name}", Limits())) == 2


def test_a_password_goes_to_its_host_and_no_further(site: str) -> None:
    place = site.replace("//", "//me:topsecret@")
    for name in ("secret.csv", "sent.csv"):
        with opened(f"{place}/{name}") as (path,):
            assert read_columns(path, "x").rows == 2
            assert str(path) == f"{site}/{name}"
    assert ["Authorization" in headers for _, headers in Site.asked] == [True, True, False]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("none.csv?token=topsecret", "none.csv: it is not there (404)"),
        ("forbidden.csv", "forbidden.csv: access denied (403)"),
        ("secret.csv", "secret.csv: the password is missing, or not accepted (401)"),
        ("teapot.csv", "teapot.csv: the server answers 418 I'm a Teapot"),
        ("busy.csv", "busy.csv: the server answers 503 Service Unavailable, 3 times"),
        ("broken.csv", "broken.csv: it was cut after 7,000 of 20,004 bytes, 3 times"),
        ("damaged.csv", "damaged.csv: what came packed is damaged, or cut, 3 times"),
        ("brotli.csv", "brotli.csv: it comes packed by br, though nobody asked for it"),
        ("unsafe.csv", "unsafe.csv: it is sent on to http://example.com/x.csv, which is not safe to read"),
        ("local.csv", "local.csv: it is sent on and on"),
        ("round.csv", "round.csv: it is sent on and on"),
        ("slow.csv", "slow.csv: it does not answer in time, 3 times"),
        ("empty.csv", "empty.csv is empty"),
    ],
)
def test_what_goes_wrong_in_the_web_is_one_line(
    site: str, name: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(web, "_TIMEOUT", 0.1 if name.startswith("slow") else 5)
    Site.files["empty.csv"] = b""
    with pytest.raises(FileError) as caught:
        run("x*y", f"{site}/{name}", str(tmp_path / "out.csv"))
    assert caught.value.message == f"{site}/{said}"
    assert "topsecret" not in str(caught.value)
    assert not (tmp_path / "out.csv").exists()


def test_claims_and_rows_of_the_web_are_read(site: str) -> None:
    Site.files["pairs.csv"] = b"formula,wrt,claim\nx^2,x,2*x\nx^3,x,2*x\n"
    place = site.replace("//", "//me:topsecret@") + "/pairs.csv?token=topsecret"
    found = cli("check", place, "--json")
    told = json.loads(found.out)
    assert (found.code, told["file"]) == (1, f"{site}/pairs.csv")
    assert [claim["verdict"] for claim in told["claims"]] == ["proved", "refuted"]
    refused = cli("check", site.replace("//", "//me:topsecret@") + "/none.csv", "--format", "github")
    assert (refused.code, refused.err) == (4, f"error: {site}/none.csv: it is not there (404)\n")
    Site.files["line.csv"] = b"x,y\n1,2\n2,4.5\n3,5.5\n4,\n"
    with pytest.raises(FileError, match=f"^{site}/line.csv: no number in row 4"):
        gradcalc.fit("y ~ a*x + b", data=f"{site}/line.csv?token=topsecret", at={"a": 1, "b": 0})
    fitted = gradcalc.fit("y ~ a*x + b", data=f"{site}/line.csv", at={"a": 1, "b": 0}, nulls="drop")
    assert [round(each.estimate, 9) for each in fitted.parameters] == [1.75, 0.5]


def test_what_was_cut_goes_on_where_it_ended(site: str) -> None:
    Site.failures = 1
    with opened(f"{site}/cut.csv") as (path,):
        assert read_columns(path, "x").rows == 5000
    assert [headers.get("Range") for _, headers in Site.asked] == [None, "bytes=7000-"]


def test_no_connection_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody(*words: Any, **options: Any) -> Any:
        raise socket.gaierror(-2, "Name or service not known")

    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
        with (
            pytest.raises(FileError, match=r"no connection: it was refused$"),
            opened(f"http://127.0.0.1:{port}/x.csv"),
        ):
            pass
    monkeypatch.setattr(socket, "getaddrinfo", nobody)
    with pytest.raises(FileError, match="^https://nobody.invalid/x.csv: its host is not found$"):
        run("x", "https://nobody.invalid/x.csv", "out.csv")


@pytest.mark.parametrize("host", ["example.com", "127.0.0.1.example.com", "10.0.0.1:80", "localhost.example.com", ""])
def test_plain_http_is_read_from_this_machine_alone(host: str) -> None:
    with pytest.raises(UsageError, match="others could change it"), opened(f"http://{host}/x.csv"):
        pass


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:8080", "127.9.9.9", "[::1]:80", "[::1]", "LOCALHOST:1"])
def test_this_machine_has_many_names(host: str) -> None:
    assert web._is_here(host)


def test_a_run_over_the_web_is_gone_on_with_while_the_file_is_the_same(
    site: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Site.files["in.csv"] = write(tmp_path / "in.csv", table(50)).read_bytes()
    output = tmp_path / "out.csv"

    def interrupted(*words: Any) -> None:
        raise KeyboardInterrupt

    for changed in (False, True):
        with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
            patch.setattr("gradcalc.files.Unfinished.check", interrupted)
            run("x*y", f"{site}/in.csv", str(output))
        if changed:
            Site.files["in.csv"] += b"1,2,3\n"
            with pytest.raises(UsageError, match="in.csv has changed since"):
                run("x*y", f"{site}/in.csv", str(output), Settings(resume=True))
        else:
            assert run("x*y", f"{site}/in.csv", str(output), Settings(resume=True)).resumed == 50
