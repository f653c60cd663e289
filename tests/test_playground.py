"""The playground's requests under this Python: answered as the command answers; and how its folder is made."""

import importlib.util
import io
import json
import shutil
import subprocess
import zipfile
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests import ROOT
from tests.cli import run

FOLDER = ROOT / "docs" / "playground"


def loaded(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"playground_{name}", FOLDER / f"{name}.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


protocol, build, pruned = loaded("protocol"), loaded("build"), loaded("pruned")


def asked(formula: str, at: str, *views: str, symbolic: bool = False) -> dict[str, Any]:
    request = {"formula": formula, "at": at, "views": views or ("grad",), "symbolic": symbolic}
    return json.loads(protocol.answered(json.dumps(request)))  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("formula", "at"),
    [
        ("x**4 + y**2 + 1", "x=2,y=3"),
        ("-x^2", "x=3"),
        ("abs(x)", "x=0"),
        ("log(x)", "x=-1"),
        ("sum(v^2)", "v=[1,2]"),
        ("x*y", ""),
    ],
)
def test_the_answer_is_the_command_s(formula: str, at: str) -> None:
    point = ["--at", at] if at else []
    found = asked(formula, at, "grad", *(["hessian", "tape", "graph"] if at else []))
    for view, answer in found.items():
        alone = ["--no-symbolic"] if view in ("grad", "hessian") else []
        said = run(view, *point, *alone, "--json", "--", formula)
        assert json.loads(answer["json"]) == json.loads(said.out) and answer["code"] == said.code
        assert "<" in answer["html"]
    if at:
        assert found["graph"]["dot"].startswith("digraph {")


def test_sympy_is_heard_if_asked_for() -> None:
    found = asked("x^2", "x=3", "grad", "tape", symbolic=True)
    assert json.loads(found["grad"]["json"])["points"][0]["symbolic"]["x"]["formula"] == "2*x"


@pytest.mark.parametrize(
    ("formula", "at"),
    [("x^2*sin(y", "x=1"), ("x + q", "x=1"), ("x", "x="), ("", ""), ("@nowhere", ""), ("-", "x=1"), ("--help", "x=1")],
)
def test_a_refusal_is_the_command_s_with_its_caret(formula: str, at: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO()))
    found = asked(formula, at)["grad"]
    said = run("grad", *(["--at", at] if at else []), "--no-symbolic", "--", formula)
    assert (found["code"], found["said"]) == (said.code, said.err) and "json" not in found


def test_markup_in_a_formula_is_text() -> None:
    found = asked("x<img", "x=1,img=2", "grad", "tape")
    assert all("<img" not in view.get("html", "") for view in found.values())


def test_what_is_fetched_has_a_fixed_version_and_a_digest() -> None:
    parts = json.loads((FOLDER / "parts.json").read_text())
    assert all(part["integrity"].startswith("sha512-") for part in parts["npm"])
    assert all(len(bytes.fromhex(part["sha256"])) == 32 and part["version"] in part["file"] for part in parts["wheels"])
    names = {part["name"] for part in parts["wheels"]}
    assert all(names.issuperset(part["needs"]) for part in parts["wheels"])


def test_another_digest_is_refused_and_not_kept(tmp_path: Path) -> None:
    part = {"name": "thing", "version": "1", "file": "thing-1-py3-none-any.whl", "sha256": "00" * 32}
    (tmp_path / part["file"]).write_bytes(b"something else")
    with pytest.raises(build.Missing, match="another digest"):
        build.from_pypi(part, ["", ""], tmp_path)
    assert not list(tmp_path.iterdir())


def test_the_wheel_is_the_package_and_always_the_same(tmp_path: Path) -> None:
    made = build._wheel(tmp_path)
    with zipfile.ZipFile(tmp_path / made["file"]) as archive:
        names = archive.namelist()
        assert archive.read("gradcalc/__init__.py") == (ROOT / "gradcalc" / "__init__.py").read_bytes()
    assert "gradcalc/show/sheet.css" in names and not [name for name in names if name.endswith(".pyc")]
    assert build._wheel(tmp_path)["sha256"] == made["sha256"]


def test_a_site_without_the_parts_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def nothing(part: Any, cache: Path) -> Path:
        raise build.Missing("npm: <no such file>")

    monkeypatch.setattr(build, "from_npm", nothing)
    monkeypatch.setattr(build, "CACHE", tmp_path)
    assert "left out" in build.place(tmp_path / "playground")
    assert "npm: &lt;no such file&gt;" in (tmp_path / "playground" / "index.html").read_text()


@pytest.mark.skipif(not shutil.which("node"), reason="no Node is installed")
@pytest.mark.parametrize("name", ["page.js", "worker.js", "sw.js"])
def test_scripts_can_be_read(name: str, tmp_path: Path) -> None:
    copy = tmp_path / name.replace(".js", ".mjs")
    copy.write_bytes((FOLDER / name).read_bytes())
    subprocess.run(["node", "--check", str(copy)], check=True)


def module(imports: list[bytes], exports: list[bytes]) -> bytes:
    """A WebAssembly module: an import of each kind for each name, exports, and a section that is neither."""

    def text(name: bytes) -> bytes:
        return bytes([len(name)]) + name

    kinds = [b"\x00\x81\x01", b"\x01\x70\x01\x01\x02", b"\x02\x00\x05", b"\x03\x7f\x01", b"\x04\x00\x03"]
    asked = b"".join(text(b"env") + text(name) + kinds[i % 5] for i, name in enumerate(imports))
    given = b"".join(text(name) + b"\x00\x80\x01" for name in exports)
    body = [(2, bytes([len(imports)]) + asked), (7, bytes([len(exports)]) + given), (10, b"code" * 50)]
    return b"\0asm\1\0\0\0" + b"".join(bytes([k]) + pruned.written(len(data)) + data for k, data in body)


def test_a_pruned_wheel_exports_what_its_other_files_import() -> None:
    wheel = io.BytesIO()
    names = [b"a", b"b", b"c", b"d", b"e", b"f"]
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("x.libs/libx.so", module([], [*names, b"unused", b"__wasm_call_ctors"]))
        archive.writestr("x/one.so", module(names, [b"PyInit_one"]))
        archive.writestr("flint/test/all.py", "")
        archive.writestr("x/licence", "as it was")
    found = pruned.pruned(wheel.getvalue())
    assert found == pruned.pruned(wheel.getvalue())
    with zipfile.ZipFile(io.BytesIO(found)) as archive:
        assert archive.namelist() == ["x.libs/libx.so", "x/one.so", "x/licence"]
        assert archive.read("x.libs/libx.so") == module([], [*names, b"__wasm_call_ctors"])
        assert archive.read("x/one.so") == module(names, [b"PyInit_one"]) and archive.read("x/licence") == b"as it was"
    for value in (0, 127, 128, 300, 2**31):
        assert pruned.number(pruned.written(value), 0) == (value, len(pruned.written(value)))
