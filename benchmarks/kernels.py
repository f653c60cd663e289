"""Kernels beside peers: a formula and its three derivatives over a million points, compile times, and one point.

Every peer starts from the formula as SymPy has it (gradcalc and JAX from its text) and gives value and gradient in
float64, with inputs already in the peer's own arrays. The copy moves as many bytes as a kernel reads and writes.
"""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any
from unittest import mock

import numpy as np

import gradcalc
from benchmarks.large import ROSENBROCK
from benchmarks.tables import NOT_INSTALLED, measure, once, peer, seconds, table, turns
from gradcalc.arithmetic.native import kernel as kernels

FORMULAS = {
    "polynomial": "100*(y-x**2)**2+(1-x)**2+100*(z-y**2)**2+(1-y)**2",
    "functions": "exp(-x**2/2)*sin(3*y)+log(1+z**2)*sqrt(x*y)+tanh(x*z)*cos(y-z)",
}
MORE = (
    "4*((x**2+y**2+z**2)**-6 - (x**2+y**2+z**2)**-3)",
    "log(1+exp(-(x*y+z)))",
    "(x*y+z)/(1+x**2+y**2) + z/(x+y) - 1/(x*z)",
    "x**7+y**5*z**6-x**10/y**3",
    "x**1.5*y**0.7+z**(x*y)",
    "sqrt((x-1.5)**2+(y+.5)**2) + x**2.5*y**(-1.3)*exp(-x*z)",
    "sqrt((x-1)**2+y**2)+sqrt((y-2)**2+z**2)+sqrt(x**2+z**2)",
    "tanh(x*tanh(y*tanh(z*x)+1)-z)",
)
NAMES = ("x", "y", "z")
ROWS = 1_000_000
CORES = os.cpu_count() or 1
CHAIN = 10_000

Array = np.ndarray[Any, Any]
Run = Callable[[], Any]


def run() -> None:
    """Print the tables."""
    points = np.random.default_rng(0).uniform(0.1, 2.0, (len(NAMES), ROWS))
    gradcalc.compile("x")(x=1.0)  # llvmlite is imported
    for name, text in FORMULAS.items():
        _throughput(name, text, points)
    _more(points)
    _goals(points)
    _compile_times()
    _one_point()
    _chain()


# -- many points -------------------------------------------------------------------------------------------------------


def _throughput(name: str, text: str, points: Array) -> None:
    x, y, z = points
    call = partial(gradcalc.compile(text), x=x, y=y, z=z)
    expected = call()
    ours = measure(call, 1.0).best
    with mock.patch("os.cpu_count", lambda: 1):
        alone = measure(call, 1.0).best
    found: dict[str, float | None] = {f"gradcalc, {CORES} cores": ours, "gradcalc, 1 core": alone}
    found |= {f"copy of the same bytes, {label}": took for label, took in _copies().items()}
    for label, build in PEERS.items():
        action = build(text, points)
        if action is not None:
            _check(label, action(), expected)
        found[label] = None if action is None else measure(action, 1.0).best
    rows = [
        (label, NOT_INSTALLED, "", "") if took is None
        else (label, seconds(took), f"{took / ROWS * 1e9:.3g} ns", f"{took / ours:.2f}")
        for label, took in found.items()
    ]  # fmt: skip
    title = f"Value and 3 derivatives of `{text}` ({name}), {ROWS:,} points, float64"
    table(title, ("", "all points", "a point", f"ratio to gradcalc, {CORES} cores"), rows)


def _more(points: Array) -> None:
    """More formulas, beside the fast peers: ratios alone."""
    rows = []
    for text in MORE:
        call = partial(gradcalc.compile(text), **dict(zip(NAMES, points, strict=True)))
        expected, ours = call(), measure(call, 0.5).best
        cells = []
        for label in FAST:
            action = PEERS[label](text, points)
            if action is not None:
                _check(label, action(), expected)
            cells.append(NOT_INSTALLED if action is None else f"{measure(action, 0.5).best / ours:.1f}")
        rows.append((text, f"{ours / ROWS * 1e9:.2g} ns", *cells))
    title = f"Value and 3 derivatives, {ROWS:,} points: peers as ratios to gradcalc, {CORES} cores"
    table(title, ("", "gradcalc", *FAST), rows)


def _goals(points: Array) -> None:
    """What is asked for today, in processor time: 8 x JAX where functions are computed, 1.4 x a copy where memory ends.

    A formula is bound by memory where it takes less than twice the time of a copy.
    """
    rows, columns = [], np.ones(7 * ROWS // 2)
    for text in (*FORMULAS.values(), *MORE):
        actions: dict[str, Run] = {"gradcalc": partial(gradcalc.compile(text), **dict(zip(NAMES, points, strict=True)))}
        other = _jax(text, points)
        took = turns({**actions, "copy": columns.copy, **({"JAX": other} if other else {})})
        ours = took["gradcalc"]
        ratios = [f"{took['JAX'] / ours:.1f}" if other else NOT_INSTALLED, f"{ours / took['copy']:.1f}"]
        rows.append((text, *(f"{1e9 * seconds / ROWS:.1f} ns" for seconds in (ours, took["copy"])), *ratios))
    title = f"Value and 3 derivatives, {ROWS:,} points: processor time a point (goals: 8 x JAX, or 1.4 x a copy)"
    table(title, ("", "gradcalc", "copy of the same bytes", "JAX / gradcalc", "gradcalc / copy"), rows)


def _check(label: str, given: Any, expected: Any) -> None:
    """A peer that computes something else is no peer."""
    first = np.asarray(given[0]).ravel()
    np.testing.assert_allclose(first[:1000], expected.value[:1000], rtol=1e-9, err_msg=label)


def _copies() -> dict[str, float]:
    """Three columns read and four written are as many bytes as three and a half columns copied."""
    columns = np.ones(7 * ROWS // 2)
    parts = [slice(i * len(columns) // CORES, (i + 1) * len(columns) // CORES) for i in range(CORES)]
    with ThreadPoolExecutor(CORES) as pool:

        def copy() -> None:
            result = np.empty_like(columns)
            list(pool.map(lambda part: np.copyto(result[part], columns[part]), parts))

        return {f"{CORES} threads": measure(copy, 0.5).best, "1 thread": measure(columns.copy, 0.5).best}


def _jax(text: str, points: Array) -> Run | None:
    jax = peer("jax")
    if jax is None:
        return None
    function = _jax_function(jax, text)
    columns = [jax.numpy.asarray(column) for column in points]

    def action() -> Any:
        value, slopes = function(*columns)
        slopes[-1].block_until_ready()
        return value, *slopes

    return action


def _jax_function(jax: Any, text: str) -> Any:
    jax.config.update("jax_enable_x64", True)
    formula = eval(f"lambda {', '.join(NAMES)}: {text}", vars(jax.numpy) | {})
    return jax.jit(jax.vmap(jax.value_and_grad(formula, argnums=(0, 1, 2))))


def _symbolic(text: str) -> tuple[list[Any], list[Any]]:
    """The variables, and value and derivatives, as SymPy has them."""
    import sympy

    variables = list(sympy.symbols(NAMES, real=True))
    value = sympy.sympify(text, locals=dict(zip(NAMES, variables, strict=True)))
    return variables, [value, *(value.diff(v) for v in variables)]


def _sympy(text: str, points: Array) -> Run:
    import sympy

    return partial(sympy.lambdify(*_symbolic(text), "numpy", cse=True), *points)


def _numba(parallel: bool, text: str, points: Array) -> Run | None:
    """SymPy's common subexpressions as a loop over rows."""
    numba = peer("numba")
    if numba is None:
        return None
    import sympy

    variables, outputs = _symbolic(text)
    shared, reduced = sympy.cse(outputs)
    lines = ["def function(columns, result):", "    for i in loop(columns.shape[1]):"]
    lines += [f"        {v} = columns[{k}, i]" for k, v in enumerate(variables)]
    lines += [f"        {name} = {sympy.pycode(part)}" for name, part in shared]
    lines += [f"        result[{k}, i] = {sympy.pycode(part)}" for k, part in enumerate(reduced)]
    import math

    names: dict[str, Any] = {"math": math, "loop": numba.prange if parallel else range}
    exec("\n".join(lines), names)
    function = numba.njit(parallel=parallel, error_model="numpy")(names["function"])

    def action() -> Array:
        result = np.empty((len(outputs), points.shape[1]))
        function(points, result)
        return result

    return action


def _casadi(text: str, points: Array) -> Run | None:
    casadi = peer("casadi")
    if casadi is None:
        return None
    function = _casadi_function(casadi, text).map(ROWS, "thread", CORES)
    return partial(function, *(casadi.DM(column).T for column in points))


def _casadi_function(casadi: Any, text: str) -> Any:
    symbols = {name: casadi.SX.sym(name) for name in NAMES}
    value = eval(text, {name: getattr(casadi, name) for name in ("exp", "log", "sin", "cos", "sqrt", "tanh")} | symbols)
    return casadi.Function("f", list(symbols.values()), [value, *(casadi.gradient(value, v) for v in symbols.values())])


def _symengine(text: str, points: Array) -> Run | None:
    symengine = peer("symengine")
    if symengine is None or not symengine.have_llvm:
        return None
    variables, outputs = _symbolic(text)
    function = symengine.Lambdify(variables, outputs, backend="llvm", cse=True)
    rows = np.ascontiguousarray(points.T)
    return lambda: function(rows).T


PEERS: dict[str, Callable[[str, Array], Run | None]] = {
    "JAX jit(vmap(value_and_grad))": _jax,
    "SymPy lambdify(cse=True)": _sympy,
    "Numba, SymPy's cse, all cores": partial(_numba, True),
    "Numba, SymPy's cse, 1 core": partial(_numba, False),
    "CasADi map, all cores": _casadi,
    "symengine LLVM, 1 core": _symengine,
}
FAST = ("JAX jit(vmap(value_and_grad))", "Numba, SymPy's cse, all cores", "symengine LLVM, 1 core")


# -- compiling, and one point ------------------------------------------------------------------------------------------


def _compile_times() -> None:
    """From the text to the first answer, for eight rows; what is imported is imported."""
    rows = []
    few = np.full(8, 0.5)
    jax = peer("jax")
    for name, text in FORMULAS.items():

        def ours(text: str = text) -> None:
            kernels.shared.codes.clear()
            gradcalc.compile(text)(x=few, y=few, z=few)

        def theirs(text: str = text) -> None:
            _jax_function(jax, text)(few, few, few)

        took = once(ours, 5)[0]
        other = None if jax is None else once(theirs, 5)[0]
        cells = [NOT_INSTALLED, ""] if other is None else [seconds(other), f"{other / took:.1f}"]
        rows.append((name, seconds(took), *cells))
    table("From the text to the first answer (goal: 60 ms, a tenth of JAX's)", ("", "gradcalc", "JAX", "ratio"), rows)


def _one_point() -> None:
    """A call for one point; what the call costs beyond the work is what it takes for a formula without work."""
    rows = []
    for name, text in {"x + y + z: no work": "x + y + z", **FORMULAS}.items():
        ours = measure(partial(gradcalc.compile(text).point, 0.5, 0.7, 0.9)).best
        casadi = peer("casadi")
        cells = [NOT_INSTALLED, ""]
        if casadi is not None:
            other = measure(partial(_casadi_function(casadi, text), 0.5, 0.7, 0.9)).best
            cells = [seconds(other), f"{other / ours:.1f}"]
        rows.append((name, seconds(ours), *cells))
    table("Value and gradient at one point (goal: 3 µs beyond the work)", ("", "gradcalc", "CasADi", "ratio"), rows)


def _chain() -> None:
    """Chained Rosenbrock at one point, beside CasADi's interpreter of SX."""
    casadi, at = peer("casadi"), np.linspace(0.5, 1.5, CHAIN)
    rows = []
    for order, name in ((1, "value and gradient"), (2, "value, gradient and Hessian")):
        made, kernel = once(partial(gradcalc.compile, ROSENBROCK, order=order, shapes={"x": CHAIN}), 1)
        first = once(partial(kernel.at, at), 1)[0]
        took = measure(partial(kernel.at, at), 0.5, 3).best
        cells = [NOT_INSTALLED, ""]
        if casadi is not None:
            other = measure(_chain_of_casadi(casadi, order, at)).best
            cells = [seconds(other), f"{other / took:.2f}"]
        rows.append((name, seconds(made), seconds(first), seconds(took), *cells))
    title = f"Chained Rosenbrock, n = {CHAIN:,}, one point: each call after the first (goal: as fast as CasADi)"
    table(title, ("", "derived", "first call", "gradcalc", "CasADi Function on SX", "ratio"), rows)


def _chain_of_casadi(casadi: Any, order: int, at: Array) -> Run:
    x = casadi.SX.sym("x", len(at))
    value = casadi.sum1(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)
    outputs = [value, casadi.gradient(value, x)]
    if order == 2:
        outputs.append(casadi.tril(casadi.hessian(value, x)[0]))
    return partial(casadi.Function("f", [x], outputs), casadi.DM(at))
