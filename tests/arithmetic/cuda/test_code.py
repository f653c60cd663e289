"""PTX: every op of the table, which function of libdevice it calls, how it rounds; also `libdevice`, where that is."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

import gradcalc
from gradcalc.arithmetic.cuda import code, libdevice
from gradcalc.arithmetic.native.code import llvm
from gradcalc.graph import ops
from gradcalc.graph.graph import Graph
from gradcalc.graph.ops import Op
from tests.graph import STATIC, VALUED


def has_libdevice() -> bool:
    try:
        return bool(libdevice.libdevice())
    except gradcalc.UsageError:
        return False


needs_libdevice = pytest.mark.skipif(not has_libdevice(), reason="libdevice.10.bc of the CUDA toolkit was not found")

REFUSED = {
    "erfi", "digamma", "beta", "betaln", "binomial", "besselj", "bessely", "besseli", "besselk", "airyai",
    "airyaiprime", "airybi", "airybiprime", "lambertw", "zeta", "zeta_derivative", "Ei", "Si", "Ci", "li", "Shi", "Chi",
    "fresnels", "fresnelc", "elliptic_k", "elliptic_e", "expint", "lowergamma", "uppergamma", "gammainc", "gammaincc",
    "hurwitz", "polylog", "polylog_derivative", "struve", "hyp0f1", "hyp2f1",
}  # fmt: skip
CALLS = {
    "sin": "sincos", "cos": "sincos", "sinc": "sincos", "sec": "sincos", "tan": "tan", "exp": "exp", "log": "log",
    "log1p": "log1p", "gamma": "tgamma", "factorial": "tgamma", "lgamma": "lgamma", "norm_ppf": "normcdfinv",
    "erfinv": "erfinv", "gelu": "erfc exp", "hypot": "hypot", "atan2": "atan2", "mod": "fmod", "sigmoid": "exp",
    "softplus": "exp log1p", "cbrt": "cbrt", "acoth": "log1p", "logit": "atanh log log1p", "polygamma": "sincos",
    "tanh": "", "sinh": "", "pow": "", "sqrt": "", "add": "", "xlogy": "", "floor": "", "max": "", "legendre": "",
}  # fmt: skip
"""What ops call of libdevice; the others of the table are not told here."""


def of_op(op: Op) -> tuple[Graph, list[int], int]:
    """A graph of an op, its inputs and its node."""
    graph, fixed = Graph(), STATIC[op.name]
    nodes = [graph.constant(fixed[i]) if i in fixed else graph.input(f"x{i}") for i in range(len(op.operands))]
    return graph, [n for i, n in enumerate(nodes) if i not in fixed], op(*map(graph.ref, nodes)).index


def intermediate(op: Op) -> str:
    graph, inputs, output = of_op(op)
    return code.intermediate(graph, code.Columns(tuple(("f64", (n,)) for n in inputs), ((output,),)))


def test_what_is_refused_of_the_table() -> None:
    refused = {}
    for op in VALUED:
        graph, _, output = of_op(op)
        refused[op.name] = [each.name for each in code.refused(graph, [output])]
    assert {name for name, found in refused.items() if found} == REFUSED
    assert refused["li"] == ["Ei"]
    assert refused["besselk"] == ["besselk"]


@pytest.mark.parametrize("name", CALLS)
def test_which_functions_an_op_calls(name: str) -> None:
    assert sorted(set(re.findall(r"call .*@__nv_(\w+)", intermediate(ops.TABLE[name])))) == CALLS[name].split()


ROUNDED = {"add.rn.f64", "sub.rn.f64", "mul.rn.f64", "div.rn.f64", "sqrt.rn.f64", "fma.rn.f64"}


RUN = [op for op in VALUED if op.name not in REFUSED]


@needs_libdevice
@pytest.mark.parametrize("some", [RUN[i::6] for i in range(6)], ids=lambda some: f"{some[0].name}...")
def test_every_op_comes_out_as_ptx(some: list[Op]) -> None:
    graph = Graph()
    inputs = [graph.input(f"x{i}") for i in range(3)]
    outputs = []
    for op in some:
        fixed = STATIC[op.name]
        nodes = [graph.constant(fixed[i]) if i in fixed else inputs[i] for i in range(len(op.operands))]
        outputs.append(op(*map(graph.ref, nodes)).index)
    columns = code.Columns(tuple(("f64", (n,)) for n in inputs), (tuple(outputs),))
    text = code.assembled(code.intermediate(graph, columns))
    assert ".version 6.0\n.target sm_60\n.address_size 64" in text
    assert ".visible .entry run(" in text
    assert text.count("st.global") == len(some)
    assert ".extern" not in text
    assert set(re.findall(r"\b(?:add|mul|sub|div|sqrt|fma|mad)[.\w]*\.f64\b", text)) <= ROUNDED


def test_nothing_is_fused_and_each_row_is_read_and_written_once() -> None:
    text = gradcalc.compile("x*y + z", order=0, target="cuda").ptx()
    assert (text.count("mul.rn.f64"), text.count("add.rn.f64"), text.count("fma")) == (1, 1, 0)
    assert (text.count("ld.global.nc"), text.count("st.global")) == (3, 1)
    assert "mad.wide.u32" in text or "mul.wide.u32" in text  # rows are counted in 64 bits


@needs_libdevice
def test_sine_and_cosine_of_one_argument_share_its_reduction() -> None:
    for text, order in (("sin(x)", 0), ("sin(x) + cos(x)", 2)):
        ptx = gradcalc.compile(text, order=order, target="cuda").ptx()
        assert ptx.count("call.uni (retval0), __internal_trig_reduction_slowpathd") == 1
    assert gradcalc.compile("sin(x)*cos(y)", target="cuda").ptx().count("__internal_trig_reduction_slowpathd,") == 2


@needs_libdevice
def test_libdevice_has_what_is_called() -> None:
    module = llvm().parse_bitcode(libdevice.libdevice())
    known = {function.name for function in module.functions if not function.is_declaration}
    assert {f"__nv_{name}" for name in {*code.LIKE_C, *code.NAMED.values(), "sincos", "fmod", "pow"}} <= known


@needs_libdevice
@pytest.mark.skipif(not shutil.which("ptxas") and not Path("/usr/local/cuda/bin/ptxas").exists(), reason="no ptxas")
def test_nvidias_assembler_takes_it(tmp_path: Path) -> None:
    assembler = shutil.which("ptxas") or "/usr/local/cuda/bin/ptxas"
    formula = "exp(-x**2/2)*sin(3*y) + log(1 + z**2)*sqrt(x*y) + tanh(x*z)*cos(y - z) + gamma(x) + erfinv(y)"
    (tmp_path / "run.ptx").write_text(gradcalc.compile(formula, order=0, target="cuda").ptx())
    words = [assembler, "-arch=sm_90", str(tmp_path / "run.ptx"), "-o", str(tmp_path / "run.cubin")]
    assert subprocess.run(words, check=False, timeout=60).returncode == 0


def test_libdevice_is_found_where_the_environment_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inside = tmp_path / "nvvm" / "libdevice"
    inside.mkdir(parents=True)
    (inside / "libdevice.10.bc").write_bytes(b"its own")
    monkeypatch.setenv("CUDA_HOME", str(tmp_path))
    assert libdevice.libdevice.__wrapped__() == b"its own"


@pytest.mark.parametrize(
    "place", ["nvidia/cu13/nvvm/libdevice", "nvidia/cuda_nvcc/nvvm/libdevice", "triton/backends/nvidia/lib"]
)
def test_libdevice_is_found_in_packages_or_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str) -> None:
    monkeypatch.setattr(libdevice, "_toolkits", lambda: iter([tmp_path / "toolkit"]))
    monkeypatch.setattr("sys.path", ["", str(tmp_path)])
    with pytest.raises(gradcalc.UsageError, match="pip install .*nvidia-cuda-nvcc"):
        libdevice.libdevice.__wrapped__()
    (tmp_path / place).mkdir(parents=True)
    (tmp_path / place / "libdevice.10.bc").write_bytes(b"of a package")
    assert libdevice.libdevice.__wrapped__() == b"of a package"
