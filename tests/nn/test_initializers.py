"""Initializers: variances, seeds, names, the source of random numbers under threads."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import gradcalc.nn as nn
from gradcalc.nn import initializers


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
    values = initializers.get(name)((200, 300))
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
    assert initializers.get("zeros")((2,)).tolist() == [0, 0] and initializers.get(None)((1,)).tolist() == [0]
    assert initializers.get(initializers.Ones)((2,), "float64").dtype == np.float64
    layer = nn.Dense(2, kernel_initializer=initializers.Constant(3.0), bias_initializer="ones")
    assert layer(np.ones((1, 2))).numpy().tolist() == [[7, 7]]
    fans = initializers.VarianceScaling(1.0, "fan_out", "uniform", seed=0)((3, 3, 10, 5))
    assert np.abs(fans).max() <= (3 / 45) ** 0.5
    assert initializers.VarianceScaling(distribution="untruncated_normal", seed=0)((9,)).shape == (9,)


ERRORS: list[tuple[Callable[[], Any], str]] = [
    (lambda: nn.Dense(2, kernel_initializer="glorot"), "initializer identifier: glorot. Known: .*glorot_uniform"),
    (lambda: initializers.VarianceScaling(0.0), "must be positive"),
    (lambda: initializers.VarianceScaling(mode="fan"), "Invalid `mode`"),
    (lambda: initializers.VarianceScaling(distribution="normal"), "Invalid `distribution`"),
]


@pytest.mark.parametrize(("make", "message"), ERRORS)
def test_errors_say_what_is_wrong(make: Callable[[], Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()
