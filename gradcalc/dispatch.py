"""Functions of two worlds: of a Python function they make a function, of a formula they answer as the commands do.

The first argument decides: text, a SymPy expression or a graph is a formula, all else goes to `tape.functional`. A row
of `_REPORTS` for each name. Imports tape, which brings NumPy, for a function alone.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, overload

from gradcalc.graph.graph import Graph, Ref
from gradcalc.truth.calculator import differentiate
from gradcalc.truth.report import Report

if TYPE_CHECKING:
    from gradcalc.truth.questions.jacobian import Jacobian

Function = Callable[..., Any]
Points = Mapping[str, Any] | Sequence[Mapping[str, Any]]


@overload
def grad(function: Function, argnums: int | Sequence[int] = 0, has_aux: bool = False) -> Function: ...
@overload
def grad(expression: str | Graph, at: Points | None = None, **options: Any) -> Report: ...
def grad(*args: Any, **options: Any) -> Any:
    """The gradient of a function, or of a formula.

    >>> gradcalc.grad(lambda x: x**2)(3.0)
    6.0
    >>> gradcalc.grad("x**2", at={"x": 3}).gradient
    {'x': 6.0}
    >>> gradcalc.grad("x**2").formulas
    {'x': '2*x'}

    Of a function it is another one, with the same arguments: for `argnums`, and with `has_aux` as `jax.grad`. Of a
    formula it is the report that `differentiate` makes, with its options.
    """
    return _answer("grad", args, options)


@overload
def hessian(function: Function, argnums: int | Sequence[int] = 0, has_aux: bool = False) -> Function: ...
@overload
def hessian(expression: str | Graph, at: Points | None = None, **options: Any) -> Report: ...
def hessian(*args: Any, **options: Any) -> Any:
    """The Hessian of a function, or of a formula: as `grad`, with the options of `differentiate` at order 2."""
    return _answer("hessian", args, options)


@overload
def jacobian(function: Function, argnums: int | Sequence[int] = 0, has_aux: bool = False) -> Function: ...
@overload
def jacobian(expression: str | Graph, at: Points | None = None, **options: Any) -> "Jacobian": ...
def jacobian(*args: Any, **options: Any) -> Any:
    """The Jacobian of a function, or of an array of formulas with the rank that is proved: as `grad`.

    >>> gradcalc.jacobian("[x*y, x^2]", at={"x": 1, "y": 2}).jacobian
    [[2.0, 1.0], [2.0, 0.0]]
    """
    return _answer("jacobian", args, options)


def _jacobian(*args: Any, **options: Any) -> "Jacobian":
    """The answer of a formula; it brings flint, which functions do not need."""
    from gradcalc.truth.questions.jacobian import jacobian

    return jacobian(*args, **options)


_REPORTS: dict[str, Callable[..., Any]] = {
    "grad": lambda *args, **options: differentiate(*args, **options, order=1),
    "hessian": lambda *args, **options: differentiate(*args, **options, order=2),
    "jacobian": _jacobian,
}
"""What each answers of a formula."""


def _answer(name: str, args: Sequence[Any], options: Mapping[str, Any]) -> Any:
    """What a formula's report or a function's derivative is, whichever was given."""
    first = args[0] if args else options.get("expression")
    if is_formula(first):
        return _REPORTS[name](*args, **options)
    from gradcalc.tape import functional

    return getattr(functional, name)(*args, **options)


def is_formula(given: Any) -> bool:
    """Whether it is text, a graph or of SymPy."""
    modules = {(kind.__module__ or "").partition(".")[0] for kind in type(given).__mro__}
    return isinstance(given, str | Graph | Ref) or "sympy" in modules
