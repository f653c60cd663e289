"""The shape of the package: who may import whom, one table, public names, what start-up imports."""

import ast
import graphlib
import subprocess
import sys
from pathlib import Path

import pytest

import gradcalc
from gradcalc.graph import ops

ROOT = Path(gradcalc.__file__).parent

ROOMS = {
    "graph": "", "show": "", "arithmetic": "graph", "language": "graph show arithmetic",
    "truth": "graph show arithmetic language",
    "data": "graph show arithmetic language truth",
    "optimize": "graph show arithmetic language truth data",
    "cli": "graph show arithmetic language truth data optimize",
    "tape": "graph arithmetic.arrays show.page", "nn": "graph tape", "tf": "graph tape nn optimize",
}  # fmt: skip
"""Each room and what it may import beside itself and the ground."""

GROUND = {"": "", "errors": "", "settings": "", "files": "errors", "__main__": "cli"}


def modules() -> dict[str, Path]:
    """Every module of the package by its name below `gradcalc`."""
    found = {}
    for path in sorted(ROOT.rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        found[".".join(part for part in parts if part != "__init__")] = path
    return found


def imports(path: Path) -> set[str]:
    """The gradcalc modules that a file imports anywhere but under TYPE_CHECKING."""
    found: set[str] = set()
    known = set(modules())

    def visit(node: ast.AST) -> None:
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            return
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "gradcalc":
            base = (node.module or "")[len("gradcalc.") :]
            for alias in node.names:
                child = f"{base}.{alias.name}".lstrip(".")
                found.add(child if child in known else base)
        if isinstance(node, ast.Import):
            found.update(a.name[len("gradcalc.") :] for a in node.names if a.name.startswith("gradcalc."))
        for child in ast.iter_child_nodes(node):
            visit(child)

    visit(ast.parse(path.read_text(encoding="utf-8")))
    return found - {""}


def test_imports_go_one_way() -> None:
    for name in modules():
        room = name.partition(".")[0]
        may = (GROUND[room] if room in GROUND else f"{room} errors settings files {ROOMS[room]}").split()
        for other in imports(modules()[name]) - {"__version__"}:
            assert any(f"{other}.".startswith(f"{one}.") for one in may), f"{name} imports {other}"


def test_no_circle() -> None:
    graphlib.TopologicalSorter({name: imports(path) for name, path in modules().items() if name}).prepare()


@pytest.mark.parametrize(
    ("library", "importers"),
    [("sympy", {"language.symbolic"}), ("rich", {"show.terminal"}), ("typer", {"cli.app"})],
)  # fmt: skip
def test_a_library_has_one_door(library: str, importers: set[str]) -> None:
    found = set()
    for name, path in modules().items():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            if any(n.split(".")[0] == library for n in names):
                found.add(name)
    assert found == importers


def test_the_ops_of_formulas_are_defined_in_the_table() -> None:
    makers = set()
    for name, path in modules().items():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Op":
                makers.add(name)
    assert makers == {"graph.ops"}
    assert all(entry is getattr(ops, name, None) or entry.name == name for name, entry in ops.TABLE.items())


def test_all_is_the_public_names() -> None:
    assert sorted(gradcalc.__all__) == gradcalc.__all__
    assert set(gradcalc.__all__) == set(gradcalc._HOMES)
    for name in gradcalc.__all__:
        assert getattr(gradcalc, name).__doc__, name
    with pytest.raises(AttributeError, match="no attribute 'gradient_tape'"):
        gradcalc.gradient_tape  # noqa: B018


def imported_by(code: str) -> set[str]:
    """The top-level modules in `sys.modules` after a piece of code ran in a fresh process."""
    script = f"import sys\n{code}\nprint('\\n' + ' '.join(sorted({{name.split('.')[0] for name in sys.modules}})))"
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(result.stdout.splitlines()[-1].split())


HEAVY = {"sympy", "numpy", "scipy", "llvmlite"}


def test_importing_gradcalc_imports_nothing_heavy() -> None:
    assert not (HEAVY | {"typer", "rich", "flint"}) & imported_by("import gradcalc")


@pytest.mark.parametrize("words", [["--version"], ["--help"], ["grad", "--help"]])
def test_version_and_help_import_nothing_heavy(words: list[str]) -> None:
    assert not (HEAVY | {"flint"}) & imported_by(f"from gradcalc.cli import main\nmain({words!r})")


def test_a_scalar_gradient_imports_neither_sympy_nor_numpy() -> None:
    words = ["grad", "x**4 + y**2 + 1", "--at", "x=2,y=3"]
    assert not HEAVY & imported_by(f"from gradcalc.cli import main\nmain({words!r})")


def test_without_proofs_flint_is_not_imported() -> None:
    words = ["grad", "x**4 + sin(y)", "--at", "x=2,y=3", "--no-symbolic", "--no-certify", "--json"]
    assert not (HEAVY | {"flint", "rich"}) & imported_by(f"from gradcalc.cli import main\nmain({words!r})")
