"""`tf.debugging`: checks of values; its errors, as of `tf.errors`, are in tests/tape."""

import numpy as np
import pytest

import gradcalc.tf as tf


def test_debugging_finds_what_differs() -> None:
    tf.debugging.assert_near(tf.constant(1.0), 1.0 + 1e-7)
    tf.debugging.assert_equal([1, 2], [1, 2])
    assert tf.debugging.check_numerics(tf.ones(2), "fine").shape == (2,)
    for failing in (
        lambda: tf.debugging.assert_near(1.0, 1.1),
        lambda: tf.debugging.assert_equal(1, 2),
        lambda: tf.debugging.assert_all_finite([np.nan], "born here"),
    ):
        with pytest.raises(AssertionError):
            failing()
