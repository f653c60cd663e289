"""`tf.linalg`: results, dtypes and gradients are TensorFlow's."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import gradcalc.tf as tf
from tests.tf.results import check_gradient, check_result, over

RESULTS = [
    (lambda: tf.norm([3.0, 4.0]), 5, "float32"),
    (lambda: tf.norm(tf.ones((4, 9)), 1), 36, "float32"),
    (lambda: tf.norm(tf.ones((4, 9)), 1, keepdims=True), [[36]], "float32"),
    (lambda: tf.norm(tf.ones((4, 9)), axis=[0, 1]), 6, "float32"),
    (lambda: tf.math.l2_normalize([3e30, 4e30]), [0.6, 0.8], "float32"),
    (lambda: tf.math.reduce_euclidean_norm([3e-30, 4e-30]), 5e-30, "float32"),
    (lambda: tf.linalg.logdet([[[2.0, 1.0], [1.0, 3.0]], [[1.0, 2.0], [2.0, 1.0]]]), [1.609438, np.nan], "float32"),
    (lambda: tf.linalg.logdet([[-2.0, 0.0], [0.0, -3.0]]), np.nan, "float32"),
    (lambda: tf.matmul([[1.0, 2.0]], [[3.0, 4.0]], transpose_b=True), [[11]], "float32"),
    (lambda: tf.linalg.matvec([[1.0, 2.0], [3.0, 4.0]], [1.0, 1.0]), [3, 7], "float32"),
    (lambda: tf.linalg.diag([1.0, 2.0]), [[1, 0], [0, 2]], "float32"),
    (lambda: tf.linalg.band_part(tf.ones((3, 3)), 0, 1), [[1, 1, 0], [0, 1, 1], [0, 0, 1]], "float32"),
    (lambda: tf.linalg.triangular_solve([[2.0, 9.0], [2.0, 4.0]], [[2.0], [6.0]]), [[1], [1]], "float32"),
    (lambda: tf.linalg.cholesky_solve([[2.0, 0.0], [1.0, 1.0]], [[8.0], [6.0]]), [[1], [2]], "float32"),
    (lambda: tf.linalg.global_norm([tf.ones(4), None, tf.ones(5)]), 3, "float32"),
    (lambda: tf.clip_by_global_norm([tf.constant([3.0, 4.0])], 1.0)[0][0], [0.6, 0.8], "float32"),
    (lambda: tf.clip_by_norm([3.0, 4.0], 1.0), [0.6, 0.8], "float32"),
    (lambda: tf.clip_by_norm([0.3, 0.4], 1.0), [0.3, 0.4], "float32"),
    (lambda: tf.einsum("ij,jk->ik", tf.ones((2, 3)), tf.ones((3, 1))), [[3], [3]], "float32"),
    (lambda: tf.tensordot([1.0, 2.0], [3.0, 4.0], axes=1), 11, "float32"),
    (lambda: tf.linalg.trace([[1.0, 2.0], [3.0, 4.0]]), 5, "float32"),
    (lambda: tf.linalg.logdet([[2.0, 0.0], [0.0, 0.5]]), 0, "float32"),
    (lambda: tf.linalg.diag_part([[1.0, 2.0], [3.0, 4.0]]), [1, 4], "float32"),
    (lambda: tf.linalg.tensor_diag([1, 2]), [[1, 0], [0, 2]], "int32"),
    (lambda: tf.linalg.tensor_diag_part([[1, 0], [0, 2]]), [1, 2], "int32"),
    (lambda: tf.abs(tf.linalg.qr([[3.0], [4.0]])[1]), [[5]], "float32"),
    (lambda: tf.shape(tf.linalg.qr([[3.0], [4.0]], full_matrices=True)[0]), [2, 2], "int32"),
    (lambda: tf.math.l2_normalize([3.0, 4.0]), [0.6, 0.8], "float32"),
    (lambda: tf.linalg.logdet([[1.0, 2.0], [2.0, 1.0]]), np.nan, "float32"),
    (lambda: tf.linalg.diag([1.0, 2.0], k=1), [[0, 1, 0], [0, 0, 2], [0, 0, 0]], "float32"),
    (lambda: tf.linalg.diag([1.0], k=-1, padding_value=9), [[9, 9], [1, 9]], "float32"),
    (lambda: tf.linalg.diag_part([[1.0, 2.0], [3.0, 4.0]], k=-1), [3], "float32"),
    (lambda: tf.linalg.pinv(np.float32([[1, 2], [2, 4]])), [[0.04, 0.08], [0.08, 0.16]], "float32"),
    (lambda: tf.clip_by_global_norm([tf.constant([3e30, 1.0])], 1.0)[0][0], [np.nan, np.nan], "float32"),
    (lambda: tf.clip_by_global_norm([tf.constant([np.inf, 1.0])], 1.0)[0][0], [np.nan, np.nan], "float32"),
    (lambda: tf.clip_by_global_norm([tf.constant([np.nan, 1.0])], 1.0)[0][0], [np.nan, np.nan], "float32"),
    (lambda: tf.clip_by_global_norm([tf.constant([3.0, 4.0])], 1.0, use_norm=10.0)[0][0], [0.3, 0.4], "float32"),
    (lambda: tf.linalg.global_norm([tf.constant([3e30, 1.0])]), np.inf, "float32"),
    (lambda: tf.math.l2_normalize([[3.0, 0.0], [4.0, 2.0]], dim=0), [[0.6, 0], [0.8, 1]], "float32"),
    (lambda: tf.math.l2_normalize([3e-7, 4e-7]), [0.3, 0.4], "float32"),
    (lambda: tf.math.l2_normalize([3e30, 4e30]), [0.6, 0.8], "float32"),
    (lambda: tf.clip_by_norm([3e30, 4e30], 1.0), [0.6, 0.8], "float32"),
    (lambda: tf.linalg.cross([1.0, 0.0, 0.0], [0.0, 1.0, 0.0]), [0, 0, 1], "float32"),
    (lambda: tf.linalg.cholesky([[4.0, 2.0], [2.0, 5.0]]), [[2, 0], [1, 2]], "float32"),
    (lambda: tf.linalg.cholesky([[1.0, 2.0], [2.0, 1.0]]), [[np.nan, 0], [np.nan, np.nan]], "float32"),
    (lambda: tf.linalg.cholesky([[np.nan, 2.0], [2.0, 1.0]]), [[np.nan, 0], [np.nan, np.nan]], "float32"),
    (
        lambda: tf.linalg.cholesky([[[0.0, 0.0], [0.0, 0.0]], [[4.0, 2.0], [2.0, 5.0]]]),
        [[[np.nan, 0], [np.nan, np.nan]], [[2, 0], [1, 2]]],
        "float32",
    ),
]


def test_a_matrix_that_is_not_positive_definite_has_the_gradient_nan_and_others_keep_theirs() -> None:
    a = tf.Variable([[[4.0, 2.0], [2.0, 3.0]], [[1.0, 2.0], [2.0, 1.0]]])
    for function, expected in (
        (tf.linalg.logdet, [[0.375, -0.25], [-0.25, 0.5]]),
        (lambda x: tf.linalg.cholesky(x)[:, 0, 0], [[0.25, 0], [0, 0]]),
    ):
        with tf.GradientTape() as tape:
            y = function(a)
        first, second = tape.gradient(y, a).numpy()
        np.testing.assert_allclose(first, expected, rtol=1e-5)
        assert np.isnan(second).all()


test_results_and_dtypes_are_tensorflows = over(RESULTS, check_result)


GRADIENTS: list[tuple[Callable[[Any], Any], list[float]]] = [
    (lambda x: tf.linalg.normalize(x)[1], [0.09874621, 0.5595618, 0.822885]),
    (lambda x: tf.linalg.global_norm([x[:1], None, x[1:]]), [0.09874621, 0.5595618, 0.822885]),
    (lambda x: tf.math.l2_normalize(x * 0 + [0.0, 3e-7, 4e-7]), [0, 0, 0]),
]

test_gradients_flow_through_the_aliases = over(GRADIENTS, check_gradient)


def test_singular_values_come_in_tensorflows_order() -> None:
    a = tf.constant([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    s, u, v = tf.linalg.svd(a)
    np.testing.assert_allclose(s.numpy(), [9.525518, 0.5143006], rtol=1e-5)
    np.testing.assert_allclose((u @ tf.linalg.diag(s) @ tf.transpose(v)).numpy(), a.numpy(), atol=1e-5)
    np.testing.assert_allclose(tf.linalg.svd(a, compute_uv=False).numpy(), s.numpy(), rtol=1e-6)


def test_the_least_squares_solution_of_a_wide_matrix_is_the_shortest() -> None:
    a, b = (
        tf.Variable([[1.0, 2.0, 3.0], [4.0, 5.0, 7.0]], dtype=tf.float64),
        tf.Variable([[1.0], [2.0]], dtype=tf.float64),
    )
    for fast in (True, False):
        with tf.GradientTape() as tape:
            x = tf.linalg.lstsq(a, b, fast=fast)
        for_a, for_b = tape.gradient(x, [a, b])
        np.testing.assert_allclose(x.numpy()[:, 0], [-8 / 35, 1 / 7, 11 / 35], rtol=1e-11)
        np.testing.assert_allclose(for_b.numpy()[:, 0], [-4 / 7, 0.4], rtol=1e-11)
        expected = [
            [-0.1469387755102, 0.1632653061224, 0.1306122448980],
            [0.0971428571429, -0.0857142857143, -0.1085714285714],
        ]
        np.testing.assert_allclose(for_a.numpy(), expected, rtol=1e-11)


def test_a_length_is_scaled_with_its_gradient() -> None:
    for size in (1e-200, 1e200):
        x = tf.Variable([3 * size, 4 * size], dtype=tf.float64)
        with tf.GradientTape() as tape:
            y = tf.math.l2_normalize(x, epsilon=0.0)[0]
        np.testing.assert_allclose(tape.gradient(y, x).numpy() * size, [0.128, -0.096], rtol=1e-12)


REFUSED: list[tuple[Callable[[], Any], str]] = [
    (lambda: tf.norm([1.0], 0), "positive number"),
    (lambda: tf.norm([1.0], -1), "positive number"),
    (lambda: tf.norm([1.0], "nuc"), "positive number"),
    (lambda: tf.linalg.diag_part([[1.0]], k=1), "no diagonal k=1"),
]


@pytest.mark.parametrize(("call", "message"), REFUSED)
def test_what_tensorflow_does_not_know_is_refused(call: Callable[[], Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()


def test_small_numbers_are_not_lost_in_norms() -> None:
    norms = (
        tf.norm,
        tf.math.reduce_euclidean_norm,
        lambda x: tf.linalg.global_norm([x]),
        lambda x: tf.linalg.normalize(x)[1],
    )
    for function in norms:
        for scale in (1e-200, 1e100):
            x = tf.Variable(np.array([3.0, 4.0]) * scale)
            with tf.GradientTape() as tape:
                y = function(x)
            np.testing.assert_allclose(np.ravel(y.numpy()), [5 * scale])
            np.testing.assert_allclose(np.ravel(tape.gradient(y, x).numpy()), [0.6, 0.8])


def test_lu_has_the_gradients_of_what_its_factors_make() -> None:
    """The factors give the matrix back, so their product has its gradient; the diagonal the determinant's, twice."""
    a, weights = tf.Variable(np.cos(np.arange(32.0) ** 1.5).reshape(2, 4, 4)), np.sin(np.arange(32.0)).reshape(2, 4, 4)
    with tf.GradientTape(persistent=True) as tape:
        factors, order = tf.linalg.lu(a)
        lower = (
            tf.linalg.band_part(factors, -1, 0)
            - tf.linalg.diag(tf.linalg.diag_part(factors))
            + tf.eye(4, dtype=tf.float64)
        )
        product = lower @ tf.linalg.band_part(factors, 0, -1)
        again = tf.gather(product, np.argsort(order.numpy(), axis=-1), axis=1, batch_dims=1)
        loss = tf.reduce_sum(again * weights)
        with tf.GradientTape(persistent=True) as inner:
            ours = tf.reduce_sum(tf.math.log(tf.abs(tf.linalg.diag_part(tf.linalg.lu(a).lu))))
            theirs = tf.reduce_sum(tf.linalg.slogdet(a)[1])
        ours, theirs = (tf.reduce_sum(inner.gradient(y, a) * weights) for y in (ours, theirs))
    np.testing.assert_allclose(again.numpy(), a.numpy(), atol=1e-14)
    np.testing.assert_allclose(tape.gradient(loss, a).numpy(), weights, atol=1e-11)
    np.testing.assert_allclose(float(ours.numpy()), float(theirs.numpy()), rtol=1e-10)
    np.testing.assert_allclose(tape.gradient(ours, a).numpy(), tape.gradient(theirs, a).numpy(), rtol=1e-8, atol=1e-8)
    assert order.dtype == np.int32 and sorted(order.numpy()[0].tolist()) == [0, 1, 2, 3]
    with pytest.raises(tf.errors.InvalidArgumentError, match="square"):
        tf.linalg.lu(np.ones((2, 3)))
