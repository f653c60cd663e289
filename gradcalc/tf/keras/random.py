"""`tf.keras.random`: random tensors, from a seed, a `SeedGenerator` or that of `set_seed`. Imports tf.random."""

from typing import Any

import numpy as np

from gradcalc.nn.initializers import floatx
from gradcalc.tf import nn, random
from gradcalc.tf.defaults import Function, only, row, telling


class SeedGenerator:
    """A seed that goes on by one each time it is drawn from."""

    def __init__(self, seed: int | None = None, name: str | None = None) -> None:
        self.seed = int(random.uniform([], 0, 2**31 - 1, np.int64)) if seed is None else int(seed)
        self._drawn = 0

    def next(self, ordered: bool = True) -> tuple[int, int]:
        """The seed, and how often it was drawn from."""
        only(True, ordered=ordered)
        self._drawn += 1
        return self.seed, self._drawn - 1


def _from(seed: Any) -> Any:
    """The generator of a seed."""
    if seed is None:
        return random.seeded(None)
    return random.Generator(state=seed.next() if isinstance(seed, SeedGenerator) else int(seed))


def _drawn(method: str) -> Function:
    """A method of the generator of a seed, the last argument, in the dtype before it."""
    return lambda *args: getattr(_from(args[-1]), method)(*args[:-2], args[-2] or floatx())


normal = row(
    _drawn("normal"), "shape, mean=0.0, stddev=1.0, dtype=None, seed=None", "Numbers of a normal distribution."
)
truncated_normal = row(
    _drawn("truncated_normal"), "shape, mean=0.0, stddev=1.0, dtype=None, seed=None",
    "Numbers of a normal distribution, none more than two deviations from the mean.",
)  # fmt: skip
uniform = row(
    _drawn("uniform"), "shape, minval=0.0, maxval=1.0, dtype=None, seed=None",
    "Numbers from `minval` up to below `maxval`, all alike.",
)  # fmt: skip
randint = row(
    _drawn("uniform"), "shape, minval, maxval, dtype='int32', seed=None",
    "Integers from `minval` up to below `maxval`, all alike.",
)  # fmt: skip
binomial = row(
    _drawn("binomial"), "shape, counts, probabilities, dtype=None, seed=None", "How many of `counts` trials succeed."
)
categorical = row(
    _drawn("categorical"), "logits, num_samples, dtype='int32', seed=None",
    "For each row of unnormalized logarithms of probabilities so many numbers of classes.",
)  # fmt: skip
gamma = row(
    lambda shape, alpha, dtype, seed: _drawn("gamma")(shape, alpha, None, dtype, seed),
    "shape, alpha, dtype=None, seed=None", "Numbers of gamma distributions of shape `alpha`.",
)  # fmt: skip
shuffle = row(
    lambda x, axis, seed: np.take(x, _from(seed).permutation(x.shape[axis]), axis), "x | axis=0, seed=None",
    "The parts along an axis in random order.",
)  # fmt: skip
dropout = row(
    lambda x, rate, noise_shape, seed: nn.dropped(x, rate, noise_shape, _from(seed)),
    "inputs | rate, noise_shape=None, seed=None",
    "A tensor with a share `rate` of its elements set to 0, the others divided by `1 - rate`.",
)  # fmt: skip

telling(globals())
