"""Errors of ops: NumPy's and TensorFlow's at once."""

import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import gradcalc.tf as tf
from gradcalc.tape import constant, errors

FAILING: list[tuple[Callable[[], Any], type[Exception]]] = [
    (lambda: constant([1.0, 2.0]) + constant([1.0, 2.0, 3.0]), ValueError),
    (lambda: constant([1.0, 2.0])[5], IndexError), (lambda: np.sum(constant([1.0]), axis=3), np.exceptions.AxisError),
    (lambda: np.linalg.inv(constant([[1.0, 2.0], [2.0, 4.0]])), np.linalg.LinAlgError),
    (lambda: tf.matmul(tf.ones((2, 3)), tf.ones((2, 3))), ValueError), (lambda: tf.reshape(tf.ones(6), (4,)), ValueError),
    (lambda: tf.concat([tf.ones((2, 3)), tf.ones((3, 2))], 0), ValueError), (lambda: tf.gather([1.0], [5]), IndexError),
    (lambda: tf.debugging.assert_equal(1, 2), AssertionError), (lambda: tf.split(tf.ones(5), 2), ValueError),
    (lambda: tf.debugging.check_numerics([np.nan], "bad"), AssertionError),
]  # fmt: skip


@pytest.mark.parametrize(("failing", "kind"), FAILING)
def test_what_does_not_fit_is_an_error_of_both(failing: Callable[[], Any], kind: type[Exception]) -> None:
    with pytest.raises(kind) as caught:
        failing()
    error: Any = caught.value
    assert isinstance(error, tf.errors.InvalidArgumentError) and isinstance(error, tf.errors.OpError)
    assert error.message == str(error) != "" and error.error_code == tf.errors.INVALID_ARGUMENT == 3
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is type(error) and str(again) == str(error)


def test_errors_have_tensorflow_s_numbers() -> None:
    error = tf.errors.OutOfRangeError(None, None, "the end")
    assert (error.message, error.error_code, error.op) == ("the end", tf.errors.OUT_OF_RANGE, None)
    assert [getattr(errors, name).code for name in errors.__all__[1:]] == list(range(1, 17))
    assert pickle.loads(pickle.dumps(error)).message == "the end" and tf.errors.DATA_LOSS == 15
    assert errors.told(error) is error
