"""What weights begin with: zeros, ones, and random arrays, as Keras 3's initializers. Imports NumPy.

Names, defaults and scales are those of Keras's documentation; the random numbers are NumPy's. All of `nn` draws from
one source, which `set_seed` starts anew.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gradcalc.graph.names import snake_case
from gradcalc.nn.config import Row, kinds_of, read
from gradcalc.tape.tensor import Tensor

Array = Any


class Source:
    """Where random numbers come from: one generator, which `start` puts in the place of the one before.

    NumPy locks a generator while it draws, so threads may share it. A forked process goes on with a copy, and draws
    the same numbers as its parent until it starts anew; a spawned one has a source of its own.
    """

    def __init__(self) -> None:
        self.start(None)

    def start(self, seed: int | None) -> None:
        """Begin again: with the numbers of a seed, or with new ones."""
        self.generator = np.random.default_rng(seed)


SOURCE = Source()
"""What `nn` draws from: weights, dropout, and the random tensors of the facade."""


def set_seed(seed: int | None) -> None:
    """Start the random numbers of `nn` anew: the same seed gives the same weights and dropouts."""
    SOURCE.start(seed)


def generator(seed: int | None = None) -> np.random.Generator:
    """The generator that `nn` draws from, or one of its own for a seed."""
    return SOURCE.generator if seed is None else np.random.default_rng(seed)


class _Floats:
    """The dtype of layers and metrics that are told none, for the process."""

    dtype = "float32"


def floatx() -> str:
    """The dtype of layers and metrics that are told none: "float32", unless `set_floatx` says otherwise."""
    return _Floats.dtype


def set_floatx(value: str) -> None:
    """Let layers and metrics made from here on be of another floating dtype."""
    if value not in ("float16", "float32", "float64"):
        raise ValueError(f"Unknown `floatx` value: {value}: it is 'float16', 'float32' or 'float64'")
    _Floats.dtype = value


class Initializer(Row):
    """Base of the initializers: a subclass gives `__call__`; here `_values`, what an array of a shape holds."""

    _module = "keras.initializers"

    def __call__(self, shape: Sequence[int], dtype: Any = None) -> Any:
        """A tensor of the shape, float32 by default."""
        return Tensor(np.asarray(self._values(tuple(shape))).astype(dtype or floatx(), copy=False))

    def _values(self, shape: tuple[int, ...]) -> Array:
        raise NotImplementedError(f"{type(self).__name__} must define __call__(self, shape, dtype=None)")


def truncated(source: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Standard normal numbers, drawn again where they are more than two from 0."""
    values = np.asarray(source.standard_normal(shape))
    while (far := np.abs(values) > 2).any():
        values[far] = source.standard_normal(np.count_nonzero(far))
    return values


# fmt: off
class Zeros(Initializer, _values=lambda self, shape: np.zeros(shape)):
    """Zero everywhere."""
class Ones(Initializer, _values=lambda self, shape: np.ones(shape)):
    """One everywhere."""
@dataclass(repr=False, eq=False)
class Constant(Initializer, _values=lambda self, shape: np.full(shape, self.value)):
    """One value everywhere, or several that are broadcast."""

    value: Any = 0.0
@dataclass(repr=False, eq=False)
class RandomNormal(
        Initializer, _values=lambda self, shape: generator(self.seed).normal(self.mean, self.stddev, shape)):
    """Normal numbers."""

    mean: float = 0.0
    stddev: float = 0.05
    seed: int | None = None
@dataclass(repr=False, eq=False)
class TruncatedNormal(
        Initializer, _values=lambda self, shape: self.mean + self.stddev * truncated(generator(self.seed), shape)):
    """Normal numbers, drawn again where they are more than two standard deviations from the mean."""

    mean: float = 0.0
    stddev: float = 0.05
    seed: int | None = None
@dataclass(repr=False, eq=False)
class RandomUniform(
        Initializer, _values=lambda self, shape: generator(self.seed).uniform(self.minval, self.maxval, shape)):
    """Numbers evenly spread between `minval` and `maxval`."""

    minval: float = -0.05
    maxval: float = 0.05
    seed: int | None = None
# fmt: on


@dataclass(repr=False, eq=False)
class VarianceScaling(Initializer):
    """Random numbers of variance `scale / n`, n the number of inputs or outputs of a unit, or their mean.

    `mode` says which: `"fan_in"`, `"fan_out"` or `"fan_avg"`. `distribution` is `"uniform"`, `"untruncated_normal"` or
    `"truncated_normal"`: before truncation by two standard deviations its variance is larger, to be right after it.
    `input_axes` and `output_axes` say what is in and what is out, where it is not the last two axes.
    """

    scale: float = 1.0
    mode: str = "fan_in"
    distribution: str = "truncated_normal"
    seed: int | None = None
    input_axes: Any = None
    output_axes: Any = None

    def __post_init__(self) -> None:
        if self.scale <= 0:
            raise ValueError(f"Argument `scale` must be positive float. Received: scale={self.scale}")
        if self.mode not in ("fan_in", "fan_out", "fan_avg"):
            raise ValueError(f"Invalid `mode` argument: {self.mode}. Use fan_in, fan_out or fan_avg")
        if self.distribution not in ("truncated_normal", "untruncated_normal", "uniform"):
            raise ValueError(
                f"Invalid `distribution` argument: {self.distribution}. Use truncated_normal, untruncated_normal or "
                "uniform"
            )

    def _values(self, shape: tuple[int, ...]) -> Array:
        inputs, outputs = _fans(shape, self.input_axes, self.output_axes)
        n = {"fan_in": inputs, "fan_out": outputs, "fan_avg": (inputs + outputs) / 2}[self.mode]
        variance = self.scale / max(1.0, n)
        if self.distribution == "uniform":
            limit = math.sqrt(3 * variance)
            return generator(self.seed).uniform(-limit, limit, shape)
        if self.distribution == "untruncated_normal":
            return generator(self.seed).normal(0.0, math.sqrt(variance), shape)
        return math.sqrt(variance) / TRUNCATED_DEVIATION * truncated(generator(self.seed), shape)


TRUNCATED_DEVIATION = 0.87962566103423978
"""The standard deviation of a standard normal number that is drawn again outside -2 to 2."""


def _fans(shape: tuple[int, ...], inputs: Any = None, outputs: Any = None) -> tuple[int, int]:
    """The number of inputs and of outputs of one unit; the last two axes of a kernel are channels in and out.

    Or, where both are given, the sizes of the axes of inputs and of outputs.
    """
    if inputs is not None and outputs is not None:
        return math.prod(shape[i] for i in inputs), math.prod(shape[i] for i in outputs)
    if len(shape) < 2:
        return (shape or (1,))[0], (shape or (1,))[0]
    field = math.prod(shape[:-2])
    return shape[-2] * field, shape[-1] * field


class _Scaled(VarianceScaling):
    """Variance scaling of a known kind: scale, mode and distribution are the class's."""

    def __init__(self, seed: int | None = None, input_axes: Any = None, output_axes: Any = None) -> None:
        super().__init__(self.scale, self.mode, self.distribution, seed, input_axes, output_axes)


# fmt: off
class GlorotUniform(_Scaled, scale=1.0, mode="fan_avg", distribution="uniform"):
    """Uniform, variance 2 / (inputs + outputs) (Glorot and Bengio 2010)."""
class GlorotNormal(_Scaled, scale=1.0, mode="fan_avg", distribution="truncated_normal"):
    """Truncated normal, variance 2 / (inputs + outputs) (Glorot and Bengio 2010)."""
class HeUniform(_Scaled, scale=2.0, mode="fan_in", distribution="uniform"):
    """Uniform, variance 2 / inputs (He et al. 2015)."""
class HeNormal(_Scaled, scale=2.0, mode="fan_in", distribution="truncated_normal"):
    """Truncated normal, variance 2 / inputs (He et al. 2015)."""
class LecunUniform(_Scaled, scale=1.0, mode="fan_in", distribution="uniform"):
    """Uniform, variance 1 / inputs (LeCun et al. 1998)."""
class LecunNormal(_Scaled, scale=1.0, mode="fan_in", distribution="truncated_normal"):
    """Truncated normal, variance 1 / inputs (LeCun et al. 1998)."""
# fmt: on


@dataclass(repr=False, eq=False)
class Orthogonal(Initializer):
    """`gain` times a random matrix with orthogonal rows or columns (Saxe et al. 2014); the last axis is its columns."""

    gain: float = 1.0
    seed: int | None = None

    def _values(self, shape: tuple[int, ...]) -> Array:
        if len(shape) < 2:
            raise ValueError(f"The tensor to initialize must be at least two-dimensional. Received: shape={shape}")
        rows, columns = math.prod(shape[:-1]), shape[-1]
        q, r = np.linalg.qr(generator(self.seed).standard_normal((max(rows, columns), min(rows, columns))))
        q *= np.sign(np.diagonal(r))  # so that all such matrices are as likely
        return self.gain * np.reshape(q if rows >= columns else q.T, shape)


@dataclass(repr=False, eq=False)
class Identity(Initializer):
    """`gain` times the matrix with ones on its diagonal."""

    _quiet = frozenset({"gain"})
    gain: float = 1.0

    def _values(self, shape: tuple[int, ...]) -> Array:
        if len(shape) != 2:
            raise ValueError(f"Identity matrix initializer can only be used for 2D matrices. Received: shape={shape}")
        return self.gain * np.eye(*shape)


@dataclass(repr=False, eq=False)
class _Given(Initializer):
    """Values that are there already."""

    value: Any

    def __call__(self, shape: Sequence[int], dtype: Any = None) -> Tensor:
        """The values, in another dtype; the shape must be theirs."""
        array = np.asarray(getattr(self.value, "array", self.value))
        if array.shape != tuple(shape):
            raise ValueError(f"Expected `shape` to be {array.shape}, as the given values have it. Received: {shape}")
        return Tensor(array.astype(dtype or array.dtype))


INITIALIZERS: Mapping[str, Callable[..., Any]] = {snake_case(kind.__name__): kind for kind in kinds_of(Initializer)} | {
    "uniform": RandomUniform,
    "normal": RandomNormal,
}
"""The initializers by name, with default arguments."""


def get(identifier: Any) -> Any:
    """The initializer of a name (`glorot_uniform`, or `GlorotUniform`), or the given one; None is none.

    A tensor or an array is what it gives itself, for its own shape alone.
    """
    if isinstance(identifier, Tensor | np.ndarray):
        return _Given(identifier)
    table = {kind.__name__: kind for kind in INITIALIZERS.values()} | {**INITIALIZERS}
    table |= {"OrthogonalInitializer": Orthogonal, "IdentityInitializer": Identity}
    return read("initializer", identifier, table, Initializer._module)
