"""MultiHeadAttention: Keras's numbers and gradients, masks, shapes, errors."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import gradcalc.nn as nn
from gradcalc.tape import GradientTape, Variable
from tests.nn.support import over, ramp, says, values_agree, wave

Q, V, K = ramp(2, 3, 4), ramp(2, 5, 3), wave((2, 5, 2))
GRID = ramp(2, 3, 5, 3)
ALLOWED = np.arange(15).reshape(1, 3, 5) % 3 > 0
VALUES = np.array([[1, 1, 0, 1, 0], [0, 0, 1, 1, 1]], bool)

# settings, arguments besides the query, the result's shape; sum(result * ramp), sum(gradient * wave) for the query and
# each weight, by Keras 3.15.0 with TensorFlow 2.21.0
KERAS: list[tuple[dict[str, Any], dict[str, Any], Any, list[float]]] = [
    ({"num_heads": 2, "key_dim": 4}, {"value": V}, (2, 3, 4),
     [2.41870239255, -0.112399664377, 0.27801245702, 0.635420091183, 0.913432548202, 0, 0.514614749198,
      1.08947743222, 1.60409218142, 0.814610211131]),
    ({"num_heads": 2, "key_dim": 4, "value_dim": 2, "use_bias": False, "output_shape": 3}, {"value": V, "key": K},
     (2, 3, 3),
     [-0.0796175926358, -0.00786285316825, -0.17007665553, -0.17007665553, -0.0796175926358, -0.0796175926358]),
    ({"num_heads": 2, "key_dim": 4}, {"value": Q, "use_causal_mask": True}, (2, 3, 4),
     [6.1859093428, 1.1516470467, 0.677720075437, 0.405780488364, 1.0835005638, 0, 4.28182169945,
      1.08947743222, 5.37129913167, 0.814610211131]),
    ({"num_heads": 1, "key_dim": 4}, {"value": V, "attention_mask": ALLOWED}, (2, 3, 4),
     [1.54254881095, 0.3014230827, -0.0680929956188, 0.166124780808, 0.098031785189, 0, 0.0242107721292,
      0.703727827693, 0.727938599822, 0.814610211131]),
    ({"num_heads": 1, "key_dim": 4, "attention_axes": 2, "output_shape": (2, 3)}, {"value": GRID},
     (2, 3, 2, 2, 3),
     [-0.683159293039, 0.31698638321, 0.308772522686, -0.640155137356, -0.33138261467, 0, -2.03127029561,
      21.5605651906, 19.529294895, -20.2124541881]),
    ({"num_heads": 2, "key_dim": 4, "attention_axes": (1, 2)}, {"value": ramp(2, 2, 5, 3)}, (2, 3, 2, 4),
     [6.98934551613, -1.97721858812, 6.74787258286, -5.07609041702, 1.67178216584, 0, 5.59267721157, 0.95072423297,
      6.54340144454, 0.445944071592]),
    ({"num_heads": 2, "key_dim": 4, "value_dim": 3, "use_gate": True}, {"value": V}, (2, 3, 4),
     [-5.40108849713, 0.976221821972, -2.77354640134, 2.33031572251, -0.443230678822, 0, -1.37370690496, -0.1985216029,
      -1.87406668991, -4.34163201835, -6.21569870826, 0.814610211131]),
    ({"num_heads": 1, "key_dim": 4, "sliding_window": 2}, {"value": V}, (2, 3, 4),
     [1.58921637596, 0.342955077822, 0.0152626747039, 0.265955472492, 0.281218147196, 0, 0.0708783371343,
      0.703727827693, 0.774606164827, 0.814610211131]),
    ({"num_heads": 1, "key_dim": 4}, {"value": V, "value_mask": VALUES}, (2, 3, 4),
     [1.64568995106, 0.294230156013, -0.158300884861, 0.103778680095, -0.0545222047664, 0, 0.127351912241,
      0.703727827693, 0.831079739934, 0.814610211131]),
]  # fmt: skip


@pytest.mark.parametrize(("settings", "arguments", "out", "expected"), KERAS)
def test_values_shapes_and_gradients_are_keras_s(settings: Any, arguments: Any, out: Any, expected: Any) -> None:
    grid = "attention_axes" in settings
    layer, q = nn.MultiHeadAttention(**settings, dtype="float64"), Variable(ramp(2, 3, 2, 4) if grid else Q)
    said = {name: q if value is Q else value for name, value in arguments.items()}
    assert layer(q, **said).shape == out
    layer.set_weights([wave(w.shape) for w in layer.weights])
    with GradientTape() as tape:
        z = np.sum(layer(q, **said) * ramp(*out))
    gradients = tape.gradient(z, [q, *layer.trainable_weights])
    found = [float(z), *(np.sum(g.numpy() * wave(g.shape)) for g in gradients)]
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12)


def test_products_have_the_paths_of_keras_and_train_as_the_layer_does() -> None:
    layer = nn.MultiHeadAttention(2, 3, use_bias=False, use_gate=True, name="heads", trainable=False)
    with GradientTape() as tape:
        layer(Q, V)
    paths = [
        "heads/query/kernel",
        "heads/key/kernel",
        "heads/gate/kernel",
        "heads/value/kernel",
        "heads/attention_output/kernel",
    ]
    assert [weight.path for weight in layer.weights] == paths
    assert tape.watched_variables() == () and not any(weight.trainable for weight in layer.weights)


def test_scores_are_told() -> None:  # numbers by Keras
    layer = nn.MultiHeadAttention(2, 4, dtype="float64")
    layer(Q, V)
    layer.set_weights([wave(w.shape) for w in layer.weights])
    _, scores = layer(Q, V, return_attention_scores=True)
    np.testing.assert_allclose(np.sum(scores.numpy() * ramp(2, 2, 3, 5)), 0.810599554473)
    np.testing.assert_allclose(scores.numpy().sum(-1), 1)
    _, scores = layer(Q, Q[:, :, :3], return_attention_scores=True, use_causal_mask=True)
    assert (scores.numpy() * np.triu(np.ones((3, 3)), 1) == 0).all()


def test_steps_that_count_are_known_from_the_tensors() -> None:
    embedding = nn.Embedding(6, 4, mask_zero=True, dtype="float64")
    ids = np.array([[1, 2, 0], [3, 4, 5]])
    layer = nn.MultiHeadAttention(2, 4, dtype="float64")
    x = embedding(ids)
    short = layer(x[:1, :2], x[:1, :2])
    np.testing.assert_allclose(layer(x, x).numpy()[0, :2], short.numpy()[0], rtol=1e-12)
    assert (layer(embedding(ids), embedding(ids))._keras_mask == (ids != 0)).all()


def test_a_query_that_does_not_count_looks_at_all_steps_alike() -> None:
    """Keras 3.15 takes no `query_mask` that is given: it looks at the tensor alone."""
    layer = nn.MultiHeadAttention(1, 4, dtype="float64")
    queries = np.array([[1, 1, 0], [0, 1, 1]], bool)
    _, scores = layer(Q, V, query_mask=queries, value_mask=VALUES, return_attention_scores=True)
    np.testing.assert_allclose(scores.numpy()[:, 0][~queries], 0.2)
    _, others = layer(Q, V, value_mask=VALUES, return_attention_scores=True)
    assert (scores.numpy()[:, 0][queries] == others.numpy()[:, 0][queries]).all()


def test_a_functional_model_attends() -> None:
    inputs = nn.Input(shape=(None, 4))
    outputs = nn.MultiHeadAttention(2, 4, dropout=0.5, seed=1)(inputs, inputs)
    model = nn.Model(inputs, nn.LayerNormalization()(outputs + inputs))
    assert outputs.shape == (None, None, 4) and model(Q).shape == (2, 3, 4)
    assert (model(Q, training=True).numpy() != model(Q).numpy()).any()
    assert (model(Q).numpy() == model(Q).numpy()).all()


ERRORS: list[tuple[Callable[[], Any], str]] = [
    (lambda: nn.MultiHeadAttention(0, 3), "`num_heads`, expected a positive integer"),
    (lambda: nn.MultiHeadAttention(2, 4, dropout=-0.5), "argument `dropout`. Expected a float value between 0 and 1"),
]

test_errors_say_what_is_wrong = over(ERRORS, says)


# a layer, the shapes of inputs and result; sum(result * ramp), then sum(gradient * wave) for each input and weight
SINGLE: list[tuple[Callable[[], nn.Layer], Any, Any, list[float]]] = [  # by Keras 3.15.1 with TensorFlow 2.21.0
    (lambda: nn.Attention(dtype="float64"), [(2, 3, 4), (2, 5, 4)], (2, 3, 4),
     [10.4370397083, -0.902964763424, 2.15842863085]),
    (lambda: nn.Attention(use_scale=True, score_mode="concat", dtype="float64"), [(2, 3, 4), (2, 5, 2), (2, 5, 4)], (2, 3, 2),
     [-0.131770451612, 0.126498883339, -0.0194183079014, -0.0410988256633, -0.19767371857, -0.128449298144]),
    (lambda: nn.Attention(use_scale=True, dtype="float64"), [(2, 3, 4), (2, 5, 4), (2, 5, 4)], (2, 3, 4),
     [8.11516912749, -0.919519678634, 0.765541020971, 0.786882513492, 5.03194722646]),
    (lambda: nn.AdditiveAttention(dtype="float64"), [(2, 3, 4), (2, 5, 4)], (2, 3, 4),
     [0.44280870416, 0.35306219045, 0.196193841361, 0.00186203081016]),
    (lambda: nn.AdditiveAttention(use_scale=False, dtype="float64"), [(2, 3, 4), (2, 5, 4)], (2, 3, 4),
     [-0.537348562476, 0.086039181352, -0.771670671618]),
]  # fmt: skip

test_attention_without_heads_is_keras_s = over(SINGLE, values_agree)


def test_attention_counts_what_its_masks_count() -> None:  # numbers by Keras
    layer, masks = nn.Attention(dtype="float64"), [np.array([[1, 1, 0], [1, 0, 1]], bool), VALUES]
    inputs = [ramp(2, 3, 4), ramp(2, 5, 4) * 1.1]
    y, weights = layer(inputs, mask=masks, use_causal_mask=True, return_attention_scores=True)
    assert np.sum(y.numpy() * ramp(2, 3, 4)) == pytest.approx(5.092891912841781, rel=1e-12)
    assert np.sum(weights.numpy() * ramp(2, 3, 5)) == pytest.approx(0.04828371041866664, rel=1e-12)
    assert layer.compute_mask(inputs, masks) is masks[0] and layer.compute_mask(inputs) is None
    dropped = nn.Attention(dropout=0.5, seed=1)(inputs, training=True, return_attention_scores=True)[1].numpy()
    assert (dropped == 0).any() and dropped.max() > 1 / 5


SINGLE_ERRORS: list[tuple[Callable[[], Any], str]] = [
    (lambda: nn.Attention(score_mode="scaled"), "Invalid value for argument score_mode"),
    (lambda: nn.Attention()(Q), "must be called on a list of inputs"),
    (lambda: nn.AdditiveAttention()([Q]), "AdditiveAttention layer accepts inputs list of length 2 or 3"),
    (lambda: nn.Attention()([Q, Q], mask=VALUES), "mask must be a list"),
]

test_attention_says_what_is_wrong = over(SINGLE_ERRORS, says)
