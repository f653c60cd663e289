"""Layers without windows: Keras's numbers and gradients, dropout, merging, embedding, errors."""

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import gradcalc.nn as nn
import gradcalc.tf as tf
from gradcalc.tape import GradientTape, Variable, constant, threads
from tests.nn.support import over, ramp, says, second_derivatives_agree, values_agree, wave

# a layer, the shapes of input and result; sum(result * ramp), then sum(gradient * wave) for the input and each weight
KERAS: list[tuple[Callable[[], nn.Layer], Any, Any, list[float]]] = [  # by Keras 3.15.0 with TensorFlow 2.21.0
    (lambda: nn.Dense(3, activation="tanh", dtype="float64"), (2, 4), (2, 3),
     [0.406527277769, -0.201199713575, 0.109169016565, 0.105502901114]),
    (lambda: nn.Dense(3, activation="relu", dtype="float64"), (2, 5, 4), (2, 5, 3),
     [0.642093813774, -0.0846424195303, 0.130906727174, 0.5111870866]),
    (lambda: nn.Dense(3, use_bias=False, dtype="float64"), (2, 4), (2, 3),
     [0.329885396937, -0.116474838493, 0.329885396937]),
    (lambda: nn.Flatten(dtype="float64"), (2, 3, 4), (2, 12), [12.5333587462, 0.071217477029]),
    (lambda: nn.Reshape((-1, 2), dtype="float64"), (2, 3, 4), (2, 6, 2), [12.5333587462, 0.071217477029]),
    (lambda: nn.Permute((2, 1), dtype="float64"), (2, 3, 4), (2, 4, 3), [-0.545004268198, -0.190459869827]),
    (lambda: nn.RepeatVector(3, dtype="float64"), (2, 4), (2, 3, 4), [-0.127963170061, 0.833534829398]),
    (lambda: nn.Rescaling(0.5, 2.0, dtype="float64"), (2, 3), (2, 3), [1.35607674678, -0.0545390872369]),
    (lambda: nn.Softmax(dtype="float64"), (2, 3), (2, 3), [0.153746484877, 0.24972131526]),
    (lambda: nn.Softmax(axis=1, dtype="float64"), (2, 3, 2), (2, 3, 2), [1.83599092707, 0.0541454062997]),
    (lambda: nn.LeakyReLU(0.25, dtype="float64"), (2, 3), (2, 3), [1.9473997859, -0.0748647561239]),
    (lambda: nn.ReLU(max_value=0.5, negative_slope=0.25, threshold=0.125, dtype="float64"), (2, 4), (2, 4),
     [2.17340938156, -0.151112221883]),
    (lambda: nn.ELU(0.5, dtype="float64"), (2, 3), (2, 3), [2.08541809371, -0.100991469492]),
    (lambda: nn.Activation("silu", dtype="float64"), (2, 3), (2, 3), [1.56616602034, -0.0653011211514]),
    (lambda: nn.TimeDistributed(nn.Dense(3, activation="tanh", dtype="float64"), dtype="float64"), (2, 4, 2), (2, 4, 3),
     [0.799861686898, -0.786597006956, 0.271502163167, 0.089659857307]),
    (lambda: nn.TimeDistributed(nn.Conv1D(2, 2, dtype="float64"), dtype="float64"), (2, 3, 4, 2), (2, 3, 3, 2),
     [0.0021988817395, 0.93566288393, -0.415593850354, 0.417792732094]),
    (lambda: nn.EinsumDense("abc,cd->abd", (None, 3), activation="tanh", bias_axes="d", dtype="float64"), (2, 4, 3), (2, 4, 3),
     [0.471166890515, -2.01587005763, -0.0746165524618, 0.486190715235]),
    (lambda: nn.EinsumDense("ab,bc->ac", 3, bias_axes="c", dtype="float64"), (2, 4), (2, 3),
     [0.533195530335, -0.116474838493, 0.329885396937, 0.203310133398]),
    (lambda: nn.EinsumDense("...x,xy->...y", 3, bias_axes="y", dtype="float64"), (2, 4, 3), (2, 4, 3),
     [0.477227543856, -2.64048986123, -0.190412236141, 0.667639779997]),
    (lambda: nn.EinsumDense("abc...,cd->abd...", (None, 2), bias_axes="d", dtype="float64"), (2, 4, 3, 5), (2, 4, 2, 5),
     [2.70263067973, -9.09436751878, 3.1936991828, -0.491068503067]),
    (lambda: nn.EinsumDense("abc,bde->acde", (3, 2, 5), bias_axes="de", dtype="float64"), (2, 4, 3), (2, 3, 2, 5),
     [-4.1967306141, -10.8646718329, -3.84521470481, -0.351515909288]),
    (lambda: nn.PReLU(dtype="float64"), (2, 3, 4), (2, 3, 4),
     [7.67687961159, -2.33652446729, 1.40512433593]),
    (lambda: nn.PReLU(shared_axes=[1], dtype="float64"), (2, 3, 4), (2, 3, 4),
     [4.02591643392, -0.280592143097, -2.24583884174]),
    (lambda: nn.ActivityRegularization(l1=0.1, dtype="float64"), (2, 3), (2, 3),
     [3.12516888746, -0.109078174474]),
]  # fmt: skip

test_values_shapes_and_gradients_are_keras_s = over(KERAS, values_agree)

test_second_derivatives_are_those_of_a_nested_tape = over(KERAS, second_derivatives_agree)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_dense_layer_is_a_product_a_sum_and_an_activation(dtype: str) -> None:
    layer = nn.Dense(2, activation="relu", dtype=dtype)
    layer.build((None, 3))
    layer.set_weights([np.array([[1.0, -1.0], [2.0, 0.0], [0.0, 1.0]]), np.array([0.5, -0.5])])
    y = layer(np.array([[1.0, 2.0, 3.0]]))
    assert y.numpy().tolist() == [[5.5, 1.5]] and y.dtype == dtype
    assert layer.kernel.dtype == dtype


def test_no_rows_give_no_rows() -> None:
    for layer, shape in (
        (nn.Dense(2), (0, 3)),
        (nn.Conv2D(2, 2), (0, 3, 3, 1)),
        (nn.MaxPooling2D(), (0, 4, 4, 1)),
        (nn.Flatten(), (0, 4, 4)),
    ):
        x = Variable(np.zeros(shape, "float32"))
        with GradientTape() as tape:
            y = layer(x)
        assert y.shape[0] == 0 and tape.gradient(y, x).shape == shape


def test_dropout_acts_while_training_only() -> None:
    layer, x = nn.Dropout(0.25, seed=1), np.ones((100, 100), "float32")
    assert (layer(x).numpy() == 1).all() and (layer(x, training=False).numpy() == 1).all()
    y = layer(x, training=True).numpy()
    assert set(np.unique(y)) == {np.float32(0), np.float32(1 / 0.75)}
    assert 0.2 < (y == 0).mean() < 0.3
    assert (nn.Dropout(0.25, seed=1)(x, training=True).numpy() == y).all()
    assert (nn.Dropout(1.0)(x, training=True).numpy() == 0).all()
    assert (nn.Dropout(0.0)(x, training=True).numpy() == 1).all()


def test_a_dropout_passes_the_gradient_where_it_passes_the_value() -> None:
    x = Variable(np.ones((5, 5), "float32"))
    with GradientTape() as tape:
        y = nn.Dropout(0.5, seed=0)(x, training=True)
    assert (tape.gradient(y, x).numpy() == y.numpy()).all()


MERGED = [  # by Keras 3.15.0 with TensorFlow 2.21.0: sum(result * wave)
    (tf.keras.layers.add, -0.458133879557785),
    (tf.keras.layers.multiply, 0.02820480045624557),
    (tf.keras.layers.average, -0.2290669397788925),
    (tf.keras.layers.maximum, -0.2633517191237641),
    (tf.keras.layers.minimum, -0.19478216043402047),
    (tf.keras.layers.subtract, 0.600568833615783),
]


@pytest.mark.parametrize(("merge", "value"), MERGED)
def test_inputs_merge_as_in_keras(merge: Callable[..., Any], value: float) -> None:
    a, b = constant(ramp(2, 3, 4)), constant(ramp(2, 4) * 0.7)
    result = merge([a, b], dtype="float64")
    assert result.shape == (2, 3, 4)
    np.testing.assert_allclose(np.sum(result.numpy() * wave(result.shape)), value, rtol=1e-12)
    assert merge([nn.Input((3, 4)), nn.Input((4,))]).shape == (None, 3, 4)


def test_concatenation_joins_one_axis() -> None:
    result = tf.keras.layers.concatenate([ramp(2, 3, 4), ramp(2, 3, 4)[:, :2]], axis=1, dtype="float64")
    np.testing.assert_allclose(np.sum(result.numpy() * wave((2, 5, 4))), -7.122292132298353, rtol=1e-12)
    assert nn.Concatenate()([nn.Input((None, 2)), nn.Input((3, 4))]).shape == (None, 3, 6)
    assert nn.Concatenate(axis=1)([nn.Input((None, 2)), nn.Input((3, 2))]).shape == (None, None, 2)


def test_an_embedding_takes_rows_and_gives_the_gradient_back_to_them() -> None:
    layer = nn.Embedding(5, 2)
    with GradientTape() as tape:
        rows = layer(np.array([[0, 4], [4, 4]]))
        loss = np.sum(rows * rows) / 2
    gradient = tape.gradient(loss, layer.embeddings).numpy()
    table = layer.embeddings.numpy()
    np.testing.assert_allclose(gradient, table * np.array([[1], [0], [0], [0], [3]]), rtol=1e-6)
    assert np.abs(table).max() <= 0.05 and rows.shape == (2, 2, 2)
    for bad in (5, -1):
        with pytest.raises(IndexError, match="has rows 0 to 4: numbers from"):
            layer(np.array([0, bad]))


def test_a_lambda_is_told_what_it_asks_for() -> None:
    layer = nn.Lambda(lambda t, factor, training=None: t * (factor if training else 1.0), arguments={"factor": 3.0})
    assert layer(np.ones(2), training=True).tolist() == [3, 3] and layer(np.ones(2)).tolist() == [1, 1]
    assert nn.Lambda(lambda t: t, output_shape=(7,))(nn.Input((3,))).shape == (None, 7)
    assert nn.Lambda(lambda t: t, output_shape=lambda shape: (*shape, 1))(nn.Input((3,))).shape == (None, 3, 1)


def named(*names: str) -> list[nn.Symbolic]:
    return [nn.Input((3,), name=name) for name in names]


ERRORS: list[tuple[Callable[[], Any], str]] = [
    (lambda: nn.Dense(0), "expected a positive integer. Received: units=0"),
    (lambda: nn.Dense(2.5), "Received: units=2.5"),  # type: ignore[arg-type]
    (lambda: nn.Dropout(1.5), "between 0 and 1. Received: rate=1.5"),
    (lambda: nn.Reshape((5,))(np.ones((2, 4))), r"rows of shape \(4,\) cannot be reshaped to \(5,\)"),
    (lambda: nn.Input(), "one of `shape` and `batch_shape`"),
    (lambda: nn.Add()(named("a")[0]), "`Add` layer should be called on a list of at least 1 input"),
    (lambda: nn.Add()(np.ones((2, 3))), "`Add` layer should be called on a list"),
    (lambda: nn.Add()([named("a")[0], nn.Input((2,))]), r"Received shapes \(3,\) and \(2,\)"),
    (lambda: nn.Add()([np.ones((2, 3)), np.ones((1, 3))]), "different batch sizes"),
    (lambda: nn.Subtract()(named("a", "b", "c")), "should be called on exactly 2 inputs"),
    (lambda: nn.Concatenate()(named("a")[0]), "`Concatenate` layer should be called on a list of at least 1 input"),
    (lambda: nn.Concatenate(axis=1)([nn.Input((2, 5)), nn.Input((3, 4))]), "matching shapes except for the conc"),
    (lambda: nn.Concatenate()([nn.Input((2, 5)), nn.Input((5,))]), "matching shapes except for the conc"),
    (lambda: nn.Concatenate(axis=2)(named("a", "b")), "matching shapes except for the conc"),
    (lambda: nn.Permute((0, 1)), r"must be consecutive and start from 1. Received dims=\(0, 1\)"),
    (lambda: nn.Embedding(0, 3), "`input_dim`, expected a positive integer. Received: input_dim=0"),
    (lambda: nn.Embedding(3, 2.5), "`output_dim`, expected a positive integer. Received: output_dim=2.5"),  # type: ignore[arg-type]
]

test_errors_say_what_is_wrong = over(ERRORS, says)


def test_lambda_takes_a_function_that_tells_no_signature() -> None:
    with pytest.raises(ValueError):
        inspect.signature(max)
    assert nn.Lambda(max)(np.array([1.0, 3.0, 2.0])) == 3.0


@pytest.mark.parametrize("make", [
    lambda: nn.Flatten(), lambda: nn.Dropout(0.5), lambda: nn.Activation("linear"), lambda: nn.Reshape((4,)),
    lambda: nn.Lambda(lambda x: x[:, :1]), lambda: nn.Sequential([nn.Dropout(0.5), nn.Flatten()]), lambda: nn.ReLU(),
])  # fmt: skip
def test_a_result_shares_no_memory_with_its_input(make: Any) -> None:
    x = np.ones((2, 2, 2), "float32")
    view = x[:]
    view.flags.writeable = False
    for given in (x, view):
        y = make()(given)
        before = y.numpy()
        x *= 2
        np.testing.assert_array_equal(y.numpy(), before)


REFUSED: list[tuple[Callable[[], Any], str]] = [
    (lambda: nn.ReLU(max_value=-10), "max_value of a ReLU layer cannot be a negative"), (lambda: nn.ReLU(threshold=-1.0), "threshold of a ReLU layer cannot be None or"),
    (lambda: nn.ReLU(negative_slope=None), "negative_slope of a ReLU layer cannot be"), (lambda: nn.LeakyReLU(-1.0), "negative_slope of a LeakyReLU layer cannot be"),
    (lambda: nn.Dropout(1.1), "between 0 and 1"), (lambda: nn.Reshape((-1, -1)), "at most one unknown"),
    (lambda: nn.Input((-1,)), "Negative dimensions"), (lambda: nn.Conv2D(2, 3)(nn.Input((2, 2, 1))), "zero or negative"),
    (lambda: nn.MaxPooling2D(3)(nn.Input((2, 2, 1))), "zero or negative"), (lambda: nn.Conv2D(4, 3, groups=3), "divisible"),
    (lambda: nn.Conv1D(4, 1, groups=2)(np.ones((1, 3, 3))), "input channels must be evenly divisible"),
    (lambda: nn.RepeatVector(0), "positive integer"), (lambda: nn.Embedding(True, 2), "`input_dim`, expected a positive integer"),
    (lambda: nn.GroupNormalization()(nn.Input((2, None))), "should have a defined dimension"),
    (lambda: nn.Flatten(data_format="last"), "channels_last or channels_first"),
]  # fmt: skip

test_what_makes_no_sense_is_refused = over(REFUSED, says)


EINSUM: list[tuple[Callable[[], Any], str]] = [
    (lambda: nn.EinsumDense("abc->abc", 3)(np.ones((2, 3, 4))), "Invalid einsum equation"),
    (lambda: nn.EinsumDense("ab,bc->ad", 3)(np.ones((2, 3))), "Dimension 'd' was specified in the output"),
    (lambda: nn.EinsumDense("ab,bcd->ac", 3)(np.ones((2, 3))), "Weight dimension 'd' did not have a match"),
    (lambda: nn.EinsumDense("ab,bc->ac", 3, bias_axes="z")(np.ones((2, 3))), "Bias dimension 'z' was requested"),
    (lambda: nn.EinsumDense("abc,cd->abd", (5, 3))(np.ones((2, 3, 4))), "do not match at shared dimension 'b'"),
    (lambda: nn.TimeDistributed(3), "3 supplied to TimeDistributed isn't a supported layer type"),
    (lambda: nn.TimeDistributed(nn.Dense(2))(np.ones((2, 3, 4)), mask=np.ones((2, 2), bool)), "incompatible with the input shape"),
]  # fmt: skip

test_products_and_wrappers_say_what_is_wrong = over(EINSUM, says)


def test_a_wrapper_tells_its_layer_of_the_mask_of_each_step() -> None:
    counts = np.array([[[1, 1, 0], [1, 0, 0]]], bool)
    x = np.arange(6.0).reshape(1, 2, 3, 1)
    y = nn.TimeDistributed(nn.GlobalAveragePooling1D())(x, mask=counts)
    assert y.numpy().tolist() == [[[0.5], [3.0]]]


def test_activity_is_paid_for() -> None:
    layer = nn.ActivityRegularization(l1=0.5, l2=2.0)
    layer(np.array([[1.0, -3.0]]))
    assert [float(loss) for loss in layer.losses] == [0.5 * 4 + 2 * 10]


def test_channels_first_are_flattened_as_channels_last() -> None:
    x = np.arange(8.0).reshape(1, 2, 2, 2)
    assert nn.Flatten("channels_first")(x).numpy().tolist() == [[0, 4, 1, 5, 2, 6, 3, 7]]
    assert nn.Flatten("channels_first")(np.ones(2)).shape == (2, 1)


def test_dropout_with_a_noise_shape_drops_together() -> None:
    y = nn.Dropout(0.5, noise_shape=(None, 1), seed=3)(np.ones((50, 4)), training=True).numpy()
    assert {tuple(row) for row in y} == {(0, 0, 0, 0), (2, 2, 2, 2)}


def test_groups_of_channels_meet_their_filters() -> None:
    layer = nn.Conv1D(4, 1, groups=2, use_bias=False)
    layer.build((None, 3, 4))
    assert layer.kernel.shape == (1, 2, 4)
    layer.kernel.assign(np.arange(8.0).reshape(1, 2, 4))
    assert layer(np.array([[[1.0, 10.0, 100.0, 1000.0]]])).numpy().tolist() == [[[40, 51, 6200, 7300]]]


def test_a_size_that_is_worked_out_from_unknown_ones_is_unknown() -> None:
    assert nn.Reshape((-1, 2))(nn.Input((None, 6, 2))).shape == (None, None, 2)


def test_a_small_dense_layer_takes_one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[int] = []
    monkeypatch.setattr(threads, "_switch", lambda: (lambda: 4, given.append))
    layer = nn.Dense(100)
    layer(np.ones((64, 100)))
    assert given == [1, 4]


def curve(*shape: int) -> Any:
    return np.sin(np.arange(np.prod(shape)) ** 1.5 + 0.7).reshape(shape).astype("float32")


COUNT = np.array([[True, False, True], [True, True, False]])
MASKED: list[tuple[Any, Any, Any]] = [  # Keras's Softmax, by axis, of two rows of three
    (-1, COUNT, [[0.7352601, 0.0, 0.2647399], [0.2610705, 0.7389295, 0.0]]), (0, COUNT, [[0.7352958, 0.0, 1.0], [0.2647042, 1.0, 0.0]]), ((0, 1), COUNT, [[0.3650983, 0.0, 0.1314584], [0.1314342, 0.372009, 0.0]]),
    (-1, COUNT * 0.6, [[0.7352601, 0.0, 0.2647399], [0.2610705, 0.7389295, 0.0]]), ([-1], COUNT[0], [[0.7352601, 0.0, 0.2647399], [0.5636598, 0.0, 0.4363403]]),
    (-1, np.array([[False] * 3, [True] * 3]), [[0.0, 0.0, 0.0], [0.2171788, 0.6146989, 0.1681224]]),
]  # fmt: skip


def check_masked(axis: Any, mask: Any, expected: Any) -> None:
    np.testing.assert_allclose(nn.Softmax(axis)(curve(2, 3), mask=mask), expected, rtol=2e-5, atol=1e-7)
    np.testing.assert_allclose(nn.Softmax(axis)(curve(2, 3), mask=constant(mask)), expected, rtol=2e-5, atol=1e-7)


test_a_softmax_counts_what_its_mask_counts = over(MASKED, check_masked)


def test_a_softmax_takes_several_axes_and_gives_masked_elements_no_gradient() -> None:
    x = Variable(curve(2, 3))
    with GradientTape() as tape:
        loss = np.sum(nn.Softmax()(x, mask=COUNT) ** 3)
    expected = [[0.2747641, 0.0, -0.2747641], [-0.2765552, 0.2765552, 0.0]]
    np.testing.assert_allclose(tape.gradient(loss, x), expected, atol=1e-6)
    both = nn.Softmax([1, 2])(curve(2, 3, 4)).numpy()
    np.testing.assert_allclose(both.sum((1, 2)), [1, 1], rtol=1e-6)
    np.testing.assert_allclose(both[0, 0], [0.1179572, 0.1669624, 0.042472, 0.0424642], rtol=2e-5)
    for mask in (COUNT[:, 0], curve(1, 2, 3)):
        with pytest.raises(ValueError, match="broadcastable"):
            nn.Softmax()(curve(2, 3), mask=mask)


def counted(layer: Any, *inputs: Any) -> Any:
    mask = getattr(layer([*inputs]), "_keras_mask", None)
    return None if mask is None else mask.astype(int).tolist()


def test_merged_inputs_count_where_keras_says() -> None:
    words = nn.Embedding(6, 3, mask_zero=True)
    a, b, c = words(np.array([[1, 2, 0], [3, 0, 4]])), words(np.array([[0, 2, 0], [3, 0, 0]])), curve(2, 3, 3)
    for kind in (nn.Add, nn.Subtract, nn.Multiply, nn.Average, nn.Maximum, nn.Minimum):
        assert counted(kind(), a, b) == [[1, 1, 0], [1, 0, 1]]  # where one of them does
        assert counted(kind(), a, c) is counted(kind(), c, a) is None
    assert counted(nn.Concatenate(), a, b) == [[1, 1, 0], [1, 0, 1]] and counted(nn.Concatenate(), c, c) is None
    assert counted(nn.Concatenate(), a, c) == [[1, 1, 1], [1, 1, 1]]
    assert counted(nn.Concatenate(1), a, b) == [[1, 1, 0, 0, 1, 0], [1, 0, 1, 1, 0, 0]]
    assert counted(nn.Concatenate(0), a, c) == [[1, 1, 0], [1, 0, 1], [1, 1, 1], [1, 1, 1]]
    add = nn.Add()
    assert add.compute_mask([a, b]) is None is add.compute_mask([a, b], [COUNT, None])
    assert add.compute_mask([a, b], [COUNT, ~COUNT]).all() and words.compute_mask(np.array([0, 1])).tolist() == [0, 1]
    for inputs, mask, message in (
        ([a, b], COUNT, "`mask` should"),
        (a, [COUNT], "`inputs` should"),
        ([a], [], "length"),
    ):
        with pytest.raises(ValueError, match=message):
            add.compute_mask(inputs, mask)
    assert nn.Lambda(lambda x: x * 2, mask=lambda x, m: ~m)(a)._keras_mask.astype(int).tolist() == [
        [0, 0, 1],
        [0, 1, 0],
    ]
    assert not hasattr(nn.Lambda(lambda x: x * 2)(a), "_keras_mask")


def test_a_layer_of_ones_own_is_given_the_masks_of_a_list() -> None:
    class First(nn.Layer):
        def call(self, inputs: Any, mask: Any = None) -> Any:
            self.seen = mask
            return inputs[0] + inputs[1]

        def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
            return mask[0]

    layer, a = First(), nn.Embedding(6, 3, mask_zero=True)(np.array([[1, 0]]))
    assert layer([a, curve(1, 2, 3)])._keras_mask.tolist() == [[True, False]] and layer.seen[1] is None


def test_a_lambda_of_several_inputs_has_the_shape_that_it_is_given() -> None:
    a, b = nn.Input((3,)), nn.Input((3,))
    assert nn.Lambda(lambda both: both[0][:, :1] * both[1][:, :1], output_shape=(1,))([a, b]).shape == (None, 1)
