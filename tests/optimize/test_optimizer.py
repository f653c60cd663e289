"""The base of the optimizers: applying, limits, weight decay, learning rates, running means, state, errors."""

import copy
from typing import Any

import numpy as np
import pytest

from gradcalc import optimize
from gradcalc.graph import ops
from gradcalc.tape import Variable


def test_applying_returns_and_counts_the_steps() -> None:
    optimizer, w = optimize.SGD(0.5), Variable([1.0])
    assert optimizer.apply_gradients([([1.0], w)]) is optimizer.iterations
    optimizer.apply([[1.0]])
    assert int(optimizer.iterations) == 2 and w.numpy() == 0.0
    optimizer.apply([])
    assert optimizer.iterations == 2


def test_a_variable_without_gradient_stays_with_a_warning_that_names_it() -> None:
    w, b = Variable([1.0], name="w"), Variable([1.0], name="b")
    optimizer = optimize.SGD(0.5, momentum=0.5)
    with pytest.warns(UserWarning, match=r"Gradients do not exist for variables \['w:0'\]"):
        optimizer.apply_gradients([(None, w), ([1.0], b)])
    assert w.numpy() == 1.0 and b.numpy() == 0.5
    assert optimizer.variables[3].numpy() == -0.5


def test_what_cannot_be_applied_is_refused() -> None:
    w = Variable([1.0], name="w")
    optimizer = optimize.SGD()
    with pytest.raises(ValueError, match="No gradients provided for any variable"):
        optimizer.apply_gradients([(None, w)])
    with pytest.raises(ValueError, match="Unknown variable: .*recreate a new optimizer"):
        optimizer.apply_gradients([([1.0], Variable([1.0]))])
    with pytest.raises(ValueError, match=r"gradient of shape \(2,\) for a value of shape \(1,\)"):
        optimizer.apply_gradients([([1.0, 2.0], w)])
    with pytest.raises(ValueError, match="2 gradients for 1 variables"):
        optimizer.apply([[1.0], [2.0]])
    with pytest.raises(ValueError, match="must already be built"):
        optimize.SGD().apply([[1.0]])
    assert w.numpy() == 1.0 and optimizer.iterations == 0


def test_what_makes_no_optimizer_is_refused() -> None:
    with pytest.raises(ValueError, match="learning_rate` should be float"):
        optimize.SGD("fast")
    with pytest.raises(ValueError, match="momentum` must be a float between"):
        optimize.SGD(momentum=1.5)
    with pytest.raises(ValueError, match=r"not recognized: \{'decay': 0.1\}"):
        optimize.Adam(decay=0.1)
    with pytest.raises(ValueError, match="Only one of `clipnorm`"):
        optimize.Adam(clipnorm=1.0, clipvalue=1.0)


def test_names_are_numbered() -> None:
    first, second = optimize.Adagrad(), optimize.Adagrad()
    number = int(first.name.partition("_")[2] or 0)
    assert second.name == f"adagrad_{number + 1}"


def test_the_learning_rate_can_be_set() -> None:
    optimizer, w = optimize.SGD(0.5), Variable([1.0])
    optimizer.learning_rate = 0.25
    assert optimizer.learning_rate.numpy() == 0.25
    optimizer.learning_rate.assign(0.125)
    optimizer.apply_gradients([([1.0], w)])
    assert w.numpy() == 0.875 and f"{optimizer.learning_rate:.2f}" == "0.12"
    optimizer.learning_rate = Variable(1.0)
    assert optimizer.learning_rate == 1.0
    optimizer.learning_rate = lambda: 0.5
    optimizer.apply_gradients([([1.0], w)])
    assert w.numpy() == 0.375


def test_a_schedule_sets_the_learning_rate_of_each_step() -> None:
    optimizer, w = optimize.SGD(optimize.PiecewiseConstantDecay([0, 1], [4.0, 2.0, 1.0])), Variable([0.0])
    values = []
    for _ in range(3):
        optimizer.apply_gradients([([1.0], w)])
        values.append(w.numpy().item())
    assert values == [-4.0, -6.0, -7.0]
    with pytest.raises(TypeError, match="not settable"):
        optimizer.learning_rate = 0.1


def test_weight_decay_can_leave_variables_out() -> None:
    kernel, bias, scale = (Variable([8.0], name=name) for name in ("kernel", "bias", "scale"))
    optimizer = optimize.SGD(0.5, weight_decay=0.25)
    optimizer.exclude_from_weight_decay(var_list=[scale], var_names=["bias"])
    optimizer.apply_gradients([([0.0], variable) for variable in (kernel, bias, scale)])
    assert [v.numpy().item() for v in (kernel, bias, scale)] == [7.0, 8.0, 8.0]
    with pytest.raises(ValueError, match="before the optimizer is built"):
        optimizer.exclude_from_weight_decay(var_names=["kernel"])


def test_variables_show_the_state_and_can_be_put_back() -> None:
    w = Variable(np.ones(2, "float32"), name="w")
    optimizer = optimize.Adam(0.5, name="adam_state")
    optimizer.build([w])
    assert [state.path for state in optimizer.variables] == [
        "adam_state/iteration", "adam_state/learning_rate", "adam_state/w_0_momentum", "adam_state/w_0_velocity",
    ]  # fmt: skip
    assert repr(optimizer.variables[0]) == "<Variable path=adam_state/iteration, shape=(), dtype=int64, value=0>"
    assert repr(optimizer) == "<Adam name=adam_state, learning_rate=0.5>"
    optimizer.apply_gradients([([1.0, 2.0], w)])
    kept, value = [state.numpy() for state in optimizer.variables], w.numpy()
    optimizer.apply_gradients([([1.0, 2.0], w)])
    after = w.numpy()
    optimizer.set_weights(kept)
    w.assign(value)
    optimizer.apply_gradients([([1.0, 2.0], w)])
    assert (w.numpy() == after).all()
    with pytest.raises(ValueError, match="3 weights for the 4 variables"):
        optimizer.set_weights(kept[:3])
    with pytest.raises(ValueError, match="not yet been built"):
        optimize.Adam().set_weights([])


def test_a_subclass_gives_its_formula() -> None:
    class Signs(optimize.Optimizer):
        def step(self, g: Any, w: Any, state: Any, rate: Any) -> tuple[Any, ...]:
            return (w - rate * ops.sign(g),)

    w = Variable([1.0, 1.0])
    Signs(0.5).apply_gradients([([3.0, -3.0], w)])
    assert w.numpy().tolist() == [0.5, 1.5]
    with pytest.raises(NotImplementedError, match="must define step"):
        optimize.Optimizer(0.5).update([np.ones(1)], [np.ones(1)])


def test_infinite_gradients_are_not_hidden_by_clipping() -> None:
    (new,) = optimize.SGD(1.0, clipvalue=1.0).update([np.array([np.inf, -np.inf])], [np.zeros(2)])
    assert new.tolist() == [-1.0, 1.0]
    (new,) = optimize.SGD(1.0, clipnorm=1.0).update([np.array([3.0, 4.0])], [np.zeros(2)])
    np.testing.assert_allclose(new, [-0.6, -0.8], rtol=1e-15)
    (new,) = optimize.SGD(1.0, clipnorm=1.0).update([np.zeros(2)], [np.zeros(2)])
    assert new.tolist() == [0.0, 0.0]


CLIPPED = [
    ({"clipnorm": 1.0}, [3e30, 4e30], [-0.6, -0.8]), ({"clipnorm": 1.0}, [np.inf, 1.0], [np.nan, 0]),
    ({"clipnorm": 1.0}, [0.0, 0.0], [0, 0]), ({"global_clipnorm": 1.0}, [3e30, 1.0], [np.nan, np.nan]),
    ({"global_clipnorm": 1.0}, [np.nan, 1.0], [np.nan, np.nan]), ({"global_clipnorm": 1.0}, [3.0, 4.0], [-0.6, -0.8]),
]  # fmt: skip


@pytest.mark.parametrize(("limit", "gradient", "expected"), CLIPPED)
def test_gradients_without_a_finite_norm_are_not_zero(limit: Any, gradient: Any, expected: Any) -> None:
    (value,) = optimize.SGD(1.0, **limit).update([np.float32(gradient)], [np.zeros(2, np.float32)])
    np.testing.assert_allclose(value, expected, rtol=1e-6)


def test_a_value_that_no_gradient_moves_is_its_own_mean() -> None:
    w, b = Variable([1.0]), Variable([2.0])
    optimizer = optimize.SGD(0.5, use_ema=True)
    with pytest.warns(UserWarning, match="Gradients do not exist"):
        optimizer.apply([[1.0], None], [w, b])
    optimizer.finalize_variable_values([w, b])
    assert w.numpy() == 0.5 and b.numpy() == 2.0


def test_a_copy_goes_on_with_its_copies_of_the_variables() -> None:
    w = Variable(1.0)
    optimizer = optimize.Adam(0.5)
    optimizer.apply([1.0], [w])
    twin, copied = copy.deepcopy((optimizer, w))
    for one, place in ((optimizer, w), (twin, copied)):
        one.apply([2.0], [place])
    assert copied.numpy() == w.numpy() != 1 and copied is not w
