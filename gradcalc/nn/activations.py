"""Activations, as Keras 3 has them: functions of tensors and arrays, by name or by themselves. Imports tape and ops.

Names, defaults and formulas are those of Keras's documentation.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

import numpy as np

from gradcalc.graph import ops
from gradcalc.graph.ops import Operand
from gradcalc.nn.config import read
from gradcalc.tape import nest
from gradcalc.tape.rules.reductions import log_softmax as plain_log_softmax
from gradcalc.tape.rules.reductions import softmax as plain_softmax
from gradcalc.tape.rules.shapes import KINKED
from gradcalc.tape.tensor import Tensor, as_array, cast

Activation = Callable[..., Any]


class Probabilities(Tensor):
    """What `sigmoid` and `softmax` return: a tensor that knows its logits, from which a loss is exact."""

    __slots__ = ("logits",)

    def __init__(self, result: Tensor, logits: Any) -> None:
        super().__init__(result.array)
        self.id = result.id
        self.logits = logits

    def __reduce__(self) -> tuple[Any, ...]:
        return Tensor, (self.array,)


def _probabilities(result: Any, x: Any) -> Any:
    return Probabilities(result, x) if isinstance(result, Tensor) else result


ACTIVATIONS: dict[str, Activation] = {}
"""The activations by name."""


def activation(function: Activation) -> Activation:
    """An activation that reads what is no tensor as Keras does: Python's floats as float32, arrays as they are.

    Integers are float32 too, where the result is not of their kind.
    """
    keeps = function.__name__ in ("linear", "relu", "relu6")

    @wraps(function)
    def of_tensor(x: Any, *args: Any, **kwargs: Any) -> Any:
        x = x if isinstance(x, Operand) else _tensor(x)
        if not keeps and isinstance(x, Tensor) and x.dtype.kind != "f":
            x = cast(x, np.float32)
        return function(x, *args, **kwargs)

    ACTIVATIONS[function.__name__] = of_tensor
    return of_tensor


def _row(name: str, doc: str, formula: Activation) -> Activation:
    """The activation of a row: its name, what it is, and its formula."""
    formula.__name__ = formula.__qualname__ = name
    formula.__doc__ = doc
    return activation(formula)


def _tensor(x: Any) -> Any:
    if isinstance(x, list | tuple) and any(isinstance(item, Tensor) for item in nest.flatten(x)):
        return np.stack([_tensor(item) for item in x])
    array = as_array(x)
    narrow = {"float64": "float32", "int64": "int32"}.get(array.dtype.name)
    return Tensor(array if narrow is None or isinstance(x, np.ndarray | np.generic) else array.astype(narrow))


# -- one formula -------------------------------------------------------------------------------------------------------

# fmt: off
linear = _row("linear", "The input itself.", lambda x: x)
relu6 = _row("relu6", "`min(max(x, 0), 6)`.", lambda x: relu(x, max_value=6.0))
selu = _row(
    "selu", "`1.0507 * elu(x, 1.6733)`: keeps mean 0 and variance 1 (Klambauer et al. 2017).",
    lambda x: 1.0507009873554805 * elu(x, 1.6732632423543772))
celu = _row(
    "celu", "X above zero, `alpha * (exp(x / alpha) - 1)` below (Barron 2017).",
    lambda x, alpha=1.0: np.where(x >= 0, x, alpha * ops.elu(x / alpha)))
silu = _row("silu", "`x * sigmoid(x)`, also called swish.", lambda x: ops.silu(x))
mish = _row("mish", "`x * tanh(softplus(x))` (Misra 2019).", lambda x: x * np.tanh(ops.softplus(x)))
tanh = _row("tanh", "Hyperbolic tangent.", lambda x: np.tanh(x))
exponential = _row("exponential", "`exp(x)`.", lambda x: np.exp(x))
softplus = _row("softplus", "`log(1 + exp(x))`, without overflow.", lambda x: ops.softplus(x))
softsign = _row("softsign", "`x / (1 + |x|)`.", lambda x: x / (1 + np.abs(x)))
squareplus = _row(
    "squareplus", "`(x + sqrt(x*x + b)) / 2` (Barron 2021).", lambda x, b=4: (x + np.sqrt(x * x + b)) / 2)
sigmoid = _row(
    "sigmoid", "`1 / (1 + exp(-x))`; a loss that gets the result computes from x.",
    lambda x: _probabilities(ops.sigmoid(x), x))
log_sigmoid = _row("log_sigmoid", "`log(sigmoid(x))`, without overflow.", lambda x: -ops.softplus(-x))
hard_sigmoid = _row("hard_sigmoid", "`x/6 + 1/2`, between 0 and 1.", lambda x: np.clip(x / 6 + 0.5, 0, 1))
hard_silu = _row("hard_silu", "`x * hard_sigmoid(x)`, also called hard swish.", lambda x: x * hard_sigmoid(x))
hard_tanh = _row("hard_tanh", "X, between -1 and 1.", lambda x: np.clip(x, -1, 1))
sparse_sigmoid = _row("sparse_sigmoid", "`(x + 1) / 2`, between 0 and 1.", lambda x: np.clip((x + 1) / 2, 0, 1))
sparse_plus = _row(
    "sparse_plus", "0 up to -1, x from 1 on, `(x + 1)**2 / 4` between.",
    lambda x: np.where(x >= 1, x, np.clip(x + 1, 0, 2) ** 2 / 4))
hard_shrink = _row(
    "hard_shrink", "X where it is more than `threshold` from zero, and zero there.",
    lambda x, threshold=0.5: np.where(np.abs(x) > threshold, x, x.dtype.type(0)))
soft_shrink = _row(
    "soft_shrink", "X moved by `threshold` towards zero, at most to it.",
    lambda x, threshold=0.5: x - np.clip(x, -threshold, threshold))
tanh_shrink = _row("tanh_shrink", "`x - tanh(x)`.", lambda x: x - np.tanh(x))
threshold = _row(
    "threshold", "X above `threshold`, `default_value` up to it.",
    lambda x, threshold, default_value: np.where(x > threshold, x, x.dtype.type(default_value)))
log_softmax = _row(
    "log_softmax", "`log(softmax(x))`, accurate where softmax is near 0.",
    lambda x, axis=-1: plain_log_softmax(x, axis=axis))
# fmt: on

# -- more than one -----------------------------------------------------------------------------------------------------


@activation
def relu(x: Any, negative_slope: float = 0.0, max_value: float | None = None, threshold: float = 0.0) -> Any:
    """`max(x, 0)`; with arguments `max_value` above it, x between, `negative_slope * (x - threshold)` below."""
    if not negative_slope and not threshold:
        y = ops.relu(x)
    else:
        x = KINKED(x)
        y = np.where(x > threshold if threshold else x >= 0, x, negative_slope * (x - threshold))
    return y if max_value is None else np.where(y >= max_value, y.dtype.type(max_value), y)


@activation
def leaky_relu(x: Any, negative_slope: float = 0.2) -> Any:
    """X above zero, `negative_slope * x` below."""
    if negative_slope == 0.2:
        return ops.leaky_relu(x)
    x = KINKED(x)
    return np.where(x > 0, x, negative_slope * x)


@activation
def elu(x: Any, alpha: float = 1.0) -> Any:
    """X above zero, `alpha * (exp(x) - 1)` below (Clevert et al. 2016)."""
    y = ops.elu(x)
    return y if alpha == 1 else np.where(x >= 0, x, alpha * y)


@activation
def gelu(x: Any, approximate: bool = False) -> Any:
    """X times the normal distribution function (Hendrycks and Gimpel 2016); `approximate` by tanh."""
    if not approximate:
        return ops.gelu(x)
    return 0.5 * x * (1 + np.tanh(0.7978845608028654 * (x + 0.044715 * x**3)))


@activation
def softmax(x: Any, axis: int = -1) -> Any:
    """`exp(x) / sum(exp(x))` along an axis; a loss that gets the result computes from x."""
    result = plain_softmax(x, axis=axis)
    return _probabilities(result, x) if axis in (-1, x.ndim - 1) else result


@activation
def glu(x: Any, axis: int = -1) -> Any:
    """The first half along an axis times the sigmoid of the second (Dauphin et al. 2017)."""
    if x.shape[axis] % 2:
        raise ValueError(f"axis size must be divisible by 2. Received: x.shape={x.shape} with axis={axis}")
    gated, gate = np.split(x, 2, axis=axis)
    return gated * ops.sigmoid(gate)


@activation
def sparsemax(x: Any, axis: int = -1) -> Any:
    """The point of the simplex next to x along an axis (Martins and Astudillo 2016): many elements are 0."""
    moved = np.moveaxis(x, axis, -1)
    ordered = -np.sort(-as_array(moved), axis=-1)
    sums = np.cumsum(ordered, axis=-1)
    ranks = np.arange(1, ordered.shape[-1] + 1)
    kept = np.sum(1 + ranks * ordered > sums, axis=-1, keepdims=True)
    among = as_array(moved) > (np.take_along_axis(sums, kept - 1, -1) - 1) / kept
    level = (np.sum(np.where(among, moved, moved.dtype.type(0)), axis=-1, keepdims=True) - 1) / kept.astype(moved.dtype)
    return np.moveaxis(np.maximum(moved - level, 0), -1, axis)


ACTIVATIONS |= {"swish": silu, "hard_swish": hard_silu}


def get(identifier: Any) -> Activation:
    """The activation of a name, or the given function; None is `linear`."""
    identifier = linear if identifier is None else identifier
    return read("activation function", identifier, ACTIVATIONS, "keras.layers")  # type: ignore[no-any-return]
