"""The files that packagers read say what pyproject.toml says."""

import re
import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

import gradcalc

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads(ROOT.joinpath("pyproject.toml").read_text())["project"]
RECIPE = ROOT / "packaging/conda/recipe.yaml"
FORMULA = ROOT / "packaging/homebrew/gradcalc.rb"


def read(path: Path) -> Any:
    return yaml.safe_load(path.read_text())


def test_one_version() -> None:
    assert PROJECT["dynamic"] == ["version"]
    assert read(RECIPE)["context"]["version"] == gradcalc.__version__
    assert read(ROOT / "CITATION.cff")["version"] == gradcalc.__version__
    assert f"gradcalc-{gradcalc.__version__}.tar.gz" in FORMULA.read_text()


def test_the_recipe_needs_what_the_package_needs() -> None:
    needs = [need.replace(" ", "") for need in read(RECIPE)["requirements"]["run"]]
    assert needs == [f"python{PROJECT['requires-python']}", *PROJECT["dependencies"]]
    extras = PROJECT["optional-dependencies"]
    bounds = [need.replace(" ", "") for need in read(RECIPE)["requirements"]["run_constraints"]]
    assert set(bounds) <= {*extras["fast"], *extras["data"]}


def test_the_matrix_is_that_of_the_classifiers() -> None:
    matrix = read(ROOT / ".github/workflows/ci.yml")["jobs"]["tests"]["strategy"]["matrix"]
    said = [text.rpartition(" ")[2] for text in PROJECT["classifiers"] if re.search(r":: 3\.\d", text)]
    assert matrix["python"] == said
    assert [system.partition("-")[0] for system in matrix["os"]] == ["ubuntu", "macos", "windows"]


def test_a_release_is_built_twice_and_published_without_a_secret() -> None:
    jobs = read(ROOT / ".github/workflows/release.yml")["jobs"]
    assert any("diff -r" in step.get("run", "") for step in jobs["build"]["steps"])
    assert jobs["publish"]["permissions"] == {"id-token": "write"} and jobs["publish"]["needs"] == "build"


def test_a_release_writes_version_and_digest(tmp_path: Path) -> None:
    for name in ("packaging", "CITATION.cff"):
        source = ROOT / name
        shutil.copytree(source, tmp_path / name) if source.is_dir() else shutil.copy(source, tmp_path / name)
    tmp_path.joinpath("gradcalc-1.2.3rc1.tar.gz").write_bytes(b"abc")
    subprocess.run([tmp_path / "packaging/release", "1.2.3rc1", tmp_path], check=True)
    digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    recipe = read(tmp_path / "packaging/conda/recipe.yaml")
    assert (recipe["context"]["version"], recipe["source"]["sha256"]) == ("1.2.3rc1", digest)
    assert read(tmp_path / "CITATION.cff")["version"] == "1.2.3rc1"
    formula = tmp_path.joinpath("packaging/homebrew/gradcalc.rb").read_text()
    assert "gradcalc-1.2.3rc1.tar.gz" in formula and digest in formula


def test_ruby_reads_the_formula() -> None:
    if shutil.which("ruby") is None:
        pytest.skip("ruby is not here")
    subprocess.run(["ruby", "-c", FORMULA], check=True, capture_output=True)
