"""Functions of other languages, compiled, run and compared; a file with a wrong op fails its own test. And `probes`.

One call of gcc, of g++, of node for all formulas.
"""

import ctypes
import json
import math
import pickle
import re
import shutil
import subprocess
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gradcalc
from gradcalc.errors import UsageError
from gradcalc.language.targets import source as targets
from gradcalc.truth.questions.export import Export, export

CORPUS = Path(__file__).parents[2] / "corpora" / "feynman.jsonl"
needs_gcc = pytest.mark.skipif(not shutil.which("gcc"), reason="gcc is not installed")
needs_node = pytest.mark.skipif(not shutil.which("node"), reason="node is not installed")

FORMULAS = [
    "x-(y-z)-(x-y)", "-x^2 + 2^-y", "x/(y/z)/x", "-(x*y)^3/-z", "x^70*y^-65", "(x+y)^(z/3) + x^0.5", "2^x^y",
    "abs(x-y)*relu(z-1) + max(x, y, z)^2 + min(x, y*z)", "where(x > y, log(x), x*y) + where(x > 1 and not (y > 2), sqrt(x), 3)",
    "clip(x*y, 0, 2) + sign(x)*heaviside(y)*z", "erf(x)*gamma(y) + erfc(z)", "lgamma(x)*digamma(y + 1)", "beta(x, y)",
    "atan2(y, x) + hypot(x, y, z)", "round(2*x)/2 + mod(-x, 0.75) + floor(y)*ceil(z)", "softplus(x)*gelu(y) + sigmoid(z)",
    "expm1(x)*log1p(y)*cbrt(z) + exp2(x) + log2(y) + log10(z)", "sinh(x)+cosh(y)*tanh(z)+asinh(x)+atanh(y/9)+acosh(z+1)",
    "asin(x/9)*acos(y/9)*atan(z) + sec(x/9)*csc(y)*cot(z)", "piecewise((x, x < 1), (x^2, x < 2), (y, true))",
    "1e300*x/1e300 + pi*y + 2*E*z + 1/3", "sum(k=1..4, x^k/k!)", "norm_cdf(x - y)*logsumexp(x, y, z)", "sinc(x)*x^3", "7", "x",
    "exp(-((x - 0.5)^2)/2)/sqrt(2*pi)",
]  # fmt: skip


def of(text: str, to: str, name: str, order: int = 2, test: bool = True) -> Export:
    return export(text, to, order, name, test=test)


def library(folder: Path, sources: Sequence[str], compiler: str = "gcc", suffix: str = "c") -> ctypes.CDLL:
    """All sources as one library; each with a `main` of its own, which is called `main0`, `main1`, ..."""
    text = "".join(f"#define main main{i}\n{source}\n#undef main\n" for i, source in enumerate(sources))
    (folder / f"all.{suffix}").write_text(
        '#include <math.h>\n#ifdef __cplusplus\n#define extern_c extern "C"\n#endif\n' + text
    )
    words = [compiler, "-O0", "-w", "-shared", "-fPIC", "-o", f"all-{suffix}.so", f"all.{suffix}", "-lm"]
    subprocess.run(words, cwd=folder, check=True, timeout=120)
    return ctypes.CDLL(str(folder / f"all-{suffix}.so"))


def called(function: Any, at: Sequence[float]) -> tuple[float, list[float], list[float]]:
    """A C function's answer."""
    n = len(at)
    value, gradient, hessian = ctypes.c_double(7), (ctypes.c_double * n)(), (ctypes.c_double * (n * n))()
    function((ctypes.c_double * n)(*at), ctypes.byref(value), gradient, hessian)
    return value.value, list(gradient), list(hessian)


@needs_gcc
def test_c_is_right_by_its_own_test_and_fails_it_where_an_op_is_another(tmp_path: Path) -> None:
    right = [of(text, "c", f"f{i}").source for i, text in enumerate(FORMULAS)]
    wrong = list(mutants("x-(y-z) + sin(x)*cos(y)/(1.5 + y^2) + abs(x*y) + where(x > y, 2*x, z*x)", "c"))
    lib = library(tmp_path, [*right, *wrong])
    codes = [getattr(lib, f"main{i}")() for i in range(len(right) + len(wrong))]
    assert {text: code for text, code in zip(FORMULAS, codes, strict=False) if code} == {}
    assert len(wrong) > 30 and set(codes[len(right) :]) == {1}


@needs_gcc
def test_c_divides_where_a_reciprocal_would_be_lost(tmp_path: Path) -> None:
    text = "x^3/(x^2+y^2) + x*y/(x^2+y^2)"
    right, wrong = of(text, "c", "f0").source, of(text, "c", "f1").source
    assert "f0_over(" in right
    lib = library(tmp_path, [right, wrong.replace("? a * r : a / d", "? a * r : a * r")])
    assert [lib.main0(), lib.main1()] == [0, 1]


SWAPS = ((" + ", " - "), (" - ", " + "), (" * ", " + "), (" / ", " * "), ("sin(", "cos("), ("cos(", "sin("), ("= -", "= "), (" ? ", " == 0 ? "),
         ("1.5", "1.50001"), ("2.0 *", "2.0001 *"))  # fmt: skip


def mutants(text: str, to: str) -> list[str]:
    """A file with one line of its function changed, for each line and each way."""
    plain = of(text, to, "g")
    lines = plain.source.splitlines()
    found = []
    start = next(i for i, line in enumerate(lines) if line.startswith("void g("))
    for number, line in enumerate(lines[start:], start):
        code, mark, comment = line.partition("  /*")
        for one, other in SWAPS:
            if re.match(r" +const (double|int) v", code) and one in code:
                changed = code.replace(one, other, 1) + mark + comment
                name = f"g{len(found)}m"
                whole = "\n".join([*lines[:number], changed, *lines[number + 1 :]])
                found.append(re.sub(r"\bg(?=\(|_)", name, whole))
    return found


@needs_gcc
def test_sixty_formulas_of_physics_have_the_values_of_the_corpus(tmp_path: Path) -> None:
    rows = [json.loads(line) for line in CORPUS.read_text().splitlines()]
    made = [of(row["expr"], "c", f"f{i}", test=False) for i, row in enumerate(rows)]
    lib = library(tmp_path, [each.source for each in made])
    for i, (row, each) in enumerate(zip(rows, made, strict=True)):
        order = [each.variables.index(name) for name in row["vars"]]
        for point in row["points"][:2]:
            value, gradient, hessian = called(getattr(lib, f"f{i}"), [point["x"][name] for name in each.variables])
            n = len(order)
            upper = [hessian[order[a] * n + order[b]] for a in range(n) for b in range(a, n)]
            lower = [hessian[order[b] * n + order[a]] for a in range(n) for b in range(a, n)]
            wanted = list(map(float, point["hess_upper"]))
            assert value == pytest.approx(float(point["value"]), rel=1e-14), row["id"]
            assert [gradient[a] for a in order] == pytest.approx(list(map(float, point["grad"])), rel=1e-13), row["id"]
            size = max(map(abs, wanted), default=0.0)
            assert upper == lower == pytest.approx(wanted, rel=1e-12, abs=1e-14 * size), row["id"]


@cache
def scope(text: str, to: str) -> dict[str, Any]:
    """What a Python file defines."""
    names: dict[str, Any] = {"__name__": "imported"}
    exec(compile(of(text, to, "f").source, "f.py", "exec"), names)
    return names


@pytest.mark.parametrize("text", FORMULAS)
def test_python_and_numpy_are_right_by_their_own_tests(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    for to in ("python", "numpy"):
        assert scope(text, to)["f_test"]() == 0, capsys.readouterr().out


def test_a_python_file_with_another_op_fails() -> None:
    names: dict[str, Any] = {"__name__": "imported"}
    exec(of("x*y + x", "python", "f").source.replace("v1 + x", "v1 - x"), names)
    assert names["f_test"]() > 0


@needs_node
def test_javascript_is_right_by_its_own_test(tmp_path: Path) -> None:
    for i, text in enumerate(FORMULAS):
        (tmp_path / f"f{i}.js").write_text(of(text, "js", "f").source)
    (tmp_path / "wrong.js").write_text(of("x*y + x", "js", "f").source.replace("v1 + x", "v1 - x"))
    script = (
        "const M = require('module'), codes = [];\n"
        f"for (const name of [...Array({len(FORMULAS)}).keys()].map(i => `./f${{i}}.js`).concat('./wrong.js')) {{\n"
        "  process.exitCode = 0; M._load(name, null, true); codes.push(process.exitCode);\n}\n"
        "process.exitCode = 0; const {f} = require('./f1.js'), found = f([2, 1, 1]);\n"
        "console.log(JSON.stringify([codes, found, found.gradient, Object.keys(require('./f1.js'))]));"
    )
    (tmp_path / "all.js").write_text(script)
    ran = subprocess.run(["node", "all.js"], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=True)
    codes, found, gradient, names = json.loads(ran.stdout.splitlines()[-1])
    assert codes == [0] * len(FORMULAS) + [1], ran.stdout
    assert found[0] == -3.5 and found[1] == gradient and gradient[0] == -4 and names == ["f"]


def test_what_is_not_asked_for_is_none() -> None:
    names: dict[str, Any] = {}
    exec(of("x^2", "python", "f", 0, test=False).source, names)
    assert names["f"](3.0) == (9.0, None, None)
    exec(of("x^2", "python", "f", 1, test=False).source, names)
    assert names["f"](3.0) == (9.0, [6.0], None)


def test_numpy_works_element_by_element_and_broadcasts() -> None:
    names: dict[str, Any] = {}
    exec(of("x^2*y + 3", "numpy", "f", test=False).source, names)
    value, gradient, hessian = names["f"](np.array([1.0, 2.0, 3.0]), np.array([[1.0], [2.0]]))
    assert value.shape == (2, 3) and gradient.shape == (2, 2, 3) and hessian.shape == (2, 2, 2, 3)
    assert (
        value[1, 2] == 21 and gradient[:, 1, 2].tolist() == [12, 9] and hessian[:, :, 1, 2].tolist() == [[4, 6], [6, 0]]
    )
    assert names["f"](2.0, 1.0)[0] == 7.0 and names["f"](np.zeros(0), 1.0)[1].shape == (2, 0)


KINKS = [
    ("abs(x)", [0.0], 0.0, [0.0]),
    ("max(x, y)", [1.0, 1.0], 1.0, [0.5, 0.5]),
    ("where(x > 0, log(x), x)", [-1.0], -1.0, [1.0]),
    ("where(x > 0, sqrt(x), 0)", [-1.0], 0.0, [0.0]),
    ("relu(x)*exp(1000)", [0.0], math.nan, [0.0]),
    ("log(x)", [-1.0], math.nan, [-1.0]),
    ("1/x", [0.0], math.inf, [-math.inf]),
    ("x^-3", [0.0], math.inf, [-math.inf]),
    ("laguerre(0, x)*x", [2.0], 2.0, [1.0]),
    ("exp(x)", [1000.0], math.inf, [math.inf]),
]


@pytest.mark.parametrize(("text", "at", "value", "gradient"), KINKS)
def test_kinks_and_what_is_not_chosen_are_as_ours(
    text: str, at: list[float], value: float, gradient: list[float]
) -> None:
    for to in ("python", "numpy"):
        names: dict[str, Any] = {}
        exec(of(text, to, "f", 1, test=False).source, names)
        found = names["f"](*at)
        assert (found[0], *found[1]) == pytest.approx((value, *gradient), nan_ok=True), to


def test_arrays_are_flattened_row_by_row_in_the_order_that_is_told() -> None:
    made = export("sum(A @ b) + c", "python", 1, "f", at={"A": [[1, 2], [3, 4]], "b": [5, 6], "c": 1})
    assert made.to_dict()["variables"] == ["A[0,0]", "A[0,1]", "A[1,0]", "A[1,1]", "b[0]", "b[1]", "c"]
    assert made.to_dict()["shapes"] == {"A": [2, 2], "b": [2]}
    names: dict[str, Any] = {}
    exec(made.source, names)
    assert names["f"](1, 2, 3, 4, 5, 6, 1)[:2] == (57.0, [5.0, 6.0, 5.0, 6.0, 4.0, 6.0, 1.0])


def test_wrt_chooses_and_orders_the_first_arguments() -> None:
    made = export("x*y^2*z", "python", 2, "f", wrt="z,x")
    assert made.variables == ("z", "x", "y") and made.wrt == ("z", "x")
    names: dict[str, Any] = {}
    exec(made.source, names)
    assert names["f"](2.0, 3.0, 5.0) == (150.0, [75.0, 50.0], [[0.0, 25.0], [25.0, 0.0]])


def test_given_points_are_in_the_test_and_those_without_value_are_told() -> None:
    made = export("log(x)", "c", 1, at=[{"x": 2}, {"x": -1}], test=True)
    assert made.points[0] == {"x": 2.0} and len(made.points) >= 6 and "1 of the points" in made.aside
    with pytest.raises(UsageError, match="no point was found"):
        export("log(-1 - x^2)", "c", test=True)


def test_points_see_every_branch() -> None:
    made = export("where(x > 20, x^2, where(x < -20, 3*x, x^3))", "c", 1, test=True)
    assert {(x > 20) - (x < -20) for x in (point["x"] for point in made.points)} == {-1, 0, 1}


@pytest.mark.parametrize("to", ["python", "numpy"])
def test_a_program_that_is_cut_is_right(to: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(targets, "LONGEST", 10)
    monkeypatch.setattr(targets, "PART", 7)
    names: dict[str, Any] = {"__name__": "imported"}
    exec(of("sin(x*y)*exp(y) + where(x > y, x*z, y/z) + 3", to, "f").source, names)
    assert "f_part3" in names and names["f_test"]() == 0


def test_what_a_language_lacks_is_refused_by_name() -> None:
    assert "jn(0, " in of("besselj(0, x)", "c", "f", 1, test=False).source
    assert " = -jn(1, " in of("besselj(0, x)", "cuda", "f", 1, test=False).source  # CUDA's has no negative orders
    for to in ("python", "js", "c"):
        with pytest.raises(UsageError, match="airyai"):
            export("airyai(x)", to)
    with pytest.raises(UsageError, match="besselj: not available in Python"):
        export("besselj(0, x)", "python", 0)


def test_an_answer_pickles_shows_itself_and_is_saved(tmp_path: Path) -> None:
    made = gradcalc.export("x < 1 ? x : 2", "c", 1)
    assert pickle.loads(pickle.dumps(made)) == made
    assert "&lt;" in made._repr_html_() and made.drawn("terminal") == made.source
    made.save(tmp_path / "f.c")
    assert (tmp_path / "f.c").read_text() == made.source
