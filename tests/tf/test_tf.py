"""`gradcalc.tf` as a whole: its names, what surrounds a tape (`tf.config` too), and code as TensorFlow users write it."""

import importlib
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import gradcalc
import gradcalc.tf as tf
from tests import ROOT
from tests.tf.results import gradient

DOCS = ROOT / "docs" / "tensorflow.md"


MISSING = [
    (lambda: tf.log, r"tf\.log is not there; did you mean tf\.math\.log\?"),
    (lambda: tf.reduce_std, r"did you mean tf\.math\.reduce_std\?"),
    (lambda: tf.reduce_summ, r"did you mean reduce_sum\?"),
    (lambda: tf.image, r"tf\.image is not there; instead: SciPy"),
    (lambda: tf.data.Dataset.range(2).ragged_batch(2), r"Dataset\.ragged_batch is not there; instead: padded_batch"),
    (lambda: tf.data.Dataset.range(2).bach(2), r"Dataset\.bach is not there; did you mean batch\?"),
    (lambda: tf.keras.backend.mean, r"did you mean tf\.keras\.ops\.mean\?"),
    (lambda: tf.keras.layers.ConvLSTM2D, r"tf\.keras\.layers\.ConvLSTM2D is not there"),
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


PACKAGES = [
    "",
    ".autodiff",
    ".config",
    ".debugging",
    ".linalg",
    ".math",
    ".special",
    ".nest",
    ".nn",
    ".random",
    ".keras.utils",
]


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
    "LuOutput", "Result", "TopKV2", "dropped", "last_axis", "seeded", "Unique", "UniqueWithCounts", "alike", "as_axes", "as_index", "as_shape", "as_tensor", "as_tensors", "binary", "telling",
    "described", "floating", "missing", "reduction", "row", "special", "special_of", "unary", "within",
}  # fmt: skip


@pytest.mark.parametrize("package", [*PACKAGES, ".keras.losses", ".keras.activations", ".keras.metrics"])
def test_every_public_function_is_documented(package: str) -> None:
    module = importlib.import_module("gradcalc.tf" + package)
    for name, value in vars(module).items():
        if callable(value) and not name.startswith("_") and getattr(value, "__module__", "").startswith("gradcalc.tf"):
            assert value.__doc__, name


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
