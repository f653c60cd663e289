"""What weights begin with: zeros, ones, and random arrays, as Keras 3's initializers. Imports NumPy.

Names, defaults and scales are those of Keras's documentation; the random numbers are NumPy's. All of `nn` draws from
one generator, which `set_seed` starts anew.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

Array = Any
Initializer = Callable[..., Array]
"""`initializer(shape, dtype)` returns an array."""

_generator = np.random.default_rng()


def set_seed(seed: int | None) -> None:
    """Start the random numbers of `nn` anew: the same seed gives the same weights and dropouts."""
    global _generator
    _generator = np.random.default_rng(seed)


def generator(seed: int | None = None) -> np.random.Generator:
    """The generator that `nn` draws from, or one of its own for a seed."""
    return _generator if seed is None else np.random.default_rng(seed)


class Constant:
    """One value everywhere."""

    def __init__(self, value: float = 0.0) -> None:
        self.value = value

    def __call__(self, shape: Sequence[int], dtype: Any = "float32") -> Array:
        """An array of the shape."""
        return np.full(shape, self.value, dtype)


class Zeros(Constant):
    """Zero everywhere."""

    def __init__(self) -> None:
        super().__init__(0.0)


class Ones(Constant):
    """One everywhere."""

    def __init__(self) -> None:
        super().__init__(1.0)


class RandomNormal:
    """Normal numbers."""

    def __init__(self, mean: float = 0.0, stddev: float = 0.05, seed: int | None = None) -> None:
        self.mean = mean
        self.stddev = stddev
        self.seed = seed

    def __call__(self, shape: Sequence[int], dtype: Any = "float32") -> Array:
        """An array of the shape."""
        return generator(self.seed).normal(self.mean, self.stddev, tuple(shape)).astype(dtype)


def truncated(source: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Standard normal numbers, drawn again where they are more than two from 0."""
    values = np.asarray(source.standard_normal(shape))
    while (far := np.abs(values) > 2).any():
        values[far] = source.standard_normal(np.count_nonzero(far))
    return values


class TruncatedNormal(RandomNormal):
    """Normal numbers, drawn again where they are more than two standard deviations from the mean."""

    def __call__(self, shape: Sequence[int], dtype: Any = "float32") -> Array:
        """An array of the shape."""
        return (self.mean + self.stddev * truncated(generator(self.seed), tuple(shape))).astype(dtype)


class RandomUniform:
    """Numbers evenly spread between `minval` and `maxval`."""

    def __init__(self, minval: float = -0.05, maxval: float = 0.05, seed: int | None = None) -> None:
        self.minval = minval
        self.maxval = maxval
        self.seed = seed

    def __call__(self, shape: Sequence[int], dtype: Any = "float32") -> Array:
        """An array of the shape."""
        return generator(self.seed).uniform(self.minval, self.maxval, tuple(shape)).astype(dtype)


class VarianceScaling:
    """Random numbers of variance `scale / n`, n the number of inputs or outputs of a unit, or their mean.

    Args:
        scale: a positive number.
        mode: `"fan_in"`, `"fan_out"` or `"fan_avg"`: what n is.
        distribution: `"truncated_normal"` (before truncation by two standard deviations the variance is larger, so that
            it is right after), `"untruncated_normal"` or `"uniform"`.
        seed: the same numbers at each call.
    """

    def __init__(
        self,
        scale: float = 1.0,
        mode: str = "fan_in",
        distribution: str = "truncated_normal",
        seed: int | None = None,
    ) -> None:
        if scale <= 0:
            raise ValueError(f"Argument `scale` must be positive float. Received: scale={scale}")
        if mode not in ("fan_in", "fan_out", "fan_avg"):
            raise ValueError(f"Invalid `mode` argument: {mode}. Use fan_in, fan_out or fan_avg")
        if distribution not in ("truncated_normal", "untruncated_normal", "uniform"):
            raise ValueError(
                f"Invalid `distribution` argument: {distribution}. Use truncated_normal, untruncated_normal or uniform"
            )
        self.scale = scale
        self.mode = mode
        self.distribution = distribution
        self.seed = seed

    def __call__(self, shape: Sequence[int], dtype: Any = "float32") -> Array:
        """An array of the shape."""
        inputs, outputs = _fans(tuple(shape))
        n = {"fan_in": inputs, "fan_out": outputs, "fan_avg": (inputs + outputs) / 2}[self.mode]
        variance = self.scale / max(1.0, n)
        if self.distribution == "uniform":
            limit = math.sqrt(3 * variance)
            return RandomUniform(-limit, limit, self.seed)(shape, dtype)
        if self.distribution == "untruncated_normal":
            return RandomNormal(0.0, math.sqrt(variance), self.seed)(shape, dtype)
        return TruncatedNormal(0.0, math.sqrt(variance) / TRUNCATED_DEVIATION, self.seed)(shape, dtype)


TRUNCATED_DEVIATION = 0.87962566103423978
"""The standard deviation of a standard normal number that is drawn again outside -2 to 2."""


def _fans(shape: tuple[int, ...]) -> tuple[int, int]:
    """The number of inputs and of outputs of one unit; the last two axes of a kernel are channels in and out."""
    if len(shape) < 2:
        return (shape or (1,))[0], (shape or (1,))[0]
    field = math.prod(shape[:-2])
    return shape[-2] * field, shape[-1] * field


class GlorotUniform(VarianceScaling):
    """Uniform, variance 2 / (inputs + outputs) (Glorot and Bengio 2010)."""

    def __init__(self, seed: int | None = None) -> None:
        super().__init__(1.0, "fan_avg", "uniform", seed)


class GlorotNormal(VarianceScaling):
    """Truncated normal, variance 2 / (inputs + outputs) (Glorot and Bengio 2010)."""

    def __init__(self, seed: int | None = None) -> None:
        super().__init__(1.0, "fan_avg", "truncated_normal", seed)


class HeUniform(VarianceScaling):
    """Uniform, variance 2 / inputs (He et al. 2015)."""

    def __init__(self, seed: int | None = None) -> None:
        super().__init__(2.0, "fan_in", "uniform", seed)


class HeNormal(VarianceScaling):
    """Truncated normal, variance 2 / inputs (He et al. 2015)."""

    def __init__(self, seed: int | None = None) -> None:
        super().__init__(2.0, "fan_in", "truncated_normal", seed)


class LecunUniform(VarianceScaling):
    """Uniform, variance 1 / inputs (LeCun et al. 1998)."""

    def __init__(self, seed: int | None = None) -> None:
        super().__init__(1.0, "fan_in", "uniform", seed)


class LecunNormal(VarianceScaling):
    """Truncated normal, variance 1 / inputs (LeCun et al. 1998)."""

    def __init__(self, seed: int | None = None) -> None:
        super().__init__(1.0, "fan_in", "truncated_normal", seed)


INITIALIZERS: dict[str, Callable[..., Initializer]] = {
    "zeros": Zeros,
    "ones": Ones,
    "constant": Constant,
    "random_normal": RandomNormal,
    "random_uniform": RandomUniform,
    "uniform": RandomUniform,
    "normal": RandomNormal,
    "truncated_normal": TruncatedNormal,
    "glorot_uniform": GlorotUniform,
    "glorot_normal": GlorotNormal,
    "he_uniform": HeUniform,
    "he_normal": HeNormal,
    "lecun_uniform": LecunUniform,
    "lecun_normal": LecunNormal,
}
"""The initializers by name, with default arguments."""


def get(identifier: Any) -> Initializer:
    """The initializer of a name (`glorot_uniform`, or `GlorotUniform`), or the given one; None is zeros."""
    if isinstance(identifier, str):
        for name, kind in INITIALIZERS.items():
            if identifier in (name, getattr(kind, "__name__", "")):
                return kind()
    elif isinstance(identifier, type):
        return identifier()  # type: ignore[no-any-return]
    elif callable(identifier) or identifier is None:
        return identifier or Zeros()
    raise ValueError(f"Could not interpret initializer identifier: {identifier}. Known: {', '.join(INITIALIZERS)}")
