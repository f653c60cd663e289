"""`tf.data`: pipelines of elements as plain iterators over NumPy. Imports tape, nn and NumPy.

An element is a tensor or a dataset, or a tuple or dict of such. A `Dataset` is how to begin an iteration, and how many
elements it has (`nan` where that is not known, so that counts are plain arithmetic); each method makes another around
it. Nothing runs ahead: `prefetch` and the hints about speed change nothing.
"""

import itertools
import math
import os
import warnings
from collections import deque
from collections.abc import Callable, Iterable
from collections.abc import Iterator as _Iterator
from dataclasses import dataclass
from functools import partial
from types import SimpleNamespace
from typing import Any

import numpy as np

from gradcalc.nn import initializers
from gradcalc.tape import errors, nest
from gradcalc.tape.shape import TensorShape
from gradcalc.tape.tensor import Tensor
from gradcalc.tf.defaults import as_tensor, only

AUTOTUNE, INFINITE_CARDINALITY, UNKNOWN_CARDINALITY = -1, -1, -2
_END = object()
"""Stands for an element where there is none left."""


@dataclass(frozen=True)
class TensorSpec:
    """Shape and dtype of a tensor, None for any size: what signatures and `element_spec` are made of."""

    shape: Any
    dtype: Any = np.dtype("float32")
    name: str | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "shape", TensorShape(self.shape))
        object.__setattr__(self, "dtype", np.dtype(self.dtype))


@dataclass(frozen=True)
class DatasetSpec:
    """What the elements of an element are that is a dataset."""

    element_spec: Any


class Options(SimpleNamespace):
    """Hints about speed, of any name: they change nothing."""


class Iterator(_Iterator[Any]):
    """An iteration over a dataset, for `next()`."""

    def __init__(self, elements: Iterable[Any]) -> None:
        self._elements = iter(elements)

    def __next__(self) -> Any:
        return next(self._elements)

    get_next = __next__


class Dataset:
    """Elements to iterate over, as often as one likes, made by `from_tensor_slices`, `from_generator` and so on.

    Args:
        begin: begins an iteration.
        count: how many elements it has; `inf` for no end, `nan` where that is not known.
        spec: says what `element_spec` is; by default the first element is looked at.
    """

    def __init__(
        self, begin: Callable[[], Iterable[Any]], count: float = math.nan, spec: Callable[[], Any] | None = None
    ) -> None:
        self._begin, self._count, self._spec = begin, count, spec

    def __iter__(self) -> _Iterator[Any]:
        return Iterator(self._begin())

    def __len__(self) -> int:
        if not math.isfinite(self._count):
            raise TypeError("The dataset length is unknown." if math.isnan(self._count) else "The dataset is infinite.")
        return int(self._count)

    def __bool__(self) -> bool:
        return True

    def cardinality(self) -> Tensor:
        """How many elements there are; `INFINITE_CARDINALITY`, or `UNKNOWN_CARDINALITY`."""
        known = np.nan_to_num(self._count, nan=UNKNOWN_CARDINALITY, posinf=INFINITE_CARDINALITY)
        return Tensor(np.int64(known))

    @property
    def element_spec(self) -> Any:
        """A `TensorSpec` for each tensor of an element; where it is not known from the calls, of the first element.

        Raises:
            ValueError: there is none to look at.
        """
        return self._spec() if self._spec else _specs(_first(self))

    def as_numpy_iterator(self) -> _Iterator[Any]:
        """The elements as plain arrays and numbers; a `TypeError` at the iteration where one holds a dataset."""
        return (nest.apply(_plain, element) for element in self)

    def __repr__(self) -> str:
        return f"<Dataset of {int(self._count) if math.isfinite(self._count) else '?'} elements>"

    def _alike(self, begin: Callable[[], Iterable[Any]], count: float) -> "Dataset":
        """A dataset with elements as this one has."""
        return Dataset(begin, count, lambda: self.element_spec)

    # -- where elements come from -------------------------------------------------------------------------------------

    @staticmethod
    def from_tensor_slices(tensors: Any, name: str | None = None) -> "Dataset":
        """The rows of arrays along their first axis, as many of each: of a tuple or dict of arrays tuples and dicts."""
        columns = _element(tensors)
        arrays = [column.array for column in nest.flatten(columns)]
        shapes = [column.shape for column in nest.flatten(columns)]
        if not all(shapes) or len({shape[0] for shape in shapes}) != 1:
            raise ValueError(f"arrays of shapes {shapes} have not as many rows each: all arrays need the same number")
        count, spec = shapes[0][0], nest.apply(lambda column: TensorSpec(column.shape[1:], column.dtype), columns)
        rows = lambda i: nest.pack(columns, [Tensor(array[i]) for array in arrays])  # noqa: E731
        return Dataset(lambda: map(rows, range(count)), count, lambda: spec)

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
        """What a function's generator yields, of the shapes and in the dtypes of a signature; a generator itself is no
        function, and could be used once.
        """
        if not callable(generator):
            raise TypeError("`generator` must be a Python callable: a function with yield, not what it returned")
        signature = output_signature
        if signature is None and output_types is not None:
            pairs = zip(_each(output_shapes, output_types), nest.flatten(output_types), strict=True)
            signature = nest.pack(output_types, itertools.starmap(TensorSpec, pairs))
        return Dataset(
            lambda: (_fitted(signature, element) for element in generator(*(args or ()))),
            spec=None if signature is None else lambda: signature,
        )

    @staticmethod
    def range(*args: Any, output_type: Any = np.int64, name: str | None = None) -> "Dataset":
        """The numbers of Python's `range`."""
        numbers = range(*map(int, args))
        return Dataset(
            lambda: (Tensor(np.asarray(n, output_type)[()]) for n in numbers), len(numbers),
            lambda: TensorSpec((), output_type),
        )  # fmt: skip

    @staticmethod
    def counter(start: Any = 0, step: Any = 1, dtype: Any = np.int64, name: str | None = None) -> "Dataset":
        """Numbers `step` apart, without end."""
        return Dataset(lambda: (Tensor(np.asarray(n, dtype)[()]) for n in itertools.count(start, step)), math.inf)

    @staticmethod
    def random(
        seed: int | None = None, rerandomize_each_iteration: bool | None = None, name: str | None = None
    ) -> "Dataset":
        """Random integers of 32 bits, without end; with a seed the same each time, unless they are to be other ones."""
        going = initializers.generator(seed)

        def drawn() -> _Iterator[Any]:
            source = going if rerandomize_each_iteration else initializers.generator(seed)
            while True:
                yield Tensor(np.int64(source.integers(2**32)))

        return Dataset(drawn, math.inf, lambda: TensorSpec((), np.int64))

    @staticmethod
    def zip(*args: Any, datasets: Any = None, name: str | None = None) -> "Dataset":
        """Elements of several datasets together: `zip(a, b)`, or of a tuple or dict of them."""
        given = datasets if datasets is not None else args[0] if len(args) == 1 else args
        leaves = nest.flatten(given)
        return Dataset(
            lambda: (nest.pack(given, found) for found in zip(*leaves, strict=False)),
            float(np.min([each._count for each in leaves])),
            lambda: nest.pack(given, [each.element_spec for each in leaves]),
        )

    @staticmethod
    def choose_from_datasets(datasets: Any, choice_dataset: "Dataset", stop_on_empty_dataset: bool = True) -> "Dataset":
        """The next element of the dataset whose number, from 0, `choice_dataset` says, each time.

        The first that has no element left is the end, or is left out, as `stop_on_empty_dataset` says.
        """
        return Dataset(partial(_chosen, _several(datasets), choice_dataset, stop_on_empty_dataset))

    @staticmethod
    def sample_from_datasets(
        datasets: Any, weights: Any = None, seed: int | None = None, stop_on_empty_dataset: bool = False,
        rerandomize_each_iteration: bool | None = None,
    ) -> "Dataset":  # fmt: skip
        """Elements of several datasets, each drawn from one at random, with these probabilities, one for each."""
        only(None, rerandomize_each_iteration=rerandomize_each_iteration)
        given = _several(datasets)
        shares = np.ones(len(given)) if weights is None else np.asarray(as_tensor(weights).array, float)
        if len(shares) != len(given):
            raise ValueError(
                "Invalid `weights`. `weights` should have the same length as `datasets` but got "
                f"`len(weights)={len(shares)}` vs. `len(datasets)={len(given)}`."
            )

        def drawn() -> _Iterator[Any]:
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

        return given[0]._alike(drawn, math.nan)

    # -- what is done to each element ---------------------------------------------------------------------------------

    def map(
        self, map_func: Callable[..., Any], num_parallel_calls: Any = None, deterministic: Any = None,
        synchronous: Any = None, use_unbounded_threadpool: bool = False, name: str | None = None,
    ) -> "Dataset":  # fmt: skip
        """A function of each element; one that is a tuple is its arguments."""

        def made(element: Any) -> Any:
            return _element(_of(map_func, element))

        def spec() -> Any:
            element = _first(self)
            pairs = zip(nest.flatten(element), nest.flatten(self.element_spec), strict=True)
            return _specs(made(element), {x.shape[0] for x, known in pairs if _is_open(known)})

        return Dataset(lambda: map(made, self), self._count, spec)

    def filter(self, predicate: Callable[..., Any], name: str | None = None) -> "Dataset":
        """The elements for which a function is true."""
        return self._alike(lambda: filter(lambda element: bool(_of(predicate, element)), self), math.nan)

    def take_while(self, predicate: Callable[..., Any], name: str | None = None) -> "Dataset":
        """The elements before the first for which a function is false."""
        holds = lambda element: bool(_of(predicate, element))  # noqa: E731
        return self._alike(lambda: itertools.takewhile(holds, self), math.nan)

    def flat_map(self, map_func: Callable[..., Any], name: str | None = None) -> "Dataset":
        """The elements of the datasets that a function makes of each element, one dataset after the other."""
        return Dataset(lambda: (inner for element in self for inner in _dataset_of(map_func, element)))

    def interleave(
        self, map_func: Callable[..., Any], cycle_length: Any = None, block_length: Any = None,
        num_parallel_calls: Any = None, deterministic: Any = None, name: str | None = None,
    ) -> "Dataset":  # fmt: skip
        """The elements of the datasets that a function makes of each element, by turns.

        Of `cycle_length` datasets at once, by default as many as there are processors, `block_length` elements each,
        by default 1; an `InvalidArgumentError` where either is not positive.
        """
        automatic = cycle_length is None or cycle_length == AUTOTUNE
        cycle = (os.cpu_count() or 1) if automatic else _positive(cycle_length, "cycle_length")
        block = 1 if block_length is None else _positive(block_length, "block_length")
        return Dataset(lambda: _by_turns((_dataset_of(map_func, element) for element in self), cycle, block))

    def scan(self, initial_state: Any, scan_func: Callable[..., Any], name: str | None = None) -> "Dataset":
        """`scan_func(state, element)` is the next state and what is given for the element."""

        def scanned() -> _Iterator[Any]:
            state = _element(initial_state)
            for element in self:
                state, made = map(_element, scan_func(state, element))
                yield made

        return Dataset(scanned, self._count)

    def enumerate(self, start: Any = 0, name: str | None = None) -> "Dataset":
        """Each element with its number before it."""
        first = int(start)
        return Dataset(
            lambda: ((Tensor(np.int64(i)), element) for i, element in enumerate(self, first)), self._count,
            lambda: (TensorSpec((), np.int64), self.element_spec),
        )  # fmt: skip

    def ignore_errors(self, log_warning: bool = False, name: str | None = None) -> "Dataset":
        """The elements that can be had: where arrays do not fit, or a check fails, there is none."""

        def sound() -> _Iterator[Any]:
            elements = iter(self)
            while True:
                try:
                    element = next(elements, _END)
                except (errors.OpError, ValueError, AssertionError) as error:
                    if log_warning:
                        warnings.warn(f"an element is left out: {error}", stacklevel=2)
                    continue
                if element is _END:
                    return
                yield element

        return self._alike(sound, math.nan)

    # -- batches and windows ------------------------------------------------------------------------------------------

    def window(
        self, size: Any, shift: Any = None, stride: Any = 1, drop_remainder: bool = False, name: str | None = None
    ) -> "Dataset":
        """Windows: datasets of `size` elements, `stride` apart; of a tuple or dict of tensors tuples and dicts of them.

        A window begins `shift` (by default `size`) elements after the one before it; those at the end that have not
        all their elements are given, too, or left out if `drop_remainder`.
        """
        size = _positive(size, "size")
        step = size if shift is None else _positive(shift, "shift")
        stride = _positive(stride, "stride")
        reach = (size - 1) * stride + 1
        whole = np.maximum(np.floor((self._count - reach) / step) + 1, 0)
        count = whole if drop_remainder else np.ceil(self._count / step)
        return Dataset(partial(_windows, self, reach, step, stride, drop_remainder), float(count))

    def batch(
        self, batch_size: Any, drop_remainder: bool = False, num_parallel_calls: Any = None, deterministic: Any = None,
        name: str | None = None,
    ) -> "Dataset":  # fmt: skip
        """So many elements of one shape, stacked along a new first axis; the last are fewer, or left out."""
        return self._in_batches(batch_size, drop_remainder, _stacked, None)

    def _in_batches(self, batch_size: Any, whole: bool, stack: Callable[[list[Any]], Any], shapes: Any) -> "Dataset":
        size = _positive(batch_size, "batch_size")

        def batches() -> _Iterator[Any]:
            elements = iter(self)
            while part := [*itertools.islice(elements, size)]:
                if len(part) == size or not whole:
                    yield stack(part)

        count = (np.floor if whole else np.ceil)(self._count / size)
        return Dataset(batches, float(count), lambda: _along(size if whole else None, self.element_spec, shapes))

    def padded_batch(
        self, batch_size: Any, padded_shapes: Any = None, padding_values: Any = None, drop_remainder: bool = False,
        name: str | None = None,
    ) -> "Dataset":  # fmt: skip
        """So many elements along a new first axis, each filled up to one shape.

        `padded_shapes` has the shapes, in the structure of the elements; None, for a size or for all, is the largest of
        a batch. `padding_values` has, likewise or for all, what to fill up with, by default 0.
        """
        stack = partial(_padded, padded_shapes, padding_values)
        return self._in_batches(batch_size, drop_remainder, stack, padded_shapes)

    def rebatch(self, batch_size: Any, drop_remainder: bool = False, name: str | None = None) -> "Dataset":
        """The rows of all elements in batches of another size; of a list of sizes, by turns."""
        sizes = [_positive(size, "batch_size") for size in np.ravel(as_tensor(batch_size).array)]

        def batches() -> _Iterator[Any]:
            rows = iter(self.unbatch())
            for size in itertools.cycle(sizes):
                part = [*itertools.islice(rows, size)]
                if not part or (drop_remainder and len(part) < size):
                    return
                yield _stacked(part)

        return Dataset(batches)

    def unbatch(self, name: str | None = None) -> "Dataset":
        """The rows of each element."""
        return Dataset(lambda: (row for element in self for row in Dataset.from_tensor_slices(element)))

    def group_by_window(
        self, key_func: Callable[..., Any], reduce_func: Callable[..., Any], window_size: Any = None,
        window_size_func: Callable[..., Any] | None = None, name: str | None = None,
    ) -> "Dataset":  # fmt: skip
        """The elements of `reduce_func(key, window)`, a dataset, of so many elements that have the same integer as key.

        What is left at the end makes smaller windows, by their keys upwards. `window_size_func` tells the size by key.
        """
        if (window_size is None) == (window_size_func is None):
            raise ValueError("Must pass either `window_size` or `window_size_func`, but not both.")

        def grouped() -> _Iterator[Any]:
            groups: dict[int, list[Any]] = {}

            def reduced(key: int) -> Dataset:
                found = groups.pop(key)
                return _dataset_of(reduce_func, (Tensor(np.int64(key)), self._alike(partial(iter, found), len(found))))

            for element in self:
                key = int(_of(key_func, element))
                groups.setdefault(key, []).append(element)
                size = window_size if window_size_func is None else window_size_func(Tensor(np.int64(key)))
                if len(groups[key]) == _positive(size, "window_size"):
                    yield from reduced(key)
            for key in sorted(groups):
                yield from reduced(key)

        return Dataset(grouped)

    def bucket_by_sequence_length(
        self, element_length_func: Callable[..., Any], bucket_boundaries: Any, bucket_batch_sizes: Any,
        padded_shapes: Any = None, padding_values: Any = None, pad_to_bucket_boundary: bool = False,
        no_padding: bool = False, drop_remainder: bool = False, name: str | None = None,
    ) -> "Dataset":  # fmt: skip
        """Batches of elements of about the same length, filled up to the longest of each.

        A bucket begins at each of the boundaries, upwards, and one is before them: there is one more batch size. With
        `pad_to_bucket_boundary` elements are filled up to one less than where the next bucket begins. Shapes and values
        are those of `padded_batch`.
        """
        bounds, sizes = list(map(int, bucket_boundaries)), list(map(int, bucket_batch_sizes))
        if len(sizes) != len(bounds) + 1:
            raise ValueError("Must pass one more `bucket_batch_sizes` than `bucket_boundaries`.")

        def batched(key: Any, group: Dataset) -> Dataset:
            size, shapes = sizes[int(key)], padded_shapes
            if no_padding:
                return group.batch(size, drop_remainder)
            if pad_to_bucket_boundary and int(key) == len(bounds):
                raise errors.told(ValueError(f"an element is longer than the last boundary, {bounds[-1]}, allows"))
            if pad_to_bucket_boundary:
                shapes = _up_to(bounds[int(key)] - 1, shapes, group.element_spec)
            return group.padded_batch(size, shapes, padding_values, drop_remainder)

        bucket = lambda *element: np.searchsorted(bounds, int(element_length_func(*element)), "right")  # noqa: E731
        return self.group_by_window(bucket, batched, window_size_func=lambda key: sizes[int(key)])

    # -- which elements, and in which order ---------------------------------------------------------------------------

    def shard(self, num_shards: Any, index: Any, name: str | None = None) -> "Dataset":
        """Each `num_shards`-th element, from that of number `index` on; an `InvalidArgumentError` if there is none."""
        many, first = int(num_shards), int(index)
        if many < 1 or not 0 <= first < many:
            text = f"index must be between 0 and num_shards - 1. Received: num_shards={many}, index={first}"
            raise errors.told(ValueError(text))
        count = np.maximum(np.ceil((self._count - first) / many), 0)
        return self._alike(lambda: itertools.islice(self, first, None, many), float(count))

    def apply(self, transformation_func: Callable[["Dataset"], "Dataset"]) -> "Dataset":
        """What a function makes of the dataset."""
        made = transformation_func(self)
        if not isinstance(made, Dataset):
            raise TypeError(f"`transformation_func` must return a `tf.data.Dataset` object. Got {type(made)}.")
        return made

    def unique(self, name: str | None = None) -> "Dataset":
        """The elements, single tensors, each once, in the order of coming."""
        return self._alike(partial(_once, self), math.nan)

    def get_single_element(self, name: str | None = None) -> Any:
        """The one element; an `InvalidArgumentError` if there is none, or more than one."""
        found = [*itertools.islice(self, 2)]
        if len(found) != 1:
            raise errors.told(ValueError(f"Dataset had {'more than one element' if found else 'no elements'}."))
        return found[0]

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

        def shuffled() -> _Iterator[Any]:
            source = initializers.generator(fixed) if again or fixed is None else going
            elements = iter(self)
            kept = [*itertools.islice(elements, size)]
            for element in elements:
                place = int(source.integers(size))
                yield kept[place]
                kept[place] = element
            for place in source.permutation(len(kept)):
                yield kept[place]

        return self._alike(shuffled, self._count)

    def repeat(self, count: Any = None, name: str | None = None) -> "Dataset":
        """All elements so many times; without end by default."""
        times = math.inf if count is None or int(count) < 0 else int(count)

        def repeated() -> _Iterator[Any]:
            for _ in itertools.count() if times == math.inf else range(int(times)):
                empty = True
                for element in self:
                    empty = False
                    yield element
                if empty:
                    return

        endless = times == math.inf and self._count != 0
        return self._alike(repeated, math.inf if endless else 0 if 0 in (times, self._count) else self._count * times)

    def take(self, count: Any, name: str | None = None) -> "Dataset":
        """The first so many elements; all for -1."""
        stop = None if int(count) < 0 else int(count)
        most = np.minimum(self._count, math.inf if stop is None else stop)
        return self._alike(lambda: itertools.islice(self, stop), float(most))

    def skip(self, count: Any, name: str | None = None) -> "Dataset":
        """All but the first so many elements; none for -1."""
        least = int(count)
        left = np.maximum(self._count - least, 0)
        return self.take(0) if least < 0 else self._alike(lambda: itertools.islice(self, least, None), float(left))

    def concatenate(self, dataset: "Dataset", name: str | None = None) -> "Dataset":
        """These elements, then those of another."""
        return self._alike(lambda: itertools.chain(self, dataset), self._count + dataset._count)

    def cache(self, filename: str = "", name: str | None = None) -> "Dataset":
        """The elements, kept in memory once all were there."""
        only("", filename=filename)
        kept: list[Any] = []

        def cached() -> _Iterator[Any]:
            if kept:
                yield from kept[0]
                return
            found = []
            for element in self:
                found.append(element)
                yield element
            kept[:] = [found]

        return self._alike(cached, self._count)

    def prefetch(self, buffer_size: Any, name: str | None = None) -> "Dataset":
        """The same elements."""
        return self

    def options(self) -> Options:
        """No hints."""
        return Options()

    def with_options(self, options: Any, name: str | None = None) -> "Dataset":
        """The same elements."""
        return self

    def reduce(self, initial_state: Any, reduce_func: Callable[..., Any], name: str | None = None) -> Any:
        """`reduce_func(state, element)` of each element, one after the other; the last state."""
        state = _element(initial_state)
        for element in self:
            state = _element(reduce_func(state, element))
        return state


experimental = SimpleNamespace(AUTOTUNE=AUTOTUNE, cardinality=Dataset.cardinality)

# -- what elements are ----------------------------------------------------------------------------------------------


def _first(dataset: Dataset) -> Any:
    element = next(iter(dataset), _END)
    if element is _END:
        raise ValueError("what the elements of an empty dataset are is not known here")
    return element


def _specs(element: Any, rows: Iterable[int] = ()) -> Any:
    """The specs of an element, whose first axes are of any size where they have one of these `rows`."""
    return nest.apply(lambda leaf: _spec(leaf, rows), element)


def _spec(leaf: Any, rows: Iterable[int]) -> Any:
    if isinstance(leaf, Dataset):
        return DatasetSpec(leaf.element_spec)
    return TensorSpec([None if i == 0 and n in rows else n for i, n in enumerate(leaf.shape)], leaf.dtype)


def _is_open(known: Any) -> bool:
    """Whether a tensor's first axis is of any size."""
    return isinstance(known, TensorSpec) and bool(known.shape) and tuple(known.shape)[:1] == (None,)


def _shapes(given: Any, known: Any) -> list[TensorShape]:
    """A shape for each tensor: the one that is given, in which -1 is any size, or the one that is known."""
    leaves = nest.flatten(known)
    pairs = zip(_each(given, known), leaves, strict=True)
    return [
        TensorShape(leaf.shape if shape is None else [None if n == -1 else n for n in shape]) for shape, leaf in pairs
    ]


def _along(rows: int | None, known: Any, shapes: Any) -> Any:
    """The specs of batches of elements of these specs."""
    pairs = zip(_shapes(shapes, known), nest.flatten(known), strict=True)
    return nest.pack(known, [TensorSpec(TensorShape([rows]).concatenate(shape), leaf.dtype) for shape, leaf in pairs])


def _up_to(size: int, given: Any, known: Any) -> Any:
    """Shapes with a size for what is not known; where all is, along the first axis."""
    shapes = _shapes(given, known)
    if all(None not in shape for shape in shapes):
        shapes = [TensorShape([None, *shape[1:]] if shape else []) for shape in shapes]
    return nest.pack(known, [[size if n is None else n for n in shape] for shape in shapes])


def _windows(elements: Iterable[Any], reach: int, shift: int, stride: int, whole: bool) -> _Iterator[Any]:
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


def _by_turns(datasets: _Iterator[Dataset], cycle: int, block: int) -> _Iterator[Any]:
    """Up to `block` elements of each of `cycle` datasets by turns; one that ends gives its place to the next."""
    places: list[_Iterator[Any] | None] = [None] * cycle
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
    wanted = _each(shapes, elements[0])
    filling = _each(values, elements[0])
    filled = [_filled([x.array for x in column], *how) for column, *how in zip(columns, wanted, filling, strict=True)]
    return nest.pack(elements[0], filled)


def _each(given: Any, element: Any) -> list[Any]:
    """What is given for each tensor of an element, in the order of `nest.flatten`: in its structure, or one for all."""
    if isinstance(element, dict):
        named = given if isinstance(given, dict) else dict.fromkeys(element, given)
        return [x for key in nest.keys(element) for x in _each(named[key], element[key])]
    if isinstance(element, tuple):
        parts = given if isinstance(given, tuple) else [given] * len(element)
        return [x for part, inner in zip(parts, element, strict=True) for x in _each(part, inner)]
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


def _chosen(datasets: list["Dataset"], choices: "Dataset", stops: bool) -> _Iterator[Any]:
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


def _once(dataset: "Dataset") -> _Iterator[Any]:
    seen = set()
    for element in dataset:
        if not isinstance(element, Tensor):
            raise errors.told(ValueError("unique() takes elements of a single component: one tensor each"))
        array = np.asarray(element.array)
        if (key := (array.shape, array.tobytes())) not in seen:
            seen.add(key)
            yield element


def _fitted(signature: Any, element: Any) -> Any:
    """An element in the dtypes of a signature, checked against its shapes."""
    if signature is None:
        return _element(element)
    if isinstance(signature, dict):
        return {key: _fitted(spec, element[key]) for key, spec in signature.items()}
    if isinstance(signature, tuple):
        return tuple(_fitted(spec, item) for spec, item in zip(signature, element, strict=True))
    found = as_tensor(element, signature.dtype)
    if not signature.shape.is_compatible_with(found.shape):
        told = f"the generator yielded a tensor of shape {found.shape}, where {signature.shape} was expected"
        raise ValueError(told)
    return found
