"""Peers as one interface: a formula in, a function that gives value and gradient at a point out.

A formula is Python text over the names of `FUNCTIONS`, which gradcalc reads as well: every peer gets the same one.
"""

import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from benchmarks.tables import peer

Answer = tuple[float, list[float]]
Function = Callable[..., Answer]
Builder = Callable[[str, Sequence[str]], Function]

FUNCTIONS = ("exp", "log", "sin", "cos", "sqrt", "tanh", "abs", "max", "where")


def traced(text: str, names: Sequence[str], functions: Mapping[str, Any]) -> Callable[..., Any]:
    """The formula as a Python function over a peer's functions; the texts are those of this folder only."""
    return eval(f"lambda {', '.join(names)}: {text}", dict(functions))  # type: ignore[no-any-return]


def _taken(module: Any, **others: Any) -> dict[str, Any]:
    """The functions of a module that follows NumPy's names."""
    return {name: others.get(name) or getattr(module, name) for name in FUNCTIONS}


def gradcalc_graph(text: str, names: Sequence[str]) -> Function:
    """A graph built once and evaluated over floats, as the other peers' built functions are called."""
    from gradcalc.arithmetic.floats import Floats
    from gradcalc.graph.derive import gradient
    from gradcalc.language.parse import parse

    formula = parse(text)
    graph, inputs = formula.graph, [formula.variables[name].items[0] for name in names]
    outputs, floats = [formula.output, *gradient(formula.graph, formula.output, inputs)], Floats()

    def call(*point: float) -> Answer:
        values = floats.evaluate(graph, dict(zip(inputs, point, strict=True)), outputs)
        return values[outputs[0]], [values[i] for i in outputs[1:]]

    return call


def autograd(text: str, names: Sequence[str]) -> Function:
    import autograd as library
    import autograd.numpy as numpy

    f = traced(text, names, _taken(numpy, max=numpy.maximum))
    made = library.value_and_grad(lambda point: f(*point))

    def call(*point: float) -> Answer:
        value, slopes = made(numpy.array(point))
        return float(value), [float(slope) for slope in slopes]

    return call


def _jax(text: str, names: Sequence[str], jit: bool) -> Function:
    import jax

    jax.config.update("jax_enable_x64", True)
    f = traced(text, names, _taken(jax.numpy, max=jax.numpy.maximum))
    made = jax.value_and_grad(f, argnums=tuple(range(len(names))))
    made = jax.jit(made) if jit else made

    def call(*point: float) -> Answer:
        value, slopes = made(*point)
        return float(value), [float(slope) for slope in slopes]

    return call


def jax_eager(text: str, names: Sequence[str]) -> Function:
    return _jax(text, names, jit=False)


def jax_jit(text: str, names: Sequence[str]) -> Function:
    return _jax(text, names, jit=True)


def torch(text: str, names: Sequence[str]) -> Function:
    import torch as library

    f = traced(text, names, _taken(library, max=library.maximum))

    def call(*point: float) -> Answer:
        inputs = [library.tensor(x, dtype=library.float64, requires_grad=True) for x in point]
        value = f(*inputs)
        slopes = library.autograd.grad(value, inputs, allow_unused=True)
        return value.item(), [0.0 if slope is None else slope.item() for slope in slopes]

    return call


def tensorflow(text: str, names: Sequence[str]) -> Function:
    import tensorflow as library

    library.get_logger().setLevel("ERROR")
    f = traced(text, names, _taken(library, log=library.math.log, max=library.maximum))

    def call(*point: float) -> Answer:
        inputs = [library.constant(x, library.float64) for x in point]
        with library.GradientTape() as tape:
            tape.watch(inputs)
            value = f(*inputs)
        slopes = tape.gradient(value, inputs, unconnected_gradients="zero")
        return float(value), [float(slope) for slope in slopes]

    return call


def casadi(text: str, names: Sequence[str]) -> Function:
    import casadi as library

    f = traced(text, names, _taken(library, abs=library.fabs, max=library.fmax, where=library.if_else))
    inputs = [library.SX.sym(name) for name in names]
    value = f(*inputs)
    made = library.Function("f", inputs, [value, library.gradient(value, library.vertcat(*inputs))])

    def call(*point: float) -> Answer:
        value, slopes = made(*point)
        return float(value), [float(slopes[i]) for i in range(len(names))]

    return call


def sympy(text: str, names: Sequence[str]) -> Function:
    import sympy as library

    def where(condition: Any, chosen: Any, other: Any) -> Any:
        return library.Piecewise((chosen, condition), (other, True))

    symbols = library.symbols(names, real=True)
    f = traced(text, names, _taken(library, abs=library.Abs, max=library.Max, where=where))(*symbols)
    made = library.lambdify(symbols, [f, *(f.diff(x) for x in symbols)], modules="numpy", cse=True)

    def call(*point: float) -> Answer:
        import numpy

        value, *slopes = made(*map(numpy.float64, point))
        return float(value), [float(slope) for slope in slopes]

    return call


PEERS: dict[str, tuple[str, Builder]] = {
    "autograd": ("autograd", autograd),
    "JAX": ("jax", jax_eager),
    "JAX jit": ("jax", jax_jit),
    "PyTorch": ("torch", torch),
    "TensorFlow": ("tensorflow", tensorflow),
    "CasADi": ("casadi", casadi),
    "SymPy lambdify": ("sympy", sympy),
}
"""Name, module it needs, and builder."""


def installed(name: str) -> bool:
    """Whether a peer can run."""
    return peer(PEERS[name][0]) is not None


def answer(name: str, text: str, at: Mapping[str, float]) -> Answer | str:
    """What a peer says at a point, or the name of what it raised."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return PEERS[name][1](text, list(at))(*at.values())
        except Exception as error:  # noqa: BLE001 - whatever a peer raises is its answer
            return type(error).__name__
