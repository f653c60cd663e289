"""From a formula to native code: `gradcalc.compile`, and its two halves for who needs the formula too."""

import operator
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal, TypeVar, overload

from gradcalc.arithmetic.cuda.kernel import CudaKernel
from gradcalc.arithmetic.native.compiled import Compiled
from gradcalc.arithmetic.native.kernel import Kernel
from gradcalc.errors import UsageError, did_you_mean, for_python
from gradcalc.graph.shapes import Shape
from gradcalc.language.formula import Formula, Variable
from gradcalc.language.parse import as_formula
from gradcalc.language.points import read_names, to_bindings
from gradcalc.language.typeset import latex
from gradcalc.settings import Dialect, Limits, limits_for

Code = TypeVar("Code", bound=Compiled)
TARGETS = ("cpu", "cuda")
"""What a formula is compiled for."""


@overload
def compile(
    expression: Any,
    wrt: str | Sequence[str] | None = None,
    order: int = 1,
    *,
    let: Mapping[str, Any] | None = None,
    shapes: Mapping[str, int | Shape] | None = None,
    target: Literal["cpu"] = "cpu",
    limits: Limits | None = None,
    dialect: Dialect | None = None,
) -> Kernel: ...


@overload
def compile(
    expression: Any,
    wrt: str | Sequence[str] | None = None,
    order: int = 1,
    *,
    let: Mapping[str, Any] | None = None,
    shapes: Mapping[str, int | Shape] | None = None,
    target: Literal["cuda"],
    limits: Limits | None = None,
    dialect: Dialect | None = None,
) -> CudaKernel: ...


@for_python
def compile(
    expression: Any,
    wrt: str | Sequence[str] | None = None,
    order: int = 1,
    *,
    let: Mapping[str, Any] | None = None,
    shapes: Mapping[str, int | Shape] | None = None,
    target: str = "cpu",
    limits: Limits | None = None,
    dialect: Dialect | None = None,
) -> Kernel | CudaKernel:
    """Compile a formula to native code.

    >>> kernel = gradcalc.compile("x**4 + y**2 + 1", wrt=["x", "y"])
    >>> kernel(x=np.array([2.0, 0.0]), y=3.0).gradient
    array([[32.,  0.],
           [ 6.,  6.]])

    Args:
        expression: text, a `sympy.Expr`, or a `Graph`.
        wrt: variables to differentiate for, in that order; by default all, in the order in which they appear (of SymPy
            expressions by the alphabet), which is that of `point` and `at` in any case.
        order: 0 for the value, 1 for the gradient as well, 2 for the Hessian as well.
        let: values by name that are put into the formula.
        shapes: the shapes of variables that are arrays, `{"x": 3}` or `{"A": (2, 2)}`; all others are scalars.
        target: "cpu", or "cuda" for arrays that live on an NVIDIA card, as of CuPy, PyTorch, JAX and Numba.
        limits: how large the formula may be.
        dialect: how the text is written, as of `differentiate`.

    Raises:
        ExpressionError, UsageError: as `differentiate`; an op that a card has no function for.
    """
    if target not in TARGETS:
        raise UsageError(f"target is {target!r}", hint=did_you_mean(str(target), TARGETS) or " or ".join(TARGETS))
    formula = to_compile(expression, wrt, order, let=let, shapes=shapes, limits=limits_for(limits, dialect))
    return kernel(formula) if target == "cpu" else _compiled(CudaKernel, formula)


def to_compile(
    expression: Any,
    wrt: str | Sequence[str] | None,
    order: int,
    *,
    let: Mapping[str, Any] | None,
    shapes: Mapping[str, int | Shape] | None = None,
    limits: Limits,
) -> Formula:
    """The formula that `compile` makes a kernel of; errors as there."""
    if order not in (0, 1, 2):
        raise UsageError(f"order is {order!r}", hint="0 for the value, 1 for the gradient, 2 for the Hessian as well")
    constants = to_bindings(let, limits)
    arrays = {name: _shape(name, shape) for name, shape in (shapes or {}).items()}
    wanted = None if wrt is None else read_names(wrt)
    formula = as_formula(expression, dict.fromkeys(wanted or (), ()) | arrays, constants, limits, whole=True)
    unused = next((name for name in constants if name not in formula.spans), None)
    if unused is not None:
        hint = did_you_mean(unused, formula.variables)
        raise UsageError(f"the formula does not contain {unused}, which let gives", text=formula.text, hint=hint)
    chosen = list(formula.variables) if wanted is None else wanted
    if "" in chosen:
        raise UsageError("wrt holds an empty name", hint='wrt="x,y"')
    if len(set(chosen)) != len(chosen):
        raise UsageError(f"wrt names a variable twice: {', '.join(chosen)}")
    unknown = next((name for name in [*chosen, *arrays] if name not in formula.variables), None)
    if unknown is not None:
        hint = did_you_mean(unknown, formula.variables)
        raise UsageError(f"the formula does not contain {unknown}", text=formula.text, hint=hint)
    return formula.differentiated([Variable(name, arrays.get(name, ())) for name in chosen if order], order)


def kernel(formula: Formula) -> Kernel:
    """A formula and its derivatives, up to its order, as native code."""
    return _compiled(Kernel, formula)


def _compiled(kind: type[Code], formula: Formula) -> Code:
    made = kind(
        formula.graph, formula.output, list(formula.variables), [variable.name for variable in formula.wrt],
        formula.gradient if formula.order else None, formula.hessian if formula.order == 2 else None,
        {name: value.shape for name, value in formula.variables.items()}, list(formula.extra.values()),
    )  # fmt: skip
    if len(formula.text) <= _TYPESET:
        made.latex = latex(formula.canonical)
    return made


_TYPESET = 400
"""Characters of a formula that a notebook shows typeset."""


def _shape(name: str, given: Any) -> Shape:
    """The shape of a variable, from a length or lengths."""
    try:
        lengths = tuple(map(operator.index, given if isinstance(given, Iterable) else (given,)))
    except TypeError:
        lengths = (-1,)
    if min(lengths, default=0) < 0:
        raise UsageError(f"the shape of {name} is {given!r}", hint="a length, or a tuple of lengths")
    return lengths
