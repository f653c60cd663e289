"""Recurrent layers: Keras's numbers and gradients, states, steps that do not count, dropout, errors."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import gradcalc.nn as nn
from gradcalc.tape import nest
from tests.nn.support import over, ramp, says, second_derivatives_agree, values_agree, wave

# a layer, the shapes of input and result; sum(result * ramp), then sum(gradient * wave) for the input and each weight
KERAS: list[tuple[Callable[[], nn.Layer], Any, Any, list[float]]] = [  # by Keras 3.15.0 with TensorFlow 2.21.0
    (lambda: nn.SimpleRNN(3, dtype="float64"), (2, 4, 2), (2, 3),
     [-0.0517188597875, 0.143373760748, -0.22987647874, -0.107549273693, 0.178726811816]),
    (lambda: nn.SimpleRNN(3, activation="relu", use_bias=False, return_sequences=True, go_backwards=True, dtype="float64"), (2, 4, 2), (2, 4, 3),
     [0.853296943898, 1.56748480047, 0.853296943898, 0.766327814158]),
    (lambda: nn.LSTM(3, dtype="float64"), (2, 4, 2), (2, 3),
     [0.00364543967034, -0.0514500695713, -0.163753155218, -0.0105443814703, 0.0612222069752]),
    (lambda: nn.LSTM(2, return_sequences=True, recurrent_activation="hard_sigmoid", dtype="float64"), (2, 4, 3), (2, 4, 2),
     [0.234328029761, -0.0168770465662, -0.148073005077, 0.0371580710653, 0.125633948025]),
    (lambda: nn.LSTM(2, use_bias=False, go_backwards=True, dtype="float64"), (2, 4, 3), (2, 2),
     [-0.00742269060691, 0.231216662346, -0.0926839109437, -0.065190933527]),
    (lambda: nn.GRU(3, dtype="float64"), (2, 4, 2), (2, 3),
     [-0.477917489604, 0.0245832392038, -0.500525750741, -0.188229680506, -0.0274441452583]),
    (lambda: nn.GRU(2, return_sequences=True, reset_after=False, dtype="float64"), (2, 4, 3), (2, 4, 2),
     [0.845083521068, 0.140288550922, 0.260776447928, -0.00891681125273, 0.0678356480486]),
    (lambda: nn.GRU(2, use_bias=False, go_backwards=True, dtype="float64"), (2, 4, 3), (2, 2),
     [0.137440917814, -0.249963346565, 0.0630190145379, -0.016218182989]),
    (lambda: nn.Bidirectional(nn.LSTM(2, dtype="float64"), dtype="float64"), (2, 4, 3), (2, 4),
     [0.101761972715, 0.438038240466, -0.112351575604, -0.032649214068, -0.100550395135, -0.153813093758, -0.0268009092812, 0.118463453696]),
    (lambda: nn.Bidirectional(nn.GRU(2, return_sequences=True, dtype="float64"), merge_mode="sum", dtype="float64"), (2, 4, 3), (2, 4, 2),
     [1.35555222855, 0.0294667987519, 0.297592057238, -0.022982324972, -0.0262677230284, 0.278086849654, 0.0559044050665, 0.181871566978]),
    (lambda: nn.RNN(nn.SimpleRNNCell(3, dtype="float64"), dtype="float64"), (2, 4, 2), (2, 3),
     [-0.0517188597875, 0.143373760748, -0.22987647874, -0.107549273693, 0.178726811816]),
    (lambda: nn.RNN(nn.LSTMCell(3, dtype="float64"), return_sequences=True, dtype="float64"), (2, 4, 2), (2, 4, 3),
     [0.198832496156, 0.244679248098, -0.54443069869, 0.0662390438574, 0.370905814755]),
    (lambda: nn.RNN(nn.GRUCell(3, dtype="float64"), go_backwards=True, dtype="float64"), (2, 4, 2), (2, 3),
     [-0.474689842159, 0.52508816254, -0.535762448504, -0.169824620941, 0.0814423540956]),
    (lambda: nn.RNN(nn.GRUCell(3, reset_after=False, dtype="float64"), dtype="float64"), (2, 4, 2), (2, 3),
     [0.0136837928915, -0.0669061962955, -0.0903709970329, -0.00121896004824, 0.282483443384]),
    (lambda: nn.RNN(nn.StackedRNNCells([nn.LSTMCell(3, dtype="float64"), nn.GRUCell(2, dtype="float64")], dtype="float64"), dtype="float64"), (2, 4, 2), (2, 2),
     [0.276954405741, -0.0121922029769, -0.0764065948154, -0.00317129977647, 0.0315477433336, 0.0206280012409, -0.0426546425399, 0.0332505362331]),
    (lambda: nn.RNN(nn.StackedRNNCells([nn.SimpleRNNCell(3, dtype="float64"), nn.LSTMCell(2, dtype="float64")], dtype="float64"), return_sequences=True, dtype="float64"), (2, 4, 2), (2, 4, 2),
     [0.388255968915, 0.359150262564, -0.0790662170658, -0.0425141250106, -0.131391000554, 0.133497140055, -0.000301802670869, 0.207873519597]),
]  # fmt: skip

test_values_shapes_and_gradients_are_keras_s = over(KERAS, values_agree)

test_second_derivatives_are_those_of_a_nested_tape = over(KERAS, second_derivatives_agree)


def waved(*layers: nn.Layer) -> None:
    for layer in layers:
        layer.set_weights([wave(w.shape) for w in layer.weights])


IDS = np.array([[1, 2, 0, 3], [0, 0, 4, 1]])
MASKED: list[tuple[Callable[[], nn.Layer], float]] = [  # by Keras, after Embedding(5, 3, mask_zero=True)
    (lambda: nn.SimpleRNN(2, dtype="float64"), 1.08390518941),
    (lambda: nn.LSTM(2, return_sequences=True, dtype="float64"), -0.209131360964),
    (lambda: nn.GRU(2, return_sequences=True, go_backwards=True, dtype="float64"), 0.435098750791),
    (lambda: nn.Bidirectional(nn.LSTM(2, dtype="float64"), dtype="float64"), 0.258302913151),
    (lambda: nn.GlobalAveragePooling1D(dtype="float64"), -0.447623851725),
]


@pytest.mark.parametrize(("make", "expected"), MASKED)
def test_steps_of_the_number_0_count_for_nothing(make: Callable[[], nn.Layer], expected: float) -> None:
    model = nn.Sequential([nn.Embedding(5, 3, mask_zero=True, dtype="float64"), make()])
    model(IDS)
    waved(*model.layers)
    y = model(IDS)
    assert np.sum(y.numpy() * ramp(*y.shape)) == pytest.approx(expected, rel=1e-9)


def test_a_loss_is_that_of_the_steps_that_count() -> None:  # numbers by Keras
    model = nn.Sequential([nn.Embedding(5, 3, mask_zero=True, dtype="float64"), nn.Dense(1, dtype="float64")])
    model(IDS)
    waved(*model.layers)
    y, labels, weights = model(IDS), ramp(2, 4, 1), np.array([[0.5], [2.0]])
    mean, total = nn.MeanSquaredError(), nn.MeanSquaredError(reduction="sum")
    assert float(mean(labels, y)) == pytest.approx(1.7225371451289324, rel=1e-7)
    assert float(mean(labels, y, sample_weight=weights)) == pytest.approx(2.2539634414137497, rel=1e-7)
    assert float(total(labels, y)) == pytest.approx(8.61268572564466, rel=1e-12)
    assert float(total(labels, y, sample_weight=weights)) == pytest.approx(11.269817207068748, rel=1e-12)


def test_masking_says_which_steps_count() -> None:
    x = ramp(2, 3, 2)
    x[0, 1] = 0.5
    y = nn.Masking(0.5, dtype="float64")(x)
    assert y._keras_mask.tolist() == [[True, False, True], [True, True, True]]
    assert (y.numpy()[0, 1] == 0).all() and (y.numpy()[1] == x[1]).all()
    for layer in (nn.Dropout(0.5), nn.LayerNormalization(), nn.Dense(3), nn.LSTM(2, return_sequences=True)):
        assert layer(y)._keras_mask is y._keras_mask
    for layer in (nn.LSTM(3), nn.GlobalAveragePooling1D(), nn.Flatten()):
        assert not hasattr(layer(y), "_keras_mask")
    both = nn.Add()([y, nn.Masking(dtype="float64")(x)])
    assert both._keras_mask.all() and nn.Add()([y, y])._keras_mask.tolist() == y._keras_mask.tolist()
    assert not hasattr(nn.Add()([y, x]), "_keras_mask")  # one that says nothing counts whole


def test_states_are_given_and_taken() -> None:  # numbers by Keras
    x, layer = ramp(2, 3, 2), nn.LSTM(2, return_state=True, dtype="float64")
    layer(x)
    waved(layer)
    y, h, c = layer(x, initial_state=[ramp(2, 2), wave((2, 2))])
    np.testing.assert_allclose(
        y.numpy().ravel(), [-0.0472134907398, 0.0868930523386, -0.0760089536196, 0.0972611504085]
    )
    np.testing.assert_allclose(c.numpy().ravel(), [-0.0962813732141, 0.171994593551, -0.134994246219, 0.171090735424])
    assert (h.numpy() == y.numpy()).all()
    again = nn.LSTM(2, dtype="float64")
    again(x)
    again.set_weights(layer.get_weights())
    y, h, c = layer(x)
    np.testing.assert_allclose(again(x[:, 2:], initial_state=list(layer(x[:, :2])[1:])).numpy(), y.numpy(), rtol=1e-14)


def test_a_stateful_layer_goes_on() -> None:  # numbers by Keras
    x, layer = ramp(2, 3, 2), nn.GRU(2, stateful=True, dtype="float64")
    layer(x)
    waved(layer)
    layer.reset_state()
    first = [0.0750106064794, 0.361504130365, 0.0678604539789, 0.312247914164]
    np.testing.assert_allclose(layer(x).numpy().ravel(), first)
    second = [0.110408799371, 0.372988613783, 0.10073310013, 0.320822397861]
    np.testing.assert_allclose(layer(x).numpy().ravel(), second)
    layer.reset_states()
    np.testing.assert_allclose(layer(x).numpy().ravel(), first)
    with pytest.raises(ValueError, match="1 state.* of shape"):
        layer(x[:1])


def test_both_directions_give_their_states_and_results() -> None:  # numbers by Keras
    x, layer = ramp(2, 3, 2), nn.Bidirectional(nn.LSTM(2, return_state=True, dtype="float64"), dtype="float64")
    layer(x)
    waved(layer)
    y, *states = (part.numpy() for part in layer(x))
    expected = [
        [-0.0314427532748, 0.104357986282, -0.0625324205244, 0.108879846368],
        [-0.0636323838092, 0.20965794668, -0.109812240018, 0.192788980649],
        [0.198064775921, 0.0692034897078, 0.189410046104, 0.0672149453034],
        [0.355002545698, 0.344938753687, 0.355631923774, 0.346296617189],
    ]
    np.testing.assert_allclose([state.ravel() for state in states], expected)
    assert (y == np.concatenate([states[0], states[2]], axis=-1)).all()
    assert [s[1:] for s in layer.compute_output_shape((None, 3, 2))] == [(4,), (2,), (2,), (2,), (2,)]
    both = nn.Bidirectional(nn.LSTM(2, return_sequences=True, dtype="float64"), merge_mode=None, dtype="float64")
    both(x)
    waved(both)
    sums = [np.sum(part.numpy() * ramp(*part.shape)) for part in both(x)]
    np.testing.assert_allclose(sums, [0.190641388289, 0.27429381567])


def test_forget_gates_begin_open_and_recurrent_kernels_orthogonal() -> None:
    layer = nn.LSTM(3)
    layer(ramp(2, 4, 2))
    assert layer.bias.numpy().tolist() == [0] * 3 + [1] * 3 + [0] * 6
    kernel = layer.recurrent_kernel.numpy()
    np.testing.assert_allclose(kernel @ kernel.T, np.eye(3), atol=1e-6)
    assert [w.shape for w in layer.weights] == [(2, 12), (3, 12), (12,)]
    gru = nn.GRU(3)
    gru(ramp(2, 4, 2))
    assert gru.bias.shape == (2, 9)


def test_dropout_is_the_same_at_all_steps_and_only_while_training() -> None:
    x = np.ones((1, 6, 4), "float32")
    layer = nn.SimpleRNN(3, dropout=0.5, recurrent_dropout=0.25, seed=1)
    assert (layer(x).numpy() == layer(x).numpy()).all()
    layer.recurrent_kernel.assign(np.zeros((3, 3)))
    sequences = nn.SimpleRNN(3, dropout=0.5, seed=1, return_sequences=True)
    sequences(x)
    sequences.recurrent_kernel.assign(np.zeros((3, 3)))
    y = sequences(x, training=True).numpy()
    assert (y == y[:, :1]).all() and (y != sequences(x).numpy()).any()


def test_a_functional_model_of_a_recurrent_layer_passes_masks_on() -> None:
    inputs = nn.Input(shape=(None,), dtype="int32")
    x = nn.Embedding(5, 3, mask_zero=True)(inputs)
    outputs, *states = nn.GRU(2, return_state=True)(x)
    model = nn.Model(inputs, [outputs, *states])
    assert outputs.shape == (None, 2)
    twice = nn.Model(inputs, nn.Bidirectional(nn.LSTM(2))(nn.Embedding(5, 3)(inputs)))
    assert len(twice.trainable_variables) == 7 and twice.count_params() == 15 + 2 * (3 * 8 + 2 * 8 + 8)
    y, h = model(np.array([[1, 2, 0, 0], [1, 2, 3, 4]]))
    short, _ = model(np.array([[1, 2]]))
    np.testing.assert_allclose(y.numpy()[0], short.numpy()[0], rtol=1e-6)


class Double(nn.Layer):
    """A cell of one's own."""

    state_size = 3

    def build(self, input_shape: Any) -> None:
        self.kernel = self.add_weight((input_shape[-1], 3), name="kernel")

    def call(self, inputs: Any, states: Any) -> Any:
        h = np.tanh(inputs @ self.kernel + states[0])
        return h * 2, [h]


STEPS = np.array([[1, 0, 1, 1], [0, 1, 1, 0]], bool)
CELLS: list[tuple[Callable[[], nn.Layer], dict[str, Any], list[float]]] = [  # by Keras: sum(part * ramp) of result and states
    (lambda: nn.RNN(Double(dtype="float64"), return_state=True, return_sequences=True, dtype="float64"), {"mask": STEPS}, [-1.46752800790764, -0.3511815560748226]),
    (lambda: nn.RNN(nn.StackedRNNCells([nn.LSTMCell(3, dtype="float64"), nn.GRUCell(2, dtype="float64")], dtype="float64"), return_state=True, dtype="float64"), {},
     [0.27695440574147334, 0.00364543967034342, 0.23858562030488442, 0.27695440574147334]),
]  # fmt: skip


def cells_agree(make: Callable[[], nn.Layer], said: dict[str, Any], expected: list[float]) -> None:
    layer = make()
    layer(ramp(2, 4, 2))
    waved(layer)
    parts = nest.flatten(layer(ramp(2, 4, 2), **said))
    np.testing.assert_allclose([np.sum(part.numpy() * ramp(*part.shape)) for part in parts], expected, rtol=1e-10)


test_states_of_any_cell_are_keras_s = over(CELLS, cells_agree)


def test_a_cell_is_one_step() -> None:  # numbers by Keras
    cell = nn.LSTMCell(2, dtype="float64")
    cell(ramp(2, 3), [ramp(2, 2), wave((2, 2))])
    waved(cell)
    output, (h, c) = cell(ramp(2, 3), [ramp(2, 2), wave((2, 2))])
    assert (output.numpy() == h.numpy()).all() and cell.state_size == [2, 2] and nn.GRUCell(2).state_size == 2
    np.testing.assert_allclose(
        [np.sum(part.numpy() * ramp(2, 2)) for part in (h, c)],
        [0.005893165251404334, -0.017228242027334556],
        rtol=1e-12,
    )
    h, alone = nn.SimpleRNNCell(2)(ramp(2, 3), ramp(2, 2))
    assert (h.numpy() == alone.numpy()).all()


def test_a_stack_of_cells_drops_the_same_elements_at_all_steps_and_goes_on() -> None:
    layer = nn.RNN([nn.SimpleRNNCell(4, dropout=0.5, seed=1), nn.GRUCell(2)], stateful=True, return_sequences=True)
    x = np.ones((1, 3, 8), "float32")
    assert layer.compute_output_shape((None, 3, 8)) == (None, 3, 2) and layer(x, training=True).shape == (1, 3, 2)
    layer.reset_state()
    layer.cell.cells[0].recurrent_kernel.assign(np.zeros((4, 4)))
    layer(x, training=True)
    first = layer._last[0].copy()
    layer(x[:, :1])
    assert (first != layer._last[0]).any()  # without dropout
    with pytest.raises(ValueError, match=r"2 state\(s\) of shape \(2, 4\), \(2, 2\)"):
        layer(np.ones((2, 3, 8)))


ERRORS: list[tuple[Callable[[], Any], str]] = [
    (lambda: nn.LSTM(0), "`units`, expected a positive integer"),
    (lambda: nn.LSTM(2, dropout=1.5), "argument `dropout`. Expected a float value between 0 and 1"),
    (lambda: nn.LSTM(2)(np.ones((2, 3))), "expected ndim=3, found ndim=2"),
    (lambda: nn.LSTM(2)(np.ones((2, 0, 3))), "needs a step at least"),
    (lambda: nn.LSTM(2)(np.ones((2, 4, 3)), initial_state=[np.ones((2, 2))]), "has 2 state"),
    (lambda: nn.RNN(nn.Dense(2)), "should have a `state_size` attribute"),
    (lambda: nn.RNN(np), "should have a `call` method"),
    (lambda: nn.Bidirectional(nn.Dense(2)), "with a recurrent layer"),
    (lambda: nn.Bidirectional(nn.LSTM(2), merge_mode="mean"), "Invalid merge mode"),
    (lambda: nn.initializers.Orthogonal()((3,)), "at least two-dimensional"),
    (lambda: nn.initializers.Identity()((3, 3, 3)), "only be used for 2D"),
]

test_errors_say_what_is_wrong = over(ERRORS, says)
