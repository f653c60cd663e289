"""Derivatives of Python functions: grad, value_and_grad, jacobian, hessian, hvp, jvp. Imports tape.

Each takes a function and returns one that takes the same arguments: numbers, arrays, tensors, or lists, tuples and
dicts of them. `argnums` says with respect to which positional arguments, one or a tuple of them. The answers have the
structure of those arguments; they are tensors where an argument is one, or where a tape is live (which records them,
so the forms nest, in each other and in tapes), and NumPy arrays elsewhere. What the function does not depend on has
derivative 0. With `has_aux` the function returns a pair, and what it returns second is handed on as it is.
"""

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from gradcalc.tape import nest
from gradcalc.tape.custom import identity
from gradcalc.tape.tape import GradientTape
from gradcalc.tape.tensor import LIVE, Tensor, as_tensor, constant

Function = Callable[..., Any]
Argnums = int | tuple[int, ...]


def grad(function: Function, argnums: Argnums = 0, has_aux: bool = False) -> Function:
    """The gradient of a function with a scalar result; with `has_aux`, the pair of it and the function's second result.

    >>> gradcalc.grad(lambda x: x**4 + 1)(2.0)
    np.float64(32.0)
    """
    valued = value_and_grad(function, argnums, has_aux)

    @functools.wraps(function)
    def gradient(*args: Any, **kwargs: Any) -> Any:
        value, answer = valued(*args, **kwargs)
        return (answer, value[1]) if has_aux else answer

    return gradient


def value_and_grad(function: Function, argnums: Argnums = 0, has_aux: bool = False) -> Function:
    """The value of a function with a scalar result, and its gradient; with `has_aux`, `(value, aux), gradient`."""

    @functools.wraps(function)
    def valued(*args: Any, **kwargs: Any) -> Any:
        run = _run(function, args, kwargs, argnums, has_aux)
        _check_scalar(run.value)
        answer = run.tape.gradient(run.value, run.chosen, unconnected_gradients="zero")
        return _out(((run.value, run.aux) if has_aux else run.value, answer), args)

    return valued


def jacobian(function: Function, argnums: Argnums = 0, has_aux: bool = False) -> Function:
    """The derivative of every element of the result with respect to every element: `result.shape + argument.shape`.

    In the structure of the result, for each tensor of it the structure of the argument. With `has_aux`, the pair of it
    and the function's second result.
    """

    @functools.wraps(function)
    def derivative(*args: Any, **kwargs: Any) -> Any:
        run = _run(function, args, kwargs, argnums, has_aux, persistent=True)
        answer = nest.apply(lambda y: run.tape.jacobian(y, run.chosen, unconnected_gradients="zero"), run.value)
        return _out((answer, run.aux) if has_aux else answer, args)

    return derivative


def hessian(function: Function, argnums: Argnums = 0, has_aux: bool = False) -> Function:
    """The second derivatives of a function with a scalar result: an array of shape `argument.shape` twice.

    Of several arguments, or a structure: in the structure twice. With `has_aux`, the pair of them and the function's
    second result.
    """
    return jacobian(grad(function, argnums, has_aux), argnums, has_aux)


def hvp(function: Function, argnums: Argnums = 0) -> Function:
    """The Hessian of a function with a scalar result, times a vector: takes the arguments, then the vector.

    The vector has the structure of the argument, and so has the answer. Costs a few times the function, and never makes
    the Hessian.
    """
    gradient = grad(function, argnums)

    @functools.wraps(function)
    def product(*args: Any, **kwargs: Any) -> Any:
        *arguments, vector = args
        run = _run(gradient, arguments, kwargs, argnums)
        answer = run.tape.gradient(run.value, run.chosen, output_gradients=vector, unconnected_gradients="zero")
        return _out(answer, args)

    return product


def jvp(function: Function, argnums: Argnums = 0) -> Function:
    """The Jacobian times a vector, in the structure of the result: takes the arguments, then the vector.

    The vector has the structure of the argument. The sweep's answer is linear in its seed; the derivative by that seed
    is the product. Costs two sweeps.
    """

    @functools.wraps(function)
    def product(*args: Any, **kwargs: Any) -> Any:
        *arguments, vector = args
        run = _run(function, arguments, kwargs, argnums)
        floats = [y for y in nest.flatten(run.value) if y.dtype.kind == "f"]
        seeds = [_zeros(y) for y in floats]
        with GradientTape() as outer:
            outer.watch(seeds)
            pulled = run.tape.gradient(floats, run.chosen, output_gradients=seeds, unconnected_gradients="zero")
        found = iter(outer.gradient(pulled, seeds, output_gradients=vector, unconnected_gradients="zero"))
        answer = nest.apply(lambda y: next(found) if y.dtype.kind == "f" else _zeros(y), run.value)
        return _out(answer, args)

    return product


class _Run(NamedTuple):
    """A call under a tape: its result and what came second, as tensors, and the arguments it is differentiated by."""

    tape: GradientTape
    value: Any
    aux: Any
    chosen: Any


def _run(
    function: Function, args: Any, kwargs: Any, argnums: Argnums, has_aux: bool = False, persistent: bool = False
) -> _Run:
    """Call a function under a tape that watches the chosen arguments."""
    arguments = list(args)
    numbers = argnums if isinstance(argnums, tuple) else (argnums,)
    if not all(isinstance(n, int) and -len(args) <= n < len(args) for n in numbers):
        raise TypeError(f"argnums={argnums} of a call with {len(args)} positional arguments to differentiate by")
    for n in numbers:
        arguments[n] = nest.apply(_floating, arguments[n])
    with GradientTape(persistent, watch_accessed_variables=False) as tape:
        tape.watch([arguments[n] for n in numbers])
        value = function(*arguments, **kwargs)
    aux = None
    if has_aux:
        if not isinstance(value, tuple) or len(value) != 2:
            raise TypeError("has_aux=True: the function must return a pair, (result, what else is wanted)")
        value, aux = value
    chosen = tuple(arguments[n] for n in numbers) if isinstance(argnums, tuple) else arguments[argnums]
    return _Run(tape, nest.apply(as_tensor, value), aux, chosen)


def _floating(value: Any) -> Tensor:
    """An argument as a tensor of its own, connected to outer tapes; integers become float64."""
    tensor = identity(value)
    return tensor if tensor.dtype.kind == "f" else tensor.astype(np.float64)


def _zeros(y: Tensor) -> Tensor:
    return constant(np.zeros(y.shape, y.dtype))


def _check_scalar(value: Any) -> None:
    if not isinstance(value, Tensor) or value.size != 1:
        what = f"has shape {value.shape}" if isinstance(value, Tensor) else f"is a {type(value).__name__}"
        raise TypeError(f"the function must return a scalar; its result {what}: use jacobian, or sum it")


def _out(answer: Any, args: Any) -> Any:
    """Tensors where an argument is one, or a tape is live that would lose them otherwise; else plain arrays."""
    if LIVE.get() or any(isinstance(x, Tensor) for x in nest.flatten(args)):
        return answer
    return nest.apply(lambda x: x.numpy() if isinstance(x, Tensor) else x, answer)
