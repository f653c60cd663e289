"""`tf.random`: random tensors, repeatable after `set_seed`. Imports tape, nn and NumPy.

The numbers are those of NumPy's generator: repeatable, but not those that TensorFlow draws from the same seed.
"""

from copy import deepcopy
from functools import partial
from typing import Any

import numpy as np

from gradcalc.nn import initializers
from gradcalc.tape.rules.incomplete_gamma import DRIFT
from gradcalc.tape.tensor import ArrayOp, Tensor
from gradcalc.tf.defaults import Function, Result, as_shape, as_tensor, row, telling


class Generator:
    """A generator of random tensors of its own: `tf.random.Generator.from_seed(7).normal([2, 3])`."""

    def __init__(self, copy_from: "Generator | None" = None, state: Any = None, alg: Any = None) -> None:
        self._generator: np.random.Generator = (
            np.random.default_rng(state) if copy_from is None else deepcopy(copy_from._generator)
        )

    @classmethod
    def from_seed(cls, seed: Any, alg: Any = None) -> "Generator":
        """A generator that gives the same numbers for the same seed."""
        return cls(state=seed)

    @classmethod
    def from_non_deterministic_state(cls, alg: Any = None) -> "Generator":
        """A generator that gives other numbers each time."""
        return cls()

    def normal(
        self, shape: Any, mean: Any = 0.0, stddev: Any = 1.0, dtype: Any = np.float32, name: str | None = None
    ) -> Tensor:
        """Numbers of a normal distribution; their gradients with respect to `mean` and `stddev` are recorded."""
        return _moved(self._generator.standard_normal(as_shape(shape)), stddev, mean, dtype)

    def uniform(
        self, shape: Any, minval: Any = 0, maxval: Any = None, dtype: Any = np.float32, name: str | None = None
    ) -> Tensor:
        """Numbers from `minval` up to below `maxval`, all alike; ints of an integer dtype, which needs `maxval`."""
        if np.dtype(dtype).kind in "iu":
            if maxval is None:
                raise ValueError("uniform ints need maxval")
            low, high = as_tensor(minval).array, as_tensor(maxval).array
            return _tensor(self._generator.integers(low, high, as_shape(shape)), dtype)
        low, high = as_tensor(minval, dtype), as_tensor(1.0 if maxval is None else maxval, dtype)
        part = np.float32 if np.dtype(dtype).itemsize < 8 else np.float64
        return _moved(self._generator.random(as_shape(shape), part), high - low, low, dtype)

    def truncated_normal(
        self, shape: Any, mean: Any = 0.0, stddev: Any = 1.0, dtype: Any = np.float32, name: str | None = None
    ) -> Tensor:
        """Numbers of a normal distribution, drawn again where they are more than two deviations from the mean."""
        return _moved(initializers.truncated(self._generator, as_shape(shape)), stddev, mean, dtype)

    def binomial(self, shape: Any, counts: Any, probs: Any, dtype: Any = np.int32, name: str | None = None) -> Tensor:
        """How many of `counts` trials succeed, each with a probability; the last axes of `shape` are those of both."""
        n, p = (as_tensor(x).array for x in (counts, probs))
        return _tensor(self._generator.binomial(np.asarray(n, np.int64), p, as_shape(shape)), dtype)

    def categorical(self, logits: Any, num_samples: Any, dtype: Any) -> Tensor:
        """For each row of unnormalized logarithms of probabilities so many classes: see `tf.random.categorical`."""
        rows = as_tensor(logits).array
        if rows.ndim != 2 or not rows.shape[1] or rows.dtype.kind != "f":
            raise ValueError(f"categorical takes rows of floating logits, not {rows.dtype} of shape {rows.shape}")
        top = np.max(rows, axis=1, keepdims=True)
        if not np.isfinite(top).all():
            raise ValueError("categorical: every row has a largest logit, which is finite")
        sums = np.cumsum(np.exp(rows.astype(np.float64) - top), axis=1)
        points = self._generator.random((len(rows), int(num_samples))) * sums[:, -1:]
        found = [np.searchsorted(row, point, "right") for row, point in zip(sums, points, strict=True)]
        last = np.argmax(sums == sums[:, -1:], axis=1)[:, np.newaxis]  # rounding makes no class of what has none
        return _tensor(np.minimum(np.reshape(found, points.shape), last), np.int64 if dtype is None else dtype)

    def gamma(self, shape: Any, alpha: Any, beta: Any, dtype: Any) -> Tensor:
        """Numbers of gamma distributions, in this shape: see `tf.random.gamma`."""
        a, rate = as_tensor(alpha, dtype), None if beta is None else as_tensor(beta, dtype)
        drawn = np.asarray(self._generator.standard_gamma(a.array, as_shape(shape)), dtype)
        x = _GAMMA(a, drawn=np.maximum(drawn, np.finfo(drawn.dtype).tiny)[()])
        return x if rate is None else x / rate  # type: ignore[no-any-return]

    def poisson(self, shape: Any, lam: Any, dtype: Any) -> Tensor:
        """Counts of Poisson distributions, in this shape: see `tf.random.poisson`."""
        return _tensor(self._generator.poisson(as_tensor(lam).array, as_shape(shape)), dtype)

    def permutation(self, n: int) -> np.ndarray[Any, Any]:
        """The numbers below `n` in random order."""
        return self._generator.permutation(n)


_GAMMA = ArrayOp("random.gamma", lambda alpha, drawn: drawn, lambda g, y, alpha, drawn: -g * DRIFT(alpha, y))
"""Numbers that were drawn, which move with `alpha` so that their share of the distribution stays."""


class _Seeded:
    """The generators of calls with a seed of their own, whose numbers do not depend on what else is drawn.

    One for the process, from one `set_seed` to the next; threads share it, as they share `nn`'s generator.
    """

    def __init__(self) -> None:
        self.start()

    def start(self) -> None:
        """Forget all generators, so that each seed begins again."""
        self._generators: dict[int, Generator] = {}

    def generator(self, seed: int | None) -> Generator:
        """That of a seed, made at its first call (by one of several threads); `nn`'s where none is given."""
        if seed is None:
            return Generator(state=initializers.generator())
        return self._generators.setdefault(seed, Generator(state=seed))


_SEEDED = _Seeded()
seeded = _SEEDED.generator


def set_seed(seed: int) -> None:
    """Begin again: from here on the same calls give the same numbers, and the same weights of layers."""
    _SEEDED.start()
    initializers.set_seed(seed)


def _drawn(method: str) -> Function:
    """A method of the generator of a seed, which comes last."""
    return lambda *args: getattr(seeded(args[-1]), method)(*args[:-1])


def _stateless(method: str, at: int = 1) -> Function:
    """A method of a generator of two seeds, which come at a place of the arguments."""
    return lambda *args: getattr(Generator(state=as_shape(args[at])), method)(*args[:at], *args[at + 1 :])


def _shuffled(x: Tensor, seed: Any) -> Result:
    return x[seeded(seed).permutation(x.shape[0])]


def _of_each(method: str, shape: Any, *rest: Any) -> Any:
    """So many numbers for each of the parameters, which come before dtype and seed."""
    together = np.broadcast_shapes(*(as_tensor(x).shape for x in rest[:-2] if x is not None))
    return _drawn(method)((*as_shape(shape), *together), *rest)


normal = row(
    _drawn("normal"), "shape, mean=0.0, stddev=1.0, dtype=np.float32, seed=None, name=None",
    "Numbers of a normal distribution.",
)  # fmt: skip
uniform = row(
    _drawn("uniform"), "shape, minval=0, maxval=None, dtype=np.float32, seed=None, name=None",
    "Numbers from `minval` up to below `maxval` (1 by default), all alike; ints of an integer dtype.",
)  # fmt: skip
truncated_normal = row(
    _drawn("truncated_normal"), "shape, mean=0.0, stddev=1.0, dtype=np.float32, seed=None, name=None",
    "Numbers of a normal distribution, none more than two deviations from the mean.",
)  # fmt: skip
shuffle = row(_shuffled, "value | seed=None, name=None", "The parts along the first axis in random order.")
categorical = row(
    _drawn("categorical"), "logits, num_samples, dtype=None, seed=None, name=None",
    "For each row of unnormalized logarithms of probabilities so many numbers of classes, int64 by default.",
)  # fmt: skip
gamma = row(
    partial(_of_each, "gamma"), "shape, alpha, beta=None, dtype=np.float32, seed=None, name=None",
    "Numbers of gamma distributions of shape `alpha` and rate `beta` (1), which have gradients: so many of each.",
)  # fmt: skip
poisson = row(
    partial(_of_each, "poisson"), "shape, lam, dtype=np.float32, seed=None, name=None",
    "Counts of Poisson distributions of mean `lam`: so many of each of these.",
)  # fmt: skip
stateless_categorical = row(
    _stateless("categorical", 2), "logits, num_samples, seed, dtype=np.int64, name=None",
    "As `categorical`, the same for the same two seeds.",
)  # fmt: skip
stateless_gamma = row(
    _stateless("gamma"), "shape, seed, alpha, beta=None, dtype=np.float32, name=None",
    "As `gamma`, in this shape, whose last axes are those of the parameters; the same for the same two seeds.",
)  # fmt: skip
stateless_poisson = row(
    _stateless("poisson"), "shape, seed, lam, dtype=np.int32, name=None",
    "As `poisson`, in this shape, whose last axes are those of `lam`; the same for the same two seeds.",
)  # fmt: skip
stateless_binomial = row(
    _stateless("binomial"), "shape, seed, counts, probs, output_dtype=np.int32, name=None",
    "How many of `counts` trials succeed, the same for the same two seeds.",
)  # fmt: skip
stateless_truncated_normal = row(
    _stateless("truncated_normal"),
    "shape, seed, mean=0.0, stddev=1.0, dtype=np.float32, name=None, ~alg='auto_select'",
    "As `truncated_normal`, the same for the same two seeds.",
)  # fmt: skip
stateless_normal = row(
    _stateless("normal"), "shape, seed, mean=0.0, stddev=1.0, dtype=np.float32, name=None, ~alg='auto_select'",
    "Numbers of a normal distribution, the same for the same two seeds.",
)  # fmt: skip
stateless_uniform = row(
    _stateless("uniform"), "shape, seed, minval=0, maxval=None, dtype=np.float32, name=None, ~alg='auto_select'",
    "Numbers from `minval` up to below `maxval`, the same for the same two seeds.",
)  # fmt: skip


def _moved(values: Any, factor: Any, start: Any, dtype: Any) -> Tensor:
    """Random numbers, scaled and moved: what the tape records of them."""
    return _tensor(values, dtype) * as_tensor(factor, dtype) + as_tensor(start, dtype)  # type: ignore[no-any-return]


def _tensor(values: Any, dtype: Any) -> Tensor:
    return Tensor(np.asarray(values, dtype)[()])


telling(globals())
