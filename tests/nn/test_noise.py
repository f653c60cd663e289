"""Layers that act while training alone: mean and deviation of what they do, what shares one fate, errors."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import gradcalc.nn as nn
from tests.nn.support import over, says

X = np.ones((200, 100), "float32") * 2
# a layer; mean and standard deviation of what becomes of twos, from its formula
NOISES: list[tuple[Callable[[], nn.Layer], float, float]] = [
    (lambda: nn.GaussianNoise(0.5, seed=1), 2, 0.5),
    (lambda: nn.GaussianDropout(0.2, seed=1), 2, 2 * 0.25**0.5),
    (lambda: nn.Dropout(0.2, seed=1), 2, 2 * 0.25**0.5),
]


def spreads(make: Callable[[], nn.Layer], mean: float, deviation: float) -> None:
    layer = make()
    y = layer(X, training=True).numpy()
    assert y.dtype == "float32" and (layer(X).numpy() == X).all()
    assert y.mean() == pytest.approx(mean, abs=0.02) and y.std() == pytest.approx(deviation, abs=0.02)
    assert (make()(X, training=True).numpy() == y).all()


test_noise_has_the_mean_and_deviation_that_it_says = over(NOISES, spreads)


def test_an_alpha_dropout_keeps_mean_and_variance_of_normal_numbers() -> None:
    x = np.random.default_rng(0).standard_normal((400, 100))
    y = nn.AlphaDropout(0.3, seed=2, dtype="float64")(x, training=True).numpy()
    assert y.mean() == pytest.approx(0, abs=0.02) and y.std() == pytest.approx(1, abs=0.02)
    assert len(np.unique(y.round(12))) < 0.75 * y.size  # three of ten are one number
    together = nn.AlphaDropout(0.5, noise_shape=(None, 1), seed=3)(X, training=True).numpy()
    assert (together == together[:, :1]).all()


def test_channels_are_dropped_whole() -> None:
    for layer, shape in (
        (nn.SpatialDropout1D(0.5, seed=1), (2, 4, 8)), (nn.SpatialDropout2D(0.5, seed=1), (2, 3, 3, 8)),
        (nn.SpatialDropout3D(0.5, seed=1), (2, 2, 2, 2, 8)),
        (nn.SpatialDropout2D(0.5, "channels_first", seed=1), (2, 8, 3, 3)),
    ):  # fmt: skip
        y = layer(np.ones(shape, "float32"), training=True).numpy()
        rows = np.moveaxis(y, 1, -1) if getattr(layer, "data_format", "") == "channels_first" else y
        places = rows.reshape(2, -1, 8)
        assert set(np.unique(y)) == {0, 2} and (places == places[:, :1]).all()


REFUSED: list[tuple[Callable[[], Any], str]] = [
    (
        lambda kind=kind: kind(1.5),
        "Invalid value received for argument `(rate|stddev)`. Expected a float value between 0 and 1",
    )
    for kind in (nn.Dropout, nn.AlphaDropout, nn.GaussianDropout, nn.GaussianNoise, nn.SpatialDropout1D)
]

test_shares_are_between_0_and_1 = over(REFUSED, says)
