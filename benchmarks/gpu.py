"""Kernels on a card: are they right, who lends them arrays, how fast are they beside a copy, JAX and PyTorch.

`python -m benchmarks.gpu [FOLDER]` on a machine with an NVIDIA card, PyTorch, and what else is to be compared; it prints
tables, and writes them to FOLDER/gpu.md and its figures to FOLDER/gpu.json. Without a card it says why it does nothing.

Right is what balls say: errors are in ulps of the nearest double, where the problem is well conditioned (`accuracy`).
"""

import itertools
import json
import os
import random
import statistics
import sys
import threading
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from flint import arb

import gradcalc
from benchmarks.accuracy import BALLS, expectations
from benchmarks.kernels import FORMULAS, NAMES
from benchmarks.peers import traced
from benchmarks.tables import peer
from gradcalc.arithmetic.cuda import code
from gradcalc.arithmetic.cuda.driver import driver
from gradcalc.arithmetic.cuda.kernel import CudaKernel
from gradcalc.arithmetic.digits import nearest_double
from gradcalc.arithmetic.native.kernel import Kernel
from gradcalc.errors import GradcalcError
from gradcalc.graph import ops
from gradcalc.graph.derive import gradient, hessian
from gradcalc.graph.graph import Graph
from gradcalc.graph.ops import Op

ROWS = 1 << 26
WIDE = 100_000
"""Rows on which the card's bits are compared with the processor's."""
POINTS = 200
"""Rows of an op, and `PER_FORMULA` of a formula, that are compared with balls."""
PER_FORMULA = 20
REPEATS, LAUNCHES = 7, 20
MANY = 60
"""Random formulas."""
USED = ("exp", "log", "sin", "cos", "sqrt", "tanh")
"""Functions in the formulas that are timed."""

Array = np.ndarray[Any, Any]
Lines = list[str]


def main(folder: Path | None = None) -> int:
    """Measure and print; the folder gets both files."""
    reason = missing()
    if reason:
        print(f"skipped: {reason}")
        return 0
    found: dict[str, Any] = {"card": card()}
    parts = (_ops, _special, _formulas, _loans, _speed)
    for part in parts:
        started = time.perf_counter()
        try:
            found[part.__name__[1:]] = part()
        except Exception as error:  # noqa: BLE001 - the other parts are worth their time on a card
            found[part.__name__[1:]] = {"failed": f"{type(error).__name__}: {error}"}
        print(f"{part.__name__[1:]}: {time.perf_counter() - started:.1f} s", flush=True)
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "gpu.json").write_text(json.dumps(found, indent=1), encoding="utf-8")
            (folder / "gpu.md").write_text(told(found), encoding="utf-8")
    print(told(found))
    return 0


def missing() -> str:
    """Why nothing can be measured; empty if all is there."""
    try:
        driver()
    except GradcalcError as error:
        return error.message
    torch = peer("torch")
    return "" if torch is not None and torch.cuda.is_available() else "arrays on the card come from PyTorch, not here"


def card() -> str:
    """What the figures were measured on."""
    torch = peer("torch")
    return f"{torch.cuda.get_device_name()}, PyTorch {torch.__version__}, NumPy {np.__version__}"


def to_card(array: Array) -> Any:
    return peer("torch").from_numpy(np.ascontiguousarray(array)).cuda()


def from_card(array: Any) -> Array:
    found: Array = peer("torch").from_dlpack(array).cpu().numpy()
    return found


# -- right -------------------------------------------------------------------------------------------------------------

Problem = tuple[Graph, list[int], list[int], list[int]]
"""A graph, its inputs, its outputs, and the order of each."""


def _differentiated(graph: Graph, output: int, inputs: list[int], order: int) -> Problem:
    outputs, orders = [output], [0]
    if order:
        firsts = gradient(graph, output, inputs)
        outputs, orders = outputs + firsts, orders + [1] * len(firsts)
    if order == 2:
        entries = hessian(graph, firsts, inputs)
        seconds = [entries[place] for place in entries if place[0] >= place[1]]
        outputs, orders = outputs + seconds, orders + [2] * len(seconds)
    return graph, inputs, outputs, orders


def _of_op(op: Op, order: int) -> Problem:
    graph = Graph()
    nodes = [
        graph.constant(int(op.samples[i][0])) if not op.variadic and op.rules[i] is None else graph.input(f"x{i}")
        for i in range(len(op.operands))
    ]
    inputs = [index for index in nodes if graph.nodes[index][0] is not ops.const]
    return _differentiated(graph, op(*map(graph.ref, nodes)).index, inputs, order)


def _both(problem: Problem, columns: Sequence[Array]) -> tuple[Array, Array]:
    """All outputs by the card and by the processor, `(outputs, rows)`; the card writes over nan."""
    graph, inputs, outputs, _ = problem
    names = [graph.nodes[index][2] or "" for index in inputs]
    made = [kind(graph, outputs[0], names, extra=outputs[1:]) for kind in (Kernel, CudaKernel)]
    given = dict(zip(names, columns, strict=True))
    torch, rows = peer("torch"), len(columns[0])
    out = [torch.full((rows,), np.nan, dtype=torch.float64, device="cuda")]
    if len(outputs) > 1:
        out.append(torch.full((len(outputs) - 1, rows), np.nan, dtype=torch.float64, device="cuda"))
    made[1].run({name: to_card(column) for name, column in given.items()}, out=out)
    host = made[0](**given)
    expected = [host.value[None], *([] if host.extra is None else [host.extra])]
    return np.concatenate([each.cpu().numpy().reshape(-1, rows) for each in out]), np.concatenate(expected)


def _errors(problem: Problem, columns: Sequence[Array], found: Sequence[Array], points: int) -> list[list[float]]:
    """For each of some answers, the largest error of value, first and second derivatives."""
    graph, inputs, outputs, orders = problem
    worst = [[-1.0] * 3 for _ in found]
    for n in range(points):
        at = {index: float(column[n]) for index, column in zip(inputs, columns, strict=True)}
        for k, expected in expectations(graph, at, outputs):
            for which, answer in zip(worst, found, strict=True):
                error = abs(float(answer[k][n]) - expected) / np.spacing(abs(expected))
                which[orders[k]] = max(which[orders[k]], float(np.nan_to_num(error, nan=np.inf)))
    return worst


def _same(a: Array, b: Array) -> float:
    """The share of numbers that have the same bits, all nan counted as one."""
    return float(np.mean((a.view(np.int64) == b.view(np.int64)) | (np.isnan(a) & np.isnan(b))))


def _ops() -> dict[str, Any]:
    found: dict[str, Any] = {}
    for op in ops.TABLE.values():
        if not op.operands or op.is_condition or op is ops.where:
            continue
        order = next((n for n in (2, 1, 0) if not code.refused(_of_op(op, n)[0], _of_op(op, n)[2])), None)
        if order is None:
            found[op.name] = {"order": None}
            continue
        problem, chance = _of_op(op, order), np.random.default_rng(len(op.name))
        free = [i for i in range(len(op.operands)) if op.variadic or op.rules[i] is not None]
        columns = [chance.uniform(*op.samples[i], WIDE) for i in free]
        device, host = _both(problem, columns)
        errors = _errors(problem, columns, (device, host), POINTS)
        found[op.name] = {"order": order, "card": errors[0], "cpu": errors[1], "same": _same(device, host),
                          "same value": _same(device[:1], host[:1])}  # fmt: skip
    return found


WILD = (0.0, -0.0, 1.0, -1.0, 0.5, 2.5, -2.5, 5e-324, -1e-310, 1e-200, 710.0, -745.0, 1e22, 1e300, -1e300, np.inf,
        -np.inf, np.nan)  # fmt: skip


def _special() -> dict[str, Any]:
    """Of each op that a card has: where its value at wild arguments is not the processor's; ulps far and near."""
    found: dict[str, Any] = {}
    for op in ops.TABLE.values():
        if not op.operands or op.is_condition or op is ops.where or code.refused(_of_op(op, 0)[0], _of_op(op, 0)[2]):
            continue
        problem = _of_op(op, 0)
        inputs = problem[1]
        grid = np.array(list(itertools.product(WILD, repeat=len(inputs))))
        device, host = _both(problem, list(grid.T))
        near = np.isclose(device[0], host[0], rtol=1e-13, atol=1e-320, equal_nan=True)
        told = [f"{op.name}({', '.join(f'{x:g}' for x in grid[n])}): {device[0, n]:g}, not {host[0, n]:g}"
                for n in np.flatnonzero(~near)]  # fmt: skip
        chance = np.random.default_rng(len(op.name))
        far = chance.choice((-1, 1), (len(inputs), POINTS)) * 10.0 ** np.hstack(
            [chance.uniform(low, high, (len(inputs), POINTS // 2)) for low, high in ((-300, 300), (-5, 3))]
        )
        found[op.name] = {"odd": told, "ulps": _far_errors(problem, far, _both(problem, list(far)))}
    return found


def _far_errors(problem: Problem, columns: Array, answers: Sequence[Array]) -> list[float]:
    """The largest errors of values anywhere, in ulps, where balls know the nearest double."""
    graph, inputs, outputs, _ = problem
    worst = [-1.0] * len(answers)
    for n in range(columns.shape[1]):
        at = {index: arb(float(column[n])) for index, column in zip(inputs, columns, strict=True)}
        ball = BALLS.evaluate(graph, at, outputs[:1])[outputs[0]]
        expected = nearest_double(ball) if isinstance(ball, arb) else None
        if expected is None or not np.isfinite(expected):
            continue
        for which, answer in enumerate(answers):
            error = abs(float(answer[0, n]) - expected) / np.spacing(abs(expected))
            worst[which] = max(worst[which], float(np.nan_to_num(error, nan=np.inf)))
    return worst


ARITHMETIC = ("A + B", "A - B", "A*B", "A*B", "A**2", "A**3", "A**5", "2*A - 3", "A/(1 + B**2)", "sqrt(1 + A**2)")
FUNCTIONS = (
    "sin(A)", "cos(B)", "exp(A/4)", "log(1 + A**2)", "tanh(A)", "atan(A)", "erf(A)", "sigmoid(A)", "asinh(A)",
    "gelu(A)", "softplus(A)", "atan2(A, 2 + B**2)", "hypot(A, 1 + B**2)", "expm1(A/3)", "cosh(A/3)", "log1p(A*A)",
    "abs(A)**1.3", "(1 + A**2)**(B/3)", "norm_cdf(A)", "cbrt(1 + A**2)", "acos(sin(A)/2)", "sinc(A)", "exp2(A/5)",
)  # fmt: skip


def random_formula(chance: random.Random, forms: Sequence[str], depth: int = 4) -> str:
    """A formula in x, y, z that nests forms."""
    if depth == 0:
        return chance.choice(NAMES)
    return "".join(
        f"({random_formula(chance, forms, depth - chance.choice((1, 1, 2)) if depth > 1 else 0)})" if c in "AB" else c
        for c in chance.choice(forms)
    )


def _formulas() -> dict[str, Any]:
    chance, found = random.Random(7), []
    columns = list(np.random.default_rng(7).uniform(-2, 2, (3, WIDE)))
    for number in range(MANY):
        forms = ARITHMETIC if number < MANY // 2 else ARITHMETIC + FUNCTIONS * 2
        kernel = gradcalc.compile("0*(x+y+z)+" + random_formula(chance, forms), wrt=NAMES, order=2)
        k = len(NAMES)
        orders = [0] + [1] * k + [2] * (len(kernel._outputs) - 1 - k)
        problem: Problem = kernel._graph, kernel._inputs, kernel._outputs, orders
        device, host = _both(problem, columns)
        errors = _errors(problem, columns, (device, host), PER_FORMULA)
        found.append({"arithmetic": forms is ARITHMETIC, "nodes": len(kernel._needed), "same": _same(device, host),
                      "card": errors[0], "cpu": errors[1]})  # fmt: skip
    return {"formulas": found}


# -- who lends arrays --------------------------------------------------------------------------------------------------


def _loans() -> dict[str, str]:
    """For each library and each way: done, or what went wrong."""
    return {name: _tried(check) for name, check in LOANS.items()}


def _tried(check: Callable[[], Any]) -> str:
    try:
        told = check()
    except Exception as error:  # noqa: BLE001 - whatever goes wrong is the answer
        return f"{type(error).__name__}: {error}"
    return told if isinstance(told, str) else "done"


_X = np.linspace(-3, 3, 1001)


def _checked(column: Any, back: Callable[[Any], Array], **settings: Any) -> None:
    """One call on a column that holds _X."""
    batch = gradcalc.compile("x**3 - 2*x", order=2, target="cuda")(x=column, **settings)
    np.testing.assert_array_equal(back(batch.value), _X**2 * _X - 2 * _X)
    np.testing.assert_allclose(back(batch.gradient)[0], 3 * _X**2 - 2, rtol=1e-14, atol=1e-14)
    np.testing.assert_allclose(back(batch.hessian)[0, 0], 6 * _X, rtol=1e-14)


def _cupy() -> None:
    cupy = peer("cupy")
    _checked(cupy.asarray(_X), lambda array: cupy.asarray(array).get())
    _checked(cupy.asarray(_X), lambda array: cupy.from_dlpack(array).get())
    out = [cupy.full((*n, len(_X)), cupy.nan) for n in ((), (1,), (1, 1))]
    _checked(cupy.asarray(_X), lambda array: cupy.asarray(array).get(), out=out)
    with cupy.cuda.Stream(non_blocking=True) as stream:
        _checked(cupy.asarray(_X), lambda array: cupy.asarray(array).get(), stream=stream)


def _torch() -> None:
    torch = peer("torch")
    x = torch.from_numpy(_X).cuda()
    _checked(x, from_card)
    _checked(x, lambda array: torch.as_tensor(array, device="cuda").cpu().numpy())
    out = [torch.full((*n, len(_X)), torch.nan, dtype=torch.float64, device="cuda") for n in ((), (1,), (1, 1))]
    _checked(x, lambda array: array.cpu().numpy(), out=out)
    stream = torch.cuda.Stream()
    with torch.cuda.stream(stream):
        y = torch.zeros_like(x)
        for _ in range(200):  # work that is queued on the stream when the kernel is called
            y = y + x / 200
        y.copy_(x)
        _checked(y, from_card)
        _checked(y, from_card, stream=stream)


def _jax() -> None:
    jax = peer("jax")
    jax.config.update("jax_enable_x64", True)
    _checked(jax.numpy.asarray(_X), lambda array: np.asarray(jax.dlpack.from_dlpack(array)))
    later = jax.jit(lambda x: jax.lax.fori_loop(0, 3000, lambda i, v: v + x / 3000, 0 * x))(jax.numpy.asarray(_X))
    batch = gradcalc.compile("x + 0", order=0, target="cuda")(x=later)
    np.testing.assert_array_equal(np.asarray(jax.dlpack.from_dlpack(batch.value)), np.asarray(later))


def _numba() -> None:
    from numba import cuda

    _checked(cuda.to_device(_X), lambda array: cuda.as_cuda_array(array).copy_to_host())


def _refusals() -> str:
    torch, jax = peer("torch"), peer("jax")
    x = torch.from_numpy(_X).cuda()
    grown = x.clone().requires_grad_()
    cases: list[tuple[str, Any, dict[str, Any]]] = [
        ("NumPy", _X, {}), ("on the processor", x.cpu(), {}), ("strided", x[::2], {}), ("with a gradient", grown, {}),
        ("int", x.long(), {}), ("bfloat16", x.bfloat16(), {}), ("out on the processor", x, {"out": (x.cpu(), x.cpu())}),
        ("out overlaps", x, {"out": (x, torch.empty((1, len(x)), dtype=torch.float64, device="cuda"))}),
    ]  # fmt: skip
    if jax is not None:
        y = jax.numpy.asarray(_X)
        cases.append(("out of JAX", x, {"out": (y, jax.numpy.asarray(_X[None]))}))
    told = []
    for name, column, settings in cases:
        try:
            gradcalc.compile("x*x", target="cuda")(x=column, **settings)
            told.append(f"{name}: NOT refused")
        except gradcalc.UsageError as error:
            told.append(f"{name}: {error.message}")
    return "; ".join(told)


class Bare:
    """An array that has the interface that Numba's arrays have, and nothing else."""

    def __init__(self, array: Any) -> None:
        self.array = array
        self.__cuda_array_interface__ = array.__cuda_array_interface__


def _thread() -> None:
    """In a thread that has no context of its own yet; the driver is asked for the card."""
    failed: list[BaseException] = []
    x = Bare(to_card(_X))

    def work() -> None:
        try:
            _checked(x, from_card)
        except BaseException as error:  # noqa: BLE001 - told to the other thread
            failed.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    if failed:
        raise failed[0]


_KEPT: list[Any] = []
"""Arrays that are still lent when Python ends."""


def _memory() -> str:
    """Memory of the card before and after many calls whose answers are dropped, some lent on."""
    torch, jax = peer("torch"), peer("jax")
    x, kernel = Bare(to_card(np.ones(1 << 20))), gradcalc.compile("x**2", order=2, target="cuda")
    free = []
    for turn in range(60):
        batch = kernel(x=x)
        lent = torch.from_dlpack(batch.hessian)
        unread = batch.value.__dlpack__()
        del batch, unread
        assert float(lent[0, 0, 5]) == 2
        del lent
        if turn in (5, 59):
            free.append(torch.cuda.mem_get_info()[0])
    assert free[0] - free[1] < 1 << 22, free
    batch = kernel(x=x)
    _KEPT.extend((batch, torch.from_dlpack(batch.value), batch.gradient.__dlpack__()))
    if jax is not None:
        _KEPT.append(jax.dlpack.from_dlpack(batch.hessian))
    return f"done: {free[0] - free[1]} bytes after 54 calls"


LOANS: dict[str, Callable[[], Any]] = {
    "CuPy": _cupy, "PyTorch": _torch, "JAX": _jax, "Numba": _numba, "a thread": _thread, "memory": _memory,
    "refused": _refusals,
}  # fmt: skip


# -- fast --------------------------------------------------------------------------------------------------------------


def _timed(action: Callable[[], Any], wait: Callable[[Any], Any]) -> float:
    """Seconds of a call, of several queued one after the other: the median, after warming up."""
    wait(action())
    runs = []
    for _ in range(REPEATS):
        wait(action())
        started = time.perf_counter()
        for _ in range(LAUNCHES):
            last = action()
        wait(last)
        runs.append((time.perf_counter() - started) / LAUNCHES)
    return statistics.median(runs)


def _speed() -> list[dict[str, Any]]:
    torch = peer("torch")
    points = np.random.default_rng(0).uniform(0.1, 2.0, (len(NAMES), ROWS))
    columns = [to_card(column) for column in points]
    found = []
    for name, text in FORMULAS.items():
        for order in (1, 2):
            moved = 8 * (len(NAMES) + 1 + 3 * order**2)
            row = {"formula": name, "order": order, "bytes": moved} | _own(text, order, columns)
            half = torch.empty(moved * ROWS // 16, dtype=torch.float64, device="cuda")
            other = torch.ones_like(half)
            row["copy"] = _timed(partial(half.copy_, other), _wait)
            del half, other
            row |= _tried_jax(text, order, points)
            if order == 1:
                row["torch"] = _timed(_torch_step(text, columns), _wait)
            torch.cuda.empty_cache()
            found.append(row)
    return found


def _wait(_: Any) -> None:
    peer("torch").cuda.synchronize()


def _own(text: str, order: int, columns: Sequence[Any]) -> dict[str, Any]:
    torch, given = peer("torch"), dict(zip(NAMES, columns, strict=True))
    started = time.perf_counter()
    kernel = gradcalc.compile(text, order=order, target="cuda")
    made = time.perf_counter()
    short = {name: column[:64] for name, column in given.items()}
    kernel(**short)
    first = time.perf_counter()
    kernel.ptx()
    ptx = time.perf_counter() - first
    k = len(NAMES)
    lengths = [(ROWS,), (k, ROWS), (k, k, ROWS)][: order + 1]
    out = [torch.full(shape, torch.nan, dtype=torch.float64, device="cuda") for shape in lengths]
    queued = partial(kernel.run, given, out=out, stream=torch.cuda.current_stream())
    row = {"derive": made - started, "first": first - made, "ptx": ptx, "gradcalc": _timed(queued, _wait)}
    assert not any(torch.isnan(each).any() for each in out)
    row["call, new arrays"] = _timed(partial(kernel.run, given), _wait)
    row["small call"] = _timed(partial(kernel.run, short), _wait)
    small = [each[..., :64].contiguous() for each in out]
    row["small call, queued"] = _timed(partial(kernel.run, short, out=small, stream=torch.cuda.current_stream()), _wait)
    return row


def _tried_jax(text: str, order: int, points: Array) -> dict[str, Any]:
    jax = peer("jax")
    if jax is None:
        return {}
    jax.config.update("jax_enable_x64", True)
    numpy = jax.numpy
    f = traced(text, NAMES, {name: getattr(numpy, name) for name in USED})
    k = tuple(range(len(NAMES)))
    both = jax.value_and_grad(f, argnums=k)
    if order == 2:
        hessian = jax.hessian(f, argnums=k)
        made = jax.jit(jax.vmap(lambda *p: (*both(*p), hessian(*p))))
    else:
        made = jax.jit(jax.vmap(both))
    given = [numpy.asarray(column) for column in points]
    started = time.perf_counter()
    jax.block_until_ready(made(*(column[:64] for column in given)))
    first = time.perf_counter() - started
    return {"jax": _timed(partial(made, *given), jax.block_until_ready), "jax first": first}


def _torch_step(text: str, columns: Sequence[Any]) -> Callable[[], Any]:
    torch = peer("torch")
    f = traced(text, NAMES, {name: getattr(torch, name) for name in USED})

    def step() -> Any:
        inputs = [column.detach().requires_grad_() for column in columns]
        value = f(*inputs)
        return torch.autograd.grad(value.sum(), inputs)

    return step


# -- told --------------------------------------------------------------------------------------------------------------


def told(found: dict[str, Any]) -> str:
    """The figures as Markdown."""
    lines: Lines = [f"{found['card']}", ""]
    for part, tell in {
        "speed": _told_speed,
        "formulas": _told_formulas,
        "ops": _told_ops,
        "special": _told_special,
        "loans": _told_loans,
    }.items():
        body = found.get(part)
        if isinstance(body, dict) and "failed" in body:
            lines += [f"{part} failed: {body['failed']}", ""]
        elif body is not None:
            lines += [*tell(body), ""]
    return "\n".join(lines)


def _told_speed(rows: list[dict[str, Any]]) -> Lines:
    lines = [
        f"{ROWS:,} rows, median of {REPEATS}, ns a row:",
        "",
        "| | order | gradcalc | / copy | JAX | JAX / gradcalc | PyTorch | first call, s | of it PTX | JAX | with new arrays | small call, µs"
        " | queued |",
        "| --- |" + " --- |" * 12,
    ]
    for row in rows:
        ns = {name: row[name] / ROWS * 1e9 for name in ("gradcalc", "copy", "jax", "torch") if name in row}
        jax = [f"{ns['jax']:.4f}", f"{ns['jax'] / ns['gradcalc']:.2f}"] if "jax" in ns else ["-", "-"]
        cells = [
            row["formula"], str(row["order"]), f"{ns['gradcalc']:.4f}", f"{ns['gradcalc'] / ns['copy']:.3f}", *jax,
            f"{ns['torch']:.3f}" if "torch" in ns else "-", f"{row['first']:.2f}", f"{row['ptx']:.2f}",
            f"{row['jax first']:.2f}" if "jax first" in row else "-",
            f"{row['call, new arrays'] / ROWS * 1e9:.4f}", f"{row['small call'] * 1e6:.0f}",
            f"{row['small call, queued'] * 1e6:.0f}",
        ]  # fmt: skip
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def _told_formulas(body: dict[str, Any]) -> Lines:
    lines = []
    for arithmetic, name in ((True, "arithmetic alone"), (False, "with functions")):
        some = [each for each in body["formulas"] if each["arithmetic"] is arithmetic]
        bits = sum(each["same"] == 1 for each in some)
        worst = [[max(each[who][n] for each in some) for n in range(3)] for who in ("card", "cpu")]
        lines.append(
            f"{len(some)} random formulas of {name}: {bits} with the processor's bits throughout (least share"
            f" {min(each['same'] for each in some):.4f}); ulps of value, first, second: card {_ulps(worst[0])},"
            f" processor {_ulps(worst[1])}"
        )
    return lines


def _ulps(errors: Sequence[float]) -> str:
    return ", ".join("-" if error < 0 else f"{error:.1f}" if error < 1e4 else "all" for error in errors)


def _told_ops(body: dict[str, Any]) -> Lines:
    ran = {name: row for name, row in body.items() if row["order"] is not None}
    lines = [
        f"{len(ran)} of {len(body)} ops run; refused: {', '.join(name for name in body if name not in ran)}",
        f"the processor's bits in every value: {', '.join(n for n, row in ran.items() if row['same value'] == 1)}",
        "",
        "| op | order | ulps on the card: value, first, second | on the processor | same bits |",
        "| --- | --- | --- | --- | --- |",
    ]
    for name, row in ran.items():
        cells = [name, str(row["order"]), _ulps(row["card"]), _ulps(row["cpu"]), f"{row['same']:.3f}"]
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def _told_special(body: dict[str, Any]) -> Lines:
    lines = ["Values at arguments of any size, ulps on the card and on the processor, where either is above 2:", ""]
    lines.append("; ".join(f"{name} {_ulps(row['ulps'])}" for name, row in body.items() if max(row["ulps"]) > 2))
    lines += ["", "Values at zeros, infinities, nan and the like that are not the processor's:", ""]
    return lines + [f"- {'; '.join(row['odd'][:8])} ({len(row['odd'])})" for row in body.values() if row["odd"]]


def _told_loans(body: dict[str, str]) -> Lines:
    return [f"- {name}: {told}" for name, told in body.items()]


def run() -> None:
    """As a part of `python -m benchmarks`."""
    main()


if __name__ == "__main__":
    os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")
    sys.exit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else None))
