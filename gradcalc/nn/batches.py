"""What a model is trained on, batch by batch: slices of arrays, or what any iterable gives. Imports tape and NumPy.

In: arrays (or lists and dicts of them, for several inputs or outputs), or an iterable of batches. Out, epoch by epoch:
what a step of training is given, `(x, y)` or `(x, y, sample_weight)` in tensors, or x alone.
"""

import math
import warnings
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from gradcalc.nn import initializers
from gradcalc.tape import nest
from gradcalc.tape.tensor import Tensor

Triple = tuple[Any, Any, Any]


class Batches:
    """The batches of each epoch; an iteration is an epoch.

    Args:
        x: arrays, whose first axis are rows, with labels y and a `sample_weight` for each row, or an iterable that
            gives batches as they are.
        batch_size: rows in a batch, 32 by default.
        steps: batches in an epoch; then an epoch goes on where the last one ended.
        shuffle: rows are in a new random order in each epoch, by the generator of `set_seed`.
        class_weight: how much the rows of each class weigh, by its number.
        dtype: what arrays of floats are cast to.

    Raises:
        ValueError: the arrays have not as many rows, or what is given with an iterable is for arrays alone.
    """

    def __init__(
        self, x: Any, y: Any = None, sample_weight: Any = None, batch_size: int | None = None, steps: int | None = None,
        shuffle: bool = False, class_weight: Mapping[int, float] | None = None, dtype: Any = "float32",
    ) -> None:  # fmt: skip
        if x is None:
            raise ValueError("there is no data: give arrays, or an iterable of batches, as x")
        if class_weight is not None and sample_weight is not None:
            raise ValueError("`class_weight` and `sample_weight` cannot be given at the same time: give one of them")
        self._steps, self._shuffle, self._class_weight, self._dtype = steps, shuffle, class_weight, dtype
        self._size = 32 if batch_size is None else batch_size
        self._going: Iterator[Any] | None = None
        self._left: int | None = None
        self._arrays = None if gives_batches(x) else columns((x, y, sample_weight), dtype)
        self._source = x
        if self._arrays is None:
            given = {"y": y, "sample_weight": sample_weight, "batch_size": batch_size}
            for name in (name for name, value in given.items() if value is not None):
                raise ValueError(f"`{name}` goes with arrays: x is a {type(x).__name__}, whose batches hold all of it")
        elif self._size < 1:
            raise ValueError(f"`batch_size` must be a positive integer. Received: batch_size={batch_size}")

    @property
    def count(self) -> int | None:
        """How many batches an epoch has; None where that is not known."""
        return self._steps or self._whole()

    def restart(self) -> None:
        """Let the next epoch begin with the first batch."""
        self._going = None

    def _whole(self) -> int | None:
        """How many batches there are once."""
        if self._arrays is not None:
            return math.ceil(rows(self._arrays) / self._size)
        try:
            return len(self._source)
        except TypeError:
            return None

    def __iter__(self) -> Iterator[Any]:
        if self._steps is None:
            yield from map(self._finished, self._once())
            return
        for _ in range(self._steps):
            if self._going is None or self._left == 0:
                self._going, self._left = iter(self._once()), self._whole()
            batch = next(self._going, None)
            if batch is None:
                warnings.warn(
                    "Your input ran out of data; interrupting training. It has to give `steps_per_epoch * epochs` "
                    "batches: repeat() makes a Dataset go on.",
                    stacklevel=2,
                )
                return
            self._left = None if self._left is None else self._left - 1
            yield self._finished(batch)

    def _once(self) -> Iterator[Any]:
        """All batches once, as they are given."""
        if self._arrays is None:
            yield from self._source
            return
        count = rows(self._arrays)
        order = initializers.generator().permutation(count) if self._shuffle else None
        for start in range(0, count, self._size):
            places = slice(start, start + self._size)
            yield _taken(self._arrays, places if order is None else order[places])

    def _finished(self, batch: Any) -> Any:
        """A batch as a step of training is given it."""
        x, y, weight = nest.apply(self._tensor, unpacked(batch))
        if self._class_weight is not None:
            weight = Tensor(class_weights(y, self._class_weight))
        return packed(x, y, weight)

    def _tensor(self, value: Any) -> Any:
        return value if value is None or isinstance(value, Tensor) else Tensor(_column(value, self._dtype))


def gives_batches(x: Any) -> bool:
    """Whether x is an iterable of batches, and no array, nor a structure of arrays."""
    return hasattr(x, "__iter__") and not isinstance(x, list | tuple | dict) and not hasattr(x, "__array__")


def columns(data: Triple, dtype: Any) -> Triple:
    """Arrays for x, y and weights, which have as many rows each; a list of numbers is one array.

    Raises:
        ValueError: they have not, or hold what no model takes.
    """
    x, y, weight = (
        nest.apply(lambda leaf: None if leaf is None else _column(leaf, dtype), _read(part)) for part in data
    )
    sizes = {
        name: sorted({len(array) for array in nest.flatten(part) if array is not None})
        for name, part in (("x", x), ("y", y), ("sample_weight", weight))
    }
    if len({n for found in sizes.values() for n in found}) > 1:
        told = ", ".join(f"{name} has {' and '.join(map(str, found))}" for name, found in sizes.items() if found)
        raise ValueError(f"Data cardinality is ambiguous: all arrays must have the same number of rows, but {told}")
    if not rows((x, y, weight)):
        raise ValueError("the arrays have no rows: there is nothing to compute")
    return x, y, weight


def _read(part: Any) -> Any:
    """A structure of arrays, or the array of a list of numbers."""
    if isinstance(part, list | tuple) and not any(hasattr(leaf, "shape") for leaf in nest.flatten(part)):
        return np.asarray(part)
    return part


def _column(value: Any, dtype: Any) -> Any:
    """An array, floats in the model's dtype."""
    array = value.array if isinstance(value, Tensor) else np.asarray(value)
    if array.dtype.kind not in "fiub" or not array.ndim:
        what = f"{array.dtype} of shape {array.shape}"
        raise ValueError(f"a model takes arrays of numbers whose first axis are rows, and was given {what}")
    return array.astype(dtype) if array.dtype.kind == "f" and array.dtype != dtype else array


def rows(structure: Any) -> int:
    """How many rows there are: of the first array."""
    return next((leaf.shape[0] for leaf in nest.flatten(structure) if leaf is not None), 0)


def unpacked(batch: Any) -> Triple:
    """Inputs, labels and weights of what a Dataset gives, or of `validation_data`; None for what is not there.

    Raises:
        ValueError: there are more than three.
    """
    if not isinstance(batch, list | tuple):
        return batch, None, None
    if len(batch) > 3:
        raise ValueError(
            f"a batch is (x, y) or (x, y, sample_weight), x alone, or (x,): this one has {len(batch)} parts"
        )
    x, y, weight = (*batch, None, None)[:3]
    return x, y, weight


def packed(x: Any, y: Any = None, sample_weight: Any = None) -> Any:
    """What a step is given: all that is there in a tuple, or x alone."""
    if y is None and sample_weight is None:
        return (x,) if isinstance(x, list | tuple) else x
    return (x, y) if sample_weight is None else (x, y, sample_weight)


def split(data: Triple, part: float, dtype: Any) -> tuple[Triple, Triple]:
    """The first rows, and the last ones, of which there is a `part` of all, 0 to 1: to validate with.

    Raises:
        ValueError: x are no arrays, or one of the two is empty.
    """
    if gives_batches(data[0]):
        raise ValueError("`validation_split` takes rows of arrays: split a Dataset by take() and skip()")
    arrays = columns(data, dtype)
    count = rows(arrays)
    first = math.floor(count * (1 - part))
    if not 0 < first < count:
        raise ValueError(f"validation_split={part} of {count} rows leaves none to train on, or none to validate with")
    return _taken(arrays, slice(first)), _taken(arrays, slice(first, count))


def _taken(arrays: Any, places: Any) -> Any:
    """The rows at some places."""
    return nest.apply(lambda array: None if array is None else array[places], arrays)


def class_weights(y: Any, weights: Mapping[int, float]) -> Any:
    """The weight of each row, by its class: a number, or the largest of a one-hot row; 1 for a class without one."""
    if not isinstance(y, Tensor):
        raise ValueError("`class_weight` is for models with one output, whose labels are one array")
    labels = y.array
    if labels.ndim > 1:
        labels = np.argmax(labels, -1) if labels.shape[-1] != 1 else labels[..., 0]
    numbers = np.rint(labels).astype(int).ravel().tolist()
    return np.asarray([weights.get(number, 1.0) for number in numbers], "float32").reshape(labels.shape)
