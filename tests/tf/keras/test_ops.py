"""`tf.keras.ops`, `random`, `backend` and `preprocessing`: Keras 3.15's results, of arrays and of symbolic values."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import gradcalc.tf as tf
from gradcalc.tf.keras import ops

X = np.array([[1.0, -2.0, 0.5], [0.0, 3.0, -1.0]], np.float32)

CALLS: list[tuple[Callable[[], Any], Any, str]] = [
    (lambda: ops.mean([1, 2]), 1.5, "float32"), (lambda: ops.mean(X, axis=1), [-1 / 6, 2 / 3], "float32"),
    (lambda: ops.concatenate([X[:1], [[7.0, 8, 9]]], axis=0), [[1, -2, 0.5], [7, 8, 9]], "float32"), (lambda: ops.arange(3), [0, 1, 2], "int32"),
    (lambda: ops.relu(X), np.maximum(X, 0), "float32"), (lambda: ops.one_hot([1, 0], 2), [[0, 1], [1, 0]], "float32"),
    (lambda: ops.add([1.0], [2.0]), [3], "float32"), (lambda: ops.cast(X, "int32"), X.astype(int), "int32"), (lambda: ops.zeros((2,)), [0, 0], "float32"),
    (lambda: ops.binary_crossentropy([0.0, 1.0], [0.2, 0.7]), [-np.log(0.8), -np.log(0.7)], "float32"),
    (lambda: ops.norm(X), np.linalg.norm(X), "float32"), (lambda: ops.sum(x=X), X.sum(), "float32"), (lambda: ops.take(X, [2, 0], axis=1), X[:, [2, 0]], "float32"),
    (lambda: ops.top_k(X, 2).indices, [[0, 2], [1, 0]], "int32"), (lambda: ops.stop_gradient([1.0]), [1], "float32"), (lambda: ops.logsumexp([0.0, 0.0]), np.log(2), "float32"),
]  # fmt: skip


@pytest.mark.parametrize(("call", "expected", "dtype"), CALLS)
def test_results_are_keras(call: Callable[[], Any], expected: Any, dtype: str) -> None:
    result = call()
    assert result.dtype == dtype
    np.testing.assert_allclose(result.numpy(), expected, rtol=1e-6)


def test_symbolic_values_are_noted() -> None:
    a, b = tf.keras.Input((3,)), tf.keras.Input((3,))
    y = ops.sum(ops.stack([ops.sin(a), ops.cos(b)], axis=1), axis=1) / ops.sqrt(
        ops.sum(ops.square(a), axis=-1, keepdims=True)
    )
    model = tf.keras.Model([a, b], y)
    expected = (np.sin(X) + np.cos(2 * X)) / np.sqrt(np.sum(X**2, axis=-1, keepdims=True))
    np.testing.assert_allclose(model([X, 2 * X]).numpy(), expected, rtol=1e-6)
    assert ops.shape(y) == (None, 3) and ops.shape(X) == (2, 3)
    assert ops.is_tensor(ops.exp(X)) and ops.convert_to_numpy(X) is not None


def test_gradients_flow() -> None:
    x = tf.Variable(X)
    with tf.GradientTape() as tape:
        loss = ops.sum(ops.square(ops.take(x, [0, 0], axis=1)))
    np.testing.assert_allclose(tape.gradient(loss, x).numpy(), [[4, 0, 0], [0, 0, 0]])


def test_seeds_repeat_and_generators_go_on() -> None:
    random, first, second = tf.keras.random, tf.keras.random.SeedGenerator(7), tf.keras.random.SeedGenerator(7)
    x, y = random.normal((3,), seed=first).numpy(), random.normal((3,), seed=first).numpy()
    assert (x == random.normal((3,), seed=second).numpy()).all() and (x != y).all()
    assert (random.uniform((4,), seed=3).numpy() == random.uniform((4,), seed=3).numpy()).all()
    assert sorted(random.shuffle(np.arange(5), seed=1).numpy()) == [0, 1, 2, 3, 4]
    assert set(np.unique(random.dropout(np.ones(50), 0.5, seed=2).numpy())) == {0, 2}
    drawn = random.randint((99,), 2, 5, seed=1).numpy()
    assert set(drawn.tolist()) == {2, 3, 4} and drawn.dtype == np.int32
    for call in (random.truncated_normal((2,)), random.gamma((2,), 1.5), random.binomial((2,), 3.0, 0.5)):
        assert call.dtype == np.float32 and call.shape == (2,)
    assert random.categorical([[9.0, -900.0]], 4, seed=1).numpy().tolist() == [[0] * 4]


def test_layers_take_the_dtype_that_is_set() -> None:
    backend = tf.keras.backend
    backend.set_floatx("float64")
    try:
        layer = tf.keras.layers.Dense(2)
        assert layer(X).dtype == layer.weights[0].dtype == backend.cast_to_floatx(1).dtype == np.float64
        assert tf.keras.metrics.Mean()(X).dtype == np.float64
    finally:
        backend.set_floatx("float32")
    assert tf.keras.layers.Dense(2).dtype == backend.floatx() == "float32"
    with pytest.raises(ValueError, match="Unknown `floatx` value: int8"):
        backend.set_floatx("int8")
    assert backend.epsilon() == 1e-7 and backend.image_data_format() == "channels_last"
    variable = tf.Variable(1.0)
    backend.set_value(variable, 2.0)
    assert backend.get_value(variable) == 2


def test_sequences_have_their_older_place() -> None:
    padded = tf.keras.preprocessing.sequence.pad_sequences([[1], [2, 3]], padding="post")
    assert padded.tolist() == [[1, 0], [2, 3]]
    with pytest.raises(ValueError, match="'pre' or 'post'"):
        tf.keras.utils.pad_sequences([[1]], padding="left")
