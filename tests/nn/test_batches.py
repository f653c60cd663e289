"""What a step of training is given: slices of arrays, batches of iterables, orders, weights of classes; errors."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import gradcalc.nn as nn
from gradcalc.nn import batches
from gradcalc.nn.batches import Batches
from gradcalc.tape import constant
from tests.nn.support import over, says

X, Y = np.arange(14.0).reshape(7, 2), np.arange(7)


def seen(data: Batches) -> list[Any]:
    """The first column of each batch."""
    return [(batch[0] if isinstance(batch, tuple) else batch).numpy()[..., 0].tolist() for batch in data]


def test_arrays_are_cut_into_batches_of_tensors() -> None:
    data = Batches(X, Y, batch_size=3)
    assert data.count == 3 and seen(data) == [[0, 2, 4], [6, 8, 10], [12]] == seen(data)
    x, y = next(iter(data))
    assert x.dtype == "float32" and y.dtype == "int64" and y.numpy().tolist() == [0, 1, 2]
    (x,) = next(iter(Batches([X, Y])))  # two inputs
    assert [part.shape for part in x] == [(7, 2), (7,)]
    assert next(iter(Batches([[1.0, 2.0]]))).numpy().tolist() == [[1, 2]]  # a list of numbers is one array
    x, y, weight = next(iter(Batches({"a": X}, [1] * 7, np.ones(7), dtype="float64")))
    assert x["a"].dtype == weight.dtype == "float64" and y.shape == (7,)
    assert next(iter(Batches(constant(X)))).dtype == "float32"


def test_orders_are_random_and_repeat_after_a_seed() -> None:
    nn.set_seed(4)
    data = Batches(X, batch_size=7, shuffle=True)
    first, second = seen(data), seen(data)
    assert first != second and sorted(first[0]) == sorted(second[0]) == X[:, 0].tolist()
    nn.set_seed(4)
    assert seen(Batches(X, batch_size=7, shuffle=True)) == first


def test_an_iterable_gives_its_batches_in_each_epoch_or_goes_on_where_steps_are_counted() -> None:
    class Source:
        def __iter__(self) -> Iterator[Any]:
            return iter([(X[:2], Y[:2]), [X[2:5], Y[2:5]], (X[5:], Y[5:], Y[5:] * 0.5)])

    data = Batches(Source())
    assert data.count is None and seen(data) == [[0, 2], [4, 6, 8], [10, 12]] == seen(data)
    data = Batches(Source(), steps=2)
    assert data.count == 2 and seen(data) == [[0, 2], [4, 6, 8]]
    with pytest.warns(UserWarning, match=r"ran out of data.*repeat\(\)"):
        assert seen(data) == [[10, 12]]
    rows = Batches(X, batch_size=4, steps=2)
    assert seen(rows) == [[0, 2, 4, 6], [8, 10, 12]] == seen(rows)


def test_classes_weigh_rows() -> None:
    weights = {0: 2.0, 2: 0.5}
    for labels in ([0, 1, 2], [[0], [1], [2]], np.eye(3), np.array([0.0, 1.0, 2.0])):
        *_, weight = next(iter(Batches(X[:3], np.asarray(labels), class_weight=weights)))
        assert weight.numpy().tolist() == [2, 1, 0.5] and weight.dtype == "float32"


def test_the_last_rows_are_held_back() -> None:
    (x, y, weight), (last, y_last, _) = batches.split((X, Y, None), 0.3, "float32")
    assert len(x) == len(y) == 4 and len(last) == len(y_last) == 3 and weight is None and y_last.tolist() == [4, 5, 6]


def test_a_batch_is_taken_apart_and_put_together() -> None:
    for parts in ((1,), (1, 2), (1, 2, 3)):
        assert batches.unpacked(parts) == (*parts, None, None)[:3]
        assert batches.packed(*batches.unpacked(parts)) == (parts if len(parts) > 1 else 1)
    assert batches.unpacked({"a": 1}) == ({"a": 1}, None, None) and batches.packed((1, 2)) == ((1, 2),)


GENERATOR = (batch for batch in [X])
ERRORS: list[tuple[Callable[[], Any], str]] = [
    (lambda: Batches(None), "there is no data"), (lambda: Batches(X, Y[:4]), "rows, but x has 7, y has 4"),
    (lambda: Batches([X, Y[:3]], Y), "x has 3 and 7, y has 7"), (lambda: Batches(X[:0]), "have no rows"),
    (lambda: Batches(np.array(["a"])), "numbers whose first axis are rows, and was given <U1"),
    (lambda: Batches(np.float64(2)), r"given float64 of shape \(\)"), (lambda: Batches(X * 1j), "complex128"),
    (lambda: Batches(X, batch_size=0), "positive integer"), (lambda: Batches(GENERATOR, Y), "`y` goes with arrays: x is a generator"),
    (lambda: Batches(GENERATOR, batch_size=2), "`batch_size` goes with arrays"),
    (lambda: Batches(X, Y, Y, class_weight={0: 1.0}), "cannot be given at the same time"),
    (lambda: batches.unpacked((1, 2, 3, 4)), "has 4 parts"), (lambda: batches.split((GENERATOR, None, None), 0.5, "f4"), r"take\(\) and skip\(\)"),
    (lambda: batches.split((X, Y, None), 1.5, "f4"), "leaves none"), (lambda: batches.split((X, Y, None), 0.9, "f4"), "7 rows"),
    (lambda: next(iter(Batches(X, [Y, Y], class_weight={0: 1.0}))), "one output"),
]  # fmt: skip
test_errors_say_what_is_wrong = over(ERRORS, says)
