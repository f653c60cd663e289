"""What the base install does alone, and what it says without its extras; run where llvmlite, SciPy and PyArrow are absent.

`.ci/run` makes such an environment: the other tests need the extras.
"""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gradcalc
from gradcalc import nn, tf
from gradcalc.cli import main
from gradcalc.errors import EXTRAS, MissingExtra, installed
from gradcalc.graph import ops

pytestmark = pytest.mark.skipif(any(map(installed, EXTRAS)), reason="libraries of extras are installed")


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        (["grad", "x**4 + y**2 + 1", "--at", "x=2,y=3"], "32"),
        (["grad", "erf(x) + besselj(0, x)", "--at", "x=1"], "agrees"),
        (["hessian", "x**4 + y**2 + 1", "--at", "x=2,y=3"], "48"),
        (["functions"], "sin"),
        (["descend", "(x - 1)**2 + y**2", "--at", "x=3,y=2"], "converged"),
        (["descend", "abs(x) + (y - 1)**2", "--at", "x=3,y=2"], "minimum at a kink"),
        (["descend", "x**2", "--at", "x=1", "--lr", "0.1"], "converged"),
        (["descend", "x**2", "--at", "x=1", "--optimizer", "adam"], "x"),
    ],
)
def test_the_calculator_works(capfd: pytest.CaptureFixture[str], words: list[str], shown: str) -> None:
    assert main(words) == 0
    assert shown in capfd.readouterr().out


def test_auto_takes_its_own_method_for_many_variables() -> None:
    found = gradcalc.descend("sum((x - 1)^2 + x^4)", {"x": [3.0] * 300})
    assert (found.status, found.optimizer) == ("converged", "l-bfgs")
    assert any("SciPy, which is not installed" in note.message for note in found.notes)


def test_rows_are_summed_and_large_formulas_run() -> None:
    rows = np.linspace(0, 1, 60_000)
    assert gradcalc.descend("(a - k)**2", {"a": 5.0}, data={"k": rows}).at["a"] == pytest.approx(0.5)
    assert gradcalc.descend("sum(i=1..6000, (x - i/6000)^2)", {"x": 5.0}).at["x"] == pytest.approx(0.5, abs=1e-3)


def test_rows_come_from_text_and_numpys_files(tmp_path: Path) -> None:
    rows = tmp_path / "rows.csv"
    rows.write_text("k\n1\n2\n6\n")
    assert gradcalc.descend("(a - k)**2", {"a": 5.0}, data=str(rows)).at["a"] == pytest.approx(3)


def test_the_tape_and_its_layers_work() -> None:
    with gradcalc.GradientTape() as tape:
        x = gradcalc.Variable(np.array([1.0, 2.0]))
        z = np.sum(np.sin(x) ** 2)
    np.testing.assert_allclose(tape.gradient(z, x), np.sin([2.0, 4.0]))
    model = nn.Sequential([nn.Dense(3, activation="relu"), nn.Dense(1)])
    assert model(np.ones((2, 2))).shape == (2, 1)
    assert float(tf.reduce_sum(tf.constant([1.0, 2.0]))) == 3.0


@pytest.mark.parametrize(
    ("formula", "function"),
    [
        ("erf(x)", lambda x: ops.erf(x)),
        ("gelu(x)", lambda x: nn.activations.gelu(x)),
        ("x * erf(x / sqrt(2)) / 2 + x / 2", lambda x: tf.nn.gelu(x)),
        ("lgamma(x)", lambda x: tf.math.lgamma(x)),
        ("digamma(x)", lambda x: tf.math.digamma(x)),
    ],
)
def test_special_functions_are_derived_on_the_tape(formula: str, function: Callable[[Any], Any]) -> None:
    points = [0.5, 1.5, 3.0]
    x = gradcalc.Variable(np.array(points))
    with gradcalc.GradientTape() as tape:
        y = function(x)
    exact = [gradcalc.differentiate(formula, {"x": point}) for point in points]
    np.testing.assert_allclose(np.asarray(y), [report.value for report in exact], rtol=1e-14)
    np.testing.assert_allclose(tape.gradient(y, x), [report.gradient["x"] for report in exact], rtol=1e-13)


def test_a_layer_with_gelu_learns() -> None:
    model = nn.Sequential([nn.Dense(4, activation="gelu"), nn.Dense(1)])
    rows = np.linspace(-1.0, 1.0, 6).reshape(3, 2)
    with gradcalc.GradientTape() as tape:
        loss = np.sum(np.square(model(rows) - 1.0))
    gradients = tape.gradient(loss, model.trainable_variables)
    before = float(loss)
    gradcalc.optimize.SGD(0.01).apply_gradients(zip(gradients, model.trainable_variables, strict=True))
    assert len(gradients) == 4 and all(np.any(gradient) for gradient in gradients)
    assert float(np.sum(np.square(model(rows) - 1.0))) < before


@pytest.mark.parametrize("json", [False, True])
@pytest.mark.parametrize(
    ("words", "extra"),
    [
        (["descend", "x**2", "--at", "x=1", "--optimizer", "bfgs"], "fast"),
        (["descend", "x**2", "--at", "x=1", "--plot", "path.png"], "plot"),
        (["map", "x**2", "points.csv", "-o", "out.csv"], "fast"),
        (["map", "x**2", "points.csv", "-o", "out.parquet"], "data"),
        (["map", "x**2", "points.csv", "-o", "out.csv", "--keep", "x"], "data"),
    ],
)
def test_a_missing_extra_is_named(
    capfd: pytest.CaptureFixture[str], words: list[str], extra: str, json: bool,
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    Path("points.csv").write_text("x\n1\n")
    assert main([*words, *(["--json"] if json else [])]) == 2
    said = "".join(capfd.readouterr())
    assert f"gradcalc[{extra}]" in said and sys.executable in said and "which is not installed" in said


def test_a_kernel_needs_the_extra_and_star_imports_do_not() -> None:
    exec("from gradcalc import *", {})
    with pytest.raises(MissingExtra, match="native code needs llvmlite"):
        gradcalc.compile("x**2")


def test_manual_and_completion_are_installed() -> None:
    share = Path(sys.prefix, "share")
    assert "gradcalc hessian" in share.joinpath("man/man1/gradcalc-hessian.1").read_text()
    assert share.joinpath("bash-completion/completions/gradcalc").exists()
    assert share.joinpath("zsh/site-functions/_gradcalc").exists()
    assert share.joinpath("fish/vendor_completions.d/gradcalc.fish").exists()
