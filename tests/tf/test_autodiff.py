"""`tf.autodiff`: derivatives in a direction."""

import gradcalc.tf as tf


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
