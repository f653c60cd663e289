"""The shape of the package: who may import whom and when, its tests, one table, public names, what start-up imports.

The public names are those of `gradcalc`; `__main__` is run by tests/cli.
"""

import ast
import graphlib
import re
from functools import cache
from pathlib import Path

import pytest

import gradcalc
from gradcalc.graph import ops
from tests import python

ROOT = Path(gradcalc.__file__).parent

ROOMS = {
    "graph": "", "show": "", "arithmetic": "graph", "language": "graph show arithmetic",
    "truth": "graph show arithmetic language",
    "data": "graph show arithmetic language truth",
    "optimize": "graph show arithmetic language truth data",
    "cli": "graph show arithmetic language truth data optimize",
    "tape": "graph arithmetic.arrays show.page show.answer", "nn": "graph tape optimize.optimizers", "tf": "graph tape nn optimize",
}  # fmt: skip
"""Each room and what it may import beside itself and the ground."""

GROUND = {"": "", "dispatch": "graph tape truth", "errors": "", "settings": "", "files": "errors", "work": "",
          "__main__": "cli", "pytest_plugin": "truth"}  # fmt: skip


@cache
def modules() -> dict[str, Path]:
    """Every module of the package by its name below `gradcalc`."""
    found = {}
    for path in sorted(ROOT.rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        found[".".join(part for part in parts if part != "__init__")] = path
    return found


@cache
def tree(name: str) -> ast.Module:
    """A module's syntax tree."""
    return ast.parse(modules()[name].read_text(encoding="utf-8"))


@cache
def statements(name: str) -> tuple[tuple[list[str], bool, bool], ...]:
    """The imports of a module: full names, whether in a function, whether under TYPE_CHECKING."""
    found: list[tuple[list[str], bool, bool]] = []

    def visit(node: ast.AST, inside: bool, checking: bool) -> None:
        if isinstance(node, ast.ImportFrom):
            children = [f"{node.module}.{alias.name}" for alias in node.names]
            names = [one if one[len("gradcalc.") :] in modules() else node.module or "" for one in children]
            found.append((names, inside, checking))
        if isinstance(node, ast.Import):
            found.append(([alias.name for alias in node.names], inside, checking))
        inside = inside or isinstance(node, ast.FunctionDef)
        checking = checking or isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        for child in ast.iter_child_nodes(node):
            if not isinstance(child, ast.expr):  # which holds no statement
                visit(child, inside, checking)

    visit(tree(name), False, False)
    return tuple(found)


@cache
def imports(name: str) -> frozenset[tuple[str, bool]]:
    """What a module imports anywhere but under TYPE_CHECKING, by full name; and whether in a function."""
    return frozenset((one, late) for names, late, checking in statements(name) if not checking for one in names)


def own(name: str, inside: tuple[bool, ...] = (False, True)) -> set[str]:
    """The modules of the package that a module of it imports: at once, in functions, or both."""
    return {other[len("gradcalc.") :] for other, late in imports(name) if other[:9] == "gradcalc." and late in inside}


def test_imports_go_one_way() -> None:
    for name in modules():
        room = name.partition(".")[0]
        may = (GROUND[room] if room in GROUND else f"{room} errors settings files work {ROOMS[room]}").split()
        for other in own(name):
            assert any(f"{other}.".startswith(f"{one}.") for one in may), f"{name} imports {other}"


def test_no_circle() -> None:
    graphlib.TopologicalSorter({name: own(name) for name in modules() if name}).prepare()


LIBRARIES = {
    "numpy",
    "scipy",
    "llvmlite",
    "flint",
    "sympy",
    "rich",
    "typer",
    "matplotlib",
    "plotext",
    "pyarrow",
    "pygraphviz",
    "prompt_toolkit",
    "h5py",
    "http",
}
"""What takes long to import."""


@cache
def libraries(name: str) -> set[str]:
    """The libraries that come with a module: by it, by its packages, by the modules that these import at once."""
    found, waiting = set(), {name}
    while waiting - found:
        for one in waiting - found:
            found.add(one)
            packages = {one.rsplit(".", n)[0] for n in range(1, one.count(".") + 1)}
            waiting |= own(one, (False,)) | packages
    return {other.partition(".")[0] for one in found for other, late in imports(one) if not late} & LIBRARIES


AT_START = {"cli", "cli.app", "cli.answers", "cli.options"}
"""With the commands and the prompt what help loads: the work itself is imported when it is done."""


def test_imports_in_functions_keep_a_library_out() -> None:
    """Each brings a library which its module does not have anyway; but for the command line, for a quick help."""
    for name in modules():
        if name not in AT_START and not name.startswith(("cli.commands.", "cli.repl.")):
            vain = {other for other in own(name, (True,)) if not libraries(other) - libraries(name)}
            assert not vain, name


def test_every_module_has_its_tests() -> None:
    """`tests/ROOM/test_MODULE.py`; or its name stands in backticks in the docstring of a test file of its room."""
    tests = Path(__file__).parent
    first = re.compile(r'\s*"""(.*?)"""', re.DOTALL)
    docstrings = {
        path: found[1] if (found := first.match(path.read_text())) else "" for path in tests.rglob("test_*.py")
    }
    untested = []
    for name in modules():
        *folders, module = name.split(".")
        room = tests / folders[0] if folders else tests
        mirrors = {tests.joinpath(*folders, f"test_{module}.py"), tests.joinpath(*folders, module, f"test_{module}.py")}
        told = re.compile(rf"`([a-z]+\.)*{module or 'gradcalc'}`")
        named = any(told.search(text) for test, text in docstrings.items() if room in test.parents)
        only_text = len(tree(name).body) == 1
        if not (only_text or named or mirrors & set(docstrings)):
            untested.append(name)
    assert not untested


@pytest.mark.parametrize(
    ("library", "importers"),
    [("sympy", {"language.symbolic"}), ("rich", {"show.terminal"}), ("typer", {"cli.app"}), ("prompt_toolkit", {"cli.repl.prompt"})],
)  # fmt: skip
def test_a_library_has_one_door(library: str, importers: set[str]) -> None:
    own = {name: {one for names, *_ in statements(name) for one in names} for name in modules()}
    assert {name for name, names in own.items() if any(one.split(".")[0] == library for one in names)} == importers


def test_the_ops_of_formulas_are_defined_in_the_table() -> None:
    makers = set()
    for name in modules():
        for node in ast.walk(tree(name)):
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
    return set(python(script).splitlines()[-1].split())


HEAVY = {"sympy", "numpy", "scipy", "llvmlite"}


def test_importing_gradcalc_imports_nothing_heavy() -> None:
    assert not (HEAVY | {"typer", "rich", "flint"}) & imported_by("import gradcalc")


@pytest.mark.parametrize("words", [["--version"], ["--help"], ["grad", "--help"]])
def test_version_and_help_import_nothing_heavy(words: list[str]) -> None:
    assert not (HEAVY | {"flint"}) & imported_by(f"from gradcalc.cli import main\nmain({words!r})")


@pytest.mark.parametrize("command", ["grad", "hessian"])
def test_a_scalar_gradient_and_a_small_hessian_import_neither_sympy_nor_numpy(command: str) -> None:
    words = [command, "x**4 + y**2 + 1", "--at", "x=2,y=3"]
    assert not HEAVY & imported_by(f"from gradcalc.cli import main\nmain({words!r})")


def test_without_proofs_flint_is_not_imported() -> None:
    words = ["grad", "x**4 + sin(y)", "--at", "x=2,y=3", "--no-symbolic", "--no-certify", "--json"]
    assert not (HEAVY | {"flint", "rich"}) & imported_by(f"from gradcalc.cli import main\nmain({words!r})")
