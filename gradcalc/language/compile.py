"""From a formula to native code: `gradcalc.compile`. Imports formula, points and the kernel."""

import operator
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from gradcalc.arithmetic.native.kernel import Kernel
from gradcalc.errors import UsageError, did_you_mean
from gradcalc.graph.shapes import Shape
from gradcalc.language.formula import as_subject
from gradcalc.language.points import read_names, to_value
from gradcalc.settings import Limits


def compile(
    expression: Any,
    wrt: str | Sequence[str] | None = None,
    order: int = 1,
    *,
    let: Mapping[str, Any] | None = None,
    shapes: Mapping[str, int | Shape] | None = None,
    limits: Limits | None = None,
) -> Kernel:
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
        limits: how large the formula may be.

    Raises:
        ExpressionError, UsageError: as `differentiate`.
    """
    if order not in (0, 1, 2):
        raise UsageError(f"order is {order!r}", hint="0 for the value, 1 for the gradient, 2 for the Hessian as well")
    bounds = limits or Limits()
    constants = {name: to_value(name, value, bounds) for name, value in (let or {}).items()}
    arrays = {name: _shape(name, shape) for name, shape in (shapes or {}).items()}
    wanted = None if wrt is None else read_names(wrt)
    subject = as_subject(expression, dict.fromkeys(wanted or (), ()) | arrays, constants, bounds)
    unused = next((name for name in constants if name not in subject.spans), None)
    if unused is not None:
        hint = did_you_mean(unused, subject.variables)
        raise UsageError(f"the formula does not contain {unused}, which let gives", text=subject.text, hint=hint)
    chosen, known = list(subject.variables) if wanted is None else wanted, set(subject.variables)
    if "" in chosen:
        raise UsageError("wrt holds an empty name", hint='wrt="x,y"')
    if len(set(chosen)) != len(chosen):
        raise UsageError(f"wrt names a variable twice: {', '.join(chosen)}")
    unknown = next((name for name in [*chosen, *arrays] if name not in known), None)
    if unknown is not None:
        hint = did_you_mean(unknown, subject.variables)
        raise UsageError(f"the formula does not contain {unknown}", text=subject.text, hint=hint)
    return Kernel(subject.graph, subject.output, list(subject.variables), chosen if order else [], order, arrays)


def _shape(name: str, given: Any) -> Shape:
    """The shape of a variable, from a length or lengths."""
    try:
        lengths = tuple(map(operator.index, given if isinstance(given, Iterable) else (given,)))
    except TypeError:
        lengths = (-1,)
    if min(lengths, default=0) < 0:
        raise UsageError(f"the shape of {name} is {given!r}", hint="a length, or a tuple of lengths")
    return lengths
