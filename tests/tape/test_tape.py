"""GradientTape: TensorFlow's meaning, masks, nesting, what is freed, errors that teach."""

import asyncio
import contextvars
import gc
import threading
import tracemalloc
import warnings
import weakref
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import gradcalc
from gradcalc import GradientTape, Tensor, Variable, constant
from gradcalc.tape.tensor import LIVE
from tests.tape.programs import agrees, outcome, program


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


CHANGED: list[tuple[Callable[..., Any], Any]] = [
    (lambda x, i: np.take(x, i, axis=0), np.array([0, 0, 2])),
    (lambda x, i: np.take_along_axis(x, i, axis=0), np.array([[0, 1]])),
    (lambda x, c: np.compress(c, x, axis=0), np.array([True, False, True])),
    (lambda x, c: np.extract(c, x[:, 0]), np.array([True, False, True])),
    (lambda x, n: np.repeat(x, n, axis=0), np.array([1, 2, 0])),
    (lambda x, i: np.delete(x, i, axis=0), np.array([1])),
    (lambda x, i: np.insert(x[:, 0], i, x[:, 1]), np.array([0, 1, 3])),
    (lambda x, i: np.choose(i, [x[:, 0], x[:, 1]]), np.array([0, 1, 0])),
    (lambda x, w: np.max(x, axis=0, where=w[:, None], initial=-9), np.array([True, False, True])),
    (lambda x, w: np.sum(x, axis=0, where=w[:, None]), np.array([True, False, True])),
    (lambda x, i: x[i], np.array([0, 0, 2])),
    (lambda x, c: np.where(c[:, None], x, 2 * x), np.array([True, False, True])),
    (lambda x, s: np.roll(x, s, axis=(0, 1)), np.array([1, 0])),
    (lambda x, w: w @ x, np.array([1.0, 2.0, 3.0])),
]


@pytest.mark.parametrize(("f", "given"), CHANGED)
def test_what_is_given_besides_may_change_after_the_call(f: Callable[..., Any], given: Any) -> None:
    x, argument = constant(np.arange(6.0).reshape(3, 2)), given.copy()
    with GradientTape(persistent=True) as tape:
        tape.watch(x)
        y = f(x, argument)
        z = np.sum(np.sin(y) * np.arange(y.size).reshape(y.shape))
    before, value = tape.gradient(z, x).numpy(), y.numpy()
    argument[...] = 0
    np.testing.assert_array_equal(y.numpy(), value)
    np.testing.assert_array_equal(tape.gradient(z, x).numpy(), before)


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


# -- odd uses of tapes -------------------------------------------------------------------------------------------------


def test_a_view_whose_base_changes_after_the_use_does_not_change_the_gradient() -> None:
    x, base = Variable([1.0, 2.0]), np.full(3, 7.0)
    view = np.broadcast_to(base, (2, 3))
    with GradientTape() as tape:
        y = np.sum(x[:, None] * view)
        base[:] = 100.0
    assert tape.gradient(y, x).numpy().tolist() == [21.0, 21.0]


def test_weights_of_targets_are_matched_by_key() -> None:
    x = Variable(2.0)
    with GradientTape() as tape:
        targets = {"a": x * x, "b": [3 * x, x]}
    weights = {"b": [10.0, 100.0], "a": 1.0}
    assert tape.gradient(targets, x, output_gradients=weights).numpy() == 134.0


def test_tapes_may_end_in_the_order_in_which_they_began() -> None:
    x, first, second = Variable(2.0), GradientTape(), GradientTape(persistent=True)
    first.__enter__()
    second.__enter__()
    y = x**3
    first.__exit__(None, None, None)
    slope = first.gradient(y, x)
    second.__exit__(None, None, None)
    assert [t.numpy() for t in (slope, second.gradient(slope, x), second.gradient(y, x))] == [12.0, 12.0, 12.0]


def test_a_recorded_output_gradient_is_a_source_of_the_outer_tape() -> None:
    x, w = Variable(2.0), Variable(5.0)
    with GradientTape() as outer:
        with GradientTape() as inner:
            y = x * x
        g = inner.gradient(y, x, output_gradients=w * w)
    assert [t.numpy() for t in (g, *outer.gradient(g, [x, w]))] == [100.0, 50.0, 40.0]


def test_a_copied_context_records_no_further_than_the_tape() -> None:
    x = Variable(2.0)
    with GradientTape() as tape:
        inside = contextvars.copy_context()
        y = inside.run(lambda: x * x)
    assert inside.run(lambda: float(x * 3)) == 6.0
    assert len(tape.records) == 1
    assert tape.gradient(y, x).numpy() == 4.0


def test_a_generator_that_holds_a_tape_lets_go_of_it() -> None:
    def holding() -> Any:
        with GradientTape() as tape:
            yield tape

    generator = holding()
    tape, x = next(generator), Variable(2.0)
    y = x * x
    generator.close()
    assert LIVE.get() == ()
    assert tape.gradient(y, x).numpy() == 4.0


def test_a_tape_and_its_values_are_freed_without_the_collector() -> None:
    x, gone = Variable(np.ones(10)), list[Any]()

    def fail() -> None:
        with GradientTape(persistent=True) as tape:
            gone.extend(map(weakref.ref, (tape, x * 2)))
            raise KeyError

    gc.disable()
    try:
        with pytest.raises(KeyError) as caught:
            fail()
        del caught
        assert [reference() for reference in gone] == [None, None]
    finally:
        gc.enable()


def test_a_jacobian_of_many_outputs() -> None:
    x = Variable(np.linspace(0, 1, 300))
    with GradientTape() as tape:
        y = np.sin(x)
    np.testing.assert_allclose(tape.jacobian(y, x).numpy(), np.diag(np.cos(x.numpy())), rtol=1e-15)


def custom(gradient: Any) -> Any:
    """The gradient of a custom function that uses a variable."""
    x, w = Variable(2.0), Variable(3.0)
    with GradientTape() as tape:
        y = gradcalc.custom_gradient(lambda a: (a * w, gradient))(x)
    return tape.gradient(y, x)


MISUSES: list[tuple[Callable[[Tensor, GradientTape], Any], str]] = [
    (lambda x, t: t.jacobian([x, x], x), "one tensor for target, not a list; try: a call for each"),
    (lambda x, t: t.jacobian(None, x), "one tensor for target, not a NoneType"),
    (lambda x, t: t.batch_jacobian(x, [x]), "one tensor for source, not a list"),
    (lambda x, t: gradcalc.custom_gradient(lambda a: a * 2)(x), "no pair of its result and a gradient function"),
    (lambda x, t: custom(lambda upstream: upstream), r"uses Variable:0, .* takes no variables="),
    (lambda x, t: gradcalc.grad(lambda a: a, argnums=3)(1.0), "argnums=3 of a call with 1 positional"),
    (lambda x, t: gradcalc.hvp(lambda a: a)(1.0), "a call with 0 positional"),
    (lambda x, t: x.astype(complex), "cannot be cast to complex128"),
    (lambda x, t: x * np.ma.masked_array([1.0, 2.0]), r"a MaskedArray beside a tensor; try: numpy\.asarray"),
    (lambda x, t: x + None, "a tensor holds real numbers"),
    (lambda x, t: np.dot(x, None), "a tensor holds real numbers"),
    (lambda x, t: "abc"[constant(1.0)], "cannot be interpreted as an integer"),  # type: ignore[index]
]


@pytest.mark.parametrize("number", range(len(MISUSES)))
def test_misuse_is_told_plainly(number: int) -> None:
    function, message = MISUSES[number]
    x = Variable([1.0, 2.0])
    with GradientTape() as tape:
        y = x * 2
    with pytest.raises((TypeError, gradcalc.TapeError), match=message):
        function(y, tape)


# -- random programs ---------------------------------------------------------------------------------------------------


@pytest.mark.skipif(np.finfo(np.longdouble).eps > 1e-18, reason="needs an extended precision")
@pytest.mark.parametrize("block", range(10))
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.filterwarnings("ignore:Out of bound index found")  # of empty arrays, by NumPy before 2.3
def test_random_programs_have_right_first_and_second_derivatives(block: int) -> None:
    for seed in range(40 * block, 40 * block + 40):
        rng = np.random.default_rng(seed)
        inputs, steps = program(rng)
        along = [rng.normal(size=a.shape) for a in inputs]
        variables = [Variable(a) for a in inputs]
        with GradientTape() as outer:
            with GradientTape() as inner:
                y = outcome(variables, steps)
            recorded = inner.gradient(y, variables, unconnected_gradients="zero")
        products = outer.gradient(recorded, variables, output_gradients=along, unconnected_gradients="zero")
        with GradientTape() as tape:
            y = outcome(variables, steps)
        plain = tape.gradient(y, variables, unconnected_gradients="zero")
        for a, one, other in zip(inputs, plain, recorded, strict=True):
            assert (one.shape, one.dtype) == (a.shape, a.dtype)
            np.testing.assert_allclose(one.numpy(), other.numpy(), rtol=1e-11, atol=1e-11, err_msg=f"seed {seed}")
        first = sum(float(np.sum(g.numpy() * v)) for g, v in zip(plain, along, strict=True))
        second = sum(float(np.sum(g.numpy() * v)) for g, v in zip(products, along, strict=True))
        assert agrees(inputs, steps, along, first, second), seed


def test_parts_of_an_array_give_what_one_product_gives() -> None:
    """Overlapping parts, beside other uses before and after, of a source and of what a source made."""
    weights = np.arange(24.0).reshape(4, 6)
    for steps in (0, 1):
        x = Variable(np.cos(weights))
        with GradientTape(persistent=True) as tape:
            y = x * 1.0 if steps else x
            z = np.sum(y * weights) + np.sum(y[1:3, ::2] * weights[1:3, ::2]) + np.sum(y[2] ** 2)
            part = y[1:3]
            z = z + y[-1, -1] + np.sum(y[..., None, 1] * 3) + np.sum(y**2) / 2
        expected = x.numpy() + weights
        expected[1:3, ::2] += weights[1:3, ::2]
        expected[2] += 2 * x.numpy()[2]
        expected[-1, -1] += 1
        expected[:, 1] += 3
        for _ in range(2):  # a persistent tape answers again
            np.testing.assert_allclose(tape.gradient(z, x).numpy(), expected, rtol=1e-14)
        for gradient in tape.gradient(z, [x, y]):
            np.testing.assert_allclose(gradient.numpy(), expected, rtol=1e-14)
        np.testing.assert_allclose(tape.jacobian(part, x).numpy().sum((0, 1)), [[0] * 6, [1] * 6, [1] * 6, [0] * 6])


def test_an_adjoint_that_was_answered_is_not_changed_by_the_next_question() -> None:
    x = Variable([1.0, 2.0, 3.0])
    with GradientTape(persistent=True) as tape:
        y, z = x[0] * 2, x[1] * 3
        w = y + z
    first = tape.gradient(y, x)
    tape.gradient(w, x)
    assert first.numpy().tolist() == [2.0, 0.0, 0.0]


def test_what_follows_a_part_keeps_its_adjoint_though_parts_are_added_in_place() -> None:
    x = Variable(np.ones((3, 2)))
    with GradientTape(persistent=True) as tape:
        y = np.reshape(x * 2.0, (6,))
        z = y[0] * 1.0 + y[1:] @ np.arange(5.0)
    np.testing.assert_allclose(tape.gradient(z, [x, y])[0].numpy().ravel(), [2, 0, 2, 4, 6, 8])
    np.testing.assert_allclose(tape.gradient(z, [y, x])[0].numpy(), [1, 0, 1, 2, 3, 4])
