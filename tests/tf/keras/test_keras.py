"""`tf.keras`: `losses`, `activations`, `Variable`; `layers`, `models`, `initializers`, `optimizers`, `schedules`, `metrics`,
`regularizers` and `constraints` only have other names for what `tests/nn` and `tests/optimize` test, and are used in `tests/tf/test_tf.py`.
"""

import copy
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import gradcalc.tf as tf
from tests.tf.results import check_result, over

RESULTS = [
    (lambda: tf.keras.losses.mse([1.0, 2.0], [2.0, 4.0]), 2.5, "float32"),
    (lambda: tf.keras.losses.MSE(np.ones(2), np.zeros(2)), 1, "float64"),
    (lambda: tf.keras.losses.get("mse")([1.0, 2.0], [2.0, 4.0]), 2.5, "float32"),
    (lambda: tf.keras.activations.relu(tf.constant([-1.0, 2.0])), [0, 2], "float32"),
    (lambda: tf.keras.activations.relu([1, -2]), [1, 0], "int32"),
    (lambda: tf.keras.activations.relu(np.array([1.0, -2.0])), [1, 0], "float64"),
    (lambda: tf.keras.activations.relu([-1.0, np.nan], max_value=6.0), [0, np.nan], "float32"),
    (lambda: tf.keras.activations.relu6(np.nan), np.nan, "float32"),
    (lambda: tf.keras.activations.softmax([tf.constant(0.0), 0.0]), [0.5, 0.5], "float32"),
    (lambda: tf.keras.losses.categorical_crossentropy(
        np.array([[[1.0, 0, 0], [0, 1, 1]]]), np.array([[[0.5, 0.2, 0.3], [0.3, 0.7, 0.1]]]), label_smoothing=0.1, axis=1
    ), [[0.49554491043403515, 0.3139525767056745, 1.3313637466864852]], "float64"),
    (lambda: tf.keras.losses.sparse_categorical_crossentropy([0, 1], [[0.5, 0.5], [0.25, 0.75]], ignore_class=1),
     [0.6931472, 0], "float32"),
    (lambda: tf.keras.losses.SparseCategoricalCrossentropy(ignore_class=-1)([0, -1], [[0.5, 0.5], [0.25, 0.75]]),
     0.6931472, "float32"),
    (lambda: tf.keras.losses.SparseCategoricalCrossentropy(ignore_class=1, reduction="sum")([0, 1], [[0.5, 0.5], [0.25, 0.75]]),
     0.6931472, "float32"),
    (lambda: tf.keras.activations.tanh([1]), [0.7615942], "float32"),
    (lambda: tf.keras.activations.relu6([7, -1]), [6, 0], "int32"),
]  # fmt: skip

test_results_and_dtypes_are_tensorflows = over(RESULTS, check_result)

ACTIVATIONS = sorted(
    name for name, value in vars(tf.keras.activations).items() if callable(value) and name[0] != "_" and name != "get"
)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_an_activation_is_one_function_however_it_is_named(name: str) -> None:
    function = getattr(tf.keras.activations, name)
    assert tf.keras.activations.get(name) is function is tf.keras.activations.get(function)
    assert tf.keras.layers.Dense(2, activation=name).activation == function
    assert tf.keras.layers.Conv2D(2, 1, activation=function).activation is function


def test_guided_backpropagation_finds_the_relus() -> None:
    @tf.custom_gradient
    def guided(x: Any) -> Any:
        return tf.nn.relu(x), lambda dy: tf.cast(dy > 0, "float32") * tf.cast(x > 0, "float32") * dy

    model = tf.keras.Sequential(
        [tf.keras.layers.Dense(1, activation="relu", use_bias=False, kernel_initializer="ones")]
    )
    x = tf.constant([[1.0, 2.0]])
    model(x)
    for layer in model.layers:
        if layer.activation == tf.keras.activations.relu:
            layer.activation = guided
    with tf.GradientTape() as tape:
        tape.watch(x)
        loss = -tf.reduce_sum(model(x))
    assert tape.gradient(loss, x).numpy().tolist() == [[0, 0]]


SATURATED = [100.0, 0.0, -100.0]


def through(make: Callable[[Any], Any]) -> Any:
    """The gradient of the cross-entropy for class 2 of saturated logits."""
    x = tf.constant([SATURATED])
    with tf.GradientTape() as tape:
        tape.watch(x)
        loss = tf.keras.losses.SparseCategoricalCrossentropy()([2], make(x))
    return tape.gradient(loss, x).numpy().tolist()


IDENTITY = {"kernel_initializer": lambda shape, dtype=None: np.eye(3), "use_bias": False}
SOFTMAX: list[Callable[[Any], Any]] = [
    tf.keras.activations.softmax, tf.keras.layers.Softmax(), tf.keras.layers.Activation("softmax"),
    tf.keras.layers.Activation(tf.keras.activations.softmax), tf.keras.layers.Dense(3, "softmax", **IDENTITY),
    tf.keras.layers.Dense(3, tf.keras.activations.softmax, **IDENTITY),
]  # fmt: skip


@pytest.mark.parametrize("make", SOFTMAX)
def test_a_softmax_keeps_its_logits_for_the_loss(make: Callable[[Any], Any]) -> None:
    np.testing.assert_allclose(through(make), [[1, 0, -1]], atol=1e-40)


def test_a_sigmoid_keeps_its_logits_for_the_loss() -> None:
    x = tf.constant([[-200.0]])
    with tf.GradientTape() as tape:
        tape.watch(x)
        loss = tf.keras.losses.BinaryCrossentropy()([[1.0]], tf.keras.activations.sigmoid(x))
    assert (loss.numpy(), tape.gradient(loss, x).numpy().tolist()) == (200, [[-1]])


def test_variables_begin_with_a_value_or_an_initializer() -> None:
    v = tf.keras.Variable("ones", shape=(2,), name="v")
    assert (v.name, v.dtype, v.numpy().tolist()) == ("v", "float32", [1, 1])
    w = copy.deepcopy(tf.keras.Variable([1.0, 2.0], None, "float64", False))
    assert (w.dtype, w.trainable, w.assign_add(value=[1.0, 1.0]).numpy().tolist()) == ("float64", False, [2, 3])
    with pytest.raises(ValueError, match="needs a shape"):
        tf.keras.Variable("ones")


SCHEDULES = [  # by TensorFlow 2.21.0
    (lambda s: s.ExponentialDecay(0.1, 10, 0.9), 5, 0.09486832469701767),
    (lambda s: s.InverseTimeDecay(0.1, 10, 0.5), 3, 0.08695652335882187),
    (lambda s: s.PolynomialDecay(0.1, 10), 3, 0.07003000378608704),
    (lambda s: s.CosineDecay(0.1, 10), 3, 0.07938926666975021),
    (lambda s: s.CosineDecayRestarts(0.1, 10), 3, 0.07938926666975021),
    (lambda s: s.PiecewiseConstantDecay([1, 2], [0.1, 0.2, 0.3]), 1, 0.10000000149011612),
]


@pytest.mark.parametrize("row", SCHEDULES)
def test_learning_rates_of_schedules_are_tensors(row: Any) -> None:
    make, step, expected = row
    schedule = make(tf.keras.optimizers.schedules)
    rate = schedule(step)
    assert tf.is_tensor(rate) and rate.dtype == tf.float32
    np.testing.assert_allclose(rate.numpy(), expected, rtol=2e-7)
    np.testing.assert_allclose(schedule(tf.constant([step, step])).numpy(), [expected] * 2, rtol=2e-7)
    assert isinstance(schedule, tf.keras.optimizers.schedules.LearningRateSchedule)
    again = pickle.loads(pickle.dumps(schedule))
    assert type(again) is type(schedule) and again.get_config() == schedule.get_config()
    assert repr(schedule) == repr(again)
    assert float(tf.keras.optimizers.SGD(schedule).learning_rate) == float(schedule(0))
