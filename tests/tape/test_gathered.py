"""Gradients of tables whose rows are looked up: Keras's steps, with terms; TensorFlow's `IndexedSlices`."""

from typing import Any

import numpy as np

import gradcalc.nn as nn
from gradcalc import optimize
from gradcalc.tape import GradientTape
from tests.nn.support import over

TABLE = np.linspace(-1, 1, 8, dtype="float32").reshape(4, 2)
WEIGHTS = np.array([[1, 2], [3, -1]], "float32")[..., None]


def looked_up() -> tuple[Any, Any]:
    """The table, and a gradient to which row 2 contributes three times."""
    layer = nn.Embedding(4, 2)
    layer.build((None,))
    layer.set_weights([TABLE])
    return layer, lambda: gradient_of(layer)


def gradient_of(layer: Any, more: float = 0) -> Any:
    with GradientTape() as tape:
        squares = layer(np.array([[0, 2], [2, 1]])) ** 2 * WEIGHTS
        y = np.sum(squares) + np.sum(layer(np.array([2])) ** 3)
        if more:
            y = y + more * np.sum(layer.embeddings)
    return tape.gradient(y, layer.embeddings)


KERAS: list[tuple[str, dict[str, Any], list[float]]] = [  # the table after two steps, by Keras 3.15.0 with TensorFlow
    ("Adam", {}, [-0.80041414, -0.51496112, -0.6285696, -0.34096253, -0.097145133, 0.12786153]),
    ("AdamW", {}, [-0.79965663, -0.51443279, -0.6281876, -0.34081033, -0.097160064, 0.12759373]),
    ("Nadam", {}, [-0.82024527, -0.53627479, -0.6191023, -0.34136254, -0.010544049, 0.1759648]),
    ("Adamax", {}, [-0.80516839, -0.5215615, -0.61960983, -0.32335243, -0.019909255, 0.24183808]),
    ("RMSprop", {"centered": True}, [-0.46556774, -0.21049842, -1.0693586, -0.8059302, 0.0006185174, 0.0033763647]),
    ("Adagrad", {}, [-0.8347373, -0.5521999, -0.59766811, -0.28007191, 0.00035078684, 0.19547494]),
    ("Ftrl", {}, [-0.68578196, -0.40885451, -0.43740368, -0.14772293, -0.0040955609, 0.16282305]),
    ("Lion", {}, [-0.79999995, -0.51428568, -0.62857145, -0.34285715, -0.057142854, 0.22857144]),
    ("SGD", {"momentum": 0.9}, [-0.46000001, -0.32857144, -0.69428575, -0.23142858, -0.1340929, -0.43621701]),
    ("Adam", {"amsgrad": True}, [-0.80041414, -0.51496112, -0.6285696, -0.34096253, -0.097102597, 0.12786153]),
    ("Adam", {"clipvalue": 0.5}, [-0.80000275, -0.51428849, -0.62856865, -0.34096253, -0.099660784, 0.088425905]),
    ("Adam", {"clipnorm": 0.5}, [-0.79993582, -0.51416498, -0.62698644, -0.33800781, -0.096782364, 0.12403734]),
    ("Adam", {"global_clipnorm": 0.5}, [-0.7998693, -0.5141927, -0.62761742, -0.33895564, -0.045222633, 0.22892231]),
    ("Adam", {"gradient_accumulation_steps": 2},
     [-0.90000081, -0.6142866, -0.52857041, -0.24285537, 0.042858027, 0.32857215]),
]  # fmt: skip


def check_steps(name: str, settings: dict[str, Any], expected: list[float]) -> None:
    """To 2e-5: Keras takes 1 - 0.999**2 in float32."""
    layer, gradient = looked_up()
    optimizer = getattr(optimize, name)(0.1, **settings)
    for _ in range(2):
        optimizer.apply_gradients([(gradient(), layer.embeddings)])
    np.testing.assert_allclose(layer.embeddings.numpy()[:3].ravel(), expected, rtol=2e-5, atol=3e-6)


test_steps_are_kerass = over(KERAS, check_steps)


def test_slices_are_tensorflows_and_a_tensor_as_any_other() -> None:
    layer, gradient = looked_up()
    g = gradient()
    assert sorted(g.indices.numpy().tolist()) == [0, 1, 2, 2, 2] and g.dense_shape.numpy().tolist() == [4, 2]
    dense = np.zeros((4, 2), "float32")
    np.add.at(dense, g.indices.numpy(), g.values.numpy())
    np.testing.assert_array_equal(g.numpy(), dense)
    assert type(g.numpy()) is np.ndarray and type((g * 2).numpy()) is np.ndarray and "Gathered" not in repr(g)
    x = TABLE.astype(float)
    expected = 2 * x * [[1], [-1], [5], [0]]
    expected[2] += 3 * x[2] ** 2
    np.testing.assert_allclose(g.numpy(), expected, rtol=1e-6)


def test_what_is_used_otherwise_besides_has_a_plain_gradient() -> None:
    layer, gradient = looked_up()
    found = gradient_of(layer, more=0.5)
    assert not hasattr(found, "values") and type(found.numpy()) is np.ndarray
    np.testing.assert_allclose(found.numpy(), gradient().numpy() + np.float32(0.5), rtol=1e-6)


def test_second_derivatives_and_jacobians_go_through_a_lookup() -> None:
    layer, _ = looked_up()
    with GradientTape() as outer:
        with GradientTape() as inner:
            y = np.sum(layer(np.array([1, 1, 3])) ** 3)
        first = np.sum(inner.gradient(y, layer.embeddings))
    second = outer.gradient(first, layer.embeddings).numpy()
    np.testing.assert_allclose(second, 6 * TABLE * [[0], [2], [0], [1]], rtol=1e-6)
    with GradientTape() as tape:
        rows = layer(np.array([1, 1, 3])) ** 2
    jacobian = tape.jacobian(rows, layer.embeddings).numpy()
    assert jacobian.shape == (3, 2, 4, 2)
    np.testing.assert_allclose(jacobian.sum((0, 1)), 2 * TABLE * [[0], [2], [0], [1]], rtol=1e-6)


def test_no_rows_have_a_gradient_of_zeros() -> None:
    layer, _ = looked_up()
    with GradientTape() as tape:
        y = np.sum(layer(np.zeros((0,), int)))
    assert not tape.gradient(y, layer.embeddings).numpy().any()


def test_multiples_of_gathered_arrays_keep_their_terms() -> None:
    _, gradient = looked_up()
    g = gradient()
    array, twice = g.gathered, g.gathered * 2.0
    np.testing.assert_allclose(twice * twice, 4 * (array * array), rtol=1e-6)
    assert type(array + 1.0) is type(array[1:] * 2.0 + 1.0) is np.ndarray
    expected = np.abs(g.values.numpy()[g.indices.numpy() == 2]).sum(axis=0)
    np.testing.assert_allclose(np.abs(array)[2], expected, rtol=1e-6)
