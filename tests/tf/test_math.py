"""`tf.math`: results, dtypes and gradients are TensorFlow's."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import gradcalc.tf as tf
from gradcalc.errors import NoRuleError
from tests.tf.results import check_gradient, check_result, gradient, over

RESULTS = [
    (lambda: tf.reduce_mean([1, 2]), 1, "int32"),
    (lambda: tf.reduce_sum([1, 2]), 3, "int32"),
    (lambda: tf.argmax([[1.0, 2.0], [3.0, 1.0]]), [1, 0], "int64"),
    (lambda: tf.add(1, 2), 3, "int32"),
    (lambda: tf.pow(2.0, 3), 8, "float32"),
    (lambda: tf.multiply(tf.constant([1.0, 2.0]), [3, 4]), [3, 8], "float32"),
    (lambda: tf.maximum(tf.constant([1, 2]), 1), [1, 2], "int32"),
    (lambda: tf.round([2.5, 3.5, -1.5]), [2, 4, -2], "float32"),
    (lambda: tf.reduce_prod(tf.zeros([2, 3]).shape), 6, "int32"),
    (lambda: tf.math.cumsum([1.0, 2.0, 3.0], exclusive=True), [0, 1, 3], "float32"),
    (lambda: tf.math.cumsum([1.0, 2.0, 3.0], reverse=True), [6, 5, 3], "float32"),
    (lambda: tf.math.cumprod([2, 3, 4], exclusive=True, reverse=True), [12, 4, 1], "int32"),
    (lambda: tf.math.top_k([1.0, 3.0, 2.0], 2)[0], [3, 2], "float32"),
    (lambda: tf.math.top_k([1.0, 3.0, 2.0], 2)[1], [1, 2], "int32"),
    (lambda: tf.math.polyval([1.0, 2.0, 3.0], 2.0), 11, "float32"),
    (lambda: tf.math.divide_no_nan([1.0, 2.0], [0.0, 4.0]), [0, 0.5], "float32"),
    (lambda: tf.math.multiply_no_nan([np.inf, 2.0], [0.0, 4.0]), [0, 8], "float32"),
    (lambda: tf.math.count_nonzero([0, 1, 2]), 2, "int64"),
    (lambda: tf.math.reduce_std([1.0, 2.0]), 0.5, "float32"),
    (lambda: tf.math.reduce_euclidean_norm([3.0, 4.0]), 5, "float32"),
    (lambda: tf.add_n([tf.ones(2), [1.0, 2.0]]), [2, 3], "float32"),
    (lambda: tf.math.squared_difference([1.0, 2.0], 4.0), [9, 4], "float32"),
    (lambda: tf.argmin([[1.0, 2.0], [3.0, 1.0]], axis=1), [0, 1], "int64"),
    (lambda: tf.math.softmax([0.0, 0.0]), [0.5, 0.5], "float32"),
    (lambda: tf.round([1, -2]), [1, -2], "int32"),
    (lambda: tf.reduce_all([1, 2]), True, "bool"),
    (lambda: tf.math.xlogy([1.0, 0.0], 2.0), [0.6931472, 0], "float32"),
    (lambda: tf.math.multiply_no_nan([1.0], tf.constant([1 / 3], tf.float64)), [1 / 3], "float64"),
    (lambda: tf.clip_by_value([1.0, 2.0], 0.5, -0.5), [0.5, 0.5], "float32"),
    (lambda: tf.clip_by_value([-1.0, 2.0], [0.0, 0.0], 1.5), [0, 1.5], "float32"),
]

test_results_and_dtypes_are_tensorflows = over(RESULTS, check_result)


GRADIENTS: list[tuple[Callable[[Any], Any], list[float]]] = [
    (tf.math.rsqrt, [-3.042903, -0.2255779, -0.1264911]),
    (tf.math.lgamma, [-3.502524, 0.208548, 0.703157]),
    (tf.math.cumsum, [3, 2, 1]),
    (tf.math.cumprod, [6.95, 1.05, 0.51]),
    (tf.reduce_logsumexp, [0.07102165, 0.288007, 0.6409714]),
    (tf.math.reduce_std, [-0.4399414, 0.07332358, 0.3666178]),
    (tf.math.log_sigmoid, [0.4255575, 0.1544653, 0.07585818]),
    (lambda x: tf.where(x > 1, x * x, tf.math.log(x)), [1 / 0.3, 3.4, 5]),
    (lambda x: tf.math.top_k(x, 2)[0], [0, 1, 1]),
    (lambda x: tf.math.cumsum(x, exclusive=True), [2, 1, 0]),
]

test_gradients_flow_through_the_aliases = over(GRADIENTS, check_gradient)


def test_the_norm_of_zeros_has_gradient_zero() -> None:
    x = tf.Variable([0.0, 0.0])
    with tf.GradientTape() as tape:
        y = tf.math.reduce_euclidean_norm(x)
    assert tape.gradient(y, x).numpy().tolist() == [0.0, 0.0]


REFUSED: list[tuple[Callable[[], Any], str]] = [
    (lambda: tf.clip_by_value(1.0, [0.0, 0.0], [2.0, 0.5]), "would enlarge"),
    (lambda: tf.clip_by_value([1.0, 2.0], [[0.0], [0.0]], [2.0, 0.5]), "would enlarge"),
    (lambda: tf.math.top_k([1.0, 2.0], 3), "k=3"), (lambda: tf.math.top_k([1.0, 2.0], -1), "k=-1"),
    (lambda: tf.math.top_k(1.0, 1), r"shape \(\)"), (lambda: tf.math.reduce_std([1, 2]), "not int32"),
    (lambda: tf.math.reduce_variance([1, 2]), "reduce_variance takes floating|var takes floating"),
    (lambda: tf.add_n([tf.ones((2, 2)), tf.ones(2)]), "one shape"),
    (lambda: tf.scalar_mul([1.0, 2.0], [3.0, 4.0]), "takes a scalar first"),
]  # fmt: skip


@pytest.mark.parametrize(("call", "message"), REFUSED)
def test_what_makes_no_sense_is_refused(call: Callable[[], Any], message: str) -> None:
    with pytest.raises((ValueError, TypeError), match=message):
        call()


def test_no_element_is_among_the_largest_none() -> None:
    values, places = tf.math.top_k([1.0, 2.0], 0, index_type=tf.int64)
    assert (values.shape, places.dtype) == ((0,), "int64")


def test_the_largest_are_those_of_a_full_sort() -> None:
    random = np.random.default_rng(5)
    for values in (random.normal(size=(3, 40)), random.integers(0, 9, (3, 40)).astype(float), np.full((2, 30), np.nan)):
        for k in (0, 1, 3, 9, 20, len(values[0])):
            found, places = tf.math.top_k(values, k)
            order = values.shape[1] - 1 - np.argsort(values[:, ::-1], axis=1, kind="stable")[:, ::-1]
            assert places.numpy().tolist() == order[:, :k].tolist()
            np.testing.assert_array_equal(found.numpy(), np.take_along_axis(values, order[:, :k], 1))
    for k in (-1, 3):
        with pytest.raises(ValueError, match=f"k={k}"):
            tf.math.top_k([1.0, 2.0], k)


def test_xlogy_at_the_origin_has_the_slope_0_by_its_second_argument() -> None:
    x, y = tf.Variable([0.0, 0.0, 1.0]), tf.Variable([0.0, 2.0, 2.0])
    with tf.GradientTape() as tape:
        z = tf.math.xlogy(x, y)
    assert tape.gradient(z, y).numpy().tolist() == [0, 0, 0.5]


def test_multiply_no_nan_has_tensorflows_gradients() -> None:
    inf, nan = np.inf, np.nan
    for a, b, by_a, by_b in (
        ([5.0, 2.0, inf, nan], [0.0, 3.0, 0.0, 0.0], [0, 3, 0, 0], [5, 2, inf, nan]),
        ([[5.0], [1.0]], [0.0, 2.0], [[2], [2]], [6, 6]),
        ([inf, 2.0], [3.0, 3.0], [3, 3], [inf, 2]),
    ):
        x, y = tf.Variable(a), tf.Variable(b)
        with tf.GradientTape() as tape:
            z = tf.math.multiply_no_nan(x, y)
        found = tape.gradient(z, [x, y])
        for g, right in zip(found, (by_a, by_b), strict=True):
            np.testing.assert_array_equal(g.numpy(), np.float32(right))


def test_multiply_no_nan_has_mixed_second_derivatives_where_it_is_zero() -> None:
    x, y = tf.Variable([5.0, 2.0]), tf.Variable([0.0, 3.0])
    with tf.GradientTape(persistent=True) as outer:
        with tf.GradientTape() as tape:
            z = tf.math.multiply_no_nan(x, y)
        by_x, by_y = tape.gradient(z, [x, y])
    assert outer.gradient(by_x, y).numpy().tolist() == [1, 1]
    assert outer.gradient(by_y, x).numpy().tolist() == [1, 1]


def test_reductions_of_numbers_refuse_truth_values() -> None:
    for function in (tf.reduce_sum, tf.reduce_mean, tf.reduce_prod, tf.reduce_max, tf.reduce_min):
        with pytest.raises(TypeError, match="takes numeric tensors, not bool: tf.cast"):
            function([True, False])


def test_an_operand_without_a_rule_is_refused_when_it_is_asked_for() -> None:
    a, x = tf.Variable(2.0), tf.Variable(0.5)
    for function, argument in ((tf.math.polygamma, 1), (tf.math.zeta, 1)):
        with tf.GradientTape(persistent=True) as tape:
            y = function(a * a, x) * a
            z = function(2.0, a)
        assert np.isfinite(tape.gradient(y, x).numpy()) and np.isfinite(tape.gradient(z, a).numpy())
        for source in (a, [x, a]):
            with pytest.raises(NoRuleError, match=f"has no derivative rule for its argument {argument}"):
                tape.gradient(y, source)


def test_slopes_at_zero_are_true_where_there_are_some() -> None:
    x = tf.Variable(0.0)
    for function, y, slope in (
        (tf.math.xlogy, 2.0, np.log(2)), (tf.math.xlog1py, 2.0, np.log(3)), (tf.math.xdivy, -2.0, -0.5),
        (tf.math.xlogy, 0.0, 0), (tf.math.xlog1py, -1.0, 0), (tf.math.xdivy, 0.0, 0),
    ):  # fmt: skip
        with tf.GradientTape() as tape:
            z = function(x, y)
        assert z.numpy() == 0 and tape.gradient(z, x).numpy() == pytest.approx(slope)
    for bessel in (tf.math.bessel_i1, tf.math.special.bessel_j1):
        assert gradient(bessel, [0.0]).tolist() == [0.5]


def test_cumulative_logsumexp_has_second_derivatives_where_the_first_meet_no_adjoint() -> None:
    x = tf.Variable([0.1, 0.2, -np.inf, 0.3], dtype=tf.float64)
    with tf.GradientTape() as outer:
        with tf.GradientTape() as tape:
            z = tf.reduce_sum((tf.math.cumulative_logsumexp(x)[:2] - [0.1, 0.5]) ** 3)
        g = tape.gradient(z, x)  # the first of the adjoints is 0, and so is its slope
    h = outer.jacobian(g, x).numpy()
    s = np.exp(0.2 - np.logaddexp(0.1, 0.2))
    e = np.logaddexp(0.1, 0.2) - 0.5
    np.testing.assert_allclose(h[1, 1], 6 * e * s**2 + 3 * e**2 * s * (1 - s), rtol=1e-12)
    assert not h[2:].any() and not g.numpy()[2:].any()
    y = tf.math.cumulative_logsumexp(tf.constant([-np.inf, -np.inf, 1.0]))
    assert y.numpy().tolist() == [-np.inf, -np.inf, 1]
    assert tf.math.cumulative_logsumexp([1.0, 2.0], exclusive=True).numpy()[0] == np.finfo(np.float32).min
    first = gradient(lambda t: tf.math.cumulative_logsumexp(t)[1], [-np.inf, 1.0])
    assert first.tolist() == [0, 1]
