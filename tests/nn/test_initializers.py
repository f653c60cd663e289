"""Initializers: variances, seeds, names, the source of random numbers under threads."""

import inspect
import pickle
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

import gradcalc.nn as nn
from gradcalc.nn import initializers
from tests.nn.support import over, says


@pytest.mark.parametrize(
    ("name", "deviation", "limit"),
    [
        ("random_normal", 0.05, 0.3), ("truncated_normal", 0.05 * 0.8796, 0.1), ("random_uniform", 0.05 / 3**0.5, 0.05),
        ("glorot_uniform", (2 / 500) ** 0.5, (6 / 500) ** 0.5), ("glorot_normal", (2 / 500) ** 0.5, 0.2),
        ("he_uniform", (2 / 200) ** 0.5, (6 / 200) ** 0.5), ("he_normal", (2 / 200) ** 0.5, 0.3),
        ("lecun_uniform", (1 / 200) ** 0.5, (3 / 200) ** 0.5), ("lecun_normal", (1 / 200) ** 0.5, 0.2),
    ],
)  # fmt: skip
def test_random_weights_have_the_variance_that_their_name_says(name: str, deviation: float, limit: float) -> None:
    initializers.set_seed(0)
    values = initializers.get(name)((200, 300)).numpy()
    assert values.dtype == np.float32 and values.std() == pytest.approx(deviation, rel=0.02)
    assert abs(values.mean()) < 0.02 * deviation and np.abs(values).max() <= limit


def test_seeds_make_weights_repeatable() -> None:
    nn.set_seed(7)
    first = initializers.GlorotUniform()((3, 4))
    second = initializers.GlorotUniform()((3, 4))
    nn.set_seed(7)
    assert (initializers.get("GlorotUniform")((3, 4)) == first).all() and (first != second).any()
    assert (initializers.HeNormal(seed=3)((3, 4)) == initializers.HeNormal(seed=3)((3, 4))).all()


def test_plain_initializers() -> None:
    assert initializers.get("zeros")((2,)).tolist() == [0, 0] and initializers.get(None) is None
    given = initializers.get(np.array([[1.0, 2.0]]))
    assert given((1, 2)).tolist() == [[1, 2]] and given((1, 2), dtype="float32").dtype == "float32"
    with pytest.raises(ValueError, match="Expected `shape` to be"):
        given((2, 1))
    assert initializers.get(initializers.Ones)((2,), "float64").dtype == np.float64
    layer = nn.Dense(2, kernel_initializer=initializers.Constant(3.0), bias_initializer="ones")
    assert layer(np.ones((1, 2))).numpy().tolist() == [[7, 7]]
    fans = initializers.VarianceScaling(1.0, "fan_out", "uniform", seed=0)((3, 3, 10, 5))
    assert np.abs(fans).max() <= (3 / 45) ** 0.5
    assert initializers.VarianceScaling(distribution="untruncated_normal", seed=0)((9,)).shape == (9,)
    for mode, n in (("fan_in", 32), ("fan_out", 128), ("fan_avg", 80)):  # Keras 3.15's compute_fans
        named = initializers.VarianceScaling(1.0, mode, "uniform", 0, [0], [1, 2])
        largest = float(np.abs(named((32, 8, 16)).numpy()).max())
        assert 0.99 * (3 / n) ** 0.5 < largest <= (3 / n) ** 0.5
        assert type(named).from_config(named.get_config()).input_axes == [0]


ERRORS: list[tuple[Callable[[], Any], str]] = [
    (lambda: nn.Dense(2, kernel_initializer="glorot"), "initializer identifier: glorot. Known: .*glorot_uniform"),
    (lambda: initializers.VarianceScaling(0.0), "must be positive"),
    (lambda: initializers.VarianceScaling(mode="fan"), "Invalid `mode`"),
    (lambda: initializers.VarianceScaling(distribution="normal"), "Invalid `distribution`"),
]

test_errors_say_what_is_wrong = over(ERRORS, says)


@pytest.mark.parametrize("name", initializers.INITIALIZERS)
def test_every_initializer_fills_a_shape_by_name_class_and_object(name: str) -> None:
    kind = initializers.INITIALIZERS[name]
    for identifier in (name, kind.__name__, kind, kind()):
        nn.set_seed(3)
        values = initializers.get(identifier)((4, 5), "float64")
        assert values.shape == (4, 5) and values.dtype == np.float64
        nn.set_seed(3)
        assert (initializers.get(name)((4, 5), "float64") == values).all()
    assert kind.__doc__ and type(pickle.loads(pickle.dumps(kind()))) is kind
    if "seed" in inspect.signature(kind).parameters:
        first, second = (kind(seed=5)((4, 5)) for _ in range(2))
        assert (first == second).all() and first.dtype == np.float32


def test_threads_share_one_source_and_draw_each_number_once() -> None:
    source = initializers.Source()
    source.start(1)
    with ThreadPoolExecutor(8) as pool:
        found = np.concatenate(list(pool.map(lambda _: source.generator.random(1), range(4000))))
    source.start(1)
    assert (np.sort(found) == np.sort(source.generator.random(4000))).all()


def test_a_seed_holds_for_all_threads() -> None:
    def draw(_: int) -> Any:
        return initializers.generator().random()

    with ThreadPoolExecutor(2) as pool:
        nn.set_seed(11)
        first = list(pool.map(draw, range(1)))
        nn.set_seed(11)
        assert initializers.generator().random() == first[0]
    assert initializers.generator(4) is not initializers.generator()
