"""stop_gradient and custom_gradient: cuts, and rules of one's own. Imports tensor and rules.shapes."""

import functools
import inspect
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from gradcalc.errors import TapeError
from gradcalc.tape import nest
from gradcalc.tape.batch import Batch
from gradcalc.tape.rules.shapes import packed, unpacked
from gradcalc.tape.tensor import LIVE, ArrayOp, Tensor, Variable, as_tensor, recorded, run

STOP = ArrayOp("stop_gradient", lambda x: x, lambda g, y, x: None)
IDENTITY = ArrayOp("identity", lambda x: x, lambda g, y, x: g, passes=True)


def stop_gradient(x: Any) -> Tensor:
    """The same values, through which no gradient flows."""
    return STOP(as_tensor(x))  # type: ignore[no-any-return]


def identity(x: Any) -> Tensor:
    """The same values as a tensor of its own, recorded."""
    return IDENTITY(as_tensor(x))  # type: ignore[no-any-return]


def custom_gradient(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a function a derivative rule of its own, as `tensorflow.custom_gradient` does.

    >>> @gradcalc.custom_gradient
    ... def log1pexp(x):
    ...     e = np.exp(x)
    ...     return np.log(1 + e), lambda upstream: upstream * (1 - 1 / (1 + e))

    Args:
        function: takes tensors and what else it likes, by position or by name, and returns its result, a tensor or a
            list, tuple or dict of them, and the gradient function. That takes an adjoint for each tensor of the result
            and returns a contribution for each argument, of its shape, or None: for those given by position, and those
            given by name that are recorded; or for all that are given; or for all that there are. Where `function`
            uses trainable variables besides its arguments, it takes them as `variables=` too, and returns a pair: the
            contributions, and a list of those to the variables.

    Returns:
        A function whose result has that gradient. Second derivatives go through the gradient function's operations.
    """
    parameters = inspect.signature(function).parameters.values()

    @functools.wraps(function)
    def with_rule(*args: Any, **kwargs: Any) -> Any:
        given = _Arguments()
        positional = [given.take(value, _BY_POSITION) for value in args]
        named = {}
        for p in [p for p in parameters if p.kind in _WITH_PLACE][len(args) :]:
            if p.name in kwargs:
                named[p.name] = given.take(kwargs[p.name], _BY_NAME)
            elif p.default is not p.empty:
                given.take(p.default, _BY_DEFAULT)
        named |= {name: given.take(value, _BY_NAME) for name, value in kwargs.items() if name not in named}
        with _VariableWatcher() as watcher:
            result, gradient = _pair(function(*positional, **named), function.__name__)
        results = [as_tensor(x) for x in nest.flatten(result)]
        rule = _Rule(function.__name__, gradient, given, watcher.variables, results)
        return nest.pack(result, rule.recorded())

    return with_rule


_BY_POSITION, _BY_NAME, _BY_DEFAULT = range(3)
_WITH_PLACE = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)


class _Arguments:
    """The arguments of one call: which of their values tapes connect, and which the gradient function may leave out."""

    def __init__(self) -> None:
        self.values: list[Any] = []
        self.places: list[tuple[int, Tensor | None]] = []  # for each value, how it was given, and the operand it is
        self.operands: list[Tensor] = []

    def take(self, value: Any, how: int) -> Any:
        """An argument as the function gets it: of its values, those that tapes may connect are tensors."""
        self.values.append(value)
        return nest.apply(lambda leaf: self._take(leaf, how), value)

    def _take(self, leaf: Any, how: int) -> Any:
        operand = None
        if isinstance(leaf, Tensor) or (how == _BY_POSITION and _is_real(leaf)):
            how = _BY_POSITION if isinstance(leaf, Tensor) and recorded(leaf) else how
            operand = leaf = identity(leaf)
            self.operands.append(operand)
        self.places.append((how, operand))
        return leaf

    def contributions(self, given: Any, name: str) -> list[Any]:
        """To each operand, from what the gradient function gave for the arguments that it answers for."""
        parts = nest.flatten(given)
        for how in (_BY_POSITION, _BY_NAME, _BY_DEFAULT):
            answered = [operand for given_how, operand in self.places if given_how <= how]
            if len(answered) == len(parts):
                found = {id(operand): part for operand, part in zip(answered, parts, strict=True)}
                return [found.get(id(operand)) for operand in self.operands]
        wanted = sum(how == _BY_POSITION for how, _ in self.places)
        raise TapeError(
            f"the gradient function of {name} returned {len(parts)} gradients for {wanted} arguments",
            hint="one for each argument, None where there is none",
        )


def _is_real(value: Any) -> bool:
    """What a tensor can be made of."""
    return np.asarray(value).dtype.kind in "fiub"


def _pair(answer: Any, name: str) -> tuple[Any, Callable[..., Any]]:
    """What a function under `custom_gradient` must return."""
    if isinstance(answer, tuple) and len(answer) == 2 and callable(answer[1]):
        return answer
    raise TapeError(
        f"{name}, under custom_gradient, returned no pair of its result and a gradient function",
        hint="return y, lambda upstream: upstream * slope",
    )


class _VariableWatcher:
    """A recorder that notes which trainable variables are used."""

    def __init__(self) -> None:
        self.variables: list[Variable] = []

    def __enter__(self) -> "_VariableWatcher":
        LIVE.set((*LIVE.get(), self))
        return self

    def __exit__(self, *error: object) -> None:
        LIVE.set(tuple(tape for tape in LIVE.get() if tape is not self))

    def tracks(self, tensor: Tensor) -> bool:
        """Nothing is differentiated here."""
        return False

    def record(self, op: Any, operands: Sequence[Any], result: Tensor, settings: dict[str, Any] | None) -> None:
        """Note the variables among the operands."""
        for x in operands:
            if isinstance(x, Variable) and x.trainable and all(x is not known for known in self.variables):
                self.variables.append(x)


class _Rule:
    """The gradient function of one call, as the rule of an array op whose result packs all results."""

    def __init__(
        self,
        name: str,
        gradient: Callable[..., Any],
        arguments: _Arguments,
        variables: list[Variable],
        results: list[Tensor],
    ) -> None:
        self.name = name
        self.gradient = gradient
        self.arguments = arguments
        self.variables = variables
        self.results = results

    def recorded(self) -> list[Tensor]:
        """The results as tensors that tapes connect to the operands by this rule."""
        operands = [*self.arguments.operands, *self.variables]
        shapes = [x.shape for x in self.results]
        values = [x.array for x in self.results]
        value = values[0] if len(values) == 1 else packed(values, shapes)
        whole = run(ArrayOp(self.name, lambda *_: value, self.contributions, variadic=True), operands, {})
        if len(values) == 1:
            return [whole]
        return [part.astype(x.dtype) for part, x in zip(unpacked(whole, shapes), self.results, strict=True)]

    def contributions(self, g: Any, y: Any, wanted: Sequence[bool], *xs: Any) -> list[Any]:
        """What the gradient function gives, checked: tensors where another tape is live, else arrays."""
        one = len(self.results) == 1
        upstream = [g] if one else unpacked(g, [x.shape for x in self.results])
        tensors = [x if isinstance(x, Tensor) else Tensor(x) for x in upstream]
        if self.variables:
            self._check_variables()
            given, for_variables = self.gradient(*tensors, variables=self.variables)
        else:
            given, for_variables = self.gradient(*tensors), []
        parts = self.arguments.contributions(given, self.name) + nest.flatten(for_variables)
        self._check(parts, xs)
        keep = LIVE.get() or any(type(x) is Batch for x in upstream)
        return [x.array if isinstance(x, Tensor) and not keep else x for x in parts]

    def _check_variables(self) -> None:
        parameters = inspect.signature(self.gradient).parameters.values()
        if not any(p.name == "variables" or p.kind is p.VAR_KEYWORD for p in parameters):
            raise TapeError(
                f"{self.name} uses {self.variables[0].name}, and its gradient function takes no variables=",
                hint="def gradient(upstream, variables): return for_arguments, [one for each variable]",
            )

    def _check(self, parts: list[Any], xs: Sequence[Any]) -> None:
        if len(parts) != len(xs):
            raise TapeError(
                f"the gradient function of {self.name} did not return one gradient for each of its variables",
                hint="return for_arguments, [one for each variable]",
            )
        for part, x in zip(parts, xs, strict=True):
            shape = part.shape if isinstance(part, Tensor) else np.shape(part)
            if part is not None and shape != x.shape:
                raise TapeError(
                    f"the gradient function of {self.name} returned shape {shape} for an argument of shape {x.shape}",
                    hint="np.sum over the axes that were broadcast",
                )
