"""What nn offers: every public layer by one loop, names said once, the list in the docs."""

import copy
import inspect
import pickle
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gradcalc.nn as nn
from gradcalc import optimize
from gradcalc.nn.merging import _Merge
from gradcalc.nn.windows import Spatial
from gradcalc.tape import GradientTape
from tests.nn.support import ramp

LAYERS = [
    kind
    for kind in (getattr(nn, name) for name in nn.__all__)
    if isinstance(kind, type) and issubclass(kind, nn.Layer) and kind not in (nn.Layer, nn.Model, nn.Sequential)
]
ARGUMENTS: dict[str, Any] = {
    "units": 3, "filters": 2, "kernel_size": 2, "rate": 0.5, "target_shape": (-1,), "activation": "tanh",
    "input_dim": 5, "output_dim": 2, "function": np.tanh, "shape": (4, 3), "pool_size": 2,
    "layer": nn.LSTM(2), "num_heads": 2, "key_dim": 3,
    "dims": (2, 1), "n": 3, "scale": 2.0, "cell": nn.LSTMCell(2), "cells": [nn.GRUCell(2)], "stddev": 0.5, "axes": 1,
    "equation": "abc,cd->abd", "output_shape": (None, 2),
}  # fmt: skip
"""What layers are made of, by the names of their arguments."""
OWN: dict[Any, dict[str, Any]] = {
    nn.GroupNormalization: {"groups": 3}, nn.TimeDistributed: {"layer": nn.Dense(2)}, nn.SpectralNormalization: {"layer": nn.Dense(2)},
}  # fmt: skip
PARTS = (nn.SimpleRNNCell, nn.LSTMCell, nn.GRUCell, nn.StackedRNNCells, nn.Wrapper)
"""What is called by another layer."""


def made(kind: type[nn.Layer]) -> nn.Layer:
    """A layer with what it must be given."""
    needed = [
        p.name
        for p in inspect.signature(kind).parameters.values()
        if p.default is p.empty and p.kind is not p.VAR_KEYWORD
    ]
    given = {name: ARGUMENTS[name] for name in needed or (["shape"] if kind is nn.InputLayer else [])}
    return kind(**copy.deepcopy(given | OWN.get(kind, {})))


def example(kind: type[nn.Layer]) -> Any:
    """An input: a batch of two, of as many axes as the layer takes."""
    if kind is nn.Embedding:
        return np.array([[0, 4, 2]])
    if kind is nn.RepeatVector:
        return ramp(2, 3).astype("float32")
    axes = int(re.sub(r"\D", "", kind.__name__) or 1)  # of Conv2DTranspose: 2
    x = ramp(2, *(4,) * axes, 3).astype("float32")
    return [x, x[:, ::-1] + 1] if issubclass(kind, _Merge | nn.Attention) else x


@pytest.mark.parametrize("kind", [kind for kind in LAYERS if kind not in PARTS])
def test_every_layer_computes_says_its_shape_is_copied_and_comes_back(kind: type[nn.Layer], tmp_path: Path) -> None:
    layer, x = made(kind), example(kind)
    more = [x] * (kind is nn.MultiHeadAttention)
    y = layer(x, *more)
    shapes = [part.shape for part in x] if isinstance(x, list) else x.shape
    assert layer.compute_output_shape(shapes) == y.shape and np.isfinite(y.numpy()).all()
    twins = [copy.deepcopy(layer), pickle.loads(pickle.dumps(layer))]
    if layer.weights:
        other = made(kind)
        other(x, *more)
        nn.save_weights(layer, tmp_path / "w.npz")
        nn.load_weights(other, tmp_path / "w.npz")
        twins.append(other)
    for twin in twins:
        assert (twin(x, *more).numpy() == y.numpy()).all()
        assert twin.count_params() == layer.count_params()


@pytest.mark.parametrize(
    "kind", [k for k in LAYERS if "data_format" in inspect.signature(k).parameters or issubclass(k, Spatial)]
)
def test_channels_that_come_first_are_those_that_come_last_moved(kind: type[nn.Layer]) -> None:
    x = np.moveaxis(example(kind), -1, 1)
    last, first = made(kind), type(made(kind)).from_config(made(kind).get_config() | {"data_format": "channels_first"})
    expected = last(np.moveaxis(x, 1, -1))
    assert first.compute_output_shape((None, *x.shape[1:]))[1:] == first(x).shape[1:]
    first.set_weights(last.get_weights())
    expected = np.moveaxis(expected, -1, 1) if kind is not nn.Flatten else expected
    np.testing.assert_allclose(first(x), expected, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("kind", LAYERS)
def test_every_layer_is_described_and_takes_what_all_layers_take(kind: type[nn.Layer]) -> None:
    assert kind.__doc__ and kind.__doc__ != nn.Layer.__doc__ and kind.__module__.startswith("gradcalc.nn.")
    last = list(inspect.signature(kind).parameters.values())[-1]
    assert last.kind is last.VAR_KEYWORD or kind is nn.InputLayer
    if kind is not nn.InputLayer:
        named = ARGUMENTS | {"name": "mine"}
        needed = {p.name for p in inspect.signature(kind).parameters.values() if p.default is p.empty} - {last.name}
        layer = kind(**{name: named[name] for name in needed}, name="mine", dtype="float64", trainable=False)
        assert (layer.name, layer.dtype, layer.trainable) == ("mine", "float64", False)


@pytest.mark.parametrize("name", nn.__all__)
def test_every_public_method_is_described_by_its_own_docs_or_those_that_it_overrides(name: str) -> None:
    thing = getattr(nn, name)
    for method, function in inspect.getmembers(thing, inspect.isfunction) if isinstance(thing, type) else ():
        assert method.startswith("_") or inspect.getdoc(getattr(thing, method)), method
        assert function.__module__.startswith(("gradcalc.", "builtins"))


@pytest.mark.parametrize("room", [nn, optimize])
def test_the_public_names_are_those_that_the_modules_say(room: Any) -> None:
    assert room.__all__ == sorted(set(room.__all__))
    assert all(getattr(room, name).__doc__ for name in room.__all__)
    namespace: dict[str, Any] = {}
    exec(f"from {room.__name__} import *", namespace)
    assert set(namespace) - {"__builtins__"} == set(room.__all__)


def test_a_step_of_training_needs_no_more_than_public_names() -> None:
    nn.set_seed(0)
    model = nn.Sequential([nn.Dense(8, activation="relu"), nn.Dropout(0.1), nn.Dense(2)])
    x, labels = ramp(16, 3), np.arange(16) % 2
    loss, optimizer, found = nn.SparseCategoricalCrossentropy(from_logits=True), optimize.Adam(0.05), []
    for _ in range(20):
        with GradientTape() as tape:
            value = loss(labels, model(x, training=True))
        variables = model.trainable_variables
        optimizer.apply_gradients(zip(tape.gradient(value, variables), variables, strict=True))
        found.append(float(value))
    assert found[-1] < found[0]
