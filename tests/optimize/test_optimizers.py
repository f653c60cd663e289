"""The optimizers, and what `optimize` makes public: Keras's numbers, plain arrays as variables, names, settings."""

import pickle
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gradcalc import optimize
from gradcalc.optimize import optimizers
from gradcalc.optimize.schedules import ExponentialDecay
from gradcalc.tape import GradientTape, Variable

KERAS: list[tuple[Callable[[], optimize.Optimizer], list[float]]] = [  # by Keras 3.15.0 with TensorFlow 2.21.0, float64
    (lambda: optimize.SGD(0.125), [-0.0146083998802, -0.204642923087, 0.409591235781, 0.623067717877]),
    (lambda: optimize.SGD(0.125, momentum=0.875), [-0.151137195556, -0.290958089613, 0.452847464445, 0.756125764585]),
    (
        lambda: optimize.SGD(0.125, momentum=0.875, nesterov=True),
        [-0.234353445992, -0.284231251498, 0.54333276717, 0.847177761889],
    ),
    (
        lambda: optimize.Adam(0.125, beta_1=0.875, beta_2=0.9375),
        [-0.0806468864096, -0.337913625806, 0.145734339343, 0.677766780744],
    ),
    (
        lambda: optimize.Adam(0.125, beta_1=0.5, beta_2=0.75, epsilon=0.125, amsgrad=True),
        [-0.0277922821304, -0.24455383914, 0.267068570254, 0.628635761921],
    ),
    (
        lambda: optimize.Adam(0.125, beta_1=0.875, beta_2=0.9375, weight_decay=0.25),
        [-0.0811645550842, -0.300635958897, 0.126397325374, 0.607078717127],
    ),
    (lambda: optimize.RMSprop(0.125, rho=0.875), [-0.240106184457, -0.290254379918, -0.120645241239, 0.843208432037]),
    (
        lambda: optimize.RMSprop(0.125, rho=0.75, momentum=0.5, epsilon=0.125),
        [-0.202163637859, -0.270733907158, 0.212523118846, 0.798128512164],
    ),
    (
        lambda: optimize.RMSprop(0.125, rho=0.75, momentum=0.5, epsilon=0.125, centered=True),
        [-0.234664775783, -0.291396720458, 0.205145418826, 0.827324310375],
    ),
    (
        lambda: optimize.Adagrad(0.125, initial_accumulator_value=0.125),
        [-0.00745393890871, -0.230158890793, 0.243584209276, 0.60816618187],
    ),
    (lambda: optimize.SGD(0.125, clipnorm=0.5), [0.0657923079702, -0.252129576666, 0.277876231077, 0.580493957292]),
    (lambda: optimize.SGD(0.125, clipvalue=0.5), [0.0112395601983, -0.226986022456, 0.241717008983, 0.580493957292]),
    (
        lambda: optimize.SGD(0.125, global_clipnorm=0.5),
        [0.0627552819179, -0.250034780675, 0.283176903338, 0.531855664838],
    ),
    (
        lambda: optimize.AdamW(0.125, weight_decay=0.25, beta_1=0.875, beta_2=0.9375),
        [-0.0811645550842, -0.300635958897, 0.126397325374, 0.607078717127],
    ),
    (
        lambda: optimize.Adamax(0.125, beta_1=0.875, beta_2=0.9375),
        [-0.07675074435, -0.335408497733, 0.143637037302, 0.668907964299],
    ),
    (
        lambda: optimize.Nadam(0.125, beta_1=0.875, beta_2=0.9375),
        [-0.0429450364931, -0.248631786861, 0.146757452947, 0.644331627479],
    ),
    (lambda: optimize.Lion(0.125, beta_1=0.875, beta_2=0.75), [-0.4, -0.2, 0.3, 1]),
    (
        lambda: optimize.Adadelta(0.5, rho=0.875, epsilon=0.125),
        [-0.281004927221, -0.229927299603, 0.339611528825, 0.89103297887],
    ),
    (
        lambda: optimize.Ftrl(0.125, initial_accumulator_value=0.125),
        [-0.046189819693, -0.157680731195, -0.0350406378926, 0.396537235902],
    ),
    (
        lambda: optimize.Ftrl(
            0.125,
            learning_rate_power=-0.75,
            initial_accumulator_value=0.25,
            l1_regularization_strength=0.5,
            l2_regularization_strength=0.125,
            l2_shrinkage_regularization_strength=0.25,
            beta=0.5,
        ),
        [0, -0.0524021790615, 0, 0.167010905608],
    ),
    (
        lambda: optimize.SGD(0.125, use_ema=True, ema_momentum=0.75),
        [0.0124728196615, -0.24944597367, 0.334095633159, 0.586289872102],
    ),
    (
        lambda: optimize.Adam(
            0.125, beta_1=0.875, beta_2=0.9375, use_ema=True, ema_momentum=0.75, ema_overwrite_frequency=2
        ),
        [-0.0452854186131, -0.321498490083, 0.177013136751, 0.645499154793],
    ),
]
GRADIENTS = np.sin(np.arange(1.0, 17.0)).reshape(4, 4) * [[1.0], [1.0], [2.0], [0.5]]


@pytest.mark.parametrize(("make", "expected"), KERAS)
def test_four_steps_give_what_keras_gives(make: Callable[[], optimize.Optimizer], expected: list[float]) -> None:
    optimizer = make()
    w, b = Variable([0.1, -0.2, 0.3], dtype="float64"), Variable(0.5, dtype="float64")
    for g in GRADIENTS:
        optimizer.apply_gradients(zip([g[:3], g[3]], [w, b], strict=True))
    if not optimizer.ema_overwrite_frequency:
        optimizer.finalize_variable_values([w, b])
    rtol = 1e-7 if isinstance(optimizer, optimize.Nadam) else 1e-10  # Keras rounds Nadam's 0.96 to float32
    np.testing.assert_allclose([*w.numpy(), b.numpy()], expected, rtol=rtol)


@pytest.mark.parametrize("make", [make for make, _ in KERAS])
def test_plain_arrays_move_as_variables_do(make: Callable[[], optimize.Optimizer]) -> None:
    by_variable, by_array = make(), make()
    variable, array = Variable([0.1, -0.2, 0.3]), np.array([0.1, -0.2, 0.3])
    for g in GRADIENTS[:, :3]:
        by_variable.apply_gradients([(g, variable)])
        (array,) = by_array.update([g], [array])
    assert (variable.numpy() == array).all()
    assert int(by_array.iterations) == 4


@pytest.mark.parametrize("make", [make for make, _ in KERAS])
def test_a_step_changes_neither_the_old_value_nor_the_gradient(make: Callable[[], optimize.Optimizer]) -> None:
    optimizer = make()
    value, gradient = np.array([1.0, 2.0], "float32"), np.array([3.0, -4.0], "float32")
    for _ in range(2):
        (new,) = optimizer.update([gradient], [value])
        assert value.tolist() == [1.0, 2.0] and gradient.tolist() == [3.0, -4.0]
        assert new.dtype == np.float32 and not np.shares_memory(new, value)
        assert all(not np.shares_memory(new, state.array) for state in optimizer.variables)
        value = np.array([1.0, 2.0], "float32")


@pytest.mark.parametrize("make", [make for make, _ in KERAS])
def test_scalars_stay_scalars(make: Callable[[], optimize.Optimizer]) -> None:
    (new,) = make().update([np.float32(2.0)], [np.float32(1.0)])
    assert isinstance(new, np.float32)


def test_gradient_descent_reaches_the_minimum() -> None:
    x = Variable(0.0)
    optimizer = optimize.SGD(learning_rate=0.1)
    for _ in range(100):
        with GradientTape() as tape:
            y = x**2 + 2 * x + 1
        optimizer.apply_gradients([(tape.gradient(y, x), x)])
    assert float(x) == pytest.approx(-1, abs=1e-9)


def test_one_step_of_adam_moves_each_weight_by_the_learning_rate() -> None:
    w = Variable(np.zeros(3, "float32"))
    optimize.Adam().apply_gradients([(np.array([1e-2, -1.0, 50.0]), w)])
    np.testing.assert_allclose(w.numpy(), [-0.001, 0.001, -0.001], rtol=4e-4)


def test_defaults_are_those_of_keras() -> None:
    rates = {"sgd": 0.01, "adam": 0.001, "rm_sprop": 0.001, "adagrad": 0.001}
    for kind in (optimize.SGD, optimize.Adam, optimize.RMSprop, optimize.Adagrad):
        optimizer = kind()
        name = optimizer.name.rstrip("_0123456789")
        assert optimizer.learning_rate == rates[name]
        twin = kind.from_config(optimizer.get_config())
        assert twin.get_config() == optimizer.get_config()
    assert optimize.Adam().get_config() | {"name": ""} == {
        "name": "", "learning_rate": 0.001, "beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-7, "amsgrad": False,
        "weight_decay": None, "clipnorm": None, "clipvalue": None, "global_clipnorm": None, "use_ema": False,
        "ema_momentum": 0.99, "ema_overwrite_frequency": None, "loss_scale_factor": None,
        "gradient_accumulation_steps": None,
    }  # fmt: skip


def test_every_optimizer_is_among_those_of_keras() -> None:
    kinds = {name for name in optimizers.__all__ if name != "Optimizer"}
    assert {type(make()).__name__ for make, _ in KERAS + TEN_STEPS} == kinds
    assert {type(make(0.5)).__name__ for make, _ in optimizers.FIRST_ORDER.values()} <= kinds


def test_an_optimizer_is_found_by_its_name() -> None:
    for name in optimize.optimizers.__all__:
        if name not in ("Optimizer", "LossScaleOptimizer"):
            for word in (name, name.lower(), {"class_name": name, "config": {"learning_rate": 0.5}}):
                found = optimizers.get(word)
                assert type(found).__name__ == name
                assert type(found).from_config(found.get_config()).get_config() == found.get_config()
    assert optimizers.get(found) is found and optimizers.get(None) is None
    assert float(optimizers.get({"class_name": "Lion", "config": {"learning_rate": 0.5}}).learning_rate) == 0.5
    for wrong in ("adan", 3, {"class_name": "adan"}, {}):
        with pytest.raises(ValueError, match=r"Could not interpret optimizer identifier: .*Known: .*AdamW"):
            optimizers.get(wrong)


def test_nadam_goes_on_where_its_state_says() -> None:
    first, second = optimize.Nadam(0.125), optimize.Nadam(0.125)
    x = y = np.array([0.1, -0.2, 0.3])
    for g in GRADIENTS[:, :3]:
        (x,) = first.update([g], [x])
    second.build([x])
    second.set_weights([state.numpy() for state in first.variables])
    (y,), (x,) = second.update([GRADIENTS[0, :3]], [x]), first.update([GRADIENTS[0, :3]], [x])
    assert (x == y).all()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: optimize.AdamW(weight_decay=None), "`weight_decay` must be a float"),
        (lambda: optimize.Lion(beta_1=0.0), r"`beta_1` must be in the \[0, 1\] range.*SignSGD"),
        (lambda: optimize.Ftrl(learning_rate_power=0.5), "`learning_rate_power` needs to be negative"),
        (lambda: optimize.Ftrl(initial_accumulator_value=-1.0), "`initial_accumulator_value` needs to be positive"),
        (lambda: optimize.Ftrl(l1_regularization_strength=-1.0), "`l1_regularization_strength` needs to be positive"),
        (lambda: optimize.SGD(use_ema=True, ema_momentum=1.5), "`ema_momentum` must be in the range"),
        (lambda: optimize.SGD(use_ema=True, ema_overwrite_frequency=0), "must be an integer >= 1 or None"),
        *(
            (lambda n=n: optimize.SGD(gradient_accumulation_steps=n), "integer >= 2. Received")
            for n in (1, -1, 2.5, "a")
        ),
    ],
)
def test_settings_out_of_range_are_refused(make: Callable[[], Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()


ACCUMULATED: list[tuple[Callable[[], optimize.Optimizer], list[float], list[float]]] = [
    # after eight gradients Keras's values, steps and rate, and the sums of the optimizer's variables, in their order
    (lambda: optimize.SGD(0.125, gradient_accumulation_steps=2),
     [0.963825, -0.487885, 0.283053, 0.729368, 1.97648, 4.0, 0.125], [8.0, 0.125, 0.0, 0.0]),
    (lambda: optimize.SGD(0.125, momentum=0.5, clipnorm=0.5, use_ema=True, ema_momentum=0.75, gradient_accumulation_steps=2),
     [0.968371, -0.508274, 0.283762, 0.749574, 1.96456, 4.0, 0.125], [8.0, 0.125, 1.4963, 1.9613, 0.0, 0.0, -0.010361, -0.011607]),
    (lambda: optimize.Adam(0.125, use_ema=True, ema_momentum=0.75, ema_overwrite_frequency=2, gradient_accumulation_steps=3),
     [1.15347, -0.656283, 0.104138, 0.906256, 2.14872, 2.0, 0.125], [8.0, 0.125, 1.5076, 2.1487, 0.30341, 0.41345, -0.003689, 1.9511e-05, -0.029787, 8.4897e-05]),
    (lambda: optimize.AdamW(ExponentialDecay(0.125, 2, 0.5), weight_decay=0.1, global_clipnorm=1.0, gradient_accumulation_steps=3),
     [1.07405, -0.580261, 0.170772, 0.828131, 2.06225, 2.0, 0.0078125], [8.0, 0.30341, 0.41345, -0.003689, 1.9511e-05, -0.029787, 8.4897e-05]),
    (lambda: optimize.Nadam(0.125, gradient_accumulation_steps=2),
     [0.908563, -0.634421, 0.34717, 0.62476, 1.91153, 4.0, 0.125], [8.0, 0.125, 0.0, 0.0, 0.0091786, 0.0016227, 0.015237, 0.00040811, 0.059018]),
    (lambda: optimize.Ftrl(0.125, gradient_accumulation_steps=2),
     [0.358135, 0.0016762, 0.165592, -0.00143388, 0.738073, 4.0, 0.125], [8.0, 0.125, 0.0, 0.0, 2.0251, -3.1748, 0.50866, -4.2112]),
    (lambda: optimize.Adam(0.125, amsgrad=True, use_ema=True),
     [0.700976, -0.671313, 0.559515, 0.890223, 1.87676, 8.0, 0.125], [8.0, 0.125, 1.499, 1.8717, 0.01757, 0.015744, -0.048593, 0.0030626, 0.015744, 0.0030626]),
    (lambda: optimize.RMSprop(0.125, momentum=0.5, centered=True, clipvalue=0.5, gradient_accumulation_steps=2),
     [0.639455, -1.48373, 0.673767, 0.219598, 1.57261, 4.0, 0.125], [8.0, 0.125, 0.0, 0.0, 0.14008, 0.035632, 0.14546, 0.095139, 0.0091786, 0.015237]),
]  # fmt: skip


@pytest.mark.parametrize(("make", "expected", "state"), ACCUMULATED)
def test_gradients_accumulate_as_kerass_do(
    make: Callable[[], optimize.Optimizer], expected: list[float], state: list[float]
) -> None:
    optimizer = make()
    a, b = Variable(np.array([1, -0.5, 0.25, 0.75], "float32")), Variable(np.float32(2))
    for i, g in enumerate(np.sin(np.arange(40).reshape(8, 5) * 1.7 + 0.3).astype("float32")):
        with warnings.catch_warnings(action="ignore"):  # of the gradient that is not there
            optimizer.apply_gradients([(g[:4], a), (None if i == 3 else g[4], b)])
    found = [*a.numpy(), b.numpy(), int(optimizer.iterations), float(optimizer.learning_rate)]
    np.testing.assert_allclose(found, expected, rtol=2e-5)
    np.testing.assert_allclose([v.numpy().sum() for v in optimizer.variables], state, rtol=2e-4, atol=1e-7)
    assert type(optimizer).from_config(optimizer.get_config()).get_config() == optimizer.get_config()
    assert int(pickle.loads(pickle.dumps(optimizer)).variables[0]) == 8


TEN_STEPS: list[tuple[Callable[[], optimize.Optimizer], list[float]]] = [  # by Keras 3.15.1, float64
    (lambda: optimize.Lamb(0.125, beta_1=0.875, beta_2=0.9375),
     [0.320731164128, 1.04970575697, 0.754678056096, -0.882264344974, -1.58055707229, -1.18584210779, -0.855948919199, -2.30442402724]),
    (lambda: optimize.Lamb(0.125, beta_1=0.875, beta_2=0.9375, weight_decay=0.125),
     [0.294149587514, 0.893882084086, 0.631948849971, -0.696008513882, -1.41100296579, -1.0469899996, -0.739129160714, -1.99086998026]),
    (lambda: optimize.ScheduleFreeAdamW(0.125, beta_1=0.875, beta_2=0.9375),
     [0.767249045868, 0.999478689935, 0.395157027593, -0.707538158599, -1.16965475936, -0.58518881799, -0.0129480942212, -2.43048009003]),
    (lambda: optimize.ScheduleFreeAdamW(0.125, beta_1=0.875, beta_2=0.9375, warmup_steps=4, weight_decay=0.125),
     [0.827174791695, 0.945911431558, 0.190398084626, -0.782472786899, -1.02206048055, -0.361370140156, 0.151530157131, -2.39016746231]),
    (lambda: optimize.Adafactor(0.125),
     [0.899947469297, 1.07887540755, 0.272849929668, -0.856205919588, -0.979714009115, -0.780203291864, -1.00484984954, -3.22196623488]),
    (lambda: optimize.Adafactor(0.5, weight_decay=0.125, beta_2_decay=-0.5, clip_threshold=0.5),
     [0.533018419684, 0.59433360933, 0.12261808994, -0.62639935274, -0.567387331061, -0.489782957178, -1.43436255599, -2.31550995175]),
    (lambda: optimize.Muon(0.125, adam_beta_1=0.875, adam_beta_2=0.9375, weight_decay=0.125, adam_weight_decay=0.25),
     [0.64047401229, 0.835274980329, 0.159705242168, -0.67543500085, -0.795766151032, -0.450637287923, -0.328678871979, -1.70367088089]),
    (lambda: optimize.Muon(0.125, adam_beta_1=0.875, adam_beta_2=0.9375, nesterov=False,
      rms_rate=None, adam_lr_ratio=2, weight_decay=None, adam_weight_decay=0.25),
     [0.525998065381, 1.06623403388, 0.311024282724, -0.910087209113, -0.683250507537, -1.18682595145, -1.39420196648, -2.04651441627]),
    (lambda: optimize.LossScaleOptimizer(optimize.SGD(0.125, momentum=0.875), 4.0, 3),
     [0.563092513663, 1.09754781236, 0.428596073568, -0.717264041435, -0.962298140942, -0.46380945406, -0.223865196222, -2.0498688999]),
    (lambda: optimize.Adam(0.125, beta_1=0.875, beta_2=0.9375, loss_scale_factor=8.0),
     [0.491762601152, 0.937648581947, 0.602121419767, -0.571088504917, -1.34665443003, -0.920303355403, -0.212898113705, -2.17398860342]),
]  # fmt: skip
"""Of ScheduleFreeAdamW with its old z copied: with TensorFlow Keras reads it when it is overwritten, with JAX before."""


@pytest.mark.parametrize(("make", "expected"), TEN_STEPS)
def test_ten_steps_of_a_matrix_and_a_vector_are_keras_s(make: Any, expected: list[float]) -> None:
    """What looks at a whole value, not at its elements alone: of a matrix, and of what is none."""
    optimizer, a, b = make(), np.sin(np.arange(1.0, 7)).reshape(2, 3), np.array([1.0, -2.0])
    places = [Variable(a), Variable(b)]
    for t in range(10):
        a, b = (place.numpy() for place in places)
        optimizer.apply([np.cos(np.arange(6.0) + t).reshape(2, 3) * (1 + a), np.array([0.5, 0.25]) * (b + t)], places)
    np.testing.assert_allclose(np.concatenate([np.ravel(place.numpy()) for place in places]), expected, rtol=1e-10)


def test_the_scale_of_a_loss_is_halved_by_what_is_not_finite_and_doubled_after_growth_steps() -> None:
    optimizer = optimize.LossScaleOptimizer(optimize.SGD(0.5), 400.0, dynamic_growth_steps=2)
    x = Variable([1.0, 2.0])
    optimizer.apply([np.array([np.inf, 1.0])], [x])
    assert x.numpy().tolist() == [1, 2]
    assert float(optimizer.scale_loss(1.0)) == 200
    for _ in range(2):
        optimizer.apply_gradients([(np.array([200.0, 400.0]), x)])
    assert x.numpy().tolist() == [0, 0]
    assert float(optimizer.scale_loss(1.0)) == 400
    again = optimize.optimizers.get({"class_name": "LossScaleOptimizer", "config": optimizer.get_config()})
    assert again.get_config() == optimizer.get_config()
    with pytest.raises(ValueError, match="does not support `clipnorm`. Instead, set `clipnorm` on the `inner_opt"):
        optimize.LossScaleOptimizer(optimize.SGD(), clipnorm=1.0)
    with pytest.raises(ValueError, match="does not support arguments: `foo`"):
        optimize.LossScaleOptimizer(optimize.SGD(), foo=1)
