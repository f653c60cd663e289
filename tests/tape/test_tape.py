"""GradientTape: TensorFlow's meaning, masks, nesting, what is freed, errors that teach."""

import asyncio
import gc
import threading
import tracemalloc
import warnings
import weakref
from typing import Any

import numpy as np
import pytest

import gradcalc
from gradcalc import GradientTape, Variable, constant
from gradcalc.tape.tensor import LIVE


def values(structure: Any) -> Any:
    """Tensors as plain Python numbers and lists."""
    if isinstance(structure, dict):
        return {key: values(item) for key, item in structure.items()}
    if isinstance(structure, list | tuple):
        return type(structure)(values(item) for item in structure)
    return None if structure is None else structure.numpy().tolist()


# -- gradient ----------------------------------------------------------------------------------------------------------


def test_a_first_gradient() -> None:
    x = Variable(3.0)
    with GradientTape() as tape:
        y = x * x + 4 * x
    assert values(tape.gradient(y, x)) == 10.0


def test_sources_answer_in_their_structure() -> None:
    x, y = Variable(2.0), Variable(3.0)
    with GradientTape(persistent=True) as tape:
        z = x**2 + y**2 + 1
    assert values(tape.gradient(z, [x, y])) == [4.0, 6.0]
    assert values(tape.gradient(z, (x, y))) == (4.0, 6.0)
    assert values(tape.gradient(z, {"x": x, "both": [x, y]})) == {"x": 4.0, "both": [4.0, 6.0]}


def test_several_targets_are_summed() -> None:
    x = Variable(5.0)
    with GradientTape(persistent=True) as tape:
        y0, y1 = 3 * x, x**2
    assert values(tape.gradient([y0, y1], x)) == 13.0
    assert values(tape.gradient({"y0": y0, "y1": y1}, x)) == 13.0


def test_a_target_of_any_shape_is_summed() -> None:
    x = Variable(2.0)
    with GradientTape() as tape:
        y = x * [3.0, 4.0]
    assert values(tape.gradient(y, x)) == 7.0


def test_output_gradients_weigh_the_target() -> None:
    x = Variable([1.0, 2.0])
    with GradientTape(persistent=True) as tape:
        y = x**2
    assert values(tape.gradient(y, x, output_gradients=[1.0, 10.0])) == [2.0, 40.0]
    with pytest.raises(ValueError, match=r"output_gradients has shape \(\), its target \(2,\)"):
        tape.gradient(y, x, output_gradients=3.0)
    with pytest.raises(ValueError, match="1 output_gradients for 2 targets"):
        tape.gradient([y, y], x, output_gradients=[y])


def test_the_same_source_or_target_twice() -> None:
    x = Variable(3.0)
    with GradientTape(persistent=True) as tape:
        y = x * x
    assert values(tape.gradient(y, [x, x])) == [6.0, 6.0]
    assert values(tape.gradient([y, y], x)) == 12.0
    assert values(tape.gradient(x, x)) == 1.0


def test_an_intermediate_value_is_a_source() -> None:
    x = Variable(3.0)
    with GradientTape() as tape:
        y = x * x
        z = y * y
    assert values(tape.gradient(z, [x, y])) == [108.0, 18.0]


def test_gradients_have_the_shape_and_dtype_of_the_source() -> None:
    x = Variable(np.ones((1, 3)), dtype=np.float32)
    with GradientTape() as tape:
        y = np.sum(x * np.ones((4, 1)) * np.float64(2.0))
    g = tape.gradient(y, x)
    assert (g.shape, g.dtype) == ((1, 3), np.float32)
    assert values(g) == [[8.0, 8.0, 8.0]]


def test_assignment_after_the_use_does_not_change_the_gradient() -> None:
    x = Variable(3.0)
    with GradientTape() as tape:
        y = x * x
        x.assign(100.0)
        z = y + x
    assert values(tape.gradient(z, x)) == 7.0


def test_an_array_changed_after_the_use_does_not_change_the_gradient() -> None:
    x, a, index = Variable([1.0, 2.0]), np.array([3.0, 4.0]), np.array([0, 0])
    with GradientTape() as tape:
        y = np.sum(x * a) + np.sum(x[index])
    a[:] = 0
    index[:] = 1
    assert values(tape.gradient(y, x)) == [5.0, 4.0]


# -- watching ----------------------------------------------------------------------------------------------------------


def test_constants_are_watched_only_on_request() -> None:
    x = constant(3.0)
    with GradientTape(persistent=True) as tape:
        before = x * x
        tape.watch(x)
        after = x * x
    assert tape.gradient(before, x) is None
    assert values(tape.gradient(after, x)) == 6.0


def test_watch_takes_structures_and_refuses_what_is_no_tensor() -> None:
    x, y = constant(1.0), constant(2.0)
    with GradientTape() as tape:
        tape.watch([x, {"y": y}])
        z = x * y
    assert values(tape.gradient(z, [x, y])) == [2.0, 1.0]
    with pytest.raises(TypeError, match=r"watch takes tensors, not float: gradcalc\.constant makes one"):
        tape.watch(3.0)


def test_variables_are_watched_if_trainable_and_asked_for() -> None:
    x, fixed = Variable(1.0), Variable(2.0, trainable=False)
    with GradientTape() as tape:
        y = x * fixed
    assert tape.watched_variables() == (x,)
    assert values(tape.gradient(y, [x, fixed])) == [2.0, None]
    with GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(fixed)
        y = x * fixed
    assert tape.watched_variables() == (fixed,)
    assert values(tape.gradient(y, [x, fixed])) == [None, 1.0]


def test_unconnected_sources_are_none_or_zero() -> None:
    x, y = Variable([1.0, 2.0]), Variable(3.0)
    with GradientTape(persistent=True) as tape:
        z = y * 2
    assert tape.gradient(z, x) is None
    assert values(tape.gradient(z, [x, y], unconnected_gradients="zero")) == [[0.0, 0.0], 2.0]
    assert values(tape.gradient(z, x, unconnected_gradients=gradcalc.UnconnectedGradients.ZERO)) == [0.0, 0.0]
    with pytest.raises(ValueError, match="'zeros' is not a valid UnconnectedGradients"):
        tape.gradient(z, x, unconnected_gradients="zeros")


def test_integers_are_warned_about() -> None:
    x = constant(10)
    with GradientTape() as tape:
        with pytest.warns(UserWarning, match=r"dtype int64: only floats have a gradient; write 3\.0 for 3"):
            tape.watch(x)
        y = x * x
    with pytest.warns(UserWarning, match="the target has dtype int64"):
        assert tape.gradient(y, x) is None


def test_a_target_or_source_that_is_no_tensor_is_refused() -> None:
    x = Variable(1.0)
    with GradientTape(persistent=True) as tape:
        y = x * 2
    with pytest.raises(TypeError, match="a target must be a tensor, not float"):
        tape.gradient(2.0, x)
    with pytest.raises(TypeError, match="a source must be a variable or a tensor, not float"):
        tape.gradient(y, 1.0)


# -- recording ---------------------------------------------------------------------------------------------------------


def test_a_tape_answers_once_unless_persistent() -> None:
    x = Variable(3.0)
    with GradientTape() as tape:
        y = x * x
    tape.gradient(y, x)
    with pytest.raises(RuntimeError, match=r"answered already.*\n.*persistent=True"):
        tape.gradient(y, x)
    with GradientTape(persistent=True) as tape:
        y = x * x
    assert values([tape.gradient(y, x), tape.gradient(y, x)]) == [6.0, 6.0]


def test_asking_inside_the_tape_is_warned_about() -> None:
    x = Variable(3.0)
    with GradientTape() as tape:
        y = x * x
        with pytest.warns(UserWarning, match="ends the recording here: call it after the block"):
            assert values(tape.gradient(y, x)) == 6.0
        assert LIVE.get() == ()
    with GradientTape(persistent=True) as tape:
        y = x * x * x
        with pytest.warns(UserWarning, match="records the gradient's own operations too"):
            g = tape.gradient(y, x)
    assert values(tape.gradient(g, x)) == 18.0


def test_entering_a_recording_tape_is_refused() -> None:
    with GradientTape() as tape, pytest.raises(gradcalc.TapeError, match="recording already"):
        tape.__enter__()
    assert LIVE.get() == ()


def test_a_tape_goes_on_when_entered_again() -> None:
    x = Variable(3.0)
    tape = GradientTape(persistent=True)
    with tape:
        y = x * x
    z = y * 7
    with tape:
        w = y * 2
    assert tape.gradient(z, x) is None
    assert values(tape.gradient(w, x)) == 12.0


def test_stop_recording() -> None:
    x = Variable(3.0)
    with GradientTape(persistent=True) as tape:
        y = x * x
        with tape.stop_recording():
            hidden = x * x * x
        z = y + hidden
    assert values(tape.gradient(z, x)) == 6.0
    with pytest.raises(gradcalc.TapeError, match="not recording"), tape.stop_recording():
        pass


def test_reset_forgets() -> None:
    x, c = Variable(3.0), constant(1.0)
    with GradientTape() as tape:
        tape.watch(c)
        y = x * x * c
        tape.reset()
        z = x * 2 * c
    assert tape.watched_variables() == (x,)
    assert values(tape.gradient([y, z], [x, c])) == [2.0, None]


def test_an_exception_leaves_nothing_behind() -> None:
    x = Variable(1.0)
    with pytest.raises(ZeroDivisionError), GradientTape():
        x * 2
        1 / 0  # noqa: B018
    assert LIVE.get() == ()
    assert float(x) == 1.0


def test_stop_gradient() -> None:
    x, y = Variable(2.0), Variable(3.0)
    with GradientTape() as tape:
        z = gradcalc.stop_gradient(x * x) * y + x
    assert values(tape.gradient(z, [x, y])) == [1.0, 4.0]


# -- nesting -----------------------------------------------------------------------------------------------------------


def test_second_derivatives_by_nested_tapes() -> None:
    x, y = Variable(2.0), Variable(3.0)
    with GradientTape(persistent=True) as outer:
        with GradientTape() as inner:
            z = x**4 + y**2 + 1
        dx, dy = inner.gradient(z, [x, y])
    assert values([dx, dy]) == [32.0, 6.0]
    assert values(outer.gradient(dx, [x, y]) + outer.gradient(dy, [x, y])) == [48.0, None, None, 2.0]


def test_tapes_nest_to_any_order() -> None:
    x = constant(2.0)
    tapes = [GradientTape() for _ in range(5)]
    for tape in tapes:
        tape.__enter__()
        tape.watch(x)
    y: Any = x**5 + np.sin(x)
    found = []
    for tape in reversed(tapes):
        tape.__exit__(None, None, None)
        y = tape.gradient(y, x)
        found.append(float(y.numpy()))
    s, c = np.sin(2.0), np.cos(2.0)
    np.testing.assert_allclose(found, [80 + c, 160 - s, 240 - c, 240 + s, 120 + c], rtol=1e-14)


def test_several_tapes_side_by_side() -> None:
    x, y = constant(0.5), constant(2.0)
    with GradientTape() as one, GradientTape() as two:
        one.watch(x)
        two.watch(y)
        z = np.sin(x) * y
    assert values(one.gradient(z, x)) == pytest.approx(2 * np.cos(0.5), rel=1e-15)
    assert values(two.gradient(z, y)) == pytest.approx(np.sin(0.5), rel=1e-15)


def test_threads_do_not_mix() -> None:
    x, found = Variable(1.0), dict[int, Any]()
    gate = threading.Barrier(3, timeout=30)

    def work(n: int) -> None:
        with GradientTape() as tape:
            gate.wait()
            y = x * n
            gate.wait()
        found[n] = (len(tape.records), tape.gradient(y, x).numpy())

    threads = [threading.Thread(target=work, args=(n,)) for n in (2, 3)]
    for thread in threads:
        thread.start()
    with GradientTape() as tape:
        gate.wait()
        gate.wait()
    for thread in threads:
        thread.join()
    assert found == {2: (1, 2.0), 3: (1, 3.0)}
    assert tape.records == []


def test_tasks_do_not_mix() -> None:
    async def work(n: int) -> Any:
        x = Variable(float(n))
        with GradientTape() as tape:
            await asyncio.sleep(0)
            y = x * x
            await asyncio.sleep(0)
        return len(tape.records), tape.gradient(y, x).numpy()

    async def both() -> Any:
        return await asyncio.gather(work(2), work(3))

    assert asyncio.run(both()) == [(1, 4.0), (1, 6.0)]


# -- jacobians ---------------------------------------------------------------------------------------------------------


def test_jacobian_has_the_target_s_axes_first() -> None:
    x, a = Variable([1.0, 2.0, 3.0]), np.arange(6.0).reshape(2, 3)
    with GradientTape(persistent=True) as tape:
        y = np.reshape(a @ x, (2, 1))
        unrelated = x * 2
    assert values(tape.jacobian(y, x)) == [[row] for row in a.tolist()]
    assert values(tape.jacobian(y, [x, unrelated])) == [[[row] for row in a.tolist()], None]
    assert tape.jacobian(y, unrelated, unconnected_gradients="zero").shape == (2, 1, 3)


def test_jacobian_of_a_scalar_and_of_nothing() -> None:
    x = Variable([1.0, 2.0])
    with GradientTape(persistent=True) as tape:
        y = np.sum(x**2)
        empty = x[:0]
    assert values(tape.jacobian(y, x)) == [2.0, 4.0]
    assert tape.jacobian(empty, x).shape == (0, 2)


def test_hessian_by_the_jacobian_of_the_gradient() -> None:
    x = Variable([1.0, 2.0])
    with GradientTape() as outer:
        with GradientTape() as inner:
            y = x[0] ** 3 * x[1]
        g = inner.gradient(y, x)
    assert values(outer.jacobian(g, x)) == [[12.0, 3.0], [3.0, 0.0]]


def test_a_jacobian_is_recorded_by_an_outer_tape() -> None:
    x = Variable([1.0, 2.0])
    with GradientTape() as outer:
        with GradientTape() as inner:
            y = x**3
        j = inner.jacobian(y, x)
    assert values(outer.gradient(j, x)) == [6.0, 12.0]


def test_batch_jacobian() -> None:
    x = Variable(np.arange(6.0).reshape(3, 2))
    with GradientTape(persistent=True) as tape:
        y = np.stack([x[:, 0] * x[:, 1], x[:, 0] ** 2, 3 * x[:, 1]], axis=1)
    found = tape.batch_jacobian(y, x)
    assert found.shape == (3, 3, 2)
    whole = tape.jacobian(y, x).numpy()
    np.testing.assert_array_equal(found.numpy(), [whole[i, :, i] for i in range(3)])
    with pytest.raises(ValueError, match=r"as many rows in target \(3, 3\) as in source \(2,\)"):
        tape.batch_jacobian(y, x[0])


# -- masks: what is not chosen never reaches the result ----------------------------------------------------------------

SAFE = [
    (lambda x: np.where(x > 0, np.log(x), 0.0), [0.0, 0.0, 0.5]),
    (lambda x: np.where(x > 0, np.sqrt(x), 0.0) * 3, [0.0, 0.0, 1.5 / 2**0.5]),
    (lambda x: np.where(x > 0, np.sqrt(x)[::-1][::-1], 0.0), [0.0, 0.0, 0.5 / 2**0.5]),
    (lambda x: np.where(x > 0, np.reshape(1 / x, (3, 1))[:, 0], 0.0), [0.0, 0.0, -0.25]),
    (lambda x: np.where(x > 5, np.sum(np.sqrt(x)), 0.0), [0.0, 0.0, 0.0]),
    (lambda x: np.where(x > 0, 0.0, np.where(x < 0, np.log(-x), 1.0)), [-1.0, 0.0, 0.0]),
    (lambda x: np.where(x > 0, x**0.5, 0.0) + np.where(x < 0, x**2, 0.0), [-2.0, 0.0, 0.5 / 2**0.5]),
    (lambda x: np.log(x)[constant([False, False, True])], [0.0, 0.0, 0.5]),
    (lambda x: np.max(np.log(x * [0.0, 1.0, 1.0])), [0.0, 0.0, 0.5]),
    (lambda x: np.where(np.abs(x) > 0, np.sqrt(np.abs(x)), 0.0), [-0.5, 0.0, 0.5 / 2**0.5]),
]


@pytest.mark.parametrize("number", range(len(SAFE)))
def test_what_is_not_chosen_gives_no_nan(number: int) -> None:
    function, expected = SAFE[number]
    x = Variable([-1.0, 0.0, 2.0])
    with GradientTape() as tape, np.errstate(all="ignore"):
        y = np.sum(function(x))
    np.testing.assert_allclose(tape.gradient(y, x), expected, rtol=1e-15)


def test_what_is_not_chosen_gives_no_nan_in_order_2() -> None:
    x = Variable([-1.0, 0.0, 2.0])
    with np.errstate(all="ignore"):
        with GradientTape() as outer:
            with GradientTape() as inner:
                y = np.sum(np.where(x > 0, np.sqrt(x) * np.log(x), 0.0))
            g = inner.gradient(y, x)
        h = outer.gradient(g, x)
    np.testing.assert_allclose(h, [0, 0, -np.log(2) / 4 / 2**1.5], rtol=1e-15)


def test_a_value_used_on_both_sides_keeps_both_masks() -> None:
    x = Variable([-4.0, 0.0, 4.0])
    with GradientTape() as tape, np.errstate(all="ignore"):
        root = np.sqrt(np.abs(x))
        y = np.sum(np.where(x > 0, root, 0.0) + np.where(x < 0, 3 * root, 0.0))
    np.testing.assert_array_equal(tape.gradient(y, x), [-0.75, 0, 0.25])


def test_a_broadcast_value_that_no_element_uses() -> None:
    x, c = Variable([-1.0, -2.0]), Variable(0.0)
    with GradientTape() as tape, np.errstate(all="ignore"):
        y = np.sum(np.where(x > 0, x * np.log(c), 0.0))
    np.testing.assert_array_equal(tape.gradient(y, c), 0.0)


def test_zero_times_infinity_is_not_hidden() -> None:
    x = Variable(0.0)
    with GradientTape() as tape:
        y = np.cbrt(x) ** 3
    assert np.isnan(tape.gradient(y, x).numpy())


# -- memory ------------------------------------------------------------------------------------------------------------


def test_a_long_chain_is_swept_without_recursion_and_let_go() -> None:
    x = Variable(1.0)
    with GradientTape() as tape:
        y = x * 1.0
        for _ in range(100_000):
            y = y * 1.00001
    assert float(tape.gradient(y, x).numpy()) == pytest.approx(1.00001**100_000, rel=1e-9)
    assert tape.records == []
    gone = weakref.ref(y)
    del y
    assert gone() is None


def test_an_unused_tape_lets_go_too() -> None:
    x = Variable(1.0)
    with GradientTape() as tape:
        y = x * 2
        z = np.sin(y)
    gone = weakref.ref(y)
    del tape, y, z
    gc.collect()
    assert gone() is None


def test_the_sweep_frees_as_it_goes() -> None:
    x = Variable(np.ones(200_000))
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        with GradientTape() as tape:
            y = x
            for _ in range(20):
                y = np.tanh(y) * 1.1
            z = np.sum(y)
        activations = tracemalloc.get_traced_memory()[0] - before
        tape.gradient(z, x)
        peak = tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()
    assert activations > 40 * 8 * 200_000 * 0.99
    assert peak < 1.3 * activations


def test_the_sweep_warns_of_nothing() -> None:
    x = Variable([0.0, 1.0])
    with GradientTape() as tape:
        y = np.sqrt(x)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        g = tape.gradient(y, x)
    np.testing.assert_array_equal(g, [np.inf, 0.5])
