"""custom_gradient and stop_gradient."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import gradcalc
from gradcalc import GradientTape, Variable, constant, custom_gradient
from tests.tape.differences import derivatives


@custom_gradient
def log1pexp(x: Any) -> Any:
    e = np.exp(x)
    return np.log(1 + e), lambda upstream: upstream * (1 - 1 / (1 + e))


def test_a_rule_of_one_s_own_replaces_the_derivative() -> None:
    with np.errstate(over="ignore"):
        assert gradcalc.grad(log1pexp)(1000.0) == 1.0
        assert np.isnan(gradcalc.grad(lambda x: np.log(1 + np.exp(x)))(1000.0))
    assert gradcalc.grad(log1pexp)(100.0) == 1.0


def test_second_derivatives_go_through_the_gradient_function() -> None:
    s = 1 / (1 + np.exp(-0.5))
    assert gradcalc.grad(gradcalc.grad(log1pexp))(0.5) == pytest.approx(s * (1 - s), rel=1e-14)


def test_clipping_the_gradient() -> None:
    @custom_gradient
    def clipped(y: Any) -> Any:
        return y, lambda dy: np.clip(dy, -0.5, 0.5)

    v = Variable(2.0)
    with GradientTape() as tape:
        out = clipped(v * v)
    assert tape.gradient(out, v).numpy() == 2.0


def test_several_arguments_and_results() -> None:
    @custom_gradient
    def both(a: Any, b: Any) -> Any:
        return (a * b, np.sum(a)), lambda da, ds: (da * 100 + ds, None)

    a, b = Variable([1.0, 2.0]), Variable([3.0, 4.0])
    with GradientTape(persistent=True) as tape:
        product, total = both(a, b)
    assert (product.numpy().tolist(), total.numpy()) == ([3.0, 8.0], 3.0)
    assert tape.gradient(product, a).numpy().tolist() == [100.0, 100.0]
    assert tape.gradient([product, total], a).numpy().tolist() == [101.0, 101.0]
    assert tape.gradient(product, b) is None


def test_plain_arguments_and_keywords() -> None:
    @custom_gradient
    def scaled(x: Any, *, by: float) -> Any:
        return x * by, lambda g: g * by * 10

    assert scaled(2.0, by=3.0).numpy() == 6.0
    assert gradcalc.grad(lambda x: scaled(x, by=3.0))(2.0) == 30.0


def test_variables_inside_get_their_contributions() -> None:
    w = Variable(3.0)

    @custom_gradient
    def layer(x: Any) -> Any:
        def gradient(upstream: Any, variables: Any) -> Any:
            assert [v is w for v in variables] == [True]
            return upstream * 7, [upstream * 11]

        return x * w, gradient

    x = Variable(2.0)
    with GradientTape() as tape:
        y = layer(x)
    assert [g.numpy() for g in tape.gradient(y, [x, w])] == [7.0, 11.0]


def test_wrong_gradient_functions_are_refused() -> None:
    @custom_gradient
    def too_many(x: Any) -> Any:
        return x * 1, lambda g: (g, g)

    @custom_gradient
    def too_big(x: Any) -> Any:
        return np.sum(x), lambda g: g * np.ones(5)

    with pytest.raises(gradcalc.TapeError, match="too_many returned 2 gradients for 1 arguments"):
        gradcalc.grad(too_many)(1.0)
    with pytest.raises(gradcalc.TapeError, match=r"too_big returned shape \(5,\) for an argument of shape \(2,\)"):
        gradcalc.grad(too_big)(np.ones(2))


def test_stop_gradient_takes_plain_values() -> None:
    assert gradcalc.stop_gradient([1.0, 2.0]).numpy().tolist() == [1.0, 2.0]
    assert gradcalc.stop_gradient(constant(3)).numpy() == 3


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


# -- how arguments are given -------------------------------------------------------------------------------------------


@custom_gradient
def weighed(x: Any, y: Any = 2.0, n: int = 1) -> Any:
    return x * y * n, lambda g: (g * 10, g * 20, None)


@custom_gradient
def one_of(x: Any, n: int = 2, kind: str = "plain") -> Any:
    return x * n, lambda g: g * 7


CALLS: list[tuple[Callable[[Any, Any], Any], Any]] = [
    (lambda a, b: weighed(a, b, 3), (10.0, 20.0)),
    (lambda a, b: weighed(a, y=b, n=3), (10.0, 20.0)),
    (lambda a, b: weighed(a, y=b), (10.0, 20.0)),
    (lambda a, b: weighed(n=1, y=b, x=a), (10.0, 20.0)),
    (lambda a, b: weighed(a), (10.0, None)),
    (lambda a, b: weighed(5.0, b), (None, 20.0)),
    (lambda a, b: one_of(a), (7.0, None)),
    (lambda a, b: one_of(x=a), (7.0, None)),
    (lambda a, b: one_of(a, n=3), (7.0, None)),
    (lambda a, b: one_of(n=3, kind="other", x=a), (7.0, None)),
]


@pytest.mark.parametrize(("call", "right"), CALLS)
def test_arguments_by_name_and_by_default(call: Callable[[Any, Any], Any], right: Any) -> None:
    a, b = Variable(3.0), Variable(4.0)
    with GradientTape() as tape:
        y = call(a, b)
    assert tuple(None if g is None else g.numpy() for g in tape.gradient(y, (a, b))) == right


def test_arguments_that_have_no_place() -> None:
    @custom_gradient
    def f(x: Any, *rest: Any, scale: Any, **more: Any) -> Any:
        return x * rest[0] * scale * more["k"], lambda g: (g, g * 2, g * 3, g * 4)

    xs = [Variable(float(i)) for i in range(1, 5)]
    with GradientTape() as tape:
        y = f(xs[0], xs[1], scale=xs[2], k=xs[3])
    assert y.numpy() == 24.0
    assert [g.numpy() for g in tape.gradient(y, xs)] == [1.0, 2.0, 3.0, 4.0]


def test_an_argument_by_name_is_never_cut_in_silence() -> None:
    a, b = Variable(3.0), Variable(4.0)
    with GradientTape() as tape:
        y = one_of(a, n=b)
    with pytest.raises(gradcalc.TapeError, match="one_of returned 1 gradients for 2 arguments"):
        tape.gradient(y, b)


def test_structures_of_arguments_whatever_the_order_of_their_keys() -> None:
    @custom_gradient
    def f(d: Any, mode: str = "sum") -> Any:
        return {"s": d["a"] * d["b"][0]}, lambda g: {"b": [g * 20], "a": g * 10}

    a, b = Variable(3.0), Variable(4.0)
    for call in (lambda d: f(d), lambda d: f(d=d), lambda d: f(d, mode="mean")):
        with GradientTape() as tape:
            y = call({"a": a, "b": [b]})["s"]
        assert [g.numpy() for g in tape.gradient(y, [a, b])] == [10.0, 20.0]


def test_methods_and_other_values_are_passed_on() -> None:
    class Scale:
        factor = 3.0

        @custom_gradient
        def apply(self, x: Any, how: Any = None) -> Any:
            return x * self.factor, lambda g: (None, g * 30)

    assert gradcalc.grad(lambda x: Scale().apply(x))(2.0) == 30.0
    assert gradcalc.grad(lambda x: Scale().apply(x, how=np.sin))(2.0) == 30.0


def test_variables_and_arguments_by_name() -> None:
    w = Variable(3.0)

    @custom_gradient
    def layer(x: Any, gain: Any = 1.0) -> Any:
        return x * w * gain, lambda g, variables: ((g * 7, g * 9), [g * 11])

    x, gain = Variable(2.0), Variable(5.0)
    with GradientTape() as tape:
        y = layer(gain=gain, x=x)
    assert [g.numpy() for g in tape.gradient(y, [x, w, gain])] == [7.0, 11.0, 9.0]
