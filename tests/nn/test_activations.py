"""Activations: Keras's numbers and slopes, arguments, names."""

import math
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import gradcalc.nn as nn
from gradcalc.nn import activations
from gradcalc.tape import GradientTape, Tensor, Variable, constant
from tests.nn.support import over, says

POINTS = [-4.0, -2.0, -0.5, 0.0, 0.5, 2.0, 8.0]


ACTIVATIONS: list[tuple[str, list[float], list[float]]] = [  # by Keras 3.15.0 with TensorFlow 2.21.0
    ("relu", [0.0, 0.0, 0.0, 0.0, 0.5, 2.0, 8.0], [0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0]),
    ("relu6", [0.0, 0.0, 0.0, 0.0, 0.5, 2.0, 6.0], [0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 0.0]),
    ("elu", [-0.981684361111, -0.864664716763, -0.393469340287, 0.0, 0.5, 2.0, 8.0],
     [0.0183156388887, 0.135335283237, 0.606530659713, 1.0, 1.0, 1.0, 1.0]),
    ("selu", [-1.72589862819, -1.5201664686, -0.691758187803, 0.0, 0.525350493678, 2.10140197471, 8.40560789884],
     [0.0322007126575, 0.237932872252, 1.06634115304, 1.05070098736, 1.05070098736, 1.05070098736, 1.05070098736]),
    ("silu", [-0.0719448398484, -0.238405844044, -0.188770334399, 0.0, 0.311229665601, 1.76159415596, 7.99731719896],
     [-0.0526646148911, -0.0907842487849, 0.260038812697, 0.5, 0.739961187303, 1.09078424878, 1.00234655124]),
    ("softplus",
     [0.0181499279178, 0.126928011043, 0.47407698418, 0.69314718056, 0.97407698418, 2.12692801104, 8.00033540637],
     [0.0179862099621, 0.119202922022, 0.377540668798, 0.5, 0.622459331202, 0.880797077978, 0.99966464987]),
    ("softsign", [-0.8, -0.666666666667, -0.333333333333, 0.0, 0.333333333333, 0.666666666667, 0.888888888889],
     [0.04, 0.111111111111, 0.444444444444, 1.0, 0.444444444444, 0.111111111111, 0.0123456790123]),
    ("sigmoid", [0.0179862099621, 0.119202922022, 0.377540668798, 0.5, 0.622459331202, 0.880797077978, 0.99966464987],
     [0.0176627062133, 0.104993585404, 0.235003712202, 0.25, 0.235003712202, 0.104993585404, 0.000335237670756]),
    ("log_sigmoid",
     [-4.01814992792, -2.12692801104, -0.97407698418, -0.69314718056, -0.47407698418, -0.126928011043,
     -0.000335406372896],
     [0.982013790038, 0.880797077978, 0.622459331202, 0.5, 0.377540668798, 0.119202922022, 0.000335350130466]),
    ("hard_sigmoid", [0.0, 0.166666666667, 0.416666666667, 0.5, 0.583333333333, 0.833333333333, 1.0],
     [0.0, 0.166666666667, 0.166666666667, 0.166666666667, 0.166666666667, 0.166666666667, 0.0]),
    ("hard_silu", [-0.0, -0.333333333333, -0.208333333333, 0.0, 0.291666666667, 1.66666666667, 8.0],
     [0.0, -0.166666666667, 0.333333333333, 0.5, 0.666666666667, 1.16666666667, 1.0]),
    ("tanh", [-0.999329299739, -0.964027580076, -0.46211715726, 0.0, 0.46211715726, 0.964027580076, 0.99999977493],
     [0.00134095068303, 0.0706508248532, 0.786447732966, 1.0, 0.786447732966, 0.0706508248532, 4.50140597685e-07]),
    ("exponential", [0.0183156388887, 0.135335283237, 0.606530659713, 1.0, 1.6487212707, 7.38905609893, 2980.95798704],
     [0.0183156388887, 0.135335283237, 0.606530659713, 1.0, 1.6487212707, 7.38905609893, 2980.95798704]),
    ("mish", [-0.072591740792, -0.252501482696, -0.220743774652, 0.0, 0.375245211305, 1.94395895953, 7.99999820064],
     [-0.0537732097935, -0.10835509242, 0.289510677914, 0.6, 0.886424375358, 1.06931793428, 1.00000337258]),
]  # fmt: skip


@pytest.mark.parametrize(("name", "values", "slopes"), ACTIVATIONS)
def test_activations_and_their_slopes_are_keras_s(name: str, values: list[float], slopes: list[float]) -> None:
    x = Variable(POINTS)
    with GradientTape() as tape:
        y = activations.get(name)(x)
    np.testing.assert_allclose(y.numpy(), values, rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(tape.gradient(y, x).numpy(), slopes, rtol=1e-10, atol=1e-12)
    single = activations.get(name)(np.array(POINTS, "float32"))
    assert single.dtype == np.float32
    np.testing.assert_allclose(single, values, rtol=1e-4, atol=1e-6)


def test_activations_with_arguments() -> None:
    x = np.array(POINTS)
    assert activations.leaky_relu(x).tolist() == [-0.8, -0.4, -0.1, 0, 0.5, 2, 8]
    assert activations.relu(x, 0.5, 4.0, 1.0).tolist() == [-2.5, -1.5, -0.75, -0.5, -0.25, 2, 4]
    assert activations.relu(x, 0.5).tolist() == [-2, -1, -0.25, 0, 0.5, 2, 8]
    np.testing.assert_allclose(
        activations.gelu(x), x * [3.167e-5, 0.02275, 0.3085375, 0.5, 0.6914625, 0.97725, 1], rtol=1e-4
    )
    np.testing.assert_allclose(activations.gelu(x, approximate=True), activations.gelu(x), atol=1e-3)
    np.testing.assert_allclose(activations.softmax(np.log([[1.0, 2.0, 5.0]])), [[0.125, 0.25, 0.625]], rtol=1e-15)
    np.testing.assert_allclose(activations.log_softmax(np.log([[1.0, 7.0]])), np.log([[0.125, 0.875]]), rtol=1e-12)
    assert activations.get(None) is activations.linear and activations.get(np.sin) is np.sin
    assert activations.get("swish") is activations.silu
    assert isinstance(activations.get(nn.Softmax), nn.Softmax)
    assert type(pickle.loads(pickle.dumps(activations.sigmoid(constant(0.0))))) is Tensor


def test_relu_lets_no_infinite_adjoint_through_where_it_is_flat() -> None:
    x = Variable([-1.0, 0.0, 4.0])
    with GradientTape() as tape:
        y = np.sqrt(activations.relu(x))
    assert tape.gradient(y, x).numpy().tolist() == [0.0, 0.0, 0.25]


ERRORS: list[tuple[Callable[[], Any], str]] = [
    (lambda: nn.Dense(2, activation="rlu"), "activation function identifier: rlu. Known: .*relu"),
    (lambda: activations.get(3), "activation function identifier: 3. Known: celu, elu, exponential, gelu"),
]

test_errors_say_what_is_wrong = over(ERRORS, says)


SHRUNK = [
    ("celu", (2.0,), lambda x: x if x >= 0 else 2 * math.expm1(x / 2)),
    ("hard_tanh", (), lambda x: min(max(x, -1.0), 1.0)), ("hard_shrink", (), lambda x: x if abs(x) > 0.5 else 0.0),
    ("soft_shrink", (0.25,), lambda x: math.copysign(max(abs(x) - 0.25, 0.0), x)),
    ("tanh_shrink", (), lambda x: x - math.tanh(x)), ("threshold", (0.5, -7.0), lambda x: x if x > 0.5 else -7.0),
    ("squareplus", (), lambda x: (x + math.sqrt(x * x + 4)) / 2),
    ("sparse_sigmoid", (), lambda x: min(max((x + 1) / 2, 0.0), 1.0)),
    ("sparse_plus", (), lambda x: x if x >= 1 else 0.0 if x <= -1 else (x + 1) ** 2 / 4),
]  # fmt: skip


@pytest.mark.parametrize(("name", "arguments", "formula"), SHRUNK)
def test_shrunk_and_sparse_activations_are_their_formulas(name: str, arguments: Any, formula: Any) -> None:
    x = np.array([-3.0, -1.0, -0.4, 0.2, 0.5, 0.75, 1.0, 2.5])
    found = activations.get(name)(x, *arguments)
    np.testing.assert_allclose(found.numpy(), [formula(float(v)) for v in x], rtol=1e-15, atol=1e-15)
    assert activations.get(name)(np.float32(x), *arguments).dtype == "float32"


def test_gates_and_sparse_probabilities() -> None:
    x = np.array([[1.0, -2.0, 0.0, np.log(3)]])
    np.testing.assert_allclose(activations.glu(x).numpy(), [[0.5, -1.5]], rtol=1e-15)
    with pytest.raises(ValueError, match="divisible by 2"):
        activations.glu(x[:, :3])
    z = Variable([[0.5, 0.1, -3.0], [2.0, 0.0, 1.5]])
    with GradientTape() as tape:
        y = activations.sparsemax(z)
        total = np.sum(y * [[1.0, 2.0, 4.0], [1.0, 2.0, 4.0]])
    np.testing.assert_allclose(y.numpy(), [[0.7, 0.3, 0.0], [0.75, 0.0, 0.25]], rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(tape.gradient(total, z).numpy(), [[-0.5, 0.5, 0], [-1.5, 0, 1.5]], atol=1e-12)
    np.testing.assert_allclose(activations.sparsemax(z.numpy().T, axis=0).numpy(), y.numpy().T, rtol=1e-12, atol=1e-12)
