"""Whole tutorials, written as TensorFlow's are: each is run with gradcalc's `tf` and, for its numbers, with TensorFlow.

`PYTHONPATH=. python scripts/tf_tutorials.py` writes `tutorials.json`, where TensorFlow is installed. A tutorial takes
the module alone, and begins with weights that are made here, for random ones are not the same.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from tests.tf.lessons import LESSONS
from tests.tf.notebooks import NOTEBOOKS

ROWS = 48


def waves(*shape: int) -> Any:
    """Numbers between -1 and 1 that look like none of a pattern."""
    return np.sin(np.arange(np.prod(shape)) ** 1.5 + 0.7).reshape(shape).astype("float32")


def begin(model: Any) -> Any:
    """The model with weights that are the same everywhere."""
    model.set_weights([waves(*array.shape) * 0.5 for array in model.get_weights()])
    return model


def flowers() -> Any:
    """Measurements of three kinds, and the number of the kind."""
    x = waves(ROWS, 4)
    return x, (np.digitize(x[:, 0] + x[:, 1] * x[:, 2], [-0.4, 0.4])).astype("int64")


def numbers(logs: Any) -> dict[str, Any]:
    return {name: [float(value) for value in values] for name, values in logs.items()}


def classification(tf: Any) -> Any:
    """compile and fit on arrays: three classes, validation, early stopping, one-hot labels by functions."""
    x, y = flowers()
    model = tf.keras.Sequential(
        [
            tf.keras.Input(shape=(4,)),
            tf.keras.layers.Dense(8, activation="relu"),
            tf.keras.layers.Dense(3, activation="softmax"),
        ]
    )
    begin(model)
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    model.optimizer.learning_rate = 0.05
    stop = tf.keras.callbacks.EarlyStopping(monitor="val_loss", patience=2, restore_best_weights=True)
    history = model.fit(
        x, y, epochs=30, batch_size=16, validation_split=0.25, shuffle=False, verbose=0, callbacks=[stop]
    )
    found = numbers(history.history)
    found["evaluate"] = model.evaluate(x, y, verbose=0)
    found["predict"] = model.predict(x[:2], verbose=0).ravel().tolist()
    found["stopped"] = [stop.stopped_epoch, stop.best_epoch]
    return found


def weights_of_rows(tf: Any) -> Any:
    """class_weight, sample_weight, weighted metrics, and rates that change by callbacks."""
    x, y = flowers()
    model = tf.keras.Sequential([tf.keras.Input((4,)), tf.keras.layers.Dense(3)])
    found = {}
    loss = tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    for name, settings in {
        "classes": {"class_weight": {0: 2.0, 2: 0.25}},
        "rows": {"sample_weight": np.linspace(0, 2, ROWS), "validation_data": (x[:9], y[:9], np.linspace(1, 3, 9))},
    }.items():
        begin(model)
        model.compile(tf.keras.optimizers.SGD(0.5, momentum=0.9), loss, metrics=["acc"], weighted_metrics=["accuracy"])
        rates = [
            tf.keras.callbacks.LearningRateScheduler(lambda epoch, rate: rate * 0.9 if epoch else rate),
            tf.keras.callbacks.ReduceLROnPlateau("loss", factor=0.5, patience=1, min_delta=0.01),
        ]
        history = model.fit(x, y, epochs=6, batch_size=10, shuffle=False, verbose=0, callbacks=rates, **settings)
        found |= {f"{name} {key}": value for key, value in numbers(history.history).items()}
    found["on_batch"] = [*model.train_on_batch(x, y), *model.test_on_batch(x, y, sample_weight=y / 2)]
    return found


def regression(tf: Any) -> Any:
    """Regularizers of kernels, biases and results, add_loss, a loss and a metric of one's own."""
    layers, regularizers = tf.keras.layers, tf.keras.regularizers
    x = waves(ROWS, 5)
    y = x[:, :1] * x[:, 1:2] - x[:, 2:3]

    class Near(layers.Layer):
        def call(self, inputs: Any) -> Any:
            self.add_loss(0.01 * tf.reduce_mean(tf.square(inputs)))
            return inputs

    def cubic(y_true: Any, y_pred: Any) -> Any:
        return tf.reduce_mean(tf.abs(y_true - y_pred) ** 3, axis=-1)

    def worst(y_true: Any, y_pred: Any) -> Any:
        return tf.reduce_max(tf.abs(y_true - y_pred), axis=-1)

    model = tf.keras.Sequential(
        [
            layers.Dense(
                6, activation="tanh", kernel_regularizer="l2", bias_regularizer=regularizers.L1(0.02), input_shape=(5,)
            ),
            Near(),
            layers.Dense(
                4, activation="relu", kernel_regularizer=regularizers.L1L2(0.001, 0.002), activity_regularizer="l1"
            ),
            layers.Dense(1, kernel_regularizer=regularizers.l2(0.003)),
        ]
    )
    begin(model)
    model.compile("rmsprop", loss=cubic, metrics=["mae", worst, tf.keras.metrics.MeanSquaredError(name="squares")])
    history = model.fit(x, y, epochs=4, batch_size=20, shuffle=False, verbose=0, validation_data=(x[:12], y[:12]))
    found = numbers(history.history)
    model(x[:5])
    found["losses"] = [float(part) for part in model.losses]
    found["evaluate"] = model.evaluate(x, y, verbose=0)
    return found


def two_outputs(tf: Any) -> Any:
    """A functional model with two inputs and two named outputs, each with loss, weight and metrics."""
    layers = tf.keras.layers

    def made() -> Any:
        a, b = tf.keras.Input((3,), name="a"), tf.keras.Input((2,), name="b")
        shared = layers.Dense(5, activation="tanh")(layers.Concatenate()([a, b]))
        price, kind = layers.Dense(1, name="price")(shared), layers.Dense(1, activation="sigmoid", name="kind")(shared)
        return begin(tf.keras.Model(inputs=[a, b], outputs=[price, kind]))

    x = {"a": waves(ROWS, 3), "b": waves(ROWS, 2)}
    y = {"price": x["a"][:, :1] - x["b"][:, 1:], "kind": (x["a"][:, 0] > 0).astype("float32")}
    found = {}
    for name, settings in {
        "by name": {"loss": {"price": "mse", "kind": "binary_crossentropy"}, "loss_weights": {"price": 1.0, "kind": 0.5},
                    "metrics": {"price": ["mae"], "kind": ["accuracy", "mse"]}},
        "in order": {"loss": ["mae", tf.keras.losses.BinaryCrossentropy()], "loss_weights": [2.0, 0.25],
                     "metrics": [["mse"], "accuracy"]},
        "one for all": {"loss": "mse"},
    }.items():  # fmt: skip
        model = made()
        model.compile(tf.keras.optimizers.Adam(0.02), **settings)
        history = model.fit(x, y, epochs=3, batch_size=16, shuffle=False, verbose=0, validation_data=(x, y))
        found |= {f"{name} {key}": value for key, value in numbers(history.history).items()}
        # in batches of one size: of others Keras weighs the outputs' losses by how its graph was traced
        lists = [x["a"], x["b"]], [y["price"], y["kind"]]
        found[f"{name} evaluate"] = model.evaluate(*lists, batch_size=24, verbose=0)
    weight = [waves(ROWS) + 1, waves(ROWS) ** 2]
    found["weighted"] = model.evaluate(*lists, sample_weight=weight, batch_size=24, verbose=0)
    found["predict"] = [part.sum() for part in model.predict(x, verbose=0)]
    return found


def pipeline(tf: Any) -> Any:
    """A pipeline of tf.data: scaled, cached, shuffled, in batches; fit on it, also on one without an end."""
    x, y = flowers()
    numbered = tf.data.Dataset.from_tensor_slices((x * 3 + 1, y))
    training, held = numbered.take(36), numbered.skip(36)

    def scaled(features: Any, label: Any) -> Any:
        return (features - 1) / 3, tf.one_hot(label, 3)

    training = training.map(scaled, num_parallel_calls=tf.data.AUTOTUNE).cache()
    held = held.map(scaled).batch(5)
    model = tf.keras.Sequential(
        [
            tf.keras.Input((4,)),
            tf.keras.layers.Dense(6, activation="tanh"),
            tf.keras.layers.Dense(3, activation="softmax"),
        ]
    )
    begin(model)
    model.compile("sgd", "categorical_crossentropy", metrics=["accuracy"])
    shuffled = training.shuffle(36, seed=3).batch(36).prefetch(tf.data.AUTOTUNE)
    found = numbers(model.fit(shuffled, epochs=2, verbose=0).history)
    history = model.fit(
        training.batch(8, drop_remainder=True).repeat(), epochs=4, initial_epoch=2, steps_per_epoch=3, verbose=0,
        validation_data=held, validation_steps=2,
    )  # fmt: skip
    found |= {f"endless {key}": value for key, value in numbers(history.history).items()}
    found["evaluate"] = model.evaluate(held, verbose=0)
    found["predict"] = model.predict(held, verbose=0)[-1]
    found["sizes"] = [
        len(held),
        int(training.repeat().cardinality()),
        *(len(part) for part, _ in held.as_numpy_iterator()),
    ]
    chosen = tf.data.Dataset.zip((tf.data.Dataset.range(9), numbered)).filter(lambda n, row: n % 4 == 1)
    found["chosen"] = [float(n) + float(label) for n, (_, label) in chosen]
    return found


def loop(tf: Any) -> Any:
    """A training loop of one's own over a dataset, with losses of regularizers and metrics."""
    x, y = flowers()
    training = tf.data.Dataset.from_tensor_slices({"x": x, "y": y}).batch(10)
    model = tf.keras.Sequential(
        [tf.keras.Input((4,)), tf.keras.layers.Dense(3, kernel_regularizer=tf.keras.regularizers.L2(0.05))]
    )
    begin(model)
    loss_of = tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    optimizer = tf.keras.optimizers.RMSprop(0.02)
    accuracy, mean = tf.keras.metrics.SparseCategoricalAccuracy(), tf.keras.metrics.Mean()
    found: Any = {"accuracy": [], "loss": []}
    for _ in range(3):
        for step, batch in training.enumerate():
            with tf.GradientTape() as tape:
                logits = model(batch["x"], training=True)
                loss = loss_of(batch["y"], logits) + sum(model.losses)
            gradients = tape.gradient(loss, model.trainable_weights)
            optimizer.apply_gradients(zip(gradients, model.trainable_weights, strict=True))
            accuracy.update_state(batch["y"], logits)
            mean.update_state(loss, sample_weight=float(step) + 1)
        found["accuracy"].append(float(accuracy.result()))
        found["loss"].append(float(mean.result()))
        accuracy.reset_state()
    return found


def steps_of_ones_own(tf: Any) -> Any:
    """train_step and test_step of one's own, with trackers in attributes: a small autoencoder."""

    class Autoencoder(tf.keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.encoder = tf.keras.layers.Dense(2, activation="tanh")
            self.decoder = tf.keras.layers.Dense(4)
            self.total = tf.keras.metrics.Mean(name="loss")
            self.size = tf.keras.metrics.Mean(name="size")

        @property
        def metrics(self) -> Any:
            return [self.total, self.size]

        def call(self, inputs: Any) -> Any:
            return self.decoder(self.encoder(inputs))

        def train_step(self, data: Any) -> Any:
            if isinstance(data, tuple):
                data = data[0]
            with tf.GradientTape() as tape:
                code = self.encoder(data)
                loss = tf.reduce_mean(tf.reduce_sum(tf.square(data - self.decoder(code)), axis=1))
            grads = tape.gradient(loss, self.trainable_weights)
            self.optimizer.apply_gradients(zip(grads, self.trainable_weights, strict=True))
            self.total.update_state(loss)
            self.size.update_state(tf.abs(code))
            return {m.name: m.result() for m in self.metrics}

        def test_step(self, data: Any) -> Any:
            self.total.update_state(tf.reduce_mean(tf.square(data - self(data))))
            return {"loss": self.total.result()}

    model = Autoencoder()
    x = waves(ROWS, 4)
    model(x)
    begin(model)
    model.compile(optimizer=tf.keras.optimizers.Adam(0.01))
    found = numbers(model.fit(x, epochs=3, batch_size=12, shuffle=False, verbose=0).history)
    found["evaluate"] = [model.evaluate(x, verbose=0, batch_size=20, return_dict=True)["loss"]]
    return found


def structures(tf: Any) -> Any:
    """Outputs, labels, losses, metrics and weights in every structure in which they may be given."""
    layers = tf.keras.layers

    class Two(tf.keras.Model):
        def __init__(self, pack: Callable[[Any, Any], Any]) -> None:
            super().__init__()
            self.a, self.b, self.pack = layers.Dense(1), layers.Dense(1, activation="sigmoid"), pack

        def call(self, x: Any) -> Any:
            return self.pack(self.a(x), self.b(x))

    def own(y_true: Any, y_pred: Any) -> Any:
        return (y_true - y_pred) ** 2

    x, w = waves(20, 3), np.linspace(0, 2, 20).astype("float32")
    a, b = x[:, :1] - x[:, 1:2], (x[:, 2] > 0).astype("float32")
    outputs: Any = {
        "dict": lambda a, b: {"a": a, "b": b}, "tuple": lambda a, b: (a, b), "list": lambda a, b: [a, b], "one": lambda a, b: a,
    }  # fmt: skip
    both = {"a": a, "b": b}
    held = {"validation_data": (x[:5], a[:5], w[1:6]), "validation_freq": 2}
    sum_of = tf.keras.losses.MeanSquaredError(reduction="sum")
    cases: list[tuple[str, dict[str, Any], Any, dict[str, Any]]] = [
        ("dict", {"loss": {"a": "mse", "b": "bce"}, "metrics": {"a": ["mae"], "b": ["acc"]}}, both, {}),
        ("dict", {"loss": {"a": "mse", "b": "bce"}, "weighted_metrics": {"a": ["mae"]}}, both, {"sample_weight": {"a": w, "b": w * 2}}),
        ("dict", {"loss": "mse"}, both, {}), ("dict", {"loss": {"a": "mse"}}, both, {}),
        ("tuple", {"loss": ["mse", "bce"], "metrics": [["mae", "mse"], ["mae"]]}, (a, b), {}),
        ("list", {"loss": ["mse", None], "loss_weights": [2.0, 1.0]}, [a, b], {}),
        ("list", {"loss": "mse", "weighted_metrics": [["mae"], ["mae"]]}, [a, b], {"sample_weight": w}),
        ("one", {"loss": ["mse"], "metrics": [["mae"]]}, a, {}), ("one", {"loss": "mse"}, [a], {}),
        ("one", {"loss": "mse", "metrics": ["mae", "mae"], "weighted_metrics": ["mae"]}, a, {"sample_weight": w}),
        ("one", {"loss": "mse", "metrics": ["mae", "mse"]}, a[:, 0], {}), ("one", {"loss": "mse", "weighted_metrics": ["mae"]}, a, held),
        ("one", {"loss": "bce", "metrics": ["accuracy"]}, b, {"class_weight": {0: 0.3, 1: 2}}),
        ("one", {"loss": own, "metrics": [own]}, a, {}), ("one", {"loss": sum_of, "metrics": [tf.keras.metrics.MeanAbsoluteError()]}, a, {}),
    ]  # fmt: skip
    found = {}
    for number, (kind, settings, y, fit) in enumerate(cases):
        model = Two(outputs[kind])
        model(x)
        begin(model)
        model.compile("sgd", run_eagerly=True, **settings)
        history = model.fit(x, y, epochs=2, batch_size=8, shuffle=False, verbose=0, **fit)
        found |= {f"{number} {key}": value for key, value in numbers(history.history).items()}
        found[f"{number} evaluate"] = model.evaluate(x, y, sample_weight=fit.get("sample_weight"), verbose=0)
        found[f"{number} on batch"] = model.train_on_batch(x, y)
    return found


TUTORIALS: list[Callable[[Any], Any]] = [
    classification, weights_of_rows, regression, two_outputs, pipeline, loop, steps_of_ones_own, structures,
    *NOTEBOOKS,
    *LESSONS,
]  # fmt: skip


def saved_models(tf: Any) -> dict[str, Any]:
    """Models whose weights Keras and gradcalc read from each other's files: a graph with a model in it, a subclass."""
    layers = tf.keras.layers

    class Net(tf.keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.hidden = layers.Dense(4)
            self.blocks = [layers.Dense(3), layers.Dense(2), layers.Conv1D(1, 1)]
            self.heads, self.deep = {"a": layers.Dense(1)}, [[layers.Dense(1)], (layers.Dense(2),)]
            self.zeta, self._own = layers.Dense(1), layers.Dense(1)

        def build(self, input_shape: Any) -> None:
            self.scale = self.add_weight((2,), name="scale")
            self.moving = self.add_weight((3,), trainable=False, name="moving")
            self.shift = self.add_weight((1,), name="shift")

        def call(self, x: Any) -> Any:
            x = self.blocks[1](self.blocks[0](self.hidden(x))) * self.scale
            x = self.blocks[2](x[:, None, :])[:, 0]
            return self._own(self.zeta(self.deep[1][0](self.deep[0][0](self.heads["a"](x + self.shift)))))

    inputs = tf.keras.Input((3,))
    x = layers.Dropout(0.5)(layers.BatchNormalization()(layers.Dense(4)(inputs)))
    x = tf.keras.Sequential([layers.Dense(2), layers.ReLU(), layers.Dense(2)])(x)
    graph = tf.keras.Model(inputs, layers.Dense(1)(x))
    net = Net()
    net(waves(2, 3))
    return {"graph": graph, "net": net}
