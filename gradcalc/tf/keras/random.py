"""`tf.keras.random`: random tensors, from a seed, a `SeedGenerator` or that of `set_seed`. Imports tf.random."""

from typing import Any

import numpy as np

from gradcalc.nn.initializers import floatx
from gradcalc.tape.tensor import Tensor
from gradcalc.tf import nn, random
from gradcalc.tf.defaults import Result, as_shape, as_tensor


class SeedGenerator:
    """A seed that goes on by one each time it is drawn from."""

    def __init__(self, seed: int | None = None, name: str | None = None, **kwargs: Any) -> None:
        self.seed = int(random.uniform([], 0, 2**31 - 1, np.int64)) if seed is None else int(seed)
        self._drawn = 0

    def next(self) -> tuple[int, int]:
        """The seed, and how often it was drawn from."""
        self._drawn += 1
        return self.seed, self._drawn - 1


def _from(seed: Any) -> Any:
    """The generator of a seed."""
    if seed is None:
        return random.seeded(None)
    return random.Generator(state=seed.next() if isinstance(seed, SeedGenerator) else int(seed))


def normal(shape: Any, mean: Any = 0.0, stddev: Any = 1.0, dtype: Any = None, seed: Any = None) -> Tensor:
    """Numbers of a normal distribution."""
    return _from(seed).normal(shape, mean, stddev, dtype or floatx())  # type: ignore[no-any-return]


def truncated_normal(shape: Any, mean: Any = 0.0, stddev: Any = 1.0, dtype: Any = None, seed: Any = None) -> Tensor:
    """Numbers of a normal distribution, none more than two deviations from the mean."""
    return _from(seed).truncated_normal(shape, mean, stddev, dtype or floatx())  # type: ignore[no-any-return]


def uniform(shape: Any, minval: Any = 0.0, maxval: Any = 1.0, dtype: Any = None, seed: Any = None) -> Tensor:
    """Numbers from `minval` up to below `maxval`, all alike."""
    return _from(seed).uniform(shape, minval, maxval, dtype or floatx())  # type: ignore[no-any-return]


def randint(shape: Any, minval: Any, maxval: Any, dtype: Any = "int32", seed: Any = None) -> Tensor:
    """Integers from `minval` up to below `maxval`, all alike."""
    return _from(seed).uniform(shape, minval, maxval, dtype)  # type: ignore[no-any-return]


def binomial(shape: Any, counts: Any, probabilities: Any, dtype: Any = None, seed: Any = None) -> Tensor:
    """How many of `counts` trials succeed."""
    return _from(seed).binomial(shape, counts, probabilities, dtype or floatx())  # type: ignore[no-any-return]


def categorical(logits: Any, num_samples: Any, dtype: Any = "int32", seed: Any = None) -> Tensor:
    """For each row of unnormalized logarithms of probabilities so many numbers of classes."""
    return _from(seed).categorical(logits, num_samples, dtype)  # type: ignore[no-any-return]


def gamma(shape: Any, alpha: Any, dtype: Any = None, seed: Any = None) -> Tensor:
    """Numbers of gamma distributions of shape `alpha`."""
    return _from(seed).gamma(as_shape(shape), alpha, None, dtype or floatx())  # type: ignore[no-any-return]


def shuffle(x: Any, axis: int = 0, seed: Any = None) -> Result:
    """The parts along an axis in random order."""
    x = as_tensor(x)
    return np.take(x, _from(seed).permutation(x.shape[axis]), axis)


def dropout(inputs: Any, rate: Any, noise_shape: Any = None, seed: Any = None) -> Result:
    """A tensor with a share `rate` of its elements set to 0, the others divided by `1 - rate`."""
    return nn.dropped(as_tensor(inputs), rate, noise_shape, _from(seed))
