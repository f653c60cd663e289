"""Derivatives of Python functions: grad, value_and_grad, jacobian, hessian, hvp, jvp. Imports tape.

Each takes a function and returns one that takes the same arguments: numbers, arrays, tensors, or lists, tuples and
dicts of them. `argnums` says with respect to which positional arguments, one or a tuple of them. The answers have the
structure of those arguments; they are NumPy arrays where all arguments are plain, tensors (still recorded by outer
tapes, so the forms nest) where one is a tensor. What the function does not depend on has derivative 0.
"""

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from gradcalc.tape import nest
from gradcalc.tape.custom import identity
from gradcalc.tape.tape import GradientTape
from gradcalc.tape.tensor import Tensor, as_tensor, constant

Function = Callable[..., Any]
Argnums = int | tuple[int, ...]


def grad(function: Function, argnums: Argnums = 0) -> Function:
    """The gradient of a function with a scalar result.

    >>> gradcalc.grad(lambda x: x**4 + 1)(2.0)
    np.float64(32.0)
    """
    valued = value_and_grad(function, argnums)

    @functools.wraps(function)
    def gradient(*args: Any, **kwargs: Any) -> Any:
        return valued(*args, **kwargs)[1]

    return gradient


def value_and_grad(function: Function, argnums: Argnums = 0) -> Function:
    """The value of a function with a scalar result, and its gradient."""

    @functools.wraps(function)
    def valued(*args: Any, **kwargs: Any) -> Any:
        tape, value, chosen = _run(function, args, kwargs, argnums)
        _check_scalar(value)
        answer = tape.gradient(value, chosen, unconnected_gradients="zero")
        return _out((value, answer), args)

    return valued


def jacobian(function: Function, argnums: Argnums = 0) -> Function:
    """The derivative of every element of the result with respect to every element: `result.shape + argument.shape`."""

    @functools.wraps(function)
    def derivative(*args: Any, **kwargs: Any) -> Any:
        tape, value, chosen = _run(function, args, kwargs, argnums)
        return _out(tape.jacobian(value, chosen, unconnected_gradients="zero"), args)

    return derivative


def hessian(function: Function, argnums: int = 0) -> Function:
    """The second derivatives of a function with a scalar result: an array of shape `argument.shape` twice."""
    return jacobian(grad(function, argnums), argnums)


def hvp(function: Function, argnums: int = 0) -> Function:
    """The Hessian of a function with a scalar result, times a vector: takes the arguments, then the vector.

    Costs a few times the function, and never makes the Hessian.
    """
    gradient = grad(function, argnums)

    @functools.wraps(function)
    def product(*args: Any, **kwargs: Any) -> Any:
        *arguments, vector = args
        tape, value, chosen = _run(gradient, arguments, kwargs, argnums)
        answer = tape.gradient(value, chosen, output_gradients=vector, unconnected_gradients="zero")
        return _out(answer, args)

    return product


def jvp(function: Function, argnums: int = 0) -> Function:
    """The Jacobian times a vector, of the result's shape: takes the arguments, then the vector.

    The sweep's answer is linear in its seed; the derivative by that seed is the product. Costs two sweeps.
    """

    @functools.wraps(function)
    def product(*args: Any, **kwargs: Any) -> Any:
        *arguments, vector = args
        tape, value, chosen = _run(function, arguments, kwargs, argnums)
        seed = constant(np.zeros(value.shape, value.dtype))
        with GradientTape() as outer:
            outer.watch(seed)
            pulled = tape.gradient(value, chosen, output_gradients=seed, unconnected_gradients="zero")
        answer = outer.gradient(pulled, seed, output_gradients=vector, unconnected_gradients="zero")
        return _out(answer, args)

    return product


def _run(function: Function, args: Any, kwargs: Any, argnums: Argnums) -> tuple[GradientTape, Any, Any]:
    """Call a function under a tape that watches the chosen arguments; the tape, the result and those arguments."""
    arguments = list(args)
    numbers = argnums if isinstance(argnums, tuple) else (argnums,)
    if not all(isinstance(n, int) and -len(args) <= n < len(args) for n in numbers):
        raise TypeError(f"argnums={argnums} of a call with {len(args)} positional arguments to differentiate by")
    for n in numbers:
        arguments[n] = nest.apply(_floating, arguments[n])
    with GradientTape(watch_accessed_variables=False) as tape:
        tape.watch([arguments[n] for n in numbers])
        value = function(*arguments, **kwargs)
    chosen = tuple(arguments[n] for n in numbers) if isinstance(argnums, tuple) else arguments[argnums]
    return tape, nest.apply(as_tensor, value), chosen


def _floating(value: Any) -> Tensor:
    """An argument as a tensor of its own, connected to outer tapes; integers become float64."""
    tensor = identity(value)
    return tensor if tensor.dtype.kind == "f" else tensor.astype(np.float64)


def _check_scalar(value: Any) -> None:
    if not isinstance(value, Tensor) or value.size != 1:
        what = f"has shape {value.shape}" if isinstance(value, Tensor) else f"is a {type(value).__name__}"
        raise TypeError(f"the function must return a scalar; its result {what}: use jacobian, or sum it")


def _out(answer: Any, args: Any) -> Any:
    """Tensors where an argument is one, else plain arrays."""
    if any(isinstance(x, Tensor) for x in nest.flatten(args)):
        return answer
    return nest.apply(lambda x: x.numpy(), answer)
