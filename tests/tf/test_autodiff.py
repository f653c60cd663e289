"""`tf.autodiff`: derivatives in a direction."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import gradcalc
import gradcalc.tf as tf
from tests.tape.test_functional import INNER


def test_forward_accumulator_gives_the_derivative_in_a_direction() -> None:
    x, target = tf.constant([[2.0, 3.0], [1.0, 4.0]]), tf.constant([[1.0], [-1.0]])
    kernel = tf.Variable([[1.0], [-2.0]])
    with tf.autodiff.ForwardAccumulator(primals=kernel, tangents=tf.constant([[1.0], [0.0]])) as acc:
        loss = tf.reduce_sum((x @ kernel - target) ** 2.0)
        inside = acc.jvp(loss).numpy()
    assert (acc.jvp(loss).numpy(), inside) == (-32, -32)
    assert acc.jvp(tf.constant(1.0)) is None


def test_forward_over_reverse_is_a_hessian_times_a_vector() -> None:
    x = tf.Variable([1.0, 2.0])
    with tf.autodiff.ForwardAccumulator(x, tf.constant([1.0, 1.0])) as acc:
        with tf.GradientTape() as tape:
            y = x[0] ** 3 * x[1]
        g = tape.gradient(y, x)
    assert acc.jvp(g).numpy().tolist() == [15, 3]


def forward(f: Callable[[Any], Any], at: Any) -> Any:
    """The derivative of a function of one number."""
    x = tf.convert_to_tensor(at) if isinstance(at, tf.Tensor) else tf.constant(at, tf.float64)
    with tf.autodiff.ForwardAccumulator(x, tf.constant(1.0, tf.float64)) as accumulator:
        y = f(x)
    return accumulator.jvp(y)


@pytest.mark.parametrize("name", INNER)
def test_a_form_at_plain_numbers_inside_forward_mode(name: str) -> None:
    inner, c, k = INNER[name]
    first, second = c * (k + 1) * 3.0**k, c * (k + 1) * k * 3.0 ** (k - 1)
    assert float(forward(lambda x: x * inner(x), 3.0)) == pytest.approx(first, rel=1e-14)
    assert float(forward(gradcalc.grad(lambda x: x * inner(x)), 3.0)) == pytest.approx(second, rel=1e-14)
    assert gradcalc.grad(lambda x: forward(lambda z: z * inner(z), x))(3.0) == pytest.approx(second, rel=1e-14)


def test_forms_inside_control_flow() -> None:
    def inner(x: Any, y: Any) -> Any:
        return gradcalc.grad(lambda z: x * z**2)(float(y))

    def looped(x: Any) -> Any:
        return tf.while_loop(lambda i, s: i < 3, lambda i, s: (i + 1, s + inner(x, i)), (0, x))[1]

    assert gradcalc.grad(lambda x: np.sum(tf.map_fn(lambda y: inner(x, y), np.array([1.0, 2.0]))))(3.0) == 6.0
    assert gradcalc.grad(looped)(3.0) == 7.0


def cube(x: Any) -> Any:
    """Of 1.1: derivatives 10.2442, 22.8617, 41.4876 (TensorFlow's, and by hand)."""
    return tf.exp(x) * x**2


def test_accumulators_nest_and_are_asked_after_their_blocks() -> None:
    x, one = tf.constant(1.1, tf.float64), tf.constant(1.0, tf.float64)
    e = np.exp(1.1)
    first, second, third = e * (1.21 + 2.2), e * (1.21 + 4.4 + 2), e * (1.21 + 6.6 + 6)
    with tf.autodiff.ForwardAccumulator(x, one) as a, tf.autodiff.ForwardAccumulator(x, 2 * one) as b:
        y = cube(x)
    assert a.jvp(y).numpy() == pytest.approx(first, rel=1e-14)
    assert b.jvp(y).numpy() == pytest.approx(2 * first, rel=1e-14)
    assert a.jvp(b.jvp(y)).numpy() == pytest.approx(2 * second, rel=1e-14)
    assert b.jvp(a.jvp(y)) is None  # the outer one's answer is none of the inner one's business
    with tf.autodiff.ForwardAccumulator(x, one) as a, tf.autodiff.ForwardAccumulator(x, one) as b:
        with tf.autodiff.ForwardAccumulator(x, 3 * one) as c:
            y = cube(x)
        inside = a.jvp(b.jvp(c.jvp(y)))
    assert a.jvp(b.jvp(c.jvp(y))).numpy() == pytest.approx(3 * third, rel=1e-14)
    assert inside.numpy() == pytest.approx(3 * third, rel=1e-14)


@pytest.mark.parametrize("persistent", [False, True])
def test_a_tape_around_an_accumulator_that_is_asked_later(persistent: bool) -> None:
    x, one = tf.constant(1.1, tf.float64), tf.constant(1.0, tf.float64)
    with tf.GradientTape(persistent=persistent) as tape:
        tape.watch(x)
        with tf.autodiff.ForwardAccumulator(x, one) as accumulator:
            y = cube(x)
    slope = accumulator.jvp(y)
    assert tape.gradient(slope, x).numpy() == pytest.approx(np.exp(1.1) * (1.21 + 4.4 + 2), rel=1e-14)
    assert accumulator.jvp(y).numpy() == slope.numpy()


def test_primals_twice_and_tangents_of_another_kind_are_refused() -> None:
    x = tf.constant([1.0, 2.0])
    with pytest.raises(ValueError, match="twice among the primals"):
        tf.autodiff.ForwardAccumulator([x, x], [x, x])
    with pytest.raises(ValueError, match="tangent of dtype float64"):
        tf.autodiff.ForwardAccumulator(x, tf.constant([1.0, 2.0], tf.float64))
    with pytest.raises(ValueError, match=r"shape \(\) for a primal of float32, \(2,\)"):
        tf.autodiff.ForwardAccumulator(x, 1.0)
