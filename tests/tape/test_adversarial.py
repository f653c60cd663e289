"""The eager half under attack: random programs, no NaN out of nothing, nothing detached in silence, odd uses of tapes."""

import contextvars
import copy
import gc
import math
import statistics
import weakref
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from scipy import special

import gradcalc
from gradcalc import GradientTape, Variable, constant
from gradcalc.tape.tensor import LIVE, Tensor


def derivatives(function: Callable[[Any], Any], at: Any, order: int) -> list[np.ndarray[Any, Any]]:
    """The gradient of the function's sum, the gradient of that one's sum, and so on."""
    x = Variable(at)
    tapes = [GradientTape() for _ in range(order)]
    for tape in tapes:
        tape.__enter__()
    y, found = function(x), []
    for tape in reversed(tapes):
        tape.__exit__(None, None, None)
        y = tape.gradient(y, x, unconnected_gradients="zero")
        found.append(y.numpy())
    return found


# -- random programs ---------------------------------------------------------------------------------------------------

SHAPES = [(), (3,), (2, 3), (3, 1), (1, 3), (3, 3), (2, 1, 3), (0, 3)]
Step = Callable[[list[Any]], Any]


def elementwise(rng: np.random.Generator, i: int, j: int, a: Any) -> Step:
    """One elementwise operation, with broadcasting."""
    c = float(rng.uniform(0.5, 2))
    steps: list[Step] = [
        lambda p: np.sin(p[i]),
        lambda p: np.tanh(p[i]) * c,
        lambda p: np.sqrt(np.abs(p[i]) + c),
        lambda p: np.exp(np.minimum(p[i], c)),
        lambda p: p[i] + p[j],
        lambda p: p[i] - p[j],
        lambda p: p[i] * p[j],
        lambda p: p[i] / (p[j] * p[j] + c),
        lambda p: np.maximum(p[i], p[j]),
        lambda p: (p[i] * p[i] + c) ** p[j],
        lambda p: p[i] ** 3,
        lambda p: np.arctan2(p[i], p[j] * p[j] + c),
        lambda p: np.logaddexp(p[i], p[j]),
        lambda p: np.where(p[i] > c / 2, p[i], p[j]),
    ]
    return steps[rng.integers(len(steps))]


def of_arrays(rng: np.random.Generator, i: int, j: int, a: Any) -> Step:
    """One reduction, index, join, product or change of shape."""
    axis, keepdims = int(rng.integers(-a.ndim, a.ndim)) if a.ndim else None, bool(rng.integers(2))
    mask, rows = rng.random(a.shape) < 0.6, rng.integers(0, max(len(a), 1) if a.ndim else 1, 4)
    steps: list[Step] = [
        lambda p: np.sum(p[i], axis=axis, keepdims=keepdims),
        lambda p: np.mean(p[i], axis=axis, keepdims=keepdims),
        lambda p: np.max(p[i], axis=axis, keepdims=keepdims),
        lambda p: np.prod(p[i], axis=axis, keepdims=keepdims),
        lambda p: np.var(p[i], axis=axis, keepdims=keepdims),
        lambda p: np.cumsum(p[i], axis=axis),
        lambda p: p[i][mask],
        lambda p: p[i][rows],
        lambda p: p[i][::-1, ...],
        lambda p: p[i][..., None],
        lambda p: np.where(mask, p[i], p[j]),
        lambda p: np.concatenate([np.ravel(p[i]), np.ravel(p[j])]),
        lambda p: np.stack([p[i], p[j]], axis=-1),
        lambda p: np.matmul(p[i], p[j]),
        lambda p: np.einsum("...i,...i->...", p[i], p[j]),
        lambda p: np.outer(p[i], p[j]),
        lambda p: np.sort(np.transpose(p[i]), axis=-1),
        lambda p: np.tril(p[i]),
        lambda p: np.tile(p[i], 2),
    ]
    return steps[rng.integers(len(steps))]


def program(rng: np.random.Generator) -> tuple[list[Any], list[Step]]:
    """Inputs, and 5 to 15 operations that give finite values of moderate size on them."""
    inputs = [rng.uniform(-1.8, 1.8, SHAPES[rng.integers(len(SHAPES))]) for _ in range(rng.integers(1, 4))]
    pool, steps = list(inputs), list[Step]()
    length = rng.integers(5, 16)
    for _ in range(100):
        i, j = (int(rng.integers(max(0, len(pool) - 6), len(pool))) for _ in range(2))
        step = (elementwise if rng.random() < 0.5 else of_arrays)(rng, i, j, np.asarray(pool[i]))
        try:
            value = np.asarray(step(pool))
        except (TypeError, ValueError, IndexError):  # of plain NumPy: this operation does not fit
            continue
        if value.size <= 200 and np.isfinite(value).all() and np.max(np.abs(value), initial=0) < 1e3:
            steps.append(step)
            pool.append(value[()])
        if len(steps) == length:
            break
    return inputs, steps


def outcome(inputs: list[Any], steps: list[Step]) -> Any:
    """A number that depends on the last four values of a program."""
    pool = list(inputs)
    for step in steps:
        pool.append(step(pool))
    total: Any = 0
    for k, value in enumerate(pool[-4:]):
        total = total + np.sum(np.sin(value + k / 8))
    return total


FIRST = np.array([-1, 9, -45, 0, 45, -9, 1], np.longdouble) / 60
SECOND = np.array([2, -27, 270, -490, 270, -27, 2], np.longdouble) / 180


def slopes(inputs: list[Any], steps: list[Step], along: list[Any], h: float) -> tuple[float, float]:
    """First and second derivative along a direction: differences of the sixth order in extended precision."""
    at = [
        [np.asarray(a, np.longdouble)[()] + np.longdouble(h) * k * v for a, v in zip(inputs, along, strict=True)]
        for k in range(-3, 4)
    ]
    values = np.array([outcome(moved, steps) for moved in at], np.longdouble)
    return float(values @ FIRST / np.longdouble(h)), float(values @ SECOND / np.longdouble(h) ** 2)


def agrees(inputs: list[Any], steps: list[Step], along: list[Any], first: float, second: float) -> bool:
    """With the differences of one of several widths: a wide one may cross a kink."""
    for h in (1e-4, 1e-5, 1e-6):
        one, two = slopes(inputs, steps, along, h)
        if math.isclose(first, one, rel_tol=1e-10, abs_tol=1e-10) and math.isclose(
            second, two, rel_tol=1e-5, abs_tol=1e-5
        ):
            return True
    return False


@pytest.mark.skipif(np.finfo(np.longdouble).eps > 1e-18, reason="needs an extended precision")
@pytest.mark.parametrize("block", range(10))
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
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


# -- no NaN out of nothing ---------------------------------------------------------------------------------------------

AT_ZERO = [
    (lambda x: x**0, [0, 0, 0]),
    (lambda x: x**1, [1, 0, 0]),
    (lambda x: x**2, [0, 2, 0]),
    (lambda x: x**0.0, [0, 0, 0]),
    (lambda x: x**1.0, [1, 0, 0]),
    (lambda x: x**2.0, [0, 2, 0]),
    (lambda x: np.power(x, np.int64(2)), [0, 2, 0]),
    (lambda x: np.power(x, constant(3.0)), [0, 0, 6]),
    (lambda x: 0.0 ** (x + 1), [0, 0, 0]),
    (lambda x: special.xlogy(0.0, x), [0, 0, 0]),
    (lambda x: special.xlog1py(0.0, x - 1), [0, 0, 0]),
    (lambda x: np.logaddexp(x, -np.inf), [1, 0, 0]),
    (lambda x: np.where(x > 0, np.log(x), x), [1, 0, 0]),
    (lambda x: np.where(x > 0, np.where(x > 1, np.log(x), np.sqrt(x)), 0.0), [0, 0, 0]),
    (lambda x: np.where(x != 0, np.sin(x) / x, 1.0), [0, 0, 0]),
    (lambda x: np.where(x > 0, np.exp(2 * np.log(x)), 0.0), [0, 0, 0]),
    (lambda x: np.sum(np.where(np.ones((2, 1)) * x > 0, np.log(x), 0.0)), [0, 0, 0]),
    (lambda x: np.sum(np.tril(np.log([[1.0, 0.0], [1.0, 1.0]] * (x + 1)))), [3, -3, 6]),
    (lambda x: np.maximum(np.log(x), -1.0), [0, 0, 0]),
    (lambda x: np.clip(np.sqrt(x), 0.5, 1.0), [0, 0, 0]),
    (lambda x: np.select([x > 0, x < 0], [np.log(x), np.log(-x)], x * x), [0, 2, 0]),
    (lambda x: np.linalg.norm(x * np.ones(3)), [0, 0, 0]),
    (lambda x: np.std(x * np.ones(3)), [0, 0, 0]),
    (lambda x: np.prod(x * np.ones(2)), [0, 2, 0]),
]


@pytest.mark.parametrize("number", range(len(AT_ZERO)))
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_no_spurious_nan_at_zero(number: int) -> None:
    function, expected = AT_ZERO[number]
    np.testing.assert_allclose(derivatives(function, 0.0, 3), expected, rtol=1e-14)


def test_an_array_of_exponents_may_hold_zero() -> None:
    first, second = derivatives(lambda x: x ** np.array([0.0, 1.0, 2.0, 3.0]), np.zeros(4), 2)
    assert first.tolist() == [0, 1, 0, 0]
    assert second.tolist() == [0, 0, 2, 0]


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_what_both_operands_of_logaddexp_leave_out_has_no_gradient() -> None:
    for function in (np.logaddexp, np.logaddexp2):
        first, second = derivatives(lambda x, f=function: f(x, -np.inf), [-np.inf, 1.0], 2)
        assert first.tolist() == [0, 1]
        assert second.tolist() == [0, 0]


DROPPED = [
    lambda x: np.log(x)[x > 0],
    lambda x: np.log(x[:, None] * np.ones(2))[x > 0],
    lambda x: np.log(x * np.ones((2, 1)))[:, np.array([False, True])],
    lambda x: np.compress([False, True], np.log(x)),
    lambda x: np.extract([False, True], np.log(x)),
    lambda x: np.take(np.log(x), [1]),
    lambda x: np.delete(np.log(x), 0),
    lambda x: np.choose([0, 1], [x * 0, np.log(x)]),
    lambda x: np.max(np.log(x)),
]


@pytest.mark.parametrize("number", range(len(DROPPED)))
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_elements_that_are_dropped_do_no_harm(number: int) -> None:
    for order in derivatives(DROPPED[number], [0.0, 2.0], 2):
        assert order[0] == 0
        assert np.isfinite(order).all()


# -- nothing detaches in silence ---------------------------------------------------------------------------------------

LEAVING: list[Callable[[Any, Any], Any]] = [
    lambda u, v: np.frompyfunc(lambda x: x * 2, 1, 1)(v),
    lambda u, v: np.frompyfunc(lambda x: x * 2, 1, 1)(u),
    lambda u, v: np.frompyfunc(lambda x, y: x * y, 2, 1).reduce(v),
    lambda u, v: np.frompyfunc(lambda x, y: x * y, 2, 1).outer(v, v),
    lambda u, v: np.vectorize(lambda x: x * 2)(v),
    lambda u, v: np.apply_along_axis(np.sum, 0, v),
    lambda u, v: np.array([[u, 1.0], [2.0, u]]),
    lambda u, v: np.array(v, dtype=object),
    lambda u, v: np.zeros(3).__setitem__(slice(None), v),
    lambda u, v: np.zeros(3).__iadd__(v),
    lambda u, v: np.zeros(3).dot(v),
    lambda u, v: np.fromiter(v, float),
    lambda u, v: np.nditer(v),
    lambda u, v: np.arange(u, 10.0),
    lambda u, v: np.float32(u),
    lambda u, v: complex(u),
    lambda u, v: np.add.at(np.zeros(3), [0], u),
    lambda u, v: np.add.reduceat(v, [0, 1]),
    lambda u, v: np.maximum.accumulate(v),
    lambda u, v: np.histogram(np.arange(3.0), weights=v),
    lambda u, v: np.bincount([0, 1, 1], weights=v),
    lambda u, v: np.random.default_rng(0).normal(v),
    lambda u, v: np.random.default_rng(0).normal(u),
    lambda u, v: np.ma.masked_invalid(v),
    lambda u, v: v * np.ma.masked_array([1.0, 2.0, 3.0], [0, 1, 0]),
    lambda u, v: v * np.matrix(np.eye(3)),
    lambda u, v: memoryview(v),
    lambda u, v: math.fsum(v),
    lambda u, v: math.hypot(u, u),
    lambda u, v: statistics.fmean(v),
    lambda u, v: statistics.stdev(v),
    lambda u, v: "%f" % u,  # noqa: UP031
    lambda u, v: special.logsumexp(v),
    lambda u, v: special.ellipk(v),
    lambda u, v: u * 1j,
    lambda u, v: 1j * u,
    lambda u, v: v + np.ones(3) * 1j,
    lambda u, v: np.exp(1j * u),
    lambda u, v: v @ (np.eye(3) * 1j),
    lambda u, v: np.concatenate([v, np.ones(2) * 1j]),
    lambda u, v: v.astype(complex),
    lambda u, v: np.sum(v, dtype=complex),
    lambda u, v: v * np.array([1.0, 2.0, 3.0], object),
    lambda u, v: v.astype(object),
    lambda u, v: u * Fraction(1, 3),
]


@pytest.mark.parametrize("number", range(len(LEAVING)))
@pytest.mark.filterwarnings("ignore::PendingDeprecationWarning")
def test_leaving_the_tape_raises(number: int) -> None:
    x, y = Variable(2.5), Variable([1.5, 2.5, 3.5])
    with GradientTape(), pytest.raises((TypeError, ValueError, gradcalc.TapeError)) as caught:
        LEAVING[number](x * 1, y * 1)
    assert "object has no attribute" not in str(caught.value)


STAYING: list[tuple[Callable[[Any], Any], float]] = [
    (lambda u: sum([u, u]), 2),
    (lambda u: max(u, 1.0), 1),
    (lambda u: sorted([u * 2, u])[0], 1),
    (lambda u: pow(u, 2), 5),
    (lambda u: divmod(u, 2.0)[1], 1),
    (lambda u: math.prod([u, u]), 5),
    (lambda u: copy.copy(u * u), 5),
    (lambda u: copy.deepcopy({"a": u * u})["a"], 5),
    (lambda u: constant(u * u), 5),
    (lambda u: np.max(np.stack([u, u])), 1),
]


@pytest.mark.parametrize("number", range(len(STAYING)))
def test_python_s_own_functions_stay_on_the_tape(number: int) -> None:
    function, slope = STAYING[number]
    assert derivatives(function, 2.5, 1) == [slope]


def test_an_array_made_of_a_tensor_shares_no_memory_with_it() -> None:
    x = Variable([1.0, 2.0])
    array = np.asarray(x)
    with GradientTape() as tape:
        y = x * x
    array[:] = 100.0
    assert tape.gradient(y, x).numpy().tolist() == [2.0, 4.0]


def test_a_view_whose_base_changes_after_the_use_does_not_change_the_gradient() -> None:
    x, base = Variable([1.0, 2.0]), np.full(3, 7.0)
    view = np.broadcast_to(base, (2, 3))
    with GradientTape() as tape:
        y = np.sum(x[:, None] * view)
        base[:] = 100.0
    assert tape.gradient(y, x).numpy().tolist() == [21.0, 21.0]


# -- odd uses of tapes -------------------------------------------------------------------------------------------------


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


def test_custom_gradients_nest_and_hold_tapes() -> None:
    @gradcalc.custom_gradient
    def cube(x: Any) -> Any:
        with GradientTape() as tape:
            tape.watch(x)
            y = x**3
        slope = tape.gradient(y, x)
        return y, lambda upstream: upstream * slope

    @gradcalc.custom_gradient
    def doubled(x: Any) -> Any:
        y = cube(x)
        return y * 2, lambda upstream: upstream * y

    assert derivatives(cube, 2.0, 2) == [12.0, 12.0]
    assert derivatives(doubled, 2.0, 2) == [8.0, 12.0]


def test_gradients_of_custom_results_that_are_not_used_are_zero() -> None:
    @gradcalc.custom_gradient
    def both(x: Any, y: Any) -> Any:
        return (x * y, x.astype(int)), lambda product, _: (product * 7, None)

    x, y = Variable(3.0), Variable(4.0)
    with GradientTape() as tape:
        product, whole = both(x, y)
    assert whole.dtype == int
    assert tape.gradient(product, x).numpy() == 7.0


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


# -- errors ------------------------------------------------------------------------------------------------------------


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


def test_a_complex_result_of_a_recorded_value_names_the_operation() -> None:
    x = Variable([1.0, 2.0])
    with GradientTape(), pytest.raises(TypeError, match="add makes complex128 of a recorded value"):
        x + np.array([1j, 2.0])
