"""`tf.random`: what a seed repeats, and the distributions."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

import gradcalc.tf as tf


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
    other, another = (tf.random.Generator.from_non_deterministic_state().normal([2]) for _ in range(2))
    assert other.numpy().tolist() != another.numpy().tolist()


def test_threads_share_what_a_seed_starts() -> None:
    def drawn(workers: int) -> list[float]:
        tf.random.set_seed(4)
        with ThreadPoolExecutor(workers) as pool:
            parts = pool.map(lambda _: tf.random.normal([100], seed=7).numpy().tolist(), range(40))
            return sorted(number for part in parts for number in part)

    assert drawn(1) == drawn(8)  # each number once, whichever thread draws it


def test_a_seed_of_a_call_begins_again_with_the_global_one() -> None:
    def drawn() -> list[float]:
        return [float(tf.random.uniform([], seed=3).numpy()) for _ in range(3)]

    tf.random.set_seed(1)
    first = drawn()
    assert len(set(first)) == 3 and drawn() != first
    tf.random.set_seed(2)
    assert drawn() == first


def test_random_tensors_are_differentiable_in_what_moves_them() -> None:
    mean, spread = tf.Variable([1.0, 2.0]), tf.Variable(3.0)
    generator = tf.random.Generator.from_seed(3)
    for draw in (tf.random.normal, tf.random.truncated_normal, generator.normal):
        with tf.GradientTape() as tape:
            x = draw([4, 2], mean, spread)
        by_mean, by_spread = tape.gradient(x, [mean, spread])
        np.testing.assert_allclose(by_mean.numpy(), [4, 4])
        np.testing.assert_allclose(by_spread.numpy(), np.sum((x.numpy() - mean.numpy()) / 3), rtol=1e-5)
    low, high = tf.Variable(1.0), tf.Variable(3.0)
    with tf.GradientTape() as tape:
        x = tf.random.uniform([5], low, high)
    by_low, by_high = tape.gradient(x, [low, high])
    np.testing.assert_allclose(by_high.numpy(), np.sum(x.numpy() - 1) / 2, rtol=1e-5)
    np.testing.assert_allclose(by_low.numpy(), 5 - by_high.numpy(), rtol=1e-5)
    copy = tf.random.Generator(copy_from=generator)
    assert copy.normal([2]).numpy().tolist() == generator.normal([2]).numpy().tolist()


DRAWN: list[tuple[Callable[[], Any], float, float]] = [
    (lambda: tf.random.gamma([40000], 3.0, 2.0), 1.5, 0.75),
    (lambda: tf.random.gamma([40000], 0.25), 0.25, 0.25),
    (lambda: tf.random.poisson([40000], 4.0), 4, 4),
    (lambda: tf.random.stateless_gamma([40000], [1, 2], 3.0), 3, 3),
    (lambda: tf.random.stateless_poisson([40000], [1, 2], 2.0, tf.float32), 2, 2),
    (lambda: tf.cast(tf.random.stateless_binomial([40000], [1, 2], 10, 0.3), tf.float32), 3, 2.1),
    (lambda: tf.cast(tf.random.Generator.from_seed(3).binomial([40000], 10, 0.3), tf.float32), 3, 2.1),
    (lambda: tf.random.stateless_truncated_normal([40000], [1, 2], 1.0, 2.0), 1, 4 * 0.7737413),
    (lambda: tf.cast(tf.random.categorical([[0.0, np.log(3.0), -np.inf]], 40000), tf.float32), 0.75, 0.1875),
]


@pytest.mark.parametrize(("draw", "mean", "variance"), DRAWN)
def test_moments_are_those_of_the_distribution(draw: Callable[[], Any], mean: float, variance: float) -> None:
    tf.random.set_seed(11)
    x = draw().numpy().astype(float)
    assert abs(x.mean() - mean) < 4 * np.sqrt(variance / 40000)  # four standard deviations of a mean
    assert x.var() == pytest.approx(variance, rel=0.06)
    tf.random.set_seed(11)
    assert draw().numpy().astype(float).tolist() == x.tolist()


def test_shapes_and_dtypes_of_draws_are_tensorflows() -> None:
    r = tf.random
    assert r.gamma([5], [1.0, 2.0], [[1.0], [2.0], [3.0]]).shape == (5, 3, 2)
    assert (r.poisson([5], [[1.0, 2.0]]).shape, r.poisson([], 1.0).dtype) == ((5, 1, 2), "float32")
    drawn = r.categorical(tf.zeros([3, 4]), 7)
    assert (drawn.shape, drawn.dtype, r.categorical([[1.0]], 2, tf.int32).dtype) == ((3, 7), "int64", "int32")
    assert r.categorical(tf.zeros([0, 4]), 7).shape == (0, 7) and r.categorical([[1.0]], 0).shape == (1, 0)
    assert (r.stateless_poisson([2, 3], [1, 2], [1.0, 2.0, 3.0]).dtype, r.gamma([2], 2, dtype=tf.float64).dtype) == (
        "int32", "float64",
    )  # fmt: skip
    rare = r.categorical([[0.0, 5.0, -np.inf, 0.0]] * 2, 2000, seed=1).numpy()
    assert set(rare.ravel().tolist()) <= {0, 1, 3}


@pytest.mark.parametrize("logits", [[[-np.inf, -np.inf]], [[np.nan, 0.0]], [0.0], [[]], [[1, 2]]])
def test_what_has_no_classes_is_refused(logits: Any) -> None:
    with pytest.raises(ValueError, match="categorical"):
        tf.random.categorical(logits, 3)


def test_numbers_of_gamma_move_with_their_parameters() -> None:
    alpha, beta = tf.Variable([0.4, 2.0], dtype=tf.float64), tf.Variable(4.0, dtype=tf.float64)
    tf.random.set_seed(5)
    with tf.GradientTape(persistent=True) as tape:
        x = tf.random.gamma([10000], alpha, beta, tf.float64)
    by_alpha, by_beta = tape.gradient(x, [alpha, beta])
    np.testing.assert_allclose(by_beta.numpy(), -np.sum(x.numpy()) / 4, rtol=1e-12)
    # the mean is alpha / beta, and so is the mean of the slopes that of 1 / beta
    np.testing.assert_allclose(by_alpha.numpy() / 10000, [0.25, 0.25], rtol=0.03)
