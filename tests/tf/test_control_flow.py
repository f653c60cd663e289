"""Loops and branches: TensorFlow's results, in its structures, with their gradients."""

from collections import namedtuple
from collections.abc import Callable
from typing import Any

import pytest

import gradcalc.tf as tf
from gradcalc.tape import nest

Pair = namedtuple("Pair", "a b")
U, W = tf.constant([1.0, 2.0]), tf.constant([[3.0, 4.0, 5.0], [6.0, 7.0, 8.0]])


def plain(structure: Any) -> Any:
    """Tensors as lists and numbers."""
    return nest.apply(lambda x: x.numpy().tolist() if isinstance(x, tf.Tensor) else x, structure)


RESULTS: list[tuple[Callable[[], Any], Any]] = [
    # map_fn
    (lambda: tf.map_fn(lambda z: z[0] * z[1], ([1, 2], [3, 4])), [3, 8]),
    (lambda: tf.map_fn(lambda z: z[0] * z[1], (U, W)), [[3, 4, 5], [12, 14, 16]]),
    (lambda: tf.map_fn(lambda z: [z[0] + z[1], z[0]], [U, U]), [[2, 4], [1, 2]]),
    (lambda: tf.map_fn(lambda z: {"s": z["a"] + z["b"][0]}, {"b": (U,), "a": U}), {"s": [2, 4]}),
    (lambda: tf.map_fn(lambda z: z.a * z.b, Pair(U, U)), [1, 4]),
    (lambda: tf.map_fn(lambda z: Pair(z, (z, [2 * z])), U), Pair([1, 2], ([1, 2], [[2, 4]]))),
    (lambda: tf.map_fn(lambda z: z[0], (U,)), [1, 2]),
    (lambda: tf.map_fn(lambda z: 2 * z, [1.0, 2.0]), [2, 4]),
    (lambda: tf.map_fn(tf.reduce_sum, [[1, 2], [3, 4]]), [3, 7]),
    (lambda: tf.map_fn(lambda z: tf.cast(z, tf.float32) / 2, [1, 2], fn_output_signature=tf.float32), [0.5, 1]),
    (lambda: tf.map_fn(lambda z: (z, 1), U, fn_output_signature=(tf.float32, tf.int32)), ([1, 2], [1, 1])),
    (lambda: tf.map_fn(lambda z: z, U, fn_output_signature=tf.TensorSpec([], tf.float32)), [1, 2]),
    (lambda: tf.map_fn(lambda z: z, tf.zeros([0, 3])), []),
    (lambda: tf.map_fn(lambda z: z, tf.zeros([0]), dtype={"k": tf.int32}), {"k": []}),
    # vectorized_map
    (lambda: tf.vectorized_map(lambda z: (z[0] * z[1], {"k": z[0]}), (U, U)), ([1, 4], {"k": [1, 2]})),
    (lambda: tf.vectorized_map(lambda z: z[0] * z[1], (W[:1], W)), [[9, 16, 25], [18, 28, 40]]),
    (lambda: tf.vectorized_map(lambda z: None, U), None),
    # while_loop
    (lambda: tf.while_loop(lambda i: i < 10, lambda i: i + 1, [0], maximum_iterations=3), [3]),
    (lambda: tf.while_loop(lambda i: i < 10, lambda i: (i + 1,), [0], maximum_iterations=tf.constant(30)), [10]),
    (lambda: tf.while_loop(lambda i: i < 10, lambda i: i + 1, [0], maximum_iterations=0), [0]),
    (lambda: tf.while_loop(lambda i: i < 10, lambda i: i + 1, 0), 10),
    (lambda: tf.while_loop(lambda i, s: i < 3, lambda i, s: [i + 1, 2 * s], (0, 1.0)), (3, 8)),
    (
        lambda: tf.while_loop(lambda d: d["i"] < 3, lambda d: {"s": d["s"] * 2, "i": d["i"] + 1}, [{"i": 0, "s": 1.0}]),
        [{"i": 3, "s": 8}],
    ),
    (lambda: tf.while_loop(lambda d: d["i"] < 3, lambda d: {"i": d["i"] + 1}, {"i": 0}), {"i": 3}),
    (
        lambda: tf.while_loop(lambda i, p: i < 3, lambda i, p: (i + 1, (p[0] + 1, [p[1][0] * 2])), (0, (0.0, [1.0]))),
        (3, (3, [8])),
    ),
    (lambda: tf.while_loop(lambda p: p.a < 3, lambda p: Pair(p.a + 1, p.b), [Pair(0, 1.0)]), [Pair(3, 1)]),
    (lambda: tf.while_loop(lambda x: tf.size(x) < 8, lambda x: tf.concat([x, x], 0), [U]), [[1, 2] * 4]),
    # folds
    (lambda: tf.foldl(lambda a, x: a - x, [1, 2, 3]), -4),
    (lambda: tf.foldr(lambda a, x: a - x, [1, 2, 3]), 0),
    (lambda: tf.foldl(lambda a, x: (a[0] + x, a[1] * x), [1.0, 2.0, 3.0], initializer=(0.0, 1.0)), (6, 6)),
    (lambda: tf.foldl(lambda a, x: a + x[0] * x[1], (U, U), initializer=tf.constant(0.0)), 5),
    (lambda: tf.scan(lambda a, x: a + x, [1, 2, 3]), [1, 3, 6]),
    (lambda: tf.scan(lambda a, x: a - x, [1, 2, 3], initializer=10, reverse=True), [4, 5, 7]),
    (lambda: tf.scan(lambda a, x: (a[0] + x[0], a[1] * x[1]), (U, U), initializer=(0.0, 1.0)), ([1, 3], [1, 2])),
    (lambda: tf.scan(lambda a, x: a, tf.zeros([0]), initializer=W)[..., 0], []),
    # branches
    (lambda: tf.cond(U[0] > 0, lambda: {"k": U}, lambda: {"k": -U}), {"k": [1, 2]}),
    (lambda: tf.cond(False, lambda: 1.0, lambda: 2.0), 2),
    (lambda: tf.case([(U[0] > 1, lambda: 1.0), (U[1] > 1, lambda: 2.0)], default=lambda: 3.0), 2),
    (lambda: tf.case([(False, lambda: 1.0)], default=lambda: 3.0), 3),
    (lambda: tf.case({True: lambda: 1.0}, exclusive=True), 1),
    (lambda: tf.switch_case(tf.constant(1), [lambda: 1.0, lambda: 2.0, lambda: 3.0]), 2),
    (lambda: tf.switch_case(7, [lambda: 1.0, lambda: 2.0]), 2),
    (lambda: tf.switch_case(-1, {1: lambda: 2.0, 0: lambda: 1.0}), 2),
    (lambda: tf.switch_case(7, [(0, lambda: 1.0)], default=lambda: 9.0), 9),
]


@pytest.mark.parametrize(("call", "value"), RESULTS)
def test_results_are_tensorflows(call: Callable[[], Any], value: Any) -> None:
    assert plain(call()) == value


def test_dtypes() -> None:
    assert tf.while_loop(lambda i: i < 3, lambda i: i + 1, [0])[0].dtype == tf.int32
    assert tf.while_loop(lambda x: x < 3, lambda x: 3.0, [tf.constant(0.0, tf.float64)])[0].dtype == tf.float64
    assert tf.map_fn(lambda z: (z, 1), U)[1].dtype == tf.int32


def gradient(f: Callable[..., Any], *xs: Any) -> Any:
    xs = tuple(tf.constant(x) for x in xs)
    with tf.GradientTape() as tape:
        tape.watch(xs)
        y = f(*xs)
    return plain(tape.gradient(y, xs))


GRADIENTS: list[tuple[Callable[..., Any], Any, Any]] = [
    (lambda a, b: tf.map_fn(lambda z: z[0] * z[1] ** 2, (a, b)), ([1.0, 2.0], [3.0, 4.0]), ([9, 16], [6, 16])),
    (lambda a, b: tf.map_fn(lambda z: {"k": z["a"] * z["b"]}, {"b": b, "a": a})["k"], ([1.0], [3.0]), ([3], [1])),
    (lambda a: tf.map_fn(tf.square, a, back_prop=False), ([1.0, 2.0],), (None,)),
    (lambda a, b: tf.vectorized_map(lambda z: z[0] * z[1], (a, b)), ([2.0], [3.0, 4.0]), ([7], [2, 2])),
    (
        lambda a, b: tf.while_loop(lambda i, d: i < 9, lambda i, d: (i + 1, {"s": d["s"] * a + b}), (0, {"s": a}), maximum_iterations=2)[1]["s"],
        (2.0, 3.0),
        (3 * 4 + 3, 3),
    ),
    (lambda a, b: tf.foldl(lambda s, x: s * b + x, a, initializer=1.0), ([1.0, 2.0], 3.0), ([3, 1], 2 * 3 + 1)),
    (lambda a: tf.scan(lambda s, x: s * x, a), ([2.0, 3.0, 4.0],), ([1 + 3 + 12, 2 + 8, 6],)),
    (lambda a, b: tf.cond(a > b, lambda: a * b, lambda: b), (3.0, 2.0), (2, 3)),
    (lambda a, b: tf.switch_case(1, [lambda: a, lambda: a * b]), (3.0, 2.0), (2, 3)),
    (lambda a, b: tf.case([(a > b, lambda: a * b)], default=lambda: a), (1.0, 2.0), (1, None)),
]  # fmt: skip


@pytest.mark.parametrize(("f", "xs", "right"), GRADIENTS)
def test_gradients(f: Callable[..., Any], xs: Any, right: Any) -> None:
    assert gradient(f, *xs) == right


ERRORS: list[tuple[Callable[[], Any], type[Exception], str]] = [
    (lambda: tf.map_fn(lambda z: z, tf.constant(1.0)), ValueError, "must be 1\\+ dimensional"),
    (lambda: tf.map_fn(lambda z: z[0], (1.0, 2.0)), ValueError, "must be 1\\+ dimensional"),
    (lambda: tf.map_fn(lambda z: z[0], (U, [1.0, 2.0, 3.0])), ValueError, "first dimensions 2 and 3"),
    (lambda: tf.vectorized_map(lambda z: z[0], (U, [1.0, 2.0, 3.0])), ValueError, "first dimensions 2 and 3"),
    (lambda: tf.map_fn(lambda z: z, U, fn_output_signature=tf.int32), TypeError, "float32, and fn_output_signature"),
    (lambda: tf.map_fn(lambda z: z, U, fn_output_signature=(tf.float32,)), ValueError, "same nested structure"),
    (lambda: tf.map_fn(lambda z: 2.5, U, fn_output_signature=tf.int32), TypeError, "says int32"),
    (lambda: tf.while_loop(lambda: False, lambda: None, []), ValueError, "must be provided"),
    (lambda: tf.while_loop(lambda i, j: i < 3, lambda i, j: i + 1, (0, 0)), ValueError, "same nested structure"),
    (lambda: tf.foldl(lambda a, x: a, tf.zeros([0])), ValueError, "no initializer"),
    (lambda: tf.scan(lambda a, x: (a, x), U), ValueError, "same nested structure"),
    (lambda: tf.cond(True, None, lambda: 1.0), TypeError, "'true_fn' must be a function"),
    (lambda: tf.cond(True, lambda: 1.0, 2.0), TypeError, "'false_fn' must be a function"),
    (lambda: tf.case([(False, lambda: 1.0)]), ValueError, "no condition holds"),
    (lambda: tf.case([(True, lambda: 1.0), (True, lambda: 2.0)], exclusive=True), ValueError, "2 conditions hold"),
    (lambda: tf.switch_case(0, {0: lambda: 1.0, 5: lambda: 2.0}), ValueError, "from 0 to 1"),
]


@pytest.mark.parametrize(("call", "kind", "message"), ERRORS)
def test_errors(call: Callable[[], Any], kind: type[Exception], message: str) -> None:
    with pytest.raises(kind, match=message):
        call()


def test_maximum_iterations_is_asked_before_the_condition() -> None:
    asked: list[int] = []
    tf.while_loop(lambda i: asked.append(1) or True, lambda i: i + 1, [0], maximum_iterations=3)
    assert len(asked) == 3
