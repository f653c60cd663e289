"""`tf.data`: pipelines of elements as plain iterators over NumPy. Imports tape, nn and NumPy.

An element is a tensor or a dataset, or a tuple or dict of such. A `Dataset` is how to begin an iteration, and how many
elements it has; each method makes another around it. Nothing runs ahead: `prefetch` and the hints about speed change
nothing.
"""

import itertools
import math
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np

from gradcalc.nn import initializers
from gradcalc.tape import errors, nest
from gradcalc.tape.tensor import Tensor
from gradcalc.tf.defaults import as_tensor, only

AUTOTUNE, INFINITE_CARDINALITY, UNKNOWN_CARDINALITY = -1, -1, -2
_END = object()
"""Stands for an element where there is none left."""


class TensorSpec(NamedTuple):
    """What `tf.function(input_signature=...)` and `Dataset.from_generator` are given: shape and dtype of a tensor."""

    shape: Any
    dtype: Any = np.dtype("float32")
    name: str | None = None


class Dataset:
    """Elements to iterate over, as often as one likes, made by `from_tensor_slices`, `from_generator` and so on.

    Args:
        begin: begins an iteration.
        count: how many elements it has; `inf` for no end, None where that is not known.
    """

    def __init__(self, begin: Callable[[], Iterable[Any]], count: float | None = None) -> None:
        self._begin, self._count = begin, count

    def __iter__(self) -> Iterator[Any]:
        return iter(self._begin())

    def __len__(self) -> int:
        if self._count is None or math.isinf(self._count):
            raise TypeError("The dataset length is unknown." if self._count is None else "The dataset is infinite.")
        return int(self._count)

    def __bool__(self) -> bool:
        return True

    def cardinality(self) -> Tensor:
        """How many elements there are; `INFINITE_CARDINALITY`, or `UNKNOWN_CARDINALITY`."""
        count = self._count
        found = UNKNOWN_CARDINALITY if count is None else INFINITE_CARDINALITY if math.isinf(count) else count
        return Tensor(np.int64(found))

    def as_numpy_iterator(self) -> Iterator[Any]:
        """The elements as plain arrays and numbers.

        Raises:
            TypeError: an element holds a dataset, at the iteration.
        """
        return (nest.apply(_plain, element) for element in self)

    def __repr__(self) -> str:
        return f"<Dataset of {'?' if self._count is None else self._count} elements>"

    # -- where elements come from -------------------------------------------------------------------------------------

    @staticmethod
    def from_tensor_slices(tensors: Any, name: str | None = None) -> "Dataset":
        """The rows of arrays, along their first axis: of a tuple or dict of arrays tuples and dicts.

        Raises:
            ValueError: they have not as many rows.
        """
        columns = _element(tensors)
        shapes = [column.shape for column in nest.flatten(columns)]
        if not all(shapes) or len({shape[0] for shape in shapes}) != 1:
            raise ValueError(f"arrays of shapes {shapes} have not as many rows each: all arrays need the same number")
        arrays, count = [column.array for column in nest.flatten(columns)], shapes[0][0]
        return Dataset(
            lambda: (nest.pack(columns, [Tensor(array[i]) for array in arrays]) for i in range(count)), count
        )

    @staticmethod
    def from_tensors(tensors: Any, name: str | None = None) -> "Dataset":
        """One element."""
        element = _element(tensors)
        return Dataset(lambda: [element], 1)

    @staticmethod
    def from_generator(
        generator: Callable[..., Iterable[Any]], output_types: Any = None, output_shapes: Any = None, args: Any = None,
        output_signature: Any = None, name: str | None = None,
    ) -> "Dataset":  # fmt: skip
        """What a function's generator yields, in the dtypes of `output_types` or of `output_signature`.

        Raises:
            TypeError: it is no function: a generator itself could be used once.
            ValueError: an element has not the shape of the signature.
        """
        if not callable(generator):
            raise TypeError("`generator` must be a Python callable: a function with yield, not what it returned")
        signature = output_signature
        if signature is None and output_types is not None:
            signature = _zipped(TensorSpec, output_shapes, output_types)
        return Dataset(lambda: (_fitted(signature, element) for element in generator(*(args or ()))))

    @staticmethod
    def range(*args: Any, output_type: Any = np.int64, name: str | None = None) -> "Dataset":
        """The numbers of Python's `range`."""
        numbers = range(*map(int, args))
        return Dataset(lambda: (Tensor(np.asarray(n, output_type)[()]) for n in numbers), len(numbers))

    @staticmethod
    def zip(*args: Any, datasets: Any = None, name: str | None = None) -> "Dataset":
        """Elements of several datasets together: `zip(a, b)`, or of a tuple or dict of them."""
        given = datasets if datasets is not None else args[0] if len(args) == 1 else args
        leaves = nest.flatten(given)
        counts = [each._count for each in leaves]
        count = None if None in counts else min(counts)
        return Dataset(lambda: (nest.pack(given, found) for found in zip(*leaves, strict=False)), count)

    @staticmethod
    def choose_from_datasets(datasets: Any, choice_dataset: "Dataset", stop_on_empty_dataset: bool = True) -> "Dataset":
        """The next element of the dataset whose number `choice_dataset` says, each time.

        Args:
            datasets: a list of datasets.
            choice_dataset: their numbers, from 0.
            stop_on_empty_dataset: whether the first that has no element left is the end; else it is left out.

        Raises:
            ValueError: there are none.
            InvalidArgumentError: there is no dataset of that number, at the iteration.
        """
        return Dataset(partial(_chosen, _several(datasets), choice_dataset, stop_on_empty_dataset))

    @staticmethod
    def sample_from_datasets(
        datasets: Any, weights: Any = None, seed: int | None = None, stop_on_empty_dataset: bool = False,
        rerandomize_each_iteration: bool | None = None,
    ) -> "Dataset":  # fmt: skip
        """Elements of several datasets, each drawn from one at random, with these probabilities.

        Raises:
            ValueError: there are none, or not as many weights.
        """
        only(None, rerandomize_each_iteration=rerandomize_each_iteration)
        given = _several(datasets)
        shares = np.ones(len(given)) if weights is None else np.asarray(as_tensor(weights).array, float)
        if len(shares) != len(given):
            raise ValueError(
                "Invalid `weights`. `weights` should have the same length as `datasets` but got "
                f"`len(weights)={len(shares)}` vs. `len(datasets)={len(given)}`."
            )

        def drawn() -> Iterator[Any]:
            source, left = initializers.generator(seed), shares.copy()
            going = [iter(each) for each in given]
            while left.any():
                i = int(source.choice(len(going), p=left / left.sum()))
                element = next(going[i], _END)
                if element is not _END:
                    yield element
                elif stop_on_empty_dataset:
                    return
                else:
                    left[i] = 0

        return Dataset(drawn)

    # -- what is done to them -----------------------------------------------------------------------------------------

    def map(
        self, map_func: Callable[..., Any], num_parallel_calls: Any = None, deterministic: Any = None,
        synchronous: Any = None, use_unbounded_threadpool: bool = False, name: str | None = None,
    ) -> "Dataset":  # fmt: skip
        """A function of each element; one that is a tuple is its arguments."""
        return Dataset(lambda: (_element(_of(map_func, element)) for element in self), self._count)

    def flat_map(self, map_func: Callable[..., Any], name: str | None = None) -> "Dataset":
        """The elements of the datasets that a function makes of each element, one dataset after the other."""
        return Dataset(lambda: (inner for element in self for inner in _dataset_of(map_func, element)))

    def interleave(
        self, map_func: Callable[..., Any], cycle_length: Any = None, block_length: Any = None,
        num_parallel_calls: Any = None, deterministic: Any = None, name: str | None = None,
    ) -> "Dataset":  # fmt: skip
        """The elements of the datasets that a function makes of each element, by turns.

        Of `cycle_length` datasets at once, by default as many as there are processors, `block_length` elements each,
        by default 1.

        Raises:
            InvalidArgumentError: a length is not positive.
        """
        automatic = cycle_length is None or cycle_length == AUTOTUNE
        cycle = (os.cpu_count() or 1) if automatic else _positive(cycle_length, "cycle_length")
        block = 1 if block_length is None else _positive(block_length, "block_length")
        return Dataset(lambda: _by_turns((_dataset_of(map_func, element) for element in self), cycle, block))

    def window(
        self, size: Any, shift: Any = None, stride: Any = 1, drop_remainder: bool = False, name: str | None = None
    ) -> "Dataset":
        """Windows: datasets of `size` elements each; of a tuple or dict of tensors tuples and dicts of datasets.

        Args:
            size: how many elements a window has; the last windows have fewer, or with `drop_remainder` are left out.
            shift: by how many elements a window begins after the one before it; by default `size`.
            stride: the elements of a window are so far from each other.
            drop_remainder: whether only windows with all their elements are given.
            name: not used.

        Raises:
            InvalidArgumentError: a number is not positive.
        """
        size = _positive(size, "size")
        step = size if shift is None else _positive(shift, "shift")
        stride = _positive(stride, "stride")
        reach, count = (size - 1) * stride + 1, self._count
        if count is not None and not math.isinf(count):
            count = max((count - reach) // step + 1, 0) if drop_remainder else math.ceil(count / step)
        return Dataset(partial(_windows, self, reach, step, stride, drop_remainder), count)

    def filter(self, predicate: Callable[..., Any], name: str | None = None) -> "Dataset":
        """The elements for which a function is true."""
        return Dataset(lambda: (element for element in self if bool(_of(predicate, element))))

    def batch(
        self, batch_size: Any, drop_remainder: bool = False, num_parallel_calls: Any = None, deterministic: Any = None,
        name: str | None = None,
    ) -> "Dataset":  # fmt: skip
        """So many elements stacked along a new first axis; the last are fewer, or with `drop_remainder` left out.

        Raises:
            InvalidArgumentError: the size is not positive, or elements are of several shapes.
            TypeError: elements are datasets.
        """
        return self._in_batches(batch_size, drop_remainder, _stacked)

    def _in_batches(self, batch_size: Any, whole: bool, stack: Callable[[list[Any]], Any]) -> "Dataset":
        size = _positive(batch_size, "batch_size")

        def batches() -> Iterator[Any]:
            elements = iter(self)
            while part := [*itertools.islice(elements, size)]:
                if len(part) == size or not whole:
                    yield stack(part)

        count = self._count
        if count is not None and not math.isinf(count):
            count = (math.floor if whole else math.ceil)(count / size)
        return Dataset(batches, count)

    def padded_batch(
        self, batch_size: Any, padded_shapes: Any = None, padding_values: Any = None, drop_remainder: bool = False,
        name: str | None = None,
    ) -> "Dataset":  # fmt: skip
        """So many elements along a new first axis, each filled up to one shape.

        Args:
            batch_size: how many; the last are fewer, or with `drop_remainder` left out.
            padded_shapes: in the structure of the elements, the shape; None (also for all) is the largest of a batch.
            padding_values: in that structure, or one for all, what is filled in; 0 by default.
            drop_remainder: whether only whole batches are given.
            name: not used.

        Raises:
            InvalidArgumentError: the size is not positive.
            DataLossError: an element is larger than its shape.
        """
        return self._in_batches(batch_size, drop_remainder, partial(_padded, padded_shapes, padding_values))

    def rebatch(self, batch_size: Any, drop_remainder: bool = False, name: str | None = None) -> "Dataset":
        """The rows of all elements in batches of another size; of a list of sizes, by turns."""
        sizes = [_positive(size, "batch_size") for size in np.ravel(as_tensor(batch_size).array)]

        def batches() -> Iterator[Any]:
            rows = iter(self.unbatch())
            for size in itertools.cycle(sizes):
                part = [*itertools.islice(rows, size)]
                if not part or (drop_remainder and len(part) < size):
                    return
                yield _stacked(part)

        return Dataset(batches)

    def shard(self, num_shards: Any, index: Any, name: str | None = None) -> "Dataset":
        """Each `num_shards`-th element, from that of number `index` on.

        Raises:
            InvalidArgumentError: there is no such part.
        """
        many, first = int(num_shards), int(index)
        if many < 1 or not 0 <= first < many:
            text = f"index must be between 0 and num_shards - 1. Received: num_shards={many}, index={first}"
            raise errors.told(ValueError(text))
        count = self._count
        left = count if count is None or math.isinf(count) else max(math.ceil((count - first) / many), 0)
        return Dataset(lambda: itertools.islice(self, first, None, many), left)

    def take_while(self, predicate: Callable[..., Any], name: str | None = None) -> "Dataset":
        """The elements before the first for which a function is false."""
        return Dataset(lambda: itertools.takewhile(lambda element: bool(_of(predicate, element)), self))

    def scan(self, initial_state: Any, scan_func: Callable[..., Any], name: str | None = None) -> "Dataset":
        """`scan_func(state, element)` is the next state and what is given for the element."""

        def scanned() -> Iterator[Any]:
            state = _element(initial_state)
            for element in self:
                state, made = scan_func(state, element)
                state = _element(state)
                yield _element(made)

        return Dataset(scanned, self._count)

    def apply(self, transformation_func: Callable[["Dataset"], "Dataset"]) -> "Dataset":
        """What a function makes of the dataset."""
        made = transformation_func(self)
        if not isinstance(made, Dataset):
            raise TypeError(f"`transformation_func` must return a `tf.data.Dataset` object. Got {type(made)}.")
        return made

    def unique(self, name: str | None = None) -> "Dataset":
        """The elements, each once, in the order of coming.

        Raises:
            InvalidArgumentError: an element is of several tensors, at the iteration.
        """
        return Dataset(partial(_once, self))

    def get_single_element(self, name: str | None = None) -> Any:
        """The one element.

        Raises:
            InvalidArgumentError: there is none, or more than one.
        """
        found = [*itertools.islice(self, 2)]
        if len(found) != 1:
            raise errors.told(ValueError(f"Dataset had {'more than one element' if found else 'no elements'}."))
        return found[0]

    def unbatch(self, name: str | None = None) -> "Dataset":
        """The rows of each element."""
        return Dataset(lambda: (row for element in self for row in Dataset.from_tensor_slices(element)))

    def shuffle(
        self, buffer_size: Any, seed: int | None = None, reshuffle_each_iteration: bool | None = True,
        name: str | None = None,
    ) -> "Dataset":  # fmt: skip
        """Elements in random order: each is drawn from the next `buffer_size`.

        Without a seed by the generator of `set_seed`; in another order each time, unless `reshuffle_each_iteration` is
        false.
        """
        size = _positive(buffer_size, "buffer_size")
        again = reshuffle_each_iteration is False
        fixed = int(initializers.generator().integers(2**31)) if again and seed is None else seed
        going = initializers.generator(fixed)

        def shuffled() -> Iterator[Any]:
            source = initializers.generator(fixed) if again or fixed is None else going
            elements = iter(self)
            kept = [*itertools.islice(elements, size)]
            for element in elements:
                place = int(source.integers(size))
                yield kept[place]
                kept[place] = element
            for place in source.permutation(len(kept)):
                yield kept[place]

        return Dataset(shuffled, self._count)

    def repeat(self, count: Any = None, name: str | None = None) -> "Dataset":
        """All elements so many times; without end by default."""
        times = math.inf if count is None or int(count) < 0 else int(count)

        def repeated() -> Iterator[Any]:
            for _ in itertools.count() if times == math.inf else range(int(times)):
                empty = True
                for element in self:
                    empty = False
                    yield element
                if empty:
                    return

        return Dataset(repeated, _times(self._count, times))

    def take(self, count: Any, name: str | None = None) -> "Dataset":
        """The first so many elements; all for -1."""
        most = math.inf if int(count) < 0 else int(count)
        stop = None if most == math.inf else int(count)
        return Dataset(lambda: itertools.islice(self, stop), None if self._count is None else min(self._count, most))

    def skip(self, count: Any, name: str | None = None) -> "Dataset":
        """All but the first so many elements; none for -1."""
        least = int(count)
        if least < 0:
            return self.take(0)
        return Dataset(
            lambda: itertools.islice(self, least, None), None if self._count is None else max(self._count - least, 0)
        )

    def enumerate(self, start: Any = 0, name: str | None = None) -> "Dataset":
        """Each element with its number before it."""
        first = int(start)
        return Dataset(lambda: ((Tensor(np.int64(i)), element) for i, element in enumerate(self, first)), self._count)

    def concatenate(self, dataset: "Dataset", name: str | None = None) -> "Dataset":
        """These elements, then those of another."""
        counts = self._count, dataset._count
        return Dataset(lambda: itertools.chain(self, dataset), None if None in counts else sum(counts))  # type: ignore[arg-type]

    def cache(self, filename: str = "", name: str | None = None) -> "Dataset":
        """The elements, kept in memory once all were there."""
        only("", filename=filename)
        kept: list[Any] = []

        def cached() -> Iterator[Any]:
            if kept:
                yield from kept[0]
                return
            found = []
            for element in self:
                found.append(element)
                yield element
            kept[:] = [found]

        return Dataset(cached, self._count)

    def prefetch(self, buffer_size: Any, name: str | None = None) -> "Dataset":
        """The same elements."""
        return self

    def reduce(self, initial_state: Any, reduce_func: Callable[..., Any], name: str | None = None) -> Any:
        """`reduce_func(state, element)` of each element, one after the other; the last state."""
        state = _element(initial_state)
        for element in self:
            state = _element(reduce_func(state, element))
        return state


experimental = SimpleNamespace(AUTOTUNE=AUTOTUNE, cardinality=Dataset.cardinality)


def _times(count: float | None, times: float) -> float | None:
    """How many elements there are in so many passes."""
    if count == 0 or times == 0:
        return 0
    return count * times if count is not None else math.inf if times == math.inf else None


def _windows(elements: Iterable[Any], reach: int, shift: int, stride: int, whole: bool) -> Iterator[Any]:
    """Windows over `reach` elements, of which each `stride`-th is taken; only whole ones if asked for."""
    source = iter(elements)
    near: deque[Any] = deque()  # what the present window reaches over
    while True:
        near.extend(itertools.islice(source, reach - len(near)))
        if not near or (whole and len(near) < reach):
            return
        yield _columns([*itertools.islice(near, 0, None, stride)])
        beyond = shift - len(near)
        for _ in range(min(shift, len(near))):
            near.popleft()
        if beyond > 0 and sum(1 for _ in itertools.islice(source, beyond)) < beyond:
            return


def _columns(elements: list[Any]) -> Any:
    """A window of elements: a dataset, or a structure of them where the elements are structures."""
    columns = zip(*map(nest.flatten, elements), strict=True)
    return nest.pack(elements[0], [Dataset(partial(iter, column), len(column)) for column in columns])


def _by_turns(datasets: Iterator[Dataset], cycle: int, block: int) -> Iterator[Any]:
    """Up to `block` elements of each of `cycle` datasets by turns; one that ends gives its place to the next."""
    places: list[Iterator[Any] | None] = [None] * cycle
    more = True
    while True:
        for place in range(cycle):
            if places[place] is None and more:
                begun = next(datasets, None)
                more = begun is not None
                places[place] = iter(begun) if begun is not None else None
            if (going := places[place]) is None:
                continue
            for _ in range(block):
                element = next(going, _END)
                if element is _END:
                    places[place] = None
                    break
                yield element
        if not more and not any(places):
            return


def _dataset_of(function: Callable[..., Any], element: Any) -> Dataset:
    """The dataset that a function makes of an element."""
    made = _of(function, element)
    if not isinstance(made, Dataset):
        raise TypeError(f"`map_func` must return a `Dataset` object. Got {type(made)}; try: Dataset.from_tensors(...)")
    return made


def _plain(leaf: Any) -> Any:
    """The array or number in a tensor."""
    if isinstance(leaf, Dataset):
        raise TypeError("as_numpy_iterator() is not for elements that are datasets: flat_map() makes one of them")
    return leaf.numpy()


def _element(value: Any) -> Any:
    """A structure of tensors and datasets: of tuples and dicts; a list is one tensor, as in TensorFlow."""
    if isinstance(value, Dataset):
        return value
    if isinstance(value, dict):
        return {key: _element(item) for key, item in value.items()}
    if isinstance(value, tuple):
        return tuple(_element(item) for item in value)
    return as_tensor(value)


def _of(function: Callable[..., Any], element: Any) -> Any:
    return function(*element) if isinstance(element, tuple) else function(element)


def _positive(value: Any, name: str) -> int:
    if int(value) < 1:
        raise errors.told(ValueError(f"`{name}` must be greater than zero. Received: {name}={value}"))
    return int(value)


def _stacked(elements: list[Any]) -> Any:
    """Elements along a new first axis."""
    columns = zip(*map(nest.flatten, elements), strict=True)
    return nest.pack(elements[0], [*map(_stack, columns)])


def _stack(leaves: Iterable[Any]) -> Tensor:
    if any(isinstance(leaf, Dataset) for leaf in leaves):
        raise TypeError("datasets make no batch: flat_map(lambda window: window.batch(size)) makes a tensor of each")
    arrays = [leaf.array for leaf in leaves]
    shapes = {array.shape for array in arrays}
    if len(shapes) > 1:
        told = f"elements of shapes {sorted(shapes)} make no batch: map them to one shape before batch()"
        raise errors.told(ValueError(told))
    return Tensor(np.stack(arrays))


def _padded(shapes: Any, values: Any, elements: list[Any]) -> Any:
    """Elements along a new first axis, filled up; shapes and values are in the structure of an element, or one."""
    columns = [*zip(*map(nest.flatten, elements), strict=True)]
    wanted = _each(shapes, elements[0], len(columns))
    filling = _each(values, elements[0], len(columns))
    filled = [_filled([x.array for x in column], *how) for column, *how in zip(columns, wanted, filling, strict=True)]
    return nest.pack(elements[0], filled)


def _each(given: Any, element: Any, count: int) -> list[Any]:
    """What is given for each tensor of an element: in its structure, or one for all."""
    if isinstance(element, dict):
        return [x for key in element for x in _each(given[key] if isinstance(given, dict) else given, element[key], 1)]
    if isinstance(element, tuple):
        parts = given if isinstance(given, tuple) else [given] * len(element)
        return [x for part, inner in zip(parts, element, strict=True) for x in _each(part, inner, 1)]
    return [given]


def _filled(arrays: list[Any], shape: Any, value: Any) -> Tensor:
    largest = tuple(map(max, zip(*(array.shape for array in arrays), strict=True)))
    sizes = [-1 if n is None else int(n) for n in (largest if shape is None else shape)]
    target = [m if n < 0 else n for n, m in zip(sizes, largest, strict=True)]
    if any(n < m for n, m in zip(target, largest, strict=True)):
        text = f"Attempted to pad to a smaller size than the input element: {tuple(target)}, where one is {largest}"
        raise errors.told(ValueError(text), errors.DataLossError)  # type: ignore[attr-defined]
    dtype, fill = arrays[0].dtype, as_tensor(0 if value is None else value)
    if value is not None and fill.dtype != dtype and isinstance(value, Tensor | np.generic | float):
        raise TypeError(f"`padding_values` of {fill.dtype} do not fill elements of {dtype}")
    result = np.full((len(arrays), *target), fill.array, dtype)
    for i, array in enumerate(arrays):
        corner: Any = (i, *map(slice, array.shape))
        result[corner] = array
    return Tensor(result)


def _several(datasets: Any) -> list["Dataset"]:
    if not datasets:
        raise ValueError("Invalid `datasets`. `datasets` should not be empty.")
    return list(datasets)


def _chosen(datasets: list["Dataset"], choices: "Dataset", stops: bool) -> Iterator[Any]:
    """The next element of the dataset of each number."""
    going = [iter(each) for each in datasets]
    for choice in choices:
        if not 0 <= int(choice) < len(going):
            raise errors.told(ValueError(f"Selector index out of range: {int(choice)} >= {len(going)}"))
        element = next(going[int(choice)], _END)
        if element is not _END:
            yield element
        elif stops:
            return


def _once(dataset: "Dataset") -> Iterator[Any]:
    seen = set()
    for element in dataset:
        if not isinstance(element, Tensor):
            raise errors.told(ValueError("unique() takes elements of a single component: one tensor each"))
        array = np.asarray(element.array)
        if (key := (array.shape, array.tobytes())) not in seen:
            seen.add(key)
            yield element


def _zipped(make: Callable[..., Any], shapes: Any, dtypes: Any) -> Any:
    """A spec for each dtype in a structure, with its shape if there are any."""
    if isinstance(dtypes, tuple):
        each = shapes if shapes is not None else [None] * len(dtypes)
        return tuple(_zipped(make, shape, dtype) for shape, dtype in zip(each, dtypes, strict=True))
    if isinstance(dtypes, dict):
        return {key: _zipped(make, shapes and shapes[key], dtype) for key, dtype in dtypes.items()}
    return make(shapes, dtypes)


def _fitted(signature: Any, element: Any) -> Any:
    """An element in the dtypes of a signature, checked against its shapes."""
    if signature is None:
        return _element(element)
    if isinstance(signature, dict):
        return {key: _fitted(spec, element[key]) for key, spec in signature.items()}
    if isinstance(signature, tuple) and not hasattr(signature, "dtype"):
        return tuple(_fitted(spec, item) for spec, item in zip(signature, element, strict=True))
    found = as_tensor(element, np.dtype(signature.dtype))
    shape = signature.shape
    if shape is not None:
        expected = tuple(shape)
        if len(expected) != found.ndim or any(n not in (None, m) for n, m in zip(expected, found.shape, strict=True)):
            raise ValueError(f"the generator yielded a tensor of shape {found.shape}, where {expected} was expected")
    return found
