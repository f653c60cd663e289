"""The shape of the package: who may import whom, one table, public names, what start-up imports."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import gradcalc
from gradcalc import ops

ROOT = Path(gradcalc.__file__).parent

LAYERS = [
    "errors settings",
    "files",
    "ops",
    "graph",
    "format derive domain",
    "tokens shapes exact",
    "syntax",
    "lower",
    "parse catalogue",
    "arithmetic",
    "arithmetic.marks",
    "arithmetic.reading",
    "arithmetic.balls",
    "arithmetic.floats",
    "arithmetic.arrays arithmetic.definitions eager.nest",
    "arithmetic.native",
    "arithmetic.interpreter",
    "arithmetic.source",
    "eager.tensor",
    "eager.array_ops",
    "eager.elementwise eager.products eager.reductions",
    "eager.linalg",
    "eager.custom",
    "eager.tape",
    "eager.explain eager.functional",
    "eager.taylor",
    "eager",
    "optimize.state optimize.schedules",
    "optimize.optimizers",
    "optimize",
    "nn.activations nn.functional nn.initializers",
    "nn.layer nn.losses",
    "nn.layers nn.convolution nn.weights",
    "nn.normalization",
    "nn.models",
    "nn",
    "tf.defaults",
    "tf.arrays tf.dtypes tf.linalg tf.config tf.debugging tf.nest tf.random",
    "tf.math tf.autodiff",
    "tf.nn",
    "tf.keras.activations tf.keras.initializers tf.keras.layers tf.keras.losses tf.keras.metrics tf.keras.models",
    "tf.keras.utils tf.keras.optimizers.schedules",
    "tf.keras.optimizers",
    "tf.keras",
    "tf",
    "batch.reader batch.footer batch.unfinished",
    "batch.npy",
    "batch.read_csv batch.read_arrow batch.read_numpy batch.writers",
    "batch.columns",
    "batch.batches",
    "batch",
    "latex",
    "report",
    "problem points trace symbolic",
    "symbolic_worker numeric subject",
    "certify",
    "slopes curvature",
    "settle",
    "judge",
    "analysis",
    "calculator kernel",
    "optimize.objective optimize.watch",
    "optimize.first_order optimize.forecast optimize.descent optimize.newton",
    "optimize.methods optimize.trace_file",
    "optimize.plot batch.check",
    "batch.map",
    "optimize.journey",
    "optimize.descend",
    "cli.arguments cli.render cli.progress",
    "cli.render_descent",
    "cli.options",
    "cli.grad cli.hessian cli.functions cli.descend cli.map",
    "cli.app",
    "cli",
    "__main__",
]
RANK = {name: rank for rank, names in enumerate(LAYERS) for name in names.split()}


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


@pytest.mark.parametrize("name", sorted(set(modules()) - {""}))
def test_a_module_imports_only_layers_below_it(name: str) -> None:
    assert name in RANK, f"{name} has no layer yet"
    above = {other for other in imports(modules()[name]) if RANK[other] >= RANK[name]}
    assert not above


def test_every_layer_names_a_module() -> None:
    assert set(RANK) == set(modules()) - {""}


@pytest.mark.parametrize(
    ("library", "importers"),
    [("sympy", {"symbolic"}), ("rich", {"cli.render", "cli.render_descent"}), ("typer", {"cli.app", "cli.options", "cli.grad", "cli.functions", "cli.descend", "cli.map"})],
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
    assert makers == {"ops", "eager.elementwise"}  # those stand for ufuncs that no formula can name
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
