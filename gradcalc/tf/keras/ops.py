"""`tf.keras.ops`: NumPy's functions, and those of networks, of tensors or of a model's symbolic values. Imports tf.

A row is a name; of what is symbolic each makes a `Lambda` layer.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from gradcalc.nn import Symbolic, activations, losses
from gradcalc.nn.layers import Lambda
from gradcalc.tape import logsumexp, nest
from gradcalc.tape import stop_gradient as _stop_gradient
from gradcalc.tape.tensor import Tensor
from gradcalc.tf import arrays, control_flow, linalg, math, nn
from gradcalc.tf.defaults import alike, as_tensor, as_tensors
from gradcalc.tf.defaults import convert_to_tensor as convert_to_tensor
from gradcalc.tf.dtypes import cast as _cast

if TYPE_CHECKING:

    def __getattr__(name: str) -> Any: ...


Function = Callable[..., Any]

_OF_ONE = """
abs absolute all amax amin any arccos arccosh arcsin arcsinh arctan arctanh argmax argmin argsort broadcast_to cbrt ceil
clip conj conjugate copy cos cosh count_nonzero cumprod cumsum deg2rad diag diagonal diff exp exp2 expand_dims expm1
flip floor full_like imag isfinite isinf isnan log log10 log1p log2 logical_not max mean median min moveaxis nan_to_num
ndim negative ones_like pad prod ptp quantile rad2deg ravel real reciprocal repeat reshape roll round sign sin sinh size
sort split sqrt square squeeze std sum swapaxes take take_along_axis tan tanh tile trace transpose tril triu trunc var
zeros_like"""
_OF_TWO = """
add arctan2 cross divide dot equal floor_divide fmod greater greater_equal hypot inner isclose kron less less_equal
logaddexp logical_and logical_or logical_xor matmul maximum minimum mod multiply not_equal outer power subtract
tensordot true_divide vdot"""
_OF_LISTS = "concatenate hstack meshgrid stack vstack"
_MAKING = "arange empty eye full identity linspace logspace ones tri zeros"
_MEANS = {"average", "mean", "median", "quantile", "std", "var"}
"""What is floating of integers, too."""


def _of_tensors(function: Function) -> Function:
    """A function that is noted where an operand is symbolic."""

    def noted(*args: Any, **kwargs: Any) -> Any:
        leaves = nest.flatten([list(args), kwargs])
        at = [i for i, leaf in enumerate(leaves) if isinstance(leaf, Symbolic)]
        if not at:
            return function(*args, **kwargs)

        def later(found: Any) -> Any:
            values = dict(zip(at, found if len(at) > 1 else [found], strict=True))
            given, named = nest.pack([list(args), kwargs], [values.get(i, leaf) for i, leaf in enumerate(leaves)])
            return function(*given, **named)

        operands = [leaves[i] for i in at]
        return Lambda(later)(operands if len(at) > 1 else operands[0])

    noted.__name__, noted.__doc__ = function.__name__, function.__doc__
    return noted


def _reading(function: Function, read: Callable[..., list[Any]]) -> Function:
    """A function of NumPy's, whose first operands are read as TensorFlow reads them."""

    def reads(*args: Any, **kwargs: Any) -> Any:
        given = read(*args) if args else [as_tensor(kwargs.pop(next(iter(kwargs))))]
        return function(*given, **kwargs)

    reads.__name__, reads.__doc__ = function.__name__, function.__doc__
    return _of_tensors(reads)


def _first(x: Any, *rest: Any) -> list[Any]:
    return [as_tensor(x), *rest]


def _floats(x: Any, *rest: Any) -> list[Any]:
    x = as_tensor(x)
    return [x if x.dtype.kind == "f" else _cast(x, np.float32), *rest]


def _two(x: Any, y: Any, *rest: Any) -> list[Any]:
    return [*as_tensors(x, y), *rest]


def _list(xs: Any, *rest: Any) -> list[Any]:
    return [alike(xs) if isinstance(xs, list | tuple) else as_tensor(xs), *rest]


def _making(function: Function) -> Function:
    def made(*args: Any, dtype: Any = None, **kwargs: Any) -> Any:
        given = np.asarray(function(*args, **kwargs))
        narrow = np.int32 if function is np.arange and given.dtype.kind in "iu" else np.float32
        return Tensor(given.astype(dtype or narrow))

    made.__name__, made.__doc__ = function.__name__, function.__doc__
    return made


def convert_to_numpy(x: Any) -> Any:
    """The array in a tensor."""
    return as_tensor(x).numpy()


def shape(x: Any) -> tuple[Any, ...]:
    """The sizes, None where they are not known."""
    return tuple(x.shape if isinstance(x, Symbolic) else as_tensor(x).shape)


def is_tensor(x: Any) -> bool:
    """Whether it is a tensor or a variable."""
    return isinstance(x, Tensor)


def cast(x: Any, dtype: Any) -> Any:
    """The values in another dtype."""
    return _of_tensors(_cast)(x, dtype)


def binary_crossentropy(target: Any, output: Any, from_logits: bool = False) -> Any:
    """The loss of each element by itself."""

    def each(target: Any, output: Any) -> Any:
        return losses.binary_crossentropy(as_tensor(target)[..., None], as_tensor(output)[..., None], from_logits)

    return _of_tensors(each)(target, output)


globals().update({name: _reading(getattr(np, name), _floats if name in _MEANS else _first) for name in _OF_ONE.split()})
globals().update({name: _reading(getattr(np, name), _two) for name in _OF_TWO.split()})
globals().update({name: _reading(getattr(np, name), _list) for name in _OF_LISTS.split()})
globals().update({name: _making(getattr(np, name)) for name in _MAKING.split()})
_OTHERS = {
    activations: """
celu elu gelu glu hard_sigmoid hard_silu leaky_relu log_sigmoid log_softmax relu relu6 selu sigmoid silu softmax
softplus softsign tanh""",
    losses: "categorical_crossentropy sparse_categorical_crossentropy",
    arrays: "gather one_hot searchsorted unstack where",
    linalg: "cholesky det eigh einsum inv logdet norm qr slogdet solve svd",
    math: "digamma divide_no_nan erf erfinv in_top_k lgamma rsqrt segment_max segment_sum top_k",
    nn: "moments",
    control_flow: "cond scan vectorized_map while_loop",
}
globals().update(
    {name: _of_tensors(getattr(home, name)) for home, names in _OTHERS.items() for name in names.split()},
    logsumexp=_reading(logsumexp, _first), stop_gradient=_reading(_stop_gradient, _first),
)  # fmt: skip
