"""Three more notebooks, whole: pipelines of texts, an actor with its critic, an autoencoder against a generator.

As in `tutorials.py`, which lists them: each is run with gradcalc's `tf` and, for its numbers, with TensorFlow.
"""

import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from tests.tf.notebooks import begin, history_of, waves

TEXTS = [[1, 2, 3], [3], [4, 5, 6], [7, 8, 9, 10], [11, 12]]


def _sizes(specs: Any) -> list[int]:
    return [-1 if n is None else n for spec in specs for n in (*spec.shape, spec.dtype.name == "int64")]


def buckets(tf: Any) -> Any:
    """Pipelines of texts: what elements are, buckets by length, groups by key, what cannot be had left out."""
    dataset, found = tf.data.Dataset, {}
    texts = dataset.from_generator(lambda: iter(TEXTS), output_signature=tf.TensorSpec((None,), tf.int64))
    table = dataset.from_tensor_slices({"a": waves(6, 4), "b": np.arange(6)})
    for name, made in {
        "slices": table, "batch": table.batch(4), "whole": table.batch(4, drop_remainder=True), "texts": texts.batch(1),
        "mapped": table.batch(4).map(lambda row: (row["a"] * 2, tf.one_hot(row["b"], 3))), "padded": texts.padded_batch(2),
        "given": texts.padded_batch(2, padded_shapes=[7]), "rows": table.batch(2).unbatch(), "order": texts.shuffle(3).repeat(2),
        "zip": dataset.zip((dataset.range(3).batch(2), texts)), "numbers": dataset.range(3).enumerate().prefetch(1),
    }.items():  # fmt: skip
        found[f"spec {name}"] = _sizes(tf.nest.flatten(made.element_spec))
    length = lambda text: tf.shape(text)[0]
    for name, bounds, settings in [
        ("plain", [2, 4], {}), ("whole", [2, 4], {"drop_remainder": True}), ("filled", [2, 4], {"padding_values": np.int64(-1)}),
        ("bound", [2, 6], {"pad_to_bucket_boundary": True}),
    ]:  # fmt: skip
        made = texts.bucket_by_sequence_length(length, bounds, [2, 2, 2], **settings)
        found[name] = [n for batch in made for n in (*batch.shape, *batch.numpy().ravel())]
    grouped = dataset.range(10).group_by_window(
        lambda n: n % 3 - 1, lambda key, window: window.batch(4).map(lambda b: b + 100 * key), window_size_func=lambda k: k + 2
    )  # fmt: skip
    found["grouped"] = [n for batch in grouped for n in batch.numpy()]
    inverse = dataset.from_tensor_slices([1.0, 2, np.inf, 4]).map(
        lambda x: tf.debugging.check_numerics(1 / x + x, "infinite")
    )
    found["sound"] = [float(x) for x in inverse.ignore_errors()]
    found["counter"] = [int(n) for n in dataset.counter(2, 3).take(3)]
    series = tf.keras.utils.timeseries_dataset_from_array
    pairs = series(waves(12, 2), np.arange(12), 3, sequence_stride=2, sampling_rate=2, batch_size=2)
    found["series"] = [n for x, y in pairs for n in (*x.numpy().ravel(), *y.numpy())]
    for name, settings in {
        "pre": {},
        "cut": {"maxlen": 2},
        "post": {"maxlen": 2, "truncating": "post", "padding": "post"},
    }.items():
        found[name] = tf.keras.utils.pad_sequences(TEXTS, **settings)
    return found


def actor_and_critic(tf: Any) -> Any:
    """Reinforcement learning: returns by a TensorArray, a policy's gradient, a network that follows another."""
    layers = tf.keras.layers

    class ActorCritic(tf.keras.Model):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.common, self.actor, self.critic = layers.Dense(8, "relu"), layers.Dense(2), layers.Dense(1)

        def call(self, inputs: Any) -> Any:
            x = self.common(inputs)
            return self.actor(x), self.critic(x)

    def returns(rewards: Any, gamma: float) -> Any:
        count, total = tf.shape(rewards)[0], tf.constant(0.0)
        kept, shape = tf.TensorArray(dtype=tf.float32, size=count), total.shape
        rewards = tf.cast(rewards[::-1], dtype=tf.float32)
        for i in tf.range(count):
            total = rewards[i] + gamma * total
            total.set_shape(shape)
            kept = kept.write(i, total)
        found = kept.stack()[::-1]
        return (found - tf.math.reduce_mean(found)) / (tf.math.reduce_std(found) + 1e-7)

    model = ActorCritic()
    model(tf.zeros((1, 4)))
    begin(model)
    optimizer, huber = tf.keras.optimizers.Adam(0.01), tf.keras.losses.Huber(reduction="sum")
    found: Any = {"actor": []}
    for _ in range(3):
        state = tf.constant(waves(4))
        probabilities, values, rewards = (
            tf.TensorArray(kind, size=0, dynamic_size=True) for kind in (tf.float32, tf.float32, tf.int32)
        )
        with tf.GradientTape() as tape:
            for t in tf.range(6):
                logits, value = model(tf.expand_dims(state, 0))
                action = tf.argmax(logits[0])
                values = values.write(t, tf.squeeze(value))
                probabilities = probabilities.write(t, tf.nn.softmax(logits)[0, action])
                state = tf.sin(state * 1.3 + tf.cast(action, tf.float32))
                rewards = rewards.write(t, tf.cast(state[0] > 0, tf.int32))
            gains, value = returns(rewards.stack(), 0.99), values.stack()
            policy = -tf.reduce_sum(tf.math.log(probabilities.stack()) * (gains - value))
            loss = policy + huber(value[:, None], gains[:, None])
        optimizer.apply_gradients(
            zip(tape.gradient(loss, model.trainable_variables), model.trainable_variables, strict=True)
        )
        found["actor"].append(float(loss))
    make = lambda: tf.keras.Sequential([layers.Input((4,)), layers.Dense(8, "relu"), layers.Dense(3)])
    online, target = begin(make()), make()
    target.set_weights(online.get_weights())
    optimizer = tf.keras.optimizers.Adam(0.01, clipnorm=1.0)
    for _ in range(3):
        after = waves(10) + 0.99 * tf.reduce_max(target.predict(waves(10, 4) * 0.9, verbose=0), axis=1)
        with tf.GradientTape() as tape:
            chosen = tf.reduce_sum(online(waves(10, 4)) * tf.one_hot(np.arange(10) % 3, 3), axis=1)
            loss = tf.keras.losses.Huber()(after, chosen)
        optimizer.apply_gradients(
            zip(tape.gradient(loss, online.trainable_variables), online.trainable_variables, strict=True)
        )
        for ours, theirs in zip(online.variables, target.variables, strict=True):
            theirs.assign(ours * 0.1 + theirs * 0.9)
    found["follower"] = target.predict(waves(2, 4), verbose=0)
    return found


def codes_and_forgeries(tf: Any) -> Any:
    """A variational autoencoder, and a generator against a discriminator, kept in checkpoints."""
    keras, layers, ops = tf.keras, tf.keras.layers, tf.keras.ops

    class Sampling(layers.Layer):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.seed_generator = keras.random.SeedGenerator(1337)

        def call(self, inputs: Any) -> Any:
            mean, spread = inputs
            noise = keras.random.normal(shape=ops.shape(mean), seed=self.seed_generator)
            return mean + ops.exp(0.5 * spread) * noise * 0.0  # the noise is not the same everywhere

    pictures = keras.Input((8, 8, 1))
    x = layers.Flatten()(layers.Conv2D(4, 3, activation="relu", strides=2, padding="same")(pictures))
    mean, spread = layers.Dense(2)(x), layers.Dense(2)(x)
    encoder = keras.Model(pictures, [mean, spread, Sampling()([mean, spread])])
    codes = keras.Input((2,))
    x = layers.Reshape((4, 4, 4))(layers.Dense(64, activation="relu")(codes))
    decoder = keras.Model(codes, layers.Conv2DTranspose(1, 3, 2, activation="sigmoid", padding="same")(x))
    for weight in (w for w in (*encoder.weights, *decoder.weights) if "seed" not in w.path):
        weight.assign(waves(*weight.shape) * 0.3)

    class Autoencoder(keras.Model):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.encoder, self.decoder, self.total = encoder, decoder, keras.metrics.Mean(name="total")

        @property
        def metrics(self) -> list[Any]:
            return [self.total]

        def train_step(self, data: Any) -> Any:
            with tf.GradientTape() as tape:
                mean, spread, code = self.encoder(data)
                lost = keras.losses.binary_crossentropy(data, self.decoder(code))
                rest = -0.5 * tf.reduce_sum(1 + spread - tf.square(mean) - tf.exp(spread), axis=1)
                loss = tf.reduce_mean(tf.reduce_sum(lost, axis=(1, 2))) + tf.reduce_mean(rest)
            self.optimizer.apply_gradients(
                zip(tape.gradient(loss, self.trainable_weights), self.trainable_weights, strict=True)
            )
            self.total.update_state(loss)
            return {"loss": self.total.result()}

    model = Autoencoder()
    model.compile(optimizer=keras.optimizers.Adam(0.01))
    data = np.abs(waves(16, 8, 8, 1))
    found = history_of("codes", model.fit(data, epochs=3, batch_size=8, shuffle=False, verbose=0))
    found["mean"] = encoder.predict(data[:3], verbose=0)[0]
    generator = begin(keras.Sequential([layers.Input((5,)), layers.Dense(16, use_bias=False), layers.BatchNormalization(), layers.LeakyReLU(), layers.Dense(8, "tanh")]))  # fmt: skip
    critic = begin(keras.Sequential([layers.Input((8,)), layers.Dense(6), layers.LeakyReLU(), layers.Dense(1)]))
    optimizers = [keras.optimizers.Adam(0.01), keras.optimizers.Adam(0.01)]
    entropy = keras.losses.BinaryCrossentropy(from_logits=True)

    @tf.function  # type: ignore[untyped-decorator]
    def step(real: Any, noise: Any) -> Any:
        with tf.GradientTape() as ours, tf.GradientTape() as theirs:
            made = critic(generator(noise, training=True), training=True)
            true = critic(real, training=True)
            losses = [
                entropy(tf.ones_like(made), made),
                entropy(tf.ones_like(true), true) + entropy(tf.zeros_like(made), made),
            ]
        for tape, loss, model, optimizer in zip((ours, theirs), losses, (generator, critic), optimizers, strict=True):
            optimizer.apply_gradients(
                zip(tape.gradient(loss, model.trainable_variables), model.trainable_variables, strict=True)
            )
        return losses

    found["forged"] = [float(x) for i in range(3) for x in step(waves(8, 8), waves(8, 5) * (i + 1))]
    with tempfile.TemporaryDirectory() as folder:
        checkpoint = tf.train.Checkpoint(generator=generator, optimizer=optimizers[0])
        manager = tf.train.CheckpointManager(checkpoint, str(Path(folder, "kept")), max_to_keep=2)
        for _ in range(3):
            manager.save()
        generator.set_weights([w * 0 for w in generator.get_weights()])
        checkpoint.restore(manager.latest_checkpoint).assert_existing_objects_matched()
        found["kept"] = [len(manager.checkpoints), int(manager.latest_checkpoint[-1])]
    found["again"] = generator(waves(2, 5)).numpy()
    with tf.GradientTape() as tape:
        between = tf.constant(waves(4, 8))
        tape.watch(between)
        judged = critic(between, training=True)
    slopes = tf.sqrt(tf.reduce_sum(tf.square(tape.gradient(judged, between)), axis=1))
    found["penalty"] = tf.reduce_mean((slopes - 1.0) ** 2).numpy()
    return found


LESSONS = [buckets, actor_and_critic, codes_and_forgeries]
