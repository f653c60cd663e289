"""Assembles the playground: `build.py FOLDER`. What is fetched has fixed versions and digests (`parts.json`)."""

import argparse
import base64
import hashlib
import html
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))

from pruned import pruned

HERE = Path(__file__).resolve().parent
PACKAGE = HERE.parents[1] / "gradcalc"
SOURCES = ("index.html", "page.css", "page.js", "worker.js", "protocol.py")
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "gradcalc-playground"
_PATIENCE = 120
"""Seconds for one part."""
_MOMENT = (1980, 1, 1, 0, 0, 0)


class Missing(Exception):
    """A part that cannot be had, and why."""


def digest(path: Path, name: str) -> bytes:
    """The digest of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, name).digest()


def _run(*command: str) -> None:
    """Run a program that fetches something."""
    try:
        ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_PATIENCE)
    except OSError as error:
        raise Missing(f"{command[0]}: {error.strerror}") from None
    except subprocess.TimeoutExpired:
        raise Missing(f"{' '.join(command)}: nothing after {_PATIENCE} s") from None
    if ended.returncode:
        raise Missing(f"{' '.join(command)}\n{ended.stderr.strip()[-800:]}")


def _kept(path: Path, right: Any, *fetch: str) -> Path:
    """A file of the cache, fetched if it is not there; its digest is right or it is refused."""
    if not path.exists():
        with tempfile.TemporaryDirectory(dir=path.parent) as folder:
            _run(*(word.replace("FOLDER", folder) for word in fetch))
            got = Path(folder, path.name)
            if not got.exists():
                raise Missing(f"{' '.join(fetch)}: no {path.name} came")
            got.replace(path)
    if not right(path):
        path.unlink()
        raise Missing(f"{path.name} has another digest than parts.json says")
    return path


def from_npm(part: dict[str, Any], cache: Path) -> Path:
    """The archive of a package of npm."""
    name = part["name"]
    path = cache / f"{name.lstrip('@').replace('/', '-')}-{part['version']}.tgz"

    def right(path: Path) -> bool:
        return "sha512-" + base64.b64encode(digest(path, "sha512")).decode() == part["integrity"]

    return _kept(path, right, "npm", "pack", f"{name}@{part['version']}", "--silent", "--pack-destination", "FOLDER")


def from_pypi(part: dict[str, Any], platform: list[str], cache: Path) -> Path:
    """A wheel; one with code for the browser is asked for by the name of that platform."""
    where = [] if "-none-any" in part["file"] else ["--platform", platform[0], "--python-version", platform[1]]
    pip = [sys.executable, "-m", "pip"] if importlib.util.find_spec("pip") else ["pip"]
    options = ["-q", "--disable-pip-version-check", "--no-deps", "--only-binary=:all:", *where, "-d", "FOLDER"]
    command = [*pip, "download", *options, f"{part['name']}=={part['version']}"]
    return _kept(cache / part["file"], lambda path: digest(path, "sha256").hex() == part["sha256"], *command)


def _wheel(path: Path) -> dict[str, Any]:
    """The package of this tree as a wheel, the same bytes from the same tree."""
    version = next(
        line.split('"')[1] for line in (PACKAGE / "__init__.py").read_text().splitlines() if "__version__ =" in line
    )
    about = f"gradcalc-{version}.dist-info"
    extra = {
        f"{about}/METADATA": f"Metadata-Version: 2.1\nName: gradcalc\nVersion: {version}\n",
        f"{about}/WHEEL": "Wheel-Version: 1.0\nGenerator: playground\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{about}/RECORD": "",
    }
    found = path / f"gradcalc-{version}-py3-none-any.whl"
    with zipfile.ZipFile(found, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(PACKAGE.rglob("*")):
            if file.is_file() and "__pycache__" not in file.parts:
                extra[str(file.relative_to(PACKAGE.parent))] = ""
        for name in sorted(extra):
            body = extra[name].encode() or (b"" if name.startswith(about) else (PACKAGE.parent / name).read_bytes())
            archive.writestr(zipfile.ZipInfo(name, _MOMENT), body, zipfile.ZIP_DEFLATED)
    return {"name": "gradcalc", "version": version, "file": found.name, "imports": ["gradcalc"],
            "needs": ["python-flint", "typer"], "sha256": digest(found, "sha256").hex()}  # fmt: skip


def _lock(parts: list[dict[str, Any]], platform: list[str]) -> dict[str, Any]:
    """What Pyodide reads of the wheels beside it; it checks their digests as well."""
    info = {"abi_version": "2026_0", "arch": "wasm32", "platform": "emscripten_5_0_3", "python": f"{platform[1]}.2"}
    packages = {
        part["name"]: {
            "name": part["name"], "version": part["version"], "file_name": part["file"], "sha256": part["sha256"],
            "imports": part["imports"], "depends": part["needs"], "install_dir": "site", "package_type": "package",
            "unvendored_tests": False,
        }
        for part in parts
    }  # fmt: skip
    return {"info": info, "packages": packages}


def build(folder: Path, cache: Path | None = None, wheels: tuple[Path, ...] = ()) -> Iterator[str]:
    """Assemble the folder; yields what is done.

    Args:
        wheels: further wheels for the browser that are at hand, such as NumPy's.

    Raises:
        Missing: a part cannot be had.
    """
    told = json.loads((HERE / "parts.json").read_text())
    cache = cache or CACHE
    cache.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(folder, ignore_errors=True)
    inner = folder / "pyodide"
    inner.mkdir(parents=True)
    for part in told["npm"]:
        with tarfile.open(from_npm(part, cache)) as archive:
            for name, place in part["files"].items():
                target = folder / place
                target.parent.mkdir(exist_ok=True)
                body = archive.extractfile(f"package/{name}")
                assert body is not None
                target.write_bytes(body.read())
        yield f"{part['name']} {part['version']}, {part['licence']}, from npm"
    for part in told["wheels"]:
        path = from_pypi(part, told["platform"], cache)
        if part.get("pruned"):
            (inner / part["file"]).write_bytes(pruned(path.read_bytes()))
        else:
            shutil.copyfile(path, inner / part["file"])
        yield f"{part['name']} {part['version']}, from PyPI"
    there = [{**part, "sha256": digest(inner / part["file"], "sha256").hex()} for part in told["wheels"]]
    packages = [_wheel(inner), *there]
    for path in wheels:
        name, version, *_ = path.name.split("-")
        packages.append({"name": name, "version": version, "file": path.name, "imports": [name], "needs": [],
                         "sha256": digest(path, "sha256").hex()})  # fmt: skip
        packages[0]["needs"].append(name)
        shutil.copyfile(path, inner / path.name)
    (inner / "pyodide-lock.json").write_text(json.dumps(_lock(packages, told["platform"])))
    for name in SOURCES:
        shutil.copyfile(HERE / name, folder / name)
    files = sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
    mark = hashlib.sha256(b"".join(digest(folder / name, "sha256") for name in files)).hexdigest()[:16]
    listed = json.dumps(["./", *files])
    worker = (HERE / "sw.js").read_text().replace('"BUILD"', f'"{mark}"').replace('["FILES"]', listed)
    (folder / "sw.js").write_text(worker)
    size = sum((folder / name).stat().st_size for name in files)
    yield f"{folder}: {len(files) + 1} files, {size / 1e6:.1f} MB, build {mark}"


_LEFT_OUT = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="color-scheme" content="light dark"><title>gradcalc: playground</title>
<h1>gradcalc playground</h1><p>It was left out of this build of the site:</p><pre>{}</pre>
<p><code>docs/playground/build.py FOLDER</code> assembles it where its parts can be had.</p></html>
"""


def place(folder: Path) -> str:
    """The playground in a folder of the site, or a page that says why it is not there; which of them."""
    try:
        *_, last = build(folder)
    except (Missing, OSError) as error:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "index.html").write_text(_LEFT_OUT.format(html.escape(str(error))))
        return f"the playground is left out: {error}"
    return last


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="where the site goes; it is emptied first")
    parser.add_argument("--cache", type=Path, default=CACHE, help="where what was fetched is kept")
    parser.add_argument("--wheel", type=Path, action="append", default=[], help="a further wheel, such as NumPy's")
    asked = parser.parse_args()
    if asked.folder.exists() and not (asked.folder / "protocol.py").exists() and any(asked.folder.iterdir()):
        print(f"error: {asked.folder} holds something else", file=sys.stderr)
        return 2
    try:
        for line in build(asked.folder, asked.cache, tuple(asked.wheel)):
            print(line)
    except (Missing, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 4
    return 0


if __name__ == "__main__":
    sys.exit(main())
