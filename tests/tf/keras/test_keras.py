"""`tf.keras`'s losses and activations; `layers`, `models`, `initializers`, `optimizers` and `schedules` only have other names
for what `tests/nn` and `tests/optimize` test, and are used in `tests/tf/test_tf.py`.
"""

from collections.abc import Callable
from typing import Any

import pytest

import gradcalc.tf as tf
from tests.tf.results import check_result

RESULTS = [
    (lambda: tf.keras.losses.mse([1.0, 2.0], [2.0, 4.0]), 2.5, "float32"),
    (lambda: tf.keras.activations.relu(tf.constant([-1.0, 2.0])), [0, 2], "float32"),
]


@pytest.mark.parametrize(("call", "value", "dtype"), RESULTS)
def test_results_and_dtypes_are_tensorflows(call: Callable[[], Any], value: Any, dtype: str) -> None:
    check_result(call, value, dtype)
