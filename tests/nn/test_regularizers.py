"""`nn.regularizers` and `constraints`: Keras's numbers, in layers and in optimizers."""

import copy
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import gradcalc.nn as nn
from gradcalc import optimize
from gradcalc.nn import constraints, regularizers
from gradcalc.tape import GradientTape, constant
from tests.nn.support import over, says

ROWS = constant([[1.0, -2.0], [3.0, 4.0], [0.0, 1.0]], "float32")
PENALTIES = [
    (regularizers.L1(0.1), 1.1), (regularizers.L2(0.1), 3.1), (regularizers.L1L2(0.1, 0.2), 7.3),
    (regularizers.L1L2(), 0), (regularizers.OrthogonalRegularizer(0.1), 0.07138802111148834),
    (regularizers.OrthogonalRegularizer(0.1, "columns"), 0.0690065547823906), (regularizers.get("l2"), 0.31),
]  # fmt: skip


@pytest.mark.parametrize(("penalty", "expected"), PENALTIES)
def test_penalties_are_keras(penalty: Any, expected: float) -> None:
    assert penalty(ROWS).numpy() == pytest.approx(expected, rel=1e-6)


W = constant([[3.0, -0.1], [4.0, 0.2]], "float32")
HELD = [
    (constraints.MaxNorm(2.0), [[1.2, -0.1], [1.6, 0.2]]), (constraints.NonNeg(), [[3, 0], [4, 0.2]]),
    (constraints.MaxNorm(2.0, axis=1), [[1.9988898, -0.0666296], [1.9975047, 0.0998752]]),
    (constraints.UnitNorm(), [[0.6, -0.4472134], [0.8, 0.8944268]]),
    (constraints.UnitNorm(axis=[0, 1]), [[0.5994009, -0.01998], [0.7992012, 0.03996]]),
    (constraints.MinMaxNorm(0.5, 1.0, 0.5), [[1.8, -0.1618033], [2.4, 0.3236066]]),
]  # fmt: skip


@pytest.mark.parametrize(("constraint", "expected"), HELD)
def test_constraints_are_keras(constraint: Any, expected: Any) -> None:
    np.testing.assert_allclose(constraint(W).numpy(), expected, rtol=2e-5, atol=1e-6)


def test_a_layer_tells_its_penalties() -> None:
    layer = nn.Dense(
        2, kernel_initializer="ones", kernel_regularizer="l2", bias_regularizer=regularizers.L1(0.1),
        activity_regularizer=regularizers.L1(1.0),
    )  # fmt: skip
    with GradientTape() as tape:
        layer(np.ones((1, 3), "float32"))
        losses = layer.losses
        total = sum(losses)
    assert [float(x.numpy()) for x in losses] == pytest.approx([6, 0.06, 0])
    kernel, bias = tape.gradient(total, layer.trainable_variables)
    np.testing.assert_allclose(kernel.numpy(), np.full((3, 2), 1.02), rtol=1e-6)
    np.testing.assert_allclose(bias.numpy(), [1, 1])
    assert [float(x.numpy()) for x in copy.deepcopy(layer).losses] == pytest.approx([0.06, 0])


def test_a_model_tells_those_of_its_layers_at_the_last_call() -> None:
    first = nn.Dense(2, kernel_initializer="ones", activity_regularizer="l2")
    last = nn.Dense(2, kernel_initializer="ones", kernel_regularizer="l1", activity_regularizer="l2")
    model = nn.Sequential([first, last])
    for rows in (4, 2):
        model(np.ones((rows, 3), "float32"))
    assert [float(x.numpy()) for x in model.losses] == pytest.approx([0.18, 0.72, 0.04])
    model.add_loss(constant(5.0))
    assert len(model.losses) == 4
    model.trainable = False
    assert len(model.losses) == 3
    assert all(regularizers.get(x) is None and constraints.get(x) is None for x in [None])


def test_convolution_embedding_and_normalization_take_them_too() -> None:
    layers = [
        (nn.Conv1D(2, 1, kernel_regularizer="l2", kernel_initializer="ones"), np.ones((1, 4, 3)), 0.06),
        (nn.Embedding(3, 2, "ones", embeddings_regularizer="l1"), np.array([[0]]), 0.06),
        (nn.LayerNormalization(gamma_regularizer="l1"), np.ones((1, 3)), 0.03),
        (nn.BatchNormalization(gamma_regularizer="l2"), np.ones((1, 3)), 0.03),
    ]
    for layer, x, expected in layers:
        layer(x)
        assert sum(layer.losses).numpy() == pytest.approx(expected)


def test_optimizers_hold_weights_to_their_constraints() -> None:
    layer = nn.Dense(1, kernel_initializer="ones", kernel_constraint="non_neg", use_bias=False)
    layer.build((None, 2))
    optimize.SGD(1.0).apply_gradients([(constant([[2.0], [0.5]], "float32"), layer.kernel)])
    assert layer.kernel.numpy().tolist() == [[0.0], [0.5]]


ERRORS: list[tuple[Callable[[], Any], str]] = [
    (lambda: nn.Dense(2, kernel_regularizer="l3"), "regularizer identifier: l3. Known: .*l1"),
    (
        lambda: nn.Dense(2, bias_constraint="unit"),
        "constraint identifier: unit. Did you mean unit_norm. Known: .*unit_norm",
    ),
    (lambda: regularizers.L1(-1.0), "argument l1: expected a non-negative float.Received: l1=-1.0"),
    (lambda: regularizers.L1L2(l2=float("nan")), "Received: l2=nan"),
    (lambda: regularizers.OrthogonalRegularizer("0.1"), "Received: factor=0.1"),  # type: ignore[arg-type]
    (lambda: regularizers.OrthogonalRegularizer(mode="all"), 'Expected one of {"rows", "columns"}'),
    (lambda: regularizers.OrthogonalRegularizer()(constant([1.0])), "must have rank 2"),
]

test_errors_say_what_is_wrong = over(ERRORS, says)
