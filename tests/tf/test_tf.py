"""TensorFlow's names: its defaults, its arguments, and its code as it is written; numbers are TensorFlow 2.21's."""

import importlib
import pickle
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import gradcalc
import gradcalc.tf as tf
from gradcalc.tape.tensor import Tensor
from tests import ROOT

DOCS = ROOT / "docs" / "tensorflow.md"


def gradient(function: Callable[[Any], Any], x: Any) -> Any:
    """The gradient of the sum of a function of a float32 constant, as an array."""
    x = tf.constant(x)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = function(x)
    return tape.gradient(y, x).numpy()


# -- defaults ----------------------------------------------------------------------------------------------------------

DTYPES = [
    (3.0, "float32"), (3, "int32"), (True, "bool"), ([1, 2.5], "float32"), ([[1, 2], [3, 4]], "int32"), ([], "float32"),
    (2**40, "int64"), (np.float64(1), "float64"), (np.ones(2), "float64"), (np.arange(2), "int64"),
    ([np.float64(1.0)], "float64"), ([np.ones(2), np.ones(2)], "float64"), (np.float32(1), "float32"), (range(3), "int32"),
]  # fmt: skip


@pytest.mark.parametrize(("value", "dtype"), DTYPES)
@pytest.mark.parametrize("make", [tf.constant, tf.Variable, tf.convert_to_tensor, tf.identity])
def test_python_numbers_become_32_bit_and_arrays_keep_their_dtype(make: Any, value: Any, dtype: str) -> None:
    assert make(value).dtype == dtype
    np.testing.assert_array_equal(make(value).numpy(), np.asarray(value))


@pytest.mark.parametrize("dtype", [tf.float64, "float64", np.float64, np.dtype("float64")])
def test_a_dtype_is_given_by_name_or_object(dtype: Any) -> None:
    made = [
        tf.constant(1, dtype), tf.Variable(1, dtype=dtype), tf.zeros(2, dtype), tf.cast(1, dtype), tf.range(3, dtype=dtype),
        tf.random.normal([2], dtype=dtype), tf.one_hot([0], 2, dtype=dtype), tf.eye(2, dtype=dtype),
    ]  # fmt: skip
    assert {x.dtype.name for x in made} == {"float64"}


RESULTS = [
    (lambda: tf.reduce_mean([1, 2]), 1, "int32"),
    (lambda: tf.reduce_sum([1, 2]), 3, "int32"),
    (lambda: tf.argmax([[1.0, 2.0], [3.0, 1.0]]), [1, 0], "int64"),
    (lambda: tf.constant([1, 2]) / 2, [0.5, 1], "float64"),
    (lambda: tf.range(5), [0, 1, 2, 3, 4], "int32"),
    (lambda: tf.range(0, 1, 0.25), [0, 0.25, 0.5, 0.75], "float32"),
    (lambda: tf.linspace(0.0, 1.0, 3), [0, 0.5, 1], "float32"),
    (lambda: tf.one_hot([0, 1], 3), [[1, 0, 0], [0, 1, 0]], "float32"),
    (lambda: tf.one_hot([1, 0], 2, on_value=5.0, off_value=-1.0, axis=0), [[-1, 5], [5, -1]], "float32"),
    (lambda: tf.shape(tf.zeros([2, 3])), [2, 3], "int32"),
    (lambda: tf.size(tf.zeros([2, 3])), 6, "int32"),
    (lambda: tf.rank(tf.zeros([2, 3])), 2, "int32"),
    (lambda: tf.cast(2.7, tf.int32), 2, "int32"),
    (lambda: tf.add(1, 2), 3, "int32"),
    (lambda: tf.pow(2.0, 3), 8, "float32"),
    (lambda: tf.multiply(tf.constant([1.0, 2.0]), [3, 4]), [3, 8], "float32"),
    (lambda: tf.maximum(tf.constant([1, 2]), 1), [1, 2], "int32"),
    (lambda: tf.round([2.5, 3.5, -1.5]), [2, 4, -2], "float32"),
    (lambda: tf.where([True, False], 1.0, 2.0), [1, 2], "float32"),
    (lambda: tf.where([True, False, True]), [[0], [2]], "int64"),
    (lambda: tf.norm([3.0, 4.0]), 5, "float32"),
    (lambda: tf.norm(tf.ones((4, 9)), 1), 36, "float32"),
    (lambda: tf.norm(tf.ones((4, 9)), 1, keepdims=True), [[36]], "float32"),
    (lambda: tf.norm(tf.ones((4, 9)), axis=[0, 1]), 6, "float32"),
    (lambda: tf.constant(5, shape=(2,)), [5, 5], "int32"),
    (lambda: tf.constant([1, 2, 3, 4], shape=(2, 2)), [[1, 2], [3, 4]], "int32"),
    (lambda: tf.stack([tf.constant(1.0), 2]), [1, 2], "float32"),
    (lambda: tf.concat([tf.constant([0.1], tf.float64), [0.1]], 0), [0.1, 0.1], "float64"),
    (lambda: tf.reduce_prod(tf.zeros([2, 3]).shape), 6, "int32"),
    (lambda: tf.fill([2], 9.0), [9, 9], "float32"),
    (lambda: tf.split(tf.range(6), 3)[1], [2, 3], "int32"),
    (lambda: tf.split(tf.range(6), [1, -1, 2])[1], [1, 2, 3], "int32"),
    (lambda: tf.unstack(tf.constant([[1, 2], [3, 4]]), axis=1)[1], [2, 4], "int32"),
    (lambda: tf.math.cumsum([1.0, 2.0, 3.0], exclusive=True), [0, 1, 3], "float32"),
    (lambda: tf.math.cumsum([1.0, 2.0, 3.0], reverse=True), [6, 5, 3], "float32"),
    (lambda: tf.math.cumprod([2, 3, 4], exclusive=True, reverse=True), [12, 4, 1], "int32"),
    (lambda: tf.math.top_k([1.0, 3.0, 2.0], 2)[0], [3, 2], "float32"),
    (lambda: tf.math.top_k([1.0, 3.0, 2.0], 2)[1], [1, 2], "int32"),
    (lambda: tf.math.polyval([1.0, 2.0, 3.0], 2.0), 11, "float32"),
    (lambda: tf.math.divide_no_nan([1.0, 2.0], [0.0, 4.0]), [0, 0.5], "float32"),
    (lambda: tf.math.multiply_no_nan([np.inf, 2.0], [0.0, 4.0]), [0, 8], "float32"),
    (lambda: tf.math.count_nonzero([0, 1, 2]), 2, "int64"),
    (lambda: tf.math.reduce_std([1.0, 2.0]), 0.5, "float32"),
    (lambda: tf.math.reduce_euclidean_norm([3.0, 4.0]), 5, "float32"),
    (lambda: tf.argsort([3.0, 1.0, 2.0], direction="DESCENDING"), [0, 2, 1], "int32"),
    (lambda: tf.sort([3.0, 1.0, 2.0], direction="DESCENDING"), [3, 2, 1], "float32"),
    (lambda: tf.gather_nd([[1, 2], [3, 4]], [[0, 1], [1, 0]]), [2, 3], "int32"),
    (lambda: tf.boolean_mask([[1.0, 2.0], [3.0, 4.0]], [True, False], axis=1), [[1], [3]], "float32"),
    (lambda: tf.slice([[1, 2, 3], [4, 5, 6]], [0, 1], [-1, 2]), [[2, 3], [5, 6]], "int32"),
    (lambda: tf.tensor_scatter_nd_update([1.0, 2.0, 3.0], [[1]], [9.0]), [1, 9, 3], "float32"),
    (lambda: tf.scatter_nd([[1], [1]], [2.0, 3.0], [4]), [0, 5, 0, 0], "float32"),
    (lambda: tf.pad([[1]], [[0, 1], [1, 0]]), [[0, 1], [0, 0]], "int32"),
    (lambda: tf.pad([1, 2, 3], [[2, 0]], "REFLECT"), [3, 2, 1, 2, 3], "int32"),
    (lambda: tf.reverse([[1, 2], [3, 4]], [1]), [[2, 1], [4, 3]], "int32"),
    (lambda: tf.roll([1, 2, 3], 1, 0), [3, 1, 2], "int32"),
    (lambda: tf.tile([[1, 2]], [2, 2]), [[1, 2, 1, 2]] * 2, "int32"),
    (lambda: tf.repeat([1, 2], [1, 2]), [1, 2, 2], "int32"),
    (lambda: tf.transpose(tf.reshape(tf.range(6), (1, 2, 3)), perm=[2, 0, 1])[:, 0, 1], [3, 4, 5], "int32"),
    (lambda: tf.matmul([[1.0, 2.0]], [[3.0, 4.0]], transpose_b=True), [[11]], "float32"),
    (lambda: tf.linalg.matvec([[1.0, 2.0], [3.0, 4.0]], [1.0, 1.0]), [3, 7], "float32"),
    (lambda: tf.linalg.diag([1.0, 2.0]), [[1, 0], [0, 2]], "float32"),
    (lambda: tf.linalg.band_part(tf.ones((3, 3)), 0, 1), [[1, 1, 0], [0, 1, 1], [0, 0, 1]], "float32"),
    (lambda: tf.linalg.triangular_solve([[2.0, 9.0], [2.0, 4.0]], [[2.0], [6.0]]), [[1], [1]], "float32"),
    (lambda: tf.linalg.cholesky_solve([[2.0, 0.0], [1.0, 1.0]], [[8.0], [6.0]]), [[1], [2]], "float32"),
    (lambda: tf.linalg.global_norm([tf.ones(4), None, tf.ones(5)]), 3, "float32"),
    (lambda: tf.clip_by_global_norm([tf.constant([3.0, 4.0])], 1.0)[0][0], [0.6, 0.8], "float32"),
    (lambda: tf.clip_by_norm([3.0, 4.0], 1.0), [0.6, 0.8], "float32"),
    (lambda: tf.clip_by_norm([0.3, 0.4], 1.0), [0.3, 0.4], "float32"),
    (lambda: tf.einsum("ij,jk->ik", tf.ones((2, 3)), tf.ones((3, 1))), [[3], [3]], "float32"),
    (lambda: tf.tensordot([1.0, 2.0], [3.0, 4.0], axes=1), 11, "float32"),
    (lambda: tf.map_fn(lambda v: v * 2, tf.constant([1.0, 2.0])), [2, 4], "float32"),
    (lambda: tf.while_loop(lambda i: i < 5, lambda i: [i + 2], [0])[0], 6, "int32"),
    (lambda: tf.add_n([tf.ones(2), [1.0, 2.0]]), [2, 3], "float32"),
    (lambda: tf.nn.softmax_cross_entropy_with_logits([[0.0, 1.0]], [[1.0, 2.0]]), [0.31326166], "float32"),
    (lambda: tf.nn.sparse_softmax_cross_entropy_with_logits([1], [[1.0, 2.0]]), [0.31326166], "float32"),
    (lambda: tf.nn.sigmoid_cross_entropy_with_logits(labels=[1.0], logits=[0.5]), [0.474077], "float32"),
    (lambda: tf.nn.moments(tf.constant([1.0, 3.0]), [0])[1], 1, "float32"),
    (lambda: tf.nn.avg_pool2d(tf.ones((1, 2, 2, 1)), 2, 2, "VALID"), [[[[1]]]], "float32"),
    (lambda: tf.nn.dropout(tf.ones(3), 0.0), [1, 1, 1], "float32"),
    (lambda: tf.nn.batch_normalization(tf.constant([3.0]), 1.0, 4.0, 1.0, 2.0, 0.0), [3], "float32"),
    (lambda: tf.keras.losses.mse([1.0, 2.0], [2.0, 4.0]), 2.5, "float32"),
    (lambda: tf.keras.activations.relu(tf.constant([-1.0, 2.0])), [0, 2], "float32"),
]


@pytest.mark.parametrize(("call", "value", "dtype"), RESULTS)
def test_results_and_dtypes_are_tensorflows(call: Callable[[], Any], value: Any, dtype: str) -> None:
    result = call()
    assert isinstance(result, Tensor)
    np.testing.assert_allclose(result.numpy(), value, rtol=1e-6)
    assert result.shape == np.shape(value)
    assert result.dtype == dtype


def test_a_list_of_tensors_is_stacked_and_recorded() -> None:
    x = tf.Variable(3.0)
    with tf.GradientTape(persistent=True) as tape:
        packed = tf.convert_to_tensor([x, x * x, 1.0])
        total = tf.reduce_sum([x, x**2])
    assert packed.dtype == "float32"
    assert (tape.gradient(packed, x).numpy(), tape.gradient(total, x).numpy()) == (7, 7)


def test_what_is_read_from_a_variable_does_not_follow_it() -> None:
    x = tf.Variable(3.0)
    read = [tf.convert_to_tensor(x), tf.constant(x), tf.identity(x), x.value(), x.read_value()]
    x.assign(7.0)
    assert [y.numpy() for y in read] == [3.0] * 5
    with tf.GradientTape() as tape:
        y = x.value() ** 2
    assert tape.gradient(y, x).numpy() == 14


def test_convert_to_tensor_refuses_another_dtype() -> None:
    with pytest.raises(ValueError, match=r"tf\.cast converts it"):
        tf.convert_to_tensor(tf.constant(1.0), dtype=tf.float64)


def test_variables_have_tensorflows_arguments_and_survive_pickling() -> None:
    v = tf.Variable(lambda: [1.0, 2.0], trainable=False, name="w", dtype=tf.float64)
    assert (v.name, v.trainable, v.dtype) == ("w:0", False, "float64")
    again = pickle.loads(pickle.dumps(v))
    assert isinstance(again, tf.Variable)
    assert (again.name, again.trainable, again.numpy().tolist()) == ("w:0", False, [1.0, 2.0])
    assert isinstance(v, tf.Tensor) and tf.is_tensor(v) and not tf.is_tensor(1.0)


def test_a_part_of_a_variable_can_be_assigned() -> None:
    y = tf.Variable(tf.zeros((2, 3)))
    y[0, 1].assign(5)
    y[1:, ::2].assign(tf.ones((1, 2)))
    assert y.numpy().tolist() == [[0, 5, 0], [1, 0, 1]]


# -- gradients ---------------------------------------------------------------------------------------------------------

POINT = [0.3, 1.7, 2.5]
GRADIENTS: list[tuple[Callable[[Any], Any], list[float]]] = [
    (tf.nn.gelu, [0.7323278, 1.115318, 1.037611]),
    (tf.nn.silu, [0.6477801, 1.067564, 1.099401]),
    (tf.nn.log_softmax, [0.7869351, 0.1359791, -0.922914]),
    (tf.math.rsqrt, [-3.042903, -0.2255779, -0.1264911]),
    (tf.math.lgamma, [-3.502524, 0.208548, 0.703157]),
    (tf.math.cumsum, [3, 2, 1]),
    (tf.math.cumprod, [6.95, 1.05, 0.51]),
    (tf.reduce_logsumexp, [0.07102165, 0.288007, 0.6409714]),
    (tf.math.reduce_std, [-0.4399414, 0.07332358, 0.3666178]),
    (tf.math.log_sigmoid, [0.4255575, 0.1544653, 0.07585818]),
    (tf.nn.l2_loss, POINT),
    (lambda x: tf.gather(x, [1, 1]), [0, 2, 0]),
    (lambda x: tf.sort(x, direction="DESCENDING")[0], [0, 0, 1]),
    (lambda x: tf.where(x > 1, x * x, tf.math.log(x)), [1 / 0.3, 3.4, 5]),
    (lambda x: tf.tensor_scatter_nd_update(x, [[1]], [9.0]), [1, 0, 1]),
    (lambda x: tf.scatter_nd([[1], [1], [0]], x, [2]) ** 2, [4, 4, 5]),
    (lambda x: tf.math.top_k(x, 2)[0], [0, 1, 1]),
    (lambda x: tf.math.divide_no_nan(1.0, x), [-1 / 0.09, -1 / 2.89, -0.16]),
    (lambda x: tf.math.cumsum(x, exclusive=True), [2, 1, 0]),
    (lambda x: tf.map_fn(tf.square, x), [0.6, 3.4, 5]),
    (lambda x: tf.linalg.normalize(x)[1], [0.09874621, 0.5595618, 0.822885]),
    (lambda x: tf.linalg.lstsq(tf.linalg.diag(x), tf.ones((3, 1))), [-1 / 0.09, -1 / 2.89, -0.16]),
]


@pytest.mark.parametrize(("function", "expected"), GRADIENTS)
def test_gradients_flow_through_the_aliases(function: Callable[[Any], Any], expected: list[float]) -> None:
    np.testing.assert_allclose(gradient(function, POINT), expected, rtol=5e-6)


def test_singular_values_come_in_tensorflows_order() -> None:
    a = tf.constant([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    s, u, v = tf.linalg.svd(a)
    np.testing.assert_allclose(s.numpy(), [9.525518, 0.5143006], rtol=1e-5)
    np.testing.assert_allclose((u @ tf.linalg.diag(s) @ tf.transpose(v)).numpy(), a.numpy(), atol=1e-5)
    np.testing.assert_allclose(tf.linalg.svd(a, compute_uv=False).numpy(), s.numpy(), rtol=1e-6)


def test_convolution_takes_tensorflows_strides_and_padding() -> None:
    x = tf.reshape(tf.range(16, dtype=tf.float32), (1, 4, 4, 1))
    kernel = tf.Variable(tf.ones((2, 2, 1, 1)))
    with tf.GradientTape() as tape:
        y = tf.nn.conv2d(x, kernel, strides=[1, 2, 2, 1], padding="SAME")
    assert y.numpy().ravel().tolist() == [10, 18, 42, 50]
    assert tape.gradient(y, kernel).numpy().ravel().tolist() == [20, 24, 36, 40]
    assert tf.nn.max_pool2d(x, ksize=(3, 3), strides=1, padding="VALID").numpy().ravel().tolist() == [10, 11, 14, 15]
    with pytest.raises(ValueError, match="channels_last"):
        tf.nn.conv2d(x, kernel, 1, "VALID", data_format="NCHW")


def test_forward_accumulator_gives_the_derivative_in_a_direction() -> None:
    x, target = tf.constant([[2.0, 3.0], [1.0, 4.0]]), tf.constant([[1.0], [-1.0]])
    kernel = tf.Variable([[1.0], [-2.0]])
    with tf.autodiff.ForwardAccumulator(primals=kernel, tangents=tf.constant([[1.0], [0.0]])) as acc:
        loss = tf.reduce_sum((x @ kernel - target) ** 2.0)
        inside = acc.jvp(loss).numpy()
    assert (acc.jvp(loss).numpy(), inside) == (-32, -32)
    assert acc.jvp(tf.constant(1.0)) is None


def test_forward_over_reverse_is_a_hessian_times_a_vector() -> None:
    x = tf.Variable([1.0, 2.0])
    with tf.autodiff.ForwardAccumulator(x, tf.constant([1.0, 1.0])) as acc:
        with tf.GradientTape() as tape:
            y = x[0] ** 3 * x[1]
        g = tape.gradient(y, x)
    assert acc.jvp(g).numpy().tolist() == [15, 3]


# -- random numbers ----------------------------------------------------------------------------------------------------


def draws() -> list[Any]:
    r = tf.random
    made = [r.normal([3]), r.uniform([3]), r.truncated_normal([3]), r.shuffle(tf.range(9)), r.normal([3], seed=1)]
    layer = tf.keras.layers.Dense(2)
    layer.build((None, 3))
    return [x.numpy().tolist() for x in (*made, layer.kernel)]


@pytest.mark.parametrize("seed", [tf.random.set_seed, tf.keras.utils.set_random_seed])
def test_a_seed_makes_everything_repeat(seed: Callable[[int], None]) -> None:
    seed(4)
    first = draws()
    second = draws()
    seed(4)
    assert draws() == first
    assert all(a != b for a, b in zip(first, second, strict=True))


def test_random_numbers_have_the_distribution_asked_for() -> None:
    tf.random.set_seed(1)
    normal = tf.random.normal((1000, 20), mean=3.0, stddev=2.0).numpy()
    assert abs(normal.mean() - 3) < 0.1 and abs(normal.std() - 2) < 0.1
    uniform = tf.random.uniform([1000], -2.0, 3.0).numpy()
    assert -2 <= uniform.min() < -1.9 and 2.9 < uniform.max() < 3
    assert np.unique(tf.random.uniform([100], maxval=3, dtype=tf.int32).numpy()).tolist() == [0, 1, 2]
    with pytest.raises(ValueError, match="maxval"):
        tf.random.uniform([1], dtype=tf.int32)
    assert np.abs(tf.random.truncated_normal([1000]).numpy()).max() <= 2
    assert sorted(tf.random.shuffle(tf.range(9)).numpy()) == list(range(9))
    assert tf.random.normal([]).shape == ()


def test_generators_of_their_own_repeat() -> None:
    assert tf.random.Generator.from_seed(7).normal([2]).numpy().tolist() == (
        tf.random.Generator.from_seed(7).normal([2]).numpy().tolist()
    )
    one, two = (tf.random.stateless_uniform([2], seed).numpy().tolist() for seed in ([1, 2], [1, 3]))
    assert one != two
    assert one == tf.random.stateless_uniform([2], [1, 2]).numpy().tolist()
    assert tf.random.stateless_normal([2], (1, 2)).dtype == "float32"


# -- names -------------------------------------------------------------------------------------------------------------

MISSING = [
    (lambda: tf.log, r"tf\.log is not there; did you mean tf\.math\.log\?"),
    (lambda: tf.reduce_std, r"did you mean tf\.math\.reduce_std\?"),
    (lambda: tf.reduce_summ, r"did you mean reduce_sum\?"),
    (lambda: tf.data, r"tf\.data is not there"),
    (lambda: tf.keras.layers.LSTM, r"tf\.keras\.layers\.LSTM is not there"),
    (lambda: tf.nn.softmaxx, r"did you mean softmax\?"),
]


@pytest.mark.parametrize(("name", "message"), MISSING)
def test_a_missing_name_says_what_to_use(name: Callable[[], Any], message: str) -> None:
    with pytest.raises(AttributeError, match=message) as caught:
        name()
    assert "docs/tensorflow.md" in str(caught.value)


IMPORTS = """
from gradcalc.tf import keras, GradientTape
from gradcalc.tf.keras import layers, Sequential
from gradcalc.tf.keras.layers import Dense
from gradcalc.tf.keras.losses import MeanSquaredError
from gradcalc.tf.keras.metrics import Mean
from gradcalc.tf.keras.models import Model
from gradcalc.tf.keras.optimizers import Adam
from gradcalc.tf.keras.optimizers.schedules import ExponentialDecay
from gradcalc.tf.keras.utils import to_categorical
import gradcalc.tf.keras as K
"""


def test_submodules_are_imported_as_tensorflows_are() -> None:
    names: dict[str, Any] = {}
    exec(IMPORTS, names)
    assert names["Dense"] is names["layers"].Dense is gradcalc.nn.Dense
    assert names["K"] is names["keras"] is tf.keras
    assert tf.optimizers is tf.keras.optimizers and tf.losses is tf.keras.losses


def named_in_docs() -> set[str]:
    """The names of the page down to what is not there."""
    text = DOCS.read_text(encoding="utf-8").split("## What is not there")[0]
    return set(re.findall(r"`(tf(?:\.\w+)+)`", text))


def test_the_page_names_only_what_is_there() -> None:
    for name in named_in_docs():
        place: Any = tf
        for part in name.split(".")[1:]:
            place = getattr(place, part)


PACKAGES = ["", ".autodiff", ".config", ".debugging", ".linalg", ".math", ".nest", ".nn", ".random", ".keras.utils"]


@pytest.mark.parametrize("package", PACKAGES)
def test_the_page_names_every_public_function(package: str) -> None:
    module = importlib.import_module("gradcalc.tf" + package)
    documented = {name.split(".")[-1] for name in named_in_docs()}
    own = {
        name
        for name, value in vars(module).items()
        if callable(value)
        and not name.startswith("_")
        and (getattr(value, "__module__", "") or "").startswith("gradcalc.tf")
    }
    assert own - documented - HELPERS == set()


HELPERS = {
    "Result",
    "alike",
    "as_axes",
    "as_shape",
    "as_tensor",
    "as_tensors",
    "binary",
    "missing",
    "reduction",
    "unary",
}


@pytest.mark.parametrize("package", [*PACKAGES, ".keras.losses", ".keras.activations", ".keras.metrics"])
def test_every_public_function_is_documented(package: str) -> None:
    module = importlib.import_module("gradcalc.tf" + package)
    for name, value in vars(module).items():
        if callable(value) and not name.startswith("_") and getattr(value, "__module__", "").startswith("gradcalc.tf"):
            assert value.__doc__, name


# -- what surrounds a tape ---------------------------------------------------------------------------------------------


def test_function_returns_the_function_with_and_without_arguments() -> None:
    @tf.function
    def plain(x: Any) -> Any:
        return x * 2

    @tf.function(input_signature=[tf.TensorSpec(shape=[None], dtype=tf.float32)])
    def signed(x: Any) -> Any:
        return x * 3

    assert (plain(2), signed(2)) == (4, 6)


def test_print_shows_values_on_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    tf.print("loss", tf.constant([1.0, 2.0]), [tf.constant([1])], sep="|")
    assert capsys.readouterr() == ("", "loss|[1. 2.]|[array([1], dtype=int32)]\n")


def test_devices_and_eager_mode_are_there_to_be_asked() -> None:
    with tf.device("/GPU:0"):
        assert tf.executing_eagerly()
    assert tf.config.list_physical_devices("GPU") == []
    tf.config.run_functions_eagerly(True)


def test_nest_maps_structures() -> None:
    structure = {"a": [1, 2], "b": (3,)}
    assert tf.nest.flatten(structure) == [1, 2, 3]
    assert tf.nest.map_structure(lambda x, y: x + y, structure, structure) == {"a": [2, 4], "b": (6,)}
    assert tf.nest.pack_sequence_as(structure, [7, 8, 9]) == {"a": [7, 8], "b": (9,)}


def test_debugging_finds_what_differs() -> None:
    tf.debugging.assert_near(tf.constant(1.0), 1.0 + 1e-7)
    tf.debugging.assert_equal([1, 2], [1, 2])
    assert tf.debugging.check_numerics(tf.ones(2), "fine").shape == (2,)
    for failing in (
        lambda: tf.debugging.assert_near(1.0, 1.1),
        lambda: tf.debugging.assert_equal(1, 2),
        lambda: tf.debugging.assert_all_finite([np.nan], "born here"),
    ):
        with pytest.raises(AssertionError):
            failing()


def test_a_module_finds_its_variables() -> None:
    class Line(tf.Module):
        def __init__(self) -> None:
            self.w = tf.Variable(5.0)
            self.b = tf.Variable(0.0, trainable=False)

        def build(self) -> None:
            """A method of its own, with no shape."""

        def __call__(self, x: Any) -> Any:
            self.build()
            return self.w * x + self.b

    class Two(tf.Module):
        def __init__(self, name: str | None = None) -> None:
            super().__init__(name=name)
            self.lines = [Line(), Line()]

    two = Two(name="two")
    assert (two.name, two.lines[0](2.0).numpy()) == ("two", 10)
    assert (len(two.variables), len(two.trainable_variables), len(two.submodules)) == (4, 2, 2)


def test_metrics_keep_a_running_mean() -> None:
    mean = tf.keras.metrics.Mean()
    mean(1.0)
    assert mean([3.0, 5.0]).numpy() == 3
    mean.reset_state()
    mean.update_state([1.0, 4.0], sample_weight=[3.0, 1.0])
    assert mean.result().numpy() == 1.75
    accuracy = tf.keras.metrics.SparseCategoricalAccuracy()
    assert accuracy([1, 0], [[0.1, 0.9], [0.2, 0.8]]).numpy() == 0.5
    assert tf.keras.metrics.CategoricalAccuracy()([[0, 1]], [[0.1, 0.9]]).numpy() == 1
    assert tf.keras.metrics.BinaryAccuracy()([[1], [1]], [[0.6], [0.4]]).numpy() == 0.5
    assert tf.keras.metrics.MeanSquaredError()([[1.0]], [[3.0]]).numpy() == 4
    assert tf.keras.metrics.MeanAbsoluteError()([[1.0]], [[3.0]]).numpy() == 2


def test_labels_become_one_hot_rows() -> None:
    assert tf.keras.utils.to_categorical([0, 2]).tolist() == [[1, 0, 0], [0, 0, 1]]
    assert tf.keras.utils.to_categorical([[1]], 2).tolist() == [[0, 1]]


# -- code as TensorFlow users write it ---------------------------------------------------------------------------------


def test_the_guide_to_gradients() -> None:
    w = tf.Variable([[0.1, -0.2], [0.3, 0.4], [-0.5, 0.6]], name="w")
    b = tf.Variable(tf.zeros(2, dtype=tf.float32), name="b")
    x = [[1.0, 2.0, 3.0]]
    with tf.GradientTape(persistent=True) as tape:
        y = x @ w + b
        loss = tf.reduce_mean(y**2)
    assert tape.gradient(loss, w).shape == w.shape
    np.testing.assert_allclose(tape.gradient(loss, {"w": w, "b": b})["b"].numpy(), [-0.8, 2.4], rtol=1e-6)
    assert [v.name for v in tape.watched_variables()] == ["w:0", "b:0"]

    @tf.custom_gradient
    def clip_gradients(y: Any) -> Any:
        return y, lambda dy: tf.clip_by_norm(dy, 0.5)

    v = tf.Variable(2.0)
    with tf.GradientTape() as t:
        output = clip_gradients(v * v)
    assert t.gradient(output, v).numpy() == 2


def test_a_newton_step_with_the_hessian_of_a_layer() -> None:
    x = tf.reshape(tf.range(8.0) / 8, (4, 2))
    layer = tf.keras.layers.Dense(3, activation=tf.nn.relu, kernel_initializer="ones")
    with tf.GradientTape() as t2:
        with tf.GradientTape() as t1:
            loss = tf.reduce_mean(layer(x) ** 2)
        g = t1.gradient(loss, layer.kernel)
    h = t2.jacobian(g, layer.kernel)
    n_params = tf.reduce_prod(layer.kernel.shape)
    h_mat = tf.reshape(h, [n_params, n_params])
    update = tf.linalg.solve(h_mat + tf.eye(h_mat.shape[0]) * 1e-3, tf.reshape(g, [n_params, 1]))
    layer.kernel.assign_sub(tf.reshape(update, layer.kernel.shape))
    assert tf.reduce_mean(layer(x) ** 2).numpy() < loss.numpy() / 100


def test_linear_regression_from_scratch_and_by_layers() -> None:
    rng = np.random.default_rng(3)
    features = tf.constant(rng.normal(size=(200, 2)), dtype=tf.float32)
    labels = tf.matmul(features, tf.constant([[2.0], [-3.4]])) + 4.2
    w, b = tf.Variable(tf.zeros((2, 1))), tf.Variable(tf.zeros(1))
    for _ in range(100):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((tf.matmul(features, w) + b - tf.reshape(labels, (-1, 1))) ** 2 / 2)
        for param, grad in zip([w, b], tape.gradient(loss, [w, b]), strict=True):
            param.assign_sub(0.2 * grad)
    np.testing.assert_allclose([*w.numpy().ravel(), *b.numpy()], [2, -3.4, 4.2], atol=1e-3)

    net = tf.keras.Sequential()
    net.add(tf.keras.layers.Dense(1, kernel_initializer=tf.initializers.RandomNormal(stddev=0.01)))
    trainer, loss_of = tf.keras.optimizers.SGD(learning_rate=0.1), tf.keras.losses.MeanSquaredError()
    for _ in range(100):
        with tf.GradientTape() as tape:
            loss = loss_of(labels, net(features, training=True))
        trainer.apply_gradients(zip(tape.gradient(loss, net.trainable_variables), net.trainable_variables, strict=True))
    np.testing.assert_allclose(net.get_weights()[0].ravel(), [2, -3.4], atol=1e-3)


def test_pooling_by_hand_in_a_variable() -> None:
    x = tf.constant([[0.0, 1.0, 2.0], [3.0, 4.0, 5.0], [6.0, 7.0, 8.0]])
    y = tf.Variable(tf.zeros((2, 2)))
    for i in range(2):
        for j in range(2):
            y[i, j].assign(tf.reduce_max(x[i : i + 2, j : j + 2]))
    assert y.numpy().tolist() == [[4, 5], [7, 8]]


def test_conventions_that_the_page_names_as_different() -> None:
    assert gradient(lambda x: tf.maximum(x, 1.0), [1.0]).tolist() == [0.5]
    assert gradient(lambda x: tf.clip_by_value(x, 1.0, 3.0), [1.0]).tolist() == [0]
    assert gradient(tf.norm, [0.0, 0.0]).tolist() == [0, 0]
    assert gradient(tf.floor, [1.5]).tolist() == [0]
    pool = tf.keras.layers.MaxPooling2D()
    assert gradient(lambda x: pool(tf.reshape(x, (1, 2, 2, 1))), [1.0] * 4).tolist() == [0.25] * 4
    assert gradient(lambda x: tf.linalg.eigvalsh(tf.reshape(x, (2, 2)))[0], [2.0, 1.0, 1.0, 2.0]).tolist() == (
        pytest.approx([0.5, -0.5, -0.5, 0.5])
    )
    assert (tf.constant(1.0) * np.ones(2)).dtype == "float64"


def test_descending_order_of_unsigned_integers_and_of_the_least() -> None:
    assert tf.argsort(tf.constant([3, 0, 5], tf.uint8), direction="DESCENDING").numpy().tolist() == [2, 0, 1]
    least = tf.constant([-128, 5, 0], tf.int8)
    assert tf.argsort(least, direction="DESCENDING").numpy().tolist() == [1, 2, 0]
    assert tf.math.top_k(tf.constant([3, 0, 5], tf.uint8), 2)[1].numpy().tolist() == [2, 0]


def test_splits_must_add_up() -> None:
    with pytest.raises(ValueError, match="split"):
        tf.split(tf.zeros([5]), [2, 2])


def test_dicts_are_mapped_by_key() -> None:
    mapped = tf.nest.map_structure(lambda a, b: a - b, {"x": 1, "y": 2}, {"y": 10, "x": 20})
    assert mapped == {"x": -19, "y": -8}


def test_functions_of_pooling_use_up_no_layer_names() -> None:
    first = tf.keras.layers.Conv2D(1, 2).name
    tf.nn.conv2d(tf.zeros([1, 3, 3, 1]), tf.zeros([2, 2, 1, 1]), 1, "VALID")
    number = int(first.rpartition("_")[2]) if first != "conv2d" else 0
    assert tf.keras.layers.Conv2D(1, 2).name == f"conv2d_{number + 1}"


def test_the_norm_of_zeros_has_gradient_zero() -> None:
    x = tf.Variable([0.0, 0.0])
    with tf.GradientTape() as tape:
        y = tf.math.reduce_euclidean_norm(x)
    assert tape.gradient(y, x).numpy().tolist() == [0.0, 0.0]
